/* What the sender process and the one that started it share: frames in a pipe, and a board of counters. */
#ifndef CMD_OTLP_LOOP_H
#define CMD_OTLP_LOOP_H

#include "cmd/metrics_listener.h"
#include "cmd/otlp_environment.h"
#include "cmd/otlp_queue.h"

#include <stdatomic.h>
#include <stdint.h>

struct options;

/* Before each text in the pipe. `kind`: a signal, a form of the metrics' text, or the end. */
enum { SENDER_PAGES = OTLP_SIGNALS, SENDER_END = SENDER_PAGES + METRICS_FORMS, SENDER_KINDS };
struct sender_frame {
	uint32_t kind, len;
	uint64_t items;
};

enum { SENDER_PAGE_BYTES = 16 << 20 /* 100 event names give some 400 KB */ };

/* Shared memory: written by the sender alone. */
struct sender_board {
	_Atomic uint64_t dropped[OTLP_SIGNALS][METRICS_DROPS];
	_Atomic uint64_t delivered[OTLP_SIGNALS];
	_Atomic uint32_t scrapes[METRICS_FORMS]; /* how often a new text was asked for */
	char why[OTLP_WHY]; /* of the last refusal, else failure: to be read when the sender has ended */
};

struct sender_loop {
	const struct options *options;
	const struct otlp_environment *environment;
	struct sender_board *board;
	int pipe, ready, listener; /* listener below 0: none */
};

/* The sender process, which ends when nobody writes into the pipe any more (no signal of a parent in a sandbox of its
 * own reaches it: Landlock 6): gives privileges up, writes one byte to `ready`, and serves until the end. */
_Noreturn void sender_loop_run(const struct sender_loop *loop);

#endif
