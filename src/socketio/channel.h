/* The WebSocket transport (protocol.md §4.3, §5): messages become packets of the WebSocket's session. */
#ifndef SOCKETIO_CHANNEL_H
#define SOCKETIO_CHANNEL_H

#include "socketio/context.h"

struct channel; /* opaque */

/* The exchange agreed on a WebSocket: both are emitted; the session is the query's sid, or a new one that the open
 * packet will name. False: no memory. */
bool channel_open(
    struct context *context, struct connection *connection, const struct passage *passage, struct exchange *exchange);

/* Takes a text, binary or close message. Of a WebSocket that was joined in mid-stream no sid is known; its session is
 * made with the first packet that can be read. True: there is a session. */
bool channel_take_message(struct context *context, struct connection *connection, const struct passage *passage,
    const struct message *message);

/* The server wrote an HTTP answer where its first frame should be. */
void channel_note_refused(const struct connection *connection, timestamp time);

/* A ping or pong frame went by. */
void channel_note_control(const struct connection *connection, timestamp time);

/* Lets go of connection->user. */
void channel_close(struct connection *connection);

/* The session of connection->user, which may be NULL; NULL when there is none yet. */
struct session *channel_session(const struct channel *channel);

/* Its upgrade was passed on by a hop: what it carries is seen nearer to the client too. False of NULL. */
bool channel_is_inner(const struct channel *channel);

#endif
