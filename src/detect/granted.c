/*
 * Sessions that were granted and came to nothing: handshake-rejected (a WebSocket that was opened and ended without a
 * word, or whose handshake was answered twice), abnormal-close (a session that its server closes as no CONNECT came).
 *
 * Seen: a 101 for a WebSocket without a sid, and the server's end of the connection before it said anything in it; a
 * second HTTP answer inside such a WebSocket; a session of revision 4 whose client answers the heartbeat, joins no
 * namespace, and is closed by the server. Ruled out: a client that ends the connection, for it may leave; a server that
 * stops at that moment: it ends other sessions too, or refuses connections then; a server that refuses by plain HTTP
 * inside the WebSocket (node: refusals.c reports what it said); a session whose beginning was not captured; one that
 * was closed for a heartbeat that the client did not answer.
 */
#include "detect/detector.h"

#include <stdio.h>
#include <stdlib.h>

enum { GRANTED_SERVERS = 64, GRANTED_ENDS = 4 };

/* What shows that a server stopped. */
struct granted_server {
	struct endpoint endpoint;
	struct {
		uint64_t session; /* its number */
		timestamp time;
	} ends[GRANTED_ENDS]; /* the last that it ended after it had served them, in a ring */
	size_t end_count;
	timestamp refused; /* the last connection that it refused was asked for then; 0: none */
};

struct granted {
	struct detector_state state;
	struct granted_server servers[GRANTED_SERVERS]; /* the first of them */
	size_t count;
};

struct granted_session {
	bool opened;    /* its WebSocket, without a sid */
	bool said;      /* anything by the server inside it */
	bool twice;     /* a second HTTP answer was */
	bool connected; /* the client sent CONNECT, or anything of Socket.IO went by */
	bool owes_pong;
	bool over, reported;
	bool ended_at_once; /* by the server, before it said anything */
	timestamp begun;
	struct origin origin, ended; /* the handshake, the first end */
};

static void *granted_new(const struct detector_state *state)
{
	struct granted *granted = calloc(1, sizeof *granted);
	if (granted)
		granted->state = *state;
	return granted;
}

/* ---- servers that stop */

static struct granted_server *granted_server_of(struct granted *granted, const struct endpoint *endpoint)
{
	for (size_t i = 0; i < granted->count; i++)
		if (endpoint_equals(&granted->servers[i].endpoint, endpoint))
			return &granted->servers[i];
	if (granted->count == GRANTED_SERVERS)
		return NULL;
	struct granted_server *server = &granted->servers[granted->count++];
	*server = (struct granted_server){.endpoint = *endpoint};
	return server;
}

static void granted_take_attempt(void *self, const struct attempt *attempt)
{
	struct granted *granted = self;
	struct granted_server *server = attempt->outcome == ATTEMPT_REFUSED
	                                    ? granted_server_of(granted, &attempt->server)
	                                    : NULL;
	if (server)
		server->refused = attempt->asked;
}

/* The server ends what it had served, and nobody had said goodbye. */
static void granted_note_end(struct granted *granted, const struct event *event)
{
	const struct session *session = event->session;
	bool cut = event->kind == EVENT_HTTP && event->exchange->end == EXCHANGE_UNANSWERED &&
	           event->exchange->ended_by == DIRECTION_TO_CLIENT;
	bool ends = event->direction == DIRECTION_TO_CLIENT && session_is_carried_by(session, event) &&
	            (event->kind == EVENT_WS_CLOSE || event->kind == EVENT_TCP_CLOSE);
	struct granted_server *server = (cut || ends) && session->packets[DIRECTION_TO_CLIENT] &&
	                                        !session_said_goodbye(session, event->index)
	                                    ? granted_server_of(granted, &event->connection->server)
	                                    : NULL;
	if (!server)
		return;
	size_t nth = server->end_count++ % GRANTED_ENDS;
	server->ends[nth].session = session->number;
	server->ends[nth].time = event->origin.time;
}

static bool granted_met_a_stop(
    struct granted *granted, const struct granted_session *per_session, const struct session *session)
{
	const struct granted_server *server = granted_server_of(granted, &session->server);
	timestamp span = threshold_time(THRESHOLD_STOPPED_SPAN), ended = per_session->ended.time;
	for (size_t i = 0; server && i < server->end_count && i < GRANTED_ENDS; i++)
		if (server->ends[i].session != session->number && server->ends[i].time >= ended - span &&
		    server->ends[i].time <= ended + span)
			return true;
	return server && server->refused >= ended;
}

/* ---- reporting */

/* `end`: the second answer, or the end. */
static void granted_report_handshake(struct detector_state *state, struct granted_session *per_session,
    const struct session *session, const struct origin *end)
{
	char span[TIMESTAMP_TEXT_SIZE], server[ENDPOINT_TEXT_SIZE];
	per_session->reported = true;
	struct finding *finding = findings_claim(state->findings, CODE_HANDSHAKE_REJECTED, CONFIDENCE_PROVEN, session,
	    NULL, per_session->twice ? "answered twice" : "ended at once");
	if (!finding)
		return;
	finding_begin_at(finding, end->time);
	endpoint_format(&session->server, server);
	if (per_session->twice)
		finding_say(state->findings, finding,
		    "%s answered the WebSocket's handshake twice: there is a second HTTP answer inside the WebSocket",
		    server);
	else
		finding_say(state->findings, finding,
		    "%s granted the WebSocket (HTTP 101) and ended its connection %s later, without sending anything "
		    "in it",
		    server, timestamp_format_span(end->time - per_session->begun, span));
	finding_set_cause(
	    state->findings, finding, per_session->twice ? CAUSE_ANSWERED_TWICE : CAUSE_ENDED_AT_ONCE, NULL);
	finding_prove(state->findings, finding, &per_session->origin, "HTTP 101");
	finding_prove(state->findings, finding, end, per_session->twice ? "a second HTTP answer" : "the end");
}

/* `waited` for the open packet, until the client gave up or the capture ended. */
static void granted_report_silent(struct detector_state *state, struct granted_session *per_session,
    const struct session *session, timestamp waited, bool over)
{
	char span[TIMESTAMP_TEXT_SIZE], server[ENDPOINT_TEXT_SIZE], subject[ENDPOINT_TEXT_SIZE + 16];
	per_session->reported = true;
	snprintf(subject, sizeof subject, "silent %s", endpoint_format(&session->server, server));
	bool is_whole = !session->unreadable && !session->incomplete && !session->broken && !session->missed;
	struct finding *finding = findings_claim(state->findings, CODE_HANDSHAKE_REJECTED,
	    is_whole ? CONFIDENCE_LIKELY : CONFIDENCE_POSSIBLE, NULL, NULL, subject);
	if (!finding)
		return;
	finding_note_time(finding, per_session->begun);
	finding_prove(state->findings, finding, &per_session->origin, "HTTP 101, and nothing for %s",
	    timestamp_format_span(waited, span));
	if (finding->count > 1)
		return;
	finding_say(state->findings, finding,
	    "%s granted the WebSocket (HTTP 101) and never sent the open packet of Engine.IO; %s after %s", server,
	    over ? "the client gave up" : "the capture ends", span);
	finding_set_cause(state->findings, finding, CAUSE_SILENT_WEBSOCKET, NULL);
	finding_doubt(state->findings, finding, "a server that stands still looks the same from here");
}

static void granted_report_no_connect(
    struct detector_state *state, struct granted_session *per_session, const struct event *event)
{
	char span[TIMESTAMP_TEXT_SIZE];
	per_session->reported = true;
	struct finding *finding = findings_claim(
	    state->findings, CODE_ABNORMAL_CLOSE, CONFIDENCE_LIKELY, event->session, event, "no CONNECT");
	if (!finding)
		return;
	finding_say(state->findings, finding,
	    "the server closed the session %s after it began; the client had sent no CONNECT until then",
	    timestamp_format_span(event->origin.time - session_begin(event->session), span));
	finding_doubt(state->findings, finding, "servers do not say why they close");
	finding_set_cause(state->findings, finding, CAUSE_NO_CONNECT, &event->session->software);
	finding_prove(state->findings, finding, &event->origin, "the server's close");
}

static bool granted_is_end(const struct event *event)
{
	return event->kind == EVENT_CLOSE || event->kind == EVENT_WS_CLOSE ||
	       (event->kind == EVENT_TCP_CLOSE && event->transport == TRANSPORT_WEBSOCKET);
}

/* The first end that is seen says who left. */
static void granted_take_end(
    struct detector_state *state, struct granted_session *per_session, const struct event *event)
{
	const struct session *session = event->session;
	bool by_server = event->direction == DIRECTION_TO_CLIENT;
	bool first = !per_session->over;
	per_session->over = true;
	if (first)
		per_session->ended = event->origin;
	/* State may be made again by stray events after the session was judged: the session remembers. */
	bool late = session->speaks_socketio || session_said_goodbye(session, event->index);
	if (!first || per_session->reported || !by_server || session->refused || session->gaps || late)
		return;
	bool lasted = event->origin.time - session_begin(session) >= threshold_time(THRESHOLD_CONNECT_MISSED);
	per_session->ended_at_once = per_session->opened && !per_session->said;
	if (per_session->ended_at_once)
		return;
	if (session->handshake_seen && session->revision == 4 && !per_session->connected && !per_session->owes_pong &&
	    lasted)
		granted_report_no_connect(state, per_session, event);
}

static void granted_take_event(void *self, const struct event *event)
{
	struct granted *granted = self;
	struct detector_state *state = &granted->state;
	struct granted_session *per_session = event->session ? session_state_of(&state->sessions, event->session)
	                                                     : NULL;
	if (!per_session)
		return;
	granted_note_end(granted, event);
	enum layer layer = event_kind_layer(event->kind);
	if (event->kind == EVENT_WS_OPEN && !event->exchange->target->sid_len) {
		per_session->opened = true;
		per_session->begun = event->origin.time;
		per_session->origin = event->origin;
	}
	bool is_twice = event->kind == EVENT_MALFORMED && per_session->opened &&
	                !strcmp(event->malformed.layer, "http");
	per_session->twice |= is_twice;
	if (is_twice && !per_session->reported)
		granted_report_handshake(state, per_session, event->session, &event->origin);
	per_session->said |= event->direction == DIRECTION_TO_CLIENT && event->transport == TRANSPORT_WEBSOCKET &&
	                     (event->kind == EVENT_MALFORMED || layer == LAYER_ENGINEIO || layer == LAYER_SOCKETIO ||
	                         (event->kind == EVENT_WS_CLOSE && event_text(event).len));
	per_session->connected |= layer == LAYER_SOCKETIO;
	if (event->kind == EVENT_PING)
		per_session->owes_pong = true;
	if (event->kind == EVENT_PONG)
		per_session->owes_pong = false;
	if (granted_is_end(event))
		granted_take_end(state, per_session, event);
}

/* Engine.IO sends its open packet at once: a client that waits for it in vain meets something else. Where the capture
 * ends first, the server may only be slow. */
static void granted_judge_session(void *self, const struct session *session)
{
	struct granted *granted = self;
	struct detector_state *state = &granted->state;
	struct granted_session *per_session = session_state_find(&state->sessions, session);
	if (per_session && per_session->ended_at_once && !per_session->reported) {
		per_session->reported = true;
		if (!granted_met_a_stop(granted, per_session, session))
			granted_report_handshake(state, per_session, session, &per_session->ended);
		return;
	}
	bool silent = per_session && per_session->opened && !per_session->said && !per_session->reported &&
	              !session->refused && !session->gaps && !session->speaks_socketio &&
	              !session->packets[DIRECTION_TO_CLIENT];
	if (!silent)
		return;
	timestamp waited = (per_session->over ? per_session->ended.time : session->watched) - per_session->begun;
	if (waited >= threshold_time(per_session->over ? THRESHOLD_REQUEST_LEAST : THRESHOLD_REQUEST_LIMIT))
		granted_report_silent(state, per_session, session, waited, per_session->over);
}

const struct detector detector_granted = {
    .judges_absence = true,
    .session_size = sizeof(struct granted_session),
    .new = granted_new,
    .event = granted_take_event,
    .attempted = granted_take_attempt,
    .session_over = granted_judge_session,
};
