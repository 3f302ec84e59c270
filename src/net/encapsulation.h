/*
 * Packets that carry packets: tunnels, overlays of containers and clouds, and mirrors of a switch or a cloud, whose
 * copies come in a wrapper. What is inside is read as if it had been captured there; a packet that is captured both
 * inside and outside is a copy to TCP, as any other.
 *
 * Read: IP in IP (RFC 2003, RFC 4213), GRE (RFC 2784, RFC 2890) with IP or Ethernet inside, ERSPAN of types I to III
 * (draft-foschiano-erspan-03), VXLAN (RFC 7348; Linux's default port as well), GENEVE (RFC 8926), EtherIP (RFC 3378).
 */
#ifndef NET_ENCAPSULATION_H
#define NET_ENCAPSULATION_H

#include "net/headers.h"

enum { ENCAPSULATION_DEPTH = 4 }; /* wrappers that are taken off one packet: overlay, tunnel, mirror, and one more */

enum encapsulation {
	ENCAPSULATION_NONE,   /* the packet carries none */
	ENCAPSULATION_OPENED, /* `packet` is the one that was inside; it may be a fragment, or carry another one */
	ENCAPSULATION_EMPTY,  /* there is no IP packet inside (ARP, a keep-alive) */
	ENCAPSULATION_UNREAD, /* there may be one, and it cannot be read: encrypted, another protocol, nonsense */
};

/* Takes one wrapper off a packet that is no fragment. `name` (not of ENCAPSULATION_NONE) is the wrapper's, and lives
 * on. */
enum encapsulation encapsulation_open(struct ip_packet *packet, const char **name);

#endif
