/*
 * Requests that are refused because they show no credentials, and come again with them (RFC 9110 §11.4): so a browser
 * logs in to a server or to a proxy by itself (Negotiate, NTLM, Basic), and nothing was refused to anybody.
 */
#ifndef DETECT_CHALLENGES_H
#define DETECT_CHALLENGES_H

#include "detect/findings.h"
#include "http/exchange.h"

enum { CHALLENGES_MOST = 64 };

/* What was reported of it is taken back when the same request is granted to the same client. */
struct challenge {
	struct address client;
	uint64_t request; /* a digest of what was asked for */
	struct finding *finding;
	uint64_t first; /* the packet by which it is proven */
};

/* The last of them, in a ring. */
struct challenges {
	struct challenge list[CHALLENGES_MOST];
	size_t count;
};

/* `event` is an EVENT_HTTP of which `finding` was claimed; what asks for no credentials is let pass. */
void challenges_note(struct challenges *challenges, struct finding *finding, const struct event *event);

/* To be called with each EVENT_HTTP. */
void challenges_note_granted(struct challenges *challenges, struct findings *findings, const struct event *event);

#endif
