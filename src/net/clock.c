/* Packets in, the same packets with times that can be relied on out. */
#include "net/clock.h"

#include <stdlib.h>
#include <string.h>

/* Longer than any heartbeat's interval and timeout that a server's documentation gives; shorter than any time zone. */
#define CLOCK_JUMP (10 * 60 * TIMESTAMP_SECOND)

enum { CLOCK_READY = 2 };

struct clock {
	struct clock_witness witness;
	struct budget *budget;
	timestamp last;  /* of the packet before, put right; TIMESTAMP_NONE before the first */
	timestamp shift; /* taken off every time */
	bool waits;
	struct packet waiting; /* its bytes are owned */
	struct packet ready[CLOCK_READY];
	size_t count, given;
	struct packet held; /* what `ready` lends of `waiting`, until the next packet */
	struct clock_counts counts;
};

struct clock *clock_new(struct clock_witness witness, struct budget *budget)
{
	struct clock *clock = calloc(1, sizeof *clock);
	if (clock)
		*clock = (struct clock){.witness = witness, .budget = budget, .last = TIMESTAMP_NONE};
	return clock;
}

static void clock_release(struct clock *clock)
{
	budget_free(clock->budget, clock->held.bytes.at, clock->held.bytes.len);
	clock->held = (struct packet){0};
}

void clock_free(struct clock *clock)
{
	if (!clock)
		return;
	clock_release(clock);
	budget_free(clock->budget, clock->waiting.bytes.at, clock->waiting.bytes.len);
	free(clock);
}

struct clock_counts clock_counts(const struct clock *clock)
{
	return clock->counts;
}

static bool clock_is_far(timestamp a, timestamp b)
{
	return a - b > CLOCK_JUMP || b - a > CLOCK_JUMP;
}

static void clock_add_ready(struct clock *clock, const struct packet *packet, timestamp time)
{
	struct packet *ready = &clock->ready[clock->count++];
	*ready = *packet;
	ready->time = time;
	clock->last = time;
}

/* False: no memory, so its time is taken as it is. */
static bool clock_wait(struct clock *clock, const struct packet *packet)
{
	uint8_t *copy = packet->bytes.len ? budget_alloc(clock->budget, packet->bytes.len) : NULL;
	if (!copy)
		return false;
	memcpy(copy, packet->bytes.at, packet->bytes.len);
	clock->waiting = *packet;
	clock->waiting.bytes.at = copy;
	clock->waits = true;
	return true;
}

/* The packet that waited is ready, at this time. */
static void clock_end_wait(struct clock *clock, timestamp time)
{
	clock->waits = false;
	clock->held = clock->waiting;
	clock->waiting = (struct packet){0};
	clock_add_ready(clock, &clock->held, time);
}

/* `packet` follows the one that waits, and decides what to make of it. */
static void clock_judge(struct clock *clock, const struct packet *packet)
{
	const struct clock_witness *witness = &clock->witness;
	timestamp jumped = clock->waiting.time - clock->shift;
	if (!clock_is_far(packet->time - clock->shift, clock->last)) {
		clock->counts.outliers++;
		clock_end_wait(clock, clock->last);
	} else if (witness->goes_on(witness->self, &clock->waiting) || witness->goes_on(witness->self, packet)) {
		clock->counts.steps++;
		clock->shift += jumped - clock->last;
		clock_end_wait(clock, clock->last);
	} else {
		clock_end_wait(clock, jumped);
	}
}

bool clock_passes(struct clock *clock, const struct packet *packet)
{
	if (clock->waits || clock->shift || clock->last == TIMESTAMP_NONE || clock_is_far(packet->time, clock->last))
		return false;
	clock->last = packet->time;
	return true;
}

void clock_take(struct clock *clock, const struct packet *packet)
{
	clock_release(clock);
	clock->count = clock->given = 0;
	if (clock->waits)
		clock_judge(clock, packet);
	timestamp time = packet->time - clock->shift;
	bool is_made = packet->probed != NULL; /* a probe's clock cannot be set */
	if (is_made || clock->last == TIMESTAMP_NONE || !clock_is_far(time, clock->last) || !clock_wait(clock, packet))
		clock_add_ready(clock, packet, is_made ? packet->time : time);
}

bool clock_next(struct clock *clock, struct packet *packet)
{
	if (clock->given == clock->count) {
		clock_release(clock);
		return false;
	}
	*packet = clock->ready[clock->given++];
	return true;
}

/* A lone packet at the end proves no silence. */
void clock_end(struct clock *clock)
{
	clock_release(clock);
	clock->count = clock->given = 0;
	if (!clock->waits)
		return;
	clock->counts.outliers++;
	clock_end_wait(clock, clock->last);
}
