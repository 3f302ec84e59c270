/* MessagePack as JSON text. */
#ifndef SOCKETIO_MSGPACK_H
#define SOCKETIO_MSGPACK_H

#include "base/buffer.h"

/* Appends the one value that begins `bytes`, taking it off the front: bin as {"$binary":"<base64>"}, a
 * timestamp (extension type -1) as RFC 3339 text, any other extension as {"$ext":<type>,"$binary":"<base64>"}, map keys
 * that are no strings as their JSON in quotes, floats in the shortest spelling that reads back the same. Of extension
 * type 0, which applications may use as they like, what notepack.io writes is read as notepack.io reads it (2 and 3,
 * lib/decode.js): undefined (one byte) as null, a date (eight bytes, milliseconds, by version 2), an ArrayBuffer (a
 * length of its own) as binary. False: not msgpack, refused by the buffer, or nested deeper than
 * JSON_DEPTH, and good as far as it was read: then *too_deep. */
bool msgpack_write_json(struct slice *bytes, struct buffer *out, bool *too_deep);

#endif
