/* Which socket a TLS stream goes through, by what its records give as evidence. */
#include "net/packet.h"
#include "records.h"

static void begin(struct records *records)
{
	records_begin(records, NULL);
	records_open_tls(records, 5);
	records_open_tls(records, 6);
}

static void the_socket_of_its_first_record_ties_a_stream(void **state)
{
	(void)state;
	struct records records;
	begin(&records);
	records_tls(&records, 1, 5, 0, "hello");
	assert_int_equal(records.count, 1);
	assert_string_equal(records.given[0].text, "hello");
	assert_true(records.given[0].is_tls);
	assert_false(records.given[0].is_doubtful);
	records_end(&records);
}

static void what_came_before_its_socket_was_known_is_reported_then_in_order(void **state)
{
	(void)state;
	struct records records;
	begin(&records);
	records_tls(&records, 1, 0, 0, "one");
	records_tls(&records, 1, 0, 3, "two");
	assert_int_equal(records.count, 0);
	records_tls(&records, 1, 5, 6, "three");
	assert_int_equal(records.count, 3);
	assert_string_equal(records.given[0].text, "one");
	assert_string_equal(records.given[1].text, "two");
	assert_string_equal(records.given[2].text, "three");
	records_end(&records);
}

static void what_its_thread_wrote_to_next_ties_it_too(void **state)
{
	(void)state;
	struct records records;
	begin(&records);
	records_tls(&records, 1, 0, 0, "one");
	records_note_tls(&records, PROBE_TLS_NEAR, 1, 5);
	assert_int_equal(records.count, 1);
	assert_string_equal(records.given[0].text, "one");
	records_end(&records);
}

static void two_streams_on_two_sockets_are_apart(void **state)
{
	(void)state;
	struct records records;
	begin(&records);
	records_tls(&records, 1, 5, 0, "one");
	records_tls(&records, 2, 6, 0, "two");
	records_tls(&records, 1, 5, 3, "more");
	assert_int_not_equal(records.given[0].id, records.given[1].id);
	assert_int_equal(records.given[0].id, records.given[2].id);
	assert_false(records_last(&records)->is_doubtful);
	records_end(&records);
}

static void one_address_in_two_processes_is_two_streams(void **state)
{
	(void)state;
	struct records records;
	begin(&records);
	records_tls(&records, 1, 5, 0, "one");
	records_text(&records,
	    (struct probe_head){.kind = PROBE_TLS, .stream = 1, .socket = 6, .process = 8, .flags = PROBE_RECEIVED},
	    "two");
	assert_int_not_equal(records.given[0].id, records.given[1].id);
	assert_false(records.given[1].is_doubtful);
	records_end(&records);
}

/* ---- doubt */

static void records_with_evidence(struct records *records, size_t agreeing, size_t disagreeing)
{
	for (size_t i = 0; i < agreeing; i++)
		records_tls(records, 1, 5, i, "x");
	for (size_t i = 0; i < disagreeing; i++)
		records_tls(records, 1, 6, agreeing + i, "x");
}

static void evidence_of_which_a_quarter_disagrees_is_still_believed(void **state)
{
	(void)state;
	struct records records;
	begin(&records);
	records_with_evidence(&records, 8, 2);
	assert_false(records_last(&records)->is_doubtful);
	records_end(&records);
}

static void evidence_of_which_more_than_a_quarter_disagrees_is_a_doubt(void **state)
{
	(void)state;
	struct records records;
	begin(&records);
	records_with_evidence(&records, 8, 3);
	assert_true(records_last(&records)->is_doubtful);
	records_end(&records);
}

static void a_socket_that_is_not_watched_is_no_evidence(void **state)
{
	(void)state;
	struct records records;
	begin(&records);
	records_tls(&records, 1, 5, 0, "x");
	for (size_t i = 1; i < 10; i++)
		records_tls(&records, 1, 99, i, "x");
	assert_false(records_last(&records)->is_doubtful);
	records_end(&records);
}

static void two_streams_that_fit_one_socket_are_both_in_doubt(void **state)
{
	(void)state;
	struct records records;
	begin(&records);
	records_tls(&records, 1, 5, 0, "one");
	records_tls(&records, 2, 5, 0, "two");
	assert_true(records_last(&records)->is_doubtful);
	records_tls(&records, 1, 5, 3, "more");
	assert_true(records_last(&records)->is_doubtful);
	records_end(&records);
}

/* ---- ends */

static void the_end_of_the_socket_is_that_of_the_stream(void **state)
{
	(void)state;
	struct records records;
	begin(&records);
	records_tls(&records, 1, 5, 0, "one");
	records_note(&records, PROBE_END, 5, PROBE_RECEIVED);
	assert_int_equal(records_last(&records)->kind, PROBED_END);
	assert_int_equal(records_last(&records)->id, records.given[0].id);
	assert_true(records_last(&records)->is_tls);
	records_end(&records);
}

static void a_stream_that_was_freed_may_still_end(void **state)
{
	(void)state;
	struct records records;
	begin(&records);
	records_tls(&records, 1, 5, 0, "one");
	records_note_tls(&records, PROBE_TLS_GONE, 1, 0);
	assert_int_equal(records.count, 1);
	records_note(&records, PROBE_END, 5, PROBE_RECEIVED);
	assert_int_equal(records_last(&records)->id, records.given[0].id);
	records_end(&records);
}

static void memory_that_is_used_again_is_another_stream(void **state)
{
	(void)state;
	struct records records;
	begin(&records);
	records_tls(&records, 1, 5, 0, "one");
	records_note_tls(&records, PROBE_TLS_GONE, 1, 0);
	records_tls(&records, 1, 6, 0, "two");
	assert_int_not_equal(records.given[0].id, records.given[1].id);
	assert_false(records.given[1].is_doubtful);
	records_end(&records);
}

static void a_second_stream_on_a_socket_whose_first_was_freed_is_no_doubt(void **state)
{
	(void)state;
	struct records records;
	begin(&records);
	records_tls(&records, 1, 5, 0, "one");
	records_note_tls(&records, PROBE_TLS_GONE, 1, 0);
	records_tls(&records, 2, 5, 0, "two");
	assert_int_equal(records_count(&records, PROBED_GONE), 1);
	assert_false(records_last(&records)->is_doubtful);
	records_end(&records);
}

static void a_socket_that_is_gone_takes_every_stream_on_it_with_it(void **state)
{
	(void)state;
	struct records records;
	begin(&records);
	records_tls(&records, 1, 5, 0, "one");
	records_tls(&records, 2, 5, 0, "two");
	records_note(&records, PROBE_GONE, 5, 0);
	assert_int_equal(records_count(&records, PROBED_GONE), 2);
	records_end(&records);
}

static void the_end_of_the_process_is_the_end_of_its_streams(void **state)
{
	(void)state;
	struct records records;
	begin(&records);
	records_tls(&records, 1, 5, 0, "one");
	records_note(&records, PROBE_EXIT, 0, 0);
	assert_int_equal(records_count(&records, PROBED_EXIT), 1);
	records_end(&records);
}

/* ---- the other end */

static void a_client_of_the_same_connection_is_not_reported_besides(void **state)
{
	(void)state;
	struct records records;
	struct probe_open client = {.family = INET, .local_port = 5, .remote_port = 8000, .is_client = 1, .is_tls = 1};
	memcpy(client.local, "\x0a\0\0\2", 4);
	memcpy(client.remote, "\x0a\0\0\1", 4);
	begin(&records);
	records_open_as(&records, 9, 8, &client);
	records_tls(&records, 1, 5, 0, "one");
	records_text(&records,
	    (struct probe_head){.kind = PROBE_TLS, .stream = 3, .socket = 9, .process = 8, .flags = PROBE_CLIENT},
	    "one");
	assert_int_equal(records.count, 1);
	records_end(&records);
}

/* ---- not matched */

static void a_stream_without_a_socket_is_counted(void **state)
{
	(void)state;
	struct records records;
	begin(&records);
	records_tls(&records, 1, 0, 0, "one");
	records_tls(&records, 1, 0, 3, "two");
	assert_int_equal(probe_table_unmatched(records.table), 1);
	records_end(&records);
}

static void a_stream_that_finds_its_socket_is_not_counted_any_more(void **state)
{
	(void)state;
	struct records records;
	begin(&records);
	records_tls(&records, 1, 0, 0, "one");
	records_tls(&records, 1, 5, 3, "two");
	assert_int_equal(probe_table_unmatched(records.table), 0);
	records_end(&records);
}

static void a_stream_that_was_freed_without_a_socket_stays_counted(void **state)
{
	(void)state;
	struct records records;
	begin(&records);
	records_tls(&records, 1, 0, 0, "one");
	records_note_tls(&records, PROBE_TLS_GONE, 1, 0);
	assert_int_equal(probe_table_unmatched(records.table), 1);
	records_end(&records);
}

/* A jump of the offsets shows what was not held. */
static void no_more_than_256_kilobytes_wait_for_a_socket(void **state)
{
	(void)state;
	static struct records records;
	static uint8_t bytes[60000];
	begin(&records);
	for (unsigned long long i = 0; i < 6; i++)
		records_give(&records,
		    (struct probe_head){.kind = PROBE_TLS, .stream = 1, .process = 7, .offset = i * sizeof bytes},
		    bytes, sizeof bytes);
	records_tls(&records, 1, 5, 6 * sizeof bytes, "after");
	assert_int_equal(records.count, 5);
	assert_int_equal(records.given[3].offset, 3 * sizeof bytes);
	assert_int_equal(records.given[4].offset, 6 * sizeof bytes);
	records_end(&records);
}

static void what_was_held_is_reported_with_its_own_bytes(void **state)
{
	(void)state;
	struct records records;
	begin(&records);
	records_tls(&records, 1, 0, 0, "held");
	records_tls(&records, 2, 6, 0, "other");
	records_tls(&records, 1, 5, 4, "new");
	assert_string_equal(records.given[0].text, "other");
	assert_string_equal(records.given[1].text, "held");
	assert_string_equal(records.given[2].text, "new");
	assert_true(records.given[1].frame_len > 0);
	records_end(&records);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(the_socket_of_its_first_record_ties_a_stream),
	    cmocka_unit_test(what_came_before_its_socket_was_known_is_reported_then_in_order),
	    cmocka_unit_test(what_its_thread_wrote_to_next_ties_it_too),
	    cmocka_unit_test(two_streams_on_two_sockets_are_apart),
	    cmocka_unit_test(one_address_in_two_processes_is_two_streams),
	    cmocka_unit_test(evidence_of_which_a_quarter_disagrees_is_still_believed),
	    cmocka_unit_test(evidence_of_which_more_than_a_quarter_disagrees_is_a_doubt),
	    cmocka_unit_test(a_socket_that_is_not_watched_is_no_evidence),
	    cmocka_unit_test(two_streams_that_fit_one_socket_are_both_in_doubt),
	    cmocka_unit_test(the_end_of_the_socket_is_that_of_the_stream),
	    cmocka_unit_test(a_stream_that_was_freed_may_still_end),
	    cmocka_unit_test(memory_that_is_used_again_is_another_stream),
	    cmocka_unit_test(a_second_stream_on_a_socket_whose_first_was_freed_is_no_doubt),
	    cmocka_unit_test(a_socket_that_is_gone_takes_every_stream_on_it_with_it),
	    cmocka_unit_test(the_end_of_the_process_is_the_end_of_its_streams),
	    cmocka_unit_test(a_client_of_the_same_connection_is_not_reported_besides),
	    cmocka_unit_test(a_stream_without_a_socket_is_counted),
	    cmocka_unit_test(a_stream_that_finds_its_socket_is_not_counted_any_more),
	    cmocka_unit_test(a_stream_that_was_freed_without_a_socket_stays_counted),
	    cmocka_unit_test(no_more_than_256_kilobytes_wait_for_a_socket),
	    cmocka_unit_test(what_was_held_is_reported_with_its_own_bytes),
	};
	return cmocka_run_group_tests_name("TLS streams of probes", tests, NULL, NULL);
}
