/* libpcap's compiler and its machine. */
#include "source/frame_filter.h"

#include <pcap/pcap.h>
#include <stdio.h>
#include <stdlib.h>

enum { FRAME_FILTER_SNAP = 262144 };

struct frame_filter {
	struct bpf_program program;
	bool is_compiled;
};

struct frame_filter *frame_filter_new(const char *words, int link_type, char *why, size_t why_size)
{
	struct frame_filter *filter = calloc(1, sizeof *filter);
	pcap_t *dead = pcap_open_dead(link_type, FRAME_FILTER_SNAP);
	if (filter && dead)
		filter->is_compiled = pcap_compile(dead, &filter->program, words, 1, PCAP_NETMASK_UNKNOWN) == 0;
	if (!filter || !filter->is_compiled) {
		snprintf(why, why_size, "filter '%s': %s", words, dead ? pcap_geterr(dead) : "no memory");
		frame_filter_free(filter);
		filter = NULL;
	}
	if (dead)
		pcap_close(dead);
	return filter;
}

void frame_filter_free(struct frame_filter *filter)
{
	if (!filter)
		return;
	if (filter->is_compiled)
		pcap_freecode(&filter->program);
	free(filter);
}

bool frame_filter_passes(const struct frame_filter *filter, const struct packet *packet)
{
	const struct pcap_pkthdr header = {.caplen = (uint32_t)packet->bytes.len, .len = packet->wire_len};
	return pcap_offline_filter(&filter->program, &header, packet->bytes.at) != 0;
}
