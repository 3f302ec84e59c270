/*
 * From text to tree by recursive descent. Names and types are resolved on the way, so a tree that parses can be
 * evaluated. This file has the operators: within; not, and, or; comparisons; arithmetic. parse_operand.c has their
 * operands. The man page has the grammar (EBNF).
 */
#include "base/text.h"
#include "query/node.h"

#include <stdlib.h>

/* ---- nodes of two operands */

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

/* A table alone means that it has rows; where a number is needed, how many. */
static void parse_count_table(struct node *node)
{
	if (node->kind != NODE_AGGREGATE || node->aggregate != AGGREGATE_EXISTS)
		return;
	node->aggregate = AGGREGATE_COUNT;
	node->type = TYPE_NUMBER;
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
	struct node *node = parse_value(parser);
	while (node && !parser->failed && (parse_is(parser, "*") || parse_is(parser, "/"))) {
		enum node_operator op = parse_is(parser, "*") ? OP_MULTIPLY : OP_DIVIDE;
		parse_advance(parser);
		node = parse_arithmetic(parser, op, node, parse_value(parser));
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
	    (strcmp(field->field->name, "code") != 0 && strcmp(field->field->name, "explained_by") != 0))
		return true;
	if (code_named(code->value.text) < CODES_MOST)
		return true;
	const char *meant = suggest_nearest(code->value.text, code_word);
	parse_fail(parser, code->at, code->end, "no finding has this code%s%s%s", meant ? "; did you mean \"" : "",
	    meant ? meant : "", meant ? "\"?" : "; 'sioscope explain' lists them");
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

static bool parse_compile(struct parser *parser, struct node *node, const struct node *text)
{
	struct query *query = parser->query;
	struct query_pattern *kept = arena_alloc(&query->memory, sizeof *kept);
	char *copy = kept ? arena_copy_text(&query->memory, text->value.text) : NULL;
	char why[120] = "no memory";
	struct pattern *pattern = copy ? pattern_new(copy, why, sizeof why) : NULL;
	if (!pattern) {
		parse_fail(parser, text->at, text->end, "no regular expression: %s", why);
		return false;
	}
	*kept = (struct query_pattern){pattern, query->patterns};
	query->patterns = kept;
	node->pattern = pattern;
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
		struct node *item = parse_value(parser);
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
	if (parse_take(parser, "not"))
		return parse_want(parser, "in") ? parse_in(parser, left, true) : NULL;
	return parser->token.kind == TOKEN_BAD ? parse_fail_here(parser, "a comparison") : left;
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

struct node *parse_expression(struct parser *parser)
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
	arena_init(&query->memory, (size_t)64 * QUERY_TEXT);
	query->filter = filter;
	query->text = arena_copy(&query->memory, slice_take(text, QUERY_TEXT));
	struct parser parser = {.query = query, .error = error};
	if (filter)
		parser.tables[parser.table_count++] = filter;
	if (text.len > QUERY_TEXT)
		parse_fail(&parser, 0, 1, "an expression of more than %d bytes", QUERY_TEXT);
	if (!parser.failed && parse_whole(&parser)) {
		memo_mark(query->root);
		query->memo = memo_new();
		return query;
	}
	query_free(query);
	return NULL;
}

void query_free(struct query *query)
{
	if (!query)
		return;
	for (struct query_pattern *each = query->patterns; each; each = each->next)
		pattern_free(each->compiled);
	memo_free(query->memo);
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
