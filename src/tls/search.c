/* After a loss, and in a connection that was joined in mid-stream: which bytes are a record is known by what opens it.
 */
#include "tls/state.h"

/*
 * The bounds of the search. A try is charged by the size of its record, a cipher as TLS_SEARCH_CIPHER tries; a million
 * are some half a second of work. The limit is of one connection, with all secrets.
 */
enum {
	TLS_SEARCH_RUN = 2,    /* times the limit for all connections of a run: those with keys, and those without */
	TLS_SEARCH_BYTES = 4,  /* and one try more for each so many bytes of TLS */
	TLS_SEARCH_SHARE = 16, /* such a part of the limit are the record numbers tried on one record with one secret */
	TLS_SEARCH_CIPHER = 32,
	TLS_SEARCH_SIZE = 512, /* bytes of a record that cost as much as one try */
};

/* The numbers are tried in steps that begin with these, each with all secrets: most captures begin early in a
 * connection. */
static const uint64_t tls_search_steps[] = {0, 16, 256, 4096};
enum { TLS_SEARCH_STEPS = sizeof tls_search_steps / sizeof *tls_search_steps };

static uint64_t tls_step_count(const struct tls *tls, size_t step)
{
	uint64_t most = tls->resources->limits->tls_search / TLS_SEARCH_SHARE, first = tls_search_steps[step];
	uint64_t end = step + 1 < TLS_SEARCH_STEPS && tls_search_steps[step + 1] < most ? tls_search_steps[step + 1]
	                                                                                : most;
	return end > first ? end - first : 0;
}

uint64_t tls_trials(const struct tls *tls)
{
	return tls->trials[false] + tls->trials[true];
}

static bool tls_is_exhausted(const struct tls *tls, const struct tls_connection *connection)
{
	uint64_t limit = tls->resources->limits->tls_search;
	uint64_t most = TLS_SEARCH_RUN * limit + tls->bytes / TLS_SEARCH_BYTES;
	return connection->trials >= limit || tls->trials[connection->keys != NULL] >= most;
}

/* False: there have been too many. */
static bool tls_charge(struct tls *tls, struct tls_connection *connection, uint32_t trials)
{
	if (tls_is_exhausted(tls, connection))
		return false;
	connection->trials += trials;
	tls->trials[connection->keys != NULL] += trials;
	return true;
}

bool tls_is_record(struct slice bytes, size_t *len)
{
	if (bytes.len < TLS_RECORD_HEAD || bytes.at[0] != TLS_APPLICATION_DATA || bytes.at[1] != 3 || bytes.at[2] != 3)
		return false;
	*len = tls_record_len(bytes);
	return *len > TLS_RECORD_HEAD && *len <= TLS_RECORD_HEAD + TLS_RECORD_MOST;
}

/* Tries `count` numbers from `first` on. True: the record is opened. */
static bool tls_try_numbers(struct tls *tls, struct tls_connection *connection, struct tls_cipher *cipher,
    uint64_t first, uint64_t count, struct slice record, size_t *len, enum tls_content *content)
{
	uint32_t cost = (uint32_t)(1 + record.len / TLS_SEARCH_SIZE);
	for (uint64_t i = 0; i < count && tls_charge(tls, connection, cost); i++) {
		tls_cipher_set_number(cipher, first + i);
		if (tls_cipher_open(cipher, record, tls->plain, len, content))
			return true;
	}
	tls_cipher_set_number(cipher, first);
	return false;
}

/* With the keys of a connection that was followed from its beginning: those in use, from the number at hand on, and the
 * last ones, which may have begun in the hole. */
static bool tls_search_known(struct tls *tls, struct tls_connection *connection, enum side side, struct slice record,
    size_t *len, enum tls_content *content)
{
	struct tls_half *half = &connection->halves[side];
	uint64_t number = half->cipher ? tls_cipher_number(half->cipher) : 0;
	struct tls_cipher *last = half->phase < PHASE_OPEN && connection->version == TLS_VERSION_13
	                              ? tls_make_13(connection, side, PHASE_OPEN)
	                              : NULL;
	for (size_t i = 0; i < TLS_SEARCH_STEPS; i++) {
		uint64_t first = tls_search_steps[i], count = tls_step_count(tls, i);
		if (half->cipher &&
		    tls_try_numbers(tls, connection, half->cipher, number + first, count, record, len, content)) {
			tls_cipher_free(last);
			return true;
		}
		if (last && tls_try_numbers(tls, connection, last, first, count, record, len, content)) {
			tls_set_cipher(half, PHASE_OPEN, last);
			return true;
		}
	}
	if (half->cipher)
		tls_cipher_set_number(half->cipher, number);
	tls_cipher_free(last);
	return false;
}

/* What is tried of the key log on a record that nothing is known of. */
struct tls_step {
	uint64_t first, count; /* record numbers */
	bool claimed; /* with the secrets of connections that are known (a copy of one, behind a NAT), or the rest */
};

static bool tls_try_secret(struct tls *tls, struct tls_connection *connection, enum side side,
    const struct tls_keys *keys, enum tls_secret which, const struct tls_step *step, struct slice record, size_t *len,
    enum tls_content *content)
{
	const struct tls_key *secret = &keys->secrets[which];
	const struct tls_suite *suite;
	bool from_client = which == TLS_CLIENT_TRAFFIC;
	for (size_t nth = 0; (suite = tls_suite_of_secret(secret->len, nth)); nth++) {
		if (!tls_charge(tls, connection, TLS_SEARCH_CIPHER))
			return false;
		struct tls_cipher *cipher = tls_cipher_new_13(suite, secret);
		if (!cipher ||
		    !tls_try_numbers(tls, connection, cipher, step->first, step->count, record, len, content)) {
			tls_cipher_free(cipher);
			continue;
		}
		stream_note_client(connection->stream, from_client ? side : side_other(side));
		connection->keys = keys;
		keylog_claim(tls->keylog, keys);
		connection->suite = suite;
		connection->version = TLS_VERSION_13;
		connection->state = STATE_READ;
		tls_set_cipher(&connection->halves[side], PHASE_OPEN, cipher);
		return true;
	}
	return false;
}

static bool tls_try_step(struct tls *tls, struct tls_connection *connection, enum side side,
    const struct tls_step *step, struct slice record, size_t *len, enum tls_content *content)
{
	const struct stream *stream = connection->stream;
	for (const struct tls_keys *keys = keylog_first(tls->keylog); keys; keys = keylog_next(keys))
		for (enum tls_secret which = TLS_CLIENT_TRAFFIC; which <= TLS_SERVER_TRAFFIC; which++) {
			bool from_client = which == TLS_CLIENT_TRAFFIC;
			if (keys->claimed != step->claimed || !keys->secrets[which].len ||
			    (stream->client_known && from_client != (side == stream->client)))
				continue;
			if (tls_try_secret(tls, connection, side, keys, which, step, record, len, content))
				return true;
			if (tls_is_exhausted(tls, connection))
				return false;
		}
	return false;
}

/* With each secret of the key log: the client's random, by which they are looked up, was not captured. */
static bool tls_search_all(struct tls *tls, struct tls_connection *connection, enum side side, struct slice record,
    size_t *len, enum tls_content *content)
{
	for (size_t i = 0; i < TLS_SEARCH_STEPS; i++)
		for (int claimed = 0; claimed < 2; claimed++) {
			struct tls_step step = {
			    .first = tls_search_steps[i], .count = tls_step_count(tls, i), .claimed = claimed};
			if (step.count && tls_try_step(tls, connection, side, &step, record, len, content))
				return true;
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
	ledger_note_limit(tls->resources->ledger, LIMIT_TLS_SEARCH, tls_is_exhausted(tls, connection));
	if (!connection->keys) {
		tls_go_blind(tls, connection, LEDGER_TLS_JOINED);
		return;
	}
	tls_count(tls, LEDGER_TLS_DAMAGED, half->record.len, 1);
	buffer_free(&half->record);
	half->is_closed = true;
}

void tls_take_searched(struct tls *tls, struct tls_connection *connection, const struct chunk *chunk)
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
	} else if (!whole || tls_is_exhausted(tls, connection) || half->record.len >= TLS_SEARCHED) {
		tls_count_unread(
		    tls, connection, chunk->bytes.len - (whole ? chunk->bytes.len : half->record.len - before));
		tls_give_up_search(tls, connection, chunk->side);
	}
}
