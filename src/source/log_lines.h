/* The lines of a log's file. */
#ifndef SOURCE_LOG_LINES_H
#define SOURCE_LOG_LINES_H

#include "base/memory.h"
#include "base/resources.h"
#include "source/log_encoding.h"

#include <stdio.h>

struct log_lines {
	FILE *stream;
	size_t line_most; /* bytes of a line */
	bool is_over;     /* the stream is */
	bool is_skipping; /* the rest of a line that is too long */
	bool are_list;    /* objects of a list of JSON: one line may hold several, and the last may come first */
	int failure;      /* errno; 0: none */

	struct log_encoding encoding;
	bool is_begun;        /* it is known how the file is coded */
	struct buffer coded;  /* what was read of one that is not UTF-8 */
	struct buffer window; /* what was read and not given */
	size_t used;          /* of it */
	struct buffer whole;  /* a line that came in parts */
	struct buffer joined; /* a line that was wrapped */
	struct buffer ahead;  /* the line behind it */
	bool has_ahead, ahead_is_cut;
	struct buffer places; /* of a list: in which line each of its objects began, uint64_t */
	size_t taken;         /* of them */
	uint64_t number;      /* of the last line that was taken */
	uint64_t line;        /* of the line that was given */
};

/* Reads the beginning (limits->log_start bytes) into the window; all of it, where it is a list of JSON. So many lines
 * of the file were read before. `stream` is borrowed. False: `why`; free it all the same. */
bool log_lines_begin(
    struct log_lines *lines, FILE *stream, const struct limits *limits, uint64_t number, char *why, size_t why_size);
void log_lines_free(struct log_lines *lines);

/* The next line as it was written, without its end; lent until the next call. `is_cut`: it is longer than the limit.
 * False: there is none, or `failure`. */
bool log_lines_next(struct log_lines *lines, struct slice *line, bool *is_cut);

/* The lines of the beginning once more, which `lines` has still to give: they are looked at before. To be left. */
struct log_lines log_lines_over(const struct log_lines *lines, struct slice beginning);
void log_lines_leave(struct log_lines *view);

/* Without what ends a line. */
struct slice log_trim_end(struct slice text);

#endif
