/* What the JSON outputs add to cJSON. */
#ifndef VIEW_TREE_H
#define VIEW_TREE_H

#include "base/stamp.h"

#include <cjson/cJSON.h>
#include <stdbool.h>
#include <stdio.h>

/* cJSON holds numbers as doubles: exact up to 2^53, which no count here reaches. */
void tree_add_count(cJSON *object, const char *key, uint64_t count);

void tree_add_stamp(cJSON *object, const char *key, stamp time); /* null for STAMP_NONE */

/* Text from the wire: bytes that are not UTF-8 are put right on the way. */
cJSON *tree_text(const char *text);
void tree_add_text(cJSON *object, const char *key, const char *text); /* null for "" and NULL */

/* Prints the tree and frees it. False: no memory, or the stream refused it. */
bool tree_print(FILE *out, cJSON *tree);

#endif
