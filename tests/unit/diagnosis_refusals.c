/* Handshakes refused, and CORS, on requests and answers made by hand. */
#include "base/mask.h"
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

#define POST_OF_SESSION \
	"POST /socket.io/?EIO=4&transport=polling&sid=x&t=1 HTTP/1.1\r\nHost: app:8000\r\nContent-Length: 3\r\n\r\n"

static void a_firewall_of_web_applications_is_named_and_blamed(void **state)
{
	(void)state;
	refuse_because(POLL "\r\n", "HTTP/1.1 403 Forbidden\r\nServer: cloudflare\r\n\r\n",
	    "<title>Just a moment...</title>", CODE_HANDSHAKE_REJECTED, "filtered", "Cloudflare");
	refuse_because(POLL "\r\n", "HTTP/1.1 403 Forbidden\r\nServer: awselb/2.0\r\n\r\n",
	    "<title>403 Forbidden</title>", CODE_HANDSHAKE_REJECTED, "filtered", "terminatingRuleId");
	refuse_because(POLL "\r\n", "HTTP/1.1 403 Forbidden\r\n\r\n",
	    "<html>Request unsuccessful. Incapsula incident ID: 1-2</html>", CODE_HANDSHAKE_REJECTED, "filtered",
	    "firewall");
	refuse_because(POST_OF_SESSION, "HTTP/1.1 403 Forbidden\r\nServer: awselb/2.0\r\n\r\n",
	    "<title>403 Forbidden</title>", CODE_EVENT_DROPPED, "post-filtered", "terminatingRuleId");
}

static void a_platforms_own_answer_says_what_it_lacks(void **state)
{
	(void)state;
	refuse_because(POLL "\r\n",
	    "HTTP/1.1 403 Forbidden\r\nx-amzn-ErrorType: MissingAuthenticationTokenException\r\n\r\n",
	    "{\"message\":\"Missing Authentication Token\"}", CODE_HANDSHAKE_REJECTED, "no-rule",
	    "No token is missing");
	refuse_because(POLL "\r\n", "HTTP/1.1 404 Not Found\r\napigw-requestid: abc\r\n\r\n",
	    "{\"message\":\"Not Found\"}", CODE_HANDSHAKE_REJECTED, "no-rule", "$default");
	refuse_because(POLL "\r\n", "HTTP/1.1 404 Not Found\r\nServer: Vercel\r\nX-Vercel-Error: NOT_FOUND\r\n\r\n",
	    "The page could not be found", CODE_HANDSHAKE_REJECTED, "no-rule", "Vercel runs functions");
	refuse_because(POLL "\r\n",
	    "HTTP/1.1 504 Gateway Timeout\r\nServer: Vercel\r\nX-Vercel-Error: FUNCTION_INVOCATION_TIMEOUT\r\n\r\n",
	    "An error occurred", CODE_HANDSHAKE_REJECTED, "backend-slow", "Vercel runs functions");
	refuse_because(POLL "\r\n", "HTTP/1.1 404 Not Found\r\nServer: Netlify\r\n\r\n", "Not Found - Request ID: 1",
	    CODE_HANDSHAKE_REJECTED, "no-rule", "Netlify runs functions");
	refuse_because(POLL "\r\n", "HTTP/1.1 502 Bad Gateway\r\nServer: railway-edge\r\n\r\n",
	    "{\"message\":\"Application failed to respond\"}", CODE_HANDSHAKE_REJECTED, "backend-gone", "0.0.0.0");
	refuse_because(POLL "\r\n", "HTTP/1.1 503 Service Unavailable\r\nServer: Heroku\r\n\r\n",
	    "<iframe src=\"//www.herokucdn.com/error-pages/application-error.html\">", CODE_HANDSHAKE_REJECTED,
	    "backend-gone", "heroku logs");
	refuse_because(POLL "\r\n", "HTTP/1.1 530 <none>\r\nServer: cloudflare\r\n\r\n", "error code: 1033",
	    CODE_HANDSHAKE_REJECTED, "backend-gone", "cloudflared");
	refuse_because(POLL "\r\n", "HTTP/1.1 530 <none>\r\nServer: cloudflare\r\n\r\n", "error code: 1016",
	    CODE_HANDSHAKE_REJECTED, "backend-gone", "DNS records");
	refuse_because(POLL "\r\n", "HTTP/1.1 525 <none>\r\nServer: cloudflare\r\n\r\n", "error code: 525",
	    CODE_HANDSHAKE_REJECTED, "backend-broke-off", "SSL/TLS mode full");
	refuse_because(POLL "\r\n", "HTTP/1.1 526 <none>\r\nServer: cloudflare\r\n\r\n", "error code: 526",
	    CODE_HANDSHAKE_REJECTED, "backend-broke-off", "valid for the host name");
	refuse_because(POLL "\r\n", "HTTP/1.1 503 Service Unavailable\r\nserver: istio-envoy\r\n\r\n",
	    "upstream connect error or disconnect/reset before headers. reset reason: connection termination",
	    CODE_HANDSHAKE_REJECTED, "backend-broke-off", "The sidecar");
	refuse_because(POLL "\r\n", "HTTP/1.1 404 Not Found\r\n\r\n", "404 page not found\n", CODE_HANDSHAKE_REJECTED,
	    "no-such-path", "Traefik");
}

static void an_answer_without_the_platforms_field_is_the_applications(void **state)
{
	(void)state;
	refuse_because(POLL "\r\n", "HTTP/1.1 404 Not Found\r\nServer: Vercel\r\n\r\n", "Not here",
	    CODE_HANDSHAKE_REJECTED, "no-such-path", "Give client and server the same path");
	refuse_because(POLL "\r\n", "HTTP/1.1 404 Not Found\r\nServer: Netlify\r\n\r\n", "<h1>Not here</h1>",
	    CODE_HANDSHAKE_REJECTED, "no-such-path", "Give client and server the same path");
}

static void a_filter_of_the_clients_network_is_no_firewall_of_the_servers(void **state)
{
	(void)state;
	refuse_because(POLL "\r\n", "HTTP/1.1 403 Forbidden\r\n\r\n", "<h1>FortiGuard Intrusion Prevention</h1>",
	    CODE_HANDSHAKE_REJECTED, "filtered", "the client's network");
	refuse_because(POLL "\r\n", "HTTP/1.1 403 Forbidden\r\nServer: Zscaler/6.1\r\n\r\n", "<h1>Blocked</h1>",
	    CODE_HANDSHAKE_REJECTED, "filtered", "the client's network");
	refuse_because(POLL "\r\n", "HTTP/1.1 406 Not Acceptable\r\n\r\n", "generated by Mod_Security.",
	    CODE_HANDSHAKE_REJECTED, "filtered", "audit log");
}

static void a_length_that_is_required_is_the_reason(void **state)
{
	(void)state;
	refuse_because(POLL "\r\n", "HTTP/1.1 411 Length Required\r\n\r\n", "", CODE_HANDSHAKE_REJECTED,
	    "length-required", "Content-Length");
	refuse_because(POST_OF_SESSION, "HTTP/1.1 411 Length Required\r\n\r\n", "", CODE_EVENT_DROPPED,
	    "post-length-required", "is lost");
}

static void an_applications_own_403_is_no_firewalls(void **state)
{
	(void)state;
	refuse_because(POLL "\r\n", "HTTP/1.1 403 Forbidden\r\nServer: nginx\r\n\r\n", NGINX("403 Forbidden"),
	    CODE_HANDSHAKE_REJECTED, "application", "own check");
	refuse_because(POLL "\r\n", "HTTP/1.1 403 Forbidden\r\nServer: cloudflare\r\n\r\n",
	    "{\"code\":4,\"message\":\"Forbidden\"}", CODE_HANDSHAKE_REJECTED, "application", "own check");
}

static void a_store_of_files_and_a_proxy_without_a_rule_are_no_servers(void **state)
{
	(void)state;
	refuse_because(POLL "\r\n", "HTTP/1.1 403 Forbidden\r\nServer: AmazonS3\r\n\r\n",
	    "<Error><Code>AccessDenied</Code><Message>Access Denied</Message></Error>", CODE_HANDSHAKE_REJECTED,
	    "storage", "origin");
	refuse_because(POLL "\r\n", "HTTP/1.1 404 Not Found\r\n\r\n", "default backend - 404", CODE_HANDSHAKE_REJECTED,
	    "no-rule", "pathType");
	refuse_because(POLL "\r\n", "HTTP/1.1 200 OK\r\nNgrok-Error-Code: ERR_NGROK_6024\r\n\r\n", "<html></html>",
	    CODE_HANDSHAKE_REJECTED, "interstitial", "ngrok-skip-browser-warning");
}

static void a_monitor_that_asks_by_head_is_no_client(void **state)
{
	(void)state;
	struct stage stage;
	stage_begin(&stage);
	stage_ask(&stage, false, "HEAD /socket.io/?EIO=4&transport=polling HTTP/1.1\r\nHost: a\r\n\r\n", REFUSED, "");
	DOES_NOT_SEE(&stage, CODE_HANDSHAKE_REJECTED);
	stage_end(&stage);
}

static void an_edge_that_takes_no_post_drops_what_it_carries(void **state)
{
	(void)state;
	refuse_because(POST_OF_SESSION, "HTTP/1.1 403 Forbidden\r\nServer: CloudFront\r\n\r\n",
	    "This distribution is not configured to allow the HTTP request method that was used for this request.",
	    CODE_EVENT_DROPPED, "post-method", "Allowed HTTP methods");
	refuse_because(POST_OF_SESSION, "HTTP/1.1 405 Not Allowed\r\nServer: nginx\r\n\r\n", NGINX("405 Not Allowed"),
	    CODE_EVENT_DROPPED, "post-method", "proxy_pass");
}

static void a_refused_post_is_not_blamed_on_its_size_without_a_sign(void **state)
{
	(void)state;
	refuse_because(
	    POST_OF_SESSION, "HTTP/1.1 404 Not Found\r\n\r\n", "gone", CODE_EVENT_DROPPED, "post-refused", "quoted");
}

#define UPGRADE_OF_WEBSOCKET WEBSOCKET "Connection: Upgrade\r\n\r\n"

static void envoy_that_passes_no_websockets_is_named(void **state)
{
	(void)state;
	refuse_because(UPGRADE_OF_WEBSOCKET, "HTTP/1.1 403 Forbidden\r\nServer: envoy\r\nContent-Length: 0\r\n\r\n", "",
	    CODE_HANDSHAKE_REJECTED, "websocket-not-passed", "upgrade_configs");
	refuse_because(UPGRADE_OF_WEBSOCKET,
	    "HTTP/1.1 403 Forbidden\r\nServer: istio-envoy\r\nContent-Length: 0\r\n\r\n", "", CODE_HANDSHAKE_REJECTED,
	    "websocket-not-passed", "upgrade_configs");
}

static void an_asgi_server_behind_envoy_stays_one(void **state)
{
	(void)state;
	refuse_because(UPGRADE_OF_WEBSOCKET,
	    "HTTP/1.1 403 Forbidden\r\nServer: envoy\r\nx-envoy-upstream-service-time: 2\r\nContent-Length: "
	    "0\r\n\r\n",
	    "", CODE_TRANSPORT_REJECTED, "bare-403", "cors_allowed_origins");
}

static void a_url_that_is_too_long_is_a_cause(void **state)
{
	(void)state;
	refuse_because(POLL "\r\n", "HTTP/1.1 414 Request-URI Too Large\r\n\r\n", NGINX("414"), CODE_HANDSHAKE_REJECTED,
	    "target-too-long", "large_client_header_buffers");
	refuse_because(POLL "\r\n", REFUSED, "<p>Request Line is too large (9000 &gt; 4094)</p>",
	    CODE_HANDSHAKE_REJECTED, "target-too-long", "limit-request-line");
}

static void credentials_for_a_proxy_are_not_the_servers(void **state)
{
	(void)state;
	refuse_because(POLL "\r\n", "HTTP/1.1 407 Proxy Authentication Required\r\nProxy-Authenticate: NTLM\r\n\r\n",
	    "", CODE_HANDSHAKE_REJECTED, "proxy-credentials", "NO_PROXY");
	refuse_because(POLL "\r\n", "HTTP/1.1 401 Unauthorized\r\nWWW-Authenticate: Basic\r\n\r\n", "",
	    CODE_HANDSHAKE_REJECTED, "credentials", "WWW-Authenticate");
}

/* ---- authentication at work */

#define ASKS "GET /socket.io/?EIO=4&transport=polling&sid=x HTTP/1.1\r\nHost: app:8000\r\n"
#define CHALLENGED "HTTP/1.1 401 Unauthorized\r\nWWW-Authenticate: Negotiate\r\nContent-Length: 0\r\n\r\n"
#define GRANTED "HTTP/1.1 200 OK\r\n\r\n"
#define WITH_CREDENTIALS(request) request "Authorization: Negotiate YII\r\n\r\n"

static void a_request_that_comes_again_with_credentials_was_not_refused(void **state)
{
	(void)state;
	struct stage stage;
	stage_begin(&stage);
	stage_ask(&stage, false, ASKS "\r\n", CHALLENGED, "");
	stage_ask(&stage, false, WITH_CREDENTIALS(ASKS), CHALLENGED, "");
	stage_ask(&stage, false, WITH_CREDENTIALS(ASKS), GRANTED, "2");
	DOES_NOT_SEE(&stage, CODE_HANDSHAKE_REJECTED);
	stage_end(&stage);
}

static void credentials_that_are_not_accepted_are_a_refusal(void **state)
{
	(void)state;
	struct stage stage;
	stage_begin(&stage);
	stage_ask(&stage, false, ASKS "\r\n", CHALLENGED, "");
	stage_ask(&stage, false, WITH_CREDENTIALS(ASKS), CHALLENGED, "");
	assert_int_equal(SEES(&stage, CODE_HANDSHAKE_REJECTED)->count, 2);
	stage_end(&stage);
}

static void credentials_of_another_request_prove_nothing(void **state)
{
	(void)state;
	struct stage stage;
	stage_begin(&stage);
	stage_ask(&stage, false, ASKS "\r\n", CHALLENGED, "");
	stage_ask(&stage, false,
	    WITH_CREDENTIALS("GET /other/socket.io/?EIO=4&transport=polling&sid=x HTTP/1.1\r\nHost: app:8000\r\n"),
	    GRANTED, "2");
	SEES(&stage, CODE_HANDSHAKE_REJECTED);
	stage_end(&stage);
}

static void a_post_of_an_authentication_is_empty_and_drops_nothing(void **state)
{
	(void)state;
	struct stage stage;
	stage_begin(&stage);
	stage_ask(&stage, false,
	    "POST /socket.io/?EIO=4&transport=polling&sid=x&t=1 HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n",
	    CHALLENGED, "");
	DOES_NOT_SEE(&stage, CODE_EVENT_DROPPED);
	stage_end(&stage);
}

static void a_request_without_a_transport_is_a_note(void **state)
{
	(void)state;
	struct stage stage;
	stage_begin(&stage);
	stage_ask(&stage, false, "GET /socket.io/?EIO=4 HTTP/1.1\r\nHost: a\r\n\r\n", REFUSED,
	    "{\"code\":0,\"message\":\"Transport unknown\"}");
	assert_int_equal(SEES(&stage, CODE_TRANSPORT_REJECTED)->severity, SEVERITY_INFO);
	stage_end(&stage);
}

static void headers_that_are_too_large_and_a_port_for_tls_are_causes(void **state)
{
	(void)state;
	refuse_because(POLL "\r\n", "HTTP/1.1 431 X\r\n\r\n", "", CODE_HANDSHAKE_REJECTED, "headers-too-large",
	    "max-http-header-size");
	refuse_because(POLL "\r\n", REFUSED, NGINX("The plain HTTP request was sent to HTTPS port"),
	    CODE_HANDSHAKE_REJECTED, "tls-expected", "https");
	refuse_because(POLL "\r\n", REFUSED, "Client sent an HTTP request to an HTTPS server.\n",
	    CODE_HANDSHAKE_REJECTED, "tls-expected", "https");
	refuse_because(POLL "\r\n", REFUSED, "You're speaking plain HTTP to an SSL-enabled server port.<br />",
	    CODE_HANDSHAKE_REJECTED, "tls-expected", "https");
	refuse_because(POLL "\r\n", REFUSED, "This combination of host and port requires TLS.\r\n",
	    CODE_HANDSHAKE_REJECTED, "tls-expected", "https");
}

static void a_port_of_another_protocol_that_says_so_in_http_is_a_cause(void **state)
{
	(void)state;
	refuse_because(POLL "\r\n", "HTTP/1.0 200 OK\r\nContent-Type: text/plain\r\n\r\n",
	    "It looks like you are trying to access MongoDB over HTTP on the native driver port.\r\n",
	    CODE_HANDSHAKE_REJECTED, "port-of-other-protocol", "Compare the port");
	refuse_because(POLL "\r\n", "HTTP/1.0 200 OK\r\nContent-Type: text/plain\r\n\r\n", "220 items\r\n",
	    CODE_HANDSHAKE_REJECTED, "not-socketio", "");
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

static void no_advice_looks_like_a_secret(void **state)
{
	(void)state;
	enum { OWN = sizeof cause_table->own / sizeof *cause_table->own };
	struct mask mask;
	mask_init(&mask);
	for (enum cause cause = 0; cause < CAUSES; cause++)
		for (size_t i = 0; i <= OWN; i++) {
			const struct cause_entry *entry = &cause_table[cause];
			const char *advice = i < OWN ? entry->own[i].advice : entry->advice;
			if (advice && mask_text_holds(&mask, slice_of_text(advice)))
				fail_msg("masked: %s", advice);
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

#define FAILED "HTTP/1.1 500 Internal Server Error\r\nContent-Length: 21\r\nConnection: close\r\n"

static void an_application_that_raises_is_known_by_what_its_server_answers_then(void **state)
{
	(void)state;
	refuse_because(POLL "\r\n", FAILED "Server: uvicorn\r\n\r\n", "Internal Server Error", CODE_HANDSHAKE_REJECTED,
	    "exception", "traceback");
	refuse_because(WEBSOCKET "Connection: Upgrade\r\n\r\n", FAILED "\r\n", "Internal Server Error",
	    CODE_HANDSHAKE_REJECTED, "exception", "traceback");
}

static void a_handshake_that_is_passed_on_as_a_request_meets_a_server_without_websockets(void **state)
{
	(void)state;
	refuse_because(WEBSOCKET "Connection: Upgrade\r\n\r\n", FAILED "Server: uvicorn\r\n\r\n",
	    "Internal Server Error", CODE_HANDSHAKE_REJECTED, "no-websocket-support", "uvicorn[standard]");
}

#define ASKS_OF_PAGE "Connection: upgrade\r\nOrigin: http://chat.example.org\r\n"
#define NOT_ACCEPTED "\"http://chat.example.org is not an accepted origin.\""

static void a_host_that_a_proxy_replaced_is_why_the_pages_origin_is_refused(void **state)
{
	(void)state;
	refuse_because(WEBSOCKET ASKS_OF_PAGE "Host: 127.0.0.1:8000\r\n\r\n", "HTTP/1.1 403 Forbidden\r\n\r\n", "",
	    CODE_TRANSPORT_REJECTED, "host-not-passed", "proxy_set_header Host");
	refuse_because(POLL "X-Real-IP: 10.0.0.1\r\nOrigin: http://chat.example.org\r\n\r\n", REFUSED, NOT_ACCEPTED,
	    CODE_HANDSHAKE_REJECTED, "host-not-passed", "proxy_set_header Host");
}

static void a_scheme_that_does_not_arrive_is_why_the_pages_origin_is_refused(void **state)
{
	(void)state;
	refuse_because(WEBSOCKET "Connection: upgrade\r\nOrigin: https://app:8000\r\nHost: app:8000\r\n\r\n",
	    "HTTP/1.1 403 Forbidden\r\n\r\n", "", CODE_TRANSPORT_REJECTED, "scheme-not-passed", "X-Forwarded-Proto");
	refuse_because(POLL "Origin: https://app:8000\r\n\r\n", REFUSED, NOT_ACCEPTED, CODE_HANDSHAKE_REJECTED,
	    "scheme-not-passed", "X-Forwarded-Proto");
}

static void a_page_of_another_site_is_refused_as_such(void **state)
{
	(void)state;
	refuse_because(POLL "Origin: http://chat.example.org\r\n\r\n", REFUSED, NOT_ACCEPTED, CODE_HANDSHAKE_REJECTED,
	    "origin", "allowed origins");
}

static void assert_origin_is_excluded(const char *answer, enum confidence confidence)
{
	struct stage stage;
	stage_begin(&stage);
	stage_ask(
	    &stage, false, WEBSOCKET "Connection: Upgrade\r\nOrigin: http://app\r\nHost: app\r\n\r\n", answer, "");
	assert_int_equal(SEES(&stage, CODE_TRANSPORT_REJECTED)->confidence, confidence);
	stage_end(&stage);
}

static void a_proxy_in_between_may_pass_on_another_host_than_is_seen_here(void **state)
{
	(void)state;
	assert_origin_is_excluded("HTTP/1.1 403 Forbidden\r\nServer: uvicorn\r\n\r\n", CONFIDENCE_LIKELY);
	assert_origin_is_excluded("HTTP/1.1 403 Forbidden\r\n\r\n", CONFIDENCE_LIKELY);
	assert_origin_is_excluded("HTTP/1.1 403 Forbidden\r\nServer: nginx\r\n\r\n", CONFIDENCE_POSSIBLE);
	assert_origin_is_excluded("HTTP/1.1 403 Forbidden\r\nVia: 1.1 x\r\n\r\n", CONFIDENCE_POSSIBLE);
}

static void a_refusal_in_json_is_known_by_its_code(void **state)
{
	(void)state;
	refuse("GET /socket.io/?EIO=4&transport=polling&sid=gone HTTP/1.1\r\n\r\n", REFUSED,
	    "{\"code\":1,\"message\":\"?\"}", CODE_SESSION_UNKNOWN);
	refuse("GET /socket.io/?EIO=3&transport=polling HTTP/1.1\r\n\r\n", REFUSED, "{\"code\":5,\"message\":\"?\"}",
	    CODE_PROTOCOL_VERSION);
}

/* ---- a query that does not arrive */

#define BY_WEBSOCKET                                                                                               \
	"GET /socket.io/?EIO=4&transport=websocket HTTP/1.1\r\nHost: app:8000\r\nConnection: Upgrade\r\nUpgrade: " \
	"websocket\r\n\r\n"
#define UNKNOWN_TRANSPORT "{\"code\":0,\"message\":\"Transport unknown\"}"

static void a_server_that_knows_neither_transport_does_not_get_the_query(void **state)
{
	struct stage *stage = *state;
	for (int i = 0; i < 3; i++) {
		stage_ask(stage, false, POLL "\r\n", REFUSED, UNKNOWN_TRANSPORT);
		stage_ask(stage, false, BY_WEBSOCKET, REFUSED, UNKNOWN_TRANSPORT);
	}
	const struct finding *found = SEES(stage, CODE_HANDSHAKE_REJECTED);
	assert_int_equal(stage->findings->count, 1);
	assert_int_equal(found->count, 6);
	assert_string_equal(found->cause, "query-dropped");
	assert_int_equal(found->confidence, CONFIDENCE_LIKELY);
	assert_null(stage_found(stage, CODE_TRANSPORT_REJECTED));
}

static void the_cdn_that_passed_the_answers_on_is_named_with_its_setting(void **state)
{
	struct stage *stage = *state;
	static const char refused[] = "HTTP/1.1 400 Bad Request\r\nVia: 1.1 4f2a.cloudfront.net (CloudFront)\r\n\r\n";
	stage_ask(stage, false, BY_WEBSOCKET, refused, UNKNOWN_TRANSPORT);
	stage_ask(stage, false, POLL "\r\n", refused, UNKNOWN_TRANSPORT);
	const struct finding *found = SEES(stage, CODE_HANDSHAKE_REJECTED);
	assert_non_null(strstr(found->seen, "by way of 1.1 4f2a.cloudfront.net"));
	assert_non_null(strstr(found->advice, "AllViewer"));
}

static void a_server_that_takes_one_transport_refuses_only_the_other(void **state)
{
	struct stage *stage = *state;
	stage_connect(stage);
	stage_ask(stage, false, "GET /_event/?EIO=4&transport=polling HTTP/1.1\r\n\r\n", REFUSED, UNKNOWN_TRANSPORT);
	stage_ask(stage, false, "GET /_event/?EIO=4&transport=websocket HTTP/1.1\r\n\r\n", REFUSED, UNKNOWN_TRANSPORT);
	SEES(stage, CODE_TRANSPORT_REJECTED);
	assert_null(stage_found(stage, CODE_HANDSHAKE_REJECTED));
}

static void one_transport_that_is_refused_again_and_again_is_one_that_is_not_allowed(void **state)
{
	struct stage *stage = *state;
	for (int i = 0; i < 3; i++)
		stage_ask(stage, false, POLL "\r\n", REFUSED, UNKNOWN_TRANSPORT);
	SEES(stage, CODE_TRANSPORT_REJECTED);
	assert_null(stage_found(stage, CODE_HANDSHAKE_REJECTED));
}

static void two_hosts_at_one_address_may_each_allow_one_transport(void **state)
{
	struct stage *stage = *state;
	stage_ask(stage, false, POLL "\r\n", REFUSED, UNKNOWN_TRANSPORT);
	stage_ask(stage, false,
	    "GET /socket.io/?EIO=4&transport=websocket HTTP/1.1\r\nHost: other:8000\r\nConnection: Upgrade\r\n"
	    "Upgrade: websocket\r\n\r\n",
	    REFUSED, UNKNOWN_TRANSPORT);
	SEES(stage, CODE_TRANSPORT_REJECTED);
	assert_null(stage_found(stage, CODE_HANDSHAKE_REJECTED));
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

/* A proxy's 502, to a request of which the capture has what was done with it behind the proxy. */
static const struct finding *refuse_before(struct stage *stage, const struct event_behind *behind)
{
	struct event event = stage_event(stage, EVENT_HTTP, TO_SERVER);
	event.session = NULL;
	event.behind = behind;
	stage_emit_exchange(
	    stage, &event, POLL "\r\n", "HTTP/1.1 502 Bad Gateway\r\n\r\n", NGINX("502 Bad Gateway"), 0);
	return SEES(stage, CODE_HANDSHAKE_REJECTED);
}

static void an_answer_that_a_proxy_did_not_take_is_none_of_a_server_that_is_away(void **state)
{
	const struct event_behind behind = {.status = 200, .oddity = "Transfer-Encoding twice"};
	const struct finding *found = refuse_before(*state, &behind);
	assert_string_equal(found->cause, "answer-not-taken");
	assert_non_null(
	    strstr(found->seen, "answered it with HTTP 200, and the answer's headers have Transfer-Encoding twice"));
	assert_int_equal(found->evidence_count, 2);
}

static void headers_that_fill_a_proxys_buffer_are_counted(void **state)
{
	const struct event_behind behind = {.status = 200, .head_bytes = 4096};
	assert_non_null(strstr(refuse_before(*state, &behind)->seen, "its headers have 4096 bytes"));
}

static void headers_that_a_proxys_buffer_holds_are_not_counted(void **state)
{
	const struct event_behind behind = {.status = 200, .head_bytes = 4095};
	assert_null(strstr(refuse_before(*state, &behind)->seen, "bytes"));
}

static void a_server_that_broke_off_behind_a_proxy_is_not_away(void **state)
{
	const struct event_behind behind = {.is_dropped = true};
	const struct finding *found = refuse_before(*state, &behind);
	assert_string_equal(found->cause, "backend-broke-off");
	assert_non_null(strstr(found->seen, "ended the connection without an answer"));
}

/* The kernel's RST may be decided on later. */
static void a_server_that_has_the_request_is_not_away(void **state)
{
	struct stage *stage = *state;
	const struct event_behind behind = {.begun = stage->now - TIMESTAMP_SECOND / 2};
	const struct finding *found = refuse_before(stage, &behind);
	assert_string_equal(found->cause, "backend-broke-off");
	assert_non_null(strstr(found->seen, "had not answered it after 0.5 s"));
}

static void a_server_that_was_ending_an_idle_connection_is_not_away(void **state)
{
	const struct event_behind behind = {.is_dropped = true,
	    .crossed = {.closed = 1, .idle = 5 * TIMESTAMP_SECOND, .announced = 5 * TIMESTAMP_SECOND}};
	const struct finding *found = refuse_before(*state, &behind);
	assert_string_equal(found->cause, "backend-keep-alive-race");
	assert_non_null(strstr(found->seen, "was just ending the connection"));
}

static void a_server_that_ended_a_connection_at_another_time_than_it_announced_broke_off(void **state)
{
	const struct event_behind behind = {.is_dropped = true,
	    .crossed = {.closed = 1, .idle = 5 * TIMESTAMP_SECOND, .announced = 60 * TIMESTAMP_SECOND}};
	assert_string_equal(refuse_before(*state, &behind)->cause, "backend-broke-off");
}

static const struct finding *refuse_post_before(struct stage *stage, const struct event_behind *behind)
{
	stage->transport = TRANSPORT_POLLING;
	struct event event = stage_event(stage, EVENT_HTTP, TO_SERVER);
	event.behind = behind;
	event.origin.first = stage_begin_post(stage, 1);
	stage_emit_exchange(
	    stage, &event, POST_OF_SESSION, "HTTP/1.1 502 Bad Gateway\r\n\r\n", NGINX("502 Bad Gateway"), 22);
	return SEES(stage, CODE_EVENT_DROPPED);
}

static void a_post_that_meets_the_end_of_an_idle_connection_is_one_of_a_race(void **state)
{
	const struct event_behind behind = {.is_dropped = true,
	    .crossed = {.closed = 1, .idle = 5 * TIMESTAMP_SECOND, .announced = 5 * TIMESTAMP_SECOND}};
	assert_string_equal(refuse_post_before(*state, &behind)->cause, "post-keep-alive-race");
}

static void a_post_that_was_answered_behind_the_proxy_was_taken(void **state)
{
	const struct event_behind behind = {.status = 200, .oddity = "Content-Length twice"};
	const struct finding *found = refuse_post_before(*state, &behind);
	assert_string_equal(found->cause, "post-answer-not-taken");
	assert_non_null(strstr(found->advice, "The server has the events"));
}

static const struct finding *give_up_before(struct stage *stage, const char *request)
{
	const struct event_behind behind = {.begun = stage->now - 60 * TIMESTAMP_SECOND};
	struct event event = stage_event(stage, EVENT_HTTP, TO_SERVER);
	event.session = NULL;
	event.behind = &behind;
	stage_emit_exchange(
	    stage, &event, request, "HTTP/1.1 504 Gateway Time-out\r\n\r\n", NGINX("504 Gateway Time-out"), 0);
	return SEES(stage, CODE_HANDSHAKE_REJECTED);
}

static void a_504_of_a_handshake_that_reached_the_server_blames_the_server(void **state)
{
	const struct finding *found = give_up_before(*state, POLL "\r\n");
	assert_string_equal(found->cause, "backend-silent");
	assert_non_null(strstr(found->seen, "had not answered it after 60.0 s"));
}

static void a_504_of_a_poll_which_the_server_holds_blames_the_proxys_timeout(void **state)
{
	assert_string_equal(give_up_before(*state, HELD_POLL)->cause, "backend-slow");
}

static void a_refusal_behind_a_proxy_says_nothing_of_the_proxys(void **state)
{
	const struct event_behind behind = {.status = 500};
	assert_string_equal(refuse_before(*state, &behind)->cause, "backend-gone");
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
	    cmocka_unit_test(a_firewall_of_web_applications_is_named_and_blamed),
	    cmocka_unit_test(a_platforms_own_answer_says_what_it_lacks),
	    cmocka_unit_test(an_answer_without_the_platforms_field_is_the_applications),
	    cmocka_unit_test(a_filter_of_the_clients_network_is_no_firewall_of_the_servers),
	    cmocka_unit_test(a_length_that_is_required_is_the_reason),
	    cmocka_unit_test(an_applications_own_403_is_no_firewalls),
	    cmocka_unit_test(a_store_of_files_and_a_proxy_without_a_rule_are_no_servers),
	    cmocka_unit_test(a_monitor_that_asks_by_head_is_no_client),
	    cmocka_unit_test(an_edge_that_takes_no_post_drops_what_it_carries),
	    cmocka_unit_test(a_refused_post_is_not_blamed_on_its_size_without_a_sign),
	    cmocka_unit_test(envoy_that_passes_no_websockets_is_named),
	    cmocka_unit_test(an_asgi_server_behind_envoy_stays_one),
	    cmocka_unit_test(a_url_that_is_too_long_is_a_cause),
	    cmocka_unit_test(credentials_for_a_proxy_are_not_the_servers),
	    cmocka_unit_test(a_request_that_comes_again_with_credentials_was_not_refused),
	    cmocka_unit_test(credentials_that_are_not_accepted_are_a_refusal),
	    cmocka_unit_test(credentials_of_another_request_prove_nothing),
	    cmocka_unit_test(a_post_of_an_authentication_is_empty_and_drops_nothing),
	    cmocka_unit_test(a_request_without_a_transport_is_a_note),
	    cmocka_unit_test(headers_that_are_too_large_and_a_port_for_tls_are_causes),
	    cmocka_unit_test(a_port_of_another_protocol_that_says_so_in_http_is_a_cause),
	    cmocka_unit_test(what_a_proxy_says_of_its_server_is_distinguished),
	    ON_STAGE(a_server_that_says_503_and_nothing_is_no_proxy_without_one),
	    cmocka_unit_test(the_cause_of_a_refusal_chooses_the_advice),
	    cmocka_unit_test(the_advice_is_for_the_server_that_is_recognised),
	    cmocka_unit_test(each_cause_is_of_a_code),
	    cmocka_unit_test(no_advice_looks_like_a_secret),
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
	    ON_STAGE(a_server_that_knows_neither_transport_does_not_get_the_query),
	    ON_STAGE(the_cdn_that_passed_the_answers_on_is_named_with_its_setting),
	    ON_STAGE(a_server_that_takes_one_transport_refuses_only_the_other),
	    ON_STAGE(one_transport_that_is_refused_again_and_again_is_one_that_is_not_allowed),
	    ON_STAGE(two_hosts_at_one_address_may_each_allow_one_transport),
	    cmocka_unit_test(an_application_that_raises_is_known_by_what_its_server_answers_then),
	    cmocka_unit_test(a_handshake_that_is_passed_on_as_a_request_meets_a_server_without_websockets),
	    cmocka_unit_test(a_host_that_a_proxy_replaced_is_why_the_pages_origin_is_refused),
	    cmocka_unit_test(a_scheme_that_does_not_arrive_is_why_the_pages_origin_is_refused),
	    cmocka_unit_test(a_page_of_another_site_is_refused_as_such),
	    cmocka_unit_test(a_proxy_in_between_may_pass_on_another_host_than_is_seen_here),
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
	    ON_STAGE(an_answer_that_a_proxy_did_not_take_is_none_of_a_server_that_is_away),
	    ON_STAGE(headers_that_fill_a_proxys_buffer_are_counted),
	    ON_STAGE(headers_that_a_proxys_buffer_holds_are_not_counted),
	    ON_STAGE(a_server_that_broke_off_behind_a_proxy_is_not_away),
	    ON_STAGE(a_refusal_behind_a_proxy_says_nothing_of_the_proxys),
	    ON_STAGE(a_server_that_has_the_request_is_not_away),
	    ON_STAGE(a_server_that_was_ending_an_idle_connection_is_not_away),
	    ON_STAGE(a_server_that_ended_a_connection_at_another_time_than_it_announced_broke_off),
	    ON_STAGE(a_post_that_meets_the_end_of_an_idle_connection_is_one_of_a_race),
	    ON_STAGE(a_post_that_was_answered_behind_the_proxy_was_taken),
	    ON_STAGE(a_504_of_a_handshake_that_reached_the_server_blames_the_server),
	    ON_STAGE(a_504_of_a_poll_which_the_server_holds_blames_the_proxys_timeout),
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
