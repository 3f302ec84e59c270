/* What becomes of a client's SYN. */
#include "scene.h"

static void ask(struct scene *scene, uint64_t number)
{
	give(scene, number, DIRECTION_TO_SERVER, 1000, TCP_SYN, "");
}

static void a_syn_that_is_answered_by_a_reset_is_refused(void **state)
{
	struct scene *scene = *state;
	ask(scene, 1);
	give(scene, 2, DIRECTION_TO_CLIENT, 0, TCP_RST | TCP_ACK, "");
	assert_int_equal(scene->attempts, 1);
	assert_int_equal(scene->attempt.outcome, ATTEMPT_REFUSED);
	assert_int_equal(scene->attempt.server.port, 80);
	assert_int_equal(scene->attempt.origin.first, 1);
	assert_int_equal(scene->attempt.origin.last, 2);
}

static void a_syn_that_is_answered_by_one_is_accepted(void **state)
{
	struct scene *scene = *state;
	begin_connection(scene);
	say(scene, 3, DIRECTION_TO_SERVER, HANDSHAKE);
	give(scene, 4, DIRECTION_TO_CLIENT, scene->sent[DIRECTION_TO_CLIENT], TCP_RST, "");
	assert_int_equal(scene->attempts, 1);
	assert_int_equal(scene->attempt.outcome, ATTEMPT_ACCEPTED);
}

static void a_syn_that_is_sent_three_times_is_not_answered(void **state)
{
	struct scene *scene = *state;
	for (uint64_t i = 0; i < 3; i++)
		ask(scene, 1 + 1000 * i);
	assert_int_equal(scene->attempts, 1);
	assert_int_equal(scene->attempt.outcome, ATTEMPT_UNANSWERED);
}

static void a_syn_that_is_answered_at_its_fourth_time_is_accepted_all_the_same(void **state)
{
	struct scene *scene = *state;
	for (uint64_t i = 0; i < 4; i++)
		ask(scene, 1 + 1000 * i);
	give(scene, 3002, DIRECTION_TO_CLIENT, 0, TCP_SYN | TCP_ACK, "");
	engine_end(scene->engine);
	assert_int_equal(scene->attempts, 2);
	assert_int_equal(scene->attempt.outcome, ATTEMPT_ACCEPTED);
	assert_int_equal(scene->attempt.tries, 4);
	assert_int_equal(scene->attempt.origin.first, 1);
}

static void a_syn_that_was_captured_three_times_is_one(void **state)
{
	struct scene *scene = *state;
	for (uint64_t i = 0; i < 3; i++)
		ask(scene, 1 + i);
	assert_int_equal(scene->attempts, 0);
}

static void a_syn_that_waits_at_the_end_is_not_answered(void **state)
{
	struct scene *scene = *state;
	ask(scene, 1);
	engine_end(scene->engine);
	assert_int_equal(scene->attempts, 1);
	assert_int_equal(scene->attempt.outcome, ATTEMPT_UNANSWERED);
}

static void a_client_whose_server_was_not_captured_shows_nothing(void **state)
{
	struct scene *scene = *state;
	ask(scene, 1);
	give(scene, 2, DIRECTION_TO_SERVER, 1001, TCP_ACK, HANDSHAKE);
	engine_end(scene->engine);
	assert_int_equal(scene->attempts, 0);
}

static void a_connection_that_was_under_way_shows_nothing(void **state)
{
	struct scene *scene = *state;
	give(scene, 1, DIRECTION_TO_SERVER, 1001, TCP_ACK, HANDSHAKE);
	give(scene, 2, DIRECTION_TO_CLIENT, 1, TCP_RST, "");
	engine_end(scene->engine);
	assert_int_equal(scene->attempts, 0);
}

#define SCENE(test) cmocka_unit_test_setup_teardown(test, begin, end)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    SCENE(a_syn_that_is_answered_by_a_reset_is_refused),
	    SCENE(a_syn_that_is_answered_by_one_is_accepted),
	    SCENE(a_syn_that_is_sent_three_times_is_not_answered),
	    SCENE(a_syn_that_is_answered_at_its_fourth_time_is_accepted_all_the_same),
	    SCENE(a_syn_that_was_captured_three_times_is_one),
	    SCENE(a_syn_that_waits_at_the_end_is_not_answered),
	    SCENE(a_client_whose_server_was_not_captured_shows_nothing),
	    SCENE(a_connection_that_was_under_way_shows_nothing),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
