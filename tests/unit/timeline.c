/* Which event answers which. */
#include "socketio/timeline.h"

#include "unit.h"

#include <stdio.h>

struct given {
	struct observer observer;
	const struct observer *observers[1];
	struct timeline timeline;
	struct session session;
	enum transport transport; /* of the events */
	const char *nsp;          /* NULL: none */
	uint64_t answers;         /* of the event that was emitted last */
	size_t opened;
};

static void note_event(void *self, const struct event *event)
{
	((struct given *)self)->answers = event->answers;
}

static void note_opened(void *self, const struct session *session)
{
	((struct given *)self)->opened = session->number;
}

static void begin(struct given *given)
{
	*given = (struct given){.observer = {.self = given, .event = note_event, .session_opened = note_opened}};
	given->observers[0] = &given->observer;
	given->timeline = (struct timeline){.observers = given->observers, .observer_count = 1};
}

static void end(struct given *given)
{
	for (size_t i = 0; i < given->session.namespace_count; i++)
		budget_release(given->session.namespaces[i].name);
	budget_release(given->session.namespaces);
	budget_release(given->session.user);
	timeline_free_answers(given->session.answers);
}

/* Returns the index of what it answers. */
static uint64_t give(struct given *given, enum event_kind kind, enum direction direction, const char *id)
{
	struct event event = {
	    .kind = kind, .direction = direction, .transport = given->transport, .packet.ack = slice_of_text(id)};
	if (given->nsp)
		event.packet.nsp = slice_of_text(given->nsp);
	timeline_add(&given->timeline, &given->session, &event);
	return given->answers;
}

static void an_answer_belongs_to_the_newest_that_asked(void **state)
{
	/* both ids are 90071992547409920 as JavaScript reads them */
	struct given *given = *state;
	give(given, EVENT_EVENT, DIRECTION_TO_SERVER, "90071992547409921");
	give(given, EVENT_EVENT, DIRECTION_TO_SERVER, "90071992547409923");
	assert_int_equal(give(given, EVENT_ACK, DIRECTION_TO_CLIENT, "90071992547409920"), 2);
	assert_int_equal(give(given, EVENT_ACK, DIRECTION_TO_CLIENT, "90071992547409920"), 1);
}

static void an_id_is_matched_as_it_is_spelt_first(void **state)
{
	struct given *given = *state;
	give(given, EVENT_EVENT, DIRECTION_TO_SERVER, "90071992547409921");
	give(given, EVENT_EVENT, DIRECTION_TO_SERVER, "90071992547409923");
	assert_int_equal(give(given, EVENT_ACK, DIRECTION_TO_CLIENT, "90071992547409921"), 1);
}

static void what_is_asked_again_replaces_what_was_owed(void **state)
{
	struct given *given = *state;
	give(given, EVENT_PING, DIRECTION_TO_CLIENT, "");
	give(given, EVENT_PING, DIRECTION_TO_CLIENT, "");
	assert_int_equal(give(given, EVENT_PONG, DIRECTION_TO_SERVER, ""), 2);
	assert_int_equal(give(given, EVENT_PONG, DIRECTION_TO_SERVER, ""), 0);
}

static void an_answer_goes_against_the_direction_of_what_asked(void **state)
{
	struct given *given = *state;
	give(given, EVENT_EVENT, DIRECTION_TO_SERVER, "7");
	assert_int_equal(give(given, EVENT_ACK, DIRECTION_TO_SERVER, "7"), 0);
	assert_int_equal(give(given, EVENT_ACK, DIRECTION_TO_CLIENT, "7"), 1);
}

static void an_ack_is_for_an_event_of_its_own_namespace(void **state)
{
	struct given *given = *state;
	given->nsp = "/a";
	give(given, EVENT_EVENT, DIRECTION_TO_SERVER, "7");
	given->nsp = "/b";
	assert_int_equal(give(given, EVENT_ACK, DIRECTION_TO_CLIENT, "7"), 0);
	given->nsp = "/a";
	assert_int_equal(give(given, EVENT_ACK, DIRECTION_TO_CLIENT, "7"), 1);
}

static void beyond_what_may_be_owed_the_oldest_is_forgotten(void **state)
{
	(void)state;
	enum { MANY = 1025 };
	struct given given;
	char id[24];
	begin(&given);
	for (int i = 1; i <= MANY; i++) {
		snprintf(id, sizeof id, "%d", i);
		give(&given, EVENT_EVENT, DIRECTION_TO_SERVER, id);
	}
	assert_int_equal(give(&given, EVENT_ACK, DIRECTION_TO_CLIENT, id), MANY);
	assert_int_equal(give(&given, EVENT_ACK, DIRECTION_TO_CLIENT, "1"), 0);
	assert_int_equal(give(&given, EVENT_ACK, DIRECTION_TO_CLIENT, "2"), 2);
	end(&given);
}

/* Revision 4 and before send it to a connected namespace too (protocol.md §6). */
static void an_error_leaves_a_connected_namespace_connected(void **state)
{
	struct given *given = *state;
	given->nsp = "/";
	give(given, EVENT_CONNECT, DIRECTION_TO_SERVER, "");
	give(given, EVENT_CONNECT, DIRECTION_TO_CLIENT, "");
	give(given, EVENT_CONNECT_ERROR, DIRECTION_TO_CLIENT, "");
	assert_int_equal(given->session.namespaces[0].state, NAMESPACE_CONNECTED);
}

static void an_error_refuses_a_namespace_that_is_connecting(void **state)
{
	struct given *given = *state;
	given->nsp = "/";
	give(given, EVENT_CONNECT, DIRECTION_TO_SERVER, "");
	give(given, EVENT_CONNECT_ERROR, DIRECTION_TO_CLIENT, "");
	assert_int_equal(given->session.namespaces[0].state, NAMESPACE_REFUSED);
}

static void a_session_is_opened_by_its_first_event(void **state)
{
	struct given *given = *state;
	assert_int_equal(given->session.number, 0);
	give(given, EVENT_NOOP, DIRECTION_TO_CLIENT, "");
	assert_int_equal(given->opened, 1);
	assert_int_equal(given->session.number, 1);
}

static void the_first_goodbye_is_remembered(void **state)
{
	struct given *given = *state;
	given->transport = given->session.transport = TRANSPORT_WEBSOCKET;
	give(given, EVENT_NOOP, DIRECTION_TO_CLIENT, "");
	give(given, EVENT_WS_CLOSE, DIRECTION_TO_CLIENT, "");
	give(given, EVENT_WS_CLOSE, DIRECTION_TO_SERVER, "");
	assert_false(session_said_goodbye(&given->session, 2));
	assert_true(session_said_goodbye(&given->session, 3));
	assert_false(session_saw_close_frame(&given->session, 2));
	assert_true(session_saw_close_frame(&given->session, 3));
}

static void a_websocket_that_was_tried_in_vain_is_no_goodbye(void **state)
{
	struct given *given = *state;
	given->session.transport = TRANSPORT_POLLING;
	given->transport = TRANSPORT_WEBSOCKET;
	give(given, EVENT_WS_CLOSE, DIRECTION_TO_CLIENT, "");
	give(given, EVENT_TCP_CLOSE, DIRECTION_TO_CLIENT, "");
	assert_false(session_said_goodbye(&given->session, 3));
}

static void leaving_the_last_namespace_is_a_goodbye_until_it_is_joined_again(void **state)
{
	(void)state;
	struct given given;
	struct session_namespace joined[] = {
	    {(char *)"/", 1, NAMESPACE_CONNECTED, 0}, {(char *)"/a", 2, NAMESPACE_CONNECTED, 0}};
	begin(&given);
	given.session.closed = TIMESTAMP_NONE;
	given.session.namespaces = joined;
	given.session.namespace_count = 2;
	joined[0].state = NAMESPACE_DISCONNECTED;
	give(&given, EVENT_DISCONNECT, DIRECTION_TO_CLIENT, "");
	assert_false(session_said_goodbye(&given.session, 2));
	joined[1].state = NAMESPACE_DISCONNECTED;
	give(&given, EVENT_DISCONNECT, DIRECTION_TO_CLIENT, "");
	assert_true(session_said_goodbye(&given.session, 3));
	give(&given, EVENT_CONNECT, DIRECTION_TO_SERVER, "");
	assert_false(session_said_goodbye(&given.session, 4));
	given.session.namespace_count = 0;
	given.session.namespaces = NULL;
	end(&given);
}

/* A GET of the session with these header fields, answered. */
static void give_exchange(struct given *given, const char *fields)
{
	struct target target = {.engineio = true};
	struct exchange exchange = {.status = 200, .target = &target};
	struct connection_facts connection = {.number = 1};
	exchange.request.head.method = SLICE("GET");
	exchange.request.head.fields = slice_of_text(fields);
	struct event event = {.kind = EVENT_HTTP, .exchange = &exchange, .connection = &connection};
	timeline_add(&given->timeline, &given->session, &event);
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
		struct given given;
		begin(&given);
		give_exchange(&given, "Host: a\r\n");
		assert_null(given.session.user);
		give_exchange(&given, rows[i].fields);
		give_exchange(&given, "X-Forwarded-For: 198.51.100.1\r\n");
		assert_string_equal(given.session.user, rows[i].user);
		end(&given);
	}
}

static int begin_given(void **state)
{
	static struct given given;
	begin(&given);
	*state = &given;
	return 0;
}

static int end_given(void **state)
{
	end(*state);
	return 0;
}

#define ON_TIMELINE(test) cmocka_unit_test_setup_teardown(test, begin_given, end_given)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    ON_TIMELINE(an_answer_belongs_to_the_newest_that_asked),
	    ON_TIMELINE(an_id_is_matched_as_it_is_spelt_first),
	    ON_TIMELINE(what_is_asked_again_replaces_what_was_owed),
	    ON_TIMELINE(an_answer_goes_against_the_direction_of_what_asked),
	    ON_TIMELINE(an_ack_is_for_an_event_of_its_own_namespace),
	    cmocka_unit_test(beyond_what_may_be_owed_the_oldest_is_forgotten),
	    ON_TIMELINE(an_error_leaves_a_connected_namespace_connected),
	    ON_TIMELINE(an_error_refuses_a_namespace_that_is_connecting),
	    ON_TIMELINE(a_session_is_opened_by_its_first_event),
	    ON_TIMELINE(the_first_goodbye_is_remembered),
	    ON_TIMELINE(a_websocket_that_was_tried_in_vain_is_no_goodbye),
	    cmocka_unit_test(leaving_the_last_namespace_is_a_goodbye_until_it_is_joined_again),
	    cmocka_unit_test(the_user_is_whom_a_proxy_names_first),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
