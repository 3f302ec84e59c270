/*
 * The legs of a session: the address pairs on which it was seen, nearest to the client first.
 *
 * A hop (a proxy, docker's address translation) passes each request on: the same method and query come once more, on
 * another pair, while the first still waits for its answer. Such a request is *inner*, the one that it repeats is its
 * *outer* one. What an inner request or its WebSocket carries is seen twice and emitted once, from the leg nearest to
 * the client; the other sighting is added to the event (observer.crossed, event.legs). What crosses only one leg of a
 * session is no copy: both families of localhost, a client that changes its network.
 *
 * Two requests are one when they agree in what no two clients have in common: the query's sid, unless it may be a
 * counter (googollee counts from 1, on each server); the query's cache buster `t`; the WebSocket's key, which proxies
 * hand on.
 */
#ifndef SOCKETIO_LEGS_H
#define SOCKETIO_LEGS_H

#include "http/exchange.h"
#include "socketio/packets.h"

struct legs; /* opaque */

/* `budget` is borrowed. NULL: no memory. */
struct legs *legs_new(struct budget *budget);
void legs_free(struct legs *legs);

/* No more requests come: lets go of the sessions that they hold. Before the sessions are closed. */
void legs_end(struct legs *legs);

/* A request that matters is whole: looks for the one that it repeats. */
void legs_note_request(
    struct context *context, const struct connection_facts *connection, const struct exchange *exchange);

/* Does it repeat a request that was seen nearer to the client? */
bool legs_is_inner(const struct context *context, const struct exchange *exchange);

/* The last request that repeated this one, which is pending, and what became of that until now; NULL: there was none.
 */
const struct event_behind *legs_behind(const struct context *context, const struct exchange *exchange);

/* The session that was opened by a request which repeats this one, when the answer to this one gives out the same `sid`
 * (empty: not known yet); or NULL. */
struct session *legs_opened(struct context *context, const struct exchange *exchange, struct slice sid);

/* A session with this sid that was seen behind a hop alone: the client's side of it is still to come. Or NULL. */
struct session *legs_unclaimed(struct context *context, struct slice sid);

/* A session with the sid that the request asks for, at another server's address, that is the same one all the same: the
 * request repeats one of it; or no two servers give out such a sid; or both addresses are localhost's. Else NULL. */
struct session *legs_find_session(
    struct context *context, const struct connection_facts *connection, const struct exchange *exchange);

/* The request opened this session. */
void legs_note_opened(struct context *context, const struct exchange *exchange, struct session *session);

/* It was answered, or never will be. */
void legs_end_request(struct context *context, const struct exchange *exchange);

/* The session was seen on this connection at `now`. `inner`: behind a hop. */
void legs_note_leg(struct context *context, struct session *session, const struct connection_facts *connection,
    bool inner, timestamp now);

/* A number for the leg that a connection belongs to. */
uint64_t legs_id(const struct connection_facts *connection);

/* Counts a packet of Engine.IO on the leg that it was seen on. */
void legs_count_packet(struct session *session, const struct connection_facts *connection);

/* The session's leg that a connection belongs to; NULL: one of more than are distinguished. */
struct session_leg *legs_leg_of(struct session *session, const struct connection_facts *connection);

/* ---- events on several legs (crossings.c) */

/* A session behind a hop. True: the event is the copy of one that was or will be emitted, and not to be emitted; else
 * its other sightings are added to it. */
bool crossings_take_event(struct context *context, const struct carrier *carrier, struct event *event);

/* The event was emitted: its sightings on other legs may come yet. */
void crossings_note_emitted(struct context *context, struct session *session, const struct event *event);

/* The session ends: emits what was seen only behind the hop, and notes in `session->losses` what did not come out. */
void crossings_end_session(struct context *context, struct session *session);

/* The hop answered by itself: emits what was seen only behind it, while the session goes on. */
void crossings_release_session(struct context *context, struct session *session);

#endif
