/* Link layer headers: where in a captured frame the IP packet begins. */
#ifndef NET_LINK_H
#define NET_LINK_H

#include "base/bytes.h"

/* Is this link type read here? Ethernet (with 802.1Q and 802.1ad tags, any number), Linux cooked v1 and v2, raw IP
 * (DLT_RAW in all its numbers, LINKTYPE_IPV4, LINKTYPE_IPV6), BSD loopback (NULL in either byte order, LOOP), PKTAP. */
bool link_is_known(int link_type);

/* Apple's PKTAP (LINKTYPE_PKTAP 258; 149, DLT_USER2, is its number on macOS itself and in files that older versions
 * wrote): each frame is one of another interface behind a header with that interface's link type. */
bool link_is_wrapper(int link_type);

/* Replaces a PKTAP frame and its link type by the frame inside, which may be of a link type that is not known here.
 * False, and nothing is changed: there is none (another link type, a header that is cut or says nonsense, no packet
 * behind it, or PKTAP again). */
bool link_unwrap(int *link_type, struct slice *frame);

/* The IP packet inside `frame` (possibly followed by padding), or inside the frame that PKTAP wraps; empty when there
 * is none (ARP, LLDP, too short, unknown link type). */
struct slice link_find_network(int link_type, struct slice frame);

#endif
