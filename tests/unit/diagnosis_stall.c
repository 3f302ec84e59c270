/* server-stall on timelines made by hand: as packets show it, and as a probe sees it (what lay unread, and what the
 * process did meanwhile). */
#include "net/link.h"
#include "net/packet.h"
#include "stage.h"

/* ==== packets */

static void ask_server(struct stage *stage, size_t session)
{
	stage_turn_to(stage, session);
	stage_say(stage, TO_SERVER, "\"ask\"", "");
}

static void answer(struct stage *stage, size_t session)
{
	stage_turn_to(stage, session);
	stage_say(stage, TO_CLIENT, "\"answer\"", "");
}

/* So many sessions, and a server that answered them at once so far. */
static void connect_sessions(struct stage *stage, size_t sessions)
{
	for (size_t session = 1; session <= sessions; session++) {
		if (session > 1)
			stage_begin_session(stage);
		stage_connect(stage);
		for (int i = 0; i < 6; i++) {
			ask_server(stage, session);
			answer(stage, session);
		}
	}
}

static void ask_both(struct stage *stage)
{
	ask_server(stage, 1);
	ask_server(stage, 2);
}

static void answer_both(struct stage *stage)
{
	answer(stage, 1);
	answer(stage, 2);
}

static void stand_still(struct stage *stage, double seconds)
{
	ask_both(stage);
	stage_wait(stage, seconds);
	answer_both(stage);
}

/* ---- what it must see */

static void a_server_that_answers_two_sessions_at_once_after_a_long_silence_stood_still(void **state)
{
	struct stage *stage = *state;
	connect_sessions(stage, 2);
	stand_still(stage, 3);
	const struct finding *stall = SEES(stage, CODE_SERVER_STALL);
	assert_int_equal(stall->confidence, CONFIDENCE_LIKELY);
	assert_non_null(strstr(stall->seen, "2 sessions waited"));
}

static void a_network_that_stood_still_is_named_as_a_doubt(void **state)
{
	struct stage *stage = *state;
	connect_sessions(stage, 2);
	stand_still(stage, 3);
	assert_non_null(strstr(SEES(stage, CODE_SERVER_STALL)->doubt, "network"));
}

static void a_server_that_stands_still_twice_is_reported_once_with_a_count(void **state)
{
	struct stage *stage = *state;
	connect_sessions(stage, 2);
	stand_still(stage, 3);
	stage_wait(stage, 1);
	stand_still(stage, 3);
	assert_int_equal(SEES(stage, CODE_SERVER_STALL)->count, 2);
}

static void a_silence_that_ends_for_three_sessions_is_one(void **state)
{
	struct stage *stage = *state;
	connect_sessions(stage, 3);
	for (size_t session = 1; session <= 3; session++)
		ask_server(stage, session);
	stage_wait(stage, 3);
	for (size_t session = 1; session <= 3; session++)
		answer(stage, session);
	assert_int_equal(SEES(stage, CODE_SERVER_STALL)->count, 1);
}

static void the_silence_counts_from_the_first_that_waits(void **state)
{
	struct stage *stage = *state;
	connect_sessions(stage, 2);
	ask_server(stage, 1);
	stage_wait(stage, 3);
	ask_server(stage, 2);
	stage_wait(stage, 0.5);
	answer_both(stage);
	SEES(stage, CODE_SERVER_STALL);
}

static void a_silence_of_just_over_a_second_is_one(void **state)
{
	struct stage *stage = *state;
	connect_sessions(stage, 2);
	stand_still(stage, 1.1);
	SEES(stage, CODE_SERVER_STALL);
}

/* ---- what looks alike */

static void a_silence_below_a_second_is_none(void **state)
{
	struct stage *stage = *state;
	connect_sessions(stage, 2);
	stand_still(stage, 0.9);
	DOES_NOT_SEE(stage, CODE_SERVER_STALL);
}

/* An answer whose first packet left so long before its last. */
static void answer_slowly(struct stage *stage, size_t session, double seconds)
{
	stage_turn_to(stage, session);
	struct event event = stage_event(stage, EVENT_EVENT, TO_CLIENT);
	event.begun = event.origin.time - (timestamp)(seconds * TIMESTAMP_SECOND);
	stage_emit_event(stage, &event);
}

static void a_long_message_on_a_slow_link_is_no_silence(void **state)
{
	struct stage *stage = *state;
	connect_sessions(stage, 2);
	ask_both(stage);
	stage_wait(stage, 3);
	answer_slowly(stage, 1, 2.9);
	answer(stage, 2);
	DOES_NOT_SEE(stage, CODE_SERVER_STALL);
}

static void a_message_that_went_out_behind_another_is_no_silence(void **state)
{
	struct stage *stage = *state;
	connect_sessions(stage, 2);
	ask_both(stage);
	stage_wait(stage, 3);
	answer(stage, 1);
	answer_slowly(stage, 2, 2);
	DOES_NOT_SEE(stage, CODE_SERVER_STALL);
}

static void news_for_a_session_that_did_not_wait_is_no_answer(void **state)
{
	struct stage *stage = *state;
	connect_sessions(stage, 3);
	ask_both(stage);
	stage_wait(stage, 3);
	answer(stage, 1);
	answer(stage, 3);
	DOES_NOT_SEE(stage, CODE_SERVER_STALL);
}

static void a_server_with_nothing_to_say_does_not_stand_still(void **state)
{
	struct stage *stage = *state;
	connect_sessions(stage, 2);
	stage_wait(stage, 20);
	answer_both(stage);
	DOES_NOT_SEE(stage, CODE_SERVER_STALL);
}

static void one_slow_handler_leaves_the_others_answered(void **state)
{
	struct stage *stage = *state;
	connect_sessions(stage, 2);
	ask_both(stage);
	answer(stage, 2);
	stage_wait(stage, 3);
	answer_both(stage);
	DOES_NOT_SEE(stage, CODE_SERVER_STALL);
}

static void a_session_that_waits_alone_shows_no_more_than_a_slow_handler(void **state)
{
	struct stage *stage = *state;
	connect_sessions(stage, 2);
	ask_server(stage, 1);
	stage_wait(stage, 3);
	answer_both(stage);
	DOES_NOT_SEE(stage, CODE_SERVER_STALL);
}

static void a_server_that_is_always_slow_does_not_stand_still(void **state)
{
	struct stage *stage = *state;
	connect_sessions(stage, 2);
	ask_server(stage, 1);
	stage_wait(stage, 2);
	answer(stage, 1);
	stand_still(stage, 3);
	DOES_NOT_SEE(stage, CODE_SERVER_STALL);
}

static void the_first_wait_of_a_capture_has_nothing_to_be_compared_with(void **state)
{
	struct stage *stage = *state;
	stage_begin_session(stage);
	stand_still(stage, 3);
	DOES_NOT_SEE(stage, CODE_SERVER_STALL);
}

static void answers_that_come_one_by_one_are_no_burst(void **state)
{
	struct stage *stage = *state;
	connect_sessions(stage, 2);
	ask_both(stage);
	stage_wait(stage, 3);
	answer(stage, 1);
	stage_wait(stage, 2);
	answer(stage, 2);
	DOES_NOT_SEE(stage, CODE_SERVER_STALL);
}

static void pings_after_events_that_want_no_answer_end_no_stall(void **state)
{
	struct stage *stage = *state;
	connect_sessions(stage, 2);
	ask_both(stage);
	stage_wait(stage, 20);
	for (size_t session = 1; session <= 2; session++) {
		stage_turn_to(stage, session);
		stage_beat(stage);
	}
	DOES_NOT_SEE(stage, CODE_SERVER_STALL);
}

static void a_pong_waits_for_nothing(void **state)
{
	struct stage *stage = *state;
	connect_sessions(stage, 2);
	for (size_t session = 1; session <= 2; session++) {
		stage_turn_to(stage, session);
		stage_emit(stage, EVENT_PONG, TO_SERVER);
	}
	stage_wait(stage, 20);
	answer_both(stage);
	DOES_NOT_SEE(stage, CODE_SERVER_STALL);
}

/* ---- what is not sure */

static void a_silence_in_which_the_servers_bytes_were_not_captured_is_none(void **state)
{
	struct stage *stage = *state;
	connect_sessions(stage, 2);
	ask_both(stage);
	stage_wait(stage, 3);
	stage_turn_to(stage, 1);
	stage_emit(stage, EVENT_GAP, TO_CLIENT);
	answer_both(stage);
	DOES_NOT_SEE(stage, CODE_SERVER_STALL);
}

static void a_gap_in_what_clients_send_takes_nothing_from_the_servers_silence(void **state)
{
	struct stage *stage = *state;
	connect_sessions(stage, 2);
	ask_both(stage);
	stage_emit(stage, EVENT_GAP, TO_SERVER);
	stage_wait(stage, 3);
	answer_both(stage);
	SEES(stage, CODE_SERVER_STALL);
}

/* ---- clients that gave up and came back */

/* Both sessions ask, the server stands still, and the clients send their close frames early or late in that time. */
static void give_up(struct stage *stage, double before, double after)
{
	ask_both(stage);
	stage_wait(stage, before);
	for (size_t session = 1; session <= 2; session++) {
		stage_turn_to(stage, session);
		stage_emit(stage, EVENT_WS_CLOSE, TO_SERVER);
	}
	stage_wait(stage, after);
}

static void close_both(struct stage *stage)
{
	for (size_t session = 1; session <= 2; session++) {
		stage_turn_to(stage, session);
		stage_emit(stage, EVENT_WS_CLOSE, TO_CLIENT);
	}
}

static void close_frames_that_waited_for_their_answers_show_a_stall(void **state)
{
	struct stage *stage = *state;
	connect_sessions(stage, 2);
	give_up(stage, 2, 2);
	close_both(stage);
	SEES(stage, CODE_SERVER_STALL);
}

/* Nothing answers what is only reported, so the silence before says nothing. */
static void close_frames_that_are_answered_at_once_show_none(void **state)
{
	struct stage *stage = *state;
	connect_sessions(stage, 2);
	give_up(stage, 4, 0.01);
	close_both(stage);
	DOES_NOT_SEE(stage, CODE_SERVER_STALL);
}

/* A client that comes back: its handshake waited so long. */
static void come_back(struct stage *stage, double waited)
{
	stage_begin_session(stage);
	stage->held = (timestamp)(waited * TIMESTAMP_SECOND);
	stage_ask(stage, true, "GET /socket.io/?EIO=4&transport=websocket HTTP/1.1\r\n\r\n", SWITCHING, "");
	stage_emit(stage, EVENT_OPEN, TO_CLIENT);
}

static void handshakes_that_waited_count_though_they_have_no_session_yet(void **state)
{
	struct stage *stage = *state;
	connect_sessions(stage, 2);
	ask_both(stage);
	stage_wait(stage, 5);
	come_back(stage, 2);
	come_back(stage, 1.5);
	SEES(stage, CODE_SERVER_STALL);
}

static void handshakes_that_are_answered_at_once_show_no_stall(void **state)
{
	struct stage *stage = *state;
	connect_sessions(stage, 2);
	ask_both(stage);
	stage_wait(stage, 5);
	come_back(stage, 0.01);
	come_back(stage, 0.01);
	DOES_NOT_SEE(stage, CODE_SERVER_STALL);
}

static void ping_both(struct stage *stage, double after)
{
	for (size_t session = 1; session <= 2; session++) {
		stage_turn_to(stage, session);
		stage_beat(stage);
	}
	ask_both(stage);
	stage_wait(stage, after);
	for (size_t session = 1; session <= 2; session++) {
		stage_turn_to(stage, session);
		stage_emit(stage, EVENT_PING, TO_CLIENT);
	}
}

static void pings_that_are_overdue_for_everybody_show_a_stall(void **state)
{
	struct stage *stage = *state;
	connect_sessions(stage, 2);
	ping_both(stage, 27);
	SEES(stage, CODE_SERVER_STALL);
}

static void pings_in_time_answer_nothing(void **state)
{
	struct stage *stage = *state;
	connect_sessions(stage, 2);
	ping_both(stage, 25);
	DOES_NOT_SEE(stage, CODE_SERVER_STALL);
}

/* ==== a probe */

static const struct process watched = {.id = 7, .command = "python"};

/* An event to the server whose bytes had lain in the socket for so long. */
static void read_late(struct stage *stage, double seconds)
{
	struct event event = stage_event(stage, EVENT_EVENT, TO_SERVER);
	event.packet.name = SLICE("\"ask\"");
	event.queued = (timestamp)(seconds * TIMESTAMP_SECOND);
	stage_emit_event(stage, &event);
}

static void leave_unread(struct stage *stage)
{
	stage_wait(stage, 2);
	read_late(stage, 2);
}

static void connect_watched(struct stage *stage)
{
	stage->connection.process = &watched;
	stage_connect(stage);
}

static void a_process_that_reads_after_two_seconds_and_did_nothing_meanwhile_was_blocked(void **state)
{
	struct stage *stage = *state;
	connect_watched(stage);
	leave_unread(stage);
	assert_int_equal(SEES(stage, CODE_SERVER_STALL)->confidence, CONFIDENCE_PROVEN);
}

static void the_finding_names_the_process_and_how_long_it_stood_still(void **state)
{
	struct stage *stage = *state;
	connect_watched(stage);
	leave_unread(stage);
	const char *seen = SEES(stage, CODE_SERVER_STALL)->seen;
	assert_non_null(strstr(seen, "process 7 (python)"));
	assert_non_null(strstr(seen, "for 2.0 s"));
}

static void the_finding_begins_when_the_bytes_arrived(void **state)
{
	struct stage *stage = *state;
	connect_watched(stage);
	stage_wait(stage, 2);
	timestamp arrived = stage->now - 2 * TIMESTAMP_SECOND;
	read_late(stage, 2);
	assert_int_equal(SEES(stage, CODE_SERVER_STALL)->time, arrived);
}

static void a_process_that_did_something_else_meanwhile_was_not_blocked(void **state)
{
	struct stage *stage = *state;
	connect_watched(stage);
	stage_wait(stage, 1);
	stage_say(stage, TO_CLIENT, "\"tick\"", "");
	stage_wait(stage, 1);
	read_late(stage, 2);
	DOES_NOT_SEE(stage, CODE_SERVER_STALL);
}

static void a_wait_of_less_than_a_second_is_none(void **state)
{
	struct stage *stage = *state;
	connect_watched(stage);
	stage_wait(stage, 2);
	read_late(stage, 0.9);
	DOES_NOT_SEE(stage, CODE_SERVER_STALL);
}

static void without_a_process_nothing_is_reported(void **state)
{
	struct stage *stage = *state;
	connect_watched(stage);
	stage->connection.process = NULL;
	leave_unread(stage);
	DOES_NOT_SEE(stage, CODE_SERVER_STALL);
}

static void what_another_process_did_meanwhile_does_not_matter(void **state)
{
	struct stage *stage = *state;
	static const struct process other = {.id = 8, .command = "python"};
	connect_watched(stage);
	stage_wait(stage, 1);
	stage->connection.process = &other;
	stage_say(stage, TO_CLIENT, "\"tick\"", "");
	stage->connection.process = &watched;
	stage_wait(stage, 1);
	read_late(stage, 2);
	SEES(stage, CODE_SERVER_STALL);
}

/* More processes than are kept do something. */
static void others_are_active(struct stage *stage)
{
	static struct process others[100];
	for (size_t i = 0; i < 100; i++) {
		others[i].id = 100 + (uint32_t)i;
		stage->connection.process = &others[i];
		stage_say(stage, TO_CLIENT, "\"tick\"", "");
	}
	stage->connection.process = &watched;
}

static void one_that_came_after_a_hundred_others_is_seen_too(void **state)
{
	struct stage *stage = *state;
	connect_watched(stage);
	others_are_active(stage);
	stage_say(stage, TO_CLIENT, "\"tick\"", "");
	leave_unread(stage);
	SEES(stage, CODE_SERVER_STALL);
}

static void one_that_was_active_before_a_hundred_others_is_not_blamed(void **state)
{
	struct stage *stage = *state;
	connect_watched(stage);
	stage_wait(stage, 1);
	stage_say(stage, TO_CLIENT, "\"tick\"", "");
	others_are_active(stage);
	read_late(stage, 2.5);
	DOES_NOT_SEE(stage, CODE_SERVER_STALL);
}

static void two_stalls_of_one_server_are_reported_once_with_a_count(void **state)
{
	struct stage *stage = *state;
	connect_watched(stage);
	leave_unread(stage);
	leave_unread(stage);
	assert_int_equal(SEES(stage, CODE_SERVER_STALL)->count, 2);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    ON_STAGE(a_server_that_answers_two_sessions_at_once_after_a_long_silence_stood_still),
	    ON_STAGE(a_network_that_stood_still_is_named_as_a_doubt),
	    ON_STAGE(a_server_that_stands_still_twice_is_reported_once_with_a_count),
	    ON_STAGE(a_silence_that_ends_for_three_sessions_is_one),
	    ON_STAGE(the_silence_counts_from_the_first_that_waits),
	    ON_STAGE(a_silence_of_just_over_a_second_is_one),
	    ON_STAGE(a_silence_below_a_second_is_none),
	    ON_STAGE(a_long_message_on_a_slow_link_is_no_silence),
	    ON_STAGE(a_message_that_went_out_behind_another_is_no_silence),
	    ON_STAGE(news_for_a_session_that_did_not_wait_is_no_answer),
	    ON_STAGE(a_server_with_nothing_to_say_does_not_stand_still),
	    ON_STAGE(one_slow_handler_leaves_the_others_answered),
	    ON_STAGE(a_session_that_waits_alone_shows_no_more_than_a_slow_handler),
	    ON_STAGE(a_server_that_is_always_slow_does_not_stand_still),
	    ON_STAGE(the_first_wait_of_a_capture_has_nothing_to_be_compared_with),
	    ON_STAGE(answers_that_come_one_by_one_are_no_burst),
	    ON_STAGE(pings_after_events_that_want_no_answer_end_no_stall),
	    ON_STAGE(a_pong_waits_for_nothing),
	    ON_STAGE(a_silence_in_which_the_servers_bytes_were_not_captured_is_none),
	    ON_STAGE(a_gap_in_what_clients_send_takes_nothing_from_the_servers_silence),
	    ON_STAGE(close_frames_that_waited_for_their_answers_show_a_stall),
	    ON_STAGE(close_frames_that_are_answered_at_once_show_none),
	    ON_STAGE(handshakes_that_waited_count_though_they_have_no_session_yet),
	    ON_STAGE(handshakes_that_are_answered_at_once_show_no_stall),
	    ON_STAGE(pings_that_are_overdue_for_everybody_show_a_stall),
	    ON_STAGE(pings_in_time_answer_nothing),
	    ON_STAGE(a_process_that_reads_after_two_seconds_and_did_nothing_meanwhile_was_blocked),
	    ON_STAGE(the_finding_names_the_process_and_how_long_it_stood_still),
	    ON_STAGE(the_finding_begins_when_the_bytes_arrived),
	    ON_STAGE(a_process_that_did_something_else_meanwhile_was_not_blocked),
	    ON_STAGE(a_wait_of_less_than_a_second_is_none),
	    ON_STAGE(without_a_process_nothing_is_reported),
	    ON_STAGE(what_another_process_did_meanwhile_does_not_matter),
	    ON_STAGE(one_that_came_after_a_hundred_others_is_seen_too),
	    ON_STAGE(one_that_was_active_before_a_hundred_others_is_not_blamed),
	    ON_STAGE(two_stalls_of_one_server_are_reported_once_with_a_count),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
