/* Packets in, events out: what must hold whatever the order and the state of the packets. Each is made here. */
#include "scene.h"

static void an_answer_captured_before_its_request_is_reported_with_packets_in_order(void **state)
{
	struct scene *scene = *state;
	begin_connection(scene);
	uint32_t first = scene->sent[DIRECTION_TO_SERVER], heard = scene->sent[DIRECTION_TO_CLIENT];
	scene->sent[DIRECTION_TO_SERVER] += sizeof HANDSHAKE - 1;
	say(scene, 3, DIRECTION_TO_CLIENT, OPEN);
	scene->sent[DIRECTION_TO_CLIENT] = heard;
	give(scene, 4, DIRECTION_TO_SERVER, first, TCP_ACK, HANDSHAKE);
	engine_end(scene->engine);
	const struct given *http = find_given(scene, EVENT_HTTP);
	assert_int_equal(http->origin.first, 3);
	assert_int_equal(http->origin.last, 4);
}

static void a_message_whose_pieces_were_captured_out_of_order_names_the_lowest_and_the_highest(void **state)
{
	struct scene *scene = *state;
	begin_websocket(scene);
	uint32_t next = scene->sent[DIRECTION_TO_CLIENT];
	give(scene, 7, DIRECTION_TO_CLIENT, next + 12, TCP_ACK, "]");
	give(scene, 8, DIRECTION_TO_CLIENT, next + 6, TCP_ACK, "\"name\"");
	give(scene, 9, DIRECTION_TO_CLIENT, next, TCP_ACK,
	    "\x81\x0b"
	    "42[ ");
	engine_end(scene->engine);
	const struct given *event = find_given(scene, EVENT_EVENT);
	assert_int_equal(event->origin.first, 7);
	assert_int_equal(event->origin.last, 9);
}

/* A server may answer before it has read the whole request (413): what is still sent belongs to that request. */
static void a_request_that_is_answered_early_goes_on_until_it_ends(void **state)
{
	struct scene *scene = *state;
	begin_websocket(scene);
	scene->count = 0;
	give(scene, 7, DIRECTION_TO_CLIENT, scene->sent[DIRECTION_TO_CLIENT], TCP_ACK | TCP_FIN, "");
	scene->client++; /* another connection */
	scene->sent[0] = scene->sent[1] = 0;
	begin_connection(scene);
	say(scene, 8, DIRECTION_TO_SERVER,
	    "POST /socket.io/?EIO=4&transport=polling&sid=a HTTP/1.1\r\nContent-Length: 11\r\n\r\n42[\"");
	say(scene, 9, DIRECTION_TO_CLIENT, "HTTP/1.1 413 X\r\nContent-Length: 0\r\n\r\n");
	size_t before = scene->count;
	for (size_t i = 0; i < before; i++)
		assert_int_not_equal(scene->given[i].kind, EVENT_HTTP);
	say(scene, 10, DIRECTION_TO_SERVER, "late\"]1");
	engine_end(scene->engine);
	const struct given *http = find_given(scene, EVENT_HTTP);
	assert_int_equal(http->origin.first, 8);
	assert_int_equal(http->origin.last, 10);
}

/* The server goes on so far away, in the middle of a message, that nobody knows how much was lost. */
static void lose_much(struct scene *scene)
{
	begin_websocket(scene);
	say(scene, 7, DIRECTION_TO_CLIENT,
	    "\x81\x7d"
	    "42[\"half");
	scene->sent[DIRECTION_TO_CLIENT] += 128 << 20;
	for (uint64_t number = 8; number < 8 + reassembly_default_limits.patience_packets; number++)
		say(scene, number, DIRECTION_TO_CLIENT,
		    "\x81\x08"
		    "42[\"ab\"]");
	engine_end(scene->engine);
}

static void after_a_gap_of_unknown_length_no_message_goes_on(void **state)
{
	lose_much(*state);
	const struct given *event = find_given(*state, EVENT_EVENT);
	assert_int_equal(event->origin.first, event->origin.last);
}

static void a_gap_of_unknown_length_in_a_connection_is_reported(void **state)
{
	lose_much(*state);
	assert_int_equal(find_given(*state, EVENT_GAP)->lost, 0);
	assert_int_equal(engine_counts(((struct scene *)*state)->engine)->gaps, 1);
}

static void a_connection_with_a_gap_was_not_joined_in_mid_stream(void **state)
{
	lose_much(*state);
	assert_false(find_given(*state, EVENT_GAP)->joined);
}

static uint64_t count_one_sided(struct scene *scene)
{
	engine_end(scene->engine);
	return engine_counts(scene->engine)->one_sided;
}

static void a_connection_of_which_one_direction_was_captured_is_counted(void **state)
{
	struct scene *scene = *state;
	give(scene, 1, DIRECTION_TO_CLIENT, scene->sent[DIRECTION_TO_CLIENT]++, TCP_SYN | TCP_ACK, "");
	say(scene, 2, DIRECTION_TO_CLIENT, OPEN);
	assert_int_equal(count_one_sided(scene), 1);
}

static void one_whose_client_was_seen_has_both(void **state)
{
	struct scene *scene = *state;
	begin_connection(scene);
	say(scene, 3, DIRECTION_TO_CLIENT, OPEN);
	assert_int_equal(count_one_sided(scene), 0);
}

static void a_stray_syn_does_not_turn_a_connection_round(void **state)
{
	struct scene *scene = *state;
	uint32_t first = scene->sent[DIRECTION_TO_SERVER]++;
	give(scene, 1, DIRECTION_TO_SERVER, first, TCP_SYN, "");
	give(scene, 2, DIRECTION_TO_CLIENT, scene->sent[DIRECTION_TO_CLIENT]++, TCP_SYN | TCP_ACK, "");
	say(scene, 3, DIRECTION_TO_SERVER, HANDSHAKE);
	give(scene, 4, DIRECTION_TO_SERVER, first, TCP_SYN | TCP_ACK, "");
	say(scene, 5, DIRECTION_TO_CLIENT, OPEN);
	engine_end(scene->engine);
	assert_int_equal(find_given(scene, EVENT_OPEN)->origin.last, 5);
}

static void nothing_is_held_once_it_has_ended(void **state)
{
	struct scene *scene = *state;
	begin_connection(scene);
	say(scene, 3, DIRECTION_TO_SERVER, HANDSHAKE);
	say(scene, 4, DIRECTION_TO_CLIENT, OPEN);
	say(scene, 5, DIRECTION_TO_SERVER,
	    "POST /socket.io/?EIO=4&transport=polling&sid=a HTTP/1.1\r\n"
	    "Content-Length: 100\r\n\r\n42[\"half");
	scene->sent[DIRECTION_TO_SERVER] += 10;
	say(scene, 6, DIRECTION_TO_SERVER, "behind a hole");
	assert_true(engine_held(scene->engine) > 0);
	engine_end(scene->engine);
	assert_int_equal(engine_held(scene->engine), 0);
}

/* ---- what is lost, and what is broken */

static void after_a_lost_head_the_next_request_is_read(void **state)
{
	struct scene *scene = *state;
	begin_session(scene);
	say(scene, 5, DIRECTION_TO_SERVER, "POST /socket.io/?EIO=4&transp");
	lose(scene, DIRECTION_TO_SERVER, 100);
	say(scene, 6, DIRECTION_TO_CLIENT, "");
	say(scene, 7, DIRECTION_TO_SERVER, POLL("a&t=next"));
	say(scene, 8, DIRECTION_TO_CLIENT, "HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n6");
	engine_end(scene->engine);
	assert_int_equal(count_given(scene, EVENT_GAP), 1);
	assert_non_null(strstr(scene->given[scene->count - 2].text, "t=next"));
}

static void a_body_that_lost_bytes_is_incomplete_and_the_connection_goes_on(void **state)
{
	struct scene *scene = *state;
	begin_session(scene);
	say(scene, 5, DIRECTION_TO_SERVER, POST_HEAD("20"));
	say(scene, 6, DIRECTION_TO_SERVER, "42[\"lost");
	lose(scene, DIRECTION_TO_SERVER, 12);
	say(scene, 7, DIRECTION_TO_CLIENT, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
	say(scene, 8, DIRECTION_TO_SERVER, POST_HEAD("12"));
	say(scene, 9, DIRECTION_TO_SERVER, "42[\"next\",1]");
	engine_end(scene->engine);
	assert_string_equal(find_given(scene, EVENT_EVENT)->text, "\"next\"");
	assert_int_equal(count_given(scene, EVENT_EVENT), 1);
	assert_int_equal(count_given(scene, EVENT_GAP), 1);
}

static void after_an_answer_that_lost_its_end_the_next_is_read(void **state)
{
	struct scene *scene = *state;
	begin_session(scene);
	say(scene, 5, DIRECTION_TO_SERVER, POLL("a"));
	say(scene, 6, DIRECTION_TO_CLIENT, "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n42[\"cut\"");
	lose(scene, DIRECTION_TO_CLIENT, 500);
	say(scene, 7, DIRECTION_TO_SERVER, POLL("a&t=next"));
	say(scene, 8, DIRECTION_TO_CLIENT, "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n42[\"next\"]");
	engine_end(scene->engine);
	assert_int_equal(count_given(scene, EVENT_GAP), 1);
	assert_string_equal(find_given(scene, EVENT_EVENT)->text, "\"next\"");
}

/* What is said first in a connection is lost; the answer comes. */
static void lose_first_request(struct scene *scene)
{
	begin_connection(scene);
	lose(scene, DIRECTION_TO_SERVER, 60);
	say(scene, 3, DIRECTION_TO_CLIENT, "HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n6");
}

static void a_lost_first_request_is_a_gap_once_engineio_is_spoken(void **state)
{
	struct scene *scene = *state;
	lose_first_request(scene);
	say(scene, 4, DIRECTION_TO_SERVER, POLL("a"));
	engine_end(scene->engine);
	assert_int_equal(count_given(scene, EVENT_GAP), 1);
	assert_int_equal(find_given(scene, EVENT_GAP)->lost, 60);
	assert_int_equal(engine_counts(scene->engine)->hidden, 0);
}

static void a_lost_first_request_may_have_been_engineio(void **state)
{
	struct scene *scene = *state;
	lose_first_request(scene);
	engine_end(scene->engine);
	assert_int_equal(count_given(scene, EVENT_GAP), 0);
	assert_int_equal(engine_counts(scene->engine)->hidden, 1);
}

static void whose_answer_was_lost_is_not_answered_by_the_next(void **state)
{
	struct scene *scene = *state;
	begin_session(scene);
	say(scene, 5, DIRECTION_TO_SERVER, POLL("a&t=lost"));
	lose(scene, DIRECTION_TO_CLIENT, 100);
	lose(scene, DIRECTION_TO_SERVER, 60);
	say(scene, 6, DIRECTION_TO_CLIENT, "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n42[\"next\"]");
	engine_end(scene->engine);
	assert_int_equal(count_given(scene, EVENT_EVENT), 0);
}

static void a_request_that_is_no_http_is_reported_and_names_what_it_asked_for(void **state)
{
	struct scene *scene = *state;
	begin_connection(scene);
	say(scene, 3, DIRECTION_TO_SERVER,
	    "GET /socket.io/?EIO=4&transport=polling HTTP/1.1\r\nContent-Length: x\r\n\r\n");
	engine_end(scene->engine);
	assert_non_null(strstr(find_given(scene, EVENT_MALFORMED)->text, "Content-Length is no number"));
	assert_int_equal(engine_counts(scene->engine)->broken, 1);
}

static void http_that_is_no_engineio_is_counted_and_not_reported(void **state)
{
	struct scene *scene = *state;
	begin_connection(scene);
	say(scene, 3, DIRECTION_TO_SERVER, "GET /elsewhere HTTP/1.1\r\nContent-Length: x\r\n\r\n");
	engine_end(scene->engine);
	assert_int_equal(count_given(scene, EVENT_MALFORMED), 0);
	assert_int_equal(engine_counts(scene->engine)->broken, 1);
}

/* ---- what was there and could not be read */

static uint64_t unread(const struct scene *scene)
{
	return engine_counts(scene->engine)->unread;
}

static void say_a_long_head(struct scene *scene, const char *request_line)
{
	char field[900];
	snprintf(field, sizeof field, "Cookie: %0889d\r\n", 0);
	say(scene, 5, DIRECTION_TO_SERVER, request_line);
	for (size_t sent = 0; sent <= http_default_limits.head; sent += strlen(field))
		say(scene, 6, DIRECTION_TO_SERVER, field);
	say(scene, 7, DIRECTION_TO_SERVER, "\r\n");
	engine_end(scene->engine);
}

static void a_head_of_engineio_that_is_too_long_was_not_read(void **state)
{
	struct scene *scene = *state;
	begin_connection(scene);
	say_a_long_head(scene, "GET /socket.io/?EIO=4&transport=polling HTTP/1.1\r\n");
	assert_int_equal(unread(scene), 1);
}

static void an_answer_to_engineio_whose_head_is_none_was_not_read(void **state)
{
	struct scene *scene = *state;
	begin_session(scene);
	say(scene, 5, DIRECTION_TO_SERVER, POLL("a"));
	say(scene, 6, DIRECTION_TO_CLIENT, "HTTP/1.1 200 OK\r\nContent-Length: x\r\n\r\n6");
	engine_end(scene->engine);
	assert_int_equal(unread(scene), 1);
}

static void what_breaks_off_beside_engineio_hides_none_of_it(void **state)
{
	struct scene *scene = *state;
	begin_session(scene);
	scene->client = 1;
	begin_connection(scene);
	say_a_long_head(scene, "GET /elsewhere HTTP/1.1\r\n");
	assert_int_equal(engine_counts(scene->engine)->broken, 1);
	assert_int_equal(unread(scene), 0);
}

static void what_broke_off_before_engineio_came_may_have_hidden_some_of_it(void **state)
{
	struct scene *scene = *state;
	begin_connection(scene);
	say(scene, 3, DIRECTION_TO_SERVER, "GET /elsewhere HTTP/1.1\r\nContent-Length: x\r\n\r\n");
	say(scene, 4, DIRECTION_TO_SERVER, HANDSHAKE);
	engine_end(scene->engine);
	assert_int_equal(unread(scene), 1);
}

static void a_poll_in_a_coding_that_nobody_knows_was_not_read(void **state)
{
	struct scene *scene = *state;
	begin_session(scene);
	say(scene, 5, DIRECTION_TO_SERVER, POLL("a"));
	say(scene, 6, DIRECTION_TO_CLIENT,
	    "HTTP/1.1 200 OK\r\nContent-Encoding: unheard-of\r\nContent-Length: 4\r\n\r\nwhat");
	engine_end(scene->engine);
	assert_int_equal(unread(scene), 1);
}

/* JSON_DEPTH and one more. */
static void a_packet_nested_too_deep_was_not_read(void **state)
{
	char post[700];
	size_t at = (size_t)snprintf(post, sizeof post, POST_HEAD("519") "42[\"a\",");
	struct scene *scene = *state;
	begin_session(scene);
	memset(post + at, '[', 512);
	post[at + 512] = '\0';
	say(scene, 5, DIRECTION_TO_SERVER, post);
	engine_end(scene->engine);
	assert_non_null(strstr(find_given(scene, EVENT_MALFORMED)->text, "too deep"));
	assert_int_equal(unread(scene), 1);
}

static void a_binary_packet_nested_too_deep_was_not_read(void **state)
{
	uint8_t packet[] = {
	    [0] = 0x82, 0xa4, 't', 'y', 'p', 'e', 2, 0xa4, 'd', 'a', 't', 'a', [12 + JSON_DEPTH] = 0xc0};
	char text[1000];
	struct buffer post = buffer_over(text, sizeof text);
	struct scene *scene = *state;
	begin_session(scene);
	memset(packet + 12, 0x91, JSON_DEPTH);
	buffer_append_format(&post, POST_HEAD("%zu") "b", 1 + (sizeof packet + 2) / 3 * 4);
	base64_write(&post, slice_of(packet, sizeof packet));
	assert_true(buffer_append_byte(&post, '\0'));
	say(scene, 5, DIRECTION_TO_SERVER, text);
	engine_end(scene->engine);
	assert_non_null(strstr(find_given(scene, EVENT_MALFORMED)->text, "too deep"));
	assert_int_equal(unread(scene), 1);
}

static void a_packet_that_is_wrong_was_read(void **state)
{
	struct scene *scene = *state;
	begin_session(scene);
	say(scene, 5, DIRECTION_TO_SERVER, POST_HEAD("5") "9what");
	say(scene, 6, DIRECTION_TO_SERVER, POST_HEAD("4") "42{}");
	engine_end(scene->engine);
	assert_int_equal(count_given(scene, EVENT_MALFORMED), 2);
	assert_int_equal(unread(scene), 0);
}

/* Who ends in the middle of a request hides nothing: that is all there was. */
static void a_request_that_its_client_cut_was_read(void **state)
{
	struct scene *scene = *state;
	begin_session(scene);
	say(scene, 5, DIRECTION_TO_SERVER, POST_HEAD("20") "42[\"cut");
	give(scene, 6, DIRECTION_TO_SERVER, scene->sent[DIRECTION_TO_SERVER], TCP_RST, "");
	engine_end(scene->engine);
	assert_int_equal(engine_counts(scene->engine)->incomplete, 0);
	assert_int_equal(unread(scene), 0);
}

/* ---- WebSocket */

#define UPGRADE                                                        \
	"GET /socket.io/?EIO=4&transport=websocket&sid=a HTTP/1.1\r\n" \
	"Connection: Upgrade\r\nUpgrade: websocket\r\n\r\n"

static void a_frame_that_cannot_be_is_reported(void **state)
{
	struct scene *scene = *state;
	begin_websocket(scene);
	say(scene, 7, DIRECTION_TO_CLIENT, "\x83\x01x"); /* an opcode that nobody has */
	engine_end(scene->engine);
	assert_true(find_given(scene, EVENT_MALFORMED)->text[0] != '\0');
	assert_int_equal(engine_counts(scene->engine)->broken, 1);
	assert_int_equal(unread(scene), 1);
}

static void after_a_lost_frame_the_next_one_is_read(void **state)
{
	struct scene *scene = *state;
	begin_websocket(scene);
	say(scene, 7, DIRECTION_TO_CLIENT,
	    "\x81\x0b"
	    "42[\"a");
	lose(scene, DIRECTION_TO_CLIENT, 500);
	say(scene, 8, DIRECTION_TO_SERVER, "");
	say(scene, 9, DIRECTION_TO_CLIENT,
	    "\x81\x0a"
	    "42[\"next\"]");
	engine_end(scene->engine);
	assert_int_equal(count_given(scene, EVENT_GAP), 1);
	assert_string_equal(scene->given[scene->count - 1].text, "\"next\"");
}

static void what_shows_that_an_attachment_never_came_is_part_of_the_evidence(void **state)
{
	struct scene *scene = *state;
	begin_websocket(scene);
	say(scene, 7, DIRECTION_TO_CLIENT,
	    "\x81\x0c"
	    "451-[\"file\"]");
	say(scene, 8, DIRECTION_TO_CLIENT,
	    "\x81\x0a"
	    "42[\"next\"]");
	const struct given *broken = &scene->given[scene->count - 2];
	assert_int_equal(broken->kind, EVENT_MALFORMED);
	assert_int_equal(broken->origin.first, 7);
	assert_int_equal(broken->origin.last, 8);
}

static void compressed_without_its_context_is_reported_as_unreadable(void **state)
{
	struct scene *scene = *state;
	begin_session(scene);
	say(scene, 5, DIRECTION_TO_SERVER,
	    "GET /socket.io/?EIO=4&transport=websocket&sid=a HTTP/1.1\r\nConnection: Upgrade\r\n"
	    "Upgrade: websocket\r\nSec-WebSocket-Extensions: permessage-deflate\r\n\r\n");
	say(scene, 6, DIRECTION_TO_CLIENT,
	    "HTTP/1.1 101 X\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
	    "Sec-WebSocket-Extensions: permessage-deflate\r\n\r\n");
	say(scene, 7, DIRECTION_TO_CLIENT, "\xc1\x05\xff\xff\xff\xff\xff");
	engine_end(scene->engine);
	assert_non_null(strstr(find_given(scene, EVENT_MALFORMED)->text, "compressed"));
}

/* node writes its refusal as plain HTTP into a WebSocket that it has opened (signatures.md A). What the client had sent
 * behind its request is then read as HTTP too. */
static void requests_behind_a_refused_upgrade_are_read(void **state)
{
	struct scene *scene = *state;
	begin_session(scene);
	say(scene, 5, DIRECTION_TO_SERVER, UPGRADE);
	say(scene, 6, DIRECTION_TO_SERVER, POLL("a&t=behind"));
	say(scene, 7, DIRECTION_TO_CLIENT, "HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n");
	say(scene, 8, DIRECTION_TO_CLIENT, "HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n6");
	engine_end(scene->engine);
	assert_int_equal(count_given(scene, EVENT_HTTP), 3);
	assert_non_null(strstr(scene->given[scene->count - 2].text, "t=behind"));
}

/* ---- what carried a session */

enum { POLLED = 1 << TRANSPORT_POLLING, SOCKETED = 1 << TRANSPORT_WEBSOCKET };

/* Masked with ones. */
#define PROBE                      \
	"\x81\x86\x01\x01\x01\x01" \
	"3qsncd"
#define PROBE_ACK  \
	"\x81\x06" \
	"3probe"
#define COMMIT                     \
	"\x81\x81\x01\x01\x01\x01" \
	"4"
#define WELCOME    \
	"\x81\x0b" \
	"42[\"hello\"]"

static void probe(struct scene *scene)
{
	begin_websocket(scene);
	say(scene, 7, DIRECTION_TO_SERVER, PROBE);
	say(scene, 8, DIRECTION_TO_CLIENT, PROBE_ACK);
}

static void a_websocket_that_was_only_tried_carried_nothing(void **state)
{
	struct scene *scene = *state;
	probe(scene);
	engine_end(scene->engine);
	assert_int_equal(scene->transports, POLLED);
	assert_int_equal(scene->transport, TRANSPORT_POLLING);
}

static void a_websocket_that_was_refused_carried_nothing(void **state)
{
	struct scene *scene = *state;
	begin_session(scene);
	say(scene, 5, DIRECTION_TO_SERVER, UPGRADE);
	say(scene, 6, DIRECTION_TO_CLIENT, "HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n");
	engine_end(scene->engine);
	assert_int_equal(scene->transports, POLLED);
}

static void a_websocket_that_the_client_committed_to_carried_the_rest(void **state)
{
	struct scene *scene = *state;
	probe(scene);
	say(scene, 9, DIRECTION_TO_SERVER, COMMIT);
	engine_end(scene->engine);
	assert_int_equal(scene->transports, POLLED | SOCKETED);
	assert_int_equal(scene->transport, TRANSPORT_WEBSOCKET);
}

static void a_websocket_whose_commit_was_not_captured_is_recognised_by_what_the_server_sends(void **state)
{
	struct scene *scene = *state;
	probe(scene);
	lose(scene, DIRECTION_TO_SERVER, sizeof COMMIT - 1);
	say(scene, 9, DIRECTION_TO_CLIENT, WELCOME);
	engine_end(scene->engine);
	assert_int_equal(scene->transports, POLLED | SOCKETED);
	assert_int_equal(scene->transport, TRANSPORT_WEBSOCKET);
}

/* Whose connection goes on; `sent` is how far it was, and then how far the other is. */
static void turn_to(struct scene *scene, uint8_t client, uint32_t sent[2])
{
	for (int i = 0; i < 2; i++) {
		uint32_t other = scene->sent[i];
		scene->sent[i] = sent[i];
		sent[i] = other;
	}
	scene->client = client;
}

static void a_poll_that_ends_after_the_commit_does_not_turn_back(void **state)
{
	struct scene *scene = *state;
	uint32_t sent[2] = {0};
	probe(scene);
	turn_to(scene, 1, sent);
	begin_connection(scene);
	say(scene, 9, DIRECTION_TO_SERVER, POLL("a"));
	turn_to(scene, 0, sent);
	say(scene, 10, DIRECTION_TO_SERVER, COMMIT);
	turn_to(scene, 1, sent);
	say(scene, 11, DIRECTION_TO_CLIENT, "HTTP/1.1 200 OK\r\nContent-Length: 8\r\n\r\n42[\"ab\"]");
	engine_end(scene->engine);
	assert_int_equal(find_given(scene, EVENT_UPGRADE)->origin.last, 10);
	assert_int_equal(find_given(scene, EVENT_EVENT)->origin.last, 11);
	assert_int_equal(scene->transport, TRANSPORT_WEBSOCKET);
}

static void a_session_that_is_first_seen_by_its_try_stays_on_polling(void **state)
{
	struct scene *scene = *state;
	begin_connection(scene);
	say(scene, 3, DIRECTION_TO_SERVER, UPGRADE);
	say(scene, 4, DIRECTION_TO_CLIENT, "HTTP/1.1 101 X\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n");
	say(scene, 5, DIRECTION_TO_SERVER, PROBE);
	scene->client = 1;
	begin_connection(scene);
	say(scene, 6, DIRECTION_TO_SERVER, POLL("a"));
	say(scene, 7, DIRECTION_TO_CLIENT, "HTTP/1.1 200 OK\r\nContent-Length: 8\r\n\r\n42[\"ab\"]");
	engine_end(scene->engine);
	assert_int_equal(scene->transports, POLLED);
	assert_int_equal(scene->transport, TRANSPORT_POLLING);
}

/* ---- what else speaks on a connection */

static void what_is_not_http_is_counted_by_its_kind(void **state)
{
	struct scene *scene = *state;
	static const char *const openings[] = {"\x16\x03\x01\x01\x01\x01\x01\x03\x03",
	    "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", "SSH-2.0-OpenSSH_9.2\r\n", "EHLO example.org\r\n"};
	for (uint8_t i = 0; i < 4; i++) {
		scene->client = i;
		begin_connection(scene);
		say(scene, 3, DIRECTION_TO_SERVER, openings[i]);
	}
	engine_end(scene->engine);
	const struct engine_counts *counts = engine_counts(scene->engine);
	assert_int_equal(counts->tls, 1);
	assert_int_equal(counts->http2.connections, 1);
	assert_int_equal(counts->other, 2);
	assert_int_equal(scene->count, 0);
}

static void an_answer_to_head_has_no_body(void **state)
{
	struct scene *scene = *state;
	begin_session(scene);
	say(scene, 5, DIRECTION_TO_SERVER, "HEAD /socket.io/?EIO=4&transport=polling HTTP/1.1\r\n\r\n");
	say(scene, 6, DIRECTION_TO_CLIENT, "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n");
	say(scene, 7, DIRECTION_TO_SERVER, POLL("a&t=next"));
	say(scene, 8, DIRECTION_TO_CLIENT, "HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n6");
	engine_end(scene->engine);
	assert_int_equal(count_given(scene, EVENT_HTTP), 3);
	assert_int_equal(count_given(scene, EVENT_NOOP), 1);
}

static void a_line_of_the_log_stands_among_the_events(void **state)
{
	struct scene *scene = *state;
	engine_take_log(scene->engine, 5 * TIMESTAMP_SECOND, SLICE("ERROR: it broke"), 0);
	engine_end(scene->engine);
	assert_string_equal(find_given(scene, EVENT_LOG)->text, "ERROR: it broke");
}

/* ---- limits */

static void restart(struct scene *scene)
{
	engine_free(scene->engine);
	scene->engine = engine_new(&scene->limits, scene->observers, 1);
	assert_non_null(scene->engine);
}

static void beyond_the_connections_the_quietest_is_let_go(void **state)
{
	struct scene *scene = *state;
	scene->limits.connections = 2;
	restart(scene);
	for (uint8_t client = 0; client < 3; client++) {
		scene->client = client;
		begin_connection(scene);
	}
	assert_int_equal(engine_counts(scene->engine)->hits[LIMIT_CONNECTIONS], 1);
	engine_end(scene->engine);
}

static void beyond_the_sessions_the_quietest_is_forgotten(void **state)
{
	struct scene *scene = *state;
	static const char *const polls[] = {POLL("first"), POLL("second"), POLL("third")};
	scene->limits.sessions = 2;
	restart(scene);
	begin_connection(scene);
	for (uint64_t i = 0; i < 3; i++) {
		say(scene, 3 + 2 * i, DIRECTION_TO_SERVER, polls[i]);
		say(scene, 4 + 2 * i, DIRECTION_TO_CLIENT, "HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n6");
	}
	engine_end(scene->engine);
	assert_int_equal(engine_counts(scene->engine)->hits[LIMIT_SESSIONS], 1);
}

static void a_cut_message_that_is_no_packet_is_no_event(void **state)
{
	struct scene *scene = *state;
	char beginning[701] = "\x81\x7e\x03\x20"
	                      "4"; /* a text of 800 bytes, in two packets */
	memset(beginning + 5, 'a', sizeof beginning - 6);
	scene->limits.message = 600;
	restart(scene);
	begin_connection(scene);
	say(scene, 3, DIRECTION_TO_SERVER,
	    "GET /socket.io/?EIO=4&transport=websocket HTTP/1.1\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n");
	say(scene, 4, DIRECTION_TO_CLIENT, "HTTP/1.1 101 X\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n");
	say(scene, 5, DIRECTION_TO_CLIENT, beginning);
	beginning[4 + 800 - (sizeof beginning - 5)] = '\0';
	say(scene, 6, DIRECTION_TO_CLIENT, beginning + 4);
	engine_end(scene->engine);
	find_given(scene, EVENT_MALFORMED);
	for (size_t i = 0; i < scene->count; i++)
		assert_int_not_equal(scene->given[i].kind, EVENT_EVENT);
}

static void a_message_that_memory_was_refused_to_hits_no_limit_but_that(void **state)
{
	struct scene *scene = *state;
	char beginning[701] = "\x81\x7e\x03\x20"; /* a text of 800 bytes, in two packets */
	memset(beginning + 4, 'a', sizeof beginning - 5);
	begin_websocket(scene);
	scene->limits.memory = engine_held(scene->engine) / 10 * 9; /* objects may use a quarter more, payloads not */
	restart(scene);
	begin_websocket(scene);
	say(scene, 7, DIRECTION_TO_CLIENT, beginning);
	beginning[4 + 800 - (sizeof beginning - 5)] = '\0';
	say(scene, 8, DIRECTION_TO_CLIENT, beginning + 4);
	engine_end(scene->engine);
	const struct given *given = find_given(scene, EVENT_MALFORMED);
	const struct engine_counts *counts = engine_counts(scene->engine);
	assert_string_equal(given->text, "none of it could be held (--max-memory)");
	assert_int_equal(given->origin.last, 8);
	assert_int_equal(counts->hits[LIMIT_MESSAGE], 0);
	assert_int_equal(counts->hits[LIMIT_MEMORY], 1);
	assert_int_equal(counts->unreadable, 0);
	assert_int_equal(counts->incomplete, 1);
}

static void a_quiet_connection_is_let_go_in_time(void **state)
{
	struct scene *scene = *state;
	scene->limits.idle = 10;
	restart(scene);
	begin_connection(scene);
	say(scene, 3, DIRECTION_TO_SERVER, "GET /socket.io/?EIO=4&transport=polling HTTP/1.1\r\n");
	assert_true(engine_held(scene->engine) > 0);
	size_t held = engine_held(scene->engine);
	scene->later = 11 * TIMESTAMP_SECOND;
	scene->client = 1;
	begin_connection(scene);
	assert_true(engine_held(scene->engine) < held);
	engine_end(scene->engine);
}

static void begin_to_post(struct scene *scene)
{
	begin_session(scene);
	say(scene, 5, DIRECTION_TO_SERVER, POST_HEAD("20") "42[\"cut");
}

static void end_with_fin_and_reset(struct scene *scene)
{
	give(scene, 6, DIRECTION_TO_SERVER, scene->sent[DIRECTION_TO_SERVER]++, TCP_FIN | TCP_ACK, "");
	give(scene, 7, DIRECTION_TO_SERVER, scene->sent[DIRECTION_TO_SERVER], TCP_RST, "");
}

static void a_connection_that_is_reset_behind_its_fin_is_let_go(void **state)
{
	struct scene *scene = *state;
	scene->client = 1;
	begin_connection(scene);
	scene->client = 0;
	scene->sent[0] = scene->sent[1] = 0;
	begin_to_post(scene);
	size_t held = engine_held(scene->engine);
	end_with_fin_and_reset(scene);
	scene->later = 2 * TIMESTAMP_SECOND;
	scene->client = 1;
	give(scene, 8, DIRECTION_TO_SERVER, 1, TCP_ACK, "");
	assert_true(engine_held(scene->engine) < held);
}

static void what_was_sent_before_a_reset_and_captured_behind_it_is_read(void **state)
{
	struct scene *scene = *state;
	begin_session(scene);
	say(scene, 5, DIRECTION_TO_SERVER, POLL("a"));
	end_with_fin_and_reset(scene);
	say(scene, 8, DIRECTION_TO_CLIENT, "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n42[\"late\"]");
	engine_end(scene->engine);
	assert_string_equal(find_given(scene, EVENT_EVENT)->text, "\"late\"");
}

static void a_fin_and_the_reset_behind_it_are_one_end(void **state)
{
	struct scene *scene = *state;
	begin_to_post(scene);
	end_with_fin_and_reset(scene);
	engine_end(scene->engine);
	assert_int_equal(count_given(scene, EVENT_TCP_CLOSE), 1);
}

/* An attachment alone is one of an event that was not captured, where something was not; else nobody announced it. */
static const struct given *send_lone_attachment(struct scene *scene)
{
	say(scene, 15, DIRECTION_TO_SERVER, POST_HEAD("5") "bQUI=");
	say(scene, 16, DIRECTION_TO_CLIENT, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
	engine_end(scene->engine);
	assert_int_equal(count_given(scene, EVENT_EVENT), 0);
	return find_given(scene, EVENT_MALFORMED);
}

static void an_attachment_of_a_session_seen_whole_that_nobody_announced_is_malformed(void **state)
{
	begin_session(*state);
	assert_false(send_lone_attachment(*state)->incomplete);
}

static void an_attachment_of_a_session_joined_in_mid_life_lost_its_event(void **state)
{
	begin_connection(*state);
	assert_true(send_lone_attachment(*state)->incomplete);
}

static void an_attachment_behind_lost_bytes_lost_its_event(void **state)
{
	begin_session(*state);
	say(*state, 5, DIRECTION_TO_SERVER, POLL("a"));
	say(*state, 6, DIRECTION_TO_CLIENT, "HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\n42[");
	lose(*state, DIRECTION_TO_CLIENT, 3);
	assert_true(send_lone_attachment(*state)->incomplete);
}

/* Who speaks no Socket.IO sends as many binary messages as it likes. */
static void only_the_first_binary_messages_of_a_joined_session_may_be_attachments(void **state)
{
	begin_connection(*state);
	for (uint64_t i = 0; i < 12; i++) {
		say(*state, 3 + 2 * i, DIRECTION_TO_SERVER, POST_HEAD("5") "bQUI=");
		say(*state, 4 + 2 * i, DIRECTION_TO_CLIENT, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
	}
	engine_end(((struct scene *)*state)->engine);
	assert_int_equal(count_given(*state, EVENT_MALFORMED), 10);
	assert_int_equal(count_given(*state, EVENT_EVENT), 2);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(
	        an_answer_captured_before_its_request_is_reported_with_packets_in_order, begin, end),
	    cmocka_unit_test_setup_teardown(
	        a_message_whose_pieces_were_captured_out_of_order_names_the_lowest_and_the_highest, begin, end),
	    cmocka_unit_test_setup_teardown(a_request_that_is_answered_early_goes_on_until_it_ends, begin, end),
	    cmocka_unit_test_setup_teardown(after_a_gap_of_unknown_length_no_message_goes_on, begin, end),
	    cmocka_unit_test_setup_teardown(a_gap_of_unknown_length_in_a_connection_is_reported, begin, end),
	    cmocka_unit_test_setup_teardown(a_connection_with_a_gap_was_not_joined_in_mid_stream, begin, end),
	    cmocka_unit_test_setup_teardown(a_connection_of_which_one_direction_was_captured_is_counted, begin, end),
	    cmocka_unit_test_setup_teardown(one_whose_client_was_seen_has_both, begin, end),
	    cmocka_unit_test_setup_teardown(a_stray_syn_does_not_turn_a_connection_round, begin, end),
	    cmocka_unit_test_setup_teardown(nothing_is_held_once_it_has_ended, begin, end),
	    cmocka_unit_test_setup_teardown(after_a_lost_head_the_next_request_is_read, begin, end),
	    cmocka_unit_test_setup_teardown(
	        a_body_that_lost_bytes_is_incomplete_and_the_connection_goes_on, begin, end),
	    cmocka_unit_test_setup_teardown(after_an_answer_that_lost_its_end_the_next_is_read, begin, end),
	    cmocka_unit_test_setup_teardown(a_lost_first_request_is_a_gap_once_engineio_is_spoken, begin, end),
	    cmocka_unit_test_setup_teardown(a_lost_first_request_may_have_been_engineio, begin, end),
	    cmocka_unit_test_setup_teardown(whose_answer_was_lost_is_not_answered_by_the_next, begin, end),
	    cmocka_unit_test_setup_teardown(
	        a_request_that_is_no_http_is_reported_and_names_what_it_asked_for, begin, end),
	    cmocka_unit_test_setup_teardown(http_that_is_no_engineio_is_counted_and_not_reported, begin, end),
	    cmocka_unit_test_setup_teardown(a_head_of_engineio_that_is_too_long_was_not_read, begin, end),
	    cmocka_unit_test_setup_teardown(an_answer_to_engineio_whose_head_is_none_was_not_read, begin, end),
	    cmocka_unit_test_setup_teardown(what_breaks_off_beside_engineio_hides_none_of_it, begin, end),
	    cmocka_unit_test_setup_teardown(what_broke_off_before_engineio_came_may_have_hidden_some_of_it, begin, end),
	    cmocka_unit_test_setup_teardown(a_poll_in_a_coding_that_nobody_knows_was_not_read, begin, end),
	    cmocka_unit_test_setup_teardown(a_packet_nested_too_deep_was_not_read, begin, end),
	    cmocka_unit_test_setup_teardown(a_binary_packet_nested_too_deep_was_not_read, begin, end),
	    cmocka_unit_test_setup_teardown(a_packet_that_is_wrong_was_read, begin, end),
	    cmocka_unit_test_setup_teardown(a_request_that_its_client_cut_was_read, begin, end),
	    cmocka_unit_test_setup_teardown(a_frame_that_cannot_be_is_reported, begin, end),
	    cmocka_unit_test_setup_teardown(after_a_lost_frame_the_next_one_is_read, begin, end),
	    cmocka_unit_test_setup_teardown(
	        what_shows_that_an_attachment_never_came_is_part_of_the_evidence, begin, end),
	    cmocka_unit_test_setup_teardown(
	        an_attachment_of_a_session_seen_whole_that_nobody_announced_is_malformed, begin, end),
	    cmocka_unit_test_setup_teardown(an_attachment_of_a_session_joined_in_mid_life_lost_its_event, begin, end),
	    cmocka_unit_test_setup_teardown(an_attachment_behind_lost_bytes_lost_its_event, begin, end),
	    cmocka_unit_test_setup_teardown(
	        only_the_first_binary_messages_of_a_joined_session_may_be_attachments, begin, end),
	    cmocka_unit_test_setup_teardown(compressed_without_its_context_is_reported_as_unreadable, begin, end),
	    cmocka_unit_test_setup_teardown(requests_behind_a_refused_upgrade_are_read, begin, end),
	    cmocka_unit_test_setup_teardown(a_websocket_that_was_only_tried_carried_nothing, begin, end),
	    cmocka_unit_test_setup_teardown(a_websocket_that_was_refused_carried_nothing, begin, end),
	    cmocka_unit_test_setup_teardown(a_websocket_that_the_client_committed_to_carried_the_rest, begin, end),
	    cmocka_unit_test_setup_teardown(
	        a_websocket_whose_commit_was_not_captured_is_recognised_by_what_the_server_sends, begin, end),
	    cmocka_unit_test_setup_teardown(a_poll_that_ends_after_the_commit_does_not_turn_back, begin, end),
	    cmocka_unit_test_setup_teardown(a_session_that_is_first_seen_by_its_try_stays_on_polling, begin, end),
	    cmocka_unit_test_setup_teardown(what_is_not_http_is_counted_by_its_kind, begin, end),
	    cmocka_unit_test_setup_teardown(an_answer_to_head_has_no_body, begin, end),
	    cmocka_unit_test_setup_teardown(a_line_of_the_log_stands_among_the_events, begin, end),
	    cmocka_unit_test_setup_teardown(beyond_the_connections_the_quietest_is_let_go, begin, end),
	    cmocka_unit_test_setup_teardown(beyond_the_sessions_the_quietest_is_forgotten, begin, end),
	    cmocka_unit_test_setup_teardown(a_cut_message_that_is_no_packet_is_no_event, begin, end),
	    cmocka_unit_test_setup_teardown(a_message_that_memory_was_refused_to_hits_no_limit_but_that, begin, end),
	    cmocka_unit_test_setup_teardown(a_quiet_connection_is_let_go_in_time, begin, end),
	    cmocka_unit_test_setup_teardown(a_connection_that_is_reset_behind_its_fin_is_let_go, begin, end),
	    cmocka_unit_test_setup_teardown(what_was_sent_before_a_reset_and_captured_behind_it_is_read, begin, end),
	    cmocka_unit_test_setup_teardown(a_fin_and_the_reset_behind_it_are_one_end, begin, end),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
