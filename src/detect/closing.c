/*
 * How connections end: abnormal-close, payload-too-large (close code 1009).
 *
 * Seen: a WebSocket's close frame with an error code, or a TCP end of a WebSocket without any close frame. Ruled out:
 * the usual codes (1000, 1001, none); a TCP end after a close frame or after Engine.IO's own close; the server's
 * silent end when it answers a packet by closing, which is told by other findings as well. A client that vanishes is
 * told without blame, for a closed tab looks like a crashed one.
 */
#include "detect/detector.h"

struct closing_note {
	bool said_goodbye;
	uint64_t last_packet;
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
	    event->direction == DIRECTION_TO_SERVER ? "client" : "server", event->close_code, reason.len ? ": " : "",
	    (int)reason.len, reason.at ? (const char *)reason.at : "");
	finding_prove(
	    state->findings, finding, event->first_packet, event->last_packet, "close frame %u", event->close_code);
}

static void closing_tell_tcp(struct detector_state *state, const struct event *event)
{
	bool reset = event->how == TCP_END_RST;
	struct finding *finding = findings_claim(
	    state->findings, CODE_ABNORMAL_CLOSE, CONFIDENCE_PROVEN, event->session, event, "no close frame");
	if (!finding)
		return;
	finding_say(state->findings, finding, "the %s %s the WebSocket's connection without a close frame",
	    event->direction == DIRECTION_TO_SERVER ? "client" : "server", reset ? "reset" : "ended");
	finding_prove(
	    state->findings, finding, event->first_packet, event->last_packet, "TCP %s", reset ? "RST" : "FIN");
}

static void closing_take_event(void *self, const struct event *event)
{
	struct detector_state *state = self;
	if (!event->session || event->transport != TRANSPORT_WEBSOCKET)
		return;
	struct closing_note *note = notes_of(&state->notes, event->session);
	if (!note)
		return;
	if (event->kind == EVENT_WS_CLOSE && closing_is_error(event->close_code))
		closing_tell_code(state, event);
	if (event->kind == EVENT_TCP_CLOSE && !note->said_goodbye && event->session->transport == TRANSPORT_WEBSOCKET)
		closing_tell_tcp(state, event);
	note->said_goodbye |= event->kind == EVENT_WS_CLOSE || event->kind == EVENT_CLOSE ||
	                      event->kind == EVENT_TCP_CLOSE || event->kind == EVENT_DISCONNECT;
}

static void closing_take_closed(void *self, const struct session *session)
{
	struct detector_state *state = self;
	notes_forget(&state->notes, session);
}

static void *closing_new(struct findings *findings, const struct detector_facts *facts)
{
	return detector_state_new(findings, facts, sizeof(struct closing_note));
}

const struct detector detector_closing = {
    .name = "closing",
    .new = closing_new,
    .free = detector_state_free,
    .event = closing_take_event,
    .session_closed = closing_take_closed,
};
