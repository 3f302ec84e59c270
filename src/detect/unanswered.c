/*
 * request-unanswered: a request of Engine.IO that was never answered, although its connection was open.
 *
 * Seen: a handshake, a poll, a POST or a WebSocket's handshake that the client gave up, or that waits when the capture
 * ends; and handshakes whose connection the server ends without a word, time after time. What rules out a fault: a poll
 * is held for as long as the session's ping interval and timeout allow; a session that either side closed owes no
 * answer; a client that gives a POST up once and early may have left while its handler works; a server that breaks off
 * once may restart, and loses nothing but the events of a POST that it had not answered, unless the client sends them
 * again; and an exchange whose answer may only not have been captured is no silence.
 *
 * Live, what waits longer than that is a finding while it waits, and none any more when the answer comes.
 */
#include "base/hash.h"
#include "detect/detector.h"

#include <stdio.h>
#include <stdlib.h>

enum request_kind { REQUEST_HANDSHAKE, REQUEST_WEBSOCKET, REQUEST_UPGRADE, REQUEST_POLL, REQUEST_POST };

enum request_end { REQUEST_GIVEN_UP, REQUEST_BROKEN_OFF, REQUEST_WAITING };

enum {
	UNANSWERED_GROUPS = 64,
	UNANSWERED_PROOFS = 3,
	UNANSWERED_PATH = 64,
	UNANSWERED_NAME = 32,
	UNANSWERED_ASKED = 512,
};

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
	char path[UNANSWERED_PATH];   /* that the first of them asked for, without its query */
	char event[UNANSWERED_NAME];  /* that the first of them carried, of a POST that was broken off; or "" */
	bool polls_answered;          /* the server answered polls while the first of them waited */
	struct recognition software;  /* of the first of them */
	bool certain;                 /* as it was when `finding` was graded */
	struct finding *finding;      /* that reports it; NULL: none yet */
};

/* A POST whose connection the server ended, until the client sends it again. */
struct broken_post {
	uint64_t body; /* a digest; 0: none waits */
	struct unanswered_request request;
	struct endpoint server, client;
	char event[UNANSWERED_NAME];
};

struct unanswered_session {
	uint64_t post;               /* the first packet of the last POST that carried an event; 0: none */
	char event[UNANSWERED_NAME]; /* the first of it; "" for an acknowledgement */
	struct broken_post broken;
};

/* Live: a request that was sent, until what became of it is known. */
struct asked_request {
	enum request_kind kind;
	uint64_t connection;
	struct endpoint server, client;
	struct origin origin;
	timestamp begun;
	const struct session *session; /* NULL: of none */
	char path[UNANSWERED_PATH];
};

/* A server that answers polls. */
struct answering_server {
	struct endpoint endpoint;
	timestamp last;
};

struct unanswered {
	struct findings *findings;
	struct state_slot sessions;
	struct unanswered_group groups[UNANSWERED_GROUPS];
	size_t count;
	bool is_live; /* a clock ticks */
	struct asked_request asked[UNANSWERED_ASKED]; /* the first of them */
	size_t asked_count;
	struct answering_server answering[UNANSWERED_GROUPS]; /* the first of them */
	size_t answering_count;
};

static void *unanswered_new(const struct detector_state *state)
{
	struct unanswered *unanswered = calloc(1, sizeof *unanswered);
	if (unanswered) {
		unanswered->findings = state->findings;
		unanswered->sessions = state->sessions;
	}
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
static bool unanswered_is_owed(const struct session *session, enum request_kind kind, timestamp sent)
{
	if (kind == REQUEST_HANDSHAKE || kind == REQUEST_WEBSOCKET || !session)
		return true;
	if (kind == REQUEST_POST && session->closed != TIMESTAMP_NONE)
		return sent != TIMESTAMP_NONE && sent < session->closed;
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
		return group->count > 1 || group->kind == REQUEST_POST;
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
		if (group->kind == REQUEST_POST) {
			finding_say(unanswered->findings, finding,
			    "%s ended the connection of %llu %s that carried %s%s%s, without an answer; the client "
			    "did not send it again",
			    server, (unsigned long long)group->count, name,
			    group->event[0] ? "the event " : "an acknowledgement", group->event,
			    group->count > 1 ? " and others" : "");
			break;
		}
		finding_say(unanswered->findings, finding,
		    "%s ended the connections of %llu %s without an answer, after %s at most; the path that they asked "
		    "for is %s",
		    server, (unsigned long long)group->count, name, span, group->path);
		break;
	case REQUEST_WAITING:
		finding_say(unanswered->findings, finding,
		    unanswered->is_live ? "%s has not answered %llu %s so far, %s after the first was sent%s"
		                        : "%s has not answered %llu %s when the capture ends, %s after the first was "
		                          "sent%s",
		    server, (unsigned long long)group->count, name, span, meanwhile);
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
		    group->end == REQUEST_WAITING ? unanswered->is_live ? "the answer may still come"
		                                                        : "the answer may come after the end of the capture"
		    : group->kind == REQUEST_POST && group->end == REQUEST_BROKEN_OFF
		        ? "the server may have handled the event before it ended the connection"
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
	if (group->end == REQUEST_BROKEN_OFF && group->kind == REQUEST_POST)
		return CAUSE_POST_BROKEN_OFF;
	if (group->end == REQUEST_BROKEN_OFF && group->kind == REQUEST_WEBSOCKET &&
	    group->longest >= threshold_time(THRESHOLD_REQUEST_LEAST))
		return CAUSE_WEBSOCKET_BROKEN_OFF;
	return group->polls_answered ? CAUSE_WEBSOCKETS_NOT_TAKEN : causes[group->end];
}

/* Where a server breaks off once, something else says why (a restart, a crash), but for the events that it had in hand.
 */
static bool unanswered_is_finding(const struct unanswered_group *group)
{
	return group->end == REQUEST_BROKEN_OFF && group->kind != REQUEST_POST ? group->count > 1 : group->count > 0;
}

static void unanswered_prove(
    struct unanswered *unanswered, struct finding *finding, const struct unanswered_group *group)
{
	for (size_t i = finding->evidence_count; i < UNANSWERED_PROOFS && i < group->count; i++) {
		char span[TIMESTAMP_TEXT_SIZE];
		const struct unanswered_request *proof = &group->proofs[i];
		finding_note_time(finding, proof->begun + proof->waited);
		finding_prove(unanswered->findings, finding, &proof->origin, "%s, unanswered for %s",
		    unanswered_name(group->kind, true), timestamp_format_span(proof->waited, span));
	}
}

/* Again when more of them came. */
static void unanswered_report(struct unanswered *unanswered, struct unanswered_group *group)
{
	enum cause cause = unanswered_cause(group);
	char subject[ENDPOINT_TEXT_SIZE + 64], server[ENDPOINT_TEXT_SIZE];
	bool same = group->finding && group->finding->count == group->count &&
	            group->certain == unanswered_is_certain(group);
	if (!unanswered_is_finding(group) || same)
		return;
	snprintf(subject, sizeof subject, "%s %s %s", endpoint_format(&group->server, server),
	    unanswered_name(group->kind, false), cause_table[cause].word);
	struct session named = {.number = group->session, .sid = (char *)group->sid, .last = TIMESTAMP_NONE};
	if (!group->finding)
		group->finding = findings_claim(unanswered->findings, CODE_REQUEST_UNANSWERED, CONFIDENCE_LIKELY,
		    group->session && group->count == 1 ? &named : NULL, NULL, subject);
	struct finding *finding = group->finding;
	if (!finding)
		return;
	finding->time = group->proofs[0].begun;
	finding->count = group->count;
	group->certain = unanswered_is_certain(group);
	unanswered_say(unanswered, finding, group);
	finding_set_cause(unanswered->findings, finding, cause, &group->software);
	unanswered_grade(unanswered, finding, group);
	unanswered_prove(unanswered, finding, group);
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

static void unanswered_copy_path(char path[UNANSWERED_PATH], const struct exchange *exchange)
{
	struct slice target = exchange->request.head.target;
	struct slice whole = slice_take(slice_take_until(&target, '?'), UNANSWERED_PATH - 1);
	memcpy(path, whole.at ? (const char *)whole.at : "", whole.len);
	path[whole.len] = '\0';
}

/* Did the server answer polls while a WebSocket's handshake, sent at `begun`, waited? */
static bool unanswered_polls_go_on(
    struct unanswered *unanswered, const struct endpoint *endpoint, enum request_kind kind, timestamp begun)
{
	const struct answering_server *server = unanswered_answering(unanswered, endpoint);
	return unanswered_is_of_websocket(kind) && server &&
	       server->last > begun + threshold_time(THRESHOLD_REQUEST_LEAST);
}

/* One more of the group, from `begun` on. */
static void unanswered_add(struct unanswered *unanswered, struct unanswered_group *group,
    const struct asked_request *request, timestamp until)
{
	timestamp waited = until - request->begun;
	if (!group->count) {
		memcpy(group->path, request->path, sizeof group->path);
		group->polls_answered = unanswered_polls_go_on(
		    unanswered, &request->server, request->kind, request->begun);
	}
	if (group->count < UNANSWERED_PROOFS)
		group->proofs[group->count] = (struct unanswered_request){
		    .begun = request->begun, .waited = waited, .origin = request->origin};
	group->again += group->last_end != TIMESTAMP_NONE &&
	                address_equals(&group->client.address, &request->client.address) &&
	                request->begun - group->last_end <= threshold_time(THRESHOLD_REQUEST_AGAIN);
	group->client = request->client;
	group->last_end = until;
	group->count++;
	group->longest = waited > group->longest ? waited : group->longest;
	if (group->session || !request->session)
		return;
	group->session = request->session->number;
	group->software = request->session->software;
	snprintf(group->sid, sizeof group->sid, "%s", request->session->sid);
}

static struct asked_request unanswered_read(const struct event *event)
{
	const struct exchange *exchange = event->exchange;
	struct asked_request request = {.kind = unanswered_kind(exchange),
	    .connection = event->connection->number,
	    .server = event->connection->server,
	    .client = event->connection->client,
	    .origin = exchange->request.origin,
	    .begun = exchange->request.begun,
	    .session = event->session};
	unanswered_copy_path(request.path, exchange);
	return request;
}

static void unanswered_take(struct unanswered *unanswered, const struct event *event)
{
	const struct exchange *exchange = event->exchange;
	struct asked_request request = unanswered_read(event);
	enum request_end end = unanswered_end_of(exchange);
	bool broken_off = end == REQUEST_BROKEN_OFF;
	/* A server that ends the connection of a session's request ends the session: closing.c and upgrade.c report it.
	 */
	if (broken_off ? request.kind != REQUEST_HANDSHAKE && request.kind != REQUEST_WEBSOCKET
	               : unanswered_until(exchange) - request.begun < unanswered_least(request.kind, event->session))
		return;
	struct unanswered_group *group = unanswered_is_owed(event->session, request.kind, exchange->request.ended)
	                                     ? unanswered_group_of(unanswered, &request.server, request.kind, end)
	                                     : NULL;
	if (group)
		unanswered_add(unanswered, group, &request, unanswered_until(exchange));
}

/* ---- POSTs whose connection the server ended */

static struct unanswered_session *unanswered_session_of(struct unanswered *unanswered, const struct event *event)
{
	return event->session ? session_state_of(&unanswered->sessions, event->session) : NULL;
}

static void unanswered_note_post(struct unanswered *unanswered, const struct event *event)
{
	bool carried = event->transport == TRANSPORT_POLLING && event->direction == DIRECTION_TO_SERVER &&
	               (event->kind == EVENT_EVENT || event->kind == EVENT_ACK);
	struct unanswered_session *per_session = carried ? unanswered_session_of(unanswered, event) : NULL;
	if (!per_session || per_session->post == event->origin.first)
		return;
	struct slice name = slice_take(event_packet(event)->name, UNANSWERED_NAME - 1);
	per_session->post = event->origin.first;
	memcpy(per_session->event, name.at ? (const char *)name.at : "", name.len);
	per_session->event[name.len] = '\0';
}

static uint64_t unanswered_digest(const struct exchange *exchange)
{
	const struct buffer *body = &exchange->request.body;
	return body->len ? fnv_add(FNV_START, body->at, body->len) : 0;
}

/* One that the client sends again is no loss: HTTP clients do so when a kept connection ends under a request. */
static void unanswered_take_post(struct unanswered *unanswered, const struct event *event)
{
	const struct exchange *exchange = event->exchange;
	uint64_t digest = unanswered_digest(exchange);
	struct unanswered_session *per_session = unanswered_session_of(unanswered, event);
	if (!per_session || !digest)
		return;
	if (per_session->broken.body == digest && exchange->request.begun >= per_session->broken.request.begun)
		per_session->broken.body = 0;
	if (exchange->state != EXCHANGE_UNANSWERED || exchange->ended_by != DIRECTION_TO_CLIENT ||
	    exchange->request.incomplete || per_session->post != exchange->request.origin.first ||
	    session_said_goodbye(event->session, event->index))
		return;
	per_session->broken = (struct broken_post){.body = digest,
	    .request = {.begun = exchange->request.begun,
	        .waited = unanswered_until(exchange) - exchange->request.begun,
	        .origin = exchange->request.origin},
	    .server = event->connection->server,
	    .client = event->connection->client};
	memcpy(per_session->broken.event, per_session->event, sizeof per_session->event);
}

static void unanswered_judge_session(void *self, const struct session *session)
{
	struct unanswered *unanswered = self;
	const struct unanswered_session *per_session = session_state_find(&unanswered->sessions, session);
	if (!per_session || !per_session->broken.body)
		return;
	const struct broken_post *broken = &per_session->broken;
	struct unanswered_group *group = unanswered_group_of(
	    unanswered, &broken->server, REQUEST_POST, REQUEST_BROKEN_OFF);
	if (!group)
		return;
	if (!group->count)
		memcpy(group->event, broken->event, sizeof group->event);
	const struct asked_request request = {.kind = REQUEST_POST,
	    .server = broken->server,
	    .client = broken->client,
	    .origin = broken->request.origin,
	    .begun = broken->request.begun,
	    .session = session};
	unanswered_add(unanswered, group, &request, broken->request.begun + broken->request.waited);
}

/* ---- live */

static void unanswered_take_asked(void *self, const struct event *event)
{
	struct unanswered *unanswered = self;
	if (unanswered->is_live && unanswered->asked_count < UNANSWERED_ASKED &&
	    !slice_equals(event->exchange->request.head.method, SLICE("OPTIONS")))
		unanswered->asked[unanswered->asked_count++] = unanswered_read(event);
}

static void unanswered_forget_asked(struct unanswered *unanswered, const struct event *event)
{
	for (size_t i = 0; i < unanswered->asked_count; i++)
		if (unanswered->asked[i].connection == event->connection->number &&
		    unanswered->asked[i].origin.first == event->exchange->request.origin.first &&
		    unanswered->asked[i].begun == event->exchange->request.begun) {
			unanswered->asked[i] = unanswered->asked[--unanswered->asked_count];
			return;
		}
}

static void unanswered_withdraw(struct unanswered *unanswered, struct unanswered_group *group)
{
	if (group->finding)
		findings_withdraw(unanswered->findings, group->finding);
	group->finding = NULL;
}

/* What waits now, each time anew: it is none any more when it was answered. */
static void unanswered_gather_waiting(struct unanswered *unanswered, timestamp now)
{
	for (size_t i = 0; i < unanswered->count; i++)
		if (unanswered->groups[i].end == REQUEST_WAITING) {
			unanswered->groups[i].count = unanswered->groups[i].again = 0;
			unanswered->groups[i].longest = 0;
			unanswered->groups[i].session = 0;
		}
	for (size_t i = 0; i < unanswered->asked_count; i++) {
		const struct asked_request *request = &unanswered->asked[i];
		struct unanswered_group *group =
		    now - request->begun >= unanswered_least(request->kind, request->session) &&
		            unanswered_is_owed(request->session, request->kind, request->begun)
		        ? unanswered_group_of(unanswered, &request->server, request->kind, REQUEST_WAITING)
		        : NULL;
		if (group)
			unanswered_add(unanswered, group, request, now);
	}
}

static void unanswered_take_clock(void *self, timestamp now)
{
	struct unanswered *unanswered = self;
	unanswered->is_live = true;
	unanswered_gather_waiting(unanswered, now);
	for (size_t i = 0; i < unanswered->count; i++)
		if (unanswered->groups[i].end == REQUEST_WAITING && !unanswered->groups[i].count)
			unanswered_withdraw(unanswered, &unanswered->groups[i]);
		else
			unanswered_report(unanswered, &unanswered->groups[i]);
}

static void unanswered_take_session_closed(void *self, const struct session *session)
{
	struct unanswered *unanswered = self;
	for (size_t i = 0; i < unanswered->asked_count; i++)
		if (unanswered->asked[i].session == session)
			unanswered->asked[i--] = unanswered->asked[--unanswered->asked_count];
}

/* What waits when the capture ends comes as events. */
static void unanswered_end_live(struct unanswered *unanswered)
{
	unanswered->is_live = false;
	unanswered->asked_count = 0;
	unanswered_gather_waiting(unanswered, 0);
	for (size_t i = 0; i < unanswered->count; i++)
		if (unanswered->groups[i].end == REQUEST_WAITING)
			unanswered_withdraw(unanswered, &unanswered->groups[i]);
}

/* ---- events */

static void unanswered_take_event(void *self, const struct event *event)
{
	struct unanswered *unanswered = self;
	if (event->kind == EVENT_WS_OPEN && unanswered->asked_count)
		unanswered_forget_asked(unanswered, event);
	if (event->kind != EVENT_HTTP)
		unanswered_note_post(unanswered, event);
	if (event->kind != EVENT_HTTP || slice_equals(event->exchange->request.head.method, SLICE("OPTIONS")))
		return;
	enum exchange_state state = event->exchange->state;
	if (state == EXCHANGE_PENDING && unanswered->is_live)
		unanswered_end_live(unanswered);
	unanswered_forget_asked(unanswered, event);
	unanswered_note_answered(unanswered, event);
	if (slice_equals(event->exchange->request.head.method, SLICE("POST")))
		unanswered_take_post(unanswered, event);
	if ((state == EXCHANGE_UNANSWERED || state == EXCHANGE_PENDING) && !event->exchange->request.incomplete)
		unanswered_take(unanswered, event);
}

static void unanswered_end(void *self, const struct engine_counts *counts)
{
	struct unanswered *unanswered = self;
	(void)counts;
	if (unanswered->is_live)
		unanswered_end_live(unanswered);
	for (size_t i = 0; i < unanswered->count; i++)
		unanswered_report(unanswered, &unanswered->groups[i]);
}

const struct detector detector_unanswered = {
    .session_size = sizeof(struct unanswered_session),
    .new = unanswered_new,
    .event = unanswered_take_event,
    .asked = unanswered_take_asked,
    .clock = unanswered_take_clock,
    .session_over = unanswered_judge_session,
    .session_closed = unanswered_take_session_closed,
    .end = unanswered_end,
};
