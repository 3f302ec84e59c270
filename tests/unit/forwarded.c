/* What a proxy passes on of the page that asks: what requests with these headers are taken for. */
#include "detect/forwarded.h"

#include "stage.h"

static void assert_judged(const char *headers, bool is_encrypted, enum forwarded expected)
{
	char request[512];
	struct http_stream stream;
	struct http_item item = {0};
	snprintf(request, sizeof request, "GET /socket.io/?EIO=4&transport=websocket HTTP/1.1\r\n%s\r\n", headers);
	struct slice bytes = slice_of_text(request);
	http_stream_init(&stream, HTTP_REQUESTS, &http_default_limits, NULL);
	assert_int_equal(http_next_item(&stream, &bytes, &item), WIRE_ITEM);
	struct exchange_half half = {.head = item.head};
	assert_int_equal(forwarded_judge(&half, is_encrypted), expected);
	http_stream_free(&stream);
}

static void a_page_of_the_same_host_and_scheme_is_the_servers_own(void **state)
{
	(void)state;
	assert_judged("Host: chat.example.org\r\nOrigin: http://chat.example.org\r\n", false, FORWARDED_SAME);
	assert_judged(
	    "Host: app:8000\r\nX-Forwarded-Host: chat.example.org, inner\r\nX-Forwarded-Proto: https, http\r\n"
	    "Origin: https://chat.example.org\r\n",
	    false, FORWARDED_SAME);
	assert_judged("Host: app:8000\r\nForwarded: for=10.0.0.1; host=\"chat.example.org\"\r\n"
	              "Origin: http://chat.example.org\r\n",
	    false, FORWARDED_SAME);
}

static void without_an_origin_no_page_is_known(void **state)
{
	(void)state;
	assert_judged("Host: chat.example.org\r\n", false, FORWARDED_NONE);
}

static void a_page_of_another_host_is_anothers(void **state)
{
	(void)state;
	assert_judged("Host: api.example.org\r\nOrigin: http://chat.example.org\r\nX-Forwarded-For: 10.0.0.1\r\n",
	    false, FORWARDED_OTHER);
	assert_judged(
	    "Host: localhost:8000\r\nOrigin: http://localhost:3000\r\nVia: 1.1 dev\r\n", false, FORWARDED_OTHER);
	assert_judged("Host: 127.0.0.1:8000\r\nOrigin: http://chat.example.org\r\nConnection: Upgrade\r\n", false,
	    FORWARDED_OTHER);
	assert_judged(
	    "Host: 127.0.0.1:8000\r\nX-Forwarded-Host: api.example.org\r\nOrigin: http://chat.example.org\r\n", false,
	    FORWARDED_OTHER);
}

static void a_host_of_the_proxys_own_is_not_the_pages(void **state)
{
	(void)state;
	assert_judged("Host: 127.0.0.1:8000\r\nOrigin: http://chat.example.org\r\nConnection: upgrade\r\n", false,
	    FORWARDED_HOST_LOST);
	assert_judged(
	    "Host: backend\r\nOrigin: https://chat.example.org\r\nX-Real-IP: 10.0.0.1\r\n", false, FORWARDED_HOST_LOST);
	assert_judged(
	    "Host: app_upstream:80\r\nOrigin: https://chat.example.org\r\nVia: 1.1 x\r\n", false, FORWARDED_HOST_LOST);
}

static void a_page_of_https_whose_scheme_does_not_arrive_is_anothers_to_the_server(void **state)
{
	(void)state;
	assert_judged("Host: chat.example.org\r\nOrigin: https://chat.example.org\r\n", false, FORWARDED_SCHEME_LOST);
	assert_judged("Host: chat.example.org\r\nX-Forwarded-Proto: wss\r\nOrigin: https://chat.example.org\r\n", false,
	    FORWARDED_SCHEME_LOST);
	assert_judged("Host: chat.example.org\r\nX-Forwarded-Proto: https\r\nOrigin: https://chat.example.org\r\n",
	    false, FORWARDED_SAME);
}

static void where_tls_is_read_the_proxy_that_ends_it_has_said_nothing_yet(void **state)
{
	(void)state;
	assert_judged("Host: chat.example.org\r\nOrigin: https://chat.example.org\r\n", true, FORWARDED_SAME);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_page_of_the_same_host_and_scheme_is_the_servers_own),
	    cmocka_unit_test(without_an_origin_no_page_is_known),
	    cmocka_unit_test(a_page_of_another_host_is_anothers),
	    cmocka_unit_test(a_host_of_the_proxys_own_is_not_the_pages),
	    cmocka_unit_test(a_page_of_https_whose_scheme_does_not_arrive_is_anothers_to_the_server),
	    cmocka_unit_test(where_tls_is_read_the_proxy_that_ends_it_has_said_nothing_yet),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
