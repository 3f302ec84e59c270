/* What a process did at its sockets, told to the engine in place of packets. */
#include "net/packet.h"
#include "socketio/engine.h"
#include "socketio/session.h"
#include "unit.h"

#include <stdio.h>
#include <string.h>

enum { TOLD = 64 };

struct given {
	enum event_kind kind;
	enum direction direction;
	timestamp queued;
	uint64_t lost, packet;
	bool has_process, is_doubtful, says_exit;
	char server[ENDPOINT_TEXT_SIZE];
};

struct scene {
	struct limits limits;
	struct observer observer;
	const struct observer *observers[1];
	struct engine *engine;
	struct probed_socket socket;
	uint64_t offset[2]; /* by direction: [1] is received */
	timestamp now, arrived;
	uint64_t packets;
	struct given given[TOLD];
	size_t count, closed; /* events, sessions */
};

static void scene_note_closed(void *self, const struct session *session)
{
	struct scene *scene = self;
	(void)session;
	scene->closed++;
}

static void scene_note(void *self, const struct event *event)
{
	struct scene *scene = self;
	assert_true(scene->count < TOLD);
	struct given *given = &scene->given[scene->count++];
	*given = (struct given){.kind = event->kind,
	    .direction = event->direction,
	    .queued = event->queued,
	    .lost = event->gap.lost,
	    .packet = event->origin.last,
	    .has_process = event->connection->process != NULL,
	    .is_doubtful = event->connection->doubtful,
	    .says_exit = event->kind == EVENT_TCP_CLOSE && event_text(event).len != 0};
	endpoint_format(&event->connection->server, given->server);
}

static void scene_begin(struct scene *scene)
{
	*scene = (struct scene){.limits = limits_default(), .now = 1000 * TIMESTAMP_SECOND, .arrived = TIMESTAMP_NONE};
	scene->observer = (struct observer){.self = scene, .event = scene_note, .session_closed = scene_note_closed};
	scene->observers[0] = &scene->observer;
	scene->engine = engine_new(&scene->limits, scene->observers, 1);
	assert_non_null(scene->engine);
	scene->socket = (struct probed_socket){.id = 1,
	    .local = {.version = 4, .bytes = {127, 0, 0, 1}},
	    .remote = {.version = 4, .bytes = {127, 0, 0, 2}},
	    .local_port = 8000,
	    .remote_port = 50000,
	    .process = {.id = 7, .command = "python"}};
}

static void scene_end(struct scene *scene)
{
	engine_free(scene->engine);
}

static void scene_do(struct scene *scene, enum probed_kind kind, bool received, struct slice bytes)
{
	struct probed probed = {.kind = kind,
	    .socket = &scene->socket,
	    .received = received,
	    .offset = scene->offset[received],
	    .arrived = scene->arrived,
	    .bytes = bytes};
	struct packet packet = {
	    .time = scene->now += TIMESTAMP_MILLISECOND, .number = ++scene->packets, .probed = &probed};
	scene->offset[received] += bytes.len;
	engine_take_packet(scene->engine, &packet);
}

static void reads(struct scene *scene, const char *text)
{
	scene_do(scene, PROBED_BYTES, true, slice_of_text(text));
}

static void writes(struct scene *scene, const char *text)
{
	scene_do(scene, PROBED_BYTES, false, slice_of_text(text));
}

static void upgrade(struct scene *scene)
{
	reads(scene, "GET /socket.io/?EIO=4&transport=websocket HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\n"
	             "Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
	             "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n");
	writes(scene, "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n");
	writes(scene, "\x81\x11"
	              "0{\"sid\":\"abcdef\"}");
}

/* An Engine.IO message of one letter, as a masked frame whose mask is nought. */
static void read_message(struct scene *scene)
{
	scene_do(scene, PROBED_BYTES, true,
	    slice_of("\x81\x82\0\0\0\0"
	             "40",
	        8));
}

static const struct given *first(const struct scene *scene, enum event_kind kind)
{
	for (size_t i = 0; i < scene->count; i++)
		if (scene->given[i].kind == kind)
			return &scene->given[i];
	fail_msg("no %s was told", event_kind_name(kind));
	return NULL;
}

static size_t count_of(const struct scene *scene, enum event_kind kind)
{
	size_t count = 0;
	for (size_t i = 0; i < scene->count; i++)
		count += scene->given[i].kind == kind;
	return count;
}

/* ---- */

static void what_a_server_reads_goes_to_the_server(void **state)
{
	(void)state;
	struct scene scene;
	scene_begin(&scene);
	upgrade(&scene);
	read_message(&scene);
	assert_int_equal(first(&scene, EVENT_OPEN)->direction, DIRECTION_TO_CLIENT);
	assert_int_equal(first(&scene, EVENT_CONNECT)->direction, DIRECTION_TO_SERVER);
	scene_end(&scene);
}

static void a_process_that_is_the_client_reads_what_goes_to_the_client(void **state)
{
	(void)state;
	struct scene scene;
	scene_begin(&scene);
	scene.socket.is_client = true;
	writes(&scene, "GET /socket.io/?EIO=4&transport=polling HTTP/1.1\r\nHost: a\r\n\r\n");
	reads(&scene, "HTTP/1.1 200 OK\r\nContent-Length: 17\r\n\r\n0{\"sid\":\"abcdef\"}");
	assert_int_equal(first(&scene, EVENT_OPEN)->direction, DIRECTION_TO_CLIENT);
	assert_string_equal(first(&scene, EVENT_OPEN)->server, "127.0.0.2:50000");
	scene_end(&scene);
}

static void the_process_stands_on_the_connection(void **state)
{
	(void)state;
	struct scene scene;
	scene_begin(&scene);
	upgrade(&scene);
	assert_true(first(&scene, EVENT_OPEN)->has_process);
	scene_end(&scene);
}

static void a_unix_socket_is_named_by_the_path_of_its_server(void **state)
{
	(void)state;
	struct scene scene;
	scene_begin(&scene);
	scene.socket.path = "/run/app.sock";
	upgrade(&scene);
	assert_string_equal(first(&scene, EVENT_OPEN)->server, "unix:/run/app.sock");
	scene_end(&scene);
}

static void a_jump_of_the_offset_is_a_gap_of_as_many_bytes(void **state)
{
	(void)state;
	struct scene scene;
	scene_begin(&scene);
	upgrade(&scene);
	scene.offset[true] += 123;
	read_message(&scene);
	assert_int_equal(first(&scene, EVENT_GAP)->lost, 123);
	assert_int_equal(engine_counts(scene.engine)->gaps, 1);
	scene_end(&scene);
}

static void a_socket_that_was_joined_is_a_connection_whose_beginning_is_missing(void **state)
{
	(void)state;
	struct scene scene;
	scene_begin(&scene);
	scene.socket.is_joined = true;
	read_message(&scene);
	writes(&scene, "\x81\x02"
	               "40");
	read_message(&scene);
	assert_int_equal(engine_counts(scene.engine)->joined, 1);
	scene_end(&scene);
}

static void what_lay_unread_is_reported_with_what_was_read(void **state)
{
	(void)state;
	struct scene scene;
	scene_begin(&scene);
	upgrade(&scene);
	scene.arrived = scene.now - 2 * TIMESTAMP_SECOND;
	read_message(&scene);
	assert_int_equal(first(&scene, EVENT_CONNECT)->queued, 2 * TIMESTAMP_SECOND + TIMESTAMP_MILLISECOND);
	scene_end(&scene);
}

static void what_is_not_known_to_have_waited_has_not(void **state)
{
	(void)state;
	struct scene scene;
	scene_begin(&scene);
	upgrade(&scene);
	read_message(&scene);
	assert_int_equal(first(&scene, EVENT_CONNECT)->queued, 0);
	scene_end(&scene);
}

static void an_end_closes_the_connection(void **state)
{
	(void)state;
	struct scene scene;
	scene_begin(&scene);
	upgrade(&scene);
	scene_do(&scene, PROBED_END, false, slice_of(NULL, 0));
	assert_int_equal(first(&scene, EVENT_TCP_CLOSE)->direction, DIRECTION_TO_CLIENT);
	assert_false(first(&scene, EVENT_TCP_CLOSE)->says_exit);
	scene_end(&scene);
}

static void a_process_that_ended_is_said_to_have_closed_the_connection(void **state)
{
	(void)state;
	struct scene scene;
	scene_begin(&scene);
	upgrade(&scene);
	scene_do(&scene, PROBED_EXIT, false, slice_of(NULL, 0));
	assert_true(first(&scene, EVENT_TCP_CLOSE)->says_exit);
	scene_end(&scene);
}

static void a_doubt_about_the_socket_is_one_about_the_connection(void **state)
{
	(void)state;
	struct scene scene;
	scene_begin(&scene);
	upgrade(&scene);
	scene.socket.is_doubtful = true;
	read_message(&scene);
	assert_false(first(&scene, EVENT_OPEN)->is_doubtful);
	assert_true(first(&scene, EVENT_CONNECT)->is_doubtful);
	scene_end(&scene);
}

static void a_second_socket_of_the_same_addresses_is_another_connection(void **state)
{
	(void)state;
	struct scene scene;
	scene_begin(&scene);
	upgrade(&scene);
	scene_do(&scene, PROBED_GONE, false, slice_of(NULL, 0));
	scene.socket.id = 2;
	scene.offset[0] = scene.offset[1] = 0;
	upgrade(&scene);
	assert_int_equal(count_of(&scene, EVENT_OPEN), 2);
	assert_int_equal(engine_counts(scene.engine)->connections, 2);
	scene_end(&scene);
}

static void a_socket_of_which_nothing_was_read_is_no_connection(void **state)
{
	(void)state;
	struct scene scene;
	scene_begin(&scene);
	scene_do(&scene, PROBED_END, false, slice_of(NULL, 0));
	scene_do(&scene, PROBED_GONE, false, slice_of(NULL, 0));
	assert_int_equal(engine_counts(scene.engine)->connections, 0);
	scene_end(&scene);
}

static void beyond_the_limit_of_connections_a_socket_is_not_followed_and_that_is_counted(void **state)
{
	(void)state;
	struct scene scene;
	scene_begin(&scene);
	engine_free(scene.engine);
	scene.limits.connections = 1;
	scene.engine = engine_new(&scene.limits, scene.observers, 1);
	upgrade(&scene);
	scene.socket.id = 2;
	scene.offset[0] = scene.offset[1] = 0;
	upgrade(&scene);
	assert_int_equal(count_of(&scene, EVENT_OPEN), 1);
	assert_true(engine_counts(scene.engine)->hits[LIMIT_CONNECTIONS] > 0);
	scene_end(&scene);
}

static void what_is_open_at_the_end_is_closed_then(void **state)
{
	(void)state;
	struct scene scene;
	scene_begin(&scene);
	upgrade(&scene);
	assert_int_equal(scene.closed, 0);
	engine_end(scene.engine);
	assert_int_equal(scene.closed, 1);
	scene_end(&scene);
}

/* So many processes, each with a socket that is read from and closed, or stays open. Bytes that are held then. */
static size_t hold_after(struct scene *scene, unsigned processes, bool close, const char *path)
{
	char text[64];
	for (unsigned i = 0; i < processes; i++) {
		scene->socket.id = 10 + i;
		scene->socket.process.id = 10 + i;
		scene->offset[0] = scene->offset[1] = 0;
		if (path) {
			snprintf(text, sizeof text, "%s%u", path, i);
			scene->socket.path = text;
		}
		reads(scene, "GET / HTTP/1.1\r\n\r\n");
		if (close)
			scene_do(scene, PROBED_GONE, false, slice_of(NULL, 0));
	}
	return engine_held(scene->engine);
}

static void of_400000_processes_that_ended_nothing_is_kept(void **state)
{
	(void)state;
	struct scene scene;
	scene_begin(&scene);
	size_t few = hold_after(&scene, 100, true, NULL);
	assert_true(hold_after(&scene, 400000, true, NULL) <= few + 4096);
	scene_end(&scene);
}

static void of_400000_processes_with_open_sockets_no_more_is_kept_than_of_the_connections(void **state)
{
	(void)state;
	struct scene scene;
	scene_begin(&scene);
	assert_true(hold_after(&scene, 400000, false, NULL) <= scene.limits.memory / 4 * 5);
	assert_true(engine_counts(scene.engine)->hits[LIMIT_CONNECTIONS] > 0);
	scene_end(&scene);
}

static void of_40000_paths_no_more_than_4096_are_kept(void **state)
{
	(void)state;
	struct scene scene;
	scene_begin(&scene);
	size_t before = hold_after(&scene, 100, true, NULL);
	assert_true(hold_after(&scene, 40000, true, "/run/app/") <= before + (1 << 20));
	scene_end(&scene);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(what_a_server_reads_goes_to_the_server),
	    cmocka_unit_test(a_process_that_is_the_client_reads_what_goes_to_the_client),
	    cmocka_unit_test(the_process_stands_on_the_connection),
	    cmocka_unit_test(a_unix_socket_is_named_by_the_path_of_its_server),
	    cmocka_unit_test(a_jump_of_the_offset_is_a_gap_of_as_many_bytes),
	    cmocka_unit_test(a_socket_that_was_joined_is_a_connection_whose_beginning_is_missing),
	    cmocka_unit_test(what_lay_unread_is_reported_with_what_was_read),
	    cmocka_unit_test(what_is_not_known_to_have_waited_has_not),
	    cmocka_unit_test(an_end_closes_the_connection),
	    cmocka_unit_test(a_process_that_ended_is_said_to_have_closed_the_connection),
	    cmocka_unit_test(a_doubt_about_the_socket_is_one_about_the_connection),
	    cmocka_unit_test(a_second_socket_of_the_same_addresses_is_another_connection),
	    cmocka_unit_test(a_socket_of_which_nothing_was_read_is_no_connection),
	    cmocka_unit_test(beyond_the_limit_of_connections_a_socket_is_not_followed_and_that_is_counted),
	    cmocka_unit_test(what_is_open_at_the_end_is_closed_then),
	    cmocka_unit_test(of_400000_processes_that_ended_nothing_is_kept),
	    cmocka_unit_test(of_400000_processes_with_open_sockets_no_more_is_kept_than_of_the_connections),
	    cmocka_unit_test(of_40000_paths_no_more_than_4096_are_kept),
	};
	return cmocka_run_group_tests_name("sockets", tests, NULL, NULL);
}
