/* What a process writes to its stdout or stderr, by lines; and which of them say something about its sessions. */
#ifndef SOURCE_PROBE_LOG_H
#define SOURCE_PROBE_LOG_H

#include "servers/server.h"

#include <regex.h>

/* Takes the next line off `text` (without its end); false when `text` is empty. A last line without an end is one too:
 * what is written at once is meant to be read at once. */
bool probe_log_next_line(struct slice *text, struct slice *line);

/* Does the line say something that `tables` (may be NULL) or the servers' own tables know (servers/), or match `pattern`
 * (may be NULL)? */
bool probe_log_matters(struct slice line, const struct server_log_table *tables, const regex_t *pattern);

#endif
