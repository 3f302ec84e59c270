/*
 * What ends a capture (a signal, its duration, the command that it watches), and the privileges that are dropped before
 * the first byte of it is parsed.
 */
#ifndef CMD_PROCESS_H
#define CMD_PROCESS_H

#include "base/timestamp.h"
#include "cmd/options.h"

#include <stdbool.h>

/* ---- what ends a capture */

struct stop {
	const struct options *options; /* NULL: not begun */
	int64_t deadline;              /* monotonic nanoseconds; 0: none */
	int64_t asked;                 /* when the end was asked for, by the same clock; 0: not yet */
	int64_t grace;                 /* how long what was on its way then is waited for */
	timestamp until;               /* what was captured later than this is not wanted */
	bool watches;                  /* a command runs */
	int child_code;                /* its exit code, or 128 and its signal, as shells count; -1: none ended yet */
};

/* SIGINT, SIGTERM and, unless it was ignored before, SIGHUP ask for the end from now on (and once only: the next one is
 * deadly); so does --duration. */
void stop_begin(struct stop *stop, const struct options *options);

/* Starts the command whose end is to be awaited. False: a line is on stderr. */
bool stop_watch(struct stop *stop);

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

/* Gives up what parsing does not need, once all is open that this process itself opens: root becomes -Z's user, without
 * -Z nobody; then the sandbox is entered (platform/sandbox.h). Where root cannot become nobody a line on stderr says
 * so. False, and a line on stderr, when what the user asked for (-Z) could not be done, or there was no memory. */
bool privileges_drop(const struct options *options);

/* The same for the sender process, which keeps the network (SANDBOX_NETWORK). */
bool privileges_drop_to_network(const struct options *options);

#endif
