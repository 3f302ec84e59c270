/* What a process read or wrote, as the TCP packet that might have carried it: for files that know packets only. */
#ifndef SOURCE_PROBE_FRAME_H
#define SOURCE_PROBE_FRAME_H

#include "net/packet.h"

enum { PROBE_FRAME_HEAD = 60, PROBE_FRAME_LINK = 101 }; /* an IPv6 and a TCP header; LINKTYPE_RAW */

/* What of a socket's two directions was put into frames: [1] is received. */
struct probe_frames {
	uint64_t next[2]; /* offset of the byte that comes next */
	bool begun[2];
};

/* Writes the headers of a packet with `probed` before `bytes`, which has PROBE_FRAME_HEAD bytes of room before it, and
 * returns the frame; empty when there is nothing that a packet could say. The first of each direction is a SYN that
 * carries data (as TCP Fast Open has it), unless the socket was joined. */
struct slice probe_frame_write(struct probe_frames *frames, const struct probed *probed, uint8_t *bytes);

#endif
