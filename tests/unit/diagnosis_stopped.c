/* A server that ends all its sessions together, and what else ends at once. */
#include "stage.h"

/* Three sessions by WebSocket, the first one current; each has sent an event that was taken. */
static void connect_three(struct stage *stage)
{
	for (int i = 0; i < 3; i++) {
		if (i)
			stage_begin_session(stage);
		stage_connect(stage);
		stage_say(stage, TO_SERVER, "\"x\"", "");
		stage_wait(stage, 0.3);
	}
}

static void end_session(struct stage *stage, size_t number, enum direction direction)
{
	stage_turn_to(stage, number);
	stage_emit(stage, EVENT_TCP_CLOSE, direction);
}

static void a_server_that_ends_all_sessions_together_stopped(void **state)
{
	struct stage *stage = *state;
	connect_three(stage);
	for (size_t i = 1; i <= 3; i++)
		end_session(stage, i, TO_CLIENT);
	const struct finding *found = SEES(stage, CODE_SERVER_STOPPED);
	assert_int_equal(found->count, 3);
	assert_int_equal(found->evidence_count, 3);
	assert_non_null(strstr(found->seen, "all its 3 sessions"));
	assert_null(stage_found(stage, CODE_ABNORMAL_CLOSE));
}

static void a_server_that_stops_under_traffic_refuses_nothing(void **state)
{
	struct stage *stage = *state;
	connect_three(stage);
	for (size_t i = 1; i <= 3; i++) {
		stage_turn_to(stage, i);
		stage_say(stage, TO_SERVER, "\"x\"", "");
	}
	for (size_t i = 1; i <= 3; i++)
		end_session(stage, i, TO_CLIENT);
	SEES(stage, CODE_SERVER_STOPPED);
	assert_null(stage_found(stage, CODE_ABNORMAL_CLOSE));
}

/* All sessions are closed in order; `refuses`: and connections are refused after that. */
static void close_all_in_order(struct stage *stage, bool refuses)
{
	connect_three(stage);
	for (size_t i = 1; i <= 3; i++) {
		stage_wait(stage, 0.2);
		stage_turn_to(stage, i);
		stage_close(stage, 1000);
	}
	if (refuses)
		stage_try_connection(stage, ATTEMPT_REFUSED);
}

static void a_server_that_closes_all_in_order_and_then_refuses_connections_stopped(void **state)
{
	struct stage *stage = *state;
	close_all_in_order(stage, true);
	SEES(stage, CODE_SERVER_STOPPED);
}

static void a_server_that_closes_all_in_order_and_goes_on_did_not_stop(void **state)
{
	struct stage *stage = *state;
	close_all_in_order(stage, false);
	DOES_NOT_SEE(stage, CODE_SERVER_STOPPED);
}

static void a_server_that_keeps_a_session_did_not_stop(void **state)
{
	struct stage *stage = *state;
	connect_three(stage);
	end_session(stage, 1, TO_CLIENT);
	end_session(stage, 2, TO_CLIENT);
	stage_turn_to(stage, 3);
	stage_wait(stage, 5);
	stage_beat(stage);
	DOES_NOT_SEE(stage, CODE_SERVER_STOPPED);
	assert_non_null(stage_found(stage, CODE_ABNORMAL_CLOSE));
}

static void a_session_that_was_silent_for_long_does_not_speak_against_a_stop(void **state)
{
	struct stage *stage = *state;
	connect_three(stage);
	for (int beats = 0; beats < 3; beats++) {
		stage_wait(stage, 20);
		for (size_t i = 1; i <= 2; i++) {
			stage_turn_to(stage, i);
			stage_beat(stage);
		}
	}
	end_session(stage, 1, TO_CLIENT);
	end_session(stage, 2, TO_CLIENT);
	assert_non_null(strstr(SEES(stage, CODE_SERVER_STOPPED)->seen, "all its 2 sessions"));
}

static void sessions_that_end_in_turn_however_soon_are_no_stop(void **state)
{
	struct stage *stage = *state;
	for (size_t i = 1; i <= 4; i++) {
		if (i > 1)
			stage_begin_session(stage);
		stage_connect(stage);
		end_session(stage, i, TO_CLIENT);
	}
	DOES_NOT_SEE(stage, CODE_SERVER_STOPPED);
}

static void clients_that_end_together_stopped_no_server(void **state)
{
	struct stage *stage = *state;
	connect_three(stage);
	for (size_t i = 1; i <= 3; i++)
		end_session(stage, i, TO_SERVER);
	DOES_NOT_SEE(stage, CODE_SERVER_STOPPED);
}

static void sessions_that_the_server_says_goodbye_to_did_not_stop_with_it(void **state)
{
	struct stage *stage = *state;
	connect_three(stage);
	for (size_t i = 1; i <= 3; i++) {
		stage_turn_to(stage, i);
		stage_emit(stage, EVENT_DISCONNECT, TO_CLIENT);
		stage_emit(stage, EVENT_TCP_CLOSE, TO_CLIENT);
	}
	DOES_NOT_SEE(stage, CODE_SERVER_STOPPED);
}

static void sessions_that_end_one_after_the_other_are_no_stop(void **state)
{
	struct stage *stage = *state;
	connect_three(stage);
	for (size_t i = 1; i <= 3; i++) {
		end_session(stage, i, TO_CLIENT);
		stage_wait(stage, 2);
	}
	DOES_NOT_SEE(stage, CODE_SERVER_STOPPED);
}

static void one_session_alone_is_no_stop(void **state)
{
	struct stage *stage = *state;
	stage_connect(stage);
	stage_wait(stage, 1);
	end_session(stage, 1, TO_CLIENT);
	DOES_NOT_SEE(stage, CODE_SERVER_STOPPED);
	assert_non_null(stage_found(stage, CODE_ABNORMAL_CLOSE));
}

static void a_server_that_restarts_says_when_it_is_back(void **state)
{
	struct stage *stage = *state;
	connect_three(stage);
	for (size_t i = 1; i <= 3; i++)
		end_session(stage, i, TO_CLIENT);
	stage_wait(stage, 4);
	stage_begin_session(stage);
	stage_connect(stage);
	assert_non_null(strstr(SEES(stage, CODE_SERVER_STOPPED)->seen, "opened the next one 4."));
}

static void close_frames_that_say_service_restart_are_a_stop(void **state)
{
	struct stage *stage = *state;
	connect_three(stage);
	for (size_t i = 1; i <= 3; i++) {
		stage_turn_to(stage, i);
		stage_close(stage, 1012);
	}
	SEES(stage, CODE_SERVER_STOPPED);
	assert_null(stage_found(stage, CODE_ABNORMAL_CLOSE));
}

static void a_single_service_restart_is_recognised_by_its_code(void **state)
{
	struct stage *stage = *state;
	stage_connect(stage);
	stage_say(stage, TO_SERVER, "\"x\"", "");
	stage_close(stage, 1012);
	assert_non_null(strstr(SEES(stage, CODE_ABNORMAL_CLOSE)->seen, "1012"));
}

static void a_server_that_goes_away_does_not_refuse_what_came_before(void **state)
{
	struct stage *stage = *state;
	stage_connect(stage);
	stage_say(stage, TO_SERVER, "\"x\"", "");
	stage_close(stage, 1001);
	DOES_NOT_SEE(stage, CODE_ABNORMAL_CLOSE);
}

/* So many sessions whose polls the server cuts. */
static void cut_polls(struct stage *stage, size_t sessions)
{
	for (size_t i = 0; i < sessions; i++) {
		if (i)
			stage_begin_session(stage);
		stage_connect_by_polling(stage);
	}
	stage->ended_by = TO_CLIENT;
	for (size_t i = 1; i <= sessions; i++) {
		stage_turn_to(stage, i);
		stage_post(stage, 1, 10, "", "");
	}
}

static void polls_that_are_cut_together_are_a_stop(void **state)
{
	struct stage *stage = *state;
	cut_polls(stage, 2);
	SEES(stage, CODE_SERVER_STOPPED);
	assert_null(stage_found(stage, CODE_ABNORMAL_CLOSE));
}

static void sessions_that_poll_on_after_a_cut_did_not_end(void **state)
{
	struct stage *stage = *state;
	cut_polls(stage, 2);
	for (size_t i = 1; i <= 2; i++) {
		stage_turn_to(stage, i);
		stage_post(stage, 1, 10, ANSWERED, "ok");
	}
	stage_expect_quiet(stage);
}

static void a_session_that_polls_on_after_a_cut_speaks_against_a_stop(void **state)
{
	struct stage *stage = *state;
	cut_polls(stage, 3);
	stage_turn_to(stage, 1);
	stage_post(stage, 1, 10, ANSWERED, "ok");
	DOES_NOT_SEE(stage, CODE_SERVER_STOPPED);
}

/* ---- again and again */

/* Two sessions more, by WebSocket, which the server ends: with the close code, or without any. */
static void stop_server(struct stage *stage, uint16_t code)
{
	size_t number = stage->other_count + 2;
	for (size_t i = 0; i < 2; i++) {
		stage_begin_session(stage);
		stage_connect(stage);
		stage_wait(stage, 0.3);
	}
	for (size_t i = 0; i < 2; i++) {
		stage_turn_to(stage, number + i);
		if (code)
			stage_close(stage, code);
		else
			stage_emit(stage, EVENT_TCP_CLOSE, TO_CLIENT);
	}
}

static void stop_at(struct stage *stage, uint16_t code, const double *seconds, size_t count)
{
	timestamp begun = stage->now;
	for (size_t i = 0; i < count; i++) {
		stage->now = begun + (timestamp)(seconds[i] * TIMESTAMP_SECOND);
		stop_server(stage, code);
	}
}

static unsigned count_stops(const struct stage *stage)
{
	unsigned count = 0;
	for (const struct finding *finding = stage->findings->first; finding; finding = finding->next)
		count += finding->code == CODE_SERVER_STOPPED;
	return count;
}

static void a_server_that_stops_three_times_within_a_minute_is_in_a_crash_loop(void **state)
{
	struct stage *stage = *state;
	stop_at(stage, 0, (const double[]){0, 25, 50}, 3);
	const struct finding *found = SEES(stage, CODE_SERVER_STOPPED);
	assert_int_equal(count_stops(stage), 1);
	assert_int_equal(found->severity, SEVERITY_ERROR);
	assert_string_equal(found->cause, "stops-again");
	assert_int_equal(found->count, 3);
	assert_non_null(strstr(found->seen, "stopped 3 times within 50"));
}

static void a_crash_loop_that_goes_on_for_longer_than_a_minute_counts_all_its_stops(void **state)
{
	struct stage *stage = *state;
	stop_at(stage, 0, (const double[]){0, 25, 50, 75, 100}, 5);
	const struct finding *found = SEES(stage, CODE_SERVER_STOPPED);
	assert_int_equal(count_stops(stage), 1);
	assert_int_equal(found->count, 5);
	assert_non_null(strstr(found->seen, "stopped 5 times, 3 of them within 50"));
}

static void restarts_that_are_announced_are_no_crash_loop(void **state)
{
	struct stage *stage = *state;
	stop_at(stage, 1012, (const double[]){0, 18, 36}, 3);
	const struct finding *found = SEES(stage, CODE_SERVER_STOPPED);
	assert_int_equal(count_stops(stage), 3);
	assert_int_equal(found->severity, SEVERITY_WARNING);
	assert_non_null(strstr(found->seen, "after it had said that it goes"));
}

static void restarts_of_which_no_minute_holds_three_are_no_crash_loop(void **state)
{
	struct stage *stage = *state;
	stop_at(stage, 0, (const double[]){0, 50, 100}, 3);
	assert_int_equal(SEES(stage, CODE_SERVER_STOPPED)->severity, SEVERITY_WARNING);
	assert_int_equal(count_stops(stage), 3);
}

static void restarts_that_are_announced_make_no_crash_loop_of_one_that_is_not(void **state)
{
	struct stage *stage = *state;
	stop_at(stage, 1012, (const double[]){0, 18}, 2);
	stop_at(stage, 0, (const double[]){18}, 1);
	SEES(stage, CODE_SERVER_STOPPED);
	assert_int_equal(count_stops(stage), 3);
}

static void ends_of_some_sessions_are_no_stops_of_a_crash_loop(void **state)
{
	struct stage *stage = *state;
	stage_connect(stage);
	for (int i = 0; i < 3; i++) {
		if (i) {
			stage_wait(stage, 18);
			stage_turn_to(stage, 1);
			stage_beat(stage);
		}
		stop_server(stage, 0);
	}
	end_session(stage, 1, TO_CLIENT);
	const struct finding *found = SEES(stage, CODE_SERVER_STOPPED);
	assert_int_equal(count_stops(stage), 1);
	assert_int_equal(found->severity, SEVERITY_WARNING);
}

/* ---- a packet as the reason of an end */

static void an_event_like_one_that_was_taken_is_no_reason_for_an_end(void **state)
{
	struct stage *stage = *state;
	stage_connect(stage);
	stage_say(stage, TO_SERVER, "\"x\"", "");
	stage_wait(stage, 1);
	stage_say(stage, TO_SERVER, "\"y\"", "");
	stage_emit(stage, EVENT_TCP_CLOSE, TO_CLIENT);
	assert_non_null(strstr(SEES(stage, CODE_ABNORMAL_CLOSE)->seen, "without a close frame"));
}

static void the_first_event_may_be_the_reason(void **state)
{
	struct stage *stage = *state;
	stage_connect(stage);
	stage_wait(stage, 1);
	stage_say(stage, TO_SERVER, "\"x\"", "");
	stage_close(stage, 1005);
	assert_non_null(strstr(SEES(stage, CODE_ABNORMAL_CLOSE)->seen, "right after the client sent an event"));
}

static void a_413_beside_it_is_reason_enough(void **state)
{
	struct stage *stage = *state;
	stage_connect_by_polling(stage);
	stage_post(stage, 1, 200000, "HTTP/1.1 413 Payload Too Large\r\n\r\n", "");
	stage_say(stage, TO_SERVER, "\"x\"", "");
	stage_emit(stage, EVENT_CLOSE, TO_CLIENT);
	DOES_NOT_SEE(stage, CODE_ABNORMAL_CLOSE);
	assert_non_null(stage_found(stage, CODE_PAYLOAD_TOO_LARGE));
}

static void a_second_websocket_that_is_refused_does_not_end_the_session(void **state)
{
	struct stage *stage = *state;
	stage_connect(stage);
	stage->connection.client.port++;
	stage_close(stage, 1005);
	stage->connection.client.port--;
	stage_beat(stage);
	assert_int_equal(stage->session.closed, TIMESTAMP_NONE);
	stage_expect_quiet(stage);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    ON_STAGE(a_second_websocket_that_is_refused_does_not_end_the_session),
	    ON_STAGE(a_server_that_ends_all_sessions_together_stopped),
	    ON_STAGE(a_server_that_stops_under_traffic_refuses_nothing),
	    ON_STAGE(a_server_that_keeps_a_session_did_not_stop),
	    ON_STAGE(a_session_that_was_silent_for_long_does_not_speak_against_a_stop),
	    ON_STAGE(sessions_that_end_in_turn_however_soon_are_no_stop),
	    ON_STAGE(clients_that_end_together_stopped_no_server),
	    ON_STAGE(sessions_that_the_server_says_goodbye_to_did_not_stop_with_it),
	    ON_STAGE(sessions_that_end_one_after_the_other_are_no_stop),
	    ON_STAGE(one_session_alone_is_no_stop),
	    ON_STAGE(a_server_that_restarts_says_when_it_is_back),
	    ON_STAGE(close_frames_that_say_service_restart_are_a_stop),
	    ON_STAGE(a_single_service_restart_is_recognised_by_its_code),
	    ON_STAGE(a_server_that_goes_away_does_not_refuse_what_came_before),
	    ON_STAGE(polls_that_are_cut_together_are_a_stop),
	    ON_STAGE(sessions_that_poll_on_after_a_cut_did_not_end),
	    ON_STAGE(an_event_like_one_that_was_taken_is_no_reason_for_an_end),
	    ON_STAGE(the_first_event_may_be_the_reason),
	    ON_STAGE(a_413_beside_it_is_reason_enough),
	    ON_STAGE(a_session_that_polls_on_after_a_cut_speaks_against_a_stop),
	    ON_STAGE(a_server_that_closes_all_in_order_and_then_refuses_connections_stopped),
	    ON_STAGE(a_server_that_closes_all_in_order_and_goes_on_did_not_stop),
	    ON_STAGE(a_server_that_stops_three_times_within_a_minute_is_in_a_crash_loop),
	    ON_STAGE(a_crash_loop_that_goes_on_for_longer_than_a_minute_counts_all_its_stops),
	    ON_STAGE(restarts_that_are_announced_are_no_crash_loop),
	    ON_STAGE(restarts_of_which_no_minute_holds_three_are_no_crash_loop),
	    ON_STAGE(restarts_that_are_announced_make_no_crash_loop_of_one_that_is_not),
	    ON_STAGE(ends_of_some_sessions_are_no_stops_of_a_crash_loop),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
