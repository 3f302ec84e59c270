/* Text for people: at most 80 columns, colours only where wanted, nothing from the wire that could steer a terminal. */
#ifndef VIEW_TEXT_WRITER_H
#define VIEW_TEXT_WRITER_H

#include "base/bytes.h"

#include <stdio.h>

enum { TEXT_WIDTH = 80 };

enum text_style { STYLE_PLAIN, STYLE_HEADING, STYLE_ERROR, STYLE_WARNING, STYLE_GOOD, STYLE_FAINT };

struct text_writer {
	FILE *out; /* borrowed */
	bool colours;
};

/* Should this stream get colours? Only a terminal, and not when NO_COLOR is set (no-color.org). */
bool text_wants_colours(FILE *out);

/* A paragraph without margin, in STYLE_HEADING. */
void text_heading(const struct text_writer *writer, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* A paragraph: `indent` spaces before each line, broken at spaces; words longer than a line are broken anywhere.
 * Control characters and broken UTF-8 come out as '?'. */
void text_write(const struct text_writer *writer, enum text_style style, int indent, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

/* The same with a label before the first line; the following lines stand under the text. */
void text_label(const struct text_writer *writer, enum text_style style, int indent, const char *label,
    const char *format, ...) __attribute__((format(printf, 5, 6)));

void text_blank(const struct text_writer *writer);

#endif
