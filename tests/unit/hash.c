/* What tables are keyed by: the key's bytes and length, nothing else, and the secret. */
#include "base/hash.h"

#include "unit.h"

#include <stdlib.h>

enum { LONGEST = 40 };

static const struct hash_secret fixed = {UINT64_C(0x0123456789abcdef), UINT64_C(0xfedcba9876543211)};

static void a_key_hashes_alike_wherever_it_lies(void **state)
{
	(void)state;
	for (size_t len = 0; len <= LONGEST; len++) {
		uint8_t key[LONGEST] = {0};
		for (size_t i = 0; i < len; i++)
			key[i] = (uint8_t)(i * 37 + 1);
		for (size_t shift = 0; shift < 8; shift++) {
			uint8_t *room = malloc(shift + len + 1); /* no byte behind it: sanitizers see who reads on */
			assert_non_null(room);
			memcpy(room + shift + 1, key, len);
			assert_int_equal(hash_bytes(fixed, room + shift + 1, len), hash_bytes(fixed, key, len));
			free(room);
		}
	}
}

static void keys_that_differ_in_one_bit_hash_apart(void **state)
{
	(void)state;
	for (size_t bit = 0; bit < (size_t)8 * LONGEST; bit++) {
		uint8_t key[LONGEST] = {0}, other[LONGEST] = {0};
		other[bit / 8] ^= (uint8_t)(1u << bit % 8);
		assert_int_not_equal(hash_bytes(fixed, key, LONGEST), hash_bytes(fixed, other, LONGEST));
	}
}

static void a_zero_more_hashes_apart(void **state)
{
	(void)state;
	static const uint8_t zeros[LONGEST + 1];
	for (size_t len = 0; len < LONGEST; len++)
		assert_int_not_equal(hash_bytes(fixed, zeros, len), hash_bytes(fixed, zeros, len + 1));
}

static void keys_that_collide_do_not_under_another_secret(void **state)
{
	(void)state;
	struct hash_secret other = fixed;
	unsigned collisions = 0, still = 0;
	unsigned wanted = hash_bytes(fixed, &(uint64_t){0}, sizeof(uint64_t)) & 1023;
	other.factor ^= UINT64_C(1) << 40;
	for (uint64_t key = 1; key < 100000; key++) {
		if ((hash_bytes(fixed, &key, sizeof key) & 1023) != wanted)
			continue;
		collisions++;
		still += (hash_bytes(other, &key, sizeof key) & 1023) ==
		         (hash_bytes(other, &(uint64_t){0}, sizeof(uint64_t)) & 1023);
	}
	assert_in_range(collisions, 50, 200); /* of 98 that chance has in one of 1024 buckets */
	assert_in_range(still, 0, 5);
}

static void neighbours_fill_the_buckets_evenly(void **state)
{
	(void)state;
	unsigned counts[64] = {0};
	for (uint64_t key = 0; key < 6400; key++)
		counts[hash_bytes(fixed, &key, sizeof key) % 64]++;
	for (size_t i = 0; i < 64; i++)
		assert_in_range(counts[i], 50, 150); /* five standard deviations about 100 */
}

static void the_secret_is_the_same_all_the_while_and_odd(void **state)
{
	(void)state;
	struct hash_secret one = hash_secret(), two = hash_secret();
	assert_memory_equal(&one, &two, sizeof one);
	assert_int_equal(one.factor & 1, 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_key_hashes_alike_wherever_it_lies),
	    cmocka_unit_test(keys_that_differ_in_one_bit_hash_apart),
	    cmocka_unit_test(a_zero_more_hashes_apart),
	    cmocka_unit_test(keys_that_collide_do_not_under_another_secret),
	    cmocka_unit_test(neighbours_fill_the_buckets_evenly),
	    cmocka_unit_test(the_secret_is_the_same_all_the_while_and_odd),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
