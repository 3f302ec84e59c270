/* Content codings (RFC 9110 §8.4.1), undone by zlib, brotli and zstd: gzip, x-gzip, deflate (zlib-wrapped, or raw as
 * some send it), br, zstd, identity. */
#ifndef HTTP_CODING_H
#define HTTP_CODING_H

#include "base/memory.h"

enum coding_result {
	CODING_DONE,
	CODING_CUT,     /* the coded bytes end too early, or the buffer refused more: `out` has what there was */
	CODING_BAD,     /* not what the name says */
	CODING_UNKNOWN, /* a coding that is not read here */
};

/* Undoes `codings`, the value of Content-Encoding (a list: the last was applied last), and appends the plain bytes to
 * `out`, whose limit bounds them. An empty list is identity. A list of more than four is CODING_BAD. */
enum coding_result coding_decode(struct slice codings, struct slice coded, struct buffer *out);

/* True when `codings` is empty or names only identity: the bytes are plain as they are. */
bool coding_is_identity(struct slice codings);

#endif
