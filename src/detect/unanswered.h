/* Requests of one kind to one server that ended alike without an answer: unanswered.c gathers them, unanswered_report.c
 * makes findings of them. For these two alone. */
#ifndef DETECT_UNANSWERED_H
#define DETECT_UNANSWERED_H

#include "detect/detector.h"

enum request_kind { REQUEST_HANDSHAKE, REQUEST_WEBSOCKET, REQUEST_UPGRADE, REQUEST_POLL, REQUEST_POST };

enum request_end { REQUEST_GIVEN_UP, REQUEST_BROKEN_OFF, REQUEST_WAITING };

enum { UNANSWERED_PROOFS = 3, UNANSWERED_PATH = 64, UNANSWERED_NAME = 32 };

struct unanswered_request {
	timestamp begun, waited;
	struct origin origin;
};

/* Requests of one kind to one server that ended alike. */
struct unanswered_group {
	struct endpoint server;
	enum request_kind kind;
	enum request_end end;
	struct endpoint client; /* of the latest */
	timestamp last_end;     /* of the latest; TIMESTAMP_NONE: none since its client had an answer */
	timestamp moment;       /* when the first ended of the latest that ended together */
	unsigned close;         /* how many such moments came in close succession */
	bool served;            /* the server answered one of the kind since then, whoever sent it */
	bool recurs;            /* it is no restart: without such an answer between, or time after time */
	uint64_t count, again;  /* again: one more by a client that had given up before, without an answer between */
	timestamp longest;
	struct unanswered_request proofs[UNANSWERED_PROOFS];
	uint64_t session; /* of the first of them; 0: none */
	char sid[TARGET_SID_SIZE];
	char path[UNANSWERED_PATH];  /* that the first of them asked for, without its query */
	char event[UNANSWERED_NAME]; /* that the first of them carried, of a POST that was broken off; or "" */
	bool polls_answered;         /* the server answered polls while the first of them waited */
	struct recognition software; /* of the first of them */
	bool certain;                /* as it was when `finding` was graded */
	struct finding *finding;     /* that reports it; NULL: none yet */
};

static inline bool unanswered_is_of_websocket(enum request_kind kind)
{
	return kind == REQUEST_WEBSOCKET || kind == REQUEST_UPGRADE;
}

/* Makes a finding of the group where it is one, and says more in it when more of them came. `is_live`: a clock ticks,
 * and what waits may still be answered. */
void unanswered_report(struct findings *findings, struct unanswered_group *group, bool is_live);

#endif
