/* Signals stay blocked, and are fetched when they are pending: nothing runs in a handler, and no global is needed. */
#include "cmd/stop.h"

#include "base/timestamp.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
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
		setpgid(child, child); /* whoever of both comes first */
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
