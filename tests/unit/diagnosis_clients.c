/* reconnect-loop and duplicate-session on timelines made by hand. */
#include "stage.h"

#define AGENT "User-Agent: Mozilla/5.0\r\n"
#define HANDSHAKE(query) "GET /_event/?EIO=4&transport=websocket" query " HTTP/1.1\r\n" AGENT "\r\n"
#define TAB HANDSHAKE("&token=tab")
#define OTHER_TAB HANDSHAKE("&token=other")
#define NO_TOKEN HANDSHAKE("")

static void open_session(struct stage *stage, const char *handshake)
{
	stage_begin_session(stage);
	stage_ask(stage, true, handshake, SWITCHING, "");
	stage_join(stage);
}

static void close_session(struct stage *stage)
{
	stage_emit(stage, EVENT_WS_CLOSE, TO_CLIENT);
}

static void open_in_vain(struct stage *stage, const char *handshake, double life)
{
	open_session(stage, handshake);
	stage_wait(stage, life);
	close_session(stage);
	stage_wait(stage, 1);
}

/* The heartbeat of a session that is open. */
static void keep_alive(struct stage *stage, size_t session)
{
	stage_turn_to(stage, session);
	stage_beat(stage);
}

/* ---- reconnect-loop: what it must see */

static void a_client_none_of_whose_sessions_lives_is_in_a_loop(void **state)
{
	struct stage *stage = *state;
	for (int i = 0; i < 5; i++)
		open_in_vain(stage, TAB, 0.5);
	const struct finding *loop = SEES(stage, CODE_RECONNECT_LOOP);
	assert_int_not_equal(loop->evidence_count, 0);
	assert_int_equal(loop->confidence, CONFIDENCE_LIKELY);
	assert_non_null(strstr(loop->seen, "opened 5 sessions"));
	assert_non_null(strstr(loop->seen, "server closed the WebSocket"));
}

/* The server's application sends the client away each time, soon after it joined. */
static void a_loop_of_sessions_that_the_server_disconnects_says_so(void **state)
{
	struct stage *stage = *state;
	for (int i = 0; i < 6; i++) {
		open_session(stage, TAB);
		stage_wait(stage, 0.1);
		stage_emit(stage, EVENT_DISCONNECT, TO_CLIENT);
		close_session(stage);
		stage_wait(stage, 1);
	}
	const struct finding *loop = SEES(stage, CODE_RECONNECT_LOOP);
	assert_string_equal(loop->cause, "sent-away");
	assert_non_null(strstr(loop->seen, "the server's DISCONNECT"));
}

static void a_loop_of_sessions_that_never_join_says_so(void **state)
{
	struct stage *stage = *state;
	for (int i = 0; i < 6; i++) {
		stage_begin_session(stage);
		stage_ask(stage, true, TAB, SWITCHING, "");
		stage_emit(stage, EVENT_OPEN, TO_CLIENT);
		stage_emit(stage, EVENT_CONNECT, TO_SERVER);
		stage_wait(stage, 1);
		stage_emit(stage, EVENT_WS_CLOSE, TO_SERVER);
		stage_wait(stage, 1);
	}
	assert_string_equal(SEES(stage, CODE_RECONNECT_LOOP)->cause, "never-joined");
}

static void a_client_without_a_token_is_known_by_its_address(void **state)
{
	struct stage *stage = *state;
	for (int i = 0; i < 5; i++)
		open_in_vain(stage, NO_TOKEN, 0.5);
	SEES(stage, CODE_RECONNECT_LOOP);
}

/* `apart`: seconds between the beginnings of two of them. */
static void open_apart(struct stage *stage, double apart)
{
	for (int i = 0; i < 5; i++) {
		timestamp begun = stage->now;
		open_session(stage, TAB);
		close_session(stage);
		stage->now = begun + (timestamp)(apart * TIMESTAMP_SECOND);
	}
}

static void sessions_within_ten_seconds_of_each_other_are_a_loop(void **state)
{
	struct stage *stage = *state;
	open_apart(stage, 9.9);
	SEES(stage, CODE_RECONNECT_LOOP);
}

static void sessions_just_ten_seconds_apart_are_a_loop(void **state)
{
	struct stage *stage = *state;
	open_apart(stage, 10);
	SEES(stage, CODE_RECONNECT_LOOP);
}

/* ---- reconnect-loop: what looks alike */

static void sessions_more_than_ten_seconds_apart_are_no_loop(void **state)
{
	struct stage *stage = *state;
	open_apart(stage, 10.1);
	DOES_NOT_SEE(stage, CODE_RECONNECT_LOOP);
}

static void a_few_reconnections_are_no_loop(void **state)
{
	struct stage *stage = *state;
	for (int i = 0; i < 4; i++)
		open_in_vain(stage, TAB, 0.5);
	DOES_NOT_SEE(stage, CODE_RECONNECT_LOOP);
}

static void sessions_that_live_for_a_while_are_no_loop(void **state)
{
	struct stage *stage = *state;
	for (int i = 0; i < 6; i++)
		open_in_vain(stage, TAB, 6);
	DOES_NOT_SEE(stage, CODE_RECONNECT_LOOP);
}

static void sessions_that_live_just_five_seconds_are_no_loop(void **state)
{
	struct stage *stage = *state;
	for (int i = 0; i < 6; i++) {
		timestamp begun = stage->now;
		open_session(stage, TAB);
		stage->now = begun + 5 * TIMESTAMP_SECOND;
		close_session(stage);
	}
	DOES_NOT_SEE(stage, CODE_RECONNECT_LOOP);
}

static void sessions_that_get_their_events_were_good_for_something(void **state)
{
	struct stage *stage = *state;
	for (int i = 0; i < 6; i++) {
		open_session(stage, TAB);
		stage_say(stage, TO_CLIENT, "\"event\"", "{}");
		close_session(stage);
	}
	DOES_NOT_SEE(stage, CODE_RECONNECT_LOOP);
}

static void one_good_session_ends_the_row(void **state)
{
	struct stage *stage = *state;
	for (int i = 0; i < 7; i++)
		open_in_vain(stage, TAB, i == 3 ? 8 : 0.5);
	DOES_NOT_SEE(stage, CODE_RECONNECT_LOOP);
}

static void visits_that_are_far_apart_are_no_loop(void **state)
{
	struct stage *stage = *state;
	for (int i = 0; i < 6; i++) {
		open_in_vain(stage, TAB, 0.5);
		stage_wait(stage, 60);
	}
	DOES_NOT_SEE(stage, CODE_RECONNECT_LOOP);
}

static void short_visits_of_many_users_are_no_loop(void **state)
{
	struct stage *stage = *state;
	static const char *const tabs[] = {HANDSHAKE("&token=a"), HANDSHAKE("&token=b"), HANDSHAKE("&token=c"),
	    HANDSHAKE("&token=d"), HANDSHAKE("&token=e"), HANDSHAKE("&token=f")};
	for (int i = 0; i < 6; i++)
		open_in_vain(stage, tabs[i], 0.5);
	DOES_NOT_SEE(stage, CODE_RECONNECT_LOOP);
}

/* ---- reconnect-loop: what is not sure */

static void in_a_capture_with_gaps_a_loop_is_only_possible(void **state)
{
	struct stage *stage = *state;
	for (int i = 0; i < 5; i++) {
		open_session(stage, TAB);
		stage_emit(stage, EVENT_GAP, TO_CLIENT);
		close_session(stage);
	}
	assert_only_possible(SEES(stage, CODE_RECONNECT_LOOP));
}

static void sessions_joined_in_mid_stream_are_nobodys(void **state)
{
	struct stage *stage = *state;
	for (int i = 0; i < 6; i++) {
		stage_begin_session(stage);
		stage_emit(stage, EVENT_PING, TO_CLIENT);
		close_session(stage);
	}
	DOES_NOT_SEE(stage, CODE_RECONNECT_LOOP);
}

/* ---- duplicate-session: what it must see */

static void two_sessions_of_a_token_that_both_go_on_are_duplicates(void **state)
{
	struct stage *stage = *state;
	open_session(stage, TAB);
	stage_wait(stage, 1);
	open_session(stage, TAB);
	stage_wait(stage, 25);
	keep_alive(stage, 2);
	keep_alive(stage, 3);
	assert_non_null(strstr(SEES(stage, CODE_DUPLICATE_SESSION)->seen, "token tab"));
}

static void a_duplicate_is_only_possible_for_tabs_may_share_a_token(void **state)
{
	struct stage *stage = *state;
	open_session(stage, TAB);
	open_session(stage, TAB);
	stage_wait(stage, 25);
	keep_alive(stage, 2);
	const struct finding *duplicate = SEES(stage, CODE_DUPLICATE_SESSION);
	assert_int_equal(duplicate->confidence, CONFIDENCE_POSSIBLE);
	assert_non_null(strstr(duplicate->doubt, "share"));
}

/* ---- duplicate-session: what looks alike */

static void a_session_after_the_end_of_another_is_no_duplicate(void **state)
{
	struct stage *stage = *state;
	open_session(stage, TAB);
	stage_wait(stage, 5);
	close_session(stage);
	open_session(stage, TAB);
	stage_wait(stage, 25);
	keep_alive(stage, 3);
	DOES_NOT_SEE(stage, CODE_DUPLICATE_SESSION);
}

static void a_page_that_reloads_may_begin_before_the_old_one_says_goodbye(void **state)
{
	struct stage *stage = *state;
	open_session(stage, TAB);
	stage_wait(stage, 30);
	open_session(stage, TAB);
	stage_turn_to(stage, 2);
	stage_emit(stage, EVENT_PONG, TO_SERVER);
	stage_say_goodbye(stage);
	stage_wait(stage, 25);
	keep_alive(stage, 3);
	DOES_NOT_SEE(stage, CODE_DUPLICATE_SESSION);
}

static void a_goodbye_that_comes_late_is_no_going_on(void **state)
{
	struct stage *stage = *state;
	open_session(stage, TAB);
	open_session(stage, TAB);
	stage_wait(stage, 5);
	stage_turn_to(stage, 2);
	stage_emit(stage, EVENT_DISCONNECT, TO_SERVER);
	stage_emit(stage, EVENT_CLOSE, TO_SERVER);
	DOES_NOT_SEE(stage, CODE_DUPLICATE_SESSION);
}

static void two_tabs_have_two_tokens(void **state)
{
	struct stage *stage = *state;
	open_session(stage, TAB);
	open_session(stage, OTHER_TAB);
	stage_wait(stage, 25);
	keep_alive(stage, 2);
	keep_alive(stage, 3);
	DOES_NOT_SEE(stage, CODE_DUPLICATE_SESSION);
}

static void two_users_behind_one_address_are_no_duplicates(void **state)
{
	struct stage *stage = *state;
	open_session(stage, NO_TOKEN);
	open_session(stage, NO_TOKEN);
	stage_wait(stage, 25);
	keep_alive(stage, 2);
	keep_alive(stage, 3);
	DOES_NOT_SEE(stage, CODE_DUPLICATE_SESSION);
}

static void a_tab_that_comes_back_after_its_session_died_in_silence_has_one_session(void **state)
{
	struct stage *stage = *state;
	open_session(stage, TAB);
	stage_wait(stage, 600); /* a computer that slept: both ends have long given up */
	open_session(stage, TAB);
	DOES_NOT_SEE(stage, CODE_DUPLICATE_SESSION);
}

static void a_server_that_still_pings_a_page_that_is_gone_keeps_no_session_alive(void **state)
{
	struct stage *stage = *state;
	open_session(stage, TAB);
	open_session(stage, TAB);
	stage_wait(stage, 25);
	stage_turn_to(stage, 2);
	stage_emit(stage, EVENT_PING, TO_CLIENT);
	DOES_NOT_SEE(stage, CODE_DUPLICATE_SESSION);
}

/* ---- duplicate-session: what is not sure */

static void a_session_whose_handshake_was_not_captured_has_no_duplicate(void **state)
{
	struct stage *stage = *state;
	keep_alive(stage, 1);
	open_session(stage, TAB);
	stage_wait(stage, 25);
	keep_alive(stage, 1);
	keep_alive(stage, 2);
	DOES_NOT_SEE(stage, CODE_DUPLICATE_SESSION);
}

/* ---- several behind one address */

#define VIA_PROXY(fields) "GET /_event/?EIO=4&transport=websocket HTTP/1.1\r\n" AGENT fields "\r\n"

/* Five sessions in vain, in turn. */
static void open_five(struct stage *stage, const char *const handshakes[5])
{
	for (int i = 0; i < 5; i++)
		open_in_vain(stage, handshakes[i], 0.5);
}

static void users_whom_a_proxy_distinguishes_are_in_no_loop(void **state)
{
	struct stage *stage = *state;
	open_five(stage, (const char *const[]){VIA_PROXY("X-Forwarded-For: 203.0.113.1, 10.0.0.1\r\n"),
	                     VIA_PROXY("X-Forwarded-For: 203.0.113.2, 10.0.0.1\r\n"),
	                     VIA_PROXY("Forwarded: proto=http;for=203.0.113.3\r\n"),
	                     VIA_PROXY("X-Real-IP: 203.0.113.4\r\n"), VIA_PROXY("X-Forwarded-For: 203.0.113.5\r\n")});
	DOES_NOT_SEE(stage, CODE_RECONNECT_LOOP);
}

static void users_whom_their_cookies_distinguish_are_in_no_loop(void **state)
{
	struct stage *stage = *state;
	open_five(stage, (const char *const[]){VIA_PROXY("Cookie: sessionid=a\r\n"),
	                     VIA_PROXY("Cookie: sessionid=b\r\n"), VIA_PROXY("Cookie: lang=en; connect.sid=c\r\n"),
	                     VIA_PROXY("Cookie: auth=d\r\n"), VIA_PROXY("Cookie: user=e\r\n")});
	DOES_NOT_SEE(stage, CODE_RECONNECT_LOOP);
}

static void one_user_whom_a_balancer_gives_ever_new_cookies_is_in_a_loop(void **state)
{
	struct stage *stage = *state;
	open_five(
	    stage, (const char *const[]){VIA_PROXY("X-Forwarded-For: 203.0.113.1\r\nCookie: AWSALB=1; sessionid=a\r\n"),
	               VIA_PROXY("X-Forwarded-For: 203.0.113.1\r\nCookie: AWSALB=2; sessionid=a\r\n"),
	               VIA_PROXY("X-Forwarded-For: 203.0.113.1\r\nCookie: AWSALB=3; sessionid=a\r\n"),
	               VIA_PROXY("X-Forwarded-For: 203.0.113.1\r\nCookie: AWSALB=4; sessionid=a\r\n"),
	               VIA_PROXY("X-Forwarded-For: 203.0.113.1\r\nCookie: AWSALB=5; sessionid=a\r\n")});
	SEES(stage, CODE_RECONNECT_LOOP);
}

static void sessions_that_go_on_beside_each_other_are_several_users(void **state)
{
	struct stage *stage = *state;
	for (size_t i = 0; i < 6; i++) {
		open_session(stage, NO_TOKEN);
		stage_wait(stage, 0.5);
		if (i == 0)
			continue;
		keep_alive(stage, i + 1);
		close_session(stage);
		stage_turn_to(stage, i + 2);
	}
	close_session(stage);
	DOES_NOT_SEE(stage, CODE_RECONNECT_LOOP);
}

/* One that got an event, and was ended by the server with this close code. */
static void open_to_fail(struct stage *stage, const char *handshake, uint16_t code)
{
	open_session(stage, handshake);
	stage_say(stage, TO_CLIENT, "\"welcome\"", "");
	stage->current->events[TO_CLIENT] = 1;
	stage_close(stage, code);
	stage_wait(stage, 1);
}

static void a_session_that_fails_soon_did_not_live_whatever_it_got(void **state)
{
	struct stage *stage = *state;
	for (int i = 0; i < 5; i++)
		open_to_fail(stage, NO_TOKEN, 1009);
	SEES(stage, CODE_RECONNECT_LOOP);
}

static void a_session_that_got_events_and_ended_well_lived(void **state)
{
	struct stage *stage = *state;
	for (int i = 0; i < 5; i++)
		open_to_fail(stage, NO_TOKEN, 1000);
	DOES_NOT_SEE(stage, CODE_RECONNECT_LOOP);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    ON_STAGE(a_client_none_of_whose_sessions_lives_is_in_a_loop),
	    ON_STAGE(a_client_without_a_token_is_known_by_its_address),
	    ON_STAGE(sessions_within_ten_seconds_of_each_other_are_a_loop),
	    ON_STAGE(sessions_just_ten_seconds_apart_are_a_loop),
	    ON_STAGE(sessions_more_than_ten_seconds_apart_are_no_loop),
	    ON_STAGE(a_few_reconnections_are_no_loop),
	    ON_STAGE(sessions_that_live_for_a_while_are_no_loop),
	    ON_STAGE(sessions_that_live_just_five_seconds_are_no_loop),
	    ON_STAGE(sessions_that_get_their_events_were_good_for_something),
	    ON_STAGE(one_good_session_ends_the_row),
	    ON_STAGE(visits_that_are_far_apart_are_no_loop),
	    ON_STAGE(short_visits_of_many_users_are_no_loop),
	    ON_STAGE(in_a_capture_with_gaps_a_loop_is_only_possible),
	    ON_STAGE(sessions_joined_in_mid_stream_are_nobodys),
	    ON_STAGE(a_session_that_fails_soon_did_not_live_whatever_it_got),
	    ON_STAGE(a_session_that_got_events_and_ended_well_lived),
	    ON_STAGE(two_sessions_of_a_token_that_both_go_on_are_duplicates),
	    ON_STAGE(a_duplicate_is_only_possible_for_tabs_may_share_a_token),
	    ON_STAGE(a_session_after_the_end_of_another_is_no_duplicate),
	    ON_STAGE(a_page_that_reloads_may_begin_before_the_old_one_says_goodbye),
	    ON_STAGE(a_goodbye_that_comes_late_is_no_going_on),
	    ON_STAGE(two_tabs_have_two_tokens),
	    ON_STAGE(two_users_behind_one_address_are_no_duplicates),
	    ON_STAGE(a_tab_that_comes_back_after_its_session_died_in_silence_has_one_session),
	    ON_STAGE(a_server_that_still_pings_a_page_that_is_gone_keeps_no_session_alive),
	    ON_STAGE(a_session_whose_handshake_was_not_captured_has_no_duplicate),
	    ON_STAGE(users_whom_a_proxy_distinguishes_are_in_no_loop),
	    ON_STAGE(users_whom_their_cookies_distinguish_are_in_no_loop),
	    ON_STAGE(one_user_whom_a_balancer_gives_ever_new_cookies_is_in_a_loop),
	    ON_STAGE(sessions_that_go_on_beside_each_other_are_several_users),
	    ON_STAGE(a_loop_of_sessions_that_the_server_disconnects_says_so),
	    ON_STAGE(a_loop_of_sessions_that_never_join_says_so),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
