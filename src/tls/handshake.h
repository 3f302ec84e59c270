/*
 * What the messages of a TLS handshake say, as far as decryption and a report need it (RFC 8446 §4, RFC 5246 §7.4):
 * bytes in, facts out, without state.
 */
#ifndef TLS_HANDSHAKE_H
#define TLS_HANDSHAKE_H

#include "base/bytes.h"
#include "net/stream.h"
#include "tls/keylog.h"

enum tls_message_type {
	TLS_CLIENT_HELLO = 1,
	TLS_SERVER_HELLO = 2,
	TLS_END_OF_EARLY_DATA = 5,
	TLS_ENCRYPTED_EXTENSIONS = 8,
	TLS_CERTIFICATE = 11,
	TLS_CERTIFICATE_REQUEST = 13,
	TLS_FINISHED = 20,
	TLS_KEY_UPDATE = 24,
};

/* As hellos name them (RFC 5246 §E.1, RFC 8446 §4.2.1). */
enum { TLS_VERSION_12 = 0x0303, TLS_VERSION_13 = 0x0304 };

enum { TLS_MESSAGE_HEAD = 4 };

struct tls_hello {
	uint8_t random[TLS_RANDOM];
	uint16_t version; /* a server's choice */
	uint16_t suite;   /* a server's choice */
	bool is_retry;    /* a HelloRetryRequest (RFC 8446 §4.1.3) */
	bool early_data;  /* the client sends some before the answer */
	bool encrypt_then_mac;
	struct slice name;      /* a client's: the server it wants; borrowed, empty: it does not say */
	struct slice protocols; /* the value of the extension for ALPN, or empty; borrowed */
};

/* `body` is that of a ClientHello or ServerHello. False: it cannot be read. */
bool tls_hello_read(struct slice body, bool from_client, struct tls_hello *hello);

/* The same extension in EncryptedExtensions. Empty: there is none. */
struct slice tls_extensions_protocols(struct slice body);

/* What prints of a name; at most TLS_NAME - 1 bytes. */
void tls_copy_name(struct slice name, char text[TLS_NAME]);

/* "h2", or "h2, http/1.1" of several; what would not print is left out. Returns `text`. */
const char *tls_protocols_format(struct slice protocols, char text[4 * TLS_PROTOCOL]);

/* "TLS 1.3"; NULL: none that is known. */
const char *tls_version_name(uint16_t version);

/* Whose the first certificate of the server is, from the body of a Certificate message: its common name, or else the
 * first name of its subjectAltName (RFC 5280 §4.1.2.6, §4.2.1.6), as far as it prints. "": it cannot be read. Returns
 * `text`. */
const char *tls_certificate_read(struct slice body, bool is_13, char text[TLS_NAME]);

/* What an alert means (RFC 8446 §6), in words: "unknown CA". */
const char *tls_alert_name(uint8_t description);

#endif
