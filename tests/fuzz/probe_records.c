/*
 * Records of the probes in any order, of few sockets and streams so that they meet: what is told has a socket with a
 * number, bytes within a record's bounds, and a frame that reads back as the packet it stands for.
 */
#include "bpf/records.h"
#include "net/headers.h"
#include "net/packet.h"
#include "source/probe_parts.h"
#include "tests/fuzz/demand.h"

#include <stdlib.h>

/* How a record lies in the input: kind, socket, stream, process, flags, a distance of the offset, two bytes of length;
 * then so many bytes. */
enum { HEAD = 8 };

struct feed {
	struct probe_table *table;
	struct slice input;
	uint64_t offsets[4][2];
	uint8_t record[sizeof(struct probe_head) + sizeof(struct probe_open) + PROBE_PIECE];
};

static void check_frame(const struct packet *packet)
{
	const struct probed *probed = packet->probed;
	struct ip_packet ip;
	struct segment segment;
	demand(packet->number > 0 && packet->wire_len == packet->bytes.len);
	demand(ip_read_packet(packet->bytes, &ip) && ip.missing == 0);
	demand(tcp_read_segment(ip.payload, 0, &segment));
	demand(slice_equals(segment.payload, probed->bytes));
	demand(address_equals(&ip.source, probed->received ? &probed->socket->remote : &probed->socket->local));
}

static void check_packet(const struct packet *packet)
{
	const struct probed *probed = packet->probed;
	demand(probed != NULL);
	if (probed->kind == PROBED_LOG) {
		demand(!probed->socket && !packet->bytes.len);
		return;
	}
	demand(probed->socket && probed->socket->id);
	if (probed->kind == PROBED_GONE)
		demand(!packet->bytes.len);
	else
		check_frame(packet);
}

static void drain(struct probe_table *table)
{
	struct packet packet;
	while (probe_table_next(table, &packet))
		check_packet(&packet);
}

/* What it takes of the input becomes a record; false: there is no more. */
static bool feed_next(struct feed *feed)
{
	struct slice input = feed->input;
	if (input.len < HEAD)
		return false;
	const uint8_t *at = input.at;
	struct slice body = slice_take(slice_drop(input, HEAD), (size_t)at[6] << 8 | at[7]);
	feed->input = slice_drop(input, HEAD + body.len);
	bool received = at[4] & PROBE_RECEIVED;
	uint64_t *offset = &feed->offsets[at[1] & 3][received];
	*offset += at[5];
	struct probe_head head = {.kind = at[0],
	    .socket = at[1] & 3,
	    .stream = at[2] & 3,
	    .process = at[3] & 1,
	    .flags = at[4],
	    .offset = *offset,
	    .arrived = at[4] & 64 ? 1 : 0,
	    .time = 2,
	    .length = (unsigned)body.len};
	*offset += body.len;
	size_t len = sizeof head + body.len;
	if (head.kind == PROBE_OPEN && at[4] & 128) { /* as long as it must be, what is missing zero */
		head.length = sizeof(struct probe_open);
		memset(feed->record + sizeof head, 0, head.length);
		len = sizeof head + head.length;
		body = slice_take(body, head.length);
	}
	memcpy(feed->record, &head, sizeof head);
	if (body.len)
		memcpy(feed->record + sizeof head, body.at, body.len);
	probe_table_take(feed->table, slice_of(feed->record, len));
	return true;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct feed feed;
	if (size < 1)
		return 0;
	const struct probe_settings settings = {.clock_offset = 1, .memory = data[0] & 1 ? 0 : 64 << 10};
	feed = (struct feed){.table = probe_table_new(&settings), .input = slice_of(data + 1, size - 1)};
	demand(feed.table != NULL);
	do
		drain(feed.table);
	while (feed_next(&feed));
	demand(probe_table_unmatched(feed.table) <= size / HEAD);
	probe_table_free(feed.table);
	return 0;
}
