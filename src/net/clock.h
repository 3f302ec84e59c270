/*
 * The clock of the packets: a capture's timestamps may jump, and no rule of time must be fooled by that.
 *
 * A packet that is CLOCK_JUMP away from the one before it waits for the next one. When that is back, the packet's time
 * is wrong, and it gets the time of the packet before it. When that is not, and the sequence numbers of a connection go
 * on where they were, nothing was sent meanwhile, although a session has heartbeats: the clock was set (after boot, or
 * by hand), and from then on all times are shifted so that they go on too. Everything else is a silence, and stays.
 */
#ifndef NET_CLOCK_H
#define NET_CLOCK_H

#include "base/memory.h"
#include "net/packet.h"

struct clock; /* opaque */

/* Does a packet go on with a connection that matters, at exactly the byte that is expected next? */
struct clock_witness {
	void *self;
	bool (*goes_on)(void *self, const struct packet *packet);
};

/* `budget` is borrowed and outlives it. NULL: no memory. */
struct clock *clock_new(struct clock_witness witness, struct budget *budget);
void clock_free(struct clock *clock);

/* The common case, without a copy: true when the packet may be taken as it is, and clock_take need not be called. */
bool clock_passes(struct clock *clock, const struct packet *packet);

/* Takes a packet. The packets that are ready then, with their times put right, are given by clock_next; the packet's
 * bytes must stay until that has answered false. */
void clock_take(struct clock *clock, const struct packet *packet);
bool clock_next(struct clock *clock, struct packet *packet);

/* No more packets: one that waits is ready. */
void clock_end(struct clock *clock);

struct clock_counts {
	uint64_t outliers; /* packets whose time was wrong */
	uint64_t steps;    /* how often the clock was set */
};
struct clock_counts clock_counts(const struct clock *clock);

#endif
