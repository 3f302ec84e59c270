/* What breaks when an exported frontend is shipped: folders made here, findings out. */
#include "reflex/bundle.h"
#include "reflex_own_folder.h"

#define STATES(var) "const initialState = {\"reflex___state____state\": {\"" var "\": false}}"

struct shop {
	char *folder;
	struct findings findings;
};

static int open_shop(void **state)
{
	static struct shop shop;
	shop.folder = own_folder_make();
	findings_init(&shop.findings, 1 << 20);
	*state = &shop;
	return 0;
}

static int close_shop(void **state)
{
	struct shop *shop = *state;
	findings_free(&shop->findings);
	own_folder_remove(shop->folder);
	return 0;
}

static const struct finding *inspect(struct shop *shop, unsigned code)
{
	struct bundle bundle;
	assert_true(bundle_inspect(&bundle, shop->folder));
	bundle_check(&shop->findings, &bundle, shop->folder);
	bundle_free(&bundle);
	for (const struct finding *finding = shop->findings.first; finding; finding = finding->next)
		if (finding->code == code)
			return finding;
	return NULL;
}

static void write_build(struct shop *shop, const char *script)
{
	own_folder_write(shop->folder, "build/client/index.html", "<!doctype html>");
	own_folder_write(shop->folder, "build/client/assets/a.js", script);
}

static void a_bundle_that_is_whole_is_let_pass(void **state)
{
	struct shop *shop = *state;
	write_build(shop, STATES("a_rx_state_"));
	own_folder_write(shop->folder, "utils/context.js", "export " STATES("a_rx_state_"));
	inspect(shop, CODES_MOST);
	assert_int_equal(shop->findings.count, 0);
}

static void sources_that_differ_from_the_build_are_reported_with_the_first_name(void **state)
{
	struct shop *shop = *state;
	write_build(shop, STATES("a_rx_state_"));
	own_folder_write(shop->folder, "utils/context.js", "export " STATES("b_rx_state_"));
	const struct finding *finding = inspect(shop, CODE_BUNDLE_STATE);
	assert_non_null(finding);
	assert_non_null(strstr(finding->seen, "first b_rx_state_"));
	assert_non_null(strstr(finding->seen, "first a_rx_state_"));
}

static void a_folder_without_a_build_is_incomplete(void **state)
{
	struct shop *shop = *state;
	own_folder_write(shop->folder, "utils/context.js", "export " STATES("a_rx_state_"));
	assert_non_null(inspect(shop, CODE_BUNDLE_INCOMPLETE));
}

static void symlinks_are_counted_and_the_first_is_shown(void **state)
{
	struct shop *shop = *state;
	char link[128];
	write_build(shop, STATES("a_rx_state_"));
	own_folder_write(shop->folder, "node_modules/.bin/placeholder", "");
	snprintf(link, sizeof link, "%s/node_modules/.bin/vite", shop->folder);
	assert_int_equal(symlink("../vite/bin/vite.js", link), 0);
	const struct finding *finding = inspect(shop, CODE_BUNDLE_SYMLINKS);
	assert_non_null(finding);
	assert_non_null(strstr(finding->seen, "1 symlink,"));
	assert_non_null(strstr(finding->seen, "1 broken"));
	assert_non_null(strstr(finding->seen, "../vite/bin/vite.js"));
}

static void an_address_that_no_page_corrects_is_a_warning(void **state)
{
	struct shop *shop = *state;
	write_build(shop, STATES("a_rx_state_") ";var e={EVENT:`ws://127.0.0.1:8000/_event`,TRANSPORT:`websocket`}");
	const struct finding *finding = inspect(shop, CODE_BUNDLE_TRANSPORT);
	assert_non_null(finding);
	assert_int_equal(finding->severity, SEVERITY_WARNING);
}

static void localhost_is_put_right_by_the_page_and_no_warning(void **state)
{
	struct shop *shop = *state;
	write_build(shop, STATES("a_rx_state_") ";var e={EVENT:`ws://localhost:8000/_event`,TRANSPORT:`polling`}");
	const struct finding *finding = inspect(shop, CODE_BUNDLE_TRANSPORT);
	assert_non_null(finding);
	assert_int_equal(finding->severity, SEVERITY_INFO);
	assert_non_null(strstr(finding->seen, "polling"));
}

/* ---- a server that was asked */

#define SETTINGS(transport) \
	STATES("a_rx_state_") ";var e={EVENT:`ws://localhost:8000/_event`,TRANSPORT:`" transport "`}"
#define POLLS                                             \
	{                                                 \
		.status = 200, .text = "0{\"sid\":\"x\"}" \
	}
#define SWITCHES              \
	{                     \
		.status = 101 \
	}

/* The finding about the handshake, or the other one, about the place. */
static const struct finding *ask(
    struct shop *shop, const char *script, const struct bundle_server *server, const char *subject)
{
	struct frontend frontend;
	write_build(shop, script);
	assert_true(frontend_open(&frontend, shop->folder));
	bundle_check_server(&shop->findings, &frontend, server);
	frontend_free(&frontend);
	for (const struct finding *finding = shop->findings.first; finding; finding = finding->next)
		if (strstr(finding->seen, subject))
			return finding;
	return NULL;
}

static void a_server_that_takes_the_baked_transport_is_no_error(void **state)
{
	const struct bundle_server server = {"http://localhost:8000/_event/", {.status = 400}, SWITCHES};
	const struct finding *finding = ask(*state, SETTINGS("websocket"), &server, "asked ");
	assert_non_null(finding);
	assert_int_equal(finding->severity, SEVERITY_INFO);
	assert_non_null(strstr(finding->seen, "opens a session; polling is answered with HTTP 400"));
}

static void a_server_that_takes_only_the_other_transport_is_an_error_and_the_way_out_is_reported(void **state)
{
	const struct bundle_server server = {
	    "http://localhost:8000/_event/", {.status = 400, .text = "Invalid transport"}, SWITCHES};
	const struct finding *finding = ask(*state, SETTINGS("polling"), &server, "asked ");
	assert_non_null(finding);
	assert_int_equal(finding->severity, SEVERITY_ERROR);
	assert_non_null(strstr(finding->seen, "HTTP 400 and \"Invalid transport\""));
	assert_non_null(strstr(finding->advice, "The other transport works"));
}

static void a_place_without_engineio_is_reported_as_that(void **state)
{
	const struct bundle_server server = {"http://localhost:8000/_event/", {.status = 404}, {.status = 404}};
	const struct finding *finding = ask(*state, SETTINGS("websocket"), &server, "asked ");
	assert_non_null(finding);
	assert_non_null(strstr(finding->advice, "There is no Engine.IO at this path"));
}

static void two_hundred_without_a_sid_is_no_session(void **state)
{
	const struct bundle_server server = {
	    "http://localhost:8000/_event/", {.status = 200, .text = "<html>"}, {.status = 403}};
	const struct finding *finding = ask(*state, SETTINGS("polling"), &server, "asked ");
	assert_non_null(finding);
	assert_int_equal(finding->severity, SEVERITY_ERROR);
	assert_non_null(strstr(finding->advice, "Neither transport works here"));
}

static void a_server_at_another_place_than_the_baked_one_is_reported(void **state)
{
	const struct bundle_server server = {"http://localhost:9000/_event/", POLLS, SWITCHES};
	assert_non_null(ask(*state, SETTINGS("websocket"), &server, "the pages connect to ws://localhost:8000/_event"));
}

static void the_baked_place_with_a_slash_behind_it_is_no_other_place(void **state)
{
	const struct bundle_server server = {"http://localhost:8000/_event/", POLLS, SWITCHES};
	assert_null(ask(*state, SETTINGS("websocket"), &server, "the pages connect to"));
}

static void a_build_without_settings_is_asked_by_websocket(void **state)
{
	const struct bundle_server server = {"http://localhost:8000/_event/", POLLS, SWITCHES};
	const struct finding *finding = ask(*state, STATES("a_rx_state_"), &server, "asked ");
	assert_non_null(finding);
	assert_non_null(strstr(finding->seen, "websocket, which pages use unless told otherwise"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(a_bundle_that_is_whole_is_let_pass, open_shop, close_shop),
	    cmocka_unit_test_setup_teardown(
	        sources_that_differ_from_the_build_are_reported_with_the_first_name, open_shop, close_shop),
	    cmocka_unit_test_setup_teardown(a_folder_without_a_build_is_incomplete, open_shop, close_shop),
	    cmocka_unit_test_setup_teardown(symlinks_are_counted_and_the_first_is_shown, open_shop, close_shop),
	    cmocka_unit_test_setup_teardown(an_address_that_no_page_corrects_is_a_warning, open_shop, close_shop),
	    cmocka_unit_test_setup_teardown(localhost_is_put_right_by_the_page_and_no_warning, open_shop, close_shop),
	    cmocka_unit_test_setup_teardown(a_server_that_takes_the_baked_transport_is_no_error, open_shop, close_shop),
	    cmocka_unit_test_setup_teardown(
	        a_server_that_takes_only_the_other_transport_is_an_error_and_the_way_out_is_reported, open_shop,
	        close_shop),
	    cmocka_unit_test_setup_teardown(a_place_without_engineio_is_reported_as_that, open_shop, close_shop),
	    cmocka_unit_test_setup_teardown(two_hundred_without_a_sid_is_no_session, open_shop, close_shop),
	    cmocka_unit_test_setup_teardown(
	        a_server_at_another_place_than_the_baked_one_is_reported, open_shop, close_shop),
	    cmocka_unit_test_setup_teardown(
	        the_baked_place_with_a_slash_behind_it_is_no_other_place, open_shop, close_shop),
	    cmocka_unit_test_setup_teardown(a_build_without_settings_is_asked_by_websocket, open_shop, close_shop),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
