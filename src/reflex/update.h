/*
 * What Reflex says in its Socket.IO events: read where it lies, as slices of JSON that has
 * been checked. Tokens keep their quotes, like those of base/json.h.
 */
#ifndef REFLEX_UPDATE_H
#define REFLEX_UPDATE_H

#include "base/json.h"
#include "socketio/event.h"

/* ---- the client's event: `["event",{"name":…,"payload":…,…}]` */

struct update_event {
	struct slice name;    /* token */
	struct slice payload; /* value, or empty */
	struct slice page;    /* token: the path of the page that sends it; or empty */
	bool has_actions;     /* up to 0.8: no update asked for it (reflex.md section 2) */
};

/* Reads the event's object. Reflex up to 0.6 sends the object as a string of JSON: it is unescaped into `text`, which
 * is cleared first and lends the slices. False when there is no name. */
bool update_read_event(struct slice argument, struct buffer *text, struct update_event *event);

/* The event is this handler of the root state (`hydrate`, `hydrate_and_load`) or one of Reflex's own states. */
bool update_event_is(const struct update_event *event, const char *handler);

/* The event that 0.10 sends inside CONNECT; false, and empty, when there is none. */
bool update_read_connect(struct slice auth, struct update_event *event);

/* ---- the server's update: `["event",{"delta":…,"events":…,"final":…}]` */

enum update_final {
	UPDATE_FINAL_ABSENT, /* since 0.9 */
	UPDATE_FINAL_NULL,   /* from a background task */
	UPDATE_FINAL_FALSE,
	UPDATE_FINAL_TRUE,
};

struct update {
	struct slice delta;  /* object, or empty */
	struct slice events; /* array, or empty */
	enum update_final final;
};

/* As update_read_event. False when it is neither delta nor events nor final. */
bool update_read(struct slice argument, struct buffer *text, struct update *update);

/* How many of the page's events that are `waiting` an update with this `final` answers, the oldest first. Up to 0.8 the
 * page has one event in flight, and a final update answers the oldest; without `final` (since 0.9) an update answers
 * whatever was sent. Updates of background tasks answer nothing. */
size_t update_answers(enum update_final final, size_t waiting);

/* Walks a delta: each substate, then its vars.
 *     struct update_walk walk = update_walk_delta(delta);
 *     while (update_next_item(&walk, &item)) …
 * Names are the keys between their quotes, as received: Python names have nothing to escape, and the server escapes
 * no letters. */
struct update_walk {
	struct json_walk states, vars;
};

struct update_item {
	struct slice state; /* its full name */
	struct slice var;   /* at == NULL: the substate itself, before its vars */
	struct slice value; /* of the var; of the substate: the object */
};

static inline bool update_item_is_state(const struct update_item *item)
{
	return item->var.at == NULL;
}

struct update_walk update_walk_delta(struct slice delta);
bool update_next_item(struct update_walk *walk, struct update_item *item);

/* A delta names every substate and var of the backend: only a whole dump has substates without vars, a difference
 * leaves them out (seen in all 58 captures with a hydrate). Reflex's own states have no vars, so a dump has some. */
bool update_is_whole(struct slice delta);

/* The value of the root state's `is_hydrated`, when the delta has it. */
bool update_read_hydrated(struct slice delta, bool *hydrated);

/* ---- the events that an update asks for */

/* True when the client carries it out itself (`_redirect`, `_call_function`, …); all others come back as the client's
 * events of the same name, until 0.10, where the server runs them. `name` has its quotes. */
bool update_is_client_side(struct slice name);

/* The text of the error toast that Reflex shows when a handler raised: appended to `text` as
 * "KeyError: 'bid_str'"; of the alert that it shows up to 0.4 (state.py, _process_event), "An error occurred. …". False
 * when `event` (an element of update.events) is none. */
bool update_read_error(struct slice event, struct buffer *text);

/* ---- as an event of the timeline */

enum follow_kind { FOLLOW_NOTHING, FOLLOW_SENT, FOLLOW_UPDATE };

struct follow_item {
	enum follow_kind kind;
	struct update_event sent; /* FOLLOW_SENT */
	struct update update;     /* FOLLOW_UPDATE */
};

/* `text` holds what had to be unescaped: the item's slices may lie in it. */
enum follow_kind follow_read(const struct event *event, struct buffer *text, struct follow_item *item);

#endif
