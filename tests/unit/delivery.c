/* What TCP knows of a direction: windows, acknowledgments, retransmissions, bytes under way. */
#include "net/delivery.h"

#include "unit.h"

enum { SENDER, RECEIVER, SIZE = 100 };

struct line {
	struct delivery deliveries[2];
	timestamp now;
	uint64_t packets;
	uint32_t base; /* added to all numbers of the sender */
};

static int begin_line(void **state)
{
	struct line *line = calloc(1, sizeof *line);
	if (!line)
		return -1;
	line->now = 1000 * TIMESTAMP_SECOND;
	*state = line;
	return 0;
}

static int end_line(void **state)
{
	free(*state);
	return 0;
}

#define ON_LINE(name) cmocka_unit_test_setup_teardown(name, begin_line, end_line)

static void pass(struct line *line, double seconds)
{
	line->now += (timestamp)(seconds * TIMESTAMP_SECOND);
}

static void take(struct line *line, int side, struct segment segment)
{
	static const uint8_t bytes[1500];
	segment.time = line->now;
	segment.packet = ++line->packets;
	segment.payload.at = bytes;
	delivery_note_segment(line->deliveries, side, &segment);
}

static void send_bytes(struct line *line, uint32_t begin, size_t size)
{
	take(line, SENDER,
	    (struct segment){.sequence = line->base + begin, .flags = TCP_ACK, .window = 500, .payload.len = size});
}

static void answer(struct line *line, uint32_t acknowledgment, uint16_t window)
{
	take(line, RECEIVER,
	    (struct segment){
	        .sequence = 1, .acknowledgment = line->base + acknowledgment, .flags = TCP_ACK, .window = window});
}

static const struct delivery *sent(const struct line *line)
{
	return &line->deliveries[SENDER];
}

/* ---- the window */

static void a_window_of_0_lasts_until_another_one(void **state)
{
	struct line *line = *state;
	answer(line, 0, 500);
	pass(line, 1);
	timestamp since = line->now;
	answer(line, 0, 0);
	pass(line, 10);
	answer(line, 0, 0);
	assert_int_equal(sent(line)->closed.since, since);
	assert_int_equal(sent(line)->closed.until, 0);
	assert_int_equal(sent(line)->closed.packet, 2);
	answer(line, 0, 400);
	assert_int_equal(sent(line)->closed.until, line->now);
	assert_int_equal(delivery_overlap(&sent(line)->closed, since + TIMESTAMP_SECOND, line->now + TIMESTAMP_SECOND),
	    9 * TIMESTAMP_SECOND);
}

static void a_window_that_opens_for_a_moment_goes_on_to_be_closed(void **state)
{
	struct line *line = *state;
	answer(line, 0, 500);
	timestamp since = line->now;
	answer(line, 0, 0);
	pass(line, 10);
	answer(line, 100, 1);
	pass(line, 0.5);
	answer(line, 200, 0);
	assert_int_equal(sent(line)->closed.since, since);
	assert_int_equal(sent(line)->closed.until, 0);
}

static void a_window_that_was_open_for_long_closes_anew(void **state)
{
	struct line *line = *state;
	answer(line, 0, 500);
	answer(line, 0, 0);
	answer(line, 100, 500);
	pass(line, 2);
	answer(line, 200, 0);
	assert_int_equal(sent(line)->closed.since, line->now);
}

static void a_receiver_that_never_shows_a_window_closes_none(void **state)
{
	struct line *line = *state;
	answer(line, 0, 0);
	answer(line, 100, 0);
	assert_int_equal(sent(line)->closed.since, 0);
}

static void an_old_segment_says_nothing_of_the_window(void **state)
{
	struct line *line = *state;
	answer(line, 100, 0);
	answer(line, 200, 500);
	answer(line, 100, 0);
	assert_int_equal(sent(line)->closed.since, 0);
}

static void a_resets_window_says_nothing(void **state)
{
	struct line *line = *state;
	answer(line, 0, 500);
	take(line, RECEIVER, (struct segment){.sequence = 1, .flags = TCP_RST | TCP_ACK});
	assert_int_equal(sent(line)->closed.since, 0);
}

/* ---- acknowledgments */

static void what_is_acknowledged_waits_for_nothing(void **state)
{
	struct line *line = *state;
	answer(line, 0, 500);
	send_bytes(line, 0, SIZE);
	assert_int_equal(sent(line)->waiting.span.since, line->now);
	pass(line, 0.1);
	answer(line, SIZE, 500);
	assert_int_equal(sent(line)->waiting.span.since, 0);
	assert_int_equal(sent(line)->lost.span.since, 0);
	assert_int_equal(sent(line)->largest, SIZE);
}

static void what_is_sent_again_is_counted(void **state)
{
	struct line *line = *state;
	answer(line, 0, 500);
	send_bytes(line, 0, SIZE);
	timestamp since = line->now;
	for (int i = 0; i < 3; i++) {
		pass(line, 1 + i);
		send_bytes(line, 0, SIZE);
	}
	assert_int_equal(sent(line)->waiting.span.since, since);
	assert_int_equal(sent(line)->waiting.resent, 3);
	assert_int_equal(sent(line)->waiting.size, SIZE);
	assert_false(sent(line)->waiting.heard);
}

static void only_the_first_byte_that_waits_is_sent_again(void **state)
{
	struct line *line = *state;
	answer(line, 0, 500);
	send_bytes(line, 0, SIZE);
	send_bytes(line, SIZE, SIZE);
	pass(line, 1);
	send_bytes(line, SIZE, SIZE);
	assert_int_equal(sent(line)->waiting.resent, 0);
}

static void a_copy_that_was_captured_twice_is_not_sent_again(void **state)
{
	struct line *line = *state;
	answer(line, 0, 500);
	for (int i = 0; i < 5; i++) {
		send_bytes(line, 0, SIZE);
		pass(line, 0.001);
	}
	assert_int_equal(sent(line)->waiting.resent, 0);
	assert_int_equal(sent(line)->bytes, SIZE);
}

static void a_retransmission_that_arrives_is_a_loss_that_is_over(void **state)
{
	struct line *line = *state;
	answer(line, 0, 500);
	send_bytes(line, 0, SIZE);
	timestamp since = line->now;
	pass(line, 1);
	send_bytes(line, 0, SIZE);
	pass(line, 1);
	answer(line, SIZE, 500);
	assert_int_equal(sent(line)->waiting.span.since, 0);
	assert_int_equal(sent(line)->lost.span.since, since);
	assert_int_equal(sent(line)->lost.span.until, line->now);
}

static void a_keep_alive_is_not_sent_again(void **state)
{
	struct line *line = *state;
	answer(line, 0, 500);
	send_bytes(line, 0, SIZE);
	answer(line, SIZE, 500);
	for (int i = 0; i < 3; i++) {
		pass(line, 10);
		send_bytes(line, SIZE - 1, i % 2);
	}
	assert_int_equal(sent(line)->waiting.resent, 0);
}

static void a_selective_acknowledgment_shows_that_later_bytes_came(void **state)
{
	struct line *line = *state;
	answer(line, 0, 500);
	send_bytes(line, 0, SIZE);
	send_bytes(line, SIZE, 3);
	pass(line, 0.1);
	take(line, RECEIVER, (struct segment){.sequence = 1, .flags = TCP_ACK, .window = 500, .selective = SIZE + 3});
	assert_true(sent(line)->waiting.is_overtaken);
	assert_true(sent(line)->waiting.heard);
}

static void where_no_acknowledgment_was_captured_nothing_waits(void **state)
{
	struct line *line = *state;
	for (int i = 0; i < 3; i++) {
		send_bytes(line, 0, SIZE);
		pass(line, 1);
	}
	assert_int_equal(sent(line)->waiting.span.since, 0);
}

static void sequence_numbers_wrap(void **state)
{
	struct line *line = *state;
	line->base = UINT32_MAX - 50;
	answer(line, 0, 500);
	send_bytes(line, 0, SIZE);
	answer(line, SIZE, 500);
	assert_int_equal(sent(line)->waiting.span.since, 0);
	assert_int_equal(sent(line)->bytes, SIZE);
}

static void a_number_far_away_changes_nothing(void **state)
{
	struct line *line = *state;
	answer(line, 0, 500);
	send_bytes(line, 0, SIZE);
	answer(line, 1U << 30, 0);
	send_bytes(line, 1U << 30, SIZE);
	assert_int_equal(sent(line)->closed.since, 0);
	assert_int_not_equal(sent(line)->waiting.span.since, 0);
	assert_int_equal(sent(line)->bytes, SIZE);
}

static void a_router_says_what_is_too_big_only_of_bytes_that_are_under_way(void **state)
{
	struct line *line = *state;
	struct icmp_error error = {.said = {.type = 3, .code = 4, .mtu = 1400, .by.version = 4}};
	answer(line, 0, 500);
	send_bytes(line, 0, SIZE);
	error.sequence = SIZE;
	delivery_note_too_big(&line->deliveries[SENDER], &error);
	assert_int_equal(sent(line)->waiting.too_big.mtu, 0);
	error.sequence = 0;
	delivery_note_too_big(&line->deliveries[SENDER], &error);
	assert_int_equal(sent(line)->waiting.too_big.mtu, 1400);
	answer(line, SIZE, 500);
	delivery_note_too_big(&line->deliveries[SENDER], &error);
	assert_int_equal(sent(line)->waiting.too_big.mtu, 0);
}

/* ---- bytes under way */

static void bytes_flow_until_a_pause(void **state)
{
	struct line *line = *state;
	timestamp since = line->now;
	for (uint32_t i = 0; i < 10; i++) {
		send_bytes(line, i * SIZE, SIZE);
		pass(line, 1);
	}
	assert_int_equal(sent(line)->flowing.since, since);
	assert_int_equal(sent(line)->flowing.until, since + 9 * TIMESTAMP_SECOND);
	pass(line, 2);
	send_bytes(line, 10 * SIZE, SIZE);
	assert_int_equal(sent(line)->flowing.since, line->now);
}

static void what_is_sent_again_does_not_flow(void **state)
{
	struct line *line = *state;
	answer(line, 0, 500);
	send_bytes(line, 0, SIZE);
	timestamp until = line->now;
	pass(line, 1);
	send_bytes(line, 0, SIZE);
	assert_int_equal(sent(line)->flowing.until, until);
}

/* ---- the option */

static void assert_selective(struct slice options, uint32_t expected)
{
	uint8_t bytes[60] = {0};
	struct segment segment;
	size_t header = 20 + (options.len + 3) / 4 * 4;
	network_write_32(bytes + 8, 1000);
	bytes[12] = (uint8_t)(header / 4 << 4);
	memcpy(bytes + 20, options.at, options.len);
	assert_true(tcp_read_segment(slice_of(bytes, header), 0, &segment));
	assert_int_equal(segment.selective, expected);
}

#define TIMESTAMPS     \
	"\1\1\x08\x0a" \
	"abcdefgh"

static void the_farthest_selective_block_counts(void **state)
{
	(void)state;
	assert_selective(SLICE(TIMESTAMPS "\1\1\5\x12\0\0\4\x4c\0\0\4\xb0\0\0\7\xd0\0\0\7\xd3"), 1003);
}

static void a_block_below_the_acknowledgment_is_a_copy(void **state)
{
	(void)state;
	assert_selective(SLICE("\5\x0a\0\0\3\x84\0\0\3\xe0"), 0);
}

static void an_option_that_is_no_option_ends_the_list(void **state)
{
	(void)state;
	assert_selective(SLICE("\5\0\0\0\4\x4c\0\0\4\xb0"), 0);
	assert_selective(SLICE("\5\x22\0\0\4\x4c\0\0\4\xb0"), 0);
	assert_selective(SLICE("\0\1\5\x0a\0\0\4\x4c\0\0\4\xb0"), 0);
	assert_selective(SLICE("\1\1\1\5"), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    ON_LINE(a_window_of_0_lasts_until_another_one),
	    ON_LINE(a_window_that_opens_for_a_moment_goes_on_to_be_closed),
	    ON_LINE(a_window_that_was_open_for_long_closes_anew),
	    ON_LINE(a_receiver_that_never_shows_a_window_closes_none),
	    ON_LINE(an_old_segment_says_nothing_of_the_window),
	    ON_LINE(a_resets_window_says_nothing),
	    ON_LINE(what_is_acknowledged_waits_for_nothing),
	    ON_LINE(what_is_sent_again_is_counted),
	    ON_LINE(only_the_first_byte_that_waits_is_sent_again),
	    ON_LINE(a_copy_that_was_captured_twice_is_not_sent_again),
	    ON_LINE(a_retransmission_that_arrives_is_a_loss_that_is_over),
	    ON_LINE(a_keep_alive_is_not_sent_again),
	    ON_LINE(a_selective_acknowledgment_shows_that_later_bytes_came),
	    ON_LINE(where_no_acknowledgment_was_captured_nothing_waits),
	    ON_LINE(sequence_numbers_wrap),
	    ON_LINE(a_number_far_away_changes_nothing),
	    ON_LINE(a_router_says_what_is_too_big_only_of_bytes_that_are_under_way),
	    ON_LINE(bytes_flow_until_a_pause),
	    ON_LINE(what_is_sent_again_does_not_flow),
	    cmocka_unit_test(the_farthest_selective_block_counts),
	    cmocka_unit_test(a_block_below_the_acknowledgment_is_a_copy),
	    cmocka_unit_test(an_option_that_is_no_option_ends_the_list),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
