/* What was sent and did not arrive: event-lost (in an answer that nobody reads), lost-between (in a hop),
 * request-unanswered (an answer that is not whole). */
#include "detect/detector.h"

#include <stdio.h>
#include <stdlib.h>

/* ---- in an answer that nobody reads */

/*
 * event-lost: events that one side sent where the other cannot have read them.
 *
 * Seen: events in the body of a WebSocket handshake that was answered as a poll (HTTP 200); events in the answer to a
 * poll whose client had ended the connection before; packets in a POST over HTTP/2 without Content-Length that
 * python-engineio answers ok: it reads as many bytes as that field says, so none. Ruled out: a client that left, as it
 * wants no events any more: an aborted poll loses something only when its session goes on; a proxy before the server
 * that adds the length: the answer to anything that such a POST carried (an acknowledgement, the server's CONNECT, the
 * next ping behind a pong) shows that they are read. Proven is one that says itself that HTTP/2 goes to the
 * application's own server; else it is likely, and only when an acknowledgement that it asked for never came, or when
 * the session was never joined.
 */

enum { LOST_NAMES = 4, LOST_NAME = 48 };

static const char LOST_CONNECT[] = "the CONNECT";

struct lost_events {
	uint64_t count;
	struct {
		char name[LOST_NAME];
		struct origin origin;
	} named[LOST_NAMES];       /* the first of them */
	timestamp time;            /* of the first */
	bool has_ack, has_connect; /* one of them asks for an acknowledgement, is a CONNECT */
	bool answered;             /* the server answered one of them */
	uint64_t earliest, latest; /* their indices */
};

struct event_lost {
	struct lost_events in_upgrade;
	struct lost_events in_poll; /* that wait for a sign that the session goes on */
	struct lost_events posted;  /* of the POST under way, over HTTP/2 */
	struct lost_events in_post; /* of those without Content-Length */
	bool is_of_application;     /* their server speaks HTTP/2 itself */
	uint32_t pong;              /* the stream of the POST under way that carries one; 0: none */
	bool has_posted_pong;       /* without Content-Length */
	bool reads_posts;           /* the server does, though they have none */
};

struct event_lost_session {
	struct event_lost *events; /* NULL: none was lost, as in most sessions */
};

static void lost_free_events(void *per_session)
{
	budget_release(((struct event_lost_session *)per_session)->events);
}

/* Those of a session; made for one that was `lost`. NULL: there are none. */
static struct event_lost *lost_events_of(struct detector_state *state, const struct session *session, bool lost)
{
	struct event_lost_session *per_session = lost ? session_state_of(&state->sessions, session)
	                                              : session_state_find(&state->sessions, session);
	if (per_session && !per_session->events && lost)
		per_session->events = budget_new(&state->findings->memory, sizeof *per_session->events);
	return per_session ? per_session->events : NULL;
}

static void lost_add(struct lost_events *lost, const struct event *event)
{
	struct slice full = event->kind == EVENT_CONNECT ? slice_of_text(LOST_CONNECT) : event_packet(event)->name;
	struct slice name = slice_take(full, LOST_NAME - 1);
	if (!lost->count) {
		lost->time = event->origin.time;
		lost->earliest = event->index;
	}
	lost->latest = event->index;
	if (lost->count < LOST_NAMES) {
		memcpy(lost->named[lost->count].name, name.len ? (const char *)name.at : "", name.len);
		lost->named[lost->count].name[name.len] = '\0';
		lost->named[lost->count].origin = event->origin;
	}
	lost->count++;
}

static const char *lost_kind(const char *name)
{
	return !*name ? "acknowledgement" : strcmp(name, LOST_CONNECT) == 0 ? "" : "event ";
}

static void lost_list(const struct lost_events *lost, char *text, size_t size)
{
	size_t used = 0;
	text[0] = '\0';
	for (size_t i = 0; i < lost->count && i < LOST_NAMES; i++) {
		int len = snprintf(text + used, size - used, "%s%s%s", i ? ", " : "", lost_kind(lost->named[i].name),
		    lost->named[i].name);
		used = len > 0 && used + (size_t)len < size ? used + (size_t)len : size - 1;
	}
	if (lost->count > LOST_NAMES && used + 32 < size)
		snprintf(text + used, size - used, " and %llu more", (unsigned long long)(lost->count - LOST_NAMES));
}

static void lost_report(struct detector_state *state, const struct lost_events *lost, const struct session *session,
    enum cause cause, enum confidence confidence)
{
	char names[LOST_NAMES * (LOST_NAME + 20) + 32];
	struct finding *finding = findings_claim(
	    state->findings, CODE_EVENT_LOST, confidence, session, NULL, cause_table[cause].word);
	if (!finding)
		return;
	if (finding->count == 1)
		finding_begin_at(finding, lost->time);
	lost_list(lost, names, sizeof names);
	const char *seen = cause == CAUSE_IN_UPGRADE ? "the server answered a WebSocket handshake of the session as a "
	                                               "poll (HTTP 200) and put %s into the body, which no client reads"
	                   : cause == CAUSE_NO_LENGTH
	                       ? "the client sent %s over HTTP/2 in POSTs without Content-Length, and python-engineio "
	                         "answered ok without reading them"
	                       : "the server sent %s in the answer to a poll whose client had ended the connection "
	                         "before, and the session went on without";
	finding_say(state->findings, finding, seen, names);
	finding_set_cause(state->findings, finding, cause, &session->software);
	if (confidence < CONFIDENCE_PROVEN)
		finding_doubt(state->findings, finding, "%s",
		    cause == CAUSE_NO_LENGTH ? "a proxy between here and the server may add the length; but nothing "
		                               "that was sent so was answered"
		                             : "a client may go on reading after it has ended its own direction; none "
		                               "of the stock ones does");
	for (size_t i = 0; i < lost->count && i < LOST_NAMES; i++)
		finding_prove(state->findings, finding, &lost->named[i].origin, "%s%s", lost_kind(lost->named[i].name),
		    lost->named[i].name);
}

/* Adds others, which came later. */
static void lost_join(struct lost_events *lost, const struct lost_events *others)
{
	if (!lost->count) {
		*lost = *others;
		return;
	}
	for (size_t i = 0; i < others->count && i < LOST_NAMES && lost->count + i < LOST_NAMES; i++)
		lost->named[lost->count + i] = others->named[i];
	lost->count += others->count;
	lost->has_ack |= others->has_ack;
	lost->has_connect |= others->has_connect;
	lost->latest = others->latest;
}

static bool lost_holds(const struct lost_events *lost, uint64_t index)
{
	return lost->count && lost->earliest <= index && index <= lost->latest;
}

/* Does it show that the client still has the session? */
static bool lost_goes_on(const struct event_lost *per_session, const struct event *event)
{
	bool packet = event_kind_layer(event->kind) & (LAYER_ENGINEIO | LAYER_SOCKETIO);
	bool poll = event->kind == EVENT_HTTP && event->exchange->request.begun > per_session->in_poll.time &&
	            slice_equals(event->exchange->request.head.method, SLICE("GET"));
	bool leaves = event->kind == EVENT_CLOSE || event->kind == EVENT_DISCONNECT || event->session->left;
	return event->direction == DIRECTION_TO_SERVER && !leaves &&
	       (poll || (packet && event->begun > per_session->in_poll.time));
}

/* ---- in a POST that is not read */

static bool lost_is_posted(const struct event *event)
{
	bool carried = event->kind == EVENT_EVENT || event->kind == EVENT_ACK || event->kind == EVENT_CONNECT ||
	               event->kind == EVENT_PONG;
	return carried && event->origin.stream && event->direction == DIRECTION_TO_SERVER &&
	       event->transport == TRANSPORT_POLLING;
}

static void lost_note_posted(struct event_lost *events, const struct event *event)
{
	if (event->kind == EVENT_PONG) {
		events->pong = event->origin.stream;
		return;
	}
	if (events->posted.count && events->posted.named[0].origin.stream != event->origin.stream)
		events->posted = (struct lost_events){0};
	lost_add(&events->posted, event);
	events->posted.has_ack |= event->kind == EVENT_EVENT && event_packet(event)->ack.len;
	events->posted.has_connect |= event->kind == EVENT_CONNECT;
}

/* An ASGI server that says that it was spoken to by HTTP/2 (hypercorn protocol/h2.py; h11.py says hypercorn-h11): what
 * stands before it, if anything, passes HTTP/2 on. Others do not say by what they were spoken to. */
static bool lost_is_application(const struct exchange *exchange)
{
	return slice_equals(exchange_field(&exchange->answer, "Server"), SLICE("hypercorn-h2"));
}

/* The server reads POSTs though they have no length: so it did read the earlier ones. */
static void lost_note_read(struct event_lost *events)
{
	events->reads_posts = true;
	events->in_post = (struct lost_events){0};
}

static void lost_judge_post(struct event_lost *events, const struct event *event)
{
	const struct exchange *exchange = event->exchange;
	const struct server *server = recognition_server(&event->session->software);
	bool is_posted = events->posted.count && events->posted.named[0].origin.stream == event->origin.stream;
	bool has_pong = events->pong == event->origin.stream;
	bool is_without = exchange->status == 200 && !exchange->request.partial && !exchange->request.head.has_length &&
	                  server && server->family == SERVER_PYTHON;
	events->has_posted_pong |= has_pong && is_without;
	if (is_posted && is_without && events->posted.answered)
		lost_note_read(events);
	if (is_posted && is_without && !events->reads_posts) {
		lost_join(&events->in_post, &events->posted);
		events->is_of_application = lost_is_application(exchange);
	}
	if (is_posted)
		events->posted = (struct lost_events){0};
	if (has_pong)
		events->pong = 0;
}

/* What the server sends only when it has read a POST. python-engineio does not ping again before it has the pong
 * (async_socket.py: schedule_ping). Whether the POST under way has a length is known when its exchange comes. */
static void lost_take_answer(struct event_lost *events, const struct event *event)
{
	events->posted.answered |= event->answers && lost_holds(&events->posted, event->answers);
	if ((event->answers && lost_holds(&events->in_post, event->answers)) ||
	    (event->kind == EVENT_PING && events->has_posted_pong))
		lost_note_read(events);
}

static void lost_take_posts(struct detector_state *state, const struct event *event)
{
	bool is_answer = event->kind == EVENT_HTTP && event->origin.stream &&
	                 slice_equals(event->exchange->request.head.method, SLICE("POST"));
	if (!event->session)
		return;
	struct event_lost *events = lost_events_of(state, event->session, lost_is_posted(event));
	if (!events)
		return;
	if (lost_is_posted(event))
		lost_note_posted(events, event);
	else if (is_answer)
		lost_judge_post(events, event);
	else if (event->direction == DIRECTION_TO_CLIENT)
		lost_take_answer(events, event);
}

static void lost_take_event(void *self, const struct event *event)
{
	struct detector_state *state = self;
	bool named = event->kind == EVENT_EVENT || event->kind == EVENT_ACK;
	bool lost = event->session && event->unread != UNREAD_NOT && named;
	lost_take_posts(state, event);
	struct event_lost *per_session = event->session ? lost_events_of(state, event->session, lost) : NULL;
	if (!per_session)
		return;
	if (lost)
		lost_add(event->unread == UNREAD_IN_UPGRADE ? &per_session->in_upgrade : &per_session->in_poll, event);
	else if (per_session->in_poll.count && lost_goes_on(per_session, event)) {
		lost_report(state, &per_session->in_poll, event->session, CAUSE_IN_ABORTED_POLL, CONFIDENCE_LIKELY);
		per_session->in_poll = (struct lost_events){0};
	}
}

/* Of what was posted nothing was answered, as far as it was captured. In a session that nobody joined, an answer to its
 * CONNECT is missed. */
static bool lost_is_unread(const struct event_lost *events, const struct session *session)
{
	bool is_unjoined = events->in_post.has_connect &&
	                   session_end(session) - events->in_post.time >= threshold_time(THRESHOLD_CONNECT_LIMIT);
	return events->is_of_application || (!session->gaps && (events->in_post.has_ack || is_unjoined));
}

static void lost_judge_session(void *self, const struct session *session)
{
	const struct event_lost *per_session = lost_events_of(self, session, false);
	if (per_session && per_session->in_upgrade.count)
		lost_report(self, &per_session->in_upgrade, session, CAUSE_IN_UPGRADE, CONFIDENCE_PROVEN);
	if (per_session && per_session->in_post.count && lost_is_unread(per_session, session))
		lost_report(self, &per_session->in_post, session, CAUSE_NO_LENGTH,
		    per_session->is_of_application ? CONFIDENCE_PROVEN : CONFIDENCE_LIKELY);
}

const struct detector detector_event_lost = {
    .judges_absence = true,
    .session_size = sizeof(struct event_lost_session),
    .free_session = lost_free_events,
    .event = lost_take_event,
    .session_over = lost_judge_session,
};

/* ---- in a hop */

/*
 * lost-between: an event entered a hop on one leg of its session and never came out on the other.
 *
 * Seen: both legs, and the event on one of them only (socketio/legs.h). Ruled out: bytes of either leg that were not
 * captured, or could not be read; a session that ended while the event may still have been on its way. Proven when a
 * later event of the same direction came through, for a hop keeps their order; else likely.
 */

static void lost_between_report(
    struct detector_state *state, const struct session *session, const struct session_loss *loss)
{
	char where[ENDPOINT_TEXT_SIZE];
	bool to_server = loss->direction == DIRECTION_TO_SERVER;
	struct finding *finding = findings_claim(state->findings, CODE_LOST_BETWEEN,
	    loss->is_sure ? CONFIDENCE_PROVEN : CONFIDENCE_LIKELY, session, NULL, direction_name(loss->direction));
	if (!finding)
		return;
	if (finding->count == 1)
		finding_begin_at(finding, loss->origin.time);
	finding_say(state->findings, finding,
	    "the %s sent %s%s%s; it was seen on the way to %s %s and never on the other side of the hop between "
	    "them%s%s",
	    direction_sender(loss->direction), event_kind_name(loss->kind), loss->name[0] ? " " : "", loss->name,
	    to_server ? "the proxy" : "the proxy, from", endpoint_format(&loss->server, where),
	    loss->is_sure ? ", where later ones came through" : "",
	    session->loss_count > 1 ? "; others of this session were lost in the same way" : "");
	if (!loss->is_sure)
		finding_doubt(state->findings, finding, "nothing else went that way after it");
	finding_prove(state->findings, finding, &loss->origin, "%s %s", event_kind_name(loss->kind), loss->name);
}

static void lost_between_take_closed(void *self, const struct session *session)
{
	for (size_t i = 0; i < session->loss_count && i < SESSION_LOSSES; i++)
		lost_between_report(self, session, &session->losses[i]);
}

const struct detector detector_lost_between = {.session_closed = lost_between_take_closed};

/* ---- an answer that is not whole */

/*
 * request-unanswered: an answer that announces more bytes than it brings.
 *
 * Seen: the answer to a request of Engine.IO, of which fewer bytes came than its Content-Length says, and then none
 * while the client waited for the rest: until it gave up, or the capture ended. What else it could be: bytes that were
 * not captured (a gap of the answer), and an answer that is still on its way, however large it is: what counts is the
 * time since its last bytes.
 *
 * And an answer in the middle of which the server ends the connection, so that the session does not go on. What else it
 * could be: a server that stops or restarts, which breaks off what is under way at one moment (closing.c reports that).
 * What rules it out: answers that break off at several moments, or a server that answers others at once. A client that
 * ends the connection itself, and one that goes on with its session, have lost nothing that is seen.
 */

enum { CUT_SERVERS = 64 };

/* Answers that a server broke off. */
struct cut_server {
	struct endpoint endpoint;
	timestamp moment, back; /* when the latest was; when it began the first answer after it, 0: none yet */
	unsigned moments;       /* how many there were, apart from each other */
	uint64_t least, most;   /* bytes of their bodies */
};

struct cut_short {
	struct detector_state state;
	struct cut_server servers[CUT_SERVERS]; /* the first of them */
	size_t count;
};

/* The session's answer that was broken off, as long as the session does not go on. */
struct cut_session {
	bool is_broken, is_chunked;
	uint64_t bytes, length; /* that came; that were announced, 0: none */
	struct cut_server *server;
	struct origin origin, end;
};

/* How many bytes are missing; 0: none, or it is not known. */
static uint64_t cut_short_missing(const struct event *event)
{
	const struct exchange *exchange = event->exchange;
	const struct exchange_half *answer = &exchange->answer;
	bool is_awaited = exchange->end == EXCHANGE_PENDING ||
	                  (exchange->end == EXCHANGE_UNANSWERED && exchange->ended_by == DIRECTION_TO_SERVER);
	bool is_whole = !answer->incomplete || answer->ended != TIMESTAMP_NONE || exchange->answers_head;
	if (is_whole || !is_awaited || answer->has_gap || !exchange->status || !answer->head.has_length ||
	    answer->head.content_length <= answer->body_bytes)
		return 0;
	return answer->head.content_length - answer->body_bytes;
}

static void cut_short_take_pause(struct detector_state *state, const struct event *event)
{
	uint64_t missing = event->kind == EVENT_HTTP ? cut_short_missing(event) : 0;
	timestamp waited = missing ? event->origin.time - event->exchange->answer.latest : 0;
	char server[ENDPOINT_TEXT_SIZE], subject[ENDPOINT_TEXT_SIZE + 32], span[TIMESTAMP_TEXT_SIZE];
	bool is_long = waited >= threshold_time(THRESHOLD_REQUEST_LIMIT);
	if (!missing || waited < threshold_time(THRESHOLD_REQUEST_LEAST))
		return;
	snprintf(subject, sizeof subject, "%s cut short", endpoint_format(&event->connection->server, server));
	struct finding *finding = findings_claim(state->findings, CODE_REQUEST_UNANSWERED,
	    is_long ? CONFIDENCE_LIKELY : CONFIDENCE_POSSIBLE, NULL, event, subject);
	if (!finding)
		return;
	finding_prove(state->findings, finding, &event->origin, "%llu bytes announced, %llu came",
	    (unsigned long long)(event->exchange->answer.body_bytes + missing),
	    (unsigned long long)event->exchange->answer.body_bytes);
	if (finding->count > 1 && is_long)
		finding->severity = SEVERITY_ERROR;
	if (finding->count > 1)
		return;
	finding_note_time(finding, event->exchange->answer.begun);
	finding_say(state->findings, finding,
	    "%s answered with a Content-Length of %llu and sent %llu bytes; the client waited for the rest for %s",
	    server, (unsigned long long)(event->exchange->answer.body_bytes + missing),
	    (unsigned long long)event->exchange->answer.body_bytes, timestamp_format_span(waited, span));
	finding_set_cause(state->findings, finding, CAUSE_ANSWER_NOT_WHOLE, NULL);
	finding_doubt(state->findings, finding,
	    is_long ? "the rest may have been lost before this point"
	            : "the rest may only have been slow: no limit of a client was reached");
	if (!is_long)
		finding_set_case(finding, REQUEST_WAITS);
}

/* ---- an answer that the server breaks off */

static struct cut_server *cut_server_of(struct cut_short *self, const struct endpoint *endpoint, bool make)
{
	for (size_t i = 0; i < self->count; i++)
		if (endpoint_equals(&self->servers[i].endpoint, endpoint))
			return &self->servers[i];
	if (!make || self->count == CUT_SERVERS)
		return NULL;
	struct cut_server *server = &self->servers[self->count++];
	*server = (struct cut_server){.endpoint = *endpoint, .least = UINT64_MAX};
	return server;
}

static bool cut_short_is_broken(const struct event *event)
{
	const struct exchange *exchange = event->exchange;
	return event->transport == TRANSPORT_POLLING && exchange->status && !exchange->answers_head &&
	       exchange->ended_by == DIRECTION_TO_CLIENT && exchange->answer.ended == TIMESTAMP_NONE &&
	       exchange_is_broken_off(exchange, &exchange->answer) &&
	       !session_said_goodbye(event->session, event->index);
}

static void cut_short_note_broken(struct cut_short *self, struct cut_session *per_session, const struct event *event)
{
	const struct exchange_half *answer = &event->exchange->answer;
	struct cut_server *server = cut_server_of(self, &event->connection->server, true);
	if (!server)
		return;
	server->moments += !server->moments ||
	                   event->origin.time - server->moment > threshold_time(THRESHOLD_STOPPED_SPAN);
	server->moment = event->origin.time;
	server->back = 0;
	server->least = answer->body_bytes < server->least ? answer->body_bytes : server->least;
	server->most = answer->body_bytes > server->most ? answer->body_bytes : server->most;
	per_session->is_broken = true;
	per_session->is_chunked = answer->head.chunked;
	per_session->bytes = answer->body_bytes;
	per_session->length = answer->head.has_length ? answer->head.content_length : 0;
	per_session->server = server;
	per_session->origin = event->origin;
}

/* The session goes on, or its server answers anybody. */
static void cut_short_note_life(struct cut_short *self, const struct event *event)
{
	struct cut_session *per_session = event->session ? session_state_find(&self->state.sessions, event->session)
	                                                 : NULL;
	bool is_answer = event->kind == EVENT_HTTP && event->exchange->status;
	struct cut_server *server = is_answer && self->count ? cut_server_of(self, &event->connection->server, false)
	                                                     : NULL;
	if (server && !server->back && event->exchange->answer.begun > server->moment)
		server->back = event->exchange->answer.begun;
	if (per_session &&
	    (is_answer || (event->direction == DIRECTION_TO_CLIENT && event_is_packet(event) && !event->incomplete)))
		per_session->is_broken = false;
}

static void cut_short_take_event(void *self, const struct event *event)
{
	struct cut_short *cut = self;
	if (event->kind == EVENT_HTTP)
		cut_short_take_pause(&cut->state, event);
	bool is_end = event->kind == EVENT_TCP_CLOSE && event->direction == DIRECTION_TO_CLIENT;
	bool is_broken = event->kind == EVENT_HTTP && event->session && cut_short_is_broken(event);
	struct cut_session *per_session = event->session && (is_end || is_broken)
	                                      ? session_state_of(&cut->state.sessions, event->session)
	                                      : NULL;
	if (is_broken && per_session)
		cut_short_note_broken(cut, per_session, event);
	else if (is_end && per_session && !per_session->is_broken)
		per_session->end = event->origin;
	else if (!is_end)
		cut_short_note_life(cut, event);
}

static void cut_short_say_broken(
    struct findings *findings, struct finding *finding, const struct cut_session *per_session)
{
	const struct cut_server *server = per_session->server;
	char name[ENDPOINT_TEXT_SIZE], of[64] = "", again[96] = "";
	bool is_same = server->most - server->least <= server->least / 10;
	endpoint_format(&server->endpoint, name);
	if (per_session->length)
		snprintf(of, sizeof of, " of %llu that it announced", (unsigned long long)per_session->length);
	if (server->moments > 1)
		snprintf(again, sizeof again, "; it did so %u times%s", server->moments,
		    is_same ? ", each time after about as much" : "");
	finding_say(findings, finding,
	    "%s broke its answer to a poll off: it ended the connection after %llu bytes%s%s; what was in it is lost, "
	    "and the session did not go on%s",
	    name, (unsigned long long)per_session->bytes, of,
	    per_session->is_chunked ? " in chunks, without the last chunk" : "", again);
}

static void cut_short_judge_session(void *self, const struct session *session)
{
	struct cut_short *cut = self;
	const struct cut_session *per_session = session_state_find(&cut->state.sessions, session);
	if (!per_session || !per_session->is_broken)
		return;
	const struct cut_server *server = per_session->server;
	bool is_alive = server->back && server->back - server->moment <= threshold_time(THRESHOLD_STOPPED_SPAN);
	struct findings *findings = cut->state.findings;
	struct finding *finding = server->moments > 1 || is_alive
	                              ? findings_claim(findings, CODE_REQUEST_UNANSWERED, detector_absence(session),
	                                    session, NULL, "answer broken off")
	                              : NULL;
	if (!finding)
		return;
	finding_begin_at(finding, per_session->origin.time);
	cut_short_say_broken(findings, finding, per_session);
	finding_set_cause(findings, finding, CAUSE_ANSWER_BROKEN_OFF, NULL);
	finding_doubt(findings, finding, "why the connection ended does not show in it");
	detector_doubt_absence(findings, finding, session);
	finding_prove(findings, finding, &per_session->origin, "the answer, of which %llu bytes came",
	    (unsigned long long)per_session->bytes);
	if (per_session->end.first)
		finding_prove(findings, finding, &per_session->end, "the end of its connection");
}

static void *cut_short_new(const struct detector_state *state)
{
	struct cut_short *cut = calloc(1, sizeof *cut);
	if (cut)
		cut->state = *state;
	return cut;
}

const struct detector detector_cut_short = {
    .session_size = sizeof(struct cut_session),
    .new = cut_short_new,
    .event = cut_short_take_event,
    .session_over = cut_short_judge_session,
};
