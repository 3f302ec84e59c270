/* Posts Export requests: one for each signal at a time, without ever waiting for one. By libcurl; a build without it
 * has otlp_post_absent.c in its place. */
#ifndef CMD_OTLP_POST_H
#define CMD_OTLP_POST_H

#include "cmd/otlp_environment.h"

#include <poll.h>

/* Why nothing can be sent by this build; NULL: it can. */
const char *otlp_post_missing(void);

struct otlp_poster;

/* Reads the files of certificates and keys that the environment name. `environment` is borrowed. NULL: `why` says which
 * file cannot be read, or that there is no memory. */
struct otlp_poster *otlp_poster_new(const struct otlp_environment *environment, char why[OTLP_WHY]);
void otlp_poster_free(struct otlp_poster *poster);

/* Begins to send one request, which is copied or compressed: its answer, or its failure, comes by otlp_poster_take.
 * `timeout`: nanoseconds, of this try. False: there is no memory for it. */
bool otlp_poster_begin(struct otlp_poster *poster, enum otlp_signal signal, struct slice request, int64_t timeout);

struct otlp_answer {
	enum otlp_signal signal;
	long status;         /* 0: none came */
	int64_t retry_after; /* nanoseconds; -1: not said */
	uint64_t rejected;   /* items, by partialSuccess */
	char why[OTLP_WHY];  /* what went wrong, for people; "" nothing */
};

/* The next that is over; false: none is. */
bool otlp_poster_take(struct otlp_poster *poster, struct otlp_answer *answer);

/* Waits for the network, for these files as well, or until the time is over; then goes on with what is under way. */
void otlp_poster_wait(struct otlp_poster *poster, struct pollfd *files, size_t count, int milliseconds);

#endif
