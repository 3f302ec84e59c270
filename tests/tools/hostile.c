/*
 * Makes captures that nobody sends by mistake: what a reader must bear within bounds.
 *
 *     hostile NAME OUT.pcap [TIMES]    NAME is one of `attacks` below; without arguments they are listed.
 *                                      TIMES (default 1; 0.1, 2): so many times as much, where it is a matter of number
 */
#include "base/bytes.h"

#include <brotli/encode.h>
#include <err.h>
#include <pcap/pcap.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>
#include <zstd.h>

enum { HEADERS = 14 + 20 + 20, SEGMENT = 32000, FIN = 1, SYN = 2, PUSH = 8, ACK = 16 };
enum { BOMB = 1 << 30 }; /* bytes that each compressed bomb comes to */

/* A capture being written, and the connection that it is about. */
struct hostile {
	pcap_dumper_t *out;
	int64_t time; /* microseconds */
	int64_t step; /* from packet to packet */
	uint32_t client;
	uint16_t port;
	uint32_t next[2]; /* sequence numbers: of the client, of the server */
	double times;
	uint8_t frame[HEADERS + SEGMENT];
};

static uint32_t many(const struct hostile *hostile, uint32_t number)
{
	return (uint32_t)(number * hostile->times);
}

/* ---- packets */

static void write_headers(struct hostile *hostile, bool server, unsigned flags, uint32_t sequence, size_t len)
{
	uint8_t *ip = hostile->frame + 14, *tcp = ip + 20;
	memset(hostile->frame, 0, HEADERS);
	network_write_16(hostile->frame + 12, 0x0800);
	ip[0] = 0x45;
	network_write_16(ip + 2, (uint16_t)(40 + len));
	ip[8] = 64;
	ip[9] = 6;
	network_write_32(ip + (server ? 16 : 12), 10u << 24 | hostile->client);
	network_write_32(ip + (server ? 12 : 16), 10u << 24 | 0xffffff);
	network_write_16(tcp + (server ? 2 : 0), hostile->port);
	network_write_16(tcp + (server ? 0 : 2), 8000);
	network_write_32(tcp + 4, sequence);
	network_write_32(tcp + 8, flags & ACK ? hostile->next[!server] : 0);
	tcp[12] = 5 << 4;
	tcp[13] = (uint8_t)flags;
	network_write_16(tcp + 14, 65535);
}

static void write_segment(
    struct hostile *hostile, bool server, unsigned flags, uint32_t sequence, const void *bytes, size_t len)
{
	struct pcap_pkthdr header = {.caplen = (uint32_t)(HEADERS + len), .len = (uint32_t)(HEADERS + len)};
	write_headers(hostile, server, flags, sequence, len);
	if (len)
		memcpy(hostile->frame + HEADERS, bytes, len);
	hostile->time += hostile->step;
	header.ts = (struct timeval){.tv_sec = hostile->time / 1000000, .tv_usec = hostile->time % 1000000};
	pcap_dump((u_char *)hostile->out, &header, hostile->frame);
}

static void open_connection(struct hostile *hostile, uint32_t number)
{
	hostile->client = number / 50000;
	hostile->port = (uint16_t)(1024 + number % 50000);
	hostile->next[0] = hostile->next[1] = 1000;
	write_segment(hostile, false, SYN, hostile->next[0]++, NULL, 0);
	write_segment(hostile, true, SYN | ACK, hostile->next[1]++, NULL, 0);
}

static void say(struct hostile *hostile, bool server, const void *bytes, size_t len)
{
	const uint8_t *at = bytes;
	for (size_t part; len; len -= part, at += part) {
		part = len < SEGMENT ? len : SEGMENT;
		write_segment(hostile, server, PUSH | ACK, hostile->next[server], at, part);
		hostile->next[server] += (uint32_t)part;
	}
}

static void say_text(struct hostile *hostile, bool server, const char *text)
{
	say(hostile, server, text, strlen(text));
}

static void close_connection(struct hostile *hostile)
{
	write_segment(hostile, false, FIN | ACK, hostile->next[0]++, NULL, 0);
	write_segment(hostile, true, FIN | ACK, hostile->next[1]++, NULL, 0);
}

/* ---- what healthy talk looks like */

#define ASK "GET /socket.io/?EIO=4&transport=polling HTTP/1.1\r\nHost: a\r\n\r\n"

static void poll_with(struct hostile *hostile, const char *coding, const void *body, size_t len)
{
	char head[200];
	say_text(hostile, false, ASK);
	snprintf(head, sizeof head,
	    "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Encoding: %s\r\nContent-Length: %zu\r\n\r\n",
	    coding, len);
	say_text(hostile, true, head);
	say(hostile, true, body, len);
}

static void upgrade(struct hostile *hostile, const char *extension)
{
	char head[400];
	snprintf(head, sizeof head,
	    "GET /socket.io/?EIO=4&transport=websocket HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\n"
	    "Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n%s\r\n",
	    extension);
	say_text(hostile, false, head);
	snprintf(head, sizeof head,
	    "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n%s\r\n", extension);
	say_text(hostile, true, head);
}

/* One frame of the server. */
static void frame(struct hostile *hostile, uint8_t first, const void *bytes, size_t len)
{
	uint8_t head[10] = {first, len < 126 ? (uint8_t)len : 127};
	network_write_32(head + 2, (uint32_t)((uint64_t)len >> 32));
	network_write_32(head + 6, (uint32_t)len);
	say(hostile, true, head, len < 126 ? 2 : 10);
	say(hostile, true, bytes, len);
}

static void frame_text(struct hostile *hostile, const char *text)
{
	frame(hostile, 0x81, text, strlen(text));
}

static void open_session(struct hostile *hostile, uint32_t number)
{
	char text[200];
	open_connection(hostile, number);
	upgrade(hostile, "");
	snprintf(text, sizeof text,
	    "0{\"sid\":\"session%u\",\"upgrades\":[],\"pingInterval\":25000,\"pingTimeout\":20000,\"maxPayload\":"
	    "1000000}",
	    number);
	frame_text(hostile, text);
	frame_text(hostile, "40{\"sid\":\"x\"}");
}

/* ---- bombs */

/* Ends with a flush that forgets what was before: so the same may come again and again. */
static size_t compress_part(z_stream *stream, uint8_t *bytes, size_t len, uint8_t *out, size_t room)
{
	stream->next_in = bytes;
	stream->avail_in = (uInt)len;
	stream->next_out = out;
	stream->avail_out = (uInt)room;
	if (deflate(stream, Z_FULL_FLUSH) != Z_OK || !stream->avail_out)
		errx(2, "zlib refuses");
	return room - stream->avail_out;
}

/* BOMB bytes, a 4 and zeros, as blocks of deflate that end with a flush; *crc is their checksum. */
static uint8_t *deflate_bomb(size_t *len, uint32_t *crc)
{
	static uint8_t zeros[1 << 20];
	size_t room = BOMB / 500, part;
	uint8_t *out = malloc(room);
	z_stream stream = {0};
	if (!out || deflateInit2(&stream, 9, Z_DEFLATED, -15, 9, Z_DEFAULT_STRATEGY) != Z_OK)
		errx(2, "no memory");
	zeros[0] = '4';
	*crc = (uint32_t)crc32(0, zeros, sizeof zeros);
	*len = compress_part(&stream, zeros, sizeof zeros, out, room);
	zeros[0] = 0;
	part = compress_part(&stream, zeros, sizeof zeros, out + *len, room - *len);
	uint32_t part_crc = (uint32_t)crc32(0, zeros, sizeof zeros);
	const uint8_t *first = out + *len;
	for (size_t done = sizeof zeros; done < BOMB; done += sizeof zeros) {
		memmove(out + *len, first, part);
		*len += part;
		*crc = (uint32_t)crc32_combine(*crc, part_crc, sizeof zeros);
	}
	deflateEnd(&stream);
	return out;
}

static void bomb(struct hostile *hostile, const char *coding, uint8_t *body, size_t len)
{
	open_connection(hostile, 1);
	poll_with(hostile, coding, body, len);
	poll_with(hostile, "identity", "2probe", 6);
	close_connection(hostile);
	free(body);
}

static void attack_gzip(struct hostile *hostile)
{
	static const uint8_t head[10] = {0x1f, 0x8b, 8, [9] = 255}, last_block[] = {3, 0};
	size_t len;
	uint32_t crc;
	uint8_t *blocks = deflate_bomb(&len, &crc), *body = malloc(len + 20), *at = body;
	if (!body)
		errx(2, "no memory");
	at = (uint8_t *)mempcpy(at, head, sizeof head);
	at = (uint8_t *)mempcpy(at, blocks, len);
	at = (uint8_t *)mempcpy(at, last_block, sizeof last_block);
	for (int i = 0; i < 4; i++) { /* little-endian */
		at[i] = (uint8_t)(crc >> 8 * i);
		at[4 + i] = (uint8_t)((uint32_t)BOMB >> 8 * i);
	}
	free(blocks);
	bomb(hostile, "gzip", body, (size_t)(at + 8 - body));
}

static void attack_brotli(struct hostile *hostile)
{
	size_t len = 1 << 20;
	uint8_t *body = malloc(len), *zeros = calloc(1, BOMB);
	if (!body || !zeros || !BrotliEncoderCompress(1, 24, BROTLI_MODE_GENERIC, BOMB, zeros, &len, body))
		errx(2, "brotli");
	free(zeros);
	bomb(hostile, "br", body, len);
}

static void attack_zstd(struct hostile *hostile)
{
	size_t room = 1 << 20;
	uint8_t *body = malloc(room), *zeros = calloc(1, BOMB);
	size_t len = body && zeros ? ZSTD_compress(body, room, zeros, BOMB, 1) : 0;
	if (!len || ZSTD_isError(len))
		errx(2, "zstd");
	free(zeros);
	bomb(hostile, "zstd", body, len);
}

static void attack_deflate(struct hostile *hostile)
{
	size_t len;
	uint32_t crc;
	uint8_t *body = deflate_bomb(&len, &crc);
	open_connection(hostile, 1);
	upgrade(hostile, "Sec-WebSocket-Extensions: permessage-deflate\r\n");
	frame_text(hostile, "0{\"sid\":\"a\"}");
	frame(hostile, 0xc1, body, len - 4); /* without the flush's four bytes */
	frame_text(hostile, "2");
	close_connection(hostile);
	free(body);
}

/* ---- others */

static void attack_syns(struct hostile *hostile)
{
	for (uint32_t i = 0; i < many(hostile, 1000000); i++) {
		hostile->client = i / 50000;
		hostile->port = (uint16_t)(1024 + i % 50000);
		write_segment(hostile, false, SYN, i, NULL, 0);
	}
}

static void attack_sids(struct hostile *hostile)
{
	char text[200];
	open_connection(hostile, 1);
	for (uint32_t i = 0; i < many(hostile, 100000); i++) {
		snprintf(text, sizeof text,
		    "GET /socket.io/?EIO=4&transport=polling&sid=invented%u HTTP/1.1\r\nHost: a\r\n\r\n", i);
		say_text(hostile, false, text);
		say_text(hostile, true,
		    "HTTP/1.1 400 Bad Request\r\nContent-Length: 41\r\n\r\n"
		    "{\"code\":1,\"message\":\"Session ID unknown\"}");
	}
	close_connection(hostile);
}

static void attack_sessions(struct hostile *hostile)
{
	for (uint32_t i = 0; i < many(hostile, 100000); i++) {
		open_session(hostile, i);
		frame_text(hostile, "42[\"hello\",1]");
		close_connection(hostile);
	}
}

static void attack_events(struct hostile *hostile)
{
	open_session(hostile, 1);
	for (uint32_t i = 0; i < many(hostile, 1000000); i++)
		frame_text(hostile, "42[\"tick\",{\"n\":1}]");
	close_connection(hostile);
}

static void attack_head(struct hostile *hostile)
{
	static char endless[SEGMENT];
	memset(endless, 'a', sizeof endless);
	open_connection(hostile, 1);
	say_text(hostile, false, "GET /socket.io/?EIO=4&transport=polling HTTP/1.1\r\nX-Endless: ");
	for (uint32_t i = 0; i < many(hostile, 3000); i++)
		say(hostile, false, endless, sizeof endless);
}

static void attack_fields(struct hostile *hostile)
{
	static char fields[SEGMENT];
	const struct slice field = SLICE("A: bcd\r\n");
	open_connection(hostile, 1);
	say_text(hostile, false, "GET /socket.io/?EIO=4&transport=polling HTTP/1.1\r\n");
	for (size_t at = 0; at + field.len <= sizeof fields; at += field.len)
		memcpy(fields + at, field.at, field.len);
	for (uint32_t i = 0; i < many(hostile, 3000); i++)
		say(hostile, false, fields, sizeof fields / field.len * field.len);
}

static void attack_chunks(struct hostile *hostile)
{
	static const char *const sizes[] = {"8000000000000000", "7fffffffffffffff", "ffffffffffffffff",
	    "10000000000000000", "fffffffffffffffffffffffff", "-1", "0x10"};
	char text[200];
	for (uint32_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
		open_connection(hostile, i + 1);
		say_text(hostile, false, ASK);
		snprintf(text, sizeof text,
		    "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n%s\r\n0{\"sid\":\"a\"}\r\n0\r\n\r\n",
		    sizes[i]);
		say_text(hostile, true, text);
		close_connection(hostile);
	}
}

static void attack_lengths(struct hostile *hostile)
{
	static const uint8_t heads[][10] = {{0x81, 127, 0x80}, {0x81, 127, 0x7f, 255, 255, 255, 255, 255, 255, 255},
	    {0x81, 127, 255, 255, 255, 255, 255, 255, 255, 255}};
	static uint8_t bytes[SEGMENT];
	for (uint32_t i = 0; i < sizeof heads / sizeof *heads; i++) {
		open_session(hostile, i + 1);
		say(hostile, true, heads[i], sizeof heads[i]);
		for (uint32_t j = 0; j < many(hostile, 1000); j++)
			say(hostile, true, bytes, sizeof bytes);
		close_connection(hostile);
	}
}

static void attack_depth(struct hostile *hostile)
{
	enum { DEPTH = 1000000 };
	char *text = malloc(DEPTH * 2 + 20);
	if (!text)
		errx(2, "no memory");
	char *at = text + sprintf(text, "42[\"deep\",");
	memset(at, '[', DEPTH);
	memset(at + DEPTH, ']', DEPTH);
	memcpy(at + 2 * (size_t)DEPTH, "]", sizeof "]");
	open_session(hostile, 1);
	frame_text(hostile, text);
	for (size_t i = 0; i < DEPTH; i++)
		at[i] = i % 2 ? '[' : '{'; /* and broken */
	frame_text(hostile, text);
	close_connection(hostile);
	free(text);
}

static void attack_attachments(struct hostile *hostile)
{
	static const char *const counts[] = {"1", "10", "256", "100000", "4294967296", "99999999999999999999"};
	char text[100];
	for (uint32_t i = 0; i < many(hostile, 20000); i++) {
		open_session(hostile, i);
		snprintf(text, sizeof text, "45%s-[\"file\",{\"_placeholder\":true,\"num\":0}]",
		    counts[i % (sizeof counts / sizeof *counts)]);
		frame_text(hostile, text);
	}
}

static void attack_overlaps(struct hostile *hostile)
{
	static const char *const others[] = {"42[\"truth\",1]", "42[\"other\",2]", "99999999999999"};
	open_session(hostile, 1);
	for (uint32_t i = 0; i < many(hostile, 50000); i++) {
		uint32_t begin = hostile->next[1];
		uint8_t bytes[32] = {0x81, 13};
		memcpy(bytes + 2, others[0], 13);
		write_segment(hostile, true, PUSH | ACK, begin + 5, bytes + 5, 10); /* the end first */
		for (size_t j = 0; j < 3; j++) {
			memcpy(bytes + 2, others[j], 13);
			write_segment(hostile, true, PUSH | ACK, begin + 3, bytes + 3, 12 - j);
		}
		memcpy(bytes + 2, others[0], 13);
		say(hostile, true, bytes, 15);
	}
	close_connection(hostile);
}

static void attack_backwards(struct hostile *hostile)
{
	hostile->step = -1000;
	attack_sessions(hostile);
}

#define ESCAPES "\x1b]0;owned\x07\x1b[2J\x9b\x7f\xc2\x9b"

/* ---- what costs its reader more than its sender */

static char *grow_text(struct slice part, size_t count, const char *before, const char *after)
{
	size_t first = strlen(before);
	char *text = malloc(first + part.len * count + strlen(after) + 1);
	if (!text)
		errx(2, "no memory");
	memcpy(text, before, first);
	for (size_t i = 0; i < count; i++)
		memcpy(text + first + i * part.len, part.at, part.len);
	strcpy(text + first + part.len * count, after);
	return text;
}

/* One attachment of 700 kB, that its packet names 20,000 times. */
static void attack_placeholders(struct hostile *hostile)
{
	static uint8_t attachment[700000];
	open_session(hostile, 1);
	char *text = grow_text(
	    SLICE("{\"_placeholder\":true,\"num\":0},"), many(hostile, 20000), "451-[\"files\",", "0]");
	frame_text(hostile, text);
	frame(hostile, 0x82, attachment, sizeof attachment);
	frame_text(hostile, "42[\"after\"]");
	close_connection(hostile);
	free(text);
}

/* A message of 8 MB, sent in 8 kB, for each of 100 sessions: as the name of a namespace, or as an event's data. */
static void send_long(struct hostile *hostile, const char *before, const char *after)
{
	char *text = grow_text(SLICE("n"), 8000000, before, after), open[80];
	size_t room = 100000;
	uint8_t *out = malloc(room);
	z_stream stream = {0};
	if (!out || deflateInit2(&stream, 9, Z_DEFLATED, -15, 9, Z_DEFAULT_STRATEGY) != Z_OK)
		errx(2, "no memory");
	size_t len = compress_part(&stream, (uint8_t *)text, strlen(text), out, room) - 4;
	for (uint32_t i = 0; i < many(hostile, 100); i++) {
		open_connection(hostile, i);
		upgrade(hostile, "Sec-WebSocket-Extensions: permessage-deflate\r\n");
		snprintf(open, sizeof open, "0{\"sid\":\"deflated%u\",\"pingInterval\":25000}", i);
		frame_text(hostile, open);
		frame(hostile, 0xc1, out, len);
	}
	deflateEnd(&stream);
	free(out);
	free(text);
}

static void attack_namespaces(struct hostile *hostile)
{
	send_long(hostile, "40/", ",{\"sid\":\"x\"}");
}

static void attack_swell(struct hostile *hostile)
{
	open_session(hostile, 99999);
	send_long(hostile, "42[\"big\",\"", "\"]");
}

static void attack_rooms(struct hostile *hostile)
{
	char text[80];
	open_session(hostile, 1);
	for (uint32_t i = 0; i < many(hostile, 100000); i++) {
		snprintf(text, sizeof text, "40/room%u,{\"sid\":\"x\"}", i);
		frame_text(hostile, text);
	}
}

static void attack_pipelined(struct hostile *hostile)
{
	static char requests[SEGMENT];
	const struct slice request = SLICE("GET / HTTP/1.1\r\n\r\n");
	size_t len = 0;
	for (; len + request.len <= sizeof requests; len += request.len)
		memcpy(requests + len, request.at, request.len);
	open_connection(hostile, 1);
	for (uint32_t i = 0; i < many(hostile, 500); i++)
		say(hostile, false, requests, len);
}

/* Names in which each letter may begin a match that comes to nothing. */
static void attack_names(struct hostile *hostile)
{
	char *text = grow_text(SLICE("a"), 60000, "42[\"", "\",1]");
	open_session(hostile, 1);
	for (uint32_t i = 0; i < many(hostile, 100); i++)
		frame_text(hostile, text);
	close_connection(hostile);
	free(text);
}

static void attack_counts(struct hostile *hostile)
{
	open_session(hostile, 1);
	for (uint32_t i = 0; i < many(hostile, 8000); i++)
		frame_text(hostile, "42[\"m\",1]");
	close_connection(hostile);
}

/* Control characters, of which each is written as six: longer than --max-line. */
static void attack_line(struct hostile *hostile)
{
	char *text = grow_text(SLICE("\x01"), 8000000, "42[\"line\",\"", "\"]");
	for (uint32_t i = 0; i < many(hostile, 2); i++) {
		open_session(hostile, i);
		frame_text(hostile, text);
		frame_text(hostile, "42[\"after\"]");
		close_connection(hostile);
	}
	free(text);
}

static void attack_escapes(struct hostile *hostile)
{
	open_connection(hostile, 1);
	upgrade(hostile, "");
	frame_text(hostile, "0{\"sid\":\"a" ESCAPES "\"}");
	frame_text(hostile, "40/chat" ESCAPES ",{\"sid\":\"x\"}");
	frame_text(hostile, "42[\"hello" ESCAPES "\",\"" ESCAPES "\"]");
	frame_text(hostile, "44/" ESCAPES ",{\"message\":\"" ESCAPES "\"}");
	close_connection(hostile);
	open_connection(hostile, 2);
	say_text(hostile, false,
	    "GET /socket.io/?EIO=4&transport=" ESCAPES "&sid=" ESCAPES " HTTP/1.1\r\nHost: " ESCAPES
	    "\r\nUser-Agent: " ESCAPES "\r\nOrigin: " ESCAPES "\r\n\r\n");
	say_text(hostile, true,
	    "HTTP/1.1 400 " ESCAPES "\r\nContent-Type: " ESCAPES "\r\nContent-Length: 22\r\n\r\n"
	    "Invalid " ESCAPES);
	close_connection(hostile);
}

static const struct attack {
	const char *name;
	void (*make)(struct hostile *hostile);
} attacks[] = {
    {"syns", attack_syns},
    {"sids", attack_sids},
    {"sessions", attack_sessions},
    {"events", attack_events},
    {"head", attack_head},
    {"fields", attack_fields},
    {"chunks", attack_chunks},
    {"gzip", attack_gzip},
    {"brotli", attack_brotli},
    {"zstd", attack_zstd},
    {"deflate", attack_deflate},
    {"lengths", attack_lengths},
    {"depth", attack_depth},
    {"attachments", attack_attachments},
    {"overlaps", attack_overlaps},
    {"backwards", attack_backwards},
    {"placeholders", attack_placeholders},
    {"namespaces", attack_namespaces},
    {"swell", attack_swell},
    {"rooms", attack_rooms},
    {"pipelined", attack_pipelined},
    {"names", attack_names},
    {"counts", attack_counts},
    {"line", attack_line},
    {"escapes", attack_escapes},
};

static void make_capture(const struct attack *attack, const char *path, double times)
{
	static struct hostile hostile = {.time = INT64_C(1795434849000000), .step = 100};
	hostile.times = times;
	pcap_t *kind = pcap_open_dead(DLT_EN10MB, 262144);
	hostile.out = kind ? pcap_dump_open(kind, path) : NULL;
	if (!hostile.out)
		errx(2, "%s: cannot be written", path);
	attack->make(&hostile);
	pcap_dump_close(hostile.out);
	pcap_close(kind);
}

int main(int argc, char **argv)
{
	for (size_t i = 0; i < sizeof attacks / sizeof *attacks; i++) {
		if (argc < 3) {
			puts(attacks[i].name);
		} else if (strcmp(argv[1], attacks[i].name) == 0) {
			make_capture(&attacks[i], argv[2], argc > 3 ? strtod(argv[3], NULL) : 1);
			return 0;
		}
	}
	return argc < 3 ? 0 : 2;
}
