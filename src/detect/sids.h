/*
 * session-unknown: a server does not know the sid that it is asked for, and why.
 *
 * Seen: the answer to a request of a session disowns its sid (refusals.c reads that). Why: what happened to the sid
 * before. It was given out twice by a cache, closed by either side, lost with a refused body or an aborted poll, given
 * out by another server or another worker, asked for without the balancer's cookie, or lost with a restart. What fits
 * and cannot be distinguished is listed.
 */
#ifndef DETECT_SIDS_H
#define DETECT_SIDS_H

#include "detect/detector.h"

struct sids;

/* Of each session, zeroed at first. */
struct sid_session {
	timestamp asked;   /* when its handshake was sent; 0: it is not known */
	unsigned requests; /* that it made */
	timestamp last;    /* that the client sent anything, before the request that is judged; 0: never */
	uint64_t taken;    /* the first packet of the last request that its server answered with success; 0: none */
	uint64_t large;    /* the same of one that was refused for its size */
	uint64_t aborted;  /* of a held poll whose connection the client's side ended */
	uint64_t disowned; /* of the first request that was answered as if the sid were unknown */
	bool cookie_came;  /* a request brought the cookie that the handshake's answer had set */
};

/* `findings` is borrowed and outlives it. NULL: no memory. */
struct sids *sids_new(struct findings *findings);
void sids_free(struct sids *sids);

/* Every event of a session, before sids_report. `per_session` is the session's; NULL: there was no memory for it. */
void sids_note_event(struct sids *sids, struct sid_session *per_session, const struct event *event);

/* Of every connection. */
void sids_note_attempt(struct sids *sids, const struct attempt *attempt);

/* The answer of `event` disowns the request's sid. `per_session` is its session's; NULL: none is known. */
void sids_report(struct sids *sids, struct sid_session *per_session, const struct event *event);

#endif
