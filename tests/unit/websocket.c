/* WebSocket frames: bytes in, items out. */
#include "http/websocket.h"

#include "base/memory.h"
#include "unit.h"

#include <stdio.h>

enum { WHOLE = 0, BYTE_BY_BYTE = 1 };

/* Reads `bytes` in steps (0: at once) and writes each frame down: "T5 hello." is a final text frame of five bytes,
 * "t" one that is not final; "?" what is still to come; "!" and the reason, if it is bad. */
static const char *read_frames(struct buffer *given, bool from_client, struct slice bytes, size_t step)
{
	static const char letters[] = "ctb     xio";
	struct websocket_stream stream;
	struct websocket_item item;
	enum wire_result result = WIRE_MORE;
	websocket_stream_init(&stream, from_client);
	buffer_clear(given);
	while (result != WIRE_BAD && bytes.len) {
		struct slice part = slice_take(bytes, step ? step : bytes.len);
		bytes = slice_drop(bytes, part.len);
		while ((result = websocket_next_item(&stream, &part, &item)) == WIRE_ITEM) {
			int letter = letters[item.frame.opcode] - (item.frame.fin ? 'a' - 'A' : 0);
			if (item.kind == WS_FRAME)
				buffer_append_format(given, "%c%s%llu ", letter, item.frame.rsv1 ? "z" : "",
				    (unsigned long long)item.frame.length);
			uint8_t plain[256];
			websocket_unmask(item.frame.mask, item.offset, item.bytes, plain);
			buffer_append(given, slice_of(plain, item.bytes.len));
			if (item.kind == WS_FRAME_END)
				buffer_append_text(given, ".");
		}
		if (result == WIRE_MORE)
			assert_int_equal(part.len, 0);
	}
	if (result == WIRE_BAD)
		buffer_append_format(given, "!%s", stream.why);
	else if (stream.state != 0 || stream.header_len)
		buffer_append_text(given, "?");
	buffer_append_byte(given, 0);
	return (const char *)given->at;
}

static void assert_frames(bool from_client, struct slice bytes, const char *expected)
{
	struct buffer given;
	buffer_init(&given, BUFFER_NO_LIMIT, NULL);
	assert_string_equal(read_frames(&given, from_client, bytes, WHOLE), expected);
	assert_string_equal(read_frames(&given, from_client, bytes, BYTE_BY_BYTE), expected);
	buffer_free(&given);
}

static void assert_from_server(struct slice bytes, const char *expected)
{
	assert_frames(false, bytes, expected);
}

static void assert_from_client(struct slice bytes, const char *expected)
{
	assert_frames(true, bytes, expected);
}

static void an_unmasked_text_frame_is_read(void **state)
{
	(void)state;
	assert_from_server(SLICE("\x81\x05Hello"), "T5 Hello.");
}

static void a_masked_text_frame_is_read(void **state)
{
	(void)state;
	assert_from_client(SLICE("\x81\x85\x37\xfa\x21\x3d\x7f\x9f\x4d\x51\x58"), "T5 Hello.");
}

static void a_frame_without_payload_has_an_end(void **state)
{
	(void)state;
	assert_from_server(SLICE("\x8a\x00\x81\x01x"), "O0 .T1 x.");
}

static void a_control_frame_may_stand_between_fragments(void **state)
{
	(void)state;
	assert_from_server(SLICE("\x01\x03Hel\x89\x01!\x80\x02lo"), "t3 Hel.I1 !.C2 lo.");
}

static void a_length_of_16_bits_is_read(void **state)
{
	(void)state;
	uint8_t bytes[4 + 126] = {0x82, 126, 0, 126};
	memset(bytes + 4, 'x', 126);
	char expected[8 + 126 + 2];
	snprintf(expected, sizeof expected, "B126 %.126s.", (const char *)bytes + 4);
	assert_from_server(slice_of(bytes, sizeof bytes), expected);
}

static void a_length_of_64_bits_is_read(void **state)
{
	(void)state;
	assert_from_server(SLICE("\x82\x7f\x00\x00\x00\x01\x00\x00\x00\x02yes"), "B4294967298 yes?");
}

static void a_length_not_in_its_shortest_form_is_let_pass(void **state)
{
	(void)state;
	assert_from_server(SLICE("\x82\x7f\0\0\0\0\0\0\0\2no\x82\x7e\0\1!"), "B2 no.B1 !.");
}

static void a_length_with_its_top_bit_set_is_bad(void **state)
{
	(void)state;
	assert_from_server(SLICE("\x82\x7f\x80\0\0\0\0\0\0\0"), "!a length with its top bit set");
}

static void the_longest_length_is_read(void **state)
{
	(void)state;
	assert_from_server(SLICE("\x82\x7f\x7f\xff\xff\xff\xff\xff\xff\xffx"), "B9223372036854775807 x?");
}

static void an_unmasked_frame_from_the_client_is_bad(void **state)
{
	(void)state;
	assert_from_client(SLICE("\x81\x01x"), "!an unmasked frame from the client");
}

static void a_masked_frame_from_the_server_is_bad(void **state)
{
	(void)state;
	assert_from_server(SLICE("\x81\x81\1\2\3\4x"), "!a masked frame from the server");
}

static void reserved_opcodes_are_bad(void **state)
{
	(void)state;
	for (unsigned opcode = 0; opcode < 16; opcode++) {
		uint8_t bytes[] = {(uint8_t)(0x80 | opcode), 0};
		bool reserved = (opcode > 2 && opcode < 8) || opcode > 10;
		struct buffer given;
		buffer_init(&given, BUFFER_NO_LIMIT, NULL);
		const char *got = read_frames(&given, false, slice_of(bytes, sizeof bytes), WHOLE);
		assert_int_equal(reserved, strcmp(got, "!a reserved opcode") == 0);
		buffer_free(&given);
	}
}

static void reserved_bits_are_bad(void **state)
{
	(void)state;
	assert_from_server(SLICE("\xa1\0"), "!a reserved bit is set");
	assert_from_server(SLICE("\x91\0"), "!a reserved bit is set");
}

static void rsv1_marks_a_frame_that_begins_a_message(void **state)
{
	(void)state;
	assert_from_server(SLICE("\xc1\x01x\x41\x01y"), "Tz1 x.tz1 y.");
	assert_from_server(SLICE("\xc0\0"), "!a compressed frame that begins no message");
	assert_from_server(SLICE("\xc9\0"), "!a compressed frame that begins no message");
}

static void a_fragmented_control_frame_is_bad(void **state)
{
	(void)state;
	assert_from_server(SLICE("\x09\0"), "!a fragmented control frame");
}

static void a_control_frame_over_125_bytes_is_bad(void **state)
{
	(void)state;
	assert_from_server(SLICE("\x89\x7e\0\x7e"), "!a control frame over 125 bytes");
}

static void a_bad_stream_stays_bad(void **state)
{
	(void)state;
	struct websocket_stream stream;
	struct websocket_item item;
	struct slice bytes = SLICE("\x83\0\x81\x01x");
	websocket_stream_init(&stream, false);
	assert_int_equal(websocket_next_item(&stream, &bytes, &item), WIRE_BAD);
	assert_int_equal(websocket_next_item(&stream, &bytes, &item), WIRE_BAD);
}

static void a_stream_begins_anew_after_its_reset(void **state)
{
	(void)state;
	struct websocket_stream stream;
	struct websocket_item item;
	struct slice bytes = SLICE("\x83\0"), good = SLICE("\x81\x01x");
	websocket_stream_init(&stream, false);
	websocket_next_item(&stream, &bytes, &item);
	websocket_stream_init(&stream, false);
	assert_int_equal(websocket_next_item(&stream, &good, &item), WIRE_ITEM);
}

static void a_payload_is_borrowed_from_the_input(void **state)
{
	(void)state;
	struct websocket_stream stream;
	struct websocket_item item;
	struct slice bytes = SLICE("\x81\x03yes"), rest = bytes;
	websocket_stream_init(&stream, false);
	websocket_next_item(&stream, &rest, &item);
	websocket_next_item(&stream, &rest, &item);
	assert_ptr_equal(item.bytes.at, bytes.at + 2);
}

/* A stream that has read the first two of five payload bytes, "He". */
static struct websocket_stream stream_within_a_frame(void)
{
	struct websocket_stream stream;
	struct websocket_item item;
	struct slice bytes = SLICE("\x81\x05He");
	websocket_stream_init(&stream, false);
	while (websocket_next_item(&stream, &bytes, &item) == WIRE_ITEM)
		;
	return stream;
}

static void a_frame_goes_on_behind_lost_payload(void **state)
{
	(void)state;
	struct websocket_stream stream = stream_within_a_frame();
	struct websocket_item item;
	struct slice bytes = SLICE("o");
	assert_true(websocket_skip_lost(&stream, 2));
	assert_int_equal(websocket_next_item(&stream, &bytes, &item), WIRE_ITEM);
	assert_int_equal(item.offset, 4);
	assert_int_equal(websocket_next_item(&stream, &bytes, &item), WIRE_ITEM);
	assert_int_equal(item.kind, WS_FRAME_END);
}

static void a_frame_ends_when_its_last_bytes_are_lost(void **state)
{
	(void)state;
	struct websocket_stream stream = stream_within_a_frame();
	struct websocket_item item;
	struct slice bytes = SLICE("");
	assert_true(websocket_skip_lost(&stream, 3));
	assert_int_equal(websocket_next_item(&stream, &bytes, &item), WIRE_ITEM);
	assert_int_equal(item.kind, WS_FRAME_END);
}

static void a_loss_past_the_frame_loses_the_boundary(void **state)
{
	(void)state;
	struct websocket_stream stream = stream_within_a_frame();
	assert_false(websocket_skip_lost(&stream, 4));
	assert_false(websocket_skip_lost(&stream, UINT64_MAX));
}

static void a_loss_between_frames_loses_the_boundary(void **state)
{
	(void)state;
	struct websocket_stream stream;
	websocket_stream_init(&stream, false);
	assert_false(websocket_skip_lost(&stream, 1));
}

static void frames_could_begin_where_a_whole_frame_stands(void **state)
{
	(void)state;
	assert_true(websocket_could_begin(false, SLICE("\x81\x05Hello")));
	assert_true(websocket_could_begin(true, SLICE("\x81\x81\1\2\3\4x")));
}

static void frames_could_begin_where_a_chain_runs_past_the_end(void **state)
{
	(void)state;
	assert_true(websocket_could_begin(false, SLICE("\x81\x01x\x82\x7f\0\0\0\x7f\0\0\0\0yes")));
	assert_true(websocket_could_begin(false, SLICE("\x81\x01x\x82")));
}

static void frames_could_begin_within_a_fragmented_message(void **state)
{
	(void)state;
	assert_true(websocket_could_begin(false, SLICE("\x00\x01x\x80\x01y\x81\x01z")));
}

static void no_frame_could_begin_in_nothing(void **state)
{
	(void)state;
	assert_false(websocket_could_begin(false, SLICE("")));
	assert_false(websocket_could_begin(false, SLICE("\x81")));
}

static void no_frame_could_begin_where_the_chain_breaks(void **state)
{
	(void)state;
	assert_false(websocket_could_begin(false, SLICE("\x81\x05Hello!!!")));
	assert_false(websocket_could_begin(false, SLICE("ello, this is the rest of a frame")));
}

static void no_frame_could_begin_with_the_other_sides_masking(void **state)
{
	(void)state;
	assert_false(websocket_could_begin(true, SLICE("\x81\x05Hello")));
	assert_false(websocket_could_begin(false, SLICE("\x81\x81\1\2\3\4x")));
}

static void no_frame_could_begin_with_a_long_form_of_a_short_length(void **state)
{
	(void)state;
	assert_false(websocket_could_begin(false, SLICE("\x81\x7e\0\1x")));
	assert_false(websocket_could_begin(false, SLICE("\x81\x7f\0\0\0\0\0\0\0\1x")));
}

static void no_message_could_begin_within_another(void **state)
{
	(void)state;
	assert_false(websocket_could_begin(false, SLICE("\x01\x01x\x81\x01y")));
	assert_false(websocket_could_begin(false, SLICE("\x81\x01x\x80\x01y")));
}

static void a_lone_frame_past_the_end_must_be_small(void **state)
{
	(void)state;
	assert_true(websocket_could_begin(false, SLICE("\x81\x7f\0\0\0\0\x00\x0f\xff\xffx")));
	assert_false(websocket_could_begin(false, SLICE("\x81\x7f\0\0\0\0\x00\x10\x00\x00x")));
}

static void unmasking_agrees_with_the_rfc_at_every_phase_length_and_alignment(void **state)
{
	(void)state;
	const uint8_t mask[4] = {0x37, 0xfa, 0x21, 0x3d};
	uint8_t masked[64], plain[64];
	for (size_t i = 0; i < sizeof masked; i++)
		masked[i] = (uint8_t)(i * 7);
	for (size_t from = 0; from < 9; from++) {
		for (size_t len = 0; from + len <= 40; len++) {
			for (uint64_t offset = 0; offset < 6; offset++) {
				memset(plain, 0xee, sizeof plain);
				websocket_unmask(mask, offset, slice_of(masked + from, len), plain + from);
				for (size_t i = 0; i < len; i++)
					assert_int_equal(plain[from + i], masked[from + i] ^ mask[(offset + i) % 4]);
				assert_int_equal(plain[from + len], 0xee);
			}
		}
	}
}

static void unmasking_may_be_done_in_place(void **state)
{
	(void)state;
	uint8_t bytes[] = {0x7f, 0x9f, 0x4d, 0x51, 0x58, 0x7f, 0x9f, 0x4d, 0x51, 0x58};
	uint8_t elsewhere[sizeof bytes];
	websocket_unmask((const uint8_t[]){0x37, 0xfa, 0x21, 0x3d}, 0, slice_of(bytes, sizeof bytes), elsewhere);
	websocket_unmask((const uint8_t[]){0x37, 0xfa, 0x21, 0x3d}, 0, slice_of(bytes, sizeof bytes), bytes);
	assert_memory_equal(bytes, "Hello", 5);
	assert_memory_equal(bytes, elsewhere, sizeof bytes);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(an_unmasked_text_frame_is_read),
	    cmocka_unit_test(a_masked_text_frame_is_read),
	    cmocka_unit_test(a_frame_without_payload_has_an_end),
	    cmocka_unit_test(a_control_frame_may_stand_between_fragments),
	    cmocka_unit_test(a_length_of_16_bits_is_read),
	    cmocka_unit_test(a_length_of_64_bits_is_read),
	    cmocka_unit_test(a_length_not_in_its_shortest_form_is_let_pass),
	    cmocka_unit_test(a_length_with_its_top_bit_set_is_bad),
	    cmocka_unit_test(the_longest_length_is_read),
	    cmocka_unit_test(an_unmasked_frame_from_the_client_is_bad),
	    cmocka_unit_test(a_masked_frame_from_the_server_is_bad),
	    cmocka_unit_test(reserved_opcodes_are_bad),
	    cmocka_unit_test(reserved_bits_are_bad),
	    cmocka_unit_test(rsv1_marks_a_frame_that_begins_a_message),
	    cmocka_unit_test(a_fragmented_control_frame_is_bad),
	    cmocka_unit_test(a_control_frame_over_125_bytes_is_bad),
	    cmocka_unit_test(a_bad_stream_stays_bad),
	    cmocka_unit_test(a_stream_begins_anew_after_its_reset),
	    cmocka_unit_test(a_payload_is_borrowed_from_the_input),
	    cmocka_unit_test(a_frame_goes_on_behind_lost_payload),
	    cmocka_unit_test(a_frame_ends_when_its_last_bytes_are_lost),
	    cmocka_unit_test(a_loss_past_the_frame_loses_the_boundary),
	    cmocka_unit_test(a_loss_between_frames_loses_the_boundary),
	    cmocka_unit_test(frames_could_begin_where_a_whole_frame_stands),
	    cmocka_unit_test(frames_could_begin_where_a_chain_runs_past_the_end),
	    cmocka_unit_test(frames_could_begin_within_a_fragmented_message),
	    cmocka_unit_test(no_frame_could_begin_in_nothing),
	    cmocka_unit_test(no_frame_could_begin_where_the_chain_breaks),
	    cmocka_unit_test(no_frame_could_begin_with_the_other_sides_masking),
	    cmocka_unit_test(no_frame_could_begin_with_a_long_form_of_a_short_length),
	    cmocka_unit_test(no_message_could_begin_within_another),
	    cmocka_unit_test(a_lone_frame_past_the_end_must_be_small),
	    cmocka_unit_test(unmasking_agrees_with_the_rfc_at_every_phase_length_and_alignment),
	    cmocka_unit_test(unmasking_may_be_done_in_place),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
