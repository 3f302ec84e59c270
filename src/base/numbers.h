/* Numbers for people: quantities as options take them, plurals, percentiles. */
#ifndef BASE_NUMBERS_H
#define BASE_NUMBERS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* ---- quantities */

/*
 * Numbers as people write them for options, and as they are printed. K, M and G are powers of 1024. Bytes may have a
 * unit as well, in any case: KiB, MiB, GiB are the same powers, kB, MB, GB those of 1000, B is one; fractions are taken
 * (1.5GB).
 */

struct quantity_range {
	bool bytes;
	uint64_t least, most;
};

enum { QUANTITY_TEXT = 32, QUANTITY_WHY = 160 };

/* False: `text` is no such number or out of its range, and `why` says what is wanted. */
bool quantity_read(const char *text, const struct quantity_range *range, uint64_t *value, char why[QUANTITY_WHY]);

/* "64KiB", "100MB", "5000B", or "5000" for what is no bytes: exact, in the largest unit that fits. Returns `text`. */
char *quantity_format(uint64_t value, bool bytes, char text[QUANTITY_TEXT]);

/* ---- plurals */

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

/* ---- percentiles */

/* Percentiles of the nearest rank: the least number that so many are not above. */

void percentile_sort(double *numbers, size_t count);

/* Of sorted numbers, at least one; `share` from 0 to 1. */
double percentile_of(const double *sorted, size_t count, double share);

#endif
