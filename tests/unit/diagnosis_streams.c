/* stream-refused on timelines made by hand. */
#include "http/http2_frame.h"
#include "stage.h"

#define ASK_POLL "GET /socket.io/?EIO=4&transport=polling&sid=sid&t=1 HTTP/1.1\r\nHost: app:8000\r\n\r\n"
#define ASK_OTHER "GET /socket.io/?EIO=4&transport=polling&sid=sid&t=2 HTTP/1.1\r\nHost: app:8000\r\n\r\n"

/* A poll whose stream was ended so. */
static void end_poll(struct stage *stage, int by, enum direction direction, uint32_t code)
{
	stage->stream += 2;
	stage->ended_by = direction;
	stage->reset = (struct stream_reset){by, direction, code, 0};
	stage_ask(stage, true, ASK_POLL, "", "");
}

static void begin_on_http2(struct stage *stage)
{
	stage->stream = 1;
	stage_connect_by_polling(stage);
}

static void a_refused_stream_that_does_not_come_again_is_found(void **state)
{
	struct stage *stage = *state;
	begin_on_http2(stage);
	end_poll(stage, RESET_STREAM, TO_CLIENT, HTTP2_REFUSED_STREAM);
	stage_wait(stage, 6);
	const struct finding *found = SEES(stage, CODE_STREAM_REFUSED);
	assert_string_equal(found->cause, "refused");
	assert_int_equal(found->confidence, CONFIDENCE_LIKELY);
	assert_non_null(strstr(found->seen, "stream 3"));
	assert_non_null(strstr(found->seen, "REFUSED_STREAM"));
}

static void one_whose_request_is_answered_when_it_comes_again_is_let_pass(void **state)
{
	struct stage *stage = *state;
	begin_on_http2(stage);
	end_poll(stage, RESET_STREAM, TO_CLIENT, HTTP2_REFUSED_STREAM);
	stage->stream += 2;
	stage_ask(stage, true, ASK_POLL, ANSWERED, "6");
	stage_wait(stage, 6);
	DOES_NOT_SEE(stage, CODE_STREAM_REFUSED);
}

/* The poll comes again, so many seconds after its stream was ended, and is answered when it was held for so long. */
static void ask_again(struct stage *stage, double after, double held, const char *answer)
{
	stage_wait(stage, after + 8);
	stage_say(stage, TO_SERVER, "\"meanwhile\"", "");
	stage_wait(stage, held - 8);
	stage->held = (timestamp)(held * TIMESTAMP_SECOND);
	stage_ask(stage, true, ASK_POLL, answer, *answer ? "2" : "");
}

static void a_poll_that_comes_again_may_be_held_as_long_as_any(void **state)
{
	struct stage *stage = *state;
	begin_on_http2(stage);
	end_poll(stage, RESET_GOAWAY, TO_CLIENT, HTTP2_NO_ERROR);
	ask_again(stage, 0.1, 24, ANSWERED);
	DOES_NOT_SEE(stage, CODE_STREAM_REFUSED);
}

static void a_request_may_come_again_over_http1(void **state)
{
	struct stage *stage = *state;
	begin_on_http2(stage);
	end_poll(stage, RESET_GOAWAY, TO_CLIENT, HTTP2_NO_ERROR);
	stage->stream = 0;
	ask_again(stage, 0.1, 10, ANSWERED);
	DOES_NOT_SEE(stage, CODE_STREAM_REFUSED);
}

static void one_that_comes_again_and_is_given_up_was_not_lost_with_its_stream(void **state)
{
	struct stage *stage = *state;
	begin_on_http2(stage);
	end_poll(stage, RESET_GOAWAY, TO_CLIENT, HTTP2_NO_ERROR);
	stage->stream += 2;
	stage->ended_by = TO_SERVER;
	ask_again(stage, 0.1, 10, "");
	DOES_NOT_SEE(stage, CODE_STREAM_REFUSED);
}

static void one_that_comes_long_after_did_not_come_again_by_itself(void **state)
{
	struct stage *stage = *state;
	begin_on_http2(stage);
	end_poll(stage, RESET_GOAWAY, TO_CLIENT, HTTP2_NO_ERROR);
	ask_again(stage, 10, 9, ANSWERED);
	SEES(stage, CODE_STREAM_REFUSED);
}

static void one_that_was_sent_before_did_not_come_again(void **state)
{
	struct stage *stage = *state;
	begin_on_http2(stage);
	stage_wait(stage, 10);
	end_poll(stage, RESET_GOAWAY, TO_CLIENT, HTTP2_NO_ERROR);
	stage->held = 5 * TIMESTAMP_SECOND;
	stage_ask(stage, true, ASK_POLL, ANSWERED, "6");
	SEES(stage, CODE_STREAM_REFUSED);
}

/* Live, a request is seen when it is sent: one that does not come again is found soon. */
static void live_nothing_waits_for_the_answer(void **state)
{
	struct stage *stage = *state;
	begin_on_http2(stage);
	stage->observer->clock(stage->observer->self, stage->now);
	end_poll(stage, RESET_GOAWAY, TO_CLIENT, HTTP2_NO_ERROR);
	stage_wait(stage, 7);
	stage->observer->clock(stage->observer->self, stage->now);
	stage->findings = diagnosis_findings(stage->diagnosis);
	assert_non_null(stage_found(stage, CODE_STREAM_REFUSED));
}

static void live_a_request_that_is_sent_again_is_let_pass_before_it_is_answered(void **state)
{
	struct stage *stage = *state;
	begin_on_http2(stage);
	stage->observer->clock(stage->observer->self, stage->now);
	end_poll(stage, RESET_GOAWAY, TO_CLIENT, HTTP2_NO_ERROR);
	stage->is_asked = true;
	stage_ask(stage, true, ASK_POLL, "", "");
	stage_wait(stage, 7);
	stage->observer->clock(stage->observer->self, stage->now);
	DOES_NOT_SEE(stage, CODE_STREAM_REFUSED);
}

static void another_request_that_is_answered_does_not_make_up_for_it(void **state)
{
	struct stage *stage = *state;
	begin_on_http2(stage);
	end_poll(stage, RESET_STREAM, TO_CLIENT, HTTP2_REFUSED_STREAM);
	stage->stream += 2;
	stage_ask(stage, true, ASK_OTHER, ANSWERED, "6");
	SEES(stage, CODE_STREAM_REFUSED);
}

static void a_goaway_that_leaves_a_stream_out_is_found(void **state)
{
	struct stage *stage = *state;
	begin_on_http2(stage);
	end_poll(stage, RESET_GOAWAY, TO_CLIENT, HTTP2_NO_ERROR);
	assert_string_equal(SEES(stage, CODE_STREAM_REFUSED)->cause, "left-out");
}

static void a_client_that_cancels_its_poll_is_none(void **state)
{
	struct stage *stage = *state;
	begin_on_http2(stage);
	end_poll(stage, RESET_STREAM, TO_SERVER, HTTP2_CANCEL);
	DOES_NOT_SEE(stage, CODE_STREAM_REFUSED);
}

static void a_client_that_finds_a_fault_in_the_answer_is_found(void **state)
{
	struct stage *stage = *state;
	begin_on_http2(stage);
	end_poll(stage, RESET_STREAM, TO_SERVER, 1);
	const struct finding *found = SEES(stage, CODE_STREAM_REFUSED);
	assert_string_equal(found->cause, "error");
	assert_non_null(strstr(found->seen, "the client of"));
}

static void a_server_that_cancels_a_poll_is_found(void **state)
{
	struct stage *stage = *state;
	begin_on_http2(stage);
	end_poll(stage, RESET_STREAM, TO_CLIENT, HTTP2_CANCEL);
	assert_string_equal(SEES(stage, CODE_STREAM_REFUSED)->cause, "ended");
}

static void a_server_that_sends_the_client_to_http1_is_none(void **state)
{
	struct stage *stage = *state;
	begin_on_http2(stage);
	end_poll(stage, RESET_STREAM, TO_CLIENT, HTTP2_HTTP_1_1_REQUIRED);
	DOES_NOT_SEE(stage, CODE_STREAM_REFUSED);
}

static void a_session_that_was_closed_is_owed_nothing(void **state)
{
	struct stage *stage = *state;
	begin_on_http2(stage);
	stage_emit(stage, EVENT_CLOSE, TO_SERVER);
	end_poll(stage, RESET_STREAM, TO_CLIENT, HTTP2_REFUSED_STREAM);
	DOES_NOT_SEE(stage, CODE_STREAM_REFUSED);
}

/* The end of a WebSocket's stream. */
static void end_websocket(struct stage *stage, enum direction direction, uint32_t code)
{
	struct event event = stage_event(stage, EVENT_TCP_CLOSE, direction);
	event.transport = TRANSPORT_WEBSOCKET;
	event.tcp_close.how = TCP_END_RST;
	event.tcp_close.reset = (struct stream_reset){RESET_STREAM, direction, code, 0};
	stage_emit_event(stage, &event);
}

static void a_websockets_stream_that_ends_with_an_error_is_found(void **state)
{
	struct stage *stage = *state;
	stage->stream = 3;
	stage_connect(stage);
	end_websocket(stage, TO_CLIENT, 2);
	const struct finding *found = SEES(stage, CODE_STREAM_REFUSED);
	assert_int_equal(found->confidence, CONFIDENCE_PROVEN);
	assert_non_null(strstr(found->seen, "INTERNAL_ERROR"));
}

static void a_websockets_stream_that_is_cancelled_behind_its_close_is_none(void **state)
{
	struct stage *stage = *state;
	stage->stream = 3;
	stage_connect(stage);
	stage_say_goodbye(stage);
	end_websocket(stage, TO_SERVER, HTTP2_CANCEL);
	DOES_NOT_SEE(stage, CODE_STREAM_REFUSED);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    ON_STAGE(a_refused_stream_that_does_not_come_again_is_found),
	    ON_STAGE(one_whose_request_is_answered_when_it_comes_again_is_let_pass),
	    ON_STAGE(a_poll_that_comes_again_may_be_held_as_long_as_any),
	    ON_STAGE(a_request_may_come_again_over_http1),
	    ON_STAGE(one_that_comes_again_and_is_given_up_was_not_lost_with_its_stream),
	    ON_STAGE(one_that_comes_long_after_did_not_come_again_by_itself),
	    ON_STAGE(one_that_was_sent_before_did_not_come_again),
	    ON_STAGE(live_nothing_waits_for_the_answer),
	    ON_STAGE(live_a_request_that_is_sent_again_is_let_pass_before_it_is_answered),
	    ON_STAGE(another_request_that_is_answered_does_not_make_up_for_it),
	    ON_STAGE(a_goaway_that_leaves_a_stream_out_is_found),
	    ON_STAGE(a_client_that_cancels_its_poll_is_none),
	    ON_STAGE(a_client_that_finds_a_fault_in_the_answer_is_found),
	    ON_STAGE(a_server_that_cancels_a_poll_is_found),
	    ON_STAGE(a_server_that_sends_the_client_to_http1_is_none),
	    ON_STAGE(a_session_that_was_closed_is_owed_nothing),
	    ON_STAGE(a_websockets_stream_that_ends_with_an_error_is_found),
	    ON_STAGE(a_websockets_stream_that_is_cancelled_behind_its_close_is_none),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
