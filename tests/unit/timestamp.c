/* Timestamps as text. */
#include "base/timestamp.h"

#include "unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

static void assert_text(timestamp time, const char *wanted)
{
	char text[TIMESTAMP_TEXT_SIZE];
	assert_string_equal(timestamp_format(time, text), wanted);
}

static void a_stamp_has_nine_digits_behind_the_second(void **state)
{
	(void)state;
	assert_text(INT64_C(1795434849000000007), "2026-11-23T11:54:09.000000007Z");
	assert_text(0, "1970-01-01T00:00:00.000000000Z");
}

static void a_time_out_of_the_range_becomes_the_nearest_in_it(void **state)
{
	(void)state;
	assert_int_equal(timestamp_of(1795434849, 7), INT64_C(1795434849000000007));
	assert_int_equal(timestamp_of(UINT32_MAX, 999999999), INT64_C(4294967295999999999));
	assert_int_equal(timestamp_of(-1, 999999999), 0);
	assert_int_equal(timestamp_of(INT64_MAX, 999999999), TIMESTAMP_LAST);
	assert_int_equal(timestamp_of(TIMESTAMP_LAST / TIMESTAMP_SECOND, 0), TIMESTAMP_LAST);
}

static void before_1970_fractions_still_count_upwards(void **state)
{
	(void)state;
	assert_text(-1, "1969-12-31T23:59:59.999999999Z");
	assert_text(-86400 * TIMESTAMP_SECOND, "1969-12-31T00:00:00.000000000Z");
}

static void the_ends_of_the_range_are_told(void **state)
{
	(void)state;
	assert_text(INT64_MAX, "2262-04-11T23:47:16.854775807Z");
	assert_text(INT64_MIN + 1, "1677-09-21T00:12:43.145224193Z");
}

/* Every day that a timestamp can hold, at a second that wanders through it. */
static void each_day_is_what_the_c_library_takes_it_for(void **state)
{
	(void)state;
	for (int64_t day = -106751; day <= 106750; day++) {
		time_t second = day * 86400 + llabs(day) * 7919 % 86400;
		char text[TIMESTAMP_TEXT_SIZE], wanted[TIMESTAMP_TEXT_SIZE];
		struct tm parts;
		gmtime_r(&second, &parts);
		strftime(wanted, sizeof wanted, "%Y-%m-%dT%H:%M:%S.000000000Z", &parts);
		assert_string_equal(timestamp_format((timestamp)second * TIMESTAMP_SECOND, text), wanted);
	}
}

static void a_span_is_told_in_the_unit_that_fits(void **state)
{
	(void)state;
	char text[TIMESTAMP_TEXT_SIZE];
	assert_string_equal(timestamp_format_span(12 * TIMESTAMP_MILLISECOND, text), "12 ms");
	assert_string_equal(timestamp_format_span(TIMESTAMP_SECOND / 2, text), "500 ms");
	assert_string_equal(timestamp_format_span(3400 * TIMESTAMP_MILLISECOND, text), "3.4 s");
	assert_string_equal(timestamp_format_span(125 * TIMESTAMP_SECOND, text), "2 min 5 s");
	assert_string_equal(timestamp_format_span(-8 * TIMESTAMP_SECOND, text), "-8.0 s");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_stamp_has_nine_digits_behind_the_second),
	    cmocka_unit_test(a_time_out_of_the_range_becomes_the_nearest_in_it),
	    cmocka_unit_test(before_1970_fractions_still_count_upwards),
	    cmocka_unit_test(the_ends_of_the_range_are_told),
	    cmocka_unit_test(each_day_is_what_the_c_library_takes_it_for),
	    cmocka_unit_test(a_span_is_told_in_the_unit_that_fits),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
