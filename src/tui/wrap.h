/* Paragraphs on a canvas. */
#ifndef TUI_WRAP_H
#define TUI_WRAP_H

#include "tui/canvas.h"

/* Writes the text from `row` on, broken at blanks, `indent` columns from the left; returns the row after it. What does
 * not fit is left out. */
int wrap_write(const struct canvas *canvas, int row, int indent, enum tint tint, const char *text);

/* The same with a label before it, under whose end the following lines stand. */
int wrap_label(const struct canvas *canvas, int row, int indent, enum tint tint, const char *label, const char *text);

#endif
