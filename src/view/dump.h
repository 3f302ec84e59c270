/* The timeline as NDJSON on a stream, an observer; and one event as a line of it. */
#ifndef VIEW_DUMP_H
#define VIEW_DUMP_H

#include "base/mask.h"
#include "query/query.h"
#include "socketio/event.h"

#include <stdio.h>

/* ---- the timeline */

enum { DUMP_DEFAULT = 0 }; /* Socket.IO, Engine.IO, how transports closed, and what could not be seen */

struct dump; /* opaque */

/* `layers`: bits of enum layer, or DUMP_DEFAULT; no line is longer than `longest` bytes. `out` and `mask` are borrowed.
 * NULL: no memory. */
struct dump *dump_new(FILE *out, unsigned layers, const struct mask *mask, size_t longest);

/* Only events that `where` (a filter over events; borrowed) accepts. `data` is what it may look back to. */
void dump_set_filter(struct dump *dump, const struct query *where, const struct query_data *data);

/* Writes out the lines that wait to be many: for a reader who looks on. */
void dump_show(struct dump *dump);

/* Writes the lines that still wait; false when the stream refused something (the reader went away, a full disk). */
bool dump_free(struct dump *dump);

const struct observer *dump_observer(const struct dump *dump);

/* To which the lines that wait are charged: unlimited, until it is made a part of another. Where they do not fit, they
 * wait no longer. */
struct budget *dump_memory(struct dump *dump);

/* How many lines were too long, and are cut. */
uint64_t dump_cut(const struct dump *dump);

/* Has the stream refused something? Nothing more is written then. */
bool dump_failed(const struct dump *dump);

/* ---- one line */

enum line_result {
	LINE_REFUSED, /* there was no memory for it */
	LINE_WHOLE,
	LINE_CUT, /* it is without its payload, and says so ("cut"): the whole is longer than the buffer's limit */
};

/* Appends the object, without line end. */
enum line_result line_write(struct buffer *out, const struct event *event, const struct mask *mask);

/* Appends one sighting of an event, an object of `legs`. */
void line_write_leg(struct buffer *out, const struct event_leg *leg);

#endif
