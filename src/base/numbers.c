/* Numbers for people. Quantities are whole numbers all the way: what is printed is what was meant. */
#include "base/numbers.h"

#include "base/bytes.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

/* ---- quantities */

/* Largest first; of equal ones the one that is printed first. */
static const struct quantity_unit {
	const char *name;
	uint64_t factor;
	bool bytes; /* only of bytes */
} quantity_units[] = {
    {"EiB", UINT64_C(1) << 60, true},
    {"TiB", UINT64_C(1) << 40, true},
    {"GiB", 1 << 30, true},
    {"G", 1 << 30, false},
    {"GB", 1000000000, true},
    {"MiB", 1 << 20, true},
    {"M", 1 << 20, false},
    {"MB", 1000000, true},
    {"KiB", 1 << 10, true},
    {"K", 1 << 10, false},
    {"KB", 1000, true},
    {"B", 1, true},
    {"", 1, false},
};

enum { QUANTITY_UNITS = sizeof quantity_units / sizeof *quantity_units };

/* NULL: there is none of this name. */
static const struct quantity_unit *quantity_unit_named(struct slice name, bool bytes)
{
	for (size_t i = 0; i < QUANTITY_UNITS; i++)
		if ((bytes || !quantity_units[i].bytes) && slice_equals_nocase(name, quantity_units[i].name))
			return &quantity_units[i];
	return NULL;
}

/* Takes the digits behind a point; in millionths. */
static bool quantity_take_fraction(struct slice *text, uint64_t *millionths)
{
	size_t before = text->len;
	if (!digits_take(text, 6, millionths))
		return false;
	for (size_t digits = before - text->len; digits < 6; digits++)
		*millionths *= 10;
	return true;
}

static bool quantity_parse(struct slice text, bool bytes, uint64_t *value)
{
	uint64_t whole, millionths = 0;
	if (!digits_take(&text, 19, &whole))
		return false;
	if (bytes && slice_starts_with(text, SLICE("."))) {
		text = slice_drop(text, 1);
		if (!quantity_take_fraction(&text, &millionths))
			return false;
	}
	const struct quantity_unit *unit = quantity_unit_named(text, bytes);
	return unit && !__builtin_mul_overflow(whole, unit->factor, value) &&
	       !__builtin_add_overflow(
	           *value, unit->factor / 1000000 * millionths + unit->factor % 1000000 * millionths / 1000000, value);
}

bool quantity_read(const char *text, const struct quantity_range *range, uint64_t *value, char why[QUANTITY_WHY])
{
	uint64_t read;
	char least[QUANTITY_TEXT], most[QUANTITY_TEXT];
	if (quantity_parse(slice_of_text(text), range->bytes, &read) && read >= range->least && read <= range->most) {
		*value = read;
		return true;
	}
	snprintf(why, QUANTITY_WHY, "a number%s from %s to %s is wanted (%s)", range->bytes ? " of bytes" : "",
	    quantity_format(range->least, range->bytes, least), quantity_format(range->most, range->bytes, most),
	    range->bytes ? "64K and 64KiB are 65536, 64kB is 64000; so M and G" : "4K is 4096; so M and G");
	return false;
}

char *quantity_format(uint64_t value, bool bytes, char text[QUANTITY_TEXT])
{
	const struct quantity_unit *unit = quantity_units;
	while (unit->factor > 1 && (!unit->bytes || !value || value % unit->factor))
		unit++;
	snprintf(text, QUANTITY_TEXT, "%" PRIu64 "%s", bytes ? value / unit->factor : value,
	    bytes && value ? unit->name : "");
	return text;
}

/* ---- plurals */

char *plural_packets(uint64_t first, uint64_t last, char text[PLURAL_PACKETS])
{
	if (!first)
		*text = '\0';
	else if (first == last)
		snprintf(text, PLURAL_PACKETS, "packet %" PRIu64, first);
	else
		snprintf(text, PLURAL_PACKETS, "packets %" PRIu64 "-%" PRIu64, first, last);
	return text;
}

/* ---- percentiles: the nearest rank, counted from one */

static int number_order(const void *a, const void *b)
{
	double left = *(const double *)a, right = *(const double *)b;
	return left < right ? -1 : left > right;
}

void percentile_sort(double *numbers, size_t count)
{
	if (count)
		qsort(numbers, count, sizeof *numbers, number_order);
}

double percentile_of(const double *sorted, size_t count, double share)
{
	size_t rank = (size_t)ceil(share * (double)count);
	return sorted[rank ? rank - 1 : 0];
}
