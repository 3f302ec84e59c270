/* server-stall as a probe sees it, on timelines told by hand: what lay unread, and what the process did meanwhile. */
#include "net/packet.h"
#include "stage.h"

static const struct process watched = {.id = 7, .command = "python"};

/* An event to the server whose bytes had lain in the socket for so long. */
static void read_late(struct stage *stage, double seconds)
{
	struct event event = stage_event(stage, EVENT_EVENT, TO_SERVER);
	event.name = SLICE("\"ask\"");
	event.queued = (timestamp)(seconds * TIMESTAMP_SECOND);
	stage_tell_event(stage, &event);
}

static void stand_still(struct stage *stage)
{
	stage_wait(stage, 2);
	read_late(stage, 2);
}

static void connect_watched(struct stage *stage)
{
	stage->connection.process = &watched;
	stage_connect(stage);
}

static void a_process_that_reads_after_two_seconds_and_did_nothing_meanwhile_was_blocked(void **state)
{
	struct stage *stage = *state;
	connect_watched(stage);
	stand_still(stage);
	assert_int_equal(SEES(stage, CODE_SERVER_STALL)->confidence, CONFIDENCE_PROVEN);
}

static void the_finding_names_the_process_and_how_long_it_stood_still(void **state)
{
	struct stage *stage = *state;
	connect_watched(stage);
	stand_still(stage);
	const char *seen = SEES(stage, CODE_SERVER_STALL)->seen;
	assert_non_null(strstr(seen, "process 7 (python)"));
	assert_non_null(strstr(seen, "for 2.0 s"));
}

static void the_finding_begins_when_the_bytes_arrived(void **state)
{
	struct stage *stage = *state;
	connect_watched(stage);
	stage_wait(stage, 2);
	timestamp arrived = stage->now - 2 * TIMESTAMP_SECOND;
	read_late(stage, 2);
	assert_int_equal(SEES(stage, CODE_SERVER_STALL)->time, arrived);
}

static void a_process_that_did_something_else_meanwhile_was_not_blocked(void **state)
{
	struct stage *stage = *state;
	connect_watched(stage);
	stage_wait(stage, 1);
	stage_say(stage, TO_CLIENT, "\"tick\"", "");
	stage_wait(stage, 1);
	read_late(stage, 2);
	DOES_NOT_SEE(stage, CODE_SERVER_STALL);
}

static void a_wait_of_less_than_a_second_is_none(void **state)
{
	struct stage *stage = *state;
	connect_watched(stage);
	stage_wait(stage, 2);
	read_late(stage, 0.9);
	DOES_NOT_SEE(stage, CODE_SERVER_STALL);
}

static void without_a_process_nothing_is_told(void **state)
{
	struct stage *stage = *state;
	connect_watched(stage);
	stage->connection.process = NULL;
	stand_still(stage);
	DOES_NOT_SEE(stage, CODE_SERVER_STALL);
}

static void what_another_process_did_meanwhile_does_not_matter(void **state)
{
	struct stage *stage = *state;
	static const struct process other = {.id = 8, .command = "python"};
	connect_watched(stage);
	stage_wait(stage, 1);
	stage->connection.process = &other;
	stage_say(stage, TO_CLIENT, "\"tick\"", "");
	stage->connection.process = &watched;
	stage_wait(stage, 1);
	read_late(stage, 2);
	SEES(stage, CODE_SERVER_STALL);
}

/* More processes than are kept do something. */
static void others_are_active(struct stage *stage)
{
	static struct process others[100];
	for (size_t i = 0; i < 100; i++) {
		others[i].id = 100 + (uint32_t)i;
		stage->connection.process = &others[i];
		stage_say(stage, TO_CLIENT, "\"tick\"", "");
	}
	stage->connection.process = &watched;
}

static void one_that_came_after_a_hundred_others_is_seen_too(void **state)
{
	struct stage *stage = *state;
	connect_watched(stage);
	others_are_active(stage);
	stage_say(stage, TO_CLIENT, "\"tick\"", "");
	stand_still(stage);
	SEES(stage, CODE_SERVER_STALL);
}

static void one_that_was_active_before_a_hundred_others_is_not_blamed(void **state)
{
	struct stage *stage = *state;
	connect_watched(stage);
	stage_wait(stage, 1);
	stage_say(stage, TO_CLIENT, "\"tick\"", "");
	others_are_active(stage);
	read_late(stage, 2.5);
	DOES_NOT_SEE(stage, CODE_SERVER_STALL);
}

static void two_stalls_of_one_server_are_told_once_with_a_count(void **state)
{
	struct stage *stage = *state;
	connect_watched(stage);
	stand_still(stage);
	stand_still(stage);
	assert_int_equal(SEES(stage, CODE_SERVER_STALL)->count, 2);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    ON_STAGE(a_process_that_reads_after_two_seconds_and_did_nothing_meanwhile_was_blocked),
	    ON_STAGE(the_finding_names_the_process_and_how_long_it_stood_still),
	    ON_STAGE(the_finding_begins_when_the_bytes_arrived),
	    ON_STAGE(a_process_that_did_something_else_meanwhile_was_not_blocked),
	    ON_STAGE(a_wait_of_less_than_a_second_is_none),
	    ON_STAGE(without_a_process_nothing_is_told),
	    ON_STAGE(what_another_process_did_meanwhile_does_not_matter),
	    ON_STAGE(one_that_came_after_a_hundred_others_is_seen_too),
	    ON_STAGE(one_that_was_active_before_a_hundred_others_is_not_blamed),
	    ON_STAGE(two_stalls_of_one_server_are_told_once_with_a_count),
	};
	return cmocka_run_group_tests_name("blocked", tests, NULL, NULL);
}
