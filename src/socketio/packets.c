/* Engine.IO packets become events, and events go to the timeline; how a session is found or made. */
#include "socketio/packets.h"

#include "base/json.h"
#include "socketio/legs.h"
#include "socketio/socketio.h"

#include <stdio.h>
#include <utlist.h>

/* ---- events and sessions */

struct event context_event(const struct carrier *carrier, enum event_kind kind)
{
	return (struct event){
	    .kind = kind,
	    .origin = carrier->origin,
	    .begun = carrier->begun > 0 ? carrier->begun : carrier->origin.time,
	    .direction = carrier->direction,
	    .transport = carrier->transport,
	    .connection = carrier->connection,
	    .bytes = carrier->bytes,
	    .wire = carrier->wire,
	    .incomplete = carrier->incomplete,
	    .broken_off = carrier->broken_off,
	    .unreadable = carrier->unreadable,
	    .unread = carrier->unread,
	};
}

/* Is it of those that every server answers at once? A poll is held, and who said goodbye waits for nothing. */
static bool context_waits_at_end(const struct carrier *carrier, const struct exchange *exchange)
{
	const struct session *session = carrier->session;
	bool poll = exchange->target->sid_len && exchange->target->transport != TRANSPORT_WEBSOCKET &&
	            slice_equals(exchange->request.head.method, SLICE("GET"));
	return exchange->state == EXCHANGE_PENDING && !exchange->request.incomplete && !poll &&
	       !(session && (session->goodbye || session->left || session->closed != TIMESTAMP_NONE));
}

void context_emit(struct context *context, const struct carrier *carrier, struct event *event)
{
	/* What a connection's end cut off was never sent, and nothing of it was missed. */
	const struct exchange *exchange = event_exchange(event);
	bool is_cut_by_end = event->broken_off || (exchange && exchange->state == EXCHANGE_UNANSWERED);
	/* What a log lacks is counted by who reads it. */
	bool is_logged = event->origin.kind == ORIGIN_LINES;
	ledger_add(&context->ledger, LEDGER_INCOMPLETE, 0, event->incomplete && !is_cut_by_end && !is_logged);
	ledger_add(&context->ledger, LEDGER_UNREADABLE, 0, event->unreadable);
	ledger_add(
	    &context->ledger, LEDGER_MALFORMED, 0, event->kind == EVENT_MALFORMED && !(is_logged && event->incomplete));
	ledger_add(
	    &context->ledger, LEDGER_WAITING, 0, event->kind == EVENT_HTTP && context_waits_at_end(carrier, exchange));
	if (carrier->session) {
		sessions_touch(context->sessions, carrier->session, event->origin.time);
		carrier->session->missed |= context->ledger.entries[LEDGER_UNPLACED].items > 0;
	}
	if (event->direction == DIRECTION_TO_SERVER)
		event->queued = context->queued;
	if (carrier->session && (event_kind_layer(event->kind) & (LAYER_ENGINEIO | LAYER_SOCKETIO)))
		legs_count_packet(carrier->session, carrier->connection);
	if (!carrier->session || !carrier->session->is_behind_hop) {
		timeline_add(&context->timeline, carrier->session, event);
	} else if (!crossings_take_event(context, carrier, event)) {
		timeline_add(&context->timeline, carrier->session, event);
		crossings_note_emitted(context, carrier->session, event);
	}
}

void context_emit_malformed(
    struct context *context, const struct carrier *carrier, const char *layer, const char *why, struct slice raw)
{
	struct event event = context_event(carrier, EVENT_MALFORMED);
	event.malformed.layer = layer;
	event.malformed.why = slice_of_text(why);
	event.malformed.raw = raw;
	context_emit(context, carrier, &event);
}

static struct session *context_add_session(
    struct context *context, struct slice sid, const struct connection_facts *connection, bool inner, timestamp now)
{
	struct session *session = sessions_add(context->sessions, now);
	if (!session)
		return NULL;
	legs_note_leg(context, session, connection, inner, now);
	if (sid.len)
		sessions_name(context->sessions, session, sid);
	return session;
}

struct session *context_new_session(
    struct context *context, struct slice sid, const struct connection_facts *connection, timestamp now)
{
	return context_add_session(context, sid, connection, false, now);
}

struct session *context_open_session(struct context *context, struct slice sid,
    const struct connection_facts *connection, const struct exchange *exchange)
{
	bool inner = legs_is_inner(context, exchange);
	timestamp now = exchange->request.begun;
	struct session *session = legs_opened(context, exchange, sid);
	if (!session && sid.len)
		session = legs_unclaimed(context, sid);
	if (session)
		legs_note_leg(context, session, connection, inner, now);
	else
		session = context_add_session(context, sid, connection, inner, now);
	if (session)
		legs_note_opened(context, exchange, session);
	return session;
}

struct session *context_session(
    struct context *context, const struct connection_facts *connection, const struct exchange *exchange)
{
	struct slice sid = target_sid(exchange->target);
	bool inner = legs_is_inner(context, exchange);
	timestamp now = exchange->request.begun;
	struct session *session = sessions_find(context->sessions, sid, &connection->server);
	if (!session)
		session = legs_find_session(context, connection, exchange);
	if (!session)
		return context_add_session(context, sid, connection, inner, now);
	legs_note_leg(context, session, connection, inner, now);
	return session;
}

/* ---- packets */

/* A BINARY_EVENT or BINARY_ACK that waits for its attachments (protocol.md §6), one a direction and leg. */
struct session_waiting {
	bool in_memory;                     /* false: it did not fit; its attachments are counted, not kept */
	struct socketio_packet packet;      /* its slices are in `bytes` now: only their lengths hold */
	struct carrier carrier;             /* of the text, completed by each attachment */
	struct connection_facts connection; /* a copy: over polling, the connection may be gone before they come */
	struct buffer bytes;                /* its namespace, its id, its data's JSON, then each attachment */
	uint32_t come;
	uint64_t leg;                 /* that carries it */
	struct session_waiting *next; /* of the session */
	struct buffer ends;           /* size_t: of each attachment in `bytes` */
	struct buffer wire;           /* the beginning of all its messages, as they came */
};

/* Many sessions are remembered that wait for nothing: they keep nothing for it. */
static void packets_end_waiting(struct session_waiting *waiting)
{
	LL_DELETE(waiting->carrier.session->waiting, waiting);
	struct budget *budget = waiting->bytes.budget;
	buffer_free(&waiting->ends);
	buffer_free(&waiting->wire);
	buffer_free(&waiting->bytes);
	budget_free(budget, waiting, sizeof *waiting);
}

static struct session_waiting *packets_find_waiting(const struct carrier *carrier)
{
	struct session_waiting *waiting = carrier->session->waiting;
	uint64_t leg = waiting ? legs_id(carrier->connection) : 0;
	while (waiting && (waiting->carrier.direction != carrier->direction || waiting->leg != leg))
		waiting = waiting->next;
	return waiting;
}

/* ---- Socket.IO */

static const enum event_kind packets_kinds[] = {
    [SOCKETIO_CONNECT] = EVENT_CONNECT,
    [SOCKETIO_DISCONNECT] = EVENT_DISCONNECT,
    [SOCKETIO_EVENT] = EVENT_EVENT,
    [SOCKETIO_ACK] = EVENT_ACK,
    [SOCKETIO_ERROR] = EVENT_CONNECT_ERROR,
};

static void packets_emit(struct context *context, const struct carrier *carrier, const struct socketio_packet *packet,
    const struct slice *attachments, size_t count)
{
	struct event event = context_event(carrier, packets_kinds[packet->type]);
	event.packet = (struct event_packet){.nsp = packet->nsp,
	    .flaw = socketio_flaw(packet),
	    .by_other_parser = packet->parser != SOCKETIO_DEFAULT,
	    .ack = packet->id,
	    .data = packet->data,
	    .attachments = attachments,
	    .attachment_count = count};
	if (packet->type == SOCKETIO_EVENT)
		socketio_split_event(packet->data, &event.packet.name, &event.packet.data);
	context_emit(context, carrier, &event);
}

/* Bytes of the session were lost, or what came before the capture began: an announcement may have been among them, or
 * the attachments that one waits for. */
static bool packets_may_be_missed(const struct context *context, const struct session *session)
{
	return !session->handshake_seen || session->gaps || session->unreadable || session->incomplete ||
	       session->missed || context->ledger.entries[LEDGER_UNPLACED].items > 0;
}

/* May this binary message be an attachment whose announcement was missed? Of a session that has not yet spoken
 * Socket.IO the first few may be: more than that nobody announces at once (socket.io-parser 4.2.7, 3.4.5: ten). */
static bool packets_lost_announcement(const struct context *context, const struct session *session, enum direction from)
{
	enum { USUAL_ATTACHMENTS = 10 };
	return packets_may_be_missed(context, session) &&
	       (session->speaks_socketio || session->packets[from] + session->malformed < USUAL_ATTACHMENTS);
}

/* Neither the default parser's, nor msgpack's, nor json's: an application's own message or, where the session speaks
 * Socket.IO, a broken packet. What was cut, or lost its beginning, may have been either: no event is made of it. */
static void packets_emit_raw(struct context *context, const struct carrier *carrier, struct slice raw, const char *why)
{
	if (carrier->session->speaks_socketio || carrier->incomplete) {
		context->ledger.entries[LEDGER_UNREAD].items += why == socketio_too_deep;
		context_emit_malformed(context, carrier, "socketio", why, raw);
		return;
	}
	struct event event = context_event(carrier, EVENT_EVENT);
	event.packet.raw = raw;
	event.packet.has_raw = true;
	context_emit(context, carrier, &event);
}

/* ---- attachments */

static bool packets_keep_waiting(struct session_waiting *waiting, const struct socketio_packet *packet)
{
	return buffer_append(&waiting->bytes, packet->nsp) && buffer_append(&waiting->bytes, packet->id) &&
	       buffer_append(&waiting->bytes, packet->data);
}

static struct session_waiting *packets_new_waiting(struct context *context)
{
	struct session_waiting *waiting = budget_alloc(&context->budget, sizeof *waiting);
	if (!waiting)
		return NULL;
	buffer_init(&waiting->bytes, context->limits.message, &context->budget);
	buffer_init(&waiting->ends, SOCKETIO_ATTACHMENTS * sizeof(size_t), &context->budget);
	buffer_init(&waiting->wire, context->limits.wire, &context->budget);
	return waiting;
}

/* What has no room is not kept: then nothing behind it is. */
static void packets_keep_wire(struct session_waiting *waiting, const struct carrier *carrier)
{
	if (!waiting->wire.truncated)
		buffer_append(&waiting->wire, carrier->wire);
	waiting->carrier.wire = buffer_slice(&waiting->wire);
}

static void packets_wait(struct context *context, const struct carrier *carrier, const struct socketio_packet *packet)
{
	struct session_waiting *waiting = packets_new_waiting(context);
	if (!waiting) {
		struct carrier cut = *carrier;
		cut.incomplete = true;
		context_emit_malformed(context, &cut, "socketio", "no memory for its attachments", packet->data);
		return;
	}
	LL_PREPEND(carrier->session->waiting, waiting);
	waiting->leg = legs_id(carrier->connection);
	waiting->packet = *packet;
	waiting->carrier = *carrier;
	waiting->connection = *carrier->connection;
	waiting->connection.process = carrier->session->process; /* which holds it */
	waiting->carrier.connection = &waiting->connection;
	waiting->in_memory = packets_keep_waiting(waiting, packet);
	packets_keep_wire(waiting, carrier);
}

/* The packet again, its slices in the waiting bytes; `attachments` has room for all that came. */
static struct socketio_packet packets_rebuild(const struct session_waiting *waiting, struct slice *attachments)
{
	struct socketio_packet packet = waiting->packet;
	const size_t *ends = (const size_t *)waiting->ends.at;
	size_t data = packet.nsp.len + packet.id.len, from = data + packet.data.len;
	packet.nsp.at = waiting->bytes.at;
	packet.id.at = waiting->bytes.at + packet.nsp.len;
	packet.data.at = waiting->bytes.at + data;
	for (uint32_t i = 0; i < waiting->come; i++) {
		attachments[i] = slice_of(waiting->bytes.at + from, ends[i] - from);
		from = ends[i];
	}
	return packet;
}

static void packets_finish_waiting(struct context *context, struct session_waiting *waiting)
{
	if (waiting->in_memory) {
		struct slice attachments[SOCKETIO_ATTACHMENTS];
		struct socketio_packet packet = packets_rebuild(waiting, attachments);
		packets_emit(context, &waiting->carrier, &packet, attachments, waiting->come);
	} else {
		ledger_note_limit(&context->ledger, LIMIT_MESSAGE, 1);
		waiting->carrier.incomplete = true;
		context_emit_malformed(
		    context, &waiting->carrier, "socketio", "attachments too long to be held", slice_of(NULL, 0));
	}
	packets_end_waiting(waiting);
}

static void packets_widen_waiting(struct session_waiting *waiting, const struct carrier *carrier)
{
	origin_widen(&waiting->carrier.origin, &carrier->origin);
	waiting->carrier.origin.time = carrier->origin.time;
}

static void packets_abandon_waiting(struct context *context, struct session_waiting *waiting)
{
	char why[80];
	snprintf(why, sizeof why, "%u of %u binary attachments never came", waiting->packet.attachments - waiting->come,
	    waiting->packet.attachments);
	struct slice data = waiting->in_memory ? slice_take(slice_drop(buffer_slice(&waiting->bytes),
	                                                        waiting->packet.nsp.len + waiting->packet.id.len),
	                                             waiting->packet.data.len)
	                                       : slice_of(NULL, 0);
	waiting->carrier.incomplete |= packets_may_be_missed(context, waiting->carrier.session);
	context_emit_malformed(context, &waiting->carrier, "socketio", why, data);
	packets_end_waiting(waiting);
}

static void packets_take_attachment(
    struct context *context, const struct carrier *carrier, struct session_waiting *waiting, struct slice bytes)
{
	waiting->in_memory = waiting->in_memory && buffer_append(&waiting->bytes, bytes) &&
	                     buffer_append(&waiting->ends, slice_of(&waiting->bytes.len, sizeof(size_t)));
	waiting->come++;
	packets_widen_waiting(waiting, carrier);
	packets_keep_wire(waiting, carrier);
	waiting->carrier.bytes += carrier->bytes;
	waiting->carrier.incomplete |= carrier->incomplete;
	if (waiting->come == waiting->packet.attachments)
		packets_finish_waiting(context, waiting);
}

/* ---- messages */

static void packets_take_text(struct context *context, const struct carrier *carrier, struct slice text)
{
	struct socketio_packet packet;
	const char *why;
	struct session_waiting *waiting = packets_find_waiting(carrier);
	if (waiting) { /* it is this packet that shows it */
		packets_widen_waiting(waiting, carrier);
		packets_abandon_waiting(context, waiting);
	}
	if (!socketio_read_text(text, &packet, &why))
		packets_emit_raw(context, carrier, text, why);
	else if (packet.attachments)
		packets_wait(context, carrier, &packet);
	else
		packets_emit(context, carrier, &packet, NULL, 0);
}

static void packets_take_binary(struct context *context, const struct carrier *carrier, struct slice bytes)
{
	struct socketio_packet packet;
	const char *why;
	struct session_waiting *waiting = packets_find_waiting(carrier);
	if (waiting) {
		packets_take_attachment(context, carrier, waiting, bytes);
		return;
	}
	buffer_clear(&context->json);
	if (socketio_read_msgpack(bytes, &context->json, &packet, &why)) {
		packets_emit(context, carrier, &packet, NULL, 0);
		return;
	}
	struct carrier lone = *carrier;
	lone.incomplete |= packets_lost_announcement(context, carrier->session, carrier->direction);
	packets_emit_raw(
	    context, &lone, bytes, why == socketio_too_deep ? why : "binary message that no packet announced");
}

static enum event_kind packets_control_kind(const struct engineio_packet *packet)
{
	bool probe = slice_equals(packet->data, SLICE("probe"));
	switch (packet->type) {
	case ENGINEIO_OPEN:
		return EVENT_OPEN;
	case ENGINEIO_CLOSE:
		return EVENT_CLOSE;
	case ENGINEIO_PING:
		return probe ? EVENT_PROBE : EVENT_PING;
	case ENGINEIO_PONG:
		return probe ? EVENT_PROBE_ACK : EVENT_PONG;
	case ENGINEIO_UPGRADE:
		return EVENT_UPGRADE;
	default:
		return EVENT_NOOP;
	}
}

static void packets_note_open(struct context *context, struct session *session, struct slice json)
{
	struct engineio_open open;
	buffer_clear(&context->json);
	if (!engineio_read_open(json, &context->json, &open))
		return;
	session->ping_interval = open.ping_interval;
	session->ping_timeout = open.ping_timeout;
	session->max_payload = open.max_payload;
	session->offers_websocket = open.upgrades_to_websocket;
	session->offers_webtransport = open.upgrades_to_webtransport;
}

static void packets_take_control(
    struct context *context, const struct carrier *carrier, const struct engineio_packet *packet)
{
	struct event event = context_event(carrier, packets_control_kind(packet));
	if (packet->type == ENGINEIO_OPEN) {
		packets_note_open(context, carrier->session, packet->data);
		if (json_is_valid(packet->data))
			event.packet.data = packet->data;
	}
	context_emit(context, carrier, &event);
}

void packets_take(struct context *context, const struct carrier *carrier, const struct engineio_packet *packet)
{
	if (packet->type != ENGINEIO_MESSAGE)
		packets_take_control(context, carrier, packet);
	else if (packet->binary)
		packets_take_binary(context, carrier, packet->data);
	else
		packets_take_text(context, carrier, packet->data);
}

/* The capture or the connection ended before they came: nobody's mistake that could be proven. */
void packets_end_session(struct context *context, struct session *session)
{
	while (session->waiting) {
		session->waiting->carrier.incomplete = true;
		packets_abandon_waiting(context, session->waiting);
	}
}
