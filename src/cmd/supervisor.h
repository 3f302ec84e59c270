/*
 * The supervisor process: it may open, rename and remove files, start a command and end it, and does so when the
 * process that parses asks for it, which may not. It parses nothing: it is asked by records of one size, and does only
 * what the options name (the files of -w, of `check`, of -r, the command after --) or what the user has typed (a save).
 *
 * It is there when something is left to be done after the sandbox is entered. Of the interface it is the parent, so
 * that it restores the terminal whatever happens; else the child, so that signals and exit codes are the parser's own.
 * Where there is none, each of these functions does its work in this process.
 */
#ifndef CMD_SUPERVISOR_H
#define CMD_SUPERVISOR_H

#include "cmd/output.h"

#include <stdint.h>
#include <sys/types.h>

struct supervisor {
	int socket;
	pid_t process; /* to be waited for at the end; 0: the parent */
};

/* Begins one when the options want it, and notes it in them: then supervisor_end is to be called at the end. False, and
 * a line on stderr: there can be no second process. In the interface it returns in the child; the parent ends with its
 * exit code. */
bool supervisor_begin(struct supervisor *supervisor, struct options *options);
void supervisor_end(struct options *options);

/* When this process has another user than it began with: the kernel forgets with whose end it wanted to end. */
void supervisor_follow(const struct options *options);

/* In a process that was forked off and asks nothing. */
void supervisor_leave(const struct options *options);

/* ---- what it does; each returns -1, or false, and sets errno, when that fails */

int supervisor_open_file(const struct options *options, const char *place, enum file_kind kind);
bool supervisor_settle_file(const struct options *options, const char *place, enum file_kind kind, bool keeps);

int supervisor_open_rotated(const struct options *options, uint64_t number);
void supervisor_remove_rotated(const struct options *options, uint64_t number);

/* A capture of -r, from its beginning. */
int supervisor_open_input(const struct options *options, size_t index);

/* The command after --; where nobody types it gets a process group of its own, because a test runner starts others. At
 * a terminal it stays in this one, so that it may read, and Ctrl-C reaches all. */
bool supervisor_start_command(const struct options *options);

/* Its exit code, or 128 and its signal, as shells count; -1: it still runs. */
int supervisor_look_at_command(const struct options *options);

/* Asks it to end (SIGTERM, to its group where it has one), waits for it, and returns its exit code. */
int supervisor_end_command(const struct options *options);

/* Of the interface: a text for the user's pager ($PAGER, else less or more) or editor ($VISUAL, $EDITOR, else vi). A
 * file of mode 0600 in TMPDIR, which only this process may name; it is removed when the program has ended. */
int supervisor_open_shown(const struct options *options);

/* The program has the terminal until it ends, in a process group of its own: signals of the keyboard are for it alone.
 */
bool supervisor_start_shown(const struct options *options, bool in_editor);

/* Its exit code; -1: it still runs. Then the terminal is the interface's again. */
int supervisor_look_at_shown(const struct options *options);

#endif
