/* event-lost, and answers that are not whole, on timelines made by hand. */
#include "stage.h"

#include <stdio.h>

static void send(struct stage *stage, const char *name, enum unread unread)
{
	struct event event = stage_event(stage, EVENT_EVENT, TO_CLIENT);
	event.packet.name = slice_of_text(name);
	event.unread = unread;
	stage_emit_event(stage, &event);
}

static void ask_again(struct stage *stage)
{
	stage_wait(stage, 0.1);
	stage_ask(stage, true, "GET /socket.io/?EIO=4&transport=polling&sid=sid HTTP/1.1\r\n\r\n", ANSWERED, "6");
}

static void events_in_the_body_of_an_upgrade_are_lost_and_named(void **state)
{
	struct stage *stage = *state;
	stage_connect_by_polling(stage);
	send(stage, "\"welcome\"", UNREAD_IN_UPGRADE);
	send(stage, "\"tick\"", UNREAD_IN_UPGRADE);
	const struct finding *found = SEES(stage, CODE_EVENT_LOST);
	assert_int_equal(found->confidence, CONFIDENCE_PROVEN);
	assert_non_null(strstr(found->seen, "welcome"));
	assert_non_null(strstr(found->seen, "tick"));
	assert_string_equal(found->cause, "in-upgrade");
	assert_int_equal(found->evidence_count, 2);
}

static void more_events_than_are_named_are_counted(void **state)
{
	struct stage *stage = *state;
	stage_connect_by_polling(stage);
	for (int i = 0; i < 7; i++)
		send(stage, "\"tick\"", UNREAD_IN_UPGRADE);
	assert_non_null(strstr(SEES(stage, CODE_EVENT_LOST)->seen, "and 3 more"));
}

static void events_in_the_answer_to_an_aborted_poll_are_lost_when_the_session_goes_on(void **state)
{
	struct stage *stage = *state;
	stage_connect_by_polling(stage);
	send(stage, "\"tick\"", UNREAD_IN_ABORTED_POLL);
	ask_again(stage);
	assert_string_equal(SEES(stage, CODE_EVENT_LOST)->cause, "in-aborted-poll");
}

static void a_client_that_left_lost_nothing(void **state)
{
	struct stage *stage = *state;
	stage_connect_by_polling(stage);
	send(stage, "\"tick\"", UNREAD_IN_ABORTED_POLL);
	stage_wait(stage, 0.1);
	stage_emit(stage, EVENT_CLOSE, TO_SERVER);
	DOES_NOT_SEE(stage, CODE_EVENT_LOST);
}

static void an_event_that_was_read_is_not_lost(void **state)
{
	struct stage *stage = *state;
	stage_connect_by_polling(stage);
	send(stage, "\"tick\"", UNREAD_NOT);
	ask_again(stage);
	DOES_NOT_SEE(stage, CODE_EVENT_LOST);
}

/* ---- a POST without Content-Length, over HTTP/2 */

#define ANSWERED_BY(server) "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nServer: " server "\r\n\r\n"
#define POST_HEAD "POST /socket.io/?EIO=4&transport=polling&sid=sid HTTP/1.1\r\nHost: app:8000\r\n"

static void recognise_python(struct stage *stage)
{
	stage_recognise(stage, "Sd8oRbTMyTvI0jF7AAAA", "sid,upgrades,pingTimeout,pingInterval,maxPayload", NULL);
}

static void begin_on_python(struct stage *stage)
{
	stage->stream = 1;
	recognise_python(stage);
	stage_connect_by_polling(stage);
}

/* A POST of one packet, on a stream of its own; returns the packet's index. */
static uint64_t post_packet(
    struct stage *stage, enum event_kind kind, const char *ack, const char *length, const char *answer)
{
	char request[200];
	stage->stream += 2;
	struct event event = stage_event(stage, kind, TO_SERVER);
	if (kind == EVENT_EVENT) {
		event.packet.name = SLICE("\"ask\"");
		event.packet.ack = slice_of_text(ack);
	}
	stage_emit_event(stage, &event);
	struct event exchange = stage_event(stage, EVENT_HTTP, TO_SERVER);
	exchange.origin.first = event.origin.first;
	snprintf(request, sizeof request, POST_HEAD "%s\r\n", length);
	stage_emit_exchange(stage, &exchange, request, answer, "OK", 9);
	return event.index;
}

static uint64_t post_event(struct stage *stage, const char *ack, const char *length, const char *answer)
{
	return post_packet(stage, EVENT_EVENT, ack, length, answer);
}

static void answer_packet(struct stage *stage, enum event_kind kind, uint64_t index)
{
	struct event event = stage_event(stage, kind, TO_CLIENT);
	event.answers = index;
	stage_emit_event(stage, &event);
}

/* A session whose CONNECT is posted without a length. */
static uint64_t begin_and_post_connect(struct stage *stage, const char *answer)
{
	stage->transport = TRANSPORT_POLLING;
	stage->stream = 1;
	recognise_python(stage);
	stage_emit(stage, EVENT_OPEN, TO_CLIENT);
	return post_packet(stage, EVENT_CONNECT, "", "", answer);
}

static void events_that_python_does_not_read_for_want_of_a_length_are_lost(void **state)
{
	struct stage *stage = *state;
	begin_on_python(stage);
	post_event(stage, "", "", ANSWERED_BY("hypercorn-h2"));
	const struct finding *found = SEES(stage, CODE_EVENT_LOST);
	assert_int_equal(found->confidence, CONFIDENCE_PROVEN);
	assert_string_equal(found->cause, "no-content-length");
	assert_non_null(strstr(found->seen, "\"ask\""));
}

static void events_with_a_length_are_read(void **state)
{
	struct stage *stage = *state;
	begin_on_python(stage);
	post_event(stage, "", "Content-Length: 9\r\n", ANSWERED_BY("hypercorn-h2"));
	DOES_NOT_SEE(stage, CODE_EVENT_LOST);
}

static void behind_a_proxy_only_an_acknowledgement_that_never_came_shows_it(void **state)
{
	struct stage *stage = *state;
	begin_on_python(stage);
	post_event(stage, "", "", ANSWERED_BY("nginx"));
	DOES_NOT_SEE(stage, CODE_EVENT_LOST);
}

static void behind_a_proxy_an_acknowledgement_that_never_came_makes_it_likely(void **state)
{
	struct stage *stage = *state;
	begin_on_python(stage);
	post_event(stage, "1", "", ANSWERED_BY("nginx"));
	assert_int_equal(SEES(stage, CODE_EVENT_LOST)->confidence, CONFIDENCE_LIKELY);
}

static void an_acknowledgement_that_may_have_been_lost_shows_nothing(void **state)
{
	struct stage *stage = *state;
	begin_on_python(stage);
	post_event(stage, "1", "", ANSWERED_BY("nginx"));
	stage_emit(stage, EVENT_GAP, TO_CLIENT);
	DOES_NOT_SEE(stage, CODE_EVENT_LOST);
}

static void an_acknowledgement_shows_that_posts_are_read(void **state)
{
	struct stage *stage = *state;
	begin_on_python(stage);
	answer_packet(stage, EVENT_ACK, post_event(stage, "1", "", ANSWERED_BY("nginx")));
	post_event(stage, "2", "", ANSWERED_BY("nginx"));
	DOES_NOT_SEE(stage, CODE_EVENT_LOST);
}

static void an_acknowledgement_of_a_post_with_a_length_shows_nothing_of_others(void **state)
{
	struct stage *stage = *state;
	begin_on_python(stage);
	answer_packet(stage, EVENT_ACK, post_event(stage, "1", "Content-Length: 9\r\n", ANSWERED_BY("nginx")));
	post_event(stage, "2", "", ANSWERED_BY("nginx"));
	assert_int_equal(SEES(stage, CODE_EVENT_LOST)->evidence_count, 1);
}

/* A proxy speaks HTTP/2 with the client and HTTP/1.1, with a length, with the application's server. */
static void a_server_that_was_spoken_to_by_http1_is_behind_a_proxy(void **state)
{
	struct stage *stage = *state;
	begin_on_python(stage);
	post_event(stage, "", "", ANSWERED_BY("hypercorn-h11"));
	DOES_NOT_SEE(stage, CODE_EVENT_LOST);
}

static void a_session_that_is_joined_shows_that_posts_are_read(void **state)
{
	struct stage *stage = *state;
	answer_packet(stage, EVENT_CONNECT, begin_and_post_connect(stage, ANSWERED_BY("hypercorn-h2")));
	post_event(stage, "1", "", ANSWERED_BY("hypercorn-h2"));
	DOES_NOT_SEE(stage, CODE_EVENT_LOST);
}

/* The answer may come in a poll before the POST's own. */
static void a_session_that_is_joined_before_its_post_is_answered_shows_it_too(void **state)
{
	struct stage *stage = *state;
	stage->transport = TRANSPORT_POLLING;
	stage->stream = 1;
	recognise_python(stage);
	stage_emit(stage, EVENT_OPEN, TO_CLIENT);
	stage_emit(stage, EVENT_CONNECT, TO_SERVER);
	uint64_t first_packet = stage->packets;
	answer_packet(stage, EVENT_CONNECT, stage->packets);
	stage_answer_post(stage, first_packet, 2, ANSWERED_BY("nginx"), "OK");
	post_event(stage, "1", "", ANSWERED_BY("nginx"));
	DOES_NOT_SEE(stage, CODE_EVENT_LOST);
}

static void a_session_that_is_never_joined_makes_it_likely(void **state)
{
	struct stage *stage = *state;
	begin_and_post_connect(stage, ANSWERED_BY("nginx"));
	stage_wait(stage, 60);
	assert_int_equal(SEES(stage, CODE_EVENT_LOST)->confidence, CONFIDENCE_LIKELY);
}

static void a_session_that_is_not_joined_yet_may_still_be(void **state)
{
	struct stage *stage = *state;
	begin_and_post_connect(stage, ANSWERED_BY("nginx"));
	DOES_NOT_SEE(stage, CODE_EVENT_LOST);
}

static void a_ping_behind_a_pong_shows_that_posts_are_read(void **state)
{
	struct stage *stage = *state;
	begin_on_python(stage);
	stage_emit(stage, EVENT_PING, TO_CLIENT);
	post_packet(stage, EVENT_PONG, "", "", ANSWERED_BY("nginx"));
	stage_emit(stage, EVENT_PING, TO_CLIENT);
	post_event(stage, "1", "", ANSWERED_BY("nginx"));
	DOES_NOT_SEE(stage, CODE_EVENT_LOST);
}

static void another_implementation_reads_it(void **state)
{
	struct stage *stage = *state;
	stage->stream = 1;
	stage_recognise(stage, "Sd8oRbTMyTvI0jF7AAAA", "sid,upgrades,pingInterval,pingTimeout,maxPayload", NULL);
	stage_connect_by_polling(stage);
	post_event(stage, "1", "", ANSWERED_BY("hypercorn-h2"));
	DOES_NOT_SEE(stage, CODE_EVENT_LOST);
}

/* ---- an answer that is not whole */

/* A poll whose answer announces 1000 bytes and brings 400, then nothing for so long. */
static void answer_in_part(
    struct stage *stage, double seconds, enum exchange_state end, enum direction ended_by, bool has_gap)
{
	stage_connect_by_polling(stage);
	stage_wait(stage, seconds);
	stage->cut = (struct exchange_half){.incomplete = true,
	    .body_bytes = 400,
	    .latest = stage->now - (timestamp)(seconds * TIMESTAMP_SECOND),
	    .has_gap = has_gap};
	stage->end = end;
	stage->ended_by = ended_by;
	stage->held = 40 * TIMESTAMP_SECOND;
	stage_ask(stage, true, "GET /socket.io/?EIO=4&transport=polling&sid=sid HTTP/1.1\r\n\r\n",
	    "HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n", "4");
}

static void an_answer_that_stops_while_the_client_waits_is_found(void **state)
{
	struct stage *stage = *state;
	answer_in_part(stage, 20, EXCHANGE_UNANSWERED, TO_SERVER, false);
	const struct finding *found = SEES(stage, CODE_REQUEST_UNANSWERED);
	assert_string_equal(found->cause, "answer-not-whole");
	assert_int_equal(found->severity, SEVERITY_ERROR);
	assert_non_null(strstr(found->seen, "for 20.0 s"));
}

static void an_answer_that_stops_until_the_capture_ends_is_found(void **state)
{
	struct stage *stage = *state;
	answer_in_part(stage, 20, EXCHANGE_PENDING, TO_CLIENT, false);
	assert_int_equal(SEES(stage, CODE_REQUEST_UNANSWERED)->severity, SEVERITY_ERROR);
}

static void an_answer_that_stops_for_a_moment_is_only_possibly_cut_short(void **state)
{
	struct stage *stage = *state;
	answer_in_part(stage, 3, EXCHANGE_UNANSWERED, TO_SERVER, false);
	const struct finding *found = SEES(stage, CODE_REQUEST_UNANSWERED);
	assert_int_equal(found->severity, SEVERITY_WARNING);
	assert_only_possible(found);
}

static void a_large_answer_that_never_pauses_is_under_way(void **state)
{
	struct stage *stage = *state;
	answer_in_part(stage, 0.2, EXCHANGE_UNANSWERED, TO_SERVER, false);
	DOES_NOT_SEE(stage, CODE_REQUEST_UNANSWERED);
}

static void a_server_that_breaks_its_answer_off_did_not_cut_it_short(void **state)
{
	struct stage *stage = *state;
	answer_in_part(stage, 20, EXCHANGE_UNANSWERED, TO_CLIENT, false);
	DOES_NOT_SEE(stage, CODE_REQUEST_UNANSWERED);
}

/* A poll whose answer the server breaks off after so many bytes, of a session of its own. */
static void break_answer_off(struct stage *stage, uint64_t bytes, const char *fields, bool has_gap)
{
	char answer[128];
	snprintf(answer, sizeof answer, "HTTP/1.1 200 OK\r\n%s\r\n", fields);
	stage_connect_by_polling(stage);
	stage->current->handshake_seen = true;
	stage->cut = (struct exchange_half){
	    .incomplete = true, .body_bytes = bytes, .latest = stage->now, .has_gap = has_gap};
	stage->end = EXCHANGE_UNANSWERED;
	stage->ended_by = TO_CLIENT;
	stage_emit(stage, EVENT_TCP_CLOSE, TO_CLIENT);
	stage_ask(
	    stage, true, "GET /socket.io/?EIO=4&transport=polling&sid=sid HTTP/1.1\r\n\r\n", answer, "42[\"rows\",[");
}

static void answers_that_a_server_breaks_off_at_several_moments_are_found(void **state)
{
	struct stage *stage = *state;
	break_answer_off(stage, 69632, "Transfer-Encoding: chunked\r\n", false);
	stage_wait(stage, 8);
	stage_begin_session(stage);
	break_answer_off(stage, 69700, "Transfer-Encoding: chunked\r\n", false);
	const struct finding *found = SEES(stage, CODE_REQUEST_UNANSWERED);
	assert_string_equal(found->cause, "answer-broken-off");
	assert_int_equal(found->severity, SEVERITY_ERROR);
	assert_int_equal(found->confidence, CONFIDENCE_LIKELY);
	assert_non_null(strstr(found->seen, "in chunks, without the last chunk"));
	assert_non_null(strstr(found->seen, "it did so 2 times, each time after about as much"));
	assert_null(stage_found(stage, CODE_ABNORMAL_CLOSE));
}

static void an_answer_that_is_broken_off_while_its_server_answers_others_is_found(void **state)
{
	struct stage *stage = *state;
	break_answer_off(stage, 5000, "Content-Length: 90000\r\n", false);
	stage_begin_session(stage);
	stage_connect_by_polling(stage);
	const struct finding *found = SEES(stage, CODE_REQUEST_UNANSWERED);
	assert_string_equal(found->cause, "answer-broken-off");
	assert_non_null(strstr(found->seen, "after 5000 bytes of 90000 that it announced"));
}

static void answers_that_end_for_good_at_one_moment_met_a_server_that_stops(void **state)
{
	struct stage *stage = *state;
	break_answer_off(stage, 5000, "Content-Length: 90000\r\n", false);
	stage_wait(stage, 0.2);
	stage_begin_session(stage);
	break_answer_off(stage, 7000, "Content-Length: 90000\r\n", false);
	DOES_NOT_SEE(stage, CODE_REQUEST_UNANSWERED);
}

static void a_session_that_goes_on_has_lost_no_answer_for_good(void **state)
{
	struct stage *stage = *state;
	for (int i = 0; i < 2; i++) {
		break_answer_off(stage, 5000, "Content-Length: 90000\r\n", false);
		stage_wait(stage, 5);
		stage_post(stage, 1, 10, ANSWERED, "ok");
	}
	DOES_NOT_SEE(stage, CODE_REQUEST_UNANSWERED);
}

static void answers_with_gaps_may_have_been_whole_before_the_server_ended_the_connection(void **state)
{
	struct stage *stage = *state;
	break_answer_off(stage, 69632, "Transfer-Encoding: chunked\r\n", true);
	stage_wait(stage, 8);
	stage_begin_session(stage);
	break_answer_off(stage, 69700, "Transfer-Encoding: chunked\r\n", true);
	DOES_NOT_SEE(stage, CODE_REQUEST_UNANSWERED);
}

static void an_answer_that_the_client_breaks_off_is_no_loss(void **state)
{
	struct stage *stage = *state;
	for (int i = 0; i < 2; i++) {
		if (i)
			stage_begin_session(stage);
		stage_connect_by_polling(stage);
		stage->cut = (struct exchange_half){.incomplete = true, .body_bytes = 100, .latest = stage->now};
		stage->end = EXCHANGE_UNANSWERED;
		stage->ended_by = TO_SERVER;
		stage_ask(stage, true, "GET /socket.io/?EIO=4&transport=polling&sid=sid HTTP/1.1\r\n\r\n",
		    "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", "42[");
		stage_wait(stage, 10);
	}
	DOES_NOT_SEE(stage, CODE_REQUEST_UNANSWERED);
}

static void an_answer_with_a_gap_may_have_been_whole(void **state)
{
	struct stage *stage = *state;
	answer_in_part(stage, 20, EXCHANGE_UNANSWERED, TO_SERVER, true);
	DOES_NOT_SEE(stage, CODE_REQUEST_UNANSWERED);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    ON_STAGE(events_in_the_body_of_an_upgrade_are_lost_and_named),
	    ON_STAGE(more_events_than_are_named_are_counted),
	    ON_STAGE(events_in_the_answer_to_an_aborted_poll_are_lost_when_the_session_goes_on),
	    ON_STAGE(a_client_that_left_lost_nothing),
	    ON_STAGE(an_event_that_was_read_is_not_lost),
	    ON_STAGE(events_that_python_does_not_read_for_want_of_a_length_are_lost),
	    ON_STAGE(events_with_a_length_are_read),
	    ON_STAGE(behind_a_proxy_only_an_acknowledgement_that_never_came_shows_it),
	    ON_STAGE(behind_a_proxy_an_acknowledgement_that_never_came_makes_it_likely),
	    ON_STAGE(an_acknowledgement_that_may_have_been_lost_shows_nothing),
	    ON_STAGE(an_acknowledgement_shows_that_posts_are_read),
	    ON_STAGE(an_acknowledgement_of_a_post_with_a_length_shows_nothing_of_others),
	    ON_STAGE(a_server_that_was_spoken_to_by_http1_is_behind_a_proxy),
	    ON_STAGE(a_session_that_is_joined_shows_that_posts_are_read),
	    ON_STAGE(a_session_that_is_joined_before_its_post_is_answered_shows_it_too),
	    ON_STAGE(a_session_that_is_never_joined_makes_it_likely),
	    ON_STAGE(a_session_that_is_not_joined_yet_may_still_be),
	    ON_STAGE(a_ping_behind_a_pong_shows_that_posts_are_read),
	    ON_STAGE(another_implementation_reads_it),
	    ON_STAGE(an_answer_that_stops_while_the_client_waits_is_found),
	    ON_STAGE(an_answer_that_stops_until_the_capture_ends_is_found),
	    ON_STAGE(an_answer_that_stops_for_a_moment_is_only_possibly_cut_short),
	    ON_STAGE(a_large_answer_that_never_pauses_is_under_way),
	    ON_STAGE(a_server_that_breaks_its_answer_off_did_not_cut_it_short),
	    ON_STAGE(answers_that_a_server_breaks_off_at_several_moments_are_found),
	    ON_STAGE(an_answer_that_is_broken_off_while_its_server_answers_others_is_found),
	    ON_STAGE(answers_that_end_for_good_at_one_moment_met_a_server_that_stops),
	    ON_STAGE(a_session_that_goes_on_has_lost_no_answer_for_good),
	    ON_STAGE(answers_with_gaps_may_have_been_whole_before_the_server_ended_the_connection),
	    ON_STAGE(an_answer_that_the_client_breaks_off_is_no_loss),
	    ON_STAGE(an_answer_with_a_gap_may_have_been_whole),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
