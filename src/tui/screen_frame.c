/* Frame: the chosen event, as a tree of JSON, by its layers, raw, and as bytes. */
#include "base/text.h"
#include "http/exchange.h"
#include "socketio/engine.h"
#include "tui/ladder.h"
#include "tui/list.h"
#include "tui/ui.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

enum frame_view { FRAME_TREE, FRAME_LAYERS, FRAME_RAW, FRAME_HEX, FRAME_VIEWS };

struct frame_screen {
	uint64_t event;
	enum frame_view view;
	struct buffer payload; /* masked, as one value */
	struct buffer before;  /* that of the one before of its kind, while it is compared */
	struct buffer text;    /* what raw and hex show, and the layers */
	struct json_tree tree, other;
	struct list list;
	bool compares;
};

enum { FRAME_TEXT = 4 << 20 };

/* ---- what is shown */

static const struct event *frame_event(const struct frame_screen *screen, const struct ui *ui)
{
	return record_event(ui->input.record, screen->event);
}

static void frame_read_payload(struct buffer *out, const struct event *event, const struct mask *mask)
{
	buffer_clear(out);
	if (!event_text_payload(out, event, mask))
		buffer_clear(out);
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
	uint64_t index = screen->event;
	while (event &&
	       (index = forward ? record_next_of_session(record, index) : record_previous_of_session(record, index)))
		if (frame_is_same_kind(event, record_event(record, index)))
			return index;
	return 0;
}

static void frame_compare(struct frame_screen *screen, struct ui *ui)
{
	uint64_t before = screen->compares ? frame_neighbour(screen, ui, false) : 0;
	json_tree_clear(&screen->other);
	if (!before)
		return;
	frame_read_payload(&screen->before, record_event(ui->input.record, before), ui->input.mask);
	json_tree_add(&screen->other, slice_of(NULL, 0), buffer_slice(&screen->before));
	json_tree_compare(&screen->tree, &screen->other);
}

/* ---- layers */

static void layers_add_head(struct buffer *out, const char *title, const struct exchange_half *half)
{
	if (!half->head.bytes.len)
		return;
	char packets[ORIGIN_TEXT];
	buffer_append_format(out, "%s (%s)\n", title, origin_format(&half->origin, packets));
	buffer_append(out, half->head.bytes);
	buffer_append_text(out, "\n");
}

static bool layers_is_carrier(const struct event *http, const struct event *event)
{
	return http->kind == EVENT_HTTP && http->exchange && http->connection == event->connection &&
	       http->origin.stream == event->origin.stream && http->origin.first <= event->origin.first &&
	       event->origin.last <= http->origin.last;
}

/* The request that carried an event of a poll: it is emitted before what its answer brought, and after what it brought
 * itself. */
static const struct exchange *layers_exchange(const struct record *record, const struct event *event)
{
	enum { LOOKS = 200 };
	uint64_t before = event->index, after = before;
	if (event_exchange(event) || event->transport != TRANSPORT_POLLING)
		return event_exchange(event);
	for (int looked = 0; looked < LOOKS && (before || after); looked++) {
		before = before ? record_previous_of_session(record, before) : 0;
		after = after ? record_next_of_session(record, after) : 0;
		if (before && layers_is_carrier(record_event(record, before), event))
			return record_event(record, before)->exchange;
		if (after && layers_is_carrier(record_event(record, after), event))
			return record_event(record, after)->exchange;
	}
	return NULL;
}

static void layers_write(struct buffer *out, const struct record *record, const struct event *event)
{
	const struct exchange *exchange = layers_exchange(record, event);
	char time[TIMESTAMP_TEXT_SIZE], packets[ORIGIN_TEXT];
	buffer_append_format(out, "captured   %s, %s\n", origin_format(&event->origin, packets),
	    timestamp_format(event->origin.time, time));
	if (event->connection)
		buffer_append_format(out, "tcp        %s%s\n", event->connection->text,
		    event->connection->joined ? "  (under way when the capture began)" : "");
	if (event->origin.stream)
		buffer_append_format(out, "http/2     stream %" PRIu32 "\n", event->origin.stream);
	buffer_append_format(out, "carried    by %s, %" PRIu64 " byte%s%s%s\n",
	    event->transport == TRANSPORT_NONE ? "TCP" : transport_name(event->transport), event->bytes,
	    plural_ending(event->bytes), event->incomplete ? ", cut" : "",
	    event->unreadable ? ", cannot be decompressed" : "");
	buffer_append_format(out, "engine.io  %s\n",
	    event_kind_layer(event->kind) == LAYER_SOCKETIO ? "message" : event_kind_name(event->kind));
	if (event_kind_layer(event->kind) == LAYER_SOCKETIO) {
		buffer_append_format(out, "socket.io  %s, namespace ", event_kind_name(event->kind));
		buffer_append(out, event_packet(event)->nsp);
		if (event_packet(event)->ack.len)
			buffer_append_format(
			    out, ", ack id %.*s", (int)event_packet(event)->ack.len, event_packet(event)->ack.at);
		if (event_packet(event)->attachment_count)
			buffer_append_format(out, ", %zu attachment%s", event_packet(event)->attachment_count,
			    plural_ending(event_packet(event)->attachment_count));
		buffer_append_byte(out, '\n');
	}
	if (exchange) {
		layers_add_head(out, "\nrequest", &exchange->request);
		layers_add_head(out, "\nanswer", &exchange->answer);
	}
}

/* ---- raw and bytes */

static void frame_write_raw(struct buffer *out, const struct frame_screen *screen, const struct event *event)
{
	if (screen->payload.len)
		buffer_append(out, buffer_slice(&screen->payload));
	else if (event_raw(event))
		buffer_append(out, *event_raw(event));
	else if (event_exchange(event) && event->exchange->plain.len)
		buffer_append(out, event->exchange->plain);
	else
		buffer_append(out, event_text(event));
}

enum { HEX_ROW = 16 };

static void hex_write(struct buffer *out, struct slice bytes)
{
	for (size_t at = 0; at < bytes.len; at += HEX_ROW) {
		struct slice row = slice_take(slice_drop(bytes, at), HEX_ROW);
		buffer_append_format(out, "%06zx ", at);
		for (size_t i = 0; i < HEX_ROW; i++)
			if (i < row.len)
				buffer_append_format(out, " %02x", row.at[i]);
			else
				buffer_append_text(out, "   ");
		buffer_append_text(out, "  ");
		for (size_t i = 0; i < row.len; i++)
			buffer_append_byte(out, row.at[i] >= ' ' && row.at[i] < 0x7f ? row.at[i] : '.');
		buffer_append_byte(out, '\n');
	}
}

/* Bytes keep their places: a secret among them is overwritten. */
static void hex_write_masked(struct buffer *out, const struct mask *mask, struct slice bytes)
{
	struct buffer shown;
	buffer_init(&shown, FRAME_TEXT / 8, NULL);
	buffer_append(&shown, bytes);
	mask_fill_bytes(mask, shown.at, shown.len);
	hex_write(out, buffer_slice(&shown));
	buffer_free(&shown);
}

static void frame_write_hex(
    struct buffer *out, const struct frame_screen *screen, const struct event *event, const struct mask *mask)
{
	struct buffer raw;
	buffer_init(&raw, FRAME_TEXT / 8, NULL);
	frame_write_raw(&raw, screen, event);
	hex_write_masked(out, mask, buffer_slice(&raw));
	for (size_t i = 0; i < event_packet(event)->attachment_count; i++) {
		buffer_append_format(out, "attachment %zu\n", i);
		hex_write_masked(out, mask, event_packet(event)->attachments[i]);
	}
	buffer_free(&raw);
}

/* Layers and raw are masked whole, before they are cut into rows. */
static void frame_write_text(struct frame_screen *screen, struct ui *ui)
{
	const struct event *event = frame_event(screen, ui);
	struct buffer plain;
	buffer_clear(&screen->text);
	if (!event)
		return;
	buffer_init(&plain, FRAME_TEXT, NULL);
	if (screen->view == FRAME_LAYERS)
		layers_write(&plain, ui->input.record, event);
	else if (screen->view == FRAME_RAW)
		frame_write_raw(&plain, screen, event);
	else if (screen->view == FRAME_HEX)
		frame_write_hex(&screen->text, screen, event, ui->input.mask);
	if (plain.len)
		mask_write_text(ui->input.mask, buffer_slice(&plain), &screen->text);
	buffer_free(&plain);
}

static void frame_load(struct frame_screen *screen, struct ui *ui, uint64_t event)
{
	screen->event = ui->event = event;
	screen->list.selected = screen->list.top = 0;
	json_tree_clear(&screen->tree);
	frame_read_payload(&screen->payload, frame_event(screen, ui), ui->input.mask);
	if (screen->payload.len)
		json_tree_add(&screen->tree, slice_of(NULL, 0), buffer_slice(&screen->payload));
	frame_compare(screen, ui);
	frame_write_text(screen, ui);
}

/* ---- drawing the tree */

static enum tint value_tint(struct slice value)
{
	switch (json_kind_of(value)) {
	case JSON_STRING:
		return TINT_TEXT;
	case JSON_NUMBER:
	case JSON_NOT_FINITE:
		return TINT_NUMBER;
	case JSON_TRUE:
	case JSON_FALSE:
	case JSON_NULL:
		return TINT_WARNING;
	default:
		return TINT_PLAIN;
	}
}

static int tree_draw_key(const struct canvas *canvas, int row, int column, const struct json_line *line, bool selected)
{
	enum tint tint = selected ? TINT_SELECTED : TINT_NAME;
	if (line->key.len > 2)
		column = canvas_write(canvas, row, column, tint, json_inside_quotes(line->key));
	else if (line->in_array)
		column = canvas_format(canvas, row, column, tint, "%u", line->index);
	else
		return column;
	return canvas_write_text(canvas, row, column, tint, ": ");
}

static void tree_draw_line(const struct frame_screen *screen, const struct canvas *canvas, int row, size_t nth)
{
	const struct json_line *line = &screen->tree.lines[nth];
	bool selected = nth == screen->list.selected, container = line->members > 0;
	int column = 2 + 2 * (int)(line->depth < 30 ? line->depth : 30);
	enum tint tint = selected ? TINT_SELECTED : value_tint(line->value);
	if (selected)
		canvas_fill(canvas, row, 0, TINT_SELECTED);
	if (screen->other.count && line->changed)
		canvas_write_text(canvas, row, 0, TINT_RELATED, "~");
	if (container)
		canvas_write_text(canvas, row, column - 2, tint,
		    theme_glyph(canvas->theme, line->folded ? GLYPH_CLOSED : GLYPH_OPEN));
	column = tree_draw_key(canvas, row, column, line, selected);
	if (!container)
		canvas_write(canvas, row, column, tint, slice_take(line->value, 2000));
	else
		column = canvas_format(canvas, row, column, line->folded ? tint : TINT_FAINT, "%c%u%c", *line->value.at,
		    line->members, json_kind_of(line->value) == JSON_ARRAY ? ']' : '}');
	if (container && line->folded)
		canvas_write(canvas, row, column + 2, TINT_FAINT, slice_take(line->value, 400));
}

static void tree_draw(struct frame_screen *screen, const struct canvas *canvas)
{
	list_fit(&screen->list, screen->tree.count, canvas->height);
	for (int row = 0; row < canvas->height && screen->list.top + (uint64_t)row < screen->tree.count; row++)
		tree_draw_line(screen, canvas, row, (size_t)screen->list.top + (size_t)row);
	if (!screen->tree.count)
		canvas_write_text(canvas, 1, 2, TINT_FAINT, "No JSON in it (Tab: its layers, raw, bytes).");
}

/* ---- drawing text, wrapped */

static uint64_t text_rows(struct slice text, int width)
{
	uint64_t rows = 0;
	for (; text.len; rows++)
		canvas_take_row(&text, width);
	return rows;
}

/* The selected row is the first that is shown, but no row stays empty while there are rows above. */
static void text_draw(struct frame_screen *screen, const struct canvas *canvas)
{
	struct slice text = buffer_slice(&screen->text);
	uint64_t rows = text_rows(text, canvas->width), height = (uint64_t)canvas->height;
	list_fit(&screen->list, rows, canvas->height);
	uint64_t first = screen->list.selected, last = rows > height ? rows - height : 0;
	if (first > last)
		first = last;
	for (uint64_t row = 0; text.len && row < first + height; row++) {
		struct slice shown = canvas_take_row(&text, canvas->width);
		if (row >= first)
			canvas_write(canvas, (int)(row - first), 0, TINT_PLAIN, shown);
	}
	if (!screen->text.len)
		canvas_write_text(canvas, 1, 2, TINT_FAINT, "Nothing.");
}

static void frame_draw_head(const struct frame_screen *screen, struct ui *ui, const struct canvas *canvas)
{
	static const char *const names[] = {"tree", "layers", "raw", "bytes"};
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
	canvas_format(canvas, 0, canvas->width - 30, TINT_BAR, " %s [%s]%s",
	    origin_format(ORIGIN_AT(event->origin.kind, event->origin.first), at), names[screen->view],
	    screen->compares ? " ~ before" : "");
}

static void frame_draw(void *self, struct ui *ui, const struct canvas *canvas)
{
	struct frame_screen *screen = self;
	struct canvas below = canvas_inside(canvas, 1, 0, canvas->height - 1, canvas->width);
	frame_draw_head(screen, ui, canvas);
	if (screen->view == FRAME_TREE)
		tree_draw(screen, &below);
	else
		text_draw(screen, &below);
}

/* ---- keys */

static void frame_next_view(void *self, struct ui *ui)
{
	struct frame_screen *screen = self;
	screen->view = (screen->view + 1) % FRAME_VIEWS;
	screen->list.selected = screen->list.top = 0;
	frame_write_text(screen, ui);
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
	screen->compares = !screen->compares;
	frame_load(screen, ui, screen->event);
	if (screen->compares && !screen->other.count)
		ui_say(ui, "no earlier event has this name");
}

static void frame_enter(void *self, struct ui *ui)
{
	struct frame_screen *screen = self;
	(void)ui;
	if (screen->view == FRAME_TREE)
		json_tree_toggle(&screen->tree, (size_t)screen->list.selected);
}

static bool frame_holds(void *self, struct ui *ui, uint64_t row, struct slice text)
{
	struct frame_screen *screen = self;
	(void)ui;
	if (screen->view != FRAME_TREE || row >= screen->tree.count)
		return false;
	const struct json_line *line = &screen->tree.lines[row];
	bool shows_value = !line->members || line->folded;
	return slice_find(line->key, text) < line->key.len ||
	       (shows_value && slice_find(line->value, text) < line->value.len);
}

static const struct screen_key frame_keys[] = {
    {'\t', "View", "tree, layers, raw, bytes", frame_next_view, true, NULL},
    {']', "Next", "the next event of this name", frame_next, true, NULL},
    {'[', "Prev", "the previous event of this name", frame_previous, true, NULL},
    {'d', "Diff", "what differs from the previous event of this name (~)", frame_toggle_compare, true, NULL},
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
	screen->tree.memory = screen->other.memory = ui->input.memory;
	buffer_init(&screen->payload, BUFFER_NO_LIMIT, NULL);
	buffer_init(&screen->before, BUFFER_NO_LIMIT, NULL);
	buffer_init(&screen->text, FRAME_TEXT, NULL);
	frame_load(screen, ui, ui->event);
	return screen;
}

static void frame_free(void *self)
{
	struct frame_screen *screen = self;
	json_tree_free(&screen->tree);
	json_tree_free(&screen->other);
	buffer_free(&screen->payload);
	buffer_free(&screen->before);
	buffer_free(&screen->text);
	free(screen);
}

static struct list *frame_list(void *self)
{
	return &((struct frame_screen *)self)->list;
}

const struct screen_operations screen_frame = {
    .title = "Frame",
    .new = frame_new,
    .free = frame_free,
    .draw = frame_draw,
    .list = frame_list,
    .list_row = 1,
    .holds = frame_holds,
    .enter = frame_enter,
    .keys = frame_keys,
};
