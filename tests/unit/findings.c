/* Claims, made by hand. */
#include "detect/findings.h"

#include "socketio/session.h"
#include "unit.h"

static struct finding *claim_at(struct findings *findings, enum confidence confidence, timestamp time)
{
	struct event event = {.origin.time = time};
	struct finding *finding = findings_claim(findings, CODE_EVENT_DROPPED, confidence, NULL, &event, "x");
	assert_non_null(finding);
	return finding;
}

static int begin(void **state)
{
	static struct findings findings;
	findings_init(&findings, 1 << 16);
	*state = &findings;
	return 0;
}

static int end(void **state)
{
	findings_free(*state);
	return 0;
}

static void what_gets_proven_is_doubted_no_more(void **state)
{
	struct finding *finding = claim_at(*state, CONFIDENCE_POSSIBLE, 5);
	finding_doubt(*state, finding, "only the log would show it");
	assert_string_equal(finding->doubt, "only the log would show it");
	claim_at(*state, CONFIDENCE_PROVEN, 6);
	assert_null(finding->doubt);
}

static void what_is_proven_is_not_doubted_afterwards(void **state)
{
	struct finding *finding = claim_at(*state, CONFIDENCE_PROVEN, 5);
	claim_at(*state, CONFIDENCE_POSSIBLE, 6);
	finding_doubt(*state, finding, "only the log would show it");
	assert_int_equal(finding->confidence, CONFIDENCE_PROVEN);
	assert_null(finding->doubt);
}

static void the_first_and_last_time_are_kept_in_whatever_order_they_are_claimed(void **state)
{
	struct finding *finding = claim_at(*state, CONFIDENCE_LIKELY, 7);
	claim_at(*state, CONFIDENCE_LIKELY, 9);
	claim_at(*state, CONFIDENCE_LIKELY, 5);
	assert_int_equal(finding->time, 5);
	assert_int_equal(finding->last, 9);
	assert_int_equal(finding->count, 3);
}

static void a_claim_without_a_time_takes_none_away(void **state)
{
	struct finding *finding = claim_at(*state, CONFIDENCE_LIKELY, 7);
	findings_claim(*state, CODE_EVENT_DROPPED, CONFIDENCE_LIKELY, NULL, NULL, "x");
	assert_int_equal(finding->time, 7);
	assert_int_equal(finding->last, 7);
}

static void packets_of_evidence_are_in_order(void **state)
{
	struct finding *finding = claim_at(*state, CONFIDENCE_LIKELY, 7);
	finding_prove(
	    *state, finding, &(struct origin){.first = 16, .last = 14}, "the answer was captured before the request");
	assert_int_equal(finding->evidence[0].origin.first, 14);
	assert_int_equal(finding->evidence[0].origin.last, 16);
}

static bool is_drop(unsigned code)
{
	return code == CODE_EVENT_DROPPED;
}

static void what_is_adopted_is_a_copy_and_only_what_is_wanted_and_missing(void **state)
{
	struct findings others;
	findings_init(&others, 1 << 16);
	struct finding *race = claim_at(&others, CONFIDENCE_LIKELY, 5);
	finding_say(&others, race, "it was late");
	finding_doubt(&others, race, "the log is not there");
	finding_prove(&others, race, &(struct origin){.first = 3, .last = 4}, "the packet");
	findings_claim(&others, CODE_CORS_BLOCKED, CONFIDENCE_LIKELY, NULL, NULL, "");
	findings_adopt(*state, &others, is_drop);
	findings_adopt(*state, &others, is_drop);
	findings_free(&others);
	const struct findings *findings = *state;
	assert_int_equal(findings->count, 1);
	assert_string_equal(findings->first->seen, "it was late");
	assert_string_equal(findings->first->doubt, "the log is not there");
	assert_string_equal(findings->first->evidence[0].what, "the packet");
	assert_int_equal(findings->first->time, 5);
}

static void all_that_is_found_of_a_doubtful_session_is_only_possible(void **state)
{
	const struct session sessions[] = {{.number = 1}, {.number = 2}};
	struct finding *doubtful = findings_claim(*state, CODE_CORS_BLOCKED, CONFIDENCE_PROVEN, &sessions[0], NULL, "");
	struct finding *sure = findings_claim(*state, CODE_CORS_BLOCKED, CONFIDENCE_PROVEN, &sessions[1], NULL, "");
	findings_doubt_session(*state, 1, "two connections fit");
	assert_int_equal(doubtful->confidence, CONFIDENCE_POSSIBLE);
	assert_string_equal(doubtful->doubt, "two connections fit");
	assert_int_equal(sure->confidence, CONFIDENCE_PROVEN);
	assert_null(sure->doubt);
}

static void the_worst_comes_first_whenever_it_was_claimed(void **state)
{
	struct findings *findings = *state;
	struct event early = {.origin.time = 1}, late = {.origin.time = 2};
	findings_claim(findings, CODE_CAPTURE_INCOMPLETE, CONFIDENCE_PROVEN, NULL, &early, "a gap");
	findings_claim(findings, CODE_CORS_BLOCKED, CONFIDENCE_PROVEN, NULL, &late, "a page");
	findings_arrange(findings);
	assert_int_equal(findings->first->code, CODE_CORS_BLOCKED);
	assert_int_equal(findings->first->next->code, CODE_CAPTURE_INCOMPLETE);
}

/* ---- a part: what is of one session, and what explains it */

static bool is_of_session_two(void *self, const struct finding *finding)
{
	(void)self;
	return finding->session == 2;
}

static void a_part_has_what_is_wanted_in_its_order_and_what_explains_it(void **state)
{
	const struct session sessions[] = {{.number = 1}, {.number = 2}};
	const struct event event = {.origin.time = 5};
	struct findings whole, *part = *state;
	findings_init(&whole, 1 << 16);
	struct finding *reason = findings_claim(&whole, CODE_SERVER_STOPPED, CONFIDENCE_PROVEN, NULL, &event, "a");
	findings_claim(&whole, CODE_CORS_BLOCKED, CONFIDENCE_PROVEN, &sessions[0], NULL, "b");
	findings_claim(&whole, CODE_CORS_BLOCKED, CONFIDENCE_PROVEN, NULL, NULL, "c");
	struct finding *wanted = findings_claim(&whole, CODE_CORS_BLOCKED, CONFIDENCE_PROVEN, &sessions[1], NULL, "d");
	finding_say(&whole, wanted, "it is this one");
	wanted->explained_by = reason;
	assert_true(findings_take_part(part, &whole, is_of_session_two, NULL));
	findings_free(&whole);
	assert_int_equal(part->count, 2);
	assert_int_equal(part->first->code, CODE_SERVER_STOPPED);
	assert_string_equal(part->first->next->seen, "it is this one");
	assert_ptr_equal(part->first->next->explained_by, part->first);
	assert_null(part->first->explained_by);
}

static void a_part_has_a_finding_by_the_code_that_it_was_given_later(void **state)
{
	const struct session session = {.number = 2};
	struct findings whole, *part = *state;
	findings_init(&whole, 1 << 16);
	struct finding *finding = findings_claim(&whole, CODE_CORS_BLOCKED, CONFIDENCE_PROVEN, &session, NULL, "a");
	findings_recode(&whole, finding, CODE_EVENT_DROPPED);
	assert_true(findings_take_part(part, &whole, is_of_session_two, NULL));
	findings_free(&whole);
	assert_int_equal(part->first->code, CODE_EVENT_DROPPED);
	assert_int_equal(part->counts[CODE_CORS_BLOCKED], 0);
	assert_int_equal(part->counts[CODE_EVENT_DROPPED], 1);
}

/* ---- which findings the stop of a server explains */

/* Of a session at the server 10.0.0.1 with this port, so many seconds after the server at port 8000 stopped. */
static bool stop_explains(enum code code, enum cause cause, uint16_t port, double seconds)
{
	struct findings findings;
	struct session session = {.number = 1, .sid = "a", .sid_len = 1};
	struct event stops = {.origin.time = 1000 * TIMESTAMP_SECOND};
	struct event event = {.origin.time = stops.origin.time + (timestamp)(seconds * TIMESTAMP_SECOND)};
	session.server = (struct endpoint){.address = {.version = 4, .bytes = {10, 0, 0, 1}}, .port = port};
	findings_init(&findings, 1 << 16);
	struct finding *reason = findings_claim(
	    &findings, CODE_SERVER_STOPPED, CONFIDENCE_LIKELY, NULL, &stops, "10.0.0.1:8000 1");
	struct finding *symptom = findings_claim(&findings, code, CONFIDENCE_PROVEN, &session, &event, "a request");
	symptom->severity = SEVERITY_WARNING;
	if (cause < CAUSES)
		finding_set_cause(&findings, symptom, cause, NULL);
	findings_arrange(&findings);
	bool explained = symptom->explained_by == reason;
	findings_free(&findings);
	return explained;
}

static void a_stop_explains_what_clients_of_the_same_server_meet_after_it(void **state)
{
	(void)state;
	assert_true(stop_explains(CODE_SESSION_UNKNOWN, CAUSE_RESTARTED, 8000, 20));
	assert_true(stop_explains(CODE_SESSION_UNKNOWN, CAUSE_SESSION_GONE, 8000, 20));
	assert_true(stop_explains(CODE_ABNORMAL_CLOSE, CAUSES, 8000, 0.2));
	assert_true(stop_explains(CODE_REQUEST_UNANSWERED, CAUSE_POST_BROKEN_OFF, 8000, 0.2));
}

static void a_stop_explains_nothing_of_another_server(void **state)
{
	(void)state;
	assert_false(stop_explains(CODE_SESSION_UNKNOWN, CAUSE_RESTARTED, 9000, 20));
	assert_false(stop_explains(CODE_ABNORMAL_CLOSE, CAUSES, 9000, 0.2));
	assert_false(stop_explains(CODE_REQUEST_UNANSWERED, CAUSE_POST_BROKEN_OFF, 9000, 0.2));
}

static void a_stop_explains_nothing_that_was_over_before_it(void **state)
{
	(void)state;
	assert_false(stop_explains(CODE_SESSION_UNKNOWN, CAUSE_RESTARTED, 8000, -20));
	assert_false(stop_explains(CODE_ABNORMAL_CLOSE, CAUSES, 8000, -20));
}

static void a_stop_explains_nothing_that_comes_too_late_to_be_of_it(void **state)
{
	(void)state;
	assert_false(stop_explains(CODE_SESSION_UNKNOWN, CAUSE_SESSION_GONE, 8000, 3 * 3600));
	assert_false(stop_explains(CODE_ABNORMAL_CLOSE, CAUSES, 8000, 20));
	assert_false(stop_explains(CODE_REQUEST_UNANSWERED, CAUSE_POST_BROKEN_OFF, 8000, 20));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(what_gets_proven_is_doubted_no_more, begin, end),
	    cmocka_unit_test_setup_teardown(what_is_proven_is_not_doubted_afterwards, begin, end),
	    cmocka_unit_test_setup_teardown(
	        the_first_and_last_time_are_kept_in_whatever_order_they_are_claimed, begin, end),
	    cmocka_unit_test_setup_teardown(a_claim_without_a_time_takes_none_away, begin, end),
	    cmocka_unit_test_setup_teardown(packets_of_evidence_are_in_order, begin, end),
	    cmocka_unit_test_setup_teardown(what_is_adopted_is_a_copy_and_only_what_is_wanted_and_missing, begin, end),
	    cmocka_unit_test_setup_teardown(all_that_is_found_of_a_doubtful_session_is_only_possible, begin, end),
	    cmocka_unit_test_setup_teardown(the_worst_comes_first_whenever_it_was_claimed, begin, end),
	    cmocka_unit_test_setup_teardown(a_part_has_what_is_wanted_in_its_order_and_what_explains_it, begin, end),
	    cmocka_unit_test_setup_teardown(a_part_has_a_finding_by_the_code_that_it_was_given_later, begin, end),
	    cmocka_unit_test(a_stop_explains_what_clients_of_the_same_server_meet_after_it),
	    cmocka_unit_test(a_stop_explains_nothing_of_another_server),
	    cmocka_unit_test(a_stop_explains_nothing_that_was_over_before_it),
	    cmocka_unit_test(a_stop_explains_nothing_that_comes_too_late_to_be_of_it),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
