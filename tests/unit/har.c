/* HAR files: the steps of their entries, in order, whatever the file looks like. Files are made here. */
#include "source/har.h"

#include "unit.h"

#include <stdio.h>

enum { HAR_SAID = 4096 };

/* What came of a file: a line for each step, and how it ended. */
struct given {
	char text[HAR_SAID];
	enum source_result result;
	struct har_counts counts;
	uint64_t other_hosts;
	char why[256], host[64];
	timestamp latest;
	bool is_ordered;
};

static void given_add(struct given *given, const struct packet *packet)
{
	static const char *const kinds[] = {"request", "answer", "open", "message", "end"};
	const struct recorded *step = packet->recorded;
	size_t len = strlen(given->text);
	struct slice body = step->kind == RECORDED_REQUEST  ? step->entry->request
	                    : step->kind == RECORDED_ANSWER ? step->entry->answer
	                                                    : step->bytes;
	snprintf(given->text + len, sizeof given->text - len, "%d %s%s %.*s\n", (int)step->entry->number,
	    kinds[step->kind],
	    step->kind != RECORDED_MESSAGE ? ""
	    : step->sent                   ? " sent"
	                                   : " received",
	    (int)body.len, body.len ? (const char *)body.at : "");
	snprintf(given->host, sizeof given->host, "%s", step->entry->host);
	given->is_ordered &= packet->time >= given->latest;
	given->latest = packet->time;
}

/* The limits of the test at hand. */
static struct limits har_limits;

static int har_limits_set(void **state)
{
	(void)state;
	har_limits = limits_default();
	return 0;
}

static struct given har_tell_within(const char *text, size_t len, struct budget *budget)
{
	struct given given = {.is_ordered = true};
	struct packet packet;
	FILE *stream = fmemopen((void *)text, len, "rb");
	assert_non_null(stream);
	struct har *har = har_open(stream, &har_limits, budget, given.why, sizeof given.why);
	given.result = har ? SOURCE_PACKET : SOURCE_FAILED;
	while (har && (given.result = har_next(har, &packet, given.why, sizeof given.why)) == SOURCE_PACKET)
		given_add(&given, &packet);
	if (har) {
		given.counts = *har_counts(har);
		given.other_hosts = har_other_hosts(har);
	}
	har_free(har);
	(void)fclose(stream);
	return given;
}

static struct given har_tell_part(const char *text, size_t len)
{
	return har_tell_within(text, len, NULL);
}

static struct given har_tell(const char *text)
{
	return har_tell_part(text, strlen(text));
}

#define FILE_OF(entries) "{\"log\":{\"creator\":{\"name\":\"Playwright\"},\"entries\":[" entries "]}}"
#define URL "\"url\":\"http://a.test:81/socket.io/?EIO=4&transport=polling&sid=x\""
#define WS_URL "\"url\":\"ws://a.test:81/socket.io/?EIO=4&transport=websocket\""
#define GET_AT(second, length, answer)                                            \
	"{\"startedDateTime\":\"2026-11-30T00:00:0" second "Z\",\"time\":" length \
	",\"request\":{\"method\":\"GET\"," URL                                   \
	",\"headers\":[]},\"response\":{\"status\":200,\"headers\":[],\"content\":{\"text\":\"" answer "\"}}}"
#define POST_AT(second, body)                                                                                      \
	"{\"startedDateTime\":\"2026-11-30T00:00:0" second "Z\",\"time\":10,\"request\":{\"method\":\"POST\"," URL \
	",\"headers\":[],\"postData\":{\"text\":\"" body                                                           \
	"\"}},\"response\":{\"status\":200,\"content\":{\"text\":\"ok\"}}}"
#define WEBSOCKET(messages)                                                                \
	"{\"_webSocketMessages\":" messages                                                \
	",\"startedDateTime\":\"2026-11-30T00:00:00Z\",\"time\":5000,\"request\":{" WS_URL \
	"},\"response\":{\"status\":101}}"

static void a_waiting_get_spans_the_post_that_it_answers_in_whatever_order_they_stand(void **state)
{
	(void)state;
	static const char expected[] = "2 request \n1 request 42[1]\n1 answer ok\n1 end \n2 answer 42[2]\n2 end \n";
	struct given given = har_tell(FILE_OF(POST_AT("2", "42[1]") "," GET_AT("1", "5000.5", "42[2]")));
	assert_string_equal(given.text, expected);
	assert_int_equal(given.result, SOURCE_END);
	assert_int_equal(given.counts.entries, 2);
}

static void messages_have_their_own_times_in_seconds_or_milliseconds(void **state)
{
	(void)state;
	/* 2026-11-30T00:00:01Z and a half */
	struct given seconds = har_tell(
	    FILE_OF(WEBSOCKET("[{\"type\":\"receive\",\"time\":1795996801.5,\"opcode\":1,\"data\":\"40{}\"},"
	                      "{\"type\":\"send\",\"time\":1795996801.25,\"opcode\":1,\"data\":\"40\"}]")));
	struct given milliseconds = har_tell(
	    FILE_OF(WEBSOCKET("[{\"type\":\"receive\",\"time\":1795996801500,\"opcode\":1,\"data\":\"40{}\"},"
	                      "{\"type\":\"send\",\"time\":1795996801250,\"opcode\":1,\"data\":\"40\"}]")));
	assert_string_equal(milliseconds.text, seconds.text);
	assert_string_equal(seconds.text, "1 request \n1 open \n1 message received 40{}\n1 message sent 40\n1 end \n");
}

static void binary_messages_are_base64(void **state)
{
	(void)state;
	struct given given = har_tell(
	    FILE_OF(WEBSOCKET("[{\"type\":\"send\",\"time\":1795996801,\"opcode\":2,\"data\":\"YWJj\"}]")));
	assert_non_null(strstr(given.text, "1 message sent abc\n"));
}

static void what_is_no_message_is_counted_and_the_others_are_read(void **state)
{
	(void)state;
	struct given given = har_tell(
	    FILE_OF(WEBSOCKET("[1,null,{\"type\":7},{\"type\":\"send\",\"opcode\":2,\"data\":\"%\"},"
	                      "{\"type\":\"send\",\"data\":\"40\"}]")));
	assert_non_null(strstr(given.text, "1 message sent 40\n"));
	assert_int_equal(given.counts.unread, 4);
}

static void wrong_types_are_counted_and_the_next_entry_is_read(void **state)
{
	(void)state;
	static const char *const wrong[] = {"7", "null", "[]", "\"\"", "{\"request\":3}", "{\"request\":{\"url\":[]}}",
	    "{\"request\":{" URL "},\"startedDateTime\":{}}", "{\"startedDateTime\":\"never\",\"request\":{" URL "}}"};
	for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
		char text[1024];
		snprintf(text, sizeof text, FILE_OF("%s," GET_AT("1", "1", "2")), wrong[i]);
		struct given given = har_tell(text);
		assert_string_equal(given.text, "2 request \n2 answer 2\n2 end \n");
		assert_int_equal(given.result, SOURCE_END);
	}
}

static void a_file_that_ends_early_gives_what_it_has_and_says_so(void **state)
{
	(void)state;
	static const char text[] = FILE_OF(GET_AT("1", "1", "2") "," WEBSOCKET(
	    "[{\"type\":\"send\",\"time\":1795996801,\"opcode\":1,\"data\":\"40\"}]"));
	for (size_t len = 1; len + 3 < sizeof text; len++) {
		struct given given = har_tell_part(text, len);
		assert_true(given.is_ordered);
		assert_true(given.result == SOURCE_CUT || given.result == SOURCE_FAILED);
		assert_string_not_equal(given.why, "");
	}
}

static void nothing_but_a_log_with_entries_is_a_har(void **state)
{
	(void)state;
	static const char *const others[] = {"{}", "{\"log\":[]}", "{\"log\":{}}", "{\"log\":{\"entries\":{}}}", "{",
	    "{]", "{\"log\" {\"entries\":[]}}"};
	for (size_t i = 0; i < sizeof others / sizeof *others; i++)
		assert_int_equal(har_tell(others[i]).result, SOURCE_FAILED);
}

static void nesting_is_bounded(void **state)
{
	(void)state;
	static char text[1 << 20];
	size_t len = (size_t)snprintf(text, sizeof text, "{\"log\":{\"entries\":[{\"request\":");
	memset(text + len, '[', sizeof text - len - 1);
	struct given given = har_tell_part(text, sizeof text - 1);
	assert_int_equal(given.result, SOURCE_CUT);
	assert_string_equal(given.text, "");
}

static void other_requests_leave_no_steps(void **state)
{
	(void)state;
	struct given given = har_tell(FILE_OF("{\"startedDateTime\":\"2026-11-30T00:00:00Z\",\"request\":{\"url\":"
	                                      "\"https://a.test/app.css\"},\"response\":{\"status\":200}}"));
	assert_string_equal(given.text, "");
	assert_int_equal(given.counts.entries, 1);
	assert_int_equal(given.counts.unread, 0);
}

#define ASKED_AT(url)                                                               \
	"{\"startedDateTime\":\"2026-11-30T00:00:00Z\",\"request\":{\"url\":\"" url \
	"\"},\"response\":{\"status\":200,\"content\":{\"text\":\"2\"}}}"

static void uploads_leave_steps(void **state)
{
	(void)state;
	struct given given = har_tell(FILE_OF(ASKED_AT("https://a.test/api/_upload?x=1")));
	assert_non_null(strstr(given.text, "1 answer 2\n"));
	assert_string_equal(har_tell(FILE_OF(ASKED_AT("https://a.test/uploads/photo.png"))).text, "");
}

static void who_asks_is_no_part_of_the_host(void **state)
{
	(void)state;
	struct given given = har_tell(FILE_OF(ASKED_AT("http://user:p%40ss@w@a.test:81/socket.io/?EIO=4&at=@")));
	assert_string_equal(given.text, "1 request \n1 answer 2\n1 end \n");
	assert_string_equal(given.host, "a.test");
}

static void a_url_of_http_that_cannot_be_read_is_counted_and_named(void **state)
{
	(void)state;
	struct given given = har_tell(FILE_OF(ASKED_AT("blob:http://a.test/?transport=1") "," ASKED_AT(
	    "http://a.test:99999/socket.io/?EIO=4") "," ASKED_AT("http://a.test:99999/app.css")));
	assert_string_equal(given.text, "");
	assert_int_equal(given.counts.unread, 1);
	assert_int_equal(given.counts.unread_url, 2);
}

/* The first entry in full would be several times the budget. */
static void an_entry_without_memory_is_left_out_and_counted(void **state)
{
	(void)state;
	static const char head[] =
	    "{\"log\":{\"entries\":[{\"startedDateTime\":\"2026-11-30T00:00:00Z\",\"request\":{" URL
	    "},\"response\":{\"status\":200,\"content\":{\"text\":\"";
	static const char tail[] = "\"}}}," GET_AT("1", "1", "2") "]}}";
	static char text[sizeof head + sizeof tail + 80000];
	struct budget budget = {.limit = 128 << 10};
	memset(text, 'x', sizeof text);
	memcpy(text, head, sizeof head - 1);
	memcpy(text + sizeof text - sizeof tail, tail, sizeof tail);
	struct given given = har_tell_within(text, sizeof text - 1, &budget);
	assert_string_equal(given.text, "2 request \n2 answer 2\n2 end \n");
	assert_int_equal(given.counts.unread, 1);
	assert_true(budget.refused > 0);
	assert_int_equal(budget.used, 0);
}

#define ANSWER_WITH(content)                                              \
	"{\"startedDateTime\":\"2026-11-30T00:00:00Z\",\"request\":{" URL \
	"},\"response\":{\"status\":200,\"content\":{" content "}}}"

static void a_body_that_had_bytes_and_is_not_there_is_missing_not_empty(void **state)
{
	(void)state;
	assert_int_equal(har_tell(FILE_OF(ANSWER_WITH("\"size\":5"))).counts.unread, 1);
	assert_int_equal(har_tell(FILE_OF(ANSWER_WITH("\"size\":0"))).counts.unread, 0);
	assert_int_equal(har_tell(FILE_OF(ANSWER_WITH("\"size\":-1"))).counts.unread, 0);
	assert_int_equal(har_tell(FILE_OF(ANSWER_WITH("\"size\":5,\"text\":\"\""))).counts.unread, 0);
}

static void a_part_longer_than_the_limit_is_passed_over_and_counted(void **state)
{
	(void)state;
	static char text[4096], spelt[1100];
	har_limits.entry = 1024;
	memset(spelt, 'x', sizeof spelt - 1);
	snprintf(text, sizeof text,
	    FILE_OF("{\"startedDateTime\":\"2026-11-30T00:00:00Z\",\"request\":{" URL
	            "},\"response\":{\"status\":200,\"content\":{\"text\":\"%s\"}}}," WEBSOCKET(
	                "[{\"type\":\"send\",\"data\":\"%s\"},{\"type\":\"send\",\"data\":\"40\"}]")),
	    spelt, spelt);
	struct given given = har_tell(text);
	assert_int_equal(given.counts.too_long, 2); /* an answer, and messages */
	assert_int_equal(given.counts.unread, 0);
	assert_int_equal(given.result, SOURCE_END);
}

static void a_message_longer_than_the_limit_is_passed_over_and_the_next_is_read(void **state)
{
	(void)state;
	static char text[4096], spelt[1100];
	har_limits.entry = 1024;
	memset(spelt, 'x', sizeof spelt - 1);
	snprintf(text, sizeof text,
	    FILE_OF("{\"startedDateTime\":\"2026-11-30T00:00:00Z\",\"request\":{" WS_URL
	            "},\"response\":{\"status\":101},\"_webSocketMessages\":[{\"type\":\"send\",\"data\":\"%s\"},"
	            "{\"type\":\"send\",\"data\":\"40\"}]}"),
	    spelt);
	struct given given = har_tell(text);
	assert_string_equal(given.text, "1 request \n1 open \n1 message sent 40\n1 end \n");
	assert_int_equal(given.counts.too_long, 1);
	assert_int_equal(given.counts.unread, 0);
}

static void what_cannot_wait_for_its_place_is_counted(void **state)
{
	(void)state;
	har_limits.ordered = 1;
	struct given given = har_tell(FILE_OF(GET_AT("2", "1", "2") "," GET_AT("1", "1", "3")));
	assert_string_equal(given.text, "1 request \n1 answer 2\n1 end \n2 request \n2 answer 3\n2 end \n");
	assert_int_equal(given.counts.late, 3); /* each step of the second */
	assert_int_equal(har_tell(FILE_OF(GET_AT("1", "1", "2") "," GET_AT("2", "1", "3"))).counts.late, 0);
}

static void a_host_beyond_the_limit_has_no_address_and_is_counted(void **state)
{
	(void)state;
	har_limits.hosts = 1;
	struct given given = har_tell(
	    FILE_OF("{\"serverIPAddress\":\"192.0.2.1\",\"request\":{\"url\":\"http://a.test/\"}},"
	            "{\"serverIPAddress\":\"192.0.2.2\",\"request\":{\"url\":\"http://b.test/\"}}"));
	assert_int_equal(given.other_hosts, 1);
	assert_int_equal(given.result, SOURCE_END);
}

/* ---- why entries failed */

struct har_case {
	const char *scheme, *fields, *response;
	enum recorded_failure failure;
};

static enum recorded_failure har_failure_of(const struct har_case *example)
{
	char text[2048];
	struct packet packet;
	char why[256];
	enum recorded_failure failure = RECORDED_FAILURES;
	snprintf(text, sizeof text,
	    "{\"log\":{\"creator\":{\"name\":\"WebInspector\"},\"entries\":[{\"startedDateTime\":\"2026-11-30T00:00:"
	    "01Z\","
	    "\"time\":1,\"request\":{\"method\":\"GET\",\"url\":\"%s/socket.io/?EIO=4&transport=polling\","
	    "\"headers\":[%s]},\"response\":{%s}}]}}",
	    example->scheme, example->fields, example->response);
	FILE *stream = fmemopen(text, strlen(text), "rb");
	assert_non_null(stream);
	struct har *har = har_open(stream, &har_limits, NULL, why, sizeof why);
	assert_non_null(har);
	while (har_next(har, &packet, why, sizeof why) == SOURCE_PACKET)
		failure = packet.recorded->entry->failure;
	har_free(har);
	(void)fclose(stream);
	return failure;
}

#define ORIGIN_FIELD(url) "{\"name\":\"Origin\",\"value\":\"" url "\"}"
#define ERROR_OF(words) "\"status\":0,\"_error\":\"" words "\""

static void each_browser_says_in_its_own_words_why_a_request_failed(void **state)
{
	static const struct har_case cases[] = {
	    {"https://a.test", "", ERROR_OF("net::ERR_BLOCKED_BY_CLIENT"), RECORDED_BY_EXTENSION},
	    {"https://a.test", "", ERROR_OF("net::ERR_BLOCKED_BY_CLIENT.Inspector"), RECORDED_BY_EXTENSION},
	    {"https://a.test", "", ERROR_OF("net::ERR_BLOCKED_BY_CSP"), RECORDED_BY_CSP},
	    {"https://a.test", "", "\"status\":-1,\"_failureText\":\"csp\"", RECORDED_BY_CSP},
	    {"https://a.test", "", ERROR_OF("net::ERR_BLOCKED_BY_RESPONSE.NotSameOrigin"), RECORDED_ISOLATED},
	    {"https://a.test", "", ERROR_OF("net::ERR_BLOCKED_BY_ORB"), RECORDED_ISOLATED},
	    {"https://a.test", "", ERROR_OF("net::ERR_BLOCKED_BY_PRIVATE_NETWORK_ACCESS_CHECKS"),
	        RECORDED_BY_LOCAL_NETWORK},
	    {"https://a.test", "", ERROR_OF("net::ERR_BLOCKED_BY_ADMINISTRATOR"), RECORDED_BY_POLICY},
	    {"https://a.test", ORIGIN_FIELD("https://b.test"), ERROR_OF("net::ERR_BLOCKED_BY_SOMETHING_NEW"),
	        RECORDED_FAILED},
	    {"https://a.test", "", ERROR_OF("net::ERR_CERT_AUTHORITY_INVALID"), RECORDED_BAD_CA},
	    {"https://a.test", "", ERROR_OF("net::ERR_CERT_DATE_INVALID"), RECORDED_BAD_DATE},
	    {"https://a.test", "", ERROR_OF("net::ERR_CERT_COMMON_NAME_INVALID"), RECORDED_BAD_NAME},
	    {"https://a.test", "", ERROR_OF("net::ERR_CERT_REVOKED"), RECORDED_BAD_CERTIFICATE},
	    {"https://a.test", "", ERROR_OF("net::ERR_SSL_PROTOCOL_ERROR"), RECORDED_NO_TLS},
	    {"https://a.test", "", ERROR_OF("net::ERR_SSL_BAD_RECORD_MAC_ALERT"), RECORDED_BAD_TLS},
	    {"https://a.test", "", ERROR_OF("Error in connection establishment: net::ERR_NAME_NOT_RESOLVED"),
	        RECORDED_NO_NAME},
	    {"https://a.test", "", ERROR_OF("NS_ERROR_UNKNOWN_HOST"), RECORDED_NO_NAME},
	    {"https://a.test", "", ERROR_OF("SEC_ERROR_UNKNOWN_ISSUER"), RECORDED_BAD_CA},
	    {"https://a.test", "", ERROR_OF("SSL_ERROR_RX_RECORD_TOO_LONG"), RECORDED_NO_TLS},
	    {"https://a.test", "", ERROR_OF("A server with the specified hostname could not be found."),
	        RECORDED_NO_NAME},
	    {"https://a.test", "", ERROR_OF("net::ERR_TUNNEL_CONNECTION_FAILED"), RECORDED_NO_PROXY},
	    {"https://a.test", ORIGIN_FIELD("https://b.test"),
	        ERROR_OF("Origin https://b.test is not allowed by Access-Control-Allow-Origin. Status code: 400"),
	        RECORDED_BLOCKED},
	    {"https://a.test", ORIGIN_FIELD("https://b.test"),
	        ERROR_OF("Preflight response is not successful. Status code: 404"), RECORDED_BLOCKED},
	    {"https://a.test", "", ERROR_OF("net::ERR_ADDRESS_UNREACHABLE"), RECORDED_NO_ROUTE},
	    {"https://a.test", "", ERROR_OF("net::ERR_CONNECTION_TIMED_OUT"), RECORDED_TIMED_OUT},
	    {"https://a.test", "", ERROR_OF("net::ERR_CONNECTION_RESET"), RECORDED_RESET},
	    {"https://a.test", "", ERROR_OF("net::ERR_HTTP2_PROTOCOL_ERROR"), RECORDED_BROKEN_ANSWER},
	    {"https://a.test", "", ERROR_OF("net::ERR_INTERNET_DISCONNECTED"), RECORDED_OFFLINE},
	    {"https://a.test", "", ERROR_OF("net::ERR_NETWORK_CHANGED"), RECORDED_OFFLINE},
	    {"https://a.test", "", ERROR_OF("net::ERR_FAILED"), RECORDED_FAILED},
	    {"https://a.test", ORIGIN_FIELD("https://b.test"), ERROR_OF("net::ERR_FAILED"), RECORDED_BLOCKED},
	    {"https://a.test", "", "\"status\":0", RECORDED_FAILED},
	    {"https://a.test", "", "\"status\":200", RECORDED_NO_FAILURE},
	};
	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
		if (har_failure_of(&cases[i]) != cases[i].failure)
			fail_msg("%s: %d", cases[i].response, (int)har_failure_of(&cases[i]));
}

static void a_page_of_https_that_asks_for_http_is_mixed_content_unless_the_host_is_the_computer(void **state)
{
	static const struct har_case cases[] = {
	    {"http://a.test", ORIGIN_FIELD("https://b.test"), "\"status\":0", RECORDED_BY_MIXED_CONTENT},
	    {"ws://a.test", ORIGIN_FIELD("https://b.test"), ERROR_OF("net::ERR_FAILED"), RECORDED_BY_MIXED_CONTENT},
	    {"http://a.test", "{\"name\":\"referer\",\"value\":\"https://b.test/x\"}", ERROR_OF(""),
	        RECORDED_BY_MIXED_CONTENT},
	    {"http://localhost:3000", ORIGIN_FIELD("https://b.test"), "\"status\":0", RECORDED_FAILED},
	    {"http://127.0.0.1:3000", ORIGIN_FIELD("https://b.test"), ERROR_OF("net::ERR_FAILED"), RECORDED_BLOCKED},
	    {"http://a.test", ORIGIN_FIELD("http://b.test"), "\"status\":0", RECORDED_FAILED},
	    {"https://a.test", ORIGIN_FIELD("https://b.test"), "\"status\":0", RECORDED_FAILED},
	};
	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
		if (har_failure_of(&cases[i]) != cases[i].failure)
			fail_msg("%zu: %d", i, (int)har_failure_of(&cases[i]));
}

/* With the limits as they are by default. */
#define WITH_LIMITS(test) cmocka_unit_test_setup(test, har_limits_set)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    WITH_LIMITS(a_waiting_get_spans_the_post_that_it_answers_in_whatever_order_they_stand),
	    WITH_LIMITS(messages_have_their_own_times_in_seconds_or_milliseconds),
	    WITH_LIMITS(binary_messages_are_base64),
	    WITH_LIMITS(what_is_no_message_is_counted_and_the_others_are_read),
	    WITH_LIMITS(wrong_types_are_counted_and_the_next_entry_is_read),
	    WITH_LIMITS(a_file_that_ends_early_gives_what_it_has_and_says_so),
	    WITH_LIMITS(nothing_but_a_log_with_entries_is_a_har),
	    WITH_LIMITS(nesting_is_bounded),
	    WITH_LIMITS(other_requests_leave_no_steps),
	    WITH_LIMITS(uploads_leave_steps),
	    WITH_LIMITS(who_asks_is_no_part_of_the_host),
	    WITH_LIMITS(a_url_of_http_that_cannot_be_read_is_counted_and_named),
	    WITH_LIMITS(an_entry_without_memory_is_left_out_and_counted),
	    WITH_LIMITS(a_body_that_had_bytes_and_is_not_there_is_missing_not_empty),
	    WITH_LIMITS(a_part_longer_than_the_limit_is_passed_over_and_counted),
	    WITH_LIMITS(a_message_longer_than_the_limit_is_passed_over_and_the_next_is_read),
	    WITH_LIMITS(what_cannot_wait_for_its_place_is_counted),
	    WITH_LIMITS(a_host_beyond_the_limit_has_no_address_and_is_counted),
	    WITH_LIMITS(each_browser_says_in_its_own_words_why_a_request_failed),
	    WITH_LIMITS(a_page_of_https_that_asks_for_http_is_mixed_content_unless_the_host_is_the_computer),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
