/* Sessions that are not recovered, though their clients ask for it (connection state recovery). */
#include "stage.h"

#define FIRST "{\"sid\":\"a\",\"pid\":\"first\"}"
#define SECOND "{\"sid\":\"b\",\"pid\":\"second\"}"

static void join(struct stage *stage, const char *asks, const char *answers)
{
	stage_emit(stage, EVENT_OPEN, TO_CLIENT);
	struct event asked = stage_event(stage, EVENT_CONNECT, TO_SERVER);
	asked.packet.data = slice_of_text(asks);
	stage_emit_event(stage, &asked);
	struct event joined = stage_event(stage, EVENT_CONNECT, TO_CLIENT);
	joined.answers = asked.index;
	joined.packet.data = slice_of_text(answers);
	stage_emit_event(stage, &joined);
}

/* A session that is cut off; `away` seconds later its client asks for it. */
static void come_back(struct stage *stage, double away, const char *asks, const char *answers)
{
	join(stage, "", FIRST);
	stage_close(stage, 1006);
	stage_wait(stage, away);
	stage_begin_session(stage);
	join(stage, asks, answers);
}

static void a_session_that_is_not_recovered_loses_events(void **state)
{
	struct stage *stage = *state;
	come_back(stage, 5, "{\"pid\":\"first\",\"offset\":\"x\"}", SECOND);
	const struct finding *found = SEES(stage, CODE_EVENT_LOST);
	assert_string_equal(found->cause, "recovery-refused");
	assert_int_equal(found->severity, SEVERITY_WARNING);
	assert_only_possible(found);
	assert_non_null(strstr(found->seen, "back 5.0 s after"));
}

static void without_an_offset_no_session_is_recovered(void **state)
{
	struct stage *stage = *state;
	come_back(stage, 5, "{\"pid\":\"first\"}", SECOND);
	assert_string_equal(SEES(stage, CODE_EVENT_LOST)->cause, "recovery-without-offset");
}

static void a_session_that_is_recovered_loses_nothing(void **state)
{
	struct stage *stage = *state;
	come_back(stage, 5, "{\"pid\":\"first\",\"offset\":\"x\"}", FIRST);
	DOES_NOT_SEE(stage, CODE_EVENT_LOST);
}

static void a_client_that_was_away_for_long_is_not_remembered(void **state)
{
	struct stage *stage = *state;
	come_back(stage, 130, "{\"pid\":\"first\",\"offset\":\"x\"}", SECOND);
	DOES_NOT_SEE(stage, CODE_EVENT_LOST);
}

static void a_session_that_was_ended_on_purpose_is_not_kept(void **state)
{
	struct stage *stage = *state;
	join(stage, "", FIRST);
	stage_emit(stage, EVENT_DISCONNECT, TO_SERVER);
	stage_begin_session(stage);
	join(stage, "{\"pid\":\"first\",\"offset\":\"x\"}", SECOND);
	DOES_NOT_SEE(stage, CODE_EVENT_LOST);
}

static void of_a_pid_from_before_the_capture_nothing_is_known(void **state)
{
	struct stage *stage = *state;
	join(stage, "{\"pid\":\"first\",\"offset\":\"x\"}", SECOND);
	DOES_NOT_SEE(stage, CODE_EVENT_LOST);
}

static void an_answer_without_a_pid_says_nothing_of_recovery(void **state)
{
	struct stage *stage = *state;
	come_back(stage, 5, "{\"pid\":\"first\",\"offset\":\"x\"}", "{\"sid\":\"b\"}");
	DOES_NOT_SEE(stage, CODE_EVENT_LOST);
}

static void a_server_that_recovers_nobody_is_one_finding(void **state)
{
	struct stage *stage = *state;
	come_back(stage, 5, "{\"pid\":\"first\",\"offset\":\"x\"}", SECOND);
	stage_close(stage, 1006);
	stage_wait(stage, 5);
	stage_begin_session(stage);
	join(stage, "{\"pid\":\"second\",\"offset\":\"y\"}", "{\"sid\":\"c\",\"pid\":\"third\"}");
	assert_int_equal(SEES(stage, CODE_EVENT_LOST)->count, 2);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    ON_STAGE(a_session_that_is_not_recovered_loses_events),
	    ON_STAGE(without_an_offset_no_session_is_recovered),
	    ON_STAGE(a_session_that_is_recovered_loses_nothing),
	    ON_STAGE(a_client_that_was_away_for_long_is_not_remembered),
	    ON_STAGE(a_session_that_was_ended_on_purpose_is_not_kept),
	    ON_STAGE(of_a_pid_from_before_the_capture_nothing_is_known),
	    ON_STAGE(an_answer_without_a_pid_says_nothing_of_recovery),
	    ON_STAGE(a_server_that_recovers_nobody_is_one_finding),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
