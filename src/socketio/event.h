/*
 * One record of the timeline: something that happened on the wire, in the words of contracts.md.
 *
 * All slices and pointers of an event are borrowed for the length of the observer's call, save `session` and
 * `connection`, which live until observer.session_closed and the end of the call.
 */
#ifndef SOCKETIO_EVENT_H
#define SOCKETIO_EVENT_H

#include "base/timestamp.h"
#include "http/sink.h"
#include "socketio/engineio.h"

enum event_kind {
	/* Socket.IO */
	EVENT_CONNECT,
	EVENT_DISCONNECT,
	EVENT_EVENT,
	EVENT_ACK,
	EVENT_CONNECT_ERROR,
	/* Engine.IO */
	EVENT_OPEN,
	EVENT_CLOSE,
	EVENT_PING,
	EVENT_PONG,
	EVENT_PROBE,
	EVENT_PROBE_ACK,
	EVENT_UPGRADE,
	EVENT_NOOP,
	/* transport */
	EVENT_HTTP,
	EVENT_WS_OPEN,
	EVENT_WS_CLOSE,
	EVENT_TLS, /* its handshake failed */
	EVENT_TCP_CLOSE,
	EVENT_GAP,
	EVENT_MALFORMED,
	EVENT_LOG,
	EVENT_KINDS,
};

/* The layers of `dump --layer`, a bit each. */
enum layer { LAYER_TCP = 1, LAYER_HTTP = 2, LAYER_ENGINEIO = 4, LAYER_SOCKETIO = 8, LAYER_LOG = 16 };

/* Why the client cannot have read what the server sent. */
enum unread {
	UNREAD_NOT,
	UNREAD_IN_UPGRADE,      /* it is in the body of a WebSocket handshake's answer */
	UNREAD_IN_ABORTED_POLL, /* the client had ended the poll's connection before the answer began */
};

enum tcp_end { TCP_END_FIN, TCP_END_RST };

struct session;

/* Another sighting of an event, on another leg of its session. */
struct event_leg {
	const char *connection; /* "client-server" */
	struct origin origin;
	bool is_last; /* it was seen on no further leg, as far as they are known */
};

/* A packet of Engine.IO or Socket.IO; what its kind does not have is empty. */
struct event_packet {
	struct slice nsp;     /* Socket.IO: never empty */
	const char *flaw;     /* why a strict parser rejects it, though it can be read (socketio_flaw); or NULL */
	bool by_other_parser; /* Socket.IO: by the MessagePack or JSON parser, not the default one */
	struct slice name;    /* EVENT_EVENT: a JSON token, or empty */
	struct slice ack;     /* the digits of its id, without leading zeros; empty: none */
	/* One JSON value or, for EVENT_EVENT, the arguments as they stand between name and bracket; empty: none. The
	 * attachments belong into its placeholders. */
	struct slice data;
	const struct slice *attachments;
	size_t attachment_count;
	struct slice raw; /* not decoded: bytes as they came; only when `has_raw` */
	bool has_raw;
};

/* A request that a hop had passed on to a server behind it, and what that did with it. */
struct event_behind {
	struct endpoint server;
	struct origin origin;
	timestamp begun;
	int status;      /* 0: it was not answered until now */
	bool is_dropped; /* the server ended the connection instead */
	struct exchange_crossed crossed;
	const char *oddity; /* of the answer's headers, for which proxies refuse it; NULL: there is none */
	size_t head_bytes;  /* of the answer */
};

struct event {
	uint64_t index;       /* from 1, in timeline order */
	struct origin origin; /* its time: when its end came */
	timestamp begun;      /* when its beginning came, where that is known; or the time of its end */
	enum event_kind kind;
	enum direction direction;
	enum transport transport;                  /* that carried it; NONE below HTTP */
	const struct session *session;             /* NULL: belongs to none */
	const struct connection_facts *connection; /* NULL only for EVENT_LOG */
	uint64_t answers;  /* index of the event it answers: ack, pong, probe-ack, connect, connect-error; or 0 */
	uint64_t bytes;    /* on the wire, of what carried it */
	struct slice wire; /* of WebSocket messages: the beginning of their frames as they came, headers and masks, as
	                    * much as the limit of that name keeps; empty: not kept */
	timestamp queued;  /* to the server, seen by a probe: so long its bytes lay unread at least; 0: not known */
	bool incomplete;   /* cut by a limit or the snap length, or bytes of it were lost */
	bool broken_off;  /* of `incomplete`: it was cut by the end of its connection alone; nothing of it was missed */
	bool unreadable;  /* compressed, and the context was lost */
	bool awaits_legs; /* the session has a hop, behind which it may be seen yet: observer.crossed is called then */
	enum unread unread;                /* to the client, by polling */
	const struct event_behind *behind; /* EVENT_HTTP, of a request that a hop passed on; else NULL */
	/* On several legs of the session: all sightings, that of the leg nearest to the client first. */
	const struct event_leg *legs;
	size_t leg_count;

	/* By kind. The functions below read them of any event. */
	union {
		struct event_packet packet;      /* Socket.IO, Engine.IO */
		const struct exchange *exchange; /* EVENT_HTTP, EVENT_WS_OPEN */
		struct {
			uint16_t code;
			struct slice reason;
		} ws_close;
		struct {
			struct slice why;             /* "unknown CA" */
			struct slice name, protocols; /* of the server: SNI, ALPN; may be empty */
			int alert;                    /* -1: none that could be read */
		} tls;
		struct {
			enum tcp_end how;
			bool unacknowledged; /* bytes towards `direction`'s sender were never acknowledged by it */
			bool exited;         /* a probe saw its process end */
			struct stream_reset reset; /* it was the end of an HTTP/2 stream */
		} tcp_close;
		struct {
			uint64_t lost; /* bytes, 0 when unknown */
			struct slice why;
		} gap;
		struct {
			const char *layer;
			struct slice why, raw; /* raw: what it was, may be empty */
		} malformed;
		struct { /* EVENT_LOG */
			struct slice line;
			uint32_t process; /* that wrote it, as a probe saw; 0: not known */
		};
	};
};

static inline bool event_is_packet(const struct event *event)
{
	return event->kind <= EVENT_NOOP;
}

/* All empty when it is none. */
static inline const struct event_packet *event_packet(const struct event *event)
{
	static const struct event_packet none;
	return event_is_packet(event) ? &event->packet : &none;
}

/* NULL when it has none. */
static inline const struct exchange *event_exchange(const struct event *event)
{
	return event->kind == EVENT_HTTP || event->kind == EVENT_WS_OPEN ? event->exchange : NULL;
}

/* What was not decoded; NULL when there is no such thing. */
const struct slice *event_raw(const struct event *event);

/* What it says, as slices that it borrows, besides attachments and exchange, and `wire`. Returns how many there are. */
enum { EVENT_SLICES = 5 };
size_t event_slices(struct event *event, struct slice *slices[EVENT_SLICES]);

/* In words: why (EVENT_MALFORMED, EVENT_GAP, EVENT_TLS), the reason (EVENT_WS_CLOSE), the line (EVENT_LOG), that the
 * process ended (EVENT_TCP_CLOSE); else empty. */
struct slice event_text(const struct event *event);

/* On several legs: how long the hops between them needed, from its sighting nearest to the client to the farthest one,
 * either way; TIMESTAMP_NONE: it was seen on one. */
timestamp event_hop_time(const struct event *event);

const char *event_kind_name(enum event_kind kind); /* as `type` in contracts.md */
enum layer event_kind_layer(enum event_kind kind);
const char *direction_name(enum direction direction);   /* "c>s", "s>c" */
const char *direction_sender(enum direction direction); /* who sends so: "client", "server" */
const char *tcp_end_name(enum tcp_end how);             /* "fin", "rst" */

/* ---- who listens to the timeline: detectors, views, the interface. The only callbacks above the engine */

/* Any function may be NULL. They are called in the order of the packets; what is passed is borrowed for the call. */
struct observer {
	void *self;
	void (*session_opened)(void *self, const struct session *session); /* first mention of it */
	void (*event)(void *self, const struct event *event);
	/* A client asked for a connection, for whatever, and this became of it (net/stream.h). No event. */
	void (*attempted)(void *self, const struct attempt *attempt);
	/* Live: a request is whole, and its answer is due: an EVENT_HTTP whose exchange is pending, without an index.
	 * It is emitted as an event of the timeline (or as EVENT_WS_OPEN) when what became of it is known. */
	void (*asked)(void *self, const struct event *event);
	/* What became of a TLS handshake, of whatever connection (net/stream.h). No event, unless it failed. */
	void (*secured)(void *self, const struct tls_handshake *handshake);
	/* A document that pages load, by the target of its request: is its body wanted? And that body, its codings
	 * undone. */
	bool (*wants_document)(void *self, struct slice target);
	void (*document)(void *self, struct slice target, struct slice body);
	/* A request of the application that is none of Engine.IO, by its target: does what becomes of it matter? And
	 * that, an EVENT_HTTP without an index and of no session: no event of the timeline. */
	bool (*wants_beside)(void *self, struct slice target);
	void (*beside)(void *self, const struct event *event);
	/* The event was seen on another leg of its session too, after it was emitted. */
	void (*crossed)(void *self, uint64_t index, const struct event_leg *leg);
	void (*clock)(void *self, timestamp now);                          /* live: nothing more came until then */
	void (*session_closed)(void *self, const struct session *session); /* the last call that knows it */
	void (*end)(void *self); /* every event was emitted, every session closed */
};

/* ---- which event answers which, where the protocol itself does not say (it does for acks): a plug-in's knowledge of
 * its application, beside the timeline */

struct pairing {
	/* `pair(self, question, answer)` is called with indices of events, while the answer is being observed. NULL: no
	 * memory. */
	void *(*new)(void (*pair)(void *self, uint64_t question, uint64_t answer), void *self);
	void (*free)(void *pairs);
	const struct observer *(*observer)(const void *pairs);
	uint64_t (*refused)(const void *pairs); /* how often memory was refused: so many pairs or more are missing */
};

#endif
