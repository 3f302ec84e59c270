/* event-lost on timelines made by hand. */
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

static void begin_on_python(struct stage *stage)
{
	stage->stream = 1;
	stage->session.software = (struct recognition){0};
	recognition_note(&stage->session.software, TRAIT_SID, SLICE("Sd8oRbTMyTvI0jF7AAAA"));
	recognition_note(
	    &stage->session.software, TRAIT_HANDSHAKE, SLICE("sid,upgrades,pingTimeout,pingInterval,maxPayload"));
	stage_connect_by_polling(stage);
}

static void post_event(struct stage *stage, const char *ack, const char *length, const char *answer)
{
	char request[200];
	struct event event = stage_event(stage, EVENT_EVENT, TO_SERVER);
	stage->stream += 2;
	event.origin.stream = stage->stream;
	event.packet.name = SLICE("\"ask\"");
	event.packet.ack = slice_of_text(ack);
	stage_emit_event(stage, &event);
	struct event exchange = stage_event(stage, EVENT_HTTP, TO_SERVER);
	exchange.origin.first = event.origin.first;
	snprintf(request, sizeof request, POST_HEAD "%s\r\n", length);
	stage_emit_exchange(stage, &exchange, request, answer, "OK", 9);
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

static void an_acknowledgement_shows_that_posts_are_read(void **state)
{
	struct stage *stage = *state;
	begin_on_python(stage);
	post_event(stage, "1", "", ANSWERED_BY("nginx"));
	struct event event = stage_event(stage, EVENT_ACK, TO_CLIENT);
	event.packet.ack = SLICE("1");
	event.answers = 5;
	stage_emit_event(stage, &event);
	DOES_NOT_SEE(stage, CODE_EVENT_LOST);
}

static void another_implementation_reads_it(void **state)
{
	struct stage *stage = *state;
	stage->stream = 1;
	stage->session.software = (struct recognition){0};
	recognition_note(&stage->session.software, TRAIT_SID, SLICE("Sd8oRbTMyTvI0jF7AAAA"));
	recognition_note(
	    &stage->session.software, TRAIT_HANDSHAKE, SLICE("sid,upgrades,pingInterval,pingTimeout,maxPayload"));
	stage_connect_by_polling(stage);
	post_event(stage, "1", "", ANSWERED_BY("hypercorn-h2"));
	DOES_NOT_SEE(stage, CODE_EVENT_LOST);
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
	    ON_STAGE(an_acknowledgement_shows_that_posts_are_read),
	    ON_STAGE(another_implementation_reads_it),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
