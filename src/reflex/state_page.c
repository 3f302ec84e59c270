/* The section of the HTML report on Reflex pages: the state of each, update by update, as the backend sent it and as
 * the page shows it. Without JavaScript the last state; with it (html/state.js) any. */
#include "base/text.h"
#include "reflex/frontend.h"
#include "reflex/model.h"
#include "reflex/reflex.h"
#include "socketio/session.h"
#include "view/html.h"

#include <inttypes.h>

static const unsigned char state_script[] = {
#include "assets/state.js.inc"
    0};

static const unsigned char state_style[] = {
#include "assets/state.css.inc"
    0};

enum {
	STATE_PAGES = 12,
	STATE_BYTES = 16 << 20,
	STATE_VALUE = 160, /* bytes of a value that are shown */
	STATE_ROWS = 300,  /* of the table that needs no JavaScript */
	STATE_VARS = 4000,
	STATE_MISSING = 1 << 18, /* bytes of data about vars that never came */
};

/* ---- following a page */

/* A var that was sent at least once, by its place in the data. */
struct history_var {
	const struct model_var *var;
	uint32_t number;
	UT_hash_handle hh;
};

struct history {
	const struct html_report *report;
	struct model *model;
	struct budget budget;
	struct budget *memory; /* unlimited; counts what was refused to the writing */
	struct buffer text;    /* an unescaped update */
	struct buffer vars, steps;
	struct history_var *known;
	uint64_t updates, left_out; /* updates whose step had no room */
	timestamp begin;
};

static bool history_begin(struct history *history, const struct html_report *report, const struct manifest *manifest,
    uint64_t most, struct budget *memory)
{
	struct slice version = manifest ? manifest->version : slice_of(NULL, 0);
	*history = (struct history){.report = report,
	    .memory = memory,
	    .budget = {.limit = STATE_BYTES},
	    .begin = report->summary->counts->first};
	history->model = model_new(manifest, model_client_of(version), &history->budget);
	buffer_init(&history->text, STATE_BYTES, &history->budget);
	buffer_init(&history->vars, (size_t)most / 2, &history->budget);
	buffer_init(&history->steps, (size_t)most, &history->budget);
	return history->model != NULL;
}

static void history_end(struct history *history)
{
	struct history_var *var, *next;
	HASH_ITER(hh, history->known, var, next)
	{
		HASH_DEL(history->known, var);
		budget_release(var);
	}
	buffer_free(&history->steps);
	buffer_free(&history->vars);
	buffer_free(&history->text);
	model_free(history->model);
}

/* ---- values */

static void value_write(struct buffer *out, const struct history *history, const struct model_state *state,
    struct slice name, const struct model_value *value)
{
	struct budget *budget = history->memory;
	struct buffer masked;
	if (value->kind == JSON_BAD) {
		buffer_append_text(out, "null");
		return;
	}
	buffer_init(&masked, BUFFER_NO_LIMIT, budget);
	state_write_value(&masked, history->report->mask, state, name_of_var(name), value);
	struct slice begin = utf8_take(buffer_slice(&masked), STATE_VALUE);
	struct buffer shown;
	buffer_init(&shown, BUFFER_NO_LIMIT, budget);
	buffer_append(&shown, begin);
	if (begin.len < masked.len || value->size > value->text.len)
		buffer_append_format(&shown, "… (%zu bytes)", value->size);
	json_write_string(out, buffer_slice(&shown));
	out->truncated |= shown.truncated || masked.truncated;
	buffer_free(&shown);
	buffer_free(&masked);
}

static bool var_is_unknown(const struct history *history, const struct model_state *state, const struct model_var *var)
{
	return history->model->manifest && (!state->declared || !var->declared);
}

/* What the frontend declares: a secret may be among it. */
static void initial_write(struct buffer *out, const struct mask *mask, const struct manifest_var *var)
{
	struct slice name = mask_is_secret(mask, var->state->name) ? var->state->name : name_of_var(var->name);
	struct buffer masked;
	buffer_init(&masked, BUFFER_NO_LIMIT, NULL);
	bool is_masked = mask_write_json(mask, var->initial, name, &masked);
	buffer_append(out, utf8_take(is_masked ? buffer_slice(&masked) : var->initial, STATE_VALUE));
	out->truncated |= masked.truncated;
	buffer_free(&masked);
}

/* ---- steps: [event, nanoseconds, [[var, backend's value, page's value when it is another], …]] */

static void history_name_var(struct history *history, const struct model_state *state, const struct model_var *var)
{
	char text[256];
	struct buffer class = buffer_over(text, sizeof text);
	name_write_class(&class, state->name);
	buffer_append_text(&history->vars, history->vars.len ? ",[" : "[");
	json_write_string(&history->vars, buffer_slice(&class));
	buffer_append_byte(&history->vars, ',');
	json_write_string(&history->vars, name_of_var(var->name));
	buffer_append_text(&history->vars, var_is_unknown(history, state, var) ? ",1]" : ",0]");
}

/* STATE_VARS: there is no room for it. */
static uint32_t history_number(struct history *history, const struct model_state *state, const struct model_var *var)
{
	struct history_var *known = NULL;
	HASH_FIND_PTR(history->known, &var, known);
	if (known)
		return known->number;
	uint32_t number = HASH_COUNT(history->known);
	if (number == STATE_VARS || !(known = budget_new(&history->budget, sizeof *known)))
		return STATE_VARS;
	known->var = var;
	known->number = number;
	HASH_ADD_PTR(history->known, var, known);
	if (!hash_has(known)) {
		budget_release(known);
		return STATE_VARS;
	}
	history_name_var(history, state, var);
	return number;
}

static void history_write_var(
    struct history *history, const struct model_state *state, const struct model_var *var, bool first)
{
	struct buffer *steps = &history->steps;
	uint32_t number = history_number(history, state, var);
	if (number == STATE_VARS)
		return;
	buffer_append_format(steps, "%s[%" PRIu32 ",", first ? "" : ",", number);
	value_write(steps, history, state, var->name, &var->sent);
	if (var->behind) {
		buffer_append_byte(steps, ',');
		value_write(steps, history, state, var->name, &var->held);
	}
	buffer_append_byte(steps, ']');
}

static void history_write_step(struct history *history, const struct event *event, const struct update *update)
{
	struct update_walk walk = update_walk_delta(update->delta);
	struct update_item item;
	const struct model_state *state = NULL;
	struct buffer *steps = &history->steps;
	size_t before = steps->len;
	bool first = true;
	buffer_append_format(steps, "%s[%" PRIu64 ",%" PRId64 ",[", before ? ",\n" : "", event->index,
	    event->origin.time - history->begin);
	while (update_next_item(&walk, &item)) {
		if (update_item_is_state(&item))
			state = model_find_state(history->model, item.state);
		const struct model_var *var = state && !update_item_is_state(&item) ? model_find_var(state, item.var)
		                                                                    : NULL;
		if (!var || !state_is_worth_showing(history->model, state))
			continue;
		history_write_var(history, state, var, first);
		first = false;
	}
	buffer_append_text(steps, "]]");
	if (!steps->truncated && !history->vars.truncated)
		return;
	steps->len = before;
	steps->truncated = history->vars.truncated = false;
	history->left_out++;
}

static void history_take(struct history *history, const struct event *event)
{
	struct follow_item item;
	if (!follow_read(event, &history->text, &item))
		return;
	follow_apply(history->model, event, &item);
	if (item.kind != FOLLOW_UPDATE || item.update.delta.len <= 2)
		return;
	history->updates++;
	if (history->left_out)
		history->left_out++;
	else
		history_write_step(history, event, &item.update);
}

static void history_follow(struct history *history, uint64_t session)
{
	const struct record *record = history->report->record;
	for (uint64_t index = record_session_first(record, session); index;
	     index = record_next_of_session(record, index))
		history_take(history, record_event(record, index));
}

/* ---- the last state, as a table */

static void table_write_value(struct html *html, const struct history *history, const struct model_state *state,
    const struct model_var *var, const struct model_value *value)
{
	struct buffer text, plain;
	buffer_init(&text, BUFFER_NO_LIMIT, NULL);
	buffer_init(&plain, BUFFER_NO_LIMIT, NULL);
	value_write(&text, history, state, var->name, value);
	if (value->kind == JSON_BAD)
		html_put(html, "<span class=\"faint\">nothing</span>");
	else if (json_unescape(buffer_slice(&text), &plain))
		html_slice(html, buffer_slice(&plain));
	html->failed |= text.truncated || plain.truncated;
	buffer_free(&plain);
	buffer_free(&text);
}

static void table_write_class(struct html *html, struct slice state)
{
	char text[256];
	struct buffer class = buffer_over(text, sizeof text);
	name_write_class(&class, state);
	html_put(html, "<td class=\"wrap\">");
	html_slice(html, buffer_slice(&class));
	html_put(html, "</td><td class=\"wrap mono\">");
}

static void table_write_var(
    struct html *html, const struct history *history, const struct model_state *state, const struct model_var *var)
{
	bool unknown = var_is_unknown(history, state, var);
	html_put(html, unknown || var->behind ? "<tr class=\"never\">" : "<tr>");
	table_write_class(html, state->name);
	html_slice(html, name_of_var(var->name));
	html_put(html, "</td><td class=\"wrap mono\">");
	table_write_value(html, history, state, var, &var->sent);
	html_put(html, "</td><td class=\"wrap mono\">");
	if (unknown)
		html_put(html, "<b>never applied:</b> the frontend does not have it");
	else if (!history->model->manifest)
		html_put(html, "<span class=\"faint\">not known</span>");
	else
		table_write_value(html, history, state, var, model_shown(var));
	html_put(html, unknown || !var->behind ? "</td></tr>\n" : " <b>(not applied)</b></td></tr>\n");
}

static void table_write_missing(struct html *html, const struct manifest_var *var)
{
	html_put(html, "<tr class=\"never\">");
	table_write_class(html, var->state->name);
	html_slice(html, name_of_var(var->name));
	html_put(html, "</td><td><b>never came</b></td><td class=\"wrap mono\">");
	struct buffer initial;
	buffer_init(&initial, BUFFER_NO_LIMIT, NULL);
	initial_write(&initial, html->mask, var);
	html->failed |= initial.truncated;
	html_slice(html, buffer_slice(&initial));
	buffer_free(&initial);
	html_put(html, "</td></tr>\n");
}

static void history_write_table(struct html *html, const struct history *history, uint64_t session)
{
	const struct model *model = history->model;
	struct manifest_cursor cursor = {0};
	uint64_t rows = 0;
	html_format(html,
	    "<div class=\"state-page\" data-session=\"%" PRIu64 "\"><h3>Page of <a href=\"#s%" PRIu64
	    "\">session %" PRIu64 "</a></h3>\n<p class=\"faint\">%" PRIu64
	    " update%s. This is the state after the last of them.</p>\n<div class=\"scroll\" tabindex=\"0\" "
	    "role=\"region\" aria-label=\"State of the page of "
	    "session %" PRIu64
	    "\"><table><thead><tr><th scope=\"col\">Substate</th><th scope=\"col\">Var</th><th scope=\"col\">The "
	    "backend sent</th><th scope=\"col\">The page shows</th></tr></thead><tbody>\n",
	    session, session, session, history->updates, plural_ending(history->updates), session);
	while (model->manifest && model_next_missing(model, &cursor))
		if (cursor.var && rows++ < STATE_ROWS)
			table_write_missing(html, cursor.var);
	for (const struct model_state *state = model->states; state; state = state->hh.next)
		for (const struct model_var *var = state->vars; var && state_is_worth_showing(model, state);
		     var = var->hh.next)
			if (rows++ < STATE_ROWS)
				table_write_var(html, history, state, var);
	html_put(html, "</tbody></table></div>\n");
	if (rows > STATE_ROWS)
		html_format(html,
		    "<p class=\"faint\">%" PRIu64 " more vars: <code>sioscope report --state</code> shows them.</p>\n",
		    rows - STATE_ROWS);
	html_put(html, "</div>\n");
}

/* ---- data */

static void history_write_missing(struct html *html, const struct model *model)
{
	struct manifest_cursor cursor = {0};
	struct buffer out, initial;
	buffer_init(&out, BUFFER_NO_LIMIT, NULL);
	buffer_init(&initial, BUFFER_NO_LIMIT, NULL);
	while (model->manifest && out.len < STATE_MISSING && model_next_missing(model, &cursor)) {
		char text[256];
		struct buffer class = buffer_over(text, sizeof text);
		if (!cursor.var)
			continue;
		name_write_class(&class, cursor.var->state->name);
		buffer_append_text(&out, out.len ? ",[" : "[");
		json_write_string(&out, buffer_slice(&class));
		buffer_append_byte(&out, ',');
		json_write_string(&out, name_of_var(cursor.var->name));
		buffer_append_byte(&out, ',');
		buffer_clear(&initial);
		initial_write(&initial, html->mask, cursor.var);
		json_write_string(&out, buffer_slice(&initial));
		buffer_append_byte(&out, ']');
	}
	html->failed |= out.truncated || initial.truncated;
	if (!html->failed)
		html_json(html, buffer_slice(&out));
	buffer_free(&initial);
	buffer_free(&out);
}

static void history_write_data(struct html *html, const struct history *history, uint64_t session)
{
	html_format(html,
	    "{\"session\":%" PRIu64 ",\"knows_frontend\":%s,\"updates\":%" PRIu64 ",\"left_out\":%" PRIu64
	    ",\"vars\":[",
	    session, history->model->manifest ? "true" : "false", history->updates, history->left_out);
	html_json(html, buffer_slice(&history->vars));
	html_put(html, "],\"missing\":[");
	history_write_missing(html, history->model);
	html_put(html, "],\"steps\":[");
	html_json(html, buffer_slice(&history->steps));
	html_put(html, "]}");
}

/* ---- the section */

/* A page's session has events of Reflex's namespace. */
static bool session_is_page(const struct html_report *report, uint64_t number)
{
	const struct session *session = record_session(report->record, number);
	return session && summary_has(report->summary, session) && session_find_namespace(session, SLICE("/_event"));
}

struct page_writer {
	struct html *html;
	const struct html_report *report;
	const struct manifest *manifest; /* NULL: not known */
	uint64_t most;                   /* bytes of data, of a page */
	struct budget memory;
};

/* Follows the page, then writes what is wanted of it. */
static void page_follow(struct page_writer *writer, uint64_t session,
    void (*write)(struct html *html, const struct history *history, uint64_t session))
{
	struct history history;
	if (history_begin(&history, writer->report, writer->manifest, writer->most, &writer->memory)) {
		history_follow(&history, session);
		write(writer->html, &history, session);
	} else
		writer->html->failed = true;
	writer->memory.refused += history.budget.refused;
	history_end(&history);
}

static bool page_write(struct html *html, const struct html_report *report, const void *facts, uint64_t most)
{
	const struct manifest *manifest = frontend_states(facts);
	uint64_t pages[STATE_PAGES], count = 0, more = 0, sessions = record_session_count(report->record);
	for (uint64_t number = 1; number <= sessions; number++)
		if (session_is_page(report, number)) {
			if (count < STATE_PAGES)
				pages[count++] = number;
			else
				more++;
		}
	if (!count)
		return false;
	html_section_begin(html, "reflex", "Reflex pages");
	if (!manifest)
		html_put(html, "<p class=\"note\">What the frontend declares is not known, so the page’s own values "
		               "are not either: give it with <code>--frontend</code>.</p>\n");
	struct page_writer writer = {html, report, manifest, most / count, {.limit = SIZE_MAX}};
	/* Tables first: each page is followed once for its table and once for its data. */
	for (uint64_t i = 0; i < count; i++)
		page_follow(&writer, pages[i], history_write_table);
	html_data_begin(html, "reflex");
	for (uint64_t i = 0; i < count; i++) {
		html_put(html, i ? ",\n" : "[");
		page_follow(&writer, pages[i], history_write_data);
	}
	html_put(html, "]");
	html_data_end(html);
	if (writer.memory.refused)
		html_format(html,
		    "<p class=\"note\">%" PRIu64 " times there was no memory: part of the state is missing here.</p>\n",
		    writer.memory.refused);
	if (more)
		html_format(html, "<p class=\"note\">%" PRIu64 " more pages are left out.</p>\n", more);
	html_section_end(html);
	return true;
}

const struct html_section reflex_state_page = {
    .id = "reflex",
    .title = "Reflex pages",
    .script = (const char *)state_script,
    .style = (const char *)state_style,
    .write = page_write,
};
