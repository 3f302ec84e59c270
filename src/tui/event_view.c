/* One event's payload as a tree, or compared with another's; its layers, raw and bytes as text, wrapped. */
#include "tui/event_view.h"

#include "view/event_text.h"

#include <inttypes.h>

enum { VIEW_TEXT = 4 << 20, TREE_VALUE = 2000, TREE_FOLDED = 400 };

void event_view_init(struct event_view *view, struct budget *memory)
{
	*view = (struct event_view){0};
	view->tree.memory = view->compared.memory = view->merged.memory = memory;
	buffer_init(&view->payload, BUFFER_NO_LIMIT, NULL);
	buffer_init(&view->before, BUFFER_NO_LIMIT, NULL);
	buffer_init(&view->text, VIEW_TEXT, NULL);
}

void event_view_free(struct event_view *view)
{
	json_tree_free(&view->tree);
	json_tree_free(&view->compared);
	json_tree_free(&view->merged);
	buffer_free(&view->payload);
	buffer_free(&view->before);
	buffer_free(&view->text);
}

/* ---- what is shown */

const struct json_tree *event_view_tree(const struct event_view *view)
{
	return view->other ? &view->merged : &view->tree;
}

const char *event_form_name(enum event_form form)
{
	static const char *const names[EVENT_FORMS] = {"tree", "layers", "raw", "bytes"};
	return names[form];
}

static void view_read_payload(struct buffer *out, const struct event *event, const struct mask *mask)
{
	buffer_clear(out);
	if (!event || !event_text_payload(out, event, mask))
		buffer_clear(out);
}

static void view_add_tree(struct json_tree *tree, const struct buffer *payload)
{
	json_tree_clear(tree);
	if (payload->len)
		json_tree_add(tree, slice_of(NULL, 0), buffer_slice(payload));
}

/* Layers and raw are masked whole, before they are cut into rows. */
static void view_write_text(struct event_view *view, const struct ui *ui)
{
	const struct event *event = record_event(ui->input.record, view->event);
	struct buffer plain;
	buffer_clear(&view->text);
	if (!event)
		return;
	buffer_init(&plain, VIEW_TEXT, NULL);
	if (view->form == FORM_LAYERS)
		event_layers_write(&plain, ui->input.record, event);
	else if (view->form == FORM_RAW)
		event_raw_write(&plain, buffer_slice(&view->payload), event);
	else if (view->form == FORM_BYTES)
		event_bytes_write(&view->text, ui->input.record, event, ui->input.mask);
	if (plain.len)
		mask_write_text(ui->input.mask, buffer_slice(&plain), &view->text);
	buffer_free(&plain);
}

void event_view_load(struct event_view *view, const struct ui *ui, uint64_t event, uint64_t other)
{
	const struct record *record = ui->input.record;
	view->event = event;
	view->other = other;
	view->list.selected = view->list.top = 0;
	view_read_payload(&view->payload, record_event(record, event), ui->input.mask);
	view_add_tree(&view->tree, &view->payload);
	buffer_clear(&view->before);
	if (other) {
		view_read_payload(&view->before, record_event(record, other), ui->input.mask);
		view_add_tree(&view->compared, &view->before);
		json_tree_merge(&view->merged, &view->tree, &view->compared);
	}
	view_write_text(view, ui);
}

void event_view_forget(struct event_view *view, uint64_t event)
{
	view->event = event;
	view->other = 0;
	view->list.selected = view->list.top = 0;
	json_tree_clear(&view->tree);
	buffer_clear(&view->payload);
	buffer_clear(&view->text);
}

void event_view_show(struct event_view *view, const struct ui *ui, enum event_form form)
{
	view->form = form;
	view->list.selected = view->list.top = 0;
	view_write_text(view, ui);
}

void event_view_toggle(struct event_view *view)
{
	const struct json_tree *tree = event_view_tree(view);
	size_t line = (size_t)view->list.selected;
	if (view->form != FORM_TREE || line >= tree->count)
		return;
	if (!view->other) {
		json_tree_toggle(&view->tree, line);
	} else if (tree->lines[line].from != JSON_TREE_NONE) {
		json_tree_toggle(&view->tree, tree->lines[line].from);
		json_tree_merge(&view->merged, &view->tree, &view->compared);
	}
}

bool event_view_holds(const struct event_view *view, uint64_t row, struct slice text)
{
	const struct json_tree *tree = event_view_tree(view);
	if (view->form != FORM_TREE || row >= tree->count)
		return false;
	const struct json_line *line = &tree->lines[row];
	bool shows_value = !line->members || line->folded;
	return slice_find(line->key, text) < line->key.len ||
	       (shows_value && slice_find(line->value, text) < line->value.len);
}

bool event_view_value(const struct event_view *view, struct buffer *out)
{
	const struct json_tree *tree = event_view_tree(view);
	if (view->form != FORM_TREE)
		return view->text.len && buffer_append(out, buffer_slice(&view->text));
	if (view->list.selected >= tree->count)
		return false;
	struct slice value = tree->lines[view->list.selected].value;
	return json_kind_of(value) == JSON_STRING ? json_unescape(value, out) : buffer_append(out, value);
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

/* "~" changed, "+" new, "-" gone; what a value was stands behind it. */
static int tree_draw_change(const struct canvas *canvas, int row, const struct json_line *line)
{
	static const char *const marks[] = {"", "~", "+", "-"};
	static const enum tint tints[] = {TINT_PLAIN, TINT_RELATED, TINT_GOOD, TINT_ERROR};
	return canvas_write_text(canvas, row, 0, tints[line->change], marks[line->change]);
}

static void tree_draw_line(const struct event_view *view, const struct canvas *canvas, int row, size_t nth, bool active)
{
	const struct json_line *line = &event_view_tree(view)->lines[nth];
	bool selected = active && nth == view->list.selected, container = line->members > 0;
	int column = 2 + 2 * (int)(line->depth < 30 ? line->depth : 30);
	enum tint tint = selected ? TINT_SELECTED : line->change == LINE_REMOVED ? TINT_FAINT : value_tint(line->value);
	if (selected)
		canvas_fill(canvas, row, 0, TINT_SELECTED);
	if (view->other)
		tree_draw_change(canvas, row, line);
	if (container)
		canvas_write_text(canvas, row, column - 2, tint,
		    theme_glyph(canvas->theme, line->folded ? GLYPH_CLOSED : GLYPH_OPEN));
	column = tree_draw_key(canvas, row, column, line, selected);
	if (!container)
		column = canvas_write(canvas, row, column, tint, slice_take(line->value, TREE_VALUE));
	else
		column = canvas_format(canvas, row, column, line->folded ? tint : TINT_FAINT, "%c%u%c", *line->value.at,
		    line->members, json_kind_of(line->value) == JSON_ARRAY ? ']' : '}');
	if (container && line->folded)
		canvas_write(canvas, row, column + 2, TINT_FAINT, slice_take(line->value, TREE_FOLDED));
	if (line->change == LINE_CHANGED && !container) {
		column = canvas_write_text(canvas, row, column + 2, TINT_RELATED, "was ");
		canvas_write(canvas, row, column, TINT_RELATED, slice_take(line->was, TREE_VALUE));
	}
}

static void tree_draw(struct event_view *view, const struct canvas *canvas, bool active)
{
	const struct json_tree *tree = event_view_tree(view);
	list_fit(&view->list, tree->count, canvas->height);
	for (int row = 0; row < canvas->height && view->list.top + (uint64_t)row < tree->count; row++)
		tree_draw_line(view, canvas, row, (size_t)view->list.top + (size_t)row, active);
	if (!tree->count)
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
static void text_draw(struct event_view *view, const struct canvas *canvas)
{
	struct slice text = buffer_slice(&view->text);
	uint64_t rows = text_rows(text, canvas->width), height = (uint64_t)canvas->height;
	list_fit(&view->list, rows, canvas->height);
	uint64_t first = view->list.selected, last = rows > height ? rows - height : 0;
	if (first > last)
		first = last;
	for (uint64_t row = 0; text.len && row < first + height; row++) {
		struct slice shown = canvas_take_row(&text, canvas->width);
		if (row >= first)
			canvas_write(canvas, (int)(row - first), 0, TINT_PLAIN, shown);
	}
	if (!view->text.len)
		canvas_write_text(canvas, 1, 2, TINT_FAINT, "Nothing.");
}

void event_view_draw(struct event_view *view, const struct canvas *canvas, bool active)
{
	view->top = canvas->top;
	if (view->form == FORM_TREE)
		tree_draw(view, canvas, active);
	else
		text_draw(view, canvas);
}

bool event_holds(const struct event *event, struct slice text)
{
	char shown[400];
	struct buffer name = buffer_over(shown, sizeof shown);
	event_text_name(&name, event);
	return slice_find(buffer_slice(&name), text) < name.len ||
	       slice_find(event_packet(event)->data, text) < event_packet(event)->data.len ||
	       slice_find(event_text(event), text) < event_text(event).len;
}
