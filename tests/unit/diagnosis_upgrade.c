/* upgrade-failed on timelines made by hand. */
#include "stage.h"

#define UPGRADE_REQUEST                                                  \
	"GET /socket.io/?EIO=4&transport=websocket&sid=sid HTTP/1.1\r\n" \
	"Host: app:8000\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n"

static void give_over(struct stage *stage, enum transport transport, enum event_kind kind, enum direction direction)
{
	struct event event = stage_event(stage, kind, direction);
	event.transport = transport;
	stage_emit_event(stage, &event);
}

/* A WebSocket beside the polls, and a probe on it. */
static void begin_try(struct stage *stage)
{
	stage_ask(stage, true, UPGRADE_REQUEST, SWITCHING, "");
	give_over(stage, TRANSPORT_WEBSOCKET, EVENT_PROBE, TO_SERVER);
}

static void answer_probe(struct stage *stage)
{
	give_over(stage, TRANSPORT_WEBSOCKET, EVENT_PROBE_ACK, TO_CLIENT);
}

static void commit(struct stage *stage)
{
	give_over(stage, TRANSPORT_WEBSOCKET, EVENT_UPGRADE, TO_SERVER);
}

static void end_websocket(struct stage *stage, enum direction direction)
{
	give_over(stage, TRANSPORT_WEBSOCKET, EVENT_TCP_CLOSE, direction);
}

static void go_on_polling(struct stage *stage)
{
	stage_wait(stage, 25);
	give_over(stage, TRANSPORT_POLLING, EVENT_PING, TO_CLIENT);
	give_over(stage, TRANSPORT_POLLING, EVENT_PONG, TO_SERVER);
}

static void fail_to_upgrade(struct stage *stage)
{
	begin_try(stage);
	stage_wait(stage, 10);
	end_websocket(stage, TO_SERVER);
	go_on_polling(stage);
}

/* ---- what it must see */

static void a_session_that_stays_on_polling_after_an_unanswered_probe_failed_to_upgrade(void **state)
{
	struct stage *stage = *state;
	stage_connect_by_polling(stage);
	fail_to_upgrade(stage);
	const struct finding *failed = SEES(stage, CODE_UPGRADE_FAILED);
	assert_int_equal(failed->confidence, CONFIDENCE_LIKELY);
	assert_non_null(strstr(failed->seen, "probe was not answered"));
	assert_string_equal(failed->cause, "probe-unanswered");
}

static void a_websocket_on_which_no_probe_came_is_distinguished_from_one_whose_probe_was_not_answered(void **state)
{
	struct stage *stage = *state;
	stage_connect_by_polling(stage);
	stage_ask(stage, true, UPGRADE_REQUEST, SWITCHING, "");
	end_websocket(stage, TO_SERVER);
	go_on_polling(stage);
	assert_string_equal(SEES(stage, CODE_UPGRADE_FAILED)->cause, "probe-not-sent");
}

static void a_refused_websocket_proves_it_and_its_status_is_reported(void **state)
{
	struct stage *stage = *state;
	stage_connect_by_polling(stage);
	stage_ask(stage, true, UPGRADE_REQUEST, "HTTP/1.1 502 Bad Gateway\r\n\r\n", "");
	go_on_polling(stage);
	const struct finding *failed = SEES(stage, CODE_UPGRADE_FAILED);
	assert_int_equal(failed->confidence, CONFIDENCE_PROVEN);
	assert_non_null(strstr(failed->seen, "502"));
}

static void the_cause_of_a_refused_websocket_chooses_the_advice(void **state)
{
	struct stage *stage = *state;
	stage_connect_by_polling(stage);
	stage_ask(stage, true, UPGRADE_REQUEST, "HTTP/1.1 500 X\r\n\r\n", "Internal Server Error");
	go_on_polling(stage);
	const struct finding *failed = SEES(stage, CODE_UPGRADE_FAILED);
	assert_string_equal(failed->cause, "no-websocket-library");
	assert_non_null(strstr(failed->advice, "uvicorn[standard]"));
	assert_null(strstr(failed->advice, "proxy_set_header"));
}

static void a_websocket_request_without_upgrade_lost_it_on_the_way(void **state)
{
	struct stage *stage = *state;
	stage_connect_by_polling(stage);
	stage_ask(stage, true, "GET /socket.io/?EIO=4&transport=websocket&sid=sid HTTP/1.1\r\nHost: app:8000\r\n\r\n",
	    "HTTP/1.1 400 X\r\n\r\n", "{\"code\":3,\"message\":\"Bad request\"}");
	go_on_polling(stage);
	const struct finding *failed = SEES(stage, CODE_UPGRADE_FAILED);
	assert_string_equal(failed->cause, "upgrade-header-removed");
	assert_non_null(strstr(failed->seen, "without an Upgrade header"));
}

static void a_refusal_that_leaves_the_session_on_polling_is_reported_once_in_the_servers_words(void **state)
{
	struct stage *stage = *state;
	stage_connect_by_polling(stage);
	stage->session.offers_websocket = true;
	stage_ask(stage, true, UPGRADE_REQUEST, "HTTP/1.1 400 Bad Request\r\n\r\n", "\"Invalid transport\"");
	go_on_polling(stage);
	assert_non_null(strstr(SEES(stage, CODE_UPGRADE_FAILED)->seen, "Invalid transport"));
	assert_int_equal(stage->findings->count, 1);
}

/* An upgrade that is open to the end, while polls are answered with nothing. */
static void answer_polls_with_nothing(struct stage *stage, unsigned polls)
{
	stage_connect_by_polling(stage);
	begin_try(stage);
	for (unsigned i = 0; i < polls; i++)
		give_over(stage, TRANSPORT_POLLING, EVENT_NOOP, TO_CLIENT);
}

static void ten_polls_answered_with_nothing_are_a_storm(void **state)
{
	struct stage *stage = *state;
	answer_polls_with_nothing(stage, 10);
	assert_non_null(strstr(SEES(stage, CODE_UPGRADE_FAILED)->seen, "answered 10 polls with nothing"));
}

static void nine_polls_answered_with_nothing_are_none(void **state)
{
	struct stage *stage = *state;
	answer_polls_with_nothing(stage, 9);
	DOES_NOT_SEE(stage, CODE_UPGRADE_FAILED);
}

static void an_answered_probe_that_is_never_committed_failed_to_upgrade(void **state)
{
	struct stage *stage = *state;
	stage_connect_by_polling(stage);
	begin_try(stage);
	answer_probe(stage);
	end_websocket(stage, TO_SERVER);
	go_on_polling(stage);
	assert_non_null(strstr(SEES(stage, CODE_UPGRADE_FAILED)->seen, "never committed"));
}

static void a_server_that_ends_the_websocket_before_it_is_committed_lets_the_upgrade_fail(void **state)
{
	struct stage *stage = *state;
	stage_connect_by_polling(stage);
	begin_try(stage);
	end_websocket(stage, TO_CLIENT);
	go_on_polling(stage);
	SEES(stage, CODE_UPGRADE_FAILED);
}

/* The WebSocket's handshake, whose connection the server ends without an answer. */
static void break_off_handshake(struct stage *stage)
{
	stage->ended_by = TO_CLIENT;
	stage_ask(stage, true, UPGRADE_REQUEST, "", "");
}

static void a_handshake_that_the_server_breaks_off_while_it_answers_polls_is_an_error(void **state)
{
	struct stage *stage = *state;
	stage_connect_by_polling(stage);
	break_off_handshake(stage);
	go_on_polling(stage);
	const struct finding *failed = SEES(stage, CODE_UPGRADE_FAILED);
	assert_string_equal(failed->cause, "upgrade-unanswered");
	assert_int_equal(failed->severity, SEVERITY_ERROR);
}

/* A close frame of the server on the WebSocket that is tried. */
static void close_try(struct stage *stage, uint16_t code)
{
	stage_connect_by_polling(stage);
	begin_try(stage);
	struct event close = stage_event(stage, EVENT_WS_CLOSE, TO_CLIENT);
	close.transport = TRANSPORT_WEBSOCKET;
	close.ws_close.code = code;
	stage_emit_event(stage, &close);
}

/* engine.io does so after upgradeTimeout, and when the probe is something else. */
static void a_try_that_the_server_closes_failed(void **state)
{
	struct stage *stage = *state;
	close_try(stage, 1005);
	stage_wait(stage, 2);
	give_over(stage, TRANSPORT_POLLING, EVENT_CLOSE, TO_SERVER);
	SEES(stage, CODE_UPGRADE_FAILED);
}

static void a_post_that_is_taken_shows_that_the_session_went_on(void **state)
{
	struct stage *stage = *state;
	stage_connect_by_polling(stage);
	break_off_handshake(stage);
	stage_wait(stage, 1);
	stage_post(stage, 1, 9, ANSWERED, "ok");
	SEES(stage, CODE_UPGRADE_FAILED);
}

static void polls_answered_with_nothing_again_and_again_show_it_while_the_websocket_is_open(void **state)
{
	struct stage *stage = *state;
	stage_connect_by_polling(stage);
	begin_try(stage);
	answer_probe(stage);
	for (int i = 0; i < 20; i++)
		give_over(stage, TRANSPORT_POLLING, EVENT_NOOP, TO_CLIENT);
	assert_non_null(strstr(SEES(stage, CODE_UPGRADE_FAILED)->seen, "20 polls with nothing"));
}

/* ---- what looks alike */

static void a_server_that_stops_before_it_answers_the_handshake_refused_nothing(void **state)
{
	struct stage *stage = *state;
	stage_connect_by_polling(stage);
	break_off_handshake(stage);
	give_over(stage, TRANSPORT_POLLING, EVENT_TCP_CLOSE, TO_CLIENT);
	DOES_NOT_SEE(stage, CODE_UPGRADE_FAILED);
}

static void a_server_that_stops_before_it_answers_the_probe_refused_nothing(void **state)
{
	struct stage *stage = *state;
	stage_connect_by_polling(stage);
	begin_try(stage);
	end_websocket(stage, TO_CLIENT);
	give_over(stage, TRANSPORT_POLLING, EVENT_TCP_CLOSE, TO_CLIENT);
	DOES_NOT_SEE(stage, CODE_UPGRADE_FAILED);
}

static void a_try_that_is_closed_together_with_its_session_did_not_fail(void **state)
{
	struct stage *stage = *state;
	close_try(stage, 1005);
	give_over(stage, TRANSPORT_POLLING, EVENT_CLOSE, TO_CLIENT);
	DOES_NOT_SEE(stage, CODE_UPGRADE_FAILED);
}

static void a_try_that_is_closed_by_a_server_that_says_it_restarts_did_not_fail(void **state)
{
	struct stage *stage = *state;
	close_try(stage, 1012);
	DOES_NOT_SEE(stage, CODE_UPGRADE_FAILED);
}

static void a_try_that_is_closed_while_the_held_poll_is_broken_off_did_not_fail(void **state)
{
	struct stage *stage = *state;
	close_try(stage, 1005);
	stage->ended_by = TO_CLIENT;
	stage_ask(stage, true, "GET /socket.io/?EIO=4&transport=polling&sid=sid HTTP/1.1\r\n\r\n", "", "");
	DOES_NOT_SEE(stage, CODE_UPGRADE_FAILED);
}

/* Of the server that is there after a restart. */
static void refuse_post(struct stage *stage)
{
	stage_wait(stage, 2);
	stage_post(stage, 1, 9, "HTTP/1.1 400 Bad Request\r\n\r\n", "{\"code\":1,\"message\":\"Session ID unknown\"}");
}

static void what_a_client_sends_to_a_restarted_server_does_not_go_on_with_the_session(void **state)
{
	struct stage *stage = *state;
	stage_connect_by_polling(stage);
	break_off_handshake(stage);
	refuse_post(stage);
	DOES_NOT_SEE(stage, CODE_UPGRADE_FAILED);
}

static void a_proxy_whose_server_restarts_refused_no_upgrade(void **state)
{
	struct stage *stage = *state;
	stage_connect_by_polling(stage);
	stage_ask(stage, true, UPGRADE_REQUEST, "HTTP/1.1 502 Bad Gateway\r\n\r\n",
	    "<center><h1>502 Bad Gateway</h1></center><hr><center>nginx</center>");
	refuse_post(stage);
	DOES_NOT_SEE(stage, CODE_UPGRADE_FAILED);
}

static void a_server_that_does_not_know_the_session_any_more_refused_no_upgrade(void **state)
{
	struct stage *stage = *state;
	stage_connect_by_polling(stage);
	stage_ask(stage, true, UPGRADE_REQUEST, "HTTP/1.1 400 Bad Request\r\n\r\n",
	    "{\"code\":1,\"message\":\"Session ID unknown\"}");
	refuse_post(stage);
	DOES_NOT_SEE(stage, CODE_UPGRADE_FAILED);
}

static void a_session_that_commits_is_upgraded(void **state)
{
	struct stage *stage = *state;
	stage_connect_by_polling(stage);
	begin_try(stage);
	answer_probe(stage);
	give_over(stage, TRANSPORT_POLLING, EVENT_NOOP, TO_CLIENT);
	commit(stage);
	stage_wait(stage, 60);
	end_websocket(stage, TO_CLIENT);
	DOES_NOT_SEE(stage, CODE_UPGRADE_FAILED);
}

static void a_second_try_makes_the_first_good(void **state)
{
	struct stage *stage = *state;
	stage_connect_by_polling(stage);
	fail_to_upgrade(stage);
	begin_try(stage);
	answer_probe(stage);
	commit(stage);
	stage_wait(stage, 60);
	end_websocket(stage, TO_CLIENT);
	DOES_NOT_SEE(stage, CODE_UPGRADE_FAILED);
}

static void a_try_under_way_at_the_end_of_the_capture_has_not_failed(void **state)
{
	struct stage *stage = *state;
	stage_connect_by_polling(stage);
	begin_try(stage);
	stage_wait(stage, 1);
	DOES_NOT_SEE(stage, CODE_UPGRADE_FAILED);
}

static void a_client_that_leaves_in_the_middle_of_its_try_did_not_fail(void **state)
{
	struct stage *stage = *state;
	stage_connect_by_polling(stage);
	begin_try(stage);
	end_websocket(stage, TO_SERVER);
	end_websocket(stage, TO_CLIENT); /* as every connection's other side does */
	give_over(stage, TRANSPORT_POLLING, EVENT_TCP_CLOSE, TO_SERVER);
	DOES_NOT_SEE(stage, CODE_UPGRADE_FAILED);
}

static void a_client_that_says_goodbye_in_the_middle_of_its_try_did_not_fail(void **state)
{
	struct stage *stage = *state;
	stage_connect_by_polling(stage);
	begin_try(stage);
	end_websocket(stage, TO_SERVER);
	give_over(stage, TRANSPORT_POLLING, EVENT_DISCONNECT, TO_SERVER);
	give_over(stage, TRANSPORT_POLLING, EVENT_CLOSE, TO_SERVER);
	DOES_NOT_SEE(stage, CODE_UPGRADE_FAILED);
}

static void a_session_that_only_polls_has_nothing_to_fail(void **state)
{
	struct stage *stage = *state;
	stage_connect_by_polling(stage);
	go_on_polling(stage);
	DOES_NOT_SEE(stage, CODE_UPGRADE_FAILED);
}

static void a_session_that_began_on_a_websocket_has_nothing_to_upgrade(void **state)
{
	struct stage *stage = *state;
	stage_connect(stage);
	end_websocket(stage, TO_SERVER);
	stage_wait(stage, 5);
	DOES_NOT_SEE(stage, CODE_UPGRADE_FAILED);
}

/* ---- what is not sure */

static void in_a_capture_with_gaps_an_unanswered_probe_is_only_possibly_a_failure(void **state)
{
	struct stage *stage = *state;
	stage_connect_by_polling(stage);
	give_over(stage, TRANSPORT_NONE, EVENT_GAP, TO_CLIENT);
	fail_to_upgrade(stage);
	assert_only_possible(SEES(stage, CODE_UPGRADE_FAILED));
}

static void a_session_joined_in_mid_stream_failed_only_possibly(void **state)
{
	struct stage *stage = *state;
	stage->transport = TRANSPORT_POLLING;
	stage_emit(stage, EVENT_PING, TO_CLIENT);
	fail_to_upgrade(stage);
	assert_int_equal(SEES(stage, CODE_UPGRADE_FAILED)->confidence, CONFIDENCE_POSSIBLE);
}

/* What polling brings once either side has left is no going on. */
static void a_try_that_ends_because_the_server_disconnects_is_no_failure(void **state)
{
	struct stage *stage = *state;
	stage_connect_by_polling(stage);
	stage->transport = TRANSPORT_WEBSOCKET;
	stage_ask(stage, true, "GET /socket.io/?EIO=4&transport=websocket&sid=sid HTTP/1.1\r\n\r\n", SWITCHING, "");
	stage_emit(stage, EVENT_PROBE, TO_SERVER);
	stage->transport = TRANSPORT_POLLING;
	stage_emit(stage, EVENT_DISCONNECT, TO_CLIENT);
	stage->transport = TRANSPORT_WEBSOCKET;
	stage_emit(stage, EVENT_PROBE_ACK, TO_CLIENT);
	stage_emit(stage, EVENT_WS_CLOSE, TO_SERVER);
	stage->transport = TRANSPORT_POLLING;
	stage_emit(stage, EVENT_NOOP, TO_CLIENT);
	DOES_NOT_SEE(stage, CODE_UPGRADE_FAILED);
}

static void a_session_that_is_over_has_nothing_to_upgrade(void **state)
{
	struct stage *stage = *state;
	stage_connect_by_polling(stage);
	stage_emit(stage, EVENT_CLOSE, TO_CLIENT);
	stage->transport = TRANSPORT_WEBSOCKET;
	stage_ask(stage, true, "GET /socket.io/?EIO=4&transport=websocket&sid=sid HTTP/1.1\r\n\r\n", SWITCHING, "");
	stage_emit(stage, EVENT_TCP_CLOSE, TO_CLIENT);
	DOES_NOT_SEE(stage, CODE_UPGRADE_FAILED);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    ON_STAGE(a_session_that_stays_on_polling_after_an_unanswered_probe_failed_to_upgrade),
	    ON_STAGE(a_websocket_on_which_no_probe_came_is_distinguished_from_one_whose_probe_was_not_answered),
	    ON_STAGE(a_refused_websocket_proves_it_and_its_status_is_reported),
	    ON_STAGE(the_cause_of_a_refused_websocket_chooses_the_advice),
	    ON_STAGE(a_websocket_request_without_upgrade_lost_it_on_the_way),
	    ON_STAGE(a_refusal_that_leaves_the_session_on_polling_is_reported_once_in_the_servers_words),
	    ON_STAGE(ten_polls_answered_with_nothing_are_a_storm),
	    ON_STAGE(nine_polls_answered_with_nothing_are_none),
	    ON_STAGE(an_answered_probe_that_is_never_committed_failed_to_upgrade),
	    ON_STAGE(a_server_that_ends_the_websocket_before_it_is_committed_lets_the_upgrade_fail),
	    ON_STAGE(a_handshake_that_the_server_breaks_off_while_it_answers_polls_is_an_error),
	    ON_STAGE(a_post_that_is_taken_shows_that_the_session_went_on),
	    ON_STAGE(a_server_that_stops_before_it_answers_the_handshake_refused_nothing),
	    ON_STAGE(a_server_that_stops_before_it_answers_the_probe_refused_nothing),
	    ON_STAGE(a_try_that_the_server_closes_failed),
	    ON_STAGE(a_try_that_is_closed_together_with_its_session_did_not_fail),
	    ON_STAGE(a_try_that_is_closed_by_a_server_that_says_it_restarts_did_not_fail),
	    ON_STAGE(a_try_that_is_closed_while_the_held_poll_is_broken_off_did_not_fail),
	    ON_STAGE(what_a_client_sends_to_a_restarted_server_does_not_go_on_with_the_session),
	    ON_STAGE(a_proxy_whose_server_restarts_refused_no_upgrade),
	    ON_STAGE(a_server_that_does_not_know_the_session_any_more_refused_no_upgrade),
	    ON_STAGE(polls_answered_with_nothing_again_and_again_show_it_while_the_websocket_is_open),
	    ON_STAGE(a_session_that_commits_is_upgraded),
	    ON_STAGE(a_second_try_makes_the_first_good),
	    ON_STAGE(a_try_under_way_at_the_end_of_the_capture_has_not_failed),
	    ON_STAGE(a_client_that_leaves_in_the_middle_of_its_try_did_not_fail),
	    ON_STAGE(a_client_that_says_goodbye_in_the_middle_of_its_try_did_not_fail),
	    ON_STAGE(a_session_that_only_polls_has_nothing_to_fail),
	    ON_STAGE(a_session_that_began_on_a_websocket_has_nothing_to_upgrade),
	    ON_STAGE(in_a_capture_with_gaps_an_unanswered_probe_is_only_possibly_a_failure),
	    ON_STAGE(a_session_joined_in_mid_stream_failed_only_possibly),
	    ON_STAGE(a_try_that_ends_because_the_server_disconnects_is_no_failure),
	    ON_STAGE(a_session_that_is_over_has_nothing_to_upgrade),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
