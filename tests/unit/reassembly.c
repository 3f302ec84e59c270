/* TCP reassembly: segments in, the order of chunks out. */
#include "net/reassembly.h"

#include "base/memory.h"
#include "unit.h"

#include <stdio.h>

/* One connection, and what it told: "A:hello" bytes, "A-5" a gap of five bytes, "A-?" one of unknown length, "A." a
 * FIN, "A!" a RST, each followed by a space. Bytes of one side that follow each other are told as one. */
struct play {
	struct reassembly_limits limits;
	struct budget budget;
	size_t own; /* charged for the reassembly itself */
	struct reassembly *reassembly;
	uint32_t first[2]; /* sequence numbers of the first bytes */
	uint64_t packet;
	timestamp now;
	struct buffer given;
	int last;         /* side whose bytes were told last; -1: none */
	struct chunk gap; /* the last */
	struct chunk end; /* the last FIN or RST */
	struct chunk bytes;
};

static int begin_play(void **state)
{
	struct play *play = calloc(1, sizeof *play);
	if (!play)
		return -1;
	play->limits = reassembly_default_limits;
	play->budget.limit = 64 << 20;
	play->reassembly = reassembly_new(&play->limits, &play->budget);
	play->own = play->budget.used;
	play->first[SIDE_A] = 1000;
	play->first[SIDE_B] = 500000;
	play->last = -1;
	buffer_init(&play->given, BUFFER_NO_LIMIT, NULL);
	*state = play;
	return play->reassembly ? 0 : -1;
}

/* All that was held is given back. */
static int end_play(void **state)
{
	struct play *play = *state;
	reassembly_free(play->reassembly);
	size_t left = play->budget.used;
	buffer_free(&play->given);
	free(play);
	return left ? -1 : 0;
}

static void give_bytes(struct play *play, const struct chunk *chunk)
{
	if (play->last == (int)chunk->side)
		play->given.len--; /* the space */
	else
		buffer_append_format(&play->given, "%c:", "AB"[chunk->side]);
	buffer_append(&play->given, chunk->bytes);
	play->bytes = *chunk;
}

static void give_chunk(struct play *play, const struct chunk *chunk)
{
	char side = "AB"[chunk->side];
	if (chunk->kind == CHUNK_BYTES)
		give_bytes(play, chunk);
	else if (chunk->kind != CHUNK_GAP)
		buffer_append_format(&play->given, "%c%c", side, chunk->kind == CHUNK_FIN ? '.' : '!');
	else if (chunk->lost)
		buffer_append_format(&play->given, "%c-%llu", side, (unsigned long long)chunk->lost);
	else
		buffer_append_format(&play->given, "%c-?", side);
	buffer_append_byte(&play->given, ' ');
	play->last = chunk->kind == CHUNK_BYTES ? (int)chunk->side : -1;
	if (chunk->kind == CHUNK_GAP)
		play->gap = *chunk;
	else if (chunk->kind != CHUNK_BYTES)
		play->end = *chunk;
}

static void drain(struct play *play)
{
	struct chunk chunk;
	while (reassembly_next_chunk(play->reassembly, play->now, &chunk))
		give_chunk(play, &chunk);
}

/* A segment of which `missing` bytes at the end were not captured; `at` and `heard` count from a side's first byte. */
static struct segment make_segment(
    struct play *play, enum side side, int64_t at, int64_t heard, int flags, struct slice bytes, uint32_t missing)
{
	return (struct segment){
	    .sequence = (uint32_t)(play->first[side] + at),
	    .acknowledgment = flags & TCP_ACK ? (uint32_t)(play->first[side_other(side)] + heard) : 0,
	    .flags = (uint8_t)flags,
	    .payload = bytes,
	    .missing = missing,
	    .packet = play->packet,
	    .first_packet = play->packet,
	    .time = play->now,
	};
}

static void send_cut(
    struct play *play, enum side side, int64_t at, int64_t heard, int flags, struct slice bytes, uint32_t missing)
{
	play->packet++;
	play->now += TIMESTAMP_MILLISECOND;
	/* A copy that goes away at once: what is borrowed too long is seen by the sanitizer. */
	uint8_t *copy = malloc(bytes.len + 1);
	assert_non_null(copy);
	if (bytes.len)
		memcpy(copy, bytes.at, bytes.len);
	struct segment segment = make_segment(play, side, at, heard, flags, slice_of(copy, bytes.len), missing);
	reassembly_add_segment(play->reassembly, side, &segment);
	drain(play);
	free(copy);
}

static void send_flags(struct play *play, enum side side, int64_t at, int64_t heard, int flags)
{
	send_cut(play, side, at, heard, flags, slice_of(NULL, 0), 0);
}

static void a_sends(struct play *play, int64_t at, int64_t heard, const char *text)
{
	send_cut(play, SIDE_A, at, heard, TCP_ACK, slice_of_text(text), 0);
}

static void b_sends(struct play *play, int64_t at, int64_t heard, const char *text)
{
	send_cut(play, SIDE_B, at, heard, TCP_ACK, slice_of_text(text), 0);
}

static void shake_hands(struct play *play)
{
	send_flags(play, SIDE_A, -1, 0, TCP_SYN);
	send_flags(play, SIDE_B, -1, 0, TCP_SYN | TCP_ACK);
	send_flags(play, SIDE_A, 0, 0, TCP_ACK);
}

static void pass_time(struct play *play, timestamp time)
{
	play->now += time;
	drain(play);
}

static void end_capture(struct play *play)
{
	reassembly_end(play->reassembly);
	drain(play);
}

static void assert_given(struct play *play, const char *expected)
{
	buffer_append_byte(&play->given, 0);
	assert_string_equal((const char *)play->given.at, expected);
	buffer_clear(&play->given);
	play->last = -1;
}

/* ---- in order */

static void segments_in_order_pass_through(void **state)
{
	struct play *play = *state;
	shake_hands(play);
	a_sends(play, 0, 0, "GET");
	b_sends(play, 0, 3, "200");
	a_sends(play, 3, 3, "PUT");
	assert_given(play, "A:GET B:200 A:PUT ");
	assert_false(reassembly_waits(play->reassembly));
	assert_int_equal(play->budget.used, play->own);
}

static void bytes_that_need_not_wait_are_not_copied(void **state)
{
	struct play *play = *state;
	shake_hands(play);
	struct chunk chunk;
	struct segment segment = make_segment(play, SIDE_A, 0, 0, TCP_ACK, SLICE("hello"), 0);
	reassembly_add_segment(play->reassembly, SIDE_A, &segment);
	assert_true(reassembly_next_chunk(play->reassembly, play->now, &chunk));
	assert_ptr_equal(chunk.bytes.at, segment.payload.at);
	assert_false(reassembly_next_chunk(play->reassembly, play->now, &chunk));
}

static void data_on_a_syn_is_data(void **state)
{
	struct play *play = *state;
	send_cut(play, SIDE_A, -1, 0, TCP_SYN, SLICE("early"), 0);
	send_flags(play, SIDE_B, -1, 5, TCP_SYN | TCP_ACK);
	a_sends(play, 5, 0, "late");
	end_capture(play);
	assert_given(play, "A:earlylate ");
}

static void sequence_numbers_wrap_around(void **state)
{
	struct play *play = *state;
	play->first[SIDE_A] = UINT32_MAX - 2;
	play->first[SIDE_B] = UINT32_MAX;
	shake_hands(play);
	a_sends(play, 0, 0, "abcdef");
	b_sends(play, 0, 6, "123");
	a_sends(play, 9, 3, "jkl");
	a_sends(play, 6, 3, "ghi");
	b_sends(play, 3, 12, "456");
	assert_given(play, "A:abcdef B:123 A:ghijkl B:456 ");
}

static void a_syn_with_the_highest_sequence_number_is_followed_by_zero(void **state)
{
	struct play *play = *state;
	play->first[SIDE_A] = 0;
	shake_hands(play);
	a_sends(play, 0, 0, "zero");
	assert_given(play, "A:zero ");
}

/* ---- out of order */

static void a_segment_that_comes_early_waits_for_its_place(void **state)
{
	struct play *play = *state;
	shake_hands(play);
	a_sends(play, 3, 0, "def");
	assert_true(reassembly_waits(play->reassembly));
	assert_given(play, "");
	a_sends(play, 0, 0, "abc");
	assert_given(play, "A:abcdef ");
	assert_false(reassembly_waits(play->reassembly));
	assert_int_equal(reassembly_counts(play->reassembly).out_of_order, 1);
	assert_int_equal(play->budget.used, play->own);
}

static void bytes_that_waited_have_their_own_packet_and_the_time_at_which_they_were_in_order(void **state)
{
	struct play *play = *state;
	shake_hands(play);
	a_sends(play, 3, 0, "def");
	uint64_t packet = play->packet;
	a_sends(play, 0, 0, "abc");
	assert_int_equal(play->bytes.packet, packet);
	assert_int_equal(play->bytes.time, play->now);
}

static void bytes_that_waited_for_the_other_side_have_the_time_at_which_that_had_come(void **state)
{
	struct play *play = *state;
	shake_hands(play);
	b_sends(play, 0, 3, "200");
	a_sends(play, 0, 0, "GET");
	assert_int_equal(play->bytes.side, SIDE_B);
	assert_int_equal(play->bytes.time, play->now);
}

static void bytes_behind_what_never_came_keep_their_own_time(void **state)
{
	struct play *play = *state;
	shake_hands(play);
	a_sends(play, 3, 0, "def");
	timestamp time = play->now;
	b_sends(play, 0, 0, "meanwhile");
	pass_time(play, 10 * TIMESTAMP_SECOND);
	assert_given(play, "B:meanwhile A-3 A:def ");
	assert_int_equal(play->bytes.time, time);
}

static void bytes_captured_in_order_keep_their_time_even_where_the_clock_goes_back(void **state)
{
	struct play *play = *state;
	shake_hands(play);
	a_sends(play, 0, 0, "abc");
	play->now -= TIMESTAMP_SECOND;
	a_sends(play, 3, 0, "def");
	assert_int_equal(play->bytes.time, play->now);
}

static void segments_in_reverse_are_put_in_order(void **state)
{
	struct play *play = *state;
	shake_hands(play);
	for (int at = 9; at >= 0; at--)
		send_cut(play, SIDE_A, at, 0, TCP_ACK, slice_of(&"0123456789"[at], 1), 0);
	assert_given(play, "A:0123456789 ");
}

static void a_response_never_precedes_its_request(void **state)
{
	struct play *play = *state;
	shake_hands(play);
	b_sends(play, 0, 3, "200");
	assert_given(play, "");
	a_sends(play, 0, 0, "GET");
	assert_given(play, "A:GET B:200 ");
}

static void an_end_waits_for_what_it_acknowledges(void **state)
{
	struct play *play = *state;
	shake_hands(play);
	send_flags(play, SIDE_B, 0, 3, TCP_ACK | TCP_FIN);
	assert_given(play, "");
	a_sends(play, 0, 0, "GET");
	assert_given(play, "A:GET B. ");
	assert_int_equal(play->end.time, play->now);
}

static void a_handshake_in_disorder_loses_nothing(void **state)
{
	struct play *play = *state;
	a_sends(play, 0, 0, "abc");
	send_flags(play, SIDE_B, -1, 0, TCP_SYN | TCP_ACK);
	send_flags(play, SIDE_A, -1, 0, TCP_SYN);
	b_sends(play, 0, 3, "def");
	assert_given(play, "A:abc B:def ");
}

/* ---- seen before */

static void retransmitted_bytes_are_not_delivered_twice(void **state)
{
	struct play *play = *state;
	shake_hands(play);
	a_sends(play, 0, 0, "abc");
	a_sends(play, 0, 0, "abc");
	a_sends(play, 1, 0, "bcd");
	assert_given(play, "A:abcd ");
	assert_int_equal(reassembly_counts(play->reassembly).retransmitted, 2);
	assert_int_equal(reassembly_counts(play->reassembly).conflicts, 0);
}

static void of_held_bytes_that_overlap_the_first_captured_holds(void **state)
{
	struct play *play = *state;
	shake_hands(play);
	a_sends(play, 2, 0, "CD");
	a_sends(play, 1, 0, "bcde");
	assert_given(play, "");
	a_sends(play, 0, 0, "axyze");
	assert_given(play, "A:abCDe ");
	assert_int_equal(reassembly_counts(play->reassembly).conflicts, 2);
}

static void an_overlap_that_agrees_is_no_conflict(void **state)
{
	struct play *play = *state;
	shake_hands(play);
	a_sends(play, 4, 0, "ef");
	a_sends(play, 1, 0, "bc");
	a_sends(play, 2, 0, "cdefg");
	a_sends(play, 0, 0, "ab");
	assert_given(play, "A:abcdefg ");
	assert_int_equal(reassembly_counts(play->reassembly).conflicts, 0);
}

static void a_keep_alive_probe_delivers_nothing(void **state)
{
	struct play *play = *state;
	shake_hands(play);
	a_sends(play, 0, 0, "abc");
	send_cut(play, SIDE_A, 2, 0, TCP_ACK, SLICE("\0"), 0);
	send_flags(play, SIDE_A, 2, 0, TCP_ACK);
	a_sends(play, 3, 0, "def");
	assert_given(play, "A:abcdef ");
}

static void a_keep_alive_probe_before_the_first_byte_delivers_nothing(void **state)
{
	struct play *play = *state;
	shake_hands(play);
	send_cut(play, SIDE_B, -1, 0, TCP_ACK, SLICE("\0"), 0);
	send_flags(play, SIDE_B, -1, 0, TCP_ACK);
	b_sends(play, 0, 0, "abc");
	assert_given(play, "B:abc ");
}

static void a_zero_window_probe_delivers_its_byte_once(void **state)
{
	struct play *play = *state;
	shake_hands(play);
	a_sends(play, 0, 0, "abc");
	a_sends(play, 3, 0, "d");
	a_sends(play, 3, 0, "d");
	a_sends(play, 3, 0, "def");
	assert_given(play, "A:abcdef ");
}

static void bytes_on_a_late_syn_that_were_held_already_come_once(void **state)
{
	struct play *play = *state;
	send_cut(play, SIDE_A, 9, 0, 0, SLICE("jk"), 0);
	send_cut(play, SIDE_A, 0, 0, 0, SLICE("abcdef"), 0);
	send_cut(play, SIDE_A, -1, 0, TCP_SYN, SLICE("abcd"), 0);
	a_sends(play, 6, 0, "ghi");
	end_capture(play);
	assert_given(play, "A:abcdefghijk ");
}

static void a_copy_of_the_syn_changes_nothing(void **state)
{
	struct play *play = *state;
	shake_hands(play);
	a_sends(play, 0, 0, "abc");
	send_flags(play, SIDE_A, -1, 0, TCP_SYN);
	send_flags(play, SIDE_B, -1, 0, TCP_SYN | TCP_ACK);
	a_sends(play, 3, 0, "def");
	end_capture(play);
	assert_given(play, "A:abcdef ");
}

/* ---- ends */

static void a_fin_with_data_comes_after_its_data(void **state)
{
	struct play *play = *state;
	shake_hands(play);
	send_cut(play, SIDE_A, 0, 0, TCP_ACK | TCP_FIN, SLICE("bye"), 0);
	send_cut(play, SIDE_B, 0, 4, TCP_ACK | TCP_FIN, SLICE("too"), 0);
	send_flags(play, SIDE_A, 4, 4, TCP_ACK);
	assert_given(play, "A:bye A. B:too B. ");
	assert_false(reassembly_waits(play->reassembly));
}

static void without_the_answer_to_a_syn_the_first_acknowledgment_shows_where_bytes_begin(void **state)
{
	struct play *play = *state;
	send_flags(play, SIDE_A, -1, 0, TCP_SYN);
	send_flags(play, SIDE_A, 0, 0, TCP_ACK);
	a_sends(play, 0, 0, "ask");
	b_sends(play, 0, 3, "answer");
	assert_given(play, "A:ask B:answer ");
}

static void a_rst_with_data_comes_after_its_data(void **state)
{
	struct play *play = *state;
	shake_hands(play);
	send_cut(play, SIDE_A, 0, 0, TCP_ACK | TCP_RST, SLICE("bye"), 0);
	pass_time(play, play->limits.patience);
	assert_given(play, "A:bye A! ");
}

static void a_fin_that_comes_early_waits(void **state)
{
	struct play *play = *state;
	shake_hands(play);
	send_flags(play, SIDE_A, 6, 0, TCP_ACK | TCP_FIN);
	a_sends(play, 3, 0, "def");
	assert_given(play, "");
	a_sends(play, 0, 0, "abc");
	assert_given(play, "A:abcdef A. ");
	assert_int_equal(play->end.time, play->now);
}

static void a_rst_beyond_a_hole_waits(void **state)
{
	struct play *play = *state;
	shake_hands(play);
	send_flags(play, SIDE_A, 3, 0, TCP_RST);
	assert_given(play, "");
	a_sends(play, 0, 0, "abc");
	timestamp filled = play->now;
	pass_time(play, play->limits.patience);
	assert_given(play, "A:abc A! ");
	assert_int_equal(play->end.time, filled);
}

static void a_rst_below_the_window_is_ignored(void **state)
{
	struct play *play = *state;
	shake_hands(play);
	a_sends(play, 0, 0, "abcdef");
	send_flags(play, SIDE_B, 0, 6, TCP_ACK);
	send_flags(play, SIDE_A, 3, 0, TCP_RST);
	pass_time(play, play->limits.patience);
	a_sends(play, 6, 0, "ghi");
	assert_given(play, "A:abcdefghi ");
}

/* A closed socket answers what its peer sends with what that acknowledged. */
static void a_rst_at_the_peers_last_acknowledgment_counts(void **state)
{
	struct play *play = *state;
	shake_hands(play);
	a_sends(play, 0, 0, "abc");
	send_flags(play, SIDE_B, 0, 3, TCP_ACK);
	a_sends(play, 3, 0, "def");
	send_flags(play, SIDE_A, 3, 0, TCP_RST);
	pass_time(play, play->limits.patience);
	assert_given(play, "A:abcdef A! ");
}

static void a_rst_beyond_what_is_sent_afterwards_is_revoked(void **state)
{
	struct play *play = *state;
	shake_hands(play);
	send_flags(play, SIDE_A, 6, 0, TCP_RST);
	a_sends(play, 0, 0, "abc");
	pass_time(play, 500 * TIMESTAMP_MILLISECOND);
	a_sends(play, 3, 0, "def");
	a_sends(play, 6, 0, "ghi");
	end_capture(play);
	assert_given(play, "A:abcdefghi ");
}

static void a_rst_that_bytes_reach_beyond_is_revoked_at_once(void **state)
{
	struct play *play = *state;
	shake_hands(play);
	send_flags(play, SIDE_A, 3, 0, TCP_RST);
	a_sends(play, 0, 0, "abcdef");
	end_capture(play);
	assert_given(play, "A:abcdef ");
}

static void a_rst_is_given_when_its_sender_has_been_silent_for_long_enough(void **state)
{
	struct play *play = *state;
	shake_hands(play);
	a_sends(play, 0, 0, "abc");
	send_flags(play, SIDE_A, 3, 0, TCP_RST);
	timestamp sent = play->now;
	pass_time(play, play->limits.patience - 1);
	assert_given(play, "A:abc ");
	pass_time(play, 1);
	assert_given(play, "A! ");
	assert_int_equal(play->end.time, sent);
}

static void of_a_rst_that_is_sent_again_the_first_counts(void **state)
{
	struct play *play = *state;
	shake_hands(play);
	send_flags(play, SIDE_A, 0, 0, TCP_RST);
	timestamp sent = play->now;
	uint64_t packet = play->packet;
	pass_time(play, play->limits.patience / 2);
	send_flags(play, SIDE_A, 0, 0, TCP_RST);
	pass_time(play, play->limits.patience / 2);
	assert_given(play, "A! ");
	assert_int_equal(play->end.time, sent);
	assert_int_equal(play->end.packet, packet);
}

static void a_rst_is_given_when_many_segments_came_without_its_sender_going_on(void **state)
{
	struct play *play = *state;
	shake_hands(play);
	send_flags(play, SIDE_A, 0, 0, TCP_RST);
	for (unsigned i = 1; i < play->limits.patience_packets; i++)
		b_sends(play, i - 1, 0, "x");
	assert_given(play, "");
	b_sends(play, play->limits.patience_packets - 1, 0, "x");
	assert_memory_equal(play->given.at, "A! B:xxx", 8);
}

/* Somebody on the way, or an address that was used again. */
static void a_rst_in_its_place_whose_sender_goes_on_is_revoked(void **state)
{
	struct play *play = *state;
	shake_hands(play);
	a_sends(play, 0, 0, "abc");
	send_flags(play, SIDE_A, 3, 0, TCP_RST);
	a_sends(play, 3, 0, "def");
	end_capture(play);
	assert_given(play, "A:abcdef ");
	assert_int_equal(reassembly_counts(play->reassembly).disobeyed, 1);
}

static void a_rst_whose_sender_acknowledges_what_is_sent_to_it_afterwards_is_revoked(void **state)
{
	struct play *play = *state;
	shake_hands(play);
	send_flags(play, SIDE_A, 0, 0, TCP_RST);
	b_sends(play, 0, 0, "hello");
	assert_given(play, "");
	send_flags(play, SIDE_A, 0, 5, TCP_ACK);
	assert_given(play, "B:hello ");
	end_capture(play);
	assert_given(play, "");
}

static void an_acknowledgment_of_what_came_before_a_rst_revokes_nothing(void **state)
{
	struct play *play = *state;
	shake_hands(play);
	b_sends(play, 0, 0, "hello");
	send_flags(play, SIDE_A, 0, 0, TCP_RST);
	send_flags(play, SIDE_A, 0, 5, TCP_ACK);
	end_capture(play);
	assert_given(play, "B:hello A! ");
}

static void what_is_sent_to_the_sender_of_a_rst_comes_behind_it(void **state)
{
	struct play *play = *state;
	shake_hands(play);
	send_flags(play, SIDE_A, 0, 0, TCP_RST);
	b_sends(play, 0, 0, "hello");
	pass_time(play, play->limits.patience);
	assert_given(play, "A! B:hello ");
}

static void a_rst_of_both_sides_needs_no_patience(void **state)
{
	struct play *play = *state;
	shake_hands(play);
	send_flags(play, SIDE_A, 0, 0, TCP_RST);
	send_flags(play, SIDE_B, 0, 0, TCP_RST);
	assert_given(play, "A! B! ");
}

static void bytes_right_behind_a_rst_that_was_given_are_a_new_connections(void **state)
{
	struct play *play = *state;
	shake_hands(play);
	a_sends(play, 0, 0, "abc");
	send_flags(play, SIDE_A, 3, 0, TCP_RST);
	struct segment on = make_segment(play, SIDE_A, 3, 0, TCP_ACK, SLICE("def"), 0);
	struct segment again = make_segment(play, SIDE_A, 0, 0, TCP_ACK, SLICE("abc"), 0);
	assert_false(reassembly_is_new_connection(play->reassembly, SIDE_A, &on));
	pass_time(play, play->limits.patience);
	assert_true(reassembly_is_new_connection(play->reassembly, SIDE_A, &on));
	assert_false(reassembly_is_new_connection(play->reassembly, SIDE_A, &again));
}

/* Its sender may have nothing to say for long, and the peer may go on meanwhile. */
static void an_acknowledgment_of_what_was_sent_after_a_rst_that_was_given_is_a_new_connections(void **state)
{
	struct play *play = *state;
	shake_hands(play);
	b_sends(play, 0, 0, "abc");
	send_flags(play, SIDE_A, 0, 3, TCP_RST | TCP_ACK);
	pass_time(play, play->limits.patience);
	b_sends(play, 3, 0, "def");
	struct segment before = make_segment(play, SIDE_A, 0, 3, TCP_ACK, slice_of(NULL, 0), 0);
	struct segment behind = make_segment(play, SIDE_A, 0, 6, TCP_ACK, slice_of(NULL, 0), 0);
	struct segment again = make_segment(play, SIDE_A, 0, 6, TCP_ACK | TCP_RST, slice_of(NULL, 0), 0);
	assert_false(reassembly_is_new_connection(play->reassembly, SIDE_A, &before));
	assert_true(reassembly_is_new_connection(play->reassembly, SIDE_A, &behind));
	assert_false(reassembly_is_new_connection(play->reassembly, SIDE_A, &again));
}

static void a_rst_beyond_bytes_that_nobody_acknowledged_waits_for_the_end(void **state)
{
	struct play *play = *state;
	shake_hands(play);
	send_flags(play, SIDE_A, 3, 0, TCP_RST);
	pass_time(play, 60 * TIMESTAMP_SECOND);
	assert_given(play, "");
	end_capture(play);
	assert_given(play, "A-3 A! ");
}

static void a_rst_captured_before_its_fin_is_reported_behind_it(void **state)
{
	struct play *play = *state;
	shake_hands(play);
	send_flags(play, SIDE_A, 1, 0, TCP_RST);
	send_flags(play, SIDE_A, 0, 0, TCP_ACK | TCP_FIN);
	assert_given(play, "A. A! ");
	assert_int_equal(play->end.time, play->now);
}

static void a_syn_that_comes_late_is_none_of_a_new_connection(void **state)
{
	struct play *play = *state;
	a_sends(play, 0, 0, "ask");
	struct segment near = make_segment(play, SIDE_A, -1, 0, TCP_SYN, slice_of(NULL, 0), 0);
	struct segment far = make_segment(play, SIDE_A, -(2 << 20), 0, TCP_SYN, slice_of(NULL, 0), 0);
	struct segment beyond = make_segment(play, SIDE_A, 1, 0, TCP_SYN, slice_of(NULL, 0), 0);
	assert_false(reassembly_is_new_connection(play->reassembly, SIDE_A, &near));
	assert_true(reassembly_is_new_connection(play->reassembly, SIDE_A, &far));
	assert_true(reassembly_is_new_connection(play->reassembly, SIDE_A, &beyond));
}

/* The bytes behind a late SYN may not all have been captured. */
static void a_syn_may_come_late_and_some_bytes_before_those_that_came(void **state)
{
	struct play *play = *state;
	a_sends(play, 100, 0, "ask");
	struct segment near = make_segment(play, SIDE_A, -1, 0, TCP_SYN, slice_of(NULL, 0), 0);
	assert_false(reassembly_is_new_connection(play->reassembly, SIDE_A, &near));
}

static void a_syn_that_comes_late_delivers_nothing_twice(void **state)
{
	struct play *play = *state;
	send_flags(play, SIDE_B, -1, 0, TCP_SYN | TCP_ACK);
	a_sends(play, 0, 0, "ask");
	send_flags(play, SIDE_A, -1, 0, TCP_SYN);
	a_sends(play, 3, 0, "more");
	b_sends(play, 0, 7, "answer");
	end_capture(play);
	assert_given(play, "A:askmore B:answer ");
}

static void a_rst_of_a_refused_connection_is_reported(void **state)
{
	struct play *play = *state;
	send_flags(play, SIDE_A, -1, 0, TCP_SYN);
	send_flags(play, SIDE_B, -500000, 0, TCP_RST | TCP_ACK);
	assert_given(play, "B! ");
}

static void after_a_fin_nothing_more_of_its_side_is_delivered(void **state)
{
	struct play *play = *state;
	shake_hands(play);
	send_cut(play, SIDE_A, 0, 0, TCP_ACK | TCP_FIN, SLICE("bye"), 0);
	send_cut(play, SIDE_A, 0, 0, TCP_ACK | TCP_FIN, SLICE("bye"), 0);
	a_sends(play, 4, 0, "more");
	send_flags(play, SIDE_A, 8, 0, TCP_RST);
	end_capture(play);
	assert_given(play, "A:bye A. ");
}

static void a_rst_right_behind_a_fin_ends_the_other_direction_too(void **state)
{
	struct play *play = *state;
	shake_hands(play);
	send_flags(play, SIDE_A, 0, 0, TCP_ACK | TCP_FIN);
	b_sends(play, 0, 1, "bye");
	send_flags(play, SIDE_A, 1, 0, TCP_RST);
	send_flags(play, SIDE_A, 1, 0, TCP_RST);
	assert_given(play, "A. B:bye A! ");
}

static void a_rst_some_bytes_behind_a_fin_is_somebody_elses(void **state)
{
	struct play *play = *state;
	shake_hands(play);
	send_flags(play, SIDE_A, 0, 0, TCP_ACK | TCP_FIN);
	send_flags(play, SIDE_A, 50, 0, TCP_RST);
	b_sends(play, 0, 1, "goes on");
	end_capture(play);
	assert_given(play, "A. B:goes on ");
}

static void many_segments_far_below_what_came_mean_that_as_much_was_lost(void **state)
{
	struct play *play = *state;
	const int64_t far = -(100LL << 20);
	shake_hands(play);
	a_sends(play, 0, 0, "x");
	for (unsigned i = 1; i < play->limits.patience_packets; i++)
		a_sends(play, far, 0, "y");
	assert_given(play, "A:x ");
	a_sends(play, far, 0, "y");
	assert_given(play, "A-? A:y ");
}

static void after_a_rst_nothing_more_of_its_side_is_delivered(void **state)
{
	struct play *play = *state;
	shake_hands(play);
	send_flags(play, SIDE_A, 0, 0, TCP_RST);
	pass_time(play, play->limits.patience);
	a_sends(play, 0, 0, "more");
	send_flags(play, SIDE_A, 0, 0, TCP_RST);
	end_capture(play);
	assert_given(play, "A! ");
}

static void the_other_side_of_a_fin_goes_on(void **state)
{
	struct play *play = *state;
	shake_hands(play);
	send_flags(play, SIDE_A, 0, 0, TCP_ACK | TCP_FIN);
	b_sends(play, 0, 1, "rest");
	assert_given(play, "A. B:rest ");
}

static void an_end_shows_if_its_side_had_all(void **state)
{
	struct play *play = *state;
	shake_hands(play);
	a_sends(play, 0, 0, "abc");
	assert_false(reassembly_all_acknowledged_by(play->reassembly, SIDE_B));
	send_flags(play, SIDE_B, 0, 0, TCP_ACK | TCP_RST);
	end_capture(play);
	assert_true(play->end.unacknowledged);
	assert_true(reassembly_all_acknowledged_by(play->reassembly, SIDE_A));
}

static void an_end_after_the_acknowledgment_is_not_unacknowledged(void **state)
{
	struct play *play = *state;
	shake_hands(play);
	a_sends(play, 0, 0, "abc");
	send_flags(play, SIDE_B, 0, 3, TCP_ACK | TCP_RST);
	end_capture(play);
	assert_given(play, "A:abc B! ");
	assert_false(play->end.unacknowledged);
	assert_true(reassembly_all_acknowledged_by(play->reassembly, SIDE_B));
}

/* ---- loss */

static void a_hole_that_the_peer_acknowledged_is_given_up_after_some_time(void **state)
{
	struct play *play = *state;
	shake_hands(play);
	a_sends(play, 3, 0, "def");
	send_flags(play, SIDE_B, 0, 6, TCP_ACK);
	pass_time(play, 400 * TIMESTAMP_MILLISECOND);
	assert_given(play, "");
	pass_time(play, 100 * TIMESTAMP_MILLISECOND);
	assert_given(play, "A-3 A:def ");
	assert_int_equal(reassembly_counts(play->reassembly).gaps, 1);
	assert_int_equal(reassembly_counts(play->reassembly).lost, 3);
	assert_false(reassembly_waits(play->reassembly));
}

static void a_hole_that_the_peer_acknowledged_is_given_up_after_some_packets(void **state)
{
	struct play *play = *state;
	shake_hands(play);
	a_sends(play, 3, 0, "def");
	send_flags(play, SIDE_B, 0, 6, TCP_ACK);
	for (int count = 0; count < 31; count++)
		send_flags(play, SIDE_B, 0, 6, TCP_ACK);
	assert_given(play, "");
	send_flags(play, SIDE_B, 0, 6, TCP_ACK);
	assert_given(play, "A-3 A:def ");
}

static void a_hole_that_the_peer_did_not_acknowledge_is_waited_for_longer(void **state)
{
	struct play *play = *state;
	shake_hands(play);
	a_sends(play, 3, 0, "def");
	pass_time(play, 9 * TIMESTAMP_SECOND);
	assert_given(play, "");
	a_sends(play, 0, 0, "abc");
	assert_given(play, "A:abcdef ");
}

static void a_hole_that_nobody_fills_is_given_up_in_the_end(void **state)
{
	struct play *play = *state;
	shake_hands(play);
	a_sends(play, 3, 0, "def");
	pass_time(play, 11 * TIMESTAMP_SECOND);
	assert_given(play, "A-3 A:def ");
}

static void each_hole_is_one_gap_and_the_stream_goes_on(void **state)
{
	struct play *play = *state;
	shake_hands(play);
	a_sends(play, 2, 0, "c");
	a_sends(play, 4, 0, "e");
	send_flags(play, SIDE_B, 0, 5, TCP_ACK);
	pass_time(play, TIMESTAMP_SECOND);
	a_sends(play, 5, 0, "f");
	b_sends(play, 0, 6, "ok");
	assert_given(play, "A-2 A:c A-1 A:ef B:ok ");
}

/* Else a capture that loses more than one in `patience_packets` would fall ever further behind. */
static void holes_are_waited_for_together(void **state)
{
	struct play *play = *state;
	shake_hands(play);
	for (int at = 0; at < 100; at += 2) {
		a_sends(play, at + 1, 0, "x");
		send_flags(play, SIDE_B, 0, at + 2, TCP_ACK);
	}
	assert_int_equal(reassembly_counts(play->reassembly).gaps, (100 - 32) / 2);
}

static void holes_that_nobody_fills_are_given_up_together(void **state)
{
	struct play *play = *state;
	shake_hands(play);
	a_sends(play, 1, 0, "b");
	a_sends(play, 3, 0, "d");
	pass_time(play, 11 * TIMESTAMP_SECOND);
	assert_given(play, "A-1 A:b A-1 A:d ");
}

static void a_hole_acknowledged_late_is_waited_for_from_then_on(void **state)
{
	struct play *play = *state;
	shake_hands(play);
	for (int at = 3; at < 50; at++)
		a_sends(play, at, 0, "x");
	send_flags(play, SIDE_B, 0, 50, TCP_ACK);
	assert_given(play, "");
	a_sends(play, 0, 0, "abc");
	assert_given(play, "A:abcxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx ");
}

static void sides_that_wait_for_each_other_go_on(void **state)
{
	struct play *play = *state;
	shake_hands(play);
	a_sends(play, 0, 3, "abc");
	b_sends(play, 0, 3, "def");
	assert_given(play, "");
	pass_time(play, TIMESTAMP_SECOND);
	assert_given(play, "A:abc B:def ");
}

static void a_lost_tail_that_the_peer_acknowledged_is_a_gap(void **state)
{
	struct play *play = *state;
	shake_hands(play);
	b_sends(play, 0, 3, "200");
	assert_given(play, "");
	pass_time(play, TIMESTAMP_SECOND);
	assert_given(play, "A-3 B:200 ");
	assert_int_equal(play->gap.packet, play->packet);
}

static void a_gap_names_the_packet_that_showed_it(void **state)
{
	struct play *play = *state;
	shake_hands(play);
	send_flags(play, SIDE_B, 0, 3, TCP_ACK);
	uint64_t acknowledged = play->packet;
	pass_time(play, TIMESTAMP_SECOND);
	assert_given(play, "A-3 ");
	assert_int_equal(play->gap.packet, acknowledged);
	a_sends(play, 5, 0, "fgh");
	uint64_t beyond = play->packet;
	end_capture(play);
	assert_given(play, "A-2 A:fgh ");
	assert_int_equal(play->gap.packet, beyond);
}

static void a_late_segment_of_a_hole_given_up_is_not_delivered(void **state)
{
	struct play *play = *state;
	shake_hands(play);
	a_sends(play, 3, 0, "def");
	pass_time(play, 11 * TIMESTAMP_SECOND);
	a_sends(play, 0, 0, "abc");
	a_sends(play, 6, 0, "ghi");
	assert_given(play, "A-3 A:defghi ");
}

static void the_end_gives_every_hole_up(void **state)
{
	struct play *play = *state;
	shake_hands(play);
	a_sends(play, 3, 0, "def");
	send_flags(play, SIDE_A, 9, 0, TCP_ACK | TCP_FIN);
	b_sends(play, 2, 9, "yes");
	assert_given(play, "");
	end_capture(play);
	assert_given(play, "A-3 A:def A-3 A. B-2 B:yes ");
	assert_false(reassembly_waits(play->reassembly));
}

static void a_loss_of_hundreds_of_megabytes_is_recovered_from(void **state)
{
	struct play *play = *state;
	shake_hands(play);
	a_sends(play, 0, 0, "abc");
	int64_t far = 300 << 20;
	for (int count = 0; count < 40; count++)
		a_sends(play, far + count, 0, "x");
	end_capture(play);
	buffer_append_byte(&play->given, 0);
	assert_non_null(strstr((char *)play->given.at, "A:abc A-? A:xxxx"));
}

static void one_segment_of_an_absurd_sequence_number_is_nonsense(void **state)
{
	struct play *play = *state;
	shake_hands(play);
	a_sends(play, 300 << 20, 0, "forged");
	a_sends(play, 0, 0, "abc");
	end_capture(play);
	assert_given(play, "A:abc ");
}

/* ---- joined in mid-stream */

static void a_join_in_mid_stream_begins_with_a_gap_of_unknown_length(void **state)
{
	struct play *play = *state;
	a_sends(play, 70, 20, "tail");
	b_sends(play, 20, 74, "reply");
	pass_time(play, TIMESTAMP_SECOND);
	a_sends(play, 74, 25, "next");
	assert_given(play, "A-? A:tail B-? B:reply A:next ");
	assert_int_equal(reassembly_counts(play->reassembly).lost, 0);
}

static void a_side_first_heard_of_by_acknowledgment_begins_with_a_gap_too(void **state)
{
	struct play *play = *state;
	a_sends(play, 70, 20, "tail");
	pass_time(play, TIMESTAMP_SECOND);
	b_sends(play, 20, 74, "reply");
	assert_given(play, "A-? A:tail B-? B:reply ");
}

static void a_join_in_mid_stream_waits_for_what_was_shuffled(void **state)
{
	struct play *play = *state;
	a_sends(play, 73, 20, "def");
	a_sends(play, 70, 20, "abc");
	end_capture(play);
	assert_given(play, "A-? A:abcdef ");
}

static void a_connection_of_which_one_direction_was_captured_is_reported(void **state)
{
	struct play *play = *state;
	a_sends(play, 70, 20, "one");
	a_sends(play, 73, 25, "two");
	pass_time(play, TIMESTAMP_SECOND);
	a_sends(play, 76, 30, "three");
	pass_time(play, TIMESTAMP_SECOND);
	assert_false(reassembly_waits(play->reassembly));
	buffer_append_byte(&play->given, 0);
	assert_non_null(strstr((char *)play->given.at, "A-? A:one"));
	assert_non_null(strstr((char *)play->given.at, "two"));
	assert_non_null(strstr((char *)play->given.at, "three"));
}

static void a_lost_syn_is_no_gap_when_its_answer_was_captured(void **state)
{
	struct play *play = *state;
	send_flags(play, SIDE_B, -1, 0, TCP_SYN | TCP_ACK);
	a_sends(play, 0, 0, "abc");
	assert_given(play, "A:abc ");
}

/* ---- limits */

static void too_much_behind_a_hole_gives_it_up(void **state)
{
	struct play *play = *state;
	play->limits.queued_bytes = 10;
	shake_hands(play);
	a_sends(play, 3, 0, "0123456789");
	assert_given(play, "");
	a_sends(play, 13, 0, "x");
	assert_given(play, "A-3 A:0123456789x ");
	assert_int_equal(reassembly_counts(play->reassembly).overflows, 1);
}

static void what_waits_never_passes_the_limit(void **state)
{
	struct play *play = *state;
	play->limits.queued_bytes = 1000;
	char text[301];
	memset(text, 'x', 300);
	text[300] = '\0';
	shake_hands(play);
	for (int64_t at = 1; at < 20000; at += 301) {
		a_sends(play, at, 0, text);
		assert_in_range(play->budget.used - play->own, 0, 1000 + 4 * 128);
	}
}

static void what_waits_for_the_other_side_never_passes_the_limit(void **state)
{
	struct play *play = *state;
	play->limits.queued_bytes = 1000;
	play->limits.patience_packets = UINT32_MAX;
	play->limits.patience = 1000 * TIMESTAMP_SECOND;
	char text[301];
	memset(text, 'x', 300);
	text[300] = '\0';
	shake_hands(play);
	for (int64_t at = 0; at < 20000; at += 300) {
		a_sends(play, at, 50, text);
		assert_in_range(play->budget.used - play->own, 0, 1000 + 4 * 128);
	}
}

static void a_refused_allocation_is_a_gap(void **state)
{
	struct play *play = *state;
	play->budget.limit = 0;
	shake_hands(play);
	a_sends(play, 3, 0, "def");
	a_sends(play, 0, 0, "abc");
	send_flags(play, SIDE_B, 0, 6, TCP_ACK);
	end_capture(play);
	a_sends(play, 6, 0, "ghi");
	assert_given(play, "A:abc A-3 A:ghi ");
	assert_int_equal(play->budget.refused, 1);
}

/* ---- cut by the snap length */

static void bytes_cut_off_are_a_gap_at_once(void **state)
{
	struct play *play = *state;
	shake_hands(play);
	send_cut(play, SIDE_A, 0, 0, TCP_ACK, SLICE("abc"), 97);
	send_cut(play, SIDE_A, 100, 0, TCP_ACK | TCP_FIN, SLICE("def"), 7);
	assert_given(play, "A:abc A-97 A:def A-7 A. ");
	assert_int_equal(reassembly_counts(play->reassembly).lost, 104);
}

static void a_segment_with_no_captured_byte_is_a_gap(void **state)
{
	struct play *play = *state;
	shake_hands(play);
	send_cut(play, SIDE_A, 0, 0, TCP_ACK, slice_of(NULL, 0), 100);
	a_sends(play, 100, 0, "abc");
	assert_given(play, "A-100 A:abc ");
}

static void a_retransmitted_segment_that_was_cut_off_changes_nothing(void **state)
{
	struct play *play = *state;
	shake_hands(play);
	send_cut(play, SIDE_A, 0, 0, TCP_ACK, SLICE("abc"), 7);
	send_cut(play, SIDE_A, 10, 0, TCP_ACK, SLICE("def"), 7);
	send_cut(play, SIDE_A, 0, 0, TCP_ACK, SLICE("abc"), 7);
	send_cut(play, SIDE_A, 0, 0, TCP_ACK, SLICE("abc"), 12);
	a_sends(play, 20, 0, "ghi");
	assert_given(play, "A:abc A-7 A:def A-7 A:ghi ");
}

static void cut_off_copies_that_wait_are_given_up_once(void **state)
{
	struct play *play = *state;
	shake_hands(play);
	send_cut(play, SIDE_A, 0, 0, TCP_ACK, SLICE("abcdefghij"), 10);
	send_cut(play, SIDE_A, 0, 3, TCP_ACK, SLICE("abcdef"), 24);
	send_cut(play, SIDE_A, 0, 3, TCP_ACK, SLICE("abcd"), 36);
	b_sends(play, 0, 0, "klm");
	assert_given(play, "A:abcdefghij A-10 B:klm A-10 A-10 ");
}

static void bytes_cut_off_take_none_of_the_limit(void **state)
{
	struct play *play = *state;
	play->limits.queued_bytes = 100;
	shake_hands(play);
	send_cut(play, SIDE_A, 3, 0, TCP_ACK, SLICE("def"), 50000);
	a_sends(play, 50006, 0, "end");
	assert_given(play, "");
	a_sends(play, 0, 0, "abc");
	assert_given(play, "A:abcdef A-50000 A:end ");
}

/* ---- the next connection */

static bool is_new_connection(struct play *play, enum side side, int64_t at, int flags)
{
	struct segment segment = make_segment(play, side, at, 0, flags, slice_of(NULL, 0), 0);
	return reassembly_is_new_connection(play->reassembly, side, &segment);
}

static void a_syn_with_another_sequence_number_is_a_new_connection(void **state)
{
	struct play *play = *state;
	shake_hands(play);
	assert_true(is_new_connection(play, SIDE_A, 12345, TCP_SYN));
	assert_false(is_new_connection(play, SIDE_A, -1, TCP_SYN));
	assert_false(is_new_connection(play, SIDE_B, -1, TCP_SYN | TCP_ACK));
	assert_false(is_new_connection(play, SIDE_A, 12345, TCP_ACK));
}

static void a_syn_captured_late_is_no_new_connection(void **state)
{
	struct play *play = *state;
	a_sends(play, 0, 0, "abc");
	assert_false(is_new_connection(play, SIDE_A, -1, TCP_SYN));
	assert_true(is_new_connection(play, SIDE_A, 100, TCP_SYN));
}

static void any_syn_after_both_ends_closed_is_a_new_connection(void **state)
{
	struct play *play = *state;
	a_sends(play, 0, 0, "abc");
	send_flags(play, SIDE_A, 3, 0, TCP_ACK | TCP_FIN);
	send_flags(play, SIDE_B, 0, 4, TCP_ACK | TCP_FIN);
	end_capture(play);
	assert_true(is_new_connection(play, SIDE_A, -1, TCP_SYN));
}

/* ---- any order */

enum { STREAM_LEN = 4000, SHUFFLE = 16, PIECES = 2 * STREAM_LEN };

struct piece {
	uint32_t at, len;
};

static uint32_t draw(uint64_t *seed, uint32_t below)
{
	*seed = *seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
	return (uint32_t)(*seed >> 33) % below;
}

/* The whole stream in pieces, some sent again, some from before where the last ended. */
static size_t cut_stream(uint64_t *seed, struct piece *pieces)
{
	size_t count = 0;
	for (uint32_t end = 0; end < STREAM_LEN && count + 1 < PIECES;) {
		uint32_t back = draw(seed, 4) ? 0 : draw(seed, 1 + (end < 50 ? end : 50));
		uint32_t at = end - back, len = back + 1 + draw(seed, 40);
		len = len > STREAM_LEN - at ? STREAM_LEN - at : len;
		pieces[count++] = (struct piece){at, len};
		if (!draw(seed, 4))
			pieces[count++] = (struct piece){at, len};
		end = at + len;
	}
	return count;
}

/* Moves each piece by at most SHUFFLE places. */
static void shuffle_pieces(uint64_t *seed, struct piece *pieces, size_t count)
{
	for (size_t first = 0; first < count; first += SHUFFLE)
		for (size_t place = first; place < first + SHUFFLE && place < count; place++) {
			size_t rest = (count < first + SHUFFLE ? count : first + SHUFFLE) - place;
			size_t other = place + draw(seed, (uint32_t)rest);
			struct piece moved = pieces[place];
			pieces[place] = pieces[other];
			pieces[other] = moved;
		}
}

static void assert_stream_survives(struct play *play, uint64_t seed)
{
	static struct piece pieces[PIECES];
	char stream[STREAM_LEN + 1] = {0}, expected[STREAM_LEN + 4];
	for (size_t at = 0; at < STREAM_LEN; at++)
		stream[at] = (char)('a' + draw(&seed, 26));
	play->first[SIDE_A] = 0u - draw(&seed, 2 * STREAM_LEN);
	shake_hands(play);
	size_t count = cut_stream(&seed, pieces);
	shuffle_pieces(&seed, pieces, count);
	for (size_t index = 0; index < count; index++)
		send_cut(play, SIDE_A, pieces[index].at, 0, TCP_ACK,
		    slice_of(stream + pieces[index].at, pieces[index].len), 0);
	snprintf(expected, sizeof expected, "A:%s ", stream);
	assert_given(play, expected);
	assert_false(reassembly_waits(play->reassembly));
	assert_int_equal(reassembly_counts(play->reassembly).conflicts, 0);
	assert_int_equal(play->budget.used, play->own);
}

static void a_shuffled_stream_with_copies_and_overlaps_is_the_same_stream(void **state)
{
	(void)state;
	for (uint64_t seed = 1; seed <= 200; seed++) {
		void *play = NULL;
		if (begin_play(&play) != 0) {
			fail();
			return;
		}
		assert_stream_survives(play, seed);
		assert_int_equal(end_play(&play), 0);
	}
}

#define DEMAND(name) cmocka_unit_test_setup_teardown(name, begin_play, end_play)

/* NOLINTNEXTLINE(readability-function-size): a list */
int main(void)
{
	const struct CMUnitTest tests[] = {
	    DEMAND(segments_in_order_pass_through),
	    DEMAND(bytes_that_need_not_wait_are_not_copied),
	    DEMAND(data_on_a_syn_is_data),
	    DEMAND(sequence_numbers_wrap_around),
	    DEMAND(a_syn_with_the_highest_sequence_number_is_followed_by_zero),
	    DEMAND(a_segment_that_comes_early_waits_for_its_place),
	    DEMAND(bytes_that_waited_have_their_own_packet_and_the_time_at_which_they_were_in_order),
	    DEMAND(bytes_that_waited_for_the_other_side_have_the_time_at_which_that_had_come),
	    DEMAND(bytes_behind_what_never_came_keep_their_own_time),
	    DEMAND(bytes_captured_in_order_keep_their_time_even_where_the_clock_goes_back),
	    DEMAND(segments_in_reverse_are_put_in_order),
	    DEMAND(a_response_never_precedes_its_request),
	    DEMAND(an_end_waits_for_what_it_acknowledges),
	    DEMAND(a_handshake_in_disorder_loses_nothing),
	    DEMAND(retransmitted_bytes_are_not_delivered_twice),
	    DEMAND(of_held_bytes_that_overlap_the_first_captured_holds),
	    DEMAND(an_overlap_that_agrees_is_no_conflict),
	    DEMAND(a_keep_alive_probe_delivers_nothing),
	    DEMAND(a_keep_alive_probe_before_the_first_byte_delivers_nothing),
	    DEMAND(a_zero_window_probe_delivers_its_byte_once),
	    DEMAND(bytes_on_a_late_syn_that_were_held_already_come_once),
	    DEMAND(a_copy_of_the_syn_changes_nothing),
	    DEMAND(a_fin_with_data_comes_after_its_data),
	    DEMAND(without_the_answer_to_a_syn_the_first_acknowledgment_shows_where_bytes_begin),
	    DEMAND(a_rst_with_data_comes_after_its_data),
	    DEMAND(a_fin_that_comes_early_waits),
	    DEMAND(a_rst_beyond_a_hole_waits),
	    DEMAND(a_rst_below_the_window_is_ignored),
	    DEMAND(a_rst_at_the_peers_last_acknowledgment_counts),
	    DEMAND(a_rst_beyond_what_is_sent_afterwards_is_revoked),
	    DEMAND(a_rst_that_bytes_reach_beyond_is_revoked_at_once),
	    DEMAND(a_rst_is_given_when_its_sender_has_been_silent_for_long_enough),
	    DEMAND(of_a_rst_that_is_sent_again_the_first_counts),
	    DEMAND(a_rst_is_given_when_many_segments_came_without_its_sender_going_on),
	    DEMAND(a_rst_in_its_place_whose_sender_goes_on_is_revoked),
	    DEMAND(a_rst_whose_sender_acknowledges_what_is_sent_to_it_afterwards_is_revoked),
	    DEMAND(an_acknowledgment_of_what_came_before_a_rst_revokes_nothing),
	    DEMAND(what_is_sent_to_the_sender_of_a_rst_comes_behind_it),
	    DEMAND(a_rst_of_both_sides_needs_no_patience),
	    DEMAND(bytes_right_behind_a_rst_that_was_given_are_a_new_connections),
	    DEMAND(an_acknowledgment_of_what_was_sent_after_a_rst_that_was_given_is_a_new_connections),
	    DEMAND(a_rst_beyond_bytes_that_nobody_acknowledged_waits_for_the_end),
	    DEMAND(a_rst_captured_before_its_fin_is_reported_behind_it),
	    DEMAND(a_syn_that_comes_late_is_none_of_a_new_connection),
	    DEMAND(a_syn_may_come_late_and_some_bytes_before_those_that_came),
	    DEMAND(a_syn_that_comes_late_delivers_nothing_twice),
	    DEMAND(a_rst_of_a_refused_connection_is_reported),
	    DEMAND(after_a_fin_nothing_more_of_its_side_is_delivered),
	    DEMAND(a_rst_right_behind_a_fin_ends_the_other_direction_too),
	    DEMAND(a_rst_some_bytes_behind_a_fin_is_somebody_elses),
	    DEMAND(many_segments_far_below_what_came_mean_that_as_much_was_lost),
	    DEMAND(after_a_rst_nothing_more_of_its_side_is_delivered),
	    DEMAND(the_other_side_of_a_fin_goes_on),
	    DEMAND(an_end_shows_if_its_side_had_all),
	    DEMAND(an_end_after_the_acknowledgment_is_not_unacknowledged),
	    DEMAND(a_hole_that_the_peer_acknowledged_is_given_up_after_some_time),
	    DEMAND(a_hole_that_the_peer_acknowledged_is_given_up_after_some_packets),
	    DEMAND(a_hole_that_the_peer_did_not_acknowledge_is_waited_for_longer),
	    DEMAND(a_hole_that_nobody_fills_is_given_up_in_the_end),
	    DEMAND(each_hole_is_one_gap_and_the_stream_goes_on),
	    DEMAND(holes_are_waited_for_together),
	    DEMAND(holes_that_nobody_fills_are_given_up_together),
	    DEMAND(a_hole_acknowledged_late_is_waited_for_from_then_on),
	    DEMAND(sides_that_wait_for_each_other_go_on),
	    DEMAND(a_lost_tail_that_the_peer_acknowledged_is_a_gap),
	    DEMAND(a_gap_names_the_packet_that_showed_it),
	    DEMAND(a_late_segment_of_a_hole_given_up_is_not_delivered),
	    DEMAND(the_end_gives_every_hole_up),
	    DEMAND(a_loss_of_hundreds_of_megabytes_is_recovered_from),
	    DEMAND(one_segment_of_an_absurd_sequence_number_is_nonsense),
	    DEMAND(a_join_in_mid_stream_begins_with_a_gap_of_unknown_length),
	    DEMAND(a_side_first_heard_of_by_acknowledgment_begins_with_a_gap_too),
	    DEMAND(a_join_in_mid_stream_waits_for_what_was_shuffled),
	    DEMAND(a_connection_of_which_one_direction_was_captured_is_reported),
	    DEMAND(a_lost_syn_is_no_gap_when_its_answer_was_captured),
	    DEMAND(too_much_behind_a_hole_gives_it_up),
	    DEMAND(what_waits_never_passes_the_limit),
	    DEMAND(what_waits_for_the_other_side_never_passes_the_limit),
	    DEMAND(a_refused_allocation_is_a_gap),
	    DEMAND(bytes_cut_off_are_a_gap_at_once),
	    DEMAND(a_segment_with_no_captured_byte_is_a_gap),
	    DEMAND(a_retransmitted_segment_that_was_cut_off_changes_nothing),
	    DEMAND(cut_off_copies_that_wait_are_given_up_once),
	    DEMAND(bytes_cut_off_take_none_of_the_limit),
	    DEMAND(a_syn_with_another_sequence_number_is_a_new_connection),
	    DEMAND(a_syn_captured_late_is_no_new_connection),
	    DEMAND(any_syn_after_both_ends_closed_is_a_new_connection),
	    cmocka_unit_test(a_shuffled_stream_with_copies_and_overlaps_is_the_same_stream),
	};
	return cmocka_run_group_tests_name("reassembly", tests, NULL, NULL);
}
