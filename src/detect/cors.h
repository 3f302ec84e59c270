/* cors-blocked: what cors.c and preflight.c share. For these two alone. */
#ifndef DETECT_CORS_H
#define DETECT_CORS_H

#include "detect/detector.h"

enum {
	CORS_ORIGIN = 64,   /* bytes of an origin that are kept */
	CORS_ALLOWED = 128, /* bytes that are shown of what the answer allows */
	CORS_TEXT = 320,
};

/* A request of a page of another origin, and what its answer says to that. */
struct cors {
	struct slice origin, host, allowed;
	bool browser, credentials;
	bool proxied;      /* a proxy passed it on, which may have written another Host */
	size_t fields;     /* how many Access-Control-Allow-Origin came */
	bool is_preflight; /* OPTIONS that asks for leave for another request */
};

/* False: a browser would not judge it by CORS (no page of another origin sent it, nothing answered, a WebSocket). */
bool cors_read(const struct event *event, struct cors *cors);

/* What a browser would object to in the fields of origin and credentials; CAUSES: nothing. And in words. */
enum cause cors_objection(const struct exchange *exchange, const struct cors *cors);
const char *cors_words(enum cause cause);

/* The same with the value that the answer allows, and what about it is not the page's origin. Returns `text`. */
const char *cors_describe(const struct cors *cors, enum cause cause, char text[CORS_TEXT]);

/* "the page comes from http://shop.example", or that it has no origin (`Origin: null`). Returns `text`. */
const char *cors_describe_page(const struct cors *cors, char text[CORS_TEXT]);

/* The claim that the answer of `event` does not let the page read it, `why`; how sure that is, and what leaves a doubt.
 * The caller says what was seen. NULL: no room. */
struct finding *cors_claim(
    struct findings *findings, const struct event *event, const struct cors *cors, enum cause cause, const char *why);

#endif
