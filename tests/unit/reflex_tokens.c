/* What Reflex pages of one token show together, on timelines made by hand: a redirect that leads to itself, and two
 * backends that each have a page of the token. */
#include "reflex/reflex.h"
#include "stage.h"

#include <stdio.h>

#define ROOT "reflex___state____state"
#define AT(path) ",\"token\":\"t\",\"router_data\":{\"pathname\":\"" path "\",\"asPath\":\"" path "\"}}"
#define OF_PAGE(name, path) "{\"name\":\"" ROOT "." name "\",\"payload\":{},\"event_actions\":{}" AT(path)
#define CHAINED(name, path) "{\"name\":\"" ROOT "." name "\",\"payload\":{}" AT(path)
#define LOADS(path) OF_PAGE("reflex___state____on_load_internal_state.on_load_internal", path)
#define HYDRATED "{\"delta\":{\"" ROOT "\":{\"is_hydrated_rx_state_\":true}},\"events\":[],\"final\":true}"
#define DONE "{\"delta\":{},\"events\":[],\"final\":true}"
#define REDIRECT(path) \
	"{\"delta\":{},\"events\":[{\"name\":\"_redirect\",\"payload\":{\"path\":\"" path "\"}}],\"final\":true}"

/* A whole dump (reflex/update.h), with this total. */
#define DUMP(total)                                                   \
	"{\"delta\":{\"" ROOT "\":{\"is_hydrated_rx_state_\":false}," \
	"\"" ROOT ".reflex___state____on_load_internal_state\":{},"   \
	"\"" ROOT ".shop___shop____app_state\":{\"total_rx_state_\":" total "}},\"events\":[],\"final\":true}"

static void page_sends(struct stage *stage, const char *event)
{
	stage_say(stage, TO_SERVER, "\"event\"", event);
}

static void page_gets(struct stage *stage, const char *update)
{
	stage_say(stage, TO_CLIENT, "\"event\"", update);
}

/* A page with this token connects. */
static void connect_page(struct stage *stage, const char *token, const char *more)
{
	char request[256];
	snprintf(request, sizeof request,
	    "GET /_event/?token=%s&EIO=4&transport=websocket HTTP/1.1\r\nUser-Agent: Mozilla/5.0\r\n%s\r\n", token,
	    more);
	stage_ask(stage, true, request, SWITCHING, "");
	stage_join(stage);
}

/* ---- a connection that breaks */

static const struct finding *break_in_mid_handler(struct stage *stage, const char *token)
{
	connect_page(stage, "t", "");
	page_sends(stage, OF_PAGE("hydrate", "/"));
	page_gets(stage, HYDRATED);
	page_sends(stage, OF_PAGE("shop____app_state.import_orders", "/"));
	stage_wait(stage, 1);
	stage_emit(stage, EVENT_TCP_CLOSE, TO_SERVER);
	stage_begin_session(stage);
	connect_page(stage, token, "");
	return SEES(stage, CODE_EVENT_UNANSWERED);
}

static void of_a_page_that_is_back_the_handlers_update_goes_to_the_connection_before(void **state)
{
	struct stage *stage = *state;
	const struct finding *found = break_in_mid_handler(stage, "t");
	assert_string_equal(found->cause, "page-reconnected");
	assert_non_null(strstr(found->seen, "back with the same token (session 2)"));
}

static void another_pages_connection_is_no_return(void **state)
{
	struct stage *stage = *state;
	const struct finding *found = break_in_mid_handler(stage, "other");
	assert_string_equal(found->cause, "cut-off");
	assert_null(strstr(found->seen, "session 2"));
}

/* ---- reconnect-loop */

/* A page at / is loaded, and what it does then redirects it. */
static void load_and_redirect(struct stage *stage, const char *loads, const char *asks, const char *redirect)
{
	connect_page(stage, "t", "");
	page_sends(stage, OF_PAGE("hydrate", "/"));
	page_gets(stage, DUMP("0"));
	page_sends(stage, loads);
	page_gets(stage, DONE);
	page_sends(stage, asks);
	page_gets(stage, redirect);
}

static void leave_and_come_back(struct stage *stage, double seconds)
{
	stage_say_goodbye(stage);
	stage_wait(stage, seconds);
	stage_begin_session(stage);
}

#define ON_LOAD CHAINED("shop___shop____app_state.on_load", "/")
#define ON_CLICK OF_PAGE("shop___shop____app_state.go", "/")

static void a_page_that_redirects_to_itself_is_a_loop_and_names_its_handler(void **state)
{
	struct stage *stage = *state;
	for (int i = 0; i < 5; i++) {
		load_and_redirect(stage, LOADS("/"), ON_LOAD, REDIRECT("/"));
		leave_and_come_back(stage, 1);
	}
	const struct finding *found = SEES(stage, CODE_RECONNECT_LOOP);
	assert_non_null(strstr(found->seen, "the page / was loaded 5 times in a row, in 5 sessions"));
	assert_non_null(strstr(found->seen, "AppState.on_load"));
	assert_string_equal(found->cause, "redirect-loop");
	assert_int_equal(found->confidence, CONFIDENCE_PROVEN);
}

static void a_query_or_a_slash_does_not_make_another_page(void **state)
{
	struct stage *stage = *state;
	for (int i = 0; i < 5; i++) {
		load_and_redirect(stage, LOADS("/shop"), ON_LOAD, REDIRECT("/shop/?next=1"));
		leave_and_come_back(stage, 1);
	}
	assert_int_equal(SEES(stage, CODE_RECONNECT_LOOP)->confidence, CONFIDENCE_PROVEN);
}

static void two_pages_that_redirect_to_each_other_are_a_loop(void **state)
{
	struct stage *stage = *state;
	for (int i = 0; i < 3; i++) {
		load_and_redirect(stage, LOADS("/"), ON_LOAD, REDIRECT("/login"));
		leave_and_come_back(stage, 1);
		load_and_redirect(stage, LOADS("/login"), ON_LOAD, REDIRECT("/"));
		leave_and_come_back(stage, 1);
	}
	assert_int_equal(SEES(stage, CODE_RECONNECT_LOOP)->confidence, CONFIDENCE_LIKELY);
}

static void a_loop_within_one_session_is_one_too(void **state)
{
	struct stage *stage = *state;
	connect_page(stage, "t", "");
	for (int i = 0; i < 5; i++) {
		page_sends(stage, LOADS("/"));
		page_gets(stage, REDIRECT("/"));
		stage_wait(stage, 1);
	}
	assert_non_null(strstr(SEES(stage, CODE_RECONNECT_LOOP)->seen, "in 1 session,"));
}

static void four_redirects_in_a_row_are_no_loop(void **state)
{
	struct stage *stage = *state;
	for (int i = 0; i < 4; i++) {
		load_and_redirect(stage, LOADS("/"), ON_LOAD, REDIRECT("/"));
		leave_and_come_back(stage, 1);
	}
	DOES_NOT_SEE(stage, CODE_RECONNECT_LOOP);
}

static void a_login_page_that_stays_ends_the_row(void **state)
{
	struct stage *stage = *state;
	for (int i = 0; i < 6; i++) {
		load_and_redirect(stage, LOADS("/"), ON_LOAD, REDIRECT("/login"));
		leave_and_come_back(stage, 1);
		load_and_redirect(stage, LOADS("/login"), ON_LOAD, DONE);
		leave_and_come_back(stage, 1);
	}
	DOES_NOT_SEE(stage, CODE_RECONNECT_LOOP);
}

static void redirects_after_a_users_quick_clicks_are_no_loop(void **state)
{
	struct stage *stage = *state;
	connect_page(stage, "t", "");
	for (int i = 0; i < 8; i++) {
		page_sends(stage, LOADS("/"));
		page_gets(stage, DONE);
		stage_wait(stage, 0.6);
		page_sends(stage, ON_CLICK);
		page_gets(stage, REDIRECT("/"));
	}
	DOES_NOT_SEE(stage, CODE_RECONNECT_LOOP);
}

static void what_a_page_sends_as_it_mounts_is_no_click(void **state)
{
	struct stage *stage = *state;
	for (int i = 0; i < 5; i++) {
		load_and_redirect(stage, LOADS("/"), ON_CLICK, REDIRECT("/"));
		leave_and_come_back(stage, 1);
	}
	SEES(stage, CODE_RECONNECT_LOOP);
}

static void pages_that_lead_from_one_to_the_next_are_no_loop(void **state)
{
	struct stage *stage = *state;
	static const char *const loads[] = {
	    LOADS("/1"), LOADS("/2"), LOADS("/3"), LOADS("/4"), LOADS("/5"), LOADS("/6")};
	connect_page(stage, "t", "");
	for (size_t i = 0; i < sizeof loads / sizeof *loads; i++) {
		page_sends(stage, loads[i]);
		page_gets(stage, REDIRECT("/next"));
		stage_wait(stage, 1);
	}
	DOES_NOT_SEE(stage, CODE_RECONNECT_LOOP);
}

static void loads_that_lie_apart_are_no_loop(void **state)
{
	struct stage *stage = *state;
	for (int i = 0; i < 6; i++) {
		load_and_redirect(stage, LOADS("/"), ON_LOAD, REDIRECT("/"));
		leave_and_come_back(stage, 11);
	}
	DOES_NOT_SEE(stage, CODE_RECONNECT_LOOP);
}

/* ---- duplicate-session */

static void hydrate_page(struct stage *stage, const char *token, const char *dump)
{
	connect_page(stage, token, "");
	page_sends(stage, OF_PAGE("hydrate", "/"));
	page_gets(stage, dump);
	page_gets(stage, HYDRATED);
}

/* The second page of the token is at another backend; `dump`: what that has. */
static void hydrate_twice(struct stage *stage, uint16_t port, const char *token, const char *dump)
{
	hydrate_page(stage, "t", DUMP("1"));
	stage_wait(stage, 5);
	stage->connection.server.port = port;
	stage_begin_session(stage);
	hydrate_page(stage, token, dump);
	stage_wait(stage, 3);
}

static void first_page_goes_on(struct stage *stage)
{
	stage_turn_to(stage, 1);
	page_sends(stage, ON_CLICK);
	page_gets(stage, DONE);
}

static void one_token_at_two_backends_that_both_go_on_is_an_error(void **state)
{
	struct stage *stage = *state;
	hydrate_twice(stage, 8002, "t", DUMP("1"));
	first_page_goes_on(stage);
	const struct finding *found = SEES(stage, CODE_DUPLICATE_SESSION);
	assert_int_equal(found->severity, SEVERITY_ERROR);
	assert_int_equal(found->confidence, CONFIDENCE_LIKELY);
	assert_string_equal(found->cause, "token-at-two-backends");
	assert_non_null(strstr(found->seen, ":8002"));
	assert_non_null(strstr(found->advice, "redis_url"));
	assert_non_null(strstr(found->doubt, "by Redis"));
}

static void a_var_that_the_second_backend_has_otherwise_is_named(void **state)
{
	struct stage *stage = *state;
	hydrate_twice(stage, 8002, "t", DUMP("0"));
	first_page_goes_on(stage);
	assert_non_null(strstr(SEES(stage, CODE_DUPLICATE_SESSION)->seen, "another value of total"));
}

static void two_workers_at_one_address_are_found_once(void **state)
{
	struct stage *stage = *state;
	hydrate_twice(stage, 8000, "t", DUMP("1"));
	first_page_goes_on(stage);
	const struct finding *found = SEES(stage, CODE_DUPLICATE_SESSION);
	assert_non_null(strstr(found->seen, "workers"));
	assert_int_equal(stage->findings->counts[CODE_DUPLICATE_SESSION], 1);
}

static void a_page_that_connects_again_at_another_backend_is_no_second_one(void **state)
{
	struct stage *stage = *state;
	hydrate_page(stage, "t", DUMP("1"));
	stage_say_goodbye(stage);
	stage->connection.server.port = 8002;
	stage_begin_session(stage);
	hydrate_page(stage, "t", DUMP("0"));
	stage_wait(stage, 5);
	page_sends(stage, ON_CLICK);
	page_gets(stage, DONE);
	DOES_NOT_SEE(stage, CODE_DUPLICATE_SESSION);
}

static void a_page_that_fell_silent_is_no_second_one(void **state)
{
	struct stage *stage = *state;
	hydrate_twice(stage, 8002, "t", DUMP("0"));
	page_sends(stage, ON_CLICK);
	page_gets(stage, DONE);
	DOES_NOT_SEE(stage, CODE_DUPLICATE_SESSION);
}

static void a_page_that_left_again_is_no_second_one(void **state)
{
	struct stage *stage = *state;
	hydrate_twice(stage, 8002, "t", DUMP("0"));
	stage_say_goodbye(stage);
	first_page_goes_on(stage);
	DOES_NOT_SEE(stage, CODE_DUPLICATE_SESSION);
}

static void a_tab_that_gets_another_token_has_no_rival(void **state)
{
	struct stage *stage = *state;
	hydrate_twice(stage, 8002, "t", DUMP("0"));
	stage_say(stage, TO_CLIENT, "\"new_token\"", "\"u\"");
	first_page_goes_on(stage);
	const struct finding *found = SEES(stage, CODE_DUPLICATE_SESSION);
	assert_int_equal(found->severity, SEVERITY_WARNING);
	assert_int_equal(stage->findings->counts[CODE_DUPLICATE_SESSION], 1);
}

static void two_tabs_with_tokens_of_their_own_are_two(void **state)
{
	struct stage *stage = *state;
	hydrate_twice(stage, 8002, "u", DUMP("0"));
	first_page_goes_on(stage);
	DOES_NOT_SEE(stage, CODE_DUPLICATE_SESSION);
}

static void a_page_that_overlaps_for_a_moment_only_reconnects(void **state)
{
	struct stage *stage = *state;
	hydrate_page(stage, "t", DUMP("1"));
	stage->connection.server.port = 8002;
	stage_begin_session(stage);
	hydrate_page(stage, "t", DUMP("0"));
	stage_wait(stage, 1);
	first_page_goes_on(stage);
	stage_say_goodbye(stage);
	DOES_NOT_SEE(stage, CODE_DUPLICATE_SESSION);
}

/* ---- frontend-mismatch */

#define VERSION(text) "Sec-WebSocket-Protocol: " text "\r\n"
#define PLAIN "{\"delta\":{\"" ROOT "\":{\"is_hydrated\":true}},\"events\":[],\"final\":true}"

static void hydrate_with_version(struct stage *stage, const char *version, const char *update)
{
	connect_page(stage, "t", version);
	page_sends(stage, OF_PAGE("hydrate", "/"));
	page_gets(stage, update);
}

static void a_frontend_of_0_7_does_not_fit_a_backend_of_0_8(void **state)
{
	struct stage *stage = *state;
	hydrate_with_version(stage, VERSION("0.7.14"), HYDRATED);
	const struct finding *found = SEES(stage, CODE_FRONTEND_MISMATCH);
	assert_int_equal(found->confidence, CONFIDENCE_PROVEN);
	assert_non_null(strstr(found->seen, "0.7.14"));
	assert_non_null(strstr(found->seen, "0.8.0 and later"));
}

static void a_frontend_of_0_8_does_not_fit_a_backend_of_0_7(void **state)
{
	struct stage *stage = *state;
	hydrate_with_version(stage, VERSION("0.8.28.post1"), PLAIN);
	assert_non_null(strstr(SEES(stage, CODE_FRONTEND_MISMATCH)->seen, "before 0.8.0"));
}

static void versions_that_give_out_the_names_that_come_fit(void **state)
{
	static const struct {
		const char *version, *update;
	} fits[] = {{VERSION("0.7.14"), PLAIN}, {VERSION("0.8.0.post1"), HYDRATED}, {VERSION("0.8.28"), HYDRATED},
	    {VERSION("0.10.1"), HYDRATED}, {VERSION("1.0.0"), HYDRATED}};
	(void)state;
	for (size_t i = 0; i < sizeof fits / sizeof *fits; i++) {
		struct stage stage;
		stage_begin(&stage);
		hydrate_with_version(&stage, fits[i].version, fits[i].update);
		DOES_NOT_SEE(&stage, CODE_FRONTEND_MISMATCH);
		stage_end(&stage);
	}
}

static void a_frontend_that_names_no_known_version_is_not_judged(void **state)
{
	static const char *const versions[] = {"", VERSION("dev"), VERSION("0.8.0a1"), VERSION("0.8"), VERSION("chat")};
	(void)state;
	for (size_t i = 0; i < sizeof versions / sizeof *versions; i++) {
		struct stage stage;
		stage_begin(&stage);
		hydrate_with_version(&stage, versions[i], PLAIN);
		DOES_NOT_SEE(&stage, CODE_FRONTEND_MISMATCH);
		stage_end(&stage);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    ON_STAGE(of_a_page_that_is_back_the_handlers_update_goes_to_the_connection_before),
	    ON_STAGE(another_pages_connection_is_no_return),
	    ON_STAGE(a_page_that_redirects_to_itself_is_a_loop_and_names_its_handler),
	    ON_STAGE(a_query_or_a_slash_does_not_make_another_page),
	    ON_STAGE(two_pages_that_redirect_to_each_other_are_a_loop),
	    ON_STAGE(a_loop_within_one_session_is_one_too),
	    ON_STAGE(four_redirects_in_a_row_are_no_loop),
	    ON_STAGE(a_login_page_that_stays_ends_the_row),
	    ON_STAGE(redirects_after_a_users_quick_clicks_are_no_loop),
	    ON_STAGE(what_a_page_sends_as_it_mounts_is_no_click),
	    ON_STAGE(pages_that_lead_from_one_to_the_next_are_no_loop),
	    ON_STAGE(loads_that_lie_apart_are_no_loop),
	    ON_STAGE(one_token_at_two_backends_that_both_go_on_is_an_error),
	    ON_STAGE(a_var_that_the_second_backend_has_otherwise_is_named),
	    ON_STAGE(two_workers_at_one_address_are_found_once),
	    ON_STAGE(a_page_that_connects_again_at_another_backend_is_no_second_one),
	    ON_STAGE(a_page_that_fell_silent_is_no_second_one),
	    ON_STAGE(a_page_that_left_again_is_no_second_one),
	    ON_STAGE(a_tab_that_gets_another_token_has_no_rival),
	    ON_STAGE(two_tabs_with_tokens_of_their_own_are_two),
	    ON_STAGE(a_page_that_overlaps_for_a_moment_only_reconnects),
	    ON_STAGE(a_frontend_of_0_7_does_not_fit_a_backend_of_0_8),
	    ON_STAGE(a_frontend_of_0_8_does_not_fit_a_backend_of_0_7),
	    cmocka_unit_test(versions_that_give_out_the_names_that_come_fit),
	    cmocka_unit_test(a_frontend_that_names_no_known_version_is_not_judged),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
