/* cors-blocked by the answers to preflights, on timelines made by hand. */
#include "stage.h"

#define PAGE "Origin: http://page\r\nSec-Fetch-Mode: cors\r\n"
#define PREFLIGHT(headers)                                                                \
	"OPTIONS /socket.io/?EIO=4&transport=polling HTTP/1.1\r\nHost: app:8000\r\n" PAGE \
	"Access-Control-Request-Method: GET\r\nAccess-Control-Request-Headers: " headers "\r\n\r\n"
#define WITH_TOKEN                                                                                             \
	"GET /socket.io/?EIO=4&transport=polling HTTP/1.1\r\nHost: app:8000\r\n" PAGE "Authorization: Bearer " \
	"x\r\n\r\n"
#define WITHOUT_TOKEN "GET /socket.io/?EIO=4&transport=polling HTTP/1.1\r\nHost: app:8000\r\n" PAGE "\r\n"
#define ALLOWED "HTTP/1.1 204 No Content\r\nAccess-Control-Allow-Origin: http://page\r\n"
#define OF_PAGE "HTTP/1.1 200 OK\r\nAccess-Control-Allow-Origin: http://page\r\n\r\n"

static void ask(struct stage *stage, const char *request, const char *answer)
{
	stage_ask(stage, false, request, answer, "");
}

static void judge(const char *request, const char *answer, const char *cause)
{
	struct stage stage;
	stage_begin(&stage);
	ask(&stage, request, answer);
	const struct finding *found = stage_expect(&stage, CODE_CORS_BLOCKED, cause != NULL);
	if (cause)
		assert_string_equal(found->cause, cause);
	stage_end(&stage);
}

/* ---- what it must see */

static void a_header_that_the_answer_does_not_name_is_blocked_and_named(void **state)
{
	struct stage *stage = *state;
	ask(stage, PREFLIGHT("authorization"), ALLOWED "Access-Control-Allow-Headers: content-type, x-client\r\n\r\n");
	const struct finding *found = SEES(stage, CODE_CORS_BLOCKED);
	assert_string_equal(found->cause, "preflight-header");
	assert_int_equal(found->confidence, CONFIDENCE_PROVEN);
	assert_non_null(strstr(found->seen, "the header authorization"));
	assert_non_null(strstr(found->seen, "allows content-type, x-client"));
}

static void one_of_several_headers_that_is_not_named_is_blocked(void **state)
{
	(void)state;
	judge(PREFLIGHT("content-type,x-tenant"), ALLOWED "Access-Control-Allow-Headers: Content-Type\r\n\r\n",
	    "preflight-header");
}

static void an_answer_without_a_list_of_headers_allows_none(void **state)
{
	(void)state;
	judge(PREFLIGHT("x-tenant"), ALLOWED "\r\n", "preflight-header");
}

static void a_star_does_not_cover_authorization(void **state)
{
	struct stage *stage = *state;
	ask(stage, PREFLIGHT("authorization"), ALLOWED "Access-Control-Allow-Headers: *\r\n\r\n");
	const struct finding *found = SEES(stage, CODE_CORS_BLOCKED);
	assert_int_equal(found->confidence, CONFIDENCE_LIKELY);
	assert_non_null(found->doubt);
}

static void a_preflight_that_must_log_in_is_blocked_though_it_allows_the_origin(void **state)
{
	(void)state;
	const char *const answers[] = {"HTTP/1.1 401 Unauthorized\r\nWWW-Authenticate: Basic realm=\"x\"\r\n\r\n",
	    "HTTP/1.1 401 Unauthorized\r\nAccess-Control-Allow-Origin: http://page\r\n"
	    "Access-Control-Allow-Headers: authorization\r\n\r\n"};
	for (size_t i = 0; i < 2; i++) {
		struct stage stage;
		stage_begin(&stage);
		ask(&stage, PREFLIGHT("authorization"), answers[i]);
		const struct finding *found = SEES(&stage, CODE_CORS_BLOCKED);
		assert_string_equal(found->cause, "preflight-credentials");
		assert_non_null(strstr(found->seen, "preflight (OPTIONS"));
		assert_non_null(strstr(found->seen, "HTTP 401"));
		stage_end(&stage);
	}
}

static void each_status_that_is_no_success_has_its_own_advice(void **state)
{
	(void)state;
	judge(PREFLIGHT("x-a"), "HTTP/1.1 404 Not Found\r\n\r\n", "preflight-refused");
	judge(PREFLIGHT("x-a"), "HTTP/1.1 405 Method Not Allowed\r\n\r\n", "preflight-refused");
	judge(PREFLIGHT("x-a"), "HTTP/1.1 301 Moved\r\nLocation: https://app/socket.io/\r\n\r\n", "preflight-redirect");
	judge(PREFLIGHT("x-a"), "HTTP/1.1 502 Bad Gateway\r\n\r\n", "error-answer");
	judge(PREFLIGHT("x-a"), "HTTP/1.1 429 Too Many Requests\r\n\r\n", "error-answer");
}

static void a_preflight_whose_answer_allows_another_origin_is_blocked(void **state)
{
	(void)state;
	judge(PREFLIGHT("x-a"),
	    "HTTP/1.1 204 X\r\nAccess-Control-Allow-Origin: http://else\r\nAccess-Control-Allow-Headers: x-a\r\n\r\n",
	    "other-origin");
	judge(PREFLIGHT("x-a"), "HTTP/1.1 204 X\r\nAccess-Control-Allow-Headers: x-a\r\n\r\n", "no-header");
}

static void a_method_that_is_not_safelisted_must_be_named(void **state)
{
	(void)state;
	const char *request = "OPTIONS /socket.io/?EIO=4&transport=polling HTTP/1.1\r\nHost: app:8000\r\n" PAGE
	                      "Access-Control-Request-Method: PATCH\r\n\r\n";
	judge(request, ALLOWED "Access-Control-Allow-Methods: GET, POST\r\n\r\n", "preflight-method");
	judge(request, ALLOWED "Access-Control-Allow-Methods: GET, PATCH\r\n\r\n", NULL);
	judge(request, ALLOWED "Access-Control-Allow-Methods: *\r\n\r\n", NULL);
}

static void preflights_that_only_a_star_lets_pass_and_no_request_follows_may_be_with_credentials(void **state)
{
	struct stage *stage = *state;
	for (int i = 0; i < 3; i++)
		ask(stage, PREFLIGHT("x-a"),
		    "HTTP/1.1 204 X\r\nAccess-Control-Allow-Origin: *\r\nAccess-Control-Allow-Headers: x-a\r\n\r\n");
	const struct finding *found = SEES(stage, CODE_CORS_BLOCKED);
	assert_only_possible(found);
	assert_string_equal(found->cause, "star-with-credentials");
}

static void preflights_that_are_blocked_are_one_finding(void **state)
{
	struct stage *stage = *state;
	for (int i = 0; i < 3; i++)
		ask(stage, PREFLIGHT("x-a"), ALLOWED "\r\n");
	assert_int_equal(SEES(stage, CODE_CORS_BLOCKED)->count, 3);
}

/* ---- what looks alike */

static void a_preflight_that_allows_all_that_is_asked_for_is_healthy(void **state)
{
	(void)state;
	judge(PREFLIGHT("authorization"), ALLOWED "Access-Control-Allow-Headers: Authorization\r\n\r\n", NULL);
	judge(PREFLIGHT("authorization,x-a"),
	    ALLOWED "Access-Control-Allow-Headers: x-a\r\nAccess-Control-Allow-Headers: authorization\r\n\r\n", NULL);
	judge(PREFLIGHT("x-a,x-b"), ALLOWED "Access-Control-Allow-Headers: *\r\n\r\n", NULL);
	judge(PREFLIGHT("x-a"),
	    ALLOWED "Access-Control-Allow-Headers: x-a\r\nAccess-Control-Allow-Methods: PUT\r\n\r\n", NULL);
}

static void a_client_that_sends_the_request_all_the_same_does_not_check(void **state)
{
	struct stage *stage = *state;
	for (int i = 0; i < 2; i++) {
		ask(stage, PREFLIGHT("authorization"), ALLOWED "Access-Control-Allow-Headers: *\r\n\r\n");
		ask(stage, WITH_TOKEN, OF_PAGE);
	}
	DOES_NOT_SEE(stage, CODE_CORS_BLOCKED);
}

static void a_request_without_the_headers_shows_nothing_of_the_preflight(void **state)
{
	struct stage *stage = *state;
	ask(stage, PREFLIGHT("authorization"), ALLOWED "Access-Control-Allow-Headers: x-a\r\n\r\n");
	ask(stage, WITHOUT_TOKEN, OF_PAGE);
	SEES(stage, CODE_CORS_BLOCKED);
}

static void a_request_that_was_sent_before_shows_nothing_of_the_preflight(void **state)
{
	struct stage *stage = *state;
	stage_wait(stage, 20);
	ask(stage, PREFLIGHT("authorization"), ALLOWED "Access-Control-Allow-Headers: x-a\r\n\r\n");
	stage->held = 10 * TIMESTAMP_SECOND;
	ask(stage, WITH_TOKEN, OF_PAGE);
	SEES(stage, CODE_CORS_BLOCKED);
}

static void preflights_that_a_star_lets_pass_are_healthy_once_the_request_comes(void **state)
{
	struct stage *stage = *state;
	for (int i = 0; i < 4; i++)
		ask(stage, PREFLIGHT("authorization"),
		    "HTTP/1.1 204 X\r\nAccess-Control-Allow-Origin: *\r\nAccess-Control-Allow-Headers: "
		    "authorization\r\n\r\n");
	ask(stage, WITH_TOKEN, OF_PAGE);
	DOES_NOT_SEE(stage, CODE_CORS_BLOCKED);
}

static void a_page_that_leaves_after_its_preflights_was_closed(void **state)
{
	struct stage *stage = *state;
	for (int i = 0; i < 2; i++)
		ask(stage, PREFLIGHT("x-a"),
		    "HTTP/1.1 204 X\r\nAccess-Control-Allow-Origin: *\r\nAccess-Control-Allow-Headers: x-a\r\n\r\n");
	DOES_NOT_SEE(stage, CODE_CORS_BLOCKED);
}

static void options_of_a_client_that_asks_for_nothing_else_is_no_preflight(void **state)
{
	struct stage *stage = *state;
	ask(stage, "OPTIONS /socket.io/?EIO=4&transport=polling HTTP/1.1\r\nHost: app:8000\r\n\r\n",
	    "HTTP/1.1 405 Method Not Allowed\r\n\r\n");
	DOES_NOT_SEE(stage, CODE_CORS_BLOCKED);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    ON_STAGE(a_header_that_the_answer_does_not_name_is_blocked_and_named),
	    cmocka_unit_test(one_of_several_headers_that_is_not_named_is_blocked),
	    cmocka_unit_test(an_answer_without_a_list_of_headers_allows_none),
	    ON_STAGE(a_star_does_not_cover_authorization),
	    cmocka_unit_test(a_preflight_that_must_log_in_is_blocked_though_it_allows_the_origin),
	    cmocka_unit_test(each_status_that_is_no_success_has_its_own_advice),
	    cmocka_unit_test(a_preflight_whose_answer_allows_another_origin_is_blocked),
	    cmocka_unit_test(a_method_that_is_not_safelisted_must_be_named),
	    ON_STAGE(preflights_that_only_a_star_lets_pass_and_no_request_follows_may_be_with_credentials),
	    ON_STAGE(preflights_that_are_blocked_are_one_finding),
	    cmocka_unit_test(a_preflight_that_allows_all_that_is_asked_for_is_healthy),
	    ON_STAGE(a_client_that_sends_the_request_all_the_same_does_not_check),
	    ON_STAGE(a_request_without_the_headers_shows_nothing_of_the_preflight),
	    ON_STAGE(a_request_that_was_sent_before_shows_nothing_of_the_preflight),
	    ON_STAGE(preflights_that_a_star_lets_pass_are_healthy_once_the_request_comes),
	    ON_STAGE(a_page_that_leaves_after_its_preflights_was_closed),
	    ON_STAGE(options_of_a_client_that_asks_for_nothing_else_is_no_preflight),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
