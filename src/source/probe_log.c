/* Everything else that a server writes (a line for each request) is left out: it would hide what matters. */
#include "source/probe_log.h"

#include "base/plugin.h"

#include <string.h>

enum { LOG_PATTERN_MOST = 4096 }; /* bytes of a line that a pattern is tried on */

bool probe_log_next_line(struct slice *text, struct slice *line)
{
	if (!text->len)
		return false;
	*line = slice_take_until(text, '\n');
	if (line->len && line->at[line->len - 1] == '\r')
		line->len--;
	return true;
}

static bool log_matches(struct slice line, const regex_t *pattern)
{
	char text[LOG_PATTERN_MOST + 1];
	size_t len = line.len < LOG_PATTERN_MOST ? line.len : LOG_PATTERN_MOST;
	memcpy(text, line.at, len);
	text[len] = '\0';
	return regexec(pattern, text, 0, NULL, 0) == 0;
}

bool probe_log_matters(struct slice line, const struct server_log_table *tables, const regex_t *pattern)
{
	if (servers_read_log(line, tables, NULL) != LOG_NOTHING)
		return true;
	return pattern && line.len && log_matches(line, pattern);
}
