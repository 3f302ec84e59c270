/* Events that are seen on several legs of a session: emitted once, their other sightings added, what never came out
 * noted. */
#include "base/hash.h"
#include "socketio/legs.h"

#include <utlist.h>

enum {
	CROSSINGS_WAITING = 512, /* events of a session that wait for their other sighting; beyond, the oldest goes */
	CROSSINGS_PAYLOAD = 64 << 10, /* of an event that is kept until it comes out of the hop */
};

/* How long after an event its session must have gone on, both ways, before it counts as lost on the way. A hop that
 * holds an event longer is none that was ever seen: proxies hold a body until it is whole, which takes milliseconds. */
#define CROSSINGS_PATIENCE (5 * TIMESTAMP_SECOND)

/* A sighting that waits for the others. */
struct crossing {
	uint64_t content;
	bool is_inner;                  /* it was seen behind the hop, and not emitted: `event` is kept */
	uint64_t index;                 /* else of the event that was emitted */
	uint64_t seen_on[SESSION_LEGS]; /* legs, by legs_id */
	size_t seen, awaited;           /* legs that saw it, that will */
	struct event event;             /* of an emitted one only what losses need */
	struct connection_facts connection;
	struct stream stream;  /* as it was then: it may be gone when `event` is emitted */
	struct buffer payload; /* of `event` */
	char name[SESSION_LOSS_NAME];
	struct crossing *prev, *next;
};

struct session_crossings {
	struct crossing *oldest; /* first */
	struct crossing *found;  /* that the event which is emitted now has matched */
	size_t count;
	bool has_holes;       /* some were dropped, or bytes of a leg were not captured: nothing counts as lost */
	timestamp crossed[2]; /* the newest event of each direction that was seen on both sides of the hop */
	struct event_leg legs[SESSION_LEGS]; /* of the event that is emitted now */
};

static struct session_crossings *crossings_of(struct context *context, struct session *session)
{
	if (!session->crossings)
		session->crossings = budget_alloc(&context->budget, sizeof *session->crossings);
	return session->crossings;
}

static uint64_t crossing_add_slice(uint64_t hash, struct slice slice)
{
	hash = fnv_add(hash, &slice.len, sizeof slice.len);
	return slice.len ? fnv_add(hash, slice.at, slice.len) : hash;
}

/* How a connection ends, and from which side, is each leg's own; an exchange is known by its request, whatever the hop
 * made of the answer. */
static uint64_t crossing_content(const struct event *event)
{
	uint64_t hash = fnv_add(FNV_START, &event->kind, sizeof event->kind);
	if (event->kind == EVENT_TCP_CLOSE || event->kind == EVENT_WS_OPEN)
		return hash;
	if (event->kind == EVENT_HTTP) {
		struct slice query = event->exchange->request.head.target;
		slice_take_until(&query, '?');
		hash = crossing_add_slice(hash, event->exchange->request.head.method);
		return crossing_add_slice(hash, query);
	}
	hash = fnv_add(hash, &event->direction, sizeof event->direction);
	if (event->kind == EVENT_WS_CLOSE)
		hash = fnv_add(hash, &event->ws_close.code, sizeof event->ws_close.code);
	struct event copy = *event;
	struct slice *slices[EVENT_SLICES];
	size_t count = event_slices(&copy, slices);
	for (size_t i = 0; i < count; i++)
		hash = crossing_add_slice(hash, *slices[i]);
	const struct event_packet *packet = event_packet(event);
	for (size_t i = 0; i < packet->attachment_count; i++)
		hash = crossing_add_slice(hash, packet->attachments[i]);
	return hash;
}

static struct event_leg crossing_leg_of(const struct event *event, const char *connection)
{
	return (struct event_leg){connection, event->origin, false};
}

static void crossing_free(struct context *context, struct crossing *crossing)
{
	buffer_free(&crossing->payload);
	budget_free(&context->budget, crossing, sizeof *crossing);
}

static void crossings_take_out(struct session_crossings *crossings, struct crossing *crossing)
{
	DL_DELETE(crossings->oldest, crossing);
	crossings->count--;
}

static bool crossing_was_seen_on(const struct crossing *crossing, uint64_t leg)
{
	for (size_t i = 0; i < crossing->seen; i++)
		if (crossing->seen_on[i] == leg)
			return true;
	return false;
}

/* The oldest of this content on this side of the hop that was not seen on this leg. */
static struct crossing *crossings_find(
    const struct session_crossings *crossings, uint64_t content, bool inner, uint64_t leg)
{
	struct crossing *crossing;
	DL_FOREACH(crossings->oldest, crossing)
	if (crossing->content == content && crossing->is_inner == inner && !crossing_was_seen_on(crossing, leg))
		return crossing;
	return NULL;
}

static struct crossing *crossings_add(
    struct context *context, struct session_crossings *crossings, uint64_t content, const struct event *event)
{
	struct crossing *crossing = crossings->oldest;
	if (crossings->count == CROSSINGS_WAITING) {
		crossings_take_out(crossings, crossing);
		crossing_free(context, crossing);
		crossings->has_holes = true;
	}
	crossing = budget_alloc(&context->budget, sizeof *crossing);
	if (!crossing) {
		crossings->has_holes = true;
		return NULL;
	}
	*crossing = (struct crossing){.content = content, .event = *event, .connection = *event->connection, .seen = 1};
	crossing->seen_on[0] = legs_id(event->connection);
	crossing->connection.process = event->session ? event->session->process : NULL; /* which holds it */
	crossing->event.connection = &crossing->connection;
	if (event->connection->stream) {
		crossing->stream = *event->connection->stream;
		crossing->connection.stream = &crossing->stream;
	}
	struct slice name = slice_take(event_packet(event)->name, sizeof crossing->name - 1);
	if (name.len)
		memcpy(crossing->name, name.at, name.len);
	buffer_init(&crossing->payload, CROSSINGS_PAYLOAD, &context->budget);
	DL_APPEND(crossings->oldest, crossing);
	crossings->count++;
	return crossing;
}

/* Copies what the event borrows. What is too long, and attachments, are left out: the event is then emitted as
 * incomplete if nobody sees it again. */
static void crossing_keep(struct crossing *crossing)
{
	struct event *event = &crossing->event;
	struct slice *slices[EVENT_SLICES];
	size_t ends[EVENT_SLICES], count = event_slices(event, slices);
	event->wire = slice_of(NULL, 0); /* it is shown as it was nearer to the client */
	if (event_is_packet(event)) {
		event->incomplete |= event->packet.attachment_count > 0;
		event->packet.attachments = NULL;
		event->packet.attachment_count = 0;
	}
	if (event_exchange(event))
		event->exchange = NULL;
	for (size_t i = 0; i < count; i++) {
		if (slices[i]->len && !buffer_append(&crossing->payload, *slices[i])) {
			event->incomplete = true;
			*slices[i] = slice_of(NULL, 0);
		}
		ends[i] = crossing->payload.len;
	}
	for (size_t i = 0; i < count; i++)
		if (slices[i]->len)
			slices[i]->at = crossing->payload.at + ends[i] - slices[i]->len;
}

static void crossings_note_crossed(struct session_crossings *crossings, const struct event *event)
{
	timestamp *crossed = &crossings->crossed[event->direction];
	*crossed = event->origin.time > *crossed ? event->origin.time : *crossed;
}

/* ---- behind the hop */

static void crossings_take_second(
    struct context *context, struct session_crossings *crossings, struct crossing *outer, const struct event *event)
{
	struct event_leg leg = crossing_leg_of(event, event->connection->text);
	outer->seen_on[outer->seen++] = legs_id(event->connection);
	leg.is_last = outer->seen > outer->awaited || outer->seen == SESSION_LEGS;
	crossings_note_crossed(crossings, &outer->event);
	timeline_cross(&context->timeline, outer->index, &leg);
	if (!leg.is_last)
		return;
	crossings_take_out(crossings, outer);
	crossing_free(context, outer);
}

static void crossings_take_inner(
    struct context *context, struct session *session, struct session_crossings *crossings, const struct event *event)
{
	uint64_t content = crossing_content(event);
	struct crossing *outer = crossings_find(crossings, content, false, legs_id(event->connection));
	if (outer) {
		crossings_take_second(context, crossings, outer, event);
		return;
	}
	/* The hop was noticed later: what this repeats was emitted before. */
	bool was_emitted = session->number && event->begun <= session->hop_since;
	struct crossing *crossing = was_emitted ? NULL : crossings_add(context, crossings, content, event);
	if (!crossing)
		return;
	crossing->is_inner = true;
	crossing_keep(crossing);
}

/* ---- before it */

static bool crossings_found_on(const struct session_crossings *crossings, uint64_t leg)
{
	for (const struct crossing *found = crossings->found; found; found = found->next)
		if (found->seen_on[0] == leg)
			return true;
	return false;
}

/* The sightings behind the hop that were there before this one, one a leg. */
static void crossings_gather(struct session_crossings *crossings, struct event *event)
{
	if (!crossings->oldest)
		return; /* as in nearly every session: the payload need not be looked at */
	size_t count = 1;
	uint64_t content = crossing_content(event);
	struct crossing *inner, *next;
	crossings->legs[0] = crossing_leg_of(event, event->connection->text);
	DL_FOREACH_SAFE(crossings->oldest, inner, next)
	{
		if (inner->content != content || !inner->is_inner || count == SESSION_LEGS ||
		    crossings_found_on(crossings, inner->seen_on[0]))
			continue;
		crossings_take_out(crossings, inner);
		DL_APPEND(crossings->found, inner);
		crossings->legs[count++] = crossing_leg_of(&inner->event, inner->connection.text);
		crossings_note_crossed(crossings, event);
	}
	if (count > 1) {
		event->legs = crossings->legs;
		event->leg_count = count;
	}
}

static size_t crossings_legs_behind(const struct session *session)
{
	size_t count = 0;
	for (size_t i = 0; i < session->leg_count; i++)
		count += session->legs[i].is_inner;
	return count;
}

bool crossings_take_event(struct context *context, const struct carrier *carrier, struct event *event)
{
	struct session_crossings *crossings = crossings_of(context, carrier->session);
	if (!crossings)
		return carrier->is_inner;
	if (event->kind == EVENT_GAP) {
		crossings->has_holes = true;
		return false;
	}
	crossings->has_holes |= event->incomplete || event->unreadable;
	/* What a request on an inner leg repeats may not have been captured. */
	const struct session_leg *leg = legs_leg_of(carrier->session, carrier->connection);
	if (carrier->is_inner || (leg && leg->is_inner)) {
		crossings_take_inner(context, carrier->session, crossings, event);
		return true;
	}
	crossings_gather(crossings, event);
	event->awaits_legs = !event->leg_count && crossings_legs_behind(carrier->session) > 0;
	return false;
}

void crossings_note_emitted(struct context *context, struct session *session, const struct event *event)
{
	struct session_crossings *crossings = session->crossings;
	struct crossing *found, *next;
	if (!crossings)
		return;
	if (event->awaits_legs) {
		struct crossing *crossing = crossings_add(context, crossings, crossing_content(event), event);
		if (!crossing)
			return;
		crossing->index = event->index;
		crossing->awaited = crossings_legs_behind(session);
	}
	DL_FOREACH_SAFE(crossings->found, found, next)
	{
		DL_DELETE(crossings->found, found);
		crossing_free(context, found);
	}
}

/* ---- the end */

static void crossings_emit_kept(struct context *context, struct session *session, struct crossing *crossing)
{
	enum event_kind kind = crossing->event.kind;
	if (kind == EVENT_HTTP || kind == EVENT_WS_OPEN || kind == EVENT_TCP_CLOSE)
		return;
	timeline_add(&context->timeline, session, &crossing->event);
	crossing->index = crossing->event.index;
}

/* Was the time from the event until it must have come out of the hop captured on this leg? */
static bool crossings_was_watched(
    const struct context *context, const struct session_leg *leg, const struct event *event)
{
	timestamp first = TIMESTAMP_LAST, last = TIMESTAMP_NONE;
	for (size_t i = 0; i < CONTEXT_INPUTS; i++) {
		if (!(leg->inputs >> i & 1))
			continue;
		first = context->windows[i].first < first ? context->windows[i].first : first;
		last = context->windows[i].last > last ? context->windows[i].last : last;
	}
	return !context->has_windows ||
	       (first <= event->origin.time && event->origin.time + CROSSINGS_PATIENCE <= last);
}

/* On each leg but its own? Captures of several hosts end at different times. */
static bool crossings_were_watched(
    const struct context *context, struct session *session, const struct crossing *crossing)
{
	const struct session_leg *own = legs_leg_of(session, &crossing->connection);
	bool watched = true;
	for (size_t i = 0; i < session->leg_count && watched; i++)
		watched = &session->legs[i] == own ||
		          crossings_was_watched(context, &session->legs[i], &crossing->event);
	return watched;
}

/* Was it lost on the way? Sure when a later one of its direction came through, for a hop keeps their order; else when
 * the session went on in that direction's other side for so long that it must have come. */
static bool crossings_is_loss(
    const struct context *context, struct session *session, const struct crossing *crossing, bool *sure)
{
	const struct event *event = &crossing->event;
	const struct session_crossings *crossings = session->crossings;
	bool matters = event->kind == EVENT_EVENT || event->kind == EVENT_ACK || event->kind == EVENT_CONNECT ||
	               event->kind == EVENT_DISCONNECT;
	*sure = crossings->crossed[event->direction] > event->origin.time;
	timestamp end = session->closed == TIMESTAMP_NONE ? session->last : session->closed;
	return matters && !crossings->has_holes && !session->missed &&
	       (*sure || (end - event->origin.time > CROSSINGS_PATIENCE &&
	                     crossings_were_watched(context, session, crossing)));
}

static void crossings_note_loss(struct context *context, struct session *session, const struct crossing *crossing)
{
	bool sure;
	if (!crossings_is_loss(context, session, crossing, &sure))
		return;
	if (!session->losses &&
	    !(session->losses = budget_new(&context->budget, SESSION_LOSSES * sizeof *session->losses)))
		return;
	if (session->loss_count++ >= SESSION_LOSSES)
		return;
	struct session_loss *loss = &session->losses[session->loss_count - 1];
	*loss = (struct session_loss){.index = crossing->index,
	    .direction = crossing->event.direction,
	    .kind = crossing->event.kind,
	    .origin = crossing->event.origin,
	    .is_sure = sure,
	    .server = crossing->connection.server};
	memcpy(loss->name, crossing->name, sizeof loss->name);
}

/* Nothing more comes out of the hop: emits what was seen only behind it. `is_over`: so is the session, and what never
 * came out was lost. */
static void crossings_empty(struct context *context, struct session *session, bool is_over)
{
	struct crossing *crossing, *next;
	DL_FOREACH_SAFE(session->crossings->oldest, crossing, next)
	{
		crossings_take_out(session->crossings, crossing);
		if (crossing->is_inner)
			crossings_emit_kept(context, session, crossing);
		if (is_over)
			crossings_note_loss(context, session, crossing);
		crossing_free(context, crossing);
	}
}

void crossings_release_session(struct context *context, struct session *session)
{
	if (session->crossings)
		crossings_empty(context, session, false);
}

void crossings_end_session(struct context *context, struct session *session)
{
	if (!session->crossings)
		return;
	crossings_empty(context, session, true);
	budget_free(&context->budget, session->crossings, sizeof *session->crossings);
	session->crossings = NULL;
}
