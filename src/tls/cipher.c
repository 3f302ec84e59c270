/* Cipher suites, key schedules (RFC 5246 §6.3, RFC 8446 §7) and the protection of records. */
#include "tls/cipher.h"

#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <stdlib.h>

/* ---- suites */

#define ROW_GCM(number, name, len, hash)                          \
	{                                                         \
		number, name, TLS_GCM, len, hash, TLS_SHA1, false \
	}
#define ROW_CCM(number, name, mode, len)                             \
	{                                                            \
		number, name, mode, len, TLS_SHA256, TLS_SHA1, false \
	}
#define ROW_CBC(number, name, len, hash, mac)                \
	{                                                    \
		number, name, TLS_CBC, len, hash, mac, false \
	}
#define ROW_13(number, name, mode, len, hash)                 \
	{                                                     \
		number, name, mode, len, hash, TLS_SHA1, true \
	}

/* Those of TLS 1.3 come first: tls_suite_of_secret ends at the first that is not. */
static const struct tls_suite tls_suites[] = {
    ROW_13(0x1301, "TLS_AES_128_GCM_SHA256", TLS_GCM, 16, TLS_SHA256),
    ROW_13(0x1302, "TLS_AES_256_GCM_SHA384", TLS_GCM, 32, TLS_SHA384),
    ROW_13(0x1303, "TLS_CHACHA20_POLY1305_SHA256", TLS_CHACHA, 32, TLS_SHA256),
    ROW_13(0x1304, "TLS_AES_128_CCM_SHA256", TLS_CCM, 16, TLS_SHA256),
    ROW_13(0x1305, "TLS_AES_128_CCM_8_SHA256", TLS_CCM_8, 16, TLS_SHA256),
    ROW_GCM(0xc02b, "ECDHE-ECDSA-AES128-GCM-SHA256", 16, TLS_SHA256),
    ROW_GCM(0xc02c, "ECDHE-ECDSA-AES256-GCM-SHA384", 32, TLS_SHA384),
    ROW_GCM(0xc02f, "ECDHE-RSA-AES128-GCM-SHA256", 16, TLS_SHA256),
    ROW_GCM(0xc030, "ECDHE-RSA-AES256-GCM-SHA384", 32, TLS_SHA384),
    ROW_GCM(0x009c, "AES128-GCM-SHA256", 16, TLS_SHA256),
    ROW_GCM(0x009d, "AES256-GCM-SHA384", 32, TLS_SHA384),
    ROW_GCM(0x009e, "DHE-RSA-AES128-GCM-SHA256", 16, TLS_SHA256),
    ROW_GCM(0x009f, "DHE-RSA-AES256-GCM-SHA384", 32, TLS_SHA384),
    {0xcca8, "ECDHE-RSA-CHACHA20-POLY1305", TLS_CHACHA, 32, TLS_SHA256, TLS_SHA1, false},
    {0xcca9, "ECDHE-ECDSA-CHACHA20-POLY1305", TLS_CHACHA, 32, TLS_SHA256, TLS_SHA1, false},
    {0xccaa, "DHE-RSA-CHACHA20-POLY1305", TLS_CHACHA, 32, TLS_SHA256, TLS_SHA1, false},
    ROW_CCM(0xc09c, "AES128-CCM", TLS_CCM, 16),
    ROW_CCM(0xc09d, "AES256-CCM", TLS_CCM, 32),
    ROW_CCM(0xc09e, "DHE-RSA-AES128-CCM", TLS_CCM, 16),
    ROW_CCM(0xc09f, "DHE-RSA-AES256-CCM", TLS_CCM, 32),
    ROW_CCM(0xc0a0, "AES128-CCM8", TLS_CCM_8, 16),
    ROW_CCM(0xc0a1, "AES256-CCM8", TLS_CCM_8, 32),
    ROW_CCM(0xc0a2, "DHE-RSA-AES128-CCM8", TLS_CCM_8, 16),
    ROW_CCM(0xc0a3, "DHE-RSA-AES256-CCM8", TLS_CCM_8, 32),
    ROW_CCM(0xc0ac, "ECDHE-ECDSA-AES128-CCM", TLS_CCM, 16),
    ROW_CCM(0xc0ad, "ECDHE-ECDSA-AES256-CCM", TLS_CCM, 32),
    ROW_CCM(0xc0ae, "ECDHE-ECDSA-AES128-CCM8", TLS_CCM_8, 16),
    ROW_CCM(0xc0af, "ECDHE-ECDSA-AES256-CCM8", TLS_CCM_8, 32),
    ROW_CBC(0x002f, "AES128-SHA", 16, TLS_SHA256, TLS_SHA1),
    ROW_CBC(0x0035, "AES256-SHA", 32, TLS_SHA256, TLS_SHA1),
    ROW_CBC(0x003c, "AES128-SHA256", 16, TLS_SHA256, TLS_SHA256),
    ROW_CBC(0x003d, "AES256-SHA256", 32, TLS_SHA256, TLS_SHA256),
    ROW_CBC(0x0033, "DHE-RSA-AES128-SHA", 16, TLS_SHA256, TLS_SHA1),
    ROW_CBC(0x0039, "DHE-RSA-AES256-SHA", 32, TLS_SHA256, TLS_SHA1),
    ROW_CBC(0x0067, "DHE-RSA-AES128-SHA256", 16, TLS_SHA256, TLS_SHA256),
    ROW_CBC(0x006b, "DHE-RSA-AES256-SHA256", 32, TLS_SHA256, TLS_SHA256),
    ROW_CBC(0xc009, "ECDHE-ECDSA-AES128-SHA", 16, TLS_SHA256, TLS_SHA1),
    ROW_CBC(0xc00a, "ECDHE-ECDSA-AES256-SHA", 32, TLS_SHA256, TLS_SHA1),
    ROW_CBC(0xc013, "ECDHE-RSA-AES128-SHA", 16, TLS_SHA256, TLS_SHA1),
    ROW_CBC(0xc014, "ECDHE-RSA-AES256-SHA", 32, TLS_SHA256, TLS_SHA1),
    ROW_CBC(0xc023, "ECDHE-ECDSA-AES128-SHA256", 16, TLS_SHA256, TLS_SHA256),
    ROW_CBC(0xc024, "ECDHE-ECDSA-AES256-SHA384", 32, TLS_SHA384, TLS_SHA384),
    ROW_CBC(0xc027, "ECDHE-RSA-AES128-SHA256", 16, TLS_SHA256, TLS_SHA256),
    ROW_CBC(0xc028, "ECDHE-RSA-AES256-SHA384", 32, TLS_SHA384, TLS_SHA384),
};

enum { TLS_SUITES = sizeof tls_suites / sizeof *tls_suites };

const struct tls_suite *tls_suite_find(uint16_t number)
{
	for (size_t i = 0; i < TLS_SUITES; i++)
		if (tls_suites[i].number == number)
			return &tls_suites[i];
	return NULL;
}

static size_t tls_hash_len(enum tls_hash hash)
{
	static const uint8_t lengths[] = {[TLS_SHA1] = 20, [TLS_SHA256] = 32, [TLS_SHA384] = 48};
	return lengths[hash];
}

const struct tls_suite *tls_suite_of_secret(size_t len, size_t nth)
{
	for (size_t i = 0; i < TLS_SUITES && tls_suites[i].is_13; i++)
		if (tls_hash_len(tls_suites[i].hash) == len && nth-- == 0)
			return &tls_suites[i];
	return NULL;
}

/* ---- a direction */

enum { IV_LEN = 12, SALT_LEN = 4, EXPLICIT_LEN = 8, TAG_LEN = 16, BLOCK_LEN = 16, MAC_MOST = 48, KEY_MOST = 32 };

struct tls_cipher {
	const struct tls_suite *suite;
	EVP_CIPHER_CTX *context;
	uint64_t number;
	struct tls_key secret; /* TLS 1.3: of this generation */
	uint8_t key[KEY_MOST];
	uint8_t iv[IV_LEN];
	uint8_t mac_key[MAC_MOST];
	bool encrypt_then_mac;
};

static const EVP_MD *tls_digest(enum tls_hash hash)
{
	return hash == TLS_SHA1 ? EVP_sha1() : hash == TLS_SHA256 ? EVP_sha256() : EVP_sha384();
}

static const EVP_CIPHER *tls_algorithm(const struct tls_suite *suite)
{
	bool is_long = suite->key_len == 32;
	switch (suite->mode) {
	case TLS_GCM:
		return is_long ? EVP_aes_256_gcm() : EVP_aes_128_gcm();
	case TLS_CCM:
	case TLS_CCM_8:
		return is_long ? EVP_aes_256_ccm() : EVP_aes_128_ccm();
	case TLS_CHACHA:
		return EVP_chacha20_poly1305();
	case TLS_CBC:
		return is_long ? EVP_aes_256_cbc() : EVP_aes_128_cbc();
	}
	return NULL;
}

static size_t tls_tag_len(const struct tls_suite *suite)
{
	return suite->mode == TLS_CBC ? 0 : suite->mode == TLS_CCM_8 ? 8 : TAG_LEN;
}

static bool tls_hmac(enum tls_hash hash, struct slice key, struct slice data, uint8_t mac[MAC_MOST])
{
	return HMAC(tls_digest(hash), key.at, (int)key.len, data.at, data.len, mac, NULL) != NULL;
}

static struct tls_cipher *tls_cipher_make(const struct tls_suite *suite)
{
	struct tls_cipher *cipher = calloc(1, sizeof *cipher);
	if (!cipher)
		return NULL;
	cipher->suite = suite;
	cipher->context = EVP_CIPHER_CTX_new();
	if (cipher->context)
		return cipher;
	tls_cipher_free(cipher);
	return NULL;
}

void tls_cipher_free(struct tls_cipher *cipher)
{
	if (!cipher)
		return;
	EVP_CIPHER_CTX_free(cipher->context);
	free(cipher);
}

size_t tls_cipher_overhead(const struct tls_cipher *cipher)
{
	const struct tls_suite *suite = cipher->suite;
	if (suite->mode == TLS_CBC)
		return TLS_RECORD_HEAD + BLOCK_LEN + tls_hash_len(suite->mac) + 1;
	bool is_explicit = !suite->is_13 && suite->mode != TLS_CHACHA;
	return TLS_RECORD_HEAD + (is_explicit ? EXPLICIT_LEN : 0) + tls_tag_len(suite) + suite->is_13;
}

uint64_t tls_cipher_number(const struct tls_cipher *cipher)
{
	return cipher->number;
}

void tls_cipher_set_number(struct tls_cipher *cipher, uint64_t number)
{
	cipher->number = number;
}

static bool tls_set_key(struct tls_cipher *cipher)
{
	EVP_CIPHER_CTX *context = cipher->context;
	const struct tls_suite *suite = cipher->suite;
	bool is_ccm = suite->mode == TLS_CCM || suite->mode == TLS_CCM_8;
	cipher->number = 0;
	return EVP_DecryptInit_ex(context, tls_algorithm(suite), NULL, NULL, NULL) == 1 &&
	       (suite->mode == TLS_CBC || EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_SET_IVLEN, IV_LEN, NULL) == 1) &&
	       (!is_ccm || EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_SET_TAG, (int)tls_tag_len(suite), NULL) == 1) &&
	       EVP_DecryptInit_ex(context, NULL, NULL, cipher->key, NULL) == 1 &&
	       (suite->mode != TLS_CBC || EVP_CIPHER_CTX_set_padding(context, 0) == 1);
}

/* ---- the keys of TLS 1.3 (RFC 8446 §7.1, §7.3) */

/* HKDF-Expand-Label with an empty context, of at most one block of the hash. */
static bool tls_expand(enum tls_hash hash, const struct tls_key *secret, const char *label, uint8_t *out, size_t len)
{
	uint8_t info[64], block[MAC_MOST];
	struct buffer text = buffer_over(info, sizeof info);
	buffer_append_byte(&text, 0);
	buffer_append_byte(&text, (uint8_t)len);
	buffer_append_byte(&text, (uint8_t)(6 + strlen(label)));
	buffer_append_text(&text, "tls13 ");
	buffer_append_text(&text, label);
	buffer_append_byte(&text, 0);
	buffer_append_byte(&text, 1);
	if (!tls_hmac(hash, slice_of(secret->bytes, secret->len), buffer_slice(&text), block))
		return false;
	memcpy(out, block, len);
	return true;
}

static bool tls_cipher_derive_13(struct tls_cipher *cipher)
{
	const struct tls_suite *suite = cipher->suite;
	return tls_expand(suite->hash, &cipher->secret, "key", cipher->key, suite->key_len) &&
	       tls_expand(suite->hash, &cipher->secret, "iv", cipher->iv, IV_LEN) && tls_set_key(cipher);
}

struct tls_cipher *tls_cipher_new_13(const struct tls_suite *suite, const struct tls_key *secret)
{
	struct tls_cipher *cipher = secret->len == tls_hash_len(suite->hash) ? tls_cipher_make(suite) : NULL;
	if (!cipher)
		return NULL;
	cipher->secret = *secret;
	if (tls_cipher_derive_13(cipher))
		return cipher;
	tls_cipher_free(cipher);
	return NULL;
}

bool tls_cipher_update(struct tls_cipher *cipher)
{
	struct tls_key next = {.len = cipher->secret.len};
	if (!tls_expand(cipher->suite->hash, &cipher->secret, "traffic upd", next.bytes, next.len))
		return false;
	cipher->secret = next;
	return tls_cipher_derive_13(cipher);
}

/* ---- the keys of TLS 1.2 (RFC 5246 §5, §6.3) */

/* P_hash: A(i) = HMAC(A(i-1)), the output HMAC(A(i) + seed), one after the other. */
static bool tls_prf(enum tls_hash hash, const struct tls_key *secret, struct slice seed, uint8_t *out, size_t len)
{
	struct slice key = slice_of(secret->bytes, secret->len);
	uint8_t input[MAC_MOST + 128], block[MAC_MOST];
	size_t size = tls_hash_len(hash);
	if (seed.len > sizeof input - MAC_MOST || !tls_hmac(hash, key, seed, input))
		return false;
	memcpy(input + size, seed.at, seed.len);
	while (len) {
		size_t part = len < size ? len : size;
		if (!tls_hmac(hash, key, slice_of(input, size + seed.len), block))
			return false;
		memcpy(out, block, part);
		out += part;
		len -= part;
		if (!tls_hmac(hash, key, slice_of(input, size), block))
			return false;
		memcpy(input, block, size);
	}
	return true;
}

/* How long the fixed part of the nonce is, as the key block has it. */
static size_t tls_fixed_iv(const struct tls_suite *suite)
{
	return suite->mode == TLS_CBC ? 0 : suite->mode == TLS_CHACHA ? IV_LEN : SALT_LEN;
}

/* The block: both MAC keys, both keys, both fixed nonces, the client's first. */
static bool tls_cipher_derive_12(struct tls_cipher *cipher, const struct tls_cipher_facts_12 *facts)
{
	const struct tls_suite *suite = facts->suite;
	size_t mac = suite->mode == TLS_CBC ? tls_hash_len(suite->mac) : 0, iv = tls_fixed_iv(suite);
	uint8_t block[2 * (MAC_MOST + KEY_MOST + IV_LEN)], seed[13 + 2 * TLS_RANDOM];
	size_t which = facts->from_client ? 0 : 1;
	memcpy(seed, "key expansion", 13);
	memcpy(seed + 13, facts->server_random, TLS_RANDOM);
	memcpy(seed + 13 + TLS_RANDOM, facts->client_random, TLS_RANDOM);
	if (!tls_prf(suite->hash, facts->master, slice_of(seed, sizeof seed), block, 2 * (mac + suite->key_len + iv)))
		return false;
	memcpy(cipher->mac_key, block + which * mac, mac);
	memcpy(cipher->key, block + 2 * mac + which * suite->key_len, suite->key_len);
	memcpy(cipher->iv, block + 2 * (mac + suite->key_len) + which * iv, iv);
	return tls_set_key(cipher);
}

struct tls_cipher *tls_cipher_new_12(const struct tls_cipher_facts_12 *facts)
{
	struct tls_cipher *cipher = tls_cipher_make(facts->suite);
	if (!cipher)
		return NULL;
	cipher->encrypt_then_mac = facts->encrypt_then_mac;
	if (tls_cipher_derive_12(cipher, facts))
		return cipher;
	tls_cipher_free(cipher);
	return NULL;
}

/* ---- records with an AEAD */

struct tls_parts {
	uint8_t nonce[IV_LEN];
	uint8_t extra[13]; /* what is authenticated besides */
	size_t extra_len;
	struct slice text, tag;
};

static void tls_write_number(uint8_t at[8], uint64_t number)
{
	network_write_32(at, (uint32_t)(number >> 32));
	network_write_32(at + 4, (uint32_t)number);
}

/* The number, and the head with the length of the plaintext (RFC 5246 §6.2.3.3). */
static void tls_write_pseudo_head(uint8_t at[13], uint64_t number, struct slice record, size_t len)
{
	tls_write_number(at, number);
	memcpy(at + 8, record.at, 3);
	network_write_16(at + 11, (uint16_t)len);
}

/* The nonce is the fixed part followed by what the record has, or the fixed part xor the number (RFC 5288 §3, RFC 7905
 * §2, RFC 8446 §5.3). False: the record is too short. */
static bool tls_split(const struct tls_cipher *cipher, struct slice record, struct tls_parts *parts)
{
	const struct tls_suite *suite = cipher->suite;
	bool is_explicit = !suite->is_13 && suite->mode != TLS_CHACHA;
	size_t tag = tls_tag_len(suite);
	struct slice body = slice_drop(record, TLS_RECORD_HEAD);
	if (body.len < tag + (is_explicit ? EXPLICIT_LEN : 0))
		return false;
	memcpy(parts->nonce, cipher->iv, IV_LEN);
	if (is_explicit) {
		memcpy(parts->nonce + SALT_LEN, body.at, EXPLICIT_LEN);
		body = slice_drop(body, EXPLICIT_LEN);
	} else {
		uint8_t number[8];
		tls_write_number(number, cipher->number);
		for (size_t i = 0; i < sizeof number; i++)
			parts->nonce[IV_LEN - sizeof number + i] ^= number[i];
	}
	parts->text = slice_take(body, body.len - tag);
	parts->tag = slice_drop(body, body.len - tag);
	if (suite->is_13) {
		memcpy(parts->extra, record.at, TLS_RECORD_HEAD);
		parts->extra_len = TLS_RECORD_HEAD;
	} else {
		tls_write_pseudo_head(parts->extra, cipher->number, record, parts->text.len);
		parts->extra_len = sizeof parts->extra;
	}
	return true;
}

static bool tls_decrypt_aead(const struct tls_cipher *cipher, const struct tls_parts *parts, uint8_t *plain)
{
	EVP_CIPHER_CTX *context = cipher->context;
	bool is_ccm = cipher->suite->mode == TLS_CCM || cipher->suite->mode == TLS_CCM_8;
	uint8_t tag[TAG_LEN];
	int len = 0, more = 0;
	memcpy(tag, parts->tag.at, parts->tag.len);
	/* CCM wants the tag and the length before all else (EVP_EncryptInit(3), CCM mode). */
	if (EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_SET_TAG, (int)parts->tag.len, tag) != 1 ||
	    EVP_DecryptInit_ex(context, NULL, NULL, NULL, parts->nonce) != 1 ||
	    (is_ccm && EVP_DecryptUpdate(context, NULL, &len, NULL, (int)parts->text.len) != 1) ||
	    EVP_DecryptUpdate(context, NULL, &len, parts->extra, (int)parts->extra_len) != 1)
		return false;
	if (is_ccm && !parts->text.len)
		return false; /* no record of TLS is empty there */
	if (EVP_DecryptUpdate(context, plain, &len, parts->text.at, (int)parts->text.len) != 1)
		return false;
	return is_ccm || EVP_DecryptFinal_ex(context, plain + len, &more) == 1;
}

/* ---- records with CBC and a MAC */

static bool tls_check_mac(const struct tls_cipher *cipher, struct slice record, struct slice covered, struct slice mac)
{
	uint8_t head[13], expected[MAC_MOST];
	struct buffer text;
	tls_write_pseudo_head(head, cipher->number, record, covered.len);
	buffer_init(&text, TLS_RECORD_MOST + 64, NULL);
	buffer_append(&text, slice_of(head, sizeof head));
	bool whole = buffer_append(&text, covered);
	bool good = whole &&
	            tls_hmac(cipher->suite->mac, slice_of(cipher->mac_key, tls_hash_len(cipher->suite->mac)),
	                buffer_slice(&text), expected) &&
	            slice_equals(slice_of(expected, mac.len), mac);
	buffer_free(&text);
	return good;
}

/* The padding is as many bytes as each of them says, and one more. False: it is not. */
static bool tls_drop_padding(struct slice *text)
{
	if (!text->len)
		return false;
	uint8_t padding = text->at[text->len - 1];
	if (padding >= text->len)
		return false;
	for (size_t i = 0; i < padding; i++)
		if (text->at[text->len - 2 - i] != padding)
			return false;
	text->len -= padding + 1U;
	return true;
}

static bool tls_open_cbc(const struct tls_cipher *cipher, struct slice record, uint8_t *plain, size_t *len)
{
	EVP_CIPHER_CTX *context = cipher->context;
	size_t mac_len = tls_hash_len(cipher->suite->mac);
	struct slice body = slice_drop(record, TLS_RECORD_HEAD), mac = {0};
	if (cipher->encrypt_then_mac) {
		if (body.len < mac_len)
			return false;
		mac = slice_drop(body, body.len - mac_len);
		body.len -= mac_len;
		if (!tls_check_mac(cipher, record, body, mac))
			return false;
	}
	struct slice iv = slice_take(body, BLOCK_LEN), text = slice_drop(body, BLOCK_LEN);
	int count = 0;
	if (!text.len || text.len % BLOCK_LEN || EVP_DecryptInit_ex(context, NULL, NULL, NULL, iv.at) != 1 ||
	    EVP_DecryptUpdate(context, plain, &count, text.at, (int)text.len) != 1)
		return false;
	struct slice data = slice_of(plain, (size_t)count);
	if (!tls_drop_padding(&data))
		return false;
	if (!cipher->encrypt_then_mac) {
		if (data.len < mac_len)
			return false;
		data.len -= mac_len;
		mac = slice_of(plain + data.len, mac_len);
		if (!tls_check_mac(cipher, record, data, mac))
			return false;
	}
	*len = data.len;
	return true;
}

/* ---- records */

/* TLS 1.3 hides the type behind the plaintext, before padding of zeros (RFC 8446 §5.2). False: there is none. */
static bool tls_find_content(const uint8_t *plain, size_t *len, enum tls_content *content)
{
	while (*len && !plain[*len - 1])
		--*len;
	if (!*len)
		return false;
	*content = (enum tls_content)plain[--*len];
	return true;
}

bool tls_cipher_open(
    struct tls_cipher *cipher, struct slice record, uint8_t *plain, size_t *len, enum tls_content *content)
{
	struct tls_parts parts;
	*content = (enum tls_content)record.at[0];
	if (cipher->suite->mode == TLS_CBC) {
		if (!tls_open_cbc(cipher, record, plain, len))
			return false;
	} else {
		if (!tls_split(cipher, record, &parts) || !tls_decrypt_aead(cipher, &parts, plain))
			return false;
		*len = parts.text.len;
		if (cipher->suite->is_13 && !tls_find_content(plain, len, content))
			return false;
	}
	cipher->number++;
	return true;
}
