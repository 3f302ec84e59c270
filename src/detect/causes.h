/*
 * Causes: why a finding is so. A code says what went wrong, its cause why, and the cause chooses the advice, for the
 * implementation that was recognised where that has its own.
 */
#ifndef DETECT_CAUSES_H
#define DETECT_CAUSES_H

#include "detect/findings.h"
#include "servers/server.h"

enum cause {
	CAUSE_WEBSOCKET_NOT_ALLOWED,
	CAUSE_POLLING_NOT_ALLOWED,
	CAUSE_BARE_403,
	CAUSE_REVISION_NOT_SUPPORTED,
	CAUSE_SERVER_OF_REVISION_3,
	CAUSE_QUERY_LOWER_CASE,
	CAUSE_QUERY_CHANGED,
	CAUSE_SID_OF_OTHER_SERVER,
	CAUSE_COOKIE_NOT_RETURNED,
	CAUSE_SESSION_GONE,
	CAUSE_SID_OF_BEFORE,
	CAUSE_NOT_SOCKETIO,
	CAUSE_NO_SUCH_PATH,
	CAUSE_BACKEND_GONE,
	CAUSE_BACKEND_SLOW,
	CAUSE_BACKEND_BROKE_OFF,
	CAUSE_RATE_LIMIT,
	CAUSE_ORIGIN,
	CAUSE_APPLICATION,
	CAUSE_UPGRADE_HEADER_REMOVED,
	CAUSE_POST_RATE_LIMIT,
	CAUSE_POST_BACKEND,
	CAUSE_POST_AFTER_UPGRADE,
	CAUSE_BATCH,
	CAUSE_PROXY_LIMIT,
	CAUSE_SERVER_LIMIT,
	CAUSE_UPGRADE_WITHOUT_HEADER,
	CAUSE_UPGRADE_WITHOUT_LIBRARY,
	CAUSE_UPGRADE_REFUSED,
	CAUSE_PROBE_NOT_SENT,
	CAUSE_PROBE_UNANSWERED,
	CAUSE_NOT_COMMITTED,
	CAUSE_REDIRECT,
	CAUSE_ENDED_AT_ONCE,
	CAUSE_HANDLED_TWICE,
	CAUSE_ANSWERED_TWICE,
	CAUSE_CLIENT_GAVE_UP,
	CAUSE_SERVER_BROKE_OFF,
	CAUSE_STILL_WAITING,
	CAUSE_CONNECTION_REFUSED,
	CAUSE_NO_REPLY,
	CAUSE_IN_UPGRADE,
	CAUSE_IN_ABORTED_POLL,
	CAUSE_SAME_SILENCE,
	CAUSE_SAME_AGE,
	CAUSE_POLL_HELD,
	CAUSE_NO_CONNECT,
	CAUSE_SERVER_LATE,
	CAUSE_CLIENT_LATE,
	CAUSES,
};

struct cause_entry {
	const char *word;    /* as report --json names it */
	const char *code;    /* whose findings it explains */
	const char *meaning; /* in words */
	const char *advice;  /* NULL: the code's own */
	struct {
		const char *software; /* the beginning of a server's `software`; NULL: no more */
		const char *advice;   /* in place of the general one */
	} own[5];
};

extern const struct cause_entry cause_table[CAUSES];

/* Sets the finding's cause, and its advice by it. `software` (may be NULL): which implementation it is about. */
void finding_set_cause(
    struct findings *findings, struct finding *finding, enum cause cause, const struct recognition *software);

#endif
