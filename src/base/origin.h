/* Where something was seen: the packets that carried it, and when. */
#ifndef BASE_ORIGIN_H
#define BASE_ORIGIN_H

#include "base/timestamp.h"

struct origin {
	uint64_t first_packet, last_packet; /* the lowest and the highest number; 0: not seen */
	timestamp time;                     /* of the packet that completed it */
};

/* Makes first..last reach over these packets as well: a capture may hold those of one message in any order. */
static inline void origin_widen_packets(uint64_t *first, uint64_t *last, uint64_t first_packet, uint64_t last_packet)
{
	*first = first_packet < *first ? first_packet : *first;
	*last = last_packet > *last ? last_packet : *last;
}

static inline void origin_widen(struct origin *origin, const struct origin *by)
{
	origin_widen_packets(&origin->first_packet, &origin->last_packet, by->first_packet, by->last_packet);
}

#endif
