/* Sessions that go on by WebTransport, which is QUIC and cannot be read: how they are recognised, and what is no such
 * session. */
#include "scene.h"

#define OPENED(upgrades, length)                                \
	"HTTP/1.1 200 OK\r\nContent-Length: " length "\r\n\r\n" \
	"0{\"sid\":\"a\",\"upgrades\":[" upgrades "],\"pingInterval\":1000,\"pingTimeout\":1000}"
#define WITH_WEBTRANSPORT OPENED("\"websocket\",\"webtransport\"", "91")
#define WITHOUT OPENED("\"websocket\"", "76")
#define NOOP "HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n6"

/* A session by polling, whose waiting poll is answered by a noop. */
static void begin_upgrade(struct scene *scene, const char *opened)
{
	begin_connection(scene);
	say(scene, 3, DIRECTION_TO_SERVER, HANDSHAKE);
	say(scene, 4, DIRECTION_TO_CLIENT, opened);
	say(scene, 5, DIRECTION_TO_SERVER, POLL("a"));
	say(scene, 6, DIRECTION_TO_CLIENT, NOOP);
}

/* Something else, five seconds later: the capture goes on. */
static void go_on(struct scene *scene)
{
	scene->later += 5 * TIMESTAMP_SECOND;
	scene->client++;
	give(scene, 50, DIRECTION_TO_SERVER, 1, TCP_SYN, "");
	scene->client--;
}

static uint64_t hidden_sessions(struct scene *scene)
{
	engine_end(scene->engine);
	return engine_ledger(scene->engine)->entries[LEDGER_WEBTRANSPORT].items;
}

/* An Initial of a client (RFC 9000 §17.2.2) to the server of the scene, or its answer. */
static void give_initial(struct scene *scene, bool from_client, uint32_t version, uint8_t first)
{
	enum { UDP = 20, INITIAL = 28, SIZE = 28 + 1200 };
	uint8_t bytes[SIZE] = {0x45, [9] = 17, [15] = from_client ? 1 : 2, [19] = from_client ? 2 : 1};
	network_write_16(bytes + 2, SIZE);
	network_write_16(bytes + UDP, from_client ? 40000 : 443);
	network_write_16(bytes + UDP + 2, from_client ? 443 : 40000);
	network_write_16(bytes + UDP + 4, SIZE - UDP);
	bytes[INITIAL] = first;
	network_write_32(bytes + INITIAL + 1, version);
	const struct packet packet = {.time = scene->later + 1010 * TIMESTAMP_MILLISECOND,
	    .number = 40,
	    .link_type = LINK_RAW,
	    .wire_len = SIZE,
	    .bytes = slice_of(bytes, SIZE)};
	engine_take_packet(scene->engine, &packet);
}

static uint64_t quic_connections(const struct scene *scene)
{
	return engine_ledger(scene->engine)->entries[LEDGER_QUIC].items;
}

/* ---- what it is */

static void polls_that_end_with_a_noop_and_no_websocket_are_an_upgrade_to_webtransport(void **state)
{
	struct scene *scene = *state;
	begin_upgrade(scene, WITH_WEBTRANSPORT);
	go_on(scene);
	assert_int_equal(hidden_sessions(scene), 1);
	assert_non_null(strstr(engine_ledger(scene->engine)->details[LEDGER_WEBTRANSPORT], "not in the capture"));
}

static void quic_to_the_same_server_is_said(void **state)
{
	struct scene *scene = *state;
	begin_upgrade(scene, WITH_WEBTRANSPORT);
	give_initial(scene, true, 1, 0xc3);
	go_on(scene);
	assert_int_equal(hidden_sessions(scene), 1);
	assert_non_null(strstr(engine_ledger(scene->engine)->details[LEDGER_WEBTRANSPORT], "were seen"));
}

/* ---- what it is not */

static void where_webtransport_is_not_offered_there_is_none(void **state)
{
	struct scene *scene = *state;
	begin_upgrade(scene, WITHOUT);
	go_on(scene);
	assert_int_equal(hidden_sessions(scene), 0);
}

static void a_client_that_polls_on_did_not_upgrade(void **state)
{
	struct scene *scene = *state;
	begin_upgrade(scene, WITH_WEBTRANSPORT);
	say(scene, 7, DIRECTION_TO_SERVER, POLL("a"));
	go_on(scene);
	assert_int_equal(hidden_sessions(scene), 0);
}

static void a_websocket_is_an_upgrade_of_its_own(void **state)
{
	struct scene *scene = *state;
	begin_upgrade(scene, WITH_WEBTRANSPORT);
	say(scene, 7, DIRECTION_TO_SERVER,
	    "GET /socket.io/?EIO=4&transport=websocket&sid=a HTTP/1.1\r\nConnection: Upgrade\r\nUpgrade: "
	    "websocket\r\n\r\n");
	say(scene, 8, DIRECTION_TO_CLIENT, "HTTP/1.1 101 X\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n");
	go_on(scene);
	assert_int_equal(hidden_sessions(scene), 0);
}

static void a_capture_that_ends_at_once_says_nothing(void **state)
{
	struct scene *scene = *state;
	begin_upgrade(scene, WITH_WEBTRANSPORT);
	assert_int_equal(hidden_sessions(scene), 0);
}

/* ---- QUIC */

static void initials_of_a_client_are_one_connection(void **state)
{
	struct scene *scene = *state;
	give_initial(scene, true, 1, 0xc3);
	give_initial(scene, true, 1, 0xc3);
	give_initial(scene, false, 1, 0xc3); /* the answer */
	assert_int_equal(quic_connections(scene), 1);
	assert_string_equal(engine_ledger(scene->engine)->details[LEDGER_QUIC], "the first to 0.0.0.2:443");
}

static void version_2_has_another_type_for_initials(void **state)
{
	struct scene *scene = *state;
	give_initial(scene, true, 0x6b3343cf, 0xc3);
	assert_int_equal(quic_connections(scene), 0);
	give_initial(scene, true, 0x6b3343cf, 0xd3);
	assert_int_equal(quic_connections(scene), 1);
}

static void what_is_no_initial_is_no_quic(void **state)
{
	struct scene *scene = *state;
	give_initial(scene, true, 0x12345678, 0xc3);
	give_initial(scene, true, 1, 0x43); /* a short header */
	give_initial(scene, true, 1, 0xe3); /* a Handshake */
	assert_int_equal(quic_connections(scene), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(
	        polls_that_end_with_a_noop_and_no_websocket_are_an_upgrade_to_webtransport, begin, end),
	    cmocka_unit_test_setup_teardown(quic_to_the_same_server_is_said, begin, end),
	    cmocka_unit_test_setup_teardown(where_webtransport_is_not_offered_there_is_none, begin, end),
	    cmocka_unit_test_setup_teardown(a_client_that_polls_on_did_not_upgrade, begin, end),
	    cmocka_unit_test_setup_teardown(a_websocket_is_an_upgrade_of_its_own, begin, end),
	    cmocka_unit_test_setup_teardown(a_capture_that_ends_at_once_says_nothing, begin, end),
	    cmocka_unit_test_setup_teardown(initials_of_a_client_are_one_connection, begin, end),
	    cmocka_unit_test_setup_teardown(version_2_has_another_type_for_initials, begin, end),
	    cmocka_unit_test_setup_teardown(what_is_no_initial_is_no_quic, begin, end),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
