/* malformed-packet, payload-too-large (by maxPayload), event-dropped (too many packets), on timelines made by hand. */
#include "stage.h"

/* ==== what a parser rejects */

static void give_malformed(struct stage *stage, enum direction direction, const char *layer, bool incomplete)
{
	struct event event = stage_event(stage, EVENT_MALFORMED, direction);
	event.malformed.layer = layer;
	event.malformed.why = SLICE("its data is not JSON");
	event.malformed.raw = SLICE("42[");
	event.incomplete = incomplete;
	stage_emit_event(stage, &event);
}

/* ---- what it must see */

static void a_packet_that_cannot_be_decoded_is_a_warning(void **state)
{
	struct stage *stage = *state;
	stage_connect(stage);
	give_malformed(stage, TO_SERVER, "socketio", false);
	stage_say(stage, TO_CLIENT, "\"tick\"", "");
	const struct finding *found = SEES(stage, CODE_MALFORMED_PACKET);
	assert_int_equal(found->severity, SEVERITY_WARNING);
	assert_non_null(strstr(found->seen, "the client sent"));
	assert_null(strstr(found->seen, "42["));
}

static void an_event_with_a_flaw_is_reported(void **state)
{
	struct stage *stage = *state;
	stage_connect(stage);
	struct event event = stage_event(stage, EVENT_EVENT, TO_SERVER);
	event.packet.name = SLICE("\"disconnect\"");
	event.packet.flaw = "an event with a reserved name";
	stage_emit_event(stage, &event);
	assert_non_null(strstr(SEES(stage, CODE_MALFORMED_PACKET)->seen, "reserved name"));
}

static void give_text(struct stage *stage, struct slice data)
{
	struct event event = stage_event(stage, EVENT_EVENT, TO_SERVER);
	event.packet.name = SLICE("\"name\"");
	event.packet.data = data;
	stage_emit_event(stage, &event);
}

static void close_with(struct stage *stage, uint16_t code)
{
	struct event close = stage_event(stage, EVENT_WS_CLOSE, TO_CLIENT);
	close.ws_close.code = code;
	stage_emit_event(stage, &close);
}

static void text_that_is_not_utf8_for_which_the_session_ends_is_an_error(void **state)
{
	struct stage *stage = *state;
	stage_connect(stage);
	give_text(stage, SLICE("[\"M\xfcller\"]"));
	close_with(stage, 1007);
	const struct finding *found = SEES(stage, CODE_MALFORMED_PACKET);
	assert_int_equal(found->severity, SEVERITY_ERROR);
	assert_non_null(strstr(found->seen, "not UTF-8"));
	assert_non_null(strstr(found->advice, "latin-1"));
}

static void frames_without_a_mask_for_which_the_session_ends_are_an_error(void **state)
{
	struct stage *stage = *state;
	stage_connect(stage);
	struct event event = stage_event(stage, EVENT_MALFORMED, TO_SERVER);
	event.malformed.layer = "websocket";
	event.malformed.why = SLICE("an unmasked frame from the client");
	stage_emit_event(stage, &event);
	close_with(stage, 1002);
	assert_non_null(strstr(SEES(stage, CODE_MALFORMED_PACKET)->seen, "an unmasked frame"));
}

static void text_that_is_not_utf8_and_is_taken_is_none(void **state)
{
	struct stage *stage = *state;
	stage_connect(stage);
	give_text(stage, SLICE("[\"M\xfcller\"]"));
	stage_say(stage, TO_CLIENT, "\"tick\"", "");
	DOES_NOT_SEE(stage, CODE_MALFORMED_PACKET);
}

static void text_beyond_ascii_is_utf8(void **state)
{
	struct stage *stage = *state;
	stage_connect(stage);
	give_text(stage, SLICE("[\"M\xc3\xbcller, \xe6\x9d\xb1\xe4\xba\xac, \xf0\x9f\x99\x82\"]"));
	close_with(stage, 1007);
	DOES_NOT_SEE(stage, CODE_MALFORMED_PACKET);
}

static void packets_of_many_sessions_are_one_finding_by_kind(void **state)
{
	struct stage *stage = *state;
	for (int i = 0; i < 3; i++) {
		if (i)
			stage_begin_session(stage);
		stage_connect(stage);
		give_malformed(stage, TO_SERVER, "socketio", false);
		give_malformed(stage, TO_SERVER, "socketio", false);
		stage_emit(stage, EVENT_WS_CLOSE, TO_CLIENT);
	}
	const struct finding *ended = SEES(stage, CODE_MALFORMED_PACKET), *went_on = NULL;
	size_t count = 0;
	for (const struct finding *finding = stage->findings->first; finding; finding = finding->next)
		if (finding->code == CODE_MALFORMED_PACKET) {
			count++;
			went_on = finding == ended ? went_on : finding;
		}
	assert_int_equal(count, 2);
	assert_non_null(strstr(ended->seen, "3 packets, in 3 sessions"));
	assert_non_null(strstr(ended->seen, "its data is not JSON (3 times)"));
	assert_int_equal(ended->severity, SEVERITY_ERROR);
	assert_int_equal(went_on->severity, SEVERITY_WARNING);
}

static void a_session_that_ends_for_it_makes_it_an_error(void **state)
{
	struct stage *stage = *state;
	stage_connect(stage);
	give_malformed(stage, TO_SERVER, "engineio", false);
	stage_emit(stage, EVENT_WS_CLOSE, TO_CLIENT);
	assert_int_equal(SEES(stage, CODE_MALFORMED_PACKET)->severity, SEVERITY_ERROR);
}

static void a_client_that_leaves_for_it_makes_it_an_error(void **state)
{
	struct stage *stage = *state;
	stage_connect(stage);
	give_malformed(stage, TO_CLIENT, "engineio", false);
	stage_emit(stage, EVENT_WS_CLOSE, TO_SERVER);
	const struct finding *found = SEES(stage, CODE_MALFORMED_PACKET);
	assert_int_equal(found->severity, SEVERITY_ERROR);
	assert_non_null(strstr(found->seen, "the client ended the session"));
}

/* ---- what looks alike */

static void a_session_that_goes_on_did_not_end_for_it(void **state)
{
	struct stage *stage = *state;
	stage_connect(stage);
	give_malformed(stage, TO_SERVER, "socketio", false);
	stage_say(stage, TO_CLIENT, "\"tick\"", "");
	stage_emit(stage, EVENT_WS_CLOSE, TO_CLIENT);
	assert_int_equal(SEES(stage, CODE_MALFORMED_PACKET)->severity, SEVERITY_WARNING);
}

static void its_sender_that_leaves_did_not_end_it_for_that(void **state)
{
	struct stage *stage = *state;
	stage_connect(stage);
	give_malformed(stage, TO_SERVER, "socketio", false);
	stage_emit(stage, EVENT_WS_CLOSE, TO_SERVER);
	assert_int_equal(SEES(stage, CODE_MALFORMED_PACKET)->severity, SEVERITY_WARNING);
}

static void an_end_much_later_has_another_reason(void **state)
{
	struct stage *stage = *state;
	stage_connect(stage);
	give_malformed(stage, TO_SERVER, "socketio", false);
	stage_wait(stage, 5);
	stage_emit(stage, EVENT_WS_CLOSE, TO_CLIENT);
	assert_int_equal(SEES(stage, CODE_MALFORMED_PACKET)->severity, SEVERITY_WARNING);
}

static void what_was_cut_is_nobodys_mistake(void **state)
{
	struct stage *stage = *state;
	stage_connect(stage);
	give_malformed(stage, TO_SERVER, "socketio", true);
	DOES_NOT_SEE(stage, CODE_MALFORMED_PACKET);
}

static void frames_that_cannot_be_read_are_no_packets(void **state)
{
	struct stage *stage = *state;
	stage_connect(stage);
	give_malformed(stage, TO_CLIENT, "websocket", false);
	give_malformed(stage, TO_CLIENT, "http", false);
	DOES_NOT_SEE(stage, CODE_MALFORMED_PACKET);
}

static void a_page_in_answer_to_a_poll_is_reported_as_what_it_is(void **state)
{
	struct stage *stage = *state;
	stage_connect_by_polling(stage);
	struct event event = stage_event(stage, EVENT_MALFORMED, TO_CLIENT);
	event.malformed.layer = "engineio";
	event.malformed.why = SLICE("no packet type");
	event.malformed.raw = SLICE("<!doctype html>");
	stage_emit_event(stage, &event);
	DOES_NOT_SEE(stage, CODE_MALFORMED_PACKET);
}

/* ==== too many bytes */

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
	event.packet.name = SLICE("\"upload\"");
	event.bytes = bytes;
	stage_emit_event(stage, &event);
}

/* An event with two attachments, each of so many bytes. */
static void send_attachments(struct stage *stage, size_t bytes)
{
	static const uint8_t image[2 * MOST];
	const struct slice attachments[] = {slice_of(image, bytes), slice_of(image, bytes)};
	struct event event = stage_event(stage, EVENT_EVENT, TO_SERVER);
	event.packet.name = SLICE("\"upload\"");
	event.bytes = 2 * bytes;
	event.packet.attachments = attachments;
	event.packet.attachment_count = 2;
	stage_emit_event(stage, &event);
}

static void end_connection(struct stage *stage, enum direction direction)
{
	stage_emit(stage, EVENT_TCP_CLOSE, direction);
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
	event.packet.name = SLICE("\"upload\"");
	event.packet.data = slice_of(text, sizeof text);
	stage_emit_event(stage, &event);
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
	stage_emit(stage, EVENT_CLOSE, TO_CLIENT);
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
	stage_emit(stage, EVENT_CLOSE, TO_SERVER);
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
	stage_emit(stage, EVENT_GAP, TO_CLIENT);
	send_bytes(stage, TO_SERVER, MOST + 1);
	end_connection(stage, TO_CLIENT);
	assert_only_possible(SEES(stage, CODE_PAYLOAD_TOO_LARGE));
}

static void without_the_handshake_the_limit_is_not_known_and_nothing_is_said(void **state)
{
	struct stage *stage = *state;
	stage_emit(stage, EVENT_PING, TO_CLIENT);
	send_bytes(stage, TO_SERVER, UINT64_C(100000000));
	end_connection(stage, TO_CLIENT);
	DOES_NOT_SEE(stage, CODE_PAYLOAD_TOO_LARGE);
}

/* ==== too many packets */

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
	event.origin.first = stage->packets + 1; /* that of the POST which follows */
	event.packet.attachment_count = 1;
	stage_emit_event(stage, &event);
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
	    ON_STAGE(a_packet_that_cannot_be_decoded_is_a_warning),
	    ON_STAGE(an_event_with_a_flaw_is_reported),
	    ON_STAGE(text_that_is_not_utf8_for_which_the_session_ends_is_an_error),
	    ON_STAGE(frames_without_a_mask_for_which_the_session_ends_are_an_error),
	    ON_STAGE(text_that_is_not_utf8_and_is_taken_is_none),
	    ON_STAGE(text_beyond_ascii_is_utf8),
	    ON_STAGE(packets_of_many_sessions_are_one_finding_by_kind),
	    ON_STAGE(a_session_that_ends_for_it_makes_it_an_error),
	    ON_STAGE(a_client_that_leaves_for_it_makes_it_an_error),
	    ON_STAGE(a_session_that_goes_on_did_not_end_for_it),
	    ON_STAGE(its_sender_that_leaves_did_not_end_it_for_that),
	    ON_STAGE(an_end_much_later_has_another_reason),
	    ON_STAGE(what_was_cut_is_nobodys_mistake),
	    ON_STAGE(frames_that_cannot_be_read_are_no_packets),
	    ON_STAGE(a_page_in_answer_to_a_poll_is_reported_as_what_it_is),
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
