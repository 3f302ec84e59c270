/*
 * A stream of an HTTP/2 connection: one request with its answer, or a WebSocket (RFC 9113 §5, §8; RFC 8441). To the
 * sink it is a connection of its own.
 */
#ifndef HTTP_HTTP2_STREAM_H
#define HTTP_HTTP2_STREAM_H

#include "base/hash.h"
#include "http/http2_fields.h"
#include "http/messages.h"
#include "http/sink.h"

struct http2_stream {
	struct connection shown;
	uint32_t number; /* the key */
	const struct resources *resources;
	const struct http_sink *sink;
	struct exchange *exchange; /* NULL: its request is not known, or there is no memory, or it is over */
	struct messages *messages; /* NULL: it is no WebSocket */
	bool begun[2];             /* by direction: its head came */
	bool ended[2];             /* so did its end */
	bool lost[2];              /* bytes of it may be missing */
	bool asks_websocket;
	bool is_given;   /* its request was given to the sink */
	bool is_wanted;  /* it matters, or did */
	bool is_left;    /* the client ended it, unanswered: an answer may be on its way */
	bool is_over;    /* nothing more is expected: to be freed */
	uint32_t newest; /* with is_left: the newest stream of the client then */
	uint64_t held;   /* bytes that the client sent before its WebSocket was granted: not in the ledger yet */
	struct http2_stream *prev, *next; /* with is_left: who left before and after */
	UT_hash_handle hh;
};

/* `base` is the connection that it belongs to. All is borrowed and outlives it. NULL: no memory. */
struct http2_stream *http2_stream_new(
    const struct resources *resources, const struct http_sink *sink, const struct connection *base, uint32_t number);
void http2_stream_free(struct http2_stream *stream);

/* Its request was one of HTTP/1, which asked for h2c, and was given to the sink (RFC 7540 §3.2). It is the stream's
 * now.
 */
void http2_stream_adopt(struct http2_stream *stream, struct exchange *exchange);

/* A header block: the head of its request or its answer, an interim answer, or trailers. `first`: where its first frame
 * began. `head` is NULL when it cannot be read. */
void http2_stream_take_head(struct http2_stream *stream, const struct passage *first, const struct passage *passage,
    const struct http2_head *head);

/* A piece of DATA; `unsure`: the first of a frame, and what the stream is for may have been lost. */
void http2_stream_take_body(struct http2_stream *stream, const struct passage *passage, struct slice body, bool unsure);

/* Does it hold back what comes in this direction, as it asks for a WebSocket and has no answer? */
bool http2_stream_holds(const struct http2_stream *stream, enum direction direction);

/* END_STREAM in the passage's direction. */
void http2_stream_end_direction(struct http2_stream *stream, const struct passage *passage);

/* RST_STREAM, or a GOAWAY that leaves it out, from the passage's direction. `newest`: of the client's streams. */
void http2_stream_reset(
    struct http2_stream *stream, const struct passage *passage, const struct stream_reset *reset, uint32_t newest);

/* A GOAWAY that does not leave it out says why the connection is going to end. */
void http2_stream_note_reset(struct http2_stream *stream, const struct stream_reset *reset);

/* Bytes of the passage's direction were lost: `lost` of this stream, or 0: nobody knows of which, or how many. */
void http2_stream_lose(struct http2_stream *stream, enum direction direction, uint64_t lost);

/* Does it matter, and is its end to be given yet? */
static inline bool http2_stream_is_open(const struct http2_stream *stream)
{
	return stream->is_wanted && !stream->is_left;
}

/* The connection ends in the passage's direction, or was reset. */
void http2_stream_end(struct http2_stream *stream, const struct passage *passage, const struct chunk *chunk);

/* No more of it comes: what has no answer is in `state`. */
void http2_stream_finish(struct http2_stream *stream, const struct passage *passage, enum exchange_state state);

#endif
