/* The frame around a screen: a head, the screen itself, a foot with its keys, a message or what is typed in. */
#include "base/numbers.h"
#include "tui/ui_parts.h"

#define NCURSES_NOMACROS
#include <inttypes.h>
#include <ncurses.h>
#include <stdio.h>

enum { UI_LEAST_WIDTH = 40, UI_LEAST_HEIGHT = 8 };

static bool ui_is_large_enough(void)
{
	return LINES >= UI_LEAST_HEIGHT && COLS >= UI_LEAST_WIDTH;
}

static uint64_t ui_finding_count(const struct ui *ui)
{
	return ui->input.findings(ui->input.self)->count;
}

static int ui_draw_name(const struct ui *ui, const struct canvas *whole, int column, int room)
{
	enum { NAME_MOST = 60 }; /* bytes: what does not fit pushes the counts out */
	bool fits = canvas_columns(ui->input.name) <= room;
	struct slice name = fits ? ui->input.name : slice_take(ui->input.short_name, NAME_MOST);
	return canvas_write(whole, 0, column, TINT_BAR, name);
}

static void ui_draw_head(struct ui *ui, const struct canvas *whole)
{
	static const char *const feeds[] = {"loading", "live", ""};
	const struct engine_counts *counts = ui->input.counts(ui->input.self);
	const char *state = ui->paused                                      ? "paused"
	                    : ui->feed == UI_FEED_MORE && ui->input.is_live ? "live"
	                                                                    : feeds[ui->feed];
	canvas_fill(whole, 0, 0, TINT_BAR);
	int column = canvas_format(whole, 0, 1, TINT_BAR, "%s  ", ui_top(ui)->operations->title);
	char text[120];
	uint64_t sessions = record_session_count(ui->input.record), findings = ui_finding_count(ui);
	int len = snprintf(text, sizeof text, "%s %" PRIu64 " packet%s %" PRIu64 " session%s %" PRIu64 " finding%s ",
	    state, counts->packets, plural_ending(counts->packets), sessions, plural_ending(sessions), findings,
	    plural_ending(findings));
	int right = whole->width - len - 1;
	column = ui_draw_name(ui, whole, column, right - column - 1);
	canvas_write_text(whole, 0, right > column + 1 ? right : column + 1, TINT_BAR, text);
}

static int ui_draw_key(const struct canvas *whole, int column, const char *key, const char *name)
{
	int row = whole->height - 1, wanted = (int)(strlen(key) + strlen(name)) + 2;
	if (column + wanted > whole->width)
		return column;
	column = canvas_write_text(whole, row, column, TINT_KEY, key);
	column = canvas_write_text(whole, row, column, TINT_BAR, name);
	return canvas_write_text(whole, row, column, TINT_PLAIN, " ");
}

static void ui_draw_keys(struct ui *ui, const struct canvas *whole)
{
	const struct screen_operations *operations = ui_top(ui)->operations;
	char text[8];
	int column = ui_draw_key(whole, 0, "F1", "Help");
	if (operations->enter)
		column = ui_draw_key(whole, column, "Enter", "In");
	column = ui_draw_key(whole, column, ui->depth > 1 ? "Esc" : "q", ui->depth > 1 ? "Back" : "Quit");
	for (const struct screen_key *key = operations->keys; key->key; key++)
		if (key->in_bar)
			column = ui_draw_key(whole, column, ui_key_name(key, text), key->name);
	if (operations->holds)
		column = ui_draw_key(whole, column, "/", "Search");
	if (operations->table)
		column = ui_draw_key(whole, column, "F7", "Filter");
	column = ui_draw_key(whole, column, "F2", "Save");
	ui_draw_key(whole, column, "1-6", "Screens");
}

static void ui_draw_foot(struct ui *ui, const struct canvas *whole)
{
	int row = whole->height - 1;
	if (*ui->message && !ui->prompt.open) {
		canvas_write_text(whole, row, 0, TINT_WARNING, ui->message);
	} else if (ui->search.running) {
		canvas_format(whole, row, 0, TINT_PLAIN, "searching %s ...", ui->search.text);
	} else if (!ui->prompt.open) {
		ui_draw_keys(ui, whole);
	}
}

/* The end of a long line is shown when the cursor is there. */
static void ui_draw_prompt(struct ui *ui, const struct canvas *whole)
{
	const struct prompt *prompt = &ui->prompt;
	int row = whole->height - 1;
	int column = canvas_format(whole, row, 0, TINT_TITLE, "%s: ", prompt->label);
	size_t from = 0;
	while (canvas_columns(slice_of(prompt->text + from, prompt->cursor - from)) >= whole->width - column - 1 &&
	       from < prompt->cursor)
		from++;
	canvas_write(whole, row, column, TINT_PLAIN, slice_of(prompt->text + from, prompt->len - from));
	if (*ui->message) {
		canvas_fill(whole, row - 1, 0, TINT_PLAIN);
		canvas_write_text(whole, row - 1, 0, TINT_ERROR, ui->message);
	}
	move(row, column + canvas_columns(slice_of(prompt->text + from, prompt->cursor - from)));
}

void ui_draw(struct ui *ui)
{
	const struct canvas whole = {.height = LINES, .width = COLS, .theme = &ui->theme};
	erase();
	if (!ui_is_large_enough()) {
		canvas_format(&whole, 0, 0, TINT_PLAIN, "too small: %dx%d", COLS, LINES);
		canvas_format(&whole, 1, 0, TINT_PLAIN, "%dx%d is needed", UI_LEAST_WIDTH, UI_LEAST_HEIGHT);
		refresh();
		return;
	}
	struct canvas middle = canvas_inside(&whole, 1, 0, whole.height - 2, whole.width);
	ui_draw_head(ui, &whole);
	ui_top(ui)->operations->draw(ui_top(ui)->self, ui, &middle);
	ui_draw_foot(ui, &whole);
	curs_set(ui->prompt.open);
	if (ui->prompt.open)
		ui_draw_prompt(ui, &whole);
	refresh();
}
