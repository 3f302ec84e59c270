/* How the parts of the engine put an event on the timeline, and find a session. */
#include "socketio/context.h"

#include "socketio/channel.h"
#include "socketio/legs.h"

/* The session that a connection carries: its WebSocket's, or the one that its oldest unanswered request asks for. */
static struct session *context_session_of(const struct context *context, const struct connection *connection)
{
	if (connection->is_websocket)
		return channel_session(connection->user);
	if (!connection->oldest || !connection->oldest->wanted || !connection->oldest->target->sid_len)
		return NULL;
	return sessions_find(context->sessions, target_sid(connection->oldest->target), &connection->facts.server);
}

struct carrier context_carrier(
    struct context *context, const struct connection *connection, const struct passage *passage)
{
	return (struct carrier){
	    .session = context_session_of(context, connection),
	    .connection = &connection->facts,
	    .direction = passage->direction,
	    .transport = connection->is_websocket ? TRANSPORT_WEBSOCKET : TRANSPORT_NONE,
	    .first_packet = passage->origin.first_packet,
	    .last_packet = passage->origin.last_packet,
	    .begun = passage->begun,
	    .time = passage->origin.time,
	    .is_inner = connection->is_websocket ? channel_is_inner(connection->user)
	                                         : legs_is_inner(context, connection->oldest),
	};
}

struct event context_event(const struct carrier *carrier, enum event_kind kind)
{
	return (struct event){
	    .kind = kind,
	    .time = carrier->time,
	    .begun = carrier->begun > 0 ? carrier->begun : carrier->time,
	    .first_packet = carrier->first_packet,
	    .last_packet = carrier->last_packet,
	    .direction = carrier->direction,
	    .transport = carrier->transport,
	    .connection = carrier->connection,
	    .bytes = carrier->bytes,
	    .incomplete = carrier->incomplete,
	    .unreadable = carrier->unreadable,
	    .unread = carrier->unread,
	};
}

void context_tell(struct context *context, const struct carrier *carrier, struct event *event)
{
	/* What a connection's end cut off was never sent, and nothing of it was missed. */
	bool is_cut_by_end = event->exchange && event->exchange->state == EXCHANGE_UNANSWERED;
	ledger_add(&context->ledger, LEDGER_INCOMPLETE, 0, event->incomplete && !is_cut_by_end);
	ledger_add(&context->ledger, LEDGER_UNREADABLE, 0, event->unreadable);
	ledger_add(&context->ledger, LEDGER_MALFORMED, 0, event->kind == EVENT_MALFORMED);
	if (carrier->session) {
		sessions_touch(context->sessions, carrier->session, event->time);
		carrier->session->missed |= context->ledger.entries[LEDGER_UNPLACED].items > 0;
	}
	if (event->direction == DIRECTION_TO_SERVER)
		event->queued = context->queued;
	if (carrier->session && (event_kind_layer(event->kind) & (LAYER_ENGINEIO | LAYER_SOCKETIO)))
		legs_count_packet(carrier->session, carrier->connection);
	if (!carrier->session || !carrier->session->is_behind_hop) {
		context_emit(context, carrier->session, event);
	} else if (!legs_take_event(context, carrier, event)) {
		context_emit(context, carrier->session, event);
		legs_note_emitted(context, carrier->session, event);
	}
}

void context_emit(struct context *context, struct session *session, struct event *event)
{
	timeline_add(&context->timeline, session, event);
}

void context_tell_malformed(
    struct context *context, const struct carrier *carrier, const char *layer, const char *why, struct slice raw)
{
	struct event event = context_event(carrier, EVENT_MALFORMED);
	event.layer = layer;
	event.text = slice_of_text(why);
	event.raw = raw;
	event.has_raw = raw.len > 0;
	context_tell(context, carrier, &event);
}

static struct session *context_add_session(
    struct context *context, struct slice sid, const struct connection_facts *connection, bool inner, timestamp now)
{
	struct session *session = sessions_add(context->sessions, now);
	if (!session)
		return NULL;
	legs_note_leg(session, connection, inner, now);
	if (sid.len)
		sessions_name(context->sessions, session, sid);
	return session;
}

struct session *context_new_session(
    struct context *context, struct slice sid, const struct connection_facts *connection, timestamp now)
{
	return context_add_session(context, sid, connection, false, now);
}

struct session *context_open_session(struct context *context, struct slice sid,
    const struct connection_facts *connection, const struct exchange *exchange)
{
	bool inner = legs_is_inner(context, exchange);
	timestamp now = exchange->request.begun;
	struct session *session = legs_opened(context, exchange, sid);
	if (!session && sid.len)
		session = legs_unclaimed(context, sid);
	if (session)
		legs_note_leg(session, connection, inner, now);
	else
		session = context_add_session(context, sid, connection, inner, now);
	if (session)
		legs_note_opened(context, exchange, session);
	return session;
}

struct session *context_session(
    struct context *context, const struct connection_facts *connection, const struct exchange *exchange)
{
	struct slice sid = target_sid(exchange->target);
	bool inner = legs_is_inner(context, exchange);
	timestamp now = exchange->request.begun;
	struct session *session = sessions_find(context->sessions, sid, &connection->server);
	if (!session)
		session = legs_find_session(context, connection, exchange);
	if (!session)
		return context_add_session(context, sid, connection, inner, now);
	legs_note_leg(session, connection, inner, now);
	return session;
}
