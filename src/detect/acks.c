/*
 * ack-missing: an event with an ack id that was never acknowledged.
 *
 * Seen: the id, and no ack with it in the other direction until the session ended, some seconds later. Ruled out: a
 * session or namespace that ended soon after the event; ids beyond those that are kept; an ack that may lie where bytes
 * of the other direction were not captured, or could not be read.
 */
#include "detect/detector.h"

#include <stdlib.h>

enum { ACKS_KEPT = 16 };

struct ack_waiting {
	uint64_t index, packet;
	timestamp time;
	enum direction direction;
	char id[32], name[32]; /* their beginnings */
};

struct acks_note {
	struct ack_waiting *waiting; /* oldest first; room for ACKS_KEPT, once there was one */
	size_t count;
};

static void acks_empty_note(void *self)
{
	struct acks_note *note = self;
	free(note->waiting);
}

static void acks_remove(struct acks_note *note, size_t which)
{
	note->count--;
	memmove(&note->waiting[which], &note->waiting[which + 1], (note->count - which) * sizeof *note->waiting);
}

/* Into zeroed memory. */
static void acks_copy(char *text, size_t size, struct slice from)
{
	from = slice_take(from, size - 1);
	if (from.len)
		memcpy(text, from.at, from.len);
}

static void acks_note_event(struct detector_state *state, struct acks_note *note, const struct event *event)
{
	if (!note->waiting)
		note->waiting = budget_new(&state->findings->memory, ACKS_KEPT * sizeof *note->waiting);
	if (!note->waiting)
		return;
	if (note->count == ACKS_KEPT)
		acks_remove(note, 0);
	struct ack_waiting *waiting = &note->waiting[note->count++];
	*waiting = (struct ack_waiting){
	    .index = event->index,
	    .packet = event->last_packet,
	    .time = event->time,
	    .direction = event->direction,
	};
	acks_copy(waiting->id, sizeof waiting->id, event->ack);
	acks_copy(waiting->name, sizeof waiting->name, event->name);
}

static void acks_note_answer(struct acks_note *note, uint64_t index)
{
	for (size_t i = 0; i < note->count; i++)
		if (note->waiting[i].index == index) {
			acks_remove(note, i);
			return;
		}
}

/* Where an ack may have been: what waits for one of that direction is not known to wait any more. */
static void acks_forget(struct acks_note *note, enum direction hidden)
{
	for (size_t i = note->count; i-- > 0;)
		if (note->waiting[i].direction != hidden)
			acks_remove(note, i);
}

/* An exchange is incomplete when its end never came, too; of a body that is cut, its packets tell. */
static bool acks_may_hide(const struct event *event)
{
	return event->kind == EVENT_GAP || event->kind == EVENT_MALFORMED ||
	       (event->kind != EVENT_HTTP && (event->incomplete || event->unreadable));
}

static void acks_look_for_holes(struct detector_state *state, const struct event *event)
{
	struct acks_note *note = acks_may_hide(event) ? notes_find(&state->notes, event->session) : NULL;
	if (note)
		acks_forget(note, event->direction);
}

static void acks_take_event(void *self, const struct event *event)
{
	struct detector_state *state = self;
	bool asks = event->kind == EVENT_EVENT && event->ack.len;
	if (event->session)
		acks_look_for_holes(state, event);
	if (!event->session || (!asks && (event->kind != EVENT_ACK || !event->answers)))
		return;
	struct acks_note *note = notes_of(&state->notes, event->session);
	if (!note)
		return;
	if (asks)
		acks_note_event(state, note, event);
	else
		acks_note_answer(note, event->answers);
}

static void acks_tell(struct detector_state *state, const struct session *session, const struct ack_waiting *waiting)
{
	const char *silent = direction_sender(direction_other(waiting->direction));
	struct finding *finding = findings_claim(
	    state->findings, CODE_ACK_MISSING, detector_absence(session), session, NULL, silent);
	if (!finding)
		return;
	if (finding->count == 1)
		finding->time = waiting->time;
	finding_say(state->findings, finding, "the %s did not acknowledge event %s (ack id %s)", silent, waiting->name,
	    waiting->id);
	finding_prove(state->findings, finding, waiting->packet, waiting->packet, "event %s", waiting->name);
	detector_doubt_absence(state->findings, finding, session);
}

static void acks_judge_session(void *self, const struct session *session)
{
	struct detector_state *state = self;
	const struct acks_note *note = notes_find(&state->notes, session);
	timestamp end = session_end(session);
	for (size_t i = 0; note && i < note->count; i++)
		if (end - note->waiting[i].time >= threshold_time(THRESHOLD_ACK_WAIT))
			acks_tell(state, session, &note->waiting[i]);
}

const struct detector detector_acks = {
    .note_size = sizeof(struct acks_note),
    .empty_note = acks_empty_note,
    .event = acks_take_event,
    .session_over = acks_judge_session,
};
