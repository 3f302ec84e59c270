/* Lines of a key log into a table by the client's random. */
#include "tls/keylog.h"

#include <stdlib.h>

enum { KEYLOG_LINE = 512 /* the longest that is needed has 200 */ };

struct keylog {
	struct budget *budget;
	struct tls_keys *by_random;
	struct buffer line; /* that has not come to its end */
	bool skips;         /* it is longer than any that is needed */
	bool has_more;      /* for keylog_write_claimed */
	uint64_t count;
};

static const char *const keylog_labels[TLS_SECRETS] = {
    [TLS_MASTER] = "CLIENT_RANDOM",
    [TLS_CLIENT_EARLY] = "CLIENT_EARLY_TRAFFIC_SECRET",
    [TLS_CLIENT_HANDSHAKE] = "CLIENT_HANDSHAKE_TRAFFIC_SECRET",
    [TLS_SERVER_HANDSHAKE] = "SERVER_HANDSHAKE_TRAFFIC_SECRET",
    [TLS_CLIENT_TRAFFIC] = "CLIENT_TRAFFIC_SECRET_0",
    [TLS_SERVER_TRAFFIC] = "SERVER_TRAFFIC_SECRET_0",
};

struct keylog *keylog_new(struct budget *budget)
{
	struct keylog *keylog = calloc(1, sizeof *keylog);
	if (!keylog)
		return NULL;
	keylog->budget = budget;
	buffer_init(&keylog->line, KEYLOG_LINE, budget);
	return keylog;
}

void keylog_clear(struct keylog *keylog)
{
	struct tls_keys *keys, *next;
	HASH_ITER(hh, keylog->by_random, keys, next)
	{
		HASH_DEL(keylog->by_random, keys);
		budget_free(keylog->budget, keys, sizeof *keys);
	}
	buffer_free(&keylog->line);
}

void keylog_free(struct keylog *keylog)
{
	if (!keylog)
		return;
	keylog_clear(keylog);
	free(keylog);
}

/* ---- a line */

static struct slice keylog_take_word(struct slice *line)
{
	struct slice word = slice_take_until(line, ' ');
	return slice_trim(word);
}

/* The bytes that `digits` spell; 0: it is no hexadecimal of that length. */
static size_t keylog_read_hex(struct slice digits, uint8_t *bytes, size_t most)
{
	if (digits.len % 2 || digits.len / 2 > most)
		return 0;
	for (size_t i = 0; i < digits.len; i += 2) {
		int high = digits_read_hex(digits.at[i]), low = digits_read_hex(digits.at[i + 1]);
		if (high < 0 || low < 0)
			return 0;
		bytes[i / 2] = (uint8_t)(high << 4 | low);
	}
	return digits.len / 2;
}

static enum tls_secret keylog_find_label(struct slice label)
{
	enum tls_secret secret = TLS_MASTER;
	while (secret < TLS_SECRETS && !slice_equals_text(label, keylog_labels[secret]))
		secret++;
	return secret;
}

static struct tls_keys *keylog_make(struct keylog *keylog, const uint8_t random[TLS_RANDOM])
{
	struct tls_keys *keys = (struct tls_keys *)keylog_find(keylog, random);
	if (keys)
		return keys;
	keys = budget_alloc(keylog->budget, sizeof *keys);
	if (!keys)
		return NULL;
	memcpy(keys->random, random, TLS_RANDOM);
	HASH_ADD(hh, keylog->by_random, random, TLS_RANDOM, keys);
	if (hash_has(keys))
		return keys;
	budget_note_refusal(keylog->budget);
	budget_free(keylog->budget, keys, sizeof *keys);
	return NULL;
}

/* The first secret of a label holds: what a later line says of the same connection is of a key update (OpenSSL writes
 * those too, under a label of its own). */
static void keylog_take_line(struct keylog *keylog, struct slice line)
{
	struct tls_key key;
	uint8_t random[TLS_RANDOM];
	if (slice_ends_with(line, SLICE("\r")))
		line.len--;
	line = slice_trim(line);
	enum tls_secret secret = keylog_find_label(keylog_take_word(&line));
	if (secret == TLS_SECRETS || keylog_read_hex(keylog_take_word(&line), random, sizeof random) != TLS_RANDOM)
		return;
	key.len = (uint8_t)keylog_read_hex(slice_trim(line), key.bytes, sizeof key.bytes);
	if (key.len != 48 && (key.len != 32 || secret == TLS_MASTER))
		return;
	struct tls_keys *keys = keylog_make(keylog, random);
	if (keys && !keys->secrets[secret].len) {
		keys->secrets[secret] = key;
		keylog->count++;
		keylog->has_more |= keys->claimed;
	}
}

void keylog_take(struct keylog *keylog, struct slice text, bool whole)
{
	while (text.len) {
		size_t end = slice_find_byte(text, '\n');
		struct slice part = slice_take(text, end);
		bool ends = end < text.len;
		text = slice_drop(text, end + ends);
		keylog->skips |= !buffer_append(&keylog->line, part);
		if (!ends && !(whole && !text.len))
			return;
		if (!keylog->skips)
			keylog_take_line(keylog, buffer_slice(&keylog->line));
		buffer_clear(&keylog->line);
		keylog->skips = false;
	}
}

/* ---- writing some of it */

static void keylog_append_hex(struct buffer *text, const uint8_t *bytes, size_t len)
{
	static const char digits[] = "0123456789abcdef";
	for (size_t i = 0; i < len; i++) {
		buffer_append_byte(text, (uint8_t)digits[bytes[i] >> 4]);
		buffer_append_byte(text, (uint8_t)digits[bytes[i] & 15]);
	}
}

/* A line is written whole or not at all. */
static bool keylog_append_line(struct buffer *text, const struct tls_keys *keys, enum tls_secret secret)
{
	size_t before = text->len;
	buffer_append_text(text, keylog_labels[secret]);
	buffer_append_byte(text, ' ');
	keylog_append_hex(text, keys->random, TLS_RANDOM);
	buffer_append_byte(text, ' ');
	keylog_append_hex(text, keys->secrets[secret].bytes, keys->secrets[secret].len);
	if (buffer_append_byte(text, '\n') && !text->truncated)
		return true;
	text->len = before;
	return false;
}

bool keylog_write_claimed(struct keylog *keylog, struct buffer *text)
{
	if (!keylog->has_more)
		return !text->truncated;
	keylog->has_more = false;
	for (struct tls_keys *keys = keylog->by_random; keys; keys = keys->hh.next)
		for (enum tls_secret secret = TLS_MASTER; keys->claimed && secret < TLS_SECRETS; secret++)
			if (keys->secrets[secret].len && !(keys->written & 1u << secret) &&
			    keylog_append_line(text, keys, secret))
				keys->written |= (uint8_t)(1u << secret);
	return !text->truncated;
}

/* ---- questions */

const struct tls_keys *keylog_find(const struct keylog *keylog, const uint8_t random[TLS_RANDOM])
{
	struct tls_keys *keys;
	HASH_FIND(hh, keylog->by_random, random, TLS_RANDOM, keys);
	return keys;
}

void keylog_claim(struct keylog *keylog, const struct tls_keys *keys)
{
	struct tls_keys *own = (struct tls_keys *)keylog_find(keylog, keys->random);
	if (!own || own->claimed)
		return;
	own->claimed = true;
	keylog->has_more = true;
}

const struct tls_keys *keylog_first(const struct keylog *keylog)
{
	return keylog->by_random;
}

const struct tls_keys *keylog_next(const struct tls_keys *keys)
{
	return keys->hh.next;
}

uint64_t keylog_count(const struct keylog *keylog)
{
	return keylog->count;
}
