/* The stack of screens, the common keys, and the loop. */
#include "tui/ui.h"

#define NCURSES_NOMACROS
#include <inttypes.h>
#include <locale.h>
#include <ncurses.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

enum { UI_LEAST_WIDTH = 40, UI_LEAST_HEIGHT = 8, UI_ESCAPE = 27, UI_FILES = 64 };

#define UI_REDRAW INT64_C(100000000) /* a live capture is drawn at most so often */

int64_t ui_now(void)
{
	struct timespec now;
	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * INT64_C(1000000000) + now.tv_nsec;
}

/* ---- the stack */

static struct ui_layer *ui_top(struct ui *ui)
{
	return &ui->stack[ui->depth - 1];
}

void ui_push(struct ui *ui, const struct screen_operations *operations)
{
	if (ui->depth == UI_STACK)
		return;
	void *self = operations->new (ui);
	if (!self)
		return;
	ui->search.running = false;
	ui->stack[ui->depth++] = (struct ui_layer){operations, self};
}

void ui_pop(struct ui *ui)
{
	struct ui_layer *top = ui_top(ui);
	top->operations->free(top->self);
	ui->search.running = false;
	if (--ui->depth == 0)
		ui->quits = true;
}

void ui_go(struct ui *ui, const struct screen_operations *operations)
{
	for (size_t i = 0; i < ui->depth; i++)
		if (ui->stack[i].operations == operations) {
			while (ui->depth > i + 1)
				ui_pop(ui);
			return;
		}
	ui_push(ui, operations);
}

/* ---- what screens share */

void ui_say(struct ui *ui, const char *format, ...)
{
	va_list arguments;
	va_start(arguments, format);
	vsnprintf(ui->message, sizeof ui->message, format, arguments);
	va_end(arguments);
}

struct query_data ui_data(const struct ui *ui)
{
	return (struct query_data){ui->input.record, ui->input.findings(ui->input.self)};
}

static size_t ui_filter_place(enum query_table table)
{
	return table == TABLE_SESSIONS ? 0 : table == TABLE_EVENTS ? 1 : 2;
}

const struct query *ui_filter(const struct ui *ui, enum query_table table)
{
	return ui->filters[ui_filter_place(table)];
}

char *ui_format_time(const struct ui *ui, stamp time, stamp before, char *text)
{
	if (time == STAMP_NONE) {
		snprintf(text, STAMP_TEXT_SIZE, "-");
	} else if (ui->time == UI_TIME_CLOCK) {
		char whole[STAMP_TEXT_SIZE];
		snprintf(text, STAMP_TEXT_SIZE, "%.12s", stamp_format(time, whole) + 11);
	} else {
		stamp from = ui->time == UI_TIME_DELTA && before != STAMP_NONE ? before : ui->begin;
		snprintf(text, STAMP_TEXT_SIZE, "%+.3f", from == STAMP_NONE ? 0 : (double)(time - from) / 1e9);
	}
	return text;
}

bool ui_is_marked(const struct ui *ui, uint64_t session)
{
	for (size_t i = 0; i < ui->marked_count; i++)
		if (ui->marked[i] == session)
			return true;
	return false;
}

void ui_toggle_mark(struct ui *ui, uint64_t session)
{
	for (size_t i = 0; i < ui->marked_count; i++)
		if (ui->marked[i] == session) {
			ui->marked[i] = ui->marked[--ui->marked_count];
			return;
		}
	uint64_t *grown = realloc(ui->marked, (ui->marked_count + 1) * sizeof *grown);
	if (!grown)
		return;
	ui->marked = grown;
	ui->marked[ui->marked_count++] = session;
}

/* ---- search: in slices, for there may be a million rows */

static void ui_search_begin(struct ui *ui, bool forward)
{
	struct ui_layer *top = ui_top(ui);
	struct list *list = top->operations->list(top->self);
	if (!*ui->search.text || !top->operations->holds || list->count < 1) {
		ui_say(ui, *ui->search.text ? "nothing to search in here" : "what for? / asks");
		return;
	}
	ui->search.forward = forward;
	ui->search.left = list->count;
	ui->search.at = forward ? (list->selected + 1) % list->count
	                        : (list->selected ? list->selected : list->count) - 1;
	ui->search.running = true;
}

static void ui_search_step(struct ui *ui, const struct list *list)
{
	ui->search.left--;
	if (ui->search.forward)
		ui->search.at = ui->search.at + 1 < list->count ? ui->search.at + 1 : 0;
	else
		ui->search.at = (ui->search.at ? ui->search.at : list->count) - 1;
}

static void ui_moved(struct ui *ui)
{
	struct ui_layer *top = ui_top(ui);
	if (top->operations->moved)
		top->operations->moved(top->self, ui);
}

static void ui_search_work(struct ui *ui)
{
	struct ui_layer *top = ui_top(ui);
	struct list *list = top->operations->list(top->self);
	int64_t end = ui_now() + UI_SLICE;
	while (ui->search.left && ui_now() < end) {
		if (ui->search.at < list->count &&
		    top->operations->holds(top->self, ui, ui->search.at, slice_of_text(ui->search.text))) {
			list_select(list, ui->search.at);
			ui->search.running = false;
			ui_moved(ui);
			return;
		}
		ui_search_step(ui, list);
	}
	if (!ui->search.left) {
		ui->search.running = false;
		ui_say(ui, "not found: %s", ui->search.text);
	}
}

static void ui_search_entered(void *self, const char *text)
{
	struct ui *ui = self;
	snprintf(ui->search.text, sizeof ui->search.text, "%s", text);
	ui_search_begin(ui, true);
}

/* ---- filter */

static void ui_filter_entered(void *self, const char *text)
{
	struct ui *ui = self;
	struct query_error error;
	enum query_table table = ui_top(ui)->operations->table;
	struct query **filter = &ui->filters[ui_filter_place(table)];
	struct query *query = *text ? query_parse(slice_of_text(text), table, &error) : NULL;
	if (*text && !query) {
		ui_say(ui, "%s", error.message);
		prompt_keep(&ui->prompt, error.at);
		return;
	}
	query_free(*filter);
	*filter = query;
	ui->filter_changes++;
}

static void ui_ask_filter(struct ui *ui)
{
	enum query_table table = ui_top(ui)->operations->table;
	const struct query *filter = table ? ui_filter(ui, table) : NULL;
	char now[PROMPT_TEXT] = "";
	if (!table) {
		ui_say(ui, "nothing to filter here");
		return;
	}
	if (filter)
		snprintf(now, sizeof now, "%.*s", (int)query_text(filter).len, (const char *)query_text(filter).at);
	prompt_open(&ui->prompt,
	    table == TABLE_SESSIONS ? "sessions where"
	    : table == TABLE_EVENTS ? "events where"
	                            : "findings where",
	    now, ui_filter_entered, ui);
}

/* ---- save */

static void ui_save_entered(void *self, const char *path)
{
	struct ui *ui = self;
	char why[200] = "";
	if (!*path)
		return;
	uint64_t one = ui->session;
	bool marked = ui->marked_count > 0, all = !marked && (!one || ui->depth < 2);
	const uint64_t *sessions = marked ? ui->marked : &one;
	size_t count = marked ? ui->marked_count : all ? 0 : 1;
	if (ui->input.save(ui->input.self, path, sessions, count, why, sizeof why))
		ui_say(ui, "saved %s%s", path, all ? "" : " (the chosen sessions)");
	else
		ui_say(ui, "%s: %s", path, why);
}

/* ---- drawing */

static bool ui_is_large_enough(void)
{
	return LINES >= UI_LEAST_HEIGHT && COLS >= UI_LEAST_WIDTH;
}

static uint64_t ui_finding_count(const struct ui *ui)
{
	return ui->input.findings(ui->input.self)->count;
}

static void ui_draw_head(struct ui *ui, const struct canvas *whole)
{
	static const char *const feeds[] = {"loading", "live", ""};
	const struct engine_counts *counts = ui->input.counts(ui->input.self);
	const char *state = ui->paused                                      ? "paused"
	                    : ui->feed == UI_FEED_MORE && ui->input.is_live ? "live"
	                                                                    : feeds[ui->feed];
	canvas_fill(whole, 0, 0, TINT_BAR);
	int column = canvas_format(whole, 0, 1, TINT_BAR, "%s  ", ui_top(ui)->operations->title);
	column = canvas_write(whole, 0, column, TINT_BAR, slice_take(slice_of_text(ui->input.name), 60));
	char text[120];
	int len = snprintf(text, sizeof text, "%s %" PRIu64 " packets %" PRIu64 " sessions %" PRIu64 " findings ",
	    state, counts->packets, record_session_count(ui->input.record), ui_finding_count(ui));
	int right = whole->width - len - 1;
	canvas_write_text(whole, 0, right > column + 1 ? right : column + 1, TINT_BAR, text);
}

static int ui_draw_key(const struct canvas *whole, int column, const char *key, const char *name)
{
	int row = whole->height - 1, wanted = (int)(strlen(key) + strlen(name)) + 2;
	if (column + wanted > whole->width)
		return column;
	column = canvas_write_text(whole, row, column, TINT_KEY, key);
	column = canvas_write_text(whole, row, column, TINT_BAR, name);
	return canvas_write_text(whole, row, column, TINT_PLAIN, " ");
}

static const char *ui_key_name(int key, char text[8])
{
	if (key == '\t')
		return "Tab";
	if (key == ' ')
		return "Space";
	snprintf(text, 8, "%c", key);
	return text;
}

static void ui_draw_keys(struct ui *ui, const struct canvas *whole)
{
	const struct screen_operations *operations = ui_top(ui)->operations;
	char text[8];
	int column = ui_draw_key(whole, 0, "F1", "Help");
	if (operations->enter)
		column = ui_draw_key(whole, column, "Enter", "In");
	column = ui_draw_key(whole, column, ui->depth > 1 ? "Esc" : "q", ui->depth > 1 ? "Back" : "Quit");
	for (const struct screen_key *key = operations->keys; key->key; key++)
		if (key->in_bar)
			column = ui_draw_key(whole, column, ui_key_name(key->key, text), key->name);
	if (operations->holds)
		column = ui_draw_key(whole, column, "/", "Search");
	if (operations->table)
		column = ui_draw_key(whole, column, "F7", "Filter");
	column = ui_draw_key(whole, column, "F2", "Save");
	ui_draw_key(whole, column, "1-6", "Screens");
}

static void ui_draw_foot(struct ui *ui, const struct canvas *whole)
{
	int row = whole->height - 1;
	if (*ui->message && !ui->prompt.open) {
		canvas_write_text(whole, row, 0, TINT_WARNING, ui->message);
	} else if (ui->search.running) {
		canvas_format(whole, row, 0, TINT_PLAIN, "searching %s ...", ui->search.text);
	} else if (!ui->prompt.open) {
		ui_draw_keys(ui, whole);
	}
}

/* The end of a long line is shown when the cursor is there. */
static void ui_draw_prompt(struct ui *ui, const struct canvas *whole)
{
	const struct prompt *prompt = &ui->prompt;
	int row = whole->height - 1;
	int column = canvas_format(whole, row, 0, TINT_TITLE, "%s: ", prompt->label);
	size_t from = 0;
	while (canvas_columns(slice_of(prompt->text + from, prompt->cursor - from)) >= whole->width - column - 1 &&
	       from < prompt->cursor)
		from++;
	canvas_write(whole, row, column, TINT_PLAIN, slice_of(prompt->text + from, prompt->len - from));
	if (*ui->message)
		canvas_fill(whole, row - 1, 0, TINT_PLAIN),
		    canvas_write_text(whole, row - 1, 0, TINT_ERROR, ui->message);
	move(row, column + canvas_columns(slice_of(prompt->text + from, prompt->cursor - from)));
}

static void ui_draw(struct ui *ui)
{
	const struct canvas whole = {.height = LINES, .width = COLS, .theme = &ui->theme};
	erase();
	if (!ui_is_large_enough()) {
		canvas_format(&whole, 0, 0, TINT_PLAIN, "too small: %dx%d", COLS, LINES);
		canvas_format(&whole, 1, 0, TINT_PLAIN, "%dx%d is needed", UI_LEAST_WIDTH, UI_LEAST_HEIGHT);
		refresh();
		return;
	}
	struct canvas middle = canvas_inside(&whole, 1, 0, whole.height - 2, whole.width);
	ui_draw_head(ui, &whole);
	ui_top(ui)->operations->draw(ui_top(ui)->self, ui, &middle);
	ui_draw_foot(ui, &whole);
	curs_set(ui->prompt.open);
	if (ui->prompt.open)
		ui_draw_prompt(ui, &whole);
	refresh();
}

/* ---- keys that mean the same everywhere */

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
	prompt_open(&ui->prompt, "/", "", ui_search_entered, ui);
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
	prompt_open(&ui->prompt, "save as (.pcapng .ndjson .txt)", "", ui_save_entered, ui);
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

static void ui_take_key(struct ui *ui, int key)
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

/* ---- the loop */

static void ui_feed(struct ui *ui)
{
	if (ui->feed == UI_FEED_OVER || ui->paused)
		return;
	ui->feed = ui->input.feed(ui->input.self, UI_SLICE);
	const struct event *first = ui->begin == STAMP_NONE ? record_event(ui->input.record, 1) : NULL;
	if (first)
		ui->begin = first->time;
}

/* Work that is left: of a search, of the screen on top. */
static bool ui_work(struct ui *ui)
{
	struct ui_layer *top = ui_top(ui);
	if (ui->search.running)
		ui_search_work(ui);
	bool more = top->operations->work && top->operations->work(top->self, ui);
	return more || ui->search.running;
}

/* Waits for a key, or for packets; not at all while there is work. Without either nothing happens, and costs nothing.
 */
static void ui_wait(struct ui *ui, bool work, int64_t redraw)
{
	int files[UI_FILES];
	struct pollfd polled[UI_FILES + 1] = {{.fd = STDIN_FILENO, .events = POLLIN}};
	bool waits = ui->feed == UI_FEED_WAITS && !ui->paused;
	size_t count = waits ? ui->input.files(ui->input.self, files, UI_FILES) : 0;
	for (size_t i = 0; i < count; i++)
		polled[i + 1] = (struct pollfd){.fd = files[i], .events = POLLIN};
	bool busy = work || (ui->feed == UI_FEED_MORE && !ui->paused);
	int patience = redraw > 0 ? (int)(redraw / 1000000) + 1 : waits ? 1000 : -1;
	poll(polled, count + 1, busy ? 0 : patience);
}

static bool ui_take_keys(struct ui *ui)
{
	bool any = false;
	int key;
	while (!ui->quits && (key = getch()) != ERR) {
		ui_take_key(ui, key);
		any = true;
	}
	return any;
}

static bool ui_keyboard_went(void)
{
	struct pollfd keyboard = {.fd = STDIN_FILENO, .events = POLLIN};
	return poll(&keyboard, 1, 0) == 1 && (keyboard.revents & (POLLHUP | POLLERR | POLLNVAL));
}

static void ui_loop(struct ui *ui)
{
	int64_t drawn = 0;
	bool stale = true;
	while (!ui->quits && !ui_keyboard_went()) {
		bool fed = ui->feed != UI_FEED_OVER && !ui->paused;
		ui_feed(ui);
		bool typed = ui_take_keys(ui);
		if (ui->quits)
			break;
		bool work = ui_work(ui);
		stale |= fed || typed || work;
		/* What a key does is seen at once; what the capture does, some times a second. */
		if (stale && (typed || ui_now() >= drawn + UI_REDRAW)) {
			ui_draw(ui);
			drawn = ui_now();
			stale = work;
		}
		ui_wait(ui, work, stale ? drawn + UI_REDRAW - ui_now() : 0);
	}
}

static bool ui_begin(struct ui *ui)
{
	setlocale(LC_CTYPE, "");
	set_escdelay(25);
	if (!initscr()) {
		fputs("sioscope: no terminal to draw on\n", stderr);
		return false;
	}
	cbreak();
	noecho();
	nonl();
	keypad(stdscr, TRUE);
	nodelay(stdscr, TRUE);
	mousemask(BUTTON1_CLICKED | BUTTON1_DOUBLE_CLICKED | BUTTON4_PRESSED | BUTTON5_PRESSED, NULL);
	mouseinterval(150);
	theme_begin(&ui->theme, ui->input.no_color);
	return true;
}

static void ui_end(struct ui *ui)
{
	while (ui->depth)
		ui_pop(ui);
	for (size_t i = 0; i < 3; i++)
		query_free(ui->filters[i]);
	free(ui->marked);
	endwin();
}

bool ui_run(const struct ui_input *input)
{
	struct ui ui = {.input = *input, .begin = STAMP_NONE};
	if (!ui_begin(&ui))
		return false;
	ui_push(&ui, &screen_sessions);
	if (ui.depth)
		ui_loop(&ui);
	ui_end(&ui);
	return true;
}
