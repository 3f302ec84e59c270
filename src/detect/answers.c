/*
 * What is asked and gets no answer inside a session: ack-missing (an event with an ack id), event-unanswered (an event
 * of a name that the application otherwise answers).
 */
#include "base/hash.h"
#include "base/json.h"
#include "detect/detector.h"

#include <stdio.h>
#include <stdlib.h>

/* ---- acks */

/*
 * ack-missing: an event with an ack id that was never acknowledged.
 *
 * Seen: the id, and no ack with it in the other direction until the session ended: for longer than either side waits by
 * its own rules; or, only possibly, for long, or while a later event of the same name was acknowledged, many times
 * faster; or one before was, so much faster, and several wait in vain. What else it could be: a handler that works for
 * long, as one of several kinds of job. Ruled out: a session that ended before that; ids beyond
 * those that are kept; an ack that may lie where bytes of the other direction were not captured, or could not be read.
 */

enum { ACKS_KEPT = 16, ACKS_NAMES = 8, ACKS_NAME = 32 };

struct ack_waiting {
	uint64_t index, packet;
	timestamp time;
	enum direction direction;
	char id[32], name[ACKS_NAME]; /* their beginnings */
	timestamp faster; /* the slowest of the later ones of its name that were acknowledged; 0: none was */
};

/* How long the acknowledgements of one name took at most. */
struct ack_habit {
	char name[ACKS_NAME];
	enum direction direction;
	timestamp slowest;
};

struct acks_note {
	struct ack_waiting *waiting; /* oldest first; room for ACKS_KEPT, once there was one */
	size_t count;
	struct ack_habit *habits; /* of the first names; room for ACKS_NAMES, once one was acknowledged */
	size_t habit_count;
};

static void acks_empty_note(void *self)
{
	struct acks_note *note = self;
	budget_release(note->waiting);
	budget_release(note->habits);
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
	    .packet = event->origin.last,
	    .time = event->origin.time,
	    .direction = event->direction,
	};
	acks_copy(waiting->id, sizeof waiting->id, event_packet(event)->ack);
	acks_copy(waiting->name, sizeof waiting->name, event_packet(event)->name);
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

static struct ack_habit *acks_habit_of(const struct acks_note *note, const struct ack_waiting *waiting)
{
	for (size_t i = 0; i < note->habit_count; i++)
		if (note->habits[i].direction == waiting->direction && strcmp(note->habits[i].name, waiting->name) == 0)
			return &note->habits[i];
	return NULL;
}

static void acks_note_habit(
    struct detector_state *state, struct acks_note *note, const struct ack_waiting *answered, timestamp took)
{
	struct ack_habit *habit = acks_habit_of(note, answered);
	if (!note->habits)
		note->habits = budget_new(&state->findings->memory, ACKS_NAMES * sizeof *note->habits);
	if (!note->habits || (!habit && note->habit_count == ACKS_NAMES))
		return;
	if (!habit) {
		habit = &note->habits[note->habit_count++];
		memcpy(habit->name, answered->name, sizeof habit->name);
		habit->direction = answered->direction;
	}
	if (took > habit->slowest)
		habit->slowest = took;
}

static void acks_note_answer(struct detector_state *state, struct acks_note *note, const struct event *event)
{
	for (size_t i = 0; i < note->count; i++)
		if (note->waiting[i].index == event->answers) {
			acks_note_habit(state, note, &note->waiting[i], event->origin.time - note->waiting[i].time);
			acks_note_overtaken(note, i, event->origin.time - note->waiting[i].time);
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
	bool asks = event->kind == EVENT_EVENT && event_packet(event)->ack.len;
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
		acks_note_answer(state, note, event);
}

static bool acks_is_slower(timestamp waited, timestamp than)
{
	return than && waited >= threshold_time(THRESHOLD_ACK_WAIT) &&
	       waited > (timestamp)threshold_count(THRESHOLD_ANSWER_SLOWER) * than;
}

/* That of the name which were acknowledged, where several wait for so much longer; NULL: there is no such. */
static const struct ack_habit *acks_broken_habit(
    const struct acks_note *note, const struct ack_waiting *waiting, timestamp end)
{
	const struct ack_habit *habit = acks_habit_of(note, waiting);
	uint64_t slower = 0;
	for (size_t i = 0; habit && i < note->count; i++)
		slower += acks_habit_of(note, &note->waiting[i]) == habit &&
		          acks_is_slower(end - note->waiting[i].time, habit->slowest);
	return slower >= threshold_count(THRESHOLD_ACK_SEVERAL) ? habit : NULL;
}

static bool acks_is_strange(const struct acks_note *note, const struct ack_waiting *waiting, timestamp end)
{
	timestamp waited = end - waiting->time;
	const struct ack_habit *habit = acks_broken_habit(note, waiting, end);
	return waited >= threshold_time(THRESHOLD_ACK_SLOW) || acks_is_slower(waited, waiting->faster) ||
	       (habit && acks_is_slower(waited, habit->slowest));
}

static void acks_tell(struct detector_state *state, const struct session *session, const struct acks_note *note,
    const struct ack_waiting *waiting, timestamp waited)
{
	char span[TIMESTAMP_TEXT_SIZE], faster[TIMESTAMP_TEXT_SIZE];
	const struct ack_habit *habit = acks_habit_of(note, waiting);
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
	    waiting->faster ? "; a later one of that name was, after "
	    : habit         ? "; one before of that name was, after "
	                    : "",
	    waiting->faster ? timestamp_format_span(waiting->faster, faster)
	    : habit         ? timestamp_format_span(habit->slowest, faster)
	                    : "");
	if (!sure)
		finding_doubt(state->findings, finding, "a handler that works for long looks the same");
	finding_prove(
	    state->findings, finding, ORIGIN_AT(session->seen_in, waiting->packet), "event %s", waiting->name);
	detector_doubt_absence(state->findings, finding, session);
}

static void acks_judge_session(void *self, const struct session *session)
{
	struct detector_state *state = self;
	const struct acks_note *note = notes_find(&state->notes, session);
	timestamp end = session_end(session);
	for (size_t i = 0; note && i < note->count; i++)
		if (acks_is_strange(note, &note->waiting[i], end))
			acks_tell(state, session, note, &note->waiting[i], end - note->waiting[i].time);
}

const struct detector detector_acks = {
    .judges_absence = true,
    .note_size = sizeof(struct acks_note),
    .empty_note = acks_empty_note,
    .event = acks_take_event,
    .session_over = acks_judge_session,
};

/* ---- answers */

/*
 * event-unanswered, for applications of any kind: learned from what the application does.
 *
 * Seen: events of one name that the server answers, each time, with an event of one other name in the same namespace
 * before the client's next one; and one of that name that nothing answers while the session lives on. What else it
 * could be: an application that need not answer. So it is claimed only after several others were answered without
 * exception, much faster than this one waited, and only as possible; how many and how fast is said. Ruled out: pushes,
 * whose names also come where nobody asked; an event whose request the server did not take, or not answer. Left out:
 * events with an ack id (above) and those whose rules a plug-in knows (plugin_owns).
 */

enum { ANSWERS_NAMES = 512, ANSWERS_KEY = 160 };

/* How the application treats events of one name and direction. */
struct habit {
	char key[ANSWERS_KEY];      /* its first byte is the direction */
	const struct habit *answer; /* with which the first of the client's was answered; NULL: none was */
	uint64_t unasked;           /* of the server's: how often it answered nothing */
	uint64_t answered, unanswered;
	uint64_t overtaken; /* of the client's: by its next event, before they could be called unanswered */
	timestamp longest;
	UT_hash_handle hh;
};

struct answers_note {
	struct habit *habit; /* of the event that waits; NULL: none */
	timestamp time;
	uint64_t packet;
};

struct answers {
	struct detector_state state;
	struct habit *habits;
};

static struct habit *answers_habit_of(struct answers *answers, const struct event *event)
{
	char key[ANSWERS_KEY], server[ENDPOINT_TEXT_SIZE];
	struct habit *habit = NULL;
	struct slice nsp = slice_take(event_packet(event)->nsp, 40), name = slice_take(event_packet(event)->name, 60);
	snprintf(key, sizeof key, "%c%.*s in namespace %.*s at %s", event->direction == DIRECTION_TO_SERVER ? '>' : '<',
	    (int)name.len, (const char *)name.at, (int)nsp.len, (const char *)nsp.at,
	    endpoint_format(&event->session->server, server));
	HASH_FIND_STR(answers->habits, key, habit);
	if (habit || HASH_COUNT(answers->habits) == ANSWERS_NAMES ||
	    !(habit = budget_new(&answers->state.findings->memory, sizeof *habit)))
		return habit;
	memcpy(habit->key, key, sizeof key);
	HASH_ADD_STR(answers->habits, key, habit);
	if (hash_has(habit))
		return habit;
	budget_note_refusal(&answers->state.findings->memory);
	budget_release(habit);
	return NULL;
}

/* What the server sends answers the event that waits when it is of the name that answered the others. */
static void answers_take_push(struct answers_note *note, struct habit *push, timestamp time)
{
	timestamp latency = time - note->time;
	if (!note->habit || (note->habit->answer && note->habit->answer != push)) {
		push->unasked++;
		return;
	}
	note->habit->answer = push;
	note->habit->answered++;
	if (latency > note->habit->longest)
		note->habit->longest = latency;
	note->habit = NULL;
}

static bool answers_is_strange(const struct answers_note *note, timestamp waited)
{
	const struct habit *habit = note->habit;
	return waited >= threshold_time(THRESHOLD_ANSWER_WAIT) && habit->answer && !habit->answer->unasked &&
	       habit->answered >= threshold_count(THRESHOLD_ANSWER_HABIT) && habit->unanswered == 1 &&
	       !habit->overtaken && waited > (timestamp)threshold_count(THRESHOLD_ANSWER_SLOWER) * habit->longest;
}

static void answers_tell(
    struct answers *answers, const struct answers_note *note, const struct session *session, timestamp waited)
{
	struct findings *findings = answers->state.findings;
	char span[TIMESTAMP_TEXT_SIZE], longest[TIMESTAMP_TEXT_SIZE];
	struct finding *finding = findings_claim(
	    findings, CODE_EVENT_UNANSWERED, CONFIDENCE_POSSIBLE, session, NULL, note->habit->key + 1);
	if (!finding)
		return;
	finding->time = note->time;
	finding_say(findings, finding, "event %s was not answered in %s; all %llu others were, the slowest after %s",
	    note->habit->key + 1, timestamp_format_span(waited, span), (unsigned long long)note->habit->answered,
	    timestamp_format_span(note->habit->longest, longest));
	finding_doubt(findings, finding, "that is a habit seen in this capture, not a rule of the application");
	finding_prove(findings, finding, ORIGIN_AT(session->seen_in, note->packet), "the event");
}

/* Nothing answered it until `now`: before the client's next event, or the session's end. */
static void answers_give_up(
    struct answers *answers, struct answers_note *note, const struct session *session, timestamp now)
{
	timestamp waited = now - note->time;
	if (waited >= threshold_time(THRESHOLD_ANSWER_WAIT))
		note->habit->unanswered++;
	else
		note->habit->overtaken++;
	if (answers_is_strange(note, waited))
		answers_tell(answers, note, session, waited);
	note->habit = NULL;
}

static bool answers_concern(const struct event *event)
{
	return event->kind == EVENT_EVENT && event->session && event_packet(event)->name.len &&
	       !event_packet(event)->ack.len && !plugin_owns(event);
}

/* The request that carried the event was not taken: that is what is reported then. */
static bool answers_was_not_taken(const struct answers_note *note, const struct event *event)
{
	const struct exchange *exchange = event->exchange;
	return note->habit && note->packet >= exchange->request.origin.first &&
	       note->packet <= exchange->request.origin.last &&
	       (exchange->state != EXCHANGE_ANSWERED || exchange->status >= 400);
}

static void answers_take_event(void *self, const struct event *event)
{
	struct answers *answers = self;
	struct answers_note *posted = event->kind == EVENT_HTTP && event->session
	                                  ? notes_find(&answers->state.notes, event->session)
	                                  : NULL;
	if (posted && answers_was_not_taken(posted, event))
		posted->habit = NULL;
	if (!answers_concern(event))
		return;
	struct answers_note *note = notes_of(&answers->state.notes, event->session);
	if (!note)
		return;
	struct habit *habit = answers_habit_of(answers, event);
	if (event->direction == DIRECTION_TO_CLIENT) {
		if (habit)
			answers_take_push(note, habit, event->origin.time);
		return;
	}
	if (note->habit)
		answers_give_up(answers, note, event->session, event->origin.time);
	*note = (struct answers_note){habit, event->origin.time, event->origin.last};
}

static void answers_judge_session(void *self, const struct session *session)
{
	struct answers *answers = self;
	struct answers_note *note = notes_find(&answers->state.notes, session);
	if (note && note->habit)
		answers_give_up(answers, note, session, session_end(session));
}

static void answers_free(void *self)
{
	struct answers *answers = self;
	struct habit *habit, *next;
	if (!answers)
		return;
	HASH_ITER(hh, answers->habits, habit, next)
	{
		HASH_DEL(answers->habits, habit);
		budget_release(habit);
	}
	free(answers);
}

static void *answers_new(const struct detector_state *state)
{
	struct answers *answers = calloc(1, sizeof *answers);
	if (answers)
		answers->state = *state;
	return answers;
}

const struct detector detector_answers = {
    .judges_absence = true,
    .note_size = sizeof(struct answers_note),
    .new = answers_new,
    .free = answers_free,
    .event = answers_take_event,
    .session_over = answers_judge_session,
};
