/*
 * A session as a ladder, with the server's log lines and the failed TLS handshakes of its time: which rows there are,
 * in which lane each is, what is folded, which findings name it. The ladder is built in slices, because a session may
 * have a million events. No drawing here.
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

enum { LADDER_LANES = 8 };

struct ladder_row {
	uint64_t event;  /* its index; of a fold, the first that is folded */
	uint32_t folded; /* how many more pings and pongs (or empty polls) it stands for; 0: one event */
	bool is_secured; /* the TLS handshake of the event's connection, before it */
	uint8_t lane;    /* 0 … LADDER_LANES-1 */
	uint8_t worst;   /* 1 + severity of a finding whose evidence this is; 0: none */
};

/* A connection uses a lane from this row on, until the next stay. */
struct ladder_stay {
	uint64_t row;
	uint64_t event; /* one of the connection, which shows its transport where one does */
};

struct ladder_lane {
	struct ladder_stay *stays; /* in order of rows; owned */
	size_t stay_count, stay_room;
	uint64_t connection; /* the last that used it; 0: none */
	uint64_t last_event; /* of it, so far */
	bool over;           /* that connection has ended */
};

struct ladder {
	uint64_t session;
	const struct query *filter; /* over events; borrowed; may be NULL */
	bool shows_http;            /* requests that carried something, too */
	bool unfolds;               /* pings one by one */
	struct ladder_row *rows;    /* owned */
	size_t count, room;
	uint64_t hidden; /* events that the filter does not let through */
	struct ladder_lane lanes[LADDER_LANES];
	size_t lane_count;
	uint64_t taken, taken_log; /* the last that were */
	uint64_t findings;         /* `changes` when they were looked at */
};

void ladder_free(struct ladder *ladder);

/* From the start again (another session, filter or folding). */
void ladder_reset(struct ladder *ladder, uint64_t session, const struct query *filter);

/* Takes at most `most` further events; true when there are more. */
bool ladder_extend(struct ladder *ladder, const struct query_data *data, size_t most);

/* Marks the rows that findings name, when there are new ones. */
void ladder_mark_findings(struct ladder *ladder, const struct findings *findings, const struct record *record);

/* An event of the connection that uses the lane at this row, or is the first to use it after; 0: none does. */
uint64_t ladder_event_of_lane(const struct ladder *ladder, size_t lane, uint64_t row);

/* The row that shows the event, or the last before it; 0 when there is none. */
size_t ladder_find(const struct ladder *ladder, uint64_t event);

/* The event is the other half of what `of` is: its answer, or its question. */
bool ladder_is_related(const struct record *record, uint64_t of, uint64_t event);

#endif
