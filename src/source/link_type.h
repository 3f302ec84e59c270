/* What libpcap says of the frames that it gives. */
#ifndef SOURCE_LINK_TYPE_H
#define SOURCE_LINK_TYPE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct pcap;

/* Fills the link type of an opened file or interface. False: it is none that is read here, and `why` names it. */
bool link_type_read(struct pcap *pcap, uint16_t *link_type, char *why, size_t why_size);

/* Says that the link type is not read, by its name. */
void link_type_refuse(int type, char *why, size_t why_size);

#endif
