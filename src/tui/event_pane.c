/*
 * What is known of the event under the cursor: the connection that carried it, the findings that name it, its answer;
 * and its payload. Beside a list on wide terminals, with their full height; below it on tall ones; a few rows else.
 */
#include "base/text.h"
#include "socketio/session.h"
#include "tui/event_view.h"
#include "tui/ladder.h"
#include "view/event_text.h"
#include "view/writers.h"

#include <inttypes.h>

enum {
	PANE_WIDE = 140, /* columns from which on it is beside the list by itself */
	PANE_TALL = 34,  /* rows from which on it is below, with the payload */
	PANE_LEAST_WIDTH = 30,
	PANE_LIST_WIDTH = 40,
	PANE_LEAST_HEIGHT = 8,
	PANE_LIST_HEIGHT = 6,
	PANE_FINDINGS = 3, /* rows of the pane are for findings: a third of them */
};

void event_pane_init(struct event_pane *pane, struct budget *memory)
{
	*pane = (struct event_pane){0};
	event_view_init(&pane->view, memory);
}

void event_pane_free(struct event_pane *pane)
{
	event_view_free(&pane->view);
}

/* ---- where it is */

static int pane_share(int whole, int percent, int least, int least_of_list)
{
	int share = whole * percent / 100;
	if (share > whole - least_of_list)
		share = whole - least_of_list;
	return share < least ? least : share;
}

static bool pane_has_room(const struct canvas *whole, bool beside)
{
	return beside ? whole->width >= PANE_LEAST_WIDTH + PANE_LIST_WIDTH
	              : whole->height >= PANE_LEAST_HEIGHT + PANE_LIST_HEIGHT;
}

void event_pane_divide(
    struct event_pane *pane, const struct ui *ui, const struct canvas *whole, int least, struct canvas places[2])
{
	enum ui_split place = ui->split;
	if (place == SPLIT_AUTO)
		place = whole->width >= PANE_WIDE ? SPLIT_BESIDE : whole->height >= PANE_TALL ? SPLIT_BELOW : SPLIT_OFF;
	pane->beside = place == SPLIT_BESIDE;
	pane->shown = place != SPLIT_OFF && pane_has_room(whole, pane->beside);
	pane->focused &= pane->shown;
	int width = whole->width, height = whole->height;
	if (pane->shown && pane->beside) {
		int share = pane_share(width, ui->split_share, PANE_LEAST_WIDTH, PANE_LIST_WIDTH);
		places[0] = canvas_inside(whole, 0, 0, height, width - share);
		places[1] = canvas_inside(whole, 0, width - share, height, share);
		pane->place = places[1];
		return;
	}
	int rows = pane->shown ? pane_share(height, ui->split_share, PANE_LEAST_HEIGHT, PANE_LIST_HEIGHT) : least;
	places[0] = canvas_inside(whole, 0, 0, height - rows, width);
	places[1] = canvas_inside(whole, height - rows, 0, rows, width);
	pane->place = places[1];
}

void event_pane_place_next(struct ui *ui)
{
	static const char *const names[] = {"beside or below, as there is room", "beside", "below", "not shown"};
	ui->split = (ui->split + 1) % SPLITS;
	ui_say(ui, "the payload: %s", names[ui->split]);
}

void event_pane_grow(struct ui *ui, int percent)
{
	int share = ui->split_share + percent;
	ui->split_share = share < UI_SPLIT_LEAST ? UI_SPLIT_LEAST : share > UI_SPLIT_MOST ? UI_SPLIT_MOST : share;
}

void event_pane_toggle_focus(struct event_pane *pane, struct ui *ui)
{
	pane->focused = !pane->focused && pane->shown;
	if (!pane->shown)
		ui_say(ui, "the payload is not shown here: v shows it, Enter opens it");
}

void event_pane_next_form(struct event_pane *pane, struct ui *ui)
{
	pane->form = (pane->view.form + 1) % EVENT_FORMS;
	event_view_show(&pane->view, ui, pane->form);
}

/* ---- what is known of the event */

static bool pane_is_named(const struct finding *finding, const struct event *event)
{
	for (size_t i = 0; i < finding->evidence_count; i++)
		if (origin_holds(&event->origin, &finding->evidence[i].origin))
			return true;
	return false;
}

bool event_is_found(struct ui *ui, const struct event *event)
{
	const struct finding *finding = ui_data(ui).findings->first;
	while (finding && !pane_is_named(finding, event))
		finding = finding->next;
	return finding;
}

int event_findings_draw(struct ui *ui, const struct canvas *canvas, int row, const struct event *event)
{
	for (const struct finding *finding = ui_data(ui).findings->first; finding && row < canvas->height;
	     finding = finding->next) {
		const char *name = code_entry(finding->code)->name;
		enum tint tint = severity_tint(finding->severity);
		if (!pane_is_named(finding, event))
			continue;
		canvas_write_text(canvas, row, 0, tint, name);
		row = wrap_write(canvas, row, (int)strlen(name) + 2, tint, finding->seen);
	}
	return row;
}

static bool pane_is_exchange(const struct event *event)
{
	return event->kind == EVENT_HTTP && event->exchange;
}

/* A part of a row, or of the next one where it has no room. */
static void pane_write_part(const struct canvas *canvas, int *row, int *column, enum tint tint, const char *text)
{
	int columns = canvas_columns(slice_of_text(text));
	if (*column && *column + columns > canvas->width && *row + 1 < canvas->height) {
		*row += 1;
		*column = 0;
		text += *text == ' ' ? strspn(text, " ") : 0;
	}
	*column = canvas_write_text(canvas, *row, *column, tint, text);
}

static int pane_draw_facts(struct ui *ui, const struct canvas *canvas, int row, const struct event *event)
{
	char text[ORIGIN_TEXT + 80], at[ORIGIN_TEXT], span[TIMESTAMP_TEXT_SIZE];
	timestamp latency = record_latency(ui->input.record, event->index);
	uint64_t answer = record_answer(ui->input.record, event->index);
	int column = 0;
	if (event->kind == EVENT_LOG) {
		canvas_write_text(canvas, row, 0, TINT_TITLE, "a line of the server's log");
		return row + 1;
	}
	snprintf(text, sizeof text, "%s ", direction_name(event->direction));
	pane_write_part(canvas, &row, &column, TINT_TITLE, text);
	pane_write_part(canvas, &row, &column, TINT_PLAIN, origin_format(&event->origin, at));
	if (pane_is_exchange(event)) {
		snprintf(text, sizeof text, "  request %" PRIu64 " bytes, answer %" PRIu64 " bytes",
		    event->exchange->request.body_bytes, event->exchange->answer.body_bytes);
		pane_write_part(canvas, &row, &column, TINT_PLAIN, text);
		return row + 1;
	}
	snprintf(text, sizeof text, "  %" PRIu64 " byte%s", event->bytes, plural_ending(event->bytes));
	pane_write_part(canvas, &row, &column, TINT_PLAIN, text);
	if (event_packet(event)->ack.len) {
		snprintf(text, sizeof text, "  ack id %.*s", (int)slice_take(event_packet(event)->ack, 40).len,
		    (const char *)event_packet(event)->ack.at);
		pane_write_part(canvas, &row, &column, TINT_PLAIN, text);
	}
	if (answer) {
		const struct origin *by = &record_event(ui->input.record, answer)->origin;
		snprintf(text, sizeof text, "  answered by %s", origin_format(ORIGIN_OF(by, by->first), at));
		pane_write_part(canvas, &row, &column, TINT_RELATED, text);
	}
	if (latency != TIMESTAMP_NONE) {
		snprintf(text, sizeof text, " after %s", timestamp_format_span(latency, span));
		pane_write_part(canvas, &row, &column, TINT_RELATED, text);
	}
	return row + 1;
}

/* Which connection it was, on which leg of its session, and where else it was seen: on the rule, or on rows of a narrow
 * pane. */
static int pane_draw_connection(const struct canvas *canvas, const struct event *event)
{
	const struct connection_facts *connection = event->connection;
	const struct session *session = event->session;
	char at[ORIGIN_TEXT], span[TIMESTAMP_TEXT_SIZE];
	char text[CONNECTION_TEXT_SIZE + ORIGIN_TEXT + TIMESTAMP_TEXT_SIZE + 60];
	int row = 0, column = 2;
	canvas_repeat(canvas, 0, 0, TINT_FAINT, GLYPH_HORIZONTAL, canvas->width);
	if (!connection)
		return 1;
	snprintf(text, sizeof text, " connection %s ", connection->text);
	pane_write_part(canvas, &row, &column, TINT_PLAIN, text);
	if (event->transport != TRANSPORT_NONE) {
		snprintf(text, sizeof text, " by %s ", transport_name(event->transport));
		pane_write_part(canvas, &row, &column, TINT_PLAIN, text);
	}
	for (size_t i = 0; session && session->leg_count > 1 && i < session->leg_count; i++)
		if (endpoint_equals(&session->legs[i].server, &connection->server)) {
			snprintf(text, sizeof text, " leg %zu of %zu ", i + 1, session->leg_count);
			pane_write_part(canvas, &row, &column, TINT_PLAIN, text);
			break;
		}
	for (size_t i = 1; i < event->leg_count; i++) {
		timestamp later = event->legs[i].origin.time - event->legs[0].origin.time;
		timestamp_format_span(later < 0 ? -later : later, span);
		snprintf(text, sizeof text, " also %s, %s %s, on %s ", origin_format(&event->legs[i].origin, at), span,
		    later < 0 ? "earlier" : "later", event->legs[i].connection);
		pane_write_part(canvas, &row, &column, TINT_FAINT, text);
	}
	return row + 1;
}

/* ---- its payload */

static void pane_follow(struct event_pane *pane, const struct ui *ui, const struct event *event)
{
	uint64_t size = event_packet(event)->data.len;
	for (size_t i = 0; i < event_packet(event)->attachment_count; i++)
		size += event_packet(event)->attachments[i].len;
	if (pane->view.event == event->index)
		return;
	pane->view.form = pane->form;
	if (size > PANE_PAYLOAD) {
		event_view_forget(&pane->view, event->index);
		return;
	}
	event_view_load(&pane->view, ui, event->index, 0);
	if (pane->view.form == FORM_TREE && !pane->view.tree.count)
		event_view_show(&pane->view, ui, FORM_LAYERS);
}

/* What has no JSON is shown by its layers. */
static void pane_draw_payload(
    struct event_pane *pane, const struct ui *ui, const struct canvas *canvas, const struct event *event)
{
	char size[TEXT_SIZE];
	pane_follow(pane, ui, event);
	if (pane->view.form == FORM_TREE && !pane->view.tree.count && event_packet(event)->data.len > PANE_PAYLOAD) {
		canvas_format(
		    canvas, 1, 2, TINT_FAINT, "%s: Enter opens it", text_size(event_packet(event)->data.len, size));
		return;
	}
	canvas_repeat(canvas, 0, 0, TINT_FAINT, GLYPH_HORIZONTAL, canvas->width);
	canvas_format(canvas, 0, 2, pane->focused ? TINT_SELECTED : TINT_FAINT, " %s%s ",
	    event_form_name(pane->view.form),
	    pane->focused ? " (Tab: back to the list)" : " (Tab: into it, b: another form)");
	const struct canvas below = canvas_inside(canvas, 1, 0, canvas->height - 1, canvas->width);
	event_view_draw(&pane->view, &below, pane->focused);
}

void event_pane_draw(struct event_pane *pane, struct ui *ui, const struct canvas *whole, uint64_t index)
{
	const struct event *event = record_event(ui->input.record, index);
	struct canvas canvas = *whole;
	struct buffer line;
	if (!event || canvas.height < 1)
		return;
	if (pane->shown && pane->beside) {
		for (int row = 0; row < whole->height; row++)
			canvas_write_text(whole, row, 0, TINT_FAINT, theme_glyph(whole->theme, GLYPH_VERTICAL));
		canvas = canvas_inside(whole, 0, 2, whole->height, whole->width - 2);
	}
	int row = pane_draw_facts(ui, &canvas, pane_draw_connection(&canvas, event), event);
	buffer_init(&line, 1000, NULL);
	if (pane->shown)
		event_text_name(&line, event);
	else
		event_text_line(&line, event, ui->input.mask);
	canvas_write(&canvas, row++, 0, event_tint(event), buffer_slice(&line));
	buffer_free(&line);
	struct canvas place = canvas;
	if (pane->shown && place.height > row + place.height / PANE_FINDINGS)
		place.height = row + place.height / PANE_FINDINGS;
	row = event_findings_draw(ui, &place, row, event);
	row = row < place.height ? row : place.height;
	const struct canvas rest = canvas_inside(&canvas, row, 0, canvas.height - row, canvas.width);
	if (pane->shown && rest.height > 2)
		pane_draw_payload(pane, ui, &rest, event);
}
