/*
 * Requests that a server refuses: transport-rejected, protocol-version, session-unknown, handshake-rejected,
 * payload-too-large, event-dropped (a rejected POST).
 *
 * Seen: an Engine.IO request with an answer that is no success, or that opens no session; what it means is read from
 * the answer's own words (refusal.c). A bare status that several reasons explain is reported with all of them, and not
 * as proven. What else refuses so, and is left out: CORS preflights, a last poll that crossed the upgrade, requests
 * that crossed either side's goodbye (a side that leaves lost nothing), a POST without an event (no event was dropped),
 * and a WebSocket for a session that goes on with polling, which upgrade.c reports.
 */
#include "detect/behind.h"
#include "detect/challenges.h"
#include "detect/detector.h"
#include "detect/forbidden.h"
#include "detect/outages.h"
#include "detect/refusal.h"
#include "detect/sids.h"
#include "detect/tokens.h"
#include "socketio/software.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

/* REFUSAL_GRANTED: WebSockets, by their requests. */
enum { REFUSAL_GRANTED = 32 };

/* POSTs that are under way, as far as they are known: by their first packets. */
enum { REFUSAL_POSTS = 4 };

struct refused_post {
	uint64_t first_packet;
	bool matters;   /* it carries an event, or what cannot be read */
	char event[32]; /* the name of the first, or "" */
};

struct refusals_session {
	struct refused_post posts[REFUSAL_POSTS];
	size_t count; /* in a ring */
	struct sid_session sid;
};

struct refusals {
	struct findings *findings;
	struct state_slot sessions;
	struct sids *sids;
	struct behind behind;
	struct challenges challenges;
	uint64_t granted[REFUSAL_GRANTED]; /* the first packets of handshakes that were answered by 101: a ring */
	size_t granted_count;
	struct outages outages;
};

static void refusals_free(void *self)
{
	struct refusals *refusals = self;
	if (refusals)
		sids_free(refusals->sids);
	free(refusals);
}

static void *refusals_new(const struct detector_state *state)
{
	struct refusals *refusals = calloc(1, sizeof *refusals);
	if (!refusals)
		return NULL;
	*refusals = (struct refusals){
	    .findings = state->findings, .sessions = state->sessions, .sids = sids_new(state->findings)};
	if (refusals->sids)
		return refusals;
	free(refusals);
	return NULL;
}

/* ---- what a POST carries */

static void refusals_note_packet(struct refusals *refusals, const struct event *event)
{
	struct refusals_session *per_session = session_state_of(&refusals->sessions, event->session);
	if (!per_session)
		return;
	struct refused_post *post =
	    &per_session->posts[(per_session->count ? per_session->count - 1 : 0) % REFUSAL_POSTS];
	if (post->first_packet != event->origin.first) {
		post = &per_session->posts[per_session->count++ % REFUSAL_POSTS];
		*post = (struct refused_post){.first_packet = event->origin.first};
	}
	if (event->kind == EVENT_EVENT && !post->event[0])
		snprintf(post->event, sizeof post->event, "%.*s", (int)slice_take(event_packet(event)->name, 31).len,
		    (const char *)event_packet(event)->name.at);
	post->matters |= event->kind == EVENT_EVENT || event->kind == EVENT_ACK || event->kind == EVENT_MALFORMED ||
	                 event_packet(event)->has_raw || event->incomplete;
}

/* What the request carried; NULL: no packet of it was emitted. */
static const struct refused_post *refusal_find_post(const struct refusals *refusals, const struct event *event)
{
	const struct refusals_session *per_session = event->session
	                                                 ? session_state_find(&refusals->sessions, event->session)
	                                                 : NULL;
	for (size_t i = 0; per_session && i < per_session->count && i < REFUSAL_POSTS; i++)
		if (per_session->posts[i].first_packet == event->exchange->request.origin.first)
			return &per_session->posts[i];
	return NULL;
}

/* A POST of which no packet was emitted has a body that was not read, unless it says that it has none, as the first of
 * an authentication does. */
static bool refusal_is_of_event(const struct refusals *refusals, const struct event *event)
{
	const struct exchange *exchange = event->exchange;
	const struct refused_post *post = refusal_find_post(refusals, event);
	bool asks = exchange->status == 401 || exchange->status == 407;
	bool is_empty = slice_equals(slice_trim(exchange_field(&exchange->request, "Content-Length")), SLICE("0"));
	return slice_equals(exchange->request.head.method, SLICE("POST")) && exchange->target->sid_len &&
	       (post ? post->matters : !(asks && is_empty));
}

/* The name of the first event that the request carried; "" when none was read. */
static const char *refusal_event_name(const struct refusals *refusals, const struct event *event)
{
	const struct refused_post *post = refusal_find_post(refusals, event);
	return post ? post->event : "";
}

/* ---- reporting */

/* What makes two refusals the same: server, transport, status; what the answer means; of a handshake what it asked for.
 */
enum { REFUSAL_SUBJECT = ENDPOINT_TEXT_SIZE + 192 };

static void refusal_format_subject(const struct event *event, char subject[REFUSAL_SUBJECT])
{
	char server[ENDPOINT_TEXT_SIZE];
	const struct exchange *exchange = event->exchange;
	const struct target *target = exchange->target;
	struct slice path = slice_take(http_target_path(exchange->request.head.target), BEHIND_PATH);
	struct slice eio = slice_take(target->eio, 8);
	int len = snprintf(subject, REFUSAL_SUBJECT, "%s %s %d", endpoint_format(&event->connection->server, server),
	    transport_name(target->transport), exchange->status);
	enum server_meaning meaning = software_read_refusal_of(event->session, exchange);
	if (meaning != MEANING_NONE)
		len += snprintf(subject + len, REFUSAL_SUBJECT - (size_t)len, ", %s", server_meaning_text(meaning));
	if (!target->sid_len)
		snprintf(subject + len, REFUSAL_SUBJECT - (size_t)len, ", %.*s EIO=%.*s", (int)path.len,
		    path.at ? (const char *)path.at : "", (int)eio.len, eio.at ? (const char *)eio.at : "");
}

static struct finding *refusal_claim(
    struct refusals *refusals, unsigned code, enum confidence confidence, const struct event *event)
{
	char subject[REFUSAL_SUBJECT];
	const struct exchange *exchange = event->exchange;
	refusal_format_subject(event, subject);
	/* What was too large is of the one who sent it. */
	const struct session *session = code == CODE_PAYLOAD_TOO_LARGE ? event->session : NULL;
	struct finding *finding = findings_claim(refusals->findings, code, confidence, session, event, subject);
	if (finding)
		finding_prove(refusals->findings, finding, &event->origin, "%.*s %s: HTTP %d",
		    (int)slice_take(exchange->request.head.method, 16).len, exchange->request.head.method.at,
		    refusal_what(exchange), exchange->status);
	return finding;
}

static void refusal_say_words(struct refusals *refusals, struct finding *finding, const struct event *event)
{
	const struct exchange *exchange = event->exchange;
	char server[ENDPOINT_TEXT_SIZE], quote[REFUSAL_QUOTE_SIZE];
	if (!finding || finding->count > 1)
		return;
	struct slice word = slice_take(exchange->target->word, 32), eio = slice_take(exchange->target->eio, 8);
	struct slice path = slice_take(http_target_path(exchange->request.head.target), BEHIND_PATH);
	bool opens = !exchange->target->sid_len;
	finding_say(refusals->findings, finding, "%s answered a %s%s%.*s (transport=%.*s, %s%.*s) with HTTP %d and %s",
	    endpoint_format(&event->connection->server, server), refusal_what(exchange), opens ? " for " : "",
	    opens ? (int)path.len : 0, path.at ? (const char *)path.at : "", (int)word.len,
	    word.at ? (const char *)word.at : "", eio.len ? "EIO=" : "no EIO", (int)eio.len,
	    eio.at ? (const char *)eio.at : "", exchange->status, refusal_quote(exchange, quote));
}

/* Clients of Engine.IO name one in each request (protocol.md §2). */
static void refusal_say_no_transport(struct refusals *refusals, struct finding *finding)
{
	finding_set_case(finding, TRANSPORT_NOT_NAMED);
	finding_say(refusals->findings, finding, "%s; the request names no transport, as no client of Engine.IO asks",
	    finding->seen);
	finding_set_cause(refusals->findings, finding, CAUSE_NO_TRANSPORT, NULL);
}

static void refusal_report_transport(struct refusals *refusals, const struct event *event)
{
	if (behind_report_query(&refusals->behind, refusals->findings, NULL, event))
		return;
	struct finding *finding = refusal_claim(refusals, CODE_TRANSPORT_REJECTED, CONFIDENCE_PROVEN, event);
	refusal_say_words(refusals, finding, event);
	bool is_named = event->exchange->target->word.len;
	if (finding && is_named && behind_report_query(&refusals->behind, refusals->findings, finding, event))
		return;
	if (!finding || finding->count > 1)
		return;
	if (!is_named) {
		refusal_say_no_transport(refusals, finding);
		return;
	}
	finding_set_cause(refusals->findings, finding,
	    refusal_is_of_websocket(event->exchange) ? CAUSE_WEBSOCKET_NOT_ALLOWED : CAUSE_POLLING_NOT_ALLOWED, NULL);
	if (refusal_is_of_websocket(event->exchange))
		finding_advise(refusals->findings, finding,
		    "The client asks for WebSocket, which this server does not allow. Allow it in the server's "
		    "transports, or give the client transports: [\"polling\"].");
	else
		finding_advise(refusals->findings, finding,
		    "The client asks for polling, which this server does not allow. Give the client transports: "
		    "[\"websocket\"], or allow polling in the server's transports.");
}

/* python-engineio 4 takes revision 4 alone, and an ASGI server cannot say so. */
static void refusal_report_forbidden_revision(struct refusals *refusals, const struct event *event)
{
	struct finding *finding = refusal_claim(refusals, CODE_PROTOCOL_VERSION, CONFIDENCE_POSSIBLE, event);
	refusal_say_words(refusals, finding, event);
	if (!finding || finding->count > 1)
		return;
	finding_doubt(refusals->findings, finding,
	    "an ASGI server cannot say why it refuses a WebSocket: the revision, the transport and the page's origin "
	    "all fit; the server's log tells which");
}

/* The token of a request that is not let in, and what the answer says of it: in its body, or in WWW-Authenticate (RFC
 * 6750, section 3: error_description). */
static void refusal_say_token(struct refusals *refusals, struct finding *finding, const struct event *event)
{
	const struct exchange *exchange = event->exchange;
	struct slice body = slice_take(exchange->plain, REFUSAL_QUOTE),
	             asked = slice_take(exchange_field(&exchange->answer, "WWW-Authenticate"), REFUSAL_QUOTE);
	struct token token;
	char said[2 * REFUSAL_QUOTE + 2];
	int status = exchange->status;
	if (status != 400 && status != 401 && status != 403)
		return;
	token_find_in_request(exchange, &token);
	int len = snprintf(said, sizeof said, "%.*s %.*s", (int)body.len, body.len ? (const char *)body.at : "",
	    (int)asked.len, asked.len ? (const char *)asked.at : "");
	token_explain(refusals->findings, finding, &token, exchange->request.begun, slice_of(said, (size_t)len));
}

/* A plug-in knows where its application is served, and this is elsewhere. False: none says so. */
static bool refusal_report_forbidden_path(struct refusals *refusals, const struct event *event)
{
	const struct cause_entry *cause = plugin_refused(event->exchange);
	struct finding *finding = cause ? refusal_claim(refusals, CODE_HANDSHAKE_REJECTED, CONFIDENCE_LIKELY, event)
	                                : NULL;
	refusal_say_words(refusals, finding, event);
	if (!finding || finding->count > 1)
		return cause != NULL;
	finding_say(refusals->findings, finding, "%s; %s", finding->seen, cause->meaning);
	finding_doubt(refusals->findings, finding,
	    "an ASGI server cannot say why it refuses a WebSocket: where the application is served at this path after "
	    "all, it does not allow the transport or the page's origin");
	finding_set_cause_row(refusals->findings, finding, cause);
	return true;
}

static void refusal_report_forbidden(struct refusals *refusals, const struct event *event)
{
	const struct exchange *exchange = event->exchange;
	if (refusal_report_forbidden_path(refusals, event))
		return;
	enum forwarded page = forbidden_page(event);
	bool is_known = exchange_field(&exchange->request, "Host").len; /* a log has none */
	bool same = is_known &&
	            (page == FORWARDED_NONE || (page == FORWARDED_SAME && !forbidden_is_passed_on(exchange)));
	bool is_lost = page == FORWARDED_HOST_LOST || page == FORWARDED_SCHEME_LOST;
	struct finding *finding = refusal_claim(
	    refusals, CODE_TRANSPORT_REJECTED, same ? CONFIDENCE_LIKELY : CONFIDENCE_POSSIBLE, event);
	refusal_say_words(refusals, finding, event);
	if (!finding || finding->count > 1)
		return;
	if (is_lost)
		forbidden_say_page(refusals->findings, finding, exchange, page);
	forbidden_doubt(refusals->findings, finding, exchange, page);
	refusal_say_token(refusals, finding, event);
	if (exchange->asks_extended) {
		finding_doubt(refusals->findings, finding,
		    "an ASGI server cannot say why it refuses a WebSocket; python-engineio refuses each that is asked "
		    "for by extended CONNECT, and the origin or the application's own check may be the reason as well");
		finding_set_cause(refusals->findings, finding, CAUSE_EXTENDED_CONNECT, NULL);
		return;
	}
	if (is_lost) {
		finding_set_cause(refusals->findings, finding,
		    page == FORWARDED_HOST_LOST ? CAUSE_HOST_NOT_PASSED : CAUSE_SCHEME_NOT_PASSED, NULL);
		return;
	}
	finding->cause = cause_table[CAUSE_BARE_403].word;
	finding_advise(refusals->findings, finding,
	    "Three causes fit a bare 403: the server allows only polling (give both sides the same transport), it does "
	    "not accept the page's origin (cors_allowed_origins), or nothing is mounted at the path that the client "
	    "asks for (its option path or socketio_path; FastAPI and Starlette: where app.mount puts it).");
}

static bool refusal_is_late_poll(const struct exchange *exchange, const struct session *session)
{
	return session && exchange->target->transport == TRANSPORT_POLLING &&
	       session->transport == TRANSPORT_WEBSOCKET && session->known;
}

/* What shows by more than the answer's words: who gave it, what it asks for, how long the request was. */
static void refusal_say_who(struct refusals *refusals, struct finding *finding, const struct event *event)
{
	const struct exchange *exchange = event->exchange;
	const struct server_filter *filter = refusal_filter(exchange);
	if (filter)
		finding_say(refusals->findings, finding, "%s; that is the answer of %s, and of no Socket.IO server",
		    finding->seen, filter->who);
	if (exchange->status == 407)
		finding_say(refusals->findings, finding, "%s; a forward proxy is there, and asks for credentials",
		    finding->seen);
	if (exchange->status == 414)
		finding_say(refusals->findings, finding, "%s; the request's URL has %zu bytes", finding->seen,
		    exchange->request.head.target.len);
}

/* In the server's own words; returns the finding when it is new, else NULL. `said` is the cause by those words; CAUSES:
 * it is not known. `advice` NULL: the cause's, or what the code's table says. */
static struct finding *refusal_report_words(
    struct refusals *refusals, const struct event *event, unsigned code, enum cause said, const char *advice)
{
	enum cause cause = said; /* until what a proxy's server did shows another */
	bool is_mute = exchange_lacks_body(event->exchange) && code != CODE_PAYLOAD_TOO_LARGE;
	struct finding *finding = refusal_claim(refusals, code, is_mute ? CONFIDENCE_LIKELY : CONFIDENCE_PROVEN, event);
	refusal_say_words(refusals, finding, event);
	if (finding && cause == CAUSE_NO_SUCH_PATH && !event->exchange->target->sid_len)
		behind_note_refused(&refusals->behind, finding, event);
	if (finding)
		challenges_note(&refusals->challenges, finding, event);
	if (finding)
		cause = behind_say(refusals->findings, finding, event, cause);
	if (finding && outages_is_one(cause))
		outages_note(&refusals->outages, refusals->findings, event, finding);
	if (!finding || finding->count > 1)
		return NULL;
	if (cause == CAUSE_POST_BACKEND)
		finding_say(refusals->findings, finding, "%s; the body had %" PRIu64 " bytes", finding->seen,
		    event->exchange->request.body_bytes);
	refusal_say_who(refusals, finding, event);
	const struct server_filter *filter = refusal_filter(event->exchange);
	if (cause < CAUSES && filter)
		finding_set_cause_by(refusals->findings, finding, cause, filter->who);
	else if (cause < CAUSES)
		finding_set_cause(
		    refusals->findings, finding, cause, event->session ? &event->session->software : NULL);
	bool is_of_application = cause == CAUSES || cause == CAUSE_APPLICATION || cause == CAUSE_CREDENTIALS;
	if (is_of_application)
		refusal_say_token(refusals, finding, event);
	if (is_mute)
		finding_doubt(refusals->findings, finding,
		    "the status alone is known: what the answer said, which may be another reason, is not");
	if (advice)
		finding_advise(refusals->findings, finding, "%s", advice);
	else if (filter && filter->advice && cause == said)
		finding_advise(refusals->findings, finding, "%s", filter->advice);
	else if (is_mute && cause == CAUSES)
		finding_advise(refusals->findings, finding,
		    "The answer says why: look at it in the browser's network panel, or capture packets.");
	return finding;
}

/* What a plug-in knows of a path at which nothing of Engine.IO answers, where it is not known who does. `finding` NULL:
 * it was said before. */
static void refusal_say_path(struct refusals *refusals, struct finding *finding, const struct event *event)
{
	bool is_open = finding && !refusal_filter(event->exchange);
	const struct cause_entry *cause = is_open ? plugin_refused(event->exchange) : NULL;
	if (cause)
		finding_set_cause_row(refusals->findings, finding, cause);
}

static void refusal_report_version(struct refusals *refusals, const struct event *event)
{
	const struct exchange *exchange = event->exchange;
	struct slice target = exchange->request.head.target;
	bool lower = !exchange->target->eio.len && slice_find(target, SLICE("eio=")) < target.len;
	enum cause cause = lower ? CAUSE_QUERY_LOWER_CASE
	                   : exchange->target->revision == 4 && refusal_is_of_node_version(exchange)
	                       ? CAUSE_QUERY_CHANGED
	                   : exchange->target->revision ? CAUSE_REVISION_NOT_SUPPORTED
	                                                : CAUSE_REVISION_UNKNOWN;
	struct finding *finding = refusal_report_words(refusals, event, CODE_PROTOCOL_VERSION, cause, NULL);
	if (!finding || cause == CAUSE_REVISION_NOT_SUPPORTED || cause == CAUSE_REVISION_UNKNOWN)
		return;
	struct slice found = slice_drop(target, slice_find(target, SLICE("eio=")));
	found = slice_take_until(&found, '&');
	if (lower)
		finding_say(refusals->findings, finding,
		    "%s; the query has %.*s and no EIO: it was written in lower case", finding->seen,
		    (int)slice_take(found, 16).len, (const char *)found.at);
	else
		finding_say(refusals->findings, finding, "%s, although the client asked for EIO=4", finding->seen);
}

static void refusal_report_size(struct refusals *refusals, const struct event *event)
{
	const char *name = refusal_event_name(refusals, event);
	const char *software;
	enum cause cause = refusal_size_cause(event->exchange, &software);
	struct finding *finding = refusal_report_words(refusals, event, CODE_PAYLOAD_TOO_LARGE, cause, NULL);
	if (!finding)
		return;
	if (software)
		finding_set_cause_by(refusals->findings, finding, cause, software);
	finding_say(refusals->findings, finding, "%s; the body of %" PRIu64 " bytes%s%s", finding->seen,
	    event->exchange->request.body_bytes, *name ? " carried the event " : " is too large", name);
}

static bool refusal_is_second(const struct refusals *refusals, const struct exchange *exchange)
{
	for (size_t i = 0; i < refusals->granted_count && i < REFUSAL_GRANTED; i++)
		if (refusals->granted[i] == exchange->request.origin.first)
			return true;
	return false;
}

/* The words are none by which Engine.IO refuses inside a WebSocket (node: its revision): another handler wrote them. */
static void refusal_report_second(struct refusals *refusals, const struct event *event)
{
	char server[ENDPOINT_TEXT_SIZE], quote[REFUSAL_QUOTE_SIZE];
	struct finding *finding = refusal_report_words(
	    refusals, event, CODE_HANDSHAKE_REJECTED, CAUSE_ANSWERED_TWICE, NULL);
	if (finding)
		finding_say(refusals->findings, finding,
		    "%s answered the WebSocket's handshake twice: it granted it (HTTP 101), and then wrote HTTP %d and "
		    "%s into the open WebSocket",
		    endpoint_format(&event->connection->server, server), event->exchange->status,
		    refusal_quote(event->exchange, quote));
}

/* Several workers behind one address answer the same sid with 200 and with "unknown" in turn; that is
 * for sids_report. Here: what is left. */
static void refusal_report_other(struct refusals *refusals, const struct event *event)
{
	const struct exchange *exchange = event->exchange;
	bool late = refusal_is_late_poll(exchange, event->session);
	bool drops = refusal_is_of_event(refusals, event);
	if (late && !drops)
		return; /* what crossed the upgrade, and carries no event, loses nothing */
	if (refusal_is_second(refusals, exchange)) {
		refusal_report_second(refusals, event);
		return;
	}
	if (!drops && behind_report_path(&refusals->behind, refusals->findings, event))
		return;
	bool over = !event->session || session_said_goodbye(event->session, event->index);
	if (!over && refusal_ends_poll(event->session, exchange))
		return; /* closing.c reports the end of the session */
	enum cause cause = late ? CAUSE_POST_AFTER_UPGRADE : refusal_cause(exchange, drops);
	enum forwarded page = cause == CAUSE_ORIGIN ? forbidden_page(event) : FORWARDED_NONE;
	if (page == FORWARDED_HOST_LOST || page == FORWARDED_SCHEME_LOST)
		cause = page == FORWARDED_HOST_LOST ? CAUSE_ORIGIN_HOST_NOT_PASSED : CAUSE_ORIGIN_SCHEME_NOT_PASSED;
	struct finding *finding = refusal_report_words(refusals, event,
	    drops ? CODE_EVENT_DROPPED : CODE_HANDSHAKE_REJECTED, cause,
	    late ? "The client sent by polling after it had moved the session to the WebSocket; the server refuses "
	           "that, and what the request carried is lost."
	         : NULL);
	if (cause == CAUSE_NO_SUCH_PATH)
		refusal_say_path(refusals, finding, event);
	if (finding && (page == FORWARDED_HOST_LOST || page == FORWARDED_SCHEME_LOST))
		forbidden_say_page(refusals->findings, finding, exchange, page);
}

static void refusal_report_elsewhere(struct refusals *refusals, const struct event *event)
{
	enum cause cause = refusal_success_cause(event->exchange);
	struct finding *finding = refusal_report_words(refusals, event, CODE_HANDSHAKE_REJECTED, cause,
	    cause == CAUSE_NOT_SOCKETIO ? "The path does not lead to Socket.IO but to something else, which answers "
	                                  "200: correct the client's path or the proxy's location."
	                                : NULL);
	if (cause == CAUSE_NOT_SOCKETIO)
		refusal_say_path(refusals, finding, event);
}

/* ---- which is which */

/* What crossed a goodbye has nothing to wait for, and servers refuse it in many ways: the poll that was held, the POST
 * with the goodbye itself, what the client still asked within a moment of its own close, or before it could know that
 * the server had closed; of the last, not what is refused for a reason of its own. */
static bool refusal_crossed_goodbye(const struct refusals *refusals, const struct event *event)
{
	const struct session *session = event->session;
	const struct exchange *exchange = event->exchange;
	if (!session || !exchange->target->sid_len || !session_said_goodbye(session, event->index))
		return false;
	bool before = session->closed == TIMESTAMP_NONE || exchange->request.begun <= session->closed;
	bool empty = slice_equals(exchange->request.head.method, SLICE("POST")) &&
	             !refusal_is_of_event(refusals, event);
	if (!session->left)
		return before && (empty || software_disowns_session(session, exchange));
	return before || (exchange->request.begun - session->closed <= threshold_time(THRESHOLD_GOODBYE_CROSSED) &&
	                     !refusal_is_of_event(refusals, event));
}

/* Words that refuse a transport which the handshake offered mean that Upgrade was lost on the way. */
static bool refusal_is_of_upgrade(const struct event *event, enum refusal refusal)
{
	const struct session *session = event->session;
	bool tried = session && session->known && session->transport == TRANSPORT_POLLING &&
	             refusal_is_of_websocket(event->exchange);
	return tried && (refusal == REFUSAL_OTHER || (refusal == REFUSAL_TRANSPORT && session->offers_websocket));
}

/* NULL: the event is of no session, or there is no memory. */
static struct sid_session *refusals_sid_note(const struct refusals *refusals, const struct event *event)
{
	struct refusals_session *per_session = event->session ? session_state_of(&refusals->sessions, event->session)
	                                                      : NULL;
	return per_session ? &per_session->sid : NULL;
}

static void refusal_report(struct refusals *refusals, const struct event *event)
{
	enum refusal refusal = refusal_of(event);
	if (refusal_crossed_goodbye(refusals, event) || refusal_is_of_upgrade(event, refusal) ||
	    (refusal != REFUSAL_NONE && behind_take_redirected_post(&refusals->behind, event)))
		return;
	switch (refusal) {
	case REFUSAL_NONE:
		break;
	case REFUSAL_TRANSPORT:
		refusal_report_transport(refusals, event);
		break;
	case REFUSAL_BARE_FORBIDDEN:
		if (event->exchange->target->revision == 3)
			refusal_report_forbidden_revision(refusals, event);
		else
			refusal_report_forbidden(refusals, event);
		break;
	case REFUSAL_VERSION:
		refusal_report_version(refusals, event);
		break;
	case REFUSAL_OLD_FORM:
		refusal_report_words(refusals, event, CODE_PROTOCOL_VERSION, CAUSE_SERVER_OF_REVISION_3,
		    "The client speaks Engine.IO 4, and the server answers in revision 3: update the server to the 3.x "
		    "line or later, or use a client of the 2.x line.");
		break;
	case REFUSAL_SESSION:
		sids_report(refusals->sids, refusals_sid_note(refusals, event), event);
		break;
	case REFUSAL_SIZE:
		refusal_report_size(refusals, event);
		break;
	case REFUSAL_OTHER:
		refusal_report_other(refusals, event);
		break;
	case REFUSAL_ELSEWHERE:
		refusal_report_elsewhere(refusals, event);
		break;
	}
}

static void refusals_take_event(void *self, const struct event *event)
{
	struct refusals *refusals = self;
	if (event->session)
		sids_note_event(refusals->sids, refusals_sid_note(refusals, event), event);
	if (event->kind == EVENT_WS_OPEN)
		refusals->granted[refusals->granted_count++ % REFUSAL_GRANTED] = event->exchange->request.origin.first;
	if (event->kind == EVENT_WS_OPEN || event->kind == EVENT_HTTP)
		behind_note_answer(&refusals->behind, event);
	if (event->kind == EVENT_HTTP) {
		outages_note_back(&refusals->outages, event);
		challenges_note_granted(&refusals->challenges, refusals->findings, event);
		refusal_report(refusals, event);
	} else if (event->kind == EVENT_WS_OPEN)
		return;
	else if (event->session && event->connection && event->direction == DIRECTION_TO_CLIENT)
		outages_note_life(&refusals->outages, event);
	else if (event->session && event->direction == DIRECTION_TO_SERVER && event->transport == TRANSPORT_POLLING)
		refusals_note_packet(refusals, event);
}

static void refusals_take_attempt(void *self, const struct attempt *attempt)
{
	struct refusals *refusals = self;
	sids_note_attempt(refusals->sids, attempt);
}

static void refusals_end(void *self, const struct engine_counts *counts)
{
	struct refusals *refusals = self;
	(void)counts;
	outages_report(&refusals->outages, refusals->findings);
}

const struct detector detector_refusals = {
    .session_size = sizeof(struct refusals_session),
    .new = refusals_new,
    .free = refusals_free,
    .event = refusals_take_event,
    .attempted = refusals_take_attempt,
    .end = refusals_end,
};
