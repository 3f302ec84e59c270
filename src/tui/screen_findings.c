/* Findings: the worst first; below, the selected one as the report has it, and what its code means. */
#include "tui/canvas.h"
#include "tui/ladder.h"
#include "tui/ui.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

enum { FINDINGS_SHOWN = CODES_MOST * FINDINGS_OF_CODE };

struct findings_screen {
	const struct finding *rows[FINDINGS_SHOWN];
	size_t count;
	struct list list;
	uint64_t known;
	unsigned known_filters;
	bool arranged; /* they were put in order: the capture is over */
};

/* ---- the list */

/* Once findings are arranged, a cause is before what it explains; until then they are in order of severity. */
static int finding_compare(const void *a, const void *b)
{
	const struct finding *left = *(const struct finding *const *)a, *right = *(const struct finding *const *)b;
	if (left->severity != right->severity)
		return left->severity > right->severity ? -1 : 1;
	if (left->confidence != right->confidence)
		return left->confidence > right->confidence ? -1 : 1;
	return left->time < right->time ? -1 : left->time > right->time;
}

static void findings_rebuild(struct findings_screen *screen, struct ui *ui)
{
	struct query_data data = ui_data(ui);
	const struct query *filter = ui_filter(ui, TABLE_FINDINGS);
	screen->count = 0;
	screen->known = data.findings->changes;
	screen->known_filters = ui->filter_changes;
	screen->arranged = ui->feed == UI_FEED_OVER;
	for (const struct finding *finding = data.findings->first; finding && screen->count < FINDINGS_SHOWN;
	     finding = finding->next) {
		const struct query_row row = {.table = TABLE_FINDINGS, .finding = finding};
		if (!filter || query_accepts(filter, &data, &row))
			screen->rows[screen->count++] = finding;
	}
	if (!screen->arranged)
		qsort(screen->rows, screen->count, sizeof *screen->rows, finding_compare);
}

static bool findings_work(void *self, struct ui *ui)
{
	struct findings_screen *screen = self;
	if (screen->known != ui_data(ui).findings->changes || screen->known_filters != ui->filter_changes ||
	    screen->arranged != (ui->feed == UI_FEED_OVER))
		findings_rebuild(screen, ui);
	return false;
}

/* ---- drawing */

enum { ROW_TIME = 9, ROW_SESSION = 22, ROW_TITLE = 31, ROW_COUNT = 7 };

static void finding_draw_row(const struct findings_screen *screen, const struct canvas *canvas, int row, size_t nth)
{
	const struct finding *finding = screen->rows[nth];
	bool selected = nth == screen->list.selected;
	enum tint tint = selected ? TINT_SELECTED : severity_tint(finding->severity);
	char session[32] = "", time[TIMESTAMP_TEXT_SIZE];
	if (selected)
		canvas_fill(canvas, row, 0, TINT_SELECTED);
	if (finding->session)
		snprintf(session, sizeof session, "#%" PRIu64, finding->session);
	canvas_write_text(canvas, row, 0, tint, severity_name(finding->severity));
	if (finding->time != TIMESTAMP_NONE)
		canvas_format(canvas, row, ROW_TIME, tint, "%.12s",
		    timestamp_format(finding->time, time) + strlen("2026-11-23T"));
	canvas_write_text(canvas, row, ROW_SESSION, tint, session);
	struct canvas title = canvas_inside(
	    canvas, row, ROW_TITLE, 1, canvas->width - ROW_TITLE - (finding->count > 1 ? ROW_COUNT : 0));
	canvas_format(
	    &title, 0, 0, tint, "%s%s", finding->explained_by ? "result: " : "", code_entry(finding->code)->title);
	if (finding->count > 1)
		canvas_format(canvas, row, canvas->width - ROW_COUNT + 1, tint, "x%" PRIu64, finding->count);
}

static int finding_draw_seen(const struct canvas *canvas, int row, const char *title, const char *seen)
{
	struct buffer text;
	buffer_init(&text, BUFFER_NO_LIMIT, NULL);
	buffer_append_format(&text, "%s: %s", title, seen);
	buffer_append_byte(&text, '\0');
	row = wrap_write(canvas, row, 0, TINT_PLAIN, text.truncated ? title : (const char *)text.at);
	buffer_free(&text);
	return row;
}

/* What was seen comes before what it means, and that before what to do. */
static void finding_draw_detail(const struct canvas *canvas, const struct finding *finding)
{
	const struct code_entry *entry = code_entry(finding->code);
	char label[FINDING_PLACE + 80], place[FINDING_PLACE], at[ORIGIN_TEXT];
	canvas_repeat(canvas, 0, 0, TINT_FAINT, GLYPH_HORIZONTAL, canvas->width);
	finding_format_place(finding, place);
	snprintf(label, sizeof label, "%s  %s%s[%s, %s]", severity_name(finding->severity), place, *place ? "  " : "",
	    entry->name, confidence_name(finding->confidence));
	int row = wrap_write(canvas, 1, 0, severity_tint(finding->severity), label);
	row = finding_draw_seen(canvas, row, entry->title, finding->seen);
	if (finding->doubt && *finding->doubt)
		row = wrap_label(canvas, row, 0, TINT_FAINT, "why not certain: ", finding->doubt);
	for (size_t i = 0; i < finding->evidence_count && i < 3; i++) {
		const struct origin *origin = &finding->evidence[i].origin;
		snprintf(label, sizeof label, "%s: ", origin_format(ORIGIN_AT(origin->kind, origin->first), at));
		row = wrap_label(canvas, row, 0, TINT_FAINT, label, finding->evidence[i].what);
	}
	if (finding->explained_by)
		row = wrap_label(
		    canvas, row, 0, TINT_PLAIN, "a result of: ", code_entry(finding->explained_by->code)->title);
	row = wrap_label(canvas, row, 0, TINT_GOOD, "do: ", finding->advice);
	row = wrap_write(canvas, row, 0, TINT_FAINT, entry->explanation);
	if (entry->alike)
		wrap_label(canvas, row, 0, TINT_FAINT, "looks alike: ", entry->alike);
}

static void findings_draw(void *self, struct ui *ui, const struct canvas *canvas)
{
	struct findings_screen *screen = self;
	int rows = (int)screen->count + 1 < canvas->height / 3 ? (int)screen->count + 1 : canvas->height / 3;
	list_fit(&screen->list, screen->count, rows - 1);
	canvas_fill(canvas, 0, 0, TINT_BAR);
	canvas_write_text(canvas, 0, 0, TINT_BAR, "severity time         session  what");
	for (int row = 0; row < screen->list.height && screen->list.top + (uint64_t)row < screen->count; row++)
		finding_draw_row(screen, canvas, row + 1, (size_t)screen->list.top + (size_t)row);
	struct canvas below = canvas_inside(canvas, rows, 0, canvas->height - rows, canvas->width);
	if (screen->list.selected < screen->count)
		finding_draw_detail(&below, screen->rows[screen->list.selected]);
	else
		wrap_write(canvas, 2, 2, TINT_GOOD,
		    ui->feed == UI_FEED_OVER ? "No problems found." : "No problems found so far.");
}

/* ---- to the evidence */

static uint64_t finding_session(const struct ui *ui, const struct finding *finding, uint64_t *event)
{
	const struct record *record = ui->input.record;
	*event = 0;
	for (uint64_t index = finding->session ? record_session_first(record, finding->session) : 1;
	     finding->evidence_count && index && index <= record_event_count(record);
	     index = finding->session ? record_next_of_session(record, index) : index + 1) {
		const struct event *each = record_event(record, index);
		if (each->session && origin_holds(&each->origin, &finding->evidence[0].origin)) {
			*event = index;
			return each->session->number;
		}
	}
	return finding->session;
}

static void findings_enter(void *self, struct ui *ui)
{
	struct findings_screen *screen = self;
	uint64_t event;
	if (screen->list.selected >= screen->count)
		return;
	uint64_t session = finding_session(ui, screen->rows[screen->list.selected], &event);
	if (!session) {
		ui_say(ui, "its packets belong to no session");
		return;
	}
	ui->session = session;
	ui->event = event;
	ui_go(ui, &screen_sessions);
	ui_go(ui, &screen_flow);
}

static bool findings_holds(void *self, struct ui *ui, uint64_t row, struct slice text)
{
	struct findings_screen *screen = self;
	(void)ui;
	const struct finding *finding = screen->rows[row];
	struct slice places[] = {slice_of_text(finding->seen), slice_of_text(finding->advice),
	    slice_of_text(code_entry(finding->code)->title), slice_of_text(code_entry(finding->code)->name)};
	for (size_t i = 0; i < sizeof places / sizeof *places; i++)
		if (slice_find(places[i], text) < places[i].len)
			return true;
	return false;
}

static const struct screen_key findings_keys[] = {
    {'\t', "Sessions", "to the sessions", NULL, true, &screen_sessions},
    {0},
};

static void *findings_new(struct ui *ui)
{
	struct findings_screen *screen = calloc(1, sizeof *screen);
	if (screen)
		findings_rebuild(screen, ui);
	return screen;
}

static struct list *findings_list(void *self)
{
	return &((struct findings_screen *)self)->list;
}

const struct screen_operations screen_findings = {
    .title = "Findings",
    .table = TABLE_FINDINGS,
    .new = findings_new,
    .free = free,
    .draw = findings_draw,
    .list = findings_list,
    .list_row = 1,
    .work = findings_work,
    .holds = findings_holds,
    .enter = findings_enter,
    .keys = findings_keys,
};
