/* The keys that mean the same on every screen; keys are data: a table of bindings, a table of motions. */
#include "tui/ui_parts.h"

#define NCURSES_NOMACROS
#include <ncurses.h>

enum { UI_ESCAPE = 27 };

static void key_quit(void *self, struct ui *ui)
{
	(void)self;
	ui_pop(ui);
}

/* A key that is pressed too often must not end everything. */
static void key_back(void *self, struct ui *ui)
{
	(void)self;
	if (ui->depth > 1)
		ui_pop(ui);
	else
		ui_say(ui, "q leaves");
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
	ui->paused = !ui->paused;
}

static void key_time(void *self, struct ui *ui)
{
	static const char *const names[] = {"since the beginning", "the clock's, UTC", "since the row before"};
	(void)self;
	ui->time = (ui->time + 1) % UI_TIMES;
	ui_say(ui, "times: %s", names[ui->time]);
}

static void key_colours(void *self, struct ui *ui)
{
	(void)self;
	theme_toggle_colours(&ui->theme);
}

static void key_screen_1(void *self, struct ui *ui)
{
	(void)self;
	ui_go(ui, &screen_sessions);
}

static void key_screen_2(void *self, struct ui *ui)
{
	(void)self;
	ui_go(ui, &screen_flow);
}

static void key_screen_3(void *self, struct ui *ui)
{
	(void)self;
	ui_go(ui, &screen_frame);
}

static void key_screen_4(void *self, struct ui *ui)
{
	(void)self;
	ui_go(ui, &screen_findings);
}

static void key_screen_5(void *self, struct ui *ui)
{
	(void)self;
	ui_go(ui, &screen_state);
}

static void key_screen_6(void *self, struct ui *ui)
{
	(void)self;
	ui_go(ui, &screen_live);
}

const struct screen_key ui_keys[] = {
    {'q', "q", "back (Esc too), and from the first screen out (F10 too)", key_quit, false},
    {UI_ESCAPE, "Esc", NULL, key_back, false},
    {KEY_F(10), "F10", NULL, key_quit, false},
    {'?', "?", "help for this screen (F1 too)", key_help, false},
    {KEY_F(1), "F1", NULL, key_help, false},
    {'/', "/", "search; n and N: the next, the one before (F3 too)", key_search, false},
    {KEY_F(3), "F3", NULL, key_search, false},
    {'n', "n", NULL, key_next, false},
    {'N', "N", NULL, key_previous, false},
    {'f', "f", "filter, in the language of sioscope check (F7 too)", key_filter, false},
    {KEY_F(7), "F7", NULL, key_filter, false},
    {'s', "s", "save the chosen sessions: .pcapng with findings as comments, .ndjson, .txt (F2 too)", key_save, false},
    {KEY_F(2), "F2", NULL, key_save, false},
    {'p', "p", "pause and go on", key_pause, false},
    {'t', "t", "times: since the beginning, the clock's, since the row before", key_time, false},
    {'c', "c", "colours on and off", key_colours, false},
    {'1', "1", "sessions", key_screen_1, false},
    {'2', "2", "flow of the chosen session", key_screen_2, false},
    {'3', "3", "frame: the chosen event", key_screen_3, false},
    {'4', "4", "findings", key_screen_4, false},
    {'5', "5", "state of the Reflex page", key_screen_5, false},
    {'6', "6", "live figures", key_screen_6, false},
    {0},
};

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

static bool ui_take_binding(struct ui *ui, const struct screen_key *keys, int key)
{
	void *self = ui_top(ui)->self;
	for (; keys->key; keys++)
		if (keys->key == key) {
			keys->act(self, ui);
			return true;
		}
	return false;
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
	if (mouse.bstate & BUTTON4_PRESSED) {
		list_move(list, LIST_UP);
	} else if (mouse.bstate & BUTTON5_PRESSED) {
		list_move(list, LIST_DOWN);
	} else if (mouse.y - 1 >= top->operations->list_row && mouse.y - 1 - top->operations->list_row < list->height) {
		list_select(list, list->top + (uint64_t)(mouse.y - 1 - top->operations->list_row));
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
		return PROMPT_KEY_ESCAPE;
	default:
		return key < 0x100 ? key : 0;
	}
}

void ui_take_key(struct ui *ui, int key)
{
	*ui->message = '\0';
	if (key == KEY_RESIZE)
		return;
	if (ui->prompt.open) {
		prompt_take(&ui->prompt, ui_prompt_key(key));
		return;
	}
	ui->search.running = false;
	if (key == KEY_MOUSE)
		ui_take_mouse(ui);
	else if (key == '\n' || key == '\r' || key == KEY_ENTER)
		ui_enter(ui);
	else if (!ui_take_binding(ui, ui_top(ui)->operations->keys, key) && !ui_take_binding(ui, ui_keys, key))
		ui_take_motion(ui, key);
}
