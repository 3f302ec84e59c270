/* malformed-packet on timelines told by hand. */
#include "stage.h"

static void tell_malformed(struct stage *stage, enum direction direction, const char *layer, bool incomplete)
{
	struct event event = stage_event(stage, EVENT_MALFORMED, direction);
	event.layer = layer;
	event.text = SLICE("its data is not JSON");
	event.raw = SLICE("42[");
	event.has_raw = true;
	event.incomplete = incomplete;
	stage_tell_event(stage, &event);
}

/* ---- what it must see */

static void a_packet_that_cannot_be_decoded_is_a_warning(void **state)
{
	struct stage *stage = *state;
	stage_connect(stage);
	tell_malformed(stage, TO_SERVER, "socketio", false);
	stage_say(stage, TO_CLIENT, "\"tick\"", "");
	const struct finding *found = SEES(stage, CODE_MALFORMED_PACKET);
	assert_int_equal(found->severity, SEVERITY_WARNING);
	assert_non_null(strstr(found->seen, "the client sent"));
	assert_null(strstr(found->seen, "42["));
}

static void an_event_with_a_flaw_is_told(void **state)
{
	struct stage *stage = *state;
	stage_connect(stage);
	struct event event = stage_event(stage, EVENT_EVENT, TO_SERVER);
	event.name = SLICE("\"disconnect\"");
	event.flaw = "an event with a reserved name";
	stage_tell_event(stage, &event);
	assert_non_null(strstr(SEES(stage, CODE_MALFORMED_PACKET)->seen, "reserved name"));
}

static void a_session_that_ends_for_it_makes_it_an_error(void **state)
{
	struct stage *stage = *state;
	stage_connect(stage);
	tell_malformed(stage, TO_SERVER, "engineio", false);
	stage_tell(stage, EVENT_WS_CLOSE, TO_CLIENT);
	assert_int_equal(SEES(stage, CODE_MALFORMED_PACKET)->severity, SEVERITY_ERROR);
}

static void a_client_that_leaves_for_it_makes_it_an_error(void **state)
{
	struct stage *stage = *state;
	stage_connect(stage);
	tell_malformed(stage, TO_CLIENT, "engineio", false);
	stage_tell(stage, EVENT_WS_CLOSE, TO_SERVER);
	const struct finding *found = SEES(stage, CODE_MALFORMED_PACKET);
	assert_int_equal(found->severity, SEVERITY_ERROR);
	assert_non_null(strstr(found->seen, "the client ended the session"));
}

/* ---- what looks alike */

static void a_session_that_goes_on_did_not_end_for_it(void **state)
{
	struct stage *stage = *state;
	stage_connect(stage);
	tell_malformed(stage, TO_SERVER, "socketio", false);
	stage_say(stage, TO_CLIENT, "\"tick\"", "");
	stage_tell(stage, EVENT_WS_CLOSE, TO_CLIENT);
	assert_int_equal(SEES(stage, CODE_MALFORMED_PACKET)->severity, SEVERITY_WARNING);
}

static void its_sender_that_leaves_did_not_end_it_for_that(void **state)
{
	struct stage *stage = *state;
	stage_connect(stage);
	tell_malformed(stage, TO_SERVER, "socketio", false);
	stage_tell(stage, EVENT_WS_CLOSE, TO_SERVER);
	assert_int_equal(SEES(stage, CODE_MALFORMED_PACKET)->severity, SEVERITY_WARNING);
}

static void an_end_much_later_has_another_reason(void **state)
{
	struct stage *stage = *state;
	stage_connect(stage);
	tell_malformed(stage, TO_SERVER, "socketio", false);
	stage_wait(stage, 5);
	stage_tell(stage, EVENT_WS_CLOSE, TO_CLIENT);
	assert_int_equal(SEES(stage, CODE_MALFORMED_PACKET)->severity, SEVERITY_WARNING);
}

static void what_was_cut_is_nobodys_mistake(void **state)
{
	struct stage *stage = *state;
	stage_connect(stage);
	tell_malformed(stage, TO_SERVER, "socketio", true);
	DOES_NOT_SEE(stage, CODE_MALFORMED_PACKET);
}

static void frames_that_cannot_be_read_are_no_packets(void **state)
{
	struct stage *stage = *state;
	stage_connect(stage);
	tell_malformed(stage, TO_CLIENT, "websocket", false);
	tell_malformed(stage, TO_CLIENT, "http", false);
	DOES_NOT_SEE(stage, CODE_MALFORMED_PACKET);
}

static void a_page_in_answer_to_a_poll_is_told_as_what_it_is(void **state)
{
	struct stage *stage = *state;
	stage_connect_by_polling(stage);
	struct event event = stage_event(stage, EVENT_MALFORMED, TO_CLIENT);
	event.layer = "engineio";
	event.text = SLICE("no packet type");
	event.raw = SLICE("<!doctype html>");
	event.has_raw = true;
	stage_tell_event(stage, &event);
	DOES_NOT_SEE(stage, CODE_MALFORMED_PACKET);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    ON_STAGE(a_packet_that_cannot_be_decoded_is_a_warning),
	    ON_STAGE(an_event_with_a_flaw_is_told),
	    ON_STAGE(a_session_that_ends_for_it_makes_it_an_error),
	    ON_STAGE(a_client_that_leaves_for_it_makes_it_an_error),
	    ON_STAGE(a_session_that_goes_on_did_not_end_for_it),
	    ON_STAGE(its_sender_that_leaves_did_not_end_it_for_that),
	    ON_STAGE(an_end_much_later_has_another_reason),
	    ON_STAGE(what_was_cut_is_nobodys_mistake),
	    ON_STAGE(frames_that_cannot_be_read_are_no_packets),
	    ON_STAGE(a_page_in_answer_to_a_poll_is_told_as_what_it_is),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
