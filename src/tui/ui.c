/* The stack of screens, what they share, and the loop. */
#include "tui/ui_parts.h"

#define NCURSES_NOMACROS
#include <inttypes.h>
#include <locale.h>
#include <ncurses.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <termios.h>
#include <unistd.h>

enum { UI_FILES = 64 };

#define UI_REDRAW INT64_C(100000000) /* a live capture is drawn at most so often */

/* ---- the stack */

struct ui_layer *ui_top(struct ui *ui)
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
	return (struct query_data){.record = ui->input.record, .findings = ui->input.findings(ui->input.self)};
}

struct query **ui_filter_of(struct ui *ui, enum query_table table)
{
	return &ui->filters[table == TABLE_SESSIONS ? 0 : table == TABLE_EVENTS ? 1 : 2];
}

const struct query *ui_filter(const struct ui *ui, enum query_table table)
{
	return *ui_filter_of((struct ui *)ui, table);
}

char *ui_format_time(const struct ui *ui, timestamp time, timestamp before, char *text)
{
	if (time == TIMESTAMP_NONE) {
		snprintf(text, TIMESTAMP_TEXT_SIZE, "-");
	} else if (ui->time == UI_TIME_CLOCK) {
		char whole[TIMESTAMP_TEXT_SIZE];
		snprintf(text, TIMESTAMP_TEXT_SIZE, "%.12s", timestamp_format(time, whole) + 11);
	} else {
		timestamp from = ui->time == UI_TIME_DELTA && before != TIMESTAMP_NONE ? before : ui->begin;
		snprintf(text, TIMESTAMP_TEXT_SIZE, "%+.3f", from == TIMESTAMP_NONE ? 0 : (double)(time - from) / 1e9);
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

/* ---- the loop */

void ui_moved(struct ui *ui)
{
	struct ui_layer *top = ui_top(ui);
	if (top->operations->moved)
		top->operations->moved(top->self, ui);
}

static void ui_feed(struct ui *ui)
{
	if (ui->feed == UI_FEED_OVER || ui->paused)
		return;
	ui->feed = ui->input.feed(ui->input.self, UI_SLICE);
	const struct event *first = ui->begin == TIMESTAMP_NONE ? record_event(ui->input.record, 1) : NULL;
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

/* Waits for a key, or for packets; not at all while there is work. Where nothing happens, nothing is spent. */
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

/* One key at a time: what it changed is worked at and drawn before the next, which may have been typed ahead and mean
 * what is then on the screen. */
static bool ui_take_next_key(struct ui *ui)
{
	int key = getch();
	if (key != ERR)
		ui_take_key(ui, key);
	return key != ERR;
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
		bool typed = ui_take_next_key(ui);
		if (ui->quits)
			break;
		bool work = ui_work(ui);
		stale |= fed || typed || work;
		/* What a key does is seen at once; what the capture does, some times a second. */
		if (stale && (typed || clock_now() >= drawn + UI_REDRAW)) {
			ui_draw(ui);
			drawn = clock_now();
			stale = work;
		}
		ui_wait(ui, work || typed, stale ? drawn + UI_REDRAW - clock_now() : 0);
	}
}

/* Ctrl-C is a key: it leaves as q does, with the terminal as it was, and not by a signal in the middle of things. */
static void ui_take_interrupt_key(void)
{
	struct termios settings;
	if (tcgetattr(STDIN_FILENO, &settings) != 0)
		return;
	settings.c_cc[VINTR] = _POSIX_VDISABLE;
	tcsetattr(STDIN_FILENO, TCSANOW, &settings);
	def_prog_mode(); /* it stays so after Ctrl-Z */
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
	ui_take_interrupt_key();
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
	struct ui ui = {.input = *input, .begin = TIMESTAMP_NONE};
	if (!ui_begin(&ui))
		return false;
	ui_push(&ui, &screen_sessions);
	if (ui.depth)
		ui_loop(&ui);
	ui_end(&ui);
	return true;
}
