/* The table of sessions, by sid and the servers on whose legs they were seen. */
#ifndef SOCKETIO_SESSIONS_H
#define SOCKETIO_SESSIONS_H

#include "base/buffer.h"
#include "socketio/session.h"

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
