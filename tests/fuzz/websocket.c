/* Frames from anybody: told the same whole as in pieces, and a place where frames could begin is one where they do. */
#include "http/websocket.h"

#include "tests/fuzz/told.h"

#include <stdlib.h>

static void tell_item(struct buffer *told, const struct websocket_item *item)
{
	uint8_t plain[256];
	if (item->kind != WS_PAYLOAD) {
		told_number(told, item->kind);
		told_number(told, item->frame.fin << 9 | item->frame.rsv1 << 8 | item->frame.opcode);
		told_number(told, item->frame.length);
	}
	for (size_t done = 0; done < item->bytes.len; done += sizeof plain) {
		struct slice part = slice_take(slice_drop(item->bytes, done), sizeof plain);
		websocket_unmask(item->frame.mask, item->offset + done, part, plain);
		buffer_append(told, slice_of(plain, part.len));
	}
}

static enum wire_result read_frames(struct buffer *told, bool from_client, struct slice bytes, size_t step)
{
	struct websocket_stream stream;
	struct websocket_item item;
	enum wire_result result = WIRE_MORE;
	websocket_stream_init(&stream, from_client);
	while (result != WIRE_BAD && bytes.len) {
		struct slice part = slice_take(bytes, step);
		bytes = slice_drop(bytes, part.len);
		while ((result = websocket_next_item(&stream, &part, &item)) == WIRE_ITEM)
			tell_item(told, &item);
		if (result == WIRE_MORE && part.len)
			abort();
	}
	if (result == WIRE_BAD)
		buffer_append_text(told, stream.why);
	return result;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size < 2)
		return 0;
	bool from_client = data[0] & 1;
	size_t step = 1 + data[1] % 32;
	struct slice bytes = slice_of(data + 2, size - 2);
	struct buffer whole, pieces;
	told_init(&whole);
	told_init(&pieces);
	enum wire_result result = read_frames(&whole, from_client, bytes, SIZE_MAX);
	read_frames(&pieces, from_client, bytes, step);
	told_agree(&whole, &pieces);
	if (websocket_could_begin(from_client, bytes) && result == WIRE_BAD)
		abort();
	return 0;
}
