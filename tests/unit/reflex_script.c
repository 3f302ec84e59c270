/* Places and names found in scripts. */
#include "reflex/script.h"
#include "unit.h"

#include <stdlib.h>

static void assert_text(struct slice found, const char *wanted)
{
	assert_int_equal(found.len, strlen(wanted));
	assert_memory_equal(found.at, wanted, found.len);
}

static void assert_value(const char *script, const char *value)
{
	size_t offset = 0;
	struct script_place place;
	assert_true(script_next_place(slice_of_text(script), SLICE("key"), &offset, &place));
	assert_text(place.value, value);
}

static void assert_no_place(const char *script)
{
	size_t offset = 0;
	struct script_place place;
	assert_false(script_next_place(slice_of_text(script), SLICE("key"), &offset, &place));
}

static void a_key_is_given_a_value_in_four_ways(void **state)
{
	(void)state;
	assert_value("const key = 1", "1");
	assert_value("{key:1}", "1}");
	assert_value("{ \"key\" : 1}", "1}");
	assert_value("{'key':1}", "1}");
}

static void what_only_looks_like_a_key_is_none(void **state)
{
	(void)state;
	assert_no_place("monkey=1");
	assert_no_place("keys=1");
	assert_no_place("key==1");
	assert_no_place("key(1)");
	assert_no_place("\"key:1");
	assert_no_place("key=");
	assert_no_place("");
}

static void every_place_is_found_in_turn(void **state)
{
	(void)state;
	struct slice script = SLICE("key=1;f(key);{key:2}");
	size_t offset = 0;
	struct script_place place;
	assert_true(script_next_place(script, SLICE("key"), &offset, &place));
	assert_text(place.value, "1;f(key);{key:2}");
	assert_true(script_next_place(script, SLICE("key"), &offset, &place));
	assert_text(place.value, "2}");
	assert_text(script_enclosing_object(script, place), "{key:2}");
	assert_false(script_next_place(script, SLICE("key"), &offset, &place));
}

static void only_the_first_key_knows_its_object(void **state)
{
	(void)state;
	struct slice script = SLICE("{a:1,key:2}");
	size_t offset = 0;
	struct script_place place;
	assert_true(script_next_place(script, SLICE("key"), &offset, &place));
	assert_int_equal(script_enclosing_object(script, place).len, 0);
}

static void a_text_in_any_quotes_is_taken(void **state)
{
	(void)state;
	struct buffer text;
	struct slice after;
	buffer_init(&text, 64, NULL);
	assert_true(script_take_text(SLICE("`a\\x41\"`,b"), &text, &after));
	assert_text(buffer_slice(&text), "aA\"");
	assert_text(after, ",b");
	assert_false(script_take_text(SLICE("5"), &text, &after));
	assert_false(script_take_text(SLICE("`${a}`"), &text, &after));
	assert_false(script_take_text(SLICE(""), &text, &after));
	buffer_free(&text);
}

static void words_are_names_with_their_dots(void **state)
{
	(void)state;
	struct slice rest = SLICE("e?.a_b??[],t.c$(`x____y.z`);größe");
	assert_text(script_next_word(&rest), "e");
	assert_text(script_next_word(&rest), ".a_b");
	assert_text(script_next_word(&rest), "t.c$");
	assert_text(script_next_word(&rest), "x____y.z");
	assert_text(script_next_word(&rest), "größe");
	assert_int_equal(script_next_word(&rest).len, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_key_is_given_a_value_in_four_ways),
	    cmocka_unit_test(what_only_looks_like_a_key_is_none),
	    cmocka_unit_test(every_place_is_found_in_turn),
	    cmocka_unit_test(only_the_first_key_knows_its_object),
	    cmocka_unit_test(a_text_in_any_quotes_is_taken),
	    cmocka_unit_test(words_are_names_with_their_dots),
	};
	return cmocka_run_group_tests_name("script", tests, NULL, NULL);
}
