/* The state of a TLS connection: which keys its two directions use, and what waits for them. */
#include "tls/tls.h"

#include "tls/cipher.h"
#include "tls/handshake.h"

#include <stdio.h>
#include <stdlib.h>

enum {
	TLS_FIRST_BYTES = 6,         /* of a record with a hello: type, version, length, type of the message */
	TLS_MESSAGES = 1 << 17,      /* bytes of a handshake message; certificates are the longest */
	TLS_REFUSALS = 32,           /* records without one that authenticates: the keys are not those */
	TLS_SEARCHED = 3 << 14,      /* bytes looked at for a record that opens, after a loss: two whole records */
	TLS_RECORDS = TLS_SEARCHED + (1 << 16), /* and what comes with them in one chunk */
	TLS_SEARCH_NUMBERS = 1 << 16, /* record numbers tried on one record with one secret: some 0.1 s of work */
	TLS_SEARCH_TRIALS = 1 << 20, /* the same for a connection, with all secrets */
};

struct tls {
	const struct resources *resources;
	const struct keylog *keylog;
	const struct stream_sink *above;
	struct stream_sink streams;
	bool awaits_keys;
	uint8_t plain[TLS_RECORD_MOST]; /* of the record at hand */
};

/* The keys that a direction of TLS 1.3 uses, in the order in which it does. */
enum tls_phase { PHASE_PLAIN, PHASE_EARLY, PHASE_HANDSHAKE, PHASE_OPEN };

enum tls_state {
	STATE_UNDECIDED, /* too few bytes came */
	STATE_READ,
	STATE_WAITING, /* for its keys */
	STATE_BLIND,   /* it cannot be read; counted */
};

/* A chunk that waits. */
struct tls_held {
	struct tls_held *next;
	size_t size; /* of this and its bytes */
	struct chunk chunk;
	uint8_t bytes[];
};

/* A direction. */
struct tls_half {
	enum tls_phase phase;
	struct tls_cipher *cipher;
	struct buffer record; /* as far as it came; after a loss: the bytes that are searched */
	uint64_t first_packet; /* of the record */
	timestamp begun;       /* so did the first, while nothing is decided */
	struct buffer messages; /* of the handshake, as far as they came */
	size_t skipped;         /* bytes of a damaged record that are still to come */
	size_t tried;           /* of those that are searched: where no record opens, up to here */
	bool is_searched;       /* where a record begins is not known */
	bool is_closed;         /* nothing can be read in it any more */
	bool is_paused;         /* what comes waits */
};

struct tls_connection {
	struct stream *stream;
	enum tls_state state;
	bool joined;
	struct tls_half halves[2]; /* by side */
	const struct tls_keys *keys;
	const struct tls_suite *suite; /* of TLS 1.3: the server's choice, or what fits */
	uint16_t version;
	uint16_t suite_number;
	bool answered; /* the server's hello came */
	bool encrypt_then_mac;
	bool early_offered;
	bool opened; /* a record authenticated */
	unsigned refusals;
	uint64_t keys_seen; /* keylog_count when its keys were looked for */
	uint32_t trials;
	uint8_t client_random[TLS_RANDOM], server_random[TLS_RANDOM];
	char name[TLS_NAME];
	char protocols[4 * TLS_PROTOCOL];
	struct tls_held *held, **held_end;
	size_t held_size;
};

/* Takes the place of a connection's state: it speaks no TLS. */
static const char tls_none;

static void tls_take_again(struct tls *tls, struct tls_connection *connection, const struct chunk *chunk);

/* ---- what is counted */

static void tls_count(const struct tls *tls, enum ledger_reason reason, uint64_t bytes, uint64_t items)
{
	ledger_add(tls->resources->ledger, reason, bytes, items);
}

/* "the first to 192.0.2.1:443 (example.com; h2)" */
static void tls_note_connection(
    const struct tls *tls, const struct tls_connection *connection, enum ledger_reason reason)
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
	struct tls_connection *connection = budget_alloc(tls->resources->budget, sizeof *connection);
	if (!connection)
		return NULL;
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
	budget_free(tls->resources->budget, connection, sizeof *connection);
}

/* ---- what waits */

static void tls_go_blind(struct tls *tls, struct tls_connection *connection, enum ledger_reason reason);

/* What is more than may wait makes an end of waiting. */
static void tls_hold(struct tls *tls, struct tls_connection *connection, const struct chunk *chunk)
{
	size_t size = sizeof(struct tls_held) + chunk->bytes.len;
	struct tls_held *held = NULL;
	if (connection->held_size + size <= tls->resources->limits->held)
		held = budget_alloc(tls->resources->budget, size);
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
static void tls_resume(struct tls *tls, struct tls_connection *connection)
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

/* Nothing of it can be read from here on. */
static void tls_go_blind(struct tls *tls, struct tls_connection *connection, enum ledger_reason reason)
{
	if (connection->state == STATE_BLIND)
		return;
	tls_note_connection(tls, connection, reason);
	connection->state = STATE_BLIND;
	for (int side = 0; side < 2; side++) {
		struct tls_half *half = &connection->halves[side];
		tls_count(tls, LEDGER_TLS, half->record.len, 0);
		buffer_free(&half->record);
		half->is_paused = false;
	}
	tls_resume(tls, connection);
}

/* ---- what is given */

static void tls_give(struct tls *tls, const struct tls_connection *connection, const struct chunk *from, struct slice plain)
{
	struct chunk chunk = *from;
	chunk.bytes = plain;
	chunk.first_packet = connection->halves[from->side].first_packet;
	tls->above->chunk(tls->above->self, connection->stream, &chunk);
}

static void tls_give_gap(struct tls *tls, const struct tls_connection *connection, const struct chunk *from, uint64_t lost)
{
	struct chunk chunk = *from;
	chunk.kind = CHUNK_GAP;
	chunk.bytes = slice_of(NULL, 0);
	chunk.lost = lost;
	tls->above->chunk(tls->above->self, connection->stream, &chunk);
}

/* ---- keys */

static bool tls_is_client(const struct tls_connection *connection, enum side side)
{
	return side == connection->stream->client;
}

static const struct tls_key *tls_secret_of(
    const struct tls_connection *connection, enum side side, enum tls_phase phase)
{
	static const uint8_t secrets[][2] = {
	    [PHASE_EARLY] = {TLS_CLIENT_EARLY, TLS_CLIENT_EARLY},
	    [PHASE_HANDSHAKE] = {TLS_SERVER_HANDSHAKE, TLS_CLIENT_HANDSHAKE},
	    [PHASE_OPEN] = {TLS_SERVER_TRAFFIC, TLS_CLIENT_TRAFFIC},
	};
	if (phase == PHASE_EARLY && !(tls_is_client(connection, side) && connection->early_offered))
		return NULL;
	const struct tls_key *secret = &connection->keys->secrets[secrets[phase][tls_is_client(connection, side)]];
	return secret->len ? secret : NULL;
}

/* The cipher of a phase of TLS 1.3; NULL: its secret is not known. */
static struct tls_cipher *tls_make_13(const struct tls_connection *connection, enum side side, enum tls_phase phase)
{
	const struct tls_key *secret = tls_secret_of(connection, side, phase);
	return secret ? tls_cipher_new_13(connection->suite, secret) : NULL;
}

static void tls_set_cipher(struct tls_half *half, enum tls_phase phase, struct tls_cipher *cipher)
{
	tls_cipher_free(half->cipher);
	half->cipher = cipher;
	half->phase = phase;
}

/* From its ChangeCipherSpec on a direction of TLS 1.2 is protected. */
static void tls_begin_12(struct tls *tls, struct tls_connection *connection, enum side side)
{
	struct tls_cipher_facts_12 facts = {.suite = connection->suite,
	    .master = &connection->keys->secrets[TLS_MASTER],
	    .client_random = connection->client_random,
	    .server_random = connection->server_random,
	    .from_client = tls_is_client(connection, side),
	    .encrypt_then_mac = connection->encrypt_then_mac};
	tls_set_cipher(&connection->halves[side], PHASE_OPEN, tls_cipher_new_12(&facts));
	if (!connection->halves[side].cipher)
		budget_note_refusal(tls->resources->budget);
}

static bool tls_has_keys(const struct tls_connection *connection)
{
	const struct tls_keys *keys = connection->keys;
	if (!keys)
		return false;
	return connection->version == 0x0304 ? keys->secrets[TLS_CLIENT_TRAFFIC].len && keys->secrets[TLS_SERVER_TRAFFIC].len
	                                     : keys->secrets[TLS_MASTER].len > 0;
}

/* Both hellos are known: looks for the keys, and goes on, waits for them or gives up. */
static void tls_find_keys(struct tls *tls, struct tls_connection *connection)
{
	connection->keys_seen = keylog_count(tls->keylog);
	connection->keys = keylog_find(tls->keylog, connection->client_random);
	connection->suite = tls_suite_find(connection->suite_number);
	bool is_13 = connection->version == 0x0304;
	if (!connection->suite || connection->suite->is_13 != is_13 || (!is_13 && connection->version != 0x0303)) {
		tls_go_blind(tls, connection, LEDGER_TLS_FOREIGN);
		return;
	}
	bool found = tls_has_keys(connection), waits = !found && tls->awaits_keys;
	if (!found && !waits) {
		tls_go_blind(tls, connection, LEDGER_TLS);
		return;
	}
	connection->state = waits ? STATE_WAITING : STATE_READ;
	for (int side = 0; side < 2; side++)
		connection->halves[side].is_paused = waits;
}

/* ---- handshake messages */

static void tls_take_client_hello(struct tls_connection *connection, enum side side, struct slice body)
{
	struct tls_hello hello;
	if (connection->answered || !tls_hello_read(body, true, &hello))
		return;
	stream_note_client(connection->stream, side);
	memcpy(connection->client_random, hello.random, TLS_RANDOM);
	connection->early_offered = hello.early_data;
	struct slice name = slice_take(hello.name, TLS_NAME - 1);
	size_t len = 0;
	for (size_t i = 0; i < name.len; i++)
		if (name.at[i] > ' ' && name.at[i] < 0x7f)
			connection->name[len++] = (char)name.at[i];
	connection->name[len] = '\0';
	tls_protocols_format(hello.protocols, connection->protocols);
}

static void tls_take_server_hello(struct tls *tls, struct tls_connection *connection, struct slice body)
{
	struct tls_hello hello;
	if (connection->answered || !tls_hello_read(body, false, &hello))
		return;
	struct tls_half *client = &connection->halves[connection->stream->client];
	client->is_paused = false;
	if (hello.is_retry) {
		connection->early_offered = false;
	} else {
		connection->answered = true;
		connection->version = hello.version;
		connection->suite_number = hello.suite;
		connection->encrypt_then_mac = hello.encrypt_then_mac;
		memcpy(connection->server_random, hello.random, TLS_RANDOM);
		if (hello.protocols.len)
			tls_protocols_format(hello.protocols, connection->protocols);
		tls_find_keys(tls, connection);
	}
	if (!client->is_paused)
		tls_resume(tls, connection);
}

static void tls_take_message(
    struct tls *tls, struct tls_connection *connection, enum side side, enum tls_message_type type, struct slice body)
{
	struct tls_half *half = &connection->halves[side];
	bool is_13 = connection->version == 0x0304 && half->cipher;
	switch (type) {
	case TLS_CLIENT_HELLO:
		tls_take_client_hello(connection, side, body);
		break;
	case TLS_SERVER_HELLO:
		tls_take_server_hello(tls, connection, body);
		break;
	case TLS_ENCRYPTED_EXTENSIONS:
		if (is_13 && tls_extensions_protocols(body).len)
			tls_protocols_format(tls_extensions_protocols(body), connection->protocols);
		break;
	case TLS_END_OF_EARLY_DATA:
		if (is_13)
			tls_set_cipher(half, PHASE_HANDSHAKE, tls_make_13(connection, side, PHASE_HANDSHAKE));
		break;
	case TLS_FINISHED:
		if (is_13)
			tls_set_cipher(half, PHASE_OPEN, tls_make_13(connection, side, PHASE_OPEN));
		break;
	case TLS_KEY_UPDATE:
		if (is_13 && half->phase == PHASE_OPEN && !tls_cipher_update(half->cipher))
			budget_note_refusal(tls->resources->budget);
		break;
	case TLS_CERTIFICATE:
		break;
	}
}

static void tls_take_messages(struct tls *tls, struct tls_connection *connection, enum side side, struct slice bytes)
{
	struct buffer *messages = &connection->halves[side].messages;
	buffer_append(messages, bytes);
	while (messages->len >= TLS_MESSAGE_HEAD) {
		size_t len = (size_t)messages->at[1] << 16 | network_read_16(messages->at + 2);
		if (len + TLS_MESSAGE_HEAD > TLS_MESSAGES)
			buffer_clear(messages);
		if (messages->len < len + TLS_MESSAGE_HEAD)
			return;
		struct slice body = slice_of(messages->at + TLS_MESSAGE_HEAD, len);
		tls_take_message(tls, connection, side, (enum tls_message_type)messages->at[0], body);
		buffer_drop_front(messages, len + TLS_MESSAGE_HEAD);
	}
	if (!messages->len)
		buffer_free(messages);
}

/* ---- records */

/* By the keys that are in use, or by the next ones, for what would say so may be lost, or its keys not known. */
static bool tls_open(struct tls *tls, struct tls_connection *connection, enum side side, struct slice record,
    size_t *len, enum tls_content *content)
{
	struct tls_half *half = &connection->halves[side];
	if (half->cipher && tls_cipher_open(half->cipher, record, tls->plain, len, content))
		return true;
	if (connection->version != 0x0304)
		return false;
	for (enum tls_phase phase = half->phase + 1; phase <= PHASE_OPEN; phase++) {
		struct tls_cipher *cipher = tls_make_13(connection, side, phase);
		if (cipher && tls_cipher_open(cipher, record, tls->plain, len, content)) {
			tls_set_cipher(half, phase, cipher);
			return true;
		}
		tls_cipher_free(cipher);
	}
	return false;
}

/* An alert in the clear, or that a peer's keys give: what is fatal ends the handshake or the connection. */
static void tls_take_alert(struct tls *tls, const struct tls_connection *connection, enum side side, struct slice alert)
{
	char detail[LEDGER_DETAIL], server[ENDPOINT_TEXT_SIZE];
	const struct stream *stream = connection->stream;
	if (alert.len < 2 || alert.at[0] != 2)
		return;
	snprintf(detail, sizeof detail, "the %s of the first, to %s%s%s, says: %s",
	    tls_is_client(connection, side) ? "client" : "server",
	    endpoint_format(&stream->ends[side_other(stream->client)], server), *connection->name ? " " : "",
	    connection->name, tls_alert_name(alert.at[1]));
	tls_count(tls, LEDGER_TLS_ALERT, 0, 1);
	ledger_note_detail(tls->resources->ledger, LEDGER_TLS_ALERT, detail);
}

/* A record that was opened. */
static void tls_take_plain(struct tls *tls, struct tls_connection *connection, const struct chunk *from,
    size_t record_len, struct slice plain, enum tls_content content)
{
	bool is_data = content == TLS_APPLICATION_DATA;
	tls_count(tls, LEDGER_TLS_FRAMING, record_len - (is_data ? plain.len : 0), 0);
	if (is_data && plain.len)
		tls_give(tls, connection, from, plain);
	else if (content == TLS_HANDSHAKE)
		tls_take_messages(tls, connection, from->side, plain);
	else if (content == TLS_ALERT)
		tls_take_alert(tls, connection, from->side, plain);
}

/* One that does not authenticate. While the handshake's keys are not known its records are passed over. */
static void tls_refuse_record(
    struct tls *tls, struct tls_connection *connection, const struct chunk *from, struct slice record)
{
	struct tls_half *half = &connection->halves[from->side];
	if (half->phase != PHASE_OPEN) {
		tls_count(tls, LEDGER_TLS_FRAMING, record.len, 0);
		if (++connection->refusals >= TLS_REFUSALS && !connection->opened)
			tls_go_blind(tls, connection, LEDGER_TLS_WRONG_KEYS);
		return;
	}
	tls_count(tls, LEDGER_TLS_DAMAGED, record.len, 1);
	if (!connection->opened && ++connection->refusals >= TLS_REFUSALS) {
		tls_go_blind(tls, connection, LEDGER_TLS_WRONG_KEYS);
		return;
	}
	if (half->cipher)
		tls_cipher_set_number(half->cipher, tls_cipher_number(half->cipher) + 1);
	tls_give_gap(tls, connection, from, 0);
}

static void tls_take_protected(
    struct tls *tls, struct tls_connection *connection, const struct chunk *from, struct slice record)
{
	enum tls_content content;
	size_t len;
	if (!tls_open(tls, connection, from->side, record, &len, &content)) {
		tls_refuse_record(tls, connection, from, record);
		return;
	}
	connection->opened = true;
	tls_take_plain(tls, connection, from, record.len, slice_of(tls->plain, len), content);
}

/* One that is not protected yet. False: it has to wait for the server's hello (early data, RFC 8446 §4.2.10). */
static bool tls_take_unprotected(
    struct tls *tls, struct tls_connection *connection, const struct chunk *from, struct slice record)
{
	struct slice body = slice_drop(record, TLS_RECORD_HEAD);
	enum tls_content content = (enum tls_content)record.at[0];
	if (content == TLS_APPLICATION_DATA && connection->answered && connection->version == 0x0304) {
		tls_take_protected(tls, connection, from, record);
		return true;
	}
	if (content == TLS_APPLICATION_DATA && !connection->answered && connection->early_offered) {
		connection->halves[from->side].is_paused = true;
		return false;
	}
	if (content == TLS_APPLICATION_DATA) {
		tls_count(tls, LEDGER_TLS, record.len, 0);
		return true;
	}
	tls_take_plain(tls, connection, from, record.len, body, content);
	if (content == TLS_CHANGE_CIPHER_SPEC && connection->version == 0x0303 && connection->state == STATE_READ &&
	    connection->answered)
		tls_begin_12(tls, connection, from->side);
	return true;
}

static bool tls_take_record(
    struct tls *tls, struct tls_connection *connection, const struct chunk *from, struct slice record)
{
	const struct tls_half *half = &connection->halves[from->side];
	bool is_compatibility = record.at[0] == TLS_CHANGE_CIPHER_SPEC && connection->version == 0x0304;
	if (half->phase == PHASE_PLAIN || is_compatibility)
		return tls_take_unprotected(tls, connection, from, record);
	tls_take_protected(tls, connection, from, record);
	return true;
}

/* ---- searching, after a loss and in a connection that was joined in mid-stream */

static bool tls_is_record(struct slice bytes, size_t *len)
{
	if (bytes.len < TLS_RECORD_HEAD || bytes.at[0] != TLS_APPLICATION_DATA || bytes.at[1] != 3 || bytes.at[2] != 3)
		return false;
	*len = TLS_RECORD_HEAD + (size_t)network_read_16(bytes.at + 3);
	return *len > TLS_RECORD_HEAD && *len <= TLS_RECORD_HEAD + TLS_RECORD_MOST;
}

/* Tries the numbers from the cipher's on. True: the record is opened. */
static bool tls_try_numbers(struct tls *tls, struct tls_connection *connection, struct tls_cipher *cipher,
    struct slice record, size_t *len, enum tls_content *content)
{
	uint64_t first = tls_cipher_number(cipher);
	for (uint64_t i = 0; i < TLS_SEARCH_NUMBERS && connection->trials < TLS_SEARCH_TRIALS; i++) {
		connection->trials++;
		tls_cipher_set_number(cipher, first + i);
		if (tls_cipher_open(cipher, record, tls->plain, len, content))
			return true;
	}
	tls_cipher_set_number(cipher, first);
	return false;
}

/* With the keys of a connection that was followed from its beginning. */
static bool tls_search_known(struct tls *tls, struct tls_connection *connection, enum side side, struct slice record,
    size_t *len, enum tls_content *content)
{
	struct tls_half *half = &connection->halves[side];
	if (half->cipher && tls_try_numbers(tls, connection, half->cipher, record, len, content))
		return true;
	struct tls_cipher *cipher = half->phase < PHASE_OPEN && connection->version == 0x0304
	                                ? tls_make_13(connection, side, PHASE_OPEN)
	                                : NULL;
	if (cipher && tls_try_numbers(tls, connection, cipher, record, len, content)) {
		tls_set_cipher(half, PHASE_OPEN, cipher);
		return true;
	}
	tls_cipher_free(cipher);
	return false;
}

/* With each secret of the key log: the client's random, by which they are looked up, was not captured. */
static bool tls_search_all(struct tls *tls, struct tls_connection *connection, enum side side, struct slice record,
    size_t *len, enum tls_content *content)
{
	const struct stream *stream = connection->stream;
	for (const struct tls_keys *keys = keylog_first(tls->keylog); keys; keys = keylog_next(keys)) {
		for (enum tls_secret which = TLS_CLIENT_TRAFFIC; which <= TLS_SERVER_TRAFFIC; which++) {
			bool from_client = which == TLS_CLIENT_TRAFFIC;
			const struct tls_key *secret = &keys->secrets[which];
			if (!secret->len || (stream->client_known && from_client != (side == stream->client)))
				continue;
			const struct tls_suite *suite;
			for (size_t nth = 0; (suite = tls_suite_of_secret(secret->len, nth)); nth++) {
				struct tls_cipher *cipher = tls_cipher_new_13(suite, secret);
				if (!cipher || !tls_try_numbers(tls, connection, cipher, record, len, content)) {
					tls_cipher_free(cipher);
					continue;
				}
				stream_note_client(connection->stream, from_client ? side : side_other(side));
				connection->keys = keys;
				connection->suite = suite;
				connection->version = 0x0304;
				connection->state = STATE_READ;
				tls_set_cipher(&connection->halves[side], PHASE_OPEN, cipher);
				return true;
			}
		}
	}
	return false;
}

static bool tls_try_record(struct tls *tls, struct tls_connection *connection, const struct chunk *from,
    struct slice record, size_t *len, enum tls_content *content)
{
	return connection->keys ? tls_search_known(tls, connection, from->side, record, len, content)
	                        : tls_search_all(tls, connection, from->side, record, len, content);
}

/* Looks for a record that the keys open among the bytes of a direction. False: more bytes are needed. */
static bool tls_search(struct tls *tls, struct tls_connection *connection, const struct chunk *from)
{
	struct tls_half *half = &connection->halves[from->side];
	struct slice bytes = buffer_slice(&half->record);
	enum tls_content content;
	size_t record_len, len, begins = bytes.len;
	for (size_t at = half->tried; at + TLS_RECORD_HEAD <= bytes.len; at++) {
		struct slice rest = slice_drop(bytes, at);
		if (!tls_is_record(rest, &record_len))
			continue;
		if (record_len > rest.len) {
			begins = at < begins ? at : begins;
			continue;
		}
		if (!tls_try_record(tls, connection, from, slice_take(rest, record_len), &len, &content))
			continue;
		half->is_searched = false;
		connection->opened = true;
		tls_count(tls, LEDGER_TLS_DAMAGED, at, at > 0);
		tls_give_gap(tls, connection, from, 0);
		tls_take_plain(tls, connection, from, record_len, slice_of(tls->plain, len), content);
		buffer_drop_front(&half->record, at + record_len);
		return true;
	}
	size_t end = bytes.len < TLS_RECORD_HEAD ? 0 : bytes.len - TLS_RECORD_HEAD + 1;
	half->tried = begins < end ? begins : end;
	return false;
}

static void tls_give_up_search(struct tls *tls, struct tls_connection *connection, enum side side)
{
	struct tls_half *half = &connection->halves[side];
	if (!connection->keys) {
		tls_go_blind(tls, connection, LEDGER_TLS_JOINED);
		return;
	}
	tls_count(tls, LEDGER_TLS_DAMAGED, half->record.len, 1);
	buffer_free(&half->record);
	half->is_closed = true;
}

static void tls_take_searched(struct tls *tls, struct tls_connection *connection, const struct chunk *chunk)
{
	struct tls_half *half = &connection->halves[chunk->side];
	if (!half->record.len)
		half->first_packet = chunk->first_packet;
	size_t before = half->record.len;
	bool whole = buffer_append(&half->record, chunk->bytes);
	bool found = whole && tls_search(tls, connection, chunk);
	if (found) {
		struct buffer rest = half->record;
		struct chunk again = *chunk;
		again.bytes = buffer_slice(&rest);
		half->tried = 0;
		buffer_init(&half->record, TLS_RECORDS, tls->resources->budget);
		tls_take_again(tls, connection, &again);
		buffer_free(&rest);
	} else if (!whole || connection->trials >= TLS_SEARCH_TRIALS || half->record.len >= TLS_SEARCHED) {
		tls_count(tls, LEDGER_TLS, chunk->bytes.len - (whole ? chunk->bytes.len : half->record.len - before), 0);
		tls_give_up_search(tls, connection, chunk->side);
	}
}

/* ---- bytes */

static size_t tls_record_len(struct slice bytes)
{
	return bytes.len < TLS_RECORD_HEAD ? TLS_RECORD_HEAD : TLS_RECORD_HEAD + (size_t)network_read_16(bytes.at + 3);
}

/* Takes the next record off the front of `bytes`, as soon as it is whole; it is lent until the next call. */
static bool tls_next_record(struct tls_half *half, const struct chunk *chunk, struct slice *bytes, struct slice *record)
{
	if (!half->record.len) {
		half->first_packet = chunk->first_packet;
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

static bool tls_is_possible(struct slice record)
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
	if (half->skipped)
		bytes = tls_skip(tls, half, bytes);
	while (bytes.len) {
		if (connection->state == STATE_BLIND || half->is_closed) {
			tls_count(tls, connection->state == STATE_BLIND ? LEDGER_TLS : LEDGER_TLS_DAMAGED, bytes.len, 0);
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
		if (!tls_next_record(half, chunk, &bytes, &record))
			return;
		struct buffer kept = half->record;
		buffer_init(&half->record, TLS_RECORDS, tls->resources->budget);
		if (!tls_is_possible(record)) {
			tls_count(tls, LEDGER_TLS, record.len, 0);
			tls_go_blind(tls, connection, LEDGER_TLS_FOREIGN);
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
	              (half->skipped ? gap->lost <= half->skipped : have >= TLS_RECORD_HEAD && gap->lost <= whole - have);
	if (connection->state == STATE_BLIND || half->is_closed)
		return;
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
	if (connection->halves[chunk->side].is_paused)
		tls_hold(tls, connection, chunk);
	else if (chunk->kind == CHUNK_GAP)
		tls_take_gap(tls, connection, chunk);
	else
		tls->above->chunk(tls->above->self, connection->stream, chunk);
}

/* A chunk of any kind, now or when it has waited. */
static void tls_take_again(struct tls *tls, struct tls_connection *connection, const struct chunk *chunk)
{
	if (chunk->kind == CHUNK_BYTES)
		tls_take_bytes(tls, connection, chunk);
	else
		tls_take_other(tls, connection, chunk);
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
		tls_take_bytes(tls, connection, chunk);
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
		else if (connection->held || (connection->state == STATE_READ && !connection->joined && !connection->answered))
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
	struct tls *tls = budget_new(resources->budget, sizeof *tls);
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
