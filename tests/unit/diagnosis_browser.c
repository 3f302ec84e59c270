/* What a browser says of requests that failed, on exchanges of a recording made by hand. */
#include "stage.h"

static const char browser_get[] = "GET /socket.io/?EIO=4&transport=polling HTTP/1.1\r\nHost: app:8000\r\n"
                                  "Origin: https://shop.test\r\n\r\n";

static const char browser_answer[] = "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n"
                                     "Access-Control-Allow-Origin: https://shop.test\r\n\r\n";

static void recorded(struct stage *stage, enum recorded_failure failure, const char *why)
{
	struct event event = stage_event(stage, EVENT_HTTP, TO_SERVER);
	event.origin.kind = ORIGIN_ENTRIES;
	event.session = failure ? NULL : stage->current;
	stage->failure = failure;
	stage->why = why;
	stage_emit_exchange(
	    stage, &event, browser_get, failure ? "" : browser_answer, failure ? "" : "0{\"sid\":\"x\"}", 0);
	stage_wait(stage, 1);
}

/* ---- what it must see */

static void what_the_browser_stops_is_never_answered_and_has_its_own_cause(void **state)
{
	static const struct {
		enum recorded_failure failure;
		unsigned code;
		const char *cause;
	} rows[] = {
	    {RECORDED_BY_EXTENSION, CODE_REQUEST_UNANSWERED, "blocked-by-extension"},
	    {RECORDED_BY_CSP, CODE_REQUEST_UNANSWERED, "content-security-policy"},
	    {RECORDED_BY_MIXED_CONTENT, CODE_REQUEST_UNANSWERED, "mixed-content"},
	    {RECORDED_BY_LOCAL_NETWORK, CODE_REQUEST_UNANSWERED, "local-network-access"},
	    {RECORDED_BY_POLICY, CODE_REQUEST_UNANSWERED, "blocked-by-policy"},
	    {RECORDED_BY_PORT, CODE_REQUEST_UNANSWERED, "blocked-port"},
	    {RECORDED_ISOLATED, CODE_CORS_BLOCKED, "cross-origin-policy"},
	    {RECORDED_BAD_CA, CODE_TLS_FAILED, "unknown-ca"},
	    {RECORDED_BAD_DATE, CODE_TLS_FAILED, "certificate-expired"},
	    {RECORDED_BAD_NAME, CODE_TLS_FAILED, "certificate-refused"},
	    {RECORDED_NO_CLIENT_CERTIFICATE, CODE_TLS_FAILED, "client-certificate"},
	    {RECORDED_NO_TLS_VERSION, CODE_TLS_FAILED, "version"},
	};
	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct stage stage;
		stage_begin(&stage);
		recorded(&stage, rows[i].failure, "net::ERR_SOME");
		const struct finding *found = SEES(&stage, rows[i].code);
		assert_string_equal(found->cause, rows[i].cause);
		assert_int_equal(found->severity, SEVERITY_ERROR);
		assert_int_equal(found->confidence, CONFIDENCE_PROVEN);
		assert_non_null(strstr(found->seen, "net::ERR_SOME"));
		assert_non_null(strstr(found->seen, "https://shop.test"));
		stage_end(&stage);
	}
}

static void what_the_network_does_again_and_again_is_likely(void **state)
{
	static const struct {
		enum recorded_failure failure;
		unsigned code;
		const char *cause;
	} rows[] = {
	    {RECORDED_NO_NAME, CODE_SERVER_UNREACHABLE, "name-not-resolved"},
	    {RECORDED_TIMED_OUT, CODE_SERVER_UNREACHABLE, "timed-out"},
	    {RECORDED_NO_ROUTE, CODE_SERVER_UNREACHABLE, "no-route"},
	    {RECORDED_NO_PROXY, CODE_SERVER_UNREACHABLE, "client-proxy"},
	    {RECORDED_NO_TLS, CODE_TLS_FAILED, "answer-is-no-tls"},
	    {RECORDED_RESET, CODE_REQUEST_UNANSWERED, "connection-broken"},
	    {RECORDED_BROKEN_ANSWER, CODE_REQUEST_UNANSWERED, "answer-broken"},
	};
	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct stage stage;
		stage_begin(&stage);
		recorded(&stage, rows[i].failure, "net::ERR_SOME");
		recorded(&stage, rows[i].failure, "net::ERR_SOME");
		const struct finding *found = SEES(&stage, rows[i].code);
		assert_string_equal(found->cause, rows[i].cause);
		assert_int_equal(found->confidence, CONFIDENCE_LIKELY);
		assert_int_equal(found->count, 2);
		stage_end(&stage);
	}
}

static void requests_without_a_reason_and_without_any_answer_are_possible(void **state)
{
	struct stage *stage = *state;
	recorded(stage, RECORDED_FAILED, NULL);
	recorded(stage, RECORDED_FAILED, NULL);
	const struct finding *found = SEES(stage, CODE_REQUEST_UNANSWERED);
	assert_only_possible(found);
	assert_int_equal(found->severity, SEVERITY_WARNING);
	assert_string_equal(found->cause, "no-reason");
}

static void polls_that_an_extension_stops_beside_others_that_pass_are_a_warning(void **state)
{
	struct stage *stage = *state;
	recorded(stage, RECORDED_BY_EXTENSION, "net::ERR_BLOCKED_BY_CLIENT");
	recorded(stage, RECORDED_NO_FAILURE, NULL);
	assert_int_equal(SEES(stage, CODE_REQUEST_UNANSWERED)->severity, SEVERITY_WARNING);
}

/* ---- what looks alike */

static void a_name_that_is_resolved_later_was_a_moment(void **state)
{
	struct stage *stage = *state;
	recorded(stage, RECORDED_NO_NAME, "net::ERR_NAME_NOT_RESOLVED");
	recorded(stage, RECORDED_NO_NAME, "net::ERR_NAME_NOT_RESOLVED");
	recorded(stage, RECORDED_NO_FAILURE, NULL);
	stage_expect_quiet(stage);
}

static void one_failure_of_the_network_is_too_few(void **state)
{
	struct stage *stage = *state;
	recorded(stage, RECORDED_TIMED_OUT, "net::ERR_TIMED_OUT");
	stage_expect_quiet(stage);
}

static void a_client_that_is_offline_has_no_faulty_server(void **state)
{
	struct stage *stage = *state;
	for (int i = 0; i < 4; i++)
		recorded(stage, RECORDED_OFFLINE, "net::ERR_INTERNET_DISCONNECTED");
	stage_expect_quiet(stage);
}

static void names_are_not_resolved_around_the_time_that_a_client_is_offline(void **state)
{
	struct stage *stage = *state;
	for (int i = 0; i < 2; i++)
		recorded(stage, RECORDED_NO_NAME, "net::ERR_NAME_NOT_RESOLVED");
	recorded(stage, RECORDED_OFFLINE, "net::ERR_NETWORK_CHANGED");
	for (int i = 0; i < 2; i++)
		recorded(stage, RECORDED_NO_NAME, "net::ERR_NAME_NOT_RESOLVED");
	stage_expect_quiet(stage);
}

static void a_server_that_is_lost_after_the_client_is_online_again_counts(void **state)
{
	struct stage *stage = *state;
	recorded(stage, RECORDED_OFFLINE, "net::ERR_NETWORK_CHANGED");
	recorded(stage, RECORDED_NO_FAILURE, NULL);
	for (int i = 0; i < 2; i++)
		recorded(stage, RECORDED_TIMED_OUT, "net::ERR_CONNECTION_TIMED_OUT");
	SEES(stage, CODE_SERVER_UNREACHABLE);
}

static void polls_without_a_reason_beside_answers_were_held_or_left(void **state)
{
	struct stage *stage = *state;
	recorded(stage, RECORDED_NO_FAILURE, NULL);
	recorded(stage, RECORDED_FAILED, NULL);
	recorded(stage, RECORDED_FAILED, NULL);
	stage_expect_quiet(stage);
}

static void what_the_page_aborts_is_no_fault(void **state)
{
	struct stage *stage = *state;
	for (int i = 0; i < 4; i++)
		recorded(stage, RECORDED_ABORTED, "net::ERR_ABORTED");
	stage_expect_quiet(stage);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(what_the_browser_stops_is_never_answered_and_has_its_own_cause),
	    cmocka_unit_test(what_the_network_does_again_and_again_is_likely),
	    ON_STAGE(requests_without_a_reason_and_without_any_answer_are_possible),
	    ON_STAGE(polls_that_an_extension_stops_beside_others_that_pass_are_a_warning),
	    ON_STAGE(a_name_that_is_resolved_later_was_a_moment),
	    ON_STAGE(one_failure_of_the_network_is_too_few),
	    ON_STAGE(a_client_that_is_offline_has_no_faulty_server),
	    ON_STAGE(names_are_not_resolved_around_the_time_that_a_client_is_offline),
	    ON_STAGE(a_server_that_is_lost_after_the_client_is_online_again_counts),
	    ON_STAGE(polls_without_a_reason_beside_answers_were_held_or_left),
	    ON_STAGE(what_the_page_aborts_is_no_fault),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
