/* Numbers in words, for people. */
#ifndef BASE_PLURAL_H
#define BASE_PLURAL_H

#include <stdint.h>

/* What so many are called: `one` or `many`, "session" or "sessions", "was" or "were". */
static inline const char *plural_choose(uint64_t count, const char *one, const char *many)
{
	return count == 1 ? one : many;
}

/* The ending of a regular plural: "" or "s". */
static inline const char *plural_ending(uint64_t count)
{
	return plural_choose(count, "", "s");
}

enum { PLURAL_PACKETS = 64 };

/* "packets 12-14", "packet 12", or "" for none (0) into `text`; returns it. */
char *plural_packets(uint64_t first, uint64_t last, char text[PLURAL_PACKETS]);

#endif
