/* Heartbeats: who was late, who was silent, and when nothing is due. */
#include "stage.h"

#define POLL "GET /socket.io/?EIO=4&transport=polling&sid=sid HTTP/1.1\r\nHost: app:8000\r\n\r\n"
#define UNKNOWN "{\"code\":1,\"message\":\"Session ID unknown\"}"
#define BAD_REQUEST "HTTP/1.1 400 Bad Request\r\n\r\n"

/* A poll that was held for so long; what it carries is emitted after it. */
static void poll_for(struct stage *stage, double seconds)
{
	stage->held = (timestamp)(seconds * TIMESTAMP_SECOND);
	stage_ask(stage, true, POLL, ANSWERED, "");
}

static void ask_again(struct stage *stage, const char *answer, const char *body)
{
	stage->held = 0;
	stage_ask(stage, true, POLL, answer, body);
}

/* Of revision 3, in which the client pings: joined by `connect`, and with a first heartbeat. */
static void connect_to_python_3(struct stage *stage, void (*connect)(struct stage *stage))
{
	stage->session.revision = 3;
	connect(stage);
	stage_recognise(stage, "4d108e47b746473d8fd694e7c75b6ae7", NULL, "3");
	stage_emit(stage, EVENT_PING, TO_SERVER);
	stage_emit(stage, EVENT_PONG, TO_CLIENT);
}

static void nothing_is_due_after_the_servers_close(void **state)
{
	struct stage *stage = *state;
	stage_connect(stage);
	stage_wait(stage, 20);
	stage_emit(stage, EVENT_DISCONNECT, TO_CLIENT);
	stage_emit(stage, EVENT_CLOSE, TO_CLIENT);
	stage_wait(stage, 60);
	stage_emit(stage, EVENT_WS_CLOSE, TO_CLIENT);
	stage_emit(stage, EVENT_TCP_CLOSE, TO_CLIENT);
	DOES_NOT_SEE(stage, CODE_HEARTBEAT_LOST);
}

static void nothing_is_due_after_the_clients_close(void **state)
{
	struct stage *stage = *state;
	stage_connect(stage);
	stage_emit(stage, EVENT_PING, TO_CLIENT);
	stage_emit(stage, EVENT_WS_CLOSE, TO_SERVER);
	stage_wait(stage, 30);
	stage_emit(stage, EVENT_TCP_CLOSE, TO_CLIENT);
	DOES_NOT_SEE(stage, CODE_HEARTBEAT_LOST);
}

static void a_websocket_that_was_tried_in_vain_ends_no_heartbeat(void **state)
{
	struct stage *stage = *state;
	stage_connect_by_polling(stage);
	stage->transport = TRANSPORT_WEBSOCKET;
	stage_emit(stage, EVENT_WS_CLOSE, TO_CLIENT);
	stage->transport = TRANSPORT_POLLING;
	stage_emit(stage, EVENT_PING, TO_CLIENT);
	stage->lingers = 21 * TIMESTAMP_SECOND;
	SEES(stage, CODE_HEARTBEAT_LOST);
}

/* The first ping is not answered for so many milliseconds; what the handshake says is set before. */
static const struct finding *answer_late(struct stage *stage, int64_t interval, int64_t timeout, double late)
{
	stage->session.ping_interval = interval * TIMESTAMP_MILLISECOND;
	stage->session.ping_timeout = timeout * TIMESTAMP_MILLISECOND;
	stage_connect(stage);
	stage_emit(stage, EVENT_PING, TO_CLIENT);
	stage_wait(stage, late / 1000);
	stage_emit(stage, EVENT_PONG, TO_SERVER);
	return SEES(stage, CODE_HEARTBEAT_LOST);
}

static void a_heartbeat_of_milliseconds_is_named_where_it_fails(void **state)
{
	const struct finding *found = answer_late(*state, 25, 20, 60);
	assert_string_equal(found->cause, "ping-of-milliseconds");
	assert_non_null(strstr(found->seen, "a pingInterval of 25 ms and a pingTimeout of 20 ms"));
}

static void a_short_heartbeat_is_no_mistaken_unit(void **state)
{
	assert_string_equal(answer_late(*state, 300, 200, 400)->cause, "client-late");
}

static void no_pong_is_due_by_polling_where_the_server_takes_no_connection_any_more(void **state)
{
	struct stage *stage = *state;
	stage_connect_by_polling(stage);
	stage_emit(stage, EVENT_PING, TO_CLIENT);
	stage_try_connection(stage, ATTEMPT_REFUSED);
	stage->lingers = 60 * TIMESTAMP_SECOND;
	DOES_NOT_SEE(stage, CODE_HEARTBEAT_LOST);
}

static void a_pong_is_due_where_the_server_takes_connections_again(void **state)
{
	struct stage *stage = *state;
	stage_connect_by_polling(stage);
	stage_try_connection(stage, ATTEMPT_REFUSED);
	stage_wait(stage, 1);
	stage_try_connection(stage, ATTEMPT_ACCEPTED);
	stage_wait(stage, 1);
	stage_emit(stage, EVENT_PING, TO_CLIENT);
	stage->lingers = 60 * TIMESTAMP_SECOND;
	SEES(stage, CODE_HEARTBEAT_LOST);
}

static void a_second_ping_does_not_forgive_the_first(void **state)
{
	struct stage *stage = *state;
	stage_connect(stage);
	stage_emit(stage, EVENT_PING, TO_CLIENT);
	stage_wait(stage, 15);
	stage_emit(stage, EVENT_PING, TO_CLIENT);
	stage_wait(stage, 10);
	stage_emit(stage, EVENT_WS_CLOSE, TO_CLIENT);
	assert_non_null(strstr(SEES(stage, CODE_HEARTBEAT_LOST)->seen, "for 25.0 s"));
}

static void a_pong_answers_all_pings_before_it(void **state)
{
	struct stage *stage = *state;
	stage_connect(stage);
	stage_emit(stage, EVENT_PING, TO_CLIENT);
	stage_wait(stage, 15);
	stage_beat(stage);
	stage_wait(stage, 24);
	stage_emit(stage, EVENT_WS_CLOSE, TO_CLIENT);
	DOES_NOT_SEE(stage, CODE_HEARTBEAT_LOST);
}

/* netty waits for both times after the client's last packet, and not for the timeout after its own ping. */
static void a_client_silent_for_both_times_with_a_ping_waiting_is_late(void **state)
{
	struct stage *stage = *state;
	stage_connect(stage);
	stage_wait(stage, 30);
	stage_emit(stage, EVENT_PING, TO_CLIENT);
	stage_wait(stage, 15);
	stage_emit(stage, EVENT_TCP_CLOSE, TO_CLIENT);
	assert_non_null(strstr(SEES(stage, CODE_HEARTBEAT_LOST)->seen, "the client was late"));
}

static void a_client_that_talked_meanwhile_was_not_silent(void **state)
{
	struct stage *stage = *state;
	stage_connect(stage);
	stage_wait(stage, 30);
	stage_emit(stage, EVENT_PING, TO_CLIENT);
	stage_say(stage, TO_SERVER, "\"x\"", "");
	stage_wait(stage, 15);
	stage_emit(stage, EVENT_TCP_CLOSE, TO_CLIENT);
	DOES_NOT_SEE(stage, CODE_HEARTBEAT_LOST);
}

static void a_server_cannot_ping_a_client_that_holds_no_poll(void **state)
{
	struct stage *stage = *state;
	stage_connect_by_polling(stage);
	stage_wait(stage, 1);
	poll_for(stage, 0.5);
	stage_wait(stage, 60);
	ask_again(stage, BAD_REQUEST, UNKNOWN);
	const struct finding *found = SEES(stage, CODE_HEARTBEAT_LOST);
	assert_non_null(strstr(found->seen, "the client was late"));
	assert_null(strstr(found->advice, "event loop"));
}

static void a_client_that_polls_again_after_a_pause_lost_nothing(void **state)
{
	struct stage *stage = *state;
	stage_connect_by_polling(stage);
	stage_wait(stage, 60);
	poll_for(stage, 5);
	stage_beat(stage);
	DOES_NOT_SEE(stage, CODE_HEARTBEAT_LOST);
}

static void a_client_whose_sid_is_unknown_before_it_was_due_was_not_silent(void **state)
{
	struct stage *stage = *state;
	stage_connect_by_polling(stage);
	stage_wait(stage, 30);
	ask_again(stage, BAD_REQUEST, UNKNOWN);
	DOES_NOT_SEE(stage, CODE_HEARTBEAT_LOST);
}

/* A poll whose answer carries the ping behind much else, and took so long to arrive. */
static void ping_behind_much(struct stage *stage, double seconds)
{
	poll_for(stage, 56);
	struct event ping = stage_event(stage, EVENT_PING, TO_CLIENT);
	ping.begun = stage->now - (timestamp)(seconds * TIMESTAMP_SECOND);
	stage_emit_event(stage, &ping);
	stage_emit(stage, EVENT_PONG, TO_SERVER);
}

static void a_ping_that_is_long_on_its_way_was_sent_in_time(void **state)
{
	struct stage *stage = *state;
	stage_connect_by_polling(stage);
	stage_wait(stage, 26 + 30);
	ping_behind_much(stage, 30);
	DOES_NOT_SEE(stage, CODE_HEARTBEAT_LOST);
}

static void a_ping_that_is_sent_too_late_is_late_however_short_its_way(void **state)
{
	struct stage *stage = *state;
	stage_connect_by_polling(stage);
	stage_wait(stage, 26 + 30);
	ping_behind_much(stage, 1);
	SEES(stage, CODE_HEARTBEAT_LOST);
}

static void a_server_that_leaves_a_poll_without_a_ping_is_late(void **state)
{
	struct stage *stage = *state;
	stage_connect_by_polling(stage);
	stage_wait(stage, 60);
	poll_for(stage, 60);
	stage_beat(stage);
	assert_non_null(strstr(SEES(stage, CODE_HEARTBEAT_LOST)->seen, "the server was late"));
}

/* The client's close comes while its poll is held, whose answer comes when the server runs again. */
static void a_client_that_gives_up_while_it_holds_a_poll_waited_for_the_server(void **state)
{
	struct stage *stage = *state;
	stage_connect_by_polling(stage);
	stage_wait(stage, 46);
	stage_emit(stage, EVENT_CLOSE, TO_SERVER);
	stage_wait(stage, 5);
	poll_for(stage, 40);
	assert_non_null(strstr(SEES(stage, CODE_HEARTBEAT_LOST)->seen, "the server was late"));
}

/* Its bytes stop. The server waits for the next poll, to ping in it. */
static void a_poll_whose_answer_is_never_whole_is_not_held(void **state)
{
	struct stage *stage = *state;
	stage_connect_by_polling(stage);
	timestamp begun = stage->now + 20 * TIMESTAMP_SECOND;
	stage_wait(stage, 46);
	stage_emit(stage, EVENT_CLOSE, TO_SERVER);
	stage_wait(stage, 1);
	stage->cut = (struct exchange_half){.incomplete = true, .begun = begun, .latest = begun};
	poll_for(stage, 40);
	DOES_NOT_SEE(stage, CODE_HEARTBEAT_LOST);
}

static void a_client_that_leaves_while_it_holds_a_poll_waited_for_nothing(void **state)
{
	struct stage *stage = *state;
	stage_connect_by_polling(stage);
	stage_wait(stage, 30);
	stage_emit(stage, EVENT_CLOSE, TO_SERVER);
	stage_wait(stage, 5);
	poll_for(stage, 30);
	DOES_NOT_SEE(stage, CODE_HEARTBEAT_LOST);
}

static void python_3_ends_the_connection_after_a_silence(void **state)
{
	struct stage *stage = *state;
	connect_to_python_3(stage, stage_connect);
	stage->session.ping_timeout = 30 * TIMESTAMP_SECOND;
	stage_wait(stage, 31);
	stage_emit(stage, EVENT_TCP_CLOSE, TO_CLIENT);
	assert_non_null(strstr(SEES(stage, CODE_HEARTBEAT_LOST)->seen, "the client was late"));
}

static void python_3_answers_the_poll_by_400_after_a_silence(void **state)
{
	struct stage *stage = *state;
	connect_to_python_3(stage, stage_connect_by_polling);
	stage->session.ping_timeout = 30 * TIMESTAMP_SECOND;
	stage_wait(stage, 31);
	stage->held = 31 * TIMESTAMP_SECOND;
	stage_ask(stage, true, POLL, BAD_REQUEST, "\"Bad Request\"");
	assert_non_null(strstr(SEES(stage, CODE_HEARTBEAT_LOST)->seen, "the client was late"));
}

/* Its pingTimeout is below pingInterval: it waits for the longer of both, and the client pings no sooner. */
static void python_3_that_gives_up_before_a_ping_is_due_has_too_short_a_timeout(void **state)
{
	struct stage *stage = *state;
	connect_to_python_3(stage, stage_connect);
	stage_wait(stage, 25);
	stage_emit(stage, EVENT_TCP_CLOSE, TO_CLIENT);
	const struct finding *lost = SEES(stage, CODE_HEARTBEAT_LOST);
	assert_string_equal(lost->cause, "ping-timeout-too-short");
	assert_null(strstr(lost->seen, "was late"));
}

/* ---- a browser's connections */

#define BROWSER "User-Agent: Mozilla/5.0 (X11)\r\n"

struct tabs {
	const char *fields; /* of their requests */
	unsigned held;      /* connections on which polls of other tabs are held meanwhile, */
	bool sleeps;        /* and of which none began meanwhile */
	uint32_t stream;    /* of HTTP/2 */
	bool frees;         /* the last of these is free for the last 6 s */
};

static void poll_of_tab(struct stage *stage, const struct tabs *tabs, double seconds)
{
	char request[300];
	snprintf(request, sizeof request,
	    "GET /socket.io/?EIO=4&transport=polling&sid=sid HTTP/1.1\r\nHost: app:8000\r\n%s\r\n", tabs->fields);
	stage->held = (timestamp)(seconds * TIMESTAMP_SECOND);
	stage->stream = tabs->stream;
	stage_ask(stage, true, request, ANSWERED, "");
	stage->held = 0;
}

/* Six tabs beside one whose pong is 24 s late. */
static void judge_late_tab(struct tabs tabs, const char *cause)
{
	struct stage stage;
	stage_begin(&stage);
	stage_connect_by_polling(&stage);
	poll_of_tab(&stage, &tabs, 0);
	stage_emit(&stage, EVENT_PING, TO_CLIENT);
	stage_wait(&stage, 24);
	stage_emit(&stage, EVENT_PONG, TO_SERVER);
	for (unsigned i = 0; i < tabs.held; i++) {
		stage_begin_session(&stage);
		stage.connection.client.port = (uint16_t)(50001 + i);
		if (tabs.frees && i == 5) {
			stage.now -= 6 * TIMESTAMP_SECOND;
			poll_of_tab(&stage, &tabs, 20);
			stage.now += 6 * TIMESTAMP_SECOND;
		} else {
			poll_of_tab(&stage, &tabs, i || tabs.sleeps ? 26 : 20);
		}
	}
	const struct finding *found = SEES(&stage, CODE_HEARTBEAT_LOST);
	assert_string_equal(found->cause, cause);
	assert_int_equal(strstr(found->seen, "six connections") != NULL, !strcmp(cause, "browser-connections"));
	assert_int_equal(strstr(found->seen, "client was late") != NULL, strcmp(cause, "browser-connections") != 0);
	stage_end(&stage);
}

static void a_tab_whose_browser_has_six_connections_full_of_polls_waits_for_one(void **state)
{
	(void)state;
	judge_late_tab((struct tabs){.fields = BROWSER, .held = 6}, "browser-connections");
}

static void fewer_or_more_connections_are_no_limit_of_a_browser(void **state)
{
	(void)state;
	judge_late_tab((struct tabs){.fields = BROWSER, .held = 5}, "client-late");
	judge_late_tab((struct tabs){.fields = BROWSER, .held = 7}, "client-late");
}

static void a_computer_that_sleeps_begins_no_poll_meanwhile(void **state)
{
	(void)state;
	judge_late_tab((struct tabs){.fields = BROWSER, .held = 6, .sleeps = true}, "client-late");
}

static void a_connection_that_is_free_in_time_keeps_no_tab_waiting(void **state)
{
	(void)state;
	judge_late_tab((struct tabs){.fields = BROWSER, .held = 6, .frees = true}, "client-late");
}

static void a_client_that_is_no_browser_has_no_such_limit(void **state)
{
	(void)state;
	judge_late_tab((struct tabs){.fields = "User-Agent: node-XMLHttpRequest\r\n", .held = 6}, "client-late");
	judge_late_tab((struct tabs){.fields = "", .held = 6}, "client-late");
}

static void over_http_2_one_connection_carries_all_tabs(void **state)
{
	(void)state;
	judge_late_tab((struct tabs){.fields = BROWSER, .held = 6, .stream = 5}, "client-late");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_tab_whose_browser_has_six_connections_full_of_polls_waits_for_one),
	    cmocka_unit_test(fewer_or_more_connections_are_no_limit_of_a_browser),
	    cmocka_unit_test(a_computer_that_sleeps_begins_no_poll_meanwhile),
	    cmocka_unit_test(a_connection_that_is_free_in_time_keeps_no_tab_waiting),
	    cmocka_unit_test(a_client_that_is_no_browser_has_no_such_limit),
	    cmocka_unit_test(over_http_2_one_connection_carries_all_tabs),
	    ON_STAGE(nothing_is_due_after_the_servers_close),
	    ON_STAGE(nothing_is_due_after_the_clients_close),
	    ON_STAGE(a_websocket_that_was_tried_in_vain_ends_no_heartbeat),
	    ON_STAGE(a_second_ping_does_not_forgive_the_first),
	    ON_STAGE(a_pong_answers_all_pings_before_it),
	    ON_STAGE(a_client_silent_for_both_times_with_a_ping_waiting_is_late),
	    ON_STAGE(a_client_that_talked_meanwhile_was_not_silent),
	    ON_STAGE(a_server_cannot_ping_a_client_that_holds_no_poll),
	    ON_STAGE(a_client_that_polls_again_after_a_pause_lost_nothing),
	    ON_STAGE(a_client_whose_sid_is_unknown_before_it_was_due_was_not_silent),
	    ON_STAGE(a_ping_that_is_long_on_its_way_was_sent_in_time),
	    ON_STAGE(a_ping_that_is_sent_too_late_is_late_however_short_its_way),
	    ON_STAGE(a_server_that_leaves_a_poll_without_a_ping_is_late),
	    ON_STAGE(a_client_that_gives_up_while_it_holds_a_poll_waited_for_the_server),
	    ON_STAGE(a_poll_whose_answer_is_never_whole_is_not_held),
	    ON_STAGE(a_client_that_leaves_while_it_holds_a_poll_waited_for_nothing),
	    ON_STAGE(python_3_ends_the_connection_after_a_silence),
	    ON_STAGE(python_3_answers_the_poll_by_400_after_a_silence),
	    ON_STAGE(python_3_that_gives_up_before_a_ping_is_due_has_too_short_a_timeout),
	    ON_STAGE(a_heartbeat_of_milliseconds_is_named_where_it_fails),
	    ON_STAGE(a_short_heartbeat_is_no_mistaken_unit),
	    ON_STAGE(no_pong_is_due_by_polling_where_the_server_takes_no_connection_any_more),
	    ON_STAGE(a_pong_is_due_where_the_server_takes_connections_again),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
