/* What the supervisor process starts, and remembers between two requests. For supervisor.c alone. */
#ifndef CMD_SUPERVISED_H
#define CMD_SUPERVISED_H

#include "cmd/options.h"

#include <limits.h>
#include <signal.h>
#include <sys/types.h>

struct supervised {
	const struct options *options;
	int socket;           /* on which it is asked; -1: by this process itself */
	pid_t command;        /* 0: none, or over */
	bool is_group;        /* all that it started can be asked to end with it */
	int code;             /* of the command that is over; -1: none is */
	pid_t shows;          /* the pager or the editor; 0: none */
	char shown[PATH_MAX]; /* what it shows; "": nothing */
};

/* Those that end a capture: for the process that parses and for what is started, while the supervisor blocks them. */
void supervised_signals(sigset_t *set);

/* ---- the command of the options. `flags` are waitpid's. */

/* False: errno says why; EPERM: there is none, or it runs already. */
bool command_start(struct supervised *supervised);

/* Its exit code, 128 and the signal that ended it; -1: it runs, or was never started. */
int command_look(struct supervised *supervised, int flags);
int command_end(struct supervised *supervised);

/* ---- the pager, the editor: one of them at a time, in the foreground of the terminal */

/* A new file for what is to be shown; -1: errno says why. */
int shown_open(struct supervised *supervised);

/* Shows that file. False: errno says why; EPERM: there is none, or another is shown. */
bool shown_start(struct supervised *supervised, bool in_editor);

/* Its exit code, once the terminal is taken back and the file is removed; -1: it runs. One that is stopped by the
 * keyboard goes on: no shell is there to take it up again. */
int shown_look(struct supervised *supervised, int flags);

/* The interface has gone: its pager goes as well. */
void shown_end(struct supervised *supervised);

#endif
