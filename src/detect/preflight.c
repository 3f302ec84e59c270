/*
 * cors-blocked: what a browser would judge of the answer to a preflight, the OPTIONS that it sends before a request
 * with headers of the page's own (socket.io-client: extraHeaders). Source: the Fetch standard, "CORS-preflight fetch".
 *
 * Seen: an answer whose status is no success, that does not allow the page's origin, or not a header or the method that
 * the preflight asks for. After it the browser does not send the request itself. And preflight after preflight that *
 * lets pass, without the request: * counts for nothing when the page asks with credentials, which a preflight does not
 * show. Ruled out: a client that sends the request all the same, with the headers that its preflight announced, so that
 * it does not check CORS, or not as strictly; pages of the same origin, and clients that are no browsers (cors.c).
 */
#include "base/hash.h"
#include "detect/cors.h"

#include <stdio.h>
#include <stdlib.h>

enum { PREFLIGHTS = 64, PREFLIGHT_HEADERS = 160, PREFLIGHT_HEADER = 64 };

/* The preflights of one page: of one origin, at one server, by one client, for the same headers. */
struct preflight {
	uint64_t page;                   /* a digest of all of these; 0: none */
	uint64_t sender;                 /* the same without the headers */
	char headers[PREFLIGHT_HEADERS]; /* that they ask for, separated by commas */
	char origin[CORS_ORIGIN + 1];
	struct endpoint server;
	struct origin first, last; /* of those that * alone let pass */
	unsigned by_star;          /* how many of these came */
	timestamp blocked;         /* when the latest was not let pass; 0: it was */
	bool is_followed;          /* by a request with those headers */
	bool ignores_cors;         /* even then */
	struct finding *finding;   /* that reports it; NULL: none */
	uint64_t reported;         /* how many of its claims are this page's */
};

struct preflights {
	struct detector_state state;
	struct preflight pages[PREFLIGHTS]; /* the latest, in a ring */
	size_t count;
};

/* ---- what an answer allows */

/* Is `token` in the list of the answer's field, which may come on several lines? */
static bool preflight_lists(const struct exchange *exchange, const char *field, const char *token)
{
	struct slice rest = exchange->answer.head.fields, list;
	while (http_next_field(&rest, field, &list))
		if (http_list_has(list, token))
			return true;
	return false;
}

/* The methods and headers of a request that the answer to its preflight need not name (Fetch, §2.2.1; the header names
 * that browsers ask for are those that it must name). */
static bool preflight_allows_method(const struct exchange *exchange, const char *method)
{
	static const char *const safelisted[] = {"GET", "HEAD", "POST"};
	for (size_t i = 0; i < sizeof safelisted / sizeof *safelisted; i++)
		if (!strcmp(method, safelisted[i]))
			return true;
	return preflight_lists(exchange, "Access-Control-Allow-Methods", method) ||
	       preflight_lists(exchange, "Access-Control-Allow-Methods", "*");
}

/* Named, or covered by *, which authorization is not (Fetch, "CORS non-wildcard request-header name"). */
static bool preflight_allows_header(const struct exchange *exchange, const char *header)
{
	return preflight_lists(exchange, "Access-Control-Allow-Headers", header) ||
	       (!slice_equals_nocase(slice_of_text(header), "Authorization") &&
	           preflight_lists(exchange, "Access-Control-Allow-Headers", "*"));
}

/* What the answer to a preflight does not do. */
struct preflight_objection {
	enum cause cause;     /* CAUSES: it lets the request pass */
	char what[CORS_TEXT]; /* in words */
};

static bool preflight_is_success(const struct exchange *exchange)
{
	return exchange->status >= 200 && exchange->status < 300;
}

static enum cause preflight_cause_of_status(int status)
{
	return status == 401 || status == 407   ? CAUSE_PREFLIGHT_CREDENTIALS
	       : status < 400                   ? CAUSE_PREFLIGHT_REDIRECT
	       : status == 429 || status >= 500 ? CAUSE_CORS_ERROR
	                                        : CAUSE_PREFLIGHT_REFUSED;
}

static void preflight_copy(char *text, size_t size, struct slice from)
{
	from = slice_take(slice_trim(from), size - 1);
	memcpy(text, from.len ? (const char *)from.at : "", from.len);
	text[from.len] = '\0';
}

/* The first of the headers that were asked for and are not allowed; false: all are. */
static bool preflight_find_header(const struct exchange *exchange, char header[PREFLIGHT_HEADER])
{
	struct slice asked = exchange_field(&exchange->request, "Access-Control-Request-Headers");
	while (asked.len) {
		preflight_copy(header, PREFLIGHT_HEADER, slice_take_until(&asked, ','));
		if (*header && !preflight_allows_header(exchange, header))
			return true;
	}
	return false;
}

static struct preflight_objection preflight_judge(const struct exchange *exchange, const struct cors *cors)
{
	char method[32], header[PREFLIGHT_HEADER];
	struct preflight_objection objection = {.cause = CAUSES};
	preflight_copy(method, sizeof method, exchange_field(&exchange->request, "Access-Control-Request-Method"));
	if (!preflight_is_success(exchange)) {
		objection.cause = preflight_cause_of_status(exchange->status);
		snprintf(objection.what, sizeof objection.what, "is no success");
	} else if ((objection.cause = cors_objection(exchange, cors)) < CAUSES) {
		cors_describe(cors, objection.cause, objection.what);
	} else if (!preflight_allows_method(exchange, method)) {
		objection.cause = CAUSE_PREFLIGHT_METHOD;
		snprintf(objection.what, sizeof objection.what, "does not allow the method %s", method);
	} else if (preflight_find_header(exchange, header)) {
		objection.cause = CAUSE_PREFLIGHT_HEADER;
		snprintf(objection.what, sizeof objection.what, "does not allow the header %s", header);
	}
	return objection;
}

/* Does it pass by * alone, which counts for nothing when the page asks with credentials? */
static bool preflight_passes_by_star(const struct exchange *exchange, const struct cors *cors)
{
	struct slice asked = exchange_field(&exchange->request, "Access-Control-Request-Headers");
	bool by_star = slice_equals(cors->allowed, SLICE("*"));
	while (asked.len && !by_star) {
		char header[PREFLIGHT_HEADER];
		preflight_copy(header, sizeof header, slice_take_until(&asked, ','));
		by_star = *header && !preflight_lists(exchange, "Access-Control-Allow-Headers", header);
	}
	return by_star;
}

/* Who sends it: digests of client, user, origin and server. */
static uint64_t preflight_sender(const struct event *event, const struct cors *cors)
{
	struct slice user = exchange_forwarded_for(&event->exchange->request);
	const struct endpoint *server = &event->connection->server;
	uint64_t digest = fnv_add(FNV_START, &event->connection->client.address, sizeof(struct address));
	digest = fnv_add(digest, &server->address, sizeof server->address);
	digest = fnv_add(digest, &server->port, sizeof server->port);
	digest = fnv_add(digest, user.at, user.len);
	return fnv_add(digest, cors->origin.at, cors->origin.len);
}

static struct preflight *preflight_page_of(struct preflights *self, const struct event *event, const struct cors *cors)
{
	struct slice headers = exchange_field(&event->exchange->request, "Access-Control-Request-Headers");
	uint64_t sender = preflight_sender(event, cors), page = fnv_add(sender, headers.at, headers.len);
	for (size_t i = 0; i < PREFLIGHTS; i++)
		if (self->pages[i].page == page)
			return &self->pages[i];
	struct preflight *preflight = &self->pages[self->count++ % PREFLIGHTS];
	*preflight = (struct preflight){.page = page, .sender = sender, .server = event->connection->server};
	preflight_copy(preflight->headers, sizeof preflight->headers, headers);
	preflight_copy(preflight->origin, sizeof preflight->origin, cors->origin);
	return preflight;
}

static void preflight_say(struct findings *findings, struct finding *finding, const struct event *event,
    const struct cors *cors, const struct preflight_objection *objection)
{
	const struct exchange *exchange = event->exchange;
	char server[ENDPOINT_TEXT_SIZE], page[CORS_TEXT], allowed[80], instead[128] = "";
	endpoint_format(&event->connection->server, server);
	cors_describe_page(cors, page);
	if (!preflight_is_success(exchange)) {
		finding_say(findings, finding,
		    "%s, and %s answers its preflight (OPTIONS, which the browser sends first and without credentials) "
		    "with HTTP %d; after that the browser does not send the request itself",
		    page, server, exchange->status);
		return;
	}
	preflight_copy(allowed, sizeof allowed, exchange_field(&exchange->answer, "Access-Control-Allow-Headers"));
	if (objection->cause == CAUSE_PREFLIGHT_HEADER)
		snprintf(instead, sizeof instead,
		    *allowed ? ", and allows %s (Access-Control-Allow-Headers)"
		             : " (it has no Access-Control-Allow-Headers)%s",
		    allowed);
	finding_say(findings, finding,
	    "%s, and the answer of %s to its preflight (OPTIONS, HTTP %d) %s%s; after that the browser does not send "
	    "the request itself",
	    page, server, exchange->status, objection->what, instead);
	if (objection->cause != CAUSE_PREFLIGHT_HEADER || strcmp(allowed, "*") != 0)
		return;
	if (finding->confidence > CONFIDENCE_LIKELY)
		finding->confidence = CONFIDENCE_LIKELY;
	finding_doubt(findings, finding,
	    "* does not cover this header, says the standard since 2019; older browsers let the request pass");
}

static struct finding *preflight_report(struct findings *findings, const struct event *event, const struct cors *cors,
    const struct preflight_objection *objection)
{
	char why[CORS_TEXT + 32];
	snprintf(why, sizeof why, "preflight %d %s", event->exchange->status, objection->what);
	struct finding *finding = cors_claim(findings, event, cors, objection->cause, why);
	if (!finding)
		return NULL;
	finding_prove(
	    findings, finding, &event->origin, "OPTIONS: HTTP %d, which %s", event->exchange->status, objection->what);
	if (finding->count == 1)
		preflight_say(findings, finding, event, cors, objection);
	return finding;
}

static void preflight_take(struct preflights *self, const struct event *event, const struct cors *cors)
{
	struct preflight *preflight = preflight_page_of(self, event, cors);
	const struct preflight_objection objection = preflight_judge(event->exchange, cors);
	preflight->blocked = objection.cause < CAUSES ? event->origin.time : 0;
	if (preflight->blocked && !preflight->ignores_cors) {
		struct finding *finding = preflight_report(self->state.findings, event, cors, &objection);
		preflight->reported = finding == preflight->finding ? preflight->reported + 1 : 1;
		preflight->finding = finding;
	} else if (!preflight->blocked && preflight_passes_by_star(event->exchange, cors)) {
		if (!preflight->by_star++)
			preflight->first = event->origin;
		preflight->last = event->origin;
	}
}

/* A request that carries all headers that a preflight asked for was sent after that preflight. */
static bool preflight_follows(const struct exchange *exchange, const struct preflight *preflight)
{
	struct slice headers = slice_of_text(preflight->headers);
	while (headers.len) {
		char header[PREFLIGHT_HEADER];
		preflight_copy(header, sizeof header, slice_take_until(&headers, ','));
		if (*header && !exchange_count_fields(&exchange->request, header))
			return false;
	}
	return true;
}

/* Its sender does not check CORS, or not as strictly, when the preflight before it was not let pass. */
static void preflight_note_request(struct preflights *self, const struct event *event, const struct cors *cors)
{
	uint64_t sender = self->count ? preflight_sender(event, cors) : 0;
	for (size_t i = 0; i < PREFLIGHTS && i < self->count; i++) {
		struct preflight *preflight = &self->pages[i];
		if (preflight->sender != sender || !preflight_follows(event->exchange, preflight))
			continue;
		preflight->is_followed = true;
		if (!preflight->blocked || event->exchange->request.begun < preflight->blocked)
			continue;
		preflight->ignores_cors = true;
		if (preflight->finding && preflight->finding->count == preflight->reported)
			findings_withdraw(self->state.findings, preflight->finding);
		preflight->finding = NULL;
	}
}

/* One preflight after the other, and never the request that they ask for. */
static void preflight_take_end(void *self, const struct engine_counts *counts)
{
	struct preflights *preflights = self;
	struct findings *findings = preflights->state.findings;
	(void)counts;
	for (size_t i = 0; i < PREFLIGHTS && i < preflights->count; i++) {
		const struct preflight *preflight = &preflights->pages[i];
		char subject[160], server[ENDPOINT_TEXT_SIZE];
		endpoint_format(&preflight->server, server);
		snprintf(subject, sizeof subject, "%s %s preflights alone", server, preflight->origin);
		struct finding *finding = !preflight->is_followed &&
		                                  preflight->by_star >= threshold_count(THRESHOLD_PREFLIGHTS_ALONE)
		                              ? findings_claim(findings, CODE_CORS_BLOCKED, CONFIDENCE_POSSIBLE, NULL,
		                                    NULL, subject)
		                              : NULL;
		if (!finding || finding->count > 1)
			continue;
		finding->server = preflight->server;
		finding_begin_at(finding, preflight->first.time);
		finding_note_time(finding, preflight->last.time);
		finding_say(findings, finding,
		    "a page from %s sent %u preflights (OPTIONS) to %s and never the request that they ask for; the "
		    "answers allow *, which counts for nothing when the page asks with credentials",
		    preflight->origin, preflight->by_star, server);
		finding_doubt(findings, finding,
		    "that the page asks with credentials (withCredentials) does not show in a preflight");
		finding_set_cause(findings, finding, CAUSE_CORS_STAR, NULL);
		finding_prove(findings, finding, &preflight->first, "the first OPTIONS");
		finding_prove(findings, finding, &preflight->last, "the last");
	}
}

static void preflight_take_event(void *self, const struct event *event)
{
	struct preflights *preflights = self;
	struct cors cors;
	if (!cors_read(event, &cors) || !event->exchange->status)
		return;
	if (cors.is_preflight)
		preflight_take(preflights, event, &cors);
	else
		preflight_note_request(preflights, event, &cors);
}

static void *preflight_new(const struct detector_state *state)
{
	struct preflights *preflights = calloc(1, sizeof *preflights);
	if (preflights)
		preflights->state = *state;
	return preflights;
}

const struct detector detector_preflight = {
    .new = preflight_new,
    .event = preflight_take_event,
    .beside = preflight_take_event,
    .end = preflight_take_end,
};
