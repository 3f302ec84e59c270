/* Flow: the chosen session as a ladder, client on the left, server on the right, a lane for each TCP connection. */
#include "base/text.h"
#include "socketio/engine.h"
#include "tui/canvas.h"
#include "tui/ladder.h"
#include "tui/ui.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

struct flow_screen {
	struct ladder ladder;
	struct list list;
	unsigned known_filters;
	uint64_t wanted; /* the event to be selected once its row is there; 0: none */
	bool more;       /* not all rows are there yet */
};

enum { FLOW_MARGIN = 2, FLOW_TIME = 13, FLOW_LANE = 20, FLOW_DETAIL = 6, FLOW_DETAIL_FROM = 16 };

/* ---- one row */

/* How many lanes are side by side; further ones share the last. */
static int flow_lanes(const struct flow_screen *screen, const struct canvas *canvas)
{
	int fit = (canvas->width - FLOW_MARGIN - FLOW_TIME) / FLOW_LANE, lanes = (int)screen->ladder.lane_count;
	if (lanes > fit)
		lanes = fit;
	return lanes > 0 ? lanes : 1;
}

static struct canvas flow_lane(const struct flow_screen *screen, const struct canvas *canvas, int row, int lane)
{
	int lanes = flow_lanes(screen, canvas), width = (canvas->width - FLOW_MARGIN - FLOW_TIME) / lanes;
	int column = FLOW_MARGIN + FLOW_TIME + width * (lane < lanes ? lane : lanes - 1);
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

static timestamp flow_time(const struct ladder_row *row, const struct ui *ui)
{
	const struct event *event = record_event(ui->input.record, row->event);
	return row->is_secured ? event->connection->tls_done : event->origin.time;
}

static timestamp flow_time_before(const struct flow_screen *screen, const struct ui *ui, size_t row)
{
	return row ? flow_time(&screen->ladder.rows[row - 1], ui) : TIMESTAMP_NONE;
}

/* The event of the connection that the head of a column names: as of the cursor's row. The last column has all lanes
 * that have no room; it is named by that of the cursor, or by its first. */
static const struct event *flow_head_event(
    const struct flow_screen *screen, const struct ui *ui, const struct canvas *canvas, int column)
{
	const struct ladder *ladder = &screen->ladder;
	size_t lane = (size_t)column;
	if (screen->list.selected < ladder->count && column == flow_lanes(screen, canvas) - 1 &&
	    ladder->rows[screen->list.selected].lane > lane)
		lane = ladder->rows[screen->list.selected].lane;
	return record_event(ui->input.record, ladder_event_of_lane(ladder, lane, screen->list.selected));
}

/* Is the row of another connection than the head of its column says? */
static bool flow_is_beside_head(
    const struct flow_screen *screen, const struct ui *ui, const struct canvas *canvas, const struct ladder_row *row)
{
	const struct event *event = record_event(ui->input.record, row->event);
	int last = flow_lanes(screen, canvas) - 1;
	const struct event *head = flow_head_event(screen, ui, canvas, row->lane < last ? row->lane : last);
	return event->connection && head && head->connection && head->connection->number != event->connection->number;
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
	const char *mark = flow_mark(row->worst, &mark_tint);
	buffer_init(&label, 400, NULL);
	if (flow_is_beside_head(screen, ui, canvas, row))
		buffer_append_format(&label, ":%u ", event->connection->client.port);
	flow_write_label(&label, row, event);
	canvas_write_text(canvas, at, 0, mark_tint, mark);
	canvas_write_text(canvas, at, FLOW_MARGIN, selected ? TINT_SELECTED : TINT_FAINT,
	    ui_format_time(ui, flow_time(row, ui), flow_time_before(screen, ui, nth), time));
	flow_draw_edges(screen, canvas, at, TINT_FAINT);
	struct canvas lane = flow_lane(screen, canvas, at, row->lane);
	flow_draw_arrow(&lane, row->is_secured && !selected ? TINT_FAINT : tint, event,
	    flow_is_message(event) && !row->is_secured, buffer_slice(&label));
	buffer_free(&label);
}

/* ---- heads of lanes */

/* What the lane's connection is at the cursor's row: its client's port, and what it carries. The last one says how many
 * more share it. */
static void flow_draw_heads(const struct flow_screen *screen, const struct ui *ui, const struct canvas *canvas)
{
	canvas_fill(canvas, 0, 0, TINT_BAR);
	canvas_format(canvas, 0, FLOW_MARGIN, TINT_BAR, "#%" PRIu64, screen->ladder.session);
	for (int lane = 0; lane < flow_lanes(screen, canvas) && (size_t)lane < screen->ladder.lane_count; lane++) {
		const struct event *event = flow_head_event(screen, ui, canvas, lane);
		size_t more = lane == flow_lanes(screen, canvas) - 1 ? screen->ladder.lane_count - (size_t)lane - 1 : 0;
		struct canvas place = flow_lane(screen, canvas, 0, lane);
		int column = 0;
		if (event && event->connection)
			column = canvas_format(&place, 0, 0, TINT_BAR, ":%u %s", event->connection->client.port,
			    event->transport == TRANSPORT_NONE ? "tcp" : transport_name(event->transport));
		if (more)
			column = canvas_format(&place, 0, column, TINT_WARNING, " +%zu", more);
		if (column + 7 <= place.width)
			canvas_write_text(&place, 0, place.width - 6, TINT_BAR, "server");
	}
}

/* ---- the detail of the selected row */

static bool flow_is_named(const struct finding *finding, const struct event *event)
{
	for (size_t i = 0; i < finding->evidence_count; i++)
		if (origin_holds(&event->origin, &finding->evidence[i].origin))
			return true;
	return false;
}

static void flow_draw_findings(struct ui *ui, const struct canvas *canvas, int row, const struct event *event)
{
	for (const struct finding *finding = ui_data(ui).findings->first; finding; finding = finding->next) {
		const char *name = code_entry(finding->code)->name;
		enum tint tint = severity_tint(finding->severity);
		if (!flow_is_named(finding, event))
			continue;
		canvas_write_text(canvas, row, 0, tint, name);
		row = wrap_write(canvas, row, (int)strlen(name) + 2, tint, finding->seen);
	}
}

static void flow_draw_facts(struct ui *ui, const struct canvas *canvas, int row, const struct event *event)
{
	char latency[TIMESTAMP_TEXT_SIZE] = "", at[ORIGIN_TEXT];
	timestamp span = record_latency(ui->input.record, event->index);
	uint64_t answer = record_answer(ui->input.record, event->index);
	if (span != TIMESTAMP_NONE)
		timestamp_format_span(span, latency);
	if (event->kind == EVENT_LOG) {
		canvas_write_text(canvas, row, 0, TINT_TITLE, "a line of the server's log");
		return;
	}
	int column = canvas_format(canvas, row, 0, TINT_TITLE, "%s ", direction_name(event->direction));
	column = canvas_format(canvas, row, column, TINT_PLAIN, "%s", origin_format(&event->origin, at));
	if (flow_is_exchange(event)) {
		canvas_format(canvas, row, column, TINT_PLAIN, "  request %" PRIu64 " bytes, answer %" PRIu64 " bytes",
		    event->exchange->request.body_bytes, event->exchange->answer.body_bytes);
		return;
	}
	column = canvas_format(
	    canvas, row, column, TINT_PLAIN, "  %" PRIu64 " byte%s", event->bytes, plural_ending(event->bytes));
	if (event_packet(event)->ack.len)
		column = canvas_format(canvas, row, column, TINT_PLAIN, "  ack id %.*s",
		    (int)event_packet(event)->ack.len, event_packet(event)->ack.at);
	if (answer) {
		const struct origin *by = &record_event(ui->input.record, answer)->origin;
		column = canvas_format(canvas, row, column, TINT_RELATED, "  answered by %s",
		    origin_format(ORIGIN_AT(by->kind, by->first), at));
	}
	if (*latency)
		canvas_format(canvas, row, column, TINT_RELATED, " after %s", latency);
}

/* On the rule: which connection it was, on which leg of its session, and where else it was seen. */
static void flow_draw_connection(const struct canvas *canvas, const struct event *event)
{
	const struct connection_facts *connection = event->connection;
	const struct session *session = event->session;
	char at[ORIGIN_TEXT];
	if (!connection)
		return;
	int column = canvas_format(canvas, 0, 2, TINT_PLAIN, " connection %s ", connection->text);
	for (size_t i = 0; session && session->leg_count > 1 && i < session->leg_count; i++)
		if (endpoint_equals(&session->legs[i].server, &connection->server)) {
			column = canvas_format(
			    canvas, 0, column, TINT_PLAIN, " leg %zu of %zu ", i + 1, session->leg_count);
			break;
		}
	for (size_t i = 1; i < event->leg_count; i++)
		column = canvas_format(canvas, 0, column, TINT_FAINT, " also %s on %s ",
		    origin_format(&event->legs[i].origin, at), event->legs[i].connection);
}

static void flow_draw_detail(struct flow_screen *screen, struct ui *ui, const struct canvas *canvas)
{
	struct buffer line;
	if (screen->list.selected >= screen->ladder.count)
		return;
	const struct event *event = record_event(ui->input.record, screen->ladder.rows[screen->list.selected].event);
	canvas_repeat(canvas, 0, 0, TINT_FAINT, GLYPH_HORIZONTAL, canvas->width);
	flow_draw_connection(canvas, event);
	flow_draw_facts(ui, canvas, 1, event);
	buffer_init(&line, 1000, NULL);
	event_text_line(&line, event, ui->input.mask);
	canvas_write(canvas, 2, 0, event_tint(event), buffer_slice(&line));
	buffer_free(&line);
	flow_draw_findings(ui, canvas, 3, event);
}

/* ---- drawing */

static void flow_draw(void *self, struct ui *ui, const struct canvas *canvas)
{
	struct flow_screen *screen = self;
	int detail = canvas->height >= FLOW_DETAIL_FROM ? FLOW_DETAIL : 0;
	list_fit(&screen->list, screen->ladder.count, canvas->height - 1 - detail);
	flow_draw_heads(screen, ui, canvas);
	for (int row = 0; row < screen->list.height && screen->list.top + (uint64_t)row < screen->ladder.count; row++)
		flow_draw_row(screen, ui, canvas, row + 1, (size_t)screen->list.top + (size_t)row);
	if (!screen->ladder.count)
		canvas_write_text(
		    canvas, 2, FLOW_MARGIN, TINT_FAINT, screen->more ? "..." : "No event passes the filter.");
	struct canvas below = canvas_inside(canvas, canvas->height - detail, 0, detail, canvas->width);
	if (detail)
		flow_draw_detail(screen, ui, &below);
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
	ladder_reset(&screen->ladder, ui->session, ui_filter(ui, TABLE_EVENTS));
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
	if (screen->known_filters != ui->filter_changes || screen->ladder.session != ui->session)
		flow_reset(screen, ui);
	do
		screen->more = ladder_extend(&screen->ladder, &data, FLOW_STEP);
	while (screen->more && clock_now() < end);
	if (!screen->more)
		ladder_mark_findings(&screen->ladder, data.findings, data.record);
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
	struct buffer name;
	if (slice_find(event_packet(event)->data, text) < event_packet(event)->data.len ||
	    slice_find(event_text(event), text) < event_text(event).len)
		return true;
	buffer_init(&name, 400, NULL);
	event_text_name(&name, event);
	bool holds = slice_find(buffer_slice(&name), text) < name.len;
	buffer_free(&name);
	return holds;
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
	flow_reset(screen, ui);
	screen->more = true;
	return screen;
}

static void flow_free(void *self)
{
	struct flow_screen *screen = self;
	ladder_free(&screen->ladder);
	free(screen);
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

const struct screen_operations screen_flow = {
    .title = "Flow",
    .legend = "E, w, i: a finding names the event; :PORT: not the connection of the head",
    .table = TABLE_EVENTS,
    .new = flow_new,
    .free = flow_free,
    .draw = flow_draw,
    .list = flow_list,
    .list_row = 1,
    .moved = flow_moved,
    .work = flow_work,
    .holds = flow_holds,
    .enter = flow_enter,
    .keys = flow_keys,
    .hidden = flow_hidden,
};
