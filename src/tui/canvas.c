/* One character after the other: each is either harmless or shown as what it is. */
#include "tui/canvas.h"

#include "base/encoding.h"

#define NCURSES_NOMACROS
#include <ncurses.h>
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

/* Marks that turn the direction of writing would turn the whole line: they are not let through either. */
static bool character_is_steering(uint32_t code)
{
	return code < 0x20 || (code >= 0x7f && code < 0xa0) || (code >= 0x200b && code <= 0x200f) ||
	       (code >= 0x2028 && code <= 0x202e) || (code >= 0x2060 && code <= 0x206f) || code == 0xfeff;
}

struct character {
	size_t len;     /* bytes of the text */
	int columns;    /* on the terminal */
	char shown[16]; /* what is written: UTF-8, or what stands for it */
};

static void character_escape(struct character *character, uint32_t code)
{
	if (code < 0x20 || code == 0x7f)
		snprintf(character->shown, sizeof character->shown, "^%c", (char)(code ^ 0x40));
	else
		snprintf(character->shown, sizeof character->shown, "\\u%04x", (unsigned)code);
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
	int columns = character_is_steering(code) ? -1 : code < 0x7f ? 1 : wcwidth((wchar_t)code);
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

int canvas_write(const struct canvas *canvas, int row, int column, enum tint tint, struct slice text)
{
	if (row < 0 || row >= canvas->height || column >= canvas->width)
		return column;
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
