/*
 * A pipe that is read ahead, so that whoever draws a screen meanwhile never waits for it: is a packet there, whole?
 * What is read through it is given record by record, so that nothing of the next one waits in a stdio buffer.
 */
#ifndef SOURCE_AHEAD_H
#define SOURCE_AHEAD_H

#include "base/bytes.h"
#include "base/memory.h"

#include <stdbool.h>
#include <sys/types.h>

struct ahead; /* opaque */

/* Of an uncompressed capture; `start` was read from `file` already. What waits is charged to `budget`, which may be
 * NULL and outlives it, as `file` does. NULL: no memory. */
struct ahead *ahead_new(int file, struct slice start, struct budget *budget);
void ahead_free(struct ahead *ahead); /* NULL is let pass */

/* Without waiting: can a packet be read without waiting, or the end? Of what is neither pcap nor pcapng (a log, a HAR
 * file): all of it. */
bool ahead_has_packet(struct ahead *ahead);

/* Waits for something, and gives at most the rest of its record; 0: the end; -1: errno says why not. */
ssize_t ahead_read(struct ahead *ahead, char *out, size_t room);

#endif
