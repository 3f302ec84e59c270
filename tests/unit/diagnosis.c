/* Detectors of what any session may meet, on timelines made by hand. Those with much to hold have a file each
 * (diagnosis_….c). */
#include "net/packet.h"
#include "stage.h"

/* ---- life */

static void a_healthy_session_gives_no_finding(void **state)
{
	struct stage *stage = *state;
	stage_connect(stage);
	stage_wait(stage, 25);
	stage_beat(stage);
	stage_say_goodbye(stage);
	stage_emit(stage, EVENT_TCP_CLOSE, TO_SERVER);
	stage->session.events[TO_CLIENT] = 1;
	stage_finish(stage);
	for (const struct finding *finding = stage->findings->first; finding; finding = finding->next)
		if (finding->code < CODES) /* a plug-in may miss its application's events */
			fail_msg("found %s", code_entry(finding->code)->name);
}

static void a_ping_without_a_pong_in_time_blames_the_client(void **state)
{
	struct stage *stage = *state;
	stage_connect(stage);
	stage_emit(stage, EVENT_PING, TO_CLIENT);
	stage_wait(stage, 20.1);
	stage_emit(stage, EVENT_WS_CLOSE, TO_CLIENT);
	assert_non_null(strstr(SEES(stage, CODE_HEARTBEAT_LOST)->seen, "the client was late"));
}

static void a_pong_that_lay_unread_in_the_socket_was_in_time(void **state)
{
	struct stage *stage = *state;
	stage_connect(stage);
	stage_emit(stage, EVENT_PING, TO_CLIENT);
	stage_wait(stage, 21);
	struct event pong = stage_event(stage, EVENT_PONG, TO_SERVER);
	pong.queued = 2 * TIMESTAMP_SECOND;
	stage_emit_event(stage, &pong);
	DOES_NOT_SEE(stage, CODE_HEARTBEAT_LOST);
}

static void a_ping_that_waits_until_the_capture_ends_was_not_answered(void **state)
{
	struct stage *stage = *state;
	stage_connect(stage);
	stage_emit(stage, EVENT_PING, TO_CLIENT);
	stage->lingers = 21 * TIMESTAMP_SECOND;
	assert_non_null(strstr(SEES(stage, CODE_HEARTBEAT_LOST)->seen, "for 21.0 s"));
}

static void a_ping_shortly_before_the_capture_ends_may_have_been_answered(void **state)
{
	struct stage *stage = *state;
	stage_connect(stage);
	stage_emit(stage, EVENT_PING, TO_CLIENT);
	stage->lingers = 10 * TIMESTAMP_SECOND;
	DOES_NOT_SEE(stage, CODE_HEARTBEAT_LOST);
}

static void a_session_that_ends_before_the_timeout_lost_no_heartbeat(void **state)
{
	struct stage *stage = *state;
	stage_connect(stage);
	stage_emit(stage, EVENT_PING, TO_CLIENT);
	stage_wait(stage, 10);
	stage_emit(stage, EVENT_WS_CLOSE, TO_SERVER);
	DOES_NOT_SEE(stage, CODE_HEARTBEAT_LOST);
}

static void a_ping_that_comes_before_anybody_gives_up_is_in_time(void **state)
{
	struct stage *stage = *state;
	stage_connect(stage);
	stage_wait(stage, 43.5);
	stage_beat(stage);
	DOES_NOT_SEE(stage, CODE_HEARTBEAT_LOST);
}

static void a_silence_is_reported_in_full_when_the_ping_comes_at_last(void **state)
{
	struct stage *stage = *state;
	stage_connect(stage);
	stage_wait(stage, 60);
	stage_emit(stage, EVENT_EVENT, TO_CLIENT);
	stage_wait(stage, 30);
	stage_emit(stage, EVENT_PING, TO_CLIENT);
	assert_non_null(strstr(SEES(stage, CODE_HEARTBEAT_LOST)->seen, "no ping for 90"));
}

static void a_heartbeat_behind_what_could_not_be_read_is_only_possibly_lost(void **state)
{
	struct stage *stage = *state;
	stage_connect(stage);
	stage_emit(stage, EVENT_PING, TO_CLIENT);
	struct event broken = stage_event(stage, EVENT_MALFORMED, TO_SERVER);
	broken.malformed.layer = "websocket";
	stage_emit_event(stage, &broken);
	stage_wait(stage, 60);
	stage_emit(stage, EVENT_WS_CLOSE, TO_CLIENT);
	assert_int_equal(SEES(stage, CODE_HEARTBEAT_LOST)->confidence, CONFIDENCE_POSSIBLE);
}

static void a_heartbeat_in_a_capture_with_gaps_is_only_possibly_lost(void **state)
{
	struct stage *stage = *state;
	stage_connect(stage);
	stage_emit(stage, EVENT_GAP, TO_SERVER);
	stage_emit(stage, EVENT_PING, TO_CLIENT);
	stage_wait(stage, 30);
	stage_emit(stage, EVENT_WS_CLOSE, TO_CLIENT);
	assert_int_equal(SEES(stage, CODE_HEARTBEAT_LOST)->confidence, CONFIDENCE_POSSIBLE);
}

static void a_connection_that_ends_without_a_close_frame_is_abnormal(void **state)
{
	struct stage *stage = *state;
	stage_connect(stage);
	stage_wait(stage, 1);
	stage_emit(stage, EVENT_TCP_CLOSE, TO_CLIENT);
	SEES(stage, CODE_ABNORMAL_CLOSE);
}

static void a_close_frame_that_may_lie_in_a_gap_was_only_possibly_left_out(void **state)
{
	struct stage *stage = *state;
	stage_connect(stage);
	stage_emit(stage, EVENT_GAP, TO_CLIENT);
	stage_emit(stage, EVENT_TCP_CLOSE, TO_CLIENT);
	assert_int_equal(SEES(stage, CODE_ABNORMAL_CLOSE)->confidence, CONFIDENCE_POSSIBLE);
}

static void a_second_connect_ends_a_session_of_node(void **state)
{
	struct stage *stage = *state;
	stage_connect(stage);
	stage_wait(stage, 1);
	stage_emit(stage, EVENT_CONNECT, TO_SERVER);
	stage_close(stage, 1005);
	assert_non_null(strstr(SEES(stage, CODE_ABNORMAL_CLOSE)->seen, "second CONNECT"));
}

static void a_server_that_says_disconnect_first_ends_the_session_on_purpose(void **state)
{
	struct stage *stage = *state;
	stage_connect(stage);
	stage_say(stage, TO_SERVER, "\"logout\"", "");
	stage_emit(stage, EVENT_DISCONNECT, TO_CLIENT);
	stage_close(stage, 1005);
	DOES_NOT_SEE(stage, CODE_ABNORMAL_CLOSE);
}

static void a_close_code_of_too_big_is_a_payload_too_large(void **state)
{
	struct stage *stage = *state;
	stage_connect(stage);
	stage_close(stage, 1009);
	SEES(stage, CODE_PAYLOAD_TOO_LARGE);
}

static void whoever_closed_with_a_code_first_is_named_not_who_repeats_it(void **state)
{
	struct stage *stage = *state;
	stage_connect(stage);
	stage_close(stage, 1009);
	struct event echo = stage_event(stage, EVENT_WS_CLOSE, TO_SERVER);
	echo.ws_close.code = 1009;
	stage_emit_event(stage, &echo);
	const struct finding *found = SEES(stage, CODE_PAYLOAD_TOO_LARGE);
	assert_int_equal(found->count, 1);
	assert_non_null(strstr(found->seen, "the server closed"));
}

static void a_client_that_leaves_at_a_packet_it_cannot_read_is_reported(void **state)
{
	struct stage *stage = *state;
	stage_connect(stage);
	struct event broken = stage_event(stage, EVENT_MALFORMED, TO_CLIENT);
	broken.malformed.layer = "socketio";
	stage_emit_event(stage, &broken);
	stage_emit(stage, EVENT_WS_CLOSE, TO_SERVER);
	const struct finding *found = SEES(stage, CODE_ABNORMAL_CLOSE);
	assert_non_null(strstr(found->seen, "the client ended the session"));
	assert_non_null(found->doubt);
}

static void a_packet_that_was_not_captured_whole_is_no_reason_to_leave(void **state)
{
	struct stage *stage = *state;
	stage_connect(stage);
	struct event cut = stage_event(stage, EVENT_MALFORMED, TO_CLIENT);
	cut.malformed.layer = "socketio";
	cut.incomplete = true;
	stage_emit_event(stage, &cut);
	stage_emit(stage, EVENT_WS_CLOSE, TO_SERVER);
	DOES_NOT_SEE(stage, CODE_ABNORMAL_CLOSE);
}

static void a_client_that_leaves_long_after_such_a_packet_did_not_mind(void **state)
{
	struct stage *stage = *state;
	stage_connect(stage);
	struct event broken = stage_event(stage, EVENT_MALFORMED, TO_CLIENT);
	broken.malformed.layer = "socketio";
	stage_emit_event(stage, &broken);
	stage_wait(stage, 1);
	stage_emit(stage, EVENT_WS_CLOSE, TO_SERVER);
	DOES_NOT_SEE(stage, CODE_ABNORMAL_CLOSE);
}

/* ---- a poll cut off */

static void cut_poll(struct stage *stage)
{
	stage_connect_by_polling(stage);
	struct event event = stage_event(stage, EVENT_TCP_CLOSE, TO_CLIENT);
	event.transport = TRANSPORT_NONE;
	stage_emit_event(stage, &event);
	stage->ended_by = TO_CLIENT;
	stage_post(stage, 1, 10, "", "");
}

static void a_server_that_ends_a_poll_without_an_answer_for_good_went_away(void **state)
{
	struct stage *stage = *state;
	cut_poll(stage);
	const struct finding *found = SEES(stage, CODE_ABNORMAL_CLOSE);
	assert_int_equal(found->confidence, CONFIDENCE_LIKELY);
	assert_non_null(strstr(found->seen, "the server ended the connection of a request"));
}

/* What came of the answer may hold packets. */
static void a_server_that_ends_a_poll_in_the_middle_of_its_answer_for_good_went_away(void **state)
{
	struct stage *stage = *state;
	stage_connect_by_polling(stage);
	stage->ended_by = TO_CLIENT;
	stage->cut = (struct exchange_half){.incomplete = true, .body_bytes = 10};
	stage->end = EXCHANGE_UNANSWERED;
	stage_ask(stage, true, "GET /socket.io/?EIO=4&transport=polling&sid=sid HTTP/1.1\r\n\r\n",
	    "HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n", "42[\"cut");
	struct event part = stage_event(stage, EVENT_EVENT, TO_CLIENT);
	part.incomplete = true;
	stage_emit_event(stage, &part);
	assert_non_null(strstr(SEES(stage, CODE_ABNORMAL_CLOSE)->seen, "in the middle of its answer"));
}

/* A POST that came too slowly: refused before it was whole, and the answer is. */
static void a_server_that_answers_wholly_and_ends_the_connection_cut_no_answer(void **state)
{
	struct stage *stage = *state;
	stage_connect_by_polling(stage);
	struct target target;
	struct event event = stage_event(stage, EVENT_HTTP, TO_SERVER);
	struct exchange exchange = {.target = &target,
	    .status = 408,
	    .state = EXCHANGE_ANSWERED,
	    .end = EXCHANGE_UNANSWERED,
	    .ended_by = TO_CLIENT,
	    .left = TIMESTAMP_NONE,
	    .request = {.incomplete = true},
	    .answer = {.begun = stage->now, .ended = stage->now}};
	exchange.request.head.method = SLICE("POST");
	target_read(&target, SLICE("/socket.io/?EIO=4&transport=polling&sid=sid"));
	event.exchange = &exchange;
	event.transport = TRANSPORT_POLLING;
	stage_emit(stage, EVENT_TCP_CLOSE, TO_CLIENT);
	stage_emit_event(stage, &event);
	DOES_NOT_SEE(stage, CODE_ABNORMAL_CLOSE);
}

static void a_session_that_goes_on_by_another_connection_was_not_cut(void **state)
{
	struct stage *stage = *state;
	cut_poll(stage);
	stage_post(stage, 1, 10, ANSWERED, "ok");
	DOES_NOT_SEE(stage, CODE_ABNORMAL_CLOSE);
}

static void a_server_that_ends_what_the_client_ended_cut_nothing(void **state)
{
	struct stage *stage = *state;
	stage_connect_by_polling(stage);
	stage_emit(stage, EVENT_TCP_CLOSE, TO_SERVER);
	stage_emit(stage, EVENT_TCP_CLOSE, TO_CLIENT);
	stage->ended_by = TO_SERVER;
	stage_post(stage, 1, 10, "", "");
	DOES_NOT_SEE(stage, CODE_ABNORMAL_CLOSE);
}

static void what_ends_after_the_clients_goodbye_is_not_cut(void **state)
{
	struct stage *stage = *state;
	stage_connect_by_polling(stage);
	stage_emit(stage, EVENT_CLOSE, TO_SERVER);
	stage_emit(stage, EVENT_TCP_CLOSE, TO_CLIENT);
	stage->ended_by = TO_CLIENT;
	stage_post(stage, 1, 10, "", "");
	DOES_NOT_SEE(stage, CODE_ABNORMAL_CLOSE);
}

/* Kept by its text, it has none. */
static void a_sid_that_begins_with_a_zero_byte_is_kept_once(void **state)
{
	struct stage *stage = *state;
	static char sid[] = "\0x";
	stage->session.sid = sid;
	stage->session.sid_len = 2;
	for (int times = 0; times < 3; times++)
		stage_emit(stage, EVENT_OPEN, TO_CLIENT);
	stage_expect_quiet(stage);
}

/* ---- namespaces and acks */

static void a_connect_without_an_answer_is_reported_after_a_while(void **state)
{
	struct stage *stage = *state;
	stage_emit(stage, EVENT_OPEN, TO_CLIENT);
	stage_emit(stage, EVENT_CONNECT, TO_SERVER);
	stage_wait(stage, 46);
	const struct finding *found = SEES(stage, CODE_CONNECT_UNANSWERED);
	assert_int_equal(found->severity, SEVERITY_ERROR);
	assert_int_equal(found->evidence_count, 1);
	assert_int_equal(found->evidence[0].origin.first, 2);
}

static void a_server_that_gives_a_reason_when_it_disconnects_refused_the_namespace(void **state)
{
	struct stage *stage = *state;
	stage_connect(stage);
	struct event refusal = stage_event(stage, EVENT_DISCONNECT, TO_CLIENT);
	refusal.packet.data = SLICE("{\"message\":\"no\"}");
	stage_emit_event(stage, &refusal);
	SEES(stage, CODE_NAMESPACE_REJECTED);
}

static void a_server_that_disconnects_without_a_word_refused_nothing(void **state)
{
	struct stage *stage = *state;
	stage_connect(stage);
	stage_emit(stage, EVENT_DISCONNECT, TO_CLIENT);
	DOES_NOT_SEE(stage, CODE_NAMESPACE_REJECTED);
}

static void nothing_is_missed_of_a_server_of_which_nothing_was_captured(void **state)
{
	struct stage *stage = *state;
	stage_emit(stage, EVENT_CONNECT, TO_SERVER);
	stage_emit(stage, EVENT_GAP, TO_CLIENT);
	stage_wait(stage, 30);
	stage_expect_quiet(stage);
}

static void a_connect_without_a_sid_is_an_answer_of_revision_3(void **state)
{
	struct stage *stage = *state;
	stage_emit(stage, EVENT_OPEN, TO_CLIENT);
	struct event join = stage_event(stage, EVENT_CONNECT, TO_CLIENT);
	join.packet.data = slice_of(NULL, 0);
	stage_emit_event(stage, &join);
	const struct finding *found = SEES(stage, CODE_PROTOCOL_VERSION);
	assert_int_equal(found->confidence, CONFIDENCE_LIKELY);
}

static void a_message_of_another_application_is_no_connect(void **state)
{
	struct stage *stage = *state;
	stage_emit(stage, EVENT_OPEN, TO_CLIENT);
	stage_emit(stage, EVENT_EVENT, TO_CLIENT);
	struct event zero = stage_event(stage, EVENT_CONNECT, TO_CLIENT);
	zero.packet.data = slice_of(NULL, 0);
	stage_emit_event(stage, &zero);
	DOES_NOT_SEE(stage, CODE_PROTOCOL_VERSION);
}

static void a_client_of_revision_3_wants_no_sid(void **state)
{
	struct stage *stage = *state;
	stage->session.revision = 3;
	stage_emit(stage, EVENT_OPEN, TO_CLIENT);
	struct event join = stage_event(stage, EVENT_CONNECT, TO_CLIENT);
	join.packet.data = slice_of(NULL, 0);
	stage_emit_event(stage, &join);
	stage_expect_quiet(stage);
}

static void ask_to_connect(struct stage *stage, double seconds)
{
	stage_emit(stage, EVENT_OPEN, TO_CLIENT);
	stage_emit(stage, EVENT_CONNECT, TO_SERVER);
	stage_wait(stage, seconds);
}

static void a_client_that_leaves_a_slow_login_misses_nothing(void **state)
{
	struct stage *stage = *state;
	ask_to_connect(stage, 2.5);
	stage_emit(stage, EVENT_WS_CLOSE, TO_SERVER);
	stage_expect_quiet(stage);
}

static void a_connect_that_waits_for_long_is_only_possibly_unanswered(void **state)
{
	struct stage *stage = *state;
	ask_to_connect(stage, 10);
	const struct finding *found = SEES(stage, CODE_CONNECT_UNANSWERED);
	assert_only_possible(found);
	assert_int_equal(found->severity, SEVERITY_WARNING);
}

static void a_server_that_ends_the_session_does_not_answer_the_connect(void **state)
{
	struct stage *stage = *state;
	ask_to_connect(stage, 2);
	stage_close(stage, 1005);
	const struct finding *found = SEES(stage, CODE_CONNECT_UNANSWERED);
	assert_int_equal(found->severity, SEVERITY_ERROR);
	assert_non_null(strstr(found->seen, "the server ended the session"));
}

/* As a server of node 4, of whose kind alone no other is known by its sids and its handshake, ends it. */
static const struct finding *end_connect_of_node(struct stage *stage, double seconds, bool is_joined)
{
	stage->session.handshake_seen = true;
	stage->session.opened = stage->now;
	stage_recognise(stage, "8cBN-8Rrwha44iTDAABI", "sid,upgrades,pingInterval,pingTimeout,maxPayload", "4");
	ask_to_connect(stage, seconds);
	if (is_joined)
		stage->session.namespaces[0].state = NAMESPACE_CONNECTED;
	if (is_joined) {
		struct event other = stage_event(stage, EVENT_CONNECT, TO_SERVER);
		other.packet.nsp = SLICE("/other");
		stage_emit_event(stage, &other);
		stage_wait(stage, 2);
	}
	stage_close(stage, 1005);
	return SEES(stage, CODE_CONNECT_UNANSWERED);
}

static void a_session_that_ends_at_the_connect_timeout_waited_for_a_middleware(void **state)
{
	const struct finding *found = end_connect_of_node(*state, 45, false);
	assert_string_equal(found->cause, "connect-timeout");
	assert_non_null(strstr(found->seen, "its connectTimeout of 45.0 s was over"));
	assert_non_null(strstr(found->advice, "next()"));
}

static void a_session_that_ends_at_another_time_met_no_connect_timeout(void **state)
{
	const struct finding *found = end_connect_of_node(*state, 30, false);
	assert_string_equal(found->cause, "connect-undecided");
	assert_null(strstr(found->seen, "connectTimeout"));
}

static void a_session_that_has_joined_a_namespace_meets_no_connect_timeout(void **state)
{
	assert_string_equal(end_connect_of_node(*state, 43, true)->cause, "connect-undecided");
}

static void a_client_that_leaves_at_the_connect_timeout_is_not_ended_by_it(void **state)
{
	struct stage *stage = *state;
	stage->session.handshake_seen = true;
	stage_recognise(stage, "8cBN-8Rrwha44iTDAABI", "sid,upgrades,pingInterval,pingTimeout,maxPayload", "4");
	ask_to_connect(stage, 45);
	stage_emit(stage, EVENT_WS_CLOSE, TO_SERVER);
	assert_string_equal(SEES(stage, CODE_CONNECT_UNANSWERED)->cause, "connect-undecided");
}

static void a_client_that_leaves_at_once_did_not_wait_for_its_connect(void **state)
{
	struct stage *stage = *state;
	stage_emit(stage, EVENT_OPEN, TO_CLIENT);
	stage_emit(stage, EVENT_CONNECT, TO_SERVER);
	stage_emit(stage, EVENT_WS_CLOSE, TO_SERVER);
	DOES_NOT_SEE(stage, CODE_CONNECT_UNANSWERED);
}

/* A CONNECT, and an event in the same POST or in another, which is answered first. */
static void overtake_connect(struct stage *stage, bool same_post, const char *answer)
{
	stage->transport = TRANSPORT_POLLING;
	stage_emit(stage, EVENT_OPEN, TO_CLIENT);
	struct event join = stage_event(stage, EVENT_CONNECT, TO_SERVER);
	join.packet.nsp = SLICE("/");
	stage_emit_event(stage, &join);
	struct event event = stage_event(stage, EVENT_EVENT, TO_SERVER);
	event.packet.nsp = SLICE("/");
	event.packet.name = SLICE("\"hello\"");
	if (same_post)
		event.origin.first = join.origin.first;
	stage_emit_event(stage, &event);
	stage_answer_post(stage, event.origin.first, 10, ANSWERED, answer);
}

static void an_event_that_python_takes_before_its_connect_is_dropped(void **state)
{
	struct stage *stage = *state;
	overtake_connect(stage, false, "OK");
	assert_non_null(strstr(SEES(stage, CODE_EVENT_DROPPED)->seen, "\"hello\" to namespace /"));
}

static void a_server_that_answers_before_it_works_may_still_take_it(void **state)
{
	struct stage *stage = *state;
	overtake_connect(stage, false, "ok");
	DOES_NOT_SEE(stage, CODE_EVENT_DROPPED);
}

static void an_event_in_the_post_of_its_connect_comes_after_it(void **state)
{
	struct stage *stage = *state;
	overtake_connect(stage, true, "OK");
	DOES_NOT_SEE(stage, CODE_EVENT_DROPPED);
}

static void an_event_before_any_connect_is_dropped(void **state)
{
	struct stage *stage = *state;
	stage_emit(stage, EVENT_OPEN, TO_CLIENT);
	stage_say(stage, TO_SERVER, "\"hello\"", "1");
	SEES(stage, CODE_EVENT_DROPPED);
}

static void an_event_whose_connect_may_have_been_missed_is_only_possibly_dropped(void **state)
{
	struct stage *stage = *state;
	stage->session.missed = true;
	stage_emit(stage, EVENT_OPEN, TO_CLIENT);
	stage_say(stage, TO_SERVER, "\"hello\"", "1");
	assert_int_equal(SEES(stage, CODE_EVENT_DROPPED)->confidence, CONFIDENCE_POSSIBLE);
}

static void in_revision_3_the_root_namespace_needs_no_connect(void **state)
{
	struct stage *stage = *state;
	stage->session.revision = 3;
	stage_emit(stage, EVENT_OPEN, TO_CLIENT);
	struct event event = stage_event(stage, EVENT_EVENT, TO_SERVER);
	event.packet.nsp = SLICE("/");
	event.packet.name = SLICE("\"hello\"");
	stage_emit_event(stage, &event);
	DOES_NOT_SEE(stage, CODE_EVENT_DROPPED);
}

static void an_event_of_a_session_joined_in_mid_stream_is_not_dropped(void **state)
{
	struct stage *stage = *state;
	stage_say(stage, TO_SERVER, "\"hello\"", "1");
	DOES_NOT_SEE(stage, CODE_EVENT_DROPPED);
}

/* Returns the event's index. */
static uint64_t ask_for_ack(struct stage *stage)
{
	struct event asking = stage_event(stage, EVENT_EVENT, TO_SERVER);
	asking.packet.name = SLICE("\"add\"");
	asking.packet.ack = SLICE("7");
	stage_emit_event(stage, &asking);
	return asking.index;
}

static void an_ack_that_never_came_is_reported(void **state)
{
	struct stage *stage = *state;
	stage_connect(stage);
	ask_for_ack(stage);
	stage_wait(stage, 61);
	assert_int_equal(SEES(stage, CODE_ACK_MISSING)->confidence, CONFIDENCE_LIKELY);
}

static void a_job_that_works_for_some_seconds_misses_no_ack(void **state)
{
	struct stage *stage = *state;
	stage_connect(stage);
	ask_for_ack(stage);
	stage_wait(stage, 12);
	DOES_NOT_SEE(stage, CODE_ACK_MISSING);
}

static void an_ack_that_waits_for_long_is_only_possibly_missing(void **state)
{
	struct stage *stage = *state;
	stage_connect(stage);
	ask_for_ack(stage);
	stage_wait(stage, 40);
	assert_only_possible(SEES(stage, CODE_ACK_MISSING));
}

/* The second of two that ask is acknowledged after so long. */
static void overtake(struct stage *stage, double seconds)
{
	stage_connect(stage);
	ask_for_ack(stage);
	uint64_t asked = ask_for_ack(stage);
	stage_wait(stage, seconds);
	struct event ack = stage_event(stage, EVENT_ACK, TO_CLIENT);
	ack.packet.ack = SLICE("7");
	ack.answers = asked;
	stage_emit_event(stage, &ack);
	stage_wait(stage, 8);
}

static void an_ack_that_a_later_one_overtook_is_possibly_missing(void **state)
{
	struct stage *stage = *state;
	overtake(stage, 0.01);
	assert_only_possible(SEES(stage, CODE_ACK_MISSING));
}

static void a_slow_job_that_a_little_faster_one_overtook_misses_no_ack(void **state)
{
	struct stage *stage = *state;
	overtake(stage, 4);
	DOES_NOT_SEE(stage, CODE_ACK_MISSING);
}

/* Each acknowledged at once, or never. */
static void ask_and_acknowledge(struct stage *stage)
{
	uint64_t asked = ask_for_ack(stage);
	struct event ack = stage_event(stage, EVENT_ACK, TO_CLIENT);
	ack.packet.ack = SLICE("7");
	ack.answers = asked;
	stage_emit_event(stage, &ack);
}

static void acks_that_fail_one_after_the_other_are_possibly_missing_where_one_before_was_fast(void **state)
{
	struct stage *stage = *state;
	stage_connect(stage);
	ask_and_acknowledge(stage);
	for (int i = 0; i < 2; i++) {
		ask_for_ack(stage);
		stage_wait(stage, 6);
	}
	const struct finding *found = SEES(stage, CODE_ACK_MISSING);
	assert_only_possible(found);
	assert_non_null(strstr(found->seen, "one before of that name was"));
}

static void one_job_that_takes_longer_than_one_before_misses_no_ack(void **state)
{
	struct stage *stage = *state;
	stage_connect(stage);
	ask_and_acknowledge(stage);
	ask_for_ack(stage);
	stage_wait(stage, 12);
	DOES_NOT_SEE(stage, CODE_ACK_MISSING);
}

static void ask_again_and_again(struct stage *stage, double apart)
{
	for (int i = 0; i < 3; i++) {
		ask_for_ack(stage);
		stage_wait(stage, apart);
	}
}

static void an_event_that_is_sent_again_and_again_in_vain_misses_its_ack(void **state)
{
	struct stage *stage = *state;
	stage_connect(stage);
	ask_again_and_again(stage, 1);
	stage_wait(stage, 30);
	const struct finding *found = SEES(stage, CODE_ACK_MISSING);
	assert_int_equal(found->confidence, CONFIDENCE_LIKELY);
	assert_string_equal(found->cause, "sent-again");
	assert_non_null(strstr(found->seen, "3 times with the same data in 2.0 s"));
}

static void while_a_handler_may_still_work_an_event_that_is_sent_again_misses_its_ack_only_possibly(void **state)
{
	struct stage *stage = *state;
	stage_connect(stage);
	ask_again_and_again(stage, 1);
	assert_only_possible(SEES(stage, CODE_ACK_MISSING));
}

static void throw_exception(struct stage *stage)
{
	struct event thrown = stage_event(stage, EVENT_EVENT, TO_CLIENT);
	thrown.packet.name = SLICE("exception");
	thrown.packet.data = SLICE("[\"exception\",{\"status\":\"error\",\"message\":\"Internal server error\"}]");
	stage_emit_event(stage, &thrown);
}

static void an_exception_at_once_takes_the_place_of_the_ack(void **state)
{
	struct stage *stage = *state;
	stage_connect(stage);
	ask_for_ack(stage);
	throw_exception(stage);
	const struct finding *found = SEES(stage, CODE_ACK_MISSING);
	assert_string_equal(found->cause, "exception");
	assert_non_null(strstr(found->seen, "Internal server error"));
}

static void of_an_event_that_is_sent_again_the_exception_is_named(void **state)
{
	struct stage *stage = *state;
	stage_connect(stage);
	for (int i = 0; i < 3; i++) {
		ask_for_ack(stage);
		throw_exception(stage);
		stage_wait(stage, 1);
	}
	assert_string_equal(SEES(stage, CODE_ACK_MISSING)->cause, "exception");
}

static void an_exception_that_comes_later_may_be_of_something_else(void **state)
{
	struct stage *stage = *state;
	stage_connect(stage);
	ask_for_ack(stage);
	stage_wait(stage, 1.5);
	throw_exception(stage);
	DOES_NOT_SEE(stage, CODE_ACK_MISSING);
}

static void equal_events_in_a_row_are_not_sent_again(void **state)
{
	struct stage *stage = *state;
	stage_connect(stage);
	ask_again_and_again(stage, 0.05);
	DOES_NOT_SEE(stage, CODE_ACK_MISSING);
}

static void where_one_was_acknowledged_the_others_may_be_yet(void **state)
{
	struct stage *stage = *state;
	stage_connect(stage);
	ask_and_acknowledge(stage);
	ask_again_and_again(stage, 1);
	DOES_NOT_SEE(stage, CODE_ACK_MISSING);
}

static void an_ack_that_nothing_overtook_is_missed_after_thirty_seconds(void **state)
{
	struct stage *stage = *state;
	stage_connect(stage);
	timestamp asked = stage->now;
	ask_for_ack(stage);
	stage->now = asked + 30 * TIMESTAMP_SECOND;
	SEES(stage, CODE_ACK_MISSING);
}

static void an_ack_may_still_come_within_thirty_seconds(void **state)
{
	struct stage *stage = *state;
	stage_connect(stage);
	timestamp asked = stage->now;
	ask_for_ack(stage);
	stage->now = asked + 30 * TIMESTAMP_SECOND - 1;
	DOES_NOT_SEE(stage, CODE_ACK_MISSING);
}

static void of_more_than_sixteen_that_wait_for_an_ack_the_newest_are_known(void **state)
{
	struct stage *stage = *state;
	uint64_t asked[17];
	stage_connect(stage);
	for (int i = 0; i < 17; i++)
		asked[i] = ask_for_ack(stage);
	for (int i = 0; i < 16; i++) {
		struct event ack = stage_event(stage, EVENT_ACK, TO_CLIENT);
		ack.answers = asked[i];
		stage_emit_event(stage, &ack);
	}
	stage_wait(stage, 61);
	assert_int_equal(SEES(stage, CODE_ACK_MISSING)->count, 1);
}

static void an_ack_that_came_is_not_missing(void **state)
{
	struct stage *stage = *state;
	stage_connect(stage);
	uint64_t asked = ask_for_ack(stage);
	struct event ack = stage_event(stage, EVENT_ACK, TO_CLIENT);
	ack.packet.ack = SLICE("7");
	ack.answers = asked;
	stage_emit_event(stage, &ack);
	stage_wait(stage, 61);
	DOES_NOT_SEE(stage, CODE_ACK_MISSING);
}

static void an_ack_that_may_lie_in_a_gap_is_not_missing(void **state)
{
	struct stage *stage = *state;
	stage_connect(stage);
	ask_for_ack(stage);
	stage_emit(stage, EVENT_GAP, TO_CLIENT);
	stage_wait(stage, 61);
	DOES_NOT_SEE(stage, CODE_ACK_MISSING);
}

static void a_gap_in_what_the_asking_side_sent_hides_no_ack(void **state)
{
	struct stage *stage = *state;
	stage_connect(stage);
	ask_for_ack(stage);
	stage_emit(stage, EVENT_GAP, TO_SERVER);
	stage_wait(stage, 61);
	assert_only_possible(SEES(stage, CODE_ACK_MISSING));
}

/* ---- habits */

static void say_in_chat(struct stage *stage, enum direction direction, const char *name)
{
	struct event said = stage_event(stage, EVENT_EVENT, direction);
	said.packet.nsp = SLICE("/chat");
	said.packet.name = slice_of_text(name);
	stage_emit_event(stage, &said);
}

/* So many answered, and one more that is not. */
static void ask_and_answer(struct stage *stage, int times)
{
	for (int i = 0; i < times; i++) {
		say_in_chat(stage, TO_SERVER, "\"quote\"");
		say_in_chat(stage, TO_CLIENT, "\"price\"");
	}
	say_in_chat(stage, TO_SERVER, "\"quote\"");
	stage_wait(stage, 5);
}

static void an_event_of_a_kind_that_is_always_answered_is_missed(void **state)
{
	struct stage *stage = *state;
	stage_connect(stage);
	ask_and_answer(stage, 12);
	assert_int_equal(SEES(stage, CODE_EVENT_UNANSWERED)->confidence, CONFIDENCE_POSSIBLE);
}

static void an_event_of_a_kind_that_was_answered_a_few_times_only_is_not(void **state)
{
	struct stage *stage = *state;
	stage_connect(stage);
	ask_and_answer(stage, 4);
	DOES_NOT_SEE(stage, CODE_EVENT_UNANSWERED);
}

static void ten_answers_make_a_habit(void **state)
{
	struct stage *stage = *state;
	stage_connect(stage);
	ask_and_answer(stage, 10);
	SEES(stage, CODE_EVENT_UNANSWERED);
}

static void nine_answers_make_none(void **state)
{
	struct stage *stage = *state;
	stage_connect(stage);
	ask_and_answer(stage, 9);
	DOES_NOT_SEE(stage, CODE_EVENT_UNANSWERED);
}

static void an_event_of_a_kind_that_is_answered_slowly_is_waited_for(void **state)
{
	struct stage *stage = *state;
	stage_connect(stage);
	say_in_chat(stage, TO_SERVER, "\"quote\"");
	stage_wait(stage, 0.6);
	say_in_chat(stage, TO_CLIENT, "\"price\"");
	ask_and_answer(stage, 12);
	DOES_NOT_SEE(stage, CODE_EVENT_UNANSWERED);
}

static void an_event_of_a_kind_that_went_unanswered_before_is_not_missed(void **state)
{
	struct stage *stage = *state;
	stage_connect(stage);
	say_in_chat(stage, TO_SERVER, "\"quote\""); /* this kind needs no answer */
	stage_wait(stage, 5);
	ask_and_answer(stage, 12);
	DOES_NOT_SEE(stage, CODE_EVENT_UNANSWERED);
}

static void a_push_that_also_comes_unasked_is_no_answer(void **state)
{
	struct stage *stage = *state;
	stage_connect(stage);
	say_in_chat(stage, TO_CLIENT, "\"price\"");
	ask_and_answer(stage, 12);
	DOES_NOT_SEE(stage, CODE_EVENT_UNANSWERED);
}

static void pushes_of_any_name_are_no_answers(void **state)
{
	struct stage *stage = *state;
	static const char *const names[] = {"\"price\"", "\"news\"", "\"weather\""};
	stage_connect(stage);
	for (int i = 0; i < 15; i++) {
		say_in_chat(stage, TO_SERVER, "\"seen\"");
		say_in_chat(stage, TO_CLIENT, names[i % 3]);
	}
	say_in_chat(stage, TO_SERVER, "\"seen\"");
	stage_wait(stage, 5);
	DOES_NOT_SEE(stage, CODE_EVENT_UNANSWERED);
}

static void pushes_that_are_rarer_than_the_events_are_no_answers(void **state)
{
	struct stage *stage = *state;
	stage_connect(stage);
	for (int i = 0; i < 12; i++) {
		say_in_chat(stage, TO_SERVER, "\"seen\"");
		say_in_chat(stage, TO_SERVER, "\"seen\"");
		say_in_chat(stage, TO_CLIENT, "\"price\"");
	}
	say_in_chat(stage, TO_SERVER, "\"seen\"");
	stage_wait(stage, 5);
	DOES_NOT_SEE(stage, CODE_EVENT_UNANSWERED);
}

static void an_answer_among_pushes_of_other_names_is_missed(void **state)
{
	struct stage *stage = *state;
	stage_connect(stage);
	for (int i = 0; i < 12; i++) {
		say_in_chat(stage, TO_SERVER, "\"quote\"");
		say_in_chat(stage, TO_CLIENT, "\"price\"");
		say_in_chat(stage, TO_CLIENT, "\"news\"");
	}
	say_in_chat(stage, TO_SERVER, "\"quote\"");
	say_in_chat(stage, TO_CLIENT, "\"news\"");
	stage_wait(stage, 5);
	SEES(stage, CODE_EVENT_UNANSWERED);
}

/* ---- the table */

static void packets_that_were_dropped_make_a_capture_incomplete(void **state)
{
	struct stage *stage = *state;
	stage_connect(stage);
	ledger_add(&stage->ledger, LEDGER_DROPPED, 0, 3);
	SEES(stage, CODE_CAPTURE_INCOMPLETE);
}

static void every_code_is_explained(void **state)
{
	(void)state;
	for (unsigned code = 0; code < CODES_MOST; code = code_next(code)) {
		assert_non_null(code_entry(code)->name);
		assert_true(strlen(code_entry(code)->title) > 10);
		assert_true(strlen(code_entry(code)->explanation) > 40);
		assert_true(strlen(code_entry(code)->remedy) > 20);
		assert_int_equal(code_named(slice_of_text(code_entry(code)->name)), code);
	}
}

/* ---- what probes and old servers tell */

static void a_process_that_ends_with_its_websocket_open_is_proven(void **state)
{
	struct stage *stage = *state;
	static const struct process process = {.id = 77, .command = "uvicorn"};
	stage_connect(stage);
	stage->connection.process = &process;
	struct event event = stage_event(stage, EVENT_TCP_CLOSE, TO_CLIENT);
	event.tcp_close.exited = true;
	stage_emit_event(stage, &event);
	const struct finding *found = SEES(stage, CODE_ABNORMAL_CLOSE);
	assert_int_equal(found->confidence, CONFIDENCE_PROVEN);
	assert_non_null(strstr(found->seen, "the server's process 77 (uvicorn) ended"));
}

#define PYTHON_3_SID "4d108e47b746473d8fd694e7c75b6ae7"
#define NODE_SID "f38MTNp9raolBFTfAAAK"

/* One that waits for the client's ping. */
static void connect_to_old_server(struct stage *stage, const char *sid)
{
	stage->session.revision = 3;
	stage->session.handshake_seen = true;
	stage_connect(stage);
	stage_recognise(stage, sid, NULL, "3");
	stage_emit(stage, EVENT_PING, TO_SERVER);
	stage_emit(stage, EVENT_PONG, TO_CLIENT);
}

static void an_old_server_that_closes_after_a_silence_lost_a_heartbeat(void **state)
{
	struct stage *stage = *state; /* python-engineio 3 does not wait for interval and timeout together */
	connect_to_old_server(stage, PYTHON_3_SID);
	stage->session.ping_timeout = 30 * TIMESTAMP_SECOND;
	stage_wait(stage, 31);
	stage_emit(stage, EVENT_WS_CLOSE, TO_CLIENT);
	assert_non_null(strstr(SEES(stage, CODE_HEARTBEAT_LOST)->seen, "no ping for 31.0 s"));
}

static void an_old_server_of_node_that_closes_before_both_times_lost_no_heartbeat(void **state)
{
	struct stage *stage = *state; /* pingInterval 25 s and pingTimeout 20 s */
	connect_to_old_server(stage, NODE_SID);
	stage_wait(stage, 41);
	stage_emit(stage, EVENT_WS_CLOSE, TO_CLIENT);
	DOES_NOT_SEE(stage, CODE_HEARTBEAT_LOST);
}

static void an_old_server_of_python_gives_up_after_the_longer_of_both_times(void **state)
{
	struct stage *stage = *state;
	stage->session.ping_interval = 10 * TIMESTAMP_SECOND;
	connect_to_old_server(stage, PYTHON_3_SID);
	stage_wait(stage, 15); /* longer than the interval, shorter than the timeout of 20 s */
	stage_emit(stage, EVENT_WS_CLOSE, TO_CLIENT);
	DOES_NOT_SEE(stage, CODE_HEARTBEAT_LOST);
}

static void an_old_server_that_closes_soon_lost_no_heartbeat(void **state)
{
	struct stage *stage = *state;
	connect_to_old_server(stage, PYTHON_3_SID);
	stage_wait(stage, 10);
	stage_emit(stage, EVENT_WS_CLOSE, TO_CLIENT);
	DOES_NOT_SEE(stage, CODE_HEARTBEAT_LOST);
}

static void what_is_found_of_a_doubtful_session_is_only_possible(void **state)
{
	struct stage *stage = *state;
	stage_connect(stage);
	stage_emit(stage, EVENT_TCP_CLOSE, TO_CLIENT);
	stage->session.doubtful = true;
	assert_only_possible(SEES(stage, CODE_ABNORMAL_CLOSE));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    ON_STAGE(a_sid_that_begins_with_a_zero_byte_is_kept_once),
	    ON_STAGE(a_healthy_session_gives_no_finding),
	    ON_STAGE(a_ping_without_a_pong_in_time_blames_the_client),
	    ON_STAGE(a_pong_that_lay_unread_in_the_socket_was_in_time),
	    ON_STAGE(a_ping_that_waits_until_the_capture_ends_was_not_answered),
	    ON_STAGE(a_ping_shortly_before_the_capture_ends_may_have_been_answered),
	    ON_STAGE(a_session_that_ends_before_the_timeout_lost_no_heartbeat),
	    ON_STAGE(a_ping_that_comes_before_anybody_gives_up_is_in_time),
	    ON_STAGE(a_silence_is_reported_in_full_when_the_ping_comes_at_last),
	    ON_STAGE(a_heartbeat_behind_what_could_not_be_read_is_only_possibly_lost),
	    ON_STAGE(a_heartbeat_in_a_capture_with_gaps_is_only_possibly_lost),
	    ON_STAGE(a_connection_that_ends_without_a_close_frame_is_abnormal),
	    ON_STAGE(a_close_frame_that_may_lie_in_a_gap_was_only_possibly_left_out),
	    ON_STAGE(whoever_closed_with_a_code_first_is_named_not_who_repeats_it),
	    ON_STAGE(a_client_that_leaves_at_a_packet_it_cannot_read_is_reported),
	    ON_STAGE(a_packet_that_was_not_captured_whole_is_no_reason_to_leave),
	    ON_STAGE(a_client_that_leaves_long_after_such_a_packet_did_not_mind),
	    ON_STAGE(a_server_that_ends_a_poll_without_an_answer_for_good_went_away),
	    ON_STAGE(a_server_that_ends_a_poll_in_the_middle_of_its_answer_for_good_went_away),
	    ON_STAGE(a_server_that_answers_wholly_and_ends_the_connection_cut_no_answer),
	    ON_STAGE(a_session_that_goes_on_by_another_connection_was_not_cut),
	    ON_STAGE(a_server_that_ends_what_the_client_ended_cut_nothing),
	    ON_STAGE(what_ends_after_the_clients_goodbye_is_not_cut),
	    ON_STAGE(a_second_connect_ends_a_session_of_node),
	    ON_STAGE(a_server_that_says_disconnect_first_ends_the_session_on_purpose),
	    ON_STAGE(a_close_code_of_too_big_is_a_payload_too_large),
	    ON_STAGE(a_connect_without_an_answer_is_reported_after_a_while),
	    ON_STAGE(a_server_that_gives_a_reason_when_it_disconnects_refused_the_namespace),
	    ON_STAGE(a_server_that_disconnects_without_a_word_refused_nothing),
	    ON_STAGE(nothing_is_missed_of_a_server_of_which_nothing_was_captured),
	    ON_STAGE(a_connect_without_a_sid_is_an_answer_of_revision_3),
	    ON_STAGE(a_message_of_another_application_is_no_connect),
	    ON_STAGE(a_client_of_revision_3_wants_no_sid),
	    ON_STAGE(a_client_that_leaves_a_slow_login_misses_nothing),
	    ON_STAGE(a_connect_that_waits_for_long_is_only_possibly_unanswered),
	    ON_STAGE(a_server_that_ends_the_session_does_not_answer_the_connect),
	    ON_STAGE(a_session_that_ends_at_the_connect_timeout_waited_for_a_middleware),
	    ON_STAGE(a_session_that_ends_at_another_time_met_no_connect_timeout),
	    ON_STAGE(a_session_that_has_joined_a_namespace_meets_no_connect_timeout),
	    ON_STAGE(a_client_that_leaves_at_the_connect_timeout_is_not_ended_by_it),
	    ON_STAGE(a_client_that_leaves_at_once_did_not_wait_for_its_connect),
	    ON_STAGE(an_event_that_python_takes_before_its_connect_is_dropped),
	    ON_STAGE(a_server_that_answers_before_it_works_may_still_take_it),
	    ON_STAGE(an_event_in_the_post_of_its_connect_comes_after_it),
	    ON_STAGE(an_event_before_any_connect_is_dropped),
	    ON_STAGE(an_event_whose_connect_may_have_been_missed_is_only_possibly_dropped),
	    ON_STAGE(an_event_of_a_session_joined_in_mid_stream_is_not_dropped),
	    ON_STAGE(an_ack_that_never_came_is_reported),
	    ON_STAGE(a_job_that_works_for_some_seconds_misses_no_ack),
	    ON_STAGE(an_ack_that_waits_for_long_is_only_possibly_missing),
	    ON_STAGE(an_ack_that_a_later_one_overtook_is_possibly_missing),
	    ON_STAGE(a_slow_job_that_a_little_faster_one_overtook_misses_no_ack),
	    ON_STAGE(an_event_that_is_sent_again_and_again_in_vain_misses_its_ack),
	    ON_STAGE(while_a_handler_may_still_work_an_event_that_is_sent_again_misses_its_ack_only_possibly),
	    ON_STAGE(an_exception_at_once_takes_the_place_of_the_ack),
	    ON_STAGE(of_an_event_that_is_sent_again_the_exception_is_named),
	    ON_STAGE(an_exception_that_comes_later_may_be_of_something_else),
	    ON_STAGE(equal_events_in_a_row_are_not_sent_again),
	    ON_STAGE(where_one_was_acknowledged_the_others_may_be_yet),
	    ON_STAGE(an_ack_that_nothing_overtook_is_missed_after_thirty_seconds),
	    ON_STAGE(an_ack_may_still_come_within_thirty_seconds),
	    ON_STAGE(of_more_than_sixteen_that_wait_for_an_ack_the_newest_are_known),
	    ON_STAGE(an_ack_that_came_is_not_missing),
	    ON_STAGE(an_ack_that_may_lie_in_a_gap_is_not_missing),
	    ON_STAGE(a_gap_in_what_the_asking_side_sent_hides_no_ack),
	    ON_STAGE(an_event_of_a_kind_that_is_always_answered_is_missed),
	    ON_STAGE(an_event_of_a_kind_that_was_answered_a_few_times_only_is_not),
	    ON_STAGE(ten_answers_make_a_habit),
	    ON_STAGE(nine_answers_make_none),
	    ON_STAGE(an_event_of_a_kind_that_is_answered_slowly_is_waited_for),
	    ON_STAGE(an_event_of_a_kind_that_went_unanswered_before_is_not_missed),
	    ON_STAGE(a_push_that_also_comes_unasked_is_no_answer),
	    ON_STAGE(pushes_of_any_name_are_no_answers),
	    ON_STAGE(pushes_that_are_rarer_than_the_events_are_no_answers),
	    ON_STAGE(an_answer_among_pushes_of_other_names_is_missed),
	    ON_STAGE(packets_that_were_dropped_make_a_capture_incomplete),
	    cmocka_unit_test(every_code_is_explained),
	    ON_STAGE(a_process_that_ends_with_its_websocket_open_is_proven),
	    ON_STAGE(an_old_server_that_closes_after_a_silence_lost_a_heartbeat),
	    ON_STAGE(an_old_server_that_closes_soon_lost_no_heartbeat),
	    ON_STAGE(an_old_server_of_node_that_closes_before_both_times_lost_no_heartbeat),
	    ON_STAGE(an_old_server_of_python_gives_up_after_the_longer_of_both_times),
	    ON_STAGE(what_is_found_of_a_doubtful_session_is_only_possible),
	    ON_STAGE(in_revision_3_the_root_namespace_needs_no_connect),
	    ON_STAGE(acks_that_fail_one_after_the_other_are_possibly_missing_where_one_before_was_fast),
	    ON_STAGE(one_job_that_takes_longer_than_one_before_misses_no_ack),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
