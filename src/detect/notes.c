/* Notes by session. */
#include "detect/notes.h"

#include "base/hash.h"

#include <stdlib.h>

struct note {
	uint64_t number;
	UT_hash_handle hh;
	max_align_t content[];
};

void notes_init(struct notes *notes, size_t size, struct budget *memory)
{
	*notes = (struct notes){.size = size, .memory = memory};
}

void notes_free(struct notes *notes)
{
	struct note *note, *next;
	HASH_ITER(hh, notes->by_number, note, next)
	{
		HASH_DEL(notes->by_number, note);
		free(note);
	}
}

/* Sessions are numbered by us, so no secret is needed; mixed all the same, for uthash gets more buckets when one is
 * full: numbers that follow each other would fill all of them to the brim first. */
static unsigned notes_hash(const struct session *session)
{
	return (unsigned)hash_mix(session->number, UINT64_C(0x9e3779b97f4a7c15));
}

static struct note *notes_lookup(const struct notes *notes, const struct session *session)
{
	struct note *note = NULL;
	HASH_FIND_BYHASHVALUE(
	    hh, notes->by_number, &session->number, sizeof session->number, notes_hash(session), note);
	return note;
}

void *notes_find(const struct notes *notes, const struct session *session)
{
	struct note *note = notes_lookup(notes, session);
	return note ? note->content : NULL;
}

void *notes_of(struct notes *notes, const struct session *session)
{
	struct note *note = notes_lookup(notes, session);
	if (note)
		return note->content;
	note = budget_new(notes->memory, sizeof *note + notes->size);
	if (!note)
		return NULL;
	note->number = session->number;
	HASH_ADD_BYHASHVALUE(hh, notes->by_number, number, sizeof note->number, notes_hash(session), note);
	if (hash_has(note))
		return note->content;
	budget_note_refusal(notes->memory);
	free(note);
	return NULL;
}

void notes_visit(const struct notes *notes, void (*visit)(void *note))
{
	for (struct note *note = notes->by_number; note; note = note->hh.next)
		visit(note->content);
}

void notes_forget(struct notes *notes, const struct session *session)
{
	struct note *note = notes_lookup(notes, session);
	if (!note)
		return;
	HASH_DEL(notes->by_number, note);
	free(note);
}
