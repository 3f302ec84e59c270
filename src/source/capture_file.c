/* A capture file as a source. */
#include "source/capture_file.h"

#include "net/link.h"
#include "source/decompress.h"
#include "source/frame_filter.h"
#include "source/link_type.h"
#include "source/pcapng_reader.h"

#include <errno.h>
#include <pcap/pcap.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

enum { CAPTURE_FILE_ROOM = 64 << 10 };

struct capture_file {
	struct source source; /* first: a source is cast to it */
	FILE *stream;         /* pcapng: read by `pcapng`; NULL: libpcap has it */
	struct pcapng_reader *pcapng;
	pcap_t *pcap;
	uint16_t link_type; /* of all packets of a pcap file; of the last one that is not read, of a pcapng file */
	struct frame_filter *filter; /* NULL: all pass */
	uint64_t number;
	char room[CAPTURE_FILE_ROOM]; /* what the stream is read through */
};

static void capture_file_free(struct source *source)
{
	struct capture_file *file = (struct capture_file *)source;
	frame_filter_free(file->filter);
	pcapng_reader_free(file->pcapng);
	if (file->stream)
		(void)fclose(file->stream);
	if (file->pcap)
		pcap_close(file->pcap);
	free(file);
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

static enum source_result capture_file_read_pcap(struct capture_file *file, struct packet *packet)
{
	struct pcap_pkthdr *header;
	const u_char *bytes;
	int result = pcap_next_ex(file->pcap, &header, &bytes);
	if (result != 1)
		return result == PCAP_ERROR_BREAK ? SOURCE_END : capture_file_stop(file);
	*packet = (struct packet){.time = capture_file_stamp(header),
	    .link_type = file->link_type,
	    .wire_len = header->len,
	    .bytes = slice_of(bytes, header->caplen)};
	return SOURCE_PACKET;
}

/* A file of which nothing can be read is refused by the name of its link type. */
static enum source_result capture_file_end(struct capture_file *file)
{
	if (file->pcapng)
		file->source.counts.dropped = pcapng_reader_dropped(file->pcapng);
	if (!file->source.counts.unread || file->source.counts.packets || file->source.counts.filtered)
		return SOURCE_END;
	link_type_refuse(file->link_type, file->source.why, sizeof file->source.why);
	return SOURCE_FAILED;
}

static enum source_result capture_file_next(struct source *source, struct packet *packet)
{
	struct capture_file *file = (struct capture_file *)source;
	enum source_result result;
	while ((result = file->pcapng ? pcapng_reader_next(file->pcapng, packet, source->why, sizeof source->why)
	                              : capture_file_read_pcap(file, packet)) == SOURCE_PACKET) {
		packet->number = ++file->number;
		if (!link_is_known(packet->link_type)) {
			file->link_type = packet->link_type;
			source->counts.unread++;
			continue;
		}
		if (!file->filter || frame_filter_passes(file->filter, packet)) {
			source->counts.packets++;
			return SOURCE_PACKET;
		}
		if (frame_filter_lacks_memory(file->filter)) {
			snprintf(source->why, sizeof source->why, "no memory");
			return SOURCE_FAILED;
		}
		source->counts.filtered++;
	}
	return result == SOURCE_END ? capture_file_end(file) : result;
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

/* libpcap takes over `stream`, unless it fails. */
static bool capture_file_open_pcap(struct capture_file *file, FILE *stream, char *why, size_t why_size)
{
	char error[PCAP_ERRBUF_SIZE] = "";
	file->pcap = pcap_fopen_offline_with_tstamp_precision(stream, PCAP_TSTAMP_PRECISION_NANO, error);
	if (!file->pcap) {
		snprintf(why, why_size, "%s", ferror(stream) ? capture_file_broken : error);
		(void)fclose(stream);
		return false;
	}
	return link_type_read(file->pcap, &file->link_type, why, why_size);
}

static bool capture_file_open_pcapng(struct capture_file *file, FILE *stream, char *why, size_t why_size)
{
	file->stream = stream;
	file->pcapng = pcapng_reader_new(stream);
	if (!file->pcapng)
		snprintf(why, why_size, "no memory");
	return file->pcapng;
}

/* Of a pcapng file the link types come later: a filter that is wrong is refused now, for the one that most files have.
 */
static bool capture_file_set_filter(struct capture_file *file, const char *filter, char *why, size_t why_size)
{
	if (filter)
		file->filter = frame_filter_new(filter, file->pcapng ? DLT_EN10MB : file->link_type, why, why_size);
	return !filter || file->filter;
}

/* Takes over `stream`. */
static bool capture_file_set_stream(struct capture_file *file, FILE *stream, char *why, size_t why_size)
{
	int first = getc(stream);
	if (first == EOF) {
		snprintf(why, why_size, "%s", ferror(stream) ? capture_file_broken : "is empty");
		(void)fclose(stream);
		return false;
	}
	ungetc(first, stream);
	return first == PCAPNG_FIRST_BYTE ? capture_file_open_pcapng(file, stream, why, why_size)
	                                  : capture_file_open_pcap(file, stream, why, why_size);
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
	    capture_file_set_filter(file, filter, why, why_size))
		return &file->source;
	capture_file_free(&file->source);
	return NULL;
}
