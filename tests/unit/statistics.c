/* Counts and latencies of events, and the columns of a table. */
#include "tui/statistics.h"

#include "timeline_by_hand.h"
#include "tui/table.h"
#include "unit.h"

/* ==== latencies */

static void a_percentile_is_right_within_two_percent(void **state)
{
	(void)state;
	struct latencies *latencies = calloc(1, sizeof *latencies);
	for (timestamp i = 1; i <= 1000; i++)
		latencies_add(latencies, i * TIMESTAMP_MILLISECOND);
	static const double shares[] = {0.50, 0.95, 0.99};
	for (size_t i = 0; i < 3; i++) {
		double given = (double)latencies_share(latencies, shares[i]), right = shares[i] * 1e9;
		assert_true(given > right * 0.98 && given < right * 1.02);
	}
	assert_int_equal(latencies_share(latencies, 1), 1000 * TIMESTAMP_MILLISECOND);
	free(latencies);
}

static void no_percentile_is_above_the_longest(void **state)
{
	(void)state;
	static const timestamp extremes[] = {-5, 0, 1, 1023, 1024, 1025, TIMESTAMP_LAST};
	for (size_t i = 0; i < sizeof extremes / sizeof *extremes; i++) {
		struct latencies *latencies = calloc(1, sizeof *latencies);
		latencies_add(latencies, extremes[i]);
		assert_true(latencies_share(latencies, 0.5) <= (extremes[i] > 0 ? extremes[i] : 0));
		free(latencies);
	}
	assert_int_equal(latencies_share(NULL, 0.5), TIMESTAMP_NONE);
}

/* ==== groups */

static void take_all(struct statistics *statistics, struct timeline_by_hand *given, enum statistics_by by)
{
	statistics_reset(statistics, by, NULL);
	while (statistics_extend(statistics, &given->data, 1))
		;
	statistics_finish(statistics);
}

static struct timeline_by_hand *with_an_answer(struct timeline_by_hand *given)
{
	uint64_t question = give(given, 1, EVENT_EVENT, DIRECTION_TO_SERVER, 0, "\"add\"", "1");
	give(given, 2, EVENT_EVENT, DIRECTION_TO_CLIENT, 1, "\"news\"", "2");
	uint64_t answer = give(given, 1, EVENT_ACK, DIRECTION_TO_CLIENT, 2, "", "3");
	record_link(given->record, question, answer);
	give(given, 1, EVENT_EVENT, DIRECTION_TO_SERVER, 3, "\"add\"", "4");
	return given;
}

static void an_answer_counts_for_the_name_of_its_question(void **state)
{
	struct statistics statistics = {0};
	take_all(&statistics, with_an_answer(*state), STATISTICS_BY_NAME);
	assert_int_equal(statistics.count, 2);
	const struct statistics_group *add = statistics.groups[0];
	assert_memory_equal(add->name, "add", 3);
	assert_int_equal(add->events[DIRECTION_TO_SERVER], 2);
	assert_int_equal(add->latencies->count, 1);
	assert_true(add->shares[0] > 19 * TIMESTAMP_SECOND / 10 && add->shares[0] <= 2 * TIMESTAMP_SECOND);
	assert_null(statistics.groups[1]->latencies);
	statistics_free(&statistics);
}

static void the_slowest_of_a_name_is_known(void **state)
{
	struct timeline_by_hand *given = with_an_answer(*state);
	struct statistics statistics = {0};
	uint64_t slow = give(given, 1, EVENT_EVENT, DIRECTION_TO_SERVER, 4, "\"add\"", "5");
	record_link(given->record, slow, give(given, 1, EVENT_ACK, DIRECTION_TO_CLIENT, 9, "", "6"));
	uint64_t quick = give(given, 1, EVENT_EVENT, DIRECTION_TO_SERVER, 10, "\"add\"", "7");
	record_link(given->record, quick, give(given, 1, EVENT_ACK, DIRECTION_TO_CLIENT, 11, "", "8"));
	take_all(&statistics, given, STATISTICS_BY_NAME);
	assert_int_equal(statistics.groups[0]->slowest, slow);
	assert_int_equal(statistics.groups[1]->slowest, 0);
	statistics_free(&statistics);
}

static void events_are_counted_by_session_as_well(void **state)
{
	struct statistics statistics = {0};
	take_all(&statistics, with_an_answer(*state), STATISTICS_BY_SESSION);
	assert_int_equal(statistics.count, 2);
	assert_int_equal(statistics.groups[1]->session, 2);
	assert_int_equal(statistics.groups[1]->events[DIRECTION_TO_CLIENT], 1);
	statistics_free(&statistics);
}

/* The record of this test has room for them. */
static void more_names_than_there_is_room_for_share_a_row(void **state)
{
	struct timeline_by_hand *given = *state;
	record_free(given->record);
	given->record = record_new(64 << 20);
	given->data.record = given->record;
	char name[40];
	for (unsigned i = 0; i < STATISTICS_GROUPS + 10; i++) {
		snprintf(name, sizeof name, "\"event-%u\"", i);
		give(given, 1, EVENT_EVENT, DIRECTION_TO_SERVER, i, name, "");
	}
	give(given, 1, EVENT_EVENT, DIRECTION_TO_SERVER, 9999, "\"event-0\"", "");
	struct statistics statistics = {0};
	take_all(&statistics, given, STATISTICS_BY_NAME);
	assert_int_equal(statistics.count, STATISTICS_GROUPS);
	assert_int_equal(statistics.groups[0]->events[DIRECTION_TO_SERVER], 2);
	assert_int_equal(statistics.groups[STATISTICS_GROUPS - 1]->events[DIRECTION_TO_SERVER], 11);
	statistics_free(&statistics);
}

/* ==== columns */

static const struct table_column columns[] = {
    {"a", "A", 4, false, false, 0, false}, {"b", "B", 6, true, true, 0, true}, {"c", "C", 5, true, false, 80, false}};

static void the_wide_column_has_what_the_others_leave(void **state)
{
	(void)state;
	const struct table table = {.columns = columns, .count = 3, .width = 40};
	struct table_cell cell = {0};
	assert_true(table_next(&table, 40, &cell) && cell.column == 0 && cell.left == 2 && cell.width == 4);
	assert_true(table_next(&table, 40, &cell) && cell.column == 1 && cell.left == 7 && cell.width == 32);
	assert_false(table_next(&table, 40, &cell));
	assert_int_equal(table_column_at(&table, 8), 1);
	assert_int_equal(table_column_at(&table, 0), 3);
}

static void columns_are_chosen_and_moved_and_one_always_stays(void **state)
{
	(void)state;
	struct table table = {.columns = columns, .count = 3};
	table_toggle(&table, 1);
	table_move(&table, 2, -1);
	assert_int_equal(table.chosen_count, 2);
	assert_true(table.chosen[0] == 2 && table.chosen[1] == 0);
	table_toggle(&table, 2);
	table_toggle(&table, 0);
	assert_int_equal(table.chosen_count, 1);
	assert_true(table_is_chosen(&table, 0));
}

static void the_same_column_once_more_turns_the_order(void **state)
{
	(void)state;
	struct table table = {.columns = columns, .count = 3};
	table_sort(&table, 2);
	assert_true(table.sorted == 2 && !table.descending);
	table_sort(&table, 2);
	assert_true(table.sorted == 2 && table.descending);
}

static void the_next_column_to_sort_by_is_one_that_is_shown(void **state)
{
	(void)state;
	struct table table = {.columns = columns, .count = 3, .width = 60};
	table_sort_next(&table, 1);
	table_sort_next(&table, 1);
	assert_int_equal(table.sorted, 0);
	table.width = 100;
	table_sort_next(&table, -1);
	assert_int_equal(table.sorted, 2);
	table.absent = 1;
	table_sort_next(&table, 1);
	assert_int_equal(table.sorted, 1);
}

static void a_column_of_sizes_begins_with_the_largest(void **state)
{
	(void)state;
	struct table table = {.columns = columns, .count = 3, .width = 60};
	table_sort(&table, 1);
	assert_true(table.sorted == 1 && table.descending);
	table_sort(&table, 0);
	assert_false(table.descending);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_percentile_is_right_within_two_percent),
	    cmocka_unit_test(no_percentile_is_above_the_longest),
	    BY_HAND(an_answer_counts_for_the_name_of_its_question),
	    BY_HAND(the_slowest_of_a_name_is_known),
	    BY_HAND(events_are_counted_by_session_as_well),
	    BY_HAND(more_names_than_there_is_room_for_share_a_row),
	    cmocka_unit_test(the_wide_column_has_what_the_others_leave),
	    cmocka_unit_test(columns_are_chosen_and_moved_and_one_always_stays),
	    cmocka_unit_test(the_same_column_once_more_turns_the_order),
	    cmocka_unit_test(the_next_column_to_sort_by_is_one_that_is_shown),
	    cmocka_unit_test(a_column_of_sizes_begins_with_the_largest),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
