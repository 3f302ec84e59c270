/* Asks the tables of servers/. */
#include "socketio/software.h"

#include "base/json.h"

static bool exchange_is_method(const struct exchange *exchange, const char *method)
{
	return slice_equals_text(exchange->request.head.method, method);
}

static enum server_place software_place(const struct exchange *exchange)
{
	const struct target *target = exchange->target;
	bool post = exchange_is_method(exchange, "POST");
	if (exchange->asks_extended)
		return target->sid_len ? AT_UPGRADE : AT_WEBSOCKET;
	if (!post && !exchange_is_method(exchange, "GET"))
		return AT_METHOD;
	if (exchange->request.head.upgrade_websocket)
		return target->sid_len ? AT_UPGRADE : AT_WEBSOCKET;
	if (target->transport == TRANSPORT_WEBSOCKET)
		return target->sid_len ? AT_STRIPPED_UPGRADE : AT_STRIPPED;
	if (target->sid_len)
		return post ? AT_POST : AT_POLL;
	return post ? AT_METHOD : AT_HANDSHAKE;
}

/* Envoy adds this field to what a server behind it answered, and to nothing else (envoy router.cc). */
static bool software_is_passed_on(const struct exchange *exchange)
{
	return exchange_field(&exchange->answer, "x-envoy-upstream-service-time").len > 0;
}

struct server_answer software_answer(const struct exchange *exchange)
{
	return (struct server_answer){.place = software_place(exchange),
	    .status = exchange->status,
	    .body = exchange->plain,
	    .lacks_body = exchange_lacks_body(exchange),
	    .software = exchange_field(&exchange->answer, "Server"),
	    .fields = exchange->answer.head.fields,
	    .passed_on = software_is_passed_on(exchange)};
}

enum server_meaning software_read_refusal(const struct exchange *exchange)
{
	return software_read_refusal_of(NULL, exchange);
}

enum server_meaning software_read_refusal_of(const struct session *session, const struct exchange *exchange)
{
	const struct server_answer answer = software_answer(exchange);
	const struct server *server = session ? recognition_server(&session->software) : NULL;
	const struct server_refusal *row = servers_find_refusal_of(server, &answer, NULL);
	return row ? row->meaning : MEANING_NONE;
}

bool software_disowns_session(const struct session *session, const struct exchange *exchange)
{
	enum server_meaning meaning = software_read_refusal_of(session, exchange);
	return meaning == MEANING_SESSION || meaning == MEANING_CLOSED;
}

/* ---- recognition */

/* The keys in order, with commas between; false when there is no room: no known server has so many. */
static bool software_join_keys(struct slice object, struct buffer *keys)
{
	struct json_walk walk = json_walk_into(object);
	while (json_walk_next(&walk))
		if ((keys->len && !buffer_append_byte(keys, ',')) || !buffer_append(keys, json_inside_quotes(walk.key)))
			return false;
	return true;
}

static void software_note_open(struct session *session, const struct event *event)
{
	char text[128];
	struct buffer keys = buffer_over(text, sizeof text);
	const char *revision = session->revision == 3 ? "3" : "4";
	if (event->incomplete || event->unreadable || !session->sid || !software_join_keys(event->packet.data, &keys) ||
	    !keys.len)
		return;
	recognition_note(&session->software, TRAIT_HANDSHAKE, buffer_slice(&keys));
	recognition_note(&session->software, TRAIT_SID, slice_of(session->sid, session->sid_len));
	if (session->revision)
		recognition_note(&session->software, TRAIT_REVISION, slice_of_text(revision));
}

/* The media type without its parameters (RFC 9110 §8.3.1). */
static struct slice software_media_type(const struct exchange *exchange)
{
	struct slice field = exchange_field(&exchange->answer, "Content-Type");
	return slice_trim(slice_take_until(&field, ';'));
}

static void software_note_http(struct session *session, const struct exchange *exchange)
{
	char text[64];
	struct buffer answer = buffer_over(text, sizeof text);
	struct slice server = exchange_field(&exchange->answer, "Server");
	struct slice alive = exchange_field(&exchange->answer, "Keep-Alive");
	if (server.len)
		recognition_note(&session->software, TRAIT_SOFTWARE, server);
	if (alive.len)
		recognition_note(&session->software, TRAIT_KEEP_ALIVE, alive);
	bool taken = exchange->status == 200 && software_place(exchange) == AT_POST && !exchange->answer.incomplete;
	if (taken && exchange->plain.len && buffer_append(&answer, exchange->plain) &&
	    buffer_append_byte(&answer, ' ') && buffer_append(&answer, software_media_type(exchange)))
		recognition_note(&session->software, TRAIT_POST_OK, buffer_slice(&answer));
}

void software_note_event(struct session *session, const struct event *event)
{
	if (event->kind == EVENT_OPEN)
		software_note_open(session, event);
	else if (event->kind == EVENT_HTTP && event->exchange->status && !event->incomplete)
		software_note_http(session, event->exchange);
	else if (event->kind == EVENT_CONNECT && event->direction == DIRECTION_TO_CLIENT && !event->packet.has_raw &&
	         !event->incomplete && !event->unreadable)
		recognition_note(&session->software, TRAIT_JOIN, event->packet.data);
	else if (event->kind != EVENT_HTTP && event->direction == DIRECTION_TO_CLIENT &&
	         session->packets[DIRECTION_TO_CLIENT] == 2 && session->handshake_seen)
		recognition_note(&session->software, TRAIT_FIRST, slice_of_text(event_kind_name(event->kind)));
}
