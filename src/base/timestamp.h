/*
 * Points in time: nanoseconds since the epoch, UTC. What is reported of a capture depends on the packets' times alone.
 * And origins: where something was seen, and when.
 */
#ifndef BASE_TIMESTAMP_H
#define BASE_TIMESTAMP_H

#include "base/bytes.h"

#include <stdint.h>
#include <time.h>

typedef int64_t timestamp;

#define TIMESTAMP_SECOND INT64_C(1000000000)
#define TIMESTAMP_MILLISECOND INT64_C(1000000)
#define TIMESTAMP_NONE INT64_MIN
#define TIMESTAMP_LAST (INT64_MAX / 2) /* in the year 2116: sums and differences of two timestamps are in range */

#define TIMESTAMP_DATED (INT64_C(946684800) * TIMESTAMP_SECOND) /* 2000: logs without dates are of 1970 */

enum { TIMESTAMP_TEXT_SIZE = 40 };

/* What lies before the epoch or beyond TIMESTAMP_LAST, as only broken input does, becomes the one or the other.
 * `nanoseconds` below ten seconds. */
timestamp timestamp_of(int64_t seconds, int64_t nanoseconds);

/* "2026-11-23T11:33:10.051287000Z" (RFC 3339, nine digits). `text` has TIMESTAMP_TEXT_SIZE bytes; returns it. */
char *timestamp_format(timestamp time, char *text);

/* A length of time for people: "12 ms", "3.4 s", "2 min 5 s". Same size of `text`. */
char *timestamp_format_span(timestamp span, char *text);

/*
 * The time that a line begins with (perhaps after a bracket or a level), or of a line of JSON its member `time`,
 * `timestamp`, `ts`, `@timestamp` or `asctime`: seconds or milliseconds since the epoch, or a date and a time of day in
 * one of the forms of timestamp.c; without an offset it is local time. Of what names no year or no day the one nearest
 * to `near`; TIMESTAMP_NONE: such a time is none. False when there is none.
 */
bool timestamp_read(struct slice line, timestamp near, timestamp *time);

/* ---- the machine's clock: for waiting, and for what is shown meanwhile */

/* `first` and `last` are the earliest and the latest of the times so far; TIMESTAMP_NONE: there was none. */
static inline void timestamp_widen(timestamp *first, timestamp *last, timestamp time)
{
	if (*first == TIMESTAMP_NONE || time < *first)
		*first = time;
	if (time > *last)
		*last = time;
}

/* Nanoseconds since some time before; never turned back. */
static inline int64_t clock_now(void)
{
	struct timespec now;
	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * INT64_C(1000000000) + now.tv_nsec;
}

/* What a packet is stamped with that comes now. May be turned back. */
static inline timestamp clock_timestamp(void)
{
	struct timespec now;
	clock_gettime(CLOCK_REALTIME, &now);
	return timestamp_of(now.tv_sec, now.tv_nsec);
}

/* ---- origins: where something was seen, and when. Every event and every piece of evidence has one; how it is written
 * is decided here alone. */

/* What the numbers count. */
struct numbering;

enum origin_kind {
	ORIGIN_PACKETS, /* of a capture; a probe's records are numbered as the packets that -w writes of them */
	ORIGIN_ENTRIES, /* of a HAR file */
	ORIGIN_LINES,   /* of a log */
};

struct origin {
	uint64_t first, last; /* the lowest and the highest number, from 1; 0: not seen */
	timestamp time;       /* of what completed it */
	enum origin_kind kind;
	uint32_t stream;                   /* of the HTTP/2 connection that carried it; 0: none, or several */
	const struct numbering *numbering; /* of merged files: which packet of which file that is (base/numbering.h),
	                                    * and lives as long as the run; NULL: of one file. Borrowed */
};

/* Makes it reach over `by` as well: a capture may hold the packets of one message in any order. */
static inline void origin_widen(struct origin *origin, const struct origin *by)
{
	origin->first = by->first < origin->first ? by->first : origin->first;
	origin->last = by->last > origin->last ? by->last : origin->last;
	origin->stream = by->stream == origin->stream ? origin->stream : 0;
}

/* Does `other` begin in it? */
static inline bool origin_holds(const struct origin *origin, const struct origin *other)
{
	return other->first && origin->kind == other->kind && origin->first <= other->first &&
	       other->first <= origin->last;
}

/* One packet (entry, line), for the length of the statement. */
#define ORIGIN_AT(kind_, number_) \
	(&(const struct origin){.first = (number_), .last = (number_), .time = TIMESTAMP_NONE, .kind = (kind_)})

/* The same one number of what `origin_` is of. */
#define ORIGIN_OF(origin_, number_)                 \
	(&(const struct origin){.first = (number_), \
	    .last = (number_),                      \
	    .time = TIMESTAMP_NONE,                 \
	    .kind = (origin_)->kind,                \
	    .numbering = (origin_)->numbering})

/* "packet 12", "packets 12-14 (stream 5)", "entry 7", "lines 3-4"; "" when nothing was seen. Of merged files by the
 * numbers that each file has: "packets 7-9 of back.pcap", "packet 7 of front.pcap to packet 9 of back.pcap". Returns
 * `text`. */
enum { ORIGIN_TEXT = 220 };
const char *origin_format(const struct origin *origin, char text[ORIGIN_TEXT]);

/* Of merged files, the part of it that is in the file of its first packet (`nth` 0) and, where that is another, in the
 * file of its last one (1): its numbers there. NULL: there is none, or nothing was merged; else the file's name, as the
 * user wrote it. `short_name`: may be NULL. */
const char *origin_in_file(const struct origin *origin, unsigned nth, uint64_t numbers[2], const char **short_name);

/* "packets", "entries", "lines": as contracts.md calls the pair of numbers. */
const char *origin_kind_name(enum origin_kind kind);

#endif
