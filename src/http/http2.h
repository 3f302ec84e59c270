/*
 * An HTTP/2 connection (RFC 9113): frames in, and each of its streams is shown to the sink as a connection of its own.
 * Flow control and priorities are passed over. A WebSocket may be one stream among others (RFC 8441).
 *
 * A connection that was joined in mid-stream, or that lost bytes, is read from where a frame seems to begin; streams
 * whose heads were lost, and fields that refer to lost ones, are counted (LEDGER_HTTP2).
 */
#ifndef HTTP_HTTP2_H
#define HTTP_HTTP2_H

#include "base/resources.h"
#include "http/sink.h"

struct http2; /* opaque */

/* What this room counts of HTTP/2. */
struct http2_counts {
	uint64_t connections, streams;
	uint64_t window_updates; /* frames of flow control */
};

/* What is known of a connection when its first bytes come. */
struct http2_start {
	bool has_preface;          /* the client's preface begins its bytes */
	bool is_joined[2];         /* by direction: its beginning was not captured */
	struct exchange *upgraded; /* of HTTP/1, which asked for h2c: it becomes stream 1, and is owned from now on; or
	                              NULL */
};

/* All is borrowed and outlives it. `connection` is what its streams share. NULL: no memory; `upgraded` is freed. */
struct http2 *http2_new(const struct resources *resources, const struct http_sink *sink, struct connection *connection,
    const struct http2_start *start, struct http2_counts *counts);
void http2_free(struct http2 *http2); /* may be NULL; after http2_finish */

void http2_take(struct http2 *http2, const struct passage *passage, struct slice bytes);

/* Bytes of the passage's direction were lost (0: unknown how many). True when that may touch what matters. */
bool http2_lose(struct http2 *http2, const struct passage *passage, uint64_t lost);

/* Gives a gap to each stream that matters and is open; to the connection, when there is none. */
void http2_give_gap(
    struct http2 *http2, const struct passage *passage, uint64_t lost, bool beginning, const char *text);

/* The TCP connection ends in the chunk's direction, or was reset: so do the streams. False: no stream that matters was
 * open. */
bool http2_end(struct http2 *http2, const struct passage *passage, const struct chunk *chunk);

/* No more bytes come: what has no answer is in `state`, but what was lost stays lost. */
void http2_finish(struct http2 *http2, const struct passage *passage, enum exchange_state state);

/* Has a request that matters been seen? */
bool http2_is_wanted(const struct http2 *http2);

#endif
