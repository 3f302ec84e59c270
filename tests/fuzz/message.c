/* Messages from anybody: told the same whole as in pieces, never past their limits, and no memory kept. */
#include "http/message.h"

#include "tests/fuzz/told.h"

#include <stdlib.h>

static const struct message_limits small_limits = {.message = 700, .inflated = 2000};

static void tell_message(struct buffer *told, const struct message *message)
{
	size_t limit = message->compressed ? small_limits.inflated : small_limits.message;
	if (message->payload.len > limit || (message->unreadable && message->payload.len))
		abort();
	told_number(told, message->opcode);
	told_number(told, message->wire_bytes);
	told_number(told, message->close_code);
	told_number(told, message->frames);
	told_number(told, message->compressed << 2 | message->truncated << 1 | message->unreadable);
	buffer_append(told, message->payload);
}

/* Reads `bytes` in steps; loses `lost` bytes in the middle of them when that is not 0. */
static void read_messages(
    struct buffer *told, struct message_stream *stream, struct slice bytes, size_t step, size_t lost)
{
	struct message message;
	enum wire_result result = WIRE_MORE;
	while (result != WIRE_BAD && bytes.len) {
		struct slice part = slice_take(bytes, step);
		bytes = slice_drop(bytes, part.len);
		while ((result = message_next(stream, &part, &message)) == WIRE_ITEM)
			tell_message(told, &message);
	}
	if (lost && !message_skip_lost(stream, lost))
		message_stream_resync(stream);
	if (message_why(stream))
		buffer_append_text(told, message_why(stream));
}

/* Half of the bytes, a loss, the other half. */
static void listen_once(struct buffer *told, const uint8_t options[3], struct slice bytes, size_t step)
{
	struct budget budget = {.limit = SIZE_MAX};
	struct deflate_agreement agreement = {
	    .on = options[0] & 2,
	    .server_no_context_takeover = options[0] & 4,
	    .client_no_context_takeover = options[0] & 8,
	};
	struct message_stream *stream = message_stream_new(options[0] & 1, agreement, &small_limits, &budget);
	if (!stream)
		abort();
	size_t middle = options[2] ? bytes.len / 2 : bytes.len;
	read_messages(told, stream, slice_take(bytes, middle), step, options[2]);
	read_messages(told, stream, slice_drop(bytes, middle), step, 0);
	message_stream_free(stream);
	if (budget.used)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size < 3)
		return 0;
	struct slice bytes = slice_of(data + 3, size - 3);
	struct buffer whole, pieces;
	told_init(&whole);
	told_init(&pieces);
	extensions_read(bytes);
	listen_once(&whole, data, bytes, SIZE_MAX);
	listen_once(&pieces, data, bytes, 1 + data[1] % 64);
	told_agree(&whole, &pieces);
	return 0;
}
