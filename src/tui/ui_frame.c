/* The frame around a screen: its head, the filter, and its foot with the keys, a message or the prompt. */
#include "base/text.h"
#include "tui/ui.h"
#include "view/report.h"

#define NCURSES_NOMACROS
#include <inttypes.h>
#include <ncurses.h>
#include <stdio.h>

enum { UI_LEAST_WIDTH = 40, UI_LEAST_HEIGHT = 8 };

/* The name has what is left beside the title and the counts. */
static void ui_draw_name(const struct ui *ui, const struct canvas *whole, int column, int room)
{
	bool fits = canvas_columns(ui->input.name) <= room;
	struct canvas place = canvas_inside(whole, 0, column, 1, room);
	canvas_write(&place, 0, 0, TINT_BAR, fits ? ui->input.name : ui->input.short_name);
}

static void ui_add_count(struct buffer *line, uint64_t count, const char *one, const char *many)
{
	buffer_append_format(line, "%s%" PRIu64 " %s", line->len ? " " : "", count, plural_choose(count, one, many));
}

/* A HAR has entries, a log has lines: known once all is read. */
static void ui_add_input(struct ui *ui, struct buffer *line)
{
	const struct summary_input *input = ui->input.inputs(ui->input.self);
	uint64_t packets = ui->input.counts(ui->input.self)->packets;
	if (packets || (!input->entries && !input->lines))
		ui_add_count(line, packets, "packet", "packets");
	else if (input->entries)
		ui_add_count(line, input->entries, "entry", "entries");
	else
		ui_add_count(line, input->lines, "line", "lines");
}

/* As many of the counts as there is room for: what was found matters most. */
static size_t ui_write_counts(struct ui *ui, int room, char *text, size_t size)
{
	uint64_t attempts, sessions = ui_count_sessions(ui, &attempts);
	struct buffer line;
	for (int left_out = 0; left_out < 3; left_out++) {
		line = buffer_over(text, size - 1);
		if (left_out < 1)
			ui_add_input(ui, &line);
		if (left_out < 2 && (sessions || !attempts))
			ui_add_count(&line, sessions, "session", "sessions");
		if (left_out < 2 && attempts)
			ui_add_count(&line, attempts, "attempt", "attempts");
		ui_add_count(&line, findings_count_found(ui->input.findings(ui->input.self)), "finding", "findings");
		if (line.len <= (size_t)(room > 0 ? room : 0))
			break;
	}
	text[line.len] = '\0';
	return line.len;
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
	int len = (int)ui_write_counts(ui, whole->width - column - marks - 2, text, sizeof text);
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

/* Remembers where it is, for the mouse; `code` 0: a click there does nothing. */
static int ui_draw_key(
    struct ui *ui, const struct canvas *whole, int column, int code, const char *key, const char *name)
{
	int row = whole->height - 1, wanted = (int)(strlen(key) + strlen(name)) + 2;
	if (column + wanted > whole->width)
		return column;
	int from = column;
	column = canvas_write_text(whole, row, column, TINT_KEY, key);
	column = canvas_write_text(whole, row, column, TINT_BAR, name);
	if (code && ui->bar_count < UI_BAR)
		ui->bar[ui->bar_count++] = (struct ui_bar_key){from, column, code};
	return canvas_write_text(whole, row, column, TINT_PLAIN, " ");
}

static void ui_draw_keys(struct ui *ui, const struct canvas *whole)
{
	const struct screen_operations *operations = ui_top(ui)->operations;
	char text[8];
	int column = ui_draw_key(ui, whole, 0, KEY_F(1), "F1", "Help");
	if (operations->enter)
		column = ui_draw_key(ui, whole, column, '\n', "Enter", "In");
	bool filtered = ui_top_filter(ui);
	if (filtered || ui->depth > 1)
		column = ui_draw_key(ui, whole, column, UI_ESCAPE, "Esc", filtered ? "Clear" : "Back");
	else
		column = ui_draw_key(ui, whole, column, 'q', "q", "Quit");
	column = ui_draw_key(ui, whole, column, 0, "1-8", "Screens");
	if (operations->holds)
		column = ui_draw_key(ui, whole, column, '/', "/", "Search");
	if (operations->table)
		column = ui_draw_key(ui, whole, column, 'f', "f", "Filter");
	column = ui_draw_key(ui, whole, column, 's', "s", "Save");
	if (ui_count_unseen(ui) && ui_top(ui)->operations != &screen_unseen)
		column = ui_draw_key(ui, whole, column, 'u', "u", "Unseen");
	if (ui->input.has_several && operations != &screen_hosts)
		column = ui_draw_key(ui, whole, column, 'H', "H", "Hosts");
	for (const struct screen_key *key = operations->keys; key->key; key++)
		if (key->in_bar)
			column = ui_draw_key(ui, whole, column, key->key, ui_key_name(key, text), key->name);
	if (operations->table_of)
		column = ui_draw_key(ui, whole, column, '>', ">", "Sort");
	if (operations->pane)
		column = ui_draw_key(ui, whole, column, '\t', "Tab", "Payload");
}

/* A text whose last row is `row`: as many rows above it as it needs, of a few. */
static void ui_draw_note(const struct canvas *whole, int row, enum tint tint, const char *text)
{
	enum { NOTE_ROWS = 6 };
	struct slice rest = slice_of_text(text);
	int rows = 0;
	while (rest.len && rows < NOTE_ROWS) {
		canvas_take_row(&rest, whole->width);
		rows++;
	}
	for (int i = 0; i < rows; i++)
		canvas_fill(whole, row - i, 0, tint);
	const struct canvas place = canvas_inside(whole, row + 1 - rows, 0, rows, whole->width);
	wrap_write(&place, 0, 0, tint, text);
}

static void ui_draw_foot(struct ui *ui, const struct canvas *whole)
{
	int row = whole->height - 1;
	ui->bar_count = 0;
	if (*ui->message && !ui->prompt.open) {
		ui_draw_note(whole, row, TINT_WARNING, ui->message);
	} else if (ui->choice.choices) {
		int column = canvas_format(whole, row, 0, TINT_TITLE, "%s: ", ui->choice.label);
		for (const struct ui_choice *choice = ui->choice.choices; choice->key; choice++)
			column = ui_draw_key(
			    ui, whole, column, choice->key, (const char[]){(char)choice->key, 0}, choice->name);
		ui_draw_key(ui, whole, column, UI_ESCAPE, "Esc", "Leave");
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
	const char *hint = prompt->hint ? prompt->hint(prompt->self, prompt->text) : NULL;
	if (*ui->message)
		ui_draw_note(whole, row - 1, TINT_ERROR, ui->message);
	else if (hint)
		ui_draw_note(whole, row - 1, TINT_BAR, hint);
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
