/* IP fragments: pieces in, whole datagrams out. */
#include "net/fragment.h"

#include "unit.h"

enum { LAST = 0, MORE = 1 };

struct table {
	struct fragment_limits limits;
	struct fragment_table *fragments;
	uint64_t number;
	timestamp now;
	uint8_t version;
	struct ip_packet packet; /* as the last call left it */
	uint64_t first_number;
};

static int begin_table(void **state)
{
	struct table *table = calloc(1, sizeof *table);
	if (!table)
		return -1;
	table->limits = fragment_default_limits;
	table->fragments = fragment_table_new(&table->limits);
	table->version = 4;
	*state = table;
	return table->fragments ? 0 : -1;
}

static int end_table(void **state)
{
	struct table *table = *state;
	fragment_table_free(table->fragments);
	free(table);
	return 0;
}

/* Does the piece complete datagram `id`? */
static bool join_bytes(struct table *table, uint32_t id, uint32_t offset, int more, struct slice bytes)
{
	table->packet = (struct ip_packet){
	    .source = {.version = table->version, .bytes = {127, 0, 0, 1}},
	    .destination = {.version = table->version, .bytes = {127, 0, 0, 2}},
	    .protocol = IP_PROTOCOL_TCP,
	    .payload = bytes,
	    .fragment = true,
	    .fragment_id = id,
	    .fragment_offset = offset,
	    .fragment_more = more == MORE,
	};
	table->number++;
	return fragment_join(table->fragments, &table->packet, table->now, table->number, &table->first_number);
}

static bool join(struct table *table, uint32_t id, uint32_t offset, int more, const char *text)
{
	return join_bytes(table, id, offset, more, slice_of_text(text));
}

static void assert_whole(const struct table *table, const char *expected)
{
	assert_false(table->packet.fragment);
	assert_int_equal(table->packet.payload.len, strlen(expected));
	assert_memory_equal(table->packet.payload.at, expected, strlen(expected));
}

static void pieces_in_order_are_joined(void **state)
{
	struct table *table = *state;
	assert_false(join(table, 1, 0, MORE, "01234567"));
	assert_false(join(table, 1, 8, MORE, "89abcdef"));
	assert_true(join(table, 1, 16, LAST, "ghi"));
	assert_whole(table, "0123456789abcdefghi");
	assert_int_equal(table->first_number, 1);
	assert_int_equal(fragment_table_counts(table->fragments).joined, 1);
	assert_int_equal(fragment_table_counts(table->fragments).abandoned, 0);
}

static void pieces_in_any_order_are_joined(void **state)
{
	struct table *table = *state;
	static const int orders[6][3] = {{0, 1, 2}, {0, 2, 1}, {1, 0, 2}, {1, 2, 0}, {2, 0, 1}, {2, 1, 0}};
	static const char *const texts[3] = {"01234567", "89abcdef", "ghi"};
	for (uint32_t order = 0; order < 6; order++) {
		for (int place = 0; place < 3; place++) {
			int piece = orders[order][place];
			bool whole = join(table, order, (uint32_t)piece * 8, piece < 2 ? MORE : LAST, texts[piece]);
			assert_int_equal(whole, place == 2);
		}
		assert_whole(table, "0123456789abcdefghi");
	}
}

static void pieces_of_several_datagrams_are_kept_apart(void **state)
{
	struct table *table = *state;
	assert_false(join(table, 1, 0, MORE, "one, two"));
	assert_false(join(table, 2, 0, MORE, "ONE, TWO"));
	assert_true(join(table, 2, 8, LAST, ", THREE"));
	assert_whole(table, "ONE, TWO, THREE");
	assert_int_equal(table->first_number, 2);
	assert_true(join(table, 1, 8, LAST, ", three"));
	assert_whole(table, "one, two, three");
	assert_int_equal(table->first_number, 1);
}

static void copies_of_pieces_change_nothing(void **state)
{
	struct table *table = *state;
	assert_false(join(table, 1, 0, MORE, "01234567"));
	assert_false(join(table, 1, 0, MORE, "01234567"));
	assert_false(join(table, 1, 16, LAST, "ghi"));
	assert_false(join(table, 1, 16, LAST, "ghi"));
	assert_true(join(table, 1, 8, MORE, "89abcdef"));
	assert_whole(table, "0123456789abcdefghi");
	assert_int_equal(fragment_table_counts(table->fragments).overlaps, 0);
}

static void where_pieces_overlap_the_first_to_come_holds(void **state)
{
	struct table *table = *state;
	assert_false(join(table, 1, 8, MORE, "89abcdef"));
	assert_false(join(table, 1, 0, MORE, "01234567XXXXXXXX"));
	assert_true(join(table, 1, 8, LAST, "YYYYYYYYghi"));
	assert_whole(table, "0123456789abcdefghi");
	assert_int_equal(fragment_table_counts(table->fragments).overlaps, 2);
}

static void a_lost_piece_leaves_the_datagram_unfinished(void **state)
{
	struct table *table = *state;
	assert_false(join(table, 1, 0, MORE, "01234567"));
	assert_false(join(table, 1, 16, LAST, "ghi"));
	assert_int_equal(fragment_table_counts(table->fragments).joined, 0);
	assert_int_equal(fragment_table_counts(table->fragments).abandoned, 1);
}

static void pieces_that_contradict_the_end_are_left_out(void **state)
{
	struct table *table = *state;
	assert_false(join(table, 1, 8, LAST, "89ab"));
	assert_false(join(table, 1, 16, LAST, "ghi"));
	assert_false(join(table, 1, 16, MORE, "ghijklmn"));
	assert_false(join(table, 1, 8, MORE, "89abcdef"));
	assert_true(join(table, 1, 0, MORE, "01234567"));
	assert_whole(table, "0123456789ab");
}

static void an_end_before_bytes_that_have_come_is_left_out(void **state)
{
	struct table *table = *state;
	assert_false(join(table, 1, 8, MORE, "89abcdef"));
	assert_false(join(table, 1, 8, LAST, "89ab"));
	assert_false(join(table, 1, 0, MORE, "01234567"));
	assert_true(join(table, 1, 16, LAST, "ghi"));
	assert_whole(table, "0123456789abcdefghi");
}

static void the_longest_datagram_is_joined(void **state)
{
	struct table *table = *state;
	static uint8_t bytes[65535];
	for (size_t at = 0; at < sizeof bytes; at++)
		bytes[at] = (uint8_t)(at * 7 >> 3);
	assert_false(join_bytes(table, 1, 0, MORE, slice_of(bytes, 32768)));
	assert_true(join_bytes(table, 1, 32768, LAST, slice_of(bytes + 32768, 32767)));
	assert_int_equal(table->packet.payload.len, sizeof bytes);
	assert_memory_equal(table->packet.payload.at, bytes, sizeof bytes);
}

static void unsound_pieces_are_left_out(void **state)
{
	struct table *table = *state;
	assert_false(join(table, 1, 0, MORE, "0123456"));
	assert_false(join(table, 1, 0, MORE, ""));
	assert_false(join(table, 1, 65528, LAST, "01234567"));
	assert_false(join(table, 1, 65528, MORE, "01234567"));
	assert_int_equal(fragment_table_counts(table->fragments).abandoned, 0);
}

static void a_piece_that_the_snap_length_cut_is_left_out(void **state)
{
	struct table *table = *state;
	uint64_t first_number;
	assert_false(join(table, 1, 0, MORE, "01234567"));
	struct ip_packet cut = table->packet;
	cut.fragment_offset = 8;
	cut.fragment_more = false;
	cut.payload = SLICE("89ab");
	cut.missing = 4;
	assert_false(fragment_join(table->fragments, &cut, table->now, 2, &first_number));
	assert_true(join(table, 1, 8, LAST, "89abcdef"));
}

static void datagrams_of_other_addresses_and_protocols_are_others(void **state)
{
	struct table *table = *state;
	uint64_t first_number;
	assert_false(join(table, 1, 0, MORE, "01234567"));
	struct ip_packet other = table->packet;
	other.fragment_offset = 8;
	other.fragment_more = false;
	other.payload = SLICE("89");
	struct ip_packet same = other;
	other.source.bytes[3] = 9;
	assert_false(fragment_join(table->fragments, &other, table->now, 2, &first_number));
	other = same;
	other.protocol = 17;
	assert_false(fragment_join(table->fragments, &other, table->now, 3, &first_number));
	assert_true(fragment_join(table->fragments, &same, table->now, 4, &first_number));
	assert_int_equal(first_number, 1);
}

/* RFC 8200 §4.5: the first piece's next header is that of the datagram, the others' may differ. */
static void in_ipv6_the_first_piece_names_the_protocol(void **state)
{
	struct table *table = *state;
	uint64_t first_number;
	table->version = 6;
	assert_false(join(table, 1, 0, MORE, "01234567"));
	struct ip_packet last = table->packet;
	last.fragment_offset = 8;
	last.fragment_more = false;
	last.protocol = 99;
	assert_true(fragment_join(table->fragments, &last, table->now, 2, &first_number));
	assert_int_equal(last.protocol, IP_PROTOCOL_TCP);
}

static void extension_headers_of_a_joined_datagram_are_passed(void **state)
{
	struct table *table = *state;
	uint64_t first_number;
	table->version = 6;
	assert_false(join(table, 1, 8, LAST, "data"));
	struct ip_packet first = table->packet;
	first.fragment_offset = 0;
	first.fragment_more = true;
	first.protocol = 60;
	first.payload = SLICE("\6\0\1\4\0\0\0\0");
	assert_true(fragment_join(table->fragments, &first, table->now, 2, &first_number));
	assert_int_equal(first.protocol, IP_PROTOCOL_TCP);
	assert_true(slice_equals_text(first.payload, "data"));
}

static void a_fragment_within_a_joined_datagram_is_no_datagram(void **state)
{
	struct table *table = *state;
	uint64_t first_number;
	table->version = 6;
	assert_false(join(table, 1, 8, LAST, "data"));
	struct ip_packet first = table->packet;
	first.fragment_offset = 0;
	first.fragment_more = true;
	first.protocol = 44;
	first.payload = SLICE("\6\0\0\1\0\0\0\1");
	assert_false(fragment_join(table->fragments, &first, table->now, 2, &first_number));
}

/* ---- limits */

static void an_unfinished_datagram_is_given_up_in_time(void **state)
{
	struct table *table = *state;
	assert_false(join(table, 1, 0, MORE, "01234567"));
	table->now += table->limits.patience + 1;
	assert_false(join(table, 1, 8, LAST, "89"));
	assert_int_equal(fragment_table_counts(table->fragments).abandoned, 2);
}

static void within_its_time_a_datagram_is_joined(void **state)
{
	struct table *table = *state;
	assert_false(join(table, 1, 0, MORE, "01234567"));
	table->now += table->limits.patience;
	assert_true(join(table, 1, 8, LAST, "89"));
}

static void of_too_many_datagrams_the_oldest_gives_way(void **state)
{
	struct table *table = *state;
	table->limits.datagrams = 2;
	assert_false(join(table, 1, 0, MORE, "01234567"));
	assert_false(join(table, 2, 0, MORE, "01234567"));
	assert_false(join(table, 3, 0, MORE, "01234567"));
	assert_true(join(table, 2, 8, LAST, "89"));
	assert_true(join(table, 3, 8, LAST, "89"));
	assert_false(join(table, 1, 8, LAST, "89"));
}

static void of_too_many_bytes_the_oldest_give_way(void **state)
{
	struct table *table = *state;
	static const uint8_t zeros[32768];
	/* The limit is one of each table, set when it is made. */
	fragment_table_free(table->fragments);
	table->limits.bytes = 100000;
	table->fragments = fragment_table_new(&table->limits);
	assert_non_null(table->fragments);
	for (uint32_t id = 1; id <= 10; id++)
		assert_false(join_bytes(table, id, 0, MORE, slice_of(zeros, sizeof zeros)));
	assert_false(join_bytes(table, 1, 32768, LAST, slice_of(zeros, 8)));
	assert_true(join_bytes(table, 10, 32768, LAST, slice_of(zeros, 8)));
}

/* A limit too small for even one datagram stops nothing but the joining. */
static void a_datagram_beyond_the_limit_is_given_up(void **state)
{
	struct table *table = *state;
	static const uint8_t zeros[4096];
	fragment_table_free(table->fragments);
	table->limits.bytes = 2048;
	table->fragments = fragment_table_new(&table->limits);
	assert_non_null(table->fragments);
	assert_false(join_bytes(table, 1, 0, MORE, slice_of(zeros, sizeof zeros)));
	assert_int_equal(fragment_table_counts(table->fragments).abandoned, 1);
	assert_false(join(table, 2, 0, MORE, "01234567"));
	assert_true(join(table, 2, 8, LAST, "89"));
}

#define DEMAND(name) cmocka_unit_test_setup_teardown(name, begin_table, end_table)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    DEMAND(pieces_in_order_are_joined),
	    DEMAND(pieces_in_any_order_are_joined),
	    DEMAND(pieces_of_several_datagrams_are_kept_apart),
	    DEMAND(copies_of_pieces_change_nothing),
	    DEMAND(where_pieces_overlap_the_first_to_come_holds),
	    DEMAND(a_lost_piece_leaves_the_datagram_unfinished),
	    DEMAND(pieces_that_contradict_the_end_are_left_out),
	    DEMAND(an_end_before_bytes_that_have_come_is_left_out),
	    DEMAND(the_longest_datagram_is_joined),
	    DEMAND(unsound_pieces_are_left_out),
	    DEMAND(a_piece_that_the_snap_length_cut_is_left_out),
	    DEMAND(datagrams_of_other_addresses_and_protocols_are_others),
	    DEMAND(in_ipv6_the_first_piece_names_the_protocol),
	    DEMAND(extension_headers_of_a_joined_datagram_are_passed),
	    DEMAND(a_fragment_within_a_joined_datagram_is_no_datagram),
	    DEMAND(an_unfinished_datagram_is_given_up_in_time),
	    DEMAND(within_its_time_a_datagram_is_joined),
	    DEMAND(of_too_many_datagrams_the_oldest_gives_way),
	    DEMAND(of_too_many_bytes_the_oldest_give_way),
	    DEMAND(a_datagram_beyond_the_limit_is_given_up),
	};
	return cmocka_run_group_tests_name("fragment", tests, NULL, NULL);
}
