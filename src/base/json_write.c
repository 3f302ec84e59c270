/*
 * JSON written so that strict parsers take it. What is as it should be is copied in runs as long as possible; a run
 * ends only where something must change.
 */
#include "base/block.h"
#include "base/json.h"
#include "base/text.h"

struct writer {
	struct buffer *out;
	const struct json_rules *rules;
	const uint8_t *run; /* what lies between here and `at` is still to be copied */
	const uint8_t *at;
	const uint8_t *end;
	uint16_t attachments; /* written so far */
	bool refused;
};

/* ---- Runs. */

static void flush_to(struct writer *writer, const uint8_t *end)
{
	if (end > writer->run && !buffer_append(writer->out, slice_of(writer->run, (size_t)(end - writer->run))))
		writer->refused = true;
	writer->run = end;
}

/* Writes `instead` in place of the next `count` bytes. */
static void replace_bytes(struct writer *writer, size_t count, struct slice instead)
{
	flush_to(writer, writer->at);
	if (!buffer_append(writer->out, instead))
		writer->refused = true;
	writer->at += count;
	writer->run = writer->at;
}

/* ---- Strings. */

static bool is_continuation(uint8_t byte)
{
	return (byte & 0xc0) == 0x80;
}

/* The bytes that may follow a lead byte directly (Unicode, table 3-7): no overlong forms, no surrogates, nothing above
 * U+10FFFF. */
static bool may_follow(uint8_t lead, uint8_t second)
{
	switch (lead) {
	case 0xe0:
		return second >= 0xa0 && second <= 0xbf;
	case 0xed:
		return second >= 0x80 && second <= 0x9f;
	case 0xf0:
		return second >= 0x90 && second <= 0xbf;
	case 0xf4:
		return second >= 0x80 && second <= 0x8f;
	default:
		return is_continuation(second);
	}
}

/* How many bytes one character takes that begins beyond ASCII. When it is not whole, `valid` is false and the count is
 * what one U+FFFD replaces: the longest beginning of a character, as browsers, node and python do. */
static size_t measure_character(const uint8_t *at, const uint8_t *end, bool *valid)
{
	uint8_t lead = at[0];
	size_t wanted = lead < 0xc2 ? 1 : lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : lead < 0xf5 ? 4 : 1;
	size_t left = (size_t)(end - at);
	size_t count = 1;
	while (count < wanted && count < left && (count == 1 ? may_follow(lead, at[1]) : is_continuation(at[count])))
		count++;
	*valid = wanted > 1 && count == wanted;
	return count;
}

/* Writes \u and `point`'s four digits in place of the next `count` bytes. */
static void write_escape(struct writer *writer, size_t count, uint32_t point)
{
	static const char hex[] = "0123456789abcdef";
	const char escape[] = {
	    '\\', 'u', hex[point >> 12 & 15], hex[point >> 8 & 15], hex[point >> 4 & 15], hex[point & 15]};
	replace_bytes(writer, count, slice_of(escape, sizeof escape));
}

static void write_control(struct writer *writer)
{
	static const char named[] = "btn\0fr"; /* U+0008 to U+000D */
	uint8_t byte = *writer->at;
	if (byte >= '\b' && byte <= '\r' && byte != '\v')
		replace_bytes(writer, 1, slice_of((char[]){'\\', named[byte - '\b']}, 2));
	else
		write_escape(writer, 1, byte);
}

/* What is valid JSON, but not harmless: see utf8_is_steering. At line and paragraph separators readers of line by line
 * output, Python's splitlines first, break lines besides. */
static void write_steering(struct writer *writer, size_t count, uint32_t point)
{
	if (point < 0x10000) {
		write_escape(writer, count, point);
		return;
	}
	point -= 0x10000;
	write_escape(writer, count, 0xd800 | point >> 10);
	write_escape(writer, 0, 0xdc00 | (point & 0x3ff));
}

static void write_character(struct writer *writer)
{
	bool valid;
	uint32_t point;
	size_t count = measure_character(writer->at, writer->end, &valid);
	if (valid && utf8_decode(slice_of(writer->at, count), &point) && utf8_is_steering(point))
		write_steering(writer, count, point);
	else if (valid)
		writer->at += count;
	else
		replace_bytes(writer, count, SLICE("\xef\xbf\xbd"));
}

static inline bool is_control(uint8_t byte)
{
	return byte < ' ' || byte == 0x7f;
}

static inline bool is_ordinary(uint8_t byte)
{
	return byte >= ' ' && byte < 0x7f && byte != '"' && byte != '\\';
}

/* The first quote, backslash, control character or byte beyond ASCII, or `end`. */
static inline const uint8_t *find_unordinary(const uint8_t *at, const uint8_t *end)
{
	for (; end - at >= BLOCK_SIZE; at += BLOCK_SIZE) {
		block bytes = block_load(at);
		block marks = block_or(block_equal(bytes, '"'), block_equal(bytes, '\\'));
		uint32_t bits = block_bits(block_or(marks, block_not_printable(bytes)));
		if (bits)
			return at + __builtin_ctz(bits);
	}
	while (at < end && is_ordinary(*at))
		at++;
	return at;
}

/* After the opening quote, past the closing one. */
static inline void write_string_token(struct writer *writer)
{
	for (;;) {
		writer->at = find_unordinary(writer->at, writer->end);
		if (writer->at == writer->end)
			return;
		uint8_t byte = *writer->at;
		if (byte == '"') {
			writer->at++;
			return;
		}
		if (byte == '\\')
			writer->at += writer->end - writer->at > 1 ? 2 : 1;
		else if (is_control(byte))
			write_control(writer);
		else
			write_character(writer);
	}
}

static struct writer writer_of(struct buffer *out, struct slice text, const struct json_rules *rules)
{
	const uint8_t *end = text.len ? text.at + text.len : text.at;
	return (struct writer){.out = out, .rules = rules, .run = text.at, .at = text.at, .end = end};
}

/* One byte of a text that may not be in a string as it is. */
static void write_unordinary(struct writer *writer)
{
	uint8_t byte = *writer->at;
	if (byte == '"')
		replace_bytes(writer, 1, SLICE("\\\""));
	else if (byte == '\\')
		replace_bytes(writer, 1, SLICE("\\\\"));
	else if (is_control(byte))
		write_control(writer);
	else
		write_character(writer);
}

bool json_write_string(struct buffer *out, struct slice utf8)
{
	struct writer writer = writer_of(out, utf8, NULL);
	if (!buffer_append_byte(out, '"'))
		return false;
	while ((writer.at = find_unordinary(writer.at, writer.end)) < writer.end && !writer.refused)
		write_unordinary(&writer);
	flush_to(&writer, writer.at);
	return !writer.refused && buffer_append_byte(out, '"');
}

/* ---- Values. */

static inline void drop_space(struct writer *writer)
{
	if (writer->at == writer->end || !json_is_space(*writer->at))
		return;
	flush_to(writer, writer->at);
	while (writer->at < writer->end && json_is_space(*writer->at))
		writer->at++;
	writer->run = writer->at;
}

/* Quotes a word that begins here; "-Infinity" has its sign in the run already. */
static void write_not_finite(struct writer *writer, struct slice word)
{
	bool negative = writer->at > writer->run && writer->at[-1] == '-';
	const uint8_t *first = writer->at - negative;
	size_t left = (size_t)(writer->end - writer->at);
	flush_to(writer, first);
	writer->at += word.len < left ? word.len : left;
	if (!buffer_append_byte(writer->out, '"'))
		writer->refused = true;
	flush_to(writer, writer->at);
	if (!buffer_append_byte(writer->out, '"'))
		writer->refused = true;
}

/* A placeholder is looked for in this many bytes, so that no object is read twice from end to end. */
enum { PLACEHOLDER_REACH = 96 };

static bool read_placeholder(struct slice text, struct slice *object, int64_t *number)
{
	struct slice near = slice_take(text, PLACEHOLDER_REACH);
	struct slice member;
	return json_take_value(&near, object) && json_find_member(*object, "_placeholder", &member) &&
	       json_kind_of(member) == JSON_TRUE && json_find_member(*object, "num", &member) &&
	       json_read_integer(member, number);
}

bool json_write_binary(struct buffer *out, struct slice bytes)
{
	return buffer_append_text(out, "{\"$binary\":\"") && base64_write(out, bytes) && buffer_append_text(out, "\"}");
}

static bool write_attachment(struct writer *writer, size_t number)
{
	uint16_t *place = writer->rules->places ? &writer->rules->places[number] : NULL;
	if (place && *place)
		return buffer_append_text(writer->out, "{\"$binary_ref\":") &&
		       buffer_append_number(writer->out, *place - 1u) && buffer_append_byte(writer->out, '}');
	if (place)
		*place = ++writer->attachments;
	return json_write_binary(writer->out, writer->rules->attachments[number]);
}

static void open_object(struct writer *writer)
{
	struct slice object;
	int64_t number;
	if (writer->rules && writer->rules->attachments &&
	    read_placeholder(slice_of(writer->at, (size_t)(writer->end - writer->at)), &object, &number) &&
	    number >= 0 && (uint64_t)number < writer->rules->attachment_count) {
		flush_to(writer, writer->at);
		writer->refused |= !write_attachment(writer, (size_t)number);
		writer->at += object.len;
		writer->run = writer->at;
		return;
	}
	writer->at++;
}

static const bool begins_token[256] = {
    ['"'] = true, ['{'] = true, ['N'] = true, ['I'] = true, [' '] = true, ['\n'] = true, ['\r'] = true, ['\t'] = true};

/* A token that may have to be written otherwise than it is. */
static inline void write_token(struct writer *writer)
{
	switch (*writer->at) {
	case '"':
		writer->at++;
		write_string_token(writer);
		break;
	case '{':
		open_object(writer);
		break;
	case 'N':
		write_not_finite(writer, SLICE("NaN"));
		break;
	case 'I':
		write_not_finite(writer, SLICE("Infinity"));
		break;
	default:
		drop_space(writer);
	}
}

static inline const uint8_t *find_token(const uint8_t *at, const uint8_t *end)
{
	while (at < end && !begins_token[*at])
		at++;
	return at;
}

/* The text is known to be JSON, so tokens need no context: what is a name shows by the colon after it. */
bool json_write_value(struct buffer *out, struct slice value, const struct json_rules *rules)
{
	struct writer writer = writer_of(out, value, rules);
	while ((writer.at = find_token(writer.at, writer.end)) < writer.end && !writer.refused)
		write_token(&writer);
	flush_to(&writer, writer.at);
	return !writer.refused;
}
