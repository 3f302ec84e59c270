/*
 * QUIC: that it is spoken, and by which servers. What it carries (HTTP/3, WebTransport) is not read. Seen by Initial
 * packets of clients, which are in datagrams of 1200 bytes at least (RFC 9000 §14.1, §17.2.2; RFC 9369 §3 for version
 * 2).
 */
#ifndef NET_QUIC_H
#define NET_QUIC_H

#include "base/resources.h"
#include "net/headers.h"

enum { QUIC_SERVERS = 64 }; /* that are kept apart */

struct quic {
	struct quic_server {
		struct endpoint endpoint;
		struct endpoint client; /* the latest that began a connection */
		timestamp latest;       /* when it did */
	} servers[QUIC_SERVERS];
	size_t count;
};

/* Takes a datagram; connections are counted (LEDGER_QUIC). */
void quic_take(struct quic *quic, const struct resources *resources, const struct ip_packet *ip, timestamp time);

/* Did a client begin a connection with this server, at whatever port, at `since` or later? */
bool quic_is_spoken(const struct quic *quic, const struct address *server, timestamp since);

#endif
