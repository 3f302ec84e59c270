/* What mask_scan.c (names, and what they are bound to), mask_value.c (values), mask_shapes.c (what is a secret without
 * a name) and mask_text.c (what is written instead) share. For them alone. */
#ifndef BASE_MASK_SCAN_H
#define BASE_MASK_SCAN_H

#include "base/mask_names.h"

/* MASK_DEPTH: of encodings within each other; what is a text and lies deeper is masked unread. MASK_RUN: shorter ones
 * encode no name with its value. */
enum { MASK_DEPTH = 5, MASK_RUN = 16 };

enum { MASK_DIGEST_REACH = 1024 }; /* how far behind a scheme, or a parameter of it, the next is looked for */
enum { MASK_PAIR_REACH = 400 };    /* how far behind a name its value is looked for, in an object */

/* Texts that people and programs write make it hardly twice their length; short ones have time enough. */
enum { MASK_EFFORT = 16, MASK_EFFORT_LEAST = 4096 };

struct scan {
	const struct mask *mask;
	struct slice text;
	unsigned depth;
	size_t encoded_until; /* the run of base64 that was looked into reaches to here */
	size_t percent_until; /* the run with percent signs */
	size_t digest_until;  /* parameters of the scheme Digest, of which one is the proof */
	size_t effort;        /* bytes that were looked at ahead of what is read */
	size_t named_until;   /* MASK_VALUE is a secret up to here, */
	unsigned named_means; /* as this says */
};

struct find {
	size_t begin, end; /* end 0: nothing was found */
};

/* Counts what was looked at for an end, which is returned. */
static inline size_t mask_look_ahead(struct scan *scan, size_t from, size_t end)
{
	scan->effort += end - from;
	return end;
}

/* The first secret from `at` on; false when there is none. */
bool mask_scan_finds(struct scan *scan, size_t at, struct find *find);

/* What was decoded out of `outer`'s text holds a secret. */
bool mask_scan_holds(const struct scan *outer, struct slice text);

/* ---- signs as they are meant, whatever escapes they are spelt with */

struct sign {
	uint8_t byte;
	size_t len; /* as it is spelt; 0 at the end */
	size_t backslashes;
};

/* At a backslash, `&` or `%`. */
struct sign mask_sign_escaped(struct slice text, size_t at);

static inline struct sign mask_sign_at(struct slice text, size_t at)
{
	if (at >= text.len)
		return (struct sign){0};
	uint8_t byte = text.at[at];
	bool is_escaped = byte == '\\' || byte == '&' || byte == '%';
	return is_escaped ? mask_sign_escaped(text, at) : (struct sign){byte, 1, 0};
}

/* The sign that ends at `at`. */
struct sign mask_sign_before(struct slice text, size_t at);

static const bool mask_name_signs[256] = {['0' ... '9'] = true,
    ['A' ... 'Z'] = true,
    ['a' ... 'z'] = true,
    ['_'] = true,
    ['-'] = true,
    ['.'] = true,
    ['$'] = true};

static inline struct slice mask_part(struct slice text, size_t begin, size_t end)
{
	return slice_take(slice_drop(text, begin), end - begin);
}

/* ---- values (mask_value.c) */

static inline bool mask_is_quote(uint8_t byte)
{
	return byte == '"' || byte == '\'' || byte == '`';
}

/* Past blanks; past backslashes that belong to nothing: what escapes quotes is often escaped itself. */
size_t mask_skip_blanks(struct slice text, size_t at);
size_t mask_skip_backslashes(struct slice text, size_t at);

/* The quote at `at`, which becomes where the value begins, or the one behind which Python says that it is bytes; len 0:
 * there is none. */
struct sign mask_opening_quote(struct slice text, size_t *at);

/* Where the value ends that begins at `begin`: at the quote that closes it; without quotes, at a sign that ends one, or
 * (`line`) at the line's end. */
size_t mask_quoted_end(struct scan *scan, size_t begin, struct sign opening);
size_t mask_unquoted_end(struct scan *scan, size_t begin, bool line);

/* The value at `at` of a name that means this. Returns where to look on. */
size_t mask_take_value(struct scan *scan, size_t at, unsigned means, struct find *find);

/* ---- shapes. Each takes what begins at `at`; false, or `find` without end: it is none. */

/* A JWT, or a token whose beginning says whose it is. `name`: what is read there as a name. */
bool mask_take_token(struct scan *scan, size_t at, struct slice name, struct find *find);

/* "Bearer abc1": the word behind the scheme, which ends at `at`, when it looks like credentials. */
bool mask_take_scheme(struct scan *scan, struct slice name, size_t at, struct find *find);

/* "-u alice:abc1", as curl and its like have it on a command line: the password of the word at `behind`. */
bool mask_take_login(struct slice text, struct slice name, size_t behind, struct find *find);

/* A run of base64 or hexadecimal, or one with percent signs, that is a text with a secret in it. */
bool mask_take_encoded(struct scan *scan, size_t at, struct find *find);
bool mask_take_percent(struct scan *scan, size_t at, struct find *find);

/* "://user:password@", or "://token@". Returns where to look on. */
size_t mask_take_userinfo(struct slice text, size_t at, struct find *find);

/* "-----BEGIN … PRIVATE KEY-----" (RFC 7468) up to its end. */
bool mask_take_pem(struct slice text, size_t at, struct find *find);

/* An element of XML, whose name begins at `at` and ends at `end`, and means this: what is between its tags. What is cut
 * reaches to the end, "<password> to log in" is prose. Returns where to look on. */
size_t mask_take_element(struct scan *scan, size_t at, size_t end, unsigned means, struct find *find);

#endif
