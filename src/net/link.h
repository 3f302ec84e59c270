/* Link layer headers: where in a captured frame the IP packet begins. */
#ifndef NET_LINK_H
#define NET_LINK_H

#include "base/slice.h"

/* Is this link type read here? Ethernet (with 802.1Q and 802.1ad tags, any number), Linux cooked v1 and v2, raw IP
 * (DLT_RAW in all its numbers, LINKTYPE_IPV4, LINKTYPE_IPV6), BSD loopback (NULL in either byte order, LOOP). */
bool link_is_known(int link_type);

/* The IP packet inside `frame` (possibly followed by padding); empty when there is none (ARP, LLDP, too short, unknown
 * link type). */
struct slice link_find_network(int link_type, struct slice frame);

#endif
