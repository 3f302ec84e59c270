/*
 * A report: what is gathered for it while the timeline goes by, and how it is written. What a plug-in adds to it
 * (base/plugin.h) is a section in each report, and a view of its own that an option asks for in place of the report.
 */
#ifndef VIEW_REPORT_H
#define VIEW_REPORT_H

#include "base/mask.h"
#include "base/memory.h"
#include "base/plugin.h"
#include "detect/findings.h"
#include "servers/server.h"
#include "socketio/engine.h"
#include "socketio/event.h"
#include "view/writers.h"

#include <stdio.h>

/* ---- what plug-ins add */

struct report_section {
	void *(*new)(const void *facts); /* NULL: no memory */
	void (*free)(void *section);
	const struct observer *(*observer)(const void *section);
	void (*write)(const struct text_writer *writer, const void *section);
	const char *key; /* its member in the JSON report, which `tree` makes: NULL when memory was refused */
	cJSON *(*tree)(const void *section);
	/* For the report that found no problem: appends what else was checked (", and …"), and a sentence about what
	 * was not (" …."). May be NULL. */
	void (*health)(const void *section, struct buffer *checked, struct buffer *unchecked);
};

struct report_view {
	const char *option; /* that asks for it */
	bool (*wanted)(const void *options);
	void *(*new)(const void *options, const void *facts); /* NULL: a line on stderr says why */
	void (*free)(void *view);
	const struct observer *(*observer)(const void *view);
	void (*write)(const struct text_writer *writer, const void *view, const struct mask *mask);
};

/* The sections of all plug-ins: an observer that passes everything on to each. */
struct sections {
	struct observer observer;
	void *of[PLUGINS_MOST]; /* in the order of `plugins`; NULL: none, or no memory */
	const struct observer *observers[PLUGINS_MOST];
	size_t count;
	uint64_t refused; /* sections that there was no memory for */
};

/* Stays where it is from here on. */
void sections_init(struct sections *sections, const struct plugin_facts *facts);
void sections_free(struct sections *sections);

/* What was checked besides, and what was not: appended to a list, and behind its sentence. */
void sections_health(const struct sections *sections, struct buffer *checked, struct buffer *unchecked);

void sections_write(const struct text_writer *writer, const struct sections *sections);
bool sections_write_json(
    FILE *out, const struct mask *mask, const struct sections *sections); /* ",\"key\":{…}" for each */

/* ---- the summary */

/* What is kept of a session: little, for there may be 100,000. All that it points to lives as long as the summary. */
struct summary_session {
	uint64_t number;
	const char *sid;  /* "" while it was never seen */
	const char *user; /* whom a proxy names as the client; or NULL */
	struct endpoint client;
	const struct endpoint *server;
	const struct session_leg *legs; /* of several, nearest to the client first; or NULL */
	const struct process *process;  /* that a probe saw; lives as long as the engine; or NULL */
	bool doubtful, known, handshake_seen, refused;
	uint8_t revision, transports;
	uint8_t leg_count, namespace_count;
	timestamp first, last, opened, closed;
	struct recognition software;
	const char *close;
	const char *namespaces;          /* names, each NUL-terminated, one after the other */
	const uint8_t *namespace_states; /* of each, enum namespace_state */
	uint32_t events[2], packets[2];  /* these and those below: UINT32_MAX at most */
	uint32_t gaps, malformed, incomplete, unreadable;
};

struct summary_input {
	const char *const *sources; /* borrowed names */
	size_t source_count;
	uint64_t filtered;     /* packets read that the filter did not let through */
	uint64_t entries;      /* of HAR files */
	const char *recorders; /* who wrote these; NULL or "": nobody */
	uint64_t lines;        /* of servers' logs */
	const char *loggers;   /* the same of these */
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

/* How often memory was refused to what the report shows, the engine's own aside (that is a limit's hit). */
uint64_t summary_refused(const struct summary *summary);

/* The nth namespace's name. */
const char *summary_namespace(const struct summary_session *session, size_t nth);

/* ---- for a person */

enum { REPORT_SESSIONS = 20, REPORT_FINDINGS = 40 }; /* more are counted, not listed */

/* The findings alone, causes before what they explain. */
void report_text_write_findings(const struct text_writer *writer, const struct findings *findings);

/* The same thing in another session, in the same words or for the same cause, and of the same reason or of such a twin:
 * reported once, with how many there are. */
bool report_is_twin(const struct finding *a, const struct finding *b);

/* False when the stream refused it. */
bool report_text_write(const struct text_writer *writer, const struct summary *summary);

/* ---- for a program */

/* Writes one object and a line end. False: no memory, or the stream refused it. */
bool report_json_write(FILE *out, const struct mask *mask, const struct summary *summary);

/* The findings alone, as the list in the report. */
bool report_json_write_findings(FILE *out, const struct mask *mask, const struct findings *findings);

#endif
