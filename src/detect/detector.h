/*
 * A detector: one family of findings, a row in the table of diagnosis.c, or of a plug-in; and the diagnosis, an
 * observer that runs every detector over the timeline.
 *
 * A detector claims what it sees in the timeline as it goes by. Each says in its first comment what is seen, what else
 * could explain it, and what rules that out. What it remembers of a session is a struct of its own, in one block with
 * those of the other detectors.
 */
#ifndef DETECT_DETECTOR_H
#define DETECT_DETECTOR_H

#include "base/memory.h"
#include "base/plugin.h"
#include "detect/findings.h"
#include "detect/logged.h"
#include "detect/thresholds.h"
#include "http/exchange.h"
#include "socketio/engine.h"
#include "socketio/event.h"
#include "socketio/session.h"

/* ---- session state */

struct session_state;

enum { STATE_SLOTS = 64 };

struct session_states {
	struct budget *memory;
	size_t size; /* of one session's, all slots */
	size_t slot_count;
	struct {
		size_t at, size;
		bool is_apart; /* a large one has memory of its own, made when it is needed: here is a pointer to it */
		void (*empty)(void *per_session); /* or NULL */
	} slots[STATE_SLOTS];
	struct session_state *by_number;
	struct session_state *last; /* that was asked for: the detectors ask for the same in turn; or NULL */
};

/* A detector's slot in the state of every session. */
struct state_slot {
	struct session_states *states;
	size_t nth;
};

/* `memory` is borrowed, and counts the states that there was no memory for. */
void session_states_init(struct session_states *states, struct budget *memory);
void session_states_free(struct session_states *states);

/* A slot of `size` bytes in each session's state; at most STATE_SLOTS, before the first session. `empty`, which may be
 * NULL, frees what a slot owns, before the slot itself goes. */
struct state_slot session_states_add_slot(struct session_states *states, size_t size, void (*empty)(void *per_session));

/* The slot of this session, made and zeroed when it is new; it stays where it is until it is forgotten. NULL: no
 * memory. */
void *session_state_of(const struct state_slot *slot, const struct session *session);

/* The same, without making one. */
void *session_state_find(const struct state_slot *slot, const struct session *session);

/* Whether any detector has state of the session. */
bool session_states_has(struct session_states *states, const struct session *session);

/* All slots of the session. */
void session_states_forget(struct session_states *states, const struct session *session);

/* ---- a detector */

/* What detectors may know besides the timeline. Borrowed; outlives them. */
struct detector_facts {
	struct plugin_facts plugged;               /* what plug-ins opened */
	const struct server_log_table *log_tables; /* of plug-ins, asked before those of servers/; or NULL */
	bool has_log;                              /* a server log is emitted as EVENT_LOG, as far as it reaches */
	const char *filter;                        /* of packets, as it was given; or NULL */
	const uint16_t *ports;                     /* that an option names, port_count of them */
	size_t port_count;
	bool hears_log;                /* so is all that the server wrote: it was watched meanwhile */
	struct logged_undated undated; /* known lines of the log that have no time: read before the first packet */
};

/* What a detector works with. Most keep nothing else. Borrowed; outlives them. */
struct detector_state {
	struct findings *findings;
	const struct detector_facts *facts;
	struct state_slot sessions; /* its own, of each session */
	const void *plugged;        /* what the detector's plug-in opened; NULL: nothing, or it is of the core */
};

struct detector {
	size_t session_size;                     /* of what is kept of each session; 0: nothing is */
	void (*free_session)(void *per_session); /* frees what the state owns, before the state itself goes; or NULL */
	/* For those that keep more than a detector_state, which `self` then is not: they copy it. NULL: no memory. NULL
	 * for `free`: free() does. */
	void *(*new)(const struct detector_state *state);
	void (*free)(void *self);
	bool judges_absence; /* it reports what did not come: it hears nothing of sessions that are `unrecorded` */
	/* Each may be NULL. */
	void (*event)(void *self, const struct event *event);
	void (*attempted)(void *self, const struct attempt *attempt);       /* for a connection (net/stream.h) */
	void (*asked)(void *self, const struct event *event);               /* as an observer hears it */
	void (*beside)(void *self, const struct event *event);              /* the same of a plug-in's requests */
	void (*script)(void *self, const struct event *event);              /* the same of client_script.h's */
	void (*secured)(void *self, const struct tls_handshake *handshake); /* the same of TLS */
	/* The session has ended, some seconds ago: judge it by its state, which is forgotten after this. Called again
	 * for state that stray events make after it, and not at all where no detector has any: what is claimed must
	 * rest on it. */
	void (*session_over)(void *self, const struct session *session);
	/* Nothing more of the session can come: what is known only now (session->losses). */
	void (*session_closed)(void *self, const struct session *session);
	/* Live, about once a second, of a session that is open: what is overdue by now is claimed, and withdrawn
	 * (findings_withdraw) when it comes after all. */
	void (*overdue)(void *self, const struct session *session, timestamp now);
	void (*clock)(void *self, timestamp now); /* the same, of what belongs to no session */
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
