/* The flow table: TCP connections by their addresses and ports, in order of last traffic. */
#ifndef SOCKETIO_FLOWS_H
#define SOCKETIO_FLOWS_H

#include "socketio/context.h"

struct flows; /* opaque */

/* NULL: no memory. */
struct flows *flows_new(struct context *context);
void flows_free(struct flows *flows);

/* Takes a segment between two addresses. */
void flows_take_segment(struct flows *flows, const struct address *source, const struct address *destination,
    const struct segment *segment);

/* Ends every connection, in order of last traffic. */
void flows_end(struct flows *flows);

#endif
