/* IPv4 (RFC 791) and IPv6 (RFC 8200) headers, with extension headers; fragments are told, not joined (fragment.h). */
#ifndef NET_IP_H
#define NET_IP_H

#include "base/bytes.h"

struct address {
	uint8_t version;   /* 4 or 6 */
	uint8_t bytes[16]; /* network order; IPv4 uses the first four, the rest is zero */
};

enum { IP_PROTOCOL_TCP = 6, ADDRESS_TEXT_SIZE = 64 };

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

/* The address that stands for one end of a unix socket, by a number of it (an inode; a hash of the path that it is
 * bound to). It is a unique local one (RFC 4193), "unix" in its first bytes. */
struct address address_of_unix(uint64_t number);
bool address_is_unix(const struct address *address, uint64_t *number);

bool address_equals(const struct address *a, const struct address *b);

/* "127.0.0.1", "[2001:db8::1]" with `brackets` on IPv6, also when it is IPv4-mapped, "unix:[NUMBER]". `text` has
 * ADDRESS_TEXT_SIZE bytes; returns it. */
char *address_format(const struct address *address, bool brackets, char *text);

#endif
