/* MessagePack as JSON, and Socket.IO packets in it. */
#include "base/json.h"
#include "socketio/socketio.h"
#include "unit.h"

#define assert_json(bytes, json) assert_written(SLICE(bytes), json)
#define assert_bad(bytes) assert_refused(SLICE(bytes))

static void assert_written(struct slice bytes, const char *json)
{
	struct buffer out;
	bool too_deep;
	buffer_init(&out, BUFFER_NO_LIMIT, NULL);
	assert_true(msgpack_write_json(&bytes, &out, &too_deep));
	assert_false(too_deep);
	assert_int_equal(bytes.len, 0);
	buffer_append_byte(&out, '\0');
	assert_string_equal((const char *)out.at, json);
	buffer_free(&out);
}

static bool is_refused_as_too_deep(struct slice bytes)
{
	struct buffer out;
	bool too_deep;
	buffer_init(&out, BUFFER_NO_LIMIT, NULL);
	assert_false(msgpack_write_json(&bytes, &out, &too_deep));
	buffer_free(&out);
	return too_deep;
}

static void assert_refused(struct slice bytes)
{
	assert_false(is_refused_as_too_deep(bytes));
}

static void whole_numbers_of_every_width_are_written(void **state)
{
	(void)state;
	assert_json("\x07", "7");
	assert_json("\xff", "-1");
	assert_json("\xcc\xff", "255");
	assert_json("\xcd\x01\x00", "256");
	assert_json("\xce\xff\xff\xff\xff", "4294967295");
	assert_json("\xcf\xff\xff\xff\xff\xff\xff\xff\xff", "18446744073709551615");
	assert_json("\xd0\x80", "-128");
	assert_json("\xd1\x80\x00", "-32768");
	assert_json("\xd2\x80\x00\x00\x00", "-2147483648");
	assert_json("\xd3\x80\x00\x00\x00\x00\x00\x00\x00", "-9223372036854775808");
}

static void floats_are_written_as_short_as_they_read_back(void **state)
{
	(void)state;
	assert_json("\xcb\x3f\xb9\x99\x99\x99\x99\x99\x9a", "0.1");
	assert_json("\xca\x3f\x00\x00\x00", "0.5");
}

static void words_are_written(void **state)
{
	(void)state;
	assert_json("\xc0", "null");
	assert_json("\xc2", "false");
	assert_json("\xc3", "true");
}

static void text_is_quoted_and_escaped(void **state)
{
	(void)state;
	assert_json("\xa3"
	            "a\"b",
	    "\"a\\\"b\"");
	assert_json("\xd9\x01x", "\"x\"");
	assert_json("\xda\x00\x01x", "\"x\"");
}

static void binary_is_base64_in_an_object(void **state)
{
	(void)state;
	assert_json("\xc4\x03\x01\x02\x03", "{\"$binary\":\"AQID\"}");
	assert_json("\xc4\x00", "{\"$binary\":\"\"}");
}

static void an_extension_keeps_its_type_and_bytes(void **state)
{
	(void)state;
	assert_json("\xc7\x02\x01"
	            "ab",
	    "{\"$ext\":1,\"$binary\":\"YWI=\"}");
	assert_json("\xd5\xfb"
	            "ab",
	    "{\"$ext\":-5,\"$binary\":\"YWI=\"}");
	assert_json("\xc8\x00\x00\x07", "{\"$ext\":7,\"$binary\":\"\"}");
}

static void a_timestamp_is_a_date(void **state)
{
	(void)state; /* the MessagePack specification's timestamp 32, 64 and 96 */
	assert_json("\xd6\xff\x65\x53\xf1\x00", "\"2023-11-14T22:13:20.000000000Z\"");
	assert_json("\xd7\xff\x00\x00\x00\x04\x65\x53\xf1\x00", "\"2023-11-14T22:13:20.000000001Z\"");
	assert_json("\xd7\xff\x00\x00\x00\x01\x00\x00\x00\x00", "\"2106-02-07T06:28:16.000000000Z\"");
	assert_json(
	    "\xc7\x0c\xff\x00\x00\x00\x02\xff\xff\xff\xff\xff\xff\xff\xff", "\"1969-12-31T23:59:59.000000002Z\"");
}

static void a_timestamp_of_no_year_is_an_extension(void **state)
{
	(void)state;
	assert_json("\xd7\xff\xff\xff\xff\xfc\x00\x00\x00\x00", "{\"$ext\":-1,\"$binary\":\"/////AAAAAA=\"}");
	assert_json("\xc7\x0c\xff\x00\x00\x00\x00\x7f\xff\xff\xff\xff\xff\xff\xff",
	    "{\"$ext\":-1,\"$binary\":\"AAAAAH//////////\"}");
}

static void what_notepack_writes_as_type_0_is_read(void **state)
{
	(void)state; /* notepack.io 2.3.0: undefined, new Date(1), new Uint8Array([1, 2]).buffer */
	assert_json("\xd4\x00\x00", "null");
	assert_json("\xd7\x00\x00\x00\x00\x00\x00\x00\x00\x01", "\"1970-01-01T00:00:00.001000000Z\"");
	assert_json("\xd7\x00\xff\xff\xff\xff\xff\xff\xff\xff", "\"1969-12-31T23:59:59.999000000Z\"");
	assert_json("\xc7\x02\x00\x01\x02", "{\"$binary\":\"AQI=\"}");
}

static void an_extension_is_no_key(void **state)
{
	(void)state;
	assert_bad("\x81\xd4\x05\x01\x06");
	assert_json("\x81\xd6\xff\x00\x00\x00\x00\x06", "{\"1970-01-01T00:00:00.000000000Z\":6}");
}

static void arrays_and_maps_nest(void **state)
{
	(void)state;
	assert_json("\x82\xa1"
	            "a\x92\x01\x80\xa1"
	            "b\x90",
	    "{\"a\":[1,{}],\"b\":[]}");
	assert_json("\xdc\x00\x02\x01\x02", "[1,2]");
	assert_json("\xde\x00\x01\xa1k\x03", "{\"k\":3}");
}

static void keys_that_are_no_text_are_quoted(void **state)
{
	(void)state;
	assert_json("\x81\x05\x06", "{\"5\":6}");
}

static void what_is_cut_short_is_bad(void **state)
{
	(void)state;
	assert_bad("");
	assert_bad("\xa3"
	           "ab");
	assert_bad("\x92\x01");
	assert_bad("\xcd\x01");
	assert_bad("\xc6\xff\xff\xff\xff");
	assert_bad("\xdf\xff\xff\xff\xff");
}

static void the_byte_that_is_never_used_is_bad(void **state)
{
	(void)state;
	assert_bad("\xc1");
}

static void what_is_too_deep_is_distinguished_from_what_is_broken(void **state)
{
	(void)state;
	uint8_t deep[JSON_DEPTH + 2];
	memset(deep, 0x91, sizeof deep);
	assert_true(is_refused_as_too_deep(slice_of(deep, sizeof deep)));
	assert_refused(slice_of(deep, JSON_DEPTH));
	deep[JSON_DEPTH - 1] = 0xc1;
	assert_refused(slice_of(deep, sizeof deep));
}

static void a_packet_that_is_too_deep_is_not_one_that_is_broken(void **state)
{
	(void)state;
	uint8_t bytes[JSON_DEPTH + 12] = "\x82\xa4type\x02\xa4"
	                                 "data";
	struct socketio_packet packet;
	struct buffer json;
	const char *why = NULL;
	memset(bytes + 12, 0x91, JSON_DEPTH);
	buffer_init(&json, BUFFER_NO_LIMIT, NULL);
	assert_false(socketio_read_msgpack(slice_of(bytes, sizeof bytes), &json, &packet, &why));
	assert_ptr_equal(why, socketio_too_deep);
	buffer_clear(&json);
	assert_false(socketio_read_msgpack(slice_of(bytes, 100), &json, &packet, &why));
	assert_ptr_not_equal(why, socketio_too_deep);
	buffer_free(&json);
}

/* ---- packets */

static void an_event_is_read_with_nsp_id_and_data(void **state)
{
	(void)state; /* {"type":2,"data":["a",1],"nsp":"/chat","id":4} */
	struct slice bytes = SLICE("\x84\xa4type\x02\xa4"
	                           "data\x92\xa1"
	                           "a\x01\xa3nsp\xa5/chat\xa2id\x04");
	struct socketio_packet packet;
	struct buffer json;
	const char *why;
	buffer_init(&json, BUFFER_NO_LIMIT, NULL);
	assert_true(socketio_read_msgpack(bytes, &json, &packet, &why));
	assert_int_equal(packet.type, SOCKETIO_EVENT);
	assert_true(slice_equals(packet.nsp, SLICE("/chat")));
	assert_true(slice_equals(packet.id, SLICE("4")));
	assert_true(slice_equals(packet.data, SLICE("[\"a\",1]")));
	buffer_free(&json);
}

static void a_binary_type_waits_for_no_attachments(void **state)
{
	(void)state; /* {"type":5,"data":["a",<bytes>],"nsp":"/"}: the bytes are inside */
	struct slice bytes = SLICE("\x83\xa4type\x05\xa4"
	                           "data\x92\xa1"
	                           "a\xc4\x01\x01\xa3nsp\xa1/");
	struct socketio_packet packet;
	struct buffer json;
	const char *why;
	buffer_init(&json, BUFFER_NO_LIMIT, NULL);
	assert_true(socketio_read_msgpack(bytes, &json, &packet, &why));
	assert_int_equal(packet.attachments, 0);
	assert_true(slice_equals(packet.data, SLICE("[\"a\",{\"$binary\":\"AQ==\"}]")));
	buffer_free(&json);
}

static void bytes_that_are_no_map_are_no_packet(void **state)
{
	(void)state;
	struct socketio_packet packet;
	struct buffer json;
	const char *why = NULL;
	buffer_init(&json, BUFFER_NO_LIMIT, NULL);
	assert_false(socketio_read_msgpack(SLICE("\x92\x01\x02"), &json, &packet, &why));
	assert_non_null(why);
	buffer_free(&json);
}

static void floats_that_json_has_not_are_words(void **state)
{
	(void)state;
	assert_json("\xcb\x7f\xf0\x00\x00\x00\x00\x00\x00", "\"Infinity\"");
	assert_json("\xcb\xff\xf0\x00\x00\x00\x00\x00\x00", "\"-Infinity\"");
	assert_json("\xca\x7f\xc0\x00\x00", "\"NaN\"");
}

static void a_key_that_is_a_word_already_is_quoted_once(void **state)
{
	(void)state;
	assert_json("\x81\xcb\x7f\xf0\x00\x00\x00\x00\x00\x00\x01", "{\"Infinity\":1}");
}

static void keys_of_bytes_lists_and_maps_are_bad(void **state)
{
	(void)state;
	assert_bad("\x81\xc4\x01\x61\x01");
	assert_bad("\x81\x90\x01");
	assert_bad("\x81\x80\x01");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(whole_numbers_of_every_width_are_written),
	    cmocka_unit_test(floats_are_written_as_short_as_they_read_back),
	    cmocka_unit_test(words_are_written),
	    cmocka_unit_test(text_is_quoted_and_escaped),
	    cmocka_unit_test(binary_is_base64_in_an_object),
	    cmocka_unit_test(an_extension_keeps_its_type_and_bytes),
	    cmocka_unit_test(a_timestamp_is_a_date),
	    cmocka_unit_test(a_timestamp_of_no_year_is_an_extension),
	    cmocka_unit_test(what_notepack_writes_as_type_0_is_read),
	    cmocka_unit_test(an_extension_is_no_key),
	    cmocka_unit_test(arrays_and_maps_nest),
	    cmocka_unit_test(keys_that_are_no_text_are_quoted),
	    cmocka_unit_test(what_is_cut_short_is_bad),
	    cmocka_unit_test(the_byte_that_is_never_used_is_bad),
	    cmocka_unit_test(what_is_too_deep_is_distinguished_from_what_is_broken),
	    cmocka_unit_test(a_packet_that_is_too_deep_is_not_one_that_is_broken),
	    cmocka_unit_test(an_event_is_read_with_nsp_id_and_data),
	    cmocka_unit_test(a_binary_type_waits_for_no_attachments),
	    cmocka_unit_test(bytes_that_are_no_map_are_no_packet),
	    cmocka_unit_test(floats_that_json_has_not_are_words),
	    cmocka_unit_test(a_key_that_is_a_word_already_is_quoted_once),
	    cmocka_unit_test(keys_of_bytes_lists_and_maps_are_bad),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
