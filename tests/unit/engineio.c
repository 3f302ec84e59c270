/* Engine.IO packets and payloads: bytes in, packets out. */
#include "socketio/engineio.h"

#include "unit.h"

/* Writes a payload's packets down: "4 2[1]" is a message, "4* bytes" a binary one, "! why" a bad end. */
static const char *read_payload(struct buffer *given, int revision, struct slice body)
{
	struct engineio_payload payload;
	struct engineio_packet packet;
	enum wire_result result;
	buffer_clear(given);
	engineio_payload_init(&payload, revision, body, NULL);
	while ((result = engineio_next_packet(&payload, &packet)) == WIRE_ITEM) {
		buffer_append_format(given, "%d%s ", packet.type, packet.binary ? "*" : "");
		buffer_append(given, packet.data);
		buffer_append_byte(given, '|');
	}
	if (result == WIRE_BAD)
		buffer_append_format(given, "! %s", payload.why);
	buffer_append_byte(given, '\0');
	engineio_payload_free(&payload);
	return (const char *)given->at;
}

static void assert_payload(int revision, struct slice body, const char *expected)
{
	struct buffer given;
	buffer_init(&given, BUFFER_NO_LIMIT, NULL);
	assert_string_equal(read_payload(&given, revision, body), expected);
	buffer_free(&given);
}

/* ---- revision 4 */

static void packets_of_revision_4_stand_between_separators(void **state)
{
	(void)state;
	assert_payload(4,
	    SLICE("40\x1e"
	          "42[\"a\"]\x1e"
	          "2"),
	    "4 0|4 2[\"a\"]|2 |");
}

static void a_binary_packet_of_revision_4_is_a_message(void **state)
{
	(void)state;
	assert_payload(4, SLICE("bAQID"), "4* \x01\x02\x03|");
}

static void an_empty_binary_packet_is_an_empty_message(void **state)
{
	(void)state;
	assert_payload(4,
	    SLICE("4x\x1e"
	          "b"),
	    "4 x|4* |");
}

static void an_empty_body_has_no_packets(void **state)
{
	(void)state;
	assert_payload(4, SLICE(""), "");
}

static void a_separator_at_the_end_promises_a_packet_that_is_not_there(void **state)
{
	(void)state;
	assert_payload(4, SLICE("40\x1e"), "4 0|! empty packet");
}

static void what_came_before_a_bad_packet_is_good(void **state)
{
	(void)state;
	assert_payload(4,
	    SLICE("2\x1e"
	          "9\x1e"
	          "3"),
	    "2 |! no packet type");
}

static void base64_that_is_none_is_bad(void **state)
{
	(void)state;
	assert_payload(4, SLICE("b****"), "! binary packet is no base64");
}

/* ---- revision 3, text */

static void packets_of_revision_3_have_their_length_before_them(void **state)
{
	(void)state;
	assert_payload(3, SLICE("6:42[\"a\"2:40"), "4 2[\"a\"|4 0|");
}

static void node_counts_utf16_units(void **state)
{
	(void)state; /* U+1F600 is two units and four bytes */
	assert_payload(3,
	    SLICE("3:4\xf0\x9f\x98\x80"
	          "2:40"),
	    "4 \xf0\x9f\x98\x80|4 0|");
}

static void python_counts_bytes_when_it_writes(void **state)
{
	(void)state;
	assert_payload(3,
	    SLICE("5:4\xf0\x9f\x98\x80"
	          "2:40"),
	    "4 \xf0\x9f\x98\x80|4 0|");
}

static void python_counts_code_points_when_it_reads(void **state)
{
	(void)state;
	assert_payload(3,
	    SLICE("2:4\xf0\x9f\x98\x80"
	          "2:40"),
	    "4 \xf0\x9f\x98\x80|4 0|");
}

static void a_binary_packet_of_revision_3_has_a_type_before_its_base64(void **state)
{
	(void)state;
	assert_payload(3, SLICE("6:b4AQID"), "4* \x01\x02\x03|");
}

static void the_whole_body_decides_the_unit_of_its_lengths(void **state)
{
	(void)state; /* "é" is one unit and two bytes: after the first text, both units land on a digit and a colon */
	assert_payload(3,
	    SLICE("4:4\xc3\xa9"
	          "1"
	          "1:3"
	          "2:42"),
	    "4 \xc3\xa9"
	    "1|3 |4 2|");
	/* python's, in bytes: UTF-16 units would read the first text beyond its end, onto the next length's digits */
	assert_payload(3,
	    SLICE("17:42[\"msg\",\"caf\xc3\xa9\"]"
	          "18:42[\"msg\",\"second\"]"),
	    "4 2[\"msg\",\"caf\xc3\xa9\"]|4 2[\"msg\",\"second\"]|");
}

static void a_body_that_is_cut_is_read_in_the_unit_that_leads_farthest(void **state)
{
	(void)state;
	assert_payload(3,
	    SLICE("17:42[\"msg\",\"caf\xc3\xa9\"]"
	          "17:42[\"msg\",\"caf\xc3\xa9\"]"
	          "17:42[\"ms"),
	    "4 2[\"msg\",\"caf\xc3\xa9\"]|4 2[\"msg\",\"caf\xc3\xa9\"]|! packet's length leads nowhere");
}

static void a_length_of_zero_alone_is_an_empty_payload(void **state)
{
	(void)state;
	assert_payload(3, SLICE("0:"), "");
}

static void a_length_beyond_the_body_is_bad(void **state)
{
	(void)state;
	assert_payload(3, SLICE("2:409999:42"), "4 0|! packet's length leads nowhere");
}

static void a_length_that_would_wrap_is_bad(void **state)
{
	(void)state;
	assert_payload(3, SLICE("99999999999999999999:4"), "! no length in front of a packet");
}

/* ---- revision 3, binary */

static void the_binary_form_is_recognised_by_its_first_byte(void **state)
{
	(void)state;
	assert_payload(3,
	    SLICE("\x00\x02\xff"
	          "40"
	          "\x01\x04\xff\x04\x01\x02\x03"),
	    "4 0|4* \x01\x02\x03|");
}

static void the_binary_form_needs_no_known_revision(void **state)
{
	(void)state;
	assert_payload(0,
	    SLICE("\x00\x02\xff"
	          "40"),
	    "4 0|");
}

static void a_binary_length_beyond_the_body_is_bad(void **state)
{
	(void)state;
	assert_payload(3,
	    SLICE("\x00\x09\x09\xff"
	          "40"),
	    "! packet's length leads beyond the end");
}

/* ---- a revision that is not known */

static void a_length_shows_revision_3(void **state)
{
	(void)state;
	struct engineio_payload payload;
	engineio_payload_init(&payload, 0, SLICE("2:40"), NULL);
	assert_int_equal(payload.revision, 3);
	engineio_payload_free(&payload);
}

static void a_bare_packet_shows_revision_4(void **state)
{
	(void)state;
	struct engineio_payload payload;
	engineio_payload_init(&payload, 0, SLICE("0{\"sid\":\"x\"}"), NULL);
	assert_int_equal(payload.revision, 4);
	engineio_payload_free(&payload);
}

/* ---- WebSocket messages */

static void assert_message(int revision, bool binary, struct slice message, int type, struct slice data)
{
	struct buffer scratch;
	struct engineio_packet packet;
	const char *why;
	buffer_init(&scratch, BUFFER_NO_LIMIT, NULL);
	assert_true(engineio_read_message(revision, binary, message, &scratch, &packet, &why));
	assert_int_equal(packet.type, type);
	assert_true(slice_equals(packet.data, data));
	buffer_free(&scratch);
}

static void a_binary_message_of_revision_4_is_all_data(void **state)
{
	(void)state;
	assert_message(4, true, SLICE("\x04\x01"), ENGINEIO_MESSAGE, SLICE("\x04\x01"));
}

static void a_binary_message_of_revision_3_begins_with_its_type(void **state)
{
	(void)state;
	assert_message(3, true, SLICE("\x04\x01"), ENGINEIO_MESSAGE, SLICE("\x01"));
}

static void base64_may_come_as_a_text_message(void **state)
{
	(void)state;
	assert_message(3, false, SLICE("b4AQID"), ENGINEIO_MESSAGE, SLICE("\x01\x02\x03"));
	assert_message(4, false, SLICE("bAQID"), ENGINEIO_MESSAGE, SLICE("\x01\x02\x03"));
}

static void a_probe_is_a_ping_with_data(void **state)
{
	(void)state;
	assert_message(4, false, SLICE("2probe"), ENGINEIO_PING, SLICE("probe"));
}

/* A type in front of the base64 makes its length one more than a multiple of four. */
static void where_the_revision_is_not_known_the_length_of_base64_shows_of_a_type(void **state)
{
	(void)state;
	assert_message(0, false, SLICE("bAQID"), ENGINEIO_MESSAGE, SLICE("\x01\x02\x03"));
	assert_message(0, false, SLICE("b4AQID"), ENGINEIO_MESSAGE, SLICE("\x01\x02\x03"));
}

static void a_length_has_ten_digits_at_most(void **state)
{
	(void)state;
	assert_payload(3, SLICE("0000000001:2"), "2 |");
	assert_payload(3, SLICE("00000000001:2"), "! no length in front of a packet");
}

static void an_empty_text_message_is_bad(void **state)
{
	(void)state;
	struct engineio_packet packet;
	const char *why;
	assert_false(engineio_read_message(4, false, SLICE(""), NULL, &packet, &why));
	assert_string_equal(why, "empty packet");
}

/* ---- open packets */

static bool read_open(const char *json, struct engineio_open *open, struct buffer *scratch)
{
	buffer_init(scratch, BUFFER_NO_LIMIT, NULL);
	return engineio_read_open(slice_of_text(json), scratch, open);
}

static void an_open_packet_shows_sid_intervals_and_upgrades(void **state)
{
	(void)state;
	struct engineio_open open;
	struct buffer scratch;
	assert_true(
	    read_open("{\"sid\":\"a\\u0062c\",\"upgrades\":[\"webtransport\",\"websocket\"],\"pingTimeout\":20000,"
	              "\"pingInterval\":25000,\"maxPayload\":1000000}",
	        &open, &scratch));
	assert_true(slice_equals(open.sid, SLICE("abc")));
	assert_true(open.upgrades_to_websocket);
	assert_int_equal(open.ping_interval, 25 * TIMESTAMP_SECOND);
	assert_int_equal(open.ping_timeout, 20 * TIMESTAMP_SECOND);
	assert_int_equal(open.max_payload, 1000000);
	buffer_free(&scratch);
}

static void what_an_open_packet_lacks_is_zero(void **state)
{
	(void)state;
	struct engineio_open open;
	struct buffer scratch;
	assert_true(read_open("{\"sid\":\"a\"}", &open, &scratch));
	assert_false(open.upgrades_to_websocket);
	assert_int_equal(open.ping_interval, 0);
	assert_int_equal(open.max_payload, 0);
	buffer_free(&scratch);
}

static void intervals_of_an_open_packet_may_be_any_number(void **state)
{
	(void)state;
	struct engineio_open open;
	struct buffer scratch;
	assert_true(read_open("{\"sid\":\"a\",\"pingInterval\":2.5e3,\"pingTimeout\":0.25}", &open, &scratch));
	assert_int_equal(open.ping_interval, 2500 * TIMESTAMP_MILLISECOND);
	assert_int_equal(open.ping_timeout, TIMESTAMP_MILLISECOND / 4);
	buffer_free(&scratch);
	assert_true(
	    read_open("{\"sid\":\"a\",\"pingInterval\":-1,\"pingTimeout\":99999999999999999999}", &open, &scratch));
	assert_int_equal(open.ping_interval, 0);
	assert_int_equal(open.ping_timeout, 0);
	buffer_free(&scratch);
}

static void of_a_member_that_comes_twice_the_first_counts(void **state)
{
	(void)state;
	struct engineio_open open;
	struct buffer scratch;
	assert_true(read_open("{\"maxPayload\":1,\"sid\":\"a\",\"sid\":\"b\",\"maxPayload\":2,\"upgrades\":[],"
	                      "\"upgrades\":[\"websocket\"]}",
	    &open, &scratch));
	assert_true(slice_equals(open.sid, SLICE("a")));
	assert_int_equal(open.max_payload, 1);
	assert_false(open.upgrades_to_websocket);
	buffer_free(&scratch);
}

static void an_open_packet_without_a_sid_is_none(void **state)
{
	(void)state;
	struct engineio_open open;
	struct buffer scratch;
	assert_false(read_open("{\"upgrades\":[]}", &open, &scratch));
	buffer_free(&scratch);
	assert_false(read_open("{\"sid\":\"\"}", &open, &scratch));
	buffer_free(&scratch);
	assert_false(read_open("[\"sid\"]", &open, &scratch));
	buffer_free(&scratch);
}

static void a_binary_length_of_other_than_digits_is_bad(void **state)
{
	(void)state;
	assert_payload(3,
	    SLICE("\x00\x0a\xff"
	          "4x"),
	    "! no length in front of a packet");
	assert_payload(3,
	    SLICE("\x00\xff"
	          "4x"),
	    "! no length in front of a packet");
	assert_payload(3, SLICE("\x00\x01"), "! no length in front of a packet");
	assert_payload(3,
	    SLICE("\x00\x01\xff"
	          "2"
	          "\x02\x01\xff"
	          "2"),
	    "2 |! no length in front of a packet");
}

static void an_empty_packet_of_the_binary_form_is_bad(void **state)
{
	(void)state;
	assert_payload(3, SLICE("\x00\x00\xff"), "! empty packet");
}

static void base64_of_revision_3_without_a_type_is_bad(void **state)
{
	(void)state;
	assert_payload(3, SLICE("2:bz"), "! binary packet without a type");
}

static void nothing_comes_after_what_is_bad(void **state)
{
	(void)state;
	struct engineio_payload payload;
	struct engineio_packet packet;
	engineio_payload_init(&payload, 4,
	    SLICE("z\x1e"
	          "2"),
	    NULL);
	assert_int_equal(engineio_next_packet(&payload, &packet), WIRE_BAD);
	assert_int_equal(engineio_next_packet(&payload, &packet), WIRE_BAD);
	engineio_payload_free(&payload);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(packets_of_revision_4_stand_between_separators),
	    cmocka_unit_test(a_binary_packet_of_revision_4_is_a_message),
	    cmocka_unit_test(an_empty_binary_packet_is_an_empty_message),
	    cmocka_unit_test(an_empty_body_has_no_packets),
	    cmocka_unit_test(a_separator_at_the_end_promises_a_packet_that_is_not_there),
	    cmocka_unit_test(what_came_before_a_bad_packet_is_good),
	    cmocka_unit_test(base64_that_is_none_is_bad),
	    cmocka_unit_test(packets_of_revision_3_have_their_length_before_them),
	    cmocka_unit_test(node_counts_utf16_units),
	    cmocka_unit_test(python_counts_bytes_when_it_writes),
	    cmocka_unit_test(python_counts_code_points_when_it_reads),
	    cmocka_unit_test(a_binary_packet_of_revision_3_has_a_type_before_its_base64),
	    cmocka_unit_test(the_whole_body_decides_the_unit_of_its_lengths),
	    cmocka_unit_test(a_body_that_is_cut_is_read_in_the_unit_that_leads_farthest),
	    cmocka_unit_test(a_length_of_zero_alone_is_an_empty_payload),
	    cmocka_unit_test(a_length_beyond_the_body_is_bad),
	    cmocka_unit_test(a_length_that_would_wrap_is_bad),
	    cmocka_unit_test(the_binary_form_is_recognised_by_its_first_byte),
	    cmocka_unit_test(the_binary_form_needs_no_known_revision),
	    cmocka_unit_test(a_binary_length_beyond_the_body_is_bad),
	    cmocka_unit_test(a_length_shows_revision_3),
	    cmocka_unit_test(a_bare_packet_shows_revision_4),
	    cmocka_unit_test(a_binary_message_of_revision_4_is_all_data),
	    cmocka_unit_test(a_binary_message_of_revision_3_begins_with_its_type),
	    cmocka_unit_test(base64_may_come_as_a_text_message),
	    cmocka_unit_test(a_probe_is_a_ping_with_data),
	    cmocka_unit_test(where_the_revision_is_not_known_the_length_of_base64_shows_of_a_type),
	    cmocka_unit_test(a_length_has_ten_digits_at_most),
	    cmocka_unit_test(an_empty_text_message_is_bad),
	    cmocka_unit_test(an_open_packet_shows_sid_intervals_and_upgrades),
	    cmocka_unit_test(what_an_open_packet_lacks_is_zero),
	    cmocka_unit_test(intervals_of_an_open_packet_may_be_any_number),
	    cmocka_unit_test(of_a_member_that_comes_twice_the_first_counts),
	    cmocka_unit_test(an_open_packet_without_a_sid_is_none),
	    cmocka_unit_test(a_binary_length_of_other_than_digits_is_bad),
	    cmocka_unit_test(an_empty_packet_of_the_binary_form_is_bad),
	    cmocka_unit_test(base64_of_revision_3_without_a_type_is_bad),
	    cmocka_unit_test(nothing_comes_after_what_is_bad),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
