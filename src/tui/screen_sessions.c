/* Sessions: one line each. */
#include "base/text.h"
#include "net/packet.h"
#include "tui/event_view.h"
#include "tui/list.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

struct sessions_screen {
	struct session_list sessions;
	struct table *table; /* the interface's: it is remembered */
	struct list list;
	uint64_t known_sessions, known_events, known_findings; /* when the list was made */
	unsigned known_filters;
	bool stale, follows;
};

static const struct table_column session_columns[SESSION_COLUMNS] = {
    [COLUMN_NUMBER] = {"number", "#", 4, true, false, 0, false},
    [COLUMN_STATE] = {"state", "state", 6, false, false, 0, false},
    [COLUMN_CLIENT] = {"client", "client", 21, false, false, 0, false},
    [COLUMN_SERVER] = {"server", "server", 21, false, false, 112, false},
    [COLUMN_PROCESS] = {"process", "process", 16, false, false, 98, false},
    [COLUMN_TRANSPORT] = {"transport", "via", 4, false, false, 0, false},
    [COLUMN_NAMESPACES] = {"namespaces", "nsp", 3, true, false, 90, true},
    [COLUMN_SENT] = {"sent", "c>s", 5, true, false, 70, true},
    [COLUMN_RECEIVED] = {"received", "s>c", 5, true, false, 70, true},
    [COLUMN_LATENCY] = {"latency", "last", 8, true, false, 80, true},
    [COLUMN_AGE] = {"age", "age", 8, true, false, 60, true},
    [COLUMN_WORST] = {"worst", "worst", 7, false, false, 0, true},
};

static char *session_span(timestamp span, char text[TIMESTAMP_TEXT_SIZE])
{
	if (span == TIMESTAMP_NONE)
		snprintf(text, TIMESTAMP_TEXT_SIZE, "-");
	else
		timestamp_format_span(span, text);
	return text;
}

/* "4711 uvicorn", in a container "4711 uvicorn 0123456789ab". */
static const char *session_process_text(const struct session *session, char text[ENDPOINT_TEXT_SIZE])
{
	const struct process *process = session->process;
	if (process)
		snprintf(text, ENDPOINT_TEXT_SIZE, "%u %s%s%.12s", process->id, process->command,
		    *process->container ? " " : "", process->container);
	return process ? text : "-";
}

/* The text of a cell; `text` has TIMESTAMP_TEXT_SIZE bytes at least as many as an endpoint. */
static const char *session_cell(const struct ui *ui, const struct session_list *sessions, const struct session *session,
    enum session_column column, char text[ENDPOINT_TEXT_SIZE])
{
	static const char *const severities[] = {"", "info", "warning", "error"};
	switch (column) {
	case COLUMN_NUMBER:
		snprintf(text, ENDPOINT_TEXT_SIZE, "%" PRIu64, session->number);
		return text;
	case COLUMN_STATE:
		return !session->known ? "?" : session->closed != TIMESTAMP_NONE ? "closed" : "open";
	case COLUMN_CLIENT:
		return endpoint_format(&session->client, text);
	case COLUMN_SERVER:
		return endpoint_format(&session->server, text);
	case COLUMN_PROCESS:
		return session_process_text(session, text);
	case COLUMN_TRANSPORT:
		return session_transports(session, theme_glyph(&ui->theme, GLYPH_ARROW), text);
	case COLUMN_NAMESPACES:
		snprintf(text, ENDPOINT_TEXT_SIZE, "%zu", session->namespace_count);
		return text;
	case COLUMN_SENT:
		snprintf(text, ENDPOINT_TEXT_SIZE, "%" PRIu64, session->events[DIRECTION_TO_SERVER]);
		return text;
	case COLUMN_RECEIVED:
		snprintf(text, ENDPOINT_TEXT_SIZE, "%" PRIu64, session->events[DIRECTION_TO_CLIENT]);
		return text;
	case COLUMN_LATENCY:
		return session_span(session_last_latency(ui->input.record, session->number), text);
	case COLUMN_AGE:
		return session_span(session_age(session), text);
	default:
		return severities[session_list_worst(sessions, session->number)];
	}
}

_Static_assert((int)ENDPOINT_TEXT_SIZE >= (int)TIMESTAMP_TEXT_SIZE, "a cell holds a time as well");

static enum tint session_tint(const struct session_list *sessions, const struct session *session)
{
	static const enum tint worst[] = {TINT_PLAIN, TINT_PLAIN, TINT_WARNING, TINT_ERROR};
	unsigned severity = session_list_worst(sessions, session->number);
	return severity > 1 ? worst[severity] : session->closed != TIMESTAMP_NONE ? TINT_FAINT : TINT_PLAIN;
}

/* ---- drawing */

static void sessions_draw_row(
    struct sessions_screen *screen, struct ui *ui, const struct canvas *canvas, int row, uint64_t number)
{
	const struct session *session = record_session(ui->input.record, number);
	bool selected = screen->list.top + (uint64_t)row - 1 == screen->list.selected;
	enum tint tint = selected ? TINT_SELECTED : session_tint(&screen->sessions, session);
	struct table_cell cell = {0};
	if (selected)
		canvas_fill(canvas, row, 0, TINT_SELECTED);
	canvas_write_text(canvas, row, 0, tint, ui_is_marked(ui, number) ? "*" : " ");
	while (table_next(screen->table, canvas->width, &cell)) {
		char text[ENDPOINT_TEXT_SIZE];
		table_draw_cell(screen->table, canvas, row, &cell, tint,
		    session_cell(ui, &screen->sessions, session, cell.column, text));
	}
}

static const char *sessions_why_none(const struct ui *ui)
{
	if (ui_filter(ui, TABLE_SESSIONS))
		return "No session passes the filter.";
	return ui->feed == UI_FEED_OVER ? "No Engine.IO session here." : "No Engine.IO session yet.";
}

static void sessions_draw_end(const struct sessions_screen *screen, const struct ui *ui, const struct canvas *canvas)
{
	bool is_filtered = ui_filter(ui, TABLE_SESSIONS);
	if (!screen->sessions.count)
		canvas_write_text(canvas, 2, 2, TINT_FAINT, sessions_why_none(ui));
	if (!screen->sessions.count && !is_filtered) {
		uint64_t found = findings_count_found(ui_data(ui).findings);
		if (found)
			canvas_format(canvas, 3, 2, TINT_WARNING, "%" PRIu64 " finding%s: Tab shows %s.", found,
			    plural_ending(found), plural_choose(found, "it", "them"));
		if (ui_count_unseen(ui))
			canvas_write_text(canvas, found ? 4 : 3, 2, TINT_WARNING, "u shows what could not be seen.");
	}
	if (screen->sessions.folded)
		canvas_format(canvas, canvas->height - 1, 2, TINT_FAINT, "%" PRIu64 " closed %s folded (z shows %s)",
		    screen->sessions.folded, plural_choose(screen->sessions.folded, "one is", "ones are"),
		    plural_choose(screen->sessions.folded, "it", "them"));
}

static void sessions_draw(void *self, struct ui *ui, const struct canvas *canvas)
{
	struct sessions_screen *screen = self;
	list_fit(&screen->list, screen->sessions.count, canvas->height - 1 - (screen->sessions.folded > 0));
	table_draw_head(screen->table, canvas);
	for (int row = 0; row < screen->list.height && screen->list.top + (uint64_t)row < screen->list.count; row++)
		sessions_draw_row(
		    screen, ui, canvas, row + 1, screen->sessions.numbers[screen->list.top + (uint64_t)row]);
	sessions_draw_end(screen, ui, canvas);
}

/* ---- the list */

static void sessions_moved(void *self, struct ui *ui)
{
	struct sessions_screen *screen = self;
	if (screen->list.selected >= screen->sessions.count)
		return;
	uint64_t number = screen->sessions.numbers[screen->list.selected];
	if (number != ui->session)
		ui->event = 0;
	ui->session = number;
}

static void sessions_rebuild(struct sessions_screen *screen, struct ui *ui)
{
	struct query_data data = ui_data(ui);
	screen->sessions.column = (enum session_column)screen->table->sorted;
	screen->sessions.descending = screen->table->descending;
	session_list_rebuild(&screen->sessions, &data, ui_filter(ui, TABLE_SESSIONS));
	screen->known_sessions = record_session_count(data.record);
	screen->known_events = record_event_count(data.record);
	screen->known_findings = data.findings->changes;
	screen->known_filters = ui->filter_changes;
	screen->stale = false;
	screen->list.count = screen->sessions.count;
	if (screen->follows)
		list_select(&screen->list, UINT64_MAX);
	else if (ui->session)
		list_select(&screen->list, session_list_find(&screen->sessions, ui->session));
	sessions_moved(screen, ui);
}

/* The cells are read as they are drawn; only what changes the order or the choice rebuilds the list, and what changes
 * all the time (counts, ages) only while there are few. */
static bool sessions_work(void *self, struct ui *ui)
{
	enum { FEW = 2000 };
	struct sessions_screen *screen = self;
	struct query_data data = ui_data(ui);
	bool few = record_session_count(data.record) < FEW;
	screen->stale |= screen->known_sessions != record_session_count(data.record) ||
	                 screen->known_findings != data.findings->changes ||
	                 screen->known_filters != ui->filter_changes ||
	                 (few && screen->known_events != record_event_count(data.record));
	if (screen->stale)
		sessions_rebuild(screen, ui);
	return false;
}

static bool sessions_holds(void *self, struct ui *ui, uint64_t row, struct slice text)
{
	struct sessions_screen *screen = self;
	const struct session *session = record_session(ui->input.record, screen->sessions.numbers[row]);
	char cell[ENDPOINT_TEXT_SIZE];
	if (session->sid && slice_find(slice_of(session->sid, session->sid_len), text) < session->sid_len)
		return true;
	for (enum session_column column = 0; column < SESSION_COLUMNS; column++) {
		struct slice shown = slice_of_text(session_cell(ui, &screen->sessions, session, column, cell));
		if (slice_find(shown, text) < shown.len)
			return true;
	}
	return false;
}

/* What the events hold is looked for too: a list of sessions is where one begins. */
static bool sessions_holds_within(void *self, struct ui *ui, uint64_t row, struct slice text, uint64_t *event)
{
	enum { AT_ONCE = 200 };
	const struct sessions_screen *screen = self;
	const struct record *record = ui->input.record;
	uint64_t index = *event ? *event : record_session_first(record, screen->sessions.numbers[row]);
	*event = 0;
	for (unsigned looked = 0; index && !*event && looked < AT_ONCE; looked++) {
		if (event_holds(record_event(record, index), text))
			*event = index;
		else
			index = record_next_of_session(record, index);
	}
	bool holds = *event;
	*event = index;
	return holds;
}

/* ---- keys */

static void sessions_fold(void *self, struct ui *ui)
{
	struct sessions_screen *screen = self;
	(void)ui;
	screen->sessions.folds_closed = !screen->sessions.folds_closed;
	screen->stale = true;
}

static void sessions_follow(void *self, struct ui *ui)
{
	struct sessions_screen *screen = self;
	screen->follows = !screen->follows;
	screen->stale = true;
	ui_say(ui, screen->follows ? "following the newest" : "no longer following");
}

static void sessions_mark(void *self, struct ui *ui)
{
	struct sessions_screen *screen = self;
	if (screen->list.selected >= screen->sessions.count)
		return;
	ui_toggle_mark(ui, screen->sessions.numbers[screen->list.selected]);
	list_move(&screen->list, LIST_DOWN);
	sessions_moved(screen, ui);
}

/* Marks it and what belongs to it: then the flow shows them together. */
static void sessions_mark_related(void *self, struct ui *ui)
{
	struct sessions_screen *screen = self;
	uint64_t related[RELATED_SESSIONS];
	if (screen->list.selected >= screen->sessions.count)
		return;
	uint64_t number = screen->sessions.numbers[screen->list.selected];
	size_t count = session_list_relate(ui->input.record, number, related), added = 0;
	for (size_t i = 0; i < count; i++)
		if (!ui_is_marked(ui, related[i])) {
			ui_toggle_mark(ui, related[i]);
			added++;
		}
	if (count && !ui_is_marked(ui, number))
		ui_toggle_mark(ui, number);
	if (added)
		ui_say(ui, "marked with %zu more of its client or its sid: Enter shows them in one flow", added);
	else
		ui_say(ui, count ? "what belongs to it is marked already" : "no other session is of its client");
}

static void sessions_unmark(void *self, struct ui *ui)
{
	(void)self;
	ui->marked_count = 0;
	ui_say(ui, "no session is marked");
}

static void sessions_enter(void *self, struct ui *ui)
{
	struct sessions_screen *screen = self;
	if (screen->sessions.count)
		ui_go(ui, &screen_flow);
}

static const struct screen_key sessions_keys[] = {
    {'\t', "Findings", "to the findings", NULL, true, &screen_findings},
    {' ', "Mark", "mark the session: marked ones share a flow, and are saved together", sessions_mark, true, NULL},
    {'w', "With", "mark it with those of its client before and after, and of its sid", sessions_mark_related, false,
        NULL},
    {'U', "Unmark", "take all marks away", sessions_unmark, false, NULL},
    {'z', "Fold", "fold closed sessions that have no finding", sessions_fold, true, NULL},
    {'F', "Follow", "follow the newest", sessions_follow, true, NULL},
    {0},
};

/* ---- life */

static void *sessions_screen_new(struct ui *ui)
{
	struct sessions_screen *screen = calloc(1, sizeof *screen);
	if (!screen)
		return NULL;
	screen->stale = true;
	screen->table = ui_table(ui, UI_TABLE_SESSIONS);
	/* Packets do not know their process, probes do. */
	screen->table->absent = ui->input.knows_processes ? 0 : 1u << COLUMN_PROCESS;
	return screen;
}

static void sessions_screen_free(void *self)
{
	struct sessions_screen *screen = self;
	session_list_free(&screen->sessions);
	free(screen);
}

static struct list *sessions_list(void *self)
{
	return &((struct sessions_screen *)self)->list;
}

static uint64_t sessions_hidden(void *self, struct ui *ui)
{
	(void)ui;
	return ((struct sessions_screen *)self)->sessions.hidden;
}

static struct table *sessions_table_of(void *self)
{
	return ((struct sessions_screen *)self)->table;
}

static void sessions_sorted(void *self, struct ui *ui)
{
	(void)ui;
	((struct sessions_screen *)self)->stale = true;
}

const struct table sessions_table = {.name = "sessions", .columns = session_columns, .count = SESSION_COLUMNS};

static const struct ui_legend sessions_legend[] = {
    {"*", "marked (Space)"},
    {"!", "in the head: events may be missing, u says why"},
    {"+ -", "behind a column's name: sorted by it, ascending or descending"},
    {"#", "number of the session, in order of its first packet"},
    {"state", "open, closed, or ?: an attempt, of whose sid no server's acknowledgment was seen"},
    {"client, server", "as on the leg nearest to the client"},
    {"via", "P: polling, W: WebSocket, both: upgraded"},
    {"nsp", "how many namespaces it joined"},
    {"c>s, s>c", "events and acknowledgements from the client, and to it"},
    {"last", "latency of the last event that was answered"},
    {"age", "from its first packet to its last"},
    {"worst", "the most severe of its findings"},
    {0},
};

const struct screen_operations screen_sessions = {
    .title = "Sessions",
    .legend = sessions_legend,
    .table = TABLE_SESSIONS,
    .new = sessions_screen_new,
    .free = sessions_screen_free,
    .draw = sessions_draw,
    .list = sessions_list,
    .list_row = 1,
    .table_of = sessions_table_of,
    .sorted = sessions_sorted,
    .moved = sessions_moved,
    .work = sessions_work,
    .holds = sessions_holds,
    .holds_within = sessions_holds_within,
    .enter = sessions_enter,
    .keys = sessions_keys,
    .hidden = sessions_hidden,
};
