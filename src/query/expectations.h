/*
 * Expectations as people write them, and their verdicts: held, broken, or could not tell from what was captured.
 * A line of a file that begins with white space continues the sentence before it; # begins a comment; empty lines are
 * ignored.
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

/* ---- verdicts */

enum outcome { OUTCOME_HELD, OUTCOME_BROKEN, OUTCOME_UNTOLD, OUTCOMES };

/* A row that broke an expectation. */
struct verdict_row {
	struct origin origin; /* 0: none */
	const char *what;
};

struct verdict {
	const char *text; /* the expectation, on one line */
	const char *file; /* NULL: from the command line */
	size_t line;
	enum outcome outcome;
	const char *found; /* what was found instead, or why check could not tell; "" when it held */
	struct verdict_row rows[QUERY_CULPRITS];
	size_t row_count;
	uint64_t more; /* rows that are not listed */
	struct verdict *next;
};

struct verdicts {
	struct arena memory;
	struct budget refusals;  /* unlimited; counts what memory was refused to them */
	const struct mask *mask; /* borrowed */
	const char *nothing;     /* why nothing that holds says anything, although all was seen; borrowed, or NULL */
	struct verdict *first, *last;
	uint64_t counts[OUTCOMES];
};

const char *outcome_name(enum outcome outcome); /* "held", "broken", "could not tell" */

void verdicts_init(struct verdicts *verdicts, const struct mask *mask);
void verdicts_free(struct verdicts *verdicts);

/* Evaluates the expectation. `unseen`: what could not be seen of the capture (then it is held only if what
 * was seen proves it), or NULL. False: no memory. */
bool verdicts_judge(struct verdicts *verdicts, const struct expectation *expectation, const struct query_data *data,
    const char *unseen);

/* The worst of all: broken, could not tell, held. */
enum outcome verdicts_outcome(const struct verdicts *verdicts);

#endif
