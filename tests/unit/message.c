/* WebSocket messages: frames in, messages out; and the extension list. */
#include "http/message.h"

#include "base/memory.h"
#include "unit.h"

#include <stdio.h>
#include <zlib.h>

enum { WHOLE = 0, BYTE_BY_BYTE = 1 };

static const struct deflate_agreement no_deflate;
static const struct deflate_agreement deflate_on = {.on = true};
static const struct deflate_agreement no_takeover = {
    .on = true, .server_no_context_takeover = true, .client_no_context_takeover = true};

/* "text hello; text* hello (unreadable, truncated); close 1000 bye; " and "!" with the reason of WIRE_BAD. The star is
 * for compressed. Several frames: "text/2 hello". */
static void give_message(struct buffer *given, const struct message *message)
{
	static const char *const names[] = {
	    [WS_TEXT] = "text", [WS_BINARY] = "binary", [WS_CLOSE] = "close", [WS_PING] = "ping", [WS_PONG] = "pong"};
	buffer_append_text(given, names[message->opcode]);
	if (message->compressed)
		buffer_append_text(given, "*");
	if (message->frames != 1)
		buffer_append_format(given, "/%u", message->frames);
	if (message->opcode == WS_CLOSE)
		buffer_append_format(given, " %u", message->close_code);
	buffer_append_text(given, " ");
	buffer_append(given, message->payload);
	if (message->truncated)
		buffer_append_text(given, "<truncated>");
	if (message->unreadable)
		buffer_append_text(given, "<unreadable>");
	buffer_append_text(given, "; ");
}

static void feed(struct message_stream *stream, struct slice bytes, size_t step, struct buffer *given)
{
	struct message message;
	enum wire_result result = WIRE_MORE;
	while (result != WIRE_BAD && bytes.len) {
		struct slice part = slice_take(bytes, step ? step : bytes.len);
		bytes = slice_drop(bytes, part.len);
		while ((result = message_next(stream, &part, &message)) == WIRE_ITEM)
			give_message(given, &message);
	}
	if (result == WIRE_BAD)
		buffer_append_format(given, "!%s", message_why(stream));
}

/* A stream from the server (or client), with what it has told so far. */
struct listener {
	struct message_stream *stream;
	struct buffer given;
	struct budget budget;
	size_t own; /* charged for the stream itself */
};

static void listen_to(struct listener *listener, bool from_client, struct deflate_agreement agreement,
    const struct message_limits *limits, size_t budget)
{
	listener->budget = (struct budget){.limit = SIZE_MAX};
	buffer_init(&listener->given, BUFFER_NO_LIMIT, NULL);
	listener->stream = message_stream_new(
	    from_client, agreement, limits ? limits : &message_default_limits, &listener->budget);
	assert_non_null(listener->stream);
	listener->own = listener->budget.used;
	listener->budget.limit = budget > SIZE_MAX - listener->own ? SIZE_MAX : listener->own + budget;
}

static void listen_to_server(struct listener *listener, struct deflate_agreement agreement)
{
	listen_to(listener, false, agreement, NULL, SIZE_MAX);
}

static void hear(struct listener *listener, struct slice bytes)
{
	feed(listener->stream, bytes, WHOLE, &listener->given);
}

static void assert_given(struct listener *listener, const char *expected)
{
	buffer_append_byte(&listener->given, 0);
	assert_string_equal((const char *)listener->given.at, expected);
	message_stream_free(listener->stream);
	buffer_free(&listener->given);
	assert_int_equal(listener->budget.used, 0);
}

static void assert_messages(bool from_client, struct deflate_agreement agreement, const struct message_limits *limits,
    struct slice bytes, const char *expected)
{
	for (size_t step = WHOLE; step <= BYTE_BY_BYTE; step++) {
		struct listener listener;
		listen_to(&listener, from_client, agreement, limits, SIZE_MAX);
		feed(listener.stream, bytes, step, &listener.given);
		assert_given(&listener, expected);
	}
}

static void assert_from_server(struct deflate_agreement agreement, struct slice bytes, const char *expected)
{
	assert_messages(false, agreement, NULL, bytes, expected);
}

static void assert_from_client(struct deflate_agreement agreement, struct slice bytes, const char *expected)
{
	assert_messages(true, agreement, NULL, bytes, expected);
}

static void a_frame_is_a_message(void **state)
{
	(void)state;
	assert_from_server(no_deflate, SLICE("\x81\x05Hello\x82\x01\x01"), "text Hello; binary \x01; ");
}

static void a_masked_message_is_unmasked(void **state)
{
	(void)state;
	assert_from_client(no_deflate, SLICE("\x81\x85\x37\xfa\x21\x3d\x7f\x9f\x4d\x51\x58"), "text Hello; ");
}

static void fragments_are_joined(void **state)
{
	(void)state;
	assert_from_server(no_deflate, SLICE("\x01\x03Hel\x00\x00\x80\x02lo"), "text/3 Hello; ");
}

static void masked_fragments_are_joined(void **state)
{
	(void)state;
	assert_from_client(no_deflate, SLICE("\x01\x83\x37\xfa\x21\x3d\x7f\x9f\x4d\x80\x82\x01\x02\x03\x04\x6d\x6d"),
	    "text/2 Hello; ");
}

static void control_frames_between_fragments_come_first(void **state)
{
	(void)state;
	assert_from_server(
	    no_deflate, SLICE("\x01\x03Hel\x89\x01!\x8a\x00\x80\x02lo"), "ping !; pong ; text/2 Hello; ");
}

static void empty_messages_are_messages(void **state)
{
	(void)state;
	assert_from_server(no_deflate, SLICE("\x81\x00\x82\x00\x01\x00\x80\x00"), "text ; binary ; text/2 ; ");
}

static void a_close_frame_has_a_code_and_a_reason(void **state)
{
	(void)state;
	assert_from_server(no_deflate,
	    SLICE("\x88\x05\x03\xe9"
	          "bye"),
	    "close 1001 bye; ");
	assert_from_client(no_deflate, SLICE("\x88\x82\x01\x02\x03\x04\x02\xea"), "close 1000 ; ");
}

static void an_empty_close_frame_means_1005(void **state)
{
	(void)state;
	assert_from_server(no_deflate, SLICE("\x88\x00"), "close 1005 ; ");
}

static void a_close_frame_of_one_byte_is_bad(void **state)
{
	(void)state;
	assert_from_server(no_deflate, SLICE("\x88\x01\x03"), "!a close frame of one byte");
}

static void a_continuation_without_a_beginning_is_bad(void **state)
{
	(void)state;
	assert_from_server(
	    no_deflate, SLICE("\x81\x01x\x80\x01y\x81\x01z"), "text x; !a continuation without a beginning");
}

static void a_message_inside_another_is_bad(void **state)
{
	(void)state;
	assert_from_server(no_deflate, SLICE("\x01\x01x\x81\x01y\x80\x01z"), "!a new message inside another");
}

static void a_compressed_message_without_agreement_is_bad(void **state)
{
	(void)state;
	assert_from_server(
	    no_deflate, SLICE("\xc1\x01\x00\x81\x01z"), "!a compressed message, and no compression was agreed");
}

static void a_frame_error_is_bad_and_stays_so(void **state)
{
	(void)state;
	struct listener listener;
	listen_to_server(&listener, no_deflate);
	hear(&listener, SLICE("\x83\x00"));
	hear(&listener, SLICE("\x81\x01x"));
	assert_given(&listener, "!a reserved opcode!a reserved opcode");
}

static void a_message_error_is_bad_and_stays_so(void **state)
{
	(void)state;
	struct listener listener;
	listen_to_server(&listener, no_deflate);
	hear(&listener, SLICE("\x88\x01"));
	assert_false(message_skip_lost(listener.stream, 1));
	hear(&listener, SLICE("\x81\x01x"));
	assert_given(&listener, "!a close frame of one byte!a close frame of one byte");
}

static void an_unmasked_frame_is_borrowed(void **state)
{
	(void)state;
	struct listener listener;
	struct message message;
	struct slice bytes = SLICE("\x81\x05Hello"), rest = bytes;
	listen_to_server(&listener, no_deflate);
	assert_int_equal(message_next(listener.stream, &rest, &message), WIRE_ITEM);
	assert_ptr_equal(message.payload.at, bytes.at + 2);
	assert_int_equal(listener.budget.used, listener.own);
	assert_given(&listener, "");
}

static void wire_bytes_are_those_of_the_payload_on_the_wire(void **state)
{
	(void)state;
	struct listener listener;
	struct message message;
	struct slice bytes = SLICE("\x41\x03\xf2\x48\xcd\x89\x01!\x80\x04\xc9\xc9\x07\x00");
	listen_to_server(&listener, deflate_on);
	assert_int_equal(message_next(listener.stream, &bytes, &message), WIRE_ITEM);
	assert_int_equal(message.wire_bytes, 1);
	assert_int_equal(message_next(listener.stream, &bytes, &message), WIRE_ITEM);
	assert_int_equal(message.wire_bytes, 7);
	assert_given(&listener, "");
}

/* RFC 7692 §7.2.3.1 to §7.2.3.5. */
static void the_examples_of_rfc_7692_are_inflated(void **state)
{
	(void)state;
	assert_from_server(deflate_on, SLICE("\xc1\x07\xf2\x48\xcd\xc9\xc9\x07\x00"), "text* Hello; ");
	assert_from_server(deflate_on, SLICE("\x41\x03\xf2\x48\xcd\x80\x04\xc9\xc9\x07\x00"), "text*/2 Hello; ");
	assert_from_server(deflate_on, SLICE("\xc1\x07\xf2\x48\xcd\xc9\xc9\x07\x00\xc1\x05\xf2\x00\x11\x00\x00"),
	    "text* Hello; text* Hello; ");
	assert_from_server(deflate_on, SLICE("\xc1\x0b\x00\x05\x00\xfa\xffHello\x00"), "text* Hello; ");
	assert_from_server(deflate_on, SLICE("\xc1\x08\xf3\x48\xcd\xc9\xc9\x07\x00\x00"), "text* Hello; ");
	assert_from_server(
	    deflate_on, SLICE("\xc1\x0d\xf2\x48\x05\x00\x00\x00\xff\xff\xca\xc9\xc9\x07\x00"), "text* Hello; ");
}

static void empty_compressed_messages_are_empty(void **state)
{
	(void)state;
	assert_from_server(deflate_on,
	    SLICE("\xc1\x01\x00\xc1\x02\x02\x00\xc1\x00\xc1\x07\xf2\x48\xcd\xc9\xc9\x07\x00"),
	    "text* ; text* ; text* ; text* Hello; ");
}

static void a_final_block_alone_is_a_message(void **state)
{
	(void)state;
	assert_from_server(deflate_on, SLICE("\xc1\x07\xf3\x48\xcd\xc9\xc9\x07\x00\xc1\x05\xf2\x00\x11\x00\x00"),
	    "text* Hello; text* Hello; ");
}

static void uncompressed_messages_do_not_enter_the_window(void **state)
{
	(void)state;
	assert_from_server(deflate_on,
	    SLICE("\xc1\x07\xf2\x48\xcd\xc9\xc9\x07\x00\x81\x03one\xc1\x05\xf2\x00\x11\x00\x00"),
	    "text* Hello; text one; text* Hello; ");
}

static void a_control_frame_may_stand_within_a_compressed_message(void **state)
{
	(void)state;
	assert_from_server(
	    deflate_on, SLICE("\x41\x03\xf2\x48\xcd\x89\x01!\x80\x04\xc9\xc9\x07\x00"), "ping !; text*/2 Hello; ");
}

static void without_takeover_each_message_stands_alone(void **state)
{
	(void)state;
	struct slice twice = SLICE("\xc1\x07\xf2\x48\xcd\xc9\xc9\x07\x00\xc1\x05\xf2\x00\x11\x00\x00");
	assert_from_server(no_takeover, twice, "text* Hello; text* <unreadable>; ");
}

static void takeover_is_agreed_for_each_sender(void **state)
{
	(void)state;
	struct slice twice = SLICE("\xc1\x07\xf2\x48\xcd\xc9\xc9\x07\x00\xc1\x05\xf2\x00\x11\x00\x00");
	struct deflate_agreement server_only = {.on = true, .server_no_context_takeover = true};
	struct deflate_agreement client_only = {.on = true, .client_no_context_takeover = true};
	assert_from_server(server_only, twice, "text* Hello; text* <unreadable>; ");
	assert_from_server(client_only, twice, "text* Hello; text* Hello; ");
}

static void what_is_no_deflate_data_is_unreadable(void **state)
{
	(void)state;
	assert_from_server(deflate_on, SLICE("\xc1\x03\xff\xff\xff\x81\x01x"), "text* <unreadable>; text x; ");
}

static void a_message_that_ends_within_a_block_is_unreadable(void **state)
{
	(void)state;
	assert_from_server(deflate_on, SLICE("\xc1\x04\xf2\x48\xcd\xc9\x81\x01x"), "text* <unreadable>; text x; ");
}

/* uvicorn with websockets, permessage-deflate; server_max_window_bits=12; client_max_window_bits=12
 * (capture reflex/a2_healthy_ws_uvicorn_deflate). */
static void a_browsers_masked_compressed_messages_are_read(void **state)
{
	(void)state;
	assert_from_client(deflate_on,
	    SLICE("\xc1\x8c\x59\xd2\x9d\x75\x6b\xe3\x4d\xfa\x16\xff\xd6\xb8\x72\x03\x9c\x75"
	          "\xc1\xfe\x00\x9a\x0e\x43\xdd\x06\x3a\xcd\x10\x08\x8d\x63\xcd\x82\xd1\x26\x12\xd6\x08\xc0\xe2\xfe\x1a"
	          "\xfe\xea\x0b\x57\x26\x54\x4b\x27\x1b\x19\xa2\xc8\xbb\x33\x23\x54\x0c\xee\xdf\xd7\xbe\xbb\x63\x7f\xf9"
	          "\xe6\xea\x04\x2f\xd8\x89\x61\xc1\xcb\x24\x57\x04\x82\xab\xfb\xd7\xed\x97\x30\x8e\xb8\x5e\x42\x8f\xd7"
	          "\x0a\x48\x1f\x81\x46\x0d\xae\x67\x37\x16\x93\xc6\x41\x1f\x19\xe2\x3d\xc9\x4d\x47\xc0\x30\x7e\x5e\x99"
	          "\x80\xce\xc9\x58\xea\x70\x85\x12\x5b\x14\xa8\x9b\xea\xf6\xf0\x7d\x20\xc6\x98\xd8\x16\xe2\xe5\xd3\xab"
	          "\x73\x8f\xaf\x48\x5a\x46\xef\x3f\x8f\x54\xa4\x38\xdb\xed\xd9\xe9\xf1\xe9\xfa\x31\xf8\x3b\xf2\x3d\x10"
	          "\x81\x08\x20\x0d\x6a\x9a\xe3\xb0\xb0\x7d\xf2\x43"
	          "\xc1\x9b\x35\xa4\x0d\xb6\x17\x63\x46\x2e\xd7\x5d\x74\x47\x15\x0b\xc8\xd1\xd3\xa5\xd0\x26\xa2\x3c\x0e"
	          "\xe3\xbd\x8a\x31\xee\x36\xa5\x0d"),
	    "text* 40/_event,; "
	    "text* 42/_event,[\"event\",{\"name\":\"reflex___state____state.hydrate\",\"payload\":{},\"handler\":null,"
	    "\"event_actions\":{},\"token\":\"126b6bb4-7f5c-41fa-8d19-e751d49989df\",\"router_data\":{\"pathname\":\"/"
	    "\","
	    "\"query\":{},\"asPath\":\"/\"}}]; "
	    "text* "
	    "42/_event,[\"event\",{\"name\":\"reflex___state____state.reflex___state____on_load_internal_state.on_load_"
	    "internal\",\"payload\":{},\"handler\":null,\"event_actions\":{},\"token\":\"126b6bb4-7f5c-41fa-8d19-"
	    "e751d49989df\",\"router_data\":{\"pathname\":\"/\",\"query\":{},\"asPath\":\"/\"}}]; ");
}

/* node, threshold 0 (capture protocol/n4c4-ws-pmd-thr0). The second message refers back to the first, the third to
 * the second. */
#define NODE_OPEN                                                                                                      \
	"\xc1\x62\x32\xa8\x56\x2a\xce\x4c\x51\xb2\x52\x0a\x88\x2c\x72\xcc\x35\x49\x8f\xcc\x4c\x4c\xcb\x2f\x0a\xac\xf4" \
	"\x77\x74\x74\x74\x54\xd2\x51\x2a\x2d\x48\x2f\x4a\x4c\x49\x2d\x56\xb2\x8a\x8e\xd5\x51\x2a\xc8\xcc\x4b\xf7\xcc" \
	"\x2b\x49\x2d\x2a\x4b\xcc\x51\xb2\x32\x32\x35\x30\x30\x80\x08\x86\x64\xe6\xa6\xe6\x97\x96\x28\x59\x19\x19\x80" \
	"\xc5\x72\x13\x2b\x02\x12\x2b\x73\xf2\x13\x53\x94\xac\x0c\x0d\xc0\xa0\x16\x00"
#define NODE_CONNECTED \
	"\xc1\x19\x32\x31\x80\xd9\x65\x56\xe2\x14\xe4\xee\x6f\x56\xea\xe7\x9c\x57\x99\x1d\x18\x9c\x04\xb6\xab\x16\x00"
#define NODE_WELCOME                                                                                                   \
	"\xc1\x21\x32\x31\x8a\x56\x2a\x4f\xcd\x49\xce\xcf\x4d\x55\xd2\xa9\x56\xca\x2b\x2e\x50\xb2\x52\xd2\x57\xd2\x51" \
	"\xca\x53\xb2\x32\xac\x8d\x05\x00"
#define GIVEN_OPEN                                                                                               \
	"text* 0{\"sid\":\"PYrAm4gYiaforQyOAAAA\",\"upgrades\":[],\"pingInterval\":25000,\"pingTimeout\":20000," \
	"\"maxPayload\":1000000}; "
#define GIVEN_CONNECTED "text* 40{\"sid\":\"6tBRGO6uNCnykQSbAAAA\"}; "
#define GIVEN_WELCOME "text* 42[\"welcome\",{\"nsp\":\"/\",\"n\":1}]; "

static void a_nodes_compressed_messages_are_read(void **state)
{
	(void)state;
	assert_from_server(
	    deflate_on, SLICE(NODE_OPEN NODE_CONNECTED NODE_WELCOME), GIVEN_OPEN GIVEN_CONNECTED GIVEN_WELCOME);
}

static void after_a_loss_what_refers_to_it_is_unreadable(void **state)
{
	(void)state;
	struct listener listener;
	listen_to_server(&listener, deflate_on);
	assert_false(message_skip_lost(listener.stream, 100));
	message_stream_resync(listener.stream);
	hear(&listener, SLICE(NODE_CONNECTED "\x81\x01x"));
	assert_given(&listener, "text* <unreadable>; text x; ");
}

/* What stood so far back before the loss would be another text. */
static void what_refers_to_a_lost_message_is_not_read_as_one_before_it(void **state)
{
	(void)state;
	struct listener listener;
	listen_to_server(&listener, deflate_on);
	hear(&listener, SLICE("\xc1\x07\xf2\x48\xcd\xc9\xc9\x07\x00"));
	assert_false(message_skip_lost(listener.stream, 100));
	message_stream_resync(listener.stream);
	hear(&listener, SLICE("\xc1\x05\xf2\x00\x11\x00\x00"));
	assert_given(&listener, "text* Hello; text* <unreadable>; ");
}

/* A block of fixed codes that has no end: what is put behind a message (RFC 7692 §7.2.2) ends it, and begins another.
 */
static void a_compressed_message_that_ends_within_a_block_is_unreadable(void **state)
{
	(void)state;
	assert_from_server(deflate_on, SLICE("\xc1\x01\x02"), "text* <unreadable>; ");
}

static void after_a_loss_what_refers_to_nothing_lost_is_read(void **state)
{
	(void)state;
	struct listener listener;
	listen_to_server(&listener, deflate_on);
	hear(&listener, SLICE("\xc1\x07\xf2\x48\xcd\xc9\xc9\x07\x00"));
	assert_false(message_skip_lost(listener.stream, 100));
	message_stream_resync(listener.stream);
	hear(&listener, SLICE(NODE_CONNECTED NODE_OPEN NODE_CONNECTED));
	assert_given(&listener, "text* Hello; text* <unreadable>; " GIVEN_OPEN GIVEN_CONNECTED);
}

static void after_a_loss_messages_without_takeover_are_read(void **state)
{
	(void)state;
	struct listener listener;
	listen_to_server(&listener, no_takeover);
	assert_false(message_skip_lost(listener.stream, 100));
	message_stream_resync(listener.stream);
	hear(&listener, SLICE(NODE_OPEN));
	assert_given(&listener, GIVEN_OPEN);
}

static void a_message_that_lost_bytes_is_its_beginning(void **state)
{
	(void)state;
	struct listener listener;
	listen_to_server(&listener, no_deflate);
	hear(&listener, SLICE("\x81\x05He"));
	assert_true(message_skip_lost(listener.stream, 2));
	hear(&listener, SLICE("o\x81\x01x"));
	assert_given(&listener, "text He<truncated>; text x; ");
}

static void a_message_that_lost_its_end_is_its_beginning(void **state)
{
	(void)state;
	struct listener listener;
	listen_to_server(&listener, no_deflate);
	hear(&listener, SLICE("\x81\x05He"));
	assert_true(message_skip_lost(listener.stream, 3));
	hear(&listener, SLICE("\x81\x01x"));
	assert_given(&listener, "text He<truncated>; text x; ");
}

static void lost_bytes_count_as_wire_bytes(void **state)
{
	(void)state;
	struct listener listener;
	struct message message;
	struct slice bytes = SLICE("o");
	listen_to_server(&listener, no_deflate);
	hear(&listener, SLICE("\x81\x05He"));
	assert_true(message_skip_lost(listener.stream, 2));
	assert_int_equal(message_next(listener.stream, &bytes, &message), WIRE_ITEM);
	assert_int_equal(message.wire_bytes, 5);
	assert_given(&listener, "");
}

static void a_compressed_message_that_lost_bytes_loses_the_context(void **state)
{
	(void)state;
	struct listener listener;
	listen_to_server(&listener, deflate_on);
	hear(&listener, SLICE("\xc1\x07\xf2\x48\xcd"));
	assert_true(message_skip_lost(listener.stream, 2));
	hear(&listener, SLICE("\x07\x00\xc1\x05\xf2\x00\x11\x00\x00"));
	assert_given(&listener, "text* He<truncated>; text* <unreadable>; ");
}

static void an_uncompressed_message_that_lost_bytes_leaves_the_context(void **state)
{
	(void)state;
	struct listener listener;
	listen_to_server(&listener, deflate_on);
	hear(&listener, SLICE("\xc1\x07\xf2\x48\xcd\xc9\xc9\x07\x00\x81\x03o"));
	assert_true(message_skip_lost(listener.stream, 2));
	hear(&listener, SLICE("\xc1\x05\xf2\x00\x11\x00\x00"));
	assert_given(&listener, "text* Hello; text o<truncated>; text* Hello; ");
}

static void a_ping_that_lost_bytes_leaves_the_message_around_it(void **state)
{
	(void)state;
	struct listener listener;
	listen_to_server(&listener, deflate_on);
	hear(&listener, SLICE("\x41\x03\xf2\x48\xcd\x89\x03pi"));
	assert_true(message_skip_lost(listener.stream, 1));
	hear(&listener, SLICE("\x80\x04\xc9\xc9\x07\x00"));
	assert_given(&listener, "ping pi<truncated>; text*/2 Hello; ");
}

static void a_close_frame_that_lost_its_code_has_none(void **state)
{
	(void)state;
	struct listener listener;
	listen_to_server(&listener, no_deflate);
	hear(&listener, SLICE("\x88\x05"));
	assert_true(message_skip_lost(listener.stream, 2));
	hear(&listener, SLICE("bye"));
	assert_given(&listener, "close 0 <truncated>; ");
}

static void after_resync_the_rest_of_a_lost_message_is_passed_over(void **state)
{
	(void)state;
	struct listener listener;
	listen_to_server(&listener, no_deflate);
	hear(&listener, SLICE("\x01\x03lost"));
	message_stream_resync(listener.stream);
	hear(&listener, SLICE("\x00\x02no\x89\x00\x80\x02no\x81\x03yes"));
	assert_given(&listener, "ping ; text yes; ");
}

static void after_resync_only_one_message_can_have_lost_its_beginning(void **state)
{
	(void)state;
	struct listener listener;
	listen_to_server(&listener, no_deflate);
	message_stream_resync(listener.stream);
	hear(&listener, SLICE("\x80\x02no\x80\x02no"));
	assert_given(&listener, "!a continuation without a beginning");
}

static void a_bad_stream_is_good_again_after_resync(void **state)
{
	(void)state;
	struct listener listener;
	listen_to_server(&listener, no_deflate);
	hear(&listener, SLICE("\x88\x01"));
	message_stream_resync(listener.stream);
	hear(&listener, SLICE("\x81\x01x"));
	assert_given(&listener, "!a close frame of one bytetext x; ");
}

static void a_boundary_is_where_nothing_is_pending(void **state)
{
	(void)state;
	struct listener listener;
	listen_to_server(&listener, no_deflate);
	assert_true(message_at_boundary(listener.stream));
	hear(&listener, SLICE("\x01"));
	assert_false(message_at_boundary(listener.stream));
	hear(&listener, SLICE("\x01x"));
	assert_false(message_at_boundary(listener.stream));
	hear(&listener, SLICE("\x80\x01y"));
	assert_true(message_at_boundary(listener.stream));
	assert_given(&listener, "text/2 xy; ");
}

static const struct message_limits four_bytes = {.message = 4, .inflated = 4};

static void a_message_over_the_limit_is_its_beginning(void **state)
{
	(void)state;
	assert_messages(false, no_deflate, &four_bytes,
	    SLICE("\x81\x05Hello\x81\x04"
	          "fits"),
	    "text Hell<truncated>; text fits; ");
	assert_messages(true, no_deflate, &four_bytes,
	    SLICE("\x81\x85\x37\xfa\x21\x3d\x7f\x9f\x4d\x51\x58\x81\x81\0\0\0\0x"), "text Hell<truncated>; text x; ");
	assert_messages(false, no_deflate, &four_bytes, SLICE("\x01\x03Hel\x80\x02lo"), "text/2 Hell<truncated>; ");
}

static void an_inflated_message_over_the_limit_leaves_the_context(void **state)
{
	(void)state;
	struct message_limits limits = {.message = 100, .inflated = 4};
	assert_messages(false, deflate_on, &limits,
	    SLICE("\xc1\x07\xf2\x48\xcd\xc9\xc9\x07\x00\xc1\x05\xf2\x00\x11\x00\x00"),
	    "text* Hell<truncated>; text* Hell<truncated>; ");
}

static void an_inflated_message_at_the_limit_is_whole(void **state)
{
	(void)state;
	struct message_limits limits = {.message = 7, .inflated = 5};
	assert_messages(false, deflate_on, &limits, SLICE("\xc1\x07\xf2\x48\xcd\xc9\xc9\x07\x00"), "text* Hello; ");
}

static void a_compressed_message_over_the_limit_leaves_the_context(void **state)
{
	(void)state;
	struct message_limits limits = {.message = 5, .inflated = 100};
	assert_messages(false, deflate_on, &limits,
	    SLICE("\xc1\x07\xf2\x48\xcd\xc9\xc9\x07\x00\xc1\x05\xf2\x00\x11\x00\x00"),
	    "text* Hell<truncated>; text* Hello; ");
}

enum { CODED_ROOM = 256 * 1024 };

static void open_sender(z_stream *sender, int window_bits)
{
	*sender = (z_stream){0};
	assert_int_equal(deflateInit2(sender, 9, Z_DEFLATED, -window_bits, 8, Z_DEFAULT_STRATEGY), Z_OK);
}

/* Appends `plain` as one compressed frame of the server. */
static void send_compressed(z_stream *sender, struct slice plain, struct buffer *wire)
{
	uint8_t *coded = malloc(CODED_ROOM);
	sender->next_in = (z_const Bytef *)plain.at;
	sender->avail_in = (uInt)plain.len;
	sender->next_out = coded;
	sender->avail_out = CODED_ROOM;
	assert_int_equal(deflate(sender, Z_SYNC_FLUSH), Z_OK);
	size_t len = CODED_ROOM - sender->avail_out - 4;
	const uint8_t header[] = {0xc2, 127, 0, 0, 0, 0, 0, (uint8_t)(len >> 16), (uint8_t)(len >> 8), (uint8_t)len};
	buffer_append(wire, slice_of(header, sizeof header));
	buffer_append(wire, slice_of(coded, len));
	free(coded);
}

/* Text that repeats at a distance that only a window of more than 8 KiB reaches. */
static void fill_with_words(uint8_t *text, size_t len)
{
	uint32_t seed = 1;
	for (size_t i = 0; i < len; i++) {
		seed = seed * 1103515245 + 12345;
		text[i] = i < 9000 ? (uint8_t)('a' + (seed >> 16) % 26) : text[i - 9000];
	}
}

static void messages_of_every_window_are_read(void **state)
{
	(void)state;
	enum { LEN = 50000 };
	static uint8_t text[LEN];
	fill_with_words(text, LEN);
	for (int bits = 9; bits <= 15; bits++) {
		z_stream sender;
		struct listener listener;
		struct buffer wire;
		struct message message;
		open_sender(&sender, bits);
		listen_to_server(&listener, deflate_on);
		buffer_init(&wire, BUFFER_NO_LIMIT, NULL);
		send_compressed(&sender, slice_of(text, LEN), &wire);
		send_compressed(&sender, slice_of(text + 100, 3000), &wire);
		struct slice bytes = buffer_slice(&wire);
		assert_int_equal(message_next(listener.stream, &bytes, &message), WIRE_ITEM);
		assert_true(slice_equals(message.payload, slice_of(text, LEN)));
		assert_int_equal(message_next(listener.stream, &bytes, &message), WIRE_ITEM);
		assert_true(slice_equals(message.payload, slice_of(text + 100, 3000)));
		assert_given(&listener, "");
		buffer_free(&wire);
		deflateEnd(&sender);
	}
}

/* A message of zeros, then one that refers back to it. */
static void hear_zeros(struct listener *listener, size_t zeros, struct message *first, struct message *second)
{
	z_stream sender;
	struct buffer wire;
	uint8_t *plain = calloc(1, zeros);
	open_sender(&sender, 15);
	buffer_init(&wire, BUFFER_NO_LIMIT, NULL);
	send_compressed(&sender, slice_of(plain, zeros), &wire);
	send_compressed(&sender, slice_of(plain, 100), &wire);
	struct slice bytes = buffer_slice(&wire);
	assert_int_equal(message_next(listener->stream, &bytes, first), WIRE_ITEM);
	first->payload = slice_of(NULL, first->payload.len);
	assert_int_equal(message_next(listener->stream, &bytes, second), WIRE_ITEM);
	buffer_free(&wire);
	deflateEnd(&sender);
	free(plain);
}

static void a_bomb_is_cut_off_and_costs_the_context(void **state)
{
	(void)state;
	struct message_limits limits = {.message = 1 << 20, .inflated = 1000};
	struct listener listener;
	struct message bomb, after;
	listen_to(&listener, false, deflate_on, &limits, SIZE_MAX);
	hear_zeros(&listener, 4 << 20, &bomb, &after);
	assert_true(bomb.truncated);
	assert_int_equal(bomb.payload.len, 1000);
	assert_true(after.unreadable);
	assert_given(&listener, "");
}

static void a_message_somewhat_over_the_limit_leaves_the_context(void **state)
{
	(void)state;
	struct message_limits limits = {.message = 1 << 20, .inflated = 100000};
	struct listener listener;
	struct message large, after;
	listen_to(&listener, false, deflate_on, &limits, SIZE_MAX);
	hear_zeros(&listener, 800000, &large, &after);
	assert_true(large.truncated);
	assert_false(after.unreadable);
	assert_int_equal(after.payload.len, 100);
	assert_given(&listener, "");
}

static void without_memory_for_zlib_a_message_is_truncated(void **state)
{
	(void)state;
	struct listener listener;
	listen_to(&listener, false, deflate_on, NULL, 1024);
	hear(&listener, SLICE("\xc1\x07\xf2\x48\xcd\xc9\xc9\x07\x00\x81\x01x"));
	assert_int_equal(listener.budget.refused, 1);
	assert_given(&listener, "text* <truncated>; text x; ");
}

static void zlib_is_made_again_when_there_is_memory(void **state)
{
	(void)state;
	struct listener listener;
	listen_to(&listener, false, deflate_on, NULL, 1024);
	hear(&listener, SLICE("\xc1\x07\xf2\x48\xcd\xc9\xc9\x07\x00"));
	listener.budget.limit = SIZE_MAX;
	hear(&listener, SLICE("\xc1\x05\xf2\x00\x11\x00\x00\xc1\x07\xf2\x48\xcd\xc9\xc9\x07\x00"));
	assert_given(&listener, "text* <truncated>; text* <unreadable>; text* Hello; ");
}

static void without_memory_for_the_payload_a_message_is_its_beginning(void **state)
{
	(void)state;
	struct listener listener;
	struct message message;
	uint8_t bytes[4 + 600] = {0x81, 126, 600 >> 8, 600 & 0xff};
	struct slice beginning = slice_of(bytes, 4 + 100), end = slice_of(bytes + 4 + 100, 500);
	listen_to(&listener, false, no_deflate, NULL, 300);
	hear(&listener, beginning);
	assert_int_equal(message_next(listener.stream, &end, &message), WIRE_ITEM);
	assert_true(message.truncated);
	assert_in_range(message.payload.len, 100, 300);
	assert_given(&listener, "");
}

static void no_memory_is_taken_for_zlib_before_it_is_needed(void **state)
{
	(void)state;
	struct listener listener;
	listen_to_server(&listener, deflate_on);
	hear(&listener, SLICE("\x81\x01x"));
	assert_int_equal(listener.budget.used, listener.own);
	hear(&listener, SLICE("\xc1\x01\x00"));
	assert_in_range(listener.budget.used - listener.own, 32 * 1024, 64 * 1024);
	assert_given(&listener, "text x; text* ; ");
}

/* NOLINTNEXTLINE(readability-function-size): a list */
/* Two frames with a ping between them, byte by byte and whole: the ping is none of it; and the limit holds. */
static void the_beginning_of_a_messages_frames_is_kept_as_it_came(void **state)
{
	(void)state;
	static const uint8_t frames[] = "\x01\x02he\x89\x01p\x80\x03llo";
	const struct message_limits all = {.message = 100, .inflated = 100, .wire = 100};
	const struct message_limits some = {.message = 100, .inflated = 100, .wire = 5};
	for (int i = 0; i < 4; i++) {
		struct listener listener;
		struct message message = {0};
		struct slice rest = slice_of(frames, sizeof frames - 1);
		enum wire_result result = WIRE_MORE;
		listen_to(&listener, false, no_deflate, i % 2 ? &some : &all, SIZE_MAX);
		while (rest.len && !(result == WIRE_ITEM && message.opcode == WS_TEXT)) {
			struct slice part = slice_take(rest, i / 2 ? 1 : rest.len);
			size_t before = part.len;
			result = message_next(listener.stream, &part, &message);
			rest = slice_drop(rest, before - part.len);
			if (result == WIRE_ITEM && message.opcode == WS_PING)
				assert_true(slice_equals(message.wire, slice_take(SLICE("\x89\x01p"), i % 2 ? 5 : 3)));
		}
		assert_int_equal(result, WIRE_ITEM);
		assert_true(slice_equals(message.wire, slice_take(SLICE("\x01\x02he\x80\x03llo"), i % 2 ? 5 : 9)));
		assert_given(&listener, "");
	}
}

static void nothing_is_kept_where_nobody_wants_it(void **state)
{
	(void)state;
	struct listener listener;
	struct message message = {0};
	struct slice bytes = SLICE("\x81\x02hi");
	listen_to_server(&listener, no_deflate);
	assert_int_equal(message_next(listener.stream, &bytes, &message), WIRE_ITEM);
	assert_int_equal(message.wire.len, 0);
	assert_given(&listener, "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_frame_is_a_message),
	    cmocka_unit_test(a_masked_message_is_unmasked),
	    cmocka_unit_test(fragments_are_joined),
	    cmocka_unit_test(masked_fragments_are_joined),
	    cmocka_unit_test(control_frames_between_fragments_come_first),
	    cmocka_unit_test(empty_messages_are_messages),
	    cmocka_unit_test(a_close_frame_has_a_code_and_a_reason),
	    cmocka_unit_test(an_empty_close_frame_means_1005),
	    cmocka_unit_test(a_close_frame_of_one_byte_is_bad),
	    cmocka_unit_test(a_continuation_without_a_beginning_is_bad),
	    cmocka_unit_test(a_message_inside_another_is_bad),
	    cmocka_unit_test(a_compressed_message_without_agreement_is_bad),
	    cmocka_unit_test(a_frame_error_is_bad_and_stays_so),
	    cmocka_unit_test(a_message_error_is_bad_and_stays_so),
	    cmocka_unit_test(an_unmasked_frame_is_borrowed),
	    cmocka_unit_test(wire_bytes_are_those_of_the_payload_on_the_wire),
	    cmocka_unit_test(the_examples_of_rfc_7692_are_inflated),
	    cmocka_unit_test(empty_compressed_messages_are_empty),
	    cmocka_unit_test(a_final_block_alone_is_a_message),
	    cmocka_unit_test(uncompressed_messages_do_not_enter_the_window),
	    cmocka_unit_test(a_control_frame_may_stand_within_a_compressed_message),
	    cmocka_unit_test(without_takeover_each_message_stands_alone),
	    cmocka_unit_test(takeover_is_agreed_for_each_sender),
	    cmocka_unit_test(what_is_no_deflate_data_is_unreadable),
	    cmocka_unit_test(a_message_that_ends_within_a_block_is_unreadable),
	    cmocka_unit_test(a_browsers_masked_compressed_messages_are_read),
	    cmocka_unit_test(a_nodes_compressed_messages_are_read),
	    cmocka_unit_test(after_a_loss_what_refers_to_it_is_unreadable),
	    cmocka_unit_test(what_refers_to_a_lost_message_is_not_read_as_one_before_it),
	    cmocka_unit_test(a_compressed_message_that_ends_within_a_block_is_unreadable),
	    cmocka_unit_test(after_a_loss_what_refers_to_nothing_lost_is_read),
	    cmocka_unit_test(after_a_loss_messages_without_takeover_are_read),
	    cmocka_unit_test(a_message_that_lost_bytes_is_its_beginning),
	    cmocka_unit_test(a_message_that_lost_its_end_is_its_beginning),
	    cmocka_unit_test(lost_bytes_count_as_wire_bytes),
	    cmocka_unit_test(a_compressed_message_that_lost_bytes_loses_the_context),
	    cmocka_unit_test(an_uncompressed_message_that_lost_bytes_leaves_the_context),
	    cmocka_unit_test(a_ping_that_lost_bytes_leaves_the_message_around_it),
	    cmocka_unit_test(a_close_frame_that_lost_its_code_has_none),
	    cmocka_unit_test(after_resync_the_rest_of_a_lost_message_is_passed_over),
	    cmocka_unit_test(after_resync_only_one_message_can_have_lost_its_beginning),
	    cmocka_unit_test(a_bad_stream_is_good_again_after_resync),
	    cmocka_unit_test(a_boundary_is_where_nothing_is_pending),
	    cmocka_unit_test(a_message_over_the_limit_is_its_beginning),
	    cmocka_unit_test(an_inflated_message_over_the_limit_leaves_the_context),
	    cmocka_unit_test(an_inflated_message_at_the_limit_is_whole),
	    cmocka_unit_test(a_compressed_message_over_the_limit_leaves_the_context),
	    cmocka_unit_test(messages_of_every_window_are_read),
	    cmocka_unit_test(a_bomb_is_cut_off_and_costs_the_context),
	    cmocka_unit_test(a_message_somewhat_over_the_limit_leaves_the_context),
	    cmocka_unit_test(without_memory_for_zlib_a_message_is_truncated),
	    cmocka_unit_test(zlib_is_made_again_when_there_is_memory),
	    cmocka_unit_test(without_memory_for_the_payload_a_message_is_its_beginning),
	    cmocka_unit_test(no_memory_is_taken_for_zlib_before_it_is_needed),
	    cmocka_unit_test(the_beginning_of_a_messages_frames_is_kept_as_it_came),
	    cmocka_unit_test(nothing_is_kept_where_nobody_wants_it),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
