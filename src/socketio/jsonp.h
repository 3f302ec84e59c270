/* What JSONP wraps around a polling payload (protocol.md §3.4). */
#ifndef SOCKETIO_JSONP_H
#define SOCKETIO_JSONP_H

#include "base/buffer.h"

/* `___eio[j]("…");`: appends the payload to `out`. The text is read as a JavaScript string; where that ends too early,
 * as python-engineio writes it (only quotes escaped). False: not JSONP, or refused by `out`. */
bool jsonp_unwrap_answer(struct slice body, struct buffer *out);

/* `d=…` of a form post: percent and + undone, doubled backslashes before n put right. False: no `d`, or refused. */
bool jsonp_unwrap_post(struct slice body, struct buffer *out);

#endif
