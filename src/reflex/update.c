/*
 * Reflex's events and updates, and which update answers which event of a page (update_answers): a short queue of
 * unanswered events for each session.
 */
#include "reflex/update.h"

#include "base/hash.h"
#include "reflex/frontend.h"
#include "reflex/model.h"
#include "reflex/reflex.h"
#include "reflex/script.h"
#include "socketio/session.h"

#include <stdlib.h>

/* The object itself: up to 0.6 it came as a string of JSON. */
static bool open_argument(struct slice argument, struct buffer *text, struct slice *object)
{
	buffer_clear(text);
	*object = argument;
	if (json_kind_of(argument) == JSON_STRING) {
		if (!json_unescape(argument, text))
			return false;
		struct slice inner = buffer_slice(text);
		if (!json_take_value(&inner, object))
			return false;
	}
	return json_kind_of(*object) == JSON_OBJECT;
}

static bool read_event_object(struct slice object, struct update_event *event)
{
	*event = (struct update_event){0};
	struct json_walk walk = json_walk_into(object);
	while (json_walk_next(&walk)) {
		if (json_string_is(walk.key, "name"))
			event->name = walk.value;
		else if (json_string_is(walk.key, "payload"))
			event->payload = walk.value;
		else if (json_string_is(walk.key, "event_actions"))
			event->has_actions = true;
		else if (json_string_is(walk.key, "router_data") &&
		         !json_find_member(walk.value, "asPath", &event->page))
			json_find_member(walk.value, "pathname", &event->page);
	}
	return json_kind_of(event->name) == JSON_STRING;
}

bool update_read_event(struct slice argument, struct buffer *text, struct update_event *event)
{
	struct slice object;
	return open_argument(argument, text, &object) && read_event_object(object, event);
}

/* A name with escapes is no name of Reflex's own. */
bool update_event_is(const struct update_event *event, const char *handler)
{
	struct slice name = json_inside_quotes(event->name);
	struct slice last = name_last_part(name);
	if (!slice_equals_text(last, handler) || last.len == name.len)
		return false;
	return name_is_framework(slice_take(name, name.len - last.len - 1));
}

bool update_read_connect(struct slice auth, struct update_event *event)
{
	struct slice object;
	*event = (struct update_event){0};
	return json_find_member(auth, "event", &object) && read_event_object(object, event);
}

static enum update_final read_final(struct slice value)
{
	switch (json_kind_of(value)) {
	case JSON_TRUE:
		return UPDATE_FINAL_TRUE;
	case JSON_FALSE:
		return UPDATE_FINAL_FALSE;
	case JSON_NULL:
		return UPDATE_FINAL_NULL;
	default:
		return UPDATE_FINAL_ABSENT;
	}
}

bool update_read(struct slice argument, struct buffer *text, struct update *update)
{
	struct slice object;
	*update = (struct update){0};
	if (!open_argument(argument, text, &object))
		return false;
	struct json_walk walk = json_walk_into(object);
	while (json_walk_next(&walk)) {
		if (json_string_is(walk.key, "delta") && json_kind_of(walk.value) == JSON_OBJECT)
			update->delta = walk.value;
		else if (json_string_is(walk.key, "events") && json_kind_of(walk.value) == JSON_ARRAY)
			update->events = walk.value;
		else if (json_string_is(walk.key, "final"))
			update->final = read_final(walk.value);
	}
	return update->delta.len || update->events.len || update->final != UPDATE_FINAL_ABSENT;
}

size_t update_answers(enum update_final final, size_t waiting)
{
	switch (final) {
	case UPDATE_FINAL_TRUE:
		return waiting ? 1 : 0;
	case UPDATE_FINAL_ABSENT:
		return waiting;
	default:
		return 0;
	}
}

struct update_walk update_walk_delta(struct slice delta)
{
	return (struct update_walk){.states = json_walk_into(delta)};
}

static bool next_state(struct update_walk *walk, struct update_item *item)
{
	if (!json_walk_next(&walk->states))
		return false;
	walk->vars = json_walk_into(walk->states.value);
	*item = (struct update_item){.state = json_inside_quotes(walk->states.key), .value = walk->states.value};
	return true;
}

bool update_next_item(struct update_walk *walk, struct update_item *item)
{
	if (!json_walk_next(&walk->vars))
		return next_state(walk, item);
	*item = (struct update_item){.state = json_inside_quotes(walk->states.key),
	    .var = json_inside_quotes(walk->vars.key),
	    .value = walk->vars.value};
	return true;
}

bool update_is_whole(struct slice delta)
{
	struct json_walk states = json_walk_into(delta);
	while (json_walk_next(&states)) {
		struct json_walk vars = json_walk_into(states.value);
		if (!json_walk_next(&vars))
			return true;
	}
	return false;
}

static bool read_hydrated_of(struct slice state, bool *hydrated)
{
	struct json_walk vars = json_walk_into(state);
	while (json_walk_next(&vars)) {
		if (!slice_equals_text(name_of_var(json_inside_quotes(vars.key)), "is_hydrated"))
			continue;
		*hydrated = json_kind_of(vars.value) == JSON_TRUE;
		return true;
	}
	return false;
}

/* The root's name has no dot, whatever it is called. */
bool update_read_hydrated(struct slice delta, bool *hydrated)
{
	struct json_walk states = json_walk_into(delta);
	while (json_walk_next(&states)) {
		bool is_root = slice_find_byte(states.key, '.') == states.key.len;
		if (is_root && read_hydrated_of(states.value, hydrated))
			return true;
	}
	return false;
}

bool update_is_client_side(struct slice name)
{
	struct slice called = json_inside_quotes(name);
	return called.len && called.at[0] == '_';
}

#define UPDATE_ERROR SLICE("An error occurred.")

/* The toast is a call in JavaScript with an object of options, `["description"] : "…"` or (0.5) `"description": "…"`:
 * that is the text we want. */
static bool read_description(struct slice script, struct buffer *text)
{
	const char *why;
	struct slice key = SLICE("\"description\"");
	struct slice rest = slice_drop(script, slice_find(script, key) + key.len);
	rest = slice_drop(rest, slice_find_byte(rest, ':') + 1);
	if (rest.len == 0)
		return false;
	struct buffer json;
	buffer_init(&json, BUFFER_NO_LIMIT, text->budget);
	bool whole = literal_take_value(&rest, &json, &why) && json_unescape(buffer_slice(&json), text);
	buffer_free(&json);
	return whole;
}

/* What Reflex adds after the exception. */
static void drop_advice(struct buffer *text, size_t start)
{
	struct slice said = slice_drop(buffer_slice(text), start);
	text->len = start + slice_find(said, SLICE(".<br/>See logs"));
}

/* Up to 0.4, and where the page has no place for toasts (0.5). An application's own alerts say something else. */
static bool read_alert(struct slice message, struct buffer *text)
{
	size_t start = text->len;
	if (json_unescape(message, text) && slice_starts_with(slice_drop(buffer_slice(text), start), UPDATE_ERROR))
		return true;
	text->len = start;
	return false;
}

bool update_read_error(struct slice event, struct buffer *text)
{
	struct slice payload, name, token;
	if (!json_find_member(event, "payload", &payload))
		return false;
	if (json_find_member(event, "name", &name) && json_string_is(name, "_alert"))
		return json_find_member(payload, "message", &token) && read_alert(token, text);
	if (!(json_find_member(payload, "function", &token) || json_find_member(payload, "javascript_code", &token)))
		return false;
	struct buffer script;
	buffer_init(&script, BUFFER_NO_LIMIT, text->budget);
	size_t start = text->len;
	bool is_error = json_unescape(token, &script) && slice_find(buffer_slice(&script), UPDATE_ERROR) < script.len &&
	                read_description(buffer_slice(&script), text);
	if (is_error)
		drop_advice(text, start);
	else
		text->len = start;
	buffer_free(&script);
	return is_error;
}

/* ---- as an event of the timeline */

/* Reflex's events are all called `event`, on whatever namespace. */
enum follow_kind follow_read(const struct event *event, struct buffer *text, struct follow_item *item)
{
	struct slice rest = event_packet(event)->data, argument;
	*item = (struct follow_item){0};
	if (event->kind != EVENT_EVENT || event_packet(event)->has_raw ||
	    !json_string_is(event_packet(event)->name, "event") || !json_take_checked(&rest, &argument))
		return FOLLOW_NOTHING;
	if (event->direction == DIRECTION_TO_SERVER)
		item->kind = update_read_event(argument, text, &item->sent) ? FOLLOW_SENT : FOLLOW_NOTHING;
	else
		item->kind = update_read(argument, text, &item->update) ? FOLLOW_UPDATE : FOLLOW_NOTHING;
	return item->kind;
}

/* ---- replies */

/* A page has one event in flight up to 0.8, and few later. */
enum { REPLIES_PENDING = 32 };

struct replies_page {
	uint64_t session;
	uint64_t pending[REPLIES_PENDING]; /* oldest first */
	size_t count;
	UT_hash_handle hh;
};

struct replies {
	struct observer observer;
	void (*pair)(void *self, uint64_t question, uint64_t answer);
	void *self;
	struct replies_page *pages;
	struct budget memory; /* unlimited; counts what was refused */
	struct buffer text;
};

static struct replies_page *replies_page_of(struct replies *replies, uint64_t session)
{
	struct replies_page *page = NULL;
	HASH_FIND(hh, replies->pages, &session, sizeof session, page);
	if (page || !(page = budget_new(&replies->memory, sizeof *page)))
		return page;
	page->session = session;
	HASH_ADD(hh, replies->pages, session, sizeof page->session, page);
	if (hash_has(page))
		return page;
	budget_note_refusal(&replies->memory);
	budget_release(page);
	return NULL;
}

static void replies_push(struct replies_page *page, uint64_t index)
{
	if (page->count == REPLIES_PENDING)
		memmove(page->pending, page->pending + 1, --page->count * sizeof *page->pending);
	page->pending[page->count++] = index;
}

static void replies_settle(struct replies *replies, struct replies_page *page, enum update_final final, uint64_t answer)
{
	size_t settled = update_answers(final, page->count);
	for (size_t i = 0; i < settled; i++)
		replies->pair(replies->self, page->pending[i], answer);
	page->count -= settled;
	memmove(page->pending, page->pending + settled, page->count * sizeof *page->pending);
}

static void replies_take_event(void *self, const struct event *event)
{
	struct replies *replies = self;
	struct follow_item item;
	if (!event->session || !follow_read(event, &replies->text, &item))
		return;
	struct replies_page *page = replies_page_of(replies, event->session->number);
	if (page && item.kind == FOLLOW_SENT)
		replies_push(page, event->index);
	else if (page)
		replies_settle(replies, page, item.update.final, event->index);
}

static void replies_take_closed(void *self, const struct session *session)
{
	struct replies *replies = self;
	struct replies_page *page = NULL;
	HASH_FIND(hh, replies->pages, &session->number, sizeof session->number, page);
	if (!page)
		return;
	HASH_DEL(replies->pages, page);
	budget_release(page);
}

static void *replies_new(void (*pair)(void *self, uint64_t question, uint64_t answer), void *self)
{
	struct replies *replies = calloc(1, sizeof *replies);
	if (!replies)
		return NULL;
	*replies = (struct replies){.pair = pair, .self = self, .memory = {.limit = SIZE_MAX}};
	replies->observer = (struct observer){
	    .self = replies, .event = replies_take_event, .session_closed = replies_take_closed};
	buffer_init(&replies->text, (size_t)JSON_DEPTH * 4096, &replies->memory);
	return replies;
}

static void replies_free(void *self)
{
	struct replies *replies = self;
	struct replies_page *page, *next;
	if (!replies)
		return;
	HASH_ITER(hh, replies->pages, page, next)
	{
		HASH_DEL(replies->pages, page);
		budget_release(page);
	}
	buffer_free(&replies->text);
	free(replies);
}

static uint64_t replies_refused(const void *self)
{
	return ((const struct replies *)self)->memory.refused;
}

static const struct observer *replies_observer(const void *self)
{
	return &((const struct replies *)self)->observer;
}

const struct pairing reflex_pairing = {replies_new, replies_free, replies_observer, replies_refused};
