/*
 * How the records of one direction are protected: the cipher suites, the keys that come out of a secret, and a record's
 * plaintext. The algorithms are libcrypto's; the key schedules and the forms of the records are ours.
 */
#ifndef TLS_CIPHER_H
#define TLS_CIPHER_H

#include "base/bytes.h"
#include "tls/keylog.h"

enum tls_mode {
	TLS_GCM,    /* RFC 5288; RFC 8446 §5.2 */
	TLS_CCM,    /* RFC 6655 */
	TLS_CCM_8,  /* with a tag of 8 bytes */
	TLS_CHACHA, /* RFC 7905 */
	TLS_CBC,    /* RFC 5246 §6.2.3.2; RFC 7366 when encrypt-then-MAC is agreed on */
};

enum tls_hash { TLS_SHA1, TLS_SHA256, TLS_SHA384 };

/* A row of the registry of cipher suites, as far as servers and browsers agree on them. */
struct tls_suite {
	uint16_t number;
	const char *name;
	enum tls_mode mode;
	uint8_t key_len;
	enum tls_hash hash; /* of the key schedule */
	enum tls_hash mac;  /* TLS_CBC */
	bool is_13;
};

/* NULL: it is none of those that are decrypted here. */
const struct tls_suite *tls_suite_find(uint16_t number);

/* The nth suite of TLS 1.3 whose secrets have so many bytes; NULL: no more. */
const struct tls_suite *tls_suite_of_secret(size_t len, size_t nth);

enum {
	TLS_RECORD_HEAD = 5,
	/* RFC 5246 §6.2.3: 2^14 and 2048 bytes more; TLS 1.3 has 256 more at most (RFC 8446 §5.2) */
	TLS_RECORD_MOST = (1 << 14) + 2048,
};

enum tls_content {
	TLS_CHANGE_CIPHER_SPEC = 20,
	TLS_ALERT = 21,
	TLS_HANDSHAKE = 22,
	TLS_APPLICATION_DATA = 23,
};

struct tls_cipher; /* opaque: the keys and the number of the next record */

/* NULL: no memory, or libcrypto refuses. */
struct tls_cipher *tls_cipher_new_13(const struct tls_suite *suite, const struct tls_key *secret);

struct tls_cipher_facts_12 {
	const struct tls_suite *suite;
	const struct tls_key *master;
	const uint8_t *client_random, *server_random; /* TLS_RANDOM bytes each */
	bool from_client;
	bool encrypt_then_mac;
};
struct tls_cipher *tls_cipher_new_12(const struct tls_cipher_facts_12 *facts);

void tls_cipher_free(struct tls_cipher *cipher); /* may be NULL */

/* The keys of the next generation (RFC 8446 §7.2). False: libcrypto refuses. */
bool tls_cipher_update(struct tls_cipher *cipher);

/* The bytes by which a record of this cipher is longer than its plaintext, at least. */
size_t tls_cipher_overhead(const struct tls_cipher *cipher);

/* The number of the next record. */
uint64_t tls_cipher_number(const struct tls_cipher *cipher);
void tls_cipher_set_number(struct tls_cipher *cipher, uint64_t number);

/* Decrypts a record, head and all, into `plain`, which has room for TLS_RECORD_MOST bytes, and goes on to the next
 * number. False: it does not authenticate; nothing changes. */
bool tls_cipher_open(
    struct tls_cipher *cipher, struct slice record, uint8_t *plain, size_t *len, enum tls_content *content);

#endif
