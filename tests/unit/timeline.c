/* Which event answers which. */
#include "socketio/timeline.h"

#include "unit.h"

#include <stdio.h>

struct told {
	struct observer observer;
	const struct observer *observers[1];
	struct timeline timeline;
	struct session session;
	enum transport transport; /* of what is told */
	const char *nsp;          /* NULL: none */
	uint64_t answers;         /* of the event that was told last */
	size_t opened;
};

static void note_event(void *self, const struct event *event)
{
	((struct told *)self)->answers = event->answers;
}

static void note_opened(void *self, const struct session *session)
{
	((struct told *)self)->opened = session->number;
}

static void begin(struct told *told)
{
	*told = (struct told){.observer = {.self = told, .event = note_event, .session_opened = note_opened}};
	told->observers[0] = &told->observer;
	told->timeline = (struct timeline){.observers = told->observers, .observer_count = 1};
}

static void end(struct told *told)
{
	for (size_t i = 0; i < told->session.namespace_count; i++)
		budget_release(told->session.namespaces[i].name);
	budget_release(told->session.namespaces);
	budget_release(told->session.user);
	timeline_free_answers(told->session.answers);
}

/* Returns the index of what it answers. */
static uint64_t tell(struct told *told, enum event_kind kind, enum direction direction, const char *id)
{
	struct event event = {
	    .kind = kind, .direction = direction, .transport = told->transport, .packet.ack = slice_of_text(id)};
	if (told->nsp)
		event.packet.nsp = slice_of_text(told->nsp);
	timeline_add(&told->timeline, &told->session, &event);
	return told->answers;
}

static void an_answer_belongs_to_the_newest_that_asked(void **state)
{
	(void)state; /* both ids are 90071992547409920 as JavaScript reads them */
	struct told told;
	begin(&told);
	tell(&told, EVENT_EVENT, DIRECTION_TO_SERVER, "90071992547409921");
	tell(&told, EVENT_EVENT, DIRECTION_TO_SERVER, "90071992547409923");
	assert_int_equal(tell(&told, EVENT_ACK, DIRECTION_TO_CLIENT, "90071992547409920"), 2);
	assert_int_equal(tell(&told, EVENT_ACK, DIRECTION_TO_CLIENT, "90071992547409920"), 1);
	end(&told);
}

static void an_id_is_matched_as_it_is_spelt_first(void **state)
{
	(void)state;
	struct told told;
	begin(&told);
	tell(&told, EVENT_EVENT, DIRECTION_TO_SERVER, "90071992547409921");
	tell(&told, EVENT_EVENT, DIRECTION_TO_SERVER, "90071992547409923");
	assert_int_equal(tell(&told, EVENT_ACK, DIRECTION_TO_CLIENT, "90071992547409921"), 1);
	end(&told);
}

static void what_is_asked_again_replaces_what_was_owed(void **state)
{
	(void)state;
	struct told told;
	begin(&told);
	tell(&told, EVENT_PING, DIRECTION_TO_CLIENT, "");
	tell(&told, EVENT_PING, DIRECTION_TO_CLIENT, "");
	assert_int_equal(tell(&told, EVENT_PONG, DIRECTION_TO_SERVER, ""), 2);
	assert_int_equal(tell(&told, EVENT_PONG, DIRECTION_TO_SERVER, ""), 0);
	end(&told);
}

static void an_answer_goes_against_the_direction_of_what_asked(void **state)
{
	(void)state;
	struct told told;
	begin(&told);
	tell(&told, EVENT_EVENT, DIRECTION_TO_SERVER, "7");
	assert_int_equal(tell(&told, EVENT_ACK, DIRECTION_TO_SERVER, "7"), 0);
	assert_int_equal(tell(&told, EVENT_ACK, DIRECTION_TO_CLIENT, "7"), 1);
	end(&told);
}

static void an_ack_is_for_an_event_of_its_own_namespace(void **state)
{
	(void)state;
	struct told told;
	begin(&told);
	told.nsp = "/a";
	tell(&told, EVENT_EVENT, DIRECTION_TO_SERVER, "7");
	told.nsp = "/b";
	assert_int_equal(tell(&told, EVENT_ACK, DIRECTION_TO_CLIENT, "7"), 0);
	told.nsp = "/a";
	assert_int_equal(tell(&told, EVENT_ACK, DIRECTION_TO_CLIENT, "7"), 1);
	end(&told);
}

static void beyond_what_may_be_owed_the_oldest_is_forgotten(void **state)
{
	(void)state;
	enum { MANY = 1025 };
	struct told told;
	char id[24];
	begin(&told);
	for (int i = 1; i <= MANY; i++) {
		snprintf(id, sizeof id, "%d", i);
		tell(&told, EVENT_EVENT, DIRECTION_TO_SERVER, id);
	}
	assert_int_equal(tell(&told, EVENT_ACK, DIRECTION_TO_CLIENT, id), MANY);
	assert_int_equal(tell(&told, EVENT_ACK, DIRECTION_TO_CLIENT, "1"), 0);
	assert_int_equal(tell(&told, EVENT_ACK, DIRECTION_TO_CLIENT, "2"), 2);
	end(&told);
}

/* Revision 4 and before send it to a connected namespace too (protocol.md §6). */
static void an_error_leaves_a_connected_namespace_connected(void **state)
{
	(void)state;
	struct told told;
	begin(&told);
	told.nsp = "/";
	tell(&told, EVENT_CONNECT, DIRECTION_TO_SERVER, "");
	tell(&told, EVENT_CONNECT, DIRECTION_TO_CLIENT, "");
	tell(&told, EVENT_CONNECT_ERROR, DIRECTION_TO_CLIENT, "");
	assert_int_equal(told.session.namespaces[0].state, NAMESPACE_CONNECTED);
	end(&told);
}

static void an_error_refuses_a_namespace_that_is_connecting(void **state)
{
	(void)state;
	struct told told;
	begin(&told);
	told.nsp = "/";
	tell(&told, EVENT_CONNECT, DIRECTION_TO_SERVER, "");
	tell(&told, EVENT_CONNECT_ERROR, DIRECTION_TO_CLIENT, "");
	assert_int_equal(told.session.namespaces[0].state, NAMESPACE_REFUSED);
	end(&told);
}

static void a_session_is_opened_by_its_first_event(void **state)
{
	(void)state;
	struct told told;
	begin(&told);
	assert_int_equal(told.session.number, 0);
	tell(&told, EVENT_NOOP, DIRECTION_TO_CLIENT, "");
	assert_int_equal(told.opened, 1);
	assert_int_equal(told.session.number, 1);
	end(&told);
}

static void the_first_goodbye_is_remembered(void **state)
{
	(void)state;
	struct told told;
	begin(&told);
	told.transport = told.session.transport = TRANSPORT_WEBSOCKET;
	tell(&told, EVENT_NOOP, DIRECTION_TO_CLIENT, "");
	tell(&told, EVENT_WS_CLOSE, DIRECTION_TO_CLIENT, "");
	tell(&told, EVENT_WS_CLOSE, DIRECTION_TO_SERVER, "");
	assert_false(session_said_goodbye(&told.session, 2));
	assert_true(session_said_goodbye(&told.session, 3));
	assert_false(session_saw_close_frame(&told.session, 2));
	assert_true(session_saw_close_frame(&told.session, 3));
	end(&told);
}

static void a_websocket_that_was_tried_in_vain_is_no_goodbye(void **state)
{
	(void)state;
	struct told told;
	begin(&told);
	told.session.transport = TRANSPORT_POLLING;
	told.transport = TRANSPORT_WEBSOCKET;
	tell(&told, EVENT_WS_CLOSE, DIRECTION_TO_CLIENT, "");
	tell(&told, EVENT_TCP_CLOSE, DIRECTION_TO_CLIENT, "");
	assert_false(session_said_goodbye(&told.session, 3));
	end(&told);
}

static void leaving_the_last_namespace_is_a_goodbye_until_it_is_joined_again(void **state)
{
	(void)state;
	struct told told;
	struct session_namespace joined[] = {
	    {(char *)"/", 1, NAMESPACE_CONNECTED, 0}, {(char *)"/a", 2, NAMESPACE_CONNECTED, 0}};
	begin(&told);
	told.session.closed = TIMESTAMP_NONE;
	told.session.namespaces = joined;
	told.session.namespace_count = 2;
	joined[0].state = NAMESPACE_DISCONNECTED;
	tell(&told, EVENT_DISCONNECT, DIRECTION_TO_CLIENT, "");
	assert_false(session_said_goodbye(&told.session, 2));
	joined[1].state = NAMESPACE_DISCONNECTED;
	tell(&told, EVENT_DISCONNECT, DIRECTION_TO_CLIENT, "");
	assert_true(session_said_goodbye(&told.session, 3));
	tell(&told, EVENT_CONNECT, DIRECTION_TO_SERVER, "");
	assert_false(session_said_goodbye(&told.session, 4));
	told.session.namespace_count = 0;
	told.session.namespaces = NULL;
	end(&told);
}

/* A GET of the session with these header fields, answered. */
static void tell_exchange(struct told *told, const char *fields)
{
	struct target target = {.engineio = true};
	struct exchange exchange = {.status = 200, .target = &target};
	struct connection_facts connection = {.number = 1};
	exchange.request.head.method = SLICE("GET");
	exchange.request.head.fields = slice_of_text(fields);
	struct event event = {.kind = EVENT_HTTP, .exchange = &exchange, .connection = &connection};
	timeline_add(&told->timeline, &told->session, &event);
}

static void the_user_is_whom_a_proxy_names_first(void **state)
{
	static const struct {
		const char *fields, *user;
	} rows[] = {
	    {"X-Forwarded-For: 203.0.113.7, 10.0.0.1\r\n", "203.0.113.7"},
	    {"Forwarded: proto=https; For=\"[2001:db8::1]:4711\", for=10.0.0.1\r\n", "[2001:db8::1]:4711"},
	    {"X-Real-IP: 203.0.113.9\r\n", "203.0.113.9"},
	    {"X-Forwarded-For: \r\nForwarded: for=192.0.2.60\r\n", "192.0.2.60"},
	};
	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct told told;
		begin(&told);
		tell_exchange(&told, "Host: a\r\n");
		assert_null(told.session.user);
		tell_exchange(&told, rows[i].fields);
		tell_exchange(&told, "X-Forwarded-For: 198.51.100.1\r\n");
		assert_string_equal(told.session.user, rows[i].user);
		end(&told);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(an_answer_belongs_to_the_newest_that_asked),
	    cmocka_unit_test(an_id_is_matched_as_it_is_spelt_first),
	    cmocka_unit_test(what_is_asked_again_replaces_what_was_owed),
	    cmocka_unit_test(an_answer_goes_against_the_direction_of_what_asked),
	    cmocka_unit_test(an_ack_is_for_an_event_of_its_own_namespace),
	    cmocka_unit_test(beyond_what_may_be_owed_the_oldest_is_forgotten),
	    cmocka_unit_test(an_error_leaves_a_connected_namespace_connected),
	    cmocka_unit_test(an_error_refuses_a_namespace_that_is_connecting),
	    cmocka_unit_test(a_session_is_opened_by_its_first_event),
	    cmocka_unit_test(the_first_goodbye_is_remembered),
	    cmocka_unit_test(a_websocket_that_was_tried_in_vain_is_no_goodbye),
	    cmocka_unit_test(leaving_the_last_namespace_is_a_goodbye_until_it_is_joined_again),
	    cmocka_unit_test(the_user_is_whom_a_proxy_names_first),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
