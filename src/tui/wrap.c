/* Lines as long as they fit. */
#include "tui/wrap.h"

int wrap_label(const struct canvas *canvas, int row, int indent, enum tint tint, const char *label, const char *text)
{
	int column = canvas_write_text(canvas, row, indent, tint == TINT_PLAIN ? TINT_TITLE : tint, label);
	struct slice rest = slice_of_text(text);
	int columns = canvas->width - column > 1 ? canvas->width - column : 1;
	do
		canvas_write(canvas, row++, column, tint, canvas_take_row(&rest, columns));
	while (rest.len && row < canvas->height);
	return row;
}

int wrap_write(const struct canvas *canvas, int row, int indent, enum tint tint, const char *text)
{
	return wrap_label(canvas, row, indent, tint, "", text);
}
