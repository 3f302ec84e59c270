/*
 * cors-blocked: what a browser would judge of the answer's Access-Control-Allow-Origin.
 *
 * Seen: a polling request with an Origin that is not the server's own, and an answer that the fetch standard forbids
 * the page to read: no such field, more than one, another origin, or * although credentials were sent. Ruled out: pages
 * of the same origin, WebSockets (not subject to CORS), clients that are no browsers (they send no Origin; those that
 * do and are not known as browsers by Sec-Fetch-Mode are told as likely only).
 */
#include "detect/detector.h"

#include <stdio.h>

struct cors {
	struct slice origin, host, allowed;
	bool browser, credentials;
	size_t fields; /* how many Access-Control-Allow-Origin came */
};

static struct cors cors_read(const struct exchange *exchange)
{
	struct cors cors = {
	    .origin = exchange_field(&exchange->request, "Origin"),
	    .host = exchange_field(&exchange->request, "Host"),
	    .allowed = exchange_field(&exchange->answer, "Access-Control-Allow-Origin"),
	    .browser = slice_equals_nocase(exchange_field(&exchange->request, "Sec-Fetch-Mode"), "cors"),
	    .credentials = exchange_field(&exchange->request, "Cookie").len > 0,
	};
	struct slice ignored;
	while (http_find_field(exchange->answer.head.fields, "Access-Control-Allow-Origin", cors.fields, &ignored))
		cors.fields++;
	return cors;
}

static bool cors_is_same_origin(const struct cors *cors)
{
	size_t scheme = slice_find(cors->origin, SLICE("://"));
	return scheme < cors->origin.len && slice_equals(slice_drop(cors->origin, scheme + 3), cors->host);
}

/* What a browser would object to; NULL when nothing. */
static const char *cors_objection(const struct exchange *exchange, const struct cors *cors)
{
	if (cors->fields == 0)
		return "carries no Access-Control-Allow-Origin";
	if (cors->fields > 1 || slice_find_byte(cors->allowed, ',') < cors->allowed.len)
		return "carries Access-Control-Allow-Origin more than once";
	if (slice_equals(cors->allowed, SLICE("*")))
		return cors->credentials ? "allows origin * although credentials were sent" : NULL;
	if (!slice_equals(cors->allowed, cors->origin))
		return "allows another origin";
	if (cors->credentials &&
	    !slice_equals(exchange_field(&exchange->answer, "Access-Control-Allow-Credentials"), SLICE("true")))
		return "does not allow the credentials that were sent";
	return NULL;
}

static void cors_tell(struct findings *findings, const struct event *event, const struct cors *cors, const char *why)
{
	char subject[160], server[ENDPOINT_TEXT_SIZE];
	struct slice origin = slice_take(cors->origin, 64);
	endpoint_format(&event->connection->server, server);
	snprintf(subject, sizeof subject, "%s %.*s %s", server, (int)origin.len, (const char *)origin.at, why);
	struct finding *finding = findings_claim(
	    findings, CODE_CORS_BLOCKED, cors->browser ? CONFIDENCE_PROVEN : CONFIDENCE_LIKELY, NULL, event, subject);
	if (!finding)
		return;
	finding_prove(
	    findings, finding, event->first_packet, event->last_packet, "HTTP %d %s", event->exchange->status, why);
	if (finding->count > 1)
		return;
	finding_say(findings, finding, "the page comes from %.*s, and the answer of %s %s", (int)origin.len,
	    (const char *)origin.at, server, why);
	if (!cors->browser)
		finding_doubt(
		    findings, finding, "the client does not show that it is a browser; no other client minds");
	if (cors->fields > 1)
		finding_advise(findings, finding,
		    "Two layers add the field, usually Engine.IO (cors_allowed_origins) and the web framework's or "
		    "proxy's "
		    "CORS: switch it off in one of them.");
}

static void cors_take_event(void *self, const struct event *event)
{
	struct detector_state *state = self;
	const struct exchange *exchange = event->exchange;
	if (event->kind != EVENT_HTTP || !exchange->status || exchange->target.transport == TRANSPORT_WEBSOCKET ||
	    exchange->target.jsonp)
		return;
	struct cors cors = cors_read(exchange);
	if (!cors.origin.len || cors_is_same_origin(&cors))
		return;
	const char *why = cors_objection(exchange, &cors);
	if (why)
		cors_tell(state->findings, event, &cors, why);
}

const struct detector detector_cors = {
    .event = cors_take_event,
};
