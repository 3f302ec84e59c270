/*
 * The processes around a capture: what ends it (a signal, its duration, the command that it watches), the privileges
 * that are dropped once it has begun, and the supervisor process of the terminal interface.
 */
#ifndef CMD_PROCESS_H
#define CMD_PROCESS_H

#include "base/timestamp.h"

#include <stdbool.h>
#include <sys/types.h>

/* ---- what ends a capture */

struct stop {
	int64_t deadline; /* monotonic nanoseconds; 0: none */
	int64_t asked;    /* when the end was asked for, by the same clock; 0: not yet */
	int64_t grace;    /* how long what was on its way then is waited for */
	timestamp until;  /* what was captured later than this is not wanted */
	pid_t child;      /* 0: none, or over */
	bool is_group;    /* and all that it started can be asked to end with it */
	int child_code;   /* its exit code, or 128 and its signal, as shells count; -1: none ended yet */
};

/* SIGINT, SIGTERM and, unless it was ignored before, SIGHUP ask for the end from now on (and once only: the next one is
 * deadly). `duration` in nanoseconds, 0: until asked. */
void stop_begin(struct stop *stop, int64_t duration);

/* Starts the command whose end is to be awaited, where nobody types in a process group of its own: a test runner starts
 * others. At a terminal it stays in this one, so that it may read, and Ctrl-C reaches all. `words` ends with NULL.
 * False: a line is on stderr. */
bool stop_watch(struct stop *stop, char *const *words);

enum stop_state {
	STOP_NOT_YET,
	STOP_WHEN_IDLE, /* it is, once all is read that the kernel holds */
	STOP_NOW,
};

/* Is it time? `captured`: when the packet was that was read last; TIMESTAMP_NONE: none. */
enum stop_state stop_look(struct stop *stop, timestamp captured);

/* Gives the signals back; a command that still runs is asked to end (SIGTERM, to its group where it has one), and
 * waited for. */
void stop_end(struct stop *stop);

/* ---- privileges */

/* `user` NULL: the user does not change. `opens_files`: files are still to be opened and renamed (rotation, saving,
 * results in files). False, and a line on stderr, when something could not be given up. */
bool privileges_drop(const char *user, bool opens_files);

/* ---- the supervisor process */

/* True in the process that goes on; the other never returns from here: it waits, puts the terminal right when the first
 * ended badly, and ends with its exit code. True as well when there can be no second process. */
bool supervisor_begin(void);

#endif
