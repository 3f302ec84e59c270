/* Requests of one kind to one server that ended alike without an answer: unanswered.c gathers them, unanswered_report.c
 * makes findings of them, unanswered_hosts.c knows which hosts are answered. For these alone. */
#ifndef DETECT_UNANSWERED_H
#define DETECT_UNANSWERED_H

#include "detect/detector.h"

enum request_kind { REQUEST_HANDSHAKE, REQUEST_WEBSOCKET, REQUEST_UPGRADE, REQUEST_POLL, REQUEST_POST };

enum request_end { REQUEST_GIVEN_UP, REQUEST_BROKEN_OFF, REQUEST_WAITING, REQUEST_CROSSED };

enum { UNANSWERED_PROOFS = 3, UNANSWERED_PATH = 64, UNANSWERED_NAME = 32, UNANSWERED_HOST = 64, UNANSWERED_HOSTS = 64 };

struct unanswered_request {
	timestamp begun, waited;
	struct origin origin;
	/* REQUEST_CROSSED: when the server had ended the connection, how long it was idle then, and may be by its
	 * Keep-Alive (0: it has none) */
	timestamp closed, idle, announced;
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
	char host[UNANSWERED_HOST];  /* that the first of them named; "" when others named another, or none did */
	char event[UNANSWERED_NAME]; /* that the first of them carried, of a POST that was broken off; or "" */
	bool polls_answered;         /* the server answered polls while the first of them waited */
	struct recognition software; /* of the first of them */
	timestamp announced;         /* REQUEST_CROSSED: the timeout of the server's Keep-Alive; 0: it has none */
	bool certain;                /* as it was when `finding` was graded */
	struct finding *finding;     /* that reports it; NULL: none yet */
};

static inline bool unanswered_is_of_websocket(enum request_kind kind)
{
	return kind == REQUEST_WEBSOCKET || kind == REQUEST_UPGRADE;
}

/* Did the request reach a server that had ended the connection, because nothing had come on it for a while? Not when it
 * ends it right after an answer, before it has answered anything, or at another time than its Keep-Alive announces. */
static inline bool unanswered_is_crossed(const struct exchange_crossed *crossed)
{
	timestamp idle = crossed->idle, announced = crossed->announced;
	return crossed->closed && idle >= threshold_time(THRESHOLD_KEEP_ALIVE_LEAST) &&
	       (!announced || (idle >= announced - threshold_time(THRESHOLD_KEEP_ALIVE_PLAY) &&
	                          idle <= announced + threshold_time(THRESHOLD_KEEP_ALIVE_PLAY)));
}

/* The same, and the server's Keep-Alive announces it: no other reason for its end is likely. */
static inline bool unanswered_is_race(const struct exchange *exchange)
{
	return exchange->crossed.announced && unanswered_is_crossed(&exchange->crossed);
}

/* The hosts that requests named (Host) which a server answered, with whatever status: the first of them. */
struct answered_hosts {
	struct {
		struct endpoint server;
		char host[UNANSWERED_HOST];
	} hosts[UNANSWERED_HOSTS];
	size_t count;
};

/* Empty without a Host. */
void unanswered_copy_host(char host[UNANSWERED_HOST], const struct exchange *exchange);

void unanswered_note_host(struct answered_hosts *answered, const struct event *event);

/* A host by which this server answers, where it answered nobody by `host`; NULL: that is not so. */
const char *unanswered_other_host(
    const struct answered_hosts *answered, const struct endpoint *server, const char host[UNANSWERED_HOST]);

/* Makes a finding of the group where it is one, and says more in it when more of them came. `is_live`: a clock ticks,
 * and what waits may still be answered. */
void unanswered_report(
    struct findings *findings, struct unanswered_group *group, const struct answered_hosts *answered, bool is_live);

#endif
