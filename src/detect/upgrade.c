/*
 * upgrade-failed: a session that tried to move to a WebSocket and stayed on polling.
 *
 * Seen: a WebSocket handshake with the sid of a polling session that was refused, or a WebSocket that ended without the
 * probe's answer, or without the `5` that commits, or that the server closed. Ruled out: a try that was still under way
 * when the capture or the session ended, and one that another try made good. What a client that leaves or a server that
 * stops does as well (the connection ends without an answer, a proxy has no server to ask, the server that was started
 * again does not know the sid) is a failure only when the server answers polls of the session after it.
 */
#include "detect/detector.h"
#include "detect/refusal.h"
#include "socketio/software.h"

#include <stdio.h>

enum upgrade_step { UPGRADE_NONE, UPGRADE_REFUSED, UPGRADE_OPENED, UPGRADE_PROBED, UPGRADE_ANSWERED, UPGRADE_DONE };

struct upgrade_session {
	enum upgrade_step step;
	bool over;                     /* the try's connection has ended */
	bool failed;                   /* refused, or polling went on after it */
	bool closed;                   /* by the server's close frame, which does not say that it stops */
	bool stopped;                  /* and the server left a poll unanswered then */
	int status;                    /* 0: it was refused by the end of the connection */
	bool is_extended;              /* it was asked for by extended CONNECT */
	bool twice;                    /* a second HTTP answer came inside the WebSocket */
	timestamp answered, ended;     /* the probe was; the try was, when it is over */
	enum server_meaning meaning;   /* of the answer that refused it */
	enum refusal_upgrade header;   /* what became of the request's Upgrade header */
	char said[REFUSAL_QUOTE_SIZE]; /* by the server that refused it */
	unsigned noops; /* that answered polls since: python servers answer each with one until the client commits */
	uint64_t request_packet;
	struct origin origin;
	timestamp begun;
};

static bool upgrade_may_be_restart(enum server_meaning meaning)
{
	return meaning == MEANING_BACKEND_GONE || meaning == MEANING_BACKEND_SLOW || meaning == MEANING_BACKEND_BAD ||
	       meaning == MEANING_BACKEND_FULL || meaning == MEANING_SESSION || meaning == MEANING_CLOSED;
}

static void upgrade_begin(struct upgrade_session *per_session, const struct event *event, enum upgrade_step step)
{
	if (per_session->step == UPGRADE_DONE)
		return;
	/* Refused by an answer inside the WebSocket that the same request opened. */
	bool twice = step == UPGRADE_REFUSED && per_session->step != UPGRADE_NONE && event->exchange->status &&
	             per_session->request_packet == event->exchange->request.origin.first;
	*per_session = (struct upgrade_session){.step = step,
	    .over = step == UPGRADE_REFUSED,
	    .status = event->exchange->status,
	    .is_extended = event->exchange->asks_extended,
	    .twice = twice,
	    .request_packet = event->exchange->request.origin.first,
	    .origin = event->origin,
	    .begun = event->origin.time};
	if (step != UPGRADE_REFUSED || !per_session->status)
		return;
	refusal_quote(event->exchange, per_session->said);
	per_session->meaning = software_read_refusal(event->exchange);
	per_session->failed = !upgrade_may_be_restart(per_session->meaning);
	per_session->header = refusal_upgrade_of(event->exchange);
}

static void upgrade_advance(struct upgrade_session *per_session, const struct event *event, enum upgrade_step step)
{
	if (per_session->step == UPGRADE_NONE || per_session->step == UPGRADE_DONE)
		return;
	per_session->step = step;
	per_session->origin.last = event->origin.last;
}

/* A session that began on a WebSocket has nothing to upgrade, nor has one that was closed before. */
static bool upgrade_concerns(const struct event *event)
{
	const struct session *session = event->session;
	bool begins = event->kind == EVENT_HTTP || event->kind == EVENT_WS_OPEN;
	return session && session->known && event->transport == TRANSPORT_WEBSOCKET &&
	       (session->transports & (1u << TRANSPORT_POLLING)) &&
	       !(begins && session->closed != TIMESTAMP_NONE && event->exchange->request.begun > session->closed);
}

/* A client may end it because it leaves altogether, a server because it stops: 1001, 1012 (RFC 6455 §7.4.1, and the
 * registry's service restart). */
static void upgrade_end(struct upgrade_session *per_session, const struct event *event)
{
	if (per_session->over || per_session->step == UPGRADE_DONE)
		return;
	per_session->over = true;
	per_session->ended = event->origin.time;
	per_session->closed = event->kind == EVENT_WS_CLOSE && event->direction == DIRECTION_TO_CLIENT &&
	                      event->ws_close.code != 1001 && event->ws_close.code != 1012;
}

/* netty answers an upgrade that it does not take by ending the connection. */
static bool upgrade_is_refused(const struct exchange *exchange)
{
	bool broken_off = exchange->state == EXCHANGE_UNANSWERED && exchange->ended_by == DIRECTION_TO_CLIENT;
	return exchange->status ? !exchange_grants_websocket(exchange) : broken_off;
}

static void upgrade_note_event(struct upgrade_session *per_session, const struct event *event)
{
	switch (event->kind) {
	case EVENT_WS_OPEN:
		upgrade_begin(per_session, event, UPGRADE_OPENED);
		break;
	case EVENT_HTTP:
		if (upgrade_is_refused(event->exchange))
			upgrade_begin(per_session, event, UPGRADE_REFUSED);
		break;
	case EVENT_PROBE:
		upgrade_advance(per_session, event, UPGRADE_PROBED);
		break;
	case EVENT_PROBE_ACK:
		upgrade_advance(per_session, event, UPGRADE_ANSWERED);
		per_session->answered = event->origin.time;
		break;
	case EVENT_MALFORMED:
		if (strcmp(event->malformed.layer, "http") != 0)
			break;
		per_session->twice = true;
		per_session->origin.last = event->origin.last;
		break;
	case EVENT_UPGRADE:
		upgrade_advance(per_session, event, UPGRADE_DONE);
		break;
	case EVENT_WS_CLOSE:
	case EVENT_TCP_CLOSE:
		upgrade_end(per_session, event);
		break;
	default:
		break;
	}
}

static const char *upgrade_how(const struct upgrade_session *per_session)
{
	if (per_session->twice)
		return "the upgrade was answered twice: there is a second HTTP answer inside the WebSocket";
	switch (per_session->step) {
	case UPGRADE_REFUSED:
		return "the WebSocket handshake was refused";
	case UPGRADE_OPENED:
		return "the WebSocket opened, and the client sent no probe";
	case UPGRADE_PROBED:
		return "the client's probe was not answered";
	default:
		return "the probe was answered, and the client never committed";
	}
}

/* A goodbye is no going on; nor is what the client sends, to a server that may not know the session any more. */
static bool upgrade_goes_on(const struct upgrade_session *per_session, const struct event *event)
{
	bool is_packet = event->direction == DIRECTION_TO_CLIENT && event->begun > per_session->begun &&
	                 event_kind_layer(event->kind) & (LAYER_ENGINEIO | LAYER_SOCKETIO) &&
	                 event->kind != EVENT_CLOSE && event->kind != EVENT_DISCONNECT;
	bool is_taken = event->kind == EVENT_HTTP && event->exchange->status == 200 &&
	                event->exchange->request.begun > per_session->begun &&
	                slice_equals(event->exchange->request.head.method, SLICE("POST"));
	return is_packet || is_taken;
}

static void upgrade_note_polling(struct detector_state *state, const struct event *event)
{
	bool polling = event->session && event->transport == TRANSPORT_POLLING;
	struct upgrade_session *per_session = polling ? session_state_find(&state->sessions, event->session) : NULL;
	if (!per_session)
		return;
	per_session->failed |= per_session->over && upgrade_goes_on(per_session, event) &&
	                       !session_said_goodbye(event->session, event->index);
	per_session->stopped |= per_session->over && event->kind == EVENT_HTTP &&
	                        event->exchange->state == EXCHANGE_UNANSWERED &&
	                        event->exchange->ended_by == DIRECTION_TO_CLIENT &&
	                        event->origin.time - per_session->ended <= threshold_time(THRESHOLD_GOODBYE_CROSSED);
	per_session->noops += event->kind == EVENT_NOOP && per_session->step >= UPGRADE_OPENED;
}

static void upgrade_take_event(void *self, const struct event *event)
{
	struct detector_state *state = self;
	upgrade_note_polling(state, event);
	struct upgrade_session *per_session = upgrade_concerns(event)
	                                          ? session_state_of(&state->sessions, event->session)
	                                          : NULL;
	if (per_session)
		upgrade_note_event(per_session, event);
}

static enum cause upgrade_cause_of_refusal(
    const struct upgrade_session *per_session, const struct recognition *software)
{
	static const enum cause of_header[] = {[UPGRADE_HEADER_ABSENT] = CAUSE_UPGRADE_WITHOUT_HEADER,
	    [UPGRADE_HEADER_ALONE] = CAUSE_UPGRADE_WITHOUT_CONNECTION,
	    [UPGRADE_HEADER_REMOVED_BEHIND] = CAUSE_UPGRADE_REMOVED_BEHIND};
	const struct server *server = recognition_server(software);
	if (per_session->header != UPGRADE_HEADER_ARRIVED)
		return of_header[per_session->header];
	if (per_session->status == 401 || per_session->status == 407)
		return CAUSE_UPGRADE_CREDENTIALS;
	switch (per_session->meaning) {
	case MEANING_NO_WEBSOCKET:
		return CAUSE_UPGRADE_WITHOUT_LIBRARY;
	case MEANING_NO_UPGRADE:
		return CAUSE_UPGRADE_NOT_PASSED;
	case MEANING_PATH:
		return CAUSE_UPGRADE_PATH;
	case MEANING_BACKEND_GONE:
	case MEANING_BACKEND_FULL:
	case MEANING_BACKEND_SLOW:
	case MEANING_BACKEND_BAD:
	case MEANING_RATE:
		return CAUSE_UPGRADE_BACKEND;
	case MEANING_SESSION:
	case MEANING_CLOSED:
		return CAUSE_UPGRADE_SESSION;
	default:
		if (per_session->status == 403 && per_session->is_extended && server && server->family == SERVER_PYTHON)
			return CAUSE_UPGRADE_EXTENDED;
		return per_session->status == 403 ? CAUSE_UPGRADE_FORBIDDEN : CAUSE_UPGRADE_REFUSED;
	}
}

static enum cause upgrade_cause(const struct upgrade_session *per_session, const struct recognition *software)
{
	if (per_session->twice)
		return CAUSE_HANDLED_TWICE;
	switch (per_session->step) {
	case UPGRADE_REFUSED:
		return per_session->status ? upgrade_cause_of_refusal(per_session, software) : CAUSE_UPGRADE_UNANSWERED;
	case UPGRADE_OPENED:
		return CAUSE_PROBE_NOT_SENT;
	case UPGRADE_PROBED:
		return CAUSE_PROBE_UNANSWERED;
	default:
		return CAUSE_NOT_COMMITTED;
	}
}

static void upgrade_report(
    struct detector_state *state, const struct upgrade_session *per_session, const struct session *session)
{
	static const char *const headers[] = {[UPGRADE_HEADER_ARRIVED] = "",
	    [UPGRADE_HEADER_ABSENT] = ": the request came without an Upgrade header",
	    [UPGRADE_HEADER_ALONE] =
	        ": the request has Upgrade: websocket, and its Connection header does not say upgrade",
	    [UPGRADE_HEADER_REMOVED_BEHIND] =
	        (": so servers answer a request that lost its Upgrade header, and here it still had it")};
	struct finding *finding = findings_claim(
	    state->findings, CODE_UPGRADE_FAILED, detector_absence(session), session, NULL, "");
	if (!finding)
		return;
	finding_begin_at(finding, per_session->begun);
	finding_set_cause(state->findings, finding, upgrade_cause(per_session, &session->software), &session->software);
	if (per_session->step == UPGRADE_REFUSED && !per_session->status) {
		finding->confidence = CONFIDENCE_PROVEN;
		finding_set_case(finding, UPGRADE_UNANSWERED);
		finding_say(state->findings, finding,
		    "the server ended the connection of the WebSocket handshake without an answer; the session stayed "
		    "on polling");
	} else if (per_session->step == UPGRADE_REFUSED) {
		finding->confidence = CONFIDENCE_PROVEN;
		finding_say(state->findings, finding,
		    per_session->twice ? "%s (HTTP %d and %s)%s; the session stayed on polling"
		                       : "%s with HTTP %d and %s%s; the session stayed on polling",
		    upgrade_how(per_session), per_session->status, per_session->said,
		    per_session->twice ? "" : headers[per_session->header]);
	} else {
		finding_say(state->findings, finding,
		    per_session->noops >= threshold_count(THRESHOLD_UPGRADE_NOOPS)
		        ? "%s; meanwhile the server answered %u polls with nothing, at once"
		        : "%s; the session stayed on polling",
		    upgrade_how(per_session), per_session->noops);
		if (per_session->twice)
			finding->confidence = CONFIDENCE_PROVEN;
		else
			detector_doubt_absence(state->findings, finding, session);
	}
	finding_prove(state->findings, finding, &per_session->origin, "the try to upgrade");
}

/* The probe was answered, and the client waits with the commit for its held poll, which the server does not answer: all
 * that the client wants to send waits too. */
static bool upgrade_is_stuck(const struct upgrade_session *per_session, const struct session *session)
{
	timestamp until = per_session->over ? per_session->ended : session_end(session);
	return per_session->step == UPGRADE_ANSWERED &&
	       until - per_session->answered >= threshold_time(THRESHOLD_UPGRADE_COMMIT);
}

/* The server closed the try, and not the session with it (node closes both when it stops). */
static bool upgrade_is_closed(const struct upgrade_session *per_session, const struct session *session)
{
	bool together = session->closed != TIMESTAMP_NONE && !session->left &&
	                session->closed - per_session->ended <= threshold_time(THRESHOLD_GOODBYE_CROSSED);
	return per_session->closed && !per_session->stopped && !together;
}

/* Whoever leaves while the try is under way takes the WebSocket along. */
static void upgrade_judge_session(void *self, const struct session *session)
{
	struct detector_state *state = self;
	const struct upgrade_session *per_session = session_state_find(&state->sessions, session);
	bool failed = per_session && per_session->step != UPGRADE_NONE && per_session->step != UPGRADE_DONE &&
	              (per_session->failed || per_session->noops >= threshold_count(THRESHOLD_UPGRADE_NOOPS) ||
	                  upgrade_is_closed(per_session, session) || upgrade_is_stuck(per_session, session)) &&
	              session->transport == TRANSPORT_POLLING && session->last > per_session->begun;
	/* switched.c has said why. */
	if (failed && !findings_recall(state->findings, CODE_UPGRADE_FAILED, session, "101 not accepted"))
		upgrade_report(state, per_session, session);
}

const struct detector detector_upgrade = {
    .session_size = sizeof(struct upgrade_session),
    .event = upgrade_take_event,
    .session_over = upgrade_judge_session,
};
