/* The timeline as NDJSON. */
#include "view/dump.h"

#include "http/sink.h"
#include "view/line.h"

#include <stdlib.h>

/* A line is as long as its payload; payloads are bounded by the engine's limits (base64 and escapes let them grow).
 * Flushed early enough that a buffer of usual lines is one that buffer_clear keeps. */
enum { DUMP_FLUSH = 32 << 10 };

/* An event whose session has a hop may be seen behind it as well; its line waits for that. A hop needs milliseconds. */
enum { DUMP_WAITING = 1024, DUMP_HELD = 4 << 20 }; /* lines and bytes that wait at most */
#define DUMP_PATIENCE (1 * TIMESTAMP_SECOND)

struct dump_waiting {
	uint64_t index; /* of the event */
	timestamp time;
	size_t begin, end; /* of its line, without the line end */
	bool has_legs;
	struct event_leg first; /* its own sighting */
	char connection[CONNECTION_TEXT_SIZE];
};

struct dump {
	struct observer observer;
	struct buffer lines;
	struct dump_waiting *waiting; /* the oldest first; NULL until one waits */
	size_t waiting_count;
	FILE *out;
	unsigned layers;
	const struct mask *mask;
	const struct query *where; /* NULL: all events */
	const struct query_data *data;
	bool failed;
};

/* Writes the lines that stand before the first one that waits. */
static void dump_flush(struct dump *dump)
{
	size_t ready = dump->waiting_count ? dump->waiting[0].begin : dump->lines.len;
	if (ready && fwrite(dump->lines.at, 1, ready, dump->out) != ready)
		dump->failed = true;
	if (ready == dump->lines.len)
		buffer_clear(&dump->lines);
	else
		buffer_drop_front(&dump->lines, ready);
	for (size_t i = 0; i < dump->waiting_count; i++) {
		dump->waiting[i].begin -= ready;
		dump->waiting[i].end -= ready;
	}
}

static void dump_stop_waiting(struct dump *dump, size_t which)
{
	dump->waiting_count--;
	memmove(&dump->waiting[which], &dump->waiting[which + 1],
	    (dump->waiting_count - which) * sizeof *dump->waiting);
}

static void dump_give_up_waiting(struct dump *dump, timestamp now)
{
	while (dump->waiting_count && (now - dump->waiting[0].time > DUMP_PATIENCE || dump->lines.len > DUMP_HELD))
		dump_stop_waiting(dump, 0);
}

/* Its line, the last one, is written. */
static void dump_wait(struct dump *dump, const struct event *event, size_t begin)
{
	if (!dump->waiting)
		dump->waiting = calloc(DUMP_WAITING, sizeof *dump->waiting);
	if (!dump->waiting)
		return;
	if (dump->waiting_count == DUMP_WAITING)
		dump_stop_waiting(dump, 0);
	struct dump_waiting *waiting = &dump->waiting[dump->waiting_count++];
	*waiting = (struct dump_waiting){.index = event->index,
	    .time = event->time,
	    .begin = begin,
	    .end = dump->lines.len,
	    .first = {NULL, event->first_packet, event->last_packet, event->time}};
	memcpy(waiting->connection, event->connection->text, sizeof waiting->connection);
}

/* Puts text into a waiting line, before its last `back` bytes. */
static void dump_insert(struct dump *dump, size_t which, size_t back, struct slice text)
{
	size_t at = dump->waiting[which].end - back;
	size_t tail = dump->lines.len - at;
	if (!buffer_append(&dump->lines, text)) {
		dump->failed = true;
		return;
	}
	memmove(dump->lines.at + at + text.len, dump->lines.at + at, tail);
	memcpy(dump->lines.at + at, text.at, text.len);
	dump->waiting[which].end += text.len;
	for (size_t i = which + 1; i < dump->waiting_count; i++) {
		dump->waiting[i].begin += text.len;
		dump->waiting[i].end += text.len;
	}
}

/* More may come, on further legs: the line waits until it is too old. */
static void dump_take_crossed(void *self, uint64_t index, const struct event_leg *leg)
{
	struct dump *dump = self;
	struct buffer text;
	size_t which = 0;
	while (which < dump->waiting_count && dump->waiting[which].index != index)
		which++;
	if (which == dump->waiting_count)
		return;
	struct dump_waiting *waiting = &dump->waiting[which];
	buffer_init(&text, BUFFER_NO_LIMIT, NULL);
	if (!waiting->has_legs) {
		waiting->first.connection = waiting->connection;
		buffer_append_text(&text, ",\"legs\":[");
		line_write_leg(&text, &waiting->first);
	}
	buffer_append_byte(&text, ',');
	line_write_leg(&text, leg);
	if (!waiting->has_legs)
		buffer_append_byte(&text, ']');
	dump_insert(dump, which, waiting->has_legs ? 2 : 1, buffer_slice(&text));
	waiting->has_legs = true;
	dump->failed |= text.truncated;
	buffer_free(&text);
	if (leg->is_last)
		dump_stop_waiting(dump, which);
}

static bool dump_layer_wants(unsigned layers, const struct event *event)
{
	struct slice layer = slice_of_text(event->layer);
	switch (event->kind) {
	case EVENT_MALFORMED:
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

static void dump_take_event(void *self, const struct event *event)
{
	struct dump *dump = self;
	dump_give_up_waiting(dump, event->time);
	if (dump->failed || !dump_wants(dump, event))
		return;
	size_t begun = dump->lines.len;
	if (!line_write(&dump->lines, event, dump->mask))
		dump->failed = true;
	if (dump->failed)
		dump->lines.len = begun;
	else if (event->awaits_legs)
		dump_wait(dump, event, begun);
	if (!dump->failed)
		buffer_append_byte(&dump->lines, '\n');
	if (dump->lines.len >= DUMP_FLUSH)
		dump_flush(dump);
}

static void dump_take_end(void *self)
{
	struct dump *dump = self;
	dump->waiting_count = 0;
	dump_flush(dump);
}

struct dump *dump_new(FILE *out, unsigned layers, const struct mask *mask)
{
	struct dump *dump = calloc(1, sizeof *dump);
	if (!dump)
		return NULL;
	*dump = (struct dump){.out = out, .layers = layers, .mask = mask};
	dump->observer = (struct observer){.self = dump, .event = dump_take_event, .crossed = dump_take_crossed, .end = dump_take_end};
	buffer_init(&dump->lines, BUFFER_NO_LIMIT, NULL);
	return dump;
}

void dump_set_filter(struct dump *dump, const struct query *where, const struct query_data *data)
{
	dump->where = where;
	dump->data = data;
}

void dump_show(struct dump *dump)
{
	dump_flush(dump);
	if (!dump->failed && fflush(dump->out) != 0)
		dump->failed = true;
}

bool dump_free(struct dump *dump)
{
	dump->waiting_count = 0;
	dump_flush(dump);
	bool good = !dump->failed && fflush(dump->out) == 0;
	buffer_free(&dump->lines);
	free(dump->waiting);
	free(dump);
	return good;
}

const struct observer *dump_observer(const struct dump *dump)
{
	return &dump->observer;
}

bool dump_failed(const struct dump *dump)
{
	return dump->failed;
}
