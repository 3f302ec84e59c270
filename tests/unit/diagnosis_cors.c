/* cors-blocked by an origin that is nearly the page's, and by pages that have none, on timelines made by hand. */
#include "stage.h"

#define ASKS(origin)                                                                             \
	"GET /socket.io/?EIO=4&transport=polling HTTP/1.1\r\nHost: app:8000\r\nSec-Fetch-Mode: " \
	"cors\r\nOrigin: " origin "\r\n\r\n"
#define ALLOWS(value) "HTTP/1.1 200 OK\r\nAccess-Control-Allow-Origin: " value "\r\n\r\n"

/* `cause` NULL: nothing is found. */
static void judge(const char *request, const char *answer, const char *cause, const char *words)
{
	struct stage stage;
	stage_begin(&stage);
	stage_ask(&stage, true, request, answer, "");
	const struct finding *found = stage_expect(&stage, CODE_CORS_BLOCKED, cause != NULL);
	if (cause) {
		assert_string_equal(found->cause, cause);
		if (!strstr(found->seen, words))
			fail_msg("\"%s\" does not say \"%s\"", found->seen, words);
	}
	stage_end(&stage);
}

#define PAGE "https://shop.example"

static void the_value_that_is_allowed_is_shown(void **state)
{
	(void)state;
	judge(ASKS(PAGE), ALLOWS("https://admin.other.example"), "other-origin", "\"https://admin.other.example\"");
}

static void a_slash_or_a_path_behind_the_origin_is_named(void **state)
{
	(void)state;
	judge(ASKS(PAGE), ALLOWS("https://shop.example/"), "origin-spelling",
	    "\"https://shop.example/\": the page's origin with a slash at its end");
	judge(ASKS(PAGE), ALLOWS("https://shop.example/app"), "origin-spelling", "with a path behind it");
}

static void upper_case_in_the_origin_is_named(void **state)
{
	(void)state;
	judge(ASKS(PAGE), ALLOWS("https://Shop.Example"), "origin-spelling", "with upper case");
}

static void the_port_of_the_scheme_is_one_too_many(void **state)
{
	(void)state;
	judge(ASKS(PAGE), ALLOWS("https://shop.example:443"), "origin-spelling", "with the port of its scheme");
	judge(ASKS("http://[::1]"), ALLOWS("http://[::1]:80"), "origin-spelling", "with the port of its scheme");
}

static void an_origin_without_its_scheme_or_in_quotes_is_named(void **state)
{
	(void)state;
	judge(ASKS("http://page:3000"), ALLOWS("page:3000"), "origin-spelling", "without its scheme");
	judge(ASKS(PAGE), ALLOWS("\"https://shop.example\""), "origin-spelling", "in quotes");
}

static void another_scheme_port_or_host_is_another_origin_and_named(void **state)
{
	(void)state;
	judge(ASKS(PAGE), ALLOWS("http://shop.example"), "other-origin", "another scheme");
	judge(ASKS("http://page:3000"), ALLOWS("http://page:5173"), "other-origin", "another port");
	judge(ASKS("http://page:3000"), ALLOWS("http://page"), "other-origin", "another port");
	judge(ASKS("http://localhost:3000"), ALLOWS("http://127.0.0.1:3000"), "other-origin", "another host");
	judge(ASKS("http://localhost"), ALLOWS("http://[::1]"), "other-origin", "another host");
}

static void what_is_not_one_origin_allows_none(void **state)
{
	(void)state;
	judge(ASKS(PAGE), ALLOWS("https://*.example"), "not-one-origin", "a pattern");
	judge(ASKS(PAGE), ALLOWS("https://shop.example https://www.example"), "not-one-origin", "more than one value");
	judge(ASKS(PAGE), ALLOWS("undefined"), "not-one-origin", "no origin");
	judge(ASKS(PAGE), ALLOWS(""), "not-one-origin", "empty");
}

static void a_preflight_shows_the_value_that_its_answer_allows(void **state)
{
	(void)state;
	judge("OPTIONS /socket.io/?EIO=4&transport=polling HTTP/1.1\r\nHost: app:8000\r\nSec-Fetch-Mode: cors\r\n"
	      "Origin: https://shop.example\r\nAccess-Control-Request-Method: GET\r\n"
	      "Access-Control-Request-Headers: x-token\r\n\r\n",
	    ALLOWS("https://shop.example/"), "origin-spelling",
	    "\"https://shop.example/\": the page's origin with a slash");
}

static void a_page_without_an_origin_was_opened_as_a_file(void **state)
{
	(void)state;
	judge(ASKS("null"), ALLOWS("http://page"), "null-origin", "no origin of its own");
	judge(ASKS("null"), "HTTP/1.1 200 OK\r\n\r\n", "null-origin", "carries no Access-Control-Allow-Origin");
	judge("GET /socket.io/?EIO=4&transport=polling HTTP/1.1\r\nHost: app:8000\r\nSec-Fetch-Mode: cors\r\n"
	      "Cookie: a=b\r\nOrigin: null\r\n\r\n",
	    ALLOWS("*"), "null-origin", "although credentials were sent");
}

static void of_a_page_without_an_origin_an_error_is_repaired_first(void **state)
{
	(void)state;
	judge(ASKS("null"), "HTTP/1.1 502 Bad Gateway\r\n\r\n", "error-answer", "HTTP 502");
}

static void a_server_that_refuses_a_page_without_an_origin_is_no_matter_of_its_list(void **state)
{
	struct stage *stage = *state;
	stage_ask(
	    stage, false, ASKS("null"), "HTTP/1.1 400 Bad Request\r\n\r\n", "\"null is not an accepted origin.\"");
	const struct finding *found = SEES(stage, CODE_HANDSHAKE_REJECTED);
	assert_string_equal(found->cause, "null-origin");
	assert_non_null(strstr(found->advice, "file://"));
}

static void an_origin_that_is_allowed_letter_by_letter_is_healthy(void **state)
{
	(void)state;
	judge(ASKS(PAGE), ALLOWS("https://shop.example"), NULL, NULL);
	judge(ASKS("http://page:3000"), ALLOWS("http://page:3000"), NULL, NULL);
}

static void a_page_without_an_origin_that_all_or_null_allow_is_healthy(void **state)
{
	(void)state;
	judge(ASKS("null"), ALLOWS("*"), NULL, NULL);
	judge(ASKS("null"), ALLOWS("null"), NULL, NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(the_value_that_is_allowed_is_shown),
	    cmocka_unit_test(a_slash_or_a_path_behind_the_origin_is_named),
	    cmocka_unit_test(upper_case_in_the_origin_is_named),
	    cmocka_unit_test(the_port_of_the_scheme_is_one_too_many),
	    cmocka_unit_test(an_origin_without_its_scheme_or_in_quotes_is_named),
	    cmocka_unit_test(another_scheme_port_or_host_is_another_origin_and_named),
	    cmocka_unit_test(what_is_not_one_origin_allows_none),
	    cmocka_unit_test(a_preflight_shows_the_value_that_its_answer_allows),
	    cmocka_unit_test(a_page_without_an_origin_was_opened_as_a_file),
	    cmocka_unit_test(of_a_page_without_an_origin_an_error_is_repaired_first),
	    ON_STAGE(a_server_that_refuses_a_page_without_an_origin_is_no_matter_of_its_list),
	    cmocka_unit_test(an_origin_that_is_allowed_letter_by_letter_is_healthy),
	    cmocka_unit_test(a_page_without_an_origin_that_all_or_null_allow_is_healthy),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
