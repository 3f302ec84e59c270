/* Reflex's names taken apart. */
#include "reflex/name.h"

bool name_has_marker(struct slice var)
{
	return slice_ends_with(var, NAME_MARKER);
}

struct slice name_of_var(struct slice var)
{
	return name_has_marker(var) ? slice_take(var, var.len - NAME_MARKER.len) : var;
}

struct slice name_last_part(struct slice state)
{
	size_t start = state.len;
	while (start && state.at[start - 1] != '.')
		start--;
	return slice_drop(state, start);
}

/* The module ends at the last run of underscores that is long enough: module separators are three of them, the class
 * follows four. */
static size_t class_start(struct slice part)
{
	for (size_t start = part.len; start >= 4; start--)
		if (memcmp(part.at + start - 4, "____", 4) == 0)
			return start;
	return 0;
}

struct slice name_of_class(struct slice state)
{
	struct slice part = name_last_part(state);
	return slice_drop(part, class_start(part));
}

bool name_is_framework(struct slice state)
{
	return slice_starts_with(name_last_part(state), SLICE("reflex___"));
}

/* The module's dots are written as three underscores. */
static bool write_module(struct buffer *out, struct slice module)
{
	bool whole = true;
	while (module.len && whole) {
		size_t end = slice_find(module, SLICE("___"));
		whole = buffer_append(out, slice_take(module, end)) && buffer_append_byte(out, '.');
		module = slice_drop(module, end + 3);
	}
	return whole;
}

static bool write_camel_case(struct buffer *out, struct slice snake)
{
	bool whole = true, capital = true;
	for (size_t index = 0; index < snake.len && whole; index++) {
		uint8_t byte = snake.at[index];
		bool letter = byte >= 'a' && byte <= 'z';
		if (byte != '_')
			whole = buffer_append_byte(out, capital && letter ? byte - 'a' + 'A' : byte);
		capital = byte == '_';
	}
	return whole;
}

bool name_write_class(struct buffer *out, struct slice state)
{
	struct slice part = name_last_part(state);
	size_t start = class_start(part);
	return write_module(out, slice_take(part, start ? start - 4 : 0)) &&
	       write_camel_case(out, slice_drop(part, start));
}
