/*
 * What the JSON outputs build: a tree of cJSON. Whatever there is no memory for is missing in the tree, and tree_print
 * refuses it: nothing that is not whole is written.
 */
#ifndef VIEW_TREE_H
#define VIEW_TREE_H

#include "base/timestamp.h"

#include <cjson/cJSON.h>
#include <stdbool.h>
#include <stdio.h>

/* Each may be NULL: no memory. What adds them takes that, and the tree is then not whole. */
cJSON *tree_object(void);
cJSON *tree_array(void);
cJSON *tree_word(const char *word); /* ASCII, of the program itself */
cJSON *tree_text(const char *text); /* from the wire: bytes that are not UTF-8 are put right on the way */
cJSON *tree_count(uint64_t count);  /* held as a double: exact up to 2^53, which no count here reaches */

/* Take the item over. */
void tree_add(cJSON *object, const char *key, cJSON *item);
void tree_append(cJSON *array, cJSON *item);

/* The new object or array, owned by the tree. */
cJSON *tree_add_object(cJSON *object, const char *key);
cJSON *tree_add_array(cJSON *object, const char *key);

void tree_add_word(cJSON *object, const char *key, const char *word);
void tree_add_text(cJSON *object, const char *key, const char *text); /* null for "" and NULL */
void tree_add_count(cJSON *object, const char *key, uint64_t count);
void tree_add_bool(cJSON *object, const char *key, bool value);
void tree_add_stamp(cJSON *object, const char *key, timestamp time); /* null for TIMESTAMP_NONE */

/* Prints the tree and frees it. False: no memory for all of it, or the stream refused it. */
bool tree_print(FILE *out, cJSON *tree);

#endif
