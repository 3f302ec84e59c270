/*
 * What all rooms of the protocol stack share: the table of limits, the ledger that says what became of every byte, and
 * the budget of memory.
 */
#ifndef BASE_RESOURCES_H
#define BASE_RESOURCES_H

#include "base/buffer.h"
#include "base/bytes.h"
#include "base/numbers.h"
#include "base/timestamp.h"

/* ---- limits: name, default and meaning, in one table that options and reports read */

struct limits {
	size_t held;        /* out-of-order bytes held per direction of a connection */
	size_t message;     /* bytes of one message or body as sent */
	size_t inflated;    /* bytes of one message or body once decompressed */
	size_t connections; /* followed at once */
	size_t sessions;    /* remembered at once */
	size_t idle;        /* seconds without traffic before a connection or session is let go */
	size_t memory;      /* bytes held in all buffers together */
	size_t record;      /* bytes of timeline kept, outside of memory, by what looks back: check, the interface */
};

enum limit {
	LIMIT_HELD,
	LIMIT_MESSAGE,
	LIMIT_INFLATED,
	LIMIT_CONNECTIONS,
	LIMIT_SESSIONS,
	LIMIT_IDLE,
	LIMIT_MEMORY,
	LIMIT_RECORD,
	LIMIT_COUNT,
};

struct limit_entry {
	const char *name; /* the option is --max-NAME */
	size_t offset;    /* in struct limits */
	size_t initial;
	size_t least;
	const char *unit;
	const char *meaning;
	const char *when_hit; /* what the report says became of the item; NULL where nothing is lost */
};

/* LIMIT_COUNT entries, indexed by enum limit. */
extern const struct limit_entry limits_table[];

struct limits limits_default(void);
size_t limits_value(const struct limits *limits, enum limit limit);

/* `idle` as a length of time; TIMESTAMP_LAST when it is longer. */
timestamp limits_idle(const struct limits *limits);

/* Sets a limit from `text` (base/numbers.h). False: `why` says what is wanted. */
bool limits_set(struct limits *limits, enum limit limit, const char *text, char why[QUANTITY_WHY]);

/* "1MiB", "3600 seconds", "8192". Returns `text`. */
enum { LIMITS_TEXT = 48 };
char *limits_format(enum limit limit, size_t value, char text[LIMITS_TEXT]);

/* ---- ledger */

/*
 * What became of every byte of TCP payload that was captured, and of what could not be seen: one table of reasons, each
 * counted by the room where it happens, in bytes and in items. Every captured byte ends in exactly one of the columns
 * decoded, other, not understood, repeated and held back, so that these add up to `captured`.
 */

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

/* ---- what is handed down the stack; all of it is borrowed */

struct resources {
	const struct limits *limits;
	struct budget *budget;
	struct ledger *ledger;
};

#endif
