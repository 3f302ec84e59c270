/* Base64 both ways, three bytes and four letters at a time. */
#include "base/encoding.h"

static const char base64_letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/* The value of a letter in either alphabet, plus one; 0 for what is no letter. */
// clang-format off
static const uint8_t base64_digits[256] = {
	[' '] =
	 0,  0,  0,  0,  0,  0,  0,  0,  0,  0,  0, 63,  0, 63,  0, 64,
	53, 54, 55, 56, 57, 58, 59, 60, 61, 62,  0,  0,  0,  0,  0,  0,
	 0,  1,  2,  3,  4,  5,  6,  7,  8,  9, 10, 11, 12, 13, 14, 15,
	16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26,  0,  0,  0,  0, 64,
	 0, 27, 28, 29, 30, 31, 32, 33, 34, 35, 36, 37, 38, 39, 40, 41,
	42, 43, 44, 45, 46, 47, 48, 49, 50, 51, 52,  0,  0,  0,  0,  0,
};
// clang-format on

/* Four letters for up to three bytes, padded. */
static void write_group(uint8_t *to, const uint8_t *from, size_t count)
{
	uint32_t bits = (uint32_t)from[0] << 16;
	if (count > 1)
		bits |= (uint32_t)from[1] << 8;
	if (count > 2)
		bits |= from[2];
	to[0] = base64_letters[bits >> 18];
	to[1] = base64_letters[bits >> 12 & 63];
	to[2] = count > 1 ? base64_letters[bits >> 6 & 63] : '=';
	to[3] = count > 2 ? base64_letters[bits & 63] : '=';
}

bool base64_write(struct buffer *out, struct slice bytes)
{
	if (bytes.len > SIZE_MAX / 2 || !buffer_reserve(out, (bytes.len + 2) / 3 * 4)) {
		out->truncated = true;
		return false;
	}
	for (size_t i = 0; i < bytes.len; i += 3) {
		write_group(out->at + out->len, bytes.at + i, bytes.len - i < 3 ? bytes.len - i : 3);
		out->len += 4;
	}
	return true;
}

/* Two to four letters as one to three bytes; false when one of them is no letter. */
static bool read_group(uint8_t *to, const uint8_t *from, size_t count)
{
	uint8_t digits[4] = {0};
	uint8_t seen = 0;
	for (size_t i = 0; i < count; i++)
		seen |= digits[i] = (uint8_t)(base64_digits[from[i]] - 1);
	to[0] = (uint8_t)(digits[0] << 2 | digits[1] >> 4);
	if (count > 2)
		to[1] = (uint8_t)(digits[1] << 4 | digits[2] >> 2);
	if (count > 3)
		to[2] = (uint8_t)(digits[2] << 6 | digits[3]);
	return seen < 64;
}

static struct slice without_padding(struct slice text)
{
	for (int padding = 0; padding < 2 && text.len && text.at[text.len - 1] == '='; padding++)
		text.len--;
	return text;
}

bool base64_read(struct buffer *out, struct slice text)
{
	text = without_padding(text);
	if (text.len % 4 == 1)
		return false;
	if (!text.len)
		return true;
	size_t tail = text.len % 4;
	if (!buffer_reserve(out, text.len / 4 * 3 + (tail ? tail - 1 : 0))) {
		out->truncated = true;
		return false;
	}
	uint8_t *to = out->at + out->len;
	for (size_t i = 0; i < text.len; i += 4) {
		size_t count = text.len - i < 4 ? text.len - i : 4;
		if (!read_group(to, text.at + i, count))
			return false;
		to += count - 1;
	}
	out->len = (size_t)(to - out->at);
	return true;
}
