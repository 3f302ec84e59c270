/*
 * What could not be seen: each reason of the ledger, with what helps, those for which events may be missing first; and
 * what became of the payload that was captured.
 */
#include "base/text.h"
#include "tui/canvas.h"
#include "tui/ui.h"
#include "view/writers.h"

#define NCURSES_NOMACROS
#include <inttypes.h>
#include <ncurses.h>
#include <stdio.h>
#include <stdlib.h>

struct unseen_screen {
	enum ledger_reason rows[LEDGER_REASONS];
	size_t count;
	struct list list;
	struct scroll scroll; /* of what is below the list */
};

static void unseen_add(struct unseen_screen *screen, const struct ledger *ledger, bool blinds)
{
	for (enum ledger_reason reason = 0; reason < LEDGER_REASONS; reason++)
		if (ledger_is_listed(ledger, reason) && ledger_is_blinded_by(ledger, reason) == blinds)
			screen->rows[screen->count++] = reason;
}

/* The ledger grows as packets come; it is short. */
static bool unseen_work(void *self, struct ui *ui)
{
	struct unseen_screen *screen = self;
	screen->count = 0;
	unseen_add(screen, ui_ledger(ui), true);
	unseen_add(screen, ui_ledger(ui), false);
	return false;
}

/* ---- drawing */

enum { UNSEEN_TEXT = 2 };

static void unseen_draw_row(
    const struct unseen_screen *screen, const struct ledger *ledger, const struct canvas *canvas, int row, size_t nth)
{
	enum ledger_reason reason = screen->rows[nth];
	bool selected = nth == screen->list.selected, blinds = ledger_is_blinded_by(ledger, reason);
	enum tint tint = selected ? TINT_SELECTED : blinds ? TINT_WARNING : TINT_PLAIN;
	char text[LEDGER_TEXT];
	if (selected)
		canvas_fill(canvas, row, 0, TINT_SELECTED);
	canvas_write_text(canvas, row, 0, tint, blinds ? "!" : " ");
	canvas_write_text(canvas, row, UNSEEN_TEXT, tint, ledger_describe(ledger, reason, text));
}

static int unseen_draw_detail(
    const struct ledger *ledger, const struct canvas *canvas, int row, enum ledger_reason reason)
{
	const char *advice = ledger_reason(reason)->advice;
	char text[LEDGER_TEXT];
	row = wrap_write(canvas, row, 0, TINT_PLAIN, ledger_describe(ledger, reason, text));
	row = wrap_write(canvas, row, 0, TINT_FAINT,
	    ledger_is_blinded_by(ledger, reason)
	        ? "Events may be missing for this: what was not seen may have happened."
	        : "What was decoded is whole.");
	return advice ? wrap_label(canvas, row, 0, TINT_GOOD, "do: ", advice) : row;
}

/* "    2.1 kB  37.0 %  other: TLS, encrypted": shares of what was captured; what was not has a share of all. */
static int unseen_draw_column(
    const struct ledger *ledger, const struct canvas *canvas, int row, enum ledger_column column, uint64_t total)
{
	uint64_t sum = ledger_sum(ledger, column);
	bool captured = column <= LEDGER_COLUMN_HELD_BACK;
	const char *separator = ": ";
	char size[TEXT_SIZE], label[TEXT_SIZE + 24], text[600];
	struct buffer line = buffer_over(text, sizeof text - 1);
	if (!sum)
		return row;
	snprintf(label, sizeof label, "%10s  %5.1f %%  ", text_size(sum, size),
	    100 * (double)sum / (double)(captured ? ledger->captured : total));
	buffer_append_format(&line, "%s%s", ledger_column_text(column), captured ? "" : " (not captured; % of all)");
	for (enum ledger_reason reason = 0; reason < LEDGER_REASONS; reason++)
		if (ledger_reason(reason)->column == column && ledger->entries[reason].bytes) {
			buffer_append_format(&line, "%s%s", separator, ledger_reason(reason)->text);
			separator = "; ";
		}
	text[line.len] = '\0';
	return wrap_label(canvas, row, 0, captured ? TINT_PLAIN : TINT_WARNING, label, text);
}

static int unseen_draw_columns(const struct ledger *ledger, const struct canvas *canvas, int row)
{
	char size[TEXT_SIZE], captured[TEXT_SIZE], text[3 * TEXT_SIZE];
	uint64_t total = 0;
	for (enum ledger_column column = 0; column < LEDGER_COLUMN_NOTED; column++)
		total += ledger_sum(ledger, column);
	snprintf(text, sizeof text, "TCP payload: %s, of which %s was captured", text_size(total, size),
	    total == ledger->captured ? "all" : text_size(ledger->captured, captured));
	row = wrap_write(canvas, row, 0, TINT_TITLE, text);
	for (enum ledger_column column = 0; column < LEDGER_COLUMN_NOTED; column++)
		row = unseen_draw_column(ledger, canvas, row, column, total);
	return row;
}

/* All below the list, from `row` on; returns the row behind it. */
static int unseen_draw_below(const struct unseen_screen *screen, struct ui *ui, const struct canvas *canvas, int row)
{
	const struct ledger *ledger = ui_ledger(ui);
	if (screen->list.selected < screen->count)
		row = unseen_draw_detail(ledger, canvas, row, screen->rows[screen->list.selected]);
	else
		row = wrap_write(canvas, row, UNSEEN_TEXT, TINT_GOOD,
		    ui->feed == UI_FEED_OVER ? "All that was captured could be read."
		                             : "All that was captured so far could be read.");
	return unseen_draw_columns(ledger, canvas, row + 1);
}

static void unseen_draw(void *self, struct ui *ui, const struct canvas *canvas)
{
	struct unseen_screen *screen = self;
	const struct ledger *ledger = ui_ledger(ui);
	int most = canvas->height / 3, rows = screen->count < (size_t)most ? (int)screen->count : most;
	list_fit(&screen->list, screen->count, rows);
	canvas_fill(canvas, 0, 0, TINT_BAR);
	canvas_write_text(canvas, 0, UNSEEN_TEXT, TINT_BAR, "what could not be seen (!: events may be missing)");
	for (int row = 0; row < rows && screen->list.top + (uint64_t)row < screen->count; row++)
		unseen_draw_row(screen, ledger, canvas, row + 1, (size_t)screen->list.top + (size_t)row);
	const struct canvas below = canvas_inside(canvas, rows + 2, 0, canvas->height - rows - 2, canvas->width);
	canvas_repeat(canvas, rows + 1, 0, TINT_FAINT, GLYPH_HORIZONTAL, canvas->width);
	/* Below the canvas it is measured. */
	scroll_fit(&screen->scroll, &below, &screen->rows[screen->list.selected],
	    unseen_draw_below(screen, ui, &below, below.height) - below.height);
	unseen_draw_below(screen, ui, &below, -screen->scroll.above);
}

static bool unseen_holds(void *self, struct ui *ui, uint64_t row, struct slice text)
{
	struct unseen_screen *screen = self;
	char described[LEDGER_TEXT];
	struct slice whole = slice_of_text(ledger_describe(ui_ledger(ui), screen->rows[row], described));
	return slice_find(whole, text) < whole.len;
}

/* ---- where it is */

/* Which events show what a reason counts. */
static const struct {
	enum ledger_reason reason;
	const char *filter;
} unseen_filters[] = {{LEDGER_GAP, "type == \"gap\""}, {LEDGER_ONE_SIDED, "type == \"gap\""},
    {LEDGER_INCOMPLETE, "incomplete"}, {LEDGER_UNREADABLE, "incomplete"}, {LEDGER_MALFORMED, "type == \"malformed\""}};

static const char *unseen_filter(enum ledger_reason reason)
{
	for (size_t i = 0; i < sizeof unseen_filters / sizeof *unseen_filters; i++)
		if (unseen_filters[i].reason == reason)
			return unseen_filters[i].filter;
	return NULL;
}

/* Shown as a filter that the user sees, and clears with Esc. */
static void unseen_enter(void *self, struct ui *ui)
{
	const struct unseen_screen *screen = self;
	const char *text = screen->list.selected < screen->count ? unseen_filter(screen->rows[screen->list.selected])
	                                                         : NULL;
	struct query_error error;
	struct query *query = text ? query_parse(slice_of_text(text), TABLE_EVENTS, &error) : NULL;
	if (!query) {
		ui_say(ui, "no event shows this: what is known of it is said below");
		return;
	}
	struct query **filter = ui_filter_of(ui, TABLE_EVENTS);
	query_free(*filter);
	*filter = query;
	ui->filter_changes++;
	ui_go(ui, &screen_events);
}

/* ---- life */

static void *unseen_new(struct ui *ui)
{
	struct unseen_screen *screen = calloc(1, sizeof *screen);
	if (screen)
		unseen_work(screen, ui);
	return screen;
}

static struct list *unseen_list(void *self)
{
	return &((struct unseen_screen *)self)->list;
}

static void unseen_scroll_on(void *self, struct ui *ui)
{
	(void)ui;
	scroll_move(&((struct unseen_screen *)self)->scroll, 1);
}

static void unseen_scroll_back(void *self, struct ui *ui)
{
	(void)ui;
	scroll_move(&((struct unseen_screen *)self)->scroll, -1);
}

static const struct screen_key unseen_keys[] = {
    {KEY_RIGHT, "Right", "on in the text below (Left: back)", unseen_scroll_on, false, NULL},
    {KEY_LEFT, "Left", NULL, unseen_scroll_back, false, NULL},
    {'l', "l", NULL, unseen_scroll_on, false, NULL},
    {'h', "h", NULL, unseen_scroll_back, false, NULL},
    {0},
};

static const struct ui_legend unseen_legend[] = {
    {"Enter", "the events that show it: gaps, and what was not captured whole"},
    {"!", "for this reason events may be missing; the head shows the same mark"},
    {"%", "of the TCP payload that was captured; of what is missing, of all"},
    {0},
};

const struct screen_operations screen_unseen = {
    .title = "Unseen",
    .legend = unseen_legend,
    .new = unseen_new,
    .free = free,
    .draw = unseen_draw,
    .list = unseen_list,
    .list_row = 1,
    .work = unseen_work,
    .holds = unseen_holds,
    .enter = unseen_enter,
    .keys = unseen_keys,
};
