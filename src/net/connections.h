/*
 * The table of TCP connections: segments in, the chunks of each connection's two streams out, by reassembly.
 */
#ifndef NET_CONNECTIONS_H
#define NET_CONNECTIONS_H

#include "net/headers.h"
#include "net/net.h"

struct connections; /* opaque */

/* All are borrowed and outlive it; what is counted goes to `counts`, the rest to the resources' ledger. NULL: no
 * memory. */
struct connections *connections_new(
    const struct resources *resources, const struct stream_sink *sink, struct net_counts *counts);

/* Ends what connections_end has not. */
void connections_free(struct connections *connections);

/* Takes a segment, in order of time; its payload is borrowed for the call. */
void connections_take_segment(struct connections *connections, const struct address *source,
    const struct address *destination, const struct segment *segment);

/* An error of ICMP, in the packet of this number: it counts where it answers a SYN, or a segment that is under way. */
void connections_take_error(
    struct connections *connections, const struct icmp_error *error, uint64_t packet, timestamp time);

/* It is `now`: what waited long enough for segments that are missing, or behind a RST, is given; what was quiet for too
 * long is let go. Cheap when it is called with each packet. */
void connections_advance(struct connections *connections, timestamp now);

/* Is this the next segment of a connection that matters to the sink and is not over? */
bool connections_goes_on(const struct connections *connections, const struct address *source,
    const struct address *destination, const struct segment *segment);

/* No more segments: every connection is closed. */
void connections_end(struct connections *connections);

#endif
