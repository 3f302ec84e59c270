/*
 * What is typed in the last line: the line editor (it moves by whole characters of UTF-8), and what it asks for: a
 * search, a filter, one of several keys. What it is asked when something leaves the interface is in share.c.
 */
#include "base/text.h"
#include "tui/ui.h"

#include <inttypes.h>
#include <stdio.h>

void prompt_open(
    struct prompt *prompt, const char *label, const char *text, void (*done)(void *self, const char *text), void *self)
{
	*prompt = (struct prompt){.open = true, .label = label, .done = done, .self = self};
	prompt->len = prompt->cursor = slice_take(slice_of_text(text), PROMPT_TEXT - 1).len;
	memcpy(prompt->text, text, prompt->len);
}

void prompt_keep(struct prompt *prompt, size_t cursor)
{
	prompt->kept = true;
	prompt->cursor = cursor < prompt->len ? cursor : prompt->len;
}

static bool prompt_is_inside(const struct prompt *prompt, size_t at)
{
	return at < prompt->len && ((unsigned char)prompt->text[at] & 0xc0) == 0x80;
}

static size_t prompt_before(const struct prompt *prompt, size_t at)
{
	while (at && prompt_is_inside(prompt, --at))
		;
	return at;
}

static size_t prompt_after(const struct prompt *prompt, size_t at)
{
	if (at < prompt->len)
		at++;
	while (prompt_is_inside(prompt, at))
		at++;
	return at;
}

static void prompt_cut(struct prompt *prompt, size_t from, size_t to)
{
	memmove(prompt->text + from, prompt->text + to, prompt->len - to);
	prompt->len -= to - from;
	prompt->text[prompt->len] = '\0';
	prompt->cursor = from;
}

static void prompt_insert(struct prompt *prompt, int byte)
{
	if (byte < ' ' || byte > 0xff || prompt->len + 1 >= PROMPT_TEXT)
		return;
	memmove(prompt->text + prompt->cursor + 1, prompt->text + prompt->cursor, prompt->len - prompt->cursor);
	prompt->text[prompt->cursor++] = (char)byte;
	prompt->text[++prompt->len] = '\0';
}

static enum prompt_result prompt_enter(struct prompt *prompt)
{
	prompt->kept = false;
	prompt->done(prompt->self, prompt->text);
	if (prompt->kept)
		return PROMPT_TYPED;
	prompt->open = false;
	return PROMPT_ENTERED;
}

enum prompt_result prompt_take(struct prompt *prompt, int key)
{
	switch (key) {
	case PROMPT_KEY_LEFT:
		prompt->cursor = prompt_before(prompt, prompt->cursor);
		break;
	case PROMPT_KEY_RIGHT:
		prompt->cursor = prompt_after(prompt, prompt->cursor);
		break;
	case PROMPT_KEY_HOME:
		prompt->cursor = 0;
		break;
	case PROMPT_KEY_END:
		prompt->cursor = prompt->len;
		break;
	case PROMPT_KEY_BACKSPACE:
		prompt_cut(prompt, prompt_before(prompt, prompt->cursor), prompt->cursor);
		break;
	case PROMPT_KEY_DELETE:
		prompt_cut(prompt, prompt->cursor, prompt_after(prompt, prompt->cursor));
		break;
	case PROMPT_KEY_CLEAR:
		prompt_cut(prompt, 0, prompt->len);
		break;
	case PROMPT_KEY_ENTER:
		return prompt_enter(prompt);
	case PROMPT_KEY_ESCAPE:
		prompt->open = false;
		return PROMPT_LEFT;
	case PROMPT_KEY_OTHER:
	case PROMPT_KEY_NEXT:
	case PROMPT_KEY_PREVIOUS:
		if (prompt->other)
			prompt->other(prompt->self, key);
		break;
	default:
		prompt_insert(prompt, key);
	}
	return PROMPT_TYPED;
}

void prompt_set_text(struct prompt *prompt, const char *text)
{
	prompt->len = prompt->cursor = utf8_take(slice_of_text(text), PROMPT_TEXT - 1).len;
	memcpy(prompt->text, text, prompt->len);
	prompt->text[prompt->len] = '\0';
}

/* ---- one of several keys */

void ui_ask_choice(struct ui *ui, const char *label, const struct ui_choice *choices, void (*chosen)(struct ui *, int))
{
	ui->choice = (struct ui_asked){label, choices, chosen};
}

/* Any other key leaves it. */
bool ui_take_choice(struct ui *ui, int key)
{
	const struct ui_asked asked = ui->choice;
	ui->choice = (struct ui_asked){0};
	for (const struct ui_choice *choice = asked.choices; choice && choice->key; choice++)
		if (choice->key == key)
			asked.chosen(ui, key);
	return asked.choices;
}

/* ---- what it asks for */

/* ---- search: in slices, because there may be a million rows */

void ui_search_begin(struct ui *ui, bool forward)
{
	struct ui_layer *top = ui_top(ui);
	struct list *list = ui_list(ui);
	if (!*ui->search.text || !top->operations->holds || list->count < 1) {
		ui_say(ui, *ui->search.text ? "nothing to search in here" : "search for what? press /");
		return;
	}
	ui->search.forward = forward;
	ui->search.left = list->count;
	ui->search.at = forward ? (list->selected + 1) % list->count
	                        : (list->selected ? list->selected : list->count) - 1;
	ui->search.within = 0;
	ui->search.running = true;
}

static void ui_search_step(struct ui *ui, const struct list *list)
{
	ui->search.left--;
	ui->search.within = 0;
	if (ui->search.forward)
		ui->search.at = ui->search.at + 1 < list->count ? ui->search.at + 1 : 0;
	else
		ui->search.at = (ui->search.at ? ui->search.at : list->count) - 1;
}

/* It is found: the cursor goes there, and the event that holds it is the chosen one. Then all that hold it are counted.
 */
static void ui_search_end(struct ui *ui, struct list *list)
{
	struct ui_search *search = &ui->search;
	list_select(list, search->at);
	ui_moved(ui);
	search->found = search->is_within ? search->within : 0;
	if (search->found)
		ui->event = search->found;
	search->running = false;
	search->counts = true;
	search->counted = search->matches = search->place = search->within = 0;
}

void ui_search_work(struct ui *ui)
{
	struct list *list = ui_list(ui);
	int64_t end = clock_now() + UI_SLICE;
	while (ui->search.left && clock_now() < end) {
		enum ui_held held = ui->search.at < list->count ? ui_holds(ui, ui->search.at) : UI_HOLDS_NOT;
		if (held == UI_HOLDS) {
			ui_search_end(ui, list);
			return;
		}
		if (held == UI_HOLDS_NOT)
			ui_search_step(ui, list);
	}
	if (!ui->search.left) {
		ui->search.running = false;
		ui_say(ui, "not found: %s", ui->search.text);
	}
}

void ui_search_count(struct ui *ui)
{
	struct ui_search *search = &ui->search;
	const struct list *list = ui_list(ui);
	int64_t end = clock_now() + UI_SLICE;
	while (search->counted < list->count && clock_now() < end) {
		enum ui_held held = ui_holds(ui, search->counted);
		if (held == UI_MORE)
			continue;
		search->matches += held == UI_HOLDS;
		search->place += held == UI_HOLDS && search->counted <= list->selected;
		search->counted++;
		search->within = 0;
	}
	if (search->counted < list->count)
		return;
	search->counts = false;
	ui_say(ui, "/%s: %" PRIu64 "/%" PRIu64 " (n: the next, N: the previous%s)", search->text, search->place,
	    search->matches, search->found ? "; Enter: the event that holds it" : "");
}

static void ui_search_entered(void *self, const char *text)
{
	struct ui *ui = self;
	snprintf(ui->search.text, sizeof ui->search.text, "%s", text);
	ui_search_begin(ui, true);
}

void ui_ask_search(struct ui *ui)
{
	prompt_open(&ui->prompt, "/", "", ui_search_entered, ui);
}

/* ---- filter */

static void ui_filter_entered(void *self, const char *text)
{
	struct ui *ui = self;
	struct query_error error;
	enum query_table table = ui_top(ui)->operations->table;
	struct query **filter = ui_filter_of(ui, table);
	struct query *query = *text ? query_parse(slice_of_text(text), table, &error) : NULL;
	if (*text && !query) {
		ui_say(ui, "%s", error.message);
		prompt_keep(&ui->prompt, error.at);
		return;
	}
	query_free(*filter);
	*filter = query;
	ui->filter_changes++;
}

void ui_clear_filter(struct ui *ui)
{
	struct query **filter = ui_filter_of(ui, ui_top(ui)->operations->table);
	query_free(*filter);
	*filter = NULL;
	ui->filter_changes++;
}

static bool filter_is_word(char each)
{
	return (each >= 'a' && each <= 'z') || (each >= '0' && each <= '9') || each == '_' || each == '.';
}

/* The fields whose names begin as the word that is typed; of none all. */
static bool filter_list_fields(struct buffer *out, enum query_table table, const char *word)
{
	const struct query_field *field;
	const char *separator = "";
	for (size_t nth = 0; (field = query_field_nth(nth)); nth++) {
		if (!(field->tables & table) || strncmp(field->name, word, strlen(word)) != 0)
			continue;
		buffer_append_format(out, "%s%s", separator, field->name);
		separator = ", ";
	}
	return *separator;
}

static const char *filter_hint(void *self, const char *text)
{
	struct ui *ui = self;
	enum query_table table = ui_top(ui)->operations->table;
	struct buffer out = buffer_over(ui->hint, sizeof ui->hint - 1);
	const char *word = text + strlen(text);
	while (word > text && filter_is_word(word[-1]))
		word--;
	buffer_append_text(&out, "fields: ");
	if (!filter_list_fields(&out, table, word))
		filter_list_fields(&out, table, "");
	ui->hint[out.len] = '\0';
	return ui->hint;
}

void ui_ask_filter(struct ui *ui)
{
	enum query_table table = ui_top(ui)->operations->table;
	const struct query *filter = table ? ui_filter(ui, table) : NULL;
	char now[PROMPT_TEXT] = "";
	if (!table) {
		ui_say(ui, "nothing to filter here");
		return;
	}
	if (filter)
		snprintf(now, sizeof now, "%.*s", (int)query_text(filter).len, (const char *)query_text(filter).at);
	prompt_open(&ui->prompt,
	    table == TABLE_SESSIONS ? "sessions where"
	    : table == TABLE_EVENTS ? "events where"
	                            : "findings where",
	    now, ui_filter_entered, ui);
	ui->prompt.hint = filter_hint;
}
