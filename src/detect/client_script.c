/*
 * handshake-rejected: a page that cannot load Socket.IO's client.
 *
 * Seen: a request of a page (its Referer, or Sec-Fetch-Dest: script) for socket.io.js, which is answered by an error or
 * by a page, and no request of Engine.IO afterwards, to that server or by that client. What else it could be: a
 * scanner, which names no page that it comes from; a page that loads the client from elsewhere as well, whose requests
 * show it; a client that gave up only once, since the file was served later. All these are ruled out. Left out: pages
 * that work for others at the same server.
 */
#include "detect/client_script.h"

#include "detect/detector.h"
#include "detect/thresholds.h"
#include "http/http1.h"

#include <stdio.h>
#include <stdlib.h>

enum { SCRIPT_SERVERS = 32, SCRIPT_TEXT = 96 };

/* Of one server: the first request in vain. */
struct script_failure {
	struct endpoint server;
	struct address client;
	struct origin origin;
	timestamp time;
	uint64_t count;
	enum cause cause;
	int status;
	bool is_page;   /* a page came in the script's place */
	bool is_spoken; /* Engine.IO is, to this server or by this client; or the file was served */
	char path[SCRIPT_TEXT], page[SCRIPT_TEXT];
};

struct client_scripts {
	struct findings *findings;
	struct script_failure failures[SCRIPT_SERVERS]; /* of the first of them */
	size_t count;
};

bool client_script_is(struct slice target)
{
	static const struct slice names[] = {SLICE("socket.io.js"), SLICE("socket.io.min.js"),
	    SLICE("socket.io.esm.min.js"), SLICE("socket.io.msgpack.min.js"), SLICE("socket.io.slim.js"),
	    SLICE("socket.io.dev.js")};
	struct slice name = http_target_path(target);
	for (size_t slash; (slash = slice_find_byte(name, '/')) < name.len;)
		name = slice_drop(name, slash + 1);
	bool found = false;
	for (size_t i = 0; i < sizeof names / sizeof *names; i++)
		found |= slice_equals(name, names[i]);
	return found;
}

static void *scripts_new(const struct detector_state *state)
{
	struct client_scripts *scripts = calloc(1, sizeof *scripts);
	if (scripts)
		scripts->findings = state->findings;
	return scripts;
}

/* NULL: there are too many. */
static struct script_failure *scripts_failure_of(
    struct client_scripts *scripts, const struct endpoint *server, bool add)
{
	for (size_t i = 0; i < scripts->count; i++)
		if (endpoint_equals(&scripts->failures[i].server, server))
			return &scripts->failures[i];
	if (!add || scripts->count == SCRIPT_SERVERS) {
		if (add)
			findings_note_beyond(scripts->findings, NULL, server);
		return NULL;
	}
	struct script_failure *failure = &scripts->failures[scripts->count++];
	*failure = (struct script_failure){.server = *server};
	return failure;
}

/* engine.io answers like this what nothing else at its path takes (server.ts, verify), python-engineio what names no
 * revision (server.py): they are there, and serve no client. */
static enum cause script_cause(const struct exchange *exchange)
{
	struct slice said = exchange->plain;
	if (slice_find(said, SLICE("\"Transport unknown\"")) < said.len)
		return CAUSE_SCRIPT_SWITCHED_OFF;
	if (slice_find(said, SLICE("unsupported version of the Socket.IO")) < said.len)
		return CAUSE_SCRIPT_NOT_SERVED;
	return CAUSE_SCRIPT_MISSING;
}

static bool script_is_of_page(const struct exchange *exchange)
{
	return exchange_field(&exchange->request, "Referer").len ||
	       slice_equals(exchange_field(&exchange->request, "Sec-Fetch-Dest"), SLICE("script"));
}

/* A page in its place: a single page's server answers so whatever it does not know. */
static bool script_is_page(const struct exchange *exchange)
{
	struct slice type = exchange_field(&exchange->answer, "Content-Type");
	return exchange->status == 200 && slice_starts_with(type, SLICE("text/html"));
}

/* Scheme and host alone: a page's query may hold what is nobody's business. */
static void script_copy_page(struct script_failure *failure, struct slice referer)
{
	size_t host = slice_find(referer, SLICE("://")) + 3;
	size_t len = host < referer.len ? host + slice_find_byte(slice_drop(referer, host), '/') : 0;
	snprintf(failure->page, sizeof failure->page, "%.*s", (int)slice_take(referer, len).len,
	    referer.at ? (const char *)referer.at : "");
}

static void script_note_failure(struct script_failure *failure, const struct event *event)
{
	const struct exchange *exchange = event->exchange;
	struct slice path = http_target_path(exchange->request.head.target);
	if (failure->count++)
		return;
	failure->client = event->connection->client.address;
	failure->origin = event->origin;
	failure->time = event->origin.time;
	failure->status = exchange->status;
	failure->is_page = script_is_page(exchange);
	failure->cause = script_cause(exchange);
	path = slice_take(path, sizeof failure->path - 1);
	snprintf(failure->path, sizeof failure->path, "%.*s", (int)path.len, path.at ? (const char *)path.at : "");
	script_copy_page(failure, exchange_field(&exchange->request, "Referer"));
}

static void scripts_take_script(void *self, const struct event *event)
{
	struct client_scripts *scripts = self;
	const struct exchange *exchange = event->exchange;
	bool fails = exchange->status >= 400 || script_is_page(exchange);
	bool concerns = fails && script_is_of_page(exchange);
	struct script_failure *failure = event->connection && exchange->status
	                                     ? scripts_failure_of(scripts, &event->connection->server, concerns)
	                                     : NULL;
	if (failure && concerns)
		script_note_failure(failure, event);
	else if (failure && !fails)
		failure->is_spoken = true;
}

static void scripts_take_event(void *self, const struct event *event)
{
	struct client_scripts *scripts = self;
	for (size_t i = 0; event->connection && i < scripts->count; i++) {
		struct script_failure *failure = &scripts->failures[i];
		failure->is_spoken |= endpoint_equals(&failure->server, &event->connection->server) ||
		                      address_equals(&failure->client, &event->connection->client.address);
	}
}

static void scripts_report(struct findings *findings, const struct script_failure *failure)
{
	char server[ENDPOINT_TEXT_SIZE], status[32] = "a page";
	endpoint_format(&failure->server, server);
	struct finding *finding = findings_claim(
	    findings, CODE_HANDSHAKE_REJECTED, CONFIDENCE_LIKELY, NULL, NULL, server);
	if (!finding)
		return;
	if (!failure->is_page)
		snprintf(status, sizeof status, "HTTP %d", failure->status);
	finding_begin_at(finding, failure->time);
	finding_say(findings, finding,
	    "a page%s%s asked %s for Socket.IO's client, %s, and got %s (%llu time%s); no request of Engine.IO came "
	    "afterwards: without the file the page has no io(), and never connects",
	    *failure->page ? " of " : "", failure->page, server, failure->path, status,
	    (unsigned long long)failure->count, failure->count == 1 ? "" : "s");
	finding_doubt(findings, finding, "what the page does without the file is not on the wire: it may not need it");
	finding_set_cause(findings, finding, failure->cause, NULL);
	finding_prove(findings, finding, &failure->origin, "%s: %s", failure->path, status);
}

/* A page that has the client uses it at once: a capture that ends sooner shows nothing. */
static void scripts_end(void *self, const struct engine_counts *counts)
{
	struct client_scripts *scripts = self;
	for (size_t i = 0; i < scripts->count; i++)
		if (!scripts->failures[i].is_spoken &&
		    counts->last - scripts->failures[i].time >= threshold_time(THRESHOLD_SCRIPT_USED))
			scripts_report(scripts->findings, &scripts->failures[i]);
}

const struct detector detector_client_script = {
    .new = scripts_new,
    .event = scripts_take_event,
    .script = scripts_take_script,
    .end = scripts_end,
};
