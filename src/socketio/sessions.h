/* The table of sessions, by sid and server address (two legs of a proxy are two sessions). */
#ifndef SOCKETIO_SESSIONS_H
#define SOCKETIO_SESSIONS_H

#include "base/budget.h"
#include "socketio/session.h"

struct sessions; /* opaque */

/* `closed` is called with `self` before a session is freed; it lets go of what the session waits for (packets.h).
 * `budget` counts what memory was refused to. NULL: no memory. */
struct sessions *sessions_new(
    size_t limit, struct budget *budget, void (*closed)(void *self, struct session *session), void *self);

/* Closes every session, in order of last traffic. */
void sessions_close_all(struct sessions *sessions);
void sessions_free(struct sessions *sessions);

/* The session with this sid at this server; NULL when none is known. */
struct session *sessions_find(struct sessions *sessions, struct slice sid, const struct endpoint *server);

/* A new one; with a sid it replaces one of the same name (a restarted server gave the sid out again). An empty sid is
 * one not known yet. When the limit is reached, the session longest without traffic is closed first; those that a
 * WebSocket holds (users > 0) stay, so there may be more of them by the number of connections. NULL: no memory. */
struct session *sessions_add(struct sessions *sessions, struct slice sid, const struct endpoint *client,
    const struct endpoint *server, timestamp now);

/* Gives a session that has none its sid. Without memory for it, nobody finds the session by it. */
void sessions_name(struct sessions *sessions, struct session *session, struct slice sid);

/* Moves it to the end of the order of last traffic. */
void sessions_touch(struct sessions *sessions, struct session *session, timestamp now);

/* Closes the sessions without traffic since `before`. A session that a connection still holds (users > 0) stays. */
void sessions_expire(struct sessions *sessions, timestamp before);

/* How many had to go for the limit's sake. */
uint64_t sessions_evicted(const struct sessions *sessions);

#endif
