/* One list of lines, whatever the depth: unfolding inserts a container's members after it, folding removes them. */
#include "tui/json_tree.h"

#include <stdlib.h>

void json_tree_free(struct json_tree *tree)
{
	free(tree->lines);
	*tree = (struct json_tree){0};
}

void json_tree_clear(struct json_tree *tree)
{
	tree->count = 0;
	tree->cut = false;
}

static bool value_is_container(struct slice value)
{
	enum json_kind kind = json_kind_of(value);
	return kind == JSON_ARRAY || kind == JSON_OBJECT;
}

static uint32_t value_members(struct slice value)
{
	uint32_t count = 0;
	struct json_walk walk = json_walk_into(value);
	while (count < UINT32_MAX && json_walk_next(&walk))
		count++;
	return count;
}

/* Room for `more` lines at `at`; false when there are too many. */
static bool json_tree_open_gap(struct json_tree *tree, size_t at, size_t more)
{
	if (tree->count + more > JSON_TREE_LINES) {
		tree->cut = true;
		return false;
	}
	if (tree->count + more > tree->room) {
		size_t room = tree->room * 2 > tree->count + more ? tree->room * 2 : tree->count + more + 64;
		struct json_line *grown = realloc(tree->lines, room * sizeof *grown);
		if (!grown)
			return false;
		tree->lines = grown;
		tree->room = room;
	}
	memmove(tree->lines + at + more, tree->lines + at, (tree->count - at) * sizeof *tree->lines);
	tree->count += more;
	return true;
}

static struct json_line line_of(struct slice key, struct slice value, uint32_t depth)
{
	bool container = value_is_container(value);
	uint32_t members = container ? value_members(value) : 0;
	return (struct json_line){
	    .key = key, .value = value, .depth = depth, .members = members, .folded = members > 0};
}

/* Inserts the members of a line's container after it, themselves folded. */
static bool json_tree_unfold(struct json_tree *tree, size_t at)
{
	struct json_line parent = tree->lines[at];
	struct json_walk walk = json_walk_into(parent.value);
	bool in_array = json_kind_of(parent.value) == JSON_ARRAY;
	if (!parent.members || !json_tree_open_gap(tree, at + 1, parent.members))
		return false;
	tree->lines[at].folded = false;
	for (size_t i = 1; i <= parent.members && json_walk_next(&walk); i++) {
		tree->lines[at + i] = line_of(walk.key, walk.value, parent.depth + 1);
		tree->lines[at + i].in_array = in_array;
		tree->lines[at + i].index = (uint32_t)(i - 1);
	}
	return true;
}

/* The lines go on unfolding as they are reached, so no stack is needed. */
void json_tree_add(struct json_tree *tree, struct slice top, struct slice value)
{
	size_t first = tree->count;
	if (!json_tree_open_gap(tree, tree->count, 1))
		return;
	tree->lines[first] = line_of(top, value, 0);
	for (size_t at = first; at < tree->count; at++)
		if (tree->lines[at].members && tree->lines[at].members <= JSON_TREE_OPEN && !json_tree_unfold(tree, at))
			break;
}

static void json_tree_fold(struct json_tree *tree, size_t at)
{
	size_t end = at + 1;
	while (end < tree->count && tree->lines[end].depth > tree->lines[at].depth)
		end++;
	memmove(tree->lines + at + 1, tree->lines + end, (tree->count - end) * sizeof *tree->lines);
	tree->count -= end - at - 1;
	tree->lines[at].folded = true;
}

void json_tree_toggle(struct json_tree *tree, size_t line)
{
	if (line >= tree->count || !tree->lines[line].members)
		return;
	if (tree->lines[line].folded)
		json_tree_unfold(tree, line);
	else
		json_tree_fold(tree, line);
}

/* ---- difference */

static bool lines_have_one_place(const struct json_line *left, const struct json_line *right)
{
	return left->depth == right->depth && left->in_array == right->in_array && left->index == right->index &&
	       slice_equals(left->key, right->key);
}

/* Both are walked side by side; a line that the other does not have is new. */
void json_tree_compare(struct json_tree *tree, const struct json_tree *other)
{
	size_t at = 0;
	for (size_t i = 0; i < tree->count; i++) {
		struct json_line *line = &tree->lines[i];
		size_t there = at;
		while (there < other->count && other->lines[there].depth >= line->depth &&
		       !lines_have_one_place(line, &other->lines[there]))
			there++;
		bool found = there < other->count && lines_have_one_place(line, &other->lines[there]);
		line->changed = !found || !slice_equals(line->value, other->lines[there].value);
		if (found)
			at = there + 1;
	}
}
