/*
 * How connections end: abnormal-close, payload-too-large (close code 1009).
 *
 * Seen: a WebSocket's close frame with an error code; a TCP end of a WebSocket without any close frame; a server that
 * ends the session at once after a packet of the client, without DISCONNECT: so servers answer what they do not allow,
 * and they never say why; a client that does so after a packet that cannot be decoded; a server that ends a poll's
 * connection without an answer, or within it, after which the session does not go on. Ruled out: the usual codes (1000,
 * 1001, none), and the code that answers another's close frame; a TCP end after a close frame or after Engine.IO's own
 * close; a server that says DISCONNECT first, as applications do; a client that leaves. A packet is no reason where one
 * of its kind was taken before, where something too large was refused, or where the close code names another reason.
 * What the server ended is judged some seconds later, for it may have ended all its sessions (stopped.h), or a proxy
 * may cut all connections in the same way (idle.c). A client that vanishes is reported without blame, for a closed tab
 * looks like a crashed one.
 */
#include "base/text.h"
#include "detect/detector.h"
#include "detect/refusal.h"
#include "detect/stopped.h"
#include "detect/unanswered.h"
#include "net/packet.h"

#include <stdio.h>
#include <stdlib.h>

/* How the server ended the session. */
enum closing_end {
	END_NONE,
	END_FOR_PACKET, /* at once after a packet of the client */
	END_BARE,       /* the WebSocket's connection, without a close frame */
	END_GOING,      /* a close frame that says that it goes */
	END_CLOSED,     /* a close frame without a reason; counts only where it ends all its sessions so */
	END_ANSWERED,   /* its answer to a held poll says that the session ends */
	END_POLL,       /* the connection of a request that it had not wholly answered, and nothing came after it */
};

struct closing_session {
	/* The client's last packet, while the server has sent nothing after it. */
	enum event_kind kind; /* EVENT_KINDS: none */
	struct origin origin;
	bool again;             /* a CONNECT to a namespace that was connected */
	bool unjoined;          /* an event to a namespace that was not */
	bool by_other_parser;   /* a CONNECT by another parser than the default one: malformed-packet reports it */
	uint32_t taken;         /* a bit for each kind of packet that the client sent, and the session went on */
	timestamp too_large;    /* when something was refused for its size; 0: never */
	struct origin nonsense; /* the server's last packet, if it could not be decoded; else its time is 0 */
	char nonsense_why[64];
	enum closing_end end;
	struct origin ended;
	bool websocket;       /* that is what ended */
	bool reset;           /* so it ended */
	bool in_answer;       /* END_POLL: in the middle of its answer */
	struct origin closed; /* the last end of a connection by the server */
	uint16_t close_code;
	struct stopped_session stopped;
};

_Static_assert(EVENT_KINDS <= 32, "`taken` has a bit for each kind");

struct closing {
	struct detector_state state;
	struct stopped *stopped;
};

static bool closing_is_error(uint16_t code)
{
	return code >= 1002 && code != 1005;
}

/* RFC 6455 section 7.4.1, and the registry of close codes. */
static const char *closing_code_meaning(uint16_t code)
{
	static const struct {
		uint16_t code;
		const char *meaning;
	} codes[] = {{1001, "going away"}, {1002, "protocol error"}, {1003, "data of a kind that it does not accept"},
	    {1007, "text that is not UTF-8"}, {1008, "policy"}, {1009, "message too big"},
	    {1010, "an extension is missing"}, {1011, "internal error"}, {1012, "service restart"},
	    {1013, "try again later"}, {1014, "bad gateway"}};
	for (size_t i = 0; i < sizeof codes / sizeof *codes; i++)
		if (codes[i].code == code)
			return codes[i].meaning;
	return code >= 4000 ? "a code of the application" : code >= 3000 ? "a code of a library" : "not registered";
}

static void closing_report_code(struct detector_state *state, const struct event *event)
{
	unsigned code = event->ws_close.code == 1009 ? CODE_PAYLOAD_TOO_LARGE : CODE_ABNORMAL_CLOSE;
	struct finding *finding = findings_claim(
	    state->findings, code, CONFIDENCE_PROVEN, event->session, event, "close code");
	if (!finding)
		return;
	bool of_frames = event->ws_close.code == 1002 || event->ws_close.code == 1003 || event->ws_close.code == 1007;
	finding_set_cause(state->findings, finding,
	    code == CODE_PAYLOAD_TOO_LARGE ? CAUSE_SERVER_LIMIT
	    : of_frames                    ? CAUSE_FRAMES_REJECTED
	                                   : CAUSE_CLOSE_CODE,
	    &event->session->software);
	struct slice reason = slice_take(event_text(event), 80);
	finding_say(state->findings, finding, "the %s closed the WebSocket with code %u (%s)%s%.*s",
	    direction_sender(event->direction), event->ws_close.code, closing_code_meaning(event->ws_close.code),
	    reason.len ? ": " : "", (int)reason.len, reason.at ? (const char *)reason.at : "");
	finding_prove(state->findings, finding, &event->origin, "close frame %u", event->ws_close.code);
}

/* Only a probe knows. */
static void closing_report_exit(struct detector_state *state, const struct event *event)
{
	const char *side = direction_sender(event->direction);
	const struct process *process = event->connection->process;
	struct finding *finding = findings_claim(
	    state->findings, CODE_ABNORMAL_CLOSE, CONFIDENCE_PROVEN, event->session, event, "process ended");
	if (!finding)
		return;
	finding_say(state->findings, finding, "the %s's process %u (%s) ended while the WebSocket was open", side,
	    process ? process->id : 0, process ? process->command : "");
	finding_set_cause(state->findings, finding, CAUSE_PROCESS_ENDED, NULL);
	finding_prove(state->findings, finding, &event->origin, "the end of the process");
}

/* Of a connection, or of a stream of HTTP/2. */
static const char *closing_end_name(const struct origin *end, bool reset)
{
	if (end->stream)
		return reset ? "the stream was reset" : "the stream ended";
	return reset ? "TCP RST" : "TCP FIN";
}

static void closing_report_bare(struct detector_state *state, const struct session *session, enum direction by,
    const struct origin *end, bool reset, bool cut)
{
	bool has_gaps = session->gaps > 0;
	struct finding *finding = findings_claim(state->findings, CODE_ABNORMAL_CLOSE,
	    has_gaps ? CONFIDENCE_POSSIBLE : CONFIDENCE_PROVEN, session, NULL, "no close frame");
	if (!finding)
		return;
	finding_begin_at(finding, end->time);
	if (has_gaps)
		finding_doubt(state->findings, finding, "bytes of this session were not captured, perhaps that frame");
	finding_say(state->findings, finding, "the %s %s the WebSocket's connection without a close frame",
	    direction_sender(by), reset ? "reset" : "ended");
	finding_set_cause(state->findings, finding,
	    cut                         ? CAUSE_CUT
	    : by == DIRECTION_TO_CLIENT ? CAUSE_SERVER_WENT
	                                : CAUSE_CLIENT_WENT,
	    &session->software);
	finding_prove(state->findings, finding, end, "%s", closing_end_name(end, reset));
}

/* ---- ended for a packet */

static const char *closing_reason(const struct closing_session *per_session)
{
	if (per_session->kind == EVENT_CONNECT)
		return per_session->again ? "a second CONNECT to the same namespace" : "a CONNECT";
	if (per_session->kind == EVENT_EVENT)
		return per_session->unjoined ? "an event to a namespace that is not connected" : "an event";
	if (per_session->kind == EVENT_MALFORMED)
		return "a packet that cannot be decoded";
	return per_session->kind == EVENT_PING ? "a ping" : per_session->kind == EVENT_PONG ? "a pong" : "a packet";
}

static enum cause closing_cause(const struct closing_session *per_session)
{
	switch (per_session->kind) {
	case EVENT_CONNECT:
		return per_session->again ? CAUSE_SECOND_CONNECT : CAUSE_PACKET_NOT_ALLOWED;
	case EVENT_EVENT:
		return per_session->unjoined ? CAUSE_NOT_CONNECTED : CAUSE_PACKET_NOT_ALLOWED;
	case EVENT_MALFORMED:
		return CAUSE_UNDECODABLE;
	case EVENT_PING:
	case EVENT_PONG:
		return CAUSE_WRONG_HEARTBEAT;
	default:
		return CAUSE_PACKET_NOT_ALLOWED;
	}
}

/* What no server allows, whatever it took before. */
static bool closing_is_offence(const struct closing_session *per_session)
{
	return per_session->again || per_session->unjoined || per_session->kind == EVENT_MALFORMED;
}

static bool closing_is_for_packet(const struct closing_session *per_session, const struct event *event)
{
	bool ends = event->kind == EVENT_CLOSE || event->kind == EVENT_TCP_CLOSE ||
	            (event->kind == EVENT_WS_CLOSE && !closing_is_error(event->ws_close.code));
	bool large = per_session->too_large &&
	             event->origin.time - per_session->too_large <= threshold_time(THRESHOLD_SIZE_END);
	bool before = per_session->origin.kind != event->origin.kind || per_session->origin.first < event->origin.first;
	return ends && !large && before && per_session->kind != EVENT_KINDS &&
	       event->origin.time - per_session->origin.time <= threshold_time(THRESHOLD_CLOSE_AT_ONCE) &&
	       (closing_is_offence(per_session) || !(per_session->taken & 1u << per_session->kind));
}

static void closing_report_packet(
    struct detector_state *state, const struct closing_session *per_session, const struct session *session)
{
	struct finding *finding = findings_claim(
	    state->findings, CODE_ABNORMAL_CLOSE, CONFIDENCE_LIKELY, session, NULL, "for a packet");
	if (!finding)
		return;
	finding_begin_at(finding, per_session->ended.time);
	finding_say(state->findings, finding, "the server ended the session right after the client sent %s",
	    closing_reason(per_session));
	finding_doubt(state->findings, finding, "servers do not say why they close");
	finding_set_cause(state->findings, finding, closing_cause(per_session), &session->software);
	finding_prove(state->findings, finding, &per_session->origin, "%s", closing_reason(per_session));
	finding_prove(state->findings, finding, &per_session->ended, "the end");
}

static void closing_note_taken(struct closing_session *per_session)
{
	if (per_session->kind != EVENT_KINDS && !closing_is_offence(per_session))
		per_session->taken |= 1u << per_session->kind;
}

/* Called before the engine's state of the namespace knows of this event, save that a CONNECT leaves CONNECTED as it is.
 */
static void closing_note_packet(struct closing_session *per_session, const struct event *event)
{
	const struct session_namespace *named = session_find_namespace(event->session, event_packet(event)->nsp);
	if (event->direction == DIRECTION_TO_CLIENT) {
		/* An answer shows that the packet was no offence; a second CONNECT always is, whatever was on its way.
		 */
		if (per_session->again || event->kind == EVENT_NOOP)
			return;
		closing_note_taken(per_session);
		per_session->kind = EVENT_KINDS;
		return;
	}
	if (event->origin.time - per_session->origin.time > threshold_time(THRESHOLD_CLOSE_AT_ONCE))
		closing_note_taken(per_session);
	per_session->kind = event->kind;
	per_session->origin = event->origin;
	per_session->again = event->kind == EVENT_CONNECT && named && named->state == NAMESPACE_CONNECTED;
	per_session->by_other_parser = event->kind == EVENT_CONNECT && event_packet(event)->by_other_parser;
	per_session->unjoined = event->kind == EVENT_EVENT && named && named->state != NAMESPACE_CONNECTED;
}

/* ---- left for a packet */

static bool closing_is_for_nonsense(const struct closing_session *per_session, const struct event *event)
{
	bool ends = event->kind == EVENT_CLOSE || event->kind == EVENT_TCP_CLOSE || event->kind == EVENT_WS_CLOSE;
	return ends && event->direction == DIRECTION_TO_SERVER && per_session->nonsense.time &&
	       !session_said_goodbye(event->session, event->index) &&
	       event->origin.time - per_session->nonsense.time <= threshold_time(THRESHOLD_CLOSE_AT_ONCE);
}

static void closing_report_nonsense(
    struct detector_state *state, const struct closing_session *per_session, const struct event *event)
{
	struct finding *finding = findings_claim(
	    state->findings, CODE_ABNORMAL_CLOSE, CONFIDENCE_LIKELY, event->session, event, "for nonsense");
	if (!finding)
		return;
	finding_say(state->findings, finding,
	    "the client ended the session right after the server sent what cannot be decoded: %s",
	    per_session->nonsense_why);
	finding_doubt(state->findings, finding, "clients do not say why they leave");
	finding_set_cause(state->findings, finding,
	    strstr(per_session->nonsense_why, "compression") ? CAUSE_COMPRESSION : CAUSE_UNDECODABLE, NULL);
	finding_prove(state->findings, finding, &per_session->nonsense, "a packet that cannot be decoded");
	finding_prove(state->findings, finding, &event->origin, "the end");
}

static void closing_note_nonsense(struct closing_session *per_session, const struct event *event)
{
	/* handshakes.c reports a page in answer to a poll. */
	bool page = event->transport == TRANSPORT_POLLING && event_raw(event) && refusal_is_foreign(*event_raw(event));
	if (event->direction != DIRECTION_TO_CLIENT || event->kind != EVENT_MALFORMED || event->incomplete || page)
		return;
	struct slice why = slice_take(event->malformed.why, sizeof per_session->nonsense_why - 1);
	per_session->nonsense = event->origin;
	snprintf(per_session->nonsense_why, sizeof per_session->nonsense_why, "%.*s", (int)why.len,
	    why.at ? (const char *)why.at : "");
}

/* ---- what the server ended */

/* Before its answer, or in the middle of it. */
static bool closing_is_cut(const struct event *event)
{
	/* Refused before it was whole: the answer is whole, and what became of the request refusals.c says. */
	bool is_answered = event->kind == EVENT_HTTP && event->exchange->status && !event->exchange->answer.incomplete;
	/* It came after the server's end of an idle connection: unanswered.c reports it. */
	bool is_crossed = event->kind == EVENT_HTTP && unanswered_is_race(event->exchange);
	return event->kind == EVENT_HTTP && event->exchange->end == EXCHANGE_UNANSWERED && !is_answered &&
	       !is_crossed && event->exchange->ended_by == DIRECTION_TO_CLIENT &&
	       event->transport == TRANSPORT_POLLING && event->session->transport == TRANSPORT_POLLING;
}

/* python-engineio ends a poll so that waits in vain, or whose task its HTTP server cancels. */
static bool closing_is_answered(const struct event *event)
{
	return event->kind == EVENT_HTTP && event->session->transport == TRANSPORT_POLLING &&
	       refusal_ends_poll(event->session, event->exchange);
}

/* Does it show that the session goes on? */
static bool closing_is_life(const struct event *event)
{
	bool answered = event->kind == EVENT_HTTP && event->exchange->status && !closing_is_answered(event) &&
	                !closing_is_cut(event);
	return answered || (event->direction == DIRECTION_TO_CLIENT && !event->incomplete &&
	                       event_kind_layer(event->kind) & (LAYER_ENGINEIO | LAYER_SOCKETIO));
}

/* Codes by which a server says that it goes: 1001 "going away", 1012 "service restart" (RFC 6455 section 7.4.1, and the
 * registry of close codes). */
static bool closing_is_going(const struct event *event)
{
	return event->kind == EVENT_WS_CLOSE && (event->ws_close.code == 1001 || event->ws_close.code == 1012);
}

static enum closing_end closing_end_of(const struct closing_session *per_session, const struct event *event)
{
	bool by_server = event->direction == DIRECTION_TO_CLIENT;
	bool carries = session_is_carried_by(event->session, event);
	bool second = event->transport == TRANSPORT_WEBSOCKET && !carries;
	if (session_said_goodbye(event->session, event->index))
		return END_NONE;
	if (closing_is_cut(event))
		return END_POLL;
	if (closing_is_answered(event))
		return END_ANSWERED;
	/* A probe saw the process end: the packet before that is no reason. */
	if (!by_server || second || event->transport != event->session->transport ||
	    (event->kind == EVENT_TCP_CLOSE && event_text(event).len))
		return END_NONE;
	if (closing_is_going(event))
		return END_GOING;
	if (closing_is_for_packet(per_session, event))
		return END_FOR_PACKET;
	return !carries                         ? END_NONE
	       : event->kind == EVENT_TCP_CLOSE ? END_BARE
	       : event->kind == EVENT_WS_CLOSE  ? END_CLOSED
	                                        : END_NONE;
}

static enum stopped_way closing_way(enum closing_end end)
{
	return end == END_GOING                           ? STOPPED_ANNOUNCED
	       : end == END_CLOSED || end == END_ANSWERED ? STOPPED_IN_ORDER
	                                                  : STOPPED_SILENTLY;
}

static void closing_note_end(struct closing_session *per_session, const struct event *event)
{
	if (per_session->end == END_POLL && closing_is_life(event))
		per_session->end = END_NONE;
	if (event->kind == EVENT_TCP_CLOSE && event->direction == DIRECTION_TO_CLIENT && per_session->end != END_BARE) {
		per_session->reset = event->tcp_close.how == TCP_END_RST;
		per_session->closed = event->origin;
	}
	enum closing_end end = per_session->end == END_NONE ? closing_end_of(per_session, event) : END_NONE;
	if (end == END_NONE)
		return;
	per_session->end = end;
	per_session->close_code = event->kind == EVENT_WS_CLOSE ? event->ws_close.code : 0;
	per_session->in_answer = end == END_POLL && event->exchange->status;
	/* A poll that is not answered has the packets of its request: the end of its connection came just before. */
	bool is_cut = end == END_POLL && per_session->closed.time &&
	              event->exchange->decided == per_session->closed.time;
	per_session->ended = is_cut ? per_session->closed : event->origin;
	per_session->websocket = event->kind == EVENT_TCP_CLOSE && event->transport == TRANSPORT_WEBSOCKET;
	if (end != END_FOR_PACKET || (per_session->websocket && !closing_is_offence(per_session)))
		stopped_note_end(&per_session->stopped, event, closing_way(end));
}

static void closing_report_poll(
    struct detector_state *state, const struct closing_session *per_session, const struct session *session)
{
	struct finding *finding = findings_claim(
	    state->findings, CODE_ABNORMAL_CLOSE, detector_absence(session), session, NULL, "poll cut off");
	if (!finding)
		return;
	finding_begin_at(finding, per_session->ended.time);
	finding_say(state->findings, finding, "the server %s the connection %s, and the session did not go on",
	    per_session->reset ? "reset" : "ended",
	    per_session->in_answer ? "in the middle of its answer" : "of a request that it had not answered");
	finding_set_cause(state->findings, finding, CAUSE_SERVER_WENT, &session->software);
	finding_prove(state->findings, finding, &per_session->ended, "%s",
	    closing_end_name(&per_session->ended, per_session->reset));
	detector_doubt_absence(state->findings, finding, session);
}

static void closing_report_answer(
    struct detector_state *state, const struct closing_session *per_session, const struct session *session)
{
	struct finding *finding = findings_claim(
	    state->findings, CODE_ABNORMAL_CLOSE, detector_absence(session), session, NULL, "poll broken off");
	if (!finding)
		return;
	finding_begin_at(finding, per_session->ended.time);
	finding_say(state->findings, finding,
	    "the server ended the session with its answer to a held poll (HTTP 400 \"Bad Request\"): its HTTP server "
	    "broke the wait off");
	finding_set_cause(state->findings, finding, CAUSE_SERVER_WENT, &session->software);
	finding_prove(state->findings, finding, &per_session->ended, "the poll's answer");
	detector_doubt_absence(state->findings, finding, session);
}

static void closing_report_going(
    struct detector_state *state, const struct closing_session *per_session, const struct session *session)
{
	struct finding *finding = findings_claim(
	    state->findings, CODE_ABNORMAL_CLOSE, CONFIDENCE_PROVEN, session, NULL, "close code");
	if (!finding)
		return;
	finding_begin_at(finding, per_session->ended.time);
	finding_say(state->findings, finding, "the server closed the WebSocket with code %u (%s): it restarts",
	    per_session->close_code, closing_code_meaning(per_session->close_code));
	finding_set_cause(state->findings, finding, CAUSE_GOING, &session->software);
	finding_prove(state->findings, finding, &per_session->ended, "close frame %u", per_session->close_code);
}

/* Something cuts the connections to this server in the same way, whatever passes through them. */
static bool closing_are_cut(const struct detector_state *state, const struct session *session)
{
	static const enum cause causes[] = {CAUSE_SAME_SILENCE, CAUSE_SAME_AGE, CAUSE_POLL_HELD};
	char server[ENDPOINT_TEXT_SIZE], subject[ENDPOINT_TEXT_SIZE + 32];
	endpoint_format(&session->server, server);
	for (size_t i = 0; i < sizeof causes / sizeof *causes; i++) {
		snprintf(subject, sizeof subject, "%s %s", server, cause_table[causes[i]].word);
		if (findings_recall(state->findings, CODE_IDLE_CUT, NULL, subject))
			return true;
	}
	return false;
}

static bool closing_lost_heartbeat(const struct detector_state *state, const struct session *session)
{
	static const char *const subjects[] = {"ping", "pong", "silence"};
	for (size_t i = 0; i < sizeof subjects / sizeof *subjects; i++)
		if (findings_recall(state->findings, CODE_HEARTBEAT_LOST, session, subjects[i]))
			return true;
	return false;
}

static void closing_judge_session(void *self, const struct session *session)
{
	struct closing *closing = self;
	struct detector_state *state = &closing->state;
	const struct closing_session *per_session = session_state_find(&state->sessions, session);
	if (!per_session || !per_session->ended.time)
		return;
	bool cut = closing_are_cut(state, session), lost = closing_lost_heartbeat(state, session);
	if (!cut && !lost && stopped_report(state->findings, &per_session->stopped, session, &per_session->ended))
		return;
	if (per_session->end == END_FOR_PACKET && per_session->by_other_parser)
		return;
	if (per_session->end == END_FOR_PACKET && !cut)
		closing_report_packet(state, per_session, session);
	else if (per_session->end == END_BARE || (per_session->end == END_FOR_PACKET && per_session->websocket))
		closing_report_bare(state, session, DIRECTION_TO_CLIENT, &per_session->ended, per_session->reset, cut);
	else if (per_session->end == END_GOING && closing_is_error(per_session->close_code))
		closing_report_going(state, per_session, session);
	else if (per_session->end == END_ANSWERED && !cut && !lost)
		closing_report_answer(state, per_session, session);
	else if (per_session->end == END_POLL && session->closed == TIMESTAMP_NONE &&
	         !findings_recall(state->findings, CODE_REQUEST_UNANSWERED, session, "answer broken off")) /* lost.c */
		closing_report_poll(state, per_session, session);
}

/* ---- events */

static bool closing_is_packet(const struct event *event)
{
	return event->kind == EVENT_MALFORMED || (event_kind_layer(event->kind) & (LAYER_ENGINEIO | LAYER_SOCKETIO));
}

/* A close frame behind another answers it. What the server ends is reported when the session is judged. */
static void closing_take_websocket(struct detector_state *state, const struct event *event)
{
	const struct session *session = event->session;
	if (event->kind == EVENT_WS_CLOSE && !session_saw_close_frame(session, event->index) &&
	    closing_is_error(event->ws_close.code) &&
	    !(closing_is_going(event) && event->direction == DIRECTION_TO_CLIENT))
		closing_report_code(state, event);
	if (event->kind != EVENT_TCP_CLOSE || session_said_goodbye(session, event->index) ||
	    !session_is_carried_by(session, event))
		return;
	/* The client did not take the WebSocket: switched.c says why. */
	bool was_taken = !findings_recall(state->findings, CODE_HANDSHAKE_REJECTED, session, "101 not accepted");
	if (event_text(event).len)
		closing_report_exit(state, event);
	else if (event->direction == DIRECTION_TO_SERVER && was_taken)
		closing_report_bare(
		    state, session, event->direction, &event->origin, event->tcp_close.how == TCP_END_RST, false);
}

static void closing_take_event(void *self, const struct event *event)
{
	struct closing *closing = self;
	struct detector_state *state = &closing->state;
	struct closing_session *per_session = event->session ? session_state_of(&state->sessions, event->session)
	                                                     : NULL;
	if (!per_session)
		return;
	if (!per_session->origin.time)
		per_session->kind = EVENT_KINDS;
	if (event->kind == EVENT_HTTP && event->exchange->status == 413)
		per_session->too_large = event->origin.time;
	stopped_note_event(closing->stopped, &per_session->stopped, event);
	closing_note_end(per_session, event);
	if (event->transport == event->session->transport && closing_is_for_nonsense(per_session, event))
		closing_report_nonsense(state, per_session, event);
	else if (event->transport == TRANSPORT_WEBSOCKET)
		closing_take_websocket(state, event);
	closing_note_nonsense(per_session, event);
	if (closing_is_packet(event) && per_session->end != END_FOR_PACKET)
		closing_note_packet(per_session, event);
}

static void closing_take_attempt(void *self, const struct attempt *attempt)
{
	struct closing *closing = self;
	stopped_note_attempt(closing->stopped, attempt);
}

static void closing_free_session(void *per_session)
{
	stopped_forget(&((struct closing_session *)per_session)->stopped);
}

static void closing_free(void *self)
{
	struct closing *closing = self;
	if (closing)
		stopped_free(closing->stopped);
	free(closing);
}

static void *closing_new(const struct detector_state *state)
{
	struct closing *closing = calloc(1, sizeof *closing);
	if (!closing)
		return NULL;
	*closing = (struct closing){.state = *state, .stopped = stopped_new(state->findings)};
	if (closing->stopped)
		return closing;
	free(closing);
	return NULL;
}

const struct detector detector_closing = {
    .session_size = sizeof(struct closing_session),
    .free_session = closing_free_session,
    .new = closing_new,
    .free = closing_free,
    .event = closing_take_event,
    .attempted = closing_take_attempt,
    .session_over = closing_judge_session,
};
