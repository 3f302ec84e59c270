/* A packet as a source delivers it; from a probe, what takes its place. */
#ifndef NET_PACKET_H
#define NET_PACKET_H

#include "base/bytes.h"
#include "base/timestamp.h"

struct probed;

struct packet {
	timestamp time;
	uint64_t number;    /* from 1, as Wireshark counts; across merged files in order of time; 0: `probed` alone */
	uint16_t link_type; /* LINKTYPE_ / DLT_ value */
	uint32_t wire_len;  /* bytes on the wire; bytes.len is less when the snap length cut the packet */
	struct slice bytes; /* borrowed until the next packet is asked for; empty: there is only `probed` */
	const struct probed
	    *probed; /* from a probe: what the packet is about, and `bytes` is made up from it; or NULL */
};

#endif
