/*
 * Changes small captures as networks, capturing and bad luck do: packets are dropped, doubled, reordered, cut short and
 * flipped, time is shifted, one flow's packets are put into another's connection. Lengths, sequence numbers and what
 * acknowledges them are put right behind a change, as are HTTP's Content-Length and WebSocket's frames, so that the
 * change reaches the layer that it is made in. (libFuzzer's own mutations work inside of payloads.)
 */
#include "base/bytes.h"
#include "http/http1.h"
#include "http/websocket.h"
#include "tests/fuzz/capture_format.h"

#include <stdio.h>
#include <stdlib.h>

size_t LLVMFuzzerMutate(uint8_t *data, size_t size, size_t most);

enum { ITEMS = 512, PAYLOAD = 16384, CHANGES = 4, SPLICED = 8 };

/* A capture taken apart. Each item has its bytes for itself, in `whole` or `made`. */
struct capture {
	struct buffer whole;
	uint8_t options;
	struct capture_item items[ITEMS];
	size_t count;
	struct buffer made[CHANGES * SPLICED * 2]; /* each allocated once: items borrow from them */
	size_t made_count;
	uint32_t random;
};

static uint32_t random_below(struct capture *capture, size_t limit)
{
	capture->random = capture->random * 1664525 + 1013904223;
	return limit ? (uint32_t)((capture->random >> 8) % limit) : 0;
}

static void capture_take_apart(struct capture *capture, struct slice bytes, uint32_t seed)
{
	*capture = (struct capture){.options = bytes.len ? bytes.at[0] : 0, .random = seed};
	buffer_init(&capture->whole, BUFFER_NO_LIMIT, NULL);
	buffer_append(&capture->whole, slice_drop(bytes, 1));
	bytes = buffer_slice(&capture->whole);
	while (capture->count < ITEMS && capture_next(&bytes, &capture->items[capture->count]))
		capture->count++;
}

static void capture_free(struct capture *capture)
{
	buffer_free(&capture->whole);
	for (size_t i = 0; i < capture->made_count; i++)
		buffer_free(&capture->made[i]);
}

/* Writes what fits into `size` bytes. */
static size_t capture_put_together(const struct capture *capture, uint8_t *data, size_t size)
{
	struct buffer out;
	buffer_init(&out, size, NULL);
	buffer_append_byte(&out, capture->options);
	for (size_t i = 0; i < capture->count; i++)
		if (out.len + CAPTURE_ITEM_HEAD + capture->items[i].bytes.len <= size)
			capture_write(&out, &capture->items[i]);
	size_t len = out.len;
	memcpy(data, out.at, len);
	buffer_free(&out);
	return len;
}

static void capture_insert(struct capture *capture, size_t at, struct capture_item item)
{
	if (capture->count == ITEMS)
		return;
	memmove(&capture->items[at + 1], &capture->items[at], (capture->count - at) * sizeof item);
	capture->items[at] = item;
	capture->count++;
}

static void capture_remove(struct capture *capture, size_t at)
{
	capture->count--;
	memmove(&capture->items[at], &capture->items[at + 1], (capture->count - at) * sizeof *capture->items);
}

static uint8_t *capture_bytes(const struct capture_item *item)
{
	return (uint8_t *)item->bytes.at;
}

/* Other bytes for the item, so many, as far as possible the same; NULL: too many were made. */
static uint8_t *capture_make(struct capture *capture, struct capture_item *item, size_t len)
{
	if (capture->made_count == sizeof capture->made / sizeof *capture->made || len > UINT16_MAX)
		return NULL;
	struct buffer *made = &capture->made[capture->made_count++];
	buffer_init(made, BUFFER_NO_LIMIT, NULL);
	buffer_reserve(made, len + 1);
	memset(made->at, 0, len);
	if (item->bytes.len)
		memcpy(made->at, item->bytes.at, item->bytes.len < len ? item->bytes.len : len);
	item->bytes = slice_of(made->at, len);
	return made->at;
}

/* ---- flows */

enum relation { OTHER_FLOW, SAME_WAY, OTHER_WAY };

static enum relation relation_of(const struct capture_segment *a, const struct capture_segment *b)
{
	const struct segment *x = &a->segment, *y = &b->segment;
	if (x->source_port == y->source_port && x->destination_port == y->destination_port &&
	    address_equals(&a->ip.source, &b->ip.source) && address_equals(&a->ip.destination, &b->ip.destination))
		return SAME_WAY;
	if (x->source_port == y->destination_port && x->destination_port == y->source_port &&
	    address_equals(&a->ip.source, &b->ip.destination) && address_equals(&a->ip.destination, &b->ip.source))
		return OTHER_WAY;
	return OTHER_FLOW;
}

/* Shifts the sequence numbers of what follows `at` in its flow: `delta` bytes were added in its direction. */
static void capture_shift(struct capture *capture, size_t at, const struct capture_segment *origin, int32_t delta)
{
	struct capture_segment segment;
	for (size_t i = at + 1; delta && i < capture->count; i++) {
		struct capture_item *item = &capture->items[i];
		if (!capture_find_segment(item, &segment) || segment.segment.flags & TCP_SYN)
			continue;
		enum relation relation = relation_of(origin, &segment);
		uint8_t *tcp = capture_bytes(item) + segment.tcp;
		if (relation == SAME_WAY)
			network_write_32(tcp + 4, segment.segment.sequence + (uint32_t)delta);
		else if (relation == OTHER_WAY)
			network_write_32(tcp + 8, segment.segment.acknowledgment + (uint32_t)delta);
	}
}

/* Puts another payload into a segment. */
static void capture_replace(struct capture *capture, size_t at, struct slice payload)
{
	struct capture_item *item = &capture->items[at];
	struct capture_segment segment;
	if (!capture_find_segment(item, &segment))
		return;
	size_t before = segment.segment.payload.len;
	uint8_t *bytes = capture_make(capture, item, segment.payload + payload.len);
	if (!bytes)
		return;
	memcpy(bytes + segment.payload, payload.at, payload.len);
	capture_put_length(bytes, &segment, payload.len);
	capture_shift(capture, at, &segment, (int32_t)payload.len - (int32_t)before);
}

/* ---- what is inside of a payload */

/* The payload's bytes from `inner` on are to be changed, and then what stands before them put right. */
struct inside {
	enum { INSIDE_ALL, INSIDE_BODY, INSIDE_FRAME } kind;
	size_t inner;
	uint8_t first, mask[4]; /* of a frame */
	bool masked;
};

static struct inside look_inside(struct slice payload)
{
	struct websocket_stream stream;
	struct websocket_item item;
	struct slice rest = payload;
	size_t head = slice_find(payload, SLICE("\r\n\r\n")) + 4;
	if (head < payload.len)
		return (struct inside){.kind = INSIDE_BODY, .inner = head};
	websocket_stream_init(&stream, payload.len > 1 && payload.at[1] & 0x80);
	if (websocket_next_item(&stream, &rest, &item) != WIRE_ITEM || item.frame.length != rest.len)
		return (struct inside){.kind = INSIDE_ALL};
	struct inside inside = {
	    .kind = INSIDE_FRAME, .inner = payload.len - rest.len, .first = payload.at[0], .masked = item.frame.masked};
	memcpy(inside.mask, item.frame.mask, 4);
	return inside;
}

static void append_frame(struct buffer *out, const struct inside *inside, uint8_t *content, size_t len)
{
	uint8_t bit = inside->masked ? 0x80 : 0;
	buffer_append_byte(out, inside->first);
	buffer_append_byte(out, (uint8_t)(bit | (len < 126 ? len : 126)));
	if (len >= 126) {
		buffer_append_byte(out, (uint8_t)(len >> 8));
		buffer_append_byte(out, (uint8_t)len);
	}
	if (inside->masked) {
		buffer_append(out, slice_of(inside->mask, 4));
		websocket_unmask(inside->mask, 0, slice_of(content, len), content);
	}
	buffer_append(out, slice_of(content, len));
}

/* A head with the length of another body. */
static void append_head(struct buffer *out, struct slice head, size_t body)
{
	static const char name[] = "Content-Length: ";
	size_t at = slice_find(head, SLICE("ontent-"));
	while (at < head.len && strncasecmp((const char *)head.at + at - 1, name, sizeof name - 1) != 0)
		at += 1 + slice_find(slice_drop(head, at + 1), SLICE("ontent-"));
	struct slice behind = slice_drop(head, at < head.len ? at - 1 + sizeof name - 1 : head.len);
	buffer_append(out, slice_take(head, head.len - behind.len));
	if (!behind.len)
		return;
	buffer_append_number(out, body);
	buffer_append(out, slice_drop(behind, slice_find_byte(behind, '\r')));
}

static void change_payload(struct capture *capture, size_t at)
{
	static uint8_t content[PAYLOAD];
	struct capture_segment segment;
	struct buffer out;
	if (!capture_find_segment(&capture->items[at], &segment) || segment.segment.payload.len > PAYLOAD / 2)
		return;
	struct slice payload = segment.segment.payload;
	struct inside inside = random_below(capture, 4) ? look_inside(payload) : (struct inside){0};
	struct slice old = slice_drop(payload, inside.inner);
	memcpy(content, old.at ? old.at : content, old.len);
	if (inside.masked)
		websocket_unmask(inside.mask, 0, old, content);
	size_t len = LLVMFuzzerMutate(content, old.len, old.len + 64);
	buffer_init(&out, PAYLOAD, NULL);
	if (inside.kind == INSIDE_FRAME)
		append_frame(&out, &inside, content, len);
	else if (inside.kind == INSIDE_BODY)
		append_head(&out, slice_take(payload, inside.inner), len);
	if (inside.kind != INSIDE_FRAME)
		buffer_append(&out, slice_of(content, len));
	capture_replace(capture, at, buffer_slice(&out));
	buffer_free(&out);
}

/* ---- changes to packets */

static void change_any_bytes(struct capture *capture, size_t at)
{
	struct capture_item *item = &capture->items[at];
	size_t len = item->bytes.len;
	uint8_t *bytes = len <= PAYLOAD ? capture_make(capture, item, len + 32) : NULL;
	if (bytes)
		item->bytes.len = LLVMFuzzerMutate(bytes, len, len + 32);
}

static void change_header(struct capture *capture, size_t at)
{
	struct capture_segment segment;
	struct capture_item *item = &capture->items[at];
	if (!capture_find_segment(item, &segment))
		return;
	uint8_t *bytes = capture_bytes(item);
	if (random_below(capture, 2))
		bytes[segment.tcp + 13] ^= (uint8_t)(1 << random_below(capture, 5)); /* flags */
	else
		bytes[random_below(capture, segment.payload)] ^= (uint8_t)(1 << random_below(capture, 8));
}

/* The bytes behind were not captured, or never sent. */
static void truncate_packet(struct capture *capture, size_t at)
{
	struct capture_segment segment;
	struct capture_item *item = &capture->items[at];
	if (!capture_find_segment(item, &segment) || random_below(capture, 2)) {
		item->bytes.len = random_below(capture, item->bytes.len + 1);
		item->kind |= CAPTURE_SNAPPED;
	} else {
		struct slice payload = segment.segment.payload;
		capture_replace(capture, at, slice_take(payload, random_below(capture, payload.len + 1)));
	}
}

/* One segment as two. */
static void cut_segment(struct capture *capture, size_t at)
{
	struct capture_segment segment;
	struct capture_item *item = &capture->items[at], second = *item;
	if (!capture_find_segment(item, &segment) || segment.segment.payload.len < 2)
		return;
	struct slice payload = segment.segment.payload;
	size_t middle = 1 + random_below(capture, payload.len - 1), left = payload.len - middle;
	uint8_t *first_bytes = capture_make(capture, item, segment.payload + middle);
	uint8_t *second_bytes = first_bytes ? capture_make(capture, &second, segment.payload + left) : NULL;
	if (!second_bytes)
		return;
	capture_put_length(first_bytes, &segment, middle);
	memcpy(second_bytes + segment.payload, payload.at + middle, left);
	capture_put_length(second_bytes, &segment, left);
	network_write_32(second_bytes + segment.tcp + 4, segment.segment.sequence + (uint32_t)middle);
	second.delay = 0;
	capture_insert(capture, at + 1, second);
}

static void change_time(struct capture *capture, size_t at)
{
	struct capture_item *item = &capture->items[at];
	if (random_below(capture, 8) == 0)
		item->kind ^= CAPTURE_BACK;
	item->delay = (uint16_t)(random_below(capture, 16) << 12 | random_below(capture, 4096));
}

static void move_packet(struct capture *capture, size_t at)
{
	struct capture_item item = capture->items[at];
	capture_remove(capture, at);
	size_t near = at + random_below(capture, 5), to = near < 2 ? 0 : near - 2;
	if (random_below(capture, 4) == 0)
		to = random_below(capture, capture->count + 1);
	capture_insert(capture, to < capture->count ? to : capture->count, item);
}

static void double_packet(struct capture *capture, size_t at)
{
	struct capture_item copy = capture->items[at];
	size_t to = at + 1 + random_below(capture, 4);
	if (capture_make(capture, &copy, copy.bytes.len))
		capture_insert(capture, to < capture->count ? to : capture->count, copy);
}

static void add_log_line(struct capture *capture, size_t at)
{
	static const char *const lines[] = {"RuntimeError: Socket.IO environ is not initialized.", "Invalid transport",
	    "Traceback (most recent call last):", "x is not an accepted origin."};
	struct slice line = slice_of_text(lines[random_below(capture, sizeof lines / sizeof *lines)]);
	struct capture_item item = {.kind = CAPTURE_LOG, .bytes = line};
	if (capture_make(capture, &item, line.len))
		capture_insert(capture, at, item);
}

static void change_options(struct capture *capture, size_t at)
{
	(void)at;
	capture->options ^= (uint8_t)(1 << random_below(capture, 7));
}

/* ---- splicing */

/* A connection at one place of a capture: a packet of each direction (the client's first), and what comes next. */
struct place {
	struct capture_item items[2];
	struct capture_segment segments[2];
	bool seen[2];
	uint32_t next[2];
};

/* Directions are counted from the first packet of the flow. */
static size_t direction_of(const struct place *place, const struct capture_segment *segment)
{
	return relation_of(&place->segments[0], segment) == OTHER_WAY;
}

static bool find_place(const struct capture *capture, size_t at, struct place *place)
{
	struct capture_segment wanted, segment;
	*place = (struct place){0};
	if (!capture_find_segment(&capture->items[at], &wanted))
		return false;
	for (size_t i = 0; i <= at; i++) {
		if (!capture_find_segment(&capture->items[i], &segment) || !relation_of(&wanted, &segment))
			continue;
		size_t direction = place->seen[0] ? direction_of(place, &segment) : 0;
		place->items[direction] = capture->items[i];
		place->segments[direction] = segment;
		place->seen[direction] = true;
		place->next[direction] = segment.segment.sequence + (uint32_t)segment.segment.payload.len +
		                         ((segment.segment.flags & (TCP_SYN | TCP_FIN)) != 0);
	}
	return place->seen[0] && place->seen[1];
}

/* A packet of the place's connection, in this direction, with the payload of another's. */
static bool splice_one(struct capture *capture, size_t at, struct place *place, size_t direction,
    const struct capture_item *from, const struct capture_segment *segment)
{
	struct capture_item item = place->items[direction];
	struct capture_segment *like = &place->segments[direction];
	struct slice payload = segment->segment.payload;
	uint8_t *bytes = capture_make(capture, &item, like->payload + payload.len);
	if (!bytes)
		return false;
	memcpy(bytes + like->payload, payload.at ? payload.at : bytes, payload.len);
	capture_put_length(bytes, like, payload.len);
	network_write_32(bytes + like->tcp + 4, place->next[direction]);
	network_write_32(bytes + like->tcp + 8, place->next[!direction]);
	bytes[like->tcp + 13] = (uint8_t)((segment->segment.flags & ~TCP_SYN) | TCP_ACK);
	item.kind = (uint8_t)((item.kind & CAPTURE_LINK) | (from->kind & ~CAPTURE_LINK));
	item.delay = from->delay;
	capture_insert(capture, at, item);
	place->next[direction] += (uint32_t)payload.len;
	capture_shift(capture, at, like, (int32_t)payload.len);
	return true;
}

/* Some packets of a flow of `from` (perhaps the same capture), put behind a packet of another's connection. */
static void splice(struct capture *capture, const struct capture *from)
{
	struct place place, source;
	struct capture_segment segment;
	size_t at = random_below(capture, capture->count), first = random_below(capture, from->count);
	size_t wanted = 1 + random_below(capture, SPLICED), done = 0;
	if (!find_place(capture, at, &place) || !find_place(from, first, &source))
		return;
	for (size_t i = first; i < from->count && done < wanted; i++) {
		const struct capture_item *item = &from->items[i];
		if (!capture_find_segment(item, &segment) || !relation_of(&source.segments[0], &segment) ||
		    !segment.segment.payload.len)
			continue;
		if (!splice_one(capture, at + ++done, &place, direction_of(&source, &segment), item, &segment))
			return;
	}
}

static void splice_own(struct capture *capture, size_t at)
{
	static struct capture copy;
	(void)at;
	copy = *capture;
	splice(capture, &copy);
}

/* ---- what libFuzzer calls */

static void change_once(struct capture *capture)
{
	static void (*const changes[])(struct capture * capture, size_t at) = {change_payload, change_payload,
	    change_payload, change_payload, capture_remove, double_packet, move_packet, truncate_packet, change_header,
	    cut_segment, change_time, splice_own, add_log_line, change_options, change_any_bytes};
	if (capture->count)
		changes[random_below(capture, sizeof changes / sizeof *changes)](
		    capture, random_below(capture, capture->count));
}

size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t most, unsigned int seed)
{
	static struct capture capture;
	size_t len = 0;
	capture_take_apart(&capture, slice_of(data, size), seed);
	if (capture.count) {
		for (size_t left = 1 + random_below(&capture, CHANGES); left; left--)
			change_once(&capture);
		len = capture_put_together(&capture, data, most);
	}
	capture_free(&capture);
	return len ? len : LLVMFuzzerMutate(data, size, most);
}

/* The beginning of one and the end of the other, or packets of one in a connection of the other. */
size_t LLVMFuzzerCustomCrossOver(const uint8_t *data1, size_t size1, const uint8_t *data2, size_t size2, uint8_t *out,
    size_t most, unsigned int seed)
{
	static struct capture one, other;
	capture_take_apart(&one, slice_of(data1, size1), seed);
	capture_take_apart(&other, slice_of(data2, size2), seed);
	if (one.count && other.count && random_below(&one, 4)) {
		splice(&one, &other);
	} else if (one.count && other.count) {
		one.count = 1 + random_below(&one, one.count);
		for (size_t i = random_below(&one, other.count); i < other.count; i++)
			capture_insert(&one, one.count, other.items[i]);
	}
	size_t len = capture_put_together(&one, out, most);
	capture_free(&one);
	capture_free(&other);
	return len;
}
