/* Encodings, numbers for people, suggestions. */
#include "base/text.h"

#include "base/bytes.h"

#include <inttypes.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Base64 both ways, three bytes and four letters at a time. */

static const char base64_letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/* The value of a letter in either alphabet, plus one; 0 for what is no letter. */
// clang-format off
static const uint8_t base64_digits[256] = {
	[' '] =
	 0,  0,  0,  0,  0,  0,  0,  0,  0,  0,  0, 63,  0, 63,  0, 64,
	53, 54, 55, 56, 57, 58, 59, 60, 61, 62,  0,  0,  0,  0,  0,  0,
	 0,  1,  2,  3,  4,  5,  6,  7,  8,  9, 10, 11, 12, 13, 14, 15,
	16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26,  0,  0,  0,  0, 64,
	 0, 27, 28, 29, 30, 31, 32, 33, 34, 35, 36, 37, 38, 39, 40, 41,
	42, 43, 44, 45, 46, 47, 48, 49, 50, 51, 52,  0,  0,  0,  0,  0,
};
// clang-format on

/* Four letters for up to three bytes, padded. */
static void write_group(uint8_t *to, const uint8_t *from, size_t count)
{
	uint32_t bits = (uint32_t)from[0] << 16;
	if (count > 1)
		bits |= (uint32_t)from[1] << 8;
	if (count > 2)
		bits |= from[2];
	to[0] = base64_letters[bits >> 18];
	to[1] = base64_letters[bits >> 12 & 63];
	to[2] = count > 1 ? base64_letters[bits >> 6 & 63] : '=';
	to[3] = count > 2 ? base64_letters[bits & 63] : '=';
}

bool base64_write(struct buffer *out, struct slice bytes)
{
	if (bytes.len > SIZE_MAX / 2 || !buffer_reserve(out, (bytes.len + 2) / 3 * 4)) {
		out->truncated = true;
		return false;
	}
	for (size_t i = 0; i < bytes.len; i += 3) {
		write_group(out->at + out->len, bytes.at + i, bytes.len - i < 3 ? bytes.len - i : 3);
		out->len += 4;
	}
	return true;
}

/* Two to four letters as one to three bytes; false when one of them is no letter. */
static bool read_group(uint8_t *to, const uint8_t *from, size_t count)
{
	uint8_t digits[4] = {0};
	uint8_t seen = 0;
	for (size_t i = 0; i < count; i++)
		seen |= digits[i] = (uint8_t)(base64_digits[from[i]] - 1);
	to[0] = (uint8_t)(digits[0] << 2 | digits[1] >> 4);
	if (count > 2)
		to[1] = (uint8_t)(digits[1] << 4 | digits[2] >> 2);
	if (count > 3)
		to[2] = (uint8_t)(digits[2] << 6 | digits[3]);
	return seen < 64;
}

static struct slice without_padding(struct slice text)
{
	for (int padding = 0; padding < 2 && text.len && text.at[text.len - 1] == '='; padding++)
		text.len--;
	return text;
}

bool base64_read(struct buffer *out, struct slice text)
{
	text = without_padding(text);
	if (text.len % 4 == 1)
		return false;
	if (!text.len)
		return true;
	size_t tail = text.len % 4;
	if (!buffer_reserve(out, text.len / 4 * 3 + (tail ? tail - 1 : 0))) {
		out->truncated = true;
		return false;
	}
	uint8_t *to = out->at + out->len;
	for (size_t i = 0; i < text.len; i += 4) {
		size_t count = text.len - i < 4 ? text.len - i : 4;
		if (!read_group(to, text.at + i, count))
			return false;
		to += count - 1;
	}
	out->len = (size_t)(to - out->at);
	return true;
}

/* Numbers for people. Quantities are whole numbers all the way: what is printed is what was meant. */

/* ---- UTF-8 made visible */

bool utf8_is_steering(uint32_t code)
{
	static const struct {
		uint32_t first, last;
	} ranges[] = {{0x7f, 0x9f}, {0xad, 0xad}, {0x34f, 0x34f}, {0x61c, 0x61c}, {0x115f, 0x1160}, {0x17b4, 0x17b5},
	    {0x180e, 0x180e}, {0x200b, 0x200f}, {0x2028, 0x202e}, {0x2060, 0x206f}, {0x3164, 0x3164}, {0xfeff, 0xfeff},
	    {0xffa0, 0xffa0}, {0xfff0, 0xfffb}, {0xfffe, 0xffff}, {0x1bca0, 0x1bca3}, {0x1d173, 0x1d17a},
	    {0xe0000, 0xe0fff}};
	if (code < 0x20)
		return true;
	for (size_t i = 0; i < sizeof ranges / sizeof *ranges && code >= ranges[i].first; i++)
		if (code <= ranges[i].last)
			return true;
	return false;
}

static bool write_visible_escape(struct buffer *out, uint32_t code)
{
	static const char named[] = "btn\0fr"; /* U+0008 to U+000D */
	if (code >= '\b' && code <= '\r' && code != '\v')
		return buffer_append_format(out, "\\%c", named[code - '\b']);
	if (code < 0x10000)
		return buffer_append_format(out, "\\u%04x", (unsigned)code);
	code -= 0x10000;
	return buffer_append_format(
	    out, "\\u%04x\\u%04x", 0xd800 | (unsigned)(code >> 10), 0xdc00 | (unsigned)(code & 0x3ff));
}

bool utf8_is_valid(struct slice text)
{
	uint64_t eight;
	uint32_t code;
	while (text.len) {
		if (text.len >= sizeof eight) {
			memcpy(&eight, text.at, sizeof eight);
			if (!(eight & UINT64_C(0x8080808080808080))) {
				text = slice_drop(text, sizeof eight);
				continue;
			}
		}
		size_t len = utf8_decode(text, &code);
		if (!len)
			return false;
		text = slice_drop(text, len);
	}
	return true;
}

bool utf8_write_visible(struct buffer *out, struct slice text)
{
	size_t run = 0, at = 0;
	bool good = true;
	while (at < text.len) {
		uint32_t code = 0;
		size_t len = text.at[at] >= ' ' && text.at[at] < 0x7f ? 1 : utf8_decode(slice_drop(text, at), &code);
		if (len && (len == 1 ? text.at[at] >= ' ' && text.at[at] < 0x7f : !utf8_is_steering(code))) {
			at += len;
			continue;
		}
		good = buffer_append(out, slice_take(slice_drop(text, run), at - run)) && good;
		good = (len ? write_visible_escape(out, code) : buffer_append_format(out, "\\x%02x", text.at[at])) &&
		       good;
		at += len ? len : 1;
		run = at;
	}
	return buffer_append(out, slice_drop(text, run)) && good;
}

void complain_to(FILE *out, const char *format, ...)
{
	char room[1024];
	uint8_t shown[8 * sizeof room]; /* the message that memory is short needs none */
	struct buffer line = buffer_over(shown, sizeof shown), longer;
	va_list words;
	va_start(words, format);
	int len = vsnprintf(room, sizeof room, format, words);
	va_end(words);
	char *text = len >= (int)sizeof room ? malloc((size_t)len + 1) : NULL;
	if (text) {
		va_start(words, format);
		vsnprintf(text, (size_t)len + 1, format, words);
		va_end(words);
	}
	buffer_init(&longer, BUFFER_NO_LIMIT, NULL);
	utf8_write_visible(&line, slice_of_text(text ? text : room));
	if (line.truncated)
		utf8_write_visible(&longer, slice_of_text(text ? text : room));
	struct slice all = buffer_slice(line.truncated && !longer.truncated ? &longer : &line);
	fprintf(out, "sioscope: %.*s\n", (int)all.len, (const char *)all.at);
	buffer_free(&longer);
	free(text);
}

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

/* ---- suggestions */

/* How alike two names are: by edit distance, and by the words that they share. */

/* Levenshtein's distance, one row at a time. */
static size_t edit_distance(struct slice a, struct slice b)
{
	size_t row[SUGGEST_LONGEST + 1];
	for (size_t column = 0; column <= b.len; column++)
		row[column] = column;
	for (size_t line = 0; line < a.len; line++) {
		size_t diagonal = row[0];
		row[0] = line + 1;
		for (size_t column = 0; column < b.len; column++) {
			size_t replaced = diagonal + (a.at[line] != b.at[column]);
			size_t added = 1 + (row[column] < row[column + 1] ? row[column] : row[column + 1]);
			diagonal = row[column + 1];
			row[column + 1] = replaced < added ? replaced : added;
		}
	}
	return row[b.len];
}

static unsigned letters_likeness(struct slice a, struct slice b)
{
	size_t longer = a.len > b.len ? a.len : b.len;
	/* NOLINTNEXTLINE(clang-analyzer-core.DivideZero): only names that differ come here, so one is not empty */
	return (unsigned)((longer - edit_distance(a, b)) * 100 / longer);
}

static bool take_word(struct slice *name, struct slice *word)
{
	while (name->len && name->at[0] == '_')
		*name = slice_drop(*name, 1);
	size_t end = slice_find_byte(*name, '_');
	*word = slice_take(*name, end);
	*name = slice_drop(*name, end);
	return word->len != 0;
}

static struct slice singular(struct slice word)
{
	return word.len > 3 && word.at[word.len - 1] == 's' ? slice_take(word, word.len - 1) : word;
}

static bool has_word(struct slice name, struct slice wanted)
{
	for (struct slice word; take_word(&name, &word);)
		if (slice_equals(singular(word), singular(wanted)))
			return true;
	return false;
}

static size_t count_words(struct slice name)
{
	size_t count = 0;
	for (struct slice word; take_word(&name, &word);)
		count++;
	return count;
}

static unsigned words_likeness(struct slice a, struct slice b)
{
	size_t shared = 0, all = count_words(a) + count_words(b);
	for (struct slice word; take_word(&a, &word);)
		shared += has_word(b, word);
	size_t percent = all ? 200 * shared / all : 0;
	return percent < 99 ? (unsigned)percent : 99;
}

unsigned suggest_likeness(struct slice a, struct slice b)
{
	if (slice_equals(a, b))
		return 100;
	if (a.len > SUGGEST_LONGEST || b.len > SUGGEST_LONGEST)
		return 0;
	unsigned letters = letters_likeness(a, b), words = words_likeness(a, b);
	return letters > words ? letters : words;
}

const char *suggest_nearest(struct slice name, const char *(*word)(size_t index))
{
	const char *nearest = NULL;
	unsigned best = SUGGEST_MEANT - 1;
	for (size_t i = 0; word(i); i++) {
		unsigned likeness = suggest_likeness(name, slice_of_text(word(i)));
		if (likeness > best) {
			best = likeness;
			nearest = word(i);
		}
	}
	return nearest;
}

bool suggest_shares_word(struct slice a, struct slice b)
{
	if (a.len > SUGGEST_LONGEST || b.len > SUGGEST_LONGEST)
		return false;
	for (struct slice word; take_word(&a, &word);)
		if (word.len >= 3 && has_word(b, word))
			return true;
	return false;
}
