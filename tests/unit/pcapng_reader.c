/* pcapng files, made here block by block. */
#include "source/pcapng_reader.h"

#include "base/memory.h"
#include "unit.h"

enum { ETHERNET = 1, COOKED = 113, MAGIC = 0x1a2b3c4d };

/* A file under way. */
struct made {
	struct buffer bytes;
	bool is_swapped; /* the other byte order than this machine's */
};

static struct made made_begin(bool is_swapped)
{
	struct made made = {.is_swapped = is_swapped};
	buffer_init(&made.bytes, BUFFER_NO_LIMIT, NULL);
	return made;
}

static void put_32(struct made *made, uint32_t number)
{
	number = made->is_swapped ? __builtin_bswap32(number) : number;
	buffer_append(&made->bytes, slice_of(&number, sizeof number));
}

static void put_16(struct made *made, uint16_t number)
{
	number = made->is_swapped ? __builtin_bswap16(number) : number;
	buffer_append(&made->bytes, slice_of(&number, sizeof number));
}

static void put_64(struct made *made, uint64_t number)
{
	number = made->is_swapped ? __builtin_bswap64(number) : number;
	buffer_append(&made->bytes, slice_of(&number, sizeof number));
}

static void put_padded(struct made *made, const char *text)
{
	buffer_append_text(&made->bytes, text);
	for (size_t i = strlen(text); i % 4; i++)
		buffer_append_byte(&made->bytes, 0);
}

static void put_section(struct made *made)
{
	put_32(made, 0x0a0d0d0a);
	put_32(made, 28);
	put_32(made, MAGIC);
	put_16(made, 1);
	put_16(made, 0);
	put_64(made, UINT64_MAX);
	put_32(made, 28);
}

/* An interface with microseconds and no options. */
static void put_interface(struct made *made, uint16_t link_type)
{
	put_32(made, 1);
	put_32(made, 20);
	put_16(made, link_type);
	put_16(made, 0);
	put_32(made, 0);
	put_32(made, 20);
}

/* An interface whose ticks are `resolution` as the option has it, and to whose times `offset` seconds are added. */
static void put_clock(struct made *made, uint8_t resolution, int64_t offset)
{
	put_32(made, 1);
	put_32(made, 20 + 8 + 12 + 4);
	put_16(made, ETHERNET);
	put_16(made, 0);
	put_32(made, 0);
	put_16(made, 9);
	put_16(made, 1);
	buffer_append_byte(&made->bytes, resolution);
	for (int i = 0; i < 3; i++)
		buffer_append_byte(&made->bytes, 0);
	put_16(made, 14);
	put_16(made, 8);
	put_64(made, (uint64_t)offset);
	put_32(made, 0);
	put_32(made, 20 + 8 + 12 + 4);
}

static void put_packet(struct made *made, uint32_t interface, uint64_t ticks, const char *text, uint32_t wire)
{
	uint32_t len = (uint32_t)strlen(text), size = 32 + ((len + 3) & ~3U);
	put_32(made, 6);
	put_32(made, size);
	put_32(made, interface);
	put_32(made, (uint32_t)(ticks >> 32));
	put_32(made, (uint32_t)ticks);
	put_32(made, len);
	put_32(made, wire);
	put_padded(made, text);
	put_32(made, size);
}

static void put_drops(struct made *made, uint32_t interface, uint64_t dropped)
{
	put_32(made, 5);
	put_32(made, 12 + 12 + 12);
	put_32(made, interface);
	put_64(made, 0);
	put_16(made, 5);
	put_16(made, 8);
	put_64(made, dropped);
	put_32(made, 12 + 12 + 12);
}

struct reading {
	FILE *stream;
	struct pcapng_reader *reader;
	struct packet packet;
	char why[256];
};

static struct reading read_made(struct made *made)
{
	struct reading reading = {.stream = fmemopen(made->bytes.at, made->bytes.len, "rb")};
	reading.reader = pcapng_reader_new(reading.stream, NULL);
	return reading;
}

static void reading_end(struct reading *reading, struct made *made)
{
	pcapng_reader_free(reading->reader);
	(void)fclose(reading->stream);
	buffer_free(&made->bytes);
}

static enum source_result next(struct reading *reading)
{
	return pcapng_reader_next(reading->reader, &reading->packet, reading->why, sizeof reading->why);
}

#define assert_packet(reading, type, text)                                               \
	do {                                                                             \
		assert_int_equal(next(reading), SOURCE_PACKET);                          \
		assert_int_equal((reading)->packet.link_type, type);                     \
		assert_true(slice_equals((reading)->packet.bytes, slice_of_text(text))); \
	} while (0)

static void packets_of_two_link_types_come_each_with_its_own(void **state)
{
	(void)state;
	struct made made = made_begin(false);
	put_section(&made);
	put_interface(&made, ETHERNET);
	put_interface(&made, COOKED);
	put_packet(&made, 1, 1, "cooked", 6);
	put_packet(&made, 0, 2, "ethernet", 8);
	struct reading reading = read_made(&made);
	assert_packet(&reading, COOKED, "cooked");
	assert_packet(&reading, ETHERNET, "ethernet");
	assert_int_equal(next(&reading), SOURCE_END);
	reading_end(&reading, &made);
}

static void an_interface_may_follow_packets(void **state)
{
	(void)state;
	struct made made = made_begin(false);
	put_section(&made);
	put_interface(&made, ETHERNET);
	put_packet(&made, 0, 1, "one", 3);
	put_interface(&made, COOKED);
	put_packet(&made, 1, 2, "two", 3);
	struct reading reading = read_made(&made);
	assert_packet(&reading, ETHERNET, "one");
	assert_packet(&reading, COOKED, "two");
	reading_end(&reading, &made);
}

static void a_section_begins_its_interfaces_and_byte_order_itself(void **state)
{
	(void)state;
	struct made made = made_begin(false);
	put_section(&made);
	put_interface(&made, ETHERNET);
	put_packet(&made, 0, 1, "one", 3);
	made.is_swapped = true;
	put_section(&made);
	put_interface(&made, COOKED);
	put_packet(&made, 0, 2000000, "two", 500);
	made.is_swapped = false;
	put_section(&made);
	put_interface(&made, ETHERNET);
	put_packet(&made, 0, 3, "three", 5);
	struct reading reading = read_made(&made);
	assert_packet(&reading, ETHERNET, "one");
	assert_packet(&reading, COOKED, "two");
	assert_int_equal(reading.packet.time, 2 * TIMESTAMP_SECOND);
	assert_int_equal(reading.packet.wire_len, 500);
	assert_packet(&reading, ETHERNET, "three");
	reading_end(&reading, &made);
}

static void ticks_are_of_the_resolution_that_the_interface_states(void **state)
{
	(void)state;
	const struct {
		uint8_t resolution;
		uint64_t ticks;
		timestamp time;
	} cases[] = {
	    {0, 7, 7 * TIMESTAMP_SECOND},
	    {3, 7500, 7 * TIMESTAMP_SECOND + 500 * TIMESTAMP_MILLISECOND},
	    {9, 7000000001, 7 * TIMESTAMP_SECOND + 1},
	    {12, 7000000001999, 7 * TIMESTAMP_SECOND + 1},
	    {0x80 | 1, 15, 7 * TIMESTAMP_SECOND + 500 * TIMESTAMP_MILLISECOND},
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct made made = made_begin(false);
		put_section(&made);
		put_clock(&made, cases[i].resolution, 0);
		put_packet(&made, 0, cases[i].ticks, "x", 1);
		struct reading reading = read_made(&made);
		assert_int_equal(next(&reading), SOURCE_PACKET);
		assert_int_equal(reading.packet.time, cases[i].time);
		reading_end(&reading, &made);
	}
}

static void the_offset_of_an_interface_is_added_to_its_times(void **state)
{
	(void)state;
	struct made made = made_begin(true);
	put_section(&made);
	put_clock(&made, 6, 100);
	put_packet(&made, 0, 2000000, "x", 1);
	struct reading reading = read_made(&made);
	assert_int_equal(next(&reading), SOURCE_PACKET);
	assert_int_equal(reading.packet.time, 102 * TIMESTAMP_SECOND);
	reading_end(&reading, &made);
}

static void a_time_beyond_the_calendar_is_the_last_one(void **state)
{
	(void)state;
	struct made made = made_begin(false);
	put_section(&made);
	put_clock(&made, 0, INT64_MAX);
	put_packet(&made, 0, UINT64_MAX, "x", 1);
	struct reading reading = read_made(&made);
	assert_int_equal(next(&reading), SOURCE_PACKET);
	assert_int_equal(reading.packet.time, TIMESTAMP_LAST);
	reading_end(&reading, &made);
}

static void a_simple_packet_is_of_the_first_interface_and_has_the_time_before_it(void **state)
{
	(void)state;
	struct made made = made_begin(false);
	put_section(&made);
	put_interface(&made, COOKED);
	put_packet(&made, 0, 3000000, "timed", 5);
	put_32(&made, 3);
	put_32(&made, 20);
	put_32(&made, 4000);
	put_padded(&made, "plan");
	put_32(&made, 20);
	struct reading reading = read_made(&made);
	assert_packet(&reading, COOKED, "timed");
	assert_packet(&reading, COOKED, "plan");
	assert_int_equal(reading.packet.time, 3 * TIMESTAMP_SECOND);
	assert_int_equal(reading.packet.wire_len, 4000);
	reading_end(&reading, &made);
}

static void of_a_simple_packet_the_snap_length_shows_how_much_was_captured(void **state)
{
	(void)state;
	struct made made = made_begin(false);
	put_section(&made);
	put_32(&made, 1);
	put_32(&made, 20);
	put_16(&made, ETHERNET);
	put_16(&made, 0);
	put_32(&made, 3);
	put_32(&made, 20);
	put_32(&made, 3);
	put_32(&made, 20);
	put_32(&made, 4000);
	put_padded(&made, "one");
	put_32(&made, 20);
	struct reading reading = read_made(&made);
	assert_packet(&reading, ETHERNET, "one");
	reading_end(&reading, &made);
}

static void an_obsolete_packet_block_is_read(void **state)
{
	(void)state;
	struct made made = made_begin(false);
	put_section(&made);
	put_interface(&made, ETHERNET);
	put_interface(&made, COOKED);
	put_32(&made, 2);
	put_32(&made, 36);
	put_16(&made, 1);
	put_16(&made, 0xffff);
	put_32(&made, 0);
	put_32(&made, 5000000);
	put_32(&made, 3);
	put_32(&made, 3);
	put_padded(&made, "old");
	put_32(&made, 36);
	struct reading reading = read_made(&made);
	assert_packet(&reading, COOKED, "old");
	assert_int_equal(reading.packet.time, 5 * TIMESTAMP_SECOND);
	reading_end(&reading, &made);
}

static void blocks_of_other_kinds_are_passed_over(void **state)
{
	(void)state;
	struct made made = made_begin(false);
	put_section(&made);
	put_32(&made, 10); /* secrets */
	put_32(&made, 16);
	put_padded(&made, "keys");
	put_32(&made, 16);
	put_interface(&made, ETHERNET);
	put_32(&made, 0x80000bad);
	put_32(&made, 12);
	put_32(&made, 12);
	put_packet(&made, 0, 1, "x", 1);
	struct reading reading = read_made(&made);
	assert_packet(&reading, ETHERNET, "x");
	reading_end(&reading, &made);
}

static void drops_are_the_last_sum_of_each_interface(void **state)
{
	(void)state;
	struct made made = made_begin(false);
	put_section(&made);
	put_interface(&made, ETHERNET);
	put_interface(&made, COOKED);
	put_drops(&made, 0, 3);
	put_drops(&made, 1, 10);
	put_drops(&made, 0, 5);
	put_section(&made);
	put_interface(&made, ETHERNET);
	put_drops(&made, 0, 100);
	struct reading reading = read_made(&made);
	assert_int_equal(next(&reading), SOURCE_END);
	assert_int_equal(pcapng_reader_dropped(reading.reader), 115);
	reading_end(&reading, &made);
}

static void a_file_that_ends_in_a_block_is_cut_wherever_that_is(void **state)
{
	(void)state;
	struct made made = made_begin(false);
	put_section(&made);
	put_interface(&made, ETHERNET);
	put_packet(&made, 0, 1, "packet", 6);
	size_t whole = made.bytes.len, begin = whole - 40;
	for (size_t len = begin + 1; len < whole; len++) {
		made.bytes.len = len;
		struct reading reading = read_made(&made);
		assert_int_equal(next(&reading), SOURCE_CUT);
		assert_string_equal(reading.why, "the capture ends in the middle of packet 1");
		pcapng_reader_free(reading.reader);
		(void)fclose(reading.stream);
	}
	buffer_free(&made.bytes);
}

/* Writes `number` over what stands at `at`, and expects the reader to find damage. */
static void assert_damage(size_t at_from_packet, uint32_t number, const char *words)
{
	struct made made = made_begin(false);
	put_section(&made);
	put_interface(&made, ETHERNET);
	size_t packet = made.bytes.len;
	put_packet(&made, 0, 1, "packet", 6);
	memcpy(made.bytes.at + packet + at_from_packet, &number, sizeof number);
	struct reading reading = read_made(&made);
	assert_int_equal(next(&reading), SOURCE_FAILED);
	assert_non_null(strstr(reading.why, words));
	reading_end(&reading, &made);
}

static void damage_is_named(void **state)
{
	(void)state;
	assert_damage(4, 41, "impossible length");
	assert_damage(4, 8, "impossible length");
	assert_damage(4, 1U << 30, "impossible length");
	assert_damage(8, 1, "does not describe");
	assert_damage(20, 9, "longer than its block");
	assert_damage(36, 44, "lengths differ");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(packets_of_two_link_types_come_each_with_its_own),
	    cmocka_unit_test(an_interface_may_follow_packets),
	    cmocka_unit_test(a_section_begins_its_interfaces_and_byte_order_itself),
	    cmocka_unit_test(ticks_are_of_the_resolution_that_the_interface_states),
	    cmocka_unit_test(the_offset_of_an_interface_is_added_to_its_times),
	    cmocka_unit_test(a_time_beyond_the_calendar_is_the_last_one),
	    cmocka_unit_test(a_simple_packet_is_of_the_first_interface_and_has_the_time_before_it),
	    cmocka_unit_test(of_a_simple_packet_the_snap_length_shows_how_much_was_captured),
	    cmocka_unit_test(an_obsolete_packet_block_is_read),
	    cmocka_unit_test(blocks_of_other_kinds_are_passed_over),
	    cmocka_unit_test(drops_are_the_last_sum_of_each_interface),
	    cmocka_unit_test(a_file_that_ends_in_a_block_is_cut_wherever_that_is),
	    cmocka_unit_test(damage_is_named),
	};
	return cmocka_run_group_tests_name("pcapng_reader", tests, NULL, NULL);
}
