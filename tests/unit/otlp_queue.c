/* What the sender decides: batches, retries, pauses, and what is given up. */
#include "cmd/otlp_queue.h"

#include "unit.h"

#include <stdio.h>
#include <string.h>

enum { SMALL = 1000 };

static struct otlp_queue queue;
static struct buffer body;

static int begin(void **state)
{
	(void)state;
	otlp_queue_init(&queue, 4 << 20);
	buffer_init(&body, BUFFER_NO_LIMIT, NULL);
	return 0;
}

static int end(void **state)
{
	(void)state;
	otlp_queue_free(&queue);
	buffer_free(&body);
	return 0;
}

static void add(enum otlp_signal signal, const char *request)
{
	otlp_queue_add(&queue, signal, slice_of_text(request), 1);
}

/* One of `len` bytes, with `items`. */
static void add_large(enum otlp_signal signal, size_t len, uint64_t items)
{
	char *text = malloc(len + 1);
	snprintf(text, len + 1, "{\"resourceLogs\":[\"%*s\"]}", (int)len - 21, "");
	otlp_queue_add(&queue, signal, slice_of_text(text), items);
	free(text);
}

static void assert_sends(enum otlp_signal signal, const char *wanted)
{
	buffer_clear(&body);
	assert_true(otlp_queue_begin(&queue, signal, &body, 0));
	buffer_append_byte(&body, '\0');
	assert_string_equal((const char *)body.at, wanted);
}

static void settle(enum otlp_signal signal, enum otlp_verdict verdict, int64_t now)
{
	const struct otlp_outcome outcome = {.verdict = verdict, .retry_after = -1, .random = 500};
	otlp_queue_settle(&queue, signal, &outcome, now);
}

static void requests_of_a_signal_go_as_one(void **state)
{
	(void)state;
	add(OTLP_FINDINGS, "{\"resourceLogs\":[{\"a\":[1]}]}");
	add(OTLP_METRICS, "{\"resourceMetrics\":[3]}");
	add(OTLP_FINDINGS, "{\"resourceLogs\":[{\"b\":[2]}]}");
	assert_sends(OTLP_FINDINGS, "{\"resourceLogs\":[{\"a\":[1]},{\"b\":[2]}]}");
	assert_false(otlp_queue_is_due(&queue, OTLP_FINDINGS, 0));
	settle(OTLP_FINDINGS, OTLP_DELIVERED, 0);
	assert_int_equal(queue.delivered[OTLP_FINDINGS], 2);
	assert_false(otlp_queue_is_due(&queue, OTLP_FINDINGS, 0));
	assert_sends(OTLP_METRICS, "{\"resourceMetrics\":[3]}");
	settle(OTLP_METRICS, OTLP_DELIVERED, 0);
	assert_true(otlp_queue_is_empty(&queue));
}

static void a_batch_stays_below_its_bound(void **state)
{
	(void)state;
	for (int i = 0; i < 3; i++)
		add_large(OTLP_FINDINGS, 500 << 10, 1);
	assert_true(otlp_queue_begin(&queue, OTLP_FINDINGS, &body, 0));
	assert_true(body.len <= OTLP_BATCH_BYTES);
	settle(OTLP_FINDINGS, OTLP_DELIVERED, 0);
	assert_int_equal(queue.delivered[OTLP_FINDINGS], 2);
}

static void what_is_to_be_tried_again_stays_and_grows(void **state)
{
	(void)state;
	add(OTLP_FINDINGS, "{\"resourceLogs\":[1]}");
	assert_sends(OTLP_FINDINGS, "{\"resourceLogs\":[1]}");
	settle(OTLP_FINDINGS, OTLP_AGAIN, 100);
	add(OTLP_FINDINGS, "{\"resourceLogs\":[2]}");
	int64_t next = otlp_queue_next(&queue);
	assert_int_equal(next, 100 + TIMESTAMP_SECOND);
	assert_false(otlp_queue_is_due(&queue, OTLP_FINDINGS, next - 1));
	assert_true(otlp_queue_is_due(&queue, OTLP_FINDINGS, next));
	assert_sends(OTLP_FINDINGS, "{\"resourceLogs\":[1,2]}");
	settle(OTLP_FINDINGS, OTLP_AGAIN, 0);
	assert_int_equal(otlp_queue_next(&queue), TIMESTAMP_SECOND * 3 / 2);
	assert_int_equal(queue.dropped[OTLP_FINDINGS][METRICS_DROP_QUEUE], 0);
}

static void pauses_grow_by_half_to_five_seconds(void **state)
{
	(void)state;
	static const int64_t wanted[] = {1000, 1500, 2250, 3375, 5000, 5000};
	for (unsigned i = 0; i < sizeof wanted / sizeof *wanted; i++) {
		assert_int_equal(otlp_backoff(i + 1, 500) / TIMESTAMP_MILLISECOND, wanted[i]);
		assert_int_equal(otlp_backoff(i + 1, 0) / TIMESTAMP_MILLISECOND, wanted[i] * 4 / 5);
		assert_int_equal(otlp_backoff(i + 1, 1000) / TIMESTAMP_MILLISECOND, wanted[i] * 6 / 5);
	}
	assert_int_equal(otlp_backoff(1000000, 500), 5 * TIMESTAMP_SECOND);
}

static void what_the_collector_asks_for_wins_over_the_pause(void **state)
{
	(void)state;
	const struct otlp_outcome outcome = {
	    .verdict = OTLP_AGAIN, .retry_after = 30 * TIMESTAMP_SECOND, .random = 500};
	add(OTLP_FINDINGS, "{\"resourceLogs\":[1]}");
	assert_sends(OTLP_FINDINGS, "{\"resourceLogs\":[1]}");
	otlp_queue_settle(&queue, OTLP_FINDINGS, &outcome, 0);
	otlp_queue_hurry(&queue, 5);
	assert_int_equal(otlp_queue_next(&queue), 30 * TIMESTAMP_SECOND);
}

static void at_the_end_other_pauses_are_over(void **state)
{
	(void)state;
	add(OTLP_FINDINGS, "{\"resourceLogs\":[1]}");
	assert_sends(OTLP_FINDINGS, "{\"resourceLogs\":[1]}");
	settle(OTLP_FINDINGS, OTLP_AGAIN, 0);
	otlp_queue_hurry(&queue, 5);
	assert_int_equal(otlp_queue_next(&queue), 5);
}

/* One field that the collector cannot read refuses a whole request (Collector 0.161). */
static void of_a_refused_batch_only_the_bad_one_is_lost(void **state)
{
	(void)state;
	add(OTLP_FINDINGS, "{\"resourceLogs\":[1]}");
	add(OTLP_FINDINGS, "{\"resourceLogs\":[2]}");
	add(OTLP_FINDINGS, "{\"resourceLogs\":[3]}");
	assert_sends(OTLP_FINDINGS, "{\"resourceLogs\":[1,2,3]}");
	settle(OTLP_FINDINGS, OTLP_REFUSED, 0);
	assert_int_equal(queue.dropped[OTLP_FINDINGS][METRICS_DROP_REFUSED], 0);
	add(OTLP_FINDINGS, "{\"resourceLogs\":[4]}");
	add(OTLP_FINDINGS, "{\"resourceLogs\":[5]}");
	assert_sends(OTLP_FINDINGS, "{\"resourceLogs\":[1]}");
	settle(OTLP_FINDINGS, OTLP_DELIVERED, 0);
	assert_sends(OTLP_FINDINGS, "{\"resourceLogs\":[2]}");
	settle(OTLP_FINDINGS, OTLP_REFUSED, 0);
	assert_sends(OTLP_FINDINGS, "{\"resourceLogs\":[3]}");
	settle(OTLP_FINDINGS, OTLP_DELIVERED, 0);
	assert_sends(OTLP_FINDINGS, "{\"resourceLogs\":[4,5]}");
	settle(OTLP_FINDINGS, OTLP_DELIVERED, 0);
	assert_int_equal(queue.dropped[OTLP_FINDINGS][METRICS_DROP_REFUSED], 1);
	assert_int_equal(queue.delivered[OTLP_FINDINGS], 4);
}

static void a_full_queue_drops_the_oldest(void **state)
{
	(void)state;
	otlp_queue_init(&queue, (size_t)3 * (SMALL + OTLP_REQUEST_OVERHEAD));
	for (uint64_t i = 1; i <= 5; i++)
		add_large(OTLP_TRACES, SMALL, i);
	assert_int_equal(queue.dropped[OTLP_TRACES][METRICS_DROP_QUEUE], 1 + 2);
	assert_true(queue.bytes <= queue.limit);
	otlp_queue_give_up(&queue);
	assert_int_equal(queue.dropped[OTLP_TRACES][METRICS_DROP_EXPIRED], 3 + 4 + 5);
}

static void many_spans_do_not_drive_out_a_finding(void **state)
{
	(void)state;
	otlp_queue_init(&queue, (size_t)4 * (SMALL + OTLP_REQUEST_OVERHEAD));
	add(OTLP_FINDINGS, "{\"resourceLogs\":[1]}");
	for (int i = 0; i < 50; i++)
		add_large(OTLP_TRACES, SMALL, 1);
	assert_int_equal(queue.dropped[OTLP_FINDINGS][METRICS_DROP_QUEUE], 0);
	assert_int_equal(queue.dropped[OTLP_TRACES][METRICS_DROP_QUEUE], 47);
	assert_sends(OTLP_FINDINGS, "{\"resourceLogs\":[1]}");
}

static void what_is_on_its_way_is_not_dropped(void **state)
{
	(void)state;
	otlp_queue_init(&queue, (size_t)2 * (SMALL + OTLP_REQUEST_OVERHEAD));
	add_large(OTLP_TRACES, SMALL, 10);
	add_large(OTLP_TRACES, SMALL, 20);
	assert_true(otlp_queue_begin(&queue, OTLP_TRACES, &body, 0));
	add_large(OTLP_TRACES, SMALL, 40);
	assert_int_equal(queue.dropped[OTLP_TRACES][METRICS_DROP_QUEUE], 40);
	settle(OTLP_TRACES, OTLP_DELIVERED, 0);
	assert_int_equal(queue.delivered[OTLP_TRACES], 30);
	assert_true(otlp_queue_is_empty(&queue));
}

static void without_memory_for_a_batch_it_is_tried_again_later(void **state)
{
	(void)state;
	struct buffer small;
	buffer_init(&small, 10, NULL);
	add(OTLP_FINDINGS, "{\"resourceLogs\":[1]}");
	assert_false(otlp_queue_begin(&queue, OTLP_FINDINGS, &small, 7));
	assert_int_equal(otlp_queue_next(&queue), 7 + TIMESTAMP_SECOND);
	buffer_free(&small);
	assert_sends(OTLP_FINDINGS, "{\"resourceLogs\":[1]}");
}

static void one_that_never_fits_is_dropped_alone(void **state)
{
	(void)state;
	otlp_queue_init(&queue, SMALL);
	add(OTLP_FINDINGS, "{\"resourceLogs\":[1]}");
	add_large(OTLP_FINDINGS, SMALL + 1, 7);
	assert_int_equal(queue.dropped[OTLP_FINDINGS][METRICS_DROP_QUEUE], 7);
	assert_sends(OTLP_FINDINGS, "{\"resourceLogs\":[1]}");
}

static void what_a_partial_success_rejects_is_counted(void **state)
{
	(void)state;
	const struct otlp_outcome outcome = {.verdict = OTLP_DELIVERED, .rejected = 3, .retry_after = -1};
	add_large(OTLP_METRICS, SMALL, 10);
	assert_true(otlp_queue_begin(&queue, OTLP_METRICS, &body, 0));
	otlp_queue_settle(&queue, OTLP_METRICS, &outcome, 0);
	assert_int_equal(queue.dropped[OTLP_METRICS][METRICS_DROP_REFUSED], 3);
	assert_int_equal(queue.delivered[OTLP_METRICS], 7);
}

static void which_answers_are_tried_again(void **state)
{
	(void)state;
	static const long again[] = {0, 429, 502, 503, 504},
	                  never[] = {301, 307, 400, 401, 403, 404, 405, 408, 413, 415, 500, 501, 505};
	for (size_t i = 0; i < sizeof again / sizeof *again; i++)
		assert_int_equal(otlp_judge(again[i]), OTLP_AGAIN);
	for (size_t i = 0; i < sizeof never / sizeof *never; i++)
		assert_int_equal(otlp_judge(never[i]), OTLP_REFUSED);
	assert_int_equal(otlp_judge(200), OTLP_DELIVERED);
	assert_int_equal(otlp_judge(202), OTLP_DELIVERED);
}

#define RETRY(text, now) otlp_read_retry_after(SLICE(text), (now)*TIMESTAMP_SECOND)

static void retry_after_is_seconds_or_a_date(void **state)
{
	(void)state;
	assert_int_equal(RETRY("3", 0), 3 * TIMESTAMP_SECOND);
	assert_int_equal(RETRY(" 0 ", 0), 0);
	assert_int_equal(RETRY("Sun, 06 Nov 1994 08:49:37 GMT", INT64_C(784111770)), 7 * TIMESTAMP_SECOND);
	assert_int_equal(RETRY("Thu, 29 Feb 2024 00:00:00 GMT", INT64_C(1709164799)), TIMESTAMP_SECOND);
	assert_int_equal(RETRY("Sun, 06 Nov 1994 08:49:37 GMT", INT64_C(1784111770)), 0);
	assert_int_equal(RETRY("99999", 0), 3600 * TIMESTAMP_SECOND);
	assert_int_equal(RETRY("Sun, 06 Nov 2094 08:49:37 GMT", 0), 3600 * TIMESTAMP_SECOND);
	assert_int_equal(RETRY("", 0), -1);
	assert_int_equal(RETRY("-1", 0), -1);
	assert_int_equal(RETRY("3 s", 0), -1);
	assert_int_equal(RETRY("06 Nov 1994", 0), -1);
	assert_int_equal(RETRY("Sun, 06 ovD 1994 08:49:37 GMT", 0), -1);
	assert_int_equal(RETRY("Sun, 06 Nov 1994 08:49:37 CET", 0), -1);
}

static void rejected_items_are_read(void **state)
{
	(void)state;
	assert_int_equal(otlp_read_rejected(SLICE("{\"partialSuccess\":{}}"), OTLP_METRICS), 0);
	assert_int_equal(otlp_read_rejected(SLICE("{}"), OTLP_METRICS), 0);
	assert_int_equal(otlp_read_rejected(SLICE("not JSON"), OTLP_METRICS), 0);
	assert_int_equal(
	    otlp_read_rejected(SLICE("{\"partialSuccess\":{\"rejectedDataPoints\":\"12\"}}"), OTLP_METRICS), 12);
	assert_int_equal(
	    otlp_read_rejected(SLICE("{\"partialSuccess\":{\"rejectedLogRecords\":3}}"), OTLP_FINDINGS), 3);
	assert_int_equal(otlp_read_rejected(SLICE("{\"partialSuccess\":{\"rejectedSpans\":3}}"), OTLP_FINDINGS), 0);
	assert_int_equal(otlp_read_rejected(SLICE("{\"partialSuccess\":{\"rejectedSpans\":\"-3\"}}"), OTLP_TRACES), 0);
}

#define TEST(test) cmocka_unit_test_setup_teardown(test, begin, end)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(requests_of_a_signal_go_as_one),
	    TEST(a_batch_stays_below_its_bound),
	    TEST(what_is_to_be_tried_again_stays_and_grows),
	    TEST(pauses_grow_by_half_to_five_seconds),
	    TEST(what_the_collector_asks_for_wins_over_the_pause),
	    TEST(at_the_end_other_pauses_are_over),
	    TEST(of_a_refused_batch_only_the_bad_one_is_lost),
	    TEST(a_full_queue_drops_the_oldest),
	    TEST(many_spans_do_not_drive_out_a_finding),
	    TEST(what_is_on_its_way_is_not_dropped),
	    TEST(without_memory_for_a_batch_it_is_tried_again_later),
	    TEST(one_that_never_fits_is_dropped_alone),
	    TEST(what_a_partial_success_rejects_is_counted),
	    TEST(which_answers_are_tried_again),
	    TEST(retry_after_is_seconds_or_a_date),
	    TEST(rejected_items_are_read),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
