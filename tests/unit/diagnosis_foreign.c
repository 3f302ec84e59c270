/* handshake-rejected for what is no answer of Engine.IO and no refusal by its status, on timelines told by hand. */
#include "stage.h"

#define HANDSHAKE_POLL "GET /api/socket.io/?EIO=4&transport=polling HTTP/1.1\r\nHost: app:8000\r\n\r\n"
#define HANDSHAKE_WEBSOCKET                                                                                   \
	"GET /api/socket.io/?EIO=4&transport=websocket HTTP/1.1\r\nHost: app:8000\r\nConnection: Upgrade\r\n" \
	"Upgrade: websocket\r\n\r\n"
#define POLL_OF_SESSION "GET /socket.io/?EIO=4&transport=polling&sid=sid HTTP/1.1\r\nHost: app:8000\r\n\r\n"
#define POST_OF_SESSION "POST /socket.io/?EIO=4&transport=polling&sid=sid HTTP/1.1\r\nHost: app:8000\r\n\r\n"
#define TO(location) "HTTP/1.1 308 Permanent Redirect\r\nLocation: " location "\r\n\r\n"
#define PAGE "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n"

/* ---- what it must see */

static void a_redirect_that_nobody_follows_is_told_with_its_location(void **state)
{
	struct stage *stage = *state;
	stage_ask(stage, false, HANDSHAKE_POLL, TO("/api/socket.io?EIO=4"), "");
	const struct finding *found = SEES(stage, CODE_HANDSHAKE_REJECTED);
	assert_non_null(strstr(found->seen, "308"));
	assert_non_null(strstr(found->seen, "/api/socket.io?EIO=4"));
	assert_int_equal(found->severity, SEVERITY_ERROR);
	assert_string_equal(found->cause, "redirect");
}

static void a_redirect_of_a_websocket_is_told(void **state)
{
	struct stage *stage = *state;
	stage_ask(stage, false, HANDSHAKE_WEBSOCKET, TO("/api/socket.io?EIO=4"), "");
	SEES(stage, CODE_HANDSHAKE_REJECTED);
}

static void a_redirect_that_leads_to_a_refusal_is_told(void **state)
{
	struct stage *stage = *state;
	stage_ask(stage, false, HANDSHAKE_POLL, TO("/login"), "");
	stage_ask(stage, false, "GET /login?EIO=4&transport=polling HTTP/1.1\r\n\r\n", "HTTP/1.1 403 No\r\n\r\n", "");
	stage_finish(stage);
	bool told = false;
	for (const struct finding *found = stage->findings->first; found; found = found->next)
		told |= found->cause && !strcmp(found->cause, "redirect");
	assert_true(told);
}

static void a_handshake_to_a_redirect_asked_for_again_was_not_followed(void **state)
{
	struct stage *stage = *state;
	stage_ask(stage, false, HANDSHAKE_POLL, TO("https://other/api/socket.io/"), "");
	stage_ask(stage, false, HANDSHAKE_POLL, TO("https://other/api/socket.io/"), "");
	const struct finding *found = SEES(stage, CODE_HANDSHAKE_REJECTED);
	assert_int_equal(found->severity, SEVERITY_ERROR);
	assert_int_equal(found->confidence, CONFIDENCE_PROVEN);
}

static void success_for_a_websocket_handshake_is_no_websocket(void **state)
{
	struct stage *stage = *state;
	stage_ask(stage, false, HANDSHAKE_WEBSOCKET, PAGE, "<!doctype html>");
	const struct finding *found = SEES(stage, CODE_HANDSHAKE_REJECTED);
	assert_non_null(strstr(found->seen, "HTTP 200"));
}

static void a_status_without_content_is_no_answer(void **state)
{
	static const char *const answers[] = {"HTTP/1.1 204 No Content\r\n\r\n", "HTTP/1.1 304 Not Modified\r\n\r\n"};
	(void)state;
	for (size_t i = 0; i < 2; i++) {
		struct stage stage;
		stage_begin(&stage);
		stage_ask(&stage, false, HANDSHAKE_POLL, answers[i], "");
		SEES(&stage, CODE_HANDSHAKE_REJECTED);
		stage_end(&stage);
	}
}

static void a_page_in_answer_to_a_poll_of_a_session_is_told(void **state)
{
	struct stage *stage = *state;
	stage_connect_by_polling(stage);
	stage_ask(stage, true, POLL_OF_SESSION, PAGE, "<!doctype html><title>Sign in</title>");
	const struct finding *found = SEES(stage, CODE_HANDSHAKE_REJECTED);
	assert_non_null(strstr(found->seen, "Sign in"));
}

static void a_page_in_answer_to_a_post_loses_what_it_carried(void **state)
{
	struct stage *stage = *state;
	stage_connect_by_polling(stage);
	stage_ask(stage, true, POST_OF_SESSION, PAGE, "<!doctype html>");
	const struct finding *found = SEES(stage, CODE_HANDSHAKE_REJECTED);
	assert_non_null(strstr(found->seen, "carried is lost"));
}

/* ---- what looks alike */

static void a_redirect_that_is_followed_to_a_session_is_healthy(void **state)
{
	struct stage *stage = *state;
	stage_ask(stage, false, HANDSHAKE_POLL, TO("http://app:8000/socket.io/?EIO=4&transport=polling"), "");
	stage_connect_by_polling(stage);
	DOES_NOT_SEE(stage, CODE_HANDSHAKE_REJECTED);
}

static void a_redirect_to_where_nobody_looks_is_only_a_warning(void **state)
{
	struct stage *stage = *state;
	stage_ask(stage, false, HANDSHAKE_POLL, TO("https://app/api/socket.io/?EIO=4"), "");
	const struct finding *found = SEES(stage, CODE_HANDSHAKE_REJECTED);
	assert_int_equal(found->severity, SEVERITY_WARNING);
	assert_only_possible(found);
}

static void a_post_that_is_answered_by_ok_as_html_is_healthy(void **state)
{
	struct stage *stage = *state;
	stage_connect_by_polling(stage);
	stage_ask(stage, true, POST_OF_SESSION, PAGE, "ok");
	DOES_NOT_SEE(stage, CODE_HANDSHAKE_REJECTED);
}

static void a_poll_that_is_answered_by_packets_is_healthy_whatever_its_type(void **state)
{
	static const char *const bodies[] = {"42[\"a\"]", "2", "bAQID", "6:42[\"a\"]", "___eio[0](\"2\");"};
	struct stage *stage = *state;
	stage_connect_by_polling(stage);
	for (size_t i = 0; i < sizeof bodies / sizeof *bodies; i++)
		stage_ask(stage, true, POLL_OF_SESSION, PAGE, bodies[i]);
	DOES_NOT_SEE(stage, CODE_HANDSHAKE_REJECTED);
}

static void a_preflight_without_content_is_healthy(void **state)
{
	struct stage *stage = *state;
	stage_ask(stage, false, "OPTIONS /socket.io/?EIO=4&transport=polling HTTP/1.1\r\n\r\n",
	    "HTTP/1.1 204 No Content\r\n\r\n", "");
	DOES_NOT_SEE(stage, CODE_HANDSHAKE_REJECTED);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    ON_STAGE(a_redirect_that_nobody_follows_is_told_with_its_location),
	    ON_STAGE(a_redirect_of_a_websocket_is_told),
	    ON_STAGE(a_redirect_that_leads_to_a_refusal_is_told),
	    ON_STAGE(a_handshake_to_a_redirect_asked_for_again_was_not_followed),
	    ON_STAGE(success_for_a_websocket_handshake_is_no_websocket),
	    cmocka_unit_test(a_status_without_content_is_no_answer),
	    ON_STAGE(a_page_in_answer_to_a_poll_of_a_session_is_told),
	    ON_STAGE(a_page_in_answer_to_a_post_loses_what_it_carried),
	    ON_STAGE(a_redirect_that_is_followed_to_a_session_is_healthy),
	    ON_STAGE(a_redirect_to_where_nobody_looks_is_only_a_warning),
	    ON_STAGE(a_post_that_is_answered_by_ok_as_html_is_healthy),
	    ON_STAGE(a_poll_that_is_answered_by_packets_is_healthy_whatever_its_type),
	    ON_STAGE(a_preflight_without_content_is_healthy),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
