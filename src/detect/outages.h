/* Refusals by a proxy that did not reach its server, and its answers after them. A part of refusals.c, for it alone. */
#ifndef DETECT_OUTAGES_H
#define DETECT_OUTAGES_H

#include "detect/detector.h"

/* A proxy that did not reach its server, by one of the findings that say so. Outages that follow each other closely are
 * one episode: a pool of servers that restart in turn, one of several that is gone, or a pool that is full. */
struct outage {
	struct endpoint proxy;
	struct finding *finding;
	int status;
	timestamp begun;       /* the first refusal of the episode */
	timestamp first, last; /* refusals of the latest outage */
	timestamp back;        /* TIMESTAMP_NONE: it has not reached it since the last refusal */
	timestamp reached;     /* for the last time since then */
	timestamp apart;       /* the longest time between refusals of the episode between which it was reached */
	timestamp longest;     /* of the outages that ended, and of the episodes that were restarts in turn */
	timestamp waited;      /* the longest wait before a refusal; 0: all came at once */
	timestamp asked;       /* when the latest request was sent that waited for its refusal; 0: none */
	bool others;           /* not all refused requests were polls that had been held for a while */
	bool lives;            /* a session of before that goes on behind it */
	unsigned returns;      /* how often it was reached between two refusals of the episode */
	unsigned full, partly; /* the same of episodes that were no restart, by what they were */
	bool lasts;            /* one of those that were full took longer than a restart, or has not ended */
};

enum { OUTAGES_MOST = 32 };

struct outages {
	struct outage list[OUTAGES_MOST]; /* the first of them */
	size_t count;
};

/* A refusal for this cause says that the proxy did not reach its server. */
bool outages_is_one(enum cause cause);

/* A refusal that `finding`, one of `findings`, reports. */
void outages_note(
    struct outages *outages, struct findings *findings, const struct event *event, struct finding *finding);

/* An answer with a status: perhaps the server is there again. */
void outages_note_back(struct outages *outages, const struct event *event);

/* A session's event from the server: it lives, while the proxy refuses others. */
void outages_note_life(struct outages *outages, const struct event *event);

/* At the end: says in the findings how long the outages took. */
void outages_report(struct outages *outages, struct findings *findings);

#endif
