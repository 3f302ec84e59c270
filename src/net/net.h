/*
 * Packets in, two ordered streams of bytes for each connection out: the door of this room.
 *
 * A packet loses its link and IP headers, fragments are joined, and its TCP segment goes to the connection table; what
 * a probe saw in place of packets goes straight to its socket's stream.
 */
#ifndef NET_NET_H
#define NET_NET_H

#include "base/resources.h"
#include "base/timestamp.h"
#include "net/packet.h"
#include "net/stream.h"

struct net_counts {
	uint64_t packets, bytes;              /* taken; bytes as on the wire */
	uint64_t tcp_packets;                 /* of these, TCP segments */
	timestamp first, last;                /* TIMESTAMP_NONE before the first */
	timestamp latest;                     /* of the latest packet or record of a probe, or of net_advance */
	uint64_t connections;                 /* all that were seen */
	uint64_t retransmitted, out_of_order; /* segments, all connections */
	uint64_t fragments_refused;
};

struct net;     /* opaque */
struct vantage; /* vantage.h */

/* Both are borrowed and outlive it. NULL: no memory. */
struct net *net_new(const struct resources *resources, const struct stream_sink *sink);
void net_free(struct net *net);

/* Segments that it calls copies are passed over. Borrowed, and outlives `net`; NULL: all are taken. */
void net_set_vantage(struct net *net, struct vantage *vantage);

/* Counts a packet, before net_take_packet. */
void net_count_packet(struct net *net, const struct packet *packet);

/* Takes a packet, in order of time; no log line (PROBED_LOG). Nothing of it is kept beyond the call. */
void net_take_packet(struct net *net, const struct packet *packet);

/* A clock says that nothing more came until `now` (a live capture; in a file only the packets carry the time): what
 * waited long enough is given. Not before the first packet. */
void net_advance(struct net *net, timestamp now);

/* Does a packet go on with a connection that matters to the sink, at the byte that is expected next? */
bool net_goes_on(const struct net *net, const struct packet *packet);

/* Did a client begin a QUIC connection with this server at `since` or later? What it carries is not read. */
bool net_speaks_quic(const struct net *net, const struct address *server, timestamp since);

/* No more packets: every connection is closed. Once. */
void net_end(struct net *net);

const struct net_counts *net_counts(const struct net *net);

#endif
