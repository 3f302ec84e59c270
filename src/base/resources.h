/*
 * What all rooms of the protocol stack share: the table of limits, the ledger that says what became of every byte, and
 * the budget of memory.
 */
#ifndef BASE_RESOURCES_H
#define BASE_RESOURCES_H

#include "base/bytes.h"
#include "base/memory.h"
#include "base/text.h"
#include "base/timestamp.h"

/* ---- limits: name, default and meaning, in one table that options and reports read */

struct limits {
	size_t held;        /* out-of-order bytes held per direction of a connection */
	size_t message;     /* bytes of one message or body as sent */
	size_t inflated;    /* bytes of one message or body once decompressed */
	size_t connections; /* followed at once */
	size_t sessions;    /* remembered at once */
	size_t pipelined;   /* requests of one connection that wait for their answers */
	size_t idle;        /* seconds without traffic before a connection or session is let go */
	size_t memory;      /* bytes held in all buffers together */
	size_t record;      /* bytes of timeline kept, outside of memory, by what looks back: check, the interface */
	size_t growth;      /* bytes of payload that it keeps for each byte of the input */
	size_t line;        /* bytes of a line of dump, and of what the interface saves */
	size_t match;       /* bytes of a text that a regular expression looks at */
	size_t entry;       /* bytes of a request, an answer or a message of a HAR file, as the file spells it */
	size_t ordered;     /* bytes of a HAR file's steps that wait to be put in order of time */
	size_t hosts;       /* of HAR files that are distinguished */
	size_t log_line;    /* bytes of a line of a server's log */
	size_t log_waiting; /* bytes of a log's lines that wait for packets of their sessions */
	size_t log_start;   /* bytes of a log by which it is known whose it is */
	size_t tls_waiting; /* bytes of a TLS connection that wait for its keys */
	size_t tls_search;  /* tries to find a place in a TLS connection, after a loss or in mid-stream */
	size_t html;        /* bytes of the report in HTML */
	size_t export;      /* bytes of requests that wait for the collector (--otlp) */
	size_t wire;        /* bytes of a WebSocket message that are kept as they were on the wire: by the interface */
};

enum limit {
	LIMIT_HELD,
	LIMIT_MESSAGE,
	LIMIT_INFLATED,
	LIMIT_CONNECTIONS,
	LIMIT_SESSIONS,
	LIMIT_PIPELINED,
	LIMIT_IDLE,
	LIMIT_MEMORY,
	LIMIT_RECORD,
	LIMIT_GROWTH,
	LIMIT_LINE,
	LIMIT_MATCH,
	LIMIT_ENTRY,
	LIMIT_ORDERED,
	LIMIT_HOSTS,
	LIMIT_LOG_LINE,
	LIMIT_LOG_START,
	LIMIT_LOG_WAITING,
	LIMIT_TLS_WAITING,
	LIMIT_TLS_SEARCH,
	LIMIT_HTML,
	LIMIT_EXPORT,
	LIMIT_WIRE,
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

/* Sets a limit from `text` (base/text.h). False: `why` says what is wanted. */
bool limits_set(struct limits *limits, enum limit limit, const char *text, char why[QUANTITY_WHY]);

/* "1MiB", "3600 seconds", "8192". Returns `text`. */
enum { LIMITS_TEXT = 48 };
char *limits_format(enum limit limit, size_t value, char text[LIMITS_TEXT]);

/* ---- ledger */

/*
 * What became of every byte of TCP payload that was captured, and what could not be seen: one table of reasons, each
 * counted by the room where it happens, in bytes and in items. Every captured byte ends in exactly one of the columns
 * decoded, other, not understood, repeated and held back: these add up to `captured`.
 *
 * The reports, `check`, the interface and the capture-incomplete findings read this table. None keeps a list of its
 * own.
 */

enum ledger_column {
	LEDGER_COLUMN_DECODED,
	LEDGER_COLUMN_OTHER,          /* not Engine.IO, and named */
	LEDGER_COLUMN_NOT_UNDERSTOOD, /* may be Engine.IO, and cannot be read */
	LEDGER_COLUMN_REPEATED,       /* seen before */
	LEDGER_COLUMN_HELD_BACK,      /* still waits for what comes before it */
	LEDGER_COLUMN_LOST,           /* was not captured; bytes as far as they are known */
	LEDGER_COLUMN_CUT,            /* was not captured either: the snap length */
	LEDGER_COLUMN_NOTED,          /* counted in items alone: what may be missing, not how much of it */
	LEDGER_COLUMNS,
};

enum ledger_reason {
	LEDGER_DECODED,
	LEDGER_TLS_FRAMING,
	/* other */
	LEDGER_TLS,
	LEDGER_OTHER_PROTOCOL,
	LEDGER_OTHER_HTTP,
	LEDGER_UNDECIDED,
	LEDGER_BEHIND_END,
	/* not understood */
	LEDGER_NOT_HTTP,
	LEDGER_NOT_FRAMES,
	LEDGER_HTTP2,
	LEDGER_STRAY,
	LEDGER_TLS_DAMAGED,
	/* repeated, held back */
	LEDGER_REPEATED,
	LEDGER_UNANSWERED_UPGRADE,
	/* why packets are missing: before the gaps that they leave */
	LEDGER_DROPPED,
	LEDGER_ONE_SIDED,
	/* lost, cut */
	LEDGER_GAP,
	LEDGER_SNAPPED,
	/* noted: the input */
	LEDGER_NOTHING,
	LEDGER_LINK_TYPE,
	LEDGER_INPUT_CUT,
	LEDGER_LOG_MISSES,
	LEDGER_UNMATCHED_TLS,
	LEDGER_UNREAD_TLS,
	LEDGER_PASSED_BY,
	LEDGER_RING,
	LEDGER_32_BITS,
	LEDGER_UNATTACHED,
	LEDGER_ENTRIES_UNREAD,
	LEDGER_MESSAGES_NOT_RECORDED,
	LEDGER_LINES_SHOWN,
	LEDGER_LINES_UNREAD,
	LEDGER_LINES_UNPLACED,
	LEDGER_LOG_LACKS_PACKETS,
	LEDGER_LOG_BINARY,
	LEDGER_LOG_CLOCK,
	LEDGER_LINES_UNDATED,
	LEDGER_LINES_PARTLY_DATED,
	LEDGER_REQUESTS_FAILED,
	LEDGER_SHOWN_BY_PACKETS,
	/* noted: packets and connections */
	LEDGER_FRAGMENTS,
	LEDGER_CONFLICTS,
	LEDGER_RESETS_DISOBEYED,
	LEDGER_TURNED_BACK,
	LEDGER_CLOCK_OUTLIERS,
	LEDGER_CLOCK_STEPS,
	LEDGER_JOINED,
	LEDGER_HIDDEN,
	LEDGER_UNPLACED,
	LEDGER_TUNNELS,
	LEDGER_QUIC,
	LEDGER_WEBTRANSPORT,
	LEDGER_TLS_FOREIGN,
	LEDGER_TLS_WRONG_KEYS,
	LEDGER_TLS_JOINED,
	LEDGER_TLS_ALERT,
	LEDGER_H2C,
	LEDGER_HTTP2_PUSHED,
	/* noted: what they carried */
	LEDGER_BROKEN,
	LEDGER_UNREAD,
	LEDGER_UNREADABLE,
	LEDGER_INCOMPLETE,
	LEDGER_MALFORMED,
	LEDGER_WAITING,
	/* noted: what this program could not keep */
	LEDGER_FINDINGS_LEFT_OUT,
	LEDGER_SESSIONS_LEFT_OUT,
	LEDGER_SERVERS_LEFT_OUT,
	LEDGER_MEMORY_REFUSED,
	LEDGER_NOT_EXPORTED,
	LEDGER_LIMIT, /* each limit above that was hit: ledger_limit */
	LEDGER_REASONS = LEDGER_LIMIT + LIMIT_COUNT,
};

/* What a reason means for the question whether all was seen. */
enum ledger_weight {
	LEDGER_SEEN,         /* nothing is missing */
	LEDGER_LISTED,       /* to be known; what was decoded is whole */
	LEDGER_BLINDS_ALONE, /* events may be missing, when no connection that can be read speaks Engine.IO */
	LEDGER_BLINDS,       /* events may be missing: what was not seen may still have happened */
};

struct ledger_reason_facts {
	enum ledger_column column;
	enum ledger_weight weight;
	const char *name;       /* for machines */
	const char *text;       /* what its bytes are; NULL: it has none */
	const char *one, *many; /* what its items are, behind their number; `many` NULL: said without the number; both:
	                           its bytes say it all */
	const char *advice;     /* what to do to see more; NULL: nothing that is particular to it */
};

static inline enum ledger_reason ledger_limit(enum limit limit)
{
	return (enum ledger_reason)(LEDGER_LIMIT + limit);
}

const struct ledger_reason_facts *ledger_reason(enum ledger_reason reason);

const char *ledger_column_name(enum ledger_column column); /* as in contracts.md */
const char *ledger_column_text(enum ledger_column column); /* for people */

enum { LEDGER_DETAIL = 768, LEDGER_TEXT = 1152 };

struct ledger_entry {
	uint64_t bytes, items;
};

struct ledger {
	uint64_t captured; /* bytes of TCP payload */
	bool engineio;     /* a connection that can be read speaks Engine.IO */
	struct ledger_entry entries[LEDGER_REASONS];
	char details[LEDGER_REASONS][LEDGER_DETAIL]; /* what the text says besides: where, which; "" nothing */
	const struct limits *limits;                 /* borrowed; for the texts; may be NULL */
};

static inline void ledger_add(struct ledger *ledger, enum ledger_reason reason, uint64_t bytes, uint64_t items)
{
	ledger->entries[reason].bytes += bytes;
	ledger->entries[reason].items += items;
}

static inline void ledger_note_limit(struct ledger *ledger, enum limit limit, uint64_t times)
{
	ledger->entries[ledger_limit(limit)].items += times;
}

/* For what is counted elsewhere as a total: the items are replaced. */
static inline void ledger_set(struct ledger *ledger, enum ledger_reason reason, uint64_t items)
{
	ledger->entries[reason].items = items;
}

/* The first detail of a reason is kept. */
void ledger_note_detail(struct ledger *ledger, enum ledger_reason reason, const char *detail);

/* For one that grows: the last is kept. */
void ledger_replace_detail(struct ledger *ledger, enum ledger_reason reason, const char *detail);

/* The bytes of a column. */
uint64_t ledger_sum(const struct ledger *ledger, enum ledger_column column);

/* Do the columns add up to the bytes that were captured? Once all connections are closed they must. */
bool ledger_adds_up(const struct ledger *ledger);

/* Was there anything of this reason that a list of what could not be seen names? */
bool ledger_is_listed(const struct ledger *ledger, enum ledger_reason reason);

/* The same, and events may be missing for it. */
bool ledger_is_blinded_by(const struct ledger *ledger, enum ledger_reason reason);

/* The first reason why events may be missing; LEDGER_REASONS: none is known. */
enum ledger_reason ledger_find_blinding(const struct ledger *ledger);

/* Is it of the input or of this program's limits? No event of the timeline shows such a reason. */
static inline bool ledger_is_beside_timeline(enum ledger_reason reason)
{
	return (reason >= LEDGER_DROPPED && reason <= LEDGER_LINES_PARTLY_DATED) || reason >= LEDGER_FINDINGS_LEFT_OUT;
}

/* "3 packets were dropped before they were read: eth0". Returns `text`. */
const char *ledger_describe(const struct ledger *ledger, enum ledger_reason reason, char text[LEDGER_TEXT]);

/* ---- what is handed down the stack; all of it is borrowed */

struct resources {
	const struct limits *limits;
	struct budget *budget;
	struct ledger *ledger;
};

#endif
