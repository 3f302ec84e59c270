/* libpcap's compiler and its machine. A program holds for one link type: each is compiled when its first frame comes.
 */
#include "source/frame_filter.h"

#include "net/headers.h"
#include "net/link.h"

#include <pcap/pcap.h>
#include <stdio.h>
#include <stdlib.h>

enum {
	FRAME_FILTER_SNAP = 262144,
	FRAME_FILTER_LINKS = 24, /* more than link_is_known has */
	FRAME_FILTER_ETHERNET = 1,
};

struct filter_program {
	int link_type;
	bool is_compiled; /* false: the words mean nothing on this link */
	struct bpf_program code;
};

struct frame_filter {
	char *words;
	bool lacks_memory;
	const char *word; /* that lets the words look behind what a frame has before its IP packet; NULL: none */
	size_t count;
	struct filter_program programs[FRAME_FILTER_LINKS];
};

/* By the handle of a capture file without packets: there the compiler refuses what only a live capture knows (inbound),
 * and takes LINKTYPE_ numbers as well as this system's DLT_. NULL: no memory. */
static struct filter_program *frame_filter_compile(
    struct frame_filter *filter, int link_type, char error[PCAP_ERRBUF_SIZE])
{
	struct pcap_file_header empty = {.magic = 0xa1b2c3d4,
	    .version_major = PCAP_VERSION_MAJOR,
	    .version_minor = PCAP_VERSION_MINOR,
	    .snaplen = FRAME_FILTER_SNAP,
	    .linktype = (bpf_u_int32)link_type};
	FILE *file = fmemopen(&empty, sizeof empty, "rb");
	pcap_t *handle = file ? pcap_fopen_offline(file, error) : NULL;
	if (!handle) {
		if (file)
			(void)fclose(file);
		filter->lacks_memory = true;
		return NULL;
	}
	struct filter_program *program = &filter->programs[filter->count++];
	program->link_type = link_type;
	program->is_compiled = pcap_compile(handle, &program->code, filter->words, 1, PCAP_NETMASK_UNKNOWN) == 0;
	if (!program->is_compiled)
		snprintf(error, PCAP_ERRBUF_SIZE, "%s", pcap_geterr(handle));
	pcap_close(handle);
	return program;
}

void frame_filter_free(struct frame_filter *filter)
{
	if (!filter)
		return;
	for (size_t i = 0; i < filter->count; i++)
		if (filter->programs[i].is_compiled)
			pcap_freecode(&filter->programs[i].code);
	free(filter->words);
	free(filter);
}

bool frame_filter_lacks_memory(const struct frame_filter *filter)
{
	return filter->lacks_memory;
}

static const struct filter_program *frame_filter_find(
    struct frame_filter *filter, int link_type, char error[PCAP_ERRBUF_SIZE])
{
	for (size_t i = 0; i < filter->count; i++)
		if (filter->programs[i].link_type == link_type)
			return &filter->programs[i];
	return filter->count < FRAME_FILTER_LINKS ? frame_filter_compile(filter, link_type, error) : NULL;
}

bool frame_filter_check(struct frame_filter *filter, int link_type, char *why, size_t why_size)
{
	char error[PCAP_ERRBUF_SIZE] = "no memory";
	const struct filter_program *program = frame_filter_find(
	    filter, link_is_wrapper(link_type) ? FRAME_FILTER_ETHERNET : link_type, error);
	if (program && program->is_compiled)
		return true;
	snprintf(why, why_size, "filter '%s': %s", filter->words, error);
	return false;
}

struct frame_filter *frame_filter_new(const char *words, int link_type, char *why, size_t why_size)
{
	struct frame_filter *filter = calloc(1, sizeof *filter);
	if (filter && (filter->words = strdup(words)) && frame_filter_check(filter, link_type, why, why_size))
		return filter;
	if (!filter || !filter->words)
		snprintf(why, why_size, "filter '%s': no memory", words);
	frame_filter_free(filter);
	return NULL;
}

/* What does not compile is tried again when it is needed: then there is a caller who gets the reason. */
struct frame_filter *frame_filter_new_for_all(const char *words, char *why, size_t why_size)
{
	char error[PCAP_ERRBUF_SIZE];
	struct frame_filter *filter = calloc(1, sizeof *filter);
	if (!filter || !(filter->words = strdup(words))) {
		snprintf(why, why_size, "filter '%s': no memory", words);
		frame_filter_free(filter);
		return NULL;
	}
	for (int type = 0; type <= UINT8_MAX * 2 && filter->count < FRAME_FILTER_LINKS; type++) {
		const struct filter_program *program = link_is_known(type) && !link_is_wrapper(type)
		                                           ? frame_filter_compile(filter, type, error)
		                                           : NULL;
		if (program && !program->is_compiled)
			filter->count--;
	}
	return filter;
}

bool frame_filter_passes(struct frame_filter *filter, const struct packet *packet)
{
	char error[PCAP_ERRBUF_SIZE];
	int link_type = packet->link_type;
	struct slice frame = packet->bytes;
	if (link_is_wrapper(link_type) && !link_unwrap(&link_type, &frame))
		return false;
	size_t header = packet->bytes.len - frame.len;
	const struct pcap_pkthdr about = {
	    .caplen = (uint32_t)frame.len, .len = packet->wire_len > header ? packet->wire_len - (uint32_t)header : 0};
	const struct filter_program *program = link_is_known(link_type) ? frame_filter_find(filter, link_type, error)
	                                                                : NULL;
	if (program && program->is_compiled && pcap_offline_filter(&program->code, &about, frame.at) != 0)
		return true;
	if (!filter->word)
		filter->word = link_filter_word(link_type, frame);
	return false;
}

const char *frame_filter_missing_word(const struct frame_filter *filter)
{
	return filter->word;
}

/* ---- link types: known, or refused by name before the first packet */

void link_type_refuse(int type, char *why, size_t why_size)
{
	const char *name = pcap_datalink_val_to_name(type), *words = pcap_datalink_val_to_description(type);
	snprintf(why, why_size,
	    "link type %d%s%s%s%s is not read (Ethernet, Linux cooked, raw IP, BSD loopback, PPP, Cisco HDLC, PKTAP "
	    "and NFLOG are)",
	    type, name ? " " : "", name ? name : "", words ? ", " : "", words ? words : "");
}

bool link_type_read(struct pcap *pcap, uint16_t *link_type, char *why, size_t why_size)
{
	int type = pcap_datalink(pcap);
	*link_type = (uint16_t)type;
	if (link_is_known(type))
		return true;
	link_type_refuse(type, why, why_size);
	return false;
}
