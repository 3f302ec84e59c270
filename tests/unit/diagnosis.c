/* Detectors on timelines told by hand: what each must see, what looks alike and is not, and what is not sure. */
#include "stage.h"
#include "wire/probed.h"

#include <stdio.h>

#define POLL "GET /socket.io/?EIO=4&transport=polling HTTP/1.1\r\nHost: app:8000\r\n"
#define REFUSED "HTTP/1.1 400 Bad Request\r\n\r\n"

#define HYDRATE "{\"name\":\"reflex___state____state.hydrate\",\"payload\":{},\"event_actions\":{}}"
#define TICK "{\"name\":\"reflex___state____state.app.tick\",\"payload\":{},\"event_actions\":{}}"
#define DONE "{\"delta\":{},\"events\":[],\"final\":true}"
#define HYDRATED \
	"{\"delta\":{\"reflex___state____state\":{\"is_hydrated_rx_state_\":true}},\"events\":[],\"final\":true}"

#define FRONTEND                                                                                         \
	"export const initialState = {\"reflex___state____state\": {\"is_hydrated_rx_state_\": false}, " \
	"\"reflex___state____state.reflex___state____on_load_internal_state\": {}, "                     \
	"\"reflex___state____state.app\": {\"rows_rx_state_\": [], \"count_rx_state_\": 0}}"

/* A state with substates that have no vars is a whole dump (reflex/update.h). */
#define DUMP(vars)                                                                   \
	"{\"delta\":{\"reflex___state____state\":{\"is_hydrated_rx_state_\":false}," \
	"\"reflex___state____state.reflex___state____on_load_internal_state\":{},"   \
	"\"reflex___state____state.app\":{" vars "}},\"events\":[],\"final\":true}"

static void assert_quiet(struct stage *stage)
{
	stage_finish(stage);
	for (const struct finding *finding = stage->findings->first; finding; finding = finding->next)
		if (finding->severity != SEVERITY_INFO)
			fail_msg("found %s: %s", code_table[finding->code].name, finding->seen);
}

/* ---- refusals */

/* Kept by its text, it has none. */
static void a_sid_that_begins_with_a_zero_byte_is_kept_once(void **state)
{
	(void)state;
	struct stage stage;
	stage_begin(&stage);
	stage.session.sid = (char[]){"\0x"};
	stage.session.sid_len = 2;
	for (int times = 0; times < 3; times++)
		stage_tell(&stage, EVENT_OPEN, TO_CLIENT);
	assert_quiet(&stage);
	stage_end(&stage);
}

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
	refuse(POLL "\r\n", "HTTP/1.1 200 OK\r\n\r\n", "97:0{\"sid\":\"x\"}", CODE_PROTOCOL_VERSION);
}

static void a_web_page_for_a_handshake_is_a_wrong_path(void **state)
{
	(void)state;
	refuse(POLL "\r\n", "HTTP/1.1 200 OK\r\n\r\n", "<!doctype html>", CODE_HANDSHAKE_REJECTED);
}

static void a_bare_403_to_a_websocket_names_both_causes_and_is_not_proven(void **state)
{
	(void)state;
	struct stage stage;
	stage_begin(&stage);
	stage_ask(&stage, false,
	    "GET /_event/?EIO=4&transport=websocket HTTP/1.1\r\nHost: app:8000\r\nOrigin: http://other\r\n"
	    "Connection: Upgrade\r\nUpgrade: websocket\r\n\r\n",
	    "HTTP/1.1 403 Forbidden\r\n\r\n", "");
	SEES(&stage, CODE_TRANSPORT_REJECTED);
	const struct finding *finding = stage_found(&stage, CODE_TRANSPORT_REJECTED);
	assert_int_equal(finding->confidence, CONFIDENCE_POSSIBLE);
	assert_non_null(strstr(finding->advice, "cors_allowed_origins"));
	stage_end(&stage);
}

static void a_preflight_is_no_part_of_a_session(void **state)
{
	(void)state;
	struct stage stage;
	stage_begin(&stage);
	stage_ask(&stage, false, "OPTIONS /socket.io/?EIO=4&transport=polling HTTP/1.1\r\n\r\n", REFUSED, "");
	DOES_NOT_SEE(&stage, CODE_HANDSHAKE_REJECTED);
	stage_end(&stage);
}

static void repeated_refusals_are_one_finding_with_a_count(void **state)
{
	(void)state;
	struct stage stage;
	stage_begin(&stage);
	for (int i = 0; i < 5; i++)
		stage_ask(&stage, false, POLL "\r\n", REFUSED, "\"Invalid transport\"");
	SEES(&stage, CODE_TRANSPORT_REJECTED);
	assert_int_equal(stage.findings->count, 1);
	assert_int_equal(stage.findings->first->count, 5);
	stage_end(&stage);
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
	judge_cors(POLL "Origin: http://page\r\n\r\n", "HTTP/1.1 200 OK\r\n\r\n", true);
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
	judge_cors(POLL "Origin: http://app:8000\r\n\r\n", "HTTP/1.1 200 OK\r\n\r\n", false);
}

static void a_websocket_is_not_subject_to_cors(void **state)
{
	(void)state;
	judge_cors("GET /socket.io/?EIO=4&transport=websocket HTTP/1.1\r\nHost: a\r\nOrigin: http://page\r\n\r\n",
	    "HTTP/1.1 101 Switching Protocols\r\n\r\n", false);
}

/* ---- life */

static void a_healthy_session_gives_no_finding(void **state)
{
	(void)state;
	struct stage stage;
	stage_begin(&stage);
	stage_connect(&stage);
	stage_wait(&stage, 25);
	stage_tell(&stage, EVENT_PING, TO_CLIENT);
	stage_tell(&stage, EVENT_PONG, TO_SERVER);
	stage_tell(&stage, EVENT_DISCONNECT, TO_SERVER);
	stage_tell(&stage, EVENT_WS_CLOSE, TO_SERVER);
	stage_tell(&stage, EVENT_TCP_CLOSE, TO_SERVER);
	stage.session.events[TO_CLIENT] = 1;
	stage_finish(&stage);
	for (const struct finding *finding = stage.findings->first; finding; finding = finding->next)
		if (finding->code != CODE_HYDRATE_MISSING)
			fail_msg("found %s", code_table[finding->code].name);
	stage_end(&stage);
}

static void a_ping_without_a_pong_in_time_blames_the_client(void **state)
{
	(void)state;
	struct stage stage;
	stage_begin(&stage);
	stage_connect(&stage);
	stage_tell(&stage, EVENT_PING, TO_CLIENT);
	stage_wait(&stage, 20.1);
	stage_tell(&stage, EVENT_WS_CLOSE, TO_CLIENT);
	SEES(&stage, CODE_HEARTBEAT_LOST);
	assert_non_null(strstr(stage_found(&stage, CODE_HEARTBEAT_LOST)->seen, "the client was late"));
	stage_end(&stage);
}

static void a_session_that_ends_before_the_timeout_lost_no_heartbeat(void **state)
{
	(void)state;
	struct stage stage;
	stage_begin(&stage);
	stage_connect(&stage);
	stage_tell(&stage, EVENT_PING, TO_CLIENT);
	stage_wait(&stage, 10);
	stage_tell(&stage, EVENT_WS_CLOSE, TO_SERVER);
	DOES_NOT_SEE(&stage, CODE_HEARTBEAT_LOST);
	stage_end(&stage);
}

static void a_ping_that_comes_before_anybody_gives_up_is_in_time(void **state)
{
	(void)state;
	struct stage stage;
	stage_begin(&stage);
	stage_connect(&stage);
	stage_wait(&stage, 43.5);
	stage_tell(&stage, EVENT_PING, TO_CLIENT);
	stage_tell(&stage, EVENT_PONG, TO_SERVER);
	DOES_NOT_SEE(&stage, CODE_HEARTBEAT_LOST);
	stage_end(&stage);
}

static void a_silence_is_told_in_full_when_the_ping_comes_at_last(void **state)
{
	(void)state;
	struct stage stage;
	stage_begin(&stage);
	stage_connect(&stage);
	stage_wait(&stage, 60);
	stage_tell(&stage, EVENT_EVENT, TO_CLIENT);
	stage_wait(&stage, 30);
	stage_tell(&stage, EVENT_PING, TO_CLIENT);
	SEES(&stage, CODE_HEARTBEAT_LOST);
	assert_non_null(strstr(stage_found(&stage, CODE_HEARTBEAT_LOST)->seen, "no ping for 90"));
	stage_end(&stage);
}

static void a_heartbeat_in_a_capture_with_gaps_is_only_possibly_lost(void **state)
{
	(void)state;
	struct stage stage;
	stage_begin(&stage);
	stage_connect(&stage);
	stage_tell(&stage, EVENT_GAP, TO_SERVER);
	stage_tell(&stage, EVENT_PING, TO_CLIENT);
	stage_wait(&stage, 30);
	stage_tell(&stage, EVENT_WS_CLOSE, TO_CLIENT);
	SEES(&stage, CODE_HEARTBEAT_LOST);
	assert_int_equal(stage_found(&stage, CODE_HEARTBEAT_LOST)->confidence, CONFIDENCE_POSSIBLE);
	stage_end(&stage);
}

static void a_connection_that_ends_without_a_close_frame_is_abnormal(void **state)
{
	(void)state;
	struct stage stage;
	stage_begin(&stage);
	stage_connect(&stage);
	stage_wait(&stage, 1);
	stage_tell(&stage, EVENT_TCP_CLOSE, TO_CLIENT);
	SEES(&stage, CODE_ABNORMAL_CLOSE);
	stage_end(&stage);
}

static void a_second_connect_ends_a_session_of_node(void **state)
{
	(void)state;
	struct stage stage;
	stage_begin(&stage);
	stage_connect(&stage);
	stage_wait(&stage, 1);
	stage_tell(&stage, EVENT_CONNECT, TO_SERVER);
	struct event close = stage_event(&stage, EVENT_WS_CLOSE, TO_CLIENT);
	close.close_code = 1005;
	stage_tell_event(&stage, &close);
	SEES(&stage, CODE_ABNORMAL_CLOSE);
	assert_non_null(strstr(stage_found(&stage, CODE_ABNORMAL_CLOSE)->seen, "second CONNECT"));
	stage_end(&stage);
}

static void a_server_that_says_disconnect_first_ends_the_session_on_purpose(void **state)
{
	(void)state;
	struct stage stage;
	stage_begin(&stage);
	stage_connect(&stage);
	stage_say(&stage, TO_SERVER, "\"logout\"", "");
	stage_tell(&stage, EVENT_DISCONNECT, TO_CLIENT);
	struct event close = stage_event(&stage, EVENT_WS_CLOSE, TO_CLIENT);
	close.close_code = 1005;
	stage_tell_event(&stage, &close);
	DOES_NOT_SEE(&stage, CODE_ABNORMAL_CLOSE);
	stage_end(&stage);
}

static void a_close_code_of_too_big_is_a_payload_too_large(void **state)
{
	(void)state;
	struct stage stage;
	stage_begin(&stage);
	stage_connect(&stage);
	struct event close = stage_event(&stage, EVENT_WS_CLOSE, TO_CLIENT);
	close.close_code = 1009;
	stage_tell_event(&stage, &close);
	SEES(&stage, CODE_PAYLOAD_TOO_LARGE);
	stage_end(&stage);
}

/* ---- namespaces and acks */

static void a_connect_without_an_answer_is_told_after_a_while(void **state)
{
	(void)state;
	struct stage stage;
	stage_begin(&stage);
	stage_tell(&stage, EVENT_OPEN, TO_CLIENT);
	stage_tell(&stage, EVENT_CONNECT, TO_SERVER);
	stage_wait(&stage, 3);
	SEES(&stage, CODE_CONNECT_UNANSWERED);
	stage_end(&stage);
}

static void a_client_that_leaves_at_once_did_not_wait_for_its_connect(void **state)
{
	(void)state;
	struct stage stage;
	stage_begin(&stage);
	stage_tell(&stage, EVENT_OPEN, TO_CLIENT);
	stage_tell(&stage, EVENT_CONNECT, TO_SERVER);
	stage_tell(&stage, EVENT_WS_CLOSE, TO_SERVER);
	DOES_NOT_SEE(&stage, CODE_CONNECT_UNANSWERED);
	stage_end(&stage);
}

static void an_event_before_any_connect_is_dropped(void **state)
{
	(void)state;
	struct stage stage;
	stage_begin(&stage);
	stage_tell(&stage, EVENT_OPEN, TO_CLIENT);
	stage_say(&stage, TO_SERVER, "\"hello\"", "1");
	SEES(&stage, CODE_EVENT_DROPPED);
	stage_end(&stage);
}

static void an_event_of_a_session_joined_in_mid_stream_is_not_dropped(void **state)
{
	(void)state;
	struct stage stage;
	stage_begin(&stage);
	stage_say(&stage, TO_SERVER, "\"hello\"", "1");
	DOES_NOT_SEE(&stage, CODE_EVENT_DROPPED);
	stage_end(&stage);
}

static void an_ack_that_never_came_is_told(void **state)
{
	(void)state;
	struct stage stage;
	stage_begin(&stage);
	stage_connect(&stage);
	struct event asking = stage_event(&stage, EVENT_EVENT, TO_SERVER);
	asking.name = SLICE("\"add\"");
	asking.ack = 7;
	stage_tell_event(&stage, &asking);
	stage_wait(&stage, 6);
	SEES(&stage, CODE_ACK_MISSING);
	stage_end(&stage);
}

static void an_ack_that_came_is_not_missing(void **state)
{
	(void)state;
	struct stage stage;
	stage_begin(&stage);
	stage_connect(&stage);
	struct event asking = stage_event(&stage, EVENT_EVENT, TO_SERVER);
	asking.name = SLICE("\"add\"");
	asking.ack = 7;
	stage_tell_event(&stage, &asking);
	struct event ack = stage_event(&stage, EVENT_ACK, TO_CLIENT);
	ack.ack = 7;
	ack.answers = asking.index;
	stage_tell_event(&stage, &ack);
	stage_wait(&stage, 6);
	DOES_NOT_SEE(&stage, CODE_ACK_MISSING);
	stage_end(&stage);
}

/* ---- habits */

static void ask_and_answer(struct stage *stage, int times)
{
	for (int i = 0; i < times; i++) {
		struct event asked = stage_event(stage, EVENT_EVENT, TO_SERVER);
		asked.nsp = SLICE("/chat");
		asked.name = SLICE("\"quote\"");
		stage_tell_event(stage, &asked);
		struct event answer = stage_event(stage, EVENT_EVENT, TO_CLIENT);
		answer.nsp = SLICE("/chat");
		answer.name = SLICE("\"price\"");
		stage_tell_event(stage, &answer);
	}
	struct event asked = stage_event(stage, EVENT_EVENT, TO_SERVER);
	asked.nsp = SLICE("/chat");
	asked.name = SLICE("\"quote\"");
	stage_tell_event(stage, &asked);
	stage_wait(stage, 5);
}

static void an_event_of_a_kind_that_is_always_answered_is_missed(void **state)
{
	(void)state;
	struct stage stage;
	stage_begin(&stage);
	stage_connect(&stage);
	ask_and_answer(&stage, 12);
	SEES(&stage, CODE_EVENT_UNANSWERED);
	assert_int_equal(stage_found(&stage, CODE_EVENT_UNANSWERED)->confidence, CONFIDENCE_POSSIBLE);
	stage_end(&stage);
}

static void an_event_of_a_kind_that_was_answered_a_few_times_only_is_not(void **state)
{
	(void)state;
	struct stage stage;
	stage_begin(&stage);
	stage_connect(&stage);
	ask_and_answer(&stage, 4);
	DOES_NOT_SEE(&stage, CODE_EVENT_UNANSWERED);
	stage_end(&stage);
}

/* ---- a Reflex page */

static void hydrate_page(struct stage *stage)
{
	stage_connect(stage);
	stage_say(stage, TO_SERVER, "\"event\"", HYDRATE);
	stage_say(stage, TO_CLIENT, "\"event\"", HYDRATED);
	stage_say(stage, TO_SERVER, "\"event\"", TICK);
	stage_say(stage, TO_CLIENT, "\"event\"", DONE);
}

static void a_page_that_is_answered_gives_no_finding(void **state)
{
	(void)state;
	struct stage stage;
	stage_begin(&stage);
	hydrate_page(&stage);
	stage_wait(&stage, 5);
	assert_quiet(&stage);
	stage_end(&stage);
}

static void an_event_that_is_never_answered_leaves_the_page_stuck(void **state)
{
	(void)state;
	struct stage stage;
	stage_begin(&stage);
	hydrate_page(&stage);
	stage_say(&stage, TO_SERVER, "\"event\"", TICK);
	stage_wait(&stage, 5);
	SEES(&stage, CODE_EVENT_UNANSWERED);
	const struct finding *stuck = stage_found(&stage, CODE_FRONTEND_STUCK);
	assert_non_null(stuck);
	assert_int_equal(stuck->cause->code, CODE_EVENT_UNANSWERED);
	stage_end(&stage);
}

static void an_event_just_before_the_end_of_the_capture_is_not_missed(void **state)
{
	(void)state;
	struct stage stage;
	stage_begin(&stage);
	hydrate_page(&stage);
	stage_say(&stage, TO_SERVER, "\"event\"", TICK);
	stage_wait(&stage, 0.5);
	assert_quiet(&stage);
	stage_end(&stage);
}

static void an_event_in_flight_when_the_client_leaves_is_a_late_race_and_harmless(void **state)
{
	(void)state;
	struct stage stage;
	stage_begin(&stage);
	hydrate_page(&stage);
	stage_say(&stage, TO_SERVER, "\"event\"", TICK);
	stage_tell(&stage, EVENT_DISCONNECT, TO_SERVER);
	stage_tell(&stage, EVENT_WS_CLOSE, TO_SERVER);
	SEES(&stage, CODE_ENVIRON_RACE);
	const struct finding *race = stage_found(&stage, CODE_ENVIRON_RACE);
	assert_string_equal(race->phase, "late");
	assert_int_equal(race->severity, SEVERITY_INFO);
	assert_null(stage_found(&stage, CODE_EVENT_UNANSWERED));
	stage_end(&stage);
}

static void an_event_under_way_when_the_connection_breaks_is_unanswered(void **state)
{
	(void)state; /* reflex-dev/reflex#5219 */
	struct stage stage;
	stage_begin(&stage);
	hydrate_page(&stage);
	stage_say(&stage, TO_SERVER, "\"event\"", TICK);
	stage_tell(&stage, EVENT_TCP_CLOSE, TO_SERVER);
	SEES(&stage, CODE_EVENT_UNANSWERED);
	assert_null(stage_found(&stage, CODE_ENVIRON_RACE));
	stage_end(&stage);
}

static void log_environ(struct stage *stage)
{
	struct event line = stage_event(stage, EVENT_LOG, TO_CLIENT);
	line.session = NULL;
	line.connection = NULL;
	line.text = SLICE("RuntimeError: Socket.IO environ is not initialized.");
	stage_tell_event(stage, &line);
}

/* An event that nobody answers, and a log whose only line is of `before` then: what makes it not surer. */
static const char *doubt_with_a_log(struct stage *stage, double before)
{
	stage_begin(stage);
	stage->facts.has_log = true;
	struct event line = stage_event(stage, EVENT_LOG, TO_CLIENT);
	line.session = NULL;
	line.text = SLICE("started");
	stage_tell_event(stage, &line);
	stage_wait(stage, before);
	stage->session.first = stage->now;
	hydrate_page(stage);
	stage_say(stage, TO_SERVER, "\"event\"", TICK);
	stage_wait(stage, 5);
	stage_say(stage, TO_SERVER, "\"event\"", TICK);
	SEES(stage, CODE_EVENT_UNANSWERED);
	return stage_found(stage, CODE_EVENT_UNANSWERED)->doubt;
}

static void a_log_rules_out_only_what_it_reaches(void **state)
{
	(void)state;
	struct stage stage;
	assert_string_equal(doubt_with_a_log(&stage, 1), "the server's log says nothing of it");
	stage_end(&stage);
	assert_string_equal(doubt_with_a_log(&stage, 7200), "the server's log has no line of that time");
	stage_end(&stage);
}

static void the_log_proves_a_late_race(void **state)
{
	(void)state;
	struct stage stage;
	stage_begin(&stage);
	hydrate_page(&stage);
	stage_say(&stage, TO_SERVER, "\"event\"", TICK);
	stage_tell(&stage, EVENT_DISCONNECT, TO_SERVER);
	log_environ(&stage);
	SEES(&stage, CODE_ENVIRON_RACE);
	assert_int_equal(stage_found(&stage, CODE_ENVIRON_RACE)->confidence, CONFIDENCE_PROVEN);
	stage_end(&stage);
}

static void the_same_line_while_nobody_leaves_is_no_race(void **state)
{
	(void)state;
	struct stage stage;
	stage_begin(&stage);
	hydrate_page(&stage);
	stage_say(&stage, TO_SERVER, "\"event\"", TICK);
	log_environ(&stage);
	stage_wait(&stage, 5);
	SEES(&stage, CODE_ENVIRON_ABSENT);
	assert_null(stage_found(&stage, CODE_ENVIRON_RACE));
	stage_end(&stage);
}

static void an_event_before_the_acknowledged_connect_is_an_early_race(void **state)
{
	(void)state;
	struct stage stage;
	stage_begin(&stage);
	stage_tell(&stage, EVENT_OPEN, TO_CLIENT);
	stage_tell(&stage, EVENT_CONNECT, TO_SERVER);
	stage_say(&stage, TO_SERVER, "\"event\"", HYDRATE);
	stage_tell(&stage, EVENT_CONNECT, TO_CLIENT);
	stage_wait(&stage, 5);
	SEES(&stage, CODE_ENVIRON_RACE);
	assert_string_equal(stage_found(&stage, CODE_ENVIRON_RACE)->phase, "early");
	assert_int_equal(stage_found(&stage, CODE_ENVIRON_RACE)->severity, SEVERITY_ERROR);
	stage_end(&stage);
}

static void an_early_event_that_is_answered_after_all_is_no_race(void **state)
{
	(void)state;
	struct stage stage;
	stage_begin(&stage);
	stage_tell(&stage, EVENT_OPEN, TO_CLIENT);
	stage_tell(&stage, EVENT_CONNECT, TO_SERVER);
	stage_say(&stage, TO_SERVER, "\"event\"", HYDRATE);
	stage_tell(&stage, EVENT_CONNECT, TO_CLIENT);
	stage_say(&stage, TO_CLIENT, "\"event\"", HYDRATED);
	stage_wait(&stage, 5);
	DOES_NOT_SEE(&stage, CODE_ENVIRON_RACE);
	stage_end(&stage);
}

static void a_hydrate_without_an_answer_is_told(void **state)
{
	(void)state;
	struct stage stage;
	stage_begin(&stage);
	stage_connect(&stage);
	stage_say(&stage, TO_SERVER, "\"event\"", HYDRATE);
	stage_wait(&stage, 5);
	SEES(&stage, CODE_HYDRATE_MISSING);
	stage_end(&stage);
}

static void an_error_toast_quotes_the_handler(void **state)
{
	(void)state;
	struct stage stage;
	stage_begin(&stage);
	hydrate_page(&stage);
	stage_say(&stage, TO_CLIENT, "\"event\"",
	    "{\"delta\":{},\"events\":[{\"name\":\"_call_function\",\"payload\":{\"function\":\"(() => { "
	    "refs['__toast']?.['error'](\\\"An error occurred.\\\", ({ [\\\"description\\\"]: \\\"KeyError: 'bid'\\\" "
	    "})) "
	    "})\",\"callback\":null}}],\"final\":true}");
	SEES(&stage, CODE_HANDLER_ERROR);
	assert_non_null(strstr(stage_found(&stage, CODE_HANDLER_ERROR)->seen, "KeyError"));
	stage_end(&stage);
}

/* ---- deltas against the frontend */

static void send_dump(struct stage *stage, const char *dump)
{
	stage_begin_with_frontend(stage, FRONTEND);
	stage_connect(stage);
	stage_say(stage, TO_SERVER, "\"event\"", HYDRATE);
	stage_say(stage, TO_CLIENT, "\"event\"", dump);
}

static void a_state_that_fits_gives_no_finding(void **state)
{
	(void)state;
	struct stage stage;
	send_dump(&stage, DUMP("\"rows_rx_state_\":[1],\"count_rx_state_\":1"));
	stage_finish(&stage);
	assert_null(stage_found(&stage, CODE_DELTA_UNKNOWN_VAR));
	assert_null(stage_found(&stage, CODE_DELTA_MISSING_VAR));
	stage_end(&stage);
}

static void a_renamed_var_is_unknown_and_its_old_name_missing_for_that_reason(void **state)
{
	(void)state;
	struct stage stage;
	send_dump(&stage, DUMP("\"open_rows_rx_state_\":[1],\"count_rx_state_\":1"));
	SEES(&stage, CODE_DELTA_UNKNOWN_VAR);
	assert_non_null(strstr(stage_found(&stage, CODE_DELTA_UNKNOWN_VAR)->seen, "it has rows"));
	const struct finding *missing = stage_found(&stage, CODE_DELTA_MISSING_VAR);
	assert_non_null(missing);
	assert_int_equal(missing->cause->code, CODE_DELTA_UNKNOWN_VAR);
	stage_end(&stage);
}

static void a_var_that_came_too_is_not_what_another_was_before(void **state)
{
	(void)state;
	struct stage stage;
	send_dump(&stage, DUMP("\"rows_rx_state_\":[1],\"row_rx_state_\":[1],\"open_rows_rx_state_\":[1]"));
	SEES(&stage, CODE_DELTA_UNKNOWN_VAR);
	const struct finding *found = stage_found(&stage, CODE_DELTA_UNKNOWN_VAR);
	assert_null(strstr(found->seen, "it has"));
	assert_int_equal(found->severity, SEVERITY_ERROR); /* count did not come: it may be that */
	stage_end(&stage);
}

static void a_var_that_comes_with_a_later_update_is_not_what_another_was_before(void **state)
{
	(void)state;
	struct stage stage;
	send_dump(&stage, DUMP("\"open_rows_rx_state_\":[1],\"count_rx_state_\":1"));
	const struct finding *found = diagnosis_findings(stage.diagnosis)->first;
	assert_non_null(strstr(found->seen, "it has rows, which did not come"));
	stage_say(&stage, TO_SERVER, "\"event\"", TICK);
	stage_say(&stage, TO_CLIENT, "\"event\"",
	    "{\"delta\":{\"reflex___state____state.app\":{\"rows_rx_state_\":[]}},\"events\":[],\"final\":true}");
	SEES(&stage, CODE_DELTA_UNKNOWN_VAR);
	found = stage_found(&stage, CODE_DELTA_UNKNOWN_VAR);
	assert_null(strstr(found->seen, "it has"));
	assert_int_equal(found->severity, SEVERITY_INFO);
	stage_end(&stage);
}

static void a_new_var_beside_all_that_pages_show_is_information(void **state)
{
	(void)state;
	struct stage stage;
	send_dump(&stage, DUMP("\"rows_rx_state_\":[1],\"rows_level_rx_state_\":0,\"count_rx_state_\":1"));
	SEES(&stage, CODE_DELTA_UNKNOWN_VAR);
	const struct finding *found = stage_found(&stage, CODE_DELTA_UNKNOWN_VAR);
	assert_int_equal(found->severity, SEVERITY_INFO);
	assert_int_equal(found->confidence, CONFIDENCE_PROVEN);
	assert_int_equal(found->count, 1);
	assert_non_null(strstr(found->seen, "they lack nothing"));
	stage_end(&stage);
}

/* A page lacks a var of one state; that another state has a new one does not explain it. */
static void a_new_var_explains_no_missing_one(void **state)
{
	(void)state;
	struct stage stage;
	stage_begin_with_frontend(&stage,
	    "export const initialState = {\"reflex___state____state\": {\"is_hydrated_rx_state_\": false}, "
	    "\"reflex___state____state.reflex___state____on_load_internal_state\": {}, "
	    "\"reflex___state____state.app\": {\"rows_rx_state_\": []}, "
	    "\"reflex___state____state.cart\": {\"total_rx_state_\": 0}}");
	stage_connect(&stage);
	stage_say(&stage, TO_SERVER, "\"event\"", HYDRATE);
	stage_say(&stage, TO_CLIENT, "\"event\"",
	    DUMP(
	        "\"rows_rx_state_\":[1],\"level_rx_state_\":0},\"reflex___state____state.cart\":{\"sum_rx_state_\":0"));
	stage_finish(&stage);
	const struct finding *missing = stage_found(&stage, CODE_DELTA_MISSING_VAR);
	assert_non_null(missing);
	assert_non_null(missing->cause);
	assert_non_null(strstr(missing->cause->seen, "the backend sends sum of "));
	stage_end(&stage);
}

static void a_state_that_the_frontend_lacks_is_unknown(void **state)
{
	(void)state;
	struct stage stage;
	send_dump(&stage,
	    "{\"delta\":{\"reflex___state____state\":{\"is_hydrated_rx_state_\":false},"
	    "\"reflex___state____state.application\":{\"rows_rx_state_\":[]}},\"events\":[],\"final\":true}");
	SEES(&stage, CODE_DELTA_UNKNOWN_STATE);
	stage_end(&stage);
}

static void a_var_that_stays_while_its_neighbour_changes_is_stale(void **state)
{
	(void)state;
	struct stage stage;
	send_dump(&stage, DUMP("\"rows_rx_state_\":[],\"count_rx_state_\":1"));
	stage_end(&stage);
	stage_begin_with_frontend(&stage,
	    "export const initialState = {\"reflex___state____state\": {\"is_hydrated_rx_state_\": false}, "
	    "\"reflex___state____state.app\": {\"position_rows_rx_state_\": [], \"positions_rx_state_\": []}}");
	stage_connect(&stage);
	stage_say(&stage, TO_SERVER, "\"event\"", HYDRATE);
	stage_say(&stage, TO_CLIENT, "\"event\"", DUMP("\"position_rows_rx_state_\":[],\"positions_rx_state_\":[]"));
	static const char *const ticks[] = {"[1]", "[2]", "[3]", "[4]"};
	for (size_t i = 0; i < 4; i++) {
		char update[256];
		snprintf(update, sizeof update,
		    "{\"delta\":{\"reflex___state____state.app\":{\"positions_rx_state_\":%s}},\"events\":[],\"final\":"
		    "true}",
		    ticks[i]);
		stage_say(&stage, TO_SERVER, "\"event\"", TICK);
		stage_say(&stage, TO_CLIENT, "\"event\"", update);
	}
	SEES(&stage, CODE_DELTA_STALE_VAR);
	stage_end(&stage);
}

/* ---- the table */

static void packets_that_were_dropped_make_a_capture_incomplete(void **state)
{
	(void)state;
	struct stage stage;
	stage_begin(&stage);
	stage_connect(&stage);
	stage.counts.dropped = 3;
	SEES(&stage, CODE_CAPTURE_INCOMPLETE);
	stage_end(&stage);
}

static void every_code_is_explained(void **state)
{
	(void)state;
	for (enum code code = 0; code < CODES; code++) {
		assert_non_null(code_table[code].name);
		assert_true(strlen(code_table[code].title) > 10);
		assert_true(strlen(code_table[code].explanation) > 40);
		assert_true(strlen(code_table[code].remedy) > 20);
		assert_int_equal(code_named(code_table[code].name), code);
	}
}

/* ---- what probes and old servers tell */

static void a_process_that_ends_with_its_websocket_open_is_proven(void **state)
{
	(void)state;
	struct stage stage;
	const struct process process = {.id = 77, .command = "uvicorn"};
	stage_begin(&stage);
	stage_connect(&stage);
	stage.connection.process = &process;
	struct event event = stage_event(&stage, EVENT_TCP_CLOSE, TO_CLIENT);
	event.text = SLICE("process ended");
	stage_tell_event(&stage, &event);
	SEES(&stage, CODE_ABNORMAL_CLOSE);
	const struct finding *found = stage_found(&stage, CODE_ABNORMAL_CLOSE);
	assert_int_equal(found->confidence, CONFIDENCE_PROVEN);
	assert_non_null(strstr(found->seen, "the server's process 77 (uvicorn) ended"));
	stage_end(&stage);
}

static void an_old_server_that_closes_after_a_silence_lost_a_heartbeat(void **state)
{
	(void)state; /* python-engineio 3 does not wait for interval and timeout together */
	struct stage stage;
	stage_begin(&stage);
	stage.session.revision = 3;
	stage.session.handshake_seen = true;
	stage_connect(&stage);
	stage_tell(&stage, EVENT_PING, TO_SERVER);
	stage_tell(&stage, EVENT_PONG, TO_CLIENT);
	stage_wait(&stage, 26);
	stage_tell(&stage, EVENT_WS_CLOSE, TO_CLIENT);
	SEES(&stage, CODE_HEARTBEAT_LOST);
	assert_non_null(strstr(stage_found(&stage, CODE_HEARTBEAT_LOST)->seen, "without a ping"));
	stage_end(&stage);
}

static void an_old_server_that_closes_soon_lost_no_heartbeat(void **state)
{
	(void)state;
	struct stage stage;
	stage_begin(&stage);
	stage.session.revision = 3;
	stage.session.handshake_seen = true;
	stage_connect(&stage);
	stage_tell(&stage, EVENT_PING, TO_SERVER);
	stage_tell(&stage, EVENT_PONG, TO_CLIENT);
	stage_wait(&stage, 10);
	stage_tell(&stage, EVENT_WS_CLOSE, TO_CLIENT);
	DOES_NOT_SEE(&stage, CODE_HEARTBEAT_LOST);
	stage_end(&stage);
}

static void what_is_found_of_a_doubtful_session_is_only_possible(void **state)
{
	(void)state;
	struct stage stage;
	stage_begin(&stage);
	stage_connect(&stage);
	stage_tell(&stage, EVENT_TCP_CLOSE, TO_CLIENT);
	stage.session.doubtful = true;
	SEES(&stage, CODE_ABNORMAL_CLOSE);
	assert_int_equal(stage_found(&stage, CODE_ABNORMAL_CLOSE)->confidence, CONFIDENCE_POSSIBLE);
	assert_non_null(stage_found(&stage, CODE_ABNORMAL_CLOSE)->doubt);
	stage_end(&stage);
}

static void a_refusal_in_json_is_known_by_its_code(void **state)
{
	(void)state;
	refuse("GET /socket.io/?EIO=4&transport=polling&sid=gone HTTP/1.1\r\n\r\n", "HTTP/1.1 400 Bad Request\r\n\r\n",
	    "{\"code\":1,\"message\":\"?\"}", CODE_SESSION_UNKNOWN);
	refuse("GET /socket.io/?EIO=3&transport=polling HTTP/1.1\r\n\r\n", "HTTP/1.1 400 Bad Request\r\n\r\n",
	    "{\"code\":5,\"message\":\"?\"}", CODE_PROTOCOL_VERSION);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_sid_that_begins_with_a_zero_byte_is_kept_once),
	    cmocka_unit_test(each_server_refuses_a_transport_in_its_own_words),
	    cmocka_unit_test(each_server_refuses_a_revision_in_its_own_words),
	    cmocka_unit_test(an_old_payload_form_for_a_new_client_is_a_wrong_revision),
	    cmocka_unit_test(a_web_page_for_a_handshake_is_a_wrong_path),
	    cmocka_unit_test(a_bare_403_to_a_websocket_names_both_causes_and_is_not_proven),
	    cmocka_unit_test(a_preflight_is_no_part_of_a_session),
	    cmocka_unit_test(repeated_refusals_are_one_finding_with_a_count),
	    cmocka_unit_test(a_browser_of_another_origin_needs_the_field_once_and_right),
	    cmocka_unit_test(a_star_does_not_go_with_credentials),
	    cmocka_unit_test(a_page_of_the_same_origin_is_not_affected),
	    cmocka_unit_test(a_websocket_is_not_subject_to_cors),
	    cmocka_unit_test(a_healthy_session_gives_no_finding),
	    cmocka_unit_test(a_ping_without_a_pong_in_time_blames_the_client),
	    cmocka_unit_test(a_session_that_ends_before_the_timeout_lost_no_heartbeat),
	    cmocka_unit_test(a_ping_that_comes_before_anybody_gives_up_is_in_time),
	    cmocka_unit_test(a_silence_is_told_in_full_when_the_ping_comes_at_last),
	    cmocka_unit_test(a_heartbeat_in_a_capture_with_gaps_is_only_possibly_lost),
	    cmocka_unit_test(a_connection_that_ends_without_a_close_frame_is_abnormal),
	    cmocka_unit_test(a_second_connect_ends_a_session_of_node),
	    cmocka_unit_test(a_server_that_says_disconnect_first_ends_the_session_on_purpose),
	    cmocka_unit_test(a_close_code_of_too_big_is_a_payload_too_large),
	    cmocka_unit_test(a_connect_without_an_answer_is_told_after_a_while),
	    cmocka_unit_test(a_client_that_leaves_at_once_did_not_wait_for_its_connect),
	    cmocka_unit_test(an_event_before_any_connect_is_dropped),
	    cmocka_unit_test(an_event_of_a_session_joined_in_mid_stream_is_not_dropped),
	    cmocka_unit_test(an_ack_that_never_came_is_told),
	    cmocka_unit_test(an_ack_that_came_is_not_missing),
	    cmocka_unit_test(an_event_of_a_kind_that_is_always_answered_is_missed),
	    cmocka_unit_test(an_event_of_a_kind_that_was_answered_a_few_times_only_is_not),
	    cmocka_unit_test(a_page_that_is_answered_gives_no_finding),
	    cmocka_unit_test(an_event_that_is_never_answered_leaves_the_page_stuck),
	    cmocka_unit_test(an_event_just_before_the_end_of_the_capture_is_not_missed),
	    cmocka_unit_test(an_event_in_flight_when_the_client_leaves_is_a_late_race_and_harmless),
	    cmocka_unit_test(an_event_under_way_when_the_connection_breaks_is_unanswered),
	    cmocka_unit_test(a_log_rules_out_only_what_it_reaches),
	    cmocka_unit_test(the_log_proves_a_late_race),
	    cmocka_unit_test(the_same_line_while_nobody_leaves_is_no_race),
	    cmocka_unit_test(an_event_before_the_acknowledged_connect_is_an_early_race),
	    cmocka_unit_test(an_early_event_that_is_answered_after_all_is_no_race),
	    cmocka_unit_test(a_hydrate_without_an_answer_is_told),
	    cmocka_unit_test(an_error_toast_quotes_the_handler),
	    cmocka_unit_test(a_state_that_fits_gives_no_finding),
	    cmocka_unit_test(a_renamed_var_is_unknown_and_its_old_name_missing_for_that_reason),
	    cmocka_unit_test(a_var_that_came_too_is_not_what_another_was_before),
	    cmocka_unit_test(a_var_that_comes_with_a_later_update_is_not_what_another_was_before),
	    cmocka_unit_test(a_new_var_beside_all_that_pages_show_is_information),
	    cmocka_unit_test(a_new_var_explains_no_missing_one),
	    cmocka_unit_test(a_state_that_the_frontend_lacks_is_unknown),
	    cmocka_unit_test(a_var_that_stays_while_its_neighbour_changes_is_stale),
	    cmocka_unit_test(packets_that_were_dropped_make_a_capture_incomplete),
	    cmocka_unit_test(every_code_is_explained),
	    cmocka_unit_test(a_process_that_ends_with_its_websocket_open_is_proven),
	    cmocka_unit_test(an_old_server_that_closes_after_a_silence_lost_a_heartbeat),
	    cmocka_unit_test(an_old_server_that_closes_soon_lost_no_heartbeat),
	    cmocka_unit_test(what_is_found_of_a_doubtful_session_is_only_possible),
	    cmocka_unit_test(a_refusal_in_json_is_known_by_its_code),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
