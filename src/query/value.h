/* What expressions compute with: rows of three tables, and values. */
#ifndef QUERY_VALUE_H
#define QUERY_VALUE_H

#include "base/timestamp.h"
#include "detect/findings.h"
#include "socketio/record.h"

enum query_table { TABLE_SESSIONS = 1, TABLE_EVENTS = 2, TABLE_FINDINGS = 4 };

/* The three tables. Either may be NULL: then there are no such rows, and what looks back to them is null. */
struct query_data {
	const struct record *record;
	const struct findings *findings;
	struct budget *memory; /* unlimited; counts what was refused to the answers, which are then wrong; or NULL */
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

#endif
