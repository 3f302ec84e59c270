/*
 * The least that a reader of this capture must do: read each packet, and inflate what is compressed. It looks for
 * compressed WebSocket frames where a segment's payload begins, and keeps an inflater for each direction of each
 * connection; it knows nothing else. Prints how much it read and inflated.
 */
#include <inttypes.h>
#include <pcap/pcap.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <uthash.h>
#include <zlib.h>

enum { ETHERNET_HEADER = 14, FLOW_KEY = 12, OUT_SIZE = 1 << 20 };

struct flow {
	uint8_t key[FLOW_KEY]; /* addresses and ports, as they stand in the packet */
	z_stream inflater;
	UT_hash_handle hh;
};

struct floor {
	struct flow *flows;
	uint64_t packets, bytes, inflated;
	uint8_t out[OUT_SIZE], plain[65536];
};

static struct flow *find_flow(struct floor *floor, const uint8_t *key)
{
	struct flow *flow;
	HASH_FIND(hh, floor->flows, key, FLOW_KEY, flow);
	if (flow)
		return flow;
	flow = calloc(1, sizeof *flow);
	if (!flow || inflateInit2(&flow->inflater, -15) != Z_OK)
		exit(2);
	memcpy(flow->key, key, FLOW_KEY);
	HASH_ADD(hh, floor->flows, key, FLOW_KEY, flow);
	return flow;
}

static void drop_flow(struct floor *floor, const uint8_t *key)
{
	struct flow *flow;
	HASH_FIND(hh, floor->flows, key, FLOW_KEY, flow);
	if (!flow)
		return;
	HASH_DEL(floor->flows, flow);
	inflateEnd(&flow->inflater);
	free(flow);
}

/* Both directions: addresses and ports change places. */
static void drop_connection(struct floor *floor, const uint8_t *key)
{
	uint8_t back[FLOW_KEY];
	memcpy(back, key + 4, 4);
	memcpy(back + 4, key, 4);
	memcpy(back + 8, key + 10, 2);
	memcpy(back + 10, key + 8, 2);
	drop_flow(floor, key);
	drop_flow(floor, back);
}

static void inflate_part(struct floor *floor, struct flow *flow, const uint8_t *at, size_t len)
{
	flow->inflater.next_in = (Bytef *)at;
	flow->inflater.avail_in = (uInt)len;
	do {
		flow->inflater.next_out = floor->out;
		flow->inflater.avail_out = OUT_SIZE;
		if (inflate(&flow->inflater, Z_SYNC_FLUSH) < Z_OK)
			return;
		floor->inflated += OUT_SIZE - flow->inflater.avail_out;
	} while (flow->inflater.avail_out == 0);
}

static void inflate_frame(struct floor *floor, const uint8_t *key, const uint8_t *mask, const uint8_t *at, size_t len)
{
	struct flow *flow = find_flow(floor, key);
	for (size_t i = 0; mask && i < len; i++)
		floor->plain[i] = at[i] ^ mask[i & 3];
	inflate_part(floor, flow, mask ? floor->plain : at, len);
	inflate_part(floor, flow, (const uint8_t[]){0, 0, 0xff, 0xff}, 4);
}

/* Goes from frame to frame; gives up at the first thing that is none. */
static void read_frames(struct floor *floor, const uint8_t *key, const uint8_t *at, size_t left)
{
	while (left >= 8 && (at[0] & 0x8f) >= 0x81 && (at[0] & 0x30) == 0) {
		bool masked = at[1] & 0x80;
		size_t len = at[1] & 0x7f, header = 2;
		if (len == 127)
			return;
		if (len == 126) {
			len = (size_t)at[2] << 8 | at[3];
			header = 4;
		}
		size_t total = header + (masked ? 4 : 0) + len;
		if (total > left)
			return;
		if (at[0] & 0x40)
			inflate_frame(floor, key, masked ? at + header : NULL, at + total - len, len);
		at += total;
		left -= total;
	}
}

static void read_packet(struct floor *floor, const uint8_t *bytes, size_t len)
{
	floor->packets++;
	floor->bytes += len;
	if (len < ETHERNET_HEADER + 40 || bytes[ETHERNET_HEADER] >> 4 != 4)
		return;
	const uint8_t *ip = bytes + ETHERNET_HEADER;
	const uint8_t *tcp = ip + (size_t)(ip[0] & 15) * 4;
	size_t headers = ETHERNET_HEADER + (size_t)(ip[0] & 15) * 4 + (size_t)(tcp[12] >> 4) * 4;
	uint8_t key[FLOW_KEY];
	memcpy(key, ip + 12, 8);
	memcpy(key + 8, tcp, 4);
	if (headers < len)
		read_frames(floor, key, bytes + headers, len - headers);
	if (tcp[13] & 5)
		drop_connection(floor, key);
}

int main(int argc, char **argv)
{
	char why[PCAP_ERRBUF_SIZE];
	struct pcap_pkthdr *header;
	const u_char *bytes;
	struct floor *floor = calloc(1, sizeof *floor);
	pcap_t *pcap = floor && argc == 2 ? pcap_open_offline(argv[1], why) : NULL;
	if (!pcap) {
		fprintf(stderr, "floor: %s\n", argc == 2 ? why : "usage: floor FILE");
		free(floor);
		return 2;
	}
	while (pcap_next_ex(pcap, &header, &bytes) == 1)
		read_packet(floor, bytes, header->caplen);
	printf("%" PRIu64 " packets, %" PRIu64 " bytes, %" PRIu64 " bytes inflated\n", floor->packets, floor->bytes,
	    floor->inflated);
	pcap_close(pcap);
	free(floor);
	return 0;
}
