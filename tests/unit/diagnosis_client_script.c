/* handshake-rejected for pages that cannot load Socket.IO's client, on timelines made by hand. */
#include "detect/client_script.h"
#include "stage.h"

#define OF_PAGE "Host: app:8000\r\nReferer: http://app:8000/chat?token=x\r\n\r\n"
#define SCRIPT "GET /socket.io/socket.io.js HTTP/1.1\r\n"
#define NOT_FOUND "HTTP/1.1 404 Not Found\r\n\r\n"
#define REFUSED_BY_SERVER "HTTP/1.1 400 Bad Request\r\n\r\n"

static void ask(struct stage *stage, const char *request, const char *answer, const char *body)
{
	stage->is_beside = true;
	stage_ask(stage, false, request, answer, body);
}

/* The capture goes on for so long. */
static void go_on(struct stage *stage, double seconds)
{
	stage_wait(stage, seconds);
	stage->counts.last = stage->now;
}

/* `cause` NULL: nothing is found. */
static void judge(const char *request, const char *answer, const char *body, const char *cause)
{
	struct stage stage;
	stage_begin(&stage);
	ask(&stage, request, answer, body);
	go_on(&stage, 10);
	const struct finding *found = stage_expect(&stage, CODE_HANDSHAKE_REJECTED, cause != NULL);
	if (cause)
		assert_string_equal(found->cause, cause);
	stage_end(&stage);
}

static void the_client_is_known_by_its_files_name_in_any_folder(void **state)
{
	(void)state;
	assert_true(client_script_is(SLICE("/socket.io/socket.io.js")));
	assert_true(client_script_is(SLICE("/socket.io/socket.io.esm.min.js?v=4.7")));
	assert_true(client_script_is(SLICE("http://app/static/js/socket.io.min.js")));
	assert_false(client_script_is(SLICE("/socket.io/?EIO=4")));
	assert_false(client_script_is(SLICE("/socket.io/socket.io.js.map")));
	assert_false(client_script_is(SLICE("/socket.io.js/x")));
}

static void a_page_that_gets_404_for_the_client_is_reported(void **state)
{
	struct stage *stage = *state;
	ask(stage, SCRIPT OF_PAGE, NOT_FOUND, "Cannot GET");
	go_on(stage, 10);
	const struct finding *found = SEES(stage, CODE_HANDSHAKE_REJECTED);
	assert_string_equal(found->cause, "client-script-missing");
	assert_int_equal(found->confidence, CONFIDENCE_LIKELY);
	assert_non_null(strstr(found->seen, "a page of http://app:8000 asked"));
	assert_null(strstr(found->seen, "token"));
	assert_non_null(strstr(found->seen, "HTTP 404 (1 time)"));
}

static void the_servers_own_words_say_whose_it_is(void **state)
{
	(void)state;
	judge(SCRIPT OF_PAGE, REFUSED_BY_SERVER, "{\"code\":0,\"message\":\"Transport unknown\"}", "client-script-off");
	judge(SCRIPT OF_PAGE, REFUSED_BY_SERVER,
	    "\"The client is using an unsupported version of the Socket.IO or Engine.IO protocols\"",
	    "client-script-not-served");
}

static void a_page_in_the_scripts_place_is_none(void **state)
{
	(void)state;
	judge(SCRIPT OF_PAGE, "HTTP/1.1 200 OK\r\nContent-Type: text/html; charset=utf-8\r\n\r\n", "<!doctype html>",
	    "client-script-missing");
}

static void a_client_that_is_served_is_not_missed(void **state)
{
	(void)state;
	judge(SCRIPT OF_PAGE, "HTTP/1.1 200 OK\r\nContent-Type: application/javascript\r\n\r\n", "!function(){}", NULL);
	judge(SCRIPT OF_PAGE, "HTTP/1.1 304 Not Modified\r\n\r\n", "", NULL);
}

static void what_no_page_asked_for_is_a_scanners(void **state)
{
	(void)state;
	judge(SCRIPT "Host: app:8000\r\nUser-Agent: Mozilla/5.0 zgrab/0.x\r\n\r\n", NOT_FOUND, "", NULL);
}

static void a_page_that_connects_has_its_client_from_elsewhere(void **state)
{
	struct stage *stage = *state;
	ask(stage, SCRIPT OF_PAGE, NOT_FOUND, "");
	stage_connect(stage);
	go_on(stage, 10);
	DOES_NOT_SEE(stage, CODE_HANDSHAKE_REJECTED);
}

static void a_client_that_is_served_later_is_not_missed(void **state)
{
	struct stage *stage = *state;
	ask(stage, SCRIPT OF_PAGE, NOT_FOUND, "");
	ask(stage, SCRIPT OF_PAGE, "HTTP/1.1 200 OK\r\nContent-Type: text/javascript\r\n\r\n", "!function(){}");
	go_on(stage, 10);
	DOES_NOT_SEE(stage, CODE_HANDSHAKE_REJECTED);
}

static void a_capture_that_ends_at_once_shows_nothing(void **state)
{
	struct stage *stage = *state;
	ask(stage, SCRIPT OF_PAGE, NOT_FOUND, "");
	go_on(stage, 1);
	DOES_NOT_SEE(stage, CODE_HANDSHAKE_REJECTED);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(the_client_is_known_by_its_files_name_in_any_folder),
	    ON_STAGE(a_page_that_gets_404_for_the_client_is_reported),
	    cmocka_unit_test(the_servers_own_words_say_whose_it_is),
	    cmocka_unit_test(a_page_in_the_scripts_place_is_none),
	    cmocka_unit_test(a_client_that_is_served_is_not_missed),
	    cmocka_unit_test(what_no_page_asked_for_is_a_scanners),
	    ON_STAGE(a_page_that_connects_has_its_client_from_elsewhere),
	    ON_STAGE(a_client_that_is_served_later_is_not_missed),
	    ON_STAGE(a_capture_that_ends_at_once_shows_nothing),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
