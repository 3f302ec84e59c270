/* A sorted list of pieces. Segments mostly come in order, so a place is looked for from the end. */
#include "net/held.h"

#include <stdlib.h>
#include <string.h>
#include <utlist.h>

/* Bytes that are there: those that the snap length cut off take no memory. */
static size_t held_weight(const struct held *held)
{
	return held->bytes ? held->len : 0;
}

static void held_free(struct held_list *list, struct held *held)
{
	list->bytes -= held_weight(held);
	if (held->owned) {
		budget_free(list->budget, held->bytes, held->len);
		budget_give(list->budget, sizeof *held);
	}
	free(held);
}

static void held_remove(struct held_list *list, struct held *held)
{
	if (list->last == held)
		list->last = held == list->first ? NULL : held->prev;
	DL_DELETE(list->first, held);
	list->pieces--;
	held_free(list, held);
}

void held_drop_first(struct held_list *list)
{
	held_remove(list, list->first);
}

void held_drop_all(struct held_list *list)
{
	while (list->first)
		held_drop_first(list);
}

/* Adds [start, end) of `piece` behind `before` (NULL: in front of all). */
static size_t held_add(
    struct held_list *list, struct held *before, const struct held *piece, position start, position end)
{
	struct held *added = list->pieces < HELD_PIECES ? budget_new(list->budget, sizeof *added) : NULL;
	if (!added)
		return 0;
	*added = *piece;
	added->start = start;
	added->len = (size_t)(end - start);
	added->bytes = piece->bytes ? piece->bytes + (start - piece->start) : NULL;
	added->owned = false;
	if (before)
		DL_APPEND_ELEM(list->first, before, added);
	else
		DL_PREPEND(list->first, added);
	if (!added->next)
		list->last = added;
	list->pieces++;
	list->bytes += held_weight(added);
	return added->len;
}

/* Do the bytes that both pieces have agree? */
static bool held_agrees(const struct held *a, const struct held *b)
{
	position start = a->start > b->start ? a->start : b->start;
	position end = held_end(a) < held_end(b) ? held_end(a) : held_end(b);
	if (start >= end || !a->bytes || !b->bytes)
		return true;
	return memcmp(a->bytes + (start - a->start), b->bytes + (start - b->start), (size_t)(end - start)) == 0;
}

/* The last piece that begins at or before `start`; NULL when none does. */
static struct held *held_before(const struct held_list *list, position start)
{
	struct held *held = list->last;
	while (held && held->start > start)
		held = held == list->first ? NULL : held->prev;
	return held;
}

size_t held_insert(struct held_list *list, const struct held *piece, bool *conflict)
{
	position at = piece->start, end = held_end(piece);
	struct held *before = held_before(list, at);
	size_t added = 0;
	if (before) {
		*conflict |= !held_agrees(before, piece);
		at = held_end(before) > at ? held_end(before) : at;
	}
	while (at < end) {
		struct held *after = before ? before->next : list->first;
		position stop = after && after->start < end ? after->start : end;
		if (stop > at)
			added += held_add(list, before, piece, at, stop);
		if (!after)
			break;
		*conflict |= !held_agrees(after, piece);
		at = held_end(after) > stop ? held_end(after) : stop;
		before = after;
	}
	return added;
}

static bool held_own(struct held_list *list, struct held *held)
{
	if (!budget_take(list->budget, sizeof *held))
		return false;
	uint8_t *copy = held->bytes ? budget_alloc(list->budget, held->len) : NULL;
	if (held->bytes && !copy) {
		budget_give(list->budget, sizeof *held);
		return false;
	}
	if (copy)
		memcpy(copy, held->bytes, held->len);
	held->bytes = copy;
	held->owned = true;
	return true;
}

void held_keep(struct held_list *list)
{
	for (struct held *held = list->first, *next; held; held = next) {
		next = held->next;
		if (!held->owned && !held_own(list, held))
			held_remove(list, held);
	}
}
