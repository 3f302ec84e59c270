/*
 * How far the clocks of several inputs are apart, found from what more than one of them saw: segments, or, where no
 * connection is in two of them, events of one session.
 *
 * What passed a capture point A before B bounds how far B's clock is ahead of A's from above, by the time that it took
 * (tB - tA = offset + delay); what passed B first bounds it from below. Which way a connection goes is seen by
 * comparing its two directions: the one whose differences are larger goes from A to B. The clocks' offset at each time
 * is a line, since one of them may run faster: the line that leaves the widest gap between the lower hull of the first
 * and the upper hull of the second. Its middle is the estimate, and half of the gap the bound: however much longer one
 * way takes than the other, the truth is within it. Where nothing fits between the two, no offset is claimed.
 * Where an input shows one direction alone, the acknowledgments that another saw of it do: what answers a byte came
 * after it, wherever either was seen.
 *
 * Pure: no file is read here.
 */
#ifndef SOURCE_SKEW_H
#define SOURCE_SKEW_H

#include "base/memory.h"
#include "net/headers.h"

/* The clock of an input against that of the first: `offset` at `since` (a time of its own), and by how much it runs
 * faster. */
struct clock_line {
	timestamp since;
	timestamp offset;
	double drift;
};

/* That time of the input, by the first input's clock. */
timestamp clock_line_correct(const struct clock_line *line, timestamp time);

enum { SKEW_INPUTS = 64 };

enum skew_state {
	SKEW_UNKNOWN,      /* nothing that two inputs saw bounds it from both sides */
	SKEW_KNOWN,        /* `line`, give or take `bound` */
	SKEW_CONTRADICTED, /* what two inputs saw bounds it, and no offset fits */
};

/* One way between an input and the one that it is compared with, of the segments or events that both saw. */
struct skew_way {
	uint64_t seen;                 /* by the one that they pass first, while the other saw their connection */
	uint64_t lost;                 /* of these, not seen by the other; 0 where that cannot be told */
	timestamp least, median, most; /* time between the two; TIMESTAMP_NONE: not known */
};

struct skew_result {
	enum skew_state state;
	struct clock_line line; /* against the first input */
	timestamp bound;
	size_t peer;             /* the input that it was compared with, by which it is known against the first */
	bool by_events;          /* of sessions; else by segments */
	uint64_t matches;        /* segments or events that both saw */
	struct skew_way ways[2]; /* from the peer to the input, and back */
};

struct skew; /* opaque */

/* `inputs` at most SKEW_INPUTS. What it keeps is charged to `budget` (borrowed; or NULL), `room` bytes at most: beyond,
 * it goes on with every second, fourth, … of what passes, in all inputs the same. NULL: no memory. */
struct skew *skew_new(size_t inputs, size_t room, struct budget *budget);
void skew_free(struct skew *skew); /* NULL is let pass */

/* A TCP segment that an input saw at `time`; `ip` is the packet that it was read from, whose header stands before its
 * payload: fragments that were joined are for the caller to leave out. */
void skew_take_segment(
    struct skew *skew, size_t input, const struct ip_packet *ip, const struct segment *segment, timestamp time);

/* An event of a session: `key` is what it is known by in every input, `session` the session's. */
void skew_take_event(struct skew *skew, size_t input, uint64_t session, bool to_server, uint64_t key, timestamp time);

/* What is known by now, an element for each input; the first one's is 0, known. More may be taken afterwards. */
void skew_solve(struct skew *skew, struct skew_result *results);

/* Inputs of which too little memory kept some of what passed. */
bool skew_is_sampled(const struct skew *skew);

/* ---- the line, for tests */

/* At `time`, B's clock minus A's was at most (`is_upper`) or at least so much, both in nanoseconds since some time. */
struct skew_point {
	double time, difference;
	bool is_upper;
};

/* Sorts `points`. False: no line fits between them, or there is nothing on one side. The line's value is `offset` at
 * time 0. */
bool skew_fit(struct skew_point *points, size_t count, double *offset, double *drift, double *bound);

#endif
