/* TCP headers: bytes in, a segment out. */
#include "net/headers.h"
#include "unit.h"

/* Ports 49674 and 8100, sequence 0x01020304, acknowledgment 0xfffefdfc, PSH and ACK, window 512. */
#define HEADER(offset) "\xc2\x0a\x1f\xa4\1\2\3\4\xff\xfe\xfd\xfc" offset "\x18\2\0\xaa\xaa\0\0"
#define TIMESTAMPS "\1\1\x08\x0a\0\0\0\1\0\0\0\2"

static void assert_payload(const struct segment *segment, const char *expected)
{
	assert_int_equal(segment->payload.len, strlen(expected));
	assert_memory_equal(segment->payload.at, expected, segment->payload.len);
}

static void a_header_is_read(void **state)
{
	(void)state;
	struct segment segment;
	assert_true(tcp_read_segment(SLICE(HEADER("\x50") "data"), 0, &segment));
	assert_int_equal(segment.source_port, 49674);
	assert_int_equal(segment.destination_port, 8100);
	assert_int_equal(segment.sequence, 0x01020304);
	assert_int_equal(segment.acknowledgment, 0xfffefdfc);
	assert_int_equal(segment.flags, TCP_PSH | TCP_ACK);
	assert_int_equal(segment.window, 512);
	assert_int_equal(segment.missing, 0);
	assert_payload(&segment, "data");
}

static void options_are_no_payload(void **state)
{
	(void)state;
	struct segment segment;
	assert_true(tcp_read_segment(SLICE(HEADER("\x80") TIMESTAMPS "data"), 0, &segment));
	assert_payload(&segment, "data");
	assert_true(
	    tcp_read_segment(SLICE(HEADER("\xf0") "0123456789012345678901234567890123456789data"), 0, &segment));
	assert_payload(&segment, "data");
}

static void the_reserved_bits_are_no_length(void **state)
{
	(void)state;
	struct segment segment;
	assert_true(tcp_read_segment(SLICE(HEADER("\x5f") "data"), 0, &segment));
	assert_payload(&segment, "data");
}

static void a_header_shorter_than_a_header_is_refused(void **state)
{
	(void)state;
	struct segment segment;
	assert_false(tcp_read_segment(SLICE(HEADER("\x40") "data"), 0, &segment));
	assert_false(tcp_read_segment(SLICE(HEADER("\x00") "data"), 0, &segment));
}

static void a_header_longer_than_the_packet_is_refused(void **state)
{
	(void)state;
	struct segment segment;
	assert_false(tcp_read_segment(SLICE(HEADER("\x80") "\1\1\1"), 0, &segment));
	assert_false(tcp_read_segment(SLICE(HEADER("\xf0")), 39, &segment));
}

static void part_of_a_header_is_refused(void **state)
{
	(void)state;
	struct segment segment;
	struct slice whole = SLICE(HEADER("\x50"));
	assert_true(tcp_read_segment(whole, 0, &segment));
	assert_int_equal(segment.payload.len, 0);
	for (size_t len = 0; len < whole.len; len++)
		assert_false(tcp_read_segment(slice_take(whole, len), 1000, &segment));
}

static void bytes_cut_off_the_payload_are_missing(void **state)
{
	(void)state;
	struct segment segment;
	assert_true(tcp_read_segment(SLICE(HEADER("\x50") "da"), 2, &segment));
	assert_payload(&segment, "da");
	assert_int_equal(segment.missing, 2);
}

static void bytes_cut_off_the_options_are_not_missing(void **state)
{
	(void)state;
	struct segment segment;
	assert_true(tcp_read_segment(SLICE(HEADER("\x80") "\1\1\x08\x0a"), 8 + 100, &segment));
	assert_payload(&segment, "");
	assert_int_equal(segment.missing, 100);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_header_is_read),
	    cmocka_unit_test(options_are_no_payload),
	    cmocka_unit_test(the_reserved_bits_are_no_length),
	    cmocka_unit_test(a_header_shorter_than_a_header_is_refused),
	    cmocka_unit_test(a_header_longer_than_the_packet_is_refused),
	    cmocka_unit_test(part_of_a_header_is_refused),
	    cmocka_unit_test(bytes_cut_off_the_payload_are_missing),
	    cmocka_unit_test(bytes_cut_off_the_options_are_not_missing),
	};
	return cmocka_run_group_tests_name("tcp", tests, NULL, NULL);
}
