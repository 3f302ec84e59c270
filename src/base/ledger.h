/*
 * What became of what was captured: one table of reasons, counted by the room where it happens, in bytes and in items.
 * Reports of what could not be seen read this table and nothing else.
 */
#ifndef BASE_LEDGER_H
#define BASE_LEDGER_H

#include "base/limits.h"

enum ledger_reason {
	LEDGER_TLS,
	LEDGER_HTTP2,
	LEDGER_OTHER_PROTOCOL,
	LEDGER_JOINED,
	LEDGER_ONE_SIDED,
	LEDGER_HIDDEN,
	LEDGER_UNPLACED,
	LEDGER_GAP,
	LEDGER_BROKEN,
	LEDGER_UNREAD,
	LEDGER_REASONS,
};

struct ledger_entry {
	uint64_t bytes, items;
};

struct ledger {
	struct ledger_entry entries[LEDGER_REASONS];
	uint64_t limit_hits[LIMIT_COUNT]; /* how often each limit was hit */
};

static inline void ledger_add(struct ledger *ledger, enum ledger_reason reason, uint64_t bytes, uint64_t items)
{
	ledger->entries[reason].bytes += bytes;
	ledger->entries[reason].items += items;
}

static inline void ledger_note_limit(struct ledger *ledger, enum limit limit)
{
	ledger->limit_hits[limit]++;
}

#endif
