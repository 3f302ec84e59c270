/*
 * pcap (libpcap's pcap-savefile(5)) and pcapng (draft-ietf-opsawg-pcapng) as far as it takes to know where a record
 * ends: the readers themselves are libpcap and pcapng_reader.
 */
#include "source/ahead.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <unistd.h>

enum {
	AHEAD_READ = 64 << 10,
	AHEAD_MOST = 64 << 20, /* a record, or a file without records, that is longer is waited for */
	PCAP_FILE_HEADER = 24,
	PCAP_RECORD_HEADER = 16,
	PCAP_CAPTURED = 8, /* where the length is */
	BLOCK_HEADER = 12, /* of pcapng: type, length, and of a section its byte-order magic */
	BLOCK_LEAST = 12,
	BLOCK_OLD_PACKET = 2,
	BLOCK_SIMPLE_PACKET = 3,
	BLOCK_ENHANCED_PACKET = 6,
};

enum ahead_form { AHEAD_UNKNOWN, AHEAD_PCAP, AHEAD_PCAPNG, AHEAD_OTHER };

struct ahead {
	int file;
	struct budget *budget;
	uint8_t *bytes; /* owned */
	size_t at, len, room;
	size_t left; /* of the record that is being given */
	enum ahead_form form;
	bool begun;  /* something was given */
	bool little; /* the numbers of the file, or of the section */
	bool over;   /* nothing more comes */
	int error;   /* why not; 0: it is the end */
};

struct ahead *ahead_new(int file, struct slice start, struct budget *budget)
{
	struct ahead *ahead = budget_new(budget, sizeof *ahead);
	if (!ahead)
		return NULL;
	*ahead = (struct ahead){.file = file, .budget = budget, .room = start.len + AHEAD_READ};
	ahead->bytes = budget_new(budget, ahead->room);
	if (!ahead->bytes) {
		budget_release(ahead);
		return NULL;
	}
	memcpy(ahead->bytes, start.at, start.len);
	ahead->len = start.len;
	return ahead;
}

void ahead_free(struct ahead *ahead)
{
	if (ahead)
		budget_release(ahead->bytes);
	budget_release(ahead);
}

/* ---- bytes */

static bool ahead_make_room(struct ahead *ahead)
{
	if (ahead->at && ahead->room - ahead->len < AHEAD_READ) {
		memmove(ahead->bytes, ahead->bytes + ahead->at, ahead->len - ahead->at);
		ahead->len -= ahead->at;
		ahead->at = 0;
	}
	if (ahead->room - ahead->len >= AHEAD_READ)
		return true;
	uint8_t *grown = budget_resize(ahead->budget, ahead->bytes, ahead->room * 2);
	if (!grown)
		return false;
	ahead->bytes = grown;
	ahead->room *= 2;
	return true;
}

/* One read; it waits where nothing is there. */
static void ahead_fill(struct ahead *ahead)
{
	ssize_t len = -1;
	errno = ENOMEM;
	if (ahead_make_room(ahead))
		do
			len = read(ahead->file, ahead->bytes + ahead->len, ahead->room - ahead->len);
		while (len < 0 && errno == EINTR);
	ahead->error = len < 0 ? errno : 0;
	ahead->over = len <= 0;
	ahead->len += len > 0 ? (size_t)len : 0;
}

static bool ahead_is_readable(const struct ahead *ahead)
{
	struct pollfd polled = {.fd = ahead->file, .events = POLLIN};
	return poll(&polled, 1, 0) == 1;
}

/* ---- records */

static uint32_t ahead_number(const struct ahead *ahead, const uint8_t *at)
{
	return ahead->little ? (uint32_t)at[0] | (uint32_t)at[1] << 8 | (uint32_t)at[2] << 16 | (uint32_t)at[3] << 24
	                     : (uint32_t)at[3] | (uint32_t)at[2] << 8 | (uint32_t)at[1] << 16 | (uint32_t)at[0] << 24;
}

/* By its first four bytes: pcap's magic numbers of µs and ns in both byte orders, and pcapng's section header. */
static enum ahead_form ahead_recognise(struct ahead *ahead, const uint8_t *start)
{
	static const uint8_t magics[][4] = {
	    {0xd4, 0xc3, 0xb2, 0xa1}, {0x4d, 0x3c, 0xb2, 0xa1}, {0xa1, 0xb2, 0xc3, 0xd4}, {0xa1, 0xb2, 0x3c, 0x4d}};
	for (size_t i = 0; i < sizeof magics / sizeof *magics; i++)
		if (memcmp(start, magics[i], sizeof *magics) == 0) {
			ahead->little = i < 2;
			return AHEAD_PCAP;
		}
	return memcmp(start, "\n\r\r\n", 4) == 0 ? AHEAD_PCAPNG : AHEAD_OTHER;
}

static size_t ahead_block_size(struct ahead *ahead, const uint8_t *block, bool *is_packet)
{
	if (memcmp(block, "\n\r\r\n", 4) == 0)
		ahead->little = block[8] == 0x4d;
	uint32_t type = ahead_number(ahead, block);
	*is_packet = type == BLOCK_OLD_PACKET || type == BLOCK_SIMPLE_PACKET || type == BLOCK_ENHANCED_PACKET;
	return ahead_number(ahead, block + 4);
}

/* How long the record is that begins there; 0: its header is not there yet. What makes no sense is left to the reader.
 */
static size_t ahead_record_size(struct ahead *ahead, size_t offset, bool *is_packet)
{
	const uint8_t *record = ahead->bytes + offset;
	size_t have = ahead->len - offset, size = 0;
	*is_packet = false;
	if (ahead->form == AHEAD_UNKNOWN) {
		if (have < 4)
			return 0;
		ahead->form = ahead_recognise(ahead, record);
	}
	if (ahead->form == AHEAD_PCAP && !ahead->begun && offset == ahead->at)
		return PCAP_FILE_HEADER;
	if (ahead->form == AHEAD_PCAP && have < PCAP_RECORD_HEADER)
		return 0;
	if (ahead->form == AHEAD_PCAPNG && have < BLOCK_HEADER)
		return 0;
	if (ahead->form == AHEAD_PCAP) {
		*is_packet = true;
		size = PCAP_RECORD_HEADER + (size_t)ahead_number(ahead, record + PCAP_CAPTURED);
	} else if (ahead->form == AHEAD_PCAPNG) {
		size = ahead_block_size(ahead, record, is_packet);
	}
	if (size < BLOCK_LEAST || size > AHEAD_MOST)
		ahead->form = AHEAD_OTHER;
	return ahead->form == AHEAD_OTHER ? SIZE_MAX : size;
}

/* Is one whole, among what was read? */
static bool ahead_holds_packet(struct ahead *ahead)
{
	size_t offset = ahead->at + ahead->left;
	bool is_packet;
	while (ahead->left != SIZE_MAX && offset < ahead->len) {
		size_t size = ahead_record_size(ahead, offset, &is_packet);
		if (!size || size > ahead->len - offset)
			return false;
		if (is_packet)
			return true;
		offset += size;
	}
	return false;
}

bool ahead_has_packet(struct ahead *ahead)
{
	while (!ahead->over && !ahead_holds_packet(ahead)) {
		if (ahead->len - ahead->at > AHEAD_MOST)
			return true;
		if (!ahead_is_readable(ahead))
			return false;
		ahead_fill(ahead);
	}
	return true;
}

ssize_t ahead_read(struct ahead *ahead, char *out, size_t room)
{
	bool is_packet;
	while (!ahead->left && !(ahead->left = ahead_record_size(ahead, ahead->at, &is_packet)) && !ahead->over)
		ahead_fill(ahead);
	while (ahead->at == ahead->len && !ahead->over)
		ahead_fill(ahead);
	size_t have = ahead->len - ahead->at;
	size_t len = ahead->left && ahead->left < have ? ahead->left : have;
	len = len < room ? len : room;
	if (!len && ahead->error) {
		errno = ahead->error;
		return -1;
	}
	memcpy(out, ahead->bytes + ahead->at, len);
	ahead->at += len;
	ahead->begun = true;
	if (ahead->left != SIZE_MAX)
		ahead->left -= len < ahead->left ? len : ahead->left;
	return (ssize_t)len;
}
