/* Work in a process that may do nothing but read one file: its answer, and what it is kept from. */
#include "platform/confined.h"

#include "platform/sandbox.h"
#include "unit.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

struct answer {
	char bytes[16];
	int errors[6];
};

static int open_self(void)
{
	int file = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
	assert_true(file >= 0);
	return file;
}

static bool read_first(void *to, int file)
{
	struct answer *answer = to;
	return pread(file, answer->bytes, 4, 0) == 4;
}

static void the_answer_is_what_the_work_read(void **state)
{
	(void)state;
	struct answer answer = {0};
	int file = open_self();
	assert_true(confined_run(read_first, file, &answer, sizeof answer));
	assert_memory_equal(answer.bytes, "\177ELF", 4);
	close(file);
}

static bool find_nothing(void *to, int file)
{
	(void)to, (void)file;
	return false;
}

static bool crash(void *to, int file)
{
	(void)to, (void)file;
	raise(SIGKILL);
	return true;
}

static bool hang(void *to, int file)
{
	(void)to, (void)file;
	while (true)
		pause();
	return false;
}

static int error_of(confined_work *work)
{
	struct answer answer = {.bytes = "as it was"};
	int file = open_self();
	errno = 0;
	assert_false(confined_run(work, file, &answer, sizeof answer));
	int error = errno;
	assert_string_equal(answer.bytes, "as it was");
	close(file);
	return error;
}

static void work_without_an_answer_is_told_from_work_that_crashed(void **state)
{
	(void)state;
	assert_int_equal(error_of(find_nothing), ENOENT);
	assert_int_equal(error_of(crash), EBADMSG);
}

static void work_that_does_not_end_is_ended(void **state)
{
	(void)state;
	assert_int_equal(error_of(hang), ETIMEDOUT);
}

static int error_when(bool refused)
{
	return refused ? errno : 0;
}

/* The parent lives on, and is asked for with a signal that does nothing. */
static bool try_everything(void *to, int file)
{
	struct answer *answer = to;
	struct stat status;
	answer->errors[0] = error_when(open("/etc/passwd", O_RDONLY) < 0);
	answer->errors[1] = error_when(socket(AF_INET, SOCK_STREAM, 0) < 0);
	answer->errors[2] = error_when(kill(getppid(), 0) != 0);
	answer->errors[3] = error_when(fork() < 0);
	answer->errors[4] = error_when(fchmod(file, 0777) != 0);
	for (int other = 0; other < 256; other++)
		answer->errors[5] += other > 2 && other != file && fstat(other, &status) == 0;
	return true;
}

static void the_work_has_no_other_file_no_network_and_no_other_process(void **state)
{
	(void)state;
	if (platform_sandbox_is_off()) {
		print_message(
		    "skipped: what the work is kept from, for there is no sandbox: %s\n", platform_sandbox_is_off());
		return;
	}
	struct answer answer = {0};
	int file = open_self(), secret = open("/etc/passwd", O_RDONLY);
	assert_true(secret > 2 && confined_run(try_everything, file, &answer, sizeof answer));
	for (size_t i = 0; i < 5; i++)
		assert_true(answer.errors[i] == EPERM || answer.errors[i] == EACCES);
	assert_int_equal(answer.errors[5], 1); /* the pipe */
	close(file);
	close(secret);
}

static void an_answer_that_a_pipe_does_not_take_at_once_is_refused(void **state)
{
	(void)state;
	static char large[CONFINED_ANSWER + 1];
	assert_false(confined_run(find_nothing, 0, large, sizeof large));
	assert_int_equal(errno, E2BIG);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(the_answer_is_what_the_work_read),
	    cmocka_unit_test(work_without_an_answer_is_told_from_work_that_crashed),
	    cmocka_unit_test(work_that_does_not_end_is_ended),
	    cmocka_unit_test(the_work_has_no_other_file_no_network_and_no_other_process),
	    cmocka_unit_test(an_answer_that_a_pipe_does_not_take_at_once_is_refused),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
