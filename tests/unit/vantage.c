/* Which of several captures a connection is read from. Each capture is a list of segments with the times of its own
 * clock. */
#include "net/vantage.h"

#include "unit.h"

#include <string.h>

enum { CLIENT_PORT = 40000, SERVER_PORT = 80, MOST = 100 };

#define MS TIMESTAMP_MILLISECOND

struct place {
	struct vantage *vantage;
	size_t input;
	timestamp clock, to_server; /* ahead; from here to the server */
	bool is_noted;              /* the segments are asked for, not noted */
	unsigned copies;
};

static void see(struct place *place, bool by_client, uint8_t flags, uint32_t sequence, uint32_t acknowledgment,
    uint32_t len, timestamp at_server)
{
	static const uint8_t bytes[4000];
	struct ip_packet ip = {.source.version = 4, .destination.version = 4};
	ip.source.bytes[3] = by_client ? 1 : 2;
	ip.destination.bytes[3] = by_client ? 2 : 1;
	struct segment segment = {.source_port = by_client ? CLIENT_PORT : SERVER_PORT,
	    .destination_port = by_client ? SERVER_PORT : CLIENT_PORT,
	    .sequence = sequence,
	    .acknowledgment = acknowledgment,
	    .flags = flags,
	    .payload = slice_of(bytes, len),
	    .time = at_server + place->clock + (by_client ? -place->to_server : place->to_server)};
	if (!place->is_noted)
		vantage_note(place->vantage, place->input, &ip, &segment);
	else
		place->copies += vantage_is_copy(place->vantage, place->input, &ip, &segment);
}

enum part { BEGINNING = 1, BY_CLIENT = 2, BY_SERVER = 4, LATER = 8, ALL = 15 };

/* A request and its answer, and a second one later, of a connection whose numbers begin at `initial`. */
static void converse(struct place *place, uint32_t initial, timestamp time, unsigned parts)
{
	bool client = parts & BY_CLIENT, server = parts & BY_SERVER;
	if ((parts & BEGINNING) && client)
		see(place, true, TCP_SYN, initial, 0, 0, time);
	if ((parts & BEGINNING) && server)
		see(place, false, TCP_SYN | TCP_ACK, 900, initial + 1, 0, time);
	if ((parts & BEGINNING) && client)
		see(place, true, TCP_ACK, initial + 1, 901, 500, time + 100 * MS);
	if ((parts & BEGINNING) && server)
		see(place, false, TCP_ACK, 901, initial + 501, 500, time + 101 * MS);
	if ((parts & LATER) && client)
		see(place, true, TCP_ACK, initial + 501, 1401, 500, time + 200 * MS);
	if ((parts & LATER) && server)
		see(place, false, TCP_ACK, 1401, initial + 1001, 500, time + 201 * MS);
}

/* Each place saw these parts of two connections; what of them is passed over then, in each place? */
struct sight {
	unsigned parts[2][2]; /* by place, of the first and of the second connection */
	enum vantage_point point;
	size_t input;
	timestamp clock; /* of the second place, and by how much it is put right */
};

static timestamp correct(const void *self, size_t input, timestamp time)
{
	return time - (input ? ((const struct sight *)self)->clock : 0);
}

static const struct vantage_counts *compare(struct vantage *vantage, const struct sight *sight, unsigned copies[2])
{
	static const timestamp begins[2] = {0, 30 * TIMESTAMP_SECOND};
	for (int asked = 0; asked < 2; asked++) {
		for (size_t input = 0; input < 2; input++) {
			struct place place = {.vantage = vantage,
			    .input = input,
			    .clock = input && !asked ? sight->clock : 0,
			    .to_server = input ? 1 * MS : 20 * MS,
			    .is_noted = asked};
			for (int nth = 0; nth < 2; nth++)
				converse(&place, 1000 + 100000 * (uint32_t)nth, begins[nth], sight->parts[input][nth]);
			copies[input] = place.copies;
		}
		const struct vantage_clock clock = {sight, correct};
		if (!asked)
			vantage_settle(vantage, clock, sight->point, sight->input);
	}
	return vantage_counts(vantage);
}

static void assert_passes_over(struct sight sight, unsigned first, unsigned second, uint64_t shared)
{
	unsigned copies[2];
	struct vantage *vantage = vantage_new(MOST, NULL);
	assert_non_null(vantage);
	assert_int_equal(compare(vantage, &sight, copies)->shared, shared);
	assert_int_equal(copies[0], first);
	assert_int_equal(copies[1], second);
	vantage_free(vantage);
}

static void the_capture_nearer_to_the_server_is_read(void **state)
{
	(void)state;
	assert_passes_over((struct sight){.parts = {{ALL}, {ALL}}}, 6, 0, 1);
}

static void its_clock_does_not_matter(void **state)
{
	(void)state;
	assert_passes_over((struct sight){.parts = {{ALL}, {ALL}}, .clock = -60 * TIMESTAMP_SECOND}, 6, 0, 1);
	assert_passes_over((struct sight){.parts = {{ALL}, {ALL}}, .clock = 86400 * TIMESTAMP_SECOND}, 6, 0, 1);
}

static void the_one_nearer_to_the_client_can_be_chosen(void **state)
{
	(void)state;
	assert_passes_over((struct sight){.parts = {{ALL}, {ALL}}, .point = VANTAGE_CLIENT}, 0, 6, 1);
}

static void a_given_one_can_be_chosen(void **state)
{
	(void)state;
	assert_passes_over((struct sight){.parts = {{ALL}, {ALL}}, .point = VANTAGE_INPUT, .input = 0}, 0, 6, 1);
	assert_passes_over((struct sight){.parts = {{ALL}, {ALL}}, .point = VANTAGE_INPUT, .input = 1}, 6, 0, 1);
}

static void a_connection_that_one_capture_has_is_read_from_it(void **state)
{
	(void)state;
	assert_passes_over((struct sight){.parts = {{ALL, ALL}, {ALL}}}, 6, 0, 1);
	assert_passes_over((struct sight){.parts = {{ALL}, {0, ALL}}}, 0, 0, 0);
}

static void one_that_begins_in_mid_stream_is_not_read_where_another_is_whole(void **state)
{
	(void)state;
	assert_passes_over((struct sight){.parts = {{ALL}, {ALL & ~BEGINNING}}}, 0, 2, 1);
}

static void one_direction_is_not_read_where_another_capture_has_both(void **state)
{
	(void)state;
	assert_passes_over((struct sight){.parts = {{ALL}, {ALL & ~BY_CLIENT}}}, 0, 3, 1);
}

static void two_captures_of_one_direction_each_are_both_read(void **state)
{
	(void)state;
	assert_passes_over((struct sight){.parts = {{ALL & ~BY_SERVER}, {ALL & ~BY_CLIENT}}}, 0, 0, 0);
}

static void parts_of_one_capture_are_both_read(void **state)
{
	(void)state;
	assert_passes_over((struct sight){.parts = {{ALL & ~LATER}, {ALL & ~BEGINNING}}}, 0, 0, 0);
}

static void what_follows_the_end_of_the_one_that_is_read_is_read_too(void **state)
{
	(void)state;
	struct vantage *vantage = vantage_new(MOST, NULL);
	assert_non_null(vantage);
	struct place far = {.vantage = vantage, .input = 0, .to_server = 20 * MS};
	struct place near = {.vantage = vantage, .input = 1, .to_server = 1 * MS};
	for (int asked = 0; asked < 2; asked++) {
		converse(&far, 1000, 0, ALL);
		see(&far, false, TCP_ACK | TCP_FIN, 1901, 2001, 0, 500 * MS);
		converse(&near, 1000, 0, ALL);
		if (!asked)
			vantage_settle(
			    vantage, (struct vantage_clock){&(struct sight){.clock = 0}, correct}, VANTAGE_SERVER, 0);
		far.is_noted = near.is_noted = true;
	}
	assert_int_equal(near.copies, 0);
	assert_int_equal(far.copies, 6);
	vantage_free(vantage);
}

static void a_later_connection_on_the_same_ports_is_another_one(void **state)
{
	(void)state;
	assert_passes_over((struct sight){.parts = {{ALL, ALL}, {ALL, ALL}}}, 12, 0, 2);
	assert_passes_over((struct sight){.parts = {{ALL, ALL}, {0, ALL}}}, 6, 0, 1);
}

static void a_retransmission_does_not_make_the_server_seem_near(void **state)
{
	(void)state;
	struct vantage *vantage = vantage_new(MOST, NULL);
	assert_non_null(vantage);
	struct place far = {.vantage = vantage, .input = 0, .to_server = 20 * MS};
	struct place near = {.vantage = vantage, .input = 1, .to_server = 1 * MS};
	converse(&far, 1000, 0, ALL);
	converse(&near, 1000, 0, ALL);
	see(&far, true, TCP_ACK, 2001, 1901, 500, 400 * MS);
	see(&near, true, TCP_ACK, 2001, 1901, 500, 400 * MS);
	see(&far, true, TCP_ACK, 2001, 1901, 500, 440 * MS - MS / 100);
	see(&far, false, TCP_ACK, 1901, 2501, 0, 400 * MS);
	see(&near, false, TCP_ACK, 1901, 2501, 0, 401 * MS);
	vantage_settle(vantage, (struct vantage_clock){&(struct sight){.clock = 0}, correct}, VANTAGE_SERVER, 0);
	assert_int_equal(vantage_counts(vantage)->chosen[1], 1);
	vantage_free(vantage);
}

static void without_room_both_copies_are_taken(void **state)
{
	(void)state;
	struct vantage *vantage = vantage_new(1, NULL);
	unsigned copies[2];
	assert_non_null(vantage);
	const struct vantage_counts *counts = compare(vantage, &(struct sight){.parts = {{ALL}, {ALL}}}, copies);
	assert_int_equal(counts->shared, 0);
	assert_int_equal(counts->left_out, 6);
	assert_int_equal(copies[0] + copies[1], 0);
	vantage_free(vantage);
}

static void the_budget_is_given_back(void **state)
{
	(void)state;
	struct budget budget = {.limit = 1 << 20};
	struct vantage *vantage = vantage_new(MOST, &budget);
	unsigned copies[2];
	assert_non_null(vantage);
	compare(vantage, &(struct sight){.parts = {{ALL, ALL}, {ALL, ALL}}}, copies);
	vantage_free(vantage);
	assert_int_equal(budget.used, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(the_capture_nearer_to_the_server_is_read),
	    cmocka_unit_test(its_clock_does_not_matter),
	    cmocka_unit_test(the_one_nearer_to_the_client_can_be_chosen),
	    cmocka_unit_test(a_given_one_can_be_chosen),
	    cmocka_unit_test(a_connection_that_one_capture_has_is_read_from_it),
	    cmocka_unit_test(one_that_begins_in_mid_stream_is_not_read_where_another_is_whole),
	    cmocka_unit_test(one_direction_is_not_read_where_another_capture_has_both),
	    cmocka_unit_test(two_captures_of_one_direction_each_are_both_read),
	    cmocka_unit_test(parts_of_one_capture_are_both_read),
	    cmocka_unit_test(what_follows_the_end_of_the_one_that_is_read_is_read_too),
	    cmocka_unit_test(a_later_connection_on_the_same_ports_is_another_one),
	    cmocka_unit_test(a_retransmission_does_not_make_the_server_seem_near),
	    cmocka_unit_test(without_room_both_copies_are_taken),
	    cmocka_unit_test(the_budget_is_given_back),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
