/*
 * What is typed in the last line: the line editor (it moves by whole characters of UTF-8), and what it asks for: a
 * search, a filter, a file name to save to.
 */
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
	default:
		prompt_insert(prompt, key);
	}
	return PROMPT_TYPED;
}

/* ---- what it asks for */

/* ---- search: in slices, because there may be a million rows */

void ui_search_begin(struct ui *ui, bool forward)
{
	struct ui_layer *top = ui_top(ui);
	struct list *list = top->operations->list(top->self);
	if (!*ui->search.text || !top->operations->holds || list->count < 1) {
		ui_say(ui, *ui->search.text ? "nothing to search in here" : "search for what? press /");
		return;
	}
	ui->search.forward = forward;
	ui->search.left = list->count;
	ui->search.at = forward ? (list->selected + 1) % list->count
	                        : (list->selected ? list->selected : list->count) - 1;
	ui->search.running = true;
}

static void ui_search_step(struct ui *ui, const struct list *list)
{
	ui->search.left--;
	if (ui->search.forward)
		ui->search.at = ui->search.at + 1 < list->count ? ui->search.at + 1 : 0;
	else
		ui->search.at = (ui->search.at ? ui->search.at : list->count) - 1;
}

void ui_search_work(struct ui *ui)
{
	struct ui_layer *top = ui_top(ui);
	struct list *list = top->operations->list(top->self);
	int64_t end = clock_now() + UI_SLICE;
	while (ui->search.left && clock_now() < end) {
		if (ui->search.at < list->count &&
		    top->operations->holds(top->self, ui, ui->search.at, slice_of_text(ui->search.text))) {
			list_select(list, ui->search.at);
			ui->search.running = false;
			ui->search.counts = true;
			ui->search.counted = ui->search.matches = ui->search.place = 0;
			ui_moved(ui);
			return;
		}
		ui_search_step(ui, list);
	}
	if (!ui->search.left) {
		ui->search.running = false;
		ui_say(ui, "not found: %s", ui->search.text);
	}
}

void ui_search_count(struct ui *ui)
{
	struct ui_layer *top = ui_top(ui);
	struct ui_search *search = &ui->search;
	const struct list *list = top->operations->list(top->self);
	int64_t end = clock_now() + UI_SLICE;
	for (; search->counted < list->count && clock_now() < end; search->counted++)
		if (top->operations->holds(top->self, ui, search->counted, slice_of_text(search->text))) {
			search->matches++;
			search->place += search->counted <= list->selected;
		}
	if (search->counted < list->count)
		return;
	search->counts = false;
	ui_say(ui, "/%s: %" PRIu64 "/%" PRIu64 " (n: the next, N: the previous)", search->text, search->place,
	    search->matches);
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
}

/* ---- save */

static void ui_save_asked(void *self, const char *text);

static void ui_save_to(struct ui *ui, const char *path, bool over)
{
	char why[200] = "";
	uint64_t one = ui->session;
	bool marked = ui->marked_count > 0, all = !marked && (!one || ui->depth < 2);
	const struct ui_save what = {path, marked ? ui->marked : &one, marked ? ui->marked_count : all ? 0 : 1};
	switch (ui->input.save(ui->input.self, &what, over, why, sizeof why)) {
	case UI_SAVED:
		ui_say(ui, "saved %s%s%s%s", path, all ? "" : " (the selected sessions)", *why ? ", " : "", why);
		break;
	case UI_SAVED_BEFORE:
		snprintf(ui->saving, sizeof ui->saving, "%s", path);
		prompt_open(&ui->prompt, "this file exists; write over it? (y or n)", "", ui_save_asked, ui);
		prompt_keep(&ui->prompt, 0);
		break;
	case UI_NOT_SAVED:
		ui_say(ui, "%s: %s", path, why);
		break;
	}
}

static void ui_save_asked(void *self, const char *text)
{
	struct ui *ui = self;
	if (strcmp(text, "y") == 0 || strcmp(text, "yes") == 0)
		ui_save_to(ui, ui->saving, true);
	else
		ui_say(ui, "%s: not saved; the file is as it was", ui->saving);
}

static void ui_save_entered(void *self, const char *path)
{
	if (*path)
		ui_save_to(self, path, false);
}

void ui_ask_save(struct ui *ui)
{
	prompt_open(&ui->prompt, "save as (.pcapng .ndjson .txt .html)", "", ui_save_entered, ui);
}
