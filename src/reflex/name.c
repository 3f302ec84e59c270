/* Reflex's names taken apart, and compared. */
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

/* Levenshtein's distance, one row at a time. */
static size_t edit_distance(struct slice a, struct slice b)
{
	size_t row[NAME_LONGEST + 1];
	for (size_t column = 0; column <= b.len; column++)
		row[column] = column;
	for (size_t line = 0; line < a.len; line++) {
		size_t diagonal = row[0];
		row[0] = line + 1;
		for (size_t column = 0; column < b.len; column++) {
			size_t replaced = diagonal + (a.at[line] != b.at[column]);
			size_t added = 1 + (row[column] < row[column + 1] ? row[column] : row[column + 1]);
			diagonal = row[column + 1];
			row[column + 1] = replaced < added ? replaced : added;
		}
	}
	return row[b.len];
}

static unsigned letters_likeness(struct slice a, struct slice b)
{
	size_t longer = a.len > b.len ? a.len : b.len;
	/* NOLINTNEXTLINE(clang-analyzer-core.DivideZero): only names that differ come here, so one is not empty */
	return (unsigned)((longer - edit_distance(a, b)) * 100 / longer);
}

static bool take_word(struct slice *name, struct slice *word)
{
	while (name->len && name->at[0] == '_')
		*name = slice_drop(*name, 1);
	size_t end = slice_find_byte(*name, '_');
	*word = slice_take(*name, end);
	*name = slice_drop(*name, end);
	return word->len != 0;
}

static struct slice singular(struct slice word)
{
	return word.len > 3 && word.at[word.len - 1] == 's' ? slice_take(word, word.len - 1) : word;
}

static bool has_word(struct slice name, struct slice wanted)
{
	for (struct slice word; take_word(&name, &word);)
		if (slice_equals(singular(word), singular(wanted)))
			return true;
	return false;
}

static size_t count_words(struct slice name)
{
	size_t count = 0;
	for (struct slice word; take_word(&name, &word);)
		count++;
	return count;
}

static unsigned words_likeness(struct slice a, struct slice b)
{
	size_t shared = 0, all = count_words(a) + count_words(b);
	for (struct slice word; take_word(&a, &word);)
		shared += has_word(b, word);
	size_t percent = all ? 200 * shared / all : 0;
	return percent < 99 ? (unsigned)percent : 99;
}

unsigned name_likeness(struct slice a, struct slice b)
{
	if (slice_equals(a, b))
		return 100;
	if (a.len > NAME_LONGEST || b.len > NAME_LONGEST)
		return 0;
	unsigned letters = letters_likeness(a, b), words = words_likeness(a, b);
	return letters > words ? letters : words;
}

const char *name_nearest(struct slice name, const char *(*word)(size_t index))
{
	const char *nearest = NULL;
	unsigned best = NAME_MEANT - 1;
	for (size_t i = 0; word(i); i++) {
		unsigned likeness = name_likeness(name, slice_of_text(word(i)));
		if (likeness > best) {
			best = likeness;
			nearest = word(i);
		}
	}
	return nearest;
}

bool name_shares_word(struct slice a, struct slice b)
{
	if (a.len > NAME_LONGEST || b.len > NAME_LONGEST)
		return false;
	for (struct slice word; take_word(&a, &word);)
		if (word.len >= 3 && has_word(b, word))
			return true;
	return false;
}
