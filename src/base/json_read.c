/* JSON passed over and walked through: where values begin and end, checked on the way. */
#include "base/block.h"
#include "base/digits.h"
#include "base/json.h"
#include "base/json_skip.h"

#include <stddef.h>

/* A scan is held in registers only when what touches it is inlined, which compilers do not see by themselves: it makes
 * reading one and a half times as fast. */
#define INLINED static inline __attribute__((always_inline))

struct scan {
	const uint8_t *at;
	const uint8_t *end;
	size_t depth;
	bool in_object;                    /* the innermost container */
	uint64_t objects[JSON_DEPTH / 64]; /* bit d: the container at depth d is an object */
};

/* False at the end of the text. */
INLINED bool skip_space(struct scan *scan)
{
	while (scan->at < scan->end && *scan->at <= ' ' && json_is_space(*scan->at))
		scan->at++;
	return scan->at < scan->end;
}

/* The first quote or backslash, or `end`. */
INLINED const uint8_t *find_string_mark(const uint8_t *at, const uint8_t *end)
{
	for (; end - at >= BLOCK_SIZE; at += BLOCK_SIZE) {
		block bytes = block_load(at);
		uint32_t marks = block_bits(block_or(block_equal(bytes, '"'), block_equal(bytes, '\\')));
		if (marks)
			return at + __builtin_ctz(marks);
	}
	while (at < end && *at != '"' && *at != '\\')
		at++;
	return at;
}

/* After the backslash; NULL when no escape follows. */
static const uint8_t *skip_escape(const uint8_t *at, const uint8_t *end)
{
	if (at == end)
		return NULL;
	uint8_t kind = *at++;
	if (kind != 'u')
		return kind && strchr("\"\\/bfnrt", kind) ? at : NULL;
	if (end - at < 4)
		return NULL;
	for (int i = 0; i < 4; i++, at++)
		if (digits_read_hex(*at) < 0)
			return NULL;
	return at;
}

/* After the opening quote. Control characters are let pass: they are what a JSONP body of python-engineio holds once
 * its \n is read as JavaScript reads it. */
INLINED bool pass_string(struct scan *scan)
{
	for (;;) {
		scan->at = find_string_mark(scan->at, scan->end);
		if (scan->at == scan->end)
			return false;
		if (*scan->at++ == '"')
			return true;
		const uint8_t *after = skip_escape(scan->at, scan->end);
		if (!after)
			return false;
		scan->at = after;
	}
}

INLINED bool pass_digits(struct scan *scan)
{
	const uint8_t *first = scan->at;
	while (scan->at < scan->end && digits_is_decimal(*scan->at))
		scan->at++;
	return scan->at > first;
}

INLINED bool pass_word(struct scan *scan, struct slice word)
{
	if (!slice_starts_with(slice_of(scan->at, (size_t)(scan->end - scan->at)), word))
		return false;
	scan->at += word.len;
	return true;
}

INLINED bool pass_byte(struct scan *scan, uint8_t byte)
{
	if (scan->at == scan->end || *scan->at != byte)
		return false;
	scan->at++;
	return true;
}

INLINED bool pass_exponent(struct scan *scan)
{
	if (!pass_byte(scan, '+'))
		pass_byte(scan, '-');
	return pass_digits(scan);
}

/* RFC 8259 §6, and -Infinity. */
INLINED bool pass_number(struct scan *scan)
{
	if (pass_byte(scan, '-') && scan->at < scan->end && *scan->at == 'I')
		return pass_word(scan, SLICE("Infinity"));
	if (!pass_byte(scan, '0') && !pass_digits(scan))
		return false;
	if (pass_byte(scan, '.') && !pass_digits(scan))
		return false;
	if (scan->at < scan->end && (*scan->at | 0x20) == 'e') {
		scan->at++;
		return pass_exponent(scan);
	}
	return true;
}

INLINED bool pass_scalar(struct scan *scan)
{
	switch (*scan->at) {
	case '"':
		scan->at++;
		return pass_string(scan);
	case 't':
		return pass_word(scan, SLICE("true"));
	case 'f':
		return pass_word(scan, SLICE("false"));
	case 'n':
		return pass_word(scan, SLICE("null"));
	case 'N':
		return pass_word(scan, SLICE("NaN"));
	case 'I':
		return pass_word(scan, SLICE("Infinity"));
	default:
		return pass_number(scan);
	}
}

/* A member's name and its colon. */
INLINED bool pass_name(struct scan *scan)
{
	return skip_space(scan) && pass_byte(scan, '"') && pass_string(scan) && skip_space(scan) &&
	       pass_byte(scan, ':');
}

INLINED void push(struct scan *scan, bool object)
{
	uint64_t bit = UINT64_C(1) << scan->depth % 64;
	uint64_t *word = &scan->objects[scan->depth / 64];
	*word = object ? *word | bit : *word & ~bit;
	scan->depth++;
	scan->in_object = object;
}

INLINED void pop(struct scan *scan)
{
	scan->depth--;
	size_t outer = scan->depth - 1;
	scan->in_object = scan->depth && (scan->objects[outer / 64] >> outer % 64 & 1);
}

/* Passes opening brackets (and the names after them) as far as a scalar or an empty container, and passes that. */
INLINED bool pass_inwards(struct scan *scan)
{
	while (skip_space(scan)) {
		uint8_t opening = *scan->at;
		if (opening != '{' && opening != '[')
			return pass_scalar(scan);
		if (scan->depth == JSON_DEPTH)
			return false;
		scan->at++;
		if (skip_space(scan) && pass_byte(scan, opening + ('}' - '{')))
			return true;
		push(scan, opening == '{');
		if (opening == '{' && !pass_name(scan))
			return false;
	}
	return false;
}
_Static_assert('}' - '{' == ']' - '[', "one distance from an opening bracket to its closing one");

/* After a value: passes closing brackets as far as a comma (and the name after it) or the outermost one. */
INLINED bool pass_outwards(struct scan *scan)
{
	while (scan->depth) {
		if (!skip_space(scan))
			return false;
		if (pass_byte(scan, ','))
			return !scan->in_object || pass_name(scan);
		if (!pass_byte(scan, scan->in_object ? '}' : ']'))
			return false;
		pop(scan);
	}
	return true;
}

static struct scan scan_of(struct slice text)
{
	struct scan scan;
	scan.at = text.at;
	scan.end = text.len ? text.at + text.len : text.at;
	scan.depth = 0;
	scan.in_object = false;
	return scan;
}

static struct slice rest_of(const struct scan *scan)
{
	return slice_of(scan->at, (size_t)(scan->end - scan->at));
}

bool json_take_value(struct slice *text, struct slice *value)
{
	struct scan scan = scan_of(*text);
	if (!skip_space(&scan))
		return false;
	const uint8_t *first = scan.at;
	do {
		if (!pass_inwards(&scan) || !pass_outwards(&scan))
			return false;
	} while (scan.depth);
	*value = slice_of(first, (size_t)(scan.at - first));
	*text = rest_of(&scan);
	return true;
}

bool json_take_checked(struct slice *text, struct slice *value)
{
	struct scan scan = scan_of(*text);
	if (!skip_space(&scan))
		return false;
	const uint8_t *first = scan.at;
	bool is_container = *first == '{' || *first == '[';
	if (is_container ? !(scan.at = json_skip_container(first, scan.end)) : !pass_scalar(&scan))
		return false;
	*value = slice_of(first, (size_t)(scan.at - first));
	*text = rest_of(&scan);
	return true;
}

bool json_is_too_deep(struct slice text)
{
	struct scan scan = scan_of(text);
	do {
		if (!pass_inwards(&scan))
			return scan.depth == JSON_DEPTH && scan.at < scan.end && (*scan.at == '[' || *scan.at == '{');
	} while (pass_outwards(&scan) && scan.depth);
	return false;
}

bool json_is_valid(struct slice text)
{
	struct slice value;
	if (!json_take_value(&text, &value))
		return false;
	struct scan scan = scan_of(text);
	return !skip_space(&scan);
}

enum json_kind json_kind_of(struct slice text)
{
	struct scan scan = scan_of(text);
	if (!skip_space(&scan))
		return JSON_BAD;
	uint8_t first = *scan.at;
	if (first == '-')
		return scan.at + 1 < scan.end && scan.at[1] == 'I' ? JSON_NOT_FINITE : JSON_NUMBER;
	if (digits_is_decimal(first))
		return JSON_NUMBER;
	switch (first) {
	case 'n':
		return JSON_NULL;
	case 't':
		return JSON_TRUE;
	case 'f':
		return JSON_FALSE;
	case 'N':
	case 'I':
		return JSON_NOT_FINITE;
	case '"':
		return JSON_STRING;
	case '[':
		return JSON_ARRAY;
	case '{':
		return JSON_OBJECT;
	default:
		return JSON_BAD;
	}
}

struct json_walk json_walk_into(struct slice value)
{
	struct json_walk walk = {0};
	enum json_kind kind = json_kind_of(value);
	if (kind != JSON_ARRAY && kind != JSON_OBJECT)
		return walk;
	struct scan scan = scan_of(value);
	skip_space(&scan);
	scan.at++;
	walk.in_object = kind == JSON_OBJECT;
	walk.rest = rest_of(&scan);
	return walk;
}

/* Up to the next member's or element's first byte: past the comma, when it is not the first. */
static bool reach_next(struct json_walk *walk, struct scan *scan)
{
	bool first = !walk->value.at;
	if (!skip_space(scan) || (!first && !pass_byte(scan, ',')) || !skip_space(scan))
		return false;
	walk->index += !first;
	return true;
}

static bool take_name(struct scan *scan, struct slice *key)
{
	const uint8_t *first = scan->at;
	if (!pass_byte(scan, '"') || !pass_string(scan))
		return false;
	*key = slice_of(first, (size_t)(scan->at - first));
	return skip_space(scan) && pass_byte(scan, ':');
}

bool json_walk_next(struct json_walk *walk)
{
	struct scan scan = scan_of(walk->rest);
	if (reach_next(walk, &scan) && (!walk->in_object || take_name(&scan, &walk->key))) {
		walk->rest = rest_of(&scan);
		if (json_take_checked(&walk->rest, &walk->value))
			return true;
	}
	walk->rest = slice_of(NULL, 0);
	return false;
}

bool json_find_member(struct slice object, const char *key, struct slice *value)
{
	struct json_walk walk = json_walk_into(object);
	while (walk.in_object && json_walk_next(&walk))
		if (json_string_is(walk.key, key)) {
			*value = walk.value;
			return true;
		}
	return false;
}

bool json_find_element(struct slice array, size_t index, struct slice *value)
{
	struct json_walk walk = json_walk_into(array);
	while (!walk.in_object && json_walk_next(&walk))
		if (walk.index == index) {
			*value = walk.value;
			return true;
		}
	return false;
}
