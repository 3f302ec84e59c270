/* A scene for the whole stack: packets of a few connections, made one by one, and the events that were told. */
#ifndef TESTS_SCENE_H
#define TESTS_SCENE_H

#include "base/bytes.h"
#include "base/json.h"
#include "base/text.h"
#include "http/exchange.h"
#include "net/headers.h"
#include "net/reassembly.h"
#include "socketio/engine.h"
#include "unit.h"

#include <stdio.h>

enum { LINK_RAW = 101, HEADERS = 40, EVENTS = 64 };

struct given {
	enum event_kind kind;
	struct origin origin;
	uint64_t lost;
	enum unread unread;
	bool joined, incomplete, broken_off;
	timestamp time;
	enum exchange_state state; /* of an exchange, with the next five */
	enum exchange_state end;
	timestamp latest;            /* the last bytes of its answer */
	bool has_gap, is_answer_cut; /* of its answer */
	int status;
	enum direction ended_by;
	timestamp left;
	timestamp closed, idle, announced; /* of a request that crossed the server's end */
	char proxied_for[EXCHANGE_FORWARDED];
	char text[64]; /* why, a reason, a log's line; of an event its name; of an exchange its target */
};

struct scene {
	struct limits limits;
	struct observer observer;
	const struct observer *observers[1];
	struct engine *engine;
	uint8_t client;   /* the last byte of its port */
	timestamp later;  /* added to the time of every packet */
	uint32_t sent[2]; /* by direction */
	struct given given[EVENTS];
	size_t count;
	unsigned transports;      /* of the session that closed last */
	enum transport transport; /* its last one */
	struct attempt attempt;   /* the last that was told */
	size_t attempts;
	size_t sessions;             /* that have closed */
	uint64_t session_incomplete; /* of the last of them */
	char sid[32];                /* of the last of them */
};

static inline void scene_note(void *self, const struct event *event)
{
	struct scene *scene = self;
	assert_true(scene->count < EVENTS);
	struct given *given = &scene->given[scene->count++];
	*given = (struct given){.kind = event->kind,
	    .origin = event->origin,
	    .lost = event->kind == EVENT_GAP ? event->gap.lost : 0,
	    .unread = event->unread,
	    .time = event->origin.time,
	    .joined = event->connection && event->connection->joined,
	    .incomplete = event->incomplete,
	    .broken_off = event->broken_off};
	if (event->connection)
		memcpy(given->proxied_for, event->connection->proxied_for, sizeof given->proxied_for);
	if (event_exchange(event)) {
		given->state = event->exchange->state;
		given->end = event->exchange->end;
		given->latest = event->exchange->answer.latest;
		given->has_gap = event->exchange->answer.has_gap;
		given->is_answer_cut = event->exchange->answer.incomplete;
		given->status = event->exchange->status;
		given->ended_by = event->exchange->ended_by;
		given->left = event->exchange->left;
		given->closed = event->exchange->crossed.closed;
		given->idle = event->exchange->crossed.idle;
		given->announced = event->exchange->crossed.announced;
	}
	struct slice text = event_exchange(event)           ? event->exchange->request.head.target
	                    : event_packet(event)->name.len ? event_packet(event)->name
	                                                    : event_text(event);
	memcpy(given->text, text.len ? (const char *)text.at : "", slice_take(text, sizeof given->text - 1).len);
}

static inline void scene_note_attempt(void *self, const struct attempt *attempt)
{
	struct scene *scene = self;
	scene->attempt = *attempt;
	scene->attempts++;
}

static inline void scene_note_session(void *self, const struct session *session)
{
	struct scene *scene = self;
	scene->transports = session->transports;
	scene->transport = session->transport;
	scene->sessions++;
	scene->session_incomplete = session->incomplete;
	snprintf(scene->sid, sizeof scene->sid, "%s", session->sid ? session->sid : "");
}

static inline void give_bytes(
    struct scene *scene, uint64_t number, enum direction from, uint32_t sequence, uint8_t flags, struct slice text)
{
	uint8_t bytes[1024] = {
	    0x45, [9] = IP_PROTOCOL_TCP, [15] = 1, [19] = 2, [20] = 0x9c, [21] = scene->client, [23] = 80};
	size_t len = text.len;
	if (from == DIRECTION_TO_CLIENT) {
		bytes[15] = 2;
		bytes[19] = 1;
		bytes[20] = 0;
		bytes[21] = 80;
		bytes[22] = 0x9c;
		bytes[23] = scene->client;
	}
	network_write_16(bytes + 2, (uint16_t)(HEADERS + len));
	network_write_32(bytes + 24, sequence);
	network_write_32(bytes + 28, scene->sent[!from]);
	bytes[32] = 0x50;
	bytes[33] = flags;
	memcpy(bytes + HEADERS, text.at, len);
	const struct packet packet = {.time = scene->later + (timestamp)(1000 + number) * TIMESTAMP_MILLISECOND,
	    .number = number,
	    .link_type = LINK_RAW,
	    .wire_len = (uint32_t)(HEADERS + len),
	    .bytes = slice_of(bytes, HEADERS + len)};
	engine_take_packet(scene->engine, &packet);
}

static inline void give(
    struct scene *scene, uint64_t number, enum direction from, uint32_t sequence, uint8_t flags, const char *payload)
{
	give_bytes(scene, number, from, sequence, flags, slice_of_text(payload));
}

static inline void say_bytes(struct scene *scene, uint64_t number, enum direction from, struct slice bytes)
{
	give_bytes(scene, number, from, scene->sent[from], TCP_ACK, bytes);
	scene->sent[from] += (uint32_t)bytes.len;
}

/* The next bytes of a direction, in the packet of this number. */
static inline void say(struct scene *scene, uint64_t number, enum direction from, const char *payload)
{
	give(scene, number, from, scene->sent[from], TCP_ACK, payload);
	scene->sent[from] += (uint32_t)strlen(payload);
}

static inline void begin_connection(struct scene *scene)
{
	give(scene, 1, DIRECTION_TO_SERVER, scene->sent[DIRECTION_TO_SERVER]++, TCP_SYN, "");
	give(scene, 2, DIRECTION_TO_CLIENT, scene->sent[DIRECTION_TO_CLIENT]++, TCP_SYN | TCP_ACK, "");
}

static inline int begin(void **state)
{
	static struct scene scene;
	scene = (struct scene){.limits = limits_default(),
	    .observer = {.self = &scene,
	        .event = scene_note,
	        .attempted = scene_note_attempt,
	        .session_closed = scene_note_session}};
	scene.observers[0] = &scene.observer;
	scene.engine = engine_new(&scene.limits, scene.observers, 1);
	assert_non_null(scene.engine);
	*state = &scene;
	return 0;
}

static inline int end(void **state)
{
	struct scene *scene = *state;
	engine_end(scene->engine);
	assert_true(ledger_adds_up(engine_ledger(scene->engine)));
	engine_free(scene->engine);
	return 0;
}

#define HANDSHAKE "GET /socket.io/?EIO=4&transport=polling HTTP/1.1\r\n\r\n"
#define OPEN                                                                \
	"HTTP/1.1 200 OK\r\nContent-Length: 22\r\n\r\n0{\"sid\":\"a\"}\x1e" \
	"40{\"s\":1}"

static inline void begin_websocket(struct scene *scene)
{
	begin_connection(scene);
	say(scene, 3, DIRECTION_TO_SERVER, HANDSHAKE);
	say(scene, 4, DIRECTION_TO_CLIENT, OPEN);
	say(scene, 5, DIRECTION_TO_SERVER,
	    "GET /socket.io/?EIO=4&transport=websocket&sid=a HTTP/1.1\r\n"
	    "Connection: Upgrade\r\nUpgrade: websocket\r\n\r\n");
	say(scene, 6, DIRECTION_TO_CLIENT, "HTTP/1.1 101 X\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n");
}

static inline const struct given *find_given(const struct scene *scene, enum event_kind kind)
{
	for (size_t i = 0; i < scene->count; i++)
		if (scene->given[i].kind == kind)
			return &scene->given[i];
	fail_msg("no %s was told", event_kind_name(kind));
	return NULL;
}

static inline size_t count_given(const struct scene *scene, enum event_kind kind)
{
	size_t count = 0;
	for (size_t i = 0; i < scene->count; i++)
		count += scene->given[i].kind == kind;
	return count;
}

#define POLL(sid) "GET /socket.io/?EIO=4&transport=polling&sid=" sid " HTTP/1.1\r\n\r\n"
#define POST_HEAD(length) \
	"POST /socket.io/?EIO=4&transport=polling&sid=a HTTP/1.1\r\nContent-Length: " length "\r\n\r\n"

static inline void begin_session(struct scene *scene)
{
	begin_connection(scene);
	say(scene, 3, DIRECTION_TO_SERVER, HANDSHAKE);
	say(scene, 4, DIRECTION_TO_CLIENT, OPEN);
}

/* So many bytes of a direction were never captured; the other side has acknowledged them. */
static inline void lose(struct scene *scene, enum direction from, uint32_t bytes)
{
	scene->sent[from] += bytes;
}

#endif
