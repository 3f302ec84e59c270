/* What hops cost: events and acks with the times at which each leg saw them. */
#include "view/hops.h"

#include "unit.h"

#define MS TIMESTAMP_MILLISECOND

static const struct session session = {.number = 7};

static struct event event_of(uint64_t index, enum event_kind kind, enum direction direction, timestamp time)
{
	struct event event = {
	    .index = index, .kind = kind, .direction = direction, .session = &session, .origin.time = time};
	event.packet.ack = SLICE("1");
	return event;
}

/* From the client: the leg at the edge sees it first, the other afterwards. */
static void go_to_server(struct hops *hops, struct event event, timestamp behind)
{
	const struct event_leg inner = {.origin.time = behind, .is_last = true};
	event.awaits_legs = true;
	hops_take_event(hops, &event);
	hops_take_crossed(hops, event.index, &inner);
}

/* From the server: it was seen behind the hop by the time it is emitted. */
static void go_to_client(struct hops *hops, struct event event, timestamp behind)
{
	const struct event_leg legs[] = {{.origin.time = event.origin.time}, {.origin.time = behind}};
	event.legs = legs;
	event.leg_count = 2;
	hops_take_event(hops, &event);
}

/* The client's event and the server's ack: as long at the edge, so much of it behind the hop. */
static void ask(struct hops *hops, uint64_t index, timestamp edge, timestamp behind)
{
	timestamp begin = (timestamp)index * 1000 * MS;
	go_to_server(hops, event_of(index, EVENT_EVENT, DIRECTION_TO_SERVER, begin), begin + 2 * MS);
	struct event ack = event_of(index + 1, EVENT_ACK, DIRECTION_TO_CLIENT, begin + edge);
	ack.answers = index;
	go_to_client(hops, ack, begin + 2 * MS + behind);
}

static void assert_times(struct hops *hops, uint64_t count, timestamp edge, timestamp behind)
{
	struct hop_times times = hops_end_session(hops, session.number);
	assert_int_equal(times.legs, count ? 2 : 0);
	assert_int_equal(times.count, count);
	assert_int_equal(times.medians[0], edge);
	assert_int_equal(times.medians[1], behind);
}

static void the_time_to_an_ack_is_known_on_each_leg(void **state)
{
	(void)state;
	struct hops *hops = hops_new(NULL);
	ask(hops, 1, 48 * MS, 25 * MS);
	assert_times(hops, 1, 48 * MS, 25 * MS);
	hops_free(hops);
}

static void an_event_of_the_server_and_the_clients_ack_too(void **state)
{
	(void)state;
	struct hops *hops = hops_new(NULL);
	go_to_client(hops, event_of(1, EVENT_EVENT, DIRECTION_TO_CLIENT, 102 * MS), 100 * MS);
	struct event ack = event_of(2, EVENT_ACK, DIRECTION_TO_SERVER, 130 * MS);
	ack.answers = 1;
	go_to_server(hops, ack, 133 * MS);
	assert_times(hops, 1, 28 * MS, 33 * MS);
	hops_free(hops);
}

static void it_is_the_median(void **state)
{
	(void)state;
	struct hops *hops = hops_new(NULL);
	ask(hops, 1, 90 * MS, 80 * MS);
	ask(hops, 3, 30 * MS, 20 * MS);
	ask(hops, 5, 50 * MS, 10 * MS);
	assert_times(hops, 3, 50 * MS, 20 * MS);
	hops_free(hops);
}

static void beside_it_is_what_95_of_100_keep_within(void **state)
{
	(void)state;
	struct hops *hops = hops_new(NULL);
	for (uint64_t i = 1; i <= 100; i++)
		ask(hops, 2 * i, (timestamp)i * 3 * MS, (timestamp)i * MS);
	struct hop_times times = hops_end_session(hops, session.number);
	assert_int_equal(times.p95s[0], 285 * MS);
	assert_int_equal(times.p95s[1], 95 * MS);
	assert_int_equal(times.between_medians[0], 100 * MS);
	assert_int_equal(times.between_p95s[0], 190 * MS);
	assert_int_equal(times.between_medians[1], 0);
	hops_free(hops);
}

/* Of the server's question the client's leg sees less, of the client's more: what passes between is the same. */
static void what_passes_between_two_legs_does_not_depend_on_who_asks(void **state)
{
	(void)state;
	struct hops *hops = hops_new(NULL);
	go_to_client(hops, event_of(1, EVENT_EVENT, DIRECTION_TO_CLIENT, 102 * MS), 100 * MS);
	struct event ack = event_of(2, EVENT_ACK, DIRECTION_TO_SERVER, 130 * MS);
	ack.answers = 1;
	go_to_server(hops, ack, 132 * MS);
	assert_int_equal(hops_end_session(hops, session.number).between_medians[0], 4 * MS);
	hops_free(hops);
}

static void of_many_some_are_kept(void **state)
{
	(void)state;
	struct hops *hops = hops_new(NULL);
	for (uint64_t i = 0; i < 2000; i++)
		ask(hops, 1 + 2 * i, 48 * MS + (timestamp)(i % 3), 25 * MS);
	assert_times(hops, 2000, 48 * MS + 1, 25 * MS);
	hops_free(hops);
}

static void what_was_seen_on_one_leg_alone_counts_nothing(void **state)
{
	(void)state;
	struct hops *hops = hops_new(NULL);
	struct event event = event_of(1, EVENT_EVENT, DIRECTION_TO_SERVER, 0);
	event.awaits_legs = true; /* and it is never seen there */
	hops_take_event(hops, &event);
	struct event ack = event_of(2, EVENT_ACK, DIRECTION_TO_CLIENT, 48 * MS);
	ack.answers = 1;
	go_to_client(hops, ack, 40 * MS);
	assert_times(hops, 0, 0, 0);
	hops_free(hops);
}

static void events_that_wait_for_ever_are_forgotten(void **state)
{
	(void)state;
	struct budget budget = {.limit = 1 << 21};
	struct hops *hops = hops_new(&budget);
	for (uint64_t index = 1; index < 20000; index++)
		go_to_server(hops, event_of(index, EVENT_EVENT, DIRECTION_TO_SERVER, 0), 2 * MS);
	assert_int_equal(budget.refused, 0);
	ask(hops, 30001, 48 * MS, 25 * MS);
	assert_times(hops, 1, 48 * MS, 25 * MS);
	hops_free(hops);
	assert_int_equal(budget.used, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(the_time_to_an_ack_is_known_on_each_leg),
	    cmocka_unit_test(an_event_of_the_server_and_the_clients_ack_too),
	    cmocka_unit_test(it_is_the_median),
	    cmocka_unit_test(beside_it_is_what_95_of_100_keep_within),
	    cmocka_unit_test(what_passes_between_two_legs_does_not_depend_on_who_asks),
	    cmocka_unit_test(of_many_some_are_kept),
	    cmocka_unit_test(what_was_seen_on_one_leg_alone_counts_nothing),
	    cmocka_unit_test(events_that_wait_for_ever_are_forgotten),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
