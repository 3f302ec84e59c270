/* One request, one answer, over a pair of sockets; a file comes with the answer. */
#include "cmd/supervisor.h"

#include "cmd/output.h"
#include "cmd/rotation.h"
#include "cmd/supervised.h"
#include "platform/sandbox.h"
#include "platform/system.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/select.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

/* ---- requests */

enum supervisor_task {
	TASK_OPEN_FILE,
	TASK_SETTLE_FILE,
	TASK_OPEN_ROTATED,
	TASK_REMOVE_ROTATED,
	TASK_OPEN_INPUT,
	TASK_START_COMMAND,
	TASK_LOOK_AT_COMMAND,
	TASK_END_COMMAND,
	TASK_OPEN_SHOWN,
	TASK_START_SHOWN,
	TASK_LOOK_AT_SHOWN,
	TASKS,
};

struct supervisor_request {
	uint32_t task;
	uint32_t kind, keeps; /* of a file */
	uint64_t number;      /* of a rotated file; of an input */
	char place[PATH_MAX];
};

struct supervisor_answer {
	int32_t error; /* errno; 0: done */
	int32_t value;
};

/* ---- doing what is asked */

enum { READER_WAIT = 50 }; /* milliseconds between two looks at a FIFO that nobody reads yet */

/* The reader of a FIFO is waited for, by the interface not; and no longer than who asks for it lives. */
static int output_open(const struct supervised *supervised, const char *place, enum file_kind kind)
{
	struct pollfd asking = {.fd = supervised->socket};
	int file;
	while ((file = file_open(supervised->options, place, kind)) < 0 && errno == EAGAIN && kind == FILE_RESULT &&
	       poll(&asking, 1, READER_WAIT) == 0)
		;
	return file;
}

static int input_open(const struct options *options, uint64_t index)
{
	if (index < options->read_count && strcmp(options->reads[index], "-") != 0)
		return open(options->reads[index], O_RDONLY | O_CLOEXEC);
	errno = ESPIPE;
	return -1;
}

/* A path that the options do not name is refused to every caller. */
static bool request_is_good(const struct supervised *supervised, const struct supervisor_request *request)
{
	if (request->task >= TASKS || request->kind >= FILE_KINDS || !memchr(request->place, '\0', PATH_MAX))
		return false;
	if (request->task >= TASK_OPEN_SHOWN && !supervised->options->interface)
		return false;
	bool names_place = request->task == TASK_OPEN_FILE || request->task == TASK_SETTLE_FILE;
	return !names_place || file_is_allowed(supervised->options, request->place, (enum file_kind)request->kind);
}

/* Returns the file that goes with the answer, or -1. */
static int request_serve(
    struct supervised *supervised, const struct supervisor_request *request, struct supervisor_answer *answer)
{
	const struct options *options = supervised->options;
	enum file_kind kind = (enum file_kind)request->kind;
	int file = -1;
	bool good = true;
	*answer = (struct supervisor_answer){.value = -1};
	switch ((enum supervisor_task)request->task) {
	case TASK_OPEN_FILE:
		good = (file = output_open(supervised, request->place, kind)) >= 0;
		break;
	case TASK_SETTLE_FILE:
		good = file_settle(request->place, kind, request->keeps);
		break;
	case TASK_OPEN_ROTATED:
		good = (file = rotation_open_file(options, request->number)) >= 0;
		break;
	case TASK_REMOVE_ROTATED:
		rotation_remove_file(options, request->number);
		break;
	case TASK_OPEN_INPUT:
		good = (file = input_open(options, request->number)) >= 0;
		break;
	case TASK_START_COMMAND:
		good = command_start(supervised);
		break;
	case TASK_LOOK_AT_COMMAND:
		answer->value = command_look(supervised, WNOHANG);
		break;
	case TASK_END_COMMAND:
		answer->value = command_end(supervised);
		break;
	case TASK_OPEN_SHOWN:
		good = (file = shown_open(supervised)) >= 0;
		break;
	case TASK_START_SHOWN:
		good = shown_start(supervised, request->number);
		break;
	case TASK_LOOK_AT_SHOWN:
		answer->value = shown_look(supervised, WNOHANG);
		break;
	case TASKS:
		break;
	}
	answer->error = good ? 0 : errno;
	return file;
}

/* ---- over the sockets */

static bool socket_read(int socket, void *at, size_t size)
{
	for (uint8_t *to = at; size;) {
		ssize_t len = read(socket, to, size);
		if (len < 0 && errno == EINTR)
			continue;
		if (len <= 0)
			return false;
		to += len;
		size -= (size_t)len;
	}
	return true;
}

static bool socket_write(int socket, const void *at, size_t size)
{
	for (const uint8_t *from = at; size;) {
		ssize_t len = write(socket, from, size);
		if (len < 0 && errno == EINTR)
			continue;
		if (len <= 0)
			return false;
		from += len;
		size -= (size_t)len;
	}
	return true;
}

/* A message of one answer, with room for a file beside it. */
struct answer_message {
	struct msghdr head;
	struct iovec bytes;
	_Alignas(struct cmsghdr) char beside[CMSG_SPACE(sizeof(int))];
};

static struct msghdr *answer_message(struct answer_message *message, struct supervisor_answer *answer)
{
	memset(message, 0, sizeof *message);
	message->bytes = (struct iovec){answer, sizeof *answer};
	message->head.msg_iov = &message->bytes;
	message->head.msg_iovlen = 1;
	message->head.msg_control = message->beside;
	message->head.msg_controllen = sizeof message->beside;
	return &message->head;
}

static void answer_send(int socket, struct supervisor_answer *answer, int file)
{
	struct answer_message message;
	struct msghdr *head = answer_message(&message, answer);
	if (file >= 0) {
		struct cmsghdr *beside = CMSG_FIRSTHDR(head);
		beside->cmsg_level = SOL_SOCKET;
		beside->cmsg_type = SCM_RIGHTS;
		beside->cmsg_len = CMSG_LEN(sizeof file);
		memcpy(CMSG_DATA(beside), &file, sizeof file);
	} else {
		head->msg_control = NULL;
		head->msg_controllen = 0;
	}
	while (sendmsg(socket, head, 0) < 0 && errno == EINTR)
		;
	if (file >= 0)
		close(file);
}

static bool answer_receive(int socket, struct supervisor_answer *answer, int *file)
{
	struct answer_message message;
	struct msghdr *head = answer_message(&message, answer);
	ssize_t len;
	do
		len = recvmsg(socket, head, MSG_WAITALL);
	while (len < 0 && errno == EINTR);
	const struct cmsghdr *beside = len == sizeof *answer ? CMSG_FIRSTHDR(head) : NULL;
	*file = -1;
	if (beside && beside->cmsg_type == SCM_RIGHTS)
		memcpy(file, CMSG_DATA(beside), sizeof *file);
	if (len >= 0 && len != sizeof *answer)
		errno = EPIPE;
	return len == sizeof *answer;
}

/* False: the process that asks has ended. */
static bool supervisor_answer(int socket, struct supervised *supervised)
{
	struct supervisor_request request;
	struct supervisor_answer answer = {.error = EPERM, .value = -1};
	if (!socket_read(socket, &request, sizeof request))
		return false;
	int file = request_is_good(supervised, &request) ? request_serve(supervised, &request, &answer) : -1;
	answer_send(socket, &answer, file);
	return true;
}

/* Fills `answer`; false, and errno, when it could not be done. */
static bool supervisor_ask(const struct options *options, const struct supervisor_request *request,
    struct supervisor_answer *answer, int *file)
{
	struct supervised here = {.options = options, .socket = -1, .code = -1};
	const struct supervisor *supervisor = options->supervisor;
	*file = -1;
	if (!supervisor)
		*file = request_serve(&here, request, answer);
	else if (!socket_write(supervisor->socket, request, sizeof *request) ||
	         !answer_receive(supervisor->socket, answer, file))
		return false;
	if (answer->error)
		errno = answer->error;
	return !answer->error;
}

static bool request_set_place(struct supervisor_request *request, const char *place)
{
	if (snprintf(request->place, sizeof request->place, "%s", place) < (int)sizeof request->place)
		return true;
	errno = ENAMETOOLONG;
	return false;
}

int supervisor_open_file(const struct options *options, const char *place, enum file_kind kind)
{
	struct supervisor_request request = {.task = TASK_OPEN_FILE, .kind = kind};
	struct supervisor_answer answer;
	int file;
	return request_set_place(&request, place) && supervisor_ask(options, &request, &answer, &file) ? file : -1;
}

bool supervisor_settle_file(const struct options *options, const char *place, enum file_kind kind, bool keeps)
{
	struct supervisor_request request = {.task = TASK_SETTLE_FILE, .kind = kind, .keeps = keeps};
	struct supervisor_answer answer;
	int file;
	return request_set_place(&request, place) && supervisor_ask(options, &request, &answer, &file);
}

/* Of those whose answer is a file or a number. */
static int supervisor_ask_number(const struct options *options, enum supervisor_task task, uint64_t number)
{
	const struct supervisor_request request = {.task = task, .number = number};
	struct supervisor_answer answer;
	int file;
	if (!supervisor_ask(options, &request, &answer, &file))
		return -1;
	return file >= 0 ? file : answer.value;
}

int supervisor_open_rotated(const struct options *options, uint64_t number)
{
	return supervisor_ask_number(options, TASK_OPEN_ROTATED, number);
}

void supervisor_remove_rotated(const struct options *options, uint64_t number)
{
	supervisor_ask_number(options, TASK_REMOVE_ROTATED, number);
}

int supervisor_open_input(const struct options *options, size_t index)
{
	return supervisor_ask_number(options, TASK_OPEN_INPUT, index);
}

int supervisor_open_shown(const struct options *options)
{
	return supervisor_ask_number(options, TASK_OPEN_SHOWN, 0);
}

bool supervisor_start_shown(const struct options *options, bool in_editor)
{
	const struct supervisor_request request = {.task = TASK_START_SHOWN, .number = in_editor};
	struct supervisor_answer answer;
	int file;
	return supervisor_ask(options, &request, &answer, &file);
}

int supervisor_look_at_shown(const struct options *options)
{
	return supervisor_ask_number(options, TASK_LOOK_AT_SHOWN, 0);
}

bool supervisor_start_command(const struct options *options)
{
	const struct supervisor_request request = {.task = TASK_START_COMMAND};
	struct supervisor_answer answer;
	int file;
	return supervisor_ask(options, &request, &answer, &file);
}

int supervisor_look_at_command(const struct options *options)
{
	return supervisor_ask_number(options, TASK_LOOK_AT_COMMAND, 0);
}

int supervisor_end_command(const struct options *options)
{
	return supervisor_ask_number(options, TASK_END_COMMAND, 0);
}

/* ---- the two processes */

static bool supervisor_is_wanted(const struct options *options)
{
	return options->interface || options->command || options->rotate_size || options->rotate_time ||
	       options->write_baseline || options->html || formats_name_file(options->format, NULL);
}

/* The signals that end a capture are for the process that parses, whose end is the end of this one. */
static _Noreturn void supervisor_be_child(int socket, const struct options *options)
{
	struct supervised supervised = {.options = options, .socket = socket, .code = -1};
	sigset_t signals;
	supervised_signals(&signals);
	sigprocmask(SIG_BLOCK, &signals, NULL);
	while (supervisor_answer(socket, &supervised))
		;
	command_end(&supervised);
	_exit(0);
}

/* Leave the other screen, show the cursor, no colours, no mouse, plain keys: what any xterm-like terminal knows. */
static const char supervisor_reset[] = "\033[?1049l\033[?25h\033[0m\033[?1000l\033[?1002l\033[?1006l\033[?1l\033>\r\n";

static void supervisor_restore(const struct termios *before, int status)
{
	tcsetattr(STDOUT_FILENO, TCSANOW, before);
	if (write(STDOUT_FILENO, supervisor_reset, sizeof supervisor_reset - 1) < 0)
		return;
	if (WIFSIGNALED(status) && WTERMSIG(status) != SIGTERM && WTERMSIG(status) != SIGHUP &&
	    WTERMSIG(status) != SIGINT)
		complain("ended by signal %d (%s)", WTERMSIG(status), strsignal(WTERMSIG(status)));
}

/* Only so that the signal ends the waiting. */
static void supervisor_wake(int signal)
{
	(void)signal;
}

/* SIGINT of the keyboard reaches the child by itself, and so does a terminal's SIGHUP; a second one does no harm. The
 * two sockets are the child's and this one's alone: when this one reads an end, the child has ended. */
static _Noreturn void supervisor_be_parent(
    pid_t child, int socket, const struct options *options, const struct termios *before)
{
	struct supervised supervised = {.options = options, .socket = socket, .code = -1};
	const struct sigaction wake = {.sa_handler = supervisor_wake};
	sigset_t blocked, waiting;
	int status;
	supervised_signals(&blocked);
	sigprocmask(SIG_BLOCK, &blocked, &waiting);
	sigdelset(&waiting, SIGTERM);
	sigdelset(&waiting, SIGHUP);
	sigaddset(&waiting, SIGINT);
	sigaction(SIGTERM, &wake, NULL);
	sigaction(SIGHUP, &wake, NULL);
	for (;;) {
		fd_set ready;
		FD_ZERO(&ready);
		FD_SET(socket, &ready);
		if (pselect(socket + 1, &ready, NULL, NULL, NULL, &waiting) < 0)
			kill(child, SIGTERM);
		else if (!supervisor_answer(socket, &supervised))
			break;
	}
	shown_end(&supervised);
	while (waitpid(child, &status, 0) < 0 && errno == EINTR)
		;
	if (!WIFEXITED(status))
		supervisor_restore(before, status);
	_exit(WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status));
}

/* A user's lent capabilities (setcap) are for what the parser opens: nothing that is done here needs them. */
static void supervisor_give_up(void)
{
	if (geteuid() != 0)
		platform_clear_capabilities();
}

static pid_t supervisor_fork(int own, int other, const struct options *options)
{
	struct termios before;
	pid_t parent = getpid();
	bool is_parent = options->interface && tcgetattr(STDOUT_FILENO, &before) == 0;
	fflush(NULL);
	pid_t child = fork();
	bool supervises = is_parent ? child > 0 : child == 0;
	if (child < 0)
		return child;
	close(supervises ? own : other);
	if (supervises)
		supervisor_give_up();
	if (supervises && is_parent)
		supervisor_be_parent(child, other, options, &before);
	if (supervises)
		supervisor_be_child(other, options);
	if (is_parent) {
		platform_end_with_parent(SIGTERM);
		if (getppid() != parent)
			raise(SIGTERM);
	}
	return is_parent ? 0 : child;
}

bool supervisor_begin(struct supervisor *supervisor, struct options *options)
{
	int ends[2];
	if (!supervisor_is_wanted(options))
		return true;
	if (socketpair(AF_UNIX, SOCK_STREAM, 0, ends) == 0) {
		fcntl(ends[0], F_SETFD, FD_CLOEXEC);
		fcntl(ends[1], F_SETFD, FD_CLOEXEC);
		*supervisor = (struct supervisor){ends[0], supervisor_fork(ends[0], ends[1], options)};
		if (supervisor->process >= 0) {
			options->supervisor = supervisor;
			return true;
		}
		close(ends[0]);
		close(ends[1]);
	}
	complain("a second process: %s", strerror(errno));
	return false;
}

void supervisor_follow(const struct options *options)
{
	if (options->supervisor && !options->supervisor->process)
		platform_end_with_parent(SIGTERM);
}

void supervisor_leave(const struct options *options)
{
	if (options->supervisor)
		close(options->supervisor->socket);
}

void supervisor_end(struct options *options)
{
	const struct supervisor *supervisor = options->supervisor;
	options->supervisor = NULL;
	if (!supervisor)
		return;
	close(supervisor->socket);
	if (supervisor->process)
		waitpid(supervisor->process, NULL, 0);
}
