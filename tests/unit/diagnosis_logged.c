/* What the server's log says of findings, on timelines made by hand. */
#include "stage.h"

#define REFUSED_WEBSOCKET                                                                               \
	"GET /_event/?EIO=4&transport=websocket HTTP/1.1\r\nHost: app:8000\r\nOrigin: http://other\r\n" \
	"Connection: Upgrade\r\nUpgrade: websocket\r\n\r\n"

static void refuse_without_a_word(struct stage *stage)
{
	stage_ask(stage, false, REFUSED_WEBSOCKET, "HTTP/1.1 403 Forbidden\r\n\r\n", "");
}

static void write_log(struct stage *stage, const char *line)
{
	struct event event = stage_event(stage, EVENT_LOG, TO_CLIENT);
	event.session = NULL;
	event.connection = NULL;
	event.line = slice_of_text(line);
	stage_emit_event(stage, &event);
}

static void write_undated(struct stage *stage, const char *line)
{
	logged_note_undated(&stage->facts.undated, NULL, slice_of_text(line));
}

/* ---- a bare 403 */

static void the_log_settles_that_a_bare_403_means_the_transport(void **state)
{
	struct stage *stage = *state;
	refuse_without_a_word(stage);
	write_log(stage, "Invalid transport (further occurrences of this error will be logged with level INFO)");
	const struct finding *found = SEES(stage, CODE_TRANSPORT_REJECTED);
	assert_int_equal(found->confidence, CONFIDENCE_PROVEN);
	assert_string_equal(found->cause, "websocket-not-allowed");
	assert_non_null(strstr(found->seen, "the server logged \"Invalid transport"));
}

static void the_log_settles_that_a_bare_403_means_the_origin(void **state)
{
	struct stage *stage = *state;
	refuse_without_a_word(stage);
	write_log(stage, "http://other is not an accepted origin.");
	const struct finding *found = SEES(stage, CODE_HANDSHAKE_REJECTED);
	assert_string_equal(found->cause, "origin");
	assert_null(stage_found(stage, CODE_TRANSPORT_REJECTED));
}

static void a_line_without_a_time_settles_it_less_surely(void **state)
{
	struct stage *stage = *state;
	write_undated(stage, "Invalid transport");
	refuse_without_a_word(stage);
	const struct finding *found = SEES(stage, CODE_TRANSPORT_REJECTED);
	assert_int_equal(found->confidence, CONFIDENCE_LIKELY);
	assert_non_null(found->doubt);
	assert_non_null(strstr(found->seen, "without a time, \"Invalid transport\""));
}

static void an_error_of_another_kind_settles_no_403(void **state)
{
	struct stage *stage = *state;
	refuse_without_a_word(stage);
	write_log(stage, "KeyError: 'x'");
	assert_int_equal(SEES(stage, CODE_TRANSPORT_REJECTED)->confidence, CONFIDENCE_POSSIBLE);
}

/* ---- errors */

static void ask_in_vain(struct stage *stage)
{
	stage_connect(stage);
	struct event event = stage_event(stage, EVENT_EVENT, TO_SERVER);
	event.packet.name = SLICE("\"order\"");
	event.packet.ack = SLICE("4");
	stage_emit_event(stage, &event);
}

static void the_exception_at_the_end_of_a_traceback_is_quoted(void **state)
{
	struct stage *stage = *state;
	ask_in_vain(stage);
	write_log(stage, "Task exception was never retrieved");
	write_log(stage, "future: <Task finished name='Task-19'>");
	write_log(stage, "Traceback (most recent call last):");
	write_log(stage, "  File \"app.py\", line 3, in order");
	write_log(stage, "shop.OutOfStockError: price");
	stage_wait(stage, 70);
	assert_non_null(
	    strstr(SEES(stage, CODE_ACK_MISSING)->seen, "the server logged \"shop.OutOfStockError: price\""));
}

static void a_line_of_another_time_is_not_quoted(void **state)
{
	struct stage *stage = *state;
	write_log(stage, "KeyError: 'x'");
	stage_wait(stage, 10);
	ask_in_vain(stage);
	stage_wait(stage, 70);
	assert_null(strstr(SEES(stage, CODE_ACK_MISSING)->seen, "KeyError"));
}

static void a_line_that_names_the_session_goes_before_others(void **state)
{
	struct stage *stage = *state;
	write_undated(stage, "KeyError: 'price'");
	write_undated(stage, "KeyError: 'sid'");
	ask_in_vain(stage);
	stage_wait(stage, 70);
	assert_non_null(strstr(SEES(stage, CODE_ACK_MISSING)->seen, "KeyError: 'sid'"));
}

#define SHAKE "GET /socket.io/?EIO=4&transport=polling HTTP/1.1\r\nHost: app:8000\r\n\r\n"
#define OTHER_FRAMEWORK "TypeError: translate_request() takes 1 positional argument but 3 were given"

static void a_server_made_for_another_framework_is_why_it_fails(void **state)
{
	struct stage *stage = *state;
	stage_ask(stage, false, SHAKE, "HTTP/1.1 500 Internal Server Error\r\n\r\n", "Internal Server Error");
	write_log(stage, "Traceback (most recent call last):");
	write_log(stage, OTHER_FRAMEWORK);
	const struct finding *found = SEES(stage, CODE_HANDSHAKE_REJECTED);
	assert_string_equal(found->cause, "async-mode");
	assert_non_null(strstr(found->advice, "async_mode=\"asgi\""));
}

static void a_path_that_is_not_served_is_no_servers_failure(void **state)
{
	struct stage *stage = *state;
	write_undated(stage, OTHER_FRAMEWORK);
	stage_ask(stage, false, SHAKE, "HTTP/1.1 404 Not Found\r\n\r\n", "Not Found");
	const struct finding *found = SEES(stage, CODE_HANDSHAKE_REJECTED);
	assert_true(!found->cause || strcmp(found->cause, "async-mode") != 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    ON_STAGE(a_server_made_for_another_framework_is_why_it_fails),
	    ON_STAGE(a_path_that_is_not_served_is_no_servers_failure),
	    ON_STAGE(the_log_settles_that_a_bare_403_means_the_transport),
	    ON_STAGE(the_log_settles_that_a_bare_403_means_the_origin),
	    ON_STAGE(a_line_without_a_time_settles_it_less_surely),
	    ON_STAGE(an_error_of_another_kind_settles_no_403),
	    ON_STAGE(the_exception_at_the_end_of_a_traceback_is_quoted),
	    ON_STAGE(a_line_of_another_time_is_not_quoted),
	    ON_STAGE(a_line_that_names_the_session_goes_before_others),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
