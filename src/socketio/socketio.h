/*
 * Socket.IO packets, revisions 3 to 5 (protocol.md §6), in the default parser's text and in the msgpack and json
 * parsers' forms.
 */
#ifndef SOCKETIO_SOCKETIO_H
#define SOCKETIO_SOCKETIO_H

#include "base/memory.h"

enum socketio_type { SOCKETIO_CONNECT, SOCKETIO_DISCONNECT, SOCKETIO_EVENT, SOCKETIO_ACK, SOCKETIO_ERROR };

enum socketio_parser { SOCKETIO_DEFAULT, SOCKETIO_MSGPACK, SOCKETIO_JSON };

struct socketio_packet {
	enum socketio_type type; /* BINARY_EVENT and BINARY_ACK are EVENT and ACK with attachments */
	enum socketio_parser parser;
	bool binary_type;     /* it was a BINARY_ type (5, 6), even with no attachments */
	uint32_t attachments; /* how many binary messages follow */
	struct slice nsp;     /* "/" when absent or empty; without its query */
	struct slice query;   /* of a CONNECT in old revisions: after the '?', or empty */
	struct slice id;      /* ack id: its digits without leading zeros, of any number; empty when there is none */
	struct slice data;    /* one checked JSON value, or empty when there is none */
};

enum { SOCKETIO_ATTACHMENTS = 1024 }; /* more announced than this is bad: no implementation takes them */

/* The *why of text whose JSON, and of binary whose msgpack, is nested deeper than is read here (JSON_DEPTH): it may be
 * good all the same. */
extern const char socketio_too_deep[];

/* Reads the text of a message packet. Recognises the json parser's form ({"type":…) by its first byte. False: *why; the
 * payload is an application's own. White space and newlines after the JSON (googollee) are let pass. Attachment
 * counts that do not fit are bad. An EVENT's data must be a non-empty array whose first element is a string or number;
 * an ACK's an array. */
bool socketio_read_text(struct slice text, struct socketio_packet *packet, const char **why);

/* Why node's socket.io-parser (4.x, index.ts: isPayloadValid, decodeString) rejects what can be read all the same;
 * NULL: it does not. Python servers ignore such packets, or take them. */
const char *socketio_flaw(const struct socketio_packet *packet);

/* Reads a binary message that no text announced, as the msgpack parser writes it. `json` takes the data as JSON text
 * (binary as {"$binary":"<base64>"}, undefined and other ext as null), and nsp. */
bool socketio_read_msgpack(struct slice bytes, struct buffer *json, struct socketio_packet *packet, const char **why);

/* An EVENT's data: its name's token (a string with quotes, or a number) and the rest of the array's elements as they
 * stand between name and closing bracket (`"a",1`; empty when none). */
void socketio_split_event(struct slice data, struct slice *name, struct slice *arguments);

/* ---- MessagePack as JSON text */

/* Appends the one value that begins `bytes`, taking it off the front: bin as {"$binary":"<base64>"}, a
 * timestamp (extension type -1) as RFC 3339 text, any other extension as {"$ext":<type>,"$binary":"<base64>"}, map keys
 * that are no strings as their JSON in quotes, floats in the shortest spelling that reads back the same. Of extension
 * type 0, which applications may use as they like, what notepack.io writes is read as notepack.io reads it (2 and 3,
 * lib/decode.js): undefined (one byte) as null, a date (eight bytes, milliseconds, by version 2), an ArrayBuffer (a
 * length of its own) as binary. False: not msgpack, refused by the buffer, or nested deeper than
 * JSON_DEPTH, and good as far as it was read: then *too_deep. */
bool msgpack_write_json(struct slice *bytes, struct buffer *out, bool *too_deep);

#endif
