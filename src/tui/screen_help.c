/* Help: the keys of the screen below, and those that mean the same everywhere. */
#include "tui/ui.h"

#include <stdlib.h>

struct help_screen {
	const struct screen_operations *about;
	struct list list;
};

static const char *const help_motions[][2] = {{"arrows, hjkl", "move"}, {"PgUp, PgDn", "a page up, down"},
    {"g, G", "to the first, the last (Home, End)"}, {"Enter", "in: session, flow, frame"},
    {"mouse", "click chooses, double click goes in, the wheel moves"}};

static int help_draw_one(const struct canvas *canvas, int row, const char *key, const char *help)
{
	canvas_write_text(canvas, row, 2, TINT_NAME, key);
	canvas_write_text(canvas, row, 16, TINT_PLAIN, help);
	return row + 1;
}

static int help_draw_keys(const struct canvas *canvas, int row, const struct screen_key *keys)
{
	char name[8];
	for (; keys->key; keys++)
		if (keys->help)
			row = help_draw_one(canvas, row, ui_key_name(keys, name), keys->help);
	return row;
}

static void help_draw(void *self, struct ui *ui, const struct canvas *canvas)
{
	struct help_screen *screen = self;
	struct canvas moved = *canvas;
	(void)ui;
	list_fit(&screen->list, 40, canvas->height);
	/* Rows above the canvas are clipped: the text moves up as a whole. */
	int row = -(int)screen->list.selected;
	row = row < -24 ? -24 : row;
	canvas_format(&moved, row++, 0, TINT_TITLE, "On this screen (%s)", screen->about->title);
	if (screen->about->legend)
		canvas_write_text(&moved, row++, 2, TINT_PLAIN, screen->about->legend);
	row = help_draw_keys(&moved, row, screen->about->keys);
	canvas_write_text(&moved, ++row, 0, TINT_TITLE, "Everywhere");
	row++;
	for (size_t i = 0; i < sizeof help_motions / sizeof *help_motions; i++)
		row = help_draw_one(&moved, row, help_motions[i][0], help_motions[i][1]);
	row = help_draw_keys(&moved, row, ui_keys);
	for (int digit = '1'; digit <= '9'; digit++)
		if (ui_screen_key(digit))
			row = help_draw_one(&moved, row, ui_screen_key(digit)->name, ui_screen_key(digit)->help);
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
