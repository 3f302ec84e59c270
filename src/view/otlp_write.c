/* The parts of OTLP's JSON, and batches of them. */
#include "view/otlp_write.h"

#include "base/json.h"

#include <inttypes.h>

/* ---- parts */

void otlp_append_hex(struct buffer *out, const uint8_t *id, size_t len)
{
	static const char digits[] = "0123456789abcdef";
	for (size_t i = 0; i < len; i++) {
		buffer_append_byte(out, (uint8_t)digits[id[i] >> 4]);
		buffer_append_byte(out, (uint8_t)digits[id[i] & 15]);
	}
}

void otlp_append_time(struct buffer *out, timestamp time)
{
	buffer_append_byte(out, '"');
	buffer_append_number(out, time > 0 ? (uint64_t)time : 0);
	buffer_append_byte(out, '"');
}

void otlp_append_seconds(struct buffer *out, uint64_t nanoseconds)
{
	buffer_append_format(
	    out, "%" PRIu64 ".%09" PRIu64, nanoseconds / TIMESTAMP_SECOND, nanoseconds % TIMESTAMP_SECOND);
}

void otlp_append_comma(struct buffer *out)
{
	if (out->len && out->at[out->len - 1] != '[')
		buffer_append_byte(out, ',');
}

void otlp_begin_attributes(struct buffer *out, const char *key)
{
	buffer_append_format(out, ",\"%s\":[", key);
}

void otlp_end_attributes(struct buffer *out)
{
	buffer_append_byte(out, ']');
}

static void otlp_begin_attribute(struct buffer *out, const char *key, const char *kind)
{
	otlp_append_comma(out);
	buffer_append_text(out, "{\"key\":\"");
	buffer_append_text(out, key);
	buffer_append_text(out, "\",\"value\":{\"");
	buffer_append_text(out, kind);
	buffer_append_text(out, "\":");
}

void otlp_add_word(struct buffer *out, const char *key, const char *word)
{
	if (!word || !*word)
		return;
	otlp_begin_attribute(out, key, "stringValue");
	json_write_string(out, slice_of_text(word));
	buffer_append_text(out, "}}");
}

void otlp_add_number(struct buffer *out, const char *key, uint64_t number)
{
	otlp_begin_attribute(out, key, "intValue");
	buffer_append_byte(out, '"');
	buffer_append_number(out, number);
	buffer_append_text(out, "\"}}");
}

static void otlp_append_string(struct buffer *out, struct outbound *outbound, struct slice text, size_t most)
{
	uint8_t room[OTLP_LONGEST_TEXT];
	struct buffer clean = buffer_over(room, most);
	outbound_write_text(outbound, &clean, text, most, OUTBOUND_TEXT);
	json_write_string(out, buffer_slice(&clean));
}

void otlp_add_text(struct buffer *out, struct outbound *outbound, const char *key, struct slice text)
{
	if (!text.len)
		return;
	otlp_begin_attribute(out, key, "stringValue");
	otlp_append_string(out, outbound, text, OTLP_TEXT);
	buffer_append_text(out, "}}");
}

void otlp_append_text(struct buffer *out, struct outbound *outbound, const char *key, struct slice text, size_t most)
{
	buffer_append_format(out, "\"%s\":", key);
	otlp_append_string(out, outbound, text, most);
}

/* ---- batches */

/* What a request's lists are called: of the resource, of the scope, of its items. */
static const struct {
	const char *resources, *scopes, *items;
} otlp_lists[OTLP_SIGNALS] = {
    [OTLP_METRICS] = {"resourceMetrics", "scopeMetrics", "metrics"},
    [OTLP_FINDINGS] = {"resourceLogs", "scopeLogs", "logRecords"},
    [OTLP_TRACES] = {"resourceSpans", "scopeSpans", "spans"},
    [OTLP_EVENTS] = {"resourceLogs", "scopeLogs", "logRecords"},
};

static const char otlp_request_end[] = "]}]}]}";

void otlp_batch_init(struct otlp_batch *batch, enum otlp_signal signal, const struct buffer *resource,
    const char *version, struct otlp_sink sink, struct budget *budget)
{
	*batch = (struct otlp_batch){.signal = signal, .resource = resource, .version = version, .sink = sink};
	buffer_init(&batch->text, OTLP_LINE - 1, budget);
	buffer_init(&batch->item, OTLP_LINE / 2, budget);
}

void otlp_batch_free(struct otlp_batch *batch)
{
	buffer_free(&batch->text);
	buffer_free(&batch->item);
}

struct buffer *otlp_batch_item(struct otlp_batch *batch)
{
	buffer_clear(&batch->item);
	return &batch->item;
}

static void otlp_batch_begin(struct otlp_batch *batch)
{
	buffer_append_format(&batch->text, "{\"%s\":[{", otlp_lists[batch->signal].resources);
	buffer_append(&batch->text, buffer_slice(batch->resource));
	buffer_append_format(&batch->text, ",\"%s\":[{\"scope\":{\"name\":\"sioscope\",\"version\":\"%s\"},\"%s\":[",
	    otlp_lists[batch->signal].scopes, batch->version, otlp_lists[batch->signal].items);
}

/* An open list is closed by its group's end, which lies behind the group's beginning. */
static void otlp_batch_close_group(struct otlp_batch *batch)
{
	if (batch->group)
		buffer_append_text(&batch->text, batch->group_end);
	batch->group = NULL;
}

void otlp_batch_flush(struct otlp_batch *batch)
{
	if (batch->items) {
		otlp_batch_close_group(batch);
		buffer_append_text(&batch->text, otlp_request_end);
		batch->sink.write(batch->sink.self, batch->signal, buffer_slice(&batch->text), batch->items);
	}
	buffer_clear(&batch->text);
	batch->items = 0;
}

/* The item and all that may be written around it, until the line ends. */
static bool otlp_batch_fits(const struct otlp_batch *batch, size_t around)
{
	size_t size = batch->text.len + batch->item.len + around + sizeof otlp_request_end;
	return size + (batch->group ? strlen(batch->group_end) : 0) < batch->text.limit;
}

void otlp_batch_add(struct otlp_batch *batch, const char *group, const char *group_end)
{
	enum { COMMAS = 2 };
	size_t around = COMMAS + (group ? strlen(group) + strlen(group_end) : 0);
	if (batch->items && !otlp_batch_fits(batch, around))
		otlp_batch_flush(batch);
	bool is_first = !batch->items;
	size_t before = batch->text.len;
	const char *group_before = batch->group;
	if (is_first)
		otlp_batch_begin(batch);
	bool goes_on = group && batch->group == group;
	if (!goes_on)
		otlp_batch_close_group(batch);
	if (!is_first)
		buffer_append_byte(&batch->text, ',');
	if (group && !goes_on)
		buffer_append_text(&batch->text, group);
	buffer_append(&batch->text, buffer_slice(&batch->item));
	if (batch->item.truncated || batch->text.truncated ||
	    !buffer_reserve(&batch->text, around + sizeof otlp_request_end)) {
		batch->text.len = before;
		batch->text.truncated = false;
		batch->group = group_before;
		batch->lost++;
		return;
	}
	batch->group = group;
	batch->group_end = group_end;
	batch->items++;
}
