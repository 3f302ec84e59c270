/* Every number by which the plug-in's detectors judge, as detect/thresholds.h has the core's. */
#ifndef REFLEX_THRESHOLDS_H
#define REFLEX_THRESHOLDS_H

#include "detect/thresholds.h"

enum reflex_threshold {
	REFLEX_ANSWER_WAIT,
	REFLEX_ANSWER_OVERDUE,
	REFLEX_LOG_EARLY,
	REFLEX_LOG_SPARE,
	REFLEX_RESET_AFTER,
	REFLEX_STALE_CHANGES,
	REFLEX_NAME_LIKENESS,
	REFLEX_LOAD_EVENTS,
	REFLEX_UNDELIVERED,
	REFLEX_RELOADS,
	REFLEX_STATE_LIVES,
	REFLEX_PROBE_WAIT,
	REFLEX_RETRY_DELAY,
	REFLEX_RETRY_TRIES,
	REFLEX_RETRY_PLAY,
	REFLEX_RETRY_ANSWERS,
	REFLEX_RETRY_DELAYS,
	REFLEX_RETRY_PART,
	REFLEX_THRESHOLDS,
};

/* Ended by an entry without a name. */
extern const struct threshold_entry reflex_threshold_table[REFLEX_THRESHOLDS + 1];

static inline timestamp reflex_time(enum reflex_threshold which)
{
	return reflex_threshold_table[which].value * TIMESTAMP_MILLISECOND;
}

/* A count, or per cent. */
static inline uint64_t reflex_count(enum reflex_threshold which)
{
	return (uint64_t)reflex_threshold_table[which].value;
}

#endif
