/* The table of limits, and how an option sets one. */
#include "base/limits.h"

#include <stdio.h>

#define ENTRY(field) offsetof(struct limits, field)

const struct limit_entry limits_table[LIMIT_COUNT] = {
    [LIMIT_HELD] = {"held", ENTRY(held), 1 << 20, 1 << 12, "bytes", "out-of-order bytes held per direction",
        "what was missing before them was given up as lost"},
    [LIMIT_MESSAGE] = {"message", ENTRY(message), 8 << 20, 1 << 10, "bytes", "one message or body, as sent",
        "the message was cut there"},
    [LIMIT_INFLATED] = {"inflated", ENTRY(inflated), 16 << 20, 1 << 10, "bytes",
        "one message or body, once decompressed", "the message was cut there"},
    [LIMIT_CONNECTIONS] = {"connections", ENTRY(connections), 8192, 16, "", "connections followed at once",
        "the connection longest without traffic was let go"},
    [LIMIT_SESSIONS] = {"sessions", ENTRY(sessions), 10000, 16, "", "sessions remembered at once",
        "the session longest without traffic was let go"},
    [LIMIT_IDLE] = {"idle", ENTRY(idle), 3600, 1, "seconds", "time without traffic before a connection is let go",
        NULL},
    [LIMIT_MEMORY] = {"memory", ENTRY(memory), 24 << 20, 1 << 20, "bytes", "all held bytes together",
        "something could not be held, by this limit or the system's, and was cut"},
    [LIMIT_RECORD] = {"record", ENTRY(record), (size_t)16 << 30, 1 << 20, "bytes",
        "timeline kept in a temporary file, by check and the TUI", "what came later was not kept"},
};

static size_t *limits_field(struct limits *limits, enum limit limit)
{
	return (size_t *)((char *)limits + limits_table[limit].offset);
}

struct limits limits_default(void)
{
	struct limits limits;
	for (enum limit limit = 0; limit < LIMIT_COUNT; limit++)
		*limits_field(&limits, limit) = limits_table[limit].initial;
	return limits;
}

size_t limits_value(const struct limits *limits, enum limit limit)
{
	return *limits_field((struct limits *)limits, limit);
}

timestamp limits_idle(const struct limits *limits)
{
	return timestamp_of((int64_t)limits->idle, 0);
}

static bool limits_are_bytes(const struct limit_entry *entry)
{
	return strcmp(entry->unit, "bytes") == 0;
}

bool limits_set(struct limits *limits, enum limit limit, const char *text, char why[QUANTITY_WHY])
{
	const struct limit_entry *entry = &limits_table[limit];
	const struct quantity_range range = {limits_are_bytes(entry), entry->least, SIZE_MAX / 4 + 1};
	uint64_t value;
	if (!quantity_read(text, &range, &value, why))
		return false;
	*limits_field(limits, limit) = (size_t)value;
	return true;
}

char *limits_format(enum limit limit, size_t value, char text[LIMITS_TEXT])
{
	const struct limit_entry *entry = &limits_table[limit];
	bool bytes = limits_are_bytes(entry);
	char number[QUANTITY_TEXT];
	snprintf(text, LIMITS_TEXT, "%s%s%s", quantity_format(value, bytes, number), bytes || !*entry->unit ? "" : " ",
	    bytes ? "" : entry->unit);
	return text;
}
