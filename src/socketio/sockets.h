/* The table of sockets that a probe watches: what a process did at each goes to its connection, as chunks. */
#ifndef SOCKETIO_SOCKETS_H
#define SOCKETIO_SOCKETS_H

#include "net/packet.h"
#include "socketio/context.h"

struct sockets; /* opaque */

/* NULL: no memory. */
struct sockets *sockets_new(struct context *context);
void sockets_free(struct sockets *sockets);

/* Takes a packet of a probe; not PROBED_LOG. */
void sockets_take(struct sockets *sockets, const struct packet *packet);

/* Ends every connection. */
void sockets_end(struct sockets *sockets);

#endif
