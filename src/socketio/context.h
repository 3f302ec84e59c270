/* What every part of the engine shares: limits, memory, sessions, the timeline, and what was counted on the way. */
#ifndef SOCKETIO_CONTEXT_H
#define SOCKETIO_CONTEXT_H

#include "base/buffer.h"
#include "base/resources.h"
#include "socketio/sessions.h"
#include "socketio/timeline.h"

/* How often something was seen, or could not be; what could not be is the ledger's. Read by reports. */
struct engine_counts {
	uint64_t packets, bytes;    /* handed to the engine; bytes as on the wire */
	uint64_t tcp_packets;       /* of these, TCP segments */
	uint64_t snapped;           /* cut short by the snap length */
	timestamp first, last;      /* TIMESTAMP_NONE before the first */
	uint64_t turned_back;       /* packets that came more than a second before the latest one */
	uint64_t clock_outliers;    /* packets whose time was far from all others' */
	uint64_t clock_steps;       /* how often the clock was set while packets came */
	uint64_t connections;       /* all that were seen */
	uint64_t engineio;          /* of these, those that spoke Engine.IO */
	uint64_t tls, http2, other; /* those that could not be read, or were something else */
	uint64_t joined;            /* Engine.IO connections whose beginning was not captured */
	uint64_t one_sided;         /* HTTP connections of which one direction was captured and the other was not */
	uint64_t hidden;     /* connections that lost requests before it was known whether they speak Engine.IO */
	uint64_t unplaced;   /* holes in Engine.IO connections that belong to no session that is known */
	uint64_t gaps, lost; /* holes in Engine.IO connections; bytes in them as far as known */
	uint64_t incomplete; /* Engine.IO items cut by a limit, the snap length or a gap */
	uint64_t unreadable; /* compressed messages whose context was lost */
	uint64_t malformed;  /* items that are not what they should be */
	uint64_t broken;     /* how often a direction of HTTP or WebSocket could not be read on, Engine.IO or not */
	uint64_t unread;     /* parts of Engine.IO connections that were there and not read: directions that broke off,
	                        bodies in a coding that could not be undone, packets nested too deep */
	uint64_t retransmitted, out_of_order, conflicts; /* segments, all connections */
	uint64_t fragments_abandoned;
	uint64_t hits[LIMIT_COUNT];  /* how often each limit was hit */
	const struct ledger *ledger; /* all that was counted by reason */
};

struct context {
	struct limits limits;
	struct budget budget;
	struct ledger ledger;
	struct resources resources; /* the three above, for the rooms below */
	struct timeline timeline;
	struct sessions *sessions;
	struct legs *legs;
	timestamp queued;        /* how long what is being taken had waited to be read; 0: not known */
	struct buffer inflated;  /* a body with its content coding undone */
	struct buffer unwrapped; /* the same with JSONP or form encoding undone */
	struct buffer base64;    /* one WebSocket message's base64 undone */
	struct buffer json;      /* one packet's msgpack as JSON, or an unescaped sid */
};

/* What brought something that is to become an event. */
struct carrier {
	struct session *session; /* NULL: none known */
	const struct connection_facts *connection;
	enum direction direction;
	enum transport transport;
	uint64_t first_packet, last_packet;
	timestamp begun; /* 0, TIMESTAMP_NONE: as `time` */
	timestamp time;
	uint64_t bytes;
	bool incomplete, unreadable;
	enum unread unread;
	bool is_inner; /* a copy: it was seen nearer to the client, or will be (legs.h) */
};

/* What brought a passage of a connection; its session is the one that the connection carries now, if any. */
struct carrier context_carrier(
    struct context *context, const struct connection *connection, const struct passage *passage);

/* An event with the carrier's facts, everything else empty. */
struct event context_event(const struct carrier *carrier, enum event_kind kind);

/* Puts it on the timeline and counts what could not be seen. */
void context_tell(struct context *context, const struct carrier *carrier, struct event *event);

/* A `malformed` event: `layer` and `why` as in contracts.md, `raw` what it was (may be empty). */
void context_tell_malformed(
    struct context *context, const struct carrier *carrier, const char *layer, const char *why, struct slice raw);

/* Puts an event on the timeline as it stands. */
void context_emit(struct context *context, struct session *session, struct event *event);

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

#endif
