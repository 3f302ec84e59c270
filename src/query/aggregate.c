/* Tables row by row, what is computed over them, and the memo of results that are the same for many rows. */
#include "base/hash.h"
#include "base/text.h"
#include "query/node.h"

#include <stdlib.h>

/* ---- memo: the value of an aggregate, by session and window of time */

/* A full memo is emptied, and values are computed again when needed. */
enum { MEMO_MEMORY = 8 << 20 };

struct memo_key {
	const struct node *aggregate;
	uint64_t session;
	timestamp from, until;
};

struct memo_entry {
	struct memo_key key;
	struct query_value value;
	char *text;         /* that of the value; NULL: it has none of its own */
	uint64_t undecided; /* matches that were left open for it */
	UT_hash_handle hh;
};

struct memo {
	struct memo_entry *entries;
	/* what they were computed from */
	const struct record *record;
	const struct findings *findings;
	uint64_t events, reported;
	struct budget memory; /* its own: it outlives what the values are computed from */
};

struct memo *memo_new(void)
{
	struct memo *memo = calloc(1, sizeof *memo);
	if (memo)
		memo->memory.limit = MEMO_MEMORY;
	return memo;
}

static void memo_entry_free(struct memo_entry *entry)
{
	budget_release(entry->text);
	budget_release(entry);
}

static void memo_clear(struct memo *memo)
{
	struct memo_entry *entry, *next;
	HASH_ITER(hh, memo->entries, entry, next)
	{
		HASH_DEL(memo->entries, entry);
		memo_entry_free(entry);
	}
}

void memo_free(struct memo *memo)
{
	if (memo)
		memo_clear(memo);
	free(memo);
}

void memo_refresh(struct memo *memo, const struct query_data *data)
{
	if (!memo)
		return;
	uint64_t events = data->record ? record_event_count(data->record) : 0;
	uint64_t reported = data->findings ? data->findings->changes : 0;
	if (memo->record != data->record || memo->findings != data->findings || memo->events != events ||
	    memo->reported != reported)
		memo_clear(memo);
	memo->record = data->record;
	memo->findings = data->findings;
	memo->events = events;
	memo->reported = reported;
}

static struct memo_key memo_key_of(const struct node *aggregate, const struct scope *scope)
{
	return (struct memo_key){aggregate, scope->session, scope->from, scope->until};
}

/* Sets `value` to the value of this aggregate in this scope; false when the memo does not have it. */
static bool memo_find(
    const struct memo *memo, const struct node *aggregate, const struct scope *scope, struct query_value *value)
{
	struct memo_key key = memo_key_of(aggregate, scope);
	struct memo_entry *entry;
	HASH_FIND(hh, memo->entries, &key, sizeof key, entry);
	if (!entry)
		return false;
	*value = entry->value;
	if (entry->text) /* the memo may be emptied while the value is used */
		value->text = arena_copy(scope->scratch, entry->value.text);
	if (scope->data->undecided)
		*scope->data->undecided += entry->undecided;
	return !entry->text || value->text.at;
}

/* Text lies in the scratch of its scope, which does not last. */
static bool memo_copy_text(struct memo *memo, struct memo_entry *entry)
{
	struct slice text = entry->value.text;
	if (entry->value.type != TYPE_TEXT || !text.len)
		return true;
	entry->text = budget_copy_text(&memo->memory, text);
	entry->value.text.at = (const uint8_t *)entry->text;
	return entry->text != NULL;
}

static void memo_keep(struct memo *memo, const struct node *aggregate, const struct scope *scope,
    const struct query_value *value, uint64_t undecided)
{
	if (value->type == TYPE_JSON)
		return;
	if (budget_is_short(&memo->memory))
		memo_clear(memo);
	struct memo_entry *entry = budget_new(&memo->memory, sizeof *entry);
	if (!entry)
		return;
	entry->key = memo_key_of(aggregate, scope);
	entry->value = *value;
	entry->undecided = undecided;
	bool kept = memo_copy_text(memo, entry);
	if (kept)
		HASH_ADD(hh, memo->entries, key, sizeof entry->key, entry);
	if (!kept || !hash_has(entry))
		memo_entry_free(entry);
}

/* ---- which may be kept */

static unsigned memo_most(unsigned a, unsigned b)
{
	return a > b ? a : b;
}

/* How many rows out of its own the expression reaches: 0 when it asks nothing of rows that it does not walk itself. An
 * aggregate's parts are one row further in. */
static unsigned memo_mark_reach(struct node *node)
{
	if (!node)
		return 0;
	unsigned reach = node->kind == NODE_FIELD ? node->depth + 1 : 0;
	unsigned parts = memo_most(memo_mark_reach(node->left), memo_mark_reach(node->right));
	parts = memo_most(parts, memo_mark_reach(node->where));
	if (node->kind == NODE_AGGREGATE) {
		parts = parts ? parts - 1 : 0;
		node->is_same_for_all_rows = parts == 0;
	}
	return memo_most(memo_most(reach, parts), memo_mark_reach(node->next));
}

void memo_mark(struct node *root)
{
	memo_mark_reach(root);
}

/* ---- rows */

static bool row_is_inside(const struct scope *scope, const struct query_row *row)
{
	timestamp time = query_row_time(row);
	if (scope->session) {
		const struct session *session = query_row_session(scope->data, row);
		if (!session || session->number != scope->session)
			return false;
	}
	return row->table == TABLE_SESSIONS || ((scope->from == TIMESTAMP_NONE || time >= scope->from) &&
	                                           (scope->until == TIMESTAMP_NONE || time <= scope->until));
}

static bool walk_next_session(struct row_walk *walk)
{
	const struct record *record = walk->around->data->record;
	uint64_t only = walk->around->session;
	if (only && record) {
		walk->row.session = walk->begun ? NULL : record_session(record, only);
		walk->begun = true;
		return walk->row.session;
	}
	while (record && walk->at < record_session_count(record))
		if ((walk->row.session = record_session(record, ++walk->at)))
			return true;
	return false;
}

/* The events of one session are chained; only without a session are all walked. */
static bool walk_next_event(struct row_walk *walk)
{
	const struct record *record = walk->around->data->record;
	if (!record)
		return false;
	if (!walk->around->session)
		walk->at++;
	else
		walk->at = walk->begun ? record_next_of_session(record, walk->at)
		                       : record_session_first(record, walk->around->session);
	walk->begun = true;
	walk->row.event = record_event(record, walk->at);
	return walk->row.event != NULL;
}

static bool walk_next_finding(struct row_walk *walk)
{
	const struct findings *findings = walk->around->data->findings;
	const struct finding *first = findings ? findings->first : NULL;
	walk->row.finding = walk->begun ? walk->row.finding->next : first;
	walk->begun = true;
	return walk->row.finding != NULL;
}

static bool walk_next_any(struct row_walk *walk)
{
	switch (walk->row.table) {
	case TABLE_SESSIONS:
		return walk_next_session(walk);
	case TABLE_EVENTS:
		return walk_next_event(walk);
	default:
		return walk_next_finding(walk);
	}
}

/* The scope of the row, with scratch of its own; false when the walk is not to stop there. */
static bool walk_enter(struct row_walk *walk)
{
	if (!row_is_inside(walk->around, &walk->row))
		return false;
	arena_free(&walk->scratch);
	arena_init(&walk->scratch, SIZE_MAX);
	walk->scope = scope_of_row(walk->around, &walk->row, &walk->scratch);
	return !walk->where || node_holds(walk->where, &walk->scope);
}

struct row_walk row_walk_of(const struct node *aggregate, const struct scope *scope)
{
	return (struct row_walk){.around = scope, .where = aggregate->where, .row = {.table = aggregate->table}};
}

bool row_walk_next(struct row_walk *walk)
{
	while (walk_next_any(walk))
		if (walk_enter(walk))
			return true;
	row_walk_end(walk);
	return false;
}

void row_walk_end(struct row_walk *walk)
{
	arena_free(&walk->scratch);
}

/* Tables inside a row's condition are those of its session. */
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

static timestamp within_anchor(const struct node *node, const struct scope *scope, const struct session *session)
{
	struct query_value value;
	if (!node->left)
		return node->from_start ? session->first : session_begin(session);
	node_evaluate(node->left, scope, &value);
	return value.type == TYPE_ROW    ? query_row_time(&value.row)
	       : value.type == TYPE_TIME ? value.time
	                                 : TIMESTAMP_NONE;
}

/* The scope of the session from its anchor on; false when the anchor is not there. */
static bool within_enter(struct within_walk *walk, const struct session *session)
{
	struct scope *scope = &walk->scope;
	arena_free(&walk->scratch);
	arena_init(&walk->scratch, SIZE_MAX);
	*scope = *walk->around;
	scope->outer = walk->around;
	scope->row = (struct query_row){0};
	scope->session = session->number;
	scope->scratch = &walk->scratch;
	scope->from = within_anchor(walk->node, scope, session);
	if (scope->from == TIMESTAMP_NONE)
		return false;
	double span = walk->node->value.number;
	scope->until = span >= (double)(INT64_MAX - scope->from) ? INT64_MAX : scope->from + (timestamp)span;
	return true;
}

struct within_walk within_walk_of(const struct node *node, const struct scope *scope)
{
	return (struct within_walk){.node = node, .around = scope};
}

bool within_walk_next(struct within_walk *walk)
{
	const struct record *record = walk->around->data->record;
	while (record && walk->session < record_session_count(record)) {
		const struct session *session = record_session(record, ++walk->session);
		bool asked = session && (!walk->around->session || walk->around->session == session->number);
		if (asked && within_enter(walk, session))
			return true;
	}
	within_walk_end(walk);
	return false;
}

void within_walk_end(struct within_walk *walk)
{
	arena_free(&walk->scratch);
}

/* ---- what is gathered from rows */

struct gather {
	uint64_t rows;     /* that `where` lets through */
	uint64_t accepted; /* of these, that the body accepts */
	double sum, least, most;
	struct query_value edge; /* the first or last */
	struct buffer text;      /* of the edge: where it was read does not last */
	double *numbers;         /* for percentiles */
	size_t count, room;
};

static bool gather_keep_number(struct gather *gather, const struct scope *scope, double number)
{
	if (gather->count == gather->room) {
		size_t room = gather->room ? gather->room * 2 : 256;
		double *grown = budget_resize(scope->data->memory, gather->numbers, room * sizeof *grown);
		if (!grown)
			return false;
		gather->numbers = grown;
		gather->room = room;
	}
	gather->numbers[gather->count++] = number;
	return true;
}

static bool gather_take_number(struct gather *gather, const struct node *node, const struct scope *scope, double number)
{
	gather->sum += number;
	gather->least = gather->count && gather->least < number ? gather->least : number;
	gather->most = gather->count && gather->most > number ? gather->most : number;
	if (node->aggregate == AGGREGATE_P50 || node->aggregate == AGGREGATE_P95 || node->aggregate == AGGREGATE_P99)
		return gather_keep_number(gather, scope, number);
	gather->count++;
	return true;
}

static void gather_take_edge(struct gather *gather, const struct query_value *value)
{
	gather->edge = *value;
	buffer_clear(&gather->text);
	if (value->type == TYPE_TEXT)
		buffer_append(&gather->text, value->text);
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
	struct row_walk walk = row_walk_of(node, scope);
	bool more = true;
	while (more && row_walk_next(&walk))
		more = gather_take_row(gather, node, &walk.scope, &walk.row);
	row_walk_end(&walk);
}

/* ---- results */

static double gather_percentile(struct gather *gather, double share)
{
	percentile_sort(gather->numbers, gather->count);
	return percentile_of(gather->numbers, gather->count, share);
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

static void gather_set_bool(const struct gather *gather, const struct node *node, struct query_value *value)
{
	uint64_t accepted = node->right ? gather->accepted : gather->rows;
	value->type = TYPE_BOOL;
	value->number = node->aggregate == AGGREGATE_NONE    ? accepted == 0
	                : node->aggregate == AGGREGATE_EVERY ? gather->rows && accepted == gather->rows
	                                                     : accepted > 0;
}

static void gather_set_edge(const struct gather *gather, const struct scope *scope, struct query_value *value)
{
	*value = gather->edge;
	if (value->type != TYPE_TEXT)
		return;
	value->text = arena_copy(scope->scratch, buffer_slice(&gather->text));
	if (!value->text.at && gather->text.len)
		value->type = TYPE_NULL;
}

static void aggregate_compute(const struct node *node, const struct scope *scope, struct query_value *value)
{
	struct gather gather = {0};
	buffer_init(&gather.text, BUFFER_NO_LIMIT, NULL);
	gather_rows(&gather, node, scope);
	if (node->aggregate == AGGREGATE_COUNT) {
		value->type = TYPE_NUMBER;
		value->number = (double)gather.rows;
	} else if (node->type == TYPE_BOOL && !node->left) {
		gather_set_bool(&gather, node, value);
	} else if (aggregate_is_edge(node->aggregate)) {
		gather_set_edge(&gather, scope, value);
	} else if (gather.count) {
		value->type = node->type;
		value->number = gather_number(&gather, node->aggregate);
	}
	buffer_free(&gather.text);
	budget_release(gather.numbers);
}

void aggregate_evaluate(const struct node *node, const struct scope *scope, struct query_value *value)
{
	bool may_keep = scope->memo && node->is_same_for_all_rows;
	if (may_keep && memo_find(scope->memo, node, scope, value))
		return;
	const uint64_t *undecided = scope->data->undecided;
	uint64_t before = undecided ? *undecided : 0;
	aggregate_compute(node, scope, value);
	if (may_keep)
		memo_keep(scope->memo, node, scope, value, undecided ? *undecided - before : 0);
}
