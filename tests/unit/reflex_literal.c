/* What a JavaScript literal becomes as JSON. */
#include "reflex/script.h"
#include "unit.h"

#include <stdlib.h>

struct outcome {
	bool whole;
	const char *why;
	struct slice rest;
	char json[4096];
};

/* Reads from a copy of exactly the bytes given, so that a sanitizer sees one byte too many. */
static struct outcome read_bytes(struct slice script)
{
	struct outcome outcome = {0};
	uint8_t *copy = malloc(script.len ? script.len : 1);
	memcpy(copy, script.at, script.len);
	struct slice text = slice_of(copy, script.len);
	struct buffer json;
	buffer_init(&json, sizeof outcome.json - 1, NULL);
	outcome.whole = literal_take_value(&text, &json, &outcome.why);
	if (json.len)
		memcpy(outcome.json, json.at, json.len);
	outcome.rest = slice_drop(script, script.len - text.len);
	buffer_free(&json);
	free(copy);
	return outcome;
}

static void assert_becomes(const char *script, const char *json)
{
	struct outcome outcome = read_bytes(slice_of_text(script));
	assert_null(outcome.why);
	assert_true(outcome.whole);
	assert_string_equal(outcome.json, json);
	assert_int_equal(outcome.rest.len, 0);
}

static void assert_refused(const char *script, const char *why)
{
	struct outcome outcome = read_bytes(slice_of_text(script));
	assert_false(outcome.whole);
	assert_string_equal(outcome.why, why);
	assert_string_equal(outcome.json, "");
}

static void json_stays_as_it_is(void **state)
{
	(void)state;
	assert_becomes("{\"a\":[1,-2.5e+3,true,null,\"x\"],\"b\":{}}", "{\"a\":[1,-2.5e+3,true,null,\"x\"],\"b\":{}}");
}

static void a_minifiers_spellings_are_read(void **state)
{
	(void)state;
	assert_becomes("{a_rx_state_:!1,b$:!0,c:void 0,d:1/0,e:-1/0,f:.5,g:5.,h:`idle`}",
	    "{\"a_rx_state_\":false,\"b$\":true,\"c\":null,\"d\":Infinity,\"e\":-Infinity,\"f\":0.5,\"g\":5,\"h\":"
	    "\"idle\"}");
}

static void pythons_words_are_read(void **state)
{
	(void)state;
	assert_becomes("[NaN,Infinity,-Infinity,undefined]", "[NaN,Infinity,-Infinity,null]");
}

static void numbers_of_every_base_become_decimal(void **state)
{
	(void)state;
	assert_becomes("[0xff,0B101,0o17,12n,007,-0x10,1e3,.5E-2]", "[255,5,15,12,7,-16,1e3,0.5E-2]");
}

static void a_based_number_past_64_bits_is_refused(void **state)
{
	(void)state;
	assert_becomes("0xffffffffffffffff", "18446744073709551615");
	assert_refused("0x10000000000000000", "a number too large to read");
}

static void a_broken_number_is_refused(void **state)
{
	(void)state;
	assert_refused("[1e]", "a bad number");
	assert_refused("[.]", "a bad number");
	assert_refused("[1px]", "a bad number");
}

static void all_three_quotes_hold_strings(void **state)
{
	(void)state;
	assert_becomes("['it\"s',`a'b`,\"c`d\"]", "[\"it\\\"s\",\"a'b\",\"c`d\"]");
}

static void escapes_keep_their_meaning(void **state)
{
	(void)state;
	assert_becomes("'\\n\\t\\b\\f\\r\\v\\0\\x41\\u00e9\\u{1F600}\\'\\q\\\\\\\"'",
	    "\"\\n\\t\\b\\f\\r\\u000b\\u0000\\u0041\\u00e9\\ud83d\\ude00'q\\\\\\\"\"");
}

static void a_line_break_after_a_backslash_is_nothing(void **state)
{
	(void)state;
	assert_becomes("'a\\\nb\\\r\nc'", "\"abc\"");
}

static void a_raw_line_break_in_a_template_is_spelt_out(void **state)
{
	(void)state;
	assert_becomes("`a\nb\tc`", "\"a\\u000ab\\u0009c\"");
}

static void a_template_with_a_dollar_is_plain_text(void **state)
{
	(void)state;
	assert_becomes("`5 $ and {x}`", "\"5 $ and {x}\"");
	assert_refused("`${x}`", "a template with a substitution");
}

static void text_of_other_scripts_passes(void **state)
{
	(void)state;
	assert_becomes("{größe:'日本'}", "{\"größe\":\"日本\"}");
}

static void broken_escapes_are_refused(void **state)
{
	(void)state;
	assert_refused("'\\u12g4'", "a bad \\x or \\u in a string");
	assert_refused("'\\u{110000}'", "a bad \\u{…} in a string");
	assert_refused("'\\u{}'", "a bad \\u{…} in a string");
	assert_refused("'\\", "a string does not end");
}

static void trailing_commas_and_comments_are_passed_over(void **state)
{
	(void)state;
	assert_becomes(" /* a */ { // b\n a : [ 1 , ] , /* c */ }", "{\"a\":[1]}");
}

static void holes_in_an_array_are_null(void **state)
{
	(void)state;
	assert_becomes("[,1,,2]", "[null,1,null,2]");
}

static void a_computed_key_of_text_is_a_key(void **state)
{
	(void)state;
	assert_becomes("{[\"__proto__\"]:1,\"a.b\":2,3:4}", "{\"__proto__\":1,\"a.b\":2,\"3\":4}");
}

static void what_follows_the_literal_is_left(void **state)
{
	(void)state;
	struct outcome outcome = read_bytes(SLICE("{a:{}},defaultColorMode=`system`"));
	assert_true(outcome.whole);
	assert_string_equal(outcome.json, "{\"a\":{}}");
	assert_true(slice_equals_text(outcome.rest, ",defaultColorMode=`system`"));
}

static void what_would_have_to_be_run_is_refused(void **state)
{
	(void)state;
	assert_refused("{a:b}", "not a literal: it would have to be run");
	assert_refused("{a:(0,c)(null)}", "not a literal: it would have to be run");
	assert_refused("{a:-{}}", "not a literal: it would have to be run");
	assert_refused("{a:1+2}", "no comma and no end");
	assert_refused("{...a}", "not a key");
	assert_refused("{a}", "a key without a value");
	assert_refused("nullish", "not a literal: it would have to be run");
}

static void every_beginning_of_a_literal_is_refused(void **state)
{
	(void)state;
	struct slice whole = SLICE("{a_rx_state_:[1.5e3,'x\\u0041',!0],\"b\":{c:`d`}}");
	for (size_t len = 0; len < whole.len; len++)
		assert_false(read_bytes(slice_take(whole, len)).whole);
	assert_true(read_bytes(whole).whole);
}

static void nesting_past_the_limit_is_refused(void **state)
{
	(void)state;
	char deep[2 * LITERAL_DEPTH + 3] = {0};
	memset(deep, '[', LITERAL_DEPTH);
	memset(deep + LITERAL_DEPTH, ']', LITERAL_DEPTH);
	assert_becomes(deep, deep);
	memset(deep, '[', LITERAL_DEPTH + 1);
	memset(deep + LITERAL_DEPTH + 1, ']', LITERAL_DEPTH + 1);
	assert_refused(deep, "the literal is nested too deep");
}

static void a_literal_past_the_buffers_limit_leaves_it_as_it_was(void **state)
{
	(void)state;
	struct buffer json;
	struct slice text = SLICE("[1,2,3,4]");
	const char *why = NULL;
	buffer_init(&json, 8, NULL);
	buffer_append_text(&json, "old");
	assert_false(literal_take_value(&text, &json, &why));
	assert_string_equal(why, "the literal is larger than the limit");
	assert_true(slice_equals_text(buffer_slice(&json), "old"));
	buffer_free(&json);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(json_stays_as_it_is),
	    cmocka_unit_test(a_minifiers_spellings_are_read),
	    cmocka_unit_test(pythons_words_are_read),
	    cmocka_unit_test(numbers_of_every_base_become_decimal),
	    cmocka_unit_test(a_based_number_past_64_bits_is_refused),
	    cmocka_unit_test(a_broken_number_is_refused),
	    cmocka_unit_test(all_three_quotes_hold_strings),
	    cmocka_unit_test(escapes_keep_their_meaning),
	    cmocka_unit_test(a_line_break_after_a_backslash_is_nothing),
	    cmocka_unit_test(a_raw_line_break_in_a_template_is_spelt_out),
	    cmocka_unit_test(a_template_with_a_dollar_is_plain_text),
	    cmocka_unit_test(text_of_other_scripts_passes),
	    cmocka_unit_test(broken_escapes_are_refused),
	    cmocka_unit_test(trailing_commas_and_comments_are_passed_over),
	    cmocka_unit_test(holes_in_an_array_are_null),
	    cmocka_unit_test(a_computed_key_of_text_is_a_key),
	    cmocka_unit_test(what_follows_the_literal_is_left),
	    cmocka_unit_test(what_would_have_to_be_run_is_refused),
	    cmocka_unit_test(every_beginning_of_a_literal_is_refused),
	    cmocka_unit_test(nesting_past_the_limit_is_refused),
	    cmocka_unit_test(a_literal_past_the_buffers_limit_leaves_it_as_it_was),
	};
	return cmocka_run_group_tests_name("literal", tests, NULL, NULL);
}
