/*
 * ack-missing: an event with an ack id that was never acknowledged.
 *
 * Seen: the id, and no ack with it in the other direction until the session ended: for longer than either side waits by
 * its own rules; or, only possibly, for long, or while a later event of the same name was acknowledged, many times
 * faster. What else it could be: a handler that works for long. Ruled out: a session that ended before that; ids beyond
 * those that are kept; an ack that may lie where bytes of the other direction were not captured, or could not be read.
 */
#include "detect/detector.h"

#include <stdlib.h>

enum { ACKS_KEPT = 16 };

struct ack_waiting {
	uint64_t index, packet;
	timestamp time;
	enum direction direction;
	char id[32], name[32]; /* their beginnings */
	timestamp faster;      /* the slowest of the later ones of its name that were acknowledged; 0: none was */
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

/* Those of the same name that were asked before, and wait still, were overtaken. */
static void acks_note_overtaken(struct acks_note *note, size_t answered, timestamp took)
{
	for (size_t i = 0; i < answered; i++) {
		struct ack_waiting *waiting = &note->waiting[i];
		if (waiting->direction == note->waiting[answered].direction &&
		    strcmp(waiting->name, note->waiting[answered].name) == 0 && waiting->faster < took)
			waiting->faster = took;
	}
}

static void acks_note_answer(struct acks_note *note, const struct event *event)
{
	for (size_t i = 0; i < note->count; i++)
		if (note->waiting[i].index == event->answers) {
			acks_note_overtaken(note, i, event->time - note->waiting[i].time);
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
		acks_note_answer(note, event);
}

static bool acks_is_strange(const struct ack_waiting *waiting, timestamp waited)
{
	return waited >= threshold_time(THRESHOLD_ACK_SLOW) ||
	       (waited >= threshold_time(THRESHOLD_ACK_WAIT) && waiting->faster &&
	           waited > (timestamp)threshold_count(THRESHOLD_ANSWER_SLOWER) * waiting->faster);
}

static void acks_tell(
    struct detector_state *state, const struct session *session, const struct ack_waiting *waiting, timestamp waited)
{
	char span[TIMESTAMP_TEXT_SIZE], faster[TIMESTAMP_TEXT_SIZE];
	bool sure = waited >= threshold_time(THRESHOLD_ACK_LIMIT);
	const char *silent = direction_sender(direction_other(waiting->direction));
	struct finding *finding = findings_claim(state->findings, CODE_ACK_MISSING,
	    sure ? detector_absence(session) : CONFIDENCE_POSSIBLE, session, NULL, silent);
	if (!finding)
		return;
	if (finding->count == 1)
		finding->time = waiting->time;
	finding_say(state->findings, finding, "the %s did not acknowledge event %s (ack id %s) in %s%s%s", silent,
	    waiting->name, waiting->id, timestamp_format_span(waited, span),
	    waiting->faster ? "; a later one of that name was, after " : "",
	    waiting->faster ? timestamp_format_span(waiting->faster, faster) : "");
	if (!sure)
		finding_doubt(state->findings, finding, "a handler that works for long looks the same");
	finding_prove(state->findings, finding, waiting->packet, waiting->packet, "event %s", waiting->name);
	detector_doubt_absence(state->findings, finding, session);
}

static void acks_judge_session(void *self, const struct session *session)
{
	struct detector_state *state = self;
	const struct acks_note *note = notes_find(&state->notes, session);
	timestamp end = session_end(session);
	for (size_t i = 0; note && i < note->count; i++)
		if (acks_is_strange(&note->waiting[i], end - note->waiting[i].time))
			acks_tell(state, session, &note->waiting[i], end - note->waiting[i].time);
}

const struct detector detector_acks = {
    .note_size = sizeof(struct acks_note),
    .empty_note = acks_empty_note,
    .event = acks_take_event,
    .session_over = acks_judge_session,
};
