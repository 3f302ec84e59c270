/* The bodies of polling requests and answers, down to their packets. */
#include "socketio/polling.h"

#include "base/hash.h"
#include "http/coding.h"
#include "socketio/jsonp.h"
#include "socketio/legs.h"
#include "socketio/packets.h"

static struct carrier polling_carrier(const struct connection_facts *connection, const struct exchange_half *half,
    enum direction direction, struct session *session)
{
	return (struct carrier){
	    .session = session,
	    .connection = connection,
	    .direction = direction,
	    .transport = TRANSPORT_POLLING,
	    .first_packet = half->first_packet,
	    .last_packet = half->last_packet,
	    .begun = half->begun,
	    .time = half->given,
	    .bytes = half->body_bytes,
	    .incomplete = half->incomplete,
	};
}

/* The body with its content coding undone. What is cut short is given as far as it goes, and marked. */
static struct slice polling_plain_body(struct context *context, struct exchange_half *half)
{
	struct slice codings = exchange_field(half, "Content-Encoding");
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
		context_tell_malformed(context, carrier, "engineio",
		    carrier->incomplete ? "payload cut short" : payload.why, payload.rest);
	engineio_payload_free(&payload);
}

/* ---- answers that refuse */

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
	return fnv_add(FNV_START, half->body.at, half->body.len);
}

/* A POST that was redirected is sent again, with the same body: its packets were told. */
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

void polling_take_request(struct context *context, const struct connection_facts *connection, struct exchange *exchange)
{
	struct exchange_half *half = &exchange->request;
	bool post = slice_equals(half->head.method, SLICE("POST"));
	legs_note_request(context, connection, exchange);
	struct session *session = post ? polling_session(context, connection, exchange) : NULL;
	if (!session || exchange->target->transport == TRANSPORT_WEBSOCKET || polling_is_sent_again(session, half))
		return;
	struct carrier carrier = polling_carrier(connection, half, DIRECTION_TO_SERVER, session);
	carrier.is_inner = legs_is_inner(context, exchange);
	struct slice body = polling_plain_body(context, half);
	body = polling_unwrap(context, exchange->target, half, DIRECTION_TO_SERVER, body);
	carrier.incomplete = half->incomplete;
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

void polling_tell_exchange(struct context *context, const struct connection_facts *connection,
    struct exchange *exchange, struct session *session)
{
	struct carrier carrier = polling_carrier(connection, &exchange->answer, DIRECTION_TO_SERVER, session);
	carrier.transport = exchange->target->transport;
	carrier.is_inner = legs_is_inner(context, exchange);
	if (!carrier.last_packet)
		carrier.first_packet = exchange->request.first_packet;
	origin_widen_packets(
	    &carrier.first_packet, &carrier.last_packet, exchange->request.first_packet, exchange->request.last_packet);
	carrier.incomplete = exchange->request.incomplete || exchange->answer.incomplete;
	struct event event = context_event(&carrier, EVENT_HTTP);
	event.exchange = exchange;
	context_tell(context, &carrier, &event);
}

void polling_take_answer(struct context *context, const struct connection_facts *connection, struct exchange *exchange)
{
	struct exchange_half *half = &exchange->answer;
	struct slice body = polling_plain_body(context, half);
	exchange->plain = body;
	if (polling_carries_payload(exchange))
		body = polling_unwrap(context, exchange->target, half, DIRECTION_TO_CLIENT, body);
	struct session *session = polling_session(context, connection, exchange);
	if (!session && polling_carries_payload(exchange))
		session = polling_open_session(context, connection, exchange, body);
	polling_tell_exchange(context, connection, exchange, session);
	polling_note_redirect(session, exchange);
	bool lost = polling_carries_lost_payload(context, exchange, body);
	if (session && (lost || polling_carries_payload(exchange))) {
		struct carrier carrier = polling_carrier(connection, half, DIRECTION_TO_CLIENT, session);
		carrier.unread = lost                               ? UNREAD_IN_UPGRADE
		                 : exchange->left != TIMESTAMP_NONE ? UNREAD_IN_ABORTED_POLL
		                                                    : UNREAD_NOT;
		carrier.is_inner = legs_is_inner(context, exchange);
		polling_take_payload(context, &carrier, body);
	}
	legs_end_request(context, exchange);
}
