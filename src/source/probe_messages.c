/* The last lines of a verifier's log: it may have megabytes, and the reason is at its end. */
#include "source/probe_messages.h"

#include <stdlib.h>
#include <string.h>

static void messages_add_line(struct probe_messages *messages, const char *line, size_t length)
{
	char *own = messages->lines[messages->count++ % PROBE_MESSAGE_LINES];
	if (length >= PROBE_MESSAGE_LENGTH)
		length = PROBE_MESSAGE_LENGTH - 1;
	memcpy(own, line, length);
	own[length] = '\0';
}

void probe_messages_add(struct probe_messages *messages, const char *format, va_list arguments)
{
	char *text;
	if (vasprintf(&text, format, arguments) < 0)
		return;
	for (const char *line = text; *line;) {
		size_t length = strcspn(line, "\n");
		if (length)
			messages_add_line(messages, line, length);
		line += length + (line[length] != '\0');
	}
	free(text);
}

void probe_messages_write(const struct probe_messages *messages, const char *indent, FILE *out)
{
	size_t shown = messages->count < PROBE_MESSAGE_LINES ? messages->count : PROBE_MESSAGE_LINES;
	for (size_t i = messages->count - shown; i < messages->count; i++)
		fprintf(out, "%s%s\n", indent, messages->lines[i % PROBE_MESSAGE_LINES]);
}
