/*
 * idle-cut: something between client and server cuts connections that are silent for too long.
 *
 * Seen: several WebSockets to one server that ended without a goodbye after the same silence. Ruled out: the
 * silence after which either end itself gives up (pingInterval + pingTimeout), short silences, which many things
 * explain, and bytes that were not captured. Cuts of sessions that were not captured whole, or whose rules are not
 * known, make it possible, no more.
 */
#include "detect/detector.h"

#include <stdlib.h>

enum { IDLE_SERVERS = 64, IDLE_CUTS = 16 };

struct idle_cut {
	timestamp silence;
	enum confidence confidence; /* that it was one */
};

struct idle_server {
	struct endpoint endpoint;
	struct idle_cut cuts[IDLE_CUTS]; /* the last of them, in a ring */
	size_t count;
};

struct idle_note {
	timestamp last; /* anything sent */
	bool over;
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
	if (idle->count == IDLE_SERVERS)
		return NULL;
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

static size_t idle_alike(const struct idle_server *server, timestamp silence, enum confidence least)
{
	size_t alike = 0;
	for (size_t i = 0; i < server->count && i < IDLE_CUTS; i++)
		alike += idle_is_same(silence, server->cuts[i].silence) && server->cuts[i].confidence >= least;
	return alike;
}

static void idle_tell(struct idle *idle, const struct idle_server *server, const struct event *event, timestamp silence)
{
	struct findings *findings = idle->state.findings;
	char name[ENDPOINT_TEXT_SIZE], span[TIMESTAMP_TEXT_SIZE], interval[TIMESTAMP_TEXT_SIZE];
	bool sure = idle_alike(server, silence, CONFIDENCE_LIKELY) >= threshold_count(THRESHOLD_IDLE_CUTS);
	endpoint_format(&server->endpoint, name);
	struct finding *finding = findings_claim(
	    findings, CODE_IDLE_CUT, sure ? CONFIDENCE_LIKELY : CONFIDENCE_POSSIBLE, NULL, event, name);
	if (!finding)
		return;
	bool known = event->session->ping_interval > 0;
	finding_say(findings, finding, "%zu WebSockets to %s ended without a goodbye, each after %s of silence%s%s",
	    idle_alike(server, silence, CONFIDENCE_POSSIBLE), name, timestamp_format_span(silence, span),
	    known ? "; the ping interval is " : "",
	    known ? timestamp_format_span(event->session->ping_interval, interval) : "");
	finding_prove(findings, finding, event->first_packet, event->last_packet, "cut after %s", span);
	finding_doubt(findings, finding, "%s",
	    finding->confidence == CONFIDENCE_LIKELY ? "either end may have a rule of its own, which it does not tell"
	                                             : "part of these sessions was not captured");
}

static bool idle_is_own_rule(const struct session *session, timestamp silence)
{
	return idle_is_same(session->ping_interval + session->ping_timeout, silence) ||
	       idle_is_same(session->ping_timeout, silence);
}

static void idle_take_cut(struct idle *idle, const struct event *event, timestamp silence)
{
	struct idle_server *server = idle_server_of(idle, &event->session->server);
	if (!server || silence < threshold_time(THRESHOLD_IDLE_LEAST) || idle_is_own_rule(event->session, silence))
		return;
	server->cuts[server->count++ % IDLE_CUTS] = (struct idle_cut){silence, detector_absence(event->session)};
	if (idle_alike(server, silence, CONFIDENCE_POSSIBLE) >= threshold_count(THRESHOLD_IDLE_CUTS))
		idle_tell(idle, server, event, silence);
}

static void idle_take_event(void *self, const struct event *event)
{
	struct idle *idle = self;
	if (!event->session || event->transport != TRANSPORT_WEBSOCKET)
		return;
	struct idle_note *note = notes_of(&idle->state.notes, event->session);
	if (!note)
		return;
	if (event->kind == EVENT_TCP_CLOSE && !note->over && note->last)
		idle_take_cut(idle, event, event->time - note->last);
	note->over |= event->kind == EVENT_TCP_CLOSE || event->kind == EVENT_WS_CLOSE || event->kind == EVENT_CLOSE;
	note->last = event->time;
}

static void *idle_new(const struct detector_state *state)
{
	struct idle *idle = calloc(1, sizeof *idle);
	if (idle)
		idle->state = *state;
	return idle;
}

const struct detector detector_idle = {
    .note_size = sizeof(struct idle_note),
    .new = idle_new,
    .event = idle_take_event,
};
