/*
 * Text on the terminal, clipped to a rectangle, and how it looks. Whatever comes from the wire is made harmless first:
 * control characters are shown (^[), bytes that are not text are shown as their number (\x9b). Nothing is written to
 * the terminal as it came.
 */
#ifndef TUI_CANVAS_H
#define TUI_CANVAS_H

#include "base/mask.h"

#include <stdbool.h>

/* ---- theme: a tint for each kind of thing, with colours or without; lines in UTF-8 or ASCII */

enum tint {
	TINT_PLAIN,
	TINT_FAINT,
	TINT_TITLE,
	TINT_BAR,      /* head and foot of the screen */
	TINT_KEY,      /* the keys in the foot */
	TINT_SELECTED, /* the line under the cursor */
	TINT_RELATED,  /* what belongs to it */
	TINT_ERROR,
	TINT_WARNING,
	TINT_INFO,
	TINT_GOOD,
	TINT_UP,   /* client to server */
	TINT_DOWN, /* server to client */
	TINT_NAME, /* keys of JSON, names */
	TINT_TEXT, /* strings of JSON */
	TINT_NUMBER,
	TINTS,
};

enum glyph {
	GLYPH_HORIZONTAL,
	GLYPH_VERTICAL,
	GLYPH_RIGHT,
	GLYPH_LEFT,
	GLYPH_OPEN,   /* a fold that is open */
	GLYPH_CLOSED, /* one that is closed */
	GLYPH_ARROW,  /* P→W */
	GLYPH_CUT,    /* here text is left out */
	GLYPHS,
};

struct tint_style {
	short foreground, background; /* -1: the terminal's own */
	unsigned long with_colours, without;
};

struct theme {
	bool colours;
	bool utf8;
	struct tint_style styles[TINTS];
};

/* After initscr. Colours when the terminal has them and neither NO_COLOR nor the option refuses; UTF-8 by locale. */
void theme_begin(struct theme *theme, bool no_color);
void theme_toggle_colours(struct theme *theme);

/* What a tint is called in the settings; "red on white bold" for it. False: that is no colour. */
const char *theme_tint_name(enum tint tint);
bool theme_set(struct theme *theme, enum tint tint, struct slice words);

/* Attributes for ncurses' attrset. */
unsigned long theme_attributes(const struct theme *theme, enum tint tint);
const char *theme_glyph(const struct theme *theme, enum glyph glyph);

/* A bar of height 0..8 for sparklines. */
const char *theme_bar(const struct theme *theme, unsigned height);

/* ---- canvas */

/* Secrets in a text are masked as it is written, each text by itself: what is drawn in pieces (rows of a text, a key
 * here and its value there) is masked before it is cut. */
struct canvas {
	int top, left, height, width;
	const struct theme *theme;
	const struct mask *mask; /* borrowed */
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

/* ---- paragraphs */

/* Writes the text from `row` on, broken at blanks, `indent` columns from the left; returns the row after it. Rows
 * outside the canvas are clipped, and count. */
int wrap_write(const struct canvas *canvas, int row, int indent, enum tint tint, const char *text);

/* The same with a label before it, and the following lines are indented to its end. */
int wrap_label(const struct canvas *canvas, int row, int indent, enum tint tint, const char *label, const char *text);

/* Paragraphs that may have more rows than there is room for: so many of them are above the canvas. */
struct scroll {
	int above, height;
	const void *of; /* what they are about */
};

/* They have so many rows. About something else than before they begin at the first. Draws how many are below into the
 * rule that is the row before the canvas, and the keys that lead there. */
void scroll_fit(struct scroll *scroll, const struct canvas *canvas, const void *of, int rows);

/* By a page less a line, on (1) or back (-1). */
void scroll_move(struct scroll *scroll, int way);

#endif
