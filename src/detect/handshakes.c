/*
 * Answers that are not Engine.IO's, and yet no refusal by their status: handshake-rejected.
 *
 * Seen: a redirect; a success without content or with another status than 200, which of a session's requests counts
 * when the client asks nothing more in that session; a success for a WebSocket's handshake, which only 101 grants; a
 * poll or a POST of a session that is answered by something else's words (a login page, a single-page application's
 * fallback, a captive portal), or by a cache: by its own header, or as the namespace is joined again and the client did
 * not ask for it. Ruled out: a redirect that the client follows, where Engine.IO answers then, or leads to where nobody
 * looks; node's healthy answers to POSTs, which are text/html and say `ok`: the body decides, not its type; CORS
 * preflights; a refused WebSocket of a session, which upgrade.c reports, and a handshake by polling that is answered by
 * a page, which refusals.c reports.
 */
#include "base/hash.h"
#include "detect/detector.h"
#include "detect/refusal.h"

#include <stdio.h>
#include <stdlib.h>

enum { FOREIGN_REDIRECTS = 64, FOREIGN_TEXT = 160 };

/* The poll's answer with which the session joined a namespace. Its CONNECT comes again only to one that joins again. */
struct foreign_session {
	uint64_t joined; /* a digest of namespace and data; 0: none */
	timestamp time;
	struct origin origin;
	timestamp asked;   /* the latest poll that was answered was begun */
	uint64_t reported; /* its answer's first packet, when it says itself that a cache gave it */
	/* The answer that most clients do not take; CAUSES: there is none, or the client went on after one. */
	enum cause doubted;
	bool went_on;
	int status;
	timestamp doubted_at;
	struct origin doubted_origin;
};

/* A redirect that was not followed yet. */
struct redirect {
	struct address client;
	struct endpoint server;
	enum transport transport;
	int status;
	timestamp time;
	struct origin origin;
	bool leads_out; /* to another host or scheme: where that was not captured, nobody can see it followed */
	bool of_post;
	bool makes_get;            /* a POST that clients repeat as a GET */
	uint64_t followed;         /* refusal_digest_moved */
	bool of_session_elsewhere; /* its sid was not given out here: a redirect before it was followed */
	uint64_t user;             /* a digest of what shows whose it is: several users may have one address */
	char asked[FOREIGN_TEXT];  /* the path, without its query */
	char location[FOREIGN_TEXT];
	char path[FOREIGN_TEXT]; /* of the location */
};

struct foreign {
	struct findings *findings;
	struct state_slot sessions;
	struct redirect redirects[FOREIGN_REDIRECTS]; /* the earliest first */
	size_t count;
};

static void *foreign_new(const struct detector_state *state)
{
	struct foreign *foreign = calloc(1, sizeof *foreign);
	if (foreign) {
		foreign->findings = state->findings;
		foreign->sessions = state->sessions;
	}
	return foreign;
}

static void foreign_copy(char text[FOREIGN_TEXT], struct slice value)
{
	value = slice_take(value, FOREIGN_TEXT - 1);
	memcpy(text, value.len ? (const char *)value.at : "", value.len);
	text[value.len] = '\0';
}

static bool foreign_is_method(const struct exchange *exchange, const char *method)
{
	return slice_equals_text(exchange->request.head.method, method);
}

/* ---- reporting it */

static struct finding *foreign_claim(struct foreign *foreign, const struct event *event,
    const struct endpoint *endpoint, enum transport transport, int status, enum confidence confidence)
{
	char subject[ENDPOINT_TEXT_SIZE + 64], server[ENDPOINT_TEXT_SIZE];
	snprintf(
	    subject, sizeof subject, "%s %s %d", endpoint_format(endpoint, server), transport_name(transport), status);
	return findings_claim(foreign->findings, CODE_HANDSHAKE_REJECTED, confidence, NULL, event, subject);
}

static const char *foreign_what(const struct exchange *exchange)
{
	if (foreign_is_method(exchange, "POST"))
		return "a POST of a session";
	if (exchange->target->transport == TRANSPORT_WEBSOCKET)
		return "a WebSocket's handshake";
	return exchange->target->sid_len ? "a poll of a session" : "a handshake";
}

static void foreign_report_words(struct foreign *foreign, const struct event *event)
{
	const struct exchange *exchange = event->exchange;
	char server[ENDPOINT_TEXT_SIZE], quote[REFUSAL_QUOTE_SIZE];
	struct finding *finding = foreign_claim(foreign, event, &event->connection->server, exchange->target->transport,
	    exchange->status, CONFIDENCE_PROVEN);
	if (!finding)
		return;
	finding_prove(
	    foreign->findings, finding, &event->origin, "%s: HTTP %d", foreign_what(exchange), exchange->status);
	if (finding->count > 1)
		return;
	finding_say(foreign->findings, finding, "%s answered %s by HTTP %d and %s, which is no answer of Engine.IO%s",
	    endpoint_format(&event->connection->server, server), foreign_what(exchange), exchange->status,
	    refusal_quote(exchange, quote),
	    foreign_is_method(exchange, "POST") ? "; what the POST carried is lost" : "");
	enum cause cause = refusal_success_cause(exchange);
	finding_set_cause(foreign->findings, finding, cause, NULL);
	if (cause != CAUSE_NOT_SOCKETIO)
		return;
	finding_advise(foreign->findings, finding,
	    exchange->target->sid_len ? "Something on the way answers in place of the server: a proxy's login page "
	                                "(let the path of Socket.IO pass, or let the client sign in first), a cache, a "
	                                "captive portal, a fallback to a single-page application's index.html."
	                              : "The path does not lead to Socket.IO but to something else, which answers in "
	                                "its place (a single-page application's fallback, a static file server, "
	                                "another application): correct the client's path or the proxy's location.");
	const struct cause_entry *known = plugin_refused(exchange);
	if (known)
		finding_set_cause_row(foreign->findings, finding, known);
}

/* ---- caches */

/* `what` was answered; `first`: by the same answer as came there; NULL: it says so itself. */
static void foreign_report_cached(
    struct foreign *foreign, const struct event *event, const char *what, const struct origin *first)
{
	char server[ENDPOINT_TEXT_SIZE], subject[ENDPOINT_TEXT_SIZE + 16];
	snprintf(subject, sizeof subject, "%s cached", endpoint_format(&event->connection->server, server));
	struct finding *finding = findings_claim(
	    foreign->findings, CODE_HANDSHAKE_REJECTED, CONFIDENCE_PROVEN, NULL, event, subject);
	if (!finding)
		return;
	if (first && finding->count == 1)
		finding_prove(foreign->findings, finding, first, "the answer for the first time");
	finding_prove(foreign->findings, finding, &event->origin, "%s, answered by a cache", what);
	if (finding->count > 1)
		return;
	finding_say(foreign->findings, finding,
	    "a cache at %s answered %s in place of the server (%s): the server did not see the request, and the client "
	    "gets what another request got",
	    server, what,
	    first ? "the same answer came before, with the same namespace sid, which a server gives out once"
	          : "the answer's Age, X-Cache or X-Varnish says so");
	finding_set_cause(foreign->findings, finding, CAUSE_CACHED, NULL);
}

static bool foreign_is_poll(const struct exchange *exchange)
{
	return exchange->status == 200 && exchange->target->transport == TRANSPORT_POLLING &&
	       foreign_is_method(exchange, "GET");
}

static void foreign_note_poll(struct foreign *foreign, const struct event *event)
{
	bool is_poll = event->session && foreign_is_poll(event->exchange);
	struct foreign_session *per_session = is_poll ? session_state_of(&foreign->sessions, event->session) : NULL;
	if (!per_session)
		return;
	per_session->asked = event->exchange->request.begun;
	if (refusal_is_cached(event->exchange))
		per_session->reported = event->exchange->answer.origin.first;
}

/* The server's CONNECT in answer to a poll. Where it comes again, and the client had not asked to join again, an answer
 * was repeated that says nothing of a cache. Some servers give a session the same sid whenever it joins
 * (netty-socketio, socketioxide). */
static void foreign_take_connect(struct foreign *foreign, const struct event *event)
{
	const struct slice nsp = event->packet.nsp, data = event->packet.data;
	bool joins = event->session && event->transport == TRANSPORT_POLLING &&
	             event->direction == DIRECTION_TO_CLIENT && data.len;
	struct foreign_session *per_session = joins ? session_state_find(&foreign->sessions, event->session) : NULL;
	if (!per_session)
		return;
	uint64_t digest = fnv_add(fnv_add(FNV_START, nsp.at, nsp.len), data.at, data.len);
	bool again = !event->answers && per_session->joined == digest && per_session->asked > per_session->time;
	if (again && !event->session->gaps && per_session->reported != event->origin.first)
		foreign_report_cached(foreign, event, "a poll of a session", &per_session->origin);
	if (per_session->joined && !event->answers)
		return;
	per_session->joined = digest;
	per_session->time = event->origin.time;
	per_session->origin = event->origin;
}

/* ---- successes that clients do not take */

/* Browsers' engine.io-client takes 200 alone for the success of a POST (polling-xhr: onReadyStateChange), and no
 * payload without a packet; python's takes both. What this client does, its next request shows. */
static enum cause foreign_doubt(const struct exchange *exchange)
{
	bool success = exchange->status >= 200 && exchange->status < 300 && !exchange->answer.incomplete;
	if (!success || !exchange->target->sid_len || exchange->target->transport != TRANSPORT_POLLING)
		return CAUSES;
	if (foreign_is_method(exchange, "POST"))
		return exchange->status == 200 ? CAUSES : CAUSE_OTHER_SUCCESS;
	return foreign_is_poll(exchange) && !exchange->plain.len && !exchange_lacks_body(exchange) ? CAUSE_EMPTY_POLL
	                                                                                           : CAUSES;
}

static void foreign_look_at_doubt(struct foreign *foreign, const struct event *event)
{
	enum cause doubted = event->kind == EVENT_HTTP ? foreign_doubt(event->exchange) : CAUSES;
	struct foreign_session *per_session = doubted != CAUSES
	                                          ? session_state_of(&foreign->sessions, event->session)
	                                          : session_state_find(&foreign->sessions, event->session);
	if (!per_session)
		return;
	timestamp asked = event->kind == EVENT_HTTP ? event->exchange->request.begun : event->origin.time;
	bool says = event_kind_layer(event->kind) & (LAYER_ENGINEIO | LAYER_SOCKETIO);
	bool asks = event->kind == EVENT_HTTP || (says && event->direction == DIRECTION_TO_SERVER);
	per_session->went_on |= per_session->status && asks && asked > per_session->doubted_at;
	if (doubted == CAUSES || per_session->status)
		return;
	per_session->doubted = doubted;
	per_session->status = event->exchange->status;
	per_session->doubted_at = event->origin.time;
	per_session->doubted_origin = event->origin;
}

static void foreign_judge_session(void *self, const struct session *session)
{
	struct foreign *foreign = self;
	const struct foreign_session *per_session = session_state_find(&foreign->sessions, session);
	char server[ENDPOINT_TEXT_SIZE], subject[ENDPOINT_TEXT_SIZE + 16];
	if (!per_session || !per_session->status || per_session->went_on || session_said_goodbye(session, UINT64_MAX) ||
	    session->watched - per_session->doubted_at < threshold_time(THRESHOLD_REQUEST_LEAST))
		return;
	bool of_post = per_session->doubted == CAUSE_OTHER_SUCCESS;
	snprintf(
	    subject, sizeof subject, "%s %s", endpoint_format(&session->server, server), of_post ? "post" : "empty");
	struct finding *finding = findings_claim(
	    foreign->findings, CODE_HANDSHAKE_REJECTED, detector_absence(session), NULL, NULL, subject);
	if (!finding)
		return;
	if (finding->count == 1)
		finding_begin_at(finding, per_session->doubted_at);
	finding_note_time(finding, per_session->doubted_at);
	finding_prove(foreign->findings, finding, &per_session->doubted_origin, "%s: HTTP %d",
	    of_post ? "a POST of a session" : "a poll of a session", per_session->status);
	if (finding->count > 1)
		return;
	finding_say(foreign->findings, finding,
	    of_post ? "%s answered a POST of a session by HTTP %d, where the client takes 200 alone for a success: it "
	              "asked nothing more in that session"
	            : "%s answered a poll of a session by HTTP %d and an empty body, in which there is no packet: the "
	              "client asked nothing more in that session",
	    server, per_session->status);
	finding_set_cause(foreign->findings, finding, per_session->doubted, NULL);
	detector_doubt_absence(foreign->findings, finding, session);
}

/* ---- redirects */

/* Paths and parameters of pages where users sign in: OAuth 2.0 (RFC 6749 §4.1.1) and OpenID Connect, SAML, CAS, and the
 * usual words. */
static bool foreign_is_sign_in(const struct redirect *redirect)
{
	static const char *const words[] = {"login", "log-in", "signin", "sign-in", "sign_in", "oauth", "openid",
	    "saml", "/sso", "sso.", "/authorize", "client_id=", "/cas/"};
	for (size_t i = 0; i < sizeof words / sizeof *words; i++)
		if (server_text_matches(slice_of_text(redirect->location), words[i]))
			return true;
	return false;
}

static void foreign_report_redirect(struct foreign *foreign, const struct redirect *redirect, bool repeated)
{
	char server[ENDPOINT_TEXT_SIZE];
	enum confidence confidence = !redirect->leads_out ? CONFIDENCE_PROVEN
	                             : repeated           ? CONFIDENCE_LIKELY
	                                                  : CONFIDENCE_POSSIBLE;
	struct finding *finding = foreign_claim(
	    foreign, NULL, &redirect->server, redirect->transport, redirect->status, confidence);
	if (!finding)
		return;
	if (finding->count == 1)
		finding_begin_at(finding, redirect->time);
	finding_note_time(finding, redirect->time);
	finding_prove(foreign->findings, finding, &redirect->origin, "HTTP %d%s%s", redirect->status,
	    *redirect->location ? ", Location: " : " without a Location", redirect->location);
	if (finding->count == 1) {
		finding_say(foreign->findings, finding,
		    "%s answered a %s by HTTP %d with Location: %s (asked for: %s), and %s",
		    endpoint_format(&redirect->server, server),
		    redirect->of_post                            ? "POST"
		    : redirect->transport == TRANSPORT_WEBSOCKET ? "WebSocket's handshake"
		                                                 : "request by polling",
		    redirect->status, *redirect->location ? redirect->location : "none", redirect->asked,
		    redirect->makes_get ? "clients repeat a POST after that as a GET, without what it carried"
		                        : "the client did not get a session there");
		finding_set_cause(foreign->findings, finding,
		    foreign_is_sign_in(redirect) ? CAUSE_SIGN_IN
		    : redirect->makes_get        ? CAUSE_POST_AS_GET
		                                 : CAUSE_REDIRECT,
		    NULL);
	}
	if (!redirect->leads_out || repeated) {
		finding->severity = SEVERITY_ERROR;
	} else if (finding->count == 1) {
		finding_set_case(finding, REDIRECT_UNSEEN);
		finding_doubt(foreign->findings, finding,
		    "the redirect leads to another host or scheme; if the client followed it, that is not in the "
		    "capture");
	}
}

/* A client that does not follow asks for the same again and again; one that did asks with the sid that it got. */
static bool foreign_is_repeat(const struct redirect *a, const struct redirect *b)
{
	return address_equals(&a->client, &b->client) && a->user == b->user && !a->of_session_elsewhere &&
	       !b->of_session_elsewhere && !strcmp(a->asked, b->asked);
}

static void foreign_forget(struct foreign *foreign, size_t nth)
{
	foreign->count--;
	memmove(&foreign->redirects[nth], &foreign->redirects[nth + 1],
	    (foreign->count - nth) * sizeof foreign->redirects[0]);
}

static void foreign_settle(struct foreign *foreign, size_t nth)
{
	const struct redirect *redirect = &foreign->redirects[nth];
	size_t times = 0;
	for (size_t i = 0; i < foreign->count; i++)
		times += foreign_is_repeat(redirect, &foreign->redirects[i]);
	foreign_report_redirect(foreign, redirect, times >= threshold_count(THRESHOLD_REDIRECT_AGAIN));
	foreign_forget(foreign, nth);
}

static void foreign_settle_old(struct foreign *foreign, timestamp now)
{
	while (foreign->count && now - foreign->redirects[0].time > threshold_time(THRESHOLD_REDIRECT_FOLLOWED))
		foreign_settle(foreign, 0);
}

/* "http://host/path?query" is another scheme or host than the request's, or not. */
static bool foreign_leads_out(const struct exchange *exchange, struct slice location, struct slice *path)
{
	size_t scheme = slice_find(location, SLICE("://"));
	bool relative = scheme >= slice_find_byte(location, '?') || scheme >= location.len;
	if (relative && !slice_starts_with(location, SLICE("//"))) {
		*path = location;
		return false;
	}
	struct slice rest = slice_drop(location, relative ? 2 : scheme + 3);
	size_t len = slice_find_byte(rest, '/');
	struct slice host = slice_take(rest, len);
	*path = slice_drop(rest, len < rest.len ? len : rest.len);
	return slice_starts_with(location, SLICE("https:")) ||
	       !slice_equals(host, exchange_field(&exchange->request, "Host"));
}

/* The browser, and the address that a proxy before this place gives. */
static uint64_t foreign_digest_user(const struct exchange *exchange)
{
	struct slice agent = exchange_field(&exchange->request, "User-Agent");
	struct slice given = exchange_field(&exchange->request, "X-Forwarded-For");
	return fnv_add(fnv_add(FNV_START, agent.at, agent.len), given.at, given.len);
}

static void foreign_note_redirect(struct foreign *foreign, const struct event *event)
{
	const struct exchange *exchange = event->exchange;
	struct slice location = exchange_field(&exchange->answer, "Location"), path;
	if (foreign->count == FOREIGN_REDIRECTS)
		foreign_settle(foreign, 0);
	struct redirect *redirect = &foreign->redirects[foreign->count++];
	*redirect = (struct redirect){.client = event->connection->client.address,
	    .server = event->connection->server,
	    .transport = exchange->target->transport,
	    .status = exchange->status,
	    .time = event->origin.time,
	    .origin = event->origin,
	    .leads_out = foreign_leads_out(exchange, location, &path),
	    .of_post = foreign_is_method(exchange, "POST"),
	    .makes_get = refusal_makes_get(exchange),
	    .followed = refusal_digest_moved(exchange),
	    .of_session_elsewhere = exchange->target->sid_len && !(event->session && event->session->handshake_seen),
	    .user = foreign_digest_user(exchange)};
	foreign_copy(redirect->asked, http_target_path(exchange->request.head.target));
	foreign_copy(redirect->location, location);
	foreign_copy(redirect->path, http_target_path(path));
}

/* The client repeats a POST that was redirected as a GET, as browsers do (refusal_makes_get): the redirect is followed,
 * and what the POST carried is lost, whatever becomes of the GET. In node a poll that is held is the first of two then,
 * so that it ends the session (engine.io, polling.ts: overlap). */
static void foreign_report_post_as_get(
    struct foreign *foreign, const struct redirect *redirect, const struct event *event)
{
	char subject[ENDPOINT_TEXT_SIZE + 32], server[ENDPOINT_TEXT_SIZE];
	snprintf(subject, sizeof subject, "%s a POST as a GET %d", endpoint_format(&redirect->server, server),
	    redirect->status);
	struct finding *finding = findings_claim(
	    foreign->findings, CODE_HANDSHAKE_REJECTED, CONFIDENCE_PROVEN, event->session, event, subject);
	if (!finding)
		return;
	finding_prove(foreign->findings, finding, &redirect->origin, "POST: HTTP %d", redirect->status);
	finding_prove(
	    foreign->findings, finding, &event->origin, "the same as a GET: HTTP %d", event->exchange->status);
	if (finding->count > 1)
		return;
	finding_begin_at(finding, redirect->time);
	finding_note_time(finding, event->origin.time);
	finding_say(foreign->findings, finding,
	    "%s answered a POST by HTTP %d with Location: %s (asked for: %s), and the client repeated it there as a "
	    "GET, without what it carried: that is lost",
	    server, redirect->status, redirect->location, redirect->asked);
	finding_set_cause(foreign->findings, finding, CAUSE_POST_AS_GET, NULL);
}

static void foreign_take_get(struct foreign *foreign, const struct event *event)
{
	uint64_t followed = fnv_digest(event->exchange->request.head.target);
	for (size_t i = 0; i < foreign->count; i++) {
		const struct redirect redirect = foreign->redirects[i];
		bool is_it = redirect.followed == followed &&
		             address_equals(&redirect.client, &event->connection->client.address) &&
		             event->exchange->request.begun >= redirect.time;
		if (!is_it)
			continue;
		foreign_report_post_as_get(foreign, &redirect, event);
		foreign_forget(foreign, i);
		return;
	}
}

/* Engine.IO answered a client where a redirect had sent it. */
static void foreign_note_followed(struct foreign *foreign, const struct event *event)
{
	char path[FOREIGN_TEXT];
	size_t kept = 0;
	foreign_copy(path, http_target_path(event->exchange->request.head.target));
	for (size_t i = 0; i < foreign->count; i++) {
		const struct redirect *redirect = &foreign->redirects[i];
		bool followed = (!redirect->makes_get || foreign_is_method(event->exchange, "POST")) &&
		                address_equals(&redirect->client, &event->connection->client.address) &&
		                !strcmp(redirect->path, path) &&
		                (redirect->leads_out || strcmp(redirect->path, redirect->asked) != 0);
		if (!followed)
			foreign->redirects[kept++] = *redirect;
	}
	foreign->count = kept;
}

/* ---- which is which */

/* 304 is no redirect, but says that the client has the answer already. */
static bool foreign_is_redirect(int status)
{
	return status >= 300 && status < 400 && status != 304;
}

/* An upgrade or a handshake by polling is reported elsewhere. */
static bool foreign_is_reported_elsewhere(const struct event *event)
{
	const struct target *target = event->exchange->target;
	bool websocket = target->transport == TRANSPORT_WEBSOCKET;
	return websocket && target->sid_len && event->session && event->session->known;
}

static bool foreign_is_foreign(const struct event *event)
{
	const struct exchange *exchange = event->exchange;
	const struct target *target = exchange->target;
	if (exchange->status == 304)
		return true;
	if (target->transport == TRANSPORT_WEBSOCKET)
		return !target->sid_len;
	if (exchange->answer.incomplete)
		return false;
	if (foreign_is_method(exchange, "POST"))
		return target->sid_len && refusal_is_foreign(slice_trim(exchange->plain)) &&
		       !slice_equals_nocase(slice_take(exchange->plain, 2), "ok");
	if (exchange->status != 200)
		return true;
	return target->sid_len && refusal_is_foreign(exchange->plain);
}

static void foreign_take_event(void *self, const struct event *event)
{
	struct foreign *foreign = self;
	foreign_settle_old(foreign, event->origin.time);
	if (event->session)
		foreign_look_at_doubt(foreign, event);
	if (event->kind == EVENT_CONNECT)
		foreign_take_connect(foreign, event);
	bool answered = event->kind == EVENT_HTTP && event->exchange->status;
	if (!answered || foreign_is_method(event->exchange, "OPTIONS") || foreign_is_method(event->exchange, "HEAD"))
		return;
	foreign_note_poll(foreign, event);
	if (foreign_is_method(event->exchange, "GET"))
		foreign_take_get(foreign, event);
	int status = event->exchange->status;
	bool is_granted = exchange_grants_websocket(event->exchange);
	if (is_granted && event->session)
		foreign_note_followed(foreign, event);
	else if (is_granted)
		return;
	else if (foreign_is_redirect(status) && !foreign_is_reported_elsewhere(event))
		foreign_note_redirect(foreign, event);
	else if (status >= 200 && status < 400 && !foreign_is_redirect(status) && foreign_is_foreign(event))
		foreign_report_words(foreign, event);
	else if (foreign_is_poll(event->exchange) && refusal_is_cached(event->exchange))
		foreign_report_cached(foreign, event, foreign_what(event->exchange), NULL);
	else if (status == 200 && event->session)
		foreign_note_followed(foreign, event);
}

static void foreign_end(void *self, const struct engine_counts *counts)
{
	struct foreign *foreign = self;
	(void)counts;
	while (foreign->count)
		foreign_settle(foreign, 0);
}

const struct detector detector_foreign = {
    .session_size = sizeof(struct foreign_session),
    .new = foreign_new,
    .event = foreign_take_event,
    .session_over = foreign_judge_session,
    .end = foreign_end,
};
