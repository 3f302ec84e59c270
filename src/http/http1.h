/*
 * HTTP/1.0 and 1.1 messages (RFC 9112) of one direction of one connection.
 *
 * Gives each message as a head, then its body in the pieces in which it came (chunk framing removed, content coding
 * left on), then its end. Deals with pipelining, chunked bodies with extensions and trailers, 1xx (a head of its own,
 * followed by HTTP_END), 204/304 and HEAD (no body), bodies until close, obsolete line folding, bare LF line ends,
 * empty lines before a request line.
 */
#ifndef HTTP_HTTP1_H
#define HTTP_HTTP1_H

#include "base/bytes.h"
#include "base/memory.h"

enum http_role { HTTP_REQUESTS, HTTP_RESPONSES };

enum http_item_kind {
	HTTP_HEAD,
	HTTP_BODY,
	HTTP_END, /* the message is whole */
};

struct http_head {
	struct slice bytes;  /* the whole head as captured, with its empty line */
	struct slice fields; /* the field lines, for http_find_field */
	uint64_t names;      /* of these fields, the bits of http_name_bit; 0: not known */
	struct slice method; /* requests */
	struct slice target;
	int status; /* responses */
	struct slice reason;
	int minor_version; /* of HTTP/1.x */
	bool chunked;      /* Transfer-Encoding's last coding is chunked */
	bool has_length;
	uint64_t content_length; /* when has_length */
	bool keep_alive;         /* by version and Connection */
	bool upgrade;            /* there is an Upgrade field */
	bool upgrade_h2c;        /* it has `h2c`, and Connection `upgrade` (RFC 7540 §3.2) */
	bool upgrade_websocket;  /* Connection has `upgrade` and Upgrade has `websocket` */
};

/* Two names that differ only in case have the same bit, and few others do: a field whose bit is missing is not there.
 */
static inline uint64_t http_name_bit(const uint8_t *name, size_t len)
{
	unsigned ends = len ? (name[0] | 0x20u) * 5 + (name[len - 1] | 0x20u) : 0;
	return UINT64_C(1) << ((len * 11 + ends) & 63);
}

/* The same head in a `copy` of its bytes; where that is not whole, it has no slices but the copy. */
struct http_head http_head_in(const struct http_head *head, struct slice copy);

struct http_item {
	enum http_item_kind kind;
	struct http_head head; /* HTTP_HEAD */
	struct slice body;     /* HTTP_BODY */
};

struct http_limits {
	size_t head; /* bytes of a head, default 64 KiB; a longer one is bad */
};
extern const struct http_limits http_default_limits;

struct http_stream {
	enum http_role role;
	const struct http_limits *limits;
	struct buffer held; /* a head or chunk line that came in pieces */
	uint64_t body_left; /* of the body or of the current chunk */
	uint8_t state;      /* private, as are the next two */
	size_t line_len;    /* of the head or chunk line so far */
	bool line_is_cr;    /* all of it is a carriage return */
	const char *why;    /* after WIRE_BAD: what is wrong, for people */
};

void http_stream_init(
    struct http_stream *stream, enum http_role role, const struct http_limits *limits, struct budget *budget);
void http_stream_free(struct http_stream *stream);

/* See base/bytes.h. After the head of a 101 response and its HTTP_END, the bytes left belong to the other protocol:
 * the caller stops calling. The same goes for a request that asked to upgrade, until its answer is known. */
enum wire_result http_next_item(struct http_stream *stream, struct slice *bytes, struct http_item *item);

/* The next byte begins a message. */
bool http_is_between(const struct http_stream *stream);

/* After WIRE_BAD: method and target of the request whose head was refused, in the stream's own memory; false when it
 * was no head, or when its first line had not come. */
bool http_read_refused_head(const struct http_stream *stream, struct http_head *head);

/* Between the HTTP_HEAD of a response and the next call: it answers HEAD (or is a 2xx to CONNECT), so no body follows
 * whatever its fields say. */
void http_response_has_no_body(struct http_stream *stream);

/* The connection ended (FIN) here. WIRE_ITEM with HTTP_END: a body until close is now whole. WIRE_MORE: between two
 * messages, all is well. WIRE_BAD: cut off within a message. */
enum wire_result http_end_stream(struct http_stream *stream, struct http_item *item);

/* Forgets everything: the next byte is the first of a message (after a gap, when a message seems to begin). */
void http_stream_reset(struct http_stream *stream);

/* Bytes of body were lost; true when their length is known to lie wholly within the current body (not chunked), which
 * is then shortened by them, and decoding goes on; false: the stream must be reset. */
bool http_skip_lost(struct http_stream *stream, uint64_t lost);

/* Does `bytes` begin a message of this role (method and space and `/`, `*` or a scheme; or "HTTP/1.")? True for a
 * prefix too short to decide only when `maybe` is set. */
bool http_looks_like(enum http_role role, struct slice bytes, bool maybe);

/* The first field with this name (any case), its value trimmed and unfolded as far as a slice can be (an obsolete fold
 * stays inside the value). */
bool http_find_field(struct slice fields, const char *name, struct slice *value);

/* The same, and `fields` then begins behind it: where all are wanted. */
bool http_next_field(struct slice *fields, const char *name, struct slice *value);

/* Is `token` an element of this comma-separated list (any case, parameters after `;` ignored)? */
bool http_list_has(struct slice list, const char *token);

/* A parameter of the target's query: the raw (still percent-encoded) value of the first `name=`; false when absent. A
 * name without `=` has an empty value. */
bool http_find_parameter(struct slice target, const char *name, struct slice *value);

/* The path of a target in any form (origin, absolute), without query and fragment. */
struct slice http_target_path(struct slice target);

/* Host and port of an Origin or a URL, with what follows them; empty when it has no scheme. */
struct slice http_origin_host(struct slice origin);

/* Appends `encoded` with %XX undone (a malformed % stays as it is), `+` as space when asked. */
bool http_decode_percent(struct slice encoded, bool plus_is_space, struct buffer *out);

/* For http1.c, once a head is whole. NULL, or what is wrong with it. The slices of `head` lie in `bytes`. */
const char *http_head_read(enum http_role role, struct slice bytes, struct http_head *head);

/* Does `bytes` begin a request as only a proxy gets it: CONNECT, or a target with its scheme? */
bool http_looks_like_to_proxy(struct slice bytes);

/* Is this the head of an answer by which a proxy opens a tunnel, although its CONNECT was not captured? */
bool http_head_opens_tunnel(const struct http_head *head);

#endif
