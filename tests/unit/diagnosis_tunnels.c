/* Tunnels that a proxy refuses, on timelines made by hand. */
#include "stage.h"

#define THROUGH_PROXY "GET http://app:8000/socket.io/?EIO=4&transport=polling HTTP/1.1\r\nHost: app:8000\r\n\r\n"

static void refuse(struct stage *stage, const char *authority, int status)
{
	const struct attempt attempt = {.client = stage->connection.client,
	    .server = stage->connection.server,
	    .outcome = ATTEMPT_NO_TUNNEL,
	    .asked = stage->now,
	    .origin = {.time = stage->now, .first = ++stage->packets, .last = stage->packets},
	    .authority = slice_of_text(authority),
	    .status = status};
	stage->observer->attempted(stage->observer->self, &attempt);
}

static void begin_by_polling(struct stage *stage)
{
	stage->transport = TRANSPORT_POLLING;
	stage->session.transport = TRANSPORT_POLLING;
	stage_ask(stage, true, THROUGH_PROXY, ANSWERED, "0{\"sid\":\"sid\"}");
	stage_join(stage);
}

static void a_session_whose_tunnel_is_refused_stays_on_polling(void **state)
{
	struct stage *stage = *state;
	begin_by_polling(stage);
	refuse(stage, "app:8000", 403);
	stage_wait(stage, 3);
	stage_beat(stage);
	const struct finding *found = SEES(stage, CODE_UPGRADE_FAILED);
	assert_string_equal(found->cause, "tunnel-refused");
	assert_non_null(strstr(found->seen, "CONNECT app:8000, HTTP 403"));
}

static void a_tunnel_to_a_server_of_engine_io_without_a_session_is_a_handshake(void **state)
{
	struct stage *stage = *state;
	stage_ask(stage, false, THROUGH_PROXY, "HTTP/1.1 503 Service Unavailable\r\n\r\n", "");
	refuse(stage, "app:8000", 403);
	stage_finish(stage);
	for (const struct finding *found = stage->findings->first; found; found = found->next)
		if (found->cause && !strcmp(found->cause, "tunnel-refused")) {
			assert_int_equal(found->code, CODE_HANDSHAKE_REJECTED);
			return;
		}
	fail_msg("the tunnel was not found");
}

static void a_tunnel_for_something_else_is_nobodys(void **state)
{
	struct stage *stage = *state;
	begin_by_polling(stage);
	refuse(stage, "updates.example:443", 403);
	stage_wait(stage, 3);
	stage_beat(stage);
	stage_expect_quiet(stage);
}

static void a_proxy_that_wants_a_login_first_refuses_nothing(void **state)
{
	struct stage *stage = *state;
	refuse(stage, "app:8000", 407);
	stage->transport = TRANSPORT_WEBSOCKET;
	stage_ask(stage, true,
	    "GET /socket.io/?EIO=4&transport=websocket HTTP/1.1\r\nHost: app:8000\r\nUser-Agent: x\r\n\r\n", SWITCHING,
	    "");
	stage_join(stage);
	stage_beat(stage);
	stage_expect_quiet(stage);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    ON_STAGE(a_session_whose_tunnel_is_refused_stays_on_polling),
	    ON_STAGE(a_tunnel_to_a_server_of_engine_io_without_a_session_is_a_handshake),
	    ON_STAGE(a_tunnel_for_something_else_is_nobodys),
	    ON_STAGE(a_proxy_that_wants_a_login_first_refuses_nothing),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
