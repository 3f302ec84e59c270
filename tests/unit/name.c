/* Reflex's names taken apart, and compared. */
#include "reflex/name.h"

#include "unit.h"

#include <stdlib.h>

#define APP_STATE "reflex___state____state.trailing_stop_web___trailing_stop_web____app_state"

static void assert_class(const char *state, const char *python)
{
	struct buffer out;
	buffer_init(&out, 256, NULL);
	assert_true(name_write_class(&out, slice_of_text(state)));
	assert_int_equal(out.len, strlen(python));
	assert_memory_equal(out.at, python, out.len);
	buffer_free(&out);
}

static unsigned likeness(const char *a, const char *b)
{
	return name_likeness(slice_of_text(a), slice_of_text(b));
}

static void the_marker_is_no_part_of_a_vars_name(void **state)
{
	(void)state;
	assert_true(slice_equals_text(name_of_var(SLICE("positions_rx_state_")), "positions"));
	assert_true(slice_equals_text(name_of_var(SLICE("positions")), "positions"));
	assert_false(name_has_marker(SLICE("positions")));
}

static void a_state_is_named_by_its_last_part(void **state)
{
	(void)state;
	assert_true(
	    slice_equals_text(name_last_part(SLICE(APP_STATE)), "trailing_stop_web___trailing_stop_web____app_state"));
	assert_true(slice_equals_text(name_of_class(SLICE(APP_STATE)), "app_state"));
	assert_true(slice_equals_text(name_of_class(SLICE("state")), "state"));
	assert_int_equal(name_of_class(SLICE("")).len, 0);
}

static void a_state_is_called_what_the_source_calls_it(void **state)
{
	(void)state;
	assert_class(APP_STATE, "trailing_stop_web.trailing_stop_web.AppState");
	assert_class("reflex___state____state", "reflex.state.State");
	assert_class("state.tab2_state", "Tab2State");
}

static void a_private_class_keeps_its_module(void **state)
{
	(void)state;
	assert_class("shop____cart_state", "shop.CartState");
}

static void reflexs_own_states_are_known(void **state)
{
	(void)state;
	assert_true(name_is_framework(NAME_ROOT_STATE));
	assert_true(name_is_framework(SLICE("reflex___state____state.reflex___state____on_load_internal_state")));
	assert_false(name_is_framework(SLICE(APP_STATE)));
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
	char text[NAME_LONGEST + 1];
	memset(text, 'a', sizeof text);
	struct slice name = slice_of(text, sizeof text);
	assert_int_equal(name_likeness(name, name), 100);
	assert_int_equal(name_likeness(name, slice_take(name, 20)), 0);
}

static void a_computed_var_shares_a_word_with_its_source(void **state)
{
	(void)state;
	assert_true(name_shares_word(SLICE("position_rows"), SLICE("positions")));
	assert_false(name_shares_word(SLICE("position_rows"), SLICE("refresh_tick")));
	assert_false(name_shares_word(SLICE("is_on"), SLICE("is_hydrated")));
}

static const char *command_word(size_t index)
{
	static const char *const words[] = {"report", "explain", "check"};
	return index < 3 ? words[index] : NULL;
}

static void the_nearest_word_is_the_one_that_was_meant(void **state)
{
	(void)state;
	assert_string_equal(name_nearest(SLICE("exlpain"), command_word), "explain");
	assert_string_equal(name_nearest(SLICE("repot"), command_word), "report");
}

static void what_is_like_no_word_has_no_nearest_one(void **state)
{
	(void)state;
	assert_null(name_nearest(SLICE("tcp"), command_word));
	assert_null(name_nearest(SLICE("report.pcap"), command_word));
	assert_null(name_nearest(SLICE(""), command_word));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(the_marker_is_no_part_of_a_vars_name),
	    cmocka_unit_test(a_state_is_named_by_its_last_part),
	    cmocka_unit_test(a_state_is_called_what_the_source_calls_it),
	    cmocka_unit_test(a_private_class_keeps_its_module),
	    cmocka_unit_test(reflexs_own_states_are_known),
	    cmocka_unit_test(only_equal_names_are_wholly_alike),
	    cmocka_unit_test(a_mistyped_name_is_nearer_than_another_name),
	    cmocka_unit_test(a_renamed_var_is_nearest_to_what_it_was),
	    cmocka_unit_test(a_name_past_the_limit_is_alike_only_itself),
	    cmocka_unit_test(a_computed_var_shares_a_word_with_its_source),
	    cmocka_unit_test(the_nearest_word_is_the_one_that_was_meant),
	    cmocka_unit_test(what_is_like_no_word_has_no_nearest_one),
	};
	return cmocka_run_group_tests_name("name", tests, NULL, NULL);
}
