/*
 * request-unanswered: a request of Engine.IO that was never answered, although its connection was open.
 *
 * Seen: a handshake, a poll, a POST or a WebSocket's handshake that the client gave up, or that waits when the capture
 * ends; and handshakes whose connection the server ends without a word, time after time. What rules out a fault: a poll
 * is held for as long as the session's ping interval and timeout allow; a session that either side closed owes no
 * answer; a client that gives a POST up once and early may have left while its handler works; a server that breaks off
 * once may restart; and an exchange whose answer may only not have been captured is no silence.
 */
#include "detect/detector.h"

#include <stdio.h>
#include <stdlib.h>

enum request_kind { REQUEST_HANDSHAKE, REQUEST_WEBSOCKET, REQUEST_UPGRADE, REQUEST_POLL, REQUEST_POST };

enum request_end { REQUEST_GIVEN_UP, REQUEST_BROKEN_OFF, REQUEST_WAITING };

enum { UNANSWERED_GROUPS = 64, UNANSWERED_PROOFS = 3, UNANSWERED_PATH = 64 };

struct unanswered_request {
	timestamp begun, waited;
	struct origin origin;
};

/* Requests of one kind to one server that ended alike. */
struct unanswered_group {
	struct endpoint server;
	enum request_kind kind;
	enum request_end end;
	struct endpoint client; /* of the latest */
	timestamp last_end;     /* of the latest; TIMESTAMP_NONE: none since an answer */
	uint64_t count, again;  /* again: one more by a client that had given up before, without an answer between */
	timestamp longest;
	struct unanswered_request proofs[UNANSWERED_PROOFS];
	uint64_t session; /* of the first of them; 0: none */
	char sid[TARGET_SID_SIZE];
	char path[UNANSWERED_PATH]; /* that the first of them asked for, without its query */
	bool polls_answered;        /* the server answered polls while the first of them waited */
};

/* A server that answers polls. */
struct answering_server {
	struct endpoint endpoint;
	timestamp last;
};

struct unanswered {
	struct findings *findings;
	struct unanswered_group groups[UNANSWERED_GROUPS];
	size_t count;
	struct answering_server answering[UNANSWERED_GROUPS]; /* the first of them */
	size_t answering_count;
};

static void *unanswered_new(const struct detector_state *state)
{
	struct unanswered *unanswered = calloc(1, sizeof *unanswered);
	if (unanswered)
		unanswered->findings = state->findings;
	return unanswered;
}

static enum request_kind unanswered_kind(const struct exchange *exchange)
{
	bool has_sid = exchange->target->sid_len > 0;
	if (exchange->target->transport == TRANSPORT_WEBSOCKET)
		return has_sid ? REQUEST_UPGRADE : REQUEST_WEBSOCKET;
	if (!has_sid)
		return REQUEST_HANDSHAKE;
	return slice_equals(exchange->request.head.method, SLICE("POST")) ? REQUEST_POST : REQUEST_POLL;
}

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

/* How long the request may wait. */
static timestamp unanswered_least(enum request_kind kind, const struct session *session)
{
	if (kind != REQUEST_POLL)
		return threshold_time(THRESHOLD_REQUEST_LEAST);
	if (!session || !session->ping_interval)
		return threshold_time(THRESHOLD_POLL_LIMIT);
	return session->ping_interval + session->ping_timeout + threshold_time(THRESHOLD_REQUEST_LEAST);
}

/* After a goodbye, and once the session has moved to a WebSocket, no request of polling is owed an answer; but a POST
 * that was sent before is, whatever became of the session meanwhile. */
static bool unanswered_is_owed(const struct event *event, enum request_kind kind)
{
	const struct session *session = event->session;
	if (kind == REQUEST_HANDSHAKE || kind == REQUEST_WEBSOCKET || !session)
		return true;
	if (kind == REQUEST_POST && session->closed != TIMESTAMP_NONE)
		return event->exchange->request.ended != TIMESTAMP_NONE &&
		       event->exchange->request.ended < session->closed;
	return !session->left && session->closed == TIMESTAMP_NONE && session->transport != TRANSPORT_WEBSOCKET;
}

static enum request_end unanswered_end_of(const struct exchange *exchange)
{
	if (exchange->state == EXCHANGE_PENDING)
		return REQUEST_WAITING;
	return exchange->ended_by == DIRECTION_TO_SERVER ? REQUEST_GIVEN_UP : REQUEST_BROKEN_OFF;
}

static timestamp unanswered_until(const struct exchange *exchange)
{
	return exchange->left != TIMESTAMP_NONE ? exchange->left : exchange->decided;
}

/* ---- telling it */

/* Is it worse than a client that may have left, or an answer that may be slow? Servers answer all but a POST at once,
 * whatever the application does; a POST is answered by some when its handlers have ended. */
static bool unanswered_is_certain(const struct unanswered_group *group)
{
	switch (group->end) {
	case REQUEST_GIVEN_UP:
		return group->kind != REQUEST_POST || group->again > 0 ||
		       group->longest >= threshold_time(THRESHOLD_REQUEST_LIMIT);
	case REQUEST_BROKEN_OFF:
		return group->count > 1;
	case REQUEST_WAITING:
		return group->longest >= threshold_time(THRESHOLD_REQUEST_LIMIT);
	}
	return false;
}

static void unanswered_say(struct unanswered *unanswered, struct finding *finding, const struct unanswered_group *group)
{
	char server[ENDPOINT_TEXT_SIZE], span[TIMESTAMP_TEXT_SIZE];
	const char *name = unanswered_name(group->kind, group->count == 1);
	const char *meanwhile = group->polls_answered ? ", while it answered polls" : "";
	endpoint_format(&group->server, server);
	timestamp_format_span(group->longest, span);
	switch (group->end) {
	case REQUEST_GIVEN_UP:
		finding_say(unanswered->findings, finding, "%s never answered %llu %s%s; the client gave up after %s%s",
		    server, (unsigned long long)group->count, name, meanwhile, span,
		    group->count > 1 ? " at most" : "");
		break;
	case REQUEST_BROKEN_OFF:
		finding_say(unanswered->findings, finding,
		    "%s ended the connections of %llu %s without an answer, after %s at most; the path that they asked "
		    "for is %s",
		    server, (unsigned long long)group->count, name, span, group->path);
		break;
	case REQUEST_WAITING:
		finding_say(unanswered->findings, finding,
		    "%s has not answered %llu %s when the capture ends, %s after the first was sent%s", server,
		    (unsigned long long)group->count, name, span, meanwhile);
		break;
	}
}

static void unanswered_grade(
    struct unanswered *unanswered, struct finding *finding, const struct unanswered_group *group)
{
	finding->severity = SEVERITY_ERROR;
	if (unanswered_is_certain(group)) {
		finding->confidence = CONFIDENCE_LIKELY;
		finding_doubt(unanswered->findings, finding,
		    group->end == REQUEST_WAITING ? "the answer may come after the end of the capture"
		                                  : "that nothing was sent is seen at the place of the capture");
		return;
	}
	finding_set_case(finding, group->end == REQUEST_WAITING ? REQUEST_WAITS : REQUEST_LEFT);
	finding->confidence = CONFIDENCE_POSSIBLE;
	finding_doubt(unanswered->findings, finding,
	    group->end == REQUEST_WAITING ? "the server may only be slow: the capture ends before any limit"
	                                  : "the client may have left of its own accord");
}

static bool unanswered_is_of_websocket(enum request_kind kind)
{
	return kind == REQUEST_WEBSOCKET || kind == REQUEST_UPGRADE;
}

static enum cause unanswered_cause(const struct unanswered_group *group)
{
	static const enum cause causes[] = {[REQUEST_GIVEN_UP] = CAUSE_CLIENT_GAVE_UP,
	    [REQUEST_BROKEN_OFF] = CAUSE_SERVER_BROKE_OFF,
	    [REQUEST_WAITING] = CAUSE_STILL_WAITING};
	/* engine.io server.ts: destroyUpgradeTimeout, 1 s by default */
	if (group->end == REQUEST_BROKEN_OFF && group->kind == REQUEST_WEBSOCKET &&
	    group->longest >= threshold_time(THRESHOLD_REQUEST_LEAST))
		return CAUSE_WEBSOCKET_BROKEN_OFF;
	return group->polls_answered ? CAUSE_WEBSOCKETS_NOT_TAKEN : causes[group->end];
}

static void unanswered_report(struct unanswered *unanswered, const struct unanswered_group *group)
{
	enum cause cause = unanswered_cause(group);
	char subject[ENDPOINT_TEXT_SIZE + 64], server[ENDPOINT_TEXT_SIZE];
	/* Where a server breaks off once, something else says why: a restart, a crash. */
	if (group->end == REQUEST_BROKEN_OFF && group->count < 2)
		return;
	snprintf(subject, sizeof subject, "%s %s %s", endpoint_format(&group->server, server),
	    unanswered_name(group->kind, false), cause_table[cause].word);
	struct session named = {.number = group->session, .sid = (char *)group->sid, .last = TIMESTAMP_NONE};
	struct finding *finding = findings_claim(unanswered->findings, CODE_REQUEST_UNANSWERED, CONFIDENCE_LIKELY,
	    group->session && group->count == 1 ? &named : NULL, NULL, subject);
	if (!finding || finding->count > 1)
		return;
	finding->time = group->proofs[0].begun;
	finding->count = group->count;
	unanswered_say(unanswered, finding, group);
	finding_set_cause(unanswered->findings, finding, cause, NULL);
	unanswered_grade(unanswered, finding, group);
	for (size_t i = 0; i < UNANSWERED_PROOFS && i < group->count; i++) {
		char span[TIMESTAMP_TEXT_SIZE];
		const struct unanswered_request *proof = &group->proofs[i];
		finding_note_time(finding, proof->begun + proof->waited);
		finding_prove(unanswered->findings, finding, &proof->origin, "%s, unanswered for %s",
		    unanswered_name(group->kind, true), timestamp_format_span(proof->waited, span));
	}
}

/* ---- gathering */

static struct unanswered_group *unanswered_group_of(
    struct unanswered *unanswered, const struct endpoint *server, enum request_kind kind, enum request_end end)
{
	for (size_t i = 0; i < unanswered->count; i++) {
		struct unanswered_group *group = &unanswered->groups[i];
		if (group->kind == kind && group->end == end && endpoint_equals(&group->server, server))
			return group;
	}
	if (unanswered->count == UNANSWERED_GROUPS)
		return NULL;
	struct unanswered_group *group = &unanswered->groups[unanswered->count++];
	*group = (struct unanswered_group){.server = *server, .kind = kind, .end = end, .last_end = TIMESTAMP_NONE};
	return group;
}

/* ---- servers that answer polls */

static struct answering_server *unanswered_answering(struct unanswered *unanswered, const struct endpoint *server)
{
	for (size_t i = 0; i < unanswered->answering_count; i++)
		if (endpoint_equals(&unanswered->answering[i].endpoint, server))
			return &unanswered->answering[i];
	return NULL;
}

static void unanswered_note_answered(struct unanswered *unanswered, const struct event *event)
{
	const struct endpoint *endpoint = &event->connection->server;
	bool poll = event->exchange->status == 200 && event->session && event->transport == TRANSPORT_POLLING;
	if (!poll)
		return;
	struct answering_server *server = unanswered_answering(unanswered, endpoint);
	if (!server && unanswered->answering_count < UNANSWERED_GROUPS) {
		server = &unanswered->answering[unanswered->answering_count++];
		server->endpoint = *endpoint;
	}
	if (server)
		server->last = event->origin.time;
}

/* ---- events */

static void unanswered_note_first(
    struct unanswered *unanswered, struct unanswered_group *group, const struct event *event)
{
	struct slice target = event->exchange->request.head.target;
	struct slice path = slice_take(slice_take_until(&target, '?'), UNANSWERED_PATH - 1);
	const struct answering_server *server = unanswered_answering(unanswered, &group->server);
	memcpy(group->path, path.at, path.len);
	group->polls_answered = unanswered_is_of_websocket(group->kind) && server &&
	                        server->last > event->exchange->request.begun + threshold_time(THRESHOLD_REQUEST_LEAST);
}

static void unanswered_take(struct unanswered *unanswered, const struct event *event)
{
	const struct exchange *exchange = event->exchange;
	enum request_kind kind = unanswered_kind(exchange);
	enum request_end end = unanswered_end_of(exchange);
	timestamp waited = unanswered_until(exchange) - exchange->request.begun;
	bool broken_off = end == REQUEST_BROKEN_OFF;
	/* A server that ends the connection of a session's request ends the session: closing.c and upgrade.c report it.
	 */
	if (broken_off ? kind != REQUEST_HANDSHAKE && kind != REQUEST_WEBSOCKET
	               : waited < unanswered_least(kind, event->session))
		return;
	struct unanswered_group *group = unanswered_is_owed(event, kind)
	                                     ? unanswered_group_of(unanswered, &event->connection->server, kind, end)
	                                     : NULL;
	if (!group)
		return;
	if (!group->count)
		unanswered_note_first(unanswered, group, event);
	if (group->count < UNANSWERED_PROOFS)
		group->proofs[group->count] = (struct unanswered_request){
		    .begun = exchange->request.begun, .waited = waited, .origin = exchange->request.origin};
	group->again += group->last_end != TIMESTAMP_NONE &&
	                address_equals(&group->client.address, &event->connection->client.address) &&
	                exchange->request.begun - group->last_end <= threshold_time(THRESHOLD_REQUEST_AGAIN);
	group->client = event->connection->client;
	group->last_end = unanswered_until(exchange);
	group->count++;
	group->longest = waited > group->longest ? waited : group->longest;
	if (group->session || !event->session)
		return;
	group->session = event->session->number;
	memcpy(group->sid, exchange->target->sid, sizeof group->sid);
}

static void unanswered_take_event(void *self, const struct event *event)
{
	struct unanswered *unanswered = self;
	if (event->kind != EVENT_HTTP || slice_equals(event->exchange->request.head.method, SLICE("OPTIONS")))
		return;
	enum exchange_state state = event->exchange->state;
	unanswered_note_answered(unanswered, event);
	if ((state == EXCHANGE_UNANSWERED || state == EXCHANGE_PENDING) && !event->exchange->request.incomplete)
		unanswered_take(unanswered, event);
}

static void unanswered_end(void *self, const struct engine_counts *counts)
{
	struct unanswered *unanswered = self;
	(void)counts;
	for (size_t i = 0; i < unanswered->count; i++)
		unanswered_report(unanswered, &unanswered->groups[i]);
}

const struct detector detector_unanswered = {
    .new = unanswered_new,
    .event = unanswered_take_event,
    .end = unanswered_end,
};
