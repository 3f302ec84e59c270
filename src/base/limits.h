/* Every limit of the engine: its name, default and meaning, in one table that options and reports read. */
#ifndef BASE_LIMITS_H
#define BASE_LIMITS_H

#include "base/quantity.h"
#include "base/slice.h"
#include "base/timestamp.h"

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

/* Sets a limit from `text` (base/quantity.h). False: `why` says what is wanted. */
bool limits_set(struct limits *limits, enum limit limit, const char *text, char why[QUANTITY_WHY]);

/* "1MiB", "3600 seconds", "8192". Returns `text`. */
enum { LIMITS_TEXT = 48 };
char *limits_format(enum limit limit, size_t value, char text[LIMITS_TEXT]);

#endif
