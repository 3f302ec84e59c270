/* Two tables: tints and glyphs. Without colours tints differ by bold, underline, dim and reverse. */
#include "tui/theme.h"

#define NCURSES_NOMACROS
#include <langinfo.h>
#include <ncurses.h>
#include <stdlib.h>
#include <string.h>

static const struct {
	short foreground, background; /* -1: the terminal's own */
	attr_t with_colours, without;
} theme_tints[TINTS] = {
    [TINT_PLAIN] = {-1, -1, A_NORMAL, A_NORMAL},
    [TINT_FAINT] = {-1, -1, A_DIM, A_DIM},
    [TINT_TITLE] = {-1, -1, A_BOLD, A_BOLD},
    [TINT_BAR] = {COLOR_BLACK, COLOR_CYAN, A_NORMAL, A_REVERSE},
    [TINT_KEY] = {COLOR_WHITE, COLOR_BLACK, A_BOLD, A_BOLD},
    [TINT_SELECTED] = {-1, -1, A_REVERSE, A_REVERSE},
    [TINT_RELATED] = {COLOR_YELLOW, -1, A_BOLD, A_BOLD | A_UNDERLINE},
    [TINT_ERROR] = {COLOR_RED, -1, A_BOLD, A_BOLD},
    [TINT_WARNING] = {COLOR_YELLOW, -1, A_NORMAL, A_UNDERLINE},
    [TINT_INFO] = {COLOR_CYAN, -1, A_NORMAL, A_NORMAL},
    [TINT_GOOD] = {COLOR_GREEN, -1, A_NORMAL, A_NORMAL},
    [TINT_UP] = {COLOR_GREEN, -1, A_NORMAL, A_NORMAL},
    [TINT_DOWN] = {COLOR_CYAN, -1, A_NORMAL, A_NORMAL},
    [TINT_NAME] = {COLOR_BLUE, -1, A_BOLD, A_BOLD},
    [TINT_TEXT] = {COLOR_GREEN, -1, A_NORMAL, A_NORMAL},
    [TINT_NUMBER] = {COLOR_MAGENTA, -1, A_NORMAL, A_NORMAL},
};

static const char *const theme_glyphs[GLYPHS][2] = {
    [GLYPH_HORIZONTAL] = {"-", "─"},
    [GLYPH_VERTICAL] = {"|", "│"},
    [GLYPH_RIGHT] = {">", "▶"},
    [GLYPH_LEFT] = {"<", "◀"},
    [GLYPH_OPEN] = {"-", "▾"},
    [GLYPH_CLOSED] = {"+", "▸"},
    [GLYPH_ARROW] = {">", "→"},
};

static const char *const theme_bars[9][2] = {
    {" ", " "}, {".", "▁"}, {".", "▂"}, {":", "▃"}, {":", "▄"}, {"i", "▅"}, {"i", "▆"}, {"|", "▇"}, {"|", "█"}};

static bool theme_wants_colours(bool no_color)
{
	const char *refused = getenv("NO_COLOR");
	return !no_color && !(refused && *refused) && has_colors();
}

void theme_begin(struct theme *theme, bool no_color)
{
	theme->utf8 = strcmp(nl_langinfo(CODESET), "UTF-8") == 0;
	theme->colours = theme_wants_colours(no_color);
	if (!has_colors())
		return;
	start_color();
	use_default_colors();
	for (int tint = 0; tint < TINTS; tint++)
		init_pair((short)(tint + 1), theme_tints[tint].foreground, theme_tints[tint].background);
}

void theme_toggle_colours(struct theme *theme)
{
	theme->colours = !theme->colours && has_colors();
}

unsigned long theme_attributes(const struct theme *theme, enum tint tint)
{
	if (!theme->colours)
		return theme_tints[tint].without;
	return theme_tints[tint].with_colours | (unsigned long)COLOR_PAIR((int)tint + 1);
}

const char *theme_glyph(const struct theme *theme, enum glyph glyph)
{
	return theme_glyphs[glyph][theme->utf8];
}

const char *theme_bar(const struct theme *theme, unsigned height)
{
	return theme_bars[height > 8 ? 8 : height][theme->utf8];
}
