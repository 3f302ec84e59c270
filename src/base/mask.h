/*
 * What must not be shown: passwords, tokens, cookies and whatever else lets somebody in. Everything that leaves the
 * program for people or for other programs passes here at its sink: a paragraph of text, a line or a document of JSON,
 * a line of a screen, bytes in a view of bytes (src/README.md says which are the sinks, and what may show).
 *
 * A secret is found by the name before it (mask_names.c is the table, with a reason each), by its shape, and inside
 * strings, base64, hexadecimal and percent-encoding as well (mask_scan.c). What replaces it keeps a digest, so that
 * equal ones are seen to be equal; it is salted differently in each run, so that it reveals nothing else.
 */
#ifndef BASE_MASK_H
#define BASE_MASK_H

#include "base/hash.h"
#include "base/json.h"

enum { MASK_NAMES = 64, MASK_REMEMBERED = 1024 };

/* What the last keys meant: the same few come again and again. */
struct mask_memory {
	struct hash_secret secret;
	uint64_t slots[MASK_REMEMBERED]; /* of a key: its digest, and what it meant in the lowest bits */
	uint64_t texts[MASK_REMEMBERED]; /* digests of texts without a secret */
};

struct mask {
	bool shows;    /* --show-secrets: nothing is masked */
	bool nameless; /* without digests: what is written can be compared with another run's */
	uint64_t salt;
	const char *names[MASK_NAMES]; /* besides the usual ones; borrowed */
	size_t name_count;
	struct mask_memory *memory; /* NULL: each key is read again; borrowed. Shared by no mask of other names */
};

/* The usual names, a salt of this run. */
void mask_init(struct mask *mask);

/* Nothing is remembered. */
void mask_memory_init(struct mask_memory *memory);

/* A key (or field, or var) whose value is a secret: one of its words is. `client_token`, `X-Api-Key`, `accessToken`
 * are; `author`, `tokenizer` are not. */
bool mask_is_secret(const struct mask *mask, struct slice key);

/* The last of its words is one: it may name a secret beside it, as an event's name does its arguments. */
bool mask_ends_secret(const struct mask *mask, struct slice name);

/* Appends what replaces a secret, without quotes. */
void mask_write(const struct mask *mask, struct slice secret, struct buffer *out);

/* Appends the text, its secrets replaced. It may be any text, or bytes, or what is between the quotes of a JSON string:
 * escapes stay as they are spelt. */
void mask_write_text(const struct mask *mask, struct slice text, struct buffer *out);

/* The same for people: characters that steer a terminal or hide are shown as escapes (utf8_write_visible). */
void mask_write_visible(const struct mask *mask, struct slice text, struct buffer *out);

/* Whether mask_write_text would replace anything. */
bool mask_text_holds(const struct mask *mask, struct slice text);

/* Appends valid JSON, one value or several with commas between, its secrets replaced: strings, and numbers, which
 * become strings. False when nothing was, and then nothing is appended: what is valid needs no copy. White space stays.
 * `named`: the name of the value, where it stands elsewhere; empty: none. A value that is cut at its end is taken as
 * well. */
bool mask_write_json(const struct mask *mask, struct slice json, struct slice named, struct buffer *out);

/* The same of a line of the timeline, an object: of its members only those from `begin` to `end` can hold secrets, and
 * are read. The type of a CONNECT is one of them, as it says that its data is one. */
bool mask_write_line(const struct mask *mask, struct slice line, size_t begin, size_t end, struct buffer *out);

/* Overwrites the secrets in bytes, which keep their places, for views of bytes. */
enum { MASK_FILL = '*' };
void mask_fill_bytes(const struct mask *mask, uint8_t *bytes, size_t len);

#endif
