/* event-dropped, too many packets in one POST, on timelines told by hand. */
#include "stage.h"

/* ---- what it must see */

static void more_than_sixteen_packets_in_a_post_to_a_python_server_are_dropped(void **state)
{
	struct stage *stage = *state;
	stage_connect_by_polling(stage);
	stage_post(stage, 17, 100, ANSWERED, "OK");
	const struct finding *dropped = SEES(stage, CODE_EVENT_DROPPED);
	assert_int_equal(dropped->confidence, CONFIDENCE_LIKELY);
	assert_non_null(strstr(dropped->seen, "17 packets"));
}

static void a_limit_that_was_raised_is_named_as_a_doubt(void **state)
{
	struct stage *stage = *state;
	stage_connect_by_polling(stage);
	stage_post(stage, 17, 100, ANSWERED, "OK");
	assert_non_null(strstr(SEES(stage, CODE_EVENT_DROPPED)->doubt, "max_decode_packets"));
}

static void each_attachment_counts_as_a_packet(void **state)
{
	struct stage *stage = *state;
	stage_connect_by_polling(stage);
	struct event event = stage_event(stage, EVENT_EVENT, TO_SERVER);
	event.first_packet = stage->packets + 1; /* that of the POST which follows */
	event.attachment_count = 1;
	stage_tell_event(stage, &event);
	stage_post(stage, 15, 100, ANSWERED, "OK");
	SEES(stage, CODE_EVENT_DROPPED);
}

static void what_the_server_sends_meanwhile_does_not_hide_a_batch(void **state)
{
	struct stage *stage = *state;
	stage_connect_by_polling(stage);
	uint64_t first_packet = stage_begin_post(stage, 17);
	stage_say(stage, TO_CLIENT, "\"news\"", "");
	stage_answer_post(stage, first_packet, 100, ANSWERED, "OK");
	SEES(stage, CODE_EVENT_DROPPED);
}

static void a_post_of_another_client_meanwhile_does_not_hide_a_batch(void **state)
{
	struct stage *stage = *state;
	stage_connect_by_polling(stage);
	uint64_t first_packet = stage_begin_post(stage, 17);
	stage_begin_session(stage);
	stage_post(stage, 1, 100, ANSWERED, "OK");
	stage_turn_to(stage, 1);
	stage_answer_post(stage, first_packet, 100, ANSWERED, "OK");
	SEES(stage, CODE_EVENT_DROPPED);
}

/* ---- what looks alike */

static void the_next_post_is_judged_by_itself(void **state)
{
	struct stage *stage = *state;
	stage_connect_by_polling(stage);
	stage_post(stage, 17, 100, ANSWERED, "OK");
	stage_post(stage, 0, 100, ANSWERED, "OK");
	assert_int_equal(SEES(stage, CODE_EVENT_DROPPED)->count, 1);
}

static void sixteen_packets_in_a_post_are_taken(void **state)
{
	struct stage *stage = *state;
	stage_connect_by_polling(stage);
	stage_post(stage, 16, 100, ANSWERED, "OK");
	DOES_NOT_SEE(stage, CODE_EVENT_DROPPED);
}

static void a_node_server_takes_any_number_of_packets(void **state)
{
	struct stage *stage = *state;
	stage_connect_by_polling(stage);
	stage_post(stage, 40, 100, ANSWERED, "ok");
	DOES_NOT_SEE(stage, CODE_EVENT_DROPPED);
}

static void many_packets_in_several_posts_are_taken(void **state)
{
	struct stage *stage = *state;
	stage_connect_by_polling(stage);
	for (int i = 0; i < 4; i++)
		stage_post(stage, 10, 100, ANSWERED, "OK");
	DOES_NOT_SEE(stage, CODE_EVENT_DROPPED);
}

/* ---- what is not sure */

static void without_the_servers_answer_nothing_is_said_of_a_batch(void **state)
{
	struct stage *stage = *state;
	stage_connect_by_polling(stage);
	stage_post(stage, 40, 100, "", "");
	DOES_NOT_SEE(stage, CODE_EVENT_DROPPED);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    ON_STAGE(more_than_sixteen_packets_in_a_post_to_a_python_server_are_dropped),
	    ON_STAGE(a_limit_that_was_raised_is_named_as_a_doubt),
	    ON_STAGE(each_attachment_counts_as_a_packet),
	    ON_STAGE(sixteen_packets_in_a_post_are_taken),
	    ON_STAGE(a_node_server_takes_any_number_of_packets),
	    ON_STAGE(many_packets_in_several_posts_are_taken),
	    ON_STAGE(what_the_server_sends_meanwhile_does_not_hide_a_batch),
	    ON_STAGE(a_post_of_another_client_meanwhile_does_not_hide_a_batch),
	    ON_STAGE(the_next_post_is_judged_by_itself),
	    ON_STAGE(without_the_servers_answer_nothing_is_said_of_a_batch),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
