/* Packets as a pcapng file (draft-ietf-opsawg-pcapng), each with the comments that it got. */
#ifndef VIEW_PCAPNG_H
#define VIEW_PCAPNG_H

#include "wire/packet.h"

#include <stdio.h>

enum { PCAPNG_INTERFACES = 16 };

struct pcapng {
	FILE *out; /* borrowed */
	uint16_t link_types[PCAPNG_INTERFACES];
	size_t interfaces;
	bool failed;
};

/* Writes the section's head. */
void pcapng_begin(struct pcapng *pcapng, FILE *out);

/* `comment` may be empty; it should be UTF-8. False: the stream refused, or there are too many link types. */
bool pcapng_write(struct pcapng *pcapng, const struct packet *packet, struct slice comment);

#endif
