/*
 * A session, or several, as a ladder, with the server's log lines and the failed TLS handshakes of its time: which rows
 * there are, in which lane each is, what is folded, which findings name it. The ladder is built in slices, because a
 * session may have a million events. No drawing here.
 */
#ifndef TUI_LADDER_H
#define TUI_LADDER_H

#include "base/mask.h"
#include "base/memory.h"
#include "detect/codes.h"
#include "query/query.h"
#include "socketio/event.h"
#include "tui/canvas.h"
#include "view/event_text.h"

/* ---- the tints of events and findings */

enum tint event_tint(const struct event *event);
enum tint severity_tint(enum severity severity);

/* ---- the ladder */

enum { LADDER_LANES = 8, LADDER_SESSIONS = 64 };

struct ladder_row {
	uint64_t event;  /* its index; of a fold, the first that is folded */
	uint32_t folded; /* how many more pings and pongs (or empty polls) it stands for; 0: one event */
	bool is_secured; /* the TLS handshake of the event's connection, before it */
	uint8_t lane;    /* 0 … LADDER_LANES-1 */
	uint8_t leg;     /* the event as it was seen on another leg: its place in event.legs; 0: the event itself */
	uint8_t worst;   /* 1 + severity of a finding whose evidence this is; 0: none */
};

/* A connection uses a lane from this row on, until the next stay. */
struct ladder_stay {
	uint64_t row;
	uint64_t event; /* one of the connection, which shows its transport where one does */
	uint8_t leg;    /* of that event, which is of another connection; 0: it is of this one */
};

struct ladder_lane {
	struct ladder_stay *stays; /* in order of rows; owned */
	size_t stay_count, stay_room;
	const char *connection; /* the last that used it, by its ends; borrowed from the record; NULL: none */
	uint64_t last_event;    /* of it, so far */
	bool over;              /* that connection has ended */
};

/* A session whose events are taken, and the last that was. */
struct ladder_source {
	uint64_t session, taken;
};

struct ladder {
	struct ladder_source sources[LADDER_SESSIONS];
	size_t source_count;
	const struct query *filter; /* over events; borrowed; may be NULL */
	bool shows_http;            /* requests that carried something, too */
	bool shows_legs;            /* what was seen on several legs has a row for each; rows are in order of time */
	bool unfolds;               /* pings one by one */
	struct ladder_row *rows;    /* owned */
	size_t count, room;
	uint64_t hidden; /* events that the filter does not let through */
	struct ladder_lane lanes[LADDER_LANES];
	size_t lane_count;
	uint64_t taken_log; /* the last log line that was */
	uint64_t findings;  /* `changes` when they were looked at */
};

void ladder_free(struct ladder *ladder);

/* From the start again (other sessions, another filter or folding); of the sessions the first LADDER_SESSIONS. */
void ladder_reset(struct ladder *ladder, const uint64_t *sessions, size_t count, const struct query *filter);

/* Are these its sessions? */
bool ladder_is_of(const struct ladder *ladder, const uint64_t *sessions, size_t count);

/* Takes at most `most` further events; true when there are more. */
bool ladder_extend(struct ladder *ladder, const struct query_data *data, size_t most);

/* Marks the rows that findings name, when there are new ones. */
void ladder_mark_findings(struct ladder *ladder, const struct findings *findings, const struct record *record);

/* Who uses the nth lane at this row, or is the first to use it after; NULL: none does. */
const struct ladder_stay *ladder_stay_of_lane(const struct ladder *ladder, size_t nth, uint64_t row);

/* The connection of an event, or of its sighting on another leg, by its ends; NULL: it has none. */
const char *ladder_connection(const struct event *event, uint8_t leg);

/* When what the row shows was seen. */
timestamp ladder_time(const struct ladder_row *row, const struct record *record);

/* The row that shows the event, or the last before it; 0 when there is none. */
size_t ladder_find(const struct ladder *ladder, uint64_t event);

/* The event is the other half of what `of` is: its answer, or its question. */
bool ladder_is_related(const struct record *record, uint64_t of, uint64_t event);

#endif
