/* Capture files as sources. Files are made here, byte by byte. */
#include "base/memory.h"
#include "source/source.h"
#include "unit.h"

#include <stdio.h>
#include <unistd.h>
#define ZLIB_CONST
#include <zlib.h>
#include <zstd.h>

enum { MAGIC_MICROSECONDS = 0xa1b2c3d4, MAGIC_NANOSECONDS = 0xa1b23c4d };

/* A file under way. */
struct made {
	struct buffer bytes;
	bool big_endian;
};

static void put_number(struct made *made, unsigned bytes, uint32_t value)
{
	for (unsigned i = 0; i < bytes; i++)
		buffer_append_byte(&made->bytes, (uint8_t)(value >> 8 * (made->big_endian ? bytes - 1 - i : i)));
}

static void put_header(struct made *made, uint32_t magic, uint32_t link_type)
{
	put_number(made, 4, magic);
	put_number(made, 2, 2);
	put_number(made, 2, 4);
	put_number(made, 4, 0);
	put_number(made, 4, 0);
	put_number(made, 4, 65535);
	put_number(made, 4, link_type);
}

static void put_packet(struct made *made, uint32_t seconds, uint32_t fraction, const char *text, uint32_t wire_len)
{
	put_number(made, 4, seconds);
	put_number(made, 4, fraction);
	put_number(made, 4, (uint32_t)strlen(text));
	put_number(made, 4, wire_len);
	buffer_append_text(&made->bytes, text);
}

/* Two packets of raw IP, "one" and "three"; the second was cut by the snap length. */
static struct made make_file(uint32_t magic, bool big_endian)
{
	struct made made = {.big_endian = big_endian};
	buffer_init(&made.bytes, BUFFER_NO_LIMIT, NULL);
	put_header(&made, magic, 101);
	put_packet(&made, 1, 2, "one", 3);
	put_packet(&made, 3, 4, "three", 500);
	return made;
}

/* Ethernet: the first packet is UDP, the second and third are TCP. */
static struct made make_ethernet(void)
{
	static const char protocols[] = "\x11\x06\x06";
	struct made made = {0};
	buffer_init(&made.bytes, BUFFER_NO_LIMIT, NULL);
	put_header(&made, MAGIC_MICROSECONDS, 1);
	for (int i = 0; i < 3; i++) {
		uint8_t frame[34] = {[12] = 0x08, [14] = 0x45, [17] = 20, [23] = (uint8_t)protocols[i]};
		put_number(&made, 4, 1);
		put_number(&made, 4, 0);
		put_number(&made, 4, sizeof frame);
		put_number(&made, 4, sizeof frame);
		buffer_append(&made.bytes, slice_of(frame, sizeof frame));
	}
	return made;
}

/* ---- files on disk */

struct on_disk {
	char path[256];
};

static struct on_disk write_file(struct slice bytes)
{
	struct on_disk file;
	snprintf(file.path, sizeof file.path, "%s/capture-XXXXXX", getenv("TMPDIR") ? getenv("TMPDIR") : P_tmpdir);
	int out = mkstemp(file.path);
	assert_true(out >= 0);
	assert_int_equal(write(out, bytes.at, bytes.len), bytes.len);
	close(out);
	return file;
}

/* Opens the bytes as a file; NULL and `why` as capture_file_open. */
static struct source *open_bytes(struct slice bytes, const char *filter, char why[256])
{
	struct on_disk file = write_file(bytes);
	why[0] = '\0';
	struct source *source = capture_file_open(file.path, filter, why, 256);
	unlink(file.path);
	return source;
}

static void assert_gives(struct slice bytes, const char *filter, const char *expected)
{
	char why[256];
	struct buffer given;
	struct packet packet;
	enum source_result result;
	struct source *source = open_bytes(bytes, filter, why);
	if (!source) {
		fail_msg("%s", why);
		return;
	}
	buffer_init(&given, BUFFER_NO_LIMIT, NULL);
	while ((result = source_next(source, &packet)) == SOURCE_PACKET)
		buffer_append_format(&given, "%llu@%lld:%.*s/%u ", (unsigned long long)packet.number,
		    (long long)packet.time, packet.link_type == 1 ? 0 : (int)packet.bytes.len,
		    (const char *)packet.bytes.at, packet.wire_len);
	buffer_append_text(&given, result == SOURCE_END ? "$" : result == SOURCE_CUT ? "cut: " : "failed: ");
	buffer_append_text(&given, source->why);
	buffer_append_byte(&given, '\0');
	assert_string_equal((const char *)given.at, expected);
	buffer_free(&given);
	source_free(source);
}

static void assert_made_gives(struct made made, const char *expected)
{
	assert_gives(buffer_slice(&made.bytes), NULL, expected);
	buffer_free(&made.bytes);
}

static void assert_refused(struct slice bytes, const char *filter, const char *part)
{
	char why[256];
	struct source *source = open_bytes(bytes, filter, why);
	assert_null(source);
	if (!strstr(why, part))
		fail_msg("'%s' does not say '%s'", why, part);
}

/* ---- what is read */

static const char both[] = "1@1000002000:one/3 2@3000004000:three/500 $";

static void a_microsecond_file_gives_nanoseconds(void **state)
{
	(void)state;
	assert_made_gives(make_file(MAGIC_MICROSECONDS, false), both);
}

static void a_nanosecond_file_gives_its_nanoseconds(void **state)
{
	(void)state;
	assert_made_gives(make_file(MAGIC_NANOSECONDS, false), "1@1000000002:one/3 2@3000000004:three/500 $");
}

static void a_time_after_2038_is_read(void **state)
{
	(void)state;
	struct made made = {0};
	buffer_init(&made.bytes, BUFFER_NO_LIMIT, NULL);
	put_header(&made, MAGIC_MICROSECONDS, 101);
	put_packet(&made, UINT32_C(0x80000000), 1, "one", 3);
	put_packet(&made, UINT32_MAX, 2, "two", 3);
	assert_made_gives(made, "1@2147483648000001000:one/3 2@4294967295000002000:two/3 $");
}

/* pcapng of raw IP, its one packet 2^64 microseconds after the epoch. */
static void a_time_that_cannot_be_is_reported_as_the_nearest(void **state)
{
	(void)state;
	struct made made = {0};
	static const uint32_t words[] = {0x0a0d0d0a, 28, 0x1a2b3c4d, 1, UINT32_MAX, UINT32_MAX, 28, /* section */
	    1, 20, 101, 65535, 20,                                                                  /* interface */
	    6, 36, 0, UINT32_MAX, UINT32_MAX, 4, 4, 0x656e6f, 36};                                  /* packet */
	buffer_init(&made.bytes, BUFFER_NO_LIMIT, NULL);
	for (size_t i = 0; i < sizeof words / sizeof *words; i++)
		put_number(&made, 4, words[i]);
	assert_made_gives(made, "1@4611686018427387903:one/4 $");
}

/* pcapng of two interfaces that are PKTAP, Apple's block about a process (0x80000001) between them, a packet of each.
 */
static void a_pcapng_file_of_several_pktap_interfaces_is_read(void **state)
{
	(void)state;
	struct made made = {0};
	static const uint32_t words[] = {0x0a0d0d0a, 28, 0x1a2b3c4d, 1, UINT32_MAX, UINT32_MAX, 28, /* section */
	    1, 20, 258, 65535, 20, 1, 20, 258, 65535, 20,                                           /* interfaces */
	    0x80000001, 16, 4711, 16,                                                               /* process */
	    6, 36, 0, 0, 1000000, 4, 4, 0x656e6f, 36, 6, 36, 1, 0, 2000000, 4, 4, 0x6f7774, 36};    /* packets */
	buffer_init(&made.bytes, BUFFER_NO_LIMIT, NULL);
	for (size_t i = 0; i < sizeof words / sizeof *words; i++)
		put_number(&made, 4, words[i]);
	assert_made_gives(made, "1@1000000000:one/4 2@2000000000:two/4 $");
}

static void the_other_byte_order_is_read(void **state)
{
	(void)state;
	assert_made_gives(make_file(MAGIC_MICROSECONDS, true), both);
	assert_made_gives(make_file(MAGIC_NANOSECONDS, true), "1@1000000002:one/3 2@3000000004:three/500 $");
}

static void a_file_of_no_packets_is_at_its_end(void **state)
{
	(void)state;
	struct made made = make_file(MAGIC_MICROSECONDS, false);
	assert_gives(slice_take(buffer_slice(&made.bytes), 24), NULL, "$");
	buffer_free(&made.bytes);
}

static void a_packet_knows_its_link_type(void **state)
{
	(void)state;
	char why[256];
	struct packet packet;
	struct made made = make_file(MAGIC_MICROSECONDS, false);
	struct source *source = open_bytes(buffer_slice(&made.bytes), NULL, why);
	assert_non_null(source);
	assert_int_equal(source_next(source, &packet), SOURCE_PACKET);
	assert_int_equal(packet.link_type, 12); /* libpcap's own number for raw IP on most systems */
	source_free(source);
	buffer_free(&made.bytes);
}

static void a_filter_keeps_the_packets_numbers(void **state)
{
	(void)state;
	struct made made = make_ethernet();
	assert_gives(buffer_slice(&made.bytes), "tcp", "2@1000000000:/34 3@1000000000:/34 $");
	buffer_free(&made.bytes);
}

/* PKTAP: UDP and TCP on Ethernet, then TCP and UDP on a loopback (NULL), then TCP in a header that is cut. */
static struct made make_pktap(void)
{
	struct made made = {0};
	buffer_init(&made.bytes, BUFFER_NO_LIMIT, NULL);
	put_header(&made, MAGIC_MICROSECONDS, 258);
	for (int i = 0; i < 5; i++) {
		uint8_t frame[108 + 34] = {[0] = 108, [4] = 1, [8] = i == 2 || i == 3 ? 0 : 1};
		size_t ip = 108 + (frame[8] ? 14 : 4), len = i == 4 ? 107 : ip + 20;
		frame[108] = 2; /* of NULL: IPv4 */
		if (frame[8])
			frame[108 + 12] = 0x08;
		frame[ip] = 0x45;
		frame[ip + 3] = 20;
		frame[ip + 9] = i == 0 || i == 3 ? 17 : 6;
		put_number(&made, 4, 1);
		put_number(&made, 4, 0);
		put_number(&made, 4, (uint32_t)len);
		put_number(&made, 4, (uint32_t)len);
		buffer_append(&made.bytes, slice_of(frame, len));
	}
	return made;
}

/* What of PKTAP passes the filter, by number. */
static void assert_pktap_passes(const char *filter, const char *expected)
{
	char why[256], given[64] = "";
	struct packet packet;
	struct made made = make_pktap();
	struct source *source = open_bytes(buffer_slice(&made.bytes), filter, why);
	if (!source)
		fail_msg("%s", why);
	while (source_next(source, &packet) == SOURCE_PACKET)
		snprintf(given + strlen(given), sizeof given - strlen(given), "%u ", (unsigned)packet.number);
	assert_string_equal(given, expected);
	assert_int_equal(source->counts.packets + source->counts.filtered, 5);
	source_free(source);
	buffer_free(&made.bytes);
}

static void a_filter_sees_the_frames_inside_pktap(void **state)
{
	(void)state;
	assert_pktap_passes(NULL, "1 2 3 4 5 ");
	assert_pktap_passes("tcp", "2 3 ");
	assert_pktap_passes("udp", "1 4 ");
	assert_pktap_passes("greater 34", "1 2 "); /* lengths are those of the frames inside */
}

static void put_enhanced_packet(struct made *made, uint32_t interface, struct slice frame)
{
	uint32_t padding = (uint32_t)(-frame.len & 3), size = 32 + (uint32_t)frame.len + padding;
	const uint32_t head[] = {6, size, interface, 0, 0, (uint32_t)frame.len, (uint32_t)frame.len};
	for (size_t i = 0; i < sizeof head / sizeof *head; i++)
		put_number(made, 4, head[i]);
	buffer_append(&made->bytes, frame);
	put_number(made, padding, 0);
	put_number(made, 4, size);
}

/* What Apple's tcpdump writes of PKTAP with -w: the header is taken off, and each interface has its own link type
 * (Apple's libpcap, pcap_ng_dump_pktap in pcap-darwin.c). */
static void a_filter_holds_for_each_link_type_of_a_macs_pcapng(void **state)
{
	(void)state;
	char why[256];
	struct packet packet;
	struct made made = {0};
	static const uint32_t words[] = {0x0a0d0d0a, 28, 0x1a2b3c4d, 1, UINT32_MAX, UINT32_MAX, 28, /* section */
	    1, 20, 1, 65535, 20, 1, 20, 0, 65535, 20};                                              /* en0, lo0 */
	uint8_t ethernet[34] = {[12] = 0x08, [14] = 0x45, [17] = 20}, loopback[24] = {2, [4] = 0x45, [7] = 20};
	buffer_init(&made.bytes, BUFFER_NO_LIMIT, NULL);
	for (size_t i = 0; i < sizeof words / sizeof *words; i++)
		put_number(&made, 4, words[i]);
	for (int i = 0; i < 2; i++) {
		ethernet[23] = i ? 17 : 6;
		loopback[13] = i ? 6 : 17;
		put_enhanced_packet(&made, 0, slice_of(ethernet, sizeof ethernet));
		put_enhanced_packet(&made, 1, slice_of(loopback, sizeof loopback));
	}
	struct source *source = open_bytes(buffer_slice(&made.bytes), "tcp", why);
	assert_non_null(source);
	assert_int_equal(source_next(source, &packet), SOURCE_PACKET);
	assert_int_equal(packet.number, 1);
	assert_int_equal(source_next(source, &packet), SOURCE_PACKET);
	assert_int_equal(packet.number, 4);
	assert_int_equal(source_next(source, &packet), SOURCE_END);
	source_free(source);
	buffer_free(&made.bytes);
}

static void a_filter_on_pktap_that_only_a_live_capture_knows_is_refused(void **state)
{
	(void)state;
	struct made made = make_pktap();
	assert_refused(buffer_slice(&made.bytes), "inbound", "filter 'inbound': ");
	assert_refused(buffer_slice(&made.bytes), "tcp port banana", "filter 'tcp port banana': ");
	buffer_free(&made.bytes);
}

static void what_the_filter_stops_is_counted(void **state)
{
	(void)state;
	char why[256];
	struct packet packet;
	struct made made = make_ethernet();
	struct source *source = open_bytes(buffer_slice(&made.bytes), "udp", why);
	assert_non_null(source);
	while (source_next(source, &packet) == SOURCE_PACKET)
		;
	assert_int_equal(source->counts.packets, 1);
	assert_int_equal(source->counts.filtered, 2);
	source_free(source);
	buffer_free(&made.bytes);
}

static void of_frames_with_tags_that_no_filter_lets_through_the_word_that_is_missing_is_known(void **state)
{
	(void)state;
	static const char tagged[] =
	    "\x02\0\0\0\0\1\x02\0\0\0\0\2\x81\0\0\5\x08\0\x45\0\0\x14\0\0\0\0\x40\6\0\0\x0a\0\0\1\x0a\0\0\2";
	char why[256];
	struct packet packet;
	struct made made = {0};
	buffer_init(&made.bytes, BUFFER_NO_LIMIT, NULL);
	put_header(&made, MAGIC_MICROSECONDS, 1);
	put_number(&made, 4, 1);
	put_number(&made, 4, 0);
	put_number(&made, 4, sizeof tagged - 1);
	put_number(&made, 4, sizeof tagged - 1);
	buffer_append(&made.bytes, slice_of(tagged, sizeof tagged - 1));
	struct source *source = open_bytes(buffer_slice(&made.bytes), "tcp", why);
	assert_non_null(source);
	assert_int_equal(source_next(source, &packet), SOURCE_END);
	assert_string_equal(source->counts.filter_word, "vlan");
	source_free(source);
	buffer_free(&made.bytes);
}

/* ---- compressed */

static size_t deflate_into(struct slice plain, uint8_t *out, size_t room)
{
	z_stream zlib = {.next_in = plain.at, .avail_in = (uInt)plain.len};
	zlib.next_out = out;
	zlib.avail_out = (uInt)room;
	assert_int_equal(deflateInit2(&zlib, 9, Z_DEFLATED, 31, 9, Z_DEFAULT_STRATEGY), Z_OK);
	assert_int_equal(deflate(&zlib, Z_FINISH), Z_STREAM_END);
	deflateEnd(&zlib);
	return room - zlib.avail_out;
}

static void a_gzip_file_is_read(void **state)
{
	(void)state;
	uint8_t packed[512];
	struct made made = make_file(MAGIC_MICROSECONDS, false);
	assert_gives(slice_of(packed, deflate_into(buffer_slice(&made.bytes), packed, sizeof packed)), NULL, both);
	buffer_free(&made.bytes);
}

static void a_gzip_file_of_several_members_is_read(void **state)
{
	(void)state;
	uint8_t packed[1024];
	struct made made = make_file(MAGIC_MICROSECONDS, false);
	struct slice whole = buffer_slice(&made.bytes);
	size_t len = deflate_into(slice_take(whole, 30), packed, 512);
	len += deflate_into(slice_drop(whole, 30), packed + len, 512);
	assert_gives(slice_of(packed, len), NULL, both);
	buffer_free(&made.bytes);
}

static void padding_behind_a_gzip_file_is_passed_over(void **state)
{
	(void)state;
	uint8_t packed[512] = {0};
	struct made made = make_file(MAGIC_MICROSECONDS, false);
	deflate_into(buffer_slice(&made.bytes), packed, sizeof packed);
	assert_gives(slice_of(packed, sizeof packed), NULL, both);
	buffer_free(&made.bytes);
}

static void a_gzip_file_that_is_cut_says_so(void **state)
{
	(void)state;
	uint8_t packed[512];
	struct made made = make_file(MAGIC_MICROSECONDS, false);
	size_t len = deflate_into(buffer_slice(&made.bytes), packed, sizeof packed);
	/* All the plain bytes are there; what follows them, the checksum, is not. */
	assert_gives(slice_of(packed, len - 1), NULL,
	    "1@1000002000:one/3 2@3000004000:three/500 "
	    "cut: packet 3: the file cannot be read further (damaged, or compressed and cut)");
	buffer_free(&made.bytes);
}

static void a_gzip_file_that_is_damaged_says_so(void **state)
{
	(void)state;
	uint8_t packed[512];
	struct made made = make_file(MAGIC_MICROSECONDS, false);
	size_t len = deflate_into(buffer_slice(&made.bytes), packed, sizeof packed);
	packed[len - 8] ^= 1; /* of the checksum */
	assert_gives(slice_of(packed, len), NULL,
	    "1@1000002000:one/3 2@3000004000:three/500 "
	    "cut: packet 3: the file cannot be read further (damaged, or compressed and cut)");
	buffer_free(&made.bytes);
}

static void a_zstd_file_is_read(void **state)
{
	(void)state;
	uint8_t packed[512];
	struct made made = make_file(MAGIC_MICROSECONDS, false);
	size_t len = ZSTD_compress(packed, sizeof packed, made.bytes.at, made.bytes.len, 1);
	assert_false(ZSTD_isError(len));
	assert_gives(slice_of(packed, len), NULL, both);
	buffer_free(&made.bytes);
}

/* ---- what is not, or not to its end */

static void a_file_cut_in_a_packet_gives_those_before(void **state)
{
	(void)state;
	struct made made = make_file(MAGIC_MICROSECONDS, false);
	for (size_t cut = 1; cut <= 4; cut++)
		assert_gives(slice_take(buffer_slice(&made.bytes), made.bytes.len - cut), NULL,
		    "1@1000002000:one/3 cut: the capture ends in the middle of packet 2");
	buffer_free(&made.bytes);
}

static void a_file_cut_in_a_packet_header_gives_those_before(void **state)
{
	(void)state;
	struct made made = make_file(MAGIC_MICROSECONDS, false);
	assert_gives(slice_take(buffer_slice(&made.bytes), 24 + 16 + 3 + 7), NULL,
	    "1@1000002000:one/3 cut: the capture ends in the middle of packet 2");
	buffer_free(&made.bytes);
}

static void an_absurd_length_fails_at_its_packet(void **state)
{
	(void)state;
	char why[256];
	struct packet packet;
	struct made made = make_file(MAGIC_MICROSECONDS, false);
	for (int i = 0; i < 4; i++)
		put_number(&made, 4, UINT32_MAX);
	struct source *source = open_bytes(buffer_slice(&made.bytes), NULL, why);
	assert_non_null(source);
	assert_int_equal(source_next(source, &packet), SOURCE_PACKET);
	assert_int_equal(source_next(source, &packet), SOURCE_PACKET);
	assert_int_equal(source_next(source, &packet), SOURCE_FAILED);
	assert_non_null(strstr(source->why, "packet 3: "));
	source_free(source);
	buffer_free(&made.bytes);
}

static void an_empty_file_is_refused(void **state)
{
	(void)state;
	assert_refused(slice_of("", 0), NULL, "is empty");
}

static void a_file_that_is_no_capture_is_refused(void **state)
{
	(void)state;
	assert_refused(SLICE("GET / HTTP/1.1\r\n\r\n........................"), NULL, "unknown file format");
}

static void a_cut_file_header_is_refused(void **state)
{
	(void)state;
	struct made made = make_file(MAGIC_MICROSECONDS, false);
	assert_refused(slice_take(buffer_slice(&made.bytes), 23), NULL, "truncated");
	buffer_free(&made.bytes);
}

static void a_link_type_that_is_not_read_is_refused_by_name(void **state)
{
	(void)state;
	struct made made = {0};
	buffer_init(&made.bytes, BUFFER_NO_LIMIT, NULL);
	put_header(&made, MAGIC_MICROSECONDS, 105);
	assert_refused(buffer_slice(&made.bytes), NULL, "link type 105 IEEE802_11");
	buffer_free(&made.bytes);
}

static void a_filter_that_is_none_is_refused_with_its_words(void **state)
{
	(void)state;
	struct made made = make_ethernet();
	assert_refused(buffer_slice(&made.bytes), "tcp port banana", "filter 'tcp port banana': ");
	buffer_free(&made.bytes);
}

static void a_file_that_is_not_there_is_refused(void **state)
{
	(void)state;
	char why[256];
	struct on_disk file = write_file(slice_of("", 0));
	unlink(file.path);
	assert_null(capture_file_open(file.path, NULL, why, sizeof why));
	assert_string_equal(why, "No such file or directory");
}

static void a_folder_is_refused(void **state)
{
	(void)state;
	char why[256];
	assert_null(capture_file_open(".", NULL, why, sizeof why));
	assert_string_equal(why, "is a folder");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_microsecond_file_gives_nanoseconds),
	    cmocka_unit_test(a_nanosecond_file_gives_its_nanoseconds),
	    cmocka_unit_test(a_time_after_2038_is_read),
	    cmocka_unit_test(a_time_that_cannot_be_is_reported_as_the_nearest),
	    cmocka_unit_test(a_pcapng_file_of_several_pktap_interfaces_is_read),
	    cmocka_unit_test(the_other_byte_order_is_read),
	    cmocka_unit_test(a_file_of_no_packets_is_at_its_end),
	    cmocka_unit_test(a_packet_knows_its_link_type),
	    cmocka_unit_test(a_filter_keeps_the_packets_numbers),
	    cmocka_unit_test(what_the_filter_stops_is_counted),
	    cmocka_unit_test(of_frames_with_tags_that_no_filter_lets_through_the_word_that_is_missing_is_known),
	    cmocka_unit_test(a_filter_sees_the_frames_inside_pktap),
	    cmocka_unit_test(a_filter_holds_for_each_link_type_of_a_macs_pcapng),
	    cmocka_unit_test(a_filter_on_pktap_that_only_a_live_capture_knows_is_refused),
	    cmocka_unit_test(a_gzip_file_is_read),
	    cmocka_unit_test(a_gzip_file_of_several_members_is_read),
	    cmocka_unit_test(padding_behind_a_gzip_file_is_passed_over),
	    cmocka_unit_test(a_gzip_file_that_is_cut_says_so),
	    cmocka_unit_test(a_gzip_file_that_is_damaged_says_so),
	    cmocka_unit_test(a_zstd_file_is_read),
	    cmocka_unit_test(a_file_cut_in_a_packet_gives_those_before),
	    cmocka_unit_test(a_file_cut_in_a_packet_header_gives_those_before),
	    cmocka_unit_test(an_absurd_length_fails_at_its_packet),
	    cmocka_unit_test(an_empty_file_is_refused),
	    cmocka_unit_test(a_file_that_is_no_capture_is_refused),
	    cmocka_unit_test(a_cut_file_header_is_refused),
	    cmocka_unit_test(a_link_type_that_is_not_read_is_refused_by_name),
	    cmocka_unit_test(a_filter_that_is_none_is_refused_with_its_words),
	    cmocka_unit_test(a_file_that_is_not_there_is_refused),
	    cmocka_unit_test(a_folder_is_refused),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
