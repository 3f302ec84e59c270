/* An arena of chained blocks, and a spill file in one mapping. */
#include "base/arena.h"

#include "platform/system.h"

#include <fcntl.h>
#include <stdalign.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

/* ---- arena */

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

/* ---- spill file: one mapping of the whole limit, of which as much is backed as has been asked for */

enum { SPILL_STEP = 1 << 20 };

static int spill_make_file(void)
{
	const char *folder = getenv("TMPDIR");
	char path[512];
	snprintf(path, sizeof path, "%s/sioscope-XXXXXX", folder && *folder ? folder : "/tmp");
	int file = mkostemp(path, O_CLOEXEC);
	if (file >= 0)
		unlink(path);
	return file;
}

bool spill_open(struct spill *spill, size_t limit)
{
	*spill = (struct spill){.limit = limit, .file = spill_make_file()};
	if (spill->file < 0)
		return false;
	void *at = mmap(NULL, limit, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_NORESERVE, spill->file, 0);
	if (at == MAP_FAILED) {
		close(spill->file);
		return false;
	}
	spill->at = at;
	return true;
}

void spill_free(struct spill *spill)
{
	if (!spill->at)
		return;
	munmap(spill->at, spill->limit);
	close(spill->file);
	spill->at = NULL;
}

static bool spill_reserve(struct spill *spill, size_t end)
{
	if (end <= spill->reserved)
		return true;
	size_t wanted = (end + SPILL_STEP - 1) / SPILL_STEP * SPILL_STEP;
	if (wanted > spill->limit)
		wanted = spill->limit;
	if (!platform_reserve_file(spill->file, (off_t)spill->reserved, (off_t)wanted))
		return false;
	spill->reserved = wanted;
	return true;
}

void *spill_alloc(struct spill *spill, size_t size)
{
	size_t begin = (spill->len + 7) & ~(size_t)7;
	if (!spill->at || begin > spill->limit || size > spill->limit - begin || !spill_reserve(spill, begin + size)) {
		spill->refused++;
		return NULL;
	}
	spill->len = begin + size;
	return spill->at + begin;
}

struct slice spill_copy(struct spill *spill, struct slice bytes)
{
	void *copy = bytes.len ? spill_alloc(spill, bytes.len) : spill->at;
	if (bytes.len && copy)
		memcpy(copy, bytes.at, bytes.len);
	return slice_of(copy, copy ? bytes.len : 0);
}
