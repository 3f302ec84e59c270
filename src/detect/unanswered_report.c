/* request-unanswered: what is said of requests that were not answered (unanswered.c finds them): how sure it is, why,
 * and the packets. */
#include "detect/unanswered.h"

#include <stdio.h>

static const char *unanswered_name(enum request_kind kind, bool one)
{
	static const char *const names[][2] = {
	    [REQUEST_HANDSHAKE] = {"handshakes by polling", "handshake by polling"},
	    [REQUEST_WEBSOCKET] = {"WebSocket handshakes", "WebSocket handshake"},
	    [REQUEST_UPGRADE] = {"upgrades to WebSocket", "upgrade to WebSocket"},
	    [REQUEST_POLL] = {"polls", "poll"},
	    [REQUEST_POST] = {"POSTs", "POST"},
	};
	return names[kind][one];
}

/* Is it worse than a client that may have left, or an answer that may be slow? Servers answer all but a POST at once,
 * whatever the application does; a POST is answered by some when its handlers have ended. */
static bool unanswered_is_certain(const struct unanswered_group *group)
{
	switch (group->end) {
	case REQUEST_GIVEN_UP:
		return group->kind != REQUEST_POST || group->again > 0 ||
		       group->longest >= threshold_time(THRESHOLD_REQUEST_LIMIT);
	case REQUEST_BROKEN_OFF:
		return group->count > 1 || group->kind == REQUEST_POST;
	case REQUEST_CROSSED:
		return true;
	case REQUEST_WAITING:
		return group->longest >= threshold_time(THRESHOLD_REQUEST_LIMIT);
	}
	return false;
}

static void unanswered_say_crossed(
    struct findings *findings, struct finding *finding, const struct unanswered_group *group)
{
	char server[ENDPOINT_TEXT_SIZE], idle[TIMESTAMP_TEXT_SIZE], announced[64] = "", carried[64] = "";
	if (group->announced)
		snprintf(announced, sizeof announced, " (its Keep-Alive says timeout=%u)",
		    (unsigned)(group->announced / TIMESTAMP_SECOND));
	if (group->event[0])
		snprintf(carried, sizeof carried, " with the event %s%s", group->event,
		    group->count > 1 ? " and others" : "");
	finding_say(findings, finding,
	    "%s had ended the connection, which had been idle for %s%s, when %llu %s%s came on it: nobody read what "
	    "came, and it was not sent again",
	    endpoint_format(&group->server, server), timestamp_format_span(group->proofs[0].idle, idle), announced,
	    (unsigned long long)group->count, unanswered_name(group->kind, group->count == 1), carried);
}

static void unanswered_say(
    struct findings *findings, struct finding *finding, const struct unanswered_group *group, bool is_live)
{
	char server[ENDPOINT_TEXT_SIZE], span[TIMESTAMP_TEXT_SIZE];
	const char *name = unanswered_name(group->kind, group->count == 1);
	const char *meanwhile = group->polls_answered ? ", while it answered polls" : "";
	endpoint_format(&group->server, server);
	timestamp_format_span(group->longest, span);
	switch (group->end) {
	case REQUEST_GIVEN_UP:
		finding_say(findings, finding, "%s never answered %llu %s%s; the client gave up after %s%s", server,
		    (unsigned long long)group->count, name, meanwhile, span, group->count > 1 ? " at most" : "");
		break;
	case REQUEST_BROKEN_OFF:
		if (group->kind == REQUEST_POST) {
			finding_say(findings, finding,
			    "%s ended the connection of %llu %s that carried %s%s%s, without an answer; the client did "
			    "not send it again",
			    server, (unsigned long long)group->count, name,
			    group->event[0] ? "the event " : "an acknowledgement", group->event,
			    group->count > 1 ? " and others" : "");
			break;
		}
		finding_say(findings, finding,
		    "%s ended the connections of %llu %s without an answer, after %s at most; the path that they asked "
		    "for is %s",
		    server, (unsigned long long)group->count, name, span, group->path);
		break;
	case REQUEST_CROSSED:
		unanswered_say_crossed(findings, finding, group);
		break;
	case REQUEST_WAITING:
		finding_say(findings, finding,
		    is_live ? "%s has not answered %llu %s so far, %s after the first was sent%s"
		            : "%s has not answered %llu %s when the capture ends, %s after the first was sent%s",
		    server, (unsigned long long)group->count, name, span, meanwhile);
		break;
	}
}

static void unanswered_grade(
    struct findings *findings, struct finding *finding, const struct unanswered_group *group, bool is_live)
{
	finding->severity = SEVERITY_ERROR;
	if (unanswered_is_certain(group)) {
		finding->confidence = CONFIDENCE_LIKELY;
		finding_doubt(findings, finding,
		    group->end == REQUEST_WAITING
		        ? is_live ? "the answer may still come" : "the answer may come after the end of the capture"
		    : group->end == REQUEST_CROSSED
		        ? group->announced ? "that it was not sent again is seen at the place of the capture"
		                           : "a server that stops ends idle connections in the same way"
		    : group->kind == REQUEST_POST && group->end == REQUEST_BROKEN_OFF
		        ? "the server may have handled the event before it ended the connection"
		        : "that nothing was sent is seen at the place of the capture");
		return;
	}
	finding_set_case(finding, group->end == REQUEST_WAITING ? REQUEST_WAITS : REQUEST_LEFT);
	finding->confidence = CONFIDENCE_POSSIBLE;
	finding_doubt(findings, finding,
	    group->end == REQUEST_WAITING ? "the server may only be slow: the capture ends before any limit"
	                                  : "the client may have left of its own accord");
}

/* The host that all of these name, where the server answers by another alone. */
static const char *unanswered_known_host(const struct unanswered_group *group, const struct answered_hosts *answered)
{
	return group->end == REQUEST_BROKEN_OFF && group->kind != REQUEST_POST
	           ? unanswered_other_host(answered, &group->server, group->host)
	           : NULL;
}

static enum cause unanswered_cause(const struct unanswered_group *group, const struct answered_hosts *answered)
{
	static const enum cause causes[] = {[REQUEST_GIVEN_UP] = CAUSE_CLIENT_GAVE_UP,
	    [REQUEST_BROKEN_OFF] = CAUSE_SERVER_BROKE_OFF,
	    [REQUEST_WAITING] = CAUSE_STILL_WAITING,
	    [REQUEST_CROSSED] = CAUSE_KEEP_ALIVE_RACE};
	if (unanswered_known_host(group, answered))
		return CAUSE_HOST_NOT_SERVED;
	/* engine.io server.ts: destroyUpgradeTimeout, 1 s by default */
	if (group->end == REQUEST_BROKEN_OFF && group->kind == REQUEST_POST)
		return CAUSE_POST_BROKEN_OFF;
	if (group->end == REQUEST_BROKEN_OFF && group->kind == REQUEST_WEBSOCKET &&
	    group->longest >= threshold_time(THRESHOLD_REQUEST_LEAST))
		return CAUSE_WEBSOCKET_BROKEN_OFF;
	return group->polls_answered ? CAUSE_WEBSOCKETS_NOT_TAKEN : causes[group->end];
}

/* Where a server breaks off now and then, something else says why (a restart, a crash), but for the events that it had
 * in hand. */
static bool unanswered_is_finding(const struct unanswered_group *group)
{
	return group->end == REQUEST_BROKEN_OFF && group->kind != REQUEST_POST ? group->recurs : group->count > 0;
}

static void unanswered_prove(struct findings *findings, struct finding *finding, const struct unanswered_group *group)
{
	for (size_t i = finding->evidence_count; i < UNANSWERED_PROOFS && i < group->count; i++) {
		char span[TIMESTAMP_TEXT_SIZE];
		const struct unanswered_request *proof = &group->proofs[i];
		finding_note_time(finding, proof->begun + proof->waited);
		if (group->end == REQUEST_CROSSED) {
			timestamp apart = proof->begun > proof->closed ? proof->begun - proof->closed
			                                               : proof->closed - proof->begun;
			finding_prove(findings, finding, &proof->origin, "%s, %s %s the server's end of the connection",
			    unanswered_name(group->kind, true), timestamp_format_span(apart, span),
			    proof->begun > proof->closed ? "after" : "before");
			continue;
		}
		finding_prove(findings, finding, &proof->origin, "%s, unanswered for %s",
		    unanswered_name(group->kind, true), timestamp_format_span(proof->waited, span));
	}
}

void unanswered_report(
    struct findings *findings, struct unanswered_group *group, const struct answered_hosts *answered, bool is_live)
{
	enum cause cause = unanswered_cause(group, answered);
	char subject[ENDPOINT_TEXT_SIZE + 64], server[ENDPOINT_TEXT_SIZE];
	bool same = group->finding && group->finding->count == group->count &&
	            group->certain == unanswered_is_certain(group);
	if (!unanswered_is_finding(group) || same)
		return;
	snprintf(subject, sizeof subject, "%s %s %s", endpoint_format(&group->server, server),
	    unanswered_name(group->kind, false), cause_table[cause].word);
	struct session named = {.number = group->session, .sid = (char *)group->sid, .last = TIMESTAMP_NONE};
	if (!group->finding)
		group->finding = findings_claim(findings, CODE_REQUEST_UNANSWERED, CONFIDENCE_LIKELY,
		    group->session && group->count == 1 ? &named : NULL, NULL, subject);
	struct finding *finding = group->finding;
	if (!finding)
		return;
	finding_begin_at(finding, group->proofs[0].begun);
	finding->count = group->count;
	group->certain = unanswered_is_certain(group);
	unanswered_say(findings, finding, group, is_live);
	if (cause == CAUSE_HOST_NOT_SERVED)
		finding_say(findings, finding, "%s, and the host %s: requests for %s are answered there", finding->seen,
		    group->host, unanswered_known_host(group, answered));
	finding_set_cause(findings, finding, cause, &group->software);
	unanswered_grade(findings, finding, group, is_live);
	unanswered_prove(findings, finding, group);
}
