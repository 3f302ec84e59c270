/* Detectors of uploads, upgrades, and of what several sessions show together: what each must see, what looks alike and
 * is not, and what a capture with gaps allows to say. */
#include "stage.h"

#include <stdio.h>

#define TO_SERVER DIRECTION_TO_SERVER
#define TO_CLIENT DIRECTION_TO_CLIENT

static const struct finding *sees(struct stage *stage, enum code code)
{
	if (!stage->findings)
		stage_finish(stage);
	return stage_found(stage, code);
}

static void assert_sees(struct stage *stage, enum code code, enum confidence confidence)
{
	const struct finding *finding = sees(stage, code);
	if (!finding)
		fail_msg("no %s", code_table[code].name);
	if (finding->confidence != confidence)
		fail_msg("%s is %s", code_table[code].name, confidence_name(finding->confidence));
	stage_end(stage);
}

static void assert_sees_none(struct stage *stage, enum code code)
{
	const struct finding *finding = sees(stage, code);
	if (finding)
		fail_msg("%s: %s", code_table[code].name, finding->seen);
	stage_end(stage);
}

/* ---- upgrade-failed */

/* A session that began on polling. */
static void begin_polling(struct stage *stage)
{
	stage_begin(stage);
	stage_ask(
	    stage, true, "GET /socket.io/?EIO=4&transport=polling HTTP/1.1\r\n\r\n", "HTTP/1.1 200 OK\r\n\r\n", "");
	struct event event = stage_event(stage, EVENT_OPEN, TO_CLIENT);
	event.transport = TRANSPORT_POLLING;
	stage_tell_event(stage, &event);
	stage->session.known = true;
}

static void tell_by(struct stage *stage, enum transport transport, enum event_kind kind, enum direction direction)
{
	struct event event = stage_event(stage, kind, direction);
	event.transport = transport;
	stage_tell_event(stage, &event);
}

static void try_upgrade(struct stage *stage, const char *answer)
{
	stage_ask(stage, true, "GET /socket.io/?EIO=4&transport=websocket&sid=sid HTTP/1.1\r\n\r\n", answer, "");
}

static void open_websocket(struct stage *stage)
{
	struct event event = stage_event(stage, EVENT_WS_OPEN, TO_CLIENT);
	struct exchange exchange = {.status = 101, .target = {.sid_len = 3}};
	event.exchange = &exchange;
	stage_tell_event(stage, &event);
}

static void go_on_polling(struct stage *stage)
{
	stage_wait(stage, 1);
	tell_by(stage, TRANSPORT_POLLING, EVENT_PING, TO_CLIENT);
	stage->session.transport = TRANSPORT_POLLING;
}

static void an_upgrade_that_was_refused_failed(void **state)
{
	(void)state;
	struct stage stage;
	begin_polling(&stage);
	try_upgrade(&stage, "HTTP/1.1 400 Bad Request\r\n\r\n");
	go_on_polling(&stage);
	assert_sees(&stage, CODE_UPGRADE_FAILED, CONFIDENCE_PROVEN);
}

static void a_probe_without_an_answer_is_a_failed_upgrade(void **state)
{
	(void)state;
	struct stage stage;
	begin_polling(&stage);
	open_websocket(&stage);
	stage_tell(&stage, EVENT_PROBE, TO_SERVER);
	stage_wait(&stage, 5);
	stage_tell(&stage, EVENT_TCP_CLOSE, TO_SERVER);
	go_on_polling(&stage);
	assert_sees(&stage, CODE_UPGRADE_FAILED, CONFIDENCE_LIKELY);
}

static void an_upgrade_that_was_committed_did_not_fail(void **state)
{
	(void)state;
	struct stage stage;
	begin_polling(&stage);
	open_websocket(&stage);
	stage_tell(&stage, EVENT_PROBE, TO_SERVER);
	stage_tell(&stage, EVENT_PROBE_ACK, TO_CLIENT);
	stage_tell(&stage, EVENT_UPGRADE, TO_SERVER);
	assert_sees_none(&stage, CODE_UPGRADE_FAILED);
}

static void an_upgrade_under_way_when_the_capture_ends_did_not_fail(void **state)
{
	(void)state;
	struct stage stage;
	begin_polling(&stage);
	open_websocket(&stage);
	stage_tell(&stage, EVENT_PROBE, TO_SERVER);
	assert_sees_none(&stage, CODE_UPGRADE_FAILED);
}

static void a_probe_whose_answer_may_lie_in_a_gap_failed_only_possibly(void **state)
{
	(void)state;
	struct stage stage;
	begin_polling(&stage);
	open_websocket(&stage);
	stage_tell(&stage, EVENT_PROBE, TO_SERVER);
	stage_tell(&stage, EVENT_GAP, TO_CLIENT);
	stage_tell(&stage, EVENT_TCP_CLOSE, TO_SERVER);
	go_on_polling(&stage);
	assert_sees(&stage, CODE_UPGRADE_FAILED, CONFIDENCE_POSSIBLE);
}

/* ---- event-dropped: too many packets in a POST */

static void post(struct stage *stage, unsigned packets, const char *answer)
{
	uint64_t first = stage->packets + 1;
	struct event event;
	for (unsigned i = 0; i < packets; i++) {
		event = stage_event(stage, EVENT_EVENT, TO_SERVER);
		event.transport = TRANSPORT_POLLING;
		event.first_packet = event.last_packet = first;
		event.name = SLICE("\"hello\"");
		stage_tell_event(stage, &event);
	}
	struct exchange exchange = {.status = 200, .plain = slice_of_text(answer)};
	exchange.request.head.method = SLICE("POST");
	exchange.request.first_packet = first;
	exchange.request.begun = exchange.answer.begun = stage->now;
	event = stage_event(stage, EVENT_HTTP, TO_SERVER);
	event.transport = TRANSPORT_POLLING;
	event.exchange = &exchange;
	event.first_packet = first;
	stage_tell_event(stage, &event);
}

static void begin_joined_polling(struct stage *stage)
{
	begin_polling(stage);
	tell_by(stage, TRANSPORT_POLLING, EVENT_CONNECT, TO_SERVER);
	tell_by(stage, TRANSPORT_POLLING, EVENT_CONNECT, TO_CLIENT);
}

static void seventeen_packets_in_a_post_are_too_many_for_python(void **state)
{
	(void)state;
	struct stage stage;
	begin_joined_polling(&stage);
	post(&stage, 17, "OK");
	assert_sees(&stage, CODE_EVENT_DROPPED, CONFIDENCE_LIKELY);
}

static void sixteen_packets_in_a_post_are_not(void **state)
{
	(void)state;
	struct stage stage;
	begin_joined_polling(&stage);
	post(&stage, 16, "OK");
	post(&stage, 16, "OK");
	assert_sees_none(&stage, CODE_EVENT_DROPPED);
}

static void node_takes_any_number_of_packets_in_a_post(void **state)
{
	(void)state;
	struct stage stage;
	begin_joined_polling(&stage);
	post(&stage, 40, "ok");
	assert_sees_none(&stage, CODE_EVENT_DROPPED);
}

/* ---- payload-too-large, by the handshake's limit */

static void send_bytes(struct stage *stage, uint64_t bytes)
{
	struct event event = stage_event(stage, EVENT_EVENT, TO_SERVER);
	event.name = SLICE("\"big\"");
	event.bytes = bytes;
	stage_tell_event(stage, &event);
}

static void begin_limited(struct stage *stage)
{
	stage_begin(stage);
	stage_connect(stage);
	stage->session.max_payload = 1000;
}

static void more_than_the_handshake_allows_and_then_the_end_is_too_large(void **state)
{
	(void)state;
	struct stage stage;
	begin_limited(&stage);
	send_bytes(&stage, 1001);
	stage_tell(&stage, EVENT_TCP_CLOSE, TO_CLIENT);
	assert_sees(&stage, CODE_PAYLOAD_TOO_LARGE, CONFIDENCE_LIKELY);
}

static void a_server_that_does_not_mind_took_it(void **state)
{
	(void)state;
	struct stage stage;
	begin_limited(&stage);
	send_bytes(&stage, 1001);
	stage_say(&stage, TO_CLIENT, "\"thanks\"", "");
	stage_tell(&stage, EVENT_TCP_CLOSE, TO_SERVER);
	assert_sees_none(&stage, CODE_PAYLOAD_TOO_LARGE);
}

static void what_the_handshake_allows_is_not_too_large(void **state)
{
	(void)state;
	struct stage stage;
	begin_limited(&stage);
	send_bytes(&stage, 1000);
	stage_tell(&stage, EVENT_TCP_CLOSE, TO_CLIENT);
	assert_sees_none(&stage, CODE_PAYLOAD_TOO_LARGE);
}

static void with_a_gap_it_is_only_possibly_too_large(void **state)
{
	(void)state;
	struct stage stage;
	begin_limited(&stage);
	stage_tell(&stage, EVENT_GAP, TO_SERVER);
	send_bytes(&stage, 1001);
	stage_tell(&stage, EVENT_TCP_CLOSE, TO_CLIENT);
	assert_sees(&stage, CODE_PAYLOAD_TOO_LARGE, CONFIDENCE_POSSIBLE);
}

/* ---- idle-cut */

/* A session that is silent for so long and is then cut. */
static void live_and_be_cut(struct stage *stage, double silence)
{
	stage_another(stage);
	stage_connect(stage);
	stage_wait(stage, silence);
	stage_tell(stage, EVENT_TCP_CLOSE, TO_CLIENT);
}

static void three_cuts_after_the_same_silence_are_a_proxys(void **state)
{
	(void)state;
	struct stage stage;
	stage_begin(&stage);
	for (int i = 0; i < 3; i++)
		live_and_be_cut(&stage, 10);
	assert_sees(&stage, CODE_IDLE_CUT, CONFIDENCE_LIKELY);
}

static void cuts_after_different_silences_are_not(void **state)
{
	(void)state;
	struct stage stage;
	stage_begin(&stage);
	const double silences[] = {7, 10, 14, 19};
	for (int i = 0; i < 4; i++)
		live_and_be_cut(&stage, silences[i]);
	assert_sees_none(&stage, CODE_IDLE_CUT);
}

static void the_silence_after_which_an_end_itself_gives_up_is_not(void **state)
{
	(void)state;
	struct stage stage;
	stage_begin(&stage);
	for (int i = 0; i < 4; i++)
		live_and_be_cut(&stage, 45);
	assert_sees_none(&stage, CODE_IDLE_CUT);
}

static void goodbyes_after_the_same_silence_are_not(void **state)
{
	(void)state;
	struct stage stage;
	stage_begin(&stage);
	for (int i = 0; i < 4; i++) {
		stage_another(&stage);
		stage_connect(&stage);
		stage_wait(&stage, 10);
		stage_tell(&stage, EVENT_WS_CLOSE, TO_SERVER);
		stage_tell(&stage, EVENT_TCP_CLOSE, TO_SERVER);
	}
	assert_sees_none(&stage, CODE_IDLE_CUT);
}

static void a_silence_with_a_gap_in_it_is_only_possibly_one(void **state)
{
	(void)state;
	struct stage stage;
	stage_begin(&stage);
	for (int i = 0; i < 3; i++) {
		stage_another(&stage);
		stage_connect(&stage);
		stage_tell(&stage, EVENT_GAP, TO_SERVER);
		stage_wait(&stage, 10);
		stage_tell(&stage, EVENT_TCP_CLOSE, TO_CLIENT);
	}
	assert_sees(&stage, CODE_IDLE_CUT, CONFIDENCE_POSSIBLE);
}

/* ---- server-stall */

/* Two sessions, whose events are answered at once, ten times. */
static void begin_busy(struct stage *stage)
{
	stage_begin(stage);
	stage_connect(stage);
	stage_another(stage);
	stage_connect(stage);
	for (int i = 0; i < 10; i++) {
		stage->who = i % 2 ? &stage->session : &stage->others[0];
		stage_say(stage, TO_SERVER, "\"ask\"", "");
		stage_say(stage, TO_CLIENT, "\"tell\"", "");
	}
}

static void ask_as(struct stage *stage, struct session *who)
{
	stage->who = who;
	stage_say(stage, TO_SERVER, "\"ask\"", "");
}

static void answer_as(struct stage *stage, struct session *who)
{
	stage->who = who;
	stage_say(stage, TO_CLIENT, "\"tell\"", "");
}

static void a_server_that_is_silent_to_all_who_wait_and_then_answers_at_once_stood_still(void **state)
{
	(void)state;
	struct stage stage;
	begin_busy(&stage);
	ask_as(&stage, &stage.session);
	ask_as(&stage, &stage.others[0]);
	stage_wait(&stage, 3);
	answer_as(&stage, &stage.session);
	answer_as(&stage, &stage.others[0]);
	assert_sees(&stage, CODE_SERVER_STALL, CONFIDENCE_LIKELY);
}

static void one_slow_handler_is_no_stall(void **state)
{
	(void)state;
	struct stage stage;
	begin_busy(&stage);
	ask_as(&stage, &stage.session);
	for (int i = 0; i < 6; i++) {
		ask_as(&stage, &stage.others[0]);
		answer_as(&stage, &stage.others[0]);
		stage_wait(&stage, 0.5);
	}
	answer_as(&stage, &stage.session);
	assert_sees_none(&stage, CODE_SERVER_STALL);
}

static void a_server_whom_nobody_asks_may_be_silent(void **state)
{
	(void)state;
	struct stage stage;
	begin_busy(&stage);
	stage_wait(&stage, 30);
	ask_as(&stage, &stage.session);
	answer_as(&stage, &stage.session);
	answer_as(&stage, &stage.others[0]);
	assert_sees_none(&stage, CODE_SERVER_STALL);
}

static void a_silence_in_a_capture_with_gaps_is_only_possibly_a_stall(void **state)
{
	(void)state;
	struct stage stage;
	begin_busy(&stage);
	ask_as(&stage, &stage.session);
	ask_as(&stage, &stage.others[0]);
	stage_tell(&stage, EVENT_GAP, TO_CLIENT);
	stage_wait(&stage, 3);
	answer_as(&stage, &stage.session);
	answer_as(&stage, &stage.others[0]);
	assert_sees(&stage, CODE_SERVER_STALL, CONFIDENCE_POSSIBLE);
}

/* ---- reconnect-loop, duplicate-session */

static void shake_hands(struct stage *stage, const char *token)
{
	char request[200];
	snprintf(request, sizeof request,
	    "GET /_event/?token=%s&EIO=4&transport=websocket HTTP/1.1\r\nUser-Agent: Mozilla/5.0\r\n\r\n", token);
	stage_ask(stage, true, request, "HTTP/1.1 101 Switching Protocols\r\n\r\n", "");
	stage_tell(stage, EVENT_OPEN, TO_CLIENT);
}

static void live_for(struct stage *stage, const char *token, double seconds)
{
	stage_another(stage);
	shake_hands(stage, token);
	stage_wait(stage, seconds);
	stage_tell(stage, EVENT_WS_CLOSE, TO_CLIENT);
}

static void five_sessions_that_do_not_live_are_a_loop(void **state)
{
	(void)state;
	struct stage stage;
	stage_begin(&stage);
	for (int i = 0; i < 6; i++)
		live_for(&stage, "one", 1);
	assert_sees(&stage, CODE_RECONNECT_LOOP, CONFIDENCE_LIKELY);
}

static void sessions_of_different_clients_are_no_loop(void **state)
{
	(void)state;
	struct stage stage;
	stage_begin(&stage);
	const char *tokens[] = {"one", "two", "three", "four", "five", "six"};
	for (int i = 0; i < 6; i++)
		live_for(&stage, tokens[i], 1);
	assert_sees_none(&stage, CODE_RECONNECT_LOOP);
}

static void sessions_that_live_are_no_loop(void **state)
{
	(void)state;
	struct stage stage;
	stage_begin(&stage);
	for (int i = 0; i < 6; i++)
		live_for(&stage, "one", 6);
	assert_sees_none(&stage, CODE_RECONNECT_LOOP);
}

static void two_live_sessions_of_one_token_are_possibly_duplicates(void **state)
{
	(void)state;
	struct stage stage;
	stage_begin(&stage);
	shake_hands(&stage, "one");
	stage_wait(&stage, 10);
	stage_another(&stage);
	shake_hands(&stage, "one");
	assert_sees(&stage, CODE_DUPLICATE_SESSION, CONFIDENCE_POSSIBLE);
}

static void a_reload_is_no_duplicate(void **state)
{
	(void)state;
	struct stage stage;
	stage_begin(&stage);
	shake_hands(&stage, "one");
	stage_wait(&stage, 10);
	stage_tell(&stage, EVENT_WS_CLOSE, TO_SERVER);
	stage_another(&stage);
	shake_hands(&stage, "one");
	assert_sees_none(&stage, CODE_DUPLICATE_SESSION);
}

static void two_tabs_behind_one_address_are_no_duplicate(void **state)
{
	(void)state;
	struct stage stage;
	stage_begin(&stage);
	shake_hands(&stage, "one");
	stage_wait(&stage, 10);
	stage_another(&stage);
	shake_hands(&stage, "two");
	assert_sees_none(&stage, CODE_DUPLICATE_SESSION);
}

/* ---- capture-incomplete */

static void packets_that_were_dropped_make_a_capture_incomplete(void **state)
{
	(void)state;
	struct stage stage;
	stage_begin(&stage);
	stage_connect(&stage);
	stage.counts.dropped = 3;
	assert_sees(&stage, CODE_CAPTURE_INCOMPLETE, CONFIDENCE_PROVEN);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(an_upgrade_that_was_refused_failed),
	    cmocka_unit_test(a_probe_without_an_answer_is_a_failed_upgrade),
	    cmocka_unit_test(an_upgrade_that_was_committed_did_not_fail),
	    cmocka_unit_test(an_upgrade_under_way_when_the_capture_ends_did_not_fail),
	    cmocka_unit_test(a_probe_whose_answer_may_lie_in_a_gap_failed_only_possibly),
	    cmocka_unit_test(seventeen_packets_in_a_post_are_too_many_for_python),
	    cmocka_unit_test(sixteen_packets_in_a_post_are_not),
	    cmocka_unit_test(node_takes_any_number_of_packets_in_a_post),
	    cmocka_unit_test(more_than_the_handshake_allows_and_then_the_end_is_too_large),
	    cmocka_unit_test(a_server_that_does_not_mind_took_it),
	    cmocka_unit_test(what_the_handshake_allows_is_not_too_large),
	    cmocka_unit_test(with_a_gap_it_is_only_possibly_too_large),
	    cmocka_unit_test(three_cuts_after_the_same_silence_are_a_proxys),
	    cmocka_unit_test(cuts_after_different_silences_are_not),
	    cmocka_unit_test(the_silence_after_which_an_end_itself_gives_up_is_not),
	    cmocka_unit_test(goodbyes_after_the_same_silence_are_not),
	    cmocka_unit_test(a_silence_with_a_gap_in_it_is_only_possibly_one),
	    cmocka_unit_test(a_server_that_is_silent_to_all_who_wait_and_then_answers_at_once_stood_still),
	    cmocka_unit_test(one_slow_handler_is_no_stall),
	    cmocka_unit_test(a_server_whom_nobody_asks_may_be_silent),
	    cmocka_unit_test(a_silence_in_a_capture_with_gaps_is_only_possibly_a_stall),
	    cmocka_unit_test(five_sessions_that_do_not_live_are_a_loop),
	    cmocka_unit_test(sessions_of_different_clients_are_no_loop),
	    cmocka_unit_test(sessions_that_live_are_no_loop),
	    cmocka_unit_test(two_live_sessions_of_one_token_are_possibly_duplicates),
	    cmocka_unit_test(a_reload_is_no_duplicate),
	    cmocka_unit_test(packets_that_were_dropped_make_a_capture_incomplete),
	    cmocka_unit_test(two_tabs_behind_one_address_are_no_duplicate),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
