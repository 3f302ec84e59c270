/*
 * Models that know no terminal: what the arrow keys move in (some rows, the selected one, and the first that is shown);
 * the list of sessions (which are listed, in which order: filtered, folded, sorted); JSON as lines that can be folded.
 */
#ifndef TUI_LIST_H
#define TUI_LIST_H

#include "base/json.h"
#include "query/query.h"

#include <stdbool.h>
#include <stdint.h>

struct list {
	uint64_t count, selected, top;
	int height; /* rows that are shown */
};

enum list_motion {
	LIST_UP,
	LIST_DOWN,
	LIST_PAGE_UP,
	LIST_PAGE_DOWN,
	LIST_FIRST,
	LIST_LAST,
};

void list_move(struct list *list, enum list_motion motion);
void list_select(struct list *list, uint64_t row);

/* There are so many rows now, and so many can be shown: keeps the selected one among them, and in sight. */
void list_fit(struct list *list, uint64_t count, int height);

/* ---- the list of sessions */

enum session_column {
	COLUMN_NUMBER,
	COLUMN_STATE,
	COLUMN_CLIENT,
	COLUMN_SERVER,
	COLUMN_PROCESS,
	COLUMN_TRANSPORT,
	COLUMN_NAMESPACES,
	COLUMN_SENT,
	COLUMN_RECEIVED,
	COLUMN_LATENCY,
	COLUMN_AGE,
	COLUMN_WORST,
	SESSION_COLUMNS,
};

struct session_list {
	uint64_t *numbers; /* in the order in which they are shown; owned */
	size_t count, room;
	enum session_column column; /* sorted by it */
	bool descending;
	bool folds_closed; /* closed sessions without a finding are left out */
	uint64_t folded;   /* how many */
	uint64_t hidden;   /* how many the filter does not let through */
	uint8_t *worst;    /* by number: 1 + severity of the worst finding, 0: none; owned */
	size_t worst_count;
};

void session_list_free(struct session_list *list);

/* Rebuilds the list. `filter` may be NULL. */
void session_list_rebuild(struct session_list *list, const struct query_data *data, const struct query *filter);

/* The place of a session in the list; `count` when it is not there. */
size_t session_list_find(const struct session_list *list, uint64_t number);

/* 1 + severity of the session's worst finding; 0: none. */
unsigned session_list_worst(const struct session_list *list, uint64_t number);

/* The sessions that belong to this one, without it: of the same sid (a proxy's two legs that were not recognised as
 * one), and of the same client the one before and the one after it (a reload's). Returns how many, RELATED_SESSIONS at
 * most. */
enum { RELATED_SESSIONS = 8 };
size_t session_list_relate(const struct record *record, uint64_t number, uint64_t related[RELATED_SESSIONS]);

/* The latency of its last event that has one; TIMESTAMP_NONE: none of the last few has. */
timestamp session_last_latency(const struct record *record, uint64_t number);

timestamp session_age(const struct session *session);

/* "P", "P→W" with `arrow` between. `text` has 16 bytes. */
char *session_transports(const struct session *session, const char *arrow, char text[16]);

/* ---- JSON as lines */

/* JSON as lines that can be folded. Read where it lies; only the lines are kept. No drawing here. */

enum { JSON_TREE_LINES = 200000, JSON_TREE_OPEN = 200 }; /* containers with more members begin folded */

enum json_change { LINE_SAME, LINE_CHANGED, LINE_ADDED, LINE_REMOVED };

#define JSON_TREE_NONE SIZE_MAX

struct json_line {
	struct slice key;   /* token with quotes; empty in arrays and at the top */
	struct slice value; /* whole */
	uint32_t depth;
	uint32_t index;   /* in its array */
	uint32_t members; /* of a container */
	bool in_array, folded;
	/* Of a merged tree: */
	enum json_change change;
	struct slice was; /* LINE_SAME, LINE_CHANGED: the value at its place in the other tree */
	size_t from;      /* the line of the tree; JSON_TREE_NONE: LINE_REMOVED */
};

struct json_tree {
	struct budget *memory;   /* to which the lines are charged; or NULL */
	struct json_line *lines; /* owned */
	size_t count, room;
	bool cut; /* there are more than JSON_TREE_LINES */
};

void json_tree_free(struct json_tree *tree);

/* The value's lines; `value` must outlive the tree. `top` names the outermost line, or is empty. */
void json_tree_add(struct json_tree *tree, struct slice top, struct slice value);
void json_tree_clear(struct json_tree *tree);

/* Folds or unfolds the line's container: its lines go, or come. */
void json_tree_toggle(struct json_tree *tree, size_t line);

/* `merged` becomes the lines of `tree`, each with what it was in `other`, and those that only `other` has. `other` is
 * folded as `tree` is. What both lend must outlive it. False: no memory, and it ends early. */
bool json_tree_merge(struct json_tree *merged, const struct json_tree *tree, struct json_tree *other);

#endif
