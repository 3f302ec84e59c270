/* What reports show, gathered while the timeline goes by; and the sections of plug-ins, as one observer. */
#include "view/report.h"

#include <inttypes.h>
#include <stdlib.h>

/* ---- the summary */

enum { SUMMARY_SESSIONS = 100000, SUMMARY_TEXT = 10 << 20 /* bytes of all texts together */ };

/* Sessions resemble each other: what the one before said as well is kept once. */
static bool summary_repeats(const struct summary_session *before, const struct session *session)
{
	if (before->namespace_count != session->namespace_count)
		return false;
	for (size_t i = 0; i < session->namespace_count; i++)
		if (before->namespace_states[i] != session->namespaces[i].state ||
		    strcmp(summary_namespace(before, i), session->namespaces[i].name) != 0)
			return false;
	return true;
}

static void summary_copy_namespaces(
    struct summary *summary, struct summary_session *kept, const struct session *session)
{
	size_t len = 0;
	for (size_t i = 0; i < session->namespace_count; i++)
		len += session->namespaces[i].name_len + 1;
	char *names = arena_alloc(&summary->texts, len);
	uint8_t *states = arena_alloc(&summary->texts, session->namespace_count);
	if (!names || !states) {
		summary->refused++;
		return;
	}
	kept->namespaces = names;
	kept->namespace_states = states;
	kept->namespace_count = (uint8_t)session->namespace_count;
	for (size_t i = 0; i < session->namespace_count; i++) {
		memcpy(names, session->namespaces[i].name, session->namespaces[i].name_len + 1);
		names += session->namespaces[i].name_len + 1;
		states[i] = session->namespaces[i].state;
	}
}

static void summary_keep_namespaces(
    struct summary *summary, struct summary_session *kept, const struct session *session)
{
	const struct summary_session *before = &summary->before;
	if (!session->namespace_count)
		return;
	if (!summary_repeats(before, session)) {
		summary_copy_namespaces(summary, kept, session);
		return;
	}
	kept->namespaces = before->namespaces;
	kept->namespace_states = before->namespace_states;
	kept->namespace_count = before->namespace_count;
}

static const struct endpoint *summary_keep_server(struct summary *summary, const struct endpoint *server)
{
	const struct endpoint *before = summary->before.server;
	if (before && endpoint_equals(before, server) && before->path == server->path)
		return before;
	struct endpoint *kept = arena_alloc(&summary->texts, sizeof *kept);
	static const struct endpoint nowhere = {.address = {.version = 4}};
	summary->refused += !kept;
	if (!kept)
		return &nowhere;
	*kept = *server;
	return kept;
}

static const char *summary_keep_text(struct summary *summary, struct slice text)
{
	const char *kept = text.len ? arena_copy_text(&summary->texts, text) : "";
	summary->refused += !kept;
	return kept ? kept : "";
}

static const char *summary_keep_close(struct summary *summary, const char *close)
{
	const char *before = summary->before.close;
	return before && strcmp(before, close) == 0 ? before : summary_keep_text(summary, slice_of_text(close));
}

static const struct process *summary_keep_process(struct summary *summary, const struct process *process)
{
	struct process *kept = process ? arena_alloc(&summary->texts, sizeof *kept) : NULL;
	summary->refused += process && !kept;
	if (!kept)
		return NULL;
	*kept = *process;
	kept->keeper = NULL;
	return kept;
}

/* One leg is shown by the session itself. */
static void summary_keep_legs(struct summary *summary, struct summary_session *kept, const struct session *session)
{
	size_t len = session->leg_count * sizeof *session->legs;
	struct session_leg *legs = session->leg_count > 1 ? arena_alloc(&summary->texts, len) : NULL;
	if (!legs)
		return;
	memcpy(legs, session->legs, len);
	kept->legs = legs;
	kept->leg_count = (uint8_t)session->leg_count;
}

static uint32_t summary_count(uint64_t count)
{
	return count < UINT32_MAX ? (uint32_t)count : UINT32_MAX;
}

/* The one of the highest number among those that are known or not, and how many there are. */
static struct summary_session *summary_last(struct summary *summary, bool known, size_t *count)
{
	struct summary_session *last = NULL;
	*count = 0;
	for (size_t i = 0; i < summary->session_count; i++) {
		struct summary_session *kept = &summary->sessions[i];
		if (kept->known != known)
			continue;
		++*count;
		if (!last || kept->number > last->number)
			last = kept;
	}
	return last;
}

static struct summary_session *summary_add(struct summary *summary)
{
	if (summary->session_count == SUMMARY_SESSIONS || summary->texts.used >= summary->texts.limit)
		return NULL;
	if (summary->session_count == summary->session_room) {
		size_t room = summary->session_room ? summary->session_room * 2 : 64;
		struct summary_session *grown = budget_resize(
		    summary->texts.budget, summary->sessions, room * sizeof *grown);
		if (!grown) {
			summary->refused++;
			return NULL;
		}
		summary->sessions = grown;
		summary->session_room = room;
	}
	return &summary->sessions[summary->session_count++];
}

/* Where a session is to be kept; NULL: it is not wanted, or does not fit. */
static struct summary_session *summary_place(struct summary *summary, const struct session *session)
{
	size_t count = 0;
	struct summary_session *last = summary->most ? summary_last(summary, session->known, &count) : NULL;
	if (summary->most && count == summary->most)
		return session->number < last->number ? last : NULL;
	struct summary_session *added = summary->unlisted ? NULL : summary_add(summary);
	summary->unlisted += !added;
	return added;
}

static void summary_take_session(void *self, const struct session *session)
{
	struct summary *summary = self;
	struct summary_session *kept = summary_place(summary, session);
	summary->counted[session->known]++;
	if (!kept)
		return;
	*kept = (struct summary_session){
	    .number = session->number,
	    .sid = summary_keep_text(summary, slice_of(session->sid, session->sid_len)),
	    .user = session->user ? summary_keep_text(summary, slice_of_text(session->user)) : NULL,
	    .client = session->client,
	    .server = summary_keep_server(summary, &session->server),
	    .process = summary_keep_process(summary, session->process),
	    .doubtful = session->doubtful,
	    .known = session->known,
	    .handshake_seen = session->handshake_seen,
	    .refused = session->refused,
	    .software = session->software,
	    .revision = session->revision,
	    .transports = (uint8_t)session->transports,
	    .first = session->first,
	    .last = session->last,
	    .opened = session->opened,
	    .closed = session->closed,
	    .close = summary_keep_close(summary, session->close),
	    .events = {summary_count(session->events[0]), summary_count(session->events[1])},
	    .packets = {summary_count(session->packets[0]), summary_count(session->packets[1])},
	    .gaps = summary_count(session->gaps),
	    .malformed = summary_count(session->malformed),
	    .incomplete = summary_count(session->incomplete),
	    .unreadable = summary_count(session->unreadable),
	};
	summary_keep_namespaces(summary, kept, session);
	summary_keep_legs(summary, kept, session);
	summary->before = *kept;
}

void summary_init(struct summary *summary, size_t most, const struct plugin_facts *plugged)
{
	*summary = (struct summary){
	    .observer = {.self = summary, .session_closed = summary_take_session}, .most = most};
	sections_init(&summary->sections, plugged);
	arena_init(&summary->texts, SUMMARY_TEXT);
}

void summary_free(struct summary *summary)
{
	sections_free(&summary->sections);
	arena_free(&summary->texts);
	budget_release(summary->sessions);
}

static int summary_compare(const void *a, const void *b)
{
	const struct summary_session *left = a, *right = b;
	return left->number < right->number ? -1 : left->number > right->number;
}

/* What has no room in the report, and there was no memory for. */
static void summary_note_left_out(struct summary *summary)
{
	const struct findings *findings = summary->findings;
	char detail[LEDGER_DETAIL];
	struct buffer codes = buffer_over(detail, sizeof detail - 1);
	for (unsigned code = 0; code < CODES_MOST; code = code_next(code))
		if (findings->left_out[code])
			buffer_append_format(&codes, "%s%" PRIu64 " of %s", codes.len ? ", " : "",
			    findings->left_out[code], code_entry(code)->name);
	detail[codes.len] = '\0';
	ledger_set(summary->ledger, LEDGER_FINDINGS_LEFT_OUT, findings_left_out(findings));
	ledger_note_detail(summary->ledger, LEDGER_FINDINGS_LEFT_OUT, detail);
	ledger_set(summary->ledger, LEDGER_SESSIONS_LEFT_OUT, summary->unlisted);
	ledger_set(summary->ledger, LEDGER_SERVERS_LEFT_OUT, findings_count_beyond(findings));
	ledger_set(summary->ledger, LEDGER_MEMORY_REFUSED, summary_refused(summary));
}

void summary_finish(
    struct summary *summary, struct engine *engine, const struct summary_input *input, const struct findings *findings)
{
	summary->findings = findings;
	summary->input = *input;
	summary->counts = engine_counts(engine);
	summary->ledger = engine_ledger(engine);
	summary_note_left_out(summary);
	if (summary->session_count)
		qsort(summary->sessions, summary->session_count, sizeof *summary->sessions, summary_compare);
}

uint64_t summary_refused(const struct summary *summary)
{
	return summary->refused + summary->sections.refused + summary->findings->memory.refused;
}

const char *summary_namespace(const struct summary_session *session, size_t nth)
{
	const char *name = session->namespaces;
	while (nth--)
		name += strlen(name) + 1;
	return name;
}

/* ---- the sections of plug-ins */

static void sections_take_opened(void *self, const struct session *session)
{
	const struct sections *sections = self;
	for (size_t i = 0; i < sections->count; i++)
		if (sections->observers[i]->session_opened)
			sections->observers[i]->session_opened(sections->observers[i]->self, session);
}

static void sections_take_event(void *self, const struct event *event)
{
	const struct sections *sections = self;
	for (size_t i = 0; i < sections->count; i++)
		if (sections->observers[i]->event)
			sections->observers[i]->event(sections->observers[i]->self, event);
}

static void sections_take_closed(void *self, const struct session *session)
{
	const struct sections *sections = self;
	for (size_t i = 0; i < sections->count; i++)
		if (sections->observers[i]->session_closed)
			sections->observers[i]->session_closed(sections->observers[i]->self, session);
}

static void sections_take_end(void *self)
{
	const struct sections *sections = self;
	for (size_t i = 0; i < sections->count; i++)
		if (sections->observers[i]->end)
			sections->observers[i]->end(sections->observers[i]->self);
}

void sections_init(struct sections *sections, const struct plugin_facts *facts)
{
	*sections = (struct sections){.observer = {.self = sections,
	                                  .session_opened = sections_take_opened,
	                                  .event = sections_take_event,
	                                  .session_closed = sections_take_closed,
	                                  .end = sections_take_end}};
	for (size_t i = 0; plugins[i]; i++) {
		const struct report_section *section = plugins[i]->section;
		if (!section)
			continue;
		sections->of[i] = section->new (facts->of[i]);
		if (sections->of[i])
			sections->observers[sections->count++] = section->observer(sections->of[i]);
		else
			sections->refused++;
	}
}

void sections_free(struct sections *sections)
{
	for (size_t i = 0; plugins[i]; i++)
		if (sections->of[i])
			plugins[i]->section->free(sections->of[i]);
}

void sections_health(const struct sections *sections, struct buffer *checked, struct buffer *unchecked)
{
	for (size_t i = 0; plugins[i]; i++)
		if (sections->of[i] && plugins[i]->section->health)
			plugins[i]->section->health(sections->of[i], checked, unchecked);
}

void sections_write(const struct text_writer *writer, const struct sections *sections)
{
	for (size_t i = 0; plugins[i]; i++)
		if (sections->of[i])
			plugins[i]->section->write(writer, sections->of[i]);
}

bool sections_write_json(FILE *out, const struct mask *mask, const struct sections *sections)
{
	bool good = true;
	for (size_t i = 0; good && plugins[i]; i++) {
		if (!sections->of[i])
			continue;
		fprintf(out, ",\"%s\":", plugins[i]->section->key);
		good = tree_print(out, mask, plugins[i]->section->tree(sections->of[i]));
	}
	return good;
}
