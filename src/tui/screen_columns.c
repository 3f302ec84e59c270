/* Columns: which of the table below are shown, and in which order. */
#include "tui/table.h"
#include "tui/ui.h"

#include <stdlib.h>

struct columns_screen {
	struct table *table;
	struct list list;
	uint8_t order[TABLE_COLUMNS]; /* the shown ones as they are, then the others */
};

static void columns_arrange(struct columns_screen *screen)
{
	const struct table *table = screen->table;
	size_t count = table->chosen_count;
	memcpy(screen->order, table->chosen, count);
	for (size_t column = 0; column < table->count; column++)
		if (!table->chosen_count || !table_is_chosen(table, column))
			screen->order[count++] = (uint8_t)column;
}

static void columns_draw(void *self, struct ui *ui, const struct canvas *canvas)
{
	struct columns_screen *screen = self;
	(void)ui;
	columns_arrange(screen);
	list_fit(&screen->list, screen->table->count, canvas->height - 1);
	canvas_fill(canvas, 0, 0, TINT_BAR);
	canvas_format(canvas, 0, TABLE_LEFT, TINT_BAR, "columns of %s", screen->table->name);
	for (int row = 0; row < screen->list.height && screen->list.top + (uint64_t)row < screen->list.count; row++) {
		uint64_t nth = screen->list.top + (uint64_t)row;
		size_t column = screen->order[nth];
		bool selected = nth == screen->list.selected;
		enum tint tint = selected ? TINT_SELECTED : TINT_PLAIN;
		if (selected)
			canvas_fill(canvas, row + 1, 0, TINT_SELECTED);
		canvas_format(canvas, row + 1, TABLE_LEFT, tint, "[%c] %s",
		    table_is_chosen(screen->table, column) ? 'x' : ' ', screen->table->columns[column].name);
		if (screen->table->absent & 1u << column)
			canvas_write_text(canvas, row + 1, 24, tint, "nothing here has it");
		else if (!screen->table->chosen_count && screen->table->columns[column].least > screen->table->width)
			canvas_format(canvas, row + 1, 24, tint, "from %d columns of the terminal on",
			    screen->table->columns[column].least);
	}
}

static void columns_toggle(void *self, struct ui *ui)
{
	struct columns_screen *screen = self;
	(void)ui;
	table_toggle(screen->table, screen->order[screen->list.selected]);
}

/* The cursor goes with the column. */
static void columns_move(struct columns_screen *screen, int step)
{
	size_t column = screen->order[screen->list.selected];
	table_move(screen->table, column, step);
	columns_arrange(screen);
	for (size_t i = 0; i < screen->table->count; i++)
		if (screen->order[i] == column)
			list_select(&screen->list, i);
}

static void columns_up(void *self, struct ui *ui)
{
	(void)ui;
	columns_move(self, -1);
}

static void columns_down(void *self, struct ui *ui)
{
	(void)ui;
	columns_move(self, 1);
}

/* Columns come and go with the width of the terminal again. */
static void columns_reset(void *self, struct ui *ui)
{
	struct columns_screen *screen = self;
	screen->table->chosen_count = 0;
	ui_say(ui, "all columns, as there is room");
}

static const struct screen_key columns_keys[] = {
    {' ', "Show", "show the column, or hide it (Enter too)", columns_toggle, true, NULL},
    {'K', "Up", "to the left", columns_up, true, NULL},
    {'J', "Down", "to the right", columns_down, true, NULL},
    {'0', "All", "all columns, as there is room", columns_reset, true, NULL},
    {0},
};

static void *columns_new(struct ui *ui)
{
	const struct ui_layer *below = &ui->stack[ui->depth - 1];
	struct columns_screen *screen = calloc(1, sizeof *screen);
	if (!screen)
		return NULL;
	screen->table = below->operations->table_of(below->self);
	columns_arrange(screen);
	return screen;
}

static struct list *columns_list(void *self)
{
	return &((struct columns_screen *)self)->list;
}

const struct screen_operations screen_columns = {
    .title = "Columns",
    .new = columns_new,
    .free = free,
    .draw = columns_draw,
    .list = columns_list,
    .list_row = 1,
    .enter = columns_toggle,
    .keys = columns_keys,
};
