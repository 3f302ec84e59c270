/* Which connections speak TLS, and this room as a sink. */
#include "tls/state.h"

#include <stdio.h>
#include <stdlib.h>

/* Takes the place of a connection's state: it speaks no TLS. */
static const char tls_none;

/* ---- what is counted */

void tls_count(const struct tls *tls, enum ledger_reason reason, uint64_t bytes, uint64_t items)
{
	ledger_add(tls->resources->ledger, reason, bytes, items);
}

/* "the first to 192.0.2.1:443 (example.com; h2)" */
void tls_note_connection(const struct tls *tls, const struct tls_connection *connection, enum ledger_reason reason)
{
	const struct stream *stream = connection->stream;
	char server[ENDPOINT_TEXT_SIZE], detail[LEDGER_DETAIL];
	const char *between = *connection->name && *connection->protocols ? "; " : "";
	bool named = *connection->name || *connection->protocols;
	snprintf(detail, sizeof detail, "the first to %s%s%s%s%s%s",
	    endpoint_format(&stream->ends[side_other(stream->client)], server), named ? " (" : "", connection->name,
	    between, connection->protocols, named ? ")" : "");
	tls_count(tls, reason, 0, 1);
	ledger_note_detail(tls->resources->ledger, reason, detail);
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

/* It speaks no TLS: what was kept of its first bytes goes up, and all that follows. */
static void tls_pass(struct tls *tls, struct stream *stream, const struct chunk *chunk)
{
	struct tls_connection *connection = stream->tls;
	stream->tls = (void *)&tls_none;
	for (enum side side = SIDE_A; connection && side <= SIDE_B; side++) {
		const struct tls_half *half = &connection->halves[side];
		struct chunk before = {.kind = CHUNK_BYTES,
		    .side = side,
		    .bytes = buffer_slice(&half->record),
		    .first_packet = half->first_packet,
		    .packet = half->first_packet,
		    .time = half->begun};
		if (before.bytes.len)
			tls->above->chunk(tls->above->self, stream, &before);
	}
	if (connection)
		tls_connection_free(tls, connection);
	tls->above->chunk(tls->above->self, stream, chunk);
}

/* Nothing but a few bytes of one side came yet. */
static void tls_decide(struct tls *tls, struct stream *stream, const struct chunk *chunk)
{
	struct tls_connection *connection = stream->tls;
	size_t record_len;
	uint8_t first_bytes[TLS_FIRST_BYTES];
	struct buffer first = buffer_over(first_bytes, sizeof first_bytes);
	if (connection)
		buffer_append(&first, buffer_slice(&connection->halves[chunk->side].record));
	buffer_append(&first, slice_take(chunk->bytes, sizeof first_bytes - first.len));
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
	struct tls_half *half = &connection->halves[chunk->side];
	if (!half->record.len) {
		half->first_packet = chunk->first_packet;
		half->begun = chunk->time;
	}
	buffer_append(&half->record, chunk->bytes);
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
	tls_take_again(tls, connection, chunk);
}

static void tls_abandon(void *self, struct stream *stream, timestamp time)
{
	const struct tls *tls = self;
	tls->above->abandoned(tls->above->self, stream, time);
}

static void tls_close(void *self, struct stream *stream, enum stream_end end, timestamp time)
{
	struct tls *tls = self;
	struct tls_connection *connection = stream->tls;
	if (connection && stream->tls != &tls_none) {
		if (connection->state == STATE_WAITING)
			tls_go_blind(tls, connection, LEDGER_TLS);
		else if (connection->state == STATE_READ && connection->joined && !connection->opened)
			tls_go_blind(tls, connection, LEDGER_TLS_JOINED);
		else if (connection->refusals && !connection->opened)
			tls_go_blind(tls, connection, LEDGER_TLS_WRONG_KEYS);
		else if (connection->held ||
		         (connection->state == STATE_READ && !connection->joined && !connection->answered))
			tls_go_blind(tls, connection, LEDGER_TLS);
		for (int side = 0; side < 2; side++)
			tls_count(tls, LEDGER_TLS, connection->halves[side].record.len, 0);
	}
	bool is_tls = connection && stream->tls != &tls_none;
	tls->above->closed(tls->above->self, stream, end, time);
	if (is_tls)
		tls_connection_free(tls, connection);
}

struct tls *tls_new(const struct resources *resources, const struct keylog *keylog, const struct stream_sink *above)
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
