/* Text of UTF-16, as PowerShell's `>` and Tee-Object write it, becomes UTF-8 byte by byte. */
#include "source/log_encoding.h"

enum { REPLACEMENT = 0xfffd, BYTE_ORDER_MARK = 0xfeff };

static bool encoding_is_text(uint8_t byte)
{
	return (byte >= ' ' && byte < 0x7f) || byte == '\t' || byte == '\r' || byte == '\n' || byte == '\x1b';
}

/* Without a mark, text whose every second byte is zero, as far as it is ASCII: the first units of a log are. */
enum log_coding log_encoding_find(struct slice start)
{
	enum { UNITS = 16 };
	if (slice_starts_with(start, SLICE("\xff\xfe")))
		return LOG_UTF16_LITTLE;
	if (slice_starts_with(start, SLICE("\xfe\xff")))
		return LOG_UTF16_BIG;
	size_t units = start.len / 2 < UNITS ? start.len / 2 : UNITS, little = 0, big = 0;
	for (size_t i = 0; i < units; i++) {
		const uint8_t *unit = start.at + 2 * i;
		little += encoding_is_text(unit[0]) && !unit[1];
		big += !unit[0] && encoding_is_text(unit[1]);
	}
	return units < 2 ? LOG_UTF8 : little == units ? LOG_UTF16_LITTLE : big == units ? LOG_UTF16_BIG : LOG_UTF8;
}

static size_t encoding_put(uint32_t character, uint8_t *out)
{
	size_t len = character < 0x80 ? 1 : character < 0x800 ? 2 : character < 0x10000 ? 3 : 4;
	static const uint8_t lead[] = {0, 0, 0xc0, 0xe0, 0xf0};
	for (size_t i = len; i-- > 1; character >>= 6)
		out[i] = (uint8_t)(0x80 | (character & 0x3f));
	out[0] = (uint8_t)(lead[len] | character);
	return len;
}

/* A unit is whole. Half of a pair without the other is shown as U+FFFD (RFC 2781 §2.2). */
static size_t encoding_take_unit(struct log_encoding *encoding, uint32_t unit, uint8_t *out)
{
	bool is_low = unit >= 0xdc00 && unit < 0xe000, is_high = unit >= 0xd800 && unit < 0xdc00;
	uint32_t high = encoding->high;
	encoding->high = is_high ? (uint16_t)unit : 0;
	if (high && is_low)
		return encoding_put(0x10000 + ((high - 0xd800) << 10) + (unit - 0xdc00), out);
	size_t len = high ? encoding_put(REPLACEMENT, out) : 0;
	if (is_high || unit == BYTE_ORDER_MARK)
		return len;
	return len + encoding_put(is_low ? REPLACEMENT : unit, out + len);
}

size_t log_encoding_take(struct log_encoding *encoding, uint8_t byte, uint8_t out[LOG_ENCODED])
{
	if (encoding->coding == LOG_UTF8) {
		*out = byte;
		return 1;
	}
	encoding->has_first = !encoding->has_first;
	if (encoding->has_first) {
		encoding->first = byte;
		return 0;
	}
	uint8_t low = encoding->coding == LOG_UTF16_LITTLE ? encoding->first : byte;
	uint8_t high = encoding->coding == LOG_UTF16_LITTLE ? byte : encoding->first;
	return encoding_take_unit(encoding, (uint32_t)high << 8 | low, out);
}
