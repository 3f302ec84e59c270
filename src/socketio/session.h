/*
 * A session: one sid, on one or several legs. It may have many TCP connections, and a connection many sessions.
 *
 * Everything here was seen on the wire. Observers read it; only the engine writes it.
 */
#ifndef SOCKETIO_SESSION_H
#define SOCKETIO_SESSION_H

#include "base/memory.h"
#include "net/headers.h"
#include "servers/server.h"
#include "socketio/event.h"

enum namespace_state {
	NAMESPACE_UNKNOWN,    /* seen in a packet; its CONNECT was not captured */
	NAMESPACE_CONNECTING, /* the client sent CONNECT */
	NAMESPACE_CONNECTED,
	NAMESPACE_DISCONNECTED,
	NAMESPACE_REFUSED,
};

struct session_namespace {
	char *name;
	size_t name_len;
	enum namespace_state state;
	timestamp since; /* it is in this state */
};

enum {
	SESSION_NAMESPACES = 64,
	SESSION_NAMESPACE_NAME = 1024,
	SESSION_CLOSE_SIZE = 96,
	SESSION_LEGS = 4,
	SESSION_LOSSES = 4,
	SESSION_LOSS_NAME = 32
};

/* An address pair on which the session was seen; a client's ports differ from connection to connection. */
struct session_leg {
	struct endpoint client, server; /* of the first connection */
	bool is_inner;                  /* behind a hop: what passes here passes nearer to the client as well */
	bool knows_it;                  /* its server opened the session, or answered it with success */
	uint64_t packets;               /* of Engine.IO that were seen on it */
	uint64_t inputs;                /* a bit for each of several captures that showed it */
};

/* An event that entered a hop and did not come out. */
struct session_loss {
	uint64_t index;
	enum event_kind kind;
	enum direction direction;
	struct origin origin;         /* where it entered */
	struct endpoint server;       /* of the leg on which it was seen */
	bool is_sure;                 /* a later one came through */
	char name[SESSION_LOSS_NAME]; /* its beginning, as a JSON token; or "" */
};

struct session_answers;   /* timeline.c */
struct session_waiting;   /* packets.c */
struct session_crossings; /* crossings.c */

struct session {
	uint64_t number; /* from 1, in order of first mention; 0: nothing of it was emitted yet */
	char *sid;       /* NUL-terminated; NULL until it is known (a WebSocket joined in mid-stream) */
	size_t sid_len;
	struct endpoint client, server; /* of its first request, on the leg nearest to the client */
	struct session_leg *legs;       /* nearest to the client first; more than SESSION_LEGS are not distinguished */
	size_t leg_count;
	enum origin_kind seen_in;    /* what numbers the origins of its events */
	bool is_behind_hop;          /* one of them is inner */
	timestamp hop_since;         /* when that was noticed */
	struct session_loss *losses; /* the first SESSION_LOSSES; known when it is over; NULL: none */
	uint64_t loss_count;
	const struct process *process; /* that a probe saw at one end; or NULL */
	char *user;                    /* whom a proxy names as the client, by the first request that does; or NULL */
	bool doubtful;                 /* what is emitted of it may belong to another */
	bool shares_sid;     /* so does another session: another server's, or a leg of one that was not recognised */
	bool known;          /* the server gave it out, or answered it with success */
	bool handshake_seen; /* its open packet was captured; if not, it was joined in mid-life */
	bool left;           /* the client sent close */
	bool refused;        /* its WebSocket was opened and then refused by plain HTTP inside it */
	uint8_t revision;    /* of Engine.IO: 3, 4; 0 unknown */
	unsigned transports; /* bit (1 << enum transport) for each that carried it; a try to upgrade is none */
	enum transport transport; /* the current one */
	uint16_t carrier;         /* the client's port of the WebSocket that carries it; 0: none, or not known */
	timestamp first, last;    /* its traffic */
	timestamp opened;         /* TIMESTAMP_NONE without handshake */
	uint64_t redirected;      /* digest of the body of a POST that was, until it is sent again; 0: none */
	timestamp controlled;     /* its last ping or pong frame of WebSocket; 0: none */
	timestamp closed;         /* TIMESTAMP_NONE while open */
	timestamp watched; /* what of it came until then would have been emitted; TIMESTAMP_NONE until it is over */
	char close[SESSION_CLOSE_SIZE]; /* who closed it and how, for people; "" while open */

	/* the handshake's values; 0 when absent */
	timestamp ping_interval, ping_timeout;
	uint64_t max_payload;
	bool offers_websocket, offers_webtransport;
	timestamp hidden;            /* its polls ended as for an upgrade, and no WebSocket is to be seen: it goes on by
	                                WebTransport since then, as far as is known; 0: it does not */
	struct recognition software; /* which implementation the server is, by what it says */

	struct session_namespace *namespaces;
	size_t namespace_count;
	bool speaks_socketio; /* a Socket.IO packet was decoded */

	uint64_t events[2]; /* Socket.IO events and acks, by enum direction */
	uint64_t packets[2];
	timestamp spoke[2]; /* when the first of these came */
	uint64_t bytes[2];
	/* facts that outlive what observers note about it */
	struct delivery deliveries[2]; /* by direction: what TCP knew of its WebSocket when that was over */
	uint64_t goodbye; /* index of the event by which either side left first: the last namespace, the session, or
	                     its WebSocket; 0: neither has, or it joined again */
	uint64_t close_frame[2]; /* of its first WebSocket close frame, by direction */

	uint64_t gaps, malformed, incomplete, unreadable; /* what was only broken off is not `incomplete` */
	bool unrecorded; /* of a recording that leaves out what WebSockets carry: nothing rests on what is absent */
	bool is_mixed;   /* packets of a log, whose sessions are not known: nothing is claimed of it */
	bool missed;     /* requests or answers were lost, until it was over, that may have been its own */
	uint64_t broken; /* of `malformed`: how often a direction of HTTP or WebSocket could not be read on */

	/* the engine's own */
	struct session_answers *answers;
	struct session_waiting *waiting;     /* for attachments: one a direction and leg; or NULL */
	struct session_crossings *crossings; /* or NULL */
	struct session_entry *entry;         /* in the table of sessions */
	unsigned users;                      /* WebSockets that hold it */
};

/* Had either side left, in whatever way, before this event of the session? */
static inline bool session_said_goodbye(const struct session *session, uint64_t index)
{
	return session->goodbye && session->goodbye < index;
}

/* Had either side sent a WebSocket close frame before this event of the session? */
static inline bool session_saw_close_frame(const struct session *session, uint64_t index)
{
	return (session->close_frame[0] && session->close_frame[0] < index) ||
	       (session->close_frame[1] && session->close_frame[1] < index);
}

/* Is the event of the WebSocket that carries the session, and not of a second one, which servers refuse? On several
 * legs each has a port of its own, and no second one is distinguished. */
static inline bool session_is_carried_by(const struct session *session, const struct event *event)
{
	return event->transport == TRANSPORT_WEBSOCKET && session->transport == TRANSPORT_WEBSOCKET &&
	       (!session->carrier || session->leg_count > 1 || session->carrier == event->connection->client.port);
}

/* Puts a leg at this place among those that it has. False: there are SESSION_LEGS, or no memory, which `budget` (may be
 * NULL) counts. */
bool session_add_leg(struct session *session, size_t place, const struct session_leg *leg, struct budget *budget);

/* The namespace called `name`; NULL when the session has none such. */
const struct session_namespace *session_find_namespace(const struct session *session, struct slice name);

/* When it began: its open, or the first that was seen of it. */
static inline timestamp session_begin(const struct session *session)
{
	return session->opened == TIMESTAMP_NONE ? session->first : session->opened;
}

/* When it ended; while it is open, its last traffic. */
static inline timestamp session_end(const struct session *session)
{
	return session->closed == TIMESTAMP_NONE ? session->last : session->closed;
}

const char *namespace_state_name(enum namespace_state state);

/* The server wrote an HTTP answer where the WebSocket's first frame should be (node does, signatures.md A). */
void session_note_refused(struct session *session, timestamp time);

/* The recording (HAR) of the WebSocket that carries it ends: nothing is due from then on. */
void session_note_recorded(struct session *session, timestamp time);

/* The server's log says that it ended the session, and in its words why. */
void session_note_logged_end(struct session *session, timestamp time, struct slice why);

/* Nothing more of it was seen after the upgrade to WebTransport: it is over as far as can be seen. */
void session_note_hidden(struct session *session);

/* What an event changes in its session: counters, transports, namespaces, opening and closing. Called once per event,
 * before the observers see it. `budget` (may be NULL) counts what memory was refused to. */
void session_note_event(struct session *session, const struct event *event, struct budget *budget);

/* ---- the table of sessions, by sid and the servers on whose legs they were seen */

struct sessions; /* opaque */

/* `closed` is called with `self` before a session is freed; it lets go of what the session waits for (packets.h).
 * `budget` counts what memory was refused to. NULL: no memory. */
struct sessions *sessions_new(
    size_t limit, struct budget *budget, void (*closed)(void *self, struct session *session), void *self);

/* Closes every session, in order of last traffic. */
void sessions_close_all(struct sessions *sessions);
void sessions_free(struct sessions *sessions);

/* The newest session with this sid that was seen at this server; NULL when none is known. */
struct session *sessions_find(struct sessions *sessions, struct slice sid, const struct endpoint *server);

/* The newest session with this sid, wherever it was seen; or NULL. */
struct session *sessions_newest(struct sessions *sessions, struct slice sid);

/* A new one, without a sid and without legs. When the limit is reached, the session longest without traffic is closed
 * first; those that a WebSocket holds (users > 0) stay, so there may be more of them by the number of connections.
 * NULL: no memory. */
struct session *sessions_add(struct sessions *sessions, timestamp now);

/* Gives a session that has none its sid. It takes the place of one that the same server gave the sid before (restarted,
 * it counts again from 1). Without memory for it, nobody finds the session by it. */
void sessions_name(struct sessions *sessions, struct session *session, struct slice sid);

/* Moves it to the end of the order of last traffic. */
void sessions_touch(struct sessions *sessions, struct session *session, timestamp now);

/* Closes the sessions without traffic since `before`. A session that a connection still holds (users > 0) stays. */
void sessions_expire(struct sessions *sessions, timestamp before);

/* How many had to go for the limit's sake. */
uint64_t sessions_evicted(const struct sessions *sessions);

#endif
