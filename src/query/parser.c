/* Errors, tokens and nodes: what every rule of the grammar needs. */
#include "query/parser.h"

#include "base/suggest.h"

#include <stdarg.h>
#include <stdio.h>

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
struct node *parse_fail(struct parser *parser, size_t at, size_t end, const char *format, ...)
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
		unsigned likeness = suggest_likeness(token->text, slice_of_text(words[i]));
		if (likeness > best && likeness < 100) {
			best = likeness;
			meant = words[i];
		}
	}
	return meant;
}

struct node *parse_fail_here(struct parser *parser, const char *wanted)
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

struct node *parse_fail_node(struct parser *parser, const struct node *node, const char *wanted)
{
	return parse_fail(
	    parser, node->at, node->end, "%s is wanted here, and this is %s", wanted, query_type_name(node->type));
}

/* ---- tokens */

void parse_advance(struct parser *parser)
{
	parser->token = token_read(parser->query->text, parser->token.end);
}

bool parse_is(const struct parser *parser, const char *text)
{
	return token_is(&parser->token, text);
}

bool parse_take(struct parser *parser, const char *text)
{
	if (parser->failed || !parse_is(parser, text))
		return false;
	parse_advance(parser);
	return true;
}

bool parse_want(struct parser *parser, const char *text)
{
	if (parse_take(parser, text))
		return true;
	char wanted[40];
	snprintf(wanted, sizeof wanted, "'%s'", text);
	parse_fail_here(parser, wanted);
	return false;
}

/* ---- nodes */

struct node *parse_node(struct parser *parser, enum node_kind kind, enum query_type type, size_t at)
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

struct node *parse_pair(struct parser *parser, enum node_kind kind, struct node *left, struct node *right)
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
void parse_count_table(struct node *node)
{
	if (node->kind != NODE_AGGREGATE || node->aggregate != AGGREGATE_EXISTS)
		return;
	node->aggregate = AGGREGATE_COUNT;
	node->type = TYPE_NUMBER;
}

struct node *parse_condition(struct parser *parser, struct node *node)
{
	if (node && node->type != TYPE_BOOL && node->type != TYPE_JSON)
		return parse_fail_node(parser, node, "something true or false");
	return node;
}
