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

#include "base/hash.h"
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

/* ---- for sids.c, which keeps this, and sids_report.c, which explains by it */

enum { SIDS_COOKIE = 48, SIDS_SERVERS = 64 };

/* From which address a user's request came, without a port. */
struct sid_user {
	char address[EXCHANGE_FORWARDED]; /* "": it is not known */
	bool is_forwarded;                /* a proxy says so; else it is the connection's own, and public */
};

struct sid_record {
	char sid[TARGET_SID_SIZE];
	struct endpoint server;
	timestamp time;
	uint64_t packet;       /* of the answer that gave it out */
	uint64_t again_packet; /* of another one of the same server; 0: none */
	bool is_disowned;      /* its own server did not know it any more */
	bool is_cached;        /* that one says that it came from a cache */
	bool is_sticky;        /* the cookie is known as a balancer's */
	uint64_t cookie_packet;
	bool cookie_is_secure, cookie_is_cross_site; /* Secure; SameSite=None */
	char cookie_path[SIDS_COOKIE];               /* its Path; "": none, or too long */
	char cookie[SIDS_COOKIE]; /* the name of the one that the answer set: a balancer's, or the first; "": none */
	struct sid_user user;     /* that it was given to */
	enum cause cause;         /* as it was reported; CAUSES: it was not */
	struct finding *finding;  /* so it was */
	UT_hash_handle hh;
};

/* What a server's restart, or several workers behind its address, look like. */
struct sid_server {
	struct endpoint endpoint;
	timestamp down; /* when a connection was refused there last; 0: never */
	uint64_t down_packet;
	bool counts;      /* its sids have a counter */
	uint32_t counter; /* of the latest */
	timestamp given;  /* when that was given out */
	uint32_t stride;  /* the longest step from one sid to the next: joined namespaces may take numbers as well */
	uint32_t other;   /* the counter of the latest before it went back */
	timestamp began;  /* when it went back, for the first time in close succession */
	timestamp fell;   /* and for the last */
	uint64_t fell_packet;
	unsigned falls;            /* how often in close succession: a restart is one */
	bool has_workers;          /* it went back and forth */
	unsigned unknown_at_first; /* sessions that it did not know in their first request */
	timestamp unknown_when;    /* the last of them */
	uint64_t unknown_packet;
};

struct sids {
	struct findings *findings;
	struct sid_record *records;
	struct sid_server servers[SIDS_SERVERS];
	size_t server_count;
};

/* NULL: it was not given out, or is forgotten. */
struct sid_record *sids_find(const struct sids *sids, const char *sid);

/* NULL: it gave none out. */
struct sid_server *sids_find_server(struct sids *sids, const struct endpoint *endpoint);

bool sid_server_has_workers(const struct sid_server *server);

/* Whose request the event shows. */
struct sid_user sid_user_of(const struct event *event);

/* Do both name an address, in the same way, and not the same one? */
bool sid_users_differ(const struct sid_user *one, const struct sid_user *other);

/* Does the request bring it? */
bool sid_has_cookie(const struct exchange *exchange, const char *name);

/* The server's counter of sids went back, or on where it was before: findings that could not know are changed. */
void sids_reconsider(struct sids *sids, const struct sid_server *server, const struct event *event);

/* The answer of `event` gives the sid out once more, and says that it comes from a cache. */
void sids_report_twice(struct sids *sids, const struct sid_record *record, const struct event *event);

/* The server answers a request of a session that it did not know before: its workers take turns. */
void sids_report_known_again(struct sids *sids, const struct sid_session *per_session, const struct event *event);

#endif
