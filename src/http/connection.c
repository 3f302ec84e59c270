/* The chunks, gaps and ends of a connection go to the protocol that it speaks. */
#include "base/text.h"
#include "http/state.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

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
	connection->shown.facts.input = stream->input;
	connection->shown.facts.process = stream->process;
	connection->shown.facts.stream = stream;
	buffer_init(&connection->opening, CONNECTION_OPENING, http->resources->budget);
	stream->user = connection;
	return true;
}

/* Of its connection the facts say that TLS is around it. */
static void connection_take_handshake(void *self, struct stream *stream, const struct tls_handshake *handshake)
{
	struct http *http = self;
	struct http_connection *connection = stream->user;
	struct connection_facts *facts = &connection->shown.facts;
	connection_name(connection, stream->client);
	if (handshake->result == TLS_DONE) {
		facts->tls = handshake->version;
		facts->tls_begun = handshake->begun;
		facts->tls_done = handshake->origin.time;
	}
	http->sink->secured(http->sink->self, facts, handshake);
}

/* ---- gaps */

static void connection_emit_gap(
    struct http_connection *connection, const struct passage *passage, uint64_t lost, bool beginning, const char *text)
{
	const struct http_sink *sink = connection->http->sink;
	if (connection->http2)
		http2_give_gap(connection->http2, passage, lost, beginning, text);
	else
		sink->gap(sink->self, &connection->shown, passage, lost, beginning, text);
}

static void connection_give_gap(struct http_connection *connection, const struct passage *passage, uint64_t lost)
{
	char text[80] = "bytes were not captured, and how many is not known";
	if (lost)
		snprintf(text, sizeof text, "%" PRIu64 " %s not captured", lost,
		    plural_choose(lost, "byte was", "bytes were"));
	ledger_add(connection->http->resources->ledger, LEDGER_GAP, lost, 1);
	connection_emit_gap(connection, passage, lost, false, text);
}

void connection_note_wanted(struct http_connection *connection, const struct passage *passage)
{
	struct http *http = connection->http;
	if (connection->stream->wanted)
		return;
	connection->stream->wanted = true;
	http->counts.wanted++;
	http->resources->ledger->engineio = true;
	if (connection->shown.facts.joined) {
		ledger_add(http->resources->ledger, LEDGER_JOINED, 0, 1);
		connection_emit_gap(connection, passage, 0, true, "the beginning was not captured");
	}
	if (connection->hidden)
		connection_give_gap(connection, &connection->hidden_passage, connection->hidden);
}

/* A request that is lost may have mattered, until it is known what is spoken here. */
static void connection_note_hidden(struct http_connection *connection, const struct passage *passage, uint64_t lost)
{
	bool is_undecided = connection->protocol == PROTOCOL_UNKNOWN || connection->protocol == PROTOCOL_HTTP ||
	                    connection->protocol == PROTOCOL_HTTP2;
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
	if (connection->http2)
		matters = http2_lose(connection->http2, passage, lost);
	if (matters && !is_beginning)
		connection_give_gap(connection, passage, lost);
	else if (!is_beginning)
		connection_note_hidden(connection, passage, lost);
}

/* ---- chunks */

/* No more bytes of the passage's direction come (FIN), or of neither (RST). */
static void connection_end_protocol(
    struct http_connection *connection, const struct passage *passage, const struct chunk *chunk)
{
	bool reset = chunk->kind == CHUNK_RST;
	if (connection->protocol == PROTOCOL_WEBSOCKET && reset)
		messages_end_both(connection->messages, passage);
	else if (connection->protocol == PROTOCOL_WEBSOCKET)
		messages_end(connection->messages, passage);
	if (connection->protocol != PROTOCOL_HTTP)
		return;
	struct passage server_end = *passage;
	server_end.direction = DIRECTION_TO_CLIENT;
	if (reset)
		pairing_end(connection->pairing, passage, chunk->refused ? EXCHANGE_REFUSED : EXCHANGE_UNANSWERED);
	else if (connection->ended[side_other(chunk->side)] && passage->direction == DIRECTION_TO_SERVER)
		pairing_end(connection->pairing, &server_end, EXCHANGE_UNANSWERED); /* asked behind the server's end */
	else
		pairing_end_direction(connection->pairing, passage, chunk->unacknowledged);
}

static void connection_take_end(
    struct http_connection *connection, const struct passage *passage, const struct chunk *chunk)
{
	const struct http_sink *sink = connection->http->sink;
	if (connection->ended[chunk->side])
		return;
	bool is_given = connection->http2 && http2_end(connection->http2, passage, chunk);
	if (connection->stream->wanted && !is_given)
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
	    .origin = {.first = chunk->first_packet,
	        .last = chunk->packet,
	        .time = chunk->time,
	        .numbering = stream->numbering},
	    .begun = TIMESTAMP_NONE};
	(void)self;
	connection->last = passage;
	connection->shown.facts.doubtful = stream->doubtful;
	connection->shown.facts.process = stream->process;
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
		connection_go_on(connection, &passage, chunk->bytes);
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
		messages_end_both(connection->messages, &last);
	if (connection->http2)
		http2_finish(connection->http2, &last, connection_last_state(connection, end));
	connection_give_up(connection, PROTOCOL_OVER);
}

static void connection_abandon(void *self, struct stream *stream, timestamp time)
{
	(void)self;
	connection_finish(stream->user, STREAM_END_GONE, time);
}

/* "what the client sent, the first on 10.0.0.8:4711-10.0.0.7:80": which direction, and where to look. */
static void connection_note_one_sided(struct http_connection *connection)
{
	const struct stream *stream = connection->stream;
	struct http *http = connection->http;
	char text[LEDGER_DETAIL];
	enum direction seen = connection_direction(connection, stream->seen[SIDE_A] ? SIDE_A : SIDE_B);
	if (!http->one_sided[DIRECTION_TO_SERVER] && !http->one_sided[DIRECTION_TO_CLIENT])
		memcpy(http->first_one_sided, connection->shown.facts.text, CONNECTION_TEXT_SIZE);
	http->one_sided[seen]++;
	struct buffer detail = buffer_over(text, sizeof text - 1);
	bool both = http->one_sided[DIRECTION_TO_SERVER] && http->one_sided[DIRECTION_TO_CLIENT];
	if (both)
		buffer_append_format(&detail,
		    "what the client sent (%" PRIu64 "), or what the server sent (%" PRIu64 ")",
		    http->one_sided[DIRECTION_TO_SERVER], http->one_sided[DIRECTION_TO_CLIENT]);
	else
		buffer_append_format(&detail, "what the %s sent", seen == DIRECTION_TO_SERVER ? "client" : "server");
	buffer_append_format(&detail, ", the first on %s", http->first_one_sided);
	text[detail.len] = '\0';
	ledger_add(http->resources->ledger, LEDGER_ONE_SIDED, 0, 1);
	ledger_replace_detail(http->resources->ledger, LEDGER_ONE_SIDED, text);
}

static void connection_close(void *self, struct stream *stream, enum stream_end end, timestamp time)
{
	struct http_connection *connection = stream->user;
	(void)self;
	connection_finish(connection, end, time);
	if (connection->spoke_http && !(stream->seen[SIDE_A] && stream->seen[SIDE_B]))
		connection_note_one_sided(connection);
	budget_release(connection->greeting);
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
	    .secured = connection_take_handshake,
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
