/* Where output goes: stdout as a text writer, files that appear whole or not at all, the formats of `check`. */
#ifndef CMD_OUTPUT_H
#define CMD_OUTPUT_H

#include "cmd/options.h"
#include "view/verdicts.h"
#include "view/writers.h"

#include <limits.h>
#include <stdbool.h>
#include <stdio.h>

/* In colours where they are wanted. */
struct text_writer output_writer(const struct options *options);

/* At the end of the program, which would exit with `code`: the code to exit with. A line on stderr and EXIT_UNABLE when
 * stdout refused something; but a reader that went away (| head) had what it wanted. */
int output_end(int code);

/* ---- files by their names: opened, renamed and removed only here and in rotation.c, in the supervisor process when
 * there is one (supervisor.h), else in this one */

/* ---- inputs: what a run reads must not be overwritten by what it writes */

/* The file at `path`, by whatever name, is a capture, a log or a file of expectations that this run reads. */
bool inputs_hold(const struct options *options, const char *path);

/* ---- what is written */

enum file_kind {
	FILE_RESULT,    /* of `check`: its secrets are masked, and others read it; the umask gives the mode */
	FILE_SAVE,      /* of the interface, packets among them: mode 0600, and never over another file */
	FILE_SAVE_OVER, /* the same, when the user wants it to be written over */
	FILE_SETTINGS,  /* of the interface: the one that settings_path names; mode 0600, its folders are made */
	FILE_KINDS,
};

/* The user's settings of the interface: $XDG_CONFIG_HOME/sioscope/config, or ~/.config/sioscope/config. False: there is
 * no home, or the path is too long. */
bool settings_path(char path[PATH_MAX]);

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

/* ---- formats of `check` */

enum { FORMATS_MOST = 16 };

struct format_wanted {
	verdicts_write *write;
	char *file; /* NULL: stdout; owned */
};

struct formats {
	struct format_wanted wanted[FORMATS_MOST];
	size_t count;
};

/* The names of the formats: the one at `index`; NULL after the last. */
const char *formats_word(size_t index);

/* `list` NULL: text. In GitHub's actions annotations are added. False, and a line on stderr: it names no format. */
bool formats_read(struct formats *formats, const char *list);
void formats_free(struct formats *formats);

/* Does a list (NULL: none) name this file? `file` NULL: any. */
bool formats_name_file(const char *list, const char *file);

/* A file appears whole or not at all. False, and a line on stderr, when one could not be written. */
bool formats_write(const struct formats *formats, const struct options *options, const struct verdicts_view *view);

#endif
