/* The bytes of a connection: cut into records, held back while they wait for what comes later, and passed over where
 * some are lost. */
#include "tls/state.h"

#include <stdlib.h>

/* ---- what waits */

/* What is more than may wait makes an end of waiting. */
static void tls_hold(struct tls *tls, struct tls_connection *connection, const struct chunk *chunk)
{
	size_t size = sizeof(struct tls_held) + chunk->bytes.len;
	bool is_full = connection->held_size + size > tls->resources->limits->tls_waiting;
	struct tls_held *held = is_full ? NULL : budget_alloc(tls->resources->budget, size);
	ledger_note_limit(tls->resources->ledger, LIMIT_TLS_WAITING, is_full);
	if (!held) {
		tls_go_blind(tls, connection, LEDGER_TLS);
		tls_take_again(tls, connection, chunk);
		return;
	}
	held->size = size;
	held->chunk = *chunk;
	if (chunk->bytes.len)
		memcpy(held->bytes, chunk->bytes.at, chunk->bytes.len);
	held->chunk.bytes = slice_of(held->bytes, chunk->bytes.len);
	connection->held_size += size;
	*connection->held_end = held;
	connection->held_end = &held->next;
}

/* Takes what waited; what has still to wait waits on, in its order. */
void tls_resume(struct tls *tls, struct tls_connection *connection)
{
	struct tls_held *held = connection->held;
	connection->held = NULL;
	connection->held_end = &connection->held;
	connection->held_size = 0;
	while (held) {
		struct tls_held *next = held->next;
		tls_take_again(tls, connection, &held->chunk);
		budget_free(tls->resources->budget, held, held->size);
		held = next;
	}
}

void tls_note_blind(struct tls *tls, struct tls_connection *connection)
{
	if (connection->owed)
		tls_note_connection(tls, connection, connection->owed);
	connection->owed = 0;
}

/* Nothing of it can be read from here on, but what records show from outside. */
void tls_go_blind(struct tls *tls, struct tls_connection *connection, enum ledger_reason reason)
{
	if (connection->state == STATE_BLIND)
		return;
	connection->state = STATE_BLIND;
	connection->owed = reason;
	if (connection->done || !connection->hello_packet || reason != LEDGER_TLS)
		tls_note_blind(tls, connection);
	connection->has_hole |= connection->joined || connection->halves[SIDE_A].is_searched ||
	                        connection->halves[SIDE_B].is_searched;
	for (enum side side = SIDE_A; side <= SIDE_B; side++) {
		struct tls_half *half = &connection->halves[side];
		const struct chunk from = {.side = side,
		    .first_packet = half->first_packet,
		    .packet = half->first_packet,
		    .time = half->begun};
		struct buffer begun = half->record;
		buffer_init(&half->record, TLS_RECORDS, tls->resources->budget);
		tls_count_unread(tls, connection, begun.len);
		tls_watch(tls, connection, &from, buffer_slice(&begun));
		buffer_free(&begun);
		half->is_paused = false;
	}
	tls_resume(tls, connection);
}

/* ---- what is given */

void tls_give(struct tls *tls, const struct tls_connection *connection, const struct chunk *from, struct slice plain)
{
	struct chunk chunk = *from;
	chunk.bytes = plain;
	chunk.first_packet = connection->halves[from->side].first_packet;
	tls->above->chunk(tls->above->self, connection->stream, &chunk);
}

void tls_give_gap(struct tls *tls, const struct tls_connection *connection, const struct chunk *from, uint64_t lost)
{
	struct chunk chunk = *from;
	chunk.kind = CHUNK_GAP;
	chunk.bytes = slice_of(NULL, 0);
	chunk.lost = lost;
	tls->above->chunk(tls->above->self, connection->stream, &chunk);
}

/* ---- bytes */

size_t tls_record_len(struct slice bytes)
{
	return bytes.len < TLS_RECORD_HEAD ? TLS_RECORD_HEAD : TLS_RECORD_HEAD + (size_t)network_read_16(bytes.at + 3);
}

/* Takes the next record off the front of `bytes`, as soon as it is whole; it is lent until the next call. */
static bool tls_next_record(struct tls_half *half, const struct chunk *chunk, struct slice *bytes, struct slice *record)
{
	if (!half->record.len) {
		half->first_packet = chunk->first_packet;
		half->begun = chunk->time;
		size_t len = tls_record_len(*bytes);
		if (bytes->len >= TLS_RECORD_HEAD && bytes->len >= len) {
			*record = slice_take(*bytes, len);
			*bytes = slice_drop(*bytes, len);
			return true;
		}
	}
	while (bytes->len) {
		size_t len = tls_record_len(buffer_slice(&half->record));
		struct slice part = slice_take(*bytes, len - half->record.len);
		if (!buffer_append(&half->record, part))
			return false;
		*bytes = slice_drop(*bytes, part.len);
		*record = buffer_slice(&half->record);
		if (record->len >= TLS_RECORD_HEAD && record->len == tls_record_len(*record))
			return true;
	}
	return false;
}

bool tls_is_possible(struct slice record)
{
	return record.at[0] >= TLS_CHANGE_CIPHER_SPEC && record.at[0] <= TLS_APPLICATION_DATA && record.at[1] == 3 &&
	       tls_record_len(record) <= TLS_RECORD_HEAD + TLS_RECORD_MOST;
}

static void tls_hold_rest(
    struct tls *tls, struct tls_connection *connection, const struct chunk *chunk, struct slice rest)
{
	struct chunk later = *chunk;
	later.bytes = rest;
	if (rest.len)
		tls_hold(tls, connection, &later);
}

/* Bytes of a record of which some are lost. */
static struct slice tls_skip(struct tls *tls, struct tls_half *half, struct slice bytes)
{
	size_t part = bytes.len < half->skipped ? bytes.len : half->skipped;
	tls_count(tls, LEDGER_TLS_DAMAGED, part, 0);
	half->skipped -= part;
	return slice_drop(bytes, part);
}

static void tls_take_bytes(struct tls *tls, struct tls_connection *connection, const struct chunk *chunk)
{
	struct tls_half *half = &connection->halves[chunk->side];
	struct slice bytes = chunk->bytes, record;
	if (half->skipped && connection->state != STATE_BLIND)
		bytes = tls_skip(tls, half, bytes);
	while (bytes.len) {
		if (connection->state == STATE_BLIND) {
			tls_count_unread(tls, connection, bytes.len);
			tls_watch(tls, connection, chunk, bytes);
			return;
		}
		if (half->is_closed) {
			tls_count(tls, LEDGER_TLS_DAMAGED, bytes.len, 0);
			return;
		}
		if (half->is_paused) {
			tls_hold_rest(tls, connection, chunk, bytes);
			return;
		}
		if (half->is_searched) {
			struct chunk rest = *chunk;
			rest.bytes = bytes;
			tls_take_searched(tls, connection, &rest);
			return;
		}
		bool whole = tls_next_record(half, chunk, &bytes, &record);
		if (!whole && (half->record.len < TLS_RECORD_HEAD || tls_is_possible(buffer_slice(&half->record))))
			return;
		struct buffer kept = half->record;
		buffer_init(&half->record, TLS_RECORDS, tls->resources->budget);
		if (!whole || !tls_is_possible(record)) {
			tls_count_unread(tls, connection, whole ? record.len : kept.len);
			tls_note_foreign(tls, connection, chunk, whole ? record : buffer_slice(&kept));
			connection->has_hole = true;
			tls_go_blind(
			    tls, connection, connection->answered ? LEDGER_TLS_FOREIGN : LEDGER_OTHER_PROTOCOL);
		} else if (!tls_take_record(tls, connection, chunk, record)) {
			tls_hold_rest(tls, connection, chunk, record);
		}
		buffer_free(&kept);
	}
}

/* ---- gaps and ends */

/* Lost within one record, that record is lost; else where the next one begins has to be searched. */
static void tls_take_gap(struct tls *tls, struct tls_connection *connection, const struct chunk *gap)
{
	struct tls_half *half = &connection->halves[gap->side];
	size_t have = half->record.len, whole = tls_record_len(buffer_slice(&half->record));
	bool within = half->cipher && gap->lost && !half->is_searched &&
	              (half->skipped ? gap->lost <= half->skipped
	                             : have >= TLS_RECORD_HEAD && gap->lost <= whole - have);
	if (connection->state == STATE_BLIND)
		tls_stop_watching(connection);
	if (connection->state == STATE_BLIND || half->is_closed)
		return;
	connection->has_hole = true;
	if (!half->cipher && !connection->answered && connection->state == STATE_READ && !connection->joined) {
		tls_go_blind(tls, connection, LEDGER_TLS_JOINED);
		return;
	}
	if (within && !half->skipped) {
		tls_count(tls, LEDGER_TLS_DAMAGED, have, 1);
		half->skipped = whole - have - gap->lost;
		tls_cipher_set_number(half->cipher, tls_cipher_number(half->cipher) + 1);
		size_t overhead = tls_cipher_overhead(half->cipher);
		tls_give_gap(tls, connection, gap, whole > overhead ? whole - overhead : 0);
	} else if (within) {
		half->skipped -= gap->lost;
	} else {
		tls_count(tls, LEDGER_TLS_DAMAGED, have, have > 0);
		half->skipped = 0;
		half->is_searched = true;
		half->tried = 0;
		tls_give_gap(tls, connection, gap, 0);
	}
	buffer_clear(&half->record);
}

/* A gap or an end, in its place among the bytes. */
static void tls_take_other(struct tls *tls, struct tls_connection *connection, const struct chunk *chunk)
{
	if (connection->halves[chunk->side].is_paused) {
		tls_hold(tls, connection, chunk);
		return;
	}
	if (chunk->kind == CHUNK_GAP) {
		tls_take_gap(tls, connection, chunk);
		return;
	}
	tls_note_end(tls, connection, chunk);
	tls->above->chunk(tls->above->self, connection->stream, chunk);
}

/* A chunk of any kind, now or when it has waited. */
void tls_take_again(struct tls *tls, struct tls_connection *connection, const struct chunk *chunk)
{
	if (chunk->kind == CHUNK_BYTES)
		tls_take_bytes(tls, connection, chunk);
	else
		tls_take_other(tls, connection, chunk);
}
