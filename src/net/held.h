/* Bytes of one direction of a TCP connection that cannot be delivered yet, in order of sequence, without overlaps. */
#ifndef NET_HELD_H
#define NET_HELD_H

#include "base/buffer.h"
#include "base/timestamp.h"

/* A stream position: a sequence number with its wrap-arounds counted (position_of). */
typedef int64_t position;

/* The position of sequence number `sequence` nearest to `near`. */
static inline position position_of(position near, uint32_t sequence)
{
	return near + (int32_t)(sequence - (uint32_t)near);
}

/* When something came: by the clock of the packets, and by the count of the connection's segments. */
struct arrival {
	timestamp time;
	uint64_t segment;
};

struct held {
	struct held *prev, *next;
	position start;
	size_t len;
	const uint8_t *bytes; /* NULL: captured without them (snap length) */
	bool owned;           /* else `bytes` are borrowed and must be copied by held_keep */
	bool has_acknowledgment;
	position acknowledgment; /* of the other direction */
	uint64_t first_packet, packet;
	timestamp time;
	struct arrival arrival;
};

static inline position held_end(const struct held *held)
{
	return held->start + (position)held->len;
}

enum { HELD_PIECES = 4096 }; /* that may wait in one direction; keeps insertion cheap on hostile input */

struct held_list {
	struct held *first, *last;
	size_t bytes; /* owned or still borrowed; without those that were not captured */
	size_t pieces;
	struct budget *budget;
};

/* Puts those parts of `piece` into the list that it does not hold yet; their bytes stay borrowed. Overlapping bytes
 * that differ set *conflict. Returns how many bytes were new; a part for which there was no memory is not. */
size_t held_insert(struct held_list *list, const struct held *piece, bool *conflict);

/* Copies what is still borrowed; what the budget refuses is dropped. Call before the borrowed bytes go away. */
void held_keep(struct held_list *list);

void held_drop_first(struct held_list *list);
void held_drop_all(struct held_list *list);

#endif
