/*
 * Files by their names. A path is opened, renamed and removed only here and in rotation.c: in the supervisor process
 * when there is one (supervisor.h), else in this one.
 */
#ifndef CMD_FILES_H
#define CMD_FILES_H

#include "cmd/options.h"

#include <stdbool.h>
#include <stdio.h>

/* ---- inputs: what a run reads must not be overwritten by what it writes */

/* The file at `path`, by whatever name, is a capture, a log or a file of expectations that this run reads. */
bool inputs_hold(const struct options *options, const char *path);

/* ---- what is written */

enum file_kind {
	FILE_RESULT, /* a result of `check`: its secrets are masked, others read it; as the umask has it, written over
	              */
	FILE_SAVE,   /* of the interface, packets and payloads among them: mode 0600, and never over another file */
	FILE_SAVE_OVER, /* the same, when the user wants it to be written over */
	FILE_KINDS,
};

/* An atomic write: the file appears whole or not at all. */
struct atomic_write {
	FILE *out;
	const struct options *options;
	const char *place; /* borrowed */
	enum file_kind kind;
};

/* Of a save's `place` a leading ~ or ~user is replaced by that home. A device, a FIFO or a socket is written as it is.
 * False: errno says why (FILE_SAVE: EEXIST when there is such a file; ETXTBSY when it is one that this run reads), and
 * there is nothing to close. */
bool atomic_write_open(
    struct atomic_write *file, const struct options *options, const char *place, enum file_kind kind);

/* `good`: all was written; puts it in its place. Else, or when that fails, nothing of it stays: false, and errno says
 * why (the errno of the write that failed). */
bool atomic_write_close(struct atomic_write *file, bool good);

/* ---- the same, where paths may be opened: for supervisor.c */

/* `place` is one that the options name, or for FILE_SAVE one that a save may have. */
bool file_is_allowed(const struct options *options, const char *place, enum file_kind kind);

/* A file to be written, or -1 and errno (EAGAIN: a FIFO that nobody reads yet). */
int file_open(const struct options *options, const char *place, enum file_kind kind);

/* Puts in its place what was written into it, or takes it away. False: errno. */
bool file_settle(const char *place, enum file_kind kind, bool keeps);

#endif
