/* request-unanswered on timelines made by hand. */
#include "stage.h"

#define SHAKE "GET /socket.io/?EIO=4&transport=polling HTTP/1.1\r\n\r\n"
#define POLL "GET /socket.io/?EIO=4&transport=polling&sid=sid HTTP/1.1\r\n\r\n"
#define POST "POST /socket.io/?EIO=4&transport=polling&sid=sid HTTP/1.1\r\n\r\n"
#define UPGRADE "GET /socket.io/?EIO=4&transport=websocket&sid=sid HTTP/1.1\r\n\r\n"

/* A request that was begun so many seconds ago, took some of them to send, and was never answered. */
static void miss_slow(struct stage *stage, const char *request, enum exchange_state state, enum direction ended_by,
    double ago, double sending)
{
	struct target target;
	struct exchange exchange = {.target = &target, .state = state, .ended_by = ended_by, .left = TIMESTAMP_NONE};
	struct http_stream stream;
	struct http_item item = {0};
	struct slice head = slice_of_text(request);
	http_stream_init(&stream, HTTP_REQUESTS, &http_default_limits, NULL);
	assert_int_equal(http_next_item(&stream, &head, &item), WIRE_ITEM);
	target_read(&target, item.head.target);
	exchange.request.head = item.head;
	exchange.request.begun = stage->now - (timestamp)(ago * TIMESTAMP_SECOND);
	exchange.request.ended = exchange.request.begun + (timestamp)(sending * TIMESTAMP_SECOND);
	exchange.decided = stage->now;
	struct event event = stage_event(stage, EVENT_HTTP, TO_SERVER);
	exchange.request.origin.first = exchange.request.origin.last = event.origin.first;
	event.exchange = &exchange;
	event.transport = target.transport;
	if (!target.sid_len)
		event.session = NULL;
	stage_emit_event(stage, &event);
	http_stream_free(&stream);
}

static void miss(
    struct stage *stage, const char *request, enum exchange_state state, enum direction ended_by, double ago)
{
	miss_slow(stage, request, state, ended_by, ago, 0);
}

#define GIVE_UP(stage, request, ago) miss(stage, request, EXCHANGE_UNANSWERED, TO_SERVER, ago)
#define WAIT(stage, request, ago) miss(stage, request, EXCHANGE_PENDING, TO_SERVER, ago)
#define BREAK_OFF(stage, request, ago) miss(stage, request, EXCHANGE_UNANSWERED, TO_CLIENT, ago)

/* ---- what it must see */

static void a_client_that_gives_up_and_asks_again_was_not_answered(void **state)
{
	struct stage *stage = *state;
	GIVE_UP(stage, SHAKE, 1.5);
	stage_wait(stage, 3);
	GIVE_UP(stage, SHAKE, 1.5);
	const struct finding *found = SEES(stage, CODE_REQUEST_UNANSWERED);
	assert_int_equal(found->severity, SEVERITY_ERROR);
	assert_int_equal(found->count, 2);
	assert_non_null(strstr(found->seen, "gave up after 1.5 s"));
	assert_int_equal(found->evidence_count, 2);
}

static void a_handshake_that_is_given_up_once_was_not_answered(void **state)
{
	struct stage *stage = *state;
	GIVE_UP(stage, SHAKE, 1.5);
	assert_int_equal(SEES(stage, CODE_REQUEST_UNANSWERED)->severity, SEVERITY_ERROR);
}

static void a_client_that_gives_up_after_its_limit_was_not_answered(void **state)
{
	struct stage *stage = *state;
	GIVE_UP(stage, SHAKE, 5);
	assert_int_equal(SEES(stage, CODE_REQUEST_UNANSWERED)->severity, SEVERITY_ERROR);
}

static void a_handshake_that_waits_at_the_end_for_longer_than_any_limit_is_an_error(void **state)
{
	struct stage *stage = *state;
	WAIT(stage, SHAKE, 8);
	const struct finding *found = SEES(stage, CODE_REQUEST_UNANSWERED);
	assert_int_equal(found->severity, SEVERITY_ERROR);
	assert_string_equal(found->cause, "still-waiting");
}

static void a_poll_beyond_ping_interval_and_timeout_was_not_answered(void **state)
{
	struct stage *stage = *state;
	stage_connect_by_polling(stage);
	stage_wait(stage, 60);
	WAIT(stage, POLL, 47);
	SEES(stage, CODE_REQUEST_UNANSWERED);
}

static void a_post_that_waits_is_reported(void **state)
{
	struct stage *stage = *state;
	stage_connect_by_polling(stage);
	WAIT(stage, POST, 6);
	SEES(stage, CODE_REQUEST_UNANSWERED);
}

static void an_upgrade_that_waits_is_reported(void **state)
{
	struct stage *stage = *state;
	stage_connect_by_polling(stage);
	WAIT(stage, UPGRADE, 6);
	SEES(stage, CODE_REQUEST_UNANSWERED);
}

static void a_server_that_breaks_off_each_handshake_is_reported(void **state)
{
	struct stage *stage = *state;
	BREAK_OFF(stage, SHAKE, 0.01);
	stage_wait(stage, 1);
	BREAK_OFF(stage, SHAKE, 0.01);
	assert_string_equal(SEES(stage, CODE_REQUEST_UNANSWERED)->cause, "server-broke-off");
}

/* ---- what looks alike */

static void a_client_that_gives_a_post_up_once_and_early_may_have_left(void **state)
{
	struct stage *stage = *state;
	GIVE_UP(stage, POST, 1.5);
	const struct finding *found = SEES(stage, CODE_REQUEST_UNANSWERED);
	assert_int_equal(found->severity, SEVERITY_WARNING);
	assert_only_possible(found);
}

static void a_client_that_leaves_at_once_is_no_silence(void **state)
{
	struct stage *stage = *state;
	GIVE_UP(stage, SHAKE, 0.5);
	DOES_NOT_SEE(stage, CODE_REQUEST_UNANSWERED);
}

static void the_time_that_a_post_takes_to_send_is_no_wait_for_its_answer(void **state)
{
	struct stage *stage = *state;
	for (int i = 0; i < 2; i++)
		miss_slow(stage, POST, EXCHANGE_UNANSWERED, TO_SERVER, 10, 9.5);
	DOES_NOT_SEE(stage, CODE_REQUEST_UNANSWERED);
}

static void a_handshake_that_waits_at_the_end_for_a_moment_may_be_slow(void **state)
{
	struct stage *stage = *state;
	WAIT(stage, SHAKE, 3);
	const struct finding *found = SEES(stage, CODE_REQUEST_UNANSWERED);
	assert_int_equal(found->severity, SEVERITY_WARNING);
	assert_only_possible(found);
}

static void a_held_poll_within_its_rights_is_healthy(void **state)
{
	struct stage *stage = *state;
	stage_connect_by_polling(stage);
	stage_wait(stage, 60);
	WAIT(stage, POLL, 44);
	GIVE_UP(stage, POLL, 30);
	DOES_NOT_SEE(stage, CODE_REQUEST_UNANSWERED);
}

static void a_poll_of_a_session_that_the_client_closed_is_owed_nothing(void **state)
{
	struct stage *stage = *state;
	stage_connect_by_polling(stage);
	stage_emit(stage, EVENT_CLOSE, TO_SERVER);
	stage_wait(stage, 60);
	WAIT(stage, POLL, 50);
	WAIT(stage, POST, 50);
	DOES_NOT_SEE(stage, CODE_REQUEST_UNANSWERED);
}

/* The body of a POST that something read before Engine.IO: its session ends, the POST still waits. */
static void a_post_is_owed_an_answer_though_its_session_ends_meanwhile(void **state)
{
	struct stage *stage = *state;
	stage_connect_by_polling(stage);
	stage_wait(stage, 2);
	stage_emit(stage, EVENT_CLOSE, TO_SERVER);
	stage_wait(stage, 60);
	WAIT(stage, POST, 61);
	SEES(stage, CODE_REQUEST_UNANSWERED);
}

static void websockets_that_are_broken_off_name_the_path(void **state)
{
	struct stage *stage = *state;
	for (int i = 0; i < 2; i++) {
		BREAK_OFF(stage, "GET /ws/socket.io/?EIO=4&transport=websocket HTTP/1.1\r\n\r\n", 1);
		stage_wait(stage, 2);
	}
	const struct finding *found = SEES(stage, CODE_REQUEST_UNANSWERED);
	assert_string_equal(found->cause, "websocket-broken-off");
	assert_non_null(strstr(found->seen, " /ws/socket.io/"));
}

static void an_answer_that_was_not_captured_is_no_silence(void **state)
{
	struct stage *stage = *state;
	miss(stage, SHAKE, EXCHANGE_LOST, TO_SERVER, 50);
	DOES_NOT_SEE(stage, CODE_REQUEST_UNANSWERED);
}

static void a_server_that_breaks_off_once_may_restart(void **state)
{
	struct stage *stage = *state;
	BREAK_OFF(stage, SHAKE, 0.01);
	DOES_NOT_SEE(stage, CODE_REQUEST_UNANSWERED);
}

static void handshakes_that_are_broken_off_at_one_moment_met_a_server_that_stops(void **state)
{
	struct stage *stage = *state;
	for (int i = 0; i < 3; i++)
		BREAK_OFF(stage, SHAKE, 0.01);
	DOES_NOT_SEE(stage, CODE_REQUEST_UNANSWERED);
}

#define ANSWER(stage, request) stage_ask(stage, true, request, ANSWERED, "ok")

static void handshakes_that_are_broken_off_by_restarts_an_hour_apart_were_answered_between(void **state)
{
	struct stage *stage = *state;
	stage_connect_by_polling(stage);
	for (int i = 0; i < 4; i++) {
		BREAK_OFF(stage, SHAKE, 0.01);
		stage_wait(stage, 5);
		ANSWER(stage, SHAKE);
		stage_wait(stage, 3600);
	}
	DOES_NOT_SEE(stage, CODE_REQUEST_UNANSWERED);
}

static void handshakes_that_are_broken_off_again_and_again_are_reported_though_others_are_answered(void **state)
{
	struct stage *stage = *state;
	for (int i = 0; i < 3; i++) {
		BREAK_OFF(stage, SHAKE, 0.01);
		stage_wait(stage, 5);
		ANSWER(stage, SHAKE);
		stage_wait(stage, 5);
	}
	assert_int_equal(SEES(stage, CODE_REQUEST_UNANSWERED)->count, 3);
}

#define SHAKE_FOR(host) "GET /socket.io/?EIO=4&transport=polling HTTP/1.1\r\nHost: " host "\r\n\r\n"

static void a_host_that_is_broken_off_where_another_is_answered_is_not_served(void **state)
{
	struct stage *stage = *state;
	for (int i = 0; i < 2; i++) {
		ANSWER(stage, SHAKE_FOR("chat.example"));
		BREAK_OFF(stage, SHAKE_FOR("www.chat.example"), 0.01);
		stage_wait(stage, 3600);
	}
	const struct finding *found = SEES(stage, CODE_REQUEST_UNANSWERED);
	assert_string_equal(found->cause, "host-not-served");
	assert_non_null(strstr(found->seen, "the host www.chat.example: requests for chat.example are answered there"));
	assert_non_null(strstr(found->advice, "444"));
}

static void a_host_that_is_answered_as_well_is_served(void **state)
{
	struct stage *stage = *state;
	ANSWER(stage, SHAKE_FOR("chat.example"));
	ANSWER(stage, SHAKE_FOR("www.chat.example"));
	for (int i = 0; i < 2; i++) {
		BREAK_OFF(stage, SHAKE_FOR("www.chat.example"), 0.01);
		stage_wait(stage, 1);
	}
	assert_string_equal(SEES(stage, CODE_REQUEST_UNANSWERED)->cause, "server-broke-off");
}

static void requests_for_several_hosts_that_are_broken_off_have_no_host_in_common(void **state)
{
	struct stage *stage = *state;
	ANSWER(stage, SHAKE_FOR("chat.example"));
	BREAK_OFF(stage, SHAKE_FOR("www.chat.example"), 0.01);
	stage_wait(stage, 1);
	BREAK_OFF(stage, SHAKE_FOR("old.chat.example"), 0.01);
	assert_string_equal(SEES(stage, CODE_REQUEST_UNANSWERED)->cause, "server-broke-off");
}

static void restarts_of_a_server_with_a_host_are_restarts(void **state)
{
	struct stage *stage = *state;
	for (int i = 0; i < 4; i++) {
		BREAK_OFF(stage, SHAKE_FOR("chat.example"), 0.01);
		stage_wait(stage, 5);
		ANSWER(stage, SHAKE_FOR("chat.example"));
		stage_wait(stage, 3600);
	}
	DOES_NOT_SEE(stage, CODE_REQUEST_UNANSWERED);
}

static void a_client_that_gives_posts_up_one_after_the_other_was_not_answered(void **state)
{
	struct stage *stage = *state;
	GIVE_UP(stage, POST, 1.5);
	stage_wait(stage, 5);
	GIVE_UP(stage, POST, 1.5);
	assert_int_equal(SEES(stage, CODE_REQUEST_UNANSWERED)->severity, SEVERITY_ERROR);
}

static void users_behind_one_address_may_leave_slow_posts_one_after_the_other(void **state)
{
	struct stage *stage = *state;
	GIVE_UP(stage, POST, 1.5);
	ANSWER(stage, POST);
	stage_wait(stage, 5);
	GIVE_UP(stage, POST, 1.5);
	assert_int_equal(SEES(stage, CODE_REQUEST_UNANSWERED)->severity, SEVERITY_WARNING);
}

/* ---- POSTs in the hands of a server that goes */

/* Crosses the server's end of a connection that was idle for so long; its Keep-Alive has so many seconds. */
static void cross(struct stage *stage, double idle, double announced)
{
	stage->crossed_idle = (timestamp)(idle * TIMESTAMP_SECOND);
	stage->crossed_announced = (timestamp)(announced * TIMESTAMP_SECOND);
}

/* What became of a POST that began in this packet. */
static void end_post(struct stage *stage, uint64_t first, const char *body, enum exchange_state state)
{
	struct target target;
	struct exchange exchange = {.target = &target, .state = state, .ended_by = TO_CLIENT, .left = TIMESTAMP_NONE};
	struct http_stream stream;
	struct http_item item = {0};
	struct slice head = slice_of_text(POST);
	http_stream_init(&stream, HTTP_REQUESTS, &http_default_limits, NULL);
	assert_int_equal(http_next_item(&stream, &head, &item), WIRE_ITEM);
	target_read(&target, item.head.target);
	exchange.request.head = item.head;
	exchange.request.body = (struct buffer){.at = (uint8_t *)body, .len = strlen(body)};
	exchange.request.begun = exchange.request.ended = stage->now;
	exchange.status = state == EXCHANGE_ANSWERED ? 200 : 0;
	exchange.decided = stage->now;
	if (state == EXCHANGE_UNANSWERED && stage->crossed_idle) {
		exchange.crossed.closed = stage->now - TIMESTAMP_MILLISECOND / 5;
		exchange.crossed.idle = stage->crossed_idle;
		exchange.crossed.announced = stage->crossed_announced;
	}
	struct event event = stage_event(stage, EVENT_HTTP, TO_SERVER);
	event.origin.first = exchange.request.origin.first = exchange.request.origin.last = first;
	event.exchange = &exchange;
	event.transport = TRANSPORT_POLLING;
	stage_emit_event(stage, &event);
	http_stream_free(&stream);
}

/* The event of a POST, and what became of the POST. */
static void post_ends(struct stage *stage, const char *body, enum exchange_state state, bool carries)
{
	end_post(stage, carries ? stage_begin_post(stage, 1) : stage->packets + 1, body, state);
}

static void acknowledge(struct stage *stage, uint64_t index)
{
	struct event event = stage_event(stage, EVENT_ACK, TO_CLIENT);
	event.answers = index;
	stage_emit_event(stage, &event);
}

static void an_event_in_a_post_that_the_server_broke_off_may_be_lost(void **state)
{
	struct stage *stage = *state;
	stage_connect_by_polling(stage);
	post_ends(stage, "42[\"hello\"]", EXCHANGE_UNANSWERED, true);
	const struct finding *found = SEES(stage, CODE_REQUEST_UNANSWERED);
	assert_string_equal(found->cause, "post-broken-off");
	assert_int_equal(found->severity, SEVERITY_ERROR);
	assert_non_null(strstr(found->seen, "hello"));
}

/* An HTTP client that reuses a connection which the server just ends sends the request again. */
static void a_post_that_is_sent_again_lost_nothing(void **state)
{
	struct stage *stage = *state;
	stage_connect_by_polling(stage);
	post_ends(stage, "42[\"hello\"]", EXCHANGE_UNANSWERED, true);
	post_ends(stage, "42[\"hello\"]", EXCHANGE_ANSWERED, false);
	DOES_NOT_SEE(stage, CODE_REQUEST_UNANSWERED);
}

static void a_post_whose_event_was_acknowledged_before_it_was_broken_off_was_taken(void **state)
{
	struct stage *stage = *state;
	stage_connect_by_polling(stage);
	uint64_t first = stage_begin_post(stage, 2);
	acknowledge(stage, first + 1);
	end_post(stage, first,
	    "421[\"hello\"]\x1e"
	    "422[\"hello\"]",
	    EXCHANGE_UNANSWERED);
	DOES_NOT_SEE(stage, CODE_REQUEST_UNANSWERED);
}

static void a_post_whose_event_is_acknowledged_after_it_was_broken_off_was_taken(void **state)
{
	struct stage *stage = *state;
	stage_connect_by_polling(stage);
	uint64_t first = stage_begin_post(stage, 1);
	end_post(stage, first, "421[\"hello\"]", EXCHANGE_UNANSWERED);
	acknowledge(stage, first);
	DOES_NOT_SEE(stage, CODE_REQUEST_UNANSWERED);
}

static void the_acknowledgement_of_an_earlier_post_says_nothing_of_this_one(void **state)
{
	struct stage *stage = *state;
	stage_connect_by_polling(stage);
	uint64_t earlier = stage_begin_post(stage, 1);
	end_post(stage, earlier, "421[\"hello\"]", EXCHANGE_ANSWERED);
	uint64_t first = stage_begin_post(stage, 1);
	acknowledge(stage, earlier);
	end_post(stage, first, "422[\"hello\"]", EXCHANGE_UNANSWERED);
	SEES(stage, CODE_REQUEST_UNANSWERED);
}

/* A goodbye or a pong to a server that stops: nobody misses it. */
static void a_post_without_an_event_that_is_broken_off_lost_nothing(void **state)
{
	struct stage *stage = *state;
	stage_connect_by_polling(stage);
	post_ends(stage, "1", EXCHANGE_UNANSWERED, false);
	DOES_NOT_SEE(stage, CODE_REQUEST_UNANSWERED);
}

static void a_held_poll_of_a_server_that_stops_lost_nothing(void **state)
{
	struct stage *stage = *state;
	stage_connect_by_polling(stage);
	BREAK_OFF(stage, POLL, 3);
	BREAK_OFF(stage, POLL, 1);
	DOES_NOT_SEE(stage, CODE_REQUEST_UNANSWERED);
}

/* ---- the server's end of an idle connection, and a request that crosses it */

static void a_post_that_crosses_the_end_of_an_idle_connection_meets_a_short_keep_alive(void **state)
{
	struct stage *stage = *state;
	stage_connect_by_polling(stage);
	cross(stage, 5.003, 5);
	post_ends(stage, "42[\"hello\"]", EXCHANGE_UNANSWERED, true);
	cross(stage, 0, 0);
	const struct finding *found = SEES(stage, CODE_REQUEST_UNANSWERED);
	assert_string_equal(found->cause, "keep-alive-race");
	assert_int_equal(found->severity, SEVERITY_ERROR);
	assert_non_null(strstr(found->seen, "idle for 5.0 s (its Keep-Alive says timeout=5)"));
	assert_non_null(strstr(found->evidence[0].what, "0.2 ms after the server's end"));
	assert_null(stage_found(stage, CODE_ABNORMAL_CLOSE));
}

/* uvicorn ends connections that are idle for 5 s, and announces nothing. */
static void without_an_announced_timeout_it_may_be_a_server_that_stops(void **state)
{
	struct stage *stage = *state;
	stage_connect_by_polling(stage);
	cross(stage, 5.003, 0);
	post_ends(stage, "42[\"hello\"]", EXCHANGE_UNANSWERED, true);
	cross(stage, 0, 0);
	const struct finding *found = SEES(stage, CODE_REQUEST_UNANSWERED);
	assert_string_equal(found->cause, "keep-alive-race");
	assert_non_null(strstr(found->doubt, "a server that stops"));
}

static void a_poll_that_crosses_the_end_of_an_idle_connection_ends_its_session(void **state)
{
	struct stage *stage = *state;
	stage_connect_by_polling(stage);
	struct target target;
	struct event event = stage_event(stage, EVENT_HTTP, TO_SERVER);
	struct exchange exchange = {.target = &target,
	    .state = EXCHANGE_UNANSWERED,
	    .end = EXCHANGE_UNANSWERED,
	    .ended_by = TO_CLIENT,
	    .left = TIMESTAMP_NONE,
	    .request = {.begun = stage->now, .ended = stage->now},
	    .crossed = {.closed = stage->now - 1, .idle = 5 * TIMESTAMP_SECOND, .announced = 5 * TIMESTAMP_SECOND}};
	exchange.request.head.method = SLICE("GET");
	target_read(&target, SLICE("/socket.io/?EIO=4&transport=polling&sid=sid"));
	event.exchange = &exchange;
	event.transport = TRANSPORT_POLLING;
	stage_emit_event(stage, &event);
	assert_string_equal(SEES(stage, CODE_REQUEST_UNANSWERED)->cause, "keep-alive-race");
	assert_null(stage_found(stage, CODE_ABNORMAL_CLOSE));
}

static void a_session_that_goes_on_after_a_pong_crossed_the_end_lost_nothing(void **state)
{
	struct stage *stage = *state;
	stage_connect_by_polling(stage);
	cross(stage, 5.003, 5);
	stage_emit(stage, EVENT_PONG, TO_SERVER);
	end_post(stage, stage->packets, "3", EXCHANGE_UNANSWERED);
	cross(stage, 0, 0);
	stage_wait(stage, 1);
	ANSWER(stage, POLL);
	DOES_NOT_SEE(stage, CODE_REQUEST_UNANSWERED);
}

static void a_post_that_crossed_the_end_and_is_sent_again_lost_nothing(void **state)
{
	struct stage *stage = *state;
	stage_connect_by_polling(stage);
	cross(stage, 5.003, 5);
	post_ends(stage, "42[\"hello\"]", EXCHANGE_UNANSWERED, true);
	cross(stage, 0, 0);
	post_ends(stage, "42[\"hello\"]", EXCHANGE_ANSWERED, false);
	DOES_NOT_SEE(stage, CODE_REQUEST_UNANSWERED);
}

/* 2 s after an answer, where the server announces 60 s; right after an answer; a minute after it, where it announces 5
 * s.
 */
static void a_server_that_ends_a_connection_at_another_time_meets_no_limit_of_idle_connections(void **state)
{
	static const double idles[][2] = {{2, 60}, {0.3, 0}, {60, 5}};
	(void)state;
	for (size_t i = 0; i < sizeof idles / sizeof *idles; i++) {
		struct stage stage;
		stage_begin(&stage);
		stage_connect_by_polling(&stage);
		cross(&stage, idles[i][0], idles[i][1]);
		post_ends(&stage, "42[\"hello\"]", EXCHANGE_UNANSWERED, true);
		cross(&stage, 0, 0);
		assert_string_equal(SEES(&stage, CODE_REQUEST_UNANSWERED)->cause, "post-broken-off");
		stage_end(&stage);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    ON_STAGE(a_client_that_gives_up_and_asks_again_was_not_answered),
	    ON_STAGE(a_client_that_gives_up_after_its_limit_was_not_answered),
	    ON_STAGE(a_handshake_that_waits_at_the_end_for_longer_than_any_limit_is_an_error),
	    ON_STAGE(a_poll_beyond_ping_interval_and_timeout_was_not_answered),
	    ON_STAGE(a_post_that_waits_is_reported),
	    ON_STAGE(an_upgrade_that_waits_is_reported),
	    ON_STAGE(a_server_that_breaks_off_each_handshake_is_reported),
	    ON_STAGE(a_client_that_gives_a_post_up_once_and_early_may_have_left),
	    ON_STAGE(a_handshake_that_is_given_up_once_was_not_answered),
	    ON_STAGE(a_client_that_leaves_at_once_is_no_silence),
	    ON_STAGE(the_time_that_a_post_takes_to_send_is_no_wait_for_its_answer),
	    ON_STAGE(a_handshake_that_waits_at_the_end_for_a_moment_may_be_slow),
	    ON_STAGE(a_held_poll_within_its_rights_is_healthy),
	    ON_STAGE(a_poll_of_a_session_that_the_client_closed_is_owed_nothing),
	    ON_STAGE(a_post_is_owed_an_answer_though_its_session_ends_meanwhile),
	    ON_STAGE(websockets_that_are_broken_off_name_the_path),
	    ON_STAGE(an_answer_that_was_not_captured_is_no_silence),
	    ON_STAGE(a_server_that_breaks_off_once_may_restart),
	    ON_STAGE(handshakes_that_are_broken_off_at_one_moment_met_a_server_that_stops),
	    ON_STAGE(handshakes_that_are_broken_off_by_restarts_an_hour_apart_were_answered_between),
	    ON_STAGE(handshakes_that_are_broken_off_again_and_again_are_reported_though_others_are_answered),
	    ON_STAGE(a_host_that_is_broken_off_where_another_is_answered_is_not_served),
	    ON_STAGE(a_host_that_is_answered_as_well_is_served),
	    ON_STAGE(requests_for_several_hosts_that_are_broken_off_have_no_host_in_common),
	    ON_STAGE(restarts_of_a_server_with_a_host_are_restarts),
	    ON_STAGE(a_client_that_gives_posts_up_one_after_the_other_was_not_answered),
	    ON_STAGE(users_behind_one_address_may_leave_slow_posts_one_after_the_other),
	    ON_STAGE(an_event_in_a_post_that_the_server_broke_off_may_be_lost),
	    ON_STAGE(a_post_that_is_sent_again_lost_nothing),
	    ON_STAGE(a_post_whose_event_was_acknowledged_before_it_was_broken_off_was_taken),
	    ON_STAGE(a_post_whose_event_is_acknowledged_after_it_was_broken_off_was_taken),
	    ON_STAGE(the_acknowledgement_of_an_earlier_post_says_nothing_of_this_one),
	    ON_STAGE(a_post_without_an_event_that_is_broken_off_lost_nothing),
	    ON_STAGE(a_held_poll_of_a_server_that_stops_lost_nothing),
	    ON_STAGE(a_post_that_crosses_the_end_of_an_idle_connection_meets_a_short_keep_alive),
	    ON_STAGE(without_an_announced_timeout_it_may_be_a_server_that_stops),
	    ON_STAGE(a_poll_that_crosses_the_end_of_an_idle_connection_ends_its_session),
	    ON_STAGE(a_session_that_goes_on_after_a_pong_crossed_the_end_lost_nothing),
	    ON_STAGE(a_post_that_crossed_the_end_and_is_sent_again_lost_nothing),
	    cmocka_unit_test(a_server_that_ends_a_connection_at_another_time_meets_no_limit_of_idle_connections),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
