/*
 * Numbers as people write them for options, and as they are told back. K, M and G are powers of 1024. Bytes may have a
 * unit as well, in any case: KiB, MiB, GiB are the same powers, kB, MB, GB those of 1000, B is one; fractions are taken
 * (1.5GB).
 */
#ifndef BASE_QUANTITY_H
#define BASE_QUANTITY_H

#include <stdbool.h>
#include <stdint.h>

struct quantity_range {
	bool bytes;
	uint64_t least, most;
};

enum { QUANTITY_TEXT = 32, QUANTITY_WHY = 160 };

/* False: `text` is no such number or out of its range, and `why` says what is wanted. */
bool quantity_read(const char *text, const struct quantity_range *range, uint64_t *value, char why[QUANTITY_WHY]);

/* "64KiB", "100MB", "5000B", or "5000" for what is no bytes: exact, in the largest unit that fits. Returns `text`. */
char *quantity_format(uint64_t value, bool bytes, char text[QUANTITY_TEXT]);

#endif
