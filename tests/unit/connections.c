/* The connection table: which connection makes room for others, and when. */
#include "net/headers.h"
#include "net/net.h"
#include "unit.h"

enum { PORTS = 80 };

/* The table, and a sink that notes what it is given. A connection is named by its client's port. */
struct room {
	struct limits limits;
	struct budget budget;
	struct ledger ledger;
	struct resources resources;
	struct stream_sink sink;
	struct net *net;
	uint64_t packets;
	struct stream *streams[PORTS]; /* by port; NULL: not there */
	uint16_t gone[PORTS];          /* ports, in order of their closing */
	enum stream_end ends[PORTS];
	size_t opened, closed;
	timestamp now;
	uint32_t acknowledges; /* what the next segments do */
};

static uint16_t room_port(const struct stream *stream)
{
	return stream->ends[SIDE_A].port < PORTS ? stream->ends[SIDE_A].port : stream->ends[SIDE_B].port;
}

static bool room_opened(void *self, struct stream *stream)
{
	struct room *room = self;
	room->streams[room_port(stream)] = stream;
	room->opened++;
	return true;
}

static void room_chunk(void *self, struct stream *stream, const struct chunk *chunk)
{
	(void)self;
	(void)stream;
	(void)chunk;
}

static void room_abandoned(void *self, struct stream *stream, timestamp time)
{
	(void)self;
	(void)stream;
	(void)time;
}

static void room_closed(void *self, struct stream *stream, enum stream_end end, timestamp time)
{
	struct room *room = self;
	(void)time;
	assert_true(room->closed < PORTS);
	room->gone[room->closed] = room_port(stream);
	room->ends[room->closed++] = end;
	room->streams[room_port(stream)] = NULL;
}

static void room_attempted(void *self, const struct attempt *attempt)
{
	(void)self;
	(void)attempt;
}

static int begin_room(void **state)
{
	struct room *room = calloc(1, sizeof *room);
	if (!room)
		return -1;
	room->limits = limits_default();
	room->limits.connections = 3;
	room->budget.limit = 1 << 20;
	room->resources = (struct resources){&room->limits, &room->budget, &room->ledger};
	room->sink = (struct stream_sink){.self = room,
	    .attempted = room_attempted,
	    .opened = room_opened,
	    .chunk = room_chunk,
	    .abandoned = room_abandoned,
	    .closed = room_closed};
	room->net = net_new(&room->resources, &room->sink);
	room->now = 1000 * TIMESTAMP_SECOND;
	*state = room;
	return room->net ? 0 : -1;
}

static int end_room(void **state)
{
	struct room *room = *state;
	net_free(room->net);
	free(room);
	return 0;
}

#define IN_ROOM(name) cmocka_unit_test_setup_teardown(name, begin_room, end_room)

static uint8_t *put_16(uint8_t *at, unsigned number)
{
	at[0] = (uint8_t)(number >> 8);
	at[1] = (uint8_t)number;
	return at + 2;
}

/* A segment between a client's port and the server, as a packet of raw IPv4, a second after the one before. */
static void send_segment(
    struct room *room, uint16_t port, bool from_client, uint32_t sequence, int flags, const char *text)
{
	enum { RAW_IP = 12, HEADERS = 40 };
	uint8_t bytes[HEADERS + 16] = {[0] = 0x45, [8] = 64, [9] = 6, [12] = 10, [16] = 10, [32] = 0x50};
	size_t len = strlen(text);
	assert_true(len <= sizeof bytes - HEADERS);
	put_16(bytes + 2, (unsigned)(HEADERS + len));
	bytes[15] = from_client ? 1 : 2;
	bytes[19] = from_client ? 2 : 1;
	uint8_t *at = put_16(put_16(bytes + 20, from_client ? port : 8000), from_client ? 8000 : port);
	put_16(put_16(at, sequence >> 16), sequence & 0xffff);
	put_16(put_16(bytes + 28, room->acknowledges >> 16), room->acknowledges & 0xffff);
	bytes[33] = (uint8_t)flags;
	memcpy(bytes + HEADERS, text, len);
	room->now += TIMESTAMP_SECOND;
	const struct packet packet = {.time = room->now,
	    .number = ++room->packets,
	    .link_type = RAW_IP,
	    .wire_len = (uint32_t)(HEADERS + len),
	    .bytes = slice_of(bytes, HEADERS + len)};
	net_count_packet(room->net, &packet);
	net_take_packet(room->net, &packet);
}

static void open_connection(struct room *room, uint16_t port)
{
	send_segment(room, port, true, 99, TCP_SYN, "");
	send_segment(room, port, true, 100, TCP_ACK, "hello");
	assert_non_null(room->streams[port]);
}

static void open_wanted(struct room *room, uint16_t port)
{
	open_connection(room, port);
	room->streams[port]->wanted = true;
}

static void assert_gone(const struct room *room, uint16_t port)
{
	assert_int_equal(room->closed, 1);
	assert_int_equal(room->gone[0], port);
	assert_int_equal(room->ends[0], STREAM_END_EVICTED);
}

/* ---- a full table */

static void of_those_that_are_wanted_the_one_longest_without_traffic_goes(void **state)
{
	struct room *room = *state;
	for (uint16_t port = 1; port <= 3; port++)
		open_wanted(room, port);
	send_segment(room, 1, true, 105, TCP_ACK, "again");
	open_connection(room, 4);
	assert_gone(room, 2);
	assert_int_equal(room->ledger.entries[ledger_limit(LIMIT_CONNECTIONS)].items, 1);
}

static void one_that_the_sink_does_not_want_goes_before_an_older_one_that_it_wants(void **state)
{
	struct room *room = *state;
	open_wanted(room, 1);
	open_wanted(room, 2);
	open_connection(room, 3);
	open_connection(room, 4);
	assert_gone(room, 3);
}

static void of_those_that_are_not_wanted_the_oldest_goes(void **state)
{
	struct room *room = *state;
	open_wanted(room, 1);
	open_connection(room, 2);
	open_connection(room, 3);
	open_connection(room, 4);
	assert_gone(room, 2);
}

static void one_that_is_over_goes_before_all_that_live(void **state)
{
	struct room *room = *state;
	open_connection(room, 1);
	open_connection(room, 2);
	open_wanted(room, 3);
	send_segment(room, 3, true, 105, TCP_RST, "");
	open_connection(room, 4);
	assert_gone(room, 3);
}

static void one_that_was_reset_behind_its_fin_goes_before_all_that_live(void **state)
{
	struct room *room = *state;
	open_connection(room, 1);
	open_connection(room, 2);
	open_wanted(room, 3);
	send_segment(room, 3, true, 105, TCP_FIN, "");
	send_segment(room, 3, true, 106, TCP_RST, "");
	room->now -= TIMESTAMP_SECOND + 1; /* the next one comes within the second after which it would be over */
	send_segment(room, 4, true, 99, TCP_SYN, "");
	assert_gone(room, 3);
}

static void one_that_is_over_is_not_given_up(void **state)
{
	struct room *room = *state;
	open_connection(room, 1);
	open_connection(room, 2);
	open_connection(room, 3);
	send_segment(room, 3, true, 105, TCP_RST, "");
	open_connection(room, 4);
	assert_int_equal(room->closed, 1);
	assert_int_equal(room->ledger.entries[ledger_limit(LIMIT_CONNECTIONS)].items, 0);
}

static void one_that_is_not_wanted_is_looked_for_among_the_oldest_alone(void **state)
{
	struct room *room = *state;
	enum { MANY = 66 };
	room->limits.connections = MANY;
	for (uint16_t port = 1; port < MANY; port++)
		open_wanted(room, port);
	open_connection(room, MANY);
	open_connection(room, MANY + 1);
	assert_gone(room, 1);
}

/* ---- little memory */

static void while_there_is_memory_a_quiet_one_stays(void **state)
{
	struct room *room = *state;
	size_t much = room->budget.limit / 2;
	assert_true(budget_take(&room->budget, much));
	open_connection(room, 1);
	room->now += 61 * TIMESTAMP_SECOND;
	open_connection(room, 2);
	budget_give(&room->budget, much);
	assert_int_equal(room->closed, 0);
}

static void when_memory_is_short_a_quiet_one_goes_wanted_or_not(void **state)
{
	struct room *room = *state;
	open_wanted(room, 1);
	size_t much = room->budget.limit / 4 * 3;
	assert_true(budget_take(&room->budget, much));
	room->now += 61 * TIMESTAMP_SECOND;
	open_connection(room, 2);
	budget_give(&room->budget, much);
	assert_int_equal(room->closed, 1);
	assert_int_equal(room->gone[0], 1);
	assert_int_equal(room->ends[0], STREAM_END_GONE);
}

static void when_memory_is_short_one_that_spoke_within_a_minute_stays(void **state)
{
	struct room *room = *state;
	open_connection(room, 1);
	size_t much = room->budget.limit / 4 * 3;
	assert_true(budget_take(&room->budget, much));
	room->now += 58 * TIMESTAMP_SECOND;
	send_segment(room, 2, true, 99, TCP_SYN, "");
	budget_give(&room->budget, much);
	assert_int_equal(room->closed, 0);
}

static void when_there_is_hardly_any_memory_a_new_one_takes_the_place_of_the_one_longest_without_traffic(void **state)
{
	struct room *room = *state;
	open_connection(room, 1);
	size_t much = room->budget.limit - room->budget.limit / 8;
	assert_true(budget_take(&room->budget, much));
	open_connection(room, 2);
	budget_give(&room->budget, much);
	assert_int_equal(room->closed, 1);
	assert_int_equal(room->gone[0], 1);
	assert_int_equal(room->ends[0], STREAM_END_EVICTED);
}

/* ---- what is no connection */

static void a_bare_acknowledgment_of_none_that_is_known_adds_none(void **state)
{
	struct room *room = *state;
	send_segment(room, 1, true, 100, TCP_ACK, "");
	send_segment(room, 1, true, 100, TCP_FIN | TCP_ACK, "");
	send_segment(room, 1, true, 100, TCP_RST, "");
	assert_int_equal(room->opened, 0);
	send_segment(room, 1, true, 100, TCP_ACK, "x");
	assert_int_equal(room->opened, 1);
}

static void a_late_copy_of_one_that_is_over_is_none_of_a_new_one(void **state)
{
	struct room *room = *state;
	open_connection(room, 1);
	send_segment(room, 1, true, 105, TCP_RST, "");
	room->now += 50 * TIMESTAMP_SECOND;
	send_segment(room, 1, true, 100, TCP_ACK, "hello");
	assert_int_equal(room->opened, 1);
	room->now += 120 * TIMESTAMP_SECOND;
	send_segment(room, 1, true, 100, TCP_ACK, "hello");
	assert_int_equal(room->opened, 2);
}

static void bytes_without_an_acknowledgment_are_nobodys(void **state)
{
	struct room *room = *state;
	send_segment(room, 1, true, 100, 0, "hello");
	assert_int_equal(room->opened, 0);
	open_connection(room, 1);
	send_segment(room, 1, true, 105, 0, "forged");
	assert_int_equal(room->ledger.entries[LEDGER_STRAY].bytes, strlen("hello") + strlen("forged"));
}

/* ---- the same addresses and ports once more */

static void a_syn_alone_ends_none_that_is_under_way(void **state)
{
	struct room *room = *state;
	open_connection(room, 1);
	send_segment(room, 1, true, 4999, TCP_SYN, "");
	send_segment(room, 1, true, 105, TCP_ACK, "again");
	assert_int_equal(room->closed, 0);
	assert_int_equal(room->opened, 1);
}

static void a_syn_that_is_answered_begins_a_new_one(void **state)
{
	struct room *room = *state;
	open_connection(room, 1);
	send_segment(room, 1, true, 4999, TCP_SYN, "");
	room->acknowledges = 5000;
	send_segment(room, 1, false, 777, TCP_SYN | TCP_ACK, "");
	assert_gone(room, 1);
	assert_int_equal(room->opened, 2);
}

static void a_syn_that_is_refused_begins_a_new_one(void **state)
{
	struct room *room = *state;
	open_connection(room, 1);
	send_segment(room, 1, true, 4999, TCP_SYN, "");
	room->acknowledges = 5000;
	send_segment(room, 1, false, 0, TCP_RST | TCP_ACK, "");
	assert_int_equal(room->opened, 2);
}

static void a_syn_that_is_sent_again_begins_a_new_one(void **state)
{
	struct room *room = *state;
	open_connection(room, 1);
	send_segment(room, 1, true, 4999, TCP_SYN, "");
	send_segment(room, 1, true, 4999, TCP_SYN, "");
	assert_gone(room, 1);
	assert_int_equal(room->opened, 2);
}

static void a_syn_whose_sender_goes_on_behind_it_begins_a_new_one(void **state)
{
	struct room *room = *state;
	open_connection(room, 1);
	send_segment(room, 1, true, 4999, TCP_SYN, "");
	send_segment(room, 1, true, 5000, TCP_ACK, "hello");
	assert_gone(room, 1);
	assert_int_equal(room->opened, 2);
}

static void a_syn_after_the_end_begins_a_new_one_at_once(void **state)
{
	struct room *room = *state;
	open_connection(room, 1);
	send_segment(room, 1, true, 105, TCP_RST, "");
	room->now += TIMESTAMP_SECOND;
	send_segment(room, 1, true, 4999, TCP_SYN, "");
	assert_int_equal(room->opened, 2);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    IN_ROOM(of_those_that_are_wanted_the_one_longest_without_traffic_goes),
	    IN_ROOM(one_that_the_sink_does_not_want_goes_before_an_older_one_that_it_wants),
	    IN_ROOM(of_those_that_are_not_wanted_the_oldest_goes),
	    IN_ROOM(one_that_is_over_goes_before_all_that_live),
	    IN_ROOM(one_that_was_reset_behind_its_fin_goes_before_all_that_live),
	    IN_ROOM(one_that_is_over_is_not_given_up),
	    IN_ROOM(one_that_is_not_wanted_is_looked_for_among_the_oldest_alone),
	    IN_ROOM(while_there_is_memory_a_quiet_one_stays),
	    IN_ROOM(when_memory_is_short_a_quiet_one_goes_wanted_or_not),
	    IN_ROOM(when_memory_is_short_one_that_spoke_within_a_minute_stays),
	    IN_ROOM(when_there_is_hardly_any_memory_a_new_one_takes_the_place_of_the_one_longest_without_traffic),
	    IN_ROOM(a_bare_acknowledgment_of_none_that_is_known_adds_none),
	    IN_ROOM(bytes_without_an_acknowledgment_are_nobodys),
	    IN_ROOM(a_syn_alone_ends_none_that_is_under_way),
	    IN_ROOM(a_syn_that_is_answered_begins_a_new_one),
	    IN_ROOM(a_syn_that_is_refused_begins_a_new_one),
	    IN_ROOM(a_syn_that_is_sent_again_begins_a_new_one),
	    IN_ROOM(a_syn_whose_sender_goes_on_behind_it_begins_a_new_one),
	    IN_ROOM(a_syn_after_the_end_begins_a_new_one_at_once),
	    IN_ROOM(a_late_copy_of_one_that_is_over_is_none_of_a_new_one),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
