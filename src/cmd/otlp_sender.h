/*
 * The sender process: it posts Export requests (otlp_post.h, otlp_queue.h) and answers scrapes (metrics_listener.h),
 * because the process that parses packets may have no socket. It is started before privileges are dropped, reads the
 * files of certificates, gives its own privileges up (nobody, or -Z's user; no file written, no program started), and
 * gets lines that are ready to be sent through a pipe: no packet ever reaches it.
 *
 * The pipe never makes a capture wait: what does not fit is dropped, and counted. Only a back-fill from files (-r)
 * waits, as long as the collector takes what it gets.
 *
 * At the end it tries for as long as the longest timeout of a signal (OTEL_EXPORTER_OTLP_TIMEOUT, 10 s) to deliver what
 * it has; what is left is counted as lost. So it does when the process that started it ends without a word.
 */
#ifndef CMD_OTLP_SENDER_H
#define CMD_OTLP_SENDER_H

#include "cmd/metrics_listener.h"
#include "cmd/options.h"
#include "cmd/otlp_environment.h"
#include "cmd/otlp_queue.h"

#include <sys/types.h>

struct sender_board;

struct otlp_sender {
	struct otlp_environment environment;
	pid_t process;                  /* 0: it was waited for */
	int pipe;                       /* -1: closed */
	bool waits;                     /* a back-fill: a full pipe is waited for */
	struct sender_board *board;     /* shared memory, which the sender writes and this process reads */
	struct buffer unsent;           /* what the pipe had no room for */
	uint64_t taken[OTLP_SIGNALS];   /* items that were to be sent */
	uint64_t dropped[OTLP_SIGNALS]; /* of these: here, before the pipe */
	uint64_t missing[OTLP_SIGNALS]; /* at the end: of which the sender says nothing, since it was killed, or stands
	                                   still */
	uint32_t scrapes[METRICS_FORMS];
};

/* Is one wanted: --otlp that is not disabled (OTEL_SDK_DISABLED), or --metrics-listen? */
bool otlp_sender_is_wanted(const struct options *options);

/* Starts it, and notes it in the options: then otlp_sender_free is to be called. False, and a line on stderr: a value
 * of the environment, an address or a file is wrong, or there can be no further process. */
bool otlp_sender_begin(struct otlp_sender *sender, struct options *options);
void otlp_sender_free(struct options *options);

/* One Export request (view/otlp.h), to be sent as soon as possible. */
void otlp_sender_take(struct otlp_sender *sender, enum otlp_signal signal, struct slice request, uint64_t items);

/* Now and then, live: hands on what the pipe had no room for. */
void otlp_sender_step(struct otlp_sender *sender);

/* Does a scrape wait for the text in this form? True once for each. */
bool otlp_sender_is_asked(struct otlp_sender *sender, enum metrics_form form);
void otlp_sender_publish(struct otlp_sender *sender, enum metrics_form form, struct slice text);

/* Nothing more comes: waits until the sender has delivered what it has, or its time is over. */
void otlp_sender_end(struct otlp_sender *sender);

/* Items that were not delivered, until now. */
uint64_t otlp_sender_dropped(const struct otlp_sender *sender, enum otlp_signal signal, enum metrics_drop drop);

/* Why a request was not taken, for people: the last refusal, else the last failure; "" there was none. `text` backs it.
 * Only after otlp_sender_end. */
const char *otlp_sender_why(const struct otlp_sender *sender, char text[OTLP_WHY]);

#endif
