/* Columns are laid out from the left; the wide one has what the others leave. */
#include "tui/table.h"

#include <string.h>

/* The columns that are shown, in their order. */
static size_t table_list(const struct table *table, int width, uint8_t list[TABLE_COLUMNS])
{
	size_t count = 0;
	for (size_t i = 0; i < (table->chosen_count ? table->chosen_count : table->count); i++) {
		size_t column = table->chosen_count ? table->chosen[i] : i;
		bool fits = table->chosen_count || width >= table->columns[column].least;
		if (fits && !(table->absent & 1u << column))
			list[count++] = (uint8_t)column;
	}
	return count;
}

bool table_next(const struct table *table, int width, struct table_cell *cell)
{
	uint8_t list[TABLE_COLUMNS];
	size_t count = table_list(table, width, list);
	int used = TABLE_LEFT;
	if (cell->place >= count)
		return false;
	for (size_t i = 0; i < count; i++)
		used += table->columns[list[i]].width + 1;
	cell->left = cell->place ? cell->left + cell->width + 1 : TABLE_LEFT;
	cell->column = list[cell->place++];
	cell->width = table->columns[cell->column].width;
	if (table->columns[cell->column].wide && used < width)
		cell->width += width - used;
	return cell->left < width;
}

size_t table_column_at(const struct table *table, int x)
{
	struct table_cell cell = {0};
	while (table_next(table, table->width, &cell))
		if (x >= cell.left && x <= cell.left + cell.width)
			return cell.column;
	return table->count;
}

/* ---- order */

void table_sort(struct table *table, size_t column)
{
	table->descending = column == table->sorted ? !table->descending : table->columns[column].largest_first;
	table->sorted = column;
}

static bool table_is_shown(const struct table *table, size_t column)
{
	struct table_cell cell = {0};
	while (table_next(table, table->width, &cell))
		if (cell.column == column)
			return true;
	return false;
}

void table_sort_next(struct table *table, int step)
{
	size_t column = table->sorted;
	do
		column = (column + table->count + (size_t)(step + (int)table->count)) % table->count;
	while (column != table->sorted && !table_is_shown(table, column));
	if (column != table->sorted)
		table_sort(table, column);
}

/* ---- drawing */

static int table_start(const struct table_column *column, const struct table_cell *cell, int len)
{
	return column->right && len < cell->width ? cell->width - len : 0;
}

void table_draw_cell(const struct table *table, const struct canvas *canvas, int row, const struct table_cell *cell,
    enum tint tint, const char *text)
{
	const struct canvas place = canvas_inside(canvas, row, cell->left, 1, cell->width);
	int len = canvas_columns(slice_of_text(text));
	canvas_write_text(&place, 0, table_start(&table->columns[cell->column], cell, len), tint, text);
}

/* The sign stands behind the title, where it pushes nothing to the left. */
void table_draw_head(struct table *table, const struct canvas *canvas)
{
	struct table_cell cell = {0};
	canvas_fill(canvas, 0, 0, TINT_BAR);
	table->width = canvas->width;
	while (table_next(table, canvas->width, &cell)) {
		const struct table_column *column = &table->columns[cell.column];
		bool sorted = cell.column == table->sorted;
		int len = (int)strlen(column->title) + sorted;
		canvas_format(canvas, 0, cell.left + table_start(column, &cell, len), TINT_BAR, "%s%s", column->title,
		    sorted ? (table->descending ? "-" : "+") : "");
	}
}

/* ---- choosing */

static size_t table_place_of(const struct table *table, size_t column)
{
	size_t place = 0;
	while (place < table->chosen_count && table->chosen[place] != column)
		place++;
	return place;
}

bool table_is_chosen(const struct table *table, size_t column)
{
	return !table->chosen_count || table_place_of(table, column) < table->chosen_count;
}

/* The first choice begins with all. */
static void table_begin_choice(struct table *table)
{
	if (table->chosen_count)
		return;
	for (size_t i = 0; i < table->count; i++)
		table->chosen[table->chosen_count++] = (uint8_t)i;
}

/* The last one stays: a table without columns shows nothing. */
void table_toggle(struct table *table, size_t column)
{
	table_begin_choice(table);
	size_t place = table_place_of(table, column);
	if (place == table->chosen_count) {
		table->chosen[table->chosen_count++] = (uint8_t)column;
		return;
	}
	if (table->chosen_count == 1)
		return;
	table->chosen_count--;
	memmove(table->chosen + place, table->chosen + place + 1, table->chosen_count - place);
}

void table_move(struct table *table, size_t column, int step)
{
	table_begin_choice(table);
	size_t place = table_place_of(table, column), other = place + (size_t)step;
	if (place == table->chosen_count || other >= table->chosen_count)
		return;
	uint8_t moved = table->chosen[place];
	table->chosen[place] = table->chosen[other];
	table->chosen[other] = moved;
}

size_t table_find(const struct table *table, struct slice name)
{
	size_t column = 0;
	while (column < table->count && !slice_equals_text(name, table->columns[column].name))
		column++;
	return column;
}
