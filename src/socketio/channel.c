/* A WebSocket's messages as Engine.IO packets. */
#include "socketio/channel.h"

#include "socketio/legs.h"
#include "socketio/packets.h"
#include "socketio/polling.h"

#include <stdlib.h>

struct channel {
	struct session *session;
	uint8_t revision;
	bool is_inner; /* its upgrade was passed on by a hop (legs.h) */
};

struct session *channel_session(const struct channel *channel)
{
	return channel ? channel->session : NULL;
}

bool channel_is_inner(const struct channel *channel)
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
static struct channel *channel_of(struct connection *connection)
{
	if (!connection->user)
		connection->user = calloc(1, sizeof(struct channel));
	return connection->user;
}

bool channel_open(
    struct context *context, struct connection *connection, const struct passage *passage, struct exchange *exchange)
{
	const struct target *target = exchange->target;
	struct channel *channel = channel_of(connection);
	if (!channel)
		return false;
	channel->revision = target->revision;
	channel->is_inner = legs_is_inner(context, exchange);
	channel_hold_session(
	    channel, target->sid_len ? context_session(context, &connection->facts, exchange)
	                             : context_open_session(context, slice_of(NULL, 0), &connection->facts, exchange));
	polling_tell_exchange(context, &connection->facts, exchange, channel->session);
	struct carrier carrier = context_carrier(context, connection, passage);
	/* It is the server that opens it, also where a frame of the client tells that a lost 101 did. */
	carrier.direction = DIRECTION_TO_CLIENT;
	struct event event = context_event(&carrier, EVENT_WS_OPEN);
	event.exchange = exchange;
	origin_widen_packets(
	    &event.first_packet, &event.last_packet, exchange->request.first_packet, exchange->request.last_packet);
	context_tell(context, &carrier, &event);
	legs_end_request(context, exchange);
	return true;
}

void channel_note_refused(const struct connection *connection, timestamp time)
{
	struct session *session = channel_session(connection->user);
	if (session)
		session_note_refused(session, time);
}

void channel_note_control(const struct connection *connection, timestamp time)
{
	struct session *session = channel_session(connection->user);
	if (session)
		session->controlled = time;
}

void channel_close(struct connection *connection)
{
	struct session *session = channel_session(connection->user);
	if (session)
		session->users--;
	free(connection->user);
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

/* Who sends the pings tells the revision where no query did (protocol.md §1). */
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
		channel_hold_session(
		    channel, context_new_session(context, slice_of(NULL, 0), carrier->connection, carrier->time));
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
		context_tell_malformed(context, carrier, "engineio", why, message->payload);
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

static void channel_tell_close(struct context *context, const struct carrier *carrier, const struct message *message)
{
	struct event event = context_event(carrier, EVENT_WS_CLOSE);
	event.close_code = message->close_code;
	event.text = message->payload;
	context_tell(context, carrier, &event);
}

bool channel_take_message(struct context *context, struct connection *connection, const struct passage *passage,
    const struct message *message)
{
	struct channel *channel = channel_of(connection);
	if (!channel) {
		budget_note_refusal(&context->budget);
		return false;
	}
	struct carrier carrier = context_carrier(context, connection, passage);
	const char *unreadable = channel_unreadable(message);
	carrier.bytes = message->wire_bytes;
	carrier.incomplete = message->truncated;
	if (message->opcode == WS_CLOSE) {
		channel_tell_close(context, &carrier, message);
	} else if (!unreadable) {
		channel_take_data(context, channel, &carrier, message);
	} else if (channel->session) {
		carrier.unreadable = message->unreadable;
		context_tell_malformed(context, &carrier, "websocket", unreadable, slice_of(NULL, 0));
	}
	return channel->session != NULL;
}
