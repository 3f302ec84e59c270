/* Packets as a pcapng file (draft-ietf-opsawg-pcapng), each with the comments that it got. */
#ifndef VIEW_PCAPNG_H
#define VIEW_PCAPNG_H

#include "net/packet.h"

#include <stdio.h>

enum { PCAPNG_INTERFACES = 16 }; /* more than there are link types that are read */

struct pcapng {
	FILE *out;                              /* borrowed */
	uint16_t interfaces[PCAPNG_INTERFACES]; /* the link type of each */
	uint32_t interface_count;
	bool failed;
};

/* Writes the head of the section and describes one interface, without which libpcap takes a file for damaged. */
void pcapng_begin(struct pcapng *pcapng, FILE *out, uint16_t link_type);

/* Secrets of TLS connections, in the form of a key log (Decryption Secrets, §4.7). They are for the packets behind
 * them. False: the stream refused. */
bool pcapng_write_secrets(struct pcapng *pcapng, struct slice text);

/* A packet, behind the description of an interface of its link type when it is the first of that. Wireshark and
 * sioscope read files of several link types; libpcap reads those of one. `comment` may be empty; it should be UTF-8.
 * False: the stream refused. */
bool pcapng_write(struct pcapng *pcapng, const struct packet *packet, struct slice comment);

#endif
