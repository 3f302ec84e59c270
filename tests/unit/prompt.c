/* A line that is typed in: by whole characters, within its room. */
#include "tui/ui.h"
#include "unit.h"

static void take_nothing(void *self, const char *text)
{
	(void)self, (void)text;
}

static void keep_open(void *self, const char *text)
{
	(void)text;
	prompt_keep(self, 1);
}

static void type(struct prompt *prompt, const char *text)
{
	for (; *text; text++)
		prompt_take(prompt, (unsigned char)*text);
}

static void what_is_typed_stands_at_the_cursor(void **state)
{
	(void)state;
	struct prompt prompt;
	prompt_open(&prompt, "f", "ac", take_nothing, NULL);
	prompt_take(&prompt, PROMPT_KEY_LEFT);
	type(&prompt, "b");
	assert_string_equal(prompt.text, "abc");
	prompt_take(&prompt, PROMPT_KEY_HOME);
	prompt_take(&prompt, PROMPT_KEY_DELETE);
	assert_string_equal(prompt.text, "bc");
}

static void a_character_of_several_bytes_goes_as_a_whole(void **state)
{
	(void)state;
	struct prompt prompt;
	prompt_open(&prompt, "f", "", take_nothing, NULL);
	type(&prompt, "aé漢");
	prompt_take(&prompt, PROMPT_KEY_BACKSPACE);
	assert_string_equal(prompt.text, "aé");
	prompt_take(&prompt, PROMPT_KEY_LEFT);
	assert_int_equal(prompt.cursor, 1);
	prompt_take(&prompt, PROMPT_KEY_DELETE);
	assert_string_equal(prompt.text, "a");
}

static void there_is_room_for_so_much_only(void **state)
{
	(void)state;
	struct prompt prompt;
	prompt_open(&prompt, "f", "", take_nothing, NULL);
	for (int i = 0; i < 2 * PROMPT_TEXT; i++)
		type(&prompt, "x");
	assert_int_equal(prompt.len, PROMPT_TEXT - 1);
	assert_int_equal(strlen(prompt.text), PROMPT_TEXT - 1);
}

static void control_keys_are_no_text(void **state)
{
	(void)state;
	struct prompt prompt;
	prompt_open(&prompt, "f", "", take_nothing, NULL);
	prompt_take(&prompt, 0);
	prompt_take(&prompt, 3);
	prompt_take(&prompt, 5000);
	assert_int_equal(prompt.len, 0);
}

static void enter_closes_unless_what_was_typed_is_wrong(void **state)
{
	(void)state;
	struct prompt prompt;
	prompt_open(&prompt, "f", "abc", keep_open, &prompt);
	assert_int_equal(prompt_take(&prompt, PROMPT_KEY_ENTER), PROMPT_TYPED);
	assert_true(prompt.open && prompt.cursor == 1);
	prompt.done = take_nothing;
	assert_int_equal(prompt_take(&prompt, PROMPT_KEY_ENTER), PROMPT_ENTERED);
	assert_false(prompt.open);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(what_is_typed_stands_at_the_cursor),
	    cmocka_unit_test(a_character_of_several_bytes_goes_as_a_whole),
	    cmocka_unit_test(there_is_room_for_so_much_only),
	    cmocka_unit_test(control_keys_are_no_text),
	    cmocka_unit_test(enter_closes_unless_what_was_typed_is_wrong),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
