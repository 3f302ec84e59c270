/* A stage for detectors: a session and its events, told by hand, and what was found. */
#ifndef TESTS_STAGE_H
#define TESTS_STAGE_H

#include "detect/diagnosis.h"

/* cmocka.h needs these before it. */
/* clang-format off */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <cmocka.h>
/* clang-format on */

enum { STAGE_OTHERS = 8 };

struct stage {
	struct detector_facts facts;
	struct manifest *manifest;
	struct diagnosis *diagnosis;
	const struct observer *observer;
	struct connection_facts connection;
	struct session session;
	struct session others[STAGE_OTHERS]; /* further sessions, for tests of several */
	size_t other_count;
	struct session *who; /* whose events are told: &session, or another's */
	struct engine_counts counts;
	uint64_t packets;
	stamp now;
	const struct findings *findings;
};

static inline void stage_begin(struct stage *stage)
{
	*stage = (struct stage){.now = 1000 * STAMP_SECOND};
	stage->connection.client.address.version = 4;
	stage->connection.client.port = 50000;
	stage->connection.server.address.version = 4;
	stage->connection.server.port = 8000;
	stage->session = (struct session){.number = 1,
	    .sid = "sid",
	    .sid_len = 3,
	    .client = stage->connection.client,
	    .server = stage->connection.server,
	    .revision = 4,
	    .first = stage->now,
	    .last = stage->now,
	    .opened = STAMP_NONE,
	    .closed = STAMP_NONE,
	    .ping_interval = 25 * STAMP_SECOND,
	    .ping_timeout = 20 * STAMP_SECOND};
	stage->who = &stage->session;
	stage->diagnosis = diagnosis_new(&stage->facts, 1 << 20);
	assert_non_null(stage->diagnosis);
	stage->observer = diagnosis_observer(stage->diagnosis);
}

/* The frontend declares what this script does. */
static inline void stage_begin_with_frontend(struct stage *stage, const char *script)
{
	stage_begin(stage);
	diagnosis_free(stage->diagnosis);
	stage->manifest = manifest_new();
	assert_true(manifest_read_states(stage->manifest, slice_of_text(script)));
	stage->facts.manifest = stage->manifest;
	stage->diagnosis = diagnosis_new(&stage->facts, 1 << 20);
	stage->observer = diagnosis_observer(stage->diagnosis);
}

static inline void stage_wait(struct stage *stage, double seconds)
{
	stage->now += (stamp)(seconds * STAMP_SECOND);
}

static inline struct event stage_event(struct stage *stage, enum event_kind kind, enum direction direction)
{
	stage->packets++;
	return (struct event){.index = stage->packets,
	    .time = stage->now,
	    .first_packet = stage->packets,
	    .last_packet = stage->packets,
	    .kind = kind,
	    .direction = direction,
	    .transport = TRANSPORT_WEBSOCKET,
	    .session = stage->who,
	    .connection = &stage->connection,
	    .nsp = event_kind_layer(kind) == LAYER_SOCKETIO ? SLICE("/_event") : slice_of(NULL, 0),
	    .ack = -1};
}

static inline void stage_tell_event(struct stage *stage, struct event *event)
{
	if (event->session)
		session_note_event((struct session *)event->session, event);
	stage->observer->event(stage->observer->self, event);
	stage_wait(stage, 0.01);
}

static inline void stage_tell(struct stage *stage, enum event_kind kind, enum direction direction)
{
	struct event event = stage_event(stage, kind, direction);
	stage_tell_event(stage, &event);
}

/* `name` as a JSON token, `data` the arguments. */
static inline void stage_say(struct stage *stage, enum direction direction, const char *name, const char *data)
{
	struct event event = stage_event(stage, EVENT_EVENT, direction);
	event.name = slice_of_text(name);
	event.data = slice_of_text(data);
	stage_tell_event(stage, &event);
}

/* A request and its answer; both heads as text, ended by empty lines. */
static inline void stage_ask(
    struct stage *stage, bool has_session, const char *request, const char *answer, const char *body)
{
	struct event event = stage_event(stage, EVENT_HTTP, DIRECTION_TO_SERVER);
	struct exchange exchange = {0};
	struct http_stream streams[2];
	struct http_item items[2];
	struct slice heads[2] = {slice_of_text(request), slice_of_text(answer)};
	for (int i = 0; i < 2; i++) {
		http_stream_init(&streams[i], i ? HTTP_RESPONSES : HTTP_REQUESTS, &http_default_limits, NULL);
		assert_int_equal(http_next_item(&streams[i], &heads[i], &items[i]), WIRE_ITEM);
	}
	exchange.request.head = items[0].head;
	exchange.answer.head = items[1].head;
	exchange.request.begun = exchange.answer.begun = stage->now;
	exchange.status = items[1].head.status;
	exchange.plain = slice_of_text(body);
	target_read(&exchange.target, items[0].head.target);
	event.exchange = &exchange;
	event.transport = exchange.target.transport;
	if (!has_session)
		event.session = NULL;
	stage_tell_event(stage, &event);
	for (int i = 0; i < 2; i++)
		http_stream_free(&streams[i]);
}

/* Another session of the same client and server begins, and is the one that is told of. */
static inline void stage_another(struct stage *stage)
{
	assert_true(stage->other_count < STAGE_OTHERS);
	struct session *other = &stage->others[stage->other_count++];
	*other = (struct session){.number = 1 + stage->other_count,
	    .sid = "other",
	    .sid_len = 5,
	    .client = stage->session.client,
	    .server = stage->session.server,
	    .revision = 4,
	    .first = stage->now,
	    .last = stage->now,
	    .opened = STAMP_NONE,
	    .closed = STAMP_NONE,
	    .ping_interval = 25 * STAMP_SECOND,
	    .ping_timeout = 20 * STAMP_SECOND};
	stage->who = other;
}

/* A WebSocket session of a browser with its namespace joined. */
static inline void stage_connect(struct stage *stage)
{
	stage_ask(stage, true, "GET /_event/?EIO=4&transport=websocket HTTP/1.1\r\nUser-Agent: Mozilla/5.0\r\n\r\n",
	    "HTTP/1.1 101 Switching Protocols\r\n\r\n", "");
	stage_tell(stage, EVENT_OPEN, DIRECTION_TO_CLIENT);
	stage_tell(stage, EVENT_CONNECT, DIRECTION_TO_SERVER);
	stage_tell(stage, EVENT_CONNECT, DIRECTION_TO_CLIENT);
}

/* Ends the session as it is, and lets the detectors look back. */
static inline void stage_finish(struct stage *stage)
{
	stage->who->last = stage->now;
	stage->observer->session_closed(stage->observer->self, &stage->session);
	for (size_t i = 0; i < stage->other_count; i++)
		stage->observer->session_closed(stage->observer->self, &stage->others[i]);
	stage->findings = diagnosis_finish(stage->diagnosis, &stage->counts);
}

static inline const struct finding *stage_found(const struct stage *stage, enum code code)
{
	for (const struct finding *finding = stage->findings->first; finding; finding = finding->next)
		if (finding->code == code)
			return finding;
	return NULL;
}

static inline void stage_free_namespaces(struct session *session)
{
	for (size_t i = 0; i < session->namespace_count; i++)
		free(session->namespaces[i].name);
	free(session->namespaces);
}

static inline void stage_end(struct stage *stage)
{
	stage_free_namespaces(&stage->session);
	for (size_t i = 0; i < stage->other_count; i++)
		stage_free_namespaces(&stage->others[i]);
	diagnosis_free(stage->diagnosis);
	manifest_free(stage->manifest);
}

#endif
