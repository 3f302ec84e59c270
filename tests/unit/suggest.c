/* How alike two names are, and which one was meant. */
#include "base/suggest.h"

#include "unit.h"

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
	    cmocka_unit_test(only_equal_names_are_wholly_alike),
	    cmocka_unit_test(a_mistyped_name_is_nearer_than_another_name),
	    cmocka_unit_test(a_renamed_var_is_nearest_to_what_it_was),
	    cmocka_unit_test(a_name_past_the_limit_is_alike_only_itself),
	    cmocka_unit_test(a_computed_var_shares_a_word_with_its_source),
	    cmocka_unit_test(the_nearest_word_is_the_one_that_was_meant),
	    cmocka_unit_test(what_is_like_no_word_has_no_nearest_one),
	};
	return cmocka_run_group_tests_name("suggest", tests, NULL, NULL);
}
