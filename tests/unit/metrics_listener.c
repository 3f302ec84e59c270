/* The address of --metrics-listen, what a request asks for, and clients that are slow. */
#include "cmd/metrics_listener.h"

#include "base/timestamp.h"
#include "unit.h"

#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static void assert_address(const char *text, const char *host, const char *port)
{
	struct metrics_address address;
	char why[METRICS_WHY];
	assert_true(metrics_address_read(text, &address, why));
	assert_string_equal(address.host, host);
	assert_string_equal(address.port, port);
}

static void without_an_address_it_is_loopback(void **state)
{
	(void)state;
	assert_address("9464", "127.0.0.1", "9464");
	assert_address(":9464", "127.0.0.1", "9464");
	assert_address("127.0.0.1:9464", "127.0.0.1", "9464");
	assert_address("0.0.0.0:80", "0.0.0.0", "80");
	assert_address("[::1]:9464", "::1", "9464");
	assert_address("[::]:9464", "::", "9464");
}

static void other_addresses_are_refused(void **state)
{
	static const char *const texts[] = {"", "0", "65536", "localhost:9464", "127.0.0.1", "127.0.0.1:", "::1:9464",
	    "[127.0.0.1]:9464", "[::1]", "1.2.3.4:9464x", "-1"};
	struct metrics_address address;
	char why[METRICS_WHY];
	(void)state;
	for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
		assert_false(metrics_address_read(texts[i], &address, why));
		assert_non_null(strstr(why, "write 127.0.0.1:9464"));
	}
}

#define REQUEST(text) metrics_read_request(SLICE(text))

static void only_get_of_metrics_is_answered(void **state)
{
	(void)state;
	assert_int_equal(REQUEST("GET /metrics HTTP/1.1\r\nHost: a\r\n\r\n"), METRICS_TEXT);
	assert_int_equal(REQUEST("GET /metrics?x=1 HTTP/1.0\r\n\r\n"), METRICS_TEXT);
	assert_int_equal(REQUEST("GET /metrics HTTP/1.1\n\n"), METRICS_TEXT);
	assert_int_equal(REQUEST("GET / HTTP/1.1\r\n\r\n"), METRICS_UNKNOWN);
	assert_int_equal(REQUEST("GET /metrics/ HTTP/1.1\r\n\r\n"), METRICS_UNKNOWN);
	assert_int_equal(REQUEST("GET /metricsx HTTP/1.1\r\n\r\n"), METRICS_UNKNOWN);
	assert_int_equal(REQUEST("POST /metrics HTTP/1.1\r\n\r\n"), METRICS_METHOD);
	assert_int_equal(REQUEST("HEAD /metrics HTTP/1.1\r\n\r\n"), METRICS_METHOD);
	assert_int_equal(REQUEST("GET /metrics HTTP/2\r\n\r\n"), METRICS_BAD);
	assert_int_equal(REQUEST("GET http://a/metrics HTTP/1.1\r\n\r\n"), METRICS_BAD);
	assert_int_equal(REQUEST("\r\n\r\n"), METRICS_BAD);
	assert_int_equal(REQUEST("GET /metrics HTTP/1.1\r\nHost: a\r\n"), METRICS_INCOMPLETE);
}

static void accept_chooses_the_form(void **state)
{
	(void)state;
	assert_int_equal(REQUEST("GET /metrics HTTP/1.1\r\nAccept: text/plain\r\n\r\n"), METRICS_TEXT);
	assert_int_equal(REQUEST("GET /metrics HTTP/1.1\r\nAccept: */*\r\n\r\n"), METRICS_TEXT);
	assert_int_equal(REQUEST("GET /metrics HTTP/1.1\r\naccept: text/plain;q=0.1, application/openmetrics-text; "
	                         "version=1.0.0;q=0.5\r\n\r\n"),
	    METRICS_OPEN);
	assert_int_equal(
	    REQUEST("GET /metrics HTTP/1.1\r\nAccept: application/openmetrics-text;q=0.0, text/plain\r\n\r\n"),
	    METRICS_TEXT);
}

/* ---- a server of its own, on a port that the system chooses */

struct place {
	struct metrics_listener listener;
	int asked[METRICS_FORMS];
};

static struct place place;

static int open_place(void **state)
{
	int listening = socket(AF_UNIX, SOCK_STREAM, 0);
	(void)state;
	memset(&place, 0, sizeof place);
	metrics_listener_init(&place.listener, listening, 1 << 20); /* it never accepts: clients are put in by hand */
	return listening < 0;
}

static int close_place(void **state)
{
	(void)state;
	close(place.listener.socket);
	metrics_listener_free(&place.listener);
	return 0;
}

static int connect_client(size_t nth, int64_t deadline)
{
	int ends[2];
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, ends), 0);
	struct metrics_client *client = &place.listener.clients[nth];
	client->socket = ends[0];
	client->deadline = deadline;
	client->asks = METRICS_INCOMPLETE;
	client->request_len = client->sent = 0;
	buffer_init(&client->answer, BUFFER_NO_LIMIT, NULL);
	return ends[1];
}

static void note_asked(void *self, enum metrics_form form)
{
	((struct place *)self)->asked[form]++;
}

static void step(int64_t now)
{
	struct pollfd files[1 + METRICS_CLIENTS];
	size_t count = metrics_listener_files(&place.listener, files);
	poll(files, count, 0);
	files[0].revents = 0;
	metrics_listener_step(&place.listener, files, count, now, note_asked, &place);
}

static void say(int client, const char *text)
{
	assert_int_equal(write(client, text, strlen(text)), strlen(text));
}

static void assert_hears(int client, const char *status, const char *end)
{
	char text[8192] = "";
	ssize_t len = read(client, text, sizeof text - 1);
	assert_true(len > 0);
	assert_non_null(strstr(text, status));
	assert_string_equal(text + len - strlen(end), end);
	assert_int_equal(read(client, text, 1), 0); /* closed */
	close(client);
}

static void a_scrape_gets_a_text_that_was_made_for_it(void **state)
{
	(void)state;
	int one = connect_client(0, 100), two = connect_client(1, 100);
	say(one, "GET /metrics HTTP/1.1\r\n\r\n");
	say(two, "GET /metrics HTTP/1.1\r\nAccept: application/openmetrics-text\r\n\r\n");
	step(1);
	step(2);
	assert_int_equal(place.asked[METRICS_PROMETHEUS], 1);
	assert_int_equal(place.asked[METRICS_OPENMETRICS], 1);
	metrics_listener_publish(&place.listener, METRICS_PROMETHEUS, SLICE("a 1\n"));
	metrics_listener_publish(&place.listener, METRICS_OPENMETRICS, SLICE("a 1\n# EOF\n"));
	step(3);
	assert_hears(one, "text/plain; version=0.0.4", "\r\n\r\na 1\n");
	assert_hears(two, "application/openmetrics-text; version=1.0.0", "\r\n\r\na 1\n# EOF\n");
}

static void a_text_that_does_not_come_is_the_last_one(void **state)
{
	(void)state;
	metrics_listener_publish(&place.listener, METRICS_PROMETHEUS, SLICE("a 1\n"));
	int one = connect_client(0, 100 * TIMESTAMP_SECOND);
	say(one, "GET /metrics HTTP/1.1\r\n\r\n");
	step(1);
	step(1 + 2 * TIMESTAMP_SECOND);
	step(2 + 2 * TIMESTAMP_SECOND);
	assert_hears(one, "200 OK", "a 1\n");
}

static void before_the_first_text_it_is_unavailable(void **state)
{
	(void)state;
	int one = connect_client(0, 100 * TIMESTAMP_SECOND);
	say(one, "GET /metrics HTTP/1.1\r\n\r\n");
	step(1);
	step(1 + 2 * TIMESTAMP_SECOND);
	step(2 + 2 * TIMESTAMP_SECOND);
	assert_hears(one, "503 ", "begun\n");
}

static void a_client_that_says_nothing_is_closed(void **state)
{
	(void)state;
	char byte;
	int one = connect_client(0, 100);
	say(one, "GET /met");
	step(99);
	assert_true(place.listener.clients[0].socket >= 0);
	assert_int_equal(metrics_listener_next(&place.listener), 100);
	step(100);
	assert_true(place.listener.clients[0].socket < 0);
	assert_int_equal(read(one, &byte, 1), 0);
	close(one);
}

static void a_request_without_an_end_is_refused(void **state)
{
	(void)state;
	char *text = malloc(METRICS_REQUEST + 1);
	memset(text, 'a', METRICS_REQUEST);
	text[METRICS_REQUEST] = '\0';
	int one = connect_client(0, 100);
	say(one, text);
	free(text);
	step(1);
	step(2);
	assert_hears(one, "431 ", "too long\n");
}

static void a_refusal_says_what_is_allowed(void **state)
{
	(void)state;
	int one = connect_client(0, 100);
	say(one, "DELETE /metrics HTTP/1.1\r\n\r\n");
	step(1);
	step(2);
	assert_hears(one, "405 Method Not Allowed\r\n", "only GET\n");
	assert_int_equal(place.asked[METRICS_PROMETHEUS], 0);
}

#define SERVES(test) cmocka_unit_test_setup_teardown(test, open_place, close_place)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(without_an_address_it_is_loopback),
	    cmocka_unit_test(other_addresses_are_refused),
	    cmocka_unit_test(only_get_of_metrics_is_answered),
	    cmocka_unit_test(accept_chooses_the_form),
	    SERVES(a_scrape_gets_a_text_that_was_made_for_it),
	    SERVES(a_text_that_does_not_come_is_the_last_one),
	    SERVES(before_the_first_text_it_is_unavailable),
	    SERVES(a_client_that_says_nothing_is_closed),
	    SERVES(a_request_without_an_end_is_refused),
	    SERVES(a_refusal_says_what_is_allowed),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
