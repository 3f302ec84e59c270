/* Numbers events, pairs answers with what they answer, hands both to the observers. */
#include "socketio/timeline.h"

#include "base/buffer.h"
#include "base/fnv.h"

#include <stdlib.h>

/* What is not answered yet. A session may owe so many answers at once; beyond, the oldest is forgotten, and its answer
 * stands alone. */
enum { ANSWERS_OWED = 1024 };

struct owed {
	uint64_t key;   /* of what would answer it */
	uint64_t index; /* of the event */
};

struct session_answers {
	struct buffer owed; /* of struct owed, oldest first */
};

void timeline_free_answers(struct session_answers *answers)
{
	if (answers)
		buffer_free(&answers->owed);
	free(answers);
}

/* Equal for an event and for what answers it: kind of the asking event, its direction, namespace, ack id. */
static uint64_t timeline_key(enum event_kind asked, enum direction direction, const struct event *event)
{
	uint64_t hash = fnv_add(FNV_START, &asked, sizeof asked);
	hash = fnv_add(hash, &direction, sizeof direction);
	hash = fnv_add(hash, &event->ack, sizeof event->ack);
	return event->nsp.len ? fnv_add(hash, event->nsp.at, event->nsp.len) : hash;
}

static bool timeline_asks(const struct event *event)
{
	switch (event->kind) {
	case EVENT_EVENT:
		return event->ack >= 0;
	case EVENT_CONNECT:
		return event->direction == DIRECTION_TO_SERVER;
	case EVENT_PING:
	case EVENT_PROBE:
		return true;
	default:
		return false;
	}
}

/* The kind of event that this one answers; EVENT_KINDS when it answers none. */
static enum event_kind timeline_answered_kind(const struct event *event)
{
	switch (event->kind) {
	case EVENT_ACK:
		return EVENT_EVENT;
	case EVENT_CONNECT:
	case EVENT_CONNECT_ERROR:
		return event->direction == DIRECTION_TO_CLIENT ? EVENT_CONNECT : EVENT_KINDS;
	case EVENT_PONG:
		return EVENT_PING;
	case EVENT_PROBE_ACK:
		return EVENT_PROBE;
	default:
		return EVENT_KINDS;
	}
}

/* Takes out the newest that is owed under this key and returns its index; 0 when there is none. */
static uint64_t timeline_settle(struct session_answers *answers, uint64_t key)
{
	struct owed *owed = (struct owed *)answers->owed.at;
	for (size_t i = answers->owed.len / sizeof *owed; i-- > 0;) {
		if (owed[i].key != key)
			continue;
		uint64_t index = owed[i].index;
		answers->owed.len -= sizeof *owed;
		memmove(&owed[i], &owed[i + 1], answers->owed.len - i * sizeof *owed);
		if (!answers->owed.len)
			buffer_free(&answers->owed);
		return index;
	}
	return 0;
}

static struct session_answers *timeline_answers_of(struct timeline *timeline, struct session *session)
{
	if (!session->answers && (session->answers = budget_new(timeline->budget, sizeof *session->answers)))
		buffer_init(&session->answers->owed, ANSWERS_OWED * sizeof(struct owed), timeline->budget);
	return session->answers;
}

static void timeline_owe(struct session_answers *answers, uint64_t key, uint64_t index)
{
	struct owed owed = {key, index};
	timeline_settle(answers, key);
	if (answers->owed.len == answers->owed.limit)
		buffer_drop_front(&answers->owed, sizeof owed);
	if (buffer_reserve(&answers->owed, sizeof owed))
		buffer_append(&answers->owed, slice_of(&owed, sizeof owed));
}

static void timeline_pair(struct timeline *timeline, struct session *session, struct event *event)
{
	enum event_kind asked = timeline_answered_kind(event);
	if (asked != EVENT_KINDS && session->answers)
		event->answers = timeline_settle(
		    session->answers, timeline_key(asked, direction_other(event->direction), event));
	if (timeline_asks(event) && timeline_answers_of(timeline, session))
		timeline_owe(session->answers, timeline_key(event->kind, event->direction, event), event->index);
}

void timeline_add(struct timeline *timeline, struct session *session, struct event *event)
{
	event->index = ++timeline->events;
	event->session = session;
	if (session) {
		timeline_pair(timeline, session, event);
		session_note_event(session, event, timeline->budget);
	}
	for (size_t i = 0; i < timeline->observer_count; i++)
		if (timeline->observers[i]->event)
			timeline->observers[i]->event(timeline->observers[i]->self, event);
}

void timeline_open_session(const struct timeline *timeline, const struct session *session)
{
	for (size_t i = 0; i < timeline->observer_count; i++)
		if (timeline->observers[i]->session_opened)
			timeline->observers[i]->session_opened(timeline->observers[i]->self, session);
}

void timeline_close_session(const struct timeline *timeline, const struct session *session)
{
	for (size_t i = 0; i < timeline->observer_count; i++)
		if (timeline->observers[i]->session_closed)
			timeline->observers[i]->session_closed(timeline->observers[i]->self, session);
}

void timeline_end(const struct timeline *timeline)
{
	for (size_t i = 0; i < timeline->observer_count; i++)
		if (timeline->observers[i]->end)
			timeline->observers[i]->end(timeline->observers[i]->self);
}
