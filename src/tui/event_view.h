/*
 * What one event holds, in one of four forms: its payload as a tree, its layers, raw, and as bytes; perhaps compared
 * with another event's. The frame screen is such a view; beside the flow and the list of events it is a pane that
 * follows the cursor.
 */
#ifndef TUI_EVENT_VIEW_H
#define TUI_EVENT_VIEW_H

#include "base/memory.h"
#include "tui/canvas.h"
#include "tui/list.h"
#include "tui/ui.h"

enum event_form { FORM_TREE, FORM_LAYERS, FORM_RAW, FORM_BYTES, EVENT_FORMS };

struct event_view {
	uint64_t event; /* 0: none */
	uint64_t other; /* it is compared with; 0: with none */
	enum event_form form;
	struct buffer payload; /* masked, as one value */
	struct buffer before;  /* that of the other */
	struct buffer text;    /* what layers, raw and bytes show: masked */
	struct json_tree tree, compared, merged;
	struct list list;
	int top; /* the screen's row of its first line */
};

/* `memory`: lines of trees are charged to it. */
void event_view_init(struct event_view *view, struct budget *memory);
void event_view_free(struct event_view *view);

/* Shows this event from now on, from its first line. */
void event_view_load(struct event_view *view, const struct ui *ui, uint64_t event, uint64_t other);

/* The same, but its payload is not read. */
void event_view_forget(struct event_view *view, uint64_t event);

/* Another form of the same event. */
void event_view_show(struct event_view *view, const struct ui *ui, enum event_form form);
const char *event_form_name(enum event_form form);

/* Folds or unfolds the selected line of a tree. */
void event_view_toggle(struct event_view *view);

/* The tree's lines as they are shown: compared with another event, or not. */
const struct json_tree *event_view_tree(const struct event_view *view);

/* `active`: its selected line is shown. */
void event_view_draw(struct event_view *view, const struct canvas *canvas, bool active);

bool event_view_holds(const struct event_view *view, uint64_t row, struct slice text);

/* Its name, its payload or its words hold the text. */
bool event_holds(const struct event *event, struct slice text);

/* ---- its texts (event_layers.c): plain, to be masked by who shows them, and bytes, which are masked */

void event_layers_write(struct buffer *out, const struct record *record, const struct event *event);
void event_raw_write(struct buffer *out, struct slice payload, const struct event *event);
void event_bytes_write(
    struct buffer *out, const struct record *record, const struct event *event, const struct mask *mask);

/* JSON with a line for each member, indented. */
void event_payload_write(struct buffer *out, struct slice payload);

/* The selected value: of a tree that of its line (a string without its quotes), else the whole text. False: none. */
bool event_view_value(const struct event_view *view, struct buffer *out);

/* ---- a pane beside a list, or below it (event_pane.c) */

/* Larger payloads are not read at each step of the cursor. */
enum { PANE_PAYLOAD = 256 * 1024 };

struct event_pane {
	struct event_view view;
	enum event_form form; /* as the user wants it; what has no JSON is shown by its layers instead of a tree */
	bool focused;         /* the arrows move in it */
	struct canvas place;  /* on the screen, for the mouse */
	bool beside;          /* where it was drawn: beside the list; or below */
	bool shown;
};

void event_pane_init(struct event_pane *pane, struct budget *memory);
void event_pane_free(struct event_pane *pane);

/* Divides the canvas as the user wants it, and as it has room; `least`: rows that the pane has when there is no room
 * for a payload; 0: then there is none. */
void event_pane_divide(
    struct event_pane *pane, const struct ui *ui, const struct canvas *whole, int least, struct canvas places[2]);

/* Draws what is known of the event with this index, and its payload where there is room. */
void event_pane_draw(struct event_pane *pane, struct ui *ui, const struct canvas *whole, uint64_t index);

/* Does a finding name the event? */
bool event_is_found(struct ui *ui, const struct event *event);

/* The findings that name the event, from `row` on, as many as have room; returns the row behind them. */
int event_findings_draw(struct ui *ui, const struct canvas *canvas, int row, const struct event *event);

/* Keys of screens that have a pane: where it is, how large, in which form, and whether the arrows move in it. */
void event_pane_place_next(struct ui *ui);
void event_pane_grow(struct ui *ui, int percent);
void event_pane_next_form(struct event_pane *pane, struct ui *ui);
void event_pane_toggle_focus(struct event_pane *pane, struct ui *ui);

#endif
