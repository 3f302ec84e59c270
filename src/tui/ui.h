/*
 * The terminal interface: a stack of screens, the keys that mean the same on all of them, and what they share. A screen
 * is one file with one table (tui/screen.h); models that can be tested without a terminal stand beside.
 */
#ifndef TUI_UI_H
#define TUI_UI_H

#include "base/mask.h"
#include "base/plugin.h"
#include "base/timestamp.h"
#include "query/query.h"
#include "socketio/context.h"
#include "tui/prompt.h"
#include "tui/screen.h"

enum ui_time { UI_TIME_RELATIVE, UI_TIME_CLOCK, UI_TIME_DELTA, UI_TIMES };

enum ui_feed { UI_FEED_MORE, UI_FEED_WAITS, UI_FEED_OVER };

/* What the interface is shown of: given by the command, borrowed. */
struct ui_input {
	struct slice name;       /* of the sources, for the head */
	struct slice short_name; /* of the first, and how many more there are: for where that is too long */
	bool is_live;
	bool knows_processes; /* of the sessions: probes told them */
	bool no_color;
	const struct mask *mask;
	const struct plugin_facts *plugged; /* what plug-ins opened */
	const struct record *record;
	const struct findings *(*findings)(void *self); /* as found so far */
	const struct engine_counts *(*counts)(void *self);
	uint64_t (*dropped)(void *self);
	/* Takes in more, for about `nanoseconds`. */
	enum ui_feed (*feed)(void *self, int64_t nanoseconds);
	/* Files that become readable when there is more; at most `room`. */
	size_t (*files)(void *self, int *files, size_t room);
	/* Saves sessions (all when count is 0) to `path` as its ending says: .pcapng, .ndjson, .txt. False: `why`. */
	bool (*save)(void *self, const char *path, const uint64_t *sessions, size_t count, char *why, size_t why_size);
	void *self;
};

enum { UI_STACK = 8, UI_MESSAGE = 240, UI_SEARCH = 128 };

struct ui_layer {
	const struct screen_operations *operations;
	void *self;
};

struct ui_search {
	char text[UI_SEARCH];
	bool running, forward;
	uint64_t at, left; /* the next row to look at, and how many are left */
};

struct ui {
	struct ui_input input;
	struct theme theme;
	struct ui_layer stack[UI_STACK];
	size_t depth;
	struct prompt prompt;
	struct ui_search search;
	struct query *filters[3]; /* of sessions, events, findings; NULL: none */
	unsigned filter_changes;  /* how often one was changed */
	char message[UI_MESSAGE]; /* shown instead of the keys, until the next key */
	enum ui_time time;
	enum ui_feed feed;
	bool paused, quits;
	uint64_t session, event; /* the chosen ones; 0: none */
	uint64_t *marked;        /* sessions that were selected with space; owned */
	size_t marked_count;
	timestamp begin; /* of the first event; TIMESTAMP_NONE */
};

/* Runs until the user leaves. False: there is no terminal to run on, said on stderr. */
bool ui_run(const struct ui_input *input);

/* ---- for screens */

void ui_push(struct ui *ui, const struct screen_operations *operations);
void ui_pop(struct ui *ui);

/* To one of the six, wherever it stands: what lies above it is closed. */
void ui_go(struct ui *ui, const struct screen_operations *operations);

void ui_say(struct ui *ui, const char *format, ...) __attribute__((format(printf, 2, 3)));

struct query_data ui_data(const struct ui *ui);
const struct query *ui_filter(const struct ui *ui, enum query_table table);

/* As the user wants times: since the beginning, the clock's, or since `before`. `text` has TIMESTAMP_TEXT_SIZE bytes.
 */
char *ui_format_time(const struct ui *ui, timestamp time, timestamp before, char *text);

bool ui_is_marked(const struct ui *ui, uint64_t session);
void ui_toggle_mark(struct ui *ui, uint64_t session);

/* So long a screen may work before it lets keys be looked at again. */
#define UI_SLICE INT64_C(20000000) /* nanoseconds */

/* The keys that mean the same on every screen; ended by key 0. */
extern const struct screen_key ui_keys[];

/* The digit that leads to a screen, of the core or of a plug-in; NULL: it leads to none. */
const struct screen_key *ui_screen_key(int digit);

/* What a key is called: "Tab", "F1", "x". `text` backs it. */
const char *ui_key_name(const struct screen_key *key, char text[8]);

#endif
