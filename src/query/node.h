/*
 * Private to query/: tokens, the expression as a tree, the parser and the evaluation of the tree. The tree lives in the
 * query's arena.
 */
#ifndef QUERY_NODE_H
#define QUERY_NODE_H

#include "base/bytes.h"
#include "base/pattern.h"
#include "query/query.h"

/* ---- parser.c: tokens */

enum token_kind {
	TOKEN_END,
	TOKEN_BAD, /* `why` says what is wrong with it */
	TOKEN_NAME,
	TOKEN_NUMBER,
	TOKEN_DURATION, /* `number` is in nanoseconds */
	TOKEN_TEXT,     /* `text` without its quotes; escapes as written */
	TOKEN_SIGN,     /* ( ) [ ] , . : == != <= >= < > ~ !~ + - * / */
};

struct token {
	enum token_kind kind;
	struct slice text;
	size_t at, end; /* offsets in the whole */
	double number;
	const char *why;
};

/* The token that begins at or after `at`; white space and comments (# to the end of the line) are passed over. */
struct token token_read(struct slice whole, size_t at);

bool token_is(const struct token *token, const char *text); /* a name or a sign of this spelling */

/* ---- the tree */

enum node_kind {
	NODE_VALUE,
	NODE_FIELD,  /* of the row `depth` tables out, and `path` into its JSON */
	NODE_COLUMN, /* `field` of the row that `left` is */
	NODE_NOT,
	NODE_AND,
	NODE_OR,
	NODE_COMPARE,
	NODE_MATCH, /* ~ and !~, `pattern` */
	NODE_IN,    /* `left` in the list that begins with `right` */
	NODE_ARITHMETIC,
	NODE_AGGREGATE,
	NODE_ORDER,  /* before, after */
	NODE_WITHIN, /* `left` the anchor (NULL: the session's open), `right` what must hold */
};

enum node_operator {
	OP_EQUAL,
	OP_DIFFERENT,
	OP_LESS,
	OP_LESS_EQUAL,
	OP_MORE,
	OP_MORE_EQUAL,
	OP_ADD,
	OP_SUBTRACT,
	OP_MULTIPLY,
	OP_DIVIDE,
	OP_BEFORE,
	OP_AFTER
};

enum node_aggregate {
	AGGREGATE_EXISTS,
	AGGREGATE_COUNT,
	AGGREGATE_NONE,
	AGGREGATE_SOME,
	AGGREGATE_EVERY,
	AGGREGATE_FIRST,
	AGGREGATE_LAST,
	AGGREGATE_MIN,
	AGGREGATE_MAX,
	AGGREGATE_SUM,
	AGGREGATE_MEAN,
	AGGREGATE_P50,
	AGGREGATE_P95,
	AGGREGATE_P99
};

/* One step into JSON: a member, or with `key` NULL an element. */
struct node_step {
	const char *key;
	size_t index;
	struct node_step *next;
};

struct node {
	enum node_kind kind;
	enum query_type type;
	const struct query_words *words;
	size_t at, end; /* in the query's text */
	enum node_operator op;
	struct node *left, *right;
	struct node *next; /* in a list */
	struct query_value value;
	const struct query_field *field;
	unsigned depth;
	struct node_step *path;
	const struct pattern *pattern;
	bool negated; /* !~, not in */
	/* an aggregate: `left` what of each row (or NULL), `right` what must hold of each (or NULL) */
	enum node_aggregate aggregate;
	enum query_table table;
	struct node *where;
	bool from_start;           /* NODE_WITHIN: the anchor is the session's first packet */
	bool is_same_for_all_rows; /* an aggregate that asks nothing of the rows around it but whose session they are */
};

struct query_pattern {
	struct pattern *compiled;
	struct query_pattern *next;
};

struct query {
	struct arena memory;
	struct slice text; /* its own copy */
	struct node *root;
	struct query_pattern *patterns;
	enum query_table filter; /* 0: an expectation */
	bool looks_ahead;
	struct memo *memo;
};

/* ---- evaluate.c */

/* The scope of an expression: a row, the row around it, and what restricts the tables it reads. */
struct scope {
	const struct query_data *data;
	const struct scope *outer;
	struct query_row row;
	uint64_t session;      /* only rows of this one; 0: all */
	timestamp from, until; /* only rows of that time, when not TIMESTAMP_NONE */
	struct arena *scratch;
	struct memo *memo;
};

/* All rows of all time. `scratch` is made ready for it, and is to be freed after it. */
struct scope scope_of_all(const struct query *query, const struct query_data *data, struct arena *scratch);

void node_evaluate(const struct node *node, const struct scope *scope, struct query_value *value);

/* A NODE_MATCH whose answer is known: the text was not too long to be matched. */
bool match_is_decided(const struct node *node, const struct scope *scope);
bool node_holds(const struct node *node, const struct scope *scope);

/* The row whose field a NODE_FIELD of this depth reads; NULL: none. */
const struct query_row *scope_row(const struct scope *scope, unsigned depth);

/* ---- aggregate.c */

void aggregate_evaluate(const struct node *node, const struct scope *scope, struct query_value *value);

/* The scope of one row of a table inside `scope`. `scratch` is lent to it. */
struct scope scope_of_row(const struct scope *scope, const struct query_row *row, struct arena *scratch);

/* The rows of an aggregate's table within a scope, those that its `where` lets through:
 *     struct row_walk walk = row_walk_of(node, scope);
 *     while (row_walk_next(&walk)) … walk.row, and walk.scope to evaluate conditions on it …
 * What was read in that scope lasts until the next call. A walk that is left before its end wants row_walk_end. */
struct row_walk {
	const struct scope *around;
	const struct node *where; /* NULL: all rows */
	struct query_row row;
	struct scope scope;
	struct arena scratch;
	uint64_t at;
	bool begun;
};
struct row_walk row_walk_of(const struct node *aggregate, const struct scope *scope);
bool row_walk_next(struct row_walk *walk);
void row_walk_end(struct row_walk *walk);

/*
 * What aggregates came to. One that asks nothing of the row around it is the same for all rows of one session and one
 * window of time, and is computed once for these: `every(events where …: count(events where …) > 10)` reads the events
 * twice, not once for each of them. Only a table whose condition uses a field of the row around it is read for each
 * row: that can be a session's field asked of its events, or an event's field asked of its session and its findings.
 */
struct memo *memo_new(void); /* NULL: no memory; then everything is computed each time */
void memo_free(struct memo *memo);
/* Forgets what does not hold any more: the record or the findings have grown. */
void memo_refresh(struct memo *memo, const struct query_data *data);
/* Marks the aggregates of the tree whose values may be kept. */
void memo_mark(struct node *root);

/* NODE_WITHIN, in the same way: the sessions for which the anchor is there, each with the scope of its time. */
struct within_walk {
	const struct node *node;
	const struct scope *around;
	struct scope scope;
	struct arena scratch;
	uint64_t session;
};
struct within_walk within_walk_of(const struct node *node, const struct scope *scope);
bool within_walk_next(struct within_walk *walk);
void within_walk_end(struct within_walk *walk);

/* ---- the parser */

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

/* Each returns NULL, for its caller to return. Only the first error is reported: later ones may be its consequence. */
struct node *parse_fail(struct parser *parser, size_t at, size_t end, const char *format, ...)
    __attribute__((format(printf, 4, 5)));
struct node *parse_fail_here(struct parser *parser, const char *wanted);
struct node *parse_fail_node(struct parser *parser, const struct node *node, const char *wanted);

void parse_advance(struct parser *parser);
bool parse_is(const struct parser *parser, const char *text);
bool parse_take(struct parser *parser, const char *text); /* when it is the next token */
bool parse_want(struct parser *parser, const char *text); /* or fails */

struct node *parse_node(struct parser *parser, enum node_kind kind, enum query_type type, size_t at);

/* The node, when it can be true or false. */
struct node *parse_condition(struct parser *parser, struct node *node);

/* ---- parse_operand.c */

struct node *parse_value(struct parser *parser); /* text, a number, or a name; else it fails */
bool parse_set_word(struct parser *parser, struct node *node, const struct query_words *words, struct slice text);
struct node *parse_text(struct parser *parser);

/* ---- parse.c */

struct node *parse_expression(struct parser *parser);

#endif
