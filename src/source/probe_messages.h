/* The last lines of what libbpf and the kernel's verifier say: why the probes do not load. */
#ifndef SOURCE_PROBE_MESSAGES_H
#define SOURCE_PROBE_MESSAGES_H

#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

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
