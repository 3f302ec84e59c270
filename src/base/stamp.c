/* Stamps as text. */
#include "base/stamp.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

/* Writes `number` in `count` digits; returns where they end. */
static char *stamp_put_digits(char *at, unsigned long number, int count)
{
	for (int i = count; i-- > 0; number /= 10)
		at[i] = (char)('0' + number % 10);
	return at + count;
}

static char *stamp_put_part(char *at, int number, int count, char after)
{
	at = stamp_put_digits(at, (unsigned long)number, count);
	*at = after;
	return at + 1;
}

/* By hand, for a dump writes one for each event and strftime would be a fifth of its work. The years that fit into a
 * stamp have four digits. */
char *stamp_format(stamp time, char *text)
{
	stamp seconds = time / STAMP_SECOND, rest = time % STAMP_SECOND;
	if (rest < 0) { /* before 1970: the fraction still counts upwards */
		rest += STAMP_SECOND;
		seconds--;
	}
	time_t whole = (time_t)seconds;
	struct tm parts = {0};
	gmtime_r(&whole, &parts);
	char *at = stamp_put_part(text, parts.tm_year + 1900, 4, '-');
	at = stamp_put_part(at, parts.tm_mon + 1, 2, '-');
	at = stamp_put_part(at, parts.tm_mday, 2, 'T');
	at = stamp_put_part(at, parts.tm_hour, 2, ':');
	at = stamp_put_part(at, parts.tm_min, 2, ':');
	at = stamp_put_part(at, parts.tm_sec, 2, '.');
	at = stamp_put_digits(at, (unsigned long)rest, 9);
	memcpy(at, "Z", 2);
	return text;
}

char *stamp_format_span(stamp span, char *text)
{
	double seconds = (double)span / (double)STAMP_SECOND;
	if (seconds < 0.0995)
		snprintf(text, STAMP_TEXT_SIZE, "%.3g ms", seconds * 1e3);
	else if (seconds < 1)
		snprintf(text, STAMP_TEXT_SIZE, "%.0f ms", seconds * 1e3);
	else if (seconds < 120)
		snprintf(text, STAMP_TEXT_SIZE, "%.1f s", seconds);
	else
		snprintf(text, STAMP_TEXT_SIZE, "%.0f min %d s", (double)((int64_t)seconds / 60),
		    (int)((int64_t)seconds % 60));
	return text;
}
