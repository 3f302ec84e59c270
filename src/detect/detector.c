/* The session state of detectors, and what most of them need. */
#include "detect/detector.h"

#include "base/hash.h"

#include <stdlib.h>

/* ---- session state */

struct session_state {
	uint64_t number;
	uint64_t taken; /* a bit for each slot that is in use */
	UT_hash_handle hh;
	max_align_t content[];
};

enum { STATE_ALIGNMENT = _Alignof(max_align_t), SLOT_MOST = 64 /* a larger slot has memory of its own */ };

_Static_assert(STATE_SLOTS <= 64, "a session's state has a bit for each slot");

void session_states_init(struct session_states *states, struct budget *memory)
{
	*states = (struct session_states){.memory = memory};
}

/* What is in its nth slot; NULL: nothing. */
static void *session_state_at(struct session_state *entry, const struct session_states *states, size_t nth)
{
	void *slot = (char *)entry->content + states->slots[nth].at;
	if (!(entry->taken & UINT64_C(1) << nth))
		return NULL;
	return states->slots[nth].is_apart ? *(void **)slot : slot;
}

static void session_states_free_one(const struct session_states *states, struct session_state *entry)
{
	for (size_t i = 0; i < states->slot_count; i++) {
		void *per_session = session_state_at(entry, states, i);
		if (per_session && states->slots[i].empty)
			states->slots[i].empty(per_session);
		if (states->slots[i].is_apart)
			budget_release(per_session);
	}
	budget_release(entry);
}

void session_states_free(struct session_states *states)
{
	struct session_state *entry, *next;
	HASH_ITER(hh, states->by_number, entry, next)
	{
		HASH_DEL(states->by_number, entry);
		session_states_free_one(states, entry);
	}
}

struct state_slot session_states_add_slot(struct session_states *states, size_t size, void (*empty)(void *per_session))
{
	size_t nth = states->slot_count++;
	states->slots[nth].size = size;
	states->slots[nth].is_apart = size > SLOT_MOST;
	states->slots[nth].empty = empty;
	size_t taken = size > SLOT_MOST ? sizeof(void *) : size;
	size_t alignment = size > SLOT_MOST ? sizeof(void *) : STATE_ALIGNMENT;
	states->slots[nth].at = (states->size + alignment - 1) / alignment * alignment;
	states->size = states->slots[nth].at + taken;
	return (struct state_slot){states, nth};
}

/* Sessions are numbered by us, so no secret is needed; mixed all the same, because uthash gets more buckets when one is
 * full: numbers that follow each other would fill all of them to the brim first. */
static unsigned session_states_hash(const struct session *session)
{
	return (unsigned)hash_mix(session->number, UINT64_C(0x9e3779b97f4a7c15));
}

static struct session_state *session_states_lookup(struct session_states *states, const struct session *session)
{
	struct session_state *entry = states->last;
	if (entry && entry->number == session->number)
		return entry;
	HASH_FIND_BYHASHVALUE(
	    hh, states->by_number, &session->number, sizeof session->number, session_states_hash(session), entry);
	if (entry)
		states->last = entry;
	return entry;
}

static struct session_state *session_states_add(struct session_states *states, const struct session *session)
{
	struct session_state *entry = budget_new(states->memory, sizeof *entry + states->size);
	if (!entry)
		return NULL;
	entry->number = session->number;
	HASH_ADD_BYHASHVALUE(hh, states->by_number, number, sizeof entry->number, session_states_hash(session), entry);
	if (hash_has(entry))
		return states->last = entry;
	budget_note_refusal(states->memory);
	budget_release(entry);
	return NULL;
}

static bool session_state_begin_slot(const struct session_states *states, struct session_state *entry, size_t nth)
{
	void *per_session = states->slots[nth].is_apart ? budget_new(states->memory, states->slots[nth].size) : NULL;
	if (states->slots[nth].is_apart && !per_session)
		return false;
	if (per_session)
		memcpy((char *)entry->content + states->slots[nth].at, &per_session, sizeof per_session);
	entry->taken |= UINT64_C(1) << nth;
	return true;
}

void *session_state_of(const struct state_slot *slot, const struct session *session)
{
	struct session_state *entry = session_states_lookup(slot->states, session);
	if (!entry && !(entry = session_states_add(slot->states, session)))
		return NULL;
	if (!(entry->taken & UINT64_C(1) << slot->nth) && !session_state_begin_slot(slot->states, entry, slot->nth))
		return NULL;
	return session_state_at(entry, slot->states, slot->nth);
}

void *session_state_find(const struct state_slot *slot, const struct session *session)
{
	struct session_state *entry = session_states_lookup(slot->states, session);
	return entry ? session_state_at(entry, slot->states, slot->nth) : NULL;
}

bool session_states_has(struct session_states *states, const struct session *session)
{
	return session_states_lookup(states, session);
}

void session_states_forget(struct session_states *states, const struct session *session)
{
	struct session_state *entry = session_states_lookup(states, session);
	if (!entry)
		return;
	states->last = NULL;
	HASH_DEL(states->by_number, entry);
	session_states_free_one(states, entry);
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
