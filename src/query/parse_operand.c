/*
 * Operands: text, numbers, words of a list, fields and paths into their JSON, tables with their conditions, aggregates.
 */
#include "base/text.h"
#include "query/node.h"

#include <stdio.h>

/* ---- text */

static struct slice parse_unescape(struct parser *parser, struct slice text)
{
	uint8_t *out = arena_alloc(&parser->query->memory, text.len + 1);
	size_t len = 0;
	for (size_t i = 0; out && i < text.len; i++) {
		/* Only quotes are escaped here; all other backslashes are the regular expression's own. */
		if (text.at[i] == '\\' && i + 1 < text.len && (text.at[i + 1] == '"' || text.at[i + 1] == '\''))
			i++;
		out[len++] = text.at[i];
	}
	return slice_of(out, out ? len : 0);
}

struct node *parse_text(struct parser *parser)
{
	struct token token = parser->token;
	parse_advance(parser);
	struct node *node = parse_node(parser, NODE_VALUE, TYPE_TEXT, token.at);
	if (!node)
		return NULL;
	node->end = token.end;
	node->value.type = TYPE_TEXT;
	node->value.text = parse_unescape(parser, token.text);
	return node;
}

static struct node *parse_number(struct parser *parser)
{
	struct token token = parser->token;
	parse_advance(parser);
	enum query_type type = token.kind == TOKEN_DURATION ? TYPE_DURATION : TYPE_NUMBER;
	struct node *node = parse_node(parser, NODE_VALUE, type, token.at);
	if (!node)
		return NULL;
	node->end = token.end;
	node->value.type = type;
	node->value.number = token.number;
	return node;
}

/* ---- words */

static bool words_find(const struct query_words *words, struct slice text, unsigned *place)
{
	for (*place = 0; *place < words->count; ++*place)
		if (slice_equals_text(text, words->word(*place)))
			return true;
	return false;
}

enum { PARSE_LIST = 400 };

static void parse_list_name(struct buffer *list, const char *name)
{
	buffer_append_format(list, "%s%s", list->len ? " " : "", name);
}

/* NULL: none is near. */
static const char *words_nearest(const struct query_words *words, struct slice text)
{
	const char *nearest = NULL;
	unsigned best = SUGGEST_MEANT - 1;
	for (unsigned i = 0; i < words->count; i++) {
		unsigned likeness = suggest_likeness(text, slice_of_text(words->word(i)));
		if (likeness > best) {
			best = likeness;
			nearest = words->word(i);
		}
	}
	return nearest;
}

bool parse_set_word(struct parser *parser, struct node *node, const struct query_words *words, struct slice text)
{
	unsigned place;
	if (!words_find(words, text, &place)) {
		const char *nearest = words_nearest(words, text);
		char list_text[PARSE_LIST];
		struct buffer list = buffer_over(list_text, sizeof list_text);
		for (unsigned i = 0; !nearest && i < words->count; i++)
			parse_list_name(&list, words->word(i));
		parse_fail(parser, node->at, node->end, "there is no '%.*s' here; %s%.*s%s",
		    (int)slice_take(text, 60).len, (const char *)text.at, nearest ? "did you mean \"" : "there are ",
		    nearest ? (int)strlen(nearest) : (int)list.len, nearest ? nearest : list_text,
		    nearest ? "\"?" : "");
		return false;
	}
	node->type = TYPE_WORD;
	node->words = words;
	value_set_word(&node->value, words, place);
	return true;
}

static struct node *parse_word(struct parser *parser, const struct query_words *words)
{
	struct token token = parser->token;
	parse_advance(parser);
	struct node *node = parse_node(parser, NODE_VALUE, TYPE_WORD, token.at);
	if (!node)
		return NULL;
	node->end = token.end;
	return parse_set_word(parser, node, words, token.text) ? node : NULL;
}

/* ---- fields */

static struct node_step *parse_step(struct parser *parser)
{
	struct node_step *step = arena_alloc(&parser->query->memory, sizeof *step);
	if (!step) {
		parse_fail_here(parser, "a shorter expression");
		return NULL;
	}
	bool bracket = parse_take(parser, "[");
	if (!bracket)
		parse_want(parser, ".");
	struct token token = parser->token;
	bool key = token.kind == (bracket ? TOKEN_TEXT : TOKEN_NAME);
	if (!key && !(bracket && token.kind == TOKEN_NUMBER && token.number < 1e9)) {
		parse_fail_here(parser, bracket ? "an index or a key in quotes" : "a key");
		return NULL;
	}
	parse_advance(parser);
	if (key)
		step->key = arena_copy_text(&parser->query->memory, token.text);
	else
		step->index = (size_t)token.number;
	if (bracket)
		parse_want(parser, "]");
	return step;
}

static void parse_path(struct parser *parser, struct node *node)
{
	struct node_step **end = &node->path;
	while (!parser->failed && (parse_is(parser, ".") || parse_is(parser, "["))) {
		if (!(*end = parse_step(parser)))
			return;
		end = &(*end)->next;
	}
	node->end = parser->token.at;
}

static const struct query_field *parse_find_field(const struct parser *parser, struct slice name, unsigned *depth)
{
	for (*depth = 0; *depth < parser->table_count; ++*depth) {
		enum query_table table = parser->tables[parser->table_count - 1 - *depth];
		const struct query_field *field = query_field_find(table, name);
		if (field)
			return field;
	}
	return NULL;
}

/* Does it stand behind a sign that compares? There a text is likelier than a field. */
static bool parse_is_compared(const struct parser *parser, const struct token *token)
{
	const struct slice text = query_text(parser->query);
	size_t at = token->at;
	while (at && at <= text.len && text.at[at - 1] == ' ')
		at--;
	return at && at <= text.len && strchr("=<>~", text.at[at - 1]);
}

static struct node *parse_fail_name(struct parser *parser, const struct token *token)
{
	int len = (int)slice_take(token->text, 60).len;
	const char *name = (const char *)token->text.at;
	if (!parser->table_count)
		return parse_fail(parser, token->at, token->end,
		    "'%.*s' is no table (sessions, events, findings) and no function (count, none, some, …)", len,
		    name);
	enum query_table table = parser->tables[parser->table_count - 1];
	const struct query_field *nearest = query_field_nearest(table, token->text), *field;
	char list_text[PARSE_LIST];
	struct buffer list = buffer_over(list_text, sizeof list_text);
	for (size_t nth = 0; !nearest && (field = query_field_nth(nth)); nth++)
		if (field->tables & table)
			parse_list_name(&list, field->name);
	if (nearest)
		return parse_fail(parser, token->at, token->end, "%s have no field '%.*s'; did you mean %s?",
		    query_table_name(table), len, name, nearest->name);
	if (parse_is_compared(parser, token))
		return parse_fail(parser, token->at, token->end,
		    "%s have no field '%.*s'; a text is written in quotes: \"%.*s\"", query_table_name(table), len,
		    name, len, name);
	return parse_fail(parser, token->at, token->end, "%s have no field '%.*s'; they have %.*s",
	    query_table_name(table), len, name, (int)list.len, list_text);
}

static struct node *parse_field(struct parser *parser)
{
	struct token token = parser->token;
	unsigned depth;
	const struct query_field *field = parse_find_field(parser, token.text, &depth);
	if (!field)
		return parse_fail_name(parser, &token);
	parse_advance(parser);
	struct node *node = parse_node(parser, NODE_FIELD, field->type, token.at);
	if (!node)
		return NULL;
	node->end = token.end;
	node->field = field;
	node->words = field->words;
	node->depth = depth;
	parser->query->looks_ahead |= field->looks_ahead;
	if (field->type == TYPE_JSON)
		parse_path(parser, node);
	return node;
}

/* ---- tables */

static enum query_table parse_table_named(const struct token *token)
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

static struct node *parse_bare_table(struct parser *parser)
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
	bool of;              /* "of" is allowed in it */
	bool body;            /* ":" is allowed in it */
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

static const struct parse_aggregate *parse_aggregate_named(const struct token *token)
{
	for (size_t i = 0; i < sizeof parse_aggregates / sizeof *parse_aggregates; i++)
		if (token_is(token, parse_aggregates[i].name))
			return &parse_aggregates[i];
	return NULL;
}

/* `value of table`: the value's fields are those of the table, whose name follows. The table is read first. */
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
	enum query_type type = node->left->type;
	if (entry->type == TYPE_NULL && type != TYPE_NUMBER && type != TYPE_DURATION && type != TYPE_JSON)
		parse_fail_node(parser, node->left, "a number or a duration");
	node->type = type == TYPE_JSON && entry->type == TYPE_NULL ? TYPE_NUMBER : type;
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

static struct node *parse_aggregate(struct parser *parser, const struct parse_aggregate *entry)
{
	return parse_column(parser, parse_aggregate_plain(parser, entry));
}

/* ---- primaries */

static const struct {
	const char *name;
	enum query_type type;
	double number;
} parse_constants[] = {{"true", TYPE_BOOL, 1}, {"false", TYPE_BOOL, 0}, {"null", TYPE_NULL, 0}};

static struct node *parse_constant(struct parser *parser)
{
	struct token token = parser->token;
	for (size_t i = 0; i < sizeof parse_constants / sizeof *parse_constants; i++) {
		if (!token_is(&token, parse_constants[i].name))
			continue;
		parse_advance(parser);
		struct node *node = parse_node(parser, NODE_VALUE, parse_constants[i].type, token.at);
		if (!node)
			return NULL;
		node->end = token.end;
		node->value.type = parse_constants[i].type;
		node->value.number = parse_constants[i].number;
		return node;
	}
	return NULL;
}

static bool parse_opens(const struct parser *parser)
{
	struct token next = token_read(parser->query->text, parser->token.end);
	return token_is(&next, "(");
}

static struct node *parse_name(struct parser *parser)
{
	const struct parse_aggregate *entry = parse_opens(parser) ? parse_aggregate_named(&parser->token) : NULL;
	unsigned place, depth;
	if (entry)
		return parse_aggregate(parser, entry);
	if (parser->words && words_find(parser->words, parser->token.text, &place))
		return parse_word(parser, parser->words);
	if (parse_table_named(&parser->token))
		return parse_bare_table(parser);
	struct node *constant = parse_constant(parser);
	if (constant || parser->failed)
		return constant;
	if (parser->words && !parse_find_field(parser, parser->token.text, &depth))
		return parse_word(parser, parser->words); /* which says what is near */
	return parse_field(parser);
}

static struct node *parse_group(struct parser *parser)
{
	const struct query_words *words = parser->words;
	parser->words = NULL;
	size_t at = parser->token.at;
	parse_advance(parser);
	struct node *node = parse_expression(parser);
	if (node) {
		node->at = at;
		node->end = parser->token.end;
	}
	parser->words = words;
	return parse_want(parser, ")") ? node : NULL;
}

static struct node *parse_negative(struct parser *parser)
{
	size_t at = parser->token.at;
	parse_advance(parser);
	if (parser->token.kind != TOKEN_NUMBER && parser->token.kind != TOKEN_DURATION)
		return parse_fail_here(parser, "a number");
	struct node *node = parse_number(parser);
	if (node) {
		node->at = at;
		node->value.number = -node->value.number;
	}
	return node;
}

struct node *parse_value(struct parser *parser)
{
	switch (parser->failed ? TOKEN_END : parser->token.kind) {
	case TOKEN_TEXT:
		return parse_text(parser);
	case TOKEN_NUMBER:
	case TOKEN_DURATION:
		return parse_number(parser);
	case TOKEN_NAME:
		return parse_name(parser);
	default:
		return parse_is(parser, "(")   ? parse_group(parser)
		       : parse_is(parser, "-") ? parse_negative(parser)
		                               : parse_fail_here(parser, "a value");
	}
}
