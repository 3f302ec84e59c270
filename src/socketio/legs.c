/* Requests that repeat others, and the legs of a session that they show. */
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
	LEGS_SURE_SID = 16,   /* shorter sids, and those of digits alone, may be counters */
};

/* ---- requests */

struct leg_request {
	const struct exchange *exchange; /* only compared, and only while it is pending */
	uint64_t serial;
	bool is_pending;
	timestamp begun, ended; /* INT64_MAX while it is pending */
	struct endpoint client, server;
	uint64_t content; /* of method, query and what distinguishes it from others */
	bool is_inner;    /* it repeats another */
	bool is_repeated; /* another repeats it */
	/* of the one that it repeats */
	const struct exchange *outer;
	uint64_t outer_serial;
	struct event_behind behind;                /* the last that repeated it */
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
		budget_release(same);
	}
	if (request->is_pending)
		HASH_DEL(legs->by_exchange, request);
	DL_DELETE(legs->oldest, request);
	legs_hold_session(request, NULL);
	legs->count--;
	budget_release(request);
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
 * distinguishes them. */
static uint64_t leg_request_content(const struct exchange *exchange)
{
	const struct target *target = exchange->target;
	struct slice query = exchange->request.head.target, ignored;
	struct slice key = exchange_field(&exchange->request, "Sec-WebSocket-Key");
	bool is_sure = leg_sid_is_sure(target_sid(target));
	bool is_distinct = is_sure || key.len || http_find_parameter(query, "t", &ignored);
	slice_take_until(&query, '?');
	if (!is_distinct || !query.len)
		return 0;
	/* A hop makes a GET of an extended CONNECT, and the other way about. */
	struct slice method = exchange->asks_extended ? SLICE("GET") : exchange->request.head.method;
	uint64_t content = fnv_add(FNV_START, method.at, method.len);
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
	budget_note_refusal(legs->budget);
	budget_release(same);
	return NULL;
}

static void legs_note_behind(
    struct leg_request *outer, const struct leg_request *inner, const struct exchange *exchange)
{
	outer->is_repeated = true;
	outer->behind = (struct event_behind){.server = inner->server,
	    .origin = exchange->request.origin,
	    .begun = exchange->request.begun,
	    .status = exchange->status,
	    .is_dropped = exchange->state == EXCHANGE_UNANSWERED && exchange->ended_by == DIRECTION_TO_CLIENT,
	    .crossed = exchange->crossed,
	    .oddity = exchange_find_oddity(&exchange->answer),
	    .head_bytes = exchange->answer.head.bytes.len};
	if (exchange->status)
		origin_widen(&outer->behind.origin, &exchange->answer.origin);
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
		budget_note_refusal(legs->budget);
		budget_release(request);
		return;
	}
	request->is_inner = outer != NULL;
	if (outer) {
		legs_note_behind(outer, request, exchange);
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
		budget_release(same);
	}
}

bool legs_is_inner(const struct context *context, const struct exchange *exchange)
{
	const struct leg_request *request = exchange ? legs_find(context->legs, exchange) : NULL;
	return request && request->is_inner;
}

const struct event_behind *legs_behind(const struct context *context, const struct exchange *exchange)
{
	const struct leg_request *request = legs_find(context->legs, exchange);
	return request && request->is_repeated ? &request->behind : NULL;
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

void legs_end_request(struct context *context, const struct exchange *exchange)
{
	struct leg_request *request = legs_find(context->legs, exchange);
	if (!request)
		return;
	struct leg_request *outer = legs_outer_of(context->legs, request);
	if (outer)
		legs_note_behind(outer, request, exchange);
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
		crossings_release_session(context, opened);
}

/* ---- legs */

void legs_note_leg(struct context *context, struct session *session, const struct connection_facts *connection,
    bool inner, timestamp now)
{
	size_t place = 0;
	for (; place < session->leg_count; place++)
		if (leg_is_same(&session->legs[place].client, &session->legs[place].server, connection))
			break;
	if (inner && !session->is_behind_hop)
		session->hop_since = now > session->last ? now : session->last;
	session->is_behind_hop |= inner;
	uint64_t inputs = UINT64_C(1) << connection->input;
	if (place < session->leg_count) {
		session->legs[place].is_inner |= inner;
		session->legs[place].inputs |= inputs;
		return;
	}
	/* Behind a hop the requests come in order from the client, the answers against it: a leg that is not inner
	 * stands before those that are. */
	place = session->leg_count;
	while (!inner && place && session->legs[place - 1].is_inner)
		place--;
	const struct session_leg leg = {connection->client, connection->server, .is_inner = inner, .inputs = inputs};
	bool is_added = session_add_leg(session, place, &leg, &context->budget);
	if (place == 0 && (is_added || !session->leg_count)) {
		session->client = connection->client;
		session->server = connection->server;
	}
}

struct session_leg *legs_leg_of(struct session *session, const struct connection_facts *connection)
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

uint64_t legs_id(const struct connection_facts *connection)
{
	uint64_t id = fnv_add(FNV_START, connection->client.address.bytes, sizeof connection->client.address.bytes);
	id = fnv_add(id, connection->server.address.bytes, sizeof connection->server.address.bytes);
	return fnv_add(id, &connection->server.port, sizeof connection->server.port);
}
