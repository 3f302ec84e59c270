/* The link type, known or refused by name before the first packet. */
#include "source/link_type.h"

#include "net/link.h"

#include <pcap/pcap.h>
#include <stdio.h>

void link_type_refuse(int type, char *why, size_t why_size)
{
	const char *name = pcap_datalink_val_to_name(type), *words = pcap_datalink_val_to_description(type);
	snprintf(why, why_size,
	    "link type %d%s%s%s%s is not read (Ethernet, Linux cooked, raw IP, BSD loopback and PKTAP are)", type,
	    name ? " " : "", name ? name : "", words ? ", " : "", words ? words : "");
}

bool link_type_read(struct pcap *pcap, uint16_t *link_type, char *why, size_t why_size)
{
	int type = pcap_datalink(pcap);
	*link_type = (uint16_t)type;
	if (link_is_known(type))
		return true;
	link_type_refuse(type, why, why_size);
	return false;
}
