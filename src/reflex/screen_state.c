/* State (Reflex): at the chosen event, what the backend holds and what the page shows, side by side. */
#include "reflex/frontend.h"
#include "reflex/model.h"
#include "reflex/reflex.h"
#include "tui/ladder.h"
#include "tui/ui.h"

#define NCURSES_NOMACROS
#include <inttypes.h>
#include <ncurses.h>
#include <stdio.h>
#include <stdlib.h>

enum { STATE_BYTES = 32 << 20, STATE_ROWS = 20000 };

/* A substate, one of its vars, or what the page declares and never came: a var of the substate, or a whole one. */
struct state_row {
	const struct model_state *state;
	const struct model_var *var;
	const struct manifest_var *missing;
	const struct manifest_state *missing_state;
};

struct state_screen {
	uint64_t session;
	uint64_t event;   /* the last that the model has taken */
	uint64_t wanted;  /* it is on its way there; 0: it has arrived */
	bool opens;       /* it was opened just now */
	bool steps;       /* and stops at the first update on the way */
	uint64_t updates; /* up to there */
	struct model *model;
	struct budget budget;
	struct buffer text;
	struct state_row *rows;
	size_t row_count;
	struct list list;
};

/* ---- the model */

/* What the frontend that was given declares; NULL: none was. */
static const struct manifest *state_manifest(const struct ui *ui)
{
	return frontend_states(plugin_facts_of(ui->input.plugged, &plugin_reflex));
}

static void state_begin(struct state_screen *screen, struct ui *ui)
{
	const struct manifest *manifest = state_manifest(ui);
	struct slice version = manifest ? manifest->version : slice_of(NULL, 0);
	model_free(screen->model);
	screen->budget = (struct budget){.limit = STATE_BYTES};
	screen->model = model_new(manifest, model_client_of(version), &screen->budget);
	screen->session = ui->session;
	screen->event = screen->updates = 0;
}

static bool state_is_update(struct state_screen *screen, const struct event *event)
{
	struct follow_item item;
	return follow_read(event, &screen->text, &item) == FOLLOW_UPDATE && item.update.delta.len > 2;
}

static void state_take(struct state_screen *screen, const struct event *event)
{
	struct follow_item item;
	if (follow_read(event, &screen->text, &item))
		follow_apply(screen->model, event, &item);
	screen->updates += item.kind == FOLLOW_UPDATE && item.update.delta.len > 2;
}

/* Goes on towards the wanted event for a slice of time: there may be a million on the way. */
static bool state_travel(struct state_screen *screen, const struct record *record)
{
	int64_t end = clock_now() + UI_SLICE;
	uint64_t next = screen->event ? record_next_of_session(record, screen->event)
	                              : record_session_first(record, screen->session);
	for (; screen->model && next && next <= screen->wanted; next = record_next_of_session(record, next)) {
		uint64_t updates = screen->updates;
		state_take(screen, record_event(record, next));
		screen->event = next;
		if (screen->steps && screen->updates > updates)
			break;
		if (clock_now() > end)
			return true;
	}
	return false;
}

/* Backwards means from the start again. */
static void state_go(struct state_screen *screen, struct ui *ui, uint64_t event, bool steps)
{
	if (screen->session != ui->session || event < screen->event)
		state_begin(screen, ui);
	screen->wanted = event;
	screen->steps = steps;
}

/* ---- rows */

static void state_add_row(struct state_screen *screen, struct state_row row)
{
	if (screen->row_count < STATE_ROWS)
		screen->rows[screen->row_count++] = row;
}

static void state_add_missing_states(struct state_screen *screen)
{
	struct manifest_cursor cursor = {0};
	while (model_next_missing(screen->model, &cursor))
		if (!cursor.var && state_is_worth_missing(screen->model, cursor.state))
			state_add_row(screen, (struct state_row){.missing_state = cursor.state});
}

static void state_list_rows(struct state_screen *screen)
{
	screen->row_count = 0;
	for (const struct model_state *state = screen->model ? screen->model->states : NULL; state;
	     state = state->hh.next) {
		if (!state_is_worth_showing(screen->model, state))
			continue;
		state_add_row(screen, (struct state_row){.state = state});
		for (const struct model_var *var = state->vars; var; var = var->hh.next)
			state_add_row(screen, (struct state_row){.state = state, .var = var});
		struct manifest_cursor cursor = {.state = state->declared};
		while (model_next_missing_var(screen->model, &cursor))
			state_add_row(screen, (struct state_row){.state = state, .missing = cursor.var});
	}
	if (screen->model)
		state_add_missing_states(screen);
}

static bool state_work(void *self, struct ui *ui)
{
	struct state_screen *screen = self;
	uint64_t updates = screen->updates;
	if (!screen->wanted)
		return false;
	if (state_travel(screen, ui->input.record))
		return true;
	if (screen->opens && !screen->updates) {
		/* Nothing was sent up to the chosen event: the first update has more to show. */
		screen->opens = false;
		state_go(screen, ui, UINT64_MAX, true);
		return true;
	}
	screen->opens = false;
	if (screen->steps && screen->updates == updates)
		ui_say(ui, "no later update");
	screen->wanted = 0;
	ui->event = screen->event;
	state_list_rows(screen);
	return false;
}

/* ---- drawing */

/* Where the values begin. */
static int state_name_width(const struct canvas *canvas)
{
	return canvas->width < 60 ? canvas->width / 3 : 28;
}

static void state_draw_value(struct ui *ui, const struct canvas *canvas, int row, int column, int width, enum tint tint,
    const struct model_state *state, struct slice name, const struct model_value *value)
{
	struct canvas place = canvas_inside(canvas, row, column, 1, width);
	struct buffer text;
	if (value->kind == JSON_BAD) {
		canvas_write_text(&place, 0, 0, TINT_FAINT, "nothing");
		return;
	}
	buffer_init(&text, BUFFER_NO_LIMIT, NULL);
	state_write_value(&text, ui->input.mask, state, name, value);
	canvas_write(&place, 0, 0, tint, buffer_slice(&text));
	buffer_free(&text);
}

/* `wrong` says what is; "": nothing. */
static void state_draw_state(const struct canvas *canvas, int row, struct slice name, const char *wrong)
{
	struct buffer class;
	buffer_init(&class, 512, NULL);
	name_write_class(&class, name);
	int column = canvas_write(canvas, row, 2, *wrong ? TINT_ERROR : TINT_TITLE, buffer_slice(&class));
	canvas_write_text(canvas, row, column + 1, TINT_ERROR, wrong);
	buffer_free(&class);
}

static const char *state_verdict(const struct state_screen *screen, const struct state_row *row, enum tint *tint)
{
	*tint = TINT_PLAIN;
	if (!screen->model->manifest)
		return NULL;
	if (!row->state->declared || !row->var->declared) {
		*tint = TINT_ERROR;
		return "unknown to the page";
	}
	if (!row->var->behind)
		return NULL;
	*tint = TINT_WARNING;
	return "not what was sent:";
}

static void state_draw_var(
    struct state_screen *screen, struct ui *ui, const struct canvas *canvas, int row, const struct state_row *of)
{
	enum tint tint;
	const char *verdict = state_verdict(screen, of, &tint);
	bool latest = of->var->last.event == screen->event, changed = of->var->changed[1].event == screen->event;
	struct slice name = name_of_var(of->var->name);
	int names = state_name_width(canvas), half = (canvas->width - names) / 2;
	struct canvas place = canvas_inside(canvas, row, 4, 1, names - 5);
	canvas_write_text(canvas, row, 2, TINT_RELATED, changed ? "~" : latest ? "=" : " ");
	canvas_write(&place, 0, 0, latest ? TINT_RELATED : TINT_NAME, name);
	state_draw_value(
	    ui, canvas, row, names, half - 1, changed ? TINT_RELATED : TINT_PLAIN, of->state, name, &of->var->sent);
	int column = names + half;
	if (verdict)
		column = canvas_write_text(canvas, row, column, tint, verdict) + 1;
	if (tint != TINT_ERROR)
		state_draw_value(
		    ui, canvas, row, column, canvas->width - column, tint, of->state, name, model_shown(of->var));
}

static void state_draw_missing(const struct canvas *canvas, int row, const struct manifest_var *missing)
{
	int names = state_name_width(canvas), half = (canvas->width - names) / 2;
	struct canvas place = canvas_inside(canvas, row, 4, 1, names - 5);
	struct canvas came = canvas_inside(canvas, row, names, 1, half - 1);
	canvas_write(&place, 0, 0, TINT_ERROR, name_of_var(missing->name));
	canvas_write_text(&came, 0, 0, TINT_ERROR, "never came");
	struct canvas initial = canvas_inside(canvas, row, names + half, 1, half);
	canvas_write(
	    &initial, 0, canvas_write_text(&initial, 0, 0, TINT_ERROR, "as built: "), TINT_PLAIN, missing->initial);
}

static void state_draw_row(struct state_screen *screen, struct ui *ui, const struct canvas *canvas, int row, size_t nth)
{
	const struct state_row *of = &screen->rows[nth];
	if (nth == screen->list.selected)
		canvas_write_text(canvas, row, 0, TINT_TITLE, ">");
	if (of->missing)
		state_draw_missing(canvas, row, of->missing);
	else if (of->var)
		state_draw_var(screen, ui, canvas, row, of);
	else if (of->missing_state)
		state_draw_state(canvas, row, of->missing_state->name, "never came");
	else
		state_draw_state(canvas, row, of->state->name,
		    screen->model->manifest && !of->state->declared ? "the frontend does not have it" : "");
}

static void state_draw_heads(struct state_screen *screen, struct ui *ui, const struct canvas *canvas)
{
	const struct event *event = record_event(ui->input.record, screen->event);
	int names = state_name_width(canvas), half = (canvas->width - names) / 2;
	struct canvas place = canvas_inside(canvas, 0, 0, 1, names - 1),
	              sent = canvas_inside(canvas, 0, names, 1, half - 1);
	canvas_fill(canvas, 0, 0, TINT_BAR);
	if (event) {
		char time[TIMESTAMP_TEXT_SIZE] = "", at[ORIGIN_TEXT];
		canvas_format(&place, 0, 0, TINT_BAR, "#%" PRIu64 " %s %s", screen->session,
		    ui_format_time(ui, event->origin.time, TIMESTAMP_NONE, time),
		    origin_format(ORIGIN_OF(&event->origin, event->origin.first), at));
	}
	canvas_write_text(&sent, 0, 0, TINT_BAR, "the backend sent");
	canvas_write_text(
	    canvas, 0, names + half, TINT_BAR, state_manifest(ui) ? "the page shows" : "the page (no --frontend)");
}

static void state_draw(void *self, struct ui *ui, const struct canvas *canvas)
{
	struct state_screen *screen = self;
	list_fit(&screen->list, screen->row_count, canvas->height - 1);
	state_draw_heads(screen, ui, canvas);
	for (int row = 0; row < screen->list.height && screen->list.top + (uint64_t)row < screen->row_count; row++)
		state_draw_row(screen, ui, canvas, row + 1, (size_t)screen->list.top + (size_t)row);
	if (!screen->row_count)
		canvas_write_text(canvas, 2, 2, TINT_FAINT,
		    screen->wanted    ? "..."
		    : screen->updates ? "Only Reflex's own states so far."
		                      : "No update of a Reflex page up to here.");
}

/* ---- time */

static void state_next(void *self, struct ui *ui)
{
	state_go(self, ui, UINT64_MAX, true);
}

static void state_previous(void *self, struct ui *ui)
{
	enum { LOOKS = 5000 };
	struct state_screen *screen = self;
	const struct record *record = ui->input.record;
	uint64_t index = screen->event;
	for (int looked = 0; looked < LOOKS && (index = record_previous_of_session(record, index)); looked++)
		if (state_is_update(screen, record_event(record, index))) {
			state_go(screen, ui, index, false);
			return;
		}
	ui_say(ui, "no earlier update");
}

static bool state_holds(void *self, struct ui *ui, uint64_t row, struct slice text)
{
	struct state_screen *screen = self;
	const struct state_row *of = &screen->rows[row];
	struct slice name = of->missing         ? of->missing->name
	                    : of->var           ? of->var->name
	                    : of->missing_state ? of->missing_state->name
	                                        : of->state->name;
	(void)ui;
	return slice_find(name, text) < name.len ||
	       (of->var && slice_find(of->var->sent.text, text) < of->var->sent.text.len);
}

static const struct screen_key state_keys[] = {
    {KEY_RIGHT, "Right", "to the next update (l too); ~ changed, = sent as it was", state_next, false, NULL},
    {KEY_LEFT, "Left", "to the previous update (h too)", state_previous, false, NULL},
    {'l', "Next", NULL, state_next, true, NULL},
    {'h', "Before", NULL, state_previous, true, NULL},
    {0},
};

/* ---- life */

static void *state_new(struct ui *ui)
{
	struct state_screen *screen = ui->session ? calloc(1, sizeof *screen) : NULL;
	if (screen)
		screen->rows = calloc(STATE_ROWS, sizeof *screen->rows);
	if (!screen || !screen->rows) {
		free(screen);
		ui_say(ui, "select a session first");
		return NULL;
	}
	buffer_init(&screen->text, STATE_BYTES, NULL);
	screen->opens = true;
	state_go(screen, ui, ui->event ? ui->event : UINT64_MAX, false);
	return screen;
}

static void state_free(void *self)
{
	struct state_screen *screen = self;
	model_free(screen->model);
	buffer_free(&screen->text);
	free(screen->rows);
	free(screen);
}

static struct list *state_list(void *self)
{
	return &((struct state_screen *)self)->list;
}

const struct screen_operations screen_state = {
    .title = "State",
    .new = state_new,
    .free = state_free,
    .draw = state_draw,
    .list = state_list,
    .list_row = 1,
    .work = state_work,
    .holds = state_holds,
    .keys = state_keys,
};
