/* payload-too-large, by the handshake's maxPayload, on timelines told by hand. */
#include "stage.h"

#define MOST 1000

static void begin_websocket(struct stage *stage)
{
	stage_begin(stage);
	stage->session.max_payload = MOST;
	stage_connect(stage);
}

static void begin_polling(struct stage *stage)
{
	stage_begin(stage);
	stage->session.max_payload = MOST;
	stage_connect_by_polling(stage);
}

static void send_bytes(struct stage *stage, enum direction direction, uint64_t bytes, size_t attachments)
{
	struct event event = stage_event(stage, EVENT_EVENT, direction);
	event.name = SLICE("\"upload\"");
	event.bytes = bytes;
	event.attachment_count = attachments;
	stage_tell_event(stage, &event);
}

static void end_connection(struct stage *stage, enum direction direction)
{
	stage_tell(stage, EVENT_TCP_CLOSE, direction);
}

/* ---- what it must see */

static void a_message_over_the_limit_that_ends_the_session_is_too_large(void **state)
{
	(void)state;
	struct stage stage;
	begin_websocket(&stage);
	send_bytes(&stage, TO_SERVER, MOST + 1, 0);
	end_connection(&stage, TO_CLIENT);
	SEES(&stage, CODE_PAYLOAD_TOO_LARGE);
	const struct finding *large = stage_found(&stage, CODE_PAYLOAD_TOO_LARGE);
	assert_int_equal(large->confidence, CONFIDENCE_LIKELY);
	assert_non_null(strstr(large->seen, "1001 bytes"));
	stage_end(&stage);
}

static void a_post_over_the_limit_that_ends_the_session_is_too_large(void **state)
{
	(void)state;
	struct stage stage;
	begin_polling(&stage);
	stage_post(&stage, 1, MOST + 1, "", "");
	stage_tell(&stage, EVENT_CLOSE, TO_CLIENT);
	SEES(&stage, CODE_PAYLOAD_TOO_LARGE);
	stage_end(&stage);
}

static void the_end_that_it_brought_is_explained_by_it(void **state)
{
	(void)state;
	struct stage stage;
	begin_websocket(&stage);
	send_bytes(&stage, TO_SERVER, MOST + 1, 0);
	end_connection(&stage, TO_CLIENT);
	SEES(&stage, CODE_ABNORMAL_CLOSE);
	const struct finding *cause = stage_found(&stage, CODE_ABNORMAL_CLOSE)->cause;
	assert_non_null(cause);
	assert_int_equal(cause->code, CODE_PAYLOAD_TOO_LARGE);
	stage_end(&stage);
}

/* ---- what looks alike */

static void a_message_of_just_the_limit_is_taken(void **state)
{
	(void)state;
	struct stage stage;
	begin_websocket(&stage);
	send_bytes(&stage, TO_SERVER, MOST, 0);
	end_connection(&stage, TO_CLIENT);
	DOES_NOT_SEE(&stage, CODE_PAYLOAD_TOO_LARGE);
	stage_end(&stage);
}

static void a_server_that_goes_on_talking_does_not_mind(void **state)
{
	(void)state;
	struct stage stage;
	begin_websocket(&stage);
	send_bytes(&stage, TO_SERVER, MOST + 1, 0);
	stage_say(&stage, TO_CLIENT, "\"thanks\"", "");
	end_connection(&stage, TO_CLIENT);
	DOES_NOT_SEE(&stage, CODE_PAYLOAD_TOO_LARGE);
	stage_end(&stage);
}

static void a_session_that_ends_much_later_ends_for_another_reason(void **state)
{
	(void)state;
	struct stage stage;
	begin_websocket(&stage);
	send_bytes(&stage, TO_SERVER, MOST + 1, 0);
	stage_wait(&stage, 20);
	end_connection(&stage, TO_CLIENT);
	DOES_NOT_SEE(&stage, CODE_PAYLOAD_TOO_LARGE);
	stage_end(&stage);
}

static void a_post_that_was_answered_well_was_taken(void **state)
{
	(void)state;
	struct stage stage;
	begin_polling(&stage);
	stage_post(&stage, 1, MOST + 1, "HTTP/1.1 200 OK\r\n\r\n", "ok");
	stage_tell(&stage, EVENT_CLOSE, TO_SERVER);
	DOES_NOT_SEE(&stage, CODE_PAYLOAD_TOO_LARGE);
	stage_end(&stage);
}

static void a_client_that_leaves_by_itself_was_not_sent_away(void **state)
{
	(void)state;
	struct stage stage;
	begin_websocket(&stage);
	send_bytes(&stage, TO_SERVER, MOST + 1, 0);
	stage_tell(&stage, EVENT_DISCONNECT, TO_SERVER);
	stage_tell(&stage, EVENT_WS_CLOSE, TO_SERVER);
	DOES_NOT_SEE(&stage, CODE_PAYLOAD_TOO_LARGE);
	stage_end(&stage);
}

static void the_server_may_send_more_than_it_takes(void **state)
{
	(void)state;
	struct stage stage;
	begin_websocket(&stage);
	send_bytes(&stage, TO_CLIENT, (uint64_t)100 * MOST, 0);
	end_connection(&stage, TO_CLIENT);
	DOES_NOT_SEE(&stage, CODE_PAYLOAD_TOO_LARGE);
	stage_end(&stage);
}

static void the_messages_of_an_event_with_attachments_may_each_be_small_enough(void **state)
{
	(void)state;
	struct stage stage;
	begin_websocket(&stage);
	send_bytes(&stage, TO_SERVER, MOST + 1, 2);
	end_connection(&stage, TO_CLIENT);
	DOES_NOT_SEE(&stage, CODE_PAYLOAD_TOO_LARGE);
	stage_end(&stage);
}

/* ---- what is not sure */

static void in_a_capture_with_gaps_a_message_was_only_possibly_too_large(void **state)
{
	(void)state;
	struct stage stage;
	begin_websocket(&stage);
	stage_tell(&stage, EVENT_GAP, TO_CLIENT);
	send_bytes(&stage, TO_SERVER, MOST + 1, 0);
	end_connection(&stage, TO_CLIENT);
	SEES(&stage, CODE_PAYLOAD_TOO_LARGE);
	const struct finding *large = stage_found(&stage, CODE_PAYLOAD_TOO_LARGE);
	assert_int_equal(large->confidence, CONFIDENCE_POSSIBLE);
	assert_non_null(large->doubt);
	stage_end(&stage);
}

static void without_the_handshake_the_limit_is_not_known_and_nothing_is_said(void **state)
{
	(void)state;
	struct stage stage;
	stage_begin(&stage);
	stage_tell(&stage, EVENT_PING, TO_CLIENT);
	send_bytes(&stage, TO_SERVER, UINT64_C(100000000), 0);
	end_connection(&stage, TO_CLIENT);
	DOES_NOT_SEE(&stage, CODE_PAYLOAD_TOO_LARGE);
	stage_end(&stage);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_message_over_the_limit_that_ends_the_session_is_too_large),
	    cmocka_unit_test(a_post_over_the_limit_that_ends_the_session_is_too_large),
	    cmocka_unit_test(the_end_that_it_brought_is_explained_by_it),
	    cmocka_unit_test(a_message_of_just_the_limit_is_taken),
	    cmocka_unit_test(a_server_that_goes_on_talking_does_not_mind),
	    cmocka_unit_test(a_session_that_ends_much_later_ends_for_another_reason),
	    cmocka_unit_test(a_post_that_was_answered_well_was_taken),
	    cmocka_unit_test(a_client_that_leaves_by_itself_was_not_sent_away),
	    cmocka_unit_test(the_server_may_send_more_than_it_takes),
	    cmocka_unit_test(the_messages_of_an_event_with_attachments_may_each_be_small_enough),
	    cmocka_unit_test(in_a_capture_with_gaps_a_message_was_only_possibly_too_large),
	    cmocka_unit_test(without_the_handshake_the_limit_is_not_known_and_nothing_is_said),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
