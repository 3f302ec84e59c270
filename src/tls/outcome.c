/*
 * What becomes of a handshake, and what can be seen of a connection without its keys: its messages in the clear, whose
 * certificate the server shows, and the type and length of each record.
 */
#include "tls/state.h"

#include <stdio.h>

/* ---- what is reported */

static void tls_report(struct tls *tls, struct tls_connection *connection, enum tls_result result, enum side by,
    const struct chunk *from, uint8_t alert)
{
	struct stream *stream = connection->stream;
	const struct tls_handshake handshake = {.result = result,
	    .connection = stream->number,
	    .client = stream->ends[stream->client],
	    .server = stream->ends[side_other(stream->client)],
	    .by_client = by == stream->client,
	    .answered = connection->answered,
	    .alert = alert,
	    .alert_name = tls_alert_name(alert),
	    .version = connection->answered ? tls_version_name(connection->version) : NULL,
	    .name = connection->name,
	    .protocols = connection->protocols,
	    .certificate = connection->certificate,
	    .is_plain_http = connection->is_plain_http,
	    .wants_certificate = connection->wants_certificate,
	    .begun = connection->hello_time,
	    .origin = {.first = connection->hello_packet,
	        .last = from->packet,
	        .time = from->time,
	        .numbering = stream->numbering}};
	if (tls->above->secured)
		tls->above->secured(tls->above->self, stream, &handshake);
}

static bool tls_is_undecided(const struct tls_connection *connection)
{
	return connection->hello_packet && !connection->failed;
}

void tls_note_done(struct tls *tls, struct tls_connection *connection, const struct chunk *from)
{
	if (!tls_is_undecided(connection) || connection->done)
		return;
	connection->done = true;
	tls_note_blind(tls, connection);
	tls_report(tls, connection, TLS_DONE, from->side, from, 0);
}

static void tls_fail(struct tls *tls, struct tls_connection *connection, enum tls_result result, enum side by,
    const struct chunk *from, uint8_t alert)
{
	if (!tls_is_undecided(connection))
		return;
	connection->failed = true;
	tls_report(tls, connection, result, by, from, alert);
}

/* A peer's answer to what it gets is fatal but for these two (RFC 8446 §6); 1.2 says so by the level (RFC 5246 §7.2).
 * After data of the server an alert is no matter of the handshake any more. */
void tls_take_alert(struct tls *tls, struct tls_connection *connection, const struct chunk *from, struct slice alert)
{
	enum { ALERT_FATAL = 2, ALERT_CLOSE_NOTIFY = 0, ALERT_USER_CANCELED = 90 };
	char detail[LEDGER_DETAIL], server[ENDPOINT_TEXT_SIZE];
	const struct stream *stream = connection->stream;
	if (alert.len < 2 || alert.at[1] == ALERT_CLOSE_NOTIFY || alert.at[1] == ALERT_USER_CANCELED ||
	    (alert.at[0] != ALERT_FATAL && connection->version != TLS_VERSION_13))
		return;
	/* What it complains of is that the other end has gone (OpenSSL: decode error). */
	if (connection->ended && connection->end_side != from->side)
		return;
	snprintf(detail, sizeof detail, "the %s of the first, to %s%s%s, says: %s",
	    tls_is_client(connection, from->side) ? "client" : "server",
	    endpoint_format(&stream->ends[side_other(stream->client)], server), *connection->name ? " " : "",
	    connection->name, tls_alert_name(alert.at[1]));
	tls_count(tls, LEDGER_TLS_ALERT, 0, 1);
	ledger_note_detail(tls->resources->ledger, LEDGER_TLS_ALERT, detail);
	if (!connection->served)
		tls_fail(tls, connection, TLS_FAILED_ALERT, from->side, from, alert.at[1]);
}

/* The server's first bytes are no record. */
void tls_note_foreign(struct tls *tls, struct tls_connection *connection, const struct chunk *from, struct slice bytes)
{
	if (connection->answered || tls_is_client(connection, from->side))
		return;
	connection->is_plain_http = slice_starts_with(bytes, SLICE("HTTP/"));
	tls_fail(tls, connection, TLS_FAILED_FOREIGN, from->side, from, 0);
}

/* After the first end of a connection neither side can finish a handshake. Where bytes were lost, nothing is certain.
 */
void tls_note_end(struct tls *tls, struct tls_connection *connection, const struct chunk *end)
{
	if (connection->ended)
		return;
	connection->ended = true;
	connection->end_side = end->side;
	if (connection->has_hole || !tls_is_undecided(connection))
		return;
	if (!connection->done && connection->has_short_record)
		tls_fail(tls, connection, TLS_FAILED_UNREAD, connection->stream->client, end, 0);
	else if (!connection->done)
		tls_fail(tls, connection, TLS_FAILED_END, end->side, end, 0);
	else if (!connection->asked && !connection->served && tls_is_client(connection, end->side))
		tls_report(tls, connection, TLS_UNUSED, end->side, end, 0);
}

/* ---- connections without keys */

/* The bytes of a protected record of TLS 1.3 that can be but an alert: two, and its type, with a tag of 16 or 8 bytes.
 * A Finished has 53 at least. */
static bool tls_is_short(size_t body)
{
	return body == 19 || body == 11;
}

/* TLS 1.3 hides what a record is. The client's first one after the server's hello is its Finished, or a certificate
 * before it; or an alert. */
static void tls_watch_13(struct tls *tls, struct tls_connection *connection, const struct chunk *from, size_t body)
{
	bool from_client = tls_is_client(connection, from->side);
	if (connection->done) {
		connection->asked |= from_client && !tls_is_short(body);
	} else if (from_client && !tls_is_short(body) && !connection->early_offered) {
		tls_note_done(tls, connection, from);
	} else if (from_client && !connection->early_offered) {
		connection->has_short_record = true;
	}
}

static void tls_watch_record(
    struct tls *tls, struct tls_connection *connection, const struct chunk *from, uint8_t content, size_t body)
{
	struct tls_half *half = &connection->halves[from->side];
	if (content == TLS_CHANGE_CIPHER_SPEC && connection->version != TLS_VERSION_13) {
		half->is_protected = true;
	} else if (content == TLS_HANDSHAKE && half->is_protected) {
		half->is_finished = true;
		if (connection->halves[side_other(from->side)].is_finished)
			tls_note_done(tls, connection, from);
	} else if (content == TLS_APPLICATION_DATA && connection->version == TLS_VERSION_13) {
		tls_watch_13(tls, connection, from, body);
	} else if (content == TLS_APPLICATION_DATA) {
		tls_note_done(tls, connection, from);
		*(tls_is_client(connection, from->side) ? &connection->asked : &connection->served) = true;
	}
}

/* Whether the body of a record in the clear is worth being kept until it is whole. */
static bool tls_is_watched(const struct tls_half *half, uint8_t content)
{
	return !half->is_protected && (content == TLS_ALERT || content == TLS_HANDSHAKE);
}

/* A record in the clear is whole. */
static void tls_watch_plain(struct tls *tls, struct tls_connection *connection, const struct chunk *from)
{
	struct tls_half *half = &connection->halves[from->side];
	struct buffer record = half->record;
	struct slice body = slice_drop(buffer_slice(&record), TLS_RECORD_HEAD);
	buffer_init(&half->record, TLS_RECORDS, tls->resources->budget);
	if (record.at[0] == TLS_ALERT)
		tls_take_alert(tls, connection, from, body);
	else
		tls_take_messages(tls, connection, from, body);
	buffer_free(&record);
}

/* Takes bytes of a record whose head may not be whole yet. False: they are no record. */
static bool tls_watch_some(
    struct tls *tls, struct tls_connection *connection, const struct chunk *from, struct slice *bytes)
{
	struct tls_half *half = &connection->halves[from->side];
	struct buffer *record = &half->record;
	size_t whole = tls_record_len(buffer_slice(record));
	struct slice part = slice_take(*bytes, whole - record->len);
	if (!buffer_append(record, part))
		return false;
	*bytes = slice_drop(*bytes, part.len);
	whole = tls_record_len(buffer_slice(record));
	if (record->len < TLS_RECORD_HEAD)
		return true;
	if (!tls_is_possible(buffer_slice(record)))
		return false;
	if (record->len == TLS_RECORD_HEAD)
		tls_watch_record(tls, connection, from, record->at[0], whole - TLS_RECORD_HEAD);
	if (record->len == TLS_RECORD_HEAD && !tls_is_watched(half, record->at[0])) {
		half->skipped = whole - TLS_RECORD_HEAD;
		buffer_clear(record);
	} else if (record->len == whole) {
		tls_watch_plain(tls, connection, from);
	}
	return true;
}

void tls_stop_watching(struct tls_connection *connection)
{
	connection->has_hole = true;
	for (int side = 0; side < 2; side++)
		buffer_free(&connection->halves[side].record);
}

void tls_watch(struct tls *tls, struct tls_connection *connection, const struct chunk *chunk, struct slice bytes)
{
	struct tls_half *half = &connection->halves[chunk->side];
	while (bytes.len && !connection->has_hole) {
		size_t part = bytes.len < half->skipped ? bytes.len : half->skipped;
		half->skipped -= part;
		bytes = slice_drop(bytes, part);
		if (bytes.len && !tls_watch_some(tls, connection, chunk, &bytes))
			tls_stop_watching(connection);
	}
}
