/* A WebSocket of a connection (protocol.md §4.3, §5): its messages become packets of its session. */
#ifndef SOCKETIO_CHANNEL_H
#define SOCKETIO_CHANNEL_H

#include "socketio/context.h"
#include "socketio/exchange.h"

struct channel; /* opaque */

/* After a 101: `exchange` is the request that it answered; the session is the query's sid, or a new one that the open
 * packet will name. `context` and `connection` are borrowed and outlive it. NULL: no memory. */
struct channel *channel_new(
    struct context *context, const struct connection_facts *connection, const struct exchange *exchange);

/* Joined in mid-stream, no sid known; the session is made with the first packet that can be read. NULL: no memory. */
struct channel *channel_new_joined(struct context *context, const struct connection_facts *connection);

void channel_free(struct channel *channel);

enum channel_result {
	CHANNEL_GOES_ON,   /* all bytes taken */
	CHANNEL_PLAIN_HTTP /* the server writes plain HTTP from here (node >= 4, protocol.md §5): `bytes` stand there */
};
enum channel_result channel_take(struct channel *channel, const struct origin *origin, struct slice *bytes);

/* After CHANNEL_PLAIN_HTTP: what of it came in earlier chunks, and where from. Lives as long as the program. */
struct slice channel_plain(const struct channel *channel, struct origin *origin);

/* Bytes of one direction were lost (0: unknown how many). */
void channel_lose(struct channel *channel, enum direction direction, uint64_t lost);

/* No more bytes come in the origin's direction. A message that has begun there is told as malformed and incomplete. */
void channel_end(struct channel *channel, const struct origin *origin);

/* Has the server sent a whole message? Then it will not turn to plain HTTP any more. */
bool channel_is_settled(const struct channel *channel);

/* Its session; NULL when there is none yet. */
struct session *channel_session(const struct channel *channel);

#endif
