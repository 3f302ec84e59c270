/* JSON as lines: folding, limits, differences. */
#include "tui/json_tree.h"

#include "unit.h"

#include <stdio.h>

static struct json_tree tree_of(const char *json)
{
	struct json_tree tree = {0};
	json_tree_add(&tree, slice_of(NULL, 0), slice_of_text(json));
	return tree;
}

static void every_member_has_its_line_and_depth(void **state)
{
	(void)state;
	struct json_tree tree = tree_of("{\"a\":[1,{\"b\":2}],\"c\":null}");
	const unsigned depths[] = {0, 1, 2, 2, 3, 1};
	assert_int_equal(tree.count, 6);
	for (size_t i = 0; i < 6; i++)
		assert_int_equal(tree.lines[i].depth, depths[i]);
	assert_true(tree.lines[3].in_array && tree.lines[3].index == 1);
	json_tree_free(&tree);
}

static void a_fold_takes_its_lines_away_and_brings_them_back(void **state)
{
	(void)state;
	struct json_tree tree = tree_of("[[1,2,[3]],4]");
	json_tree_toggle(&tree, 1);
	assert_int_equal(tree.count, 3);
	assert_true(tree.lines[1].folded);
	assert_int_equal(tree.lines[2].depth, 1);
	json_tree_toggle(&tree, 1);
	assert_int_equal(tree.count, 6); /* what lay deeper is folded still */
	json_tree_toggle(&tree, 2);      /* no container */
	assert_int_equal(tree.count, 6);
	json_tree_free(&tree);
}

static void a_long_list_begins_folded(void **state)
{
	(void)state;
	char json[4096] = "[0";
	size_t at = 2;
	for (size_t i = 0; i < JSON_TREE_OPEN; i++)
		at += (size_t)snprintf(json + at, sizeof json - at, ",%zu", i);
	snprintf(json + at, sizeof json - at, "]");
	struct json_tree tree = tree_of(json);
	assert_int_equal(tree.count, 1);
	json_tree_toggle(&tree, 0);
	assert_int_equal(tree.count, JSON_TREE_OPEN + 2);
	json_tree_free(&tree);
}

static void what_differs_is_marked_where_it_stands(void **state)
{
	(void)state;
	struct json_tree now = tree_of("{\"same\":1,\"other\":[1,3],\"new\":true}");
	struct json_tree before = tree_of("{\"same\":1,\"other\":[1,2]}");
	json_tree_compare(&now, &before);
	assert_false(now.lines[1].changed);                         /* same */
	assert_true(now.lines[2].changed && !now.lines[3].changed); /* other, and its first */
	assert_true(now.lines[4].changed && now.lines[5].changed);  /* its second, new */
	json_tree_free(&now);
	json_tree_free(&before);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(every_member_has_its_line_and_depth),
	    cmocka_unit_test(a_fold_takes_its_lines_away_and_brings_them_back),
	    cmocka_unit_test(a_long_list_begins_folded),
	    cmocka_unit_test(what_differs_is_marked_where_it_stands),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
