/*
 * Errors of ICMP (RFC 792, RFC 1812 §5.2.7) and ICMPv6 (RFC 4443 §3) that answer a TCP segment: who says it, what, and
 * the beginning of the segment, which they quote. Anybody can send one: it counts only where the quoted sequence number
 * is one that was under way (RFC 5927 §4).
 */
#ifndef NET_ICMP_H
#define NET_ICMP_H

#include "net/headers.h"

/* What was said. */
struct icmp_saying {
	uint8_t type, code;
	uint32_t mtu;      /* of "too big": what the next link takes; 0: it does not say (RFC 1191 §4) */
	struct address by; /* who sent it; version 0: nobody did */
};

struct icmp_error {
	struct icmp_saying said;
	struct address source, destination; /* of the segment */
	uint16_t source_port, destination_port;
	uint32_t sequence;
};

/* False: it is no such error, or quotes no TCP segment, or a fragment without its beginning. */
bool icmp_read_error(const struct ip_packet *packet, struct icmp_error *error);

/* The packet was too large for a link, and may not be cut into fragments. */
bool icmp_is_too_big(const struct icmp_saying *said);

/* A rule rejects the connection: a firewall, or a filter of a router. No kernel answers TCP so for a port at which
 * nobody listens: it sends a RST (RFC 9293 §3.10.7.1). */
bool icmp_is_prohibition(const struct icmp_saying *said);

/* "host administratively prohibited"; lives on. */
const char *icmp_text(const struct icmp_saying *said);

#endif
