/*
 * idle-cut: something between client and server cuts connections after a fixed time.
 *
 * Seen, at one server, several times: WebSockets that end without a goodbye after the same silence; WebSockets that do
 * so at the same age, or that the server's side closes then without DISCONNECT, whatever passes through them; held
 * polls that are cut, or answered with an error, after the same time: a gateway's timeout (504, 502, 408), or one of
 * the server's own HTTP layer (daphne and Sanic: 503, or 400 by Engine.IO, whose wait they break off). Ruled out:
 * answers that do not know the session; the silence after which either end itself gives up (pingInterval + pingTimeout,
 * which a poll may be held for too); times so short that many things explain them; sessions that end all at once, for
 * then the server ended; clients that leave; bytes that were not captured. A WebSocket's own pings break the silence.
 * The WebSocket of an upgrade that is under way is no session's connection. Cuts of sessions that were not captured
 * whole, or whose rules are not known, make it possible, no more.
 */
#include "detect/detector.h"
#include "detect/refusal.h"

#include <stdio.h>
#include <stdlib.h>

enum { IDLE_SERVERS = 64, IDLE_CUTS = 16, IDLE_PROOFS = 4 };

enum idle_span { IDLE_SILENCE, IDLE_AGE, IDLE_HELD, IDLE_SPANS };

struct idle_cut {
	timestamp spans[IDLE_SPANS]; /* 0: does not apply */
	timestamp time;
	enum confidence confidence; /* that it was one */
	enum direction by;          /* who ended it, by the direction of what it sent */
	int status;                 /* with which a held poll was answered; 0: it was not, or it was none */
	struct origin origin;
	bool is_ruled; /* others are like it: it is part of a finding */
};

struct idle_server {
	struct endpoint endpoint;
	struct idle_cut cuts[IDLE_CUTS]; /* the last of them, in a ring */
	size_t count;
};

struct idle_session {
	timestamp last;   /* anything sent */
	timestamp heard;  /* the same by the client; 0: nothing */
	timestamp opened; /* its WebSocket; 0: not seen */
	bool over;
	bool gap;             /* bytes were lost in it last: perhaps a goodbye */
	struct idle_cut poll; /* that the client's side cut: counts once the session goes on */
};

struct idle {
	struct detector_state state;
	struct idle_server servers[IDLE_SERVERS];
	size_t count;
};

static struct idle_server *idle_server_of(struct idle *idle, const struct endpoint *endpoint)
{
	for (size_t i = 0; i < idle->count; i++)
		if (endpoint_equals(&idle->servers[i].endpoint, endpoint))
			return &idle->servers[i];
	if (idle->count == IDLE_SERVERS) {
		findings_note_beyond(idle->state.findings, NULL, endpoint);
		return NULL;
	}
	struct idle_server *server = &idle->servers[idle->count++];
	*server = (struct idle_server){.endpoint = *endpoint};
	return server;
}

static bool idle_is_same(timestamp a, timestamp b)
{
	timestamp difference = a > b ? a - b : b - a;
	return difference <= threshold_part(THRESHOLD_IDLE_SAME_PART, a) ||
	       difference <= threshold_time(THRESHOLD_IDLE_SAME);
}

/* ---- cuts that are alike */

struct idle_row {
	size_t alike, sure; /* cuts with the same span; those of them that are likely ones */
	bool apart;         /* they did not all happen at one moment */
	bool by_clients;    /* each was made from the client's side */
	struct idle_cut *cuts[IDLE_CUTS];
};

static struct idle_row idle_row_of(struct idle_server *server, enum idle_span span, const struct idle_cut *latest)
{
	struct idle_row row = {.by_clients = true};
	for (size_t i = 0; i < server->count && i < IDLE_CUTS; i++) {
		struct idle_cut *cut = &server->cuts[i];
		if (!latest->spans[span] || !cut->spans[span] || !idle_is_same(latest->spans[span], cut->spans[span]))
			continue;
		row.cuts[row.alike++] = cut;
		row.sure += cut->confidence >= CONFIDENCE_LIKELY;
		row.by_clients &= cut->by == DIRECTION_TO_SERVER;
		row.apart |= latest->time - cut->time > threshold_time(THRESHOLD_IDLE_APART);
	}
	return row;
}

static bool idle_is_rule(const struct idle_row *row)
{
	return row->alike >= threshold_count(THRESHOLD_IDLE_CUTS) && row->apart;
}

/* ---- reporting it */

static const enum cause idle_causes[] = {
    [IDLE_SILENCE] = CAUSE_SAME_SILENCE, [IDLE_AGE] = CAUSE_SAME_AGE, [IDLE_HELD] = CAUSE_POLL_HELD};

/* A heartbeat that is hours apart keeps no connection alive: milliseconds, where the server takes seconds. */
static enum cause idle_cause(const struct session *session, enum idle_span span)
{
	bool is_rare = session->ping_interval >= threshold_time(THRESHOLD_PING_UNIT_LONG);
	return is_rare && span != IDLE_AGE ? CAUSE_PING_OF_SECONDS : idle_causes[span];
}

static void idle_say(struct findings *findings, struct finding *finding, enum idle_span span, size_t alike,
    const char *name, const char *time, const struct session *session)
{
	char text[TIMESTAMP_TEXT_SIZE];
	bool known = session->ping_interval > 0;
	const char *rule = known ? "; the ping interval is " : "";
	const char *interval = known ? timestamp_format_span(session->ping_interval, text) : "";
	switch (span) {
	case IDLE_AGE:
		finding_say(findings, finding,
		    "%zu WebSockets to %s ended at the same age, %s after each was opened, whatever passed through "
		    "them",
		    alike, name, time);
		break;
	case IDLE_HELD:
		finding_say(findings, finding, "%zu polls of %s that were held were cut after the same time, %s%s%s",
		    alike, name, time, rule, interval);
		break;
	default:
		finding_say(findings, finding,
		    "%zu WebSockets to %s ended without a goodbye, each after %s of silence%s%s", alike, name, time,
		    rule, interval);
	}
}

static void idle_report(struct idle *idle, const struct idle_server *server, const struct event *event,
    enum idle_span span, const struct idle_row *row)
{
	struct findings *findings = idle->state.findings;
	char name[ENDPOINT_TEXT_SIZE], time[TIMESTAMP_TEXT_SIZE], subject[ENDPOINT_TEXT_SIZE + 32];
	const struct idle_cut *latest = row->cuts[row->alike - 1];
	bool sure = row->sure >= threshold_count(THRESHOLD_IDLE_CUTS);
	endpoint_format(&server->endpoint, name);
	snprintf(subject, sizeof subject, "%s %s", name, cause_table[idle_causes[span]].word);
	struct finding *finding = findings_claim(
	    findings, CODE_IDLE_CUT, sure ? CONFIDENCE_LIKELY : CONFIDENCE_POSSIBLE, NULL, event, subject);
	if (!finding)
		return;
	bool first = finding->count == 1;
	finding_begin_at(finding, row->cuts[0]->time);
	finding->count = row->alike > finding->count ? row->alike : finding->count;
	idle_say(findings, finding, span, row->alike, name, timestamp_format_span(latest->spans[span], time),
	    event->session);
	finding_set_cause(findings, finding, idle_cause(event->session, span), NULL);
	if (row->by_clients && span != IDLE_HELD)
		finding_advise(findings, finding,
		    "The clients' side ended each of them, so no proxy behind this point did: look for a rule of the "
		    "client itself (a test's or a phone's time limit), or for a proxy or firewall before this point.");
	for (size_t i = 0; first && i < row->alike && i < IDLE_PROOFS; i++) {
		timestamp_format_span(row->cuts[i]->spans[span], time);
		if (row->cuts[i]->status)
			finding_prove(
			    findings, finding, &row->cuts[i]->origin, "HTTP %d after %s", row->cuts[i]->status, time);
		else
			finding_prove(findings, finding, &row->cuts[i]->origin, "cut after %s", time);
	}
	finding_doubt(findings, finding, "%s",
	    finding->confidence == CONFIDENCE_LIKELY
	        ? "either end may have a timeout of its own, which the wire does not show"
	        : "part of these sessions was not captured");
}

static bool idle_is_own_rule(const struct session *session, timestamp span)
{
	return idle_is_same(session->ping_interval + session->ping_timeout, span) ||
	       idle_is_same(session->ping_timeout, span);
}

/* A span that shows nothing is none. */
static timestamp idle_span_that_counts(const struct session *session, timestamp span)
{
	return span < threshold_time(THRESHOLD_IDLE_LEAST) || idle_is_own_rule(session, span) ? 0 : span;
}

static void idle_take_cut(struct idle *idle, const struct event *event, const struct idle_cut *cut)
{
	bool is_timed = cut->spans[IDLE_SILENCE] || cut->spans[IDLE_AGE] || cut->spans[IDLE_HELD];
	struct idle_server *server = is_timed ? idle_server_of(idle, &event->connection->server) : NULL;
	if (!server)
		return;
	struct idle_cut *kept = &server->cuts[server->count++ % IDLE_CUTS];
	*kept = *cut;
	/* What was silent from its beginning has an age too: the silence is the commoner rule. */
	for (enum idle_span span = IDLE_SILENCE; span < IDLE_SPANS; span++) {
		struct idle_row row = idle_row_of(server, span, kept);
		if (!idle_is_rule(&row))
			continue;
		for (size_t i = 0; i < row.alike; i++)
			row.cuts[i]->is_ruled = true;
		idle_report(idle, server, event, span, &row);
		return;
	}
}

/* ---- WebSockets */

/* The server's side closes in order, before any DISCONNECT, while the client answers: no application does that, for it
 * would say DISCONNECT, and no heartbeat was lost. */
static bool idle_is_close_without_reason(const struct idle_session *per_session, const struct event *event)
{
	const struct session *session = event->session;
	return event->kind == EVENT_WS_CLOSE && event->direction == DIRECTION_TO_CLIENT &&
	       (event->ws_close.code == 1000 || event->ws_close.code == 1005) &&
	       !session_said_goodbye(session, event->index) && session->ping_timeout &&
	       event->origin.time - per_session->heard < session->ping_timeout;
}

static void idle_take_websocket(struct idle *idle, struct idle_session *per_session, const struct event *event)
{
	const struct session *session = event->session;
	bool main = session_is_carried_by(session, event);
	timestamp last = session->controlled > per_session->last ? session->controlled : per_session->last;
	if (event->kind == EVENT_WS_OPEN)
		per_session->opened = event->origin.time;
	bool bare = event->kind == EVENT_TCP_CLOSE && !event_text(event).len;
	bool closed = idle_is_close_without_reason(per_session, event);
	timestamp silence = bare ? idle_span_that_counts(session, event->origin.time - last) : 0;
	timestamp age = per_session->opened ? idle_span_that_counts(session, event->origin.time - per_session->opened)
	                                    : 0;
	if ((bare || closed) && !per_session->over && !per_session->gap && per_session->last && main)
		idle_take_cut(idle, event,
		    &(struct idle_cut){.spans = {[IDLE_SILENCE] = silence, [IDLE_AGE] = age},
		        .time = event->origin.time,
		        .confidence = detector_absence(session),
		        .by = event->direction,
		        .origin = event->origin});
	bool ends = event->kind == EVENT_TCP_CLOSE || event->kind == EVENT_WS_CLOSE || event->kind == EVENT_CLOSE;
	per_session->over |= ends && main;
	per_session->last = event->origin.time;
	if (event->direction == DIRECTION_TO_SERVER)
		per_session->heard = event->origin.time;
	per_session->gap = event->kind == EVENT_GAP;
}

/* ---- polls */

/* An error that a poll was held for. That the session is not known is no answer to the wait. */
static bool idle_is_refusal(const struct event *event)
{
	enum refusal refusal = refusal_of(event);
	return refusal != REFUSAL_NONE && refusal != REFUSAL_SESSION;
}

/* A held poll that ended without what it waits for, while the session was there. What the client's side cut may be a
 * client that leaves, until the session goes on. */
static void idle_take_poll(struct idle *idle, struct idle_session *per_session, const struct event *event)
{
	const struct exchange *exchange = event->exchange;
	const struct session *session = event->session;
	bool poll = exchange->target->sid_len && slice_equals(exchange->request.head.method, SLICE("GET"));
	bool cut = exchange->state == EXCHANGE_UNANSWERED || idle_is_refusal(event);
	if (!poll || !cut || session->left || session->transport == TRANSPORT_WEBSOCKET)
		return;
	timestamp until = exchange->left != TIMESTAMP_NONE ? exchange->left : exchange->decided;
	timestamp held = idle_span_that_counts(session, until - exchange->request.begun);
	if (session->ping_interval && held >= session->ping_interval)
		return;
	struct idle_cut taken = {.spans = {[IDLE_HELD] = held},
	    .time = until,
	    .confidence = detector_absence(session),
	    .by = exchange->ended_by,
	    .status = exchange->status,
	    .origin = event->origin};
	if (!exchange->status && exchange->ended_by == DIRECTION_TO_SERVER)
		per_session->poll = taken;
	else
		idle_take_cut(idle, event, &taken);
}

static void idle_take_polling(struct idle *idle, struct idle_session *per_session, const struct event *event)
{
	bool goes_on = event->direction == DIRECTION_TO_SERVER && per_session->poll.time &&
	               event->begun >= per_session->poll.time;
	if (goes_on) {
		idle_take_cut(idle, event, &per_session->poll);
		per_session->poll.time = 0;
	}
	if (event->kind == EVENT_HTTP)
		idle_take_poll(idle, per_session, event);
}

static void idle_take_event(void *self, const struct event *event)
{
	struct idle *idle = self;
	if (!event->session)
		return;
	struct idle_session *per_session = session_state_of(&idle->state.sessions, event->session);
	if (!per_session)
		return;
	if (event->transport == TRANSPORT_POLLING)
		idle_take_polling(idle, per_session, event);
	else if (event->transport == TRANSPORT_WEBSOCKET)
		idle_take_websocket(idle, per_session, event);
}

/* The ends that were reported before the rule was seen are its cuts as well. */
static void idle_claim_ends(struct findings *findings, const struct idle_cut *cut)
{
	for (struct finding *finding = findings->first; finding; finding = finding->next)
		if (finding->code == CODE_ABNORMAL_CLOSE && finding->evidence_count &&
		    finding->evidence[0].origin.first == cut->origin.first)
			finding_set_cause(findings, finding, CAUSE_CUT, NULL);
}

static void idle_end(void *self, const struct engine_counts *counts)
{
	struct idle *idle = self;
	(void)counts;
	for (size_t i = 0; i < idle->count; i++)
		for (size_t j = 0; j < idle->servers[i].count && j < IDLE_CUTS; j++)
			if (idle->servers[i].cuts[j].is_ruled)
				idle_claim_ends(idle->state.findings, &idle->servers[i].cuts[j]);
}

static void *idle_new(const struct detector_state *state)
{
	struct idle *idle = calloc(1, sizeof *idle);
	if (idle)
		idle->state = *state;
	return idle;
}

const struct detector detector_idle = {
    .judges_absence = true,
    .session_size = sizeof(struct idle_session),
    .new = idle_new,
    .event = idle_take_event,
    .end = idle_end,
};
