/* What the kernel tells of a socket and its process, in our words. */
#include "source/probe_facts.h"

#include "bpf/records.h"
#include "unit.h"

#include <string.h>

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

static void an_abstract_name_is_told_with_an_at_sign(void **state)
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

static void the_process_is_told_by_number_name_and_command_line(void **state)
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

static void a_cgroup_is_told_from_the_root_down(void **state)
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

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(addresses_and_ports_of_version_4),
	    cmocka_unit_test(addresses_of_version_6),
	    cmocka_unit_test(a_mapped_address_is_one_of_version_4),
	    cmocka_unit_test(a_unix_socket_has_the_path_of_its_server),
	    cmocka_unit_test(an_abstract_name_is_told_with_an_at_sign),
	    cmocka_unit_test(a_socket_without_a_name_has_no_path),
	    cmocka_unit_test(a_path_cannot_speak_to_a_terminal),
	    cmocka_unit_test(a_length_that_lies_is_cut),
	    cmocka_unit_test(two_connections_to_one_path_have_one_server),
	    cmocka_unit_test(the_client_s_end_says_the_same_of_its_server),
	    cmocka_unit_test(the_process_is_told_by_number_name_and_command_line),
	    cmocka_unit_test(a_name_cannot_speak_to_a_terminal),
	    cmocka_unit_test(a_cgroup_is_told_from_the_root_down),
	    cmocka_unit_test(no_cgroup_is_the_root),
	    cmocka_unit_test(a_container_is_known_by_its_cgroup_s_name),
	    cmocka_unit_test(other_numbers_in_a_cgroup_s_name_are_no_container),
	    cmocka_unit_test(groups_that_fill_their_room_are_cut_not_overrun),
	};
	return cmocka_run_group_tests_name("facts of a socket", tests, NULL, NULL);
}
