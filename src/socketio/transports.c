/* What http/ gives becomes packets and events of sessions: messages of a WebSocket, gaps, handshakes of TLS, ends of
 * connections; polling.c takes the exchanges. */
#include "socketio/transports.h"

#include "http/coding.h"
#include "socketio/legs.h"
#include "socketio/polling.h"

#include <stdlib.h>

/* ---- WebSocket */

struct channel {
	struct session *session;
	uint8_t revision;
	bool is_inner; /* its upgrade was passed on by a hop (legs.h) */
};

static struct session *channel_session(const struct channel *channel)
{
	return channel ? channel->session : NULL;
}

static bool channel_is_inner(const struct channel *channel)
{
	return channel && channel->is_inner;
}

static void channel_hold_session(struct channel *channel, struct session *session)
{
	channel->session = session;
	if (session) {
		session->users++;
		if (!session->revision)
			session->revision = channel->revision;
	}
}

/* The WebSocket's, made when it is new. NULL: no memory. */
static struct channel *channel_of(struct context *context, struct connection *connection)
{
	if (!connection->user)
		connection->user = budget_new(&context->budget, sizeof(struct channel));
	return connection->user;
}

/* The session that a connection carries: its WebSocket's, or the one that its oldest unanswered request asks for. */
static struct session *channel_session_of(const struct context *context, const struct connection *connection)
{
	if (connection->is_websocket)
		return channel_session(connection->user);
	if (!connection->oldest || !connection->oldest->wanted || !connection->oldest->target->sid_len)
		return NULL;
	return sessions_find(context->sessions, target_sid(connection->oldest->target), &connection->facts.server);
}

/* What brought a passage of a connection; its session is the one that the connection carries now, if any. */
static struct carrier channel_carrier(
    struct context *context, const struct connection *connection, const struct passage *passage)
{
	return (struct carrier){
	    .session = channel_session_of(context, connection),
	    .connection = &connection->facts,
	    .direction = passage->direction,
	    .transport = connection->is_websocket ? TRANSPORT_WEBSOCKET : TRANSPORT_NONE,
	    .origin = passage->origin,
	    .begun = passage->begun,
	    .is_inner = connection->is_websocket ? channel_is_inner(connection->user)
	                                         : legs_is_inner(context, connection->oldest),
	};
}

/* The exchange agreed on a WebSocket: both are emitted. False: no memory. */
static bool channel_open(
    void *self, struct connection *connection, const struct passage *passage, struct exchange *exchange)
{
	struct context *context = context_reading(self, connection);
	const struct target *target = exchange->target;
	struct channel *channel = channel_of(context, connection);
	if (!channel)
		return false;
	channel->revision = target->revision;
	channel->is_inner = legs_is_inner(context, exchange);
	channel_hold_session(
	    channel, target->sid_len ? context_session(context, &connection->facts, exchange)
	                             : context_open_session(context, slice_of(NULL, 0), &connection->facts, exchange));
	polling_emit_exchange(context, &connection->facts, exchange, channel->session);
	struct carrier carrier = channel_carrier(context, connection, passage);
	/* It is the server that opens it, also where a frame of the client shows that a lost 101 did. */
	carrier.direction = DIRECTION_TO_CLIENT;
	struct event event = context_event(&carrier, EVENT_WS_OPEN);
	event.exchange = exchange;
	origin_widen(&event.origin, &exchange->request.origin);
	context_emit(context, &carrier, &event);
	legs_end_request(context, exchange);
	return true;
}

static void channel_note_refused(void *self, struct connection *connection, timestamp time)
{
	struct session *session = channel_session(connection->user);
	(void)self;
	if (session)
		session_note_refused(session, time);
}

static void channel_note_recorded(void *self, struct connection *connection, timestamp time)
{
	struct session *session = channel_session(connection->user);
	(void)self;
	if (session && session->transport == TRANSPORT_WEBSOCKET)
		session_note_recorded(session, time);
}

static void channel_note_control(void *self, struct connection *connection, timestamp time)
{
	struct session *session = channel_session(connection->user);
	(void)self;
	if (session)
		session->controlled = time;
}

static void channel_close(void *self, struct connection *connection)
{
	struct session *session = channel_session(connection->user);
	const struct delivery *to_server = connection_delivery(&connection->facts, DIRECTION_TO_SERVER);
	(void)self;
	if (session)
		session->users--;
	if (session && to_server && !channel_is_inner(connection->user)) {
		session->deliveries[DIRECTION_TO_SERVER] = *to_server;
		session->deliveries[DIRECTION_TO_CLIENT] = *connection_delivery(
		    &connection->facts, DIRECTION_TO_CLIENT);
	}
	budget_release(connection->user);
	connection->user = NULL;
}

/* ---- messages */

/* An open packet names the session of a WebSocket that began without a sid. */
static void channel_name_session(
    struct context *context, const struct channel *channel, const struct engineio_packet *packet)
{
	struct engineio_open open;
	if (packet->type != ENGINEIO_OPEN || !channel->session || channel->session->sid)
		return;
	buffer_clear(&context->json);
	if (engineio_read_open(packet->data, &context->json, &open))
		sessions_name(context->sessions, channel->session, open.sid);
}

/* Who sends the pings decides the revision where no query did (protocol.md §1). */
static void channel_learn_revision(
    struct channel *channel, const struct carrier *carrier, const struct engineio_packet *packet)
{
	if (channel->revision || packet->type != ENGINEIO_PING || packet->data.len)
		return;
	channel->revision = carrier->direction == DIRECTION_TO_CLIENT ? 4 : 3;
	carrier->session->revision = channel->revision;
}

static void channel_take_packet(
    struct context *context, struct channel *channel, struct carrier *carrier, const struct engineio_packet *packet)
{
	if (!channel->session)
		channel_hold_session(channel,
		    context_new_session(context, slice_of(NULL, 0), carrier->connection, carrier->origin.time));
	carrier->session = channel->session;
	if (!carrier->session)
		return;
	channel_name_session(context, channel, packet);
	channel_learn_revision(channel, carrier, packet);
	packets_take(context, carrier, packet);
}

static void channel_take_data(
    struct context *context, struct channel *channel, struct carrier *carrier, const struct message *message)
{
	struct engineio_packet packet;
	const char *why;
	buffer_clear(&context->base64);
	if (engineio_read_message(
	        channel->revision, message->opcode == WS_BINARY, message->payload, &context->base64, &packet, &why))
		channel_take_packet(context, channel, carrier, &packet);
	else if (channel->session)
		context_emit_malformed(context, carrier, "engineio", why, message->payload);
}

/* Why nothing of a message can be read; NULL: it can. */
static const char *channel_unreadable(const struct message *message)
{
	if (message->unreadable)
		return "compressed, and what it refers back to was not captured";
	if (!message->truncated || message->payload.len)
		return NULL;
	return message->damaged ? "its bytes were not captured" : "none of it could be held (--max-memory)";
}

static void channel_emit_close(struct context *context, const struct carrier *carrier, const struct message *message)
{
	struct event event = context_event(carrier, EVENT_WS_CLOSE);
	event.ws_close.code = message->close_code;
	event.ws_close.reason = message->payload;
	context_emit(context, carrier, &event);
}

/* A text, binary or close message. True: there is a session. */
static bool channel_take_message(
    void *self, struct connection *connection, const struct passage *passage, const struct message *message)
{
	struct context *context = context_reading(self, connection);
	struct channel *channel = channel_of(context, connection);
	if (!channel) {
		budget_note_refusal(&context->budget);
		return false;
	}
	struct carrier carrier = channel_carrier(context, connection, passage);
	const char *unreadable = channel_unreadable(message);
	carrier.bytes = message->wire_bytes;
	carrier.wire = message->wire;
	carrier.incomplete = message->truncated;
	if (message->opcode == WS_CLOSE) {
		channel_emit_close(context, &carrier, message);
	} else if (!unreadable) {
		channel_take_data(context, channel, &carrier, message);
	} else if (channel->session) {
		carrier.unreadable = message->unreadable;
		context_emit_malformed(context, &carrier, "websocket", unreadable, slice_of(NULL, 0));
	}
	return channel->session != NULL;
}

/* ---- connections */

static bool transports_wants(void *self, struct slice text)
{
	struct target target;
	(void)self;
	target_read(&target, text);
	return target.engineio;
}

static struct target *transports_read_target(void *self, struct slice text)
{
	struct context *context = self;
	return target_new(text, &context->budget);
}

static bool transports_wants_beside(void *self, struct slice target)
{
	const struct context *context = self;
	return timeline_wants_beside(&context->timeline, target);
}

static bool transports_wants_document(void *self, struct slice target)
{
	const struct context *context = self;
	return timeline_wants_document(&context->timeline, target);
}

static void transports_take_document(void *self, struct slice target, struct slice codings, struct slice body)
{
	struct context *context = self;
	buffer_clear(&context->inflated);
	if (body.len && !coding_is_identity(codings)) {
		if (coding_decode(codings, body, &context->inflated) != CODING_DONE)
			return;
		body = buffer_slice(&context->inflated);
	}
	timeline_give_document(&context->timeline, target, body);
}

/* A recording's session, by its sid, or by the one that an open packet gives it; a handshake that opens none, by its
 * target. */
static bool transports_is_shown(void *self, const struct exchange *exchange, bool is_answered, struct slice opening)
{
	struct context *context = self;
	struct engineio_payload payload;
	struct engineio_packet packet;
	struct engineio_open open;
	struct slice sid = target_sid(exchange->target);
	buffer_clear(&context->json);
	engineio_payload_init(&payload, exchange->target->revision, opening, &context->budget);
	if (!sid.len && engineio_next_packet(&payload, &packet) == WIRE_ITEM && packet.type == ENGINEIO_OPEN &&
	    engineio_read_open(packet.data, &context->json, &open))
		sid = open.sid;
	const struct session *session = sid.len ? sessions_newest(context->sessions, sid) : NULL;
	bool is_shown = sid.len ? session && session->number && session->seen_in != ORIGIN_ENTRIES
	                        : is_answered && polling_knows_handshake(context, exchange);
	engineio_payload_free(&payload);
	return is_shown;
}

static void transports_take_attempt(void *self, const struct attempt *attempt)
{
	struct context *context = self;
	timeline_emit_attempt(&context->timeline, attempt);
}

/* One that failed is an event, which belongs to no session. */
static void transports_take_handshake(
    void *self, const struct connection_facts *facts, const struct tls_handshake *handshake)
{
	struct context *context = self;
	timeline_emit_handshake(&context->timeline, handshake);
	if (!tls_has_failed(handshake))
		return;
	const struct carrier carrier = {.connection = facts,
	    .origin = handshake->origin,
	    .begun = handshake->begun,
	    .direction = handshake->by_client ? DIRECTION_TO_SERVER : DIRECTION_TO_CLIENT,
	    .transport = TRANSPORT_NONE};
	struct event event = context_event(&carrier, EVENT_TLS);
	event.tls.why = slice_of_text(tls_failure_text(handshake));
	event.tls.name = slice_of_text(handshake->name);
	event.tls.protocols = slice_of_text(handshake->protocols);
	event.tls.alert = handshake->result == TLS_FAILED_ALERT ? handshake->alert : -1;
	context_emit(context, &carrier, &event);
}

static void transports_take_gap(void *self, struct connection *connection, const struct passage *passage, uint64_t lost,
    bool beginning, const char *text)
{
	struct context *context = context_reading(self, connection);
	struct carrier carrier = channel_carrier(context, connection, passage);
	struct event event = context_event(&carrier, EVENT_GAP);
	event.gap.lost = lost;
	event.gap.why = slice_of_text(text);
	if (!beginning)
		ledger_add(&context->ledger, LEDGER_UNPLACED, lost, !carrier.session);
	context_emit(context, &carrier, &event);
}

static void transports_take_malformed(void *self, struct connection *connection, const struct passage *passage,
    const char *layer, const char *why, bool incomplete)
{
	struct context *context = context_reading(self, connection);
	struct carrier carrier = channel_carrier(context, connection, passage);
	carrier.incomplete = incomplete;
	if (carrier.session || !connection->is_websocket)
		context_emit_malformed(context, &carrier, layer, why, slice_of(NULL, 0));
}

static void transports_take_end(
    void *self, struct connection *connection, const struct passage *passage, const struct chunk *chunk)
{
	struct context *context = context_reading(self, connection);
	struct carrier carrier = channel_carrier(context, connection, passage);
	struct event event = context_event(&carrier, EVENT_TCP_CLOSE);
	event.tcp_close.how = chunk->kind == CHUNK_RST ? TCP_END_RST : TCP_END_FIN;
	event.tcp_close.unacknowledged = chunk->unacknowledged;
	event.tcp_close.exited = chunk->exited;
	event.tcp_close.reset = connection->reset;
	context_emit(context, &carrier, &event);
}

struct http_sink transports_sink(struct context *context)
{
	return (struct http_sink){
	    .self = context,
	    .wants = transports_wants,
	    .read_target = transports_read_target,
	    .wants_beside = transports_wants_beside,
	    .beside = polling_take_beside,
	    .wants_document = transports_wants_document,
	    .document = transports_take_document,
	    .is_shown = transports_is_shown,
	    .request = polling_take_request,
	    .answer = polling_take_answer,
	    .websocket_opened = channel_open,
	    .message = channel_take_message,
	    .attempted = transports_take_attempt,
	    .secured = transports_take_handshake,
	    .control = channel_note_control,
	    .websocket_refused = channel_note_refused,
	    .recording_ended = channel_note_recorded,
	    .websocket_closed = channel_close,
	    .gap = transports_take_gap,
	    .malformed = transports_take_malformed,
	    .ended = transports_take_end,
	};
}
