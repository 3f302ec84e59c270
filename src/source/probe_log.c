/*
 * Which lines of what a process writes to stdout and stderr matter. All that a server writes besides (a line for each
 * request) is left out, as it would hide them.
 *
 * A line that says that an exception follows brings the lines behind it with it, until the one that names the
 * exception: Python's logging and traceback write "Traceback (most recent call last):", then indented lines, then
 * "RuntimeError: …"; asyncio writes "future: <Task …>" before that; an exception that was raised while another was
 * handled has a sentence and a traceback of its own behind it.
 */
#include "base/plugin.h"
#include "source/probe_parts.h"

#include <string.h>

bool probe_log_next_line(struct slice *text, struct slice *line)
{
	if (!text->len)
		return false;
	*line = slice_take_until(text, '\n');
	if (line->len && line->at[line->len - 1] == '\r')
		line->len--;
	return true;
}

/* ---- what follows */

/* Of which lines are still expected. */
static struct log_trace *traces_find(struct log_traces *traces, uint32_t process, uint64_t descriptor)
{
	for (size_t i = 0; i < LOG_TRACES; i++)
		if (traces->list[i].left && traces->list[i].process == process &&
		    traces->list[i].descriptor == descriptor)
			return &traces->list[i];
	return NULL;
}

/* Too many at once: the oldest is given up. */
static void traces_begin(struct log_traces *traces, struct log_trace *known, uint32_t process, uint64_t descriptor)
{
	struct log_trace *trace = known ? known : &traces->list[traces->next++ % LOG_TRACES];
	unsigned left = known ? known->left : LOG_TRACE_LINES;
	*trace = (struct log_trace){.process = process, .descriptor = descriptor, .left = left};
}

static bool log_begins(struct slice line, const char *words)
{
	size_t len = strlen(words);
	return line.len >= len && memcmp(line.at, words, len) == 0;
}

/* The line that names the exception ends it; behind that only another exception's sentence belongs to it. */
static bool trace_takes(struct log_trace *trace, struct slice line)
{
	bool is_inside = !line.len || line.at[0] == ' ' || line.at[0] == '\t' || log_begins(line, "future: ");
	bool is_link = log_begins(line, "During handling of the above exception") ||
	               log_begins(line, "The above exception was the direct cause");
	trace->left--;
	if (trace->is_named && !is_link && line.len) {
		trace->left = 0;
		return false;
	}
	trace->is_named |= !is_inside && !is_link;
	return line.len;
}

/* ---- which matter */

/* A line that is too long to be decided matters: somebody asked for such lines. */
bool probe_log_matters(struct slice line, const struct server_log_table *tables, const struct pattern *pattern)
{
	if (servers_read_log(line, tables, NULL) != LOG_NOTHING)
		return true;
	return pattern && line.len && pattern_search(pattern, line, SERVER_LOG_LINE) != PATTERN_DIFFERS;
}

bool probe_log_takes(struct log_traces *traces, const struct probe_head *head, struct slice line,
    const struct server_log_table *tables, const struct pattern *pattern)
{
	struct log_trace *trace = traces_find(traces, head->process, head->socket);
	if (servers_read_log(line, tables, NULL) == LOG_EXCEPTION_FOLLOWS)
		traces_begin(traces, trace, head->process, head->socket);
	else if (trace && trace_takes(trace, line))
		return true;
	return probe_log_matters(line, tables, pattern);
}
