/* What reports show, gathered while the timeline goes by; and the sections of plug-ins, as one observer. */
#include "base/numbering.h"
#include "base/text.h"
#include "view/report.h"

#include <inttypes.h>
#include <math.h>
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

static void summary_keep_hops(struct summary *summary, struct summary_session *kept, const struct hop_times *times)
{
	struct hop_times *hops = times->legs ? arena_alloc(&summary->texts, sizeof *hops) : NULL;
	if (!hops)
		return;
	*hops = *times;
	kept->hops = hops;
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
	const struct hop_times hops = hops_end_session(summary->hops, session->number);
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
	summary_keep_hops(summary, kept, &hops);
	summary->before = *kept;
}

static void summary_take_event(void *self, const struct event *event)
{
	struct summary *summary = self;
	summary_log_take(&summary->log, event);
	if (!summary->hops && (event->leg_count || event->awaits_legs))
		summary->hops = hops_new(summary->texts.budget);
	hops_take_event(summary->hops, event);
}

static void summary_take_crossed(void *self, uint64_t index, const struct event_leg *leg)
{
	hops_take_crossed(((struct summary *)self)->hops, index, leg);
}

static void summary_take_end(void *self)
{
	struct summary *summary = self;
	summary_log_end(&summary->log);
}

void summary_init(struct summary *summary, size_t most, const struct detector_facts *facts)
{
	memset(summary, 0, sizeof *summary);
	summary->observer = (struct observer){.self = summary,
	    .event = summary_take_event,
	    .crossed = summary_take_crossed,
	    .session_closed = summary_take_session,
	    .end = summary_take_end};
	summary->most = most;
	summary->log.facts = facts;
	summary->log.texts = &summary->texts;
	sections_init(&summary->sections, &facts->plugged);
	arena_init(&summary->texts, SUMMARY_TEXT);
}

void summary_free(struct summary *summary)
{
	hops_free(summary->hops);
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

/* ---- of some of the sessions */

static int part_compare(const void *a, const void *b)
{
	uint64_t left = *(const uint64_t *)a, right = *(const uint64_t *)b;
	return left < right ? -1 : left > right;
}

bool summary_part_has(const struct summary_part *part, uint64_t session)
{
	return part->count &&
	       bsearch(&session, part->sessions, part->count, sizeof *part->sessions, part_compare) != NULL;
}

bool summary_has(const struct summary *summary, const struct session *session)
{
	return !summary->part || (session && summary_part_has(summary->part, session->number));
}

const char *summary_part_format(const struct summary_part *part, char text[SUMMARY_PART_TEXT])
{
	enum { NAMED = 4 };
	struct buffer line = buffer_over(text, SUMMARY_PART_TEXT - 1);
	if (part->count > NAMED)
		buffer_append_format(&line, "%zu sessions", part->count);
	else
		buffer_append_format(&line, "session%s", plural_ending(part->count));
	for (size_t i = 0; part->count <= NAMED && i < part->count; i++)
		buffer_append_format(&line, "%s %" PRIu64,
		    !i                     ? ""
		    : i + 1 == part->count ? " and"
		                           : ",",
		    part->sessions[i]);
	buffer_append_format(&line, " (of %" PRIu64 ")", part->all);
	text[line.len] = '\0';
	return text;
}

/* Where it was seen on other legs was said after the event was emitted; the record has it beside the event. */
static void summary_replay_event(struct summary *part, const struct event *kept)
{
	struct event event = *kept;
	const struct observer *sections = &part->sections.observer;
	event.awaits_legs = false;
	part->observer.event(part, &event);
	sections->event(sections->self, &event);
}

static void summary_replay_session(struct summary *part, const struct record *record, const struct session *session)
{
	const struct observer *sections = &part->sections.observer;
	sections->session_opened(sections->self, session);
	for (uint64_t index = record_session_first(record, session->number); index;
	     index = record_next_of_session(record, index))
		summary_replay_event(part, record_event(record, index));
	part->observer.session_closed(part, session);
	sections->session_closed(sections->self, session);
}

void summary_gather_part(struct summary *part, const struct summary *whole, const struct summary_part *of,
    const struct record *record, const struct findings *findings)
{
	part->part = of;
	part->findings = findings;
	part->input = whole->input;
	part->counts = whole->counts;
	part->ledger = whole->ledger;
	for (size_t i = 0; i < of->count; i++) {
		const struct session *session = record_session(record, of->sessions[i]);
		if (session)
			summary_replay_session(part, record, session);
	}
	part->observer.end(part);
	part->sections.observer.end(part->sections.observer.self);
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

double ledger_missing_share(const struct ledger *ledger)
{
	double missing = (double)ledger_sum(ledger, LEDGER_COLUMN_LOST) + (double)ledger_sum(ledger, LEDGER_COLUMN_CUT);
	return missing > 0 ? 100 * missing / (missing + (double)ledger->captured) : 0;
}

/* ---- clocks, hops */

uint64_t summary_lost_between(const struct summary_input *input, uint64_t *seen)
{
	uint64_t lost = 0;
	*seen = 0;
	for (size_t i = 0; i < input->skew_count; i++)
		for (size_t back = 0; back < 2; back++) {
			lost += input->skews[i].ways[back].lost;
			*seen += input->skews[i].ways[back].seen;
		}
	return lost;
}

const char *hop_place(size_t leg)
{
	static const char *const places[SESSION_LEGS] = {
	    "at the edge", "behind it", "behind the second hop", "behind the third hop"};
	return places[leg];
}

const char *milliseconds_format(timestamp span, timestamp bound, char text[TIMESTAMP_TEXT_SIZE])
{
	int digits = bound == TIMESTAMP_NONE || bound < TIMESTAMP_MILLISECOND / 10 ? 3 : 1;
	double shown = (double)(span < 0 ? -span : span);
	if (shown < (double)(10 * TIMESTAMP_SECOND))
		snprintf(text, TIMESTAMP_TEXT_SIZE, "%.*f ms", digits, shown / TIMESTAMP_MILLISECOND);
	else
		snprintf(text, TIMESTAMP_TEXT_SIZE, "%.*f s", digits + 3, shown / TIMESTAMP_SECOND);
	return text;
}

static const char *skew_why_uncorrected(const struct summary_skew *skew)
{
	bool is_apart = skew->offset > skew->bound || -skew->offset > skew->bound;
	if (skew->is_streamed && !is_apart)
		return ""; /* as interfaces of one machine are not */
	if (skew->is_streamed)
		return "; times are left as they are, because it is read only once: from files sioscope puts them "
		       "right";
	return skew->is_corrected ? "" : "; times are left as they are (--skew none)";
}

const char *skew_format(const struct summary_skew *skew, const struct numbering *numbering, char text[SKEW_TEXT])
{
	const char *input = numbering_short(numbering, skew->input);
	char offset[TIMESTAMP_TEXT_SIZE], bound[TIMESTAMP_TEXT_SIZE], drift[48] = "";
	const char *way = skew->offset < 0 ? "behind" : "ahead";
	milliseconds_format(skew->offset, skew->bound, offset);
	if (skew->drift != 0)
		snprintf(drift, sizeof drift, ", drift %.*f ppm", fabs(skew->drift) < 10e-6, skew->drift * 1e6);
	if (skew->is_contradicted)
		snprintf(text, SKEW_TEXT,
		    "%.150s's clock cannot be compared with %.150s's: what both saw fits no offset, so times are left "
		    "as they are. Was a clock set during the capture? Give the offset by --skew FILE=TIME",
		    input, numbering_short(numbering, skew->peer));
	else if (skew->is_given)
		snprintf(text, SKEW_TEXT, "%.150s's clock is %s %s (as --skew says)", input, offset, way);
	else
		snprintf(text, SKEW_TEXT, "%.150s's clock is %s %s (± %s%s)%s", input, offset, way,
		    milliseconds_format(skew->bound, skew->bound, bound), drift, skew_why_uncorrected(skew));
	return text;
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
