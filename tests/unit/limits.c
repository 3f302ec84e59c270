/* Limits as options set them: digits and a multiplier in, bytes or counts out. */
#include "engine/limits.h"

/* cmocka.h needs these before it. */
/* clang-format off */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <cmocka.h>
/* clang-format on */

static void assert_set(const char *text, size_t expected)
{
	struct limits limits = limits_default();
	const char *why = NULL;
	assert_true(limits_set(&limits, LIMIT_MESSAGE, text, &why));
	assert_int_equal(limits_value(&limits, LIMIT_MESSAGE), expected);
}

static void assert_refused(const char *text, const char *reason)
{
	struct limits limits = limits_default();
	const char *why = NULL;
	assert_false(limits_set(&limits, LIMIT_MESSAGE, text, &why));
	assert_non_null(strstr(why, reason));
	assert_int_equal(limits_value(&limits, LIMIT_MESSAGE), limits_table[LIMIT_MESSAGE].initial);
}

static void a_limit_is_digits_with_a_multiplier(void **state)
{
	(void)state;
	assert_set("5000", 5000);
	assert_set("64K", 64 << 10);
	assert_set("64k", 64 << 10);
	assert_set("3M", 3 << 20);
	assert_set("2g", (size_t)2 << 30);
}

static void what_is_no_number_sets_nothing(void **state)
{
	(void)state;
	assert_refused("", "a number");
	assert_refused("K", "a number");
	assert_refused("-5000", "a number");
	assert_refused("5000x", "a number");
	assert_refused("64KB", "a number");
	assert_refused(" 5000", "a number");
}

static void what_is_too_little_or_too_much_sets_nothing(void **state)
{
	(void)state;
	assert_refused("1", "range");
	assert_refused("99999999999999999999", "range");
	assert_refused("99999999999G", "range");
	assert_refused("9000000000000000000", "range");
}

static void each_limit_is_its_default_at_first(void **state)
{
	(void)state;
	struct limits limits = limits_default();
	for (enum limit limit = 0; limit < LIMIT_COUNT; limit++) {
		assert_int_equal(limits_value(&limits, limit), limits_table[limit].initial);
		assert_true(limits_table[limit].initial >= limits_table[limit].least);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_limit_is_digits_with_a_multiplier),
	    cmocka_unit_test(what_is_no_number_sets_nothing),
	    cmocka_unit_test(what_is_too_little_or_too_much_sets_nothing),
	    cmocka_unit_test(each_limit_is_its_default_at_first),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
