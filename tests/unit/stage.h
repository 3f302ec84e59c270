/* A stage for detectors: sessions and their events, made by hand, and what was found. A test ON_STAGE has a stage of
 * its own, with a session of which nothing was emitted yet; a test that needs several begins and ends them itself. */
#ifndef TESTS_STAGE_H
#define TESTS_STAGE_H

#include "detect/detector.h"
#include "unit.h"

#define TO_SERVER DIRECTION_TO_SERVER
#define TO_CLIENT DIRECTION_TO_CLIENT

#define ANSWERED "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n\r\n"
#define SWITCHING "HTTP/1.1 101 Switching Protocols\r\n\r\n"

enum { STAGE_OTHERS = 16 };

struct stage {
	struct detector_facts facts;
	struct diagnosis *diagnosis;
	const struct observer *observer;
	struct connection_facts connection;
	struct session session;
	struct session others[STAGE_OTHERS];
	size_t other_count;
	struct session *current;  /* the events are about it */
	enum transport transport; /* and goes over this one */
	struct ledger ledger;     /* what the counts point to */
	struct engine_counts counts;
	uint64_t packets;
	timestamp now;
	enum direction ended_by;   /* who ends the connection of a request that gets no answer */
	bool is_asked;             /* of the next request only that it was sent is emitted, as it is live */
	bool is_beside;            /* the next request is none of Engine.IO, and no event of the timeline */
	uint32_t stream;           /* of HTTP/2, that carries the events; 0: HTTP/1 */
	struct stream_reset reset; /* how the stream of the next exchange was ended */
	timestamp held;            /* requests waited for so long when their answers are emitted */
	struct exchange_half cut;  /* what came of the next answer, which is not whole: bytes, begun, latest, a gap */
	enum exchange_state end;   /* and what ended it */
	enum recorded_failure failure; /* of the next request, as a browser's recording says, in these words */
	const char *why;
	timestamp lingers;                         /* the capture goes on for so long after the last packet */
	timestamp crossed_idle, crossed_announced; /* what requests without an answer cross, by tests that say so */
	const struct findings *findings;
};

/* A session that begins now, of the stage's client and server. */
static inline struct session stage_session(const struct stage *stage, uint64_t number, const char *sid)
{
	return (struct session){.number = number,
	    .sid = (char *)sid,
	    .sid_len = strlen(sid),
	    .client = stage->connection.client,
	    .server = stage->connection.server,
	    .revision = 4,
	    .first = stage->now,
	    .last = stage->now,
	    .opened = TIMESTAMP_NONE,
	    .closed = TIMESTAMP_NONE,
	    .watched = TIMESTAMP_NONE,
	    .ping_interval = 25 * TIMESTAMP_SECOND,
	    .ping_timeout = 20 * TIMESTAMP_SECOND};
}

static inline void stage_begin_diagnosis(struct stage *stage)
{
	stage->diagnosis = diagnosis_new(&stage->facts, 1 << 20);
	assert_non_null(stage->diagnosis);
	stage->observer = diagnosis_observer(stage->diagnosis);
}

static inline void stage_begin(struct stage *stage)
{
	*stage = (struct stage){.now = 1000 * TIMESTAMP_SECOND, .transport = TRANSPORT_WEBSOCKET};
	for (size_t i = 0; plugins[i]; i++)
		if (plugins[i]->log_table)
			stage->facts.log_tables = plugins[i]->log_table;
	stage->current = &stage->session;
	stage->connection.client.address.version = 4;
	stage->connection.client.port = 50000;
	stage->connection.server.address.version = 4;
	stage->connection.server.port = 8000;
	stage->session = stage_session(stage, 1, "sid");
	stage_begin_diagnosis(stage);
}

static inline void stage_wait(struct stage *stage, double seconds)
{
	stage->now += (timestamp)(seconds * TIMESTAMP_SECOND);
}

static inline struct event stage_event(struct stage *stage, enum event_kind kind, enum direction direction)
{
	stage->packets++;
	bool joins = kind == EVENT_CONNECT && direction == DIRECTION_TO_CLIENT;
	return (struct event){.index = stage->packets,
	    .origin.time = stage->now,
	    .begun = stage->now,
	    .origin.first = stage->packets,
	    .origin.last = stage->packets,
	    .origin.stream = stage->stream,
	    .kind = kind,
	    .direction = direction,
	    .transport = stage->transport,
	    .session = stage->current,
	    .connection = &stage->connection,
	    .packet.nsp = event_kind_layer(kind) == LAYER_SOCKETIO ? SLICE("/_event") : slice_of(NULL, 0),
	    .packet.data = joins ? SLICE("{\"sid\":\"x\"}") : slice_of(NULL, 0)};
}

static inline void stage_emit_event(struct stage *stage, struct event *event)
{
	if (event->session)
		session_note_event(stage->current, event, NULL);
	stage->observer->event(stage->observer->self, event);
	stage_wait(stage, 0.01);
}

static inline void stage_emit(struct stage *stage, enum event_kind kind, enum direction direction)
{
	struct event event = stage_event(stage, kind, direction);
	stage_emit_event(stage, &event);
}

/* `name` as a JSON token, `data` the arguments. */
static inline void stage_say(struct stage *stage, enum direction direction, const char *name, const char *data)
{
	struct event event = stage_event(stage, EVENT_EVENT, direction);
	event.packet.name = slice_of_text(name);
	event.packet.data = slice_of_text(data);
	stage_emit_event(stage, &event);
}

/* Fills in what the event of an exchange needs and emits it; the request's body had `body_bytes`. An empty `answer`:
 * none came. */
static inline void stage_emit_exchange(struct stage *stage, struct event *event, const char *request,
    const char *answer, const char *body, uint64_t body_bytes)
{
	struct target target;
	struct exchange exchange = {.target = &target, .left = TIMESTAMP_NONE};
	struct http_stream streams[2];
	struct http_item items[2] = {0};
	struct slice heads[2] = {slice_of_text(request), slice_of_text(answer)};
	for (int i = 0; i < 2; i++) {
		http_stream_init(&streams[i], i ? HTTP_RESPONSES : HTTP_REQUESTS, &http_default_limits, NULL);
		if (heads[i].len)
			assert_int_equal(http_next_item(&streams[i], &heads[i], &items[i]), WIRE_ITEM);
	}
	exchange.request.head = items[0].head;
	exchange.request.origin.first = event->origin.first;
	exchange.request.body_bytes = body_bytes;
	exchange.answer.head = items[1].head;
	exchange.answer.origin.first = event->origin.last;
	exchange.answer.begun = stage->now;
	exchange.request.begun = exchange.request.ended = stage->now - stage->held;
	exchange.status = items[1].head.status;
	exchange.state = exchange.status ? EXCHANGE_ANSWERED : EXCHANGE_UNANSWERED;
	exchange.end = exchange.state;
	exchange.ended_by = stage->ended_by;
	if (stage->cut.incomplete) {
		exchange.answer.incomplete = true;
		exchange.answer.ended = TIMESTAMP_NONE;
		exchange.answer.body_bytes = stage->cut.body_bytes;
		exchange.answer.begun = stage->cut.begun ? stage->cut.begun : stage->now;
		exchange.answer.latest = stage->cut.latest;
		exchange.answer.has_gap = stage->cut.has_gap;
		exchange.end = stage->end;
	}
	stage->cut = (struct exchange_half){0};
	if (stage->failure) {
		exchange.failure = stage->failure;
		exchange.why = stage->why;
		exchange.state = exchange.end = EXCHANGE_FAILED;
		stage->failure = RECORDED_NO_FAILURE;
	}
	exchange.reset = stage->reset;
	stage->reset = (struct stream_reset){0};
	exchange.plain = slice_of_text(body);
	target_read(&target, items[0].head.target);
	event->exchange = &exchange;
	event->transport = exchange.target->transport;
	if (stage->is_asked)
		stage->observer->asked(stage->observer->self, event);
	else if (stage->is_beside)
		stage->observer->beside(stage->observer->self, event);
	else
		stage_emit_event(stage, event);
	stage->is_asked = stage->is_beside = false;
	if (exchange.status == 101) { /* the engine emits both */
		event->kind = EVENT_WS_OPEN;
		stage_emit_event(stage, event);
	}
	for (int i = 0; i < 2; i++)
		http_stream_free(&streams[i]);
	event->exchange = NULL;
}

/* A request and its answer; both heads as text, ended by empty lines. */
static inline void stage_ask(
    struct stage *stage, bool has_session, const char *request, const char *answer, const char *body)
{
	struct event event = stage_event(stage, EVENT_HTTP, TO_SERVER);
	if (!has_session)
		event.session = NULL;
	stage_emit_exchange(stage, &event, request, answer, body, 0);
}

/* What a POST of the session carries, as many events; its exchange (stage_answer_post) is emitted after them, and what
 * happens meanwhile between the two. Returns the packet in which it began. */
static inline uint64_t stage_begin_post(struct stage *stage, unsigned events)
{
	uint64_t first_packet = stage->packets + 1;
	for (unsigned i = 0; i < events; i++) {
		struct event event = stage_event(stage, EVENT_EVENT, TO_SERVER);
		event.origin.first = first_packet;
		event.packet.name = SLICE("\"hello\"");
		stage_emit_event(stage, &event);
	}
	return first_packet;
}

static inline void stage_answer_post(
    struct stage *stage, uint64_t first_packet, uint64_t body_bytes, const char *answer, const char *body)
{
	struct event event = stage_event(stage, EVENT_HTTP, TO_SERVER);
	event.origin.first = first_packet;
	stage_emit_exchange(stage, &event,
	    "POST /socket.io/?EIO=4&transport=polling&sid=sid HTTP/1.1\r\nHost: app:8000\r\n\r\n", answer, body,
	    body_bytes);
}

static inline void stage_post(
    struct stage *stage, unsigned events, uint64_t body_bytes, const char *answer, const char *body)
{
	stage_answer_post(stage, stage_begin_post(stage, events), body_bytes, answer, body);
}

/* What the session's server is known by, and nothing else. NULL: not by that. */
static inline void stage_recognise(struct stage *stage, const char *sid, const char *keys, const char *revision)
{
	struct recognition *software = &stage->session.software;
	*software = (struct recognition){0};
	recognition_note(software, TRAIT_SID, slice_of_text(sid));
	if (keys)
		recognition_note(software, TRAIT_HANDSHAKE, slice_of_text(keys));
	if (revision)
		recognition_note(software, TRAIT_REVISION, slice_of_text(revision));
}

/* A connection to the session's server, asked for now. */
static inline void stage_try_connection(struct stage *stage, enum attempt_outcome outcome)
{
	const struct attempt attempt = {.client = stage->connection.client,
	    .server = stage->connection.server,
	    .outcome = outcome,
	    .asked = stage->now,
	    .origin = {.kind = ORIGIN_PACKETS, .time = stage->now, .first = 1, .last = 2}};
	stage->observer->attempted(stage->observer->self, &attempt);
}

/* From here on it is about another session, which begins now, of the same client and server. */
static inline void stage_begin_session(struct stage *stage)
{
	assert_true(stage->other_count < STAGE_OTHERS);
	struct session *session = &stage->others[stage->other_count++];
	*session = stage_session(stage, 1 + stage->other_count, "other");
	session->ping_interval = stage->session.ping_interval;
	session->ping_timeout = stage->session.ping_timeout;
	session->max_payload = stage->session.max_payload;
	stage->current = session;
}

/* From here on it is about the first session (1) or one that began after it. */
static inline void stage_turn_to(struct stage *stage, size_t number)
{
	assert_in_range(number, 1, 1 + stage->other_count);
	stage->current = number == 1 ? &stage->session : &stage->others[number - 2];
}

/* What follows a handshake: its answer, and a namespace joined. */
static inline void stage_join(struct stage *stage)
{
	stage_emit(stage, EVENT_OPEN, TO_CLIENT);
	stage_emit(stage, EVENT_CONNECT, TO_SERVER);
	struct event joined = stage_event(stage, EVENT_CONNECT, TO_CLIENT);
	joined.answers = stage->packets - 1;
	stage_emit_event(stage, &joined);
}

/* A WebSocket session of a browser with its namespace joined. */
static inline void stage_connect(struct stage *stage)
{
	stage_ask(stage, true, "GET /_event/?EIO=4&transport=websocket HTTP/1.1\r\nUser-Agent: Mozilla/5.0\r\n\r\n",
	    SWITCHING, "");
	stage_join(stage);
}

/* A session that began by polling. What follows goes over polling. */
static inline void stage_connect_by_polling(struct stage *stage)
{
	stage->transport = TRANSPORT_POLLING;
	stage_ask(stage, true, "GET /socket.io/?EIO=4&transport=polling HTTP/1.1\r\nHost: app:8000\r\n\r\n", ANSWERED,
	    "0{\"sid\":\"sid\"}");
	stage_join(stage);
}

/* A heartbeat, as it should be. */
static inline void stage_beat(struct stage *stage)
{
	stage_emit(stage, EVENT_PING, TO_CLIENT);
	stage_emit(stage, EVENT_PONG, TO_SERVER);
}

/* The client leaves its WebSocket and says so. */
static inline void stage_say_goodbye(struct stage *stage)
{
	stage_emit(stage, EVENT_DISCONNECT, TO_SERVER);
	stage_emit(stage, EVENT_WS_CLOSE, TO_SERVER);
}

/* A WebSocket's close frame from the server. */
static inline void stage_close(struct stage *stage, uint16_t code)
{
	struct event close = stage_event(stage, EVENT_WS_CLOSE, TO_CLIENT);
	close.ws_close.code = code;
	stage_emit_event(stage, &close);
}

/* Ends the sessions as they are, and lets the detectors look back. */
static inline void stage_finish(struct stage *stage)
{
	for (size_t i = 0; i <= stage->other_count; i++) {
		struct session *session = i ? &stage->others[i - 1] : &stage->session;
		session->last = stage->now;
		session->watched = stage->now + stage->lingers;
		stage->observer->session_closed(stage->observer->self, session);
	}
	stage->counts.ledger = &stage->ledger;
	stage->findings = diagnosis_finish(stage->diagnosis, &stage->counts);
}

static inline const struct finding *stage_found(const struct stage *stage, unsigned code)
{
	for (const struct finding *finding = stage->findings->first; finding; finding = finding->next)
		if (finding->code == code)
			return finding;
	return NULL;
}

/* Finishes and holds whether `code` was found; returns what was. */
static inline const struct finding *stage_expect(struct stage *stage, unsigned code, bool wanted)
{
	stage_finish(stage);
	const struct finding *found = stage_found(stage, code);
	if (!found == wanted)
		for (const struct finding *finding = stage->findings->first; finding; finding = finding->next)
			print_message("found %s: %s\n", code_entry(finding->code)->name, finding->seen);
	assert_int_equal(found != NULL, wanted);
	return found;
}

#define SEES(stage, code) stage_expect(stage, code, true)
#define DOES_NOT_SEE(stage, code) stage_expect(stage, code, false)

/* Finishes and holds that there is nothing to worry about. */
static inline void stage_expect_quiet(struct stage *stage)
{
	stage_finish(stage);
	for (const struct finding *finding = stage->findings->first; finding; finding = finding->next)
		if (finding->severity != SEVERITY_INFO)
			fail_msg("found %s: %s", code_entry(finding->code)->name, finding->seen);
}

/* It is not sure, and says why. */
static inline void assert_only_possible(const struct finding *found)
{
	assert_int_equal(found->confidence, CONFIDENCE_POSSIBLE);
	assert_non_null(found->doubt);
}

static inline void stage_end(struct stage *stage)
{
	for (size_t i = 0; i <= stage->other_count; i++) {
		struct session *session = i ? &stage->others[i - 1] : &stage->session;
		for (size_t j = 0; j < session->namespace_count; j++)
			budget_release(session->namespaces[j].name);
		budget_release(session->namespaces);
		budget_release(session->user);
	}
	diagnosis_free(stage->diagnosis);
	for (size_t i = 0; plugins[i]; i++)
		if (stage->facts.plugged.of[i])
			plugins[i]->close(stage->facts.plugged.of[i]);
}

static inline int stage_set_up(void **state)
{
	struct stage *stage = malloc(sizeof *stage);
	assert_non_null(stage);
	stage_begin(stage);
	*state = stage;
	return 0;
}

static inline int stage_tear_down(void **state)
{
	stage_end(*state);
	free(*state);
	return 0;
}

#define ON_STAGE(test) cmocka_unit_test_setup_teardown(test, stage_set_up, stage_tear_down)

#endif
