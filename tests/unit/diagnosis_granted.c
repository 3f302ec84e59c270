/* Sessions that were granted and came to nothing, on timelines told by hand. */
#include "stage.h"

#define WEBSOCKET "GET /socket.io/?EIO=4&transport=websocket HTTP/1.1\r\nHost: app:8000\r\n\r\n"

static void tell_second_answer(struct stage *stage)
{
	struct event event = stage_event(stage, EVENT_MALFORMED, TO_CLIENT);
	event.layer = "http";
	event.text = SLICE("a second HTTP answer inside the WebSocket");
	stage_tell_event(stage, &event);
}

/* A session that was opened, and never joined a namespace. */
static void open_only(struct stage *stage)
{
	stage_ask(stage, true, WEBSOCKET, SWITCHING, "");
	stage_tell(stage, EVENT_OPEN, TO_CLIENT);
	stage->session.handshake_seen = true;
}

/* ---- what it must see */

static void a_websocket_that_the_server_ends_without_a_word_was_not_granted(void **state)
{
	struct stage *stage = *state;
	stage_ask(stage, true, WEBSOCKET, SWITCHING, "");
	stage_tell(stage, EVENT_TCP_CLOSE, TO_CLIENT);
	const struct finding *found = SEES(stage, CODE_HANDSHAKE_REJECTED);
	assert_string_equal(found->cause, "ended-at-once");
	assert_int_equal(found->evidence_count, 2);
}

static void a_handshake_that_is_answered_twice_is_told(void **state)
{
	struct stage *stage = *state;
	stage_ask(stage, true, WEBSOCKET, SWITCHING, "");
	tell_second_answer(stage);
	assert_string_equal(SEES(stage, CODE_HANDSHAKE_REJECTED)->cause, "answered-twice");
}

static void a_session_that_is_closed_for_want_of_a_connect_is_told(void **state)
{
	struct stage *stage = *state;
	open_only(stage);
	stage_wait(stage, 25);
	stage_beat(stage);
	stage_wait(stage, 20);
	stage_tell(stage, EVENT_WS_CLOSE, TO_CLIENT);
	const struct finding *found = SEES(stage, CODE_ABNORMAL_CLOSE);
	assert_string_equal(found->cause, "no-connect");
	assert_non_null(strstr(found->seen, "no CONNECT"));
}

/* ---- what looks alike */

static void a_client_may_end_its_websocket_at_once(void **state)
{
	struct stage *stage = *state;
	stage_ask(stage, true, WEBSOCKET, SWITCHING, "");
	stage_tell(stage, EVENT_TCP_CLOSE, TO_SERVER);
	stage_tell(stage, EVENT_TCP_CLOSE, TO_CLIENT);
	DOES_NOT_SEE(stage, CODE_HANDSHAKE_REJECTED);
}

static void a_websocket_in_which_the_server_said_something_was_granted(void **state)
{
	struct stage *stage = *state;
	open_only(stage);
	stage_tell(stage, EVENT_TCP_CLOSE, TO_CLIENT);
	DOES_NOT_SEE(stage, CODE_HANDSHAKE_REJECTED);
}

static bool says_no_connect(const struct stage *stage)
{
	for (const struct finding *found = stage->findings->first; found; found = found->next)
		if (found->cause && !strcmp(found->cause, "no-connect"))
			return true;
	return false;
}

static void a_session_that_joined_was_not_closed_for_want_of_a_connect(void **state)
{
	struct stage *stage = *state;
	open_only(stage);
	stage_tell(stage, EVENT_CONNECT, TO_SERVER);
	stage_wait(stage, 45);
	stage_tell(stage, EVENT_WS_CLOSE, TO_CLIENT);
	stage_finish(stage);
	assert_false(says_no_connect(stage));
}

static void a_session_that_owes_a_pong_was_closed_for_that(void **state)
{
	struct stage *stage = *state;
	open_only(stage);
	stage_wait(stage, 25);
	stage_tell(stage, EVENT_PING, TO_CLIENT);
	stage_wait(stage, 20);
	stage_tell(stage, EVENT_WS_CLOSE, TO_CLIENT);
	stage_finish(stage);
	assert_false(says_no_connect(stage));
}

static void a_client_of_revision_3_sends_no_connect(void **state)
{
	struct stage *stage = *state;
	stage->session.revision = 3;
	open_only(stage);
	stage_wait(stage, 45);
	stage_tell(stage, EVENT_WS_CLOSE, TO_CLIENT);
	stage_finish(stage);
	assert_false(says_no_connect(stage));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    ON_STAGE(a_websocket_that_the_server_ends_without_a_word_was_not_granted),
	    ON_STAGE(a_handshake_that_is_answered_twice_is_told),
	    ON_STAGE(a_session_that_is_closed_for_want_of_a_connect_is_told),
	    ON_STAGE(a_client_may_end_its_websocket_at_once),
	    ON_STAGE(a_websocket_in_which_the_server_said_something_was_granted),
	    ON_STAGE(a_session_that_joined_was_not_closed_for_want_of_a_connect),
	    ON_STAGE(a_session_that_owes_a_pong_was_closed_for_that),
	    ON_STAGE(a_client_of_revision_3_sends_no_connect),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
