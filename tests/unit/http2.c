/* HTTP/2: frames and header blocks; whole and cut at every byte. */
#include "http/http2_fields.h"
#include "http/http2_frame.h"
#include "unit.h"

#include <stdio.h>

/* ---- frames */

/* What does not print is a dot. */
static void give_bytes(struct buffer *given, struct slice bytes)
{
	for (size_t i = 0; i < bytes.len; i++)
		buffer_append_byte(given, bytes.at[i] >= ' ' ? bytes.at[i] : '.');
}

/* "[1 s3 f5 block]" is a HEADERS frame, "(s1 text)" a piece of DATA, "(s1.f)" its end; "!": bad. Pieces of DATA that
 * follow each other are one. */
static void give_item(struct buffer *given, const struct http2_item *item)
{
	const struct http2_frame *frame = &item->frame;
	bool goes_on = given->len && given->at[given->len - 1] == ')' && item->kind == HTTP2_BODY;
	switch (item->kind) {
	case HTTP2_FRAME:
		buffer_append_format(
		    given, "[%u s%u f%x%s ", frame->type, frame->stream, frame->flags, item->cut ? " cut" : "");
		give_bytes(given, item->payload);
		buffer_append_byte(given, ']');
		break;
	case HTTP2_BODY:
		given->len -= goes_on;
		if (!goes_on)
			buffer_append_format(given, "(s%u ", frame->stream);
		give_bytes(given, item->payload);
		buffer_append_byte(given, ')');
		break;
	case HTTP2_BODY_END:
		buffer_append_format(given, "(s%u.%x", frame->stream, frame->flags);
	}
}

static const char *read_frames(struct buffer *given, bool has_preface, struct slice bytes, size_t step)
{
	struct http2_reader reader;
	struct http2_item item;
	enum wire_result result = WIRE_MORE;
	buffer_clear(given);
	http2_reader_init(&reader, has_preface, NULL);
	while (result != WIRE_BAD && bytes.len) {
		struct slice part = slice_take(bytes, step);
		bytes = slice_drop(bytes, part.len);
		while ((result = http2_next_item(&reader, &part, &item)) == WIRE_ITEM)
			give_item(given, &item);
		if (result == WIRE_MORE)
			assert_int_equal(part.len, 0);
	}
	if (result == WIRE_BAD)
		buffer_append_byte(given, '!');
	buffer_append_byte(given, '\0');
	http2_reader_free(&reader);
	return (const char *)given->at;
}

static void assert_frames(bool has_preface, struct slice bytes, const char *want)
{
	struct buffer given;
	buffer_init(&given, 1 << 16, NULL);
	for (size_t step = 1; step <= bytes.len; step++)
		assert_string_equal(read_frames(&given, has_preface, bytes, step), want);
	buffer_free(&given);
}

static void frames_come_whole_however_they_are_cut(void **state)
{
	(void)state;
	assert_frames(true,
	    SLICE(HTTP2_PREFACE "\0\0\6\4\0\0\0\0\0\0\3\0\0\0\144"
	                        "\0\0\4\1\4\0\0\0\1head"
	                        "\0\0\4\0\0\0\0\0\1body\0\0\0\0\1\0\0\0\1"
	                        "\0\0\4\3\0\0\0\0\5\0\0\0\7"),
	    "[4 s0 f0 .....d][1 s1 f4 head](s1 body)(s1.0(s1.1[3 s5 f0 ....]");
}

static void data_comes_without_its_padding(void **state)
{
	(void)state;
	assert_frames(false, SLICE("\0\0\10\0\10\0\0\0\3\3body\0\0\0"), "(s3 body)(s3.8");
	assert_frames(false, SLICE("\0\0\4\0\11\0\0\0\3\3\0\0\0"), "(s3.9");
}

static void heads_come_without_padding_and_priority(void **state)
{
	(void)state;
	assert_frames(false, SLICE("\0\0\14\1\54\0\0\0\3\2\200\0\0\0\17head\0\0"), "[1 s3 f2c head]");
	assert_frames(false, SLICE("\0\0\12\5\14\0\0\0\3\1\0\0\0\2head\0"), "[5 s3 fc head]");
}

static void padding_longer_than_its_frame_is_bad(void **state)
{
	(void)state;
	assert_frames(false, SLICE("\0\0\4\0\10\0\0\0\3\4abc"), "!");
	assert_frames(false, SLICE("\0\0\4\1\14\0\0\0\3\4abc"), "!");
	assert_frames(false, SLICE("\0\0\4\0\10\0\0\0\3\3abc"), "(s3.8");
}

static void a_frame_on_a_stream_that_its_type_does_not_have_is_bad(void **state)
{
	(void)state;
	assert_frames(false, SLICE("\0\0\1\0\0\0\0\0\0a"), "!");
	assert_frames(false, SLICE("\0\0\1\1\4\0\0\0\0a"), "!");
	assert_frames(false, SLICE("\0\0\0\4\1\0\0\0\1"), "!");
	assert_frames(false, SLICE("\0\0\10\6\0\0\0\0\1pingpong"), "!");
	assert_frames(false, SLICE("\0\0\10\7\0\0\0\0\1goawayno"), "!");
}

static void a_frame_of_a_size_that_its_type_does_not_have_is_bad(void **state)
{
	(void)state;
	assert_frames(false, SLICE("\0\0\3\3\0\0\0\0\1abc"), "!");
	assert_frames(false, SLICE("\0\0\7\4\0\0\0\0\0settin0"), "!");
	assert_frames(false, SLICE("\0\0\7\7\0\0\0\0\0goaway0"), "!");
	assert_frames(false, SLICE("\0\0\3\10\0\0\0\0\0abc"), "!");
	assert_frames(false, SLICE("\0\0\3\5\4\0\0\0\1abc"), "!");
}

static void what_says_nothing_is_passed_over(void **state)
{
	(void)state;
	assert_frames(false, SLICE("\0\0\5\2\0\0\0\0\1prior\0\0\3\377\0\0\0\0\0abc\0\0\10\6\1\0\0\0\0pingpong"),
	    "[2 s1 f0 ][255 s0 f0 ][6 s0 f1 ]");
}

static void the_preface_is_demanded(void **state)
{
	(void)state;
	assert_frames(true, SLICE("PRI * HTTP/2.0\r\n\r\nSMX"), "!");
	assert_frames(true, SLICE("\0\0\0\4\0\0\0\0\0"), "!");
}

static void a_frame_that_is_too_long_is_cut_and_the_next_one_read(void **state)
{
	static uint8_t bytes[HTTP2_FRAME_HEAD + HTTP2_PAYLOAD_MOST + 1 + HTTP2_FRAME_HEAD] = {1, 0, 1, 1, 4, [8] = 1};
	struct buffer given;
	(void)state;
	memcpy(bytes + HTTP2_FRAME_HEAD + HTTP2_PAYLOAD_MOST + 1, "\0\0\0\4\1\0\0\0\0", HTTP2_FRAME_HEAD);
	buffer_init(&given, 1 << 10, NULL);
	assert_string_equal(
	    read_frames(&given, false, slice_of(bytes, sizeof bytes), 1000), "[1 s1 f4 cut ][4 s0 f1 ]");
	buffer_free(&given);
}

static void a_frame_goes_on_behind_a_loss_within_it(void **state)
{
	struct http2_reader reader;
	struct http2_item item;
	struct slice begin = SLICE("\0\0\12\0\0\0\0\0\1ab"), end = SLICE("ij\0\0\0\4\1\0\0\0\0");
	(void)state;
	http2_reader_init(&reader, false, NULL);
	assert_int_equal(http2_next_item(&reader, &begin, &item), WIRE_ITEM);
	assert_int_equal(http2_next_item(&reader, &begin, &item), WIRE_MORE);
	assert_false(http2_skip_lost(&reader, 9));
	assert_false(http2_skip_lost(&reader, 0));
	assert_true(http2_skip_lost(&reader, 6));
	assert_int_equal(http2_next_item(&reader, &end, &item), WIRE_ITEM);
	assert_true(slice_equals_text(item.payload, "ij"));
	assert_int_equal(http2_next_item(&reader, &end, &item), WIRE_ITEM);
	assert_int_equal(item.kind, HTTP2_BODY_END);
	assert_int_equal(http2_next_item(&reader, &end, &item), WIRE_ITEM);
	assert_int_equal(item.frame.type, HTTP2_SETTINGS);
	http2_reader_free(&reader);
}

static void a_head_that_lost_bytes_is_cut(void **state)
{
	struct http2_reader reader;
	struct http2_item item;
	struct slice begin = SLICE("\0\0\4\1\4\0\0\0\1he"), end = SLICE("d");
	(void)state;
	http2_reader_init(&reader, false, NULL);
	assert_int_equal(http2_next_item(&reader, &begin, &item), WIRE_MORE);
	assert_true(http2_skip_lost(&reader, 1));
	assert_int_equal(http2_next_item(&reader, &end, &item), WIRE_ITEM);
	assert_true(item.cut);
	assert_int_equal(item.payload.len, 0);
	http2_reader_free(&reader);
}

static void a_chain_of_frames_could_begin_where_all_of_them_are_possible(void **state)
{
	(void)state;
	assert_true(http2_could_begin(SLICE("\0\0\0\4\1\0\0\0\0")));
	assert_true(http2_could_begin(SLICE("\0\0\2\0\1\0\0\0\1ab\0\0\4\10\0\0\0\0\0\0\0\1\0")));
	assert_true(http2_could_begin(SLICE("\0\0\377\0\0\0\0\0\1ab")));
	assert_false(http2_could_begin(SLICE("\0\0\0\4\1\0\0\0")));
	assert_false(http2_could_begin(SLICE("\0\0\0\4\2\0\0\0\0")));     /* a flag that SETTINGS has not */
	assert_false(http2_could_begin(SLICE("\0\0\2\0\1\200\0\0\1ab"))); /* the reserved bit */
	assert_false(http2_could_begin(SLICE("\0\0\2\12\0\0\0\0\1ab")));  /* an unknown type */
	assert_false(http2_could_begin(SLICE("\0\0\2\0\1\0\0\0\1abc")));
	assert_false(http2_could_begin(SLICE("\0\0\6\4\0\0\0\0\0\0\1")));
}

static void a_header_block_shows_who_wrote_it(void **state)
{
	bool from_client = false;
	(void)state;
	assert_true(http2_find_writer(SLICE("\0\0\1\1\4\0\0\0\1\202"), &from_client));
	assert_true(from_client);
	assert_true(http2_find_writer(SLICE("\0\0\0\4\1\0\0\0\0\0\0\4\1\4\0\0\0\1\77\341\37\210"), &from_client));
	assert_false(from_client);
	assert_false(http2_find_writer(SLICE("\0\0\1\1\4\0\0\0\1\276"), &from_client));
	assert_false(http2_find_writer(SLICE("\0\0\1\0\0\0\0\0\1a"), &from_client));
}

static void codes_have_their_names(void **state)
{
	(void)state;
	assert_string_equal(http2_code_name(HTTP2_REFUSED_STREAM), "REFUSED_STREAM");
	assert_string_equal(http2_code_name(HTTP2_CANCEL), "CANCEL");
	assert_string_equal(http2_code_name(HTTP2_HTTP_1_1_REQUIRED), "HTTP_1_1_REQUIRED");
	assert_string_equal(http2_code_name(14), "an unknown code");
}

/* ---- header blocks */

struct decoding {
	struct budget budget;
	struct http2_fields *fields;
	struct http2_head head;
};

static void begin_decoding(struct decoding *decoding)
{
	*decoding = (struct decoding){.budget.limit = 1 << 20};
	decoding->fields = http2_fields_new(&decoding->budget);
	assert_non_null(decoding->fields);
}

static void end_decoding(struct decoding *decoding)
{
	http2_fields_free(decoding->fields);
	assert_int_equal(decoding->budget.used, 0);
}

/* In fragments of `step`. */
static bool decode(struct decoding *decoding, enum http_role role, struct slice block, size_t step)
{
	bool reads = true;
	do {
		struct slice part = slice_take(block, step);
		block = slice_drop(block, part.len);
		reads &= http2_fields_take(decoding->fields, part, !block.len);
	} while (block.len);
	return http2_fields_read(decoding->fields, role, &decoding->head) && reads;
}

static void assert_head(struct decoding *decoding, enum http_role role, struct slice block, const char *want)
{
	assert_true(decode(decoding, role, block, 3));
	assert_int_equal(decoding->head.head.bytes.len, strlen(want));
	assert_memory_equal(decoding->head.head.bytes.at, want, strlen(want));
	assert_false(decoding->head.partial);
}

/* RFC 7541 appendix C.3. */
static void the_rfcs_requests_are_read(void **state)
{
	struct decoding decoding;
	(void)state;
	begin_decoding(&decoding);
	assert_head(&decoding, HTTP_REQUESTS, SLICE("\x82\x86\x84\x41\x0fwww.example.com"),
	    "GET / HTTP/2\r\nhost: www.example.com\r\n\r\n");
	assert_head(&decoding, HTTP_REQUESTS, SLICE("\x82\x86\x84\xbe\x58\x08no-cache"),
	    "GET / HTTP/2\r\nhost: www.example.com\r\ncache-control: no-cache\r\n\r\n");
	assert_head(&decoding, HTTP_REQUESTS,
	    SLICE("\x82\x87\x85\xbf\x40\x0a"
	          "custom-key\x0c"
	          "custom-value"),
	    "GET /index.html HTTP/2\r\nhost: www.example.com\r\ncustom-key: custom-value\r\n\r\n");
	end_decoding(&decoding);
}

/* C.4. */
static void the_rfcs_requests_in_huffmans_code_are_read(void **state)
{
	struct decoding decoding;
	(void)state;
	begin_decoding(&decoding);
	assert_head(&decoding, HTTP_REQUESTS,
	    SLICE("\x82\x86\x84\x41\x8c\xf1\xe3\xc2\xe5\xf2\x3a\x6b\xa0\xab\x90\xf4\xff"),
	    "GET / HTTP/2\r\nhost: www.example.com\r\n\r\n");
	assert_head(&decoding, HTTP_REQUESTS, SLICE("\x82\x86\x84\xbe\x58\x86\xa8\xeb\x10\x64\x9c\xbf"),
	    "GET / HTTP/2\r\nhost: www.example.com\r\ncache-control: no-cache\r\n\r\n");
	assert_head(&decoding, HTTP_REQUESTS,
	    SLICE("\x82\x87\x85\xbf\x40\x88\x25\xa8\x49\xe9\x5b\xa9\x7d\x7f\x89\x25\xa8\x49\xe9\x5b\xb8\xe8\xb4\xbf"),
	    "GET /index.html HTTP/2\r\nhost: www.example.com\r\ncustom-key: custom-value\r\n\r\n");
	end_decoding(&decoding);
}

/* C.5, whose table is of 256 bytes. */
static void the_rfcs_answers_are_read(void **state)
{
	struct decoding decoding;
	(void)state;
	begin_decoding(&decoding);
	assert_head(&decoding, HTTP_RESPONSES,
	    SLICE("\x3f\xe1\x01\x48\x03"
	          "302\x58\x07private\x61\x1dMon, 21 Oct 2013 20:13:21 GMT\x6e\x17https://www.example.com"),
	    "HTTP/2 302\r\ncache-control: private\r\ndate: Mon, 21 Oct 2013 20:13:21 GMT\r\n"
	    "location: https://www.example.com\r\n\r\n");
	assert_head(&decoding, HTTP_RESPONSES,
	    SLICE("\x48\x03"
	          "307\xc1\xc0\xbf"),
	    "HTTP/2 307\r\ncache-control: private\r\ndate: Mon, 21 Oct 2013 20:13:21 GMT\r\n"
	    "location: https://www.example.com\r\n\r\n");
	assert_int_equal(decoding.head.head.status, 307);
	end_decoding(&decoding);
}

static void a_reference_to_no_entry_is_unreadable_and_so_is_what_refers_to_the_table_before(void **state)
{
	struct decoding decoding;
	(void)state;
	begin_decoding(&decoding);
	assert_true(decode(&decoding, HTTP_REQUESTS, SLICE("\x82\x84\x40\x01x\x01y"), 99));
	assert_false(decode(&decoding, HTTP_REQUESTS, SLICE("\x82\x84\xc6"), 99));
	assert_true(decoding.head.partial);
	assert_true(decode(&decoding, HTTP_REQUESTS, SLICE("\x82\x84\xbe"), 99));
	assert_true(decoding.head.partial);
	end_decoding(&decoding);
}

static void fields_that_refer_to_a_lost_table_are_left_out_and_those_added_since_are_read(void **state)
{
	struct decoding decoding;
	struct slice value;
	(void)state;
	begin_decoding(&decoding);
	http2_fields_lose(decoding.fields);
	assert_true(decode(&decoding, HTTP_REQUESTS, SLICE("\x82\x84\xbe\x40\x01n\x01v\x7f\x01\x01w"), 2));
	assert_true(decoding.head.partial);
	assert_true(http_find_field(decoding.head.head.fields, "n", &value));
	assert_true(slice_equals_text(value, "v"));
	assert_true(decode(&decoding, HTTP_REQUESTS, SLICE("\x82\x84\xbf"), 2));
	assert_false(decoding.head.partial);
	assert_true(http_find_field(decoding.head.head.fields, "n", &value));
	end_decoding(&decoding);
}

static void a_block_whose_part_is_lost_gives_nothing_of_the_block_before(void **state)
{
	struct decoding decoding;
	(void)state;
	begin_decoding(&decoding);
	assert_true(decode(&decoding, HTTP_REQUESTS, SLICE("\x82\x84"), 9));
	http2_fields_lose(decoding.fields);
	assert_false(http2_fields_read(decoding.fields, HTTP_REQUESTS, &decoding.head));
	end_decoding(&decoding);
}

static void a_table_is_as_large_as_its_reader_allows(void **state)
{
	struct decoding decoding;
	(void)state;
	begin_decoding(&decoding);
	assert_false(decode(&decoding, HTTP_REQUESTS, SLICE("\x3f\xe1\x3f\x82\x84"), 9)); /* 8192 */
	end_decoding(&decoding);
	begin_decoding(&decoding);
	http2_fields_allow(decoding.fields, 8192);
	assert_true(decode(&decoding, HTTP_REQUESTS, SLICE("\x3f\xe1\x3f\x82\x84"), 9));
	http2_fields_allow(decoding.fields, UINT32_MAX); /* no more than HTTP2_TABLE_MOST */
	assert_false(decode(&decoding, HTTP_REQUESTS, SLICE("\x3f\xe2\xff\x03\x82\x84"), 9));
	end_decoding(&decoding);
}

static void crumbs_of_a_cookie_are_one_field(void **state)
{
	struct decoding decoding;
	(void)state;
	begin_decoding(&decoding);
	assert_head(&decoding, HTTP_REQUESTS,
	    SLICE("\x82\x84\x60\x03"
	          "a=1\x00\x01x\x01y\x60\x03"
	          "b=2"),
	    "GET / HTTP/2\r\nx: y\r\ncookie: a=1; b=2\r\n\r\n");
	end_decoding(&decoding);
}

static void what_could_forge_a_line_is_left_out(void **state)
{
	static const struct slice blocks[] = {{(const uint8_t *)"\x82\x84\x00\x01x\x04\r\na:", 10},
	    {(const uint8_t *)"\x82\x84\x00\x03x\ny\x01z", 9}, {(const uint8_t *)"\x82\x84\x00\x01X\x01z", 7},
	    {(const uint8_t *)"\x82\x84\x00\x02x:\x01z", 8}};
	struct decoding decoding;
	(void)state;
	begin_decoding(&decoding);
	for (size_t i = 0; i < sizeof blocks / sizeof *blocks; i++) {
		assert_true(decode(&decoding, HTTP_REQUESTS, blocks[i], 99));
		assert_true(decoding.head.partial);
		assert_true(slice_equals_text(decoding.head.head.bytes, "GET / HTTP/2\r\n\r\n"));
	}
	end_decoding(&decoding);
}

static void an_extended_connect_asks_for_a_websocket_at_its_path(void **state)
{
	struct decoding decoding;
	(void)state;
	begin_decoding(&decoding);
	assert_true(decode(&decoding, HTTP_REQUESTS,
	    SLICE("\x02\x07"
	          "CONNECT\x00\x09:protocol\x09websocket\x04\x02/s\x01\x01h"),
	    4));
	assert_true(decoding.head.head.upgrade_websocket);
	assert_true(slice_equals_text(decoding.head.head.method, "CONNECT"));
	assert_true(slice_equals_text(decoding.head.head.target, "/s"));
	assert_true(slice_equals_text(decoding.head.protocol, "websocket"));
	end_decoding(&decoding);
}

static void a_block_without_a_first_line_is_no_head(void **state)
{
	struct decoding decoding;
	(void)state;
	begin_decoding(&decoding);
	assert_false(decode(&decoding, HTTP_RESPONSES, SLICE("\x00\x01x\x01y"), 9));
	assert_false(decode(&decoding, HTTP_RESPONSES,
	    SLICE("\x48\x03"
	          "2x0"),
	    9));
	assert_false(decode(&decoding, HTTP_REQUESTS, SLICE("\x88"), 9));
	end_decoding(&decoding);
}

static void a_head_beyond_the_limit_is_partial_and_bounded(void **state)
{
	static uint8_t block[4 + 5000 + 60000];
	struct decoding decoding;
	(void)state;
	begin_decoding(&decoding);
	memcpy(block, "\x82\x84\x40\x01x\x7f\xa1\x1e", 8); /* a value of 4000 bytes … */
	memset(block + 8, 'a', 4000);
	memset(block + 4008, 0xbe, 200); /* … two hundred times */
	assert_true(decode(&decoding, HTTP_REQUESTS, slice_of(block, 4208), 4096));
	assert_true(decoding.head.partial);
	assert_true(decoding.head.head.bytes.len <= http_default_limits.head);
	assert_true(decoding.budget.used < 4 * http_default_limits.head + (1 << 16));
	end_decoding(&decoding);
}

static void without_memory_a_block_cannot_be_read_and_the_next_one_can(void **state)
{
	struct decoding decoding;
	(void)state;
	begin_decoding(&decoding);
	decoding.budget.limit = decoding.budget.used / 2;
	assert_false(decode(&decoding, HTTP_REQUESTS, SLICE("\x82\x84\x40\x01x\x01y"), 9));
	decoding.budget.limit = 1 << 20;
	assert_true(decode(&decoding, HTTP_REQUESTS, SLICE("\x82\x84"), 9));
	end_decoding(&decoding);
}

static void a_lost_table_is_not_made_before_a_block_comes(void **state)
{
	struct decoding decoding;
	(void)state;
	begin_decoding(&decoding);
	size_t used = decoding.budget.used;
	for (int i = 0; i < 1000; i++)
		http2_fields_lose(decoding.fields);
	assert_int_equal(decoding.budget.used, used);
	assert_true(decode(&decoding, HTTP_REQUESTS, SLICE("\x82\x84\xbe"), 9));
	assert_true(decoding.budget.used > used);
	end_decoding(&decoding);
}

static void blocks_that_cannot_be_read_are_given_up(void **state)
{
	struct decoding decoding;
	(void)state;
	begin_decoding(&decoding);
	for (int i = 0; i < 1000; i++)
		assert_false(decode(&decoding, HTTP_REQUESTS, SLICE("\x80"), 9));
	assert_true(http2_fields_is_given_up(decoding.fields));
	assert_false(decode(&decoding, HTTP_REQUESTS, SLICE("\x82\x84"), 9));
	end_decoding(&decoding);
}

static void a_block_that_cannot_be_read_among_many_that_can_is_not_given_up(void **state)
{
	struct decoding decoding;
	(void)state;
	begin_decoding(&decoding);
	for (int i = 0; i < 100; i++) {
		assert_false(decode(&decoding, HTTP_REQUESTS, SLICE("\x80"), 9));
		for (int good = 0; good < 20; good++)
			assert_true(decode(&decoding, HTTP_REQUESTS, SLICE("\x82\x84"), 9));
	}
	assert_false(http2_fields_is_given_up(decoding.fields));
	end_decoding(&decoding);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(frames_come_whole_however_they_are_cut),
	    cmocka_unit_test(data_comes_without_its_padding),
	    cmocka_unit_test(heads_come_without_padding_and_priority),
	    cmocka_unit_test(padding_longer_than_its_frame_is_bad),
	    cmocka_unit_test(a_frame_on_a_stream_that_its_type_does_not_have_is_bad),
	    cmocka_unit_test(a_frame_of_a_size_that_its_type_does_not_have_is_bad),
	    cmocka_unit_test(what_says_nothing_is_passed_over),
	    cmocka_unit_test(the_preface_is_demanded),
	    cmocka_unit_test(a_frame_that_is_too_long_is_cut_and_the_next_one_read),
	    cmocka_unit_test(a_frame_goes_on_behind_a_loss_within_it),
	    cmocka_unit_test(a_head_that_lost_bytes_is_cut),
	    cmocka_unit_test(a_chain_of_frames_could_begin_where_all_of_them_are_possible),
	    cmocka_unit_test(a_header_block_shows_who_wrote_it),
	    cmocka_unit_test(codes_have_their_names),
	    cmocka_unit_test(the_rfcs_requests_are_read),
	    cmocka_unit_test(the_rfcs_requests_in_huffmans_code_are_read),
	    cmocka_unit_test(the_rfcs_answers_are_read),
	    cmocka_unit_test(a_reference_to_no_entry_is_unreadable_and_so_is_what_refers_to_the_table_before),
	    cmocka_unit_test(fields_that_refer_to_a_lost_table_are_left_out_and_those_added_since_are_read),
	    cmocka_unit_test(a_block_whose_part_is_lost_gives_nothing_of_the_block_before),
	    cmocka_unit_test(a_table_is_as_large_as_its_reader_allows),
	    cmocka_unit_test(crumbs_of_a_cookie_are_one_field),
	    cmocka_unit_test(what_could_forge_a_line_is_left_out),
	    cmocka_unit_test(an_extended_connect_asks_for_a_websocket_at_its_path),
	    cmocka_unit_test(a_block_without_a_first_line_is_no_head),
	    cmocka_unit_test(a_head_beyond_the_limit_is_partial_and_bounded),
	    cmocka_unit_test(without_memory_a_block_cannot_be_read_and_the_next_one_can),
	    cmocka_unit_test(a_lost_table_is_not_made_before_a_block_comes),
	    cmocka_unit_test(blocks_that_cannot_be_read_are_given_up),
	    cmocka_unit_test(a_block_that_cannot_be_read_among_many_that_can_is_not_given_up),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
