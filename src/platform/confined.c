/* A process for one piece of work, which has one file to read and one pipe for its answer. */
#include "platform/confined.h"

#include "platform/sandbox.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { CONFINED_FILE = 3, CONFINED_PIPE, CONFINED_OTHERS };

/* The first bytes of what comes through the pipe; the answer follows when it is CONFINED_FOUND. */
enum confined_head { CONFINED_NOTHING = 1, CONFINED_FOUND };

struct confined_message {
	uint32_t head;
	_Alignas(max_align_t) uint8_t answer[CONFINED_ANSWER];
};

/* Those are left, at fixed places: the pipe goes out of the way first. */
static bool confined_keep_files(int file, int pipe)
{
	enum { MANY = 1 << 16 };
	int moved = fcntl(pipe, F_DUPFD, CONFINED_OTHERS);
	if (moved < 0 || dup2(file, CONFINED_FILE) < 0 || dup2(moved, CONFINED_PIPE) < 0)
		return false;
#ifdef SYS_close_range
	if (syscall(SYS_close_range, CONFINED_OTHERS, UINT32_MAX, 0) == 0)
		return true;
#endif
	for (int other = CONFINED_OTHERS; other < MANY; other++)
		close(other);
	return true;
}

/* It ends with its parent, however that ends. */
static void confined_begin(confined_work *work, int file, int pipe, size_t size)
{
	struct confined_message message = {.head = CONFINED_NOTHING};
	const char *what;
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (!confined_keep_files(file, pipe) || platform_enter_sandbox(SANDBOX_NO_FILES, &what) == SANDBOX_FAILED)
		_exit(1);
	if (work(message.answer, CONFINED_FILE))
		message.head = CONFINED_FOUND;
	ssize_t len = write(CONFINED_PIPE, &message, offsetof(struct confined_message, answer) + size);
	_exit(len > 0 ? 0 : 1);
}

static int64_t confined_now(void)
{
	struct timespec now;
	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* 0: something can be read, the end too; else an errno. */
static int confined_wait(int pipe)
{
	struct pollfd poll_file = {.fd = pipe, .events = POLLIN};
	for (int64_t end = confined_now() + CONFINED_PATIENCE, left = CONFINED_PATIENCE; left > 0;
	     left = end - confined_now()) {
		int ready = poll(&poll_file, 1, (int)left);
		if (ready > 0)
			return 0;
		if (ready < 0 && errno != EINTR)
			return errno;
	}
	return ETIMEDOUT;
}

/* What is shorter than a pipe's PIPE_BUF comes whole or not at all (pipe(7)). */
static int confined_read(int pipe, void *answer, size_t size)
{
	struct confined_message message;
	size_t whole = offsetof(struct confined_message, answer) + size;
	ssize_t len = read(pipe, &message, sizeof message);
	if (len != (ssize_t)whole || (message.head != CONFINED_FOUND && message.head != CONFINED_NOTHING))
		return EBADMSG;
	if (message.head == CONFINED_NOTHING)
		return ENOENT;
	memcpy(answer, message.answer, size);
	return 0;
}

bool confined_run(confined_work *work, int file, void *answer, size_t size)
{
	int ends[2];
	if (size > CONFINED_ANSWER) {
		errno = E2BIG;
		return false;
	}
	if (pipe2(ends, O_CLOEXEC) != 0)
		return false;
	pid_t child = fork();
	int error = errno;
	if (child == 0)
		confined_begin(work, file, ends[1], size);
	close(ends[1]);
	if (child > 0) {
		error = confined_wait(ends[0]);
		error = error ? error : confined_read(ends[0], answer, size);
		kill(child, SIGKILL); /* it has answered, or never will */
		while (waitpid(child, NULL, 0) < 0 && errno == EINTR)
			;
	}
	close(ends[0]);
	errno = error;
	return error == 0;
}
