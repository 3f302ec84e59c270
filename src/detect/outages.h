/* Refusals by a proxy that did not reach its server, and its answers after them. A part of refusals.c, for it alone. */
#ifndef DETECT_OUTAGES_H
#define DETECT_OUTAGES_H

#include "detect/detector.h"

/* A proxy that did not reach its server, by one of the findings that say so. */
struct outage {
	struct endpoint proxy;
	struct finding *finding;
	timestamp first, last; /* refusals of the latest outage */
	timestamp back;        /* TIMESTAMP_NONE: it has not reached it since the last refusal */
	timestamp longest;     /* of the outages that ended */
	unsigned returns;      /* how often it was reached between two refusals */
};

enum { OUTAGES_MOST = 32 };

struct outages {
	struct outage list[OUTAGES_MOST]; /* the first of them */
	size_t count;
};

/* A refusal for this cause says that the proxy did not reach its server. */
bool outages_is_one(enum cause cause);

/* A refusal that `finding` reports. */
void outages_note(struct outages *outages, const struct event *event, struct finding *finding);

/* An answer with a status: perhaps the server is there again. */
void outages_note_back(struct outages *outages, const struct event *event);

/* At the end: says in the findings how long the outages took. */
void outages_report(const struct outages *outages, struct findings *findings);

#endif
