/*
 * A detector: one family of findings, one file, one row in the table of diagnosis.c, or of a plug-in.
 *
 * A detector claims what it sees in the timeline as it goes by. Each says in its first comment what is seen, what else
 * could explain it, and what rules that out.
 */
#ifndef DETECT_DETECTOR_H
#define DETECT_DETECTOR_H

#include "base/plugin.h"
#include "detect/causes.h"
#include "detect/findings.h"
#include "detect/notes.h"
#include "detect/thresholds.h"
#include "http/exchange.h"
#include "socketio/engine.h"

/* What detectors may know besides the timeline. Borrowed; outlives them. */
struct detector_facts {
	struct plugin_facts plugged;               /* what plug-ins opened */
	const struct server_log_table *log_tables; /* of plug-ins, asked before those of servers/; or NULL */
	bool has_log;                              /* a server log is told as EVENT_LOG, as far as it reaches */
	const char *filter;                        /* of packets, as it was given; or NULL */
	const uint16_t *ports;                     /* that an option names, port_count of them */
	size_t port_count;
	bool hears_log; /* so is all that the server wrote: it was watched meanwhile */
};

/* What a detector works with. Most keep nothing else. Borrowed; outlives them. */
struct detector_state {
	struct findings *findings;
	const struct detector_facts *facts;
	struct notes_place notes; /* its own, of each session */
	const void *plugged;      /* what the detector's plug-in opened; NULL: nothing, or it is of the core */
};

struct detector {
	size_t note_size;               /* of what is noted about each session; 0: nothing is */
	void (*empty_note)(void *note); /* lets go of what a note holds, before the note itself goes; or NULL */
	/* For those that keep more than a detector_state, which `self` then is not: they copy it. NULL: no memory. NULL
	 * for `free`: free() does. */
	void *(*new)(const struct detector_state *state);
	void (*free)(void *self);
	/* Each may be NULL. */
	void (*event)(void *self, const struct event *event);
	void (*attempted)(void *self, const struct attempt *attempt); /* for a connection (net/stream.h) */
	/* The session has ended, some seconds ago: judge it by its notes, which are forgotten after this. Called again
	 * for notes that stray events make after it, and not at all where no detector noted anything: what is claimed
	 * must rest on a note. */
	void (*session_over)(void *self, const struct session *session);
	/* Nothing more of the session can come: what is known only now (session->losses). */
	void (*session_closed)(void *self, const struct session *session);
	void (*end)(void *self, const struct engine_counts *counts);
};

/* How sure a claim about a session can be that rests on what is absent: likely when all of it was captured, possible
 * when not. */
enum confidence detector_absence(const struct session *session);

/* Says why a claim is only as sure as detector_absence, when it is. */
void detector_doubt_absence(struct findings *findings, struct finding *finding, const struct session *session);

#endif
