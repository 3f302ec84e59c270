/* The keys that mean the same on every screen. Keys are data: tables of bindings and of motions. */
#include "tui/event_view.h"

#include <stdlib.h>

#define NCURSES_NOMACROS
#include <ncurses.h>
#include <stdio.h>

enum { UI_INTERRUPT = 'C' & 0x1f };

static void key_quit(void *self, struct ui *ui)
{
	(void)self;
	ui_pop(ui);
}

/* A key that is pressed too often must not end everything. */
static void key_back(void *self, struct ui *ui)
{
	struct event_pane *pane = ui_focused_pane(ui);
	(void)self;
	if (pane)
		pane->focused = false;
	else if (ui_top_filter(ui))
		ui_clear_filter(ui);
	else if (ui->depth > 1)
		ui_pop(ui);
	else
		ui_say(ui, "q quits");
}

static void key_leave(void *self, struct ui *ui)
{
	(void)self;
	ui->quits = true;
}

static void key_help(void *self, struct ui *ui)
{
	(void)self;
	if (ui_top(ui)->operations != &screen_help)
		ui_push(ui, &screen_help);
}

static void key_search(void *self, struct ui *ui)
{
	(void)self;
	ui_ask_search(ui);
}

static void key_next(void *self, struct ui *ui)
{
	(void)self;
	ui_search_begin(ui, true);
}

static void key_previous(void *self, struct ui *ui)
{
	(void)self;
	ui_search_begin(ui, false);
}

static void key_filter(void *self, struct ui *ui)
{
	(void)self;
	ui_ask_filter(ui);
}

static void key_save(void *self, struct ui *ui)
{
	(void)self;
	ui_ask_save(ui);
}

static void key_note(void *self, struct ui *ui)
{
	(void)self;
	ui->noted = ui->event;
	ui_say(ui, ui->noted ? "noted: D on another event shows what differs from this one" : "select an event first");
}

/* The frame is opened again: it may be that of the event, not compared. */
static void key_compare(void *self, struct ui *ui)
{
	(void)self;
	if (!ui->noted || !ui->event || ui->noted == ui->event) {
		ui_say(ui, ui->noted ? "this is the noted event: select another one" : "note an event first: m");
		return;
	}
	if (ui_top(ui)->operations == &screen_frame)
		ui_pop(ui);
	ui->compares = true;
	ui_push(ui, &screen_frame);
	ui->compares = false;
}

static void key_copy(void *self, struct ui *ui)
{
	(void)self;
	ui_ask_copy(ui);
}

static void key_remember(void *self, struct ui *ui)
{
	(void)self;
	ui_remember(ui);
}

static void key_pager(void *self, struct ui *ui)
{
	(void)self;
	ui_open(ui, false);
}

static void key_editor(void *self, struct ui *ui)
{
	(void)self;
	ui_open(ui, true);
}

static void key_pause(void *self, struct ui *ui)
{
	(void)self;
	if (ui->feed == UI_FEED_OVER) {
		ui_say(ui, "nothing to pause: all is read");
		return;
	}
	ui->paused = !ui->paused;
	ui_say(ui, ui->paused ? "paused: what comes waits; p continues" : "continued");
}

static void key_time(void *self, struct ui *ui)
{
	static const char *const names[] = {"since the first packet", "time of day, UTC", "since the previous row"};
	(void)self;
	ui->time = (ui->time + 1) % UI_TIMES;
	ui_say(ui, "times: %s", names[ui->time]);
}

static void key_colours(void *self, struct ui *ui)
{
	(void)self;
	theme_toggle_colours(&ui->theme);
}

const struct screen_key ui_keys[] = {
    {'q', "q", "back (Esc too); on the first screen: quit (F10 too)", key_quit, false, NULL},
    {UI_INTERRUPT, "Ctrl-C", "quit, on any screen", key_leave, false, NULL},
    {UI_ESCAPE, "Esc", NULL, key_back, false, NULL},
    {KEY_F(10), "F10", NULL, key_quit, false, NULL},
    {'?', "?", "help for this screen (F1 too)", key_help, false, NULL},
    {KEY_F(1), "F1", NULL, key_help, false, NULL},
    {'/', "/", "search (of sessions: what their events hold, too); n and N: next, previous (F3 too)", key_search, false,
        NULL},
    {KEY_F(3), "F3", NULL, key_search, false, NULL},
    {'n', "n", NULL, key_next, false, NULL},
    {'N', "N", NULL, key_previous, false, NULL},
    {'f', "f", "filter, in the language of check (F7 too); Esc clears it", key_filter, false, NULL},
    {KEY_F(7), "F7", NULL, key_filter, false, NULL},
    {'s', "s",
        "save the chosen, marked, shown or all sessions, or one payload; its ending says the form: .pcapng with "
        "findings as comments, .ndjson, .txt, .html, .json (F2 too)",
        key_save, false, NULL},
    {KEY_F(2), "F2", NULL, key_save, false, NULL},
    {'u', "u", "what could not be seen: the ledger, and limits that were hit", NULL, false, &screen_unseen},
    {'H', "H", "hosts: clocks of several captures, what did not arrive between them, times to acks at each place", NULL,
        false, &screen_hosts},
    {'y', "y", "copy a value, a payload, a sid, a filter, a connection", key_copy, false, NULL},
    {'o', "o", "open the event in $PAGER (E: in $EDITOR)", key_pager, false, NULL},
    {'E', "E", NULL, key_editor, false, NULL},
    {'m', "m", "note the event (D on another: what differs from it)", key_note, false, NULL},
    {'D', "D", NULL, key_compare, false, NULL},
    {'p', "p", "pause, continue", key_pause, false, NULL},
    {'t', "t", "times: since the first packet, time of day (UTC), since the previous row", key_time, false, NULL},
    {'W', "W", "remember columns, order, payload, times and colours in the settings file", key_remember, false, NULL},
    {'c', "c", "colours on and off", key_colours, false, NULL},
    {0},
};

/* ---- of screens that have a payload beside them */

static struct event_pane *key_pane(struct ui *ui)
{
	return ui_top(ui)->operations->pane(ui_top(ui)->self);
}

static void key_focus(void *self, struct ui *ui)
{
	(void)self;
	event_pane_toggle_focus(key_pane(ui), ui);
}

static void key_form(void *self, struct ui *ui)
{
	(void)self;
	event_pane_next_form(key_pane(ui), ui);
}

static void key_place(void *self, struct ui *ui)
{
	(void)self;
	event_pane_place_next(ui);
}

static void key_grow(void *self, struct ui *ui)
{
	(void)self;
	event_pane_grow(ui, UI_SPLIT_STEP);
}

static void key_shrink(void *self, struct ui *ui)
{
	(void)self;
	event_pane_grow(ui, -UI_SPLIT_STEP);
}

const struct screen_key ui_pane_keys[] = {
    {'\t', "Tab", "into the payload beside or below, and back", key_focus, false, NULL},
    {'b', "b", "the payload as a tree, by its layers, raw, as bytes", key_form, false, NULL},
    {'v', "v", "the payload: as there is room, beside, below, not at all", key_place, false, NULL},
    {'+', "+", "more room for the payload (-: less)", key_grow, false, NULL},
    {'-', "-", NULL, key_shrink, false, NULL},
    {0},
};

/* ---- of screens that have a table */

void ui_sort(struct ui *ui, size_t column)
{
	const struct ui_layer *top = ui_top(ui);
	struct table *table = top->operations->table_of(top->self);
	table_sort(table, column);
	top->operations->sorted(top->self, ui);
	ui_say(ui, "sorted by %s", table->columns[table->sorted].name);
}

void ui_sort_next(struct ui *ui, int step)
{
	const struct ui_layer *top = ui_top(ui);
	struct table *table = top->operations->table_of(top->self);
	table_sort_next(table, step);
	top->operations->sorted(top->self, ui);
	ui_say(ui, "sorted by %s", table->columns[table->sorted].name);
}

void ui_turn(struct ui *ui)
{
	const struct ui_layer *top = ui_top(ui);
	struct table *table = top->operations->table_of(top->self);
	ui_sort(ui, table->sorted);
}

static void key_sort_next(void *self, struct ui *ui)
{
	(void)self;
	ui_sort_next(ui, 1);
}

static void key_sort_previous(void *self, struct ui *ui)
{
	(void)self;
	ui_sort_next(ui, -1);
}

static void key_columns(void *self, struct ui *ui)
{
	(void)self;
	ui_push(ui, &screen_columns);
}

static void key_turn(void *self, struct ui *ui)
{
	(void)self;
	ui_turn(ui);
}

const struct screen_key ui_table_keys[] = {
    {'>', "Sort", "sort by the next column (<: the previous one; or click its head)", key_sort_next, true, NULL},
    {'<', "Sort", NULL, key_sort_previous, false, NULL},
    {'r', "Turn", "reverse the order (or click the head again)", key_turn, false, NULL},
    {'C', "C", "which columns are shown, and in which order (W remembers it)", key_columns, false, NULL},
    {0},
};

/* 5 is left to a plug-in. */
static const struct screen_key ui_screens[] = {
    {'1', "1", "sessions", NULL, false, &screen_sessions},
    {'2', "2", "flow of the selected session", NULL, false, &screen_flow},
    {'3', "3", "frame: the selected event", NULL, false, &screen_frame},
    {'4', "4", "findings", NULL, false, &screen_findings},
    {'6', "6", "live figures", NULL, false, &screen_live},
    {'7', "7", "events of all sessions, in any order", NULL, false, &screen_events},
    {'8', "8", "statistics by event, namespace, session", NULL, false, &screen_statistics},
    {0},
};

static const struct screen_key *ui_find_key(const struct screen_key *keys, int key)
{
	while (keys && keys->key && keys->key != key)
		keys++;
	return keys && keys->key ? keys : NULL;
}

const struct screen_key *ui_screen_key(int digit)
{
	const struct screen_key *found = ui_find_key(ui_screens, digit);
	for (size_t i = 0; !found && plugins[i]; i++)
		found = ui_find_key(plugins[i]->screens, digit);
	return found;
}

const char *ui_key_name(const struct screen_key *key, char text[8])
{
	if (key->key == '\t')
		return "Tab";
	if (key->key == ' ')
		return "Space";
	if (key->key >= 0x80 || key->key < ' ')
		return key->name;
	snprintf(text, 8, "%c", key->key);
	return text;
}

static const struct {
	int key;
	enum list_motion motion;
} ui_motions[] = {
    {KEY_UP, LIST_UP},
    {'k', LIST_UP},
    {KEY_DOWN, LIST_DOWN},
    {'j', LIST_DOWN},
    {KEY_PPAGE, LIST_PAGE_UP},
    {KEY_NPAGE, LIST_PAGE_DOWN},
    {KEY_HOME, LIST_FIRST},
    {'g', LIST_FIRST},
    {KEY_END, LIST_LAST},
    {'G', LIST_LAST},
};

static bool ui_take_binding(struct ui *ui, const struct screen_key *key)
{
	if (!key)
		return false;
	if (key->act)
		key->act(ui_top(ui)->self, ui);
	else
		ui_go(ui, key->screen);
	return true;
}

static bool ui_take_motion(struct ui *ui, int key)
{
	for (size_t i = 0; i < sizeof ui_motions / sizeof *ui_motions; i++)
		if (ui_motions[i].key == key) {
			list_move(ui_list(ui), ui_motions[i].motion);
			ui_moved(ui);
			return true;
		}
	return false;
}

static void ui_enter(struct ui *ui)
{
	struct ui_layer *top = ui_top(ui);
	struct event_pane *pane = ui_focused_pane(ui);
	if (pane)
		event_view_toggle(&pane->view);
	else if (top->operations->enter)
		top->operations->enter(top->self, ui);
}

/* A click on a key in the last line presses it. */
static bool ui_take_bar_click(struct ui *ui, const MEVENT *mouse)
{
	for (size_t i = 0; mouse->y == LINES - 1 && i < ui->bar_count; i++)
		if (mouse->x >= ui->bar[i].from && mouse->x < ui->bar[i].to) {
			ui_take_key(ui, ui->bar[i].key);
			break;
		}
	return mouse->y == LINES - 1;
}

/* In the payload beside the list: then the arrows move in it, and a click elsewhere takes them back. */
static bool ui_take_pane_click(struct ui *ui, const MEVENT *mouse)
{
	const struct ui_layer *top = ui_top(ui);
	struct event_pane *pane = top->operations->pane ? top->operations->pane(top->self) : NULL;
	if (!pane || !pane->shown)
		return false;
	const struct canvas *place = &pane->place;
	pane->focused = mouse->x >= place->left && mouse->x < place->left + place->width && mouse->y >= place->top &&
	                mouse->y < place->top + place->height;
	int row = mouse->y - pane->view.top;
	if (pane->focused && row >= 0 && row < pane->view.list.height)
		list_select(&pane->view.list, pane->view.list.top + (uint64_t)row);
	if (pane->focused && mouse->bstate & BUTTON1_DOUBLE_CLICKED)
		event_view_toggle(&pane->view);
	return pane->focused;
}

/* On the head of a table: sorts by the column, by the same once more the other way round. */
static bool ui_take_head_click(struct ui *ui, const MEVENT *mouse)
{
	const struct ui_layer *top = ui_top(ui);
	struct table *table = top->operations->table_of ? top->operations->table_of(top->self) : NULL;
	if (!table || mouse->y != ui_rows_above(ui))
		return false;
	size_t column = table_column_at(table, mouse->x);
	if (column < table->count)
		ui_sort(ui, column);
	return true;
}

static void ui_take_mouse(struct ui *ui)
{
	MEVENT mouse;
	const struct ui_layer *top = ui_top(ui);
	if (getmouse(&mouse) != OK)
		return;
	if (mouse.bstate & (BUTTON4_PRESSED | BUTTON5_PRESSED)) {
		list_move(ui_list(ui), mouse.bstate & BUTTON4_PRESSED ? LIST_UP : LIST_DOWN);
		ui_moved(ui);
		return;
	}
	if (ui_take_bar_click(ui, &mouse) || ui_take_pane_click(ui, &mouse) || ui_take_head_click(ui, &mouse))
		return;
	struct list *list = ui_list(ui);
	int row = mouse.y - ui_rows_above(ui) - top->operations->list_row;
	if (row < 0 || row >= list->height)
		return;
	list_select(list, list->top + (uint64_t)row);
	if (mouse.bstate & BUTTON1_DOUBLE_CLICKED)
		ui_enter(ui);
	else
		ui_moved(ui);
}

/* ---- the prompt's keys */

static int ui_prompt_key(int key)
{
	switch (key) {
	case KEY_LEFT:
		return PROMPT_KEY_LEFT;
	case KEY_RIGHT:
		return PROMPT_KEY_RIGHT;
	case KEY_HOME:
	case 'A' & 0x1f:
		return PROMPT_KEY_HOME;
	case KEY_END:
	case 'E' & 0x1f:
		return PROMPT_KEY_END;
	case KEY_BACKSPACE:
	case 0x7f:
	case '\b':
		return PROMPT_KEY_BACKSPACE;
	case KEY_DC:
		return PROMPT_KEY_DELETE;
	case 'U' & 0x1f:
		return PROMPT_KEY_CLEAR;
	case '\n':
	case '\r':
	case KEY_ENTER:
		return PROMPT_KEY_ENTER;
	case UI_ESCAPE:
	case UI_INTERRUPT:
		return PROMPT_KEY_ESCAPE;
	case '\t':
		return PROMPT_KEY_OTHER;
	case KEY_DOWN:
		return PROMPT_KEY_NEXT;
	case KEY_UP:
		return PROMPT_KEY_PREVIOUS;
	default:
		return key < 0x100 ? key : 0;
	}
}

static int ui_find_alias(const struct ui *ui, int key)
{
	for (size_t i = 0; i < ui->alias_count; i++)
		if (ui->aliases[i].key == key)
			return ui->aliases[i].does;
	return key;
}

bool ui_key_is_bound(int key)
{
	static const struct screen_operations *const screens[] = {&screen_sessions, &screen_flow, &screen_frame,
	    &screen_findings, &screen_live, &screen_events, &screen_statistics, &screen_columns, &screen_unseen,
	    &screen_hosts};
	bool bound = key == '\n' || ui_find_key(ui_keys, key) || ui_find_key(ui_pane_keys, key) ||
	             ui_find_key(ui_table_keys, key) || ui_screen_key(key);
	for (size_t i = 0; i < sizeof screens / sizeof *screens; i++)
		bound |= ui_find_key(screens[i]->keys, key) != NULL;
	for (size_t i = 0; i < sizeof ui_motions / sizeof *ui_motions; i++)
		bound |= ui_motions[i].key == key;
	return bound;
}

/* The screen's own come first, then those of what it has, then those of all. */
static const struct screen_key *ui_find_any_key(struct ui *ui, int key)
{
	const struct screen_operations *operations = ui_top(ui)->operations;
	const struct screen_key *found = ui_find_key(operations->keys, key);
	if (!found && operations->table_of)
		found = ui_find_key(ui_table_keys, key);
	if (!found && operations->pane)
		found = ui_find_key(ui_pane_keys, key);
	if (!found)
		found = ui_find_key(ui_keys, key);
	return found ? found : ui_screen_key(key);
}

void ui_take_key(struct ui *ui, int key)
{
	*ui->message = '\0';
	if (key == KEY_RESIZE) {
		/* What the terminal has made of wide characters that no longer fit is not known: all is drawn again. */
		clearok(curscr, TRUE);
		return;
	}
	if (ui->prompt.open) {
		prompt_take(&ui->prompt, ui_prompt_key(key));
		return;
	}
	if (key == KEY_MOUSE && ui->choice.choices) {
		ui_take_mouse(ui);
		return;
	}
	if (ui_take_choice(ui, key))
		return;
	key = ui_find_alias(ui, key);
	ui->search.running = ui->search.counts = false;
	if (key == KEY_MOUSE)
		ui_take_mouse(ui);
	else if (key == '\n' || key == '\r' || key == KEY_ENTER)
		ui_enter(ui);
	else if (!ui_take_binding(ui, ui_find_any_key(ui, key)))
		ui_take_motion(ui, key);
}
