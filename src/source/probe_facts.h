/*
 * What texts and records from outside say: a record of a socket and its process, the lines that a process writes to
 * stdout or stderr, and what libbpf and the kernel's verifier write when the probes do not load.
 */
#ifndef SOURCE_PROBE_FACTS_H
#define SOURCE_PROBE_FACTS_H

#include "net/packet.h"
#include "servers/server.h"

#include <regex.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

/* ---- a socket and its process */

struct probe_head;
struct probe_open;

enum { PROBE_PATH_TEXT = 112 };

/* Fills everything but `id`. `path` (PROBE_PATH_TEXT bytes) takes a unix socket's path, "@…" for an abstract one. */
void probe_facts_read(
    struct probed_socket *facts, char *path, const struct probe_head *head, const struct probe_open *open);

/* ---- log lines */

/* Takes the next line off `text` (without its end); false when `text` is empty. A last line without an end is one too:
 * what is written at once is meant to be read at once. */
bool probe_log_next_line(struct slice *text, struct slice *line);

/* Does the line say something that `tables` (may be NULL) or the servers' own tables know (servers/), or match
 * `pattern` (may be NULL)? */
bool probe_log_matters(struct slice line, const struct server_log_table *tables, const regex_t *pattern);

/* ---- messages of libbpf and of the verifier: the last lines, as the reason is at their end */

enum { PROBE_MESSAGE_LINES = 12, PROBE_MESSAGE_LENGTH = 240 };

/* Zeroed: empty. Of more lines the first are overwritten; of a longer line the rest is left out. */
struct probe_messages {
	char lines[PROBE_MESSAGE_LINES][PROBE_MESSAGE_LENGTH];
	size_t count; /* of all lines so far */
};

/* Adds the lines of a formatted text; empty ones are left out. Without memory for the text nothing is added. */
__attribute__((format(printf, 2, 0))) void probe_messages_add(
    struct probe_messages *messages, const char *format, va_list arguments);

/* Writes the last lines, in order, each behind `indent`. */
void probe_messages_write(const struct probe_messages *messages, const char *indent, FILE *out);

#endif
