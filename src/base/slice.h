/* Borrowed bytes. Who lends them says for how long; nobody who holds a slice frees it. */
#ifndef BASE_SLICE_H
#define BASE_SLICE_H

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

/* Takes what stands before the first `byte` off the front, and the byte too; all, when there is none. */
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

#endif
