/* Values: text, numbers, words of a list, fields and the way into their JSON, constants, and what is in brackets. */
#include "base/suggest.h"
#include "query/parser.h"

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

static const char *words_nearest(const struct query_words *words, struct slice text)
{
	const char *nearest = words->word(0);
	unsigned best = 0;
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
		parse_fail(parser, node->at, node->end, "there is no '%.*s' here; did you mean \"%s\"?",
		    (int)slice_take(text, 60).len, (const char *)text.at, words_nearest(words, text));
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

void parse_path(struct parser *parser, struct node *node)
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

struct node *parse_fail_name(struct parser *parser, const struct token *token)
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
