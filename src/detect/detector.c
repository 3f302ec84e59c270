/* What detectors note about sessions, and what most of them need. */
#include "detect/detector.h"

#include "base/hash.h"

#include <stdlib.h>

/* ---- notes about sessions */

struct sheet {
	uint64_t number;
	uint32_t taken; /* a bit for each place on which something was noted */
	UT_hash_handle hh;
	max_align_t content[];
};

enum { NOTES_ALIGNMENT = _Alignof(max_align_t), NOTES_APART = 64 /* larger notes are not part of a sheet */ };

_Static_assert(NOTES_PLACES <= 32, "a sheet has a bit for each place");

void notes_init(struct notes *notes, struct budget *memory)
{
	*notes = (struct notes){.memory = memory};
}

/* What is noted on its nth place; NULL: nothing. */
static void *sheet_note(struct sheet *sheet, const struct notes *notes, size_t nth)
{
	void *place = (char *)sheet->content + notes->places[nth].at;
	if (!(sheet->taken & 1u << nth))
		return NULL;
	return notes->places[nth].is_apart ? *(void **)place : place;
}

static void notes_free_sheet(const struct notes *notes, struct sheet *sheet)
{
	for (size_t i = 0; i < notes->place_count; i++) {
		void *note = sheet_note(sheet, notes, i);
		if (note && notes->places[i].empty)
			notes->places[i].empty(note);
		if (notes->places[i].is_apart)
			budget_release(note);
	}
	budget_release(sheet);
}

void notes_free(struct notes *notes)
{
	struct sheet *sheet, *next;
	HASH_ITER(hh, notes->by_number, sheet, next)
	{
		HASH_DEL(notes->by_number, sheet);
		notes_free_sheet(notes, sheet);
	}
}

struct notes_place notes_add_place(struct notes *notes, size_t size, void (*empty)(void *note))
{
	size_t nth = notes->place_count++;
	notes->places[nth].size = size;
	notes->places[nth].is_apart = size > NOTES_APART;
	notes->places[nth].empty = empty;
	size_t taken = size > NOTES_APART ? sizeof(void *) : size;
	size_t alignment = size > NOTES_APART ? sizeof(void *) : NOTES_ALIGNMENT;
	notes->places[nth].at = (notes->size + alignment - 1) / alignment * alignment;
	notes->size = notes->places[nth].at + taken;
	return (struct notes_place){notes, nth};
}

/* Sessions are numbered by us, so no secret is needed; mixed all the same, for uthash gets more buckets when one is
 * full: numbers that follow each other would fill all of them to the brim first. */
static unsigned notes_hash(const struct session *session)
{
	return (unsigned)hash_mix(session->number, UINT64_C(0x9e3779b97f4a7c15));
}

static struct sheet *notes_lookup(struct notes *notes, const struct session *session)
{
	struct sheet *sheet = notes->last;
	if (sheet && sheet->number == session->number)
		return sheet;
	HASH_FIND_BYHASHVALUE(
	    hh, notes->by_number, &session->number, sizeof session->number, notes_hash(session), sheet);
	if (sheet)
		notes->last = sheet;
	return sheet;
}

static struct sheet *notes_add(struct notes *notes, const struct session *session)
{
	struct sheet *sheet = budget_new(notes->memory, sizeof *sheet + notes->size);
	if (!sheet)
		return NULL;
	sheet->number = session->number;
	HASH_ADD_BYHASHVALUE(hh, notes->by_number, number, sizeof sheet->number, notes_hash(session), sheet);
	if (hash_has(sheet))
		return notes->last = sheet;
	budget_note_refusal(notes->memory);
	budget_release(sheet);
	return NULL;
}

static bool notes_begin(const struct notes *notes, struct sheet *sheet, size_t nth)
{
	void *note = notes->places[nth].is_apart ? budget_new(notes->memory, notes->places[nth].size) : NULL;
	if (notes->places[nth].is_apart && !note)
		return false;
	if (note)
		memcpy((char *)sheet->content + notes->places[nth].at, &note, sizeof note);
	sheet->taken |= 1u << nth;
	return true;
}

void *notes_of(const struct notes_place *place, const struct session *session)
{
	struct sheet *sheet = notes_lookup(place->notes, session);
	if (!sheet && !(sheet = notes_add(place->notes, session)))
		return NULL;
	if (!(sheet->taken & 1u << place->nth) && !notes_begin(place->notes, sheet, place->nth))
		return NULL;
	return sheet_note(sheet, place->notes, place->nth);
}

void *notes_find(const struct notes_place *place, const struct session *session)
{
	struct sheet *sheet = notes_lookup(place->notes, session);
	return sheet ? sheet_note(sheet, place->notes, place->nth) : NULL;
}

bool notes_has(struct notes *notes, const struct session *session)
{
	return notes_lookup(notes, session);
}

void notes_forget(struct notes *notes, const struct session *session)
{
	struct sheet *sheet = notes_lookup(notes, session);
	if (!sheet)
		return;
	notes->last = NULL;
	HASH_DEL(notes->by_number, sheet);
	notes_free_sheet(notes, sheet);
}

/* ---- what was not seen */

static bool detector_saw_all(const struct session *session)
{
	return session->handshake_seen && !session->gaps && !session->unreadable && !session->incomplete &&
	       !session->broken && !session->missed;
}

enum confidence detector_absence(const struct session *session)
{
	return detector_saw_all(session) ? CONFIDENCE_LIKELY : CONFIDENCE_POSSIBLE;
}

void detector_doubt_absence(struct findings *findings, struct finding *finding, const struct session *session)
{
	if (!detector_saw_all(session))
		finding_doubt(findings, finding, "part of this session was not captured, or could not be read");
}
