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
 * that adds the length: proven is such a POST when the server that speaks HTTP/2 says that it is the application's own,
 * else it is likely, and only when an acknowledgement that it asked for never came.
 */

enum { LOST_NAMES = 4, LOST_NAME = 48 };

static const char LOST_CONNECT[] = "the CONNECT";

struct lost_events {
	uint64_t count;
	struct {
		char name[LOST_NAME];
		struct origin origin;
	} named[LOST_NAMES]; /* the first of them */
	timestamp time;      /* of the first */
	bool has_ack;        /* one of them asks for an acknowledgement */
};

struct event_lost {
	struct lost_events in_upgrade;
	struct lost_events in_poll; /* that wait for a sign that the session goes on */
	struct lost_events posted;  /* of the POST under way, over HTTP/2 */
	struct lost_events in_post; /* of those without Content-Length */
	bool is_of_application;     /* their server speaks HTTP/2 itself */
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
	if (!lost->count)
		lost->time = event->origin.time;
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
		finding->time = lost->time;
	lost_list(lost, names, sizeof names);
	const char *seen = cause == CAUSE_IN_UPGRADE
	                       ? "the server answered a WebSocket handshake of the session as a poll (HTTP 200) and "
	                         "put %s into the body, which no client reads"
	                   : cause == CAUSE_NO_LENGTH
	                       ? "the client sent %s over HTTP/2 in POSTs without Content-Length, and "
	                         "python-engineio answered ok without reading them"
	                       : "the server sent %s in the answer to a poll whose client had ended the connection "
	                         "before, and the session went on without";
	finding_say(state->findings, finding, seen, names);
	finding_set_cause(state->findings, finding, cause, &session->software);
	if (confidence < CONFIDENCE_PROVEN)
		finding_doubt(state->findings, finding, "%s",
		    cause == CAUSE_NO_LENGTH
		        ? "a proxy between here and the server may add the length; but the acknowledgement never came"
		        : "a client may go on reading after it has ended its own direction; none of the stock ones "
		          "does");
	for (size_t i = 0; i < lost->count && i < LOST_NAMES; i++)
		finding_prove(state->findings, finding, &lost->named[i].origin, "%s%s", lost_kind(lost->named[i].name),
		    lost->named[i].name);
}

/* Adds the nth of others. */
static void lost_copy(struct lost_events *lost, const struct lost_events *others, size_t nth)
{
	if (!lost->count)
		lost->time = others->time;
	if (lost->count < LOST_NAMES)
		lost->named[lost->count] = others->named[nth];
	lost->count++;
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
	bool carried = event->kind == EVENT_EVENT || event->kind == EVENT_ACK || event->kind == EVENT_CONNECT;
	return carried && event->origin.stream && event->direction == DIRECTION_TO_SERVER &&
	       event->transport == TRANSPORT_POLLING;
}

static void lost_note_posted(struct event_lost *events, const struct event *event)
{
	if (events->posted.count && events->posted.named[0].origin.stream != event->origin.stream)
		events->posted = (struct lost_events){0};
	lost_add(&events->posted, event);
	events->posted.has_ack |= event->kind == EVENT_EVENT && event_packet(event)->ack.len;
}

/* ASGI servers that speak HTTP/2: no proxy, which would add the length, is between here and the application. */
static bool lost_is_application(const struct exchange *exchange)
{
	struct slice server = exchange_field(&exchange->answer, "Server");
	return slice_starts_with(server, SLICE("hypercorn")) || slice_starts_with(server, SLICE("daphne")) ||
	       slice_starts_with(server, SLICE("granian"));
}

static void lost_judge_post(struct event_lost *events, const struct event *event)
{
	const struct exchange *exchange = event->exchange;
	const struct server *server = recognition_server(&event->session->software);
	bool is_posted = events->posted.count && events->posted.named[0].origin.stream == event->origin.stream;
	bool is_lost = is_posted && exchange->status == 200 && !exchange->request.partial &&
	               !exchange->request.head.has_length && server && server->family == SERVER_PYTHON;
	if (is_lost) {
		bool had_ack = events->in_post.has_ack;
		for (size_t i = 0; i < events->posted.count && i < LOST_NAMES; i++)
			lost_copy(&events->in_post, &events->posted, i);
		events->in_post.count += events->posted.count > LOST_NAMES ? events->posted.count - LOST_NAMES : 0;
		events->in_post.has_ack = had_ack || events->posted.has_ack;
		events->is_of_application = lost_is_application(exchange);
	}
	if (is_posted)
		events->posted = (struct lost_events){0};
}

/* An acknowledgement from the server shows that a POST was read. */
static void lost_take_posts(struct detector_state *state, const struct event *event)
{
	bool is_answer = event->kind == EVENT_HTTP && event->origin.stream &&
	                 slice_equals(event->exchange->request.head.method, SLICE("POST"));
	bool is_ack = event->kind == EVENT_ACK && event->direction == DIRECTION_TO_CLIENT && event->answers;
	if (!event->session || (!lost_is_posted(event) && !is_answer && !is_ack))
		return;
	struct event_lost *events = lost_events_of(state, event->session, lost_is_posted(event));
	if (!events)
		return;
	if (lost_is_posted(event))
		lost_note_posted(events, event);
	else if (is_answer)
		lost_judge_post(events, event);
	else
		events->in_post = (struct lost_events){0};
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

static void lost_judge_session(void *self, const struct session *session)
{
	const struct event_lost *per_session = lost_events_of(self, session, false);
	if (per_session && per_session->in_upgrade.count)
		lost_report(self, &per_session->in_upgrade, session, CAUSE_IN_UPGRADE, CONFIDENCE_PROVEN);
	if (per_session && per_session->in_post.count &&
	    (per_session->is_of_application || per_session->in_post.has_ack))
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
		finding->time = loss->origin.time;
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
 * Seen: the answer to a request of Engine.IO, of which fewer bytes came than its Content-Length says, while the client
 * waited for the rest: until it gave up, or the capture ended. What else it could be: bytes that were not captured
 * (the session has gaps then), a server that breaks off (closing.c reports its end), and an answer that is still on its
 * way.
 */

/* How many bytes are missing; 0: none, or it is not known. */
static uint64_t cut_short_missing(const struct event *event)
{
	const struct exchange *exchange = event->exchange;
	struct slice length = slice_trim(exchange_field(&exchange->answer, "Content-Length"));
	uint64_t announced;
	bool whole = !exchange->answer.incomplete || slice_equals(exchange->request.head.method, SLICE("HEAD"));
	if (whole || !exchange->status || !length.len || !digits_take(&length, 10, &announced) || length.len ||
	    announced <= exchange->answer.body_bytes || (event->session && event->session->gaps))
		return 0;
	return announced - exchange->answer.body_bytes;
}

static void cut_short_take_event(void *self, const struct event *event)
{
	struct detector_state *state = self;
	uint64_t missing = event->kind == EVENT_HTTP ? cut_short_missing(event) : 0;
	timestamp waited = missing ? event->origin.time - event->exchange->answer.begun : 0;
	char server[ENDPOINT_TEXT_SIZE], subject[ENDPOINT_TEXT_SIZE + 32], span[TIMESTAMP_TEXT_SIZE];
	if (!missing || waited < threshold_time(THRESHOLD_REQUEST_LEAST))
		return;
	snprintf(subject, sizeof subject, "%s cut short", endpoint_format(&event->connection->server, server));
	struct finding *finding = findings_claim(
	    state->findings, CODE_REQUEST_UNANSWERED, CONFIDENCE_LIKELY, NULL, event, subject);
	if (!finding)
		return;
	finding_prove(state->findings, finding, &event->origin, "%llu bytes announced, %llu came",
	    (unsigned long long)(event->exchange->answer.body_bytes + missing),
	    (unsigned long long)event->exchange->answer.body_bytes);
	if (finding->count > 1)
		return;
	finding_note_time(finding, event->exchange->answer.begun);
	finding_say(state->findings, finding,
	    "%s answered with a Content-Length of %llu and sent %llu bytes; the client waited for the rest for %s",
	    server, (unsigned long long)(event->exchange->answer.body_bytes + missing),
	    (unsigned long long)event->exchange->answer.body_bytes, timestamp_format_span(waited, span));
	finding_doubt(state->findings, finding, "the rest may have been lost before this point");
	finding_set_cause(state->findings, finding, CAUSE_ANSWER_NOT_WHOLE, NULL);
}

const struct detector detector_cut_short = {.event = cut_short_take_event};
