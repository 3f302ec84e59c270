/*
 * TCP reassembly: segments of one connection in, the bytes of its two directions out, each in order and without
 * duplicates, and the two directions in the order in which the peers saw each other's bytes.
 *
 * Rules:
 * - In order within a direction: by sequence number, modulo 2^32 (RFC 9293 §3.4). What was delivered is never
 *   delivered again; where queued bytes overlap, the first captured holds, and an overlap with other content is counted
 *   (`conflicts`).
 * - In order between the directions: a segment is delivered only when all the bytes that it acknowledges have been
 *   delivered or given up on the other side. A response thus never precedes its request, however the capture shuffled
 *   them.
 * - Loss: a hole is given up, as one CHUNK_GAP, when the peer has acknowledged beyond it and `patience_packets`
 *   further packets of the connection or `patience` went by (it was received, so the capture has lost it; waiting
 *   allows for a shuffled capture); or when it has lasted `patience_unacknowledged`; or when more than `queued_bytes`
 *   wait for it, on either side; or at the end (reassembly_end). Bytes that the snap length cut off (segment.missing)
 *   are given up as soon as they are next.
 * - Joined in mid-stream (no SYN seen): a direction begins at its first segment with bytes, or at the acknowledgment
 *   of its peer when that comes first, and the first chunk is preceded by a CHUNK_GAP of unknown length (lost == 0).
 * - A sequence number more than 64 MiB away is no segment of this stream and is ignored; but after `patience_packets`
 *   of them in a row the stream begins again there, after a CHUNK_GAP of unknown length.
 * - SYN and FIN take one sequence number each; data on a SYN is data (RFC 7413 or plain). Keep-alive probes (old byte
 *   or none, sequence one below the next) and zero-window probes deliver nothing twice.
 * - A RST counts where it is next, or at its peer's last acknowledgment; one below that is ignored, and one
 *   beyond waits for what is missing. It is given when `patience` or `patience_packets` went by without a sign that its
 *   sender goes on (bytes beyond it, or an acknowledgment of what was sent to it only afterwards), which revokes it:
 *   somebody else can send a RST in its name. What its peer sends meanwhile waits behind it. One that adds nothing (the
 *   other side has ended too) is given at once. After a side's FIN or RST nothing more of that side is delivered.
 *
 * In-order segments are handed out borrowed, without a copy; only what must wait is copied, charged to the budget.
 */
#ifndef NET_REASSEMBLY_H
#define NET_REASSEMBLY_H

#include "base/memory.h"
#include "net/headers.h"
#include "net/stream.h"

struct reassembly_limits {
	size_t queued_bytes;               /* per direction; default 1 MiB */
	uint32_t patience_packets;         /* default 32 */
	timestamp patience;                /* default 500 ms */
	timestamp patience_unacknowledged; /* default 10 s */
};
extern const struct reassembly_limits reassembly_default_limits;

struct reassembly_counts {
	uint64_t retransmitted; /* segments of which some bytes had been seen before */
	uint64_t out_of_order;  /* segments that had to wait */
	uint64_t conflicts;     /* overlaps whose bytes disagree */
	uint64_t gaps, lost;    /* holes given up; bytes of known length in them */
	uint64_t taken, given;  /* bytes of payload: added, and delivered */
	uint64_t repeated;      /* bytes of `taken` that had been seen before */
	uint64_t overflows;     /* of these, those given up because too much waited behind them */
	uint64_t disobeyed;     /* RSTs whose sender went on */
};

struct reassembly; /* opaque: one TCP connection, both directions. Some 600 bytes while nothing waits. */

/* `limits` and `budget` are borrowed and outlive it. NULL: no memory. */
struct reassembly *reassembly_new(const struct reassembly_limits *limits, struct budget *budget);
void reassembly_free(struct reassembly *reassembly);

/* Takes one segment sent by `side`. Its payload must stay valid until reassembly_next_chunk has answered false. A
 * refused allocation makes a gap, nothing worse. */
void reassembly_add_segment(struct reassembly *reassembly, enum side side, const struct segment *segment);

/* The next chunk that may be delivered at `now`; false when there is none. Call until false after each segment, and now
 * and then for connections in which something waits (reassembly_waits), as time alone can end the wait. */
bool reassembly_next_chunk(struct reassembly *reassembly, timestamp now, struct chunk *chunk);

/* Something is queued or missing. */
bool reassembly_waits(const struct reassembly *reassembly);

/* No more segments will come: every hole is given up by the reassembly_next_chunk calls that follow. */
void reassembly_end(struct reassembly *reassembly);

/* Is this a SYN of another connection on the same addresses and ports (other initial sequence number than the one seen,
 * or any SYN after both ends closed)? A SYN that was seen already, or one that fits a connection whose SYN was captured
 * late, is not. Bytes that go on right behind a RST of their own sender, which was given, are, and so is an
 * acknowledgment by it of what was sent to it later: nothing else can be made of them. */
bool reassembly_is_new_connection(const struct reassembly *reassembly, enum side side, const struct segment *segment);

/* Has `side` acknowledged all bytes that the other side has been seen to send (delivered)? Tells if the last bytes
 * before a reset were received by the peer's kernel. */
bool reassembly_all_acknowledged_by(const struct reassembly *reassembly, enum side side);

/* Does the segment begin at exactly the byte that `side` sends next? */
bool reassembly_expects(const struct reassembly *reassembly, enum side side, const struct segment *segment);

struct reassembly_counts reassembly_counts(const struct reassembly *reassembly);

#endif
