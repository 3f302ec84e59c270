/* What this room counts besides the ledger. */
#ifndef NET_COUNTS_H
#define NET_COUNTS_H

#include "base/timestamp.h"

struct net_counts {
	uint64_t packets, bytes;                         /* taken; bytes as on the wire */
	uint64_t tcp_packets;                            /* of these, TCP segments */
	uint64_t snapped;                                /* cut short by the snap length */
	timestamp first, last;                           /* TIMESTAMP_NONE before the first */
	timestamp latest;                                /* of the latest packet or record of a probe */
	uint64_t turned_back;                            /* packets over a second before the latest one */
	uint64_t connections;                            /* all that were seen */
	uint64_t retransmitted, out_of_order, conflicts; /* segments, all connections */
	uint64_t fragments_abandoned, fragments_refused;
};

#endif
