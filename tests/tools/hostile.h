/* What hostile captures are made of: packets of a connection, and what healthy peers say in it. */
#ifndef TESTS_HOSTILE_H
#define TESTS_HOSTILE_H

#include "base/bytes.h"

#include <pcap/pcap.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

enum { HEADERS = 14 + 20 + 20, SEGMENT = 32000, FIN = 1, SYN = 2, PUSH = 8, ACK = 16 };

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
	    "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: "
	    "ICX+Yqv66kxgM0FcWaLWlFLwTAI=\r\n%s\r\n",
	    extension);
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

#endif
