/*
 * Follows Reflex pages through the timeline: which events wait for an update, what each update did to the state, when
 * the page left. Reflex is recognised by the form of its events and updates, not by path.
 */
#include "reflex/model.h"
#include "reflex/page.h"

#include <stdio.h>
#include <stdlib.h>

enum { PAGES_MODEL_BYTES = 8 * 1024 * 1024, PAGES_TEXT_BYTES = 4 * 1024 * 1024 };

/* ---- beginning and end */

static void page_free_parts(void *per_session)
{
	struct page *page = per_session;
	model_free(page->model);
	budget_release(page->pending);
	budget_release(page->unknown);
}

static void pages_free(void *self)
{
	struct pages *pages = self;
	if (!pages)
		return;
	pages_forget_tokens(pages);
	buffer_free(&pages->text);
	free(pages);
}

static bool pages_know_reads(const struct manifest *manifest)
{
	for (const struct manifest_state *state = manifest ? manifest->states : NULL; state; state = state->hh.next)
		for (const struct manifest_var *var = state->vars; var; var = var->hh.next)
			if (var->reads)
				return true;
	return false;
}

static void *pages_new(const struct detector_state *state)
{
	struct pages *pages = calloc(1, sizeof *pages);
	if (!pages)
		return NULL;
	pages->state = *state;
	pages->budget.limit = PAGES_MODEL_BYTES;
	pages->log_first = pages->log_last = TIMESTAMP_NONE;
	buffer_init(&pages->text, PAGES_TEXT_BYTES, &state->findings->memory);
	return pages;
}

static struct page *pages_page_of(struct pages *pages, const struct session *session)
{
	struct page *page = session_state_of(&pages->state.sessions, session);
	if (page && !page->model)
		pages->knows_reads = pages_know_reads(frontend_states(pages->state.plugged));
	if (page && !page->model)
		page->model = model_new(frontend_states(pages->state.plugged),
		    model_client_of(slice_of_text(page->version)), &pages->budget);
	return page;
}

/* ---- the handshake */

static void page_note_handshake(struct pages *pages, const struct event *event)
{
	struct slice version = slice_take(
	    exchange_field(&event->exchange->request, "Sec-WebSocket-Protocol"), PAGE_VERSION - 1);
	struct slice target = event->exchange->request.head.target, token;
	bool browser = exchange_is_of_browser(event->exchange);
	if (http_find_parameter(target, "token", &token) && backend_is_path(http_target_path(target)))
		page_note_token(pages, event->session, token);
	struct page *page = browser || version.len ? session_state_of(&pages->state.sessions, event->session) : NULL;
	if (!page)
		return;
	page->browser |= browser;
	if (version.len && !*page->version)
		memcpy(page->version, version.at, version.len);
}

/* ---- the page's events */

static void page_push_pending(
    struct pages *pages, struct page *page, const struct event *event, const struct update_event *sent, bool early)
{
	if (!page->pending)
		page->pending = budget_new(&pages->state.findings->memory, PAGE_PENDING * sizeof *page->pending);
	if (!page->pending || page->pending_count == PAGE_PENDING) {
		page->pending_lost++;
		return;
	}
	struct page_pending *pending = &page->pending[page->pending_count++];
	struct slice name = json_inside_quotes(sent->name);
	/* Since 0.10 no event says whether an update asked for it. */
	bool asked = !sent->has_actions && page->model->client != MODEL_CLIENT_SKIPS;
	bool soon = page->loaded && event->origin.time - page->loaded < reflex_time(REFLEX_LOAD_EVENTS);
	*pending = (struct page_pending){.packet = event->origin.last,
	    .time = event->origin.time,
	    .early = early,
	    .own = asked || soon,
	    .hydrate = update_event_is(sent, "hydrate") || update_event_is(sent, "hydrate_and_load")};
	snprintf(pending->name, sizeof pending->name, "%.*s", (int)slice_take(name, PAGE_NAME - 1).len,
	    (const char *)name.at);
}

static void page_pop_pending(struct page *page, size_t count)
{
	if (count)
		memcpy(page->answered, page->pending[count - 1].name, sizeof page->answered);
	page->pending_count -= count;
	if (page->pending_count)
		memmove(page->pending, page->pending + count, page->pending_count * sizeof *page->pending);
}

static struct model_point page_point(const struct event *event)
{
	return (struct model_point){event->index, event->origin.time, event->origin.last};
}

static enum namespace_state page_namespace_state(const struct event *event)
{
	const struct session_namespace *named = session_find_namespace(event->session, event_packet(event)->nsp);
	return named ? named->state : NAMESPACE_UNKNOWN;
}

/* The page names the state that it does not know (reflex state.js, since 0.9: error_type "dispatch_missing"). */
static void page_note_unknown(struct pages *pages, struct page *page, struct finding *finding, struct slice said)
{
	struct slice state;
	if (!json_find_member(said, "substate", &state))
		return;
	if (!page->unknown)
		page->unknown = budget_new(&pages->state.findings->memory, PAGE_NAME);
	if (!page->unknown)
		return;
	state = slice_take(json_inside_quotes(state), PAGE_NAME - 1);
	snprintf(page->unknown, PAGE_NAME, "%.*s", (int)state.len, state.at ? (const char *)state.at : "");
	page->broken = finding;
}

/* By the page's own events the class that it does not know is of another module there. */
static void page_compare_module(
    struct pages *pages, struct page *page, const struct event *event, const struct update_event *sent)
{
	struct slice name = json_inside_quotes(sent->name), state = slice_take(name, slice_find_last(name, SLICE(".")));
	if (!page->broken || !name_is_of_other_module(state, slice_of_text(page->unknown)))
		return;
	state = slice_take(name_last_part(state), PAGE_NAME);
	finding_prove(pages->state.findings, page->broken, &event->origin, "event of the page, of %.*s", (int)state.len,
	    (const char *)state.at);
	finding_say(pages->state.findings, page->broken,
	    "%s; the events of the page name that state %.*s: the backend has loaded the same class from another "
	    "module than the frontend was exported from",
	    page->broken->seen, (int)state.len, (const char *)state.at);
	finding_set_cause_row(pages->state.findings, page->broken, &reflex_causes[REFLEX_MODULES_DIFFER]);
	page->broken = NULL;
}

static void page_report_frontend_error(struct pages *pages, const struct event *event, struct slice said)
{
	struct page *page = session_state_find(&pages->state.sessions, event->session);
	struct findings *findings = pages->state.findings;
	struct finding *finding = findings_claim(
	    findings, CODE_FRONTEND_ERROR, CONFIDENCE_PROVEN, event->session, event, "");
	if (!finding)
		return;
	if (page && finding->count == 1)
		page_note_unknown(pages, page, finding, said);
	said = slice_take(said, 240);
	finding_say(findings, finding, "the page said: %.*s", (int)said.len, said.at ? (const char *)said.at : "");
	finding_prove(findings, finding, &event->origin, "error report of the page");
}

static void page_note_sent(
    struct pages *pages, struct page *page, const struct event *event, const struct update_event *sent)
{
	page_note_load(pages, page, event, sent);
	model_note_event(page->model, sent, page_point(event));
	page->sent = event->origin.time;
}

static void page_take_sent(struct pages *pages, const struct event *event, const struct update_event *sent)
{
	struct page *page = pages_page_of(pages, event->session);
	if (!page || !page->model)
		return;
	enum namespace_state state = page_namespace_state(event);
	page_note_sent(pages, page, event, sent);
	page_compare_module(pages, page, event, sent);
	page->owed.event = 0;
	if (slice_ends_with(json_inside_quotes(sent->name), SLICE("handle_frontend_exception")))
		page_report_frontend_error(pages, event, sent->payload);
	/* Before any CONNECT the server drops it: namespaces.c reports that. */
	if (state != NAMESPACE_UNKNOWN || !event->session->handshake_seen)
		page_push_pending(pages, page, event, sent, state == NAMESPACE_CONNECTING);
}

static void page_take_connect(struct pages *pages, const struct event *event)
{
	struct update_event sent;
	bool shows = slice_equals(event_packet(event)->nsp, SLICE("/_event"));
	struct page *page = shows ? session_state_of(&pages->state.sessions, event->session)
	                          : session_state_find(&pages->state.sessions, event->session);
	if (event->direction == DIRECTION_TO_CLIENT) {
		if (page) {
			page->joined = event->origin.time;
			page->joined_packet = event->origin.last;
		}
		return;
	}
	if (!update_read_connect(event_packet(event)->data, &sent))
		return;
	page = pages_page_of(pages, event->session);
	if (!page || !page->model)
		return;
	model_begin_connection(page->model, true, page_point(event));
	page_note_sent(pages, page, event, &sent);
}

/* ---- the server's updates */

/* True when it answers a hydrate as up to 0.8: then the page's load event is due. */
static bool page_settle(struct page *page, const struct update *update)
{
	bool hydrate = page->pending_count && page->pending[0].hydrate;
	page->pending_unsure |= page->pending_lost != 0;
	page_pop_pending(page, update_answers(update->final, page->pending_count));
	return hydrate && update->final == UPDATE_FINAL_TRUE;
}

/* The first event of an update that the page must send back itself; false when there is none. */
static bool page_asked_event(const struct update *update, struct slice *name)
{
	struct json_walk walk = json_walk_into(update->events);
	while (json_walk_next(&walk)) {
		if (!json_find_member(walk.value, "name", name) || name->len < 3 || update_is_client_side(*name))
			continue;
		*name = json_inside_quotes(*name);
		return true;
	}
	return false;
}

static void page_note_owed(
    struct page *page, const struct event *event, const struct update *update, bool answers_hydrate)
{
	struct slice name;
	bool asked = page_asked_event(update, &name);
	if (!page->has_final || (!asked && !answers_hydrate))
		return;
	page->owed = page_point(event);
	page->owed_packet = event->origin.last;
	if (asked)
		snprintf(page->owed_why, sizeof page->owed_why, "the event %.*s that it asks for",
		    (int)slice_take(name, 100).len, (const char *)name.at);
	else
		snprintf(page->owed_why, sizeof page->owed_why, "its on_load event");
}

static void page_note_unseen(struct page *page, const struct event *event)
{
	if (!page->unseen++) {
		page->unseen_packet = event->origin.first;
		page->unseen_since = event->origin.time;
	}
}

/* In production, and up to 0.4, the exception is for the server's log alone (reflex app.py:
 * default_backend_exception_handler). */
static bool page_hides_error(struct slice said)
{
	return slice_equals_text(said, "Contact the website administrator.") ||
	       slice_starts_with(said, SLICE("An error occurred."));
}

/* `asked`: the page's event that it answers; "": not known. */
static void page_report_errors(
    struct pages *pages, struct page *page, const struct event *event, const struct update *update, const char *asked)
{
	struct findings *findings = pages->state.findings;
	struct json_walk walk = json_walk_into(update->events);
	struct buffer text;
	buffer_init(&text, 600, &findings->memory);
	while (json_walk_next(&walk)) {
		buffer_clear(&text);
		if (!update_read_error(walk.value, &text))
			continue;
		struct slice said = slice_take(buffer_slice(&text), 300);
		page->refused = page_point(event);
		struct finding *finding = findings_claim(
		    findings, CODE_HANDLER_ERROR, CONFIDENCE_PROVEN, event->session, event, "");
		if (!finding)
			continue;
		if (finding->count == 1 && update->final == UPDATE_FINAL_NULL && *page->answered)
			finding_say(findings, finding,
			    "a background task (the update answers no event), most likely of %s, the last event before "
			    "it, ended with the server's error message: %.*s",
			    page->answered, (int)said.len, (const char *)said.at);
		else if (finding->count == 1)
			finding_say(findings, finding, "the server answered %s%swith its error message: %.*s", asked,
			    *asked ? " " : "", (int)said.len, (const char *)said.at);
		if (page_hides_error(said))
			finding_advise(findings, finding,
			    "Look in the server's log at this time for the exception, which Reflex hides from pages "
			    "(up "
			    "to 0.4, and later in production), and fix the handler or computed var that raised it.");
		finding_prove(findings, finding, &event->origin, "update with an error message");
	}
	buffer_free(&text);
}

/* The package of the application that declares the state: `shop` of `….shop___cart____cart_state`. */
static struct slice page_package(struct slice state)
{
	struct slice last = name_last_part(state);
	return slice_take(last, slice_find(last, SLICE("___")));
}

static bool page_has_package(const struct manifest *manifest, struct slice package)
{
	for (const struct manifest_state *state = manifest->states; state; state = state->hh.next)
		if (!name_is_framework(state->name) && slice_equals(page_package(state->name), package))
			return true;
	return false;
}

/* Scripts that the capture shows may be those of another app: where an update names states of the application, and the
 * frontend declares none of its package, they say nothing of this page. */
static void page_doubt_frontend(const struct pages *pages, struct page *page, const struct update *update)
{
	const struct frontend *frontend = pages->state.plugged;
	struct model *model = page->model;
	struct update_walk walk = update_walk_delta(update->delta);
	struct update_item item;
	bool is_foreign = false;
	if (!frontend || !frontend->is_captured || !model->manifest || page->knows_frontend)
		return;
	while (update->delta.len && update_next_item(&walk, &item)) {
		if (!update_item_is_state(&item) || name_is_framework(item.state))
			continue;
		if (page_has_package(model->manifest, page_package(item.state))) {
			page->knows_frontend = true;
			return;
		}
		is_foreign = true;
	}
	if (is_foreign)
		model->manifest = NULL;
}

static void page_take_update(struct pages *pages, const struct event *event, const struct update *update)
{
	struct page *page = pages_page_of(pages, event->session);
	if (!page || !page->model)
		return;
	page->updates++;
	page->updated = event->origin.time;
	page->has_final |= update->final != UPDATE_FINAL_ABSENT;
	char asked[PAGE_NAME] = "";
	if (page->pending_count == 1 && !page->pending_unsure)
		memcpy(asked, page->pending[0].name, sizeof asked);
	bool own = page->pending_count ? page->pending[0].own
	                               : event->origin.time - page->loaded < reflex_time(REFLEX_LOAD_EVENTS);
	bool hydrate = page_settle(page, update), was_hydrated = page->model->hydrated.event != 0;
	struct model_effect effect = {0};
	page_doubt_frontend(pages, page, update);
	if (update->delta.len)
		effect = model_apply(page->model, update->delta, page_point(event));
	if (!page->threw_packet && page->model->threw.event == event->index)
		page->threw_packet = event->origin.last;
	page_note_owed(page, event, update, hydrate);
	page_note_unseen(page, event);
	page_report_errors(pages, page, event, update, asked);
	page_judge_update(pages, page, event, update, effect);
	page_judge_version(pages, page, event, update);
	if (own)
		page_judge_redirects(pages, page, event, update, asked);
	if (effect.whole)
		page_note_whole(pages, page, event);
	if (!was_hydrated && page->model->hydrated.event)
		page_note_hydrated(pages, page, event);
}

static void page_report_mismatch(struct pages *pages, const struct event *event)
{
	struct findings *findings = pages->state.findings;
	struct finding *finding = findings_claim(
	    findings, CODE_FRONTEND_MISMATCH, CONFIDENCE_PROVEN, event->session, event, "");
	if (!finding)
		return;
	struct slice said = slice_take(event_packet(event)->data, 200);
	finding_say(findings, finding, "the backend told the page state_mismatch: %.*s", (int)said.len,
	    said.at ? (const char *)said.at : "");
	finding_prove(findings, finding, &event->origin, "state_mismatch");
}

/* The token itself is a secret, and is not shown. */
static void page_report_new_token(struct pages *pages, const struct event *event)
{
	struct findings *findings = pages->state.findings;
	struct finding *finding = findings_claim(
	    findings, CODE_DUPLICATE_SESSION, CONFIDENCE_PROVEN, event->session, event, "new_token");
	if (!finding)
		return;
	finding_prove(findings, finding, &event->origin, "new_token");
	if (finding->count > 1)
		return;
	finding_say(findings, finding,
	    "the backend gave the page another token (new_token), since another connection was using the page's: it "
	    "took the page for a duplicated tab and gave it a new, empty state");
	finding_advise(findings, finding,
	    "If the user duplicated a tab, this is right. If the page only reconnected, the backend still held its "
	    "former connection: let the backend notice a dead connection before the page comes back (a shorter ping "
	    "interval and timeout), and find out what ended the connection (a proxy's timeout, a reset).");
}

static void page_take_new_token(struct pages *pages, const struct event *event)
{
	page_note_other_token(session_state_find(&pages->state.sessions, event->session));
	page_report_new_token(pages, event);
}

/* Up to 0.8 the backend answers an event with `reload` when the state of its token is a new one (app.py, process); the
 * page loads its state again, and sends the event once more. */
static void page_take_reload(struct pages *pages, const struct event *event)
{
	struct findings *findings = pages->state.findings;
	struct page *page = session_state_find(&pages->state.sessions, event->session);
	if (!page || !page->updated || event->origin.time - page->updated > reflex_time(REFLEX_STATE_LIVES) ||
	    ++page->reloads < reflex_count(REFLEX_RELOADS))
		return;
	struct finding *finding = findings_claim(
	    findings, CODE_EVENT_DROPPED, CONFIDENCE_LIKELY, event->session, event, "reload");
	if (!finding)
		return;
	finding_say(findings, finding,
	    "the backend answered %llu of the page's events with reload: each time it no longer had the page's state, "
	    "though it had sent the page an update of it shortly before",
	    (unsigned long long)page->reloads);
	finding_prove(findings, finding, &event->origin, "reload in place of an update");
	if (finding->count == 1)
		finding_set_cause_row(findings, finding, &reflex_causes[REFLEX_STATE_NOT_KEPT]);
}

/* ---- the timeline */

static void page_take_event(struct pages *pages, const struct event *event)
{
	bool to_server = event->direction == DIRECTION_TO_SERVER;
	struct follow_item item;
	enum follow_kind kind = follow_read(event, &pages->text, &item);
	if (kind == FOLLOW_SENT)
		page_take_sent(pages, event, &item.sent);
	else if (kind == FOLLOW_UPDATE)
		page_take_update(pages, event, &item.update);
	else if (!to_server && json_string_is(event_packet(event)->name, "state_mismatch"))
		page_report_mismatch(pages, event);
	else if (!to_server && json_string_is(event_packet(event)->name, "new_token") &&
	         session_state_find(&pages->state.sessions, event->session))
		page_take_new_token(pages, event);
	else if (!to_server && json_string_is(event_packet(event)->name, "reload"))
		page_take_reload(pages, event);
	else if (to_server && json_string_is(event_packet(event)->name, "client_error"))
		page_report_frontend_error(pages, event, event_packet(event)->data);
}

/* The page's last events travel in the same request as its goodbye: the session is certainly not registered any more.
 */
static void page_note_left(struct page *page, const struct event *event)
{
	for (size_t i = 0; i < page->pending_count; i++)
		page->pending[i].last_words |= event->transport == TRANSPORT_POLLING &&
		                               page->pending[i].packet == event->origin.last;
	if (!page->left)
		page->left = event->origin.time;
	page->said_goodbye |= event->kind != EVENT_TCP_CLOSE;
}

static bool page_is_leaving(const struct event *event)
{
	switch (event->kind) {
	case EVENT_DISCONNECT:
	case EVENT_WS_CLOSE:
	case EVENT_CLOSE:
		return true;
	case EVENT_TCP_CLOSE:
		return event->transport == TRANSPORT_WEBSOCKET;
	default:
		return false;
	}
}

static void page_note_signs(struct pages *pages, struct page *page, const struct event *event)
{
	if (event->kind == EVENT_TCP_CLOSE)
		page_judge_loss(pages, page, event);
	/* A new poll shows that the client took the answer of the last one. */
	else if (event->kind == EVENT_HTTP ? event->exchange->request.begun > page->unseen_since
	                                   : event->direction == DIRECTION_TO_SERVER)
		page->unseen = 0;
	if (event->direction == DIRECTION_TO_SERVER && event_is_packet(event) && !page_is_leaving(event))
		page_judge_rival(pages, page, event);
	if (event->direction == DIRECTION_TO_SERVER && page_is_leaving(event))
		page_note_left(page, event);
}

static void pages_note_log(struct pages *pages, const struct event *event)
{
	if (pages->log_first == TIMESTAMP_NONE || event->origin.time < pages->log_first)
		pages->log_first = event->origin.time;
	if (event->origin.time > pages->log_last)
		pages->log_last = event->origin.time;
	enum server_log_meaning meaning = servers_read_log(event_text(event), pages->state.facts->log_tables, NULL);
	bool is_error = meaning == LOG_ENVIRON_ABSENT || meaning == LOG_EXCEPTION || meaning == LOG_EXCEPTION_FOLLOWS;
	if (!is_error)
		return;
	struct page_log_line *line = &pages->log[pages->log_count++ % PAGE_LOG_LINES];
	struct slice text = slice_take(slice_trim(event_text(event)), PAGE_LOG_QUOTE - 1);
	*line = (struct page_log_line){
	    .time = event->origin.time, .is_environ = meaning == LOG_ENVIRON_ABSENT, .origin = event->origin};
	memcpy(line->text, text.at, text.len);
}

static void pages_take_event(void *self, const struct event *event)
{
	struct pages *pages = self;
	if (event->kind == EVENT_LOG)
		pages_note_log(pages, event);
	if (!event->session)
		return;
	if (event->kind == EVENT_WS_OPEN || (event->kind == EVENT_HTTP && !event->exchange->target->sid_len))
		page_note_handshake(pages, event);
	if (event->kind == EVENT_CONNECT)
		page_take_connect(pages, event);
	if (event->kind == EVENT_EVENT && !event_packet(event)->has_raw)
		page_take_event(pages, event);
	struct page *page = session_state_find(&pages->state.sessions, event->session);
	if (page)
		page_note_signs(pages, page, event);
	if (page && page->overdue && page->model->answered.event)
		page_withdraw_overdue(pages, page, event->session);
}

static void pages_take_beside(void *self, const struct event *event)
{
	pages_judge_upload(self, event);
}

static void pages_judge_overdue(void *self, const struct session *session, timestamp now)
{
	struct pages *pages = self;
	struct page *page = session_state_find(&pages->state.sessions, session);
	if (page && page->model)
		page_judge_overdue(pages, page, session, now);
}

static void pages_judge_session(void *self, const struct session *session)
{
	struct pages *pages = self;
	struct page *page = session_state_find(&pages->state.sessions, session);
	if (!page || !page->model)
		return;
	page_judge_vars(pages, page, session);
	page_judge_life(pages, page, session);
}

/* The first line that speaks of the environ while packets were captured; NULL: none does. */
static const struct page_log_line *pages_logged(const struct pages *pages, const struct engine_counts *counts)
{
	const struct page_log_line *first = NULL;
	for (size_t i = 0; i < pages->log_count && i < PAGE_LOG_LINES; i++) {
		const struct page_log_line *line = &pages->log[i];
		if (line->is_environ && line->time >= counts->first && line->time <= counts->last &&
		    (!first || line->time < first->time))
			first = line;
	}
	return first;
}

/* The log speaks of it, and nothing that was captured shows what it means. */
static void pages_report_log(struct pages *pages, const struct engine_counts *counts)
{
	struct findings *findings = pages->state.findings;
	const struct page_log_line *logged = pages_logged(pages, counts);
	if (!logged || findings->counts[CODE_ENVIRON_RACE] || findings->counts[CODE_ENVIRON_ABSENT])
		return;
	bool is_stated = logged->origin.kind == ORIGIN_LINES;
	struct finding *finding = findings_claim(findings, CODE_ENVIRON_ABSENT,
	    is_stated ? CONFIDENCE_PROVEN : CONFIDENCE_POSSIBLE, NULL, NULL, "elsewhere");
	if (!finding)
		return;
	finding_set_case(finding, ABSENT_ELSEWHERE);
	finding_note_time(finding, logged->time);
	if (is_stated) {
		finding->is_stated = true;
		finding_prove(findings, finding, &logged->origin, "the server logged \"%s\"", logged->text);
		finding_say(findings, finding,
		    "the server logged \"%s\": an event met a session that is not registered; whether its client was "
		    "leaving, this log does not show",
		    logged->text);
		return;
	}
	finding_say(findings, finding,
	    "the server logged \"%s\", and every event that was captured then got its answer", logged->text);
	finding_doubt(
	    findings, finding, "the line may be of a session that was not captured, or the log's clock differs");
}

static void pages_end(void *self, const struct engine_counts *counts)
{
	struct pages *pages = self;
	pages_report_log(pages, counts);
	pages->state.findings->memory.refused += pages->budget.refused;
}

const struct detector detector_pages = {
    .judges_absence = true,
    .session_size = sizeof(struct page),
    .free_session = page_free_parts,
    .new = pages_new,
    .free = pages_free,
    .event = pages_take_event,
    .beside = pages_take_beside,
    .session_over = pages_judge_session,
    .overdue = pages_judge_overdue,
    .end = pages_end,
};
