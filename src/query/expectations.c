/* Cuts a text into sentences, parses each, and says where one is wrong. */
#include "query/expectations.h"

#include <errno.h>
#include <stdlib.h>

void expectations_init(struct expectations *expectations)
{
	*expectations = (struct expectations){0};
	arena_init(&expectations->memory, (size_t)4 * EXPECTATIONS_FILE);
}

void expectations_free(struct expectations *expectations)
{
	for (struct expectation *each = expectations->first; each; each = each->next)
		query_free(each->query);
	arena_free(&expectations->memory);
}

/* ---- complaints */

static struct slice line_around(struct slice text, size_t at)
{
	size_t begin = at < text.len ? at : text.len, end;
	while (begin && text.at[begin - 1] != '\n')
		begin--;
	struct slice rest = slice_drop(text, begin);
	end = slice_find_byte(rest, '\n');
	return slice_take(rest, end);
}

/* Tabs stay tabs, so that the caret stands under its place whatever their width. */
static void caret_write(FILE *out, struct slice line, size_t column, size_t length)
{
	for (size_t i = 0, seen = 1; i < line.len && seen < column; i++) {
		if ((line.at[i] & 0xc0) == 0x80)
			continue;
		fputc(line.at[i] == '\t' ? '\t' : ' ', out);
		seen++;
	}
	fputc('^', out);
	for (size_t i = 1; i < length && i < 60; i++)
		fputc('~', out);
	fputc('\n', out);
}

static void line_write_plain(FILE *out, struct slice line)
{
	for (size_t i = 0; i < line.len; i++)
		fputc(line.at[i] < ' ' && line.at[i] != '\t' ? '?' : line.at[i] == 0x7f ? '?' : line.at[i], out);
	fputc('\n', out);
}

void expectations_complain(
    FILE *complaints, const char *file, size_t first_line, struct slice text, const struct query_error *error)
{
	struct slice line = line_around(text, error->at);
	size_t place = (size_t)(error->at < text.len ? text.at + error->at - line.at : 0);
	size_t length = error->end > error->at ? error->end - error->at : 1;
	if (length > line.len - (place < line.len ? place : line.len))
		length = line.len - (place < line.len ? place : line.len);
	if (file)
		fprintf(complaints, "sioscope: %s:%zu:%zu: %s\n", file, first_line + error->line - 1, error->column,
		    error->message);
	else
		fprintf(complaints, "sioscope: line %zu, column %zu: %s\n", error->line, error->column, error->message);
	fputs("  ", complaints);
	line_write_plain(complaints, line);
	fputs("  ", complaints);
	caret_write(complaints, line, error->column, length);
}

/* ---- adding */

static bool expectations_add_slice(
    struct expectations *expectations, struct slice text, const char *file, size_t line, FILE *complaints)
{
	struct query_error error;
	struct query *query = query_parse(text, 0, &error);
	struct expectation *each = query ? arena_alloc(&expectations->memory, sizeof *each) : NULL;
	if (!query)
		expectations_complain(complaints, file, line, text, &error);
	if (!each) {
		if (query)
			fputs("sioscope: no memory for the expectations\n", complaints);
		query_free(query);
		return false;
	}
	*each = (struct expectation){.query = query, .file = file, .line = line};
	*(expectations->last ? &expectations->last->next : &expectations->first) = each;
	expectations->last = each;
	expectations->count++;
	return true;
}

bool expectations_add(struct expectations *expectations, const char *text, FILE *complaints)
{
	return expectations_add_slice(expectations, slice_of_text(text), NULL, 1, complaints);
}

/* ---- files */

static bool line_is_blank(struct slice line)
{
	struct slice rest = slice_trim(line);
	return !rest.len || *rest.at == '#' || *rest.at == '\r';
}

static bool line_goes_on(struct slice line)
{
	return line.len && (*line.at == ' ' || *line.at == '\t');
}

static struct slice text_take_line(struct slice text)
{
	size_t end = slice_find_byte(text, '\n');
	return slice_take(text, end < text.len ? end + 1 : end);
}

static struct slice line_without_end(struct slice line)
{
	while (line.len && (line.at[line.len - 1] == '\n' || line.at[line.len - 1] == '\r'))
		line.len--;
	return line;
}

/* The sentence that begins the text: its first line, and those after it that go on with it. Empty lines and comments
 * may stand between them. */
static struct slice text_take_sentence(struct slice text)
{
	size_t end = text_take_line(text).len, kept = end;
	while (end < text.len) {
		struct slice line = text_take_line(slice_drop(text, end));
		bool blank = line_is_blank(line_without_end(line));
		if (!blank && !line_goes_on(line))
			break;
		end += line.len;
		if (!blank)
			kept = end;
	}
	return line_without_end(slice_take(text, kept));
}

static size_t count_lines(struct slice text)
{
	size_t lines = 0;
	for (size_t i = 0; i < text.len; i++)
		lines += text.at[i] == '\n';
	return lines;
}

static bool expectations_add_text(
    struct expectations *expectations, struct slice text, const char *file, FILE *complaints)
{
	size_t line = 1;
	bool good = true;
	if (slice_starts_with(text, SLICE("\xef\xbb\xbf"))) /* some editors begin a file so */
		text = slice_drop(text, 3);
	while (text.len) {
		struct slice first = text_take_line(text), taken = first;
		if (!line_is_blank(line_without_end(first))) {
			taken = text_take_sentence(text);
			good = expectations_add_slice(expectations, taken, file, line, complaints) && good;
		}
		line += count_lines(taken);
		text = slice_drop(text, taken.len);
	}
	return good;
}

static bool file_read(struct buffer *text, const char *path, FILE *complaints)
{
	char bytes[4096];
	FILE *file = strcmp(path, "-") == 0 ? stdin : fopen(path, "rb");
	size_t count;
	if (!file) {
		fprintf(complaints, "sioscope: %s: %s\n", path, strerror(errno));
		return false;
	}
	while ((count = fread(bytes, 1, sizeof bytes, file)) > 0 && buffer_append(text, slice_of(bytes, count)))
		;
	bool good = !ferror(file) && !text->truncated;
	if (!good)
		fprintf(complaints, "sioscope: %s: %s\n", path,
		    text->budget->refused ? "no memory for it"
		    : text->truncated     ? "too long for a file of expectations"
		                          : strerror(errno));
	if (file != stdin)
		(void)fclose(file);
	return good;
}

bool expectations_add_file(struct expectations *expectations, const char *path, FILE *complaints)
{
	struct buffer text;
	struct budget memory = {.limit = SIZE_MAX};
	buffer_init(&text, EXPECTATIONS_FILE, &memory);
	const char *name = arena_copy_text(&expectations->memory, slice_of_text(path));
	size_t before = expectations->count;
	if (!name)
		fputs("sioscope: no memory for the expectations\n", complaints);
	bool good = name && file_read(&text, path, complaints) &&
	            expectations_add_text(expectations, buffer_slice(&text), name, complaints);
	if (good && expectations->count == before) {
		fprintf(complaints, "sioscope: %s: holds no expectation\n", path);
		good = false;
	}
	buffer_free(&text);
	return good;
}
