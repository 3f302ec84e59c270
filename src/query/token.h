/* The words and signs of an expression. */
#ifndef QUERY_TOKEN_H
#define QUERY_TOKEN_H

#include "base/bytes.h"

enum token_kind {
	TOKEN_END,
	TOKEN_BAD, /* `why` says what is wrong with it */
	TOKEN_NAME,
	TOKEN_NUMBER,
	TOKEN_DURATION, /* `number` is in nanoseconds */
	TOKEN_TEXT,     /* `text` without its quotes; escapes stand as written */
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

#endif
