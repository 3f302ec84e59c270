/*
 * event-unanswered, for applications of any kind: learned from what the application does.
 *
 * Seen: events of one name that the server answers, each time, with an event of one other name in the same namespace
 * before the client's next one; and one of that name that nothing answers while the session lives on. What else it
 * could be: an application that need not answer. So it is claimed only after several others were answered without
 * exception, much faster than this one waited, and only as possible; how many and how fast is said. Ruled out: pushes,
 * whose names also come where nobody asked. Left out: events with an ack id (acks.c) and those whose rules a plug-in
 * knows (plugin_owns).
 */
#include "base/hash.h"
#include "base/json.h"
#include "detect/detector.h"

#include <stdio.h>
#include <stdlib.h>

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
	struct slice nsp = slice_take(event->nsp, 40), name = slice_take(event->name, 60);
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
	free(habit);
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
	finding_prove(findings, finding, note->packet, note->packet, "the event");
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
	return event->kind == EVENT_EVENT && event->session && event->name.len && !event->ack.len &&
	       !plugin_owns(event);
}

static void answers_take_event(void *self, const struct event *event)
{
	struct answers *answers = self;
	if (!answers_concern(event))
		return;
	struct answers_note *note = notes_of(&answers->state.notes, event->session);
	if (!note)
		return;
	struct habit *habit = answers_habit_of(answers, event);
	if (event->direction == DIRECTION_TO_CLIENT) {
		if (habit)
			answers_take_push(note, habit, event->time);
		return;
	}
	if (note->habit)
		answers_give_up(answers, note, event->session, event->time);
	*note = (struct answers_note){habit, event->time, event->last_packet};
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
		free(habit);
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
    .note_size = sizeof(struct answers_note),
    .new = answers_new,
    .free = answers_free,
    .event = answers_take_event,
    .session_over = answers_judge_session,
};
