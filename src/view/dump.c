/*
 * The timeline as NDJSON, in order of time.
 *
 * Events come in the order in which they are decided, which is not that of their times: bytes that waited behind a gap
 * keep the time at which they came, and what was seen only behind a hop is emitted when its session ends. Lines
 * therefore wait in a window, and leave it with the earliest first. The window is bounded in bytes: what comes later
 * than that behind its time is written where it comes. Where memory is short the window is as small as it must be. A
 * live reader gets what waits as soon as the capture pauses.
 */
#include "view/dump.h"

#include "http/sink.h"

#include <stdlib.h>

/* DUMP_FLUSH: early enough that a buffer of usual lines is one that buffer_clear keeps. DUMP_WINDOW: several times what
 * waits behind one gap (--max-held), as JSON; DUMP_NARROW where the engine has used half of its memory. */
enum { DUMP_FLUSH = 32 << 10, DUMP_WINDOW = 8 << 20, DUMP_NARROW = 1 << 20 };

/* An event whose session has a hop may be seen behind it as well: its line is still open. A hop needs milliseconds. */
enum { DUMP_OPEN_LINES = 1024 };
#define DUMP_PATIENCE (1 * TIMESTAMP_SECOND)

struct dump_line {
	timestamp time;
	uint64_t order; /* in which it came; decides between equal times */
	size_t len;
	size_t charged; /* for what `text` was taken over from; 0: it is `inner`, or an object */
	char *text;     /* without line end: `inner`, a large line's buffer, or an object: legs were added */
	char inner[];
};

struct dump_open_line {
	struct dump_line *line;
	uint64_t index; /* of its event */
	bool has_legs;
	struct event_leg first; /* its own sighting */
	char connection[CONNECTION_TEXT_SIZE];
};

struct dump {
	struct observer observer;
	struct buffer line;    /* the one that is being made */
	struct buffer written; /* lines that have left the window, for one fwrite */
	/* The window: lines that came in order of time, a ring; and those that came late, a heap, the earliest first.
	 */
	struct dump_line **ring, **late;
	size_t ring_first, ring_count, ring_room, late_count, late_room;
	timestamp latest; /* of the ring's lines */
	size_t window;    /* bytes of all lines in it */
	uint64_t order;
	struct dump_open_line *open; /* the oldest first; NULL until there is one */
	size_t open_count;
	struct budget memory; /* of the window */
	FILE *out;
	unsigned layers;
	const struct mask *mask;
	const struct query *where; /* NULL: all events */
	const struct query_data *data;
	bool failed;
	uint64_t cut; /* lines that were too long */
};

/* ---- the window */

static bool dump_is_before(const struct dump_line *a, const struct dump_line *b)
{
	return a->time != b->time ? a->time < b->time : a->order < b->order;
}

static bool dump_push_ring(struct dump *dump, struct dump_line *line)
{
	if (dump->ring_count == dump->ring_room) {
		size_t room = dump->ring_room ? dump->ring_room * 2 : 256;
		struct dump_line **grown = budget_new(&dump->memory, room * sizeof *grown);
		if (!grown)
			return false;
		for (size_t i = 0; i < dump->ring_count; i++)
			grown[i] = dump->ring[(dump->ring_first + i) % dump->ring_room];
		budget_release(dump->ring);
		dump->ring = grown;
		dump->ring_room = room;
		dump->ring_first = 0;
	}
	dump->ring[(dump->ring_first + dump->ring_count++) % dump->ring_room] = line;
	dump->latest = line->time;
	return true;
}

static bool dump_push_late(struct dump *dump, struct dump_line *line)
{
	if (dump->late_count == dump->late_room) {
		size_t room = dump->late_room ? dump->late_room * 2 : 64;
		struct dump_line **grown = budget_resize(&dump->memory, dump->late, room * sizeof *grown);
		if (!grown)
			return false;
		dump->late = grown;
		dump->late_room = room;
	}
	size_t at = dump->late_count++;
	for (; at && dump_is_before(line, dump->late[(at - 1) / 2]); at = (at - 1) / 2)
		dump->late[at] = dump->late[(at - 1) / 2];
	dump->late[at] = line;
	return true;
}

static struct dump_line *dump_pop_late(struct dump *dump)
{
	struct dump_line *first = dump->late[0], *moved = dump->late[--dump->late_count];
	size_t at = 0, child;
	while ((child = 2 * at + 1) < dump->late_count) {
		if (child + 1 < dump->late_count && dump_is_before(dump->late[child + 1], dump->late[child]))
			child++;
		if (!dump_is_before(dump->late[child], moved))
			break;
		dump->late[at] = dump->late[child];
		at = child;
	}
	dump->late[at] = moved;
	return first;
}

/* The earliest line; NULL when none waits. */
static struct dump_line *dump_first(const struct dump *dump)
{
	struct dump_line *ring = dump->ring_count ? dump->ring[dump->ring_first] : NULL;
	struct dump_line *late = dump->late_count ? dump->late[0] : NULL;
	return !ring || (late && dump_is_before(late, ring)) ? late : ring;
}

static void dump_flush(struct dump *dump)
{
	if (dump->written.len && fwrite(dump->written.at, 1, dump->written.len, dump->out) != dump->written.len)
		dump->failed = true;
	buffer_clear(&dump->written);
}

/* A large line is not copied once more. */
static void dump_write(struct dump *dump, struct slice line)
{
	if (dump->failed)
		return;
	bool is_large = line.len >= DUMP_FLUSH;
	if (is_large)
		dump_flush(dump);
	if (is_large ? fwrite(line.at, 1, line.len, dump->out) != line.len : !buffer_append(&dump->written, line))
		dump->failed = true;
	if (!buffer_append_byte(&dump->written, '\n'))
		dump->failed = true;
	if (dump->written.len >= DUMP_FLUSH && !dump->failed)
		dump_flush(dump);
}

static void dump_close_line(struct dump *dump, size_t which)
{
	dump->open_count--;
	memmove(&dump->open[which], &dump->open[which + 1], (dump->open_count - which) * sizeof *dump->open);
}

static bool dump_is_open(const struct dump *dump, const struct dump_line *line)
{
	for (size_t i = 0; i < dump->open_count; i++)
		if (dump->open[i].line == line)
			return true;
	return false;
}

static void dump_free_line(struct dump *dump, struct dump_line *line)
{
	if (line->charged) {
		budget_give(&dump->memory, line->charged);
		free(line->text);
	} else if (line->text != line->inner) {
		budget_release(line->text);
	}
	budget_release(line);
}

/* `line` is the earliest: it leaves the window. */
static void dump_release(struct dump *dump, struct dump_line *line)
{
	for (size_t i = dump->open_count; i--;)
		if (dump->open[i].line == line)
			dump_close_line(dump, i);
	if (dump->late_count && line == dump->late[0]) {
		dump_pop_late(dump);
	} else {
		dump->ring_first = (dump->ring_first + 1) % dump->ring_room;
		dump->ring_count--;
	}
	dump->window -= line->len;
	dump_write(dump, slice_of(line->text, line->len));
	dump_free_line(dump, line);
}

static void dump_release_all(struct dump *dump)
{
	struct dump_line *line;
	dump->open_count = 0;
	while ((line = dump_first(dump)))
		dump_release(dump, line);
	if (!dump->failed)
		dump_flush(dump);
}

/* The line in dump->line as one of the window's; its bytes are taken over when there are many, else copied. NULL: no
 * memory. */
static struct dump_line *dump_new_line(struct dump *dump, timestamp time)
{
	size_t len = dump->line.len, large = len >= DUMP_FLUSH ? dump->line.room : 0;
	if (large && !budget_take(&dump->memory, large))
		return NULL;
	struct dump_line *line = budget_new(&dump->memory, sizeof *line + (large ? 0 : len));
	if (!line) {
		budget_give(&dump->memory, large);
		return NULL;
	}
	*line = (struct dump_line){.time = time,
	    .order = dump->order++,
	    .len = len,
	    .charged = large,
	    .text = large ? (char *)dump->line.at : line->inner};
	if (large)
		buffer_init(&dump->line, dump->line.limit, NULL);
	else
		memcpy(line->inner, dump->line.at, len);
	return line;
}

/* The engine needs the memory more than the window does. */
static bool dump_is_narrow(const struct dump *dump)
{
	const struct budget *whole = dump->memory.whole;
	return whole && whole->used > whole->limit / 2;
}

/* What waits is written, the earliest first, until the window is no larger than it may be and the line has room. */
static void dump_make_room(struct dump *dump)
{
	size_t most = dump_is_narrow(dump) ? DUMP_NARROW : DUMP_WINDOW;
	while (dump_first(dump) && (dump->window > most || !budget_fits(&dump->memory, dump->line.room)))
		dump_release(dump, dump_first(dump));
}

/* The line in dump->line joins the window. NULL: there is no memory for it to wait, and it is written. */
static struct dump_line *dump_add(struct dump *dump, timestamp time)
{
	dump_make_room(dump);
	bool in_order = !dump->ring_count || time >= dump->latest;
	struct dump_line *line = dump_new_line(dump, time);
	if (line && (in_order ? dump_push_ring(dump, line) : dump_push_late(dump, line))) {
		dump->window += line->len;
		return line;
	}
	dump_release_all(dump);
	dump_write(dump, line ? slice_of(line->text, line->len) : buffer_slice(&dump->line));
	if (line)
		dump_free_line(dump, line);
	return NULL;
}

/* ---- lines to which legs may be added */

static void dump_end_patience(struct dump *dump, timestamp now)
{
	while (dump->open_count && now - dump->open[0].line->time > DUMP_PATIENCE)
		dump_close_line(dump, 0);
}

static void dump_open(struct dump *dump, struct dump_line *line, const struct event *event)
{
	if (!dump->open)
		dump->open = budget_new(&dump->memory, DUMP_OPEN_LINES * sizeof *dump->open);
	if (!dump->open)
		return;
	if (dump->open_count == DUMP_OPEN_LINES)
		dump_close_line(dump, 0);
	struct dump_open_line *open = &dump->open[dump->open_count++];
	*open = (struct dump_open_line){.line = line, .index = event->index, .first = {NULL, event->origin, false}};
	memcpy(open->connection, event->connection->text, sizeof open->connection);
}

/* Puts text into a line, before its last `back` bytes. */
static bool dump_insert(struct dump *dump, struct dump_line *line, size_t back, struct slice text)
{
	bool is_object = !line->charged && line->text != line->inner;
	char *grown = budget_resize(&dump->memory, is_object ? line->text : NULL, line->len + text.len);
	if (!grown)
		return false;
	if (!is_object)
		memcpy(grown, line->text, line->len);
	if (line->charged) {
		budget_give(&dump->memory, line->charged);
		free(line->text);
		line->charged = 0;
	}
	memmove(grown + line->len - back + text.len, grown + line->len - back, back);
	memcpy(grown + line->len - back, text.at, text.len);
	line->text = grown;
	line->len += text.len;
	dump->window += text.len;
	return true;
}

/* More may come, on further legs: the line stays open until it is too old. */
static void dump_take_crossed(void *self, uint64_t index, const struct event_leg *leg)
{
	struct dump *dump = self;
	struct buffer text;
	size_t which = 0;
	while (which < dump->open_count && dump->open[which].index != index)
		which++;
	if (which == dump->open_count)
		return;
	struct dump_open_line *open = &dump->open[which];
	buffer_init(&text, BUFFER_NO_LIMIT, NULL);
	if (!open->has_legs) {
		open->first.connection = open->connection;
		buffer_append_text(&text, ",\"legs\":[");
		line_write_leg(&text, &open->first);
	}
	buffer_append_byte(&text, ',');
	line_write_leg(&text, leg);
	if (!open->has_legs)
		buffer_append_byte(&text, ']');
	if (text.truncated || !dump_insert(dump, open->line, open->has_legs ? 2 : 1, buffer_slice(&text)))
		dump->failed = true;
	open->has_legs = true;
	buffer_free(&text);
	if (leg->is_last)
		dump_close_line(dump, which);
}

/* ---- which events */

static bool dump_layer_wants(unsigned layers, const struct event *event)
{
	struct slice layer;
	switch (event->kind) {
	case EVENT_MALFORMED:
		layer = slice_of_text(event->malformed.layer);
		return ((layers & LAYER_SOCKETIO) && slice_equals_text(layer, "socketio")) ||
		       ((layers & LAYER_ENGINEIO) && slice_equals_text(layer, "engineio")) ||
		       ((layers & LAYER_HTTP) &&
		           (slice_equals_text(layer, "http") || slice_equals_text(layer, "websocket")));
	case EVENT_LOG:
		return true;
	default:
		return layers & event_kind_layer(event->kind);
	}
}

static bool dump_shows_layer(const struct dump *dump, const struct event *event)
{
	if (dump->layers != DUMP_DEFAULT)
		return dump_layer_wants(dump->layers, event);
	return event->kind != EVENT_HTTP && event->kind != EVENT_WS_OPEN;
}

/* Who writes `where type == "http"` wants to see those, whatever the layers that are usually shown. */
static bool dump_wants(const struct dump *dump, const struct event *event)
{
	const struct query_row row = {.table = TABLE_EVENTS, .event = event};
	if (!dump->where)
		return dump_shows_layer(dump, event);
	return (dump->layers == DUMP_DEFAULT || dump_layer_wants(dump->layers, event)) &&
	       query_accepts(dump->where, dump->data, &row);
}

/* ---- the observer */

static void dump_take_event(void *self, const struct event *event)
{
	struct dump *dump = self;
	dump_end_patience(dump, event->origin.time);
	if (dump->failed || !dump_wants(dump, event))
		return;
	buffer_clear(&dump->line);
	struct dump_line *line = NULL;
	enum line_result result = line_write(&dump->line, event, dump->mask);
	dump->cut += result == LINE_CUT;
	if (result != LINE_REFUSED)
		line = dump_add(dump, event->origin.time);
	else
		dump->failed = true;
	if (line && event->awaits_legs)
		dump_open(dump, line, event);
}

static void dump_take_end(void *self)
{
	dump_release_all(self);
}

struct dump *dump_new(FILE *out, unsigned layers, const struct mask *mask, size_t longest)
{
	struct dump *dump = calloc(1, sizeof *dump);
	if (!dump)
		return NULL;
	*dump = (struct dump){.out = out, .layers = layers, .mask = mask, .memory = {.limit = SIZE_MAX}};
	dump->observer = (struct observer){
	    .self = dump, .event = dump_take_event, .crossed = dump_take_crossed, .end = dump_take_end};
	buffer_init(&dump->line, longest, NULL);
	buffer_init(&dump->written, BUFFER_NO_LIMIT, NULL);
	return dump;
}

void dump_set_filter(struct dump *dump, const struct query *where, const struct query_data *data)
{
	dump->where = where;
	dump->data = data;
}

void dump_show(struct dump *dump)
{
	struct dump_line *line;
	while ((line = dump_first(dump)) && !dump_is_open(dump, line))
		dump_release(dump, line);
	if (!dump->failed)
		dump_flush(dump);
	if (!dump->failed && fflush(dump->out) != 0)
		dump->failed = true;
}

bool dump_free(struct dump *dump)
{
	dump_release_all(dump);
	bool good = !dump->failed && fflush(dump->out) == 0;
	buffer_free(&dump->line);
	buffer_free(&dump->written);
	budget_release(dump->ring);
	budget_release(dump->late);
	budget_release(dump->open);
	free(dump);
	return good;
}

const struct observer *dump_observer(const struct dump *dump)
{
	return &dump->observer;
}

struct budget *dump_memory(struct dump *dump)
{
	return &dump->memory;
}

bool dump_failed(const struct dump *dump)
{
	return dump->failed;
}

uint64_t dump_cut(const struct dump *dump)
{
	return dump->cut;
}
