/*
 * What could not be seen: each reason of the ledger, with what helps, those for which events may be missing first; and
 * what became of the payload that was captured.
 */
#include "base/text.h"
#include "tui/canvas.h"
#include "tui/ui.h"
#include "view/writers.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

struct unseen_screen {
	enum ledger_reason rows[LEDGER_REASONS];
	size_t count;
	struct list list;
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

static int unseen_draw_detail(const struct ledger *ledger, const struct canvas *canvas, enum ledger_reason reason)
{
	const char *advice = ledger_reason(reason)->advice;
	char text[LEDGER_TEXT];
	canvas_repeat(canvas, 0, 0, TINT_FAINT, GLYPH_HORIZONTAL, canvas->width);
	int row = wrap_write(canvas, 1, 0, TINT_PLAIN, ledger_describe(ledger, reason, text));
	row = wrap_write(canvas, row, 0, TINT_FAINT,
	    ledger_is_blinded_by(ledger, reason)
	        ? "Events may be missing for this: what was not seen may have happened."
	        : "What was decoded is whole.");
	return advice ? wrap_label(canvas, row, 0, TINT_GOOD, "do: ", advice) : row;
}

/* "   2.1 kB  37 %  other: TLS, encrypted" */
static int unseen_draw_column(
    const struct ledger *ledger, const struct canvas *canvas, int row, enum ledger_column column)
{
	uint64_t sum = ledger_sum(ledger, column);
	bool captured = column <= LEDGER_COLUMN_HELD_BACK;
	const char *separator = ": ";
	char size[32], text[600];
	struct buffer line = buffer_over(text, sizeof text - 1);
	if (!sum)
		return row;
	buffer_append_format(&line, "%10s  ", text_size(sum, size));
	if (captured && ledger->captured)
		buffer_append_format(&line, "%3.0f %%  ", 100 * (double)sum / (double)ledger->captured);
	else
		buffer_append_text(&line, "       ");
	buffer_append_format(&line, "%s%s", ledger_column_text(column), captured ? "" : " (not captured)");
	for (enum ledger_reason reason = 0; reason < LEDGER_REASONS; reason++)
		if (ledger_reason(reason)->column == column && ledger->entries[reason].bytes) {
			buffer_append_format(&line, "%s%s", separator, ledger_reason(reason)->text);
			separator = "; ";
		}
	canvas_write(canvas, row, 0, captured ? TINT_PLAIN : TINT_WARNING, buffer_slice(&line));
	return row + 1;
}

static void unseen_draw_columns(const struct ledger *ledger, const struct canvas *canvas, int row)
{
	char size[32];
	canvas_format(
	    canvas, row++, 0, TINT_TITLE, "TCP payload that was captured: %s", text_size(ledger->captured, size));
	for (enum ledger_column column = 0; column < LEDGER_COLUMN_NOTED; column++)
		row = unseen_draw_column(ledger, canvas, row, column);
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
	struct canvas below = canvas_inside(canvas, rows + 1, 0, canvas->height - rows - 1, canvas->width);
	int row = 1;
	if (screen->list.selected < screen->count)
		row = unseen_draw_detail(ledger, &below, screen->rows[screen->list.selected]);
	else
		canvas_write_text(&below, 0, UNSEEN_TEXT, TINT_GOOD,
		    ui->feed == UI_FEED_OVER ? "All that was captured could be read."
		                             : "All that was captured so far could be read.");
	unseen_draw_columns(ledger, &below, row + 1);
}

static bool unseen_holds(void *self, struct ui *ui, uint64_t row, struct slice text)
{
	struct unseen_screen *screen = self;
	char described[LEDGER_TEXT];
	struct slice whole = slice_of_text(ledger_describe(ui_ledger(ui), screen->rows[row], described));
	return slice_find(whole, text) < whole.len;
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

static const struct screen_key unseen_keys[] = {{0}};

const struct screen_operations screen_unseen = {
    .title = "Unseen",
    .legend = "!: for this reason events may be missing; the head shows the same mark",
    .new = unseen_new,
    .free = free,
    .draw = unseen_draw,
    .list = unseen_list,
    .list_row = 1,
    .work = unseen_work,
    .holds = unseen_holds,
    .keys = unseen_keys,
};
