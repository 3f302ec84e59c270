/* Capture files, HAR files and servers' logs, decompressed on the way. */
#include "base/bytes.h"
#include "base/json.h"
#include "net/headers.h"
#include "net/link.h"
#include "platform/system.h"
#include "source/ahead.h"
#include "source/frame_filter.h"
#include "source/har.h"
#include "source/log_file.h"
#include "source/pcapng_reader.h"
#include "source/source.h"

#include <errno.h>
#include <pcap/pcap.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <unistd.h>
#include <zlib.h>
#include <zstd.h>

/* ---- decompression: gzip and zstd, recognised by their magic numbers, behind a stdio stream */

enum { DECOMPRESS_INPUT = 64 << 10, DECOMPRESS_MAGIC = 4 };

enum decompress_form { FORM_PLAIN, FORM_GZIP, FORM_ZSTD };

struct decompress {
	FILE *file;
	struct ahead *ahead; /* of a pipe that is not to be waited for, uncompressed; else NULL */
	enum decompress_form form;
	z_stream zlib;
	ZSTD_DStream *zstd;
	uint8_t *input;
	size_t at, len; /* of `input`, what has not been used */
	bool ended;     /* a whole compressed stream was read; another may follow */
	bool broken;    /* what follows cannot be read */
	int error;      /* of the file itself; 0: none */
};

/* One read as far as there is room: whatever a pipe holds, without waiting for more. */
static bool decompress_read_more(struct decompress *decompress)
{
	ssize_t len;
	do
		len = read(
		    fileno(decompress->file), decompress->input + decompress->len, DECOMPRESS_INPUT - decompress->len);
	while (len < 0 && errno == EINTR);
	decompress->error = len < 0 ? errno : 0;
	decompress->len += len > 0 ? (size_t)len : 0;
	return len > 0;
}

static bool decompress_fill(struct decompress *decompress)
{
	if (decompress->at < decompress->len)
		return true;
	decompress->at = decompress->len = 0;
	return decompress_read_more(decompress);
}

static ssize_t decompress_read_plain(struct decompress *decompress, char *out, size_t room)
{
	size_t len = decompress->len - decompress->at;
	len = len < room ? len : room;
	memcpy(out, decompress->input + decompress->at, len);
	decompress->at += len;
	return (ssize_t)len;
}

/* Nothing is read beyond this. What came out before it is given; where nothing did, the stream before it is ended. */
static size_t decompress_break(struct decompress *decompress, size_t produced)
{
	decompress->broken = true;
	decompress->ended = decompress->ended && !produced;
	return produced;
}

/* One step; how many bytes came out. */
static size_t decompress_step_gzip(struct decompress *decompress, char *out, size_t room)
{
	z_stream *zlib = &decompress->zlib;
	if (decompress->ended)
		inflateReset(zlib);
	zlib->next_in = decompress->input + decompress->at;
	zlib->avail_in = (uInt)(decompress->len - decompress->at);
	zlib->next_out = (Bytef *)out;
	zlib->avail_out = (uInt)room;
	int result = inflate(zlib, Z_NO_FLUSH);
	if (result != Z_OK && result != Z_STREAM_END && result != Z_BUF_ERROR)
		return decompress_break(decompress, room - zlib->avail_out);
	decompress->at = decompress->len - zlib->avail_in;
	decompress->ended = result == Z_STREAM_END;
	return room - zlib->avail_out;
}

static size_t decompress_step_zstd(struct decompress *decompress, char *out, size_t room)
{
	ZSTD_inBuffer in = {decompress->input, decompress->len, decompress->at};
	ZSTD_outBuffer step = {out, room, 0};
	size_t result = ZSTD_decompressStream(decompress->zstd, &step, &in);
	if (ZSTD_isError(result))
		return decompress_break(decompress, step.pos);
	decompress->at = in.pos;
	decompress->ended = result == 0;
	return step.pos;
}

/* 0 is a good end. Bytes behind a whole stream that begin no other one are padding, as gzip(1) has it. */
static ssize_t decompress_stop(const struct decompress *decompress)
{
	if ((decompress->ended || decompress->form == FORM_PLAIN) && !decompress->error)
		return 0;
	errno = EBADMSG;
	return -1;
}

static ssize_t decompress_read(void *cookie, char *out, size_t room)
{
	struct decompress *decompress = cookie;
	if (decompress->ahead)
		return ahead_read(decompress->ahead, out, room);
	while (!decompress->broken && decompress_fill(decompress)) {
		if (decompress->form == FORM_PLAIN)
			return decompress_read_plain(decompress, out, room);
		size_t len = decompress->form == FORM_GZIP ? decompress_step_gzip(decompress, out, room)
		                                           : decompress_step_zstd(decompress, out, room);
		if (len)
			return (ssize_t)len;
	}
	return decompress_stop(decompress);
}

static int decompress_close(void *cookie)
{
	struct decompress *decompress = cookie;
	if (decompress->form == FORM_GZIP)
		inflateEnd(&decompress->zlib);
	ZSTD_freeDStream(decompress->zstd);
	ahead_free(decompress->ahead);
	int result = decompress->file ? fclose(decompress->file) : 0;
	free(decompress->input);
	free(decompress);
	return result;
}

static enum decompress_form decompress_recognise(struct slice start)
{
	static const uint8_t gzip[] = {0x1f, 0x8b}, zstd[] = {0x28, 0xb5, 0x2f, 0xfd};
	if (slice_starts_with(start, slice_of(gzip, sizeof gzip)))
		return FORM_GZIP;
	return slice_starts_with(start, slice_of(zstd, sizeof zstd)) ? FORM_ZSTD : FORM_PLAIN;
}

static bool decompress_begin(struct decompress *decompress)
{
	while (decompress->len < DECOMPRESS_MAGIC && decompress_read_more(decompress))
		;
	enum decompress_form form = decompress_recognise(slice_of(decompress->input, decompress->len));
	if (form == FORM_GZIP && inflateInit2(&decompress->zlib, 31) != Z_OK)
		return false;
	if (form == FORM_ZSTD && !(decompress->zstd = ZSTD_createDStream()))
		return false;
	decompress->form = form;
	return true;
}

/* A compressed pipe is waited for: what its next bytes hold is not known before they are there. */
static bool decompress_read_ahead(struct decompress *decompress, struct budget *budget, struct ahead **ahead)
{
	if (decompress->form != FORM_PLAIN)
		return true;
	*ahead = decompress->ahead = ahead_new(
	    fileno(decompress->file), slice_of(decompress->input, decompress->len), budget);
	return *ahead;
}

static FILE *decompress_wrap(FILE *file, struct budget *budget, struct ahead **ahead)
{
	struct decompress *decompress = calloc(1, sizeof *decompress);
	uint8_t *input = malloc(DECOMPRESS_INPUT);
	if (!decompress || !input) {
		free(decompress);
		free(input);
		(void)fclose(file);
		return NULL;
	}
	*decompress = (struct decompress){.file = file, .input = input};
	const struct platform_stream functions = {
	    .read = decompress_read, .close = decompress_close, .self = decompress};
	bool good = decompress_begin(decompress) && (!ahead || decompress_read_ahead(decompress, budget, ahead));
	FILE *stream = good ? platform_open_stream(functions) : NULL;
	if (!stream)
		decompress_close(decompress);
	return stream;
}

/* A plain file that can be sought needs nothing between it and its reader. Nothing is taken from it here. */
static bool decompress_is_needless(FILE *file)
{
	uint8_t start[DECOMPRESS_MAGIC];
	off_t at = lseek(fileno(file), 0, SEEK_CUR);
	ssize_t len = at < 0 ? -1 : pread(fileno(file), start, sizeof start, at);
	return len >= 0 && decompress_recognise(slice_of(start, (size_t)len)) == FORM_PLAIN;
}

/* Looks at the first bytes of `file`, of which nothing has been read, and returns a stream of the plain bytes, which
 * owns `file`: `file` itself when it is not compressed (and can be sought), else a stream that undoes gzip or zstd on
 * the way, where what is broken or ends too early is a read error. The stream reads through `room`, `size` bytes that
 * are there until it is closed. Where `ahead` is not NULL a pipe is read through one, which the stream owns. NULL: no
 * memory; `file` is then closed. */
static FILE *decompress_open(FILE *file, char *room, size_t size, struct budget *budget, struct ahead **ahead)
{
	FILE *stream = decompress_is_needless(file) ? file : decompress_wrap(file, budget, ahead);
	if (stream)
		setvbuf(stream, room, _IOFBF, size);
	return stream;
}

/* ---- the file */

enum { CAPTURE_FILE_ROOM = 64 << 10 };

struct capture_file {
	struct source source; /* first: a source is cast to it */
	FILE *stream;         /* before it is begun; then read by `pcapng`, `har` or `log`; NULL: libpcap has it */
	struct pcapng_reader *pcapng;
	struct har *har;
	struct log_file *log;
	struct ahead *ahead; /* of a pipe that is not to be waited for; the stream's */
	pcap_t *pcap;
	uint16_t link_type; /* of all packets of a pcap file; of the last one that is not read, of a pcapng file */
	struct frame_filter *filter; /* NULL: all pass */
	uint64_t number;
	struct limits limits;         /* where the source has none */
	char room[CAPTURE_FILE_ROOM]; /* what the stream is read through */
};

static void capture_file_free(struct source *source)
{
	struct capture_file *file = (struct capture_file *)source;
	frame_filter_free(file->filter);
	pcapng_reader_free(file->pcapng);
	har_free(file->har);
	log_file_free(file->log);
	if (file->stream)
		(void)fclose(file->stream);
	if (file->pcap)
		pcap_close(file->pcap);
	free(file);
}

/* libpcap reads nanoseconds into tv_usec, as it was asked to; and a pcap file's seconds, which have no sign, as if they
 * had one: from 2038 on they come out below zero. */
static timestamp capture_file_timestamp(const struct pcap_pkthdr *header)
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
	*packet = (struct packet){.time = capture_file_timestamp(header),
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

static enum source_result capture_file_next_step(struct capture_file *file, struct packet *packet)
{
	struct source *source = &file->source;
	enum source_result result = har_next(file->har, packet, source->why, sizeof source->why);
	const struct har_counts *counts = har_counts(file->har);
	source->counts.packets = source->counts.entries = counts->entries;
	source->counts.unread_entries = counts->unread;
	source->counts.unread_url = counts->unread_url;
	source->counts.hits[LIMIT_ENTRY] = counts->too_long;
	source->counts.hits[LIMIT_ORDERED] = counts->late;
	source->counts.hits[LIMIT_HOSTS] = har_other_hosts(file->har);
	return result;
}

static enum source_result capture_file_next_line(struct capture_file *file, struct packet *packet)
{
	struct source *source = &file->source;
	enum source_result result = log_file_next(file->log, packet, source->why, sizeof source->why);
	source->counts.log = *log_file_counts(file->log);
	source->counts.packets = source->counts.log.lines;
	source->counts.hits[LIMIT_LOG_LINE] = source->counts.log.too_long;
	source->counts.hits[LIMIT_LOG_START] = source->counts.log.is_unknown;
	return result;
}

static enum source_result capture_file_next(struct source *source, struct packet *packet)
{
	struct capture_file *file = (struct capture_file *)source;
	enum source_result result;
	if (file->ahead && !ahead_has_packet(file->ahead))
		return SOURCE_IDLE;
	if (file->har)
		return capture_file_next_step(file, packet);
	if (file->log)
		return capture_file_next_line(file, packet);
	while ((result = file->pcapng ? pcapng_reader_next(file->pcapng, packet, source->why, sizeof source->why)
	                              : capture_file_read_pcap(file, packet)) == SOURCE_PACKET) {
		packet->number = ++file->number;
		if (!link_is_known(packet->link_type)) {
			file->link_type = packet->link_type;
			source->counts.unread++;
			if (file->ahead && !ahead_has_packet(file->ahead))
				return SOURCE_IDLE;
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
		source->counts.filter_word = frame_filter_missing_word(file->filter);
		if (file->ahead && !ahead_has_packet(file->ahead))
			return SOURCE_IDLE;
	}
	return result == SOURCE_END ? capture_file_end(file) : result;
}

static const struct source_operations capture_file_operations = {.next = capture_file_next, .free = capture_file_free};

/* ---- opening */

FILE *capture_file_open_stream(const char *path, char *why, size_t why_size)
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

/* Secrets may stand anywhere in a file, also behind the packets that need them: one that can be read twice is. */
static void capture_file_read_ahead(struct capture_file *file, FILE *stream)
{
	struct packet packet;
	char why[256];
	struct pcapng_reader *reader = pcapng_reader_new(stream, file->source.secrets);
	while (reader && pcapng_reader_next(reader, &packet, why, sizeof why) == SOURCE_PACKET)
		;
	pcapng_reader_free(reader);
	rewind(stream);
}

static bool capture_file_open_pcapng(struct capture_file *file, FILE *stream, char *why, size_t why_size)
{
	file->stream = stream;
	file->source.may_bring_secrets = fseeko(stream, 0, SEEK_CUR) != 0;
	if (file->source.secrets && !file->source.may_bring_secrets)
		capture_file_read_ahead(file, stream);
	file->pcapng = pcapng_reader_new(stream, file->source.secrets);
	if (!file->pcapng)
		snprintf(why, why_size, "no memory");
	return file->pcapng;
}

static bool capture_file_open_har(struct capture_file *file, FILE *stream, char *why, size_t why_size)
{
	file->stream = stream;
	if (file->filter) {
		snprintf(why, why_size, "is a HAR file, whose entries a filter of packets cannot choose: leave it out");
		return false;
	}
	file->har = har_open(stream, file->source.limits, file->source.budget, why, why_size);
	if (file->har) {
		file->source.recorder = har_recorder_name(file->har);
		file->source.counts.unrecorded = har_leaves_out_websockets(file->har);
	}
	return file->har;
}

/* So many lines of the file were passed over. */
static bool capture_file_open_log(struct capture_file *file, FILE *stream, uint64_t lines, char *why, size_t why_size)
{
	file->stream = stream;
	if (file->filter) {
		snprintf(
		    why, why_size, "is a server's log, whose lines a filter of packets cannot choose: leave it out");
		return false;
	}
	file->log = log_file_open(stream, &file->source, lines, why, why_size);
	if (file->log) {
		file->source.logger = log_file_software(file->log);
		file->source.counts.log = *log_file_counts(file->log);
	}
	return file->log;
}

/* The bytes that come next, which are put back: the C library keeps those of its own buffer. */
static struct slice capture_file_peek(FILE *stream, uint8_t *start, size_t size)
{
	size_t len = fread(start, 1, size, stream);
	for (size_t i = len; i--;)
		ungetc(start[i], stream);
	return slice_of(start, len);
}

/* Does it begin as text does? Of a capture, which may come packet by packet through a pipe, two bytes say that it is
 * none: pcap's magic numbers, in either order of bytes, and pcapng's (draft-ietf-opsawg-pcap, pcapng). */
static bool capture_file_is_log(FILE *stream)
{
	static const uint8_t magic[][2] = {
	    {0xa1, 0xb2}, {0xd4, 0xc3}, {0x4d, 0x3c}, {0x34, 0xcd}, {PCAPNG_FIRST_BYTE, '\r'}};
	uint8_t start[LOG_FILE_START];
	struct slice two = capture_file_peek(stream, start, 2);
	for (size_t i = 0; i < sizeof magic / sizeof *magic; i++)
		if (slice_equals(two, slice_of(magic[i], 2)))
			return false;
	return log_file_is_log(capture_file_peek(stream, start, sizeof start));
}

/* Passes over what may come before JSON or text: a byte order mark of UTF-8, and white space, whose lines are counted.
 * A line feed alone decides nothing: a pcapng file begins with one, and a carriage return behind it. Returns the first
 * byte that is left, or EOF.
 */
static int capture_file_pass_space(FILE *stream, uint64_t *lines)
{
	int first = getc(stream), second;
	*lines = 0;
	if (first == 0xef)
		first = getc(stream) == 0xbb && getc(stream) == 0xbf ? getc(stream) : EOF;
	while (first != EOF && json_is_space((uint8_t)first)) {
		second = getc(stream);
		if (first == PCAPNG_FIRST_BYTE && second == '\r') {
			ungetc(second, stream);
			break;
		}
		*lines += first == '\n';
		first = second;
	}
	if (first != EOF)
		ungetc(first, stream);
	return first;
}

/* Takes over `stream`. */
static bool capture_file_set_stream(struct capture_file *file, FILE *stream, char *why, size_t why_size)
{
	uint64_t lines;
	int first = capture_file_pass_space(stream, &lines);
	if (first == EOF) {
		snprintf(why, why_size, "%s", ferror(stream) ? capture_file_broken : "is empty");
		(void)fclose(stream);
		return false;
	}
	if (capture_file_is_log(stream))
		return capture_file_open_log(file, stream, lines, why, why_size);
	if (first == HAR_FIRST_BYTE)
		return capture_file_open_har(file, stream, why, why_size);
	return first == PCAPNG_FIRST_BYTE ? capture_file_open_pcapng(file, stream, why, why_size)
	                                  : capture_file_open_pcap(file, stream, why, why_size);
}

struct source *capture_file_prepare(FILE *stream, const char *name, const char *filter, char *why, size_t why_size)
{
	struct capture_file *file = calloc(1, sizeof *file);
	if (!file) {
		snprintf(why, why_size, "no memory");
		(void)fclose(stream);
		return NULL;
	}
	file->source = (struct source){.operations = &capture_file_operations, .name = name, .ready = -1};
	file->stream = stream;
	if (!filter || (file->filter = frame_filter_new_for_all(filter, why, why_size)))
		return &file->source;
	capture_file_free(&file->source);
	return NULL;
}

/* Of a pcapng file the link types come later: a filter that is wrong is refused now, for the one that most files have.
 */
bool capture_file_begin(struct source *source, char *why, size_t why_size)
{
	struct capture_file *file = (struct capture_file *)source;
	file->limits = limits_default();
	source->limits = source->limits ? source->limits : &file->limits;
	int pipe = fileno(file->stream);
	FILE *stream = decompress_open(
	    file->stream, file->room, sizeof file->room, source->budget, source->waits_not ? &file->ahead : NULL);
	source->ready = file->ahead ? pipe : -1;
	file->stream = NULL;
	if (!stream) {
		snprintf(why, why_size, "no memory");
		return false;
	}
	return capture_file_set_stream(file, stream, why, why_size) &&
	       (!file->filter ||
	           frame_filter_check(file->filter, file->pcapng ? DLT_EN10MB : file->link_type, why, why_size));
}

struct source *capture_file_open(const char *path, const char *filter, char *why, size_t why_size)
{
	FILE *stream = capture_file_open_stream(path, why, why_size);
	struct source *source = stream ? capture_file_prepare(stream, path, filter, why, why_size) : NULL;
	if (!source || capture_file_begin(source, why, why_size))
		return source;
	source_free(source);
	return NULL;
}
