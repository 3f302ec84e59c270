/* What a target writes down of what it was told, to hold one telling against another. */
#ifndef FUZZ_TOLD_H
#define FUZZ_TOLD_H

#include "base/memory.h"

#include <stdlib.h>

static inline void told_init(struct buffer *told)
{
	buffer_init(told, BUFFER_NO_LIMIT, NULL);
	buffer_reserve(told, 4096); /* one allocation does for most */
}

/* As its bytes: formats would be half of a target's work. */
static inline void told_number(struct buffer *told, uint64_t number)
{
	buffer_append(told, slice_of(&number, sizeof number));
}

/* Holds that both were told the same, and frees them. */
static inline void told_agree(struct buffer *one, struct buffer *other)
{
	if (!slice_equals(buffer_slice(one), buffer_slice(other)))
		abort();
	buffer_free(one);
	buffer_free(other);
}

#endif
