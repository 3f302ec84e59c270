/*
 * Only brackets and quotes matter in text that is known to be JSON, so 64 bytes are looked at together: which of them
 * are brackets, and which of those lie in strings, that is, behind an odd number of quotes. A backslash, which takes
 * the meaning from a quote, stands only in strings, and they are few: its string is passed byte by byte.
 */
#include "base/json_skip.h"

#include "base/block.h"

#include <stdbool.h>
#include <stddef.h>

enum { STRETCH = 64 };

/* Bit n stands for byte n of a stretch. */
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

const uint8_t *json_skip_container(const uint8_t *at, const uint8_t *end)
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
