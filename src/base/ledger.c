/* The table of reasons. */
#include "base/ledger.h"

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
