/* `check --format text,junit=FILE,…`: the list, and writing each. */
#ifndef CMD_FORMATS_H
#define CMD_FORMATS_H

#include "view/verdicts.h"

enum { FORMATS_MOST = 16 };

struct format_wanted {
	verdicts_write *write;
	char *file; /* NULL: stdout; owned */
};

struct formats {
	struct format_wanted wanted[FORMATS_MOST];
	size_t count;
};

/* The names of the formats: the one at `index`; NULL behind the last. */
const char *formats_word(size_t index);

/* `list` NULL: text. In GitHub's actions annotations are added. False, and a line on stderr: it names no format. */
bool formats_read(struct formats *formats, const char *list);
void formats_free(struct formats *formats);

/* A file appears whole or not at all. False, and a line on stderr, when one could not be written. */
bool formats_write(const struct formats *formats, const struct verdicts_view *view);

#endif
