/*
 * Why a browser did not get its requests through, in its own words: a HAR file names an error of the network stack for
 * each request that has no answer.
 *
 * Seen: requests of Engine.IO that failed, with the reason that the browser gives. Each reason is a row here: of which
 * finding it is, and whether once is enough. What the browser decides by itself (a policy, an extension, a certificate)
 * is as it says. What came over the network may have been a moment's fault: it must happen several times, and nothing
 * may be answered afterwards. Ruled out: a client that was offline, slept or changed its network (a name is not
 * resolved then either), a request that the page aborted. A connection that was refused is unreachable.c's, and an
 * answer that was kept from a page of another origin cors.c's. Where the file gives no reason, it must show no answer
 * of that server at all.
 */
#include "detect/detector.h"

#include <stdio.h>
#include <stdlib.h>

enum { BROWSER_GROUPS = 256, BROWSER_ORIGINS = 4 };

enum browser_weight {
	BROWSER_CERTAIN, /* the browser's own decision: once is enough */
	BROWSER_NETWORK, /* may pass by itself */
	BROWSER_UNSAID,  /* the reason is not known */
};

/* Reasons without a row are no faults of the server, or are found elsewhere. */
static const struct {
	unsigned code;
	enum cause cause;
	enum browser_weight weight;
	const char *seen; /* behind "the browser" */
} browser_rows[RECORDED_FAILURES] = {
    [RECORDED_FAILED] = {CODE_REQUEST_UNANSWERED, CAUSE_BROWSER_UNSAID, BROWSER_UNSAID, "shows no answer to"},
    [RECORDED_ISOLATED] = {CODE_CORS_BLOCKED, CAUSE_BROWSER_ISOLATED, BROWSER_CERTAIN,
        "kept the answer from the page of"},
    [RECORDED_BY_EXTENSION] = {CODE_REQUEST_UNANSWERED, CAUSE_BROWSER_EXTENSION, BROWSER_CERTAIN,
        "(an extension or content blocker in it) stopped and never sent"},
    [RECORDED_BY_CSP] = {CODE_REQUEST_UNANSWERED, CAUSE_BROWSER_CSP, BROWSER_CERTAIN,
        "did not send, because of the page's Content-Security-Policy (connect-src),"},
    [RECORDED_BY_MIXED_CONTENT] = {CODE_REQUEST_UNANSWERED, CAUSE_BROWSER_MIXED_CONTENT, BROWSER_CERTAIN,
        "did not send, because the page is of https and the URL is not (mixed content),"},
    [RECORDED_BY_LOCAL_NETWORK] = {CODE_REQUEST_UNANSWERED, CAUSE_BROWSER_LOCAL_NETWORK, BROWSER_CERTAIN,
        "did not send, because the address is of a local network,"},
    [RECORDED_BY_POLICY] = {CODE_REQUEST_UNANSWERED, CAUSE_BROWSER_POLICY, BROWSER_CERTAIN,
        "did not send, because of a policy of the computer,"},
    [RECORDED_BY_PORT] = {CODE_REQUEST_UNANSWERED, CAUSE_BROWSER_PORT, BROWSER_CERTAIN,
        "did not send, because of its port,"},
    [RECORDED_NO_NAME] = {CODE_SERVER_UNREACHABLE, CAUSE_BROWSER_NO_NAME, BROWSER_NETWORK,
        "could not resolve the name of the host (DNS) for"},
    [RECORDED_TIMED_OUT] = {CODE_SERVER_UNREACHABLE, CAUSE_BROWSER_TIMED_OUT, BROWSER_NETWORK, "timed out at"},
    [RECORDED_NO_ROUTE] = {CODE_SERVER_UNREACHABLE, CAUSE_BROWSER_NO_ROUTE, BROWSER_NETWORK,
        "could not reach the address for"},
    [RECORDED_NO_PROXY] = {CODE_SERVER_UNREACHABLE, CAUSE_BROWSER_NO_PROXY, BROWSER_NETWORK,
        "got no connection through its proxy for"},
    [RECORDED_BAD_CA] = {CODE_TLS_FAILED, CAUSE_TLS_UNKNOWN_CA, BROWSER_CERTAIN,
        "does not trust the issuer of the server's certificate and did not send"},
    [RECORDED_BAD_DATE] = {CODE_TLS_FAILED, CAUSE_TLS_EXPIRED, BROWSER_CERTAIN,
        "found the server's certificate expired, or not valid yet, and did not send"},
    [RECORDED_BAD_NAME] = {CODE_TLS_FAILED, CAUSE_TLS_CERTIFICATE, BROWSER_CERTAIN,
        "found the server's certificate to be for another name and did not send"},
    [RECORDED_BAD_CERTIFICATE] = {CODE_TLS_FAILED, CAUSE_TLS_CERTIFICATE, BROWSER_CERTAIN,
        "does not accept the server's certificate and did not send"},
    [RECORDED_NO_CLIENT_CERTIFICATE] = {CODE_TLS_FAILED, CAUSE_TLS_CLIENT_CERTIFICATE, BROWSER_CERTAIN,
        "has no certificate of the client that the server accepts, for"},
    [RECORDED_NO_TLS_VERSION] = {CODE_TLS_FAILED, CAUSE_TLS_VERSION, BROWSER_CERTAIN,
        "has no version of TLS or cipher suite in common with the server, for"},
    [RECORDED_NO_TLS] = {CODE_TLS_FAILED, CAUSE_BROWSER_NO_TLS, BROWSER_NETWORK, "got an answer that is no TLS, for"},
    [RECORDED_BAD_TLS] = {CODE_TLS_FAILED, CAUSE_BROWSER_BAD_TLS, BROWSER_NETWORK, "failed at the TLS handshake for"},
    [RECORDED_RESET] = {CODE_REQUEST_UNANSWERED, CAUSE_BROWSER_RESET, BROWSER_NETWORK,
        "lost the connection before the answer to"},
    [RECORDED_BROKEN_ANSWER] = {CODE_REQUEST_UNANSWERED, CAUSE_BROWSER_BROKEN_ANSWER, BROWSER_NETWORK,
        "could not read the answer to"},
    [RECORDED_REDIRECTS] = {CODE_REQUEST_UNANSWERED, CAUSE_BROWSER_REDIRECTS, BROWSER_CERTAIN,
        "was redirected again and again, and gave up,"},
};

/* Requests to one server that failed for one reason. */
enum { BROWSER_WAIT = 96 };

struct browser_group {
	timestamp shortest, longest; /* from a request to its end without an answer */
	struct endpoint server;
	enum recorded_failure failure;
	uint64_t count;
	bool is_answered; /* the server answered another, before or after */
	timestamp first, last;
	struct origin origins[BROWSER_ORIGINS]; /* of the first of them */
	char why[64], page[64];
};

struct browser {
	struct findings *findings;
	struct browser_group groups[BROWSER_GROUPS];
	size_t count;
	bool is_offline; /* the client was, and nothing was answered since */
};

static void *browser_new(const struct detector_state *state)
{
	struct browser *browser = calloc(1, sizeof *browser);
	if (browser)
		browser->findings = state->findings;
	return browser;
}

/* ---- gathering */

static struct browser_group *browser_group_of(
    struct browser *browser, const struct endpoint *server, enum recorded_failure failure)
{
	for (size_t i = 0; i < browser->count; i++)
		if (browser->groups[i].failure == failure && endpoint_equals(&browser->groups[i].server, server))
			return &browser->groups[i];
	if (browser->count == BROWSER_GROUPS) {
		findings_note_beyond(browser->findings, NULL, server);
		return NULL;
	}
	struct browser_group *group = &browser->groups[browser->count++];
	*group = (struct browser_group){.server = *server, .failure = failure};
	return group;
}

static void browser_keep_text(char *text, size_t size, struct slice value)
{
	value = slice_take(value, size - 1);
	memcpy(text, value.at ? (const char *)value.at : "", value.len);
	text[value.len] = '\0';
}

static void browser_take_failed(struct browser *browser, const struct event *event)
{
	const struct exchange *exchange = event->exchange;
	struct browser_group *group = browser_group_of(browser, &event->connection->server, exchange->failure);
	if (!group)
		return;
	if (!group->count) {
		group->first = exchange->request.begun;
		browser_keep_text(group->why, sizeof group->why, slice_of_text(exchange->why ? exchange->why : ""));
		browser_keep_text(group->page, sizeof group->page, exchange_field(&exchange->request, "Origin"));
	}
	if (group->count < BROWSER_ORIGINS)
		group->origins[group->count] = event->origin;
	timestamp lasted = event->origin.time - exchange->request.begun;
	group->shortest = group->count && group->shortest < lasted ? group->shortest : lasted;
	group->longest = group->longest > lasted ? group->longest : lasted;
	group->count++;
	group->last = event->origin.time;
}

/* What the network did is over once the server answers, or was the client's own network's. */
static void browser_forgive(struct browser *browser, const struct endpoint *server, timestamp begun)
{
	for (size_t i = 0; i < browser->count; i++) {
		struct browser_group *group = &browser->groups[i];
		if (server && !endpoint_equals(&group->server, server))
			continue;
		group->is_answered |= server != NULL;
		if (browser_rows[group->failure].weight == BROWSER_NETWORK && begun >= group->first)
			group->count = 0;
	}
}

static void browser_take_event(void *self, const struct event *event)
{
	struct browser *browser = self;
	const struct exchange *exchange = event->exchange;
	if (event->kind != EVENT_HTTP || event->origin.kind != ORIGIN_ENTRIES || !exchange)
		return;
	const struct endpoint *server = &event->connection->server;
	bool is_of_network = browser_rows[exchange->failure].weight == BROWSER_NETWORK;
	if (exchange->state == EXCHANGE_ANSWERED) {
		browser->is_offline = false;
		struct browser_group *unsaid = browser_group_of(browser, server, RECORDED_FAILED);
		if (unsaid)
			unsaid->is_answered = true;
		browser_forgive(browser, server, exchange->request.begun);
	} else if (exchange->failure == RECORDED_OFFLINE) {
		browser->is_offline = true;
		browser_forgive(browser, NULL, exchange->request.begun);
	} else if (browser_rows[exchange->failure].seen && !(is_of_network && browser->is_offline))
		browser_take_failed(browser, event);
}

/* ---- the findings */

/* How long they were waited for; nothing of those that failed at once. */
static const char *browser_describe_wait(const struct browser_group *group, char text[BROWSER_WAIT])
{
	char shortest[TIMESTAMP_TEXT_SIZE], longest[TIMESTAMP_TEXT_SIZE];
	timestamp_format_span(group->shortest, shortest);
	timestamp_format_span(group->longest, longest);
	text[0] = '\0';
	if (group->shortest >= TIMESTAMP_SECOND)
		snprintf(text, BROWSER_WAIT, ", each after %s%s%s", shortest,
		    strcmp(shortest, longest) == 0 ? "" : " to ", strcmp(shortest, longest) == 0 ? "" : longest);
	return text;
}

static void browser_report(struct findings *findings, const struct browser_group *group)
{
	char server[ENDPOINT_TEXT_SIZE], subject[ENDPOINT_TEXT_SIZE + 64], wait[BROWSER_WAIT];
	enum browser_weight weight = browser_rows[group->failure].weight;
	enum cause cause = browser_rows[group->failure].cause;
	endpoint_format(&group->server, server);
	snprintf(subject, sizeof subject, "%s %s", server, cause_table[cause].word);
	struct finding *finding = findings_claim(findings, browser_rows[group->failure].code,
	    weight == BROWSER_CERTAIN   ? CONFIDENCE_PROVEN
	    : weight == BROWSER_NETWORK ? CONFIDENCE_LIKELY
	                                : CONFIDENCE_POSSIBLE,
	    NULL, NULL, subject);
	if (!finding)
		return;
	finding->count = group->count;
	finding->server = group->server;
	finding_begin_at(finding, group->first);
	finding_note_time(finding, group->last);
	if (group->is_answered || weight == BROWSER_UNSAID)
		finding->severity = SEVERITY_WARNING;
	finding_say(findings, finding, "the browser %s %llu %s to %s%s%s (%s)%s%s", browser_rows[group->failure].seen,
	    (unsigned long long)group->count, group->count == 1 ? "request" : "requests", server,
	    *group->page ? ", of a page from " : "", group->page, *group->why ? group->why : "it gives no reason",
	    browser_describe_wait(group, wait), group->is_answered ? "; others were answered" : "");
	if (weight == BROWSER_NETWORK)
		finding_doubt(findings, finding,
		    "a HAR does not show the network: the client's own may have been at fault, and other clients well");
	else if (weight == BROWSER_UNSAID)
		finding_doubt(findings, finding,
		    "the file gives no reason: the requests may have been aborted by the page as well");
	finding_set_cause(findings, finding, cause, NULL);
	for (size_t i = 0; i < BROWSER_ORIGINS && i < group->count; i++)
		finding_prove(findings, finding, &group->origins[i], "%s", *group->why ? group->why : "no answer");
}

static void browser_end(void *self, const struct engine_counts *counts)
{
	struct browser *browser = self;
	(void)counts;
	for (size_t i = 0; i < browser->count; i++) {
		const struct browser_group *group = &browser->groups[i];
		enum browser_weight weight = browser_rows[group->failure].weight;
		uint64_t least = weight == BROWSER_CERTAIN ? 1 : threshold_count(THRESHOLD_UNREACHABLE_TRIES);
		if (group->count >= least && !(weight == BROWSER_UNSAID && group->is_answered))
			browser_report(browser->findings, group);
	}
}

const struct detector detector_browser = {
    .new = browser_new,
    .event = browser_take_event,
    .end = browser_end,
};
