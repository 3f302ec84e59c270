/* Statistics: events by their name, their namespace or their session: how many, how large, how soon answered. */
#include "base/text.h"
#include "platform/system.h"
#include "tui/statistics.h"
#include "tui/table.h"
#include "tui/ui.h"
#include "view/writers.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

enum statistics_column {
	STATISTICS_NAMES,
	STATISTICS_SENT,
	STATISTICS_RECEIVED,
	STATISTICS_BYTES,
	STATISTICS_ANSWERS,
	STATISTICS_P50,
	STATISTICS_P95,
	STATISTICS_P99,
	STATISTICS_MOST,
	STATISTICS_COLUMNS,
};

static const struct table_column statistics_columns[STATISTICS_COLUMNS] = {
    {"name", "name", 12, false, true, 0, false},
    {"sent", "c>s", 7, true, false, 0, true},
    {"received", "s>c", 7, true, false, 0, true},
    {"bytes", "bytes", 9, true, false, 60, true},
    {"answers", "answers", 8, true, false, 96, true},
    {"p50", "p50", 8, true, false, 72, true},
    {"p95", "p95", 8, true, false, 0, true},
    {"p99", "p99", 8, true, false, 84, true},
    {"most", "most", 8, true, false, 108, true},
};

struct statistics_screen {
	struct statistics statistics;
	struct table *table; /* the interface's: it is remembered */
	struct list list;
	unsigned known_filters;
	bool stale; /* the order is not that of the table */
	bool more;
};

/* ---- order */

static int64_t statistics_value(const struct statistics_group *group, size_t column)
{
	switch (column) {
	case STATISTICS_SENT:
		return (int64_t)group->events[DIRECTION_TO_SERVER];
	case STATISTICS_RECEIVED:
		return (int64_t)group->events[DIRECTION_TO_CLIENT];
	case STATISTICS_BYTES:
		return (int64_t)group->bytes;
	case STATISTICS_ANSWERS:
		return group->latencies ? (int64_t)group->latencies->count : 0;
	case STATISTICS_MOST:
		return group->latencies ? group->latencies->most : TIMESTAMP_NONE;
	default:
		return group->shares[column - STATISTICS_P50];
	}
}

static int statistics_compare(const void *a, const void *b, void *context)
{
	const struct table *table = context;
	const struct statistics_group *left = *(struct statistics_group *const *)a,
	                              *right = *(struct statistics_group *const *)b;
	int order = 0;
	if (table->sorted == STATISTICS_NAMES) {
		size_t len = left->name_len < right->name_len ? left->name_len : right->name_len;
		order = memcmp(left->name, right->name, len);
		order = order ? order : (left->name_len > right->name_len) - (left->name_len < right->name_len);
		if (left->session && left->name[0] == '#' && right->name[0] == '#')
			order = (left->session > right->session) - (left->session < right->session);
	} else {
		int64_t one = statistics_value(left, table->sorted), other = statistics_value(right, table->sorted);
		order = (one > other) - (one < other);
		if (order && (one == TIMESTAMP_NONE || other == TIMESTAMP_NONE)) /* what has no value comes last */
			return -order;
	}
	if (order)
		return table->descending ? -order : order;
	return (left->first > right->first) - (left->first < right->first);
}

static void statistics_sort(struct statistics_screen *screen)
{
	struct statistics *statistics = &screen->statistics;
	statistics_finish(statistics);
	if (statistics->count)
		platform_sort((void *)statistics->groups, statistics->count, sizeof(struct statistics_group *),
		    statistics_compare, screen->table);
	screen->stale = false;
}

static bool statistics_work(void *self, struct ui *ui)
{
	enum { STEP = 1000 };
	struct statistics_screen *screen = self;
	struct query_data data = ui_data(ui);
	int64_t end = clock_now() + UI_SLICE;
	uint64_t before = screen->statistics.taken;
	if (screen->known_filters != ui->filter_changes) {
		screen->known_filters = ui->filter_changes;
		statistics_reset(&screen->statistics, screen->statistics.by, ui_filter(ui, TABLE_EVENTS));
	}
	do
		screen->more = statistics_extend(&screen->statistics, &data, STEP);
	while (screen->more && clock_now() < end);
	if ((before != screen->statistics.taken || screen->stale) && !screen->more)
		statistics_sort(screen);
	return screen->more;
}

/* ---- drawing */

static const char *statistics_span(timestamp span, char *text)
{
	return span == TIMESTAMP_NONE ? "-" : timestamp_format_span(span, text);
}

static const char *statistics_cell(const struct statistics_group *group, size_t column, char text[STATISTICS_NAME + 1])
{
	switch (column) {
	case STATISTICS_NAMES:
		snprintf(text, STATISTICS_NAME + 1, "%.*s", (int)group->name_len, group->name);
		return text;
	case STATISTICS_BYTES:
		return text_size(group->bytes, text);
	case STATISTICS_SENT:
	case STATISTICS_RECEIVED:
	case STATISTICS_ANSWERS:
		snprintf(text, STATISTICS_NAME, "%" PRIi64, statistics_value(group, column));
		return text;
	default:
		return statistics_span(group->latencies ? statistics_value(group, column) : TIMESTAMP_NONE, text);
	}
}

static const char *const statistics_titles[STATISTICS_BYS] = {"event", "namespace", "session"};

static void statistics_draw(void *self, struct ui *ui, const struct canvas *canvas)
{
	struct statistics_screen *screen = self;
	const struct statistics *statistics = &screen->statistics;
	list_fit(&screen->list, statistics->count, canvas->height - 2);
	table_draw_head(screen->table, canvas);
	for (int row = 0; row < screen->list.height && screen->list.top + (uint64_t)row < statistics->count; row++) {
		uint64_t nth = screen->list.top + (uint64_t)row;
		bool selected = nth == screen->list.selected;
		struct table_cell cell = {0};
		if (selected)
			canvas_fill(canvas, row + 1, 0, TINT_SELECTED);
		while (table_next(screen->table, canvas->width, &cell)) {
			char text[STATISTICS_NAME + 1];
			table_draw_cell(screen->table, canvas, row + 1, &cell, selected ? TINT_SELECTED : TINT_PLAIN,
			    statistics_cell(statistics->groups[nth], cell.column, text));
		}
	}
	if (!statistics->count)
		canvas_write_text(canvas, 2, TABLE_LEFT, TINT_FAINT,
		    screen->more                  ? "..."
		    : ui_filter(ui, TABLE_EVENTS) ? "No event passes the filter."
		                                  : "No Socket.IO event was seen.");
	int column = canvas_format(canvas, canvas->height - 1, TABLE_LEFT, TINT_FAINT, "by %s (b: by %s)",
	    statistics_titles[statistics->by], statistics_titles[(statistics->by + 1) % STATISTICS_BYS]);
	if (statistics->refused)
		canvas_format(canvas, canvas->height - 1, column, TINT_WARNING,
		    "; %" PRIu64 " events had no room (--max-memory)", statistics->refused);
}

/* ---- keys */

static void statistics_next_by(void *self, struct ui *ui)
{
	struct statistics_screen *screen = self;
	statistics_reset(
	    &screen->statistics, (screen->statistics.by + 1) % STATISTICS_BYS, ui_filter(ui, TABLE_EVENTS));
	screen->list.selected = screen->list.top = 0;
}

static void statistics_sorted(void *self, struct ui *ui)
{
	(void)ui;
	((struct statistics_screen *)self)->stale = true;
}

/* To the slowest of its events, or the first where none was answered; by session to its flow. */
static void statistics_enter(void *self, struct ui *ui)
{
	struct statistics_screen *screen = self;
	if (screen->list.selected >= screen->statistics.count)
		return;
	const struct statistics_group *group = screen->statistics.groups[screen->list.selected];
	ui->event = group->slowest ? group->slowest : group->first;
	ui->session = group->session ? group->session : ui->session;
	ui_go(ui, screen->statistics.by == STATISTICS_BY_SESSION ? &screen_flow : &screen_events);
}

static bool statistics_holds(void *self, struct ui *ui, uint64_t row, struct slice text)
{
	struct statistics_screen *screen = self;
	(void)ui;
	const struct statistics_group *group = screen->statistics.groups[row];
	return slice_find(slice_of(group->name, group->name_len), text) < group->name_len;
}

static const struct screen_key statistics_keys[] = {
    {'b', "By", "by event name, by namespace, by session", statistics_next_by, true, NULL},
    {0},
};

/* ---- life */

static void *statistics_new(struct ui *ui)
{
	struct statistics_screen *screen = calloc(1, sizeof *screen);
	if (!screen)
		return NULL;
	screen->statistics.memory = ui->input.memory;
	screen->table = ui_table(ui, UI_TABLE_STATISTICS);
	screen->known_filters = ui->filter_changes;
	statistics_reset(&screen->statistics, STATISTICS_BY_NAME, ui_filter(ui, TABLE_EVENTS));
	return screen;
}

static void statistics_screen_free(void *self)
{
	struct statistics_screen *screen = self;
	statistics_free(&screen->statistics);
	free(screen);
}

static struct list *statistics_list_of(void *self)
{
	return &((struct statistics_screen *)self)->list;
}

static struct table *statistics_table_of(void *self)
{
	return ((struct statistics_screen *)self)->table;
}

static uint64_t statistics_hidden(void *self, struct ui *ui)
{
	(void)ui;
	return ((struct statistics_screen *)self)->statistics.hidden;
}

const struct table statistics_table = {.name = "statistics",
    .columns = statistics_columns,
    .count = STATISTICS_COLUMNS,
    .sorted = STATISTICS_P95,
    .descending = true};

static const struct ui_legend statistics_legend[] = {
    {"Enter", "to the slowest of these events, or the first where none was answered"},
    {"c>s, s>c", "events from the client, and to it"},
    {"bytes", "of the messages that carried them, on the wire"},
    {"answers", "how many of them were answered"},
    {"p50 p95 p99", "so many percent of the latencies are not above it (within 2 %)"},
    {"most", "the longest latency"},
    {"(all others)", "there are more than 4000 names: the later ones share a row"},
    {0},
};

const struct screen_operations screen_statistics = {
    .title = "Statistics",
    .legend = statistics_legend,
    .table = TABLE_EVENTS,
    .new = statistics_new,
    .free = statistics_screen_free,
    .draw = statistics_draw,
    .list = statistics_list_of,
    .list_row = 1,
    .table_of = statistics_table_of,
    .sorted = statistics_sorted,
    .work = statistics_work,
    .holds = statistics_holds,
    .enter = statistics_enter,
    .keys = statistics_keys,
    .hidden = statistics_hidden,
};
