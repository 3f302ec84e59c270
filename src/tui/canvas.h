/*
 * Text on the terminal, clipped to a rectangle. Whatever comes from the wire is made harmless on its way: control
 * characters are shown (^[), bytes that are no text as their number (\x9b), and nothing is ever sent as it came.
 */
#ifndef TUI_CANVAS_H
#define TUI_CANVAS_H

#include "base/bytes.h"
#include "tui/theme.h"

struct canvas {
	int top, left, height, width;
	const struct theme *theme;
};

/* The rectangle inside, cut to what there is. */
struct canvas canvas_inside(const struct canvas *canvas, int top, int left, int height, int width);

/* Writes from `column` on, at most `width` columns (or to the edge); returns the column after the last. */
int canvas_write(const struct canvas *canvas, int row, int column, enum tint tint, struct slice text);
int canvas_write_text(const struct canvas *canvas, int row, int column, enum tint tint, const char *text);
int canvas_format(const struct canvas *canvas, int row, int column, enum tint tint, const char *format, ...)
    __attribute__((format(printf, 5, 6)));

/* Fills a row from `column` on with blanks of that tint. */
void canvas_fill(const struct canvas *canvas, int row, int column, enum tint tint);

/* A row of `count` glyphs. */
void canvas_repeat(const struct canvas *canvas, int row, int column, enum tint tint, enum glyph glyph, int count);

/* How many columns the text takes when it is written. */
int canvas_columns(struct slice text);

/* How many of its bytes fit into so many columns, broken after a blank where there is one (for wrapping). */
size_t canvas_fit(struct slice text, int columns);

/* Takes the bytes of such a row off the front of a text, with the line end that ends it. */
struct slice canvas_take_row(struct slice *text, int columns);

#endif
