/*
 * Memory. What the input can make grow: the budget that all share, and buffers, each under a limit of its own and
 * charged to the budget, which counts what it or the system refused, so that the report can say so. What only grows and
 * is freed all at once: an arena on the heap, for what lives as long as a session, a manifest or a report; and a spill
 * file, for what may be larger than memory.
 */
#ifndef BASE_MEMORY_H
#define BASE_MEMORY_H

#include "base/bytes.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* ---- budget */

/* Every function here takes NULL for it: then nothing is charged, limited or counted. */
struct budget {
	size_t used;
	size_t limit;         /* bytes */
	uint64_t refused;     /* how often something did not fit, or the system had no memory for it */
	struct budget *whole; /* of which it is a part; or NULL */
};

bool budget_fits(const struct budget *budget, size_t size);

/* Charges `size` bytes, which budget_give gives back; false, and counted: they do not fit. */
bool budget_take(struct budget *budget, size_t size);
void budget_give(struct budget *budget, size_t size);

/* Zeroed memory that is charged; NULL, and counted: it does not fit, or there is none. `size` as it was asked for gives
 * it back; `memory` may be NULL. */
void *budget_alloc(struct budget *budget, size_t size);
void budget_free(struct budget *budget, const void *memory, size_t size);

/*
 * The same for one object, which remembers what was charged for it, and to whom: only budget_release gives it back, and
 * the budget must outlive it. Objects may use a quarter more than the limit, so that payloads that fill the budget do
 * not keep connections, requests and sessions from being followed.
 */
void *budget_new(struct budget *budget, size_t size);
void budget_release(const void *object); /* may be NULL */

/* Another size for the object (NULL: a new one); what it grows by is zeroed. NULL: it did not fit, and stays as it was.
 */
void *budget_resize(struct budget *budget, void *object, size_t size);

/* A copy with a terminating NUL, as an object. */
char *budget_copy_text(struct budget *budget, struct slice text);

/* Less than an eighth is left: what has been quiet for longest should make room. */
static inline bool budget_is_short(const struct budget *budget)
{
	return budget && budget->used > budget->limit - budget->limit / 8;
}

/* What is taken from `budget` is from now on taken from `whole` too, which is to outlive it or to be left again. Each
 * counts what it refused itself. */
void budget_join(struct budget *budget, struct budget *whole);
void budget_leave(struct budget *budget);

/* Counts that memory was refused elsewhere, by some library. */
void budget_note_refusal(struct budget *budget);

/* ---- buffer */

struct buffer {
	uint8_t *at;
	size_t len;
	size_t room;           /* bytes allocated */
	size_t limit;          /* `len` never passes this */
	struct budget *budget; /* may be NULL: only the own limit holds */
	bool truncated;        /* bytes were refused since the last clear */
};

#define BUFFER_NO_LIMIT SIZE_MAX

/* `budget` is borrowed and must outlive the buffer. Nothing is allocated yet. */
void buffer_init(struct buffer *buffer, size_t limit, struct budget *budget);
void buffer_free(struct buffer *buffer);

/* One over the caller's `room` bytes (64 KiB at most): it takes no more, has no memory of its own, and is not to be
 * freed. */
static inline struct buffer buffer_over(void *at, size_t room)
{
	return (struct buffer){.at = at, .room = room, .limit = room};
}

/* What buffer_append does when there is not room enough. */
bool buffer_append_growing(struct buffer *buffer, struct slice bytes);

/* Appends as much of `bytes` as limit, budget and memory allow; false (and `truncated`) when that is not all. `bytes`
 * must not lie in the buffer itself. */
static inline bool buffer_append(struct buffer *buffer, struct slice bytes)
{
	if (buffer->room - buffer->len < bytes.len)
		return buffer_append_growing(buffer, bytes);
	if (bytes.len)
		memcpy(buffer->at + buffer->len, bytes.at, bytes.len);
	buffer->len += bytes.len;
	return true;
}

static inline bool buffer_append_text(struct buffer *buffer, const char *text)
{
	return buffer_append(buffer, slice_of_text(text));
}

static inline bool buffer_append_byte(struct buffer *buffer, uint8_t byte)
{
	return buffer_append(buffer, slice_of(&byte, 1));
}

/* In decimal. */
bool buffer_append_number(struct buffer *buffer, uint64_t number);
bool buffer_append_format(struct buffer *buffer, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Room for `extra` more bytes at at+len, to be written by the caller, who then adds to `len`; false when refused. */
bool buffer_reserve(struct buffer *buffer, size_t extra);

/* Forgets the content and `truncated`, keeps small allocations for reuse and gives large ones (over 64 KiB) back. */
void buffer_clear(struct buffer *buffer);

/* Removes the first `count` bytes (all, when there are fewer). */
void buffer_drop_front(struct buffer *buffer, size_t count);

/* The content; valid until the buffer next changes. */
static inline struct slice buffer_slice(const struct buffer *buffer)
{
	return slice_of(buffer->at, buffer->len);
}

/* ---- arena */

struct arena_block;

struct arena {
	struct arena_block *newest;
	size_t used;           /* bytes handed out */
	size_t limit;          /* no more than this is handed out */
	uint64_t refused;      /* how often there was no memory, the limit aside */
	struct budget *budget; /* to which its blocks are charged; set by the owner after arena_init; or NULL */
};

void arena_init(struct arena *arena, size_t limit);
void arena_free(struct arena *arena);

/* Zeroed memory, aligned for any type; NULL when the limit or memory is exhausted. */
void *arena_alloc(struct arena *arena, size_t size);

/* A copy that lives as long as the arena; an empty slice with at == NULL when it does not fit. */
struct slice arena_copy(struct arena *arena, struct slice bytes);

/* The same with a terminating NUL; NULL when it does not fit. */
char *arena_copy_text(struct arena *arena, struct slice bytes);

/* ---- spill file */

/*
 * Bytes that only grow, in an unlinked temporary file that is mapped: what has been appended stays where it is, so
 * slices into it hold until spill_free, and the kernel may put it out of memory when memory is short.
 *
 * Room in the file is reserved before it is written through the mapping, so a full disk is an answer here and not a
 * signal later.
 */

struct spill {
	uint8_t *at; /* NULL: not open */
	size_t len;
	size_t reserved;  /* of the file */
	size_t limit;     /* `len` never passes this */
	uint64_t refused; /* how often limit or disk had no room */
	size_t used;      /* bytes written and mapped for reading since its pages were unmapped */
	size_t part;      /* which was read last */
	int file;
};

/* A file in $TMPDIR, or /tmp. False (nothing to free) when there can be none; errno says why. */
bool spill_open(struct spill *spill, size_t limit);
void spill_free(struct spill *spill);

/* Zeroed room for `size` bytes, aligned to 8; NULL when limit or disk refuse. */
void *spill_alloc(struct spill *spill, size_t size);

/* These bytes of it are read, or written once more. After a few megabytes of reading and writing the pages are
 * unmapped, until they are read again: they stay in the file, and in memory only as the kernel likes. A read maps what
 * is around it too, so what lies far apart counts for more than its size. */
void spill_note_read(struct spill *spill, const void *at, size_t size);

/* A copy; `at` NULL when it was refused. An empty slice is copied as one that is not NULL. */
struct slice spill_copy(struct spill *spill, struct slice bytes);

#endif
