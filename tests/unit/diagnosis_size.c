/* payload-too-large, by the handshake's maxPayload, on timelines told by hand. */
#include "stage.h"

#define MOST 1000

static void connect_websocket(struct stage *stage)
{
	stage->session.max_payload = MOST;
	stage_connect(stage);
}

static void connect_polling(struct stage *stage)
{
	stage->session.max_payload = MOST;
	stage_connect_by_polling(stage);
}

static void send_bytes(struct stage *stage, enum direction direction, uint64_t bytes)
{
	struct event event = stage_event(stage, EVENT_EVENT, direction);
	event.name = SLICE("\"upload\"");
	event.bytes = bytes;
	stage_tell_event(stage, &event);
}

/* An event with two attachments, each of so many bytes. */
static void send_attachments(struct stage *stage, size_t bytes)
{
	static const uint8_t image[2 * MOST];
	const struct slice attachments[] = {slice_of(image, bytes), slice_of(image, bytes)};
	struct event event = stage_event(stage, EVENT_EVENT, TO_SERVER);
	event.name = SLICE("\"upload\"");
	event.bytes = 2 * bytes;
	event.attachments = attachments;
	event.attachment_count = 2;
	stage_tell_event(stage, &event);
}

static void end_connection(struct stage *stage, enum direction direction)
{
	stage_tell(stage, EVENT_TCP_CLOSE, direction);
}

/* ---- what it must see */

static void a_message_over_the_limit_that_ends_the_session_is_too_large(void **state)
{
	struct stage *stage = *state;
	connect_websocket(stage);
	send_bytes(stage, TO_SERVER, MOST + 1);
	end_connection(stage, TO_CLIENT);
	const struct finding *large = SEES(stage, CODE_PAYLOAD_TOO_LARGE);
	assert_int_equal(large->confidence, CONFIDENCE_LIKELY);
	assert_non_null(strstr(large->seen, "1001 bytes"));
}

static void what_counts_of_a_compressed_message_is_what_is_inside(void **state)
{
	struct stage *stage = *state;
	static char text[MOST + 3];
	connect_websocket(stage);
	memset(text, 'y', sizeof text);
	text[0] = text[sizeof text - 1] = '"';
	struct event event = stage_event(stage, EVENT_EVENT, TO_SERVER);
	event.bytes = 40;
	event.name = SLICE("\"upload\"");
	event.data = slice_of(text, sizeof text);
	stage_tell_event(stage, &event);
	end_connection(stage, TO_CLIENT);
	SEES(stage, CODE_PAYLOAD_TOO_LARGE);
}

static void an_attachment_is_a_message_of_its_own(void **state)
{
	struct stage *stage = *state;
	connect_websocket(stage);
	send_attachments(stage, MOST + 1);
	end_connection(stage, TO_CLIENT);
	assert_non_null(strstr(SEES(stage, CODE_PAYLOAD_TOO_LARGE)->seen, "1001 bytes"));
}

static void a_post_over_the_limit_that_ends_the_session_is_too_large(void **state)
{
	struct stage *stage = *state;
	connect_polling(stage);
	stage_post(stage, 1, MOST + 1, "", "");
	stage_tell(stage, EVENT_CLOSE, TO_CLIENT);
	SEES(stage, CODE_PAYLOAD_TOO_LARGE);
}

static void the_end_that_it_brought_is_explained_by_it(void **state)
{
	struct stage *stage = *state;
	connect_websocket(stage);
	send_bytes(stage, TO_SERVER, MOST + 1);
	end_connection(stage, TO_CLIENT);
	const struct finding *cause = SEES(stage, CODE_ABNORMAL_CLOSE)->explained_by;
	assert_non_null(cause);
	assert_int_equal(cause->code, CODE_PAYLOAD_TOO_LARGE);
}

/* ---- what looks alike */

static void a_message_of_just_the_limit_is_taken(void **state)
{
	struct stage *stage = *state;
	connect_websocket(stage);
	send_bytes(stage, TO_SERVER, MOST);
	end_connection(stage, TO_CLIENT);
	DOES_NOT_SEE(stage, CODE_PAYLOAD_TOO_LARGE);
}

static void a_server_that_goes_on_talking_does_not_mind(void **state)
{
	struct stage *stage = *state;
	connect_websocket(stage);
	send_bytes(stage, TO_SERVER, MOST + 1);
	stage_say(stage, TO_CLIENT, "\"thanks\"", "");
	end_connection(stage, TO_CLIENT);
	DOES_NOT_SEE(stage, CODE_PAYLOAD_TOO_LARGE);
}

static void a_session_that_ends_much_later_ends_for_another_reason(void **state)
{
	struct stage *stage = *state;
	connect_websocket(stage);
	send_bytes(stage, TO_SERVER, MOST + 1);
	stage_wait(stage, 20);
	end_connection(stage, TO_CLIENT);
	DOES_NOT_SEE(stage, CODE_PAYLOAD_TOO_LARGE);
}

static void a_post_that_was_answered_well_was_taken(void **state)
{
	struct stage *stage = *state;
	connect_polling(stage);
	stage_post(stage, 1, MOST + 1, ANSWERED, "ok");
	stage_tell(stage, EVENT_CLOSE, TO_SERVER);
	DOES_NOT_SEE(stage, CODE_PAYLOAD_TOO_LARGE);
}

static void a_client_that_leaves_by_itself_was_not_sent_away(void **state)
{
	struct stage *stage = *state;
	connect_websocket(stage);
	send_bytes(stage, TO_SERVER, MOST + 1);
	stage_say_goodbye(stage);
	DOES_NOT_SEE(stage, CODE_PAYLOAD_TOO_LARGE);
}

static void the_server_may_send_more_than_it_takes(void **state)
{
	struct stage *stage = *state;
	connect_websocket(stage);
	send_bytes(stage, TO_CLIENT, (uint64_t)100 * MOST);
	end_connection(stage, TO_CLIENT);
	DOES_NOT_SEE(stage, CODE_PAYLOAD_TOO_LARGE);
}

static void the_messages_of_an_event_with_attachments_may_each_be_small_enough(void **state)
{
	struct stage *stage = *state;
	connect_websocket(stage);
	send_attachments(stage, MOST);
	end_connection(stage, TO_CLIENT);
	DOES_NOT_SEE(stage, CODE_PAYLOAD_TOO_LARGE);
}

/* ---- what is not sure */

static void in_a_capture_with_gaps_a_message_was_only_possibly_too_large(void **state)
{
	struct stage *stage = *state;
	connect_websocket(stage);
	stage_tell(stage, EVENT_GAP, TO_CLIENT);
	send_bytes(stage, TO_SERVER, MOST + 1);
	end_connection(stage, TO_CLIENT);
	assert_only_possible(SEES(stage, CODE_PAYLOAD_TOO_LARGE));
}

static void without_the_handshake_the_limit_is_not_known_and_nothing_is_said(void **state)
{
	struct stage *stage = *state;
	stage_tell(stage, EVENT_PING, TO_CLIENT);
	send_bytes(stage, TO_SERVER, UINT64_C(100000000));
	end_connection(stage, TO_CLIENT);
	DOES_NOT_SEE(stage, CODE_PAYLOAD_TOO_LARGE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    ON_STAGE(a_message_over_the_limit_that_ends_the_session_is_too_large),
	    ON_STAGE(what_counts_of_a_compressed_message_is_what_is_inside),
	    ON_STAGE(an_attachment_is_a_message_of_its_own),
	    ON_STAGE(a_post_over_the_limit_that_ends_the_session_is_too_large),
	    ON_STAGE(the_end_that_it_brought_is_explained_by_it),
	    ON_STAGE(a_message_of_just_the_limit_is_taken),
	    ON_STAGE(a_server_that_goes_on_talking_does_not_mind),
	    ON_STAGE(a_session_that_ends_much_later_ends_for_another_reason),
	    ON_STAGE(a_post_that_was_answered_well_was_taken),
	    ON_STAGE(a_client_that_leaves_by_itself_was_not_sent_away),
	    ON_STAGE(the_server_may_send_more_than_it_takes),
	    ON_STAGE(the_messages_of_an_event_with_attachments_may_each_be_small_enough),
	    ON_STAGE(in_a_capture_with_gaps_a_message_was_only_possibly_too_large),
	    ON_STAGE(without_the_handshake_the_limit_is_not_known_and_nothing_is_said),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
