/*
 * Engine.IO, revisions 3 and 4: what the query of a request says (protocol.md §2), payloads and packets (§3, §4), JSONP
 * (§3.4). Pure: bytes in, what they say out.
 */
#ifndef SOCKETIO_ENGINEIO_H
#define SOCKETIO_ENGINEIO_H

#include "base/bytes.h"
#include "base/memory.h"
#include "base/timestamp.h"

/* ---- the query of a request */

enum transport { TRANSPORT_NONE, TRANSPORT_POLLING, TRANSPORT_WEBSOCKET, TRANSPORT_WEBTRANSPORT, TRANSPORT_UNKNOWN };

const char *transport_name(enum transport transport); /* "polling", …; "" for NONE */

enum { TARGET_SID_SIZE = 128 }; /* longer ones are no sid of any known server, and are cut */

struct target {
	bool engineio;            /* everything below means something only then */
	uint8_t revision;         /* 3 or 4; 0 when the query has no EIO */
	struct slice eio;         /* the spelling of EIO's value, borrowed from the target */
	enum transport transport; /* UNKNOWN: another word, which `word` holds */
	struct slice word;        /* transport's value, borrowed */
	bool jsonp;
	size_t sid_len; /* 0: a handshake */
	char sid[TARGET_SID_SIZE];
};

static inline struct slice target_sid(const struct target *target)
{
	return slice_of(target->sid, target->sid_len);
}

/* The target of an exchange that matters; of no other. */
struct target *target_new(struct slice text, struct budget *budget);

/* Engine.IO is recognised by its query, never by path or port: `EIO=` with `transport=` of any value or a `sid=`;
 * `transport=` of a known value with `sid=`; `EIO=` alone where the path ends as the stock clients have it. */
void target_read(struct target *target, struct slice text);

/* ---- payloads and packets */

enum engineio_type {
	ENGINEIO_OPEN,
	ENGINEIO_CLOSE,
	ENGINEIO_PING,
	ENGINEIO_PONG,
	ENGINEIO_MESSAGE,
	ENGINEIO_UPGRADE,
	ENGINEIO_NOOP
};

struct engineio_packet {
	enum engineio_type type;
	bool binary;       /* a binary message: `data` are raw bytes (base64 undone) */
	struct slice data; /* after the type */
};

/* ---- Polling payloads: several packets in one body. */

struct engineio_payload {
	struct slice rest;    /* not read yet; after WIRE_BAD what could not be read */
	uint8_t revision;     /* 3 or 4; decided by the first bytes when it was not known (protocol.md §1) */
	uint8_t form, unit;   /* private */
	bool promised;        /* private: a separator announced another packet */
	struct buffer base64; /* holds a decoded binary packet */
	const char *why;      /* after WIRE_BAD */
};

/* `revision` 3, 4 or 0 (unknown). The body is plain: content coding, JSONP and form encoding undone. Revision 3's
 * binary form is recognised by a first byte 0x00 or 0x01, with which no other form begins: the Content-Type need not be
 * believed. `budget` bounds decoded base64. */
void engineio_payload_init(struct engineio_payload *payload, int revision, struct slice body, struct budget *budget);
void engineio_payload_free(struct engineio_payload *payload);

/* WIRE_ITEM: a packet, borrowed from the body or from the payload until the next call. WIRE_MORE: the body is done.
 * WIRE_BAD: `why`; what came before was good. Text form of revision 3: one writer counts in one unit, so the lengths
 * are UTF-16 units, bytes or code points (protocol.md §3.3), whichever leads through the whole body; of a body that is
 * cut, whichever leads farthest. */
enum wire_result engineio_next_packet(struct engineio_payload *payload, struct engineio_packet *packet);

/* ---- One WebSocket message is one packet (protocol.md §4.3). `scratch` takes decoded base64. False: *why says what is
 * wrong. */
bool engineio_read_message(int revision, bool binary, struct slice message, struct buffer *scratch,
    struct engineio_packet *packet, const char **why);

/* ---- The JSON of an open packet. */

struct engineio_open {
	struct slice sid; /* text, borrowed from `scratch` or the JSON */
	bool upgrades_to_websocket, upgrades_to_webtransport;
	timestamp ping_interval, ping_timeout; /* 0 when absent */
	uint64_t max_payload;                  /* 0 when absent */
};

/* False: no JSON object with a string `sid`. `scratch` is used when the sid has escapes. */
bool engineio_read_open(struct slice json, struct buffer *scratch, struct engineio_open *open);

/* ---- what JSONP wraps around a polling payload */

/* `___eio[j]("…");`: appends the payload to `out`. The text is read as a JavaScript string; where that ends too early,
 * as python-engineio writes it (only quotes escaped). False: not JSONP, or refused by `out`. */
bool jsonp_unwrap_answer(struct slice body, struct buffer *out);

/* `d=…` of a form post: percent and + undone, doubled backslashes before n put right. False: no `d`, or refused. */
bool jsonp_unwrap_post(struct slice body, struct buffer *out);

#endif
