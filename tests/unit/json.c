/* JSON read where it lies, and written so that strict parsers take it. */
#include "base/json.h"

#include "unit.h"

#include <math.h>
#include <stdio.h>

static void assert_slice(struct slice slice, const char *text)
{
	assert_int_equal(slice.len, strlen(text));
	assert_memory_equal(slice.at, text, slice.len);
}

static void assert_taken(const char *text, const char *value, const char *rest)
{
	struct slice left = slice_of_text(text);
	struct slice taken;
	assert_true(json_take_value(&left, &taken));
	assert_slice(taken, value);
	assert_slice(left, rest);
}

/* None of its beginnings is a value either: a text is read the same wherever the capture ends. */
static void assert_whole_only(const char *text)
{
	assert_true(json_is_valid(slice_of_text(text)));
	for (size_t len = 0; len < strlen(text); len++)
		assert_false(json_is_valid(slice_of(text, len)));
}

static void assert_bad(const char *text)
{
	assert_false(json_is_valid(slice_of_text(text)));
}

/* ---- Taking. */

static void a_value_is_taken_and_the_rest_is_left(void **state)
{
	(void)state;
	assert_taken("[\"a\",1]\n", "[\"a\",1]", "\n");
	assert_taken(" \t\r\n{ \"a\" : [ ] } ,2", "{ \"a\" : [ ] }", " ,2");
	assert_taken("\"a\"\"b\"", "\"a\"", "\"b\"");
	assert_taken("1.5e+3]", "1.5e+3", "]");
	assert_taken("true,", "true", ",");
}

static void a_value_that_is_not_whole_is_no_value(void **state)
{
	(void)state;
	assert_whole_only("{\"a\":[1,{\"b\":\"\\u00e9\\n\"},null],\"c\":{}}");
	assert_whole_only("\"0123456789abcdef0123456789\\\\\"");
	assert_whole_only("-Infinity");
	assert_whole_only("[[],{},[[]]]");
}

static void the_words_of_python_are_numbers(void **state)
{
	(void)state;
	assert_taken("{\"ratio_rx_state_\":NaN}", "{\"ratio_rx_state_\":NaN}", "");
	assert_taken("[NaN,Infinity,-Infinity]", "[NaN,Infinity,-Infinity]", "");
	assert_bad("-NaN");
	assert_bad("nan");
	assert_bad("Inf");
}

static void numbers_follow_the_grammar(void **state)
{
	(void)state;
	static const char *const good[] = {
	    "0", "-0", "10", "1.5", "-0.0", "1e9", "1E-9", "0e+0", "123456789012345678901"};
	static const char *const bad[] = {"01", "-", "+1", ".5", "1.", "1.e1", "1e", "1e+", "0x1", "1_0", "--1"};
	for (size_t i = 0; i < sizeof good / sizeof *good; i++)
		assert_true(json_is_valid(slice_of_text(good[i])));
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
		assert_bad(bad[i]);
}

static void structure_follows_the_grammar(void **state)
{
	(void)state;
	static const char *const bad[] = {"", " ", "[", "]", "[1", "[1,]", "[,1]", "[1 2]", "{", "{\"a\"}", "{\"a\":}",
	    "{\"a\":1,}", "{1:2}", "{\"a\":1]", "[1}", "[[1]", "{\"a\" \"b\"}", "tru", "truE", "'a'", "[1]]", "{,}"};
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
		assert_bad(bad[i]);
}

static void strings_follow_the_grammar(void **state)
{
	(void)state;
	assert_true(json_is_valid(SLICE("\"\\\"\\\\\\/\\b\\f\\n\\r\\t\\u0aF9\"")));
	static const char *const bad[] = {
	    "\"", "\"a", "\"\\\"", "\"\\x41\"", "\"\\u12\"", "\"\\u12g4\"", "\"\\", "\"\\u"};
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
		assert_bad(bad[i]);
	assert_false(json_is_valid(slice_of("\"\\\0\"", 4)));
}

/* `inner` within brackets, so that it begins `before` bytes behind the first one. */
static void assert_passed_over(size_t before, const char *inner)
{
	struct buffer text;
	buffer_init(&text, BUFFER_NO_LIMIT, NULL);
	buffer_append_byte(&text, '[');
	for (size_t i = 1; i < before; i++)
		buffer_append_byte(&text, ' ');
	buffer_append_text(&text, inner);
	buffer_append_text(&text, "],\"what follows\":[1,2]}");
	struct slice checked = buffer_slice(&text), known = checked, wanted, value;
	assert_true(json_take_value(&checked, &wanted));
	assert_true(json_take_checked(&known, &value));
	assert_true(slice_equals(value, wanted) && slice_equals(known, checked));
	buffer_free(&text);
}

static void what_was_checked_is_taken_as_it_was_when_it_was_checked(void **state)
{
	(void)state;
	static const char *const inner[] = {"{\"a\":[1,{\"b\":[]}],\"c\":{}}", "\"brackets ]} in a string [{\"",
	    "\"a quote \\\" ] and a backslash \\\\\",[\"\\\\\"]", "\"\\\\\\\"]\",[[[]]]",
	    "[\"a long string: ]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]\"]"};
	for (size_t before = 1; before < 140; before++)
		for (size_t i = 0; i < sizeof inner / sizeof *inner; i++)
			assert_passed_over(before, inner[i]);
}

static void of_what_does_not_end_nothing_is_taken_unchecked(void **state)
{
	(void)state;
	char text[200] = "[\"begins, and has quotes \\\" and ] in its string\",[1,2,3]";
	for (size_t len = strlen(text); len < sizeof text; len++) {
		struct slice rest = slice_of(text, len), value;
		assert_false(json_take_checked(&rest, &value));
		text[len] = ' ';
	}
}

static void control_characters_and_broken_utf8_in_strings_are_let_pass(void **state)
{
	(void)state;
	assert_taken("\"a\nb\xff\"", "\"a\nb\xff\"", "");
}

static void nested_text(char *text, size_t depth, const char *open, const char *close)
{
	*text = 0;
	for (size_t i = 0; i < depth; i++)
		text = stpcpy(text, open);
	for (size_t i = 0; i < depth; i++)
		text = stpcpy(text, close);
}

static void depth_ends_at_its_limit(void **state)
{
	(void)state;
	char text[16 * JSON_DEPTH];
	nested_text(text, JSON_DEPTH, "[", "]");
	assert_true(json_is_valid(slice_of_text(text)));
	nested_text(text, JSON_DEPTH + 1, "[", "]");
	assert_bad(text);
	nested_text(text, JSON_DEPTH / 2, "[{\"a\":", "}]");
	assert_bad(text);
	nested_text(text, JSON_DEPTH / 2 - 1, "[{\"a\":", "}]");
	char *middle = strchr(text, '}');
	memmove(middle + 4, middle, strlen(middle) + 1);
	memcpy(middle, "[[]]", 4);
	assert_true(json_is_valid(slice_of_text(text)));
}

static void a_million_brackets_are_refused_without_effort(void **state)
{
	(void)state;
	static char text[1 << 20];
	memset(text, '[', sizeof text);
	assert_false(json_is_valid(slice_of(text, sizeof text)));
}

static void what_is_too_deep_is_distinguished_from_what_is_broken(void **state)
{
	(void)state;
	char text[16 * JSON_DEPTH];
	nested_text(text, JSON_DEPTH + 1, "[", "]");
	assert_true(json_is_too_deep(slice_of_text(text)));
	nested_text(text, JSON_DEPTH, "[", "]");
	assert_false(json_is_too_deep(slice_of_text(text)));
	nested_text(text, JSON_DEPTH, "[", "]");
	text[JSON_DEPTH] = '}';
	assert_false(json_is_too_deep(slice_of_text(text)));
	assert_false(json_is_too_deep(SLICE("[1,")));
}

/* ---- Kinds. */

static void the_first_byte_shows_the_kind(void **state)
{
	(void)state;
	static const struct {
		const char *text;
		enum json_kind kind;
	} cases[] = {{"null", JSON_NULL}, {"true", JSON_TRUE}, {"false", JSON_FALSE}, {"0", JSON_NUMBER},
	    {"-1", JSON_NUMBER}, {"NaN", JSON_NOT_FINITE}, {"Infinity", JSON_NOT_FINITE},
	    {"-Infinity", JSON_NOT_FINITE}, {"\"\"", JSON_STRING}, {" [", JSON_ARRAY}, {"\n{", JSON_OBJECT},
	    {"", JSON_BAD}, {"x", JSON_BAD}};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
		assert_int_equal(json_kind_of(slice_of_text(cases[i].text)), cases[i].kind);
}

/* ---- Walking. */

static void members_come_in_order_with_their_keys(void **state)
{
	(void)state;
	struct json_walk walk = json_walk_into(SLICE(" { \"a\" : 1 , \"b\":[2,{}] } "));
	assert_true(json_walk_next(&walk));
	assert_slice(walk.key, "\"a\"");
	assert_slice(walk.value, "1");
	assert_int_equal(walk.index, 0);
	assert_true(json_walk_next(&walk));
	assert_slice(walk.key, "\"b\"");
	assert_slice(walk.value, "[2,{}]");
	assert_int_equal(walk.index, 1);
	assert_false(json_walk_next(&walk));
	assert_false(json_walk_next(&walk));
}

static void elements_come_in_order_without_keys(void **state)
{
	(void)state;
	struct json_walk walk = json_walk_into(SLICE("[\"a\", [1],2]"));
	static const char *const values[] = {"\"a\"", "[1]", "2"};
	for (size_t i = 0; i < 3; i++) {
		assert_true(json_walk_next(&walk));
		assert_slice(walk.value, values[i]);
		assert_int_equal(walk.index, i);
		assert_int_equal(walk.key.len, 0);
	}
	assert_false(json_walk_next(&walk));
}

static void a_walk_into_anything_else_is_empty(void **state)
{
	(void)state;
	static const char *const values[] = {"", "1", "\"[1]\"", "null", "[]", "{}", "[ ]", "{ }"};
	for (size_t i = 0; i < sizeof values / sizeof *values; i++) {
		struct json_walk walk = json_walk_into(slice_of_text(values[i]));
		assert_false(json_walk_next(&walk));
	}
}

static void the_first_member_with_the_key_is_found(void **state)
{
	(void)state;
	struct slice value;
	struct slice object = SLICE("{\"b\":0,\"\\u0061\":1,\"a\":2}");
	assert_true(json_find_member(object, "a", &value));
	assert_slice(value, "1");
	assert_false(json_find_member(object, "c", &value));
	assert_false(json_find_member(SLICE("[\"a\",1]"), "a", &value));
}

static void an_element_is_found_by_its_index(void **state)
{
	(void)state;
	struct slice value;
	assert_true(json_find_element(SLICE("[0,[1],2]"), 1, &value));
	assert_slice(value, "[1]");
	assert_false(json_find_element(SLICE("[0,[1],2]"), 3, &value));
	assert_false(json_find_element(SLICE("{\"a\":1}"), 0, &value));
}

/* ---- Strings. */

static void assert_unescaped(const char *token, const char *text)
{
	struct buffer out;
	buffer_init(&out, BUFFER_NO_LIMIT, NULL);
	assert_true(json_unescape(slice_of_text(token), &out));
	assert_slice(buffer_slice(&out), text);
	assert_true(json_string_is(slice_of_text(token), text));
	buffer_free(&out);
}

static void escapes_stand_for_their_characters(void **state)
{
	(void)state;
	assert_unescaped("\"\"", "");
	assert_unescaped("\"plain \xc3\xa9\"", "plain \xc3\xa9");
	assert_unescaped("\"\\\"\\\\\\/\\b\\f\\n\\r\\t\"", "\"\\/\b\f\n\r\t");
	assert_unescaped("\"\\u0041\\u00e9\\u20AC\"", "A\xc3\xa9\xe2\x82\xac");
	assert_unescaped("\"x\\ud83d\\ude00y\"", "x\xf0\x9f\x98\x80y");
}

static void a_lone_surrogate_becomes_the_replacement_character(void **state)
{
	(void)state;
	assert_unescaped("\"\\ud83d\"", "\xef\xbf\xbd");
	assert_unescaped("\"\\ude00\\ud83d\"", "\xef\xbf\xbd\xef\xbf\xbd");
	assert_unescaped("\"\\ud83dx\"", "\xef\xbf\xbdx");
	assert_unescaped("\"\\ud83d\\u0041\"", "\xef\xbf\xbd"
	                                       "A");
	assert_unescaped("\"\\ud83d\\ud83d\\ude00\"", "\xef\xbf\xbd\xf0\x9f\x98\x80");
}

static void what_is_no_string_is_not_unescaped(void **state)
{
	(void)state;
	static const char *const bad[] = {
	    "", "\"", "a", "\"a", "a\"", "1", "\"a\"b\"", "\"a\\\"", "\"a\\x\"", "\"\\u12\""};
	struct buffer out;
	buffer_init(&out, BUFFER_NO_LIMIT, NULL);
	assert_true(buffer_append_text(&out, "kept"));
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		assert_false(json_unescape(slice_of_text(bad[i]), &out));
		assert_slice(buffer_slice(&out), "kept");
	}
	buffer_free(&out);
}

static void a_string_is_compared_by_what_it_stands_for(void **state)
{
	(void)state;
	assert_true(json_string_is(SLICE("\"hello\""), "hello"));
	assert_true(json_string_is(SLICE("\"he\\u006clo\""), "hello"));
	assert_false(json_string_is(SLICE("\"hello\""), "hell"));
	assert_false(json_string_is(SLICE("\"hell\""), "hello"));
	assert_false(json_string_is(SLICE("\"hel\\u006c\""), "hello"));
	assert_false(json_string_is(SLICE("\"\\u0068\""), ""));
	assert_false(json_string_is(SLICE("hello"), "hello"));
	assert_false(json_string_is(SLICE("1"), "1"));
}

/* ---- Numbers. */

static void whole_numbers_are_read_to_the_ends_of_their_range(void **state)
{
	(void)state;
	static const struct {
		const char *token;
		int64_t number;
	} good[] = {{"0", 0}, {"-0", 0}, {"25000", 25000}, {"-7", -7}, {"9223372036854775807", INT64_MAX},
	    {"-9223372036854775808", INT64_MIN}};
	int64_t number;
	for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
		assert_true(json_read_integer(slice_of_text(good[i].token), &number));
		assert_int_equal(number, good[i].number);
	}
	static const char *const bad[] = {"9223372036854775808", "-9223372036854775809", "1.0", "1e3", "", "-", "01",
	    "1 ", " 1", "NaN", "\"1\"", "1,", "99999999999999999999999"};
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
		assert_false(json_read_integer(slice_of_text(bad[i]), &number));
}

static void assert_number(const char *token, double wanted)
{
	double number = 0;
	assert_true(json_read_number(slice_of_text(token), &number));
	assert_memory_equal(&number, &wanted, sizeof number);
}

static void any_number_is_read_as_the_nearest_double(void **state)
{
	(void)state;
	assert_number("0", 0.0);
	assert_number("-0.0", -0.0);
	assert_number("0.1", 0.1);
	assert_number("-12.5e-3", -12.5e-3);
	assert_number("100E+2", 1e4);
	assert_number("0.000001", 1e-6);
	assert_number("1.7976931348623157e308", 1.7976931348623157e308);
	assert_number("4.9e-324", 4.9e-324);
	assert_number("1e400", HUGE_VAL);
	assert_number("-1e99999999999999999999", -HUGE_VAL);
	assert_number("1e-99999999999999999999", 0.0);
	assert_number("9007199254740993", 9007199254740992.0);
	assert_number("9007199254740993.0000000000000000000000001", 9007199254740994.0);
}

static void a_number_of_any_length_is_rounded_rightly(void **state)
{
	(void)state;
	char text[3000] = "9007199254740993.";
	memset(text + 17, '0', 2000);
	assert_number(text, 9007199254740992.0);
	snprintf(text + 2017, sizeof text - 2017, "1");
	assert_number(text, 9007199254740994.0);
	memset(text, '1', 1);
	memset(text + 1, '0', 2000);
	snprintf(text + 2001, sizeof text - 2001, "e-2000");
	assert_number(text, 1.0);
	memset(text, '0', 2002);
	text[1] = '.';
	snprintf(text + 2002, sizeof text - 2002, "1e2001");
	assert_number(text, 1.0);
}

static void what_is_no_number_has_no_value(void **state)
{
	(void)state;
	static const char *const bad[] = {"", "NaN", "-Infinity", "\"1\"", "1.", "1x", "[1]", "0x10"};
	double number;
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
		assert_false(json_read_number(slice_of_text(bad[i]), &number));
}

/* ---- Writing. */

static void assert_string_written(struct slice utf8, const char *token)
{
	struct buffer out;
	buffer_init(&out, BUFFER_NO_LIMIT, NULL);
	assert_true(json_write_string(&out, utf8));
	assert_slice(buffer_slice(&out), token);
	buffer_free(&out);
}

static void text_is_written_with_its_escapes(void **state)
{
	(void)state;
	assert_string_written(SLICE(""), "\"\"");
	assert_string_written(SLICE("a \"quoted\" \\ text of some length \xc3\xa9"),
	    "\"a \\\"quoted\\\" \\\\ text of some length \xc3\xa9\"");
	assert_string_written(SLICE("\b\t\n\v\f\r\x1f\x7f"), "\"\\b\\t\\n\\u000b\\f\\r\\u001f\\u007f\"");
	assert_string_written(slice_of("\0", 1), "\"\\u0000\"");
}

#define REPLACED "\xef\xbf\xbd"

static void bytes_that_are_not_utf8_are_replaced(void **state)
{
	(void)state;
	assert_string_written(SLICE("a\xff"), "\"a" REPLACED "\"");
	assert_string_written(SLICE("\x80z"), "\"" REPLACED "z\"");
	assert_string_written(SLICE("\xc0\xaf"), "\"" REPLACED REPLACED "\"");
	assert_string_written(SLICE("\xed\xa0\x80"), "\"" REPLACED REPLACED REPLACED "\"");
	assert_string_written(SLICE("\xf4\x90\x80\x80"), "\"" REPLACED REPLACED REPLACED REPLACED "\"");
	assert_string_written(SLICE("\xf5"), "\"" REPLACED "\"");
}

static void the_beginning_of_a_character_is_replaced_once(void **state)
{
	(void)state;
	assert_string_written(SLICE("\xe2\x82"), "\"" REPLACED "\"");
	assert_string_written(SLICE("\xf0\x9f\x98z"), "\"" REPLACED "z\"");
	assert_string_written(SLICE("\xe2\xe2\x82\xac"), "\"" REPLACED "\xe2\x82\xac\"");
}

static void whole_characters_of_every_length_stay(void **state)
{
	(void)state;
	assert_string_written(
	    SLICE("\xc2\xa0\xdf\xbf\xe0\xa0\x80\xed\x9f\xbf\xef\xbf\xbd\xf0\x90\x80\x80\xf4\x8f\xbf\xbf"),
	    "\"\xc2\xa0\xdf\xbf\xe0\xa0\x80\xed\x9f\xbf\xef\xbf\xbd\xf0\x90\x80\x80\xf4\x8f\xbf\xbf\"");
}

static void assert_written_with(const char *value, const struct json_rules *rules, const char *text)
{
	struct buffer out;
	buffer_init(&out, BUFFER_NO_LIMIT, NULL);
	assert_true(json_write_value(&out, slice_of_text(value), rules));
	assert_slice(buffer_slice(&out), text);
	buffer_free(&out);
}

static void what_strict_parsers_take_is_written_as_it_stands(void **state)
{
	(void)state;
	const char *text = "[\"h\\u00e9\\\\\",1.50,-0,1E+2,{\"a\":[true,false,null],\"\":{}},\"\xe2\x82\xac\",[]]";
	assert_written_with(text, NULL, text);
}

static void white_space_between_tokens_is_dropped(void **state)
{
	(void)state;
	assert_written_with(" [ 1 , \"a b\" ,\n{ \"c\"\t:\r2 } ] ", NULL, "[1,\"a b\",{\"c\":2}]");
}

static void numbers_that_are_not_finite_become_strings(void **state)
{
	(void)state;
	assert_written_with("[NaN,Infinity,-Infinity,-1,\"NaN -Infinity\"]", NULL,
	    "[\"NaN\",\"Infinity\",\"-Infinity\",-1,\"NaN -Infinity\"]");
	assert_written_with("-Infinity", NULL, "\"-Infinity\"");
	assert_written_with("{\"a\": -Infinity}", NULL, "{\"a\":\"-Infinity\"}");
}

static void strings_in_values_are_put_right(void **state)
{
	(void)state;
	assert_written_with("{\"a\nb\":\"\x01\xff\"}", NULL, "{\"a\\nb\":\"\\u0001" REPLACED "\"}");
}

static void what_terminals_obey_is_escaped_in_strings_and_values(void **state)
{
	(void)state;
	const char *text = "[\"an escape sequence \\u009b2J and \\u007f, a line \\u0085 that ends\"]";
	assert_written_with("[\"an escape sequence \xc2\x9b"
	                    "2J and \x7f, a line \xc2\x85 that ends\"]",
	    NULL, text);
	assert_string_written(SLICE("\x1b[\x7f\xc2\x80\xc2\x9f"), "\"\\u001b[\\u007f\\u0080\\u009f\"");
}

static void placeholders_become_their_attachments(void **state)
{
	(void)state;
	const struct slice attachments[] = {SLICE("foo"), SLICE("\xff")};
	const struct json_rules rules = {.attachments = attachments, .attachment_count = 2};
	assert_written_with("[\"bin\",{\"_placeholder\":true,\"num\":1},{\"x\":{\"num\":0,\"_placeholder\":true}}]",
	    &rules, "[\"bin\",{\"$binary\":\"/w==\"},{\"x\":{\"$binary\":\"Zm9v\"}}]");
	assert_written_with("{ \"_placeholder\" : true , \"num\" : 0 }", &rules, "{\"$binary\":\"Zm9v\"}");
}

static void what_is_no_placeholder_stays(void **state)
{
	(void)state;
	const struct slice attachments[] = {SLICE("foo")};
	const struct json_rules rules = {.attachments = attachments, .attachment_count = 1};
	const char *text =
	    "[{\"_placeholder\":true,\"num\":1},{\"_placeholder\":true,\"num\":-1},{\"_placeholder\":true},"
	    "{\"_placeholder\":false,\"num\":0},{\"num\":0},{\"_placeholder\":true,\"num\":\"0\"},"
	    "{\"_placeholder\":true,\"num\":0.5}]";
	assert_written_with(text, &rules, text);
}

static void an_attachment_is_written_once_and_then_referred_to(void **state)
{
	(void)state;
	const struct slice attachments[] = {SLICE("foo"), SLICE("bar")};
	uint16_t places[2] = {0};
	const struct json_rules rules = {.attachments = attachments, .attachment_count = 2, .places = places};
	struct buffer out;
	buffer_init(&out, 200, NULL);
	assert_true(json_write_value(&out,
	    SLICE("[{\"_placeholder\":true,\"num\":1},{\"_placeholder\":true,\"num\":0},{\"_placeholder\":true,\"num\":"
	          "1}]"),
	    &rules));
	assert_slice(buffer_slice(&out), "[{\"$binary\":\"YmFy\"},{\"$binary\":\"Zm9v\"},{\"$binary_ref\":0}]");
	buffer_free(&out);
}

static void without_attachments_a_placeholder_is_data(void **state)
{
	(void)state;
	assert_written_with("{\"_placeholder\":true,\"num\":0}", NULL, "{\"_placeholder\":true,\"num\":0}");
}

static void a_buffer_that_refuses_is_reported(void **state)
{
	(void)state;
	struct buffer out;
	buffer_init(&out, 6, NULL);
	assert_false(json_write_value(&out, SLICE("[ 1, 22, 333]"), NULL));
	assert_true(out.truncated);
	buffer_clear(&out);
	assert_false(json_write_string(&out, SLICE("12345")));
	buffer_clear(&out);
	assert_false(json_unescape(SLICE("\"1234567\""), &out));
	assert_int_equal(out.len, 0);
	buffer_free(&out);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_value_is_taken_and_the_rest_is_left),
	    cmocka_unit_test(a_value_that_is_not_whole_is_no_value),
	    cmocka_unit_test(the_words_of_python_are_numbers),
	    cmocka_unit_test(numbers_follow_the_grammar),
	    cmocka_unit_test(structure_follows_the_grammar),
	    cmocka_unit_test(strings_follow_the_grammar),
	    cmocka_unit_test(what_was_checked_is_taken_as_it_was_when_it_was_checked),
	    cmocka_unit_test(of_what_does_not_end_nothing_is_taken_unchecked),
	    cmocka_unit_test(control_characters_and_broken_utf8_in_strings_are_let_pass),
	    cmocka_unit_test(depth_ends_at_its_limit),
	    cmocka_unit_test(a_million_brackets_are_refused_without_effort),
	    cmocka_unit_test(what_is_too_deep_is_distinguished_from_what_is_broken),
	    cmocka_unit_test(the_first_byte_shows_the_kind),
	    cmocka_unit_test(members_come_in_order_with_their_keys),
	    cmocka_unit_test(elements_come_in_order_without_keys),
	    cmocka_unit_test(a_walk_into_anything_else_is_empty),
	    cmocka_unit_test(the_first_member_with_the_key_is_found),
	    cmocka_unit_test(an_element_is_found_by_its_index),
	    cmocka_unit_test(escapes_stand_for_their_characters),
	    cmocka_unit_test(a_lone_surrogate_becomes_the_replacement_character),
	    cmocka_unit_test(what_is_no_string_is_not_unescaped),
	    cmocka_unit_test(a_string_is_compared_by_what_it_stands_for),
	    cmocka_unit_test(whole_numbers_are_read_to_the_ends_of_their_range),
	    cmocka_unit_test(any_number_is_read_as_the_nearest_double),
	    cmocka_unit_test(a_number_of_any_length_is_rounded_rightly),
	    cmocka_unit_test(what_is_no_number_has_no_value),
	    cmocka_unit_test(text_is_written_with_its_escapes),
	    cmocka_unit_test(bytes_that_are_not_utf8_are_replaced),
	    cmocka_unit_test(the_beginning_of_a_character_is_replaced_once),
	    cmocka_unit_test(whole_characters_of_every_length_stay),
	    cmocka_unit_test(what_strict_parsers_take_is_written_as_it_stands),
	    cmocka_unit_test(white_space_between_tokens_is_dropped),
	    cmocka_unit_test(numbers_that_are_not_finite_become_strings),
	    cmocka_unit_test(strings_in_values_are_put_right),
	    cmocka_unit_test(what_terminals_obey_is_escaped_in_strings_and_values),
	    cmocka_unit_test(placeholders_become_their_attachments),
	    cmocka_unit_test(what_is_no_placeholder_stays),
	    cmocka_unit_test(an_attachment_is_written_once_and_then_referred_to),
	    cmocka_unit_test(without_attachments_a_placeholder_is_data),
	    cmocka_unit_test(a_buffer_that_refuses_is_reported),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
