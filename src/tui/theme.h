/* How things look: a tint for each kind of thing, with colours or without, and lines in UTF-8 or ASCII. */
#ifndef TUI_THEME_H
#define TUI_THEME_H

#include <stdbool.h>

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
	GLYPHS,
};

struct theme {
	bool colours;
	bool utf8;
};

/* After initscr. Colours when the terminal has them and neither NO_COLOR nor the option refuses; UTF-8 by locale. */
void theme_begin(struct theme *theme, bool no_color);
void theme_toggle_colours(struct theme *theme);

/* Attributes for ncurses' attrset. */
unsigned long theme_attributes(const struct theme *theme, enum tint tint);
const char *theme_glyph(const struct theme *theme, enum glyph glyph);

/* A bar of height 0..8 for sparklines. */
const char *theme_bar(const struct theme *theme, unsigned height);

#endif
