/* Small captures: read and written, and the segments in them. */
#include "tests/fuzz/capture_format.h"

#include "base/bytes.h"
#include "net/headers.h"
#include "net/link.h"

bool capture_next(struct slice *rest, struct capture_item *item)
{
	if (rest->len < CAPTURE_ITEM_HEAD)
		return false;
	const uint8_t *at = rest->at;
	size_t len = (size_t)at[3] << 8 | at[4];
	*item = (struct capture_item){.kind = at[0],
	    .delay = (uint16_t)(at[1] << 8 | at[2]),
	    .bytes = slice_take(slice_drop(*rest, CAPTURE_ITEM_HEAD), len)};
	*rest = slice_drop(*rest, CAPTURE_ITEM_HEAD + item->bytes.len);
	return true;
}

void capture_write(struct buffer *out, const struct capture_item *item)
{
	const uint8_t head[CAPTURE_ITEM_HEAD] = {item->kind, (uint8_t)(item->delay >> 8), (uint8_t)item->delay,
	    (uint8_t)(item->bytes.len >> 8), (uint8_t)item->bytes.len};
	buffer_append(out, slice_of(head, sizeof head));
	buffer_append(out, item->bytes);
}

int capture_link_type(uint8_t kind)
{
	static const int link_types[] = {101, 101, 101, 101, 1, 1, 113, 113, 276, 276, 0, 0, 228, 229, 108, 101};
	return link_types[kind & CAPTURE_LINK];
}

timestamp capture_delay(uint16_t delay)
{
	return ((timestamp)(delay & 0xfff) << (delay >> 12)) * 1000;
}

uint16_t capture_delay_of(timestamp time)
{
	uint64_t left = time > 0 ? (uint64_t)time / 1000 : 0;
	unsigned exponent = 0;
	for (; left > 0xfff && exponent < 15; exponent++)
		left >>= 1;
	return (uint16_t)(exponent << 12 | (left > 0xfff ? 0xfff : left));
}

bool capture_find_segment(const struct capture_item *item, struct capture_segment *found)
{
	struct capture_segment segment;
	if ((item->kind & CAPTURE_LINK) == CAPTURE_LOG)
		return false;
	struct slice network = link_find_network(capture_link_type(item->kind), item->bytes);
	if (!network.len || !ip_read_packet(network, &segment.ip) || segment.ip.fragment)
		return false;
	if (segment.ip.protocol != IP_PROTOCOL_TCP ||
	    !tcp_read_segment(segment.ip.payload, segment.ip.missing, &segment.segment))
		return false;
	segment.network = (size_t)(network.at - item->bytes.at);
	segment.tcp = (size_t)(segment.ip.payload.at - item->bytes.at);
	segment.payload = segment.tcp + segment.ip.payload.len - segment.segment.payload.len;
	*found = segment;
	return true;
}

void capture_put_length(uint8_t *packet, const struct capture_segment *segment, size_t payload_len)
{
	uint8_t *network = packet + segment->network;
	size_t len = segment->payload - segment->network + payload_len;
	if (segment->ip.source.version == 4)
		network_write_16(network + 2, (uint16_t)len);
	else
		network_write_16(network + 4, (uint16_t)(len - 40));
}
