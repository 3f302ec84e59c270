/*
 * What outputs are written with: text for people, at most 80 columns, colours only where wanted, nothing from the wire
 * that could steer a terminal; and, for JSON, a tree of cJSON, of which tree_print writes nothing unless it is whole.
 * Both are sinks: secrets are masked here, and nowhere above (base/mask.h).
 */
#ifndef VIEW_WRITERS_H
#define VIEW_WRITERS_H

#include "base/mask.h"
#include "base/timestamp.h"

#include <cjson/cJSON.h>
#include <stdbool.h>
#include <stdio.h>

/* ---- text */

enum { TEXT_WIDTH = 80 };

enum text_style { STYLE_PLAIN, STYLE_HEADING, STYLE_ERROR, STYLE_WARNING, STYLE_GOOD, STYLE_FAINT };

struct text_writer {
	FILE *out; /* borrowed */
	bool colours;
	const struct mask *mask; /* borrowed; NULL: all that is written is the program's own */
};

/* Should this stream get colours? Only a terminal, and not when NO_COLOR is set (no-color.org). */
bool text_wants_colours(FILE *out);

/* A paragraph without margin, in STYLE_HEADING. */
void text_heading(const struct text_writer *writer, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* A paragraph: `indent` spaces before each line, broken at spaces; words longer than a line are broken anywhere.
 * Characters that steer a terminal and broken UTF-8 come out as escapes (utf8_write_visible). */
void text_write(const struct text_writer *writer, enum text_style style, int indent, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

/* The same with a label before the first line; the following lines stand under the text. */
void text_label(const struct text_writer *writer, enum text_style style, int indent, const char *label,
    const char *format, ...) __attribute__((format(printf, 5, 6)));

void text_blank(const struct text_writer *writer);

/* Text for one line of any other form, as a paragraph has it: secrets masked, escapes for what steers. NUL-terminated,
 * to be freed with buffer_free, and read by text_of_shown: without memory it is empty. `mask` as in a text_writer. */
struct buffer text_shown(const struct mask *mask, const char *text);

static inline const char *text_of_shown(const struct buffer *shown)
{
	return shown->at ? (const char *)shown->at : "(no memory for it)";
}

/* "3.1 kB", "1 byte": in powers of 1000. Returns `text`. */
enum { TEXT_SIZE = 32 };
const char *text_size(uint64_t bytes, char text[TEXT_SIZE]);

/* "2026-11-23 11:33:10 UTC". Returns `text`. */
const char *text_time(timestamp time, char text[TIMESTAMP_TEXT_SIZE]);

/* ---- trees for JSON */

/* Each may be NULL: no memory. What adds them takes that, and the tree is then not whole. */
cJSON *tree_object(void);
cJSON *tree_array(void);
cJSON *tree_word(const char *word); /* ASCII, of the program itself */
cJSON *tree_text(const char *text); /* from the wire: bytes that are not UTF-8 are put right on the way */
cJSON *tree_count(uint64_t count);  /* held as a double: exact up to 2^53, which no count here reaches */

cJSON *tree_number(double number); /* to a millionth */

/* Take the item over. */
void tree_add(cJSON *object, const char *key, cJSON *item);
void tree_append(cJSON *array, cJSON *item);

/* The new object or array, owned by the tree. */
cJSON *tree_add_object(cJSON *object, const char *key);
cJSON *tree_add_array(cJSON *object, const char *key);

void tree_add_word(cJSON *object, const char *key, const char *word);
void tree_add_text(cJSON *object, const char *key, const char *text); /* null for "" and NULL */
void tree_add_count(cJSON *object, const char *key, uint64_t count);
void tree_add_number(cJSON *object, const char *key, double number);
void tree_add_bool(cJSON *object, const char *key, bool value);
void tree_add_timestamp(cJSON *object, const char *key, timestamp time); /* null for TIMESTAMP_NONE */

/* Prints the tree, secrets masked, and frees it. False: no memory for all of it, or the stream refused it. */
bool tree_print(FILE *out, const struct mask *mask, cJSON *tree);

#endif
