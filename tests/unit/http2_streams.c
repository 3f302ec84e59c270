/* HTTP/2 connections: what frames do to streams, and what the rooms above see of them. */
#include "http/http2_frame.h"
#include "scene.h"

#define SETTINGS "\0\0\0\4\0\0\0\0\0"
#define OPENED                 \
	"0{\"sid\":\"a\"}\x1e" \
	"40{\"s\":1}"

/* A frame, then what else is said in the same packet. */
struct wire {
	uint8_t at[1000];
	size_t len;
};

static struct wire *wire_add(struct wire *wire, const void *bytes, size_t len)
{
	assert_true(wire->len + len <= sizeof wire->at);
	if (len)
		memcpy(wire->at + wire->len, bytes, len);
	wire->len += len;
	return wire;
}

static void wire_add_frame(
    struct wire *wire, enum http2_type type, uint8_t flags, uint32_t stream, const void *payload, size_t len)
{
	uint8_t head[HTTP2_FRAME_HEAD] = {[3] = type, [4] = flags};
	network_write_16(head + 1, (uint16_t)len);
	network_write_32(head + 5, stream);
	wire_add(wire_add(wire, head, sizeof head), payload, len);
}

/* A literal that is not indexed (RFC 7541 §6.2.2), or is (§6.2.1). */
static void block_add(struct wire *block, const char *name, const char *value, bool indexed)
{
	uint8_t first[] = {indexed ? 0x40 : 0, (uint8_t)strlen(name)}, second = (uint8_t)strlen(value);
	assert_true(strlen(name) < 127 && strlen(value) < 127);
	wire_add(wire_add(block, first, sizeof first), name, strlen(name));
	wire_add(wire_add(block, &second, 1), value, strlen(value));
}

static void add_request(struct wire *wire, uint32_t stream, const char *method, const char *path, bool ends)
{
	struct wire block = {0};
	bool is_websocket = strcmp(method, "CONNECT") == 0;
	if (strcmp(method, "GET") == 0)
		wire_add(&block, "\x82", 1); /* RFC 7541 appendix A */
	else
		block_add(&block, ":method", method, false);
	if (is_websocket)
		block_add(&block, ":protocol", "websocket", false);
	block_add(&block, ":path", path, false);
	wire_add_frame(
	    wire, HTTP2_HEADERS, HTTP2_END_HEADERS | (ends ? HTTP2_END_STREAM : 0), stream, block.at, block.len);
}

static void add_answer(struct wire *wire, uint32_t stream, const char *status, bool ends)
{
	struct wire block = {0};
	if (strcmp(status, "200") == 0)
		wire_add(&block, "\x88", 1);
	else
		block_add(&block, ":status", status, false);
	wire_add_frame(
	    wire, HTTP2_HEADERS, HTTP2_END_HEADERS | (ends ? HTTP2_END_STREAM : 0), stream, block.at, block.len);
}

static void add_data(struct wire *wire, uint32_t stream, struct slice body, bool ends)
{
	wire_add_frame(wire, HTTP2_DATA, ends ? HTTP2_END_STREAM : 0, stream, body.at, body.len);
}

static void add_code(struct wire *wire, enum http2_type type, uint32_t stream, uint32_t last, uint32_t code)
{
	uint8_t payload[8];
	network_write_32(payload, last);
	network_write_32(payload + 4, code);
	if (type == HTTP2_GOAWAY)
		wire_add_frame(wire, type, 0, 0, payload, 8);
	else
		wire_add_frame(wire, type, 0, stream, payload + 4, 4);
}

static void say_wire(struct scene *scene, uint64_t number, enum direction from, const struct wire *wire)
{
	say_bytes(scene, number, from, slice_of(wire->at, wire->len));
}

#define PATH_OPEN "/socket.io/?EIO=4&transport=polling"
#define PATH_POLL "/socket.io/?EIO=4&transport=polling&sid=a"
#define PATH_SOCKET "/socket.io/?EIO=4&transport=websocket&sid=a"

static void ask(struct scene *scene, uint64_t number, uint32_t stream, const char *method, const char *path)
{
	struct wire wire = {0};
	add_request(&wire, stream, method, path, strcmp(method, "GET") == 0);
	say_wire(scene, number, DIRECTION_TO_SERVER, &wire);
}

static void post(struct scene *scene, uint64_t number, uint32_t stream, const char *body)
{
	struct wire wire = {0};
	add_request(&wire, stream, "POST", PATH_POLL, false);
	add_data(&wire, stream, slice_of_text(body), true);
	say_wire(scene, number, DIRECTION_TO_SERVER, &wire);
}

static void answer(struct scene *scene, uint64_t number, uint32_t stream, const char *status, const char *body)
{
	struct wire wire = {0};
	add_answer(&wire, stream, status, !*body);
	if (*body)
		add_data(&wire, stream, slice_of_text(body), true);
	say_wire(scene, number, DIRECTION_TO_CLIENT, &wire);
}

static void end_by(
    struct scene *scene, uint64_t number, enum direction from, enum http2_type type, uint32_t stream, uint32_t code)
{
	struct wire wire = {0};
	add_code(&wire, type, stream, stream, code);
	say_wire(scene, number, from, &wire);
}

/* A session on stream 1, with its CONNECT accepted. */
static void begin_http2(struct scene *scene)
{
	begin_connection(scene);
	say_bytes(scene, 3, DIRECTION_TO_SERVER, SLICE(HTTP2_PREFACE SETTINGS));
	say_bytes(scene, 4, DIRECTION_TO_CLIENT, SLICE(SETTINGS));
	ask(scene, 5, 1, "GET", PATH_OPEN);
	answer(scene, 6, 1, "200", OPENED);
}

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

static const struct ledger_entry *counted(const struct scene *scene, enum ledger_reason reason)
{
	return &engine_counts(scene->engine)->ledger->entries[reason];
}

/* ---- requests and answers */

static void a_session_is_read_by_streams_of_one_connection(void **state)
{
	struct scene *scene = *state;
	begin_http2(scene);
	ask(scene, 7, 3, "GET", PATH_POLL);
	answer(scene, 8, 3, "200", "42[\"one\"]");
	assert_string_equal(find_given(scene, EVENT_EVENT)->text, "\"one\"");
	assert_int_equal(find_given(scene, EVENT_EVENT)->origin.stream, 3);
	assert_int_equal(find_given(scene, EVENT_OPEN)->origin.stream, 1);
	assert_int_equal(engine_counts(scene->engine)->http2.connections, 1);
	assert_int_equal(engine_counts(scene->engine)->http2.streams, 2);
}

static void a_post_passes_while_a_poll_waits(void **state)
{
	struct scene *scene = *state;
	begin_http2(scene);
	ask(scene, 7, 3, "GET", PATH_POLL);
	post(scene, 8, 5, "42[\"up\"]");
	answer(scene, 9, 5, "200", "ok");
	answer(scene, 10, 3, "200", "42[\"down\"]");
	assert_int_equal(count_given(scene, EVENT_EVENT), 2);
	assert_int_equal(exchange(scene, 2)->origin.stream, 5);
	assert_int_equal(exchange(scene, 3)->origin.stream, 3);
	assert_state(exchange(scene, 3), EXCHANGE_ANSWERED);
}

static void an_interim_answer_and_trailers_change_nothing(void **state)
{
	struct scene *scene = *state;
	struct wire wire = {0}, trailer = {0};
	begin_http2(scene);
	ask(scene, 7, 3, "GET", PATH_POLL);
	add_answer(&wire, 3, "103", false);
	add_answer(&wire, 3, "200", false);
	add_data(&wire, 3, SLICE("42[\"one\"]"), false);
	block_add(&trailer, "x", "y", false);
	wire_add_frame(&wire, HTTP2_HEADERS, HTTP2_END_HEADERS | HTTP2_END_STREAM, 3, trailer.at, trailer.len);
	say_wire(scene, 8, DIRECTION_TO_CLIENT, &wire);
	assert_int_equal(exchange(scene, 2)->status, 200);
	assert_int_equal(count_given(scene, EVENT_EVENT), 1);
}

static void an_answer_that_ends_before_its_request_is_over_when_the_stream_is(void **state)
{
	struct scene *scene = *state;
	begin_http2(scene);
	ask(scene, 7, 3, "POST", PATH_POLL);
	answer(scene, 8, 3, "413", "");
	assert_int_equal(count_given(scene, EVENT_HTTP), 1);
	end_by(scene, 9, DIRECTION_TO_CLIENT, HTTP2_RST_STREAM, 3, HTTP2_NO_ERROR);
	assert_state(exchange(scene, 2), EXCHANGE_ANSWERED);
	assert_int_equal(exchange(scene, 2)->status, 413);
}

static void a_head_comes_in_continuations(void **state)
{
	struct scene *scene = *state;
	struct wire block = {0}, wire = {0};
	begin_http2(scene);
	block_add(&block, ":method", "GET", false);
	block_add(&block, ":path", PATH_POLL, false);
	wire_add_frame(&wire, HTTP2_HEADERS, HTTP2_END_STREAM, 3, block.at, 20);
	wire_add_frame(&wire, HTTP2_CONTINUATION, 0, 3, block.at + 20, 10);
	wire_add_frame(&wire, HTTP2_CONTINUATION, HTTP2_END_HEADERS, 3, block.at + 30, block.len - 30);
	say_wire(scene, 7, DIRECTION_TO_SERVER, &wire);
	answer(scene, 8, 3, "200", "42[\"one\"]");
	assert_int_equal(count_given(scene, EVENT_EVENT), 1);
}

static void settings_that_are_cut_may_have_allowed_a_larger_table(void **state)
{
	struct scene *scene = *state;
	struct wire block = {0}, wire = {0};
	begin_connection(scene);
	say_bytes(scene, 3, DIRECTION_TO_SERVER, SLICE(HTTP2_PREFACE SETTINGS));
	say_bytes(scene, 4, DIRECTION_TO_CLIENT, SLICE("\0\0\6\4\0\0\0\0\0\0\1\0\0")); /* 16384 */
	lose(scene, DIRECTION_TO_CLIENT, 2);
	say_bytes(scene, 5, DIRECTION_TO_CLIENT, SLICE("\0\0\0\4\1\0\0\0\0"));
	wire_add(&block, "\x3f\xe1\x7f\x82", 4); /* so the client says that it uses them (RFC 7541 §6.3); GET */
	block_add(&block, ":path", PATH_OPEN, true);
	wire_add_frame(&wire, HTTP2_HEADERS, HTTP2_END_HEADERS | HTTP2_END_STREAM, 1, block.at, block.len);
	say_wire(scene, 6, DIRECTION_TO_SERVER, &wire);
	answer(scene, 7, 1, "200", OPENED);
	engine_end(scene->engine);
	assert_int_equal(count_given(scene, EVENT_OPEN), 1);
	assert_int_equal(counted(scene, LEDGER_HTTP2)->items, 0);
}

static void a_promised_head_keeps_the_table_and_is_counted(void **state)
{
	struct scene *scene = *state;
	struct wire block = {0}, wire = {0}, next = {0};
	begin_http2(scene);
	ask(scene, 7, 3, "GET", PATH_POLL);
	wire_add(&block, "\0\0\0\2", 4);
	block_add(&block, "x", "200", true);
	wire_add_frame(&wire, HTTP2_PUSH_PROMISE, HTTP2_END_HEADERS, 3, block.at, block.len);
	block_add(&next, ":status", "200", false);
	wire_add(&next, "\xbe", 1);
	wire_add_frame(&wire, HTTP2_HEADERS, HTTP2_END_HEADERS, 3, next.at, next.len);
	add_data(&wire, 3, SLICE("42[\"one\"]"), true);
	add_data(&wire, 2, SLICE("pushed"), true);
	say_wire(scene, 8, DIRECTION_TO_CLIENT, &wire);
	assert_int_equal(count_given(scene, EVENT_EVENT), 1);
	assert_int_equal(counted(scene, LEDGER_HTTP2_PUSHED)->items, 1);
	assert_int_equal(counted(scene, LEDGER_HTTP2)->items, 0);
}

static void flow_control_is_counted(void **state)
{
	struct scene *scene = *state;
	begin_http2(scene);
	say_bytes(scene, 7, DIRECTION_TO_SERVER, SLICE("\0\0\4\10\0\0\0\0\0\0\0\1\0\0\0\4\10\0\0\0\0\3\0\0\1\0"));
	assert_int_equal(engine_counts(scene->engine)->http2.window_updates, 2);
}

static void more_streams_than_the_limit_give_up_the_oldest(void **state)
{
	struct scene *scene = *state;
	begin_http2(scene);
	scene->limits.pipelined = 16;
	engine_end(scene->engine);
	engine_free(scene->engine);
	scene->engine = engine_new(&scene->limits, scene->observers, 1);
	scene->client++;
	begin_http2(scene);
	scene->count = 0;
	for (uint32_t i = 0; i < 17; i++)
		ask(scene, 10 + i, 3 + 2 * i, "GET", PATH_POLL);
	assert_int_equal(count_given(scene, EVENT_HTTP), 1);
	assert_state(exchange(scene, 1), EXCHANGE_LOST);
	assert_int_equal(counted(scene, ledger_limit(LIMIT_PIPELINED))->items, 1);
}

static void the_servers_settings_may_come_first(void **state)
{
	struct scene *scene = *state;
	begin_connection(scene);
	say_bytes(scene, 3, DIRECTION_TO_CLIENT, SLICE("\0\0\6\4\0\0\0\0\0\0\3\0\0\0\144"));
	say_bytes(scene, 4, DIRECTION_TO_SERVER, SLICE(HTTP2_PREFACE SETTINGS));
	ask(scene, 5, 1, "GET", PATH_OPEN);
	answer(scene, 6, 1, "200", OPENED);
	assert_int_equal(count_given(scene, EVENT_OPEN), 1);
}

static void it_does_not_matter_how_a_conversation_is_cut(void **state)
{
	struct scene *scene = *state;
	struct wire asked = {0}, answered = {0};
	wire_add(&asked, HTTP2_PREFACE SETTINGS, sizeof HTTP2_PREFACE SETTINGS - 1);
	add_request(&asked, 1, "GET", PATH_OPEN, true);
	add_request(&asked, 3, "POST", PATH_POLL, false);
	add_data(&asked, 3, SLICE("42[\"up\"]"), true);
	wire_add(&answered, SETTINGS, sizeof SETTINGS - 1);
	add_answer(&answered, 1, "200", false);
	add_data(&answered, 1, SLICE(OPENED), true);
	add_answer(&answered, 3, "200", false);
	add_data(&answered, 3, SLICE("ok"), true);
	for (size_t step = 1; step < 40; step++) {
		uint64_t number = 3;
		scene->client = (uint8_t)step;
		scene->count = 0;
		scene->sent[0] = scene->sent[1] = 0;
		begin_connection(scene);
		for (size_t at = 0; at < asked.len; at += step)
			say_bytes(scene, number++, DIRECTION_TO_SERVER,
			    slice_take(slice_of(asked.at + at, asked.len - at), step));
		for (size_t at = 0; at < answered.len; at += step)
			say_bytes(scene, number++, DIRECTION_TO_CLIENT,
			    slice_take(slice_of(answered.at + at, answered.len - at), step));
		assert_int_equal(count_given(scene, EVENT_OPEN), 1);
		assert_int_equal(count_given(scene, EVENT_EVENT), 1);
		assert_int_equal(count_given(scene, EVENT_HTTP), 2);
		assert_state(exchange(scene, 2), EXCHANGE_ANSWERED);
	}
}

/* ---- ends of streams */

static void a_poll_that_the_client_cancels_was_left_by_the_client(void **state)
{
	struct scene *scene = *state;
	begin_http2(scene);
	ask(scene, 7, 3, "GET", PATH_POLL);
	end_by(scene, 8, DIRECTION_TO_SERVER, HTTP2_RST_STREAM, 3, HTTP2_CANCEL);
	assert_int_equal(count_given(scene, EVENT_TCP_CLOSE), 1);
	ask(scene, 9, 5, "GET", PATH_POLL);
	answer(scene, 10, 5, "200", "6");
	assert_state(exchange(scene, 2), EXCHANGE_UNANSWERED);
	assert_int_equal(exchange(scene, 2)->ended_by, DIRECTION_TO_SERVER);
	assert_true(exchange(scene, 2)->left == 1008 * TIMESTAMP_MILLISECOND);
}

static void an_answer_that_crosses_a_cancel_is_read_as_one_that_nobody_reads(void **state)
{
	struct scene *scene = *state;
	begin_http2(scene);
	ask(scene, 7, 3, "GET", PATH_POLL);
	end_by(scene, 8, DIRECTION_TO_SERVER, HTTP2_RST_STREAM, 3, HTTP2_CANCEL);
	answer(scene, 9, 3, "200", "42[\"late\"]");
	assert_int_equal(find_given(scene, EVENT_EVENT)->unread, UNREAD_IN_ABORTED_POLL);
}

static void a_stream_that_the_server_refuses_is_refused(void **state)
{
	struct scene *scene = *state;
	begin_http2(scene);
	ask(scene, 7, 3, "GET", PATH_POLL);
	end_by(scene, 8, DIRECTION_TO_CLIENT, HTTP2_RST_STREAM, 3, HTTP2_REFUSED_STREAM);
	assert_state(exchange(scene, 2), EXCHANGE_REFUSED);
}

static void a_stream_that_the_server_resets_was_not_answered_by_the_server(void **state)
{
	struct scene *scene = *state;
	begin_http2(scene);
	ask(scene, 7, 3, "GET", PATH_POLL);
	end_by(scene, 8, DIRECTION_TO_CLIENT, HTTP2_RST_STREAM, 3, 2);
	assert_state(exchange(scene, 2), EXCHANGE_UNANSWERED);
	assert_int_equal(exchange(scene, 2)->ended_by, DIRECTION_TO_CLIENT);
}

static void a_goaway_refuses_the_streams_above_its_last_and_lets_the_others_end(void **state)
{
	struct scene *scene = *state;
	begin_http2(scene);
	ask(scene, 7, 3, "GET", PATH_POLL);
	ask(scene, 8, 5, "POST", PATH_POLL);
	end_by(scene, 9, DIRECTION_TO_CLIENT, HTTP2_GOAWAY, 3, HTTP2_NO_ERROR);
	assert_state(exchange(scene, 2), EXCHANGE_REFUSED);
	assert_int_equal(exchange(scene, 2)->origin.stream, 5);
	answer(scene, 10, 3, "200", "6");
	assert_state(exchange(scene, 3), EXCHANGE_ANSWERED);
}

static void more_goaways_than_any_server_sends_are_passed_over(void **state)
{
	struct scene *scene = *state;
	begin_http2(scene);
	ask(scene, 7, 3, "GET", PATH_POLL);
	for (unsigned i = 0; i < 16; i++)
		end_by(scene, 8 + i, DIRECTION_TO_CLIENT, HTTP2_GOAWAY, 99, i % 2);
	end_by(scene, 30, DIRECTION_TO_CLIENT, HTTP2_GOAWAY, 1, HTTP2_NO_ERROR);
	answer(scene, 31, 3, "200", "6");
	assert_state(exchange(scene, 2), EXCHANGE_ANSWERED);
}

static void a_goaway_that_is_said_often_leaves_room_for_the_last(void **state)
{
	struct scene *scene = *state;
	begin_http2(scene);
	ask(scene, 7, 3, "GET", PATH_POLL);
	for (unsigned i = 0; i < 100; i++)
		end_by(scene, 8 + i, DIRECTION_TO_CLIENT, HTTP2_GOAWAY, 99, HTTP2_NO_ERROR);
	end_by(scene, 200, DIRECTION_TO_CLIENT, HTTP2_GOAWAY, 1, HTTP2_NO_ERROR);
	assert_state(exchange(scene, 2), EXCHANGE_REFUSED);
}

static void who_left_first_is_over_first(void **state)
{
	struct scene *scene = *state;
	begin_http2(scene);
	ask(scene, 7, 3, "GET", PATH_POLL);
	ask(scene, 8, 5, "GET", PATH_POLL);
	end_by(scene, 9, DIRECTION_TO_SERVER, HTTP2_RST_STREAM, 5, HTTP2_CANCEL);
	ask(scene, 10, 7, "GET", PATH_POLL);
	end_by(scene, 11, DIRECTION_TO_SERVER, HTTP2_RST_STREAM, 3, HTTP2_CANCEL);
	answer(scene, 12, 7, "200", "6"); /* 3 was left after 7 was asked: its answer may be on its way */
	assert_int_equal(exchange(scene, 2)->origin.stream, 5);
	assert_state(exchange(scene, 2), EXCHANGE_UNANSWERED);
	answer(scene, 13, 3, "200", "6");
	assert_int_equal(exchange(scene, 4)->origin.stream, 3);
	assert_state(exchange(scene, 4), EXCHANGE_ANSWERED);
}

static void a_clients_goaway_refuses_nothing(void **state)
{
	struct scene *scene = *state;
	begin_http2(scene);
	ask(scene, 7, 3, "GET", PATH_POLL);
	end_by(scene, 8, DIRECTION_TO_SERVER, HTTP2_GOAWAY, 0, HTTP2_NO_ERROR);
	answer(scene, 9, 3, "200", "6");
	assert_state(exchange(scene, 2), EXCHANGE_ANSWERED);
}

static void the_end_of_the_connection_is_given_for_each_open_stream_or_once(void **state)
{
	struct scene *scene = *state;
	begin_http2(scene);
	ask(scene, 7, 3, "GET", PATH_POLL);
	ask(scene, 8, 5, "POST", PATH_POLL);
	give(scene, 9, DIRECTION_TO_CLIENT, scene->sent[DIRECTION_TO_CLIENT]++, TCP_FIN | TCP_ACK, "");
	assert_int_equal(count_given(scene, EVENT_TCP_CLOSE), 2);
	assert_state(exchange(scene, 2), EXCHANGE_UNANSWERED);
	give(scene, 10, DIRECTION_TO_SERVER, scene->sent[DIRECTION_TO_SERVER]++, TCP_FIN | TCP_ACK, "");
	assert_int_equal(count_given(scene, EVENT_TCP_CLOSE), 3);
}

static void a_poll_that_waits_at_the_end_is_pending(void **state)
{
	struct scene *scene = *state;
	begin_http2(scene);
	ask(scene, 7, 3, "GET", PATH_POLL);
	engine_end(scene->engine);
	assert_state(exchange(scene, 2), EXCHANGE_PENDING);
}

/* ---- WebSockets */

#define FRAMED(text, length) "\x81" length text
/* Masked with ones: 42["x"] */
#define FRAMED_QUESTION            \
	"\x81\x87\x01\x01\x01\x01" \
	"53Z#y#\\"

static void a_websocket_is_one_stream_among_others(void **state)
{
	struct scene *scene = *state;
	struct wire up = {0}, down = {0};
	begin_http2(scene);
	ask(scene, 7, 3, "CONNECT", PATH_SOCKET);
	add_answer(&down, 3, "200", false);
	add_data(&down, 3, SLICE(FRAMED("42[\"y\"]", "\x07")), false);
	say_wire(scene, 8, DIRECTION_TO_CLIENT, &down);
	add_data(&up, 3, slice_take(SLICE(FRAMED_QUESTION), 4), false);
	say_wire(scene, 9, DIRECTION_TO_SERVER, &up);
	post(scene, 10, 5, "42[\"z\"]");
	up.len = 0;
	add_data(&up, 3, slice_drop(SLICE(FRAMED_QUESTION), 4), false);
	say_wire(scene, 11, DIRECTION_TO_SERVER, &up);
	assert_int_equal(count_given(scene, EVENT_WS_OPEN), 1);
	assert_int_equal(count_given(scene, EVENT_EVENT), 3);
	assert_int_equal(find_given(scene, EVENT_WS_OPEN)->origin.stream, 3);
}

static void frames_that_the_client_sent_before_the_answer_are_read_with_it(void **state)
{
	struct scene *scene = *state;
	struct wire up = {0}, down = {0};
	begin_http2(scene);
	add_request(&up, 3, "CONNECT", PATH_SOCKET, false);
	add_data(&up, 3, SLICE(FRAMED_QUESTION), false);
	say_wire(scene, 7, DIRECTION_TO_SERVER, &up);
	assert_int_equal(count_given(scene, EVENT_EVENT), 0);
	add_answer(&down, 3, "200", false);
	say_wire(scene, 8, DIRECTION_TO_CLIENT, &down);
	assert_int_equal(count_given(scene, EVENT_EVENT), 1);
}

static void a_refused_extended_connect_is_an_exchange(void **state)
{
	struct scene *scene = *state;
	begin_http2(scene);
	ask(scene, 7, 3, "CONNECT", PATH_SOCKET);
	answer(scene, 8, 3, "403", "");
	end_by(scene, 9, DIRECTION_TO_SERVER, HTTP2_RST_STREAM, 3, HTTP2_CANCEL);
	assert_int_equal(exchange(scene, 2)->status, 403);
	assert_int_equal(count_given(scene, EVENT_WS_OPEN), 0);
}

static void the_end_of_a_websockets_stream_is_the_end_of_its_connection(void **state)
{
	struct scene *scene = *state;
	struct wire up = {0}, down = {0};
	begin_http2(scene);
	ask(scene, 7, 3, "CONNECT", PATH_SOCKET);
	add_answer(&down, 3, "200", false);
	say_wire(scene, 8, DIRECTION_TO_CLIENT, &down);
	add_data(&up, 3, slice_of(NULL, 0), true);
	say_wire(scene, 9, DIRECTION_TO_SERVER, &up);
	assert_int_equal(find_given(scene, EVENT_TCP_CLOSE)->origin.stream, 3);
	end_by(scene, 10, DIRECTION_TO_CLIENT, HTTP2_RST_STREAM, 3, HTTP2_CANCEL);
	assert_int_equal(count_given(scene, EVENT_TCP_CLOSE), 2);
}

/* ---- h2c */

#define ASK_H2C          \
	"GET " PATH_OPEN \
	" HTTP/1.1\r\nConnection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAA\r\n\r\n"
#define SWITCHED "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n\r\n"

static void the_first_stream_answers_the_request_that_asked_for_h2c(void **state)
{
	struct scene *scene = *state;
	begin_connection(scene);
	say(scene, 3, DIRECTION_TO_SERVER, ASK_H2C);
	say(scene, 4, DIRECTION_TO_CLIENT, SWITCHED);
	say_bytes(scene, 5, DIRECTION_TO_CLIENT, SLICE(SETTINGS));
	say_bytes(scene, 6, DIRECTION_TO_SERVER, SLICE(HTTP2_PREFACE SETTINGS));
	answer(scene, 7, 1, "200", OPENED);
	assert_int_equal(count_given(scene, EVENT_OPEN), 1);
	assert_int_equal(exchange(scene, 1)->status, 200);
	ask(scene, 8, 3, "GET", PATH_POLL);
	answer(scene, 9, 3, "200", "42[\"one\"]");
	assert_int_equal(count_given(scene, EVENT_EVENT), 1);
	assert_int_equal(counted(scene, LEDGER_H2C)->items, 1);
}

static void a_client_that_begins_http2_before_the_101_is_seen_is_read(void **state)
{
	struct scene *scene = *state;
	begin_connection(scene);
	say(scene, 3, DIRECTION_TO_SERVER, ASK_H2C);
	say_bytes(scene, 4, DIRECTION_TO_SERVER, SLICE(HTTP2_PREFACE SETTINGS));
	say(scene, 5, DIRECTION_TO_CLIENT, SWITCHED);
	answer(scene, 6, 1, "200", OPENED);
	assert_int_equal(count_given(scene, EVENT_OPEN), 1);
}

static void a_server_that_passes_h2c_over_answers_by_http1(void **state)
{
	struct scene *scene = *state;
	begin_connection(scene);
	say(scene, 3, DIRECTION_TO_SERVER, ASK_H2C);
	say(scene, 4, DIRECTION_TO_CLIENT, OPEN);
	say(scene, 5, DIRECTION_TO_SERVER, POLL("a"));
	say(scene, 6, DIRECTION_TO_CLIENT, "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n42[\"one\"]");
	assert_int_equal(count_given(scene, EVENT_EVENT), 1);
	assert_int_equal(engine_counts(scene->engine)->http2.connections, 0);
}

#define POST_H2C                                                                                                 \
	"POST " PATH_POLL " HTTP/1.1\r\nConnection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: " \
	"AAA\r\nContent-Length: 9\r\n\r\n"

/* One that asks for h2c, whose 101 comes before its body is whole. */
static void begin_early_h2c(struct scene *scene, const char *body)
{
	begin_connection(scene);
	say(scene, 3, DIRECTION_TO_SERVER, POST_H2C);
	say(scene, 4, DIRECTION_TO_SERVER, body);
	say(scene, 5, DIRECTION_TO_CLIENT, SWITCHED);
	say_bytes(scene, 6, DIRECTION_TO_CLIENT, SLICE(SETTINGS));
}

/* After the 101 and the body, in whichever order. */
static void assert_goes_on_as_http2(struct scene *scene)
{
	answer(scene, 9, 1, "200", "ok");
	assert_int_equal(exchange(scene, 1)->status, 200);
	ask(scene, 10, 3, "GET", PATH_POLL);
	answer(scene, 11, 3, "200", "42[\"two\"]");
	assert_int_equal(count_given(scene, EVENT_HTTP), 2);
	assert_int_equal(count_given(scene, EVENT_EVENT), 2);
	assert_int_equal(count_given(scene, EVENT_MALFORMED), 0);
	assert_int_equal(counted(scene, LEDGER_HTTP2)->bytes + counted(scene, LEDGER_NOT_HTTP)->bytes, 0);
}

static void a_body_that_ends_before_the_101_is_the_requests(void **state)
{
	struct scene *scene = *state;
	begin_early_h2c(scene, "42[\"one\"]");
	say_bytes(scene, 7, DIRECTION_TO_SERVER, SLICE(HTTP2_PREFACE SETTINGS));
	assert_goes_on_as_http2(scene);
}

static void a_body_that_goes_on_behind_the_101_is_the_requests(void **state)
{
	struct scene *scene = *state;
	begin_early_h2c(scene, "42[");
	say_bytes(scene, 7, DIRECTION_TO_SERVER, SLICE("\"one\"]" HTTP2_PREFACE));
	say_bytes(scene, 8, DIRECTION_TO_SERVER, SLICE(SETTINGS));
	assert_goes_on_as_http2(scene);
}

static void a_server_may_answer_by_http2_before_the_body_is_whole(void **state)
{
	struct scene *scene = *state;
	begin_early_h2c(scene, "42[");
	answer(scene, 7, 1, "413", "");
	assert_int_equal(count_given(scene, EVENT_HTTP), 0);
	say(scene, 8, DIRECTION_TO_SERVER, "\"one\"]");
	say_bytes(scene, 9, DIRECTION_TO_SERVER, SLICE(HTTP2_PREFACE SETTINGS));
	assert_int_equal(exchange(scene, 1)->status, 413);
	assert_false(exchange(scene, 1)->incomplete);
}

static void a_body_that_is_lost_behind_the_101_makes_its_request_incomplete(void **state)
{
	struct scene *scene = *state;
	begin_early_h2c(scene, "42[");
	lose(scene, DIRECTION_TO_SERVER, 40);
	ask(scene, 7, 3, "GET", PATH_POLL);
	answer(scene, 8, 1, "200", "ok");
	answer(scene, 9, 3, "200", "42[\"two\"]");
	engine_end(scene->engine);
	assert_int_equal(exchange(scene, 1)->status, 200);
	assert_true(exchange(scene, 1)->incomplete);
	assert_int_equal(exchange(scene, 2)->status, 200);
	assert_int_equal(count_given(scene, EVENT_EVENT), 1);
}

static void what_a_server_sends_before_the_body_is_whole_has_a_bound(void **state)
{
	struct scene *scene = *state;
	struct wire wire = {0};
	begin_early_h2c(scene, "42[");
	add_data(&wire, 1, SLICE("0123456789"), false);
	while (wire.len + 19 <= 950)
		add_data(&wire, 1, SLICE("0123456789"), false);
	for (uint64_t number = 7; number < 307; number++)
		say_wire(scene, number, DIRECTION_TO_CLIENT, &wire);
	say_bytes(scene, 310, DIRECTION_TO_SERVER, SLICE("\"one\"]" HTTP2_PREFACE SETTINGS));
	answer(scene, 311, 1, "200", "ok");
	assert_int_equal(exchange(scene, 1)->status, 200);
	assert_int_equal(counted(scene, LEDGER_NOT_HTTP)->bytes, HTTP2_FRAME_HEAD + 300 * wire.len - (256 << 10));
	assert_int_equal(count_given(scene, EVENT_MALFORMED), 0);
}

/* ---- losses */

static void a_loss_within_data_is_that_streams_alone(void **state)
{
	struct scene *scene = *state;
	struct wire wire = {0};
	begin_http2(scene);
	ask(scene, 7, 3, "GET", PATH_POLL);
	ask(scene, 8, 5, "GET", PATH_POLL);
	add_answer(&wire, 3, "200", false);
	add_data(&wire, 3, SLICE("42[\"one\"]"), true);
	wire.len -= 5;
	say_wire(scene, 9, DIRECTION_TO_CLIENT, &wire);
	lose(scene, DIRECTION_TO_CLIENT, 5);
	give(scene, 10, DIRECTION_TO_SERVER, scene->sent[DIRECTION_TO_SERVER], TCP_ACK, "");
	answer(scene, 11, 5, "200", "42[\"two\"]");
	engine_end(scene->engine);
	assert_state(exchange(scene, 2), EXCHANGE_ANSWERED);
	assert_state(exchange(scene, 3), EXCHANGE_ANSWERED);
	assert_int_equal(counted(scene, LEDGER_HTTP2)->items, 0);
	assert_int_equal(count_given(scene, EVENT_EVENT), 1);
}

static void what_was_asked_before_frames_were_lost_and_has_no_answer_is_lost(void **state)
{
	struct scene *scene = *state;
	begin_http2(scene);
	ask(scene, 7, 3, "GET", PATH_POLL);
	lose(scene, DIRECTION_TO_CLIENT, 50);
	ask(scene, 9, 5, "GET", PATH_POLL);
	answer(scene, 10, 5, "200", "42[\"two\"]");
	engine_end(scene->engine);
	assert_int_equal(count_given(scene, EVENT_EVENT), 1);
	assert_int_equal(count_given(scene, EVENT_GAP), 1);
	assert_state(exchange(scene, 3), EXCHANGE_LOST);
}

static void a_connection_is_joined_where_a_head_shows_who_wrote_it(void **state)
{
	struct scene *scene = *state;
	ask(scene, 7, 7, "GET", PATH_OPEN);
	answer(scene, 8, 7, "200", OPENED);
	engine_end(scene->engine);
	assert_int_equal(count_given(scene, EVENT_OPEN), 1);
	assert_true(find_given(scene, EVENT_OPEN)->joined);
	assert_int_equal(counted(scene, LEDGER_JOINED)->items, 1);
}

static void streams_whose_heads_were_not_captured_are_counted(void **state)
{
	struct scene *scene = *state;
	ask(scene, 7, 7, "GET", PATH_OPEN);
	answer(scene, 8, 5, "200", "unknown");
	answer(scene, 9, 7, "200", OPENED);
	engine_end(scene->engine);
	assert_int_equal(count_given(scene, EVENT_OPEN), 1);
	assert_int_equal(counted(scene, LEDGER_HTTP2)->items, 1);
	assert_true(counted(scene, LEDGER_HTTP2)->bytes > 16);
}

static void a_websocket_is_joined_within_its_stream(void **state)
{
	struct scene *scene = *state;
	struct wire up = {0};
	add_data(&up, 3, SLICE(FRAMED_QUESTION), false);
	say_wire(scene, 7, DIRECTION_TO_SERVER, &up);
	engine_end(scene->engine);
	assert_int_equal(find_given(scene, EVENT_EVENT)->origin.stream, 3);
	assert_int_equal(counted(scene, LEDGER_HTTP2)->items, 0);
}

static void a_head_whose_fields_are_lost_is_counted_and_judged_by_what_is_left(void **state)
{
	struct scene *scene = *state;
	struct wire block = {0}, wire = {0};
	wire_add(&block, "\x82", 1);
	block_add(&block, ":path", PATH_OPEN, false);
	wire_add(&block, "\xc0", 1); /* an entry that was added before the capture began */
	wire_add_frame(&wire, HTTP2_HEADERS, HTTP2_END_HEADERS | HTTP2_END_STREAM, 7, block.at, block.len);
	say_wire(scene, 7, DIRECTION_TO_SERVER, &wire);
	answer(scene, 8, 7, "200", OPENED);
	engine_end(scene->engine);
	assert_int_equal(count_given(scene, EVENT_OPEN), 1);
	assert_int_equal(counted(scene, LEDGER_HTTP2)->items, 1);
}

static void an_answer_that_was_captured_before_its_request_is_lost(void **state)
{
	struct scene *scene = *state;
	begin_http2(scene);
	answer(scene, 7, 3, "200", "6");
	ask(scene, 8, 3, "GET", PATH_POLL);
	assert_state(exchange(scene, 2), EXCHANGE_LOST);
}

static void bytes_that_are_no_frames_are_named_and_reading_goes_on_where_a_frame_begins(void **state)
{
	struct scene *scene = *state;
	begin_http2(scene);
	ask(scene, 7, 3, "GET", PATH_POLL);
	say_bytes(scene, 8, DIRECTION_TO_CLIENT, SLICE("\0\0\4\3\0\0\0\0\0oops and more"));
	answer(scene, 9, 3, "200", "42[\"one\"]");
	assert_int_equal(count_given(scene, EVENT_MALFORMED), 1);
	assert_int_equal(count_given(scene, EVENT_EVENT), 1);
	assert_int_equal(counted(scene, LEDGER_UNREAD)->items, 1);
}

static void streams_without_engineio_are_other_http(void **state)
{
	struct scene *scene = *state;
	begin_connection(scene);
	say_bytes(scene, 3, DIRECTION_TO_SERVER, SLICE(HTTP2_PREFACE SETTINGS));
	ask(scene, 5, 1, "GET", "/style.css");
	answer(scene, 6, 1, "200", "body");
	engine_end(scene->engine);
	assert_int_equal(scene->count, 0);
	assert_int_equal(counted(scene, LEDGER_DECODED)->bytes, 0);
	assert_true(counted(scene, LEDGER_OTHER_HTTP)->bytes > 0);
}

#define ON_SCENE(test) cmocka_unit_test_setup_teardown(test, begin, end)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    ON_SCENE(a_session_is_read_by_streams_of_one_connection),
	    ON_SCENE(a_post_passes_while_a_poll_waits),
	    ON_SCENE(an_interim_answer_and_trailers_change_nothing),
	    ON_SCENE(an_answer_that_ends_before_its_request_is_over_when_the_stream_is),
	    ON_SCENE(a_head_comes_in_continuations),
	    ON_SCENE(settings_that_are_cut_may_have_allowed_a_larger_table),
	    ON_SCENE(a_promised_head_keeps_the_table_and_is_counted),
	    ON_SCENE(flow_control_is_counted),
	    ON_SCENE(more_streams_than_the_limit_give_up_the_oldest),
	    ON_SCENE(the_servers_settings_may_come_first),
	    ON_SCENE(it_does_not_matter_how_a_conversation_is_cut),
	    ON_SCENE(a_poll_that_the_client_cancels_was_left_by_the_client),
	    ON_SCENE(an_answer_that_crosses_a_cancel_is_read_as_one_that_nobody_reads),
	    ON_SCENE(a_stream_that_the_server_refuses_is_refused),
	    ON_SCENE(a_stream_that_the_server_resets_was_not_answered_by_the_server),
	    ON_SCENE(a_goaway_refuses_the_streams_above_its_last_and_lets_the_others_end),
	    ON_SCENE(more_goaways_than_any_server_sends_are_passed_over),
	    ON_SCENE(a_goaway_that_is_said_often_leaves_room_for_the_last),
	    ON_SCENE(who_left_first_is_over_first),
	    ON_SCENE(a_clients_goaway_refuses_nothing),
	    ON_SCENE(the_end_of_the_connection_is_given_for_each_open_stream_or_once),
	    ON_SCENE(a_poll_that_waits_at_the_end_is_pending),
	    ON_SCENE(a_websocket_is_one_stream_among_others),
	    ON_SCENE(frames_that_the_client_sent_before_the_answer_are_read_with_it),
	    ON_SCENE(a_refused_extended_connect_is_an_exchange),
	    ON_SCENE(the_end_of_a_websockets_stream_is_the_end_of_its_connection),
	    ON_SCENE(the_first_stream_answers_the_request_that_asked_for_h2c),
	    ON_SCENE(a_client_that_begins_http2_before_the_101_is_seen_is_read),
	    ON_SCENE(a_server_that_passes_h2c_over_answers_by_http1),
	    ON_SCENE(a_body_that_ends_before_the_101_is_the_requests),
	    ON_SCENE(a_body_that_goes_on_behind_the_101_is_the_requests),
	    ON_SCENE(a_server_may_answer_by_http2_before_the_body_is_whole),
	    ON_SCENE(a_body_that_is_lost_behind_the_101_makes_its_request_incomplete),
	    ON_SCENE(what_a_server_sends_before_the_body_is_whole_has_a_bound),
	    ON_SCENE(a_loss_within_data_is_that_streams_alone),
	    ON_SCENE(what_was_asked_before_frames_were_lost_and_has_no_answer_is_lost),
	    ON_SCENE(a_connection_is_joined_where_a_head_shows_who_wrote_it),
	    ON_SCENE(streams_whose_heads_were_not_captured_are_counted),
	    ON_SCENE(a_websocket_is_joined_within_its_stream),
	    ON_SCENE(a_head_whose_fields_are_lost_is_counted_and_judged_by_what_is_left),
	    ON_SCENE(an_answer_that_was_captured_before_its_request_is_lost),
	    ON_SCENE(bytes_that_are_no_frames_are_named_and_reading_goes_on_where_a_frame_begins),
	    ON_SCENE(streams_without_engineio_are_other_http),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
