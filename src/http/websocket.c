/* WebSocket frames: headers read and checked, payloads passed on in the pieces in which they come. */
#include "http/websocket.h"

enum { IN_HEADER, IN_PAYLOAD, AT_FRAME_END, BROKEN };

enum { FIN = 0x80, RSV1 = 0x40, RSV2 = 0x20, RSV3 = 0x10, OPCODE = 0x0f, CONTROL = 0x08 };
enum { MASKED = 0x80, SHORT_LENGTH = 0x7f, LENGTH_IN_16_BITS = 126, LENGTH_IN_64_BITS = 127 };
enum { FIRST_BYTES = 2, CONTROL_PAYLOAD = 125, MASK_SIZE = 4, LONE_FRAME = 1024 * 1024 };

void websocket_stream_init(struct websocket_stream *stream, bool from_client)
{
	*stream = (struct websocket_stream){.from_client = from_client};
}

/* All that can be known before the rest of the header has come. */
static const char *find_fault(bool from_client, const uint8_t first[FIRST_BYTES])
{
	uint8_t opcode = first[0] & OPCODE;
	bool begins_message = opcode == WS_TEXT || opcode == WS_BINARY;
	if (!begins_message && opcode != WS_CONTINUATION && (opcode < WS_CLOSE || opcode > WS_PONG))
		return "a reserved opcode";
	if (first[0] & (RSV2 | RSV3))
		return "a reserved bit is set";
	if (first[0] & RSV1 && !begins_message)
		return "a compressed frame that begins no message";
	if (opcode & CONTROL && !(first[0] & FIN))
		return "a fragmented control frame";
	if (opcode & CONTROL && (first[1] & SHORT_LENGTH) > CONTROL_PAYLOAD)
		return "a control frame over 125 bytes";
	if (from_client && !(first[1] & MASKED))
		return "an unmasked frame from the client";
	if (!from_client && first[1] & MASKED)
		return "a masked frame from the server";
	return NULL;
}

static size_t length_size(const uint8_t first[FIRST_BYTES])
{
	uint8_t length = first[1] & SHORT_LENGTH;
	return length == LENGTH_IN_64_BITS ? 8 : length == LENGTH_IN_16_BITS ? 2 : 0;
}

static size_t header_size(const uint8_t first[FIRST_BYTES])
{
	return FIRST_BYTES + length_size(first) + (first[1] & MASKED ? MASK_SIZE : 0);
}

static uint64_t read_length(const uint8_t *header)
{
	size_t size = length_size(header);
	uint64_t length = size ? 0 : header[1] & SHORT_LENGTH;
	for (size_t i = 0; i < size; i++)
		length = length << 8 | header[FIRST_BYTES + i];
	return length;
}

static struct websocket_frame read_frame(const uint8_t *header)
{
	struct websocket_frame frame = {
	    .fin = header[0] & FIN,
	    .rsv1 = header[0] & RSV1,
	    .rsv2 = header[0] & RSV2,
	    .rsv3 = header[0] & RSV3,
	    .opcode = header[0] & OPCODE,
	    .masked = header[1] & MASKED,
	    .length = read_length(header),
	};
	if (frame.masked)
		memcpy(frame.mask, header + header_size(header) - MASK_SIZE, MASK_SIZE);
	return frame;
}

/* Holds header bytes until there are `size`; false when more must come. */
static bool hold_header(struct websocket_stream *stream, struct slice *bytes, size_t size)
{
	struct slice part = slice_take(*bytes, size - stream->header_len);
	if (part.len)
		memcpy(stream->header + stream->header_len, part.at, part.len);
	stream->header_len += (uint8_t)part.len;
	*bytes = slice_drop(*bytes, part.len);
	return stream->header_len == size;
}

struct slice websocket_header(const struct websocket_stream *stream)
{
	return slice_of(stream->header, header_size(stream->header));
}

static enum wire_result refuse(struct websocket_stream *stream, const char *why)
{
	stream->state = BROKEN;
	stream->why = why;
	return WIRE_BAD;
}

static enum wire_result take_header(struct websocket_stream *stream, struct slice *bytes)
{
	if (stream->header_len < FIRST_BYTES) {
		if (!hold_header(stream, bytes, FIRST_BYTES))
			return WIRE_MORE;
		const char *fault = find_fault(stream->from_client, stream->header);
		if (fault)
			return refuse(stream, fault);
	}
	if (!hold_header(stream, bytes, header_size(stream->header)))
		return WIRE_MORE;
	stream->frame = read_frame(stream->header);
	if (stream->frame.length > INT64_MAX)
		return refuse(stream, "a length with its top bit set");
	stream->header_len = 0;
	stream->left = stream->frame.length;
	stream->state = stream->left ? IN_PAYLOAD : AT_FRAME_END;
	return WIRE_ITEM;
}

static struct slice take_payload(struct websocket_stream *stream, struct slice *bytes)
{
	struct slice piece = slice_take(*bytes, stream->left < SIZE_MAX ? (size_t)stream->left : SIZE_MAX);
	*bytes = slice_drop(*bytes, piece.len);
	stream->left -= piece.len;
	if (!stream->left)
		stream->state = AT_FRAME_END;
	return piece;
}

enum wire_result websocket_next_item(struct websocket_stream *stream, struct slice *bytes, struct websocket_item *item)
{
	enum wire_result result = WIRE_ITEM;
	*item = (struct websocket_item){.kind = WS_FRAME};
	switch (stream->state) {
	case IN_HEADER:
		result = take_header(stream, bytes);
		break;
	case IN_PAYLOAD:
		if (!bytes->len)
			return WIRE_MORE;
		item->kind = WS_PAYLOAD;
		item->offset = stream->frame.length - stream->left;
		item->bytes = take_payload(stream, bytes);
		break;
	case AT_FRAME_END:
		item->kind = WS_FRAME_END;
		stream->state = IN_HEADER;
		break;
	default:
		return WIRE_BAD;
	}
	item->frame = stream->frame;
	return result;
}

bool websocket_at_boundary(const struct websocket_stream *stream)
{
	return stream->state == IN_HEADER && !stream->header_len;
}

bool websocket_skip_lost(struct websocket_stream *stream, uint64_t lost)
{
	if (!lost)
		return true;
	if (stream->state != IN_PAYLOAD || lost > stream->left)
		return false;
	stream->left -= lost;
	if (!stream->left)
		stream->state = AT_FRAME_END;
	return true;
}

/* Where a chain of frames is between the messages. After a gap its first frame may be any. */
enum chain_place { CHAIN_ANYWHERE, CHAIN_BETWEEN_MESSAGES, CHAIN_WITHIN_MESSAGE };

/* False when this frame cannot come at this place. */
static bool follow_chain(enum chain_place *place, const struct websocket_frame *frame)
{
	if (frame->opcode & CONTROL)
		return true;
	bool continues = frame->opcode == WS_CONTINUATION;
	if (continues ? *place == CHAIN_BETWEEN_MESSAGES : *place == CHAIN_WITHIN_MESSAGE)
		return false;
	*place = frame->fin ? CHAIN_BETWEEN_MESSAGES : CHAIN_WITHIN_MESSAGE;
	return true;
}

/* `header` is what the stream held when it read the frame. */
static bool is_shortest_form(const uint8_t *header, uint64_t length)
{
	size_t size = length_size(header);
	return size == 0 || (size == 2 ? length > CONTROL_PAYLOAD : length > UINT16_MAX);
}

bool websocket_could_begin(bool from_client, struct slice bytes)
{
	struct websocket_stream stream;
	struct websocket_item item;
	enum chain_place place = CHAIN_ANYWHERE;
	bool any_whole = false;
	enum wire_result result;

	websocket_stream_init(&stream, from_client);
	while ((result = websocket_next_item(&stream, &bytes, &item)) == WIRE_ITEM) {
		if (item.kind == WS_FRAME && !is_shortest_form(stream.header, item.frame.length))
			return false;
		if (item.kind == WS_FRAME && !follow_chain(&place, &item.frame))
			return false;
		any_whole |= item.kind == WS_FRAME_END;
	}
	if (result == WIRE_BAD)
		return false;
	return any_whole || (stream.state == IN_PAYLOAD && stream.frame.length < LONE_FRAME);
}

void websocket_unmask(const uint8_t mask[4], uint64_t offset, struct slice bytes, uint8_t *out)
{
	uint8_t turned[8];
	for (size_t i = 0; i < sizeof turned; i++)
		turned[i] = mask[(offset + i) % MASK_SIZE];
	uint64_t key;
	memcpy(&key, turned, sizeof key);

	size_t done = 0;
	for (; bytes.len - done >= sizeof key; done += sizeof key) {
		uint64_t word;
		memcpy(&word, bytes.at + done, sizeof word);
		word ^= key;
		memcpy(out + done, &word, sizeof word);
	}
	for (; done < bytes.len; done++)
		out[done] = bytes.at[done] ^ turned[done % sizeof turned];
}
