/* Text encodings: base64 both ways, and UTF-8 one character at a time. */
#ifndef BASE_ENCODING_H
#define BASE_ENCODING_H

#include "base/buffer.h"
#include "base/bytes.h"

/* ---- base64 */

/* Base64 (RFC 4648 §4). */

/* Both append; false when the buffer refused or (reading) `text` is not base64. Reading tolerates missing padding and
 * the URL alphabet. */
bool base64_write(struct buffer *out, struct slice bytes);
bool base64_read(struct buffer *out, struct slice text);

/* ---- UTF-8 */

enum { UTF8_LONGEST = 4 };

/* The code point that begins the text, and its length in bytes; length 0: no UTF-8 (overlong forms and surrogates are
 * none). `text` is not empty. */
static inline size_t utf8_decode(struct slice text, uint32_t *code)
{
	static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
	uint8_t first = text.at[0];
	size_t len = first < 0x80             ? 1
	             : (first & 0xe0) == 0xc0 ? 2
	             : (first & 0xf0) == 0xe0 ? 3
	             : (first & 0xf8) == 0xf0 ? 4
	                                      : 0;
	if (!len || len > text.len)
		return 0;
	*code = len == 1 ? first : first & (0x7fu >> len);
	for (size_t i = 1; i < len; i++) {
		if ((text.at[i] & 0xc0) != 0x80)
			return 0;
		*code = *code << 6 | (text.at[i] & 0x3f);
	}
	bool wrong = (len > 1 && *code < least[len]) || *code > 0x10ffff || (*code >= 0xd800 && *code < 0xe000);
	return wrong ? 0 : len;
}

/* The same of text that ends with NUL and is not at its end. */
static inline size_t utf8_decode_text(const char *text, uint32_t *code)
{
	return utf8_decode(slice_of(text, strnlen(text, UTF8_LONGEST)), code);
}

#endif
