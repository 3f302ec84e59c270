/* Content codings: coded bytes in, plain bytes out. */
#include "http/coding.h"

#include "unit.h"

#include <zlib.h>

enum { ZLIB = 15, RAW = -15, GZIP = 31 };

static struct slice deflate_into(struct buffer *out, struct slice plain, int window)
{
	z_stream stream = {0};
	assert_int_equal(deflateInit2(&stream, 6, Z_DEFLATED, window, 8, Z_DEFAULT_STRATEGY), Z_OK);
	assert_true(buffer_reserve(out, deflateBound(&stream, plain.len)));
	stream.next_in = (Bytef *)plain.at;
	stream.avail_in = (uInt)plain.len;
	stream.next_out = out->at;
	stream.avail_out = (uInt)out->room;
	assert_int_equal(deflate(&stream, Z_FINISH), Z_STREAM_END);
	out->len = stream.total_out;
	deflateEnd(&stream);
	return buffer_slice(out);
}

static void assert_decoded(const char *coding, struct slice coded, const char *expected)
{
	struct buffer out;
	buffer_init(&out, BUFFER_NO_LIMIT, NULL);
	assert_int_equal(coding_decode(slice_of_text(coding), coded, &out), CODING_DONE);
	assert_true(slice_equals_text(buffer_slice(&out), expected));
	buffer_free(&out);
}

static void assert_deflated(const char *coding, int window)
{
	struct buffer coded;
	buffer_init(&coded, BUFFER_NO_LIMIT, NULL);
	assert_decoded(coding, deflate_into(&coded, SLICE("hello hello hello"), window), "hello hello hello");
	buffer_free(&coded);
}

static void gzip_is_undone(void **state)
{
	(void)state;
	assert_deflated("gzip", GZIP);
	assert_deflated("X-GZip", GZIP);
}

static void deflate_may_be_wrapped_or_raw(void **state)
{
	(void)state;
	assert_deflated("deflate", ZLIB);
	assert_deflated("deflate", RAW);
}

static void brotli_is_undone(void **state)
{
	(void)state;
	assert_decoded("br", SLICE("\x0b\x02\x80hello\x03"), "hello");
}

static void zstd_is_undone(void **state)
{
	(void)state;
	assert_decoded("zstd", SLICE("\x28\xb5\x2f\xfd\x20\x05\x29\x00\x00hello"), "hello");
}

static void identity_is_as_it_is(void **state)
{
	(void)state;
	assert_true(coding_is_identity(SLICE("")));
	assert_true(coding_is_identity(SLICE(" identity ")));
	assert_false(coding_is_identity(SLICE("identity, gzip")));
	assert_decoded("identity", SLICE("x"), "x");
}

static void the_last_coding_is_undone_first(void **state)
{
	(void)state;
	struct buffer inner, outer;
	buffer_init(&inner, BUFFER_NO_LIMIT, NULL);
	buffer_init(&outer, BUFFER_NO_LIMIT, NULL);
	deflate_into(&inner, SLICE("twice"), ZLIB);
	assert_decoded("deflate, gzip", deflate_into(&outer, buffer_slice(&inner), GZIP), "twice");
	buffer_free(&inner);
	buffer_free(&outer);
}

static void what_is_cut_short_is_given_as_far_as_it_goes(void **state)
{
	(void)state;
	struct buffer coded, out;
	buffer_init(&coded, BUFFER_NO_LIMIT, NULL);
	buffer_init(&out, BUFFER_NO_LIMIT, NULL);
	struct slice whole = deflate_into(
	    &coded, SLICE("a text that is not very short, so that some of it is there"), GZIP);
	assert_int_equal(coding_decode(SLICE("gzip"), slice_take(whole, whole.len - 9), &out), CODING_CUT);
	assert_true(out.len > 0);
	buffer_free(&coded);
	buffer_free(&out);
}

static void a_bomb_is_cut_at_the_limit(void **state)
{
	(void)state;
	struct buffer coded, out;
	uint8_t *zeros = calloc(1, 1 << 20);
	buffer_init(&coded, BUFFER_NO_LIMIT, NULL);
	buffer_init(&out, 1000, NULL);
	struct slice bomb = deflate_into(&coded, slice_of(zeros, 1 << 20), GZIP);
	assert_int_equal(coding_decode(SLICE("gzip"), bomb, &out), CODING_CUT);
	assert_int_equal(out.len, 1000);
	assert_true(out.truncated);
	free(zeros);
	buffer_free(&coded);
	buffer_free(&out);
}

static void what_is_not_what_its_name_says_is_bad(void **state)
{
	(void)state;
	struct buffer out;
	buffer_init(&out, BUFFER_NO_LIMIT, NULL);
	assert_int_equal(coding_decode(SLICE("gzip"), SLICE("plain text"), &out), CODING_BAD);
	assert_int_equal(coding_decode(SLICE("zstd"), SLICE("plain text"), &out), CODING_BAD);
	assert_int_equal(coding_decode(SLICE("gzip,gzip,gzip,gzip,gzip"), SLICE("x"), &out), CODING_BAD);
	buffer_free(&out);
}

static void a_coding_that_nobody_knows_is_said_to_be_unknown(void **state)
{
	(void)state;
	struct buffer out;
	buffer_init(&out, BUFFER_NO_LIMIT, NULL);
	assert_int_equal(coding_decode(SLICE("compress"), SLICE("x"), &out), CODING_UNKNOWN);
	buffer_free(&out);
}

static void a_limit_below_a_step_is_filled_to_the_last_byte(void **state)
{
	(void)state;
	struct buffer coded, out;
	char plain[3000];
	memset(plain, 'x', sizeof plain);
	buffer_init(&coded, BUFFER_NO_LIMIT, NULL);
	buffer_init(&out, 1000, NULL);
	struct slice bytes = deflate_into(&coded, slice_of(plain, sizeof plain), GZIP);
	assert_int_equal(coding_decode(SLICE("gzip"), bytes, &out), CODING_CUT);
	assert_int_equal(out.len, 1000);
	assert_true(out.truncated);
	buffer_free(&out);
	buffer_free(&coded);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(gzip_is_undone),
	    cmocka_unit_test(deflate_may_be_wrapped_or_raw),
	    cmocka_unit_test(brotli_is_undone),
	    cmocka_unit_test(zstd_is_undone),
	    cmocka_unit_test(identity_is_as_it_is),
	    cmocka_unit_test(the_last_coding_is_undone_first),
	    cmocka_unit_test(what_is_cut_short_is_given_as_far_as_it_goes),
	    cmocka_unit_test(a_bomb_is_cut_at_the_limit),
	    cmocka_unit_test(what_is_not_what_its_name_says_is_bad),
	    cmocka_unit_test(a_coding_that_nobody_knows_is_said_to_be_unknown),
	    cmocka_unit_test(a_limit_below_a_step_is_filled_to_the_last_byte),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
