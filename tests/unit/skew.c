/* How far clocks are apart: a wire of 2 ms each way, two inputs at its ends, and what else they may see. */
#include "source/skew.h"

#include "unit.h"

#include <math.h>
#include <string.h>

enum { CLIENT = 1, SERVER = 2, ROOM = 1 << 22 };

#define MS TIMESTAMP_MILLISECOND
#define BEGIN (INT64_C(1700000000) * TIMESTAMP_SECOND)

/* An IPv4 packet with a TCP segment that has timestamps. */
struct wire_packet {
	uint8_t source, destination;
	uint16_t source_port, destination_port, id;
	uint32_t sequence, acknowledgment, tsval, len;
	uint8_t flags;
};

static void put_16(uint8_t *at, uint32_t value)
{
	at[0] = (uint8_t)(value >> 8);
	at[1] = (uint8_t)value;
}

static void put_32(uint8_t *at, uint32_t value)
{
	put_16(at, value >> 16);
	put_16(at + 2, value);
}

enum { HEADERS = 52, ACK = TCP_ACK };

static void see(struct skew *skew, size_t input, const struct wire_packet *sent, timestamp time)
{
	uint8_t bytes[HEADERS + 8000] = {0x45};
	struct ip_packet ip;
	struct segment segment;
	put_16(bytes + 2, HEADERS + sent->len);
	put_16(bytes + 4, sent->id);
	bytes[8] = 64;
	bytes[9] = IP_PROTOCOL_TCP;
	bytes[12] = bytes[16] = 10;
	bytes[15] = sent->source;
	bytes[19] = sent->destination;
	put_16(bytes + 20, sent->source_port);
	put_16(bytes + 22, sent->destination_port);
	put_32(bytes + 24, sent->sequence);
	put_32(bytes + 28, sent->acknowledgment);
	bytes[32] = 8 << 4;
	bytes[33] = sent->flags;
	bytes[40] = bytes[41] = 1;
	bytes[42] = 8;
	bytes[43] = 10;
	put_32(bytes + 44, sent->tsval);
	struct slice network = slice_of(bytes, HEADERS + sent->len);
	assert_true(ip_read_packet(network, &ip));
	assert_true(tcp_read_segment(ip.payload, ip.missing, &segment));
	skew_take_segment(skew, input, &ip, &segment, time);
}

static struct wire_packet packet_of(unsigned nth, bool to_server)
{
	return (struct wire_packet){.source = to_server ? CLIENT : SERVER,
	    .destination = to_server ? SERVER : CLIENT,
	    .source_port = to_server ? 40000 : 80,
	    .destination_port = to_server ? 80 : 40000,
	    .id = (uint16_t)nth,
	    .sequence = (to_server ? 1000 : 90001000) + nth * 100,
	    .acknowledgment = (to_server ? 5000 : 70005000) + nth,
	    .tsval = nth,
	    .len = 100,
	    .flags = ACK};
}

/* How the second input's clock and the wire are. */
struct world {
	timestamp offset, there, back; /* the wire's shortest delays */
	double drift;
	unsigned count;
	bool one_way;
};

/* Delays vary, and reach their least now and then. */
static timestamp delay_of(timestamp least, unsigned nth)
{
	return least + (nth * 7919 % 13) * MS / 4;
}

static timestamp read_clock(const struct world *world, timestamp time)
{
	return time + world->offset + (timestamp)llround(world->drift * (double)(time - BEGIN));
}

/* Input 0 is at the client's end, input 1 at the server's. */
static void pass(struct skew *skew, const struct world *world, unsigned nth, bool to_server)
{
	struct wire_packet packet = packet_of(nth, to_server);
	timestamp sent = BEGIN + (timestamp)nth * 50 * MS + (to_server ? 0 : 20 * MS);
	timestamp arrives = sent + delay_of(to_server ? world->there : world->back, nth);
	see(skew, 0, &packet, to_server ? sent : arrives);
	see(skew, 1, &packet, read_clock(world, to_server ? arrives : sent));
}

static struct skew *pass_all(const struct world *world)
{
	struct skew *skew = skew_new(2, ROOM, NULL);
	assert_non_null(skew);
	for (unsigned nth = 0; nth < world->count; nth++) {
		pass(skew, world, nth, true);
		if (!world->one_way)
			pass(skew, world, nth, false);
	}
	return skew;
}

static struct skew_result solve(struct skew *skew, size_t input)
{
	struct skew_result results[SKEW_INPUTS];
	skew_solve(skew, results);
	skew_free(skew);
	return results[input];
}

static void assert_about(timestamp found, timestamp truth, timestamp off)
{
	if (found < truth - off || found > truth + off)
		fail_msg("%lld, not %lld", (long long)found, (long long)truth);
}

static const struct world symmetric = {.offset = -37500000, .there = 2 * MS, .back = 2 * MS, .count = 400};

static void a_symmetric_wire_gives_the_offset(void **state)
{
	(void)state;
	struct skew_result found = solve(pass_all(&symmetric), 1);
	assert_int_equal(found.state, SKEW_KNOWN);
	assert_about(found.line.offset, symmetric.offset, 2000);
	assert_about(found.bound, 2 * MS, 2000);
	assert_true(found.line.drift == 0);
	assert_int_equal(found.matches, 800);
}

static void the_truth_is_within_the_bound_of_an_asymmetric_wire(void **state)
{
	(void)state;
	struct world world = symmetric;
	world.back = 6 * MS;
	struct skew_result found = solve(pass_all(&world), 1);
	assert_about(found.bound, 4 * MS, 2000);
	assert_about(found.line.offset, world.offset - 2 * MS, 2000);
}

static void drift_of_either_sign_is_found(void **state)
{
	(void)state;
	for (int sign = -1; sign < 2; sign += 2) {
		struct world world = symmetric;
		world.drift = sign * 50e-6;
		struct skew_result found = solve(pass_all(&world), 1);
		assert_int_equal(found.state, SKEW_KNOWN);
		assert_about((timestamp)(found.line.drift * 1e9), sign * 50000, 1500);
		assert_about(found.line.offset, world.offset, 20000);
		timestamp late = BEGIN + 19 * TIMESTAMP_SECOND;
		assert_about(clock_line_correct(&found.line, read_clock(&world, late)), late, 20000);
	}
}

static void few_matches_show_no_drift(void **state)
{
	(void)state;
	struct skew *skew = skew_new(2, ROOM, NULL);
	for (unsigned nth = 0; nth < 8; nth++) {
		struct wire_packet there = packet_of(nth, true), back = packet_of(nth, false);
		timestamp time = BEGIN + (timestamp)nth * 50 * MS;
		see(skew, 0, &there, time);
		see(skew, 1, &there, time + 2 * MS + nth * MS / 50);
		see(skew, 1, &back, time + 10 * MS);
		see(skew, 0, &back, time + 12 * MS + (7 - nth) * MS / 50);
	}
	struct skew_result found = solve(skew, 1);
	assert_int_equal(found.state, SKEW_KNOWN);
	assert_true(found.line.drift == 0);
}

static void few_matches_that_fit_no_offset_without_a_drift_show_one(void **state)
{
	(void)state;
	struct skew *skew = skew_new(2, ROOM, NULL);
	const struct world world = {.there = MS, .back = MS, .drift = 100e-6};
	for (unsigned nth = 0; nth < 20; nth++)
		for (unsigned burst = 0; burst < 2; burst++)
			pass(skew, &world, 3000 * nth + burst * 13, burst);
	struct skew_result found = solve(skew, 1);
	assert_int_equal(found.state, SKEW_KNOWN);
	assert_about((timestamp)(found.line.drift * 1e9), 100000, 1000);
}

static void of_inputs_in_the_other_order_the_offset_has_the_other_sign(void **state)
{
	(void)state;
	struct skew *skew = skew_new(2, ROOM, NULL);
	for (unsigned nth = 0; nth < 200; nth++) {
		struct wire_packet there = packet_of(nth, true), back = packet_of(nth, false);
		timestamp time = BEGIN + (timestamp)nth * 50 * MS;
		see(skew, 0, &there, time + 2 * MS + 5 * TIMESTAMP_SECOND);
		see(skew, 1, &there, time);
		see(skew, 0, &back, time + 10 * MS + 5 * TIMESTAMP_SECOND);
		see(skew, 1, &back, time + 12 * MS);
	}
	struct skew_result found = solve(skew, 1);
	assert_about(found.line.offset, -5 * TIMESTAMP_SECOND, 2000);
}

static void the_delays_of_each_way_are_measured(void **state)
{
	(void)state;
	struct skew_result found = solve(pass_all(&symmetric), 1);
	assert_about(found.ways[0].least, 2 * MS, 2000);
	assert_about(found.ways[1].least, 2 * MS, 2000);
	assert_about(found.ways[0].most, 5 * MS, 2000);
	assert_int_equal(found.ways[0].lost, 0);
}

static void what_the_farther_input_did_not_see_is_counted_as_lost(void **state)
{
	(void)state;
	struct skew *skew = pass_all(&symmetric);
	for (unsigned nth = 100; nth < 107; nth++) {
		struct wire_packet packet = packet_of(nth + 5000, true);
		see(skew, 0, &packet, BEGIN + nth * 50 * MS + 7 * MS);
	}
	struct skew_result found = solve(skew, 1);
	assert_int_equal(found.ways[0].lost, 7);
	assert_int_equal(found.ways[1].lost, 0);
}

static void what_was_sent_twice_is_no_match(void **state)
{
	(void)state;
	struct skew *skew = pass_all(&symmetric);
	/* The server's input does not have the first of them: by the second it would have arrived before it was sent.
	 */
	struct wire_packet packet = packet_of(9000, false);
	see(skew, 0, &packet, BEGIN + 100 * MS);
	see(skew, 0, &packet, BEGIN + 400 * MS);
	see(skew, 1, &packet, read_clock(&symmetric, BEGIN + 390 * MS));
	assert_int_equal(solve(skew, 1).state, SKEW_KNOWN);
}

static void copies_on_several_interfaces_of_a_host_count_once(void **state)
{
	(void)state;
	struct skew *skew = pass_all(&symmetric);
	for (unsigned nth = 0; nth < symmetric.count; nth++) {
		struct wire_packet packet = packet_of(nth, true);
		see(skew, 0, &packet, BEGIN + (timestamp)nth * 50 * MS + 20000);
	}
	struct skew_result found = solve(skew, 1);
	assert_about(found.line.offset, symmetric.offset, 2000);
	assert_int_equal(found.matches, 800);
}

static void segments_that_fit_no_offset_leave_it_open(void **state)
{
	(void)state;
	struct skew *skew = pass_all(&symmetric);
	struct wire_packet forged = packet_of(9000, true);
	see(skew, 0, &forged, BEGIN + 10 * TIMESTAMP_SECOND);
	see(skew, 1, &forged, BEGIN + 9 * TIMESTAMP_SECOND);
	assert_int_equal(solve(skew, 1).state, SKEW_CONTRADICTED);
}

static void a_clock_that_is_set_meanwhile_fits_no_offset(void **state)
{
	(void)state;
	struct world later = symmetric;
	later.offset += TIMESTAMP_SECOND;
	struct skew *skew = skew_new(2, ROOM, NULL);
	for (unsigned nth = 0; nth < 400; nth++) {
		pass(skew, nth < 200 ? &symmetric : &later, nth, true);
		pass(skew, nth < 200 ? &symmetric : &later, nth, false);
	}
	assert_int_equal(solve(skew, 1).state, SKEW_CONTRADICTED);
}

static void inputs_that_saw_nothing_alike_claim_nothing(void **state)
{
	(void)state;
	struct skew *skew = skew_new(2, ROOM, NULL);
	for (unsigned nth = 0; nth < 200; nth++) {
		struct wire_packet a = packet_of(nth, nth % 2), b = packet_of(nth + 500, nth % 2);
		see(skew, 0, &a, BEGIN + nth * 50 * MS);
		see(skew, 1, &b, BEGIN + nth * 50 * MS);
	}
	assert_int_equal(solve(skew, 1).state, SKEW_UNKNOWN);
}

/* The server's segments alone at the server, and at the client both: the acknowledgments bound the clocks. */
static void one_direction_is_compared_with_what_it_answers(void **state)
{
	(void)state;
	struct skew *skew = skew_new(2, ROOM, NULL);
	for (unsigned nth = 0; nth < 50; nth++) {
		struct wire_packet there = packet_of(nth, true), back = packet_of(nth, false);
		timestamp time = BEGIN + (timestamp)nth * 50 * MS;
		back.acknowledgment = there.sequence + there.len;
		see(skew, 0, &there, time);
		see(skew, 1, &back, time + 3 * MS + TIMESTAMP_SECOND);
		see(skew, 0, &back, time + 5 * MS + nth % 3 * 100000);
		struct wire_packet last = packet_of(nth + 1000, true);
		last.len = 0;
		last.acknowledgment = back.sequence + back.len;
		see(skew, 0, &last, time + 6 * MS);
	}
	struct skew_result found = solve(skew, 1);
	assert_int_equal(found.state, SKEW_KNOWN);
	assert_about(found.line.offset, TIMESTAMP_SECOND, 2000);
	assert_about(found.bound, 3 * MS, 2000);
	assert_int_equal(found.ways[0].median, TIMESTAMP_NONE);
}

static void of_several_acknowledgments_of_a_byte_the_first_holds(void **state)
{
	(void)state;
	struct skew *skew = skew_new(2, ROOM, NULL);
	for (unsigned nth = 0; nth < 10; nth++) {
		struct wire_packet there = packet_of(nth, true), back = packet_of(nth, false);
		timestamp time = BEGIN + (timestamp)nth * 50 * MS;
		see(skew, 0, &there, time);
		for (unsigned again = 0; again < 3; again++) {
			back.len = again ? 0 : 100;
			back.id = (uint16_t)(500 + again);
			back.acknowledgment = there.sequence + there.len;
			see(skew, 1, &back, time + 3 * MS + again * 10 * MS);
		}
		struct wire_packet last = packet_of(nth + 1000, true);
		last.len = 0;
		last.acknowledgment = back.sequence + 100;
		see(skew, 0, &last, time + 6 * MS);
	}
	struct skew_result found = solve(skew, 1);
	assert_int_equal(found.state, SKEW_KNOWN);
	assert_about(found.bound, 3 * MS, 2000);
}

static void few_equal_differences_are_no_copies(void **state)
{
	(void)state;
	struct skew *skew = skew_new(2, ROOM, NULL);
	for (unsigned nth = 0; nth < 5; nth++) {
		struct wire_packet packet = packet_of(nth, true);
		see(skew, 0, &packet, BEGIN + nth * 7 * MS);
		see(skew, 1, &packet, BEGIN + nth * 7 * MS + 300 * MS);
	}
	assert_int_equal(solve(skew, 1).state, SKEW_UNKNOWN);
}

static void one_direction_that_answers_nothing_claims_nothing(void **state)
{
	(void)state;
	struct world world = symmetric;
	world.one_way = true;
	assert_int_equal(solve(pass_all(&world), 1).state, SKEW_UNKNOWN);
}

static void the_same_capture_twice_has_one_clock(void **state)
{
	(void)state;
	struct skew *skew = skew_new(2, ROOM, NULL);
	for (unsigned nth = 0; nth < 200; nth++)
		for (size_t input = 0; input < 2; input++) {
			struct wire_packet packet = packet_of(nth, nth % 3);
			see(skew, input, &packet, BEGIN + nth * 7 * MS + (timestamp)input * 500);
		}
	struct skew_result found = solve(skew, 1);
	assert_int_equal(found.state, SKEW_KNOWN);
	assert_about(found.line.offset, 500, 1000);
	assert_true(found.bound <= 1000);
}

static void address_translation_does_not_hide_segments(void **state)
{
	(void)state;
	struct skew *skew = skew_new(2, ROOM, NULL);
	for (unsigned nth = 0; nth < 200; nth++) {
		struct wire_packet there = packet_of(nth, true), back = packet_of(nth, false);
		timestamp time = BEGIN + (timestamp)nth * 50 * MS;
		see(skew, 0, &there, time);
		see(skew, 0, &back, time + 12 * MS);
		there.source = back.destination = 77;
		there.source_port = back.destination_port = 50123;
		there.destination = back.source = 78;
		see(skew, 1, &there, time + 2 * MS + TIMESTAMP_SECOND);
		see(skew, 1, &back, time + 10 * MS + TIMESTAMP_SECOND);
	}
	struct skew_result found = solve(skew, 1);
	assert_int_equal(found.state, SKEW_KNOWN);
	assert_about(found.line.offset, TIMESTAMP_SECOND, 2000);
}

static void two_segments_of_equal_numbers_elsewhere_are_chance(void **state)
{
	(void)state;
	struct skew *skew = skew_new(2, ROOM, NULL);
	for (unsigned nth = 0; nth < 3; nth++) {
		struct wire_packet there = packet_of(nth, true), back = packet_of(nth, false);
		timestamp time = BEGIN + (timestamp)nth * 50 * MS;
		see(skew, 0, &there, time);
		see(skew, 0, &back, time + 12 * MS);
		there.source = back.destination = 77;
		see(skew, 1, &there, time + 2 * MS);
		see(skew, 1, &back, time + 10 * MS);
	}
	assert_int_equal(solve(skew, 1).state, SKEW_UNKNOWN);
}

/* The sender's kernel hands a block to its interface, where it is captured; on the other side pieces come. */
static void offloaded_segments_match_by_the_bytes_they_begin_and_end_with(void **state)
{
	(void)state;
	struct skew *skew = skew_new(2, ROOM, NULL);
	for (unsigned nth = 0; nth < 200; nth++) {
		struct wire_packet there = packet_of(nth, true), back = packet_of(nth, false);
		timestamp time = BEGIN + (timestamp)nth * 50 * MS;
		there.sequence = 1000 + nth * 3000;
		back.sequence = 1000 + nth * 3000;
		for (unsigned piece = 0; piece < 3; piece++) {
			struct wire_packet split = there, joined = back;
			split.len = joined.len = 1000;
			split.sequence += piece * 1000;
			joined.sequence += piece * 1000;
			see(skew, 1, &split, time + 2 * MS + piece * 10000 + TIMESTAMP_SECOND);
			see(skew, 0, &joined, time + 12 * MS + piece * 10000);
		}
		there.len = back.len = 3000;
		there.id = back.id = 0;
		see(skew, 0, &there, time);
		see(skew, 1, &back, time + 10 * MS + TIMESTAMP_SECOND);
	}
	struct skew_result found = solve(skew, 1);
	assert_int_equal(found.state, SKEW_KNOWN);
	assert_about(found.line.offset, TIMESTAMP_SECOND, 2000);
}

static void a_third_input_is_known_by_the_second(void **state)
{
	(void)state;
	struct skew *skew = skew_new(3, ROOM, NULL);
	for (unsigned nth = 0; nth < 200; nth++)
		for (unsigned hop = 0; hop < 2; hop++) {
			struct wire_packet there = packet_of(nth, true), back = packet_of(nth, false);
			timestamp time = BEGIN + (timestamp)nth * 50 * MS + hop * 3 * MS;
			there.tsval = back.tsval = 70000 * (hop + 1) + nth;
			there.source_port = back.destination_port = (uint16_t)(40000 + hop);
			see(skew, hop, &there, time + hop * TIMESTAMP_SECOND);
			see(skew, hop + 1, &there, time + 2 * MS + (hop + 1) * TIMESTAMP_SECOND);
			see(skew, hop + 1, &back, time + 10 * MS + (hop + 1) * TIMESTAMP_SECOND);
			see(skew, hop, &back, time + 12 * MS + hop * TIMESTAMP_SECOND);
		}
	struct skew_result results[SKEW_INPUTS];
	skew_solve(skew, results);
	skew_free(skew);
	assert_about(results[1].line.offset, TIMESTAMP_SECOND, 2000);
	assert_about(results[2].line.offset, 2 * TIMESTAMP_SECOND, 4000);
	assert_int_equal(results[2].peer, 1);
	assert_about(results[2].bound, 4 * MS, 4000);
}

static void events_of_one_session_do_where_no_segment_does(void **state)
{
	(void)state;
	struct skew *skew = skew_new(2, ROOM, NULL);
	for (unsigned nth = 0; nth < 50; nth++) {
		timestamp time = BEGIN + (timestamp)nth * 100 * MS;
		skew_take_event(skew, 0, 7, true, nth, time);
		skew_take_event(skew, 1, 7, true, nth, time + 3 * MS + TIMESTAMP_SECOND);
		skew_take_event(skew, 1, 7, false, nth, time + 20 * MS + TIMESTAMP_SECOND);
		skew_take_event(skew, 0, 7, false, nth, time + 23 * MS);
	}
	struct skew_result found = solve(skew, 1);
	assert_int_equal(found.state, SKEW_KNOWN);
	assert_true(found.by_events);
	assert_about(found.line.offset, TIMESTAMP_SECOND, 2000);
	assert_about(found.bound, 3 * MS, 2000);
}

static void little_memory_compares_fewer_segments_of_both_inputs(void **state)
{
	(void)state;
	struct world world = symmetric;
	struct skew *skew = skew_new(2, 200000, NULL);
	for (unsigned nth = 0; nth < 20000; nth++) {
		pass(skew, &world, nth, true);
		pass(skew, &world, nth, false);
	}
	assert_true(skew_is_sampled(skew));
	struct skew_result found = solve(skew, 1);
	assert_int_equal(found.state, SKEW_KNOWN);
	assert_true(found.matches > 100 && found.matches < 8000);
	assert_about(found.line.offset, world.offset, 300000);
}

static void the_budget_is_kept_and_given_back(void **state)
{
	(void)state;
	struct budget budget = {.limit = 200000};
	struct skew *skew = skew_new(2, ROOM, &budget);
	assert_non_null(skew);
	for (unsigned nth = 0; nth < 20000; nth++) {
		pass(skew, &symmetric, nth, true);
		pass(skew, &symmetric, nth, false);
	}
	assert_true(budget.used <= budget.limit + budget.limit / 4);
	(void)solve(skew, 1);
	assert_int_equal(budget.used, 0);
}

static void resets_match_nothing(void **state)
{
	(void)state;
	struct skew *skew = pass_all(&symmetric);
	struct wire_packet reset = packet_of(0, true);
	reset.flags = TCP_RST;
	reset.sequence = reset.acknowledgment = reset.len = reset.tsval = 0;
	see(skew, 0, &reset, BEGIN + 10 * TIMESTAMP_SECOND);
	see(skew, 1, &reset, BEGIN);
	assert_int_equal(solve(skew, 1).state, SKEW_KNOWN);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_symmetric_wire_gives_the_offset),
	    cmocka_unit_test(the_truth_is_within_the_bound_of_an_asymmetric_wire),
	    cmocka_unit_test(drift_of_either_sign_is_found),
	    cmocka_unit_test(few_matches_show_no_drift),
	    cmocka_unit_test(few_matches_that_fit_no_offset_without_a_drift_show_one),
	    cmocka_unit_test(of_inputs_in_the_other_order_the_offset_has_the_other_sign),
	    cmocka_unit_test(the_delays_of_each_way_are_measured),
	    cmocka_unit_test(what_the_farther_input_did_not_see_is_counted_as_lost),
	    cmocka_unit_test(what_was_sent_twice_is_no_match),
	    cmocka_unit_test(copies_on_several_interfaces_of_a_host_count_once),
	    cmocka_unit_test(segments_that_fit_no_offset_leave_it_open),
	    cmocka_unit_test(a_clock_that_is_set_meanwhile_fits_no_offset),
	    cmocka_unit_test(inputs_that_saw_nothing_alike_claim_nothing),
	    cmocka_unit_test(one_direction_is_compared_with_what_it_answers),
	    cmocka_unit_test(of_several_acknowledgments_of_a_byte_the_first_holds),
	    cmocka_unit_test(few_equal_differences_are_no_copies),
	    cmocka_unit_test(one_direction_that_answers_nothing_claims_nothing),
	    cmocka_unit_test(the_same_capture_twice_has_one_clock),
	    cmocka_unit_test(address_translation_does_not_hide_segments),
	    cmocka_unit_test(two_segments_of_equal_numbers_elsewhere_are_chance),
	    cmocka_unit_test(offloaded_segments_match_by_the_bytes_they_begin_and_end_with),
	    cmocka_unit_test(a_third_input_is_known_by_the_second),
	    cmocka_unit_test(events_of_one_session_do_where_no_segment_does),
	    cmocka_unit_test(little_memory_compares_fewer_segments_of_both_inputs),
	    cmocka_unit_test(the_budget_is_kept_and_given_back),
	    cmocka_unit_test(resets_match_nothing),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
