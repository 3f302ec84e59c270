/*
 * What the parser's files share: the parser itself, its errors, its tokens, and each other's rules. Private to query/.
 */
#ifndef QUERY_PARSER_H
#define QUERY_PARSER_H

#include "query/node.h"
#include "query/token.h"

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

/* ---- parser.c */

/* Each returns NULL, for its caller to return. Only the first error is told: what follows it may be its consequence. */
struct node *parse_fail(struct parser *parser, size_t at, size_t end, const char *format, ...)
    __attribute__((format(printf, 4, 5)));
struct node *parse_fail_here(struct parser *parser, const char *wanted);
struct node *parse_fail_node(struct parser *parser, const struct node *node, const char *wanted);

void parse_advance(struct parser *parser);
bool parse_is(const struct parser *parser, const char *text);
bool parse_take(struct parser *parser, const char *text); /* when it stands here */
bool parse_want(struct parser *parser, const char *text); /* or fails */

struct node *parse_node(struct parser *parser, enum node_kind kind, enum query_type type, size_t at);
struct node *parse_pair(struct parser *parser, enum node_kind kind, struct node *left, struct node *right);

/* A table that stands alone means that it has rows; where a number is wanted, how many. */
void parse_count_table(struct node *node);

/* The node, when it can be true or false. */
struct node *parse_condition(struct parser *parser, struct node *node);

/* ---- parse_value.c */

struct node *parse_value(struct parser *parser); /* text, a number, or a name; else it fails */
bool parse_set_word(struct parser *parser, struct node *node, const struct query_words *words, struct slice text);
struct node *parse_fail_name(struct parser *parser, const struct token *token);
void parse_path(struct parser *parser, struct node *node);
struct node *parse_text(struct parser *parser);

/* ---- parse_table.c */

struct parse_aggregate;
enum query_table parse_table_named(const struct token *token); /* 0: none */
struct node *parse_bare_table(struct parser *parser);
const struct parse_aggregate *parse_aggregate_named(const struct token *token);
struct node *parse_aggregate(struct parser *parser, const struct parse_aggregate *entry);

/* ---- parse_relation.c */

struct node *parse_sum(struct parser *parser);
struct node *parse_relation(struct parser *parser);

/* ---- parse.c */

struct node *parse_expression(struct parser *parser);

#endif
