/* Tables, row by row, and what is computed over them. */
#include "query/node.h"

#include <math.h>
#include <stdlib.h>

/* ---- rows */

static bool row_is_inside(const struct scope *scope, const struct query_row *row)
{
	stamp time = query_row_time(row);
	if (scope->session) {
		const struct session *session = query_row_session(scope->data, row);
		if (!session || session->number != scope->session)
			return false;
	}
	return row->table == TABLE_SESSIONS || ((scope->from == STAMP_NONE || time >= scope->from) &&
	                                           (scope->until == STAMP_NONE || time <= scope->until));
}

static bool walk_next_session(struct row_walk *walk, struct query_row *row)
{
	const struct record *record = walk->scope->data->record;
	while (record && walk->at < record_session_count(record))
		if ((row->session = record_session(record, ++walk->at)))
			return true;
	return false;
}

/* The events of one session are chained; only without a session are all walked. */
static bool walk_next_event(struct row_walk *walk, struct query_row *row)
{
	const struct record *record = walk->scope->data->record;
	if (!record)
		return false;
	if (!walk->scope->session)
		walk->at++;
	else
		walk->at = walk->begun ? record_next_of_session(record, walk->at)
		                       : record_session_first(record, walk->scope->session);
	walk->begun = true;
	row->event = record_event(record, walk->at);
	return row->event != NULL;
}

static bool walk_next_finding(struct row_walk *walk, struct query_row *row)
{
	const struct findings *findings = walk->scope->data->findings;
	walk->finding = walk->begun ? walk->finding->next : findings ? findings->first : NULL;
	walk->begun = true;
	row->finding = walk->finding;
	return row->finding != NULL;
}

static bool walk_next_any(struct row_walk *walk, struct query_row *row)
{
	*row = (struct query_row){.table = walk->table};
	switch (walk->table) {
	case TABLE_SESSIONS:
		return walk_next_session(walk, row);
	case TABLE_EVENTS:
		return walk_next_event(walk, row);
	default:
		return walk_next_finding(walk, row);
	}
}

bool row_walk_next(struct row_walk *walk, struct query_row *row)
{
	while (walk_next_any(walk, row))
		if (row_is_inside(walk->scope, row))
			return true;
	return false;
}

/* Tables that are asked within a row are those of its session. */
struct scope scope_of_row(const struct scope *scope, const struct query_row *row, struct arena *scratch)
{
	struct scope inner = *scope;
	const struct session *session = query_row_session(scope->data, row);
	inner.outer = scope;
	inner.row = *row;
	inner.scratch = scratch;
	if (session)
		inner.session = session->number;
	return inner;
}

/* ---- within */

static stamp within_anchor(const struct node *node, const struct scope *scope, const struct session *session)
{
	struct query_value value;
	if (!node->left)
		return node->from_start || session->opened == STAMP_NONE ? session->first : session->opened;
	node_evaluate(node->left, scope, &value);
	return value.type == TYPE_ROW ? query_row_time(&value.row) : value.type == TYPE_TIME ? value.time : STAMP_NONE;
}

static stamp within_end(stamp from, double span)
{
	return span >= (double)(INT64_MAX - from) ? INT64_MAX : from + (stamp)span;
}

bool within_walk_next(struct within_walk *walk, struct scope *narrowed)
{
	const struct record *record = walk->scope->data->record;
	while (record && walk->session < record_session_count(record)) {
		const struct session *session = record_session(record, ++walk->session);
		if (!session || (walk->scope->session && walk->scope->session != session->number))
			continue;
		*narrowed = *walk->scope;
		narrowed->outer = walk->scope;
		narrowed->row = (struct query_row){0};
		narrowed->session = session->number;
		narrowed->scratch = walk->scratch;
		narrowed->from = within_anchor(walk->node, narrowed, session);
		if (narrowed->from == STAMP_NONE)
			continue;
		narrowed->until = within_end(narrowed->from, walk->node->value.number);
		return true;
	}
	return false;
}

/* ---- what is gathered from rows */

struct gather {
	uint64_t rows;     /* that `where` lets through */
	uint64_t accepted; /* of these, that the body accepts */
	double sum, least, most;
	struct query_value edge; /* the first or last */
	double *numbers;         /* for percentiles */
	size_t count, room;
};

static bool gather_keep_number(struct gather *gather, const struct scope *scope, double number)
{
	if (gather->count == gather->room) {
		size_t room = gather->room ? gather->room * 2 : 256;
		double *grown = realloc(gather->numbers, room * sizeof *grown);
		if (!grown) {
			budget_note_refusal(scope->data->memory);
			return false;
		}
		gather->numbers = grown;
		gather->room = room;
	}
	gather->numbers[gather->count++] = number;
	return true;
}

static bool aggregate_is_percentile(enum node_aggregate aggregate)
{
	return aggregate == AGGREGATE_P50 || aggregate == AGGREGATE_P95 || aggregate == AGGREGATE_P99;
}

static bool gather_take_number(struct gather *gather, const struct node *node, const struct scope *scope, double number)
{
	gather->sum += number;
	gather->least = gather->count && gather->least < number ? gather->least : number;
	gather->most = gather->count && gather->most > number ? gather->most : number;
	if (aggregate_is_percentile(node->aggregate))
		return gather_keep_number(gather, scope, number);
	gather->count++;
	return true;
}

/* Text that JSON was unescaped into is the row's scratch, which does not last: the edge keeps its start. */
static void gather_take_edge(struct gather *gather, const struct query_value *value)
{
	gather->edge = *value;
	if (value->type != TYPE_TEXT)
		return;
	gather->edge.text = slice_take(value->text, sizeof gather->edge.small);
	memmove(gather->edge.small, value->text.at, gather->edge.text.len);
}

static bool aggregate_is_edge(enum node_aggregate aggregate)
{
	return aggregate == AGGREGATE_FIRST || aggregate == AGGREGATE_LAST;
}

/* False: what follows does not matter any more. */
static bool gather_take_row(
    struct gather *gather, const struct node *node, const struct scope *scope, const struct query_row *row)
{
	struct query_value value = {.type = TYPE_ROW, .row = *row};
	gather->rows++;
	if (node->right && node_holds(node->right, scope))
		gather->accepted++;
	if (node->left)
		node_evaluate(node->left, scope, &value);
	if (aggregate_is_edge(node->aggregate) && value.type != TYPE_NULL) {
		gather_take_edge(gather, &value);
		return node->aggregate == AGGREGATE_LAST;
	}
	if (node->left && (value.type == TYPE_NUMBER || value.type == TYPE_DURATION))
		return gather_take_number(gather, node, scope, value.number);
	/* What is settled by one row needs no other. */
	bool settles = node->aggregate == AGGREGATE_SOME || node->aggregate == AGGREGATE_NONE;
	return !(node->aggregate == AGGREGATE_EXISTS || (settles && (!node->right || gather->accepted)));
}

static void gather_rows(struct gather *gather, const struct node *node, const struct scope *scope)
{
	struct row_walk walk = {.scope = scope, .table = node->table};
	struct query_row row;
	bool more = true;
	while (more && row_walk_next(&walk, &row)) {
		struct arena scratch;
		arena_init(&scratch, SIZE_MAX);
		struct scope inner = scope_of_row(scope, &row, &scratch);
		if (!node->where || node_holds(node->where, &inner))
			more = gather_take_row(gather, node, &inner, &row);
		arena_free(&scratch);
	}
}

/* ---- results */

static int number_order(const void *a, const void *b)
{
	double left = *(const double *)a, right = *(const double *)b;
	return left < right ? -1 : left > right;
}

/* The nearest rank: the least number that is not exceeded by the others in `share` of all cases. */
static double gather_percentile(struct gather *gather, double share)
{
	qsort(gather->numbers, gather->count, sizeof *gather->numbers, number_order);
	size_t rank = (size_t)ceil(share * (double)gather->count);
	return gather->numbers[rank ? rank - 1 : 0];
}

static double gather_number(struct gather *gather, enum node_aggregate aggregate)
{
	switch (aggregate) {
	case AGGREGATE_MIN:
		return gather->least;
	case AGGREGATE_MAX:
		return gather->most;
	case AGGREGATE_SUM:
		return gather->sum;
	case AGGREGATE_MEAN:
		return gather->sum / (double)gather->count;
	case AGGREGATE_P50:
		return gather_percentile(gather, 0.5);
	case AGGREGATE_P95:
		return gather_percentile(gather, 0.95);
	default:
		return gather_percentile(gather, 0.99);
	}
}

static void gather_tell_bool(const struct gather *gather, const struct node *node, struct query_value *value)
{
	uint64_t accepted = node->right ? gather->accepted : gather->rows;
	value->type = TYPE_BOOL;
	value->number = node->aggregate == AGGREGATE_NONE    ? accepted == 0
	                : node->aggregate == AGGREGATE_EVERY ? gather->rows && accepted == gather->rows
	                                                     : accepted > 0;
}

void aggregate_evaluate(const struct node *node, const struct scope *scope, struct query_value *value)
{
	struct gather gather = {0};
	gather_rows(&gather, node, scope);
	if (node->aggregate == AGGREGATE_COUNT) {
		value->type = TYPE_NUMBER;
		value->number = (double)gather.rows;
	} else if (node->type == TYPE_BOOL && !node->left) {
		gather_tell_bool(&gather, node, value);
	} else if (aggregate_is_edge(node->aggregate)) {
		*value = gather.edge;
		if (value->type == TYPE_TEXT) /* the copy in `small` moved with it */
			value->text.at = (const uint8_t *)value->small;
	} else if (gather.count) {
		value->type = node->type;
		value->number = gather_number(&gather, node->aggregate);
	}
	free(gather.numbers);
}
