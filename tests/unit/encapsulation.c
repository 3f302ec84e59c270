/* Packets in packets: each wrapper is taken off, what cannot be is counted, and a copy outside counts once. */
#include "net/encapsulation.h"

#include "net/link.h"
#include "net/net.h"
#include "unit.h"

enum { RAW = 101, ETHERNET = 1, ROOM = 512, HEADERS = 40, IP_HEAD = 20, UDP_HEAD = 8 };

/* A frame that is made from the inside to the outside: each wrapper is put before what is there. */
struct frame {
	uint8_t bytes[ROOM];
	size_t begin;
};

struct room {
	struct limits limits;
	struct budget budget;
	struct ledger ledger;
	struct resources resources;
	struct stream_sink sink;
	struct net *net;
	uint64_t packets, bytes; /* bytes: that were given */
	size_t opened;
	struct endpoint ends[2];
};

static bool room_opened(void *self, struct stream *stream)
{
	struct room *room = self;
	room->opened++;
	memcpy(room->ends, stream->ends, sizeof room->ends);
	return true;
}

static void room_chunk(void *self, struct stream *stream, const struct chunk *chunk)
{
	(void)stream;
	((struct room *)self)->bytes += chunk->kind == CHUNK_BYTES ? chunk->bytes.len : 0;
}

static void room_attempted(void *self, const struct attempt *attempt)
{
	(void)self;
	(void)attempt;
}

static void room_abandoned(void *self, struct stream *stream, timestamp time)
{
	(void)self;
	(void)stream;
	(void)time;
}

static void room_closed(void *self, struct stream *stream, enum stream_end end, timestamp time)
{
	(void)end;
	room_abandoned(self, stream, time);
}

static int begin_room(void **state)
{
	struct room *room = calloc(1, sizeof *room);
	if (!room)
		return -1;
	room->limits = limits_default();
	room->budget.limit = 1 << 20;
	room->resources = (struct resources){&room->limits, &room->budget, &room->ledger};
	room->sink = (struct stream_sink){.self = room,
	    .attempted = room_attempted,
	    .opened = room_opened,
	    .chunk = room_chunk,
	    .abandoned = room_abandoned,
	    .closed = room_closed};
	room->net = net_new(&room->resources, &room->sink);
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

static uint8_t *before(struct frame *frame, size_t len)
{
	assert_true(frame->begin >= len);
	frame->begin -= len;
	return memset(frame->bytes + frame->begin, 0, len);
}

static struct slice frame_slice(const struct frame *frame)
{
	return slice_of(frame->bytes + frame->begin, ROOM - frame->begin);
}

static void put_before(struct frame *frame, struct slice head)
{
	memcpy(before(frame, head.len), head.at, head.len);
}

/* From 10.0.0.FROM to 10.0.0.TO. */
static void put_ip(struct frame *frame, uint8_t protocol, uint8_t from, uint8_t to)
{
	size_t len = frame_slice(frame).len;
	uint8_t *head = before(frame, IP_HEAD);
	head[0] = 0x45;
	network_write_16(head + 2, (uint16_t)(IP_HEAD + len));
	head[8] = 64;
	head[9] = protocol;
	head[12] = head[16] = 10;
	head[15] = from;
	head[19] = to;
}

static void put_udp(struct frame *frame, uint16_t port)
{
	size_t len = frame_slice(frame).len;
	uint8_t *head = before(frame, UDP_HEAD);
	network_write_16(head, 50000);
	network_write_16(head + 2, port);
	network_write_16(head + 4, (uint16_t)(UDP_HEAD + len));
	put_ip(frame, IP_PROTOCOL_UDP, 8, 9);
}

static void put_ethernet(struct frame *frame)
{
	put_before(frame, SLICE("\x02\0\0\0\0\1\x02\0\0\0\0\2\x08\0"));
}

/* A segment of 10.0.0.1, port 1000, to 10.0.0.2, port 80. */
static struct frame segment(uint32_t sequence, const char *text)
{
	struct frame frame = {.begin = ROOM};
	put_before(&frame, slice_of_text(text));
	uint8_t *head = before(&frame, HEADERS - IP_HEAD);
	network_write_16(head, 1000);
	network_write_16(head + 2, 80);
	network_write_32(head + 4, sequence);
	head[12] = 0x50;
	head[13] = TCP_ACK;
	put_ip(&frame, IP_PROTOCOL_TCP, 1, 2);
	return frame;
}

static void take(struct room *room, int link_type, struct slice bytes)
{
	const struct packet packet = {.time = (timestamp)(1000 + room->packets) * TIMESTAMP_SECOND,
	    .number = ++room->packets,
	    .link_type = (uint16_t)link_type,
	    .wire_len = (uint32_t)bytes.len,
	    .bytes = bytes};
	net_count_packet(room->net, &packet);
	net_take_packet(room->net, &packet);
}

static uint64_t unread(const struct room *room)
{
	return room->ledger.entries[LEDGER_TUNNELS].items;
}

/* In a segment that is behind `head` in a packet of this protocol or to this port, the bytes are found, and the
 * addresses are the inner ones. Of the same with its header cut anywhere nothing is found nor read beyond. */
static void assert_opened(struct room *room, uint8_t protocol, uint16_t port, bool has_ethernet, struct slice head)
{
	for (size_t cut = 0; cut <= head.len; cut++) {
		struct frame frame = segment(100, "hello");
		size_t opened = room->opened;
		if (has_ethernet)
			put_ethernet(&frame);
		if (cut)
			frame = (struct frame){.begin = ROOM};
		put_before(&frame, slice_take(head, head.len - cut));
		if (port)
			put_udp(&frame, port);
		else
			put_ip(&frame, protocol, 8, 9);
		uint8_t *copy = malloc(frame_slice(&frame).len);
		assert_non_null(copy);
		memcpy(copy, frame_slice(&frame).at, frame_slice(&frame).len);
		take(room, RAW, slice_of(copy, frame_slice(&frame).len));
		free(copy);
		assert_int_equal(room->opened, cut ? opened : 1);
	}
	net_end(room->net);
	assert_int_equal(room->bytes, 5);
	assert_int_equal(room->ends[0].address.bytes[3], 1);
	assert_int_equal(room->ends[1].address.bytes[3], 2);
}

static void a_packet_in_vxlan_is_read(void **state)
{
	assert_opened(*state, 0, 4789, true, SLICE("\x08\0\0\0\0\0\x2a\0"));
}

static void a_packet_in_linuxs_vxlan_is_read(void **state)
{
	assert_opened(*state, 0, 8472, true, SLICE("\x08\0\0\0\0\0\1\0"));
}

static void a_frame_in_geneve_with_options_is_read(void **state)
{
	assert_opened(*state, 0, 6081, true, SLICE("\x02\0\x65\x58\0\0\1\0\1\2\3\1optn"));
}

static void a_packet_in_geneve_is_read(void **state)
{
	assert_opened(*state, 0, 6081, false, SLICE("\0\0\x08\0\0\0\1\0"));
}

static void a_packet_in_ip_is_read(void **state)
{
	assert_opened(*state, 4, 0, false, SLICE(""));
}

static void a_packet_in_gre_is_read(void **state)
{
	assert_opened(*state, 47, 0, false, SLICE("\0\0\x08\0"));
}

static void a_frame_in_gre_with_checksum_key_and_number_is_read(void **state)
{
	assert_opened(*state, 47, 0, true, SLICE("\xb0\0\x65\x58sum key num "));
}

static void erspan_of_type_1_is_read(void **state)
{
	assert_opened(*state, 47, 0, true, SLICE("\0\0\x88\xbe"));
}

static void erspan_of_type_2_is_read(void **state)
{
	assert_opened(*state, 47, 0, true, SLICE("\x10\0\x88\xbe\0\0\0\1\x10\0\0\1\0\0\0\0"));
}

static void erspan_of_type_3_is_read(void **state)
{
	assert_opened(*state, 47, 0, true, SLICE("\x10\0\x22\xeb\0\0\0\1\x20\0\0\1time\0\0\0\0"));
}

static void erspan_of_type_3_with_a_platforms_header_is_read(void **state)
{
	assert_opened(*state, 47, 0, true, SLICE("\x10\0\x22\xeb\0\0\0\1\x20\0\0\1time\0\0\0\1platform"));
}

static void ip_in_erspan_of_type_3_is_read(void **state)
{
	assert_opened(*state, 47, 0, false, SLICE("\x10\0\x22\xeb\0\0\0\1\x20\0\0\1time\0\0\x08\0"));
}

static void etherip_is_read(void **state)
{
	assert_opened(*state, 97, 0, true, SLICE("\x30\0"));
}

/* ---- how deep */

static void wrap(struct frame *frame, int times)
{
	for (int i = 0; i < times; i++)
		put_ip(frame, 4, 8, 9);
}

static void wrappers_in_wrappers_are_taken_off(void **state)
{
	struct room *room = *state;
	struct frame frame = segment(100, "hello");
	wrap(&frame, ENCAPSULATION_DEPTH);
	take(room, RAW, frame_slice(&frame));
	assert_int_equal(room->opened, 1);
	assert_int_equal(unread(room), 0);
}

static void more_of_them_are_said_to_be_unread(void **state)
{
	struct room *room = *state;
	struct frame frame = segment(100, "hello");
	wrap(&frame, ENCAPSULATION_DEPTH + 1);
	take(room, RAW, frame_slice(&frame));
	assert_int_equal(room->opened, 0);
	assert_int_equal(unread(room), 1);
}

/* ---- what is not read */

static void what_is_encrypted_is_said_to_be_unread(void **state)
{
	struct room *room = *state;
	struct frame frame = segment(100, "hello");
	put_ip(&frame, 50, 8, 9);
	take(room, RAW, frame_slice(&frame));
	assert_int_equal(unread(room), 1);
	assert_string_equal(room->ledger.details[LEDGER_TUNNELS], "the first: ESP (IPsec), 10.0.0.8 to 10.0.0.9");
}

static void a_frame_of_a_type_that_is_not_read_is_said_to_be_unread(void **state)
{
	struct room *room = *state;
	take(room, LINK_ETHERNET, SLICE("\x02\0\0\0\0\1\x02\0\0\0\0\2\x88\xe5\x2c\0\0\0\0\1"));
	assert_int_equal(unread(room), 1);
	assert_string_equal(room->ledger.details[LEDGER_TUNNELS], "the first: MACsec (802.1AE), packet 1");
}

static void gre_of_another_protocol_is_said_to_be_unread(void **state)
{
	static const struct {
		struct slice head;
	} heads[] = {{{(const uint8_t *)"\0\1\x88\x0b", 4}}, {{(const uint8_t *)"\x40\0\x08\0", 4}},
	    {{(const uint8_t *)"\0\0\x88\x47", 4}}};
	struct room *room = *state;
	for (size_t i = 0; i < sizeof heads / sizeof *heads; i++) {
		struct frame frame = segment(100, "hello");
		put_before(&frame, heads[i].head);
		put_ip(&frame, 47, 8, 9);
		take(room, RAW, frame_slice(&frame));
	}
	assert_int_equal(room->opened, 0);
	assert_int_equal(unread(room), 3);
}

static void a_datagram_to_vxlans_port_without_its_flag_is_not_opened(void **state)
{
	struct room *room = *state;
	struct frame frame = segment(100, "hello");
	put_ethernet(&frame);
	put_before(&frame, SLICE("\0\0\0\0\0\0\x2a\0"));
	put_udp(&frame, 4789);
	take(room, RAW, frame_slice(&frame));
	assert_int_equal(room->opened, 0);
}

static void arp_in_vxlan_hides_nothing(void **state)
{
	struct room *room = *state;
	struct frame frame = {.begin = ROOM};
	put_before(&frame, SLICE("\x02\0\0\0\0\1\x02\0\0\0\0\2\x08\6arp"));
	put_before(&frame, SLICE("\x08\0\0\0\0\0\x2a\0"));
	put_udp(&frame, 4789);
	take(room, RAW, frame_slice(&frame));
	assert_int_equal(unread(room), 0);
}

/* ---- copies, and what is cut */

static void a_packet_that_is_captured_inside_and_outside_is_one(void **state)
{
	struct room *room = *state;
	for (uint32_t i = 0; i < 4; i++) {
		struct frame frame = segment(100 + 5 * i, "hello");
		take(room, RAW, frame_slice(&frame));
		put_ethernet(&frame);
		put_before(&frame, SLICE("\x08\0\0\0\0\0\x2a\0"));
		put_udp(&frame, 8472);
		put_ethernet(&frame);
		take(room, ETHERNET, frame_slice(&frame));
	}
	net_end(room->net);
	assert_int_equal(room->opened, 1);
	assert_int_equal(room->bytes, 4 * 5);
	assert_int_equal(room->ledger.entries[LEDGER_REPEATED].bytes, 4 * 5);
}

static void bytes_that_a_mirror_cuts_off_are_missing(void **state)
{
	struct room *room = *state;
	struct frame frame = segment(100, "hello");
	put_ip(&frame, 4, 8, 9);
	struct slice bytes = frame_slice(&frame);
	network_write_16(frame.bytes + frame.begin + 2, (uint16_t)(bytes.len - 3));
	take(room, RAW, slice_take(bytes, bytes.len - 3));
	net_end(room->net);
	assert_int_equal(room->bytes, 2);
	assert_int_equal(room->ledger.entries[LEDGER_SNAPPED].bytes, 3);
}

static void a_wrapper_that_came_in_fragments_is_joined_first(void **state)
{
	enum { FIRST = 24 };
	struct room *room = *state;
	struct frame frame = segment(100, "hello");
	put_ip(&frame, 4, 8, 9);
	struct slice whole = slice_drop(frame_slice(&frame), IP_HEAD);
	for (int nth = 0; nth < 2; nth++) {
		struct frame piece = {.begin = ROOM};
		put_before(&piece, nth ? slice_drop(whole, FIRST) : slice_take(whole, FIRST));
		put_ip(&piece, 4, 8, 9);
		network_write_16(piece.bytes + piece.begin + 6, nth ? FIRST / 8 : 0x2000);
		take(room, RAW, frame_slice(&piece));
	}
	assert_int_equal(room->opened, 1);
}

static void fragments_in_joined_fragments_are_said_to_be_unread(void **state)
{
	enum { FIRST = 24 };
	struct room *room = *state;
	struct frame frame = segment(100, "hello");
	network_write_16(frame.bytes + frame.begin + 6, 0x2000);
	struct slice whole = frame_slice(&frame);
	for (int nth = 0; nth < 2; nth++) {
		struct frame piece = {.begin = ROOM};
		put_before(&piece, nth ? slice_drop(whole, FIRST) : slice_take(whole, FIRST));
		put_ip(&piece, 4, 8, 9);
		network_write_16(piece.bytes + piece.begin + 6, nth ? FIRST / 8 : 0x2000);
		take(room, RAW, frame_slice(&piece));
	}
	assert_int_equal(room->opened, 0);
	assert_int_equal(unread(room), 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    IN_ROOM(a_packet_in_vxlan_is_read),
	    IN_ROOM(a_packet_in_linuxs_vxlan_is_read),
	    IN_ROOM(a_frame_in_geneve_with_options_is_read),
	    IN_ROOM(a_packet_in_geneve_is_read),
	    IN_ROOM(a_packet_in_ip_is_read),
	    IN_ROOM(a_packet_in_gre_is_read),
	    IN_ROOM(a_frame_in_gre_with_checksum_key_and_number_is_read),
	    IN_ROOM(erspan_of_type_1_is_read),
	    IN_ROOM(erspan_of_type_2_is_read),
	    IN_ROOM(erspan_of_type_3_is_read),
	    IN_ROOM(erspan_of_type_3_with_a_platforms_header_is_read),
	    IN_ROOM(ip_in_erspan_of_type_3_is_read),
	    IN_ROOM(etherip_is_read),
	    IN_ROOM(wrappers_in_wrappers_are_taken_off),
	    IN_ROOM(more_of_them_are_said_to_be_unread),
	    IN_ROOM(what_is_encrypted_is_said_to_be_unread),
	    IN_ROOM(a_frame_of_a_type_that_is_not_read_is_said_to_be_unread),
	    IN_ROOM(gre_of_another_protocol_is_said_to_be_unread),
	    IN_ROOM(a_datagram_to_vxlans_port_without_its_flag_is_not_opened),
	    IN_ROOM(arp_in_vxlan_hides_nothing),
	    IN_ROOM(a_packet_that_is_captured_inside_and_outside_is_one),
	    IN_ROOM(bytes_that_a_mirror_cuts_off_are_missing),
	    IN_ROOM(a_wrapper_that_came_in_fragments_is_joined_first),
	    IN_ROOM(fragments_in_joined_fragments_are_said_to_be_unread),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
