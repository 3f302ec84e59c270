/* HTTP from anybody: told the same whole as in pieces. */
#include "http/http1.h"
#include "tests/fuzz/told.h"

#include <stdlib.h>

static void tell_item(struct buffer *told, const struct http_item *item)
{
	if (item->kind == HTTP_HEAD) {
		told_number(told, (uint64_t)item->head.status);
		told_number(told, item->head.bytes.len);
		told_number(told, item->head.target.len);
		told_number(told, item->head.upgrade_websocket);
	} else if (item->kind == HTTP_BODY) {
		buffer_append(told, item->body);
	} else {
		buffer_append_text(told, "\nend ");
	}
}

static void read_messages(struct buffer *told, enum http_role role, struct slice bytes, size_t step)
{
	struct http_stream stream;
	struct http_item item;
	enum wire_result result = WIRE_MORE;
	http_stream_init(&stream, role, &http_default_limits, NULL);
	while (result != WIRE_BAD && bytes.len) {
		struct slice part = slice_take(bytes, step);
		bytes = slice_drop(bytes, part.len);
		while ((result = http_next_item(&stream, &part, &item)) == WIRE_ITEM)
			tell_item(told, &item);
		if (result == WIRE_MORE && part.len)
			abort();
	}
	if (result == WIRE_BAD)
		buffer_append_text(told, "bad");
	else if (http_end_stream(&stream, &item) == WIRE_ITEM)
		tell_item(told, &item);
	http_stream_free(&stream);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size < 2)
		return 0;
	struct slice bytes = slice_of(data + 2, size - 2);
	struct buffer whole, pieces;
	told_init(&whole);
	told_init(&pieces);
	read_messages(&whole, data[0] & 1, bytes, SIZE_MAX);
	read_messages(&pieces, data[0] & 1, bytes, 1 + data[1] % 32);
	told_agree(&whole, &pieces);
	return 0;
}
