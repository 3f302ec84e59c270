/*
 * HTTP/2 frames (RFC 9113 §4.1, §6) of one direction of one connection.
 *
 * DATA comes in the pieces in which it arrives, as it may be long; every other frame comes whole. Padding and the
 * fields of priority are taken off. What a frame means for its stream is for the caller to know.
 */
#ifndef HTTP_HTTP2_FRAME_H
#define HTTP_HTTP2_FRAME_H

#include "base/bytes.h"
#include "base/memory.h"

enum http2_type {
	HTTP2_DATA,
	HTTP2_HEADERS,
	HTTP2_PRIORITY,
	HTTP2_RST_STREAM,
	HTTP2_SETTINGS,
	HTTP2_PUSH_PROMISE,
	HTTP2_PING,
	HTTP2_GOAWAY,
	HTTP2_WINDOW_UPDATE,
	HTTP2_CONTINUATION,
	HTTP2_TYPES, /* others are let pass (RFC 9113 §4.1) */
};

enum http2_flag {
	HTTP2_ACK = 0x1,        /* SETTINGS, PING */
	HTTP2_END_STREAM = 0x1, /* DATA, HEADERS */
	HTTP2_END_HEADERS = 0x4,
	HTTP2_PADDED = 0x8,
	HTTP2_PRIORITIZED = 0x20,
};

enum {
	HTTP2_FRAME_HEAD = 9,
	HTTP2_SETTING_SIZE = 6,
	HTTP2_GOAWAY_SIZE = 8,
	HTTP2_PAYLOAD_MOST = 64 << 10, /* of a frame other than DATA; a longer one is cut */
};

struct http2_frame {
	uint32_t length; /* of the payload, padding and all */
	uint8_t type, flags;
	uint32_t stream; /* 0: the connection itself */
};

enum http2_item_kind {
	HTTP2_FRAME,    /* whole; never DATA */
	HTTP2_BODY,     /* a piece of DATA */
	HTTP2_BODY_END, /* the end of a frame of DATA */
};

struct http2_item {
	enum http2_item_kind kind;
	struct http2_frame frame;
	struct slice payload; /* of HEADERS, PUSH_PROMISE, CONTINUATION: the header block's fragment; empty when `cut`
	                         and for types that say nothing more: PRIORITY, PING, those that are unknown */
	bool cut;             /* bytes of it were lost, or it was too long, or there was no memory */
};

struct http2_reader {
	uint8_t state; /* private */
	uint8_t head[24 /* the client's preface */];
	size_t head_len;
	struct http2_frame frame;
	uint32_t left;    /* bytes of the frame still to come, padding left out once its length is known */
	uint32_t padding; /* still to come */
	bool cut;
	struct buffer payload;
	const char *why; /* after WIRE_BAD */
};

/* `has_preface`: the client's first bytes are still to come (RFC 9113 §3.4). `budget` is borrowed. */
void http2_reader_init(struct http2_reader *reader, bool has_preface, struct budget *budget);
void http2_reader_free(struct http2_reader *reader);

/* See base/bytes.h. Bad: a wrong preface, a frame whose size or stream its type does not allow, padding longer than the
 * frame. */
enum wire_result http2_next_item(struct http2_reader *reader, struct slice *bytes, struct http2_item *item);

/* The next byte begins a frame, or the preface. */
bool http2_is_between(const struct http2_reader *reader);

/* The frame under way, NULL: none. */
const struct http2_frame *http2_current_frame(const struct http2_reader *reader);

/* Bytes were lost. True: they lay wholly within the current frame, which goes on behind them; it comes out `cut` when
 * it is not DATA. False: where a frame begins is not known; http2_reader_resync begins again. */
bool http2_skip_lost(struct http2_reader *reader, uint64_t lost);

/* The next byte begins a frame. */
void http2_reader_resync(struct http2_reader *reader);

/* After a loss or a join in mid-stream: could a frame begin here? Follows the chain of heads in `bytes` as far as it
 * reaches. It demands known types on the streams and in the sizes that these allow, no flag that they do not have, and
 * that the chain ends exactly where `bytes` do, or within a frame of DATA or HEADERS. */
bool http2_could_begin(struct slice bytes);

/* Who wrote the frames that begin `bytes`, as a header block in them shows (RFC 9113 §8.3: it begins with :method or
 * another field of a request, or with :status). False: nothing shows it. */
bool http2_find_writer(struct slice bytes, bool *from_client);

/* The client's preface. */
#define HTTP2_PREFACE "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"

/* What RST_STREAM's and GOAWAY's codes are called (RFC 9113 §7); "an unknown code" for others. */
enum http2_code {
	HTTP2_NO_ERROR,
	HTTP2_REFUSED_STREAM = 0x7,
	HTTP2_CANCEL = 0x8,
	HTTP2_HTTP_1_1_REQUIRED = 0xd,
};
const char *http2_code_name(uint32_t code);

#endif
