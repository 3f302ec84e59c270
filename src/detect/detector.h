/*
 * A detector: one family of findings, a row in the table of diagnosis.c, or of a plug-in; and the diagnosis, an
 * observer that runs every detector over the timeline.
 *
 * A detector claims what it sees in the timeline as it goes by. Each says in its first comment what is seen, what else
 * could explain it, and what rules that out. What it notes about a session is a struct of its own, on one sheet with
 * those of the other detectors.
 */
#ifndef DETECT_DETECTOR_H
#define DETECT_DETECTOR_H

#include "base/memory.h"
#include "base/plugin.h"
#include "detect/logged.h"
#include "detect/findings.h"
#include "detect/thresholds.h"
#include "http/exchange.h"
#include "socketio/engine.h"
#include "socketio/event.h"
#include "socketio/session.h"

/* ---- notes about sessions */

struct sheet;

enum { NOTES_PLACES = 32 };

struct notes {
	struct budget *memory;
	size_t size; /* of what stands on a sheet */
	size_t place_count;
	struct {
		size_t at, size;
		bool is_apart; /* its note is large and made when it is needed: the sheet has a pointer */
		void (*empty)(void *note); /* or NULL */
	} places[NOTES_PLACES];
	struct sheet *by_number;
	struct sheet *last; /* that was asked for: the detectors ask for the same in turn; or NULL */
};

/* A detector's place on every sheet. */
struct notes_place {
	struct notes *notes;
	size_t nth;
};

/* `memory` is borrowed, and counts the notes that there was no memory for. */
void notes_init(struct notes *notes, struct budget *memory);
void notes_free(struct notes *notes);

/* A place of `size` bytes on each sheet; at most NOTES_PLACES, before the first note. `empty`, which may be NULL, lets
 * go of what a note holds, before the note itself goes. */
struct notes_place notes_add_place(struct notes *notes, size_t size, void (*empty)(void *note));

/* The session's note, made and zeroed when it is new; it stays where it is until it is forgotten. NULL: no memory. */
void *notes_of(const struct notes_place *place, const struct session *session);

/* The same, without making one. */
void *notes_find(const struct notes_place *place, const struct session *session);

/* Whether anything was noted about the session. */
bool notes_has(struct notes *notes, const struct session *session);

/* The whole sheet. */
void notes_forget(struct notes *notes, const struct session *session);

/* ---- a detector */

/* What detectors may know besides the timeline. Borrowed; outlives them. */
struct detector_facts {
	struct plugin_facts plugged;               /* what plug-ins opened */
	const struct server_log_table *log_tables; /* of plug-ins, asked before those of servers/; or NULL */
	bool has_log;                              /* a server log is told as EVENT_LOG, as far as it reaches */
	const char *filter;                        /* of packets, as it was given; or NULL */
	const uint16_t *ports;                     /* that an option names, port_count of them */
	size_t port_count;
	bool hears_log; /* so is all that the server wrote: it was watched meanwhile */
	struct logged_undated undated; /* known lines of the log that have no time: read before the first packet */
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
	bool judges_absence; /* it tells what did not come: it hears nothing of sessions that are `unrecorded` */
	/* Each may be NULL. */
	void (*event)(void *self, const struct event *event);
	void (*attempted)(void *self, const struct attempt *attempt); /* for a connection (net/stream.h) */
	/* The session has ended, some seconds ago: judge it by its notes, which are forgotten after this. Called again
	 * for notes that stray events make after it, and not at all where no detector noted anything: what is claimed
	 * must rest on a note. */
	void (*session_over)(void *self, const struct session *session);
	/* Nothing more of the session can come: what is known only now (session->losses). */
	void (*session_closed)(void *self, const struct session *session);
	/* Live, about once a second, of a session that is open: what is overdue by now is claimed, and withdrawn (findings_
	 * withdraw) when it comes after all. */
	void (*overdue)(void *self, const struct session *session, timestamp now);
	void (*end)(void *self, const struct engine_counts *counts);
};

/* How sure a claim about a session can be that rests on what is absent: likely when all of it was captured, possible
 * when not. */
enum confidence detector_absence(const struct session *session);

/* Says why a claim is only as sure as detector_absence, when it is. */
void detector_doubt_absence(struct findings *findings, struct finding *finding, const struct session *session);

/* ---- the diagnosis */

struct diagnosis; /* opaque */

/* `facts` is borrowed; `limit`: bytes of the findings and their texts. NULL: no memory. */
struct diagnosis *diagnosis_new(const struct detector_facts *facts, size_t limit);
void diagnosis_free(struct diagnosis *diagnosis);

const struct observer *diagnosis_observer(const struct diagnosis *diagnosis);

/* What was found so far, in the order in which it was. */
struct findings *diagnosis_findings(struct diagnosis *diagnosis);

/* Lets the detectors look back once the timeline has ended, and puts the findings in order. They live as
 * long as the diagnosis. */
struct findings *diagnosis_finish(struct diagnosis *diagnosis, const struct engine_counts *counts);

#endif
