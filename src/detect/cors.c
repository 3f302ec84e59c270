/*
 * cors-blocked: what a browser would judge of the answer's Access-Control-Allow-Origin.
 *
 * Of a HAR the browser itself says that it kept the answer from the page.
 *
 * Seen: a polling request with an Origin that is not the server's own, and an answer that the fetch standard forbids
 * the page to read: no such field, more than one, another origin, or * although credentials were sent. That a page asks
 * with credentials and has none yet does not show: but one that opens session after session and uses none, each
 * answered with *, most likely does. Ruled out: pages of the same origin, WebSockets (not subject to CORS), clients
 * that are no browsers (they send no Origin; those that do and are not known as browsers by Sec-Fetch-Mode are reported
 * as likely only), a single page that was closed at once.
 */
#include "detect/detector.h"

#include <stdio.h>
#include <stdlib.h>

enum { CORS_ORIGIN = 64 };

/* A session that a browser's page of another origin opened, and was answered with * . */
struct cors_session {
	bool open_to_all;
	bool used; /* the page asked for it again */
	struct origin opened;
	char origin[CORS_ORIGIN + 1];
	struct endpoint server;
};

struct cors_state {
	struct detector_state state;
	struct cors_session unused; /* the last session that no page used */
};

struct cors {
	struct slice origin, host, allowed;
	bool browser, credentials;
	bool proxied;  /* a proxy passed it on, which may have written another Host */
	size_t fields; /* how many Access-Control-Allow-Origin came */
};

/* The fields that proxies add. */
static bool cors_is_proxied(const struct exchange_half *request)
{
	static const char *const fields[] = {
	    "X-Forwarded-For", "X-Forwarded-Host", "X-Forwarded-Proto", "X-Real-IP", "Forwarded", "Via"};
	for (size_t i = 0; i < sizeof fields / sizeof *fields; i++)
		if (exchange_count_fields(request, fields[i]))
			return true;
	return false;
}

static struct cors cors_read(const struct exchange *exchange)
{
	return (struct cors){
	    .origin = exchange_field(&exchange->request, "Origin"),
	    .host = exchange_field(&exchange->request, "Host"),
	    .allowed = exchange_field(&exchange->answer, "Access-Control-Allow-Origin"),
	    .browser = slice_equals_nocase(exchange_field(&exchange->request, "Sec-Fetch-Mode"), "cors"),
	    .proxied = cors_is_proxied(&exchange->request),
	    .credentials = exchange_field(&exchange->request, "Cookie").len > 0,
	    .fields = exchange_count_fields(&exchange->answer, "Access-Control-Allow-Origin"),
	};
}

/* The host that the page asked for, as a proxy passes it on beside the Host that it writes: `host=` of Forwarded, RFC
 * 7239. */
static struct slice cors_forwarded_host(const struct exchange_half *request)
{
	struct slice forwarded = exchange_field(request, "Forwarded"),
	             list = exchange_field(request, "X-Forwarded-Host");
	struct slice host = slice_trim(slice_take_until(&list, ','));
	forwarded = slice_take_until(&forwarded, ',');
	while (!host.len && forwarded.len) {
		struct slice value = slice_take_until(&forwarded, ';');
		if (slice_equals_nocase(slice_trim(slice_take_until(&value, '=')), "host"))
			host = slice_trim(value);
	}
	if (host.len > 2 && host.at[0] == '"')
		host = slice_of(host.at + 1, host.len - 2);
	return host;
}

/* The browser itself says so (Sec-Fetch-Site, of the fetch metadata standard), or one of the hosts does. */
static bool cors_is_same_origin(const struct exchange *exchange, const struct cors *cors)
{
	struct slice site = exchange_field(&exchange->request, "Sec-Fetch-Site"),
	             origin = http_origin_host(cors->origin);
	struct slice asked = cors_forwarded_host(&exchange->request);
	if (site.len)
		return slice_equals_nocase(site, "same-origin");
	return (cors->host.len && slice_equals(origin, cors->host)) || (asked.len && slice_equals(origin, asked));
}

/* Behind a proxy that names no host, an old browser's page may be of the same origin. */
static bool cors_is_doubtful(const struct exchange *exchange, const struct cors *cors)
{
	return cors->proxied && !exchange_count_fields(&exchange->request, "Sec-Fetch-Site") &&
	       !cors_forwarded_host(&exchange->request).len;
}

/* What a browser would object to; CAUSES: nothing. */
static enum cause cors_objection(const struct exchange *exchange, const struct cors *cors)
{
	if (cors->fields == 0)
		return exchange->status >= 400 ? CAUSE_CORS_ERROR : CAUSE_CORS_NO_FIELD;
	if (cors->fields > 1 || slice_find_byte(cors->allowed, ',') < cors->allowed.len)
		return CAUSE_CORS_TWICE;
	if (slice_equals(cors->allowed, SLICE("*")))
		return cors->credentials ? CAUSE_CORS_STAR : CAUSES;
	if (!slice_equals(cors->allowed, cors->origin))
		return CAUSE_CORS_OTHER_ORIGIN;
	bool allows = slice_equals(
	    exchange_field(&exchange->answer, "Access-Control-Allow-Credentials"), SLICE("true"));
	return cors->credentials && !allows ? CAUSE_CORS_NO_CREDENTIALS : CAUSES;
}

static const char *cors_words(enum cause cause)
{
	switch (cause) {
	case CAUSE_CORS_TWICE:
		return "carries Access-Control-Allow-Origin more than once";
	case CAUSE_CORS_STAR:
		return "allows origin * although credentials were sent";
	case CAUSE_CORS_OTHER_ORIGIN:
		return "allows another origin";
	case CAUSE_CORS_NO_CREDENTIALS:
		return "does not allow the credentials that were sent";
	default:
		return "carries no Access-Control-Allow-Origin";
	}
}

static void cors_report(struct findings *findings, const struct event *event, const struct cors *cors, enum cause cause)
{
	char subject[160], server[ENDPOINT_TEXT_SIZE];
	const char *why = cors_words(cause);
	struct slice origin = slice_take(cors->origin, 64);
	endpoint_format(&event->connection->server, server);
	snprintf(subject, sizeof subject, "%s %.*s %s", server, (int)origin.len, (const char *)origin.at, why);
	bool doubtful = cors_is_doubtful(event->exchange, cors);
	struct finding *finding = findings_claim(findings, CODE_CORS_BLOCKED,
	    doubtful                                               ? CONFIDENCE_POSSIBLE
	    : cors->browser || exchange_is_hidden(event->exchange) ? CONFIDENCE_PROVEN
	                                                           : CONFIDENCE_LIKELY,
	    NULL, event, subject);
	if (!finding)
		return;
	if (doubtful)
		finding_set_case(finding, CORS_BEHIND_PROXY);
	finding_prove(findings, finding, &event->origin, "HTTP %d %s", event->exchange->status, why);
	if (finding->count > 1)
		return;
	finding_set_cause(findings, finding, cause, event->session ? &event->session->software : NULL);
	finding_say(findings, finding, "the page comes from %.*s, and the answer of %s (HTTP %d) %s", (int)origin.len,
	    (const char *)origin.at, server, event->exchange->status, why);
	if (doubtful)
		finding_doubt(findings, finding,
		    "a proxy passed the request on and may have written another Host: the page may be of the same "
		    "origin");
	else if (!cors->browser && !exchange_is_hidden(event->exchange))
		finding_doubt(findings, finding, "the client may be no browser, and only browsers check CORS");
}

/* The recording has no answer that shows what is wrong with it. */
static void cors_report_blocked(struct findings *findings, const struct event *event, const struct cors *cors)
{
	char subject[160], server[ENDPOINT_TEXT_SIZE];
	const char *why = event->exchange->why ? event->exchange->why : "blocked";
	struct slice origin = slice_take(cors->origin, CORS_ORIGIN);
	endpoint_format(&event->connection->server, server);
	snprintf(subject, sizeof subject, "%s %.*s blocked", server, (int)origin.len, (const char *)origin.at);
	struct finding *finding = findings_claim(findings, CODE_CORS_BLOCKED, CONFIDENCE_LIKELY, NULL, event, subject);
	if (!finding)
		return;
	finding_prove(
	    findings, finding, &event->origin, "%s, to a page of %.*s", why, (int)origin.len, (const char *)origin.at);
	if (finding->count > 1)
		return;
	finding_set_cause(findings, finding, CAUSE_CORS_NO_FIELD, event->session ? &event->session->software : NULL);
	finding_say(findings, finding, "the page comes from %.*s, and the browser failed its request to %s (%s)",
	    (int)origin.len, (const char *)origin.at, server, why);
	finding_doubt(findings, finding,
	    "the HAR has no answer: the browser's console or a capture shows which header is missing");
}

/* ---- sessions that no page used */

static void cors_note_open(struct detector_state *state, const struct event *event, const struct cors *cors)
{
	struct cors_session *per_session = session_state_of(&state->sessions, event->session);
	if (!per_session || per_session->open_to_all)
		return;
	*per_session = (struct cors_session){.open_to_all = true, .opened = event->origin};
	per_session->server = event->session->server;
	snprintf(per_session->origin, sizeof per_session->origin, "%.*s",
	    (int)slice_take(cors->origin, CORS_ORIGIN).len, (const char *)cors->origin.at);
}

static void cors_report_unused(struct findings *findings, const struct session *session,
    const struct cors_session *former, const struct cors_session *per_session)
{
	char subject[160], server[ENDPOINT_TEXT_SIZE];
	endpoint_format(&session->server, server);
	snprintf(subject, sizeof subject, "%s %s unused", server, per_session->origin);
	struct finding *finding = findings_claim(findings, CODE_CORS_BLOCKED, CONFIDENCE_POSSIBLE, NULL, NULL, subject);
	if (!finding)
		return;
	finding_note_time(finding, session->opened);
	if (finding->count == 1) {
		finding_say(findings, finding,
		    "a page from %s opens session after session at %s and uses none; the answers allow origin *, which "
		    "a page that asks with credentials may not read",
		    per_session->origin, server);
		finding_doubt(findings, finding,
		    "that the page asks with credentials (withCredentials) does not show while there are none");
		finding_set_cause(findings, finding, CAUSE_CORS_STAR, NULL);
		finding_prove(findings, finding, &former->opened, "opened, and not used");
	}
	finding_prove(findings, finding, &per_session->opened, "opened, and not used");
}

static void cors_judge_session(void *self, const struct session *session)
{
	struct cors_state *cors = self;
	const struct cors_session *per_session = session_state_find(&cors->state.sessions, session);
	bool unused = per_session && per_session->open_to_all && !per_session->used && !session->gaps &&
	              session->watched > session->last + threshold_time(THRESHOLD_CORS_UNUSED);
	if (unused && strcmp(cors->unused.origin, per_session->origin) == 0 &&
	    endpoint_equals(&cors->unused.server, &per_session->server))
		cors_report_unused(cors->state.findings, session, &cors->unused, per_session);
	if (unused)
		cors->unused = *per_session;
}

/* ---- events */

static void cors_judge_exchange(struct cors_state *self, const struct event *event)
{
	struct detector_state *state = &self->state;
	const struct exchange *exchange = event->kind == EVENT_HTTP ? event->exchange : NULL;
	bool is_blocked = exchange && exchange->state == EXCHANGE_BLOCKED;
	bool is_partial = exchange && (exchange->request.partial || exchange->answer.partial);
	if (!exchange || is_partial || (!exchange->status && !is_blocked) ||
	    exchange->target->transport == TRANSPORT_WEBSOCKET || exchange->target->jsonp)
		return;
	struct cors cors = cors_read(exchange);
	if (!cors.origin.len || cors_is_same_origin(exchange, &cors) || (exchange_is_hidden(exchange) && !is_blocked))
		return;
	if (is_blocked && !exchange->answer.head.fields.len) {
		cors_report_blocked(state->findings, event, &cors);
		return;
	}
	enum cause cause = cors_objection(exchange, &cors);
	if (cause < CAUSES)
		cors_report(state->findings, event, &cors, cause);
	else if (cors.browser && event->session && !exchange->target->sid_len && slice_equals(cors.allowed, SLICE("*")))
		cors_note_open(state, event, &cors);
}

static void cors_take_event(void *self, const struct event *event)
{
	struct cors_state *cors = self;
	struct cors_session *per_session = event->session ? session_state_find(&cors->state.sessions, event->session)
	                                                  : NULL;
	if (per_session)
		per_session->used |= event->direction == DIRECTION_TO_SERVER;
	cors_judge_exchange(cors, event);
}

static void *cors_new(const struct detector_state *state)
{
	struct cors_state *cors = calloc(1, sizeof *cors);
	if (cors)
		cors->state = *state;
	return cors;
}

const struct detector detector_cors = {
    .session_size = sizeof(struct cors_session),
    .new = cors_new,
    .event = cors_take_event,
    .session_over = cors_judge_session,
};
