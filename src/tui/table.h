/*
 * A table's columns: which are shown and in which order, where each is on the screen, and by which the rows are sorted.
 * And the head that says so. The rows are their screen's.
 */
#ifndef TUI_TABLE_H
#define TUI_TABLE_H

#include "tui/canvas.h"

#include <stddef.h>
#include <stdint.h>

enum { TABLE_COLUMNS = 16, TABLE_LEFT = 2 /* what lies left of the first column: marks */ };

struct table_column {
	const char *name;  /* in the settings */
	const char *title; /* in the head */
	int width;         /* at least; of the one that is wide, it takes what is left */
	bool right;        /* its cells end at the right */
	bool wide;
	int least;          /* the terminal's width from which on it is shown, unless columns were chosen */
	bool largest_first; /* when it is chosen to sort by: what is long, large or many is looked for */
};

struct table {
	const char *name; /* in the settings */
	const struct table_column *columns;
	size_t count;                  /* at most TABLE_COLUMNS */
	uint8_t chosen[TABLE_COLUMNS]; /* columns in order, when the user has chosen some */
	size_t chosen_count;           /* 0: all, as there is room */
	uint32_t absent;               /* a bit for each column that has nothing to show */
	size_t sorted;
	bool descending;
	int width; /* of the canvas on which the head was drawn, for the mouse */
};

/* A column where it is shown. */
struct table_cell {
	size_t column;
	int left, width;
	size_t place; /* the iteration's own */
};

/* The next column that is shown on a canvas of this width; begin with {0}. False: that was the last. */
bool table_next(const struct table *table, int width, struct table_cell *cell);

/* The column that is there on the canvas of the head; `count`: none. */
size_t table_column_at(const struct table *table, int x);

/* Sorts by this column, in the order in which it is looked through; by the same once more: the other way round. */
void table_sort(struct table *table, size_t column);

/* By the next of the columns that are shown, or the one before. */
void table_sort_next(struct table *table, int step);

void table_draw_head(struct table *table, const struct canvas *canvas);
void table_draw_cell(const struct table *table, const struct canvas *canvas, int row, const struct table_cell *cell,
    enum tint tint, const char *text);

/* Shows the column, or hides it; moves it one place to the left or the right. */
bool table_is_chosen(const struct table *table, size_t column);
void table_toggle(struct table *table, size_t column);
void table_move(struct table *table, size_t column, int step);

/* The column of a name; `count`: none. */
size_t table_find(const struct table *table, struct slice name);

#endif
