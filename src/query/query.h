/*
 * The one expression language of sioscope: filters over events, sessions or findings, and expectations on a capture.
 * Its grammar is in the man page. A filter is asked of a row; an expectation is a sentence about the whole timeline.
 */
#ifndef QUERY_QUERY_H
#define QUERY_QUERY_H

#include "query/value.h"

struct query; /* opaque */

struct query_error {
	size_t line, column; /* from 1; the column counts characters */
	size_t at, end;      /* bytes in the text, for the caret */
	char message[240];
};

enum { QUERY_TEXT = 16384, QUERY_DEPTH = 64 }; /* longer or deeper expressions are refused */

/* `filter`: whose rows it is asked of; 0 for an expectation. `text` is copied. NULL: `error` says why and where. */
struct query *query_parse(struct slice text, enum query_table filter, struct query_error *error);
void query_free(struct query *query);

struct slice query_text(const struct query *query);

/* It asks what is known only once the timeline was kept: latency, or another table. */
bool query_looks_ahead(const struct query *query);

/* A filter. */
bool query_accepts(const struct query *query, const struct query_data *data, const struct query_row *row);

/* An expectation. */
bool query_holds(const struct query *query, const struct query_data *data);

/* It holds, and would whatever else had been captured: what was seen proves it. */
bool query_is_proven(const struct query *query, const struct query_data *data);

/* What was found instead, of an expectation that does not hold: one or a few clauses for people, and the rows that
 * broke it. */
enum { QUERY_CULPRITS = 10 };
struct query_blame {
	struct buffer *sentence; /* set by the caller, as is the next */
	const struct mask *mask;
	struct query_row culprits[QUERY_CULPRITS];
	size_t culprit_count;
	uint64_t more; /* that did not fit */
	bool
	    seen; /* what broke it was there to be seen; else something was missing, which may not have been captured */
};
void query_explain(const struct query *query, const struct query_data *data, struct query_blame *blame);

#endif
