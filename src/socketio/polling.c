/* Exchanges of HTTP become packets of sessions: the bodies of long-polling's requests and answers, and each exchange as
 * an event. */
#include "socketio/polling.h"

#include "base/hash.h"
#include "http/coding.h"
#include "socketio/legs.h"

/* ---- bodies */

static struct carrier polling_carrier(const struct connection_facts *connection, const struct exchange_half *half,
    enum direction direction, struct session *session)
{
	return (struct carrier){
	    .session = session,
	    .connection = connection,
	    .direction = direction,
	    .transport = TRANSPORT_POLLING,
	    .origin = {.first = half->origin.first,
	        .last = half->origin.last,
	        .kind = half->origin.kind,
	        .stream = half->origin.stream,
	        .numbering = half->origin.numbering,
	        .time = half->given},
	    .begun = half->begun,
	    .bytes = half->body_bytes,
	    .incomplete = half->incomplete,
	};
}

/* The body's coding. Where the field may be missing the body itself shows gzip (RFC 1952 §2.3.1), as which no payload
 * begins. */
static struct slice polling_codings(const struct exchange_half *half)
{
	struct slice codings = exchange_field(half, "Content-Encoding");
	bool may_be_missing = half->partial && !codings.len;
	return may_be_missing && slice_starts_with(buffer_slice(&half->body), SLICE("\x1f\x8b")) ? SLICE("gzip")
	                                                                                         : codings;
}

/* The body with its content coding undone. What is cut short is given as far as it goes, and marked. */
static struct slice polling_plain_body(struct context *context, struct exchange_half *half)
{
	struct slice codings = polling_codings(half);
	struct slice body = buffer_slice(&half->body);
	if (body.len == 0 || coding_is_identity(codings))
		return body;
	buffer_clear(&context->inflated);
	enum coding_result result = coding_decode(codings, body, &context->inflated);
	context->ledger.entries[LEDGER_UNREAD].items += result != CODING_DONE && !half->incomplete &&
	                                                !context->inflated.truncated;
	half->incomplete |= result != CODING_DONE;
	ledger_note_limit(&context->ledger, LIMIT_INFLATED, context->inflated.truncated);
	return buffer_slice(&context->inflated);
}

static bool polling_is_form(const struct exchange_half *half)
{
	struct slice type = exchange_field(half, "Content-Type");
	return slice_equals_nocase(slice_trim(slice_take_until(&type, ';')), "application/x-www-form-urlencoded");
}

/* Strips what JSONP puts around a payload (protocol.md §3.4), both ways. */
static struct slice polling_unwrap(struct context *context, const struct target *target,
    const struct exchange_half *half, enum direction direction, struct slice body)
{
	if (!target->jsonp && !(direction == DIRECTION_TO_SERVER && polling_is_form(half)))
		return body;
	buffer_clear(&context->unwrapped);
	bool wrapped = direction == DIRECTION_TO_SERVER ? jsonp_unwrap_post(body, &context->unwrapped)
	                                                : jsonp_unwrap_answer(body, &context->unwrapped);
	return wrapped ? buffer_slice(&context->unwrapped) : body;
}

static void polling_take_payload(struct context *context, struct carrier *carrier, struct slice body)
{
	struct engineio_payload payload;
	struct engineio_packet packet;
	enum wire_result result;
	engineio_payload_init(&payload, carrier->session->revision, body, &context->budget);
	while ((result = engineio_next_packet(&payload, &packet)) == WIRE_ITEM) {
		if (!carrier->session->revision)
			carrier->session->revision = payload.revision;
		carrier->bytes = packet.data.len + 1;
		packets_take(context, carrier, &packet);
	}
	if (result == WIRE_BAD)
		context_emit_malformed(context, carrier, "engineio",
		    carrier->incomplete ? "payload cut short" : payload.why, payload.rest);
	engineio_payload_free(&payload);
}

/* ---- requests */

static struct session *polling_session(
    struct context *context, const struct connection_facts *connection, const struct exchange *exchange)
{
	const struct target *target = exchange->target;
	if (!target->sid_len)
		return NULL;
	struct session *session = context_session(context, connection, exchange);
	if (session && !session->revision)
		session->revision = target->revision;
	return session;
}

static uint64_t polling_digest(const struct exchange_half *half)
{
	return fnv_digest(buffer_slice(&half->body));
}

/* A POST that was redirected is sent again, with the same body: its packets were emitted. */
static bool polling_is_sent_again(struct session *session, const struct exchange_half *half)
{
	bool again = half->body.len && session->redirected == polling_digest(half);
	if (again)
		session->redirected = 0;
	return again;
}

/* Of the redirects only these keep method and body (RFC 9110 §15.4.8, §15.4.9); clients make a GET of a POST for the
 * others. */
static void polling_note_redirect(struct session *session, const struct exchange *exchange)
{
	bool keeps = exchange->status == 307 || exchange->status == 308;
	if (session && keeps && exchange->request.body.len)
		session->redirected = polling_digest(&exchange->request);
}

/* Behind a hop the client's own leg waits as well. */
static void polling_emit_asked(
    struct context *context, const struct connection_facts *connection, struct exchange *exchange)
{
	if (!context->is_live)
		return;
	struct session *session = exchange->target->sid_len ? sessions_find(context->sessions,
	                                                          target_sid(exchange->target), &connection->server)
	                                                    : NULL;
	struct carrier carrier = polling_carrier(connection, &exchange->request, DIRECTION_TO_SERVER, session);
	struct event event = context_event(&carrier, EVENT_HTTP);
	event.transport = exchange->target->transport;
	event.session = session;
	event.exchange = exchange;
	if (exchange->state == EXCHANGE_PENDING && !legs_is_inner(context, exchange))
		timeline_emit_asked(&context->timeline, &event);
}

/* Clients put a time into the target of each (t=…), so it is the same request where it is the same text. */
static uint64_t polling_digest_target(const struct exchange *exchange)
{
	struct slice target = exchange->request.head.target;
	return fnv_digest(target);
}

static void polling_note_handshake(struct context *context, const struct exchange *exchange)
{
	if (!exchange->target->sid_len && exchange->request.origin.kind == ORIGIN_PACKETS)
		context->handshakes[context->handshake_count++ % HANDSHAKES_KEPT] = polling_digest_target(exchange);
}

bool polling_knows_handshake(const struct context *context, const struct exchange *exchange)
{
	size_t count = context->handshake_count < HANDSHAKES_KEPT ? context->handshake_count : HANDSHAKES_KEPT;
	uint64_t digest = polling_digest_target(exchange);
	for (size_t i = 0; i < count; i++)
		if (context->handshakes[i] == digest)
			return true;
	return false;
}

void polling_take_request(void *self, struct connection *on, struct exchange *exchange)
{
	struct context *context = context_reading(self, on);
	const struct connection_facts *connection = &on->facts;
	struct exchange_half *half = &exchange->request;
	bool post = slice_equals(half->head.method, SLICE("POST"));
	legs_note_request(context, connection, exchange);
	polling_note_handshake(context, exchange);
	polling_emit_asked(context, connection, exchange);
	struct session *session = post ? polling_session(context, connection, exchange) : NULL;
	if (!session || exchange->target->transport == TRANSPORT_WEBSOCKET || polling_is_sent_again(session, half))
		return;
	struct carrier carrier = polling_carrier(connection, half, DIRECTION_TO_SERVER, session);
	carrier.is_inner = legs_is_inner(context, exchange);
	struct slice body = polling_plain_body(context, half);
	body = polling_unwrap(context, exchange->target, half, DIRECTION_TO_SERVER, body);
	carrier.incomplete = half->incomplete;
	carrier.broken_off = exchange_is_broken_off(exchange, half);
	polling_take_payload(context, &carrier, body);
}

/* ---- answers */

static bool polling_carries_payload(const struct exchange *exchange)
{
	const struct target *target = exchange->target;
	return exchange->status == 200 && slice_equals(exchange->request.head.method, SLICE("GET")) &&
	       (target->transport == TRANSPORT_POLLING || target->transport == TRANSPORT_NONE);
}

/* python-engineio, before it was fixed, answers the WebSocket handshake of a session as a poll when Upgrade was lost on
 * the way: what waited for the client is in the body, and no client reads it (signatures.md B). */
static bool polling_carries_lost_payload(struct context *context, const struct exchange *exchange, struct slice body)
{
	const struct target *target = exchange->target;
	struct engineio_payload payload;
	struct engineio_packet packet;
	if (exchange->status != 200 || target->transport != TRANSPORT_WEBSOCKET || !target->sid_len || !body.len)
		return false;
	engineio_payload_init(&payload, target->revision, body, &context->budget);
	bool carries = engineio_next_packet(&payload, &packet) == WIRE_ITEM;
	engineio_payload_free(&payload);
	return carries;
}

/* A handshake's answer begins with the open packet, which names a new session. */
static struct session *polling_open_session(struct context *context, const struct connection_facts *connection,
    const struct exchange *exchange, struct slice body)
{
	struct engineio_payload payload;
	struct engineio_packet packet;
	struct engineio_open open;
	struct session *session = NULL;
	buffer_clear(&context->json);
	engineio_payload_init(&payload, exchange->target->revision, body, &context->budget);
	if (engineio_next_packet(&payload, &packet) == WIRE_ITEM && packet.type == ENGINEIO_OPEN &&
	    engineio_read_open(packet.data, &context->json, &open))
		session = context_open_session(context, open.sid, connection, exchange);
	if (session)
		session->revision = payload.revision ? payload.revision : exchange->target->revision;
	engineio_payload_free(&payload);
	return session;
}

/* What an exchange is carried by as an event: from its request to the end of its answer. */
static struct carrier polling_carrier_of_exchange(
    const struct connection_facts *connection, const struct exchange *exchange, struct session *session)
{
	struct carrier carrier = polling_carrier(connection, &exchange->answer, DIRECTION_TO_SERVER, session);
	carrier.transport = exchange->target->transport;
	if (!carrier.origin.last) {
		carrier.origin.first = exchange->request.origin.first;
		carrier.origin.stream = exchange->request.origin.stream;
	}
	origin_widen(&carrier.origin, &exchange->request.origin);
	bool request_cut = exchange->request.incomplete, answer_cut = exchange->answer.incomplete;
	carrier.incomplete = request_cut || answer_cut;
	carrier.broken_off = carrier.incomplete &&
	                     (!request_cut || exchange_is_broken_off(exchange, &exchange->request)) &&
	                     (!answer_cut || exchange_is_broken_off(exchange, &exchange->answer));
	return carrier;
}

void polling_emit_exchange(struct context *context, const struct connection_facts *connection,
    struct exchange *exchange, struct session *session)
{
	struct carrier carrier = polling_carrier_of_exchange(connection, exchange, session);
	carrier.is_inner = legs_is_inner(context, exchange);
	struct event event = context_event(&carrier, EVENT_HTTP);
	event.exchange = exchange;
	event.behind = legs_behind(context, exchange);
	context_emit(context, &carrier, &event);
}

/* The answer of a server behind a hop, of which no event is emitted. */
static void polling_note_inner(struct context *context, const struct connection_facts *connection,
    const struct exchange *exchange, struct session *session)
{
	bool knows = exchange->status == 200 && legs_is_inner(context, exchange);
	struct session_leg *leg = session && knows ? legs_leg_of(session, connection) : NULL;
	if (leg)
		leg->knows_it = true;
}

void polling_take_answer(void *self, struct connection *on, struct exchange *exchange)
{
	struct context *context = context_reading(self, on);
	const struct connection_facts *connection = &on->facts;
	struct exchange_half *half = &exchange->answer;
	struct slice body = polling_plain_body(context, half);
	exchange->plain = body;
	if (polling_carries_payload(exchange))
		body = polling_unwrap(context, exchange->target, half, DIRECTION_TO_CLIENT, body);
	struct session *session = polling_session(context, connection, exchange);
	if (!session && polling_carries_payload(exchange))
		session = polling_open_session(context, connection, exchange, body);
	polling_emit_exchange(context, connection, exchange, session);
	polling_note_inner(context, connection, exchange, session);
	polling_note_redirect(session, exchange);
	bool lost = polling_carries_lost_payload(context, exchange, body);
	if (session && (lost || polling_carries_payload(exchange))) {
		struct carrier carrier = polling_carrier(connection, half, DIRECTION_TO_CLIENT, session);
		carrier.unread = lost                               ? UNREAD_IN_UPGRADE
		                 : exchange->left != TIMESTAMP_NONE ? UNREAD_IN_ABORTED_POLL
		                                                    : UNREAD_NOT;
		carrier.is_inner = legs_is_inner(context, exchange);
		carrier.broken_off = exchange_is_broken_off(exchange, half);
		polling_take_payload(context, &carrier, body);
	}
	legs_end_request(context, exchange);
}

void polling_take_beside(void *self, struct connection *on, struct exchange *exchange)
{
	struct context *context = context_reading(self, on);
	exchange->plain = polling_plain_body(context, &exchange->answer);
	struct carrier carrier = polling_carrier_of_exchange(&on->facts, exchange, NULL);
	struct event event = context_event(&carrier, EVENT_HTTP);
	event.exchange = exchange;
	timeline_emit_beside(&context->timeline, &event);
}
