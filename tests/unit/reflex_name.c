/* Reflex's names taken apart. */
#include "reflex/frontend.h"
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

static void one_class_may_be_of_modules_of_different_names(void **state)
{
	(void)state;
	struct slice own = SLICE("reflex___state____state.shop___shop____app_state");
	assert_true(name_is_of_other_module(own, SLICE("reflex___state____state.shop____app_state")));
	assert_false(name_is_of_other_module(own, own));
	assert_false(name_is_of_other_module(own, SLICE("reflex___state____state.shop____cart_state")));
	assert_false(name_is_of_other_module(own, SLICE("")));
	assert_false(name_is_of_other_module(SLICE("reflex___state____state"), SLICE("reflex___istate____state")));
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

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(the_marker_is_no_part_of_a_vars_name),
	    cmocka_unit_test(a_state_is_named_by_its_last_part),
	    cmocka_unit_test(a_state_is_called_what_the_source_calls_it),
	    cmocka_unit_test(one_class_may_be_of_modules_of_different_names),
	    cmocka_unit_test(a_private_class_keeps_its_module),
	    cmocka_unit_test(reflexs_own_states_are_known),
	};
	return cmocka_run_group_tests_name("name", tests, NULL, NULL);
}
