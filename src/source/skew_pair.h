/* What skew.c and skew_pair.c share: what passed the inputs. */
#ifndef SOURCE_SKEW_PAIR_H
#define SOURCE_SKEW_PAIR_H

#include "source/skew.h"

enum skew_kind {
	SKEW_SEGMENT,
	SKEW_POSITION, /* a byte at which a segment begins or ends: where offload joins and splits segments */
	SKEW_ANSWER,   /* the same byte, acknowledged by the other side */
	SKEW_EVENT,
};

/* Something that passed an input. */
struct sighting {
	uint64_t key; /* equal wherever it is seen */
	timestamp time;
	uint32_t flow; /* its connection or session */
	uint8_t input, kind;
	bool is_forth; /* one of the two directions of it */
};

struct skew {
	struct budget *budget;
	size_t inputs, count, room, most; /* of `sightings`: filled, allocated, allowed */
	struct sighting *sightings;
	uint64_t mask; /* of a key, bits that must be 0 for what is kept */
	/* per kind of evidence (segments, events): how much two inputs have in common */
	uint32_t common[2][SKEW_INPUTS][SKEW_INPUTS];
};

/* What an input saw of one thing: the thing itself, and, of a byte, its acknowledgment. Either may be NULL. */
struct skew_seen {
	size_t input;
	const struct sighting *itself, *answer;
};

/* The next that inputs saw, an element for each: of what an input saw more than once, and not as copies, nothing is
 * known (it was sent twice), and of several acknowledgments the first holds. The sightings are sorted; `*at` moves on.
 * Returns how many there are; 0 at the end. */
size_t skew_next_group(const struct skew *skew, size_t *at, struct skew_seen group[SKEW_INPUTS]);

/* What two inputs say of each other's clocks, by segments or by events; the line is against `from`. */
void skew_compare_inputs(struct skew *skew, size_t from, size_t to, bool events, struct skew_result *result);

#endif
