/* Encodings, numbers for people, suggestions. */
#include "base/text.h"

#include "unit.h"

#include <string.h>

/* ==== encodings */

static void assert_text(const struct buffer *buffer, const char *text)
{
	assert_int_equal(buffer->len, strlen(text));
	assert_memory_equal(buffer->at, text, buffer->len);
}

static void assert_written(const char *bytes, const char *text)
{
	struct buffer out;
	buffer_init(&out, BUFFER_NO_LIMIT, NULL);
	assert_true(buffer_append_text(&out, ">"));
	assert_true(base64_write(&out, slice_of_text(bytes)));
	buffer_drop_front(&out, 1);
	assert_text(&out, text);
	buffer_free(&out);
}

static void assert_read(const char *text, const char *bytes)
{
	struct buffer out;
	buffer_init(&out, BUFFER_NO_LIMIT, NULL);
	assert_true(buffer_append_text(&out, ">"));
	assert_true(base64_read(&out, slice_of_text(text)));
	buffer_drop_front(&out, 1);
	assert_text(&out, bytes);
	buffer_free(&out);
}

static void assert_not_base64(const char *text)
{
	struct buffer out;
	buffer_init(&out, BUFFER_NO_LIMIT, NULL);
	assert_true(buffer_append_text(&out, "kept"));
	assert_false(base64_read(&out, slice_of_text(text)));
	assert_text(&out, "kept");
	buffer_free(&out);
}

static void the_rfc_vectors_are_written(void **state)
{
	(void)state;
	assert_written("", "");
	assert_written("f", "Zg==");
	assert_written("fo", "Zm8=");
	assert_written("foo", "Zm9v");
	assert_written("foob", "Zm9vYg==");
	assert_written("fooba", "Zm9vYmE=");
	assert_written("foobar", "Zm9vYmFy");
}

static void the_rfc_vectors_are_read(void **state)
{
	(void)state;
	assert_read("", "");
	assert_read("Zg==", "f");
	assert_read("Zm8=", "fo");
	assert_read("Zm9v", "foo");
	assert_read("Zm9vYg==", "foob");
	assert_read("Zm9vYmE=", "fooba");
	assert_read("Zm9vYmFy", "foobar");
}

static void padding_may_be_missing(void **state)
{
	(void)state;
	assert_read("Zg", "f");
	assert_read("Zm9vYmE", "fooba");
}

static void both_alphabets_are_read(void **state)
{
	(void)state;
	assert_read("+/+/", "\xfb\xff\xbf");
	assert_read("-_-_", "\xfb\xff\xbf");
}

static void what_is_not_base64_is_refused_and_leaves_nothing(void **state)
{
	(void)state;
	assert_not_base64("Z");
	assert_not_base64("Zm9vZ");
	assert_not_base64("Zm9vZm 9");
	assert_not_base64("Zg===");
	assert_not_base64("Zg==Zg==");
	assert_not_base64("Zm9v\x80m9v");
}

static void every_byte_survives_both_ways(void **state)
{
	(void)state;
	uint8_t all[256];
	for (size_t i = 0; i < sizeof all; i++)
		all[i] = (uint8_t)i;
	struct buffer text, bytes;
	buffer_init(&text, BUFFER_NO_LIMIT, NULL);
	buffer_init(&bytes, BUFFER_NO_LIMIT, NULL);
	assert_true(base64_write(&text, slice_of(all, sizeof all)));
	assert_true(base64_read(&bytes, buffer_slice(&text)));
	assert_int_equal(bytes.len, sizeof all);
	assert_memory_equal(bytes.at, all, sizeof all);
	buffer_free(&text);
	buffer_free(&bytes);
}

static void a_full_buffer_refuses_and_says_so(void **state)
{
	(void)state;
	struct buffer out;
	buffer_init(&out, 7, NULL);
	assert_false(base64_write(&out, SLICE("foob")));
	assert_true(out.truncated);
	assert_int_equal(out.len, 0);
	assert_true(base64_read(&out, SLICE("Zm9vYmFyZg")));
	buffer_clear(&out);
	assert_false(base64_read(&out, SLICE("Zm9vYmFyZm8")));
	assert_true(out.truncated);
	buffer_free(&out);
}

/* ==== numbers */

/* ---- UTF-8 */

static void a_text_is_cut_between_characters(void **state)
{
	struct slice text = SLICE("a\xc3\xa4\xe2\x82\xac");
	static const size_t lengths[] = {0, 1, 1, 3, 3, 3, 6, 6};
	(void)state;
	for (size_t most = 0; most < sizeof lengths / sizeof *lengths; most++)
		assert_int_equal(utf8_take(text, most).len, lengths[most]);
}

/* ---- quantity */

static const struct quantity_range bytes = {true, 0, UINT64_MAX}, count = {false, 0, UINT64_MAX};

static uint64_t read_as(const struct quantity_range *range, const char *text)
{
	uint64_t value = 0;
	char why[QUANTITY_WHY];
	assert_true(quantity_read(text, range, &value, why));
	return value;
}

static void assert_refused(const struct quantity_range *range, const char *text, const char *words)
{
	uint64_t value = 42;
	char why[QUANTITY_WHY] = "";
	assert_false(quantity_read(text, range, &value, why));
	assert_non_null(strstr(why, words));
	assert_int_equal(value, 42);
}

static void a_letter_alone_is_a_power_of_1024(void **state)
{
	(void)state;
	assert_int_equal(read_as(&bytes, "64K"), 65536);
	assert_int_equal(read_as(&bytes, "10M"), 10 << 20);
	assert_int_equal(read_as(&bytes, "2G"), INT64_C(2) << 30);
	assert_int_equal(read_as(&count, "4k"), 4096);
}

static void a_unit_says_which_thousand(void **state)
{
	(void)state;
	assert_int_equal(read_as(&bytes, "64KiB"), 65536);
	assert_int_equal(read_as(&bytes, "64kB"), 64000);
	assert_int_equal(read_as(&bytes, "64KB"), 64000);
	assert_int_equal(read_as(&bytes, "100MB"), 100000000);
	assert_int_equal(read_as(&bytes, "2gib"), INT64_C(2) << 30);
	assert_int_equal(read_as(&bytes, "4096B"), 4096);
	assert_int_equal(read_as(&bytes, "4096"), 4096);
}

static void bytes_may_be_a_fraction_of_a_unit(void **state)
{
	(void)state;
	assert_int_equal(read_as(&bytes, "1.5GB"), 1500000000);
	assert_int_equal(read_as(&bytes, "0.5K"), 512);
	assert_int_equal(read_as(&bytes, "1.000001MB"), 1000001);
}

static void what_is_no_number_is_refused(void **state)
{
	(void)state;
	const char *const texts[] = {"", "K", "-5", "5x", " 5", "5 K", "5KK", "1.", "1.0000001M", ".5M", "0x10", NULL};
	for (size_t i = 0; texts[i]; i++)
		assert_refused(&bytes, texts[i], "a number of bytes");
}

static void what_is_counted_has_no_bytes_and_no_fractions(void **state)
{
	(void)state;
	assert_refused(&count, "5KB", "a number from");
	assert_refused(&count, "5KiB", "a number from");
	assert_refused(&count, "5B", "a number from");
	assert_refused(&count, "1.5K", "a number from");
}

static void the_range_is_said(void **state)
{
	(void)state;
	const struct quantity_range range = {true, 65536, INT64_C(2) << 30};
	assert_int_equal(read_as(&range, "64K"), 65536);
	assert_int_equal(read_as(&range, "2G"), INT64_C(2) << 30);
	assert_refused(&range, "65535", "from 64KiB to 2GiB");
	assert_refused(&range, "2147483649", "from 64KiB to 2GiB");
}

static void what_does_not_fit_is_refused(void **state)
{
	(void)state;
	assert_refused(&bytes, "17179869184G", "a number of bytes");
	assert_refused(&bytes, "18446744073709551616", "a number of bytes");
	assert_refused(&bytes, "99999999999999999999", "a number of bytes");
}

static void assert_given(uint64_t value, bool is_bytes, const char *wanted)
{
	char text[QUANTITY_TEXT];
	assert_string_equal(quantity_format(value, is_bytes, text), wanted);
}

static void bytes_are_reported_exactly_in_the_largest_unit(void **state)
{
	(void)state;
	assert_given(0, true, "0");
	assert_given(65536, true, "64KiB");
	assert_given(24 << 20, true, "24MiB");
	assert_given(100000000, true, "100MB");
	assert_given(65537, true, "65537B");
	assert_given(UINT64_C(1) << 62, true, "4EiB");
	assert_given(8192, false, "8192");
}

/* ---- words */

static void only_one_is_singular(void **state)
{
	(void)state;
	assert_string_equal(plural_choose(0, "session", "sessions"), "sessions");
	assert_string_equal(plural_choose(1, "session", "sessions"), "session");
	assert_string_equal(plural_choose(2, "session", "sessions"), "sessions");
	assert_string_equal(plural_ending(1), "");
	assert_string_equal(plural_ending(21), "s");
}

static void of_few_numbers_the_high_ones_are_the_greatest(void **state)
{
	double numbers[] = {7, 1, 3, 2, 6, 5, 4, 11, 10, 9, 8};
	(void)state;
	percentile_sort(numbers, 11);
	assert_true(percentile_of(numbers, 11, 0.5) == 6);
	assert_true(percentile_of(numbers, 11, 0.95) == 11);
	assert_true(percentile_of(numbers, 11, 0.99) == 11);
}

static void so_many_are_not_above_it(void **state)
{
	double numbers[200];
	(void)state;
	for (int i = 0; i < 200; i++)
		numbers[i] = 200 - i;
	percentile_sort(numbers, 200);
	assert_true(percentile_of(numbers, 200, 0.95) == 190);
	assert_true(percentile_of(numbers, 200, 0.99) == 198);
}

static void at_the_ends_stand_the_least_and_the_greatest(void **state)
{
	double numbers[] = {2, 1, 3};
	(void)state;
	percentile_sort(numbers, 3);
	assert_true(percentile_of(numbers, 3, 0) == 1);
	assert_true(percentile_of(numbers, 3, 1) == 3);
	assert_true(percentile_of(numbers, 1, 0.5) == 1);
}

/* ==== suggestions */

static unsigned likeness(const char *a, const char *b)
{
	return suggest_likeness(slice_of_text(a), slice_of_text(b));
}

static void only_equal_names_are_wholly_alike(void **state)
{
	(void)state;
	assert_int_equal(likeness("rows", "rows"), 100);
	assert_in_range(likeness("rows", "row"), 50, 99);
	assert_int_equal(likeness("", "abc"), 0);
	assert_int_equal(likeness("abc", "xyz"), 0);
}

static void a_mistyped_name_is_nearer_than_another_name(void **state)
{
	(void)state;
	assert_true(likeness("positoins", "positions") > likeness("positoins", "refresh_tick"));
	assert_in_range(likeness("status_mesage", "status_message"), 90, 99);
}

static void a_renamed_var_is_nearest_to_what_it_was(void **state)
{
	(void)state;
	assert_true(likeness("open_positions", "positions") > likeness("open_positions", "position_rows"));
	assert_true(likeness("open_positions", "positions") >= 60);
}

static void a_name_past_the_limit_is_alike_only_itself(void **state)
{
	(void)state;
	char text[SUGGEST_LONGEST + 1];
	memset(text, 'a', sizeof text);
	struct slice name = slice_of(text, sizeof text);
	assert_int_equal(suggest_likeness(name, name), 100);
	assert_int_equal(suggest_likeness(name, slice_take(name, 20)), 0);
}

static void a_computed_var_shares_a_word_with_its_source(void **state)
{
	(void)state;
	assert_true(suggest_shares_word(SLICE("position_rows"), SLICE("positions")));
	assert_false(suggest_shares_word(SLICE("position_rows"), SLICE("refresh_tick")));
	assert_false(suggest_shares_word(SLICE("is_on"), SLICE("is_hydrated")));
}

static const char *command_word(size_t index)
{
	static const char *const words[] = {"report", "explain", "check"};
	return index < 3 ? words[index] : NULL;
}

static void the_nearest_word_is_the_one_that_was_meant(void **state)
{
	(void)state;
	assert_string_equal(suggest_nearest(SLICE("exlpain"), command_word), "explain");
	assert_string_equal(suggest_nearest(SLICE("repot"), command_word), "report");
}

static void what_is_like_no_word_has_no_nearest_one(void **state)
{
	(void)state;
	assert_null(suggest_nearest(SLICE("tcp"), command_word));
	assert_null(suggest_nearest(SLICE("report.pcap"), command_word));
	assert_null(suggest_nearest(SLICE(""), command_word));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(the_rfc_vectors_are_written),
	    cmocka_unit_test(the_rfc_vectors_are_read),
	    cmocka_unit_test(padding_may_be_missing),
	    cmocka_unit_test(both_alphabets_are_read),
	    cmocka_unit_test(what_is_not_base64_is_refused_and_leaves_nothing),
	    cmocka_unit_test(every_byte_survives_both_ways),
	    cmocka_unit_test(a_full_buffer_refuses_and_says_so),
	    cmocka_unit_test(a_text_is_cut_between_characters),
	    cmocka_unit_test(a_letter_alone_is_a_power_of_1024),
	    cmocka_unit_test(a_unit_says_which_thousand),
	    cmocka_unit_test(bytes_may_be_a_fraction_of_a_unit),
	    cmocka_unit_test(what_is_no_number_is_refused),
	    cmocka_unit_test(what_is_counted_has_no_bytes_and_no_fractions),
	    cmocka_unit_test(the_range_is_said),
	    cmocka_unit_test(what_does_not_fit_is_refused),
	    cmocka_unit_test(bytes_are_reported_exactly_in_the_largest_unit),
	    cmocka_unit_test(only_one_is_singular),
	    cmocka_unit_test(of_few_numbers_the_high_ones_are_the_greatest),
	    cmocka_unit_test(so_many_are_not_above_it),
	    cmocka_unit_test(at_the_ends_stand_the_least_and_the_greatest),
	    cmocka_unit_test(only_equal_names_are_wholly_alike),
	    cmocka_unit_test(a_mistyped_name_is_nearer_than_another_name),
	    cmocka_unit_test(a_renamed_var_is_nearest_to_what_it_was),
	    cmocka_unit_test(a_name_past_the_limit_is_alike_only_itself),
	    cmocka_unit_test(a_computed_var_shares_a_word_with_its_source),
	    cmocka_unit_test(the_nearest_word_is_the_one_that_was_meant),
	    cmocka_unit_test(what_is_like_no_word_has_no_nearest_one),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
