/*
 * Rewrites a capture into another one that tells the same: as it might have been captured on another link, with other
 * segments, twice, out of order, or in another file format.
 *
 *     rewrite IN OUT [MODE [ARGUMENT]]...
 *
 * The modes are applied in their order. IN is read by libpcap and holds Ethernet; modes that look into packets want
 * them before `reframe`. Checksums are left as they were: a capture engine cannot rely on them (offloading).
 */
#include "base/bytes.h"
#include "base/memory.h"
#include "base/timestamp.h"
#include "net/headers.h"
#include "net/link.h"

#include <err.h>
#include <pcap/pcap.h>
#include <stdio.h>
#include <stdlib.h>

enum {
	WINDOW = 8,         /* packets within which things are moved */
	GLUED_MOST = 32000, /* bytes of a glued payload: it must fit an IP packet */
};

#define WINDOW_SPAN                                                                                       \
	(2 * TIMESTAMP_MILLISECOND) /* and within which they change places: no network is later than that \
	                             */

struct frame {
	timestamp time;
	struct slice bytes;
};

struct frames {
	struct frame *at;
	size_t count, room;
};

struct capture {
	struct frames frames;
	struct arena arena; /* the frames' bytes */
	int link_type;
	bool big_endian, nanoseconds, pcapng;
	uint64_t random;
};

/* A frame taken apart; slices and lengths of it. */
struct parts {
	struct ip_packet ip;
	struct segment segment;
	size_t network, transport, payload; /* where they begin */
};

/* ---- lists of frames */

static void frames_add(struct frames *frames, struct frame frame)
{
	if (frames->count == frames->room) {
		frames->room = frames->room ? 2 * frames->room : 256;
		frames->at = reallocarray(frames->at, frames->room, sizeof *frames->at);
		if (!frames->at)
			err(1, "frames");
	}
	frames->at[frames->count++] = frame;
}

static void capture_replace(struct capture *capture, struct frames frames)
{
	free(capture->frames.at);
	capture->frames = frames;
}

static struct slice capture_copy(struct capture *capture, struct slice bytes)
{
	struct slice copy = arena_copy(&capture->arena, bytes);
	if (bytes.len && !copy.at)
		err(1, "frames");
	return copy;
}

/* The bytes of `buffer`, which is then freed. */
static struct slice capture_keep(struct capture *capture, struct buffer *buffer)
{
	if (buffer->truncated)
		err(1, "frames");
	struct slice copy = capture_copy(capture, buffer_slice(buffer));
	buffer_free(buffer);
	return copy;
}

/* The same numbers on every machine (Knuth's MMIX constants): a failing case can be made again. */
static size_t capture_random(struct capture *capture, size_t below)
{
	capture->random = capture->random * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
	return (size_t)(capture->random >> 33) % below;
}

static size_t number_of(const char *argument)
{
	char *end;
	unsigned long number = strtoul(argument, &end, 10);
	if (end == argument || *end)
		errx(1, "%s: not a number", argument);
	return number;
}

/* ---- frames taken apart and put together */

static bool frame_read(struct slice bytes, struct parts *parts)
{
	struct slice network = link_find_network(LINK_ETHERNET, bytes);
	if (!network.len || !ip_read_packet(network, &parts->ip) || parts->ip.protocol != IP_PROTOCOL_TCP ||
	    parts->ip.fragment || !tcp_read_segment(parts->ip.payload, parts->ip.missing, &parts->segment))
		return false;
	parts->network = (size_t)(network.at - bytes.at);
	parts->transport = (size_t)(parts->ip.payload.at - bytes.at);
	parts->payload = parts->transport + parts->ip.payload.len - parts->segment.payload.len;
	return true;
}

static bool parts_share_sender(const struct parts *a, const struct parts *b)
{
	return a->segment.source_port == b->segment.source_port &&
	       a->segment.destination_port == b->segment.destination_port &&
	       address_equals(&a->ip.source, &b->ip.source) && address_equals(&a->ip.destination, &b->ip.destination);
}

static bool parts_share_connection(const struct parts *a, const struct parts *b)
{
	return parts_share_sender(a, b) || (a->segment.source_port == b->segment.destination_port &&
	                                       a->segment.destination_port == b->segment.source_port &&
	                                       address_equals(&a->ip.source, &b->ip.destination) &&
	                                       address_equals(&a->ip.destination, &b->ip.source));
}

static void ip_set_length(uint8_t *header, size_t len)
{
	if (header[0] >> 4 == 4)
		network_write_16(header + 2, (uint16_t)len);
	else
		network_write_16(header + 4, (uint16_t)(len - 40));
}

/* `frame`'s headers with another payload, which begins `shift` bytes after the old one. */
static struct frame frame_with_payload(struct capture *capture, const struct frame *frame, const struct parts *parts,
    struct slice payload, ptrdiff_t shift, uint8_t without_flags)
{
	struct buffer made;
	buffer_init(&made, BUFFER_NO_LIMIT, NULL);
	buffer_append(&made, slice_take(frame->bytes, parts->payload));
	buffer_append(&made, payload);
	if (made.truncated)
		err(1, "frames");
	ip_set_length(made.at + parts->network, made.len - parts->network);
	network_write_32(made.at + parts->transport + 4, parts->segment.sequence + (uint32_t)shift);
	made.at[parts->transport + 13] &= (uint8_t)~without_flags;
	return (struct frame){frame->time, capture_keep(capture, &made)};
}

/* ---- other segments */

static void segment_cut(struct capture *capture, const struct frame *frame, size_t most, struct frames *out)
{
	struct parts parts;
	if (!frame_read(frame->bytes, &parts) || parts.segment.payload.len <= most) {
		frames_add(out, *frame);
		return;
	}
	for (size_t at = 0; at < parts.segment.payload.len; at += most) {
		struct slice piece = slice_take(slice_drop(parts.segment.payload, at), most);
		bool last = at + most >= parts.segment.payload.len;
		frames_add(out,
		    frame_with_payload(capture, frame, &parts, piece, (ptrdiff_t)at, last ? 0 : TCP_FIN | TCP_PSH));
	}
}

static void mode_resegment(struct capture *capture, const char *argument)
{
	struct frames out = {0};
	size_t most = number_of(argument);
	if (!most)
		errx(1, "resegment: at least 1 byte");
	for (size_t i = 0; i < capture->frames.count; i++)
		segment_cut(capture, &capture->frames.at[i], most, &out);
	capture_replace(capture, out);
}

/* The latest of the last frames that has bytes of this connection; NULL when there is none. */
static struct frame *frames_last_with_payload(struct frames *frames, const struct parts *like, struct parts *parts)
{
	for (size_t back = 1; back <= WINDOW && back <= frames->count; back++) {
		struct frame *frame = &frames->at[frames->count - back];
		if (frame_read(frame->bytes, parts) && parts->segment.payload.len &&
		    parts_share_connection(parts, like))
			return frame;
	}
	return NULL;
}

static bool parts_follow(const struct parts *before, const struct parts *after)
{
	uint32_t end = before->segment.sequence + (uint32_t)before->segment.payload.len;
	return parts_share_sender(before, after) && end == after->segment.sequence &&
	       !(before->segment.flags & (TCP_SYN | TCP_FIN | TCP_RST));
}

static struct slice payloads_join(struct capture *capture, struct slice a, struct slice b)
{
	struct buffer both;
	buffer_init(&both, BUFFER_NO_LIMIT, NULL);
	buffer_append(&both, a);
	buffer_append(&both, b);
	return capture_keep(capture, &both);
}

/* Glues what one end sent before the other said anything: into the earlier of the two. */
static bool segment_glue(struct capture *capture, const struct frame *frame, struct frames *out)
{
	struct parts after, before;
	if (!frame_read(frame->bytes, &after) || !after.segment.payload.len || (after.segment.flags & TCP_FIN))
		return false;
	struct frame *earlier = frames_last_with_payload(out, &after, &before);
	if (!earlier || !parts_follow(&before, &after) ||
	    before.segment.payload.len + after.segment.payload.len > GLUED_MOST)
		return false;
	struct slice both = payloads_join(capture, before.segment.payload, after.segment.payload);
	*earlier = frame_with_payload(capture, earlier, &before, both, 0, 0);
	return true;
}

static void mode_glue(struct capture *capture, const char *argument)
{
	struct frames out = {0};
	(void)argument;
	for (size_t i = 0; i < capture->frames.count; i++)
		if (!segment_glue(capture, &capture->frames.at[i], &out))
			frames_add(&out, capture->frames.at[i]);
	capture_replace(capture, out);
}

/* ---- copies */

/* A copy that is cut elsewhere: the latter half of what was sent before, and the former half of this. */
static struct frame segment_straddle(
    struct capture *capture, const struct frame *frame, const struct parts *parts, const struct parts *before)
{
	struct slice old = slice_drop(before->segment.payload, before->segment.payload.len / 2);
	struct slice fresh = slice_take(parts->segment.payload, parts->segment.payload.len / 2);
	struct slice both = payloads_join(capture, old, fresh);
	return frame_with_payload(capture, frame, parts, both, -(ptrdiff_t)old.len, TCP_FIN | TCP_PSH);
}

static struct frame segment_copy(
    struct capture *capture, const struct frame *frame, const struct parts *parts, struct frames *before)
{
	struct parts earlier;
	size_t len = parts->segment.payload.len;
	bool follows = frames_last_with_payload(before, parts, &earlier) && parts_follow(&earlier, parts);
	switch (capture_random(capture, 3)) {
	case 0:
		if (follows)
			return segment_straddle(capture, frame, parts, &earlier);
		/* fall through */
	case 1:
		return frame_with_payload(
		    capture, frame, parts, slice_drop(parts->segment.payload, len / 2), (ptrdiff_t)(len / 2), 0);
	default:
		return *frame;
	}
}

/* Retransmits every second segment, up to a window later. */
static void mode_duplicate(struct capture *capture, const char *argument)
{
	struct frames out = {0}, copies = {0};
	size_t due[WINDOW] = {
	    0}; /* of the copies not yet given out: after which frame; a ring, as each waits its turn */
	size_t given = 0;
	capture->random = number_of(argument);
	for (size_t i = 0; i < capture->frames.count; i++) {
		struct parts parts;
		struct frame *frame = &capture->frames.at[i];
		if (copies.count - given < WINDOW && frame_read(frame->bytes, &parts) && parts.segment.payload.len &&
		    capture_random(capture, 2)) {
			due[copies.count % WINDOW] = i + capture_random(capture, WINDOW);
			frames_add(&copies, segment_copy(capture, frame, &parts, &out));
		}
		frames_add(&out, *frame);
		for (; given < copies.count && due[given % WINDOW] <= i; given++)
			frames_add(&out, (struct frame){frame->time, copies.at[given].bytes});
	}
	free(copies.at);
	capture_replace(capture, out);
}

/* ---- another order */

/* An end stays in its place: one that came before its connection's beginning would belong to no connection. */
static bool parts_may_change_places(const struct parts *a, const struct parts *b)
{
	return parts_share_sender(a, b) && !((a->segment.flags | b->segment.flags) & (TCP_FIN | TCP_RST));
}

/* Exchanges the bytes of two frames of one sender within the window; the times stay where they are. */
static void window_shuffle(struct capture *capture, struct frame *window, size_t count)
{
	for (size_t i = count; i-- > 1;) {
		struct parts a, b;
		size_t with = capture_random(capture, i + 1);
		if (!frame_read(window[i].bytes, &a) || !frame_read(window[with].bytes, &b) ||
		    !parts_may_change_places(&a, &b))
			continue;
		struct slice bytes = window[i].bytes;
		window[i].bytes = window[with].bytes;
		window[with].bytes = bytes;
	}
}

/* How many of the frames from `first` on are within its window. */
static size_t window_length(const struct frames *frames, size_t first)
{
	size_t count = 1;
	while (count < WINDOW && first + count < frames->count &&
	       frames->at[first + count].time - frames->at[first].time < WINDOW_SPAN)
		count++;
	return count;
}

static void mode_reorder(struct capture *capture, const char *argument)
{
	struct frames *frames = &capture->frames;
	capture->random = number_of(argument);
	for (size_t i = 0, count; i < frames->count; i += count) {
		count = window_length(frames, i);
		window_shuffle(capture, frames->at + i, count);
	}
}

/* ---- behind a balancer */

/* A connection whose client's bytes come behind a header of the PROXY protocol. */
struct proxied {
	struct parts opening; /* the client's SYN */
	bool has_header;
};

static struct slice proxy_header(const char *version)
{
	static const uint8_t binary[] = "\r\n\r\n\0\r\nQUIT\n\x21\x11\0\x13\xc0\0\2\7\xc0\0\2\1\x9c\x40\1\xbb"
	                                "\2\0\4host"; /* with a TLV: PP2_TYPE_AUTHORITY */
	if (strcmp(version, "1") != 0 && strcmp(version, "2") != 0)
		errx(1, "proxy: version 1 or 2");
	return *version == '1' ? SLICE("PROXY TCP4 192.0.2.7 192.0.2.1 40000 443\r\n")
	                       : slice_of(binary, sizeof binary - 1);
}

/* The last connection that was opened with these ends; NULL: none. */
static struct proxied *proxied_find(struct proxied *list, size_t count, const struct parts *parts)
{
	while (count--)
		if (parts_share_connection(&list[count].opening, parts))
			return &list[count];
	return NULL;
}

/* Before the first byte of each client whose SYN was captured. */
static void mode_proxy(struct capture *capture, const char *argument)
{
	struct slice header = proxy_header(argument);
	struct proxied *list = calloc(capture->frames.count + 1, sizeof *list);
	size_t count = 0;
	struct frames out = {0};
	if (!list)
		err(1, "frames");
	for (size_t i = 0; i < capture->frames.count; i++) {
		struct frame frame = capture->frames.at[i];
		struct parts parts;
		bool is_tcp = frame_read(frame.bytes, &parts);
		if (is_tcp && (parts.segment.flags & (TCP_SYN | TCP_ACK)) == TCP_SYN)
			list[count++].opening = parts;
		struct proxied *proxied = is_tcp ? proxied_find(list, count, &parts) : NULL;
		if (proxied && parts_share_sender(&proxied->opening, &parts) && !(parts.segment.flags & TCP_SYN)) {
			bool is_first = parts.segment.payload.len && !proxied->has_header;
			struct slice payload = is_first ? payloads_join(capture, header, parts.segment.payload)
			                                : parts.segment.payload;
			frame = frame_with_payload(
			    capture, &frame, &parts, payload, proxied->has_header ? (ptrdiff_t)header.len : 0, 0);
			proxied->has_header |= is_first;
		} else if (proxied && proxied->has_header) {
			frame.bytes = capture_copy(capture, frame.bytes);
			network_write_32((uint8_t *)frame.bytes.at + parts.transport + 8,
			    parts.segment.acknowledgment + (uint32_t)header.len);
		}
		frames_add(&out, frame);
	}
	free(list);
	capture_replace(capture, out);
}

/* ---- part of it */

static void mode_until(struct capture *capture, const char *argument)
{
	size_t count = number_of(argument);
	if (count < capture->frames.count)
		capture->frames.count = count;
}

static void mode_after(struct capture *capture, const char *argument)
{
	struct frames out = {0};
	for (size_t i = number_of(argument); i < capture->frames.count; i++)
		frames_add(&out, capture->frames.at[i]);
	capture_replace(capture, out);
}

/* What one end sent, as a tap gives it: "upper" is the end with the higher port. */
static void mode_sender(struct capture *capture, const char *argument)
{
	struct frames out = {0};
	bool upper = strcmp(argument, "upper") == 0;
	for (size_t i = 0; i < capture->frames.count; i++) {
		struct parts parts;
		if (frame_read(capture->frames.at[i].bytes, &parts) &&
		    (parts.segment.source_port > parts.segment.destination_port) == upper)
			frames_add(&out, capture->frames.at[i]);
	}
	capture_replace(capture, out);
}

/* ---- another network */

static void address_write_6(const struct address *address, uint8_t *at)
{
	static const uint8_t prefix[12] = {0x20, 0x01, 0x0d, 0xb8};
	memcpy(at, prefix, sizeof prefix);
	memcpy(at + sizeof prefix, address->bytes, 4);
}

static void mode_ipv6(struct capture *capture, const char *argument)
{
	(void)argument;
	for (size_t i = 0; i < capture->frames.count; i++) {
		struct frame *frame = &capture->frames.at[i];
		struct parts parts;
		struct buffer made;
		uint8_t header[40] = {[0] = 0x60, [6] = IP_PROTOCOL_TCP, [7] = 64};
		if (!frame_read(frame->bytes, &parts) || parts.ip.source.version != 4)
			continue;
		network_write_16(header + 4, (uint16_t)parts.ip.payload.len);
		address_write_6(&parts.ip.source, header + 8);
		address_write_6(&parts.ip.destination, header + 24);
		buffer_init(&made, BUFFER_NO_LIMIT, NULL);
		buffer_append(&made, slice_take(frame->bytes, 12));
		buffer_append(&made, SLICE("\x86\xdd"));
		buffer_append(&made, slice_of(header, sizeof header));
		buffer_append(&made, parts.ip.payload);
		frame->bytes = capture_keep(capture, &made);
	}
}

/* The last piece first, as some stacks sent them: it tells the length. */
static void datagram_cut(struct capture *capture, const struct frame *frame, const struct parts *parts, size_t most,
    size_t identification, struct frames *out)
{
	size_t pieces = (parts->ip.payload.len + most - 1) / most;
	while (pieces--) {
		struct buffer made;
		struct slice piece = slice_take(slice_drop(parts->ip.payload, pieces * most), most);
		bool more = (pieces + 1) * most < parts->ip.payload.len;
		buffer_init(&made, BUFFER_NO_LIMIT, NULL);
		buffer_append(&made, slice_take(frame->bytes, parts->transport));
		buffer_append(&made, piece);
		if (made.truncated)
			err(1, "frames");
		uint8_t *header = made.at + parts->network;
		ip_set_length(header, made.len - parts->network);
		network_write_16(header + 4, (uint16_t)identification);
		network_write_16(header + 6, (uint16_t)(pieces * most / 8 | (more ? 0x2000 : 0)));
		frames_add(out, (struct frame){frame->time, capture_keep(capture, &made)});
	}
}

static void mode_fragment(struct capture *capture, const char *argument)
{
	struct frames out = {0};
	size_t most = number_of(argument);
	if (!most || most % 8)
		errx(1, "fragment: a multiple of 8 bytes");
	for (size_t i = 0; i < capture->frames.count; i++) {
		struct parts parts;
		struct frame *frame = &capture->frames.at[i];
		if (frame_read(frame->bytes, &parts) && parts.ip.source.version == 4 && parts.ip.payload.len > most)
			datagram_cut(capture, frame, &parts, most, i & 0xffff, &out);
		else
			frames_add(&out, *frame);
	}
	capture_replace(capture, out);
}

/* ---- another link */

struct framing {
	const char *name;
	int link_type;
	struct slice before; /* the frame's header; `type_at` of it is where the EtherType goes */
	size_t type_at;
};

enum { NO_TYPE = SIZE_MAX };

#define ZEROS_4 "\0\0\0\0"
#define ZEROS_20 ZEROS_4 ZEROS_4 ZEROS_4 ZEROS_4 ZEROS_4

/* Apple's PKTAP (net/headers.c): its length, what follows, the link type of that, the interface, flags, protocol
 * family, lengths, process, service class, kind of interface, process on whose behalf. */
#define PKTAP(link, interface)                                                                     \
	"\x6c\0\0\0\1\0\0\0" link "\0\0\0" interface ZEROS_20 "\2\0\0\0\2\0\0\0\x0e\0\0\0" ZEROS_4 \
	"\x2a\0\0\0node" ZEROS_4 ZEROS_4 ZEROS_4 ZEROS_4 ZEROS_4 "\6\0\0\0\xff\xff\xff\xff" ZEROS_20

/* The second version: lengths and offsets in bytes, the interface's name behind it. */
#define PKTAP2(link, interface)                                                                     \
	"\x2c\0\0\x28\0\0" link "\0\x0e\0\0\0\6\0\6\0\2\0\0\0" ZEROS_4 ZEROS_4 "\x2a\0\0\0" ZEROS_4 \
	"\2\0\x08\0" interface

static const struct framing framings[] = {
    {"vlan", 1, SLICE("\2\0\0\0\0\1\2\0\0\0\0\2\x81\0\0\x2a\0\0"), 16},
    {"qinq", 1, SLICE("\2\0\0\0\0\1\2\0\0\0\0\2\x88\xa8\0\x07\x81\0\0\x2a\0\0"), 20},
    {"cooked", 113, SLICE("\0\0\0\1\0\6\2\0\0\0\0\1\0\0\0\0"), 14},
    {"cooked2", 276, SLICE("\0\0\0\0\0\0\0\2\0\1\0\6\2\0\0\0\0\1\0\0"), 0},
    {"raw", 101, SLICE(""), NO_TYPE},
    {"null", 0, SLICE("\2\0\0\0"), NO_TYPE},
    {"null-big", 0, SLICE("\0\0\0\2"), NO_TYPE},
    {"loop", 108, SLICE("\0\0\0\2"), NO_TYPE},
    {"pktap", 258, SLICE(PKTAP("\1", "en0\0") "\2\0\0\0\0\1\2\0\0\0\0\2\0\0"), 120},
    {"pktap-null", 258, SLICE(PKTAP("\0", "lo0\0") "\2\0\0\0"), NO_TYPE},
    {"pktap-raw", 258, SLICE(PKTAP("\x0c", "utun")), NO_TYPE},
    {"pktap-user", 149, SLICE(PKTAP("\1", "en0\0") "\2\0\0\0\0\1\2\0\0\0\0\2\0\0"), 120},
    {"pktap2", 258, SLICE(PKTAP2("\1", "en0\0") "\2\0\0\0\0\1\2\0\0\0\0\2\0\0"), 56},
    {"pktap2-null", 258, SLICE(PKTAP2("\0", "lo0\0") "\2\0\0\0"), NO_TYPE},
};

static const struct framing *framing_named(const char *name)
{
	for (size_t i = 0; i < sizeof framings / sizeof *framings; i++)
		if (strcmp(framings[i].name, name) == 0)
			return &framings[i];
	errx(1, "%s: no such framing", name);
}

static void mode_reframe(struct capture *capture, const char *argument)
{
	const struct framing *framing = framing_named(argument);
	for (size_t i = 0; i < capture->frames.count; i++) {
		struct frame *frame = &capture->frames.at[i];
		struct buffer made;
		buffer_init(&made, BUFFER_NO_LIMIT, NULL);
		buffer_append(&made, framing->before);
		buffer_append(&made, slice_drop(frame->bytes, 14));
		if (made.truncated)
			err(1, "frames");
		if (framing->type_at != NO_TYPE)
			memcpy(made.at + framing->type_at, frame->bytes.at + 12, 2);
		frame->bytes = capture_keep(capture, &made);
	}
	capture->link_type = framing->link_type;
}

/* ---- another file format */

static void mode_nanosecond(struct capture *capture, const char *argument)
{
	(void)argument;
	capture->nanoseconds = true;
}

static void mode_bigendian(struct capture *capture, const char *argument)
{
	(void)argument;
	capture->big_endian = true;
}

static void mode_pcapng(struct capture *capture, const char *argument)
{
	(void)argument;
	capture->pcapng = true;
}

static void put_number(FILE *out, const struct capture *capture, unsigned bytes, uint32_t value)
{
	for (unsigned i = 0; i < bytes; i++)
		putc((int)(value >> 8 * (capture->big_endian ? bytes - 1 - i : i)) & 0xff, out);
}

static void put_16(FILE *out, const struct capture *capture, size_t value)
{
	put_number(out, capture, 2, (uint32_t)value);
}

static void put_32(FILE *out, const struct capture *capture, uint64_t value)
{
	put_number(out, capture, 4, (uint32_t)value);
}

static void put_bytes(FILE *out, struct slice bytes)
{
	fwrite(bytes.at, 1, bytes.len, out);
}

static void capture_write_pcap(FILE *out, const struct capture *capture)
{
	timestamp unit = capture->nanoseconds ? 1 : 1000;
	put_32(out, capture, capture->nanoseconds ? 0xa1b23c4d : 0xa1b2c3d4);
	put_16(out, capture, 2);
	put_16(out, capture, 4);
	put_32(out, capture, 0);
	put_32(out, capture, 0);
	put_32(out, capture, 262144);
	put_32(out, capture, (uint64_t)capture->link_type);
	for (size_t i = 0; i < capture->frames.count; i++) {
		const struct frame *frame = &capture->frames.at[i];
		put_32(out, capture, (uint64_t)(frame->time / TIMESTAMP_SECOND));
		put_32(out, capture, (uint64_t)(frame->time % TIMESTAMP_SECOND / unit));
		put_32(out, capture, frame->bytes.len);
		put_32(out, capture, frame->bytes.len);
		put_bytes(out, frame->bytes);
	}
}

/* draft-ietf-opsawg-pcapng §4: a block's length stands before and behind its body. */
static void put_section_header(FILE *out, const struct capture *capture)
{
	put_32(out, capture, 0x0a0d0d0a);
	put_32(out, capture, 28);
	put_32(out, capture, 0x1a2b3c4d);
	put_16(out, capture, 1);
	put_16(out, capture, 0);
	put_32(out, capture, UINT32_MAX); /* the section's length is not told */
	put_32(out, capture, UINT32_MAX);
	put_32(out, capture, 28);
}

static void put_interface(FILE *out, const struct capture *capture)
{
	put_32(out, capture, 1);
	put_32(out, capture, 32);
	put_16(out, capture, (size_t)capture->link_type);
	put_16(out, capture, 0);
	put_32(out, capture, 0);
	put_16(out, capture, 9); /* if_tsresol: 10^-9 */
	put_16(out, capture, 1);
	put_bytes(out, SLICE("\x09\0\0\0"));
	put_32(out, capture, 0); /* end of options */
	put_32(out, capture, 32);
}

static void put_enhanced_packet(FILE *out, const struct capture *capture, const struct frame *frame)
{
	static const uint8_t padding[4];
	size_t padded = (frame->bytes.len + 3) / 4 * 4, len = 32 + padded;
	put_32(out, capture, 6);
	put_32(out, capture, len);
	put_32(out, capture, 0); /* the interface */
	put_32(out, capture, (uint64_t)frame->time >> 32);
	put_32(out, capture, (uint64_t)frame->time);
	put_32(out, capture, frame->bytes.len);
	put_32(out, capture, frame->bytes.len);
	put_bytes(out, frame->bytes);
	put_bytes(out, slice_of(padding, padded - frame->bytes.len));
	put_32(out, capture, len);
}

static void capture_write_pcapng(FILE *out, const struct capture *capture)
{
	put_section_header(out, capture);
	put_interface(out, capture);
	for (size_t i = 0; i < capture->frames.count; i++)
		put_enhanced_packet(out, capture, &capture->frames.at[i]);
}

static void capture_write(const struct capture *capture, const char *path)
{
	FILE *out = fopen(path, "wb");
	if (!out)
		err(1, "%s", path);
	if (capture->pcapng)
		capture_write_pcapng(out, capture);
	else
		capture_write_pcap(out, capture);
	bool failed = ferror(out);
	if (fclose(out) != 0 || failed)
		err(1, "%s", path);
}

/* ---- the whole */

static void capture_read(struct capture *capture, const char *path)
{
	char why[PCAP_ERRBUF_SIZE];
	struct pcap_pkthdr *header;
	const u_char *bytes;
	pcap_t *pcap = pcap_open_offline_with_tstamp_precision(path, PCAP_TSTAMP_PRECISION_NANO, why);
	if (!pcap)
		errx(1, "%s", why);
	capture->link_type = pcap_datalink(pcap);
	if (capture->link_type != LINK_ETHERNET)
		errx(1, "%s: not Ethernet", path);
	while (pcap_next_ex(pcap, &header, &bytes) == 1) {
		timestamp time = (timestamp)header->ts.tv_sec * TIMESTAMP_SECOND + header->ts.tv_usec;
		struct slice copy = capture_copy(capture, slice_of(bytes, header->caplen));
		frames_add(&capture->frames, (struct frame){time, copy});
	}
	pcap_close(pcap);
}

struct mode {
	const char *name;
	bool has_argument;
	void (*apply)(struct capture *capture, const char *argument);
};

static const struct mode modes[] = {
    {"resegment", true, mode_resegment}, /* BYTES: no segment carries more */
    {"glue", false, mode_glue},
    {"duplicate", true, mode_duplicate}, /* SEED */
    {"reorder", true, mode_reorder},     /* SEED */
    {"until", true, mode_until},         /* N: the first N packets */
    {"after", true, mode_after},         /* N: all but those */
    {"sender", true, mode_sender},       /* upper | lower: by port */
    {"ipv6", false, mode_ipv6},
    {"fragment", true, mode_fragment}, /* BYTES: no IPv4 packet carries more */
    {"proxy", true, mode_proxy},       /* the version of the PROXY protocol */
    {"reframe", true, mode_reframe},   /* a framing's name */
    {"nanosecond", false, mode_nanosecond},
    {"bigendian", false, mode_bigendian},
    {"pcapng", false, mode_pcapng},
};

static const struct mode *mode_named(const char *name)
{
	for (size_t i = 0; i < sizeof modes / sizeof *modes; i++)
		if (strcmp(modes[i].name, name) == 0)
			return &modes[i];
	errx(1, "%s: no such mode", name);
}

int main(int argc, char **argv)
{
	struct capture capture = {0};
	if (argc < 3)
		errx(1, "usage: rewrite IN OUT [MODE [ARGUMENT]]...");
	arena_init(&capture.arena, SIZE_MAX);
	capture_read(&capture, argv[1]);
	for (int i = 3; i < argc; i++) {
		const struct mode *mode = mode_named(argv[i]);
		if (mode->has_argument && ++i == argc)
			errx(1, "%s: an argument is wanted", mode->name);
		mode->apply(&capture, argv[i]);
	}
	capture_write(&capture, argv[2]);
	free(capture.frames.at);
	arena_free(&capture.arena);
	return 0;
}
