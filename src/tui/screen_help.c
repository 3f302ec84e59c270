/* The help screen: the keys of the screen it was opened on, its marks, the fields of its filter, and the keys of all.
 */
#include "tui/ui.h"

#include <stdlib.h>

struct help_screen {
	const struct screen_operations *about;
	struct list list;
};

static const char *const help_motions[][2] = {{"arrows, hjkl", "move"}, {"PgUp, PgDn", "a page up, down"},
    {"g, G", "to the first, to the last (Home, End)"}, {"Enter", "open: session, flow, frame"},
    {"mouse", "click selects, double click opens, the wheel moves; a click on a column's head sorts, on a key below "
              "presses it"}};

enum { HELP_KEY = 2, HELP_TEXT = 16 };

/* Rows outside the canvas are clipped, and count. */
static int help_draw_one(const struct canvas *canvas, int row, const char *key, const char *help)
{
	struct slice rest = slice_of_text(help);
	canvas_write_text(canvas, row, HELP_KEY, TINT_NAME, key);
	do
		canvas_write(canvas, row++, HELP_TEXT, TINT_PLAIN, canvas_take_row(&rest, canvas->width - HELP_TEXT));
	while (rest.len);
	return row;
}

static int help_draw_keys(const struct canvas *canvas, int row, const struct screen_key *keys)
{
	char name[8];
	for (; keys->key; keys++)
		if (keys->help)
			row = help_draw_one(canvas, row, ui_key_name(keys, name), keys->help);
	return row;
}

/* From `row` on; returns the row behind the last. */
static int help_draw_text(const struct help_screen *screen, const struct canvas *canvas, int row)
{
	canvas_format(canvas, row++, 0, TINT_TITLE, "On this screen (%s)", screen->about->title);
	row = help_draw_keys(canvas, row, screen->about->keys);
	if (screen->about->table_of)
		row = help_draw_keys(canvas, row, ui_table_keys);
	if (screen->about->pane)
		row = help_draw_keys(canvas, row, ui_pane_keys);
	if (screen->about->legend)
		canvas_write_text(canvas, ++row, 0, TINT_TITLE, "Marks and columns");
	row += screen->about->legend != NULL;
	for (const struct ui_legend *legend = screen->about->legend; legend && legend->mark; legend++)
		row = help_draw_one(canvas, row, legend->mark, legend->text);
	if (screen->about->table)
		canvas_write_text(canvas, ++row, 0, TINT_TITLE, "Fields of its filter (f), as in name == \"save\"");
	row += screen->about->table != 0;
	const struct query_field *field;
	for (size_t nth = 0; screen->about->table && (field = query_field_nth(nth)); nth++)
		if (field->tables & screen->about->table)
			row = help_draw_one(canvas, row, field->name, field->meaning);
	canvas_write_text(canvas, ++row, 0, TINT_TITLE, "Everywhere");
	row++;
	for (size_t i = 0; i < sizeof help_motions / sizeof *help_motions; i++)
		row = help_draw_one(canvas, row, help_motions[i][0], help_motions[i][1]);
	row = help_draw_keys(canvas, row, ui_keys);
	for (int digit = '1'; digit <= '9'; digit++)
		if (ui_screen_key(digit))
			row = help_draw_one(canvas, row, ui_screen_key(digit)->name, ui_screen_key(digit)->help);
	return row;
}

/* Rows outside the canvas are clipped: below it the text is measured, and above it moves up, until its end is seen. */
static void help_draw(void *self, struct ui *ui, const struct canvas *canvas)
{
	struct help_screen *screen = self;
	(void)ui;
	int beyond = help_draw_text(screen, canvas, canvas->height) - 2 * canvas->height;
	list_fit(&screen->list, beyond > 0 ? (uint64_t)beyond + 1 : 1, canvas->height);
	help_draw_text(screen, canvas, -(int)screen->list.selected);
}

static void *help_new(struct ui *ui)
{
	struct help_screen *screen = calloc(1, sizeof *screen);
	if (screen)
		screen->about = ui->stack[ui->depth - 1].operations;
	return screen;
}

static struct list *help_list(void *self)
{
	return &((struct help_screen *)self)->list;
}

static const struct screen_key help_keys[] = {{0}};

const struct screen_operations screen_help = {
    .title = "Help",
    .new = help_new,
    .free = free,
    .draw = help_draw,
    .list = help_list,
    .keys = help_keys,
};
