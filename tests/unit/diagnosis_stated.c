/* What lines of a server's log state by themselves, where the log is the evidence; on timelines made by hand. */
#include "stage.h"

static void write_line(struct stage *stage, const char *text)
{
	struct event event = stage_event(stage, EVENT_LOG, TO_CLIENT);
	event.origin.kind = ORIGIN_LINES;
	event.session = NULL;
	event.connection = NULL;
	event.line = slice_of_text(text);
	stage_emit_event(stage, &event);
}

/* A packet of the current session that the log shows. */
static void write_packet(struct stage *stage, enum event_kind kind, enum direction direction)
{
	struct event event = stage_event(stage, kind, direction);
	event.origin.kind = ORIGIN_LINES;
	stage_emit_event(stage, &event);
}

static void open_session(struct stage *stage, const char *sid)
{
	if (stage->current->opened != TIMESTAMP_NONE)
		stage_begin_session(stage);
	stage->current->sid = (char *)sid;
	stage->current->sid_len = strlen(sid);
	write_packet(stage, EVENT_OPEN, TO_CLIENT);
}

#define STARTED "Server initialized for asgi."
#define REPLACED "[2026-11-30 10:00:00 +0000] [7] [INFO] Autorestarting worker after current request."
#define ONE "Pq2xK8vTnm3Lc9ZwAAAC"
#define OTHER "Rq2xK8vTnm3Lc9ZwAAAD"
#define NOBODY_S "Zq2xK8vTnm3Lc9ZwAAAE"
#define INVALID "Invalid session "

/* ---- sids that the log does not show to be given out */

static void sids_of_nobody_that_are_asked_for_after_the_start_are_one_restart(void **state)
{
	struct stage *stage = *state;
	write_line(stage, STARTED);
	write_line(stage, INVALID ONE);
	write_line(stage, INVALID OTHER " (further occurrences of this error will be logged with level INFO)");
	stage_wait(stage, 20);
	write_line(stage, INVALID NOBODY_S);
	const struct finding *found = SEES(stage, CODE_SESSION_UNKNOWN);
	assert_int_equal(stage->findings->counts[CODE_SESSION_UNKNOWN], 1);
	assert_int_equal(found->count, 3);
	assert_int_equal(found->severity, SEVERITY_WARNING);
	assert_string_equal(found->cause, "restarted");
}

static void sids_of_nobody_that_are_still_asked_for_minutes_after_the_start_are_an_error(void **state)
{
	struct stage *stage = *state;
	write_line(stage, STARTED);
	write_line(stage, INVALID ONE);
	stage_wait(stage, 120);
	write_line(stage, INVALID OTHER);
	const struct finding *found = SEES(stage, CODE_SESSION_UNKNOWN);
	assert_int_equal(found->severity, SEVERITY_ERROR);
	assert_string_equal(found->cause, "sid-of-before");
}

static void a_sid_of_nobody_in_a_log_without_a_start_is_an_error(void **state)
{
	struct stage *stage = *state;
	open_session(stage, OTHER);
	write_line(stage, INVALID ONE);
	assert_int_equal(SEES(stage, CODE_SESSION_UNKNOWN)->severity, SEVERITY_ERROR);
}

static void without_times_a_start_excuses_no_sid(void **state)
{
	struct stage *stage = *state;
	stage->now = 0;
	write_line(stage, STARTED);
	stage->now = 0;
	write_line(stage, INVALID ONE);
	assert_int_equal(SEES(stage, CODE_SESSION_UNKNOWN)->severity, SEVERITY_ERROR);
}

static void another_process_that_lives_on_excuses_no_sid_of_nobody(void **state)
{
	struct stage *stage = *state;
	open_session(stage, OTHER);
	write_line(stage, STARTED);
	write_line(stage, INVALID ONE);
	write_packet(stage, EVENT_EVENT, TO_SERVER);
	assert_int_equal(SEES(stage, CODE_SESSION_UNKNOWN)->severity, SEVERITY_ERROR);
}

/* ---- sids that it shows to be given out */

static void a_session_of_before_a_start_went_with_it(void **state)
{
	struct stage *stage = *state;
	open_session(stage, ONE);
	write_line(stage, STARTED);
	write_line(stage, INVALID ONE);
	const struct finding *found = SEES(stage, CODE_SESSION_UNKNOWN);
	assert_string_equal(found->cause, "restarted");
	assert_int_equal(found->severity, SEVERITY_WARNING);
}

static void a_session_that_goes_on_after_the_start_of_a_process_shows_that_others_answer(void **state)
{
	struct stage *stage = *state;
	open_session(stage, ONE);
	open_session(stage, OTHER);
	write_line(stage, STARTED);
	write_line(stage, INVALID ONE);
	stage_wait(stage, 25);
	write_packet(stage, EVENT_PONG, TO_SERVER);
	const struct finding *found = SEES(stage, CODE_SESSION_UNKNOWN);
	assert_string_equal(found->cause, "several-workers");
	assert_int_equal(found->severity, SEVERITY_ERROR);
}

static void a_session_that_is_known_after_it_was_unknown_shows_that_others_answer(void **state)
{
	struct stage *stage = *state;
	open_session(stage, ONE);
	write_line(stage, INVALID ONE);
	write_packet(stage, EVENT_EVENT, TO_SERVER);
	assert_string_equal(SEES(stage, CODE_SESSION_UNKNOWN)->cause, "several-workers");
}

static void an_old_process_that_ends_its_work_beside_the_new_one_is_a_restart(void **state)
{
	struct stage *stage = *state;
	open_session(stage, ONE);
	open_session(stage, OTHER);
	write_line(stage, STARTED);
	write_packet(stage, EVENT_EVENT, TO_SERVER);
	write_packet(stage, EVENT_CLOSE, TO_CLIENT);
	write_line(stage, INVALID ONE);
	assert_string_equal(SEES(stage, CODE_SESSION_UNKNOWN)->cause, "restarted");
}

static void an_old_process_that_ends_its_sessions_late_is_a_restart(void **state)
{
	struct stage *stage = *state;
	open_session(stage, ONE);
	open_session(stage, OTHER);
	write_line(stage, STARTED);
	write_line(stage, INVALID ONE);
	write_packet(stage, EVENT_DISCONNECT, TO_CLIENT);
	write_packet(stage, EVENT_CLOSE, TO_CLIENT);
	assert_string_equal(SEES(stage, CODE_SESSION_UNKNOWN)->cause, "restarted");
}

static void a_session_that_the_client_had_closed_is_no_restart(void **state)
{
	struct stage *stage = *state;
	open_session(stage, ONE);
	write_packet(stage, EVENT_CLOSE, TO_SERVER);
	write_line(stage, INVALID ONE);
	assert_string_equal(SEES(stage, CODE_SESSION_UNKNOWN)->cause, "client-had-closed");
}

/* ---- workers */

static void a_worker_that_was_replaced_for_its_number_of_requests_is_the_cause(void **state)
{
	struct stage *stage = *state;
	open_session(stage, ONE);
	write_line(stage, REPLACED);
	write_line(stage, STARTED);
	write_line(stage, INVALID ONE);
	const struct finding *found = SEES(stage, CODE_SESSION_UNKNOWN);
	assert_string_equal(found->cause, "worker-recycled");
	assert_non_null(strstr(found->advice, "max_requests"));
	assert_int_equal(found->severity, SEVERITY_WARNING);
}

/* Two logs beside each other number their lines apart. */
static void a_worker_is_replaced_after_a_session_whatever_the_number_of_its_line(void **state)
{
	struct stage *stage = *state;
	stage->packets = 1000;
	open_session(stage, ONE);
	stage->packets = 0;
	write_line(stage, REPLACED);
	write_line(stage, STARTED);
	write_line(stage, INVALID ONE);
	assert_string_equal(SEES(stage, CODE_SESSION_UNKNOWN)->cause, "worker-recycled");
}

static void a_worker_that_was_replaced_before_the_session_is_no_cause(void **state)
{
	struct stage *stage = *state;
	write_line(stage, REPLACED);
	open_session(stage, ONE);
	write_line(stage, STARTED);
	write_line(stage, INVALID ONE);
	assert_string_equal(SEES(stage, CODE_SESSION_UNKNOWN)->cause, "restarted");
}

static void workers_that_end_in_order_are_no_stop(void **state)
{
	struct stage *stage = *state;
	write_line(stage, REPLACED);
	write_line(stage, "Worker (pid:7) was sent SIGTERM!");
	write_line(stage, "Maximum request limit of 1000 exceeded. Terminating process.");
	stage_expect_quiet(stage);
}

static void a_worker_that_was_killed_is_a_stop(void **state)
{
	struct stage *stage = *state;
	write_line(stage, "Worker (pid:7) was sent SIGKILL! Perhaps out of memory?");
	SEES(stage, CODE_SERVER_STOPPED);
}

/* ---- limits */

static void lines_beyond_the_number_that_is_kept_are_counted(void **state)
{
	enum { LINES = 70, KEPT = 64 };
	struct stage *stage = *state;
	char texts[LINES][32];
	for (int i = 0; i < LINES; i++) {
		snprintf(texts[i], sizeof texts[i], "KeyError: 'price %d'", i);
		write_line(stage, texts[i]);
	}
	SEES(stage, CODE_EXCEPTION_LOGGED);
	assert_int_equal(stage->findings->counts[CODE_EXCEPTION_LOGGED], KEPT);
	assert_int_equal(findings_left_out(stage->findings), LINES - KEPT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    ON_STAGE(sids_of_nobody_that_are_asked_for_after_the_start_are_one_restart),
	    ON_STAGE(sids_of_nobody_that_are_still_asked_for_minutes_after_the_start_are_an_error),
	    ON_STAGE(a_sid_of_nobody_in_a_log_without_a_start_is_an_error),
	    ON_STAGE(without_times_a_start_excuses_no_sid),
	    ON_STAGE(another_process_that_lives_on_excuses_no_sid_of_nobody),
	    ON_STAGE(a_session_of_before_a_start_went_with_it),
	    ON_STAGE(a_session_that_goes_on_after_the_start_of_a_process_shows_that_others_answer),
	    ON_STAGE(a_session_that_is_known_after_it_was_unknown_shows_that_others_answer),
	    ON_STAGE(an_old_process_that_ends_its_work_beside_the_new_one_is_a_restart),
	    ON_STAGE(an_old_process_that_ends_its_sessions_late_is_a_restart),
	    ON_STAGE(a_session_that_the_client_had_closed_is_no_restart),
	    ON_STAGE(a_worker_that_was_replaced_for_its_number_of_requests_is_the_cause),
	    ON_STAGE(a_worker_is_replaced_after_a_session_whatever_the_number_of_its_line),
	    ON_STAGE(a_worker_that_was_replaced_before_the_session_is_no_cause),
	    ON_STAGE(workers_that_end_in_order_are_no_stop),
	    ON_STAGE(a_worker_that_was_killed_is_a_stop),
	    ON_STAGE(lines_beyond_the_number_that_is_kept_are_counted),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
