/* The parent waits; signals that are meant for the whole are passed on to the child. */
#include "cmd/guard.h"

#include "platform/system.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

/* Leave the other screen, show the cursor, no colours, no mouse, plain keys: what any xterm-like terminal knows. */
static const char guard_reset[] = "\033[?1049l\033[?25h\033[0m\033[?1000l\033[?1002l\033[?1006l\033[?1l\033>\r\n";

static void guard_restore(const struct termios *before, int status)
{
	tcsetattr(STDIN_FILENO, TCSANOW, before);
	if (write(STDOUT_FILENO, guard_reset, sizeof guard_reset - 1) < 0)
		return;
	if (WIFSIGNALED(status) && WTERMSIG(status) != SIGTERM && WTERMSIG(status) != SIGHUP &&
	    WTERMSIG(status) != SIGINT)
		fprintf(stderr, "sioscope: ended by signal %d (%s)\n", WTERMSIG(status), strsignal(WTERMSIG(status)));
}

static void guard_signals(sigset_t *set)
{
	sigemptyset(set);
	sigaddset(set, SIGTERM);
	sigaddset(set, SIGHUP);
	sigaddset(set, SIGINT);
	sigaddset(set, SIGCHLD);
}

static int guard_code(int status)
{
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

/* SIGINT of the keyboard reaches the child by itself. */
static _Noreturn void guard_wait(pid_t child, const struct termios *before, const sigset_t *signals)
{
	int status, signal;
	for (;;) {
		if (waitpid(child, &status, WNOHANG) == child)
			break;
		if (sigwait(signals, &signal) == 0 && (signal == SIGTERM || signal == SIGHUP))
			kill(child, signal);
	}
	if (!WIFEXITED(status))
		guard_restore(before, status);
	_exit(guard_code(status));
}

bool guard_begin(void)
{
	struct termios before;
	sigset_t signals, old;
	pid_t parent = getpid();
	if (tcgetattr(STDIN_FILENO, &before) != 0)
		return true;
	guard_signals(&signals);
	sigprocmask(SIG_BLOCK, &signals, &old);
	fflush(NULL);
	pid_t child = fork();
	if (child > 0)
		guard_wait(child, &before, &signals);
	sigprocmask(SIG_SETMASK, &old, NULL);
	if (child == 0) {
		platform_end_with_parent(SIGTERM);
		if (getppid() != parent)
			raise(SIGTERM);
	}
	return true;
}
