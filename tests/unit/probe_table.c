/* Records of the probes in, what takes the place of packets out. */
#include "net/packet.h"
#include "records.h"

/* ---- bytes */

static void what_a_followed_socket_received_is_reported(void **state)
{
	(void)state;
	struct records records;
	records_begin(&records, NULL);
	records_open(&records, 5);
	records_receive(&records, 5, 0, "hello");
	assert_int_equal(records.count, 1);
	assert_string_equal(records.given[0].text, "hello");
	assert_true(records.given[0].received);
	assert_int_equal(records.given[0].local_port, 8000);
	records_end(&records);
}

static void what_it_sent_is_reported_as_sent_and_with_its_offset(void **state)
{
	(void)state;
	struct records records;
	records_begin(&records, NULL);
	records_open(&records, 5);
	records_text(&records, (struct probe_head){.kind = PROBE_BYTES, .socket = 5, .offset = 33}, "hello");
	assert_false(records.given[0].received);
	assert_int_equal(records.given[0].offset, 33);
	records_end(&records);
}

static void times_are_put_on_the_clock_of_people(void **state)
{
	(void)state;
	struct records records;
	records_begin(&records, NULL);
	records_open(&records, 5);
	records_text(&records,
	    (struct probe_head){.kind = PROBE_BYTES, .socket = 5, .flags = PROBE_RECEIVED, .arrived = 1}, "hello");
	assert_int_equal(records.given[0].time, RECORDS_CLOCK + 2);
	assert_int_equal(records.given[0].arrived, RECORDS_CLOCK + 1);
	records_end(&records);
}

static void an_arrival_that_is_not_known_is_none(void **state)
{
	(void)state;
	struct records records;
	records_begin(&records, NULL);
	records_open(&records, 5);
	records_receive(&records, 5, 0, "hello");
	assert_true(records.given[0].arrived == TIMESTAMP_NONE);
	records_end(&records);
}

static void a_clock_that_was_set_holds_from_then_on(void **state)
{
	(void)state;
	struct records records;
	records_begin(&records, NULL);
	records_open(&records, 5);
	probe_table_set_clock(records.table, 5000);
	records_receive(&records, 5, 0, "hello");
	assert_int_equal(records.given[0].time, 5000 + 2);
	records_end(&records);
}

static void a_time_beyond_all_stamps_is_the_last(void **state)
{
	(void)state;
	struct records records;
	records_begin(&records, NULL);
	records_open(&records, 5);
	records.now = UINT64_MAX - 1;
	records_receive(&records, 5, 0, "hello");
	assert_true(records.given[0].time == TIMESTAMP_LAST);
	records_end(&records);
}

static void a_socket_that_is_not_known_is_not_reported(void **state)
{
	(void)state;
	struct records records;
	records_begin(&records, NULL);
	records_receive(&records, 5, 0, "hello");
	records_note(&records, PROBE_END, 5, PROBE_RECEIVED);
	records_note(&records, PROBE_GONE, 5, 0);
	assert_int_equal(records.count, 0);
	records_end(&records);
}

static void packets_are_numbered_where_there_is_a_frame(void **state)
{
	(void)state;
	struct records records;
	records_begin(&records, NULL);
	records_open(&records, 5);
	records_receive(&records, 5, 0, "a");
	records_note(&records, PROBE_GONE, 5, 0);
	records_open(&records, 6);
	records_receive(&records, 6, 0, "b");
	assert_int_equal(records.given[0].number, 1);
	assert_int_equal(records.given[1].number, 0);
	assert_int_equal(records.given[1].frame_len, 0);
	assert_int_equal(records.given[2].number, 2);
	records_end(&records);
}

/* ---- ends */

static void an_end_is_reported_once_a_direction(void **state)
{
	(void)state;
	struct records records;
	records_begin(&records, NULL);
	records_open(&records, 5);
	records_receive(&records, 5, 0, "a");
	records_note(&records, PROBE_END, 5, PROBE_RECEIVED);
	records_note(&records, PROBE_END, 5, PROBE_RECEIVED);
	records_note(&records, PROBE_END, 5, 0);
	assert_int_equal(records_count(&records, PROBED_END), 2);
	records_end(&records);
}

static void an_end_of_which_nothing_was_reported_is_none(void **state)
{
	(void)state;
	struct records records;
	records_begin(&records, NULL);
	records_open(&records, 5);
	records_note(&records, PROBE_END, 5, PROBE_RECEIVED);
	assert_int_equal(records_count(&records, PROBED_END), 0);
	records_end(&records);
}

static void a_reset_is_reported_as_one(void **state)
{
	(void)state;
	struct records records;
	records_begin(&records, NULL);
	records_open(&records, 5);
	records_receive(&records, 5, 0, "a");
	records_note(&records, PROBE_RESET, 5, PROBE_RECEIVED);
	assert_int_equal(records_last(&records)->kind, PROBED_RESET);
	records_end(&records);
}

static void a_socket_of_which_nothing_was_reported_goes_without_a_word(void **state)
{
	(void)state;
	struct records records;
	records_begin(&records, NULL);
	records_open(&records, 5);
	records_note(&records, PROBE_GONE, 5, 0);
	assert_int_equal(records.count, 0);
	records_end(&records);
}

static void a_number_that_is_used_again_is_another_socket(void **state)
{
	(void)state;
	struct records records;
	records_begin(&records, NULL);
	records_open(&records, 5);
	records_receive(&records, 5, 0, "a");
	records_open(&records, 5);
	records_receive(&records, 5, 0, "b");
	assert_int_equal(records.count, 3);
	assert_int_equal(records.given[1].kind, PROBED_GONE);
	assert_int_equal(records.given[1].id, records.given[0].id);
	assert_int_not_equal(records.given[2].id, records.given[0].id);
	records_end(&records);
}

static void a_process_that_ends_takes_its_sockets_with_it(void **state)
{
	(void)state;
	struct records records;
	records_begin(&records, NULL);
	records_open(&records, 5);
	records_receive(&records, 5, 0, "a");
	records_note(&records, PROBE_EXIT, 0, 0);
	assert_int_equal(records_count(&records, PROBED_EXIT), 1);
	assert_int_equal(records_count(&records, PROBED_GONE), 1);
	records_receive(&records, 5, 1, "b");
	assert_int_equal(records_count(&records, PROBED_BYTES), 1);
	records_end(&records);
}

static void and_none_of_another_process(void **state)
{
	(void)state;
	struct records records;
	struct probe_open open = records_socket(5);
	records_begin(&records, NULL);
	records_open_as(&records, 5, 8, &open);
	records_receive(&records, 5, 0, "a");
	records_note(&records, PROBE_EXIT, 0, 0);
	assert_int_equal(records_count(&records, PROBED_EXIT), 0);
	records_end(&records);
}

/* ---- both ends are watched */

static void open_client(struct records *records, unsigned short inode, unsigned short server)
{
	struct probe_open open = records_socket(server), client = open;
	memcpy(client.local, open.remote, sizeof client.local);
	memcpy(client.remote, open.local, sizeof client.remote);
	client.local_port = open.remote_port;
	client.remote_port = open.local_port;
	client.is_client = 1;
	records_open_as(records, inode, 8, &client);
}

static void a_connection_of_which_both_ends_are_watched_is_reported_once(void **state)
{
	(void)state;
	struct records records;
	records_begin(&records, NULL);
	records_open(&records, 5);
	open_client(&records, 6, 5);
	records_text(&records, (struct probe_head){.kind = PROBE_BYTES, .socket = 6}, "a");
	records_receive(&records, 5, 0, "a");
	assert_int_equal(records.count, 1);
	assert_true(records.given[0].is_client);
	records_end(&records);
}

/* Which end is announced first is chance: here the one that goes by io_uring, or splice. */
static void an_end_whose_bytes_are_not_seen_does_not_keep_the_other_from_being_reported(void **state)
{
	(void)state;
	for (unsigned char is_marked_first = 0; is_marked_first < 2; is_marked_first++) {
		struct records records;
		records_begin(&records, NULL);
		records_open(&records, 5);
		if (is_marked_first)
			records_note(&records, PROBE_RING, 5, 0);
		open_client(&records, 6, 5);
		records_text(&records, (struct probe_head){.kind = PROBE_BYTES, .socket = 6}, "a");
		records_note(&records, PROBE_RING, 5, 0);
		records_text(&records, (struct probe_head){.kind = PROBE_BYTES, .socket = 6, .offset = 1}, "b");
		assert_int_equal(records.count, 2);
		records_end(&records);
	}
}

static void another_connection_of_the_same_server_is_not_its_other_end(void **state)
{
	(void)state;
	struct records records;
	records_begin(&records, NULL);
	records_open(&records, 5);
	open_client(&records, 6, 9);
	records_text(&records, (struct probe_head){.kind = PROBE_BYTES, .socket = 6}, "a");
	assert_int_equal(records.count, 1);
	records_end(&records);
}

static void the_other_end_of_a_unix_socket_is_known_by_its_number(void **state)
{
	(void)state;
	struct records records;
	struct probe_open server = {.family = 1, .peer = 6}, client = {.family = 1, .peer = 5, .is_client = 1};
	records_begin(&records, NULL);
	records_open_as(&records, 5, 7, &server);
	records_open_as(&records, 6, 8, &client);
	records_text(&records, (struct probe_head){.kind = PROBE_BYTES, .socket = 6}, "a");
	records_receive(&records, 5, 0, "a");
	assert_int_equal(records.count, 1);
	records_end(&records);
}

/* In networks of their own, as containers have them. */
static void of_connections_with_the_same_ends_each_may_be_the_other_end(void **state)
{
	(void)state;
	for (unsigned char tls_first = 0; tls_first < 2; tls_first++) {
		struct records records;
		struct probe_open server = records_socket(9), client = {.family = INET,
		                                                  .local_port = server.remote_port,
		                                                  .remote_port = server.local_port,
		                                                  .is_client = 1};
		memcpy(client.local, server.remote, sizeof client.local);
		memcpy(client.remote, server.local, sizeof client.remote);
		records_begin(&records, NULL);
		server.is_tls = tls_first;
		records_open_as(&records, 5, 7, &server);
		server.is_tls = !tls_first;
		records_open_as(&records, 6, 7, &server);
		records_receive(&records, tls_first ? 6 : 5, 0, "a");
		records_open_as(&records, 7, 8, &client);
		records_text(&records, (struct probe_head){.kind = PROBE_BYTES, .socket = 7}, "a");
		assert_int_equal(records_count(&records, PROBED_BYTES), 1);
		records_note(&records, PROBE_GONE, tls_first ? 6 : 5, 0);
		records_open_as(&records, 7, 8, &client);
		records_text(&records, (struct probe_head){.kind = PROBE_BYTES, .socket = 7}, "a");
		assert_int_equal(records_count(&records, PROBED_BYTES), 2);
		records_end(&records);
	}
}

/* ---- TLS that is not read */

static uint64_t count_unread(const struct records *records, enum probe_unread reason, const char *where)
{
	static struct unread_counts counts;
	probe_table_describe_unread(records->table, reason, &counts);
	assert_string_equal(counts.where, where);
	return counts.connections;
}

static void a_tls_socket_itself_shows_nothing(void **state)
{
	(void)state;
	struct records records;
	records_begin(&records, NULL);
	records_open_tls(&records, 5);
	assert_int_equal(records.count, 0);
	records_end(&records);
}

static void a_tls_socket_that_no_library_was_seen_on_is_counted_by_its_process(void **state)
{
	(void)state;
	struct records records;
	records_begin(&records, NULL);
	records_open_tls(&records, 5);
	assert_int_equal(count_unread(&records, PROBE_UNREAD_TLS, "python (process 7): 1"), 1);
	probe_table_set_library(records.table, 7, PROBE_LIBRARY_RUSTLS);
	records_note(&records, PROBE_GONE, 5, 0);
	records_open_tls(&records, 6);
	assert_int_equal(count_unread(&records, PROBE_UNREAD_TLS, "python (process 7, rustls?): 2"), 2);
	records_end(&records);
}

static void one_that_a_library_was_seen_on_is_not(void **state)
{
	(void)state;
	struct records records;
	records_begin(&records, NULL);
	records_open_tls(&records, 5);
	records_note(&records, PROBE_TLS_READ, 5, 0);
	records_open_tls(&records, 6);
	records_tls(&records, 1, 6, 0, "one");
	assert_int_equal(count_unread(&records, PROBE_UNREAD_TLS, ""), 0);
	records_note(&records, PROBE_GONE, 5, 0);
	records_note(&records, PROBE_GONE, 6, 0);
	assert_int_equal(count_unread(&records, PROBE_UNREAD_TLS, ""), 0);
	records_end(&records);
}

static void bytes_that_no_call_shows_are_reported_of_their_connection(void **state)
{
	(void)state;
	struct records records;
	records_begin(&records, NULL);
	records_open(&records, 5);
	records_open(&records, 6);
	records_note(&records, PROBE_PASSED, 5, 0);
	assert_int_equal(count_unread(&records, PROBE_UNREAD_PASSED, "python (process 7): 1"), 1);
	assert_int_equal(count_unread(&records, PROBE_UNREAD_TLS, ""), 0);
	records_end(&records);
}

static void what_passes_by_io_uring_is_reported_of_its_connection(void **state)
{
	(void)state;
	struct records records;
	records_begin(&records, NULL);
	records_open(&records, 5);
	records_open(&records, 6);
	records_note(&records, PROBE_RING, 6, 0);
	assert_int_equal(count_unread(&records, PROBE_UNREAD_RING, "python (process 7): 1"), 1);
	records_note(&records, PROBE_GONE, 6, 0);
	assert_int_equal(count_unread(&records, PROBE_UNREAD_RING, "python (process 7): 1"), 1);
	assert_int_equal(count_unread(&records, PROBE_UNREAD_PASSED, ""), 0);
	records_end(&records);
}

/* Which end is closed last is chance as well. */
static void nothing_is_missing_of_a_connection_that_its_other_end_shows(void **state)
{
	(void)state;
	for (unsigned char client_ends_first = 0; client_ends_first < 2; client_ends_first++) {
		struct records records;
		records_begin(&records, NULL);
		records_open(&records, 5);
		records_note(&records, PROBE_RING, 5, 0);
		open_client(&records, 6, 5);
		records_text(&records, (struct probe_head){.kind = PROBE_BYTES, .socket = 6}, "a");
		assert_int_equal(count_unread(&records, PROBE_UNREAD_RING, ""), 0);
		records_note(&records, PROBE_GONE, client_ends_first ? 6 : 5, 0);
		records_note(&records, PROBE_GONE, client_ends_first ? 5 : 6, 0);
		assert_int_equal(count_unread(&records, PROBE_UNREAD_RING, ""), 0);
		records_end(&records);
	}
}

static void of_a_connection_that_neither_end_shows_both_are_missing(void **state)
{
	(void)state;
	struct records records;
	records_begin(&records, NULL);
	records_open(&records, 5);
	records_note(&records, PROBE_RING, 5, 0);
	open_client(&records, 6, 5);
	records_note(&records, PROBE_RING, 6, 0);
	assert_int_equal(count_unread(&records, PROBE_UNREAD_RING, "python (process 7): 1; python (process 8): 1"), 2);
	records_end(&records);
}

static void a_process_of_32_bits_is_named(void **state)
{
	(void)state;
	struct records records;
	records_begin(&records, NULL);
	records_give(
	    &records, (struct probe_head){.kind = PROBE_FOREIGN, .process = 9}, "a-name-as-long-as-it-gets", 25);
	assert_int_equal(count_unread(&records, PROBE_UNREAD_BITS, "a-name-as-long- (process 9): 1"), 1);
	records_end(&records);
}

static void processes_beyond_those_that_can_be_named_are_counted(void **state)
{
	(void)state;
	static struct unread_list list;
	static struct unread_counts counts;
	for (uint32_t i = 0; i < UNREAD_PROCESSES + 10; i++)
		unread_add(&list, PROBE_UNREAD_TLS, &(struct process){.id = 4000000 + i, .command = "a-name-of-15-ch"});
	unread_describe(&list, PROBE_UNREAD_TLS, &counts);
	assert_int_equal(counts.connections, UNREAD_PROCESSES + 10);
	assert_true(strlen(counts.where) < UNREAD_WHERE);
	assert_non_null(strstr(counts.where, "; other processes: "));
}

static void processes_of_which_nothing_is_unread_take_no_place(void **state)
{
	(void)state;
	struct records records;
	records_begin(&records, NULL);
	for (uint32_t i = 0; i < 2 * UNREAD_PROCESSES; i++)
		probe_table_set_library(records.table, 1000 + i, PROBE_LIBRARY_OPENSSL);
	probe_table_set_library(records.table, 7, PROBE_LIBRARY_RUSTLS);
	records_open_tls(&records, 5);
	assert_int_equal(count_unread(&records, PROBE_UNREAD_TLS, "python (process 7, rustls?): 1"), 1);
	records_end(&records);
}

/* ---- log lines */

static void give_log(struct records *records, const char *text)
{
	records_text(records, (struct probe_head){.kind = PROBE_LOG, .socket = 2, .process = 7}, text);
}

static void lines_that_matter_are_reported_and_no_others(void **state)
{
	(void)state;
	struct records records;
	records_begin(&records, NULL);
	give_log(&records, "GET / 200\nInvalid transport\nGET / 200\n");
	assert_int_equal(records.count, 1);
	assert_int_equal(records.given[0].kind, PROBED_LOG);
	assert_string_equal(records.given[0].text, "Invalid transport");
	assert_false(records.given[0].has_socket);
	records_end(&records);
}

static void an_exception_that_is_announced_is_reported_whole_and_nothing_behind_it(void **state)
{
	(void)state;
	struct records records;
	records_begin(&records, NULL);
	give_log(&records, "ERROR:asyncio:Task exception was never retrieved\nfuture: <Task 9>\n"
	                   "Traceback (most recent call last):\n  File \"a.py\", line 3, in f\n    raise ValueError\n");
	give_log(&records,
	    "ValueError: first\n\nDuring handling of the above exception, another exception occurred:\n\n"
	    "Traceback (most recent call last):\n  File \"a.py\", line 5, in f\nRuntimeError: second\n"
	    "GET / 200\n  indented\n");
	assert_int_equal(records.count, 10);
	assert_string_equal(records.given[1].text, "future: <Task 9>");
	assert_string_equal(records.given[5].text, "ValueError: first");
	assert_string_equal(records.given[9].text, "RuntimeError: second");
	records_end(&records);
}

static void lines_of_another_process_belong_to_no_exception(void **state)
{
	(void)state;
	struct records records;
	records_begin(&records, NULL);
	give_log(&records, "Traceback (most recent call last):\n");
	records_text(&records, (struct probe_head){.kind = PROBE_LOG, .socket = 2, .process = 8}, "  indented\n");
	records_text(&records, (struct probe_head){.kind = PROBE_LOG, .socket = 1, .process = 7}, "  indented\n");
	assert_int_equal(records.count, 1);
	records_end(&records);
}

static void of_an_exception_without_end_so_many_lines_are_reported(void **state)
{
	(void)state;
	struct records records;
	records_begin(&records, NULL);
	give_log(&records, "Traceback (most recent call last):\n");
	for (int i = 0; i < 2 * LOG_TRACE_LINES; i++) {
		give_log(&records, "  File \"a.py\", line 3, in f\n");
		records.count = records.count > 50 ? 50 : records.count; /* no more are kept */
	}
	give_log(&records, "ValueError: last\n");
	assert_false(strcmp(records_last(&records)->text, "ValueError: last") == 0);
	records_end(&records);
}

static void lines_of_the_pattern_are_reported(void **state)
{
	(void)state;
	struct records records;
	char why[120];
	struct pattern *pattern = pattern_new("slow", why, sizeof why);
	assert_non_null(pattern);
	records_begin(&records, pattern);
	give_log(&records, "a slow query\nanother\n");
	assert_int_equal(records.count, 1);
	records_end(&records);
	pattern_free(pattern);
}

/* ---- records that are not what they say */

static void records_that_are_too_short_are_passed_over(void **state)
{
	(void)state;
	struct records records;
	records_begin(&records, NULL);
	records_open(&records, 5);
	probe_table_take(records.table, slice_of(records.room, sizeof(struct probe_head) - 1));
	records_drain(&records);
	assert_int_equal(records.count, 0);
	records_end(&records);
}

static void a_length_beyond_the_record_is_passed_over(void **state)
{
	(void)state;
	struct records records;
	records_begin(&records, NULL);
	records_open(&records, 5);
	records_text(&records, (struct probe_head){.kind = PROBE_BYTES, .socket = 5, .length = 1000}, "hello");
	assert_int_equal(records.count, 0);
	records_end(&records);
}

static void a_kind_that_is_not_known_is_passed_over(void **state)
{
	(void)state;
	struct records records;
	records_begin(&records, NULL);
	records_open(&records, 5);
	records_note(&records, (enum probe_kind)99, 5, 0);
	assert_int_equal(records.count, 0);
	records_end(&records);
}

static void an_opening_without_its_facts_opens_nothing(void **state)
{
	(void)state;
	struct records records;
	records_begin(&records, NULL);
	records_text(&records, (struct probe_head){.kind = PROBE_OPEN, .socket = 5}, "short");
	records_receive(&records, 5, 0, "a");
	assert_int_equal(records.count, 0);
	records_end(&records);
}

static void the_longest_record_is_taken_whole(void **state)
{
	(void)state;
	static struct records records;
	static uint8_t bytes[PROBE_PIECE];
	records_begin(&records, NULL);
	records_open(&records, 5);
	records_give(&records, (struct probe_head){.kind = PROBE_BYTES, .socket = 5}, bytes, sizeof bytes);
	assert_int_equal(records.given[0].len, PROBE_PIECE);
	assert_int_equal(records.given[0].frame_len, PROBE_PIECE + 40);
	records_end(&records);
}

/* Opens of 400,000 processes whose ends were lost, in a table with room for a megabyte. */
static void of_sockets_whose_ends_were_lost_no_more_are_kept_than_fit(void **state)
{
	(void)state;
	enum { ROOM = 1 << 20, PROCESSES = 400000 };
	const struct probe_settings settings = {.clock_offset = RECORDS_CLOCK, .memory = ROOM};
	struct records records = {.table = probe_table_new(&settings)};
	for (unsigned i = 0; i < PROCESSES; i++) {
		struct probe_open open = records_socket(5);
		records_give(&records, (struct probe_head){.kind = PROBE_OPEN, .socket = 10 + i, .process = i}, &open,
		    sizeof open);
	}
	assert_true(records.table->memory.used <= ROOM / 4 * 5);
	assert_true(probe_table_refused(records.table) > PROCESSES / 2);
	records_end(&records);
}

static void what_ended_makes_room_in_the_table(void **state)
{
	(void)state;
	enum { ROOM = 1 << 16 };
	const struct probe_settings settings = {.clock_offset = RECORDS_CLOCK, .memory = ROOM};
	struct records records = {.table = probe_table_new(&settings)};
	for (unsigned short i = 1; i < 10000; i++) {
		records_open(&records, i);
		records_note(&records, PROBE_GONE, i, 0);
	}
	assert_int_equal(probe_table_refused(records.table), 0);
	records_end(&records);
}

static void streams_that_wait_for_their_socket_hold_no_more_than_fits(void **state)
{
	(void)state;
	enum { ROOM = 1 << 20, STREAMS = 1000 };
	static char bytes[2000];
	const struct probe_settings settings = {.clock_offset = RECORDS_CLOCK, .memory = ROOM};
	struct records records = {.table = probe_table_new(&settings)};
	memset(bytes, 'x', sizeof bytes);
	for (unsigned i = 0; i < STREAMS; i++)
		records_give(&records, (struct probe_head){.kind = PROBE_TLS, .stream = 10 + i, .process = 7}, bytes,
		    sizeof bytes);
	assert_true(records.table->memory.used <= ROOM / 4 * 5);
	assert_true(probe_table_refused(records.table) > 0);
	records_end(&records);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(what_a_followed_socket_received_is_reported),
	    cmocka_unit_test(what_it_sent_is_reported_as_sent_and_with_its_offset),
	    cmocka_unit_test(times_are_put_on_the_clock_of_people),
	    cmocka_unit_test(an_arrival_that_is_not_known_is_none),
	    cmocka_unit_test(a_clock_that_was_set_holds_from_then_on),
	    cmocka_unit_test(a_time_beyond_all_stamps_is_the_last),
	    cmocka_unit_test(a_socket_that_is_not_known_is_not_reported),
	    cmocka_unit_test(packets_are_numbered_where_there_is_a_frame),
	    cmocka_unit_test(an_end_is_reported_once_a_direction),
	    cmocka_unit_test(an_end_of_which_nothing_was_reported_is_none),
	    cmocka_unit_test(a_reset_is_reported_as_one),
	    cmocka_unit_test(a_socket_of_which_nothing_was_reported_goes_without_a_word),
	    cmocka_unit_test(a_number_that_is_used_again_is_another_socket),
	    cmocka_unit_test(a_process_that_ends_takes_its_sockets_with_it),
	    cmocka_unit_test(and_none_of_another_process),
	    cmocka_unit_test(a_connection_of_which_both_ends_are_watched_is_reported_once),
	    cmocka_unit_test(an_end_whose_bytes_are_not_seen_does_not_keep_the_other_from_being_reported),
	    cmocka_unit_test(another_connection_of_the_same_server_is_not_its_other_end),
	    cmocka_unit_test(the_other_end_of_a_unix_socket_is_known_by_its_number),
	    cmocka_unit_test(of_connections_with_the_same_ends_each_may_be_the_other_end),
	    cmocka_unit_test(a_tls_socket_itself_shows_nothing),
	    cmocka_unit_test(a_tls_socket_that_no_library_was_seen_on_is_counted_by_its_process),
	    cmocka_unit_test(one_that_a_library_was_seen_on_is_not),
	    cmocka_unit_test(bytes_that_no_call_shows_are_reported_of_their_connection),
	    cmocka_unit_test(what_passes_by_io_uring_is_reported_of_its_connection),
	    cmocka_unit_test(nothing_is_missing_of_a_connection_that_its_other_end_shows),
	    cmocka_unit_test(of_a_connection_that_neither_end_shows_both_are_missing),
	    cmocka_unit_test(a_process_of_32_bits_is_named),
	    cmocka_unit_test(processes_beyond_those_that_can_be_named_are_counted),
	    cmocka_unit_test(processes_of_which_nothing_is_unread_take_no_place),
	    cmocka_unit_test(lines_that_matter_are_reported_and_no_others),
	    cmocka_unit_test(an_exception_that_is_announced_is_reported_whole_and_nothing_behind_it),
	    cmocka_unit_test(lines_of_another_process_belong_to_no_exception),
	    cmocka_unit_test(of_an_exception_without_end_so_many_lines_are_reported),
	    cmocka_unit_test(lines_of_the_pattern_are_reported),
	    cmocka_unit_test(records_that_are_too_short_are_passed_over),
	    cmocka_unit_test(a_length_beyond_the_record_is_passed_over),
	    cmocka_unit_test(a_kind_that_is_not_known_is_passed_over),
	    cmocka_unit_test(an_opening_without_its_facts_opens_nothing),
	    cmocka_unit_test(the_longest_record_is_taken_whole),
	    cmocka_unit_test(of_sockets_whose_ends_were_lost_no_more_are_kept_than_fit),
	    cmocka_unit_test(what_ended_makes_room_in_the_table),
	    cmocka_unit_test(streams_that_wait_for_their_socket_hold_no_more_than_fits),
	};
	return cmocka_run_group_tests_name("table of probes", tests, NULL, NULL);
}
