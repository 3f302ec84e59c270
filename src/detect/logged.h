/*
 * What the server's log says of a finding: the line of an error at the moment that the finding is about, or that names
 * its session. It settles what the wire leaves open (an ASGI server's bare 403), and is quoted beside everything else.
 */
#ifndef DETECT_LOGGED_H
#define DETECT_LOGGED_H

#include "base/timestamp.h"
#include "servers/server.h"

enum { LOGGED_TEXT = 200, LOGGED_UNDATED = 24 };

struct logged_line {
	timestamp time; /* TIMESTAMP_NONE: not known */
	enum server_log_meaning meaning;
	const struct server_log_line *row; /* NULL: it names the error of a traceback */
	char text[LOGGED_TEXT];
};

/* Reads lines one after another: an error may be named some lines later, at the end of its traceback. Zeroed at first.
 */
struct logged_reader {
	bool follows; /* the error's name is still to come */
};

/* False: the line is none of those that are known. `tables` (may be NULL) are asked before those of servers/. */
bool logged_read(struct logged_reader *reader, const struct server_log_table *tables, timestamp time, struct slice text,
    struct logged_line *line);

/* The known lines of a log, or of its beginning, that have no time: the first of each text. */
struct logged_undated {
	struct logged_reader reader;
	struct logged_line lines[LOGGED_UNDATED];
	size_t count;
};

void logged_note_undated(struct logged_undated *undated, const struct server_log_table *tables, struct slice text);

#endif
