/* Trees of cJSON. */
#include "view/tree.h"

#include "base/json.h"

void tree_add_count(cJSON *object, const char *key, uint64_t count)
{
	cJSON_AddNumberToObject(object, key, (double)count);
}

void tree_add_stamp(cJSON *object, const char *key, stamp time)
{
	if (time == STAMP_NONE) {
		cJSON_AddNullToObject(object, key);
	} else {
		char text[STAMP_TEXT_SIZE];
		cJSON_AddStringToObject(object, key, stamp_format(time, text));
	}
}

cJSON *tree_text(const char *text)
{
	struct buffer quoted;
	buffer_init(&quoted, BUFFER_NO_LIMIT, NULL);
	json_write_string(&quoted, slice_of_text(text));
	buffer_append_byte(&quoted, '\0');
	cJSON *item = quoted.truncated ? cJSON_CreateNull() : cJSON_CreateRaw((const char *)quoted.at);
	buffer_free(&quoted);
	return item;
}

void tree_add_text(cJSON *object, const char *key, const char *text)
{
	cJSON_AddItemToObject(object, key, text && *text ? tree_text(text) : cJSON_CreateNull());
}

bool tree_print(FILE *out, cJSON *tree)
{
	char *text = tree ? cJSON_PrintUnformatted(tree) : NULL;
	bool good = text && fputs(text, out) >= 0;
	cJSON_free(text);
	cJSON_Delete(tree);
	return good;
}
