/*
 * The keys that mean the same on every screen, and the help screen that lists all keys. Keys are data: a table of
 * bindings and a table of motions.
 */
#include "tui/ui.h"

#include <stdlib.h>

#define NCURSES_NOMACROS
#include <ncurses.h>
#include <stdio.h>

enum { UI_ESCAPE = 27, UI_INTERRUPT = 'C' & 0x1f };

static void key_quit(void *self, struct ui *ui)
{
	(void)self;
	ui_pop(ui);
}

/* A key that is pressed too often must not end everything. */
static void key_back(void *self, struct ui *ui)
{
	(void)self;
	if (ui_top_filter(ui))
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
	static const char *const names[] = {"since the start", "time of day, UTC", "since the previous row"};
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
    {'/', "/", "search; n and N: next, previous (F3 too)", key_search, false, NULL},
    {KEY_F(3), "F3", NULL, key_search, false, NULL},
    {'n', "n", NULL, key_next, false, NULL},
    {'N', "N", NULL, key_previous, false, NULL},
    {'f', "f", "filter, in the language of check (F7 too); Esc clears it", key_filter, false, NULL},
    {KEY_F(7), "F7", NULL, key_filter, false, NULL},
    {'s', "s", "save the selected sessions: .pcapng with findings as comments, .ndjson, .txt (F2 too)", key_save, false,
        NULL},
    {KEY_F(2), "F2", NULL, key_save, false, NULL},
    {'u', "u", "what could not be seen: the ledger, and limits that were hit", NULL, false, &screen_unseen},
    {'p', "p", "pause, continue", key_pause, false, NULL},
    {'t', "t", "times: since the start, time of day, since the previous row", key_time, false, NULL},
    {'c', "c", "colours on and off", key_colours, false, NULL},
    {0},
};

/* 5 is left to a plug-in. */
static const struct screen_key ui_screens[] = {
    {'1', "1", "sessions", NULL, false, &screen_sessions},
    {'2', "2", "flow of the selected session", NULL, false, &screen_flow},
    {'3', "3", "frame: the selected event", NULL, false, &screen_frame},
    {'4', "4", "findings", NULL, false, &screen_findings},
    {'6', "6", "live figures", NULL, false, &screen_live},
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
	struct ui_layer *top = ui_top(ui);
	for (size_t i = 0; i < sizeof ui_motions / sizeof *ui_motions; i++)
		if (ui_motions[i].key == key) {
			list_move(top->operations->list(top->self), ui_motions[i].motion);
			ui_moved(ui);
			return true;
		}
	return false;
}

static void ui_enter(struct ui *ui)
{
	struct ui_layer *top = ui_top(ui);
	if (top->operations->enter)
		top->operations->enter(top->self, ui);
}

static void ui_take_mouse(struct ui *ui)
{
	MEVENT mouse;
	struct ui_layer *top = ui_top(ui);
	struct list *list = top->operations->list(top->self);
	if (getmouse(&mouse) != OK)
		return;
	int row = mouse.y - ui_rows_above(ui) - top->operations->list_row;
	if (mouse.bstate & BUTTON4_PRESSED) {
		list_move(list, LIST_UP);
	} else if (mouse.bstate & BUTTON5_PRESSED) {
		list_move(list, LIST_DOWN);
	} else if (row >= 0 && row < list->height) {
		list_select(list, list->top + (uint64_t)row);
		if (mouse.bstate & BUTTON1_DOUBLE_CLICKED) {
			ui_enter(ui);
			return;
		}
	}
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
	default:
		return key < 0x100 ? key : 0;
	}
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
	ui->search.running = ui->search.counts = false;
	if (key == KEY_MOUSE)
		ui_take_mouse(ui);
	else if (key == '\n' || key == '\r' || key == KEY_ENTER)
		ui_enter(ui);
	else if (!ui_take_binding(ui, ui_find_key(ui_top(ui)->operations->keys, key)) &&
	         !ui_take_binding(ui, ui_find_key(ui_keys, key)) && !ui_take_binding(ui, ui_screen_key(key)))
		ui_take_motion(ui, key);
}

/* ---- the help screen */

struct help_screen {
	const struct screen_operations *about;
	struct list list;
};

static const char *const help_motions[][2] = {{"arrows, hjkl", "move"}, {"PgUp, PgDn", "a page up, down"},
    {"g, G", "to the first, to the last (Home, End)"}, {"Enter", "open: session, flow, frame"},
    {"mouse", "click selects, double click opens, the wheel moves"}};

static int help_draw_one(const struct canvas *canvas, int row, const char *key, const char *help)
{
	canvas_write_text(canvas, row, 2, TINT_NAME, key);
	canvas_write_text(canvas, row, 16, TINT_PLAIN, help);
	return row + 1;
}

static int help_draw_keys(const struct canvas *canvas, int row, const struct screen_key *keys)
{
	char name[8];
	for (; keys->key; keys++)
		if (keys->help)
			row = help_draw_one(canvas, row, ui_key_name(keys, name), keys->help);
	return row;
}

/* From `row` on; returns the row behind the last. */
static int help_draw_text(const struct help_screen *screen, const struct canvas *canvas, int row)
{
	canvas_format(canvas, row++, 0, TINT_TITLE, "On this screen (%s)", screen->about->title);
	if (screen->about->legend)
		canvas_write_text(canvas, row++, 2, TINT_PLAIN, screen->about->legend);
	row = help_draw_keys(canvas, row, screen->about->keys);
	canvas_write_text(canvas, ++row, 0, TINT_TITLE, "Everywhere");
	row++;
	for (size_t i = 0; i < sizeof help_motions / sizeof *help_motions; i++)
		row = help_draw_one(canvas, row, help_motions[i][0], help_motions[i][1]);
	row = help_draw_keys(canvas, row, ui_keys);
	for (int digit = '1'; digit <= '9'; digit++)
		if (ui_screen_key(digit))
			row = help_draw_one(canvas, row, ui_screen_key(digit)->name, ui_screen_key(digit)->help);
	return row;
}

/* Rows outside the canvas are clipped: below it the text is measured, and above it moves up, until its end is seen. */
static void help_draw(void *self, struct ui *ui, const struct canvas *canvas)
{
	struct help_screen *screen = self;
	(void)ui;
	int beyond = help_draw_text(screen, canvas, canvas->height) - 2 * canvas->height;
	list_fit(&screen->list, beyond > 0 ? (uint64_t)beyond + 1 : 1, canvas->height);
	help_draw_text(screen, canvas, -(int)screen->list.selected);
}

static void *help_new(struct ui *ui)
{
	struct help_screen *screen = calloc(1, sizeof *screen);
	if (screen)
		screen->about = ui->stack[ui->depth - 1].operations;
	return screen;
}

static struct list *help_list(void *self)
{
	return &((struct help_screen *)self)->list;
}

static const struct screen_key help_keys[] = {{0}};

const struct screen_operations screen_help = {
    .title = "Help",
    .new = help_new,
    .free = free,
    .draw = help_draw,
    .list = help_list,
    .keys = help_keys,
};
