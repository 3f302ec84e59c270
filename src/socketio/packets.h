/*
 * What every part of the engine shares: limits, memory, sessions, the timeline. And how packets of a session become
 * events: Socket.IO read, binary attachments joined to what announced them.
 */
#ifndef SOCKETIO_PACKETS_H
#define SOCKETIO_PACKETS_H

#include "base/memory.h"
#include "base/resources.h"
#include "socketio/engineio.h"
#include "socketio/session.h"
#include "socketio/timeline.h"

enum { HANDSHAKES_KEPT = 1024, CONTEXT_INPUTS = 64 };

/* From when to when one of several captures goes. */
struct capture_window {
	timestamp first, last;
};

struct context {
	bool is_live; /* a clock ticks: requests are emitted when they are asked, too */
	struct limits limits;
	struct budget budget;
	struct ledger ledger;
	struct resources resources; /* the three above, for the rooms below */
	struct timeline timeline;
	struct sessions *sessions;
	struct legs *legs;
	struct capture_window windows[CONTEXT_INPUTS];
	bool has_windows;        /* they are known */
	timestamp queued;        /* how long what is being taken had waited to be read; 0: not known */
	struct buffer inflated;  /* a body with its content coding undone */
	struct buffer unwrapped; /* the same with JSONP or form encoding undone */
	struct buffer base64;    /* one WebSocket message's base64 undone */
	uint64_t
	    handshakes[HANDSHAKES_KEPT]; /* digests of those that packets showed, which HAR files may show as well */
	size_t handshake_count;
	struct buffer json; /* one packet's msgpack as JSON, or an unescaped sid */
};

/* What brought something that is to become an event. */
struct carrier {
	struct session *session; /* NULL: none known */
	const struct connection_facts *connection;
	enum direction direction;
	enum transport transport;
	struct origin origin;
	timestamp begun; /* 0, TIMESTAMP_NONE: as the origin's time */
	uint64_t bytes;
	struct slice wire; /* of a WebSocket message: the beginning of its frames as they came; empty: not kept */
	bool incomplete, unreadable;
	bool broken_off; /* as in an event */
	enum unread unread;
	bool is_inner; /* a copy: it was seen nearer to the client, or will be (legs.h) */
};

/* An event with the carrier's facts, everything else empty. */
struct event context_event(const struct carrier *carrier, enum event_kind kind);

/* Puts it on the timeline and counts what could not be seen. */
void context_emit(struct context *context, const struct carrier *carrier, struct event *event);

/* A `malformed` event: `layer` and `why` as in contracts.md, `raw` what it was (may be empty). */
void context_emit_malformed(
    struct context *context, const struct carrier *carrier, const char *layer, const char *why, struct slice raw);

/* The session that the request asks for by its sid, on this connection; made when it is new. NULL: no memory. */
struct session *context_session(
    struct context *context, const struct connection_facts *connection, const struct exchange *exchange);

/* A new session, which takes the place of one with the same sid; an empty sid is not known yet. NULL: no memory. */
struct session *context_new_session(
    struct context *context, struct slice sid, const struct connection_facts *connection, timestamp now);

/* The session that the request opens: a new one, or the one that a hop behind it has opened with the same sid (empty:
 * not known yet). NULL: no memory. */
struct session *context_open_session(struct context *context, struct slice sid,
    const struct connection_facts *connection, const struct exchange *exchange);

/* ---- packets */

/* Tells one packet. `carrier->session` must be there; `packet` must not lie in context->json. */
void packets_take(struct context *context, const struct carrier *carrier, const struct engineio_packet *packet);

/* The session ends: what still waits for its attachments is emitted as malformed, and freed. */
void packets_end_session(struct context *context, struct session *session);

#endif
