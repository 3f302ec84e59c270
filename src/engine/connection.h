/* One TCP connection: which protocol it speaks now, and the only place that knows the whole stack. */
#ifndef ENGINE_CONNECTION_H
#define ENGINE_CONNECTION_H

#include "engine/context.h"

struct connection; /* opaque */

/* `ends` are the addresses of SIDE_A and SIDE_B. NULL: no memory. */
struct connection *connection_new(struct context *context, uint64_t number, const struct endpoint ends[2]);
void connection_free(struct connection *connection);

/* A SYN tells who is the client. */
void connection_note_client(struct connection *connection, enum side client);

/* Takes the next chunk, in the order in which reassembly (or a probe) gives them. */
void connection_take_chunk(struct context *context, struct connection *connection, const struct chunk *chunk);

/* No more will be captured of it: what is unanswered is told as that. */
void connection_end(struct context *context, struct connection *connection);

/* Closed by both ends or reset. */
bool connection_is_over(const struct connection *connection);

/* Does it speak Engine.IO? */
bool connection_is_engineio(const struct connection *connection);

#endif
