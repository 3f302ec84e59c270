/*
 * Logs as clouds and journals export them: a list of objects, or objects one after the other, written over many lines,
 * and often the newest first (gcloud logging read, journalctl -o json-pretty, aws logs filter-log-events). Each object
 * becomes a line, the oldest first.
 */
#include "base/json.h"
#include "base/timestamp.h"
#include "source/log_line.h"

#include <ctype.h>

static bool list_is_blank(uint8_t byte)
{
	return byte == ' ' || byte == '\t' || byte == '\r' || byte == '\n';
}

static struct slice list_skip_blanks(struct slice text)
{
	while (text.len && list_is_blank(*text.at))
		text = slice_drop(text, 1);
	return text;
}

/* Behind `sign`, if that comes next. */
static bool list_skip_sign(struct slice *text, uint8_t sign)
{
	struct slice rest = list_skip_blanks(*text);
	bool comes = rest.len && *rest.at == sign;
	*text = comes ? slice_drop(rest, 1) : *text;
	return comes;
}

/* AWS puts its list into an object: {"events": [. */
static struct slice list_open(struct slice text)
{
	struct slice within = text;
	if (list_skip_sign(&within, '{') && slice_starts_with(list_skip_blanks(within), SLICE("\"events\""))) {
		within = slice_drop(list_skip_blanks(within), 8);
		if (list_skip_sign(&within, ':') && list_skip_sign(&within, '['))
			return within;
	}
	list_skip_sign(&text, '[');
	return text;
}

/* An object on a line of its own is a line; HAR's first name is `log`, the journal's begin with `_` or a capital. */
bool log_list_begins(struct slice start)
{
	struct slice inside = list_open(start), object = inside;
	if (!list_skip_sign(&object, '{'))
		return false;
	if (inside.at != start.at)
		return true;
	struct slice name = list_skip_blanks(object);
	bool is_folded = memchr(object.at, '\n', (size_t)(name.at - object.at)) != NULL;
	return is_folded && name.len > 1 && *name.at == '"' && (name.at[1] == '_' || isupper(name.at[1]));
}

struct list_place {
	struct slice object;
	uint64_t line; /* of the text, in which it begins */
};

static uint64_t list_count_lines(struct slice text)
{
	uint64_t lines = 0;
	for (const uint8_t *at = text.at, *end = text.at + text.len;
	     at < end && (at = memchr(at, '\n', (size_t)(end - at))) != NULL; at++)
		lines++;
	return lines;
}

/* False: too many, or no memory. What is cut ends the list. */
static bool list_find(struct slice text, struct buffer *places)
{
	struct slice rest = list_open(text), value;
	const uint8_t *counted = text.at;
	struct list_place place = {.line = 1};
	for (;;) {
		list_skip_sign(&rest, ',');
		rest = list_skip_blanks(rest);
		if (!rest.len || *rest.at != '{' || !json_take_value(&rest, &value))
			return true;
		place.object = value;
		place.line += list_count_lines(slice_of(counted, (size_t)(value.at - counted)));
		counted = value.at;
		if (!buffer_append(places, slice_of(&place, sizeof place)))
			return false;
	}
}

static struct list_place list_place_at(const struct buffer *places, size_t which)
{
	struct list_place place;
	memcpy(&place, places->at + which * sizeof place, sizeof place);
	return place;
}

static bool list_is_newest_first(const struct buffer *places, size_t count)
{
	timestamp first, last;
	return count && timestamp_read(list_place_at(places, 0).object, TIMESTAMP_NONE, &first) &&
	       timestamp_read(list_place_at(places, count - 1).object, TIMESTAMP_NONE, &last) && last < first;
}

/* Without the blanks between its tokens. */
static bool list_write_line(struct buffer *out, struct slice object)
{
	bool inside = false, escaped = false;
	for (size_t i = 0; i < object.len; i++) {
		uint8_t byte = object.at[i];
		if (!inside && list_is_blank(byte))
			continue;
		if (byte == '"' && !escaped)
			inside = !inside;
		escaped = inside && byte == '\\' && !escaped;
		if (!buffer_append_byte(out, byte))
			return false;
	}
	return buffer_append_byte(out, '\n');
}

bool log_list_flatten(struct slice text, struct buffer *out, struct buffer *lines)
{
	struct buffer places;
	buffer_init(&places, LOG_LIST_OBJECTS * sizeof(struct list_place), NULL);
	bool good = list_find(text, &places);
	size_t count = places.len / sizeof(struct list_place);
	bool is_reversed = list_is_newest_first(&places, count);
	for (size_t i = 0; good && i < count; i++) {
		struct list_place place = list_place_at(&places, is_reversed ? count - 1 - i : i);
		good = list_write_line(out, place.object) &&
		       buffer_append(lines, slice_of(&place.line, sizeof place.line));
	}
	buffer_free(&places);
	return good;
}
