/* What the arrows move in never leaves its rows, and what is selected is in sight. */
#include "tui/list.h"

#include "unit.h"

#include <stddef.h>

static void the_first_and_the_last_row_are_ends(void **state)
{
	(void)state;
	struct list list = {0};
	list_fit(&list, 3, 2);
	list_move(&list, LIST_UP);
	assert_int_equal(list.selected, 0);
	list_move(&list, LIST_LAST);
	list_move(&list, LIST_DOWN);
	assert_int_equal(list.selected, 2);
	assert_int_equal(list.top, 1);
	list_move(&list, LIST_PAGE_UP);
	list_move(&list, LIST_PAGE_UP);
	assert_int_equal(list.selected, 0);
	assert_int_equal(list.top, 0);
}

static void nothing_can_be_selected_in_nothing(void **state)
{
	(void)state;
	struct list list = {.selected = 7, .top = 5};
	list_fit(&list, 0, 10);
	list_move(&list, LIST_DOWN);
	list_move(&list, LIST_PAGE_DOWN);
	assert_int_equal(list.selected, 0);
	assert_int_equal(list.top, 0);
}

static void a_list_that_shrinks_keeps_its_selection_inside(void **state)
{
	(void)state;
	struct list list = {0};
	list_fit(&list, 100, 10);
	list_move(&list, LIST_LAST);
	list_fit(&list, 20, 10);
	assert_int_equal(list.selected, 19);
	assert_int_equal(list.top, 10);
}

static void a_window_that_shrinks_keeps_the_selection_in_sight(void **state)
{
	(void)state;
	struct list list = {0};
	list_fit(&list, 100, 20);
	list_select(&list, 19);
	list_fit(&list, 100, 5);
	assert_true(list.top <= 19 && 19 < list.top + 5);
	list_fit(&list, 100, 0);
	assert_int_equal(list.selected, 19);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(the_first_and_the_last_row_are_ends),
	    cmocka_unit_test(nothing_can_be_selected_in_nothing),
	    cmocka_unit_test(a_list_that_shrinks_keeps_its_selection_inside),
	    cmocka_unit_test(a_window_that_shrinks_keeps_the_selection_in_sight),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
