/* Points in time: nanoseconds since the epoch, UTC. The packets' clock is the only clock. */
#ifndef BASE_STAMP_H
#define BASE_STAMP_H

#include <stdint.h>

typedef int64_t stamp;

#define STAMP_SECOND INT64_C(1000000000)
#define STAMP_MILLISECOND INT64_C(1000000)
#define STAMP_NONE INT64_MIN
#define STAMP_LAST (INT64_MAX / 2) /* in the year 2116: sums and differences of two stamps are in range */

enum { STAMP_TEXT_SIZE = 40 };

/* What lies before the epoch or beyond STAMP_LAST, as only broken input does, becomes the one or the other.
 * `nanoseconds` below ten seconds. */
stamp stamp_of(int64_t seconds, int64_t nanoseconds);

/* "2026-11-23T11:33:10.051287000Z" (RFC 3339, nine digits). `text` has STAMP_TEXT_SIZE bytes; returns it. */
char *stamp_format(stamp time, char *text);

/* A length of time for people: "12 ms", "3.4 s", "2 min 5 s". Same size of `text`. */
char *stamp_format_span(stamp span, char *text);

#endif
