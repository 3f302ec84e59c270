/* Numbers in words, for people. */
#ifndef BASE_WORDS_H
#define BASE_WORDS_H

#include <stdint.h>

/* What so many are called: `one` or `many`, "session" or "sessions", "was" or "were". */
static inline const char *words_of(uint64_t count, const char *one, const char *many)
{
	return count == 1 ? one : many;
}

/* The ending of a regular plural: "" or "s". */
static inline const char *words_plural(uint64_t count)
{
	return words_of(count, "", "s");
}

enum { WORDS_PACKETS = 64 };

/* "packets 12-14", "packet 12", or "" for none (0) into `text`; returns it. */
char *words_packets(uint64_t first, uint64_t last, char text[WORDS_PACKETS]);

#endif
