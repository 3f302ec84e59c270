/*
 * Sessions that were granted and came to nothing: handshake-rejected (a WebSocket that was opened and ended without a
 * word, or whose handshake was answered twice), abnormal-close (a session that its server closes as no CONNECT came).
 *
 * Seen: a 101 for a WebSocket without a sid, and the server's end of the connection before it said anything in it; a
 * second HTTP answer inside such a WebSocket; a session of revision 4 whose client answers the heartbeat, joins no
 * namespace, and is closed by the server. Ruled out: a client that ends the connection, for it may leave; a server that
 * refuses by plain HTTP inside the WebSocket (node: refusals.c tells what it said); a session whose beginning was not
 * captured; one that was closed for a heartbeat that the client did not answer.
 */
#include "detect/detector.h"

#include <stdio.h>

struct granted_note {
	bool opened;    /* its WebSocket, without a sid */
	bool said;      /* anything by the server inside it */
	bool twice;     /* a second HTTP answer was */
	bool connected; /* the client sent CONNECT, or anything of Socket.IO went by */
	bool owes_pong;
	bool over, told;
	timestamp begun;
	uint64_t first_packet, last_packet; /* of the handshake */
};

static void granted_tell_handshake(struct detector_state *state, struct granted_note *note, const struct event *event)
{
	char span[TIMESTAMP_TEXT_SIZE], server[ENDPOINT_TEXT_SIZE];
	note->told = true;
	struct finding *finding = findings_claim(state->findings, CODE_HANDSHAKE_REJECTED, CONFIDENCE_PROVEN,
	    event->session, event, note->twice ? "answered twice" : "ended at once");
	if (!finding)
		return;
	endpoint_format(&event->connection->server, server);
	if (note->twice)
		finding_say(state->findings, finding,
		    "%s answered the WebSocket's handshake twice: a second HTTP answer stands inside the WebSocket",
		    server);
	else
		finding_say(state->findings, finding,
		    "%s granted the WebSocket (HTTP 101) and ended its connection %s later, without a word in it",
		    server, timestamp_format_span(event->time - note->begun, span));
	finding_set_cause(state->findings, finding, note->twice ? CAUSE_ANSWERED_TWICE : CAUSE_ENDED_AT_ONCE, NULL);
	finding_prove(state->findings, finding, note->first_packet, note->last_packet, "HTTP 101");
	finding_prove(state->findings, finding, event->first_packet, event->last_packet,
	    note->twice ? "a second HTTP answer" : "the end");
}

static void granted_tell_no_connect(struct detector_state *state, struct granted_note *note, const struct event *event)
{
	char span[TIMESTAMP_TEXT_SIZE];
	note->told = true;
	struct finding *finding = findings_claim(
	    state->findings, CODE_ABNORMAL_CLOSE, CONFIDENCE_LIKELY, event->session, event, "no CONNECT");
	if (!finding)
		return;
	finding_say(state->findings, finding,
	    "the server closed the session %s after it began; the client had sent no CONNECT until then",
	    timestamp_format_span(event->time - session_begin(event->session), span));
	finding_doubt(state->findings, finding, "servers do not say why they close");
	finding_set_cause(state->findings, finding, CAUSE_NO_CONNECT, &event->session->software);
	finding_prove(state->findings, finding, event->first_packet, event->last_packet, "the server's close");
}

static bool granted_is_end(const struct event *event)
{
	return event->kind == EVENT_CLOSE || event->kind == EVENT_WS_CLOSE ||
	       (event->kind == EVENT_TCP_CLOSE && event->transport == TRANSPORT_WEBSOCKET);
}

/* The first end that is seen says who left. */
static void granted_take_end(struct detector_state *state, struct granted_note *note, const struct event *event)
{
	const struct session *session = event->session;
	bool by_server = event->direction == DIRECTION_TO_CLIENT;
	bool first = !note->over;
	note->over = true;
	/* A note may be made again by what strays in after the session was judged: the session remembers. */
	bool late = session->speaks_socketio || session_said_goodbye(session, event->index);
	if (!first || note->told || !by_server || session->refused || session->gaps || late)
		return;
	bool lasted = event->time - session_begin(session) >= threshold_time(THRESHOLD_CONNECT_MISSED);
	if (note->opened && !note->said)
		granted_tell_handshake(state, note, event);
	else if (session->handshake_seen && session->revision == 4 && !note->connected && !note->owes_pong && lasted)
		granted_tell_no_connect(state, note, event);
}

static void granted_take_event(void *self, const struct event *event)
{
	struct detector_state *state = self;
	struct granted_note *note = event->session ? notes_of(&state->notes, event->session) : NULL;
	if (!note)
		return;
	enum layer layer = event_kind_layer(event->kind);
	if (event->kind == EVENT_WS_OPEN && !event->exchange->target->sid_len) {
		note->opened = true;
		note->begun = event->time;
		note->first_packet = event->first_packet;
		note->last_packet = event->last_packet;
	}
	bool is_twice = event->kind == EVENT_MALFORMED && note->opened && !strcmp(event->layer, "http");
	note->twice |= is_twice;
	if (is_twice && !note->told)
		granted_tell_handshake(state, note, event);
	note->said |= event->direction == DIRECTION_TO_CLIENT && event->transport == TRANSPORT_WEBSOCKET &&
	              (event->kind == EVENT_MALFORMED || layer == LAYER_ENGINEIO || layer == LAYER_SOCKETIO ||
	                  (event->kind == EVENT_WS_CLOSE && event->text.len));
	note->connected |= layer == LAYER_SOCKETIO;
	if (event->kind == EVENT_PING)
		note->owes_pong = true;
	if (event->kind == EVENT_PONG)
		note->owes_pong = false;
	if (granted_is_end(event))
		granted_take_end(state, note, event);
}

const struct detector detector_granted = {
    .note_size = sizeof(struct granted_note),
    .event = granted_take_event,
};
