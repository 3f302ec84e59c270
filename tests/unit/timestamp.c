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

static void the_ends_of_the_range_are_reported(void **state)
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

static void a_span_is_reported_in_the_unit_that_fits(void **state)
{
	(void)state;
	char text[TIMESTAMP_TEXT_SIZE];
	assert_string_equal(timestamp_format_span(12 * TIMESTAMP_MILLISECOND, text), "12 ms");
	assert_string_equal(timestamp_format_span(TIMESTAMP_SECOND / 2, text), "500 ms");
	assert_string_equal(timestamp_format_span(3400 * TIMESTAMP_MILLISECOND, text), "3.4 s");
	assert_string_equal(timestamp_format_span(125 * TIMESTAMP_SECOND, text), "2 min 5 s");
	assert_string_equal(timestamp_format_span(-8 * TIMESTAMP_SECOND, text), "-8.0 s");
}

/* ---- origins */

static void a_single_packet_is_no_range(void **state)
{
	(void)state;
	char text[ORIGIN_TEXT];
	assert_string_equal(origin_format(&(struct origin){.first = 57, .last = 57}, text), "packet 57");
	assert_string_equal(origin_format(&(struct origin){.first = 57, .last = 58}, text), "packets 57-58");
}

static void an_origin_says_what_it_counts(void **state)
{
	(void)state;
	char text[ORIGIN_TEXT];
	struct origin entries = {.first = 7, .last = 9, .kind = ORIGIN_ENTRIES};
	assert_string_equal(origin_format(&entries, text), "entries 7-9");
	assert_string_equal(origin_format(ORIGIN_AT(ORIGIN_ENTRIES, 7), text), "entry 7");
	assert_string_equal(origin_format(ORIGIN_AT(ORIGIN_LINES, 3), text), "line 3");
	assert_string_equal(origin_kind_name(ORIGIN_ENTRIES), "entries");
}

static void an_origin_holds_what_begins_in_it_and_is_of_its_kind(void **state)
{
	(void)state;
	struct origin three = {.first = 7, .last = 9};
	assert_true(origin_holds(&three, ORIGIN_AT(ORIGIN_PACKETS, 7)));
	assert_true(origin_holds(&three, ORIGIN_AT(ORIGIN_PACKETS, 9)));
	assert_false(origin_holds(&three, ORIGIN_AT(ORIGIN_PACKETS, 10)));
	assert_false(origin_holds(&three, ORIGIN_AT(ORIGIN_ENTRIES, 8)));
	assert_false(origin_holds(&(struct origin){0}, ORIGIN_AT(ORIGIN_PACKETS, 0)));
}

static void no_packet_has_no_words(void **state)
{
	(void)state;
	char text[ORIGIN_TEXT];
	assert_string_equal(origin_format(&(struct origin){.first = 0, .last = 0}, text), "");
}

static void the_longest_numbers_have_room(void **state)
{
	(void)state;
	char text[ORIGIN_TEXT];
	assert_string_equal(origin_format(&(struct origin){.first = UINT64_MAX - 1, .last = UINT64_MAX}, text),
	    "packets 18446744073709551614-18446744073709551615");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_stamp_has_nine_digits_behind_the_second),
	    cmocka_unit_test(a_time_out_of_the_range_becomes_the_nearest_in_it),
	    cmocka_unit_test(before_1970_fractions_still_count_upwards),
	    cmocka_unit_test(the_ends_of_the_range_are_reported),
	    cmocka_unit_test(each_day_is_what_the_c_library_takes_it_for),
	    cmocka_unit_test(a_span_is_reported_in_the_unit_that_fits),
	    cmocka_unit_test(a_single_packet_is_no_range),
	    cmocka_unit_test(an_origin_says_what_it_counts),
	    cmocka_unit_test(an_origin_holds_what_begins_in_it_and_is_of_its_kind),
	    cmocka_unit_test(no_packet_has_no_words),
	    cmocka_unit_test(the_longest_numbers_have_room),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
