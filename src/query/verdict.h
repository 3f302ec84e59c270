/* What became of expectations: held, broken, or not to be told from what was captured. */
#ifndef QUERY_VERDICT_H
#define QUERY_VERDICT_H

#include "query/expectations.h"

enum outcome { OUTCOME_HELD, OUTCOME_BROKEN, OUTCOME_UNTOLD, OUTCOMES };

/* A row that broke an expectation. */
struct verdict_row {
	uint64_t first_packet, last_packet; /* 0: none */
	const char *what;
};

struct verdict {
	const char *text; /* the expectation, on one line */
	const char *file; /* NULL: from the command line */
	size_t line;
	enum outcome outcome;
	const char *found; /* what was found instead, or why it cannot be told; "" when it held */
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

/* Asks the expectation. `unseen`: what could not be seen of the capture (then what holds is told as held only if what
 * was seen proves it), or NULL. False: no memory. */
bool verdicts_judge(struct verdicts *verdicts, const struct expectation *expectation, const struct query_data *data,
    const char *unseen);

/* The worst of all: broken, could not tell, held. */
enum outcome verdicts_outcome(const struct verdicts *verdicts);

#endif
