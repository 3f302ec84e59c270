/*
 * Memory that only grows and is freed all at once: an arena on the heap, for what lives as long as a session, a
 * manifest or a report; and a spill file, for what may be larger than memory.
 */
#ifndef BASE_ARENA_H
#define BASE_ARENA_H

#include "base/bytes.h"

/* ---- arena */

struct arena_block;

struct arena {
	struct arena_block *newest;
	size_t used;      /* bytes handed out */
	size_t limit;     /* no more than this is handed out */
	uint64_t refused; /* how often there was no memory, the limit aside */
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
	int file;
};

/* A file in $TMPDIR, or /tmp. False (nothing to free) when there can be none; errno says why. */
bool spill_open(struct spill *spill, size_t limit);
void spill_free(struct spill *spill);

/* Zeroed room for `size` bytes, aligned to 8; NULL when limit or disk refuse. */
void *spill_alloc(struct spill *spill, size_t size);

/* A copy; `at` NULL when it was refused. An empty slice is copied as one that is not NULL. */
struct slice spill_copy(struct spill *spill, struct slice bytes);

#endif
