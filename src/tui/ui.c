/*
 * The stack of screens, what they share, the loop, and the frame around a screen: its head, and its foot with the keys,
 * a message or the prompt.
 */
#include "tui/ui.h"

#include "base/text.h"

#define NCURSES_NOMACROS
#include <inttypes.h>
#include <locale.h>
#include <ncurses.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <term.h>
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
		ui->begin = first->origin.time;
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
	struct pollfd polled[UI_FILES + 1] = {{.fd = ui->input.keys, .events = POLLIN}};
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
	struct ui ui = {.input = *input, .begin = TIMESTAMP_NONE};
	if (!ui_begin(&ui))
		return false;
	ui_push(&ui, &screen_sessions);
	if (ui.depth)
		ui_loop(&ui);
	ui_end(&ui);
	return true;
}

/* ---- drawing */

enum { UI_LEAST_WIDTH = 40, UI_LEAST_HEIGHT = 8 };

/* The name has what is left beside the title and the counts. */
static void ui_draw_name(const struct ui *ui, const struct canvas *whole, int column, int room)
{
	bool fits = canvas_columns(ui->input.name) <= room;
	struct canvas place = canvas_inside(whole, 0, column, 1, room);
	canvas_write(&place, 0, 0, TINT_BAR, fits ? ui->input.name : ui->input.short_name);
}

/* As many of the counts as there is room for: what was found matters most. */
static int ui_write_counts(const struct ui *ui, int room, char *text, size_t size)
{
	uint64_t packets = ui->input.counts(ui->input.self)->packets, sessions = record_session_count(ui->input.record),
	         findings = findings_count_found(ui->input.findings(ui->input.self));
	int len = snprintf(text, size, "%" PRIu64 " packet%s %" PRIu64 " session%s %" PRIu64 " finding%s", packets,
	    plural_ending(packets), sessions, plural_ending(sessions), findings, plural_ending(findings));
	if (len > room)
		len = snprintf(text, size, "%" PRIu64 " session%s %" PRIu64 " finding%s", sessions,
		    plural_ending(sessions), findings, plural_ending(findings));
	if (len > room)
		len = snprintf(text, size, "%" PRIu64 " finding%s", findings, plural_ending(findings));
	return len;
}

static void ui_draw_head(struct ui *ui, const struct canvas *whole)
{
	static const char *const feeds[] = {"loading", "live", ""};
	const char *state = ui->paused                                      ? "paused"
	                    : ui->feed == UI_FEED_MORE && ui->input.is_live ? "live"
	                                                                    : feeds[ui->feed];
	canvas_fill(whole, 0, 0, TINT_BAR);
	int column = canvas_format(whole, 0, 1, TINT_BAR, "%s  ", ui_top(ui)->operations->title);
	enum { MARK = 2 };
	char text[120];
	bool unseen = ui_is_blinded(ui);
	int marks = (unseen ? MARK : 0) + (*state ? (int)strlen(state) + 1 : 0);
	int len = ui_write_counts(ui, whole->width - column - marks - 2, text, sizeof text);
	int right = whole->width - len - marks - 2;
	ui_draw_name(ui, whole, column, right - column - 1);
	if (*state)
		right = canvas_format(whole, 0, right, ui->paused ? TINT_WARNING : TINT_BAR, "%s", state) + 1;
	right = canvas_write_text(whole, 0, right, TINT_BAR, text);
	if (unseen)
		canvas_write_text(whole, 0, right + 1, TINT_WARNING, "!");
}

const struct query *ui_top_filter(struct ui *ui)
{
	enum query_table table = ui_top(ui)->operations->table;
	return table ? ui_filter(ui, table) : NULL;
}

int ui_rows_above(struct ui *ui)
{
	return ui_top_filter(ui) ? 2 : 1;
}

/* "filter: type == event   hides 12 events (Esc clears it)": the count stays when the expression is too long. */
static void ui_draw_filter(struct ui *ui, const struct canvas *whole)
{
	static const char *const rows[] = {
	    [TABLE_SESSIONS] = "session", [TABLE_EVENTS] = "event", [TABLE_FINDINGS] = "finding"};
	const struct ui_layer *top = ui_top(ui);
	const struct query *filter = ui_top_filter(ui);
	uint64_t hidden = filter ? top->operations->hidden(top->self, ui) : 0;
	char text[80];
	if (!filter)
		return;
	int len = snprintf(text, sizeof text, "hides %" PRIu64 " %s%s (Esc clears it)", hidden,
	    rows[top->operations->table], plural_ending(hidden));
	struct canvas left = canvas_inside(whole, 1, 0, 1, whole->width - len - 2);
	int column = canvas_write_text(&left, 0, 0, TINT_WARNING, "filter: ");
	canvas_write(&left, 0, column, TINT_PLAIN, query_text(filter));
	canvas_write_text(whole, 1, whole->width - len, TINT_WARNING, text);
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

static void ui_draw_keys(struct ui *ui, const struct canvas *whole)
{
	const struct screen_operations *operations = ui_top(ui)->operations;
	char text[8];
	int column = ui_draw_key(whole, 0, "F1", "Help");
	if (operations->enter)
		column = ui_draw_key(whole, column, "Enter", "In");
	bool filtered = ui_top_filter(ui);
	if (filtered || ui->depth > 1)
		column = ui_draw_key(whole, column, "Esc", filtered ? "Clear" : "Back");
	else
		column = ui_draw_key(whole, column, "q", "Quit");
	if (ui_count_unseen(ui) && ui_top(ui)->operations != &screen_unseen)
		column = ui_draw_key(whole, column, "u", "Unseen");
	for (const struct screen_key *key = operations->keys; key->key; key++)
		if (key->in_bar)
			column = ui_draw_key(whole, column, ui_key_name(key, text), key->name);
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
	if (*ui->message) {
		canvas_fill(whole, row - 1, 0, TINT_PLAIN);
		canvas_write_text(whole, row - 1, 0, TINT_ERROR, ui->message);
	}
	move(row, column + canvas_columns(slice_of(prompt->text + from, prompt->cursor - from)));
}

void ui_draw(struct ui *ui)
{
	const struct canvas whole = {.height = LINES, .width = COLS, .theme = &ui->theme, .mask = ui->input.mask};
	erase();
	if (LINES < UI_LEAST_HEIGHT || COLS < UI_LEAST_WIDTH) {
		canvas_format(&whole, 0, 0, TINT_PLAIN, "too small: %dx%d", COLS, LINES);
		canvas_format(&whole, 1, 0, TINT_PLAIN, "%dx%d is needed", UI_LEAST_WIDTH, UI_LEAST_HEIGHT);
		refresh();
		return;
	}
	int above = ui_rows_above(ui);
	struct canvas middle = canvas_inside(&whole, above, 0, whole.height - above - 1, whole.width);
	ui_draw_head(ui, &whole);
	ui_draw_filter(ui, &whole);
	ui_top(ui)->operations->draw(ui_top(ui)->self, ui, &middle);
	ui_draw_foot(ui, &whole);
	curs_set(ui->prompt.open);
	if (ui->prompt.open)
		ui_draw_prompt(ui, &whole);
	refresh();
}
