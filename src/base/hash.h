/*
 * Hash tables: uthash, made safe. Whoever keeps a table includes this and not <uthash.h>.
 *
 * - Without memory an element is not taken in, and nothing ends the program: after each HASH_ADD ask hash_has, and let
 * go of what it has not. Such an element must never be given to HASH_DEL.
 * - Keys come from the wire. A table's buckets depend on a secret of the process, so that nobody can choose keys that
 *   fall into one. HASH_ITER goes in the order of adding, which does not depend on it.
 *
 * A number for some bytes that is the same in every run is fnv_add's.
 */
#ifndef BASE_HASH_H
#define BASE_HASH_H

#include "base/bytes.h"
#include "platform/system.h"

#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct hash_secret {
	uint64_t start, factor;
};

/* From the random bytes of this process; a constant where the system has none. */
static inline struct hash_secret hash_secret(void)
{
	struct hash_secret secret = {UINT64_C(0x9e3779b97f4a7c15), UINT64_C(0xd1342543de82ef95)};
	const void *random = platform_process_secret();
	_Static_assert(sizeof secret == PLATFORM_SECRET_SIZE, "the secret is all random bytes of the process");
	if (random)
		memcpy(&secret, random, sizeof secret);
	secret.factor |= 1;
	return secret;
}

/* Both halves of the product: each bit of the word reaches bits that depend on the secret. */
static inline uint64_t hash_mix(uint64_t word, uint64_t factor)
{
	unsigned __int128 product = (unsigned __int128)word * factor;
	return (uint64_t)product ^ (uint64_t)(product >> 64);
}

/* The last eight bytes of a key, or all of a shorter one: read by fixed sizes that overlap, for a memcpy of any other
 * costs more than all the rest. Together with the length they miss nothing. */
static inline uint64_t hash_last_bytes(const uint8_t *at, size_t len)
{
	uint64_t word;
	uint32_t halves[2];
	if (len >= sizeof word) {
		memcpy(&word, at + len - sizeof word, sizeof word);
		return word;
	}
	if (len < sizeof *halves)
		return len ? (uint64_t)at[0] << 16 | (uint64_t)at[len / 2] << 8 | at[len - 1] : 0;
	memcpy(&halves[0], at, sizeof *halves);
	memcpy(&halves[1], at + len - sizeof *halves, sizeof *halves);
	return (uint64_t)halves[0] << 32 | halves[1];
}

/* All 64 bits: two texts of one length that have the same are taken for equal where neither can be kept. */
static inline uint64_t hash_digest(struct hash_secret secret, const void *key, size_t len)
{
	const uint8_t *at = key;
	uint64_t hash = secret.start, word;
	for (size_t done = 0; done + sizeof word < len; done += sizeof word) {
		memcpy(&word, at + done, sizeof word);
		hash = hash_mix(hash ^ word, secret.factor);
	}
	hash = hash_mix(hash ^ hash_last_bytes(at, len), secret.factor);
	return hash_mix(hash ^ len, secret.factor);
}

/* HASH_FUNCTION for who looks up so often that the secret is kept: to be given to HASH_…_BYHASHVALUE. */
static inline unsigned hash_bytes(struct hash_secret secret, const void *key, size_t len)
{
	return (unsigned)hash_digest(secret, key, len);
}

#define HASH_NONFATAL_OOM 1
#define HASH_FUNCTION(key, len, hash) ((hash) = hash_bytes(hash_secret(), (key), (len)))
#include <uthash.h>

/* Whether the last HASH_ADD of this element took it in. (With another handle than `hh`, look at its `tbl`.) */
#define hash_has(element) ((element)->hh.tbl != NULL)

/* ---- FNV-1a: the same in every run, so not for keys from the wire */

#define FNV_START UINT64_C(0xcbf29ce484222325)

/* Goes on from `hash`, which is FNV_START before the first bytes. */
static inline uint64_t fnv_add(uint64_t hash, const void *bytes, size_t len)
{
	const uint8_t *at = bytes;
	for (size_t i = 0; i < len; i++)
		hash = (hash ^ at[i]) * UINT64_C(0x100000001b3);
	return hash;
}

/* Of these bytes alone. */
static inline uint64_t fnv_digest(struct slice bytes)
{
	return fnv_add(FNV_START, bytes.at, bytes.len);
}

#endif
