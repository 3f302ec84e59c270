/* permessage-deflate: what a message may refer to, and what is lost with one. */
#include "http/inflater.h"

#include "unit.h"

#include <string.h>

/* A sender that keeps its window, and a reader. */
struct pipe {
	z_stream deflater;
	struct inflater inflater;
	struct buffer read;
	uint8_t sent[256];
};

static int begin_pipe(void **state)
{
	struct pipe *pipe = calloc(1, sizeof *pipe);
	if (!pipe)
		return -1;
	inflater_init(&pipe->inflater, true, NULL);
	buffer_init(&pipe->read, 1024, NULL);
	*state = pipe;
	return deflateInit2(&pipe->deflater, 9, Z_DEFLATED, -15, 8, Z_DEFAULT_STRATEGY) == Z_OK ? 0 : -1;
}

static int end_pipe(void **state)
{
	struct pipe *pipe = *state;
	deflateEnd(&pipe->deflater);
	inflater_free(&pipe->inflater);
	buffer_free(&pipe->read);
	free(pipe);
	return 0;
}

/* A message as it is sent (RFC 7692 §7.2.1): without the last four bytes. */
static struct slice deflate_message(struct pipe *pipe, const char *text)
{
	pipe->deflater.next_in = (z_const Bytef *)text;
	pipe->deflater.avail_in = (uInt)strlen(text);
	pipe->deflater.next_out = pipe->sent;
	pipe->deflater.avail_out = sizeof pipe->sent;
	assert_int_equal(deflate(&pipe->deflater, Z_SYNC_FLUSH), Z_OK);
	return slice_of(pipe->sent, sizeof pipe->sent - pipe->deflater.avail_out - 4);
}

static bool read_message(struct pipe *pipe, struct slice bytes)
{
	bool truncated = false;
	buffer_clear(&pipe->read);
	assert_true(inflater_begin_message(&pipe->inflater));
	inflater_add(&pipe->inflater, bytes, &pipe->read, &truncated);
	return inflater_end_message(&pipe->inflater);
}

static void assert_reads(struct pipe *pipe, const char *text)
{
	assert_true(read_message(pipe, deflate_message(pipe, text)));
	assert_true(slice_equals_text(buffer_slice(&pipe->read), text));
}

#define FIRST "a text that is long enough to be referred to"
#define SECOND "another, of which nothing was seen before now"

static void a_message_may_refer_to_those_before(void **state)
{
	struct pipe *pipe = *state;
	assert_reads(pipe, FIRST);
	size_t len = deflate_message(pipe, FIRST).len;
	assert_true(len < sizeof FIRST / 2);
	assert_true(read_message(pipe, slice_of(pipe->sent, len)));
	assert_true(slice_equals_text(buffer_slice(&pipe->read), FIRST));
}

/* Else it would be read as what stood so far back before the loss. */
static void a_message_that_refers_to_what_was_lost_is_not_read(void **state)
{
	struct pipe *pipe = *state;
	assert_reads(pipe, FIRST);
	deflate_message(pipe, SECOND);
	inflater_lose_context(&pipe->inflater);
	assert_false(read_message(pipe, deflate_message(pipe, SECOND)));
}

static void after_a_loss_a_message_that_refers_to_nothing_is_read(void **state)
{
	struct pipe *pipe = *state;
	assert_reads(pipe, FIRST);
	inflater_lose_context(&pipe->inflater);
	assert_int_equal(deflateReset(&pipe->deflater), Z_OK);
	assert_reads(pipe, SECOND);
}

static void without_takeover_no_message_refers_to_another(void **state)
{
	struct pipe *pipe = *state;
	inflater_init(&pipe->inflater, false, NULL);
	for (int i = 0; i < 2; i++) {
		assert_int_equal(deflateReset(&pipe->deflater), Z_OK);
		assert_reads(pipe, FIRST);
	}
	assert_false(read_message(pipe, deflate_message(pipe, FIRST)));
}

/* A block of fixed codes that has no end: what is put behind a message ends it, and begins another block. */
static void a_message_that_ends_within_a_block_is_broken(void **state)
{
	assert_false(read_message(*state, SLICE("\x02")));
}

#define IN_PIPE(test) cmocka_unit_test_setup_teardown(test, begin_pipe, end_pipe)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    IN_PIPE(a_message_may_refer_to_those_before),
	    IN_PIPE(a_message_that_refers_to_what_was_lost_is_not_read),
	    IN_PIPE(after_a_loss_a_message_that_refers_to_nothing_is_read),
	    IN_PIPE(without_takeover_no_message_refers_to_another),
	    IN_PIPE(a_message_that_ends_within_a_block_is_broken),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
