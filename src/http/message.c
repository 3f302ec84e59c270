/* WebSocket messages: the frames of one direction joined, unmasked, inflated as the handshake agreed. */
#include "http/message.h"

#include "base/bytes.h"
#include "http/http1.h"

#include <limits.h>
#include <stdlib.h>
#include <zlib.h>

/* ---- extensions: a list, each with its parameters */

/* Bytes up to the next `end` outside of a quoted string, or all. */
static size_t extensions_find_end(struct slice text, uint8_t end)
{
	bool quoted = false;
	for (size_t i = 0; i < text.len; i++) {
		uint8_t byte = text.at[i];
		if (quoted && byte == '\\')
			i++;
		else if (byte == '"')
			quoted = !quoted;
		else if (!quoted && byte == end)
			return i;
	}
	return text.len;
}

/* Takes the part before the next `end`, and the end; without blanks around it. */
static struct slice extensions_take_part(struct slice *text, uint8_t end)
{
	size_t len = extensions_find_end(*text, end);
	struct slice part = slice_trim(slice_take(*text, len));
	*text = slice_drop(*text, len + 1);
	return part;
}

static struct deflate_agreement extensions_read_deflate(struct slice parameters)
{
	struct deflate_agreement agreement = {.on = true};
	while (parameters.len) {
		struct slice parameter = extensions_take_part(&parameters, ';');
		struct slice name = extensions_take_part(&parameter, '=');
		agreement.server_no_context_takeover |= slice_equals_nocase(name, "server_no_context_takeover");
		agreement.client_no_context_takeover |= slice_equals_nocase(name, "client_no_context_takeover");
	}
	return agreement;
}

struct deflate_agreement extensions_read(struct slice list)
{
	while (list.len) {
		struct slice extension = extensions_take_part(&list, ',');
		if (slice_equals_nocase(extensions_take_part(&extension, ';'), "permessage-deflate"))
			return extensions_read_deflate(extension);
	}
	return (struct deflate_agreement){.on = false};
}

struct deflate_agreement extensions_read_fields(struct slice fields)
{
	struct deflate_agreement agreement = {.on = false};
	struct slice list;
	while (!agreement.on && http_next_field(&fields, "Sec-WebSocket-Extensions", &list))
		agreement = extensions_read(list);
	return agreement;
}

/* ---- inflating */

/*
 * The inflating half of permessage-deflate for one direction (RFC 7692 §7.2.2), with a window that may be lost.
 *
 * zlib refuses a distance that goes back further than what it has put out since its last reset. So after a loss the
 * window is just emptied: a message that needs what was lost fails, and one that does not comes out right.
 */

struct inflater {
	z_stream zlib;
	bool made; /* zlib has its state */
	bool takes_over;
	bool failed;          /* the rest of this message cannot be inflated */
	bool any;             /* this message has had bytes */
	bool final;           /* they ended with a final block */
	uint64_t thrown_away; /* bytes of this message that `out` did not take */
	struct budget *budget;
};

enum {
	/* Always the largest: it reads every smaller one (a window of 8 bits, too, which zlib itself would refuse), and
	 * whether a distance is refused does not depend on the pieces in which a message comes. */
	WINDOW_BITS = 15,
	STATE_SIZE = 8 * 1024, /* of zlib beside the window, somewhat rounded up */
	CHARGE = STATE_SIZE + (1 << WINDOW_BITS),
	WASTE_TIMES = 8,
	USUAL_RATIO = 4, /* of JSON */
	FEWEST = 256,
	PIECE = 1024 * 1024,
	INFLATER_SCRATCH = 16 * 1024,
	AT_BLOCK_START = 128, /* in zlib's data_type */
};

static void inflater_free(struct inflater *inflater)
{
	if (!inflater->made)
		return;
	inflateEnd(&inflater->zlib);
	budget_give(inflater->budget, CHARGE);
	inflater->made = false;
}

static bool make(struct inflater *inflater)
{
	if (!budget_take(inflater->budget, CHARGE))
		return false;
	inflater->zlib = (z_stream){0};
	inflater->made = inflateInit2(&inflater->zlib, -WINDOW_BITS) == Z_OK;
	if (!inflater->made) {
		budget_give(inflater->budget, CHARGE);
		budget_note_refusal(inflater->budget);
	}
	return inflater->made;
}

/* False: no memory; the message cannot be read and its content is lost to later ones. */
static bool inflater_begin_message(struct inflater *inflater)
{
	bool fresh = !inflater->takes_over || inflater->failed;
	inflater->any = inflater->final = inflater->failed = false;
	inflater->thrown_away = 0;
	if (inflater->made && fresh)
		inflateReset(&inflater->zlib);
	inflater->failed = !inflater->made && !make(inflater);
	return !inflater->failed;
}

/* Takes what zlib's input gives with the room there is; false when it is no deflate data. */
static bool inflate_some(struct inflater *inflater)
{
	z_stream *zlib = &inflater->zlib;
	uInt offered = zlib->avail_in;
	int result = inflate(zlib, Z_SYNC_FLUSH);
	if (result == Z_MEM_ERROR) /* of the window, which it makes late */
		budget_note_refusal(inflater->budget);
	if (result == Z_STREAM_END || zlib->avail_in < offered)
		inflater->final = result == Z_STREAM_END;
	/* After a final block the message may go on (RFC 7692 §7.2.3.4), and may refer back beyond it: this reset,
	 * other than inflateReset, keeps the window. */
	if (result == Z_STREAM_END)
		result = inflateResetKeep(zlib);
	return result == Z_OK || result == Z_BUF_ERROR;
}

static bool inflate_into(struct inflater *inflater, uint8_t *room, size_t size, size_t *written)
{
	z_stream *zlib = &inflater->zlib;
	uInt offered = size < UINT_MAX ? (uInt)size : UINT_MAX;
	zlib->next_out = room;
	zlib->avail_out = offered;
	bool good = inflate_some(inflater);
	*written = offered - zlib->avail_out;
	return good;
}

static size_t room_left(const struct buffer *out)
{
	size_t room = out->room < out->limit ? out->room : out->limit;
	return out->len < room ? room - out->len : 0;
}

/* Room at the end of `out`, for what `coded` bytes may come to; 0 when it takes no more. */
static size_t inflater_make_room(struct buffer *out, size_t coded)
{
	size_t allowed = out->len < out->limit ? out->limit - out->len : 0;
	size_t guess = FEWEST + coded * USUAL_RATIO + out->len / 4;
	if (!room_left(out) && allowed)
		buffer_reserve(out, guess < allowed ? guess : allowed);
	return room_left(out);
}

static bool throw_away(struct inflater *inflater, const struct buffer *out, bool *truncated)
{
	uint8_t scratch[INFLATER_SCRATCH];
	size_t written;
	bool good = inflate_into(inflater, scratch, sizeof scratch, &written);
	inflater->thrown_away += written;
	*truncated |= written > 0;
	return good && inflater->thrown_away / WASTE_TIMES <= out->limit;
}

/* One step with what is left of zlib's input. */
static bool inflate_step(struct inflater *inflater, struct buffer *out, bool *truncated)
{
	size_t room = *truncated ? 0 : inflater_make_room(out, inflater->zlib.avail_in), written;
	if (!room)
		return throw_away(inflater, out, truncated);
	bool good = inflate_into(inflater, out->at + out->len, room, &written);
	out->len += written;
	return good;
}

/* Inflates more of the message and appends to `out` what its limit, its budget and memory allow, the rest is thrown
 * away, and `*truncated` set; once that is set all is thrown away. Past eight times `out`'s limit this ends, and the
 * context is lost. */
static void inflater_add(struct inflater *inflater, struct slice bytes, struct buffer *out, bool *truncated)
{
	z_stream *zlib = &inflater->zlib;
	while (bytes.len && !inflater->failed) {
		struct slice part = slice_take(bytes, PIECE);
		bytes = slice_drop(bytes, part.len);
		zlib->next_in = (z_const Bytef *)part.at;
		zlib->avail_in = (uInt)part.len;
		inflater->any = true;
		do
			inflater->failed = !inflate_step(inflater, out, truncated);
		while (!inflater->failed && (zlib->avail_in || !zlib->avail_out));
	}
}

/* False: what came was no whole message, or refers to what was lost. */
static bool inflater_end_message(struct inflater *inflater)
{
	static const uint8_t tail[] = {0x00, 0x00, 0xff, 0xff}; /* left out by the sender, RFC 7692 §7.2.1 */
	uint8_t none[1];
	size_t written;
	/* Nothing at all, or a final block and nothing behind it: not as the RFC has it, but plain enough. */
	if (inflater->failed || !inflater->any || inflater->final)
		return !inflater->failed;
	inflater->zlib.next_in = (z_const Bytef *)tail;
	inflater->zlib.avail_in = sizeof tail;
	inflater->failed = !inflate_into(inflater, none, sizeof none, &written) || written > 0 ||
	                   !(inflater->zlib.data_type & AT_BLOCK_START);
	return !inflater->failed;
}

/* Bytes were lost: the rest of this message, and what later ones refer to. */
static void inflater_lose_context(struct inflater *inflater)
{
	inflater->failed = true;
}

/* ---- messages */

enum { CONTROL_PAYLOAD = 125, CLOSE_CODE_SIZE = 2, NO_CLOSE_CODE = 1005, MESSAGE_SCRATCH = 16 * 1024 };

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
	struct buffer wire;         /* of `data`, as it came */
	struct buffer control_wire; /* of `control` */
	struct inflater inflater;
};

struct message_stream *message_stream_new(
    bool from_client, struct deflate_agreement agreement, const struct message_limits *limits, struct budget *budget)
{
	bool no_takeover = from_client ? agreement.client_no_context_takeover : agreement.server_no_context_takeover;
	struct message_stream *stream = budget_new(budget, sizeof *stream);
	if (!stream)
		return NULL;
	*stream = (struct message_stream){.limits = limits, .deflate = agreement.on};
	websocket_stream_init(&stream->frames, from_client);
	buffer_init(&stream->payload, 0, budget);
	buffer_init(&stream->wire, limits->wire, budget);
	buffer_init(&stream->control_wire, limits->wire, budget);
	stream->inflater = (struct inflater){.takes_over = !no_takeover, .budget = budget};
	return stream;
}

void message_stream_free(struct message_stream *stream)
{
	if (!stream)
		return;
	inflater_free(&stream->inflater);
	buffer_free(&stream->payload);
	buffer_free(&stream->wire);
	buffer_free(&stream->control_wire);
	budget_release(stream);
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

/* Appends as much as is kept; what does not fit is no loss to the message, and takes no memory from others. */
static void keep_wire(struct message_stream *stream, const struct websocket_frame *frame, struct slice bytes)
{
	struct buffer *wire = is_control(frame) ? &stream->control_wire : &stream->wire;
	if (wire->limit > wire->len && !budget_is_short(wire->budget))
		buffer_append(wire, slice_take(bytes, wire->limit - wire->len));
}

static void begin_wire(struct message_stream *stream, const struct websocket_frame *frame)
{
	if (is_control(frame))
		buffer_clear(&stream->control_wire);
	else if (frame->opcode != WS_CONTINUATION)
		buffer_clear(&stream->wire);
	keep_wire(stream, frame, websocket_header(&stream->frames));
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
static size_t message_make_room(struct buffer *payload, size_t wanted)
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
	size_t len = message_make_room(&stream->payload, item->bytes.len);
	if (len)
		copy_plain(item, len, stream->payload.at + stream->payload.len);
	stream->payload.len += len;
	data->truncated = len < item->bytes.len;
}

/* Unmasks in steps, as inflating takes its bytes from the cache and not from memory. */
static void inflate_masked(struct message_stream *stream, struct websocket_item item)
{
	uint8_t plain[MESSAGE_SCRATCH];
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
		message->wire = buffer_slice(&stream->control_wire);
		return true;
	}
	if (!frame->fin)
		return false;
	stream->resynced = false;
	if (!is_under_way(stream))
		return false;
	finish_data(stream);
	*message = stream->data;
	message->wire = buffer_slice(&stream->wire);
	stream->data.frames = 0;
	stream->given = true;
	return true;
}

void message_release(struct message_stream *stream)
{
	if (stream->given) {
		buffer_clear(&stream->payload);
		buffer_free(&stream->wire);
	}
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
	message_release(stream);
	if (stream->frames.why)
		return WIRE_BAD;
	while ((result = websocket_next_item(&stream->frames, bytes, &item)) == WIRE_ITEM) {
		switch (item.kind) {
		case WS_FRAME:
			if ((fault = begin_frame(stream, &item.frame)))
				return refuse(stream, fault);
			if (stream->limits->wire)
				begin_wire(stream, &item.frame);
			break;
		case WS_PAYLOAD:
			if (stream->limits->wire)
				keep_wire(stream, &item.frame, item.bytes);
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
