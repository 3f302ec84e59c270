/* WebSocket messages: the frames of one direction joined, unmasked, inflated. */
#include "http/message.h"

#include "base/bytes.h"
#include "http/inflater.h"

#include <stdlib.h>

enum { CONTROL_PAYLOAD = 125, CLOSE_CODE_SIZE = 2, NO_CLOSE_CODE = 1005, SCRATCH = 16 * 1024 };

const struct message_limits message_default_limits = {
    .message = 8 << 20,
    .inflated = 16 << 20,
};

struct message_stream {
	struct websocket_stream frames;
	const struct message_limits *limits;
	bool deflate;
	bool resynced;          /* continuations may come whose beginning was lost */
	bool given;             /* `data` was handed out: `payload` is to be cleared */
	struct message data;    /* under way when it has frames */
	struct message control; /* may come between the frames of `data` */
	struct buffer payload;  /* of `data`, when it is not borrowed */
	uint8_t control_payload[CONTROL_PAYLOAD];
	struct inflater inflater;
};

struct message_stream *message_stream_new(
    bool from_client, struct deflate_agreement agreement, const struct message_limits *limits, struct budget *budget)
{
	bool no_takeover = from_client ? agreement.client_no_context_takeover : agreement.server_no_context_takeover;
	struct message_stream *stream = malloc(sizeof *stream);
	if (!stream)
		return NULL;
	*stream = (struct message_stream){.limits = limits, .deflate = agreement.on};
	websocket_stream_init(&stream->frames, from_client);
	buffer_init(&stream->payload, 0, budget);
	inflater_init(&stream->inflater, !no_takeover, budget);
	return stream;
}

void message_stream_free(struct message_stream *stream)
{
	if (!stream)
		return;
	inflater_free(&stream->inflater);
	buffer_free(&stream->payload);
	free(stream);
}

static bool is_control(const struct websocket_frame *frame)
{
	return frame->opcode >= WS_CLOSE;
}

static bool is_under_way(const struct message_stream *stream)
{
	return stream->data.frames > 0;
}

static void begin_data(struct message_stream *stream, const struct websocket_frame *frame)
{
	struct message *data = &stream->data;
	*data = (struct message){.opcode = frame->opcode, .frames = 1, .compressed = frame->rsv1};
	stream->payload.limit = data->compressed ? stream->limits->inflated : stream->limits->message;
	stream->resynced = false;
	if (data->compressed && !inflater_begin_message(&stream->inflater))
		data->truncated = true;
}

/* NULL, or why this frame cannot come here. */
static const char *begin_frame(struct message_stream *stream, const struct websocket_frame *frame)
{
	if (is_control(frame)) {
		stream->control = (struct message){.opcode = frame->opcode, .frames = 1};
		return frame->opcode == WS_CLOSE && frame->length == 1 ? "a close frame of one byte" : NULL;
	}
	if (frame->opcode == WS_CONTINUATION) {
		if (!is_under_way(stream))
			return stream->resynced ? NULL : "a continuation without a beginning";
		stream->data.frames++;
		return NULL;
	}
	if (is_under_way(stream))
		return "a new message inside another";
	if (frame->rsv1 && !stream->deflate)
		return "a compressed message, and no compression was agreed";
	begin_data(stream, frame);
	return NULL;
}

static void copy_plain(const struct websocket_item *item, size_t len, uint8_t *out)
{
	struct slice bytes = slice_take(item->bytes, len);
	if (item->frame.masked)
		websocket_unmask(item->frame.mask, item->offset, bytes, out);
	else if (bytes.len)
		memcpy(out, bytes.at, bytes.len);
}

static void add_control(struct message_stream *stream, const struct websocket_item *item)
{
	struct message *control = &stream->control;
	control->wire_bytes += item->bytes.len;
	if (!item->frame.masked && item->bytes.len == item->frame.length) {
		control->payload = item->bytes;
	} else if (!control->truncated) { /* until bytes were lost, they come without a hole: offset + len ≤ 125 */
		copy_plain(item, item->bytes.len, stream->control_payload + item->offset);
		control->payload = slice_of(stream->control_payload, item->offset + item->bytes.len);
	}
}

/* How many of `wanted` bytes there is room for at the end of the payload. */
static size_t make_room(struct buffer *payload, size_t wanted)
{
	size_t allowed = payload->limit - payload->len;
	size_t growth = wanted > payload->len / 4 ? wanted : payload->len / 4;
	if (wanted > payload->room - payload->len)
		buffer_reserve(payload, growth < allowed ? growth : allowed);
	size_t room = payload->room - payload->len < allowed ? payload->room - payload->len : allowed;
	return wanted < room ? wanted : room;
}

static void add_plain(struct message_stream *stream, const struct websocket_item *item)
{
	struct message *data = &stream->data;
	if (data->truncated)
		return;
	size_t len = make_room(&stream->payload, item->bytes.len);
	if (len)
		copy_plain(item, len, stream->payload.at + stream->payload.len);
	stream->payload.len += len;
	data->truncated = len < item->bytes.len;
}

/* Unmasks in steps, as inflating takes its bytes from the cache and not from memory. */
static void inflate_masked(struct message_stream *stream, struct websocket_item item)
{
	uint8_t plain[SCRATCH];
	while (item.bytes.len) {
		struct slice part = slice_take(item.bytes, sizeof plain);
		websocket_unmask(item.frame.mask, item.offset, part, plain);
		inflater_add(&stream->inflater, slice_of(plain, part.len), &stream->payload, &stream->data.truncated);
		item.bytes = slice_drop(item.bytes, part.len);
		item.offset += part.len;
	}
}

static void inflate_piece(struct message_stream *stream, const struct websocket_item *item)
{
	if (item->frame.masked)
		inflate_masked(stream, *item);
	else
		inflater_add(&stream->inflater, item->bytes, &stream->payload, &stream->data.truncated);
}

/* What is past the limit is inflated all the same: later messages refer to it. */
static void add_compressed(struct message_stream *stream, const struct websocket_item *item)
{
	uint64_t before = stream->data.wire_bytes, limit = stream->limits->message;
	uint64_t allowed = before < limit ? limit - before : 0;
	struct websocket_item within = *item, past = *item;
	within.bytes = slice_take(item->bytes, allowed < SIZE_MAX ? (size_t)allowed : SIZE_MAX);
	past.bytes = slice_drop(item->bytes, within.bytes.len);
	past.offset += within.bytes.len;
	inflate_piece(stream, &within);
	if (past.bytes.len) {
		stream->data.truncated = true;
		inflate_piece(stream, &past);
	}
}

static bool is_borrowable(const struct message_stream *stream, const struct websocket_item *item)
{
	const struct websocket_frame *frame = &item->frame;
	return frame->fin && !frame->masked && stream->data.frames == 1 && item->bytes.len == frame->length;
}

static void add_data(struct message_stream *stream, const struct websocket_item *item)
{
	struct message *data = &stream->data;
	if (data->compressed) {
		add_compressed(stream, item);
	} else if (is_borrowable(stream, item)) {
		data->payload = slice_take(item->bytes, stream->payload.limit);
		data->truncated = data->payload.len < item->bytes.len;
	} else {
		add_plain(stream, item);
	}
	data->wire_bytes += item->bytes.len;
}

static void add_payload(struct message_stream *stream, const struct websocket_item *item)
{
	if (is_control(&item->frame))
		add_control(stream, item);
	else if (is_under_way(stream))
		add_data(stream, item);
}

static void finish_data(struct message_stream *stream)
{
	struct message *data = &stream->data;
	if (data->compressed && !inflater_end_message(&stream->inflater))
		data->unreadable = !data->truncated;
	if (data->unreadable)
		buffer_clear(&stream->payload);
	if (!data->payload.len)
		data->payload = buffer_slice(&stream->payload);
}

static void read_close(struct message *close)
{
	if (!close->wire_bytes)
		close->close_code = NO_CLOSE_CODE;
	else if (close->payload.len >= CLOSE_CODE_SIZE)
		close->close_code = network_read_16(close->payload.at);
	close->payload = slice_drop(close->payload, CLOSE_CODE_SIZE);
}

/* True when a message is whole. */
static bool end_frame(struct message_stream *stream, const struct websocket_frame *frame, struct message *message)
{
	if (is_control(frame)) {
		if (frame->opcode == WS_CLOSE)
			read_close(&stream->control);
		*message = stream->control;
		return true;
	}
	if (!frame->fin)
		return false;
	stream->resynced = false;
	if (!is_under_way(stream))
		return false;
	finish_data(stream);
	*message = stream->data;
	stream->data.frames = 0;
	stream->given = true;
	return true;
}

/* What was handed out is wanted no more. */
static void forget_given(struct message_stream *stream)
{
	if (stream->given)
		buffer_clear(&stream->payload);
	stream->given = false;
}

static enum wire_result refuse(struct message_stream *stream, const char *why)
{
	stream->frames.why = why;
	return WIRE_BAD;
}

enum wire_result message_next(struct message_stream *stream, struct slice *bytes, struct message *message)
{
	struct websocket_item item;
	enum wire_result result;
	const char *fault;
	forget_given(stream);
	if (stream->frames.why)
		return WIRE_BAD;
	while ((result = websocket_next_item(&stream->frames, bytes, &item)) == WIRE_ITEM) {
		switch (item.kind) {
		case WS_FRAME:
			if ((fault = begin_frame(stream, &item.frame)))
				return refuse(stream, fault);
			break;
		case WS_PAYLOAD:
			add_payload(stream, &item);
			break;
		case WS_FRAME_END:
			if (end_frame(stream, &item.frame, message))
				return WIRE_ITEM;
			break;
		}
	}
	return result;
}

const char *message_why(const struct message_stream *stream)
{
	return stream->frames.why;
}

bool message_at_boundary(const struct message_stream *stream)
{
	return websocket_at_boundary(&stream->frames) && !is_under_way(stream);
}

static void break_data(struct message_stream *stream, uint64_t lost)
{
	struct message *data = &stream->data;
	data->wire_bytes += lost;
	if (!data->compressed || !stream->inflater.failed)
		data->truncated = true;
	if (data->compressed)
		inflater_lose_context(&stream->inflater);
}

bool message_skip_lost(struct message_stream *stream, uint64_t lost)
{
	if (!lost)
		return true;
	if (stream->frames.why || !websocket_skip_lost(&stream->frames, lost)) {
		inflater_lose_context(&stream->inflater);
		return false;
	}
	if (is_control(&stream->frames.frame)) {
		stream->control.truncated = true;
		stream->control.wire_bytes += lost;
	} else if (is_under_way(stream)) {
		break_data(stream, lost);
	}
	return true;
}

void message_stream_resync(struct message_stream *stream)
{
	websocket_stream_init(&stream->frames, stream->frames.from_client);
	inflater_lose_context(&stream->inflater);
	buffer_clear(&stream->payload);
	stream->data.frames = 0;
	stream->given = false;
	stream->resynced = true;
}
