/* Timestamps from seconds, and as text. */
#include "base/timestamp.h"

#include <inttypes.h>
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

timestamp timestamp_of(int64_t seconds, int64_t nanoseconds)
{
	if (seconds < 0)
		return 0;
	if (seconds >= TIMESTAMP_LAST / TIMESTAMP_SECOND)
		return TIMESTAMP_LAST;
	return seconds * TIMESTAMP_SECOND + nanoseconds;
}

/* Writes `number` in `count` digits; returns where they end. */
static char *timestamp_put_digits(char *at, unsigned long number, int count)
{
	for (int i = count; i-- > 0; number /= 10)
		at[i] = (char)('0' + number % 10);
	return at + count;
}

static char *timestamp_put_part(char *at, int number, int count, char after)
{
	at = timestamp_put_digits(at, (unsigned long)number, count);
	*at = after;
	return at + 1;
}

/* The Gregorian calendar counted from 1 March of the year 0, so that a leap day is the last of its year, in eras of 400
 * years. */
static char *timestamp_put_date(char *at, int64_t days_since_1970)
{
	int64_t days = days_since_1970 + 719468;
	int64_t era = (days >= 0 ? days : days - 146096) / 146097;
	int day = (int)(days - era * 146097);
	int year = (day - day / 1460 + day / 36524 - day / 146096) / 365;
	int of_year = day - (365 * year + year / 4 - year / 100);
	int month = (5 * of_year + 2) / 153; /* 0: March */
	bool turned = month >= 10;
	at = timestamp_put_part(at, (int)(era * 400) + year + turned, 4, '-');
	at = timestamp_put_part(at, turned ? month - 9 : month + 3, 2, '-');
	return timestamp_put_part(at, of_year - (153 * month + 2) / 5 + 1, 2, 'T');
}

/* By hand, for a dump writes one for each event, and gmtime_r and strftime would be a fifth of its work. The years that
 * fit into a timestamp have four digits. */
char *timestamp_format(timestamp time, char *text)
{
	timestamp seconds = time / TIMESTAMP_SECOND, rest = time % TIMESTAMP_SECOND;
	if (rest < 0) { /* before 1970: the fraction still counts upwards */
		rest += TIMESTAMP_SECOND;
		seconds--;
	}
	timestamp days = seconds / 86400;
	int second = (int)(seconds % 86400);
	if (second < 0) {
		second += 86400;
		days--;
	}
	char *at = timestamp_put_date(text, days);
	at = timestamp_put_part(at, second / 3600, 2, ':');
	at = timestamp_put_part(at, second / 60 % 60, 2, ':');
	at = timestamp_put_part(at, second % 60, 2, '.');
	at = timestamp_put_digits(at, (unsigned long)rest, 9);
	memcpy(at, "Z", 2);
	return text;
}

char *timestamp_format_span(timestamp span, char *text)
{
	double seconds = fabs((double)span / (double)TIMESTAMP_SECOND);
	const char *sign = span < 0 ? "-" : "";
	if (seconds < 0.0995)
		snprintf(text, TIMESTAMP_TEXT_SIZE, "%s%.3g ms", sign, seconds * 1e3);
	else if (seconds < 1)
		snprintf(text, TIMESTAMP_TEXT_SIZE, "%s%.0f ms", sign, seconds * 1e3);
	else if (seconds < 120)
		snprintf(text, TIMESTAMP_TEXT_SIZE, "%s%.1f s", sign, seconds);
	else
		snprintf(text, TIMESTAMP_TEXT_SIZE, "%s%" PRId64 " min %" PRId64 " s", sign, (int64_t)seconds / 60,
		    (int64_t)seconds % 60);
	return text;
}
