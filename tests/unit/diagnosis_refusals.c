/* Handshakes refused, and CORS, on requests and answers told by hand. */
#include "stage.h"

#define POLL "GET /socket.io/?EIO=4&transport=polling HTTP/1.1\r\nHost: app:8000\r\n"
#define REFUSED "HTTP/1.1 400 Bad Request\r\n\r\n"

/* ---- refusals */

static void refuse(const char *request, const char *answer, const char *body, enum code code)
{
	struct stage stage;
	stage_begin(&stage);
	stage_ask(&stage, false, request, answer, body);
	SEES(&stage, code);
	stage_end(&stage);
}

static void each_server_refuses_a_transport_in_its_own_words(void **state)
{
	(void)state;
	refuse(POLL "\r\n", REFUSED, "{\"code\":0,\"message\":\"Transport unknown\"}", CODE_TRANSPORT_REJECTED);
	refuse(POLL "\r\n", REFUSED, "{\"code\":\"0\",\"message\":\"?\"}", CODE_TRANSPORT_REJECTED);
	refuse(POLL "\r\n", REFUSED, "\"Invalid transport\"", CODE_TRANSPORT_REJECTED);
	refuse(POLL "\r\n", REFUSED, "invalid transport: %!s(<nil>)\n", CODE_TRANSPORT_REJECTED);
}

static void each_server_refuses_a_revision_in_its_own_words(void **state)
{
	(void)state;
	refuse(
	    POLL "\r\n", REFUSED, "{\"code\":5,\"message\":\"Unsupported protocol version\"}", CODE_PROTOCOL_VERSION);
	refuse(
	    POLL "\r\n", REFUSED, "{\"code\":4,\"message\":\"Unsupported protocol version\"}", CODE_PROTOCOL_VERSION);
	refuse(POLL "\r\n", REFUSED,
	    "\"The client is using an unsupported version of the Socket.IO or Engine.IO protocols\"",
	    CODE_PROTOCOL_VERSION);
}

static void an_old_payload_form_for_a_new_client_is_a_wrong_revision(void **state)
{
	(void)state;
	refuse(POLL "\r\n", ANSWERED, "97:0{\"sid\":\"x\"}", CODE_PROTOCOL_VERSION);
}

static void a_web_page_for_a_handshake_is_a_wrong_path(void **state)
{
	(void)state;
	refuse(POLL "\r\n", ANSWERED, "<!doctype html>", CODE_HANDSHAKE_REJECTED);
}

static void a_bare_403_to_a_websocket_names_both_causes_and_is_not_proven(void **state)
{
	struct stage *stage = *state;
	stage_ask(stage, false,
	    "GET /_event/?EIO=4&transport=websocket HTTP/1.1\r\nHost: app:8000\r\nOrigin: http://other\r\n"
	    "Connection: Upgrade\r\nUpgrade: websocket\r\n\r\n",
	    "HTTP/1.1 403 Forbidden\r\n\r\n", "");
	const struct finding *finding = SEES(stage, CODE_TRANSPORT_REJECTED);
	assert_int_equal(finding->confidence, CONFIDENCE_POSSIBLE);
	assert_non_null(strstr(finding->advice, "cors_allowed_origins"));
}

static void a_preflight_is_no_part_of_a_session(void **state)
{
	struct stage *stage = *state;
	stage_ask(stage, false, "OPTIONS /socket.io/?EIO=4&transport=polling HTTP/1.1\r\n\r\n", REFUSED, "");
	DOES_NOT_SEE(stage, CODE_HANDSHAKE_REJECTED);
}

static void repeated_refusals_are_one_finding_with_a_count(void **state)
{
	struct stage *stage = *state;
	for (int i = 0; i < 5; i++)
		stage_ask(stage, false, POLL "\r\n", REFUSED, "\"Invalid transport\"");
	SEES(stage, CODE_TRANSPORT_REJECTED);
	assert_int_equal(stage->findings->count, 1);
	assert_int_equal(stage->findings->first->count, 5);
}

static void a_refusal_in_json_is_known_by_its_code(void **state)
{
	(void)state;
	refuse("GET /socket.io/?EIO=4&transport=polling&sid=gone HTTP/1.1\r\n\r\n", REFUSED,
	    "{\"code\":1,\"message\":\"?\"}", CODE_SESSION_UNKNOWN);
	refuse("GET /socket.io/?EIO=3&transport=polling HTTP/1.1\r\n\r\n", REFUSED, "{\"code\":5,\"message\":\"?\"}",
	    CODE_PROTOCOL_VERSION);
}

/* ---- CORS */

static void judge_cors(const char *request, const char *answer, bool blocked)
{
	struct stage stage;
	stage_begin(&stage);
	stage_ask(&stage, true, request, answer, "");
	stage_expect(&stage, CODE_CORS_BLOCKED, blocked);
	stage_end(&stage);
}

static void a_browser_of_another_origin_needs_the_field_once_and_right(void **state)
{
	(void)state;
	judge_cors(POLL "Origin: http://page\r\n\r\n", ANSWERED, true);
	judge_cors(POLL "Origin: http://page\r\n\r\n",
	    "HTTP/1.1 200 OK\r\nAccess-Control-Allow-Origin: http://page\r\nAccess-Control-Allow-Origin: *\r\n\r\n",
	    true);
	judge_cors(POLL "Origin: http://page\r\n\r\n",
	    "HTTP/1.1 200 OK\r\nAccess-Control-Allow-Origin: http://elsewhere\r\n\r\n", true);
	judge_cors(POLL "Origin: http://page\r\n\r\n",
	    "HTTP/1.1 200 OK\r\nAccess-Control-Allow-Origin: http://page\r\n\r\n", false);
	judge_cors(
	    POLL "Origin: http://page\r\n\r\n", "HTTP/1.1 200 OK\r\nAccess-Control-Allow-Origin: *\r\n\r\n", false);
}

static void a_star_does_not_go_with_credentials(void **state)
{
	(void)state;
	judge_cors(POLL "Origin: http://page\r\nCookie: a=b\r\n\r\n",
	    "HTTP/1.1 200 OK\r\nAccess-Control-Allow-Origin: *\r\nAccess-Control-Allow-Credentials: true\r\n\r\n",
	    true);
}

static void a_page_of_the_same_origin_is_not_affected(void **state)
{
	(void)state;
	judge_cors(POLL "Origin: http://app:8000\r\n\r\n", ANSWERED, false);
}

static void a_websocket_is_not_subject_to_cors(void **state)
{
	(void)state;
	judge_cors("GET /socket.io/?EIO=4&transport=websocket HTTP/1.1\r\nHost: a\r\nOrigin: http://page\r\n\r\n",
	    SWITCHING, false);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(each_server_refuses_a_transport_in_its_own_words),
	    cmocka_unit_test(each_server_refuses_a_revision_in_its_own_words),
	    cmocka_unit_test(an_old_payload_form_for_a_new_client_is_a_wrong_revision),
	    cmocka_unit_test(a_web_page_for_a_handshake_is_a_wrong_path),
	    ON_STAGE(a_bare_403_to_a_websocket_names_both_causes_and_is_not_proven),
	    ON_STAGE(a_preflight_is_no_part_of_a_session),
	    ON_STAGE(repeated_refusals_are_one_finding_with_a_count),
	    cmocka_unit_test(a_browser_of_another_origin_needs_the_field_once_and_right),
	    cmocka_unit_test(a_star_does_not_go_with_credentials),
	    cmocka_unit_test(a_page_of_the_same_origin_is_not_affected),
	    cmocka_unit_test(a_websocket_is_not_subject_to_cors),
	    cmocka_unit_test(a_refusal_in_json_is_known_by_its_code),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
