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

/* ---- what looks alike */

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
	    ON_STAGE(syns_without_an_answer_are_reported_as_such),
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
