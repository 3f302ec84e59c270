/* JSONP's wrappings: bytes in, payload out. */
#include "socketio/engineio.h"
#include "unit.h"

typedef bool unwrap(struct slice body, struct buffer *out);

static void assert_unwrapped(unwrap *unwrap, const char *body, const char *expected)
{
	struct buffer out;
	buffer_init(&out, BUFFER_NO_LIMIT, NULL);
	assert_true(unwrap(slice_of_text(body), &out));
	buffer_append_byte(&out, '\0');
	assert_string_equal((const char *)out.at, expected);
	buffer_free(&out);
}

static void assert_not_wrapped(unwrap *unwrap, const char *body)
{
	struct buffer out;
	buffer_init(&out, BUFFER_NO_LIMIT, NULL);
	assert_false(unwrap(slice_of_text(body), &out));
	buffer_free(&out);
}

static void an_answer_of_node_is_a_json_string(void **state)
{
	(void)state;
	assert_unwrapped(
	    jsonp_unwrap_answer, "___eio[0](\"42[\\\"a\\\",\\\"\\\\n\\u2028\\\"]\");", "42[\"a\",\"\\n\xe2\x80\xa8\"]");
}

static void an_index_may_be_empty(void **state)
{
	(void)state;
	assert_unwrapped(jsonp_unwrap_answer, "___eio[](\"6\");", "6");
}

static void an_answer_of_go_escapes_as_javascript(void **state)
{
	(void)state;
	assert_unwrapped(jsonp_unwrap_answer, "___eio[1](\"a\\u003Db\\'c\\x41\");", "a=b'cA");
}

static void an_answer_of_python_escapes_only_quotes(void **state)
{
	(void)state; /* the payload 42["say \"hi\""] */
	assert_unwrapped(
	    jsonp_unwrap_answer, "___eio[0](\"42[\\\"say \\\\\"hi\\\\\"\\\"]\");", "42[\"say \\\"hi\\\"\"]");
}

static void space_and_semicolon_at_the_end_are_optional(void **state)
{
	(void)state;
	assert_unwrapped(jsonp_unwrap_answer, "___eio[0](\"6\")", "6");
	assert_unwrapped(jsonp_unwrap_answer, "___eio[0](\"6\");\r\n", "6");
}

static void an_answer_that_is_no_call_is_not_wrapped(void **state)
{
	(void)state;
	assert_not_wrapped(jsonp_unwrap_answer, "{\"code\":1}");
	assert_not_wrapped(jsonp_unwrap_answer, "___eio[0](");
	assert_not_wrapped(jsonp_unwrap_answer, "___eio[0](\"");
	assert_not_wrapped(jsonp_unwrap_answer, "");
}

static void a_post_is_form_encoded(void **state)
{
	(void)state;
	assert_unwrapped(jsonp_unwrap_post, "d=42%5B%22a+b%22%5D", "42[\"a b\"]");
}

static void a_doubled_backslash_before_n_is_a_json_escape(void **state)
{
	(void)state;
	assert_unwrapped(jsonp_unwrap_post, "d=a%5C%5Cnb", "a\\nb");
}

static void a_single_backslash_before_n_is_a_line_end(void **state)
{
	(void)state;
	assert_unwrapped(jsonp_unwrap_post, "d=a%5Cnb", "a\nb");
}

static void the_last_of_three_backslashes_is_undone(void **state)
{
	(void)state;
	assert_unwrapped(jsonp_unwrap_post, "d=%5C%5C%5Cn", "\\\\n");
}

static void other_fields_of_a_post_are_passed_over(void **state)
{
	(void)state;
	assert_unwrapped(jsonp_unwrap_post, "dd=1&d=2&e=3", "2");
	assert_not_wrapped(jsonp_unwrap_post, "dd=1&e=3");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(an_answer_of_node_is_a_json_string),
	    cmocka_unit_test(an_index_may_be_empty),
	    cmocka_unit_test(an_answer_of_go_escapes_as_javascript),
	    cmocka_unit_test(an_answer_of_python_escapes_only_quotes),
	    cmocka_unit_test(space_and_semicolon_at_the_end_are_optional),
	    cmocka_unit_test(an_answer_that_is_no_call_is_not_wrapped),
	    cmocka_unit_test(a_post_is_form_encoded),
	    cmocka_unit_test(a_doubled_backslash_before_n_is_a_json_escape),
	    cmocka_unit_test(a_single_backslash_before_n_is_a_line_end),
	    cmocka_unit_test(the_last_of_three_backslashes_is_undone),
	    cmocka_unit_test(other_fields_of_a_post_are_passed_over),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
