/* Where output goes: stdout as a text writer, and the formats of `check`. */
#ifndef CMD_OUTPUT_H
#define CMD_OUTPUT_H

#include "cmd/options.h"
#include "view/verdicts.h"
#include "view/writers.h"

#include <stdbool.h>
#include <stdio.h>

/* In colours where they are wanted. */
struct text_writer output_writer(const struct options *options);

/* At the end of the program, which would exit with `code`: the code to exit with. A line on stderr and EXIT_UNABLE when
 * stdout refused something; but a reader that went away (| head) had what it wanted. */
int output_end(int code);

/* ---- formats of `check` */

enum { FORMATS_MOST = 16 };

struct format_wanted {
	verdicts_write *write;
	char *file; /* NULL: stdout; owned */
};

struct formats {
	struct format_wanted wanted[FORMATS_MOST];
	size_t count;
};

/* The names of the formats: the one at `index`; NULL after the last. */
const char *formats_word(size_t index);

/* `list` NULL: text. In GitHub's actions annotations are added. False, and a line on stderr: it names no format. */
bool formats_read(struct formats *formats, const char *list);
void formats_free(struct formats *formats);

/* Does a list (NULL: none) name this file? `file` NULL: any. */
bool formats_name_file(const char *list, const char *file);

/* A file appears whole or not at all. False, and a line on stderr, when one could not be written. */
bool formats_write(const struct formats *formats, const struct options *options, const struct verdicts_view *view);

#endif
