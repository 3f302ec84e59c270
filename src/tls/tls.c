/* Which connections speak TLS, and this room as a sink. */
#include "base/text.h"
#include "tls/state.h"

#include <inttypes.h>
#include <stdlib.h>

/* Takes the place of a connection's state: it speaks no TLS. */
static const char tls_none;

/* ---- what is counted */

void tls_count(const struct tls *tls, enum ledger_reason reason, uint64_t bytes, uint64_t items)
{
	ledger_add(tls->resources->ledger, reason, bytes, items);
}

void tls_count_unread(const struct tls *tls, struct tls_connection *connection, uint64_t bytes)
{
	connection->unread += bytes;
	tls_count(tls, LEDGER_TLS, bytes, 0);
}

/* "192.0.2.1:443 (example.com; h2; certificate of example.org)" */
static void tls_write_server(struct buffer *out, const struct tls_server *server)
{
	char endpoint[ENDPOINT_TEXT_SIZE];
	const char *parts[] = {server->name, server->protocols, server->certificate};
	bool first = true;
	buffer_append_text(out, endpoint_format(&server->endpoint, endpoint));
	for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
		if (!*parts[i])
			continue;
		buffer_append_text(out, first ? " (" : "; ");
		buffer_append_text(out, i == 2 ? "certificate of " : "");
		buffer_append_text(out, parts[i]);
		first = false;
	}
	if (!first)
		buffer_append_byte(out, ')');
}

static struct tls_server tls_server_of(const struct tls_connection *connection)
{
	struct tls_server server = {.endpoint = connection->stream->ends[side_other(connection->stream->client)]};
	memcpy(server.name, connection->name, sizeof server.name);
	memcpy(server.protocols, connection->protocols, sizeof server.protocols);
	memcpy(server.certificate, connection->certificate, sizeof server.certificate);
	return server;
}

/* One that the table has already: the same address, asked for by the same name. */
static struct tls_server *tls_find_server(struct tls *tls, const struct tls_connection *connection)
{
	const struct endpoint *endpoint = &connection->stream->ends[side_other(connection->stream->client)];
	for (size_t i = 0; i < tls->server_count; i++)
		if (endpoint_equals(&tls->servers[i].endpoint, endpoint) &&
		    strcmp(tls->servers[i].name, connection->name) == 0)
			return &tls->servers[i];
	return NULL;
}

/* "to 192.0.2.1:443 (example.com; h2): 3 connections, 12.0 kB; to …" */
static void tls_name_servers(const struct tls *tls)
{
	char text[LEDGER_DETAIL];
	struct buffer out = buffer_over((uint8_t *)text, sizeof text - 1);
	for (size_t i = 0; i < tls->server_count; i++) {
		const struct tls_server *server = &tls->servers[i];
		buffer_append_text(&out, i ? "; to " : "to ");
		tls_write_server(&out, server);
		buffer_append_format(&out, ": %" PRIu64 " %s, %" PRIu64 " byte%s", server->connections,
		    plural_choose(server->connections, "connection", "connections"), server->bytes,
		    plural_ending(server->bytes));
	}
	if (tls->others)
		buffer_append_format(&out, "; %" PRIu64 " with other servers", tls->others);
	if (keylog_count(tls->keylog))
		buffer_append_format(
		    &out, "; the key log's %" PRIu64 " secrets are not theirs", keylog_count(tls->keylog));
	text[out.len] = '\0';
	ledger_replace_detail(tls->resources->ledger, LEDGER_TLS, text);
}

/* Without keys: its server is named. */
static void tls_note_keyless(struct tls *tls, const struct tls_connection *connection)
{
	struct tls_server *server = tls_find_server(tls, connection);
	if (!server && tls->server_count < TLS_SERVERS) {
		server = &tls->servers[tls->server_count++];
		*server = tls_server_of(connection);
	}
	if (server)
		server->connections++;
	else
		tls->others++;
	tls_name_servers(tls);
}

void tls_note_connection(struct tls *tls, const struct tls_connection *connection, enum ledger_reason reason)
{
	char detail[LEDGER_DETAIL];
	struct buffer out = buffer_over((uint8_t *)detail, sizeof detail - 1);
	struct tls_server server = tls_server_of(connection);
	tls_count(tls, reason, 0, 1);
	if (reason == LEDGER_TLS) {
		tls_note_keyless(tls, connection);
		return;
	}
	buffer_append_text(&out, "the first to ");
	tls_write_server(&out, &server);
	detail[out.len] = '\0';
	ledger_note_detail(tls->resources->ledger, reason, detail);
}

/* What is known only at its end. */
static void tls_note_rest(struct tls *tls, const struct tls_connection *connection)
{
	struct tls_server *server = tls_find_server(tls, connection);
	if (!server || !connection->unread || connection->failed)
		return;
	server->bytes += connection->unread;
	if (!*server->certificate)
		memcpy(server->certificate, connection->certificate, sizeof server->certificate);
	tls_name_servers(tls);
}

/* ---- a connection's beginning and end */

static struct tls_connection *tls_connection_make(struct tls *tls, struct stream *stream)
{
	struct budget *budget = tls->resources->budget;
	struct tls_connection *connection = budget_alloc(budget, sizeof *connection);
	if (!connection)
		return NULL;
	if (!budget_take(budget, TLS_CIPHERS)) {
		budget_free(budget, connection, sizeof *connection);
		return NULL;
	}
	connection->stream = stream;
	connection->held_end = &connection->held;
	for (int side = 0; side < 2; side++) {
		buffer_init(&connection->halves[side].record, TLS_RECORDS, tls->resources->budget);
		buffer_init(&connection->halves[side].messages, TLS_MESSAGES, tls->resources->budget);
	}
	stream->tls = connection;
	return connection;
}

static void tls_connection_free(struct tls *tls, struct tls_connection *connection)
{
	for (int side = 0; side < 2; side++) {
		struct tls_half *half = &connection->halves[side];
		tls_cipher_free(half->cipher);
		buffer_free(&half->record);
		buffer_free(&half->messages);
	}
	budget_give(tls->resources->budget, TLS_CIPHERS);
	budget_free(tls->resources->budget, connection, sizeof *connection);
}

/* ---- the first bytes */

/* Whether a connection's first bytes are those of a hello. */
static bool tls_may_begin(struct slice first)
{
	static const uint8_t least[] = {TLS_HANDSHAKE, 3, 0, 0, 0, TLS_CLIENT_HELLO};
	static const uint8_t most[] = {TLS_HANDSHAKE, 3, 4, 0xff, 0xff, TLS_SERVER_HELLO};
	for (size_t i = 0; i < first.len && i < sizeof least; i++)
		if (first.at[i] < least[i] || first.at[i] > most[i])
			return false;
	return first.len > 0;
}

/* Too few to tell what they begin. */
static void tls_keep_first(struct tls_connection *connection, const struct chunk *chunk)
{
	struct tls_half *half = &connection->halves[chunk->side];
	if (!half->record.len) {
		half->first_packet = chunk->first_packet;
		half->begun = chunk->time;
	}
	buffer_append(&half->record, chunk->bytes);
}

/* What was kept goes up. */
static void tls_give_first(struct tls *tls, struct tls_connection *connection, enum side side)
{
	struct tls_half *half = &connection->halves[side];
	const struct chunk first = {.kind = CHUNK_BYTES,
	    .side = side,
	    .bytes = buffer_slice(&half->record),
	    .first_packet = half->first_packet,
	    .packet = half->first_packet,
	    .time = half->begun};
	if (first.bytes.len)
		tls->above->chunk(tls->above->self, connection->stream, &first);
	buffer_clear(&half->record);
}

/* It speaks no TLS: what was kept of its first bytes goes up, and all that follows. */
static void tls_pass(struct tls *tls, struct stream *stream, const struct chunk *chunk)
{
	struct tls_connection *connection = stream->tls;
	stream->tls = (void *)&tls_none;
	for (enum side side = SIDE_A; connection && side <= SIDE_B; side++)
		tls_give_first(tls, connection, side);
	if (connection)
		tls_connection_free(tls, connection);
	tls->above->chunk(tls->above->self, stream, chunk);
}

/* As many of the first bytes of a side as `first` has room for. */
static void tls_gather_first(const struct stream *stream, const struct chunk *chunk, struct buffer *first)
{
	const struct tls_connection *connection = stream->tls;
	size_t room = first->limit;
	if (connection)
		buffer_append(first, slice_take(buffer_slice(&connection->halves[chunk->side].record), room));
	buffer_append(first, slice_take(chunk->bytes, room - first->len));
}

static void tls_decide(struct tls *tls, struct stream *stream, const struct chunk *chunk);

/* Bytes of a PROXY header go up; what is behind it begins the connection. */
static void tls_give_proxy_header(struct tls *tls, struct tls_connection *connection, const struct chunk *chunk)
{
	struct tls_half *half = &connection->halves[chunk->side];
	struct chunk header = *chunk, rest = *chunk;
	header.bytes = slice_take(chunk->bytes, half->proxy_left);
	rest.bytes = slice_drop(chunk->bytes, header.bytes.len);
	half->proxy_left -= header.bytes.len;
	tls_give_first(tls, connection, chunk->side);
	tls->above->chunk(tls->above->self, connection->stream, &header);
	if (rest.bytes.len)
		tls_decide(tls, connection->stream, &rest);
}

/* A balancer begins the connection with whom it stands for. True: the bytes were taken so. */
static bool tls_takes_proxy_header(struct tls *tls, struct stream *stream, const struct chunk *chunk)
{
	struct tls_connection *connection = stream->tls;
	uint8_t first_bytes[PROXY_HEADER_SHOWS];
	struct buffer first = buffer_over(first_bytes, sizeof first_bytes);
	if (!connection || !connection->is_proxied) {
		tls_gather_first(stream, chunk, &first);
		size_t len = proxy_header_len(buffer_slice(&first));
		if (!len || (!connection && !(connection = tls_connection_make(tls, stream))))
			return false;
		if (len == PROXY_HEADER_MORE) {
			tls_keep_first(connection, chunk);
			return true;
		}
		connection->is_proxied = true;
		connection->halves[chunk->side].proxy_left = len - connection->halves[chunk->side].record.len;
	}
	if (!connection->halves[chunk->side].proxy_left)
		return false;
	tls_give_proxy_header(tls, connection, chunk);
	return true;
}

/* Nothing but a few bytes of one side came yet. */
static void tls_decide(struct tls *tls, struct stream *stream, const struct chunk *chunk)
{
	struct tls_connection *connection = stream->tls;
	size_t record_len;
	uint8_t first_bytes[TLS_FIRST_BYTES];
	struct buffer first = buffer_over(first_bytes, sizeof first_bytes);
	if (chunk->kind == CHUNK_BYTES && tls_takes_proxy_header(tls, stream, chunk))
		return;
	tls_gather_first(stream, chunk, &first);
	bool joins = tls_is_record(chunk->bytes, &record_len) && (keylog_count(tls->keylog) || tls->awaits_keys);
	if (chunk->kind != CHUNK_BYTES || !(tls_may_begin(buffer_slice(&first)) || joins)) {
		tls_pass(tls, stream, chunk);
		return;
	}
	if (!connection)
		connection = tls_connection_make(tls, stream);
	if (!connection) {
		tls_pass(tls, stream, chunk);
		return;
	}
	if (first.len == TLS_FIRST_BYTES) {
		connection->state = STATE_READ;
		connection->joined = joins;
		connection->halves[SIDE_A].is_searched = connection->halves[SIDE_B].is_searched = joins;
		tls_take_again(tls, connection, chunk);
		return;
	}
	tls_keep_first(connection, chunk);
}

/* ---- as a sink */

static void tls_take_attempt(void *self, const struct attempt *attempt)
{
	const struct tls *tls = self;
	tls->above->attempted(tls->above->self, attempt);
}

static bool tls_open_stream(void *self, struct stream *stream)
{
	const struct tls *tls = self;
	return tls->above->opened(tls->above->self, stream);
}

static void tls_take_chunk(void *self, struct stream *stream, const struct chunk *chunk)
{
	struct tls *tls = self;
	if (stream->tunnelled && stream->tls == &tls_none)
		stream->tls = NULL; /* CONNECT: what it leads to may speak TLS */
	stream->tunnelled = false;
	struct tls_connection *connection = stream->tls;
	if (stream->tls == &tls_none) {
		tls->above->chunk(tls->above->self, stream, chunk);
		return;
	}
	if (!connection || connection->state == STATE_UNDECIDED) {
		/* What was lost before anything came says nothing of what is spoken. */
		if (chunk->kind == CHUNK_GAP && !connection)
			tls->above->chunk(tls->above->self, stream, chunk);
		else
			tls_decide(tls, stream, chunk);
		return;
	}
	if (connection->state == STATE_WAITING && connection->keys_seen != keylog_count(tls->keylog)) {
		tls_find_keys(tls, connection);
		if (connection->state == STATE_READ)
			tls_resume(tls, connection);
	}
	tls->bytes += chunk->bytes.len;
	tls_take_again(tls, connection, chunk);
}

static void tls_abandon(void *self, struct stream *stream, timestamp time)
{
	const struct tls *tls = self;
	tls->above->abandoned(tls->above->self, stream, time);
}

/* No more keys come. Those of a handshake that failed have no others behind them. */
static void tls_stop_waiting(struct tls *tls, struct tls_connection *connection)
{
	if (!tls_has_handshake_keys(connection)) {
		tls_go_blind(tls, connection, LEDGER_TLS);
		return;
	}
	connection->state = STATE_READ;
	connection->halves[SIDE_A].is_paused = connection->halves[SIDE_B].is_paused = false;
	tls_resume(tls, connection);
}

/* Why nothing of a connection was read, where that shows only at its end; 0: it was, or there was nothing. */
static enum ledger_reason tls_find_reason(const struct tls_connection *connection)
{
	bool is_read = connection->state == STATE_READ;
	if (connection->failed || connection->state == STATE_BLIND)
		return 0;
	if (is_read && connection->joined && !connection->opened)
		return LEDGER_TLS_JOINED;
	if (connection->refusals && !connection->opened)
		return LEDGER_TLS_WRONG_KEYS;
	return connection->held || (is_read && !connection->joined && !connection->answered) ? LEDGER_TLS : 0;
}

static void tls_finish(struct tls *tls, struct tls_connection *connection)
{
	if (connection->state == STATE_WAITING)
		tls_stop_waiting(tls, connection);
	for (enum side side = SIDE_A; side <= SIDE_B; side++)
		if (!tls_may_begin(buffer_slice(&connection->halves[side].record)) &&
		    connection->state == STATE_UNDECIDED)
			tls_give_first(tls, connection, side);
	enum ledger_reason reason = tls_find_reason(connection);
	if (reason)
		tls_go_blind(tls, connection, reason);
	if (!connection->failed)
		tls_note_blind(tls, connection);
	for (int side = 0; side < 2; side++)
		if (connection->state != STATE_BLIND)
			tls_count_unread(tls, connection, connection->halves[side].record.len);
	tls_note_rest(tls, connection);
}

static void tls_close(void *self, struct stream *stream, enum stream_end end, timestamp time)
{
	struct tls *tls = self;
	struct tls_connection *connection = stream->tls == &tls_none ? NULL : stream->tls;
	if (connection)
		tls_finish(tls, connection);
	tls->above->closed(tls->above->self, stream, end, time);
	if (connection)
		tls_connection_free(tls, connection);
}

struct tls *tls_new(const struct resources *resources, struct keylog *keylog, const struct stream_sink *above)
{
	struct tls *tls = calloc(1, sizeof *tls);
	if (!tls)
		return NULL;
	tls->resources = resources;
	tls->keylog = keylog;
	tls->above = above;
	tls->streams = (struct stream_sink){.self = tls,
	    .attempted = tls_take_attempt,
	    .opened = tls_open_stream,
	    .chunk = tls_take_chunk,
	    .abandoned = tls_abandon,
	    .closed = tls_close};
	return tls;
}

void tls_free(struct tls *tls)
{
	free(tls);
}

const struct stream_sink *tls_stream_sink(const struct tls *tls)
{
	return &tls->streams;
}

void tls_await_keys(struct tls *tls)
{
	tls->awaits_keys = true;
}
