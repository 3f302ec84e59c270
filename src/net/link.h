/*
 * The link layer: where in a captured frame the IP packet begins. Ethernet with tags (802.1Q, 802.1ad, any number),
 * PPPoE (RFC 2516) and MPLS (RFC 3032, RFC 4385) behind it; Linux cooked v1 and v2; PPP (RFC 1661, RFC 1662), Cisco
 * HDLC; raw IP (DLT_RAW in all its numbers, LINKTYPE_IPV4, LINKTYPE_IPV6); BSD loopback (NULL in either byte order,
 * LOOP); and in wrappers of their own PKTAP and NFLOG.
 */
#ifndef NET_LINK_H
#define NET_LINK_H

#include "base/bytes.h"

enum { LINK_ETHERNET = 1 };

/* Is this link type read here? */
bool link_is_known(int link_type);

/* Is each frame one of another link type, behind a header? Apple's PKTAP (LINKTYPE_PKTAP 258; 149, DLT_USER2, is its
 * number on macOS itself and in files that older versions wrote), Linux's NFLOG (239). */
bool link_is_wrapper(int link_type);

/* Replaces such a frame and its link type by the frame inside, which may be of a link type that is not known here.
 * False, and nothing is changed: there is none (another link type, a header that is cut or says nonsense, no packet
 * behind it, or PKTAP again). */
bool link_unwrap(int *link_type, struct slice *frame);

struct link_inside {
	struct slice network; /* the IP packet, possibly followed by padding; empty: there is none */
	const char *unread;   /* a protocol that may carry one and is not read; NULL: none (ARP, LLDP, too short) */
};

/* Of a frame of a link type that is known. */
struct link_inside link_look(int link_type, struct slice frame);

/* Its IP packet alone. */
struct slice link_find_network(int link_type, struct slice frame);

/* Does the frame have its IP packet behind a tag or another header, where the words of a filter do not look unless they
 * say so (`vlan and …`)? Returns the word that does; NULL: no. */
const char *link_filter_word(int link_type, struct slice frame);

#endif
