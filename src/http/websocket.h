/*
 * WebSocket frames (RFC 6455 §5): headers and payload pieces of one direction. Messages are made of them in message.h.
 */
#ifndef HTTP_WEBSOCKET_H
#define HTTP_WEBSOCKET_H

#include "base/bytes.h"

enum websocket_opcode { WS_CONTINUATION = 0, WS_TEXT = 1, WS_BINARY = 2, WS_CLOSE = 8, WS_PING = 9, WS_PONG = 10 };

struct websocket_frame {
	bool fin, rsv1, rsv2, rsv3, masked;
	uint8_t opcode;
	uint8_t mask[4];
	uint64_t length; /* of the payload, below 2^63 */
};

enum websocket_item_kind {
	WS_FRAME,   /* a header; followed by its payload, if any */
	WS_PAYLOAD, /* a piece, still masked */
	WS_FRAME_END,
};

struct websocket_item {
	enum websocket_item_kind kind;
	struct websocket_frame frame; /* valid for all kinds: the frame it belongs to */
	struct slice bytes;           /* WS_PAYLOAD: borrowed from the input */
	uint64_t offset;              /* of `bytes` in the frame's payload: the mask's phase */
};

struct websocket_stream {
	bool from_client; /* its frames should be masked */
	uint8_t header[14];
	uint8_t header_len;
	uint8_t state; /* private */
	struct websocket_frame frame;
	uint64_t left;   /* payload bytes still to come */
	const char *why; /* after WIRE_BAD */
};

void websocket_stream_init(struct websocket_stream *stream, bool from_client);

/* See base/bytes.h. Bad: a reserved opcode, a control frame over 125 bytes or fragmented, a length with its top bit
 * set, a mask where there must be none or none where there must be one (RFC 6455 §5.1), rsv2 or rsv3, rsv1 on a frame
 * that begins no message (RFC 7692 §6.1). A length not in its shortest form is let pass. */
enum wire_result websocket_next_item(struct websocket_stream *stream, struct slice *bytes, struct websocket_item *item);

/* The header of the frame whose item was given last, as it came; valid until the next one's first byte. */
struct slice websocket_header(const struct websocket_stream *stream);

/* Between two frames, no byte of the next taken. */
bool websocket_at_boundary(const struct websocket_stream *stream);

/* Bytes were lost. True: they lay wholly within the payload of the current frame, which goes on behind them. False: the
 * frame boundary is lost (nothing is changed). */
bool websocket_skip_lost(struct websocket_stream *stream, uint64_t lost);

/* After a gap or a join in mid-stream: could a frame begin here? Follows the chain of headers in `bytes` as far as it
 * reaches; demands valid headers all the way, lengths in their shortest form, the right masking, no message begun
 * within another, and that the chain ends exactly at the end of `bytes` or within a frame. A chain of one frame that
 * runs past the end is accepted only if it is small (under 1 MiB). */
bool websocket_could_begin(bool from_client, struct slice bytes);

/* XORs `bytes` (the offset-th byte of the payload onwards) with the mask into `out`, which may be bytes.at itself. */
void websocket_unmask(const uint8_t mask[4], uint64_t offset, struct slice bytes, uint8_t *out);

#endif
