/*
 * Expectations as people write them: a file of sentences. A line that begins with white space goes on with the sentence
 * before it; # begins a comment; empty lines are passed over.
 */
#ifndef QUERY_EXPECTATIONS_H
#define QUERY_EXPECTATIONS_H

#include "query/query.h"

#include <stdio.h>

struct expectation {
	struct query *query;
	const char *file; /* NULL: from the command line */
	size_t line;      /* where it begins, from 1 */
	struct expectation *next;
};

struct expectations {
	struct arena memory;
	struct expectation *first, *last;
	size_t count;
};

enum { EXPECTATIONS_FILE = 1 << 20 }; /* a longer file is refused */

void expectations_init(struct expectations *expectations);
void expectations_free(struct expectations *expectations);

/* Adds one sentence, or all those of a file (which is read to its end). False: what is wrong, and where, was written to
 * `complaints`. `name` is copied. */
bool expectations_add(struct expectations *expectations, const char *text, FILE *complaints);
bool expectations_add_file(struct expectations *expectations, const char *path, FILE *complaints);

/* Writes an error with the line that it is in and a caret under the place: for filters too. `first_line` is the number
 * of the text's first line in `file` (NULL: on the command line). */
void expectations_complain(
    FILE *complaints, const char *file, size_t first_line, struct slice text, const struct query_error *error);

#endif
