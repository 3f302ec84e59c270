/* Socket.IO packets in text: bytes in, packet out. */
#include "socketio/socketio.h"

#include "unit.h"

#include <stdio.h>

/* "type nsp?query #id +attachments data", or "! why". */
static void assert_packet(const char *text, const char *expected)
{
	struct socketio_packet packet;
	const char *why = NULL;
	char given[256];
	if (!socketio_read_text(slice_of_text(text), &packet, &why))
		snprintf(given, sizeof given, "!");
	else
		snprintf(given, sizeof given, "%d %.*s%s%.*s #%.*s +%u %.*s", packet.type, (int)packet.nsp.len,
		    packet.nsp.at, packet.query.len ? "?" : "", (int)packet.query.len,
		    packet.query.len ? (const char *)packet.query.at : "", packet.id.len ? (int)packet.id.len : 1,
		    packet.id.len ? (const char *)packet.id.at : "-", packet.attachments, (int)packet.data.len,
		    packet.data.len ? (const char *)packet.data.at : "");
	assert_string_equal(given, expected);
	assert_true(given[0] != '!' || (why && *why));
}

static void a_namespace_that_is_absent_is_the_root(void **state)
{
	(void)state;
	assert_packet("2[\"a\",1]", "2 / #- +0 [\"a\",1]");
}

static void a_namespace_ends_at_its_comma(void **state)
{
	(void)state;
	assert_packet("2/chat,[\"a\"]", "2 /chat #- +0 [\"a\"]");
}

static void a_namespace_may_end_the_packet_without_a_comma(void **state)
{
	(void)state;
	assert_packet("0/chat", "0 /chat #- +0 ");
	assert_packet("1/chat,", "1 /chat #- +0 ");
}

static void the_query_of_a_connect_is_no_part_of_its_namespace(void **state)
{
	(void)state;
	assert_packet("0/chat?token=1,", "0 /chat?token=1 #- +0 ");
}

static void a_namespace_may_have_digits_and_dashes(void **state)
{
	(void)state;
	assert_packet("2/a-1,7[\"x\"]", "2 /a-1 #7 +0 [\"x\"]");
}

static void an_id_stands_between_namespace_and_data(void **state)
{
	(void)state;
	assert_packet("212[\"a\"]", "2 / #12 +0 [\"a\"]");
	assert_packet("3/chat,0[]", "3 /chat #0 +0 []");
}

static void an_id_may_have_any_number_of_digits(void **state)
{
	(void)state;
	assert_packet("21234567890123456[\"a\"]", "2 / #1234567890123456 +0 [\"a\"]");
	assert_packet("299999999999999999999[\"a\"]", "2 / #99999999999999999999 +0 [\"a\"]");
	assert_packet(
	    "{\"type\":3,\"nsp\":\"/\",\"id\":12345678901234567,\"data\":[]}", "3 / #12345678901234567 +0 []");
}

static void an_id_has_no_leading_zeros(void **state)
{
	(void)state;
	assert_packet("3007[]", "3 / #7 +0 []");
	assert_packet("3000[]", "3 / #0 +0 []");
}

static void a_number_that_is_not_whole_is_no_id(void **state)
{
	(void)state;
	assert_packet("{\"type\":2,\"nsp\":\"/\",\"id\":1e3,\"data\":[\"a\"]}", "2 / #- +0 [\"a\"]");
	assert_packet("{\"type\":2,\"nsp\":\"/\",\"id\":-1,\"data\":[\"a\"]}", "2 / #- +0 [\"a\"]");
}

static void attachments_are_counted_before_the_dash(void **state)
{
	(void)state;
	assert_packet(
	    "52-[\"a\",{\"_placeholder\":true,\"num\":0}]", "2 / #- +2 [\"a\",{\"_placeholder\":true,\"num\":0}]");
	assert_packet("61-/chat,4[1]", "3 /chat #4 +1 [1]");
}

static void a_binary_packet_without_a_count_is_bad(void **state)
{
	(void)state;
	assert_packet("5[\"a\"]", "!");
	assert_packet("5-[\"a\"]", "!");
}

static void more_attachments_than_anyone_takes_are_bad(void **state)
{
	(void)state;
	assert_packet("51025-[\"a\"]", "!");
}

static void a_connect_may_carry_data(void **state)
{
	(void)state;
	assert_packet("0{\"sid\":\"x\"}", "0 / #- +0 {\"sid\":\"x\"}");
	assert_packet("0/chat,{\"token\":1}", "0 /chat #- +0 {\"token\":1}");
}

static void an_error_is_any_json(void **state)
{
	(void)state;
	assert_packet("4\"Invalid namespace\"", "4 / #- +0 \"Invalid namespace\"");
	assert_packet("4/x,[\"a\",{}]", "4 /x #- +0 [\"a\",{}]");
	assert_packet("4/x,{\"message\":\"m\"}", "4 /x #- +0 {\"message\":\"m\"}");
}

static void an_event_is_an_array_that_begins_with_a_name(void **state)
{
	(void)state;
	assert_packet("2[]", "!");
	assert_packet("2{}", "!");
	assert_packet("2[null]", "!");
	assert_packet("2", "!");
	assert_packet("2[5]", "2 / #- +0 [5]");
}

static void data_that_is_no_json_is_bad(void **state)
{
	(void)state;
	assert_packet("2[\"a\"", "!");
	assert_packet("2[\"a\"]x", "!");
}

static void space_after_the_data_is_let_pass(void **state)
{
	(void)state; /* googollee ends packets with a newline */
	assert_packet("2[\"a\"]\n", "2 / #- +0 [\"a\"]");
}

static void an_unknown_type_is_bad(void **state)
{
	(void)state;
	assert_packet("7[\"a\"]", "!");
	assert_packet("x", "!");
	assert_packet("", "!");
}

static void the_json_parser_writes_one_object(void **state)
{
	(void)state;
	assert_packet("{\"type\":2,\"nsp\":\"/chat\",\"data\":[\"a\",1],\"id\":3}", "2 /chat #3 +0 [\"a\",1]");
}

static void an_empty_namespace_in_an_object_is_the_main_one(void **state)
{
	(void)state;
	assert_packet("{\"type\":2,\"nsp\":\"\",\"data\":[\"a\"]}", "2 / #- +0 [\"a\"]");
}

static void nan_is_json_here(void **state)
{
	(void)state; /* python's json.dumps writes it */
	assert_packet("2[\"a\",NaN,-Infinity]", "2 / #- +0 [\"a\",NaN,-Infinity]");
}

static void an_event_is_split_into_name_and_arguments(void **state)
{
	(void)state;
	struct slice name, arguments;
	socketio_split_event(SLICE("[ \"a\" , 1,[2] ]"), &name, &arguments);
	assert_true(slice_equals(name, SLICE("\"a\"")));
	while (arguments.len && arguments.at[arguments.len - 1] == ' ')
		arguments.len--;
	while (arguments.len && arguments.at[0] == ' ')
		arguments = slice_drop(arguments, 1);
	assert_true(slice_equals(arguments, SLICE("1,[2]")));
}

static void an_event_without_arguments_has_none(void **state)
{
	(void)state;
	struct slice name, arguments;
	socketio_split_event(SLICE("[\"a\"]"), &name, &arguments);
	assert_true(slice_equals(name, SLICE("\"a\"")));
	assert_int_equal(arguments.len, 0);
}

/* ---- maps */

static void a_map_needs_a_type_and_a_namespace(void **state)
{
	(void)state;
	assert_packet("{\"type\":2,\"data\":[\"a\"]}", "!");
	assert_packet("{\"nsp\":\"/\",\"data\":[\"a\"]}", "!");
	assert_packet("{\"type\":7,\"nsp\":\"/\"}", "!");
	assert_packet("{\"type\":-1,\"nsp\":\"/\"}", "!");
	assert_packet("{\"type\":2,\"nsp\":5,\"data\":[\"a\"]}", "!");
}

static void a_map_that_does_not_end_is_bad(void **state)
{
	(void)state;
	assert_packet("{\"type\":2,\"nsp\":\"/\"", "!");
	assert_packet("{\"type\":1,\"nsp\":\"/\"} more", "!");
}

static void an_acknowledgment_needs_an_id_and_a_list(void **state)
{
	(void)state;
	assert_packet("{\"type\":3,\"nsp\":\"/\",\"id\":1,\"data\":{}}", "!");
	assert_packet("{\"type\":3,\"nsp\":\"/\",\"data\":[]}", "!");
	assert_packet("3[]", "!");
	assert_packet("31{}", "!");
}

static void space_after_the_arguments_is_none_of_them(void **state)
{
	(void)state;
	struct slice name, arguments;
	socketio_split_event(SLICE("[\"a\",1,2] \n"), &name, &arguments);
	assert_true(slice_equals_text(name, "\"a\""));
	assert_true(slice_equals_text(arguments, "1,2"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_namespace_that_is_absent_is_the_root),
	    cmocka_unit_test(a_namespace_ends_at_its_comma),
	    cmocka_unit_test(a_namespace_may_end_the_packet_without_a_comma),
	    cmocka_unit_test(the_query_of_a_connect_is_no_part_of_its_namespace),
	    cmocka_unit_test(a_namespace_may_have_digits_and_dashes),
	    cmocka_unit_test(an_id_stands_between_namespace_and_data),
	    cmocka_unit_test(an_id_may_have_any_number_of_digits),
	    cmocka_unit_test(an_id_has_no_leading_zeros),
	    cmocka_unit_test(a_number_that_is_not_whole_is_no_id),
	    cmocka_unit_test(attachments_are_counted_before_the_dash),
	    cmocka_unit_test(a_binary_packet_without_a_count_is_bad),
	    cmocka_unit_test(more_attachments_than_anyone_takes_are_bad),
	    cmocka_unit_test(a_connect_may_carry_data),
	    cmocka_unit_test(an_error_is_any_json),
	    cmocka_unit_test(an_event_is_an_array_that_begins_with_a_name),
	    cmocka_unit_test(data_that_is_no_json_is_bad),
	    cmocka_unit_test(space_after_the_data_is_let_pass),
	    cmocka_unit_test(an_unknown_type_is_bad),
	    cmocka_unit_test(the_json_parser_writes_one_object),
	    cmocka_unit_test(an_empty_namespace_in_an_object_is_the_main_one),
	    cmocka_unit_test(nan_is_json_here),
	    cmocka_unit_test(an_event_is_split_into_name_and_arguments),
	    cmocka_unit_test(an_event_without_arguments_has_none),
	    cmocka_unit_test(a_map_needs_a_type_and_a_namespace),
	    cmocka_unit_test(a_map_that_does_not_end_is_bad),
	    cmocka_unit_test(an_acknowledgment_needs_an_id_and_a_list),
	    cmocka_unit_test(space_after_the_arguments_is_none_of_them),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
