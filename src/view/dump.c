/* The timeline as NDJSON. */
#include "view/dump.h"

#include "view/line.h"

#include <stdlib.h>

/* A line is as long as its payload; payloads are bounded by the engine's limits (base64 and escapes let them grow).
 * Flushed early enough that a buffer of usual lines is one that buffer_clear keeps. */
enum { DUMP_FLUSH = 32 << 10 };

struct dump {
	struct observer observer;
	struct buffer lines;
	FILE *out;
	unsigned layers;
	const struct mask *mask;
	const struct query *where; /* NULL: all events */
	const struct query_data *data;
	bool failed;
};

static void dump_flush(struct dump *dump)
{
	if (dump->lines.len && fwrite(dump->lines.at, 1, dump->lines.len, dump->out) != dump->lines.len)
		dump->failed = true;
	buffer_clear(&dump->lines);
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
	if (dump->failed || !dump_wants(dump, event))
		return;
	size_t begun = dump->lines.len;
	if (!line_write(&dump->lines, event, dump->mask))
		dump->failed = true;
	if (dump->failed)
		dump->lines.len = begun;
	else
		buffer_append_byte(&dump->lines, '\n');
	if (dump->lines.len >= DUMP_FLUSH)
		dump_flush(dump);
}

static void dump_take_end(void *self)
{
	dump_flush(self);
}

struct dump *dump_new(FILE *out, unsigned layers, const struct mask *mask)
{
	struct dump *dump = calloc(1, sizeof *dump);
	if (!dump)
		return NULL;
	*dump = (struct dump){.out = out, .layers = layers, .mask = mask};
	dump->observer = (struct observer){.self = dump, .event = dump_take_event, .end = dump_take_end};
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
	dump_flush(dump);
	bool good = !dump->failed && fflush(dump->out) == 0;
	buffer_free(&dump->lines);
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
