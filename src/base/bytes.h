/*
 * Borrowed bytes, and what they spell: numbers as the network has them, numbers in digits, and what a decoder of bytes
 * answers. Who lends a slice says for how long; nobody who holds one frees it.
 */
#ifndef BASE_BYTES_H
#define BASE_BYTES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <strings.h>

struct slice {
	const uint8_t *at; /* may be NULL when len is 0 */
	size_t len;
};

/* A slice over a string literal, without its terminator. */
#define SLICE(literal) ((struct slice){(const uint8_t *)(literal), sizeof(literal) - 1})

static inline struct slice slice_of(const void *at, size_t len)
{
	return (struct slice){at, len};
}

static inline struct slice slice_of_text(const char *text)
{
	return slice_of(text, text ? strlen(text) : 0);
}

/* The first `count` bytes, or all when there are fewer. */
static inline struct slice slice_take(struct slice whole, size_t count)
{
	return slice_of(whole.at, count < whole.len ? count : whole.len);
}

/* What is left after the first `count` bytes; empty when there are fewer. */
static inline struct slice slice_drop(struct slice whole, size_t count)
{
	size_t gone = count < whole.len ? count : whole.len;
	return slice_of(gone ? whole.at + gone : whole.at, whole.len - gone);
}

static inline bool slice_equals(struct slice a, struct slice b)
{
	return a.len == b.len && (a.len == 0 || memcmp(a.at, b.at, a.len) == 0);
}

static inline bool slice_equals_text(struct slice a, const char *text)
{
	return slice_equals(a, slice_of_text(text));
}

/* Equal but for the case of ASCII letters. */
static inline bool slice_equals_nocase(struct slice a, const char *text)
{
	return a.len == strlen(text) && (a.len == 0 || strncasecmp((const char *)a.at, text, a.len) == 0);
}

static inline bool slice_starts_with(struct slice whole, struct slice prefix)
{
	return whole.len >= prefix.len && slice_equals(slice_take(whole, prefix.len), prefix);
}

/* Do as many bytes as there are of `whole`, at least one, fit the prefix? */
static inline bool slice_may_start_with(struct slice whole, struct slice prefix)
{
	return whole.len && slice_equals(slice_take(whole, prefix.len), slice_take(prefix, whole.len));
}

static inline bool slice_ends_with(struct slice whole, struct slice end)
{
	return whole.len >= end.len && slice_equals(slice_drop(whole, whole.len - end.len), end);
}

/* Index of the first `byte`, or whole.len when there is none. */
static inline size_t slice_find_byte(struct slice whole, uint8_t byte)
{
	const uint8_t *hit = whole.len ? memchr(whole.at, byte, whole.len) : NULL;
	return hit ? (size_t)(hit - whole.at) : whole.len;
}

/* Index of the first occurrence of `part`, or whole.len when there is none. */
static inline size_t slice_find(struct slice whole, struct slice part)
{
	const uint8_t *hit = whole.len && part.len ? memmem(whole.at, whole.len, part.at, part.len) : NULL;
	return hit ? (size_t)(hit - whole.at) : whole.len;
}

/* The last one; whole.len when there is none. */
static inline size_t slice_find_last(struct slice whole, struct slice part)
{
	for (size_t at = whole.len + 1; part.len && at-- > 0;)
		if (whole.len - at >= part.len && memcmp(whole.at + at, part.at, part.len) == 0)
			return at;
	return whole.len;
}

/* Takes what is before the first `byte` off the front, and the byte too; all, when there is none. */
static inline struct slice slice_take_until(struct slice *rest, uint8_t byte)
{
	struct slice taken = slice_take(*rest, slice_find_byte(*rest, byte));
	*rest = slice_drop(*rest, taken.len + 1);
	return taken;
}

/* Without spaces and tabs at both ends (RFC 9110 §5.6.3, OWS). */
static inline struct slice slice_trim(struct slice whole)
{
	while (whole.len && (whole.at[0] == ' ' || whole.at[0] == '\t'))
		whole = slice_drop(whole, 1);
	while (whole.len && (whole.at[whole.len - 1] == ' ' || whole.at[whole.len - 1] == '\t'))
		whole.len--;
	return whole;
}

/* ---- numbers as the network has them: the most significant byte first, at any address */

static inline uint16_t network_read_16(const uint8_t *at)
{
	return (uint16_t)(at[0] << 8 | at[1]);
}

static inline uint32_t network_read_32(const uint8_t *at)
{
	return (uint32_t)network_read_16(at) << 16 | network_read_16(at + 2);
}

static inline void network_write_16(uint8_t *at, uint16_t number)
{
	at[0] = (uint8_t)(number >> 8);
	at[1] = (uint8_t)number;
}

static inline void network_write_32(uint8_t *at, uint32_t number)
{
	network_write_16(at, (uint16_t)(number >> 16));
	network_write_16(at + 2, (uint16_t)number);
}

/* ---- numbers as protocols spell them: ASCII digits, in every locale */

static inline bool digits_is_decimal(uint8_t byte)
{
	return (uint8_t)(byte - '0') < 10;
}

/* The value of a hexadecimal digit of either case; -1 when it is none. */
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

/* ---- what every decoder answers */

/* A pull parser is called again and again with the bytes it has not taken yet:
 *     while ((result = x_next_item(&state, &bytes, &item)) == WIRE_ITEM) …
 * It takes what it consumed off the front of `bytes`, whatever it answers. What an item borrows is valid until the next
 * call with that state. */
enum wire_result {
	WIRE_MORE, /* all of `bytes` was taken; the next item needs more */
	WIRE_ITEM,
	WIRE_BAD, /* not this protocol; the state says why and stays bad until it is reset */
};

#endif
