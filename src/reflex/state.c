/* report --state: the state of each Reflex page at a point in time, as the backend sent it and as it is shown. An
 * observer. */
#include "base/text.h"
#include "reflex/frontend.h"
#include "reflex/model.h"
#include "reflex/reflex.h"
#include "socketio/session.h"

#include <inttypes.h>
#include <stdlib.h>

enum { STATE_PAGES = 1000, STATE_BYTES = 16 * 1024 * 1024, STATE_VALUE = 60, STATE_TAIL = 48 };

struct state_page {
	uint64_t number;
	struct model *model;
	uint64_t updates;
	timestamp last;
	UT_hash_handle hh;
};

struct state_view {
	struct observer observer;
	const struct manifest *manifest;
	timestamp at, offset;
	struct state_page *pages; /* in order of their first update */
	uint64_t left_out;        /* updates of pages that found no room */
	struct budget budget;
	struct buffer text;
};

/* ---- following */

static struct state_page *state_page_of(struct state_view *view, uint64_t number)
{
	struct state_page *page = NULL;
	HASH_FIND(hh, view->pages, &number, sizeof number, page);
	if (page)
		return page;
	if (HASH_COUNT(view->pages) == STATE_PAGES || !(page = budget_new(&view->budget, sizeof *page)))
		return NULL;
	struct slice version = view->manifest ? view->manifest->version : slice_of(NULL, 0);
	page->number = number;
	page->model = model_new(view->manifest, model_client_of(version), &view->budget);
	if (page->model)
		HASH_ADD(hh, view->pages, number, sizeof page->number, page);
	if (hash_has(page))
		return page;
	budget_note_refusal(&view->budget);
	model_free(page->model);
	budget_release(page);
	return NULL;
}

static bool state_is_in_time(struct state_view *view, timestamp time)
{
	if (view->at == TIMESTAMP_NONE && view->offset)
		view->at = time + view->offset;
	return view->at == TIMESTAMP_NONE || time <= view->at;
}

static void state_take_event(void *self, const struct event *event)
{
	struct state_view *view = self;
	struct follow_item item;
	if (!event->session || !state_is_in_time(view, event->origin.time) || !follow_read(event, &view->text, &item))
		return;
	bool updates = item.kind == FOLLOW_UPDATE && item.update.delta.len;
	struct state_page *page = updates || item.kind == FOLLOW_SENT ? state_page_of(view, event->session->number)
	                                                              : NULL;
	if (!page) {
		view->left_out += updates;
		return;
	}
	follow_apply(page->model, event, &item);
	if (updates) {
		page->updates++;
		page->last = event->origin.time;
	}
}

static struct state_view *state_view_new(const struct manifest *manifest, timestamp at)
{
	struct state_view *view = calloc(1, sizeof *view);
	if (!view)
		return NULL;
	*view = (struct state_view){.observer = {.self = view, .event = state_take_event},
	    .manifest = manifest,
	    .at = at,
	    .budget = {.limit = STATE_BYTES}};
	buffer_init(&view->text, STATE_BYTES, &view->budget);
	return view;
}

static void state_view_free(void *self)
{
	struct state_view *view = self;
	struct state_page *page, *next;
	if (!view)
		return;
	HASH_ITER(hh, view->pages, page, next)
	{
		HASH_DEL(view->pages, page);
		model_free(page->model);
		budget_release(page);
	}
	buffer_free(&view->text);
	free(view);
}

static const struct observer *state_view_observer(const void *self)
{
	return &((const struct state_view *)self)->observer;
}

/* ---- writing */

struct state_page_view {
	const struct text_writer *writer;
	const struct model *model;
	const struct mask *mask;
	struct budget *memory; /* counts what was refused to the writing */
};

/* A value is shown apart from its names: all within a state of secrets is one. */
void state_write_value(struct buffer *out, const struct mask *mask, const struct model_state *state, struct slice name,
    const struct model_value *value)
{
	if (mask_is_secret(mask, state->name))
		name = state->name;
	if (!mask_write_json(mask, value->text, name, out))
		buffer_append(out, value->text);
}

static const char *state_value(const struct state_page_view *view, const struct model_state *state, struct slice name,
    const struct model_value *value, char text[STATE_VALUE + STATE_TAIL])
{
	struct buffer masked;
	if (value->kind == JSON_BAD)
		return "nothing";
	buffer_init(&masked, BUFFER_NO_LIMIT, view->memory);
	state_write_value(&masked, view->mask, state, name, value);
	size_t len = utf8_take(buffer_slice(&masked), STATE_VALUE).len;
	if (len)
		memcpy(text, masked.at, len);
	text[len] = '\0';
	buffer_free(&masked);
	if (value->size > STATE_VALUE)
		snprintf(text + len, STATE_TAIL, "… (%zu bytes)", value->size);
	return text;
}

static void state_write_var(
    const struct state_page_view *view, const struct model_state *state, const struct model_var *var)
{
	const struct text_writer *writer = view->writer;
	const struct model *model = view->model;
	char sent[STATE_VALUE + STATE_TAIL], shown[STATE_VALUE + STATE_TAIL], label[96];
	struct slice name = slice_take(name_of_var(var->name), 60);
	bool unknown = model->manifest && !var->declared;
	snprintf(label, sizeof label, "%.*s = ", (int)name.len, (const char *)name.at);
	text_label(writer, unknown || var->behind ? STYLE_WARNING : STYLE_PLAIN, 6, label, "%s",
	    state_value(view, state, name, &var->sent, sent));
	if (model->manifest && !state->declared)
		return;
	if (unknown)
		text_write(writer, STYLE_WARNING, 8, "the frontend does not have it");
	else if (var->behind)
		text_write(writer, STYLE_WARNING, 8, "the page shows %s",
		    state_value(view, state, name, model_shown(var), shown));
}

static void state_write_state(const struct state_page_view *view, const struct model_state *state)
{
	const struct text_writer *writer = view->writer;
	const struct model *model = view->model;
	char text[512];
	struct buffer class = buffer_over(text, sizeof text);
	name_write_class(&class, state->name);
	bool unknown = model->manifest && !state->declared;
	text_write(writer, unknown ? STYLE_WARNING : STYLE_HEADING, 4, "%.*s%s", (int)class.len, (const char *)class.at,
	    unknown ? " (the frontend does not have it)" : "");
	for (const struct model_var *var = state->vars; var; var = var->hh.next)
		state_write_var(view, state, var);
	struct manifest_cursor cursor = {.state = state->declared};
	while (model_next_missing_var(model, &cursor)) {
		struct slice name = slice_take(name_of_var(cursor.var->name), 60),
		             initial = slice_take(cursor.var->initial, STATE_VALUE);
		text_write(writer, STYLE_WARNING, 6, "%.*s never came (as built: %.*s%s)", (int)name.len,
		    (const char *)name.at, (int)initial.len, (const char *)initial.at,
		    initial.len < cursor.var->initial.len ? "…" : "");
	}
}

bool state_is_worth_showing(const struct model *model, const struct model_state *state)
{
	struct manifest_cursor cursor = {.state = state->declared};
	return (state->vars || model_next_missing_var(model, &cursor)) &&
	       (!name_is_framework(state->name) || slice_equals(state->name, NAME_ROOT_STATE));
}

bool state_is_worth_missing(const struct model *model, const struct manifest_state *state)
{
	size_t len = state->name.len;
	while (len && state->name.at[len - 1] != '.')
		len--;
	struct slice above = slice_take(state->name, len ? len - 1 : 0);
	bool is_below = manifest_find_state(model->manifest, above) && !model_find_state(model, above);
	return !name_is_framework(state->name) && !is_below;
}

/* The states that never came, whole. */
static void state_write_missing(const struct state_page_view *view)
{
	struct manifest_cursor cursor = {0};
	while (model_next_missing(view->model, &cursor)) {
		char text[512];
		struct buffer class = buffer_over(text, sizeof text);
		if (cursor.var || !state_is_worth_missing(view->model, cursor.state))
			continue;
		name_write_class(&class, cursor.state->name);
		text_write(view->writer, STYLE_WARNING, 4, "%.*s (never came)", (int)class.len, (const char *)class.at);
	}
}

static void state_write_page(
    const struct text_writer *writer, const struct state_page *page, const struct mask *mask, struct budget *memory)
{
	const struct state_page_view view = {writer, page->model, mask, memory};
	char time[TIMESTAMP_TEXT_SIZE];
	text_heading(writer, "session %" PRIu64 ": %" PRIu64 " update%s, the last at %s", page->number, page->updates,
	    plural_ending(page->updates), timestamp_format(page->last, time));
	for (const struct model_state *state = page->model->states; state; state = state->hh.next)
		if (state_is_worth_showing(page->model, state))
			state_write_state(&view, state);
	state_write_missing(&view);
	text_blank(writer);
}

static void state_view_write(const struct text_writer *writer, const void *self, const struct mask *mask)
{
	const struct state_view *view = self;
	uint64_t written = 0;
	struct budget writing = {.limit = SIZE_MAX};
	for (const struct state_page *page = view->pages; page; page = page->hh.next) {
		if (!page->updates)
			continue;
		state_write_page(writer, page, mask, &writing);
		written++;
	}
	if (!written)
		text_write(writer, STYLE_PLAIN, 0, "No Reflex page got an update here.");
	if (view->left_out)
		text_write(writer, STYLE_WARNING, 0, "%" PRIu64 " %s left out", view->left_out,
		    plural_choose(view->left_out, "update of a further page was", "updates of further pages were"));
	uint64_t refused = view->budget.refused + writing.refused;
	if (refused)
		text_write(writer, STYLE_WARNING, 0,
		    "%" PRIu64 " %s there was no memory: part of the state is missing here", refused,
		    plural_choose(refused, "time", "times"));
}

/* ---- --state */

static bool state_is_wanted(const void *options)
{
	const struct reflex_options *reflex = options;
	return reflex->state || reflex->at;
}

static bool state_read_at(const char *text, timestamp *at, timestamp *offset)
{
	char *end = NULL;
	*at = TIMESTAMP_NONE;
	*offset = 0;
	if (!text)
		return true;
	if (*text != '+')
		return timestamp_read(slice_of_text(text), TIMESTAMP_NONE, at);
	double seconds = strtod(text + 1, &end);
	*offset = seconds > 0 && seconds < 1e9 ? (timestamp)(seconds * 1e9) : 1;
	return end != text + 1 && *end == '\0' && seconds >= 0;
}

static void *state_new_view(const void *options, const void *facts)
{
	const char *text = ((const struct reflex_options *)options)->at;
	timestamp at, offset;
	if (!state_read_at(text, &at, &offset)) {
		complain("--at %s: no time (2026-11-23T11:42:39Z, or +SECONDS)", text);
		return NULL;
	}
	struct state_view *view = state_view_new(frontend_states(facts), at);
	if (view)
		view->offset = offset;
	else
		fputs("sioscope: no memory\n", stderr);
	return view;
}

const struct report_view reflex_state_view = {
    .option = "state",
    .wanted = state_is_wanted,
    .new = state_new_view,
    .free = state_view_free,
    .observer = state_view_observer,
    .write = state_view_write,
};
