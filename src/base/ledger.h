/*
 * What became of every byte of TCP payload that was captured, and of what could not be seen: one table of reasons, each
 * counted by the room where it happens, in bytes and in items. Every captured byte ends in exactly one of the columns
 * decoded, other, not understood, repeated and held back, so that these add up to `captured`.
 */
#ifndef BASE_LEDGER_H
#define BASE_LEDGER_H

#include "base/limits.h"

enum ledger_column {
	LEDGER_COLUMN_DECODED,
	LEDGER_COLUMN_OTHER,          /* not Engine.IO, and named */
	LEDGER_COLUMN_NOT_UNDERSTOOD, /* could have been, and cannot be read */
	LEDGER_COLUMN_REPEATED,       /* seen before */
	LEDGER_COLUMN_HELD_BACK,      /* still waits for what comes before it */
	LEDGER_COLUMN_LOST,           /* was not captured; bytes as far as they are known */
	LEDGER_COLUMN_CUT,            /* was not captured either: the snap length */
	LEDGER_COLUMN_NOTED,          /* counted in items alone: what may be missing, not how much of it */
	LEDGER_COLUMNS,
};

enum ledger_reason {
	LEDGER_DECODED,
	/* other */
	LEDGER_TLS,
	LEDGER_HTTP2,
	LEDGER_OTHER_PROTOCOL,
	LEDGER_OTHER_HTTP,
	LEDGER_UNDECIDED,
	LEDGER_BEHIND_END,
	/* not understood */
	LEDGER_NOT_HTTP,
	LEDGER_NOT_FRAMES,
	LEDGER_STRAY,
	/* repeated, held back, lost, cut */
	LEDGER_REPEATED,
	LEDGER_UNANSWERED_UPGRADE,
	LEDGER_GAP,
	LEDGER_SNAPPED,
	/* noted */
	LEDGER_JOINED,
	LEDGER_ONE_SIDED,
	LEDGER_HIDDEN,
	LEDGER_UNPLACED,
	LEDGER_BROKEN,
	LEDGER_UNREAD,
	LEDGER_REASONS,
};

struct ledger_reason_facts {
	enum ledger_column column;
	const char *name; /* for machines */
	const char *text; /* for people; the items are what it counts */
};

/* LEDGER_REASONS entries, indexed by enum ledger_reason. */
extern const struct ledger_reason_facts ledger_reasons[];

const char *ledger_column_name(enum ledger_column column); /* as in contracts.md */

struct ledger_entry {
	uint64_t bytes, items;
};

struct ledger {
	uint64_t captured; /* bytes of TCP payload */
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

/* The bytes of a column. */
uint64_t ledger_sum(const struct ledger *ledger, enum ledger_column column);

/* Do the columns add up to the bytes that were captured? Once all connections are closed they must. */
bool ledger_adds_up(const struct ledger *ledger);

#endif
