/* Looks through scripts, and reads the literals in them. */
#include "reflex/script.h"

#include "base/json.h"

struct slice script_skip_space(struct slice text)
{
	while (text.len && character_is_space(text.at[0]))
		text = slice_drop(text, 1);
	return text;
}

static struct slice trim_end(struct slice text)
{
	while (text.len && character_is_space(text.at[text.len - 1]))
		text.len--;
	return text;
}

static uint8_t last_byte(struct slice text)
{
	return text.len ? text.at[text.len - 1] : 0;
}

/* The value after a key that ends where `after` begins; false when it is no key: `key(`, `key ==`, `keyed`. */
static bool find_value(struct slice after, bool quoted, struct slice *value)
{
	if (quoted)
		after = after.len && character_is_quote(after.at[0]) ? slice_drop(after, 1) : slice_take(after, 0);
	after = script_skip_space(after);
	if (after.len < 2 || !(after.at[0] == ':' || after.at[0] == '=') || after.at[1] == '=')
		return false;
	*value = script_skip_space(slice_drop(after, 1));
	return true;
}

bool script_next_place(struct slice script, struct slice key, size_t *offset, struct script_place *place)
{
	for (;;) {
		struct slice rest = slice_drop(script, *offset);
		size_t hit = slice_find(rest, key);
		if (hit == rest.len)
			return false;
		place->before = slice_take(script, *offset + hit);
		*offset += hit + key.len;
		bool quoted = character_is_quote(last_byte(place->before));
		if (quoted)
			place->before.len--;
		else if (character_is_of_word(last_byte(place->before)))
			continue;
		if (find_value(slice_drop(script, *offset), quoted, &place->value))
			return true;
	}
}

struct slice script_enclosing_object(struct slice script, struct script_place place)
{
	struct slice before = trim_end(place.before);
	return last_byte(before) == '{' ? slice_drop(script, before.len - 1) : slice_of(NULL, 0);
}

bool script_take_text(struct slice value, struct buffer *text, struct slice *after)
{
	const char *why;
	struct buffer json;
	*after = value;
	if (value.len == 0 || !character_is_quote(value.at[0]))
		return false;
	buffer_init(&json, 64 << 10, text->budget);
	bool taken = literal_take_value(after, &json, &why) && json_unescape(buffer_slice(&json), text);
	buffer_free(&json);
	return taken;
}

struct slice script_next_word(struct slice *rest)
{
	size_t start = 0, end;
	while (start < rest->len && !character_is_of_word(rest->at[start]) && rest->at[start] != '.')
		start++;
	for (end = start; end < rest->len && (character_is_of_word(rest->at[end]) || rest->at[end] == '.');)
		end++;
	struct slice word = slice_drop(slice_take(*rest, end), start);
	*rest = slice_drop(*rest, end);
	return word;
}

struct reader {
	struct slice rest;
	struct buffer *json;
	const char *why;
	size_t depth;
	struct level {
		bool is_object;
		bool has_members;
	} open[LITERAL_DEPTH];
};

static bool fail(struct reader *reader, const char *why)
{
	reader->why = why;
	return false;
}

static bool put(struct reader *reader, struct slice bytes)
{
	return buffer_append(reader->json, bytes) || fail(reader, "the literal is larger than the limit");
}

static uint8_t byte_at(const struct reader *reader, size_t index)
{
	return index < reader->rest.len ? reader->rest.at[index] : 0;
}

static void skip(struct reader *reader, size_t count)
{
	reader->rest = slice_drop(reader->rest, count);
}

static void skip_past(struct reader *reader, struct slice end)
{
	skip(reader, slice_find(reader->rest, end) + end.len);
}

static void skip_space(struct reader *reader)
{
	for (;;) {
		if (slice_starts_with(reader->rest, SLICE("//")))
			skip_past(reader, SLICE("\n"));
		else if (slice_starts_with(reader->rest, SLICE("/*")))
			skip_past(reader, SLICE("*/"));
		else if (reader->rest.len && character_is_space(reader->rest.at[0]))
			skip(reader, 1);
		else
			return;
	}
}

static bool take_byte(struct reader *reader, uint8_t byte)
{
	bool there = reader->rest.len && reader->rest.at[0] == byte;
	if (there)
		skip(reader, 1);
	return there;
}

/* ---- strings */

/* `count` hexadecimal digits at the front, which are taken; -1 when they are not all there. */
static int32_t take_hex(struct reader *reader, size_t count)
{
	int32_t number = 0;
	for (size_t index = 0; index < count; index++) {
		int digit = digits_read_hex(byte_at(reader, index));
		if (digit < 0)
			return -1;
		number = number * 16 + digit;
	}
	skip(reader, count);
	return number;
}

static bool put_unit(struct reader *reader, uint32_t unit)
{
	static const char digits[] = "0123456789abcdef";
	const char spelt[] = {
	    '\\', 'u', digits[unit >> 12 & 15], digits[unit >> 8 & 15], digits[unit >> 4 & 15], digits[unit & 15]};
	return put(reader, slice_of(spelt, sizeof spelt));
}

static bool put_code_point(struct reader *reader, uint32_t code)
{
	if (code < 0x10000)
		return put_unit(reader, code);
	code -= 0x10000;
	return put_unit(reader, 0xd800 | code >> 10) && put_unit(reader, 0xdc00 | (code & 0x3ff));
}

/* The {1F600} of \u{1F600}. */
static bool take_braced_code_point(struct reader *reader)
{
	skip(reader, 1);
	size_t digits = slice_find_byte(slice_take(reader->rest, 7), '}');
	int32_t code = digits > 0 && digits < 7 ? take_hex(reader, digits) : -1;
	if (code < 0 || code > 0x10ffff || !take_byte(reader, '}'))
		return fail(reader, "a bad \\u{…} in a string");
	return put_code_point(reader, (uint32_t)code);
}

static bool take_numeric_escape(struct reader *reader, size_t digits)
{
	if (digits == 4 && byte_at(reader, 0) == '{')
		return take_braced_code_point(reader);
	int32_t unit = take_hex(reader, digits);
	if (unit < 0)
		return fail(reader, "a bad \\x or \\u in a string");
	return put_unit(reader, (uint32_t)unit);
}

/* What follows a backslash. Unknown escapes mean the character itself; a line break for nothing. */
static bool take_escape(struct reader *reader)
{
	static const char simple[] = "bfnrt\"\\";
	uint8_t byte = byte_at(reader, 0);
	if (reader->rest.len == 0)
		return fail(reader, "a string does not end");
	skip(reader, 1);
	if (byte == 'u' || byte == 'x')
		return take_numeric_escape(reader, byte == 'u' ? 4 : 2);
	if (byte == '\r')
		take_byte(reader, '\n');
	if (byte == '\r' || byte == '\n')
		return true;
	if (byte == 'v' || byte == '0')
		return put_unit(reader, byte == 'v' ? '\v' : 0);
	if (byte && strchr(simple, byte))
		return put(reader, SLICE("\\")) && put(reader, slice_of(&byte, 1));
	return byte < 0x20 ? put_unit(reader, byte) : put(reader, slice_of(&byte, 1));
}

/* How many bytes JSON allows as they are. */
static size_t plain_run(struct slice text, uint8_t quote)
{
	size_t len = 0;
	while (len < text.len && text.at[len] != quote && text.at[len] != '\\' && text.at[len] != '"' &&
	       text.at[len] != '$' && text.at[len] >= 0x20)
		len++;
	return len;
}

/* One byte that JSON wants spelt otherwise, or that may begin a substitution. */
static bool take_odd_byte(struct reader *reader, uint8_t quote)
{
	uint8_t byte = reader->rest.at[0];
	if (byte == '$' && quote == '`' && byte_at(reader, 1) == '{')
		return fail(reader, "a template with a substitution");
	skip(reader, 1);
	if (byte == '\\')
		return take_escape(reader);
	if (byte == '"')
		return put(reader, SLICE("\\\""));
	return byte < 0x20 ? put_unit(reader, byte) : put(reader, slice_of(&byte, 1));
}

static bool take_string(struct reader *reader)
{
	uint8_t quote = reader->rest.at[0];
	skip(reader, 1);
	if (!put(reader, SLICE("\"")))
		return false;
	while (reader->rest.len && reader->rest.at[0] != quote) {
		size_t plain = plain_run(reader->rest, quote);
		if (!put(reader, slice_take(reader->rest, plain)))
			return false;
		skip(reader, plain);
		if (plain == 0 && !take_odd_byte(reader, quote))
			return false;
	}
	if (!take_byte(reader, quote))
		return fail(reader, "a string does not end");
	return put(reader, SLICE("\""));
}

/* ---- numbers and words */

/* 0x…, 0o…, 0b…: as decimal, so far as 64 bits go. */
static bool take_based_number(struct reader *reader, unsigned base)
{
	uint64_t number = 0;
	skip(reader, 2);
	for (int digit; (digit = digits_read_hex(byte_at(reader, 0))) >= 0 && (unsigned)digit < base; skip(reader, 1)) {
		if (__builtin_mul_overflow(number, base, &number) ||
		    __builtin_add_overflow(number, (unsigned)digit, &number))
			return fail(reader, "a number too large to read");
	}
	take_byte(reader, 'n');
	return buffer_append_format(reader->json, "%llu", (unsigned long long)number) ||
	       fail(reader, "the literal is larger than the limit");
}

static size_t digit_run(struct slice text)
{
	size_t len = 0;
	while (len < text.len && digits_is_decimal(text.at[len]))
		len++;
	return len;
}

static bool take_exponent(struct reader *reader)
{
	size_t sign = byte_at(reader, 1) == '-' || byte_at(reader, 1) == '+';
	size_t digits = digit_run(slice_drop(reader->rest, 1 + sign));
	if (digits == 0)
		return fail(reader, "a bad number");
	size_t len = 1 + sign + digits;
	bool whole = put(reader, slice_take(reader->rest, len));
	skip(reader, len);
	return whole;
}

/* JSON wants a digit before the point and one after it, and no needless zeros in front; minifiers write .5 and 5. */
static bool take_decimal(struct reader *reader)
{
	size_t whole = digit_run(reader->rest);
	size_t zeros = 0;
	while (zeros + 1 < whole && reader->rest.at[zeros] == '0')
		zeros++;
	struct slice digits = slice_drop(slice_take(reader->rest, whole), zeros);
	if (!put(reader, digits.len ? digits : SLICE("0")))
		return false;
	skip(reader, whole);
	if (take_byte(reader, '.')) {
		size_t part = digit_run(reader->rest);
		if (whole + part == 0)
			return fail(reader, "a bad number");
		if (part && !(put(reader, SLICE(".")) && put(reader, slice_take(reader->rest, part))))
			return false;
		skip(reader, part);
	}
	if ((byte_at(reader, 0) | 32) == 'e')
		return take_exponent(reader);
	take_byte(reader, 'n');
	return true;
}

static bool take_number(struct reader *reader)
{
	uint8_t mark = reader->rest.at[0] == '0' ? byte_at(reader, 1) | 32 : 0;
	unsigned base = mark == 'x' ? 16 : mark == 'o' ? 8 : mark == 'b' ? 2 : 10;
	bool whole = base == 10 ? take_decimal(reader) : take_based_number(reader, base);
	return whole && (!character_is_of_word(byte_at(reader, 0)) || fail(reader, "a bad number"));
}

/* The spellings that mean another value. Longest first where one begins another. */
static const struct {
	const char *spelt, *json;
} words[] = {{"!0", "true"}, {"!1", "false"}, {"void 0", "null"}, {"undefined", "null"}, {"null", "null"},
    {"true", "true"}, {"false", "false"}, {"NaN", "NaN"}, {"Infinity", "Infinity"}, {"1/0", "Infinity"},
    {"0/0", "NaN"}};

static bool take_word(struct reader *reader)
{
	for (size_t index = 0; index < sizeof words / sizeof *words; index++) {
		struct slice word = slice_of_text(words[index].spelt);
		if (!slice_starts_with(reader->rest, word) || character_is_of_word(byte_at(reader, word.len)))
			continue;
		skip(reader, word.len);
		return put(reader, slice_of_text(words[index].json));
	}
	uint8_t byte = byte_at(reader, 0);
	if (digits_is_decimal(byte) || byte == '.')
		return take_number(reader);
	return fail(reader, reader->rest.len ? "not a literal: it would have to be run" : "the literal does not end");
}

/* A minus is allowed before a number and Infinity; before anything else it makes an expression. */
static bool take_scalar(struct reader *reader)
{
	uint8_t byte = byte_at(reader, 0);
	if (character_is_quote(byte))
		return take_string(reader);
	if (!take_byte(reader, '-'))
		return take_word(reader);
	skip_space(reader);
	uint8_t next = byte_at(reader, 0);
	if (slice_starts_with(reader->rest, SLICE("0/0")) || !(digits_is_decimal(next) || next == '.' || next == 'I'))
		return fail(reader, "not a literal: it would have to be run");
	return put(reader, SLICE("-")) && take_word(reader);
}

/* ---- objects and arrays */

static bool open_level(struct reader *reader, bool is_object)
{
	if (reader->depth == LITERAL_DEPTH)
		return fail(reader, "the literal is nested too deep");
	reader->open[reader->depth++] = (struct level){.is_object = is_object};
	skip(reader, 1);
	return put(reader, is_object ? SLICE("{") : SLICE("["));
}

static bool take_bare_key(struct reader *reader)
{
	size_t len = 0;
	while (character_is_of_word(byte_at(reader, len)))
		len++;
	if (len == 0)
		return fail(reader, "not a key");
	bool whole = put(reader, SLICE("\"")) && put(reader, slice_take(reader->rest, len)) && put(reader, SLICE("\""));
	skip(reader, len);
	return whole;
}

static bool take_key(struct reader *reader)
{
	bool computed = take_byte(reader, '[');
	skip_space(reader);
	uint8_t byte = byte_at(reader, 0);
	if (!(character_is_quote(byte) ? take_string(reader) : take_bare_key(reader)))
		return false;
	skip_space(reader);
	if (computed && !take_byte(reader, ']'))
		return fail(reader, "not a key");
	skip_space(reader);
	return take_byte(reader, ':') ? put(reader, SLICE(":")) : fail(reader, "a key without a value");
}

/* After a value: closes what ends here. True while more is to come inside; `done` when the outermost is closed. */
static bool close_levels(struct reader *reader, bool *done)
{
	for (;;) {
		*done = reader->depth == 0;
		if (*done)
			return true;
		struct level *level = &reader->open[reader->depth - 1];
		skip_space(reader);
		if (level->has_members && take_byte(reader, ','))
			skip_space(reader);
		else if (level->has_members && byte_at(reader, 0) != (level->is_object ? '}' : ']'))
			return fail(reader, reader->rest.len ? "no comma and no end" : "the literal does not end");
		if (!take_byte(reader, level->is_object ? '}' : ']'))
			return true;
		reader->depth--;
		if (!put(reader, level->is_object ? SLICE("}") : SLICE("]")))
			return false;
	}
}

/* The comma and key before a member of the innermost level. A hole in an array ([,1]) is undefined, which is null. */
static bool begin_member(struct reader *reader)
{
	if (reader->depth == 0)
		return true;
	struct level *level = &reader->open[reader->depth - 1];
	if (level->has_members && !put(reader, SLICE(",")))
		return false;
	level->has_members = true;
	return !level->is_object || take_key(reader);
}

/* One scalar, or the opening of a level. */
static bool take_piece(struct reader *reader)
{
	if (!begin_member(reader))
		return false;
	skip_space(reader);
	uint8_t byte = byte_at(reader, 0);
	if (byte == '{' || byte == '[')
		return open_level(reader, byte == '{');
	bool is_hole = byte == ',' && reader->depth && !reader->open[reader->depth - 1].is_object;
	return is_hole ? put(reader, SLICE("null")) : take_scalar(reader);
}

bool literal_take_value(struct slice *text, struct buffer *json, const char **why)
{
	struct reader reader = {.rest = *text, .json = json};
	size_t before = json->len;
	bool whole, done = false;
	skip_space(&reader);
	do
		whole = take_piece(&reader) && close_levels(&reader, &done);
	while (whole && !done);
	*text = reader.rest;
	*why = reader.why;
	if (!whole)
		json->len = before;
	return whole;
}
