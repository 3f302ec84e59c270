/* An arena of chained blocks. */
#include "base/arena.h"

#include <stdalign.h>
#include <stdlib.h>

struct arena_block {
	struct arena_block *older;
	size_t used, room;
	alignas(max_align_t) uint8_t bytes[];
};

enum { FIRST_ROOM = 512, LARGEST_ROOM = 64 * 1024 };

void arena_init(struct arena *arena, size_t limit)
{
	*arena = (struct arena){.limit = limit};
}

void arena_free(struct arena *arena)
{
	while (arena->newest) {
		struct arena_block *block = arena->newest;
		arena->newest = block->older;
		free(block);
	}
	arena->used = 0;
}

static size_t aligned(size_t size)
{
	return (size + alignof(max_align_t) - 1) & ~(alignof(max_align_t) - 1);
}

/* Each block is twice the one before, so that a short life costs little and a long one few calls. */
static struct arena_block *add_block(struct arena *arena, size_t size)
{
	size_t room = arena->newest ? arena->newest->room * 2 : FIRST_ROOM;
	if (room > LARGEST_ROOM)
		room = LARGEST_ROOM;
	if (room < size)
		room = size;
	struct arena_block *block = calloc(1, sizeof *block + room);
	if (!block) {
		arena->refused++;
		return NULL;
	}
	block->room = room;
	block->older = arena->newest;
	arena->newest = block;
	return block;
}

void *arena_alloc(struct arena *arena, size_t size)
{
	if (size > arena->limit || arena->used > arena->limit - size || size > SIZE_MAX / 2)
		return NULL;
	size_t need = aligned(size);
	struct arena_block *block = arena->newest;
	if (!block || block->room - block->used < need)
		block = add_block(arena, need);
	if (!block)
		return NULL;
	void *at = block->bytes + block->used;
	block->used += need;
	arena->used += size;
	return at;
}

char *arena_copy_text(struct arena *arena, struct slice bytes)
{
	char *text = bytes.len < SIZE_MAX ? arena_alloc(arena, bytes.len + 1) : NULL;
	if (text && bytes.len)
		memcpy(text, bytes.at, bytes.len);
	return text;
}

struct slice arena_copy(struct arena *arena, struct slice bytes)
{
	char *text = arena_copy_text(arena, bytes);
	return slice_of(text, text ? bytes.len : 0);
}
