/* Keys, the messages of the handshake, and records in the clear or decrypted. */
#include "tls/state.h"

enum { TLS_REFUSALS = 32 /* records without one that authenticates: the keys are not those */ };

/* ---- keys */

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
struct tls_cipher *tls_make_13(const struct tls_connection *connection, enum side side, enum tls_phase phase)
{
	const struct tls_key *secret = tls_secret_of(connection, side, phase);
	return secret ? tls_cipher_new_13(connection->suite, secret) : NULL;
}

void tls_set_cipher(struct tls_half *half, enum tls_phase phase, struct tls_cipher *cipher)
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
	return connection->version == TLS_VERSION_13
	           ? keys->secrets[TLS_CLIENT_TRAFFIC].len && keys->secrets[TLS_SERVER_TRAFFIC].len
	           : keys->secrets[TLS_MASTER].len > 0;
}

/* Of a handshake that failed no others were made: they open the alert. */
bool tls_has_handshake_keys(const struct tls_connection *connection)
{
	const struct tls_keys *keys = connection->keys;
	return keys && connection->version == TLS_VERSION_13 && connection->suite &&
	       keys->secrets[TLS_CLIENT_HANDSHAKE].len && keys->secrets[TLS_SERVER_HANDSHAKE].len;
}

/* Both hellos are known: looks for the keys, and goes on, waits for them or gives up. What is watched is not read
 * again: the record at hand is taken apart by tls_watch, and numbers of records would be wrong. */
void tls_find_keys(struct tls *tls, struct tls_connection *connection)
{
	if (connection->state == STATE_BLIND)
		return;
	connection->keys_seen = keylog_count(tls->keylog);
	connection->keys = keylog_find(tls->keylog, connection->client_random);
	if (connection->keys)
		keylog_claim(tls->keylog, connection->keys);
	connection->suite = tls_suite_find(connection->suite_number);
	bool is_13 = connection->version == TLS_VERSION_13;
	if (!connection->suite || connection->suite->is_13 != is_13 ||
	    (!is_13 && connection->version != TLS_VERSION_12)) {
		tls_go_blind(tls, connection, LEDGER_TLS_FOREIGN);
		return;
	}
	bool found = tls_has_keys(connection), waits = !found && tls->awaits_keys;
	found |= !waits && tls_has_handshake_keys(connection);
	if (!found && !waits) {
		tls_go_blind(tls, connection, LEDGER_TLS);
		return;
	}
	connection->state = waits ? STATE_WAITING : STATE_READ;
	for (int side = 0; side < 2; side++)
		connection->halves[side].is_paused = waits;
}

/* ---- handshake messages */

static void tls_take_client_hello(struct tls_connection *connection, const struct chunk *from, struct slice body)
{
	struct tls_hello hello;
	if (connection->answered || !tls_hello_read(body, true, &hello))
		return;
	stream_note_client(connection->stream, from->side);
	if (!connection->hello_packet) {
		connection->hello_packet = connection->halves[from->side].first_packet;
		connection->hello_time = from->time;
	}
	memcpy(connection->client_random, hello.random, TLS_RANDOM);
	connection->early_offered = hello.early_data;
	tls_copy_name(hello.name, connection->name);
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

/* The second of both to finish makes the handshake done. */
static void tls_take_finished_13(struct tls *tls, struct tls_connection *connection, const struct chunk *from)
{
	tls_set_cipher(&connection->halves[from->side], PHASE_OPEN, tls_make_13(connection, from->side, PHASE_OPEN));
	if (connection->halves[side_other(from->side)].phase == PHASE_OPEN)
		tls_note_done(tls, connection, from);
}

static void tls_take_message(struct tls *tls, struct tls_connection *connection, const struct chunk *from,
    enum tls_message_type type, struct slice body)
{
	enum side side = from->side;
	struct tls_half *half = &connection->halves[side];
	bool is_13 = connection->version == TLS_VERSION_13 && half->cipher;
	switch (type) {
	case TLS_CLIENT_HELLO:
		tls_take_client_hello(connection, from, body);
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
			tls_take_finished_13(tls, connection, from);
		else if (half->cipher && connection->halves[side_other(side)].cipher)
			tls_note_done(tls, connection, from);
		break;
	case TLS_KEY_UPDATE:
		if (is_13 && half->phase == PHASE_OPEN && !tls_cipher_update(half->cipher))
			budget_note_refusal(tls->resources->budget);
		break;
	case TLS_CERTIFICATE_REQUEST:
		connection->wants_certificate = true;
		break;
	case TLS_CERTIFICATE:
		if (!tls_is_client(connection, side))
			tls_certificate_read(body, is_13, connection->certificate);
		break;
	}
}

void tls_take_messages(struct tls *tls, struct tls_connection *connection, const struct chunk *from, struct slice bytes)
{
	struct buffer *messages = &connection->halves[from->side].messages;
	buffer_append(messages, bytes);
	while (messages->len >= TLS_MESSAGE_HEAD) {
		size_t len = (size_t)messages->at[1] << 16 | network_read_16(messages->at + 2);
		if (len + TLS_MESSAGE_HEAD > TLS_MESSAGES)
			buffer_clear(messages);
		if (messages->len < len + TLS_MESSAGE_HEAD)
			return;
		struct slice body = slice_of(messages->at + TLS_MESSAGE_HEAD, len);
		tls_take_message(tls, connection, from, (enum tls_message_type)messages->at[0], body);
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
	if (connection->version != TLS_VERSION_13)
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

/* A record that was opened. */
void tls_take_plain(struct tls *tls, struct tls_connection *connection, const struct chunk *from, size_t record_len,
    struct slice plain, enum tls_content content)
{
	bool is_data = content == TLS_APPLICATION_DATA;
	tls_count(tls, LEDGER_TLS_FRAMING, record_len - (is_data ? plain.len : 0), 0);
	if (is_data && plain.len) {
		if (connection->halves[from->side].phase == PHASE_OPEN)
			tls_note_done(tls, connection, from);
		*(tls_is_client(connection, from->side) ? &connection->asked : &connection->served) = true;
		tls_give(tls, connection, from, plain);
	} else if (content == TLS_HANDSHAKE) {
		tls_take_messages(tls, connection, from, plain);
	} else if (content == TLS_ALERT) {
		tls_take_alert(tls, connection, from, plain);
	}
}

/* One that does not authenticate. Before any does, the keys may be wrong, or those of the handshake not known, whose
 * records are passed over; afterwards it is damaged, and the next one has the next number. */
static void tls_refuse_record(
    struct tls *tls, struct tls_connection *connection, const struct chunk *from, struct slice record)
{
	struct tls_half *half = &connection->halves[from->side];
	if (half->phase == PHASE_OPEN && !half->cipher) {
		tls_count_unread(tls, connection, record.len);
		tls_go_blind(tls, connection, LEDGER_TLS);
		return;
	}
	bool is_damaged = connection->opened && half->phase == PHASE_OPEN;
	tls_count(tls, is_damaged ? LEDGER_TLS_DAMAGED : LEDGER_TLS, record.len, is_damaged);
	if (is_damaged) {
		if (half->cipher)
			tls_cipher_set_number(half->cipher, tls_cipher_number(half->cipher) + 1);
		tls_give_gap(tls, connection, from, 0);
	} else if (!connection->opened) {
		connection->has_hole = true;
		connection->refusals += half->phase == PHASE_OPEN ||
		                        tls_secret_of(connection, from->side, PHASE_HANDSHAKE);
		if (connection->refusals >= TLS_REFUSALS)
			tls_go_blind(tls, connection, LEDGER_TLS_WRONG_KEYS);
	}
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
	if (content == TLS_APPLICATION_DATA && connection->answered && connection->version == TLS_VERSION_13) {
		tls_take_protected(tls, connection, from, record);
		return true;
	}
	if (content == TLS_APPLICATION_DATA && !connection->answered && connection->early_offered) {
		connection->halves[from->side].is_paused = true;
		return false;
	}
	if (content == TLS_APPLICATION_DATA) {
		tls_count_unread(tls, connection, record.len);
		return true;
	}
	tls_take_plain(tls, connection, from, record.len, body, content);
	if (content == TLS_CHANGE_CIPHER_SPEC && connection->version == TLS_VERSION_12 &&
	    connection->state == STATE_READ && connection->answered)
		tls_begin_12(tls, connection, from->side);
	return true;
}

bool tls_take_record(struct tls *tls, struct tls_connection *connection, const struct chunk *from, struct slice record)
{
	const struct tls_half *half = &connection->halves[from->side];
	bool is_compatibility = record.at[0] == TLS_CHANGE_CIPHER_SPEC && connection->version == TLS_VERSION_13;
	if (half->phase == PHASE_PLAIN || is_compatibility)
		return tls_take_unprotected(tls, connection, from, record);
	tls_take_protected(tls, connection, from, record);
	return true;
}
