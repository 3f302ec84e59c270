/* One TCP connection: which protocol it speaks now, and the only place that knows the whole stack. */
#ifndef SOCKETIO_CONNECTION_H
#define SOCKETIO_CONNECTION_H

#include "socketio/context.h"

struct connection; /* opaque */

/* Numbered in order of making. `ends` are the addresses of SIDE_A and SIDE_B. `context` is borrowed and outlives it.
 * NULL: no memory. */
struct connection *connection_new(struct context *context, const struct endpoint ends[2]);
void connection_free(struct connection *connection);

/* A SYN tells who is the client: the first of them, and only while no bytes have told. */
void connection_note_client(struct connection *connection, enum side client);

/* The process at one end is known, by a probe. Borrowed; lives as long as the engine. */
void connection_note_process(struct connection *connection, const struct process *process);

/* The bytes may belong to another connection. */
void connection_note_doubt(struct connection *connection);

/* Takes the next chunk, in the order in which reassembly (or a probe) gives them. */
void connection_take_chunk(struct connection *connection, const struct chunk *chunk);

/* No more will be captured of it: what is unanswered is told as that. */
void connection_end(struct connection *connection);

/* Closed by both ends or reset. */
bool connection_is_over(const struct connection *connection);

/* Reset behind its FIN: it is as good as over, but what the other end sent before that may have been captured later. */
bool connection_is_reset(const struct connection *connection);

/* Does it speak Engine.IO? */
bool connection_is_engineio(const struct connection *connection);

/* Did it begin with HTTP? */
bool connection_spoke_http(const struct connection *connection);

#endif
