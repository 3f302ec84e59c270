/* Live: sessions, events each way, latencies, bytes and drops, as figures and sparklines over the last seconds. */
#include "base/text.h"
#include "tui/ui.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

enum { LIVE_BARS = 42 /* columns to the left of the bars */ };
enum { LIVE_SECONDS = 240, LIVE_LATENCIES = 4096 };

/* One second of the packets' own clock. */
struct live_second {
	uint64_t events[2], bytes;
};

struct live_screen {
	struct live_second seconds[LIVE_SECONDS]; /* a ring by second */
	int64_t newest;                           /* the last second, of an event or of the clock; 0: none */
	uint64_t next;                            /* event to be taken next */
	double latencies[LIVE_LATENCIES];         /* the last, in milliseconds: a ring */
	size_t latency_count;
	struct list list;
};

/* ---- counting */

static struct live_second *live_second(struct live_screen *screen, int64_t second)
{
	while (screen->newest < second) {
		/* A long silence empties the ring once, not second by second. */
		if (second - screen->newest > LIVE_SECONDS)
			screen->newest = second - LIVE_SECONDS;
		screen->seconds[++screen->newest % LIVE_SECONDS] = (struct live_second){0};
	}
	return second + LIVE_SECONDS > screen->newest ? &screen->seconds[second % LIVE_SECONDS] : NULL;
}

static void live_take(struct live_screen *screen, const struct record *record, const struct event *event)
{
	struct live_second *second = live_second(screen, event->origin.time / TIMESTAMP_SECOND);
	bool counts = event->kind == EVENT_EVENT || event->kind == EVENT_ACK;
	if (second && counts)
		second->events[event->direction]++;
	if (second && event->kind != EVENT_HTTP)
		second->bytes += event->bytes;
	uint64_t question = event->answers;
	timestamp latency = question && event->kind != EVENT_PONG ? record_latency(record, question) : TIMESTAMP_NONE;
	if (latency != TIMESTAMP_NONE)
		screen->latencies[screen->latency_count++ % LIVE_LATENCIES] = (double)latency / 1e6;
}

static bool live_work(void *self, struct ui *ui)
{
	struct live_screen *screen = self;
	uint64_t count = record_event_count(ui->input.record);
	int64_t end = clock_now() + UI_SLICE;
	while (screen->next <= count) {
		for (int i = 0; i < 1000 && screen->next <= count; i++)
			live_take(screen, ui->input.record, record_event(ui->input.record, screen->next++));
		if (clock_now() > end)
			return true;
	}
	/* Seconds go by without packets, too. */
	if (screen->newest && ui->input.is_live && ui->feed != UI_FEED_OVER && !ui->paused)
		live_second(screen, clock_timestamp() / TIMESTAMP_SECOND);
	return false;
}

/* ---- drawing */

typedef uint64_t live_value(const struct live_second *second);

static uint64_t live_up(const struct live_second *second)
{
	return second->events[DIRECTION_TO_SERVER];
}

static uint64_t live_down(const struct live_second *second)
{
	return second->events[DIRECTION_TO_CLIENT];
}

static uint64_t live_bytes(const struct live_second *second)
{
	return second->bytes;
}

/* The newest second is on the right. */
static void live_draw_line(
    const struct live_screen *screen, const struct canvas *canvas, int row, const char *name, live_value *value)
{
	int columns = canvas->width - LIVE_BARS < LIVE_SECONDS - 1 ? canvas->width - LIVE_BARS : LIVE_SECONDS - 1;
	uint64_t most = 1, last = screen->newest ? value(&screen->seconds[screen->newest % LIVE_SECONDS]) : 0;
	for (int i = 0; i < columns; i++) {
		uint64_t each = value(&screen->seconds[(screen->newest + LIVE_SECONDS - i) % LIVE_SECONDS]);
		most = each > most ? each : most;
	}
	canvas_write_text(canvas, row, 2, TINT_TITLE, name);
	canvas_format(canvas, row, 16, TINT_NUMBER, "%8" PRIu64, last);
	canvas_format(canvas, row, 25, TINT_FAINT, "most %" PRIu64, most);
	for (int i = 0; i < columns; i++) {
		uint64_t each = value(&screen->seconds[(screen->newest + LIVE_SECONDS - i) % LIVE_SECONDS]);
		unsigned height = each ? (unsigned)(1 + each * 7 / most) : 0;
		canvas_write_text(canvas, row, canvas->width - 2 - i, TINT_INFO, theme_bar(canvas->theme, height));
	}
}

static void live_draw_latencies(const struct live_screen *screen, const struct canvas *canvas, int row)
{
	static const struct {
		const char *name;
		double share;
	} shares[] = {{"p50", 0.50}, {"p95", 0.95}, {"p99", 0.99}};
	double sorted[LIVE_LATENCIES];
	size_t count = screen->latency_count < LIVE_LATENCIES ? screen->latency_count : LIVE_LATENCIES;
	int column = 16;
	memcpy(sorted, screen->latencies, count * sizeof *sorted);
	percentile_sort(sorted, count);
	canvas_write_text(canvas, row, 2, TINT_TITLE, "latency");
	if (!screen->latency_count)
		canvas_write_text(canvas, row, column, TINT_FAINT, "no event was answered yet");
	for (size_t i = 0; count && i < 3; i++)
		column = canvas_format(canvas, row, column, TINT_NUMBER, "%s %.1f ms   ", shares[i].name,
		    percentile_of(sorted, count, shares[i].share));
	if (count)
		canvas_format(canvas, row, column, TINT_FAINT, "of the last %zu answer%s", count, plural_ending(count));
}

static void live_draw_sessions(struct ui *ui, const struct canvas *canvas, int row)
{
	uint64_t open = 0, all = record_session_count(ui->input.record);
	for (uint64_t number = 1; number <= all; number++) {
		const struct session *session = record_session(ui->input.record, number);
		open += session && session->closed == TIMESTAMP_NONE;
	}
	canvas_write_text(canvas, row, 2, TINT_TITLE, "sessions");
	canvas_format(canvas, row, 16, TINT_NUMBER, "%8" PRIu64 " open of %" PRIu64, open, all);
}

static void live_draw(void *self, struct ui *ui, const struct canvas *canvas)
{
	struct live_screen *screen = self;
	const struct engine_counts *counts = ui->input.counts(ui->input.self);
	uint64_t dropped = counts->ledger->entries[LEDGER_DROPPED].items;
	canvas_fill(canvas, 0, 0, TINT_BAR);
	canvas_format(
	    canvas, 0, 2, TINT_BAR, "per second, over the last %d s of the capture at most", LIVE_SECONDS - 1);
	live_draw_sessions(ui, canvas, 2);
	live_draw_line(screen, canvas, 4, "events c>s", live_up);
	live_draw_line(screen, canvas, 6, "events s>c", live_down);
	live_draw_line(screen, canvas, 8, "bytes", live_bytes);
	live_draw_latencies(screen, canvas, 10);
	canvas_write_text(canvas, 12, 2, TINT_TITLE, "packets");
	canvas_format(canvas, 12, 16, TINT_NUMBER, "%8" PRIu64 ", %" PRIu64 " byte%s", counts->packets, counts->bytes,
	    plural_ending(counts->bytes));
	canvas_write_text(canvas, 13, 2, TINT_TITLE, "dropped");
	canvas_format(canvas, 13, 16, dropped ? TINT_ERROR : TINT_NUMBER, "%8" PRIu64, dropped);
	canvas_write_text(canvas, 14, 2, TINT_TITLE, "gaps");
	canvas_format(canvas, 14, 16, counts->gaps ? TINT_WARNING : TINT_NUMBER, "%8" PRIu64, counts->gaps);
}

static void *live_new(struct ui *ui)
{
	struct live_screen *screen = calloc(1, sizeof *screen);
	(void)ui;
	if (screen)
		screen->next = 1;
	return screen;
}

static struct list *live_list(void *self)
{
	return &((struct live_screen *)self)->list;
}

static const struct screen_key live_keys[] = {{0}};

static const struct ui_legend live_legend[] = {
    {"first figure", "the last second"},
    {"most", "the most in one second"},
    {"bars", "a second each, the newest on the right"},
    {"p50 p95 p99", "so many percent of the latencies are not above it"},
    {0},
};

const struct screen_operations screen_live = {
    .title = "Live",
    .legend = live_legend,
    .new = live_new,
    .free = free,
    .draw = live_draw,
    .list = live_list,
    .work = live_work,
    .keys = live_keys,
};
