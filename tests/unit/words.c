/* Numbers in words. */
#include "base/numbers.h"

/* cmocka.h needs these before it. */
/* clang-format off */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
/* clang-format on */

static void only_one_is_singular(void **state)
{
	(void)state;
	assert_string_equal(plural_choose(0, "session", "sessions"), "sessions");
	assert_string_equal(plural_choose(1, "session", "sessions"), "session");
	assert_string_equal(plural_choose(2, "session", "sessions"), "sessions");
	assert_string_equal(plural_ending(1), "");
	assert_string_equal(plural_ending(21), "s");
}

static void a_single_packet_is_no_range(void **state)
{
	(void)state;
	char text[PLURAL_PACKETS];
	assert_string_equal(plural_packets(57, 57, text), "packet 57");
	assert_string_equal(plural_packets(57, 58, text), "packets 57-58");
}

static void no_packet_has_no_words(void **state)
{
	(void)state;
	char text[PLURAL_PACKETS];
	assert_string_equal(plural_packets(0, 0, text), "");
}

static void the_longest_numbers_have_room(void **state)
{
	(void)state;
	char text[PLURAL_PACKETS];
	assert_string_equal(
	    plural_packets(UINT64_MAX - 1, UINT64_MAX, text), "packets 18446744073709551614-18446744073709551615");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(only_one_is_singular),
	    cmocka_unit_test(a_single_packet_is_no_range),
	    cmocka_unit_test(no_packet_has_no_words),
	    cmocka_unit_test(the_longest_numbers_have_room),
	};
	return cmocka_run_group_tests_name("words", tests, NULL, NULL);
}
