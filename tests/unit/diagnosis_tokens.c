/* What the times of a client's token have to do with a refusal, on timelines made by hand. */
#include "base/text.h"
#include "stage.h"

#define NOW INT64_C(1800000000) /* seconds */

/* A JWT with these claims, in the URL's alphabet of base64. */
static const char *jwt(const char *claims, char text[600])
{
	struct buffer out = buffer_over(text, 599);
	assert_true(buffer_append(&out, SLICE("eyJhbGciOiJIUzI1NiJ9.")));
	size_t from = out.len;
	assert_true(base64_write(&out, slice_of_text(claims)));
	while (text[out.len - 1] == '=')
		out.len--;
	for (size_t i = from; i < out.len; i++)
		text[i] = text[i] == '+' ? '-' : text[i] == '/' ? '_' : text[i];
	assert_true(buffer_append(&out, SLICE(".c2lnbmF0dXJlLW9mLWl0")));
	text[out.len] = '\0';
	return text;
}

static const char *claim(const char *name, int64_t value, char text[100])
{
	snprintf(text, 100, "{\"sub\":\"\\u00fc?>~~~\",\"%s\":%lld}", name, (long long)value);
	return text;
}

static void join_with(struct stage *stage, const char *nsp, const char *data)
{
	struct event event = stage_event(stage, EVENT_CONNECT, TO_SERVER);
	event.packet.nsp = slice_of_text(nsp);
	event.packet.data = slice_of_text(data);
	stage_emit_event(stage, &event);
}

static void refuse(struct stage *stage, const char *nsp, const char *said)
{
	struct event event = stage_event(stage, EVENT_CONNECT_ERROR, TO_CLIENT);
	event.packet.nsp = slice_of_text(nsp);
	event.packet.data = slice_of_text(said);
	event.answers = stage->packets - 1;
	stage_emit_event(stage, &event);
}

static void begin(struct stage *stage)
{
	stage->now = NOW * TIMESTAMP_SECOND;
	stage_emit(stage, EVENT_OPEN, TO_CLIENT);
}

/* A CONNECT with a token of this claim is refused with these words. `seen` NULL: nothing is said of the token. */
static void judge(const char *name, int64_t value, const char *said, const char *cause, const char *seen)
{
	char token[600], data[700], text[100];
	struct stage stage;
	stage_begin(&stage);
	begin(&stage);
	snprintf(data, sizeof data, "{\"token\":\"Bearer %s\"}", jwt(claim(name, value, text), token));
	join_with(&stage, "/", data);
	refuse(&stage, "/", said);
	const struct finding *found = SEES(&stage, CODE_NAMESPACE_REJECTED);
	assert_string_equal(found->cause, cause);
	if (seen && !strstr(found->seen, seen))
		fail_msg("\"%s\" does not say \"%s\"", found->seen, seen);
	if (!seen)
		assert_null(strstr(found->seen, "the token in"));
	assert_null(strstr(found->seen, "eyJ"));
	stage_end(&stage);
}

static void a_token_that_had_expired_is_the_cause_and_by_how_much_is_said(void **state)
{
	(void)state;
	judge("exp", NOW - 5400, "{\"message\":\"jwt expired\"}", "token-expired",
	    "the token in the auth of its CONNECT was sent 90 min 0 s after it had expired (its exp)");
}

static void a_token_that_is_valid_only_later_is_a_matter_of_clocks(void **state)
{
	(void)state;
	judge("nbf", NOW + 240, "{\"message\":\"jwt not active\"}", "token-not-yet-valid",
	    "was sent 3 min 59 s before it becomes valid (its nbf)");
	judge("iat", NOW + 240, "\"The token is not yet valid (iat)\"", "token-not-yet-valid", "(its iat)");
}

static void words_of_several_libraries_say_the_same(void **state)
{
	(void)state;
	static const char *const expired[] = {"\"Signature has expired\"", "\"token is expired by 3s\"",
	    "\"\\\"exp\\\" claim timestamp check failed\"", "\"auth/id-token-expired\"",
	    "{\"name\":\"TokenExpiredError\"}"};
	static const char *const early[] = {"\"The token is not yet valid (nbf)\"", "\"token is not valid yet\"",
	    "\"\\\"nbf\\\" claim timestamp check failed\"", "\"Token used before issued\""};
	for (size_t i = 0; i < sizeof expired / sizeof *expired; i++)
		judge("exp", NOW - 60, expired[i], "token-expired", "after it had expired");
	for (size_t i = 0; i < sizeof early / sizeof *early; i++)
		judge("nbf", NOW + 60, early[i], "token-not-yet-valid", "before it becomes valid");
}

static void a_token_whose_time_is_over_is_the_cause_of_a_refusal_without_a_reason(void **state)
{
	(void)state;
	judge("exp", NOW - 60, "{\"message\":\"Unauthorized\"}", "token-expired", "had expired");
	judge("exp", NOW - 60, "{\"message\":\"invalid token\"}", "token-expired", "had expired");
}

static void beside_another_reason_an_expired_token_is_only_mentioned(void **state)
{
	(void)state;
	judge("exp", NOW - 60, "{\"message\":\"this room is full\"}", "refused-by-application", "had expired");
}

static void a_token_that_is_valid_and_is_refused_as_expired_means_a_wrong_clock(void **state)
{
	(void)state;
	judge("exp", NOW + 300, "\"jwt expired\"", "token-clock", "by the capture's clock");
	judge("nbf", NOW - 300, "\"jwt not active\"", "token-clock", "had been valid for");
}

static void a_second_between_the_two_clocks_is_none(void **state)
{
	(void)state;
	judge("exp", NOW + 1, "\"jwt expired\"", "token-expired", NULL);
	judge("nbf", NOW - 1, "\"jwt not active\"", "token-not-yet-valid", NULL);
}

static void dates_in_milliseconds_are_named(void **state)
{
	(void)state;
	judge("nbf", NOW * 1000, "\"jwt not active\"", "token-in-milliseconds", "in milliseconds");
}

static void a_token_that_never_expires_has_not_expired(void **state)
{
	(void)state;
	judge("exp", INT64_C(99999999999999), "{\"message\":\"invalid token\"}", "refused-by-application", NULL);
}

static void a_valid_token_says_nothing(void **state)
{
	(void)state;
	judge("exp", NOW + 3600, "{\"message\":\"Unauthorized\"}", "refused-by-application", NULL);
	judge("iat", NOW - 3600, "{\"message\":\"Unauthorized\"}", "refused-by-application", NULL);
	judge("exp", NOW + 3600, "{\"message\":\"this room is full\"}", "refused-by-application", NULL);
}

static void words_alone_are_believed(void **state)
{
	struct stage *stage = *state;
	begin(stage);
	join_with(stage, "/", "{\"token\":\"opaque\"}");
	refuse(stage, "/", "{\"message\":\"jwt expired\"}");
	const struct finding *found = SEES(stage, CODE_NAMESPACE_REJECTED);
	assert_string_equal(found->cause, "token-expired");
	assert_non_null(strstr(found->advice, "give it a function"));
}

static void the_token_of_another_namespace_says_nothing(void **state)
{
	struct stage *stage = *state;
	char token[600], data[700], text[100];
	begin(stage);
	join_with(stage, "/", "");
	snprintf(data, sizeof data, "{\"token\":\"%s\"}", jwt(claim("exp", NOW - 60, text), token));
	join_with(stage, "/admin", data);
	refuse(stage, "/", "{\"message\":\"Unauthorized\"}");
	assert_string_equal(SEES(stage, CODE_NAMESPACE_REJECTED)->cause, "refused-by-application");
}

static void a_time_without_a_date_shows_nothing_of_a_token(void **state)
{
	struct stage *stage = *state;
	char token[600], data[700], text[100];
	stage_emit(stage, EVENT_OPEN, TO_CLIENT); /* in 1970, as of a log that has times of day alone */
	snprintf(data, sizeof data, "{\"token\":\"%s\"}", jwt(claim("nbf", NOW, text), token));
	join_with(stage, "/", data);
	refuse(stage, "/", "{\"message\":\"Unauthorized\"}");
	assert_string_equal(SEES(stage, CODE_NAMESPACE_REJECTED)->cause, "refused-by-application");
}

static void the_server_knows_which_of_a_tokens_times_it_means(void **state)
{
	(void)state;
	judge("nbf", NOW + 60, "\"maxAge exceeded\"", "token-expired", "before it becomes valid");
}

static void what_only_looks_like_a_token_is_none(void **state)
{
	struct stage *stage = *state;
	begin(stage);
	join_with(
	    stage, "/", "{\"a\":\"eyJhbGciOiJIUzI1NiJ9\",\"b\":\"eyJ.eyJ.eyJ\",\"c\":\"eyJhIjox.bm90IGpzb24.x\"}");
	refuse(stage, "/", "{\"message\":\"Unauthorized\"}");
	assert_string_equal(SEES(stage, CODE_NAMESPACE_REJECTED)->cause, "refused-by-application");
}

/* ---- of the handshake */

static void ask_with(struct stage *stage, const char *query, const char *fields, const char *answer, const char *body)
{
	char request[2000];
	snprintf(request, sizeof request,
	    "GET /socket.io/?EIO=4&transport=polling%s HTTP/1.1\r\nHost: app:8000\r\n%s\r\n", query, fields);
	stage->now = NOW * TIMESTAMP_SECOND;
	stage_ask(stage, false, request, answer, body);
}

static void a_handshake_with_an_expired_token_in_its_headers_is_refused_for_it(void **state)
{
	struct stage *stage = *state;
	char token[600], field[700], text[100];
	snprintf(field, sizeof field, "Authorization: Bearer %s\r\n", jwt(claim("exp", NOW - 600, text), token));
	ask_with(stage, "", field, "HTTP/1.1 401 Unauthorized\r\n\r\n", "Unauthorized");
	const struct finding *found = SEES(stage, CODE_HANDSHAKE_REJECTED);
	assert_string_equal(found->cause, "token-expired");
	assert_non_null(
	    strstr(found->seen, "the token in the request's headers was sent 10 min 0 s after it had expired"));
}

static void a_handshake_with_an_expired_token_in_its_query_is_refused_for_it(void **state)
{
	struct stage *stage = *state;
	char token[600], query[700], text[100];
	snprintf(query, sizeof query, "&token=%s", jwt(claim("exp", NOW - 600, text), token));
	ask_with(stage, query, "", "HTTP/1.1 403 Forbidden\r\n\r\n", "{\"code\":4,\"message\":\"token expired\"}");
	const struct finding *found = SEES(stage, CODE_HANDSHAKE_REJECTED);
	assert_string_equal(found->cause, "token-expired");
	assert_non_null(strstr(found->seen, "the token in the request's query"));
}

static void what_www_authenticate_says_of_the_token_counts(void **state)
{
	struct stage *stage = *state;
	ask_with(stage, "", "Authorization: Bearer opaque\r\n",
	    "HTTP/1.1 401 Unauthorized\r\nWWW-Authenticate: Bearer error=\"invalid_token\", error_description=\"The "
	    "token expired\"\r\n\r\n",
	    "");
	assert_string_equal(SEES(stage, CODE_HANDSHAKE_REJECTED)->cause, "token-expired");
}

static void a_handshake_with_a_valid_token_is_refused_for_another_reason(void **state)
{
	struct stage *stage = *state;
	char token[600], field[700], text[100];
	snprintf(field, sizeof field, "Authorization: Bearer %s\r\n", jwt(claim("exp", NOW + 600, text), token));
	ask_with(stage, "", field, "HTTP/1.1 401 Unauthorized\r\n\r\n", "Unauthorized");
	assert_null(strstr(SEES(stage, CODE_HANDSHAKE_REJECTED)->seen, "token"));
}

static void a_filter_that_refuses_a_handshake_does_not_look_at_its_token(void **state)
{
	struct stage *stage = *state;
	char token[600], field[700], text[100];
	snprintf(field, sizeof field, "Authorization: Bearer %s\r\n", jwt(claim("exp", NOW - 600, text), token));
	ask_with(stage, "", field, "HTTP/1.1 403 Forbidden\r\nServer: awselb/2.0\r\n\r\n",
	    "<html><title>403 Forbidden</title></html>");
	assert_string_not_equal(SEES(stage, CODE_HANDSHAKE_REJECTED)->cause, "token-expired");
}

static void a_server_error_is_no_matter_of_the_token(void **state)
{
	struct stage *stage = *state;
	char token[600], field[700], text[100];
	snprintf(field, sizeof field, "Authorization: Bearer %s\r\n", jwt(claim("exp", NOW - 600, text), token));
	ask_with(stage, "", field, "HTTP/1.1 500 Internal Server Error\r\n\r\n", "token service: auth failed");
	assert_null(strstr(SEES(stage, CODE_HANDSHAKE_REJECTED)->seen, "had expired"));
}

static void the_token_of_the_websockets_request_counts_for_its_namespaces(void **state)
{
	struct stage *stage = *state;
	char token[600], request[2000], text[100];
	stage->now = NOW * TIMESTAMP_SECOND;
	snprintf(request, sizeof request,
	    "GET /socket.io/?EIO=4&transport=websocket&token=%s HTTP/1.1\r\nHost: a\r\n\r\n",
	    jwt(claim("exp", NOW - 600, text), token));
	stage_ask(stage, false, request, SWITCHING, "");
	stage_emit(stage, EVENT_OPEN, TO_CLIENT);
	join_with(stage, "/", "");
	refuse(stage, "/", "{\"message\":\"Unauthorized\"}");
	const struct finding *found = SEES(stage, CODE_NAMESPACE_REJECTED);
	assert_string_equal(found->cause, "token-expired");
	assert_non_null(strstr(found->seen, "the token in the request's query"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_token_that_had_expired_is_the_cause_and_by_how_much_is_said),
	    cmocka_unit_test(a_token_that_is_valid_only_later_is_a_matter_of_clocks),
	    cmocka_unit_test(words_of_several_libraries_say_the_same),
	    cmocka_unit_test(a_token_whose_time_is_over_is_the_cause_of_a_refusal_without_a_reason),
	    cmocka_unit_test(beside_another_reason_an_expired_token_is_only_mentioned),
	    cmocka_unit_test(a_token_that_is_valid_and_is_refused_as_expired_means_a_wrong_clock),
	    cmocka_unit_test(a_second_between_the_two_clocks_is_none),
	    cmocka_unit_test(dates_in_milliseconds_are_named),
	    cmocka_unit_test(a_token_that_never_expires_has_not_expired),
	    cmocka_unit_test(a_valid_token_says_nothing),
	    ON_STAGE(words_alone_are_believed),
	    ON_STAGE(the_token_of_another_namespace_says_nothing),
	    ON_STAGE(a_time_without_a_date_shows_nothing_of_a_token),
	    cmocka_unit_test(the_server_knows_which_of_a_tokens_times_it_means),
	    ON_STAGE(what_only_looks_like_a_token_is_none),
	    ON_STAGE(a_handshake_with_an_expired_token_in_its_headers_is_refused_for_it),
	    ON_STAGE(a_handshake_with_an_expired_token_in_its_query_is_refused_for_it),
	    ON_STAGE(what_www_authenticate_says_of_the_token_counts),
	    ON_STAGE(a_handshake_with_a_valid_token_is_refused_for_another_reason),
	    ON_STAGE(a_filter_that_refuses_a_handshake_does_not_look_at_its_token),
	    ON_STAGE(a_server_error_is_no_matter_of_the_token),
	    ON_STAGE(the_token_of_the_websockets_request_counts_for_its_namespaces),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
