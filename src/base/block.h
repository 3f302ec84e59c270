/*
 * Sixteen bytes looked at together, for finding the few bytes that matter. In what block_bits gives, bit n is
 * byte n.
 */
#ifndef BASE_BLOCK_H
#define BASE_BLOCK_H

#include <stdint.h>
#include <string.h>

enum { BLOCK_SIZE = 16 };

#ifdef __SSE2__
#include <emmintrin.h>

typedef __m128i block;

static inline block block_load(const uint8_t *at)
{
	return _mm_loadu_si128((const __m128i *)at);
}

/* Marks the bytes that are `byte`. */
static inline block block_equal(block bytes, uint8_t byte)
{
	return _mm_cmpeq_epi8(bytes, _mm_set1_epi8((char)byte));
}

/* Marks control characters and everything beyond ASCII: what is below a space as a signed number, and U+007F. */
static inline block block_not_printable(block bytes)
{
	return _mm_or_si128(_mm_cmplt_epi8(bytes, _mm_set1_epi8(' ')), _mm_cmpeq_epi8(bytes, _mm_set1_epi8(0x7f)));
}

static inline block block_or(block a, block b)
{
	return _mm_or_si128(a, b);
}

/* With these bits set in each byte. */
static inline block block_set(block bytes, uint8_t bits)
{
	return _mm_or_si128(bytes, _mm_set1_epi8((char)bits));
}

static inline uint32_t block_bits(block marks)
{
	return (uint32_t)_mm_movemask_epi8(marks);
}

#else

typedef struct {
	uint8_t bytes[BLOCK_SIZE];
} block;

static inline block block_load(const uint8_t *at)
{
	block loaded;
	memcpy(loaded.bytes, at, BLOCK_SIZE);
	return loaded;
}

static inline block block_equal(block block, uint8_t byte)
{
	for (int i = 0; i < BLOCK_SIZE; i++)
		block.bytes[i] = block.bytes[i] == byte;
	return block;
}

static inline block block_not_printable(block block)
{
	for (int i = 0; i < BLOCK_SIZE; i++)
		block.bytes[i] = (int8_t)block.bytes[i] < ' ' || block.bytes[i] == 0x7f;
	return block;
}

static inline block block_or(block a, block b)
{
	for (int i = 0; i < BLOCK_SIZE; i++)
		a.bytes[i] |= b.bytes[i];
	return a;
}

static inline block block_set(block block, uint8_t bits)
{
	for (int i = 0; i < BLOCK_SIZE; i++)
		block.bytes[i] |= bits;
	return block;
}

static inline uint32_t block_bits(block marks)
{
	uint32_t bits = 0;
	for (int i = 0; i < BLOCK_SIZE; i++)
		bits |= (uint32_t)marks.bytes[i] << i;
	return bits;
}

#endif

#endif
