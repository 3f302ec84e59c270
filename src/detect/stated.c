/*
 * What a line of a server's log states by itself, where the log is the evidence (-r FILE): transport-rejected,
 * protocol-version, session-unknown, handshake-rejected, upgrade-failed, event-dropped, heartbeat-lost, server-stopped,
 * exception-logged.
 *
 * Seen: a line that is known (servers/, and the tables of plug-ins). Nothing else could explain it: the server says
 * what it did. What it does not say is why the client asked for it. Ruled out: a line that says again what packets, of
 * this log or of a capture beside it, have shown at that moment: it then proves that finding.
 *
 * A sid that is not known was given out before the server was started: the log shows both, or begins with the start,
 * shortly after which all such sids are asked for. What else it could be: another worker, which a session shows that
 * goes on after the start of a process by which it was not opened; or the turn of a worker that has served its number
 * of requests, which a line says.
 */
#include "base/hash.h"
#include "detect/detector.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

enum { STATED_GROUPS = 64, STATED_SIDS = 1024, STATED_ORIGINS = 4 };

/* Lines that say the same. */
struct stated_group {
	struct logged_line line; /* the first of them */
	char subject[LOGGED_TEXT];
	struct origin origins[STATED_ORIGINS];
	uint64_t count;
	timestamp last;
	enum cause cause; /* CAUSES: none */
	/* Of sids that are not known: */
	uint64_t starts;   /* how often a process of the server had been started before the first of them */
	bool is_late;      /* one was asked for too late for a client of before the start */
	bool is_outlived;  /* a session goes on that was opened before the last start, or that has this sid */
	bool is_of_before; /* the log does not show who gave them out */
	bool after_restart;
	struct origin recycled; /* where a worker was replaced since the sid was given out; `first` 0: nowhere */
};

/* A session that a log opened. */
struct stated_sid {
	uint64_t digest; /* of its sid; 0: none */
	uint64_t line;
	uint64_t starts; /* how often a process of the server had been started then */
	uint64_t turns;  /* how often a worker had been replaced then: each log numbers its own lines */
	bool is_closed, by_client;
};

/* The same, by the session. */
struct stated_session {
	uint64_t digest, starts;
};

struct stated {
	struct detector_state state;
	struct logged_reader reader;
	struct stated_group groups[STATED_GROUPS];
	size_t group_count;
	struct stated_sid sids[STATED_SIDS]; /* the last of them, in a ring */
	size_t sid_count;
	uint64_t starts;             /* of processes of the server */
	struct origin started;       /* the last of them */
	uint64_t turns;              /* how often a worker was replaced */
	struct origin recycled;      /* where, for the last time */
	struct recognition software; /* of the session that was opened last */
	bool has_software;
};

static void *stated_new(const struct detector_state *state)
{
	struct stated *stated = calloc(1, sizeof *stated);
	if (stated)
		stated->state = *state;
	return stated;
}

/* ---- which findings */

static const struct {
	enum server_log_meaning meaning;
	unsigned code;
	enum cause cause; /* CAUSES: none, or the line says it */
} stated_rows[] = {
    {LOG_TRANSPORT, CODE_TRANSPORT_REJECTED, CAUSES},
    {LOG_VERSION, CODE_PROTOCOL_VERSION, CAUSE_REVISION_NOT_SUPPORTED},
    {LOG_SESSION, CODE_SESSION_UNKNOWN, CAUSES},
    {LOG_ORIGIN, CODE_HANDSHAKE_REJECTED, CAUSE_ORIGIN},
    {LOG_REJECTED, CODE_HANDSHAKE_REJECTED, CAUSE_APPLICATION},
    {LOG_ASYNC_MODE, CODE_HANDSHAKE_REJECTED, CAUSE_ASYNC_MODE},
    {LOG_UPGRADE, CODE_UPGRADE_FAILED, CAUSES},
    {LOG_PAYLOAD, CODE_EVENT_DROPPED, CAUSES},
    {LOG_NAMESPACE, CODE_EVENT_DROPPED, CAUSES},
    {LOG_GONE, CODE_HEARTBEAT_LOST, CAUSE_CLIENT_LATE},
    {LOG_WORKER, CODE_SERVER_STOPPED, CAUSES},
    {LOG_EXCEPTION, CODE_EXCEPTION_LOGGED, CAUSES},
};

enum { STATED_ROWS = sizeof stated_rows / sizeof *stated_rows };

static size_t stated_row(enum server_log_meaning meaning)
{
	size_t row = 0;
	while (row < STATED_ROWS && stated_rows[row].meaning != meaning)
		row++;
	return row;
}

/* ---- what a line is about */

/* What the line names, by its row. */
static struct slice stated_named(const struct logged_line *line)
{
	struct slice text = slice_of_text(line->text);
	return line->row ? servers_read_subject(text, line->row) : slice_of(NULL, 0);
}

/* Empty: the line names none. */
static struct slice stated_sid_of(const struct logged_line *line)
{
	return line->meaning == LOG_ORIGIN || line->meaning == LOG_TRANSPORT ? slice_of(NULL, 0) : stated_named(line);
}

/* ---- sessions that were opened */

static void stated_note_opened(struct stated *stated, const struct event *event)
{
	const struct session *session = event->session;
	stated->software = session->software;
	stated->has_software = true;
	if (!session->sid)
		return;
	uint64_t digest = fnv_add(FNV_START, session->sid, session->sid_len);
	struct stated_session *per_session = session_state_of(&stated->state.sessions, session);
	stated->sids[stated->sid_count++ % STATED_SIDS] = (struct stated_sid){
	    .digest = digest, .line = event->origin.first, .starts = stated->starts, .turns = stated->turns};
	if (per_session)
		*per_session = (struct stated_session){.digest = digest, .starts = stated->starts};
}

static struct stated_sid *stated_find_sid(struct stated *stated, struct slice sid)
{
	uint64_t digest = fnv_digest(sid);
	for (size_t i = 0; sid.len && i < stated->sid_count && i < STATED_SIDS; i++)
		if (stated->sids[i].digest == digest)
			return &stated->sids[i];
	return NULL;
}

/* A session goes on. If it was opened before a process was started after which a sid is not known, or has that sid, two
 * processes answer. */
static void stated_note_life(struct stated *stated, const struct event *event)
{
	const struct stated_session *per_session = session_state_find(&stated->state.sessions, event->session);
	for (size_t i = 0; per_session && per_session->digest && i < stated->group_count; i++) {
		struct stated_group *group = &stated->groups[i];
		group->is_outlived |= group->line.meaning == LOG_SESSION &&
		                      (per_session->starts < group->starts ||
		                          strcmp(group->subject, event->session->sid) == 0);
	}
}

/* Why a server does not know a sid, by what its log says before. */
static enum cause stated_explain(struct stated *stated, struct stated_group *group)
{
	const struct stated_sid *opened = stated_find_sid(stated, slice_of_text(group->subject));
	group->is_of_before = !opened;
	if (!opened)
		return CAUSE_SID_OF_BEFORE;
	group->origins[STATED_ORIGINS - 1] = *ORIGIN_AT(ORIGIN_LINES, opened->line);
	group->after_restart = opened->starts < stated->starts;
	if (opened->turns < stated->turns)
		group->recycled = stated->recycled;
	if (group->after_restart)
		return group->recycled.first ? CAUSE_WORKER_RECYCLED : CAUSE_RESTARTED;
	if (opened->is_closed)
		return opened->by_client ? CAUSE_CLIENT_HAD_CLOSED : CAUSE_SERVER_HAD_CLOSED;
	return CAUSE_SESSION_GONE;
}

/* Clients of before a start ask within their heartbeat. A line without a time (0) may be of any. */
static void stated_note_unknown(struct stated *stated, struct stated_group *group, timestamp time)
{
	bool soon = stated->starts && stated->started.time > 0 &&
	            time - stated->started.time <= threshold_time(THRESHOLD_ALIVE_WITHOUT_RULE);
	group->is_late |= !soon;
}

/* By what the lines after it show. */
static void stated_reconsider(const struct stated *stated, struct stated_group *group)
{
	if (group->line.meaning != LOG_SESSION)
		return;
	if (group->is_of_before && !group->is_late && !group->is_outlived) {
		group->cause = CAUSE_RESTARTED;
		group->after_restart = true;
		group->origins[STATED_ORIGINS - 1] = stated->started;
	} else if (!group->is_of_before && group->is_outlived) {
		group->cause = CAUSE_SEVERAL_WORKERS;
		group->after_restart = false;
	}
}

/* ---- gathering */

static enum cause stated_cause(struct stated *stated, struct stated_group *group)
{
	size_t row = stated_row(group->line.meaning);
	if (group->line.meaning == LOG_SESSION)
		return stated_explain(stated, group);
	if (group->line.meaning != LOG_TRANSPORT)
		return stated_rows[row].cause;
	return strcmp(group->subject, "websocket") == 0 ? CAUSE_WEBSOCKET_NOT_ALLOWED
	       : strcmp(group->subject, "polling") == 0 ? CAUSE_POLLING_NOT_ALLOWED
	                                                : CAUSES;
}

/* What makes two lines the same: the sid, the origin, the transport, the error. Sids of before the log are one, for
 * after a restart every client asks once. */
static struct slice stated_subject(struct stated *stated, const struct logged_line *line)
{
	if (line->meaning == LOG_EXCEPTION)
		return slice_of_text(line->text);
	struct slice named = stated_named(line);
	return line->meaning == LOG_SESSION && !stated_find_sid(stated, named) ? slice_of(NULL, 0) : named;
}

/* NULL: there are too many. */
static struct stated_group *stated_group_of(struct stated *stated, const struct logged_line *line)
{
	struct slice subject = stated_subject(stated, line);
	for (size_t i = 0; i < stated->group_count; i++)
		if (stated->groups[i].line.meaning == line->meaning &&
		    slice_equals_text(subject, stated->groups[i].subject))
			return &stated->groups[i];
	if (stated->group_count == STATED_GROUPS) {
		findings_note_left_out(stated->state.findings, stated_rows[stated_row(line->meaning)].code);
		return NULL;
	}
	struct stated_group *group = &stated->groups[stated->group_count++];
	*group = (struct stated_group){.line = *line, .last = line->time, .starts = stated->starts};
	memcpy(group->subject, subject.at ? (const char *)subject.at : "", subject.len);
	group->cause = stated_cause(stated, group);
	return group;
}

static void stated_take_line(struct stated *stated, const struct event *event)
{
	struct logged_line line;
	if (!logged_read(
	        &stated->reader, stated->state.facts->log_tables, event->origin.time, event_text(event), &line))
		return;
	if (line.meaning == LOG_STARTED) {
		stated->starts++;
		stated->started = event->origin;
	}
	if (line.meaning == LOG_RECYCLED) {
		stated->turns++;
		stated->recycled = event->origin;
	}
	if (stated_row(line.meaning) == STATED_ROWS)
		return;
	struct stated_group *group = stated_group_of(stated, &line);
	if (!group)
		return;
	if (line.meaning == LOG_SESSION)
		stated_note_unknown(stated, group, event->origin.time);
	if (group->count < STATED_ORIGINS - 1)
		group->origins[group->count] = event->origin;
	group->count++;
	group->last = event->origin.time > group->last ? event->origin.time : group->last;
}

/* A process that ends says goodbye, whatever was started beside it. */
static bool stated_is_life(const struct event *event)
{
	return event->session && event->kind != EVENT_DISCONNECT &&
	       event_kind_layer(event->kind) & (LAYER_ENGINEIO | LAYER_SOCKETIO);
}

static void stated_take_event(void *self, const struct event *event)
{
	struct stated *stated = self;
	if (event->origin.kind != ORIGIN_LINES)
		return;
	if (event->kind == EVENT_LOG)
		stated_take_line(stated, event);
	else if (event->kind == EVENT_OPEN)
		stated_note_opened(stated, event);
	else if (event->kind == EVENT_CLOSE && event->session->sid) {
		struct stated_sid *sid = stated_find_sid(stated, slice_of_text(event->session->sid));
		if (sid && !sid->is_closed) {
			sid->is_closed = true;
			sid->by_client = event->direction == DIRECTION_TO_SERVER;
		}
	} else if (stated_is_life(event))
		stated_note_life(stated, event);
}

/* ---- the findings */

/* One that packets have shown: of the same session, or of that moment. */
static struct finding *stated_find_shown(const struct stated *stated, const struct stated_group *group, unsigned code)
{
	timestamp slack = threshold_time(THRESHOLD_LOG_SLACK);
	struct slice sid = stated_sid_of(&group->line);
	for (struct finding *finding = stated->state.findings->first; finding; finding = finding->next) {
		bool same = sid.len && *finding->sid
		                ? slice_equals_text(sid, finding->sid)
		                : finding->time != TIMESTAMP_NONE && group->line.time >= finding->time - slack &&
		                      group->line.time <= finding->last + slack;
		if (finding->code == code && !finding->is_stated && same)
			return finding;
	}
	return NULL;
}

/* Its text has the line, or packets say it first: then the line is quoted where it is named. */
static void stated_prove(
    struct stated *stated, struct finding *finding, const struct stated_group *group, bool is_shown)
{
	struct findings *findings = stated->state.findings;
	finding->is_stated = true;
	finding->confidence = CONFIDENCE_PROVEN;
	finding->doubt = NULL;
	char text[LOGGED_TEXT + 4] = "it";
	if (is_shown)
		snprintf(text, sizeof text, "\"%s\"", group->line.text);
	for (size_t i = 0; i < group->count && i < STATED_ORIGINS - 1; i++)
		finding_prove(findings, finding, &group->origins[i], "the server logged %s", text);
	if (group->origins[STATED_ORIGINS - 1].first)
		finding_prove(findings, finding, &group->origins[STATED_ORIGINS - 1], "%s",
		    group->is_of_before ? "the server is started" : "the sid is given out");
	if (group->recycled.first)
		finding_prove(findings, finding, &group->recycled, "a worker is replaced");
}

static void stated_say(struct stated *stated, struct finding *finding, const struct stated_group *group)
{
	struct findings *findings = stated->state.findings;
	enum { REASON = 300 };
	char reason[REASON] = "";
	if (group->cause != CAUSES && group->line.meaning == LOG_SESSION)
		snprintf(reason, sizeof reason, ": %s",
		    group->cause == CAUSE_SID_OF_BEFORE ? "this log does not show who gave the sid out: another "
		                                          "server, another worker, or this one before the log begins"
		    : group->is_of_before ? "nobody in this log gave the sid out, and the server was started shortly "
		                            "before: most likely it is one of before the start"
		                          : cause_table[group->cause].meaning);
	finding->count = group->count;
	finding_note_time(finding, group->line.time);
	finding_note_time(finding, group->last);
	finding_say(findings, finding, "the server logged \"%s\"%s", group->line.text, reason);
	if (group->cause != CAUSES)
		finding_set_cause(findings, finding, group->cause, stated->has_software ? &stated->software : NULL);
	if (group->after_restart)
		finding_set_case(finding, SESSION_OF_BEFORE_RESTART);
}

static void stated_report(struct stated *stated, const struct stated_group *group)
{
	unsigned code = stated_rows[stated_row(group->line.meaning)].code;
	struct finding *finding = stated_find_shown(stated, group, code);
	bool is_shown = finding;
	if (!is_shown) {
		finding = findings_claim(stated->state.findings, code, CONFIDENCE_PROVEN, NULL, NULL, group->subject);
		if (!finding)
			return;
		stated_say(stated, finding, group);
	}
	stated_prove(stated, finding, group, is_shown);
}

static void stated_end(void *self, const struct engine_counts *counts)
{
	struct stated *stated = self;
	(void)counts;
	for (size_t i = 0; i < stated->group_count; i++) {
		stated_reconsider(stated, &stated->groups[i]);
		stated_report(stated, &stated->groups[i]);
	}
}

const struct detector detector_stated = {
    .session_size = sizeof(struct stated_session),
    .new = stated_new,
    .event = stated_take_event,
    .end = stated_end,
};
