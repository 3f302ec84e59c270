/*
 * What the sender decides, without a network or a clock: which Export requests wait and which are given up, what is
 * sent as one batch, what an answer means, and when to try again. The rules are those of the OTLP specification
 * (1.10, "Failures") as OpenTelemetry's SDKs follow them.
 */
#ifndef CMD_OTLP_QUEUE_H
#define CMD_OTLP_QUEUE_H

#include "base/memory.h"
#include "base/timestamp.h"
#include "view/otlp.h"

#include <stdbool.h>
#include <stdint.h>

/* ---- the queue: requests of all signals, bounded in bytes together */

enum {
	OTLP_BATCH_BYTES = 1 << 20, /* of a request before compression; receivers take 20 MiB (collector 0.161) */
	OTLP_REQUEST_OVERHEAD = 64, /* what a queued request is charged beside its bytes */
};

struct otlp_queued;

struct otlp_lane {
	struct otlp_queued *oldest, *newest;
	size_t bytes;
	size_t flying;    /* how many of the oldest are on their way */
	size_t alone;     /* so many of the oldest go one by one: as a batch they were refused */
	unsigned retries; /* in a row */
	int64_t pause;    /* monotonic nanoseconds: not before */
	bool asked;       /* the collector asked for this pause (Retry-After) */
};

struct otlp_queue {
	struct otlp_lane lanes[OTLP_SIGNALS];
	size_t bytes, limit;
	uint64_t dropped[OTLP_SIGNALS][METRICS_DROPS]; /* items: data points, log records, spans */
	uint64_t delivered[OTLP_SIGNALS];
};

void otlp_queue_init(struct otlp_queue *queue, size_t limit);
void otlp_queue_free(struct otlp_queue *queue);

/* Copies one request to its end. When the queue is full the oldest of the signal that holds most of it goes first,
 * never what is on its way: many spans do not drive out the few findings. */
void otlp_queue_add(struct otlp_queue *queue, enum otlp_signal signal, struct slice request, uint64_t items);

bool otlp_queue_is_empty(const struct otlp_queue *queue);
bool otlp_queue_has_room(const struct otlp_queue *queue, size_t bytes);

/* May the signal send now? It has something, nothing of it is on its way, and its pause is over. */
bool otlp_queue_is_due(const struct otlp_queue *queue, enum otlp_signal signal, int64_t now);

/* Joins the oldest requests of the signal, as many as one batch holds, to one, which is appended to `body`: they are on
 * their way until otlp_queue_settle. False: none, or no memory for it, which is tried again in a second. */
bool otlp_queue_begin(struct otlp_queue *queue, enum otlp_signal signal, struct buffer *body, int64_t now);

/* What became of them. `random` is any number; `retry_after` nanoseconds, or -1: the answer did not say. */
enum otlp_verdict { OTLP_DELIVERED, OTLP_AGAIN, OTLP_REFUSED };
struct otlp_outcome {
	enum otlp_verdict verdict;
	uint64_t rejected; /* of what was delivered: partialSuccess */
	int64_t retry_after;
	uint32_t random;
};
void otlp_queue_settle(
    struct otlp_queue *queue, enum otlp_signal signal, const struct otlp_outcome *outcome, int64_t now);

/* At the end: pauses that the collector did not ask for are over, since there is no later. */
void otlp_queue_hurry(struct otlp_queue *queue, int64_t now);

/* The earliest moment at which a signal that has something may send; INT64_MAX: none has. */
int64_t otlp_queue_next(const struct otlp_queue *queue);

/* What is left is counted as expired. */
void otlp_queue_give_up(struct otlp_queue *queue);

/* ---- answers */

/* By the status of HTTP; 0: there was no answer (the connection, or the time, ended before). Again: 0, 429, 502, 503,
 * 504. Delivered: 2xx. All else is refused, redirects too: they would carry the headers elsewhere. */
enum otlp_verdict otlp_judge(long status);

/* The pause before try `retries` (from 1): 1 s, half more each time, 5 s at most; ± 20 % by `random`. */
int64_t otlp_backoff(unsigned retries, uint32_t random);

/* Retry-After (RFC 9110 §10.2.3): seconds, or a date in the one form that servers write (§5.6.7, IMF-fixdate), as
 * nanoseconds from `now`, an hour at most. -1: neither. */
int64_t otlp_read_retry_after(struct slice value, timestamp now);

/* The items that an answer's partialSuccess names as rejected; 0: none, or no such answer. */
uint64_t otlp_read_rejected(struct slice body, enum otlp_signal signal);

#endif
