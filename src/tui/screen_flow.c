/*
 * Flow: the chosen session as a ladder, or all that are marked: client on the left, server on the right, a lane for
 * each TCP connection; and what the event under the cursor holds.
 */
#include "base/text.h"
#include "socketio/engine.h"
#include "tui/event_view.h"
#include "tui/ladder.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

struct flow_screen {
	struct ladder ladder;
	struct list list;
	struct event_pane pane;
	unsigned known_filters;
	uint64_t wanted; /* the event to be selected once its row is there; 0: none */
	bool more;       /* not all rows are there yet */
};

enum { FLOW_MARK = 2, FLOW_SESSION = 6, FLOW_TIME = 13, FLOW_LANE = 20, FLOW_DETAIL = 6, FLOW_DETAIL_FROM = 16 };

/* ---- one row */

static bool flow_has_several(const struct flow_screen *screen)
{
	return screen->ladder.source_count > 1;
}

/* Where the time begins: of several sessions each row says whose it is. */
static int flow_time_column(const struct flow_screen *screen)
{
	return FLOW_MARK + (flow_has_several(screen) ? FLOW_SESSION : 0);
}

static int flow_lanes_column(const struct flow_screen *screen)
{
	return flow_time_column(screen) + FLOW_TIME;
}

/* How many lanes are side by side; further ones share the last. */
static int flow_lanes(const struct flow_screen *screen, const struct canvas *canvas)
{
	int fit = (canvas->width - flow_lanes_column(screen)) / FLOW_LANE, lanes = (int)screen->ladder.lane_count;
	if (lanes > fit)
		lanes = fit;
	return lanes > 0 ? lanes : 1;
}

static struct canvas flow_lane(const struct flow_screen *screen, const struct canvas *canvas, int row, int lane)
{
	int lanes = flow_lanes(screen, canvas), width = (canvas->width - flow_lanes_column(screen)) / lanes;
	int column = flow_lanes_column(screen) + width * (lane < lanes ? lane : lanes - 1);
	return canvas_inside(canvas, row, column, 1, width - 1);
}

static bool flow_is_message(const struct event *event)
{
	switch (event->kind) {
	case EVENT_GAP:
	case EVENT_LOG:
	case EVENT_MALFORMED:
	case EVENT_TLS:
	case EVENT_TCP_CLOSE:
		return false;
	default:
		return true;
	}
}

/* "TLS 1.3, 12.4 ms" */
static void flow_write_handshake(struct buffer *label, const struct connection_facts *connection)
{
	char span[TIMESTAMP_TEXT_SIZE];
	timestamp_format_span(connection->tls_done - connection->tls_begun, span);
	buffer_append_format(label, "%s, %s", connection->tls, span);
}

/* "POST 413 183B": its arrow and its size are the answer's, and the request's where none came. */
static void flow_write_exchange(struct buffer *label, const struct exchange *exchange)
{
	buffer_append(label, slice_take(exchange->request.head.method, 20));
	uint64_t bytes = exchange->status ? exchange->answer.body_bytes : exchange->request.body_bytes;
	if (exchange->status)
		buffer_append_format(label, " %d", exchange->status);
	if (bytes)
		buffer_append_format(label, " %" PRIu64 "B", bytes);
	if (!exchange->status)
		buffer_append_text(label, " no answer");
}

static bool flow_is_exchange(const struct event *event)
{
	return event->kind == EVENT_HTTP && event->exchange;
}

static void flow_write_label(struct buffer *label, const struct ladder_row *row, const struct event *event)
{
	if (row->is_secured) {
		flow_write_handshake(label, event->connection);
		return;
	}
	if (row->leg) /* where there is little room, its size gives way */
		buffer_append_format(label, "leg-%u ", row->leg + 1u);
	if (row->folded)
		buffer_append_format(label, "%u pings, pongs", row->folded + 1);
	else if (event->kind == EVENT_LOG)
		buffer_append(label, slice_take(event_text(event), 200));
	else if (flow_is_exchange(event))
		flow_write_exchange(label, event->exchange);
	else if (event->kind == EVENT_TLS)
		buffer_append_format(label, "tls %.*s", (int)event_text(event).len, event_text(event).at);
	else
		event_text_name(label, event);
	if (!row->folded && event->bytes > 1 && event->kind != EVENT_LOG && !flow_is_exchange(event))
		buffer_append_format(label, " %" PRIu64 "B", event->bytes);
	if (event->incomplete || event->unreadable)
		buffer_append_text(label, " (cut)");
}

/* ──name 312B──▶ from end to end of the lane; what is not a message is written there without an arrow. */
static void flow_draw_arrow(
    const struct canvas *lane, enum tint tint, const struct event *event, bool message, struct slice label)
{
	bool is_answer = flow_is_exchange(event) && event->exchange->status;
	bool up = event->direction == DIRECTION_TO_SERVER && !is_answer;
	int room = lane->width - 4, columns = canvas_columns(label);
	if (columns > room) {
		/* At a blank (half a size would be another size), unless that leaves nothing of a long name. */
		size_t fits = canvas_fit(label, room);
		bool is_long = canvas_columns(slice_take(label, fits)) <= room / 2;
		label = is_long ? label : slice_take(label, fits);
		columns = is_long ? room : canvas_columns(label);
	}
	int column = 2 + (room - columns) / 2;
	const struct canvas place = canvas_inside(lane, 0, column, 1, columns);
	if (message)
		canvas_repeat(lane, 0, 1, tint, GLYPH_HORIZONTAL, lane->width - 2);
	int end = column + canvas_write(&place, 0, 0, tint, label);
	if (message && end < lane->width - 1)
		canvas_repeat(lane, 0, end, tint, GLYPH_HORIZONTAL, lane->width - 1 - end);
	if (message)
		canvas_write_text(
		    lane, 0, up ? lane->width - 2 : 1, tint, theme_glyph(lane->theme, up ? GLYPH_RIGHT : GLYPH_LEFT));
}

static void flow_draw_edges(const struct flow_screen *screen, const struct canvas *canvas, int row, enum tint tint)
{
	for (int lane = 0; lane < flow_lanes(screen, canvas); lane++) {
		struct canvas place = flow_lane(screen, canvas, row, lane);
		const char *edge = theme_glyph(canvas->theme, GLYPH_VERTICAL);
		canvas_write_text(&place, 0, 0, tint, edge);
		canvas_write_text(&place, 0, place.width - 1, tint, edge);
	}
}

static const char *flow_mark(unsigned worst, enum tint *tint)
{
	static const char *const marks[] = {" ", "i", "w", "E"};
	*tint = worst ? severity_tint((enum severity)(worst - 1)) : TINT_PLAIN;
	return marks[worst];
}

static timestamp flow_time_before(const struct flow_screen *screen, const struct ui *ui, size_t row)
{
	return row ? ladder_time(&screen->ladder.rows[row - 1], ui->input.record) : TIMESTAMP_NONE;
}

/* Whom the head of a column names: who uses its lane at the cursor's row. The last column has all lanes that have no
 * room; it is named by that of the cursor, or by its first. */
static const struct ladder_stay *flow_head(const struct flow_screen *screen, const struct canvas *canvas, int column)
{
	const struct ladder *ladder = &screen->ladder;
	size_t lane = (size_t)column;
	if (screen->list.selected < ladder->count && column == flow_lanes(screen, canvas) - 1 &&
	    ladder->rows[screen->list.selected].lane > lane)
		lane = ladder->rows[screen->list.selected].lane;
	return ladder_stay_of_lane(ladder, lane, screen->list.selected);
}

static const char *flow_head_connection(const struct ui *ui, const struct ladder_stay *stay)
{
	return stay ? ladder_connection(record_event(ui->input.record, stay->event), stay->leg) : NULL;
}

/* ":55838" of "127.0.0.1:55838-127.0.0.1:7400": the client's port. */
static struct slice flow_port(const char *connection)
{
	size_t end = strcspn(connection, "-"), port = end;
	while (port && connection[port] != ':')
		port--;
	return slice_of(connection + port, end - port);
}

/* Is the row of another connection than the head of its column says? Then that is returned; else NULL. */
static const char *flow_beside_head(
    const struct flow_screen *screen, const struct ui *ui, const struct canvas *canvas, const struct ladder_row *row)
{
	const char *own = ladder_connection(record_event(ui->input.record, row->event), row->leg);
	int last = flow_lanes(screen, canvas) - 1;
	const char *head = flow_head_connection(ui, flow_head(screen, canvas, row->lane < last ? row->lane : last));
	return own && head && strcmp(own, head) != 0 ? own : NULL;
}

static void flow_draw_row(struct flow_screen *screen, struct ui *ui, const struct canvas *canvas, int at, size_t nth)
{
	const struct ladder_row *row = &screen->ladder.rows[nth];
	const struct event *event = record_event(ui->input.record, row->event);
	bool selected = nth == screen->list.selected,
	     related = ladder_is_related(ui->input.record, ui->event, row->event);
	enum tint tint = selected ? TINT_SELECTED : related ? TINT_RELATED : event_tint(event), mark_tint;
	char time[TIMESTAMP_TEXT_SIZE];
	struct buffer label;
	const char *mark = flow_mark(row->worst, &mark_tint), *other = flow_beside_head(screen, ui, canvas, row);
	buffer_init(&label, 400, NULL);
	if (other && !row->leg) {
		buffer_append(&label, flow_port(other));
		buffer_append_byte(&label, ' ');
	}
	flow_write_label(&label, row, event);
	canvas_write_text(canvas, at, 0, mark_tint, mark);
	if (ui->noted == row->event)
		canvas_write_text(canvas, at, 1, TINT_RELATED, "m");
	if (flow_has_several(screen) && event->session)
		canvas_format(canvas, at, FLOW_MARK, TINT_TITLE, "#%" PRIu64, event->session->number);
	canvas_write_text(canvas, at, flow_time_column(screen), selected ? TINT_SELECTED : TINT_FAINT,
	    ui_format_time(ui, ladder_time(row, ui->input.record), flow_time_before(screen, ui, nth), time));
	flow_draw_edges(screen, canvas, at, TINT_FAINT);
	struct canvas lane = flow_lane(screen, canvas, at, row->lane);
	flow_draw_arrow(&lane, (row->is_secured || row->leg) && !selected ? TINT_FAINT : tint, event,
	    flow_is_message(event) && !row->is_secured, buffer_slice(&label));
	buffer_free(&label);
}

/* ---- heads of lanes */

/* What the lane's connection is at the cursor's row: its client's port, and what it carries. The last one says how many
 * more share it. */
static void flow_draw_heads(const struct flow_screen *screen, const struct ui *ui, const struct canvas *canvas)
{
	canvas_fill(canvas, 0, 0, TINT_BAR);
	if (flow_has_several(screen))
		canvas_format(canvas, 0, FLOW_MARK, TINT_BAR, "%zu sessions", screen->ladder.source_count);
	else
		canvas_format(canvas, 0, FLOW_MARK, TINT_BAR, "#%" PRIu64, screen->ladder.sources[0].session);
	for (int lane = 0; lane < flow_lanes(screen, canvas) && (size_t)lane < screen->ladder.lane_count; lane++) {
		const struct ladder_stay *stay = flow_head(screen, canvas, lane);
		const char *connection = flow_head_connection(ui, stay);
		size_t more = lane == flow_lanes(screen, canvas) - 1 ? screen->ladder.lane_count - (size_t)lane - 1 : 0;
		struct canvas place = flow_lane(screen, canvas, 0, lane);
		int column = 0;
		if (connection) {
			enum transport transport = record_event(ui->input.record, stay->event)->transport;
			column = canvas_write(&place, 0, 0, TINT_BAR, flow_port(connection));
			column = canvas_format(&place, 0, column, TINT_BAR, " %s",
			    transport == TRANSPORT_NONE ? "tcp" : transport_name(transport));
		}
		if (more)
			column = canvas_format(&place, 0, column, TINT_WARNING, " +%zu", more);
		if (column + 7 <= place.width)
			canvas_write_text(&place, 0, place.width - 6, TINT_BAR, "server");
	}
}

/* ---- drawing */

static void flow_draw_rows(struct flow_screen *screen, struct ui *ui, const struct canvas *canvas)
{
	list_fit(&screen->list, screen->ladder.count, canvas->height - 1);
	flow_draw_heads(screen, ui, canvas);
	for (int row = 0; row < screen->list.height && screen->list.top + (uint64_t)row < screen->ladder.count; row++)
		flow_draw_row(screen, ui, canvas, row + 1, (size_t)screen->list.top + (size_t)row);
	if (!screen->ladder.count)
		canvas_write_text(
		    canvas, 2, FLOW_MARK, TINT_FAINT, screen->more ? "..." : "No event passes the filter.");
}

static void flow_draw(void *self, struct ui *ui, const struct canvas *canvas)
{
	struct flow_screen *screen = self;
	struct canvas places[2];
	event_pane_divide(&screen->pane, ui, canvas, canvas->height >= FLOW_DETAIL_FROM ? FLOW_DETAIL : 0, places);
	flow_draw_rows(screen, ui, &places[0]);
	if (screen->list.selected < screen->ladder.count)
		event_pane_draw(&screen->pane, ui, &places[1], screen->ladder.rows[screen->list.selected].event);
}

/* ---- work */

static void flow_moved(void *self, struct ui *ui)
{
	struct flow_screen *screen = self;
	screen->wanted = 0;
	if (screen->list.selected < screen->ladder.count)
		ui->event = screen->ladder.rows[screen->list.selected].event;
}

static void flow_reset(struct flow_screen *screen, struct ui *ui)
{
	screen->wanted = ui->event;
	screen->known_filters = ui->filter_changes;
	const uint64_t *sessions;
	size_t count = ui_shown_sessions(ui, &sessions);
	ladder_reset(&screen->ladder, sessions, count, ui_filter(ui, TABLE_EVENTS));
	screen->list = (struct list){.height = screen->list.height};
}

static void flow_select_wanted(struct flow_screen *screen, struct ui *ui)
{
	size_t row = ladder_find(&screen->ladder, screen->wanted);
	screen->list.count = screen->ladder.count;
	list_select(&screen->list, row);
	if (!screen->more || (row < screen->ladder.count && screen->ladder.rows[row].event >= screen->wanted))
		flow_moved(screen, ui);
}

static bool flow_work(void *self, struct ui *ui)
{
	enum { FLOW_STEP = 2000 };
	struct flow_screen *screen = self;
	struct query_data data = ui_data(ui);
	int64_t end = clock_now() + UI_SLICE;
	const uint64_t *sessions;
	size_t count = ui_shown_sessions(ui, &sessions);
	if (screen->known_filters != ui->filter_changes || !ladder_is_of(&screen->ladder, sessions, count))
		flow_reset(screen, ui);
	do
		screen->more = ladder_extend(&screen->ladder, &data, FLOW_STEP);
	while (screen->more && clock_now() < end);
	if (!screen->more)
		ladder_mark_findings(&screen->ladder, data.findings, data.record);
	uint64_t row = screen->list.selected;
	if (!screen->wanted && ui->event && row < screen->ladder.count && screen->ladder.rows[row].event != ui->event)
		screen->wanted = ui->event; /* another screen has chosen it */
	if (screen->wanted)
		flow_select_wanted(screen, ui);
	else if (!ui->event)
		flow_moved(screen, ui);
	return screen->more;
}

static bool flow_holds(void *self, struct ui *ui, uint64_t row, struct slice text)
{
	struct flow_screen *screen = self;
	const struct event *event = record_event(ui->input.record, screen->ladder.rows[row].event);
	return event_holds(event, text);
}

/* ---- keys */

static void flow_toggle_http(void *self, struct ui *ui)
{
	struct flow_screen *screen = self;
	screen->ladder.shows_http = !screen->ladder.shows_http;
	flow_reset(screen, ui);
}

static void flow_toggle_pings(void *self, struct ui *ui)
{
	struct flow_screen *screen = self;
	screen->ladder.unfolds = !screen->ladder.unfolds;
	flow_reset(screen, ui);
}

static void flow_toggle_legs(void *self, struct ui *ui)
{
	struct flow_screen *screen = self;
	screen->ladder.shows_legs = !screen->ladder.shows_legs;
	flow_reset(screen, ui);
	ui_say(ui, screen->ladder.shows_legs ? "what several legs carried has a row for each" : "one row for all legs");
}

/* To the other half: from an event to its answer, and back. */
static void flow_jump(void *self, struct ui *ui)
{
	struct flow_screen *screen = self;
	const struct event *event = record_event(ui->input.record, ui->event);
	uint64_t other = event ? record_answer(ui->input.record, ui->event) : 0;
	if (event && !other)
		other = event->answers;
	if (!other) {
		ui_say(ui, "this event has no answer and is not an answer");
		return;
	}
	list_select(&screen->list, ladder_find(&screen->ladder, other));
	flow_moved(screen, ui);
}

static void flow_next_finding(void *self, struct ui *ui)
{
	struct flow_screen *screen = self;
	for (size_t i = 1; i <= screen->ladder.count; i++) {
		size_t row = (screen->list.selected + i) % screen->ladder.count;
		if (screen->ladder.rows[row].worst) {
			list_select(&screen->list, row);
			flow_moved(screen, ui);
			return;
		}
	}
	ui_say(ui, "no finding names an event of this session");
}

static void flow_enter(void *self, struct ui *ui)
{
	struct flow_screen *screen = self;
	if (screen->list.selected < screen->ladder.count)
		ui_go(ui, &screen_frame);
}

static const struct screen_key flow_keys[] = {
    {'a', "Answer", "from an event to its answer, and back", flow_jump, true, NULL},
    {'e', "Finding", "to the next event that a finding names", flow_next_finding, true, NULL},
    {'x', "HTTP", "show the requests that carried the events", flow_toggle_http, true, NULL},
    {'z', "Fold", "fold pings, or show them one by one", flow_toggle_pings, true, NULL},
    {'l', "Legs", "behind a proxy: a row for each leg that carried the event", flow_toggle_legs, false, NULL},
    {0},
};

/* ---- life */

static void *flow_new(struct ui *ui)
{
	struct flow_screen *screen = calloc(1, sizeof *screen);
	if (!screen || !ui->session) {
		free(screen);
		ui_say(ui, "select a session first");
		return NULL;
	}
	event_pane_init(&screen->pane, ui->input.memory);
	flow_reset(screen, ui);
	screen->more = true;
	return screen;
}

static void flow_free(void *self)
{
	struct flow_screen *screen = self;
	ladder_free(&screen->ladder);
	event_pane_free(&screen->pane);
	free(screen);
}

static struct event_pane *flow_pane(void *self)
{
	return &((struct flow_screen *)self)->pane;
}

static struct list *flow_list(void *self)
{
	return &((struct flow_screen *)self)->list;
}

static uint64_t flow_hidden(void *self, struct ui *ui)
{
	(void)ui;
	return ((struct flow_screen *)self)->ladder.hidden;
}

static const struct ui_legend flow_legend[] = {
    {"E, w, i", "an error, a warning, an information names this event"},
    {"m", "the noted event (D compares another with it)"},
    {"arrows", "to the right: from the client, to the left: to it; with the size on the wire"},
    {":55838", "head of a lane: the client's port of the connection, at the cursor's row; before a name: not that one"},
    {"+2", "in the last head: so many lanes have no room"},
    {"#2", "with several sessions: whose event it is"},
    {"leg-2", "the same event on another leg, behind a proxy"},
    {"(cut)", "not all of it was captured, or it is longer than a limit"},
    {"yellow, bold", "the answer of the event under the cursor, or its question"},
    {0},
};

const struct screen_operations screen_flow = {
    .title = "Flow",
    .legend = flow_legend,
    .table = TABLE_EVENTS,
    .new = flow_new,
    .free = flow_free,
    .draw = flow_draw,
    .list = flow_list,
    .list_row = 1,
    .moved = flow_moved,
    .pane = flow_pane,
    .work = flow_work,
    .holds = flow_holds,
    .enter = flow_enter,
    .keys = flow_keys,
    .hidden = flow_hidden,
};
