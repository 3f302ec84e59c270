/* What records, log lines and the messages of the verifier say. */
#include "bpf/records.h"
#include "source/probe_parts.h"
#include "unit.h"

#include <stdlib.h>
#include <string.h>

/* ---- probe facts */

enum { UNIX = 1, INET = 2, INET6 = 10 };

#define CONTAINER "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

struct scene {
	struct probe_head head;
	struct probe_open open;
	struct probed_socket facts;
	char path[PROBE_PATH_TEXT];
};

static void begin(struct scene *scene, unsigned short family)
{
	*scene = (struct scene){.head = {.process = 7, .socket = 100}, .open = {.family = family}};
}

static void read_facts(struct scene *scene)
{
	probe_facts_read(&scene->facts, scene->path, &scene->head, &scene->open);
}

static void begin_path(struct scene *scene, const char *path, size_t len)
{
	begin(scene, UNIX);
	memcpy(scene->open.path, path, len);
	scene->open.path_length = (unsigned short)len;
}

static void assert_address(const struct address *address, const char *expected)
{
	char text[ADDRESS_TEXT_SIZE];
	assert_string_equal(address_format(address, false, text), expected);
}

/* ---- addresses */

static void addresses_and_ports_of_version_4(void **state)
{
	(void)state;
	struct scene scene;
	begin(&scene, INET);
	memcpy(scene.open.local, "\x0a\0\0\1", 4);
	memcpy(scene.open.remote, "\x0a\0\0\2", 4);
	scene.open.local_port = 8000;
	scene.open.remote_port = 50000;
	read_facts(&scene);
	assert_address(&scene.facts.local, "10.0.0.1");
	assert_address(&scene.facts.remote, "10.0.0.2");
	assert_int_equal(scene.facts.local_port, 8000);
	assert_int_equal(scene.facts.remote_port, 50000);
}

static void addresses_of_version_6(void **state)
{
	(void)state;
	struct scene scene;
	begin(&scene, INET6);
	scene.open.local[15] = scene.open.remote[0] = 1;
	read_facts(&scene);
	assert_address(&scene.facts.local, "::1");
	assert_address(&scene.facts.remote, "100::");
}

/* Its packets are of version 4. */
static void a_mapped_address_is_one_of_version_4(void **state)
{
	(void)state;
	struct scene scene;
	begin(&scene, INET6);
	memcpy(scene.open.local, "\0\0\0\0\0\0\0\0\0\0\xff\xff\x7f\0\0\1", 16);
	read_facts(&scene);
	assert_address(&scene.facts.local, "127.0.0.1");
}

/* ---- unix sockets */

static void a_unix_socket_has_the_path_of_its_server(void **state)
{
	(void)state;
	struct scene scene;
	begin_path(&scene, "/run/app.sock", 13);
	read_facts(&scene);
	assert_string_equal(scene.facts.path, "/run/app.sock");
}

static void an_abstract_name_is_reported_with_an_at_sign(void **state)
{
	(void)state;
	struct scene scene;
	begin_path(&scene, "\0app", 4);
	read_facts(&scene);
	assert_string_equal(scene.facts.path, "@app");
}

static void a_socket_without_a_name_has_no_path(void **state)
{
	(void)state;
	struct scene scene;
	begin_path(&scene, "", 0);
	read_facts(&scene);
	assert_null(scene.facts.path);
}

static void a_path_cannot_speak_to_a_terminal(void **state)
{
	(void)state;
	struct scene scene;
	begin_path(&scene, "/run/\x1b[2J", 9);
	read_facts(&scene);
	assert_string_equal(scene.facts.path, "/run/?[2J");
}

static void a_length_that_lies_is_cut(void **state)
{
	(void)state;
	struct scene scene;
	begin(&scene, UNIX);
	memset(scene.open.path, 'x', sizeof scene.open.path);
	scene.open.path_length = 60000;
	read_facts(&scene);
	assert_int_equal(slice_of_text(scene.facts.path).len, PROBE_PATH);
}

/* Sessions of one server are found by its address. */
static void two_connections_to_one_path_have_one_server(void **state)
{
	(void)state;
	struct scene one, other;
	begin_path(&one, "/run/app.sock", 13);
	begin_path(&other, "/run/app.sock", 13);
	one.open.peer = 200;
	other.head.socket = 300;
	other.open.peer = 400;
	read_facts(&one);
	read_facts(&other);
	assert_true(address_equals(&one.facts.local, &other.facts.local));
	assert_false(address_equals(&one.facts.remote, &other.facts.remote));
}

static void the_client_s_end_says_the_same_of_its_server(void **state)
{
	(void)state;
	struct scene server, client;
	begin_path(&server, "/run/app.sock", 13);
	begin_path(&client, "/run/app.sock", 13);
	client.open.is_client = 1;
	read_facts(&server);
	read_facts(&client);
	assert_true(address_equals(&server.facts.local, &client.facts.remote));
}

/* ---- the process */

static void the_process_is_recognised_by_number_name_and_command_line(void **state)
{
	(void)state;
	struct scene scene;
	begin(&scene, INET);
	memcpy(scene.open.command, "python", 7);
	memcpy(scene.open.command_line, "python\0-m\0app", 14);
	read_facts(&scene);
	assert_int_equal(scene.facts.process.id, 7);
	assert_string_equal(scene.facts.process.command, "python");
	assert_string_equal(scene.facts.process.line, "python -m app");
}

static void a_name_cannot_speak_to_a_terminal(void **state)
{
	(void)state;
	struct scene scene;
	begin(&scene, INET);
	memcpy(scene.open.command, "a\x1b[2Jb", 7);
	read_facts(&scene);
	assert_string_equal(scene.facts.process.command, "a [2Jb");
}

static void a_cgroup_is_distinguished_from_the_root_down(void **state)
{
	(void)state;
	struct scene scene;
	begin(&scene, INET);
	memcpy(scene.open.groups[0], "app.service", 12);
	memcpy(scene.open.groups[1], "system.slice", 13);
	memcpy(scene.open.groups[2], "/", 2);
	read_facts(&scene);
	assert_string_equal(scene.facts.process.group, "/system.slice/app.service");
}

static void no_cgroup_is_the_root(void **state)
{
	(void)state;
	struct scene scene;
	begin(&scene, INET);
	read_facts(&scene);
	assert_string_equal(scene.facts.process.group, "/");
}

static void a_container_is_known_by_its_cgroup_s_name(void **state)
{
	(void)state;
	static const char *const names[] = {CONTAINER, ("docker-" CONTAINER ".scope"), ("crio-" CONTAINER)};
	for (size_t i = 0; i < 3; i++) {
		struct scene scene;
		begin(&scene, INET);
		memcpy(scene.open.groups[0], names[i], strlen(names[i]));
		read_facts(&scene);
		assert_string_equal(scene.facts.process.container, CONTAINER);
	}
}

static void other_numbers_in_a_cgroup_s_name_are_no_container(void **state)
{
	(void)state;
	static const char *const names[] = {"user-1000.slice", "0123456789abcdef", (CONTAINER "0")};
	for (size_t i = 0; i < 3; i++) {
		struct scene scene;
		begin(&scene, INET);
		memcpy(scene.open.groups[0], names[i], strlen(names[i]));
		read_facts(&scene);
		assert_string_equal(scene.facts.process.container, "");
	}
}

static void groups_that_fill_their_room_are_cut_not_overrun(void **state)
{
	(void)state;
	struct scene scene;
	begin(&scene, INET);
	memset(scene.open.groups, 'g', sizeof scene.open.groups);
	read_facts(&scene);
	assert_true(strlen(scene.facts.process.group) < PROCESS_GROUP);
}

/* ---- probe log */

static void assert_lines(const char *text, const char *const *expected, size_t count)
{
	struct slice rest = slice_of_text(text), line;
	for (size_t i = 0; i < count; i++) {
		assert_true(probe_log_next_line(&rest, &line));
		assert_true(slice_equals(line, slice_of_text(expected[i])));
	}
	assert_false(probe_log_next_line(&rest, &line));
}

static void a_text_is_taken_line_by_line(void **state)
{
	(void)state;
	assert_lines("one\ntwo\n", (const char *const[]){"one", "two"}, 2);
}

static void an_empty_line_is_a_line(void **state)
{
	(void)state;
	assert_lines("one\n\ntwo\n", (const char *const[]){"one", "", "two"}, 3);
}

static void a_carriage_return_at_the_end_belongs_to_the_end(void **state)
{
	(void)state;
	assert_lines("one\r\ntwo\r\n", (const char *const[]){"one", "two"}, 2);
}

static void a_last_line_without_an_end_is_one(void **state)
{
	(void)state;
	assert_lines("one\ntwo", (const char *const[]){"one", "two"}, 2);
}

static void no_text_has_no_line(void **state)
{
	(void)state;
	assert_lines("", NULL, 0);
}

static void what_people_search_for_matters(void **state)
{
	(void)state;
	assert_true(probe_log_matters(SLICE("12:00 Invalid transport (further occurrences …)"), NULL, NULL));
	assert_true(probe_log_matters(SLICE("x is not an accepted origin. (further …)"), NULL, NULL));
}

static void a_request_s_line_does_not(void **state)
{
	(void)state;
	assert_false(probe_log_matters(SLICE("INFO: 127.0.0.1 - \"GET / HTTP/1.1\" 200 OK"), NULL, NULL));
	assert_false(probe_log_matters(SLICE(""), NULL, NULL));
}

static struct pattern *pattern_of(const char *text)
{
	char why[120];
	struct pattern *pattern = pattern_new(text, why, sizeof why);
	if (!pattern)
		fail_msg("%s: %s", text, why);
	return pattern;
}

static void what_matches_the_pattern_matters_too(void **state)
{
	(void)state;
	struct pattern *pattern = pattern_of("my (err|warn)");
	assert_true(probe_log_matters(SLICE("this is my warning"), NULL, pattern));
	assert_false(probe_log_matters(SLICE("this is my line"), NULL, pattern));
	assert_true(probe_log_matters(SLICE("Invalid transport"), NULL, pattern));
	pattern_free(pattern);
}

static void a_line_that_is_too_long_to_be_matched_matters(void **state)
{
	(void)state;
	static char text[10000];
	struct pattern *pattern = pattern_of("end");
	memset(text, 'x', sizeof text);
	assert_false(probe_log_matters(slice_of(text, 4096), NULL, pattern));
	assert_true(probe_log_matters(slice_of(text, sizeof text), NULL, pattern));
	pattern_free(pattern);
}

/* ---- probe messages */

static struct probe_messages messages;

static int empty(void **state)
{
	(void)state;
	messages = (struct probe_messages){0};
	return 0;
}

__attribute__((format(printf, 1, 2))) static void add(const char *format, ...)
{
	va_list arguments;
	va_start(arguments, format);
	probe_messages_add(&messages, format, arguments);
	va_end(arguments);
}

static void assert_written(const char *wanted)
{
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);
	assert_non_null(out);
	probe_messages_write(&messages, "> ", out);
	(void)fclose(out);
	assert_string_equal(text, wanted);
	free(text);
}

static void nothing_said_is_nothing_written(void **state)
{
	(void)state;
	assert_written("");
}

static void each_line_of_a_message_is_one(void **state)
{
	(void)state;
	add("%s: first\n\nsecond\n", "libbpf");
	add("third");
	assert_written("> libbpf: first\n> second\n> third\n");
}

static void of_many_lines_the_last_are_kept_in_order(void **state)
{
	(void)state;
	for (int i = 0; i < 100; i++)
		add("line %d\n", i);
	assert_written("> line 88\n> line 89\n> line 90\n> line 91\n> line 92\n> line 93\n> line 94\n> line 95\n"
	               "> line 96\n> line 97\n> line 98\n> line 99\n");
}

static void a_log_of_a_megabyte_leaves_its_end(void **state)
{
	(void)state;
	enum { MEGABYTE = 1 << 20 };
	char *log = malloc(MEGABYTE + 1);
	assert_non_null(log);
	for (size_t i = 0; i < MEGABYTE; i++)
		log[i] = i % 64 == 63 ? '\n' : 'x';
	log[MEGABYTE] = '\0';
	add("-- BEGIN --\n%sUnreleased reference id=5\n", log);
	free(log);
	assert_int_equal(messages.count, 1 + MEGABYTE / 64 + 1);
	assert_string_equal(messages.lines[(messages.count - 1) % PROBE_MESSAGE_LINES], "Unreleased reference id=5");
}

static void of_a_long_line_the_beginning_is_kept(void **state)
{
	(void)state;
	char line[2 * PROBE_MESSAGE_LENGTH + 1];
	memset(line, 'y', sizeof line);
	line[sizeof line - 1] = '\0';
	add("%s\nnext\n", line);
	assert_int_equal(messages.count, 2);
	assert_int_equal(strlen(messages.lines[0]), PROBE_MESSAGE_LENGTH - 1);
	assert_string_equal(messages.lines[1], "next");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(addresses_and_ports_of_version_4),
	    cmocka_unit_test(addresses_of_version_6),
	    cmocka_unit_test(a_mapped_address_is_one_of_version_4),
	    cmocka_unit_test(a_unix_socket_has_the_path_of_its_server),
	    cmocka_unit_test(an_abstract_name_is_reported_with_an_at_sign),
	    cmocka_unit_test(a_socket_without_a_name_has_no_path),
	    cmocka_unit_test(a_path_cannot_speak_to_a_terminal),
	    cmocka_unit_test(a_length_that_lies_is_cut),
	    cmocka_unit_test(two_connections_to_one_path_have_one_server),
	    cmocka_unit_test(the_client_s_end_says_the_same_of_its_server),
	    cmocka_unit_test(the_process_is_recognised_by_number_name_and_command_line),
	    cmocka_unit_test(a_name_cannot_speak_to_a_terminal),
	    cmocka_unit_test(a_cgroup_is_distinguished_from_the_root_down),
	    cmocka_unit_test(no_cgroup_is_the_root),
	    cmocka_unit_test(a_container_is_known_by_its_cgroup_s_name),
	    cmocka_unit_test(other_numbers_in_a_cgroup_s_name_are_no_container),
	    cmocka_unit_test(groups_that_fill_their_room_are_cut_not_overrun),
	    cmocka_unit_test(a_text_is_taken_line_by_line),
	    cmocka_unit_test(an_empty_line_is_a_line),
	    cmocka_unit_test(a_carriage_return_at_the_end_belongs_to_the_end),
	    cmocka_unit_test(a_last_line_without_an_end_is_one),
	    cmocka_unit_test(no_text_has_no_line),
	    cmocka_unit_test(what_people_search_for_matters),
	    cmocka_unit_test(a_request_s_line_does_not),
	    cmocka_unit_test(what_matches_the_pattern_matters_too),
	    cmocka_unit_test(a_line_that_is_too_long_to_be_matched_matters),
	    cmocka_unit_test_setup(nothing_said_is_nothing_written, empty),
	    cmocka_unit_test_setup(each_line_of_a_message_is_one, empty),
	    cmocka_unit_test_setup(of_many_lines_the_last_are_kept_in_order, empty),
	    cmocka_unit_test_setup(a_log_of_a_megabyte_leaves_its_end, empty),
	    cmocka_unit_test_setup(of_a_long_line_the_beginning_is_kept, empty),
	};
	return cmocka_run_group_tests_name("probe_facts", tests, NULL, NULL);
}
