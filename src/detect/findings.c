/* Collects claims and puts them in order. */
#include "detect/findings.h"

#include "base/hash.h"
#include "base/plugin.h"
#include "detect/thresholds.h"
#include "socketio/session.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <utlist.h>

const char *confidence_name(enum confidence confidence)
{
	static const char *const names[] = {"possible", "likely", "proven"};
	return names[confidence];
}

void findings_init(struct findings *findings, size_t limit)
{
	*findings = (struct findings){.memory = {.limit = SIZE_MAX}};
	arena_init(&findings->texts, limit);
	findings->texts.budget = &findings->memory;
}

void findings_free(struct findings *findings)
{
	HASH_CLEAR(hh, findings->by_key);
	arena_free(&findings->texts);
}

/* ---- claims */

static struct finding_key findings_key(unsigned code, const struct session *session, const char *subject)
{
	uint64_t hash = fnv_add(FNV_START, subject, strlen(subject));
	return (struct finding_key){code, session ? session->number : 0, hash};
}

static const char *findings_keep(struct findings *findings, const char *text)
{
	const char *kept = *text ? arena_copy_text(&findings->texts, slice_of_text(text)) : "";
	if (!kept)
		budget_note_refusal(&findings->memory);
	return kept ? kept : "";
}

static struct finding *findings_find(const struct findings *findings, const struct finding_key *key)
{
	struct finding *finding = NULL;
	HASH_FIND(hh, findings->by_key, key, sizeof *key, finding);
	return finding;
}

struct finding *findings_recall(
    const struct findings *findings, unsigned code, const struct session *session, const char *subject)
{
	struct finding_key key = findings_key(code, session, subject);
	return findings_find(findings, &key);
}

/* The code's own, or what replaces it; and what plug-ins add. */
static const char *findings_advice(struct findings *findings, unsigned code, const char *advice)
{
	const char *more = code_advice(code);
	char *both = NULL;
	if (!*more || asprintf(&both, "%s %s", advice, more) < 0)
		return advice;
	const char *kept = findings_keep(findings, both);
	free(both);
	return kept;
}

static struct finding *findings_add(
    struct findings *findings, const struct finding_key *key, const char *sid, const char *subject)
{
	size_t *count = &findings->counts[key->code];
	if (*count == FINDINGS_OF_CODE)
		return NULL;
	struct finding *finding = arena_alloc(&findings->texts, sizeof *finding);
	if (!finding) {
		budget_note_refusal(&findings->memory);
		return NULL;
	}
	*finding = (struct finding){
	    .code = (unsigned)key->code,
	    .severity = code_entry((unsigned)key->code)->severity,
	    .session = key->session,
	    .sid = findings_keep(findings, sid),
	    .subject = findings_keep(findings, subject),
	    .seen = "",
	    .advice = findings_advice(findings, (unsigned)key->code, code_entry((unsigned)key->code)->remedy),
	    .time = TIMESTAMP_NONE,
	    .made = findings->made,
	    .last = TIMESTAMP_NONE,
	    .key = *key,
	};
	HASH_ADD(hh, findings->by_key, key, sizeof finding->key, finding);
	if (!hash_has(finding)) {
		budget_note_refusal(&findings->memory);
		return NULL;
	}
	++*count;
	findings->changes++;
	*(findings->last ? &findings->last->next : &findings->first) = finding;
	findings->last = finding;
	findings->count++;
	findings->made++;
	return finding;
}

void findings_note_beyond(struct findings *findings, const struct address *client, const struct endpoint *server)
{
	uint64_t sum = fnv_add(0, server->address.bytes, sizeof server->address.bytes);
	sum = fnv_add(sum, &server->port, sizeof server->port);
	sum = client ? fnv_add(sum, client->bytes, sizeof client->bytes) : sum;
	size_t bit = (sum ^ sum >> 32) % FINDINGS_BEYOND;
	findings->beyond[bit / 64] |= UINT64_C(1) << bit % 64;
}

uint64_t findings_count_beyond(const struct findings *findings)
{
	uint64_t count = 0;
	for (size_t i = 0; i < sizeof findings->beyond / sizeof *findings->beyond; i++)
		count += (uint64_t)__builtin_popcountll(findings->beyond[i]);
	return count;
}

void findings_note_left_out(struct findings *findings, unsigned code)
{
	findings->left_out[code]++;
}

uint64_t findings_left_out(const struct findings *findings)
{
	uint64_t count = 0;
	for (size_t i = 0; i < sizeof findings->left_out / sizeof *findings->left_out; i++)
		count += findings->left_out[i];
	return count;
}

/* Claims are not made in order of time: one about a session's end may come before one about what it did. */
void finding_note_time(struct finding *finding, timestamp time)
{
	if (time == TIMESTAMP_NONE)
		return;
	if (finding->time == TIMESTAMP_NONE || time < finding->time)
		finding->time = time;
	if (time > finding->last)
		finding->last = time;
}

void finding_begin_at(struct finding *finding, timestamp time)
{
	finding->time = time;
	if (time > finding->last)
		finding->last = time;
}

static bool finding_is_other(void *self, const struct finding *finding)
{
	return finding != self;
}

void findings_withdraw(struct findings *findings, struct finding *finding)
{
	findings_keep_those(findings, finding_is_other, finding);
}

const char *finding_format_place(const struct finding *finding, char text[FINDING_PLACE])
{
	char time[TIMESTAMP_TEXT_SIZE], origin[ORIGIN_TEXT];
	struct buffer place = buffer_over(text, FINDING_PLACE - 1);
	if (finding->time != TIMESTAMP_NONE)
		buffer_append_format(&place, "%.12s  ", timestamp_format(finding->time, time) + strlen("2026-11-23T"));
	if (finding->evidence_count)
		buffer_append_format(&place, "%s  ", origin_format(&finding->evidence[0].origin, origin));
	if (finding->session)
		buffer_append_format(&place, "session %" PRIu64 "  ", finding->session);
	text[place.len > 2 ? place.len - 2 : 0] = '\0';
	return text;
}

void findings_recode(struct findings *findings, struct finding *finding, unsigned code)
{
	findings->counts[finding->code]--;
	findings->counts[code]++;
	finding->code = code;
	finding->severity = code_entry(code)->severity;
}

void finding_set_case(struct finding *finding, unsigned nth)
{
	finding->severity = code_entry(finding->code)->cases[nth].severity;
}

struct finding *findings_claim(struct findings *findings, unsigned code, enum confidence confidence,
    const struct session *session, const struct event *event, const char *subject)
{
	struct finding_key key = findings_key(code, session, subject);
	struct finding *finding = findings_find(findings, &key);
	if (!finding)
		finding = findings_add(findings, &key, session && session->sid ? session->sid : "", subject);
	if (!finding) {
		findings->left_out[code]++;
		return NULL;
	}
	timestamp time = event ? event->origin.time : session ? session->last : TIMESTAMP_NONE;
	if (session)
		finding->server = session->server;
	else if (event && event->connection)
		finding->server = event->connection->server;
	finding->count++;
	finding_note_time(finding, time);
	if (confidence > finding->confidence)
		finding->confidence = confidence;
	if (finding->confidence == CONFIDENCE_PROVEN)
		finding->doubt = NULL;
	return finding;
}

/* ---- text */

/* `former`, which the text replaces, may be NULL. A claim that is repeated says the same with other numbers: its text
 * takes the place of the one before where it fits, for what is kept stays until the end. */
static const char *findings_format(struct findings *findings, const char *former, const char *format, va_list arguments)
{
	char *text = NULL;
	if (vasprintf(&text, format, arguments) < 0) {
		budget_note_refusal(&findings->memory);
		return "";
	}
	bool fits = former && *former && strlen(text) <= strlen(former);
	const char *kept = fits ? strcpy((char *)(uintptr_t)former, text) : findings_keep(findings, text);
	free(text);
	return kept;
}

void finding_say(struct findings *findings, struct finding *finding, const char *format, ...)
{
	va_list arguments;
	va_start(arguments, format);
	finding->seen = findings_format(findings, finding->seen, format, arguments);
	findings->changes++;
	va_end(arguments);
}

void finding_advise(struct findings *findings, struct finding *finding, const char *format, ...)
{
	va_list arguments;
	va_start(arguments, format);
	finding->advice = findings_advice(findings, finding->code, findings_format(findings, NULL, format, arguments));
	va_end(arguments);
}

void finding_doubt(struct findings *findings, struct finding *finding, const char *format, ...)
{
	va_list arguments;
	if (finding->confidence == CONFIDENCE_PROVEN)
		return;
	va_start(arguments, format);
	finding->doubt = findings_format(findings, finding->doubt, format, arguments);
	va_end(arguments);
}

void finding_prove(
    struct findings *findings, struct finding *finding, const struct origin *origin, const char *format, ...)
{
	if (finding->evidence_count == FINDING_EVIDENCE)
		return;
	va_list arguments;
	va_start(arguments, format);
	struct evidence *evidence = &finding->evidence[finding->evidence_count++];
	*evidence = (struct evidence){*origin, findings_format(findings, NULL, format, arguments)};
	evidence->origin.numbering = findings->numbering;
	va_end(arguments);
	if (origin->first > origin->last) { /* what came later may have been captured earlier */
		evidence->origin.first = origin->last;
		evidence->origin.last = origin->first;
	}
}

/* ---- from another collection */

static void findings_copy(struct findings *findings, struct finding *copy, const struct finding *from)
{
	findings_recode(findings, copy, from->code);
	copy->severity = from->severity;
	copy->confidence = from->confidence;
	copy->phase = from->phase;
	copy->server = from->server;
	copy->is_stated = from->is_stated;
	copy->cause = from->cause;
	copy->time = from->time;
	copy->last = from->last;
	copy->count = from->count;
	copy->seen = findings_keep(findings, from->seen);
	copy->advice = findings_keep(findings, from->advice);
	copy->doubt = from->doubt ? findings_keep(findings, from->doubt) : NULL;
	copy->evidence_count = from->evidence_count;
	for (size_t i = 0; i < from->evidence_count; i++) {
		copy->evidence[i] = from->evidence[i];
		copy->evidence[i].what = findings_keep(findings, from->evidence[i].what);
	}
}

void findings_adopt(struct findings *findings, const struct findings *from, bool (*wanted)(unsigned code))
{
	for (const struct finding *finding = from->first; finding; finding = finding->next) {
		bool missing = wanted(finding->code) && !findings_find(findings, &finding->key);
		struct finding *copy = missing ? findings_add(findings, &finding->key, finding->sid, finding->subject)
		                               : NULL;
		if (copy)
			findings_copy(findings, copy, finding);
	}
}

/* By `made`: is it of the part? */
static void findings_mark_part(
    const struct findings *from, bool (*wanted)(void *self, const struct finding *finding), void *self, bool *marks)
{
	for (const struct finding *finding = from->first; finding; finding = finding->next)
		if (wanted(self, finding))
			for (const struct finding *reason = finding; reason && !marks[reason->made];
			     reason = reason->explained_by)
				marks[reason->made] = true;
}

bool findings_take_part(struct findings *part, const struct findings *from,
    bool (*wanted)(void *self, const struct finding *finding), void *self)
{
	bool *marks = budget_new(&part->memory, (from->made + 1) * sizeof *marks), good = marks != NULL;
	if (good)
		findings_mark_part(from, wanted, self, marks);
	for (const struct finding *finding = from->first; good && finding; finding = finding->next) {
		struct finding *copy = marks[finding->made]
		                           ? findings_add(part, &finding->key, finding->sid, finding->subject)
		                           : NULL;
		good = copy || !marks[finding->made];
		if (!copy)
			continue;
		findings_copy(part, copy, finding);
		/* A reason is before what it explains. */
		copy->explained_by = finding->explained_by ? findings_find(part, &finding->explained_by->key) : NULL;
	}
	budget_release(marks);
	return good && !part->memory.refused;
}

static bool finding_is_logged(const struct finding *finding)
{
	for (size_t i = 0; i < finding->evidence_count; i++)
		if (finding->evidence[i].origin.kind != ORIGIN_LINES)
			return false;
	return finding->evidence_count;
}

void findings_doubt_logged(struct findings *findings)
{
	for (struct finding *finding = findings->first; finding; finding = finding->next) {
		if (finding->is_stated || finding->confidence != CONFIDENCE_PROVEN || !finding_is_logged(finding))
			continue;
		finding->confidence = CONFIDENCE_LIKELY;
		finding_doubt(
		    findings, finding, "a server's log shows what the server did, and not what reached the client");
	}
}

void findings_doubt_session(struct findings *findings, uint64_t session, const char *why)
{
	for (struct finding *finding = findings->first; finding; finding = finding->next) {
		if (finding->session != session || finding->confidence == CONFIDENCE_POSSIBLE)
			continue;
		finding->confidence = CONFIDENCE_POSSIBLE;
		finding->doubt = findings_keep(findings, why);
	}
}

void findings_keep_those(
    struct findings *findings, bool (*stays)(void *self, const struct finding *finding), void *self)
{
	struct finding **at = &findings->first;
	findings->last = NULL;
	while (*at) {
		struct finding *finding = *at;
		if (stays(self, finding)) {
			findings->last = finding;
			at = &finding->next;
			continue;
		}
		*at = finding->next;
		HASH_DEL(findings->by_key, finding);
		findings->changes++;
		findings->count--;
		findings->counts[finding->code]--;
	}
}

/* ---- what explains what: a report says a thing once, with what explains the rest on top */

/* A claim without an event and a session begins its subject with the server: "10.0.0.7:8000 …". */
static struct slice explains_server(const struct finding *finding, char text[ENDPOINT_TEXT_SIZE])
{
	const char *name = finding->server.port ? endpoint_format(&finding->server, text) : finding->subject;
	return slice_take(slice_of_text(name), strcspn(name, " "));
}

/* A log is of one server, and does not name its address. */
static bool explains_same_server(const struct finding *a, const struct finding *b)
{
	char texts[2][ENDPOINT_TEXT_SIZE];
	return a->is_stated || b->is_stated || slice_equals(explains_server(a, texts[0]), explains_server(b, texts[1]));
}

/* Does `finding` end more than so long before `other` begins? */
static bool explains_is_before(const struct finding *finding, const struct finding *other, timestamp apart)
{
	return finding->time != TIMESTAMP_NONE && other->time != TIMESTAMP_NONE && finding->last + apart < other->time;
}

static bool explains_fits(enum explanation_scope scope, const struct finding *reason, const struct finding *symptom)
{
	timestamp moment = threshold_time(THRESHOLD_STOPPED_SPAN);
	timestamp afterwards = scope == EXPLAINS_AT_ONCE ? moment : threshold_time(THRESHOLD_ALIVE_WITHOUT_RULE);
	if (scope == EXPLAINS_ANYWHERE)
		return true;
	if (scope == EXPLAINS_IN_SESSION)
		return reason->session == symptom->session;
	return explains_same_server(reason, symptom) && !explains_is_before(symptom, reason, moment) &&
	       !explains_is_before(reason, symptom, afterwards);
}

static const struct finding *explains_find(
    const struct findings *findings, const struct code_explanation *rule, const struct finding *symptom)
{
	for (const struct finding *finding = findings->first; finding; finding = finding->next)
		if (finding->code == rule->reason && finding->severity > SEVERITY_INFO &&
		    explains_fits(rule->scope, finding, symptom))
			return finding;
	return NULL;
}

static bool explains_in_circle(const struct finding *cause, const struct finding *symptom)
{
	for (; cause; cause = cause->explained_by)
		if (cause == symptom)
			return true;
	return false;
}

static void explains_by(const struct findings *findings, const struct code_explanation *rules, struct finding *symptom)
{
	for (const struct code_explanation *rule = rules; rule->reason != rule->symptom && !symptom->explained_by;
	     rule++) {
		bool fits = rule->symptom == symptom->code &&
		            (!rule->cause || strcmp(rule->cause, symptom->cause ? symptom->cause : "") == 0);
		if (!fits)
			continue;
		const struct finding *reason = explains_find(findings, rule, symptom);
		if (reason && !explains_in_circle(reason, symptom))
			symptom->explained_by = reason;
	}
}

static void explains_finding(const struct findings *findings, struct finding *symptom)
{
	for (size_t i = 0; plugins[i]; i++)
		if (plugins[i]->codes && plugins[i]->codes->explanations)
			explains_by(findings, plugins[i]->codes->explanations, symptom);
	explains_by(findings, code_explanations, symptom);
}

/* ---- order */

static const struct finding *finding_root(const struct finding *finding)
{
	while (finding->explained_by)
		finding = finding->explained_by;
	return finding;
}

static unsigned finding_depth(const struct finding *finding)
{
	unsigned depth = 0;
	for (; finding->explained_by; finding = finding->explained_by)
		depth++;
	return depth;
}

static int compare(uint64_t a, uint64_t b)
{
	return a < b ? -1 : a > b;
}

/* The worst and surest first, then the earliest. */
static int finding_compare_weight(const struct finding *a, const struct finding *b)
{
	int order = compare(b->severity, a->severity);
	if (!order)
		order = compare(b->confidence, a->confidence);
	if (!order)
		order = a->time < b->time ? -1 : a->time > b->time;
	return order ? order : compare(a->session, b->session);
}

/* Whole stories, each cause before what it explains. */
static int finding_compare(const struct finding *a, const struct finding *b)
{
	const struct finding *root_a = finding_root(a), *root_b = finding_root(b);
	if (root_a != root_b) {
		int order = finding_compare_weight(root_a, root_b);
		return order ? order : compare(root_a->made, root_b->made);
	}
	int order = compare(finding_depth(a), finding_depth(b));
	return order ? order : finding_compare_weight(a, b);
}

void findings_arrange(struct findings *findings)
{
	for (struct finding *finding = findings->first; finding; finding = finding->next)
		explains_finding(findings, finding);
	LL_SORT(findings->first, finding_compare);
	findings->last = NULL;
	for (struct finding *finding = findings->first; finding; finding = finding->next)
		findings->last = finding;
}
