/* Requests that wait while a capture is live: the clock makes them findings, the answer withdraws them. */
#include "detect/detector.h"
#include "net/net.h"
#include "scene.h"

struct live {
	struct scene scene;
	struct detector_facts facts;
	struct diagnosis *diagnosis;
};

static int begin_live(void **state)
{
	static struct live live;
	live = (struct live){.scene = {.limits = limits_default()}};
	live.diagnosis = diagnosis_new(&live.facts, 1 << 20);
	assert_non_null(live.diagnosis);
	live.scene.observers[0] = diagnosis_observer(live.diagnosis);
	live.scene.engine = engine_new(&live.scene.limits, live.scene.observers, 1);
	assert_non_null(live.scene.engine);
	*state = &live;
	return 0;
}

static int end_live(void **state)
{
	struct live *live = *state;
	engine_end(live->scene.engine);
	engine_free(live->scene.engine);
	diagnosis_free(live->diagnosis);
	return 0;
}

/* The clock says so many seconds after the first packet that nothing more came. */
static void tick(struct live *live, double seconds)
{
	engine_advance(live->scene.engine, 1000 * TIMESTAMP_MILLISECOND + (timestamp)(seconds * TIMESTAMP_SECOND));
}

static const struct finding *found(const struct live *live)
{
	for (const struct finding *finding = diagnosis_findings(live->diagnosis)->first; finding;
	     finding = finding->next)
		if (finding->code == CODE_REQUEST_UNANSWERED)
			return finding;
	return NULL;
}

#define OPEN_QUICK                                                                            \
	"HTTP/1.1 200 OK\r\nContent-Length: 51\r\n\r\n0{\"sid\":\"a\",\"pingInterval\":3000," \
	"\"pingTimeout\":2000}"

/* A session whose polls may wait for 5 s. */
static void begin_quick_session(struct live *live)
{
	tick(live, 0);
	begin_connection(&live->scene);
	say(&live->scene, 3, DIRECTION_TO_SERVER, HANDSHAKE);
	say(&live->scene, 4, DIRECTION_TO_CLIENT, OPEN_QUICK);
	tick(live, 1);
}

static void a_handshake_that_waits_is_found_while_it_waits(void **state)
{
	struct live *live = *state;
	begin_connection(&live->scene);
	tick(live, 0.1);
	say(&live->scene, 3, DIRECTION_TO_SERVER, HANDSHAKE);
	tick(live, 0.9);
	assert_null(found(live));
	tick(live, 2);
	assert_non_null(found(live));
	assert_int_equal(found(live)->severity, SEVERITY_WARNING);
	assert_non_null(strstr(found(live)->seen, "so far"));
	tick(live, 6);
	assert_int_equal(found(live)->severity, SEVERITY_ERROR);
	say(&live->scene, 7000, DIRECTION_TO_CLIENT, OPEN);
	tick(live, 8);
	assert_null(found(live));
}

static void a_poll_is_found_when_it_waits_beyond_its_sessions_rules(void **state)
{
	struct live *live = *state;
	begin_quick_session(live);
	say(&live->scene, 5, DIRECTION_TO_SERVER, POLL("a"));
	tick(live, 5.5);
	assert_null(found(live));
	tick(live, 6.5);
	assert_non_null(found(live));
	assert_non_null(strstr(found(live)->seen, "poll"));
}

static void a_post_is_found_while_it_waits(void **state)
{
	struct live *live = *state;
	begin_quick_session(live);
	say(&live->scene, 5, DIRECTION_TO_SERVER, POST_HEAD("2") "40");
	tick(live, 2);
	assert_non_null(found(live));
	assert_non_null(strstr(found(live)->seen, "POST"));
}

static void an_upgrade_is_found_while_it_waits(void **state)
{
	struct live *live = *state;
	begin_quick_session(live);
	say(&live->scene, 5, DIRECTION_TO_SERVER,
	    "GET /socket.io/?EIO=4&transport=websocket&sid=a HTTP/1.1\r\n"
	    "Connection: Upgrade\r\nUpgrade: websocket\r\n\r\n");
	tick(live, 2);
	assert_non_null(found(live));
	assert_non_null(strstr(found(live)->seen, "upgrade"));
	say(&live->scene, 2500, DIRECTION_TO_CLIENT,
	    "HTTP/1.1 101 X\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n");
	tick(live, 3);
	assert_null(found(live));
}

static void what_the_client_gave_up_is_found_at_the_next_tick(void **state)
{
	struct live *live = *state;
	begin_connection(&live->scene);
	tick(live, 0.1);
	say(&live->scene, 3, DIRECTION_TO_SERVER, HANDSHAKE);
	give(&live->scene, 1500, DIRECTION_TO_SERVER, live->scene.sent[DIRECTION_TO_SERVER], TCP_RST | TCP_ACK, "");
	tick(live, 2);
	assert_non_null(found(live));
	assert_string_equal(found(live)->cause, "client-gave-up");
}

static void what_still_waits_at_the_end_is_one_finding(void **state)
{
	struct live *live = *state;
	begin_connection(&live->scene);
	tick(live, 0.1);
	say(&live->scene, 3, DIRECTION_TO_SERVER, HANDSHAKE);
	tick(live, 3);
	assert_non_null(found(live));
	engine_end(live->scene.engine);
	const struct findings *findings = diagnosis_finish(live->diagnosis, engine_counts(live->scene.engine));
	assert_int_equal(findings->counts[CODE_REQUEST_UNANSWERED], 1);
	assert_int_equal(found(live)->count, 1);
	assert_non_null(strstr(found(live)->seen, "when the capture ends"));
}

static void a_request_on_the_edge_makes_no_text_with_each_tick(void **state)
{
	struct live *live = *state;
	begin_connection(&live->scene);
	tick(live, 0.1);
	say(&live->scene, 3, DIRECTION_TO_SERVER, HANDSHAKE);
	tick(live, 10);
	const char *seen = found(live)->seen;
	tick(live, 11);
	assert_ptr_equal(found(live)->seen, seen);
}

#define LIVE(test) cmocka_unit_test_setup_teardown(test, begin_live, end_live)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    LIVE(a_handshake_that_waits_is_found_while_it_waits),
	    LIVE(a_poll_is_found_when_it_waits_beyond_its_sessions_rules),
	    LIVE(a_post_is_found_while_it_waits),
	    LIVE(an_upgrade_is_found_while_it_waits),
	    LIVE(what_the_client_gave_up_is_found_at_the_next_tick),
	    LIVE(what_still_waits_at_the_end_is_one_finding),
	    LIVE(a_request_on_the_edge_makes_no_text_with_each_tick),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
