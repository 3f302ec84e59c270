/* MessagePack as JSON text. */
#ifndef SOCKETIO_MSGPACK_H
#define SOCKETIO_MSGPACK_H

#include "base/buffer.h"

/* Appends the one value that begins `bytes`, taking it off the front: bin as {"$binary":"<base64>"}, ext (and
 * notepack's undefined, fixext1 type 0) as null, map keys that are no strings as their JSON in quotes, floats in the
 * shortest spelling that reads back the same. False: not msgpack, refused by the buffer, or nested deeper than
 * JSON_DEPTH, and good as far as it was read: then *too_deep. */
bool msgpack_write_json(struct slice *bytes, struct buffer *out, bool *too_deep);

#endif
