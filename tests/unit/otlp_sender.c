/* What goes to the sender process: it never waits for the pipe, and what is in the pipe is whole. */
#include "cmd/otlp_sender.h"

#include "cmd/otlp_loop.h"
#include "unit.h"

#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { REQUEST = 900000, FRAMES = 12 };

struct place {
	struct otlp_sender sender;
	int reads;
	char *request;
};

static struct place place;

static int begin(void **state)
{
	int ends[2];
	(void)state;
	if (pipe(ends) != 0)
		return 1;
	fcntl(ends[0], F_SETFL, O_NONBLOCK);
	fcntl(ends[1], F_SETFL, O_NONBLOCK);
	place = (struct place){.reads = ends[0], .sender = {.pipe = ends[1]}};
	place.sender.board = calloc(1, sizeof *place.sender.board);
	buffer_init(&place.sender.unsent, 4 << 20, NULL);
	place.request = malloc(REQUEST);
	memset(place.request, 'x', REQUEST);
	return 0;
}

static int end(void **state)
{
	(void)state;
	close(place.reads);
	if (place.sender.pipe >= 0)
		close(place.sender.pipe);
	free(place.sender.board);
	free(place.request);
	buffer_free(&place.sender.unsent);
	return 0;
}

static void take(uint64_t items)
{
	otlp_sender_take(&place.sender, OTLP_TRACES, slice_of(place.request, REQUEST), items);
}

/* All that the pipe gives, as the sender process reads it, now that somebody does. */
static void read_all(struct buffer *out)
{
	ssize_t len;
	buffer_init(out, BUFFER_NO_LIMIT, NULL);
	do {
		otlp_sender_step(&place.sender);
		assert_true(buffer_reserve(out, 65536));
		len = read(place.reads, out->at + out->len, 65536);
		out->len += len > 0 ? (size_t)len : 0;
	} while (len > 0);
}

static void who_does_not_read_is_not_waited_for(void **state)
{
	struct buffer all;
	struct sender_frame frame;
	uint64_t came = 0;
	(void)state;
	for (uint64_t i = 1; i <= FRAMES; i++)
		take(i);
	uint64_t lost = otlp_sender_dropped(&place.sender, OTLP_TRACES, METRICS_DROP_PIPE);
	assert_true(lost > 0);
	assert_int_equal(otlp_sender_dropped(&place.sender, OTLP_FINDINGS, METRICS_DROP_PIPE), 0);
	read_all(&all);
	struct slice rest = buffer_slice(&all);
	while (rest.len >= sizeof frame) {
		memcpy(&frame, rest.at, sizeof frame);
		assert_int_equal(frame.kind, OTLP_TRACES);
		assert_int_equal(frame.len, REQUEST);
		assert_true(rest.len >= sizeof frame + frame.len);
		rest = slice_drop(rest, sizeof frame + frame.len);
		came += frame.items;
	}
	assert_int_equal(rest.len, 0);
	assert_int_equal(came + lost, FRAMES * (FRAMES + 1) / 2);
	buffer_free(&all);
}

static void once_it_is_read_again_nothing_is_lost(void **state)
{
	struct buffer all;
	(void)state;
	for (int i = 0; i < FRAMES; i++)
		take(1);
	uint64_t lost = otlp_sender_dropped(&place.sender, OTLP_TRACES, METRICS_DROP_PIPE);
	read_all(&all);
	buffer_free(&all);
	take(1);
	assert_int_equal(otlp_sender_dropped(&place.sender, OTLP_TRACES, METRICS_DROP_PIPE), lost);
}

static void what_has_no_sender_any_more_is_lost(void **state)
{
	(void)state;
	signal(SIGPIPE, SIG_IGN); /* as main does */
	close(place.reads);
	place.reads = -1;
	take(3);
	take(4);
	assert_true(otlp_sender_dropped(&place.sender, OTLP_TRACES, METRICS_DROP_PIPE) >= 4);
	assert_true(place.sender.pipe < 0);
}

/* One that was killed counts nothing any more. */
static void what_the_sender_says_nothing_of_is_lost(void **state)
{
	(void)state;
	take(5);
	take(6);
	atomic_store(&place.sender.board->delivered[OTLP_TRACES], 4);
	atomic_store(&place.sender.board->dropped[OTLP_TRACES][METRICS_DROP_REFUSED], 2);
	place.sender.process = fork();
	if (!place.sender.process)
		_exit(0);
	otlp_sender_end(&place.sender);
	assert_int_equal(otlp_sender_dropped(&place.sender, OTLP_TRACES, METRICS_DROP_EXPIRED), 5);
	assert_int_equal(otlp_sender_dropped(&place.sender, OTLP_TRACES, METRICS_DROP_REFUSED), 2);
	otlp_sender_end(&place.sender);
	assert_int_equal(otlp_sender_dropped(&place.sender, OTLP_TRACES, METRICS_DROP_EXPIRED), 5);
}

static void each_scrape_is_answered_once(void **state)
{
	(void)state;
	assert_false(otlp_sender_is_asked(&place.sender, METRICS_OPENMETRICS));
	atomic_fetch_add(&place.sender.board->scrapes[METRICS_OPENMETRICS], 1);
	assert_false(otlp_sender_is_asked(&place.sender, METRICS_PROMETHEUS));
	assert_true(otlp_sender_is_asked(&place.sender, METRICS_OPENMETRICS));
	assert_false(otlp_sender_is_asked(&place.sender, METRICS_OPENMETRICS));
}

static void what_the_sender_lost_counts_too(void **state)
{
	(void)state;
	atomic_store(&place.sender.board->dropped[OTLP_FINDINGS][METRICS_DROP_REFUSED], 7);
	assert_int_equal(otlp_sender_dropped(&place.sender, OTLP_FINDINGS, METRICS_DROP_REFUSED), 7);
}

#define TEST(test) cmocka_unit_test_setup_teardown(test, begin, end)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(who_does_not_read_is_not_waited_for),
	    TEST(once_it_is_read_again_nothing_is_lost),
	    TEST(what_has_no_sender_any_more_is_lost),
	    TEST(what_the_sender_says_nothing_of_is_lost),
	    TEST(each_scrape_is_answered_once),
	    TEST(what_the_sender_lost_counts_too),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
