/* Where a script gives a name a value, and which names it uses. */
#include "reflex/script.h"

#include "base/json.h"
#include "reflex/literal.h"

static bool is_word(uint8_t byte)
{
	return (byte >= '0' && byte <= '9') || ((byte | 32) >= 'a' && (byte | 32) <= 'z') || byte == '_' ||
	       byte == '$' || byte >= 0x80;
}

static bool is_quote(uint8_t byte)
{
	return byte == '"' || byte == '\'' || byte == '`';
}

static bool is_space(uint8_t byte)
{
	return byte == ' ' || (byte >= '\t' && byte <= '\r');
}

struct slice script_skip_space(struct slice text)
{
	while (text.len && is_space(text.at[0]))
		text = slice_drop(text, 1);
	return text;
}

static struct slice trim_end(struct slice text)
{
	while (text.len && is_space(text.at[text.len - 1]))
		text.len--;
	return text;
}

static uint8_t last_byte(struct slice text)
{
	return text.len ? text.at[text.len - 1] : 0;
}

/* The value behind a key that ends where `after` begins; false when it is no key: `key(`, `key ==`, `keyed`. */
static bool find_value(struct slice after, bool quoted, struct slice *value)
{
	if (quoted)
		after = after.len && is_quote(after.at[0]) ? slice_drop(after, 1) : slice_take(after, 0);
	after = script_skip_space(after);
	if (after.len < 2 || !(after.at[0] == ':' || after.at[0] == '=') || after.at[1] == '=')
		return false;
	*value = script_skip_space(slice_drop(after, 1));
	return true;
}

bool script_next_place(struct slice script, struct slice key, size_t *offset, struct script_place *place)
{
	for (;;) {
		struct slice rest = slice_drop(script, *offset);
		size_t hit = slice_find(rest, key);
		if (hit == rest.len)
			return false;
		place->before = slice_take(script, *offset + hit);
		*offset += hit + key.len;
		bool quoted = is_quote(last_byte(place->before));
		if (quoted)
			place->before.len--;
		else if (is_word(last_byte(place->before)))
			continue;
		if (find_value(slice_drop(script, *offset), quoted, &place->value))
			return true;
	}
}

struct slice script_enclosing_object(struct slice script, struct script_place place)
{
	struct slice before = trim_end(place.before);
	return last_byte(before) == '{' ? slice_drop(script, before.len - 1) : slice_of(NULL, 0);
}

bool script_take_text(struct slice value, struct buffer *text, struct slice *after)
{
	const char *why;
	struct buffer json;
	*after = value;
	if (value.len == 0 || !is_quote(value.at[0]))
		return false;
	buffer_init(&json, 64 << 10, text->budget);
	bool taken = literal_take_value(after, &json, &why) && json_unescape(buffer_slice(&json), text);
	buffer_free(&json);
	return taken;
}

struct slice script_next_word(struct slice *rest)
{
	size_t start = 0, end;
	while (start < rest->len && !is_word(rest->at[start]) && rest->at[start] != '.')
		start++;
	for (end = start; end < rest->len && (is_word(rest->at[end]) || rest->at[end] == '.');)
		end++;
	struct slice word = slice_drop(slice_take(*rest, end), start);
	*rest = slice_drop(*rest, end);
	return word;
}
