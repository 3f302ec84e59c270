/* What metrics.c counts and metrics_write.c writes. */
#ifndef VIEW_METRICS_MODEL_H
#define VIEW_METRICS_MODEL_H

#include "base/hash.h"
#include "view/metrics.h"

enum { METRICS_BOUNDS = 14, METRICS_BUCKETS = METRICS_BOUNDS + 1, METRICS_TRANSPORTS = TRANSPORT_UNKNOWN + 1 };

/* The upper ends of the buckets of acks, in nanoseconds, each included: 5 ms to 10 s, as OpenTelemetry's HTTP durations
 * have them (semantic conventions 1.29, http.server.request.duration). */
extern const uint64_t metrics_bounds[METRICS_BOUNDS];

size_t metrics_bucket(uint64_t nanoseconds);

struct metrics_exemplar {
	timestamp time; /* 0: there is none */
	uint64_t took;
	uint8_t trace[TRACE_ID], span[SPAN_ID];
};

struct metrics_acks {
	uint64_t count, sum, min, max; /* nanoseconds */
	uint64_t buckets[METRICS_BUCKETS];
	struct metrics_exemplar exemplars[METRICS_BUCKETS]; /* the latest of each */
};

struct metrics_series {
	uint32_t key;
	uint64_t messages, bytes;
	struct metrics_acks *acks; /* NULL: none yet */
	UT_hash_handle hh;
};

static inline uint8_t series_name(const struct metrics_series *series)
{
	return (uint8_t)(series->key >> 16);
}

static inline uint8_t series_namespace(const struct metrics_series *series)
{
	return (uint8_t)(series->key >> 8);
}

static inline enum direction series_direction(const struct metrics_series *series)
{
	return (enum direction)(series->key >> 4 & 1);
}

static inline enum transport series_transport(const struct metrics_series *series)
{
	return (enum transport)(series->key & 15);
}

enum { METRICS_LABELS = 128, METRICS_SEEN = 256 };

/* A text of the wire, by its digest, and the label that it is. */
struct metrics_seen {
	uint64_t digest;
	uint8_t number;
};

struct metrics_labels {
	char *texts[METRICS_LABELS];
	size_t reserved, count, most; /* the first `reserved` are ours */
	struct metrics_seen seen[METRICS_SEEN];
};

/* Of each session that is followed. */
struct metrics_session {
	uint64_t number;
	bool is_counted, is_open;
	enum transport transport;
	UT_hash_handle hh;
};

struct metrics {
	struct observer observer;
	struct outbound *outbound;
	struct budget *budget;
	struct hash_secret secret;
	struct metrics_labels names, namespaces;
	struct metrics_series *series[METRICS_SERIES]; /* in the order in which they were seen */
	size_t count;
	struct metrics_series *by_key;
	struct metrics_series others[2][METRICS_TRANSPORTS]; /* for which there is no room */
	struct metrics_acks other_acks[2][METRICS_TRANSPORTS];
	struct metrics_asked *asked;
	struct metrics_session *sessions;
	struct metrics_exemplar exemplar; /* of the next ack */
	bool has_exemplar;
	uint64_t open[METRICS_TRANSPORTS], opened;
	bool had_open[METRICS_TRANSPORTS]; /* a series that once was there stays, and is 0 */
	uint64_t findings[CODES_MOST][SEVERITY_ERROR + 1], findings_left_out[CODES_MOST];
	size_t findings_made;
	uint64_t packets, dropped;
	uint64_t undelivered[OTLP_SIGNALS][METRICS_DROPS];
	timestamp first, last;
	bool is_written;    /* `first` stays */
	timestamp exported; /* exemplars until then have been written as OTLP */
	struct buffer name; /* an event's, without its escapes */
	uint64_t refused;
};

#endif
