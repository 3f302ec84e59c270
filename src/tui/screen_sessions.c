/* Sessions: one line each. */
#include "base/text.h"
#include "net/packet.h"
#include "tui/list.h"
#include "tui/ui.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

struct sessions_screen {
	struct session_list sessions;
	struct list list;
	uint64_t known_sessions, known_events, known_findings; /* when the list was made */
	unsigned known_filters;
	bool stale, follows;
};

/* ---- columns: widths for 80 columns; what is left goes to the ends of the connection */

struct column_place {
	enum session_column column;
	const char *title;
	int width;
	bool right;
	int least; /* the terminal's width from which on it is shown */
};

static const struct column_place session_columns[] = {
    {COLUMN_NUMBER, "#", 4, true, 0},
    {COLUMN_STATE, "state", 6, false, 0},
    {COLUMN_CLIENT, "client", 21, false, 0},
    {COLUMN_SERVER, "server", 21, false, 112},
    {COLUMN_PROCESS, "process", 16, false, 98},
    {COLUMN_TRANSPORT, "via", 4, false, 0},
    {COLUMN_NAMESPACES, "nsp", 3, true, 90},
    {COLUMN_SENT, "c>s", 5, true, 70},
    {COLUMN_RECEIVED, "s>c", 5, true, 70},
    {COLUMN_LATENCY, "last", 8, true, 80},
    {COLUMN_AGE, "age", 8, true, 60},
    {COLUMN_WORST, "worst", 7, false, 0},
};

enum { COLUMN_PLACES = sizeof session_columns / sizeof *session_columns };

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
		return session->closed != TIMESTAMP_NONE ? "closed" : session->known ? "open" : "?";
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

static int sessions_place(const struct column_place *place, int column, int len)
{
	return place->right && len < place->width ? column + place->width - len : column;
}

/* Packets do not know their process, probes do. */
static bool sessions_shows(const struct ui *ui, const struct canvas *canvas, const struct column_place *place)
{
	return canvas->width >= place->least && (place->column != COLUMN_PROCESS || ui->input.knows_processes);
}

static void sessions_draw_titles(const struct sessions_screen *screen, const struct ui *ui, const struct canvas *canvas)
{
	int column = 2;
	canvas_fill(canvas, 0, 0, TINT_BAR);
	for (size_t i = 0; i < COLUMN_PLACES; i++) {
		const struct column_place *place = &session_columns[i];
		if (!sessions_shows(ui, canvas, place))
			continue;
		bool sorted = place->column == screen->sessions.column;
		int len = (int)strlen(place->title) + sorted;
		canvas_format(canvas, 0, sessions_place(place, column, len), TINT_BAR, "%s%s", place->title,
		    sorted ? (screen->sessions.descending ? "-" : "+") : "");
		column += place->width + 1;
	}
}

static void sessions_draw_row(
    struct sessions_screen *screen, struct ui *ui, const struct canvas *canvas, int row, uint64_t number)
{
	const struct session *session = record_session(ui->input.record, number);
	bool selected = screen->list.top + (uint64_t)row - 1 == screen->list.selected;
	enum tint tint = selected ? TINT_SELECTED : session_tint(&screen->sessions, session);
	int column = 2;
	if (selected)
		canvas_fill(canvas, row, 0, TINT_SELECTED);
	canvas_write_text(canvas, row, 0, tint, ui_is_marked(ui, number) ? "*" : " ");
	for (size_t i = 0; i < COLUMN_PLACES; i++) {
		const struct column_place *place = &session_columns[i];
		char text[ENDPOINT_TEXT_SIZE];
		if (!sessions_shows(ui, canvas, place))
			continue;
		const char *cell = session_cell(ui, &screen->sessions, session, place->column, text);
		struct canvas within = canvas_inside(canvas, row, column, 1, place->width);
		canvas_write_text(
		    &within, 0, sessions_place(place, 0, canvas_columns(slice_of_text(cell))), tint, cell);
		column += place->width + 1;
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
	if (!screen->sessions.count)
		canvas_write_text(canvas, 2, 2, TINT_FAINT, sessions_why_none(ui));
	if (screen->sessions.folded)
		canvas_format(canvas, canvas->height - 1, 2, TINT_FAINT, "%" PRIu64 " closed %s folded (z shows %s)",
		    screen->sessions.folded, plural_choose(screen->sessions.folded, "one is", "ones are"),
		    plural_choose(screen->sessions.folded, "it", "them"));
}

static void sessions_draw(void *self, struct ui *ui, const struct canvas *canvas)
{
	struct sessions_screen *screen = self;
	list_fit(&screen->list, screen->sessions.count, canvas->height - 1 - (screen->sessions.folded > 0));
	sessions_draw_titles(screen, ui, canvas);
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
	for (size_t i = 0; i < COLUMN_PLACES; i++) {
		struct slice shown = slice_of_text(
		    session_cell(ui, &screen->sessions, session, session_columns[i].column, cell));
		if (slice_find(shown, text) < shown.len)
			return true;
	}
	return false;
}

/* ---- keys */

static void sessions_sort_next(void *self, struct ui *ui)
{
	struct sessions_screen *screen = self;
	screen->sessions.column = (screen->sessions.column + 1) % SESSION_COLUMNS;
	screen->stale = true;
	ui_say(ui, "sorted by %s", session_column_name(screen->sessions.column));
}

static void sessions_sort_previous(void *self, struct ui *ui)
{
	struct sessions_screen *screen = self;
	screen->sessions.column = (screen->sessions.column + SESSION_COLUMNS - 1) % SESSION_COLUMNS;
	screen->stale = true;
	ui_say(ui, "sorted by %s", session_column_name(screen->sessions.column));
}

static void sessions_reverse(void *self, struct ui *ui)
{
	struct sessions_screen *screen = self;
	(void)ui;
	screen->sessions.descending = !screen->sessions.descending;
	screen->stale = true;
}

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

static void sessions_enter(void *self, struct ui *ui)
{
	struct sessions_screen *screen = self;
	if (screen->sessions.count)
		ui_go(ui, &screen_flow);
}

static const struct screen_key sessions_keys[] = {
    {' ', "Mark", "mark the session, for saving several", sessions_mark, true, NULL},
    {'>', "Sort", "sort by the next column (<: the previous one)", sessions_sort_next, true, NULL},
    {'<', "Sort", NULL, sessions_sort_previous, false, NULL},
    {'r', "Turn", "reverse the order", sessions_reverse, false, NULL},
    {'z', "Fold", "fold closed sessions that have no finding", sessions_fold, true, NULL},
    {'F', "Follow", "follow the newest", sessions_follow, true, NULL},
    {'\t', "Findings", "to the findings", NULL, true, &screen_findings},
    {0},
};

/* ---- life */

static void *sessions_screen_new(struct ui *ui)
{
	struct sessions_screen *screen = calloc(1, sizeof *screen);
	(void)ui;
	if (screen)
		screen->stale = true;
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

const struct screen_operations screen_sessions = {
    .title = "Sessions",
    .legend = "*: marked; last: latency of the last answer; ! above: see u",
    .table = TABLE_SESSIONS,
    .new = sessions_screen_new,
    .free = sessions_screen_free,
    .draw = sessions_draw,
    .list = sessions_list,
    .list_row = 1,
    .moved = sessions_moved,
    .work = sessions_work,
    .holds = sessions_holds,
    .enter = sessions_enter,
    .keys = sessions_keys,
    .hidden = sessions_hidden,
};
