/*
 * Makes one large capture out of small ones: each copy gets addresses of its own, and sids, where they are in plain text;
 * copies run side by side in waves, so that a reader meets many flows at once, and ever new ones.
 *
 *     replicate OUT.pcap MEGABYTES IN.pcap…
 */

#include <arpa/inet.h>
#include <pcap/pcap.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
	ABREAST = 32,
	SID = 20, /* bytes, as node and python make them */
	SIDS = 16,
	ETHERNET_HEADER = 14,
	SOURCE_ADDRESS = ETHERNET_HEADER + 12,
	DESTINATION_ADDRESS = SOURCE_ADDRESS + 4
};

struct frame {
	struct pcap_pkthdr header;
	uint8_t *bytes;
};

/* Where a sid stands, whose last bytes count the copies. */
struct place {
	size_t frame, at;
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

static void keep_place(struct recording *recording, size_t frame, size_t at)
{
	recording->places = reallocarray(recording->places, recording->place_count + 1, sizeof *recording->places);
	if (!recording->places)
		fail("memory", "exhausted");
	recording->places[recording->place_count++] = (struct place){frame, at};
}

static void find_places_of(struct recording *recording, const uint8_t *sid)
{
	for (size_t i = 0; i < recording->count; i++) {
		const struct frame *frame = &recording->frames[i];
		const uint8_t *at = frame->bytes, *end = at + frame->header.caplen;
		while ((at = memmem(at, (size_t)(end - at), sid, SID))) {
			keep_place(recording, i, (size_t)(at - frame->bytes));
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

static void number_sids(struct recording *recording, size_t frame, uint32_t copy)
{
	static const char digits[] = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ-_";
	for (size_t i = 0; i < recording->place_count; i++)
		if (recording->places[i].frame == frame)
			for (int digit = 0; digit < 4; digit++)
				recording->frames[frame].bytes[recording->places[i].at + 8 + digit] =
				    (uint8_t)digits[copy >> 6 * digit & 63];
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
			number_sids(recording, i, *copy + lane);
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
