/*
 * When the token that a client sends (a JWT, RFC 7519) is valid, by its own words: read from the request's headers and
 * query, and from the auth of a CONNECT. Only these numbers are kept; nothing of the token is ever shown.
 */
#ifndef DETECT_TOKENS_H
#define DETECT_TOKENS_H

#include "detect/findings.h"
#include "socketio/event.h"

enum token_place { TOKEN_NOWHERE, TOKEN_IN_AUTH, TOKEN_IN_HEADER, TOKEN_IN_QUERY, TOKEN_IN_COOKIE };

/* Seconds since 1970 (RFC 7519, section 2: NumericDate); 0: the token does not say it. */
struct token {
	enum token_place place; /* TOKEN_NOWHERE: there is none */
	int64_t expires;        /* exp */
	int64_t begins;         /* nbf, or iat where that is later */
	bool begins_by_issue;   /* it is iat */
	bool in_milliseconds;   /* `begins` was so large that it cannot be in seconds */
};

/* The first JWT in the text. False: there is none, and *token is none. */
bool token_find(struct slice text, enum token_place place, struct token *token);

/* That of a request: in Authorization, another header, the query, a cookie. */
bool token_find_in_request(const struct exchange *exchange, struct token *token);

/* `finding` reports that a server refused a client, in the words `said` (empty: without any), which had sent `token` at
 * `sent`. Says in it what the token's own times have to do with that, and sets the cause where it is they (of
 * namespace-rejected and handshake-rejected). */
void token_explain(
    struct findings *findings, struct finding *finding, const struct token *token, timestamp sent, struct slice said);

#endif
