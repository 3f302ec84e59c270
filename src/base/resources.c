/* The table of limits, how an option sets one, and the table of the ledger's reasons. */
#include "base/resources.h"

#include <stdio.h>

/* ---- limits */

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

/* ---- ledger */

const struct ledger_reason_facts ledger_reasons[LEDGER_REASONS] = {
    [LEDGER_DECODED] = {LEDGER_COLUMN_DECODED, "decoded", "Engine.IO, with the HTTP and WebSocket framing around it"},
    [LEDGER_TLS] = {LEDGER_COLUMN_OTHER, "tls", "TLS connections, without keys"},
    [LEDGER_HTTP2] = {LEDGER_COLUMN_OTHER, "http2", "HTTP/2 connections"},
    [LEDGER_OTHER_PROTOCOL] = {LEDGER_COLUMN_OTHER, "other-protocol", "connections of another protocol"},
    [LEDGER_OTHER_HTTP] = {LEDGER_COLUMN_OTHER, "other-http", "HTTP and WebSockets without Engine.IO"},
    [LEDGER_UNDECIDED] = {LEDGER_COLUMN_OTHER, "undecided", "connections whose protocol could not be recognised"},
    [LEDGER_BEHIND_END] = {LEDGER_COLUMN_OTHER, "behind-end", "bytes behind a close frame or the end of a connection"},
    [LEDGER_NOT_HTTP] = {LEDGER_COLUMN_NOT_UNDERSTOOD, "not-http", "HTTP that could not be parsed any further"},
    [LEDGER_NOT_FRAMES] = {LEDGER_COLUMN_NOT_UNDERSTOOD, "not-frames",
        "WebSocket frames that could not be parsed any further"},
    [LEDGER_STRAY] = {LEDGER_COLUMN_NOT_UNDERSTOOD, "stray",
        "segments outside their stream's window or behind its end, or without memory to hold them"},
    [LEDGER_REPEATED] = {LEDGER_COLUMN_REPEATED, "repeated", "retransmissions, and second copies of a stream"},
    [LEDGER_UNANSWERED_UPGRADE] = {LEDGER_COLUMN_HELD_BACK, "unanswered-upgrade",
        "bytes behind a request for an upgrade or a tunnel that was never answered"},
    [LEDGER_GAP] = {LEDGER_COLUMN_LOST, "gap", "gaps in Engine.IO connections"},
    [LEDGER_SNAPPED] = {LEDGER_COLUMN_CUT, "snapped", "segments cut by the snap length"},
    [LEDGER_JOINED] = {LEDGER_COLUMN_NOTED, "joined", "Engine.IO connections whose beginning was not captured"},
    [LEDGER_ONE_SIDED] = {LEDGER_COLUMN_NOTED, "one-sided", "HTTP connections captured in one direction only"},
    [LEDGER_HIDDEN] = {LEDGER_COLUMN_NOTED, "hidden",
        "connections that lost requests before their protocol was recognised"},
    [LEDGER_UNPLACED] = {LEDGER_COLUMN_NOTED, "unplaced", "gaps that belong to no known session"},
    [LEDGER_BROKEN] = {LEDGER_COLUMN_NOTED, "broken",
        "directions of HTTP or WebSocket that could not be parsed any further"},
    [LEDGER_UNREAD] = {LEDGER_COLUMN_NOTED, "unread", "parts of Engine.IO connections that were captured and not read"},
};

static const char *const ledger_column_names[LEDGER_COLUMNS] = {
    [LEDGER_COLUMN_DECODED] = "decoded",
    [LEDGER_COLUMN_OTHER] = "other",
    [LEDGER_COLUMN_NOT_UNDERSTOOD] = "not_understood",
    [LEDGER_COLUMN_REPEATED] = "repeated",
    [LEDGER_COLUMN_HELD_BACK] = "held_back",
    [LEDGER_COLUMN_LOST] = "lost",
    [LEDGER_COLUMN_CUT] = "cut",
    [LEDGER_COLUMN_NOTED] = "noted",
};

const char *ledger_column_name(enum ledger_column column)
{
	return ledger_column_names[column];
}

uint64_t ledger_sum(const struct ledger *ledger, enum ledger_column column)
{
	uint64_t sum = 0;
	for (int reason = 0; reason < LEDGER_REASONS; reason++)
		if (ledger_reasons[reason].column == column)
			sum += ledger->entries[reason].bytes;
	return sum;
}

bool ledger_adds_up(const struct ledger *ledger)
{
	uint64_t sum = 0;
	for (enum ledger_column column = LEDGER_COLUMN_DECODED; column <= LEDGER_COLUMN_HELD_BACK; column++)
		sum += ledger_sum(ledger, column);
	return sum == ledger->captured;
}
