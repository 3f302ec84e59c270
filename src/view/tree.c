/* Trees of cJSON. An object or array that misses something carries the mark TREE_MISSES in its `valueint`, which cJSON
 * uses for numbers only. */
#include "view/tree.h"

#include "base/json.h"

enum { TREE_MISSES = 1 };

/* ---- items */

cJSON *tree_object(void)
{
	return cJSON_CreateObject();
}

cJSON *tree_array(void)
{
	return cJSON_CreateArray();
}

cJSON *tree_word(const char *word)
{
	return cJSON_CreateString(word);
}

cJSON *tree_text(const char *text)
{
	struct buffer quoted;
	buffer_init(&quoted, BUFFER_NO_LIMIT, NULL);
	bool whole = json_write_string(&quoted, slice_of_text(text)) && buffer_append_byte(&quoted, '\0');
	cJSON *item = whole ? cJSON_CreateRaw((const char *)quoted.at) : NULL;
	buffer_free(&quoted);
	return item;
}

cJSON *tree_count(uint64_t count)
{
	return cJSON_CreateNumber((double)count);
}

/* ---- adding */

static void tree_note_missing(cJSON *parent, cJSON *item)
{
	cJSON_Delete(item);
	if (parent)
		parent->valueint = TREE_MISSES;
}

void tree_add(cJSON *object, const char *key, cJSON *item)
{
	if (!cJSON_AddItemToObject(object, key, item))
		tree_note_missing(object, item);
}

void tree_append(cJSON *array, cJSON *item)
{
	if (!cJSON_AddItemToArray(array, item))
		tree_note_missing(array, item);
}

cJSON *tree_add_object(cJSON *object, const char *key)
{
	cJSON *added = cJSON_AddObjectToObject(object, key);
	if (!added)
		tree_note_missing(object, NULL);
	return added;
}

cJSON *tree_add_array(cJSON *object, const char *key)
{
	cJSON *added = cJSON_AddArrayToObject(object, key);
	if (!added)
		tree_note_missing(object, NULL);
	return added;
}

void tree_add_word(cJSON *object, const char *key, const char *word)
{
	tree_add(object, key, tree_word(word));
}

void tree_add_text(cJSON *object, const char *key, const char *text)
{
	tree_add(object, key, text && *text ? tree_text(text) : cJSON_CreateNull());
}

void tree_add_count(cJSON *object, const char *key, uint64_t count)
{
	tree_add(object, key, tree_count(count));
}

void tree_add_bool(cJSON *object, const char *key, bool value)
{
	tree_add(object, key, cJSON_CreateBool(value));
}

void tree_add_stamp(cJSON *object, const char *key, timestamp time)
{
	char text[TIMESTAMP_TEXT_SIZE];
	tree_add(object, key, time == TIMESTAMP_NONE ? cJSON_CreateNull() : tree_word(timestamp_format(time, text)));
}

/* ---- printing */

static bool tree_is_whole(const cJSON *tree)
{
	bool is_node = cJSON_IsObject(tree) || cJSON_IsArray(tree);
	if (!tree || (is_node && tree->valueint == TREE_MISSES))
		return false;
	for (const cJSON *child = tree->child; child; child = child->next)
		if (!tree_is_whole(child))
			return false;
	return true;
}

bool tree_print(FILE *out, cJSON *tree)
{
	char *text = tree_is_whole(tree) ? cJSON_PrintUnformatted(tree) : NULL;
	bool good = text && fputs(text, out) >= 0;
	cJSON_free(text);
	cJSON_Delete(tree);
	return good;
}
