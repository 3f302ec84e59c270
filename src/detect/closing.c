/*
 * How connections end: abnormal-close, payload-too-large (close code 1009).
 *
 * Seen: a WebSocket's close frame with an error code; a TCP end of a WebSocket without any close frame; a server that
 * ends the session at once after a packet of the client, without DISCONNECT: so servers answer what they do not allow,
 * and they never say why. Ruled out: the usual codes (1000, 1001, none); a TCP end after a close frame or after
 * Engine.IO's own close; a server that says DISCONNECT first, as applications do; a client that leaves. A client that
 * vanishes is told without blame, for a closed tab looks like a crashed one.
 */
#include "base/words.h"
#include "detect/detector.h"
#include "wire/probed.h"

/* A server that ends the session for a packet does so at once. */
#define CLOSING_AT_ONCE (100 * STAMP_MILLISECOND)

struct closing_note {
	bool said_goodbye; /* any of both, in any way */
	/* The client's last packet, while the server has sent nothing after it. */
	enum event_kind kind; /* EVENT_KINDS: none */
	stamp time;
	uint64_t first_packet, last_packet;
	bool again;    /* a CONNECT to a namespace that was connected */
	bool unjoined; /* an event to a namespace that was not */
};

static bool closing_is_error(uint16_t code)
{
	return code >= 1002 && code != 1005;
}

static void closing_tell_code(struct detector_state *state, const struct event *event)
{
	enum code code = event->close_code == 1009 ? CODE_PAYLOAD_TOO_LARGE : CODE_ABNORMAL_CLOSE;
	struct finding *finding = findings_claim(
	    state->findings, code, CONFIDENCE_PROVEN, event->session, event, "close code");
	if (!finding)
		return;
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
	bool reset = event->how == TCP_END_RST;
	struct finding *finding = findings_claim(
	    state->findings, CODE_ABNORMAL_CLOSE, CONFIDENCE_PROVEN, event->session, event, "no close frame");
	if (!finding)
		return;
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
	return ends && event->direction == DIRECTION_TO_CLIENT && note->kind != EVENT_KINDS && !note->said_goodbye &&
	       event->time - note->time <= CLOSING_AT_ONCE;
}

static void closing_tell_packet(struct detector_state *state, struct closing_note *note, const struct event *event)
{
	struct finding *finding = findings_claim(
	    state->findings, CODE_ABNORMAL_CLOSE, CONFIDENCE_LIKELY, event->session, event, "for a packet");
	char packets[WORDS_PACKETS];
	if (!finding)
		return;
	finding_say(state->findings, finding, "the server ended the session at once after %s of the client",
	    closing_reason(note));
	finding_doubt(state->findings, finding, "servers do not say why they close");
	finding_advise(state->findings, finding,
	    "The server does not allow what the client sent: %s. Look for two connects of one "
	    "socket, events sent before the connection, a client of another version, or a client that is not a "
	    "Socket.IO client.",
	    words_packets(note->first_packet, note->last_packet, packets));
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

static bool closing_is_packet(const struct event *event)
{
	return event->kind == EVENT_MALFORMED || (event_kind_layer(event->kind) & (LAYER_ENGINEIO | LAYER_SOCKETIO));
}

static bool closing_is_goodbye(const struct event *event)
{
	return event->kind == EVENT_WS_CLOSE || event->kind == EVENT_CLOSE || event->kind == EVENT_DISCONNECT ||
	       (event->kind == EVENT_TCP_CLOSE && event->transport == TRANSPORT_WEBSOCKET);
}

static void closing_take_websocket(struct detector_state *state, struct closing_note *note, const struct event *event)
{
	if (event->kind == EVENT_WS_CLOSE && closing_is_error(event->close_code))
		closing_tell_code(state, event);
	if (event->kind == EVENT_TCP_CLOSE && !note->said_goodbye && event->session->transport == TRANSPORT_WEBSOCKET)
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
	else if (event->transport == TRANSPORT_WEBSOCKET)
		closing_take_websocket(state, note, event);
	note->said_goodbye |= closing_is_goodbye(event);
	if (closing_is_packet(event))
		closing_note_packet(note, event);
}

const struct detector detector_closing = {
    .note_size = sizeof(struct closing_note),
    .event = closing_take_event,
};
