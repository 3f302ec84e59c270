/* The programs that the supervisor process starts and waits for: the command that is watched, the pager, the editor. */
#include "cmd/supervised.h"

#include "cmd/process.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

/* ---- the command */

void supervised_signals(sigset_t *set)
{
	sigemptyset(set);
	sigaddset(set, SIGINT);
	sigaddset(set, SIGTERM);
	sigaddset(set, SIGHUP);
}

static _Noreturn void command_become(char *const *words, bool is_group)
{
	sigset_t set;
	if (is_group)
		setpgid(0, 0);
	supervised_signals(&set);
	sigprocmask(SIG_UNBLOCK, &set, NULL);
	signal(SIGPIPE, SIG_DFL);
	execvp(words[0], words);
	complain("%s: %s", words[0], strerror(errno));
	_exit(127);
}

bool command_start(struct supervised *supervised)
{
	if (!supervised->options->command || supervised->command) {
		errno = EPERM;
		return false;
	}
	supervised->is_group = !isatty(STDIN_FILENO);
	pid_t child = fork();
	if (child == 0)
		command_become(supervised->options->command, supervised->is_group);
	if (child > 0 && supervised->is_group)
		setpgid(child, child); /* parent and child both set it, because either may run first */
	supervised->command = child > 0 ? child : 0;
	return child > 0;
}

int command_look(struct supervised *supervised, int flags)
{
	int status;
	pid_t ended;
	if (!supervised->command)
		return supervised->code;
	do
		ended = waitpid(supervised->command, &status, flags);
	while (ended < 0 && errno == EINTR);
	if (ended == supervised->command) {
		supervised->command = 0;
		supervised->code = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
	}
	return supervised->code;
}

int command_end(struct supervised *supervised)
{
	if (supervised->command)
		kill(supervised->is_group ? -supervised->command : supervised->command, SIGTERM);
	return command_look(supervised, 0);
}

/* ---- the pager, the editor */

static void shown_forget(struct supervised *supervised)
{
	if (*supervised->shown)
		unlink(supervised->shown);
	*supervised->shown = '\0';
}

int shown_open(struct supervised *supervised)
{
	const char *folder = getenv("TMPDIR");
	enum { SUFFIX = 5 };
	if (supervised->shows) {
		errno = EBUSY;
		return -1;
	}
	shown_forget(supervised);
	if (snprintf(supervised->shown, PATH_MAX, "%s/sioscope-XXXXXX.json", folder && *folder ? folder : "/tmp") >=
	    PATH_MAX) {
		*supervised->shown = '\0';
		errno = ENAMETOOLONG;
		return -1;
	}
	int file = mkostemps(supervised->shown, SUFFIX, O_CLOEXEC);
	if (file < 0)
		*supervised->shown = '\0';
	return file;
}

/* $PAGER is words for the shell, as everybody takes it. less runs no programs then (LESSSECURE): it may be root's. */
static _Noreturn void shown_become(const char *path, bool in_editor)
{
	static const char pager[] = "[ -n \"$PAGER\" ] || PAGER=$(command -v less || echo more); exec $PAGER \"$1\"";
	static const char editor[] = "exec ${VISUAL:-${EDITOR:-vi}} \"$1\"";
	sigset_t set;
	int terminal = open("/dev/tty", O_RDWR);
	setpgid(0, 0);
	if (terminal >= 0) {
		dup2(terminal, STDIN_FILENO);
		close(terminal);
	}
	setenv("LESSSECURE", "1", 1);
	supervised_signals(&set);
	sigaddset(&set, SIGTTOU);
	tcsetpgrp(STDOUT_FILENO, getpid());
	sigprocmask(SIG_UNBLOCK, &set, NULL);
	signal(SIGPIPE, SIG_DFL);
	execl("/bin/sh", "sh", "-c", in_editor ? editor : pager, "sh", path, NULL);
	_exit(127);
}

/* SIGTTOU is blocked, so that the terminal can be given and taken from whatever process group. */
static void shown_take_terminal(pid_t group)
{
	sigset_t blocked, before;
	sigemptyset(&blocked);
	sigaddset(&blocked, SIGTTOU);
	sigprocmask(SIG_BLOCK, &blocked, &before);
	tcsetpgrp(STDOUT_FILENO, group);
	sigprocmask(SIG_SETMASK, &before, NULL);
}

bool shown_start(struct supervised *supervised, bool in_editor)
{
	sigset_t blocked, before;
	if (!*supervised->shown || supervised->shows) {
		errno = EPERM;
		return false;
	}
	sigemptyset(&blocked);
	sigaddset(&blocked, SIGTTOU); /* until the child has the terminal */
	sigprocmask(SIG_BLOCK, &blocked, &before);
	pid_t child = fork();
	if (child == 0)
		shown_become(supervised->shown, in_editor);
	sigprocmask(SIG_SETMASK, &before, NULL);
	if (child > 0) {
		setpgid(child, child);
		shown_take_terminal(child);
		supervised->shows = child;
	}
	return child > 0;
}

int shown_look(struct supervised *supervised, int flags)
{
	int status;
	pid_t ended;
	if (!supervised->shows)
		return 0;
	do
		ended = waitpid(supervised->shows, &status, flags | WUNTRACED);
	while (ended < 0 && errno == EINTR);
	if (ended == supervised->shows && WIFSTOPPED(status)) {
		shown_take_terminal(supervised->shows);
		kill(-supervised->shows, SIGCONT);
		return -1;
	}
	if (ended == 0)
		return -1;
	supervised->shows = 0;
	shown_take_terminal(getpgrp());
	shown_forget(supervised);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

void shown_end(struct supervised *supervised)
{
	if (supervised->shows)
		kill(-supervised->shows, SIGTERM);
	while (supervised->shows && shown_look(supervised, 0) < 0)
		;
	shown_forget(supervised);
}
