/*
 * Bytes that only grow, in an unlinked temporary file that is mapped: what has been appended stays where it is, so
 * slices into it hold until spill_free, and the kernel may put it out of memory when memory is short.
 *
 * Room in the file is reserved before it is written through the mapping, so a full disk is an answer here and not a
 * signal later.
 */
#ifndef BASE_SPILL_H
#define BASE_SPILL_H

#include "base/slice.h"

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
