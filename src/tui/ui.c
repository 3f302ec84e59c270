/* The stack of screens, what they share, and the loop. */
#include "tui/ui.h"

#include "base/text.h"
#include "tui/event_view.h"
#include "tui/settings.h"

#define NCURSES_NOMACROS
#include <locale.h>
#include <ncurses.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <term.h>
#include <termios.h>
#include <unistd.h>

#undef lines /* a capability of terminals, in term.h */

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
	ui->search.running = ui->search.counts = false;
	ui->stack[ui->depth++] = (struct ui_layer){operations, self};
}

void ui_pop(struct ui *ui)
{
	struct ui_layer *top = ui_top(ui);
	top->operations->free(top->self);
	ui->search.running = ui->search.counts = false;
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
	return (struct query_data){.record = ui->input.record,
	    .findings = ui->input.findings(ui->input.self),
	    .match = ui->input.match,
	    .memory = ui->input.memory};
}

struct query **ui_filter_of(struct ui *ui, enum query_table table)
{
	return &ui->filters[table == TABLE_SESSIONS ? 0 : table == TABLE_EVENTS ? 1 : 2];
}

const struct query *ui_filter(const struct ui *ui, enum query_table table)
{
	return *ui_filter_of((struct ui *)ui, table);
}

uint64_t ui_count_sessions(struct ui *ui, uint64_t *attempts)
{
	enum { FEW = 1000 };
	const struct record *record = ui->input.record;
	uint64_t count = record_session_count(record), events = record_event_count(record);
	bool is_due = count < FEW || ui->feed == UI_FEED_OVER || clock_now() > ui->counted_at + TIMESTAMP_SECOND;
	if (is_due && (events != ui->counted_events || ui->sessions + ui->attempts != count)) {
		ui->counted_events = events;
		ui->counted_at = clock_now();
		ui->sessions = 0;
		for (uint64_t number = 1; number <= count; number++) {
			const struct session *session = record_session(record, number);
			ui->sessions += session && session->known;
		}
		ui->attempts = count - ui->sessions;
	}
	*attempts = ui->attempts;
	return ui->sessions;
}

const struct ledger *ui_ledger(const struct ui *ui)
{
	return ui->input.counts(ui->input.self)->ledger;
}

size_t ui_count_unseen(const struct ui *ui)
{
	size_t count = 0;
	for (enum ledger_reason reason = 0; reason < LEDGER_REASONS; reason++)
		count += ledger_is_listed(ui_ledger(ui), reason);
	return count;
}

bool ui_is_blinded(const struct ui *ui)
{
	return ledger_find_blinding(ui_ledger(ui)) < LEDGER_REASONS;
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

size_t ui_shown_sessions(const struct ui *ui, const uint64_t **sessions)
{
	bool several = ui_is_marked(ui, ui->session);
	*sessions = several ? ui->marked : &ui->session;
	return several ? ui->marked_count : 1;
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

struct table *ui_table(struct ui *ui, enum ui_table table)
{
	return &ui->tables[table];
}

/* ---- the list, or the payload beside it */

struct event_pane *ui_focused_pane(struct ui *ui)
{
	const struct ui_layer *top = ui_top(ui);
	struct event_pane *pane = top->operations->pane ? top->operations->pane(top->self) : NULL;
	return pane && pane->focused ? pane : NULL;
}

struct list *ui_list(struct ui *ui)
{
	const struct ui_layer *top = ui_top(ui);
	struct event_pane *pane = ui_focused_pane(ui);
	return pane ? &pane->view.list : top->operations->list(top->self);
}

enum ui_held ui_holds(struct ui *ui, uint64_t row)
{
	const struct ui_layer *top = ui_top(ui);
	const struct event_pane *pane = ui_focused_pane(ui);
	const struct slice text = slice_of_text(ui->search.text);
	uint64_t *within = &ui->search.within;
	bool begins = !*within;
	ui->search.is_within = false;
	if (pane)
		return event_view_holds(&pane->view, row, text) ? UI_HOLDS : UI_HOLDS_NOT;
	if (begins && top->operations->holds(top->self, ui, row, text))
		return UI_HOLDS;
	if (!top->operations->holds_within)
		return UI_HOLDS_NOT;
	ui->search.is_within = top->operations->holds_within(top->self, ui, row, text, within);
	return ui->search.is_within ? UI_HOLDS : *within ? UI_MORE : UI_HOLDS_NOT;
}

/* ---- the loop */

void ui_moved(struct ui *ui)
{
	struct ui_layer *top = ui_top(ui);
	if (top->operations->moved && !ui_focused_pane(ui))
		top->operations->moved(top->self, ui);
}

static void ui_feed(struct ui *ui)
{
	if (ui->feed == UI_FEED_OVER || ui->paused)
		return;
	ui->feed = ui->input.feed(ui->input.self, UI_SLICE);
	ui->begin = ui->input.counts(ui->input.self)->first;
}

/* Work that is left: of a search, of the screen on top. */
static bool ui_work(struct ui *ui)
{
	struct ui_layer *top = ui_top(ui);
	if (ui->search.running)
		ui_search_work(ui);
	else if (ui->search.counts)
		ui_search_count(ui);
	bool more = top->operations->work && top->operations->work(top->self, ui);
	return more || ui->search.running || ui->search.counts;
}

/* Waits for a key, or for packets; not at all while there is work. Where nothing happens, nothing is spent. */
static void ui_wait(struct ui *ui, bool work, int64_t redraw)
{
	int files[UI_FILES];
	struct pollfd polled[UI_FILES + 1] = {{.fd = ui->away ? -1 : ui->input.keys, .events = POLLIN}};
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

static bool ui_keyboard_went(const struct ui *ui)
{
	struct pollfd keyboard = {.fd = ui->input.keys, .events = POLLIN};
	return poll(&keyboard, 1, 0) == 1 && (keyboard.revents & (POLLHUP | POLLERR | POLLNVAL));
}

static void ui_loop(struct ui *ui)
{
	int64_t drawn = 0;
	bool stale = true;
	while (!ui->quits && !ui_keyboard_went(ui)) {
		bool fed = ui->feed != UI_FEED_OVER && !ui->paused;
		ui_feed(ui);
		if (ui->away) {
			/* The capture goes on; the terminal is the pager's. */
			ui_look_away(ui);
			ui_wait(ui, false, ui->away ? UI_REDRAW : 1);
			stale = true;
			continue;
		}
		bool typed = ui_take_next_key(ui);
		if (ui->quits)
			break;
		if (ui->away)
			continue;
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
static void ui_take_interrupt_key(const struct ui *ui)
{
	struct termios settings;
	if (tcgetattr(ui->input.keys, &settings) != 0)
		return;
	settings.c_cc[VINTR] = _POSIX_VDISABLE;
	tcsetattr(ui->input.keys, TCSANOW, &settings);
	def_prog_mode(); /* it stays so after Ctrl-Z */
}

const char *ui_why_not(char text[UI_WHY])
{
	const char *name = getenv("TERM");
	int found;
	if (!name || !*name) {
		snprintf(text, UI_WHY, "TERM does not say which terminal this is");
		return text;
	}
	if (setupterm(NULL, STDOUT_FILENO, &found) != OK) {
		snprintf(text, UI_WHY, "the terminal of TERM=%.40s is not known here", name);
		return text;
	}
	bool moves = tigetstr("cup") && tigetstr("clear");
	del_curterm(cur_term); /* newterm reads it again */
	if (!moves)
		snprintf(text, UI_WHY, "the terminal of TERM=%.40s cannot move its cursor", name);
	return moves ? NULL : text;
}

static bool ui_begin(struct ui *ui)
{
	setlocale(LC_CTYPE, "");
	set_escdelay(25);
	ui->keyboard = ui->input.keys == STDIN_FILENO ? stdin : fdopen(ui->input.keys, "r");
	ui->terminal = ui->keyboard ? newterm(NULL, stdout, ui->keyboard) : NULL;
	if (!ui->terminal) {
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
	ui_take_interrupt_key(ui);
	theme_begin(&ui->theme, ui->input.no_color);
	settings_read(ui, ui->input.settings, ui->input.complaints);
	if (ui->input.complaints->len)
		ui_say(ui, "%s:%.*s", ui->input.settings_name,
		    (int)slice_find_byte(buffer_slice(ui->input.complaints), '\n'),
		    (const char *)ui->input.complaints->at);
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
	delscreen(ui->terminal);
}

bool ui_run(const struct ui_input *input)
{
	struct ui ui = {.input = *input, .begin = TIMESTAMP_NONE, .split_share = UI_SPLIT_SHARE};
	ui.tables[UI_TABLE_SESSIONS] = sessions_table;
	ui.tables[UI_TABLE_EVENTS] = events_table;
	ui.tables[UI_TABLE_STATISTICS] = statistics_table;
	if (!ui_begin(&ui))
		return false;
	ui_push(&ui, &screen_sessions);
	if (ui.depth)
		ui_loop(&ui);
	ui_end(&ui);
	return true;
}
