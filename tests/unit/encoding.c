/* Base64, both ways. */
#include "base/encoding.h"

#include "unit.h"

static void assert_text(const struct buffer *buffer, const char *text)
{
	assert_int_equal(buffer->len, strlen(text));
	assert_memory_equal(buffer->at, text, buffer->len);
}

static void assert_written(const char *bytes, const char *text)
{
	struct buffer out;
	buffer_init(&out, BUFFER_NO_LIMIT, NULL);
	assert_true(buffer_append_text(&out, ">"));
	assert_true(base64_write(&out, slice_of_text(bytes)));
	buffer_drop_front(&out, 1);
	assert_text(&out, text);
	buffer_free(&out);
}

static void assert_read(const char *text, const char *bytes)
{
	struct buffer out;
	buffer_init(&out, BUFFER_NO_LIMIT, NULL);
	assert_true(buffer_append_text(&out, ">"));
	assert_true(base64_read(&out, slice_of_text(text)));
	buffer_drop_front(&out, 1);
	assert_text(&out, bytes);
	buffer_free(&out);
}

static void assert_refused(const char *text)
{
	struct buffer out;
	buffer_init(&out, BUFFER_NO_LIMIT, NULL);
	assert_true(buffer_append_text(&out, "kept"));
	assert_false(base64_read(&out, slice_of_text(text)));
	assert_text(&out, "kept");
	buffer_free(&out);
}

static void the_rfc_vectors_are_written(void **state)
{
	(void)state;
	assert_written("", "");
	assert_written("f", "Zg==");
	assert_written("fo", "Zm8=");
	assert_written("foo", "Zm9v");
	assert_written("foob", "Zm9vYg==");
	assert_written("fooba", "Zm9vYmE=");
	assert_written("foobar", "Zm9vYmFy");
}

static void the_rfc_vectors_are_read(void **state)
{
	(void)state;
	assert_read("", "");
	assert_read("Zg==", "f");
	assert_read("Zm8=", "fo");
	assert_read("Zm9v", "foo");
	assert_read("Zm9vYg==", "foob");
	assert_read("Zm9vYmE=", "fooba");
	assert_read("Zm9vYmFy", "foobar");
}

static void padding_may_be_missing(void **state)
{
	(void)state;
	assert_read("Zg", "f");
	assert_read("Zm9vYmE", "fooba");
}

static void both_alphabets_are_read(void **state)
{
	(void)state;
	assert_read("+/+/", "\xfb\xff\xbf");
	assert_read("-_-_", "\xfb\xff\xbf");
}

static void what_is_not_base64_is_refused_and_leaves_nothing(void **state)
{
	(void)state;
	assert_refused("Z");
	assert_refused("Zm9vZ");
	assert_refused("Zm9vZm 9");
	assert_refused("Zg===");
	assert_refused("Zg==Zg==");
	assert_refused("Zm9v\x80m9v");
}

static void every_byte_survives_both_ways(void **state)
{
	(void)state;
	uint8_t all[256];
	for (size_t i = 0; i < sizeof all; i++)
		all[i] = (uint8_t)i;
	struct buffer text, bytes;
	buffer_init(&text, BUFFER_NO_LIMIT, NULL);
	buffer_init(&bytes, BUFFER_NO_LIMIT, NULL);
	assert_true(base64_write(&text, slice_of(all, sizeof all)));
	assert_true(base64_read(&bytes, buffer_slice(&text)));
	assert_int_equal(bytes.len, sizeof all);
	assert_memory_equal(bytes.at, all, sizeof all);
	buffer_free(&text);
	buffer_free(&bytes);
}

static void a_full_buffer_refuses_and_says_so(void **state)
{
	(void)state;
	struct buffer out;
	buffer_init(&out, 7, NULL);
	assert_false(base64_write(&out, SLICE("foob")));
	assert_true(out.truncated);
	assert_int_equal(out.len, 0);
	assert_true(base64_read(&out, SLICE("Zm9vYmFyZg")));
	buffer_clear(&out);
	assert_false(base64_read(&out, SLICE("Zm9vYmFyZm8")));
	assert_true(out.truncated);
	buffer_free(&out);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(the_rfc_vectors_are_written),
	    cmocka_unit_test(the_rfc_vectors_are_read),
	    cmocka_unit_test(padding_may_be_missing),
	    cmocka_unit_test(both_alphabets_are_read),
	    cmocka_unit_test(what_is_not_base64_is_refused_and_leaves_nothing),
	    cmocka_unit_test(every_byte_survives_both_ways),
	    cmocka_unit_test(a_full_buffer_refuses_and_says_so),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
