/*
 * JSON as it is on the wire, read where it lies: nothing is built, values are slices of the text.
 *
 * The grammar is RFC 8259 and, because Python servers send them, the bare words NaN, Infinity and -Infinity.
 * Control characters in strings are let pass: python-engineio's JSONP yields them. Numbers
 * keep their spelling. Depth is limited to JSON_DEPTH; deeper text is bad. No function here recurses or allocates, save
 * into a caller's buffer.
 */
#ifndef BASE_JSON_H
#define BASE_JSON_H

#include "base/memory.h"

#include <stdio.h>

enum { JSON_DEPTH = 512 };

enum json_kind {
	JSON_BAD, /* nothing that a value begins with */
	JSON_NULL,
	JSON_TRUE,
	JSON_FALSE,
	JSON_NUMBER,
	JSON_NOT_FINITE, /* NaN, Infinity, -Infinity */
	JSON_STRING,
	JSON_ARRAY,
	JSON_OBJECT,
};

/* White space between tokens (RFC 8259 §2). */
static inline bool json_is_space(uint8_t byte)
{
	return byte == ' ' || byte == '\n' || byte == '\r' || byte == '\t';
}

/* The kind of the value that begins `text` (after white space), by its first byte. */
enum json_kind json_kind_of(struct slice text);

/* Reads one whole value, checked, from the front of `text` (white space before it is passed over). True: `value` is its
 * exact text and `text` what follows. False: `text` does not begin with a whole valid value. */
bool json_take_value(struct slice *text, struct slice *value);

/* The same, of text that json_take_value has accepted before, alone or within other text: several times as fast. Of any
 * other text it takes something or nothing, within its bounds. */
bool json_take_checked(struct slice *text, struct slice *value);

/* What json_take_value refuses here is nested deeper than JSON_DEPTH, and good as far as it was read. */
bool json_is_too_deep(struct slice text);

/* One whole valid value and nothing but white space around it. */
bool json_is_valid(struct slice text);

/* Walks the members of an object or the elements of an array whose text has been checked (came from json_take_value):
 *     struct json_walk walk = json_walk_into(value);
 *     while (json_walk_next(&walk)) … walk.key, walk.value …
 * `key` is the key's token with its quotes; empty in an array. A walk into anything else is empty. */
struct json_walk {
	struct slice rest;
	struct slice key;
	struct slice value;
	bool in_object;
	size_t index; /* of `value`, from 0 */
};
struct json_walk json_walk_into(struct slice value);
bool json_walk_next(struct json_walk *walk);

/* The first member with this key (compared after unescaping) or the nth element; false when there is none. */
bool json_find_member(struct slice object, const char *key, struct slice *value);
bool json_find_element(struct slice array, size_t index, struct slice *value);

/* What is between the quotes of a string token, escapes as they are; empty for a token without quotes. */
static inline struct slice json_inside_quotes(struct slice token)
{
	return token.len >= 2 ? slice_of(token.at + 1, token.len - 2) : slice_of(NULL, 0);
}

/* Appends the text that a string token (with its quotes) stands for, as UTF-8; a lone surrogate becomes U+FFFD. False
 * when it is no string token, or when the buffer refused. */
bool json_unescape(struct slice token, struct buffer *out);

/* The token is a string that stands for exactly `text`. */
bool json_string_is(struct slice token, const char *text);

/* A whole number token within the range; false otherwise (fractions and exponents are no whole numbers here). */
bool json_read_integer(struct slice token, int64_t *number);

/* Any JSON number as the nearest double. */
bool json_read_number(struct slice token, double *number);

/* Appends `utf8` as a JSON string with quotes: what utf8_is_steering says (controls,
 * marks of direction, Unicode line ends) escaped, bytes that are not UTF-8 as U+FFFD. */
bool json_write_string(struct buffer *out, struct slice utf8);

/* Appends bytes that JSON has no form for: {"$binary":"<base64>"}. */
bool json_write_binary(struct buffer *out, struct slice bytes);

/* What json_write_value changes on its way. All optional. */
struct json_rules {
	const struct slice *attachments; /* {"_placeholder":true,"num":k} becomes json_write_binary of attachments[k] */
	size_t attachment_count;
	/* attachment_count zeros: an attachment is written where it is named first, and then referred to by its place
	 * among those that were written, as {"$binary_ref":0}. NULL: it is written as often as it is named, which may
	 * be 100,000 times. */
	uint16_t *places;
};

/* Appends one value that json_take_value accepted (or several with commas between, as in an array), white
 * space dropped, so that strict parsers take it on one line: NaN and its like as strings, characters that
 * steer and bytes that are not UTF-8 put right, numbers as they were spelt. `rules` may be NULL. False when the
 * buffer refused. */
bool json_write_value(struct buffer *out, struct slice value, const struct json_rules *rules);

/* ---- from a file, one value at a time */

/* The next byte behind white space, which stays; EOF. */
int json_stream_peek(FILE *stream);

/* Takes this byte off, behind white space. */
bool json_stream_take_byte(FILE *stream, int wanted);

/* Takes a value off, into `out` as far as that takes it (NULL: nowhere), unchecked. False: the file ends within it, or
 * there is none. */
bool json_stream_take_value(FILE *stream, struct buffer *out);

#endif
