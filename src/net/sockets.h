/* The table of sockets that a probe watches: what a process did at each goes to the sink, as chunks. */
#ifndef NET_SOCKETS_H
#define NET_SOCKETS_H

#include "base/resources.h"
#include "net/net.h"
#include "net/packet.h"
#include "net/stream.h"

struct sockets; /* opaque */

/* All are borrowed and outlive it. NULL: no memory. */
struct sockets *sockets_new(
    const struct resources *resources, const struct stream_sink *sink, struct net_counts *counts);
void sockets_free(struct sockets *sockets);

/* Takes a packet of a probe; not PROBED_LOG. */
void sockets_take(struct sockets *sockets, const struct packet *packet);

/* Ends every connection. */
void sockets_end(struct sockets *sockets);

#endif
