/*
 * From text to tree, by recursive descent; names and types are settled on the way, so what parses can be asked. The
 * grammar stands in the man page (EBNF).
 */
#include "query/node.h"
#include "query/token.h"
#include "reflex/name.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

enum { PARSE_TABLES = 16 }; /* tables in tables */

struct parser {
	struct query *query;
	struct query_error *error;
	struct token token; /* the one that is to be read next */
	bool failed;
	unsigned depth;
	enum query_table tables[PARSE_TABLES + 1]; /* whose rows can be named, innermost last */
	size_t table_count;
	const struct query_words *words; /* that a bare name may be one of, just here */
};

static struct node *parse_expression(struct parser *parser);

/* ---- errors */

static void parse_place(struct parser *parser, size_t at, size_t end)
{
	struct query_error *error = parser->error;
	struct slice text = parser->query->text;
	error->line = error->column = 1;
	error->at = at;
	error->end = end > at ? end : at + 1;
	for (size_t i = 0; i < at && i < text.len; i++) {
		if (text.at[i] == '\n') {
			error->line++;
			error->column = 1;
		} else if ((text.at[i] & 0xc0) != 0x80) {
			error->column++;
		}
	}
}

/* Only the first error is told: what follows it may be its consequence. */
__attribute__((format(printf, 4, 5))) static struct node *parse_fail(
    struct parser *parser, size_t at, size_t end, const char *format, ...)
{
	va_list arguments;
	if (parser->failed)
		return NULL;
	parser->failed = true;
	parse_place(parser, at, end);
	va_start(arguments, format);
	vsnprintf(parser->error->message, sizeof parser->error->message, format, arguments);
	va_end(arguments);
	return NULL;
}

/* A word that somebody may have meant. */
static const char *parse_meant(const struct token *token)
{
	static const char *const words[] = {"where", "of", "and", "or", "not", "in", "before", "after", "within",
	    "sessions", "events", "findings", "open", "start"};
	const char *meant = NULL;
	unsigned best = 60; /* percent */
	for (size_t i = 0; token->kind == TOKEN_NAME && i < sizeof words / sizeof *words; i++) {
		unsigned likeness = name_likeness(token->text, slice_of_text(words[i]));
		if (likeness > best && likeness < 100) {
			best = likeness;
			meant = words[i];
		}
	}
	return meant;
}

static struct node *parse_fail_here(struct parser *parser, const char *wanted)
{
	const struct token *token = &parser->token;
	const char *meant = parse_meant(token);
	if (meant)
		return parse_fail(parser, token->at, token->end, "%s is wanted here; did you mean %s?", wanted, meant);
	if (token->kind == TOKEN_BAD)
		return parse_fail(parser, token->at, token->end, "%s", token->why);
	if (token->kind == TOKEN_END)
		return parse_fail(parser, token->at, token->end, "%s is missing here", wanted);
	return parse_fail(parser, token->at, token->end, "%s is wanted here", wanted);
}

static struct node *parse_fail_node(struct parser *parser, const struct node *node, const char *wanted)
{
	return parse_fail(
	    parser, node->at, node->end, "%s is wanted here, and this is %s", wanted, query_type_name(node->type));
}

/* ---- tokens */

static void parse_advance(struct parser *parser)
{
	parser->token = token_read(parser->query->text, parser->token.end);
}

static bool parse_is(const struct parser *parser, const char *text)
{
	return token_is(&parser->token, text);
}

static bool parse_take(struct parser *parser, const char *text)
{
	if (parser->failed || !parse_is(parser, text))
		return false;
	parse_advance(parser);
	return true;
}

static bool parse_want(struct parser *parser, const char *text)
{
	if (parse_take(parser, text))
		return true;
	char wanted[40];
	snprintf(wanted, sizeof wanted, "'%s'", text);
	parse_fail_here(parser, wanted);
	return false;
}

/* ---- nodes */

static struct node *parse_node(struct parser *parser, enum node_kind kind, enum query_type type, size_t at)
{
	struct node *node = parser->failed ? NULL : arena_alloc(&parser->query->memory, sizeof *node);
	if (!node)
		return parse_fail(parser, at, at, "the expression is too long");
	node->kind = kind;
	node->type = type;
	node->at = at;
	node->end = parser->token.at;
	return node;
}

static struct node *parse_pair(struct parser *parser, enum node_kind kind, struct node *left, struct node *right)
{
	if (!left || !right)
		return NULL;
	struct node *node = parse_node(parser, kind, TYPE_BOOL, left->at);
	if (!node)
		return NULL;
	node->left = left;
	node->right = right;
	node->end = right->end;
	return node;
}

/* A table that stands alone means that it has rows; where a number is wanted, how many. */
static void parse_count_table(struct node *node)
{
	if (node->kind != NODE_AGGREGATE || node->aggregate != AGGREGATE_EXISTS)
		return;
	node->aggregate = AGGREGATE_COUNT;
	node->type = TYPE_NUMBER;
}

static struct node *parse_condition(struct parser *parser, struct node *node)
{
	if (node && node->type != TYPE_BOOL && node->type != TYPE_JSON)
		return parse_fail_node(parser, node, "something true or false");
	return node;
}

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

static struct node *parse_text(struct parser *parser)
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
	for (*place = 0; words->list[*place]; ++*place)
		if (slice_equals_text(text, words->list[*place]))
			return true;
	return false;
}

static const char *words_nearest(const struct query_words *words, struct slice text)
{
	const char *nearest = words->list[0];
	unsigned best = 0;
	for (size_t i = 0; words->list[i]; i++) {
		unsigned likeness = name_likeness(text, slice_of_text(words->list[i]));
		if (likeness > best) {
			best = likeness;
			nearest = words->list[i];
		}
	}
	return nearest;
}

static bool parse_set_word(struct parser *parser, struct node *node, const struct query_words *words, struct slice text)
{
	unsigned place;
	if (!words_find(words, text, &place)) {
		parse_fail(parser, node->at, node->end, "there is no '%.*s' here; did you mean \"%s\"?",
		    (int)slice_take(text, 60).len, (const char *)text.at, words_nearest(words, text));
		return false;
	}
	node->type = node->value.type = TYPE_WORD;
	node->words = words;
	node->value.number = place;
	node->value.text = slice_of_text(words->list[place]);
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

static struct node *parse_fail_name(struct parser *parser, const struct token *token)
{
	int len = (int)slice_take(token->text, 60).len;
	const char *name = (const char *)token->text.at;
	if (!parser->table_count)
		return parse_fail(parser, token->at, token->end,
		    "'%.*s' is no table (sessions, events, findings) and nothing that is done with one (count, none, "
		    "some, …)",
		    len, name);
	enum query_table table = parser->tables[parser->table_count - 1];
	const struct query_field *nearest = query_field_nearest(table, token->text);
	return parse_fail(parser, token->at, token->end, "%s have no field '%.*s'%s%s%s", query_table_name(table), len,
	    name, nearest ? "; did you mean " : "", nearest ? nearest->name : "", nearest ? "?" : "");
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

static const struct {
	const char *name;
	enum query_table table;
} parse_tables[] = {{"sessions", TABLE_SESSIONS}, {"events", TABLE_EVENTS}, {"findings", TABLE_FINDINGS}};

static enum query_table parse_table_named(const struct token *token)
{
	for (size_t i = 0; i < sizeof parse_tables / sizeof *parse_tables; i++)
		if (token_is(token, parse_tables[i].name))
			return parse_tables[i].table;
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

static const struct parse_aggregate {
	const char *name;
	enum node_aggregate aggregate;
	enum query_type type; /* TYPE_NULL: of what it is computed */
	bool of;              /* "of" may stand in it */
	bool body;            /* ":" may stand in it */
} parse_aggregates[] = {
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

static struct node *parse_aggregate(struct parser *parser, const struct parse_aggregate *entry)
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
		if (token.kind != TOKEN_NAME || !field)
			parse_fail_name(parser, &token);
		parser->table_count--;
		struct node *node = parse_node(parser, NODE_COLUMN, field ? field->type : TYPE_NULL, row->at);
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
		return parse_column(parser, parse_aggregate(parser, entry));
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

static struct node *parse_primary(struct parser *parser)
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
		return parse_is(parser, "(") ? parse_group(parser) : parse_fail_here(parser, "a value");
	}
}

/* ---- arithmetic */

/* TYPE_NULL: these do not go together. */
static enum query_type arithmetic_type(enum node_operator op, enum query_type left, enum query_type right)
{
	bool scales = op == OP_MULTIPLY || op == OP_DIVIDE;
	if (left == TYPE_NUMBER && right == TYPE_NUMBER)
		return TYPE_NUMBER;
	if (left == TYPE_DURATION && right == TYPE_DURATION)
		return op == OP_DIVIDE ? TYPE_NUMBER : scales ? TYPE_NULL : TYPE_DURATION;
	if (left == TYPE_DURATION && right == TYPE_NUMBER && scales)
		return TYPE_DURATION;
	if (left == TYPE_TIME && right == TYPE_TIME && op == OP_SUBTRACT)
		return TYPE_DURATION;
	if (left == TYPE_TIME && right == TYPE_DURATION && !scales)
		return TYPE_TIME;
	return TYPE_NULL;
}

static struct node *parse_arithmetic(
    struct parser *parser, enum node_operator op, struct node *left, struct node *right)
{
	if (!left || !right)
		return NULL;
	parse_count_table(left);
	parse_count_table(right);
	enum query_type type = arithmetic_type(op, left->type, right->type);
	if (type == TYPE_NULL)
		return parse_fail(parser, left->at, right->end, "%s and %s cannot be computed like this",
		    query_type_name(left->type), query_type_name(right->type));
	struct node *node = parse_pair(parser, NODE_ARITHMETIC, left, right);
	if (!node)
		return NULL;
	node->op = op;
	node->type = type;
	return node;
}

static struct node *parse_product(struct parser *parser)
{
	struct node *node = parse_primary(parser);
	while (node && !parser->failed && (parse_is(parser, "*") || parse_is(parser, "/"))) {
		enum node_operator op = parse_is(parser, "*") ? OP_MULTIPLY : OP_DIVIDE;
		parse_advance(parser);
		node = parse_arithmetic(parser, op, node, parse_primary(parser));
	}
	return node;
}

static struct node *parse_sum(struct parser *parser)
{
	struct node *node = parse_product(parser);
	while (node && !parser->failed && (parse_is(parser, "+") || parse_is(parser, "-"))) {
		enum node_operator op = parse_is(parser, "+") ? OP_ADD : OP_SUBTRACT;
		parse_advance(parser);
		node = parse_arithmetic(parser, op, node, parse_product(parser));
	}
	return node;
}

/* ---- comparisons */

static const struct {
	const char *sign;
	enum node_operator op;
} parse_comparisons[] = {{"==", OP_EQUAL}, {"!=", OP_DIFFERENT}, {"<=", OP_LESS_EQUAL}, {">=", OP_MORE_EQUAL},
    {"<", OP_LESS}, {">", OP_MORE}};

static bool parse_comparison_sign(struct parser *parser, enum node_operator *op)
{
	for (size_t i = 0; i < sizeof parse_comparisons / sizeof *parse_comparisons; i++)
		if (parse_take(parser, parse_comparisons[i].sign)) {
			*op = parse_comparisons[i].op;
			return true;
		}
	return false;
}

static bool parse_settle_words(struct parser *parser, struct node *left, struct node *right)
{
	if (left->type == TYPE_WORD && right->kind == NODE_VALUE && right->type == TYPE_TEXT)
		return parse_set_word(parser, right, left->words, right->value.text);
	if (right->type == TYPE_WORD && left->kind == NODE_VALUE && left->type == TYPE_TEXT)
		return parse_set_word(parser, left, right->words, left->value.text);
	return true;
}

/* A code that no finding has can only be a slip of the pen: none(…) would hold for ever. */
static bool parse_check_code(struct parser *parser, const struct node *field, const struct node *code)
{
	if (field->kind != NODE_FIELD || !(field->field->tables & TABLE_FINDINGS) || code->type != TYPE_TEXT ||
	    code->kind != NODE_VALUE ||
	    (strcmp(field->field->name, "code") != 0 && strcmp(field->field->name, "cause") != 0))
		return true;
	const char *nearest = code_table[0].name;
	unsigned best = 0;
	for (enum code i = 0; i < CODES; i++) {
		unsigned likeness = name_likeness(code->value.text, slice_of_text(code_table[i].name));
		if (slice_equals_text(code->value.text, code_table[i].name))
			return true;
		if (likeness > best) {
			best = likeness;
			nearest = code_table[i].name;
		}
	}
	parse_fail(parser, code->at, code->end, "no finding has this code; did you mean \"%s\"?", nearest);
	return false;
}

static bool types_compare(const struct node *left, const struct node *right, bool ordered)
{
	if (left->type == TYPE_ROW || right->type == TYPE_ROW)
		return false;
	if (left->type == TYPE_NULL || right->type == TYPE_NULL)
		return !ordered;
	if (left->type == TYPE_JSON || right->type == TYPE_JSON)
		return left->type != TYPE_TIME && right->type != TYPE_TIME;
	if (left->type == TYPE_WORD && left->words && ordered && !left->words->ordered)
		return false;
	return left->type == right->type && left->words == right->words && !(ordered && left->type == TYPE_BOOL);
}

static struct node *parse_compare(struct parser *parser, enum node_operator op, struct node *left, struct node *right)
{
	if (!left || !right || !parse_settle_words(parser, left, right) || !parse_check_code(parser, left, right))
		return NULL;
	if (right->type == TYPE_NUMBER)
		parse_count_table(left);
	if (left->type == TYPE_NUMBER)
		parse_count_table(right);
	bool ordered = op != OP_EQUAL && op != OP_DIFFERENT;
	if (!types_compare(left, right, ordered))
		return parse_fail(parser, left->at, right->end, "%s and %s cannot be compared%s%s",
		    query_type_name(left->type), query_type_name(right->type),
		    left->type == right->type ? " like this" : "",
		    left->type == TYPE_DURATION && right->type == TYPE_NUMBER ? ": write a unit, as in 500ms or 2s"
		                                                              : "");
	struct node *node = parse_pair(parser, NODE_COMPARE, left, right);
	if (node)
		node->op = op;
	return node;
}

static struct node *parse_order(struct parser *parser, enum node_operator op, struct node *left, struct node *right)
{
	if (!left || !right)
		return NULL;
	const struct node *sides[] = {left, right};
	for (size_t i = 0; i < 2; i++)
		if (sides[i]->type != TYPE_ROW && sides[i]->type != TYPE_TIME)
			return parse_fail_node(parser, sides[i], "first(…) or last(…), or a time,");
	struct node *node = parse_pair(parser, NODE_ORDER, left, right);
	if (node)
		node->op = op;
	return node;
}

/* ---- ~ */

static bool parse_compile(struct parser *parser, struct node *node, const struct node *pattern)
{
	struct query_regex *regex = calloc(1, sizeof *regex);
	char *text = arena_copy_text(&parser->query->memory, pattern->value.text);
	char why[120] = "no memory";
	int code = regex && text ? regcomp(&regex->compiled, text, REG_EXTENDED | REG_NOSUB) : REG_ESPACE;
	if (code != 0) {
		if (regex)
			regerror(code, &regex->compiled, why, sizeof why);
		free(regex);
		parse_fail(parser, pattern->at, pattern->end, "no regular expression: %s", why);
		return false;
	}
	regex->next = parser->query->regexes;
	parser->query->regexes = regex;
	node->regex = &regex->compiled;
	return true;
}

static struct node *parse_match(struct parser *parser, struct node *left, bool negated)
{
	if (left->type != TYPE_TEXT && left->type != TYPE_JSON && left->type != TYPE_WORD)
		return parse_fail_node(parser, left, "text");
	if (parser->token.kind != TOKEN_TEXT)
		return parse_fail_here(parser, "a regular expression in quotes");
	struct node *pattern = parse_text(parser);
	struct node *node = parse_pair(parser, NODE_MATCH, left, pattern);
	if (!node || !parse_compile(parser, node, pattern))
		return NULL;
	node->negated = negated;
	return node;
}

/* ---- in */

static struct node *parse_in(struct parser *parser, struct node *left, bool negated)
{
	struct node *node = parse_node(parser, NODE_IN, TYPE_BOOL, left->at);
	struct node **end = node ? &node->right : NULL;
	parser->words = left->words;
	parse_want(parser, "[");
	while (node && !parser->failed && !parse_is(parser, "]")) {
		struct node *item = parse_primary(parser);
		if (!item || !parse_compare(parser, OP_EQUAL, left, item))
			return NULL;
		*end = item;
		end = &item->next;
		if (!parse_is(parser, "]"))
			parse_want(parser, ",");
	}
	parser->words = NULL;
	if (!node || parser->failed)
		return NULL;
	node->left = left;
	node->negated = negated;
	node->end = parser->token.end;
	return parse_want(parser, "]") ? node : NULL;
}

static struct node *parse_relation(struct parser *parser)
{
	struct node *left = parse_sum(parser);
	enum node_operator op;
	if (!left || parser->failed)
		return NULL;
	if (parse_comparison_sign(parser, &op)) {
		parser->words = left->words;
		struct node *right = parse_sum(parser);
		parser->words = NULL;
		return parse_compare(parser, op, left, right);
	}
	if (parse_take(parser, "~"))
		return parse_match(parser, left, false);
	if (parse_take(parser, "!~"))
		return parse_match(parser, left, true);
	if (parse_take(parser, "in"))
		return parse_in(parser, left, false);
	if (parse_take(parser, "before"))
		return parse_order(parser, OP_BEFORE, left, parse_sum(parser));
	if (parse_take(parser, "after"))
		return parse_order(parser, OP_AFTER, left, parse_sum(parser));
	if (parse_is(parser, "not") && parse_take(parser, "not"))
		return parse_want(parser, "in") ? parse_in(parser, left, true) : NULL;
	return left;
}

/* ---- not, and, or */

static struct node *parse_not(struct parser *parser)
{
	size_t at = parser->token.at;
	if (++parser->depth > QUERY_DEPTH)
		return parse_fail_here(parser, "an expression that is less deep");
	struct node *node;
	if (parse_take(parser, "not")) {
		struct node *inner = parse_condition(parser, parse_not(parser));
		node = inner ? parse_node(parser, NODE_NOT, TYPE_BOOL, at) : NULL;
		if (node) {
			node->left = inner;
			node->end = inner->end;
		}
	} else {
		node = parse_relation(parser);
	}
	parser->depth--;
	return node;
}

static struct node *parse_and(struct parser *parser)
{
	struct node *node = parse_not(parser);
	while (node && parse_take(parser, "and"))
		node = parse_pair(
		    parser, NODE_AND, parse_condition(parser, node), parse_condition(parser, parse_not(parser)));
	return node;
}

static struct node *parse_or(struct parser *parser)
{
	struct node *node = parse_and(parser);
	while (node && parse_take(parser, "or"))
		node = parse_pair(
		    parser, NODE_OR, parse_condition(parser, node), parse_condition(parser, parse_and(parser)));
	return node;
}

/* ---- within */

static void parse_anchor(struct parser *parser, struct node *node)
{
	node->from_start = parse_is(parser, "start");
	if (parse_take(parser, "open") || parse_take(parser, "start"))
		return;
	node->left = parse_sum(parser);
	if (node->left && node->left->type != TYPE_ROW && node->left->type != TYPE_TIME)
		parse_fail_node(parser, node->left, "open, start, or first(…)");
}

/* "within" duration "of" anchor ":" expression */
static struct node *parse_within(struct parser *parser)
{
	struct node *node = parse_node(parser, NODE_WITHIN, TYPE_BOOL, parser->token.at);
	if (!node)
		return NULL;
	parse_advance(parser);
	if (parser->token.kind != TOKEN_DURATION)
		return parse_fail_here(parser, "a duration (500ms, 2s)");
	node->value.number = parser->token.number;
	parse_advance(parser);
	parse_want(parser, "of");
	if (!parser->failed)
		parse_anchor(parser, node);
	parse_want(parser, ":");
	node->right = parser->failed ? NULL : parse_condition(parser, parse_expression(parser));
	node->end = parser->token.at;
	parser->query->looks_ahead = true;
	return node->right ? node : NULL;
}

static struct node *parse_expression(struct parser *parser)
{
	if (++parser->depth > QUERY_DEPTH)
		return parse_fail_here(parser, "an expression that is less deep");
	struct node *node = parse_is(parser, "within") ? parse_within(parser) : parse_or(parser);
	parser->depth--;
	return node;
}

/* ---- the whole */

static bool parse_whole(struct parser *parser)
{
	parse_advance(parser);
	struct node *root = parse_condition(parser, parse_expression(parser));
	if (!parser->failed && parser->token.kind != TOKEN_END)
		parse_fail_here(parser, "the end, or 'and' or 'or',");
	if (!parser->failed && root && root->type != TYPE_BOOL && !parser->query->filter)
		parse_fail_node(parser, root, "something true or false");
	parser->query->root = root;
	return !parser->failed && root;
}

struct query *query_parse(struct slice text, enum query_table filter, struct query_error *error)
{
	struct query *query = calloc(1, sizeof *query);
	*error = (struct query_error){.line = 1, .column = 1, .message = "no memory"};
	if (!query)
		return NULL;
	arena_init(&query->memory, 64 * QUERY_TEXT);
	query->filter = filter;
	query->text = arena_copy(&query->memory, slice_take(text, QUERY_TEXT));
	struct parser parser = {.query = query, .error = error};
	if (filter)
		parser.tables[parser.table_count++] = filter;
	if (text.len > QUERY_TEXT)
		parse_fail(&parser, 0, 1, "an expression of more than %d bytes", QUERY_TEXT);
	if (!parser.failed && parse_whole(&parser))
		return query;
	query_free(query);
	return NULL;
}

void query_free(struct query *query)
{
	if (!query)
		return;
	while (query->regexes) {
		struct query_regex *regex = query->regexes;
		query->regexes = regex->next;
		regfree(&regex->compiled);
		free(regex);
	}
	arena_free(&query->memory);
	free(query);
}

struct slice query_text(const struct query *query)
{
	return query->text;
}

bool query_looks_ahead(const struct query *query)
{
	return query->looks_ahead;
}
