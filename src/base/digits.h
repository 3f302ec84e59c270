/* Numbers as protocols spell them: digits of ASCII, whatever the locale. */
#ifndef BASE_DIGITS_H
#define BASE_DIGITS_H

#include "base/slice.h"

static inline bool digits_is_decimal(uint8_t byte)
{
	return (uint8_t)(byte - '0') < 10;
}

/* What a hexadecimal digit of either case stands for; -1 when it is none. */
static inline int digits_read_hex(uint8_t byte)
{
	if (digits_is_decimal(byte))
		return byte - '0';
	byte |= 0x20;
	return byte >= 'a' && byte <= 'f' ? byte - 'a' + 10 : -1;
}

/* Takes the decimal digits off the front of `text`, one to `most` of them (at most 19: what they come to fits). False,
 * and nothing is taken: there are none, or more. */
static inline bool digits_take(struct slice *text, size_t most, uint64_t *number)
{
	uint64_t sum = 0;
	size_t count = 0;
	for (; count < text->len && digits_is_decimal(text->at[count]); count++) {
		if (count == most)
			return false;
		sum = sum * 10 + (text->at[count] - '0');
	}
	if (count == 0)
		return false;
	*number = sum;
	*text = slice_drop(*text, count);
	return true;
}

enum { DIGITS_MOST = 20 }; /* of a 64-bit number */

/* Writes the number in decimal, at most DIGITS_MOST digits and no NUL; returns where it ends. */
static inline char *digits_write(char *text, uint64_t number)
{
	char backwards[DIGITS_MOST];
	size_t count = 0;
	do
		backwards[count++] = (char)('0' + number % 10);
	while (number /= 10);
	while (count)
		*text++ = backwards[--count];
	return text;
}

#endif
