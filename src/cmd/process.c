/* Signals stay blocked and are fetched when they are pending: nothing runs in a handler, and no global is needed. */
#include "cmd/process.h"

#include "base/text.h"
#include "base/timestamp.h"
#include "cmd/supervisor.h"
#include "platform/sandbox.h"

#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
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

void stop_begin(struct stop *stop, const struct options *options)
{
	sigset_t set;
	stop_signal_set(&set);
	*stop = (struct stop){.options = options,
	    .child_code = -1,
	    .grace = STOP_GRACE,
	    .deadline = options->duration ? clock_now() + options->duration : 0};
	sigprocmask(SIG_BLOCK, &set, NULL);
}

/* ---- the command */

bool stop_watch(struct stop *stop)
{
	stop->watches = supervisor_start_command(stop->options);
	if (!stop->watches)
		complain("%s: %s", stop->options->command[0], strerror(errno));
	return stop->watches;
}

static void stop_note_command(struct stop *stop, int code)
{
	if (code < 0)
		return;
	stop->watches = false;
	stop->child_code = code;
	stop->deadline = clock_now();
	stop->grace = STOP_COMMAND_GRACE;
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
	if (stop->watches)
		stop_note_command(stop, supervisor_look_at_command(stop->options));
	if (!stop_was_signalled() && !(stop->deadline && now >= stop->deadline))
		return;
	stop->asked = now;
	stop->until = clock_timestamp() + stop->grace;
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
	if (stop->watches)
		stop_note_command(stop, supervisor_end_command(stop->options));
	stop_unblock();
}

/* ---- privileges */

enum { PRIVILEGES_NOBODY = 65534 }; /* the kernel's own number for it, where no file names users */

static bool privileges_fail(const char *what)
{
	complain("%s: %s", what, strerror(errno));
	return false;
}

static bool privileges_become(const char *user)
{
	errno = 0;
	const struct passwd *entry = getpwnam(user);
	if (!entry) {
		if (!errno)
			errno = ENOENT;
		complain("-Z %s: %s", user, errno == ENOENT ? "no such user" : strerror(errno));
		return false;
	}
	if (initgroups(user, entry->pw_gid) != 0 || setgid(entry->pw_gid) != 0 || setuid(entry->pw_uid) != 0)
		return privileges_fail("-Z");
	return true;
}

/* Nobody has asked for it: where it cannot be (a container that knows one user) the capture goes on. */
static void privileges_become_nobody(void)
{
	const struct passwd *entry = getpwnam("nobody");
	gid_t group = entry ? entry->pw_gid : PRIVILEGES_NOBODY;
	uid_t user = entry ? entry->pw_uid : PRIVILEGES_NOBODY;
	if (setgroups(1, &group) != 0 || setgid(group) != 0 || setuid(user) != 0)
		complain("root cannot become nobody here (%s): packets are parsed as root; -Z USER or -Z root chooses",
		    strerror(errno));
}

static bool privileges_enter_sandbox(enum sandbox_files files)
{
	const char *what = "";
	return platform_enter_sandbox(files, &what) != SANDBOX_FAILED || privileges_fail(what);
}

static bool privileges_change_user(const struct options *options)
{
	bool is_off = platform_sandbox_is_off();
	if (!is_off)
		platform_bound_capabilities();
	if (options->user && !privileges_become(options->user))
		return false;
	if (!options->user && !is_off && geteuid() == 0)
		privileges_become_nobody();
	return true;
}

bool privileges_drop(const struct options *options)
{
	if (!privileges_change_user(options))
		return false;
	supervisor_follow(options);
	return privileges_enter_sandbox(options->interface ? SANDBOX_SYSTEM_FILES : SANDBOX_NO_FILES);
}

bool privileges_drop_to_network(const struct options *options)
{
	return privileges_change_user(options) && privileges_enter_sandbox(SANDBOX_NETWORK);
}
