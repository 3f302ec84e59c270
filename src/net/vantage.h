/*
 * A connection that several inputs captured is read from one of them: the one nearer to its server, or as it is chosen.
 * A mixture of copies would have the times of neither.
 *
 * In a pass over all inputs, each by itself, it is noted which connections each has, how much of them, and how long
 * each end took to answer as seen there: the nearer an input is to an end, the shorter that is, whatever its clock
 * says. Then the copies are known, segment by segment. An input that has a connection only in part (it began later, was
 * cut, or shows one direction) is not chosen where another has it whole; where none has, all of it is taken, from
 * wherever it comes. What comes behind the end of the input that is read is no copy.
 */
#ifndef NET_VANTAGE_H
#define NET_VANTAGE_H

#include "base/memory.h"
#include "net/headers.h"

enum vantage_point {
	VANTAGE_SERVER, /* the input nearest to the server */
	VANTAGE_CLIENT,
	VANTAGE_INPUT, /* a given one, where it has the connection; else the nearest to the server */
};

enum { VANTAGE_INPUTS = 64 };

struct vantage; /* opaque */

/* What it keeps is charged to `budget` (borrowed; or NULL), for `most` connections of all inputs together: of later
 * ones nothing is known, and whichever copy comes first is taken. NULL: no memory. */
struct vantage *vantage_new(size_t most, struct budget *budget);
void vantage_free(struct vantage *vantage); /* NULL is let pass */

/* Before it is settled: a segment of an input, each input's in its own order. */
void vantage_note(struct vantage *vantage, size_t input, const struct ip_packet *ip, const struct segment *segment);

/* Puts an input's time right. */
struct vantage_clock {
	const void *self;
	timestamp (*correct)(const void *self, size_t input, timestamp time);
};

/* Everything is noted. `input` is that of VANTAGE_INPUT. */
void vantage_settle(struct vantage *vantage, struct vantage_clock clock, enum vantage_point point, size_t input);

/* Once it is settled: is the segment (its time put right) to be passed over, for another input has the connection and
 * is read? */
bool vantage_is_copy(struct vantage *vantage, size_t input, const struct ip_packet *ip, const struct segment *segment);

/* How many connections several inputs have, and of each input, how many of these are read from it. */
struct vantage_counts {
	uint64_t shared, chosen[VANTAGE_INPUTS];
	uint64_t left_out; /* segments of connections that there was no room for */
};
const struct vantage_counts *vantage_counts(const struct vantage *vantage);

#endif
