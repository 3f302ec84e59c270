/*
 * What TCP knows of one direction, whatever its bytes mean: does the receiver have room for them, were they
 * acknowledged, are there any under way? By it who judges why something did not come tells a side that did not read
 * from one that did not send, and both from a network that lost it.
 *
 * Kept for each direction of a connection (struct stream), of segments as they were captured, in any order; a copy of a
 * segment that was captured twice changes nothing. Nothing is kept of a socket that a probe watches.
 */
#ifndef NET_DELIVERY_H
#define NET_DELIVERY_H

#include "net/headers.h"
#include "net/icmp.h"

#define DELIVERY_PAUSE                                                                                             \
	(2 * TIMESTAMP_SECOND)                  /* without bytes for longer, none are under way: the time in which \
	                                           a slow line brings a segment (1500 bytes, 6 kbit/s) */
#define DELIVERY_OPENING (1 * TIMESTAMP_SECOND) /* a window that closes again within it never let much pass */
#define DELIVERY_RESENT                                                                                \
	(200 * TIMESTAMP_MILLISECOND) /* sooner it is a copy, or a fast retransmission: Linux waits as \
	                                long at least (TCP_RTO_MIN; RFC 6298 §2.4: 1 s) */

/* A time in which something was so. */
struct delivery_span {
	timestamp since, until; /* `since` 0: it never was; `until` 0: it still is */
	uint64_t packet;        /* that shows it */
};

/* How much of [from, to] lies in the span. */
timestamp delivery_overlap(const struct delivery_span *span, timestamp from, timestamp to);

/* Bytes of which the receiver acknowledged nothing since. */
struct delivery_loss {
	struct delivery_span span;
	unsigned resent; /* how often the first of them was sent again */
	uint32_t size;   /* of the segment that was */
	bool heard;      /* the receiver sent something meanwhile, of which the last says that it still lacks them */
	struct icmp_saying too_big; /* what a router said last of a packet of these bytes; or nobody did */
	bool is_overtaken;          /* it says that bytes behind them came (selective acknowledgment, RFC 2018) */
};

struct delivery {
	/* The receiver's window was 0, save for openings that were shorter than DELIVERY_OPENING. Only of a receiver
	 * that had shown another one. */
	struct delivery_span closed;
	struct delivery_loss waiting; /* what is not acknowledged at present; its `since` 0: nothing is */
	struct delivery_loss lost;    /* the last that was acknowledged after it had been sent again */
	struct delivery_span flowing; /* new bytes came, without a pause; `until`: the last of them */
	uint64_t bytes;               /* new ones, ever */
	uint32_t largest;             /* segment that is known to have been acknowledged; 0: none */

	/* its own */
	uint32_t sent, acknowledged; /* sequence numbers: behind the last that was sent, and acknowledged */
	uint32_t window_sequence, window_acknowledgment; /* of the segment that set the window (RFC 9293 §3.10.7.4) */
	uint32_t largest_waiting;
	timestamp resent_at; /* the first that waits was sent, or sent again */
	bool sent_is_known, acknowledged_is_known, window_is_known;
	bool has_room; /* the window is not 0 */
};

/* `side` (0 or 1, as enum side) sent this segment. */
void delivery_note_segment(struct delivery deliveries[2], int side, const struct segment *segment);

/* A packet of this direction with this sequence number was too big for a link, as is said. */
void delivery_note_too_big(struct delivery *delivery, const struct icmp_error *error);

#endif
