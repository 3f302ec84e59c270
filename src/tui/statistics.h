/*
 * Counts, bytes and latencies of Socket.IO events by their name, their namespace, or their session. It goes over the
 * record in slices. No drawing here.
 */
#ifndef TUI_STATISTICS_H
#define TUI_STATISTICS_H

#include "query/query.h"

enum statistics_by { STATISTICS_BY_NAME, STATISTICS_BY_NAMESPACE, STATISTICS_BY_SESSION, STATISTICS_BYS };

/* More groups than this share one, the last. */
enum { STATISTICS_GROUPS = 4000, STATISTICS_NAME = 120 };

/* Latencies, in 32 steps to each doubling from a microsecond on: percentiles are right within 2 %. */
enum { LATENCY_STEPS = 32, LATENCY_DOUBLINGS = 34, LATENCY_LEAST = 10 /* 2^10 ns */ };
enum { LATENCIES_STEPS = LATENCY_STEPS * LATENCY_DOUBLINGS };

struct latencies {
	uint64_t count;
	timestamp most;
	uint32_t steps[LATENCIES_STEPS];
};

/* The latency that so many (0 to 1) are not above; TIMESTAMP_NONE: there is none. */
timestamp latencies_share(const struct latencies *latencies, double share);
void latencies_add(struct latencies *latencies, timestamp latency);

struct statistics_group {
	char name[STATISTICS_NAME];
	size_t name_len;
	uint64_t session;   /* by session: which */
	uint64_t events[2]; /* by direction; acks are no events */
	uint64_t bytes;
	struct latencies *latencies; /* owned; NULL: nothing was answered, or there was no memory */
	timestamp shares[3];         /* p50, p95, p99, as of the last statistics_finish */
	uint64_t first;              /* index of its first event */
	uint64_t slowest;            /* of the one that waited longest for its answer; 0: none was answered */
};

struct statistics {
	enum statistics_by by;
	const struct query *filter; /* over events; borrowed; may be NULL */
	struct budget *memory;
	struct statistics_table *table;   /* opaque */
	struct statistics_group **groups; /* in order of their first events; owned */
	size_t count, room;
	uint64_t taken;   /* the last event that was */
	uint64_t refused; /* events of groups without room */
	uint64_t hidden;  /* events that the filter does not let through */
};

void statistics_free(struct statistics *statistics);

/* From the start again. */
void statistics_reset(struct statistics *statistics, enum statistics_by by, const struct query *filter);

/* Takes at most `most` further events; true when there are more. */
bool statistics_extend(struct statistics *statistics, const struct query_data *data, size_t most);

/* Works out the percentiles of all groups. */
void statistics_finish(struct statistics *statistics);

#endif
