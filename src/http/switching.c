/* What a connection speaks: recognised by its first bytes; changed by a 101, a CONNECT, or a server that turns back. */
#include "http/state.h"

#include <stdio.h>

enum { CONNECTION_ATTEMPTS = 256 /* chunks looked at in a connection that was joined in mid-stream */ };

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

void connection_give_up(struct http_connection *connection, enum protocol protocol)
{
	messages_close(&connection->messages);
	pairing_free(connection->pairing);
	http2_free(connection->http2);
	ledger_add(connection->http->resources->ledger, LEDGER_UNDECIDED, connection->opening.len, 0);
	buffer_free(&connection->opening);
	connection->pairing = NULL;
	connection->http2 = NULL;
	connection->protocol = protocol;
}

void connection_name(struct http_connection *connection, enum side client)
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
	messages_close(&connection->messages);
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
	if (!connection->messages)
		return false;
	return !upgrade.exchange ||
	       http->sink->websocket_opened(http->sink->self, &connection->shown, passage, upgrade.exchange);
}

/* For what was agreed on. */
static void connection_lack_memory(struct http_connection *connection)
{
	budget_note_refusal(connection->http->resources->budget);
	connection_give_up(connection, PROTOCOL_OTHER);
}

/* HTTP gives way to a WebSocket: what follows, and what the client sent before that was known, are frames. */
static void connection_begin_websocket(
    struct http_connection *connection, const struct passage *passage, struct slice bytes)
{
	struct passage paused_passage;
	struct buffer held;
	struct slice paused = pairing_paused(connection->pairing, &paused_passage, &held);
	if (!connection_open_messages(connection, passage))
		connection_lack_memory(connection);
	connection_go_on(connection, &paused_passage, paused);
	connection_go_on(connection, passage, bytes);
	buffer_free(&held);
	if (connection->pairing && !pairing_upgrade(connection->pairing).exchange) {
		pairing_free(connection->pairing); /* there is no request that plain HTTP could answer once more */
		connection->pairing = NULL;
	}
}

/* ---- HTTP/2 */

static void connection_take_http2(struct http_connection *connection, const struct passage *passage, struct slice bytes)
{
	http2_take(connection->http2, passage, bytes);
	if (http2_is_wanted(connection->http2))
		connection_note_wanted(connection, passage);
}

/* False: no memory. */
static bool connection_make_http2(struct http_connection *connection, const struct http2_start *start)
{
	struct http *http = connection->http;
	connection->http2 = http2_new(http->resources, http->sink, &connection->shown, start, &http->counts.http2);
	return connection->http2 != NULL;
}

/* A 101 agreed on h2c: the answer to the request that asked for it is the first stream's (RFC 7540 §3.2). */
static void connection_begin_http2(
    struct http_connection *connection, const struct passage *passage, struct slice bytes)
{
	struct passage paused_passage;
	struct buffer held;
	struct pairing *outer = connection->pairing;
	struct http2_start start = {.has_preface = true, .upgraded = pairing_release_upgraded(outer)};
	struct slice paused = pairing_paused(outer, &paused_passage, &held);
	const bool lost[2] = {pairing_has_lost(outer, 0), pairing_has_lost(outer, 1)};
	ledger_add(connection->http->resources->ledger, LEDGER_H2C, 0, 1);
	pairing_free(outer);
	connection->pairing = NULL;
	connection->shown.oldest = NULL;
	connection->protocol = PROTOCOL_HTTP2;
	if (!connection_make_http2(connection, &start))
		connection_lack_memory(connection);
	connection_go_on(connection, &paused_passage, paused);
	for (enum direction direction = DIRECTION_TO_SERVER; direction <= DIRECTION_TO_CLIENT; direction++) {
		const struct passage hole = {.direction = direction, .origin = passage->origin};
		if (lost[direction] && connection->http2)
			http2_lose(connection->http2, &hole, 0);
	}
	connection_go_on(connection, passage, bytes);
	buffer_free(&held);
}

/* ---- tunnels */

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
	connection->stream->tunnelled = !paused.len && !bytes.len;
	connection_go_on(connection, &paused_passage, paused);
	connection_go_on(connection, passage, bytes);
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
	case PAIRING_HTTP2:
		connection_begin_http2(connection, passage, bytes);
		break;
	case PAIRING_OTHER:
		pairing_end(connection->pairing, passage, EXCHANGE_LOST);
		connection_give_up(connection, PROTOCOL_OTHER);
		connection_pass_over(connection, bytes.len);
		break;
	}
}

/* ---- the first bytes */

/* One that is not decoded, and may carry Engine.IO: the ledger names the first server of the kind. */
static void connection_count_tls(const struct http_connection *connection)
{
	const struct stream *stream = connection->stream;
	char server[ENDPOINT_TEXT_SIZE], detail[LEDGER_DETAIL];
	snprintf(detail, sizeof detail, "the first to %s",
	    endpoint_format(&stream->ends[side_other(stream->client)], server));
	ledger_add(connection->http->resources->ledger, LEDGER_TLS, 0, 1);
	ledger_note_detail(connection->http->resources->ledger, LEDGER_TLS, detail);
}

static void connection_count_protocol(const struct http_connection *connection)
{
	struct ledger *ledger = connection->http->resources->ledger;
	switch (connection->protocol) {
	case PROTOCOL_TLS:
		connection_count_tls(connection);
		break;
	case PROTOCOL_OTHER:
		ledger_add(ledger, LEDGER_OTHER_PROTOCOL, 0, 1);
		break;
	default:
		break;
	}
}

/* False when there is no memory for it: the connection is passed over. */
static bool connection_make_protocol(struct http_connection *connection, enum direction direction, bool is_joined)
{
	const struct http *http = connection->http;
	if (connection->protocol == PROTOCOL_HTTP2) {
		struct http2_start start = {.has_preface = !is_joined};
		start.is_joined[direction] = is_joined;
		start.is_joined[direction_other(direction)] = connection->adrift;
		return connection_make_http2(connection, &start);
	}
	if (connection->protocol == PROTOCOL_HTTP) {
		connection->pairing = pairing_new(http->resources, http->sink, &connection->shown);
		return connection->pairing != NULL;
	}
	if (connection->protocol != PROTOCOL_WEBSOCKET)
		return true;
	struct messages_start nothing = {0};
	connection->messages = messages_new(http->resources, http->sink, &connection->shown, &nothing);
	return connection->messages != NULL;
}

static void connection_take_decided(
    struct http_connection *connection, const struct passage *passage, struct slice bytes)
{
	if (connection->protocol == PROTOCOL_HTTP)
		connection_take_http(connection, passage, bytes);
	else if (connection->protocol == PROTOCOL_WEBSOCKET)
		connection_take_websocket(connection, passage, bytes);
	else if (connection->http2)
		connection_take_http2(connection, passage, bytes);
	else
		connection_pass_over(connection, bytes.len);
}

static enum protocol connection_guess(struct http_connection *connection, enum side side, struct slice first)
{
	bool joined = connection->adrift;
	struct protocol_guess guess = protocol_guess(first, joined);
	if (guess.protocol == PROTOCOL_HTTP || guess.protocol == PROTOCOL_HTTP2 || guess.protocol == PROTOCOL_WEBSOCKET)
		connection_name(connection, guess.from_client ? side : side_other(side));
	if (guess.protocol != PROTOCOL_UNKNOWN)
		return guess.protocol;
	bool abandoned = joined ? ++connection->attempts >= CONNECTION_ATTEMPTS : first.len >= CONNECTION_OPENING;
	return abandoned ? PROTOCOL_OTHER : PROTOCOL_UNKNOWN;
}

static void connection_keep_greeting(struct http_connection *connection, struct slice bytes)
{
	foreign_take(&connection->greeting, connection->http->resources->budget, bytes, true);
}

/* The server speaks first, as many do whose protocol is not HTTP: the client may speak HTTP all the same. */
static void connection_note_greeting(struct http_connection *connection, enum side side, struct slice first)
{
	bool is_foreign = connection->protocol == PROTOCOL_OTHER || connection->protocol == PROTOCOL_HTTP2;
	bool is_servers = side != connection->stream->client && !connection->begun[side_other(side)];
	if (is_foreign && is_servers && !connection->adrift && !connection->shown.facts.joined)
		connection_keep_greeting(connection, first);
}

static void connection_decide(struct http_connection *connection, enum side side, struct slice first)
{
	connection->protocol = connection_guess(connection, side, first);
	connection_count_protocol(connection);
	connection->spoke_http |= connection->protocol == PROTOCOL_HTTP;
	if (connection->protocol == PROTOCOL_TLS)
		connection->hidden = 0; /* what is lost there would not be read either */
	connection_note_greeting(connection, side, first);
	bool has_preface = !connection->adrift || protocol_is_preface(first);
	if (!connection_make_protocol(connection, connection_direction(connection, side), !has_preface)) {
		budget_note_refusal(connection->http->resources->budget);
		connection->protocol = PROTOCOL_OTHER;
	}
	if (side != connection->stream->client || connection->protocol == PROTOCOL_UNKNOWN)
		return;
	if (connection->pairing)
		pairing_note_greeting(connection->pairing, connection->greeting);
	else
		budget_release(connection->greeting);
	connection->greeting = NULL;
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

/* Takes what is still to come of a PROXY header. */
static struct slice connection_skip(struct http_connection *connection, struct slice bytes)
{
	size_t skipped = connection->skips < bytes.len ? (size_t)connection->skips : bytes.len;
	connection->skips -= skipped;
	ledger_add(connection->http->resources->ledger, LEDGER_OTHER_PROTOCOL, skipped, 0);
	return slice_drop(bytes, skipped);
}

static void connection_take_first(
    struct http_connection *connection, enum side side, struct passage passage, struct slice bytes);

/* The source that a PROXY header names (HAProxy's proxy-protocol.txt, §2.1 and §2.2). */
static void connection_note_proxied(struct connection_facts *facts, struct slice header)
{
	struct address source = {0};
	char text[ADDRESS_TEXT_SIZE];
	uint8_t family = header.len > 13 ? header.at[13] >> 4 : 0;
	if (slice_starts_with(header, SLICE("PROXY "))) {
		struct slice rest = slice_drop(header, strlen("PROXY "));
		slice_take_until(&rest, ' ');
		struct slice word = slice_take(slice_take_until(&rest, ' '), sizeof facts->proxied_for - 1);
		memcpy(facts->proxied_for, word.len ? (const char *)word.at : "", word.len);
		return;
	}
	source.version = family == 1 && header.len >= 28 ? 4 : family == 2 && header.len >= 52 ? 6 : 0;
	if (!source.version)
		return;
	memcpy(source.bytes, header.at + 16, source.version == 4 ? 4 : 16);
	snprintf(facts->proxied_for, sizeof facts->proxied_for, "%.*s", (int)sizeof facts->proxied_for - 1,
	    address_format(&source, false, text));
}

/* A balancer begins the connection with whom it stands for; what the client sends follows. True: the bytes were taken
 * so, as far as they go. `first`: those that are held and the next. */
static bool connection_takes_proxy_header(struct http_connection *connection, enum side side,
    const struct passage *passage, struct slice first, struct slice bytes)
{
	size_t held = connection->opening.len;
	size_t len = connection->adrift || connection->proxied ? 0 : proxy_header_len(first);
	if (len == PROXY_HEADER_MORE && held + bytes.len <= CONNECTION_OPENING) {
		connection_hold_opening(connection, side, passage, bytes);
		return true;
	}
	if (!len || len == PROXY_HEADER_MORE)
		return false;
	connection_name(connection, side);
	connection->proxied = true;
	connection_note_proxied(&connection->shown.facts, slice_take(first, len));
	connection->skips = len - held;
	ledger_add(connection->http->resources->ledger, LEDGER_OTHER_PROTOCOL, held, 0);
	buffer_clear(&connection->opening);
	bytes = connection_skip(connection, bytes);
	if (bytes.len)
		connection_take_first(connection, side, *passage, bytes);
	return true;
}

static void connection_take_first(
    struct http_connection *connection, enum side side, struct passage passage, struct slice bytes)
{
	uint8_t first[2 * CONNECTION_OPENING];
	struct buffer *opening = &connection->opening;
	if (opening->len && connection->opening_side != side) {
		if (side == connection->stream->client && !connection->shown.facts.joined)
			connection_keep_greeting(connection, buffer_slice(opening));
		connection_pass_over(connection, opening->len);
		buffer_clear(opening);
	}
	if (connection->skips && side == connection->stream->client)
		bytes = connection_skip(connection, bytes);
	if (!bytes.len)
		return;
	size_t held = opening->len;
	struct slice fresh = slice_take(bytes, CONNECTION_OPENING);
	if (held)
		memcpy(first, opening->at, held);
	memcpy(first + held, fresh.at, fresh.len);
	struct slice whole = held ? slice_of(first, held + fresh.len) : bytes;
	if (connection_takes_proxy_header(connection, side, &passage, whole, bytes))
		return;
	connection_decide(connection, side, whole);
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

/* The client's first bytes at a server that greeted it: where they ask in HTTP/1, the connection is one of HTTP whose
 * server speaks something else. */
static void connection_judge_greeted(struct http_connection *connection, struct slice bytes)
{
	struct foreign *greeting = connection->greeting;
	connection->greeting = NULL;
	if (!http_looks_like(HTTP_REQUESTS, bytes, false)) {
		budget_release(greeting);
		return;
	}
	connection_give_up(connection, PROTOCOL_HTTP);
	connection->spoke_http = true;
	if (connection_make_protocol(connection, DIRECTION_TO_SERVER, false)) {
		pairing_note_greeting(connection->pairing, greeting);
	} else {
		budget_release(greeting);
		connection_lack_memory(connection);
	}
}

void connection_go_on(struct http_connection *connection, const struct passage *passage, struct slice bytes)
{
	enum side client = connection->stream->client;
	enum side side = passage->direction == DIRECTION_TO_SERVER ? client : side_other(client);
	if (bytes.len && connection->greeting && side == client)
		connection_judge_greeted(connection, bytes);
	if (bytes.len && connection->protocol == PROTOCOL_UNKNOWN)
		connection_take_first(connection, side, *passage, bytes);
	else if (bytes.len)
		connection_take_decided(connection, passage, bytes);
}
