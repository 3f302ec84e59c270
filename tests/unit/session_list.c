/* Which sessions are listed, and in which order. */
#include "timeline_by_hand.h"
#include "tui/list.h"
#include "unit.h"

/* The first session says three things, the second one and is closed. */
static int begin(void **state)
{
	struct timeline_by_hand *told = timeline_by_hand_new();
	told->sessions[0].events[DIRECTION_TO_SERVER] = 3;
	told->sessions[1].events[DIRECTION_TO_SERVER] = 1;
	told->sessions[1].closed = told->sessions[1].last + 60 * TIMESTAMP_SECOND;
	uint64_t question = tell(told, 1, EVENT_EVENT, DIRECTION_TO_SERVER, 1, "\"x\"", "");
	record_link(told->record, question, tell(told, 1, EVENT_ACK, DIRECTION_TO_CLIENT, 1.25, "", ""));
	tell(told, 2, EVENT_OPEN, DIRECTION_TO_CLIENT, 3, "", "");
	*state = told;
	return 0;
}

static void sessions_stand_in_order_of_their_numbers(void **state)
{
	struct timeline_by_hand *told = *state;
	struct session_list list = {0};
	session_list_rebuild(&list, &told->data, NULL);
	assert_int_equal(list.count, 2);
	assert_int_equal(list.numbers[0], 1);
	list.descending = true;
	session_list_rebuild(&list, &told->data, NULL);
	assert_int_equal(list.numbers[0], 2);
	session_list_free(&list);
}

static void any_column_sorts(void **state)
{
	struct timeline_by_hand *told = *state;
	const struct {
		enum session_column column;
		uint64_t first;
	} orders[] = {{COLUMN_SENT, 2}, {COLUMN_AGE, 1}, {COLUMN_STATE, 1}, {COLUMN_LATENCY, 2}};
	struct session_list list = {0};
	for (size_t i = 0; i < sizeof orders / sizeof *orders; i++) {
		list.column = orders[i].column;
		session_list_rebuild(&list, &told->data, NULL);
		assert_int_equal(list.numbers[0], orders[i].first);
	}
	session_list_free(&list);
}

static void each_column_is_called_by_its_own_name(void **state)
{
	(void)state;
	assert_string_equal(session_column_name(COLUMN_NUMBER), "number");
	assert_string_equal(session_column_name(COLUMN_PROCESS), "process");
	assert_string_equal(session_column_name(COLUMN_TRANSPORT), "transport");
	assert_string_equal(session_column_name(COLUMN_WORST), "worst");
}

static void closed_ones_are_folded_but_for_those_with_findings(void **state)
{
	struct timeline_by_hand *told = *state;
	struct session_list list = {.folds_closed = true};
	session_list_rebuild(&list, &told->data, NULL);
	assert_int_equal(list.count, 1);
	assert_int_equal(list.folded, 1);
	findings_claim(&told->findings, CODE_ABNORMAL_CLOSE, CONFIDENCE_LIKELY, &told->sessions[1], NULL, "");
	session_list_rebuild(&list, &told->data, NULL);
	assert_int_equal(list.count, 2);
	assert_int_equal(session_list_worst(&list, 2), 1 + SEVERITY_WARNING);
	session_list_free(&list);
}

static void a_filter_lets_only_those_through(void **state)
{
	struct timeline_by_hand *told = *state;
	struct query_error error;
	struct query *filter = query_parse(SLICE("sent > 2"), TABLE_SESSIONS, &error);
	struct session_list list = {0};
	session_list_rebuild(&list, &told->data, filter);
	assert_int_equal(list.count, 1);
	assert_int_equal(list.numbers[0], 1);
	assert_int_equal(session_list_find(&list, 2), list.count);
	query_free(filter);
	session_list_free(&list);
}

static void the_last_latency_is_that_of_the_last_answered_event(void **state)
{
	struct timeline_by_hand *told = *state;
	tell(told, 1, EVENT_EVENT, DIRECTION_TO_SERVER, 5, "\"unanswered\"", "");
	assert_int_equal(session_last_latency(told->record, 1), 250 * TIMESTAMP_MILLISECOND);
	assert_true(session_last_latency(told->record, 2) == TIMESTAMP_NONE);
}

#define TOLD(test) cmocka_unit_test_setup_teardown(test, begin, forget_timeline)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    TOLD(sessions_stand_in_order_of_their_numbers),
	    TOLD(any_column_sorts),
	    cmocka_unit_test(each_column_is_called_by_its_own_name),
	    TOLD(closed_ones_are_folded_but_for_those_with_findings),
	    TOLD(a_filter_lets_only_those_through),
	    TOLD(the_last_latency_is_that_of_the_last_answered_event),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
