/*
 * What a proxy does to requests: it passes them on with another path or without their query, it redirects POSTs, it
 * does not take the server's answers. Some of it shows only where both of its sides were captured, as on its own host.
 */
#ifndef DETECT_BEHIND_H
#define DETECT_BEHIND_H

#include "detect/findings.h"
#include "socketio/event.h"

enum { BEHIND_HANDSHAKES = 8, BEHIND_PATH = 64, BEHIND_POSTS = 16, BEHIND_QUERIES = 16 };

/* A handshake that was answered 404: perhaps behind a proxy that changed its path. */
struct refused_handshake {
	struct endpoint server;
	uint64_t query; /* a digest */
	int status;
	timestamp begun, ended;
	struct finding *finding; /* that reports it */
	bool is_reported;        /* that the path was changed */
	char path[BEHIND_PATH + 1];
};

/* A POST that was redirected so that it becomes a GET. */
struct redirected_post {
	struct address client;
	uint64_t location; /* a digest; 0: the GET came */
};

/* Handshakes for one path of a host, by whether the server took their transports. */
struct refused_transports {
	struct endpoint server;
	uint64_t place;              /* a digest of Host and path */
	bool is_taken;               /* one was */
	struct finding *findings[2]; /* that report the others: WebSocket, polling; NULL: none */
	struct origin origins[2];    /* the first of them */
	bool is_lost;                /* both transports were refused: it is reported that the query does not arrive */
};

/* The last of them, in rings. */
struct behind {
	struct refused_handshake handshakes[BEHIND_HANDSHAKES];
	size_t count;
	struct redirected_post posts[BEHIND_POSTS];
	size_t post_count;
	struct refused_transports queries[BEHIND_QUERIES];
	size_t query_count;
};

/* `finding` reports the refusal of `event`, an EVENT_HTTP, for its path. */
void behind_note_refused(struct behind *behind, struct finding *finding, const struct event *event);

/* A proxy that passes a handshake on with another path: the same query, on both sides of it, one within the other. The
 * inner one is answered first, and its finding then reports both. False: `event` is none. */
bool behind_report_path(struct behind *behind, struct findings *findings, const struct event *event);

/* An EVENT_HTTP or EVENT_WS_OPEN was answered. */
void behind_note_answer(struct behind *behind, const struct event *event);

/* Is it the GET that a redirected POST became? True once for each: the finding about the redirect (handshakes.c)
 * reports it. */
bool behind_take_redirected_post(struct behind *behind, const struct event *event);

/* A handshake whose transport the server does not know, reported by `finding` (NULL: there is none yet). Where it
 * refuses both polling and WebSocket at one path, and took neither there before, the query that names the transport
 * does not arrive: takes the findings about the two back, and reports that in their place. True: `event` is reported
 * so. */
bool behind_report_query(
    struct behind *behind, struct findings *findings, struct finding *finding, const struct event *event);

/* `finding` reports `event`, which is refused for `cause`. Where that says that the proxy's server is away, and the
 * capture has what the server did: says so in it. Returns the cause. */
enum cause behind_say(struct findings *findings, struct finding *finding, const struct event *event, enum cause cause);

#endif
