/*
 * cors-blocked: what a browser would judge of the answer's Access-Control-Allow-Origin (preflight.c: of the answer to a
 * preflight).
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
#include "detect/cors.h"

#include "detect/forwarded.h"

#include <stdio.h>
#include <stdlib.h>
#include <strings.h>

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

/* The browser itself says so (Sec-Fetch-Site, of the fetch metadata standard), or one of the hosts does. */
static bool cors_is_same_origin(const struct exchange *exchange, const struct cors *cors)
{
	struct slice site = exchange_field(&exchange->request, "Sec-Fetch-Site"),
	             origin = http_origin_host(cors->origin);
	struct slice asked = forwarded_host(&exchange->request);
	if (site.len)
		return slice_equals_nocase(site, "same-origin");
	return (cors->host.len && slice_equals(origin, cors->host)) || (asked.len && slice_equals(origin, asked));
}

bool cors_read(const struct event *event, struct cors *cors)
{
	const struct exchange *exchange = event->kind == EVENT_HTTP ? event->exchange : NULL;
	bool is_blocked = exchange && exchange->state == EXCHANGE_BLOCKED;
	bool is_partial = exchange && (exchange->request.partial || exchange->answer.partial);
	if (!exchange || is_partial || (!exchange->status && !is_blocked) ||
	    exchange->target->transport == TRANSPORT_WEBSOCKET || exchange->target->jsonp ||
	    (exchange_is_hidden(exchange) && !is_blocked))
		return false;
	*cors = (struct cors){
	    .origin = exchange_field(&exchange->request, "Origin"),
	    .host = exchange_field(&exchange->request, "Host"),
	    .allowed = exchange_field(&exchange->answer, "Access-Control-Allow-Origin"),
	    .browser = slice_equals_nocase(exchange_field(&exchange->request, "Sec-Fetch-Mode"), "cors"),
	    .proxied = forwarded_is(&exchange->request),
	    .credentials = exchange_field(&exchange->request, "Cookie").len > 0,
	    .fields = exchange_count_fields(&exchange->answer, "Access-Control-Allow-Origin"),
	    .is_preflight = slice_equals(exchange->request.head.method, SLICE("OPTIONS")) &&
	                    exchange_count_fields(&exchange->request, "Access-Control-Request-Method"),
	};
	return cors->origin.len && !cors_is_same_origin(exchange, cors);
}

/* Behind a proxy that names no host, an old browser's page may be of the same origin. */
static bool cors_is_doubtful(const struct exchange *exchange, const struct cors *cors)
{
	return cors->proxied && !exchange_count_fields(&exchange->request, "Sec-Fetch-Site") &&
	       !forwarded_host(&exchange->request).len;
}

/* What the browser kept from the page, it keeps from its HAR as well. */
static bool cors_hides_body(const struct exchange *exchange)
{
	return exchange_lacks_body(exchange) || exchange->failure == RECORDED_BLOCKED;
}

enum cause cors_objection(const struct exchange *exchange, const struct cors *cors)
{
	if (cors->fields == 0)
		return exchange->status == 400 && cors_hides_body(exchange) ? CAUSE_CORS_ERROR_UNREAD
		       : exchange->status >= 400                            ? CAUSE_CORS_ERROR
		                                                            : CAUSE_CORS_NO_FIELD;
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

const char *cors_words(enum cause cause)
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

/* ---- in what the allowed value differs from the page's origin */

/* Browsers compare the two as strings, byte by byte (Fetch, "CORS check"); an origin is a scheme, a host and the port
 * where it is not the scheme's own (RFC 6454, section 6.2). */
struct cors_difference {
	enum cause cause;
	const char *words; /* behind "allows VALUE: " */
};

struct cors_parts {
	struct slice scheme, host, port, rest;
};

static struct cors_parts cors_split(struct slice value)
{
	struct cors_parts parts = {.scheme = slice_take(value, slice_find(value, SLICE("://")))};
	struct slice behind = http_origin_host(value);
	size_t len = slice_find_byte(behind, '/');
	parts.rest = slice_drop(behind, len);
	behind = slice_take(behind, len);
	size_t colon = slice_find_last(behind, SLICE(":"));
	bool has_port = colon < behind.len && slice_find_byte(slice_drop(behind, colon), ']') == behind.len - colon;
	parts.host = has_port ? slice_take(behind, colon) : behind;
	parts.port = has_port ? slice_drop(behind, colon + 1) : slice_of(NULL, 0);
	if (!parts.port.len && slice_equals_nocase(parts.scheme, "http"))
		parts.port = SLICE("80");
	if (!parts.port.len && slice_equals_nocase(parts.scheme, "https"))
		parts.port = SLICE("443");
	return parts;
}

static bool cors_is_same(struct slice a, struct slice b)
{
	return a.len == b.len && (!a.len || !strncasecmp((const char *)a.at, (const char *)b.at, a.len));
}

/* Of a value that is written as an origin is. */
static struct cors_difference cors_compare(struct slice allowed, struct slice origin)
{
	struct cors_parts theirs = cors_split(allowed), own = cors_split(origin);
	bool host = cors_is_same(theirs.host, own.host), port = cors_is_same(theirs.port, own.port);
	if (!host)
		return (struct cors_difference){CAUSE_CORS_OTHER_ORIGIN, "another host than the page's"};
	if (!cors_is_same(theirs.scheme, own.scheme))
		return (struct cors_difference){CAUSE_CORS_OTHER_ORIGIN, "another scheme than the page's"};
	if (!port)
		return (struct cors_difference){CAUSE_CORS_OTHER_ORIGIN, "another port than the page's"};
	if (slice_equals(theirs.rest, SLICE("/")))
		return (struct cors_difference){
		    CAUSE_CORS_ORIGIN_SPELLING, "the page's origin with a slash at its end, which no origin has"};
	if (theirs.rest.len)
		return (struct cors_difference){
		    CAUSE_CORS_ORIGIN_SPELLING, "the page's origin with a path behind it, which no origin has"};
	if (!cors_is_same(allowed, origin))
		return (struct cors_difference){CAUSE_CORS_ORIGIN_SPELLING,
		    "the page's origin with the port of its scheme, which browsers leave out"};
	return (struct cors_difference){
	    CAUSE_CORS_ORIGIN_SPELLING, "the page's origin with upper case, and browsers send lower case"};
}

static struct cors_difference cors_differs(struct slice allowed, struct slice origin)
{
	if (!allowed.len)
		return (struct cors_difference){CAUSE_CORS_NOT_ONE_ORIGIN, "the header is empty"};
	if (slice_find_byte(allowed, '*') < allowed.len)
		return (struct cors_difference){
		    CAUSE_CORS_NOT_ONE_ORIGIN, "a pattern, and browsers know none but * alone"};
	if (slice_find_byte(allowed, ' ') < allowed.len || slice_find_byte(allowed, ';') < allowed.len)
		return (struct cors_difference){
		    CAUSE_CORS_NOT_ONE_ORIGIN, "more than one value, and browsers take one origin alone"};
	if (allowed.at[0] == '"' || allowed.at[0] == '\'')
		return (struct cors_difference){CAUSE_CORS_ORIGIN_SPELLING, "a value in quotes, which no origin has"};
	if (slice_find(allowed, SLICE("://")) < allowed.len)
		return cors_compare(allowed, origin);
	if (cors_is_same(slice_take(allowed, slice_find_byte(allowed, '/')), http_origin_host(origin)))
		return (struct cors_difference){
		    CAUSE_CORS_ORIGIN_SPELLING, "the page's host without its scheme (http:// or https://)"};
	return (struct cors_difference){CAUSE_CORS_NOT_ONE_ORIGIN, "which is no origin"};
}

static bool cors_is_null(const struct cors *cors)
{
	return slice_equals(cors->origin, SLICE("null"));
}

const char *cors_describe(const struct cors *cors, enum cause cause, char text[CORS_TEXT])
{
	struct slice allowed = slice_take(cors->allowed, CORS_ALLOWED);
	const struct cors_difference difference = cause == CAUSE_CORS_OTHER_ORIGIN && !cors_is_null(cors)
	                                              ? cors_differs(cors->allowed, cors->origin)
	                                              : (struct cors_difference){CAUSES, NULL};
	if (cause != CAUSE_CORS_OTHER_ORIGIN)
		snprintf(text, CORS_TEXT, "%s", cors_words(cause));
	else
		snprintf(text, CORS_TEXT, "allows %s\"%.*s\"%s%s", difference.words ? "" : "another origin, ",
		    (int)allowed.len, allowed.len ? (const char *)allowed.at : "", difference.words ? ": " : "",
		    difference.words ? difference.words : "");
	return text;
}

const char *cors_describe_page(const struct cors *cors, char text[CORS_TEXT])
{
	struct slice origin = slice_take(cors->origin, CORS_ORIGIN);
	if (cors_is_null(cors))
		snprintf(text, CORS_TEXT, "the page has no origin of its own (Origin: null)");
	else
		snprintf(text, CORS_TEXT, "the page comes from %.*s", (int)origin.len, (const char *)origin.at);
	return text;
}

/* Why it is so, where the objection alone does not say it: a page without an origin is to get one, whatever the
 * answer allows others. */
static enum cause cors_cause(const struct cors *cors, enum cause objection)
{
	bool is_of_origin = objection == CAUSE_CORS_OTHER_ORIGIN || objection == CAUSE_CORS_NO_FIELD ||
	                    objection == CAUSE_CORS_STAR;
	if (is_of_origin && cors_is_null(cors))
		return CAUSE_CORS_NULL_ORIGIN;
	return objection == CAUSE_CORS_OTHER_ORIGIN ? cors_differs(cors->allowed, cors->origin).cause : objection;
}

struct finding *cors_claim(
    struct findings *findings, const struct event *event, const struct cors *cors, enum cause cause, const char *why)
{
	char subject[CORS_TEXT + CORS_ORIGIN + ENDPOINT_TEXT_SIZE], server[ENDPOINT_TEXT_SIZE];
	struct slice origin = slice_take(cors->origin, CORS_ORIGIN);
	endpoint_format(&event->connection->server, server);
	snprintf(subject, sizeof subject, "%s %.*s %s", server, (int)origin.len, (const char *)origin.at, why);
	bool doubtful = cors_is_doubtful(event->exchange, cors);
	bool is_sure = cors->browser || exchange_is_hidden(event->exchange);
	struct finding *finding = findings_claim(findings, CODE_CORS_BLOCKED,
	    doubtful  ? CONFIDENCE_POSSIBLE
	    : is_sure ? CONFIDENCE_PROVEN
	              : CONFIDENCE_LIKELY,
	    NULL, event, subject);
	if (!finding)
		return NULL;
	if (doubtful)
		finding_set_case(finding, CORS_BEHIND_PROXY);
	if (finding->count > 1)
		return finding;
	finding_set_cause(
	    findings, finding, cors_cause(cors, cause), event->session ? &event->session->software : NULL);
	if (doubtful)
		finding_doubt(findings, finding,
		    "a proxy passed the request on and may have written another Host: the page may be of the same "
		    "origin");
	else if (!is_sure)
		finding_doubt(findings, finding, "the client may be no browser, and only browsers check CORS");
	return finding;
}

static void cors_report(struct findings *findings, const struct event *event, const struct cors *cors, enum cause cause)
{
	char server[ENDPOINT_TEXT_SIZE], page[CORS_TEXT], why[CORS_TEXT];
	struct finding *finding = cors_claim(findings, event, cors, cause, cors_words(cause));
	if (!finding)
		return;
	finding_prove(findings, finding, &event->origin, "HTTP %d %s", event->exchange->status, cors_words(cause));
	if (finding->count == 1)
		finding_say(findings, finding, "%s, and the answer of %s (HTTP %d) %s", cors_describe_page(cors, page),
		    endpoint_format(&event->connection->server, server), event->exchange->status,
		    cors_describe(cors, cause, why));
}

/* The recording has no answer that shows what is wrong with it. */
static void cors_report_blocked(struct findings *findings, const struct event *event, const struct cors *cors)
{
	char subject[160], server[ENDPOINT_TEXT_SIZE], page[CORS_TEXT];
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
	finding_set_cause(findings, finding, cors_cause(cors, CAUSE_CORS_NO_FIELD),
	    event->session ? &event->session->software : NULL);
	finding_say(findings, finding, "%s, and the browser failed its request to %s (%s)",
	    cors_describe_page(cors, page), server, why);
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
	const struct exchange *exchange = event->exchange;
	struct cors cors;
	if (!cors_read(event, &cors))
		return;
	if (exchange->state == EXCHANGE_BLOCKED && !exchange->answer.head.fields.len) {
		cors_report_blocked(state->findings, event, &cors);
		return;
	}
	enum cause cause = cors.is_preflight ? CAUSES : cors_objection(exchange, &cors);
	bool is_open = cors.browser && event->session && !exchange->target->sid_len &&
	               slice_equals(cors.allowed, SLICE("*"));
	if (cause < CAUSES)
		cors_report(state->findings, event, &cors, cause);
	else if (is_open && !cors.is_preflight)
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
    .beside = cors_take_event,
    .session_over = cors_judge_session,
};
