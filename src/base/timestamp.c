/* Timestamps from seconds, as text, and read from text as logs and people write it. */
#include "base/timestamp.h"

#include "base/json.h"
#include "base/numbering.h"

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

/* ---- reading
 *
 * Logs write times in many forms: a table has them, and the letters of a form say what is read. */

/* A cursor over a line; reading past its end gives NULs. */
struct reader {
	struct slice rest;
};

/* A date and a time of day as they are written; -1: not written. */
struct reading {
	int64_t year, month, day, hour, minute, second;
	int64_t first, next; /* day and month in an order that the hour decides: with AM or PM the month comes first */
	int64_t half;        /* 0: AM, 1: PM */
	timestamp fraction;
	bool has_offset;
	int64_t offset; /* seconds east of UTC */
};

static int reader_peek(const struct reader *reader)
{
	return reader->rest.len ? reader->rest.at[0] : 0;
}

static bool reader_take(struct reader *reader, const char *one_of)
{
	int next = reader_peek(reader);
	if (!next || !strchr(one_of, next))
		return false;
	reader->rest = slice_drop(reader->rest, 1);
	return true;
}

/* Spaces, and the narrow one that newer ICU data has before AM and PM (U+202F). */
static bool reader_take_spaces(struct reader *reader)
{
	struct slice narrow = SLICE("\xe2\x80\xaf");
	size_t before = reader->rest.len;
	for (;;) {
		if (slice_starts_with(reader->rest, narrow))
			reader->rest = slice_drop(reader->rest, narrow.len);
		else if (!reader_take(reader, " "))
			return reader->rest.len < before;
	}
}

/* So many digits, and no digit behind them. */
static bool reader_take_number(struct reader *reader, int least, int most, int64_t *number)
{
	int count = 0;
	for (*number = 0; count < most && isdigit(reader_peek(reader)); count++) {
		*number = *number * 10 + (reader_peek(reader) - '0');
		reader->rest = slice_drop(reader->rest, 1);
	}
	return count >= least && !isdigit(reader_peek(reader));
}

/* The first letters of a name; its index among them. */
static bool reader_take_name(struct reader *reader, const char *const *names, size_t count, int64_t *nth)
{
	for (size_t i = 0; i < count; i++) {
		size_t len = strlen(names[i]);
		if (!slice_equals_nocase(slice_take(reader->rest, len), names[i]))
			continue;
		reader->rest = slice_drop(reader->rest, len);
		*nth = (int64_t)i;
		return true;
	}
	return false;
}

/* What follows `.` or `,`, as nanoseconds; 0 when there is none. */
static timestamp reader_take_fraction(struct reader *reader)
{
	timestamp fraction = 0, unit = TIMESTAMP_SECOND / 10;
	bool has = reader->rest.len > 1 && isdigit(reader->rest.at[1]) && reader_take(reader, ".,");
	for (; has && isdigit(reader_peek(reader)); reader->rest = slice_drop(reader->rest, 1)) {
		fraction += unit * (reader_peek(reader) - '0');
		unit /= 10;
	}
	return fraction;
}

/* Z, +02:00, +0200, +02, and behind a space GMT, UTC or +0200. */
static void reader_take_offset(struct reader *reader, struct reading *reading)
{
	static const char *const zones[] = {"GMT", "UTC"};
	int64_t hours, minutes = 0, zone;
	bool apart = reader_take_spaces(reader);
	reading->has_offset = apart ? reader_take_name(reader, zones, 2, &zone) : reader_take(reader, "Z");
	int sign = reader_peek(reader) == '-' ? -1 : 1;
	if (reading->has_offset || !reader_take(reader, "+-"))
		return;
	struct reader two = {slice_take(reader->rest, 2)};
	if (!reader_take_number(&two, 2, 2, &hours))
		return;
	reader->rest = slice_drop(reader->rest, 2);
	reader_take(reader, ":");
	bool whole = reader_take_number(reader, 2, 2, &minutes);
	reading->has_offset = whole || !apart;
	reading->offset = sign * (hours * 3600 + (whole ? minutes * 60 : 0));
}

/* 14:54:09.5, 2:54:09 PM. The address of a network card (00:11:22:33) is no time. */
static bool reader_take_clock(struct reader *reader, struct reading *reading)
{
	static const char *const halves[] = {"AM", "PM"};
	if (!reader_take_number(reader, 1, 2, &reading->hour) || !reader_take(reader, ":") ||
	    !reader_take_number(reader, 2, 2, &reading->minute) || !reader_take(reader, ":") ||
	    !reader_take_number(reader, 2, 2, &reading->second) || reader_peek(reader) == ':')
		return false;
	reading->fraction = reader_take_fraction(reader);
	struct reader behind = *reader;
	if (reader_take_spaces(&behind) && reader_take_name(&behind, halves, 2, &reading->half))
		*reader = behind;
	behind = *reader;
	reader_take_offset(&behind, reading);
	if (reading->has_offset)
		*reader = behind;
	return reading->hour < 24 && reading->minute < 60 && reading->second <= 60;
}

/* One letter of a form. */
static bool reader_take_letter(struct reader *reader, char letter, struct reading *reading)
{
	static const char *const months[] = {
	    "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
	switch (letter) {
	case 'Y':
		return reader_take_number(reader, 4, 4, &reading->year);
	case 'S': /* two digits, of this century */
		return reader_take_number(reader, 2, 2, &reading->year) && (reading->year += 2000);
	case 'M':
		return reader_take_number(reader, 2, 2, &reading->month);
	case 'D':
		return reader_take_number(reader, 1, 2, &reading->day);
	case 'N':
		return reader_take_name(reader, months, 12, &reading->month) && ++reading->month;
	case 'A':
		return reader_take_number(reader, 1, 2, &reading->first);
	case 'B':
		return reader_take_number(reader, 1, 2, &reading->next);
	case 'C':
		return reader_take_clock(reader, reading);
	case '/':
		return reader_take(reader, "/");
	case '.':
		return reader_take(reader, ".");
	case '_':
		return reader_take(reader, "-");
	case '-': /* between the parts of a date */
		return reader_take(reader, "-/. ");
	case '+': /* between date and time */
		return (reader_take(reader, "T,:") && (reader_take_spaces(reader) || true)) ||
		       reader_take_spaces(reader);
	default:
		return reader_take_spaces(reader);
	}
}

/* The more exact ones first. */
static const char *const reading_forms[] = {
    "Y-M-D+C", /* RFC 3339; 2026/11/23 11:54:09 of nginx; 2026-11-23 11:54:09,051 of Python's logging */
    "A-B-Y+C", /* 11/23/2026, 2:54:09 PM of NestJS; 23/11/2026, 14:54:09 in other languages */
    "M/D/S+C", /* 11/23/26 14:54:09 of strftime's %x in the locale C, as rich writes it */
    "D/M/S+C", /* 23/11/26, 14:54:09 in other locales, where the month cannot be first */
    "D.M.S+C", /* 23.11.26 14:54:09 */
    "S_M_D+C", /* 26-11-23 14:54:09 */
    "D-N-Y+C", /* 23/Nov/2026:11:54:09 +0000 of access logs; 23 Nov 2026 11:54:09 GMT of RFC 9110 */
    "N D+C Y", /* Nov 23 11:54:09.051 2026 of Apache's error log */
    "N D+C",   /* Nov 23 11:54:09 of syslog: no year */
    "C",       /* no day */
};

static bool reading_take_form(struct reader reader, const char *form, struct reading *reading)
{
	*reading = (struct reading){.year = -1, .month = -1, .day = -1, .first = -1, .half = -1};
	for (; *form; form++)
		if (!reader_take_letter(&reader, *form, reading))
			return false;
	if (reading->first >= 0) {
		bool month_first = reading->half >= 0 ? reading->first <= 12 : reading->next > 12;
		reading->month = month_first ? reading->first : reading->next;
		reading->day = month_first ? reading->next : reading->first;
	}
	if (reading->half >= 0)
		reading->hour = reading->hour % 12 + 12 * reading->half;
	bool has_date = reading->day >= 0;
	return !has_date || (reading->month >= 1 && reading->month <= 12 && reading->day >= 1 && reading->day <= 31);
}

static timestamp reading_time(const struct reading *reading, int64_t year, int64_t month, int64_t day)
{
	struct tm parts = {.tm_year = (int)year - 1900,
	    .tm_mon = (int)month - 1,
	    .tm_mday = (int)day,
	    .tm_hour = (int)reading->hour,
	    .tm_min = (int)reading->minute,
	    .tm_sec = (int)reading->second,
	    .tm_isdst = -1};
	int64_t seconds = reading->has_offset ? (int64_t)timegm(&parts) - reading->offset : (int64_t)mktime(&parts);
	return timestamp_of(seconds, reading->fraction);
}

/* What names no year or no day is of the one that brings it nearest to `near`. */
static bool reading_place(const struct reading *reading, timestamp near, timestamp *time)
{
	struct tm day;
	time_t seconds = (time_t)(near / TIMESTAMP_SECOND);
	if (reading->year >= 0) {
		*time = reading_time(reading, reading->year, reading->month, reading->day);
		return true;
	}
	if (near == TIMESTAMP_NONE || !(reading->has_offset ? gmtime_r : localtime_r)(&seconds, &day))
		return false;
	timestamp least = INT64_MAX;
	for (int shift = -1; shift <= 1; shift++) {
		bool dated = reading->day >= 0;
		timestamp each = reading_time(reading, day.tm_year + 1900 + (dated ? shift : 0),
		    dated ? reading->month : day.tm_mon + 1, dated ? reading->day : day.tm_mday + shift);
		timestamp apart = each > near ? each - near : near - each;
		if (apart >= least)
			continue;
		least = apart;
		*time = each;
	}
	return true;
}

/* Seconds since the epoch, from the year 2001 on, perhaps with a fraction; or milliseconds, or journald's
 * microseconds. */
static bool reader_take_epoch(struct reader reader, timestamp *time)
{
	int64_t number;
	struct reader seconds = reader;
	if (reader_take_number(&seconds, 10, 10, &number)) {
		*time = timestamp_of(number, reader_take_fraction(&seconds));
		return true;
	}
	seconds = reader;
	if (reader_take_number(&seconds, 13, 13, &number))
		*time = timestamp_of(number / 1000, number % 1000 * TIMESTAMP_MILLISECOND);
	else if (reader_take_number(&reader, 16, 16, &number))
		*time = timestamp_of(number / 1000000, number % 1000000 * 1000);
	else
		return false;
	return true;
}

static bool reader_take_time(struct reader reader, timestamp near, timestamp *time)
{
	struct reading reading;
	for (size_t i = 0; i < sizeof reading_forms / sizeof *reading_forms; i++)
		if (reading_take_form(reader, reading_forms[i], &reading))
			return reading_place(&reading, near, time);
	return false;
}

/* A line of JSON, as pino, winston and container runtimes write: the member that is its time. */
static bool timestamp_read_json(struct slice line, timestamp near, timestamp *time)
{
	static const char *const names[] = {"time", "timestamp", "ts", "@timestamp", "asctime", "datetime", "date",
	    "@t", "eventTime", "__REALTIME_TIMESTAMP", "created"};
	struct slice object, value;
	if (!slice_starts_with(line, SLICE("{")) || !json_take_value(&line, &object))
		return false;
	for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
		if (!json_find_member(object, names[i], &value))
			continue;
		bool quoted = slice_starts_with(value, SLICE("\""));
		struct reader reader = {quoted ? slice_drop(value, 1) : value};
		if (reader_take_epoch(reader, time) || (quoted && reader_take_time(reader, near, time)))
			return true;
	}
	return false;
}

bool timestamp_read(struct slice line, timestamp near, timestamp *time)
{
	/* A level, a name or a bracket may be before it. */
	enum { LEAD = 40 };
	struct reader start = {line};
	if (timestamp_read_json(line, near, time) || reader_take_epoch(start, time))
		return true;
	for (size_t at = 0; at < LEAD && at < line.len; at++) {
		bool inside = at && (isalnum(line.at[at - 1]) || strchr(".-", line.at[at - 1]) ||
		                        (at > 1 && line.at[at - 1] == ':' && isxdigit(line.at[at - 2])));
		if (!inside && reader_take_time((struct reader){slice_drop(line, at)}, near, time))
			return true;
	}
	return false;
}

/* ---- origins */

static const struct {
	const char *one, *many;
} origin_kinds[] = {
    [ORIGIN_PACKETS] = {"packet", "packets"},
    [ORIGIN_ENTRIES] = {"entry", "entries"},
    [ORIGIN_LINES] = {"line", "lines"},
};

const char *origin_kind_name(enum origin_kind kind)
{
	return origin_kinds[kind].many;
}

const char *origin_in_file(const struct origin *origin, unsigned nth, uint64_t numbers[2], const char **short_name)
{
	struct numbered first, last;
	bool known = origin->numbering && origin->kind == ORIGIN_PACKETS && origin->first &&
	             numbering_find(origin->numbering, origin->first, &first) &&
	             numbering_find(origin->numbering, origin->last, &last);
	bool is_one = known && first.file == last.file;
	if (!known || nth > 1 || (is_one && nth))
		return NULL;
	numbers[0] = nth ? last.number : first.number;
	numbers[1] = nth || is_one ? last.number : first.number;
	if (short_name)
		*short_name = nth ? last.name : first.name;
	return nth ? last.file : first.file;
}

/* "packet 12", "packets 12-14". Returns how long it is. */
static size_t origin_format_numbers(enum origin_kind kind, const uint64_t numbers[2], char *text, size_t room)
{
	int len = numbers[0] == numbers[1] ? snprintf(text, room, "%s %" PRIu64, origin_kinds[kind].one, numbers[0])
	                                   : snprintf(text, room, "%s %" PRIu64 "-%" PRIu64, origin_kinds[kind].many,
	                                         numbers[0], numbers[1]);
	return len < 0 ? 0 : (size_t)len;
}

const char *origin_format(const struct origin *origin, char text[ORIGIN_TEXT])
{
	uint64_t numbers[2] = {origin->first, origin->last};
	const char *name;
	size_t len = 0;
	*text = '\0';
	if (!origin->first)
		return text;
	if (!origin_in_file(origin, 0, numbers, &name))
		len = origin_format_numbers(origin->kind, numbers, text, ORIGIN_TEXT);
	else
		for (unsigned nth = 0; origin_in_file(origin, nth, numbers, &name); nth++) {
			len += (size_t)snprintf(text + len, ORIGIN_TEXT - len, "%s", nth ? " to " : "");
			len += origin_format_numbers(origin->kind, numbers, text + len, ORIGIN_TEXT - len);
			len += (size_t)snprintf(text + len, ORIGIN_TEXT - len, " of %s", name);
		}
	if (origin->stream && len < ORIGIN_TEXT)
		snprintf(text + len, ORIGIN_TEXT - len, " (stream %" PRIu32 ")", origin->stream);
	return text;
}
