/*
 * Packets from anybody, through link, IP, fragments and TCP: what is found lies within what was given, and a datagram
 * is joined of no more than came. Input: records of a link type, a length of two bytes, and that many bytes.
 */
#include "net/encapsulation.h"
#include "net/fragment.h"
#include "net/headers.h"
#include "net/icmp.h"
#include "net/link.h"
#include "tests/fuzz/demand.h"

#include <stdlib.h>

struct check {
	struct fragment_table *fragments;
	uint64_t number;
	uint64_t pieces, piece_bytes; /* of fragments, ever */
};

static const struct fragment_limits limits = {.datagrams = 4, .bytes = 1 << 17, .patience = TIMESTAMP_SECOND};

static bool lies_within(struct slice part, struct slice whole)
{
	return part.len == 0 || (part.at >= whole.at && part.at + part.len <= whole.at + whole.len);
}

static void check_segment(const struct ip_packet *packet)
{
	struct segment segment;
	struct icmp_error error;
	if (icmp_read_error(packet, &error))
		demand(*icmp_text(&error.said) && error.source.version == packet->source.version);
	if (packet->protocol != IP_PROTOCOL_TCP || !tcp_read_segment(packet->payload, packet->missing, &segment))
		return;
	demand(lies_within(segment.payload, packet->payload));
	demand(segment.payload.len + 20 <= packet->payload.len);
	demand(segment.missing <= packet->missing);
}

/* Layer by layer; what is inside lies within what wraps it. */
static void check_wrapped(struct ip_packet packet)
{
	const char *name = NULL;
	for (int depth = 0; depth < ENCAPSULATION_DEPTH && !packet.fragment; depth++) {
		const struct ip_packet outer = packet;
		enum encapsulation found = encapsulation_open(&packet, &name);
		demand(found == ENCAPSULATION_NONE || name);
		if (found != ENCAPSULATION_OPENED)
			return;
		demand(lies_within(packet.payload, outer.payload) && packet.missing <= 65535 + 40);
		if (!packet.fragment)
			check_segment(&packet);
	}
}

static bool join(struct check *check, struct ip_packet *packet)
{
	uint64_t first_number = 0;
	check->pieces++;
	check->piece_bytes += packet->payload.len;
	timestamp now = (timestamp)check->number * TIMESTAMP_MILLISECOND * 20;
	if (!fragment_join(check->fragments, packet, now, check->number, &first_number))
		return false;
	demand(!packet->fragment && packet->payload.len <= check->piece_bytes && packet->payload.len <= 65535);
	demand(first_number >= 1 && first_number <= check->number);
	return true;
}

static void check_packet(struct check *check, struct slice network)
{
	struct ip_packet packet;
	char text[ADDRESS_TEXT_SIZE];
	if (!ip_read_packet(network, &packet))
		return;
	demand(packet.source.version == packet.destination.version);
	demand(lies_within(packet.payload, network) && packet.missing <= 65535 + 40);
	demand(strlen(address_format(&packet.source, true, text)) < sizeof text);
	if (packet.fragment && !join(check, &packet))
		return;
	check_segment(&packet);
	check_wrapped(packet);
}

static void check_frame(struct check *check, int link_type, struct slice frame)
{
	struct slice network = link_find_network(link_type, frame);
	check->number++;
	demand(lies_within(network, frame));
	demand(network.len == 0 || link_is_known(link_type));
	check_packet(check, network);
}

/* A copy of just its size, for the sanitizer to see what is read beyond it. */
static void check_copy(struct check *check, int link_type, struct slice frame)
{
	uint8_t *copy = malloc(frame.len ? frame.len : 1);
	demand(copy != NULL);
	if (frame.len)
		memcpy(copy, frame.at, frame.len);
	check_frame(check, link_type, slice_of(copy, frame.len));
	free(copy);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const int link_types[16] = {0, 1, 1, 1, 12, 14, 101, 101, 101, 108, 113, 228, 229, 276, 276, 105};
	struct slice rest = slice_of(data, size);
	struct check check = {.fragments = fragment_table_new(&limits)};
	demand(check.fragments != NULL);
	while (rest.len >= 3) {
		size_t len = (size_t)rest.at[1] << 8 | rest.at[2];
		int link_type = link_types[rest.at[0] & 15];
		struct slice frame = slice_take(slice_drop(rest, 3), len);
		check_copy(&check, link_type, frame);
		rest = slice_drop(rest, 3 + frame.len);
	}
	struct fragment_counts counts = fragment_table_counts(check.fragments);
	demand(counts.joined + counts.abandoned <= check.pieces);
	fragment_table_free(check.fragments);
	return 0;
}
