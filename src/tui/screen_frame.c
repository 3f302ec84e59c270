/* Frame: the chosen event, as a tree of JSON, by its layers, raw, and as bytes; alone, or compared with another. */
#include "tui/event_view.h"
#include "view/event_text.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

struct frame_screen {
	struct event_view view;
	bool compares; /* with the event before of its name */
};

static const struct event *frame_event(const struct frame_screen *screen, const struct ui *ui)
{
	return record_event(ui->input.record, screen->view.event);
}

static bool frame_is_same_kind(const struct event *one, const struct event *other)
{
	return one->kind == other->kind && one->direction == other->direction &&
	       slice_equals(event_packet(one)->nsp, event_packet(other)->nsp) &&
	       slice_equals(event_packet(one)->name, event_packet(other)->name);
}

/* The next event of the session with the same name, or the one before; 0: none. */
static uint64_t frame_neighbour(const struct frame_screen *screen, const struct ui *ui, bool forward)
{
	const struct record *record = ui->input.record;
	const struct event *event = frame_event(screen, ui);
	uint64_t index = screen->view.event;
	while (event &&
	       (index = forward ? record_next_of_session(record, index) : record_previous_of_session(record, index)))
		if (frame_is_same_kind(event, record_event(record, index)))
			return index;
	return 0;
}

static void frame_load(struct frame_screen *screen, struct ui *ui, uint64_t event)
{
	screen->view.event = ui->event = event;
	event_view_load(&screen->view, ui, event, screen->compares ? frame_neighbour(screen, ui, false) : 0);
}

/* ---- drawing */

static void frame_draw_head(const struct frame_screen *screen, struct ui *ui, const struct canvas *canvas)
{
	const struct event *other = record_event(ui->input.record, screen->view.other);
	const struct event *event = frame_event(screen, ui);
	struct buffer name;
	char time[TIMESTAMP_TEXT_SIZE], at[ORIGIN_TEXT];
	canvas_fill(canvas, 0, 0, TINT_BAR);
	if (!event)
		return;
	buffer_init(&name, 400, NULL);
	event_text_name(&name, event);
	int column = canvas_format(canvas, 0, 0, TINT_BAR, "%s %s ",
	    ui_format_time(ui, event->origin.time, TIMESTAMP_NONE, time), direction_name(event->direction));
	canvas_write(canvas, 0, column, TINT_BAR, buffer_slice(&name));
	buffer_free(&name);
	char right[2 * ORIGIN_TEXT];
	int len = snprintf(right, sizeof right, " %s [%s]",
	    origin_format(ORIGIN_OF(&event->origin, event->origin.first), at), event_form_name(screen->view.form));
	if (other)
		len += snprintf(right + len, sizeof right - (size_t)len, " ~ %s",
		    origin_format(ORIGIN_OF(&other->origin, other->origin.first), at));
	canvas_write_text(canvas, 0, canvas->width - len - 1, TINT_BAR, right);
}

static void frame_draw(void *self, struct ui *ui, const struct canvas *canvas)
{
	enum { FINDINGS_ROWS = 4 };
	struct frame_screen *screen = self;
	const struct event *event = record_event(ui->input.record, screen->view.event);
	struct canvas below = canvas_inside(canvas, 1, 0, canvas->height - 1, canvas->width);
	frame_draw_head(screen, ui, canvas);
	/* What is found of it stays in sight, at the foot. */
	if (event && event_is_found(ui, event) && below.height > 2 * FINDINGS_ROWS) {
		below.height -= FINDINGS_ROWS + 1;
		const struct canvas foot = canvas_inside(canvas, 1 + below.height, 0, FINDINGS_ROWS + 1, canvas->width);
		canvas_repeat(&foot, 0, 0, TINT_FAINT, GLYPH_HORIZONTAL, foot.width);
		event_findings_draw(ui, &foot, 1, event);
	}
	event_view_draw(&screen->view, &below, true);
}

/* ---- keys */

static void frame_next_form(void *self, struct ui *ui)
{
	struct event_view *view = &((struct frame_screen *)self)->view;
	event_view_show(view, ui, (view->form + 1) % EVENT_FORMS);
}

static void frame_go(struct frame_screen *screen, struct ui *ui, bool forward)
{
	uint64_t event = frame_neighbour(screen, ui, forward);
	if (event)
		frame_load(screen, ui, event);
	else
		ui_say(ui, forward ? "this is the last event of this name" : "this is the first event of this name");
}

static void frame_next(void *self, struct ui *ui)
{
	frame_go(self, ui, true);
}

static void frame_previous(void *self, struct ui *ui)
{
	frame_go(self, ui, false);
}

static void frame_toggle_compare(void *self, struct ui *ui)
{
	struct frame_screen *screen = self;
	screen->compares = !screen->view.other;
	frame_load(screen, ui, screen->view.event);
	if (screen->compares && !screen->view.other)
		ui_say(ui, "no earlier event has this name");
}

static void frame_enter(void *self, struct ui *ui)
{
	(void)ui;
	event_view_toggle(&((struct frame_screen *)self)->view);
}

static bool frame_holds(void *self, struct ui *ui, uint64_t row, struct slice text)
{
	(void)ui;
	return event_view_holds(&((struct frame_screen *)self)->view, row, text);
}

static bool frame_value(void *self, struct ui *ui, struct buffer *out)
{
	(void)ui;
	return event_view_value(&((struct frame_screen *)self)->view, out);
}

static const struct screen_key frame_keys[] = {
    {'\t', "View", "tree, layers, raw, bytes", frame_next_form, true, NULL},
    {']', "Next", "the next event of this name", frame_next, true, NULL},
    {'[', "Prev", "the previous event of this name", frame_previous, true, NULL},
    {'d', "Diff", "what differs from the previous event of this name", frame_toggle_compare, true, NULL},
    {0},
};

/* ---- life */

static void *frame_new(struct ui *ui)
{
	struct frame_screen *screen = ui->event ? calloc(1, sizeof *screen) : NULL;
	if (!screen) {
		ui_say(ui, "select an event first");
		return NULL;
	}
	event_view_init(&screen->view, ui->input.memory);
	if (ui->compares)
		event_view_load(&screen->view, ui, ui->event, ui->noted);
	else
		frame_load(screen, ui, ui->event);
	ui->compares = false;
	return screen;
}

static void frame_free(void *self)
{
	struct frame_screen *screen = self;
	event_view_free(&screen->view);
	free(screen);
}

static struct list *frame_list(void *self)
{
	return &((struct frame_screen *)self)->view.list;
}

static const struct ui_legend frame_legend[] = {
    {"[3], {2}", "how many elements or members (Enter folds them)"},
    {"~", "compared (d, D): another value; what it was stands behind it"},
    {"+, -", "compared: only in this event, only in the other"},
    {"masked", "a secret; equal ones have equal digits"},
    {0},
};

const struct screen_operations screen_frame = {
    .title = "Frame",
    .legend = frame_legend,
    .new = frame_new,
    .free = frame_free,
    .draw = frame_draw,
    .list = frame_list,
    .list_row = 1,
    .holds = frame_holds,
    .value = frame_value,
    .enter = frame_enter,
    .keys = frame_keys,
};
