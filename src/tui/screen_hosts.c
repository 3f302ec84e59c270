/*
 * Hosts: of several captures, or behind a proxy: where the time to an ack went, place by place, for each session;
 * below, how far the clocks of the captures are apart, what passed between them, and what did not arrive.
 */
#include "base/numbering.h"
#include "base/text.h"
#include "socketio/record.h"
#include "tui/canvas.h"
#include "tui/ui.h"
#include "view/hops.h"
#include "view/report.h"

#define NCURSES_NOMACROS
#include <inttypes.h>
#include <ncurses.h>
#include <stdio.h>
#include <stdlib.h>

enum { HOSTS_SESSIONS = 500 /* that are listed; more are counted */ };

/* A session that was seen at several places. */
struct hosts_session {
	uint64_t number;
	struct hop_times times;
};

struct hosts_row {
	size_t session; /* its place in the list */
	size_t leg;
};

struct hosts_screen {
	struct hosts_session sessions[HOSTS_SESSIONS];
	struct hosts_row rows[HOSTS_SESSIONS * SESSION_LEGS];
	size_t session_count, count;
	uint64_t more;           /* sessions that are not listed */
	struct hops *hops;       /* of the session that is being followed; or NULL */
	uint64_t session, event; /* that one; and the next of its events */
	bool was_over, done;
	struct list list;
	struct scroll scroll;
};

/* ---- gathered session by session, in slices */

static void hosts_reset(struct hosts_screen *screen)
{
	hops_free(screen->hops);
	screen->hops = NULL;
	screen->session_count = screen->count = 0;
	screen->more = screen->session = screen->event = 0;
	screen->done = false;
}

static void hosts_add(struct hosts_screen *screen, uint64_t number, const struct hop_times *times)
{
	if (screen->session_count == HOSTS_SESSIONS) {
		screen->more++;
		return;
	}
	for (size_t leg = 0; leg < times->legs; leg++)
		screen->rows[screen->count++] = (struct hosts_row){screen->session_count, leg};
	screen->sessions[screen->session_count++] = (struct hosts_session){number, *times};
}

static void hosts_end_session(struct hosts_screen *screen)
{
	const struct hop_times times = hops_end_session(screen->hops, screen->session);
	hops_free(screen->hops);
	screen->hops = NULL;
	if (times.legs)
		hosts_add(screen, screen->session, &times);
}

/* Of sessions on one leg there is nothing to gather. */
static void hosts_begin_session(struct hosts_screen *screen, struct ui *ui)
{
	const struct record *record = ui->input.record;
	const struct session *session = record_session(record, ++screen->session);
	screen->done = screen->session > record_session_count(record);
	if (!session || session->leg_count < 2)
		return;
	screen->hops = hops_new(ui->input.memory);
	screen->event = screen->hops ? record_session_first(record, screen->session) : 0;
}

/* In the record an event has all its sightings. */
static void hosts_take_event(struct hosts_screen *screen, const struct record *record)
{
	struct event event = *record_event(record, screen->event);
	event.awaits_legs = false;
	hops_take_event(screen->hops, &event);
	screen->event = record_next_of_session(record, screen->event);
}

static bool hosts_work(void *self, struct ui *ui)
{
	struct hosts_screen *screen = self;
	int64_t end = clock_now() + UI_SLICE;
	bool is_over = ui->feed == UI_FEED_OVER;
	if (is_over && !screen->was_over)
		hosts_reset(screen);
	screen->was_over = is_over;
	for (unsigned step = 0; !screen->done; step++) {
		if (screen->event)
			hosts_take_event(screen, ui->input.record);
		else if (screen->hops)
			hosts_end_session(screen);
		else
			hosts_begin_session(screen, ui);
		if (step % 256 == 255 && clock_now() > end)
			break;
	}
	return !screen->done;
}

/* ---- drawing */

enum { HOSTS_PLACE = 7, HOSTS_SERVER = 28, HOSTS_TIME = 10, HOSTS_TIMES = 4, HOSTS_WIDE = 72 };

/* Narrow terminals have the medians alone. */
static int hosts_step(const struct canvas *canvas)
{
	return canvas->width < HOSTS_WIDE ? 2 : 1;
}

/* Where the times begin. */
static int hosts_times_column(const struct canvas *canvas)
{
	int wanted = HOSTS_SERVER + 22, most = canvas->width - HOSTS_TIMES / hosts_step(canvas) * HOSTS_TIME;
	return wanted < most ? wanted : most;
}

static void hosts_write_times(
    const struct canvas *canvas, int row, enum tint tint, const char *const texts[HOSTS_TIMES])
{
	int column = hosts_times_column(canvas);
	for (int i = 0; i < HOSTS_TIMES; i += hosts_step(canvas), column += HOSTS_TIME)
		canvas_write_text(
		    canvas, row, column + HOSTS_TIME - canvas_columns(slice_of_text(texts[i])), tint, texts[i]);
}

static void hosts_draw_head(const struct canvas *canvas)
{
	static const char *const titles[HOSTS_TIMES] = {"p50", "p95", "hop p50", "hop p95"};
	const struct canvas left = canvas_inside(canvas, 0, 0, 1, hosts_times_column(canvas));
	canvas_fill(canvas, 0, 0, TINT_BAR);
	canvas_write_text(&left, 0, 2, TINT_BAR, "#");
	canvas_write_text(&left, 0, HOSTS_PLACE, TINT_BAR, "seen");
	canvas_write_text(&left, 0, HOSTS_SERVER, TINT_BAR, "on the way to");
	hosts_write_times(canvas, 0, TINT_BAR, titles);
}

static void hosts_draw_row(
    const struct hosts_screen *screen, const struct ui *ui, const struct canvas *canvas, int at, size_t nth)
{
	const struct hosts_row *row = &screen->rows[nth];
	const struct hosts_session *of = &screen->sessions[row->session];
	const struct session *session = record_session(ui->input.record, of->number);
	char server[ENDPOINT_TEXT_SIZE], spans[HOSTS_TIMES][TIMESTAMP_TEXT_SIZE] = {"", "", "", ""};
	const struct canvas left = canvas_inside(canvas, at, 0, 1, hosts_times_column(canvas));
	bool selected = nth == screen->list.selected, is_last = row->leg + 1 == of->times.legs;
	enum tint tint = selected ? TINT_SELECTED : TINT_PLAIN;
	if (selected)
		canvas_fill(canvas, at, 0, TINT_SELECTED);
	if (!row->leg)
		canvas_format(&left, 0, 2, tint, "%" PRIu64, of->number);
	canvas_write_text(&left, 0, HOSTS_PLACE, tint, hop_place(row->leg));
	if (session && session->legs && row->leg < session->leg_count)
		canvas_write_text(
		    &left, 0, HOSTS_SERVER, tint, endpoint_format(&session->legs[row->leg].server, server));
	milliseconds_format(of->times.medians[row->leg], TIMESTAMP_MILLISECOND, spans[0]);
	milliseconds_format(of->times.p95s[row->leg], TIMESTAMP_MILLISECOND, spans[1]);
	if (!is_last) {
		milliseconds_format(of->times.between_medians[row->leg], TIMESTAMP_MILLISECOND, spans[2]);
		milliseconds_format(of->times.between_p95s[row->leg], TIMESTAMP_MILLISECOND, spans[3]);
	}
	hosts_write_times(canvas, at, tint, (const char *const[]){spans[0], spans[1], spans[2], spans[3]});
}

static int hosts_draw_way(
    const struct canvas *canvas, int row, const struct numbering *numbering, const struct summary_skew *skew, bool back)
{
	const struct summary_way *way = &skew->ways[back];
	const char *input = numbering_short(numbering, skew->input), *peer = numbering_short(numbering, skew->peer);
	const char *from = back ? input : peer, *to = back ? peer : input;
	char text[SKEW_TEXT], least[TIMESTAMP_TEXT_SIZE], median[TIMESTAMP_TEXT_SIZE];
	struct buffer line = buffer_over(text, sizeof text - 1);
	if (!way->seen && way->median == TIMESTAMP_NONE)
		return row;
	buffer_append_format(&line, "from %.200s to %.200s: ", from, to);
	if (way->median != TIMESTAMP_NONE)
		buffer_append_format(&line, "%s at least, median %s; ",
		    milliseconds_format(way->least, skew->bound, least),
		    milliseconds_format(way->median, skew->bound, median));
	buffer_append_format(&line, "%" PRIu64 " of %" PRIu64 " segments did not arrive", way->lost, way->seen);
	text[line.len] = '\0';
	return wrap_write(canvas, row, 2, way->lost ? TINT_WARNING : TINT_PLAIN, text);
}

static int hosts_draw_inputs(struct ui *ui, const struct canvas *canvas, int row)
{
	const struct summary_input *input = ui->input.inputs(ui->input.self);
	char text[SKEW_TEXT];
	for (size_t i = 0; i < input->skew_count; i++) {
		const struct summary_skew *skew = &input->skews[i];
		row = wrap_write(canvas, row, 0, skew->is_contradicted ? TINT_WARNING : TINT_PLAIN,
		    skew_format(skew, input->numbering, text));
		for (int back = 0; back < 2 && !skew->is_given; back++)
			row = hosts_draw_way(canvas, row, input->numbering, skew, back);
	}
	for (size_t i = 0; i < input->vantage_count; i++) {
		snprintf(text, sizeof text,
		    "%" PRIu64 " connection%s that several files have: read from %.300s (--vantage chooses)",
		    input->vantages[i].connections, plural_ending(input->vantages[i].connections),
		    numbering_short(input->numbering, input->vantages[i].input));
		row = wrap_write(canvas, row, 0, TINT_PLAIN, text);
	}
	if (!input->skew_count)
		row = wrap_write(canvas, row, 0, TINT_FAINT,
		    ui->feed == UI_FEED_OVER ? "There is one capture only, or none whose clock could be compared."
		                             : "Clocks are compared once all is read.");
	return row;
}

static void hosts_draw(void *self, struct ui *ui, const struct canvas *canvas)
{
	struct hosts_screen *screen = self;
	int most = canvas->height / 2, rows = screen->count < (size_t)most ? (int)screen->count : most;
	rows = rows ? rows : 1;
	list_fit(&screen->list, screen->count, rows);
	hosts_draw_head(canvas);
	for (int row = 0; row < rows && screen->list.top + (uint64_t)row < screen->count; row++)
		hosts_draw_row(screen, ui, canvas, row + 1, (size_t)screen->list.top + (size_t)row);
	if (!screen->count)
		canvas_write_text(
		    canvas, 1, 2, TINT_FAINT, screen->done ? "No ack was seen at several places." : "...");
	canvas_repeat(canvas, rows + 1, 0, TINT_FAINT, GLYPH_HORIZONTAL, canvas->width);
	if (screen->more)
		canvas_format(
		    canvas, rows + 1, canvas->width - 30, TINT_FAINT, " and %" PRIu64 " more sessions ", screen->more);
	const struct canvas below = canvas_inside(canvas, rows + 2, 0, canvas->height - rows - 2, canvas->width);
	/* Below the canvas it is measured. */
	scroll_fit(&screen->scroll, &below, screen, hosts_draw_inputs(ui, &below, below.height) - below.height);
	hosts_draw_inputs(ui, &below, -screen->scroll.above);
}

/* ---- keys */

static void hosts_enter(void *self, struct ui *ui)
{
	struct hosts_screen *screen = self;
	if (screen->list.selected >= screen->count)
		return;
	uint64_t number = screen->sessions[screen->rows[screen->list.selected].session].number;
	ui->event = number == ui->session ? ui->event : 0;
	ui->session = number;
	ui_go(ui, &screen_sessions);
	ui_go(ui, &screen_flow);
}

static void hosts_scroll_on(void *self, struct ui *ui)
{
	(void)ui;
	scroll_move(&((struct hosts_screen *)self)->scroll, 1);
}

static void hosts_scroll_back(void *self, struct ui *ui)
{
	(void)ui;
	scroll_move(&((struct hosts_screen *)self)->scroll, -1);
}

static const struct screen_key hosts_keys[] = {
    {KEY_RIGHT, "Right", "on in the text below (Left: back)", hosts_scroll_on, false, NULL},
    {KEY_LEFT, "Left", NULL, hosts_scroll_back, false, NULL},
    {'l', "l", NULL, hosts_scroll_on, false, NULL},
    {'h', "h", NULL, hosts_scroll_back, false, NULL},
    {0},
};

/* ---- life */

static void *hosts_new(struct ui *ui)
{
	(void)ui;
	return calloc(1, sizeof(struct hosts_screen));
}

static void hosts_free(void *self)
{
	struct hosts_screen *screen = self;
	hops_free(screen->hops);
	free(screen);
}

static struct list *hosts_list(void *self)
{
	return &((struct hosts_screen *)self)->list;
}

static const struct ui_legend hosts_legend[] = {
    {"seen", "the place where the session's packets were captured: at the edge is nearest to the client"},
    {"on the way to", "the server's address there"},
    {"p50, p95", "from an event to its ack as seen there: so many percent took no longer"},
    {"hop", "what the way to the next place and back takes of it, and whoever is on it (a proxy)"},
    {0},
};

const struct screen_operations screen_hosts = {
    .title = "Hosts",
    .legend = hosts_legend,
    .new = hosts_new,
    .free = hosts_free,
    .draw = hosts_draw,
    .list = hosts_list,
    .list_row = 1,
    .work = hosts_work,
    .enter = hosts_enter,
    .keys = hosts_keys,
};
