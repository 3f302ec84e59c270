/*
 * What must not be shown: values of cookies, Authorization, and keys named like token or password, in JSON, in query
 * strings and in any text (contracts.md). A masked value keeps a digest, so that equal ones are seen to be equal; it is
 * salted differently in each run, so that it reveals nothing else.
 */
#ifndef BASE_MASK_H
#define BASE_MASK_H

#include "base/hash.h"
#include "base/json.h"

enum { MASK_NAMES = 64, MASK_REMEMBERED = 512 };

/* What the last keys meant: the same few come again and again. */
struct mask_memory {
	struct hash_secret secret;
	uint64_t slots[MASK_REMEMBERED]; /* of a key: its digest, and what it meant in the lowest bits */
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

/* Appends what replaces a secret, without quotes. */
void mask_write(const struct mask *mask, struct slice secret, struct buffer *out);

/* Rules for json_write_value. `mask` is borrowed by them. */
struct json_rules mask_rules(const struct mask *mask);

/* Appends text in which `token=…`, `"token": "…"`, `Authorization: …` and `Cookie: …` are masked. */
void mask_write_text(const struct mask *mask, struct slice text, struct buffer *out);

#endif
