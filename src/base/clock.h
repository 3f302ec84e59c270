/* The machine's clock: for waiting, and for what is shown meanwhile. What is told of a capture depends on the packets'
 * own times alone (base/timestamp.h). */
#ifndef BASE_CLOCK_H
#define BASE_CLOCK_H

#include "base/timestamp.h"

#include <time.h>

/* Nanoseconds since some time before; never turned back. */
static inline int64_t clock_now(void)
{
	struct timespec now;
	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * INT64_C(1000000000) + now.tv_nsec;
}

/* What a packet is stamped with that comes now. May be turned back. */
static inline timestamp clock_stamp(void)
{
	struct timespec now;
	clock_gettime(CLOCK_REALTIME, &now);
	return timestamp_of(now.tv_sec, now.tv_nsec);
}

#endif
