/* Numbers as protocols spell them. */
#include "base/bytes.h"

#include "unit.h"

#include <inttypes.h>
#include <stdio.h>

static void digits_are_taken_up_to_what_is_none(void **state)
{
	(void)state;
	uint64_t number;
	struct slice text = SLICE("0042/");
	assert_true(digits_take(&text, 4, &number));
	assert_int_equal(number, 42);
	assert_true(slice_equals_text(text, "/"));
}

static void more_digits_than_allowed_are_left_where_they_are(void **state)
{
	(void)state;
	uint64_t number;
	struct slice text = SLICE("12345");
	assert_false(digits_take(&text, 4, &number));
	assert_true(slice_equals_text(text, "12345"));
}

static void where_no_digit_stands_nothing_is_taken(void **state)
{
	(void)state;
	uint64_t number;
	struct slice text = SLICE("-1"), nothing = slice_of(NULL, 0);
	assert_false(digits_take(&text, 4, &number));
	assert_false(digits_take(&nothing, 4, &number));
	assert_int_equal(text.len, 2);
}

static void nineteen_digits_are_a_number(void **state)
{
	(void)state;
	uint64_t number = 0;
	struct slice text = SLICE("9999999999999999999");
	assert_true(digits_take(&text, 19, &number));
	assert_true(number == UINT64_C(9999999999999999999));
}

static void a_number_is_written_as_it_is_said(void **state)
{
	(void)state;
	static const uint64_t numbers[] = {0, 9, 10, 100, 65535, UINT64_MAX};
	for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++) {
		char text[DIGITS_MOST + 1] = "", expected[DIGITS_MOST + 1];
		snprintf(expected, sizeof expected, "%" PRIu64, numbers[i]);
		assert_ptr_equal(digits_write(text, numbers[i]), text + strlen(expected));
		assert_string_equal(text, expected);
	}
}

static void hexadecimal_digits_have_either_case(void **state)
{
	(void)state;
	assert_int_equal(digits_read_hex('9'), 9);
	assert_int_equal(digits_read_hex('a'), 10);
	assert_int_equal(digits_read_hex('F'), 15);
}

static void what_lies_beside_the_hexadecimal_digits_is_none(void **state)
{
	(void)state;
	for (const char *at = "/:@G`g \x10\x19"; *at; at++)
		assert_int_equal(digits_read_hex((uint8_t)*at), -1);
}

static void the_last_occurrence_is_found(void **state)
{
	(void)state;
	assert_int_equal(slice_find_last(SLICE("a as b as c"), SLICE(" as ")), 6);
	assert_int_equal(slice_find_last(SLICE("as"), SLICE("as")), 0);
	assert_int_equal(slice_find_last(SLICE("a s"), SLICE("as")), 3);
	assert_int_equal(slice_find_last(SLICE(""), SLICE("as")), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(the_last_occurrence_is_found),
	    cmocka_unit_test(digits_are_taken_up_to_what_is_none),
	    cmocka_unit_test(more_digits_than_allowed_are_left_where_they_are),
	    cmocka_unit_test(where_no_digit_stands_nothing_is_taken),
	    cmocka_unit_test(nineteen_digits_are_a_number),
	    cmocka_unit_test(a_number_is_written_as_it_is_said),
	    cmocka_unit_test(hexadecimal_digits_have_either_case),
	    cmocka_unit_test(what_lies_beside_the_hexadecimal_digits_is_none),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
