/* Events and their acks on several legs, and the times between them. */
#include "view/hops.h"

#include "base/hash.h"

#include <stdlib.h>
#include <utlist.h>

enum {
	HOPS_SIGHTINGS = 4096, /* events that wait to be answered, or to be seen on the other legs; the oldest goes */
	HOPS_TIMES = 256,      /* of a session: beyond, every second, fourth, … is kept */
};

/* An event that is an answer, or waits for one, and when it was seen on each leg. */
struct hop_sighting {
	uint64_t index, session, answers;
	enum direction direction;
	size_t count;
	timestamp times[SESSION_LEGS];
	struct hop_sighting *prev, *next;
	UT_hash_handle hh;
};

struct hop_session {
	uint64_t number, count, stride; /* of every `stride`th of `count` the times are kept */
	size_t legs, kept;
	timestamp times[SESSION_LEGS][HOPS_TIMES];
	UT_hash_handle hh;
};

struct hops {
	struct budget *budget;
	struct hop_sighting *by_index, *oldest;
	struct hop_session *sessions;
};

struct hops *hops_new(struct budget *budget)
{
	struct hops *hops = budget_new(budget, sizeof *hops);
	if (hops)
		*hops = (struct hops){.budget = budget};
	return hops;
}

static void hops_forget(struct hops *hops, struct hop_sighting *sighting)
{
	HASH_DEL(hops->by_index, sighting);
	DL_DELETE(hops->oldest, sighting);
	budget_release(sighting);
}

static void hops_forget_session(struct hops *hops, struct hop_session *session)
{
	HASH_DEL(hops->sessions, session);
	budget_release(session);
}

void hops_free(struct hops *hops)
{
	while (hops && hops->oldest)
		hops_forget(hops, hops->oldest);
	while (hops && hops->sessions)
		hops_forget_session(hops, hops->sessions);
	budget_release(hops);
}

static struct hop_sighting *hops_find(const struct hops *hops, uint64_t index)
{
	struct hop_sighting *sighting;
	HASH_FIND(hh, hops->by_index, &index, sizeof index, sighting);
	return sighting;
}

static struct hop_session *hops_session(struct hops *hops, uint64_t number, size_t legs)
{
	struct hop_session *session;
	HASH_FIND(hh, hops->sessions, &number, sizeof number, session);
	if (session || !(session = budget_new(hops->budget, sizeof *session)))
		return session;
	*session = (struct hop_session){.number = number, .legs = legs, .stride = 1};
	HASH_ADD(hh, hops->sessions, number, sizeof session->number, session);
	if (hash_has(session))
		return session;
	budget_note_refusal(hops->budget);
	budget_release(session);
	return NULL;
}

/* ---- times of a session */

static void hops_thin(struct hop_session *session)
{
	session->stride *= 2;
	session->kept /= 2;
	for (size_t leg = 0; leg < session->legs; leg++)
		for (size_t i = 0; i < session->kept; i++)
			session->times[leg][i] = session->times[leg][2 * i];
}

/* What goes to the server is seen first where the client is nearest, what comes from it last. */
static timestamp hop_time_at(const struct hop_sighting *sighting, size_t leg)
{
	return sighting->times[sighting->direction == DIRECTION_TO_SERVER ? leg : sighting->count - 1 - leg];
}

static void hops_add_times(struct hops *hops, const struct hop_sighting *question, const struct hop_sighting *answer)
{
	struct hop_session *session = hops_session(hops, question->session, question->count);
	if (!session || session->legs != question->count || question->count != answer->count)
		return;
	if (session->count++ % session->stride)
		return;
	if (session->kept == HOPS_TIMES)
		hops_thin(session);
	for (size_t leg = 0; leg < session->legs; leg++)
		session->times[leg][session->kept] = hop_time_at(answer, leg) - hop_time_at(question, leg);
	session->kept++;
}

/* ---- events */

/* In order of time. */
static void hop_add_time(struct hop_sighting *sighting, timestamp time)
{
	if (sighting->count == SESSION_LEGS)
		return;
	size_t at = sighting->count++;
	for (; at && sighting->times[at - 1] > time; at--)
		sighting->times[at] = sighting->times[at - 1];
	sighting->times[at] = time;
}

/* It was seen on every leg. */
static void hops_judge(struct hops *hops, struct hop_sighting *answer)
{
	struct hop_sighting *question = answer->answers ? hops_find(hops, answer->answers) : NULL;
	if (!answer->answers)
		return;
	if (question && question->count > 1)
		hops_add_times(hops, question, answer);
	if (question)
		hops_forget(hops, question);
	hops_forget(hops, answer);
}

static struct hop_sighting *hops_add(struct hops *hops, const struct event *event)
{
	if (HASH_COUNT(hops->by_index) == HOPS_SIGHTINGS)
		hops_forget(hops, hops->oldest);
	struct hop_sighting *sighting = budget_new(hops->budget, sizeof *sighting);
	if (!sighting)
		return NULL;
	*sighting = (struct hop_sighting){.index = event->index,
	    .session = event->session->number,
	    .answers = event->answers,
	    .direction = event->direction};
	HASH_ADD(hh, hops->by_index, index, sizeof sighting->index, sighting);
	if (hash_has(sighting)) {
		DL_APPEND(hops->oldest, sighting);
		return sighting;
	}
	budget_note_refusal(hops->budget);
	budget_release(sighting);
	return NULL;
}

void hops_take_event(struct hops *hops, const struct event *event)
{
	bool asks = event->kind == EVENT_EVENT && event_packet(event)->ack.len;
	bool is_on_several = event->leg_count || event->awaits_legs;
	if (!hops || !event->session || !is_on_several || !(asks || (event->kind == EVENT_ACK && event->answers)))
		return;
	struct hop_sighting *sighting = hops_add(hops, event);
	if (!sighting)
		return;
	if (!event->leg_count)
		hop_add_time(sighting, event->origin.time);
	for (size_t i = 0; i < event->leg_count; i++)
		hop_add_time(sighting, event->legs[i].origin.time);
	if (!event->awaits_legs)
		hops_judge(hops, sighting);
}

void hops_take_crossed(struct hops *hops, uint64_t index, const struct event_leg *leg)
{
	struct hop_sighting *sighting = hops ? hops_find(hops, index) : NULL;
	if (!sighting)
		return;
	hop_add_time(sighting, leg->origin.time);
	if (leg->is_last)
		hops_judge(hops, sighting);
}

/* ---- the end */

static int hops_compare(const void *a, const void *b)
{
	timestamp left = *(const timestamp *)a, right = *(const timestamp *)b;
	return left < right ? -1 : left > right;
}

/* Nearest rank, as p50 and p95 of the language. */
static timestamp hops_at(const timestamp *sorted, size_t count, size_t percent)
{
	return sorted[(count * percent + 99) / 100 - 1];
}

/* Who asks decides which leg waits longer. */
static void hops_sum_between(const struct hop_session *session, size_t leg, struct hop_times *times)
{
	timestamp between[HOPS_TIMES];
	for (size_t i = 0; i < session->kept; i++) {
		timestamp apart = session->times[leg][i] - session->times[leg + 1][i];
		between[i] = apart < 0 ? -apart : apart;
	}
	qsort(between, session->kept, sizeof *between, hops_compare);
	times->between_medians[leg] = hops_at(between, session->kept, 50);
	times->between_p95s[leg] = hops_at(between, session->kept, 95);
}

struct hop_times hops_end_session(struct hops *hops, uint64_t number)
{
	struct hop_times times = {0};
	struct hop_session *session = NULL;
	if (hops)
		HASH_FIND(hh, hops->sessions, &number, sizeof number, session);
	if (!session)
		return times;
	times.legs = session->kept ? session->legs : 0;
	times.count = session->count;
	for (size_t leg = 0; leg + 1 < times.legs; leg++)
		hops_sum_between(session, leg, &times);
	for (size_t leg = 0; leg < times.legs; leg++) {
		qsort(session->times[leg], session->kept, sizeof(timestamp), hops_compare);
		times.medians[leg] = hops_at(session->times[leg], session->kept, 50);
		times.p95s[leg] = hops_at(session->times[leg], session->kept, 95);
	}
	hops_forget_session(hops, session);
	return times;
}
