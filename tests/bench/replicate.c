/*
 * Makes one large capture out of small ones: each copy gets addresses and names of its own, where a name is a session's
 * sid, a request's `t` or a WebSocket's key; copies run side by side in waves, so that a reader meets many flows at
 * once, and ever new ones. Copies that shared a name would be taken for two sides of a proxy.
 *
 *     replicate OUT.pcap MEGABYTES IN.pcap…
 */

#include <arpa/inet.h>
#include <pcap/pcap.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
	ABREAST = 32,
	SID = 20, /* bytes, as node and python make them */
	SIDS = 16,
	NUMBER = 4, /* characters */
	ETHERNET_HEADER = 14,
	SOURCE_ADDRESS = ETHERNET_HEADER + 12,
	DESTINATION_ADDRESS = SOURCE_ADDRESS + 4
};

struct frame {
	struct pcap_pkthdr header;
	uint8_t *bytes;
};

/* Where NUMBER characters of a name are, that count the copies: bytes, or codes within a deflated block. */
struct place {
	size_t frame, at;
	int bit; /* of the byte, where a code begins */
	bool is_deflated;
};

struct recording {
	struct frame *frames;
	size_t count;
	struct place *places;
	size_t place_count;
};

static _Noreturn void fail(const char *what, const char *why)
{
	fprintf(stderr, "replicate: %s: %s\n", what, why);
	exit(2);
}

static void keep_frame(struct recording *recording, const struct pcap_pkthdr *header, const uint8_t *bytes)
{
	recording->frames = reallocarray(recording->frames, recording->count + 1, sizeof *recording->frames);
	struct frame frame = {*header, malloc(header->caplen)};
	if (!recording->frames || !frame.bytes)
		fail("memory", "exhausted");
	memcpy(frame.bytes, bytes, header->caplen);
	recording->frames[recording->count++] = frame;
}

static void keep_place(struct recording *recording, struct place place)
{
	recording->places = reallocarray(recording->places, recording->place_count + 1, sizeof *recording->places);
	if (!recording->places)
		fail("memory", "exhausted");
	recording->places[recording->place_count++] = place;
}

static void find_places_of(struct recording *recording, const uint8_t *sid)
{
	for (size_t i = 0; i < recording->count; i++) {
		const struct frame *frame = &recording->frames[i];
		const uint8_t *at = frame->bytes, *end = at + frame->header.caplen;
		while ((at = memmem(at, (size_t)(end - at), sid, SID))) {
			keep_place(recording, (struct place){.frame = i, .at = (size_t)(at - frame->bytes) + 8});
			at += SID;
		}
	}
}

/* Each sid that an open packet gives out in plain text. */
static void find_sids(struct recording *recording)
{
	static const char key[] = "\"sid\":\"";
	uint8_t sids[SIDS][SID];
	size_t count = 0;
	for (size_t i = 0; i < recording->count && count < SIDS; i++) {
		const struct frame *frame = &recording->frames[i];
		const uint8_t *at = memmem(frame->bytes, frame->header.caplen, key, sizeof key - 1);
		if (!at || at + sizeof key - 1 + SID >= frame->bytes + frame->header.caplen ||
		    at[sizeof key - 1 + SID] != '"')
			continue;
		memcpy(sids[count++], at + sizeof key - 1, SID);
	}
	for (size_t i = 0; i < count; i++)
		find_places_of(recording, sids[i]);
}

/* What a request's head says behind `key`. */
static void find_values(struct recording *recording, const char *key)
{
	size_t length = strlen(key);
	for (size_t i = 0; i < recording->count; i++) {
		const struct frame *frame = &recording->frames[i];
		const uint8_t *end = frame->bytes + frame->header.caplen;
		const uint8_t *at = memmem(frame->bytes, frame->header.caplen, key, length);
		if (at && at + length + NUMBER <= end && !memchr(at + length, '\r', NUMBER) &&
		    !memchr(at + length, ' ', NUMBER) && !memchr(at + length, '&', NUMBER))
			keep_place(recording, (struct place){.frame = i, .at = (size_t)(at - frame->bytes) + length});
	}
}

/* RFC 1951 §3.2.6: a fixed code of 8 bits for each byte below 144, its highest bit first. */
static uint8_t deflated_code(uint8_t byte)
{
	uint8_t code = (uint8_t)(0x30 + byte), turned = 0;
	for (int i = 0; i < 8; i++)
		turned |= (uint8_t)((code >> i & 1) << (7 - i));
	return turned;
}

static uint8_t eight_bits(const uint8_t *at, int bit)
{
	return (uint8_t)((at[0] | at[1] << 8) >> bit);
}

static bool deflated_is(const uint8_t *at, int bit, const char *text)
{
	for (; *text; text++, at++)
		if (eight_bits(at, bit) != deflated_code((uint8_t)*text))
			return false;
	return true;
}

/* The sid of an open packet in a block with fixed codes, which zlib writes for what is short. What follows refers back
 * to bytes of it where they agree: those that change are among its first, which no word contains. */
static void find_deflated_sids(struct recording *recording)
{
	static const char key[] = "\"sid\":\"";
	enum { KEY = sizeof key - 1 };
	for (size_t i = 0; i < recording->count; i++)
		for (size_t at = 0; at + KEY + SID < recording->frames[i].header.caplen; at++)
			for (int bit = 0; bit < 8; bit++)
				if (deflated_is(recording->frames[i].bytes + at, bit, key))
					keep_place(recording, (struct place){i, at + KEY + 2, bit, true});
}

static void put_deflated(uint8_t *at, int bit, uint8_t byte)
{
	uint32_t mask = 0xffU << bit, both = (uint32_t)at[0] | (uint32_t)at[1] << 8;
	both = (both & ~mask) | (uint32_t)deflated_code(byte) << bit;
	at[0] = (uint8_t)both;
	at[1] = (uint8_t)(both >> 8);
}

static void number_names(struct recording *recording, size_t frame, uint32_t copy)
{
	static const char digits[] = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ-_";
	for (size_t i = 0; i < recording->place_count; i++) {
		const struct place *place = &recording->places[i];
		uint8_t *at = recording->frames[frame].bytes + place->at;
		for (int digit = 0; place->frame == frame && digit < NUMBER; digit++) {
			uint8_t byte = (uint8_t)digits[copy >> 6 * digit & 63];
			if (place->is_deflated)
				put_deflated(at + digit, place->bit, byte);
			else
				at[digit] = byte;
		}
	}
}

static void read_recording(struct recording *recording, const char *path)
{
	char why[PCAP_ERRBUF_SIZE];
	struct pcap_pkthdr *header;
	const u_char *bytes;
	pcap_t *pcap = pcap_open_offline(path, why);
	if (!pcap)
		fail(path, why);
	if (pcap_datalink(pcap) != DLT_EN10MB)
		fail(path, "is not Ethernet");
	while (pcap_next_ex(pcap, &header, &bytes) == 1)
		if (header->caplen > DESTINATION_ADDRESS + 4)
			keep_frame(recording, header, bytes);
	pcap_close(pcap);
	if (!recording->frames)
		fail(path, "has no packet");
	find_sids(recording);
	find_deflated_sids(recording);
	find_values(recording, "Sec-WebSocket-Key: ");
	find_values(recording, "&t=");
}

static int64_t microseconds(struct timeval time)
{
	return (int64_t)time.tv_sec * 1000000 + time.tv_usec;
}

static size_t write_frame(pcap_dumper_t *out, const struct frame *frame, uint32_t copy, int64_t shift)
{
	struct pcap_pkthdr header = frame->header;
	int64_t time = microseconds(header.ts) + shift;
	uint32_t address = htonl(10u << 24 | (copy & 0xffff) << 8 | (copy >> 16 & 0xff));
	header.ts = (struct timeval){.tv_sec = time / 1000000, .tv_usec = time % 1000000};
	memcpy(frame->bytes + SOURCE_ADDRESS, &address, sizeof address);
	memcpy(frame->bytes + DESTINATION_ADDRESS, &address, sizeof address);
	pcap_dump((u_char *)out, &header, frame->bytes);
	return header.caplen;
}

/* One recording, ABREAST times at once; returns bytes written. */
static size_t write_wave(pcap_dumper_t *out, struct recording *recording, uint32_t *copy, int64_t *clock)
{
	size_t written = 0;
	int64_t begin = microseconds(recording->frames[0].header.ts);
	int64_t last = microseconds(recording->frames[recording->count - 1].header.ts);
	for (size_t i = 0; i < recording->count; i++)
		for (uint32_t lane = 0; lane < ABREAST; lane++) {
			number_names(recording, i, *copy + lane);
			written += write_frame(out, &recording->frames[i], *copy + lane, *clock - begin);
		}
	*copy += ABREAST;
	*clock += last - begin + 1000;
	return written;
}

int main(int argc, char **argv)
{
	enum { RECORDINGS = 16 };
	struct recording recordings[RECORDINGS] = {0};
	int count = argc - 3;
	if (count < 1 || count > RECORDINGS)
		fail("usage", "replicate OUT.pcap MEGABYTES IN.pcap…");
	for (int i = 0; i < count; i++)
		read_recording(&recordings[i], argv[i + 3]);
	pcap_dumper_t *out = pcap_dump_open(pcap_open_dead(DLT_EN10MB, 262144), argv[1]);
	if (!out)
		fail(argv[1], "cannot be written");
	size_t wanted = strtoul(argv[2], NULL, 10) * 1000000, written = 0;
	uint32_t copy = 1;
	int64_t clock = microseconds(recordings[0].frames[0].header.ts);
	for (int next = 0; written < wanted; next = (next + 1) % count)
		written += write_wave(out, &recordings[next], &copy, &clock);
	pcap_dump_close(out);
	return 0;
}
