/* What a process that parses is refused once it is in the sandbox, as far as this kernel has one. */
#include "platform/sandbox.h"

#include "unit.h"

#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

/* Each answers true when it was refused. */

static bool opens_a_file(void)
{
	return open("/etc/passwd", O_RDONLY) < 0;
}

static bool opens_a_file_to_write(void)
{
	return open("/tmp/sioscope-sandbox-test", O_WRONLY | O_CREAT | O_EXCL, 0600) < 0;
}

static bool makes_a_file_without_a_name(void)
{
	return open("/tmp", O_TMPFILE | O_RDWR, 0600) < 0;
}

static bool opens_a_file_of_others(void)
{
	return open("/proc/self/maps", O_RDONLY) < 0;
}

static bool removes_a_file(void)
{
	return unlink("/tmp/sioscope-sandbox-none") < 0 && errno == EPERM;
}

static bool moves_a_file(void)
{
	return rename("/tmp/sioscope-sandbox-none", "/tmp/sioscope-sandbox-test") < 0 && errno == EPERM;
}

static bool runs_a_program(void)
{
	char *const words[] = {"true", NULL};
	execv("/bin/true", words);
	return errno == EPERM;
}

static bool forks(void)
{
	pid_t child = fork();
	if (child == 0)
		_exit(0);
	return child < 0;
}

static bool opens_a_socket(void)
{
	return socket(AF_INET, SOCK_STREAM, 0) < 0;
}

static bool signals_another(void)
{
	return kill(getppid(), 0) < 0 && errno == EPERM;
}

static bool makes_code(void)
{
	return mmap(NULL, 4096, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) == MAP_FAILED;
}

static bool lets_itself_be_traced(void)
{
	return prctl(PR_SET_DUMPABLE, 1) < 0;
}

/* In the sandbox, in a process of its own. True: it was refused, and the process ended as it wanted. */
static bool is_refused(bool (*act)(void), enum sandbox_files files)
{
	const char *what = "";
	int status = 0;
	pid_t child = fork();
	if (child == 0)
		_exit(platform_enter_sandbox(files, &what) == SANDBOX_ENTERED && act() ? 0 : 1);
	assert_int_equal(waitpid(child, &status, 0), child);
	return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

#define REFUSED(act, files)                                                           \
	static void act##_is_refused_##files(void **state)                            \
	{                                                                             \
		(void)state;                                                          \
		assert_int_equal(is_refused(act, files), !platform_sandbox_is_off()); \
	}

REFUSED(opens_a_file, SANDBOX_NO_FILES)
REFUSED(opens_a_file_to_write, SANDBOX_NO_FILES)
REFUSED(removes_a_file, SANDBOX_NO_FILES)
REFUSED(moves_a_file, SANDBOX_NO_FILES)
REFUSED(runs_a_program, SANDBOX_NO_FILES)
REFUSED(forks, SANDBOX_NO_FILES)
REFUSED(opens_a_socket, SANDBOX_NO_FILES)
REFUSED(signals_another, SANDBOX_NO_FILES)
REFUSED(makes_code, SANDBOX_NO_FILES)
REFUSED(lets_itself_be_traced, SANDBOX_NO_FILES)
static bool listens(void)
{
	return listen(0, 1) < 0 && errno == EPERM;
}

REFUSED(opens_a_file_to_write, SANDBOX_NETWORK)
REFUSED(removes_a_file, SANDBOX_NETWORK)
REFUSED(runs_a_program, SANDBOX_NETWORK)
REFUSED(forks, SANDBOX_NETWORK)
REFUSED(signals_another, SANDBOX_NETWORK)
REFUSED(listens, SANDBOX_NETWORK)
REFUSED(opens_a_file_to_write, SANDBOX_SYSTEM_FILES)
REFUSED(makes_a_file_without_a_name, SANDBOX_SYSTEM_FILES)
REFUSED(removes_a_file, SANDBOX_SYSTEM_FILES)
REFUSED(runs_a_program, SANDBOX_SYSTEM_FILES)
REFUSED(opens_a_socket, SANDBOX_SYSTEM_FILES)
REFUSED(signals_another, SANDBOX_SYSTEM_FILES)

static bool reads_its_own(void)
{
	return open("/etc/passwd", O_RDONLY) >= 0;
}

static void the_interface_reads_what_terminals_need(void **state)
{
	(void)state;
	assert_int_equal(is_refused(reads_its_own, SANDBOX_SYSTEM_FILES), !platform_sandbox_is_off());
}

/* By Landlock alone: the filter lets it read. */
static void the_interface_reads_nothing_else(void **state)
{
	char text[SANDBOX_TEXT];
	(void)state;
	bool has_landlock = strstr(platform_describe_sandbox(text), "(Landlock ") != NULL;
	if (!has_landlock)
		print_message("skipped: no Landlock here: %s\n", text);
	else
		assert_true(is_refused(opens_a_file_of_others, SANDBOX_SYSTEM_FILES));
}

static void *do_nothing(void *self)
{
	return self;
}

/* A connection, which nobody takes; a name; and a thread, which looks names up. */
static bool connects(void)
{
	const struct sockaddr_in nobody = {
	    .sin_family = AF_INET, .sin_port = htons(1), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	struct addrinfo *found = NULL;
	pthread_t thread;
	int made = socket(AF_INET, SOCK_STREAM, 0);
	return made >= 0 && connect(made, (const struct sockaddr *)&nobody, sizeof nobody) < 0 &&
	       errno == ECONNREFUSED && getaddrinfo("localhost", NULL, NULL, &found) == 0 &&
	       socket(AF_PACKET, SOCK_RAW, 0) < 0 && pthread_create(&thread, NULL, do_nothing, NULL) == 0 &&
	       pthread_join(thread, NULL) == 0;
}

static void the_sender_keeps_the_network(void **state)
{
	(void)state;
	assert_int_equal(is_refused(connects, SANDBOX_NETWORK), !platform_sandbox_is_off());
}

static bool counts_and_allocates(void)
{
	char text[16];
	return getpid() > 0 && snprintf(text, sizeof text, "%d", 7) == 1 && malloc(1 << 24) != NULL &&
	       kill(getpid(), 0) == 0;
}

static void what_parsing_needs_is_let_through(void **state)
{
	(void)state;
	assert_int_equal(is_refused(counts_and_allocates, SANDBOX_NO_FILES), !platform_sandbox_is_off());
}

#define TEST(act, files) cmocka_unit_test(act##_is_refused_##files)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(opens_a_file, SANDBOX_NO_FILES),
	    TEST(opens_a_file_to_write, SANDBOX_NO_FILES),
	    TEST(removes_a_file, SANDBOX_NO_FILES),
	    TEST(moves_a_file, SANDBOX_NO_FILES),
	    TEST(runs_a_program, SANDBOX_NO_FILES),
	    TEST(forks, SANDBOX_NO_FILES),
	    TEST(opens_a_socket, SANDBOX_NO_FILES),
	    TEST(signals_another, SANDBOX_NO_FILES),
	    TEST(makes_code, SANDBOX_NO_FILES),
	    TEST(lets_itself_be_traced, SANDBOX_NO_FILES),
	    TEST(opens_a_file_to_write, SANDBOX_NETWORK),
	    TEST(removes_a_file, SANDBOX_NETWORK),
	    TEST(runs_a_program, SANDBOX_NETWORK),
	    TEST(forks, SANDBOX_NETWORK),
	    TEST(signals_another, SANDBOX_NETWORK),
	    TEST(listens, SANDBOX_NETWORK),
	    TEST(opens_a_file_to_write, SANDBOX_SYSTEM_FILES),
	    TEST(makes_a_file_without_a_name, SANDBOX_SYSTEM_FILES),
	    TEST(removes_a_file, SANDBOX_SYSTEM_FILES),
	    TEST(runs_a_program, SANDBOX_SYSTEM_FILES),
	    TEST(opens_a_socket, SANDBOX_SYSTEM_FILES),
	    TEST(signals_another, SANDBOX_SYSTEM_FILES),
	    cmocka_unit_test(the_interface_reads_what_terminals_need),
	    cmocka_unit_test(the_interface_reads_nothing_else),
	    cmocka_unit_test(the_sender_keeps_the_network),
	    cmocka_unit_test(what_parsing_needs_is_let_through),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
