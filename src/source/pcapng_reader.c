/* A block is read whole, then looked at. Sections may differ in byte order, and each starts its own list of interfaces.
 */
#include "source/pcapng_reader.h"

#include <inttypes.h>
#include <stdlib.h>

enum block_type {
	BLOCK_SECTION = 0x0a0d0d0a,
	BLOCK_INTERFACE = 1,
	BLOCK_OBSOLETE_PACKET = 2,
	BLOCK_SIMPLE_PACKET = 3,
	BLOCK_STATISTICS = 5,
	BLOCK_ENHANCED_PACKET = 6,
	BLOCK_SECRETS = 10,
};

enum option_code {
	OPTION_END = 0,
	OPTION_TIME_RESOLUTION = 9, /* of an interface (§4.2) */
	OPTION_TIME_OFFSET = 14,
	OPTION_INTERFACE_DROPS = 5, /* of statistics (§4.6) */
	OPTION_SYSTEM_DROPS = 7,
};

enum {
	BLOCK_HEAD = 8, /* type and length */
	BLOCK_TAIL = 4, /* the length once more */
	BLOCK_LEAST = BLOCK_HEAD + BLOCK_TAIL,
	BLOCK_MOST = 16 << 20,     /* libpcap's limit too: a longer one is damage */
	READ_STEP = 1 << 20,       /* a length is believed as far as its bytes are there */
	INTERFACES_MOST = 1 << 16, /* an interface costs the file 20 bytes, and the reader some 50 */
	SECRETS_TLS = 0x544c534b,  /* "TLSK" */
	MAGIC_SAME = 0x1a2b3c4d,
	MAGIC_SWAPPED = 0x4d3c2b1a,
};

struct pcapng_interface {
	uint16_t link_type;
	uint32_t snap_length;  /* 0: none */
	bool ticks_are_binary; /* a tick is 2^-resolution seconds, else 10^-resolution */
	uint8_t resolution;
	int64_t offset; /* seconds to add to each time */
	uint64_t dropped;
};

struct pcapng_reader {
	FILE *stream;
	const struct secrets_sink *secrets;
	bool is_swapped;                     /* the section has the other byte order */
	struct pcapng_interface *interfaces; /* of the section */
	size_t interface_count, interface_room;
	uint64_t dropped; /* in the sections before */
	uint8_t *block;   /* from its first byte to its last */
	size_t block_len, block_room;
	timestamp last; /* of the last packet that has a time: simple packets have none */
	uint64_t packets;
};

struct pcapng_reader *pcapng_reader_new(FILE *stream, const struct secrets_sink *secrets)
{
	struct pcapng_reader *reader = calloc(1, sizeof *reader);
	if (reader)
		*reader = (struct pcapng_reader){.stream = stream, .secrets = secrets};
	return reader;
}

void pcapng_reader_free(struct pcapng_reader *reader)
{
	if (!reader)
		return;
	free(reader->interfaces);
	free(reader->block);
	free(reader);
}

static uint64_t pcapng_sum_drops(const struct pcapng_reader *reader)
{
	uint64_t sum = 0;
	for (size_t i = 0; i < reader->interface_count; i++)
		sum += reader->interfaces[i].dropped;
	return sum;
}

uint64_t pcapng_reader_dropped(const struct pcapng_reader *reader)
{
	return reader->dropped + pcapng_sum_drops(reader);
}

/* ---- numbers and options */

static uint32_t read_32_at(const struct pcapng_reader *reader, const uint8_t *at)
{
	uint32_t number;
	memcpy(&number, at, sizeof number);
	return reader->is_swapped ? __builtin_bswap32(number) : number;
}

static uint16_t read_16_at(const struct pcapng_reader *reader, const uint8_t *at)
{
	uint16_t number;
	memcpy(&number, at, sizeof number);
	return reader->is_swapped ? __builtin_bswap16(number) : number;
}

static uint64_t read_64_at(const struct pcapng_reader *reader, const uint8_t *at)
{
	uint64_t number;
	memcpy(&number, at, sizeof number);
	return reader->is_swapped ? __builtin_bswap64(number) : number;
}

/* Takes the next option off the front of `options` (§3.5). False: there is no more. */
static bool next_option(const struct pcapng_reader *reader, struct slice *options, uint16_t *code, struct slice *value)
{
	if (options->len < 4)
		return false;
	*code = read_16_at(reader, options->at);
	size_t len = read_16_at(reader, options->at + 2);
	*options = slice_drop(*options, 4);
	if (*code == OPTION_END || len > options->len)
		return false;
	*value = slice_take(*options, len);
	*options = slice_drop(*options, (len + 3) & ~(size_t)3);
	return true;
}

/* ---- time */

/* Ticks since the epoch as a point in time. Out of range, as only damaged files are, becomes the nearest. */
static timestamp pcapng_time(const struct pcapng_interface *interface, uint64_t ticks)
{
	unsigned __int128 nanoseconds = ticks;
	if (interface->ticks_are_binary) {
		nanoseconds = nanoseconds * TIMESTAMP_SECOND >>
		              (interface->resolution < 127 ? interface->resolution : 127);
	} else {
		for (unsigned i = interface->resolution; i < 9; i++)
			nanoseconds *= 10;
		for (unsigned i = interface->resolution; i > 9 && nanoseconds; i--)
			nanoseconds /= 10;
	}
	uint64_t seconds = nanoseconds / TIMESTAMP_SECOND > INT64_MAX / 2 ? INT64_MAX / 2
	                                                                  : (uint64_t)(nanoseconds / TIMESTAMP_SECOND);
	int64_t sum;
	if (__builtin_add_overflow((int64_t)seconds, interface->offset, &sum))
		sum = interface->offset < 0 ? INT64_MIN : INT64_MAX;
	return timestamp_of(sum, (int64_t)(nanoseconds % TIMESTAMP_SECOND));
}

/* ---- blocks */

static enum source_result pcapng_cut(const struct pcapng_reader *reader, char *why, size_t why_size)
{
	if (ferror(reader->stream)) {
		snprintf(why, why_size,
		    "packet %" PRIu64 ": the file cannot be read further (damaged, or compressed and cut)",
		    reader->packets + 1);
		return SOURCE_CUT;
	}
	snprintf(why, why_size, "the capture ends in the middle of packet %" PRIu64, reader->packets + 1);
	return SOURCE_CUT;
}

static enum source_result pcapng_fail(const struct pcapng_reader *reader, const char *what, char *why, size_t why_size)
{
	snprintf(why, why_size, "packet %" PRIu64 ": the pcapng file is damaged: %s", reader->packets + 1, what);
	return SOURCE_FAILED;
}

static bool pcapng_reserve(struct pcapng_reader *reader, size_t len)
{
	if (len <= reader->block_room)
		return true;
	size_t room = len < 4096 ? 4096 : len + len / 2;
	uint8_t *block = realloc(reader->block, room);
	if (!block)
		return false;
	reader->block = block;
	reader->block_room = room;
	return true;
}

/* Appends so many bytes of the file to the block, a step at a time. False: the file has fewer. */
static bool pcapng_read(struct pcapng_reader *reader, size_t len)
{
	while (len) {
		size_t step = len < READ_STEP ? len : READ_STEP;
		if (!pcapng_reserve(reader, reader->block_len + step))
			return false;
		size_t got = fread(reader->block + reader->block_len, 1, step, reader->stream);
		reader->block_len += got;
		if (got != step)
			return false;
		len -= step;
	}
	return true;
}

/* A section says its byte order behind its length (§4.1). Reads that far. */
static enum source_result pcapng_learn_order(struct pcapng_reader *reader, char *why, size_t why_size)
{
	uint32_t magic;
	if (!pcapng_read(reader, sizeof magic))
		return pcapng_cut(reader, why, why_size);
	memcpy(&magic, reader->block + BLOCK_HEAD, sizeof magic);
	if (magic != MAGIC_SAME && magic != MAGIC_SWAPPED)
		return pcapng_fail(reader, "a section without byte order", why, why_size);
	reader->is_swapped = magic == MAGIC_SWAPPED;
	return SOURCE_PACKET;
}

/* Reads the next block whole, and checks its two lengths. SOURCE_PACKET: it is there. */
static enum source_result pcapng_next_block(struct pcapng_reader *reader, char *why, size_t why_size)
{
	reader->block_len = 0;
	if (!pcapng_read(reader, BLOCK_HEAD))
		return reader->block_len == 0 && feof(reader->stream) ? SOURCE_END : pcapng_cut(reader, why, why_size);
	/* The type of a section reads the same in both byte orders. */
	if (read_32_at(reader, reader->block) == BLOCK_SECTION) {
		enum source_result result = pcapng_learn_order(reader, why, why_size);
		if (result != SOURCE_PACKET)
			return result;
	}
	uint32_t len = read_32_at(reader, reader->block + 4);
	if (len % 4 || len < BLOCK_LEAST || len < reader->block_len || len > BLOCK_MOST)
		return pcapng_fail(reader, "a block of impossible length", why, why_size);
	if (!pcapng_read(reader, len - reader->block_len))
		return pcapng_cut(reader, why, why_size);
	if (read_32_at(reader, reader->block + len - BLOCK_TAIL) != len)
		return pcapng_fail(reader, "a block whose two lengths differ", why, why_size);
	return SOURCE_PACKET;
}

/* What is between a block's head and tail. */
static struct slice pcapng_body(const struct pcapng_reader *reader)
{
	return slice_of(reader->block + BLOCK_HEAD, reader->block_len - BLOCK_LEAST);
}

/* ---- blocks without packets */

static enum source_result pcapng_begin_section(struct pcapng_reader *reader, char *why, size_t why_size)
{
	struct slice body = pcapng_body(reader);
	if (body.len < 16)
		return pcapng_fail(reader, "a section that is too short", why, why_size);
	if (read_16_at(reader, body.at + 4) != 1)
		return pcapng_fail(reader, "a version of the format other than 1", why, why_size);
	reader->dropped += pcapng_sum_drops(reader);
	reader->interface_count = 0;
	return SOURCE_PACKET;
}

/* A file has LINKTYPE_ values, which differ from this system's DLT_ for raw IP alone of those that are read here. */
static uint16_t pcapng_link_type(uint16_t link_type)
{
	enum { LINKTYPE_RAW = 101, DLT_RAW_HERE = 12 };
	return link_type == LINKTYPE_RAW ? DLT_RAW_HERE : link_type;
}

static bool pcapng_room_for_interface(struct pcapng_reader *reader)
{
	if (reader->interface_count < reader->interface_room)
		return true;
	size_t room = reader->interface_room ? 2 * reader->interface_room : 4;
	struct pcapng_interface *interfaces = realloc(reader->interfaces, room * sizeof *interfaces);
	if (!interfaces)
		return false;
	reader->interfaces = interfaces;
	reader->interface_room = room;
	return true;
}

static enum source_result pcapng_add_interface(struct pcapng_reader *reader, char *why, size_t why_size)
{
	struct slice body = pcapng_body(reader), value;
	uint16_t code;
	if (body.len < 8)
		return pcapng_fail(reader, "an interface that is too short", why, why_size);
	if (reader->interface_count == INTERFACES_MOST || !pcapng_room_for_interface(reader))
		return pcapng_fail(reader, "too many interfaces", why, why_size);
	struct pcapng_interface *interface = &reader->interfaces[reader->interface_count++];
	*interface = (struct pcapng_interface){.link_type = pcapng_link_type(read_16_at(reader, body.at)),
	    .snap_length = read_32_at(reader, body.at + 4),
	    .resolution = 6};
	struct slice options = slice_drop(body, 8);
	while (next_option(reader, &options, &code, &value)) {
		if (code == OPTION_TIME_RESOLUTION && value.len == 1) {
			interface->ticks_are_binary = value.at[0] & 0x80;
			interface->resolution = value.at[0] & 0x7f;
		} else if (code == OPTION_TIME_OFFSET && value.len == 8) {
			interface->offset = (int64_t)read_64_at(reader, value.at);
		}
	}
	return SOURCE_PACKET;
}

/* Statistics are sums since the interface was opened: the last ones hold. */
static void pcapng_note_statistics(struct pcapng_reader *reader)
{
	struct slice body = pcapng_body(reader), value;
	uint16_t code;
	uint64_t dropped = 0;
	if (body.len < 12 || read_32_at(reader, body.at) >= reader->interface_count)
		return;
	struct slice options = slice_drop(body, 12);
	while (next_option(reader, &options, &code, &value))
		if ((code == OPTION_INTERFACE_DROPS || code == OPTION_SYSTEM_DROPS) && value.len == 8)
			dropped += read_64_at(reader, value.at);
	reader->interfaces[read_32_at(reader, body.at)].dropped = dropped;
}

/* Decryption Secrets (§4.7): a type, a length, and so many bytes. */
static void pcapng_give_secrets(const struct pcapng_reader *reader)
{
	struct slice body = pcapng_body(reader);
	if (!reader->secrets || body.len < 8 || read_32_at(reader, body.at) != SECRETS_TLS)
		return;
	size_t len = read_32_at(reader, body.at + 4);
	reader->secrets->take(reader->secrets->self, slice_take(slice_drop(body, 8), len));
}

/* ---- blocks with a packet */

/* Where a block's packet begins and what is before it. */
struct packet_head {
	uint32_t interface;
	uint64_t ticks;
	bool has_time;
	uint32_t captured, wire;
	size_t size; /* of the head */
};

static bool pcapng_read_head(
    const struct pcapng_reader *reader, uint32_t type, struct slice body, struct packet_head *head)
{
	if (body.len < (type == BLOCK_SIMPLE_PACKET ? 4U : 20U))
		return false;
	if (type == BLOCK_SIMPLE_PACKET) {
		uint32_t snap = reader->interface_count ? reader->interfaces[0].snap_length : 0;
		uint32_t wire = read_32_at(reader, body.at);
		uint32_t room = (uint32_t)body.len - 4;
		*head = (struct packet_head){.captured = wire, .wire = wire, .size = 4};
		head->captured = snap && snap < head->captured ? snap : head->captured;
		head->captured = room < head->captured ? room : head->captured;
		return true;
	}
	*head = (struct packet_head){
	    .interface = type == BLOCK_ENHANCED_PACKET ? read_32_at(reader, body.at) : read_16_at(reader, body.at),
	    .ticks = (uint64_t)read_32_at(reader, body.at + 4) << 32 | read_32_at(reader, body.at + 8),
	    .has_time = true,
	    .captured = read_32_at(reader, body.at + 12),
	    .wire = read_32_at(reader, body.at + 16),
	    .size = 20};
	return head->captured <= body.len - head->size;
}

static enum source_result pcapng_give_packet(
    struct pcapng_reader *reader, uint32_t type, struct packet *packet, char *why, size_t why_size)
{
	struct slice body = pcapng_body(reader);
	struct packet_head head;
	if (!pcapng_read_head(reader, type, body, &head))
		return pcapng_fail(reader, "a packet that is longer than its block", why, why_size);
	if (head.interface >= reader->interface_count)
		return pcapng_fail(reader, "a packet of an interface that the file does not describe", why, why_size);
	const struct pcapng_interface *interface = &reader->interfaces[head.interface];
	if (head.has_time)
		reader->last = pcapng_time(interface, head.ticks);
	reader->packets++;
	*packet = (struct packet){.time = reader->last,
	    .link_type = interface->link_type,
	    .wire_len = head.wire > head.captured ? head.wire : head.captured,
	    .bytes = slice_of(body.at + head.size, head.captured)};
	return SOURCE_PACKET;
}

enum source_result pcapng_reader_next(struct pcapng_reader *reader, struct packet *packet, char *why, size_t why_size)
{
	enum source_result result;
	while ((result = pcapng_next_block(reader, why, why_size)) == SOURCE_PACKET) {
		uint32_t type = read_32_at(reader, reader->block);
		switch (type) {
		case BLOCK_ENHANCED_PACKET:
		case BLOCK_SIMPLE_PACKET:
		case BLOCK_OBSOLETE_PACKET:
			return pcapng_give_packet(reader, type, packet, why, why_size);
		case BLOCK_SECTION:
			result = pcapng_begin_section(reader, why, why_size);
			break;
		case BLOCK_INTERFACE:
			result = pcapng_add_interface(reader, why, why_size);
			break;
		case BLOCK_STATISTICS:
			pcapng_note_statistics(reader);
			break;
		case BLOCK_SECRETS:
			pcapng_give_secrets(reader);
			break;
		default: /* names, custom blocks: nothing of packets (§3.1: readers skip them) */
			break;
		}
		if (result != SOURCE_PACKET)
			return result;
	}
	return result;
}
