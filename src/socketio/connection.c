/* A connection's protocol is told by its first bytes; what follows goes to HTTP or to the WebSocket. */
#include "socketio/connection.h"

#include "base/plural.h"
#include "http/protocol.h"
#include "socketio/channel.h"
#include "socketio/polling.h"
#include "socketio/requests.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

enum {
	CONNECTION_OPENING = 64,   /* first bytes held until they tell the protocol */
	CONNECTION_ATTEMPTS = 256, /* chunks looked at in a connection that was joined in mid-stream */
};

struct connection {
	struct context *context;
	struct connection_facts facts;
	struct endpoint ends[2]; /* by side */
	enum side client;
	bool client_known; /* by a SYN, or by what was said: a stray one later changes nothing */
	enum protocol protocol;
	bool engineio; /* counted as such */
	bool begun[2]; /* by side: bytes of it came */
	bool ended[2];
	bool spoke_http;
	bool reset;                  /* behind an end that was told */
	uint64_t hidden;             /* bytes that were lost before it was known what is spoken here; 0: none */
	struct origin hidden_origin; /* of the last of them */
	unsigned attempts;
	struct buffer opening; /* of one side, while the protocol is not known */
	struct origin opening_origin;
	enum side opening_side;
	struct requests *requests;
	struct channel *channel;
	struct origin last;
};

struct connection *connection_new(struct context *context, const struct endpoint ends[2])
{
	struct connection *connection = calloc(1, sizeof *connection);
	if (!connection)
		return NULL;
	connection->context = context;
	connection->facts.number = ++context->counts.connections;
	connection->ends[SIDE_A] = ends[SIDE_A];
	connection->ends[SIDE_B] = ends[SIDE_B];
	buffer_init(&connection->opening, CONNECTION_OPENING, &context->budget);
	return connection;
}

static void connection_free_protocol(struct connection *connection)
{
	channel_free(connection->channel);
	requests_free(connection->requests);
	buffer_free(&connection->opening);
	connection->channel = NULL;
	connection->requests = NULL;
}

void connection_free(struct connection *connection)
{
	if (!connection)
		return;
	connection_free_protocol(connection);
	free(connection);
}

bool connection_is_over(const struct connection *connection)
{
	return connection->protocol == PROTOCOL_OVER;
}

bool connection_is_reset(const struct connection *connection)
{
	return connection->reset;
}

bool connection_is_engineio(const struct connection *connection)
{
	return connection->engineio;
}

bool connection_spoke_http(const struct connection *connection)
{
	return connection->spoke_http;
}

void connection_note_client(struct connection *connection, enum side client)
{
	if (!connection->client_known)
		connection->client = client;
	connection->client_known = true;
}

void connection_note_process(struct connection *connection, const struct process *process)
{
	connection->facts.process = process;
}

void connection_note_doubt(struct connection *connection)
{
	connection->facts.doubtful = true;
}

/* Names the ends once the client is known for certain. */
static void connection_name(struct connection *connection, enum side client)
{
	struct connection_facts *facts = &connection->facts;
	char client_text[ENDPOINT_TEXT_SIZE], server_text[ENDPOINT_TEXT_SIZE];
	connection->client = client;
	connection->client_known = true;
	facts->client = connection->ends[client];
	facts->server = connection->ends[side_other(client)];
	snprintf(facts->text, sizeof facts->text, "%s-%s", endpoint_format(&facts->client, client_text),
	    endpoint_format(&facts->server, server_text));
}

static enum direction connection_direction(const struct connection *connection, enum side side)
{
	return side == connection->client ? DIRECTION_TO_SERVER : DIRECTION_TO_CLIENT;
}

static struct session *connection_session(const struct connection *connection)
{
	if (connection->channel)
		return channel_session(connection->channel);
	return connection->requests ? requests_session(connection->requests) : NULL;
}

static struct carrier connection_carrier(const struct connection *connection, const struct origin *origin)
{
	return (struct carrier){
	    .session = connection_session(connection),
	    .connection = &connection->facts,
	    .direction = origin->direction,
	    .transport = connection->channel ? TRANSPORT_WEBSOCKET : TRANSPORT_NONE,
	    .first_packet = origin->first_packet,
	    .last_packet = origin->last_packet,
	    .time = origin->time,
	};
}

/* ---- gaps */

static void connection_tell_gap(
    struct connection *connection, const struct origin *origin, uint64_t lost, const char *text)
{
	struct carrier carrier = connection_carrier(connection, origin);
	struct event event = context_event(&carrier, EVENT_GAP);
	event.lost = lost;
	event.text = slice_of_text(text);
	context_tell(connection->context, &carrier, &event);
}

static void connection_tell_hole(struct connection *connection, const struct origin *origin, uint64_t lost)
{
	char text[80] = "bytes were not captured, and how many is not known";
	if (lost)
		snprintf(text, sizeof text, "%" PRIu64 " %s not captured", lost,
		    plural_choose(lost, "byte was", "bytes were"));
	connection->context->counts.gaps++;
	connection->context->counts.unplaced += !connection_session(connection);
	connection->context->counts.lost += lost;
	connection_tell_gap(connection, origin, lost, text);
}

/* Engine.IO is spoken here: counted once, and what was missed before it was known is told. */
static void connection_note_engineio(struct connection *connection, const struct origin *origin)
{
	if (connection->engineio)
		return;
	connection->engineio = true;
	connection->context->counts.engineio++;
	connection->context->counts.joined += connection->facts.joined;
	if (connection->facts.joined)
		connection_tell_gap(connection, origin, 0, "the beginning was not captured");
	if (connection->hidden)
		connection_tell_hole(connection, &connection->hidden_origin, connection->hidden);
}

/* A request that is lost may have been Engine.IO's, until it is known what is spoken here. */
static void connection_note_hidden(struct connection *connection, const struct origin *origin, uint64_t lost)
{
	bool is_undecided = connection->protocol == PROTOCOL_UNKNOWN || connection->protocol == PROTOCOL_HTTP;
	if (!is_undecided || connection->engineio || origin->direction != DIRECTION_TO_SERVER)
		return;
	connection->hidden += lost;
	connection->hidden_origin = *origin;
}

static void connection_take_gap(struct connection *connection, const struct origin *origin, const struct chunk *gap)
{
	uint64_t lost = gap->lost;
	bool matters = false, is_beginning = lost == 0 && !connection->begun[gap->side];
	connection->facts.joined |= is_beginning;
	if (connection->protocol == PROTOCOL_HTTP)
		matters = requests_lose(connection->requests, origin, lost);
	if (connection->protocol == PROTOCOL_WEBSOCKET) {
		channel_lose(connection->channel, origin->direction, lost);
		matters = connection->engineio;
	}
	if (matters && !is_beginning)
		connection_tell_hole(connection, origin, lost);
	else if (!is_beginning)
		connection_note_hidden(connection, origin, lost);
}

/* ---- WebSocket */

static void connection_give_up(struct connection *connection, enum protocol protocol)
{
	connection_free_protocol(connection);
	connection->protocol = protocol;
}

static void connection_take_http(struct connection *connection, const struct origin *origin, struct slice bytes);

/* The server turned back to HTTP: its response begins with what the channel held, and goes on with `bytes`. */
static void connection_return_to_http(struct connection *connection, const struct origin *origin, struct slice bytes)
{
	struct origin begun;
	struct slice held = channel_plain(connection->channel, &begun);
	if (channel_session(connection->channel))
		session_note_refused(channel_session(connection->channel), origin->time);
	channel_free(connection->channel);
	connection->channel = NULL;
	connection->protocol = PROTOCOL_HTTP;
	requests_resume(connection->requests);
	if (held.len)
		connection_take_http(connection, &begun, held);
	connection_take_http(connection, origin, bytes);
}

static void connection_take_websocket(struct connection *connection, const struct origin *origin, struct slice bytes)
{
	enum channel_result result = channel_take(connection->channel, origin, &bytes);
	if (result == CHANNEL_PLAIN_HTTP && connection->requests) {
		connection_return_to_http(connection, origin, bytes);
		return;
	}
	if (channel_session(connection->channel))
		connection_note_engineio(connection, origin);
	if (channel_is_settled(connection->channel)) {
		requests_free(connection->requests);
		connection->requests = NULL;
	}
}

static void connection_tell_websocket(
    struct connection *connection, const struct origin *origin, struct exchange *exchange)
{
	struct carrier carrier = connection_carrier(connection, origin);
	polling_tell_exchange(connection->context, &connection->facts, exchange, carrier.session);
	struct event event = context_event(&carrier, EVENT_WS_OPEN);
	event.exchange = exchange;
	context_widen(
	    &event.first_packet, &event.last_packet, exchange->request.first_packet, exchange->request.last_packet);
	context_tell(connection->context, &carrier, &event);
}

/* The 101 is there: what follows it, and what the client sent before it, are frames. */
static void connection_begin_websocket(struct connection *connection, const struct origin *origin, struct slice bytes)
{
	struct origin paused_origin;
	struct slice paused = requests_paused(connection->requests, &paused_origin);
	struct exchange *exchange = requests_upgraded(connection->requests);
	connection->channel = channel_new(connection->context, &connection->facts, exchange);
	if (!connection->channel) {
		budget_note_refusal(&connection->context->budget);
		connection_give_up(connection, PROTOCOL_OTHER);
		return;
	}
	connection->protocol = PROTOCOL_WEBSOCKET;
	connection_tell_websocket(connection, origin, exchange);
	if (paused.len)
		connection_take_websocket(connection, &paused_origin, paused);
	if (bytes.len)
		connection_take_websocket(connection, origin, bytes);
}

/* ---- HTTP */

static void connection_take_http(struct connection *connection, const struct origin *origin, struct slice bytes)
{
	enum requests_result result = requests_take(connection->requests, origin, &bytes);
	if (requests_engineio(connection->requests))
		connection_note_engineio(connection, origin);
	if (result == REQUESTS_WEBSOCKET)
		connection_begin_websocket(connection, origin, bytes);
	if (result == REQUESTS_OTHER)
		connection_give_up(connection, PROTOCOL_OTHER);
}

/* ---- the first bytes */

static void connection_count_protocol(const struct connection *connection)
{
	struct engine_counts *counts = &connection->context->counts;
	struct endpoint server = connection->ends[side_other(connection->client)];
	switch (connection->protocol) {
	case PROTOCOL_TLS:
		counts->tls_server = counts->tls++ ? counts->tls_server : server;
		break;
	case PROTOCOL_HTTP2:
		counts->http2_server = counts->http2++ ? counts->http2_server : server;
		break;
	case PROTOCOL_OTHER:
		counts->other++;
		break;
	default:
		break;
	}
}

/* False when there is no memory for it: the connection is passed over. */
static bool connection_make_protocol(struct connection *connection)
{
	if (connection->protocol == PROTOCOL_HTTP)
		return (connection->requests = requests_new(connection->context, &connection->facts)) != NULL;
	if (connection->protocol == PROTOCOL_WEBSOCKET)
		return (connection->channel = channel_new_joined(connection->context, &connection->facts)) != NULL;
	return true;
}

static void connection_take_decided(struct connection *connection, const struct origin *origin, struct slice bytes)
{
	if (connection->protocol == PROTOCOL_HTTP)
		connection_take_http(connection, origin, bytes);
	else if (connection->protocol == PROTOCOL_WEBSOCKET)
		connection_take_websocket(connection, origin, bytes);
}

static enum protocol connection_guess(struct connection *connection, enum side side, struct slice first)
{
	struct protocol_guess guess = protocol_guess(first, connection->facts.joined);
	if (guess.protocol == PROTOCOL_HTTP || guess.protocol == PROTOCOL_WEBSOCKET)
		connection_name(connection, guess.from_client ? side : side_other(side));
	if (guess.protocol != PROTOCOL_UNKNOWN)
		return guess.protocol;
	bool hopeless = connection->facts.joined ? ++connection->attempts >= CONNECTION_ATTEMPTS
	                                         : first.len >= CONNECTION_OPENING;
	return hopeless ? PROTOCOL_OTHER : PROTOCOL_UNKNOWN;
}

static void connection_decide(struct connection *connection, enum side side, struct slice first)
{
	connection->protocol = connection_guess(connection, side, first);
	connection_count_protocol(connection);
	connection->spoke_http |= connection->protocol == PROTOCOL_HTTP;
	if (connection->protocol == PROTOCOL_TLS || connection->protocol == PROTOCOL_HTTP2)
		connection->hidden = 0; /* what is lost there would not be read either */
	if (!connection_make_protocol(connection)) {
		budget_note_refusal(&connection->context->budget);
		connection->protocol = PROTOCOL_OTHER;
	}
}

/* Holds bytes that are too few to tell the protocol. Of a connection joined in mid-stream nothing is held: there is no
 * beginning to wait for. */
static void connection_hold_opening(
    struct connection *connection, enum side side, const struct origin *origin, struct slice bytes)
{
	if (connection->facts.joined)
		return;
	if (!connection->opening.len)
		connection->opening_origin = *origin;
	connection->opening_side = side;
	buffer_append(&connection->opening, bytes);
}

/* Bytes while the protocol is not known. */
static void connection_take_first(
    struct connection *connection, enum side side, struct origin origin, struct slice bytes)
{
	uint8_t first[2 * CONNECTION_OPENING];
	struct buffer *opening = &connection->opening;
	if (opening->len && connection->opening_side != side)
		buffer_clear(opening);
	size_t held = opening->len;
	struct slice fresh = slice_take(bytes, CONNECTION_OPENING);
	if (held)
		memcpy(first, opening->at, held);
	memcpy(first + held, fresh.at, fresh.len);
	connection_decide(connection, side, held ? slice_of(first, held + fresh.len) : bytes);
	if (connection->protocol == PROTOCOL_UNKNOWN) {
		connection_hold_opening(connection, side, &origin, fresh);
		return;
	}
	origin.direction = connection->opening_origin.direction = connection_direction(connection, side);
	if (held)
		connection_take_decided(connection, &connection->opening_origin, slice_of(first, held));
	connection_take_decided(connection, &origin, bytes);
	buffer_free(opening);
}

/* ---- chunks */

static void connection_tell_end(struct connection *connection, const struct origin *origin, const struct chunk *chunk)
{
	struct carrier carrier = connection_carrier(connection, origin);
	struct event event = context_event(&carrier, EVENT_TCP_CLOSE);
	event.how = chunk->kind == CHUNK_RST ? TCP_END_RST : TCP_END_FIN;
	event.unacknowledged = chunk->unacknowledged;
	if (connection->context->exited)
		event.text = SLICE("the process ended");
	context_tell(connection->context, &carrier, &event);
}

/* One direction, or both. */
static void connection_end_channel(struct connection *connection, struct origin origin, bool both)
{
	channel_end(connection->channel, &origin);
	origin.direction = direction_other(origin.direction);
	if (both)
		channel_end(connection->channel, &origin);
}

static void connection_take_end(struct connection *connection, const struct origin *origin, const struct chunk *chunk)
{
	bool reset = chunk->kind == CHUNK_RST;
	if (connection->ended[chunk->side]) {
		connection->reset = true;
		return;
	}
	if (connection->engineio)
		connection_tell_end(connection, origin, chunk);
	if (connection->protocol == PROTOCOL_HTTP)
		requests_end(connection->requests, origin, reset);
	if (connection->protocol == PROTOCOL_WEBSOCKET)
		connection_end_channel(connection, *origin, reset);
	connection->ended[chunk->side] = true;
	if (reset || connection->ended[side_other(chunk->side)])
		connection_give_up(connection, PROTOCOL_OVER);
}

void connection_take_chunk(struct connection *connection, const struct chunk *chunk)
{
	struct origin origin = {.direction = connection_direction(connection, chunk->side),
	    .first_packet = chunk->first_packet,
	    .last_packet = chunk->packet,
	    .time = chunk->time};
	connection->last = origin;
	switch (chunk->kind) {
	case CHUNK_GAP:
		connection_take_gap(connection, &origin, chunk);
		break;
	case CHUNK_FIN:
	case CHUNK_RST:
		connection_take_end(connection, &origin, chunk);
		break;
	case CHUNK_BYTES:
		connection->begun[chunk->side] = true;
		if (connection->protocol == PROTOCOL_UNKNOWN)
			connection_take_first(connection, chunk->side, origin, chunk->bytes);
		else
			connection_take_decided(connection, &origin, chunk->bytes);
		break;
	}
}

void connection_end(struct connection *connection)
{
	connection->context->counts.hidden += connection->hidden && !connection->engineio;
	if (connection->protocol == PROTOCOL_HTTP)
		requests_end(connection->requests, &connection->last, true);
	if (connection->protocol == PROTOCOL_WEBSOCKET)
		connection_end_channel(connection, connection->last, true);
	connection_give_up(connection, PROTOCOL_OVER);
}
