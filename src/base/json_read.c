/* JSON passed over and walked through: where values begin and end, checked on the way. */
#include "base/block.h"
#include "base/bytes.h"
#include "base/json.h"

#include <stdbool.h>
#include <stddef.h>

/* ---- passing over what has been checked */

/*
 * Only brackets and quotes matter in text that is known to be JSON, so 64 bytes are looked at together: which of them
 * are brackets, and which of those lie in strings, that is, behind an odd number of quotes. A backslash, which takes
 * the meaning from a quote, occurs only in strings, and they are few: its string is passed byte by byte.
 */

enum { STRETCH = 64 };

/* Bit n is for byte n of a stretch. */
struct stretch {
	uint64_t quotes, backslashes, opening, closing;
};

struct skip {
	const uint8_t *at, *end;
	size_t depth;
	bool inside; /* a string */
};

static inline struct stretch stretch_at(const uint8_t *at)
{
	enum { CASE = '{' ^ '[' };
	_Static_assert(
	    ('}' ^ ']') == CASE && ('{' & CASE) != 0 && ('}' & CASE) != 0, "brackets and braces differ in one bit");
	struct stretch stretch = {0};
	for (int i = 0; i < STRETCH; i += BLOCK_SIZE) {
		block bytes = block_load(at + i), braces = block_set(bytes, CASE);
		stretch.quotes |= (uint64_t)block_bits(block_equal(bytes, '"')) << i;
		stretch.backslashes |= (uint64_t)block_bits(block_equal(bytes, '\\')) << i;
		stretch.opening |= (uint64_t)block_bits(block_equal(braces, '{')) << i;
		stretch.closing |= (uint64_t)block_bits(block_equal(braces, '}')) << i;
	}
	return stretch;
}

/* Bit n is set when an odd number of the bits 0 to n of `bits` is. */
static inline uint64_t odd_so_far(uint64_t bits)
{
	for (unsigned shift = 1; shift < STRETCH; shift *= 2)
		bits ^= bits << shift;
	return bits;
}

/* Past the closing quote. */
static void skip_string(struct skip *skip)
{
	while (skip->at < skip->end && *skip->at != '"')
		skip->at += *skip->at == '\\' && skip->end - skip->at > 1 ? 2 : 1;
	skip->at += skip->at < skip->end;
	skip->inside = false;
}

/* True when the outermost bracket is closed at one of these bits. */
static inline bool skip_brackets(struct skip *skip, uint64_t opening, uint64_t closing)
{
	for (uint64_t left = opening | closing; left; left &= left - 1) {
		if (opening & left & -left)
			skip->depth++;
		else if (--skip->depth == 0) {
			skip->at += __builtin_ctzll(left) + 1;
			return true;
		}
	}
	return false;
}

static bool skip_stretch(struct skip *skip)
{
	struct stretch stretch = stretch_at(skip->at);
	uint64_t strings = odd_so_far(stretch.quotes) ^ (skip->inside ? UINT64_MAX : 0);
	uint64_t before_backslash = (stretch.backslashes & -stretch.backslashes) - 1;
	uint64_t counting = ~strings & before_backslash;
	if (skip_brackets(skip, stretch.opening & counting, stretch.closing & counting))
		return true;
	if (stretch.backslashes) {
		skip->at += __builtin_ctzll(stretch.backslashes);
		skip_string(skip);
	} else {
		skip->at += STRETCH;
		skip->inside = strings >> (STRETCH - 1);
	}
	return false;
}

static bool skip_byte(struct skip *skip)
{
	switch (*skip->at++) {
	case '"':
		skip_string(skip);
		return false;
	case '{':
	case '[':
		skip->depth++;
		return false;
	case '}':
	case ']':
		return --skip->depth == 0;
	default:
		return false;
	}
}

/* `at` is at an opening bracket. Returns what follows the closing one, or NULL when there is none before `end`. */
static const uint8_t *json_skip_container(const uint8_t *at, const uint8_t *end)
{
	struct skip skip = {.at = at, .end = end};
	while (skip.end - skip.at >= STRETCH)
		if (skip_stretch(&skip))
			return skip.at;
	if (skip.inside)
		skip_string(&skip);
	while (skip.at < skip.end)
		if (skip_byte(&skip))
			return skip.at;
	return NULL;
}

/* ---- checking */

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
