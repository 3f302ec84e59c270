/*
 * Computes an expression for a row. A missing value is null; null equals only null, and every < or > with it is false.
 * And what rows and values have in common.
 */
#include "base/json.h"
#include "base/resources.h"
#include "http/exchange.h"
#include "query/node.h"
#include "query/query.h"

#include <string.h>

/* ---- rows */

const struct session *query_row_session(const struct query_data *data, const struct query_row *row)
{
	switch (row->table) {
	case TABLE_SESSIONS:
		return row->session;
	case TABLE_EVENTS:
		return row->event->session;
	default:
		return data->record ? record_session(data->record, row->finding->session) : NULL;
	}
}

/* Which request an HTTP answer answers is a guess once some of both were lost; what says its session itself is certain:
 * a request, an open, a WebSocket's. */
static bool event_keeps_session(const struct event *event)
{
	if (event->kind == EVENT_HTTP)
		return event->exchange && event->exchange->target->sid_len;
	return event->transport != TRANSPORT_POLLING || event->direction == DIRECTION_TO_SERVER ||
	       event->kind == EVENT_OPEN;
}

bool query_row_keeps_session(const struct query_row *row)
{
	return row->table == TABLE_SESSIONS || (row->table == TABLE_EVENTS && event_keeps_session(row->event));
}

timestamp query_row_time(const struct query_row *row)
{
	switch (row->table) {
	case TABLE_SESSIONS:
		return row->session->first;
	case TABLE_EVENTS:
		return row->event->origin.time;
	default:
		return row->finding->time;
	}
}

const char *query_table_name(enum query_table table)
{
	return table == TABLE_SESSIONS ? "sessions" : table == TABLE_EVENTS ? "events" : "findings";
}

/* ---- values */

const char *query_type_name(enum query_type type)
{
	static const char *const names[] = {
	    "null", "true or false", "a number", "a duration", "a time", "text", "a word", "JSON", "a row"};
	return names[type];
}

void value_set_number(struct query_value *value, double number)
{
	value->type = TYPE_NUMBER;
	value->number = number;
}

void value_set_bool(struct query_value *value, bool truth)
{
	value->type = TYPE_BOOL;
	value->number = truth;
}

void value_set_time(struct query_value *value, timestamp time)
{
	value->type = time == TIMESTAMP_NONE ? TYPE_NULL : TYPE_TIME;
	value->time = time;
}

void value_set_duration(struct query_value *value, timestamp span)
{
	value->type = span == TIMESTAMP_NONE ? TYPE_NULL : TYPE_DURATION;
	value->number = (double)span;
}

void value_set_text(struct query_value *value, struct slice text)
{
	value->type = TYPE_TEXT;
	value->text = text;
}

void value_set_word(struct query_value *value, const struct query_words *words, unsigned place)
{
	value->type = TYPE_WORD;
	value->number = place;
	value->text = slice_of_text(words->word(place));
}

void value_set_endpoint(struct query_value *value, const struct endpoint *endpoint)
{
	value_set_text(value, slice_of_text(endpoint_format(endpoint, value->small)));
}

void value_set_some_text(struct query_value *value, struct slice text)
{
	if (text.len)
		value_set_text(value, text);
}

/* ---- JSON, read where it lies */

/* The nth argument of an event: arguments are separated by commas, without brackets. */
static bool json_find_argument(struct slice arguments, size_t index, struct slice *value)
{
	while (json_take_checked(&arguments, value)) {
		if (!index--)
			return true;
		arguments = slice_drop(arguments, slice_find_byte(arguments, ',') + 1);
	}
	return false;
}

static bool json_take_step(const struct node_step *step, bool is_list, struct slice *value)
{
	struct slice from = *value;
	if (is_list && step->key)
		return json_find_argument(from, 0, &from) && json_find_member(from, step->key, value);
	if (is_list)
		return json_find_argument(from, step->index, value);
	return step->key ? json_find_member(from, step->key, value) : json_find_element(from, step->index, value);
}

/* A JSON text as the value it is; what is no scalar stays text. */
static void value_of_json(struct query_value *value, const struct scope *scope)
{
	struct buffer text;
	switch (json_kind_of(value->text)) {
	case JSON_TRUE:
	case JSON_FALSE:
		value->type = TYPE_BOOL;
		value->number = json_kind_of(value->text) == JSON_TRUE;
		break;
	case JSON_NUMBER:
		value->type = json_read_number(value->text, &value->number) ? TYPE_NUMBER : TYPE_NULL;
		break;
	case JSON_STRING:
		buffer_init(&text, value->text.len * 3 + 16, scope->data->memory);
		value->type = json_unescape(value->text, &text) ? TYPE_TEXT : TYPE_NULL;
		value->text = arena_copy(scope->scratch, buffer_slice(&text));
		if (!value->text.at)
			budget_note_refusal(scope->data->memory);
		buffer_free(&text);
		break;
	case JSON_NULL:
	case JSON_BAD:
	case JSON_NOT_FINITE:
		value->type = TYPE_NULL;
		break;
	default:
		value->type = TYPE_TEXT;
	}
}

static bool field_is_arguments(const struct query_field *field, const struct query_row *row)
{
	return field->tables == TABLE_EVENTS && row->event->kind == EVENT_EVENT && strcmp(field->name, "data") == 0;
}

static void field_evaluate(
    const struct node *node, const struct scope *scope, const struct query_row *row, struct query_value *value)
{
	node->field->read(scope->data, row, value);
	if (value->type != TYPE_JSON)
		return;
	bool is_list = field_is_arguments(node->field, row);
	for (const struct node_step *step = node->path; step; step = step->next, is_list = false)
		if (!json_take_step(step, is_list, &value->text)) {
			value->type = TYPE_NULL;
			return;
		}
	if (is_list)
		value->type = TYPE_TEXT; /* all the arguments, as received */
	else
		value_of_json(value, scope);
}

/* ---- comparisons */

static int value_order(const struct query_value *left, const struct query_value *right)
{
	if (left->type == TYPE_TIME)
		return left->time < right->time ? -1 : left->time > right->time;
	if (left->type != TYPE_TEXT)
		return left->number < right->number ? -1 : left->number > right->number;
	size_t common = left->text.len < right->text.len ? left->text.len : right->text.len;
	int order = common ? memcmp(left->text.at, right->text.at, common) : 0;
	return order ? order : left->text.len < right->text.len ? -1 : left->text.len > right->text.len;
}

static bool values_compare(enum node_operator op, const struct query_value *left, const struct query_value *right)
{
	bool same_type = left->type == right->type;
	bool comparable = same_type && left->type != TYPE_NULL;
	int order = comparable ? value_order(left, right) : 0;
	switch (op) {
	case OP_EQUAL:
		return same_type && order == 0;
	case OP_DIFFERENT:
		return !(same_type && order == 0);
	case OP_LESS:
		return comparable && order < 0;
	case OP_LESS_EQUAL:
		return comparable && order <= 0;
	case OP_MORE:
		return comparable && order > 0;
	default:
		return comparable && order >= 0;
	}
}

static bool compare_holds(const struct node *node, const struct scope *scope)
{
	struct query_value left, right;
	node_evaluate(node->left, scope, &left);
	node_evaluate(node->right, scope, &right);
	/* JSON has no durations: a number that is compared with a duration is in milliseconds. */
	if (left.type == TYPE_NUMBER && right.type == TYPE_DURATION) {
		right.type = TYPE_NUMBER;
		right.number /= 1e6;
	}
	return values_compare(node->op, &left, &right);
}

/* What is no text matches nothing. */
static enum pattern_answer match_answer(const struct node *node, const struct scope *scope)
{
	struct query_value value;
	node_evaluate(node->left, scope, &value);
	if (value.type != TYPE_TEXT && value.type != TYPE_WORD)
		return PATTERN_DIFFERS;
	size_t limit = scope->data->match ? scope->data->match : limits_table[LIMIT_MATCH].initial;
	return pattern_search(node->pattern, value.text, limit);
}

bool match_is_decided(const struct node *node, const struct scope *scope)
{
	enum pattern_answer answer = match_answer(node, scope);
	return answer == PATTERN_MATCHES || answer == PATTERN_DIFFERS;
}

/* Neither ~ nor !~ holds of what cannot be decided; the counts say so. */
static bool match_holds(const struct node *node, const struct scope *scope)
{
	enum pattern_answer answer = match_answer(node, scope);
	if (answer == PATTERN_REFUSED)
		budget_note_refusal(scope->data->memory);
	if (answer == PATTERN_UNDECIDED && scope->data->undecided)
		++*scope->data->undecided;
	return answer == (node->negated ? PATTERN_DIFFERS : PATTERN_MATCHES);
}

static bool in_holds(const struct node *node, const struct scope *scope)
{
	struct query_value left, item;
	node_evaluate(node->left, scope, &left);
	for (const struct node *each = node->right; each; each = each->next) {
		node_evaluate(each, scope, &item);
		if (values_compare(OP_EQUAL, &left, &item))
			return !node->negated;
	}
	return node->negated;
}

static timestamp value_when(const struct query_value *value)
{
	return value->type == TYPE_ROW    ? query_row_time(&value->row)
	       : value->type == TYPE_TIME ? value->time
	                                  : TIMESTAMP_NONE;
}

/* Of two events with one time the timeline's order decides. */
static bool order_holds(const struct node *node, const struct scope *scope)
{
	struct query_value sides[2];
	node_evaluate(node->left, scope, &sides[0]);
	node_evaluate(node->right, scope, &sides[1]);
	const struct query_value *early = &sides[node->op == OP_AFTER], *late = &sides[node->op == OP_BEFORE];
	timestamp first = value_when(early), second = value_when(late);
	if (first == TIMESTAMP_NONE || second == TIMESTAMP_NONE)
		return false;
	if (first == second && early->type == TYPE_ROW && late->type == TYPE_ROW && early->row.event && late->row.event)
		return early->row.event->index < late->row.event->index;
	return first < second;
}

static bool within_holds(const struct node *node, const struct scope *scope)
{
	struct within_walk walk = within_walk_of(node, scope);
	bool any = false, all = true;
	while (all && within_walk_next(&walk)) {
		any = true;
		all = node_holds(node->right, &walk.scope);
	}
	within_walk_end(&walk);
	return any && all;
}

/* ---- arithmetic */

static void arithmetic_evaluate(const struct node *node, const struct scope *scope, struct query_value *value)
{
	struct query_value left, right;
	node_evaluate(node->left, scope, &left);
	node_evaluate(node->right, scope, &right);
	if (left.type == TYPE_NULL || right.type == TYPE_NULL)
		return;
	value->type = node->type;
	if (left.type == TYPE_TIME) {
		bool span = right.type == TYPE_TIME;
		value->number = span ? (double)(left.time - right.time) : 0;
		value->time = left.time + (node->op == OP_ADD ? (timestamp)right.number : -(timestamp)right.number);
		return;
	}
	switch (node->op) {
	case OP_ADD:
		value->number = left.number + right.number;
		break;
	case OP_SUBTRACT:
		value->number = left.number - right.number;
		break;
	case OP_MULTIPLY:
		value->number = left.number * right.number;
		break;
	default:
		value->number = left.number / right.number;
		if (right.number == 0)
			value->type = TYPE_NULL;
	}
}

/* ---- all kinds */

static bool node_truth(const struct node *node, const struct scope *scope)
{
	switch (node->kind) {
	case NODE_NOT:
		return !node_holds(node->left, scope);
	case NODE_AND:
		return node_holds(node->left, scope) && node_holds(node->right, scope);
	case NODE_OR:
		return node_holds(node->left, scope) || node_holds(node->right, scope);
	case NODE_COMPARE:
		return compare_holds(node, scope);
	case NODE_MATCH:
		return match_holds(node, scope);
	case NODE_IN:
		return in_holds(node, scope);
	case NODE_ORDER:
		return order_holds(node, scope);
	default:
		return within_holds(node, scope);
	}
}

const struct query_row *scope_row(const struct scope *scope, unsigned depth)
{
	while (scope && (!scope->row.table || depth--))
		scope = scope->outer;
	return scope ? &scope->row : NULL;
}

static void column_evaluate(const struct node *node, const struct scope *scope, struct query_value *value)
{
	struct query_value row;
	node_evaluate(node->left, scope, &row);
	if (row.type == TYPE_ROW)
		field_evaluate(node, scope, &row.row, value);
}

static void node_evaluate_field(const struct node *node, const struct scope *scope, struct query_value *value)
{
	const struct query_row *row = scope_row(scope, node->depth);
	if (row)
		field_evaluate(node, scope, row, value);
}

void node_evaluate(const struct node *node, const struct scope *scope, struct query_value *value)
{
	*value = (struct query_value){.type = TYPE_NULL};
	switch (node->kind) {
	case NODE_VALUE:
		*value = node->value;
		break;
	case NODE_FIELD:
		node_evaluate_field(node, scope, value);
		break;
	case NODE_COLUMN:
		column_evaluate(node, scope, value);
		break;
	case NODE_ARITHMETIC:
		arithmetic_evaluate(node, scope, value);
		break;
	case NODE_AGGREGATE:
		aggregate_evaluate(node, scope, value);
		break;
	default:
		value->number = node_truth(node, scope);
		value->type = TYPE_BOOL;
	}
}

bool node_holds(const struct node *node, const struct scope *scope)
{
	struct query_value value;
	node_evaluate(node, scope, &value);
	return value.type == TYPE_BOOL && value.number != 0;
}

/* ---- the query as a whole */

struct scope scope_of_all(const struct query *query, const struct query_data *data, struct arena *scratch)
{
	arena_init(scratch, SIZE_MAX);
	memo_refresh(query->memo, data);
	return (struct scope){
	    .data = data, .from = TIMESTAMP_NONE, .until = TIMESTAMP_NONE, .scratch = scratch, .memo = query->memo};
}

bool query_accepts(const struct query *query, const struct query_data *data, const struct query_row *row)
{
	struct arena scratch;
	struct scope all = scope_of_all(query, data, &scratch);
	struct scope scope = scope_of_row(&all, row, &scratch);
	bool accepted = node_holds(query->root, &scope);
	arena_free(&scratch);
	return accepted;
}

bool query_holds(const struct query *query, const struct query_data *data)
{
	struct arena scratch;
	struct scope scope = scope_of_all(query, data, &scratch);
	bool holds = node_holds(query->root, &scope);
	arena_free(&scratch);
	return holds;
}
