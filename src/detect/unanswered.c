/*
 * request-unanswered: a request of Engine.IO that was never answered, although its connection was open.
 *
 * Seen: a handshake, a poll, a POST or a WebSocket's handshake that the client gave up, or that waits when the capture
 * ends; and handshakes whose connection the server ends without a word, time after time. What rules out a fault: a poll
 * is held for as long as the session's ping interval and timeout allow; a session that either side closed owes no
 * answer; a client that gives a POST up early, and again only after an answer, may have left while its handler works,
 * and so may another user behind its address; a server that breaks off at one moment, and at another only after it
 * answered between them, may restart, and loses nothing but the events of a POST that it had not answered, unless the
 * client sends them again, or an acknowledgement shows that the server took them; and an exchange whose answer may only
 * not have been captured is no silence.
 *
 * Seen as well: a request that reaches a server which had ended the connection a moment before, as it was idle: the two
 * crossed on their way, and the request was never read. Ruled out: one that is sent again, as browsers do; a session
 * that goes on.
 *
 * Live, what waits longer than that is a finding until its answer comes, which withdraws it.
 */
#include "detect/unanswered.h"

#include "base/hash.h"

#include <stdio.h>
#include <stdlib.h>

enum { UNANSWERED_GROUPS = 64, UNANSWERED_ASKED = 512 };

/* A POST whose connection the server ended, until the client sends it again; or a poll that crossed that end. */
struct broken_post {
	uint64_t body; /* a digest; 0: none waits */
	struct unanswered_request request;
	struct endpoint server, client;
	char event[UNANSWERED_NAME];
	uint64_t earliest, latest; /* the indices of what it carried */
	enum request_kind kind;    /* a poll only when it crossed */
	bool is_crossed;           /* the server's end of an idle connection */
	bool is_passing;           /* nothing was lost in it when the session goes on */
};

struct unanswered_session {
	uint64_t post;               /* the first packet of the last POST that carried anything; 0: none */
	uint64_t earliest, latest;   /* the indices of what it carried */
	bool carried;                /* an event or an acknowledgement */
	bool taken;                  /* the server answered some of it */
	char event[UNANSWERED_NAME]; /* the first of it; "" for an acknowledgement */
	struct broken_post broken;
};

/* Live: a request that was sent, until what became of it is known. */
struct asked_request {
	enum request_kind kind;
	uint64_t connection;
	struct endpoint server, client;
	struct origin origin;
	timestamp begun, sent;         /* wholly: its answer is owed since then */
	timestamp closed, idle;        /* REQUEST_CROSSED, as in unanswered_request */
	const struct session *session; /* NULL: of none */
	char path[UNANSWERED_PATH], host[UNANSWERED_HOST];
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
	bool is_live;                                 /* a clock ticks */
	struct asked_request asked[UNANSWERED_ASKED]; /* the first of them */
	size_t asked_count;
	struct answering_server answering[UNANSWERED_GROUPS]; /* the first of them */
	size_t answering_count;
	struct answered_hosts hosts;
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

/* One of the kind, and for the same host, had an answer, with whatever status. */
static void unanswered_note_served(struct unanswered *unanswered, const struct event *event)
{
	char host[UNANSWERED_HOST];
	enum request_kind kind = unanswered_kind(event->exchange);
	unanswered_copy_host(host, event->exchange);
	for (size_t i = 0; event->exchange->status && i < unanswered->count; i++) {
		struct unanswered_group *group = &unanswered->groups[i];
		bool is_other = group->host[0] && host[0] && strcmp(group->host, host) != 0;
		if (group->kind != kind || is_other || !endpoint_equals(&group->server, &event->connection->server))
			continue;
		group->served = true;
		if (address_equals(&group->client.address, &event->connection->client.address))
			group->last_end = TIMESTAMP_NONE;
	}
}

/* Restarts break off what is under way at that moment, and are far apart. */
static void unanswered_note_moment(struct unanswered_group *group, timestamp ended)
{
	if (group->count && ended - group->moment <= threshold_time(THRESHOLD_STOPPED_SPAN))
		return;
	bool is_close = group->count && ended - group->moment <= threshold_time(THRESHOLD_STOPPED_NEAR);
	group->close = is_close ? group->close + 1 : 1;
	group->recurs |= (group->count && !group->served) || group->close >= threshold_count(THRESHOLD_STOPPED_AGAIN);
	group->moment = ended;
	group->served = false;
}

static void unanswered_copy_path(char path[UNANSWERED_PATH], const struct exchange *exchange)
{
	struct slice whole = slice_take(http_target_path(exchange->request.head.target), UNANSWERED_PATH - 1);
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

/* One more of the group. */
static void unanswered_add(
    struct unanswered *unanswered, struct unanswered_group *group, const struct asked_request *request, timestamp until)
{
	timestamp waited = until - request->sent;
	if (strcmp(group->host, request->host) != 0)
		group->host[0] = '\0';
	if (!group->count) {
		memcpy(group->path, request->path, sizeof group->path);
		memcpy(group->host, request->host, sizeof group->host);
		group->polls_answered = unanswered_polls_go_on(
		    unanswered, &request->server, request->kind, request->begun);
	}
	if (group->count < UNANSWERED_PROOFS)
		group->proofs[group->count] = (struct unanswered_request){.begun = request->sent,
		    .waited = waited,
		    .origin = request->origin,
		    .closed = request->closed,
		    .idle = request->idle};
	group->again += group->last_end != TIMESTAMP_NONE &&
	                address_equals(&group->client.address, &request->client.address) &&
	                request->begun - group->last_end <= threshold_time(THRESHOLD_REQUEST_AGAIN);
	unanswered_note_moment(group, until);
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
	    .sent = exchange->request.ended != TIMESTAMP_NONE ? exchange->request.ended : exchange->request.begun,
	    .session = event->session};
	unanswered_copy_path(request.path, exchange);
	unanswered_copy_host(request.host, exchange);
	return request;
}

static void unanswered_take(struct unanswered *unanswered, const struct event *event)
{
	const struct exchange *exchange = event->exchange;
	struct asked_request request = unanswered_read(event);
	enum request_end end = unanswered_end_of(exchange);
	if (servers_find_protocol(exchange->foreign))
		return; /* it was answered, in another protocol: port.c */
	bool broken_off = end == REQUEST_BROKEN_OFF;
	/* A server that ends the connection of a session's request ends the session: closing.c and upgrade.c report it.
	 */
	if (broken_off ? request.kind != REQUEST_HANDSHAKE && request.kind != REQUEST_WEBSOCKET
	               : unanswered_until(exchange) - request.sent < unanswered_least(request.kind, event->session))
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
	bool posted = event->transport == TRANSPORT_POLLING && event->direction == DIRECTION_TO_SERVER &&
	              event_is_packet(event);
	bool carried = event->kind == EVENT_EVENT || event->kind == EVENT_ACK;
	struct unanswered_session *per_session = posted ? unanswered_session_of(unanswered, event) : NULL;
	if (!per_session)
		return;
	if (per_session->post != event->origin.first) {
		per_session->post = event->origin.first;
		per_session->earliest = event->index;
		per_session->carried = per_session->taken = false;
	}
	per_session->latest = event->index;
	if (!carried || per_session->carried)
		return;
	struct slice name = slice_take(event_packet(event)->name, UNANSWERED_NAME - 1);
	per_session->carried = true;
	memcpy(per_session->event, name.at ? (const char *)name.at : "", name.len);
	per_session->event[name.len] = '\0';
}

/* Servers read a payload from its beginning to its end: who answers some of it has it. */
static void unanswered_note_taken(struct unanswered *unanswered, const struct event *event)
{
	bool answers = event->answers && event->direction == DIRECTION_TO_CLIENT && event->session;
	struct unanswered_session *per_session = answers ? session_state_find(&unanswered->sessions, event->session)
	                                                 : NULL;
	if (!per_session)
		return;
	struct broken_post *broken = &per_session->broken;
	per_session->taken |= per_session->earliest <= event->answers && event->answers <= per_session->latest;
	if (broken->earliest <= event->answers && event->answers <= broken->latest)
		broken->body = 0;
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
	bool is_crossed = unanswered_is_crossed(&exchange->crossed);
	if (exchange->state != EXCHANGE_UNANSWERED || exchange->ended_by != DIRECTION_TO_CLIENT ||
	    exchange->request.incomplete || per_session->post != exchange->request.origin.first ||
	    !(per_session->carried || unanswered_is_race(exchange)) || per_session->taken ||
	    session_said_goodbye(event->session, event->index))
		return;
	per_session->broken = (struct broken_post){.body = digest,
	    .request = {.begun = exchange->request.begun,
	        .waited = unanswered_until(exchange) - exchange->request.begun,
	        .origin = exchange->request.origin,
	        .closed = exchange->crossed.closed,
	        .idle = exchange->crossed.idle,
	        .announced = exchange->crossed.announced},
	    .server = event->connection->server,
	    .client = event->connection->client,
	    .earliest = per_session->earliest,
	    .latest = per_session->latest,
	    .kind = REQUEST_POST,
	    .is_crossed = is_crossed,
	    .is_passing = !per_session->carried};
	if (per_session->carried)
		memcpy(per_session->broken.event, per_session->event, sizeof per_session->event);
}

/* A poll that crossed the server's end of its connection; and what shows that the session goes on all the same. */
static void unanswered_take_crossed(struct unanswered *unanswered, const struct event *event)
{
	const struct exchange *exchange = event->exchange;
	bool is_poll = event->session && event->transport == TRANSPORT_POLLING && exchange->target->sid_len &&
	               unanswered_kind(exchange) == REQUEST_POLL;
	bool is_crossed = is_poll && unanswered_is_race(exchange) && exchange->state == EXCHANGE_UNANSWERED &&
	                  !exchange->request.incomplete && !session_said_goodbye(event->session, event->index);
	struct unanswered_session *per_session = !event->session ? NULL
	                                         : is_crossed
	                                             ? unanswered_session_of(unanswered, event)
	                                             : session_state_find(&unanswered->sessions, event->session);
	if (!per_session)
		return;
	if (exchange->status && per_session->broken.is_passing &&
	    exchange->request.begun >= per_session->broken.request.begun)
		per_session->broken.body = 0;
	if (is_crossed)
		per_session->broken = (struct broken_post){.body = 1,
		    .request = {.begun = exchange->request.begun,
		        .origin = exchange->request.origin,
		        .closed = exchange->crossed.closed,
		        .idle = exchange->crossed.idle,
		        .announced = exchange->crossed.announced},
		    .server = event->connection->server,
		    .client = event->connection->client,
		    .kind = REQUEST_POLL,
		    .is_crossed = true,
		    .is_passing = true};
}

static void unanswered_judge_session(void *self, const struct session *session)
{
	struct unanswered *unanswered = self;
	const struct unanswered_session *per_session = session_state_find(&unanswered->sessions, session);
	if (!per_session || !per_session->broken.body)
		return;
	const struct broken_post *broken = &per_session->broken;
	struct unanswered_group *group = unanswered_group_of(
	    unanswered, &broken->server, broken->kind, broken->is_crossed ? REQUEST_CROSSED : REQUEST_BROKEN_OFF);
	if (!group)
		return;
	if (!group->count || !group->event[0])
		memcpy(group->event, broken->event, sizeof group->event);
	group->announced = broken->request.announced;
	const struct asked_request request = {.kind = broken->kind,
	    .closed = broken->request.closed,
	    .idle = broken->request.idle,
	    .server = broken->server,
	    .client = broken->client,
	    .origin = broken->request.origin,
	    .begun = broken->request.begun,
	    .sent = broken->request.begun,
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

/* What waits now. It is counted from nothing each time, because an answer may have come since. */
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
		    now - request->sent >= unanswered_least(request->kind, request->session) &&
		            unanswered_is_owed(request->session, request->kind, request->sent)
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
			unanswered_report(
			    unanswered->findings, &unanswered->groups[i], &unanswered->hosts, unanswered->is_live);
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
	unanswered_note_post(unanswered, event);
	unanswered_note_taken(unanswered, event);
	if (event->kind != EVENT_HTTP || slice_equals(event->exchange->request.head.method, SLICE("OPTIONS")))
		return;
	enum exchange_state state = event->exchange->state;
	if (state == EXCHANGE_PENDING && unanswered->is_live)
		unanswered_end_live(unanswered);
	unanswered_forget_asked(unanswered, event);
	unanswered_note_answered(unanswered, event);
	unanswered_note_host(&unanswered->hosts, event);
	unanswered_note_served(unanswered, event);
	unanswered_take_crossed(unanswered, event);
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
		unanswered_report(
		    unanswered->findings, &unanswered->groups[i], &unanswered->hosts, unanswered->is_live);
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
