/* Heartbeats that TCP held up: who is to blame then, and what looks alike. */
#include "stage.h"

/* The stage's WebSocket has a stream with facts of both directions, as net/ would keep them. */
static struct delivery *deliveries(struct stage *stage)
{
	static struct stream stream;
	if (stage->connection.stream != &stream) {
		stream = (struct stream){.client = SIDE_A, .client_known = true};
		stage->connection.stream = &stream;
	}
	return stream.deliveries;
}

static struct delivery *of(struct stage *stage, enum direction direction)
{
	return &deliveries(stage)[direction == TO_SERVER ? SIDE_A : SIDE_B];
}

static timestamp seconds(double count)
{
	return (timestamp)(count * TIMESTAMP_SECOND);
}

/* The session is joined, with a first heartbeat. */
static void beat(struct stage *stage)
{
	deliveries(stage);
	stage_connect(stage);
	stage_wait(stage, 25);
	stage_beat(stage);
}

/* No ping comes, and the client gives up; or a ping, and the server does. */
static const struct finding *give_up_on_ping(struct stage *stage)
{
	stage_wait(stage, 46);
	stage_emit(stage, EVENT_WS_CLOSE, TO_SERVER);
	return SEES(stage, CODE_HEARTBEAT_LOST);
}

static void ping(struct stage *stage)
{
	stage_wait(stage, 25);
	stage_emit(stage, EVENT_PING, TO_CLIENT);
}

static const struct finding *give_up_on_pong(struct stage *stage)
{
	stage_close(stage, 1005);
	return SEES(stage, CODE_HEARTBEAT_LOST);
}

static void assert_blamed(const struct finding *found, const char *cause, const char *words)
{
	assert_string_equal(found->cause, cause);
	assert_non_null(strstr(found->seen, words));
}

static void close_window(struct stage *stage, enum direction direction, timestamp since, timestamp until)
{
	of(stage, direction)->closed = (struct delivery_span){.since = since, .until = until, .packet = 77};
}

static struct delivery_loss loss(timestamp since, timestamp until, unsigned resent)
{
	return (struct delivery_loss){
	    .span = {.since = since, .until = until, .packet = 78}, .resent = resent, .size = 1448};
}

/* ---- a side that does not read */

static void a_client_that_does_not_read_keeps_the_server_from_pinging(void **state)
{
	struct stage *stage = *state;
	beat(stage);
	close_window(stage, TO_CLIENT, stage->now + seconds(15), 0);
	const struct finding *found = give_up_on_ping(stage);
	assert_blamed(found, "client-does-not-read", "the client's receive window was 0");
	assert_null(strstr(found->seen, "server was late"));
	assert_null(strstr(found->advice, "event loop"));
	assert_int_equal(found->evidence[1].origin.first, 77);
}

static void a_client_that_reads_again_when_it_is_too_late_did_not_read(void **state)
{
	struct stage *stage = *state;
	beat(stage);
	timestamp since = stage->now + seconds(15);
	stage_wait(stage, 60);
	close_window(stage, TO_CLIENT, since, stage->now - seconds(0.1));
	stage_beat(stage);
	assert_blamed(SEES(stage, CODE_HEARTBEAT_LOST), "client-does-not-read", "did not read");
}

static void a_server_that_does_not_read_keeps_the_pong_back(void **state)
{
	struct stage *stage = *state;
	beat(stage);
	ping(stage);
	close_window(stage, TO_SERVER, stage->now - seconds(3), 0);
	stage_wait(stage, 20);
	assert_blamed(give_up_on_pong(stage), "server-does-not-read", "the server's receive window was 0");
}

static void a_server_of_revision_3_that_does_not_read_keeps_the_client_from_pinging(void **state)
{
	struct stage *stage = *state;
	stage->session.revision = 3;
	deliveries(stage);
	stage_connect(stage);
	close_window(stage, TO_SERVER, stage->now + seconds(15), 0);
	stage_wait(stage, 46);
	assert_blamed(give_up_on_pong(stage), "server-does-not-read", "the client could send nothing more");
}

static void a_window_that_closes_for_a_moment_excuses_nobody(void **state)
{
	struct stage *stage = *state;
	beat(stage);
	close_window(stage, TO_CLIENT, stage->now + seconds(26), stage->now + seconds(29));
	assert_blamed(give_up_on_ping(stage), "server-late", "the server was late");
}

static void a_window_that_was_closed_before_the_ping_was_due_excuses_nobody(void **state)
{
	struct stage *stage = *state;
	beat(stage);
	close_window(stage, TO_CLIENT, stage->now + seconds(1), stage->now + seconds(24));
	assert_blamed(give_up_on_ping(stage), "server-late", "the server was late");
}

/* ---- what is lost */

static void full_packets_that_are_lost_where_smaller_ones_arrive_are_too_large(void **state)
{
	struct stage *stage = *state;
	beat(stage);
	ping(stage);
	of(stage, TO_CLIENT)->waiting = loss(stage->now - seconds(5), 0, 6);
	of(stage, TO_CLIENT)->waiting.heard = of(stage, TO_CLIENT)->waiting.is_overtaken = true;
	stage_wait(stage, 20);
	const struct finding *found = give_up_on_pong(stage);
	assert_blamed(found, "path-mtu", "the same 1448 bytes of the server were sent again 6 times");
	assert_null(strstr(found->advice, "nothing to repair"));
}

static void the_same_shows_where_no_selective_acknowledgment_is_spoken(void **state)
{
	struct stage *stage = *state;
	beat(stage);
	ping(stage);
	of(stage, TO_CLIENT)->waiting = loss(stage->now - seconds(5), 0, 6);
	of(stage, TO_CLIENT)->waiting.heard = true;
	of(stage, TO_CLIENT)->largest = 400;
	stage_wait(stage, 20);
	assert_blamed(give_up_on_pong(stage), "path-mtu", "MTU");
}

static void a_router_that_says_so_by_icmp_is_named(void **state)
{
	struct stage *stage = *state;
	beat(stage);
	ping(stage);
	of(stage, TO_CLIENT)->waiting = loss(stage->now, 0, 2);
	of(stage, TO_CLIENT)->waiting.too_big = (struct icmp_saying){
	    .type = 3, .code = 4, .mtu = 1400, .by = {.version = 4, .bytes = {192, 0, 2, 1}}};
	stage_wait(stage, 20);
	assert_blamed(give_up_on_pong(stage), "path-mtu", "192.0.2.1 said by ICMP");
}

static void a_size_that_was_acknowledged_before_is_not_too_large(void **state)
{
	struct stage *stage = *state;
	beat(stage);
	ping(stage);
	of(stage, TO_CLIENT)->waiting = loss(stage->now - seconds(5), 0, 6);
	of(stage, TO_CLIENT)->waiting.heard = true;
	of(stage, TO_CLIENT)->largest = 1448;
	stage_wait(stage, 20);
	assert_blamed(give_up_on_pong(stage), "not-delivered", "lost on the way");
}

static void a_small_packet_is_not_too_large(void **state)
{
	struct stage *stage = *state;
	beat(stage);
	ping(stage);
	of(stage, TO_CLIENT)->waiting = loss(stage->now, 0, 6);
	of(stage, TO_CLIENT)->waiting.heard = true;
	of(stage, TO_CLIENT)->waiting.size = 3;
	stage_wait(stage, 20);
	assert_blamed(give_up_on_pong(stage), "not-delivered", "sent again 6 times");
}

static void a_host_that_acknowledges_nothing_any_more_is_gone(void **state)
{
	struct stage *stage = *state;
	beat(stage);
	ping(stage);
	of(stage, TO_CLIENT)->waiting = loss(stage->now, 0, 6);
	stage_wait(stage, 20);
	assert_blamed(give_up_on_pong(stage), "not-delivered", "nothing came from the other host");
}

static void a_servers_host_that_acknowledges_nothing_is_no_blocked_event_loop(void **state)
{
	struct stage *stage = *state;
	beat(stage);
	of(stage, TO_SERVER)->waiting = loss(stage->now + seconds(20), 0, 6);
	assert_blamed(give_up_on_ping(stage), "not-delivered", "what the client had sent was not acknowledged");
}

static void the_end_of_the_capture_shows_a_loss_too(void **state)
{
	struct stage *stage = *state;
	beat(stage);
	ping(stage);
	stage->session.deliveries[TO_CLIENT].waiting = loss(stage->now, 0, 6);
	stage->lingers = seconds(30);
	assert_blamed(SEES(stage, CODE_HEARTBEAT_LOST), "not-delivered", "not acknowledged");
}

static void retransmissions_that_arrive_excuse_nobody(void **state)
{
	struct stage *stage = *state;
	beat(stage);
	ping(stage);
	of(stage, TO_CLIENT)->lost = loss(stage->now, stage->now + seconds(3), 3);
	stage_wait(stage, 20);
	assert_blamed(give_up_on_pong(stage), "client-late", "the client was late");
}

static void a_ping_that_was_sent_again_once_excuses_nobody(void **state)
{
	struct stage *stage = *state;
	beat(stage);
	ping(stage);
	of(stage, TO_CLIENT)->waiting = loss(stage->now, 0, 1);
	stage_wait(stage, 20);
	assert_blamed(give_up_on_pong(stage), "client-late", "the client was late");
}

/* ---- what is under way */

/* From so many seconds ago until now a side sends. */
static void flow(struct stage *stage, enum direction direction, double ago, uint64_t bytes)
{
	of(stage, direction)->flowing = (struct delivery_span){
	    .since = stage->now - seconds(ago), .until = stage->now, .packet = 79};
	of(stage, direction)->bytes += bytes;
}

static void a_pong_waits_behind_what_the_client_sends(void **state)
{
	struct stage *stage = *state;
	beat(stage);
	ping(stage);
	stage_wait(stage, 20);
	flow(stage, TO_SERVER, 30, 80000);
	const struct finding *found = give_up_on_pong(stage);
	assert_blamed(found, "behind-large-message", "the client was sending something large");
	assert_non_null(strstr(found->seen, "80000 bytes"));
	assert_null(strstr(found->advice, "background"));
}

static void a_ping_waits_behind_what_the_server_sends(void **state)
{
	struct stage *stage = *state;
	beat(stage);
	stage_wait(stage, 46);
	flow(stage, TO_CLIENT, 30, 800000);
	stage_emit(stage, EVENT_WS_CLOSE, TO_SERVER);
	assert_blamed(SEES(stage, CODE_HEARTBEAT_LOST), "behind-large-message", "the ping waits behind it");
}

static void an_upload_that_ended_before_excuses_nobody(void **state)
{
	struct stage *stage = *state;
	beat(stage);
	ping(stage);
	stage_wait(stage, 12);
	flow(stage, TO_SERVER, 20, 80000);
	stage_wait(stage, 8);
	assert_blamed(give_up_on_pong(stage), "client-late", "the client was late");
}

static void a_client_that_chatters_and_answers_no_ping_is_late(void **state)
{
	struct stage *stage = *state;
	beat(stage);
	ping(stage);
	for (int i = 0; i < 40; i++) {
		stage_wait(stage, 0.5);
		stage_say(stage, TO_SERVER, "\"move\"", "1");
	}
	flow(stage, TO_SERVER, 30, 80000);
	assert_blamed(give_up_on_pong(stage), "client-late", "the client was late");
}

static void another_connection_of_the_client_says_nothing(void **state)
{
	struct stage *stage = *state;
	beat(stage);
	ping(stage);
	close_window(stage, TO_CLIENT, stage->now - seconds(3), 0);
	stage->transport = TRANSPORT_POLLING;
	stage_wait(stage, 21);
	stage_emit(stage, EVENT_CLOSE, TO_CLIENT);
	assert_blamed(SEES(stage, CODE_HEARTBEAT_LOST), "client-late", "the client was late");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    ON_STAGE(a_client_that_does_not_read_keeps_the_server_from_pinging),
	    ON_STAGE(a_client_that_reads_again_when_it_is_too_late_did_not_read),
	    ON_STAGE(a_server_that_does_not_read_keeps_the_pong_back),
	    ON_STAGE(a_server_of_revision_3_that_does_not_read_keeps_the_client_from_pinging),
	    ON_STAGE(a_window_that_closes_for_a_moment_excuses_nobody),
	    ON_STAGE(a_window_that_was_closed_before_the_ping_was_due_excuses_nobody),
	    ON_STAGE(full_packets_that_are_lost_where_smaller_ones_arrive_are_too_large),
	    ON_STAGE(the_same_shows_where_no_selective_acknowledgment_is_spoken),
	    ON_STAGE(a_router_that_says_so_by_icmp_is_named),
	    ON_STAGE(a_size_that_was_acknowledged_before_is_not_too_large),
	    ON_STAGE(a_small_packet_is_not_too_large),
	    ON_STAGE(a_host_that_acknowledges_nothing_any_more_is_gone),
	    ON_STAGE(a_servers_host_that_acknowledges_nothing_is_no_blocked_event_loop),
	    ON_STAGE(the_end_of_the_capture_shows_a_loss_too),
	    ON_STAGE(retransmissions_that_arrive_excuse_nobody),
	    ON_STAGE(a_ping_that_was_sent_again_once_excuses_nobody),
	    ON_STAGE(a_pong_waits_behind_what_the_client_sends),
	    ON_STAGE(a_ping_waits_behind_what_the_server_sends),
	    ON_STAGE(an_upload_that_ended_before_excuses_nobody),
	    ON_STAGE(a_client_that_chatters_and_answers_no_ping_is_late),
	    ON_STAGE(another_connection_of_the_client_says_nothing),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
