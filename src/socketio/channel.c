/* A WebSocket: two message streams, and their messages as packets. */
#include "socketio/channel.h"

#include "socketio/packets.h"

#include <stdlib.h>

struct channel_half {
	struct message_stream *stream;
	uint64_t first_packet, last_packet; /* of the current message */
	timestamp begun;                    /* so was it */
	bool closed;                        /* a close frame was seen: what follows is no data (RFC 6455 §1.4) */
	bool lost;                          /* the frame boundary is not known */
	bool damaged;                       /* bytes of the current message were lost */
};

struct channel {
	struct context *context;
	const struct connection_facts *connection;
	struct channel_half halves[2]; /* by direction */
	struct session *session;
	uint8_t revision;
	struct deflate_agreement deflate;
	bool settled; /* the server has sent a whole message */
	size_t plain; /* bytes held back: the server's first, as far as they are those of a plain response */
	struct origin plain_origin;
};

static const char channel_plain_start[] = "HTTP/1.";

static bool channel_open_streams(struct channel *channel)
{
	for (enum direction direction = DIRECTION_TO_SERVER; direction <= DIRECTION_TO_CLIENT; direction++)
		channel->halves[direction].stream = message_stream_new(direction == DIRECTION_TO_SERVER,
		    channel->deflate, &channel->context->message_limits, &channel->context->budget);
	return channel->halves[0].stream && channel->halves[1].stream;
}

static struct channel *channel_new_with(struct context *context, const struct connection_facts *connection,
    uint8_t revision, struct deflate_agreement deflate)
{
	struct channel *channel = calloc(1, sizeof *channel);
	if (!channel)
		return NULL;
	*channel = (struct channel){
	    .context = context, .connection = connection, .revision = revision, .deflate = deflate};
	if (channel_open_streams(channel))
		return channel;
	channel_free(channel);
	return NULL;
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

struct channel *channel_new(
    struct context *context, const struct connection_facts *connection, const struct exchange *exchange)
{
	const struct target *target = &exchange->target;
	struct deflate_agreement deflate = extensions_read(
	    exchange_field(&exchange->answer, "Sec-WebSocket-Extensions"));
	struct channel *channel = channel_new_with(context, connection, target->revision, deflate);
	if (!channel)
		return NULL;
	struct slice sid = target_sid(target);
	timestamp begun = exchange->request.begun;
	channel_hold_session(channel, sid.len ? context_session(context, sid, connection, begun)
	                                      : context_new_session(context, sid, connection, begun));
	return channel;
}

struct channel *channel_new_joined(struct context *context, const struct connection_facts *connection)
{
	/* Whether compression was agreed is not known. A compressed message tells by its RSV1 bit; that its context is
	 * lost is certain, unless the sender takes none over, which cannot be known either. */
	struct deflate_agreement deflate = {.on = true};
	struct channel *channel = channel_new_with(context, connection, 0, deflate);
	for (int i = 0; channel && i < 2; i++)
		channel->halves[i].lost = true;
	return channel;
}

void channel_free(struct channel *channel)
{
	if (!channel)
		return;
	for (int i = 0; i < 2; i++)
		message_stream_free(channel->halves[i].stream);
	if (channel->session)
		channel->session->users--;
	free(channel);
}

bool channel_is_settled(const struct channel *channel)
{
	return channel->settled;
}

struct session *channel_session(const struct channel *channel)
{
	return channel->session;
}

/* ---- messages */

static struct carrier channel_carrier(const struct channel *channel, const struct origin *origin)
{
	const struct channel_half *half = &channel->halves[origin->direction];
	return (struct carrier){
	    .session = channel->session,
	    .connection = channel->connection,
	    .direction = origin->direction,
	    .transport = TRANSPORT_WEBSOCKET,
	    .first_packet = half->first_packet,
	    .last_packet = half->last_packet,
	    .begun = half->begun,
	    .time = origin->time,
	};
}

static void channel_tell_close(
    const struct channel *channel, const struct carrier *carrier, const struct message *message)
{
	struct event event = context_event(carrier, EVENT_WS_CLOSE);
	event.close_code = message->close_code;
	event.text = message->payload;
	context_tell(channel->context, carrier, &event);
}

/* An open packet names the session of a WebSocket that began without a sid. */
static void channel_name_session(struct channel *channel, const struct engineio_packet *packet)
{
	struct engineio_open open;
	if (packet->type != ENGINEIO_OPEN || !channel->session || channel->session->sid)
		return;
	buffer_clear(&channel->context->json);
	if (engineio_read_open(packet->data, &channel->context->json, &open))
		sessions_name(channel->context->sessions, channel->session, open.sid);
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

static void channel_take_packet(struct channel *channel, struct carrier *carrier, const struct engineio_packet *packet)
{
	if (!channel->session)
		channel_hold_session(channel,
		    context_new_session(channel->context, slice_of(NULL, 0), carrier->connection, carrier->time));
	carrier->session = channel->session;
	if (!carrier->session)
		return;
	channel_name_session(channel, packet);
	channel_learn_revision(channel, carrier, packet);
	packets_take(channel->context, carrier, packet);
}

static void channel_take_data(struct channel *channel, struct carrier *carrier, const struct message *message)
{
	struct engineio_packet packet;
	const char *why;
	buffer_clear(&channel->context->base64);
	if (engineio_read_message(channel->revision, message->opcode == WS_BINARY, message->payload,
	        &channel->context->base64, &packet, &why))
		channel_take_packet(channel, carrier, &packet);
	else if (channel->session)
		context_tell_malformed(channel->context, carrier, "engineio", why, message->payload);
}

/* Why nothing of a message can be read; NULL: it can. */
static const char *channel_unreadable(const struct channel_half *half, const struct message *message)
{
	if (message->unreadable)
		return "compressed, and what it refers back to was not captured";
	if (!message->truncated || message->payload.len)
		return NULL;
	return half->damaged ? "its bytes were not captured" : "none of it could be held (--max-memory)";
}

static void channel_take_message(struct channel *channel, const struct origin *origin, const struct message *message)
{
	struct carrier carrier = channel_carrier(channel, origin);
	struct channel_half *half = &channel->halves[origin->direction];
	const char *unreadable = channel_unreadable(half, message);
	if (message->truncated && !unreadable && !half->damaged)
		channel->context->counts.hits[message->compressed ? LIMIT_INFLATED : LIMIT_MESSAGE]++;
	carrier.bytes = message->wire_bytes;
	carrier.incomplete = message->truncated;
	half->damaged = false;
	channel->settled |= origin->direction == DIRECTION_TO_CLIENT;
	if (message->opcode == WS_CLOSE) {
		half->closed = true;
		channel_tell_close(channel, &carrier, message);
	} else if (message->opcode != WS_TEXT && message->opcode != WS_BINARY) {
		return;
	} else if (!unreadable) {
		channel_take_data(channel, &carrier, message);
	} else if (channel->session) {
		carrier.unreadable = message->unreadable;
		context_tell_malformed(channel->context, &carrier, "websocket", unreadable, slice_of(NULL, 0));
	}
}

/* ---- bytes */

/* Nothing more can be read in this direction, and why. */
static void channel_tell_broken(struct channel *channel, const struct origin *origin, const char *why)
{
	struct channel_half *half = &channel->halves[origin->direction];
	struct carrier carrier = channel_carrier(channel, origin);
	carrier.incomplete = why != message_why(half->stream);
	half->lost = true;
	if (channel->session)
		context_tell_malformed(channel->context, &carrier, "websocket", why, slice_of(NULL, 0));
}

/* At the beginning of some bytes after a loss: true when a frame seems to begin there. */
static bool channel_resync(struct channel_half *half, enum direction direction, struct slice bytes)
{
	if (!websocket_could_begin(direction == DIRECTION_TO_SERVER, bytes))
		return false;
	message_stream_resync(half->stream);
	half->lost = false;
	return true;
}

/* Do plain HTTP's first bytes stand where the server's first frame should? What may be their beginning is held back:
 * `H` begins no frame. */
static bool channel_is_plain_http(struct channel *channel, const struct origin *origin, struct slice *bytes)
{
	const struct channel_half *half = &channel->halves[origin->direction];
	struct slice rest = slice_drop(slice_of_text(channel_plain_start), channel->plain);
	if (channel->settled || origin->direction != DIRECTION_TO_CLIENT || !message_at_boundary(half->stream))
		return false;
	if (slice_starts_with(*bytes, rest))
		return true;
	if (bytes->len && slice_starts_with(rest, *bytes)) {
		if (!channel->plain)
			channel->plain_origin = *origin;
		channel->plain += bytes->len;
		*bytes = slice_drop(*bytes, bytes->len);
	}
	return false;
}

struct slice channel_plain(const struct channel *channel, struct origin *origin)
{
	*origin = channel->plain_origin;
	return slice_of(channel_plain_start, channel->plain);
}

static void channel_read_frames(struct channel *channel, const struct origin *origin, struct slice *bytes)
{
	struct channel_half *half = &channel->halves[origin->direction];
	struct message message;
	enum wire_result result = WIRE_ITEM;
	while (result == WIRE_ITEM && !half->closed) {
		if (message_at_boundary(half->stream)) {
			half->first_packet = origin->first_packet;
			half->last_packet = origin->last_packet;
			half->begun = origin->time;
		}
		context_widen(&half->first_packet, &half->last_packet, origin->first_packet, origin->last_packet);
		result = message_next(half->stream, bytes, &message);
		if (result == WIRE_ITEM)
			channel_take_message(channel, origin, &message);
	}
	if (result == WIRE_BAD) {
		channel->context->counts.broken++;
		channel->context->counts.unread += channel->session != NULL;
		channel_tell_broken(channel, origin, message_why(half->stream));
	}
}

/* They were no plain response after all. */
static void channel_release_plain(struct channel *channel)
{
	struct origin origin;
	struct slice held = channel_plain(channel, &origin);
	channel->plain = 0;
	if (held.len)
		channel_read_frames(channel, &origin, &held);
}

enum channel_result channel_take(struct channel *channel, const struct origin *origin, struct slice *bytes)
{
	struct channel_half *half = &channel->halves[origin->direction];
	if (half->closed || (half->lost && !channel_resync(half, origin->direction, *bytes)))
		return CHANNEL_GOES_ON;
	if (channel_is_plain_http(channel, origin, bytes))
		return CHANNEL_PLAIN_HTTP;
	if (origin->direction == DIRECTION_TO_CLIENT && bytes->len)
		channel_release_plain(channel);
	if (!half->lost)
		channel_read_frames(channel, origin, bytes);
	return CHANNEL_GOES_ON;
}

void channel_end(struct channel *channel, const struct origin *origin)
{
	const struct channel_half *half = &channel->halves[origin->direction];
	if (!half->lost && !half->closed && !message_at_boundary(half->stream))
		channel_tell_broken(channel, origin, "it ended in the middle of a message");
}

void channel_lose(struct channel *channel, enum direction direction, uint64_t lost)
{
	struct channel_half *half = &channel->halves[direction];
	if (half->lost)
		return;
	if (direction == DIRECTION_TO_CLIENT)
		channel->plain = 0;
	half->lost = lost == 0 || !message_skip_lost(half->stream, lost);
	half->damaged = !half->lost;
}
