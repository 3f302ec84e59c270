/* A proxy that does not reach its server for a while, on requests and answers made by hand. */
#include "stage.h"

#define POLL "GET /socket.io/?EIO=4&transport=polling HTTP/1.1\r\nHost: app:8000\r\n"
#define HELD_POLL "GET /socket.io/?EIO=4&transport=polling&sid=sid HTTP/1.1\r\n\r\n"
#define NGINX(status) "<html><h1>" status "</h1><hr><center>nginx/1.22.1</center></html>"

static enum severity severity_of_outage(double seconds)
{
	struct stage stage;
	stage_begin(&stage);
	stage_connect_by_polling(&stage);
	stage_ask(&stage, false, POLL "\r\n", "HTTP/1.1 502 X\r\n\r\n", NGINX("502 Bad Gateway"));
	if (seconds > 0) {
		stage_wait(&stage, seconds);
		stage_connect_by_polling(&stage);
	}
	enum severity severity = SEES(&stage, CODE_HANDSHAKE_REJECTED)->severity;
	stage_end(&stage);
	return severity;
}

static void a_proxy_that_reaches_its_server_again_soon_is_no_error(void **state)
{
	(void)state;
	assert_int_equal(severity_of_outage(3), SEVERITY_WARNING);
	assert_int_equal(severity_of_outage(100), SEVERITY_ERROR);
	assert_int_equal(severity_of_outage(0), SEVERITY_ERROR);
}

/* ---- a server that a proxy does not reach for a while */

#define NO_SERVER \
	"<html><body><h1>503 Service Unavailable</h1>\nNo server is available to handle this request.\n</body></html>"

/* So often: a handshake that is refused, after `away` seconds a request that the server answers, and `there` seconds.
 */
static void miss_server(struct stage *stage, bool full, unsigned times, double away, double there)
{
	stage_connect_by_polling(stage);
	for (unsigned i = 0; i < times; i++) {
		stage_ask(stage, false, POLL "\r\n", full ? "HTTP/1.1 503 X\r\n\r\n" : "HTTP/1.1 502 X\r\n\r\n",
		    full ? NO_SERVER : NGINX("502 Bad Gateway"));
		stage_wait(stage, away);
		stage_ask(stage, true, HELD_POLL, ANSWERED, "2");
		stage_wait(stage, there);
	}
}

static void deployments_an_hour_apart_are_restarts(void **state)
{
	struct stage *stage = *state;
	miss_server(stage, false, 5, 3, 3600);
	const struct finding *found = SEES(stage, CODE_HANDSHAKE_REJECTED);
	assert_int_equal(found->severity, SEVERITY_WARNING);
	assert_non_null(strstr(found->seen, "reached its server again after 3.0 s"));
	assert_null(strstr(found->seen, "in between"));
	assert_non_null(strstr(found->advice, "A restart behind the proxy"));
}

static void deployments_an_hour_apart_do_not_fill_a_proxy_that_answers_503(void **state)
{
	struct stage *stage = *state;
	miss_server(stage, true, 5, 3, 3600);
	const struct finding *found = SEES(stage, CODE_HANDSHAKE_REJECTED);
	assert_int_equal(found->severity, SEVERITY_WARNING);
	assert_string_equal(found->cause, "backend-gone");
}

static void servers_that_restart_in_turn_are_a_restart(void **state)
{
	struct stage *stage = *state;
	miss_server(stage, false, 5, 0.3, 0.3);
	stage_wait(stage, 20);
	stage_ask(stage, true, HELD_POLL, ANSWERED, "2");
	const struct finding *found = SEES(stage, CODE_HANDSHAKE_REJECTED);
	assert_int_equal(found->severity, SEVERITY_WARNING);
	assert_non_null(strstr(found->seen, "reached its server again after 2."));
}

static void a_server_of_several_that_does_not_come_back_is_an_error(void **state)
{
	struct stage *stage = *state;
	miss_server(stage, false, 5, 0.3, 0.3);
	const struct finding *found = SEES(stage, CODE_HANDSHAKE_REJECTED);
	assert_int_equal(found->severity, SEVERITY_ERROR);
	assert_non_null(strstr(found->seen, "reached its server 4 times: perhaps one of several servers"));
}

static void a_server_of_several_that_is_away_for_minutes_is_an_error(void **state)
{
	struct stage *stage = *state;
	miss_server(stage, false, 10, 0.3, 10);
	stage_wait(stage, 60);
	stage_ask(stage, true, HELD_POLL, ANSWERED, "2");
	const struct finding *found = SEES(stage, CODE_HANDSHAKE_REJECTED);
	assert_int_equal(found->severity, SEVERITY_ERROR);
	assert_non_null(strstr(found->seen, "perhaps one of several servers"));
}

static void a_proxy_that_answers_503_in_between_is_full(void **state)
{
	struct stage *stage = *state;
	miss_server(stage, true, 10, 1, 10);
	const struct finding *found = SEES(stage, CODE_HANDSHAKE_REJECTED);
	assert_int_equal(found->severity, SEVERITY_ERROR);
	assert_string_equal(found->cause, "backend-full");
	assert_non_null(strstr(found->seen, "reached its server 9 times"));
	assert_null(strstr(found->seen, "restarted in turn"));
}

static void a_proxy_that_answers_503_for_a_moment_however_seldom_is_full(void **state)
{
	struct stage *stage = *state;
	miss_server(stage, true, 5, 0.02, 120);
	assert_string_equal(SEES(stage, CODE_HANDSHAKE_REJECTED)->cause, "backend-full");
}

static void a_proxy_that_answers_503_for_seconds_may_have_servers_that_restarted_in_turn(void **state)
{
	struct stage *stage = *state;
	miss_server(stage, true, 5, 0.3, 0.3);
	stage_wait(stage, 20);
	stage_ask(stage, true, HELD_POLL, ANSWERED, "2");
	assert_non_null(strstr(SEES(stage, CODE_HANDSHAKE_REJECTED)->seen, "or servers behind it restarted in turn"));
}

/* HAProxy answers 503 three seconds after the request. */
static void refuse_after_a_wait(struct stage *stage)
{
	stage_wait(stage, 3);
	stage->held = 3 * TIMESTAMP_SECOND;
	stage_ask(stage, false, POLL "\r\n", "HTTP/1.1 503 X\r\n\r\n", NO_SERVER);
	stage->held = 0;
}

static void a_proxy_that_waits_before_it_refuses_may_have_no_server(void **state)
{
	struct stage *stage = *state;
	stage_connect(stage);
	refuse_after_a_wait(stage);
	const struct finding *found = SEES(stage, CODE_HANDSHAKE_REJECTED);
	assert_string_equal(found->cause, "backend-gone");
	assert_non_null(strstr(found->seen, "after a wait of 3.0 s"));
	assert_non_null(strstr(found->advice, "timeout queue"));
}

static void a_proxy_whose_sessions_go_on_while_it_waits_and_refuses_is_full(void **state)
{
	struct stage *stage = *state;
	stage_connect(stage);
	refuse_after_a_wait(stage);
	stage_say(stage, TO_CLIENT, "\"news\"", "");
	const struct finding *found = SEES(stage, CODE_HANDSHAKE_REJECTED);
	assert_string_equal(found->cause, "backend-full");
	assert_non_null(strstr(found->advice, "maxconn"));
}

static void a_session_that_began_after_the_refusal_does_not_show_that_the_proxy_was_full(void **state)
{
	struct stage *stage = *state;
	refuse_after_a_wait(stage);
	stage_wait(stage, 100);
	stage_connect(stage);
	stage_say(stage, TO_CLIENT, "\"news\"", "");
	assert_string_equal(SEES(stage, CODE_HANDSHAKE_REJECTED)->cause, "backend-gone");
}

static void a_session_that_goes_on_while_a_proxy_refuses_at_once_does_not_show_that_it_is_full(void **state)
{
	struct stage *stage = *state;
	stage_connect(stage);
	stage_ask(stage, false, POLL "\r\n", "HTTP/1.1 503 X\r\n\r\n", NO_SERVER);
	stage_say(stage, TO_CLIENT, "\"news\"", "");
	assert_string_equal(SEES(stage, CODE_HANDSHAKE_REJECTED)->cause, "backend-gone");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_proxy_that_reaches_its_server_again_soon_is_no_error),
	    ON_STAGE(deployments_an_hour_apart_are_restarts),
	    ON_STAGE(deployments_an_hour_apart_do_not_fill_a_proxy_that_answers_503),
	    ON_STAGE(servers_that_restart_in_turn_are_a_restart),
	    ON_STAGE(a_server_of_several_that_does_not_come_back_is_an_error),
	    ON_STAGE(a_server_of_several_that_is_away_for_minutes_is_an_error),
	    ON_STAGE(a_proxy_that_answers_503_in_between_is_full),
	    ON_STAGE(a_proxy_that_answers_503_for_a_moment_however_seldom_is_full),
	    ON_STAGE(a_proxy_that_answers_503_for_seconds_may_have_servers_that_restarted_in_turn),
	    ON_STAGE(a_proxy_that_waits_before_it_refuses_may_have_no_server),
	    ON_STAGE(a_proxy_whose_sessions_go_on_while_it_waits_and_refuses_is_full),
	    ON_STAGE(a_session_that_began_after_the_refusal_does_not_show_that_the_proxy_was_full),
	    ON_STAGE(a_session_that_goes_on_while_a_proxy_refuses_at_once_does_not_show_that_it_is_full),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
