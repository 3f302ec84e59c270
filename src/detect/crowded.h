/*
 * Browsers open six connections to one host over HTTP/1.1, for all tabs and pages together (Chromium:
 * kMaxSocketsPerGroup; Firefox: network.http.max-persistent-connections-per-server), and each session that polls holds
 * one of them. With more such sessions than connections, each request waits until a poll is answered: a client is late
 * then, and not to blame.
 */
#ifndef DETECT_CROWDED_H
#define DETECT_CROWDED_H

#include "detect/findings.h"
#include "socketio/event.h"

enum { CROWDED_CONNECTIONS = 6, CROWDED_POLLS = 4096, CROWDED_CASES = 64 };

/* A poll that was held. */
struct crowded_poll {
	uint64_t browser; /* a digest of its address, its name, and the server */
	uint64_t session;
	uint16_t port;
	timestamp begun, until;
};

/* A client that was late, until the polls that were held meanwhile are known: they are emitted when they are answered.
 */
struct crowded_case {
	struct finding *finding; /* that says so, and at its end that "the client was late"; NULL: none */
	uint64_t browser;        /* 0: it is none */
	uint64_t session;
	timestamp from, to;
};

/* The last of them, in rings. */
struct crowded {
	struct findings *findings;
	struct crowded_poll polls[CROWDED_POLLS];
	size_t poll_count;
	struct crowded_case cases[CROWDED_CASES];
	size_t case_count;
	size_t waiting; /* how many of these have a finding */
};

/* An EVENT_HTTP. */
void crowded_note_poll(struct crowded *crowded, const struct event *event);

/* A digest of the browser that sent the request of an EVENT_HTTP: its address, its name and the server. 0: it is no
 * browser's over HTTP/1. */
uint64_t crowded_browser(const struct event *event);

/* The client of a session that polls was late; its finding says more once the polls of its browser are known. */
void crowded_note_late(struct crowded *crowded, const struct crowded_case *noted);

/* What is known by `now`; at the end all is. */
void crowded_settle(struct crowded *crowded, timestamp now);

#endif
