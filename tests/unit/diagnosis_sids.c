/* Sids that a server does not know, and why, on requests and answers made by hand. */
#include "stage.h"

#define POLL "GET /socket.io/?EIO=4&transport=polling HTTP/1.1\r\nHost: app:8000\r\n"
#define HELD_POLL "GET /socket.io/?EIO=4&transport=polling&sid=sid HTTP/1.1\r\n\r\n"
#define REFUSED "HTTP/1.1 400 Bad Request\r\n\r\n"

/* Another server at the address that this port has. */
static void turn_to_server(struct stage *stage, uint16_t port)
{
	stage->connection.server.port = port;
	stage_begin_session(stage);
	stage->current->sid = "sid";
	stage->current->sid_len = 3;
}

static void open_behind_a_proxy(struct stage *stage)
{
	stage->transport = TRANSPORT_POLLING;
	stage_emit(stage, EVENT_OPEN, TO_CLIENT);
	turn_to_server(stage, 80);
	stage_emit(stage, EVENT_OPEN, TO_CLIENT);
}

static void a_sid_was_given_out_by_the_server_and_not_by_the_proxy_that_passed_it_on(void **state)
{
	struct stage *stage = *state;
	open_behind_a_proxy(stage);
	turn_to_server(stage, 8001);
	stage_ask(stage, true, HELD_POLL, REFUSED, "{\"code\":1}");
	const struct finding *found = SEES(stage, CODE_SESSION_UNKNOWN);
	assert_non_null(strstr(found->seen, ":8001 does not know"));
	assert_non_null(strstr(found->seen, ":8000 gave it out"));
	assert_string_equal(found->cause, "sid-of-other-server");
}

static void a_proxy_passes_on_that_the_server_closed_the_session(void **state)
{
	struct stage *stage = *state;
	open_behind_a_proxy(stage);
	stage_turn_to(stage, 1);
	stage->connection.server.port = 8000;
	stage_ask(stage, true, HELD_POLL, REFUSED, "{\"code\":1}");
	turn_to_server(stage, 80);
	stage_ask(stage, true, HELD_POLL, REFUSED, "{\"code\":1}");
	SEES(stage, CODE_SESSION_UNKNOWN);
	for (const struct finding *finding = stage->findings->first; finding; finding = finding->next)
		assert_null(strstr(finding->seen, "several servers answer"));
}

static void a_balancer_s_cookie_that_does_not_come_back_is_named(void **state)
{
	struct stage *stage = *state;
	stage->transport = TRANSPORT_POLLING;
	stage_ask(
	    stage, true, POLL "\r\n", "HTTP/1.1 200 OK\r\nSet-Cookie: SRV=b1; path=/\r\nContent-Length: 0\r\n\r\n", "");
	stage_emit(stage, EVENT_OPEN, TO_CLIENT);
	stage_ask(stage, true, HELD_POLL, REFUSED, "{\"code\":1}");
	const struct finding *unknown = SEES(stage, CODE_SESSION_UNKNOWN);
	assert_string_equal(unknown->cause, "cookie-not-returned");
	assert_non_null(strstr(unknown->seen, "cookie SRV"));
}

/* The balancer's cookie with these attributes, and why the poll with these fields is refused that does not bring it. */
static const char *keep_cookie(struct stage *stage, const char *attributes, const char *fields)
{
	char answer[160], request[256];
	stage->transport = TRANSPORT_POLLING;
	snprintf(
	    answer, sizeof answer, "HTTP/1.1 200 OK\r\nSet-Cookie: SRV=b1%s\r\nContent-Length: 0\r\n\r\n", attributes);
	stage_ask(stage, true, POLL "\r\n", answer, "");
	stage_emit(stage, EVENT_OPEN, TO_CLIENT);
	snprintf(request, sizeof request,
	    "GET /socket.io/?EIO=4&transport=polling&sid=sid HTTP/1.1\r\nHost: app:8000\r\n%s\r\n", fields);
	stage_ask(stage, true, request, REFUSED, "{\"code\":1}");
	return SEES(stage, CODE_SESSION_UNKNOWN)->cause;
}

static void a_cookie_of_another_path_is_kept(void **state)
{
	assert_string_equal(keep_cookie(*state, "; Path=/app/", ""), "cookie-of-other-path");
}

static void a_cookie_of_a_path_that_begins_alike_is_kept(void **state)
{
	assert_string_equal(keep_cookie(*state, "; path=/socket", ""), "cookie-of-other-path");
}

static void a_cookie_of_socket_ios_path_is_not(void **state)
{
	assert_string_equal(keep_cookie(*state, "; path=/socket.io", ""), "cookie-not-returned");
}

static void a_secure_cookie_is_kept_from_a_page_by_http(void **state)
{
	assert_string_equal(keep_cookie(*state, "; HttpOnly; secure", "Origin: http://app\r\n"), "cookie-secure");
}

static void a_secure_cookie_is_not_kept_where_a_proxy_ends_tls(void **state)
{
	assert_string_equal(keep_cookie(*state, "; Secure", "Origin: http://app\r\nX-Forwarded-Proto: https\r\n"),
	    "cookie-not-returned");
}

static void a_cookie_without_samesite_is_kept_from_another_site(void **state)
{
	assert_string_equal(keep_cookie(*state, "; Path=/", "Sec-Fetch-Site: cross-site\r\n"), "cookie-same-site");
}

static void a_cookie_for_other_sites_is_not(void **state)
{
	assert_string_equal(keep_cookie(*state, "; Path=/; Secure; SameSite=None", "Sec-Fetch-Site: cross-site\r\n"),
	    "cookie-not-returned");
}

/* A handshake and a poll with these fields, each at a server of its own or both at one. */
static const struct finding *ask_from(struct stage *stage, const char *first, const char *second, bool same_server)
{
	char request[256];
	stage->transport = TRANSPORT_POLLING;
	snprintf(request, sizeof request, POLL "%s\r\n", first);
	stage_ask(stage, true, request, ANSWERED, "");
	stage_emit(stage, EVENT_OPEN, TO_CLIENT);
	if (!same_server)
		turn_to_server(stage, 8001);
	snprintf(request, sizeof request,
	    "GET /socket.io/?EIO=4&transport=polling&sid=sid HTTP/1.1\r\nHost: app:8000\r\n%s\r\n", second);
	stage_ask(stage, true, request, REFUSED, "{\"code\":1}");
	return SEES(stage, CODE_SESSION_UNKNOWN);
}

static void a_user_with_two_exits_is_no_one_for_a_balancer_that_is_sticky_by_address(void **state)
{
	(void)state;
	static const char *const pairs[][2] = {
	    {"X-Forwarded-For: 198.51.100.7\r\n", "X-Forwarded-For: 198.51.100.8\r\n"},
	    {"X-Real-IP: 198.51.100.7\r\n", "X-Real-IP: 198.51.100.8\r\n"},
	    {"CF-Connecting-IP: 198.51.100.7\r\n", "CF-Connecting-IP: 198.51.100.8\r\n"},
	    {"Forwarded: for=\"[2001:db8::1]:4711\"\r\n", "Forwarded: for=198.51.100.8;proto=https\r\n"},
	};
	for (size_t i = 0; i < sizeof pairs / sizeof *pairs; i++) {
		struct stage stage;
		stage_begin(&stage);
		const struct finding *found = ask_from(&stage, pairs[i][0], pairs[i][1], false);
		assert_string_equal(found->cause, "sid-of-other-exit");
		assert_non_null(strstr(found->seen, i == 3 ? "client at 2001:db8::1," : "client at 198.51.100.7,"));
		assert_non_null(strstr(found->seen, "comes from 198.51.100.8:"));
		assert_null(strstr(found->advice, "or by the client's address"));
		stage_end(&stage);
	}
}

static void one_user_at_two_servers_is_not_one_with_two_exits(void **state)
{
	(void)state;
	static const char *const pairs[][2] = {
	    {"X-Forwarded-For: 198.51.100.7\r\n", "X-Forwarded-For: 198.51.100.7, 10.0.0.2\r\n"},
	    {"X-Forwarded-For: 198.51.100.7:50100\r\n", "X-Forwarded-For: 198.51.100.7:50101\r\n"},
	    {"Forwarded: for=_a1b2\r\n", "Forwarded: for=_c3d4\r\n"},
	    {"Forwarded: for=unknown\r\n", "Forwarded: for=198.51.100.7\r\n"},
	    {"", "X-Forwarded-For: 198.51.100.7\r\n"},
	};
	for (size_t i = 0; i < sizeof pairs / sizeof *pairs; i++) {
		struct stage stage;
		stage_begin(&stage);
		assert_string_equal(ask_from(&stage, pairs[i][0], pairs[i][1], false)->cause, "sid-of-other-server");
		stage_end(&stage);
	}
}

static void a_users_own_addresses_count_where_no_proxy_stands_between(void **state)
{
	(void)state;
	for (int is_public = 0; is_public < 2; is_public++) {
		struct stage stage;
		stage_begin(&stage);
		struct address *client = &stage.connection.client.address;
		const uint8_t first[4] = {is_public ? 203 : 10, 0, 113, 7};
		memcpy(client->bytes, first, sizeof first);
		stage.transport = TRANSPORT_POLLING;
		stage_ask(&stage, true, POLL "\r\n", ANSWERED, "");
		stage_emit(&stage, EVENT_OPEN, TO_CLIENT);
		client->bytes[3] = 8;
		turn_to_server(&stage, 8001);
		stage_ask(&stage, true, HELD_POLL, REFUSED, "{\"code\":1}");
		assert_string_equal(
		    SEES(&stage, CODE_SESSION_UNKNOWN)->cause, is_public ? "sid-of-other-exit" : "sid-of-other-server");
		stage_end(&stage);
	}
}

static void an_address_that_a_proxy_gives_and_a_connections_own_do_not_compare(void **state)
{
	struct stage *stage = *state;
	const uint8_t proxy[4] = {203, 0, 113, 7};
	memcpy(stage->connection.client.address.bytes, proxy, sizeof proxy);
	stage->transport = TRANSPORT_POLLING;
	stage_ask(stage, true, POLL "\r\n", ANSWERED, "");
	stage_emit(stage, EVENT_OPEN, TO_CLIENT);
	turn_to_server(stage, 8001);
	stage_ask(stage, true,
	    "GET /socket.io/?EIO=4&transport=polling&sid=sid HTTP/1.1\r\nHost: app:8000\r\nX-Forwarded-For: "
	    "198.51.100.8\r\n\r\n",
	    REFUSED, "{\"code\":1}");
	assert_string_equal(SEES(stage, CODE_SESSION_UNKNOWN)->cause, "sid-of-other-server");
}

static void a_user_whom_the_proxy_header_names_counts(void **state)
{
	struct stage *stage = *state;
	strcpy(stage->connection.proxied_for, "198.51.100.7");
	stage->transport = TRANSPORT_POLLING;
	stage_ask(stage, true, POLL "\r\n", ANSWERED, "");
	stage_emit(stage, EVENT_OPEN, TO_CLIENT);
	strcpy(stage->connection.proxied_for, "198.51.100.8");
	turn_to_server(stage, 8001);
	stage_ask(stage, true, HELD_POLL, REFUSED, "{\"code\":1}");
	assert_string_equal(SEES(stage, CODE_SESSION_UNKNOWN)->cause, "sid-of-other-exit");
}

static void at_one_address_two_exits_are_named_beside_what_else_it_may_be(void **state)
{
	const struct finding *found = ask_from(
	    *state, "X-Forwarded-For: 198.51.100.7\r\n", "X-Forwarded-For: 198.51.100.8\r\n", true);
	assert_string_equal(found->cause, "several-workers");
	assert_non_null(strstr(found->seen, "came from 198.51.100.7 and this request from 198.51.100.8"));
}

/* A handshake whose answer has these fields, and a first poll that goes well. */
static void open_with(struct stage *stage, const char *fields)
{
	char answer[160];
	snprintf(answer, sizeof answer, "HTTP/1.1 200 OK\r\n%sContent-Length: 0\r\n\r\n", fields);
	stage->transport = TRANSPORT_POLLING;
	stage_ask(stage, true, POLL "\r\n", answer, "");
	stage_emit(stage, EVENT_OPEN, TO_CLIENT);
	stage_ask(stage, true, HELD_POLL, ANSWERED, "2");
}

/* A poll that is refused, and why it was. */
static const char *disown(struct stage *stage)
{
	stage_ask(stage, true, HELD_POLL, REFUSED, "{\"code\":1}");
	return SEES(stage, CODE_SESSION_UNKNOWN)->cause;
}

static void a_balancer_s_cookie_that_came_back_is_no_cause(void **state)
{
	struct stage *stage = *state;
	open_with(stage, "Set-Cookie: SRV=b1; path=/\r\n");
	stage_ask(stage, true,
	    "GET /socket.io/?EIO=4&transport=polling&sid=sid HTTP/1.1\r\nHost: app:8000\r\nCookie: a=b; SRV=b1\r\n\r\n",
	    REFUSED, "{\"code\":1}");
	assert_string_equal(SEES(stage, CODE_SESSION_UNKNOWN)->cause, "session-gone");
}

static void a_cookie_that_holds_the_sid_is_no_balancer_s(void **state)
{
	struct stage *stage = *state;
	open_with(stage, "Set-Cookie: io=sid; Path=/\r\n");
	assert_string_equal(disown(stage), "session-gone");
	assert_null(strstr(stage_found(stage, CODE_SESSION_UNKNOWN)->seen, "cookie"));
}

static void an_application_s_cookie_is_only_one_of_the_causes_that_remain(void **state)
{
	struct stage *stage = *state;
	open_with(stage, "Set-Cookie: connect.sid=x\r\n");
	assert_string_equal(disown(stage), "session-gone");
	assert_non_null(strstr(stage_found(stage, CODE_SESSION_UNKNOWN)->seen, "or the cookie connect.sid"));
}

static void a_balancer_s_cookie_is_found_behind_an_application_s(void **state)
{
	struct stage *stage = *state;
	open_with(stage, "Set-Cookie: connect.sid=x\r\nSet-Cookie: AWSALB=y\r\n");
	assert_string_equal(disown(stage), "cookie-not-returned");
}

static void a_handshake_that_a_cache_gives_out_again_is_no_lost_session(void **state)
{
	struct stage *stage = *state;
	open_with(stage, "");
	stage_ask(stage, true, POLL "\r\n", "HTTP/1.1 200 OK\r\nAge: 12\r\nVia: 1.1 varnish\r\n\r\n", "");
	assert_string_equal(disown(stage), "given-twice");
	assert_non_null(
	    strstr(stage_found(stage, CODE_SESSION_UNKNOWN)->seen, "from a cache, Age 12, Via 1.1 varnish"));
}

static void a_client_that_closed_its_session_cannot_go_on_with_it(void **state)
{
	struct stage *stage = *state;
	open_with(stage, "");
	stage_emit(stage, EVENT_CLOSE, TO_SERVER);
	stage_wait(stage, 5);
	assert_string_equal(disown(stage), "client-had-closed");
}

static void a_session_that_the_server_closed_says_so(void **state)
{
	struct stage *stage = *state;
	open_with(stage, "");
	stage_emit(stage, EVENT_CLOSE, TO_CLIENT);
	stage_wait(stage, 5);
	assert_string_equal(disown(stage), "server-had-closed");
}

static void a_413_ends_the_session(void **state)
{
	struct stage *stage = *state;
	open_with(stage, "");
	stage_post(stage, 1, 3000, "HTTP/1.1 413 Payload Too Large\r\n\r\n", "");
	assert_string_equal(disown(stage), "ended-by-size");
}

static void a_poll_that_the_client_aborts_ends_the_session(void **state)
{
	struct stage *stage = *state;
	open_with(stage, "");
	stage->ended_by = TO_SERVER;
	stage_ask(stage, true, HELD_POLL, "", "");
	assert_string_equal(disown(stage), "poll-aborted");
}

static void a_proxy_s_413_after_which_the_server_goes_on_ends_no_session(void **state)
{
	struct stage *stage = *state;
	open_with(stage, "");
	stage_post(stage, 1, 3000, "HTTP/1.1 413 Request Entity Too Large\r\nServer: nginx\r\n\r\n", "");
	stage_ask(stage, true, HELD_POLL, ANSWERED, "2");
	assert_string_equal(disown(stage), "session-gone");
}

/* A telephone that loses its network: python-engineio keeps the session until the heartbeat fails. */
static void a_poll_that_ends_without_an_answer_ends_no_session_of_python(void **state)
{
	struct stage *stage = *state;
	stage_recognise(stage, "Sd8oRbTMyTvI0jF7AAAA", "sid,upgrades,pingTimeout,pingInterval,maxPayload", NULL);
	open_with(stage, "");
	stage->ended_by = TO_SERVER;
	stage_ask(stage, true, HELD_POLL, "", "");
	stage_try_connection(stage, ATTEMPT_REFUSED);
	assert_string_equal(disown(stage), "restarted");
}

static void a_client_that_slept_for_too_long_is_given_up(void **state)
{
	struct stage *stage = *state;
	open_with(stage, "");
	stage_emit(stage, EVENT_PONG, TO_SERVER);
	stage_wait(stage, 46);
	assert_string_equal(disown(stage), "timed-out");
}

static void a_server_that_refused_connections_was_restarted(void **state)
{
	struct stage *stage = *state;
	open_with(stage, "");
	stage_try_connection(stage, ATTEMPT_REFUSED);
	assert_string_equal(disown(stage), "restarted");
}

static void a_sid_that_is_unknown_at_once_is_another_worker_s(void **state)
{
	struct stage *stage = *state;
	stage->transport = TRANSPORT_POLLING;
	stage_ask(stage, true, POLL "\r\n", ANSWERED, "");
	stage_emit(stage, EVENT_OPEN, TO_CLIENT);
	assert_string_equal(disown(stage), "several-workers");
	assert_non_null(strstr(stage_found(stage, CODE_SESSION_UNKNOWN)->seen, "most likely several workers"));
}

static void a_sid_that_is_known_again_proves_several_workers(void **state)
{
	struct stage *stage = *state;
	open_with(stage, "");
	stage_ask(stage, true, HELD_POLL, REFUSED, "{\"code\":1}");
	stage_ask(stage, true, HELD_POLL, ANSWERED, "2");
	const struct finding *found = SEES(stage, CODE_SESSION_UNKNOWN);
	assert_string_equal(found->cause, "several-workers");
	assert_int_equal(found->confidence, CONFIDENCE_PROVEN);
}

/* ---- counters of sids */

/* A handshake that is answered with this sid and these fields. */
static void give_out(struct stage *stage, const char *sid, const char *fields)
{
	char answer[160];
	if (stage->packets)
		stage_begin_session(stage);
	stage->transport = TRANSPORT_POLLING;
	stage->current->sid = (char *)sid;
	stage->current->sid_len = strlen(sid);
	snprintf(answer, sizeof answer, "HTTP/1.1 200 OK\r\n%s\r\n", fields);
	stage_ask(stage, true, POLL "\r\n", answer, "");
	stage_emit(stage, EVENT_OPEN, TO_CLIENT);
}

/* A poll of the current session. */
static void ask_for_it(struct stage *stage, bool known)
{
	char request[160];
	snprintf(request, sizeof request, "GET /socket.io/?EIO=4&transport=polling&sid=%s HTTP/1.1\r\n\r\n",
	    stage->current->sid);
	stage_ask(stage, true, request, known ? ANSWERED : REFUSED, known ? "2" : "{\"code\":1}");
}

/* The first session is that of a process which has given five sids out; another begins to count a moment later. */
static void begin_to_count_again(struct stage *stage)
{
	give_out(stage, "abcdefghijklmnopAAAF", "");
	ask_for_it(stage, true);
	stage_wait(stage, 10);
	give_out(stage, "bbcdefghijklmnopAAAA", "");
}

static void a_counter_of_sids_that_begins_again_is_a_restart(void **state)
{
	struct stage *stage = *state;
	begin_to_count_again(stage);
	stage_turn_to(stage, 1);
	ask_for_it(stage, false);
	const struct finding *found = SEES(stage, CODE_SESSION_UNKNOWN);
	assert_string_equal(found->cause, "restarted");
	assert_int_equal(found->severity, SEVERITY_WARNING);
}

static void a_sid_that_was_refused_shortly_before_the_counter_begins_again_went_with_a_restart(void **state)
{
	struct stage *stage = *state;
	give_out(stage, "abcdefghijklmnopAAAF", "");
	ask_for_it(stage, true);
	ask_for_it(stage, false);
	stage_wait(stage, 10);
	give_out(stage, "bbcdefghijklmnopAAAA", "");
	assert_string_equal(SEES(stage, CODE_SESSION_UNKNOWN)->cause, "restarted");
}

static void a_counter_that_begins_again_hours_after_a_sid_was_refused_says_nothing_of_it(void **state)
{
	struct stage *stage = *state;
	give_out(stage, "abcdefghijklmnopAAAF", "");
	ask_for_it(stage, true);
	ask_for_it(stage, false);
	stage_wait(stage, 3 * 3600);
	give_out(stage, "bbcdefghijklmnopAAAA", "");
	assert_string_equal(SEES(stage, CODE_SESSION_UNKNOWN)->cause, "session-gone");
}

/* The sids are counted on. The server takes one request of the first session, and then knows it no more; of so many
 * others, after such a time each, it does not even know the first request. */
static void forget_others(struct stage *stage, int count, int seconds)
{
	static const char *const sids[] = {"reya28PPj1o0B8cJAAAB", "KccYiynOJbN8v5xBAAAC", "xto0u85RxYdmWGrnAAAD"};
	give_out(stage, "9lCfSr9ttd5HqlYsAAAA", "");
	ask_for_it(stage, true);
	ask_for_it(stage, false);
	for (int i = 0; i < count; i++) {
		stage_wait(stage, seconds);
		give_out(stage, sids[i], "");
		ask_for_it(stage, false);
	}
}

static const char *cause_of_session(struct stage *stage, uint64_t number)
{
	SEES(stage, CODE_SESSION_UNKNOWN);
	for (const struct finding *found = stage->findings->first; found; found = found->next)
		if (found->code == CODE_SESSION_UNKNOWN && found->session == number)
			return found->cause;
	return "none";
}

static void sessions_that_are_unknown_at_once_explain_one_that_was_known_for_a_while(void **state)
{
	struct stage *stage = *state;
	forget_others(stage, 2, 1);
	give_out(stage, "tQ6EjczUwwUY9TcBAAAE", "");
	ask_for_it(stage, true);
	ask_for_it(stage, false);
	assert_string_equal(cause_of_session(stage, 1), "several-workers");
	assert_string_equal(cause_of_session(stage, 4), "several-workers");
}

static void one_session_that_is_unknown_at_once_may_have_met_a_restart(void **state)
{
	struct stage *stage = *state;
	forget_others(stage, 1, 1);
	assert_string_equal(cause_of_session(stage, 1), "session-gone");
}

static void sessions_that_are_unknown_at_once_much_later_explain_nothing(void **state)
{
	struct stage *stage = *state;
	forget_others(stage, 2, 3600);
	assert_string_equal(cause_of_session(stage, 1), "session-gone");
}

static void deployments_an_hour_apart_are_no_workers(void **state)
{
	struct stage *stage = *state;
	begin_to_count_again(stage);
	stage_turn_to(stage, 1);
	ask_for_it(stage, false);
	const char *const sids[] = {"cbcdefghijklmnopAAAA", "dbcdefghijklmnopAAAA", "ebcdefghijklmnopAAAA"};
	for (int i = 0; i < 3; i++) {
		stage_wait(stage, 3600);
		stage_emit(stage, EVENT_PONG, TO_SERVER);
		give_out(stage, sids[i], "");
		ask_for_it(stage, true);
	}
	stage_turn_to(stage, 4);
	ask_for_it(stage, false);
	SEES(stage, CODE_SESSION_UNKNOWN);
	for (const struct finding *found = stage->findings->first; found; found = found->next)
		if (found->code == CODE_SESSION_UNKNOWN)
			assert_string_equal(found->cause, "restarted");
	assert_int_equal(stage->findings->counts[CODE_SESSION_UNKNOWN], 2);
}

static void a_counter_that_begins_again_and_again_is_that_of_several_workers(void **state)
{
	struct stage *stage = *state;
	begin_to_count_again(stage);
	stage_wait(stage, 5);
	give_out(stage, "cbcdefghijklmnopAAAA", "");
	stage_turn_to(stage, 1);
	ask_for_it(stage, false);
	assert_string_equal(SEES(stage, CODE_SESSION_UNKNOWN)->cause, "several-workers");
}

static void a_counter_that_goes_on_where_it_was_before_another_is_that_of_several_workers(void **state)
{
	struct stage *stage = *state;
	begin_to_count_again(stage);
	stage_turn_to(stage, 1);
	ask_for_it(stage, false);
	stage_wait(stage, 3600);
	give_out(stage, "cbcdefghijklmnopAAAG", "");
	assert_string_equal(SEES(stage, CODE_SESSION_UNKNOWN)->cause, "several-workers");
}

static void a_restart_that_reaches_the_count_of_before_is_no_second_worker(void **state)
{
	struct stage *stage = *state;
	give_out(stage, "abcdefghijklmnopAAAB", "");
	ask_for_it(stage, true);
	give_out(stage, "bbcdefghijklmnopAAAA", "");
	give_out(stage, "bbcdefghijklmnopAAAB", "");
	give_out(stage, "bbcdefghijklmnopAAAC", "");
	stage_turn_to(stage, 1);
	ask_for_it(stage, false);
	assert_string_equal(SEES(stage, CODE_SESSION_UNKNOWN)->cause, "restarted");
}

/* Servers of Socket.IO 5 take a number for each namespace that is joined as well. */
static void a_restarted_server_that_passes_the_count_of_before_is_no_second_worker(void **state)
{
	struct stage *stage = *state;
	begin_to_count_again(stage);
	stage_turn_to(stage, 1);
	ask_for_it(stage, false);
	const char *const sids[] = {"cbcdefghijklmnopAAAC", "dbcdefghijklmnopAAAE", "ebcdefghijklmnopAAAG"};
	for (int i = 0; i < 3; i++)
		give_out(stage, sids[i], "");
	assert_string_equal(SEES(stage, CODE_SESSION_UNKNOWN)->cause, "restarted");
}

/* One of two answers takes longer on its way. */
static void handshakes_under_way_together_show_no_restart(void **state)
{
	struct stage *stage = *state;
	give_out(stage, "abcdefghijklmnopAAAD", "");
	ask_for_it(stage, true);
	stage_wait(stage, 10);
	give_out(stage, "bbcdefghijklmnopAAAF", "");
	stage->held = TIMESTAMP_SECOND;
	give_out(stage, "cbcdefghijklmnopAAAE", "");
	stage->held = 0;
	give_out(stage, "dbcdefghijklmnopAAAG", "");
	stage_turn_to(stage, 1);
	ask_for_it(stage, false);
	assert_string_equal(SEES(stage, CODE_SESSION_UNKNOWN)->cause, "session-gone");
}

/* The same with WebSockets, whose open packets come after their handshakes. */
static void websockets_that_are_opened_together_show_no_restart(void **state)
{
	struct stage *stage = *state;
	give_out(stage, "abcdefghijklmnopAAAD", "");
	ask_for_it(stage, true);
	stage_wait(stage, 10);
	static char *const sids[] = {"bbcdefghijklmnopAAAF", "cbcdefghijklmnopAAAE"};
	for (size_t i = 0; i < 2; i++) {
		stage_begin_session(stage);
		stage->transport = TRANSPORT_WEBSOCKET;
		stage_ask(stage, true, "GET /socket.io/?EIO=4&transport=websocket HTTP/1.1\r\n\r\n", SWITCHING, "");
	}
	for (size_t i = 0; i < 2; i++) {
		stage_turn_to(stage, 2 + i);
		stage->current->sid = sids[i];
		stage->current->sid_len = strlen(sids[i]);
		stage_emit(stage, EVENT_OPEN, TO_CLIENT);
	}
	stage->transport = TRANSPORT_POLLING;
	stage_turn_to(stage, 1);
	ask_for_it(stage, false);
	assert_string_equal(SEES(stage, CODE_SESSION_UNKNOWN)->cause, "session-gone");
}

static void a_session_that_is_known_after_the_counter_began_again_went_with_no_restart(void **state)
{
	struct stage *stage = *state;
	begin_to_count_again(stage);
	stage_turn_to(stage, 1);
	ask_for_it(stage, true);
	ask_for_it(stage, false);
	assert_string_equal(SEES(stage, CODE_SESSION_UNKNOWN)->cause, "session-gone");
}

/* googollee/go-socket.io gives out 1, 2, 3, and again from 1 on after a restart. */
static void a_server_that_counts_gives_the_same_sid_out_after_a_restart(void **state)
{
	struct stage *stage = *state;
	give_out(stage, "1", "CF-Cache-Status: DYNAMIC\r\n");
	ask_for_it(stage, true);
	stage_wait(stage, 15);
	give_out(stage, "1", "CF-Cache-Status: DYNAMIC\r\n");
	ask_for_it(stage, true);
	DOES_NOT_SEE(stage, CODE_SESSION_UNKNOWN);
}

static void a_server_that_counts_from_one_again_is_no_second_worker(void **state)
{
	struct stage *stage = *state;
	give_out(stage, "1", "");
	stage_wait(stage, 15);
	give_out(stage, "1", "");
	give_out(stage, "2", "");
	ask_for_it(stage, true);
	ask_for_it(stage, false);
	assert_string_equal(SEES(stage, CODE_SESSION_UNKNOWN)->cause, "session-gone");
}

static void a_counted_sid_that_is_lost_later_was_not_given_out_twice(void **state)
{
	struct stage *stage = *state;
	give_out(stage, "1", "");
	stage_wait(stage, 15);
	give_out(stage, "1", "");
	ask_for_it(stage, true);
	ask_for_it(stage, false);
	assert_string_equal(SEES(stage, CODE_SESSION_UNKNOWN)->cause, "session-gone");
}

static void a_cache_that_gives_a_counted_sid_out_again_is_found(void **state)
{
	struct stage *stage = *state;
	give_out(stage, "1", "");
	stage_wait(stage, 15);
	give_out(stage, "1", "Age: 15\r\n");
	assert_string_equal(SEES(stage, CODE_SESSION_UNKNOWN)->cause, "given-twice");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    ON_STAGE(a_sid_was_given_out_by_the_server_and_not_by_the_proxy_that_passed_it_on),
	    ON_STAGE(a_proxy_passes_on_that_the_server_closed_the_session),
	    cmocka_unit_test(a_user_with_two_exits_is_no_one_for_a_balancer_that_is_sticky_by_address),
	    cmocka_unit_test(one_user_at_two_servers_is_not_one_with_two_exits),
	    cmocka_unit_test(a_users_own_addresses_count_where_no_proxy_stands_between),
	    ON_STAGE(a_user_whom_the_proxy_header_names_counts),
	    ON_STAGE(an_address_that_a_proxy_gives_and_a_connections_own_do_not_compare),
	    ON_STAGE(at_one_address_two_exits_are_named_beside_what_else_it_may_be),
	    ON_STAGE(a_balancer_s_cookie_that_does_not_come_back_is_named),
	    ON_STAGE(a_cookie_of_another_path_is_kept),
	    ON_STAGE(a_cookie_of_a_path_that_begins_alike_is_kept),
	    ON_STAGE(a_cookie_of_socket_ios_path_is_not),
	    ON_STAGE(a_secure_cookie_is_kept_from_a_page_by_http),
	    ON_STAGE(a_secure_cookie_is_not_kept_where_a_proxy_ends_tls),
	    ON_STAGE(a_cookie_without_samesite_is_kept_from_another_site),
	    ON_STAGE(a_cookie_for_other_sites_is_not),
	    ON_STAGE(a_balancer_s_cookie_that_came_back_is_no_cause),
	    ON_STAGE(a_cookie_that_holds_the_sid_is_no_balancer_s),
	    ON_STAGE(an_application_s_cookie_is_only_one_of_the_causes_that_remain),
	    ON_STAGE(a_balancer_s_cookie_is_found_behind_an_application_s),
	    ON_STAGE(a_handshake_that_a_cache_gives_out_again_is_no_lost_session),
	    ON_STAGE(a_client_that_closed_its_session_cannot_go_on_with_it),
	    ON_STAGE(a_session_that_the_server_closed_says_so),
	    ON_STAGE(a_413_ends_the_session),
	    ON_STAGE(a_poll_that_the_client_aborts_ends_the_session),
	    ON_STAGE(a_proxy_s_413_after_which_the_server_goes_on_ends_no_session),
	    ON_STAGE(a_poll_that_ends_without_an_answer_ends_no_session_of_python),
	    ON_STAGE(a_client_that_slept_for_too_long_is_given_up),
	    ON_STAGE(a_server_that_refused_connections_was_restarted),
	    ON_STAGE(a_sid_that_is_unknown_at_once_is_another_worker_s),
	    ON_STAGE(a_sid_that_is_known_again_proves_several_workers),
	    ON_STAGE(a_counter_of_sids_that_begins_again_is_a_restart),
	    ON_STAGE(a_sid_that_was_refused_shortly_before_the_counter_begins_again_went_with_a_restart),
	    ON_STAGE(a_counter_that_begins_again_hours_after_a_sid_was_refused_says_nothing_of_it),
	    ON_STAGE(deployments_an_hour_apart_are_no_workers),
	    ON_STAGE(sessions_that_are_unknown_at_once_explain_one_that_was_known_for_a_while),
	    ON_STAGE(one_session_that_is_unknown_at_once_may_have_met_a_restart),
	    ON_STAGE(sessions_that_are_unknown_at_once_much_later_explain_nothing),
	    ON_STAGE(a_counter_that_begins_again_and_again_is_that_of_several_workers),
	    ON_STAGE(a_counter_that_goes_on_where_it_was_before_another_is_that_of_several_workers),
	    ON_STAGE(a_restart_that_reaches_the_count_of_before_is_no_second_worker),
	    ON_STAGE(a_restarted_server_that_passes_the_count_of_before_is_no_second_worker),
	    ON_STAGE(handshakes_under_way_together_show_no_restart),
	    ON_STAGE(websockets_that_are_opened_together_show_no_restart),
	    ON_STAGE(a_session_that_is_known_after_the_counter_began_again_went_with_no_restart),
	    ON_STAGE(a_server_that_counts_gives_the_same_sid_out_after_a_restart),
	    ON_STAGE(a_server_that_counts_from_one_again_is_no_second_worker),
	    ON_STAGE(a_counted_sid_that_is_lost_later_was_not_given_out_twice),
	    ON_STAGE(a_cache_that_gives_a_counted_sid_out_again_is_found),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
