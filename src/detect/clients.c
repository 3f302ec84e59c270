/*
 * Many sessions of one client: reconnect-loop, duplicate-session.
 *
 * Seen: the token in the query of a session's handshake (applications name a tab or a user by it), or else the
 * client's address, or the one that a proxy names, with the login that its cookies name and its User-Agent. A loop:
 * several sessions in a row, each begun soon after the one before and none of which lived long (thresholds.c). Several
 * at once: a client goes on sending in one session a while after it began another with the same token. Ruled out: tabs
 * and users behind one address (an address without a token counts for no duplicate, and sessions that go on beside each
 * other are no loop), page reloads, where one ends as the other begins, and sessions that died without a goodbye
 * (nothing comes of them any more).
 */
#include "base/hash.h"
#include "detect/detector.h"

#include <stdio.h>
#include <stdlib.h>

enum { CLIENT_KEY = 160, CLIENTS_KEPT = 4096 };

struct client {
	char key[CLIENT_KEY];
	uint64_t newest;                              /* its newest session */
	unsigned short_lives;                         /* in a row */
	unsigned sent_away, never_joined, not_let_in; /* of those: so they ended */
	bool unsure;                                  /* part of one in the row was not captured */
	timestamp last_begun;
	UT_hash_handle hh;
};

struct clients_session {
	char key[CLIENT_KEY];
	timestamp begun;
	uint64_t packet;
	bool judged;
	bool failed;    /* it ended with an error, or without a goodbye */
	bool sent_away; /* the server said DISCONNECT first */
	bool by_server; /* it ended the session */
	bool is_owned;  /* a plug-in judges what is sent in it, and what two of a token mean */
	/* the client's next session, begun while this one was open; 0: none, or reported */
	timestamp rival_begun;
	uint64_t rival_packet;
};

struct clients {
	struct detector_state state; /* by session: which client's it is */
	struct client *by_key;
};

static void clients_free(void *self)
{
	struct clients *clients = self;
	struct client *client, *next;
	if (!clients)
		return;
	HASH_ITER(hh, clients->by_key, client, next)
	{
		HASH_DEL(clients->by_key, client);
		budget_release(client);
	}
	free(clients);
}

static void *clients_new(const struct detector_state *state)
{
	struct clients *clients = calloc(1, sizeof *clients);
	if (clients)
		clients->state = *state;
	return clients;
}

/* ---- who it is */

/* Cookies by which applications know a user or a login; those of balancers change from answer to answer. */
static bool clients_is_user_cookie(struct slice name)
{
	static const char *const words[] = {"*sess*", "*auth*", "*user*", "*token*", "*sid*", "*jwt*"};
	for (size_t i = 0; i < sizeof words / sizeof *words; i++)
		if (server_text_matches(name, words[i]))
			return true;
	return false;
}

/* A number for the user that the cookies name; 0: they name none. */
static uint64_t clients_user_of(const struct exchange_half *request)
{
	struct slice cookies = exchange_field(request, "Cookie");
	uint64_t user = 0;
	while (cookies.len) {
		struct slice whole = slice_trim(slice_take_until(&cookies, ';')), value = whole;
		if (clients_is_user_cookie(slice_take_until(&value, '=')))
			user = fnv_add(user ? user : FNV_START, whole.at, whole.len);
	}
	return user;
}

/* True when it is a token. */
static bool clients_key_of(const struct event *event, char key[CLIENT_KEY])
{
	const struct exchange_half *request = &event->exchange->request;
	char address[ADDRESS_TEXT_SIZE], server[ENDPOINT_TEXT_SIZE];
	struct slice token, agent = slice_take(exchange_field(request, "User-Agent"), 60);
	endpoint_format(&event->connection->server, server);
	if (http_find_parameter(request->head.target, "token", &token) && token.len) {
		token = slice_take(token, 64);
		snprintf(key, CLIENT_KEY, "token %.*s at %s", (int)token.len, (const char *)token.at, server);
		return true;
	}
	struct slice from = exchange_forwarded_for(request);
	uint64_t user = clients_user_of(request);
	int len = from.len ? snprintf(key, CLIENT_KEY, "%.*s", (int)from.len, (const char *)from.at)
	                   : snprintf(key, CLIENT_KEY, "%s", endpoint_format_host(&event->connection->client, address));
	if (user)
		len += snprintf(key + len, CLIENT_KEY - (size_t)len, " with the login %04x", (unsigned)(user & 0xffff));
	snprintf(key + len, CLIENT_KEY - (size_t)len, " at %s%s%.*s", server, agent.len ? ", " : "", (int)agent.len,
	    agent.at ? (const char *)agent.at : "");
	return false;
}

static struct client *clients_find(struct clients *clients, const char *key)
{
	struct client *client = NULL;
	HASH_FIND_STR(clients->by_key, key, client);
	if (client || !(client = budget_new(&clients->state.findings->memory, sizeof *client)))
		return client;
	snprintf(client->key, sizeof client->key, "%s", key);
	HASH_ADD_STR(clients->by_key, key, client);
	if (!hash_has(client)) {
		budget_note_refusal(&clients->state.findings->memory);
		budget_release(client);
		return NULL;
	}
	if (HASH_COUNT(clients->by_key) > CLIENTS_KEPT) {
		struct client *oldest = clients->by_key;
		HASH_DEL(clients->by_key, oldest);
		budget_release(oldest);
	}
	return client;
}

static void clients_report_duplicate(
    struct clients *clients, const struct clients_session *per_session, const struct event *event)
{
	struct findings *findings = clients->state.findings;
	struct finding *finding = findings_claim(
	    findings, CODE_DUPLICATE_SESSION, CONFIDENCE_POSSIBLE, NULL, event, per_session->key);
	if (!finding)
		return;
	if (finding->count == 1)
		finding_begin_at(finding, per_session->rival_begun);
	finding_say(findings, finding,
	    "the client with %s opened a session while another of it was open, and went on with that",
	    per_session->key);
	finding_doubt(findings, finding, "several tabs of one user may share a token");
	finding_prove(findings, finding, ORIGIN_AT(event->origin.kind, per_session->packet), "the session before");
	finding_prove(findings, finding, ORIGIN_AT(event->origin.kind, per_session->rival_packet), "the new session");
	finding_prove(findings, finding, &event->origin, "the session before goes on");
}

static void clients_break_row(struct client *client)
{
	client->short_lives = client->sent_away = client->never_joined = client->not_let_in = 0;
	client->unsure = false;
}

/* Whoever goes on in one session after another began does not connect again and again: those are several, behind one
 * address. */
static void clients_note_crowd(
    struct clients *clients, const struct clients_session *per_session, const struct event *event)
{
	struct client *client = NULL;
	HASH_FIND_STR(clients->by_key, per_session->key, client);
	if (client && client->newest != event->session->number && event->origin.time > client->last_begun)
		clients_break_row(client);
}

/* Only what the client itself sends shows that it still has the session: servers go on for a while without it. */
static void clients_note_life(struct clients *clients, const struct event *event)
{
	bool sent = event->direction == DIRECTION_TO_SERVER && event->kind != EVENT_CLOSE &&
	            event->kind != EVENT_DISCONNECT &&
	            (event_kind_layer(event->kind) & (LAYER_ENGINEIO | LAYER_SOCKETIO));
	struct clients_session *per_session = sent ? session_state_find(&clients->state.sessions, event->session)
	                                           : NULL;
	if (per_session) {
		per_session->is_owned |= plugin_owns(event) && event_packet(event)->data.len;
		clients_note_crowd(clients, per_session, event);
	}
	if (!per_session || !per_session->rival_begun || per_session->is_owned ||
	    event->origin.time - per_session->rival_begun <= threshold_time(THRESHOLD_DUPLICATE_OVERLAP))
		return;
	clients_report_duplicate(clients, per_session, event);
	per_session->rival_begun = 0;
}

static void clients_note_rival(struct clients *clients, uint64_t newest, const struct event *event)
{
	struct clients_session *former = session_state_find(
	    &clients->state.sessions, &(struct session){.number = newest});
	if (!former)
		return;
	former->rival_begun = event->origin.time;
	former->rival_packet = event->origin.last;
}

static void clients_take_handshake(struct clients *clients, const struct event *event)
{
	char key[CLIENT_KEY];
	bool has_token = clients_key_of(event, key);
	struct client *client = clients_find(clients, key);
	struct clients_session *per_session = session_state_of(&clients->state.sessions, event->session);
	if (!client || !per_session || *per_session->key)
		return;
	memcpy(per_session->key, key, sizeof key);
	per_session->begun = event->origin.time;
	per_session->packet = event->origin.last;
	if (has_token)
		clients_note_rival(clients, client->newest, event);
	if (event->origin.time - client->last_begun > threshold_time(THRESHOLD_LOOP_SPAN))
		clients_break_row(client);
	client->newest = event->session->number;
	client->last_begun = event->origin.time;
}

/* It ended, and the answer to no CONNECT had come. */
static bool clients_never_joined(const struct clients_session *per_session, const struct session *session)
{
	bool joins = false, joined = per_session->failed || per_session->sent_away;
	for (size_t i = 0; i < session->namespace_count; i++) {
		joins |= session->namespaces[i].state == NAMESPACE_CONNECTING;
		joined |= session->namespaces[i].state != NAMESPACE_CONNECTING;
	}
	return joins && !joined;
}

/* Why most of the row did not live, where their namespaces show it; CAUSES: they do not. */
static enum cause clients_cause_of(const struct client *client)
{
	return 2 * client->sent_away > client->short_lives      ? CAUSE_LOOP_SENT_AWAY
	       : 2 * client->never_joined > client->short_lives ? CAUSE_LOOP_NEVER_JOINED
	       : 2 * client->not_let_in > client->short_lives   ? CAUSE_LOOP_NOT_LET_IN
	                                                        : CAUSES;
}

static const char *clients_say_cause(enum cause cause)
{
	return cause == CAUSE_LOOP_SENT_AWAY ? "; the server's DISCONNECT came before the end of most of them"
	       : cause == CAUSE_LOOP_NEVER_JOINED
	           ? "; in most of them the client gave up waiting for the answer to its CONNECT"
	       : cause == CAUSE_LOOP_NOT_LET_IN ? "; in most of them the server ended the session after the client's "
	                                          "CONNECT, without an answer to it"
	                                        : "";
}

static void clients_report_loop(struct clients *clients, const struct client *client,
    const struct clients_session *per_session, const struct session *session)
{
	struct finding *finding = findings_claim(clients->state.findings, CODE_RECONNECT_LOOP,
	    client->unsure ? CONFIDENCE_POSSIBLE : CONFIDENCE_LIKELY, NULL, NULL, client->key);
	if (!finding)
		return;
	enum cause cause = clients_cause_of(client);
	finding_note_time(finding, session->last);
	finding_say(clients->state.findings, finding,
	    "%s opened %u sessions one after the other, none of which lived %lld s; the last ended: %s%s", client->key,
	    client->short_lives, (long long)(threshold_time(THRESHOLD_LOOP_LIFE) / TIMESTAMP_SECOND), session->close,
	    clients_say_cause(cause));
	if (cause != CAUSES)
		finding_set_cause(clients->state.findings, finding, cause, NULL);
	finding_prove(
	    clients->state.findings, finding, ORIGIN_AT(session->seen_in, per_session->packet), "one more session");
	if (finding->confidence == CONFIDENCE_POSSIBLE)
		finding_doubt(clients->state.findings, finding,
		    "part of these sessions was not captured; they may have got events");
}

/* The session has ended: did it live, as a page does that gets its events? */
static void clients_judge(struct clients *clients, struct client *client, const struct clients_session *per_session,
    const struct session *session)
{
	bool lived = session->closed - per_session->begun >= threshold_time(THRESHOLD_LOOP_LIFE) ||
	             (session->events[DIRECTION_TO_CLIENT] > 0 && !per_session->failed);
	if (lived) {
		clients_break_row(client);
		return;
	}
	client->short_lives++;
	client->sent_away += per_session->sent_away;
	bool never_joined = clients_never_joined(per_session, session);
	client->never_joined += never_joined && !per_session->by_server;
	client->not_let_in += never_joined && per_session->by_server;
	client->unsure |= session->gaps || session->incomplete || session->unreadable || session->missed;
	if (client->short_lives >= threshold_count(THRESHOLD_LOOP_SESSIONS))
		clients_report_loop(clients, client, per_session, session);
}

static void clients_take_end_of_session(struct clients *clients, const struct session *session)
{
	struct clients_session *per_session = session_state_find(&clients->state.sessions, session);
	struct client *client = NULL;
	if (!per_session || per_session->judged || session->closed == TIMESTAMP_NONE)
		return;
	per_session->judged = true;
	HASH_FIND_STR(clients->by_key, per_session->key, client);
	if (client)
		clients_judge(clients, client, per_session, session);
}

/* A refused request, a close frame with an error, the end of the WebSocket without one. */
static bool clients_is_failure(const struct event *event)
{
	const struct session *session = event->session;
	if (event->kind == EVENT_HTTP)
		return event->exchange->target->sid_len && event->exchange->status >= 400 && !session->left;
	if (event->kind == EVENT_WS_CLOSE)
		return event->ws_close.code >= 1002 && event->ws_close.code != 1005;
	return event->kind == EVENT_TCP_CLOSE && session_is_carried_by(session, event) &&
	       !session_said_goodbye(session, event->index);
}

static void clients_note_failure(struct clients *clients, const struct event *event)
{
	bool failed = clients_is_failure(event);
	bool sent_away = event->kind == EVENT_DISCONNECT && event->direction == DIRECTION_TO_CLIENT &&
	                 !session_said_goodbye(event->session, event->index);
	struct clients_session *per_session = failed || sent_away
	                                          ? session_state_find(&clients->state.sessions, event->session)
	                                          : NULL;
	if (per_session) {
		per_session->failed |= failed;
		per_session->sent_away |= sent_away;
	}
}

static void clients_note_closer(struct clients *clients, const struct event *event)
{
	struct clients_session *per_session = event->session->closed != TIMESTAMP_NONE
	                                          ? session_state_find(&clients->state.sessions, event->session)
	                                          : NULL;
	if (per_session && !per_session->judged)
		per_session->by_server = event->direction == DIRECTION_TO_CLIENT;
}

static void clients_take_event(void *self, const struct event *event)
{
	struct clients *clients = self;
	bool handshake = (event->kind == EVENT_HTTP || event->kind == EVENT_WS_OPEN) && event->session &&
	                 !event->exchange->target->sid_len && event->exchange->status < 400;
	if (handshake)
		clients_take_handshake(clients, event);
	if (!event->session)
		return;
	clients_note_closer(clients, event);
	clients_note_failure(clients, event);
	clients_note_life(clients, event);
	clients_take_end_of_session(clients, event->session);
}

static void clients_judge_session(void *self, const struct session *session)
{
	clients_take_end_of_session(self, session);
}

const struct detector detector_clients = {
    .session_size = sizeof(struct clients_session),
    .new = clients_new,
    .free = clients_free,
    .event = clients_take_event,
    .session_over = clients_judge_session,
};
