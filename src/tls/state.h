/*
 * What the files of this room share: the state of a TLS connection. `tls` decides which connections speak TLS, `flow`
 * cuts their bytes into records and lets wait what has to, `records` decrypts, `search` finds a record after a loss,
 * `outcome` reports what becomes of handshakes.
 */
#ifndef TLS_STATE_H
#define TLS_STATE_H

#include "tls/cipher.h"
#include "tls/handshake.h"
#include "tls/tls.h"

enum {
	TLS_CIPHERS = 2048,     /* bytes charged for both directions' keys and libcrypto's state */
	TLS_SERVERS = 8,        /* that are named */
	TLS_FIRST_BYTES = 6,    /* of a record with a hello: type, version, length, type of the message */
	TLS_MESSAGES = 1 << 17, /* bytes of a handshake message; certificates are the longest */
	TLS_SEARCHED = 3 << 14, /* bytes looked at for a record that opens, after a loss: two whole records */
	TLS_RECORDS = TLS_SEARCHED + (1 << 16), /* and what comes with them in one chunk */
};

/* One whose connections cannot be read for want of keys. */
struct tls_server {
	struct endpoint endpoint;
	char name[TLS_NAME], protocols[4 * TLS_PROTOCOL], certificate[TLS_NAME];
	uint64_t connections, bytes;
};

struct tls {
	struct tls_server servers[TLS_SERVERS];
	size_t server_count;
	uint64_t others;    /* connections with further ones */
	uint64_t bytes;     /* of TLS */
	uint64_t trials[2]; /* of the search (search.c), in all connections: without keys, and with */
	const struct resources *resources;
	struct keylog *keylog;
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
	struct buffer record;   /* as far as it came; after a loss: the bytes that are searched */
	uint64_t first_packet;  /* of the record */
	timestamp begun;        /* when it began to come */
	struct buffer messages; /* of the handshake, as far as they came */
	size_t skipped;         /* bytes of a damaged record that are still to come */
	size_t tried;           /* of those that are searched: where no record opens, up to here */
	bool is_searched;       /* where a record begins is not known */
	bool is_closed;         /* nothing can be read in it any more */
	bool is_paused;         /* what comes waits */
	size_t proxy_left;      /* bytes of a PROXY header that are still to come */
	/* of a connection without keys, TLS 1.2: it has changed to protected records; its Finished came */
	bool is_protected, is_finished;
};

struct tls_connection {
	struct stream *stream;
	enum tls_state state;
	bool joined;
	bool is_proxied;           /* a PROXY header came before what its ends say */
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
	uint64_t trials;
	uint8_t client_random[TLS_RANDOM], server_random[TLS_RANDOM];
	char name[TLS_NAME];
	char certificate[TLS_NAME]; /* whose the server's is */
	uint64_t hello_packet;      /* of the client's hello; 0: it was not captured */
	timestamp hello_time;
	bool done, failed;     /* so is the handshake */
	bool asked, served;    /* the client, the server has sent data, as far as that can be known */
	bool has_hole;         /* not all that has no keys can be cut into records */
	bool has_short_record; /* TLS 1.3: the client sent but an alert, encrypted, where its Finished should be */
	bool is_plain_http;
	bool wants_certificate;  /* so does the server, of the client */
	enum ledger_reason owed; /* why nothing of it can be read, while it may yet have nothing to read; or 0 */
	uint64_t unread;         /* bytes of it that could not be read */
	bool ended;
	enum side end_side; /* who ended it first */
	char protocols[4 * TLS_PROTOCOL];
	struct tls_held *held, **held_end;
	size_t held_size;
};

/* ---- tls.c */

void tls_count(const struct tls *tls, enum ledger_reason reason, uint64_t bytes, uint64_t items);

/* Bytes of a connection that stay encrypted. */
void tls_count_unread(const struct tls *tls, struct tls_connection *connection, uint64_t bytes);

/* Counts the connection among those of which nothing is read, and names its server, or the first one of the reason. */
void tls_note_connection(struct tls *tls, const struct tls_connection *connection, enum ledger_reason reason);

/* ---- flow.c */

/* A chunk of any kind, as it comes or when it has waited. */
void tls_take_again(struct tls *tls, struct tls_connection *connection, const struct chunk *chunk);

/* Takes what waited; what has still to wait waits on, in its order. */
void tls_resume(struct tls *tls, struct tls_connection *connection);

size_t tls_record_len(struct slice bytes);

/* Can a record have this head? */
bool tls_is_possible(struct slice record);

/* Nothing of it can be read from here on: it is noted, once. */
void tls_go_blind(struct tls *tls, struct tls_connection *connection, enum ledger_reason reason);

/* The same, once it is certain that the handshake did not just fail. */
void tls_note_blind(struct tls *tls, struct tls_connection *connection);

/* Gives plaintext, or a hole of it (0 bytes: how many is not known), in the place of a chunk. */
void tls_give(struct tls *tls, const struct tls_connection *connection, const struct chunk *from, struct slice plain);
void tls_give_gap(struct tls *tls, const struct tls_connection *connection, const struct chunk *from, uint64_t lost);

/* ---- records.c */

static inline bool tls_is_client(const struct tls_connection *connection, enum side side)
{
	return side == connection->stream->client;
}

/* Takes a whole record. False: it has to wait for the server's hello (early data, RFC 8446 §4.2.10). */
bool tls_take_record(struct tls *tls, struct tls_connection *connection, const struct chunk *from, struct slice record);

/* Takes a record that was opened. */
void tls_take_plain(struct tls *tls, struct tls_connection *connection, const struct chunk *from, size_t record_len,
    struct slice plain, enum tls_content content);

/* Takes bytes of handshake messages. */
void tls_take_messages(
    struct tls *tls, struct tls_connection *connection, const struct chunk *from, struct slice bytes);

/* The cipher of a phase of TLS 1.3; NULL: its secret is not known. */
struct tls_cipher *tls_make_13(const struct tls_connection *connection, enum side side, enum tls_phase phase);
void tls_set_cipher(struct tls_half *half, enum tls_phase phase, struct tls_cipher *cipher);

bool tls_has_handshake_keys(const struct tls_connection *connection);

/* Both hellos are known: looks for the keys, and goes on, waits for them or gives up. */
void tls_find_keys(struct tls *tls, struct tls_connection *connection);

/* ---- outcome.c */

/* Both ends have finished the handshake; once. */
void tls_note_done(struct tls *tls, struct tls_connection *connection, const struct chunk *from);

/* An alert in the clear, or decrypted. */
void tls_take_alert(struct tls *tls, struct tls_connection *connection, const struct chunk *from, struct slice alert);

/* These bytes are no record of TLS. */
void tls_note_foreign(struct tls *tls, struct tls_connection *connection, const struct chunk *from, struct slice bytes);

/* A FIN or RST came. */
void tls_note_end(struct tls *tls, struct tls_connection *connection, const struct chunk *end);

/* Bytes of a connection that has no keys: what they show. They are counted elsewhere. */
void tls_watch(struct tls *tls, struct tls_connection *connection, const struct chunk *chunk, struct slice bytes);
void tls_stop_watching(struct tls_connection *connection);

/* ---- search.c */

/* Could a protected record of TLS 1.3 or 1.2 begin here? *len is then its length, head and all. */
bool tls_is_record(struct slice bytes, size_t *len);

/* Takes bytes of a direction in which it is not known where a record begins. */
void tls_take_searched(struct tls *tls, struct tls_connection *connection, const struct chunk *chunk);

#endif
