/* The connection table: TCP connections by their addresses and ports, in order of last traffic. */
#ifndef NET_CONNECTIONS_H
#define NET_CONNECTIONS_H

#include "base/resources.h"
#include "net/counts.h"
#include "net/ip.h"
#include "net/stream.h"
#include "net/tcp.h"

struct connections; /* opaque */

/* All are borrowed and outlive it. NULL: no memory. */
struct connections *connections_new(
    const struct resources *resources, const struct stream_sink *sink, struct net_counts *counts);
void connections_free(struct connections *connections);

/* Takes a segment between two addresses. */
void connections_take_segment(struct connections *connections, const struct address *source,
    const struct address *destination, const struct segment *segment);

/* Is this the next segment of a connection that matters to the sink and is not over? */
bool connections_goes_on(const struct connections *connections, const struct address *source,
    const struct address *destination, const struct segment *segment);

/* Ends every connection, in order of last traffic. */
void connections_end(struct connections *connections);

#endif
