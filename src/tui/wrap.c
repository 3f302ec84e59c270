/* Lines as long as they fit. */
#include "tui/wrap.h"

int wrap_label(const struct canvas *canvas, int row, int indent, enum tint tint, const char *label, const char *text)
{
	int column = canvas_write_text(canvas, row, indent, tint == TINT_PLAIN ? TINT_TITLE : tint, label);
	struct slice rest = slice_of_text(text);
	do {
		size_t fits = canvas_fit(rest, canvas->width - column > 1 ? canvas->width - column : 1);
		canvas_write(canvas, row++, column, tint, slice_take(rest, fits));
		rest = slice_drop(rest, fits);
		if (rest.len && *rest.at == '\n')
			rest = slice_drop(rest, 1);
	} while (rest.len && row < canvas->height);
	return row;
}

int wrap_write(const struct canvas *canvas, int row, int indent, enum tint tint, const char *text)
{
	return wrap_label(canvas, row, indent, tint, "", text);
}
