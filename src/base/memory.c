/* Buffers charged to a budget; an arena of chained blocks; a spill file in one mapping. */
#include "base/memory.h"

#include "base/bytes.h"
#include "platform/system.h"

#include <fcntl.h>
#include <stdalign.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

/* ---- budget */

void budget_note_refusal(struct budget *budget)
{
	if (budget)
		budget->refused++;
}

/* `reserve`: what it may use beyond its limit, as a share of it; 0: nothing. */
static bool budget_has_room(const struct budget *budget, size_t size, size_t reserve)
{
	for (; budget; budget = budget->whole) {
		size_t most = budget->limit + (reserve ? budget->limit / reserve : 0);
		if (most < budget->limit) /* there is no limit */
			most = SIZE_MAX;
		if (size > most || budget->used > most - size)
			return false;
	}
	return true;
}

bool budget_fits(const struct budget *budget, size_t size)
{
	return budget_has_room(budget, size, 0);
}

static void budget_charge(struct budget *budget, size_t size)
{
	for (; budget; budget = budget->whole)
		budget->used += size;
}

static bool budget_take_sharing(struct budget *budget, size_t size, size_t reserve)
{
	bool fits = budget_has_room(budget, size, reserve);
	if (fits)
		budget_charge(budget, size);
	else
		budget_note_refusal(budget);
	return fits;
}

bool budget_take(struct budget *budget, size_t size)
{
	return budget_take_sharing(budget, size, 0);
}

void budget_give(struct budget *budget, size_t size)
{
	for (; budget; budget = budget->whole)
		budget->used -= size;
}

void budget_join(struct budget *budget, struct budget *whole)
{
	budget->whole = whole;
	budget_charge(whole, budget->used);
}

void budget_leave(struct budget *budget)
{
	budget_give(budget->whole, budget->used);
	budget->whole = NULL;
}

/* ---- objects */

enum { OBJECT_RESERVE = 4, OBJECT_COST = 16 }; /* what the allocator itself needs for one, about */

struct object {
	struct budget *budget;
	size_t charged;
	alignas(max_align_t) uint8_t bytes[];
};

static struct object *object_of(const void *bytes)
{
	return (struct object *)((uint8_t *)bytes - offsetof(struct object, bytes));
}

void *budget_resize(struct budget *budget, void *bytes, size_t size)
{
	struct object *object = bytes ? object_of(bytes) : NULL;
	size_t before = object ? object->charged : 0, charged = sizeof *object + OBJECT_COST + size;
	if (charged < size || (charged > before && !budget_take_sharing(budget, charged - before, OBJECT_RESERVE)))
		return NULL;
	struct object *grown = realloc(object, sizeof *object + size);
	if (!grown) {
		if (charged > before)
			budget_give(budget, charged - before);
		budget_note_refusal(budget);
		return NULL;
	}
	if (charged < before)
		budget_give(budget, before - charged);
	size_t old = before ? before - sizeof *object - OBJECT_COST : 0;
	if (size > old)
		memset(grown->bytes + old, 0, size - old);
	grown->budget = budget;
	grown->charged = charged;
	return grown->bytes;
}

void *budget_new(struct budget *budget, size_t size)
{
	return budget_resize(budget, NULL, size);
}

void budget_release(const void *bytes)
{
	if (!bytes)
		return;
	struct object *object = object_of(bytes);
	budget_give(object->budget, object->charged);
	free(object);
}

char *budget_copy_text(struct budget *budget, struct slice text)
{
	char *copy = text.len < SIZE_MAX ? budget_new(budget, text.len + 1) : NULL;
	if (copy && text.len)
		memcpy(copy, text.at, text.len);
	return copy;
}

void *budget_alloc(struct budget *budget, size_t size)
{
	if (!budget_take(budget, size))
		return NULL;
	void *memory = calloc(1, size ? size : 1);
	if (!memory) {
		budget_give(budget, size);
		budget_note_refusal(budget);
	}
	return memory;
}

void budget_free(struct budget *budget, const void *memory, size_t size)
{
	if (memory)
		budget_give(budget, size);
	free((void *)memory);
}

/* ---- buffer */

enum { BUFFER_FIRST = 256, BUFFER_KEPT = 64 * 1024, BUFFER_BRIEF = 512 };

void buffer_init(struct buffer *buffer, size_t limit, struct budget *budget)
{
	*buffer = (struct buffer){.limit = limit, .budget = budget};
}

static void give_back(struct buffer *buffer)
{
	budget_give(buffer->budget, buffer->room);
	free(buffer->at);
	buffer->at = NULL;
	buffer->room = 0;
}

void buffer_free(struct buffer *buffer)
{
	give_back(buffer);
	buffer->len = 0;
}

/* Twice the room until `wanted` fits, never past the limit; `wanted` itself when doubling would wrap. */
static size_t next_room(const struct buffer *buffer, size_t wanted)
{
	size_t room = buffer->room ? buffer->room : BUFFER_FIRST;
	while (room < wanted && room <= SIZE_MAX / 2)
		room *= 2;
	if (room < wanted)
		room = wanted;
	return room > buffer->limit ? buffer->limit : room;
}

static bool grow(struct buffer *buffer, size_t room)
{
	size_t more = room - buffer->room;
	if (!budget_take(buffer->budget, more))
		return false;
	uint8_t *at = realloc(buffer->at, room);
	if (!at) {
		budget_give(buffer->budget, more);
		budget_note_refusal(buffer->budget);
		return false;
	}
	buffer->at = at;
	buffer->room = room;
	return true;
}

bool buffer_reserve(struct buffer *buffer, size_t extra)
{
	if (buffer->room - buffer->len >= extra)
		return true;
	if (extra > buffer->limit - buffer->len)
		return false;
	size_t wanted = buffer->len + extra, room = next_room(buffer, wanted);
	return grow(buffer, budget_fits(buffer->budget, room - buffer->room) ? room : wanted);
}

bool buffer_append_growing(struct buffer *buffer, struct slice bytes)
{
	size_t allowed = buffer->limit - buffer->len;
	size_t fits = bytes.len < allowed ? bytes.len : allowed;
	if (!buffer_reserve(buffer, fits))
		fits = buffer->room - buffer->len;
	if (fits)
		memcpy(buffer->at + buffer->len, bytes.at, fits);
	buffer->len += fits;
	if (fits < bytes.len)
		buffer->truncated = true;
	return fits == bytes.len;
}

bool buffer_append_number(struct buffer *buffer, uint64_t number)
{
	char digits[DIGITS_MOST];
	return buffer_append(buffer, slice_of(digits, (size_t)(digits_write(digits, number) - digits)));
}

/* Most texts are short: they are written without an allocation, so that a buffer over memory of its own never fails. */
bool buffer_append_format(struct buffer *buffer, const char *format, ...)
{
	char brief[BUFFER_BRIEF], *text = brief;
	va_list arguments;
	va_start(arguments, format);
	int len = vsnprintf(brief, sizeof brief, format, arguments);
	va_end(arguments);
	if (len >= (int)sizeof brief) {
		va_start(arguments, format);
		len = vasprintf(&text, format, arguments);
		va_end(arguments);
	}
	if (len < 0) {
		budget_note_refusal(buffer->budget);
		buffer->truncated = true;
		return false;
	}
	bool whole = buffer_append(buffer, slice_of(text, (size_t)len));
	if (text != brief)
		free(text);
	return whole;
}

void buffer_clear(struct buffer *buffer)
{
	buffer->len = 0;
	buffer->truncated = false;
	if (buffer->room > BUFFER_KEPT)
		give_back(buffer);
}

void buffer_drop_front(struct buffer *buffer, size_t count)
{
	if (count >= buffer->len) {
		buffer->len = 0;
		return;
	}
	memmove(buffer->at, buffer->at + count, buffer->len - count);
	buffer->len -= count;
}

/* ---- arena */

struct arena_block {
	struct arena_block *older;
	size_t used, room;
	alignas(max_align_t) uint8_t bytes[];
};

enum { ARENA_FIRST = 512, ARENA_LARGEST = 64 * 1024 };

void arena_init(struct arena *arena, size_t limit)
{
	*arena = (struct arena){.limit = limit};
}

void arena_free(struct arena *arena)
{
	while (arena->newest) {
		struct arena_block *block = arena->newest;
		arena->newest = block->older;
		budget_free(arena->budget, block, sizeof *block + block->room);
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
	size_t room = arena->newest ? arena->newest->room * 2 : ARENA_FIRST;
	if (room > ARENA_LARGEST)
		room = ARENA_LARGEST;
	if (room < size)
		room = size;
	struct arena_block *block = budget_alloc(arena->budget, sizeof *block + room);
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

/* SPILL_PART: what Linux maps around a page that is read (fault_around_bytes). */
enum { SPILL_STEP = 1 << 20, SPILL_USED = 4 << 20, SPILL_PART = 64 << 10 };

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

static void spill_note_use(struct spill *spill, size_t size)
{
	spill->used += size;
	if (spill->used < SPILL_USED)
		return;
	madvise(spill->at, spill->len, MADV_DONTNEED);
	spill->used = 0;
}

void spill_note_read(struct spill *spill, const void *at, size_t size)
{
	size_t part = (size_t)((const uint8_t *)at - spill->at) / SPILL_PART;
	if (!at || part == spill->part)
		return;
	spill->part = part;
	spill_note_use(spill, SPILL_PART + size);
}

void *spill_alloc(struct spill *spill, size_t size)
{
	size_t begin = (spill->len + 7) & ~(size_t)7;
	if (!spill->at || begin > spill->limit || size > spill->limit - begin || !spill_reserve(spill, begin + size)) {
		spill->refused++;
		return NULL;
	}
	spill->len = begin + size;
	spill_note_use(spill, size);
	return spill->at + begin;
}

struct slice spill_copy(struct spill *spill, struct slice bytes)
{
	void *copy = bytes.len ? spill_alloc(spill, bytes.len) : spill->at;
	if (bytes.len && copy)
		memcpy(copy, bytes.at, bytes.len);
	return slice_of(copy, copy ? bytes.len : 0);
}
