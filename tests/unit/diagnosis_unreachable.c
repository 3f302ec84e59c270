/* server-unreachable on attempts made by hand. */
#include "stage.h"

/* A client asks the server at this address (its last byte) for a connection to the stage's port. */
static void attempt(struct stage *stage, uint8_t address, enum attempt_outcome outcome)
{
	struct attempt attempt = {.client = stage->connection.client,
	    .server = stage->connection.server,
	    .outcome = outcome,
	    .asked = stage->now,
	    .origin.time = stage->now,
	    .origin.first = ++stage->packets,
	    .origin.last = ++stage->packets,
	    .tries = 1};
	attempt.server.address.bytes[15] = address;
	stage->observer->attempted(stage->observer->self, &attempt);
	stage_wait(stage, 0.1);
}

/* The filter names the stage's port. */
static void stage_filter(struct stage *stage, const char *filter)
{
	stage->facts.filter = filter;
}

/* ---- what it must see */

static void refused_connections_to_a_port_that_the_filter_names_are_reported(void **state)
{
	static const char *const filters[] = {
	    "port 8000", "tcp and (port 80 or 8000)", "host a and portrange 7990-8010", "tcp dst port 8000"};
	(void)state;
	for (size_t i = 0; i < sizeof filters / sizeof *filters; i++) {
		struct stage stage;
		stage_begin(&stage);
		stage_filter(&stage, filters[i]);
		attempt(&stage, 1, ATTEMPT_REFUSED);
		attempt(&stage, 1, ATTEMPT_REFUSED);
		const struct finding *found = SEES(&stage, CODE_SERVER_UNREACHABLE);
		assert_int_equal(found->severity, SEVERITY_ERROR);
		assert_string_equal(found->cause, "refused");
		assert_int_equal(found->evidence_count, 2);
		stage_end(&stage);
	}
}

static void refused_connections_to_a_port_that_an_option_names_are_reported(void **state)
{
	static const uint16_t ports[] = {8000};
	struct stage *stage = *state;
	stage->facts.ports = ports;
	stage->facts.port_count = 1;
	attempt(stage, 1, ATTEMPT_REFUSED);
	attempt(stage, 1, ATTEMPT_REFUSED);
	SEES(stage, CODE_SERVER_UNREACHABLE);
}

static void refused_connections_to_where_engineio_was_are_reported(void **state)
{
	struct stage *stage = *state;
	stage_connect_by_polling(stage);
	attempt(stage, 0, ATTEMPT_REFUSED);
	attempt(stage, 0, ATTEMPT_REFUSED);
	SEES(stage, CODE_SERVER_UNREACHABLE);
}

/* Two attempts, the second by another client or the same; between them the server sends something in a session that was
 * there before, or in a new one. */
static const struct finding *refuse_meanwhile(struct stage *stage, bool of_before, bool of_several)
{
	stage->connection.server.address.bytes[15] = 1;
	stage->current->opened = stage->now;
	stage_emit(stage, EVENT_PING, TO_CLIENT);
	stage_wait(stage, 1);
	stage_filter(stage, "port 8000");
	attempt(stage, 1, ATTEMPT_REFUSED);
	if (!of_before) {
		stage_begin_session(stage);
		stage->current->opened = stage->now;
	}
	stage_emit(stage, EVENT_PING, TO_CLIENT);
	stage->connection.client.address.bytes[15] ^= of_several;
	attempt(stage, 1, ATTEMPT_REFUSED);
	return SEES(stage, CODE_SERVER_UNREACHABLE);
}

static void a_server_that_goes_on_with_others_listens_or_is_behind_a_rule(void **state)
{
	const struct finding *found = refuse_meanwhile(*state, true, false);
	assert_string_equal(found->cause, "refused-meanwhile");
	assert_non_null(strstr(found->seen, "all are of "));
	assert_null(strstr(found->seen, "nothing listens"));
}

static void clients_that_are_several_are_not_named(void **state)
{
	const struct finding *found = refuse_meanwhile(*state, true, true);
	assert_string_equal(found->cause, "refused-meanwhile");
	assert_null(strstr(found->seen, "all are of "));
}

static void a_server_that_was_started_again_in_between_has_no_connection_of_before(void **state)
{
	assert_string_equal(refuse_meanwhile(*state, false, false)->cause, "refused");
}

static void syns_without_an_answer_are_reported_as_such(void **state)
{
	struct stage *stage = *state;
	stage_filter(stage, "port 8000");
	attempt(stage, 1, ATTEMPT_UNANSWERED);
	attempt(stage, 1, ATTEMPT_UNANSWERED);
	const struct finding *found = SEES(stage, CODE_SERVER_UNREACHABLE);
	assert_string_equal(found->cause, "no-reply");
	assert_non_null(strstr(found->seen, "SYN alone"));
}

static void reject(struct stage *stage, uint8_t type, uint8_t code)
{
	struct attempt attempt = {.client = stage->connection.client,
	    .server = stage->connection.server,
	    .outcome = ATTEMPT_REJECTED,
	    .asked = stage->now,
	    .origin = {.time = stage->now, .first = ++stage->packets, .last = ++stage->packets},
	    .rejection = {.type = type, .code = code, .by = {.version = 4, .bytes = {192, 0, 2, 10}}},
	    .tries = 1};
	stage->observer->attempted(stage->observer->self, &attempt);
	stage_wait(stage, 0.1);
}

static void connections_that_a_firewall_rejects_are_reported_by_whom(void **state)
{
	struct stage *stage = *state;
	stage_filter(stage, "port 8000 or icmp");
	reject(stage, 3, 10);
	reject(stage, 3, 10);
	const struct finding *found = SEES(stage, CODE_SERVER_UNREACHABLE);
	assert_string_equal(found->cause, "firewall-rejects");
	assert_non_null(strstr(found->seen, "192.0.2.10 says \"host administratively prohibited\""));
	assert_null(strstr(found->seen, "never answered"));
}

static void a_port_that_is_unreachable_by_icmp_is_a_firewalls_too(void **state)
{
	struct stage *stage = *state;
	stage_filter(stage, "port 8000 or icmp");
	reject(stage, 3, 3);
	reject(stage, 3, 3);
	assert_string_equal(SEES(stage, CODE_SERVER_UNREACHABLE)->cause, "firewall-rejects");
}

static void a_router_that_does_not_reach_the_host_is_no_firewall(void **state)
{
	struct stage *stage = *state;
	stage_filter(stage, "port 8000 or icmp");
	reject(stage, 3, 1);
	reject(stage, 3, 1);
	const struct finding *found = SEES(stage, CODE_SERVER_UNREACHABLE);
	assert_string_equal(found->cause, "no-route");
	assert_null(strstr(found->seen, "firewall"));
}

static void connections_that_fail_in_several_ways_are_counted_by_kind(void **state)
{
	struct stage *stage = *state;
	stage_filter(stage, "port 8000");
	attempt(stage, 0, ATTEMPT_REFUSED);
	attempt(stage, 0, ATTEMPT_UNANSWERED);
	attempt(stage, 0, ATTEMPT_UNANSWERED);
	reject(stage, 3, 1);
	assert_non_null(strstr(SEES(stage, CODE_SERVER_UNREACHABLE)->seen,
	    "failed: 1 refused (RST), 2 never answered (SYN alone), 1 rejected by ICMP"));
}

/* A client's SYN is sent again until the fourth is answered. */
static void attempt_late(struct stage *stage)
{
	struct attempt attempt = {.client = stage->connection.client,
	    .server = stage->connection.server,
	    .outcome = ATTEMPT_UNANSWERED,
	    .asked = stage->now,
	    .origin = {.time = stage->now, .first = ++stage->packets, .last = ++stage->packets},
	    .tries = ATTEMPT_TRIES};
	stage->observer->attempted(stage->observer->self, &attempt);
	stage_wait(stage, 7);
	attempt.outcome = ATTEMPT_ACCEPTED;
	attempt.origin.time = stage->now;
	attempt.tries++;
	stage->observer->attempted(stage->observer->self, &attempt);
}

static void connections_that_are_accepted_late_are_a_warning_of_their_own(void **state)
{
	struct stage *stage = *state;
	stage_filter(stage, "port 8000");
	attempt_late(stage);
	attempt_late(stage);
	const struct finding *found = SEES(stage, CODE_SERVER_UNREACHABLE);
	assert_string_equal(found->cause, "accepted-late");
	assert_int_equal(found->severity, SEVERITY_WARNING);
	assert_null(strstr(found->seen, "never answered"));
	assert_non_null(strstr(found->seen, "2 of 2"));
	assert_non_null(strstr(found->seen, "up to 4 times in 7.0 s"));
}

static void what_is_never_answered_is_counted_beside_what_is_late(void **state)
{
	struct stage *stage = *state;
	stage_filter(stage, "port 8000");
	attempt_late(stage);
	attempt(stage, 0, ATTEMPT_UNANSWERED);
	attempt(stage, 0, ATTEMPT_UNANSWERED);
	const struct finding *found = SEES(stage, CODE_SERVER_UNREACHABLE);
	assert_string_equal(found->cause, "no-reply");
	assert_non_null(strstr(found->seen, "2 connections"));
}

/* ---- what looks alike */

static void a_few_of_many_that_are_late_are_the_networks(void **state)
{
	struct stage *stage = *state;
	stage_filter(stage, "port 8000");
	attempt_late(stage);
	attempt_late(stage);
	for (int i = 0; i < 7; i++)
		attempt(stage, 0, ATTEMPT_ACCEPTED);
	DOES_NOT_SEE(stage, CODE_SERVER_UNREACHABLE);
}

static void one_that_is_late_is_none(void **state)
{
	struct stage *stage = *state;
	stage_filter(stage, "port 8000");
	attempt_late(stage);
	DOES_NOT_SEE(stage, CODE_SERVER_UNREACHABLE);
}

static void one_rejection_alone_is_none(void **state)
{
	struct stage *stage = *state;
	stage_filter(stage, "port 8000 or icmp");
	reject(stage, 3, 1);
	DOES_NOT_SEE(stage, CODE_SERVER_UNREACHABLE);
}

static void a_host_that_was_not_there_yet_is_reached_later(void **state)
{
	struct stage *stage = *state;
	stage_filter(stage, "port 8000 or icmp");
	reject(stage, 3, 1);
	reject(stage, 3, 1);
	attempt(stage, 0, ATTEMPT_ACCEPTED);
	DOES_NOT_SEE(stage, CODE_SERVER_UNREACHABLE);
}

static void another_address_that_takes_the_connection_excuses_the_first(void **state)
{
	struct stage *stage = *state;
	stage_filter(stage, "port 8000");
	for (int i = 0; i < 3; i++) {
		attempt(stage, 1, ATTEMPT_REFUSED);
		attempt(stage, 2, ATTEMPT_ACCEPTED);
		stage_wait(stage, 3);
	}
	DOES_NOT_SEE(stage, CODE_SERVER_UNREACHABLE);
}

static void a_server_that_restarts_was_away_for_a_time(void **state)
{
	struct stage *stage = *state;
	stage_connect_by_polling(stage);
	attempt(stage, 0, ATTEMPT_REFUSED);
	attempt(stage, 0, ATTEMPT_REFUSED);
	stage_wait(stage, 1);
	attempt(stage, 0, ATTEMPT_ACCEPTED);
	assert_int_equal(SEES(stage, CODE_SERVER_UNREACHABLE)->severity, SEVERITY_INFO);
}

static void a_server_that_clients_wait_for_is_healthy(void **state)
{
	struct stage *stage = *state;
	stage_filter(stage, "port 8000");
	attempt(stage, 1, ATTEMPT_REFUSED);
	attempt(stage, 1, ATTEMPT_REFUSED);
	stage_wait(stage, 1);
	attempt(stage, 1, ATTEMPT_ACCEPTED);
	DOES_NOT_SEE(stage, CODE_SERVER_UNREACHABLE);
}

static void a_server_that_goes_away_for_good_is_an_error(void **state)
{
	struct stage *stage = *state;
	stage_connect_by_polling(stage);
	attempt(stage, 0, ATTEMPT_ACCEPTED);
	attempt(stage, 0, ATTEMPT_REFUSED);
	attempt(stage, 0, ATTEMPT_REFUSED);
	assert_int_equal(SEES(stage, CODE_SERVER_UNREACHABLE)->severity, SEVERITY_ERROR);
}

static void one_refusal_is_too_few(void **state)
{
	struct stage *stage = *state;
	stage_filter(stage, "port 8000");
	attempt(stage, 1, ATTEMPT_REFUSED);
	DOES_NOT_SEE(stage, CODE_SERVER_UNREACHABLE);
}

/* ---- more servers than there is room for */

static void a_server_beyond_the_table_is_counted_once_and_blinds(void **state)
{
	struct stage *stage = *state;
	stage_filter(stage, "port 8000");
	for (unsigned address = 0; address < 130; address++) {
		attempt(stage, (uint8_t)address, ATTEMPT_REFUSED);
		attempt(stage, (uint8_t)address, ATTEMPT_REFUSED);
	}
	SEES(stage, CODE_SERVER_UNREACHABLE);
	assert_int_equal(findings_count_beyond(stage->findings), 2);
	assert_int_equal(ledger_reason(LEDGER_SERVERS_LEFT_OUT)->weight, LEDGER_BLINDS);
}

static void servers_that_fit_leave_none_beyond(void **state)
{
	struct stage *stage = *state;
	for (unsigned address = 0; address < 128; address++)
		attempt(stage, (uint8_t)address, ATTEMPT_REFUSED);
	stage_finish(stage);
	assert_int_equal(findings_count_beyond(stage->findings), 0);
}

static void a_port_that_nobody_names_is_nobodys_matter(void **state)
{
	struct stage *stage = *state;
	stage_filter(stage, "host 8000 and port 80");
	attempt(stage, 1, ATTEMPT_REFUSED);
	attempt(stage, 1, ATTEMPT_REFUSED);
	DOES_NOT_SEE(stage, CODE_SERVER_UNREACHABLE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(refused_connections_to_a_port_that_the_filter_names_are_reported),
	    ON_STAGE(refused_connections_to_a_port_that_an_option_names_are_reported),
	    ON_STAGE(refused_connections_to_where_engineio_was_are_reported),
	    ON_STAGE(a_server_that_goes_on_with_others_listens_or_is_behind_a_rule),
	    ON_STAGE(clients_that_are_several_are_not_named),
	    ON_STAGE(a_server_that_was_started_again_in_between_has_no_connection_of_before),
	    ON_STAGE(syns_without_an_answer_are_reported_as_such),
	    ON_STAGE(connections_that_a_firewall_rejects_are_reported_by_whom),
	    ON_STAGE(a_port_that_is_unreachable_by_icmp_is_a_firewalls_too),
	    ON_STAGE(a_router_that_does_not_reach_the_host_is_no_firewall),
	    ON_STAGE(connections_that_fail_in_several_ways_are_counted_by_kind),
	    ON_STAGE(connections_that_are_accepted_late_are_a_warning_of_their_own),
	    ON_STAGE(what_is_never_answered_is_counted_beside_what_is_late),
	    ON_STAGE(a_few_of_many_that_are_late_are_the_networks),
	    ON_STAGE(one_that_is_late_is_none),
	    ON_STAGE(one_rejection_alone_is_none),
	    ON_STAGE(a_host_that_was_not_there_yet_is_reached_later),
	    ON_STAGE(another_address_that_takes_the_connection_excuses_the_first),
	    ON_STAGE(a_server_that_restarts_was_away_for_a_time),
	    ON_STAGE(a_server_that_clients_wait_for_is_healthy),
	    ON_STAGE(a_server_that_goes_away_for_good_is_an_error),
	    ON_STAGE(one_refusal_is_too_few),
	    ON_STAGE(a_port_that_nobody_names_is_nobodys_matter),
	    ON_STAGE(a_server_beyond_the_table_is_counted_once_and_blinds),
	    ON_STAGE(servers_that_fit_leave_none_beyond),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
