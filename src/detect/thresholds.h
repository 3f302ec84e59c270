/*
 * Every number by which a detector judges: times, counts, ratios. A detector names its threshold, the table says how
 * much it is, why, and where that comes from; `sioscope explain` prints those of a code.
 *
 * What bounds memory (how many sessions, names or cuts are remembered) is no threshold and stays with its detector.
 */
#ifndef DETECT_THRESHOLDS_H
#define DETECT_THRESHOLDS_H

#include "base/bytes.h"
#include "base/timestamp.h"

enum threshold {
	THRESHOLD_ACK_WAIT,
	THRESHOLD_ACK_SLOW,
	THRESHOLD_ACK_LIMIT,
	THRESHOLD_ACK_SEVERAL,
	THRESHOLD_ACK_AGAIN,
	THRESHOLD_ACK_REPEATS,
	THRESHOLD_SCRIPT_USED,
	THRESHOLD_RECOVERY_KEPT,
	THRESHOLD_CLIENT_RETURNS,
	THRESHOLD_PING_UNIT_SHORT,
	THRESHOLD_PING_UNIT_LONG,
	THRESHOLD_EXCEPTION_SOON,
	THRESHOLD_ANSWER_WAIT,
	THRESHOLD_ANSWER_HABIT,
	THRESHOLD_ANSWER_SLOWER,
	THRESHOLD_CONNECT_WAIT,
	THRESHOLD_CONNECT_SLOW,
	THRESHOLD_CONNECT_LIMIT,
	THRESHOLD_CONNECT_MET,
	THRESHOLD_TOKEN_PLAY,
	THRESHOLD_CROWDED_HELD,
	THRESHOLD_CROWDED_KNOWN,
	THRESHOLD_HEARTBEAT_PLAY,
	THRESHOLD_OBSTACLE_PART,
	THRESHOLD_OBSTACLE_RESENT,
	THRESHOLD_OBSTACLE_RESENT_SIZE,
	THRESHOLD_OBSTACLE_SIZE,
	THRESHOLD_OBSTACLE_MESSAGE,
	THRESHOLD_UPGRADE_NOOPS,
	THRESHOLD_UPGRADE_COMMIT,
	THRESHOLD_CONNECT_MISSED,
	THRESHOLD_CLOSE_AT_ONCE,
	THRESHOLD_STOPPED_SPAN,
	THRESHOLD_STOPPED_SESSIONS,
	THRESHOLD_STOPPED_NEAR,
	THRESHOLD_STOPPED_AGAIN,
	THRESHOLD_ALIVE_WITHOUT_RULE,
	THRESHOLD_SIZE_END,
	THRESHOLD_IDLE_CUTS,
	THRESHOLD_IDLE_LEAST,
	THRESHOLD_IDLE_APART,
	THRESHOLD_IDLE_SAME,
	THRESHOLD_IDLE_SAME_PART,
	THRESHOLD_LOOP_SESSIONS,
	THRESHOLD_LOOP_SPAN,
	THRESHOLD_LOOP_LIFE,
	THRESHOLD_DUPLICATE_OVERLAP,
	THRESHOLD_STALL_LEAST,
	THRESHOLD_STALL_SLOWER,
	THRESHOLD_STALL_SAMPLES,
	THRESHOLD_STALL_SESSIONS,
	THRESHOLD_STALL_BURST,
	THRESHOLD_UNREAD_LEAST,
	THRESHOLD_UNREAD_SLACK,
	THRESHOLD_REQUEST_LEAST,
	THRESHOLD_REQUEST_LIMIT,
	THRESHOLD_REQUEST_AGAIN,
	THRESHOLD_KEEP_ALIVE_LEAST,
	THRESHOLD_KEEP_ALIVE_PLAY,
	THRESHOLD_POLL_LIMIT,
	THRESHOLD_STREAM_AGAIN,
	THRESHOLD_UNREACHABLE_TRIES,
	THRESHOLD_UNREACHABLE_OTHER,
	THRESHOLD_TLS_RETRY,
	THRESHOLD_TLS_UNUSED,
	THRESHOLD_TLS_SILENT,
	THRESHOLD_REDIRECT_FOLLOWED,
	THRESHOLD_REDIRECT_AGAIN,
	THRESHOLD_OUTAGE_LEAST,
	THRESHOLD_OUTAGE_SHORT,
	THRESHOLD_OUTAGE_RETURNS,
	THRESHOLD_SID_PASSED_ON,
	THRESHOLD_GOODBYE_CROSSED,
	THRESHOLD_CORS_UNUSED,
	THRESHOLD_PREFLIGHTS_ALONE,
	THRESHOLD_SESSION_LINGER,
	THRESHOLD_LOG_SLACK,
	THRESHOLDS,
};

enum threshold_unit { THRESHOLD_MILLISECONDS, THRESHOLD_COUNT, THRESHOLD_TIMES, THRESHOLD_PERCENT };

struct threshold_entry {
	const char *name;
	int64_t value;
	enum threshold_unit unit;
	const char *codes;  /* whose findings it decides about, with spaces between; "": of every detector */
	const char *reason; /* why this much */
	const char *source; /* a document, a library, or how it was measured */
};

extern const struct threshold_entry threshold_table[THRESHOLDS];

/* Does the threshold decide about findings of this code? */
bool threshold_concerns(const struct threshold_entry *entry, const char *code);

/* The value with its unit. Returns `text`. */
enum { THRESHOLD_TEXT = 40 };
const char *threshold_format(const struct threshold_entry *entry, char text[THRESHOLD_TEXT]);

static inline timestamp threshold_time(enum threshold which)
{
	return threshold_table[which].value * TIMESTAMP_MILLISECOND;
}

/* A count, or how many times as much. */
static inline uint64_t threshold_count(enum threshold which)
{
	return (uint64_t)threshold_table[which].value;
}

/* Its percentage of `whole`. */
static inline timestamp threshold_part(enum threshold which, timestamp whole)
{
	return whole * threshold_table[which].value / 100;
}

#endif
