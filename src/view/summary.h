/* What a report tells, gathered while the timeline goes by: an observer. Text and JSON are written from it. */
#ifndef VIEW_SUMMARY_H
#define VIEW_SUMMARY_H

#include "base/arena.h"
#include "detect/findings.h"
#include "servers/server.h"
#include "socketio/engine.h"
#include "view/section.h"

/* What is kept of a session. All text lives as long as the summary. */
struct summary_session {
	uint64_t number;
	const char *sid; /* "" while it was never told */
	struct endpoint client, server;
	const struct session_leg *legs; /* of several, nearest to the client first; or NULL */
	size_t leg_count;
	const struct process *process; /* that a probe saw; lives as long as the engine; or NULL */
	bool doubtful;
	bool known, handshake_seen, refused;
	uint8_t revision;
	unsigned transports;
	timestamp first, last, opened, closed;
	struct recognition software;
	const char *close;
	const char *namespaces;          /* names, each NUL-terminated, one after the other */
	const uint8_t *namespace_states; /* of each, enum namespace_state */
	size_t namespace_count;
	uint32_t events[2], packets[2]; /* these and those below: UINT32_MAX at most */
	uint32_t gaps, malformed, incomplete, unreadable;
};

struct summary_input {
	const char *const *sources; /* borrowed names */
	size_t source_count;
	uint64_t filtered; /* packets read that the filter did not let through */
};

struct summary {
	struct observer observer;
	struct arena texts;
	struct summary_session *sessions; /* in order of number */
	size_t session_count, session_room;
	struct summary_session before; /* the one kept last */
	uint64_t counted[2];           /* all: [1] known, [0] not */
	size_t most;                   /* of each of these are wanted: those of the lowest numbers; 0: all */
	uint64_t unlisted;             /* sessions that did not fit */
	uint64_t refused;              /* texts that did not; sessions, when memory was refused */
	struct summary_input input;
	const struct engine_counts *counts; /* borrowed from the engine */
	struct ledger *ledger;              /* the engine's */
	const struct findings *findings;    /* arranged; borrowed */
	struct sections sections;           /* of plug-ins: an observer of its own */
};

/* Keeps the first `most` sessions that are known and as many that are not; 0: the first 100,000 to end. `plugged` is
 * what plug-ins opened, borrowed. The summary stays where it is from here on. */
void summary_init(struct summary *summary, size_t most, const struct plugin_facts *plugged);
void summary_free(struct summary *summary);

/* Puts the sessions in order of number, and adds to the engine's ledger what the report leaves out; call after
 * engine_end. */
void summary_finish(
    struct summary *summary, struct engine *engine, const struct summary_input *input, const struct findings *findings);

/* How often memory was refused to what the report tells, the engine's own aside (that is a limit's hit). */
uint64_t summary_refused(const struct summary *summary);

/* The nth namespace's name. */
const char *summary_namespace(const struct summary_session *session, size_t nth);

#endif
