/* What a process read and wrote, as packets that any reader of captures takes. */
#include "net/headers.h"
#include "source/probe_parts.h"
#include "unit.h"

#include <string.h>

/* One socket, and the frame that was written last. */
struct scene {
	struct probe_frames frames;
	struct probed_socket socket;
	uint8_t room[PROBE_FRAME_HEAD + 4096];
	struct slice frame;
	struct ip_packet ip;
	struct segment segment;
};

static void begin(struct scene *scene)
{
	*scene = (struct scene){.socket = {.id = 1,
	                            .local = {.version = 4, .bytes = {10, 0, 0, 1}},
	                            .remote = {.version = 4, .bytes = {10, 0, 0, 2}},
	                            .local_port = 8000,
	                            .remote_port = 50000}};
}

static void begin_version_6(struct scene *scene)
{
	begin(scene);
	scene->socket.local = (struct address){.version = 6, .bytes = {0xfd, [15] = 1}};
	scene->socket.remote = (struct address){.version = 6, .bytes = {0xfd, [15] = 2}};
}

static void write_frame(struct scene *scene, enum probed_kind kind, bool received, uint64_t offset, const char *text)
{
	struct probed probed = {.kind = kind,
	    .socket = &scene->socket,
	    .received = received,
	    .offset = offset,
	    .bytes = slice_of_text(text)};
	uint8_t *bytes = scene->room + PROBE_FRAME_HEAD;
	memcpy(bytes, probed.bytes.at, probed.bytes.len);
	scene->frame = probe_frame_write(&scene->frames, &probed, bytes);
	assert_true(scene->frame.len > 0);
	assert_true(ip_read_packet(scene->frame, &scene->ip));
	assert_true(tcp_read_segment(scene->ip.payload, scene->ip.missing, &scene->segment));
}

/* The ones' complement sum of 16-bit words (RFC 1071): 0xffff over what holds its own checksum. */
static uint32_t sum_of(struct slice bytes, uint32_t sum)
{
	for (size_t i = 0; i < bytes.len; i++)
		sum += i % 2 ? bytes.at[i] : (uint32_t)bytes.at[i] << 8;
	return sum;
}

static unsigned folded(uint32_t sum)
{
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return sum;
}

static unsigned tcp_sum(const struct scene *scene)
{
	size_t len = scene->ip.source.version == 4 ? 4 : 16;
	uint32_t sum = sum_of(slice_of(scene->ip.source.bytes, len), IP_PROTOCOL_TCP);
	sum = sum_of(slice_of(scene->ip.destination.bytes, len), sum + (uint32_t)scene->ip.payload.len);
	return folded(sum_of(scene->ip.payload, sum));
}

/* ---- */

static void what_is_sent_goes_from_the_socket_to_its_peer(void **state)
{
	(void)state;
	struct scene scene;
	begin(&scene);
	write_frame(&scene, PROBED_BYTES, false, 0, "hello");
	assert_true(address_equals(&scene.ip.source, &scene.socket.local));
	assert_true(address_equals(&scene.ip.destination, &scene.socket.remote));
	assert_int_equal(scene.segment.source_port, 8000);
	assert_int_equal(scene.segment.destination_port, 50000);
}

static void what_is_received_comes_from_the_peer(void **state)
{
	(void)state;
	struct scene scene;
	begin(&scene);
	write_frame(&scene, PROBED_BYTES, true, 0, "hello");
	assert_true(address_equals(&scene.ip.source, &scene.socket.remote));
	assert_int_equal(scene.segment.source_port, 50000);
	assert_int_equal(scene.segment.destination_port, 8000);
}

static void the_bytes_are_the_payload(void **state)
{
	(void)state;
	struct scene scene;
	begin(&scene);
	write_frame(&scene, PROBED_BYTES, false, 0, "hello");
	assert_true(slice_equals(scene.segment.payload, SLICE("hello")));
}

static void version_6_has_its_own_header(void **state)
{
	(void)state;
	struct scene scene;
	begin_version_6(&scene);
	write_frame(&scene, PROBED_BYTES, true, 0, "hello");
	assert_true(address_equals(&scene.ip.source, &scene.socket.remote));
	assert_true(slice_equals(scene.segment.payload, SLICE("hello")));
}

static void the_checksums_are_right_for_odd_and_even_lengths(void **state)
{
	(void)state;
	static const char *const texts[] = {"", "a", "ab", "abc"};
	for (size_t i = 0; i < 4; i++) {
		struct scene scene;
		begin(&scene);
		write_frame(&scene, PROBED_BYTES, false, 0, texts[i]);
		assert_int_equal(folded(sum_of(slice_take(scene.frame, 20), 0)), 0xffff);
		assert_int_equal(tcp_sum(&scene), 0xffff);
		begin_version_6(&scene);
		write_frame(&scene, PROBED_BYTES, false, 0, texts[i]);
		assert_int_equal(tcp_sum(&scene), 0xffff);
	}
}

static void the_first_of_each_direction_is_a_syn_and_no_other(void **state)
{
	(void)state;
	struct scene scene;
	begin(&scene);
	write_frame(&scene, PROBED_BYTES, true, 0, "ask");
	assert_int_equal(scene.segment.flags, TCP_SYN);
	write_frame(&scene, PROBED_BYTES, false, 0, "answer");
	assert_int_equal(scene.segment.flags, TCP_SYN | TCP_ACK);
	write_frame(&scene, PROBED_BYTES, true, 3, "ask");
	assert_int_equal(scene.segment.flags, TCP_PSH | TCP_ACK);
}

static void a_syn_takes_one_number_before_the_first_byte(void **state)
{
	(void)state;
	struct scene scene;
	begin(&scene);
	write_frame(&scene, PROBED_BYTES, true, 0, "ask");
	uint32_t first = scene.segment.sequence;
	write_frame(&scene, PROBED_BYTES, true, 3, "more");
	assert_int_equal(scene.segment.sequence, first + 1 + 3);
}

static void a_socket_that_was_joined_has_no_syn(void **state)
{
	(void)state;
	struct scene scene;
	begin(&scene);
	scene.socket.is_joined = true;
	write_frame(&scene, PROBED_BYTES, true, 0, "ask");
	assert_false(scene.segment.flags & TCP_SYN);
}

static void what_was_lost_is_missing_from_the_sequence(void **state)
{
	(void)state;
	struct scene scene;
	begin(&scene);
	write_frame(&scene, PROBED_BYTES, true, 0, "ask");
	uint32_t first = scene.segment.sequence;
	write_frame(&scene, PROBED_BYTES, true, 3 + 1000, "more");
	assert_int_equal(scene.segment.sequence, first + 1 + 3 + 1000);
}

static void what_the_other_direction_has_come_to_is_acknowledged(void **state)
{
	(void)state;
	struct scene scene;
	begin(&scene);
	write_frame(&scene, PROBED_BYTES, true, 0, "ask");
	uint32_t first = scene.segment.sequence;
	write_frame(&scene, PROBED_BYTES, false, 0, "answer");
	assert_int_equal(scene.segment.acknowledgment, first + 1 + 3);
}

static void an_end_is_a_fin_which_takes_a_number(void **state)
{
	(void)state;
	struct scene scene;
	begin(&scene);
	write_frame(&scene, PROBED_BYTES, true, 0, "ask");
	uint32_t first = scene.segment.sequence;
	write_frame(&scene, PROBED_END, true, 3, "");
	assert_int_equal(scene.segment.flags, TCP_FIN | TCP_ACK);
	write_frame(&scene, PROBED_BYTES, false, 0, "answer");
	assert_int_equal(scene.segment.acknowledgment, first + 1 + 3 + 1);
}

static void the_end_of_the_process_is_a_fin_too(void **state)
{
	(void)state;
	struct scene scene;
	begin(&scene);
	write_frame(&scene, PROBED_EXIT, false, 0, "");
	assert_int_equal(scene.segment.flags, TCP_FIN | TCP_ACK);
}

static void a_reset_is_a_reset(void **state)
{
	(void)state;
	struct scene scene;
	begin(&scene);
	write_frame(&scene, PROBED_RESET, true, 0, "");
	assert_int_equal(scene.segment.flags, TCP_RST | TCP_ACK);
}

static void that_a_socket_is_gone_is_no_packet(void **state)
{
	(void)state;
	struct scene scene;
	begin(&scene);
	const struct probed gone = {.kind = PROBED_GONE, .socket = &scene.socket};
	assert_int_equal(probe_frame_write(&scene.frames, &gone, scene.room + PROBE_FRAME_HEAD).len, 0);
}

static void a_line_of_a_log_is_no_packet(void **state)
{
	(void)state;
	struct scene scene;
	begin(&scene);
	const struct probed line = {.kind = PROBED_LOG, .bytes = SLICE("line")};
	assert_int_equal(probe_frame_write(&scene.frames, &line, scene.room + PROBE_FRAME_HEAD).len, 0);
}

/* Linux gives a port on the loopback out again after a second: the SYN must not look like one sent twice. */
static void a_port_that_is_used_again_begins_at_another_number(void **state)
{
	(void)state;
	struct scene scene;
	begin(&scene);
	write_frame(&scene, PROBED_BYTES, true, 0, "ask");
	uint32_t first = scene.segment.sequence;
	begin(&scene);
	scene.socket.id = 2;
	write_frame(&scene, PROBED_BYTES, true, 0, "ask");
	assert_int_not_equal(scene.segment.sequence, first);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(what_is_sent_goes_from_the_socket_to_its_peer),
	    cmocka_unit_test(what_is_received_comes_from_the_peer),
	    cmocka_unit_test(the_bytes_are_the_payload),
	    cmocka_unit_test(version_6_has_its_own_header),
	    cmocka_unit_test(the_checksums_are_right_for_odd_and_even_lengths),
	    cmocka_unit_test(the_first_of_each_direction_is_a_syn_and_no_other),
	    cmocka_unit_test(a_syn_takes_one_number_before_the_first_byte),
	    cmocka_unit_test(a_socket_that_was_joined_has_no_syn),
	    cmocka_unit_test(what_was_lost_is_missing_from_the_sequence),
	    cmocka_unit_test(what_the_other_direction_has_come_to_is_acknowledged),
	    cmocka_unit_test(an_end_is_a_fin_which_takes_a_number),
	    cmocka_unit_test(the_end_of_the_process_is_a_fin_too),
	    cmocka_unit_test(a_reset_is_a_reset),
	    cmocka_unit_test(that_a_socket_is_gone_is_no_packet),
	    cmocka_unit_test(a_line_of_a_log_is_no_packet),
	    cmocka_unit_test(a_port_that_is_used_again_begins_at_another_number),
	};
	return cmocka_run_group_tests_name("probe frames", tests, NULL, NULL);
}
