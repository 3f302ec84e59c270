/* Limits, as options set them. */
#include "base/resources.h"

#include "unit.h"

static size_t set(enum limit limit, const char *text)
{
	char why[QUANTITY_WHY];
	struct limits limits = limits_default();
	assert_true(limits_set(&limits, limit, text, why));
	return limits_value(&limits, limit);
}

static void assert_refused(enum limit limit, const char *text)
{
	char why[QUANTITY_WHY] = "";
	struct limits limits = limits_default(), before = limits;
	assert_false(limits_set(&limits, limit, text, why));
	assert_true(*why);
	assert_memory_equal(&limits, &before, sizeof limits);
}

static void a_suffix_multiplies_by_powers_of_1024(void **state)
{
	(void)state;
	assert_int_equal(set(LIMIT_HELD, "5000"), 5000);
	assert_int_equal(set(LIMIT_HELD, "5k"), 5 << 10);
	assert_int_equal(set(LIMIT_HELD, "5M"), 5 << 20);
	assert_int_equal(set(LIMIT_HELD, "3G"), (size_t)3 << 30);
}

static void bytes_may_have_their_unit(void **state)
{
	(void)state;
	assert_int_equal(set(LIMIT_HELD, "64KiB"), 64 << 10);
	assert_int_equal(set(LIMIT_MEMORY, "100MB"), 100000000);
}

static void a_limit_is_told_with_its_unit(void **state)
{
	(void)state;
	char text[LIMITS_TEXT];
	assert_string_equal(limits_format(LIMIT_HELD, 1 << 20, text), "1MiB");
	assert_string_equal(limits_format(LIMIT_IDLE, 3600, text), "3600 seconds");
	assert_string_equal(limits_format(LIMIT_SESSIONS, 10000, text), "10000");
}

static void what_is_no_number_is_refused(void **state)
{
	(void)state;
	for (const char *const *text = (const char *const[]){"", "K", "-5", "5x", "5KB", " 5", NULL}; *text; text++)
		assert_refused(LIMIT_CONNECTIONS, *text);
}

static void less_than_the_least_is_refused(void **state)
{
	(void)state;
	assert_refused(LIMIT_CONNECTIONS, "15");
}

static void what_does_not_fit_is_refused(void **state)
{
	(void)state;
	assert_refused(LIMIT_MEMORY, "18446744073709551616");
	assert_refused(LIMIT_MEMORY, "17179869184G");
}

static void seconds_beyond_all_stamps_are_the_longest_time(void **state)
{
	(void)state;
	char why[QUANTITY_WHY];
	struct limits limits = limits_default();
	assert_true(limits_idle(&limits) == 3600 * TIMESTAMP_SECOND);
	assert_true(limits_set(&limits, LIMIT_IDLE, "10G", why));
	assert_true(limits_idle(&limits) == TIMESTAMP_LAST);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_suffix_multiplies_by_powers_of_1024),
	    cmocka_unit_test(bytes_may_have_their_unit),
	    cmocka_unit_test(a_limit_is_told_with_its_unit),
	    cmocka_unit_test(what_is_no_number_is_refused),
	    cmocka_unit_test(less_than_the_least_is_refused),
	    cmocka_unit_test(what_does_not_fit_is_refused),
	    cmocka_unit_test(seconds_beyond_all_stamps_are_the_longest_time),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
