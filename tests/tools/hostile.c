/*
 * Makes captures that nobody sends by mistake: what a reader must bear within bounds.
 *
 *     hostile NAME OUT.pcap [TIMES]    NAME is one of `attacks` below; without arguments they are listed.
 *                                      TIMES (default 1; 0.1, 2): so many times as much, where it is a matter of number
 */
#include "hostile.h"

#include <brotli/encode.h>
#include <err.h>
#include <stdlib.h>
#include <zlib.h>
#include <zstd.h>

enum { BOMB = 1 << 30 }; /* bytes that each compressed bomb comes to */

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

/* ---- floods: little in each, of which an expensive answer could be made */

#define FRAME_HEAD(len, type, flags, stream) "\0\0" len type flags "\0\0\0" stream
enum { FLOOD = 8000000, FLOOD_STREAMS = 1000, FRAME_HEADERS = 1, FRAME_RESET = 3 };

static void open_http2(struct hostile *hostile)
{
	static const char preface[] = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" FRAME_HEAD("\0", "\4", "\0", "\0");
	open_connection(hostile, 1);
	say(hostile, false, preface, sizeof preface - 1);
	say(hostile, true, FRAME_HEAD("\0", "\4", "\0", "\0"), 9);
}

/* The same, as often as there is room for. */
static void flood(struct hostile *hostile, bool server, struct slice bytes)
{
	uint8_t segment[SEGMENT];
	size_t len = 0;
	for (; len + bytes.len <= sizeof segment; len += bytes.len)
		memcpy(segment + len, bytes.at, bytes.len);
	for (uint32_t i = 0; i < many(hostile, FLOOD / SEGMENT); i++)
		say(hostile, server, segment, len);
}

static void say_frame(struct hostile *hostile, uint8_t type, uint8_t flags, uint32_t stream, struct slice payload)
{
	uint8_t frame[128] = {0, 0, (uint8_t)payload.len, type, flags};
	network_write_32(frame + 5, stream);
	memcpy(frame + 9, payload.at, payload.len);
	say(hostile, false, frame, 9 + payload.len);
}

/* Polls that wait, on streams of their own. */
static void ask_on_streams(struct hostile *hostile)
{
	const struct slice head = SLICE(
	    "\x82\x86\0\5:path\x30/socket.io/?EIO=4&transport=polling&sid=aaaaaaaa\0\12:authority\1h");
	for (uint32_t i = 0; i < FLOOD_STREAMS; i++)
		say_frame(hostile, FRAME_HEADERS, 5, 2 * i + 1, head);
}

/* The rest of header blocks that never began. */
static void attack_continuations(struct hostile *hostile)
{
	open_http2(hostile);
	flood(hostile, false, SLICE(FRAME_HEAD("\0", "\11", "\0", "\1")));
	close_connection(hostile);
}

/* Header blocks that are no HPACK. */
static void attack_blocks(struct hostile *hostile)
{
	open_http2(hostile);
	flood(hostile, false, SLICE(FRAME_HEAD("\1", "\1", "\4", "\1") "\x80"));
	close_connection(hostile);
}

/* Of two kinds by turns. */
static void attack_goaways(struct hostile *hostile)
{
	open_http2(hostile);
	ask_on_streams(hostile);
	flood(hostile, true,
	    SLICE(FRAME_HEAD("\10", "\7", "\0", "\0") "\x7f\xff\xff\xff\0\0\0\2" FRAME_HEAD(
	        "\10", "\7", "\0", "\0") "\x7f\xff\xff\xff\0\0\0\1"));
	close_connection(hostile);
}

/* Streams that the client left wait for answers, and those that come are of another one. */
static void attack_left(struct hostile *hostile)
{
	open_http2(hostile);
	ask_on_streams(hostile);
	for (uint32_t i = 1; i < FLOOD_STREAMS; i++)
		say_frame(hostile, FRAME_RESET, 0, 2 * i + 1, SLICE("\0\0\0\10"));
	flood(hostile, true, SLICE(FRAME_HEAD("\1", "\1", "\4", "\1") "\x88"));
	close_connection(hostile);
}

/* Connections of which the beginning is missing wait for it, and the clock goes back and forth. */
static void attack_waiting(struct hostile *hostile)
{
	uint32_t connections = many(hostile, 8000), packets = many(hostile, 40000);
	for (uint32_t i = 0; i < connections; i++) {
		open_connection(hostile, 2 + i);
		hostile->next[0] += 1000;
		say_text(hostile, false, "xxxxxxxx");
	}
	open_connection(hostile, 1);
	for (uint32_t i = 0; i < packets; i++) {
		hostile->step = i % 2 ? 60000 : -60000;
		say_text(hostile, false, "a");
	}
}

/* Answers with as many origins allowed as a head has room for. */
static void attack_origins(struct hostile *hostile)
{
	static char head[60000];
	const struct slice origin = SLICE("Access-Control-Allow-Origin: x\r\n");
	size_t len = (size_t)snprintf(head, sizeof head, "HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n");
	for (; len + origin.len + 2 <= sizeof head; len += origin.len)
		memcpy(head + len, origin.at, origin.len);
	memcpy(head + len, "\r\n", 2);
	open_connection(hostile, 1);
	for (uint32_t i = 0; i < many(hostile, FLOOD / sizeof head); i++) {
		say_text(hostile, false,
		    "GET /socket.io/?EIO=4&transport=polling HTTP/1.1\r\nHost: a\r\nOrigin: http://b\r\n\r\n");
		say(hostile, true, head, len + 2);
	}
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
    {"continuations", attack_continuations},
    {"blocks", attack_blocks},
    {"goaways", attack_goaways},
    {"left", attack_left},
    {"waiting", attack_waiting},
    {"origins", attack_origins},
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
