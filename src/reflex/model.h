/*
 * The state of one client (one token), as the backend sent it and as the frontend shows it: substates and vars, rebuilt
 * from the updates by the rules of the frontend's version. Memory is bounded by a budget,
 * to which hash tables add a constant factor.
 */
#ifndef REFLEX_MODEL_H
#define REFLEX_MODEL_H

#include "base/timestamp.h"
#include "reflex/frontend.h"
#include "reflex/update.h"

/* What a frontend does with a substate that it does not know. */
enum model_client {
	MODEL_CLIENT_THROWS, /* ≤ 0.8: the substates before it are applied, the rest is not, and it sends no more */
	MODEL_CLIENT_DROPS,  /* 0.9: the same, and every later update is dropped until it connects again */
	MODEL_CLIENT_SKIPS,  /* since 0.10: only that substate is left out */
};

/* By the version that the frontend names as its WebSocket subprotocol; THROWS when it is none. */
enum model_client model_client_of(struct slice version);

/* An event of the timeline. */
struct model_point {
	uint64_t event; /* its number, from 1; 0: it never happened */
	timestamp time;
	uint64_t packet; /* its last */
};

enum { MODEL_TEXT = 256 }; /* bytes kept of a value */

struct model_value {
	enum json_kind kind; /* JSON_BAD: there is no value */
	bool empty;          /* [], {}, "" or null */
	size_t size;         /* of the JSON text */
	uint64_t digest;     /* of all of it */
	struct slice text;   /* its first MODEL_TEXT bytes */
};

struct model_var {
	struct slice name;
	const struct manifest_var *declared; /* NULL: unknown to the frontend, or no manifest */
	struct model_value sent;             /* by the backend, last */
	struct model_value held; /* while `behind`: what the frontend shows instead (JSON_BAD when nothing) */
	bool behind;
	struct model_point first, last; /* when it was sent */
	struct model_point changed[2];  /* the first and the last time that another value was sent than before */
	uint64_t sends, changes;
	UT_hash_handle hh; /* by name */
};

struct model_state {
	struct slice name;
	const struct manifest_state *declared;
	struct model_var *vars;
	struct model_point first, last; /* when it was named in a delta */
	struct model_point whole;       /* the last whole dump that had it */
	uint64_t sends;
	UT_hash_handle hh;
};

struct model {
	const struct manifest *manifest; /* may be NULL: then every name is taken as known */
	enum model_client client;
	struct model_state *states;
	struct budget *budget;
	uint64_t left_out; /* states and vars that the budget refused: while not 0, absence proves nothing */
	/* Of the connection: */
	struct model_point connected;
	struct model_point asked;    /* the hydrate event, or 0.10's CONNECT with one */
	struct model_point answered; /* the first delta after it that names the root state */
	struct model_point hydrated; /* is_hydrated came as true */
	struct model_point threw;    /* the first update that the frontend could not apply whole */
	/* Of all: */
	struct model_point whole; /* the last whole dump */
};

/* What one update did. */
struct model_effect {
	size_t states, vars;
	size_t changed;                      /* vars with another value than before */
	size_t unknown_states, unknown_vars; /* that the frontend does not declare */
	size_t not_applied;                  /* vars that the frontend did not take */
	bool whole;
};

/* `manifest` and `budget` are borrowed and outlive the model. NULL when memory is exhausted. */
struct model *model_new(const struct manifest *manifest, enum model_client client, struct budget *budget);
void model_free(struct model *model);

/* A connection begins. On a new page (a reload) the frontend shows the declared values again. */
void model_begin_connection(struct model *model, bool new_page, struct model_point at);

/* The client sent this event. */
void model_note_event(struct model *model, const struct update_event *event, struct model_point at);

struct model_effect model_apply(struct model *model, struct slice delta, struct model_point at);

const struct model_state *model_find_state(const struct model *model, struct slice name);
const struct model_var *model_find_var(const struct model_state *state, struct slice name);

/* What the frontend shows of a var. */
const struct model_value *model_shown(const struct model_var *var);

/* Walks what the frontend declares and the last whole dump did not have: a state (`var` NULL) or a var of a state that
 * it had. Nothing while there was no dump (0.10's first hydrate is none) or something was left out. */
bool model_next_missing(const struct model *model, struct manifest_cursor *cursor);

/* The same of one state: begin with a cursor at it. */
bool model_next_missing_var(const struct model *model, struct manifest_cursor *cursor);

/* A var that kept its first value while neighbours in its state changed. Since 0.10 a var that equals its declared
 * value is not sent at all: then `var` is NULL and `declared` says which. */
struct model_stale {
	const struct model_state *state;
	const struct model_var *var;
	const struct manifest_var *declared; /* NULL: unknown to the frontend, or no manifest */
	const struct model_var *source;      /* the neighbour it is most likely computed from: shares a word with it, or
	                                      * else changed most */
	bool shares_word;
	bool same_shape; /* both are lists or objects, and the neighbour is not empty while the var is */
};
/* Begin with an empty `stale`. Vars of Reflex's own states are passed over; so are those never sent of a state that was
 * dumped whole, which model_next_missing lists. */
bool model_next_stale(const struct model *model, struct model_stale *stale);

/* An empty effect for what is no update with a delta. */
struct model_effect follow_apply(struct model *model, const struct event *event, const struct follow_item *item);

#endif
