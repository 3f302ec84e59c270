/* A server's log, line by line, with the time of each. */
#ifndef SOURCE_SERVER_LOG_H
#define SOURCE_SERVER_LOG_H

#include "base/bytes.h"
#include "base/timestamp.h"

#include <stdio.h>

struct server_log {
	FILE *file;
	bool begun; /* the first line was read */
	char *line; /* the line read ahead; getline's */
	size_t room;
	struct slice text;  /* of it, without the codes that colour a terminal; at == NULL: no more */
	timestamp time;     /* of it; a line without a time has that of the line before */
	timestamp near;     /* what times without a year or a day are near to */
	uint64_t unstamped; /* lines before the first that has a time */
	uint64_t lines;
	int failure;           /* errno of the read after which no more came; 0: its end */
	timestamp first, last; /* the earliest and the latest time that was read; TIMESTAMP_NONE: none */
};

/* False: `why` says what is wrong, errno-like. */
bool server_log_open(struct server_log *log, const char *path, char *why, size_t why_size);
void server_log_close(struct server_log *log);

/* Reads the first line. `near`: when the capture begins; TIMESTAMP_NONE: not known. */
void server_log_begin(struct server_log *log, timestamp near);

/* Reads the next line. */
void server_log_advance(struct server_log *log);

/* True when it was not read to its end, or nothing of it can be of the time from `first` to `last`, give or take a
 * minute: *why says why. */
bool server_log_misses(const struct server_log *log, timestamp first, timestamp last, char *why, size_t why_size);

#endif
