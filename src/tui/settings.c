/* A table of settings: each reads the words behind its sign, and writes them again. */
#include "tui/settings.h"

#include "base/text.h"
#include "tui/ui.h"

#define NCURSES_NOMACROS
#include <ncurses.h>
#include <stdio.h>
#include <stdlib.h>

/* ---- words */

/* The next word of a line, off its front; empty: there is none. */
static struct slice settings_word(struct slice *line)
{
	size_t len = 0;
	*line = slice_trim(*line);
	while (len < line->len && line->at[len] != ' ' && line->at[len] != '\t')
		len++;
	struct slice word = slice_take(*line, len);
	*line = slice_drop(*line, len);
	return word;
}

/* Which of the names a word is; `count`: none. */
static size_t settings_choose(struct slice word, const char *const *names, size_t count)
{
	size_t nth = 0;
	while (nth < count && !slice_equals_text(word, names[nth]))
		nth++;
	return nth;
}

enum { SETTINGS_WHY = 160 };

/* ---- keys */

static const struct {
	const char *name;
	int key;
} key_names[] = {
    {"Space", ' '},
    {"Tab", '\t'},
    {"Enter", '\n'},
    {"Esc", 27},
    {"Up", KEY_UP},
    {"Down", KEY_DOWN},
    {"Left", KEY_LEFT},
    {"Right", KEY_RIGHT},
    {"PgUp", KEY_PPAGE},
    {"PgDn", KEY_NPAGE},
    {"Home", KEY_HOME},
    {"End", KEY_END},
    {"Insert", KEY_IC},
    {"Delete", KEY_DC},
    {"Backspace", KEY_BACKSPACE},
};

int key_of_name(struct slice name)
{
	uint64_t number;
	for (size_t i = 0; i < sizeof key_names / sizeof *key_names; i++)
		if (slice_equals_text(name, key_names[i].name))
			return key_names[i].key;
	if (name.len == 1 && *name.at > ' ' && *name.at < 0x7f)
		return *name.at;
	struct slice digits = slice_drop(name, 1);
	if (name.len > 1 && *name.at == 'F' && digits_take(&digits, 2, &number) && !digits.len && number &&
	    number <= 12)
		return KEY_F((int)number);
	struct slice letter = slice_drop(name, 5);
	if (slice_starts_with(name, SLICE("Ctrl-")) && letter.len == 1 && (*letter.at | 0x20) >= 'a' &&
	    (*letter.at | 0x20) <= 'z')
		return *letter.at & 0x1f;
	return 0;
}

/* ---- each setting: false, and why, when the words are none of its own */

struct setting {
	const char *name;
	bool (*read)(struct ui *ui, struct slice of, struct slice words, char why[SETTINGS_WHY]);
	/* Appends its lines as they are now; NULL: only the user writes them. */
	void (*write)(const struct ui *ui, struct buffer *out);
};

static struct table *settings_table(struct ui *ui, struct slice name, char why[SETTINGS_WHY])
{
	for (enum ui_table i = 0; i < UI_TABLES; i++)
		if (slice_equals_text(name, ui->tables[i].name))
			return &ui->tables[i];
	snprintf(why, SETTINGS_WHY, "of which table? sessions, events or statistics");
	return NULL;
}

static size_t settings_column(const struct table *table, struct slice name, char why[SETTINGS_WHY])
{
	size_t column = table_find(table, name);
	if (column == table->count)
		snprintf(why, SETTINGS_WHY, "no column of %s is called '%.*s'", table->name,
		    (int)slice_take(name, 40).len, (const char *)name.at);
	return column;
}

static bool columns_read(struct ui *ui, struct slice of, struct slice words, char why[SETTINGS_WHY])
{
	struct table *table = settings_table(ui, of, why);
	struct table chosen;
	if (!table)
		return false;
	chosen = *table;
	chosen.chosen_count = 0;
	for (struct slice word; (word = settings_word(&words)).len;) {
		size_t column = settings_column(table, word, why);
		if (column == table->count)
			return false;
		if (memchr(chosen.chosen, (int)column, chosen.chosen_count)) {
			snprintf(why, SETTINGS_WHY, "the column %s is there twice", table->columns[column].name);
			return false;
		}
		chosen.chosen[chosen.chosen_count++] = (uint8_t)column;
	}
	*table = chosen;
	return true;
}

static void columns_write(const struct ui *ui, struct buffer *out)
{
	for (enum ui_table i = 0; i < UI_TABLES; i++) {
		const struct table *table = &ui->tables[i];
		if (!table->chosen_count)
			continue;
		buffer_append_format(out, "columns %s =", table->name);
		for (size_t nth = 0; nth < table->chosen_count; nth++)
			buffer_append_format(out, " %s", table->columns[table->chosen[nth]].name);
		buffer_append_byte(out, '\n');
	}
}

static bool sort_read(struct ui *ui, struct slice of, struct slice words, char why[SETTINGS_WHY])
{
	struct table *table = settings_table(ui, of, why);
	size_t column = table ? settings_column(table, settings_word(&words), why) : 0;
	struct slice order = settings_word(&words);
	if (!table || column == table->count)
		return false;
	if (order.len && !slice_equals_text(order, "descending") && !slice_equals_text(order, "ascending")) {
		snprintf(why, SETTINGS_WHY, "the order is ascending or descending");
		return false;
	}
	table->sorted = column;
	table->descending = slice_equals_text(order, "descending");
	return true;
}

static void sort_write(const struct ui *ui, struct buffer *out)
{
	for (enum ui_table i = 0; i < UI_TABLES; i++) {
		const struct table *table = &ui->tables[i];
		buffer_append_format(out, "sort %s = %s %s\n", table->name, table->columns[table->sorted].name,
		    table->descending ? "descending" : "ascending");
	}
}

static const char *const payload_places[SPLITS] = {"auto", "beside", "below", "off"};

static bool payload_read(struct ui *ui, struct slice of, struct slice words, char why[SETTINGS_WHY])
{
	size_t place = settings_choose(settings_word(&words), payload_places, SPLITS);
	struct slice share = settings_word(&words);
	uint64_t percent = (uint64_t)ui->split_share;
	if (of.len || place == SPLITS || (share.len && (!digits_take(&share, 3, &percent) || share.len)) ||
	    percent < UI_SPLIT_LEAST || percent > UI_SPLIT_MOST) {
		snprintf(why, SETTINGS_WHY,
		    "payload is auto, beside, below or off, and perhaps a percentage of %d to %d", UI_SPLIT_LEAST,
		    UI_SPLIT_MOST);
		return false;
	}
	ui->split = (enum ui_split)place;
	ui->split_share = (int)percent;
	return true;
}

static void payload_write(const struct ui *ui, struct buffer *out)
{
	buffer_append_format(out, "payload = %s %d\n", payload_places[ui->split], ui->split_share);
}

static const char *const times_names[UI_TIMES] = {"relative", "clock", "delta"};

static bool times_read(struct ui *ui, struct slice of, struct slice words, char why[SETTINGS_WHY])
{
	size_t time = settings_choose(settings_word(&words), times_names, UI_TIMES);
	if (of.len || time == UI_TIMES) {
		snprintf(why, SETTINGS_WHY, "times are relative, clock or delta");
		return false;
	}
	ui->time = (enum ui_time)time;
	return true;
}

static void times_write(const struct ui *ui, struct buffer *out)
{
	buffer_append_format(out, "times = %s\n", times_names[ui->time]);
}

/* Nobody who refuses colours elsewhere gets them by the settings. */
static bool colours_read(struct ui *ui, struct slice of, struct slice words, char why[SETTINGS_WHY])
{
	static const char *const answers[] = {"no", "yes"};
	size_t answer = settings_choose(settings_word(&words), answers, 2);
	if (of.len || answer == 2) {
		snprintf(why, SETTINGS_WHY, "colours are yes or no");
		return false;
	}
	ui->theme.colours &= answer == 1;
	return true;
}

static void colours_write(const struct ui *ui, struct buffer *out)
{
	buffer_append_format(out, "colours = %s\n", ui->theme.colours ? "yes" : "no");
}

static const char *settings_tint(size_t nth)
{
	return nth < TINTS ? theme_tint_name((enum tint)nth) : NULL;
}

static bool colour_read(struct ui *ui, struct slice of, struct slice words, char why[SETTINGS_WHY])
{
	size_t tint = 0;
	while (tint < TINTS && !slice_equals_text(of, settings_tint(tint)))
		tint++;
	if (tint == TINTS) {
		const char *meant = suggest_nearest(of, settings_tint);
		snprintf(why, SETTINGS_WHY, "nothing has a colour that is called '%.*s'%s%s%s",
		    (int)slice_take(of, 40).len, (const char *)of.at, meant ? "; did you mean " : "",
		    meant ? meant : "", meant ? "?" : "");
		return false;
	}
	if (theme_set(&ui->theme, (enum tint)tint, words))
		return true;
	snprintf(why, SETTINGS_WHY,
	    "a colour is black, red, green, yellow, blue, magenta, cyan, white or default, perhaps 'on' another, and "
	    "bold, dim, underline, reverse");
	return false;
}

static bool key_read(struct ui *ui, struct slice of, struct slice words, char why[SETTINGS_WHY])
{
	struct slice name = settings_word(&words);
	int from = key_of_name(of), to = key_of_name(name);
	if (!from || !to || !ui_key_is_bound(to)) {
		struct slice wrong = from ? name : of;
		snprintf(why, SETTINGS_WHY, from && to ? "the key %.*s does nothing" : "no key is called '%.*s'",
		    (int)slice_take(wrong, 40).len, (const char *)wrong.at);
		return false;
	}
	if (ui->alias_count == UI_ALIASES) {
		snprintf(why, SETTINGS_WHY, "these are more than %d keys", UI_ALIASES);
		return false;
	}
	ui->aliases[ui->alias_count++] = (struct ui_alias){from, to};
	return true;
}

static const struct setting settings[] = {
    {"columns", columns_read, columns_write},
    {"sort", sort_read, sort_write},
    {"payload", payload_read, payload_write},
    {"times", times_read, times_write},
    {"colours", colours_read, colours_write},
    {"colour", colour_read, NULL},
    {"key", key_read, NULL},
};

enum { SETTINGS = sizeof settings / sizeof *settings };

static const char *settings_name(size_t nth)
{
	return nth < SETTINGS ? settings[nth].name : NULL;
}

/* ---- lines */

/* The setting that a line is of; NULL: a comment, an empty line, or none. */
static const struct setting *settings_of_line(struct slice line, struct slice *of, struct slice *words)
{
	size_t sign = slice_find_byte(line, '=');
	struct slice left = slice_take(line, sign), name = settings_word(&left);
	*of = slice_trim(left);
	*words = slice_drop(line, sign + 1);
	for (size_t i = 0; sign < line.len && i < SETTINGS; i++)
		if (slice_equals_text(name, settings[i].name))
			return &settings[i];
	return NULL;
}

static void settings_complain(struct slice line, char why[SETTINGS_WHY])
{
	struct slice left = slice_take(line, slice_find_byte(line, '='));
	struct slice name = settings_word(&left);
	const char *meant = suggest_nearest(name, settings_name);
	if (name.len == line.len || slice_find_byte(line, '=') == line.len)
		snprintf(why, SETTINGS_WHY, "a setting is 'name = value'");
	else
		snprintf(why, SETTINGS_WHY, "no setting is called '%.*s'%s%s%s", (int)slice_take(name, 40).len,
		    (const char *)name.at, meant ? "; did you mean " : "", meant ? meant : "", meant ? "?" : "");
}

void settings_read(struct ui *ui, struct slice text, struct buffer *complaints)
{
	for (unsigned number = 1; text.len; number++) {
		struct slice line = slice_trim(slice_take_until(&text, '\n')), of, words;
		char why[SETTINGS_WHY] = "";
		if (!line.len || *line.at == '#')
			continue;
		const struct setting *setting = settings_of_line(line, &of, &words);
		if (!setting)
			settings_complain(line, why);
		if (!setting || !setting->read(ui, of, words, why)) {
			buffer_append_format(complaints, "%u: ", number);
			utf8_write_visible(complaints, slice_of_text(why));
			buffer_append_byte(complaints, '\n');
		}
	}
}

/* Each setting where its first line was, or at the end. */
void settings_write(const struct ui *ui, struct slice before, struct buffer *out)
{
	bool written[SETTINGS] = {false};
	while (before.len) {
		struct slice line = slice_take_until(&before, '\n'), of, words;
		const struct setting *setting = settings_of_line(slice_trim(line), &of, &words);
		if (!setting || !setting->write) {
			buffer_append(out, line);
			buffer_append_byte(out, '\n');
		} else if (!written[setting - settings]) {
			setting->write(ui, out);
			written[setting - settings] = true;
		}
	}
	for (size_t i = 0; i < SETTINGS; i++)
		if (settings[i].write && !written[i])
			settings[i].write(ui, out);
}
