/*
 * From text to tree, by recursive descent; names and types are settled on the way, so what parses can be asked. The
 * grammar stands in the man page (EBNF).
 */
#include "query/parser.h"

#include <stdlib.h>

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
	while (query->regexes) {
		struct query_regex *regex = query->regexes;
		query->regexes = regex->next;
		regfree(&regex->compiled);
		free(regex);
	}
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
