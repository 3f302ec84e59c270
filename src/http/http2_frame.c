/* HTTP/2 frames: heads read and checked, payloads passed on or gathered. */
#include "http/http2_frame.h"

enum { IN_PREFACE, IN_HEAD, IN_PAD_LENGTH, IN_BODY, IN_PADDING, IN_PAYLOAD, PASSING_OVER, BROKEN };

enum { STREAM_BITS = 0x7fffffff, PRIORITY_SIZE = 5, PROMISED_SIZE = 4, SURE_LENGTH = 1 << 20 };

enum stream_rule { ON_STREAM, ON_CONNECTION, ON_EITHER };

/* RFC 9113 §6. */
static const struct frame_rule {
	enum stream_rule stream;
	uint32_t size;    /* exactly; 0: any */
	uint8_t flags;    /* that the type has */
	bool has_payload; /* that is asked for */
} rules[HTTP2_TYPES] = {
    [HTTP2_DATA] = {ON_STREAM, 0, HTTP2_END_STREAM | HTTP2_PADDED, true},
    [HTTP2_HEADERS] = {ON_STREAM, 0, HTTP2_END_STREAM | HTTP2_END_HEADERS | HTTP2_PADDED | HTTP2_PRIORITIZED, true},
    [HTTP2_PRIORITY] = {ON_STREAM, PRIORITY_SIZE, 0, false},
    [HTTP2_RST_STREAM] = {ON_STREAM, 4, 0, true},
    [HTTP2_SETTINGS] = {ON_CONNECTION, 0, HTTP2_ACK, true},
    [HTTP2_PUSH_PROMISE] = {ON_STREAM, 0, HTTP2_END_HEADERS | HTTP2_PADDED, true},
    [HTTP2_PING] = {ON_CONNECTION, 8, HTTP2_ACK, false},
    [HTTP2_GOAWAY] = {ON_CONNECTION, 0, 0, true},
    [HTTP2_WINDOW_UPDATE] = {ON_EITHER, 4, 0, false},
    [HTTP2_CONTINUATION] = {ON_STREAM, 0, HTTP2_END_HEADERS, true},
};

const char *http2_code_name(uint32_t code)
{
	static const char *const names[] = {"NO_ERROR", "PROTOCOL_ERROR", "INTERNAL_ERROR", "FLOW_CONTROL_ERROR",
	    "SETTINGS_TIMEOUT", "STREAM_CLOSED", "FRAME_SIZE_ERROR", "REFUSED_STREAM", "CANCEL", "COMPRESSION_ERROR",
	    "CONNECT_ERROR", "ENHANCE_YOUR_CALM", "INADEQUATE_SECURITY", "HTTP_1_1_REQUIRED"};
	return code < sizeof names / sizeof *names ? names[code] : "an unknown code";
}

void http2_reader_init(struct http2_reader *reader, bool has_preface, struct budget *budget)
{
	*reader = (struct http2_reader){.state = has_preface ? IN_PREFACE : IN_HEAD};
	buffer_init(&reader->payload, HTTP2_PAYLOAD_MOST, budget);
}

void http2_reader_free(struct http2_reader *reader)
{
	buffer_free(&reader->payload);
}

/* ---- heads */

static struct http2_frame frame_read(const uint8_t head[HTTP2_FRAME_HEAD])
{
	return (struct http2_frame){.length = (uint32_t)head[0] << 16 | network_read_16(head + 1),
	    .type = head[3],
	    .flags = head[4],
	    .stream = network_read_32(head + 5) & STREAM_BITS};
}

/* The bytes that precede the payload proper: the pad length, the fields of priority, the promised stream. */
static uint32_t frame_prefix_size(const struct http2_frame *frame)
{
	bool has_head = frame->type == HTTP2_HEADERS, promises = frame->type == HTTP2_PUSH_PROMISE;
	bool may_pad = has_head || promises || frame->type == HTTP2_DATA;
	return (may_pad && (frame->flags & HTTP2_PADDED) ? 1 : 0) +
	       (has_head && (frame->flags & HTTP2_PRIORITIZED) ? PRIORITY_SIZE : 0) + (promises ? PROMISED_SIZE : 0);
}

/* NULL: it may be. */
static const char *frame_find_fault(const struct http2_frame *frame)
{
	if (frame->type >= HTTP2_TYPES)
		return NULL;
	const struct frame_rule *rule = &rules[frame->type];
	if (rule->stream == ON_STREAM && !frame->stream)
		return "an HTTP/2 frame of a stream is on stream 0";
	if (rule->stream == ON_CONNECTION && frame->stream)
		return "an HTTP/2 frame of the connection is on a stream";
	bool is_short = frame->length < frame_prefix_size(frame) ||
	                (frame->type == HTTP2_GOAWAY && frame->length < HTTP2_GOAWAY_SIZE);
	bool is_odd = frame->type == HTTP2_SETTINGS && frame->length % HTTP2_SETTING_SIZE;
	if ((rule->size && frame->length != rule->size) || is_short || is_odd)
		return "an HTTP/2 frame of a wrong size";
	return NULL;
}

/* Holds bytes until there are `size`; false when more must come. */
static bool reader_hold(struct http2_reader *reader, struct slice *bytes, size_t size)
{
	struct slice part = slice_take(*bytes, size - reader->head_len);
	if (part.len)
		memcpy(reader->head + reader->head_len, part.at, part.len);
	reader->head_len += part.len;
	*bytes = slice_drop(*bytes, part.len);
	return reader->head_len == size;
}

static enum wire_result reader_refuse(struct http2_reader *reader, const char *why)
{
	reader->state = BROKEN;
	reader->why = why;
	return WIRE_BAD;
}

static bool frame_is_passed_over(const struct http2_frame *frame)
{
	return frame->type >= HTTP2_TYPES || !rules[frame->type].has_payload || frame->length > HTTP2_PAYLOAD_MOST;
}

/* Each state has a step. WIRE_MORE of one that has changed the state: the next one goes on. */

static enum wire_result reader_take_head(struct http2_reader *reader, struct slice *bytes, struct http2_item *item)
{
	(void)item;
	if (!reader_hold(reader, bytes, HTTP2_FRAME_HEAD))
		return WIRE_MORE;
	reader->frame = frame_read(reader->head);
	const char *fault = frame_find_fault(&reader->frame);
	if (fault)
		return reader_refuse(reader, fault);
	reader->head_len = 0;
	reader->left = reader->frame.length;
	reader->padding = 0;
	buffer_clear(&reader->payload);
	bool is_padded = frame_prefix_size(&reader->frame) > 0;
	if (reader->frame.type == HTTP2_DATA)
		reader->state = is_padded ? IN_PAD_LENGTH : IN_BODY;
	else
		reader->state = frame_is_passed_over(&reader->frame) ? PASSING_OVER : IN_PAYLOAD;
	reader->cut = reader->state == PASSING_OVER && reader->frame.length > HTTP2_PAYLOAD_MOST;
	return WIRE_MORE;
}

static enum wire_result reader_take_preface(struct http2_reader *reader, struct slice *bytes, struct http2_item *item)
{
	(void)item;
	const struct slice preface = SLICE(HTTP2_PREFACE);
	bool is_whole = reader_hold(reader, bytes, preface.len);
	if (!slice_starts_with(preface, slice_of(reader->head, reader->head_len)))
		return reader_refuse(reader, "the client's first bytes are no HTTP/2");
	if (is_whole) {
		reader->head_len = 0;
		reader->state = IN_HEAD;
	}
	return WIRE_MORE;
}

/* ---- payloads */

static struct slice reader_take(struct slice *bytes, uint32_t *left)
{
	struct slice piece = slice_take(*bytes, *left);
	*bytes = slice_drop(*bytes, piece.len);
	*left -= (uint32_t)piece.len;
	return piece;
}

static enum wire_result reader_take_pad_length(
    struct http2_reader *reader, struct slice *bytes, struct http2_item *item)
{
	uint32_t one = 1;
	struct slice length = reader_take(bytes, &one);
	(void)item;
	if (!length.len)
		return WIRE_MORE;
	reader->left--;
	if (length.at[0] > reader->left)
		return reader_refuse(reader, "padding longer than its HTTP/2 frame");
	reader->padding = length.at[0];
	reader->left -= reader->padding;
	reader->state = IN_BODY;
	return WIRE_MORE;
}

static enum wire_result reader_take_padding(struct http2_reader *reader, struct slice *bytes, struct http2_item *item)
{
	reader_take(bytes, &reader->padding);
	if (reader->padding)
		return WIRE_MORE;
	reader->state = IN_HEAD;
	*item = (struct http2_item){.kind = HTTP2_BODY_END, .frame = reader->frame};
	return WIRE_ITEM;
}

/* Takes off a gathered payload what precedes and follows it. */
static bool reader_strip(const struct http2_reader *reader, struct http2_item *item)
{
	struct slice payload = buffer_slice(&reader->payload);
	uint32_t prefix = frame_prefix_size(&reader->frame);
	bool may_pad = reader->frame.type == HTTP2_HEADERS || reader->frame.type == HTTP2_PUSH_PROMISE;
	bool is_padded = may_pad && (reader->frame.flags & HTTP2_PADDED);
	size_t padding = is_padded ? payload.at[0] : 0;
	if (padding > payload.len - prefix)
		return false;
	payload = slice_drop(payload, prefix);
	item->payload = slice_take(payload, payload.len - padding);
	return true;
}

static enum wire_result reader_end_payload(struct http2_reader *reader, struct http2_item *item)
{
	reader->state = IN_HEAD;
	*item = (struct http2_item){.kind = HTTP2_FRAME, .frame = reader->frame, .cut = reader->cut};
	if (!reader->cut && !frame_is_passed_over(&reader->frame) && !reader_strip(reader, item))
		return reader_refuse(reader, "padding longer than its HTTP/2 frame");
	return WIRE_ITEM;
}

static enum wire_result reader_take_payload(struct http2_reader *reader, struct slice *bytes, struct http2_item *item)
{
	struct slice piece = reader_take(bytes, &reader->left);
	if (reader->state == IN_PAYLOAD && !reader->cut)
		reader->cut = !buffer_append(&reader->payload, piece);
	return reader->left ? WIRE_MORE : reader_end_payload(reader, item);
}

static enum wire_result reader_take_body(struct http2_reader *reader, struct slice *bytes, struct http2_item *item)
{
	*item = (struct http2_item){.kind = HTTP2_BODY, .frame = reader->frame};
	if (!reader->left) {
		reader->state = IN_PADDING;
		return WIRE_MORE;
	}
	item->payload = reader_take(bytes, &reader->left);
	return item->payload.len ? WIRE_ITEM : WIRE_MORE;
}

enum wire_result http2_next_item(struct http2_reader *reader, struct slice *bytes, struct http2_item *item)
{
	static enum wire_result (*const steps[])(struct http2_reader *, struct slice *, struct http2_item *) = {
	    [IN_PREFACE] = reader_take_preface,
	    [IN_HEAD] = reader_take_head,
	    [IN_PAD_LENGTH] = reader_take_pad_length,
	    [IN_BODY] = reader_take_body,
	    [IN_PADDING] = reader_take_padding,
	    [IN_PAYLOAD] = reader_take_payload,
	    [PASSING_OVER] = reader_take_payload,
	};
	while (reader->state != BROKEN) {
		uint8_t state = reader->state;
		enum wire_result result = steps[state](reader, bytes, item);
		if (result != WIRE_MORE || reader->state == state)
			return result;
	}
	return WIRE_BAD;
}

/* ---- after a loss */

bool http2_is_between(const struct http2_reader *reader)
{
	return (reader->state == IN_HEAD || reader->state == IN_PREFACE) && !reader->head_len;
}

const struct http2_frame *http2_current_frame(const struct http2_reader *reader)
{
	bool is_within = reader->state >= IN_PAD_LENGTH && reader->state <= PASSING_OVER;
	return is_within ? &reader->frame : NULL;
}

bool http2_skip_lost(struct http2_reader *reader, uint64_t lost)
{
	uint64_t within = (uint64_t)reader->left + reader->padding;
	if (!lost || !http2_current_frame(reader) || lost > within)
		return false;
	if (reader->state == IN_PAD_LENGTH)
		reader->state =
		    IN_BODY; /* the length is lost: padding, if any, is taken for body, which is cut anyway */
	uint32_t of_body = lost < reader->left ? (uint32_t)lost : reader->left;
	reader->left -= of_body;
	reader->padding -= (uint32_t)lost - of_body;
	reader->cut = true;
	return true;
}

void http2_reader_resync(struct http2_reader *reader)
{
	buffer_clear(&reader->payload);
	reader->state = IN_HEAD;
	reader->head_len = 0;
	reader->why = NULL;
}

bool http2_could_begin(struct slice bytes)
{
	struct http2_frame frame = {0};
	if (bytes.len < HTTP2_FRAME_HEAD)
		return false;
	while (bytes.len >= HTTP2_FRAME_HEAD) {
		frame = frame_read(bytes.at);
		bool is_known = frame.type < HTTP2_TYPES && !frame_find_fault(&frame);
		if (!is_known || bytes.at[5] & 0x80 || (frame.flags & ~rules[frame.type].flags) ||
		    frame.length > SURE_LENGTH)
			return false;
		size_t size = HTTP2_FRAME_HEAD + frame.length;
		if (size > bytes.len)
			return frame.type == HTTP2_DATA || frame.type == HTTP2_HEADERS;
		bytes = slice_drop(bytes, size);
	}
	return !bytes.len;
}

/* The names that the static table (RFC 7541 appendix A) has for an indexed field, or for the name of a literal one: 1
 * to 7 a request's, 8 to 14 :status. */
static bool block_find_writer(struct slice block, bool *from_client)
{
	while (block.len && (block.at[0] & 0xe0) == 0x20) { /* a change of the table's size */
		bool goes_on = (block.at[0] & 0x1f) == 0x1f;
		block = slice_drop(block, 1);
		while (goes_on && block.len) {
			goes_on = block.at[0] & 0x80;
			block = slice_drop(block, 1);
		}
	}
	if (!block.len)
		return false;
	uint8_t first = block.at[0];
	uint8_t index = first & 0x80 ? first & 0x7f : first & 0x40 ? first & 0x3f : first & 0x0f;
	*from_client = index >= 1 && index <= 7;
	return index >= 1 && index <= 14;
}

bool http2_find_writer(struct slice bytes, bool *from_client)
{
	while (bytes.len >= HTTP2_FRAME_HEAD) {
		struct http2_frame frame = frame_read(bytes.at);
		bytes = slice_drop(bytes, HTTP2_FRAME_HEAD);
		struct slice block = slice_drop(slice_take(bytes, frame.length), frame_prefix_size(&frame));
		if (frame.type == HTTP2_HEADERS && block_find_writer(block, from_client))
			return true;
		bytes = slice_drop(bytes, frame.length);
	}
	return false;
}
