/* HTTP messages: bytes in, heads, bodies and ends out; whole and byte by byte. */
#include "http/http1.h"
#include "unit.h"

#include <stdio.h>

struct reading {
	enum http_role role;
	bool to_head;     /* the request was HEAD */
	bool until_close; /* the connection ends after the bytes */
};

static void give_item(struct buffer *given, struct http_stream *stream, const struct http_item *item, bool to_head)
{
	switch (item->kind) {
	case HTTP_HEAD:
		if (stream->role == HTTP_REQUESTS)
			buffer_append_format(given, "<%.*s %.*s>", (int)item->head.method.len, item->head.method.at,
			    (int)item->head.target.len, item->head.target.at);
		else
			buffer_append_format(given, "<%d>", item->head.status);
		if (to_head)
			http_response_has_no_body(stream);
		break;
	case HTTP_BODY:
		buffer_append(given, item->body);
		break;
	case HTTP_END:
		buffer_append_byte(given, '.');
	}
}

/* "<POST /a>body." is a whole request; without the dot it is not over; "!" and why: bad. */
static const char *read_http(struct buffer *given, const struct reading *reading, struct slice bytes, size_t step)
{
	struct http_stream stream;
	struct http_item item;
	enum wire_result result = WIRE_MORE;
	buffer_clear(given);
	http_stream_init(&stream, reading->role, &http_default_limits, NULL);
	while (result != WIRE_BAD && bytes.len) {
		struct slice part = slice_take(bytes, step);
		bytes = slice_drop(bytes, part.len);
		while ((result = http_next_item(&stream, &part, &item)) == WIRE_ITEM)
			give_item(given, &stream, &item, reading->to_head);
		if (result == WIRE_MORE)
			assert_int_equal(part.len, 0);
	}
	if (result == WIRE_MORE && reading->until_close) {
		result = http_end_stream(&stream, &item);
		if (result == WIRE_ITEM)
			give_item(given, &stream, &item, false);
	}
	if (result == WIRE_BAD)
		buffer_append_text(given, "!");
	buffer_append_byte(given, '\0');
	http_stream_free(&stream);
	return (const char *)given->at;
}

static void assert_http(struct reading reading, const char *text, const char *expected)
{
	struct buffer given;
	buffer_init(&given, BUFFER_NO_LIMIT, NULL);
	assert_string_equal(read_http(&given, &reading, slice_of_text(text), SIZE_MAX), expected);
	assert_string_equal(read_http(&given, &reading, slice_of_text(text), 1), expected);
	assert_string_equal(read_http(&given, &reading, slice_of_text(text), 7), expected);
	buffer_free(&given);
}

#define REQUESTS ((struct reading){.role = HTTP_REQUESTS})
#define RESPONSES ((struct reading){.role = HTTP_RESPONSES})

static void pipelined_requests_are_reported_one_after_the_other(void **state)
{
	(void)state;
	assert_http(REQUESTS,
	    "GET /a HTTP/1.1\r\nHost: x\r\n\r\nPOST /b HTTP/1.1\r\nContent-Length: 2\r\n\r\nhiGET /c HTTP/1.1\r\n\r\n",
	    "<GET /a>.<POST /b>hi.<GET /c>.");
}

static void a_response_ends_with_its_length(void **state)
{
	(void)state;
	assert_http(RESPONSES,
	    "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nokHTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n",
	    "<200>ok.<404>.");
}

static void chunks_are_joined_extensions_and_trailers_dropped(void **state)
{
	(void)state;
	assert_http(RESPONSES,
	    "HTTP/1.1 200 OK\r\nTransfer-Encoding: "
	    "chunked\r\n\r\n3;x=\"y\"\r\nabc\r\n0A\r\n0123456789\r\n0\r\nTrailer: t\r\n\r\n"
	    "HTTP/1.1 204 No Content\r\n\r\n",
	    "<200>abc0123456789.<204>.");
}

static void a_chunk_length_that_is_none_is_bad(void **state)
{
	(void)state;
	assert_http(RESPONSES, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n", "<200>!");
	assert_http(RESPONSES, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nfffffffffffffffff\r\n", "<200>!");
}

static void chunked_outweighs_a_length(void **state)
{
	(void)state; /* RFC 9112 §6.3 */
	assert_http(RESPONSES,
	    "HTTP/1.1 200 OK\r\nContent-Length: 99\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n0\r\n\r\n",
	    "<200>a.");
}

static void an_interim_response_is_a_message_of_its_own(void **state)
{
	(void)state;
	assert_http(
	    RESPONSES, "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\na", "<100>.<200>a.");
}

static void what_answers_head_has_no_body(void **state)
{
	(void)state;
	struct reading reading = {.role = HTTP_RESPONSES, .to_head = true};
	assert_http(reading, "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n", "<200>.");
}

static void statuses_without_bodies_have_none_whatever_they_say(void **state)
{
	(void)state;
	assert_http(RESPONSES, "HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\n\r\nHTTP/1.1 204 No Content\r\n\r\n",
	    "<304>.<204>.");
}

static void a_body_without_a_length_ends_with_the_connection(void **state)
{
	(void)state;
	struct reading reading = {.role = HTTP_RESPONSES, .until_close = true};
	assert_http(reading, "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\nall of it", "<200>all of it.");
}

static void a_connection_that_ends_within_a_message_is_bad(void **state)
{
	(void)state;
	struct reading reading = {.role = HTTP_RESPONSES, .until_close = true};
	assert_http(reading, "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nab", "<200>ab!");
	assert_http(reading, "HTTP/1.1 200 OK\r\nConte", "!");
}

static void bare_line_feeds_end_lines_too(void **state)
{
	(void)state;
	assert_http(RESPONSES, "HTTP/1.1 200 OK\nContent-Length: 1\n\na", "<200>a.");
}

static void empty_lines_before_a_request_are_passed_over(void **state)
{
	(void)state;
	assert_http(REQUESTS, "\r\n\r\nGET /a HTTP/1.1\r\n\r\n", "<GET /a>.");
}

static void what_is_no_http_is_bad(void **state)
{
	(void)state;
	assert_http(REQUESTS, "\x16\x03\x01 hello\r\n\r\n", "!");
	assert_http(RESPONSES, "SSH-2.0-x\r\n\r\n", "!");
}

static void a_length_that_is_no_number_is_bad(void **state)
{
	(void)state;
	assert_http(RESPONSES, "HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n", "!");
	assert_http(RESPONSES, "HTTP/1.1 200 OK\r\nContent-Length: 99999999999999999999999\r\n\r\n", "!");
}

static void a_head_without_end_is_bad(void **state)
{
	(void)state;
	struct http_stream stream;
	struct http_item item;
	char line[1024];
	memset(line, 'a', sizeof line);
	http_stream_init(&stream, HTTP_REQUESTS, &http_default_limits, NULL);
	struct slice bytes = SLICE("GET /");
	enum wire_result result = http_next_item(&stream, &bytes, &item);
	for (size_t fed = 0; result == WIRE_MORE && fed < 10 * http_default_limits.head; fed += sizeof line) {
		bytes = slice_of(line, sizeof line);
		result = http_next_item(&stream, &bytes, &item);
	}
	assert_int_equal(result, WIRE_BAD);
	http_stream_free(&stream);
}

static void a_refused_request_still_shows_what_it_asked_for(void **state)
{
	(void)state;
	struct http_stream stream;
	struct http_item item;
	struct http_head head;
	struct slice bytes = SLICE("GET /asked?a=b HTTP/1.1\r\nContent-Length: none\r\n\r\n");
	http_stream_init(&stream, HTTP_REQUESTS, &http_default_limits, NULL);
	assert_int_equal(http_next_item(&stream, &bytes, &item), WIRE_BAD);
	assert_true(http_read_refused_head(&stream, &head));
	assert_true(slice_equals_text(head.target, "/asked?a=b"));
	http_stream_free(&stream);
}

static void a_refused_chunk_is_no_refused_head(void **state)
{
	(void)state;
	struct http_stream stream;
	struct http_item item;
	struct http_head head;
	struct slice bytes = SLICE("POST /asked HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nz\r\n");
	http_stream_init(&stream, HTTP_REQUESTS, &http_default_limits, NULL);
	assert_int_equal(http_next_item(&stream, &bytes, &item), WIRE_ITEM);
	assert_int_equal(http_next_item(&stream, &bytes, &item), WIRE_BAD);
	assert_false(http_read_refused_head(&stream, &head));
	http_stream_free(&stream);
}

static void a_head_that_the_budget_refuses_is_not_called_too_long(void **state)
{
	(void)state;
	struct http_stream stream;
	struct http_item item;
	struct budget budget = {.limit = 10};
	struct slice bytes = SLICE("GET /asked HTTP/1.1\r\n");
	http_stream_init(&stream, HTTP_REQUESTS, &http_default_limits, &budget);
	assert_int_equal(http_next_item(&stream, &bytes, &item), WIRE_BAD);
	assert_string_equal(stream.why, "no memory for a head");
	http_stream_free(&stream);
}

/* ---- fields */

static void read_head(struct http_head *head, const char *text, struct http_stream *stream)
{
	struct http_item item;
	struct slice bytes = slice_of_text(text);
	http_stream_init(stream, HTTP_REQUESTS, &http_default_limits, NULL);
	assert_int_equal(http_next_item(stream, &bytes, &item), WIRE_ITEM);
	*head = item.head;
}

static void a_head_in_a_copy_of_its_bytes_is_the_same_head(void **state)
{
	(void)state;
	struct http_stream stream;
	struct http_head head;
	char copy[64];
	read_head(&head, "POST /a HTTP/1.1\r\nHost: b\r\n\r\n", &stream);
	memcpy(copy, head.bytes.at, head.bytes.len);
	struct http_head moved = http_head_in(&head, slice_of(copy, head.bytes.len));
	http_stream_free(&stream);
	assert_true(slice_equals_text(moved.method, "POST") && slice_equals_text(moved.target, "/a"));
	assert_true(slice_equals_text(moved.fields, "Host: b\r\n\r\n"));
	assert_true(moved.target.at == slice_drop(moved.bytes, sizeof "POST").at);
}

static void a_head_in_half_a_copy_has_no_parts(void **state)
{
	(void)state;
	struct http_stream stream;
	struct http_head head;
	read_head(&head, "POST /a HTTP/1.1\r\nHost: b\r\n\r\n", &stream);
	struct http_head moved = http_head_in(&head, slice_take(head.bytes, 20));
	http_stream_free(&stream);
	assert_int_equal(moved.bytes.len, 20);
	assert_int_equal(moved.method.len + moved.target.len + moved.fields.len + moved.reason.len, 0);
}

static void a_field_is_found_in_any_case_and_trimmed(void **state)
{
	(void)state;
	struct http_head head;
	struct http_stream stream;
	struct slice value;
	read_head(&head, "GET / HTTP/1.1\r\nhOsT: \t a b \t\r\nHost: c\r\n\r\n", &stream);
	assert_true(http_find_field(head.fields, "Host", &value));
	assert_true(slice_equals(value, SLICE("a b")));
	struct slice fields = head.fields;
	assert_true(http_next_field(&fields, "Host", &value));
	assert_true(http_next_field(&fields, "Host", &value));
	assert_true(slice_equals(value, SLICE("c")));
	assert_false(http_next_field(&fields, "Host", &value));
	http_stream_free(&stream);
}

static void a_folded_field_is_one_field(void **state)
{
	(void)state; /* RFC 9112 §5.2 */
	struct http_head head;
	struct http_stream stream;
	struct slice value;
	read_head(&head, "GET / HTTP/1.1\r\nA: 1\r\n  2\r\nB: 3\r\n\r\n", &stream);
	assert_true(http_find_field(head.fields, "A", &value));
	assert_true(slice_starts_with(value, SLICE("1")) && slice_ends_with(value, SLICE("2")));
	assert_true(http_find_field(head.fields, "B", &value));
	assert_true(slice_equals(value, SLICE("3")));
	http_stream_free(&stream);
}

static void an_upgrade_wants_both_fields(void **state)
{
	(void)state;
	struct http_head head;
	struct http_stream stream;
	read_head(&head, "GET / HTTP/1.1\r\nConnection: keep-alive, Upgrade\r\nUpgrade: WebSocket\r\n\r\n", &stream);
	assert_true(head.upgrade_websocket);
	http_stream_free(&stream);
	read_head(&head, "GET / HTTP/1.1\r\nConnection: keep-alive\r\nUpgrade: websocket\r\n\r\n", &stream);
	assert_false(head.upgrade_websocket);
	http_stream_free(&stream);
}

static void a_connection_stays_by_version_and_word(void **state)
{
	(void)state;
	struct http_head head;
	struct http_stream stream;
	read_head(&head, "GET / HTTP/1.0\r\n\r\n", &stream);
	assert_false(head.keep_alive);
	http_stream_free(&stream);
	read_head(&head, "GET / HTTP/1.1\r\nConnection: close\r\n\r\n", &stream);
	assert_false(head.keep_alive);
	http_stream_free(&stream);
}

/* ---- what is refused, and what goes on after a loss */

static void a_chunk_that_goes_on_beyond_its_size_is_bad(void **state)
{
	(void)state;
	assert_http(RESPONSES, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nab\r\n", "<200>a!");
}

static void a_chunk_size_without_end_is_bad(void **state)
{
	(void)state;
	struct buffer text;
	buffer_init(&text, BUFFER_NO_LIMIT, NULL);
	buffer_append_text(&text, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1;");
	for (int i = 0; i < 10000; i++)
		buffer_append_byte(&text, 'x');
	buffer_append_byte(&text, '\0');
	assert_http(RESPONSES, (const char *)text.at, "<200>!");
	buffer_free(&text);
}

static void what_is_broken_stays_broken(void **state)
{
	(void)state;
	struct http_stream stream;
	struct http_item item;
	struct slice bytes = SLICE("nonsense\r\n\r\n"), good = SLICE("GET / HTTP/1.1\r\n\r\n");
	http_stream_init(&stream, HTTP_REQUESTS, &http_default_limits, NULL);
	assert_int_equal(http_next_item(&stream, &bytes, &item), WIRE_BAD);
	assert_int_equal(http_next_item(&stream, &good, &item), WIRE_BAD);
	http_stream_reset(&stream);
	assert_int_equal(http_next_item(&stream, &good, &item), WIRE_ITEM);
	http_stream_free(&stream);
}

static void lengths_that_disagree_are_bad(void **state)
{
	(void)state; /* RFC 9112 §6.3 */
	assert_http(RESPONSES, "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab", "!");
	assert_http(RESPONSES, "HTTP/1.1 200 OK\r\nContent-Length: 1, 2\r\n\r\nab", "!");
	assert_http(RESPONSES, "HTTP/1.1 200 OK\r\nContent-Length: 1, 1\r\n\r\na", "<200>a.");
}

static void a_request_whose_last_coding_is_not_chunked_is_bad(void **state)
{
	(void)state; /* RFC 9112 §6.3: its end cannot be told; a response's is the connection's */
	struct reading reading = {.role = HTTP_RESPONSES, .until_close = true};
	assert_http(REQUESTS, "POST / HTTP/1.1\r\nTransfer-Encoding: gzip\r\n\r\n", "!");
	assert_http(reading, "HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\nx", "<200>x.");
}

static void a_status_that_is_none_is_bad(void **state)
{
	(void)state;
	assert_http(RESPONSES, "HTTP/1.1 20 OK\r\n\r\n", "!");
	assert_http(RESPONSES, "HTTP/1.1\r\n\r\n", "!");
}

/* Feeds `text`, loses `lost` bytes, feeds `rest`; what comes of it, or "?" when the loss could not be told to lie
 * within the body. */
static void assert_survives(const char *text, uint64_t lost, const char *rest, const char *expected)
{
	struct http_stream stream;
	struct http_item item;
	struct buffer given;
	struct slice parts[] = {slice_of_text(text), slice_of_text(rest)};
	buffer_init(&given, BUFFER_NO_LIMIT, NULL);
	http_stream_init(&stream, HTTP_RESPONSES, &http_default_limits, NULL);
	for (int i = 0; i < 2; i++) {
		while (http_next_item(&stream, &parts[i], &item) == WIRE_ITEM)
			give_item(&given, &stream, &item, false);
		if (i == 0 && !http_skip_lost(&stream, lost)) {
			buffer_append_byte(&given, '?');
			break;
		}
	}
	buffer_append_byte(&given, '\0');
	assert_string_equal((const char *)given.at, expected);
	buffer_free(&given);
	http_stream_free(&stream);
}

static void a_loss_within_a_body_shortens_it(void **state)
{
	(void)state;
	const char *sized = "HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nab";
	assert_survives(sized, 2, "ef", "<200>abef.");
	assert_survives(sized, 4, "HTTP/1.1 204 No Content\r\n\r\n", "<200>ab.<204>.");
	assert_survives("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nab", 2, "\r\n0\r\n\r\n", "<200>ab.");
	assert_survives("HTTP/1.1 200 OK\r\n\r\nab", 1000, "yz", "<200>abyz");
}

static void a_loss_that_may_reach_beyond_a_body_is_not_passed_over(void **state)
{
	(void)state;
	assert_survives("HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nab", 5, "", "<200>ab?");
	assert_survives("HTTP/1.1 200 OK\r\nContent-Length: 6\r\n", 5, "", "?");
	assert_survives("HTTP/1.1 204 No Content\r\n\r\n", 5, "", "<204>.?");
}

/* ---- what begins a message */

static bool begins(enum http_role role, const char *text)
{
	return http_looks_like(role, slice_of_text(text), false);
}

static bool may_begin(enum http_role role, const char *text)
{
	return http_looks_like(role, slice_of_text(text), true);
}

static void a_request_begins_with_a_method_and_a_target(void **state)
{
	(void)state;
	assert_true(begins(HTTP_REQUESTS, "GET /a HTTP/1.1\r\n"));
	assert_true(begins(HTTP_REQUESTS, "OPTIONS * HTTP/1.1\r\n"));
	assert_true(begins(HTTP_REQUESTS, "GET http://a/b HTTP/1.0\r\n"));
	assert_true(begins(HTTP_REQUESTS, "CONNECT a:443 HTTP/1.1\r\n"));
	assert_false(begins(HTTP_REQUESTS, "GET a HTTP/1.1\r\n"));
	assert_false(begins(HTTP_REQUESTS, "GE /a HTTP/1.1\r\n"));
	assert_false(begins(HTTP_REQUESTS, "A-METHOD-LONGER-THAN-ANY-THAT-THERE-IS /a HTTP/1.1\r\n"));
	assert_false(begins(HTTP_REQUESTS, "GET /a FTP/1.1\r\n"));
}

static void part_of_a_method_may_begin_a_request(void **state)
{
	(void)state;
	assert_true(may_begin(HTTP_REQUESTS, "PO"));
	assert_true(may_begin(HTTP_REQUESTS, "GET "));
	assert_false(may_begin(HTTP_REQUESTS, "G "));
	assert_false(may_begin(HTTP_REQUESTS, ""));
	assert_false(begins(HTTP_REQUESTS, "PO"));
}

static void the_path_of_a_target_is_the_same_in_any_form(void **state)
{
	(void)state;
	assert_true(slice_equals_text(http_target_path(SLICE("/a/b?c=/d#e")), "/a/b"));
	assert_true(slice_equals_text(http_target_path(SLICE("http://host:80/a/b?c=d")), "/a/b"));
	assert_true(slice_equals_text(http_target_path(SLICE("http://host?c=/d")), ""));
	assert_true(slice_equals_text(http_target_path(SLICE("/a?to=http://host/b")), "/a"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(pipelined_requests_are_reported_one_after_the_other),
	    cmocka_unit_test(a_response_ends_with_its_length),
	    cmocka_unit_test(chunks_are_joined_extensions_and_trailers_dropped),
	    cmocka_unit_test(a_chunk_length_that_is_none_is_bad),
	    cmocka_unit_test(chunked_outweighs_a_length),
	    cmocka_unit_test(an_interim_response_is_a_message_of_its_own),
	    cmocka_unit_test(what_answers_head_has_no_body),
	    cmocka_unit_test(statuses_without_bodies_have_none_whatever_they_say),
	    cmocka_unit_test(a_body_without_a_length_ends_with_the_connection),
	    cmocka_unit_test(a_connection_that_ends_within_a_message_is_bad),
	    cmocka_unit_test(bare_line_feeds_end_lines_too),
	    cmocka_unit_test(empty_lines_before_a_request_are_passed_over),
	    cmocka_unit_test(what_is_no_http_is_bad),
	    cmocka_unit_test(a_length_that_is_no_number_is_bad),
	    cmocka_unit_test(a_head_without_end_is_bad),
	    cmocka_unit_test(a_refused_request_still_shows_what_it_asked_for),
	    cmocka_unit_test(a_refused_chunk_is_no_refused_head),
	    cmocka_unit_test(a_head_that_the_budget_refuses_is_not_called_too_long),
	    cmocka_unit_test(a_head_in_a_copy_of_its_bytes_is_the_same_head),
	    cmocka_unit_test(a_head_in_half_a_copy_has_no_parts),
	    cmocka_unit_test(a_field_is_found_in_any_case_and_trimmed),
	    cmocka_unit_test(a_folded_field_is_one_field),
	    cmocka_unit_test(an_upgrade_wants_both_fields),
	    cmocka_unit_test(a_connection_stays_by_version_and_word),
	    cmocka_unit_test(a_chunk_that_goes_on_beyond_its_size_is_bad),
	    cmocka_unit_test(a_chunk_size_without_end_is_bad),
	    cmocka_unit_test(what_is_broken_stays_broken),
	    cmocka_unit_test(lengths_that_disagree_are_bad),
	    cmocka_unit_test(a_request_whose_last_coding_is_not_chunked_is_bad),
	    cmocka_unit_test(a_status_that_is_none_is_bad),
	    cmocka_unit_test(a_loss_within_a_body_shortens_it),
	    cmocka_unit_test(a_loss_that_may_reach_beyond_a_body_is_not_passed_over),
	    cmocka_unit_test(a_request_begins_with_a_method_and_a_target),
	    cmocka_unit_test(part_of_a_method_may_begin_a_request),
	    cmocka_unit_test(the_path_of_a_target_is_the_same_in_any_form),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
