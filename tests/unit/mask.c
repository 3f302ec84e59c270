/* What is masked, and what is not. */
#include "base/mask.h"

#include "unit.h"

#include <stdlib.h>
#include <time.h>

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

static void assert_named_json(const char *named, const char *json, const char *wanted)
{
	struct buffer out;
	buffer_init(&out, BUFFER_NO_LIMIT, NULL);
	if (!mask_write_json(&mask, slice_of_text(json), slice_of_text(named), &out))
		buffer_append_text(&out, json);
	assert_string_equal(undigested(&out), wanted);
	buffer_free(&out);
}

static void assert_json(const char *json, const char *wanted)
{
	assert_named_json("", json, wanted);
}

static void assert_json_stays(const char *json)
{
	assert_json(json, json);
}

static void assert_text_stays(const char *text)
{
	assert_text(text, text);
}

#define M "‹masked ......›"

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

static void a_value_is_found_in_the_forms_of_other_languages(void **state)
{
	(void)state;
	assert_text("<u><password>ab</password></u>", "<u><password>" M "</password></u>");
	assert_text("<wsse:Password Type=\"t\">ab</wsse:Password>", "<wsse:Password Type=\"t\">" M "</wsse:Password>");
	assert_text(
	    "\\u003cpassword\\u003eab\\u003c/password\\u003e", "\\u003cpassword\\u003e" M "\\u003c/password\\u003e");
	assert_text("&lt;password&gt;ab&lt;/password&gt;", "&lt;password&gt;" M "&lt;/password&gt;");
	assert_text("<password>ab", "<password>" M);
	assert_text_stays("login <user> <password> to enter");
	assert_text_stays("<password/>then<b>x</b>");
	assert_text("{&#x22;token&#X22;:&#x22;ab&#x22;}", "{&#x22;token&#X22;:&#x22;" M "&#x22;}");
	assert_text("password = '''a'b'''; x", "password = '''" M "'''; x");
	assert_text("password: \"\", user: \"a\"", "password: \"\", user: \"a\"");
	assert_text("password: |\n  ab\n  cd\nuser: a", "password: |\n" M "\nuser: a");
	assert_text("password: >-\\n  ab\\nuser: a", "password: >-\\n" M "\\nuser: a");
	assert_text(
	    "form-data; name=\"password\"\r\n\r\na b\r\n--x", "form-data; name=\"password\"\r\n\r\n" M "\r\n--x");
	assert_text_stays("form-data; name=\"city\"\r\n\r\na b\r\n--x");
	assert_text("a:2:{s:8:\"password\";s:2:\"ab\";s:3:\"pin\";i:1234;}",
	    "a:2:{s:8:\"password\";s:2:\"" M "\";s:3:\"pin\";i:" M ";}");
	assert_text_stays("a:1:{s:4:\"city\";s:2:\"ab\";}");
	assert_text("password\uff1aab, x", "password\uff1a" M ", x");
	assert_text("password\xef\xbc\x9a ab", "password\xef\xbc\x9a " M);
	assert_text("password\xc2\xa0: ab", "password\xc2\xa0: " M);
	assert_text("the password is: ab12cd3", "the password is: " M);
	assert_text("secret -> ab12cd3", "secret -> " M);
	assert_text_stays("token -> user");
	assert_text("senha=ab&mot_de_passe=cd", "senha=" M "&mot_de_passe=" M);
	assert_text("say sk-proj-a1B2c3D4e5F6 twice", "say " M " twice");
}

/* Ƥ and Ĥ begin with bytes that announce bytes in MessagePack. */
static void what_looks_like_messagepack_in_a_string_leaves_its_escapes_whole(void **state)
{
	(void)state;
	assert_json_stays("[\"sessionIDƤ\\u0001+\\\"y\\u0001Y\"]");
	assert_json_stays("[\"a token\\fVJZN1o0MnhR\", \"token\\ud83d\\ude00VJZN1o0MnhR\"]");
	/* 163 of them and half an escape would be 164 bytes. */
#define TEN "abcdefghij"
#define FIFTY TEN TEN TEN TEN TEN
	assert_json("[\"passwordĤ" FIFTY FIFTY FIFTY TEN "abc\\\"z\"]", "[\"passwordĤ" M "z\"]");
}

static void the_proof_of_a_digest_is_a_secret(void **state)
{
	(void)state;
	assert_text("sent Digest username=\"a\", uri=\"/x\", response=\"6629fae4\", qop=auth",
	    "sent Digest username=\"a\", uri=\"/x\", response=\"" M "\", qop=auth");
	assert_text(
	    "Digest username = \"a\", response = \"6629fae4\"", "Digest username = \"a\", response = \"" M "\"");
	assert_text_stays("response=\"6629fae4\"");
	assert_text_stays("a digest of the news, and the response: fine");
}

static void the_password_of_a_login_on_a_command_line_is_a_secret(void **state)
{
	(void)state;
	assert_text("curl -u alice:ab http://h/", "curl -u alice:" M " http://h/");
	assert_text("curl --user 'alice:ab' http://h/", "curl --user 'alice:" M "' http://h/");
	assert_text("{\"cmd\":\"curl -U \\\"alice:ab\\\" h\"}", "{\"cmd\":\"curl -U \\\"alice:" M "\\\" h\"}");
	assert_text("curl -u 'alice:a b' http://h/", "curl -u 'alice:" M "' http://h/");
	assert_text("curl -sSu alice:ab http://h/", "curl -sSu alice:" M " http://h/");
	assert_text_stays("docker run -u 1000:1000 x");
	assert_text_stays("date -u +%H:%M");
	assert_text_stays("tail -nu a:b");
	assert_text_stays("python -u server.py");
}

/* What is looked for behind each of many names, and does not end, is none of them. */
static void a_text_of_names_without_an_end_takes_time_in_proportion(void **state)
{
	static const char *const units[] = {"code=", "pin:", "key\xef\xbc\x9a", "basic+", "eyJ+",
	    "-u=", "name=\"password\"", "name\xdb\xff\xff\xff\xff", "value\xdb\xff\xff\xff\xff", "key=|\n ",
	    "\"key\";s:1:", "/basic", "bearer\\", "QUJD//cookie\\", "s:3:response@code%3d", "-u)"};
	(void)state;
	for (size_t i = 0; i < sizeof units / sizeof *units; i++) {
		struct buffer text, out;
		buffer_init(&text, BUFFER_NO_LIMIT, NULL);
		buffer_init(&out, BUFFER_NO_LIMIT, NULL);
		while (text.len < 1 << 18)
			buffer_append_text(&text, units[i]);
		buffer_append_byte(&text, 'x');
		clock_t before = clock();
		mask_write_text(&mask, buffer_slice(&text), &out);
		/* A minute without a bound, a twentieth of a second with it. */
		assert_true(clock() - before < 10 * CLOCKS_PER_SEC);
		buffer_free(&text);
		buffer_free(&out);
	}
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
	    "{\"pwd\":1234,\"tokens\":[\"a\"]}", "{\"pwd\":\"‹masked ......›\",\"tokens\":[\"‹masked ......›\"]}");
	assert_json(
	    "{\"token\":null,\"cookie\":\"\",\"auth\":false}", "{\"token\":null,\"cookie\":\"\",\"auth\":false}");
}

static void all_within_an_object_or_array_under_such_a_key_is_a_secret(void **state)
{
	(void)state;
	assert_json("{\"auth\":{\"user\":\"eve\",\"deep\":[{\"n\":5}],\"ok\":true,\"no\":null}}",
	    "{\"auth\":{\"user\":\"" M "\",\"deep\":[{\"n\":\"" M "\"}],\"ok\":true,\"no\":null}}");
	assert_text("said {\"auth\": {\"user\": \"e}ve\"}} to", "said {\"auth\": " M "} to");
	assert_json("{\"tokens\":{\"3fa9c1d2e4\":1}}", "{\"tokens\":{\"" M "\":1}}");
}

static void each_name_that_is_listed_is_known_however_it_is_spelt(void **state)
{
	(void)state;
	static const char *const whole[] = {"sessionID", "sessionId", "session_id", "passWord", "mypassword",
	    "userPassword", "PASSWORD", "passcode", "pw", "hmac", "connect.sid", "PHPSESSID", "JSESSIONID",
	    "ASP.NET_SessionId", "ssh_key", "privateKey", "cvv", "card_number", "cardNumber", "ssn", "mfa", "otp",
	    "authn", "usertoken", "accesstoken", "X-Amz-Credential", "X-Api-Key", "myapikey", "HTTP_COOKIE",
	    "Set-Cookie", "to\\u006ben", "%74oken", "auth[x]", "pass", "auth_token_rx_state_"};
	static const char *const random[] = {"code", "pin", "signature", "sig", "X-Amz-Signature", "nonce", "refresh",
	    "session", "sess", "token_type", "max_tokens", "key"};
	static const char *const none[] = {"compass", "spin", "monkey", "design", "decode", "session_idle",
	    "public_key", "sec-websocket-key", "cookieless", "mistakes", "tokenize"};
	char text[200];
	for (size_t i = 0; i < sizeof whole / sizeof *whole; i++) {
		snprintf(text, sizeof text, "%s=hunter", whole[i]);
		if (!mask_text_holds(&mask, slice_of_text(text)) || !is_secret(whole[i]))
			fail_msg("%s is no secret's name", whole[i]);
	}
	for (size_t i = 0; i < sizeof random / sizeof *random; i++) {
		snprintf(text, sizeof text, "%s=q7w8e9r0t1z2u3i4", random[i]);
		if (!mask_text_holds(&mask, slice_of_text(text)))
			fail_msg("%s shows what looks like a secret", random[i]);
		snprintf(text, sizeof text, "%s=hunter", random[i]);
		if (mask_text_holds(&mask, slice_of_text(text)))
			fail_msg("%s hides a word", random[i]);
	}
	for (size_t i = 0; i < sizeof none / sizeof *none; i++) {
		snprintf(text, sizeof text, "%s=q7w8e9r0t1z2u3i4", none[i]);
		if (mask_text_holds(&mask, slice_of_text(text)))
			fail_msg("%s is taken for a secret's name", none[i]);
	}
}

static void ordinary_values_stay(void **state)
{
	(void)state;
	assert_json_stays("{\"code\":404,\"pin\":{\"lat\":1.5},\"session\":1,\"tokens\":1200,\"max_tokens\":100}");
	assert_json_stays(
	    "{\"code\":\"ECONNRESET\",\"key\":\"row-12345678\",\"signature\":\"f(a, b)\",\"pin\":\"red\"}");
	assert_json_stays(
	    "{\"code\":\"Digit1\",\"token_type\":\"bearer\",\"token_expires\":\"2026-11-23T11:54:09.006200000Z\"}");
	assert_json_stays("{\"token\":null,\"auth\":false,\"password\":\"\",\"fields\":[\"password\",\"token\"]}");
	assert_text_stays(
	    "status code: 404, close code=1006, sig: (a, b) -> int, 3 tokens left, namespace /secret: refused");
	assert_text_stays("the token is missing; password wrong; author: eve; http://host:80/a@b; a key to the door");
	assert_text_stays("EIO=4&transport=polling&sid=q7w8e9r0t1z2u3i4AAAB&t=OxK9f2a");
}

static void what_looks_like_a_secret_is_one_without_a_name(void **state)
{
	(void)state;
	assert_text("x eyJhbGciOi.q7w8e9 y", "x " M " y");
	assert_text("sent Bearer q7w8e9r0 on", "sent Bearer " M " on");
	assert_text("with bearer%20q7w8e9r0&x", "with bearer%20" M "&x");
	assert_text("ghp_16C7e42F292c6912E7710c838347Ae178B4a", M);
	assert_text("-----BEGIN RSA PRIVATE KEY-----\nMIIE\n-----END RSA", M "-----END RSA");
	assert_text("the bearer of this and Basic English", "the bearer of this and Basic English");
}

static void a_name_in_prose_hides_what_looks_like_a_secret(void **state)
{
	(void)state;
	assert_text("token is q7w8e9r0, password hunter2", "token is " M ", password " M);
	assert_text("data.password is \"swordfish\"", "data.password is \"" M "\"");
}

static void pairs_name_their_second(void **state)
{
	(void)state;
	assert_json("[[\"authorization\",\"x y\"],[\"cookie\",\"a\"],[\"host\",\"a\"]]",
	    "[[\"authorization\",\"" M "\"],[\"cookie\",\"" M "\"],[\"host\",\"a\"]]");
	assert_json("[\"Host\",\"a\",\"Cookie\",\"x\",\"Accept\",\"b\"]",
	    "[\"Host\",\"a\",\"Cookie\",\"" M "\",\"Accept\",\"b\"]");
	assert_json("{\"name\":\"cookie\",\"value\":\"x\"}", "{\"name\":\"cookie\",\"value\":\"" M "\"}");
	assert_json("{\"value\":\"x\",\"name\":\"cookie\"}", "{\"value\":\"" M "\",\"name\":\"cookie\"}");
	assert_text("[(b'cookie', b's=x'), (b'host', b'a')]", "[(b'cookie', b'" M "'), (b'host', b'a')]");
	assert_text("{'name': 'token', 'value': 'x'}", "{'name': 'token', 'value': '" M "'}");
	assert_text("{\"value\": \"x\", \"name\": \"token\"}", "{\"value\": \"" M "\", \"name\": \"token\"}");
	assert_json("{\"name\":\"_set_local_storage\",\"payload\":{\"key\":\"auth_token\",\"value\":\"x\"}}",
	    "{\"name\":\"_set_local_storage\",\"payload\":{\"key\":\"auth_token\",\"value\":\"" M "\"}}");
	assert_json("{\"name\":\"_set_cookie\",\"payload\":{\"key\":\"theme\",\"value\":\"x\"}}",
	    "{\"name\":\"_set_cookie\",\"payload\":{\"key\":\"theme\",\"value\":\"" M "\"}}");
}

static void an_events_name_names_its_arguments(void **state)
{
	(void)state;
	assert_json("{\"type\":\"event\",\"name\":\"token\",\"data\":[\"x\",5]}",
	    "{\"type\":\"event\",\"name\":\"token\",\"data\":[\"" M "\",\"" M "\"]}");
	assert_named_json("token", "[\"x\"]", "[\"" M "\"]");
	assert_json_stays("{\"type\":\"event\",\"name\":\"auth_state.on_load\",\"data\":[\"x\"]}");
	assert_json("{\"type\":\"connect\",\"data\":\"x\"}", "{\"type\":\"connect\",\"data\":\"" M "\"}");
}

static void texts_within_strings_are_looked_into(void **state)
{
	(void)state;
	assert_json("[\"{\\\"token\\\":\\\"x\\\"}\"]", "[\"{\\\"token\\\":\\\"" M "\\\"}\"]");
	assert_json("[\"{\\\\\\\"token\\\\\\\":\\\\\\\"a\\\\\\\\\\\"b\\\\\\\"}\"]",
	    "[\"{\\\\\\\"token\\\\\\\":\\\\\\\"" M "\\\\\\\"}\"]");
	assert_json("[\"Cookie: a=1\\nSet-Cookie: x=y\"]", "[\"Cookie: " M "\\nSet-Cookie: " M "\"]");
	assert_json(
	    "[\"token\\u003dx\",\"postgres://u:p/w@h/db\"]", "[\"token\\u003d" M "\",\"postgres://u:" M "@h/db\"]");
	assert_text(
	    "to%6ben=x&%74%6f%6b%65%6e=y&auth%5Btoken%5D=z", "to%6ben=" M "&%74%6f%6b%65%6e=" M "&auth%5Btoken%5D=" M);
	assert_text("q=%257B%2522token%2522%253A%2522x%2522%257D&y", "q=" M "&y");
}

static void encoded_texts_are_decoded(void **state)
{
	(void)state;
	assert_text("data eyJ0b2tlbiI6IkNBTkFSWSJ9 x", "data " M " x"); /* {"token":"CANARY"} */
	assert_text("a/eyJ0b2tlbiI6IkNBTkFSWSJ9", M);
	assert_text("7b22746f6b656e223a2243414e415259227d", M);
	assert_json(
	    "[{\"$binary\":\"AHRva2VuPUNBTkFSWQ==\"}]", "[{\"$binary\":\"AHRva2VuPeKAuW1hc2tlZCA5NWI0NzDigLo=\"}]");
	assert_json_stays("[{\"$binary\":\"AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8gISIjJCUmJygpKissLS4v\"}]");
	assert_text("\x81\xa5token\xa6"
	            "CANARY\xa1x",
	    "\x81\xa5token\xa6" M "\xa1x"); /* MessagePack */
}

static void bytes_keep_their_places(void **state)
{
	(void)state;
	uint8_t bytes[] = "a token=CANARY b";
	mask_fill_bytes(&mask, bytes, sizeof bytes - 1);
	assert_string_equal((char *)bytes, "a token=****** b");
}

static void json_that_is_cut_is_masked_to_its_end(void **state)
{
	(void)state;
	assert_json("{\"token\":\"abc", "{\"token\":\"" M);
	assert_named_json("password", "\"abc", "\"" M);
}

static void what_steers_a_terminal_is_shown_as_escapes(void **state)
{
	(void)state;
	struct buffer out;
	buffer_init(&out, BUFFER_NO_LIMIT, NULL);
	mask_write_visible(&mask, SLICE("a\xe2\x80\xae\x1b[\xc2\x9b\xf3\xa0\x81\x81\xff\n token=x é"), &out);
	assert_string_equal(undigested(&out), "a\\u202e\\u001b[\\u009b\\udb40\\udc41\\xff\\n token=" M " é");
	buffer_clear(&out);
	mask_write_visible(&mask, SLICE("\u3164\u115f\u034f\U000e0100\ufffe\uffff❤\ufe0f\ufffd葛"), &out);
	assert_string_equal(undigested(&out), "\\u3164\\u115f\\u034f\\udb40\\udd00\\ufffe\\uffff❤\ufe0f\ufffd葛");
	buffer_free(&out);
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
	    cmocka_unit_test(a_value_is_found_in_the_forms_of_other_languages),
	    cmocka_unit_test(what_looks_like_messagepack_in_a_string_leaves_its_escapes_whole),
	    cmocka_unit_test(the_proof_of_a_digest_is_a_secret),
	    cmocka_unit_test(a_text_of_names_without_an_end_takes_time_in_proportion),
	    cmocka_unit_test(the_password_of_a_login_on_a_command_line_is_a_secret),
	    cmocka_unit_test(names_of_ones_own_are_added),
	    cmocka_unit_test(equal_values_have_equal_digests),
	    cmocka_unit_test(values_in_json_are_masked_by_their_key),
	    cmocka_unit_test(all_within_an_object_or_array_under_such_a_key_is_a_secret),
	    cmocka_unit_test(each_name_that_is_listed_is_known_however_it_is_spelt),
	    cmocka_unit_test(ordinary_values_stay),
	    cmocka_unit_test(what_looks_like_a_secret_is_one_without_a_name),
	    cmocka_unit_test(a_name_in_prose_hides_what_looks_like_a_secret),
	    cmocka_unit_test(pairs_name_their_second),
	    cmocka_unit_test(an_events_name_names_its_arguments),
	    cmocka_unit_test(texts_within_strings_are_looked_into),
	    cmocka_unit_test(encoded_texts_are_decoded),
	    cmocka_unit_test(bytes_keep_their_places),
	    cmocka_unit_test(json_that_is_cut_is_masked_to_its_end),
	    cmocka_unit_test(what_steers_a_terminal_is_shown_as_escapes),
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
