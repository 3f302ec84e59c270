/* Memory that is given back all at once: what lives as long as a session, a manifest, a report. */
#ifndef BASE_ARENA_H
#define BASE_ARENA_H

#include "base/slice.h"

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

#endif
