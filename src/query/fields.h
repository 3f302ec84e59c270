/* The columns of the three tables, named as the outputs name them. */
#ifndef QUERY_FIELDS_H
#define QUERY_FIELDS_H

#include "query/value.h"

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

/* The nth: the core's in their order, then those of plug-ins; NULL behind the last. */
const struct query_field *query_field_nth(size_t nth);

/* NULL: the table has no such field. */
const struct query_field *query_field_find(enum query_table table, struct slice name);

/* The field whose name is most like this one; NULL when none is like it. */
const struct query_field *query_field_nearest(enum query_table table, struct slice name);

#endif
