/* Times that jump: a packet far off, and a clock that is set. */
#include "net/clock.h"

#include "scene.h"

#define YEAR (365 * 24 * 3600 * TIMESTAMP_SECOND)
#define FRAME(text) "\x81\x0a" text

static timestamp time_of(uint64_t packet)
{
	return (timestamp)(1000 + packet) * TIMESTAMP_MILLISECOND;
}

static void say_later(struct scene *scene, uint64_t number, timestamp later)
{
	scene->later = later;
	say(scene, number, DIRECTION_TO_CLIENT, FRAME("42[\"next\"]"));
}

static const struct given *last_event(const struct scene *scene)
{
	for (size_t i = scene->count; i-- > 0;)
		if (scene->given[i].kind == EVENT_EVENT)
			return &scene->given[i];
	fail_msg("no event was told");
	return NULL;
}

static void a_packet_a_year_ahead_gets_the_time_before_it(void **state)
{
	struct scene *scene = *state;
	begin_websocket(scene);
	say_later(scene, 7, YEAR);
	assert_int_equal(count_given(scene, EVENT_EVENT), 0);
	say_later(scene, 8, 0);
	assert_int_equal(count_given(scene, EVENT_EVENT), 2);
	assert_int_equal(find_given(scene, EVENT_EVENT)->time, time_of(6));
	assert_int_equal(last_event(scene)->time, time_of(8));
	assert_int_equal(engine_counts(scene->engine)->last, time_of(8));
	assert_int_equal(engine_counts(scene->engine)->clock_outliers, 1);
	engine_end(scene->engine);
	assert_int_equal(scene->sessions, 1);
}

static void a_packet_a_year_behind_gets_the_time_before_it(void **state)
{
	struct scene *scene = *state;
	scene->later = YEAR;
	begin_websocket(scene);
	say_later(scene, 7, 0);
	say_later(scene, 8, YEAR);
	assert_int_equal(find_given(scene, EVENT_EVENT)->time, YEAR + time_of(6));
	assert_int_equal(engine_counts(scene->engine)->first, YEAR + time_of(1));
}

static void a_clock_that_is_set_goes_on_where_it_was(void **state)
{
	struct scene *scene = *state;
	begin_websocket(scene);
	say_later(scene, 7, YEAR);
	say_later(scene, 8, YEAR);
	say_later(scene, 9, YEAR);
	engine_end(scene->engine);
	assert_int_equal(find_given(scene, EVENT_EVENT)->time, time_of(6));
	assert_int_equal(last_event(scene)->time, time_of(8));
	assert_int_equal(engine_counts(scene->engine)->clock_steps, 1);
	assert_int_equal(engine_counts(scene->engine)->clock_outliers, 0);
	assert_int_equal(scene->sessions, 1);
}

static void a_clock_that_is_set_twice_goes_on_where_it_was(void **state)
{
	struct scene *scene = *state;
	begin_websocket(scene);
	say_later(scene, 7, YEAR);
	say_later(scene, 8, YEAR);
	say_later(scene, 9, 3 * YEAR);
	say_later(scene, 10, 3 * YEAR);
	say_later(scene, 11, 3 * YEAR);
	assert_int_equal(engine_counts(scene->engine)->clock_steps, 2);
	/* The first packet after each setting has the time of the one before it. */
	assert_int_equal(last_event(scene)->time, time_of(11) - 2 * TIMESTAMP_MILLISECOND);
}

static bool goes_on(void *self, const struct packet *packet)
{
	(void)self;
	(void)packet;
	return true;
}

static void the_clock_of_a_probe_is_never_put_right(void **state)
{
	static const char probed; /* stands for what a probe saw; the clock does not look at it */
	struct clock *clock = clock_new((struct clock_witness){NULL, goes_on}, NULL);
	struct packet packet = {.time = time_of(1), .bytes = SLICE("x")};
	(void)state;
	assert_non_null(clock);
	clock_take(clock, &packet);
	while (clock_next(clock, &packet))
		;
	const struct packet later = {.time = YEAR, .bytes = SLICE("x"), .probed = (const struct probed *)&probed};
	clock_take(clock, &later);
	assert_true(clock_next(clock, &packet));
	assert_int_equal(packet.time, YEAR);
	clock_free(clock);
}

static void a_silence_after_which_other_connections_come_is_one(void **state)
{
	struct scene *scene = *state;
	begin_websocket(scene);
	scene->later = YEAR;
	scene->client = 1;
	scene->sent[0] = scene->sent[1] = 0;
	begin_connection(scene);
	say(scene, 3, DIRECTION_TO_SERVER, HANDSHAKE);
	assert_int_equal(engine_counts(scene->engine)->last, YEAR + time_of(3));
	assert_int_equal(engine_counts(scene->engine)->clock_steps, 0);
}

static void a_short_silence_waits_for_nothing(void **state)
{
	struct scene *scene = *state;
	begin_websocket(scene);
	say_later(scene, 7, 500 * TIMESTAMP_SECOND);
	assert_int_equal(last_event(scene)->time, 500 * TIMESTAMP_SECOND + time_of(7));
}

static void the_last_packet_proves_no_silence(void **state)
{
	struct scene *scene = *state;
	begin_websocket(scene);
	say_later(scene, 7, YEAR);
	engine_end(scene->engine);
	assert_int_equal(last_event(scene)->time, time_of(6));
	assert_int_equal(engine_held(scene->engine), 0);
}

#define SCENE(test) cmocka_unit_test_setup_teardown(test, begin, end)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    SCENE(a_packet_a_year_ahead_gets_the_time_before_it),
	    SCENE(a_packet_a_year_behind_gets_the_time_before_it),
	    SCENE(a_clock_that_is_set_goes_on_where_it_was),
	    SCENE(a_clock_that_is_set_twice_goes_on_where_it_was),
	    cmocka_unit_test(the_clock_of_a_probe_is_never_put_right),
	    SCENE(a_silence_after_which_other_connections_come_is_one),
	    SCENE(a_short_silence_waits_for_nothing),
	    SCENE(the_last_packet_proves_no_silence),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
