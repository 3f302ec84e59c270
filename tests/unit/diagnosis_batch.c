/* event-dropped, too many packets in one POST, on timelines told by hand. */
#include "stage.h"

#define ANSWERED "HTTP/1.1 200 OK\r\n\r\n"

static void begin_polling(struct stage *stage)
{
	stage_begin(stage);
	stage_connect_by_polling(stage);
}

/* The packets of a batch; what happens before its answer may be told next. Returns the packet in which it began. */
static uint64_t send_batch(struct stage *stage)
{
	uint64_t first_packet = stage->packets + 1;
	for (int i = 0; i < 17; i++) {
		struct event event = stage_event(stage, EVENT_EVENT, TO_SERVER);
		event.first_packet = first_packet;
		stage_tell_event(stage, &event);
	}
	return first_packet;
}

static void answer_batch(struct stage *stage, uint64_t first_packet)
{
	struct event event = stage_event(stage, EVENT_HTTP, TO_SERVER);
	event.first_packet = first_packet;
	stage_tell_exchange(
	    stage, &event, "POST /socket.io/?EIO=4&transport=polling&sid=sid HTTP/1.1\r\n\r\n", ANSWERED, "OK", 100);
}

/* ---- what it must see */

static void more_than_sixteen_packets_in_a_post_to_a_python_server_are_dropped(void **state)
{
	(void)state;
	struct stage stage;
	begin_polling(&stage);
	stage_post(&stage, 17, 100, ANSWERED, "OK");
	SEES(&stage, CODE_EVENT_DROPPED);
	const struct finding *dropped = stage_found(&stage, CODE_EVENT_DROPPED);
	assert_int_equal(dropped->confidence, CONFIDENCE_LIKELY);
	assert_non_null(strstr(dropped->seen, "17 packets"));
	stage_end(&stage);
}

static void a_limit_that_was_raised_is_named_as_a_doubt(void **state)
{
	(void)state;
	struct stage stage;
	begin_polling(&stage);
	stage_post(&stage, 17, 100, ANSWERED, "OK");
	SEES(&stage, CODE_EVENT_DROPPED);
	assert_non_null(strstr(stage_found(&stage, CODE_EVENT_DROPPED)->doubt, "max_decode_packets"));
	stage_end(&stage);
}

static void each_attachment_counts_as_a_packet(void **state)
{
	(void)state;
	struct stage stage;
	begin_polling(&stage);
	struct event event = stage_event(&stage, EVENT_EVENT, TO_SERVER);
	event.first_packet = stage.packets + 1; /* that of the POST which follows */
	event.attachment_count = 1;
	stage_tell_event(&stage, &event);
	stage_post(&stage, 15, 100, ANSWERED, "OK");
	SEES(&stage, CODE_EVENT_DROPPED);
	stage_end(&stage);
}

static void what_the_server_sends_meanwhile_does_not_hide_a_batch(void **state)
{
	(void)state;
	struct stage stage;
	begin_polling(&stage);
	uint64_t first_packet = send_batch(&stage);
	stage_say(&stage, TO_CLIENT, "\"news\"", "");
	answer_batch(&stage, first_packet);
	SEES(&stage, CODE_EVENT_DROPPED);
	stage_end(&stage);
}

static void a_post_of_another_client_meanwhile_does_not_hide_a_batch(void **state)
{
	(void)state;
	struct stage stage;
	begin_polling(&stage);
	uint64_t first_packet = send_batch(&stage);
	stage_begin_session(&stage);
	stage_post(&stage, 1, 100, ANSWERED, "OK");
	stage_turn_to(&stage, 1);
	answer_batch(&stage, first_packet);
	SEES(&stage, CODE_EVENT_DROPPED);
	stage_end(&stage);
}

/* ---- what looks alike */

static void the_next_post_is_judged_by_itself(void **state)
{
	(void)state;
	struct stage stage;
	begin_polling(&stage);
	stage_post(&stage, 17, 100, ANSWERED, "OK");
	stage_post(&stage, 0, 100, ANSWERED, "OK");
	SEES(&stage, CODE_EVENT_DROPPED);
	assert_int_equal(stage_found(&stage, CODE_EVENT_DROPPED)->count, 1);
	stage_end(&stage);
}

static void sixteen_packets_in_a_post_are_taken(void **state)
{
	(void)state;
	struct stage stage;
	begin_polling(&stage);
	stage_post(&stage, 16, 100, ANSWERED, "OK");
	DOES_NOT_SEE(&stage, CODE_EVENT_DROPPED);
	stage_end(&stage);
}

static void a_node_server_takes_any_number_of_packets(void **state)
{
	(void)state;
	struct stage stage;
	begin_polling(&stage);
	stage_post(&stage, 40, 100, ANSWERED, "ok");
	DOES_NOT_SEE(&stage, CODE_EVENT_DROPPED);
	stage_end(&stage);
}

static void many_packets_in_several_posts_are_taken(void **state)
{
	(void)state;
	struct stage stage;
	begin_polling(&stage);
	for (int i = 0; i < 4; i++)
		stage_post(&stage, 10, 100, ANSWERED, "OK");
	DOES_NOT_SEE(&stage, CODE_EVENT_DROPPED);
	stage_end(&stage);
}

/* ---- what is not sure */

static void without_the_servers_answer_nothing_is_said_of_a_batch(void **state)
{
	(void)state;
	struct stage stage;
	begin_polling(&stage);
	stage_post(&stage, 40, 100, "", "");
	DOES_NOT_SEE(&stage, CODE_EVENT_DROPPED);
	stage_end(&stage);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(more_than_sixteen_packets_in_a_post_to_a_python_server_are_dropped),
	    cmocka_unit_test(a_limit_that_was_raised_is_named_as_a_doubt),
	    cmocka_unit_test(each_attachment_counts_as_a_packet),
	    cmocka_unit_test(sixteen_packets_in_a_post_are_taken),
	    cmocka_unit_test(a_node_server_takes_any_number_of_packets),
	    cmocka_unit_test(many_packets_in_several_posts_are_taken),
	    cmocka_unit_test(what_the_server_sends_meanwhile_does_not_hide_a_batch),
	    cmocka_unit_test(a_post_of_another_client_meanwhile_does_not_hide_a_batch),
	    cmocka_unit_test(the_next_post_is_judged_by_itself),
	    cmocka_unit_test(without_the_servers_answer_nothing_is_said_of_a_batch),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
