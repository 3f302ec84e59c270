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
 * long, as one of several kinds of job. An event called exception that comes at once, and says so itself (NestJS),
 * takes the acknowledgement's place. Also: the same event, sent again and again since nothing acknowledges it, as
 * socket.io-client's option `retries` does; what else it could be: a handler that works for long, and somebody who does
 * not wait for it, so it is only possible while the first of them has waited for less than handlers take. Ruled out: a
 * session that ended before that; ids beyond those that are kept; an ack that may lie where bytes of the other
 * direction were not captured, or could not be read.
 */

enum { ACKS_KEPT = 16, ACKS_NAMES = 8, ACKS_NAME = 32, ACKS_SAID = 80 };

struct ack_waiting {
	uint64_t index, packet;
	timestamp time;
	enum direction direction;
	char id[32], name[ACKS_NAME]; /* their beginnings */
	uint64_t digest;              /* of its name and data */
	unsigned again;               /* how often the same was sent before, and waits still */
	timestamp first;              /* when it was sent for the first time */
	timestamp faster;   /* the slowest of the later ones of its name that were acknowledged; 0: none was */
	uint64_t exception; /* the packet of an event that says that its handler threw; 0: none */
	char said[ACKS_SAID];
};

/* How long the acknowledgements of one name took at most. */
struct ack_statistics {
	char name[ACKS_NAME];
	enum direction direction;
	timestamp slowest;
};

struct acks_session {
	struct ack_waiting *waiting; /* oldest first; room for ACKS_KEPT, once there was one */
	size_t count;
	struct ack_statistics *names; /* of the first names; room for ACKS_NAMES, once one was acknowledged */
	size_t name_count;
};

static void acks_free_session(void *self)
{
	struct acks_session *per_session = self;
	budget_release(per_session->waiting);
	budget_release(per_session->names);
}

static void acks_remove(struct acks_session *per_session, size_t which)
{
	per_session->count--;
	memmove(&per_session->waiting[which], &per_session->waiting[which + 1],
	    (per_session->count - which) * sizeof *per_session->waiting);
}

/* Into zeroed memory. */
static void acks_copy(char *text, size_t size, struct slice from)
{
	from = slice_take(from, size - 1);
	if (from.len)
		memcpy(text, from.at, from.len);
}

/* What is sent again waits behind what was sent before, for as long as the client waits for its acknowledgement. */
static void acks_note_again(const struct acks_session *per_session, struct ack_waiting *waiting)
{
	for (const struct ack_waiting *before = waiting; before-- > per_session->waiting;) {
		if (before->direction != waiting->direction || before->digest != waiting->digest)
			continue;
		if (waiting->time - before->time >= threshold_time(THRESHOLD_ACK_AGAIN)) {
			waiting->again = before->again + 1;
			waiting->first = before->first;
		}
		return;
	}
}

static void acks_note_event(struct detector_state *state, struct acks_session *per_session, const struct event *event)
{
	if (!per_session->waiting)
		per_session->waiting = budget_new(&state->findings->memory, ACKS_KEPT * sizeof *per_session->waiting);
	if (!per_session->waiting)
		return;
	if (per_session->count == ACKS_KEPT)
		acks_remove(per_session, 0);
	struct ack_waiting *waiting = &per_session->waiting[per_session->count++];
	*waiting = (struct ack_waiting){
	    .index = event->index,
	    .packet = event->origin.last,
	    .time = event->origin.time,
	    .first = event->origin.time,
	    .direction = event->direction,
	    .digest = fnv_digest(event_packet(event)->data) ^ fnv_digest(event_packet(event)->name) << 1,
	};
	acks_note_again(per_session, waiting);
	acks_copy(waiting->id, sizeof waiting->id, event_packet(event)->ack);
	acks_copy(waiting->name, sizeof waiting->name, event_packet(event)->name);
}

/* Those of the same name that were asked before, and wait still, were overtaken. */
static void acks_note_overtaken(struct acks_session *per_session, size_t answered, timestamp took)
{
	for (size_t i = 0; i < answered; i++) {
		struct ack_waiting *waiting = &per_session->waiting[i];
		if (waiting->direction == per_session->waiting[answered].direction &&
		    strcmp(waiting->name, per_session->waiting[answered].name) == 0 && waiting->faster < took)
			waiting->faster = took;
	}
}

static struct ack_statistics *acks_statistics_of(
    const struct acks_session *per_session, const struct ack_waiting *waiting)
{
	for (size_t i = 0; i < per_session->name_count; i++)
		if (per_session->names[i].direction == waiting->direction &&
		    strcmp(per_session->names[i].name, waiting->name) == 0)
			return &per_session->names[i];
	return NULL;
}

static void acks_note_statistics(
    struct detector_state *state, struct acks_session *per_session, const struct ack_waiting *answered, timestamp took)
{
	struct ack_statistics *statistics = acks_statistics_of(per_session, answered);
	if (!per_session->names)
		per_session->names = budget_new(&state->findings->memory, ACKS_NAMES * sizeof *per_session->names);
	if (!per_session->names || (!statistics && per_session->name_count == ACKS_NAMES))
		return;
	if (!statistics) {
		statistics = &per_session->names[per_session->name_count++];
		memcpy(statistics->name, answered->name, sizeof statistics->name);
		statistics->direction = answered->direction;
	}
	if (took > statistics->slowest)
		statistics->slowest = took;
}

static void acks_note_answer(struct detector_state *state, struct acks_session *per_session, const struct event *event)
{
	for (size_t i = 0; i < per_session->count; i++)
		if (per_session->waiting[i].index == event->answers) {
			acks_note_statistics(state, per_session, &per_session->waiting[i],
			    event->origin.time - per_session->waiting[i].time);
			acks_note_overtaken(per_session, i, event->origin.time - per_session->waiting[i].time);
			acks_remove(per_session, i);
			return;
		}
}

/* Where an ack may have been: what waits for one of that direction is not known to wait any more. */
static void acks_forget(struct acks_session *per_session, enum direction hidden)
{
	for (size_t i = per_session->count; i-- > 0;)
		if (per_session->waiting[i].direction != hidden)
			acks_remove(per_session, i);
}

/* An exchange is incomplete when its end never came, too; of a body that is cut, its packets show it. */
static bool acks_may_hide(const struct event *event)
{
	return event->kind == EVENT_GAP || event->kind == EVENT_MALFORMED ||
	       (event->kind != EVENT_HTTP && (event->incomplete || event->unreadable));
}

static void acks_look_for_holes(struct detector_state *state, const struct event *event)
{
	struct acks_session *per_session = acks_may_hide(event) ? session_state_find(&state->sessions, event->session)
	                                                        : NULL;
	if (per_session)
		acks_forget(per_session, event->direction);
}

/* NestJS sends what a handler threw as an event "exception" with a status "error" (@nestjs/websockets
 * base-ws-exception-filter.ts), and no acknowledgement: to the event that it handled, the latest that waits. */
static void acks_note_exception(struct detector_state *state, const struct event *event)
{
	struct slice data = event_packet(event)->data;
	bool thrown = event->kind == EVENT_EVENT && slice_find(event_packet(event)->name, SLICE("exception")) <= 1 &&
	              event_packet(event)->name.len <= strlen("\"exception\"") &&
	              slice_find(data, SLICE("\"status\":\"error\"")) < data.len;
	struct acks_session *per_session = thrown && event->session
	                                       ? session_state_find(&state->sessions, event->session)
	                                       : NULL;
	struct ack_waiting *waiting = per_session && per_session->count ? &per_session->waiting[per_session->count - 1]
	                                                                : NULL;
	if (!waiting || waiting->direction == event->direction || waiting->exception ||
	    event->origin.time - waiting->time > threshold_time(THRESHOLD_EXCEPTION_SOON))
		return;
	waiting->exception = event->origin.last;
	acks_copy(waiting->said, sizeof waiting->said, data);
}

static void acks_take_event(void *self, const struct event *event)
{
	struct detector_state *state = self;
	bool asks = event->kind == EVENT_EVENT && event_packet(event)->ack.len;
	if (event->session)
		acks_look_for_holes(state, event);
	acks_note_exception(state, event);
	if (!event->session || (!asks && (event->kind != EVENT_ACK || !event->answers)))
		return;
	struct acks_session *per_session = session_state_of(&state->sessions, event->session);
	if (!per_session)
		return;
	if (asks)
		acks_note_event(state, per_session, event);
	else
		acks_note_answer(state, per_session, event);
}

static bool acks_is_slower(timestamp waited, timestamp than)
{
	return than && waited >= threshold_time(THRESHOLD_ACK_WAIT) &&
	       waited > (timestamp)threshold_count(THRESHOLD_ANSWER_SLOWER) * than;
}

/* That of the name which were acknowledged, where several wait for so much longer; NULL: there is no such. */
static const struct ack_statistics *acks_broken_statistics(
    const struct acks_session *per_session, const struct ack_waiting *waiting, timestamp end)
{
	const struct ack_statistics *statistics = acks_statistics_of(per_session, waiting);
	uint64_t slower = 0;
	for (size_t i = 0; statistics && i < per_session->count; i++)
		slower += acks_statistics_of(per_session, &per_session->waiting[i]) == statistics &&
		          acks_is_slower(end - per_session->waiting[i].time, statistics->slowest);
	return slower >= threshold_count(THRESHOLD_ACK_SEVERAL) ? statistics : NULL;
}

/* So often, and none of that name ever came. */
static bool acks_is_repeated(const struct acks_session *per_session, const struct ack_waiting *waiting)
{
	return waiting->again >= threshold_count(THRESHOLD_ACK_REPEATS) && !acks_statistics_of(per_session, waiting);
}

static bool acks_is_strange(const struct acks_session *per_session, const struct ack_waiting *waiting, timestamp end)
{
	timestamp waited = end - waiting->time;
	const struct ack_statistics *statistics = acks_broken_statistics(per_session, waiting, end);
	return waited >= threshold_time(THRESHOLD_ACK_SLOW) || acks_is_slower(waited, waiting->faster) ||
	       (statistics && acks_is_slower(waited, statistics->slowest));
}

static void acks_report_exception(
    struct detector_state *state, const struct session *session, const struct ack_waiting *waiting)
{
	struct finding *finding = findings_claim(
	    state->findings, CODE_ACK_MISSING, detector_absence(session), session, NULL, waiting->name);
	if (!finding)
		return;
	if (finding->count == 1)
		finding_begin_at(finding, waiting->time);
	finding_prove(
	    state->findings, finding, ORIGIN_AT(session->seen_in, waiting->packet), "event %s", waiting->name);
	finding_prove(state->findings, finding, ORIGIN_AT(session->seen_in, waiting->exception), "event exception");
	if (finding->count > 1)
		return;
	finding_say(state->findings, finding,
	    "the server sent the event exception (%s) in place of the acknowledgement of event %s (ack id %s)",
	    waiting->said, waiting->name, waiting->id);
	finding_set_cause(state->findings, finding, CAUSE_EXCEPTION, NULL);
	detector_doubt_absence(state->findings, finding, session);
}

static void acks_report_repeated(
    struct detector_state *state, const struct session *session, const struct ack_waiting *waiting, timestamp end)
{
	char span[TIMESTAMP_TEXT_SIZE];
	const char *sender = direction_sender(waiting->direction);
	bool sure = end - waiting->first >= threshold_time(THRESHOLD_ACK_SLOW);
	struct finding *finding = findings_claim(state->findings, CODE_ACK_MISSING,
	    sure ? detector_absence(session) : CONFIDENCE_POSSIBLE, session, NULL, "sent again");
	if (!finding)
		return;
	finding_prove(state->findings, finding, ORIGIN_AT(session->seen_in, waiting->packet), "event %s, sent again",
	    waiting->name);
	if (finding->count > 1)
		return;
	finding_begin_at(finding, waiting->first);
	finding_say(state->findings, finding,
	    "the %s sent event %s %u times with the same data in %s, each time with another ack id, and the %s "
	    "acknowledged none",
	    sender, waiting->name, waiting->again + 1, timestamp_format_span(waiting->time - waiting->first, span),
	    direction_sender(direction_other(waiting->direction)));
	finding_set_cause(state->findings, finding, CAUSE_SENT_AGAIN, NULL);
	if (!sure)
		finding_doubt(state->findings, finding,
		    "a handler that works for long, and a user who asks again, look the same");
	detector_doubt_absence(state->findings, finding, session);
}

static void acks_report(struct detector_state *state, const struct session *session,
    const struct acks_session *per_session, const struct ack_waiting *waiting, timestamp waited)
{
	char span[TIMESTAMP_TEXT_SIZE], faster[TIMESTAMP_TEXT_SIZE];
	const struct ack_statistics *statistics = acks_statistics_of(per_session, waiting);
	bool sure = waited >= threshold_time(THRESHOLD_ACK_LIMIT);
	const char *silent = direction_sender(direction_other(waiting->direction));
	struct finding *finding = findings_claim(state->findings, CODE_ACK_MISSING,
	    sure ? detector_absence(session) : CONFIDENCE_POSSIBLE, session, NULL, silent);
	if (!finding)
		return;
	if (finding->count == 1)
		finding_begin_at(finding, waiting->time);
	finding_say(state->findings, finding, "the %s did not acknowledge event %s (ack id %s) in %s%s%s", silent,
	    waiting->name, waiting->id, timestamp_format_span(waited, span),
	    waiting->faster ? "; a later one of that name was, after "
	    : statistics    ? "; one before of that name was, after "
	                    : "",
	    waiting->faster ? timestamp_format_span(waiting->faster, faster)
	    : statistics    ? timestamp_format_span(statistics->slowest, faster)
	                    : "");
	if (!sure)
		finding_doubt(state->findings, finding, "a handler that works for long looks the same");
	finding_prove(
	    state->findings, finding, ORIGIN_AT(session->seen_in, waiting->packet), "event %s", waiting->name);
	detector_doubt_absence(state->findings, finding, session);
}

static void acks_judge(
    struct detector_state *state, const struct session *session, const struct acks_session *per_session, size_t which)
{
	const struct ack_waiting *waiting = &per_session->waiting[which];
	timestamp end = session_end(session);
	if (waiting->exception)
		acks_report_exception(state, session, waiting);
	else if (acks_is_repeated(per_session, waiting))
		acks_report_repeated(state, session, waiting, end);
	else if (acks_is_strange(per_session, waiting, end))
		acks_report(state, session, per_session, waiting, end - waiting->time);
}

static void acks_judge_session(void *self, const struct session *session)
{
	const struct acks_session *per_session = session_state_find(
	    &((struct detector_state *)self)->sessions, session);
	for (size_t i = 0; per_session && i < per_session->count; i++)
		acks_judge(self, session, per_session, i);
}

const struct detector detector_acks = {
    .judges_absence = true,
    .session_size = sizeof(struct acks_session),
    .free_session = acks_free_session,
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
struct name_statistics {
	char key[ANSWERS_KEY];                /* its first byte is the direction */
	const struct name_statistics *answer; /* with which the first of the client's was answered; NULL: none was */
	uint64_t unasked;                     /* of the server's: how often it answered nothing */
	uint64_t answered, unanswered;
	uint64_t overtaken; /* of the client's: by its next event, before they could be called unanswered */
	timestamp longest;
	UT_hash_handle hh;
};

struct answers_session {
	struct name_statistics *statistics; /* of the event that waits; NULL: none */
	timestamp time;
	uint64_t packet;
};

struct answers {
	struct detector_state state;
	struct name_statistics *names;
};

static struct name_statistics *answers_statistics_of(struct answers *answers, const struct event *event)
{
	char key[ANSWERS_KEY], server[ENDPOINT_TEXT_SIZE];
	struct name_statistics *statistics = NULL;
	struct slice nsp = slice_take(event_packet(event)->nsp, 40), name = slice_take(event_packet(event)->name, 60);
	snprintf(key, sizeof key, "%c%.*s in namespace %.*s at %s", event->direction == DIRECTION_TO_SERVER ? '>' : '<',
	    (int)name.len, (const char *)name.at, (int)nsp.len, (const char *)nsp.at,
	    endpoint_format(&event->session->server, server));
	HASH_FIND_STR(answers->names, key, statistics);
	if (statistics || HASH_COUNT(answers->names) == ANSWERS_NAMES ||
	    !(statistics = budget_new(&answers->state.findings->memory, sizeof *statistics)))
		return statistics;
	memcpy(statistics->key, key, sizeof key);
	HASH_ADD_STR(answers->names, key, statistics);
	if (hash_has(statistics))
		return statistics;
	budget_note_refusal(&answers->state.findings->memory);
	budget_release(statistics);
	return NULL;
}

/* What the server sends answers the event that waits when it is of the name that answered the others. */
static void answers_take_push(struct answers_session *per_session, struct name_statistics *push, timestamp time)
{
	timestamp latency = time - per_session->time;
	if (!per_session->statistics || (per_session->statistics->answer && per_session->statistics->answer != push)) {
		push->unasked++;
		return;
	}
	per_session->statistics->answer = push;
	per_session->statistics->answered++;
	if (latency > per_session->statistics->longest)
		per_session->statistics->longest = latency;
	per_session->statistics = NULL;
}

static bool answers_is_strange(const struct answers_session *per_session, timestamp waited)
{
	const struct name_statistics *statistics = per_session->statistics;
	return waited >= threshold_time(THRESHOLD_ANSWER_WAIT) && statistics->answer && !statistics->answer->unasked &&
	       statistics->answered >= threshold_count(THRESHOLD_ANSWER_HABIT) && statistics->unanswered == 1 &&
	       !statistics->overtaken &&
	       waited > (timestamp)threshold_count(THRESHOLD_ANSWER_SLOWER) * statistics->longest;
}

static void answers_report(
    struct answers *answers, const struct answers_session *per_session, const struct session *session, timestamp waited)
{
	struct findings *findings = answers->state.findings;
	char span[TIMESTAMP_TEXT_SIZE], longest[TIMESTAMP_TEXT_SIZE];
	struct finding *finding = findings_claim(
	    findings, CODE_EVENT_UNANSWERED, CONFIDENCE_POSSIBLE, session, NULL, per_session->statistics->key + 1);
	if (!finding)
		return;
	finding_begin_at(finding, per_session->time);
	finding_say(findings, finding, "event %s was not answered in %s; all %llu others were, the slowest after %s",
	    per_session->statistics->key + 1, timestamp_format_span(waited, span),
	    (unsigned long long)per_session->statistics->answered,
	    timestamp_format_span(per_session->statistics->longest, longest));
	finding_doubt(findings, finding, "that is a habit seen in this capture, not a rule of the application");
	finding_prove(findings, finding, ORIGIN_AT(session->seen_in, per_session->packet), "the event");
}

/* Nothing answered it until `now`: before the client's next event, or the session's end. */
static void answers_give_up(
    struct answers *answers, struct answers_session *per_session, const struct session *session, timestamp now)
{
	timestamp waited = now - per_session->time;
	if (waited >= threshold_time(THRESHOLD_ANSWER_WAIT))
		per_session->statistics->unanswered++;
	else
		per_session->statistics->overtaken++;
	if (answers_is_strange(per_session, waited))
		answers_report(answers, per_session, session, waited);
	per_session->statistics = NULL;
}

static bool answers_concern(const struct event *event)
{
	return event->kind == EVENT_EVENT && event->session && event_packet(event)->name.len &&
	       !event_packet(event)->ack.len && !plugin_owns(event);
}

/* The request that carried the event was not taken: that is what is reported then. */
static bool answers_was_not_taken(const struct answers_session *per_session, const struct event *event)
{
	const struct exchange *exchange = event->exchange;
	return per_session->statistics && per_session->packet >= exchange->request.origin.first &&
	       per_session->packet <= exchange->request.origin.last &&
	       (exchange->state != EXCHANGE_ANSWERED || exchange->status >= 400);
}

static void answers_take_event(void *self, const struct event *event)
{
	struct answers *answers = self;
	struct answers_session *posted = event->kind == EVENT_HTTP && event->session
	                                     ? session_state_find(&answers->state.sessions, event->session)
	                                     : NULL;
	if (posted && answers_was_not_taken(posted, event))
		posted->statistics = NULL;
	if (!answers_concern(event))
		return;
	struct answers_session *per_session = session_state_of(&answers->state.sessions, event->session);
	if (!per_session)
		return;
	struct name_statistics *statistics = answers_statistics_of(answers, event);
	if (event->direction == DIRECTION_TO_CLIENT) {
		if (statistics)
			answers_take_push(per_session, statistics, event->origin.time);
		return;
	}
	if (per_session->statistics)
		answers_give_up(answers, per_session, event->session, event->origin.time);
	*per_session = (struct answers_session){statistics, event->origin.time, event->origin.last};
}

static void answers_judge_session(void *self, const struct session *session)
{
	struct answers *answers = self;
	struct answers_session *per_session = session_state_find(&answers->state.sessions, session);
	if (per_session && per_session->statistics)
		answers_give_up(answers, per_session, session, session_end(session));
}

static void answers_free(void *self)
{
	struct answers *answers = self;
	struct name_statistics *statistics, *next;
	if (!answers)
		return;
	HASH_ITER(hh, answers->names, statistics, next)
	{
		HASH_DEL(answers->names, statistics);
		budget_release(statistics);
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
    .session_size = sizeof(struct answers_session),
    .new = answers_new,
    .free = answers_free,
    .event = answers_take_event,
    .session_over = answers_judge_session,
};
