/*
 * Writes text one character at a time: each is either harmless or shown as what it is. Tints and glyphs are two tables;
 * without colours, tints differ by bold, underline, dim and reverse.
 */
#include "tui/canvas.h"

#include "base/text.h"

/* ---- theme */

#define NCURSES_NOMACROS
#include <langinfo.h>
#include <ncurses.h>
#include <stdlib.h>
#include <string.h>

static const struct tint_style theme_tints[TINTS] = {
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

static const char *const theme_names[TINTS] = {
    [TINT_PLAIN] = "plain",
    [TINT_FAINT] = "faint",
    [TINT_TITLE] = "title",
    [TINT_BAR] = "bar",
    [TINT_KEY] = "key",
    [TINT_SELECTED] = "selected",
    [TINT_RELATED] = "related",
    [TINT_ERROR] = "error",
    [TINT_WARNING] = "warning",
    [TINT_INFO] = "info",
    [TINT_GOOD] = "good",
    [TINT_UP] = "up",
    [TINT_DOWN] = "down",
    [TINT_NAME] = "name",
    [TINT_TEXT] = "text",
    [TINT_NUMBER] = "number",
};

static const char *const theme_glyphs[GLYPHS][2] = {
    [GLYPH_HORIZONTAL] = {"-", "─"},
    [GLYPH_VERTICAL] = {"|", "│"},
    [GLYPH_RIGHT] = {">", "▶"},
    [GLYPH_LEFT] = {"<", "◀"},
    [GLYPH_OPEN] = {"-", "▾"},
    [GLYPH_CLOSED] = {"+", "▸"},
    [GLYPH_ARROW] = {">", "→"},
    [GLYPH_CUT] = {".", "…"},
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
	memcpy(theme->styles, theme_tints, sizeof theme->styles);
	if (!has_colors())
		return;
	start_color();
	use_default_colors();
	for (int tint = 0; tint < TINTS; tint++)
		init_pair((short)(tint + 1), theme->styles[tint].foreground, theme->styles[tint].background);
}

const char *theme_tint_name(enum tint tint)
{
	return theme_names[tint];
}

/* A colour's word off the front of the text: -1 to 7; -2: it is none. */
static short theme_take_colour(struct slice word)
{
	static const char *const names[] = {
	    "default", "black", "red", "green", "yellow", "blue", "magenta", "cyan", "white"};
	for (short i = 0; i < (short)(sizeof names / sizeof *names); i++)
		if (slice_equals_text(word, names[i]))
			return (short)(i - 1);
	return -2;
}

bool theme_set(struct theme *theme, enum tint tint, struct slice words)
{
	static const struct {
		const char *name;
		unsigned long attribute;
	} attributes[] = {{"bold", A_BOLD}, {"dim", A_DIM}, {"underline", A_UNDERLINE}, {"reverse", A_REVERSE}};
	struct tint_style style = {.foreground = -1, .background = -1, .without = theme->styles[tint].without};
	bool is_background = false, any = false;
	for (words = slice_trim(words); words.len; words = slice_trim(words)) {
		struct slice word = slice_take_until(&words, ' ');
		short colour = theme_take_colour(word);
		unsigned long attribute = 0;
		for (size_t i = 0; i < sizeof attributes / sizeof *attributes; i++)
			attribute |= slice_equals_text(word, attributes[i].name) ? attributes[i].attribute : 0;
		bool is_on = slice_equals_text(word, "on");
		if (colour == -2 && !attribute && !is_on)
			return false;
		if (colour != -2)
			*(is_background ? &style.background : &style.foreground) = colour;
		style.with_colours |= attribute;
		is_background = is_on;
		any = true;
	}
	if (!any || is_background)
		return false;
	theme->styles[tint] = style;
	if (has_colors())
		init_pair((short)(tint + 1), style.foreground, style.background);
	return true;
}

void theme_toggle_colours(struct theme *theme)
{
	theme->colours = !theme->colours && has_colors();
}

unsigned long theme_attributes(const struct theme *theme, enum tint tint)
{
	if (!theme->colours)
		return theme->styles[tint].without;
	return theme->styles[tint].with_colours | (unsigned long)COLOR_PAIR((int)tint + 1);
}

const char *theme_glyph(const struct theme *theme, enum glyph glyph)
{
	return theme_glyphs[glyph][theme->utf8];
}

const char *theme_bar(const struct theme *theme, unsigned height)
{
	return theme_bars[height > 8 ? 8 : height][theme->utf8];
}

/* ---- canvas */

#define NCURSES_NOMACROS
#include <stdarg.h>
#include <stdio.h>
#include <wchar.h>

struct canvas canvas_inside(const struct canvas *canvas, int top, int left, int height, int width)
{
	struct canvas inside = *canvas;
	inside.top += top;
	inside.left += left;
	inside.height = height < canvas->height - top ? height : canvas->height - top;
	inside.width = width < canvas->width - left ? width : canvas->width - left;
	if (inside.height < 0)
		inside.height = 0;
	if (inside.width < 0)
		inside.width = 0;
	return inside;
}

/* ---- characters */

struct character {
	size_t len;     /* bytes of the text */
	int columns;    /* on the terminal */
	char shown[16]; /* what is written: UTF-8, or an escape for it */
};

static void character_escape(struct character *character, uint32_t code)
{
	if (code < 0x20 || code == 0x7f)
		snprintf(character->shown, sizeof character->shown, "^%c", (char)(code ^ 0x40));
	else
		snprintf(
		    character->shown, sizeof character->shown, code < 0x10000 ? "\\u%04x" : "\\u{%x}", (unsigned)code);
	character->columns = (int)strlen(character->shown);
}

static struct character character_take(struct slice text)
{
	struct character character = {0};
	uint32_t code = 0;
	character.len = utf8_decode(text, &code);
	if (!character.len) {
		character.len = 1;
		character.columns = snprintf(character.shown, sizeof character.shown, "\\x%02x", text.at[0]);
		return character;
	}
	int columns = utf8_is_steering(code) ? -1 : code < 0x7f ? 1 : wcwidth((wchar_t)code);
	if (columns < 0) {
		character_escape(&character, code);
		return character;
	}
	memcpy(character.shown, text.at, character.len);
	character.columns = columns;
	return character;
}

/* Blanks stay blanks: a tab or a line end in a one-line place would tear it. */
static struct character character_next(struct slice text)
{
	if (*text.at != '\t' && *text.at != '\n')
		return character_take(text);
	return (struct character){.len = 1, .columns = 1, .shown = " "};
}

int canvas_columns(struct slice text)
{
	int columns = 0;
	while (text.len) {
		struct character character = character_next(text);
		columns += character.columns;
		text = slice_drop(text, character.len);
	}
	return columns;
}

size_t canvas_fit(struct slice text, int columns)
{
	size_t fits = 0, blank = 0;
	int used = 0;
	while (fits < text.len && text.at[fits] != '\n') {
		struct character character = character_next(slice_drop(text, fits));
		if (used + character.columns > columns)
			break;
		used += character.columns;
		fits += character.len;
		if (text.at[fits - 1] == ' ')
			blank = fits;
	}
	if (fits == text.len || text.at[fits] == '\n')
		return fits;
	return blank ? blank : fits ? fits : 1;
}

struct slice canvas_take_row(struct slice *text, int columns)
{
	struct slice row = slice_take(*text, canvas_fit(*text, columns));
	*text = slice_drop(*text, row.len);
	if (text->len && *text->at == '\n')
		*text = slice_drop(*text, 1);
	return row;
}

/* ---- writing */

static int canvas_draw(const struct canvas *canvas, int row, int column, enum tint tint, struct slice text)
{
	attrset((int)theme_attributes(canvas->theme, tint));
	move(canvas->top + row, canvas->left + column);
	while (text.len) {
		struct character character = character_next(text);
		if (column + character.columns > canvas->width)
			break;
		bool shows = canvas->theme->utf8 || !(character.shown[0] & 0x80);
		addstr(shows ? character.shown : "?");
		column += shows ? character.columns : 1;
		text = slice_drop(text, character.len);
	}
	attrset(A_NORMAL);
	return column;
}

int canvas_write(const struct canvas *canvas, int row, int column, enum tint tint, struct slice text)
{
	struct buffer masked;
	if (row < 0 || row >= canvas->height || column >= canvas->width)
		return column;
	if (!mask_text_holds(canvas->mask, text))
		return canvas_draw(canvas, row, column, tint, text);
	buffer_init(&masked, BUFFER_NO_LIMIT, NULL);
	mask_write_text(canvas->mask, text, &masked);
	column = canvas_draw(canvas, row, column, tint, buffer_slice(&masked));
	buffer_free(&masked);
	return column;
}

int canvas_write_text(const struct canvas *canvas, int row, int column, enum tint tint, const char *text)
{
	return canvas_write(canvas, row, column, tint, slice_of_text(text));
}

int canvas_format(const struct canvas *canvas, int row, int column, enum tint tint, const char *format, ...)
{
	char text[1024];
	va_list arguments;
	va_start(arguments, format);
	vsnprintf(text, sizeof text, format, arguments);
	va_end(arguments);
	return canvas_write_text(canvas, row, column, tint, text);
}

void canvas_fill(const struct canvas *canvas, int row, int column, enum tint tint)
{
	if (row < 0 || row >= canvas->height || column >= canvas->width)
		return;
	attrset((int)theme_attributes(canvas->theme, tint));
	mvhline(canvas->top + row, canvas->left + column, ' ', canvas->width - column);
	attrset(A_NORMAL);
}

void canvas_repeat(const struct canvas *canvas, int row, int column, enum tint tint, enum glyph glyph, int count)
{
	const char *text = theme_glyph(canvas->theme, glyph);
	while (count-- > 0)
		column = canvas_write_text(canvas, row, column, tint, text);
}

/* ---- paragraphs */

int wrap_label(const struct canvas *canvas, int row, int indent, enum tint tint, const char *label, const char *text)
{
	int column = indent + canvas_columns(slice_of_text(label));
	canvas_write_text(canvas, row, indent, tint == TINT_PLAIN ? TINT_TITLE : tint, label);
	struct buffer masked;
	buffer_init(&masked, BUFFER_NO_LIMIT, NULL);
	mask_write_text(canvas->mask, slice_of_text(text), &masked);
	struct slice rest = buffer_slice(&masked);
	int columns = canvas->width - column > 1 ? canvas->width - column : 1;
	do
		canvas_write(canvas, row++, column, tint, canvas_take_row(&rest, columns));
	while (rest.len);
	buffer_free(&masked);
	return row;
}

int wrap_write(const struct canvas *canvas, int row, int indent, enum tint tint, const char *text)
{
	return wrap_label(canvas, row, indent, tint, "", text);
}

void scroll_fit(struct scroll *scroll, const struct canvas *canvas, const void *of, int rows)
{
	int most = rows > canvas->height ? rows - canvas->height : 0;
	const struct canvas rule = {canvas->top - 1, canvas->left, 1, canvas->width, canvas->theme, canvas->mask};
	if (scroll->of != of)
		scroll->above = 0;
	scroll->of = of;
	scroll->height = canvas->height;
	scroll->above = scroll->above > most ? most : scroll->above < 0 ? 0 : scroll->above;
	if (most)
		canvas_format(&rule, 0, 2, TINT_KEY, " %d of %d lines: Right, Left ",
		    scroll->above + canvas->height < rows ? scroll->above + canvas->height : rows, rows);
}

void scroll_move(struct scroll *scroll, int way)
{
	scroll->above += way * (scroll->height > 1 ? scroll->height - 1 : 1);
}
