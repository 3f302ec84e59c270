/* What is masked, and what is not. */
#include "base/mask.h"

#include "unit.h"

#include <stdlib.h>

static const struct mask mask = {.salt = 1};

static bool is_secret(const char *key)
{
	return mask_is_secret(&mask, slice_of_text(key));
}

/* The digests as dots. */
static char *undigested(struct buffer *text)
{
	buffer_append_byte(text, '\0');
	for (char *at = (char *)text->at; (at = strstr(at, "masked ")); at += 7)
		memset(at + 7, '.', 6);
	return (char *)text->at;
}

static void assert_text(const char *text, const char *wanted)
{
	struct buffer out;
	buffer_init(&out, BUFFER_NO_LIMIT, NULL);
	mask_write_text(&mask, slice_of_text(text), &out);
	assert_string_equal(undigested(&out), wanted);
	buffer_free(&out);
}

static void assert_json(const char *json, const char *wanted)
{
	struct buffer out;
	struct json_rules rules = mask_rules(&mask);
	buffer_init(&out, BUFFER_NO_LIMIT, NULL);
	assert_true(json_write_value(&out, slice_of_text(json), &rules));
	assert_string_equal(undigested(&out), wanted);
	buffer_free(&out);
}

static void a_key_with_a_secrets_word_is_one(void **state)
{
	(void)state;
	assert_true(
	    is_secret("token") && is_secret("client_token") && is_secret("accessToken") && is_secret("X-Api-Key"));
	assert_true(is_secret("password2") && is_secret("XSRFToken") && is_secret("signing_key"));
	assert_true(is_secret("Authorization") && is_secret("Set-Cookie") && is_secret("password"));
}

static void a_word_that_only_begins_like_one_is_not(void **state)
{
	(void)state;
	assert_false(
	    is_secret("author") || is_secret("tokenizer") || is_secret("key") || is_secret("sid") || is_secret(""));
	assert_false(is_secret("is_authenticated") || is_secret("cookieless"));
}

static void names_of_ones_own_are_added(void **state)
{
	(void)state;
	const struct mask own = {.names = {"room_code"}, .name_count = 1};
	assert_true(mask_is_secret(&own, SLICE("my_roomCode")));
	assert_false(mask_is_secret(&own, SLICE("room")));
}

static void equal_values_have_equal_digests(void **state)
{
	(void)state;
	struct buffer one, two, other;
	buffer_init(&one, 100, NULL);
	buffer_init(&two, 100, NULL);
	buffer_init(&other, 100, NULL);
	mask_write(&mask, SLICE("a"), &one);
	mask_write(&mask, SLICE("a"), &two);
	mask_write(&mask, SLICE("b"), &other);
	assert_true(slice_equals(buffer_slice(&one), buffer_slice(&two)));
	assert_false(slice_equals(buffer_slice(&one), buffer_slice(&other)));
	buffer_free(&one);
	buffer_free(&two);
	buffer_free(&other);
}

static void values_in_json_are_masked_by_their_key(void **state)
{
	(void)state;
	assert_json("{\"token\":\"abc\",\"n\":1}", "{\"token\":\"‹masked ......›\",\"n\":1}");
	assert_json(
	    "{\"pwd\":1234,\"tokens\":[\"a\"]}", "{\"pwd\":\"‹masked ......›\",\"tokens\":\"‹masked ......›\"}");
	assert_json(
	    "{\"token\":null,\"cookie\":\"\",\"auth\":false}", "{\"token\":null,\"cookie\":\"\",\"auth\":false}");
}

static void an_object_under_such_a_key_is_looked_into(void **state)
{
	(void)state;
	assert_json("{\"auth\":{\"user\":\"eve\",\"token\":\"x\"}}",
	    "{\"auth\":{\"user\":\"eve\",\"token\":\"‹masked ......›\"}}");
	assert_text("said {\"auth\": {\"user\": \"eve\"}}", "said {\"auth\": {\"user\": \"eve\"}}");
}

static void query_strings_and_fields_in_text_are_masked(void **state)
{
	(void)state;
	assert_text("/_event/?token=abc-1&EIO=4", "/_event/?token=‹masked ......›&EIO=4");
	assert_text("Authorization: Bearer abc def\r\nHost: x", "Authorization: ‹masked ......›\r\nHost: x");
	assert_text("Cookie: a=b; c=d\nX: y", "Cookie: ‹masked ......›\nX: y");
	assert_text("the page said {\"client_token\": \"abc\", \"n\": 2}",
	    "the page said {\"client_token\": \"‹masked ......›\", \"n\": 2}");
	assert_text("password is wrong; the token was refused", "password is wrong; the token was refused");
	assert_text("token=", "token=");
}

static void a_password_in_an_address_is_masked(void **state)
{
	(void)state;
	assert_text("http://eve:secret@host/x", "http://eve:‹masked ......›@host/x");
	assert_text("http://host:80/a@b", "http://host:80/a@b");
}

static void an_address_in_json_is_looked_into(void **state)
{
	(void)state;
	assert_json("{\"asPath\":\"/x?token=abc&n=1\"}", "{\"asPath\":\"/x?token=‹masked ......›&n=1\"}");
	assert_json("{\"full_raw_path\":\"/plain\"}", "{\"full_raw_path\":\"/plain\"}");
}

static void what_is_masked_already_stays(void **state)
{
	(void)state;
	assert_text("token=‹masked 123456›", "token=‹masked ......›");
	assert_text("a://b:‹masked 123456›@c", "a://b:‹masked ......›@c");
}

static void nothing_is_masked_when_secrets_are_to_be_shown(void **state)
{
	(void)state;
	const struct mask shows = {.shows = true};
	struct buffer out;
	buffer_init(&out, 100, NULL);
	mask_write_text(&shows, SLICE("token=abc"), &out);
	assert_true(slice_equals_text(buffer_slice(&out), "token=abc"));
	buffer_free(&out);
}

static void what_a_key_meant_is_remembered_for_no_other_key(void **state)
{
	(void)state;
	struct mask_memory memory;
	mask_memory_init(&memory);
	const struct mask remembering = {.salt = 1, .memory = &memory};
	for (int i = 0; i < 2; i++) {
		assert_true(mask_is_secret(&remembering, SLICE("begin_of_token_and_its_end")));
		assert_false(mask_is_secret(&remembering, SLICE("begin_of_other_and_its_end")));
		assert_true(mask_is_secret(&remembering, SLICE("jwt")));
		assert_false(mask_is_secret(&remembering, SLICE("jot")));
		assert_true(mask_is_secret(&remembering, SLICE("token")));
	}
}

/* Of all lengths, and each with one byte that differs: more keys than are remembered. */
static void what_is_remembered_is_what_is_read(void **state)
{
	(void)state;
	struct mask_memory memory;
	mask_memory_init(&memory);
	const struct mask reading = {.salt = 1}, remembering = {.salt = 1, .memory = &memory};
	const struct slice words = SLICE("token_or_other_text_of_a_key_that_ends_with_password");
	for (int i = 0; i < 2; i++)
		for (size_t begin = 0; begin < words.len; begin++)
			for (size_t len = 0; len <= words.len - begin; len++) {
				struct slice key = slice_of(words.at + begin, len);
				assert_int_equal(mask_is_secret(&remembering, key), mask_is_secret(&reading, key));
			}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_key_with_a_secrets_word_is_one),
	    cmocka_unit_test(a_word_that_only_begins_like_one_is_not),
	    cmocka_unit_test(names_of_ones_own_are_added),
	    cmocka_unit_test(equal_values_have_equal_digests),
	    cmocka_unit_test(values_in_json_are_masked_by_their_key),
	    cmocka_unit_test(an_object_under_such_a_key_is_looked_into),
	    cmocka_unit_test(query_strings_and_fields_in_text_are_masked),
	    cmocka_unit_test(a_password_in_an_address_is_masked),
	    cmocka_unit_test(an_address_in_json_is_looked_into),
	    cmocka_unit_test(what_is_masked_already_stays),
	    cmocka_unit_test(what_a_key_meant_is_remembered_for_no_other_key),
	    cmocka_unit_test(what_is_remembered_is_what_is_read),
	    cmocka_unit_test(nothing_is_masked_when_secrets_are_to_be_shown),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
