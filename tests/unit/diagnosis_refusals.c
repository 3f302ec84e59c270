/* Handshakes refused, and CORS, on requests and answers made by hand. */
#include "stage.h"

#define POLL "GET /socket.io/?EIO=4&transport=polling HTTP/1.1\r\nHost: app:8000\r\n"
#define HELD_POLL "GET /socket.io/?EIO=4&transport=polling&sid=sid HTTP/1.1\r\n\r\n"
#define REFUSED "HTTP/1.1 400 Bad Request\r\n\r\n"

/* ---- refusals */

static void refuse(const char *request, const char *answer, const char *body, unsigned code)
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

/* ---- causes */

static void refuse_because(
    const char *request, const char *answer, const char *body, unsigned code, const char *cause, const char *advice)
{
	struct stage stage;
	stage_begin(&stage);
	stage_ask(&stage, false, request, answer, body);
	const struct finding *found = SEES(&stage, code);
	assert_non_null(found->cause);
	assert_string_equal(found->cause, cause);
	assert_non_null(strstr(found->advice, advice));
	stage_end(&stage);
}

#define NGINX(status) "<html><h1>" status "</h1><hr><center>nginx/1.22.1</center></html>"
#define POST "POST /socket.io/?EIO=4&transport=polling&sid=x HTTP/1.1\r\nHost: app:8000\r\n\r\n"

#define WEBSOCKET "GET /socket.io/?EIO=4&transport=websocket HTTP/1.1\r\nUpgrade: websocket\r\n"
#define PLAIN_REQUEST "{\"code\":3,\"message\":\"Bad request\"}"

static void what_became_of_the_upgrade_header_is_distinguished(void **state)
{
	(void)state;
	refuse_because(WEBSOCKET "Connection: keep-alive\r\n\r\n", REFUSED, PLAIN_REQUEST, CODE_HANDSHAKE_REJECTED,
	    "connection-header", "proxy_set_header Connection");
	refuse_because(WEBSOCKET "Connection: Upgrade\r\n\r\n", REFUSED, PLAIN_REQUEST, CODE_HANDSHAKE_REJECTED,
	    "upgrade-header-removed-behind", "upgrade=websocket");
}

static void headers_that_are_too_large_and_a_port_for_tls_are_causes(void **state)
{
	(void)state;
	refuse_because(POLL "\r\n", "HTTP/1.1 431 X\r\n\r\n", "", CODE_HANDSHAKE_REJECTED, "headers-too-large",
	    "max-http-header-size");
	refuse_because(POLL "\r\n", REFUSED, NGINX("The plain HTTP request was sent to HTTPS port"),
	    CODE_HANDSHAKE_REJECTED, "tls-expected", "https");
}

#define ENVOY(reason) "upstream connect error or disconnect/reset before headers. reset reason: " reason
#define UNAVAILABLE "HTTP/1.1 503 Service Unavailable\r\n\r\n"

static void what_a_proxy_says_of_its_server_is_distinguished(void **state)
{
	(void)state;
	refuse_because(
	    POLL "\r\n", UNAVAILABLE, ENVOY("overflow"), CODE_HANDSHAKE_REJECTED, "backend-full", "circuit_breakers");
	refuse_because(POLL "\r\n", UNAVAILABLE, ENVOY("connection termination"), CODE_HANDSHAKE_REJECTED,
	    "backend-broke-off", "log");
	refuse_because(POLL "\r\n", UNAVAILABLE, ENVOY("connection timeout"), CODE_HANDSHAKE_REJECTED, "backend-gone",
	    "behind the proxy");
	refuse_because(POLL "\r\n", UNAVAILABLE, "no available server\n", CODE_HANDSHAKE_REJECTED, "backend-gone",
	    "checks its health");
	refuse_because(POLL "\r\n", "HTTP/1.1 503 Service Unavailable\r\nServer: Caddy\r\n\r\n", "",
	    CODE_HANDSHAKE_REJECTED, "backend-gone", "checks its health");
}

static void a_server_that_says_503_and_nothing_is_no_proxy_without_one(void **state)
{
	struct stage *stage = *state;
	stage_ask(stage, false, POLL "\r\n", UNAVAILABLE, "");
	assert_null(SEES(stage, CODE_HANDSHAKE_REJECTED)->cause);
}

static void the_cause_of_a_refusal_chooses_the_advice(void **state)
{
	(void)state;
	refuse_because(POLL "\r\n", "HTTP/1.1 502 X\r\n\r\n", NGINX("502 Bad Gateway"), CODE_HANDSHAKE_REJECTED,
	    "backend-gone", "behind the proxy");
	refuse_because(POLL "\r\n", "HTTP/1.1 503 X\r\n\r\n", NGINX("503 Service Temporarily Unavailable"),
	    CODE_HANDSHAKE_REJECTED, "rate-limit", "limit_req");
	refuse_because(POLL "\r\n", REFUSED, "\"http://a is not an accepted origin.\"", CODE_HANDSHAKE_REJECTED,
	    "origin", "allowed origins");
	refuse_because("GET /socket.io/?EIO=4&transport=websocket HTTP/1.1\r\n\r\n", REFUSED,
	    "\"Invalid websocket upgrade\"", CODE_HANDSHAKE_REJECTED, "upgrade-header-removed",
	    "proxy_set_header Upgrade");
	refuse_because(POST, "HTTP/1.1 413 X\r\n\r\n", NGINX("413"), CODE_PAYLOAD_TOO_LARGE, "proxy-limit",
	    "client_max_body_size");
	refuse_because(POST, "HTTP/1.1 413 X\r\n\r\n", "", CODE_PAYLOAD_TOO_LARGE, "server-limit", "maxHttpBufferSize");
}

static void the_advice_is_for_the_server_that_is_recognised(void **state)
{
	(void)state;
	struct findings findings;
	struct recognition recognition = {0};
	for (size_t i = 0; i < servers_count(); i++)
		if (strcmp(servers_table[i]->software, "socketioxide") == 0)
			recognition.matched |= 1u << i;
	findings_init(&findings, 1 << 20);
	struct finding *finding = findings_claim(&findings, CODE_PAYLOAD_TOO_LARGE, CONFIDENCE_PROVEN, NULL, NULL, "");
	finding_set_cause(&findings, finding, CAUSE_SERVER_LIMIT, &recognition);
	assert_non_null(strstr(finding->advice, "max_payload"));
	assert_null(strstr(finding->advice, "maxHttpBufferSize"));
	findings_free(&findings);
}

static void each_cause_is_of_a_code(void **state)
{
	(void)state;
	for (enum cause cause = 0; cause < CAUSES; cause++) {
		assert_non_null(cause_table[cause].meaning);
		assert_int_not_equal(code_named(slice_of_text(cause_table[cause].code)), CODES);
	}
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

static void a_bare_403_to_a_websocket_of_revision_3_may_mean_the_revision(void **state)
{
	struct stage *stage = *state;
	stage_ask(stage, false,
	    "GET /socket.io/?EIO=3&transport=websocket HTTP/1.1\r\nHost: app:8000\r\n"
	    "Connection: Upgrade\r\nUpgrade: websocket\r\n\r\n",
	    "HTTP/1.1 403 Forbidden\r\n\r\n", "");
	assert_only_possible(SEES(stage, CODE_PROTOCOL_VERSION));
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

#define BEHIND_PROXY(fields)                                                                                       \
	"GET /socket.io/?EIO=4&transport=polling HTTP/1.1\r\nHost: backend:8000\r\nOrigin: http://page\r\n" fields \
	"\r\n"
#define NO_CORS_FIELDS "HTTP/1.1 200 OK\r\n\r\n"

static void a_page_of_the_same_origin_is_not_blocked_whatever_host_a_proxy_writes(void **state)
{
	(void)state;
	judge_cors(BEHIND_PROXY("Sec-Fetch-Site: same-origin\r\n"), NO_CORS_FIELDS, false);
	judge_cors(BEHIND_PROXY("X-Forwarded-Host: page\r\n"), NO_CORS_FIELDS, false);
	judge_cors(BEHIND_PROXY("X-Forwarded-Host: page, inner\r\n"), NO_CORS_FIELDS, false);
	judge_cors(BEHIND_PROXY("Forwarded: for=1.2.3.4;host=page;proto=http\r\n"), NO_CORS_FIELDS, false);
	judge_cors(BEHIND_PROXY("Forwarded: for=1.2.3.4; host=\"page\"\r\n"), NO_CORS_FIELDS, false);
}

static void a_page_of_another_origin_is_blocked_behind_a_proxy_too(void **state)
{
	(void)state;
	judge_cors(BEHIND_PROXY("Sec-Fetch-Site: cross-site\r\nX-Forwarded-Host: page\r\n"), NO_CORS_FIELDS, true);
	judge_cors(BEHIND_PROXY("Sec-Fetch-Site: same-site\r\n"), NO_CORS_FIELDS, true);
	judge_cors(BEHIND_PROXY("X-Forwarded-Host: other\r\n"), NO_CORS_FIELDS, true);
}

static void behind_a_proxy_that_names_no_host_a_page_is_only_possibly_blocked(void **state)
{
	struct stage *stage = *state;
	stage_ask(
	    stage, true, BEHIND_PROXY("X-Forwarded-For: 1.2.3.4\r\nSec-Fetch-Mode: cors\r\n"), NO_CORS_FIELDS, "");
	const struct finding *found = SEES(stage, CODE_CORS_BLOCKED);
	assert_only_possible(found);
	assert_int_equal(found->severity, SEVERITY_WARNING);
}

static void without_a_proxy_an_old_browsers_page_is_blocked_for_certain(void **state)
{
	struct stage *stage = *state;
	stage_ask(stage, true, POLL "Origin: http://page\r\nSec-Fetch-Mode: cors\r\n\r\n", NO_CORS_FIELDS, "");
	assert_int_equal(SEES(stage, CODE_CORS_BLOCKED)->confidence, CONFIDENCE_PROVEN);
}

/* A page of another origin opens a session, which the server lets all origins read. */
static void open_to_all(struct stage *stage)
{
	stage_ask(stage, true, POLL "Origin: http://page\r\nSec-Fetch-Mode: cors\r\n\r\n",
	    "HTTP/1.1 200 OK\r\nAccess-Control-Allow-Origin: *\r\n\r\n", "0{}");
	stage_emit(stage, EVENT_OPEN, TO_CLIENT);
}

static void a_page_that_uses_none_of_its_sessions_may_not_read_the_answers(void **state)
{
	struct stage *stage = *state;
	open_to_all(stage);
	stage_begin_session(stage);
	open_to_all(stage);
	stage->lingers = 2 * TIMESTAMP_SECOND;
	assert_only_possible(SEES(stage, CODE_CORS_BLOCKED));
}

static void a_page_that_leaves_one_session_unused_was_closed(void **state)
{
	struct stage *stage = *state;
	open_to_all(stage);
	stage->lingers = 2 * TIMESTAMP_SECOND;
	DOES_NOT_SEE(stage, CODE_CORS_BLOCKED);
}

static void a_page_that_uses_its_sessions_reads_the_answers(void **state)
{
	struct stage *stage = *state;
	open_to_all(stage);
	stage_emit(stage, EVENT_CONNECT, TO_SERVER);
	stage_begin_session(stage);
	open_to_all(stage);
	stage_emit(stage, EVENT_CONNECT, TO_SERVER);
	stage->lingers = 2 * TIMESTAMP_SECOND;
	DOES_NOT_SEE(stage, CODE_CORS_BLOCKED);
}

/* ---- requests of a session */

static void the_poll_that_was_held_at_the_clients_own_close_was_not_refused(void **state)
{
	struct stage *stage = *state;
	stage_connect_by_polling(stage);
	stage_emit(stage, EVENT_CLOSE, TO_SERVER);
	stage_wait(stage, -1); /* it was asked before */
	stage_ask(stage, true, HELD_POLL, REFUSED, "\"Bad Request\"");
	stage_wait(stage, 1);
	stage_expect_quiet(stage);
}

static void a_poll_that_is_asked_after_the_clients_close_is_refused(void **state)
{
	struct stage *stage = *state;
	stage_connect_by_polling(stage);
	stage_emit(stage, EVENT_CLOSE, TO_SERVER);
	stage_wait(stage, 2);
	stage_ask(stage, true, HELD_POLL, REFUSED, "\"Bad Request\"");
	SEES(stage, CODE_HANDSHAKE_REJECTED);
}

#define UNKNOWN "{\"code\":1,\"message\":\"Session ID unknown\"}"

/* A POST of one packet that is no event, answered so. */
static void post_packet(struct stage *stage, enum event_kind kind, const char *answer, const char *body)
{
	uint64_t first_packet = stage->packets + 1;
	stage_emit(stage, kind, TO_SERVER);
	stage_answer_post(stage, first_packet, 1, answer, body);
}

static void the_post_that_says_goodbye_may_be_answered_in_any_way(void **state)
{
	struct stage *stage = *state;
	stage_connect_by_polling(stage);
	stage_emit(stage, EVENT_DISCONNECT, TO_SERVER);
	post_packet(stage, EVENT_CLOSE, "HTTP/1.1 500 Internal Server Error\r\n\r\n", "");
	stage_expect_quiet(stage);
}

static void a_goodbye_that_crosses_the_servers_lost_nothing(void **state)
{
	struct stage *stage = *state;
	stage_connect_by_polling(stage);
	uint64_t first_packet = stage->packets + 1;
	stage->held = TIMESTAMP_SECOND / 10;
	stage_emit(stage, EVENT_DISCONNECT, TO_SERVER);
	stage_emit(stage, EVENT_CLOSE, TO_CLIENT);
	stage_answer_post(stage, first_packet, 2, REFUSED, UNKNOWN);
	stage_expect_quiet(stage);
}

static void a_pong_behind_the_clients_close_lost_nothing(void **state)
{
	struct stage *stage = *state;
	stage_connect_by_polling(stage);
	stage_emit(stage, EVENT_CLOSE, TO_SERVER);
	post_packet(stage, EVENT_PONG, "HTTP/1.1 500 Internal Server Error\r\n\r\n", "500: Internal Server Error");
	stage_expect_quiet(stage);
}

static void a_client_that_asks_on_after_the_servers_close_does_not_know_that_it_is_over(void **state)
{
	struct stage *stage = *state;
	stage_connect_by_polling(stage);
	stage_emit(stage, EVENT_CLOSE, TO_CLIENT);
	stage_wait(stage, 0.1);
	stage_ask(stage, true, HELD_POLL, REFUSED, UNKNOWN);
	SEES(stage, CODE_SESSION_UNKNOWN);
}

static void a_poll_that_crossed_the_upgrade_lost_nothing(void **state)
{
	struct stage *stage = *state;
	stage_connect_by_polling(stage);
	stage->session.known = true;
	stage->session.transport = TRANSPORT_WEBSOCKET;
	stage_ask(stage, true, HELD_POLL, REFUSED, "\"Bad Request\"");
	stage_expect_quiet(stage);
}

static void a_poll_that_node_refuses_because_it_crossed_the_upgrade_lost_nothing(void **state)
{
	struct stage *stage = *state;
	stage_connect_by_polling(stage);
	stage->session.known = true;
	stage->session.transport = TRANSPORT_WEBSOCKET;
	stage_ask(stage, true, HELD_POLL, REFUSED, "{\"code\":3,\"message\":\"Bad request\"}");
	stage_expect_quiet(stage);
}

static void a_post_without_an_event_drops_none(void **state)
{
	struct stage *stage = *state;
	stage_connect_by_polling(stage);
	post_packet(stage, EVENT_PONG, REFUSED, "\"Bad Request\"");
	DOES_NOT_SEE(stage, CODE_EVENT_DROPPED);
}

static void a_post_with_an_event_drops_it_whatever_else_it_carries(void **state)
{
	struct stage *stage = *state;
	stage_connect_by_polling(stage);
	uint64_t first_packet = stage_begin_post(stage, 1);
	struct event pong = stage_event(stage, EVENT_PONG, TO_SERVER);
	pong.origin.first = first_packet;
	stage_emit_event(stage, &pong);
	stage_answer_post(stage, first_packet, 20, REFUSED, "\"Bad Request\"");
	SEES(stage, CODE_EVENT_DROPPED);
}

static void a_post_that_overtakes_another_does_not_hide_what_that_carried(void **state)
{
	struct stage *stage = *state;
	stage_connect_by_polling(stage);
	uint64_t first_packet = stage_begin_post(stage, 1);
	post_packet(stage, EVENT_PONG, ANSWERED, "ok");
	stage_answer_post(stage, first_packet, 20, REFUSED, "\"Bad Request\"");
	SEES(stage, CODE_EVENT_DROPPED);
}

/* A session of netty-socketio. */
static void connect_to_netty(struct stage *stage)
{
	stage_connect_by_polling(stage);
	stage_recognise(stage, "27fed42b-36bf-41ea-8294-03fc7b6c35ab", "sid,upgrades,pingInterval,pingTimeout", "4");
}

static void netty_does_not_know_a_sid_by_500_and_nothing(void **state)
{
	struct stage *stage = *state;
	connect_to_netty(stage);
	stage_ask(stage, true, HELD_POLL, "HTTP/1.1 500 Internal Server Error\r\n\r\n", "");
	SEES(stage, CODE_SESSION_UNKNOWN);
}

static void a_500_with_nothing_of_another_server_says_nothing_of_the_sid(void **state)
{
	struct stage *stage = *state;
	stage_connect_by_polling(stage);
	stage_ask(stage, true, HELD_POLL, "HTTP/1.1 500 Internal Server Error\r\n\r\n", "");
	DOES_NOT_SEE(stage, CODE_SESSION_UNKNOWN);
}

static void a_poll_that_is_broken_off_while_the_session_lives_ends_it(void **state)
{
	struct stage *stage = *state;
	stage_connect_by_polling(stage);
	stage_ask(stage, true, HELD_POLL, REFUSED, "\"Bad Request\"");
	DOES_NOT_SEE(stage, CODE_HANDSHAKE_REJECTED);
	SEES(stage, CODE_ABNORMAL_CLOSE);
}

static void a_path_that_a_proxy_changed_is_shown_from_both_sides(void **state)
{
	struct stage *stage = *state;
	stage->held = TIMESTAMP_SECOND / 10;
	stage_ask(stage, false, "GET /socket.io/?EIO=4&transport=polling&t=1 HTTP/1.1\r\n\r\n",
	    "HTTP/1.1 404 Not Found\r\n\r\n", "");
	stage->held = TIMESTAMP_SECOND;
	stage->connection.server.port = 80;
	stage_ask(stage, false, "GET /api/socket.io/?EIO=4&transport=polling&t=1 HTTP/1.1\r\n\r\n",
	    "HTTP/1.1 404 Not Found\r\n\r\n", "");
	const struct finding *found = SEES(stage, CODE_HANDSHAKE_REJECTED);
	assert_string_equal(found->cause, "path-changed");
	assert_non_null(
	    strstr(found->seen, "/api/socket.io/, and the proxy there passes it on to 0.0.0.0:8000 as /socket.io/"));
	assert_int_equal(stage->findings->counts[CODE_HANDSHAKE_REJECTED], 1);
}

static void requests_for_two_paths_are_two_refusals(void **state)
{
	struct stage *stage = *state;
	stage_ask(stage, false, "GET /socket.io/?EIO=4&transport=polling&t=1 HTTP/1.1\r\n\r\n",
	    "HTTP/1.1 404 Not Found\r\n\r\n", "");
	stage_ask(stage, false, "GET /api/socket.io/?EIO=4&transport=polling&t=2 HTTP/1.1\r\n\r\n",
	    "HTTP/1.1 404 Not Found\r\n\r\n", "");
	assert_string_equal(SEES(stage, CODE_HANDSHAKE_REJECTED)->cause, "no-such-path");
	assert_int_equal(stage->findings->counts[CODE_HANDSHAKE_REJECTED], 2);
}

static void each_revision_that_is_refused_is_a_finding_of_its_own(void **state)
{
	struct stage *stage = *state;
	static const char *const queries[] = {"EIO=3&", "EIO=5&", ""};
	for (size_t i = 0; i < 3; i++) {
		char request[128];
		snprintf(request, sizeof request, "GET /socket.io/?%stransport=polling HTTP/1.1\r\n\r\n", queries[i]);
		stage_ask(stage, false, request, REFUSED, "{\"code\":5,\"message\":\"Unsupported protocol version\"}");
	}
	SEES(stage, CODE_PROTOCOL_VERSION);
	assert_int_equal(stage->findings->counts[CODE_PROTOCOL_VERSION], 3);
}

static void a_query_in_lower_case_is_named(void **state)
{
	struct stage *stage = *state;
	stage_ask(stage, false, "GET /socket.io/?eio=4&transport=polling&EIO= HTTP/1.1\r\nHost: app:8000\r\n\r\n",
	    REFUSED, "{\"code\":5,\"message\":\"Unsupported protocol version\"}");
	const struct finding *version = SEES(stage, CODE_PROTOCOL_VERSION);
	assert_string_equal(version->cause, "query-lower-case");
	assert_non_null(strstr(version->seen, "eio=4"));
}

static void node_that_refuses_the_revision_that_it_takes_got_another_query(void **state)
{
	struct stage *stage = *state;
	stage_ask(stage, false, POLL "\r\n", REFUSED, "{\"code\":5,\"message\":\"Unsupported protocol version\"}");
	assert_string_equal(SEES(stage, CODE_PROTOCOL_VERSION)->cause, "query-changed");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(each_server_refuses_a_transport_in_its_own_words),
	    cmocka_unit_test(what_became_of_the_upgrade_header_is_distinguished),
	    cmocka_unit_test(headers_that_are_too_large_and_a_port_for_tls_are_causes),
	    cmocka_unit_test(what_a_proxy_says_of_its_server_is_distinguished),
	    ON_STAGE(a_server_that_says_503_and_nothing_is_no_proxy_without_one),
	    cmocka_unit_test(the_cause_of_a_refusal_chooses_the_advice),
	    cmocka_unit_test(the_advice_is_for_the_server_that_is_recognised),
	    cmocka_unit_test(each_cause_is_of_a_code),
	    cmocka_unit_test(each_server_refuses_a_revision_in_its_own_words),
	    cmocka_unit_test(an_old_payload_form_for_a_new_client_is_a_wrong_revision),
	    cmocka_unit_test(a_web_page_for_a_handshake_is_a_wrong_path),
	    ON_STAGE(a_bare_403_to_a_websocket_names_both_causes_and_is_not_proven),
	    ON_STAGE(a_bare_403_to_a_websocket_of_revision_3_may_mean_the_revision),
	    ON_STAGE(a_preflight_is_no_part_of_a_session),
	    ON_STAGE(repeated_refusals_are_one_finding_with_a_count),
	    cmocka_unit_test(a_browser_of_another_origin_needs_the_field_once_and_right),
	    cmocka_unit_test(a_star_does_not_go_with_credentials),
	    cmocka_unit_test(a_page_of_the_same_origin_is_not_affected),
	    cmocka_unit_test(a_websocket_is_not_subject_to_cors),
	    cmocka_unit_test(a_refusal_in_json_is_known_by_its_code),
	    ON_STAGE(a_page_that_uses_none_of_its_sessions_may_not_read_the_answers),
	    ON_STAGE(a_page_that_leaves_one_session_unused_was_closed),
	    cmocka_unit_test(a_page_of_the_same_origin_is_not_blocked_whatever_host_a_proxy_writes),
	    cmocka_unit_test(a_page_of_another_origin_is_blocked_behind_a_proxy_too),
	    ON_STAGE(behind_a_proxy_that_names_no_host_a_page_is_only_possibly_blocked),
	    ON_STAGE(a_page_that_uses_its_sessions_reads_the_answers),
	    ON_STAGE(the_poll_that_was_held_at_the_clients_own_close_was_not_refused),
	    ON_STAGE(a_poll_that_is_asked_after_the_clients_close_is_refused),
	    ON_STAGE(a_poll_that_is_broken_off_while_the_session_lives_ends_it),
	    ON_STAGE(the_post_that_says_goodbye_may_be_answered_in_any_way),
	    ON_STAGE(a_goodbye_that_crosses_the_servers_lost_nothing),
	    ON_STAGE(a_pong_behind_the_clients_close_lost_nothing),
	    ON_STAGE(a_client_that_asks_on_after_the_servers_close_does_not_know_that_it_is_over),
	    ON_STAGE(a_post_without_an_event_drops_none),
	    ON_STAGE(a_post_with_an_event_drops_it_whatever_else_it_carries),
	    ON_STAGE(a_post_that_overtakes_another_does_not_hide_what_that_carried),
	    ON_STAGE(netty_does_not_know_a_sid_by_500_and_nothing),
	    ON_STAGE(a_500_with_nothing_of_another_server_says_nothing_of_the_sid),
	    ON_STAGE(a_path_that_a_proxy_changed_is_shown_from_both_sides),
	    ON_STAGE(requests_for_two_paths_are_two_refusals),
	    ON_STAGE(each_revision_that_is_refused_is_a_finding_of_its_own),
	    ON_STAGE(a_query_in_lower_case_is_named),
	    ON_STAGE(node_that_refuses_the_revision_that_it_takes_got_another_query),
	    ON_STAGE(without_a_proxy_an_old_browsers_page_is_blocked_for_certain),
	    ON_STAGE(a_poll_that_crossed_the_upgrade_lost_nothing),
	    ON_STAGE(a_poll_that_node_refuses_because_it_crossed_the_upgrade_lost_nothing),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
