/* Text for people: at most 80 columns, colours only where wanted, nothing from the wire that could steer a terminal. */
#ifndef VIEW_PAPER_H
#define VIEW_PAPER_H

#include "base/slice.h"

#include <stdio.h>

enum { PAPER_WIDTH = 80 };

enum ink { INK_PLAIN, INK_HEADING, INK_ERROR, INK_WARNING, INK_GOOD, INK_FAINT };

struct paper {
	FILE *out; /* borrowed */
	bool colours;
};

/* Should this stream get colours? Only a terminal, and not when NO_COLOR is set (no-color.org). */
bool paper_wants_colours(FILE *out);

/* A paragraph without margin, in INK_HEADING. */
void paper_heading(const struct paper *paper, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* A paragraph: `indent` spaces before each line, broken at spaces; words longer than a line are broken anywhere.
 * Control characters and broken UTF-8 come out as '?'. */
void paper_write(const struct paper *paper, enum ink ink, int indent, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

/* The same with a label before the first line; the following lines stand under the text. */
void paper_label(const struct paper *paper, enum ink ink, int indent, const char *label, const char *format, ...)
    __attribute__((format(printf, 5, 6)));

void paper_blank(const struct paper *paper);

#endif
