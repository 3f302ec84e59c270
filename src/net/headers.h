/*
 * The headers of a packet, down to its TCP segment: IPv4 (RFC 791) and IPv6 (RFC 8200) with their extension headers,
 * TCP (RFC 9293 §3.1); and the addresses that they name. What is before them is link.h's. Fragments are recognised, not
 * joined (fragment.h).
 */
#ifndef NET_HEADERS_H
#define NET_HEADERS_H

#include "base/bytes.h"
#include "base/timestamp.h"

/* ---- IP */

struct address {
	uint8_t version;   /* 4 or 6 */
	uint8_t bytes[16]; /* network order; IPv4 uses the first four, the rest is zero */
};

enum { IP_PROTOCOL_TCP = 6, IP_PROTOCOL_UDP = 17, ADDRESS_TEXT_SIZE = 64 };

struct ip_packet {
	struct address source, destination;
	uint8_t protocol;     /* of the payload, after all extension headers that can be passed */
	struct slice payload; /* what was captured of it, padding removed */
	uint32_t missing;     /* bytes at the payload's end that the snap length cut off */
	bool fragment;        /* the payload is a piece of a datagram: join it first */
	uint32_t fragment_id;
	uint32_t fragment_offset; /* bytes */
	bool fragment_more;
};

/* False when `bytes` begin no whole IP header, or the header contradicts itself. A total length of 0 (segmentation
 * offload) means: all that was captured. */
bool ip_read_packet(struct slice bytes, struct ip_packet *packet);

/* Takes IPv6 extension headers off the payload, up to a fragment header that makes it a piece; false when one is not
 * all there. ip_read_packet does so itself; a joined datagram may have more of them. */
bool ip_pass_extensions(struct ip_packet *packet);

/* The address that represents one end of a unix socket, by a number of it (an inode; a hash of the path that it is
 * bound to). It is a unique local one (RFC 4193), "unix" in its first bytes. */
struct address address_of_unix(uint64_t number);
bool address_is_unix(const struct address *address, uint64_t *number);

/* The address that stands for a host of which only the name is known, by a number of that name. Its endpoint's `path`
 * is the name. */
struct address address_of_name(uint64_t number);

/* Inline, as is endpoint_equals: detectors look up what they keep of a server by it with each event. */
static inline bool address_equals(const struct address *a, const struct address *b)
{
	return a->version == b->version && memcmp(a->bytes, b->bytes, sizeof a->bytes) == 0;
}

/* "127.0.0.1", "[2001:db8::1]" with `brackets` on IPv6, also when it is IPv4-mapped, "unix:[NUMBER]". `text` has
 * ADDRESS_TEXT_SIZE bytes; returns it. */
char *address_format(const struct address *address, bool brackets, char *text);

/* ---- an address and a port: one end of a connection */

struct endpoint {
	struct address address;
	uint16_t port;
	const char *path; /* of a unix socket, when it is known, or the host's name, of which no address is; else NULL.
	                     Lives as long as the engine; not compared */
};

enum { ENDPOINT_TEXT_SIZE = ADDRESS_TEXT_SIZE + 8 };

static inline bool endpoint_equals(const struct endpoint *a, const struct endpoint *b)
{
	return a->port == b->port && address_equals(&a->address, &b->address);
}

/* "127.0.0.1:8000", "[::1]:8000", "unix:/run/app.sock" (the end of a long path), "unix:[4711]". `text` has
 * ENDPOINT_TEXT_SIZE bytes; returns it. */
char *endpoint_format(const struct endpoint *endpoint, char *text);

/* Without its port: the address, without brackets, or the name. `text` has ADDRESS_TEXT_SIZE bytes; returns it. */
char *endpoint_format_host(const struct endpoint *endpoint, char *text);

/* ---- TCP */

enum tcp_flag { TCP_FIN = 0x01, TCP_SYN = 0x02, TCP_RST = 0x04, TCP_PSH = 0x08, TCP_ACK = 0x10 };

struct segment {
	uint16_t source_port, destination_port;
	uint32_t sequence, acknowledgment; /* acknowledgment means something only with TCP_ACK */
	uint8_t flags;                     /* tcp_flag */
	uint16_t window;
	uint32_t selective; /* how far beyond the acknowledgment a selective one reaches (RFC 2018); 0: there is none */
	struct slice payload; /* as captured */
	uint32_t missing;     /* bytes after `payload` that were on the wire and are not in the capture */
	uint64_t packet;      /* number of the packet (of the last, for a joined datagram) */
	uint64_t first_packet;
	timestamp time;
	uint8_t input;                     /* of the packet */
	const struct numbering *numbering; /* the same */
};

/* Reads the header and payload; `missing` is handed through from the IP layer. Packet numbers, time and input are the
 * caller's to fill. False when `bytes` are no whole TCP header. */
bool tcp_read_segment(struct slice bytes, uint32_t missing, struct segment *segment);

/* ---- the PROXY protocol */

/* How long the header is (HAProxy's proxy-protocol.txt, versions 1 and 2) with which a balancer begins a connection,
 * before what the client sends: 0: there is none; PROXY_HEADER_MORE: too few bytes to know, fewer than
 * PROXY_HEADER_SHOWS. */
#define PROXY_HEADER_MORE SIZE_MAX
enum { PROXY_HEADER_SHOWS = 107 };
size_t proxy_header_len(struct slice first);

#endif
