/* Paragraphs of at most 80 columns, and trees of cJSON. */
#include "view/writers.h"

#include "base/json.h"
#include "base/text.h"

#include <math.h>
#include <stdarg.h>
#include <stdlib.h>
#include <unistd.h>

/* ---- text */

static const char *const text_escapes[] = {
    [STYLE_PLAIN] = "",
    [STYLE_HEADING] = "\033[1m",
    [STYLE_ERROR] = "\033[1;31m",
    [STYLE_WARNING] = "\033[33m",
    [STYLE_GOOD] = "\033[32m",
    [STYLE_FAINT] = "\033[2m",
};

bool text_wants_colours(FILE *out)
{
	const char *no_color = getenv("NO_COLOR"), *term = getenv("TERM");
	return isatty(fileno(out)) && !(no_color && *no_color) && !(term && strcmp(term, "dumb") == 0);
}

static void text_set_style(const struct text_writer *writer, enum text_style style, bool on)
{
	if (writer->colours && style != STYLE_PLAIN)
		fputs(on ? text_escapes[style] : "\033[0m", writer->out);
}

/* The length of the character at `at`: of visible text, so it is UTF-8. */
static size_t text_character(const char *at)
{
	uint32_t code;
	size_t len = utf8_decode_text(at, &code);
	return len ? len : 1;
}

/* How many bytes of `text` fill at most `columns`, broken after a space where there is one. */
static size_t text_fit(const char *text, int columns)
{
	size_t end = 0, last_space = 0;
	int used = 0;
	while (text[end] && used < columns) {
		if (text[end] == ' ')
			last_space = end;
		end += text_character(text + end);
		used++;
	}
	if (!text[end] || text[end] == ' ' || !last_space)
		return end;
	return last_space;
}

/* Writes `text` below and beside a margin of `indent`; the first line's margin has been written already. */
static void text_flow(const struct text_writer *writer, enum text_style style, int indent, const char *text)
{
	do {
		size_t len = text_fit(text, TEXT_WIDTH - indent);
		text_set_style(writer, style, true);
		fwrite(text, 1, len, writer->out);
		text_set_style(writer, style, false);
		fputc('\n', writer->out);
		text += len;
		while (*text == ' ')
			text++;
		if (*text)
			fprintf(writer->out, "%*s", indent, "");
	} while (*text);
}

const char *text_size(uint64_t bytes, char text[TEXT_SIZE])
{
	static const char *const units[] = {"bytes", "kB", "MB", "GB", "TB"};
	double size = (double)bytes;
	size_t unit = 0;
	while (size >= 1000 && unit < 4) {
		size /= 1000;
		unit++;
	}
	snprintf(text, TEXT_SIZE, unit ? "%.1f %s" : "%.0f %s", size, bytes == 1 ? "byte" : units[unit]);
	return text;
}

const char *text_time(timestamp time, char text[TIMESTAMP_TEXT_SIZE])
{
	timestamp_format(time, text);
	text[10] = ' ';
	memcpy(text + 19, " UTC", 5);
	return text;
}

struct buffer text_shown(const struct mask *mask, const char *text)
{
	struct buffer shown;
	buffer_init(&shown, BUFFER_NO_LIMIT, NULL);
	if (mask)
		mask_write_visible(mask, slice_of_text(text), &shown);
	else
		utf8_write_visible(&shown, slice_of_text(text));
	if (shown.truncated || !buffer_append_byte(&shown, '\0'))
		buffer_free(&shown);
	return shown;
}

/* Longer than most paragraphs are, so that memory is asked for by few; and a label that leaves room for text. */
enum { TEXT_USUAL = 2048, TEXT_LABEL = TEXT_WIDTH - 10 };

/* Label and text are masked together: a label may be the name of the value behind it. */
static void text_lay_out(
    const struct text_writer *writer, enum text_style style, int indent, const char *label, const char *text)
{
	char before[TEXT_LABEL];
	struct buffer both, own, shown;
	snprintf(before, sizeof before, "%s", label);
	buffer_init(&both, BUFFER_NO_LIMIT, NULL);
	buffer_append_format(&both, "%s%s", before, text);
	buffer_append_byte(&both, '\0');
	own = text_shown(writer->mask, before);
	shown = text_shown(writer->mask, both.truncated ? text : (const char *)both.at);
	const char *head = text_of_shown(&own), *rest = text_of_shown(&shown);
	if (strncmp(rest, head, strlen(head)) == 0)
		rest += strlen(head);
	fprintf(writer->out, "%*s%s", indent, "", head);
	text_flow(writer, style, indent + (int)strlen(head), rest);
	buffer_free(&both);
	buffer_free(&own);
	buffer_free(&shown);
}

static void text_paragraph(const struct text_writer *writer, enum text_style style, int indent, const char *label,
    const char *format, va_list values)
{
	char usual[TEXT_USUAL], *longer = NULL, *text = usual;
	va_list again;
	va_copy(again, values);
	if (vsnprintf(usual, sizeof usual, format, values) >= TEXT_USUAL) {
		text = vasprintf(&longer, format, again) < 0 ? usual : longer;
		if (text == usual)
			strcpy(usual, "(no memory for this paragraph)");
	}
	va_end(again);
	text_lay_out(writer, style, indent, label, text);
	free(longer);
}

void text_heading(const struct text_writer *writer, const char *format, ...)
{
	va_list values;
	va_start(values, format);
	text_paragraph(writer, STYLE_HEADING, 0, "", format, values);
	va_end(values);
}

void text_write(const struct text_writer *writer, enum text_style style, int indent, const char *format, ...)
{
	va_list values;
	va_start(values, format);
	text_paragraph(writer, style, indent, "", format, values);
	va_end(values);
}

void text_label(
    const struct text_writer *writer, enum text_style style, int indent, const char *label, const char *format, ...)
{
	va_list values;
	va_start(values, format);
	text_paragraph(writer, style, indent, label, format, values);
	va_end(values);
}

void text_blank(const struct text_writer *writer)
{
	fputc('\n', writer->out);
}

/* ---- trees for JSON */

/* Trees of cJSON. An object or array that misses something carries the mark TREE_MISSES in its `valueint`, which cJSON
 * uses for numbers only. */

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

cJSON *tree_number(double number)
{
	return cJSON_CreateNumber(round(number * 1e6) / 1e6);
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

void tree_add_number(cJSON *object, const char *key, double number)
{
	tree_add(object, key, tree_number(number));
}

void tree_add_bool(cJSON *object, const char *key, bool value)
{
	tree_add(object, key, cJSON_CreateBool(value));
}

void tree_add_timestamp(cJSON *object, const char *key, timestamp time)
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

bool tree_print(FILE *out, const struct mask *mask, cJSON *tree)
{
	char *text = tree_is_whole(tree) ? cJSON_PrintUnformatted(tree) : NULL;
	struct slice json = slice_of_text(text);
	struct buffer masked;
	buffer_init(&masked, BUFFER_NO_LIMIT, NULL);
	if (mask_write_json(mask, json, slice_of(NULL, 0), &masked))
		json = buffer_slice(&masked);
	bool good = text && !masked.truncated && fwrite(json.at, 1, json.len, out) == json.len;
	buffer_free(&masked);
	cJSON_free(text);
	cJSON_Delete(tree);
	return good;
}
