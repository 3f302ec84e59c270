/*
 * How connections end: abnormal-close, payload-too-large (close code 1009).
 *
 * Seen: a WebSocket's close frame with an error code; a TCP end of a WebSocket without any close frame; a server that
 * ends the session at once after a packet of the client, without DISCONNECT: so servers answer what they do not allow,
 * and they never say why; a client that does so after a packet that cannot be decoded; a server that ends a poll's
 * connection without an answer, after which the session does not go on. Ruled out: the usual codes (1000, 1001, none),
 * and the code that answers another's close frame; a TCP end after a close frame or after Engine.IO's own close; a
 * server that says DISCONNECT first, as applications do; a client that leaves. A client that vanishes is told without
 * blame, for a closed tab looks like a crashed one.
 */
#include "base/numbers.h"
#include "detect/detector.h"
#include "net/probed.h"

/* A packet, as evidence. */
struct closing_packet {
	timestamp time; /* 0: none */
	uint64_t first, last;
};

struct closing_note {
	/* The client's last packet, while the server has sent nothing after it. */
	enum event_kind kind; /* EVENT_KINDS: none */
	timestamp time;
	uint64_t first_packet, last_packet;
	bool again;                     /* a CONNECT to a namespace that was connected */
	bool unjoined;                  /* an event to a namespace that was not */
	struct closing_packet nonsense; /* the server's last packet, if it could not be decoded */
	struct closing_packet cut;      /* the server's end of a poll's connection, while nothing came after it */
	bool reset;                     /* so it ended */
	struct endpoint left;           /* the client's end of the connection that it ended last */
};

static bool closing_is_error(uint16_t code)
{
	return code >= 1002 && code != 1005;
}

static void closing_tell_code(struct detector_state *state, const struct event *event)
{
	unsigned code = event->close_code == 1009 ? CODE_PAYLOAD_TOO_LARGE : CODE_ABNORMAL_CLOSE;
	struct finding *finding = findings_claim(
	    state->findings, code, CONFIDENCE_PROVEN, event->session, event, "close code");
	if (!finding)
		return;
	if (code == CODE_PAYLOAD_TOO_LARGE)
		finding_set_cause(state->findings, finding, CAUSE_SERVER_LIMIT, &event->session->software);
	struct slice reason = slice_take(event->text, 80);
	finding_say(state->findings, finding, "the %s closed the WebSocket with code %u%s%.*s",
	    direction_sender(event->direction), event->close_code, reason.len ? ": " : "", (int)reason.len,
	    reason.at ? (const char *)reason.at : "");
	finding_prove(
	    state->findings, finding, event->first_packet, event->last_packet, "close frame %u", event->close_code);
}

/* Only a probe knows. */
static void closing_tell_exit(struct detector_state *state, const struct event *event)
{
	const char *side = direction_sender(event->direction);
	const struct process *process = event->connection->process;
	struct finding *finding = findings_claim(
	    state->findings, CODE_ABNORMAL_CLOSE, CONFIDENCE_PROVEN, event->session, event, "process ended");
	if (!finding)
		return;
	finding_say(state->findings, finding, "the %s's process %u (%s) ended while the WebSocket was open", side,
	    process ? process->id : 0, process ? process->command : "");
	finding_advise(state->findings, finding,
	    "Find out why it ended: a crash, the kernel's out-of-memory killer (dmesg), a restart, a deployment.");
	finding_prove(state->findings, finding, event->first_packet, event->last_packet, "the end of the process");
}

static void closing_tell_tcp(struct detector_state *state, const struct event *event)
{
	if (event->text.len) {
		closing_tell_exit(state, event);
		return;
	}
	bool reset = event->how == TCP_END_RST, has_gaps = event->session->gaps > 0;
	struct finding *finding = findings_claim(state->findings, CODE_ABNORMAL_CLOSE,
	    has_gaps ? CONFIDENCE_POSSIBLE : CONFIDENCE_PROVEN, event->session, event, "no close frame");
	if (!finding)
		return;
	if (has_gaps)
		finding_doubt(state->findings, finding, "bytes of this session were not captured, perhaps that frame");
	finding_say(state->findings, finding, "the %s %s the WebSocket's connection without a close frame",
	    direction_sender(event->direction), reset ? "reset" : "ended");
	finding_prove(
	    state->findings, finding, event->first_packet, event->last_packet, "TCP %s", reset ? "RST" : "FIN");
}

/* ---- ended for a packet */

static const char *closing_reason(const struct closing_note *note)
{
	if (note->kind == EVENT_CONNECT)
		return note->again ? "a second CONNECT to the same namespace" : "a CONNECT";
	if (note->kind == EVENT_EVENT)
		return note->unjoined ? "an event to a namespace that is not connected" : "an event";
	if (note->kind == EVENT_MALFORMED)
		return "a packet that cannot be decoded";
	return note->kind == EVENT_PING ? "a ping" : note->kind == EVENT_PONG ? "a pong" : "a packet";
}

static bool closing_is_for_packet(const struct closing_note *note, const struct event *event)
{
	/* A probe saw the process end: the packet before that is no reason. */
	if (event->kind == EVENT_TCP_CLOSE && event->text.len)
		return false;
	bool ends = event->kind == EVENT_CLOSE || event->kind == EVENT_TCP_CLOSE ||
	            (event->kind == EVENT_WS_CLOSE && !closing_is_error(event->close_code));
	return ends && event->direction == DIRECTION_TO_CLIENT && note->kind != EVENT_KINDS &&
	       !session_said_goodbye(event->session, event->index) &&
	       event->time - note->time <= threshold_time(THRESHOLD_CLOSE_AT_ONCE);
}

static void closing_tell_packet(struct detector_state *state, struct closing_note *note, const struct event *event)
{
	struct finding *finding = findings_claim(
	    state->findings, CODE_ABNORMAL_CLOSE, CONFIDENCE_LIKELY, event->session, event, "for a packet");
	char packets[PLURAL_PACKETS];
	if (!finding)
		return;
	finding_say(state->findings, finding, "the server ended the session at once after %s of the client",
	    closing_reason(note));
	finding_doubt(state->findings, finding, "servers do not say why they close");
	finding_advise(state->findings, finding,
	    "The server does not allow what the client sent: %s. Look for two connects of one "
	    "socket, events sent before the connection, a client of another version, or a client that is not a "
	    "Socket.IO client.",
	    plural_packets(note->first_packet, note->last_packet, packets));
	finding_prove(state->findings, finding, note->first_packet, note->last_packet, "%s", closing_reason(note));
	finding_prove(state->findings, finding, event->first_packet, event->last_packet, "the end");
}

/* Called before the engine's state of the namespace tells of this event, save that a CONNECT leaves CONNECTED as it is.
 */
static void closing_note_packet(struct closing_note *note, const struct event *event)
{
	const struct session_namespace *named = session_find_namespace(event->session, event->nsp);
	if (event->direction == DIRECTION_TO_CLIENT) {
		/* An answer shows that the packet was no offence; a second CONNECT always is, whatever was on its way.
		 */
		if (!note->again && event->kind != EVENT_NOOP)
			note->kind = EVENT_KINDS;
		return;
	}
	note->kind = event->kind;
	note->time = event->time;
	note->first_packet = event->first_packet;
	note->last_packet = event->last_packet;
	note->again = event->kind == EVENT_CONNECT && named && named->state == NAMESPACE_CONNECTED;
	note->unjoined = event->kind == EVENT_EVENT && named && named->state != NAMESPACE_CONNECTED;
}

/* ---- left for a packet */

static bool closing_is_for_nonsense(const struct closing_note *note, const struct event *event)
{
	bool ends = event->kind == EVENT_CLOSE || event->kind == EVENT_TCP_CLOSE || event->kind == EVENT_WS_CLOSE;
	return ends && event->direction == DIRECTION_TO_SERVER && note->nonsense.time &&
	       !session_said_goodbye(event->session, event->index) &&
	       event->time - note->nonsense.time <= threshold_time(THRESHOLD_CLOSE_AT_ONCE);
}

static void closing_tell_nonsense(
    struct detector_state *state, const struct closing_note *note, const struct event *event)
{
	struct finding *finding = findings_claim(
	    state->findings, CODE_ABNORMAL_CLOSE, CONFIDENCE_LIKELY, event->session, event, "for nonsense");
	if (!finding)
		return;
	finding_say(state->findings, finding,
	    "the client ended the session at once after a packet of the server that cannot be decoded");
	finding_doubt(state->findings, finding, "clients do not say why they leave");
	finding_advise(state->findings, finding,
	    "The client cannot read what the server sends. Look at that packet (sioscope dump): the parsers of both "
	    "sides must be the same, and what carries the WebSocket must keep its messages as they are.");
	finding_prove(
	    state->findings, finding, note->nonsense.first, note->nonsense.last, "a packet that cannot be decoded");
	finding_prove(state->findings, finding, event->first_packet, event->last_packet, "the end");
}

static void closing_note_nonsense(struct closing_note *note, const struct event *event)
{
	if (event->direction == DIRECTION_TO_CLIENT && event->kind == EVENT_MALFORMED)
		note->nonsense = (struct closing_packet){event->time, event->first_packet, event->last_packet};
}

/* ---- a poll that was cut off */

static bool closing_is_cut(const struct closing_note *note, const struct event *event)
{
	return event->kind == EVENT_TCP_CLOSE && event->direction == DIRECTION_TO_CLIENT &&
	       !session_said_goodbye(event->session, event->index) &&
	       !endpoint_equals(&event->connection->client, &note->left) && event->transport != TRANSPORT_WEBSOCKET &&
	       event->session->transport == TRANSPORT_POLLING;
}

/* Does it show that the session goes on? */
static bool closing_is_life(const struct event *event)
{
	bool answered = event->kind == EVENT_HTTP && event->exchange->status;
	return answered || (event->direction == DIRECTION_TO_CLIENT &&
	                       event_kind_layer(event->kind) & (LAYER_ENGINEIO | LAYER_SOCKETIO));
}

static void closing_note_cut(struct closing_note *note, const struct event *event)
{
	if (closing_is_life(event))
		note->cut.time = 0;
	if (event->kind == EVENT_TCP_CLOSE && event->direction == DIRECTION_TO_SERVER)
		note->left = event->connection->client;
	if (!closing_is_cut(note, event) || note->cut.time)
		return;
	note->cut = (struct closing_packet){event->time, event->first_packet, event->last_packet};
	note->reset = event->how == TCP_END_RST;
}

static void closing_judge_session(void *self, const struct session *session)
{
	struct detector_state *state = self;
	const struct closing_note *note = notes_find(&state->notes, session);
	if (!note || !note->cut.time || session->closed != TIMESTAMP_NONE)
		return;
	struct finding *finding = findings_claim(
	    state->findings, CODE_ABNORMAL_CLOSE, detector_absence(session), session, NULL, "poll cut off");
	if (!finding)
		return;
	finding->time = note->cut.time;
	finding_say(state->findings, finding,
	    "the server %s the connection of a request that it had not answered, and the session did not go on",
	    note->reset ? "reset" : "ended");
	finding_prove(state->findings, finding, note->cut.first, note->cut.last, "TCP %s", note->reset ? "RST" : "FIN");
	detector_doubt_absence(state->findings, finding, session);
}

/* ---- events */

static bool closing_is_packet(const struct event *event)
{
	return event->kind == EVENT_MALFORMED || (event_kind_layer(event->kind) & (LAYER_ENGINEIO | LAYER_SOCKETIO));
}

/* A close frame behind another answers it. */
static void closing_take_websocket(struct detector_state *state, const struct event *event)
{
	if (event->kind == EVENT_WS_CLOSE && !session_saw_close_frame(event->session, event->index) &&
	    closing_is_error(event->close_code))
		closing_tell_code(state, event);
	if (event->kind == EVENT_TCP_CLOSE && !session_said_goodbye(event->session, event->index) &&
	    event->session->transport == TRANSPORT_WEBSOCKET)
		closing_tell_tcp(state, event);
}

static bool closing_is_main_transport(const struct event *event)
{
	return event->transport == event->session->transport;
}

static void closing_take_event(void *self, const struct event *event)
{
	struct detector_state *state = self;
	struct closing_note *note = event->session ? notes_of(&state->notes, event->session) : NULL;
	if (!note)
		return;
	if (!note->time)
		note->kind = EVENT_KINDS;
	if (closing_is_main_transport(event) && closing_is_for_packet(note, event))
		closing_tell_packet(state, note, event);
	else if (closing_is_main_transport(event) && closing_is_for_nonsense(note, event))
		closing_tell_nonsense(state, note, event);
	else if (event->transport == TRANSPORT_WEBSOCKET)
		closing_take_websocket(state, event);
	closing_note_cut(note, event);
	closing_note_nonsense(note, event);
	if (closing_is_packet(event))
		closing_note_packet(note, event);
}

const struct detector detector_closing = {
    .note_size = sizeof(struct closing_note),
    .event = closing_take_event,
    .session_over = closing_judge_session,
};
