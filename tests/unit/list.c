/* What the arrow keys move in, the list of sessions, JSON as lines that can be folded. */
#include "tui/list.h"

#include "timeline_by_hand.h"
#include "unit.h"

#include <stddef.h>
#include <stdio.h>

/* ==== rows */

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

/* ==== sessions */

/* The first session says three things, the second one and is closed. */
static int begin(void **state)
{
	struct timeline_by_hand *given = timeline_by_hand_new();
	given->sessions[0].events[DIRECTION_TO_SERVER] = 3;
	given->sessions[1].events[DIRECTION_TO_SERVER] = 1;
	given->sessions[1].closed = given->sessions[1].last + 60 * TIMESTAMP_SECOND;
	uint64_t question = give(given, 1, EVENT_EVENT, DIRECTION_TO_SERVER, 1, "\"x\"", "");
	record_link(given->record, question, give(given, 1, EVENT_ACK, DIRECTION_TO_CLIENT, 1.25, "", ""));
	give(given, 2, EVENT_OPEN, DIRECTION_TO_CLIENT, 3, "", "");
	*state = given;
	return 0;
}

static void sessions_stand_in_order_of_their_numbers(void **state)
{
	struct timeline_by_hand *given = *state;
	struct session_list list = {0};
	session_list_rebuild(&list, &given->data, NULL);
	assert_int_equal(list.count, 2);
	assert_int_equal(list.numbers[0], 1);
	list.descending = true;
	session_list_rebuild(&list, &given->data, NULL);
	assert_int_equal(list.numbers[0], 2);
	session_list_free(&list);
}

static void any_column_sorts(void **state)
{
	struct timeline_by_hand *given = *state;
	const struct {
		enum session_column column;
		uint64_t first;
	} orders[] = {{COLUMN_SENT, 2}, {COLUMN_AGE, 1}, {COLUMN_STATE, 1}, {COLUMN_LATENCY, 1}};
	struct session_list list = {0};
	for (size_t i = 0; i < sizeof orders / sizeof *orders; i++) {
		list.column = orders[i].column;
		session_list_rebuild(&list, &given->data, NULL);
		assert_int_equal(list.numbers[0], orders[i].first);
	}
	session_list_free(&list);
}

static void sessions_without_a_latency_come_last_in_both_orders(void **state)
{
	struct timeline_by_hand *given = *state;
	struct session_list list = {.column = COLUMN_LATENCY};
	for (int i = 0; i < 2; i++) {
		list.descending = i;
		session_list_rebuild(&list, &given->data, NULL);
		assert_int_equal(list.numbers[0], 1);
	}
	session_list_free(&list);
}

static void closed_ones_are_folded_but_for_those_with_findings(void **state)
{
	struct timeline_by_hand *given = *state;
	struct session_list list = {.folds_closed = true};
	session_list_rebuild(&list, &given->data, NULL);
	assert_int_equal(list.count, 1);
	assert_int_equal(list.folded, 1);
	findings_claim(&given->findings, CODE_ABNORMAL_CLOSE, CONFIDENCE_LIKELY, &given->sessions[1], NULL, "");
	session_list_rebuild(&list, &given->data, NULL);
	assert_int_equal(list.count, 2);
	assert_int_equal(session_list_worst(&list, 2), 1 + SEVERITY_WARNING);
	session_list_free(&list);
}

static void a_session_is_as_bad_as_the_worst_of_its_findings(void **state)
{
	struct timeline_by_hand *given = *state;
	struct session_list list = {0};
	findings_claim(&given->findings, CODE_ABNORMAL_CLOSE, CONFIDENCE_LIKELY, &given->sessions[0], NULL, "");
	findings_claim(&given->findings, CODE_SESSION_UNKNOWN, CONFIDENCE_LIKELY, &given->sessions[0], NULL, "");
	findings_claim(&given->findings, CODE_ABNORMAL_CLOSE, CONFIDENCE_LIKELY, &given->sessions[0], NULL, "again");
	session_list_rebuild(&list, &given->data, NULL);
	assert_int_equal(session_list_worst(&list, 1), 1 + SEVERITY_ERROR);
	session_list_free(&list);
}

static void a_filter_lets_only_those_through(void **state)
{
	struct timeline_by_hand *given = *state;
	struct query_error error;
	struct query *filter = query_parse(SLICE("sent > 2"), TABLE_SESSIONS, &error);
	struct session_list list = {0};
	session_list_rebuild(&list, &given->data, filter);
	assert_int_equal(list.count, 1);
	assert_int_equal(list.numbers[0], 1);
	assert_int_equal(session_list_find(&list, 2), list.count);
	query_free(filter);
	session_list_free(&list);
}

static void the_last_latency_is_that_of_the_last_answered_event(void **state)
{
	struct timeline_by_hand *given = *state;
	give(given, 1, EVENT_EVENT, DIRECTION_TO_SERVER, 5, "\"unanswered\"", "");
	assert_int_equal(session_last_latency(given->record, 1), 250 * TIMESTAMP_MILLISECOND);
	assert_true(session_last_latency(given->record, 2) == TIMESTAMP_NONE);
}

#define GIVEN(test) cmocka_unit_test_setup_teardown(test, begin, forget_timeline)

/* ==== JSON */

static struct json_tree tree_of(const char *json)
{
	struct json_tree tree = {0};
	json_tree_add(&tree, slice_of(NULL, 0), slice_of_text(json));
	return tree;
}

static void every_member_has_its_line_and_depth(void **state)
{
	(void)state;
	struct json_tree tree = tree_of("{\"a\":[1,{\"b\":2}],\"c\":null}");
	const unsigned depths[] = {0, 1, 2, 2, 3, 1};
	assert_int_equal(tree.count, 6);
	for (size_t i = 0; i < 6; i++)
		assert_int_equal(tree.lines[i].depth, depths[i]);
	assert_true(tree.lines[3].in_array && tree.lines[3].index == 1);
	json_tree_free(&tree);
}

static void a_fold_takes_its_lines_away_and_brings_them_back(void **state)
{
	(void)state;
	struct json_tree tree = tree_of("[[1,2,[3]],4]");
	json_tree_toggle(&tree, 1);
	assert_int_equal(tree.count, 3);
	assert_true(tree.lines[1].folded);
	assert_int_equal(tree.lines[2].depth, 1);
	json_tree_toggle(&tree, 1);
	assert_int_equal(tree.count, 6); /* what lay deeper is folded still */
	json_tree_toggle(&tree, 2);      /* no container */
	assert_int_equal(tree.count, 6);
	json_tree_free(&tree);
}

static void a_long_list_begins_folded(void **state)
{
	(void)state;
	char json[4096] = "[0";
	size_t at = 2;
	for (size_t i = 0; i < JSON_TREE_OPEN; i++)
		at += (size_t)snprintf(json + at, sizeof json - at, ",%zu", i);
	snprintf(json + at, sizeof json - at, "]");
	struct json_tree tree = tree_of(json);
	assert_int_equal(tree.count, 1);
	json_tree_toggle(&tree, 0);
	assert_int_equal(tree.count, JSON_TREE_OPEN + 2);
	json_tree_free(&tree);
}

static void what_differs_is_marked_where_it_stands(void **state)
{
	(void)state;
	struct json_tree now = tree_of("{\"same\":1,\"other\":[1,3],\"new\":true}");
	struct json_tree before = tree_of("{\"same\":1,\"other\":[1,2]}");
	struct json_tree merged = {0};
	assert_true(json_tree_merge(&merged, &now, &before));
	assert_int_equal(merged.lines[1].change, LINE_SAME);    /* same */
	assert_int_equal(merged.lines[2].change, LINE_CHANGED); /* other, */
	assert_int_equal(merged.lines[3].change, LINE_SAME);    /* its first, */
	assert_int_equal(merged.lines[4].change, LINE_CHANGED); /* its second */
	assert_true(slice_equals_text(merged.lines[4].was, "2"));
	assert_int_equal(merged.lines[5].change, LINE_ADDED); /* new */
	json_tree_free(&merged);
	json_tree_free(&now);
	json_tree_free(&before);
}

static void what_only_the_other_has_stands_where_it_was(void **state)
{
	(void)state;
	struct json_tree now = tree_of("{\"a\":1,\"c\":[7]}");
	struct json_tree before = tree_of("{\"a\":1,\"b\":{\"x\":2},\"c\":[7,8],\"d\":null}");
	struct json_tree merged = {0};
	assert_true(json_tree_merge(&merged, &now, &before));
	static const char *const values[] = {"1", "{\"x\":2}", "2", "[7]", "7", "8", "null"};
	static const enum json_change changes[] = {
	    LINE_SAME, LINE_REMOVED, LINE_REMOVED, LINE_CHANGED, LINE_SAME, LINE_REMOVED, LINE_REMOVED};
	assert_int_equal(merged.count, 8);
	for (size_t i = 1; i < merged.count; i++) {
		assert_true(slice_equals_text(merged.lines[i].value, values[i - 1]));
		assert_int_equal(merged.lines[i].change, changes[i - 1]);
	}
	json_tree_free(&merged);
	json_tree_free(&now);
	json_tree_free(&before);
}

static void what_is_folded_in_one_is_folded_in_both(void **state)
{
	(void)state;
	struct json_tree now = tree_of("[[1,2],3]"), before = tree_of("[[1,2],4]"), merged = {0};
	json_tree_toggle(&now, 1);
	assert_true(json_tree_merge(&merged, &now, &before));
	assert_int_equal(merged.count, 3);
	assert_int_equal(merged.lines[2].change, LINE_CHANGED);
	json_tree_free(&merged);
	json_tree_free(&now);
	json_tree_free(&before);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(the_first_and_the_last_row_are_ends),
	    cmocka_unit_test(nothing_can_be_selected_in_nothing),
	    cmocka_unit_test(a_list_that_shrinks_keeps_its_selection_inside),
	    cmocka_unit_test(a_window_that_shrinks_keeps_the_selection_in_sight),
	    GIVEN(sessions_stand_in_order_of_their_numbers),
	    GIVEN(any_column_sorts),
	    GIVEN(sessions_without_a_latency_come_last_in_both_orders),
	    GIVEN(closed_ones_are_folded_but_for_those_with_findings),
	    GIVEN(a_session_is_as_bad_as_the_worst_of_its_findings),
	    GIVEN(a_filter_lets_only_those_through),
	    GIVEN(the_last_latency_is_that_of_the_last_answered_event),
	    cmocka_unit_test(every_member_has_its_line_and_depth),
	    cmocka_unit_test(a_fold_takes_its_lines_away_and_brings_them_back),
	    cmocka_unit_test(a_long_list_begins_folded),
	    cmocka_unit_test(what_differs_is_marked_where_it_stands),
	    cmocka_unit_test(what_only_the_other_has_stands_where_it_was),
	    cmocka_unit_test(what_is_folded_in_one_is_folded_in_both),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
