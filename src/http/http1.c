/* HTTP/1 messages of one direction: heads, bodies and their ends. */
#include "http/http1.h"

#include "base/bytes.h"

const struct http_limits http_default_limits = {.head = 64 << 10};

enum { HTTP_CHUNK_LINE = 4096 }; /* a chunk's size with its extensions, or a trailer line */

enum http_state {
	HTTP_BETWEEN, /* before a message; empty lines are passed over (RFC 9112 §2.2) */
	HTTP_IN_HEAD,
	HTTP_IN_BODY, /* of known length */
	HTTP_UNTIL_CLOSE,
	HTTP_CHUNK_SIZE,
	HTTP_IN_CHUNK,
	HTTP_AFTER_CHUNK, /* the line end behind its bytes */
	HTTP_TRAILER,
	HTTP_ENDS, /* HTTP_END is due */
	HTTP_BROKEN,
};

void http_stream_init(
    struct http_stream *stream, enum http_role role, const struct http_limits *limits, struct budget *budget)
{
	*stream = (struct http_stream){.role = role, .limits = limits};
	buffer_init(&stream->held, limits->head, budget);
}

void http_stream_free(struct http_stream *stream)
{
	buffer_free(&stream->held);
}

static void http_begin_line(struct http_stream *stream)
{
	stream->line_len = 0;
	stream->line_is_cr = false;
}

void http_stream_reset(struct http_stream *stream)
{
	buffer_clear(&stream->held);
	http_begin_line(stream);
	stream->state = HTTP_BETWEEN;
	stream->body_left = 0;
	stream->why = NULL;
}

static enum wire_result http_break(struct http_stream *stream, const char *why)
{
	buffer_clear(&stream->held);
	stream->state = HTTP_BROKEN;
	stream->why = why;
	return WIRE_BAD;
}

/* ---- heads */

/* How many bytes of `bytes` belong to the head, its empty line included; 0 when that has not come. Each byte is looked
 * at once, however the head is cut. */
static size_t http_find_head_end(struct http_stream *stream, struct slice bytes)
{
	for (size_t at = 0; at < bytes.len;) {
		size_t len = slice_find_byte(slice_drop(bytes, at), '\n');
		if (len)
			stream->line_is_cr = stream->line_len == 0 && len == 1 && bytes.at[at] == '\r';
		stream->line_len += len;
		at += len;
		if (at == bytes.len)
			return 0;
		at++;
		bool empty = stream->line_len == 0 || (stream->line_len == 1 && stream->line_is_cr);
		http_begin_line(stream);
		if (empty)
			return at;
	}
	return 0;
}

static enum http_state http_request_body(struct http_stream *stream, const struct http_head *head)
{
	if (head->chunked)
		return HTTP_CHUNK_SIZE;
	stream->body_left = head->has_length ? head->content_length : 0;
	return stream->body_left ? HTTP_IN_BODY : HTTP_ENDS;
}

/* RFC 9112 §6.3; the answer to HEAD is the caller's to know. */
static enum http_state http_response_body(struct http_stream *stream, const struct http_head *head)
{
	if (head->status < 200 || head->status == 204 || head->status == 304)
		return HTTP_ENDS;
	if (head->chunked)
		return HTTP_CHUNK_SIZE;
	if (!head->has_length)
		return HTTP_UNTIL_CLOSE;
	return http_request_body(stream, head);
}

/* What came of it stays, for http_read_refused_head. */
static enum wire_result http_refuse_head(struct http_stream *stream, struct slice bytes, const char *why)
{
	if (!stream->held.len)
		buffer_append(&stream->held, bytes);
	stream->state = HTTP_BROKEN;
	stream->why = why;
	return WIRE_BAD;
}

bool http_is_between(const struct http_stream *stream)
{
	return stream->state == HTTP_BETWEEN;
}

bool http_read_refused_head(const struct http_stream *stream, struct http_head *head)
{
	http_head_read(stream->role, buffer_slice(&stream->held), head);
	return stream->state == HTTP_BROKEN && head->target.len;
}

static enum wire_result http_give_head(struct http_stream *stream, struct slice bytes, struct http_item *item)
{
	const char *why = http_head_read(stream->role, bytes, &item->head);
	if (why)
		return http_refuse_head(stream, bytes, why);
	item->kind = HTTP_HEAD;
	stream->state = stream->role == HTTP_REQUESTS ? http_request_body(stream, &item->head)
	                                              : http_response_body(stream, &item->head);
	return WIRE_ITEM;
}

static enum wire_result http_take_head(struct http_stream *stream, struct slice *bytes, struct http_item *item)
{
	size_t end = http_find_head_end(stream, *bytes);
	struct slice part = slice_take(*bytes, end ? end : bytes->len);
	*bytes = slice_drop(*bytes, part.len);
	if (end && !stream->held.len && part.len <= stream->limits->head)
		return http_give_head(stream, part, item);
	if (!buffer_append(&stream->held, part))
		return http_refuse_head(stream, part,
		    stream->held.len < stream->limits->head ? "no memory for a head" : "a head that is too long");
	return end ? http_give_head(stream, buffer_slice(&stream->held), item) : WIRE_MORE;
}

static enum wire_result http_begin_message(struct http_stream *stream, struct slice *bytes)
{
	buffer_clear(&stream->held);
	while (bytes->len && (bytes->at[0] == '\r' || bytes->at[0] == '\n'))
		*bytes = slice_drop(*bytes, 1);
	if (!bytes->len)
		return WIRE_MORE;
	http_begin_line(stream);
	stream->state = HTTP_IN_HEAD;
	return WIRE_ITEM;
}

/* ---- bodies */

static enum wire_result http_give_body(
    struct http_stream *stream, struct slice *bytes, struct http_item *item, enum http_state after)
{
	if (!bytes->len)
		return WIRE_MORE;
	item->kind = HTTP_BODY;
	item->body = slice_take(*bytes, stream->body_left < bytes->len ? (size_t)stream->body_left : bytes->len);
	*bytes = slice_drop(*bytes, item->body.len);
	stream->body_left -= item->body.len;
	if (!stream->body_left)
		stream->state = after;
	return WIRE_ITEM;
}

static enum wire_result http_give_until_close(struct slice *bytes, struct http_item *item)
{
	if (!bytes->len)
		return WIRE_MORE;
	item->kind = HTTP_BODY;
	item->body = *bytes;
	*bytes = slice_drop(*bytes, bytes->len);
	return WIRE_ITEM;
}

static enum wire_result http_give_end(struct http_stream *stream, struct http_item *item)
{
	stream->state = HTTP_BETWEEN;
	item->kind = HTTP_END;
	return WIRE_ITEM;
}

/* ---- chunks (RFC 9112 §7.1): WIRE_ITEM says that the next step may be taken */

/* A whole line without its end, from the held bytes or right out of `bytes`. WIRE_ITEM: *line is valid until the next
 * call. */
static enum wire_result http_take_line(struct http_stream *stream, struct slice *bytes, struct slice *line)
{
	size_t end = slice_find_byte(*bytes, '\n');
	bool whole = end < bytes->len;
	struct slice part = slice_take(*bytes, end);
	*bytes = slice_drop(*bytes, end + whole);
	if (stream->line_len == 0)
		buffer_clear(&stream->held);
	bool held = stream->line_len > 0;
	stream->line_len += part.len;
	if (stream->line_len > HTTP_CHUNK_LINE)
		return http_break(stream, "a chunk's line is too long");
	if ((held || !whole) && !buffer_append(&stream->held, part))
		return http_break(stream, "no memory for a chunk's line");
	if (!whole)
		return WIRE_MORE;
	*line = held ? buffer_slice(&stream->held) : part;
	if (line->len && line->at[line->len - 1] == '\r')
		line->len--;
	http_begin_line(stream);
	return WIRE_ITEM;
}

static bool http_read_chunk_size(struct slice line, uint64_t *size)
{
	struct slice digits = slice_trim(slice_take_until(&line, ';'));
	*size = 0;
	if (digits.len == 0 || digits.len > 15)
		return false;
	for (size_t i = 0; i < digits.len; i++) {
		int digit = digits_read_hex(digits.at[i]);
		if (digit < 0)
			return false;
		*size = *size << 4 | (unsigned)digit;
	}
	return true;
}

static enum wire_result http_take_chunk_size(struct http_stream *stream, struct slice *bytes)
{
	struct slice line;
	enum wire_result result = http_take_line(stream, bytes, &line);
	if (result != WIRE_ITEM)
		return result;
	if (!http_read_chunk_size(line, &stream->body_left))
		return http_break(stream, "no chunk size where one must be");
	stream->state = stream->body_left ? HTTP_IN_CHUNK : HTTP_TRAILER;
	return WIRE_ITEM;
}

static enum wire_result http_take_after_chunk(struct http_stream *stream, struct slice *bytes)
{
	struct slice line;
	enum wire_result result = http_take_line(stream, bytes, &line);
	if (result != WIRE_ITEM)
		return result;
	if (line.len)
		return http_break(stream, "a chunk is longer than its size");
	stream->state = HTTP_CHUNK_SIZE;
	return WIRE_ITEM;
}

static enum wire_result http_take_trailer(struct http_stream *stream, struct slice *bytes)
{
	struct slice line;
	enum wire_result result = http_take_line(stream, bytes, &line);
	if (result == WIRE_ITEM && !line.len)
		stream->state = HTTP_ENDS;
	return result;
}

/* ---- */

enum wire_result http_next_item(struct http_stream *stream, struct slice *bytes, struct http_item *item)
{
	enum wire_result result = WIRE_ITEM;
	while (result == WIRE_ITEM) {
		switch ((enum http_state)stream->state) {
		case HTTP_IN_HEAD:
			return http_take_head(stream, bytes, item);
		case HTTP_IN_BODY:
			return http_give_body(stream, bytes, item, HTTP_ENDS);
		case HTTP_IN_CHUNK:
			return http_give_body(stream, bytes, item, HTTP_AFTER_CHUNK);
		case HTTP_UNTIL_CLOSE:
			return http_give_until_close(bytes, item);
		case HTTP_ENDS:
			return http_give_end(stream, item);
		case HTTP_BROKEN:
			return WIRE_BAD;
		case HTTP_BETWEEN:
			result = http_begin_message(stream, bytes);
			break;
		case HTTP_CHUNK_SIZE:
			result = http_take_chunk_size(stream, bytes);
			break;
		case HTTP_AFTER_CHUNK:
			result = http_take_after_chunk(stream, bytes);
			break;
		case HTTP_TRAILER:
			result = http_take_trailer(stream, bytes);
			break;
		}
	}
	return result;
}

void http_response_has_no_body(struct http_stream *stream)
{
	stream->state = HTTP_ENDS;
	stream->body_left = 0;
}

enum wire_result http_end_stream(struct http_stream *stream, struct http_item *item)
{
	switch ((enum http_state)stream->state) {
	case HTTP_BETWEEN:
		return WIRE_MORE;
	case HTTP_UNTIL_CLOSE:
	case HTTP_ENDS:
		return http_give_end(stream, item);
	default:
		return http_break(stream, "cut off within a message");
	}
}

bool http_skip_lost(struct http_stream *stream, uint64_t lost)
{
	switch ((enum http_state)stream->state) {
	case HTTP_UNTIL_CLOSE:
		return true;
	case HTTP_IN_BODY:
	case HTTP_IN_CHUNK:
		if (lost == 0 || lost > stream->body_left)
			return false;
		stream->body_left -= lost;
		if (!stream->body_left)
			stream->state = stream->state == HTTP_IN_BODY ? HTTP_ENDS : HTTP_AFTER_CHUNK;
		return true;
	default:
		return false;
	}
}
