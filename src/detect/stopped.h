/*
 * server-stopped: which ends of sessions were one end of their server.
 *
 * Seen: a server ends its sessions without a goodbye, all that were alive at that address, within a moment; a close
 * frame may announce it. One that does so again and again within a minute, and announces none of it, is in a crash
 * loop. Ruled out: a single session; sessions that go on by another connection; those that the client ended, or either
 * side had left. What else it could be: a proxy at that address that ends all its connections. closing.c asks when it
 * judges an end.
 */
#ifndef DETECT_STOPPED_H
#define DETECT_STOPPED_H

#include "detect/findings.h"
#include "socketio/session.h"

struct stopped;
struct stopped_server;

/* Of each session, zeroed at first; stays where it is until stopped_forget. */
struct stopped_session {
	struct stopped_server *server; /* NULL: not counted yet, or not any more */
	timestamp last;                /* its last traffic */
	uint64_t stop;                 /* the number of the stop in which the server ended it; 0: none */
	bool alive;
	struct stopped_session *prev, *next; /* those that are alive at the server, the last heard of last */
};

struct stopped *stopped_new(struct findings *findings); /* borrowed. NULL: no memory */
void stopped_free(struct stopped *stopped);

/* Any event of the session, before stopped_note_end. */
void stopped_note_event(struct stopped *stopped, struct stopped_session *per_session, const struct event *event);

/* Any try of a connection. */
void stopped_note_attempt(struct stopped *stopped, const struct attempt *attempt);

enum stopped_way {
	STOPPED_SILENTLY,
	STOPPED_IN_ORDER,  /* as servers end sessions for other reasons as well: it stopped only if it then refuses
	                    * connections */
	STOPPED_ANNOUNCED, /* it said that it goes away or restarts: no crash */
};

/* With this event the server ended the session, without a goodbye of Socket.IO. */
void stopped_note_end(struct stopped_session *per_session, const struct event *event, enum stopped_way way);

/* Claims that the server stopped, where the session's end was part of that. */
bool stopped_report(struct findings *findings, const struct stopped_session *per_session, const struct session *session,
    const struct origin *end);

/* The session state goes. */
void stopped_forget(struct stopped_session *per_session);

#endif
