/* IP headers: bytes in; addresses, protocol, payload and fragment fields out. */
#include "net/headers.h"
#include "net/link.h"
#include "unit.h"

#define FROM_4 "\x7f\0\0\1"
#define TO_4 "\x0a\0\0\2"
#define HEADER_4(first, total, fragment) first "\0" total "\x12\x34" fragment "\x40\x06\0\0" FROM_4 TO_4

#define FROM_6 "\x20\1\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\1"
#define TO_6 "\x20\1\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\2"
#define HEADER_6(len, next) "\x60\0\0\0" len next "\x40" FROM_6 TO_6

static void assert_payload(const struct ip_packet *packet, uint8_t protocol, const char *expected)
{
	assert_int_equal(packet->protocol, protocol);
	assert_int_equal(packet->payload.len, strlen(expected));
	assert_memory_equal(packet->payload.at, expected, packet->payload.len);
}

static void assert_whole(struct slice bytes, const char *expected)
{
	struct ip_packet packet;
	assert_true(ip_read_packet(bytes, &packet));
	assert_payload(&packet, IP_PROTOCOL_TCP, expected);
	assert_int_equal(packet.missing, 0);
	assert_false(packet.fragment);
}

static void assert_refused(struct slice bytes)
{
	struct ip_packet packet;
	assert_false(ip_read_packet(bytes, &packet));
}

static void assert_address(const struct address *address, bool brackets, const char *expected)
{
	char text[ADDRESS_TEXT_SIZE];
	assert_string_equal(address_format(address, brackets, text), expected);
}

/* ---- IPv4 */

static void an_ipv4_packet_is_read(void **state)
{
	(void)state;
	struct ip_packet packet;
	assert_true(ip_read_packet(SLICE(HEADER_4("\x45", "\0\x18", "\x40\0") "data"), &packet));
	assert_address(&packet.source, true, "127.0.0.1");
	assert_address(&packet.destination, true, "10.0.0.2");
	assert_payload(&packet, IP_PROTOCOL_TCP, "data");
	assert_false(packet.fragment);
}

static void ipv4_options_are_no_payload(void **state)
{
	(void)state;
	assert_whole(SLICE(HEADER_4("\x46", "\0\x1c", "\0\0") "\x94\4\0\0"
	                                                      "data"),
	    "data");
	assert_whole(SLICE(HEADER_4("\x4f", "\0\x40", "\0\0") "\1\1\1\1\1\1\1\1\1\1\1\1\1\1\1\1\1\1\1\1"
	                                                      "\1\1\1\1\1\1\1\1\1\1\1\1\1\1\1\1\1\1\1\1data"),
	    "data");
}

static void padding_of_the_link_is_no_payload(void **state)
{
	(void)state;
	assert_whole(SLICE(HEADER_4("\x45", "\0\x18", "\0\0") "data\0\0\0\0"), "data");
	assert_whole(SLICE(HEADER_4("\x45", "\0\x14", "\0\0") "\0\0\0\0\0\0"), "");
	assert_whole(SLICE(HEADER_6("\0\4", "\6") "data\0\0\0\0"), "data");
}

static void a_length_of_zero_means_all_that_was_captured(void **state)
{
	(void)state;
	assert_whole(SLICE(HEADER_4("\x45", "\0\0", "\0\0") "offloaded"), "offloaded");
	assert_whole(SLICE(HEADER_6("\0\0", "\6") "offloaded"), "offloaded");
}

static void what_the_snap_length_cut_off_is_missing(void **state)
{
	(void)state;
	struct ip_packet packet;
	assert_true(ip_read_packet(SLICE(HEADER_4("\x45", "\1\0", "\0\0") "data"), &packet));
	assert_payload(&packet, IP_PROTOCOL_TCP, "data");
	assert_int_equal(packet.missing, 256 - 24);
	assert_true(ip_read_packet(SLICE(HEADER_6("\1\0", "\6") "data"), &packet));
	assert_payload(&packet, IP_PROTOCOL_TCP, "data");
	assert_int_equal(packet.missing, 256 - 4);
	assert_true(ip_read_packet(SLICE(HEADER_4("\x45", "\0\x18", "\0\0")), &packet));
	assert_payload(&packet, IP_PROTOCOL_TCP, "");
	assert_int_equal(packet.missing, 4);
}

static void an_ipv4_header_that_contradicts_itself_is_refused(void **state)
{
	(void)state;
	assert_refused(SLICE(HEADER_4("\x44", "\0\x18", "\0\0") "data"));
	assert_refused(SLICE(HEADER_4("\x45", "\0\x13", "\0\0") "data"));
	assert_refused(SLICE(HEADER_4("\x47", "\0\x18", "\0\0") "data"));
	assert_refused(SLICE(HEADER_4("\x55", "\0\x18", "\0\0") "data"));
}

static void fragments_of_ipv4_are_reported(void **state)
{
	(void)state;
	struct ip_packet packet;
	assert_true(ip_read_packet(SLICE(HEADER_4("\x45", "\0\x1c", "\x20\0") "01234567"), &packet));
	assert_true(packet.fragment && packet.fragment_more);
	assert_int_equal(packet.fragment_offset, 0);
	assert_int_equal(packet.fragment_id, 0x1234);
	assert_true(ip_read_packet(SLICE(HEADER_4("\x45", "\0\x1c", "\x1f\xff") "01234567"), &packet));
	assert_true(packet.fragment && !packet.fragment_more);
	assert_int_equal(packet.fragment_offset, 0x1fff * 8);
}

/* ---- IPv6 */

static void an_ipv6_packet_is_read(void **state)
{
	(void)state;
	struct ip_packet packet;
	assert_true(ip_read_packet(SLICE(HEADER_6("\0\4", "\6") "data"), &packet));
	assert_address(&packet.source, true, "[2001:db8::1]");
	assert_address(&packet.destination, false, "2001:db8::2");
	assert_payload(&packet, IP_PROTOCOL_TCP, "data");
}

#define HOP_BY_HOP(next) next "\0\1\4\0\0\0\0"
#define ROUTING(next) next "\2\4\0\0\0\0\0\1\2\3\4\5\6\7\x08\1\2\3\4\5\6\7\x08"
#define AUTHENTICATION(next) next "\4\0\0\0\0\0\1\0\0\0\2macmacmacmac"
#define FRAGMENT(next, offset) next "\0" offset "\0\1\2\3"

static void extension_headers_are_passed(void **state)
{
	(void)state;
	assert_whole(SLICE(HEADER_6("\0\x0c", "\0") HOP_BY_HOP("\6") "data"), "data");
	assert_whole(SLICE(HEADER_6("\0\x1c", "\x2b") ROUTING("\6") "data"), "data");
	assert_whole(SLICE(HEADER_6("\0\x1c", "\x33") AUTHENTICATION("\6") "data"), "data");
	assert_whole(SLICE(HEADER_6("\0\x44", "\0") HOP_BY_HOP("\x3c") HOP_BY_HOP("\x2b") ROUTING("\x33")
	                     AUTHENTICATION("\6") "data"),
	    "data");
}

static void fragments_of_ipv6_are_reported(void **state)
{
	(void)state;
	struct ip_packet packet;
	assert_true(ip_read_packet(
	    SLICE(HEADER_6("\0\x18", "\0") HOP_BY_HOP("\x2c") FRAGMENT("\6", "\0\x11") "01234567"), &packet));
	assert_true(packet.fragment && packet.fragment_more);
	assert_int_equal(packet.fragment_offset, 16);
	assert_int_equal(packet.fragment_id, 0x00010203);
	assert_payload(&packet, IP_PROTOCOL_TCP, "01234567");
}

static void behind_a_fragment_header_nothing_is_read(void **state)
{
	(void)state;
	struct ip_packet packet;
	assert_true(ip_read_packet(SLICE(HEADER_6("\0\x10", "\x2c") FRAGMENT("\x3c", "\0\x10") "01234567"), &packet));
	assert_true(packet.fragment && !packet.fragment_more);
	assert_payload(&packet, 60, "01234567");
}

/* RFC 6946 */
static void an_atomic_fragment_is_whole(void **state)
{
	(void)state;
	assert_whole(SLICE(HEADER_6("\0\x0c", "\x2c") FRAGMENT("\6", "\0\0") "data"), "data");
	assert_whole(SLICE(HEADER_6("\0\x14", "\x2c") FRAGMENT("\x3c", "\0\0") HOP_BY_HOP("\6") "data"), "data");
}

static void an_extension_header_that_is_not_all_there_is_refused(void **state)
{
	(void)state;
	assert_refused(SLICE(HEADER_6("\0\7", "\0") "\6\0\1\4\0\0\0"));
	assert_refused(SLICE(HEADER_6("\0\x0c", "\0") "\6\1\1\4\0\0\0\0data"));
	assert_refused(SLICE(HEADER_6("\0\x10", "\x33") "\6\4\0\0\0\0\0\1\0\0\0\2macm"));
	assert_refused(SLICE(HEADER_6("\0\4", "\x2c") "\6\0\0\1"));
}

static void extension_headers_without_end_end(void **state)
{
	(void)state;
	uint8_t bytes[40 + 8 * 200] = {0x60, 0, 0, 0, 8 * 200 / 256, 8 * 200 % 256, 0, 64};
	struct ip_packet packet;
	assert_true(ip_read_packet(slice_of(bytes, sizeof bytes), &packet));
	assert_int_not_equal(packet.protocol, IP_PROTOCOL_TCP);
}

/* ---- both */

static void assert_needs_header(struct slice whole, size_t header)
{
	for (size_t len = 0; len < header; len++) {
		uint8_t *cut = malloc(len + 1);
		assert_non_null(cut);
		memcpy(cut, whole.at, len);
		assert_refused(slice_of(cut, len));
		free(cut);
	}
}

static void part_of_a_header_is_refused(void **state)
{
	(void)state;
	assert_needs_header(SLICE(HEADER_4("\x45", "\0\x18", "\0\0") "data"), 20);
	assert_needs_header(SLICE(HEADER_4("\x46", "\0\x1c", "\0\0") "\x94\4\0\0"), 24);
	assert_needs_header(SLICE(HEADER_6("\0\x0c", "\0") HOP_BY_HOP("\6") "data"), 48);
}

static void addresses_are_equal_when_version_and_bytes_are(void **state)
{
	(void)state;
	struct address four = {.version = 4, .bytes = {127, 0, 0, 1}};
	struct address six = {.version = 6, .bytes = {127, 0, 0, 1}};
	struct address other = {.version = 4, .bytes = {127, 0, 0, 2}};
	assert_true(address_equals(&four, &four));
	assert_false(address_equals(&four, &six));
	assert_false(address_equals(&four, &other));
}

static void a_mapped_address_is_written_as_ipv6(void **state)
{
	(void)state;
	struct address mapped = {.version = 6, .bytes = {[10] = 0xff, [11] = 0xff, [12] = 127, [15] = 1}};
	assert_address(&mapped, true, "[::ffff:127.0.0.1]");
}

static void the_address_of_a_unix_socket_is_its_number(void **state)
{
	(void)state;
	struct address address = address_of_unix(0x123456789abcULL);
	uint64_t number = 0;
	assert_true(address_is_unix(&address, &number));
	assert_int_equal(number, 0x123456789abcULL);
	assert_address(&address, true, "unix:[20015998343868]");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(an_ipv4_packet_is_read),
	    cmocka_unit_test(ipv4_options_are_no_payload),
	    cmocka_unit_test(padding_of_the_link_is_no_payload),
	    cmocka_unit_test(a_length_of_zero_means_all_that_was_captured),
	    cmocka_unit_test(what_the_snap_length_cut_off_is_missing),
	    cmocka_unit_test(an_ipv4_header_that_contradicts_itself_is_refused),
	    cmocka_unit_test(fragments_of_ipv4_are_reported),
	    cmocka_unit_test(an_ipv6_packet_is_read),
	    cmocka_unit_test(extension_headers_are_passed),
	    cmocka_unit_test(fragments_of_ipv6_are_reported),
	    cmocka_unit_test(behind_a_fragment_header_nothing_is_read),
	    cmocka_unit_test(an_atomic_fragment_is_whole),
	    cmocka_unit_test(an_extension_header_that_is_not_all_there_is_refused),
	    cmocka_unit_test(extension_headers_without_end_end),
	    cmocka_unit_test(part_of_a_header_is_refused),
	    cmocka_unit_test(addresses_are_equal_when_version_and_bytes_are),
	    cmocka_unit_test(a_mapped_address_is_written_as_ipv6),
	    cmocka_unit_test(the_address_of_a_unix_socket_is_its_number),
	};
	return cmocka_run_group_tests_name("ip", tests, NULL, NULL);
}
