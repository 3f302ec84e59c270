/* Where a Reflex page looks for its backend, and what answers there: handshakes and uploads, on timelines made by hand.
 */
#include "reflex/reflex.h"
#include "stage.h"

#include <stdio.h>

#define REFUSED "HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n"
#define PAGE "<!DOCTYPE html><html><head><title>Shop</title></head></html>"
#define HTML(status) "HTTP/1.1 " status "\r\nContent-Type: text/html\r\nServer: nginx/1.24.0\r\n\r\n"

/* A browser's page asks for a WebSocket at this path, and opens no session. */
static void ask_for_websocket(struct stage *stage, const char *path, const char *answer, const char *body)
{
	char request[512];
	snprintf(request, sizeof request,
	    "GET %s?token=t&EIO=4&transport=websocket HTTP/1.1\r\nHost: app\r\nOrigin: http://app\r\nConnection: "
	    "Upgrade\r\n"
	    "Upgrade: websocket\r\nUser-Agent: Mozilla/5.0\r\n\r\n",
	    path);
	stage_ask(stage, false, request, answer, body);
}

/* ---- handshakes */

static void a_bare_403_below_a_prefix_is_of_the_path_and_not_of_the_transport(void **state)
{
	struct stage *stage = *state;
	ask_for_websocket(stage, "/api/_event/", REFUSED, "");
	const struct finding *found = SEES(stage, CODE_HANDSHAKE_REJECTED);
	assert_string_equal(found->cause, "prefix-not-stripped");
	assert_int_equal(found->confidence, CONFIDENCE_LIKELY);
	assert_non_null(strstr(found->seen, "/api/_event/"));
	assert_non_null(strstr(found->advice, "backend_path"));
	assert_null(stage_found(stage, CODE_TRANSPORT_REJECTED));
}

static void a_404_below_a_prefix_is_of_the_path_too(void **state)
{
	struct stage *stage = *state;
	ask_for_websocket(stage, "/api/_event/", "HTTP/1.1 404 Not Found\r\n\r\n", "Not Found");
	assert_string_equal(SEES(stage, CODE_HANDSHAKE_REJECTED)->cause, "prefix-not-stripped");
}

static void a_bare_403_at_the_root_leaves_transport_and_origin_open(void **state)
{
	struct stage *stage = *state;
	ask_for_websocket(stage, "/_event/", REFUSED, "");
	SEES(stage, CODE_TRANSPORT_REJECTED);
	assert_null(stage_found(stage, CODE_HANDSHAKE_REJECTED));
}

static void a_path_that_is_none_of_reflex_is_not_judged_by_it(void **state)
{
	struct stage *stage = *state;
	ask_for_websocket(stage, "/api/socket.io/", REFUSED, "");
	SEES(stage, CODE_TRANSPORT_REJECTED);
	assert_null(stage_found(stage, CODE_HANDSHAKE_REJECTED));
}

static void a_page_in_answer_to_the_handshake_means_api_url(void **state)
{
	struct stage *stage = *state;
	ask_for_websocket(stage, "/_event/", HTML("200 OK"), PAGE);
	const struct finding *found = SEES(stage, CODE_HANDSHAKE_REJECTED);
	assert_string_equal(found->cause, "api-url");
	assert_non_null(strstr(found->advice, "api_url"));
}

static void a_page_in_answer_to_polling_means_api_url_too(void **state)
{
	struct stage *stage = *state;
	stage_ask(stage, false, "GET /_event/?token=t&EIO=4&transport=polling HTTP/1.1\r\nHost: app\r\n\r\n",
	    HTML("200 OK"), PAGE);
	assert_string_equal(SEES(stage, CODE_HANDSHAKE_REJECTED)->cause, "api-url");
}

static void a_404_at_the_root_means_api_url(void **state)
{
	struct stage *stage = *state;
	ask_for_websocket(stage, "/_event/", "HTTP/1.1 404 Not Found\r\n\r\n", "Not Found");
	assert_string_equal(SEES(stage, CODE_HANDSHAKE_REJECTED)->cause, "api-url");
}

static void a_proxy_without_its_backend_keeps_its_own_cause(void **state)
{
	struct stage *stage = *state;
	ask_for_websocket(stage, "/api/_event/", HTML("502 Bad Gateway"),
	    "<html><head><title>502 Bad Gateway</title></head><body><center><h1>502 Bad Gateway</h1></center>"
	    "<hr><center>nginx/1.24.0</center></body></html>");
	assert_string_equal(SEES(stage, CODE_HANDSHAKE_REJECTED)->cause, "backend-gone");
}

/* ---- the table of the deployment */

/* What it says of an item, after one handshake that opens no session. */
static void assert_deployment(struct stage *stage, const char *item, const char *answer, const char *said)
{
	const struct observer *whole = stage->observer;
	void *section = reflex_deployment.new(NULL);
	assert_non_null(section);
	stage->observer = reflex_deployment.observer(section);
	ask_for_websocket(stage, "/_event/", answer, PAGE);
	stage_ask(
	    stage, false, "GET /_event/?token=t&EIO=4&transport=polling HTTP/1.1\r\nHost: app\r\n\r\n", answer, PAGE);
	stage->observer = whole;
	cJSON *tree = reflex_deployment.tree(section);
	assert_string_equal(cJSON_GetStringValue(cJSON_GetObjectItem(tree, item)), said);
	cJSON_Delete(tree);
	reflex_deployment.free(section);
}

static void a_page_in_answer_shows_of_no_transport_whether_the_server_takes_it(void **state)
{
	assert_deployment(*state, "the server takes WebSocket", HTML("200 OK"), "cannot be seen");
	assert_deployment(*state, "the server takes polling", HTML("200 OK"), "cannot be seen");
	assert_deployment(*state, "the server takes WebSocket", HTML("502 Bad Gateway"), "cannot be seen");
}

static void a_refusal_and_a_switch_show_whether_the_server_takes_websockets(void **state)
{
	assert_deployment(*state, "the server takes WebSocket", REFUSED, "not in effect");
	assert_deployment(*state, "the server takes WebSocket", SWITCHING, "in effect");
}

/* ---- uploads */

static void upload(struct stage *stage, const char *fields, const char *answer, const char *body)
{
	char request[512];
	snprintf(request, sizeof request, "POST /_upload HTTP/1.1\r\nHost: app\r\nContent-Length: 3145920\r\n%s\r\n",
	    fields);
	stage->is_beside = true;
	stage_ask(stage, false, request, answer, body);
}

#define OF_REFLEX                    \
	"Reflex-Client-Token: t\r\n" \
	"Reflex-Event-Handler: reflex___state____state.shop___shop____app_state.handle_upload\r\n"

static void connect_page(struct stage *stage)
{
	stage_ask(stage, true,
	    "GET /_event/?token=t&EIO=4&transport=websocket HTTP/1.1\r\nUser-Agent: Mozilla/5.0\r\n\r\n", SWITCHING,
	    "");
	stage_join(stage);
}

static void an_upload_that_nginx_finds_too_large_names_its_limit_and_the_handler(void **state)
{
	struct stage *stage = *state;
	connect_page(stage);
	upload(stage, OF_REFLEX, HTML("413 Request Entity Too Large"), "<html></html>");
	const struct finding *found = SEES(stage, CODE_PAYLOAD_TOO_LARGE);
	assert_non_null(strstr(found->seen, "3145920 bytes"));
	assert_non_null(strstr(found->seen, "AppState.handle_upload"));
	assert_non_null(strstr(found->advice, "client_max_body_size"));
	assert_null(strstr(found->advice, "Cloudflare"));
	assert_int_equal(found->session, 1);
}

static void each_refusal_of_an_upload_has_its_cause(void **state)
{
	static const struct {
		const char *answer, *cause;
	} rows[] = {
	    {"HTTP/1.1 413 Content Too Large\r\n\r\n", "upload-too-large"},
	    {"HTTP/1.1 404 Not Found\r\n\r\n", "upload-path"},
	    {"HTTP/1.1 405 Method Not Allowed\r\n\r\n", "upload-path"},
	    {"HTTP/1.1 301 Moved Permanently\r\nLocation: /_upload/\r\n\r\n", "upload-path"},
	    {"HTTP/1.1 403 Forbidden\r\n\r\n", "upload-forbidden"},
	    {"HTTP/1.1 302 Found\r\nLocation: /login\r\n\r\n", "upload-forbidden"},
	    {"HTTP/1.1 504 Gateway Timeout\r\n\r\n", "upload-unreached"},
	    {"HTTP/1.1 500 Internal Server Error\r\n\r\n", "upload-error"},
	    {"HTTP/1.1 422 Unprocessable Content\r\n\r\n", "upload-request"},
	    {"HTTP/1.1 400 Bad Request\r\n\r\n", "upload-request"},
	    {"", "upload-cut"},
	};
	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct stage stage;
		stage_begin(&stage);
		stage.ended_by = TO_CLIENT;
		upload(&stage, OF_REFLEX, rows[i].answer, "");
		stage_finish(&stage);
		assert_non_null(stage.findings->first);
		assert_string_equal(stage.findings->first->cause, rows[i].cause);
		assert_int_equal(stage.findings->first->severity, SEVERITY_ERROR);
		stage_end(&stage);
	}
}

static void an_upload_that_is_taken_is_healthy(void **state)
{
	struct stage *stage = *state;
	upload(stage, OF_REFLEX, "HTTP/1.1 200 OK\r\n\r\n", "{\"delta\":{},\"final\":true}");
	upload(stage, OF_REFLEX, "HTTP/1.1 307 Temporary Redirect\r\nLocation: /_upload/\r\n\r\n", "");
	stage_expect_quiet(stage);
}

static void an_upload_that_the_user_stops_is_healthy(void **state)
{
	struct stage *stage = *state;
	stage->ended_by = TO_SERVER;
	upload(stage, OF_REFLEX, "", "");
	stage_expect_quiet(stage);
}

static void a_request_without_reflexs_headers_is_of_another_application(void **state)
{
	struct stage *stage = *state;
	upload(stage, "", HTML("413 Request Entity Too Large"), "");
	stage_expect_quiet(stage);
}

static void only_the_path_of_uploads_is_wanted_beside_engineio(void **state)
{
	(void)state;
	assert_true(plugin_wants_beside(SLICE("/_upload")));
	assert_true(plugin_wants_beside(SLICE("/api/_upload/?x=1")));
	assert_false(plugin_wants_beside(SLICE("/upload")));
	assert_false(plugin_wants_beside(SLICE("/_upload/photo.png")));
	assert_false(plugin_wants_beside(SLICE("/_event/")));
}

static void a_preflight_that_does_not_allow_reflexs_header_blocks_the_upload(void **state)
{
	struct stage *stage = *state;
	stage->is_beside = true;
	stage_ask(stage, false,
	    "OPTIONS /_upload HTTP/1.1\r\nHost: api:8000\r\nOrigin: http://app\r\nSec-Fetch-Mode: cors\r\n"
	    "Access-Control-Request-Method: POST\r\nAccess-Control-Request-Headers: reflex-client-token,"
	    "reflex-event-handler\r\n\r\n",
	    "HTTP/1.1 200 OK\r\nAccess-Control-Allow-Origin: http://app\r\nAccess-Control-Allow-Methods: POST\r\n\r\n",
	    "");
	const struct finding *found = SEES(stage, CODE_CORS_BLOCKED);
	assert_non_null(strstr(found->seen, "reflex-client-token"));
}

static void a_preflight_of_another_application_is_not_judged(void **state)
{
	struct stage *stage = *state;
	stage->is_beside = true;
	stage_ask(stage, false,
	    "OPTIONS /_upload HTTP/1.1\r\nHost: api:8000\r\nOrigin: http://app\r\nSec-Fetch-Mode: cors\r\n"
	    "Access-Control-Request-Method: POST\r\nAccess-Control-Request-Headers: x-file\r\n\r\n",
	    "HTTP/1.1 405 Method Not Allowed\r\n\r\n", "");
	stage_expect_quiet(stage);
}

static void an_upload_whose_answer_names_no_origin_is_blocked(void **state)
{
	struct stage *stage = *state;
	upload(stage, OF_REFLEX "Origin: http://other\r\nSec-Fetch-Mode: cors\r\n", "HTTP/1.1 200 OK\r\n\r\n", "{}");
	SEES(stage, CODE_CORS_BLOCKED);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    ON_STAGE(a_bare_403_below_a_prefix_is_of_the_path_and_not_of_the_transport),
	    ON_STAGE(a_404_below_a_prefix_is_of_the_path_too),
	    ON_STAGE(a_bare_403_at_the_root_leaves_transport_and_origin_open),
	    ON_STAGE(a_path_that_is_none_of_reflex_is_not_judged_by_it),
	    ON_STAGE(a_page_in_answer_to_the_handshake_means_api_url),
	    ON_STAGE(a_page_in_answer_to_polling_means_api_url_too),
	    ON_STAGE(a_404_at_the_root_means_api_url),
	    ON_STAGE(a_proxy_without_its_backend_keeps_its_own_cause),
	    ON_STAGE(a_page_in_answer_shows_of_no_transport_whether_the_server_takes_it),
	    ON_STAGE(a_refusal_and_a_switch_show_whether_the_server_takes_websockets),
	    ON_STAGE(an_upload_that_nginx_finds_too_large_names_its_limit_and_the_handler),
	    cmocka_unit_test(each_refusal_of_an_upload_has_its_cause),
	    ON_STAGE(an_upload_that_is_taken_is_healthy),
	    ON_STAGE(an_upload_that_the_user_stops_is_healthy),
	    ON_STAGE(a_request_without_reflexs_headers_is_of_another_application),
	    cmocka_unit_test(only_the_path_of_uploads_is_wanted_beside_engineio),
	    ON_STAGE(a_preflight_that_does_not_allow_reflexs_header_blocks_the_upload),
	    ON_STAGE(a_preflight_of_another_application_is_not_judged),
	    ON_STAGE(an_upload_whose_answer_names_no_origin_is_blocked),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
