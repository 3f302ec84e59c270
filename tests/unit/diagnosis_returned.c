/* Clients that fall silent in one session and are back in another: no error, when it is them. */
#include "stage.h"

#define ZOE "{\"token\":\"of-zoe\"}"
#define ADA "{\"token\":\"of-ada\"}"
enum { HOME = 10, MOBILE = 20 };

/* The session at hand is joined with this auth, from an address of that network. */
static void join(struct stage *stage, const char *auth, uint8_t network)
{
	stage->connection.client.address = (struct address){.version = 4, .bytes = {network, 0, 0, 1}};
	stage_ask(stage, true, "GET /socket.io/?EIO=4&transport=websocket HTTP/1.1\r\n\r\n", SWITCHING, "");
	stage_emit(stage, EVENT_OPEN, TO_CLIENT);
	struct event asked = stage_event(stage, EVENT_CONNECT, TO_SERVER);
	asked.packet.data = slice_of_text(auth);
	stage_emit_event(stage, &asked);
	struct event joined = stage_event(stage, EVENT_CONNECT, TO_CLIENT);
	joined.answers = asked.index;
	stage_emit_event(stage, &joined);
}

static void join_anew(struct stage *stage, const char *auth, uint8_t network)
{
	stage_begin_session(stage);
	join(stage, auth, network);
}

/* The first session's ping waits from here on; `back` joins meanwhile; then the server gives the first up. */
static const struct finding *fall_silent(struct stage *stage, const char *back, uint8_t network)
{
	stage_turn_to(stage, 1);
	stage_emit(stage, EVENT_PING, TO_CLIENT);
	stage_wait(stage, 5);
	if (back)
		join_anew(stage, back, network);
	stage_wait(stage, 16);
	stage_turn_to(stage, 1);
	stage_close(stage, 1005);
	return SEES(stage, CODE_HEARTBEAT_LOST);
}

static void a_client_that_is_back_from_another_network_is_no_error(void **state)
{
	struct stage *stage = *state;
	join(stage, ZOE, HOME);
	const struct finding *found = fall_silent(stage, ZOE, MOBILE);
	assert_int_equal(found->severity, SEVERITY_INFO);
	assert_string_equal(found->cause, "client-returned");
	assert_non_null(strstr(found->seen, "joined from 20.0.0.1, in session 2"));
}

static void a_client_that_is_back_after_it_was_given_up_is_no_error_either(void **state)
{
	struct stage *stage = *state;
	join(stage, ZOE, HOME);
	stage_emit(stage, EVENT_PING, TO_CLIENT);
	stage_wait(stage, 21);
	stage_close(stage, 1005);
	stage_wait(stage, 30);
	join_anew(stage, ZOE, MOBILE);
	assert_int_equal(SEES(stage, CODE_HEARTBEAT_LOST)->severity, SEVERITY_INFO);
}

static void one_that_is_back_much_later_was_away(void **state)
{
	struct stage *stage = *state;
	join(stage, ZOE, HOME);
	stage_emit(stage, EVENT_PING, TO_CLIENT);
	stage_wait(stage, 21);
	stage_close(stage, 1005);
	stage_wait(stage, 90);
	join_anew(stage, ZOE, MOBILE);
	assert_int_equal(SEES(stage, CODE_HEARTBEAT_LOST)->severity, SEVERITY_ERROR);
}

static void another_client_is_not_the_one_that_fell_silent(void **state)
{
	struct stage *stage = *state;
	join(stage, ZOE, HOME);
	assert_int_equal(fall_silent(stage, ADA, MOBILE)->severity, SEVERITY_ERROR);
}

static void one_without_auth_is_nobody_in_particular(void **state)
{
	struct stage *stage = *state;
	join(stage, "{}", HOME);
	assert_int_equal(fall_silent(stage, "{}", MOBILE)->severity, SEVERITY_ERROR);
}

static void one_that_is_back_from_the_same_address_may_have_stalled(void **state)
{
	struct stage *stage = *state;
	join(stage, ZOE, HOME);
	assert_int_equal(fall_silent(stage, ZOE, HOME)->severity, SEVERITY_ERROR);
}

static void an_auth_that_clients_share_says_nothing(void **state)
{
	struct stage *stage = *state;
	join(stage, ZOE, HOME);
	join_anew(stage, ZOE, MOBILE);
	stage_turn_to(stage, 1);
	stage_beat(stage);
	assert_int_equal(fall_silent(stage, ZOE, MOBILE + 1)->severity, SEVERITY_ERROR);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    ON_STAGE(a_client_that_is_back_from_another_network_is_no_error),
	    ON_STAGE(a_client_that_is_back_after_it_was_given_up_is_no_error_either),
	    ON_STAGE(one_that_is_back_much_later_was_away),
	    ON_STAGE(another_client_is_not_the_one_that_fell_silent),
	    ON_STAGE(one_without_auth_is_nobody_in_particular),
	    ON_STAGE(one_that_is_back_from_the_same_address_may_have_stalled),
	    ON_STAGE(an_auth_that_clients_share_says_nothing),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
