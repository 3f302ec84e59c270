/* How alike two names are: by edit distance, and by the words that they share. */
#include "base/suggest.h"

#include <string.h>

/* Levenshtein's distance, one row at a time. */
static size_t edit_distance(struct slice a, struct slice b)
{
	size_t row[SUGGEST_LONGEST + 1];
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

unsigned suggest_likeness(struct slice a, struct slice b)
{
	if (slice_equals(a, b))
		return 100;
	if (a.len > SUGGEST_LONGEST || b.len > SUGGEST_LONGEST)
		return 0;
	unsigned letters = letters_likeness(a, b), words = words_likeness(a, b);
	return letters > words ? letters : words;
}

const char *suggest_nearest(struct slice name, const char *(*word)(size_t index))
{
	const char *nearest = NULL;
	unsigned best = SUGGEST_MEANT - 1;
	for (size_t i = 0; word(i); i++) {
		unsigned likeness = suggest_likeness(name, slice_of_text(word(i)));
		if (likeness > best) {
			best = likeness;
			nearest = word(i);
		}
	}
	return nearest;
}

bool suggest_shares_word(struct slice a, struct slice b)
{
	if (a.len > SUGGEST_LONGEST || b.len > SUGGEST_LONGEST)
		return false;
	for (struct slice word; take_word(&a, &word);)
		if (word.len >= 3 && has_word(b, word))
			return true;
	return false;
}
