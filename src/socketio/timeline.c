/* The names of events; and the timeline: it numbers events, pairs answers with what they answer, calls the observers.
 */
#include "socketio/timeline.h"

#include "base/hash.h"
#include "base/json.h"
#include "base/memory.h"

#include <stdlib.h>

/* ---- names */

static const struct {
	const char *name;
	enum layer layer;
} event_kinds[EVENT_KINDS] = {
    [EVENT_CONNECT] = {"connect", LAYER_SOCKETIO},
    [EVENT_DISCONNECT] = {"disconnect", LAYER_SOCKETIO},
    [EVENT_EVENT] = {"event", LAYER_SOCKETIO},
    [EVENT_ACK] = {"ack", LAYER_SOCKETIO},
    [EVENT_CONNECT_ERROR] = {"connect-error", LAYER_SOCKETIO},
    [EVENT_OPEN] = {"open", LAYER_ENGINEIO},
    [EVENT_CLOSE] = {"close", LAYER_ENGINEIO},
    [EVENT_PING] = {"ping", LAYER_ENGINEIO},
    [EVENT_PONG] = {"pong", LAYER_ENGINEIO},
    [EVENT_PROBE] = {"probe", LAYER_ENGINEIO},
    [EVENT_PROBE_ACK] = {"probe-ack", LAYER_ENGINEIO},
    [EVENT_UPGRADE] = {"upgrade", LAYER_ENGINEIO},
    [EVENT_NOOP] = {"noop", LAYER_ENGINEIO},
    [EVENT_HTTP] = {"http", LAYER_HTTP},
    [EVENT_WS_OPEN] = {"ws-open", LAYER_HTTP},
    [EVENT_WS_CLOSE] = {"ws-close", LAYER_HTTP},
    [EVENT_TLS] = {"tls", LAYER_TCP},
    [EVENT_TCP_CLOSE] = {"tcp-close", LAYER_TCP},
    [EVENT_GAP] = {"gap", LAYER_TCP},
    [EVENT_MALFORMED] = {"malformed", LAYER_TCP},
    [EVENT_LOG] = {"log", LAYER_LOG},
};

const char *event_kind_name(enum event_kind kind)
{
	return event_kinds[kind].name;
}

enum layer event_kind_layer(enum event_kind kind)
{
	return event_kinds[kind].layer;
}

const struct slice *event_raw(const struct event *event)
{
	if (event->kind == EVENT_MALFORMED)
		return event->malformed.raw.len ? &event->malformed.raw : NULL;
	return event_packet(event)->has_raw ? &event->packet.raw : NULL;
}

size_t event_slices(struct event *event, struct slice *slices[EVENT_SLICES])
{
	size_t count = 0;
	if (event_is_packet(event)) {
		slices[count++] = &event->packet.nsp;
		slices[count++] = &event->packet.name;
		slices[count++] = &event->packet.ack;
		slices[count++] = &event->packet.data;
		slices[count++] = &event->packet.raw;
	} else if (event->kind == EVENT_WS_CLOSE) {
		slices[count++] = &event->ws_close.reason;
	} else if (event->kind == EVENT_TLS) {
		slices[count++] = &event->tls.why;
		slices[count++] = &event->tls.name;
		slices[count++] = &event->tls.protocols;
	} else if (event->kind == EVENT_GAP) {
		slices[count++] = &event->gap.why;
	} else if (event->kind == EVENT_MALFORMED) {
		slices[count++] = &event->malformed.why;
		slices[count++] = &event->malformed.raw;
	} else if (event->kind == EVENT_LOG) {
		slices[count++] = &event->line;
	}
	return count;
}

struct slice event_text(const struct event *event)
{
	switch (event->kind) {
	case EVENT_WS_CLOSE:
		return event->ws_close.reason;
	case EVENT_TCP_CLOSE:
		return event->tcp_close.exited ? SLICE("the process ended") : slice_of(NULL, 0);
	case EVENT_TLS:
		return event->tls.why;
	case EVENT_GAP:
		return event->gap.why;
	case EVENT_MALFORMED:
		return event->malformed.why;
	case EVENT_LOG:
		return event->line;
	default:
		return slice_of(NULL, 0);
	}
}

const char *direction_name(enum direction direction)
{
	return direction == DIRECTION_TO_SERVER ? "c>s" : "s>c";
}

timestamp event_hop_time(const struct event *event)
{
	timestamp most = event->leg_count ? 0 : TIMESTAMP_NONE;
	for (size_t i = 1; i < event->leg_count; i++) {
		timestamp span = event->legs[i].origin.time - event->legs[0].origin.time;
		span = span < 0 ? -span : span;
		most = span > most ? span : most;
	}
	return most;
}

const char *direction_sender(enum direction direction)
{
	return direction == DIRECTION_TO_SERVER ? "client" : "server";
}

const char *tcp_end_name(enum tcp_end how)
{
	return how == TCP_END_FIN ? "fin" : "rst";
}

/* ---- the timeline */

/* What is not answered yet. At most so many answers of a session are awaited at once; beyond that the oldest is
 * forgotten, and its answer stands alone. */
enum { ANSWERS_OWED = 1024 };

struct owed {
	uint64_t key;     /* of what would answer it */
	uint64_t rounded; /* the same, its ack id read as a floating-point number */
	uint64_t index;   /* of the event */
};

struct session_answers {
	struct buffer owed; /* of struct owed, oldest first */
};

void timeline_free_answers(struct session_answers *answers)
{
	if (answers)
		buffer_free(&answers->owed);
	budget_release(answers);
}

/* Equal for an event and for what answers it: kind of the asking event, its direction, namespace, ack id. An id that a
 * floating-point number cannot hold comes back from JavaScript as the nearest one: `rounded` is equal even then. */
static struct owed timeline_key(enum event_kind asked, enum direction direction, const struct event *event)
{
	uint64_t hash = fnv_add(FNV_START, &asked, sizeof asked);
	double id = 0;
	hash = fnv_add(hash, &direction, sizeof direction);
	if (event->packet.nsp.len)
		hash = fnv_add(hash, event->packet.nsp.at, event->packet.nsp.len);
	struct owed key = {.key = hash, .rounded = hash};
	if (event->packet.ack.len && json_read_number(event->packet.ack, &id))
		key.rounded = fnv_add(hash, &id, sizeof id);
	if (event->packet.ack.len)
		key.key = fnv_add(hash, event->packet.ack.at, event->packet.ack.len);
	return key;
}

static bool timeline_asks(const struct event *event)
{
	switch (event->kind) {
	case EVENT_EVENT:
		return event->packet.ack.len > 0;
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

static uint64_t timeline_take_out(struct session_answers *answers, size_t place)
{
	struct owed *owed = (struct owed *)answers->owed.at;
	uint64_t index = owed[place].index;
	answers->owed.len -= sizeof *owed;
	memmove(&owed[place], &owed[place + 1], answers->owed.len - place * sizeof *owed);
	if (!answers->owed.len)
		buffer_free(&answers->owed);
	return index;
}

/* Takes out the newest that is owed under this key and returns its index; 0 when there is none. */
static uint64_t timeline_settle(struct session_answers *answers, struct owed key)
{
	const struct owed *owed = (const struct owed *)answers->owed.at;
	size_t count = answers->owed.len / sizeof *owed;
	for (size_t i = count; i-- > 0;)
		if (owed[i].key == key.key)
			return timeline_take_out(answers, i);
	for (size_t i = count; i-- > 0;)
		if (owed[i].rounded == key.rounded)
			return timeline_take_out(answers, i);
	return 0;
}

static struct session_answers *timeline_answers_of(struct timeline *timeline, struct session *session)
{
	if (!session->answers && (session->answers = budget_new(timeline->budget, sizeof *session->answers)))
		buffer_init(&session->answers->owed, ANSWERS_OWED * sizeof(struct owed), timeline->budget);
	return session->answers;
}

/* What is asked again under the same key replaces what was owed: an id comes twice only when the first is given up. */
static void timeline_owe(struct session_answers *answers, struct owed owed)
{
	const struct owed *all = (const struct owed *)answers->owed.at;
	for (size_t i = answers->owed.len / sizeof *all; i-- > 0;)
		if (all[i].key == owed.key) {
			timeline_take_out(answers, i);
			break;
		}
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
	if (timeline_asks(event) && timeline_answers_of(timeline, session)) {
		struct owed owed = timeline_key(event->kind, event->direction, event);
		owed.index = event->index;
		timeline_owe(session->answers, owed);
	}
}

static void timeline_open_session(struct timeline *timeline, struct session *session)
{
	session->number = ++timeline->sessions;
	for (size_t i = 0; i < timeline->observer_count; i++)
		if (timeline->observers[i]->session_opened)
			timeline->observers[i]->session_opened(timeline->observers[i]->self, session);
}

void timeline_add(struct timeline *timeline, struct session *session, struct event *event)
{
	event->index = ++timeline->events;
	event->session = session;
	if (session) {
		if (!session->number)
			timeline_open_session(timeline, session);
		timeline_pair(timeline, session, event);
		session_note_event(session, event, timeline->budget);
	}
	for (size_t i = 0; i < timeline->observer_count; i++)
		if (timeline->observers[i]->event)
			timeline->observers[i]->event(timeline->observers[i]->self, event);
}

void timeline_cross(const struct timeline *timeline, uint64_t index, const struct event_leg *leg)
{
	for (size_t i = 0; i < timeline->observer_count; i++)
		if (timeline->observers[i]->crossed)
			timeline->observers[i]->crossed(timeline->observers[i]->self, index, leg);
}

void timeline_emit_attempt(const struct timeline *timeline, const struct attempt *attempt)
{
	for (size_t i = 0; i < timeline->observer_count; i++)
		if (timeline->observers[i]->attempted)
			timeline->observers[i]->attempted(timeline->observers[i]->self, attempt);
}

void timeline_emit_asked(const struct timeline *timeline, const struct event *event)
{
	for (size_t i = 0; i < timeline->observer_count; i++)
		if (timeline->observers[i]->asked)
			timeline->observers[i]->asked(timeline->observers[i]->self, event);
}

bool timeline_wants_beside(const struct timeline *timeline, struct slice target)
{
	for (size_t i = 0; i < timeline->observer_count; i++)
		if (timeline->observers[i]->wants_beside &&
		    timeline->observers[i]->wants_beside(timeline->observers[i]->self, target))
			return true;
	return false;
}

void timeline_emit_beside(const struct timeline *timeline, const struct event *event)
{
	for (size_t i = 0; i < timeline->observer_count; i++)
		if (timeline->observers[i]->beside)
			timeline->observers[i]->beside(timeline->observers[i]->self, event);
}

bool timeline_wants_document(const struct timeline *timeline, struct slice target)
{
	for (size_t i = 0; i < timeline->observer_count; i++)
		if (timeline->observers[i]->wants_document &&
		    timeline->observers[i]->wants_document(timeline->observers[i]->self, target))
			return true;
	return false;
}

void timeline_give_document(const struct timeline *timeline, struct slice target, struct slice body)
{
	for (size_t i = 0; i < timeline->observer_count; i++)
		if (timeline->observers[i]->document)
			timeline->observers[i]->document(timeline->observers[i]->self, target, body);
}

void timeline_emit_handshake(const struct timeline *timeline, const struct tls_handshake *handshake)
{
	for (size_t i = 0; i < timeline->observer_count; i++)
		if (timeline->observers[i]->secured)
			timeline->observers[i]->secured(timeline->observers[i]->self, handshake);
}

void timeline_close_session(const struct timeline *timeline, const struct session *session)
{
	for (size_t i = 0; i < timeline->observer_count; i++)
		if (timeline->observers[i]->session_closed)
			timeline->observers[i]->session_closed(timeline->observers[i]->self, session);
}

void timeline_advance(const struct timeline *timeline, timestamp now)
{
	for (size_t i = 0; i < timeline->observer_count; i++)
		if (timeline->observers[i]->clock)
			timeline->observers[i]->clock(timeline->observers[i]->self, now);
}

void timeline_end(const struct timeline *timeline)
{
	for (size_t i = 0; i < timeline->observer_count; i++)
		if (timeline->observers[i]->end)
			timeline->observers[i]->end(timeline->observers[i]->self);
}
