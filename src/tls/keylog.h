/*
 * The secrets of TLS connections, as a key log has them: one a line, a label, the client's random, the secret
 * (draft-ietf-tls-keylogfile §1; NSS wrote it first). Lines may come at any time and in any order; those that name a
 * label which is not needed here are passed over.
 */
#ifndef TLS_KEYLOG_H
#define TLS_KEYLOG_H

#include "base/hash.h"
#include "base/memory.h"

enum { TLS_RANDOM = 32, TLS_SECRET_MOST = 48 /* SHA-384's, and TLS 1.2's master secret */ };

enum tls_secret {
	TLS_MASTER, /* CLIENT_RANDOM: TLS 1.2 */
	TLS_CLIENT_EARLY,
	TLS_CLIENT_HANDSHAKE,
	TLS_SERVER_HANDSHAKE,
	TLS_CLIENT_TRAFFIC,
	TLS_SERVER_TRAFFIC,
	TLS_SECRETS,
};

/* What is known of one connection. */
struct tls_keys {
	uint8_t random[TLS_RANDOM];
	struct tls_key {
		uint8_t len; /* 0: not known */
		uint8_t bytes[TLS_SECRET_MOST];
	} secrets[TLS_SECRETS];
	bool claimed;      /* a connection that was captured uses them */
	uint8_t written;   /* which of them keylog_write_claimed has written, a bit each */
	UT_hash_handle hh; /* in the order in which they came */
};

struct keylog; /* opaque */

/* What is kept is charged to `budget`, which is borrowed. NULL: no memory. */
struct keylog *keylog_new(struct budget *budget);
void keylog_free(struct keylog *keylog); /* may be NULL */

/* Forgets all, before the budget is looked at. */
void keylog_clear(struct keylog *keylog);

/* Takes the next bytes of a key log; they may end in the middle of a line. `whole`: they do not, whatever they end in.
 */
void keylog_take(struct keylog *keylog, struct slice text, bool whole);

/* NULL: none. Borrowed; its secrets may grow. */
const struct tls_keys *keylog_find(const struct keylog *keylog, const uint8_t random[TLS_RANDOM]);

/* A connection uses them. */
void keylog_claim(struct keylog *keylog, const struct tls_keys *keys);

/* Appends the secrets of connections that were captured, and no others, in the form of a key log: those that were not
 * written before. False: not all had room, now or before. */
bool keylog_write_claimed(struct keylog *keylog, struct buffer *text);

/* Of all connections, the first and the next; NULL: no more. */
const struct tls_keys *keylog_first(const struct keylog *keylog);
const struct tls_keys *keylog_next(const struct tls_keys *keys);

/* How many secrets have come: when it has grown, what was not found may be. */
uint64_t keylog_count(const struct keylog *keylog);

#endif
