/* What each event says about its session; and the table of sessions: a hash by sid, and a list in order of last
 * traffic. */
#include "socketio/session.h"

#include "base/hash.h"
#include "net/packet.h"
#include "socketio/engineio.h"
#include "socketio/software.h"
#include "socketio/timeline.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <utlist.h>

/* ---- what an event changes */

static const char *const namespace_state_names[] = {
    [NAMESPACE_UNKNOWN] = "unknown",
    [NAMESPACE_CONNECTING] = "connecting",
    [NAMESPACE_CONNECTED] = "connected",
    [NAMESPACE_DISCONNECTED] = "disconnected",
    [NAMESPACE_REFUSED] = "refused",
};

const char *namespace_state_name(enum namespace_state state)
{
	return namespace_state_names[state];
}

static struct session_namespace *session_namespace_named(const struct session *session, struct slice name)
{
	for (size_t i = 0; i < session->namespace_count; i++)
		if (slice_equals(slice_of(session->namespaces[i].name, session->namespaces[i].name_len), name))
			return &session->namespaces[i];
	return NULL;
}

const struct session_namespace *session_find_namespace(const struct session *session, struct slice name)
{
	return session_namespace_named(session, name);
}

/* NULL when there are SESSION_NAMESPACES already, its name is longer than any that is in use, or there is no memory:
 * the namespace then goes without a state. */
static struct session_namespace *session_add_namespace(
    struct session *session, struct slice name, struct budget *budget)
{
	if (session->namespace_count == SESSION_NAMESPACES || name.len > SESSION_NAMESPACE_NAME)
		return NULL;
	struct session_namespace *grown = budget_resize(
	    budget, session->namespaces, (session->namespace_count + 1) * sizeof *session->namespaces);
	if (grown)
		session->namespaces = grown;
	char *copy = grown ? budget_copy_text(budget, name) : NULL;
	if (!copy)
		return NULL;
	struct session_namespace *added = &grown[session->namespace_count++];
	*added = (struct session_namespace){.name = copy, .name_len = strlen(copy)};
	return added;
}

static enum namespace_state session_next_state(enum namespace_state state, const struct event *event)
{
	switch (event->kind) {
	case EVENT_CONNECT:
		return event->direction == DIRECTION_TO_CLIENT ? NAMESPACE_CONNECTED
		       : state == NAMESPACE_CONNECTED          ? state
		                                               : NAMESPACE_CONNECTING;
	case EVENT_DISCONNECT:
		return NAMESPACE_DISCONNECTED;
	case EVENT_CONNECT_ERROR:
		/* In revision 4 and before it is ERROR, which a connected namespace may get too (protocol.md §6). */
		return state == NAMESPACE_CONNECTED ? state : NAMESPACE_REFUSED;
	default:
		return state;
	}
}

static void session_note_namespace(struct session *session, const struct event *event, struct budget *budget)
{
	struct session_namespace *named = session_namespace_named(session, event->packet.nsp);
	if (!named)
		named = session_add_namespace(session, event->packet.nsp, budget);
	if (!named)
		return;
	enum namespace_state state = session_next_state(named->state, event);
	if (state != named->state || named->since == 0)
		named->since = event->origin.time;
	named->state = state;
}

/* A WebSocket that asks for a session by its sid, and the probe on it, are a try to upgrade. */
static bool session_is_tried(const struct event *event)
{
	const struct exchange *exchange = event_exchange(event);
	return event->kind == EVENT_PROBE || event->kind == EVENT_PROBE_ACK ||
	       (exchange && exchange->target->transport == TRANSPORT_WEBSOCKET && exchange->target->sid_len);
}

/* Does what was seen show that this transport carries the session? Its opening and the client's `5` do, and what the
 * server says to the application: before the `5`, it answers on a WebSocket that is tried at most a ping. Of a session
 * that nothing is known of, any event does. */
static bool session_is_carried(const struct session *session, const struct event *event)
{
	return event->kind == EVENT_OPEN || event->kind == EVENT_UPGRADE ||
	       (event->direction == DIRECTION_TO_CLIENT && event_kind_layer(event->kind) == LAYER_SOCKETIO) ||
	       session->transport == TRANSPORT_NONE;
}

/* Nobody goes back to polling: what still comes by it was under way. */
static void session_note_transport(struct session *session, const struct event *event)
{
	if (event->transport == TRANSPORT_NONE || session_is_tried(event) || !session_is_carried(session, event))
		return;
	session->transports |= 1u << event->transport;
	if (event->transport != TRANSPORT_POLLING || session->transport != TRANSPORT_WEBSOCKET)
		session->transport = event->transport;
	if (event->transport == TRANSPORT_WEBSOCKET && (!session->carrier || event->kind == EVENT_UPGRADE))
		session->carrier = event->connection->client.port;
}

/* The first reason stays. */
static void __attribute__((format(printf, 3, 4)))
session_close(struct session *session, timestamp time, const char *how, ...)
{
	va_list arguments;
	if (session->closed != TIMESTAMP_NONE)
		return;
	session->closed = time;
	va_start(arguments, how);
	vsnprintf(session->close, sizeof session->close, how, arguments);
	va_end(arguments);
}

static void session_note_ws_close(struct session *session, const struct event *event)
{
	if (session_is_carried_by(session, event))
		session_close(session, event->origin.time, "%s closed the WebSocket (%u)",
		    direction_sender(event->direction), event->ws_close.code);
}

/* The end of a TCP connection ends a session only when it carried its WebSocket; polls come and go. */
static void session_note_tcp_close(struct session *session, const struct event *event)
{
	const char *who = direction_sender(event->direction);
	if (!session_is_carried_by(session, event))
		return;
	if (event->tcp_close.exited)
		session_close(session, event->origin.time, "the %s's process ended", who);
	else
		session_close(session, event->origin.time, "%s %s the connection, no close frame", who,
		    event->tcp_close.how == TCP_END_RST ? "reset" : "ended");
}

bool session_add_leg(struct session *session, size_t place, const struct session_leg *leg, struct budget *budget)
{
	if (session->leg_count == SESSION_LEGS)
		return false;
	struct session_leg *grown = budget_resize(budget, session->legs, (session->leg_count + 1) * sizeof *grown);
	if (!grown)
		return false;
	memmove(&grown[place + 1], &grown[place], (session->leg_count - place) * sizeof *grown);
	grown[place] = *leg;
	session->legs = grown;
	session->leg_count++;
	return true;
}

static struct session_leg *session_leg_at(struct session *session, const struct endpoint *server)
{
	for (size_t i = 0; session->leg_count > 1 && i < session->leg_count; i++)
		if (endpoint_equals(&session->legs[i].server, server))
			return &session->legs[i];
	return NULL;
}

static void session_note_user(struct session *session, const struct exchange *exchange, struct budget *budget)
{
	struct slice user = exchange_forwarded_for(&exchange->request);
	if (session->user || !user.len)
		return;
	session->user = budget_copy_text(budget, user);
}

/* Servers answer a request of a session that they have ended with 400 (most), or 500 (protocol.md §4.5, signatures.md
 * A); that dates its end no later than this. */
static void session_note_http(struct session *session, const struct event *event)
{
	int status = event->exchange->status;
	bool is_success = status == 101 || (status >= 200 && status < 300);
	session->known |= is_success;
	struct session_leg *leg = session_leg_at(session, &event->connection->server);
	if (leg)
		leg->knows_it |= is_success;
	/* A server that never knew it says nothing of the one that does. */
	if ((leg ? leg->knows_it : session->known) && software_disowns_session(session, event->exchange))
		session_close(session, event->origin.time, "server no longer knows it (HTTP %d)", status);
}

void session_note_refused(struct session *session, timestamp time)
{
	if (session->handshake_seen || session->closed != TIMESTAMP_NONE)
		return;
	session->refused = true;
	session_close(session, time, "server refused it inside the open WebSocket");
}

void session_note_recorded(struct session *session, timestamp time)
{
	if (session->closed == TIMESTAMP_NONE)
		session_close(session, time, "the recording of its WebSocket ends (why, a HAR does not say)");
}

void session_note_logged_end(struct session *session, timestamp time, struct slice why)
{
	if (session->closed == TIMESTAMP_NONE)
		session_close(session, time, "%.*s", (int)why.len, (const char *)why.at);
}

static bool session_has_joined(const struct session *session)
{
	for (size_t i = 0; i < session->namespace_count; i++)
		if (session->namespaces[i].state == NAMESPACE_CONNECTED ||
		    session->namespaces[i].state == NAMESPACE_CONNECTING)
			return true;
	return false;
}

/* What either side does when it leaves: it leaves the last namespace, closes the session, or ends the WebSocket that
 * carries it. */
static bool session_is_goodbye(const struct session *session, const struct event *event)
{
	bool ends = event->kind == EVENT_WS_CLOSE || event->kind == EVENT_TCP_CLOSE;
	return event->kind == EVENT_CLOSE || (event->kind == EVENT_DISCONNECT && !session_has_joined(session)) ||
	       (ends && session_is_carried_by(session, event));
}

static void session_note_goodbye(struct session *session, const struct event *event)
{
	if (!session->goodbye && session_is_goodbye(session, event))
		session->goodbye = event->index;
	if (event->kind == EVENT_CONNECT && session->closed == TIMESTAMP_NONE)
		session->goodbye = 0; /* it joins again */
	bool second = session->transport == TRANSPORT_WEBSOCKET && !session_is_carried_by(session, event);
	if (event->kind == EVENT_WS_CLOSE && !second && !session->close_frame[event->direction])
		session->close_frame[event->direction] = event->index;
}

static void session_note_kind(struct session *session, const struct event *event)
{
	switch (event->kind) {
	case EVENT_OPEN:
		session->opened = event->origin.time;
		session->known = session->handshake_seen = true;
		break;
	case EVENT_CLOSE:
		session->left |= event->direction == DIRECTION_TO_SERVER;
		session_close(session, event->origin.time, "%s sent close", direction_sender(event->direction));
		break;
	case EVENT_WS_CLOSE:
		session_note_ws_close(session, event);
		break;
	case EVENT_TCP_CLOSE:
		session_note_tcp_close(session, event);
		break;
	case EVENT_HTTP:
		session_note_http(session, event);
		break;
	case EVENT_GAP:
		session->gaps++;
		break;
	case EVENT_MALFORMED:
		session->malformed++;
		session->broken += strcmp(event->malformed.layer, "http") == 0 ||
		                   strcmp(event->malformed.layer, "websocket") == 0;
		break;
	default:
		break;
	}
}

static void session_count(struct session *session, const struct event *event)
{
	enum layer layer = event_kind_layer(event->kind);
	if (layer == LAYER_SOCKETIO || layer == LAYER_ENGINEIO) {
		if (!session->packets[event->direction]++)
			session->spoke[event->direction] = event->origin.time;
		session->bytes[event->direction] += event->bytes;
	}
	if (event->kind == EVENT_EVENT || event->kind == EVENT_ACK)
		session->events[event->direction]++;
	session->incomplete += event->incomplete && !event->broken_off;
	session->unreadable += event->unreadable;
}

static void session_note_process(struct session *session, const struct event *event)
{
	if (!event->connection)
		return;
	session->doubtful |= event->connection->doubtful;
	session->unrecorded |= event->connection->unrecorded;
	session->missed |= event->connection->unrecorded;
	if (session->process)
		return;
	session->process = event->connection->process;
	process_hold(session->process);
}

/*
 * An upgrade to WebTransport shows in what polling does: the server answers the poll that waits by a noop, as it does
 * for any probe, and the client polls no more (engine.io 6.6 socket.js, _maybeUpgrade; engine.io-client 6.6: the
 * WebSocket's probe comes 200 ms later where WebTransport is offered, and not at all once that is there). What the
 * client sends on this session afterwards shows that it was none.
 */
static void session_watch_webtransport(struct session *session, const struct event *event)
{
	bool is_noop = event->kind == EVENT_NOOP && event->direction == DIRECTION_TO_CLIENT &&
	               event->transport == TRANSPORT_POLLING;
	bool goes_on = session->hidden && event->begun > session->hidden &&
	               (event->kind != EVENT_HTTP || event->exchange->request.begun > session->hidden) && !is_noop &&
	               event->kind != EVENT_TCP_CLOSE;
	if (event->transport == TRANSPORT_WEBSOCKET)
		session->offers_webtransport = false; /* it is used, or probed, whatever else is */
	if (session->hidden && (goes_on || !session->offers_webtransport)) {
		session->hidden = 0;
		session->unrecorded = false;
	}
	if (is_noop && session->offers_webtransport && session->closed == TIMESTAMP_NONE) {
		session->hidden = event->origin.time;
		session->unrecorded = true;
	}
}

void session_note_hidden(struct session *session)
{
	if (session->closed == TIMESTAMP_NONE)
		session_close(session, session->hidden, "client upgraded to WebTransport, which cannot be read");
}

void session_note_event(struct session *session, const struct event *event, struct budget *budget)
{
	session->last = event->origin.time > session->last ? event->origin.time : session->last;
	session->seen_in = event->origin.kind;
	session_note_process(session, event);
	session_watch_webtransport(session, event);
	session->known |= event->direction == DIRECTION_TO_CLIENT &&
	                  (event_kind_layer(event->kind) & (LAYER_ENGINEIO | LAYER_SOCKETIO));
	session_count(session, event);
	session_note_transport(session, event);
	if (event->kind == EVENT_HTTP)
		session_note_user(session, event->exchange, budget);
	session_note_kind(session, event);
	if (event_kind_layer(event->kind) == LAYER_SOCKETIO && event->packet.nsp.len)
		session_note_namespace(session, event, budget);
	session_note_goodbye(session, event);
	session->speaks_socketio |= event_kind_layer(event->kind) == LAYER_SOCKETIO && !event->packet.has_raw;
	software_note_event(session, event);
}

/* ---- the table */

enum {
	SESSION_NAME_SIZE = TARGET_SID_SIZE - 1,
	SESSIONS_OF_NAME = 64
}; /* with one sid, at several servers; beyond, the oldest is not found any more */

/* Longer sids are compared by what a request's sid is cut to. */
struct session_name {
	struct session_entry *newest; /* first */
	size_t count;
	UT_hash_handle hh;
	size_t len;
	uint8_t sid[]; /* SESSION_NAME_SIZE at most */
};

struct session_entry {
	struct session session;
	struct session_name *name;                   /* NULL: no sid yet, or nobody finds it any more */
	struct session_entry *same_prev, *same_next; /* with the same name, the newest first */
	struct session_entry *prev, *next;
};

struct sessions {
	struct session_name *by_name;
	struct session_entry *oldest; /* head of the list in order of last traffic */
	size_t count, limit;
	struct budget *budget;
	uint64_t evicted;
	void (*closed)(void *self, struct session *session);
	void *self;
};

struct sessions *sessions_new(
    size_t limit, struct budget *budget, void (*closed)(void *self, struct session *session), void *self)
{
	struct sessions *sessions = calloc(1, sizeof *sessions);
	if (sessions)
		*sessions = (struct sessions){.limit = limit, .budget = budget, .closed = closed, .self = self};
	return sessions;
}

static void sessions_unname(struct sessions *sessions, struct session_entry *entry)
{
	struct session_name *name = entry->name;
	if (!name)
		return;
	entry->name = NULL;
	DL_DELETE2(name->newest, entry, same_prev, same_next);
	if (--name->count)
		return;
	HASH_DEL(sessions->by_name, name);
	budget_release(name);
}

static void session_free_parts(struct session *session)
{
	for (size_t i = 0; i < session->namespace_count; i++)
		budget_release(session->namespaces[i].name);
	budget_release(session->namespaces);
	budget_release(session->losses);
	budget_release(session->legs);
	budget_release(session->sid);
	budget_release(session->user);
	process_release(session->process);
	timeline_free_answers(session->answers);
}

static void sessions_remove(struct sessions *sessions, struct session_entry *entry)
{
	sessions->closed(sessions->self, &entry->session);
	sessions_unname(sessions, entry);
	DL_DELETE(sessions->oldest, entry);
	sessions->count--;
	session_free_parts(&entry->session);
	budget_release(entry);
}

void sessions_close_all(struct sessions *sessions)
{
	while (sessions->oldest)
		sessions_remove(sessions, sessions->oldest);
}

void sessions_free(struct sessions *sessions)
{
	if (sessions)
		sessions_close_all(sessions);
	free(sessions);
}

static struct session_name *sessions_find_name(struct sessions *sessions, struct slice sid)
{
	struct session_name *name = NULL;
	sid = slice_take(sid, SESSION_NAME_SIZE);
	if (sid.len)
		HASH_FIND(hh, sessions->by_name, sid.at, sid.len, name);
	return name;
}

static bool session_was_at(const struct session *session, const struct endpoint *server)
{
	for (size_t i = 0; i < session->leg_count; i++)
		if (endpoint_equals(&session->legs[i].server, server))
			return true;
	return false;
}

struct session *sessions_find(struct sessions *sessions, struct slice sid, const struct endpoint *server)
{
	const struct session_name *name = sessions_find_name(sessions, sid);
	for (struct session_entry *entry = name ? name->newest : NULL; entry; entry = entry->same_next)
		if (session_was_at(&entry->session, server))
			return &entry->session;
	return NULL;
}

struct session *sessions_newest(struct sessions *sessions, struct slice sid)
{
	const struct session_name *name = sessions_find_name(sessions, sid);
	return name ? &name->newest->session : NULL;
}

static struct session_name *sessions_make_name(struct sessions *sessions, struct slice sid)
{
	struct session_name *name = sessions_find_name(sessions, sid);
	sid = slice_take(sid, SESSION_NAME_SIZE);
	if (name || !(name = budget_new(sessions->budget, sizeof *name + sid.len)))
		return name;
	name->len = sid.len;
	memcpy(name->sid, sid.at, sid.len);
	HASH_ADD(hh, sessions->by_name, sid, name->len, name);
	if (hash_has(name))
		return name;
	budget_release(name);
	return NULL;
}

static bool sessions_keep_name(struct sessions *sessions, struct session *session, struct slice sid)
{
	sid = slice_take(sid, TARGET_SID_SIZE); /* as much as a request's query gives */
	session->sid = budget_copy_text(sessions->budget, sid);
	if (!session->sid)
		return false;
	session->sid_len = strlen(session->sid);
	struct session *former = sessions_find(sessions, sid, &session->server);
	session->shares_sid = former != NULL;
	if (former) {
		former->shares_sid = true;
		sessions_unname(sessions, former->entry);
	}
	struct session_name *name = sessions_make_name(sessions, sid);
	if (!name)
		return false;
	DL_PREPEND2(name->newest, session->entry, same_prev, same_next);
	session->entry->name = name;
	for (struct session_entry *same = name->newest; same->same_next; same = same->same_next)
		session->shares_sid = same->same_next->session.shares_sid = true;
	if (++name->count > SESSIONS_OF_NAME)
		sessions_unname(sessions, name->newest->same_prev);
	return true;
}

void sessions_name(struct sessions *sessions, struct session *session, struct slice sid)
{
	if (!sessions_keep_name(sessions, session, sid))
		budget_note_refusal(sessions->budget);
}

enum { SESSIONS_EVICTION_LOOK = 64 }; /* how many in use are passed over: where all are, each new one would be a walk */

/* For the limit, or for memory. Sessions in use are passed over by moving them to the end. */
static void sessions_evict(struct sessions *sessions)
{
	bool full = sessions->count >= sessions->limit;
	size_t looks = sessions->count < SESSIONS_EVICTION_LOOK ? sessions->count : SESSIONS_EVICTION_LOOK;
	for (; looks; looks--) {
		struct session_entry *entry = sessions->oldest;
		if (!entry->session.users) {
			bool is_open = entry->session.closed == TIMESTAMP_NONE;
			sessions->evicted += full && is_open;
			if (!full && is_open)
				budget_note_refusal(sessions->budget);
			sessions_remove(sessions, entry);
			return;
		}
		DL_DELETE(sessions->oldest, entry);
		DL_APPEND(sessions->oldest, entry);
	}
}

struct session *sessions_add(struct sessions *sessions, timestamp now)
{
	if (sessions->count >= sessions->limit || budget_is_short(sessions->budget))
		sessions_evict(sessions);
	struct session_entry *entry = budget_new(sessions->budget, sizeof *entry);
	if (!entry)
		return NULL;
	entry->session = (struct session){.first = now,
	    .last = now,
	    .opened = TIMESTAMP_NONE,
	    .closed = TIMESTAMP_NONE,
	    .watched = TIMESTAMP_NONE,
	    .entry = entry};
	DL_APPEND(sessions->oldest, entry);
	sessions->count++;
	return &entry->session;
}

void sessions_touch(struct sessions *sessions, struct session *session, timestamp now)
{
	struct session_entry *entry = session->entry;
	session->last = now > session->last ? now : session->last;
	if (!entry->next)
		return;
	DL_DELETE(sessions->oldest, entry);
	DL_APPEND(sessions->oldest, entry);
}

void sessions_expire(struct sessions *sessions, timestamp before)
{
	while (sessions->oldest && sessions->oldest->session.last < before && !sessions->oldest->session.users)
		sessions_remove(sessions, sessions->oldest);
}

uint64_t sessions_evicted(const struct sessions *sessions)
{
	return sessions->evicted;
}
