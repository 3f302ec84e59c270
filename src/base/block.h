/*
 * Sixteen bytes looked at together, for finding the few bytes that end a run. Bit n of a mask stands for byte n.
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

static inline uint32_t block_equal(block bytes, uint8_t byte)
{
	return (uint32_t)_mm_movemask_epi8(_mm_cmpeq_epi8(bytes, _mm_set1_epi8((char)byte)));
}

/* Control characters and everything beyond ASCII: what is below a space as a signed number. */
static inline uint32_t block_not_printable(block bytes)
{
	return (uint32_t)_mm_movemask_epi8(_mm_cmplt_epi8(bytes, _mm_set1_epi8(' ')));
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

static inline uint32_t block_equal(block block, uint8_t byte)
{
	uint32_t mask = 0;
	for (int i = 0; i < BLOCK_SIZE; i++)
		mask |= (uint32_t)(block.bytes[i] == byte) << i;
	return mask;
}

static inline uint32_t block_not_printable(block block)
{
	uint32_t mask = 0;
	for (int i = 0; i < BLOCK_SIZE; i++)
		mask |= (uint32_t)((int8_t)block.bytes[i] < ' ') << i;
	return mask;
}

#endif

#endif
