/* Signals stay blocked and are fetched when they are pending: nothing runs in a handler, and no global is needed. */
#include "cmd/process.h"

#include "base/timestamp.h"
#include "platform/sandbox.h"
#include "platform/system.h"

#include <errno.h>
#include <grp.h>
#include <poll.h>
#include <pwd.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

/* Nanoseconds. What was on its way when the end was asked for is waited for: through the kernel (twice LIVE_DELAY, and
 * MERGE_HOLD), through the network when it was a command's. When more comes than can be read that takes long; it is not
 * waited for longer than STOP_PATIENCE. */
#define STOP_GRACE INT64_C(200000000)
#define STOP_COMMAND_GRACE INT64_C(300000000)
#define STOP_PATIENCE INT64_C(3000000000)

/* Who started it with nohup wants it to outlive the terminal. */
static void stop_signal_set(sigset_t *set)
{
	struct sigaction hangup;
	sigemptyset(set);
	sigaddset(set, SIGINT);
	sigaddset(set, SIGTERM);
	if (sigaction(SIGHUP, NULL, &hangup) == 0 && hangup.sa_handler != SIG_IGN)
		sigaddset(set, SIGHUP);
}

static void stop_unblock(void)
{
	sigset_t set;
	stop_signal_set(&set);
	sigprocmask(SIG_UNBLOCK, &set, NULL);
}

void stop_begin(struct stop *stop, int64_t duration)
{
	sigset_t set;
	stop_signal_set(&set);
	*stop = (struct stop){.child_code = -1, .grace = STOP_GRACE, .deadline = duration ? clock_now() + duration : 0};
	sigprocmask(SIG_BLOCK, &set, NULL);
}

/* ---- the command */

bool stop_watch(struct stop *stop, char *const *words)
{
	stop->is_group = !isatty(STDIN_FILENO);
	fflush(NULL);
	pid_t child = fork();
	if (child < 0) {
		fprintf(stderr, "sioscope: %s: %s\n", words[0], strerror(errno));
		return false;
	}
	if (child == 0) {
		if (stop->is_group)
			setpgid(0, 0);
		stop_unblock();
		signal(SIGPIPE, SIG_DFL);
		execvp(words[0], words);
		fprintf(stderr, "sioscope: %s: %s\n", words[0], strerror(errno));
		_exit(127);
	}
	if (stop->is_group)
		setpgid(child, child); /* parent and child both set it, because either may run first */
	stop->child = child;
	return true;
}

static void stop_note_child(struct stop *stop, int status)
{
	stop->child = 0;
	stop->child_code = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
	stop->deadline = clock_now();
	stop->grace = STOP_COMMAND_GRACE;
}

static void stop_look_at_child(struct stop *stop)
{
	int status;
	if (stop->child && waitpid(stop->child, &status, WNOHANG) == stop->child)
		stop_note_child(stop, status);
}

/* ---- asking */

/* Takes one signal that asks for the end. All were sent to this process, which has one thread: what is pending does not
 * go away before sigwait. */
static bool stop_was_signalled(void)
{
	sigset_t set, pending;
	int taken;
	stop_signal_set(&set);
	sigpending(&pending);
	bool asks = sigismember(&pending, SIGINT) == 1 || sigismember(&pending, SIGTERM) == 1 ||
	            (sigismember(&set, SIGHUP) == 1 && sigismember(&pending, SIGHUP) == 1);
	if (!asks || sigwait(&set, &taken) != 0)
		return false;
	stop_unblock();
	return true;
}

static void stop_ask(struct stop *stop, int64_t now)
{
	stop_look_at_child(stop);
	if (!stop_was_signalled() && !(stop->deadline && now >= stop->deadline))
		return;
	stop->asked = now;
	stop->until = clock_stamp() + stop->grace;
}

enum stop_state stop_look(struct stop *stop, timestamp captured)
{
	int64_t now = clock_now();
	if (!stop->asked)
		stop_ask(stop, now);
	if (!stop->asked || now - stop->asked < stop->grace)
		return STOP_NOT_YET;
	return captured >= stop->until || now - stop->asked >= STOP_PATIENCE ? STOP_NOW : STOP_WHEN_IDLE;
}

void stop_end(struct stop *stop)
{
	int status;
	if (stop->child) {
		kill(stop->is_group ? -stop->child : stop->child, SIGTERM);
		if (waitpid(stop->child, &status, 0) == stop->child)
			stop_note_child(stop, status);
	}
	stop_unblock();
}

/* ---- privileges */

static bool privileges_fail(const char *what)
{
	fprintf(stderr, "sioscope: %s: %s\n", what, strerror(errno));
	return false;
}

static bool privileges_become(const char *user)
{
	errno = 0;
	const struct passwd *entry = getpwnam(user);
	if (!entry) {
		if (!errno)
			errno = ENOENT;
		fprintf(stderr, "sioscope: -Z %s: %s\n", user, errno == ENOENT ? "no such user" : strerror(errno));
		return false;
	}
	if (initgroups(user, entry->pw_gid) != 0 || setgid(entry->pw_gid) != 0 || setuid(entry->pw_uid) != 0)
		return privileges_fail("-Z");
	return true;
}

/* Without a sandbox -Z is the only protection: a capture as root without it gets a warning. */
static bool privileges_enter_sandbox(bool is_root, bool opens_files)
{
	const char *what = "";
	switch (platform_enter_sandbox(opens_files, &what)) {
	case SANDBOX_ENTERED:
		return true;
	case SANDBOX_ABSENT:
		if (is_root)
			fputs("sioscope: this system has no sandbox that sioscope knows: packets are parsed as root; "
			      "-Z USER gives root up first\n",
			    stderr);
		return true;
	case SANDBOX_FAILED:
		break;
	}
	return privileges_fail(what);
}

bool privileges_drop(const char *user, bool opens_files)
{
	platform_bound_capabilities();
	return (!user || privileges_become(user)) && privileges_enter_sandbox(geteuid() == 0, opens_files);
}

/* ---- the supervisor process */

/* Leave the other screen, show the cursor, no colours, no mouse, plain keys: what any xterm-like terminal knows. */
static const char supervisor_reset[] = "\033[?1049l\033[?25h\033[0m\033[?1000l\033[?1002l\033[?1006l\033[?1l\033>\r\n";

static void supervisor_restore(const struct termios *before, int status)
{
	tcsetattr(STDIN_FILENO, TCSANOW, before);
	if (write(STDOUT_FILENO, supervisor_reset, sizeof supervisor_reset - 1) < 0)
		return;
	if (WIFSIGNALED(status) && WTERMSIG(status) != SIGTERM && WTERMSIG(status) != SIGHUP &&
	    WTERMSIG(status) != SIGINT)
		fprintf(stderr, "sioscope: ended by signal %d (%s)\n", WTERMSIG(status), strsignal(WTERMSIG(status)));
}

static void supervisor_signals(sigset_t *set)
{
	sigemptyset(set);
	sigaddset(set, SIGTERM);
	sigaddset(set, SIGHUP);
	sigaddset(set, SIGINT);
	sigaddset(set, SIGCHLD);
}

/* SIGINT of the keyboard reaches the child by itself. */
static _Noreturn void supervisor_wait(pid_t child, const struct termios *before, const sigset_t *signals)
{
	int status, signal;
	for (;;) {
		if (waitpid(child, &status, WNOHANG) == child)
			break;
		if (sigwait(signals, &signal) == 0 && (signal == SIGTERM || signal == SIGHUP))
			kill(child, signal);
	}
	if (!WIFEXITED(status))
		supervisor_restore(before, status);
	_exit(WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status));
}

bool supervisor_begin(void)
{
	struct termios before;
	sigset_t signals, old;
	pid_t parent = getpid();
	if (tcgetattr(STDIN_FILENO, &before) != 0)
		return true;
	supervisor_signals(&signals);
	sigprocmask(SIG_BLOCK, &signals, &old);
	fflush(NULL);
	pid_t child = fork();
	if (child > 0)
		supervisor_wait(child, &before, &signals);
	sigprocmask(SIG_SETMASK, &old, NULL);
	if (child == 0) {
		platform_end_with_parent(SIGTERM);
		if (getppid() != parent)
			raise(SIGTERM);
	}
	return true;
}
