/* A screen: a table of operations and keys. */
#ifndef TUI_SCREEN_H
#define TUI_SCREEN_H

#include "query/value.h"
#include "tui/canvas.h"
#include "tui/list.h"

struct ui;

struct screen_key {
	int key; /* as ncurses tells it */
	const char *name;
	const char *help;
	void (*act)(void *self, struct ui *ui);
	bool in_bar;                            /* shown in the last line */
	const struct screen_operations *screen; /* without `act`: the one that it leads to */
};

struct screen_operations {
	const char *title;
	const char *legend;          /* for help: how the screen is read, in a line; may be NULL */
	enum query_table table;      /* what `f` filters */
	void *(*new)(struct ui *ui); /* NULL: it cannot be shown, and ui_say told why */
	void (*free)(void *self);
	void (*draw)(void *self, struct ui *ui, const struct canvas *canvas);
	struct list *(*list)(void *self);         /* what the arrows move in */
	int list_row;                             /* on which row of the canvas it begins, for the mouse */
	void (*moved)(void *self, struct ui *ui); /* another row was selected; may be NULL */
	/* A slice of work that is not done yet; true when there is more. May be NULL. */
	bool (*work)(void *self, struct ui *ui);
	/* The row holds the text; for `/`. May be NULL. */
	bool (*holds)(void *self, struct ui *ui, uint64_t row, struct slice text);
	void (*enter)(void *self, struct ui *ui); /* Enter, double click; may be NULL */
	const struct screen_key *keys;            /* ended by key 0 */
};

extern const struct screen_operations screen_sessions, screen_flow, screen_frame, screen_findings, screen_live,
    screen_help;

#endif
