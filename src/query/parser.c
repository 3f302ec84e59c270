/* What every rule of the grammar needs: tokens, errors and nodes. */
#include "base/text.h"
#include "base/timestamp.h"
#include "query/node.h"

#include <ctype.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

/* ---- tokens */

static size_t token_skip_blank(struct slice whole, size_t at)
{
	while (at < whole.len && (isspace(whole.at[at]) || whole.at[at] == '#')) {
		if (whole.at[at] == '#')
			at += slice_find_byte(slice_drop(whole, at), '\n');
		else
			at++;
	}
	return at;
}

static bool token_is_letter(uint8_t byte)
{
	return isalpha(byte) || byte == '_' || byte >= 0x80;
}

static size_t token_span(struct slice whole, size_t at)
{
	while (at < whole.len && (token_is_letter(whole.at[at]) || isdigit(whole.at[at])))
		at++;
	return at;
}

/* ---- numbers, with their units */

static const struct {
	const char *name;
	double factor;
	bool duration;
} token_units[] = {
    {"ns", 1, true},
    {"us", 1e3, true},
    {"µs", 1e3, true},
    {"ms", 1e6, true},
    {"s", 1e9, true},
    {"min", 60e9, true},
    {"h", 3600e9, true},
    {"B", 1, false},
    {"kB", 1e3, false},
    {"KB", 1e3, false},
    {"MB", 1e6, false},
    {"GB", 1e9, false},
    {"KiB", 1024, false},
    {"MiB", 1024. * 1024, false},
    {"GiB", 1024. * 1024 * 1024, false},
};

static void token_apply_unit(struct token *token, struct slice unit)
{
	for (size_t i = 0; i < sizeof token_units / sizeof *token_units; i++) {
		if (!slice_equals_text(unit, token_units[i].name))
			continue;
		token->kind = token_units[i].duration ? TOKEN_DURATION : TOKEN_NUMBER;
		token->number *= token_units[i].factor;
		return;
	}
	token->kind = TOKEN_BAD;
	token->why = "no unit; there are ns us ms s min h, and B kB MB GB KiB MiB GiB";
}

static void token_read_number(struct token *token, struct slice whole)
{
	char digits[40];
	size_t end = token->at;
	while (end < whole.len &&
	       (isdigit(whole.at[end]) || (whole.at[end] == '.' && end + 1 < whole.len && isdigit(whole.at[end + 1]))))
		end++;
	struct slice text = slice_take(slice_drop(whole, token->at), end - token->at);
	if (text.len >= sizeof digits) {
		token->kind = TOKEN_BAD;
		token->why = "too long for a number";
		token->end = end;
		return;
	}
	memcpy(digits, text.at, text.len);
	digits[text.len] = '\0';
	token->kind = TOKEN_NUMBER;
	char *rest = NULL;
	token->number = strtod(digits, &rest);
	if (*rest) {
		token->kind = TOKEN_BAD;
		token->why = "no number";
	}
	token->end = token_span(whole, end);
	if (token->end > end && token->kind != TOKEN_BAD)
		token_apply_unit(token, slice_take(slice_drop(whole, end), token->end - end));
}

/* ---- text, signs */

static void token_read_text(struct token *token, struct slice whole)
{
	uint8_t quote = whole.at[token->at];
	size_t end = token->at + 1;
	while (end < whole.len && whole.at[end] != quote && whole.at[end] != '\n')
		end += whole.at[end] == '\\' && end + 1 < whole.len ? 2 : 1;
	if (end >= whole.len || whole.at[end] != quote) {
		token->kind = TOKEN_BAD;
		token->why = "the closing quote is missing";
		token->end = end < whole.len ? end : whole.len;
		return;
	}
	token->kind = TOKEN_TEXT;
	token->text = slice_take(slice_drop(whole, token->at + 1), end - token->at - 1);
	token->end = end + 1;
}

static void token_read_sign(struct token *token, struct slice whole)
{
	static const char *const signs[] = {
	    "==", "!=", "<=", ">=", "!~", "<", ">", "~", "(", ")", "[", "]", ",", ".", ":", "+", "-", "*", "/"};
	struct slice rest = slice_drop(whole, token->at);
	for (size_t i = 0; i < sizeof signs / sizeof *signs; i++) {
		if (!slice_starts_with(rest, slice_of_text(signs[i])))
			continue;
		token->kind = TOKEN_SIGN;
		token->text = slice_take(rest, strlen(signs[i]));
		token->end = token->at + token->text.len;
		return;
	}
	token->kind = TOKEN_BAD;
	token->why = *rest.at == '=' ? "write == to compare" : "this sign means nothing here";
	token->end = token->at + 1;
}

struct token token_read(struct slice whole, size_t at)
{
	struct token token = {.at = token_skip_blank(whole, at)};
	token.end = token.at;
	if (token.at >= whole.len)
		return token;
	uint8_t first = whole.at[token.at];
	if (isdigit(first)) {
		token_read_number(&token, whole);
	} else if (token_is_letter(first)) {
		token.kind = TOKEN_NAME;
		token.end = token_span(whole, token.at);
		token.text = slice_take(slice_drop(whole, token.at), token.end - token.at);
	} else if (first == '"' || first == '\'') {
		token_read_text(&token, whole);
	} else {
		token_read_sign(&token, whole);
	}
	return token;
}

bool token_is(const struct token *token, const char *text)
{
	return (token->kind == TOKEN_NAME || token->kind == TOKEN_SIGN) && slice_equals_text(token->text, text);
}

/* A bare number is seconds, as in tcpdump. */
bool query_read_duration(struct slice text, int64_t *duration)
{
	struct token token = token_read(text, 0);
	bool bare = true;
	for (size_t i = 0; i < token.end; i++)
		bare &= isdigit(text.at[i]) || text.at[i] == '.';
	double nanoseconds = bare ? token.number * 1e9 : token.number;
	bool good = (token.kind == TOKEN_DURATION || (token.kind == TOKEN_NUMBER && bare)) && token.end == text.len &&
	            nanoseconds >= 1 && nanoseconds < (double)INT64_MAX;
	if (good)
		*duration = (int64_t)nanoseconds;
	return good;
}

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

/* Only the first error is reported: later ones may be its consequence. */
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

struct node *parse_condition(struct parser *parser, struct node *node)
{
	if (node && node->type != TYPE_BOOL && node->type != TYPE_JSON)
		return parse_fail_node(parser, node, "something true or false");
	return node;
}
