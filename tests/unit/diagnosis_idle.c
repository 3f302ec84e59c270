/* idle-cut on timelines made by hand. */
#include "stage.h"

/* A WebSocket that is silent for so long, and then ends without a goodbye. */
static void cut(struct stage *stage, double silence)
{
	stage_begin_session(stage);
	stage_connect(stage);
	stage_wait(stage, silence - 0.01); /* which the last packet took */
	stage_emit(stage, EVENT_TCP_CLOSE, TO_CLIENT);
}

/* ---- what it must see */

static void three_cuts_after_the_same_silence_are_an_idle_timeout(void **state)
{
	struct stage *stage = *state;
	for (int i = 0; i < 3; i++)
		cut(stage, 10);
	const struct finding *idle = SEES(stage, CODE_IDLE_CUT);
	assert_int_equal(idle->confidence, CONFIDENCE_LIKELY);
	assert_non_null(strstr(idle->seen, "3 WebSockets"));
	assert_non_null(strstr(idle->seen, "ping interval is 25"));
}

/* Three sessions, of which each is cut after the same silence; their handshakes give this pingInterval, in seconds. */
static const struct finding *cut_with_interval(struct stage *stage, int64_t interval)
{
	for (int i = 0; i < 3; i++) {
		stage_begin_session(stage);
		stage->current->ping_interval = interval * TIMESTAMP_SECOND;
		stage_connect(stage);
		stage_wait(stage, 10);
		stage_emit(stage, EVENT_TCP_CLOSE, TO_CLIENT);
	}
	return SEES(stage, CODE_IDLE_CUT);
}

static void a_heartbeat_hours_apart_is_named_where_silence_is_cut(void **state)
{
	assert_string_equal(cut_with_interval(*state, 25000)->cause, "ping-of-seconds");
}

static void a_heartbeat_minutes_apart_is_a_choice(void **state)
{
	assert_string_equal(cut_with_interval(*state, 300)->cause, "same-silence");
}

static void cuts_of_nearly_the_same_silence_are_alike(void **state)
{
	struct stage *stage = *state;
	cut(stage, 10);
	cut(stage, 10.3);
	cut(stage, 9.9);
	SEES(stage, CODE_IDLE_CUT);
}

static void the_silence_counts_from_the_last_packet_of_either_side(void **state)
{
	struct stage *stage = *state;
	for (int i = 0; i < 3; i++) {
		stage_begin_session(stage);
		stage_connect(stage);
		stage_wait(stage, 3 * i);
		stage_say(stage, TO_SERVER, "\"hello\"", "");
		stage_wait(stage, 10);
		stage_emit(stage, EVENT_TCP_CLOSE, TO_CLIENT);
	}
	SEES(stage, CODE_IDLE_CUT);
}

static void small_times_count_too(void **state)
{
	struct stage *stage = *state;
	for (int i = 0; i < 3; i++)
		cut(stage, 3);
	SEES(stage, CODE_IDLE_CUT);
}

static void cuts_at_the_same_age_are_reported_as_such_whatever_passed(void **state)
{
	struct stage *stage = *state;
	for (int i = 0; i < 3; i++) {
		stage_begin_session(stage);
		stage_connect(stage);
		for (int j = 0; j < 8; j++) {
			stage_wait(stage, 0.9 + 0.1 * ((i + j) % 3));
			stage_say(stage, TO_CLIENT, "\"tick\"", "");
		}
		stage_wait(stage, 9 - (double)(stage->now - stage->current->first) / TIMESTAMP_SECOND);
		stage_emit(stage, EVENT_TCP_CLOSE, TO_CLIENT);
	}
	const struct finding *idle = SEES(stage, CODE_IDLE_CUT);
	assert_non_null(strstr(idle->seen, "same age, 9.0 s after each was opened"));
	assert_string_equal(idle->cause, "same-age");
}

/* A poll that was held for so long, and then ended by `by` with `answer` (empty: none). */
static void cut_poll(struct stage *stage, double held, enum direction by, const char *answer, bool goes_on)
{
	struct target target;
	struct exchange exchange = {.target = &target, .left = TIMESTAMP_NONE, .ended_by = by};
	struct http_stream stream;
	struct http_item item = {0};
	struct slice head = SLICE("GET /socket.io/?EIO=4&transport=polling&sid=sid HTTP/1.1\r\n\r\n");
	stage_begin_session(stage);
	stage_connect_by_polling(stage);
	exchange.request.begun = stage->now;
	stage_wait(stage, held);
	http_stream_init(&stream, HTTP_REQUESTS, &http_default_limits, NULL);
	assert_int_equal(http_next_item(&stream, &head, &item), WIRE_ITEM);
	target_read(&target, item.head.target);
	exchange.request.head = item.head;
	exchange.decided = stage->now;
	exchange.status = atoi(answer);
	exchange.state = exchange.status ? EXCHANGE_ANSWERED : EXCHANGE_UNANSWERED;
	struct event event = stage_event(stage, EVENT_HTTP, TO_SERVER);
	event.exchange = &exchange;
	event.transport = TRANSPORT_POLLING;
	stage_emit_event(stage, &event);
	http_stream_free(&stream);
	if (goes_on)
		stage_say(stage, TO_SERVER, "\"hello\"", "");
}

static void polls_that_a_proxy_gives_up_after_the_same_time_are_cut(void **state)
{
	struct stage *stage = *state;
	for (int i = 0; i < 3; i++)
		cut_poll(stage, 6, TO_SERVER, "", true);
	const struct finding *idle = SEES(stage, CODE_IDLE_CUT);
	assert_non_null(strstr(idle->seen, "3 polls"));
	assert_string_equal(idle->cause, "poll-held");
}

static void polls_that_the_servers_own_http_layer_ends_after_the_same_time_are_cut(void **state)
{
	struct stage *stage = *state;
	for (int i = 0; i < 3; i++)
		cut_poll(stage, 6, TO_CLIENT, "503", false);
	const struct finding *idle = SEES(stage, CODE_IDLE_CUT);
	assert_string_equal(idle->cause, "poll-held");
	assert_non_null(strstr(idle->evidence[0].what, "HTTP 503 after 6"));
}

/* WebSockets that talk, and that the server closes in order after so long, with or without a word before. */
static void close_in_order_at_the_same_age(struct stage *stage, bool says_disconnect)
{
	for (int i = 0; i < 3; i++) {
		stage_begin_session(stage);
		stage_connect(stage);
		for (int j = 0; j < 9; j++) {
			stage_wait(stage, 1);
			stage_say(stage, TO_SERVER, "\"hello\"", "");
		}
		stage_wait(stage, 1);
		if (says_disconnect)
			stage_emit(stage, EVENT_DISCONNECT, TO_CLIENT);
		stage_close(stage, 1000);
	}
}

static void websockets_that_are_closed_in_order_at_the_same_age_are_cut(void **state)
{
	struct stage *stage = *state;
	close_in_order_at_the_same_age(stage, false);
	assert_string_equal(SEES(stage, CODE_IDLE_CUT)->cause, "same-age");
}

static void an_application_that_disconnects_at_the_same_age_cuts_nothing(void **state)
{
	struct stage *stage = *state;
	close_in_order_at_the_same_age(stage, true);
	DOES_NOT_SEE(stage, CODE_IDLE_CUT);
}

static void a_server_that_closes_silent_clients_at_the_same_age_cuts_nothing(void **state)
{
	struct stage *stage = *state;
	for (int i = 0; i < 3; i++) {
		stage_begin_session(stage);
		stage_connect(stage);
		stage_wait(stage, 25);
		stage_emit(stage, EVENT_PING, TO_CLIENT);
		stage_wait(stage, 28);
		stage_close(stage, 1000);
	}
	DOES_NOT_SEE(stage, CODE_IDLE_CUT);
}

static void polls_that_a_gateway_answers_by_504_after_the_same_time_are_cut(void **state)
{
	struct stage *stage = *state;
	for (int i = 0; i < 3; i++)
		cut_poll(stage, 6, TO_CLIENT, "504", false);
	assert_string_equal(SEES(stage, CODE_IDLE_CUT)->cause, "poll-held");
}

/* ---- what looks alike */

static void polls_of_clients_that_leave_are_not_cut(void **state)
{
	struct stage *stage = *state;
	for (int i = 0; i < 3; i++)
		cut_poll(stage, 6, TO_SERVER, "", false);
	DOES_NOT_SEE(stage, CODE_IDLE_CUT);
}

static void a_poll_that_was_held_for_the_ping_interval_was_not_cut(void **state)
{
	struct stage *stage = *state;
	for (int i = 0; i < 3; i++)
		cut_poll(stage, 28, TO_SERVER, "", true);
	DOES_NOT_SEE(stage, CODE_IDLE_CUT);
}

static void polls_that_end_after_different_times_have_no_rule(void **state)
{
	struct stage *stage = *state;
	for (int i = 0; i < 4; i++)
		cut_poll(stage, 4 + 3 * i, TO_SERVER, "", true);
	DOES_NOT_SEE(stage, CODE_IDLE_CUT);
}

static void sessions_that_end_all_at_once_are_ended_by_the_server(void **state)
{
	struct stage *stage = *state;
	for (int i = 0; i < 3; i++) {
		stage_begin_session(stage);
		stage_connect(stage);
	}
	stage_wait(stage, 10);
	for (size_t i = 2; i <= 4; i++) {
		stage_turn_to(stage, i);
		stage_emit(stage, EVENT_TCP_CLOSE, TO_CLIENT);
	}
	DOES_NOT_SEE(stage, CODE_IDLE_CUT);
}

static void pings_of_the_websocket_break_the_silence(void **state)
{
	struct stage *stage = *state;
	for (int i = 0; i < 3; i++) {
		stage_begin_session(stage);
		stage_connect(stage);
		stage_wait(stage, 4 * i);
		stage_say(stage, TO_SERVER, "\"hello\"", "");
		stage_wait(stage, 10);
		stage->current->controlled = stage->now - TIMESTAMP_SECOND;
		stage_emit(stage, EVENT_TCP_CLOSE, TO_CLIENT);
	}
	DOES_NOT_SEE(stage, CODE_IDLE_CUT);
}

static void cuts_by_the_clients_are_not_the_proxys(void **state)
{
	struct stage *stage = *state;
	for (int i = 0; i < 3; i++) {
		stage_begin_session(stage);
		stage_connect(stage);
		stage_wait(stage, 10);
		stage_emit(stage, EVENT_TCP_CLOSE, TO_SERVER);
	}
	assert_null(strstr(SEES(stage, CODE_IDLE_CUT)->advice, "Raise the proxy"));
}

static void two_cuts_are_too_few(void **state)
{
	struct stage *stage = *state;
	cut(stage, 10);
	cut(stage, 10);
	DOES_NOT_SEE(stage, CODE_IDLE_CUT);
}

static void cuts_after_different_silences_have_no_rule(void **state)
{
	struct stage *stage = *state;
	cut(stage, 7);
	cut(stage, 10);
	cut(stage, 14);
	cut(stage, 18);
	DOES_NOT_SEE(stage, CODE_IDLE_CUT);
}

static void a_goodbye_is_no_cut(void **state)
{
	struct stage *stage = *state;
	for (int i = 0; i < 3; i++) {
		stage_begin_session(stage);
		stage_connect(stage);
		stage_emit(stage, EVENT_WS_CLOSE, TO_SERVER);
		stage_wait(stage, 8); /* the connection lingers */
		stage_emit(stage, EVENT_TCP_CLOSE, TO_SERVER);
	}
	DOES_NOT_SEE(stage, CODE_IDLE_CUT);
}

static void short_silences_have_many_reasons(void **state)
{
	struct stage *stage = *state;
	for (int i = 0; i < 5; i++)
		cut(stage, 2);
	DOES_NOT_SEE(stage, CODE_IDLE_CUT);
}

static void a_client_that_gave_up_on_the_servers_pings_went_by_its_own_rule(void **state)
{
	struct stage *stage = *state;
	for (int i = 0; i < 3; i++)
		cut(stage, 45);
	DOES_NOT_SEE(stage, CODE_IDLE_CUT);
}

static void a_server_that_gave_up_on_the_clients_pongs_went_by_its_own_rule(void **state)
{
	struct stage *stage = *state;
	for (int i = 0; i < 3; i++)
		cut(stage, 20);
	DOES_NOT_SEE(stage, CODE_IDLE_CUT);
}

static void cuts_at_different_servers_do_not_add_up(void **state)
{
	struct stage *stage = *state;
	for (int i = 0; i < 4; i++) {
		stage->connection.server.port = (uint16_t)(8000 + i);
		cut(stage, 10);
	}
	DOES_NOT_SEE(stage, CODE_IDLE_CUT);
}

static void connections_of_polls_come_and_go(void **state)
{
	struct stage *stage = *state;
	for (int i = 0; i < 4; i++) {
		stage_begin_session(stage);
		stage_connect_by_polling(stage);
		stage_wait(stage, 10);
		stage_emit(stage, EVENT_TCP_CLOSE, TO_CLIENT);
	}
	DOES_NOT_SEE(stage, CODE_IDLE_CUT);
}

/* ---- what is not sure */

static void cut_after_gap(struct stage *stage)
{
	stage_begin_session(stage);
	stage_emit(stage, EVENT_GAP, TO_CLIENT);
	stage_connect(stage);
	stage_wait(stage, 10);
	stage_emit(stage, EVENT_TCP_CLOSE, TO_CLIENT);
}

static void in_a_capture_with_gaps_a_timeout_is_only_possible(void **state)
{
	struct stage *stage = *state;
	for (int i = 0; i < 3; i++)
		cut_after_gap(stage);
	assert_only_possible(SEES(stage, CODE_IDLE_CUT));
}

static void one_whole_session_among_others_with_gaps_makes_it_no_surer(void **state)
{
	struct stage *stage = *state;
	for (int i = 0; i < 2; i++)
		cut_after_gap(stage);
	cut(stage, 10);
	assert_int_equal(SEES(stage, CODE_IDLE_CUT)->confidence, CONFIDENCE_POSSIBLE);
}

static void bytes_found_missing_at_the_end_break_the_silence(void **state)
{
	struct stage *stage = *state;
	for (int i = 0; i < 3; i++) {
		stage_begin_session(stage);
		stage_connect(stage);
		stage_wait(stage, 10);
		stage_emit(stage, EVENT_GAP, TO_CLIENT);
		stage_emit(stage, EVENT_TCP_CLOSE, TO_CLIENT);
	}
	DOES_NOT_SEE(stage, CODE_IDLE_CUT);
}

static void sessions_joined_in_mid_stream_have_unknown_rules_and_are_only_possibly_cut(void **state)
{
	struct stage *stage = *state;
	stage->session.ping_interval = stage->session.ping_timeout = 0;
	for (int i = 0; i < 3; i++) {
		stage_begin_session(stage);
		stage_beat(stage);
		stage_wait(stage, 10);
		stage_emit(stage, EVENT_TCP_CLOSE, TO_CLIENT);
	}
	const struct finding *idle = SEES(stage, CODE_IDLE_CUT);
	assert_int_equal(idle->confidence, CONFIDENCE_POSSIBLE);
	assert_null(strstr(idle->seen, "ping interval"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    ON_STAGE(three_cuts_after_the_same_silence_are_an_idle_timeout),
	    ON_STAGE(a_heartbeat_hours_apart_is_named_where_silence_is_cut),
	    ON_STAGE(a_heartbeat_minutes_apart_is_a_choice),
	    ON_STAGE(cuts_of_nearly_the_same_silence_are_alike),
	    ON_STAGE(the_silence_counts_from_the_last_packet_of_either_side),
	    ON_STAGE(small_times_count_too),
	    ON_STAGE(cuts_at_the_same_age_are_reported_as_such_whatever_passed),
	    ON_STAGE(polls_that_a_proxy_gives_up_after_the_same_time_are_cut),
	    ON_STAGE(polls_that_a_gateway_answers_by_504_after_the_same_time_are_cut),
	    ON_STAGE(polls_of_clients_that_leave_are_not_cut),
	    ON_STAGE(a_poll_that_was_held_for_the_ping_interval_was_not_cut),
	    ON_STAGE(polls_that_end_after_different_times_have_no_rule),
	    ON_STAGE(sessions_that_end_all_at_once_are_ended_by_the_server),
	    ON_STAGE(pings_of_the_websocket_break_the_silence),
	    ON_STAGE(cuts_by_the_clients_are_not_the_proxys),
	    ON_STAGE(two_cuts_are_too_few),
	    ON_STAGE(cuts_after_different_silences_have_no_rule),
	    ON_STAGE(a_goodbye_is_no_cut),
	    ON_STAGE(short_silences_have_many_reasons),
	    ON_STAGE(a_client_that_gave_up_on_the_servers_pings_went_by_its_own_rule),
	    ON_STAGE(a_server_that_gave_up_on_the_clients_pongs_went_by_its_own_rule),
	    ON_STAGE(cuts_at_different_servers_do_not_add_up),
	    ON_STAGE(connections_of_polls_come_and_go),
	    ON_STAGE(in_a_capture_with_gaps_a_timeout_is_only_possible),
	    ON_STAGE(one_whole_session_among_others_with_gaps_makes_it_no_surer),
	    ON_STAGE(bytes_found_missing_at_the_end_break_the_silence),
	    ON_STAGE(sessions_joined_in_mid_stream_have_unknown_rules_and_are_only_possibly_cut),
	    ON_STAGE(polls_that_the_servers_own_http_layer_ends_after_the_same_time_are_cut),
	    ON_STAGE(websockets_that_are_closed_in_order_at_the_same_age_are_cut),
	    ON_STAGE(an_application_that_disconnects_at_the_same_age_cuts_nothing),
	    ON_STAGE(a_server_that_closes_silent_clients_at_the_same_age_cuts_nothing),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
