/*
 * heartbeat-lost: a ping without its pong in time, or no ping in time.
 *
 * Seen: the handshake's pingInterval and pingTimeout, and who pings by revision (4: the server, 3: the client). Late is
 * what comes after the other side has to give up, or what had not come when the session ended about then; it is
 * reported once it has come or the session is over, so that the whole silence is known; of a session that is still open
 * then, the capture's end says how long a ping waited. The first ping that waits counts: another one does not forgive
 * it. By polling the server can ping only where a poll is held: it is late from then on, and where none was, the client
 * was silent, which is reported when the server knows the session no more. Ruled out: what would be due after either
 * side's close, which ends the heartbeat; a pong by polling for whose request the server took no connection any more;
 * sessions whose handshake was not captured (the intervals are not known), a session or a capture that ends before the
 * time is over, a capture with gaps. Who is late is not to blame where TCP shows what stood in the way (obstacles.h).
 */
#include "detect/crowded.h"
#include "detect/detector.h"
#include "detect/obstacles.h"
#include "detect/returned.h"
#include "socketio/software.h"

#include <stdio.h>
#include <stdlib.h>

/* The side that waits gives up exactly at that time; clocks and the network leave a little play where a session ends.
 */
static timestamp heartbeat_nearly(timestamp patience)
{
	return patience - threshold_part(THRESHOLD_HEARTBEAT_PLAY, patience);
}

/* Until when it is waited for: a session that goes on was not given up yet. */
static timestamp heartbeat_patience(timestamp patience, bool ends)
{
	return ends ? heartbeat_nearly(patience) : patience;
}

struct heartbeat_session {
	timestamp pinged;    /* the first ping that waits for its pong; 0: none */
	timestamp last_ping; /* or the handshake, after which the first is due */
	timestamp poll;      /* when the last poll began that is known; 0: none */
	timestamp polled;    /* when it was over */
	timestamp heard;     /* the client's last packet; 0: none */
	uint64_t pinged_packet, last_packet;
	uint64_t browser; /* a digest (crowded.h); 0: none, or not known yet */
	struct returned_client client;
	timestamp over; /* when either side closed, after which nothing is due; 0: not yet */
	bool reported;
	/* by direction, when the last ping or pong came: bytes on its WebSocket, and the session's packets */
	uint64_t bytes[2], packets[2];
};

/* A server that took no connections, as far as the last of them shows. */
struct heartbeat_closed {
	struct endpoint server;
	timestamp since, until; /* TIMESTAMP_NONE: still so */
};

enum { HEARTBEAT_CLOSED = 32 };

struct heartbeat {
	struct detector_state state;
	struct heartbeat_closed closed[HEARTBEAT_CLOSED];
	size_t count; /* in a ring */
	struct crowded crowded;
	struct returned returned;
};

static enum direction heartbeat_pinger(const struct session *session)
{
	return session->revision == 3 ? DIRECTION_TO_SERVER : DIRECTION_TO_CLIENT;
}

/* ---- servers that are gone */

static struct heartbeat_closed *heartbeat_find_closed(struct heartbeat *heartbeat, const struct endpoint *server)
{
	for (size_t i = 0; i < heartbeat->count && i < HEARTBEAT_CLOSED; i++)
		if (endpoint_equals(&heartbeat->closed[i].server, server) &&
		    heartbeat->closed[i].until == TIMESTAMP_NONE)
			return &heartbeat->closed[i];
	return NULL;
}

static void heartbeat_take_attempt(void *self, const struct attempt *attempt)
{
	struct heartbeat *heartbeat = self;
	struct heartbeat_closed *closed = heartbeat_find_closed(heartbeat, &attempt->server);
	if (attempt->outcome == ATTEMPT_ACCEPTED && closed)
		closed->until = attempt->asked;
	if (attempt->outcome == ATTEMPT_REFUSED && !closed)
		heartbeat->closed[heartbeat->count++ % HEARTBEAT_CLOSED] = (struct heartbeat_closed){
		    attempt->server, attempt->asked, TIMESTAMP_NONE};
}

/* By polling a pong needs a connection: the server took none when it was due. */
static bool heartbeat_met_closed_port(
    const struct heartbeat *heartbeat, const struct heartbeat_session *per_session, const struct session *session)
{
	timestamp due = per_session->pinged + session->ping_timeout;
	for (size_t i = 0; i < heartbeat->count && i < HEARTBEAT_CLOSED; i++) {
		const struct heartbeat_closed *closed = &heartbeat->closed[i];
		if (session->transport == TRANSPORT_POLLING && endpoint_equals(&closed->server, &session->server) &&
		    closed->since <= due && (closed->until == TIMESTAMP_NONE || closed->until > per_session->pinged))
			return true;
	}
	return false;
}

/* ---- what stood in the way */

/* `event` is the one by which it is judged; NULL: the session is over, and keeps what was known of its WebSocket. */
static const struct delivery *heartbeat_delivery(
    const struct session *session, const struct event *event, enum direction direction)
{
	if (event)
		return session_is_carried_by(session, event) ? connection_delivery(event->connection, direction) : NULL;
	return session->transport == TRANSPORT_WEBSOCKET ? &session->deliveries[direction] : NULL;
}

/* What did, between these times, while a ping (or its pong, when it `is_asked`) was due. */
static struct obstacle heartbeat_find_obstacle(const struct heartbeat_session *per_session,
    const struct session *session, const struct event *event, bool is_asked, timestamp from, timestamp to)
{
	enum direction asks = heartbeat_pinger(session), due = is_asked ? direction_other(asks) : asks;
	struct obstacle_question question = {.to_answer = heartbeat_delivery(session, event, asks),
	    .answer = heartbeat_delivery(session, event, direction_other(asks)),
	    .asks = asks,
	    .is_asked = is_asked,
	    .from = from,
	    .to = to};
	const struct delivery *delivery = is_asked ? question.answer : question.to_answer;
	question.bytes = delivery ? delivery->bytes - per_session->bytes[due] : 0;
	question.packets = session->packets[due] - per_session->packets[due];
	return obstacle_find(&question);
}

static void heartbeat_note_bytes(struct heartbeat_session *per_session, const struct event *event)
{
	if (event->kind != EVENT_PING && event->kind != EVENT_PONG && event->kind != EVENT_OPEN)
		return;
	for (enum direction direction = DIRECTION_TO_SERVER; direction <= DIRECTION_TO_CLIENT; direction++) {
		const struct delivery *delivery = heartbeat_delivery(event->session, event, direction);
		per_session->bytes[direction] = delivery ? delivery->bytes : 0;
		per_session->packets[direction] = event->session->packets[direction];
	}
}

/* Who, or what, is to blame. */
static const char *heartbeat_blame(
    const struct obstacle *obstacle, enum direction late, const char *due, char text[OBSTACLE_TEXT])
{
	if (obstacle->cause != CAUSES)
		return obstacle_describe(obstacle, due, text);
	snprintf(text, OBSTACLE_TEXT, "the %s was late", direction_sender(late));
	return text;
}

/* By polling a browser has few connections: what kept the client shows when the polls of its other tabs are answered.
 * And a client that is silent here may be back elsewhere. */
static void heartbeat_note_late(struct heartbeat *heartbeat, struct finding *finding,
    const struct heartbeat_session *per_session, const struct session *session, const struct obstacle *obstacle,
    timestamp from, timestamp to)
{
	bool by_client = heartbeat_pinger(session) == DIRECTION_TO_CLIENT;
	bool is_unreached = obstacle->cause == CAUSE_NOT_DELIVERED && obstacle->direction == DIRECTION_TO_CLIENT;
	if (by_client && obstacle->cause == CAUSES && session->transport == TRANSPORT_POLLING)
		crowded_note_late(&heartbeat->crowded,
		    &(const struct crowded_case){finding, per_session->browser, session->number, from, to});
	if (by_client && (is_unreached || obstacle->cause == CAUSES))
		returned_note_silent(&heartbeat->returned, &(const struct returned_case){.finding = finding,
		                                               .client = per_session->client,
		                                               .session = session->number,
		                                               .heard = per_session->heard,
		                                               .until = to + threshold_time(THRESHOLD_CLIENT_RETURNS),
		                                               .is_unreached = is_unreached});
}

static struct finding *heartbeat_claim(struct heartbeat *heartbeat, struct heartbeat_session *per_session,
    const struct session *session, const char *subject, enum direction late)
{
	per_session->reported = true;
	struct finding *finding = findings_claim(
	    heartbeat->state.findings, CODE_HEARTBEAT_LOST, detector_absence(session), session, NULL, subject);
	if (!finding)
		return NULL;
	detector_doubt_absence(heartbeat->state.findings, finding, session);
	finding_set_cause(heartbeat->state.findings, finding,
	    late == DIRECTION_TO_CLIENT ? CAUSE_SERVER_LATE : CAUSE_CLIENT_LATE, &session->software);
	return finding;
}

/* Times that no network keeps to, and that are usual in the other unit: node takes milliseconds, python seconds. */
static void heartbeat_name_unit(struct heartbeat *heartbeat, struct finding *finding, const struct session *session)
{
	struct findings *findings = heartbeat->state.findings;
	timestamp most = threshold_time(THRESHOLD_PING_UNIT_SHORT);
	char interval[TIMESTAMP_TEXT_SIZE], timeout[TIMESTAMP_TEXT_SIZE];
	if (session->ping_interval > most || session->ping_timeout > most)
		return;
	finding_say(findings, finding,
	    "%s; the handshake gives a pingInterval of %s and a pingTimeout of %s, as if seconds had been meant",
	    finding->seen, timestamp_format_span(session->ping_interval, interval),
	    timestamp_format_span(session->ping_timeout, timeout));
	finding_set_cause(findings, finding, CAUSE_PING_OF_MILLISECONDS, &session->software);
}

static void heartbeat_check_pong(struct heartbeat *heartbeat, struct heartbeat_session *per_session,
    const struct session *session, const struct event *event, timestamp now, bool ends)
{
	char limit[TIMESTAMP_TEXT_SIZE], waited[TIMESTAMP_TEXT_SIZE], why[OBSTACLE_TEXT];
	timestamp patience = heartbeat_patience(session->ping_timeout, ends);
	bool by_client = heartbeat_pinger(session) == DIRECTION_TO_CLIENT;
	if (per_session->reported || !per_session->pinged || now - per_session->pinged < patience ||
	    (by_client && heartbeat_met_closed_port(heartbeat, per_session, session)))
		return;
	struct finding *finding = heartbeat_claim(
	    heartbeat, per_session, session, "pong", direction_other(heartbeat_pinger(session)));
	if (!finding)
		return;
	struct obstacle obstacle = heartbeat_find_obstacle(per_session, session, event, true, per_session->pinged, now);
	finding_begin_at(finding, per_session->pinged);
	finding_say(heartbeat->state.findings, finding, "the %s's ping was not answered for %s; pingTimeout is %s: %s",
	    direction_sender(heartbeat_pinger(session)), timestamp_format_span(now - per_session->pinged, waited),
	    timestamp_format_span(session->ping_timeout, limit),
	    heartbeat_blame(&obstacle, direction_other(heartbeat_pinger(session)), "pong", why));
	finding_prove(
	    heartbeat->state.findings, finding, ORIGIN_AT(session->seen_in, per_session->pinged_packet), "ping");
	obstacle_prove(heartbeat->state.findings, finding, &obstacle, session);
	heartbeat_name_unit(heartbeat, finding, session);
	heartbeat_note_late(heartbeat, finding, per_session, session, &obstacle, per_session->pinged, now);
}

/* By polling a server has to wait for a poll. */
static bool heartbeat_needs_poll(const struct session *session)
{
	return session->transport == TRANSPORT_POLLING && heartbeat_pinger(session) == DIRECTION_TO_CLIENT;
}

/* No poll was held since the ping came to be due. */
static bool heartbeat_lacks_poll(const struct heartbeat_session *per_session, const struct session *session)
{
	return heartbeat_needs_poll(session) && per_session->polled < per_session->last_ping + session->ping_interval;
}

/* Since when the ping is due, and the pinger able to send it. */
static timestamp heartbeat_due(const struct heartbeat_session *per_session, const struct session *session)
{
	timestamp due = per_session->last_ping + session->ping_interval;
	return heartbeat_needs_poll(session) && per_session->poll > due ? per_session->poll : due;
}

static void heartbeat_check_ping(struct heartbeat *heartbeat, struct heartbeat_session *per_session,
    const struct session *session, const struct event *event, timestamp now, bool ends)
{
	char limit[TIMESTAMP_TEXT_SIZE], waited[TIMESTAMP_TEXT_SIZE], why[OBSTACLE_TEXT];
	timestamp patience = session->ping_interval + session->ping_timeout;
	if (per_session->reported || per_session->pinged || !per_session->last_ping ||
	    heartbeat_lacks_poll(per_session, session) ||
	    now - heartbeat_due(per_session, session) < heartbeat_patience(patience, ends) - session->ping_interval)
		return;
	struct finding *finding = heartbeat_claim(heartbeat, per_session, session, "ping", heartbeat_pinger(session));
	if (!finding)
		return;
	struct obstacle obstacle = heartbeat_find_obstacle(
	    per_session, session, event, false, heartbeat_due(per_session, session), now);
	finding_begin_at(finding, per_session->last_ping);
	finding_say(heartbeat->state.findings, finding,
	    "the %s sent no ping for %s; after %s (pingInterval + pingTimeout) the %s gives up: %s",
	    direction_sender(heartbeat_pinger(session)), timestamp_format_span(now - per_session->last_ping, waited),
	    timestamp_format_span(patience, limit), direction_sender(direction_other(heartbeat_pinger(session))),
	    heartbeat_blame(&obstacle, heartbeat_pinger(session), "ping", why));
	finding_prove(heartbeat->state.findings, finding, ORIGIN_AT(session->seen_in, per_session->last_packet),
	    "after this, no ping");
	obstacle_prove(heartbeat->state.findings, finding, &obstacle, session);
	heartbeat_name_unit(heartbeat, finding, session);
}

/* ---- the server gave the client up */

/* Until when the server had waited for the client when it gave the session up, by its close, by the end of the
 * connection or in an answer; TIMESTAMP_NONE when it did not. That it does not know the session shows only when it is
 * asked again. */
static timestamp heartbeat_given_up(const struct event *event)
{
	if (event->kind == EVENT_HTTP && event->exchange->status >= 400) {
		enum server_meaning meaning = software_read_refusal_of(event->session, event->exchange);
		return meaning == MEANING_ENDED                                  ? event->origin.time
		       : meaning == MEANING_SESSION || meaning == MEANING_CLOSED ? event->exchange->request.begun
		                                                                 : TIMESTAMP_NONE;
	}
	bool ends = event->kind == EVENT_CLOSE ||
	            (session_is_carried_by(event->session, event) &&
	                (event->kind == EVENT_WS_CLOSE || event->kind == EVENT_TCP_CLOSE));
	return ends && event->direction == DIRECTION_TO_CLIENT ? event->origin.time : TIMESTAMP_NONE;
}

/* After which silence: some servers do not wait as long as the protocol says, but the longer of interval and timeout
 * (FACT_GIVES_UP: python-engineio 3). */
static timestamp heartbeat_silence(const struct session *session)
{
	timestamp longer = session->ping_interval > session->ping_timeout ? session->ping_interval
	                                                                  : session->ping_timeout;
	int64_t patience;
	bool early = recognition_get_fact(&session->software, FACT_GIVES_UP, &patience) && patience == PATIENCE_LONGER;
	return early ? longer : session->ping_interval + session->ping_timeout;
}

/* For how long the client had been silent when the server gave up: since its last packet where a ping waits; since its
 * last ping where the client pings; since the last ping where it held no poll into which the server could ping again.
 */
static timestamp heartbeat_silent_for(
    const struct heartbeat_session *per_session, const struct session *session, timestamp now)
{
	if (heartbeat_pinger(session) == DIRECTION_TO_SERVER)
		return per_session->pinged ? 0 : now - per_session->last_ping;
	if (per_session->pinged)
		return now - (per_session->heard ? per_session->heard : per_session->last_ping);
	return heartbeat_lacks_poll(per_session, session) ? now - per_session->last_ping : 0;
}

/* The server gave up before the client, which pings every pingInterval, had to ping: no client can keep to that. */
static bool heartbeat_is_rule_too_short(const struct session *session, timestamp silent)
{
	return heartbeat_pinger(session) == DIRECTION_TO_SERVER &&
	       heartbeat_nearly(heartbeat_silence(session)) <= session->ping_interval &&
	       heartbeat_nearly(silent) <= session->ping_interval;
}

/* The client's silence is what ended it. */
static void heartbeat_say_silent(struct heartbeat *heartbeat, struct finding *finding,
    const struct heartbeat_session *per_session, const struct event *event, const char *silence)
{
	struct findings *findings = heartbeat->state.findings;
	const struct session *session = event->session;
	char why[OBSTACLE_TEXT];
	bool is_asked = per_session->pinged, by_client = heartbeat_pinger(session) == DIRECTION_TO_SERVER;
	struct obstacle obstacle = heartbeat_find_obstacle(per_session, session, event, is_asked,
	    is_asked ? per_session->pinged : heartbeat_due(per_session, session), event->origin.time);
	finding_say(findings, finding,
	    is_asked ? "the client answered no ping and sent nothing for %s, and the server gave the session up: %s"
	    : by_client
	        ? "the client sent no ping for %s, and the server gave the session up: %s"
	        : "the client sent no poll for %s, so the server could not ping it, and gave the session up: %s",
	    silence, heartbeat_blame(&obstacle, DIRECTION_TO_SERVER, is_asked ? "pong" : "ping", why));
	obstacle_prove(findings, finding, &obstacle, session);
	heartbeat_note_late(heartbeat, finding, per_session, session, &obstacle,
	    is_asked ? per_session->pinged : per_session->polled, event->origin.time);
}

static void heartbeat_check_giving_up(
    struct heartbeat *heartbeat, struct heartbeat_session *per_session, const struct event *event)
{
	const struct session *session = event->session;
	char silence[TIMESTAMP_TEXT_SIZE];
	timestamp until = heartbeat_given_up(event);
	if (per_session->reported || !per_session->last_ping || until == TIMESTAMP_NONE ||
	    heartbeat_silent_for(per_session, session, until) < heartbeat_nearly(heartbeat_silence(session)))
		return;
	struct finding *finding = heartbeat_claim(heartbeat, per_session, session, "silence", DIRECTION_TO_SERVER);
	if (!finding)
		return;
	finding_begin_at(finding, per_session->last_ping);
	timestamp_format_span(heartbeat_silent_for(per_session, session, until), silence);
	if (heartbeat_is_rule_too_short(session, heartbeat_silent_for(per_session, session, until))) {
		char interval[TIMESTAMP_TEXT_SIZE], timeout[TIMESTAMP_TEXT_SIZE];
		finding_say(heartbeat->state.findings, finding,
		    "the server gave the session up %s after the client's last ping, and the client has to ping only "
		    "every %s (pingInterval): pingTimeout (%s) is too short",
		    silence, timestamp_format_span(session->ping_interval, interval),
		    timestamp_format_span(session->ping_timeout, timeout));
		finding_set_cause(heartbeat->state.findings, finding, CAUSE_PING_TIMEOUT_TOO_SHORT, &session->software);
	} else {
		heartbeat_say_silent(heartbeat, finding, per_session, event, silence);
		heartbeat_name_unit(heartbeat, finding, session);
	}
	finding_prove(heartbeat->state.findings, finding, ORIGIN_AT(event->origin.kind, per_session->last_packet),
	    "after this, nothing came");
	finding_prove(heartbeat->state.findings, finding, &event->origin, "the server has given the session up");
}

static bool heartbeat_is_known(const struct session *session)
{
	return session->handshake_seen && session->ping_timeout && session->ping_interval && session->revision;
}

static bool heartbeat_is(const struct event *event, enum event_kind kind, enum direction direction)
{
	return event->kind == kind && event->direction == direction;
}

/* A close of the session, or of the WebSocket that carries it (one that was tried in vain carries nothing). */
static bool heartbeat_is_over(const struct event *event)
{
	bool carries = session_is_carried_by(event->session, event);
	return event->kind == EVENT_CLOSE ||
	       (carries && (event->kind == EVENT_WS_CLOSE || event->kind == EVENT_TCP_CLOSE));
}

/* Where the silence of the other side may have been the reason. */
static bool heartbeat_ends(const struct event *event)
{
	return heartbeat_is_over(event) || heartbeat_is(event, EVENT_DISCONNECT, DIRECTION_TO_CLIENT) ||
	       (event->kind == EVENT_HTTP && heartbeat_given_up(event) != TIMESTAMP_NONE);
}

/* What lay unread had come in time, if it had: the side that did not read it is to blame for the rest. A ping in a
 * payload that is long on its way was sent when that began. */
static void heartbeat_check(
    struct heartbeat *heartbeat, struct heartbeat_session *per_session, const struct event *event)
{
	const struct session *session = event->session;
	enum direction pinger = heartbeat_pinger(session);
	timestamp now = event->origin.time - event->queued;
	if (heartbeat_is(event, EVENT_PING, pinger) && event->begun < now)
		now = event->begun;
	bool ends = heartbeat_ends(event);
	if (ends || heartbeat_is(event, EVENT_PONG, direction_other(pinger)))
		heartbeat_check_pong(heartbeat, per_session, session, event, now, ends);
	heartbeat_check_giving_up(heartbeat, per_session, event);
	if (ends || heartbeat_is(event, EVENT_PING, pinger))
		heartbeat_check_ping(heartbeat, per_session, session, event, now, ends);
}

static void heartbeat_note_packet(struct heartbeat_session *per_session, const struct event *event)
{
	enum direction pinger = heartbeat_pinger(event->session);
	if (event->kind == EVENT_OPEN || heartbeat_is(event, EVENT_PING, pinger)) {
		per_session->last_ping = event->origin.time;
		per_session->last_packet = event->origin.last;
	}
	if (heartbeat_is(event, EVENT_PING, pinger) && !per_session->pinged) {
		per_session->pinged = event->origin.time;
		per_session->pinged_packet = event->origin.last;
	}
	if (heartbeat_is(event, EVENT_PONG, direction_other(pinger)))
		per_session->pinged = 0;
	if (event->direction == DIRECTION_TO_SERVER &&
	    (event_kind_layer(event->kind) & (LAYER_ENGINEIO | LAYER_SOCKETIO)))
		per_session->heard = event->origin.time;
}

/* A poll is emitted when its answer has come, before what that carries. */
static bool heartbeat_is_poll(const struct event *event)
{
	const struct exchange *exchange = event->kind == EVENT_HTTP ? event->exchange : NULL;
	return exchange && exchange->target->transport == TRANSPORT_POLLING && exchange->target->sid_len &&
	       exchange->request.begun != TIMESTAMP_NONE && slice_equals(exchange->request.head.method, SLICE("GET"));
}

static void heartbeat_note_poll(struct heartbeat_session *per_session, const struct event *event, timestamp until)
{
	if (event->exchange->request.begun <= per_session->poll)
		return;
	per_session->poll = event->exchange->request.begun;
	per_session->polled = until;
}

/* A poll is held until its answer begins: what that carries is on its way then. */
static timestamp heartbeat_held_until(const struct event *event, timestamp until)
{
	const struct exchange *exchange = event->exchange;
	return exchange->status && exchange->answer.begun < until ? exchange->answer.begun : until;
}

/* The poll that was held when the session was closed: had the ping been due in it for too long, as its client thought?
 */
static void heartbeat_take_last_poll(
    struct heartbeat *heartbeat, struct heartbeat_session *per_session, const struct event *event)
{
	timestamp until = heartbeat_held_until(event, per_session->over);
	if (event->exchange->request.begun >= per_session->over)
		return;
	heartbeat_note_poll(per_session, event, until);
	if (heartbeat_is_known(event->session))
		heartbeat_check_ping(heartbeat, per_session, event->session, event, until, true);
}

static void heartbeat_note_join(
    struct heartbeat *heartbeat, struct heartbeat_session *per_session, const struct event *event)
{
	struct returned_join join = returned_join_of(event);
	if (!per_session->client.identity)
		per_session->client = join.client;
	returned_note_join(&heartbeat->returned, &join);
}

static void heartbeat_take_event(void *self, const struct event *event)
{
	struct heartbeat *heartbeat = self;
	crowded_settle(&heartbeat->crowded, event->origin.time);
	if (event->kind == EVENT_HTTP)
		crowded_note_poll(&heartbeat->crowded, event);
	struct heartbeat_session *per_session = event->session && event->kind != EVENT_WS_OPEN
	                                            ? session_state_of(&heartbeat->state.sessions, event->session)
	                                            : NULL;
	if (!per_session)
		return;
	if (event->kind == EVENT_HTTP && !per_session->browser)
		per_session->browser = crowded_browser(event);
	if (heartbeat_is(event, EVENT_CONNECT, DIRECTION_TO_SERVER))
		heartbeat_note_join(heartbeat, per_session, event);
	if (per_session->over) {
		if (heartbeat_is_poll(event))
			heartbeat_take_last_poll(heartbeat, per_session, event);
		return;
	}
	if (heartbeat_is_known(event->session))
		heartbeat_check(heartbeat, per_session, event);
	if (heartbeat_is_poll(event))
		heartbeat_note_poll(per_session, event, heartbeat_held_until(event, event->origin.time));
	else if (event->kind != EVENT_HTTP)
		heartbeat_note_packet(per_session, event);
	heartbeat_note_bytes(per_session, event);
	if (heartbeat_is_over(event))
		per_session->over = event->origin.time;
}

/* An open session in which nothing comes any more has no traffic that shows how long: the capture goes on. */
static timestamp heartbeat_end(const struct session *session)
{
	timestamp end = session_end(session);
	return session->closed == TIMESTAMP_NONE && session->watched > end ? session->watched : end;
}

static void heartbeat_judge_session(void *self, const struct session *session)
{
	struct heartbeat *heartbeat = self;
	struct heartbeat_session *per_session = session_state_find(&heartbeat->state.sessions, session);
	if (!per_session || per_session->over || !heartbeat_is_known(session))
		return;
	heartbeat_check_pong(heartbeat, per_session, session, NULL, heartbeat_end(session), true);
	heartbeat_check_ping(heartbeat, per_session, session, NULL, session_end(session), true);
}

static void *heartbeat_new(const struct detector_state *state)
{
	struct heartbeat *heartbeat = calloc(1, sizeof *heartbeat);
	if (heartbeat) {
		heartbeat->state = *state;
		heartbeat->crowded.findings = state->findings;
		heartbeat->returned.findings = state->findings;
	}
	return heartbeat;
}

static void heartbeat_end_all(void *self, const struct engine_counts *counts)
{
	struct heartbeat *heartbeat = self;
	(void)counts;
	crowded_settle(&heartbeat->crowded, INT64_MAX / 2);
}

const struct detector detector_heartbeat = {
    .judges_absence = true,
    .session_size = sizeof(struct heartbeat_session),
    .new = heartbeat_new,
    .event = heartbeat_take_event,
    .attempted = heartbeat_take_attempt,
    .session_over = heartbeat_judge_session,
    .end = heartbeat_end_all,
};
