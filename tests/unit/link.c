/* Link layers: where the IP packet begins. */
#include "net/link.h"

#include "net/headers.h"
#include "unit.h"

/* Numbers of tcpdump.org/linktypes.html. */
enum {
	BSD_NULL = 0,
	ETHERNET = 1,
	RAW_DLT = 12,
	RAW = 101,
	BSD_LOOP = 108,
	COOKED = 113,
	USER2 = 149,
	IPV4 = 228,
	IPV6 = 229,
	PKTAP = 258,
	COOKED2 = 276,
	PPP = 9,
	PPP_SERIAL = 50,
	PPP_ETHER = 51,
	C_HDLC = 104,
	NFLOG = 239
};

#define MACS "\x02\0\0\0\0\1\x02\0\0\0\0\2"
#define TAG(kind) kind "\0\x05"

static void assert_network(int link_type, struct slice frame, const char *expected)
{
	struct slice network = link_find_network(link_type, frame);
	assert_int_equal(network.len, strlen(expected));
	assert_memory_equal(network.at, expected, network.len);
}

static void assert_nothing(int link_type, struct slice frame)
{
	assert_int_equal(link_find_network(link_type, frame).len, 0);
}

/* Nothing is found in, nor read beyond, any beginning of the frame's header. */
static void assert_needs_header(int link_type, struct slice frame, size_t header)
{
	for (size_t len = 0; len < header; len++) {
		uint8_t *cut = malloc(len + 1);
		assert_non_null(cut);
		memcpy(cut, frame.at, len);
		assert_nothing(link_type, slice_of(cut, len));
		free(cut);
	}
}

static void ethernet_is_passed(void **state)
{
	(void)state;
	assert_network(ETHERNET, SLICE(MACS "\x08\0E4"), "E4");
	assert_network(ETHERNET, SLICE(MACS "\x86\xdd`6"), "`6");
}

static void vlan_tags_are_passed_however_many(void **state)
{
	(void)state;
	assert_network(ETHERNET, SLICE(MACS TAG("\x81\0") "\x08\0E4"), "E4");
	assert_network(ETHERNET, SLICE(MACS TAG("\x88\xa8") TAG("\x81\0") "\x86\xdd`6"), "`6");
	assert_network(ETHERNET, SLICE(MACS TAG("\x91\0") TAG("\x81\0") "\x08\0E4"), "E4");
	assert_network(ETHERNET, SLICE(MACS TAG("\x81\0") TAG("\x81\0") TAG("\x81\0") "\x08\0E4"), "E4");
}

static void what_is_not_ip_is_nothing(void **state)
{
	(void)state;
	assert_nothing(ETHERNET, SLICE(MACS "\x08\x06"
	                                    "E4"));
	assert_nothing(ETHERNET, SLICE(MACS "\0\x40"
	                                    "E4"));
	assert_nothing(ETHERNET, SLICE(MACS TAG("\x81\0") "\x08\x06"
	                                                  "E4"));
	assert_nothing(RAW, SLICE("\x10\0"));
}

static void linux_cooked_is_passed(void **state)
{
	(void)state;
	assert_network(COOKED, SLICE("\0\0\x03\x04\0\6\0\0\0\0\0\0\0\0\x08\0E4"), "E4");
	assert_network(COOKED, SLICE("\0\0\x03\x04\0\6\0\0\0\0\0\0\0\0\x86\xdd`6"), "`6");
	assert_network(COOKED, SLICE("\0\0\0\1\0\6\0\0\0\0\0\0\0\0" TAG("\x81\0") "\x08\0E4"), "E4");
}

static void linux_cooked_of_the_second_version_is_passed(void **state)
{
	(void)state;
	assert_network(COOKED2, SLICE("\x08\0\0\0\0\0\0\1\x03\x04\0\6\0\0\0\0\0\0\0\0E4"), "E4");
	assert_network(COOKED2, SLICE("\x86\xdd\0\0\0\0\0\1\x03\x04\0\6\0\0\0\0\0\0\0\0`6"), "`6");
	assert_network(COOKED2, SLICE("\x81\0\0\0\0\0\0\1\0\1\0\6\0\0\0\0\0\0\0\0\0\5\x08\0E4"), "E4");
	assert_nothing(COOKED2, SLICE("\x08\x06\0\0\0\0\0\1\0\1\0\6\0\0\0\0\0\0\0\0E4"));
}

static void raw_ip_is_itself(void **state)
{
	(void)state;
	static const int kinds[] = {12, 14, RAW, IPV4, IPV6};
	for (size_t index = 0; index < sizeof kinds / sizeof *kinds; index++) {
		assert_true(link_is_known(kinds[index]));
		assert_network(kinds[index], SLICE("E4"), "E4");
		assert_network(kinds[index], SLICE("`6"), "`6");
	}
}

static void bsd_loopback_is_passed_in_both_byte_orders(void **state)
{
	(void)state;
	assert_network(BSD_NULL, SLICE("\2\0\0\0E4"), "E4");
	assert_network(BSD_NULL, SLICE("\0\0\0\2E4"), "E4");
	assert_network(BSD_LOOP, SLICE("\0\0\0\2E4"), "E4");
}

static void every_platforms_number_of_ipv6_on_loopback_is_passed(void **state)
{
	(void)state;
	assert_network(BSD_NULL, SLICE("\x18\0\0\0`6"), "`6"); /* NetBSD, OpenBSD */
	assert_network(BSD_NULL, SLICE("\x1c\0\0\0`6"), "`6"); /* FreeBSD */
	assert_network(BSD_NULL, SLICE("\0\0\0\x1e`6"), "`6"); /* macOS */
}

static void assert_unread(int link_type, struct slice frame, const char *name)
{
	struct link_inside inside = link_look(link_type, frame);
	assert_int_equal(inside.network.len, 0);
	assert_non_null(inside.unread);
	assert_non_null(strstr(inside.unread, name));
}

#define SESSION "\x11\0\0\7"

static void a_session_of_pppoe_is_passed(void **state)
{
	(void)state;
	assert_network(ETHERNET,
	    SLICE(MACS "\x88\x64" SESSION "\0\4\0\x21"
	               "E4"
	               "padding"),
	    "E4");
	assert_network(ETHERNET,
	    SLICE(MACS "\x88\x64" SESSION "\0\4\0\x57"
	               "`6"),
	    "`6");
	assert_network(ETHERNET,
	    SLICE(MACS TAG("\x81\0") "\x88\x64" SESSION "\0\3\x21"
	                             "E4"),
	    "E4");
	assert_network(PPP_ETHER,
	    SLICE(SESSION "\0\4\0\x21"
	                  "E4"),
	    "E4");
	assert_nothing(ETHERNET, SLICE(MACS "\x88\x64"
	                                    "\x11\x09\0\7"
	                                    "\0\4\0\x21"
	                                    "E4"));
}

static void what_ppp_says_of_itself_is_nothing_and_what_it_packs_is_unread(void **state)
{
	(void)state;
	struct slice control = SLICE(MACS "\x88\x64" SESSION "\0\6\xc0\x21"
	                                  "\1\1\0\4");
	assert_nothing(ETHERNET, control);
	assert_null(link_look(ETHERNET, control).unread);
	assert_unread(ETHERNET,
	    SLICE(MACS "\x88\x64" SESSION "\0\6\0\xfd"
	               "\1\1\0\4"),
	    "PPP");
}

static void ppp_and_ciscos_hdlc_are_passed(void **state)
{
	(void)state;
	assert_network(PPP,
	    SLICE("\0\x21"
	          "E4"),
	    "E4");
	assert_network(PPP,
	    SLICE("\xff\3\0\x57"
	          "`6"),
	    "`6");
	assert_network(PPP_SERIAL,
	    SLICE("\xff\3\0\x21"
	          "E4"),
	    "E4");
	assert_network(PPP_SERIAL,
	    SLICE("\x0f\0\x08\0"
	          "E4"),
	    "E4");
	assert_network(C_HDLC,
	    SLICE("\x0f\0\x86\xdd"
	          "`6"),
	    "`6");
}

#define LABEL "\0\1\0\x40"
#define LAST_LABEL "\0\1\1\x40"

static void labels_of_mpls_are_passed_however_many(void **state)
{
	(void)state;
	assert_network(ETHERNET, SLICE(MACS "\x88\x47" LAST_LABEL "E4"), "E4");
	assert_network(ETHERNET, SLICE(MACS "\x88\x48" LABEL LABEL LAST_LABEL "`6"), "`6");
	assert_nothing(ETHERNET, SLICE(MACS "\x88\x47" LABEL "E4"));
}

static void ethernet_behind_labels_is_found_with_a_control_word_and_without(void **state)
{
	(void)state;
	assert_network(ETHERNET,
	    SLICE(MACS "\x88\x47" LAST_LABEL "\0\0\0\0" MACS "\x08\0"
	               "E4"),
	    "E4");
	assert_network(ETHERNET,
	    SLICE(MACS "\x88\x47" LAST_LABEL "\xb2\0\0\0\0\1\x02\0\0\0\0\2"
	               "\x08\0"
	               "E4"),
	    "E4");
	assert_unread(ETHERNET, SLICE(MACS "\x88\x47" LAST_LABEL "\xb2 something else"), "MPLS");
}

static void headers_within_each_other_have_an_end(void **state)
{
	(void)state;
	uint8_t frame[14 * 40 + 2];
	for (size_t i = 0; i < 40; i++)
		memcpy(frame + i * 14, MACS "\x65\x58", 14);
	memcpy(frame + sizeof frame - 2, "E4", 2);
	assert_unread(ETHERNET, slice_of(frame, sizeof frame), "bridged");
}

static void a_type_that_may_carry_ip_and_is_not_read_is_named(void **state)
{
	(void)state;
	assert_unread(ETHERNET,
	    SLICE(MACS "\x88\xe5"
	               "\x2c\0\0\0\0\1"),
	    "MACsec");
	assert_unread(ETHERNET,
	    SLICE(MACS TAG("\x81\0") "\x89\x4f"
	                             "\x2c\0"),
	    "NSH");
	assert_null(link_look(ETHERNET, SLICE(MACS "\x08\x06"
	                                           "arp"))
	                .unread);
	assert_null(link_look(ETHERNET, SLICE(MACS "\x88\xcc"
	                                           "lldp"))
	                .unread);
}

static void nflog_is_unwrapped_in_both_byte_orders(void **state)
{
	(void)state;
	assert_network(NFLOG,
	    SLICE("\2\0\0\1"
	          "\x08\0\1\0"
	          "\x08\0\1\0"
	          "\x06\0\x0a\0"
	          "a\0\0\0"
	          "\6\0\x09\0"
	          "E4\0\0"),
	    "E4");
	assert_network(NFLOG,
	    SLICE("\x0a\0\0\1"
	          "\0\x08\0\1"
	          "\x08\0\1\0"
	          "\0\6\0\x09"
	          "`6\0\0"),
	    "`6");
}

static void nflog_that_lies_about_lengths_is_nothing(void **state)
{
	(void)state;
	assert_nothing(NFLOG, SLICE("\2\0\0\1"
	                            "\x08\0\1\0"
	                            "\x08\0\1\0"
	                            "\xff\0\x09\0"
	                            "E4\0\0"));
	assert_nothing(NFLOG, SLICE("\2\0\0\1"
	                            "\0\0\1\0"
	                            "E4\0\0"));
	assert_nothing(NFLOG, SLICE("\2\0\0\1"
	                            "\x08\0\1\0"
	                            "\x08\0\1\0"));
	assert_nothing(NFLOG, SLICE("\2\0"));
}

static void the_word_of_a_filter_for_what_is_before_ip_is_known(void **state)
{
	(void)state;
	assert_string_equal(link_filter_word(ETHERNET, SLICE(MACS TAG("\x81\0") "\x08\0E4")), "vlan");
	assert_string_equal(link_filter_word(ETHERNET, SLICE(MACS "\x88\x64" SESSION "\0\4\0\x21"
	                                                          "E4")),
	    "pppoes");
	assert_string_equal(link_filter_word(ETHERNET, SLICE(MACS "\x88\x47" LAST_LABEL "E4")), "mpls");
	assert_null(link_filter_word(ETHERNET, SLICE(MACS "\x08\0E4")));
	assert_null(link_filter_word(ETHERNET, SLICE(MACS TAG("\x81\0") "\x08\x06"
	                                                                "arp")));
}

static void a_short_frame_is_nothing(void **state)
{
	(void)state;
	assert_needs_header(ETHERNET, SLICE(MACS "\x08\0"), 14);
	assert_needs_header(ETHERNET, SLICE(MACS TAG("\x88\xa8") TAG("\x81\0") "\x08\0"), 22);
	assert_needs_header(COOKED, SLICE("\0\0\x03\x04\0\6\0\0\0\0\0\0\0\0\x08\0"), 16);
	assert_needs_header(COOKED2, SLICE("\x08\0\0\0\0\0\0\1\x03\x04\0\6\0\0\0\0\0\0\0\0"), 20);
	assert_needs_header(COOKED2, SLICE("\x81\0\0\0\0\0\0\1\0\1\0\6\0\0\0\0\0\0\0\0\0\5\x08\0"), 24);
	assert_needs_header(BSD_NULL, SLICE("\2\0\0\0"), 4);
	assert_nothing(RAW, slice_of(NULL, 0));
}

/* ---- PKTAP: headers of the sizes and with the places of Apple's bsd/net/pktap.h */

enum { FIRST = 108, FIRST_LATER = 156, SECOND = 40, SECOND_FULL = 130, ROOM = 256 };

struct tap {
	uint8_t bytes[ROOM];
	size_t len;
};

static struct slice tap_slice(const struct tap *tap)
{
	return slice_of(tap->bytes, tap->len);
}

static void tap_append(struct tap *tap, struct slice frame)
{
	memcpy(tap->bytes + tap->len, frame.at, frame.len);
	tap->len += frame.len;
}

/* struct pktap_header with `frame` behind it. */
static struct tap tap_first(uint8_t size, uint8_t link_type, struct slice frame)
{
	struct tap tap = {
	    .bytes = {[0] = size, [4] = 1, [8] = link_type, [12] = 'e', 'n', '0', [36] = 2, [40] = 2, [44] = 14},
	    .len = size};
	tap_append(&tap, frame);
	return tap;
}

/* struct pktap_v2_hdr with `frame` behind it; its flags have PTH_FLAG_V2_HDR. */
static struct tap tap_second(uint8_t size, uint8_t link_type, struct slice frame)
{
	struct tap tap = {
	    .bytes = {[0] = size, [3] = 40, [6] = link_type, [8] = 14, [16] = 2, [36] = 2, [38] = 8}, .len = size};
	tap_append(&tap, frame);
	return tap;
}

static void the_frame_inside_pktap_is_found_by_the_headers_length(void **state)
{
	(void)state;
	struct tap taps[] = {tap_first(FIRST, ETHERNET, SLICE(MACS "\x08\0E4")),
	    tap_first(FIRST_LATER, ETHERNET, SLICE(MACS "\x08\0E4")),
	    tap_second(SECOND, ETHERNET, SLICE(MACS "\x08\0E4")),
	    tap_second(SECOND_FULL, ETHERNET, SLICE(MACS "\x08\0E4"))};
	assert_true(link_is_known(PKTAP));
	for (size_t i = 0; i < sizeof taps / sizeof *taps; i++)
		assert_network(PKTAP, tap_slice(&taps[i]), "E4");
}

static void pktap_carries_every_link_type_of_a_mac(void **state)
{
	(void)state;
	struct tap loopback = tap_first(FIRST, BSD_NULL, SLICE("\x1e\0\0\0`6"));
	struct tap tunnel = tap_first(FIRST, RAW_DLT, SLICE("E4"));
	struct tap tagged = tap_second(SECOND, ETHERNET, SLICE(MACS TAG("\x81\0") "\x86\xdd`6"));
	assert_network(PKTAP, tap_slice(&loopback), "`6");
	assert_network(PKTAP, tap_slice(&tunnel), "E4");
	assert_network(PKTAP, tap_slice(&tagged), "`6");
}

static void pktap_under_its_number_on_macos_is_found(void **state)
{
	(void)state;
	struct tap tap = tap_first(FIRST, ETHERNET, SLICE(MACS "\x08\0E4"));
	assert_true(link_is_known(USER2));
	assert_network(USER2, tap_slice(&tap), "E4");
}

static void pktap_shows_the_inner_link_type_even_when_it_is_unknown(void **state)
{
	(void)state;
	struct tap tap = tap_first(FIRST, 127, SLICE("802.11")); /* radiotap: tcpdump -I */
	int link_type = PKTAP;
	struct slice frame = tap_slice(&tap);
	assert_nothing(PKTAP, frame);
	assert_true(link_unwrap(&link_type, &frame));
	assert_int_equal(link_type, 127);
	assert_int_equal(frame.len, 6);
}

static void what_is_not_pktap_is_not_unwrapped(void **state)
{
	(void)state;
	struct tap tap = tap_first(FIRST, ETHERNET, SLICE(MACS "\x08\0E4"));
	struct slice frame = tap_slice(&tap);
	int link_type = ETHERNET;
	assert_false(link_unwrap(&link_type, &frame));
	assert_int_equal(link_type, ETHERNET);
	assert_int_equal(frame.len, tap.len);
}

static void pktap_without_a_packet_is_nothing(void **state)
{
	(void)state;
	struct tap tap = tap_first(FIRST, ETHERNET, SLICE(MACS "\x08\0E4"));
	tap.bytes[4] = 0; /* PTH_TYPE_NONE */
	assert_nothing(PKTAP, tap_slice(&tap));
	tap.bytes[4] = 2;
	assert_nothing(PKTAP, tap_slice(&tap));
}

static void pktap_inside_pktap_is_nothing(void **state)
{
	(void)state;
	struct tap inner = tap_first(FIRST, RAW_DLT, SLICE("E4"));
	struct tap outer = tap_first(FIRST, USER2, tap_slice(&inner));
	assert_nothing(PKTAP, tap_slice(&outer));
	outer = tap_first(FIRST, PKTAP & 0xff, tap_slice(&inner));
	outer.bytes[9] = PKTAP >> 8;
	assert_nothing(PKTAP, tap_slice(&outer));
	outer = tap_second(SECOND, PKTAP & 0xff, tap_slice(&inner));
	outer.bytes[7] = PKTAP >> 8;
	assert_nothing(PKTAP, tap_slice(&outer));
}

/* Each length that the header may claim, in a frame of exactly its bytes: within it a frame or nothing is found, never
 * beyond. */
static void a_length_that_pktap_lies_about_stays_within_the_frame(void **state)
{
	(void)state;
	static const uint32_t lengths[] = {0, 1, 39, 40, 107, 109, 120, 123, 124, 125, 255, 0x7fffffff, UINT32_MAX};
	for (size_t i = 0; i < sizeof lengths / sizeof *lengths; i++) {
		struct tap first = tap_first(FIRST, RAW_DLT, SLICE("E234567890123456"));
		struct tap second = tap_second(SECOND, RAW_DLT, SLICE("E234567890123456"));
		for (int byte = 0; byte < 4; byte++)
			first.bytes[byte] = (uint8_t)(lengths[i] >> 8 * byte);
		second.bytes[0] = (uint8_t)lengths[i];
		struct tap *taps[] = {&first, &second};
		for (size_t each = 0; each < 2; each++) {
			uint8_t *exact = malloc(taps[each]->len);
			assert_non_null(exact);
			memcpy(exact, taps[each]->bytes, taps[each]->len);
			struct slice network = link_find_network(PKTAP, slice_of(exact, taps[each]->len));
			assert_true(network.len <= 16);
			assert_true(!network.len || network.at + network.len == exact + taps[each]->len);
			free(exact);
		}
	}
}

static void a_pktap_header_longer_than_its_frame_is_not_unwrapped(void **state)
{
	struct tap first = tap_first(FIRST, RAW_DLT, SLICE("E234567890123456"));
	struct slice frame = slice_of(first.bytes, first.len);
	int link_type = PKTAP;
	(void)state;
	first.bytes[1] = 1; /* 256 bytes more */
	assert_false(link_unwrap(&link_type, &frame));
	assert_int_equal(link_type, PKTAP);
	assert_int_equal(frame.len, first.len);
}

static void pktap_that_is_cut_is_nothing(void **state)
{
	(void)state;
	struct tap first = tap_first(FIRST, RAW_DLT, SLICE(""));
	struct tap second = tap_second(SECOND, RAW_DLT, SLICE(""));
	assert_needs_header(PKTAP, tap_slice(&first), first.len);
	assert_needs_header(PKTAP, tap_slice(&second), second.len);
	assert_nothing(PKTAP, tap_slice(&first));
	assert_nothing(PKTAP, slice_of(NULL, 0));
}

static void an_inner_link_type_of_pktap_that_is_no_number_of_any_is_nothing(void **state)
{
	(void)state;
	struct tap tap = tap_first(FIRST, ETHERNET, SLICE(MACS "\x08\0E4"));
	tap.bytes[10] = 1; /* 65537 */
	assert_nothing(PKTAP, tap_slice(&tap));
	tap.bytes[11] = 0xff;
	assert_nothing(PKTAP, tap_slice(&tap));
}

/* ---- */

static void an_unknown_link_type_is_nothing(void **state)
{
	(void)state;
	assert_false(link_is_known(105)); /* IEEE 802.11 */
	assert_nothing(105, SLICE("E4"));
	assert_false(link_is_known(-1));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(ethernet_is_passed),
	    cmocka_unit_test(vlan_tags_are_passed_however_many),
	    cmocka_unit_test(what_is_not_ip_is_nothing),
	    cmocka_unit_test(linux_cooked_is_passed),
	    cmocka_unit_test(linux_cooked_of_the_second_version_is_passed),
	    cmocka_unit_test(raw_ip_is_itself),
	    cmocka_unit_test(bsd_loopback_is_passed_in_both_byte_orders),
	    cmocka_unit_test(every_platforms_number_of_ipv6_on_loopback_is_passed),
	    cmocka_unit_test(a_session_of_pppoe_is_passed),
	    cmocka_unit_test(what_ppp_says_of_itself_is_nothing_and_what_it_packs_is_unread),
	    cmocka_unit_test(ppp_and_ciscos_hdlc_are_passed),
	    cmocka_unit_test(labels_of_mpls_are_passed_however_many),
	    cmocka_unit_test(ethernet_behind_labels_is_found_with_a_control_word_and_without),
	    cmocka_unit_test(headers_within_each_other_have_an_end),
	    cmocka_unit_test(a_type_that_may_carry_ip_and_is_not_read_is_named),
	    cmocka_unit_test(nflog_is_unwrapped_in_both_byte_orders),
	    cmocka_unit_test(nflog_that_lies_about_lengths_is_nothing),
	    cmocka_unit_test(the_word_of_a_filter_for_what_is_before_ip_is_known),
	    cmocka_unit_test(a_short_frame_is_nothing),
	    cmocka_unit_test(the_frame_inside_pktap_is_found_by_the_headers_length),
	    cmocka_unit_test(pktap_carries_every_link_type_of_a_mac),
	    cmocka_unit_test(pktap_under_its_number_on_macos_is_found),
	    cmocka_unit_test(pktap_shows_the_inner_link_type_even_when_it_is_unknown),
	    cmocka_unit_test(what_is_not_pktap_is_not_unwrapped),
	    cmocka_unit_test(pktap_without_a_packet_is_nothing),
	    cmocka_unit_test(pktap_inside_pktap_is_nothing),
	    cmocka_unit_test(a_length_that_pktap_lies_about_stays_within_the_frame),
	    cmocka_unit_test(a_pktap_header_longer_than_its_frame_is_not_unwrapped),
	    cmocka_unit_test(pktap_that_is_cut_is_nothing),
	    cmocka_unit_test(an_inner_link_type_of_pktap_that_is_no_number_of_any_is_nothing),
	    cmocka_unit_test(an_unknown_link_type_is_nothing),
	};
	return cmocka_run_group_tests_name("link", tests, NULL, NULL);
}
