/*
 * Findings: the worst first, those that are the same in several sessions in one row, as the report has them; below, the
 * selected one as the report has it, and what its code means.
 */
#include "base/text.h"
#include "tui/canvas.h"
#include "tui/ladder.h"
#include "tui/ui.h"
#include "view/report.h"

#define NCURSES_NOMACROS
#include <inttypes.h>
#include <ncurses.h>
#include <stdio.h>
#include <stdlib.h>

enum { FINDINGS_SHOWN = CODES_MOST * FINDINGS_OF_CODE };

/* A finding, and its twins: the same in other sessions. */
struct findings_row {
	const struct finding *finding;
	uint64_t twins, count; /* claims, of all of them */
	size_t before;         /* 1 + the row before it that has its code; 0: none */
};

struct findings_screen {
	struct findings_row rows[FINDINGS_SHOWN];
	size_t count;
	size_t last_of_code[CODES_MOST]; /* 1 + its last row; 0: none */
	uint64_t passed;                 /* findings, twins too, that the filter lets through */
	struct list list;
	struct scroll scroll; /* of what is below the list */
	uint64_t known;
	unsigned known_filters;
	bool arranged; /* they were put in order: the capture is over */
	bool unfolds;  /* twins one by one */
};

/* ---- the list */

/* Once findings are arranged, a cause is before what it explains; until then they are in order of severity. */
static int finding_compare(const void *a, const void *b)
{
	const struct finding *left = ((const struct findings_row *)a)->finding,
	                     *right = ((const struct findings_row *)b)->finding;
	if (left->severity != right->severity)
		return left->severity > right->severity ? -1 : 1;
	if (left->confidence != right->confidence)
		return left->confidence > right->confidence ? -1 : 1;
	return left->time < right->time ? -1 : left->time > right->time;
}

/* What could not be seen has a screen of its own (u), and is no finding, as in the report. */
static bool findings_passes(const struct ui *ui, const struct query_data *data, const struct finding *finding)
{
	const struct query *filter = ui_filter(ui, TABLE_FINDINGS);
	const struct query_row row = {.table = TABLE_FINDINGS, .finding = finding};
	return finding->code != CODE_CAPTURE_INCOMPLETE && (!filter || query_accepts(filter, data, &row));
}

/* The row of which it is a twin; NULL: it is the first of its kind. */
static struct findings_row *findings_row_of(struct findings_screen *screen, const struct finding *finding)
{
	for (size_t at = screen->last_of_code[finding->code]; at && !screen->unfolds; at = screen->rows[at - 1].before)
		if (report_is_twin(screen->rows[at - 1].finding, finding))
			return &screen->rows[at - 1];
	return NULL;
}

/* The rows are in order, a finding each: twins go into the row of the first. */
static void findings_fold(struct findings_screen *screen)
{
	size_t all = screen->count;
	screen->count = 0;
	memset(screen->last_of_code, 0, sizeof screen->last_of_code);
	for (size_t i = 0; i < all; i++) {
		const struct finding *finding = screen->rows[i].finding;
		struct findings_row *first = findings_row_of(screen, finding);
		if (first) {
			first->twins++;
			first->count += finding->count;
			continue;
		}
		size_t *last = &screen->last_of_code[finding->code];
		screen->rows[screen->count++] = (struct findings_row){
		    .finding = finding, .count = finding->count, .before = *last};
		*last = screen->count;
	}
}

static void findings_rebuild(struct findings_screen *screen, struct ui *ui)
{
	struct query_data data = ui_data(ui);
	screen->count = 0;
	screen->known = data.findings->changes;
	screen->known_filters = ui->filter_changes;
	screen->arranged = ui->feed == UI_FEED_OVER;
	for (const struct finding *finding = data.findings->first; finding && screen->count < FINDINGS_SHOWN;
	     finding = finding->next)
		if (findings_passes(ui, &data, finding))
			screen->rows[screen->count++].finding = finding;
	screen->passed = screen->count;
	if (!screen->arranged)
		qsort(screen->rows, screen->count, sizeof *screen->rows, finding_compare);
	findings_fold(screen);
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

enum { ROW_TIME = 9, ROW_TIME_WIDTH = 13, ROW_SESSION_WIDTH = 11, ROW_COUNT = 7, ROW_WITHOUT_TIME = 64 };

/* Where the session is: on narrow terminals in the place of the time. */
static int finding_session_column(const struct canvas *canvas)
{
	return canvas->width < ROW_WITHOUT_TIME ? ROW_TIME : ROW_TIME + ROW_TIME_WIDTH;
}

/* How many bytes both begin with, whole words only. */
static size_t finding_common(const char *a, const char *b)
{
	size_t len = 0, words = 0;
	for (; a[len] && a[len] == b[len]; len++)
		words = a[len] == ' ' ? len + 1 : words;
	return a[len] == b[len] ? len : words;
}

/* What it has seen that other rows of its code have not: without the words that all of them begin with. */
static const char *finding_difference(const struct findings_screen *screen, const struct finding *finding)
{
	size_t common = strlen(finding->seen);
	bool differs = false;
	for (size_t at = screen->last_of_code[finding->code]; at; at = screen->rows[at - 1].before) {
		const struct finding *other = screen->rows[at - 1].finding;
		size_t alike = finding_common(finding->seen, other->seen);
		differs |= other != finding && strcmp(other->seen, finding->seen) != 0;
		common = alike < common ? alike : common;
	}
	return differs ? finding->seen + common : "";
}

/* The title, and what distinguishes the row from others with the same title: where both have no room, the title gives
 * way. */
static void finding_draw_title(
    const struct findings_screen *screen, const struct canvas *canvas, enum tint tint, const struct finding *finding)
{
	const char *difference = finding_difference(screen, finding);
	int wanted = *difference ? canvas_columns(slice_of_text(difference)) + 2 : 0, half = canvas->width / 2;
	struct canvas title = canvas_inside(canvas, 0, 0, 1, canvas->width - (wanted < half ? wanted : half));
	char text[160];
	snprintf(text, sizeof text, "%s%s", finding->explained_by ? "result: " : "", code_entry(finding->code)->title);
	bool cut = *difference && canvas_columns(slice_of_text(text)) > title.width;
	title.width -= cut;
	int column = canvas_write_text(&title, 0, 0, tint, text);
	if (*difference) {
		column = canvas_write_text(canvas, 0, column, tint, cut ? theme_glyph(canvas->theme, GLYPH_CUT) : "");
		canvas_write_text(canvas, 0, canvas_write_text(canvas, 0, column, tint, ": "), tint, difference);
	}
}

static void finding_draw_row(const struct findings_screen *screen, const struct canvas *canvas, int row, size_t nth)
{
	const struct findings_row *of = &screen->rows[nth];
	const struct finding *finding = of->finding;
	bool selected = nth == screen->list.selected;
	enum tint tint = selected ? TINT_SELECTED : severity_tint(finding->severity);
	char time[TIMESTAMP_TEXT_SIZE];
	int from = finding_session_column(canvas);
	struct canvas session = canvas_inside(canvas, row, from, 1, ROW_SESSION_WIDTH - 1);
	if (selected)
		canvas_fill(canvas, row, 0, TINT_SELECTED);
	canvas_write_text(canvas, row, 0, tint, severity_name(finding->severity));
	if (finding->time != TIMESTAMP_NONE && from > ROW_TIME)
		canvas_format(canvas, row, ROW_TIME, tint, "%.12s",
		    timestamp_format(finding->time, time) + strlen("2026-11-23T"));
	int column = finding->session ? canvas_format(&session, 0, 0, tint, "#%" PRIu64 " ", finding->session) : 0;
	if (of->twins)
		canvas_format(&session, 0, column, tint, "+%" PRIu64, of->twins);
	from += ROW_SESSION_WIDTH;
	struct canvas title = canvas_inside(
	    canvas, row, from, 1, canvas->width - from - (of->count > 1 ? ROW_COUNT : 0));
	finding_draw_title(screen, &title, tint, finding);
	if (of->count > 1)
		canvas_format(canvas, row, canvas->width - ROW_COUNT + 1, tint, "x%" PRIu64, of->count);
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

/* "the same in sessions 3, 4, 7 and 496 more (z lists them)". */
static int finding_draw_twins(struct ui *ui, const struct canvas *canvas, int row, const struct findings_row *of)
{
	enum { NAMED = 6 };
	struct query_data data = ui_data(ui);
	char text[200];
	struct buffer line = buffer_over(text, sizeof text - 1);
	uint64_t named = 0;
	buffer_append_format(&line, "the same in session%s", plural_ending(of->twins));
	for (const struct finding *each = data.findings->first; each && named < NAMED; each = each->next)
		if (each != of->finding && report_is_twin(of->finding, each) && findings_passes(ui, &data, each))
			buffer_append_format(&line, "%s %" PRIu64, named++ ? "," : "", each->session);
	if (of->twins > named)
		buffer_append_format(&line, " and %" PRIu64 " more", of->twins - named);
	buffer_append_format(&line, " (z lists %s)", plural_choose(of->twins, "it", "them"));
	text[line.len] = '\0';
	return wrap_write(canvas, row, 0, TINT_FAINT, text);
}

/* What was seen comes before what it means, and that before what to do. */
static int finding_draw_detail(struct ui *ui, const struct canvas *canvas, int row, const struct findings_row *of)
{
	const struct finding *finding = of->finding;
	const struct code_entry *entry = code_entry(finding->code);
	char label[FINDING_PLACE + 80], place[FINDING_PLACE], at[ORIGIN_TEXT];
	finding_format_place(finding, place);
	snprintf(label, sizeof label, "%s  %s%s[%s, %s]", severity_name(finding->severity), place, *place ? "  " : "",
	    entry->name, confidence_name(finding->confidence));
	row = wrap_write(canvas, row, 0, severity_tint(finding->severity), label);
	row = finding_draw_seen(canvas, row, entry->title, finding->seen);
	if (finding->doubt && *finding->doubt)
		row = wrap_label(canvas, row, 0, TINT_FAINT, "why not certain: ", finding->doubt);
	for (size_t i = 0; i < finding->evidence_count && i < 3; i++) {
		const struct origin *origin = &finding->evidence[i].origin;
		snprintf(label, sizeof label, "%s: ", origin_format(ORIGIN_OF(origin, origin->first), at));
		row = wrap_label(canvas, row, 0, TINT_FAINT, label, finding->evidence[i].what);
	}
	if (of->twins)
		row = finding_draw_twins(ui, canvas, row, of);
	if (finding->explained_by)
		row = wrap_label(
		    canvas, row, 0, TINT_PLAIN, "a result of: ", code_entry(finding->explained_by->code)->title);
	row = wrap_label(canvas, row, 0, TINT_GOOD, "do: ", finding->advice);
	row = wrap_write(canvas, row, 0, TINT_FAINT, entry->explanation);
	return entry->alike ? wrap_label(canvas, row, 0, TINT_FAINT, "looks alike: ", entry->alike) : row;
}

/* What a filter hides, or what was not captured, is not healthy: only a list that is empty by itself says so. */
static void findings_draw_none(struct ui *ui, const struct canvas *canvas)
{
	const char *so_far = ui->feed == UI_FEED_OVER ? "" : " so far";
	char text[LEDGER_TEXT + 160], reason[LEDGER_TEXT];
	uint64_t attempts;
	enum ledger_reason blinding = ledger_find_blinding(ui_ledger(ui));
	bool checked = ui_count_sessions(ui, &attempts);
	if (ui_filter(ui, TABLE_FINDINGS))
		snprintf(text, sizeof text, "No finding passes the filter%s.", so_far);
	else if (!checked && blinding < LEDGER_REASONS)
		snprintf(text, sizeof text,
		    "No Engine.IO session in this capture%s, so there was nothing to check. %s. u says what to do.",
		    so_far, ledger_describe(ui_ledger(ui), blinding, reason));
	else if (!checked)
		snprintf(text, sizeof text, "No Engine.IO session in this capture%s, so there was nothing to check.",
		    so_far);
	else if (ui_is_blinded(ui))
		snprintf(text, sizeof text,
		    "No problems found%s in the part that was captured: u shows what could not be seen.", so_far);
	else
		snprintf(text, sizeof text, "No problems found%s.", so_far);
	uint64_t seen, lost = summary_lost_between(ui->input.inputs(ui->input.self), &seen);
	int row = 2;
	bool good = checked && !ui_filter(ui, TABLE_FINDINGS) && !ui_is_blinded(ui);
	row = wrap_write(canvas, row, 2, good ? TINT_GOOD : TINT_WARNING, text);
	if (!lost)
		return;
	snprintf(text, sizeof text,
	    "Between the hosts %" PRIu64 " of %" PRIu64
	    " segments did not arrive: TCP sends them again, which delays what they carry. H shows where.",
	    lost, seen);
	wrap_write(canvas, row, 2, TINT_WARNING, text);
}

static void findings_draw(void *self, struct ui *ui, const struct canvas *canvas)
{
	struct findings_screen *screen = self;
	int rows = (int)screen->count + 1 < canvas->height / 3 ? (int)screen->count + 1 : canvas->height / 3;
	list_fit(&screen->list, screen->count, rows - 1);
	canvas_fill(canvas, 0, 0, TINT_BAR);
	int from = finding_session_column(canvas);
	canvas_write_text(canvas, 0, 0, TINT_BAR, from > ROW_TIME ? "severity time" : "severity");
	canvas_write_text(canvas, 0, from, TINT_BAR, "session");
	canvas_write_text(canvas, 0, from + ROW_SESSION_WIDTH, TINT_BAR, "what");
	for (int row = 0; row < screen->list.height && screen->list.top + (uint64_t)row < screen->count; row++)
		finding_draw_row(screen, canvas, row + 1, (size_t)screen->list.top + (size_t)row);
	struct canvas below = canvas_inside(canvas, rows, 0, canvas->height - rows, canvas->width);
	const struct findings_row *of = &screen->rows[screen->list.selected];
	if (screen->list.selected < screen->count) {
		const struct canvas text = canvas_inside(&below, 1, 0, below.height - 1, below.width);
		canvas_repeat(&below, 0, 0, TINT_FAINT, GLYPH_HORIZONTAL, below.width);
		/* Below the canvas it is measured. */
		scroll_fit(
		    &screen->scroll, &text, of->finding, finding_draw_detail(ui, &text, text.height, of) - text.height);
		finding_draw_detail(ui, &text, -screen->scroll.above, of);
	} else
		findings_draw_none(ui, canvas);
}

/* ---- to the evidence */

/* The event in which its first piece of evidence begins, one of a session where there is one; 0: none. */
static uint64_t finding_event(const struct ui *ui, const struct finding *finding)
{
	const struct record *record = ui->input.record;
	uint64_t found = 0;
	for (uint64_t index = finding->session ? record_session_first(record, finding->session) : 1;
	     finding->evidence_count && index && index <= record_event_count(record);
	     index = finding->session ? record_next_of_session(record, index) : index + 1) {
		const struct event *event = record_event(record, index);
		if (!origin_holds(&event->origin, &finding->evidence[0].origin))
			continue;
		if (event->session)
			return index;
		found = found ? found : index;
	}
	return found;
}

/* Into the flow of its session; what belongs to none is among the events of all. */
static void findings_enter(void *self, struct ui *ui)
{
	struct findings_screen *screen = self;
	if (screen->list.selected >= screen->count)
		return;
	const struct finding *finding = screen->rows[screen->list.selected].finding;
	uint64_t index = finding_event(ui, finding);
	const struct event *event = index ? record_event(ui->input.record, index) : NULL;
	uint64_t session = event && event->session ? event->session->number : finding->session;
	if (!session && !index) {
		ui_say(ui, "its packets are of no event: what they were is said below");
		return;
	}
	ui->session = session ? session : ui->session;
	ui->event = index;
	ui_go(ui, &screen_sessions);
	if (!session)
		ui->event = index; /* the list of sessions has chosen another */
	ui_go(ui, session ? &screen_flow : &screen_events);
}

static bool findings_holds(void *self, struct ui *ui, uint64_t row, struct slice text)
{
	struct findings_screen *screen = self;
	(void)ui;
	const struct finding *finding = screen->rows[row].finding;
	struct slice places[] = {slice_of_text(finding->seen), slice_of_text(finding->advice),
	    slice_of_text(code_entry(finding->code)->title), slice_of_text(code_entry(finding->code)->name)};
	for (size_t i = 0; i < sizeof places / sizeof *places; i++)
		if (slice_find(places[i], text) < places[i].len)
			return true;
	return false;
}

static void findings_toggle_twins(void *self, struct ui *ui)
{
	struct findings_screen *screen = self;
	screen->unfolds = !screen->unfolds;
	findings_rebuild(screen, ui);
}

/* What a colleague needs of it: what was seen, and what to do. */
static bool findings_value(void *self, struct ui *ui, struct buffer *out)
{
	struct findings_screen *screen = self;
	(void)ui;
	if (screen->list.selected >= screen->count)
		return false;
	const struct finding *finding = screen->rows[screen->list.selected].finding;
	char place[FINDING_PLACE];
	finding_format_place(finding, place);
	buffer_append_format(out, "%s [%s]  %s  %s: ", severity_name(finding->severity),
	    code_entry(finding->code)->name, place, code_entry(finding->code)->title);
	buffer_append_text(out, finding->seen);
	buffer_append_text(out, "  do: ");
	return buffer_append_text(out, finding->advice);
}

static void findings_scroll_on(void *self, struct ui *ui)
{
	(void)ui;
	scroll_move(&((struct findings_screen *)self)->scroll, 1);
}

static void findings_scroll_back(void *self, struct ui *ui)
{
	(void)ui;
	scroll_move(&((struct findings_screen *)self)->scroll, -1);
}

static const struct screen_key findings_keys[] = {
    {KEY_RIGHT, "Right", "on in the text below (Left: back)", findings_scroll_on, false, NULL},
    {KEY_LEFT, "Left", NULL, findings_scroll_back, false, NULL},
    {'l', "l", NULL, findings_scroll_on, false, NULL},
    {'h', "h", NULL, findings_scroll_back, false, NULL},
    {'z', "Fold", "fold what is the same in several sessions, or list it one by one", findings_toggle_twins, true,
        NULL},
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

static uint64_t findings_hidden(void *self, struct ui *ui)
{
	return findings_count_found(ui_data(ui).findings) - ((struct findings_screen *)self)->passed;
}

static const struct ui_legend findings_legend[] = {
    {"+3", "the same in so many other sessions"},
    {"x12", "was found so often"},
    {"result:", "another finding explains it"},
    {"proven, likely, possible", "how certain it is; why not certain, where it is not proven"},
    {0},
};

const struct screen_operations screen_findings = {
    .title = "Findings",
    .legend = findings_legend,
    .table = TABLE_FINDINGS,
    .new = findings_new,
    .free = free,
    .draw = findings_draw,
    .list = findings_list,
    .list_row = 1,
    .work = findings_work,
    .holds = findings_holds,
    .value = findings_value,
    .enter = findings_enter,
    .keys = findings_keys,
    .hidden = findings_hidden,
};
