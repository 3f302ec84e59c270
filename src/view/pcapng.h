/* Packets as a pcapng file (draft-ietf-opsawg-pcapng), each with the comments that it got. */
#ifndef VIEW_PCAPNG_H
#define VIEW_PCAPNG_H

#include "net/packet.h"

#include <stdio.h>

struct pcapng {
	FILE *out; /* borrowed */
	uint16_t link_type;
	bool failed;
};

/* Writes the heads of the section and of its one interface: the format has room for more, but libpcap reads no file
 * whose packets have different link types. */
void pcapng_begin(struct pcapng *pcapng, FILE *out, uint16_t link_type);

/* A packet of that link type. `comment` may be empty; it should be UTF-8. False: the stream refused. */
bool pcapng_write(struct pcapng *pcapng, const struct packet *packet, struct slice comment);

#endif
