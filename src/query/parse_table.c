/* Tables with their conditions, and what is computed over them. */
#include "query/parser.h"

/* ---- tables */

enum query_table parse_table_named(const struct token *token)
{
	for (enum query_table table = TABLE_SESSIONS; table <= TABLE_FINDINGS; table <<= 1)
		if (token_is(token, query_table_name(table)))
			return table;
	return 0;
}

static struct node *parse_in_table(struct parser *parser, enum query_table table)
{
	if (parser->table_count == PARSE_TABLES)
		return parse_fail_here(parser, "an expression with fewer tables in tables");
	parser->tables[parser->table_count++] = table;
	struct node *node = parse_expression(parser);
	parser->table_count--;
	return node;
}

/* table [ "where" condition ] */
static void parse_rows(struct parser *parser, struct node *node)
{
	node->table = parse_table_named(&parser->token);
	if (!node->table) {
		parse_fail_here(parser, "a table (sessions, events or findings)");
		return;
	}
	parse_advance(parser);
	node->end = parser->token.at;
	parser->query->looks_ahead = true;
	if (parse_take(parser, "where")) {
		node->where = parse_condition(parser, parse_in_table(parser, node->table));
		if (node->where)
			node->end = node->where->end;
	}
}

struct node *parse_bare_table(struct parser *parser)
{
	struct node *node = parse_node(parser, NODE_AGGREGATE, TYPE_BOOL, parser->token.at);
	if (!node)
		return NULL;
	node->aggregate = AGGREGATE_EXISTS;
	parse_rows(parser, node);
	return node;
}

/* ---- aggregates */

struct parse_aggregate {
	const char *name;
	enum node_aggregate aggregate;
	enum query_type type; /* TYPE_NULL: of what it is computed */
	bool of;              /* "of" may stand in it */
	bool body;            /* ":" may stand in it */
};

static const struct parse_aggregate parse_aggregates[] = {
    {"count", AGGREGATE_COUNT, TYPE_NUMBER, false, false},
    {"none", AGGREGATE_NONE, TYPE_BOOL, false, true},
    {"some", AGGREGATE_SOME, TYPE_BOOL, false, true},
    {"every", AGGREGATE_EVERY, TYPE_BOOL, false, true},
    {"first", AGGREGATE_FIRST, TYPE_ROW, true, false},
    {"last", AGGREGATE_LAST, TYPE_ROW, true, false},
    {"min", AGGREGATE_MIN, TYPE_NULL, true, false},
    {"max", AGGREGATE_MAX, TYPE_NULL, true, false},
    {"sum", AGGREGATE_SUM, TYPE_NULL, true, false},
    {"mean", AGGREGATE_MEAN, TYPE_NULL, true, false},
    {"p50", AGGREGATE_P50, TYPE_NULL, true, false},
    {"p95", AGGREGATE_P95, TYPE_NULL, true, false},
    {"p99", AGGREGATE_P99, TYPE_NULL, true, false},
};

const struct parse_aggregate *parse_aggregate_named(const struct token *token)
{
	for (size_t i = 0; i < sizeof parse_aggregates / sizeof *parse_aggregates; i++)
		if (token_is(token, parse_aggregates[i].name))
			return &parse_aggregates[i];
	return NULL;
}

/* `value of table`: the value's fields are the table's, which is named behind it. So the table is looked for first. */
static enum query_table parse_table_ahead(struct parser *parser)
{
	struct token token = parser->token;
	while (token.kind != TOKEN_END && token.kind != TOKEN_BAD && !token_is(&token, "of"))
		token = token_read(parser->query->text, token.end);
	if (token_is(&token, "of")) {
		token = token_read(parser->query->text, token.end);
		if (!parse_table_named(&token))
			parser->token = token; /* where the error is */
		return parse_table_named(&token);
	}
	return 0;
}

static bool parse_is_countable(enum query_type type)
{
	return type == TYPE_NUMBER || type == TYPE_DURATION || type == TYPE_JSON;
}

static void parse_aggregate_of(struct parser *parser, struct node *node, const struct parse_aggregate *entry)
{
	enum query_table table = parse_table_ahead(parser);
	if (!table) {
		parse_fail_here(parser, "a table (sessions, events, findings)");
		return;
	}
	node->left = parse_in_table(parser, table);
	parse_want(parser, "of");
	if (!node->left || parser->failed)
		return;
	if (entry->type == TYPE_NULL && !parse_is_countable(node->left->type))
		parse_fail_node(parser, node->left, "a number or a duration");
	node->type = node->left->type == TYPE_JSON && entry->type == TYPE_NULL ? TYPE_NUMBER : node->left->type;
	node->words = node->left->words;
}

static void parse_aggregate_body(struct parser *parser, struct node *node, const struct parse_aggregate *entry)
{
	if (entry->body && parse_take(parser, ":"))
		node->right = parse_condition(parser, parse_in_table(parser, node->table));
	else if (entry->aggregate == AGGREGATE_EVERY)
		parse_fail_here(parser, "': CONDITION', what every one must be,");
}

static struct node *parse_aggregate_plain(struct parser *parser, const struct parse_aggregate *entry)
{
	struct node *node = parse_node(parser, NODE_AGGREGATE, entry->type, parser->token.at);
	if (!node)
		return NULL;
	node->aggregate = entry->aggregate;
	parse_advance(parser);
	parse_want(parser, "(");
	if (!parser->failed && entry->of && (!parse_table_named(&parser->token) || entry->type == TYPE_NULL))
		parse_aggregate_of(parser, node, entry);
	if (!parser->failed)
		parse_rows(parser, node);
	if (!parser->failed)
		parse_aggregate_body(parser, node, entry);
	node->end = parser->token.end;
	return parse_want(parser, ")") ? node : NULL;
}

/* A field of the one row: first(events).time */
static struct node *parse_column(struct parser *parser, struct node *row)
{
	while (row && row->type == TYPE_ROW && parse_take(parser, ".")) {
		struct token token = parser->token;
		const struct query_field *field = query_field_find(row->table, token.text);
		parser->tables[parser->table_count++] = row->table;
		bool known = token.kind == TOKEN_NAME && field;
		if (!known)
			parse_fail_name(parser, &token);
		parser->table_count--;
		struct node *node = known ? parse_node(parser, NODE_COLUMN, field->type, row->at) : NULL;
		if (!node)
			return NULL;
		node->left = row;
		node->field = field;
		node->words = field->words;
		node->end = token.end;
		parse_advance(parser);
		if (field->type == TYPE_JSON)
			parse_path(parser, node);
		row = node;
	}
	return row;
}

struct node *parse_aggregate(struct parser *parser, const struct parse_aggregate *entry)
{
	return parse_column(parser, parse_aggregate_plain(parser, entry));
}
