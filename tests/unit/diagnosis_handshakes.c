/* Handshakes that fail although no status refuses them, on timelines made by hand. */
#include "stage.h"

/* ==== not the answer of Engine.IO */

#define HANDSHAKE_POLL "GET /api/socket.io/?EIO=4&transport=polling HTTP/1.1\r\nHost: app:8000\r\n\r\n"
#define HANDSHAKE_WEBSOCKET                                                                                   \
	"GET /api/socket.io/?EIO=4&transport=websocket HTTP/1.1\r\nHost: app:8000\r\nConnection: Upgrade\r\n" \
	"Upgrade: websocket\r\n\r\n"
#define POLL_OF_SESSION "GET /socket.io/?EIO=4&transport=polling&sid=sid HTTP/1.1\r\nHost: app:8000\r\n\r\n"
#define POST_OF_SESSION "POST /socket.io/?EIO=4&transport=polling&sid=sid HTTP/1.1\r\nHost: app:8000\r\n\r\n"
#define PREFLIGHT "OPTIONS /socket.io/?EIO=4&transport=polling HTTP/1.1\r\nHost: app:8000\r\n\r\n"
#define TO(location) "HTTP/1.1 308 Permanent Redirect\r\nLocation: " location "\r\n\r\n"
#define PAGE "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n"

/* ---- what it must see */

static void a_redirect_that_nobody_follows_is_reported_with_its_location(void **state)
{
	struct stage *stage = *state;
	stage_ask(stage, false, HANDSHAKE_POLL, TO("/api/socket.io?EIO=4"), "");
	const struct finding *found = SEES(stage, CODE_HANDSHAKE_REJECTED);
	assert_non_null(strstr(found->seen, "308"));
	assert_non_null(strstr(found->seen, "/api/socket.io?EIO=4"));
	assert_int_equal(found->severity, SEVERITY_ERROR);
	assert_string_equal(found->cause, "redirect");
}

static void a_redirect_of_a_websocket_is_reported(void **state)
{
	struct stage *stage = *state;
	stage_ask(stage, false, HANDSHAKE_WEBSOCKET, TO("/api/socket.io?EIO=4"), "");
	SEES(stage, CODE_HANDSHAKE_REJECTED);
}

static void a_redirect_that_leads_to_a_refusal_is_reported(void **state)
{
	struct stage *stage = *state;
	stage_ask(stage, false, HANDSHAKE_POLL, TO("/elsewhere"), "");
	stage_ask(
	    stage, false, "GET /elsewhere?EIO=4&transport=polling HTTP/1.1\r\n\r\n", "HTTP/1.1 403 No\r\n\r\n", "");
	stage_finish(stage);
	bool given = false;
	for (const struct finding *found = stage->findings->first; found; found = found->next)
		given |= found->cause && !strcmp(found->cause, "redirect");
	assert_true(given);
}

#define MOVED_POST "POST /socket.io/?EIO=4&transport=polling&t=1&sid=sid HTTP/1.1\r\nHost: app:8000\r\n\r\n"
#define MOVED_TO(status)                                                                                          \
	"HTTP/1.1 " status " Moved\r\nLocation: http://app:8000/chat/socket.io/?EIO=4&transport=polling&t=1&sid=" \
	"sid\r\n\r\n"
#define AT_NEW_PLACE(method) \
	method " /chat/socket.io/?EIO=4&transport=polling&t=1&sid=sid HTTP/1.1\r\nHost: app:8000\r\n\r\n"

static void a_post_that_becomes_a_get_is_one_finding_with_what_came_of_it(void **state)
{
	struct stage *stage = *state;
	stage_connect_by_polling(stage);
	stage_ask(stage, true, MOVED_POST, MOVED_TO("301"), "");
	stage_ask(stage, true, AT_NEW_PLACE("GET"), "HTTP/1.1 400 Bad Request\r\n\r\n", "\"Overlap from client\"");
	const struct finding *found = SEES(stage, CODE_HANDSHAKE_REJECTED);
	assert_int_equal(stage->findings->counts[CODE_HANDSHAKE_REJECTED], 1);
	assert_string_equal(found->cause, "post-as-get");
	assert_int_equal(found->session, 1);
	assert_non_null(strstr(found->seen, "as a GET"));
	assert_non_null(strstr(found->advice, "308"));
}

static void a_post_that_becomes_a_get_is_lost_though_the_get_is_a_poll(void **state)
{
	struct stage *stage = *state;
	stage_connect_by_polling(stage);
	stage_ask(stage, true, MOVED_POST, MOVED_TO("302"), "");
	stage_ask(stage, true, AT_NEW_PLACE("GET"), ANSWERED, "6");
	assert_string_equal(SEES(stage, CODE_HANDSHAKE_REJECTED)->cause, "post-as-get");
}

static void a_post_to_which_nobody_sees_the_get_becomes_one_all_the_same(void **state)
{
	struct stage *stage = *state;
	stage_connect_by_polling(stage);
	stage_ask(stage, true, MOVED_POST, MOVED_TO("303"), "");
	const struct finding *found = SEES(stage, CODE_HANDSHAKE_REJECTED);
	assert_string_equal(found->cause, "post-as-get");
	assert_non_null(strstr(found->seen, "clients repeat a POST after that as a GET"));
}

static void a_post_behind_a_308_stays_a_post(void **state)
{
	struct stage *stage = *state;
	stage_connect_by_polling(stage);
	stage_ask(stage, true, MOVED_POST, MOVED_TO("308"), "");
	assert_string_equal(SEES(stage, CODE_HANDSHAKE_REJECTED)->cause, "redirect");
}

static void a_poll_at_the_new_place_does_not_bring_the_post_back(void **state)
{
	struct stage *stage = *state;
	stage_connect_by_polling(stage);
	stage_ask(stage, true, MOVED_POST, MOVED_TO("301"), "");
	stage_ask(stage, true,
	    "GET /chat/socket.io/?EIO=4&transport=polling&t=2&sid=sid HTTP/1.1\r\nHost: app:8000\r\n\r\n", ANSWERED,
	    "6");
	assert_string_equal(SEES(stage, CODE_HANDSHAKE_REJECTED)->cause, "post-as-get");
}

static void only_the_get_that_was_a_post_is_left_out(void **state)
{
	struct stage *stage = *state;
	stage_connect_by_polling(stage);
	stage_ask(stage, true, MOVED_POST, MOVED_TO("301"), "");
	for (int i = 0; i < 2; i++)
		stage_ask(stage, true, AT_NEW_PLACE("GET"), "HTTP/1.1 400 Bad Request\r\n\r\n", "\"Overlap\"");
	SEES(stage, CODE_HANDSHAKE_REJECTED);
	assert_int_equal(stage->findings->counts[CODE_HANDSHAKE_REJECTED], 2);
}

/* A client that writes no number into its targets: its poll asks for what the POST is sent to next. */
static void a_poll_that_is_like_the_moved_post_is_none(void **state)
{
	struct stage *stage = *state;
	stage_connect_by_polling(stage);
	stage_ask(stage, true, "POST /socket.io/?EIO=4&transport=polling&sid=sid HTTP/1.1\r\nHost: app:8000\r\n\r\n",
	    "HTTP/1.1 301 Moved\r\nLocation: /chat/socket.io/?EIO=4&transport=polling&sid=sid\r\n\r\n", "");
	stage_ask(stage, true,
	    "GET /chat/socket.io/?EIO=4&transport=polling&sid=sid HTTP/1.1\r\nHost: app:8000\r\n\r\n", ANSWERED, "6");
	stage_ask(stage, true,
	    "POST /chat/socket.io/?EIO=4&transport=polling&sid=sid HTTP/1.1\r\nHost: app:8000\r\n\r\n", ANSWERED, "ok");
	DOES_NOT_SEE(stage, CODE_HANDSHAKE_REJECTED);
}

static void a_post_that_is_redirected_and_stays_a_post_is_healthy(void **state)
{
	struct stage *stage = *state;
	stage_connect_by_polling(stage);
	stage_ask(stage, true, MOVED_POST, MOVED_TO("308"), "");
	stage_ask(stage, true, AT_NEW_PLACE("POST"), ANSWERED, "ok");
	DOES_NOT_SEE(stage, CODE_HANDSHAKE_REJECTED);
}

static void a_client_that_keeps_the_post_after_a_301_is_healthy(void **state)
{
	struct stage *stage = *state;
	stage_connect_by_polling(stage);
	stage_ask(stage, true, MOVED_POST, MOVED_TO("301"), "");
	stage_ask(stage, true, AT_NEW_PLACE("POST"), ANSWERED, "ok");
	DOES_NOT_SEE(stage, CODE_HANDSHAKE_REJECTED);
}

static void a_redirect_to_where_users_sign_in_is_no_address_for_the_client(void **state)
{
	struct stage *stage = *state;
	for (int i = 0; i < 3; i++)
		stage_ask(stage, false, HANDSHAKE_POLL,
		    TO("https://id.example/authorize?client_id=board&redirect_uri=https%3A%2F%2Fapp"), "");
	const struct finding *found = SEES(stage, CODE_HANDSHAKE_REJECTED);
	assert_string_equal(found->cause, "sign-in");
	assert_null(strstr(found->advice, "Give the client the URL"));
}

static void a_handshake_to_a_redirect_asked_for_again_and_again_was_not_followed(void **state)
{
	struct stage *stage = *state;
	for (int i = 0; i < 3; i++)
		stage_ask(stage, false, HANDSHAKE_POLL, TO("https://other/api/socket.io/"), "");
	const struct finding *found = SEES(stage, CODE_HANDSHAKE_REJECTED);
	assert_int_equal(found->severity, SEVERITY_ERROR);
	assert_int_equal(found->confidence, CONFIDENCE_LIKELY);
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

static void a_page_in_answer_to_a_poll_of_a_session_is_reported(void **state)
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

static void a_post_that_is_answered_by_204_ends_the_session_of_a_client_that_asks_no_more(void **state)
{
	struct stage *stage = *state;
	stage_connect_by_polling(stage);
	stage_ask(stage, true, POST_OF_SESSION, "HTTP/1.1 204 No Content\r\n\r\n", "");
	stage_wait(stage, 2);
	stage_ask(stage, false, PREFLIGHT, "HTTP/1.1 204 No Content\r\n\r\n", "");
	const struct finding *found = SEES(stage, CODE_HANDSHAKE_REJECTED);
	assert_string_equal(found->cause, "post-not-200");
	assert_non_null(strstr(found->seen, "204"));
	assert_int_equal(found->severity, SEVERITY_ERROR);
}

static void an_empty_answer_to_a_poll_ends_the_session_of_a_client_that_asks_no_more(void **state)
{
	struct stage *stage = *state;
	stage_connect_by_polling(stage);
	stage_ask(stage, true, POLL_OF_SESSION, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", "");
	stage_wait(stage, 2);
	stage_ask(stage, false, PREFLIGHT, "HTTP/1.1 204 No Content\r\n\r\n", "");
	assert_string_equal(SEES(stage, CODE_HANDSHAKE_REJECTED)->cause, "empty-poll");
}

static void a_byte_order_mark_before_the_packets_is_no_wrong_path(void **state)
{
	struct stage *stage = *state;
	stage_ask(stage, false, HANDSHAKE_POLL, "HTTP/1.1 200 OK\r\n\r\n",
	    "\xef\xbb\xbf"
	    "0{\"sid\":\"a\"}");
	const struct finding *found = SEES(stage, CODE_HANDSHAKE_REJECTED);
	assert_string_equal(found->cause, "byte-order-mark");
	assert_null(strstr(found->advice, "path does not lead"));
}

/* ---- what looks alike */

static void a_client_that_goes_on_takes_what_others_do_not(void **state)
{
	struct stage *stage = *state;
	stage_connect_by_polling(stage);
	for (int i = 0; i < 3; i++) {
		stage_ask(stage, true, POST_OF_SESSION, "HTTP/1.1 204 No Content\r\n\r\n", "");
		stage_ask(stage, true, POLL_OF_SESSION, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", "");
		stage_wait(stage, 2);
	}
	DOES_NOT_SEE(stage, CODE_HANDSHAKE_REJECTED);
}

static void a_capture_that_ends_with_such_an_answer_does_not_show_what_the_client_makes_of_it(void **state)
{
	struct stage *stage = *state;
	stage_connect_by_polling(stage);
	stage_ask(stage, true, POST_OF_SESSION, "HTTP/1.1 204 No Content\r\n\r\n", "");
	DOES_NOT_SEE(stage, CODE_HANDSHAKE_REJECTED);
}

static void a_page_behind_a_byte_order_mark_is_a_page(void **state)
{
	struct stage *stage = *state;
	stage_ask(stage, false, HANDSHAKE_POLL, PAGE, "\xef\xbb\xbf<!doctype html>");
	assert_string_equal(SEES(stage, CODE_HANDSHAKE_REJECTED)->cause, "not-socketio");
}

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

static void a_page_that_is_loaded_again_may_have_followed_its_redirect(void **state)
{
	struct stage *stage = *state;
	for (int i = 0; i < 2; i++)
		stage_ask(stage, false, HANDSHAKE_POLL, TO("https://other/api/socket.io/"), "");
	const struct finding *found = SEES(stage, CODE_HANDSHAKE_REJECTED);
	assert_int_equal(found->severity, SEVERITY_WARNING);
	assert_only_possible(found);
}

static void users_behind_one_address_may_each_have_followed_their_redirect(void **state)
{
	char request[200];
	struct stage *stage = *state;
	for (int i = 0; i < 4; i++) {
		snprintf(request, sizeof request,
		    "GET /api/socket.io/?EIO=4&transport=polling HTTP/1.1\r\nUser-Agent: Browser/%d\r\n\r\n", i);
		stage_ask(stage, false, request, TO("https://other/api/socket.io/"), "");
	}
	assert_int_equal(SEES(stage, CODE_HANDSHAKE_REJECTED)->severity, SEVERITY_WARNING);
}

static void users_behind_one_proxy_may_each_have_followed_their_redirect(void **state)
{
	char request[200];
	struct stage *stage = *state;
	for (int i = 0; i < 4; i++) {
		snprintf(request, sizeof request,
		    "GET /api/socket.io/?EIO=4&transport=polling HTTP/1.1\r\nX-Forwarded-For: 192.0.2.%d\r\n\r\n", i);
		stage_ask(stage, false, request, TO("https://other/api/socket.io/"), "");
	}
	assert_int_equal(SEES(stage, CODE_HANDSHAKE_REJECTED)->severity, SEVERITY_WARNING);
}

static void polls_with_a_sid_of_elsewhere_followed_their_redirect(void **state)
{
	struct stage *stage = *state;
	for (int i = 0; i < 4; i++)
		stage_ask(stage, false, "GET /api/socket.io/?EIO=4&transport=polling&sid=theirs HTTP/1.1\r\n\r\n",
		    TO("https://other/api/socket.io/"), "");
	assert_int_equal(SEES(stage, CODE_HANDSHAKE_REJECTED)->severity, SEVERITY_WARNING);
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

/* A poll whose answer has this header: does a cache answer it? */
static void expect_cached(const char *header, bool is_cached)
{
	char answer[100];
	struct stage stage;
	stage_begin(&stage);
	stage_connect_by_polling(&stage);
	snprintf(answer, sizeof answer, "HTTP/1.1 200 OK\r\n%s\r\n\r\n", header);
	stage_ask(&stage, true, POLL_OF_SESSION, answer, "2");
	stage_finish(&stage);
	if (!stage_found(&stage, CODE_HANDSHAKE_REJECTED) == is_cached)
		fail_msg("%s is %sreported", header, is_cached ? "not " : "");
	stage_end(&stage);
}

static void a_poll_that_a_cache_answers_is_reported(void **state)
{
	static const char *const hits[] = {"Age: 12", "X-Cache: HIT", "X-Cache: MISS, HIT",
	    "X-Cache: HIT from proxy.example", "X-Cache: TCP_MEM_HIT from a.example (AkamaiGHost/11)",
	    "X-Cache: Hit from cloudfront", "X-Cache-Status: HIT", "CF-Cache-Status: HIT", "X-Proxy-Cache: hit",
	    "X-Varnish: 7 3"};
	(void)state;
	for (size_t i = 0; i < sizeof hits / sizeof *hits; i++)
		expect_cached(hits[i], true);
}

static void a_poll_that_a_cache_passes_on_is_healthy(void **state)
{
	static const char *const passed_on[] = {"Age: 0", "X-Cache: MISS", "X-Cache: MISS, hit-for-pass",
	    "X-Cache: hit-for-miss", "X-Cache: TCP_REFRESH_HIT from a.example", "X-Cache: RefreshHit from cloudfront",
	    "X-Cache: Miss from white.example", "X-Cache-Status: BYPASS", "CF-Cache-Status: DYNAMIC", "X-Varnish: 7"};
	(void)state;
	for (size_t i = 0; i < sizeof passed_on / sizeof *passed_on; i++)
		expect_cached(passed_on[i], false);
}

/* A poll whose answer joins the namespace; `answers`: the client's CONNECT, or 0. */
static void answer_with_connect(struct stage *stage, const char *answer, uint64_t answers)
{
	stage_ask(stage, true, POLL_OF_SESSION, answer, "40/_event,{\"sid\":\"kX3\"}");
	struct event joined = stage_event(stage, EVENT_CONNECT, TO_CLIENT);
	joined.packet.data = SLICE("{\"sid\":\"kX3\"}");
	joined.origin.first = stage->packets - 1; /* the exchange's */
	joined.answers = answers;
	stage_emit_event(stage, &joined);
}

static void begin_to_join(struct stage *stage)
{
	stage->transport = TRANSPORT_POLLING;
	stage_ask(stage, true, "GET /socket.io/?EIO=4&transport=polling HTTP/1.1\r\nHost: app:8000\r\n\r\n", ANSWERED,
	    "0{\"sid\":\"sid\"}");
	stage_emit(stage, EVENT_OPEN, TO_CLIENT);
	stage_emit(stage, EVENT_CONNECT, TO_SERVER);
	answer_with_connect(stage, ANSWERED, stage->packets);
}

/* A cache that does not say that it is one. */
static void a_namespace_joined_twice_by_one_answer_is_a_caches(void **state)
{
	struct stage *stage = *state;
	begin_to_join(stage);
	answer_with_connect(stage, ANSWERED, 0);
	const struct finding *found = SEES(stage, CODE_HANDSHAKE_REJECTED);
	assert_string_equal(found->cause, "cached");
	assert_non_null(strstr(found->seen, "same answer came before"));
}

/* netty-socketio and socketioxide give a session the same sid again. */
static void a_client_that_joins_again_and_gets_its_sid_again_is_healthy(void **state)
{
	struct stage *stage = *state;
	begin_to_join(stage);
	stage_emit(stage, EVENT_DISCONNECT, TO_SERVER);
	stage_emit(stage, EVENT_CONNECT, TO_SERVER);
	answer_with_connect(stage, ANSWERED, stage->packets);
	DOES_NOT_SEE(stage, CODE_HANDSHAKE_REJECTED);
}

static void a_join_again_whose_request_may_have_been_lost_is_no_caches(void **state)
{
	struct stage *stage = *state;
	begin_to_join(stage);
	stage_emit(stage, EVENT_GAP, TO_SERVER);
	answer_with_connect(stage, ANSWERED, 0);
	DOES_NOT_SEE(stage, CODE_HANDSHAKE_REJECTED);
}

static void an_answer_that_a_cache_repeats_and_names_itself_is_reported_once(void **state)
{
	struct stage *stage = *state;
	begin_to_join(stage);
	answer_with_connect(stage, "HTTP/1.1 200 OK\r\nX-Cache: HIT\r\n\r\n", 0);
	assert_int_equal(SEES(stage, CODE_HANDSHAKE_REJECTED)->count, 1);
}

static void an_event_that_holds_a_sid_and_40_and_comes_again_is_no_caches(void **state)
{
	struct stage *stage = *state;
	begin_to_join(stage);
	for (int i = 0; i < 3; i++)
		stage_ask(stage, true, POLL_OF_SESSION, ANSWERED, "42[\"presence\",{\"sid\":\"u7\",\"room\":40}]");
	DOES_NOT_SEE(stage, CODE_HANDSHAKE_REJECTED);
}

static void the_same_event_twice_is_no_caches(void **state)
{
	struct stage *stage = *state;
	stage_connect_by_polling(stage);
	stage_ask(stage, true, POLL_OF_SESSION, ANSWERED, "40{\"sid\":\"kX3\"}");
	for (int i = 0; i < 4; i++)
		stage_ask(stage, true, POLL_OF_SESSION, ANSWERED, "42[\"tick\"]");
	DOES_NOT_SEE(stage, CODE_HANDSHAKE_REJECTED);
}

static void an_answer_that_took_long_may_have_its_age_from_the_wait(void **state)
{
	struct stage *stage = *state;
	stage_connect_by_polling(stage);
	stage->held = 20 * TIMESTAMP_SECOND;
	stage_ask(stage, true, POLL_OF_SESSION, "HTTP/1.1 200 OK\r\nAge: 20\r\n\r\n", "2");
	DOES_NOT_SEE(stage, CODE_HANDSHAKE_REJECTED);
}

static void a_preflight_without_content_is_healthy(void **state)
{
	struct stage *stage = *state;
	stage_ask(stage, false, "OPTIONS /socket.io/?EIO=4&transport=polling HTTP/1.1\r\n\r\n",
	    "HTTP/1.1 204 No Content\r\n\r\n", "");
	DOES_NOT_SEE(stage, CODE_HANDSHAKE_REJECTED);
}

/* ==== granted for nothing */

#define WEBSOCKET "GET /socket.io/?EIO=4&transport=websocket HTTP/1.1\r\nHost: app:8000\r\n\r\n"

static void give_second_answer(struct stage *stage)
{
	struct event event = stage_event(stage, EVENT_MALFORMED, TO_CLIENT);
	event.malformed.layer = "http";
	event.malformed.why = SLICE("a second HTTP answer inside the WebSocket");
	stage_emit_event(stage, &event);
}

/* A session that was opened, and never joined a namespace. */
static void open_only(struct stage *stage)
{
	stage_ask(stage, true, WEBSOCKET, SWITCHING, "");
	stage_emit(stage, EVENT_OPEN, TO_CLIENT);
	stage->session.handshake_seen = true;
}

/* ---- what it must see */

static void a_websocket_that_the_server_ends_without_a_word_was_not_granted(void **state)
{
	struct stage *stage = *state;
	stage_ask(stage, true, WEBSOCKET, SWITCHING, "");
	stage_emit(stage, EVENT_TCP_CLOSE, TO_CLIENT);
	const struct finding *found = SEES(stage, CODE_HANDSHAKE_REJECTED);
	assert_string_equal(found->cause, "ended-at-once");
	assert_int_equal(found->evidence_count, 2);
}

/* A server that stops ends other sessions too. */
static void a_websocket_that_a_stopping_server_ends_was_granted(void **state)
{
	struct stage *stage = *state;
	stage_connect(stage);
	stage_begin_session(stage);
	stage_ask(stage, true, WEBSOCKET, SWITCHING, "");
	stage_emit(stage, EVENT_TCP_CLOSE, TO_CLIENT);
	stage_turn_to(stage, 1);
	stage_emit(stage, EVENT_TCP_CLOSE, TO_CLIENT);
	DOES_NOT_SEE(stage, CODE_HANDSHAKE_REJECTED);
}

static void a_websocket_that_ends_a_while_before_the_server_stops_was_not_granted(void **state)
{
	struct stage *stage = *state;
	stage_connect(stage);
	stage_begin_session(stage);
	stage_ask(stage, true, WEBSOCKET, SWITCHING, "");
	stage_emit(stage, EVENT_TCP_CLOSE, TO_CLIENT);
	stage_wait(stage, 2);
	stage_turn_to(stage, 1);
	stage_emit(stage, EVENT_TCP_CLOSE, TO_CLIENT);
	SEES(stage, CODE_HANDSHAKE_REJECTED);
}

static void a_websocket_after_whose_end_nobody_listens_met_a_server_that_stops(void **state)
{
	struct stage *stage = *state;
	stage_ask(stage, true, WEBSOCKET, SWITCHING, "");
	stage_emit(stage, EVENT_TCP_CLOSE, TO_CLIENT);
	stage_wait(stage, 1);
	stage_try_connection(stage, ATTEMPT_REFUSED);
	DOES_NOT_SEE(stage, CODE_HANDSHAKE_REJECTED);
}

static void a_handshake_that_is_answered_twice_is_reported(void **state)
{
	struct stage *stage = *state;
	stage_ask(stage, true, WEBSOCKET, SWITCHING, "");
	give_second_answer(stage);
	assert_string_equal(SEES(stage, CODE_HANDSHAKE_REJECTED)->cause, "answered-twice");
}

static void a_websocket_in_which_the_server_never_says_anything_was_not_granted(void **state)
{
	struct stage *stage = *state;
	stage_ask(stage, true, WEBSOCKET, SWITCHING, "");
	stage_wait(stage, 3);
	stage_emit(stage, EVENT_TCP_CLOSE, TO_SERVER);
	const struct finding *found = SEES(stage, CODE_HANDSHAKE_REJECTED);
	assert_string_equal(found->cause, "silent-websocket");
	assert_non_null(strstr(found->seen, "gave up after 3.0 s"));
}

static void a_websocket_that_is_silent_for_a_moment_before_the_capture_ends_may_be_slow(void **state)
{
	struct stage *stage = *state;
	stage_ask(stage, true, WEBSOCKET, SWITCHING, "");
	stage->lingers = 3 * TIMESTAMP_SECOND;
	DOES_NOT_SEE(stage, CODE_HANDSHAKE_REJECTED);
}

static void a_websocket_that_is_silent_for_longer_than_a_limit_was_not_granted(void **state)
{
	struct stage *stage = *state;
	stage_ask(stage, true, WEBSOCKET, SWITCHING, "");
	stage->lingers = 10 * TIMESTAMP_SECOND;
	assert_int_equal(SEES(stage, CODE_HANDSHAKE_REJECTED)->confidence, CONFIDENCE_LIKELY);
}

static void a_session_that_is_closed_for_want_of_a_connect_is_reported(void **state)
{
	struct stage *stage = *state;
	open_only(stage);
	stage_wait(stage, 25);
	stage_beat(stage);
	stage_wait(stage, 20);
	stage_emit(stage, EVENT_WS_CLOSE, TO_CLIENT);
	const struct finding *found = SEES(stage, CODE_ABNORMAL_CLOSE);
	assert_string_equal(found->cause, "no-connect");
	assert_non_null(strstr(found->seen, "no CONNECT"));
}

/* ---- what looks alike */

static void a_client_may_end_its_websocket_at_once(void **state)
{
	struct stage *stage = *state;
	stage_ask(stage, true, WEBSOCKET, SWITCHING, "");
	stage_emit(stage, EVENT_TCP_CLOSE, TO_SERVER);
	stage_emit(stage, EVENT_TCP_CLOSE, TO_CLIENT);
	DOES_NOT_SEE(stage, CODE_HANDSHAKE_REJECTED);
}

static void a_websocket_in_which_the_server_said_something_was_granted(void **state)
{
	struct stage *stage = *state;
	open_only(stage);
	stage_emit(stage, EVENT_TCP_CLOSE, TO_CLIENT);
	DOES_NOT_SEE(stage, CODE_HANDSHAKE_REJECTED);
}

static bool says_no_connect(const struct stage *stage)
{
	for (const struct finding *found = stage->findings->first; found; found = found->next)
		if (found->cause && !strcmp(found->cause, "no-connect"))
			return true;
	return false;
}

static void a_session_that_joined_was_not_closed_for_want_of_a_connect(void **state)
{
	struct stage *stage = *state;
	open_only(stage);
	stage_emit(stage, EVENT_CONNECT, TO_SERVER);
	stage_wait(stage, 45);
	stage_emit(stage, EVENT_WS_CLOSE, TO_CLIENT);
	stage_finish(stage);
	assert_false(says_no_connect(stage));
}

static void a_session_that_owes_a_pong_was_closed_for_that(void **state)
{
	struct stage *stage = *state;
	open_only(stage);
	stage_wait(stage, 25);
	stage_emit(stage, EVENT_PING, TO_CLIENT);
	stage_wait(stage, 20);
	stage_emit(stage, EVENT_WS_CLOSE, TO_CLIENT);
	stage_finish(stage);
	assert_false(says_no_connect(stage));
}

static void a_client_of_revision_3_sends_no_connect(void **state)
{
	struct stage *stage = *state;
	stage->session.revision = 3;
	open_only(stage);
	stage_wait(stage, 45);
	stage_emit(stage, EVENT_WS_CLOSE, TO_CLIENT);
	stage_finish(stage);
	assert_false(says_no_connect(stage));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    ON_STAGE(a_redirect_that_nobody_follows_is_reported_with_its_location),
	    ON_STAGE(a_redirect_of_a_websocket_is_reported),
	    ON_STAGE(a_redirect_that_leads_to_a_refusal_is_reported),
	    ON_STAGE(a_post_that_becomes_a_get_is_one_finding_with_what_came_of_it),
	    ON_STAGE(a_post_that_becomes_a_get_is_lost_though_the_get_is_a_poll),
	    ON_STAGE(a_post_to_which_nobody_sees_the_get_becomes_one_all_the_same),
	    ON_STAGE(a_post_behind_a_308_stays_a_post),
	    ON_STAGE(a_poll_at_the_new_place_does_not_bring_the_post_back),
	    ON_STAGE(only_the_get_that_was_a_post_is_left_out),
	    ON_STAGE(a_poll_that_is_like_the_moved_post_is_none),
	    ON_STAGE(a_post_that_is_redirected_and_stays_a_post_is_healthy),
	    ON_STAGE(a_client_that_keeps_the_post_after_a_301_is_healthy),
	    ON_STAGE(a_redirect_to_where_users_sign_in_is_no_address_for_the_client),
	    ON_STAGE(a_handshake_to_a_redirect_asked_for_again_and_again_was_not_followed),
	    ON_STAGE(a_page_that_is_loaded_again_may_have_followed_its_redirect),
	    ON_STAGE(users_behind_one_address_may_each_have_followed_their_redirect),
	    ON_STAGE(users_behind_one_proxy_may_each_have_followed_their_redirect),
	    ON_STAGE(polls_with_a_sid_of_elsewhere_followed_their_redirect),
	    ON_STAGE(success_for_a_websocket_handshake_is_no_websocket),
	    cmocka_unit_test(a_status_without_content_is_no_answer),
	    ON_STAGE(a_page_in_answer_to_a_poll_of_a_session_is_reported),
	    ON_STAGE(a_page_in_answer_to_a_post_loses_what_it_carried),
	    ON_STAGE(a_post_that_is_answered_by_204_ends_the_session_of_a_client_that_asks_no_more),
	    ON_STAGE(an_empty_answer_to_a_poll_ends_the_session_of_a_client_that_asks_no_more),
	    ON_STAGE(a_byte_order_mark_before_the_packets_is_no_wrong_path),
	    ON_STAGE(a_client_that_goes_on_takes_what_others_do_not),
	    ON_STAGE(a_capture_that_ends_with_such_an_answer_does_not_show_what_the_client_makes_of_it),
	    ON_STAGE(a_page_behind_a_byte_order_mark_is_a_page),
	    ON_STAGE(a_redirect_that_is_followed_to_a_session_is_healthy),
	    ON_STAGE(a_redirect_to_where_nobody_looks_is_only_a_warning),
	    ON_STAGE(a_post_that_is_answered_by_ok_as_html_is_healthy),
	    ON_STAGE(a_poll_that_is_answered_by_packets_is_healthy_whatever_its_type),
	    cmocka_unit_test(a_poll_that_a_cache_answers_is_reported),
	    ON_STAGE(an_answer_that_took_long_may_have_its_age_from_the_wait),
	    cmocka_unit_test(a_poll_that_a_cache_passes_on_is_healthy),
	    ON_STAGE(a_namespace_joined_twice_by_one_answer_is_a_caches),
	    ON_STAGE(a_client_that_joins_again_and_gets_its_sid_again_is_healthy),
	    ON_STAGE(a_join_again_whose_request_may_have_been_lost_is_no_caches),
	    ON_STAGE(an_answer_that_a_cache_repeats_and_names_itself_is_reported_once),
	    ON_STAGE(an_event_that_holds_a_sid_and_40_and_comes_again_is_no_caches),
	    ON_STAGE(the_same_event_twice_is_no_caches),
	    ON_STAGE(a_websocket_in_which_the_server_never_says_anything_was_not_granted),
	    ON_STAGE(a_websocket_that_is_silent_for_a_moment_before_the_capture_ends_may_be_slow),
	    ON_STAGE(a_websocket_that_is_silent_for_longer_than_a_limit_was_not_granted),
	    ON_STAGE(a_preflight_without_content_is_healthy),
	    ON_STAGE(a_websocket_that_the_server_ends_without_a_word_was_not_granted),
	    ON_STAGE(a_websocket_that_a_stopping_server_ends_was_granted),
	    ON_STAGE(a_websocket_that_ends_a_while_before_the_server_stops_was_not_granted),
	    ON_STAGE(a_websocket_after_whose_end_nobody_listens_met_a_server_that_stops),
	    ON_STAGE(a_handshake_that_is_answered_twice_is_reported),
	    ON_STAGE(a_session_that_is_closed_for_want_of_a_connect_is_reported),
	    ON_STAGE(a_client_may_end_its_websocket_at_once),
	    ON_STAGE(a_websocket_in_which_the_server_said_something_was_granted),
	    ON_STAGE(a_session_that_joined_was_not_closed_for_want_of_a_connect),
	    ON_STAGE(a_session_that_owes_a_pong_was_closed_for_that),
	    ON_STAGE(a_client_of_revision_3_sends_no_connect),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
