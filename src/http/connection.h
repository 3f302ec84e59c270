/*
 * Streams of bytes in, exchanges and WebSocket messages out: the door of this room. Which protocol a connection speaks
 * is decided by its first bytes, and again when one takes the place of another (Upgrade).
 */
#ifndef HTTP_CONNECTION_H
#define HTTP_CONNECTION_H

#include "base/resources.h"
#include "http/http2.h"
#include "http/sink.h"

struct http; /* opaque */

/* Both are borrowed and outlive it. NULL: no memory. */
struct http *http_new(const struct resources *resources, const struct http_sink *sink);
void http_free(struct http *http); /* once every connection was closed */

/* What takes the streams. Lives as long as `http`. */
const struct stream_sink *http_stream_sink(const struct http *http);

/* What this room counts besides the ledger. */
struct http_counts {
	uint64_t wanted; /* connections that matter to the sink */
	struct http2_counts http2;
};
const struct http_counts *http_counts(const struct http *http);

#endif
