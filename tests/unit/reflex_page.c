/* What becomes of a Reflex page, on timelines made by hand. */
#include "reflex/reflex.h"
#include "stage.h"

#include <stdio.h>

#define HYDRATE "{\"name\":\"reflex___state____state.hydrate\",\"payload\":{},\"event_actions\":{}}"
#define TICK "{\"name\":\"reflex___state____state.app.tick\",\"payload\":{},\"event_actions\":{}}"
#define DONE "{\"delta\":{},\"events\":[],\"final\":true}"
#define HYDRATED \
	"{\"delta\":{\"reflex___state____state\":{\"is_hydrated_rx_state_\":true}},\"events\":[],\"final\":true}"

#define FRONTEND                                                                                         \
	"export const initialState = {\"reflex___state____state\": {\"is_hydrated_rx_state_\": false}, " \
	"\"reflex___state____state.reflex___state____on_load_internal_state\": {}, "                     \
	"\"reflex___state____state.app\": {\"rows_rx_state_\": [], \"count_rx_state_\": 0}}"

/* A state with substates that have no vars is a whole dump (reflex/update.h). */
#define DUMP(vars)                                                                   \
	"{\"delta\":{\"reflex___state____state\":{\"is_hydrated_rx_state_\":false}," \
	"\"reflex___state____state.reflex___state____on_load_internal_state\":{},"   \
	"\"reflex___state____state.app\":{" vars "}},\"events\":[],\"final\":true}"

/* ---- its events */

static void page_sends(struct stage *stage, const char *event)
{
	stage_say(stage, TO_SERVER, "\"event\"", event);
}

static void page_gets(struct stage *stage, const char *update)
{
	stage_say(stage, TO_CLIENT, "\"event\"", update);
}

static void hydrate_page(struct stage *stage)
{
	stage_connect(stage);
	page_sends(stage, HYDRATE);
	page_gets(stage, HYDRATED);
	page_sends(stage, TICK);
	page_gets(stage, DONE);
}

/* A live capture's clock goes on for so many seconds without a packet. */
static const struct finding *let_pass(struct stage *stage, double seconds)
{
	stage_wait(stage, seconds);
	stage->observer->clock(stage->observer->self, stage->now);
	stage->findings = diagnosis_findings(stage->diagnosis);
	return stage_found(stage, CODE_HYDRATE_MISSING);
}

static void a_live_clock_judges_a_hydrate_that_waits(void **state)
{
	struct stage *stage = *state;
	stage_connect(stage);
	page_sends(stage, HYDRATE);
	assert_null(let_pass(stage, 20));
	const struct finding *found = let_pass(stage, 11);
	assert_non_null(found);
	assert_non_null(strstr(found->seen, "has had no answer for 31"));
	assert_int_equal(found->severity, SEVERITY_ERROR);
}

static void what_was_overdue_and_comes_is_withdrawn(void **state)
{
	struct stage *stage = *state;
	hydrate_page(stage);
	stage_begin_session(stage);
	stage_connect(stage);
	page_sends(stage, HYDRATE);
	assert_non_null(let_pass(stage, 31));
	page_gets(stage, DUMP(""));
	assert_null(let_pass(stage, 1));
}

static void a_page_that_was_left_waits_for_nothing(void **state)
{
	struct stage *stage = *state;
	stage_connect(stage);
	page_sends(stage, HYDRATE);
	stage_say_goodbye(stage);
	assert_null(let_pass(stage, 5));
	assert_null(let_pass(stage, 26));
}

static void a_page_that_is_answered_gives_no_finding(void **state)
{
	struct stage *stage = *state;
	hydrate_page(stage);
	stage_wait(stage, 5);
	stage_expect_quiet(stage);
}

static void an_event_that_is_never_answered_leaves_the_page_stuck(void **state)
{
	struct stage *stage = *state;
	hydrate_page(stage);
	page_sends(stage, TICK);
	stage_wait(stage, 5);
	SEES(stage, CODE_EVENT_UNANSWERED);
	const struct finding *stuck = stage_found(stage, CODE_FRONTEND_STUCK);
	assert_non_null(stuck);
	assert_int_equal(stuck->explained_by->code, CODE_EVENT_UNANSWERED);
}

/* An update that asks for these events, and the click that it answers; the page sends nothing more. */
static void ask_for(struct stage *stage, const char *events)
{
	char update[400];
	snprintf(update, sizeof update, "{\"delta\":{},\"events\":[%s],\"final\":true}", events);
	hydrate_page(stage);
	page_sends(stage, TICK);
	page_gets(stage, update);
	stage_wait(stage, 20);
}

static void an_event_that_the_browser_handles_itself_never_comes_back(void **state)
{
	struct stage *stage = *state;
	ask_for(
	    stage, "{\"name\":\"_redirect\",\"payload\":{\"path\":\"/\"}},{\"name\":\"_set_focus\",\"payload\":{}}");
	stage_expect_quiet(stage);
}

static void the_event_that_a_stuck_page_owes_is_the_first_that_it_must_send(void **state)
{
	struct stage *stage = *state;
	ask_for(stage, "{\"name\":\"_call_function\",\"payload\":{}},{\"name\":\"reflex___state____state.app.paid\","
	               "\"payload\":{}}");
	const struct finding *stuck = SEES(stage, CODE_FRONTEND_STUCK);
	assert_non_null(strstr(stuck->seen, "the event reflex___state____state.app.paid that it asks for"));
}

static void an_event_is_named_by_its_class_and_in_full_where_it_is_proven(void **state)
{
	struct stage *stage = *state;
	hydrate_page(stage);
	page_sends(stage, "{\"name\":\"reflex___state____state.shop___cart____cart_state.add\",\"payload\":{}}");
	stage_wait(stage, 5);
	const struct finding *found = SEES(stage, CODE_EVENT_UNANSWERED);
	assert_non_null(strstr(found->seen, "event CartState.add was not answered"));
	assert_non_null(strstr(found->evidence[0].what, "reflex___state____state.shop___cart____cart_state.add"));
}

static void an_event_just_before_the_end_of_the_capture_is_not_missed(void **state)
{
	struct stage *stage = *state;
	hydrate_page(stage);
	page_sends(stage, TICK);
	stage_wait(stage, 0.5);
	stage_expect_quiet(stage);
}

static void an_event_in_flight_when_the_client_leaves_is_a_late_race_and_harmless(void **state)
{
	struct stage *stage = *state;
	hydrate_page(stage);
	page_sends(stage, TICK);
	stage_say_goodbye(stage);
	const struct finding *race = SEES(stage, CODE_ENVIRON_RACE);
	assert_string_equal(race->phase, "late");
	assert_int_equal(race->severity, SEVERITY_INFO);
	assert_null(stage_found(stage, CODE_EVENT_UNANSWERED));
}

static void an_event_under_way_when_the_connection_breaks_is_unanswered(void **state)
{
	struct stage *stage = *state; /* reflex-dev/reflex#5219 */
	hydrate_page(stage);
	page_sends(stage, TICK);
	stage_emit(stage, EVENT_TCP_CLOSE, TO_SERVER);
	SEES(stage, CODE_EVENT_UNANSWERED);
	assert_null(stage_found(stage, CODE_ENVIRON_RACE));
}

static void log_environ(struct stage *stage)
{
	struct event line = stage_event(stage, EVENT_LOG, TO_CLIENT);
	line.session = NULL;
	line.connection = NULL;
	line.line = SLICE("RuntimeError: Socket.IO environ is not initialized.");
	stage_emit_event(stage, &line);
}

/* An event that nobody answers, and a log whose only line is of `before` then: what makes it not surer. */
static const char *doubt_with_a_log(struct stage *stage, double before)
{
	stage->facts.has_log = true;
	struct event line = stage_event(stage, EVENT_LOG, TO_CLIENT);
	line.session = NULL;
	line.line = SLICE("started");
	stage_emit_event(stage, &line);
	stage_wait(stage, before);
	stage->session.first = stage->now;
	hydrate_page(stage);
	page_sends(stage, TICK);
	stage_wait(stage, 5);
	page_sends(stage, TICK);
	return SEES(stage, CODE_EVENT_UNANSWERED)->doubt;
}

static void a_log_that_reaches_an_event_shows_of_it(void **state)
{
	assert_string_equal(doubt_with_a_log(*state, 1), "the server's log has no error of that time");
}

static void a_log_that_ended_before_rules_nothing_out(void **state)
{
	assert_string_equal(doubt_with_a_log(*state, 7200), "the server's log has no line of that time");
}

static void a_log_that_says_nothing_of_a_late_race_makes_it_only_possible(void **state)
{
	struct stage *stage = *state;
	stage->facts.has_log = true;
	hydrate_page(stage);
	page_sends(stage, TICK);
	stage->transport = TRANSPORT_POLLING;
	stage_say_goodbye(stage);
	struct event line = stage_event(stage, EVENT_LOG, TO_CLIENT);
	line.session = NULL;
	line.line = SLICE("GET /socket.io/ 200");
	stage_emit_event(stage, &line);
	const struct finding *race = SEES(stage, CODE_ENVIRON_RACE);
	assert_int_equal(race->confidence, CONFIDENCE_POSSIBLE);
	assert_string_equal(race->doubt, "the server's log has no error of that time");
}

static void the_log_proves_a_late_race(void **state)
{
	struct stage *stage = *state;
	hydrate_page(stage);
	page_sends(stage, TICK);
	stage_emit(stage, EVENT_DISCONNECT, TO_SERVER);
	log_environ(stage);
	assert_int_equal(SEES(stage, CODE_ENVIRON_RACE)->confidence, CONFIDENCE_PROVEN);
}

static void the_same_line_while_nobody_leaves_is_no_race(void **state)
{
	struct stage *stage = *state;
	hydrate_page(stage);
	page_sends(stage, TICK);
	log_environ(stage);
	stage_wait(stage, 5);
	SEES(stage, CODE_ENVIRON_ABSENT);
	assert_null(stage_found(stage, CODE_ENVIRON_RACE));
}

static void the_same_line_while_every_event_is_answered_is_reported_all_the_same(void **state)
{
	struct stage *stage = *state;
	stage->counts.first = stage->now;
	hydrate_page(stage);
	log_environ(stage);
	page_sends(stage, TICK);
	page_gets(stage, DONE);
	stage->counts.last = stage->now;
	const struct finding *absent = SEES(stage, CODE_ENVIRON_ABSENT);
	assert_int_equal(absent->confidence, CONFIDENCE_POSSIBLE);
	assert_int_equal(absent->severity, SEVERITY_INFO);
}

static void what_the_log_says_is_quoted_as_it_stands(void **state)
{
	struct stage *stage = *state;
	hydrate_page(stage);
	page_sends(stage, TICK);
	struct event line = stage_event(stage, EVENT_LOG, TO_CLIENT);
	line.session = NULL;
	line.line = SLICE("on_event: environ not initialized after 5 retries, skipping");
	stage_emit_event(stage, &line);
	stage_wait(stage, 5);
	assert_non_null(strstr(SEES(stage, CODE_ENVIRON_ABSENT)->seen, "environ not initialized after 5 retries"));
}

static void an_error_in_the_log_is_quoted_and_silence_is_not_claimed(void **state)
{
	struct stage *stage = *state;
	stage->facts.has_log = true;
	hydrate_page(stage);
	page_sends(stage, TICK);
	struct event line = stage_event(stage, EVENT_LOG, TO_CLIENT);
	line.session = NULL;
	line.line = SLICE("Task exception was never retrieved");
	stage_emit_event(stage, &line);
	stage_wait(stage, 5);
	assert_string_equal(SEES(stage, CODE_EVENT_UNANSWERED)->doubt,
	    "at that time the server logged \"Task exception was never retrieved\"");
}

static void each_of_many_unanswered_events_counts(void **state)
{
	struct stage *stage = *state;
	hydrate_page(stage);
	for (int i = 0; i < 12; i++)
		page_sends(stage, TICK);
	stage_wait(stage, 5);
	assert_int_equal(SEES(stage, CODE_EVENT_UNANSWERED)->count, 12);
}

static void a_new_token_is_reported_without_the_token(void **state)
{
	struct stage *stage = *state;
	hydrate_page(stage);
	stage_say(stage, TO_CLIENT, "\"new_token\"", "\"3f1c-canary\"");
	const struct finding *taken = SEES(stage, CODE_DUPLICATE_SESSION);
	assert_non_null(strstr(taken->seen, "new_token"));
	assert_null(strstr(taken->seen, "canary"));
}

static void a_line_of_another_time_says_nothing_of_this_capture(void **state)
{
	struct stage *stage = *state;
	log_environ(stage);
	stage_wait(stage, 3600);
	stage->counts.first = stage->now;
	hydrate_page(stage);
	stage->counts.last = stage->now;
	DOES_NOT_SEE(stage, CODE_ENVIRON_ABSENT);
}

static void an_event_before_the_acknowledged_connect_is_an_early_race(void **state)
{
	struct stage *stage = *state;
	stage_emit(stage, EVENT_OPEN, TO_CLIENT);
	stage_emit(stage, EVENT_CONNECT, TO_SERVER);
	page_sends(stage, HYDRATE);
	stage_emit(stage, EVENT_CONNECT, TO_CLIENT);
	stage_wait(stage, 5);
	const struct finding *race = SEES(stage, CODE_ENVIRON_RACE);
	assert_string_equal(race->phase, "early");
	assert_int_equal(race->severity, SEVERITY_ERROR);
}

static void an_early_event_that_is_answered_after_all_is_no_race(void **state)
{
	struct stage *stage = *state;
	stage_emit(stage, EVENT_OPEN, TO_CLIENT);
	stage_emit(stage, EVENT_CONNECT, TO_SERVER);
	page_sends(stage, HYDRATE);
	stage_emit(stage, EVENT_CONNECT, TO_CLIENT);
	page_gets(stage, HYDRATED);
	stage_wait(stage, 5);
	DOES_NOT_SEE(stage, CODE_ENVIRON_RACE);
}

static void a_hydrate_without_an_answer_is_reported(void **state)
{
	struct stage *stage = *state;
	stage_connect(stage);
	page_sends(stage, HYDRATE);
	stage_wait(stage, 5);
	SEES(stage, CODE_HYDRATE_MISSING);
}

/* ---- why there is no state */

static void a_page_that_never_asks_is_told_from_one_without_an_answer(void **state)
{
	struct stage *stage = *state;
	stage_connect(stage);
	page_sends(stage, "{\"name\":\"reflex___state____state.other\",\"payload\":{}}");
	stage_wait(stage, 5);
	const struct finding *found = SEES(stage, CODE_HYDRATE_MISSING);
	assert_string_equal(found->cause, "never-asked");
	assert_int_equal(found->evidence_count, 1);
	assert_non_null(strstr(found->advice, "console"));
}

static void a_state_that_the_server_answers_with_an_error_names_the_error(void **state)
{
	struct stage *stage = *state;
	stage_connect(stage);
	page_sends(stage, HYDRATE);
	page_gets(stage,
	    "{\"delta\":{},\"events\":[{\"name\":\"_call_function\",\"payload\":{\"function\":\"(() => { "
	    "refs['__toast']?.['error'](\\\"An error occurred.\\\", ({ [\\\"description\\\"]: \\\"KeyError: 'bid'\\\" "
	    "})) "
	    "})\",\"callback\":null}}],\"final\":true}");
	stage_wait(stage, 5);
	const struct finding *found = SEES(stage, CODE_HYDRATE_MISSING);
	assert_string_equal(found->cause, "answered-with-error");
	assert_int_equal(found->evidence_count, 2);
}

static void a_session_that_is_open_at_the_end_did_not_end(void **state)
{
	struct stage *stage = *state;
	stage_connect(stage);
	page_sends(stage, HYDRATE);
	stage_wait(stage, 5);
	const struct finding *found = SEES(stage, CODE_HYDRATE_MISSING);
	assert_string_equal(found->cause, "not-answered");
	assert_non_null(strstr(found->seen, "until the capture ended"));
}

/* The client acknowledged nothing of the last so many seconds, and TCP sent that again so often. */
static void get_without_acknowledgment(struct stage *stage, double seconds, unsigned resent, bool heard)
{
	hydrate_page(stage);
	page_gets(stage, DUMP(""));
	timestamp since = stage->now;
	stage_wait(stage, seconds);
	stage->current->deliveries[DIRECTION_TO_CLIENT].waiting = (struct delivery_loss){
	    .span = {.since = since, .packet = 9}, .resent = resent, .heard = heard};
}

static void updates_that_tcp_never_acknowledges_are_lost(void **state)
{
	struct stage *stage = *state;
	get_without_acknowledgment(stage, 12, 4, false);
	const struct finding *found = SEES(stage, CODE_DELTA_LOST);
	assert_int_equal(found->confidence, CONFIDENCE_LIKELY);
	assert_non_null(strstr(found->seen, "sent again 4 times"));
}

static void a_client_that_is_silent_for_a_moment_may_acknowledge_still(void **state)
{
	struct stage *stage = *state;
	get_without_acknowledgment(stage, 5, 4, false);
	stage_expect_quiet(stage);
}

static void a_client_that_is_heard_is_not_gone(void **state)
{
	struct stage *stage = *state;
	get_without_acknowledgment(stage, 12, 4, true);
	stage_expect_quiet(stage);
}

static void bytes_that_were_not_sent_again_may_be_the_captures_last(void **state)
{
	struct stage *stage = *state;
	get_without_acknowledgment(stage, 12, 1, false);
	stage_expect_quiet(stage);
}

static void click_and_reload(struct stage *stage, int times, double seconds)
{
	hydrate_page(stage);
	for (int i = 0; i < times; i++) {
		stage_wait(stage, seconds);
		page_sends(stage, TICK);
		stage_say(stage, TO_CLIENT, "\"reload\"", TICK);
		page_gets(stage, DONE);
		page_sends(stage, HYDRATE);
		page_gets(stage, HYDRATED);
	}
}

static void a_backend_that_answers_click_after_click_with_reload_keeps_no_state(void **state)
{
	struct stage *stage = *state;
	click_and_reload(stage, 3, 2);
	const struct finding *found = SEES(stage, CODE_EVENT_DROPPED);
	assert_string_equal(found->cause, "state-not-kept");
	assert_int_equal(found->confidence, CONFIDENCE_LIKELY);
}

static void a_state_that_is_lost_twice_is_no_loop(void **state)
{
	struct stage *stage = *state;
	click_and_reload(stage, 2, 2);
	assert_null(let_pass(stage, 1));
	assert_null(stage_found(stage, CODE_EVENT_DROPPED));
}

static void a_state_that_expires_while_a_page_is_left_alone_is_kept_long_enough(void **state)
{
	struct stage *stage = *state;
	click_and_reload(stage, 4, 3700);
	assert_null(let_pass(stage, 1));
	assert_null(stage_found(stage, CODE_EVENT_DROPPED));
}

static void an_error_that_answers_no_event_is_a_background_tasks(void **state)
{
	struct stage *stage = *state;
	hydrate_page(stage);
	page_gets(stage,
	    "{\"delta\":{},\"events\":[{\"name\":\"_alert\",\"payload\":{\"message\":\"An error occurred.\"}}],"
	    "\"final\":null}");
	const struct finding *found = SEES(stage, CODE_HANDLER_ERROR);
	assert_non_null(strstr(found->seen, "a background task"));
	assert_non_null(strstr(found->seen, "state.app.tick"));
}

static void an_error_toast_quotes_the_handler(void **state)
{
	struct stage *stage = *state;
	hydrate_page(stage);
	page_gets(stage,
	    "{\"delta\":{},\"events\":[{\"name\":\"_call_function\",\"payload\":{\"function\":\"(() => { "
	    "refs['__toast']?.['error'](\\\"An error occurred.\\\", ({ [\\\"description\\\"]: \\\"KeyError: 'bid'\\\" "
	    "})) "
	    "})\",\"callback\":null}}],\"final\":true}");
	assert_non_null(strstr(SEES(stage, CODE_HANDLER_ERROR)->seen, "KeyError"));
}

/* ---- deltas against the frontend */

/* Before anything is told: the frontend declares what this script does. */
static void have_frontend(struct stage *stage, const char *script)
{
	struct frontend *frontend = calloc(1, sizeof *frontend);
	assert_non_null(frontend);
	frontend->built = manifest_new();
	assert_true(manifest_read_states(frontend->built, slice_of_text(script)));
	plugin_set_facts(&stage->facts.plugged, &plugin_reflex, frontend);
	diagnosis_free(stage->diagnosis);
	stage_begin_diagnosis(stage);
}

/* A page of this frontend gets the whole state. */
static void fill_page(struct stage *stage, const char *frontend, const char *dump)
{
	have_frontend(stage, frontend);
	stage_connect(stage);
	page_sends(stage, HYDRATE);
	page_gets(stage, dump);
}

static void a_state_that_fits_gives_no_finding(void **state)
{
	struct stage *stage = *state;
	fill_page(stage, FRONTEND, DUMP("\"rows_rx_state_\":[1],\"count_rx_state_\":1"));
	stage_finish(stage);
	assert_null(stage_found(stage, CODE_DELTA_UNKNOWN_VAR));
	assert_null(stage_found(stage, CODE_DELTA_MISSING_VAR));
}

static void a_renamed_var_is_unknown_and_its_old_name_missing_for_that_reason(void **state)
{
	struct stage *stage = *state;
	fill_page(stage, FRONTEND, DUMP("\"open_rows_rx_state_\":[1],\"count_rx_state_\":1"));
	assert_non_null(strstr(SEES(stage, CODE_DELTA_UNKNOWN_VAR)->seen, "it has rows"));
	const struct finding *missing = stage_found(stage, CODE_DELTA_MISSING_VAR);
	assert_non_null(missing);
	assert_int_equal(missing->explained_by->code, CODE_DELTA_UNKNOWN_VAR);
}

static void a_var_that_came_too_is_not_what_another_was_before(void **state)
{
	struct stage *stage = *state;
	fill_page(stage, FRONTEND, DUMP("\"rows_rx_state_\":[1],\"row_rx_state_\":[1],\"open_rows_rx_state_\":[1]"));
	const struct finding *found = SEES(stage, CODE_DELTA_UNKNOWN_VAR);
	assert_null(strstr(found->seen, "it has"));
	assert_int_equal(found->severity, SEVERITY_ERROR); /* count did not come: it may be that */
}

static void a_var_that_comes_with_a_later_update_is_not_what_another_was_before(void **state)
{
	struct stage *stage = *state;
	fill_page(stage, FRONTEND, DUMP("\"open_rows_rx_state_\":[1],\"count_rx_state_\":1"));
	const struct finding *found = diagnosis_findings(stage->diagnosis)->first;
	assert_non_null(strstr(found->seen, "it has rows, which did not come"));
	page_sends(stage, TICK);
	page_gets(stage,
	    "{\"delta\":{\"reflex___state____state.app\":{\"rows_rx_state_\":[]}},\"events\":[],\"final\":true}");
	found = SEES(stage, CODE_DELTA_UNKNOWN_VAR);
	assert_null(strstr(found->seen, "it has"));
	assert_int_equal(found->severity, SEVERITY_INFO);
}

static void a_new_var_beside_all_that_pages_show_is_information(void **state)
{
	struct stage *stage = *state;
	fill_page(stage, FRONTEND, DUMP("\"rows_rx_state_\":[1],\"rows_level_rx_state_\":0,\"count_rx_state_\":1"));
	const struct finding *found = SEES(stage, CODE_DELTA_UNKNOWN_VAR);
	assert_int_equal(found->severity, SEVERITY_INFO);
	assert_int_equal(found->confidence, CONFIDENCE_PROVEN);
	assert_int_equal(found->count, 1);
	assert_non_null(strstr(found->seen, "they lack nothing"));
}

/* A page lacks a var of one state; that another state has a new one does not explain it. */
static void a_new_var_explains_no_missing_one(void **state)
{
	struct stage *stage = *state;
	fill_page(stage,
	    "export const initialState = {\"reflex___state____state\": {\"is_hydrated_rx_state_\": false}, "
	    "\"reflex___state____state.reflex___state____on_load_internal_state\": {}, "
	    "\"reflex___state____state.app\": {\"rows_rx_state_\": []}, "
	    "\"reflex___state____state.cart\": {\"total_rx_state_\": 0}}",
	    DUMP(
	        "\"rows_rx_state_\":[1],\"level_rx_state_\":0},\"reflex___state____state.cart\":{\"sum_rx_state_\":0"));
	stage_finish(stage);
	const struct finding *missing = stage_found(stage, CODE_DELTA_MISSING_VAR);
	assert_non_null(missing);
	assert_non_null(missing->explained_by);
	assert_non_null(strstr(missing->explained_by->seen, "the backend sends sum of "));
}

static void a_state_that_the_frontend_lacks_is_unknown(void **state)
{
	struct stage *stage = *state;
	fill_page(stage, FRONTEND,
	    "{\"delta\":{\"reflex___state____state\":{\"is_hydrated_rx_state_\":false},"
	    "\"reflex___state____state.application\":{\"rows_rx_state_\":[]}},\"events\":[],\"final\":true}");
	SEES(stage, CODE_DELTA_UNKNOWN_STATE);
}

#define UNKNOWN_STATE                                                                \
	"{\"message\":\"no dispatch function\",\"error_type\":\"dispatch_missing\"," \
	"\"substate\":\"reflex___state____state.shop____app_state\"}"

static const struct finding *lack_state(struct stage *stage, const char *event)
{
	stage_connect(stage);
	page_sends(stage, HYDRATE);
	page_gets(stage, HYDRATED);
	stage_say(stage, TO_SERVER, "\"client_error\"", UNKNOWN_STATE);
	page_sends(stage, event);
	return SEES(stage, CODE_FRONTEND_ERROR);
}

static void a_state_that_the_page_knows_by_another_module_is_named(void **state)
{
	struct stage *stage = *state;
	const struct finding *found = lack_state(
	    stage, "{\"name\":\"reflex___state____state.shop___shop____app_state.add\",\"payload\":{}}");
	assert_non_null(found->cause);
	assert_string_equal(found->cause, "modules-differ");
	assert_non_null(strstr(found->seen, "name that state shop___shop____app_state"));
	assert_non_null(strstr(found->advice, "__init__.py"));
}

static void events_of_other_states_say_nothing_of_the_one_that_is_unknown(void **state)
{
	struct stage *stage = *state;
	assert_null(lack_state(stage, TICK)->cause);
}

static void a_state_of_another_module_is_known_by_the_frontends_own(void **state)
{
	struct stage *stage = *state;
	fill_page(stage,
	    "export const initialState = {\"reflex___state____state\": {\"is_hydrated_rx_state_\": false}, "
	    "\"reflex___state____state.shop___shop____app_state\": {\"rows_rx_state_\": []}}",
	    "{\"delta\":{\"reflex___state____state\":{\"is_hydrated_rx_state_\":false},"
	    "\"reflex___state____state.shop____app_state\":{\"rows_rx_state_\":[]}},\"events\":[],\"final\":true}");
	const struct finding *found = SEES(stage, CODE_DELTA_UNKNOWN_STATE);
	assert_non_null(found->cause);
	assert_string_equal(found->cause, "modules-differ");
}

/* position_rows comes once, as `rows`; positions changes four times. */
static const struct finding *see_stale(struct stage *stage, const char *rows)
{
	char update[512];
	snprintf(update, sizeof update, DUMP("\"position_rows_rx_state_\":%s,\"positions_rx_state_\":[]"), rows);
	fill_page(stage,
	    "export const initialState = {\"reflex___state____state\": {\"is_hydrated_rx_state_\": false}, "
	    "\"reflex___state____state.app\": {\"position_rows_rx_state_\": [], \"positions_rx_state_\": []}}",
	    update);
	for (int i = 1; i <= 4; i++) {
		snprintf(update, sizeof update,
		    "{\"delta\":{\"reflex___state____state.app\":{\"positions_rx_state_\":[%d]}},\"events\":[],"
		    "\"final\":"
		    "true}",
		    i);
		page_sends(stage, TICK);
		page_gets(stage, update);
	}
	return SEES(stage, CODE_DELTA_STALE_VAR);
}

static void a_var_that_stays_while_its_neighbour_changes_is_stale(void **state)
{
	const struct finding *stale = see_stale(*state, "[]");
	assert_int_equal(stale->evidence_count, 3);
	assert_non_null(strstr(stale->advice, "@rx.var(deps=[\"positions\"])"));
	assert_non_null(strstr(stale->advice, "compiled"));
}

static void without_the_scripts_that_show_a_var_it_is_no_error(void **state)
{
	assert_int_equal(see_stale(*state, "[]")->severity, SEVERITY_WARNING);
}

/* ---- delta-lost */

/* The connection is reset, so long after the last update. */
static void reset_connection(struct stage *stage, enum direction by, timestamp after, bool unacknowledged)
{
	stage->now += after - 10 * TIMESTAMP_MILLISECOND; /* that long ago it was told */
	struct event close = stage_event(stage, EVENT_TCP_CLOSE, by);
	close.tcp_close.how = TCP_END_RST;
	close.tcp_close.unacknowledged = unacknowledged;
	stage_emit_event(stage, &close);
}

static void an_update_200_ms_before_the_client_resets_is_lost(void **state)
{
	struct stage *stage = *state;
	hydrate_page(stage);
	reset_connection(stage, TO_SERVER, 200 * TIMESTAMP_MILLISECOND, false);
	assert_int_equal(SEES(stage, CODE_DELTA_LOST)->confidence, CONFIDENCE_LIKELY);
}

static void a_client_that_resets_sooner_had_no_time_to_show_what_it_got(void **state)
{
	struct stage *stage = *state;
	hydrate_page(stage);
	reset_connection(stage, TO_SERVER, 199 * TIMESTAMP_MILLISECOND, false);
	DOES_NOT_SEE(stage, CODE_DELTA_LOST);
}

static void an_update_that_tcp_did_not_acknowledge_is_lost_however_soon(void **state)
{
	struct stage *stage = *state;
	hydrate_page(stage);
	reset_connection(stage, TO_SERVER, 20 * TIMESTAMP_MILLISECOND, true);
	assert_int_equal(SEES(stage, CODE_DELTA_LOST)->confidence, CONFIDENCE_PROVEN);
}

static void a_reset_by_the_server_says_nothing_of_what_the_page_got(void **state)
{
	struct stage *stage = *state;
	hydrate_page(stage);
	reset_connection(stage, TO_CLIENT, TIMESTAMP_SECOND, false);
	DOES_NOT_SEE(stage, CODE_DELTA_LOST);
}

static void an_update_after_which_the_page_spoke_is_not_lost(void **state)
{
	struct stage *stage = *state;
	hydrate_page(stage);
	stage_emit(stage, EVENT_PONG, TO_SERVER);
	reset_connection(stage, TO_SERVER, TIMESTAMP_SECOND, false);
	DOES_NOT_SEE(stage, CODE_DELTA_LOST);
}

static void a_page_that_said_goodbye_before_its_reset_lost_nothing(void **state)
{
	struct stage *stage = *state;
	hydrate_page(stage);
	stage_say_goodbye(stage);
	page_gets(stage, DONE);
	reset_connection(stage, TO_SERVER, TIMESTAMP_SECOND, false);
	DOES_NOT_SEE(stage, CODE_DELTA_LOST);
}

static void a_line_without_a_time_is_quoted_where_the_log_says_nothing_of_that_moment(void **state)
{
	struct stage *stage = *state;
	stage->facts.has_log = true;
	logged_note_undated(&stage->facts.undated, stage->facts.log_tables,
	    SLICE("on_event: environ not initialized after 5 retries, skipping"));
	hydrate_page(stage);
	page_sends(stage, TICK);
	stage_wait(stage, 5);
	const struct finding *found = SEES(stage, CODE_EVENT_UNANSWERED);
	assert_non_null(found->doubt);
	assert_non_null(strstr(found->doubt, "without a time, \"on_event: environ not initialized"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    ON_STAGE(a_line_without_a_time_is_quoted_where_the_log_says_nothing_of_that_moment),
	    ON_STAGE(a_live_clock_judges_a_hydrate_that_waits),
	    ON_STAGE(what_was_overdue_and_comes_is_withdrawn),
	    ON_STAGE(a_page_that_was_left_waits_for_nothing),
	    ON_STAGE(a_page_that_is_answered_gives_no_finding),
	    ON_STAGE(an_event_that_is_never_answered_leaves_the_page_stuck),
	    ON_STAGE(an_event_that_the_browser_handles_itself_never_comes_back),
	    ON_STAGE(the_event_that_a_stuck_page_owes_is_the_first_that_it_must_send),
	    ON_STAGE(an_event_is_named_by_its_class_and_in_full_where_it_is_proven),
	    ON_STAGE(an_event_just_before_the_end_of_the_capture_is_not_missed),
	    ON_STAGE(an_event_in_flight_when_the_client_leaves_is_a_late_race_and_harmless),
	    ON_STAGE(an_event_under_way_when_the_connection_breaks_is_unanswered),
	    ON_STAGE(a_log_that_reaches_an_event_shows_of_it),
	    ON_STAGE(a_log_that_ended_before_rules_nothing_out),
	    ON_STAGE(a_log_that_says_nothing_of_a_late_race_makes_it_only_possible),
	    ON_STAGE(the_log_proves_a_late_race),
	    ON_STAGE(the_same_line_while_nobody_leaves_is_no_race),
	    ON_STAGE(the_same_line_while_every_event_is_answered_is_reported_all_the_same),
	    ON_STAGE(what_the_log_says_is_quoted_as_it_stands),
	    ON_STAGE(an_error_in_the_log_is_quoted_and_silence_is_not_claimed),
	    ON_STAGE(each_of_many_unanswered_events_counts),
	    ON_STAGE(a_new_token_is_reported_without_the_token),
	    ON_STAGE(a_line_of_another_time_says_nothing_of_this_capture),
	    ON_STAGE(an_event_before_the_acknowledged_connect_is_an_early_race),
	    ON_STAGE(an_early_event_that_is_answered_after_all_is_no_race),
	    ON_STAGE(a_hydrate_without_an_answer_is_reported),
	    ON_STAGE(a_page_that_never_asks_is_told_from_one_without_an_answer),
	    ON_STAGE(a_state_that_the_server_answers_with_an_error_names_the_error),
	    ON_STAGE(a_session_that_is_open_at_the_end_did_not_end),
	    ON_STAGE(a_backend_that_answers_click_after_click_with_reload_keeps_no_state),
	    ON_STAGE(updates_that_tcp_never_acknowledges_are_lost),
	    ON_STAGE(a_client_that_is_silent_for_a_moment_may_acknowledge_still),
	    ON_STAGE(a_client_that_is_heard_is_not_gone),
	    ON_STAGE(bytes_that_were_not_sent_again_may_be_the_captures_last),
	    ON_STAGE(a_state_that_is_lost_twice_is_no_loop),
	    ON_STAGE(a_state_that_expires_while_a_page_is_left_alone_is_kept_long_enough),
	    ON_STAGE(an_error_that_answers_no_event_is_a_background_tasks),
	    ON_STAGE(an_error_toast_quotes_the_handler),
	    ON_STAGE(a_state_that_fits_gives_no_finding),
	    ON_STAGE(a_renamed_var_is_unknown_and_its_old_name_missing_for_that_reason),
	    ON_STAGE(a_var_that_came_too_is_not_what_another_was_before),
	    ON_STAGE(a_var_that_comes_with_a_later_update_is_not_what_another_was_before),
	    ON_STAGE(a_new_var_beside_all_that_pages_show_is_information),
	    ON_STAGE(a_new_var_explains_no_missing_one),
	    ON_STAGE(a_state_that_the_frontend_lacks_is_unknown),
	    ON_STAGE(a_state_that_the_page_knows_by_another_module_is_named),
	    ON_STAGE(events_of_other_states_say_nothing_of_the_one_that_is_unknown),
	    ON_STAGE(a_state_of_another_module_is_known_by_the_frontends_own),
	    ON_STAGE(a_var_that_stays_while_its_neighbour_changes_is_stale),
	    ON_STAGE(without_the_scripts_that_show_a_var_it_is_no_error),
	    ON_STAGE(an_update_200_ms_before_the_client_resets_is_lost),
	    ON_STAGE(a_client_that_resets_sooner_had_no_time_to_show_what_it_got),
	    ON_STAGE(an_update_that_tcp_did_not_acknowledge_is_lost_however_soon),
	    ON_STAGE(a_reset_by_the_server_says_nothing_of_what_the_page_got),
	    ON_STAGE(an_update_after_which_the_page_spoke_is_not_lost),
	    ON_STAGE(a_page_that_said_goodbye_before_its_reset_lost_nothing),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
