/* TCP headers (RFC 9293 §3.1). */
#ifndef NET_TCP_H
#define NET_TCP_H

#include "base/bytes.h"
#include "base/timestamp.h"

enum tcp_flag { TCP_FIN = 0x01, TCP_SYN = 0x02, TCP_RST = 0x04, TCP_PSH = 0x08, TCP_ACK = 0x10 };

struct segment {
	uint16_t source_port, destination_port;
	uint32_t sequence, acknowledgment; /* acknowledgment means something only with TCP_ACK */
	uint8_t flags;                     /* tcp_flag */
	uint16_t window;
	struct slice payload; /* as captured */
	uint32_t missing;     /* bytes after `payload` that were on the wire and are not in the capture */
	uint64_t packet;      /* number of the packet (of the last, for a joined datagram) */
	uint64_t first_packet;
	timestamp time;
};

/* Reads the header and payload; `missing` is handed through from the IP layer. Packet numbers and time are the caller's
 * to fill. False when `bytes` are no whole TCP header. */
bool tcp_read_segment(struct slice bytes, uint32_t missing, struct segment *segment);

#endif
