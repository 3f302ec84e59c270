/* A shared budget of memory. */
#include "base/budget.h"

#include <stdlib.h>

void budget_note_refusal(struct budget *budget)
{
	if (budget)
		budget->refused++;
}

bool budget_fits(const struct budget *budget, size_t size)
{
	return !budget || (size <= budget->limit && budget->used <= budget->limit - size);
}

bool budget_take(struct budget *budget, size_t size)
{
	bool fits = budget_fits(budget, size);
	if (!fits)
		budget_note_refusal(budget);
	else if (budget)
		budget->used += size;
	return fits;
}

void budget_give(struct budget *budget, size_t size)
{
	if (budget)
		budget->used -= size;
}

void *budget_new(struct budget *budget, size_t size)
{
	void *memory = calloc(1, size ? size : 1);
	if (!memory)
		budget_note_refusal(budget);
	return memory;
}

void *budget_alloc(struct budget *budget, size_t size)
{
	if (!budget_take(budget, size))
		return NULL;
	void *memory = budget_new(budget, size);
	if (!memory)
		budget_give(budget, size);
	return memory;
}

void budget_free(struct budget *budget, const void *memory, size_t size)
{
	if (memory)
		budget_give(budget, size);
	free((void *)memory);
}
