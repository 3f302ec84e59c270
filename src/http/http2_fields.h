/*
 * Header blocks of one direction of an HTTP/2 connection: HPACK (RFC 7541, by libnghttp2's inflater) undone, and what
 * is left put into the form of an HTTP/1 head, which everything above reads.
 *
 * What is lost of a block takes the dynamic table with it. From then on the table is filled with unknown entries: a
 * field that refers to one of them is left out and makes its head partial; what was added since is known, so nothing is
 * guessed.
 */
#ifndef HTTP_HTTP2_FIELDS_H
#define HTTP_HTTP2_FIELDS_H

#include "http/http1.h"

struct http2_fields; /* opaque */

enum {
	HTTP2_TABLE = 4096,          /* bytes of the dynamic table without a SETTINGS (RFC 9113 §6.5.2) */
	HTTP2_TABLE_MOST = 64 << 10, /* a larger one is not followed: such a block cannot be read */
};

/* All that is kept is charged to `budget`, libnghttp2's memory included. NULL: no memory. */
struct http2_fields *http2_fields_new(struct budget *budget);
void http2_fields_free(struct http2_fields *fields); /* may be NULL */

/* The reader of this direction allows a table of so many bytes (SETTINGS_HEADER_TABLE_SIZE). The largest counts: when
 * the writer begins to keep to a smaller one, it says so itself (RFC 7541 §4.2). */
void http2_fields_allow(struct http2_fields *fields, uint32_t size);

/* A block, or a part of one, was not seen: what the table holds is unknown. */
void http2_fields_lose(struct http2_fields *fields);

/* The table became unknown so often, between so few blocks that could be read, that no more blocks are. */
bool http2_fields_is_given_up(const struct http2_fields *fields);

/* Takes the next fragment of a block; `last` ends it. False: the block cannot be read any further (its rest is to be
 * given all the same), and the table is unknown. */
bool http2_fields_take(struct http2_fields *fields, struct slice fragment, bool last);

struct http2_head {
	struct http_head head; /* its first line as HTTP/1 has it; :authority is Host; crumbs of Cookie are joined */
	struct slice protocol; /* :protocol of an extended CONNECT (RFC 8441 §4); or empty */
	bool partial; /* fields of it are missing: not known, not allowed in HTTP, or beyond the limit of heads */
};

/* The block that was taken last, as the head of a request or an answer; its slices hold until the next fragment. Of an
 * extended CONNECT to a WebSocket upgrade_websocket is set, and its target is its path. False: it has no such first
 * line (trailers, a method or status that is not known). */
bool http2_fields_read(struct http2_fields *fields, enum http_role role, struct http2_head *head);

#endif
