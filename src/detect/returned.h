/*
 * Clients that are back in another session while the server still waits for them in the one before: a phone that went
 * from one network to another. What is lost then is the old connection, and nobody is to blame. A part of heartbeat.c,
 * for it alone.
 *
 * Seen: a CONNECT with the same auth as the silent session's, from another address, or where TCP shows that nothing
 * reached the old one any more. What else it could be: another client with the same auth (a token that all share):
 * ruled out when another joined with it while the session was not silent yet.
 */
#ifndef DETECT_RETURNED_H
#define DETECT_RETURNED_H

#include "detect/findings.h"

enum { RETURNED_JOINS = 128, RETURNED_CASES = 32 };

/* What a session keeps: of its client's first CONNECT. */
struct returned_client {
	uint64_t identity; /* a digest of its auth; 0: it has none */
	uint64_t address;  /* a digest */
	timestamp joined;
};

/* A CONNECT of a client. */
struct returned_join {
	struct returned_client client;
	uint64_t session; /* its number */
	struct address address;
	struct origin origin;
};

/* A session that fell silent. */
struct returned_case {
	struct finding *finding;
	struct returned_client client;
	uint64_t session;
	timestamp heard, until; /* the client's last packet; how long its return is waited for */
	bool is_unreached;      /* TCP shows that nothing reaches it */
};

struct returned {
	struct findings *findings;
	struct returned_join joins[RETURNED_JOINS]; /* the last ones, in a ring */
	size_t join_count;
	struct returned_case cases[RETURNED_CASES]; /* the same */
	size_t case_count;
};

/* Of a client's CONNECT. */
struct returned_join returned_join_of(const struct event *event);

/* It may be the return of one that fell silent: its finding is information then. */
void returned_note_join(struct returned *returned, const struct returned_join *join);

/* The same for one that fell silent: it may be back already. */
void returned_note_silent(struct returned *returned, const struct returned_case *silent);

#endif
