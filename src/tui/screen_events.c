/*
 * Events: those of all sessions, one line each, in any order; and what the one under the cursor holds. The order is
 * made in slices, in place: there may be a million.
 */
#include "base/text.h"
#include "socketio/engine.h"
#include "tui/event_view.h"
#include "tui/ladder.h"
#include "tui/table.h"
#include "view/event_text.h"
#include "view/writers.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

enum events_column {
	EVENTS_TIME,
	EVENTS_SESSION,
	EVENTS_DIRECTION,
	EVENTS_VIA,
	EVENTS_NAME,
	EVENTS_BYTES,
	EVENTS_LATENCY,
	EVENTS_HOPS,
	EVENTS_PACKET,
	EVENTS_FILE,
	EVENTS_CONNECTION,
	EVENTS_COLUMNS,
};

static const struct table_column events_columns[EVENTS_COLUMNS] = {
    {"time", "time", 13, false, false, 0, false},
    {"session", "session", 8, false, false, 0, false},
    {"direction", "dir", 3, false, false, 0, false},
    {"via", "via", 3, false, false, 76, false},
    {"name", "event", 12, false, true, 0, false},
    {"bytes", "bytes", 9, true, false, 60, true},
    {"latency", "latency", 8, true, false, 0, true},
    {"hops", "hops", 8, true, false, 84, true},
    {"packet", "packet", 8, true, false, 72, false},
    {"file", "of", 18, false, false, 96, false},
    {"connection", "connection", 43, false, false, 128, false},
};

struct events_row {
	uint64_t event;
	int64_t key; /* by which it is sorted */
};

enum events_sort { SORT_DONE, SORT_HEAP, SORT_TAKE };

struct events_screen {
	struct events_row *rows; /* owned */
	size_t count, room;
	uint64_t taken, hidden, refused;
	struct table *table; /* the interface's */
	size_t sorted_count; /* rows that were there when the order was made last */
	enum events_sort sort;
	size_t sort_at;
	struct list list;
	struct event_pane pane;
	unsigned known_filters;
	bool shows_all, more, was_over;
	bool in_order;   /* of time, as they came: as most do */
	uint64_t wanted; /* the event to be selected, once its row is there */
};

/* ---- which events */

/* What carries the application: not heartbeats, nor requests whose events are here, nor connections that end with them.
 */
static bool events_matters(const struct event *event)
{
	switch (event->kind) {
	case EVENT_PING:
	case EVENT_PONG:
	case EVENT_NOOP:
	case EVENT_PROBE:
	case EVENT_PROBE_ACK:
		return false;
	case EVENT_HTTP:
		return !event->exchange || event->exchange->status != 200;
	case EVENT_TCP_CLOSE:
		return event->session;
	default:
		return true;
	}
}

static int64_t events_key(const struct ui *ui, const struct event *event, size_t column)
{
	const struct slice name = event_packet(event)->name;
	uint64_t letters = 0;
	switch (column) {
	case EVENTS_SESSION:
		return event->session ? (int64_t)event->session->number : 0;
	case EVENTS_DIRECTION:
		return event->direction;
	case EVENTS_VIA:
		return event->transport;
	case EVENTS_NAME:
		/* Its first letters; an event without a name by its kind, before all names. */
		for (size_t i = 0; i < 7; i++)
			letters = letters << 8 | (i + 1 < name.len ? name.at[i + 1] : 0);
		return name.len ? (int64_t)letters : (int64_t)event->kind - EVENT_KINDS;
	case EVENTS_BYTES:
		return (int64_t)event->bytes;
	case EVENTS_LATENCY:
		return record_latency(ui->input.record, event->index);
	case EVENTS_HOPS:
		return event_hop_time(event);
	case EVENTS_PACKET:
		return (int64_t)event->origin.first;
	case EVENTS_FILE:
	case EVENTS_CONNECTION:
		return event->connection ? (int64_t)event->connection->number : 0;
	default:
		return event->origin.time;
	}
}

static void events_reset(struct events_screen *screen, struct ui *ui)
{
	screen->count = screen->sorted_count = 0;
	screen->taken = screen->hidden = screen->refused = 0;
	screen->sort = SORT_DONE;
	screen->in_order = true;
	screen->known_filters = ui->filter_changes;
	screen->wanted = ui->event;
	screen->list = (struct list){.height = screen->list.height};
}

static void events_add(struct events_screen *screen, struct ui *ui, const struct event *event)
{
	if (screen->count == screen->room) {
		size_t room = screen->room ? screen->room * 2 : 256;
		struct events_row *grown = budget_resize(ui->input.memory, screen->rows, room * sizeof *grown);
		if (!grown) {
			screen->refused++;
			return;
		}
		screen->rows = grown;
		screen->room = room;
	}
	const struct events_row row = {event->index, events_key(ui, event, screen->table->sorted)};
	screen->in_order &= !screen->count || row.key >= screen->rows[screen->count - 1].key;
	screen->rows[screen->count++] = row;
}

static void events_take(struct events_screen *screen, struct ui *ui, const struct query_data *data)
{
	const struct event *event = record_event(data->record, ++screen->taken);
	const struct query *filter = ui_filter(ui, TABLE_EVENTS);
	const struct query_row row = {.table = TABLE_EVENTS, .event = event};
	if (!filter && !screen->shows_all && !events_matters(event))
		return;
	if (filter && !query_accepts(filter, data, &row))
		screen->hidden++;
	else
		events_add(screen, ui, event);
}

/* ---- order: a heap sort, step by step */

static bool events_is_before(const struct table *table, const struct events_row *left, const struct events_row *right)
{
	bool both = left->key != TIMESTAMP_NONE && right->key != TIMESTAMP_NONE; /* what has no value comes last */
	if (left->key != right->key)
		return both ? (left->key < right->key) != table->descending : left->key != TIMESTAMP_NONE;
	return left->event < right->event;
}

static void events_swap(struct events_row *one, struct events_row *other)
{
	struct events_row row = *one;
	*one = *other;
	*other = row;
}

static void events_sift(struct events_screen *screen, size_t at, size_t count)
{
	struct events_row *rows = screen->rows;
	for (size_t child; (child = 2 * at + 1) < count; at = child) {
		if (child + 1 < count && events_is_before(screen->table, &rows[child], &rows[child + 1]))
			child++;
		if (!events_is_before(screen->table, &rows[at], &rows[child]))
			return;
		events_swap(&rows[at], &rows[child]);
	}
}

static void events_begin_sort(struct events_screen *screen)
{
	screen->sort = screen->count > 1 ? SORT_HEAP : SORT_DONE;
	screen->sort_at = screen->count / 2;
	screen->sorted_count = screen->count;
}

/* True when there is more to do. */
static bool events_sort_step(struct events_screen *screen)
{
	if (screen->sort == SORT_HEAP) {
		if (screen->sort_at) {
			events_sift(screen, --screen->sort_at, screen->sorted_count);
			return true;
		}
		screen->sort = SORT_TAKE;
		screen->sort_at = screen->sorted_count;
	}
	if (screen->sort == SORT_TAKE && screen->sort_at > 1) {
		events_swap(&screen->rows[0], &screen->rows[--screen->sort_at]);
		events_sift(screen, 0, screen->sort_at);
		return true;
	}
	screen->sort = SORT_DONE;
	return false;
}

/* Events mostly come in order of time (a gap is known after what is behind it); else what came since is put in order
 * when it is a tenth, or all is read. */
static bool events_is_unsorted(const struct events_screen *screen, const struct ui *ui)
{
	if (screen->table->sorted == EVENTS_TIME && !screen->table->descending && screen->in_order)
		return false;
	return screen->count > screen->sorted_count + screen->sorted_count / 10 ||
	       (screen->count > screen->sorted_count && ui->feed == UI_FEED_OVER);
}

static void events_moved(void *self, struct ui *ui)
{
	struct events_screen *screen = self;
	screen->wanted = 0;
	if (screen->list.selected >= screen->count)
		return;
	const struct event *event = record_event(ui->input.record, screen->rows[screen->list.selected].event);
	ui->event = event->index;
	if (event->session)
		ui->session = event->session->number;
}

/* Another screen has chosen an event, or the order is another one: the cursor is not at the chosen one. */
static bool events_is_elsewhere(const struct events_screen *screen, const struct ui *ui)
{
	uint64_t row = screen->list.selected;
	return ui->event && row < screen->count && screen->rows[row].event != ui->event;
}

static void events_select_wanted(struct events_screen *screen, struct ui *ui)
{
	for (size_t i = 0; i < screen->count; i++)
		if (screen->rows[i].event == screen->wanted) {
			screen->list.count = screen->count;
			list_select(&screen->list, i);
			break;
		}
	events_moved(screen, ui);
}

static bool events_work(void *self, struct ui *ui)
{
	struct events_screen *screen = self;
	struct query_data data = ui_data(ui);
	uint64_t count = record_event_count(data.record);
	int64_t end = clock_now() + UI_SLICE;
	bool is_over = ui->feed == UI_FEED_OVER;
	/* Answers that came meanwhile have made latencies. */
	if (screen->known_filters != ui->filter_changes ||
	    (is_over && !screen->was_over && screen->table->sorted == EVENTS_LATENCY))
		events_reset(screen, ui);
	screen->was_over = is_over;
	for (unsigned step = 0; screen->sort == SORT_DONE && screen->taken < count; step++) {
		events_take(screen, ui, &data);
		if (step % 256 == 255 && clock_now() > end)
			return screen->more = true;
	}
	if (screen->sort == SORT_DONE && events_is_unsorted(screen, ui))
		events_begin_sort(screen);
	for (unsigned step = 0; screen->sort != SORT_DONE && events_sort_step(screen); step++)
		if (step % 256 == 255 && clock_now() > end)
			return screen->more = true;
	screen->more = false;
	if (events_is_elsewhere(screen, ui))
		screen->wanted = ui->event;
	if (screen->wanted)
		events_select_wanted(screen, ui);
	else if (!ui->event)
		events_moved(screen, ui);
	return false;
}

/* ---- drawing */

enum { EVENTS_CELL = CONNECTION_TEXT_SIZE };

static const char *events_cell(
    const struct ui *ui, const struct event *event, size_t column, timestamp before, char text[EVENTS_CELL])
{
	struct buffer name = buffer_over(text, EVENTS_CELL - 1);
	uint64_t numbers[2] = {event->origin.first, event->origin.first};
	const char *file;
	timestamp latency;
	switch (column) {
	case EVENTS_TIME:
		return ui_format_time(ui, event->origin.time, before, text);
	case EVENTS_SESSION:
		snprintf(text, EVENTS_CELL, "#%" PRIu64, event->session ? event->session->number : 0);
		return event->session ? text : "-";
	case EVENTS_DIRECTION:
		return direction_name(event->direction);
	case EVENTS_VIA:
		return event->transport == TRANSPORT_POLLING     ? "P"
		       : event->transport == TRANSPORT_WEBSOCKET ? "W"
		                                                 : "-";
	case EVENTS_NAME:
		event_text_name(&name, event);
		text[name.len] = '\0';
		return text;
	case EVENTS_BYTES:
		return text_size(event->bytes, text);
	case EVENTS_LATENCY:
		latency = record_latency(ui->input.record, event->index);
		return latency == TIMESTAMP_NONE ? "" : timestamp_format_span(latency, text);
	case EVENTS_HOPS:
		latency = event_hop_time(event);
		return latency == TIMESTAMP_NONE ? "" : timestamp_format_span(latency, text);
	case EVENTS_PACKET:
		origin_in_file(&event->origin, 0, numbers, NULL);
		snprintf(text, EVENTS_CELL, "%" PRIu64, numbers[0]);
		return text;
	case EVENTS_FILE:
		return origin_in_file(&event->origin, 0, numbers, &file) ? file : "-";
	default:
		return event->connection ? event->connection->text : "-";
	}
}

static void events_draw_row(
    struct events_screen *screen, struct ui *ui, const struct canvas *canvas, int row, size_t nth)
{
	const struct event *event = record_event(ui->input.record, screen->rows[nth].event);
	const struct event *before = nth ? record_event(ui->input.record, screen->rows[nth - 1].event) : NULL;
	bool selected = nth == screen->list.selected;
	enum tint tint = selected ? TINT_SELECTED : event_tint(event);
	struct table_cell cell = {0};
	if (selected)
		canvas_fill(canvas, row, 0, TINT_SELECTED);
	if (ui->noted == event->index)
		canvas_write_text(canvas, row, 0, TINT_RELATED, "m");
	while (table_next(screen->table, canvas->width, &cell)) {
		char text[EVENTS_CELL];
		table_draw_cell(screen->table, canvas, row, &cell, tint,
		    events_cell(ui, event, cell.column, before ? before->origin.time : TIMESTAMP_NONE, text));
	}
}

static void events_draw(void *self, struct ui *ui, const struct canvas *whole)
{
	struct events_screen *screen = self;
	struct canvas places[2];
	event_pane_divide(&screen->pane, ui, whole, whole->height >= 16 ? 5 : 0, places);
	const struct canvas *canvas = &places[0];
	list_fit(&screen->list, screen->count, canvas->height - 1);
	table_draw_head(screen->table, canvas);
	for (int row = 0; row < screen->list.height && screen->list.top + (uint64_t)row < screen->count; row++)
		events_draw_row(screen, ui, canvas, row + 1, (size_t)screen->list.top + (size_t)row);
	if (!screen->count)
		canvas_write_text(canvas, 2, TABLE_LEFT, TINT_FAINT,
		    screen->more                  ? "..."
		    : ui_filter(ui, TABLE_EVENTS) ? "No event passes the filter."
		                                  : "No event was seen.");
	if (screen->refused)
		canvas_format(canvas, canvas->height - 1, TABLE_LEFT, TINT_WARNING,
		    "%" PRIu64 " more events have no room here (--max-memory)", screen->refused);
	else if (screen->more)
		canvas_write_text(canvas, 0, canvas->width - 4, TINT_WARNING, "...");
	if (screen->list.selected < screen->count)
		event_pane_draw(&screen->pane, ui, &places[1], screen->rows[screen->list.selected].event);
}

/* ---- keys */

static void events_enter(void *self, struct ui *ui)
{
	struct events_screen *screen = self;
	if (screen->list.selected < screen->count)
		ui_push(ui, &screen_frame);
}

static bool events_holds(void *self, struct ui *ui, uint64_t row, struct slice text)
{
	struct events_screen *screen = self;
	return event_holds(record_event(ui->input.record, screen->rows[row].event), text);
}

static void events_toggle_all(void *self, struct ui *ui)
{
	struct events_screen *screen = self;
	screen->shows_all = !screen->shows_all;
	events_reset(screen, ui);
	ui_say(ui, screen->shows_all ? "all events" : "without heartbeats and plain requests");
}

static void events_flow(void *self, struct ui *ui)
{
	(void)self;
	ui_go(ui, &screen_sessions);
	ui_go(ui, &screen_flow);
}

/* The first of the new order is what is looked for. */
static void events_sorted(void *self, struct ui *ui)
{
	struct events_screen *screen = self;
	events_reset(screen, ui);
	screen->wanted = 0;
	ui->event = 0;
}

static struct event_pane *events_pane(void *self)
{
	return &((struct events_screen *)self)->pane;
}

static const struct screen_key events_keys[] = {
    {'F', "Flow", "the event in the flow of its session", events_flow, true, NULL},
    {'x', "All", "heartbeats and plain requests, too", events_toggle_all, true, NULL},
    {0},
};

/* ---- life */

/* Was a session seen on several legs? */
static bool events_cross_hops(const struct record *record)
{
	for (uint64_t number = 1; number <= record_session_count(record); number++) {
		const struct session *session = record_session(record, number);
		if (session && session->leg_count > 1)
			return true;
	}
	return false;
}

static void *events_new(struct ui *ui)
{
	struct events_screen *screen = calloc(1, sizeof *screen);
	if (!screen)
		return NULL;
	screen->table = ui_table(ui, UI_TABLE_EVENTS);
	screen->table->absent = (events_cross_hops(ui->input.record) ? 0 : 1u << EVENTS_HOPS) |
	                        (ui->input.has_several ? 0 : 1u << EVENTS_FILE);
	event_pane_init(&screen->pane, ui->input.memory);
	/* The chosen event is to be seen. */
	const struct event *chosen = record_event(ui->input.record, ui->event);
	screen->shows_all = chosen && !ui_filter(ui, TABLE_EVENTS) && !events_matters(chosen);
	events_reset(screen, ui);
	screen->more = true;
	return screen;
}

static void events_free(void *self)
{
	struct events_screen *screen = self;
	budget_release(screen->rows);
	event_pane_free(&screen->pane);
	free(screen);
}

static struct list *events_list(void *self)
{
	return &((struct events_screen *)self)->list;
}

static struct table *events_table_of(void *self)
{
	return ((struct events_screen *)self)->table;
}

static uint64_t events_hidden(void *self, struct ui *ui)
{
	(void)ui;
	return ((struct events_screen *)self)->hidden;
}

const struct table events_table = {
    .name = "events", .columns = events_columns, .count = EVENTS_COLUMNS, .sorted = EVENTS_TIME};

static const struct ui_legend events_legend[] = {
    {"m", "the noted event (D compares another with it)"},
    {"dir", "c>s: from the client, s>c: to it"},
    {"via", "P: polling, W: WebSocket, -: neither (TCP, TLS, a log)"},
    {"bytes", "of the message that carried it, on the wire"},
    {"latency", "of its answer; of an HTTP request that of its own"},
    {"hops", "on several legs: how long the hops between them needed (a proxy, the way to it)"},
    {"of", "of several captures: in which file the packet has this number"},
    {"packet", "the first of those that carried it"},
    {0},
};

const struct screen_operations screen_events = {
    .title = "Events",
    .legend = events_legend,
    .table = TABLE_EVENTS,
    .new = events_new,
    .free = events_free,
    .draw = events_draw,
    .list = events_list,
    .list_row = 1,
    .table_of = events_table_of,
    .sorted = events_sorted,
    .moved = events_moved,
    .pane = events_pane,
    .work = events_work,
    .holds = events_holds,
    .enter = events_enter,
    .keys = events_keys,
    .hidden = events_hidden,
};
