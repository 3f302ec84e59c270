/* Is a file a log, and what stands around what a line says, where that is more than words before it: objects of JSON,
 * fields, and the table that rich draws. */
#include "base/json.h"
#include "source/log_encoding.h"
#include "source/log_line.h"

#include <ctype.h>

/* ---- is it a log? */

/* A line of JSON that is no HAR: docker's json-file, a logger's. */
static bool log_is_json_line(struct slice start)
{
	struct slice line = slice_trim(slice_take_until(&start, '\n')), value, rest = line;
	if (slice_starts_with(line, SLICE("{\"log\":\"")))
		return true;
	return start.at && json_take_value(&rest, &value) && !rest.len &&
	       !(json_find_member(value, "log", &rest) && slice_starts_with(rest, SLICE("{")));
}

static bool log_is_text(struct slice start)
{
	for (size_t i = 0; i < start.len; i++)
		if (start.at[i] < 0x20 && !strchr("\t\n\r\x1b\x1e\f\b", start.at[i]))
			return false;
	struct slice text = slice_trim(start);
	return text.len && (!slice_starts_with(text, SLICE("{")) || log_is_json_line(start) || log_list_begins(text));
}

bool log_file_is_log(struct slice start)
{
	struct log_encoding encoding = {.coding = log_encoding_find(start)};
	uint8_t text[2 * LOG_FILE_START];
	size_t len = 0;
	if (encoding.coding == LOG_UTF8)
		return log_is_text(start);
	for (size_t i = 0; i < start.len && len + LOG_ENCODED <= sizeof text; i++)
		len += log_encoding_take(&encoding, start.at[i], text + len);
	return log_is_text(slice_of(text, len));
}

/* ---- JSON */

static bool log_is_blank(struct slice text)
{
	size_t at = 0;
	while (at < text.len && strchr(" \t\r\n", text.at[at]) && text.at[at])
		at++;
	return at == text.len;
}

struct slice log_find_object(struct slice line)
{
	size_t at = slice_find(slice_take(line, LOG_PREFIX), SLICE("{\""));
	struct slice before = slice_take(line, at), rest = slice_drop(line, at), object;
	/* What a logger was given may end with an object too. */
	bool begins = !at || (at < line.len && (line.at[at - 1] == ' ' || line.at[at - 1] == '\t') &&
	                         log_python_find(before) == before.len && log_node_find(before) == before.len);
	return begins && json_take_value(&rest, &object) && log_is_blank(rest) ? object : slice_of(NULL, 0);
}

/* The journal writes a text that has more than printable characters as a list of its bytes (systemd.journal-fields(7),
 * journalctl's --output=json). */
static bool object_take_bytes(struct buffer *out, struct slice list)
{
	struct json_walk walk = json_walk_into(list);
	while (json_walk_next(&walk)) {
		struct slice digits = walk.value;
		uint64_t byte;
		if (!digits_take(&digits, 3, &byte) || digits.len || byte > UINT8_MAX ||
		    !buffer_append_byte(out, (uint8_t)byte))
			return false;
	}
	return out->len > 0;
}

/* The text of the first member that is a string; some loggers have it one level down. */
static bool object_take_text(struct buffer *out, struct slice object)
{
	static const char *const names[] = {
	    "log", "message", "msg", "MESSAGE", "textPayload", "@message", "short_message", "@m", "text", "event"};
	static const char *const within[] = {"jsonPayload", "message", "log"};
	struct slice value;
	for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
		buffer_clear(out);
		if (json_find_member(object, names[i], &value) && *value.at == '"' && json_unescape(value, out))
			return true;
	}
	buffer_clear(out);
	if (json_find_member(object, "MESSAGE", &value) && *value.at == '[' && object_take_bytes(out, value))
		return true;
	for (size_t i = 0; i < sizeof within / sizeof *within; i++)
		for (size_t j = 0; j < sizeof names / sizeof *names; j++) {
			struct slice inner;
			buffer_clear(out);
			if (json_find_member(object, within[i], &inner) && *inner.at == '{' &&
			    json_find_member(inner, names[j], &value) && *value.at == '"' && json_unescape(value, out))
				return true;
		}
	return false;
}

bool log_take_message(struct buffer *out, struct slice object)
{
	enum { WITHIN = 3 }; /* a logger's line in a container's, in a collector's */
	if (!object_take_text(out, object))
		return false;
	for (int depth = 1; depth < WITHIN; depth++) {
		struct slice text = slice_trim(buffer_slice(out)), rest = text, value;
		if (!slice_starts_with(text, SLICE("{\"")) || !json_take_value(&rest, &value) || !log_is_blank(rest))
			return true;
		struct buffer inner;
		buffer_init(&inner, BUFFER_NO_LIMIT, NULL);
		bool has = object_take_text(&inner, value);
		if (has) {
			buffer_clear(out);
			buffer_append(out, buffer_slice(&inner));
		}
		buffer_free(&inner);
		if (!has)
			return true;
	}
	return true;
}

/* ---- fields */

struct slice log_take_logfmt(struct buffer *out, struct slice line)
{
	static const char *const keys[] = {"msg=\"", "message=\"", "event=\""};
	struct slice front = slice_take(line, LOG_PREFIX);
	for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) {
		size_t at = slice_find(front, slice_of_text(keys[i])), len = strlen(keys[i]) - 1;
		struct slice before = slice_take(line, at), rest = slice_drop(line, at + len), value;
		if (at == front.len || (at && line.at[at - 1] != ' ') || log_python_find(before) < before.len ||
		    log_node_find(before) < before.len)
			continue;
		buffer_clear(out);
		if (json_take_value(&rest, &value) && (!rest.len || *rest.at == ' ') && json_unescape(value, out))
			return value;
	}
	return slice_of(NULL, 0);
}

/* Levels are in brackets, in nine columns. */
static bool fields_are_behind(struct slice line)
{
	static const char *const levels[] = {
	    "[debug    ] ", "[info     ] ", "[warning  ] ", "[error    ] ", "[critical ] "};
	struct slice front = slice_take(line, LOG_PREFIX);
	for (size_t i = 0; i < sizeof levels / sizeof *levels; i++)
		if (slice_find(front, slice_of_text(levels[i])) < front.len)
			return true;
	return false;
}

static bool field_is_one(struct slice word)
{
	bool is_name = word.len > 2 && *word.at == '[' && word.at[word.len - 1] == ']';
	struct slice key = slice_take(word, slice_find_byte(word, '='));
	struct slice text = is_name ? slice_take(slice_drop(word, 1), word.len - 2) : key;
	for (size_t i = 0; i < text.len; i++)
		if (!isalnum(text.at[i]) && text.at[i] != '_' && text.at[i] != '.')
			return false;
	return text.len && (is_name || key.len < word.len);
}

struct slice log_drop_fields(struct slice line)
{
	if (!fields_are_behind(line))
		return line;
	for (;;) {
		size_t end = line.len;
		while (end && line.at[end - 1] == ' ')
			end--;
		size_t at = end;
		while (at && line.at[at - 1] != ' ')
			at--;
		if (!at || !field_is_one(slice_of(line.at + at, end - at)))
			return slice_take(line, end);
		line = slice_take(line, at);
	}
}

/* ---- rich */

/* Levels are written in eight columns, and a space; before them stands a time in brackets, or spaces where it is that
 * of the line before. */
size_t log_find_column(struct slice line)
{
	enum { LEVEL = 9, TIME = 40 };
	static const char *const levels[] = {
	    "DEBUG    ", "INFO     ", "WARNING  ", "ERROR    ", "CRITICAL ", "NOTSET   "};
	struct slice front = slice_take(line, TIME + LEVEL);
	size_t time = slice_starts_with(front, SLICE("[")) ? slice_find_byte(front, ']') + 2 : 0;
	while (!slice_starts_with(front, SLICE("[")) && time < front.len && front.at[time] == ' ')
		time++;
	struct slice level = slice_drop(front, time);
	for (size_t i = 0; time && i < sizeof levels / sizeof *levels; i++)
		if (slice_starts_with(level, slice_of_text(levels[i])))
			return time + LEVEL;
	return 0;
}

size_t log_take_source(struct slice *line)
{
	struct slice text = slice_trim(*line);
	size_t end = (size_t)(text.at - line->at) + text.len, at = end;
	while (at && isdigit(line->at[at - 1]))
		at--;
	struct slice name = slice_take(*line, at);
	if (at == end || !slice_ends_with(name, SLICE(".py:")))
		return 0;
	while (at && line->at[at - 1] != ' ')
		at--;
	size_t source = at;
	while (at && line->at[at - 1] == ' ')
		at--;
	if (source == at)
		return 0;
	*line = slice_take(*line, at);
	return source;
}
