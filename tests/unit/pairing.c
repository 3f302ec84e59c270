/* Requests and their answers: which belong together, and what became of each. */
#include "scene.h"

#define ANSWER(length, body) "HTTP/1.1 200 OK\r\nContent-Length: " length "\r\n\r\n" body
#define CONNECT "CONNECT app:80 HTTP/1.1\r\nHost: app:80\r\n\r\n"
#define ESTABLISHED "HTTP/1.1 200 Connection established\r\n\r\n"
#define ASK_WEBSOCKET                                                                   \
	"GET /socket.io/?EIO=4&transport=websocket HTTP/1.1\r\nConnection: Upgrade\r\n" \
	"Upgrade: websocket\r\n\r\n"
#define SWITCHED "HTTP/1.1 101 X\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n"
#define FRAMED_OPEN \
	"\x81\x0c"  \
	"0{\"sid\":\"b\"}"
#define FRAMED_EVENT \
	"\x81\x0a"   \
	"42[\"next\"]"
/* 42["a"] */
#define DEFLATED_EVENT "\xc1\x09\x32\x31\x8a\x56\x4a\x54\x8a\x05\x00"
/* Masked with ones: 42["x"] */
#define FRAMED_QUESTION            \
	"\x81\x87\x01\x01\x01\x01" \
	"53Z#y#\\"

/* The nth exchange (from 1) that was told. */
static const struct given *exchange(const struct scene *scene, size_t nth)
{
	for (size_t i = 0; i < scene->count; i++)
		if (scene->given[i].kind == EVENT_HTTP && --nth == 0)
			return &scene->given[i];
	fail_msg("there is no such exchange");
	return NULL;
}

static void assert_state(const struct given *given, enum exchange_state state)
{
	assert_string_equal(exchange_state_name(given->state), exchange_state_name(state));
}

static timestamp time_of(uint64_t packet)
{
	return (timestamp)(1000 + packet) * TIMESTAMP_MILLISECOND;
}

static void give_fin(struct scene *scene, uint64_t number, enum direction from)
{
	give(scene, number, from, scene->sent[from]++, TCP_FIN | TCP_ACK, "");
}

/* ---- states */

static void an_answered_request_was_decided_when_its_answer_ended(void **state)
{
	struct scene *scene = *state;
	begin_session(scene);
	say(scene, 5, DIRECTION_TO_SERVER, POLL("a"));
	say(scene, 6, DIRECTION_TO_CLIENT, "HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n");
	say(scene, 7, DIRECTION_TO_CLIENT, "6");
	assert_state(exchange(scene, 2), EXCHANGE_ANSWERED);
	assert_int_equal(exchange(scene, 2)->time, time_of(7));
}

static void a_request_without_an_answer_is_pending_when_the_capture_ends(void **state)
{
	struct scene *scene = *state;
	begin_session(scene);
	say(scene, 5, DIRECTION_TO_SERVER, POLL("a"));
	scene->client = 1;
	give(scene, 9, DIRECTION_TO_SERVER, 0, TCP_SYN, "");
	engine_end(scene->engine);
	assert_state(exchange(scene, 2), EXCHANGE_PENDING);
	assert_int_equal(exchange(scene, 2)->time, time_of(9));
}

static void one_whose_server_closes_first_was_not_answered_by_the_server(void **state)
{
	struct scene *scene = *state;
	begin_session(scene);
	say(scene, 5, DIRECTION_TO_SERVER, POLL("a"));
	give_fin(scene, 6, DIRECTION_TO_CLIENT);
	assert_state(exchange(scene, 2), EXCHANGE_UNANSWERED);
	assert_int_equal(exchange(scene, 2)->ended_by, DIRECTION_TO_CLIENT);
	assert_int_equal(exchange(scene, 2)->time, time_of(6));
}

static void one_whose_client_leaves_first_was_given_up_by_the_client(void **state)
{
	struct scene *scene = *state;
	begin_session(scene);
	say(scene, 5, DIRECTION_TO_SERVER, POLL("a"));
	give_fin(scene, 6, DIRECTION_TO_SERVER);
	assert_int_equal(count_given(scene, EVENT_HTTP), 1);
	give_fin(scene, 7, DIRECTION_TO_CLIENT);
	assert_state(exchange(scene, 2), EXCHANGE_UNANSWERED);
	assert_int_equal(exchange(scene, 2)->ended_by, DIRECTION_TO_SERVER);
}

static void one_whose_client_resets_was_given_up_by_the_client(void **state)
{
	struct scene *scene = *state;
	begin_session(scene);
	say(scene, 5, DIRECTION_TO_SERVER, POLL("a"));
	give(scene, 6, DIRECTION_TO_SERVER, scene->sent[DIRECTION_TO_SERVER], TCP_RST, "");
	engine_advance(scene->engine, time_of(1000));
	assert_state(exchange(scene, 2), EXCHANGE_UNANSWERED);
	assert_int_equal(exchange(scene, 2)->ended_by, DIRECTION_TO_SERVER);
}

static void one_whose_answer_was_not_captured_is_lost(void **state)
{
	struct scene *scene = *state;
	begin_session(scene);
	say(scene, 5, DIRECTION_TO_SERVER, POLL("a"));
	lose(scene, DIRECTION_TO_CLIENT, 100);
	say(scene, 6, DIRECTION_TO_SERVER, POLL("a&t=next"));
	say(scene, 7, DIRECTION_TO_CLIENT, ANSWER("1", "6"));
	engine_end(scene->engine);
	assert_state(exchange(scene, 2), EXCHANGE_LOST);
	assert_state(exchange(scene, 3), EXCHANGE_ANSWERED);
	assert_non_null(strstr(exchange(scene, 3)->text, "t=next"));
}

static void one_whose_server_was_never_captured_is_lost(void **state)
{
	struct scene *scene = *state;
	give(scene, 1, DIRECTION_TO_SERVER, scene->sent[DIRECTION_TO_SERVER]++, TCP_SYN, "");
	say(scene, 3, DIRECTION_TO_SERVER, HANDSHAKE);
	engine_end(scene->engine);
	assert_state(exchange(scene, 1), EXCHANGE_LOST);
}

static void data_on_a_syn_that_is_reset_was_refused(void **state)
{
	struct scene *scene = *state;
	give(scene, 1, DIRECTION_TO_SERVER, 0, TCP_SYN, HANDSHAKE);
	scene->sent[DIRECTION_TO_SERVER] = 1;
	give(scene, 2, DIRECTION_TO_CLIENT, 0, TCP_RST | TCP_ACK, "");
	engine_end(scene->engine);
	assert_state(exchange(scene, 1), EXCHANGE_REFUSED);
}

static void an_answer_that_was_cut_is_an_answer(void **state)
{
	struct scene *scene = *state;
	begin_session(scene);
	say(scene, 5, DIRECTION_TO_SERVER, POLL("a"));
	say(scene, 6, DIRECTION_TO_CLIENT, ANSWER("100", "42[\"cut"));
	give(scene, 7, DIRECTION_TO_CLIENT, scene->sent[DIRECTION_TO_CLIENT], TCP_RST, "");
	engine_advance(scene->engine, time_of(1000));
	assert_state(exchange(scene, 2), EXCHANGE_ANSWERED);
	assert_int_equal(exchange(scene, 2)->status, 200);
	assert_int_equal(exchange(scene, 2)->time, time_of(7));
}

static void an_answer_that_was_cut_says_when_its_last_bytes_came_and_what_ended_it(void **state)
{
	struct scene *scene = *state;
	begin_session(scene);
	say(scene, 5, DIRECTION_TO_SERVER, POLL("a"));
	say(scene, 6, DIRECTION_TO_CLIENT, ANSWER("100", "42[\"cut"));
	say(scene, 8, DIRECTION_TO_CLIENT, "more");
	give_fin(scene, 20, DIRECTION_TO_SERVER);
	give_fin(scene, 21, DIRECTION_TO_CLIENT);
	assert_int_equal(exchange(scene, 2)->latest, time_of(8));
	assert_int_equal(exchange(scene, 2)->end, EXCHANGE_UNANSWERED);
	assert_int_equal(exchange(scene, 2)->ended_by, DIRECTION_TO_SERVER);
	assert_false(exchange(scene, 2)->has_gap);
}

static void an_answer_with_a_hole_in_its_body_says_so(void **state)
{
	struct scene *scene = *state;
	begin_session(scene);
	say(scene, 5, DIRECTION_TO_SERVER, POLL("a"));
	say(scene, 6, DIRECTION_TO_CLIENT, ANSWER("100", "42[\"cut"));
	lose(scene, DIRECTION_TO_CLIENT, 10);
	say(scene, 8, DIRECTION_TO_CLIENT, "more");
	engine_end(scene->engine);
	assert_true(exchange(scene, 2)->has_gap);
}

/* ---- pairs */

/* A server may refuse a request before it has read all of it (413). */
static void an_answer_before_the_request_is_whole_is_reported_when_it_is(void **state)
{
	struct scene *scene = *state;
	begin_session(scene);
	say(scene, 5, DIRECTION_TO_SERVER, POST_HEAD("20") "42[\"long");
	say(scene, 6, DIRECTION_TO_CLIENT, "HTTP/1.1 413 Too Large\r\nContent-Length: 0\r\n\r\n");
	assert_int_equal(count_given(scene, EVENT_HTTP), 1);
	say(scene, 7, DIRECTION_TO_SERVER, "\",1234567890");
	say(scene, 8, DIRECTION_TO_SERVER, "]");
	assert_int_equal(exchange(scene, 2)->status, 413);
	say(scene, 9, DIRECTION_TO_SERVER, POLL("a&t=next"));
	say(scene, 10, DIRECTION_TO_CLIENT, ANSWER("1", "6"));
	assert_int_equal(exchange(scene, 3)->status, 200);
	assert_non_null(strstr(exchange(scene, 3)->text, "t=next"));
}

static void after_a_lost_request_answers_go_to_those_that_asked(void **state)
{
	struct scene *scene = *state;
	begin_session(scene);
	lose(scene, DIRECTION_TO_SERVER, 90);
	say(scene, 5, DIRECTION_TO_CLIENT, ANSWER("10", "42[\"lost\"]"));
	say(scene, 6, DIRECTION_TO_SERVER, POLL("a&t=next"));
	say(scene, 7, DIRECTION_TO_CLIENT, ANSWER("10", "42[\"next\"]"));
	engine_end(scene->engine);
	assert_int_equal(count_given(scene, EVENT_HTTP), 2);
	assert_int_equal(exchange(scene, 2)->origin.last, 7);
	assert_int_equal(count_given(scene, EVENT_EVENT), 1);
}

static void answers_in_one_segment_behind_a_refused_upgrade_pair_in_order(void **state)
{
	struct scene *scene = *state;
	begin_session(scene);
	say(scene, 5, DIRECTION_TO_SERVER,
	    "GET /socket.io/?EIO=4&transport=websocket&sid=a HTTP/1.1\r\nConnection: Upgrade\r\n"
	    "Upgrade: websocket\r\n\r\n" POLL("a&t=behind"));
	say(scene, 6, DIRECTION_TO_CLIENT,
	    "HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n" ANSWER("10", "42[\"next\"]"));
	say(scene, 7, DIRECTION_TO_SERVER, POLL("a&t=last"));
	say(scene, 8, DIRECTION_TO_CLIENT, ANSWER("1", "6"));
	assert_int_equal(exchange(scene, 2)->status, 400);
	assert_int_equal(exchange(scene, 3)->status, 200);
	assert_int_equal(exchange(scene, 3)->origin.last, 6);
	assert_int_equal(exchange(scene, 4)->origin.last, 8);
	assert_int_equal(find_given(scene, EVENT_EVENT)->origin.last, 6);
}

static void requests_that_are_pipelined_are_answered_in_their_order(void **state)
{
	struct scene *scene = *state;
	begin_session(scene);
	say(scene, 5, DIRECTION_TO_SERVER, POLL("a&t=1") POLL("a&t=2"));
	say(scene, 6, DIRECTION_TO_CLIENT, ANSWER("10", "42[\"next\"]"));
	assert_non_null(strstr(exchange(scene, 2)->text, "t=1"));
	assert_state(exchange(scene, 2), EXCHANGE_ANSWERED);
	say(scene, 7, DIRECTION_TO_CLIENT, ANSWER("1", "6"));
	assert_non_null(strstr(exchange(scene, 3)->text, "t=2"));
	assert_state(exchange(scene, 3), EXCHANGE_ANSWERED);
}

static void after_lost_answers_the_next_one_is_for_the_newest_request(void **state)
{
	struct scene *scene = *state;
	begin_session(scene);
	say(scene, 5, DIRECTION_TO_SERVER, POLL("a&t=1") POLL("a&t=2") POLL("a&t=3"));
	lose(scene, DIRECTION_TO_CLIENT, 100);
	say(scene, 6, DIRECTION_TO_CLIENT, ANSWER("10", "42[\"next\"]"));
	engine_end(scene->engine);
	assert_state(exchange(scene, 2), EXCHANGE_LOST);
	assert_state(exchange(scene, 3), EXCHANGE_LOST);
	assert_state(exchange(scene, 4), EXCHANGE_ANSWERED);
	assert_non_null(strstr(exchange(scene, 4)->text, "t=3"));
}

static void after_one_answer_for_the_newest_request_pairing_is_sure_again(void **state)
{
	struct scene *scene = *state;
	begin_session(scene);
	say(scene, 5, DIRECTION_TO_SERVER, POLL("a&t=1"));
	lose(scene, DIRECTION_TO_CLIENT, 100);
	say(scene, 6, DIRECTION_TO_SERVER, POLL("a&t=2"));
	say(scene, 7, DIRECTION_TO_CLIENT, ANSWER("1", "6"));
	say(scene, 8, DIRECTION_TO_SERVER, POLL("a&t=3") POLL("a&t=4"));
	say(scene, 9, DIRECTION_TO_CLIENT, ANSWER("1", "6"));
	engine_end(scene->engine);
	assert_state(exchange(scene, 3), EXCHANGE_ANSWERED);
	assert_non_null(strstr(exchange(scene, 4)->text, "t=3"));
	assert_state(exchange(scene, 4), EXCHANGE_ANSWERED);
	assert_state(exchange(scene, 5), EXCHANGE_PENDING);
}

static void an_interim_answer_answers_nothing(void **state)
{
	struct scene *scene = *state;
	begin_session(scene);
	say(scene, 5, DIRECTION_TO_SERVER, POST_HEAD("1"));
	say(scene, 6, DIRECTION_TO_CLIENT, "HTTP/1.1 100 Continue\r\n\r\n");
	say(scene, 7, DIRECTION_TO_SERVER, "6");
	assert_int_equal(count_given(scene, EVENT_HTTP), 1);
	say(scene, 8, DIRECTION_TO_CLIENT, ANSWER("2", "ok"));
	assert_int_equal(exchange(scene, 2)->status, 200);
}

static void one_whose_connection_ends_behind_a_lost_answer_is_lost(void **state)
{
	struct scene *scene = *state;
	begin_session(scene);
	say(scene, 5, DIRECTION_TO_SERVER, POLL("a&t=1"));
	lose(scene, DIRECTION_TO_CLIENT, 100);
	say(scene, 6, DIRECTION_TO_SERVER, POLL("a&t=2"));
	give_fin(scene, 7, DIRECTION_TO_CLIENT);
	engine_end(scene->engine);
	assert_state(exchange(scene, 3), EXCHANGE_LOST);
}

static void one_whose_connection_was_let_go_is_lost(void **state)
{
	struct scene *scene = *state;
	scene->limits.connections = 1;
	engine_free(scene->engine);
	scene->engine = engine_new(&scene->limits, scene->observers, 1);
	assert_non_null(scene->engine);
	begin_session(scene);
	say(scene, 5, DIRECTION_TO_SERVER, POLL("a"));
	scene->client = 1;
	give(scene, 6, DIRECTION_TO_SERVER, 0, TCP_SYN, "");
	assert_state(exchange(scene, 2), EXCHANGE_LOST);
}

static void bytes_of_other_http_are_not_decoded(void **state)
{
	struct scene *scene = *state;
	static const char request[] = "GET /style.css HTTP/1.1\r\n\r\n", answer[] = ANSWER("4", "body");
	begin_session(scene);
	say(scene, 5, DIRECTION_TO_SERVER, request);
	say(scene, 6, DIRECTION_TO_CLIENT, answer);
	engine_end(scene->engine);
	const struct ledger *ledger = engine_ledger(scene->engine);
	assert_int_equal(ledger->entries[LEDGER_OTHER_HTTP].bytes, sizeof request - 1 + sizeof answer - 1);
	assert_int_equal(ledger->entries[LEDGER_DECODED].bytes, sizeof HANDSHAKE - 1 + sizeof OPEN - 1);
}

/* At the server: its end, then the request. */
static void a_request_that_comes_after_the_servers_end_crossed_it(void **state)
{
	struct scene *scene = *state;
	begin_connection(scene);
	say(scene, 3, DIRECTION_TO_SERVER, HANDSHAKE);
	say(scene, 4, DIRECTION_TO_CLIENT,
	    "HTTP/1.1 200 OK\r\nKeep-Alive: timeout=5, max=100\r\nContent-Length: 12\r\n\r\n0{\"sid\":\"a\"}");
	give_fin(scene, 54, DIRECTION_TO_CLIENT);
	say(scene, 55, DIRECTION_TO_SERVER, POLL("a"));
	engine_end(scene->engine);
	assert_int_equal(exchange(scene, 2)->closed, time_of(54));
	assert_int_equal(exchange(scene, 2)->idle, 50 * TIMESTAMP_MILLISECOND);
	assert_int_equal(exchange(scene, 2)->announced, 5 * TIMESTAMP_SECOND);
}

/* At the client: the request, then an end that does not acknowledge it. */
static void a_request_that_the_servers_end_does_not_acknowledge_crossed_it(void **state)
{
	struct scene *scene = *state;
	begin_session(scene);
	uint32_t before = scene->sent[DIRECTION_TO_SERVER];
	say(scene, 54, DIRECTION_TO_SERVER, POLL("a"));
	uint32_t after = scene->sent[DIRECTION_TO_SERVER];
	scene->sent[DIRECTION_TO_SERVER] = before;
	give_fin(scene, 55, DIRECTION_TO_CLIENT);
	scene->sent[DIRECTION_TO_SERVER] = after;
	engine_end(scene->engine);
	assert_int_equal(exchange(scene, 2)->closed, time_of(55));
	assert_int_equal(exchange(scene, 2)->idle, 51 * TIMESTAMP_MILLISECOND);
}

static void a_request_that_the_server_got_before_it_ended_did_not_cross(void **state)
{
	struct scene *scene = *state;
	begin_session(scene);
	say(scene, 54, DIRECTION_TO_SERVER, POLL("a"));
	give_fin(scene, 55, DIRECTION_TO_CLIENT);
	engine_end(scene->engine);
	assert_int_equal(exchange(scene, 2)->closed, 0);
}

static void what_the_end_of_a_connection_breaks_off_was_not_missed(void **state)
{
	struct scene *scene = *state;
	begin_session(scene);
	say(scene, 5, DIRECTION_TO_SERVER, POLL("a"));
	say(scene, 6, DIRECTION_TO_CLIENT, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n40\r\n42[\"rows\",[");
	give_fin(scene, 7, DIRECTION_TO_CLIENT);
	engine_end(scene->engine);
	assert_true(exchange(scene, 2)->incomplete && exchange(scene, 2)->broken_off);
	assert_true(find_given(scene, EVENT_MALFORMED)->broken_off);
	assert_int_equal(engine_ledger(scene->engine)->entries[LEDGER_INCOMPLETE].items, 0);
	assert_int_equal(scene->session_incomplete, 0);
}

static void bytes_that_were_not_captured_before_the_end_of_a_connection_were_missed(void **state)
{
	struct scene *scene = *state;
	begin_session(scene);
	say(scene, 5, DIRECTION_TO_SERVER, POLL("a"));
	say(scene, 6, DIRECTION_TO_CLIENT, "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n42[\"rows\",[");
	lose(scene, DIRECTION_TO_CLIENT, 20);
	say(scene, 7, DIRECTION_TO_CLIENT, "1,2,3");
	give_fin(scene, 8, DIRECTION_TO_CLIENT);
	engine_end(scene->engine);
	assert_true(exchange(scene, 2)->incomplete && !exchange(scene, 2)->broken_off);
	assert_true(scene->session_incomplete > 0);
}

static void an_answer_to_a_request_that_never_becomes_whole_is_whole(void **state)
{
	struct scene *scene = *state;
	begin_session(scene);
	say(scene, 5, DIRECTION_TO_SERVER, POST_HEAD("100") "42[\"slow\"");
	say(scene, 6, DIRECTION_TO_CLIENT, "HTTP/1.1 408 Request Timeout\r\nContent-Length: 0\r\n\r\n");
	give_fin(scene, 7, DIRECTION_TO_CLIENT);
	assert_false(exchange(scene, 2)->is_answer_cut);
	assert_true(exchange(scene, 2)->incomplete && exchange(scene, 2)->broken_off);
}

static void a_request_whose_websocket_is_granted_before_it_is_whole_is_incomplete(void **state)
{
	struct scene *scene = *state;
	begin_connection(scene);
	say(scene, 3, DIRECTION_TO_SERVER,
	    "GET /socket.io/?EIO=4&transport=websocket HTTP/1.1\r\nConnection: Upgrade\r\n"
	    "Upgrade: websocket\r\nContent-Length: 9\r\n\r\n");
	say(scene, 4, DIRECTION_TO_CLIENT, SWITCHED FRAMED_OPEN);
	assert_true(exchange(scene, 1)->incomplete);
	assert_int_equal(count_given(scene, EVENT_OPEN), 1);
}

/* ---- tunnels */

static void what_is_inside_a_tunnel_is_a_connection_of_its_own(void **state)
{
	struct scene *scene = *state;
	begin_connection(scene);
	say(scene, 3, DIRECTION_TO_SERVER, CONNECT);
	say(scene, 4, DIRECTION_TO_CLIENT, ESTABLISHED);
	say(scene, 5, DIRECTION_TO_SERVER, ASK_WEBSOCKET);
	say(scene, 6, DIRECTION_TO_CLIENT, SWITCHED FRAMED_OPEN);
	say(scene, 7, DIRECTION_TO_SERVER, FRAMED_QUESTION);
	engine_end(scene->engine);
	assert_int_equal(exchange(scene, 1)->status, 101);
	assert_int_equal(find_given(scene, EVENT_EVENT)->origin.last, 7);
	assert_int_equal(scene->sessions, 1);
	assert_string_equal(scene->sid, "b");
}

static void what_is_sent_before_the_tunnel_stands_is_inside(void **state)
{
	struct scene *scene = *state;
	begin_connection(scene);
	say(scene, 3, DIRECTION_TO_SERVER, CONNECT HANDSHAKE);
	say(scene, 4, DIRECTION_TO_CLIENT, ESTABLISHED OPEN);
	engine_end(scene->engine);
	assert_int_equal(exchange(scene, 1)->status, 200);
	assert_int_equal(find_given(scene, EVENT_OPEN)->origin.last, 4);
}

static void a_refused_connect_leaves_http_as_it_is(void **state)
{
	struct scene *scene = *state;
	begin_connection(scene);
	say(scene, 3, DIRECTION_TO_SERVER, CONNECT);
	say(scene, 4, DIRECTION_TO_CLIENT, "HTTP/1.1 407 Auth\r\nContent-Length: 2\r\n\r\nno");
	say(scene, 5, DIRECTION_TO_SERVER, CONNECT);
	say(scene, 6, DIRECTION_TO_CLIENT, ESTABLISHED);
	say(scene, 7, DIRECTION_TO_SERVER, HANDSHAKE);
	say(scene, 8, DIRECTION_TO_CLIENT, OPEN);
	engine_end(scene->engine);
	assert_int_equal(count_given(scene, EVENT_HTTP), 1);
	assert_int_equal(find_given(scene, EVENT_OPEN)->origin.last, 8);
}

static void the_page_of_a_refused_connect_is_its_answers_body(void **state)
{
	struct scene *scene = *state;
	begin_connection(scene);
	say(scene, 3, DIRECTION_TO_SERVER, CONNECT);
	say(scene, 4, DIRECTION_TO_CLIENT, "HTTP/1.1 403 Forbidden\r\nContent-Length: 4\r\n\r\npage");
	say(scene, 5, DIRECTION_TO_SERVER, HANDSHAKE);
	say(scene, 6, DIRECTION_TO_CLIENT, OPEN);
	engine_end(scene->engine);
	assert_int_equal(exchange(scene, 1)->status, 200);
	assert_int_equal(find_given(scene, EVENT_OPEN)->origin.last, 6);
}

static void an_answer_that_says_nothing_of_a_tunnel_opens_none(void **state)
{
	struct scene *scene = *state;
	say(scene, 4, DIRECTION_TO_CLIENT, "HTTP/1.1 200 Connection is fine\r\n\r\n");
	say(scene, 5, DIRECTION_TO_CLIENT, HANDSHAKE);
	engine_end(scene->engine);
	assert_int_equal(count_given(scene, EVENT_HTTP), 0);
}

static void tls_in_a_tunnel_is_counted(void **state)
{
	struct scene *scene = *state;
	begin_connection(scene);
	say(scene, 3, DIRECTION_TO_SERVER, CONNECT);
	say(scene, 4, DIRECTION_TO_CLIENT, ESTABLISHED);
	say(scene, 5, DIRECTION_TO_SERVER, "\x16\x03\x01\x01\x01\x01\x01\x03\x03");
	engine_end(scene->engine);
	assert_int_equal(engine_counts(scene->engine)->tls, 1);
}

static void a_capture_that_begins_at_the_tunnels_answer_sees_inside(void **state)
{
	struct scene *scene = *state;
	say(scene, 4, DIRECTION_TO_CLIENT, ESTABLISHED);
	say(scene, 5, DIRECTION_TO_SERVER, HANDSHAKE);
	say(scene, 6, DIRECTION_TO_CLIENT, OPEN);
	engine_end(scene->engine);
	assert_int_equal(find_given(scene, EVENT_OPEN)->origin.last, 6);
}

static void a_tunnel_whose_answer_was_lost_is_recognised_by_what_follows(void **state)
{
	struct scene *scene = *state;
	begin_connection(scene);
	say(scene, 3, DIRECTION_TO_SERVER, CONNECT);
	lose(scene, DIRECTION_TO_CLIENT, sizeof ESTABLISHED - 1);
	say(scene, 5, DIRECTION_TO_SERVER, HANDSHAKE);
	say(scene, 6, DIRECTION_TO_CLIENT, OPEN);
	engine_end(scene->engine);
	assert_int_equal(find_given(scene, EVENT_OPEN)->origin.last, 6);
}

/* ---- WebSockets whose beginning was lost */

static void a_capture_that_begins_at_the_101_shows_its_session(void **state)
{
	struct scene *scene = *state;
	say(scene, 4, DIRECTION_TO_CLIENT, SWITCHED);
	say(scene, 5, DIRECTION_TO_CLIENT, FRAMED_OPEN);
	say(scene, 6, DIRECTION_TO_SERVER, FRAMED_QUESTION);
	engine_end(scene->engine);
	assert_int_equal(scene->sessions, 1);
	assert_string_equal(scene->sid, "b");
	assert_int_equal(find_given(scene, EVENT_EVENT)->origin.last, 6);
}

static void a_101_says_by_itself_that_messages_are_compressed(void **state)
{
	struct scene *scene = *state;
	say(scene, 4, DIRECTION_TO_CLIENT,
	    "HTTP/1.1 101 X\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Extensions: x-other\r\n"
	    "Sec-WebSocket-Extensions: permessage-deflate\r\n\r\n");
	say(scene, 5, DIRECTION_TO_CLIENT, FRAMED_OPEN);
	give_bytes(scene, 6, DIRECTION_TO_CLIENT, scene->sent[DIRECTION_TO_CLIENT], TCP_ACK, SLICE(DEFLATED_EVENT));
	engine_end(scene->engine);
	assert_int_equal(find_given(scene, EVENT_EVENT)->origin.last, 6);
	assert_int_equal(engine_counts(scene->engine)->unreadable, 0);
}

static void after_a_lost_request_its_101_opens_the_websocket(void **state)
{
	struct scene *scene = *state;
	begin_session(scene);
	lose(scene, DIRECTION_TO_SERVER, sizeof ASK_WEBSOCKET - 1);
	say(scene, 6, DIRECTION_TO_CLIENT, SWITCHED);
	say(scene, 7, DIRECTION_TO_CLIENT, FRAMED_OPEN);
	engine_end(scene->engine);
	assert_int_equal(find_given(scene, EVENT_OPEN)->origin.last, 4);
	assert_string_equal(scene->sid, "b");
}

/* An older request whose answer was lost is not answered by a 101 that it did not ask for. */
static void a_101_answers_no_poll(void **state)
{
	struct scene *scene = *state;
	begin_session(scene);
	say(scene, 5, DIRECTION_TO_SERVER, POLL("a"));
	lose(scene, DIRECTION_TO_CLIENT, 0);
	lose(scene, DIRECTION_TO_SERVER, sizeof ASK_WEBSOCKET - 1);
	say(scene, 6, DIRECTION_TO_CLIENT, SWITCHED);
	say(scene, 7, DIRECTION_TO_CLIENT, FRAMED_OPEN);
	engine_end(scene->engine);
	assert_state(exchange(scene, 2), EXCHANGE_LOST);
	assert_string_equal(scene->sid, "b");
}

static void an_answer_to_a_client_that_had_ended_knows_when(void **state)
{
	struct scene *scene = *state;
	begin_session(scene);
	say(scene, 5, DIRECTION_TO_SERVER, POLL("a"));
	give_fin(scene, 6, DIRECTION_TO_SERVER);
	say(scene, 9, DIRECTION_TO_CLIENT, ANSWER("1", "6"));
	assert_int_equal(exchange(scene, 2)->left, time_of(6));
	assert_int_equal(exchange(scene, 1)->left, TIMESTAMP_NONE);
}

/* An upgrade that two handlers took. */
static void a_second_101_inside_a_websocket_is_reported_and_the_frames_go_on(void **state)
{
	struct scene *scene = *state;
	begin_websocket(scene);
	say(scene, 7, DIRECTION_TO_CLIENT, SWITCHED);
	say(scene, 8, DIRECTION_TO_CLIENT,
	    "\x81\x01"
	    "2");
	assert_string_equal(find_given(scene, EVENT_MALFORMED)->text, "a second HTTP answer inside the WebSocket");
	assert_int_equal(count_given(scene, EVENT_PING), 1);
}

static void a_second_101_is_known_however_it_is_cut(void **state)
{
	struct scene *scene = *state;
	begin_websocket(scene);
	for (size_t i = 0; i + 1 < sizeof SWITCHED; i++)
		say(scene, 7, DIRECTION_TO_CLIENT, ((char[]){SWITCHED[i], '\0'}));
	say(scene, 8, DIRECTION_TO_CLIENT,
	    "\x81\x01"
	    "2");
	assert_int_equal(count_given(scene, EVENT_MALFORMED), 1);
	assert_string_equal(find_given(scene, EVENT_MALFORMED)->text, "a second HTTP answer inside the WebSocket");
	assert_int_equal(count_given(scene, EVENT_PING), 1);
}

static void what_the_client_sends_within_a_second_101_is_read(void **state)
{
	struct scene *scene = *state;
	begin_websocket(scene);
	say(scene, 7, DIRECTION_TO_CLIENT, "HTTP/1.1 101 Switching");
	say(scene, 8, DIRECTION_TO_SERVER, FRAMED_QUESTION);
	assert_int_equal(count_given(scene, EVENT_EVENT), 1);
}

static void a_second_101_is_known_behind_a_frame_of_the_same_segment(void **state)
{
	struct scene *scene = *state;
	begin_websocket(scene);
	say(scene, 7, DIRECTION_TO_CLIENT,
	    "\x81\x01"
	    "2" SWITCHED "\x81\x01"
	    "2");
	assert_string_equal(find_given(scene, EVENT_MALFORMED)->text, "a second HTTP answer inside the WebSocket");
	assert_int_equal(count_given(scene, EVENT_PING), 2);
}

static void an_http_answer_among_the_frames_of_a_websocket_is_reported_as_such(void **state)
{
	struct scene *scene = *state;
	begin_websocket(scene);
	say(scene, 7, DIRECTION_TO_CLIENT,
	    "\x81\x01"
	    "2");
	say(scene, 8, DIRECTION_TO_CLIENT, "HTTP/1.1 502 Bad Gateway\r\nContent-Length: 0\r\n\r\n");
	assert_string_equal(find_given(scene, EVENT_MALFORMED)->text, "a second HTTP answer inside the WebSocket");
}

static void a_lost_101_is_recognised_by_the_frames_that_follow(void **state)
{
	struct scene *scene = *state;
	begin_connection(scene);
	say(scene, 3, DIRECTION_TO_SERVER, ASK_WEBSOCKET);
	lose(scene, DIRECTION_TO_CLIENT, sizeof SWITCHED - 1);
	say(scene, 5, DIRECTION_TO_SERVER, FRAMED_QUESTION);
	say(scene, 6, DIRECTION_TO_CLIENT, FRAMED_EVENT);
	engine_end(scene->engine);
	assert_state(exchange(scene, 1), EXCHANGE_LOST);
	assert_int_equal(count_given(scene, EVENT_EVENT), 2);
	assert_int_equal(count_given(scene, EVENT_MALFORMED), 0);
}

static void after_a_lost_refusal_the_next_request_is_read(void **state)
{
	struct scene *scene = *state;
	begin_session(scene);
	say(scene, 5, DIRECTION_TO_SERVER,
	    "GET /socket.io/?EIO=4&transport=websocket&sid=a HTTP/1.1\r\nConnection: Upgrade\r\n"
	    "Upgrade: websocket\r\n\r\n");
	lose(scene, DIRECTION_TO_CLIENT, 60);
	say(scene, 6, DIRECTION_TO_SERVER, POLL("a&t=next"));
	say(scene, 7, DIRECTION_TO_CLIENT, ANSWER("10", "42[\"next\"]"));
	engine_end(scene->engine);
	assert_state(exchange(scene, 2), EXCHANGE_LOST);
	assert_state(exchange(scene, 3), EXCHANGE_ANSWERED);
	assert_int_equal(find_given(scene, EVENT_EVENT)->origin.last, 7);
}

static void a_websocket_whose_request_and_101_were_lost_is_found(void **state)
{
	struct scene *scene = *state;
	begin_connection(scene);
	lose(scene, DIRECTION_TO_SERVER, sizeof ASK_WEBSOCKET - 1);
	lose(scene, DIRECTION_TO_CLIENT, sizeof SWITCHED - 1);
	say(scene, 5, DIRECTION_TO_CLIENT, FRAMED_OPEN);
	say(scene, 6, DIRECTION_TO_SERVER, FRAMED_QUESTION);
	say(scene, 7, DIRECTION_TO_CLIENT, FRAMED_EVENT);
	engine_end(scene->engine);
	assert_true(count_given(scene, EVENT_EVENT) >= 1);
	assert_int_equal(scene->sessions, 1);
}

#define SCENE(test) cmocka_unit_test_setup_teardown(test, begin, end)

/* ---- behind a balancer that says whom it stands for (the PROXY protocol) */

#define PROXY_LINE "PROXY TCP4 192.0.2.7 192.0.2.1 40000 80\r\n"

static void session_follows(struct scene *scene, uint64_t number)
{
	say(scene, number, DIRECTION_TO_SERVER, HANDSHAKE);
	say(scene, number + 1, DIRECTION_TO_CLIENT, OPEN);
	assert_int_equal(find_given(scene, EVENT_HTTP)->status, 200);
	assert_int_equal(count_given(scene, EVENT_OPEN), 1);
}

static void a_proxy_line_in_a_segment_of_its_own_is_skipped(void **state)
{
	struct scene *scene = *state;
	begin_connection(scene);
	say(scene, 3, DIRECTION_TO_SERVER, PROXY_LINE);
	session_follows(scene, 4);
}

static void a_proxy_line_before_the_request_is_skipped(void **state)
{
	struct scene *scene = *state;
	begin_connection(scene);
	say(scene, 3, DIRECTION_TO_SERVER, PROXY_LINE HANDSHAKE);
	say(scene, 4, DIRECTION_TO_CLIENT, OPEN);
	assert_int_equal(find_given(scene, EVENT_HTTP)->status, 200);
}

static void a_proxy_line_in_pieces_is_skipped(void **state)
{
	struct scene *scene = *state;
	begin_connection(scene);
	say(scene, 3, DIRECTION_TO_SERVER, "PR");
	say(scene, 4, DIRECTION_TO_SERVER, "OXY TCP4 192.0.2.7 192.0.2.1 4");
	say(scene, 5, DIRECTION_TO_SERVER, "0000 80\r");
	say(scene, 6, DIRECTION_TO_SERVER, "\n");
	session_follows(scene, 7);
	assert_string_equal(find_given(scene, EVENT_HTTP)->proxied_for, "192.0.2.7");
}

static void a_binary_proxy_header_names_the_client(void **state)
{
	static const uint8_t header[] = "\r\n\r\n\0\r\nQUIT\n\x21\x11\0\x0c\xc0\0\2\7\xc0\0\2\1\x9c\x40\0\x50";
	struct scene *scene = *state;
	begin_connection(scene);
	say_bytes(scene, 3, DIRECTION_TO_SERVER, slice_of(header, sizeof header - 1));
	session_follows(scene, 4);
	assert_string_equal(find_given(scene, EVENT_HTTP)->proxied_for, "192.0.2.7");
}

static void a_connection_without_a_proxy_header_names_nobody(void **state)
{
	struct scene *scene = *state;
	begin_session(scene);
	assert_string_equal(find_given(scene, EVENT_HTTP)->proxied_for, "");
}

static void a_binary_proxy_header_is_skipped_in_one_piece_and_in_two(void **state)
{
	static const uint8_t header[] = "\r\n\r\n\0\r\nQUIT\n\x21\x11\0\x0c\xc0\0\2\7\xc0\0\2\1\x9c\x40\0\x50";
	struct scene *scene = *state;
	begin_connection(scene);
	for (size_t at = 0; at < sizeof header - 1; at += 20) {
		struct slice piece = slice_take(slice_of(header + at, sizeof header - 1 - at), 20);
		give_bytes(scene, 3 + at, DIRECTION_TO_SERVER, scene->sent[DIRECTION_TO_SERVER], TCP_ACK, piece);
		scene->sent[DIRECTION_TO_SERVER] += (uint32_t)piece.len;
	}
	session_follows(scene, 40);
}

static void a_request_that_begins_like_a_proxy_line_is_a_request(void **state)
{
	struct scene *scene = *state;
	begin_session(scene);
	scene->client++;
	scene->sent[0] = scene->sent[1] = 0;
	give(scene, 5, DIRECTION_TO_SERVER, scene->sent[DIRECTION_TO_SERVER]++, TCP_SYN, "");
	give(scene, 6, DIRECTION_TO_CLIENT, scene->sent[DIRECTION_TO_CLIENT]++, TCP_SYN | TCP_ACK, "");
	say(scene, 7, DIRECTION_TO_SERVER, "P");
	say(scene, 8, DIRECTION_TO_SERVER,
	    "OST /socket.io/?EIO=4&transport=polling&sid=a HTTP/1.1\r\nContent-Length: 7\r\n\r\n42[\"e\"]");
	assert_int_equal(count_given(scene, EVENT_EVENT), 1);
	say(scene, 9, DIRECTION_TO_CLIENT, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
	assert_int_equal(count_given(scene, EVENT_HTTP), 2);
}

/* ---- requests that are none of Engine.IO, and matter */

static bool wants_uploads(void *self, struct slice target)
{
	(void)self;
	return slice_equals(target, SLICE("/_upload"));
}

/* Of an answer that came its head and its body are there. */
static void note_upload(void *self, const struct event *event)
{
	const struct exchange *exchange = event->exchange;
	assert_true(!exchange->status || slice_equals(exchange_field(&exchange->answer, "Server"), SLICE("nginx")));
	assert_true(!exchange->status || slice_equals(exchange->plain, SLICE("large")));
	assert_null(event->session);
	scene_note(self, event);
}

static void follow_uploads(struct scene *scene)
{
	scene->observer.wants_beside = wants_uploads;
	scene->observer.beside = note_upload;
	begin_connection(scene);
}

static void what_became_of_a_request_beside_engineio_is_given_with_its_packets(void **state)
{
	struct scene *scene = *state;
	follow_uploads(scene);
	say(scene, 3, DIRECTION_TO_SERVER, "POST /_upload HTTP/1.1\r\nContent-Length: 9\r\n\r\n123");
	say(scene, 4, DIRECTION_TO_CLIENT, "HTTP/1.1 413 X\r\nServer: nginx\r\nContent-Length: 5\r\n\r\nlarge");
	give(scene, 5, DIRECTION_TO_CLIENT, scene->sent[DIRECTION_TO_CLIENT]++, TCP_FIN | TCP_ACK, "");
	give(scene, 6, DIRECTION_TO_SERVER, scene->sent[DIRECTION_TO_SERVER]++, TCP_RST | TCP_ACK, "");
	assert_int_equal(scene->count, 1);
	assert_int_equal(exchange(scene, 1)->status, 413);
	assert_int_equal(exchange(scene, 1)->origin.first, 3);
	assert_int_equal(exchange(scene, 1)->origin.last, 4);
}

static void a_request_beside_engineio_that_gets_no_answer_is_given_too(void **state)
{
	struct scene *scene = *state;
	follow_uploads(scene);
	say(scene, 3, DIRECTION_TO_SERVER, "POST /_upload HTTP/1.1\r\nContent-Length: 9\r\n\r\n123");
	give(scene, 4, DIRECTION_TO_CLIENT, scene->sent[DIRECTION_TO_CLIENT], TCP_RST, "");
	engine_advance(scene->engine, time_of(1000));
	assert_int_equal(scene->count, 1);
	assert_int_equal(exchange(scene, 1)->state, EXCHANGE_UNANSWERED);
	assert_int_equal(exchange(scene, 1)->ended_by, DIRECTION_TO_CLIENT);
}

static void a_recorded_request_beside_engineio_is_given_once_it_is_answered(void **state)
{
	struct scene *scene = *state;
	struct recorded_entry entry = {.number = 7,
	    .host = "app.test",
	    .port = 80,
	    .status = 413,
	    .request_head = SLICE("POST /_upload HTTP/1.1\r\n\r\n"),
	    .answer_head = SLICE("HTTP/1.1 413 X\r\nServer: nginx\r\n\r\n"),
	    .answer = SLICE("large")};
	struct recorded steps[] = {{.kind = RECORDED_REQUEST, .entry = &entry},
	    {.kind = RECORDED_ANSWER, .entry = &entry}, {.kind = RECORDED_END, .entry = &entry}};
	scene->observer.wants_beside = wants_uploads;
	scene->observer.beside = note_upload;
	for (size_t i = 0; i < sizeof steps / sizeof *steps; i++) {
		const struct packet packet = {.time = time_of(1), .recorded = &steps[i]};
		engine_take_packet(scene->engine, &packet);
	}
	assert_int_equal(scene->count, 1);
	assert_int_equal(exchange(scene, 1)->status, 413);
	assert_int_equal(exchange(scene, 1)->origin.first, 7);
	assert_int_equal(exchange(scene, 1)->origin.kind, ORIGIN_ENTRIES);
}

static void a_request_that_nobody_wants_is_not_given(void **state)
{
	struct scene *scene = *state;
	follow_uploads(scene);
	say(scene, 3, DIRECTION_TO_SERVER, "POST /other HTTP/1.1\r\nContent-Length: 0\r\n\r\n");
	say(scene, 4, DIRECTION_TO_CLIENT, "HTTP/1.1 413 X\r\nContent-Length: 0\r\n\r\n");
	assert_int_equal(scene->count, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    SCENE(what_became_of_a_request_beside_engineio_is_given_with_its_packets),
	    SCENE(a_request_beside_engineio_that_gets_no_answer_is_given_too),
	    SCENE(a_recorded_request_beside_engineio_is_given_once_it_is_answered),
	    SCENE(a_request_that_nobody_wants_is_not_given),
	    SCENE(an_answered_request_was_decided_when_its_answer_ended),
	    SCENE(a_request_without_an_answer_is_pending_when_the_capture_ends),
	    SCENE(one_whose_server_closes_first_was_not_answered_by_the_server),
	    SCENE(one_whose_client_leaves_first_was_given_up_by_the_client),
	    SCENE(one_whose_client_resets_was_given_up_by_the_client),
	    SCENE(one_whose_answer_was_not_captured_is_lost),
	    SCENE(one_whose_server_was_never_captured_is_lost),
	    SCENE(data_on_a_syn_that_is_reset_was_refused),
	    SCENE(an_answer_that_was_cut_is_an_answer),
	    SCENE(an_answer_that_was_cut_says_when_its_last_bytes_came_and_what_ended_it),
	    SCENE(an_answer_with_a_hole_in_its_body_says_so),
	    SCENE(an_answer_before_the_request_is_whole_is_reported_when_it_is),
	    SCENE(after_a_lost_request_answers_go_to_those_that_asked),
	    SCENE(answers_in_one_segment_behind_a_refused_upgrade_pair_in_order),
	    SCENE(requests_that_are_pipelined_are_answered_in_their_order),
	    SCENE(after_lost_answers_the_next_one_is_for_the_newest_request),
	    SCENE(after_one_answer_for_the_newest_request_pairing_is_sure_again),
	    SCENE(an_interim_answer_answers_nothing),
	    SCENE(one_whose_connection_ends_behind_a_lost_answer_is_lost),
	    SCENE(one_whose_connection_was_let_go_is_lost),
	    SCENE(bytes_of_other_http_are_not_decoded),
	    SCENE(a_request_that_comes_after_the_servers_end_crossed_it),
	    SCENE(a_request_that_the_servers_end_does_not_acknowledge_crossed_it),
	    SCENE(a_request_that_the_server_got_before_it_ended_did_not_cross),
	    SCENE(what_the_end_of_a_connection_breaks_off_was_not_missed),
	    SCENE(bytes_that_were_not_captured_before_the_end_of_a_connection_were_missed),
	    SCENE(an_answer_to_a_request_that_never_becomes_whole_is_whole),
	    SCENE(a_request_whose_websocket_is_granted_before_it_is_whole_is_incomplete),
	    SCENE(what_is_inside_a_tunnel_is_a_connection_of_its_own),
	    SCENE(what_is_sent_before_the_tunnel_stands_is_inside),
	    SCENE(a_refused_connect_leaves_http_as_it_is),
	    SCENE(the_page_of_a_refused_connect_is_its_answers_body),
	    SCENE(an_answer_that_says_nothing_of_a_tunnel_opens_none),
	    SCENE(tls_in_a_tunnel_is_counted),
	    SCENE(a_capture_that_begins_at_the_tunnels_answer_sees_inside),
	    SCENE(a_tunnel_whose_answer_was_lost_is_recognised_by_what_follows),
	    SCENE(a_capture_that_begins_at_the_101_shows_its_session),
	    SCENE(a_101_says_by_itself_that_messages_are_compressed),
	    SCENE(after_a_lost_request_its_101_opens_the_websocket),
	    SCENE(a_101_answers_no_poll),
	    SCENE(an_answer_to_a_client_that_had_ended_knows_when),
	    SCENE(a_second_101_inside_a_websocket_is_reported_and_the_frames_go_on),
	    SCENE(a_second_101_is_known_however_it_is_cut),
	    SCENE(what_the_client_sends_within_a_second_101_is_read),
	    SCENE(a_second_101_is_known_behind_a_frame_of_the_same_segment),
	    SCENE(an_http_answer_among_the_frames_of_a_websocket_is_reported_as_such),
	    SCENE(a_lost_101_is_recognised_by_the_frames_that_follow),
	    SCENE(after_a_lost_refusal_the_next_request_is_read),
	    SCENE(a_websocket_whose_request_and_101_were_lost_is_found),
	    cmocka_unit_test_setup_teardown(a_proxy_line_in_a_segment_of_its_own_is_skipped, begin, end),
	    cmocka_unit_test_setup_teardown(a_proxy_line_before_the_request_is_skipped, begin, end),
	    cmocka_unit_test_setup_teardown(a_proxy_line_in_pieces_is_skipped, begin, end),
	    cmocka_unit_test_setup_teardown(a_binary_proxy_header_names_the_client, begin, end),
	    cmocka_unit_test_setup_teardown(a_connection_without_a_proxy_header_names_nobody, begin, end),
	    cmocka_unit_test_setup_teardown(a_binary_proxy_header_is_skipped_in_one_piece_and_in_two, begin, end),
	    cmocka_unit_test_setup_teardown(a_request_that_begins_like_a_proxy_line_is_a_request, begin, end),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
