/* JSON as lines that can be folded. Read where it lies; only the lines are kept. No drawing here. */
#ifndef TUI_JSON_TREE_H
#define TUI_JSON_TREE_H

#include "base/json.h"

enum { JSON_TREE_LINES = 200000, JSON_TREE_OPEN = 200 }; /* containers with more members begin folded */

struct json_line {
	struct slice key;   /* token with quotes; empty in arrays and at the top */
	struct slice value; /* whole */
	uint32_t depth;
	uint32_t index;   /* in its array */
	uint32_t members; /* of a container */
	bool in_array, folded;
	bool changed; /* differs from what it was compared with */
};

struct json_tree {
	struct json_line *lines; /* owned */
	size_t count, room;
	bool cut; /* there are more than JSON_TREE_LINES */
};

void json_tree_free(struct json_tree *tree);

/* The value's lines; `value` must outlive the tree. `top` names the outermost line, or is empty. */
void json_tree_add(struct json_tree *tree, struct slice top, struct slice value);
void json_tree_clear(struct json_tree *tree);

/* Folds or unfolds the line's container: its lines go, or come. */
void json_tree_toggle(struct json_tree *tree, size_t line);

/* Marks the lines whose value differs from the value at the same place in `other`. */
void json_tree_compare(struct json_tree *tree, const struct json_tree *other);

#endif
