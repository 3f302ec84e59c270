/* Link layers: where the IP packet begins. */
#include "net/link.h"

#include "unit.h"

/* Numbers of tcpdump.org/linktypes.html. */
enum { BSD_NULL = 0, ETHERNET = 1, RAW = 101, BSD_LOOP = 108, COOKED = 113, IPV4 = 228, IPV6 = 229, COOKED2 = 276 };

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
	    cmocka_unit_test(a_short_frame_is_nothing),
	    cmocka_unit_test(an_unknown_link_type_is_nothing),
	};
	return cmocka_run_group_tests_name("link", tests, NULL, NULL);
}
