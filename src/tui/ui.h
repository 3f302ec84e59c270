/*
 * The terminal interface: a stack of screens, the keys that mean the same on all of them, and what they share. A screen
 * is one file with one table (struct screen_operations). Models that can be tested without a terminal are list, ladder,
 * json_tree, and the prompt.
 */
#ifndef TUI_UI_H
#define TUI_UI_H

#include "base/bytes.h"
#include "base/mask.h"
#include "base/memory.h"
#include "base/plugin.h"
#include "base/timestamp.h"
#include "query/query.h"
#include "socketio/engine.h"
#include "tui/canvas.h"
#include "tui/list.h"
#include "tui/table.h"

/* ---- prompt: a line that is typed at the foot of the screen; no drawing here */

enum { PROMPT_TEXT = 400 };

enum prompt_result { PROMPT_TYPED, PROMPT_ENTERED, PROMPT_LEFT };

struct prompt {
	bool open;
	const char *label;                  /* borrowed */
	void (*other)(void *self, int key); /* another choice is wanted (PROMPT_KEY_OTHER and so on); or NULL */
	const char *(*hint)(void *self, const char *text); /* shown above it, by what is typed so far; may be NULL */
	char text[PROMPT_TEXT];                            /* UTF-8 */
	size_t len, cursor;                                /* bytes */
	void (*done)(void *self, const char *text);        /* Enter; may leave it open by prompt_keep */
	void *self;
	bool kept;
};

void prompt_open(
    struct prompt *prompt, const char *label, const char *text, void (*done)(void *self, const char *text), void *self);

/* Called by `done`: stay open, with the cursor at that byte. */
void prompt_keep(struct prompt *prompt, size_t cursor);

/* A key: a byte of text, or one of enum prompt_key. */
enum prompt_key {
	PROMPT_KEY_LEFT = 1000,
	PROMPT_KEY_RIGHT,
	PROMPT_KEY_HOME,
	PROMPT_KEY_END,
	PROMPT_KEY_BACKSPACE,
	PROMPT_KEY_DELETE,
	PROMPT_KEY_CLEAR,
	PROMPT_KEY_ENTER,
	PROMPT_KEY_ESCAPE,
	PROMPT_KEY_OTHER, /* Tab */
	PROMPT_KEY_NEXT,  /* Down */
	PROMPT_KEY_PREVIOUS,
};
enum prompt_result prompt_take(struct prompt *prompt, int key);

/* Another text, with the cursor at its end. */
void prompt_set_text(struct prompt *prompt, const char *text);

/* ---- a screen: a table of operations and keys */

struct ui;
struct event_pane;    /* event_view.h */
struct summary_input; /* view/report.h */

struct screen_key {
	int key; /* ncurses' code */
	const char *name;
	const char *help;
	void (*act)(void *self, struct ui *ui);
	bool in_bar;                            /* shown in the last line */
	const struct screen_operations *screen; /* without `act`: the one that it leads to */
};

/* What a mark or a column means. */
struct ui_legend {
	const char *mark, *text;
};

struct screen_operations {
	const char *title;
	const struct ui_legend *legend; /* for help: marks and columns, ended by NULL; may be NULL */
	enum query_table table;         /* what `f` filters */
	void *(*new)(struct ui *ui);    /* NULL: it cannot be shown, and ui_say said why */
	void (*free)(void *self);
	void (*draw)(void *self, struct ui *ui, const struct canvas *canvas);
	struct list *(*list)(void *self);          /* what the arrows move in */
	int list_row;                              /* on which row of the canvas it begins, for the mouse */
	void (*moved)(void *self, struct ui *ui);  /* another row was selected; may be NULL */
	struct event_pane *(*pane)(void *self);    /* the payload beside it; may be NULL */
	struct table *(*table_of)(void *self);     /* its columns, whose head is above the list; may be NULL */
	void (*sorted)(void *self, struct ui *ui); /* they have another order */
	/* A slice of work that is not done yet; true when there is more. May be NULL. */
	bool (*work)(void *self, struct ui *ui);
	/* The row holds the text; for `/`. May be NULL. */
	bool (*holds)(void *self, struct ui *ui, uint64_t row, struct slice text);
	/* So does one of the events that the row stands for: looks at some of them, from `*event` on (0: the first).
	 * True: `*event` is the one; false: it is the next to be looked at, or 0 behind the last. May be NULL. */
	bool (*holds_within)(void *self, struct ui *ui, uint64_t row, struct slice text, uint64_t *event);
	/* Appends the selected value, its secrets masked, for a copy: false when there is none. May be NULL: the
	 * payload of the chosen event. */
	bool (*value)(void *self, struct ui *ui, struct buffer *out);
	void (*enter)(void *self, struct ui *ui); /* Enter, double click; may be NULL */
	const struct screen_key *keys;            /* ended by key 0 */
	/* How many rows of its table the filter hides; of a screen with a table. */
	uint64_t (*hidden)(void *self, struct ui *ui);
};

extern const struct screen_operations screen_sessions, screen_flow, screen_frame, screen_findings, screen_live,
    screen_events, screen_statistics, screen_columns, screen_unseen, screen_hosts, screen_help;

/* The tables as they are before the user chooses. */
extern const struct table sessions_table, events_table, statistics_table;
enum ui_table { UI_TABLE_SESSIONS, UI_TABLE_EVENTS, UI_TABLE_STATISTICS, UI_TABLES };

/* ---- the interface */

enum ui_time { UI_TIME_RELATIVE, UI_TIME_CLOCK, UI_TIME_DELTA, UI_TIMES };

/* Where the payload is beside a list. */
enum ui_split { SPLIT_AUTO, SPLIT_BESIDE, SPLIT_BELOW, SPLIT_OFF, SPLITS };
enum { UI_SPLIT_SHARE = 40, UI_SPLIT_STEP = 5, UI_SPLIT_LEAST = 15, UI_SPLIT_MOST = 85 }; /* percent */

enum ui_feed { UI_FEED_MORE, UI_FEED_WAITS, UI_FEED_OVER };

/* What is saved. */
enum ui_what { SAVE_CHOSEN, SAVE_MARKED, SAVE_SHOWN, SAVE_ALL, SAVE_PAYLOAD, SAVE_WHATS };

struct ui_save {
	const char *path;         /* as it was typed; its ending says the form: .pcapng, .ndjson, .txt, .html, .json */
	const uint64_t *sessions; /* in order of their numbers */
	size_t count;             /* 0: all */
	uint64_t event;           /* its payload alone, as .json; 0: sessions */
};

enum ui_saved {
	UI_SAVED,
	UI_SAVED_BEFORE, /* there is a file of this name: the user is asked */
	UI_NOT_SAVED,    /* `why` says why not; of what is saved, what is in it; or "" */
};

/* What the interface is shown of: given by the command, borrowed. */
struct ui_input {
	struct slice name;       /* of the sources, for the head */
	struct slice short_name; /* of the first, and how many more there are: for where that is too long */
	int keys;                /* the file from which keys come: stdin, or /dev/tty where stdin is a capture */
	bool is_live;
	bool knows_processes; /* of the sessions: probes reported them */
	bool no_color;
	size_t match; /* what a regular expression looks at: the limit of that name */
	const struct mask *mask;
	const struct plugin_facts *plugged; /* what plug-ins opened */
	struct budget *memory;              /* what screens keep is charged to it: the engine's */
	const struct record *record;
	const struct findings *(*findings)(void *self); /* as found so far */
	const struct engine_counts *(*counts)(void *self);
	/* What is known of the inputs, and of several their clocks: empty until all is read. */
	const struct summary_input *(*inputs)(void *self);
	bool has_several; /* inputs */
	/* Takes in more, for about `nanoseconds`. */
	enum ui_feed (*feed)(void *self, int64_t nanoseconds);
	/* Files that become readable when there is more; at most `room`. */
	size_t (*files)(void *self, int *files, size_t room);
	/* Saves sessions. `over`: an existing file is written over. */
	enum ui_saved (*save)(void *self, const struct ui_save *what, bool over, char *why, size_t why_size);
	struct slice settings;     /* of the user's file; empty: there is none */
	const char *settings_name; /* that file; NULL: there can be none */
	struct buffer *complaints; /* of its lines, for when the screen is left */
	/* Keeps the settings for the next time. False: `why` says why not. */
	bool (*remember)(void *self, struct slice settings, char *why, size_t why_size);
	/* Shows a text, whose secrets are masked and which steers no terminal, in the user's pager or editor: begins
	 * that (false: `why` says why not). The interface has left the screen; shown_ends is asked until it says true.
	 */
	bool (*show)(void *self, struct slice text, bool in_editor, char *why, size_t why_size);
	bool (*shown_ends)(void *self);
	void *self;
};

/* One key of several is asked for. */
struct ui_choice {
	int key;
	const char *name;
};

struct ui_asked {
	const char *label;
	const struct ui_choice *choices; /* ended by key 0; NULL: nothing is asked */
	void (*chosen)(struct ui *ui, int key);
};

enum { UI_ALIASES = 64, UI_BAR = 24, UI_ESCAPE = 27 };

/* A key of the settings that does what another does. */
struct ui_alias {
	int key, does;
};

/* A key in the last line, for the mouse. */
struct ui_bar_key {
	int from, to, key;
};

enum { UI_STACK = 8, UI_MESSAGE = 240, UI_SEARCH = 128, UI_HINT = 700 };

struct ui_layer {
	const struct screen_operations *operations;
	void *self;
};

struct ui_search {
	char text[UI_SEARCH];
	bool running, forward;
	uint64_t at, left;                /* the next row to look at, and how many are left */
	uint64_t within;                  /* of that row's events the next one to look at; 0: the row itself */
	bool is_within;                   /* a row holds it in this event */
	uint64_t found;                   /* the same of the row that was found; 0: the row itself holds it */
	bool counts;                      /* it was found; all are counted: */
	uint64_t counted, matches, place; /* rows so far, those that hold it, and of these up to the selected one */
};

struct ui {
	struct ui_input input;
	struct theme theme;
	struct ui_layer stack[UI_STACK];
	size_t depth;
	struct prompt prompt;
	struct ui_search search;
	struct query *filters[3];  /* of sessions, events, findings; NULL: none */
	void *keyboard, *terminal; /* stdio's and ncurses' own */
	unsigned filter_changes;   /* how often one was changed */
	char saving[PROMPT_TEXT];  /* the file that exists, and about which the user is asked */
	char save_label[80], hint[UI_HINT];
	enum ui_what save_what;
	size_t save_form;         /* which ending is offered */
	struct ui_asked choice;   /* of several keys; none: its choices are NULL */
	bool away;                /* a pager or an editor has the terminal */
	char message[UI_MESSAGE]; /* shown instead of the keys, until the next key */
	enum ui_time time;
	enum ui_feed feed;
	bool paused, quits;
	uint64_t session, event; /* the chosen ones; 0: none */
	uint64_t noted;          /* an event that another one will be compared with; 0: none */
	bool compares;           /* the frame that is opened next compares with it */
	enum ui_split split;
	int split_share;  /* percent of the screen for the payload */
	uint64_t *marked; /* sessions that were selected with space; owned */
	size_t marked_count;
	uint64_t counted_events, sessions, attempts; /* ui_count_sessions, and how many events there were then */
	int64_t counted_at;
	timestamp begin; /* of the capture: its first packet; TIMESTAMP_NONE */
	struct table tables[UI_TABLES];
	struct ui_alias aliases[UI_ALIASES];
	size_t alias_count;
	struct ui_bar_key bar[UI_BAR];
	size_t bar_count;
};

/* Why the interface cannot be drawn on stdout's terminal, by what terminfo knows of it ("TERM=dumb cannot move the
 * cursor"); NULL: it can. `text` backs it. */
enum { UI_WHY = 120 };
const char *ui_why_not(char text[UI_WHY]);

/* Runs until the user leaves. False: there is no terminal to run on, said on stderr. */
bool ui_run(const struct ui_input *input);

/* ---- for screens */

void ui_push(struct ui *ui, const struct screen_operations *operations);
void ui_pop(struct ui *ui);

/* To one of the six, wherever it is on the stack: the screens above it are closed. */
void ui_go(struct ui *ui, const struct screen_operations *operations);

struct table *ui_table(struct ui *ui, enum ui_table table);

/* Sorts the table of the screen on top. */
void ui_sort(struct ui *ui, size_t column);
void ui_sort_next(struct ui *ui, int step);
void ui_turn(struct ui *ui);

void ui_say(struct ui *ui, const char *format, ...) __attribute__((format(printf, 2, 3)));

struct query_data ui_data(const struct ui *ui);
const struct query *ui_filter(const struct ui *ui, enum query_table table);

/* How many sessions there are, and how many attempts: sids of which no server's acknowledgment was seen. Of thousands,
 * as they were within the last second. */
uint64_t ui_count_sessions(struct ui *ui, uint64_t *attempts);

/* The ledger as it is so far; listed are those reasons for which something could not be seen. */
const struct ledger *ui_ledger(const struct ui *ui);
size_t ui_count_unseen(const struct ui *ui);

/* May events be missing? Then no screen says that nothing is wrong. */
bool ui_is_blinded(const struct ui *ui);

/* As the user wants times: since the beginning, the clock's, or since `before`. `text` has TIMESTAMP_TEXT_SIZE bytes.
 */
char *ui_format_time(const struct ui *ui, timestamp time, timestamp before, char *text);

/* The sessions that a flow shows: all that are marked when the chosen one is among them, else the chosen one. */
size_t ui_shown_sessions(const struct ui *ui, const uint64_t **sessions);

bool ui_is_marked(const struct ui *ui, uint64_t session);
void ui_toggle_mark(struct ui *ui, uint64_t session);

/* So long a screen may work before it lets keys be looked at again. */
#define UI_SLICE INT64_C(20000000) /* nanoseconds */

/* The keys that mean the same on every screen; ended by key 0. */
extern const struct screen_key ui_keys[];
extern const struct screen_key ui_pane_keys[], ui_table_keys[]; /* of screens that have a pane, a table */

/* The digit that leads to a screen, of the core or of a plug-in; NULL: it leads to none. */
const struct screen_key *ui_screen_key(int digit);

/* Does the key anything, on any screen? */
bool ui_key_is_bound(int key);

/* What a key is called: "Tab", "F1", "x". `text` backs it. */
const char *ui_key_name(const struct screen_key *key, char text[8]);

/* ---- shared by ui.c, ui_frame.c, ui_keys.c and prompt.c only */

struct ui_layer *ui_top(struct ui *ui);
struct query **ui_filter_of(struct ui *ui, enum query_table table);
struct list *ui_list(struct ui *ui);               /* what the arrows move in: the screen's list, or its pane */
struct event_pane *ui_focused_pane(struct ui *ui); /* NULL: none is */
/* Does the row, or an event of it, hold what is searched? Looks at a part of them: UI_MORE, and `search.within` is
 * where to go on. */
enum ui_held { UI_HOLDS_NOT, UI_HOLDS, UI_MORE };
enum ui_held ui_holds(struct ui *ui, uint64_t row);
void ui_moved(struct ui *ui); /* calls the screen's `moved`: another row is selected */

void ui_draw(struct ui *ui);

/* The filter of the screen on top; NULL: none is on. Rows above the screen: the head, and a line for the filter. */
const struct query *ui_top_filter(struct ui *ui);
int ui_rows_above(struct ui *ui);
void ui_clear_filter(struct ui *ui);

void ui_ask_search(struct ui *ui);
void ui_search_begin(struct ui *ui, bool forward);
void ui_search_work(struct ui *ui);  /* a slice of it */
void ui_search_count(struct ui *ui); /* the same of counting what else holds the text: "3/17" */
void ui_ask_filter(struct ui *ui);

/* One of the keys is asked for at the foot; any other leaves it. */
void ui_ask_choice(
    struct ui *ui, const char *label, const struct ui_choice *choices, void (*chosen)(struct ui *ui, int key));
bool ui_take_choice(struct ui *ui, int key); /* false: nothing was asked */

/* What leaves the interface (share.c). */
void ui_ask_save(struct ui *ui);
void ui_ask_copy(struct ui *ui);
void ui_remember(struct ui *ui);
void ui_open(struct ui *ui, bool in_editor);
void ui_look_away(struct ui *ui); /* while the pager has the terminal: has it ended? */

void ui_take_key(struct ui *ui, int key);

#endif
