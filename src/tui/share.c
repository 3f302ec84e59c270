/*
 * What leaves the interface: settings; sessions and payloads that are saved, what is copied to the terminal's clipboard
 * (OSC 52), what is opened in the user's pager or editor. Secrets are masked, and nothing of it steers a terminal;
 * packets alone are saved as they were.
 */
#include "base/text.h"
#include "tui/event_view.h"
#include "tui/settings.h"
#include "view/event_text.h"

#define NCURSES_NOMACROS
#include <inttypes.h>
#include <ncurses.h>
#include <stdio.h>
#include <stdlib.h>

/* ---- save: what, and in which form */

/* What the ending of a name says: offered one after the other, with what is in such a file. */
static const struct {
	const char *ending, *says;
	bool is_masked;
} save_forms[] = {
    {".pcapng", ".pcapng: the packets as they were captured, with the secrets that are in them; findings as comments",
        false},
    {".ndjson", ".ndjson: the events, a line each", true},
    {".txt", ".txt: the report on them", true},
    {".html", ".html: the report on them, for a browser", true},
    {".json", ".json: the payload of one event (Tab chooses it)", true},
};
enum { SAVE_ENDINGS = sizeof save_forms / sizeof *save_forms - 1 /* .json is offered for a payload alone */ };

/* NULL: it has none of these endings. */
static const char *save_hint_of(const struct ui *ui, const char *path, char text[UI_HINT])
{
	for (size_t i = 0; i < sizeof save_forms / sizeof *save_forms; i++)
		if (slice_ends_with(slice_of_text(path), slice_of_text(save_forms[i].ending))) {
			snprintf(text, UI_HINT, "%s%s", save_forms[i].says,
			    save_forms[i].is_masked && !ui->input.mask->shows ? "; secrets are masked" : "");
			return text;
		}
	return NULL;
}

static const char *save_hint(void *self, const char *path)
{
	struct ui *ui = self;
	const char *hint = save_hint_of(ui, path, ui->hint);
	return hint                            ? hint
	       : ui->save_what == SAVE_PAYLOAD ? "Tab: something else, Down: a name. It ends in .json."
	                                       : "Tab: something else, Down: a name. Its ending says the form: .pcapng "
	                                         "(packets), .ndjson (events), .txt or .html (report).";
}

static bool save_has(const struct ui *ui, enum ui_what what)
{
	switch (what) {
	case SAVE_CHOSEN:
		return ui->session;
	case SAVE_MARKED:
		return ui->marked_count;
	case SAVE_SHOWN:
		return ui_filter(ui, TABLE_SESSIONS);
	case SAVE_PAYLOAD:
		return ui->event;
	default:
		return true;
	}
}

static void save_label(struct ui *ui)
{
	char what[40];
	switch (ui->save_what) {
	case SAVE_CHOSEN:
		snprintf(what, sizeof what, "session %" PRIu64, ui->session);
		break;
	case SAVE_MARKED:
		snprintf(what, sizeof what, "%zu marked", ui->marked_count);
		break;
	case SAVE_SHOWN:
		snprintf(what, sizeof what, "those shown");
		break;
	case SAVE_PAYLOAD:
		snprintf(what, sizeof what, "the payload");
		break;
	default:
		snprintf(what, sizeof what, "all");
	}
	snprintf(ui->save_label, sizeof ui->save_label, "save %s as", what);
}

static void save_offer_name(struct ui *ui)
{
	char name[80];
	switch (ui->save_what) {
	case SAVE_CHOSEN:
		snprintf(name, sizeof name, "session-%" PRIu64 "%s", ui->session, save_forms[ui->save_form].ending);
		break;
	case SAVE_PAYLOAD:
		snprintf(name, sizeof name, "event-%" PRIu64 ".json", ui->event);
		break;
	default:
		snprintf(name, sizeof name, "sioscope%s", save_forms[ui->save_form].ending);
	}
	prompt_set_text(&ui->prompt, name);
}

static void save_other(void *self, int key)
{
	struct ui *ui = self;
	if (key == PROMPT_KEY_OTHER) {
		do
			ui->save_what = (ui->save_what + 1) % SAVE_WHATS;
		while (!save_has(ui, ui->save_what));
		save_label(ui);
		if (ui->prompt.len)
			save_offer_name(ui);
		return;
	}
	if (ui->prompt.len)
		ui->save_form = (ui->save_form + (key == PROMPT_KEY_NEXT ? 1 : SAVE_ENDINGS - 1)) % SAVE_ENDINGS;
	save_offer_name(ui);
}

/* ---- save: the sessions */

static int save_compare(const void *a, const void *b)
{
	uint64_t left = *(const uint64_t *)a, right = *(const uint64_t *)b;
	return left < right ? -1 : left > right;
}

/* Those that the filter lets through: NULL: none, or no memory. */
static uint64_t *save_list_shown(const struct ui *ui, size_t *count)
{
	const struct query_data data = ui_data(ui);
	uint64_t all = record_session_count(data.record),
	         *list = budget_new(ui->input.memory, (size_t)(all + 1) * sizeof *list);
	*count = 0;
	for (uint64_t number = 1; list && number <= all; number++) {
		const struct query_row row = {.table = TABLE_SESSIONS, .session = record_session(data.record, number)};
		if (row.session && query_accepts(ui_filter(ui, TABLE_SESSIONS), &data, &row))
			list[(*count)++] = number;
	}
	return list;
}

static void save_ask_over(struct ui *ui);

static void save_say(struct ui *ui, const char *path, const struct ui_save *what, const char *why)
{
	char of[60] = "";
	if (what->event)
		snprintf(of, sizeof of, " (the payload)");
	else if (what->count)
		snprintf(of, sizeof of, " (%zu session%s)", what->count, plural_ending(what->count));
	ui_say(ui, "saved %s%s%s%s", path, of, *why ? ", " : "", why);
}

static void save_to(struct ui *ui, const char *path, bool over)
{
	char why[200] = "";
	uint64_t *shown = NULL;
	struct ui_save what = {.path = path};
	if (ui->save_what == SAVE_CHOSEN) {
		what.sessions = &ui->session;
		what.count = 1;
	} else if (ui->save_what == SAVE_MARKED) {
		qsort(ui->marked, ui->marked_count, sizeof *ui->marked, save_compare);
		what.sessions = ui->marked;
		what.count = ui->marked_count;
	} else if (ui->save_what == SAVE_SHOWN) {
		what.sessions = shown = save_list_shown(ui, &what.count);
		if (!what.count) {
			budget_release(shown);
			ui_say(ui, "no session passes the filter: nothing is saved");
			return;
		}
	} else if (ui->save_what == SAVE_PAYLOAD) {
		what.event = ui->event;
	}
	switch (ui->input.save(ui->input.self, &what, over, why, sizeof why)) {
	case UI_SAVED:
		save_say(ui, path, &what, why);
		break;
	case UI_SAVED_BEFORE:
		snprintf(ui->saving, sizeof ui->saving, "%s", path);
		save_ask_over(ui);
		break;
	case UI_NOT_SAVED:
		ui_say(ui, "%s: %s", path, why);
		break;
	}
	budget_release(shown);
}

static void save_over_asked(void *self, const char *text)
{
	struct ui *ui = self;
	if (strcmp(text, "y") == 0 || strcmp(text, "yes") == 0)
		save_to(ui, ui->saving, true);
	else
		ui_say(ui, "%s: not saved; the file is as it was", ui->saving);
}

static void save_ask_over(struct ui *ui)
{
	prompt_open(&ui->prompt, "this file exists; write over it? (y or n)", "", save_over_asked, ui);
	prompt_keep(&ui->prompt, 0);
}

static void save_entered(void *self, const char *path)
{
	struct ui *ui = self;
	char hint[UI_HINT];
	if (*path && !save_hint_of(ui, path, hint)) {
		ui_say(ui, "which form? It ends in .pcapng, .ndjson, .txt or .html; the name of a payload in .json");
		prompt_keep(&ui->prompt, ui->prompt.len);
	} else if (*path)
		save_to(ui, path, false);
}

/* Marked ones, the chosen one where a screen shows it, or all. */
void ui_ask_save(struct ui *ui)
{
	ui->save_what = ui->marked_count ? SAVE_MARKED : ui->session && ui->depth > 1 ? SAVE_CHOSEN : SAVE_ALL;
	save_label(ui);
	prompt_open(&ui->prompt, ui->save_label, "", save_entered, ui);
	ui->prompt.other = save_other;
	ui->prompt.hint = save_hint;
}

/* ---- copy */

/* Terminals take so much, some less; what is longer is saved. */
enum { COPY_MOST = 72 * 1024 };

/* OSC 52 (xterm's control sequences, "Manipulate Selection Data"): base64 of text that was masked, and steers nothing
 * where it is pasted. ncurses knows nothing of it; its own output is flushed, so the two do not mix. */
static void copy_write(struct ui *ui, const char *what, struct slice text)
{
	struct buffer plain, coded;
	buffer_init(&plain, BUFFER_NO_LIMIT, NULL);
	buffer_init(&coded, BUFFER_NO_LIMIT, NULL);
	mask_write_visible(ui->input.mask, text, &plain);
	if (plain.len > COPY_MOST) {
		ui_say(ui, "%s: %zu bytes are too many for a clipboard: s saves it", what, plain.len);
	} else if (plain.truncated || !base64_write(&coded, buffer_slice(&plain))) {
		ui_say(ui, "no memory");
	} else {
		printf("\033]52;c;%.*s\a", (int)coded.len, (const char *)coded.at);
		fflush(stdout);
		ui_say(ui, "copied %s (%zu byte%s), where the terminal allows it (OSC 52)", what, plain.len,
		    plural_ending(plain.len));
	}
	buffer_free(&plain);
	buffer_free(&coded);
}

static void copy_payload(struct ui *ui)
{
	const struct event *event = record_event(ui->input.record, ui->event);
	struct buffer payload;
	buffer_init(&payload, BUFFER_NO_LIMIT, NULL);
	if (event && event_text_payload(&payload, event, ui->input.mask))
		copy_write(ui, "the payload", buffer_slice(&payload));
	else
		ui_say(ui, event ? "this event has no payload" : "select an event first");
	buffer_free(&payload);
}

static void copy_value(struct ui *ui)
{
	const struct ui_layer *top = ui_top(ui);
	const struct event_pane *pane = ui_focused_pane(ui);
	struct buffer value;
	if (!pane && !top->operations->value) {
		copy_payload(ui);
		return;
	}
	buffer_init(&value, BUFFER_NO_LIMIT, NULL);
	if (pane ? event_view_value(&pane->view, &value) : top->operations->value(top->self, ui, &value))
		copy_write(ui, "the value", buffer_slice(&value));
	else
		ui_say(ui, "nothing is selected that can be copied");
	buffer_free(&value);
}

static void copy_sid(struct ui *ui)
{
	const struct session *session = record_session(ui->input.record, ui->session);
	if (session && session->sid)
		copy_write(ui, "the sid", slice_of(session->sid, session->sid_len));
	else
		ui_say(ui, session ? "the sid of this session was not captured" : "select a session first");
}

/* The filter that is on; else one that lets through what is like the chosen event, or the chosen session. */
static void copy_filter(struct ui *ui)
{
	const struct query *filter = ui_top_filter(ui);
	const struct event *event = record_event(ui->input.record, ui->event);
	const struct session *session = record_session(ui->input.record, ui->session);
	char text[PROMPT_TEXT];
	struct buffer line = buffer_over(text, sizeof text);
	if (filter) {
		copy_write(ui, "the filter", query_text(filter));
		return;
	}
	if (event && ui_top(ui)->operations->table != TABLE_SESSIONS) {
		buffer_append_format(&line, "type == \"%s\"", event_kind_name(event->kind));
		if (event_packet(event)->name.len) {
			buffer_append_text(&line, " and name == ");
			buffer_append(&line, event_packet(event)->name);
		}
	} else if (session && session->sid) {
		buffer_append_format(&line, "sid == \"%.*s\"", (int)session->sid_len, session->sid);
	}
	if (line.len && !line.truncated)
		copy_write(ui, "a filter", buffer_slice(&line));
	else
		ui_say(ui, "nothing is selected that a filter could name");
}

static void copy_connection(struct ui *ui)
{
	const struct event *event = record_event(ui->input.record, ui->event);
	if (event && event->connection)
		copy_write(ui, "the connection", slice_of_text(event->connection->text));
	else
		ui_say(ui, "select an event first");
}

static const struct ui_choice copy_choices[] = {
    {'v', "Value"}, {'p', "Payload"}, {'s', "Sid"}, {'f', "Filter"}, {'c', "Connection"}, {0}};

static void copy_chosen(struct ui *ui, int key)
{
	static const struct {
		int key;
		void (*copy)(struct ui *ui);
	} copies[] = {
	    {'v', copy_value}, {'p', copy_payload}, {'s', copy_sid}, {'f', copy_filter}, {'c', copy_connection}};
	for (size_t i = 0; i < sizeof copies / sizeof *copies; i++)
		if (copies[i].key == key)
			copies[i].copy(ui);
}

void ui_ask_copy(struct ui *ui)
{
	ui_ask_choice(ui, "copy", copy_choices, copy_chosen);
}

/* ---- settings */

void ui_remember(struct ui *ui)
{
	char why[200] = "";
	struct buffer text;
	buffer_init(&text, SETTINGS_MOST, NULL);
	settings_write(ui, ui->input.settings, &text);
	if (!text.truncated && ui->input.remember(ui->input.self, buffer_slice(&text), why, sizeof why))
		ui_say(ui, "remembered in %s", ui->input.settings_name);
	else
		ui_say(ui, "not remembered: %s", *why ? why : "the settings are too long");
	buffer_free(&text);
}

/* ---- the pager, the editor */

/* A payload, a line for each member; else its layers. */
static void open_write(const struct ui *ui, const struct event *event, struct buffer *out)
{
	struct buffer payload, plain;
	buffer_init(&payload, BUFFER_NO_LIMIT, NULL);
	buffer_init(&plain, BUFFER_NO_LIMIT, NULL);
	if (event_text_payload(&payload, event, ui->input.mask)) {
		event_payload_write(&plain, buffer_slice(&payload));
	} else {
		struct buffer layers;
		buffer_init(&layers, BUFFER_NO_LIMIT, NULL);
		event_layers_write(&layers, ui->input.record, event);
		mask_write_text(ui->input.mask, buffer_slice(&layers), &plain);
		buffer_free(&layers);
	}
	for (struct slice rest = buffer_slice(&plain); rest.len;) {
		utf8_write_visible(out, slice_take_until(&rest, '\n'));
		buffer_append_byte(out, '\n');
	}
	buffer_free(&payload);
	buffer_free(&plain);
}

void ui_open(struct ui *ui, bool in_editor)
{
	const struct event *event = record_event(ui->input.record, ui->event);
	char why[200] = "";
	struct buffer text;
	if (!event) {
		ui_say(ui, "select an event first");
		return;
	}
	buffer_init(&text, BUFFER_NO_LIMIT, NULL);
	open_write(ui, event, &text);
	endwin();
	ui->away = !text.truncated && ui->input.show(ui->input.self, buffer_slice(&text), in_editor, why, sizeof why);
	buffer_free(&text);
	if (ui->away)
		return;
	refresh();
	ui_say(ui, "%s", *why ? why : "no memory");
}

void ui_look_away(struct ui *ui)
{
	if (!ui->input.shown_ends(ui->input.self))
		return;
	ui->away = false;
	clearok(curscr, TRUE);
	refresh();
}
