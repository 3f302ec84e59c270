/* event-lost on timelines made by hand. */
#include "stage.h"

static void send(struct stage *stage, const char *name, enum unread unread)
{
	struct event event = stage_event(stage, EVENT_EVENT, TO_CLIENT);
	event.packet.name = slice_of_text(name);
	event.unread = unread;
	stage_emit_event(stage, &event);
}

static void ask_again(struct stage *stage)
{
	stage_wait(stage, 0.1);
	stage_ask(stage, true, "GET /socket.io/?EIO=4&transport=polling&sid=sid HTTP/1.1\r\n\r\n", ANSWERED, "6");
}

static void events_in_the_body_of_an_upgrade_are_lost_and_named(void **state)
{
	struct stage *stage = *state;
	stage_connect_by_polling(stage);
	send(stage, "\"welcome\"", UNREAD_IN_UPGRADE);
	send(stage, "\"tick\"", UNREAD_IN_UPGRADE);
	const struct finding *found = SEES(stage, CODE_EVENT_LOST);
	assert_int_equal(found->confidence, CONFIDENCE_PROVEN);
	assert_non_null(strstr(found->seen, "welcome"));
	assert_non_null(strstr(found->seen, "tick"));
	assert_string_equal(found->cause, "in-upgrade");
	assert_int_equal(found->evidence_count, 2);
}

static void more_events_than_are_named_are_counted(void **state)
{
	struct stage *stage = *state;
	stage_connect_by_polling(stage);
	for (int i = 0; i < 7; i++)
		send(stage, "\"tick\"", UNREAD_IN_UPGRADE);
	assert_non_null(strstr(SEES(stage, CODE_EVENT_LOST)->seen, "and 3 more"));
}

static void events_in_the_answer_to_an_aborted_poll_are_lost_when_the_session_goes_on(void **state)
{
	struct stage *stage = *state;
	stage_connect_by_polling(stage);
	send(stage, "\"tick\"", UNREAD_IN_ABORTED_POLL);
	ask_again(stage);
	assert_string_equal(SEES(stage, CODE_EVENT_LOST)->cause, "in-aborted-poll");
}

static void a_client_that_left_lost_nothing(void **state)
{
	struct stage *stage = *state;
	stage_connect_by_polling(stage);
	send(stage, "\"tick\"", UNREAD_IN_ABORTED_POLL);
	stage_wait(stage, 0.1);
	stage_emit(stage, EVENT_CLOSE, TO_SERVER);
	DOES_NOT_SEE(stage, CODE_EVENT_LOST);
}

static void an_event_that_was_read_is_not_lost(void **state)
{
	struct stage *stage = *state;
	stage_connect_by_polling(stage);
	send(stage, "\"tick\"", UNREAD_NOT);
	ask_again(stage);
	DOES_NOT_SEE(stage, CODE_EVENT_LOST);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    ON_STAGE(events_in_the_body_of_an_upgrade_are_lost_and_named),
	    ON_STAGE(more_events_than_are_named_are_counted),
	    ON_STAGE(events_in_the_answer_to_an_aborted_poll_are_lost_when_the_session_goes_on),
	    ON_STAGE(a_client_that_left_lost_nothing),
	    ON_STAGE(an_event_that_was_read_is_not_lost),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
