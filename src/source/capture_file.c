/* A capture file as a source. */
#include "source/capture_file.h"

#include "source/decompress.h"
#include "source/link_type.h"

#include <errno.h>
#include <pcap/pcap.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

enum { CAPTURE_FILE_ROOM = 64 << 10 };

struct capture_file {
	struct source source; /* first: a source is cast to it */
	pcap_t *pcap;
	struct bpf_program program;
	bool has_filter;
	uint16_t link_type;
	uint64_t number;
	char room[CAPTURE_FILE_ROOM]; /* what the stream is read through */
};

static void capture_file_free(struct source *source)
{
	struct capture_file *file = (struct capture_file *)source;
	if (file->has_filter)
		pcap_freecode(&file->program);
	if (file->pcap)
		pcap_close(file->pcap);
	free(file);
}

static bool capture_file_passes(const struct capture_file *file, const struct pcap_pkthdr *header, const u_char *bytes)
{
	return !file->has_filter || pcap_offline_filter(&file->program, header, bytes);
}

/* libpcap reads nanoseconds into tv_usec, as it was asked to; and a pcap file's seconds, which have no sign, as if they
 * had one: from 2038 on they come out below zero. */
static timestamp capture_file_stamp(const struct pcap_pkthdr *header)
{
	int64_t seconds = header->ts.tv_sec;
	if (seconds < 0 && seconds >= INT32_MIN)
		seconds = (uint32_t)seconds;
	return timestamp_of(seconds, header->ts.tv_usec);
}

static const char capture_file_broken[] = "the file cannot be read further (damaged, or compressed and cut)";

/* libpcap has no error number for a file that ends too early, only words. */
static enum source_result capture_file_stop(struct capture_file *file)
{
	const char *error = pcap_geterr(file->pcap);
	unsigned long long number = file->number + 1;
	char *why = file->source.why;
	if (ferror(pcap_file(file->pcap))) {
		snprintf(why, sizeof file->source.why, "packet %llu: %s", number, capture_file_broken);
		return SOURCE_CUT;
	}
	if (strstr(error, "truncated")) {
		snprintf(why, sizeof file->source.why, "the capture ends in the middle of packet %llu", number);
		return SOURCE_CUT;
	}
	snprintf(why, sizeof file->source.why, "packet %llu: %s", number, error);
	return SOURCE_FAILED;
}

static enum source_result capture_file_next(struct source *source, struct packet *packet)
{
	struct capture_file *file = (struct capture_file *)source;
	struct pcap_pkthdr *header;
	const u_char *bytes;
	int result;
	while ((result = pcap_next_ex(file->pcap, &header, &bytes)) == 1) {
		file->number++;
		if (!capture_file_passes(file, header, bytes)) {
			source->counts.filtered++;
			continue;
		}
		source->counts.packets++;
		*packet = (struct packet){.time = capture_file_stamp(header),
		    .number = file->number,
		    .link_type = file->link_type,
		    .wire_len = header->len,
		    .bytes = slice_of(bytes, header->caplen)};
		return SOURCE_PACKET;
	}
	return result == PCAP_ERROR_BREAK ? SOURCE_END : capture_file_stop(file);
}

static const struct source_operations capture_file_operations = {.next = capture_file_next, .free = capture_file_free};

/* ---- opening */

static FILE *capture_file_open_stream(const char *path, char *why, size_t why_size)
{
	struct stat status;
	FILE *file = strcmp(path, "-") == 0 ? stdin : fopen(path, "rb");
	if (file && fstat(fileno(file), &status) == 0 && S_ISDIR(status.st_mode)) {
		snprintf(why, why_size, "is a folder");
		(void)fclose(file);
		return NULL;
	}
	if (!file)
		snprintf(why, why_size, "%s", strerror(errno));
	return file;
}

static bool capture_file_set_filter(struct capture_file *file, const char *filter, char *why, size_t why_size)
{
	if (!filter)
		return true;
	if (pcap_compile(file->pcap, &file->program, filter, 1, PCAP_NETMASK_UNKNOWN) != 0) {
		snprintf(why, why_size, "filter '%s': %s", filter, pcap_geterr(file->pcap));
		return false;
	}
	return file->has_filter = true;
}

/* Takes over `stream`. */
static bool capture_file_set_stream(struct capture_file *file, FILE *stream, char *why, size_t why_size)
{
	char error[PCAP_ERRBUF_SIZE] = "";
	int first = getc(stream);
	if (first == EOF) {
		snprintf(why, why_size, "%s", ferror(stream) ? capture_file_broken : "is empty");
		(void)fclose(stream);
		return false;
	}
	ungetc(first, stream);
	file->pcap = pcap_fopen_offline_with_tstamp_precision(stream, PCAP_TSTAMP_PRECISION_NANO, error);
	if (!file->pcap) {
		snprintf(why, why_size, "%s", ferror(stream) ? capture_file_broken : error);
		(void)fclose(stream);
	}
	return file->pcap != NULL;
}

struct source *capture_file_open(const char *path, const char *filter, char *why, size_t why_size)
{
	FILE *stream = capture_file_open_stream(path, why, why_size);
	if (!stream)
		return NULL;
	struct capture_file *file = calloc(1, sizeof *file);
	if (file)
		stream = decompress_open(stream, file->room, sizeof file->room);
	else
		(void)fclose(stream);
	if (!file || !stream) {
		snprintf(why, why_size, "no memory");
		free(file);
		return NULL;
	}
	file->source = (struct source){.operations = &capture_file_operations, .name = path, .ready = -1};
	if (capture_file_set_stream(file, stream, why, why_size) &&
	    link_type_read(file->pcap, &file->link_type, why, why_size) &&
	    capture_file_set_filter(file, filter, why, why_size))
		return &file->source;
	capture_file_free(&file->source);
	return NULL;
}
