/* Memory that many may hold together: charged, within a limit; and what was refused, counted so that it can be told. */
#ifndef BASE_BUDGET_H
#define BASE_BUDGET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Every function here takes NULL for it: then nothing is charged, limited or counted. */
struct budget {
	size_t used;
	size_t limit;     /* bytes */
	uint64_t refused; /* how often something did not fit, or the system had no memory for it */
};

bool budget_fits(const struct budget *budget, size_t size);

/* Charges `size` bytes, which budget_give gives back; false, and counted: they do not fit. */
bool budget_take(struct budget *budget, size_t size);
void budget_give(struct budget *budget, size_t size);

/* Zeroed memory that is charged; NULL, and counted: it does not fit, or there is none. `size` as it was asked for gives
 * it back; `memory` may be NULL. */
void *budget_alloc(struct budget *budget, size_t size);
void budget_free(struct budget *budget, const void *memory, size_t size);

/* Zeroed memory that is not charged, for free(). NULL, and counted: there is none. */
void *budget_new(struct budget *budget, size_t size);

/* Counts that memory was refused elsewhere, by some library. */
void budget_note_refusal(struct budget *budget);

#endif
