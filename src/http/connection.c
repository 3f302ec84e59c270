/* A connection's protocol is recognised by its first bytes; what follows goes to HTTP or to the WebSocket. */
#include "http/connection.h"

#include "base/text.h"
#include "http/messages.h"
#include "http/pairing.h"
#include "http/protocol.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

enum {
	CONNECTION_OPENING = 64,   /* first bytes, kept until they show the protocol */
	CONNECTION_ATTEMPTS = 256, /* chunks looked at in a connection that was joined in mid-stream */
};

struct http {
	const struct resources *resources;
	const struct http_sink *sink;
	struct stream_sink streams;
	struct http_counts counts;
};

/* What goes on in a connection. */
struct http_connection {
	struct connection shown; /* to the sink */
	struct http *http;
	struct stream *stream;
	enum protocol protocol;
	bool adrift;   /* bytes were lost before it was known what is spoken: the next may be the middle of anything */
	bool begun[2]; /* by side: bytes of it came */
	bool ended[2];
	bool spoke_http;
	uint64_t hidden;               /* bytes that were lost before it was known what is spoken here; 0: none */
	struct passage hidden_passage; /* of the last of them */
	unsigned attempts;
	struct buffer opening; /* of one side, while the protocol is not known */
	struct passage opening_passage;
	enum side opening_side;
	struct pairing *pairing;
	struct messages *messages;
	struct passage last;
	enum direction left; /* who ended first, when one has ended */
};

static void connection_take_attempt(void *self, const struct attempt *attempt)
{
	const struct http *http = self;
	http->sink->attempted(http->sink->self, attempt);
}

static bool connection_open(void *self, struct stream *stream)
{
	struct http *http = self;
	struct http_connection *connection = budget_new(http->resources->budget, sizeof *connection);
	if (!connection)
		return false;
	connection->http = http;
	connection->stream = stream;
	connection->shown.facts.number = stream->number;
	connection->shown.facts.process = stream->process;
	buffer_init(&connection->opening, CONNECTION_OPENING, http->resources->budget);
	stream->user = connection;
	return true;
}

static void connection_free_messages(struct http_connection *connection)
{
	if (!connection->messages)
		return;
	connection->http->sink->websocket_closed(connection->http->sink->self, &connection->shown);
	messages_free(connection->messages);
	connection->messages = NULL;
	connection->shown.is_websocket = false;
}

/* Bytes of a protocol that is not read here. */
static void connection_pass_over(const struct http_connection *connection, uint64_t bytes)
{
	static const enum ledger_reason reasons[] = {
	    [PROTOCOL_UNKNOWN] = LEDGER_UNDECIDED,
	    [PROTOCOL_HTTP] = LEDGER_NOT_HTTP,
	    [PROTOCOL_WEBSOCKET] = LEDGER_NOT_FRAMES,
	    [PROTOCOL_TLS] = LEDGER_TLS,
	    [PROTOCOL_HTTP2] = LEDGER_HTTP2,
	    [PROTOCOL_OTHER] = LEDGER_OTHER_PROTOCOL,
	    [PROTOCOL_OVER] = LEDGER_BEHIND_END,
	};
	ledger_add(connection->http->resources->ledger, reasons[connection->protocol], bytes, 0);
}

static void connection_give_up(struct http_connection *connection, enum protocol protocol)
{
	connection_free_messages(connection);
	pairing_free(connection->pairing);
	ledger_add(connection->http->resources->ledger, LEDGER_UNDECIDED, connection->opening.len, 0);
	buffer_free(&connection->opening);
	connection->pairing = NULL;
	connection->protocol = protocol;
}

/* Names the ends once the client is known for certain. */
static void connection_name(struct http_connection *connection, enum side client)
{
	struct connection_facts *facts = &connection->shown.facts;
	struct stream *stream = connection->stream;
	char client_text[ENDPOINT_TEXT_SIZE], server_text[ENDPOINT_TEXT_SIZE];
	stream->client = client;
	stream->client_known = true;
	facts->client = stream->ends[client];
	facts->server = stream->ends[side_other(client)];
	snprintf(facts->text, sizeof facts->text, "%s-%s", endpoint_format(&facts->client, client_text),
	    endpoint_format(&facts->server, server_text));
}

static enum direction connection_direction(const struct http_connection *connection, enum side side)
{
	return side == connection->stream->client ? DIRECTION_TO_SERVER : DIRECTION_TO_CLIENT;
}

/* ---- gaps */

static void connection_give_gap(struct http_connection *connection, const struct passage *passage, uint64_t lost)
{
	char text[80] = "bytes were not captured, and how many is not known";
	if (lost)
		snprintf(text, sizeof text, "%" PRIu64 " %s not captured", lost,
		    plural_choose(lost, "byte was", "bytes were"));
	ledger_add(connection->http->resources->ledger, LEDGER_GAP, lost, 1);
	connection->http->sink->gap(connection->http->sink->self, &connection->shown, passage, lost, false, text);
}

/* It matters to the sink: counted once, and what was missed before it was known is given. */
static void connection_note_wanted(struct http_connection *connection, const struct passage *passage)
{
	struct http *http = connection->http;
	if (connection->stream->wanted)
		return;
	connection->stream->wanted = true;
	http->counts.wanted++;
	http->resources->ledger->engineio = true;
	if (connection->shown.facts.joined) {
		ledger_add(http->resources->ledger, LEDGER_JOINED, 0, 1);
		http->sink->gap(
		    http->sink->self, &connection->shown, passage, 0, true, "the beginning was not captured");
	}
	if (connection->hidden)
		connection_give_gap(connection, &connection->hidden_passage, connection->hidden);
}

/* A request that is lost may have mattered, until it is known what is spoken here. */
static void connection_note_hidden(struct http_connection *connection, const struct passage *passage, uint64_t lost)
{
	bool is_undecided = connection->protocol == PROTOCOL_UNKNOWN || connection->protocol == PROTOCOL_HTTP;
	if (!is_undecided || connection->stream->wanted || passage->direction != DIRECTION_TO_SERVER)
		return;
	connection->hidden += lost;
	connection->hidden_passage = *passage;
}

static void connection_take_gap(
    struct http_connection *connection, const struct passage *passage, const struct chunk *gap)
{
	uint64_t lost = gap->lost;
	bool matters = false, is_beginning = lost == 0 && !connection->begun[gap->side];
	connection->shown.facts.joined |= is_beginning;
	connection->adrift |= connection->protocol == PROTOCOL_UNKNOWN;
	if (connection->protocol == PROTOCOL_HTTP)
		matters = pairing_lose(connection->pairing, passage, lost);
	if (connection->protocol == PROTOCOL_WEBSOCKET) {
		messages_lose(connection->messages, passage->direction, lost);
		matters = connection->stream->wanted;
	}
	if (matters && !is_beginning)
		connection_give_gap(connection, passage, lost);
	else if (!is_beginning)
		connection_note_hidden(connection, passage, lost);
}

static void connection_take_decided(
    struct http_connection *connection, const struct passage *passage, struct slice bytes);

/* ---- WebSocket */

static void connection_take_http(struct http_connection *connection, const struct passage *passage, struct slice bytes);

/* The server turned back to HTTP: its response begins with what was held back, and goes on with `bytes`. */
static void connection_return_to_http(
    struct http_connection *connection, const struct passage *passage, struct slice bytes)
{
	const struct http_sink *sink = connection->http->sink;
	struct passage begun;
	uint8_t bytes_held[MESSAGES_HELD];
	struct slice held = messages_take_held(connection->messages, bytes_held, &begun);
	sink->websocket_refused(sink->self, &connection->shown, passage->origin.time);
	connection_free_messages(connection);
	connection->protocol = PROTOCOL_HTTP;
	pairing_resume(connection->pairing);
	if (held.len)
		connection_take_http(connection, &begun, held);
	connection_take_http(connection, passage, bytes);
}

static void connection_take_websocket(
    struct http_connection *connection, const struct passage *passage, struct slice bytes)
{
	enum messages_result result = messages_take(connection->messages, passage, &bytes);
	if (result == MESSAGES_PLAIN_HTTP && connection->pairing) {
		connection_return_to_http(connection, passage, bytes);
		return;
	}
	if (result == MESSAGES_PLAIN_HTTP)
		connection_pass_over(connection, bytes.len);
	if (messages_is_wanted(connection->messages))
		connection_note_wanted(connection, passage);
	if (messages_is_settled(connection->messages)) {
		pairing_free(connection->pairing);
		connection->pairing = NULL;
	}
}

/* False: no memory. */
static bool connection_open_messages(struct http_connection *connection, const struct passage *passage)
{
	const struct http *http = connection->http;
	struct pairing_upgrade upgrade = pairing_upgrade(connection->pairing);
	struct messages_start start = {
	    .wanted = upgrade.exchange, .in_place = upgrade.answered, .agreement = upgrade.agreement};
	connection->messages = messages_new(http->resources, http->sink, &connection->shown, &start);
	connection->protocol = PROTOCOL_WEBSOCKET;
	connection->shown.is_websocket = true;
	if (!connection->messages)
		return false;
	return !upgrade.exchange ||
	       http->sink->websocket_opened(http->sink->self, &connection->shown, passage, upgrade.exchange);
}

/* HTTP gives way to a WebSocket: what follows, and what the client sent before that was known, are frames. */
static void connection_begin_websocket(
    struct http_connection *connection, const struct passage *passage, struct slice bytes)
{
	struct passage paused_passage;
	struct buffer held;
	struct slice paused = pairing_paused(connection->pairing, &paused_passage, &held);
	if (!connection_open_messages(connection, passage)) {
		budget_note_refusal(connection->http->resources->budget);
		connection_give_up(connection, PROTOCOL_OTHER);
	}
	if (paused.len)
		connection_take_decided(connection, &paused_passage, paused);
	if (bytes.len)
		connection_take_decided(connection, passage, bytes);
	buffer_free(&held);
	if (connection->pairing && !pairing_upgrade(connection->pairing).exchange) {
		pairing_free(connection->pairing); /* there is no request that plain HTTP could answer once more */
		connection->pairing = NULL;
	}
}

/* ---- tunnels */

static void connection_take_first(
    struct http_connection *connection, enum side side, struct passage passage, struct slice bytes);

static enum side connection_side(const struct http_connection *connection, enum direction direction)
{
	enum side client = connection->stream->client;
	return direction == DIRECTION_TO_SERVER ? client : side_other(client);
}

static void connection_take_tunnelled(
    struct http_connection *connection, const struct passage *passage, struct slice bytes);

/* CONNECT was answered by success: the bytes inside are a connection of their own, which begins here. */
static void connection_begin_tunnel(
    struct http_connection *connection, const struct passage *passage, struct slice bytes)
{
	struct passage paused_passage;
	struct buffer held;
	struct pairing *outer = connection->pairing;
	connection->pairing = NULL;
	connection->shown.oldest = NULL;
	connection->protocol = PROTOCOL_UNKNOWN;
	connection->adrift = false;
	connection->attempts = 0;
	buffer_init(&connection->opening, CONNECTION_OPENING, connection->http->resources->budget);
	struct slice paused = pairing_paused(outer, &paused_passage, &held);
	pairing_free(outer);
	connection_take_tunnelled(connection, &paused_passage, paused);
	connection_take_tunnelled(connection, passage, bytes);
	buffer_free(&held);
}

/* ---- HTTP */

static void connection_take_http(struct http_connection *connection, const struct passage *passage, struct slice bytes)
{
	enum pairing_result result = pairing_take(connection->pairing, passage, &bytes);
	if (pairing_is_wanted(connection->pairing))
		connection_note_wanted(connection, passage);
	switch (result) {
	case PAIRING_GO_ON:
		break;
	case PAIRING_WEBSOCKET:
		connection_begin_websocket(connection, passage, bytes);
		break;
	case PAIRING_TUNNEL:
		connection_begin_tunnel(connection, passage, bytes);
		break;
	case PAIRING_OTHER:
		connection_give_up(connection, PROTOCOL_OTHER);
		connection_pass_over(connection, bytes.len);
		break;
	}
}

/* ---- the first bytes */

/* One that is not decoded, and may carry Engine.IO: the ledger names the first server of the kind. */
static void connection_count_undecoded(const struct http_connection *connection, enum ledger_reason reason)
{
	const struct stream *stream = connection->stream;
	char server[ENDPOINT_TEXT_SIZE], detail[LEDGER_DETAIL];
	snprintf(detail, sizeof detail, "the first to %s",
	    endpoint_format(&stream->ends[side_other(stream->client)], server));
	ledger_add(connection->http->resources->ledger, reason, 0, 1);
	ledger_note_detail(connection->http->resources->ledger, reason, detail);
}

static void connection_count_protocol(const struct http_connection *connection)
{
	struct ledger *ledger = connection->http->resources->ledger;
	switch (connection->protocol) {
	case PROTOCOL_TLS:
		connection_count_undecoded(connection, LEDGER_TLS);
		break;
	case PROTOCOL_HTTP2:
		connection_count_undecoded(connection, LEDGER_HTTP2);
		break;
	case PROTOCOL_OTHER:
		ledger_add(ledger, LEDGER_OTHER_PROTOCOL, 0, 1);
		break;
	default:
		break;
	}
}

/* False when there is no memory for it: the connection is passed over. */
static bool connection_make_protocol(struct http_connection *connection)
{
	const struct http *http = connection->http;
	if (connection->protocol == PROTOCOL_HTTP) {
		connection->pairing = pairing_new(http->resources, http->sink, &connection->shown);
		return connection->pairing != NULL;
	}
	if (connection->protocol != PROTOCOL_WEBSOCKET)
		return true;
	struct messages_start nothing = {0};
	connection->messages = messages_new(http->resources, http->sink, &connection->shown, &nothing);
	connection->shown.is_websocket = true;
	return connection->messages != NULL;
}

static void connection_take_decided(
    struct http_connection *connection, const struct passage *passage, struct slice bytes)
{
	if (connection->protocol == PROTOCOL_HTTP)
		connection_take_http(connection, passage, bytes);
	else if (connection->protocol == PROTOCOL_WEBSOCKET)
		connection_take_websocket(connection, passage, bytes);
	else
		connection_pass_over(connection, bytes.len);
}

static enum protocol connection_guess(struct http_connection *connection, enum side side, struct slice first)
{
	bool joined = connection->adrift;
	struct protocol_guess guess = protocol_guess(first, joined);
	if (guess.protocol == PROTOCOL_HTTP || guess.protocol == PROTOCOL_WEBSOCKET)
		connection_name(connection, guess.from_client ? side : side_other(side));
	if (guess.protocol != PROTOCOL_UNKNOWN)
		return guess.protocol;
	bool abandoned = joined ? ++connection->attempts >= CONNECTION_ATTEMPTS : first.len >= CONNECTION_OPENING;
	return abandoned ? PROTOCOL_OTHER : PROTOCOL_UNKNOWN;
}

static void connection_decide(struct http_connection *connection, enum side side, struct slice first)
{
	connection->protocol = connection_guess(connection, side, first);
	connection_count_protocol(connection);
	connection->spoke_http |= connection->protocol == PROTOCOL_HTTP;
	if (connection->protocol == PROTOCOL_TLS || connection->protocol == PROTOCOL_HTTP2)
		connection->hidden = 0; /* what is lost there would not be read either */
	if (!connection_make_protocol(connection)) {
		budget_note_refusal(connection->http->resources->budget);
		connection->protocol = PROTOCOL_OTHER;
	}
}

/* Keeps bytes that are too few to show the protocol. Of a connection joined in mid-stream nothing is held: there is no
 * beginning to wait for. */
static void connection_hold_opening(
    struct http_connection *connection, enum side side, const struct passage *passage, struct slice bytes)
{
	if (connection->adrift) {
		connection_pass_over(connection, bytes.len);
		return;
	}
	if (!connection->opening.len)
		connection->opening_passage = *passage;
	connection->opening_side = side;
	if (!buffer_append(&connection->opening, bytes))
		connection_pass_over(connection, bytes.len);
}

/* Bytes while the protocol is not known. */
static void connection_take_first(
    struct http_connection *connection, enum side side, struct passage passage, struct slice bytes)
{
	uint8_t first[2 * CONNECTION_OPENING];
	struct buffer *opening = &connection->opening;
	if (opening->len && connection->opening_side != side) {
		connection_pass_over(connection, opening->len);
		buffer_clear(opening);
	}
	size_t held = opening->len;
	struct slice fresh = slice_take(bytes, CONNECTION_OPENING);
	if (held)
		memcpy(first, opening->at, held);
	memcpy(first + held, fresh.at, fresh.len);
	connection_decide(connection, side, held ? slice_of(first, held + fresh.len) : bytes);
	if (connection->protocol == PROTOCOL_UNKNOWN) {
		connection_hold_opening(connection, side, &passage, bytes);
		return;
	}
	passage.direction = connection->opening_passage.direction = connection_direction(connection, side);
	buffer_free(opening);
	if (held)
		connection_take_decided(connection, &connection->opening_passage, slice_of(first, held));
	connection_take_decided(connection, &passage, bytes);
}

static void connection_take_tunnelled(
    struct http_connection *connection, const struct passage *passage, struct slice bytes)
{
	if (bytes.len && connection->protocol == PROTOCOL_UNKNOWN)
		connection_take_first(connection, connection_side(connection, passage->direction), *passage, bytes);
	else if (bytes.len)
		connection_take_decided(connection, passage, bytes);
}

/* ---- chunks */

/* One direction, or both. */
static void connection_end_messages(struct http_connection *connection, struct passage passage, bool both)
{
	messages_end(connection->messages, &passage);
	passage.direction = direction_other(passage.direction);
	if (both)
		messages_end(connection->messages, &passage);
}

/* No more bytes of the passage's direction come (FIN), or of neither (RST). */
static void connection_end_protocol(
    struct http_connection *connection, const struct passage *passage, const struct chunk *chunk)
{
	bool reset = chunk->kind == CHUNK_RST;
	if (connection->protocol == PROTOCOL_WEBSOCKET)
		connection_end_messages(connection, *passage, reset);
	if (connection->protocol != PROTOCOL_HTTP)
		return;
	if (reset)
		pairing_end(connection->pairing, passage, chunk->refused ? EXCHANGE_REFUSED : EXCHANGE_UNANSWERED);
	else
		pairing_end_direction(connection->pairing, passage);
}

static void connection_take_end(
    struct http_connection *connection, const struct passage *passage, const struct chunk *chunk)
{
	const struct http_sink *sink = connection->http->sink;
	if (connection->ended[chunk->side])
		return;
	if (connection->stream->wanted)
		sink->ended(sink->self, &connection->shown, passage, chunk);
	if (!connection->ended[side_other(chunk->side)])
		connection->left = passage->direction;
	connection_end_protocol(connection, passage, chunk);
	connection->ended[chunk->side] = true;
	if (chunk->kind == CHUNK_RST || connection->ended[side_other(chunk->side)])
		connection_give_up(connection, PROTOCOL_OVER);
}

static void connection_take_chunk(void *self, struct stream *stream, const struct chunk *chunk)
{
	struct http_connection *connection = stream->user;
	struct passage passage = {.direction = connection_direction(connection, chunk->side),
	    .origin = {.first = chunk->first_packet, .last = chunk->packet, .time = chunk->time},
	    .begun = TIMESTAMP_NONE};
	(void)self;
	connection->last = passage;
	connection->shown.facts.doubtful = stream->doubtful;
	connection->shown.queued = chunk->queued;
	switch (chunk->kind) {
	case CHUNK_GAP:
		connection_take_gap(connection, &passage, chunk);
		break;
	case CHUNK_FIN:
	case CHUNK_RST:
		connection_take_end(connection, &passage, chunk);
		break;
	case CHUNK_BYTES:
		connection->begun[chunk->side] = true;
		if (connection->protocol == PROTOCOL_UNKNOWN)
			connection_take_first(connection, chunk->side, passage, chunk->bytes);
		else
			connection_take_decided(connection, &passage, chunk->bytes);
		break;
	}
	connection->shown.queued = 0;
}

/* What has no answer when nothing more is seen: that is its end, when one end was over; or else nobody knows. */
static enum exchange_state connection_last_state(const struct http_connection *connection, enum stream_end end)
{
	const struct stream *stream = connection->stream;
	bool left = connection->ended[SIDE_A] || connection->ended[SIDE_B] || end == STREAM_END_CLOSED;
	if (!stream->seen[side_other(stream->client)] || (end == STREAM_END_EVICTED && !left))
		return EXCHANGE_LOST;
	if (left)
		return EXCHANGE_UNANSWERED;
	return EXCHANGE_PENDING;
}

static void connection_finish(struct http_connection *connection, enum stream_end end, timestamp time)
{
	struct passage last = connection->last;
	last.origin.time = time > last.origin.time ? time : last.origin.time;
	if (connection->ended[SIDE_A] || connection->ended[SIDE_B])
		last.direction = connection->left;
	else if (end == STREAM_END_CLOSED)
		last.direction = connection_direction(connection, SIDE_A);
	ledger_add(
	    connection->http->resources->ledger, LEDGER_HIDDEN, 0, connection->hidden && !connection->stream->wanted);
	connection->hidden = 0;
	if (connection->protocol == PROTOCOL_HTTP)
		pairing_end(connection->pairing, &last, connection_last_state(connection, end));
	if (connection->protocol == PROTOCOL_WEBSOCKET)
		connection_end_messages(connection, last, true);
	connection_give_up(connection, PROTOCOL_OVER);
}

static void connection_abandon(void *self, struct stream *stream, timestamp time)
{
	(void)self;
	connection_finish(stream->user, STREAM_END_GONE, time);
}

static void connection_close(void *self, struct stream *stream, enum stream_end end, timestamp time)
{
	struct http_connection *connection = stream->user;
	(void)self;
	connection_finish(connection, end, time);
	ledger_add(connection->http->resources->ledger, LEDGER_ONE_SIDED, 0,
	    connection->spoke_http && !(stream->seen[SIDE_A] && stream->seen[SIDE_B]));
	budget_release(connection);
}

/* ---- the room */

struct http *http_new(const struct resources *resources, const struct http_sink *sink)
{
	struct http *http = calloc(1, sizeof *http);
	if (!http)
		return NULL;
	http->resources = resources;
	http->sink = sink;
	http->streams = (struct stream_sink){.self = http,
	    .attempted = connection_take_attempt,
	    .opened = connection_open,
	    .chunk = connection_take_chunk,
	    .abandoned = connection_abandon,
	    .closed = connection_close};
	return http;
}

void http_free(struct http *http)
{
	free(http);
}

const struct stream_sink *http_stream_sink(const struct http *http)
{
	return &http->streams;
}

const struct http_counts *http_counts(const struct http *http)
{
	return &http->counts;
}
