/*
 * WebSocket messages of one direction: frames joined (RFC 6455 §5.4, control frames between fragments), unmasked, and
 * inflated where permessage-deflate was agreed (RFC 7692).
 */
#ifndef HTTP_MESSAGE_H
#define HTTP_MESSAGE_H

#include "base/bytes.h"
#include "base/memory.h"
#include "http/websocket.h"

/* ---- what a 101's Sec-WebSocket-Extensions agreed on (RFC 6455 §9.1, RFC 7692 §7.1) */

/* permessage-deflate. The windows need not be known: the largest, with which all is inflated, reads any smaller one. */
struct deflate_agreement {
	bool on;
	bool server_no_context_takeover, client_no_context_takeover;
};

/* Reads the Sec-WebSocket-Extensions of the answer's fields. They may be on several lines, which are one list (RFC 9110
 * §5.3). */
struct deflate_agreement extensions_read_fields(struct slice fields);

/* Reads the answer's list; of several permessage-deflates the first counts. What else was agreed on is passed over: its
 * frames show it by their reserved bits. */
struct deflate_agreement extensions_read(struct slice list);

/* ---- messages */

struct message {
	enum websocket_opcode opcode; /* WS_TEXT, WS_BINARY, WS_CLOSE, WS_PING, WS_PONG */
	struct slice payload;         /* unmasked, inflated; for WS_CLOSE the reason's text */
	uint64_t wire_bytes;          /* of payload as it was on the wire */
	struct slice wire;            /* the beginning of its frames as they came, headers too; empty: not kept */
	uint16_t close_code;          /* WS_CLOSE: 1005 when the frame was empty, 0 when it was lost */
	uint32_t frames;              /* how many it came in */
	bool compressed;
	bool truncated;  /* longer than the limit, refused memory, or bytes were lost: `payload` is its beginning */
	bool damaged;    /* of `truncated`: bytes were lost; set by messages.h */
	bool unreadable; /* compressed, and it refers to lost context (or is no deflate data): `payload` is empty */
};

struct message_limits {
	size_t message;  /* bytes of one message as sent, default 8 MiB */
	size_t inflated; /* bytes after inflating, default 16 MiB */
	size_t wire;     /* bytes of its frames that are kept as they came, default 0: none */
};
extern const struct message_limits message_default_limits;

struct message_stream; /* opaque */

/* `limits` and `budget` are borrowed. zlib's state (some 40 KiB) is made when the first compressed message comes and
 * charged to the budget. NULL: no memory. */
struct message_stream *message_stream_new(
    bool from_client, struct deflate_agreement agreement, const struct message_limits *limits, struct budget *budget);
void message_stream_free(struct message_stream *stream);

/* See base/bytes.h. A message in one unmasked frame within `bytes` is borrowed from them, not copied. Bad also: a
 * continuation without a beginning, a new message inside another, rsv1 where no deflate was agreed, a close frame of
 * one byte. */
enum wire_result message_next(struct message_stream *stream, struct slice *bytes, struct message *message);
const char *message_why(const struct message_stream *stream); /* after WIRE_BAD */

/* Forgets the message that was given last, which a stream that goes silent would keep until its next one. */
void message_release(struct message_stream *stream);

/* At a frame boundary, nothing pending: all messages begun were given whole. */
bool message_at_boundary(const struct message_stream *stream);

/* Bytes were lost. True: they lay wholly within the payload of the current frame; that message will come out truncated,
 * and the stream goes on. False: the frame boundary is lost: start again with message_stream_resync at a place where
 * websocket_could_begin says yes. Either way a deflate context is lost when the lost message could have been
 * compressed. */
bool message_skip_lost(struct message_stream *stream, uint64_t lost);

/* Begin again at a frame boundary, forgetting the message under way; the rest of a fragmented message whose beginning
 * was lost is passed over. Unless no context is taken over, the deflate context is lost: compressed messages come out
 * unreadable as long as they refer back to it. Those that refer to nothing before the loss are read, and what they
 * refer to is known, so nothing is guessed. */
void message_stream_resync(struct message_stream *stream);

#endif
