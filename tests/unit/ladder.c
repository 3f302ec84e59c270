/* The rows and lanes of a session's ladder. */
#include "tui/ladder.h"

#include "timeline_by_hand.h"
#include "unit.h"

static struct ladder ladder_of(struct timeline_by_hand *given, uint64_t session)
{
	struct ladder ladder = {0};
	ladder_reset(&ladder, &session, 1, NULL);
	while (ladder_extend(&ladder, &given->data, 2))
		;
	return ladder;
}

static void only_the_sessions_own_events_have_rows(void **state)
{
	struct timeline_by_hand *given = *state;
	give(given, 1, EVENT_OPEN, DIRECTION_TO_CLIENT, 0, "", "");
	give(given, 2, EVENT_OPEN, DIRECTION_TO_CLIENT, 1, "", "");
	uint64_t second = give(given, 1, EVENT_CONNECT, DIRECTION_TO_SERVER, 2, "", "");
	struct ladder ladder = ladder_of(given, 1);
	assert_int_equal(ladder.count, 2);
	assert_int_equal(ladder.rows[1].event, second);
	ladder_free(&ladder);
}

static void pings_in_a_row_are_one_row(void **state)
{
	struct timeline_by_hand *given = *state;
	for (int i = 0; i < 3; i++) {
		give(given, 1, EVENT_PING, DIRECTION_TO_CLIENT, i, "", "");
		give(given, 1, EVENT_PONG, DIRECTION_TO_SERVER, i, "", "");
	}
	give(given, 1, EVENT_EVENT, DIRECTION_TO_SERVER, 4, "\"x\"", "");
	give(given, 1, EVENT_PING, DIRECTION_TO_CLIENT, 5, "", "");
	struct ladder ladder = ladder_of(given, 1);
	assert_int_equal(ladder.count, 3);
	assert_int_equal(ladder.rows[0].folded, 5);
	assert_int_equal(ladder.rows[2].folded, 0);
	ladder.unfolds = true;
	ladder_reset(&ladder, &(uint64_t){1}, 1, NULL);
	while (ladder_extend(&ladder, &given->data, 100))
		;
	assert_int_equal(ladder.count, 8);
	ladder_free(&ladder);
}

static void each_connection_has_a_lane_until_it_is_over(void **state)
{
	struct timeline_by_hand *given = *state;
	give(given, 1, EVENT_OPEN, DIRECTION_TO_CLIENT, 0, "", "");
	given->connection = 1;
	give(given, 1, EVENT_CONNECT, DIRECTION_TO_SERVER, 1, "", "");
	struct ladder ladder = ladder_of(given, 1);
	assert_int_equal(ladder.lane_count, 2);
	assert_int_equal(ladder.rows[1].lane, 1);
	ladder_free(&ladder);
}

static void events_of_several_sessions_stand_in_order_of_the_timeline(void **state)
{
	struct timeline_by_hand *given = *state;
	static const uint64_t both[] = {2, 1};
	give(given, 1, EVENT_OPEN, DIRECTION_TO_CLIENT, 0, "", "");
	give(given, 2, EVENT_OPEN, DIRECTION_TO_CLIENT, 1, "", "");
	give(given, 1, EVENT_CONNECT, DIRECTION_TO_SERVER, 2, "", "");
	struct ladder ladder = {0};
	ladder_reset(&ladder, both, 2, NULL);
	while (ladder_extend(&ladder, &given->data, 1))
		;
	assert_int_equal(ladder.count, 3);
	for (size_t i = 0; i < ladder.count; i++)
		assert_int_equal(ladder.rows[i].event, i + 1);
	assert_true(ladder_is_of(&ladder, both, 2));
	assert_false(ladder_is_of(&ladder, both, 1));
	ladder_free(&ladder);
}

static void each_leg_of_an_event_has_a_row_in_a_lane_of_its_own(void **state)
{
	struct timeline_by_hand *given = *state;
	const struct observer *observer = record_observer(given->record);
	uint64_t first = give(given, 1, EVENT_EVENT, DIRECTION_TO_SERVER, 0, "\"x\"", "");
	struct event_leg leg = {.connection = "inner", .origin.first = 7, .origin.time = 1001 * TIMESTAMP_SECOND};
	observer->crossed(observer->self, first, &leg);
	struct ladder ladder = {.shows_legs = true};
	ladder_reset(&ladder, &(uint64_t){1}, 1, NULL);
	while (ladder_extend(&ladder, &given->data, 10))
		;
	assert_int_equal(ladder.count, 2);
	assert_int_equal(ladder.rows[1].leg, 1);
	assert_int_equal(ladder.rows[1].lane, 1);
	const struct ladder_stay *stay = ladder_stay_of_lane(&ladder, 1, 1);
	assert_string_equal(ladder_connection(record_event(given->record, stay->event), stay->leg), "inner");
	ladder_free(&ladder);
}

/* Behind a proxy the server's event is seen there before it is seen at the edge, and the client's afterwards. */
static void with_legs_rows_are_in_order_of_time(void **state)
{
	struct timeline_by_hand *given = *state;
	const struct observer *observer = record_observer(given->record);
	uint64_t first = give(given, 1, EVENT_EVENT, DIRECTION_TO_SERVER, 1, "\"x\"", "");
	give(given, 1, EVENT_EVENT, DIRECTION_TO_SERVER, 2, "\"y\"", "");
	uint64_t last = give(given, 1, EVENT_EVENT, DIRECTION_TO_CLIENT, 4, "\"z\"", "");
	struct event_leg late = {.connection = "inner", .origin.time = 1003 * TIMESTAMP_SECOND},
	                 early = {.connection = "outer", .origin.time = 1000 * TIMESTAMP_SECOND};
	observer->crossed(observer->self, first, &late);
	observer->crossed(observer->self, last, &early);
	struct ladder ladder = {.shows_legs = true};
	ladder_reset(&ladder, &(uint64_t){1}, 1, NULL);
	while (ladder_extend(&ladder, &given->data, 1))
		;
	assert_int_equal(ladder.count, 5);
	for (size_t i = 1; i < ladder.count; i++)
		assert_true(
		    ladder_time(&ladder.rows[i - 1], given->record) <= ladder_time(&ladder.rows[i], given->record));
	assert_true(ladder.rows[0].event == last && ladder.rows[0].leg == 1);
	assert_int_equal(ladder_find(&ladder, last), 4);
	assert_int_equal(ladder_find(&ladder, first), 1);
	/* Each row's lane is, at that row, of the row's connection. */
	for (size_t i = 0; i < ladder.count; i++) {
		const struct ladder_row *row = &ladder.rows[i];
		const struct ladder_stay *stay = ladder_stay_of_lane(&ladder, row->lane, i);
		assert_string_equal(ladder_connection(record_event(given->record, stay->event), stay->leg),
		    ladder_connection(record_event(given->record, row->event), row->leg));
	}
	ladder_free(&ladder);
}

static void a_lane_is_used_again_once_its_connection_is_over(void **state)
{
	struct timeline_by_hand *given = *state;
	give(given, 1, EVENT_OPEN, DIRECTION_TO_CLIENT, 0, "", "");
	give(given, 1, EVENT_TCP_CLOSE, DIRECTION_TO_CLIENT, 1, "", "");
	given->connection = 1;
	give(given, 1, EVENT_CONNECT, DIRECTION_TO_SERVER, 2, "", "");
	struct ladder ladder = ladder_of(given, 1);
	assert_int_equal(ladder.lane_count, 1);
	ladder_free(&ladder);
}

static void a_lane_is_named_by_the_connection_that_uses_it_at_a_row(void **state)
{
	struct timeline_by_hand *given = *state;
	uint64_t first = give(given, 1, EVENT_OPEN, DIRECTION_TO_CLIENT, 0, "", "");
	give(given, 1, EVENT_TCP_CLOSE, DIRECTION_TO_CLIENT, 1, "", "");
	given->connection = 1;
	uint64_t second = give(given, 1, EVENT_CONNECT, DIRECTION_TO_SERVER, 2, "", "");
	struct ladder ladder = ladder_of(given, 1);
	const struct connection_facts *at_first = record_event(given->data.record, first)->connection;
	const struct connection_facts *at_second = record_event(given->data.record, second)->connection;
	for (uint64_t row = 0; row < 3; row++) {
		const struct event *named = record_event(
		    given->data.record, ladder_stay_of_lane(&ladder, 0, row)->event);
		assert_ptr_equal(named->connection, row < 2 ? at_first : at_second);
	}
	assert_null(ladder_stay_of_lane(&ladder, 1, 0));
	ladder_free(&ladder);
}

static void the_row_that_a_finding_names_is_marked(void **state)
{
	struct timeline_by_hand *given = *state;
	give(given, 1, EVENT_OPEN, DIRECTION_TO_CLIENT, 0, "", "");
	uint64_t event = give(given, 1, EVENT_EVENT, DIRECTION_TO_SERVER, 1, "\"x\"", "");
	struct finding *finding = findings_claim(
	    &given->findings, CODE_CORS_BLOCKED, CONFIDENCE_PROVEN, &given->sessions[0], NULL, "");
	finding_prove(&given->findings, finding, ORIGIN_AT(ORIGIN_PACKETS, event * 10), "this");
	struct ladder ladder = ladder_of(given, 1);
	ladder_mark_findings(&ladder, &given->findings, given->record);
	assert_int_equal(ladder.rows[0].worst, 0);
	assert_int_equal(ladder.rows[1].worst, 1 + SEVERITY_ERROR);
	ladder_free(&ladder);
}

static void an_event_is_related_to_its_answer_and_back(void **state)
{
	struct timeline_by_hand *given = *state;
	uint64_t question = give(given, 1, EVENT_EVENT, DIRECTION_TO_SERVER, 0, "\"x\"", "");
	uint64_t other = give(given, 1, EVENT_EVENT, DIRECTION_TO_CLIENT, 1, "\"y\"", "");
	uint64_t answer = give(given, 1, EVENT_ACK, DIRECTION_TO_CLIENT, 2, "", "");
	record_link(given->record, question, answer);
	assert_true(ladder_is_related(given->record, question, answer));
	assert_true(ladder_is_related(given->record, answer, question));
	assert_false(ladder_is_related(given->record, question, other));
	assert_false(ladder_is_related(given->record, question, question));
}

static void an_event_without_a_row_is_found_at_the_row_before(void **state)
{
	struct timeline_by_hand *given = *state;
	uint64_t first = give(given, 1, EVENT_PING, DIRECTION_TO_CLIENT, 0, "", "");
	uint64_t folded = give(given, 1, EVENT_PONG, DIRECTION_TO_SERVER, 1, "", "");
	uint64_t last = give(given, 1, EVENT_EVENT, DIRECTION_TO_SERVER, 2, "\"x\"", "");
	struct ladder ladder = ladder_of(given, 1);
	assert_int_equal(ladder_find(&ladder, first), 0);
	assert_int_equal(ladder_find(&ladder, folded), 0);
	assert_int_equal(ladder_find(&ladder, last), 1);
	ladder_free(&ladder);
}

static void a_connections_tls_handshake_has_one_row_before_its_first(void **state)
{
	struct timeline_by_hand *given = *state;
	given->connections[0].tls = "TLS 1.3";
	uint64_t first = give(given, 1, EVENT_OPEN, DIRECTION_TO_CLIENT, 0, "", "");
	give(given, 1, EVENT_CONNECT, DIRECTION_TO_SERVER, 1, "", "");
	struct ladder ladder = ladder_of(given, 1);
	assert_int_equal(ladder.count, 3);
	assert_true(ladder.rows[0].is_secured);
	assert_int_equal(ladder.rows[0].event, first);
	assert_false(ladder.rows[1].is_secured || ladder.rows[2].is_secured);
	assert_int_equal(ladder_find(&ladder, first), 1);
	ladder_free(&ladder);
}

/* A handshake of no session that failed at this moment, with the server of this port. */
static void give_failure(struct timeline_by_hand *given, uint16_t port, double seconds)
{
	const struct observer *observer = record_observer(given->record);
	struct connection_facts connection = {.number = 100 + given->events, .server.port = port};
	struct event event = {.index = ++given->events,
	    .origin.time = 1000 * TIMESTAMP_SECOND + (timestamp)(seconds * TIMESTAMP_SECOND),
	    .kind = EVENT_TLS,
	    .connection = &connection,
	    .tls.why = SLICE("unknown CA")};
	observer->event(observer->self, &event);
}

static void handshakes_that_failed_with_its_server_meanwhile_are_shown(void **state)
{
	struct timeline_by_hand *given = *state;
	give(given, 1, EVENT_OPEN, DIRECTION_TO_CLIENT, 0, "", "");
	give_failure(given, 0, 0.5);
	give_failure(given, 1, 0.6);
	give_failure(given, 0, 60);
	struct ladder ladder = ladder_of(given, 1);
	assert_int_equal(ladder.count, 2);
	assert_int_equal(record_event(given->record, ladder.rows[1].event)->kind, EVENT_TLS);
	ladder_free(&ladder);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    BY_HAND(only_the_sessions_own_events_have_rows),
	    BY_HAND(pings_in_a_row_are_one_row),
	    BY_HAND(each_connection_has_a_lane_until_it_is_over),
	    BY_HAND(events_of_several_sessions_stand_in_order_of_the_timeline),
	    BY_HAND(each_leg_of_an_event_has_a_row_in_a_lane_of_its_own),
	    BY_HAND(with_legs_rows_are_in_order_of_time),
	    BY_HAND(a_lane_is_used_again_once_its_connection_is_over),
	    BY_HAND(a_lane_is_named_by_the_connection_that_uses_it_at_a_row),
	    BY_HAND(the_row_that_a_finding_names_is_marked),
	    BY_HAND(an_event_is_related_to_its_answer_and_back),
	    BY_HAND(an_event_without_a_row_is_found_at_the_row_before),
	    BY_HAND(a_connections_tls_handshake_has_one_row_before_its_first),
	    BY_HAND(handshakes_that_failed_with_its_server_meanwhile_are_shown),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
