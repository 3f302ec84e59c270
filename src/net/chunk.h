/* What a connection's two directions are made of, once they are in order: by reassembly.h, or as a probe gives them. */
#ifndef NET_CHUNK_H
#define NET_CHUNK_H

#include "base/slice.h"
#include "base/timestamp.h"

enum side { SIDE_A, SIDE_B }; /* which end of the connection sent it; who is client is for others to say */

static inline enum side side_other(enum side side)
{
	return side == SIDE_A ? SIDE_B : SIDE_A;
}

enum chunk_kind { CHUNK_BYTES, CHUNK_GAP, CHUNK_FIN, CHUNK_RST };

struct chunk {
	enum chunk_kind kind;
	enum side side;
	struct slice bytes;            /* CHUNK_BYTES: borrowed until the next one is asked for */
	uint64_t lost;                 /* CHUNK_GAP: bytes missing; 0 when that cannot be known */
	uint64_t first_packet, packet; /* the packets that carried it (equal but for joined IP fragments); for a gap,
	                                  the packet that showed it */
	timestamp time;                /* of that packet; bytes that waited keep their own packet's time */
	bool unacknowledged;           /* CHUNK_FIN, CHUNK_RST: `side` never acknowledged the last bytes sent to it */
};

#endif
