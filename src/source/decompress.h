/* A compressed file read as a plain stream. */
#ifndef SOURCE_DECOMPRESS_H
#define SOURCE_DECOMPRESS_H

#include <stdio.h>

/* Looks at the first bytes of `file`, of which nothing has been read, and returns a stream of the plain bytes, which
 * owns `file`: `file` itself when it is not compressed (and can be sought), else a stream that undoes gzip or zstd on
 * the way, where what is broken or ends too early is a read error. The stream reads through `room`, `size` bytes that
 * are there until it is closed. NULL: no memory; `file` is then closed. */
FILE *decompress_open(FILE *file, char *room, size_t size);

#endif
