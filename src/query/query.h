/*
 * The one expression language of sioscope: filters over events, sessions or findings, and expectations on a capture.
 * The man page has its grammar. A filter applies to one row; an expectation is a statement about the whole timeline.
 * This header has the rows and values that expressions compute with, the fields of each table, and the queries.
 */
#ifndef QUERY_QUERY_H
#define QUERY_QUERY_H

#include "base/timestamp.h"
#include "detect/findings.h"
#include "socketio/record.h"

enum query_table { TABLE_SESSIONS = 1, TABLE_EVENTS = 2, TABLE_FINDINGS = 4 };

/* The three tables. Either may be NULL: then there are no such rows, and what looks back to them is null. */
struct query_data {
	const struct record *record;
	const struct findings *findings;
	struct budget *memory; /* unlimited; counts what was refused to the answers, which are then wrong; or NULL */
	size_t match;          /* bytes of a text that a regular expression looks at; 0: the limit's default */
	uint64_t *undecided;   /* counts the matches that this limit left open: the answers may be wrong; or NULL */
};

struct query_row {
	enum query_table table; /* says which of these is set */
	const struct session *session;
	const struct event *event;
	const struct finding *finding;
};

enum query_type {
	TYPE_NULL, /* not there: an event without an answer has no latency. Compares with nothing but null */
	TYPE_BOOL,
	TYPE_NUMBER,
	TYPE_DURATION, /* nanoseconds, in `number` */
	TYPE_TIME,
	TYPE_TEXT,
	TYPE_WORD, /* one of a list that is known beforehand: its place in `number`, its text in `text` */
	TYPE_JSON, /* of an event's data: its type is known only when it is read */
	TYPE_ROW,
};

/* The words that a field can have. */
struct query_words {
	const char *(*word)(unsigned place); /* from 0 to `count` - 1, in their order */
	unsigned count;
	bool ordered; /* < and > mean something */
};

struct query_value {
	enum query_type type;
	double number; /* BOOL: 0 or 1 */
	timestamp time;
	struct slice text; /* borrowed from the row, the query or `small`; of JSON that is no scalar: its text */
	struct query_row row;
	char small[ENDPOINT_TEXT_SIZE];
};

/* ---- rows */

/* The session that a row belongs to; NULL: none. */
const struct session *query_row_session(const struct query_data *data, const struct query_row *row);
/* It would be that one, whatever else had been captured. */
bool query_row_keeps_session(const struct query_row *row);
timestamp query_row_time(const struct query_row *row); /* TIMESTAMP_NONE: none */

const char *query_table_name(enum query_table table);

/* ---- values */

const char *query_type_name(enum query_type type); /* for people: "a number" */

/* Each sets a value whose type is null before. TIMESTAMP_NONE is null, and so is empty `some_text`. Text is borrowed.
 */
void value_set_number(struct query_value *value, double number);
void value_set_bool(struct query_value *value, bool truth);
void value_set_time(struct query_value *value, timestamp time);
void value_set_duration(struct query_value *value, timestamp span);
void value_set_text(struct query_value *value, struct slice text);
void value_set_some_text(struct query_value *value, struct slice text);
void value_set_word(struct query_value *value, const struct query_words *words, unsigned place);
void value_set_endpoint(struct query_value *value, const struct endpoint *endpoint);

/* ---- fields: the columns of the three tables, named as the outputs name them */

struct query_field {
	const char *name;
	unsigned tables; /* bits of enum query_table */
	enum query_type type;
	const struct query_words *words; /* TYPE_WORD */
	bool looks_ahead;                /* not known when the row comes by, only once the timeline was kept */
	/* Fills in `value`, whose type is null before. The row is of one of `tables`. */
	void (*read)(const struct query_data *data, const struct query_row *row, struct query_value *value);
	/* Of a row that stays, whatever else had been captured: so does this value, which is not null. NULL: never. */
	bool (*stays)(const struct query_row *row, const struct query_value *value);
	const char *meaning;
};

/* The nth: the core's in their order, then those of plug-ins; NULL after the last. */
const struct query_field *query_field_nth(size_t nth);

/* NULL: the table has no such field. */
const struct query_field *query_field_find(enum query_table table, struct slice name);

/* The field whose name is most like this one; NULL when none is like it. */
const struct query_field *query_field_nearest(enum query_table table, struct slice name);

/* ---- queries */

struct query; /* opaque */

struct query_error {
	size_t line, column; /* from 1; the column counts characters */
	size_t at, end;      /* bytes in the text, for the caret */
	char message[240];
};

enum { QUERY_TEXT = 16384, QUERY_DEPTH = 64 }; /* longer or deeper expressions are refused */

/* `filter`: the table to whose rows it applies; 0 for an expectation. `text` is copied. NULL: `error` says why and
 * where. */
struct query *query_parse(struct slice text, enum query_table filter, struct query_error *error);
void query_free(struct query *query);

struct slice query_text(const struct query *query);

/* It asks what is known only once the timeline was kept: latency, or another table. */
bool query_looks_ahead(const struct query *query);

/* A filter. */
bool query_accepts(const struct query *query, const struct query_data *data, const struct query_row *row);

/* An expectation. */
bool query_holds(const struct query *query, const struct query_data *data);

/* It holds, and would whatever else had been captured or matched: what was seen proves it. */
bool query_is_proven(const struct query *query, const struct query_data *data);

/* The same of one that does not hold. */
bool query_is_refuted(const struct query *query, const struct query_data *data);

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

/* Reads a duration as the language writes it (500ms, 2min), in nanoseconds; a bare number is seconds. False: `text` is
 * no duration, or it is not positive. */
bool query_read_duration(struct slice text, int64_t *duration);

#endif
