/* Timestamps from seconds, as text, and read from text as logs and people write it. */
#include "base/timestamp.h"

#include <ctype.h>
#include <inttypes.h>
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

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

/* ---- reading */

/* A cursor over a line; reading past its end gives NULs. */
struct reader {
	struct slice rest;
};

static int reader_peek(const struct reader *reader)
{
	return reader->rest.len ? reader->rest.at[0] : 0;
}

static bool reader_take(struct reader *reader, int wanted)
{
	if (reader_peek(reader) != wanted)
		return false;
	reader->rest = slice_drop(reader->rest, 1);
	return true;
}

/* Exactly `count` digits. */
static bool reader_take_number(struct reader *reader, int count, int64_t *number)
{
	*number = 0;
	for (; count > 0; count--) {
		int digit = reader_peek(reader);
		if (!isdigit(digit))
			return false;
		*number = *number * 10 + (digit - '0');
		reader_take(reader, digit);
	}
	return true;
}

/* What follows `.` or `,`, as nanoseconds; 0 when there is none. */
static timestamp reader_take_fraction(struct reader *reader)
{
	timestamp fraction = 0, unit = TIMESTAMP_SECOND / 10;
	if (!reader_take(reader, '.') && !reader_take(reader, ','))
		return 0;
	for (; isdigit(reader_peek(reader)); reader_take(reader, reader_peek(reader))) {
		fraction += unit * (reader_peek(reader) - '0');
		unit /= 10;
	}
	return fraction;
}

/* Ten digits: the seconds since the epoch, from the year 2001 on. */
static bool reader_take_epoch(struct reader *reader, timestamp *time)
{
	int64_t seconds;
	if (!reader_take_number(reader, 10, &seconds) || isdigit(reader_peek(reader)))
		return false;
	*time = timestamp_of(seconds, reader_take_fraction(reader));
	return true;
}

static bool reader_take_date(struct reader *reader, struct tm *parts)
{
	int64_t year, month, day, hour, minute, second;
	bool good = reader_take_number(reader, 4, &year) && (reader_take(reader, '-') || reader_take(reader, '/')) &&
	            reader_take_number(reader, 2, &month) && (reader_take(reader, '-') || reader_take(reader, '/')) &&
	            reader_take_number(reader, 2, &day) && (reader_take(reader, 'T') || reader_take(reader, ' ')) &&
	            reader_take_number(reader, 2, &hour) && reader_take(reader, ':') &&
	            reader_take_number(reader, 2, &minute) && reader_take(reader, ':') &&
	            reader_take_number(reader, 2, &second);
	if (!good || month < 1 || month > 12 || day < 1 || day > 31 || hour > 23 || minute > 59 || second > 60)
		return false;
	*parts = (struct tm){.tm_year = (int)year - 1900,
	    .tm_mon = (int)month - 1,
	    .tm_mday = (int)day,
	    .tm_hour = (int)hour,
	    .tm_min = (int)minute,
	    .tm_sec = (int)second,
	    .tm_isdst = -1};
	return true;
}

/* Seconds east of UTC; false when the line has none. */
static bool reader_take_offset(struct reader *reader, int64_t *offset)
{
	int64_t hours, minutes;
	*offset = 0;
	if (reader_take(reader, 'Z'))
		return true;
	int sign = reader_peek(reader);
	if ((sign != '+' && sign != '-') || !reader_take(reader, sign) || !reader_take_number(reader, 2, &hours))
		return false;
	reader_take(reader, ':');
	if (!reader_take_number(reader, 2, &minutes))
		return false;
	*offset = (sign == '-' ? -1 : 1) * (hours * 3600 + minutes * 60);
	return true;
}

static bool reader_take_time(struct reader *reader, timestamp *time)
{
	struct tm parts;
	int64_t offset;
	if (!reader_take_date(reader, &parts))
		return false;
	timestamp fraction = reader_take_fraction(reader);
	int64_t seconds = reader_take_offset(reader, &offset) ? (int64_t)timegm(&parts) - offset
	                                                      : (int64_t)mktime(&parts);
	*time = timestamp_of(seconds, fraction);
	return true;
}

bool timestamp_read(struct slice line, timestamp *time)
{
	/* A level, a name or a bracket may be before it. */
	enum { LEAD = 40 };
	for (size_t at = 0; at < LEAD && at < line.len; at++) {
		struct reader epoch = {slice_drop(line, at)}, date = epoch;
		bool inside = at && isdigit(line.at[at - 1]);
		if (inside || !isdigit(line.at[at]))
			continue;
		if ((at == 0 && reader_take_epoch(&epoch, time)) || reader_take_time(&date, time))
			return true;
	}
	return false;
}
