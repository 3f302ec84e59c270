/* Base64 (RFC 4648 §4). */
#ifndef BASE_BASE64_H
#define BASE_BASE64_H

#include "base/buffer.h"

/* Both append; false when the buffer refused or (reading) `text` is not base64. Reading tolerates missing padding and
 * the URL alphabet. */
bool base64_write(struct buffer *out, struct slice bytes);
bool base64_read(struct buffer *out, struct slice text);

#endif
