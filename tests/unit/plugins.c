/* What the plug-ins give must not collide: with each other, with the core, with the room there is. */
#include "base/plugin.h"
#include "cmd/options.h"
#include "detect/codes.h"
#include "detect/detector.h"
#include "query/query.h"
#include "tui/ui.h"
#include "unit.h"

static void no_two_codes_have_one_number_or_one_name(void **state)
{
	(void)state;
	for (unsigned code = 0; code < CODES_MOST; code = code_next(code))
		assert_int_equal(code_named(slice_of_text(code_entry(code)->name)), code);
	for (size_t i = 0; plugins[i]; i++) {
		const struct code_block *block = plugins[i]->codes;
		if (!block)
			continue;
		assert_int_equal(block->first % CODE_BLOCK, 0);
		assert_in_range(block->first, CODE_BLOCK, CODES_MOST - CODE_BLOCK);
		assert_in_range(block->count, 1, CODE_BLOCK);
		for (size_t j = 0; j < i; j++)
			assert_false(plugins[j]->codes && plugins[j]->codes->first == block->first);
	}
}

static void a_number_between_the_blocks_is_no_code(void **state)
{
	(void)state;
	assert_null(code_entry(CODES));
	assert_null(code_entry(CODES_MOST));
	assert_int_equal(code_named(SLICE("no-such-code")), CODES_MOST);
}

static void no_two_options_of_a_command_have_one_name(void **state)
{
	struct option_entry one, other;
	(void)state;
	for (size_t i = 0; option_nth(i, &one); i++)
		for (size_t j = 0; j < i && option_nth(j, &other); j++)
			assert_false((one.commands & other.commands) && strcmp(one.name, other.name) == 0);
}

static void an_option_of_a_plug_in_lies_in_its_own_options(void **state)
{
	(void)state;
	for (size_t i = 0; plugins[i]; i++)
		for (const struct plugin_option *option = plugins[i]->options; option && option->name; option++) {
			size_t size = option->argument ? sizeof(const char *) : sizeof(bool);
			assert_true(option->place + size <= PLUGIN_OPTION_BYTES);
		}
}

static void no_two_fields_of_one_table_have_one_name(void **state)
{
	const struct query_field *one, *other;
	(void)state;
	for (size_t i = 0; (one = query_field_nth(i)); i++)
		for (size_t j = 0; j < i && (other = query_field_nth(j)); j++)
			assert_false((one->tables & other->tables) && strcmp(one->name, other->name) == 0);
}

static void the_screen_of_a_plug_in_is_behind_a_digit_that_is_its_own(void **state)
{
	(void)state;
	for (size_t i = 0; plugins[i]; i++)
		for (const struct screen_key *key = plugins[i]->screens; key && key->key; key++) {
			assert_in_range(key->key, '1', '9');
			assert_ptr_equal(ui_screen_key(key->key), key);
		}
}

static void what_plug_ins_open_is_found_by_plug_in(void **state)
{
	struct plugin_facts facts = {0};
	int opened[PLUGINS_MOST];
	(void)state;
	for (size_t i = 0; plugins[i]; i++)
		plugin_set_facts(&facts, plugins[i], &opened[i]);
	for (size_t i = 0; plugins[i]; i++)
		assert_ptr_equal(plugin_facts_of(&facts, plugins[i]), &opened[i]);
	assert_null(plugin_facts_of(&facts, NULL));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(no_two_codes_have_one_number_or_one_name),
	    cmocka_unit_test(a_number_between_the_blocks_is_no_code),
	    cmocka_unit_test(no_two_options_of_a_command_have_one_name),
	    cmocka_unit_test(an_option_of_a_plug_in_lies_in_its_own_options),
	    cmocka_unit_test(no_two_fields_of_one_table_have_one_name),
	    cmocka_unit_test(the_screen_of_a_plug_in_is_behind_a_digit_that_is_its_own),
	    cmocka_unit_test(what_plug_ins_open_is_found_by_plug_in),
	};
	return cmocka_run_group_tests_name("plugins", tests, NULL, NULL);
}
