/*
 * A log's lines as they were written: out of the file, through a window of one line's limit; those that a runtime cut
 * joined (log_parts), those that rich wrapped too; of a list of JSON, its objects (log_list).
 */
#include "source/log_lines.h"

#include "source/log_line.h"

#include <errno.h>

enum { LOG_READ = 64 << 10 };
enum { LOG_LIST = 8 << 20 }; /* bytes of a list of JSON, which is turned round and so held whole */

/* ---- the file, line by line */

/* So many bytes that were read stand behind the window. */
static void lines_decode(struct log_lines *lines, size_t len)
{
	uint8_t *read = lines->window.at + lines->window.len, text[LOG_ENCODED];
	if (!lines->is_begun)
		lines->encoding.coding = log_encoding_find(slice_of(read, len));
	lines->is_begun = true;
	if (lines->encoding.coding == LOG_UTF8) {
		lines->window.len += len;
		return;
	}
	buffer_clear(&lines->coded);
	buffer_append(&lines->coded, slice_of(read, len));
	for (size_t i = 0; i < lines->coded.len; i++)
		buffer_append(
		    &lines->window, slice_of(text, log_encoding_take(&lines->encoding, lines->coded.at[i], text)));
	if (lines->coded.truncated || lines->window.truncated) {
		lines->is_over = true;
		lines->failure = ENOMEM;
	}
}

static void lines_fill(struct log_lines *lines, size_t wanted)
{
	buffer_drop_front(&lines->window, lines->used);
	lines->used = 0;
	while (!lines->is_over && lines->window.len < wanted) {
		if (!buffer_reserve(&lines->window, LOG_READ)) {
			lines->is_over = true;
			lines->failure = ENOMEM;
			return;
		}
		size_t len = fread(lines->window.at + lines->window.len, 1, LOG_READ, lines->stream);
		lines_decode(lines, len);
		lines->is_over |= len < LOG_READ;
		lines->failure = lines->failure ? lines->failure : ferror(lines->stream);
	}
}

static struct slice lines_rest(const struct log_lines *lines)
{
	return slice_drop(buffer_slice(&lines->window), lines->used);
}

static void lines_number(struct log_lines *lines)
{
	size_t at = lines->taken++ * sizeof lines->number;
	if (at < lines->places.len)
		memcpy(&lines->number, lines->places.at + at, sizeof lines->number);
	else
		lines->number++;
}

/* The next line, without its end. False: there is none. */
static bool lines_take(struct log_lines *lines, struct slice *line, bool *is_cut)
{
	for (;;) {
		struct slice rest = lines_rest(lines);
		size_t end = slice_find_byte(slice_take(rest, lines->line_most), '\n');
		bool is_unended = end == rest.len;
		if (is_unended && !lines->is_over) {
			lines_fill(lines, rest.len < LOG_READ ? LOG_READ : 2 * rest.len);
			continue;
		}
		if (!rest.len)
			return false;
		*is_cut = !is_unended && rest.at[end] != '\n';
		*line = slice_take(rest, end);
		lines->used += end + !(is_unended || *is_cut);
		bool is_rest = lines->is_skipping;
		lines->is_skipping = *is_cut;
		if (is_rest)
			continue;
		lines_number(lines);
		return true;
	}
}

/* ---- lines that were wrapped */

struct slice log_trim_end(struct slice text)
{
	while (text.len && (text.at[text.len - 1] == '\r' || text.at[text.len - 1] == '\n'))
		text.len--;
	return text;
}

/* The next line, or the one that was taken to see whether it goes on. */
static bool lines_take_next(struct log_lines *lines, struct slice *line, bool *is_cut)
{
	if (!lines->has_ahead) {
		bool has = lines_take(lines, line, is_cut);
		lines->line = lines->number;
		return has;
	}
	lines->has_ahead = false;
	*line = buffer_slice(&lines->ahead);
	*is_cut = lines->ahead_is_cut;
	lines->line = lines->number;
	return true;
}

/* What rich wraps goes on in the message's column, with nothing before it. */
static bool lines_go_on(struct slice line, size_t column)
{
	size_t spaces = 0;
	while (spaces < line.len && line.at[spaces] == ' ')
		spaces++;
	return spaces >= column && spaces < line.len && line.at[spaces] != '\r';
}

/* Between two words rich drops the space; a word that is longer than the column it folds where that ends. */
static bool lines_are_folded(struct slice row, size_t width)
{
	return row.len == width && slice_find_byte(row, ' ') == row.len;
}

static void lines_put_ahead(struct log_lines *lines, struct slice line)
{
	buffer_clear(&lines->ahead);
	buffer_append(&lines->ahead, line);
	lines->has_ahead = true;
}

/* The parts of a line that its container's runtime cut. */
static void lines_take_parts(struct log_lines *lines, struct slice *line, bool *is_cut)
{
	struct slice more;
	uint64_t begun = lines->line;
	buffer_clear(&lines->whole);
	buffer_append(&lines->whole, log_trim_end(*line));
	while (log_is_part(buffer_slice(&lines->whole)) && lines_take(lines, &more, &lines->ahead_is_cut))
		if (!log_join_part(&lines->whole, log_trim_end(more))) {
			lines_put_ahead(lines, more);
			break;
		}
	lines->line = begun;
	*line = buffer_slice(&lines->whole);
	*is_cut |= lines->whole.truncated;
}

bool log_lines_next(struct log_lines *lines, struct slice *line, bool *is_cut)
{
	if (!lines_take_next(lines, line, is_cut))
		return false;
	if (log_is_part(*line))
		lines_take_parts(lines, line, is_cut);
	if (lines->has_ahead)
		return true;
	size_t column = slice_find_byte(*line, '\x1b') == line->len ? log_find_column(*line) : 0;
	struct slice first = log_trim_end(*line), more;
	size_t source = column ? log_take_source(&first) : 0;
	if (source <= column)
		return true;
	uint64_t begun = lines->line;
	size_t width = source - 1 - column;
	bool is_folded = lines_are_folded(slice_drop(first, column), width);
	buffer_clear(&lines->joined);
	buffer_append(&lines->joined, first);
	while (lines_take(lines, &more, &lines->ahead_is_cut)) {
		struct slice text = log_trim_end(more);
		if (!lines_go_on(text, column)) {
			lines_put_ahead(lines, more);
			break;
		}
		text = slice_drop(text, column);
		while (text.len && text.at[text.len - 1] == ' ')
			text.len--;
		if (!is_folded)
			buffer_append_byte(&lines->joined, ' ');
		buffer_append(&lines->joined, text);
		is_folded = lines_are_folded(text, width);
	}
	lines->line = begun;
	*line = buffer_slice(&lines->joined);
	*is_cut |= lines->joined.truncated;
	return true;
}

/* ---- beginning and end */

/* `why` says so when the list is too long. */
static bool lines_read_list(struct log_lines *lines, char *why, size_t why_size)
{
	struct buffer flat;
	buffer_init(&flat, BUFFER_NO_LIMIT, NULL);
	while (!lines->is_over && lines->window.len <= LOG_LIST)
		lines_fill(lines, 2 * lines->window.len);
	bool fits = lines->window.len <= LOG_LIST &&
	            log_list_flatten(buffer_slice(&lines->window), &flat, &lines->places);
	if (!fits)
		snprintf(why, why_size,
		    "a list of JSON of more than %d MB or %d objects, which is read whole: make lines of it first, the "
		    "oldest first (jq -c '.[]' FILE | tac)",
		    LOG_LIST >> 20, LOG_LIST_OBJECTS);
	buffer_free(&lines->window);
	lines->window = flat;
	lines->is_over = lines->are_list = true;
	return fits;
}

bool log_lines_begin(
    struct log_lines *lines, FILE *stream, const struct limits *limits, uint64_t number, char *why, size_t why_size)
{
	*lines = (struct log_lines){.stream = stream, .line_most = limits->log_line, .number = number};
	buffer_init(&lines->window, BUFFER_NO_LIMIT, NULL); /* it is filled by twice a line, or the beginning */
	buffer_init(&lines->coded, LOG_READ, NULL);
	buffer_init(&lines->places, BUFFER_NO_LIMIT, NULL);
	buffer_init(&lines->whole, lines->line_most, NULL);
	buffer_init(&lines->joined, lines->line_most, NULL);
	buffer_init(&lines->ahead, lines->line_most, NULL);
	lines_fill(lines, limits->log_start);
	return !log_list_begins(buffer_slice(&lines->window)) || lines_read_list(lines, why, why_size);
}

struct log_lines log_lines_over(const struct log_lines *lines, struct slice beginning)
{
	struct log_lines view = {.is_over = true, .line_most = lines->line_most};
	view.window = (struct buffer){.at = (uint8_t *)beginning.at, .len = beginning.len};
	buffer_init(&view.whole, view.line_most, NULL);
	buffer_init(&view.joined, view.line_most, NULL);
	buffer_init(&view.ahead, view.line_most, NULL);
	return view;
}

static void lines_free_joined(struct log_lines *lines)
{
	buffer_free(&lines->whole);
	buffer_free(&lines->joined);
	buffer_free(&lines->ahead);
}

void log_lines_leave(struct log_lines *view)
{
	lines_free_joined(view);
}

void log_lines_free(struct log_lines *lines)
{
	buffer_free(&lines->window);
	buffer_free(&lines->coded);
	buffer_free(&lines->places);
	lines_free_joined(lines);
}
