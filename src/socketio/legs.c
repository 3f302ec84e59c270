/* Requests that repeat others, and events that are seen on several legs. */
#include "socketio/legs.h"

#include "base/bytes.h"
#include "base/hash.h"
#include "http/http1.h"

#include <stdlib.h>
#include <utlist.h>

enum {
	LEGS_REQUESTS = 4096, /* that are remembered, answered ones too: a leg may be read late, because its beginning
	                         was not captured; beyond, the oldest goes */
	LEGS_CANDIDATES = 32, /* with one query that are looked at */
	LEGS_CROSSINGS = 512, /* events of a session that wait for their other sighting; beyond, the oldest goes */
	LEGS_PAYLOAD = 64 << 10, /* of an event that is kept until it comes out of the hop */
	LEGS_SURE_SID = 16,      /* shorter sids, and those of digits alone, may be counters */
};

/* How long after an event its session must have gone on, both ways, before it counts as lost on the way. A hop that
 * holds an event longer is none that was ever seen: proxies hold a body until it is whole, which takes milliseconds. */
#define LEGS_PATIENCE (5 * TIMESTAMP_SECOND)

/* ---- requests */

struct leg_request {
	const struct exchange *exchange; /* only compared, and only while it is pending */
	uint64_t serial;
	bool is_pending;
	timestamp begun, ended; /* INT64_MAX while it is pending */
	struct endpoint client, server;
	uint64_t content; /* of method, query and what tells it from others */
	bool is_inner;    /* it repeats another */
	bool is_repeated; /* another repeats it */
	/* of the one that it repeats */
	const struct exchange *outer;
	uint64_t outer_serial;
	struct session *session;                   /* that a request behind it opened; held by `users`; or NULL */
	UT_hash_handle hh;                         /* by exchange, while it is pending */
	struct leg_request *prev, *next;           /* the oldest first */
	struct leg_request *same_prev, *same_next; /* with equal content, the oldest first */
	struct leg_content *same;
};

struct leg_content {
	uint64_t content;
	struct leg_request *requests;
	UT_hash_handle hh;
};

struct legs {
	struct budget *budget;
	struct leg_request *by_exchange, *oldest;
	struct leg_content *by_content;
	size_t count;
	uint64_t serials;
};

struct legs *legs_new(struct budget *budget)
{
	struct legs *legs = calloc(1, sizeof *legs);
	if (legs)
		legs->budget = budget;
	return legs;
}

static void legs_hold_session(struct leg_request *request, struct session *session)
{
	if (request->session)
		request->session->users--;
	request->session = session;
	if (session)
		session->users++;
}

static void legs_remove(struct legs *legs, struct leg_request *request)
{
	struct leg_content *same = request->same;
	DL_DELETE2(same->requests, request, same_prev, same_next);
	if (!same->requests) {
		HASH_DEL(legs->by_content, same);
		free(same);
	}
	if (request->is_pending)
		HASH_DEL(legs->by_exchange, request);
	DL_DELETE(legs->oldest, request);
	legs_hold_session(request, NULL);
	legs->count--;
	free(request);
}

void legs_end(struct legs *legs)
{
	while (legs->oldest)
		legs_remove(legs, legs->oldest);
}

void legs_free(struct legs *legs)
{
	if (legs)
		legs_end(legs);
	free(legs);
}

static struct leg_request *legs_find(const struct legs *legs, const struct exchange *exchange)
{
	struct leg_request *request;
	HASH_FIND_PTR(legs->by_exchange, &exchange, request);
	return request;
}

/* A sid that no other server gives out as well. */
static bool leg_sid_is_sure(struct slice sid)
{
	size_t digits = 0;
	while (digits < sid.len && digits_is_decimal(sid.at[digits]))
		digits++;
	return sid.len >= LEGS_SURE_SID && digits < sid.len;
}

/* What an equal request of the same client has in common with this one, and one of another client does not; 0: nothing
 * tells them apart. */
static uint64_t leg_request_content(const struct exchange *exchange)
{
	const struct target *target = exchange->target;
	struct slice query = exchange->request.head.target, ignored;
	struct slice key = exchange_field(&exchange->request, "Sec-WebSocket-Key");
	bool is_sure = leg_sid_is_sure(target_sid(target));
	bool is_told_apart = is_sure || key.len || http_find_parameter(query, "t", &ignored);
	slice_take_until(&query, '?');
	if (!is_told_apart || !query.len)
		return 0;
	uint64_t content = fnv_add(FNV_START, exchange->request.head.method.at, exchange->request.head.method.len);
	content = fnv_add(content, query.at, query.len);
	if (!is_sure && key.len)
		content = fnv_add(content, key.at, key.len);
	return content ? content : 1;
}

static bool leg_is_same(
    const struct endpoint *client, const struct endpoint *server, const struct connection_facts *connection)
{
	return address_equals(&client->address, &connection->client.address) &&
	       endpoint_equals(server, &connection->server);
}

/* The newest request on another leg that was not answered yet when this one began; one that nobody repeats yet comes
 * first, for a hop repeats a request again only where the first try failed, or where two parts of it handle an upgrade.
 */
static struct leg_request *legs_find_outer(
    const struct leg_content *same, const struct connection_facts *connection, timestamp begun)
{
	struct leg_request *request = same->requests ? same->requests->same_prev : NULL, *repeated = NULL;
	for (int looked = 0; request && looked < LEGS_CANDIDATES; looked++, request = request->same_prev) {
		bool is_other = !leg_is_same(&request->client, &request->server, connection) &&
		                request->begun <= begun && begun <= request->ended;
		if (is_other && !request->is_repeated)
			return request;
		if (is_other && !repeated)
			repeated = request;
		if (request == same->requests)
			break;
	}
	return repeated;
}

static struct leg_content *legs_content(struct legs *legs, uint64_t content)
{
	struct leg_content *same;
	HASH_FIND(hh, legs->by_content, &content, sizeof content, same);
	if (same || !(same = budget_new(legs->budget, sizeof *same)))
		return same;
	*same = (struct leg_content){.content = content};
	HASH_ADD(hh, legs->by_content, content, sizeof same->content, same);
	if (hash_has(same))
		return same;
	free(same);
	return NULL;
}

static void legs_add(struct legs *legs, struct leg_content *same, const struct connection_facts *connection,
    const struct exchange *exchange)
{
	struct leg_request *request = budget_new(legs->budget, sizeof *request);
	if (!request)
		return;
	*request = (struct leg_request){.exchange = exchange,
	    .client = connection->client,
	    .server = connection->server,
	    .content = same->content,
	    .same = same,
	    .serial = ++legs->serials,
	    .is_pending = true,
	    .begun = exchange->request.begun,
	    .ended = INT64_MAX};
	struct leg_request *outer = legs_find_outer(same, connection, request->begun);
	HASH_ADD_PTR(legs->by_exchange, exchange, request);
	if (!hash_has(request)) {
		free(request);
		return;
	}
	request->is_inner = outer != NULL;
	if (outer) {
		outer->is_repeated = true;
		request->outer = outer->exchange;
		request->outer_serial = outer->serial;
	}
	DL_APPEND2(same->requests, request, same_prev, same_next);
	DL_APPEND(legs->oldest, request);
	if (++legs->count > LEGS_REQUESTS)
		legs_remove(legs, legs->oldest);
}

/* While it is pending; else NULL. */
static struct leg_request *legs_outer_of(const struct legs *legs, const struct leg_request *request)
{
	struct leg_request *outer = request && request->outer ? legs_find(legs, request->outer) : NULL;
	return outer && outer->serial == request->outer_serial ? outer : NULL;
}

void legs_note_request(
    struct context *context, const struct connection_facts *connection, const struct exchange *exchange)
{
	struct legs *legs = context->legs;
	uint64_t content = leg_request_content(exchange);
	struct leg_request *former = legs_find(legs, exchange);
	if (former)
		legs_remove(legs, former);
	struct leg_content *same = content ? legs_content(legs, content) : NULL;
	if (!same)
		return;
	legs_add(legs, same, connection, exchange);
	if (!same->requests) {
		HASH_DEL(legs->by_content, same);
		free(same);
	}
}

bool legs_is_inner(const struct context *context, const struct exchange *exchange)
{
	const struct leg_request *request = exchange ? legs_find(context->legs, exchange) : NULL;
	return request && request->is_inner;
}

struct session *legs_opened(struct context *context, const struct exchange *exchange, struct slice sid)
{
	const struct leg_request *request = legs_find(context->legs, exchange);
	struct session *session = request ? request->session : NULL;
	bool is_other = session && sid.len && session->sid &&
	                !slice_equals(sid, slice_of(session->sid, session->sid_len));
	return is_other ? NULL : session;
}

struct session *legs_unclaimed(struct context *context, struct slice sid)
{
	struct session *session = sessions_newest(context->sessions, sid);
	return session && !session->number && session->is_behind_hop ? session : NULL;
}

static bool legs_is_localhost(const struct address *address)
{
	static const uint8_t one[16] = {[15] = 1};
	return address->version == 6 ? memcmp(address->bytes, one, sizeof one) == 0 : address->bytes[0] == 127;
}

struct session *legs_find_session(
    struct context *context, const struct connection_facts *connection, const struct exchange *exchange)
{
	struct slice sid = target_sid(exchange->target);
	struct session *session = sessions_newest(context->sessions, sid);
	if (!session)
		return NULL;
	bool is_unclaimed = !session->number && session->is_behind_hop;
	if (is_unclaimed || legs_is_inner(context, exchange))
		return session;
	bool is_local = session->server.port == connection->server.port &&
	                legs_is_localhost(&session->server.address) && legs_is_localhost(&connection->server.address);
	return is_local || leg_sid_is_sure(sid) ? session : NULL;
}

void legs_note_opened(struct context *context, const struct exchange *exchange, struct session *session)
{
	struct leg_request *request = legs_find(context->legs, exchange);
	while ((request = legs_outer_of(context->legs, request)))
		legs_hold_session(request, session);
}

static void legs_release(struct context *context, struct session *session);

void legs_end_request(struct context *context, const struct exchange *exchange)
{
	struct leg_request *request = legs_find(context->legs, exchange);
	if (!request)
		return;
	struct session *opened = request->session;
	bool is_outermost = !request->is_inner;
	if (opened)
		opened->users++;
	legs_hold_session(request, NULL);
	HASH_DEL(context->legs->by_exchange, request);
	request->is_pending = false;
	request->ended = exchange->answer.ended != TIMESTAMP_NONE ? exchange->answer.ended : INT64_MAX;
	if (!opened)
		return;
	opened->users--;
	/* The hop answered by itself: what it was answered did not come out here. */
	if (is_outermost && !opened->number)
		legs_release(context, opened);
}

/* ---- legs */

void legs_note_leg(struct session *session, const struct connection_facts *connection, bool inner, timestamp now)
{
	size_t place = 0;
	for (; place < session->leg_count; place++)
		if (leg_is_same(&session->legs[place].client, &session->legs[place].server, connection))
			break;
	if (inner && !session->is_behind_hop)
		session->hop_since = now > session->last ? now : session->last;
	session->is_behind_hop |= inner;
	if (place < session->leg_count) {
		session->legs[place].is_inner |= inner;
		return;
	}
	if (session->leg_count == SESSION_LEGS)
		return;
	/* Behind a hop the requests come in order from the client, the answers against it: a leg that is not inner
	 * stands before those that are. */
	place = session->leg_count;
	while (!inner && place && session->legs[place - 1].is_inner)
		place--;
	memmove(&session->legs[place + 1], &session->legs[place], (session->leg_count - place) * sizeof *session->legs);
	session->legs[place] = (struct session_leg){connection->client, connection->server, .is_inner = inner};
	session->leg_count++;
	if (place == 0) {
		session->client = connection->client;
		session->server = connection->server;
	}
}

/* NULL: one of more than are told apart. */
static struct session_leg *legs_leg_of(struct session *session, const struct connection_facts *connection)
{
	for (size_t i = 0; i < session->leg_count; i++)
		if (session->leg_count == 1 ||
		    leg_is_same(&session->legs[i].client, &session->legs[i].server, connection))
			return &session->legs[i];
	return NULL;
}

void legs_count_packet(struct session *session, const struct connection_facts *connection)
{
	struct session_leg *leg = legs_leg_of(session, connection);
	if (leg)
		leg->packets++;
}

/* ---- events on two legs */

/* A sighting that waits for the others. */
struct leg_crossing {
	uint64_t content;
	bool is_inner;                  /* it was seen behind the hop, and not emitted: `event` is kept */
	uint64_t index;                 /* else of the event that was emitted */
	uint64_t seen_on[SESSION_LEGS]; /* legs, by legs_id */
	size_t seen, awaited;           /* legs that saw it, that will */
	struct event event;             /* of an emitted one only what losses need */
	struct connection_facts connection;
	struct buffer payload; /* of `event` */
	char name[SESSION_LOSS_NAME];
	struct leg_crossing *prev, *next;
};

struct session_crossings {
	struct leg_crossing *oldest; /* first */
	struct leg_crossing *found;  /* that the event which is emitted now has matched */
	size_t count;
	bool has_holes;       /* some were dropped, or bytes of a leg were not captured: nothing counts as lost */
	timestamp crossed[2]; /* the newest event of each direction that was seen on both sides of the hop */
	struct event_leg legs[SESSION_LEGS]; /* of the event that is emitted now */
};

static struct session_crossings *legs_crossings(struct context *context, struct session *session)
{
	if (!session->crossings)
		session->crossings = budget_alloc(&context->budget, sizeof *session->crossings);
	return session->crossings;
}

uint64_t legs_id(const struct connection_facts *connection)
{
	uint64_t id = fnv_add(FNV_START, connection->client.address.bytes, sizeof connection->client.address.bytes);
	id = fnv_add(id, connection->server.address.bytes, sizeof connection->server.address.bytes);
	return fnv_add(id, &connection->server.port, sizeof connection->server.port);
}

static uint64_t leg_add_slice(uint64_t hash, struct slice slice)
{
	hash = fnv_add(hash, &slice.len, sizeof slice.len);
	return slice.len ? fnv_add(hash, slice.at, slice.len) : hash;
}

/* How a connection ends, and from which side, is each leg's own; an exchange is known by its request, whatever the hop
 * made of the answer. */
static uint64_t leg_event_content(const struct event *event)
{
	uint64_t hash = fnv_add(FNV_START, &event->kind, sizeof event->kind);
	if (event->kind == EVENT_TCP_CLOSE || event->kind == EVENT_WS_OPEN)
		return hash;
	if (event->kind == EVENT_HTTP) {
		struct slice query = event->exchange->request.head.target;
		slice_take_until(&query, '?');
		hash = leg_add_slice(hash, event->exchange->request.head.method);
		return leg_add_slice(hash, query);
	}
	hash = fnv_add(hash, &event->direction, sizeof event->direction);
	hash = fnv_add(hash, &event->close_code, sizeof event->close_code);
	hash = leg_add_slice(hash, event->nsp);
	hash = leg_add_slice(hash, event->name);
	hash = leg_add_slice(hash, event->ack);
	hash = leg_add_slice(hash, event->data);
	hash = leg_add_slice(hash, event->raw);
	hash = leg_add_slice(hash, event->text);
	for (size_t i = 0; i < event->attachment_count; i++)
		hash = leg_add_slice(hash, event->attachments[i]);
	return hash;
}

static struct event_leg leg_of_event(const struct event *event, const char *connection)
{
	return (struct event_leg){connection, event->first_packet, event->last_packet, event->time, false};
}

static void leg_crossing_free(struct context *context, struct leg_crossing *crossing)
{
	buffer_free(&crossing->payload);
	budget_free(&context->budget, crossing, sizeof *crossing);
}

static void legs_take_out(struct session_crossings *crossings, struct leg_crossing *crossing)
{
	DL_DELETE(crossings->oldest, crossing);
	crossings->count--;
}

static bool leg_crossing_was_seen_on(const struct leg_crossing *crossing, uint64_t leg)
{
	for (size_t i = 0; i < crossing->seen; i++)
		if (crossing->seen_on[i] == leg)
			return true;
	return false;
}

/* The oldest of this content on this side of the hop that was not seen on this leg. */
static struct leg_crossing *legs_find_crossing(
    const struct session_crossings *crossings, uint64_t content, bool inner, uint64_t leg)
{
	struct leg_crossing *crossing;
	DL_FOREACH(crossings->oldest, crossing)
	if (crossing->content == content && crossing->is_inner == inner && !leg_crossing_was_seen_on(crossing, leg))
		return crossing;
	return NULL;
}

static struct leg_crossing *legs_add_crossing(
    struct context *context, struct session_crossings *crossings, uint64_t content, const struct event *event)
{
	struct leg_crossing *crossing = crossings->oldest;
	if (crossings->count == LEGS_CROSSINGS) {
		legs_take_out(crossings, crossing);
		leg_crossing_free(context, crossing);
		crossings->has_holes = true;
	}
	crossing = budget_alloc(&context->budget, sizeof *crossing);
	if (!crossing) {
		crossings->has_holes = true;
		return NULL;
	}
	*crossing = (struct leg_crossing){
	    .content = content, .event = *event, .connection = *event->connection, .seen = 1};
	crossing->seen_on[0] = legs_id(event->connection);
	crossing->event.connection = &crossing->connection;
	struct slice name = slice_take(event->name, sizeof crossing->name - 1);
	if (name.len)
		memcpy(crossing->name, name.at, name.len);
	buffer_init(&crossing->payload, LEGS_PAYLOAD, &context->budget);
	DL_APPEND(crossings->oldest, crossing);
	crossings->count++;
	return crossing;
}

/* Copies what the event borrows. What is too long, and attachments, are left out: the event is then emitted as
 * incomplete if nobody sees it again. */
static void leg_crossing_keep(struct leg_crossing *crossing)
{
	struct event *event = &crossing->event;
	struct slice *slices[] = {&event->nsp, &event->name, &event->ack, &event->data, &event->raw, &event->text};
	enum { SLICES = sizeof slices / sizeof *slices };
	size_t ends[SLICES];
	event->incomplete |= event->attachment_count > 0;
	event->attachments = NULL;
	event->attachment_count = 0;
	event->exchange = NULL;
	for (size_t i = 0; i < SLICES; i++) {
		if (slices[i]->len && !buffer_append(&crossing->payload, *slices[i])) {
			event->incomplete = true;
			*slices[i] = slice_of(NULL, 0);
		}
		ends[i] = crossing->payload.len;
	}
	for (size_t i = 0; i < SLICES; i++)
		if (slices[i]->len)
			slices[i]->at = crossing->payload.at + ends[i] - slices[i]->len;
}

static void legs_note_crossed(struct session_crossings *crossings, const struct event *event)
{
	timestamp *crossed = &crossings->crossed[event->direction];
	*crossed = event->time > *crossed ? event->time : *crossed;
}

/* ---- behind the hop */

static void legs_take_second(
    struct context *context, struct session_crossings *crossings, struct leg_crossing *outer, const struct event *event)
{
	struct event_leg leg = leg_of_event(event, event->connection->text);
	outer->seen_on[outer->seen++] = legs_id(event->connection);
	leg.is_last = outer->seen > outer->awaited || outer->seen == SESSION_LEGS;
	legs_note_crossed(crossings, &outer->event);
	timeline_cross(&context->timeline, outer->index, &leg);
	if (!leg.is_last)
		return;
	legs_take_out(crossings, outer);
	leg_crossing_free(context, outer);
}

static void legs_take_inner(
    struct context *context, struct session *session, struct session_crossings *crossings, const struct event *event)
{
	uint64_t content = leg_event_content(event);
	struct leg_crossing *outer = legs_find_crossing(crossings, content, false, legs_id(event->connection));
	if (outer) {
		legs_take_second(context, crossings, outer, event);
		return;
	}
	/* The hop was noticed later: what this repeats was emitted before. */
	bool was_emitted = session->number && event->begun <= session->hop_since;
	struct leg_crossing *crossing = was_emitted ? NULL : legs_add_crossing(context, crossings, content, event);
	if (!crossing)
		return;
	crossing->is_inner = true;
	leg_crossing_keep(crossing);
}

/* ---- before it */

static bool legs_found_on(const struct session_crossings *crossings, uint64_t leg)
{
	for (const struct leg_crossing *found = crossings->found; found; found = found->next)
		if (found->seen_on[0] == leg)
			return true;
	return false;
}

/* The sightings behind the hop that were there before this one, one a leg. */
static void legs_gather(struct session_crossings *crossings, uint64_t content, struct event *event)
{
	size_t count = 1;
	struct leg_crossing *inner, *next;
	crossings->legs[0] = leg_of_event(event, event->connection->text);
	DL_FOREACH_SAFE(crossings->oldest, inner, next)
	{
		if (inner->content != content || !inner->is_inner || count == SESSION_LEGS ||
		    legs_found_on(crossings, inner->seen_on[0]))
			continue;
		legs_take_out(crossings, inner);
		DL_APPEND(crossings->found, inner);
		crossings->legs[count++] = leg_of_event(&inner->event, inner->connection.text);
		legs_note_crossed(crossings, event);
	}
	if (count > 1) {
		event->legs = crossings->legs;
		event->leg_count = count;
	}
}

static size_t legs_behind_hop(const struct session *session)
{
	size_t count = 0;
	for (size_t i = 0; i < session->leg_count; i++)
		count += session->legs[i].is_inner;
	return count;
}

bool legs_take_event(struct context *context, const struct carrier *carrier, struct event *event)
{
	struct session_crossings *crossings = legs_crossings(context, carrier->session);
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
		legs_take_inner(context, carrier->session, crossings, event);
		return true;
	}
	legs_gather(crossings, leg_event_content(event), event);
	event->awaits_legs = !event->leg_count && legs_behind_hop(carrier->session) > 0;
	return false;
}

void legs_note_emitted(struct context *context, struct session *session, const struct event *event)
{
	struct session_crossings *crossings = session->crossings;
	struct leg_crossing *found, *next;
	if (!crossings)
		return;
	if (event->awaits_legs) {
		struct leg_crossing *crossing = legs_add_crossing(context, crossings, leg_event_content(event), event);
		if (!crossing)
			return;
		crossing->index = event->index;
		crossing->awaited = legs_behind_hop(session);
	}
	DL_FOREACH_SAFE(crossings->found, found, next)
	{
		DL_DELETE(crossings->found, found);
		leg_crossing_free(context, found);
	}
}

/* ---- the end */

static void legs_emit_kept(struct context *context, struct session *session, struct leg_crossing *crossing)
{
	enum event_kind kind = crossing->event.kind;
	if (kind == EVENT_HTTP || kind == EVENT_WS_OPEN || kind == EVENT_TCP_CLOSE)
		return;
	context_emit(context, session, &crossing->event);
	crossing->index = crossing->event.index;
}

/* Emits what was seen behind the hop alone. */
static void legs_release(struct context *context, struct session *session)
{
	struct leg_crossing *crossing, *next;
	if (!session->crossings)
		return;
	DL_FOREACH_SAFE(session->crossings->oldest, crossing, next)
	{
		legs_take_out(session->crossings, crossing);
		if (crossing->is_inner)
			legs_emit_kept(context, session, crossing);
		leg_crossing_free(context, crossing);
	}
}

/* Was it lost on the way? Sure when a later one of its direction came through, for a hop keeps their order; else when
 * the session went on in that direction's other side for so long that it must have come. */
static bool legs_is_loss(const struct session *session, const struct leg_crossing *crossing, bool *sure)
{
	const struct event *event = &crossing->event;
	const struct session_crossings *crossings = session->crossings;
	bool matters = event->kind == EVENT_EVENT || event->kind == EVENT_ACK || event->kind == EVENT_CONNECT ||
	               event->kind == EVENT_DISCONNECT;
	*sure = crossings->crossed[event->direction] > event->time;
	timestamp end = session->closed == TIMESTAMP_NONE ? session->last : session->closed;
	return matters && !crossings->has_holes && !session->missed && (*sure || end - event->time > LEGS_PATIENCE);
}

static void legs_note_loss(struct context *context, struct session *session, const struct leg_crossing *crossing)
{
	bool sure;
	if (!legs_is_loss(session, crossing, &sure))
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
	    .first_packet = crossing->event.first_packet,
	    .last_packet = crossing->event.last_packet,
	    .time = crossing->event.time,
	    .is_sure = sure,
	    .server = crossing->connection.server};
	memcpy(loss->name, crossing->name, sizeof loss->name);
}

void legs_end_session(struct context *context, struct session *session)
{
	struct leg_crossing *crossing, *next;
	if (!session->crossings)
		return;
	DL_FOREACH_SAFE(session->crossings->oldest, crossing, next)
	{
		legs_take_out(session->crossings, crossing);
		if (crossing->is_inner)
			legs_emit_kept(context, session, crossing);
		legs_note_loss(context, session, crossing);
		leg_crossing_free(context, crossing);
	}
	budget_free(&context->budget, session->crossings, sizeof *session->crossings);
	session->crossings = NULL;
}
