/*
 * One direction of a TCP connection, for reassembly.h: how far it was delivered, what of it waits in its out-of-order
 * queue, what its peer has acknowledged, how it ends. When to give up waiting, and what the other direction has to do
 * with it, is decided in reassembly.c.
 */
#ifndef NET_TCP_STREAM_H
#define NET_TCP_STREAM_H

#include "base/memory.h"
#include "base/timestamp.h"
#include "net/headers.h"
#include "net/stream.h"

/* ---- the out-of-order queue: bytes that cannot be delivered yet, by sequence number, without overlaps */

/* A stream position: a sequence number with its wrap-arounds counted (position_of). */
typedef int64_t position;
#define POSITION_ANY INT64_MAX /* behind all others */

/* The position of sequence number `sequence` nearest to `near`. */
static inline position position_of(position near, uint32_t sequence)
{
	return near + (int32_t)(sequence - (uint32_t)near);
}

/* When something came: by the clock of the packets, and by the count of the connection's segments. */
struct arrival {
	timestamp time;
	uint64_t segment;
};

struct piece {
	struct piece *prev, *next;
	position start;
	size_t len;
	const uint8_t *bytes; /* NULL: captured without them (snap length) */
	bool owned;           /* else `bytes` are borrowed and must be copied by piece_queue_keep */
	bool has_acknowledgment;
	bool awaits_other;       /* when it came, what it acknowledges had not been delivered */
	position acknowledgment; /* of the other direction */
	uint64_t first_packet, packet;
	timestamp time;
	struct arrival arrival;
};

static inline position piece_end(const struct piece *piece)
{
	return piece->start + (position)piece->len;
}

enum { PIECE_QUEUE_MOST = 4096 }; /* that may wait in one direction; keeps insertion cheap on hostile input */

struct piece_queue {
	struct piece *first, *last;
	size_t bytes; /* owned or still borrowed; without those that were not captured */
	size_t pieces;
	struct budget *budget;
};

/* Puts those parts of `piece` into the queue that it does not hold yet; their bytes stay borrowed. Overlapping bytes
 * that differ set *conflict. Returns how many bytes were new; a part for which there was no memory is not. */
size_t piece_queue_insert(struct piece_queue *queue, const struct piece *piece, bool *conflict);

/* Copies what is still borrowed; what the budget refuses is dropped. Call before the borrowed bytes go away. */
void piece_queue_keep(struct piece_queue *queue);

void piece_queue_drop_first(struct piece_queue *queue);
void piece_queue_drop_all(struct piece_queue *queue);

/* ---- one direction */

/* A FIN or RST that has been seen. */
struct ending {
	bool seen;
	position at;
	bool has_acknowledgment;
	position acknowledgment;
	uint64_t first_packet, packet;
	timestamp time;
	struct arrival arrival;
};

/* What one side sends. */
struct tcp_stream {
	enum side side;
	bool placed;  /* `next` means something */
	bool started; /* `next` is where its bytes begin, or go on */
	bool syn_seen;
	bool finished; /* its FIN or RST was delivered */
	bool gap_owed; /* joined in mid-stream: the first chunk is preceded by a gap of unknown length */
	bool acknowledged_known;
	uint32_t initial; /* with syn_seen */
	position begin;   /* the first byte delivered */
	position next;
	position give_up;                          /* a hole up to here is given up */
	position acknowledged, acknowledged_least; /* by the peer: highest and lowest */
	uint64_t acknowledged_packet;              /* which had the highest */
	struct arrival owed;                       /* of the first acknowledgment beyond what was delivered */
	struct arrival progress;                   /* of the latest bytes delivered */
	uint32_t strays;                           /* implausible segments in a row */
	struct piece_queue queue;
	struct ending ending; /* its FIN */
	struct ending reset;  /* its RST, which may still be revoked while it was not given */
	position reset_heard; /* the end of all that the peer had sent by then */
	bool reset_given;
};

void tcp_stream_init(struct tcp_stream *stream, enum side side, struct budget *budget);
void tcp_stream_free(struct tcp_stream *stream);

/* ---- what segments say of it */

/* So that its peer's acknowledgments and its own sequence numbers have positions; the first call holds. */
void tcp_stream_place(struct tcp_stream *stream, uint32_t sequence);

void tcp_stream_note_syn(struct tcp_stream *stream, uint32_t sequence);

/* Is this the first segment after the stream's SYN? */
bool tcp_stream_is_first(const struct tcp_stream *stream, const struct segment *segment);

/* The peer's `segment`, which came at `now`, acknowledges up to a position, which is returned. One that no window
 * allows changes nothing. A SYN's acknowledgment says for certain where this stream's bytes begin; so does that of the
 * first segment after a SYN (`begins`), where the SYN that answers was not captured. */
position tcp_stream_note_acknowledgment(
    struct tcp_stream *stream, const struct segment *segment, bool begins, struct arrival now);

/* An acknowledgment of more than any window holds is nonsense. */
bool tcp_stream_is_implausible(const struct tcp_stream *stream, position acknowledgment);

/* No window reaches from what was delivered to here. */
bool tcp_stream_is_far(const struct tcp_stream *stream, position at);

/* The stream goes on at a place that has nothing to do with what came before. */
void tcp_stream_restart(struct tcp_stream *stream, position at);

/* The FIN of `segment`, if it has one, whose bytes are `piece`. */
void tcp_stream_note_ending(struct tcp_stream *stream, const struct segment *segment, const struct piece *piece);

/* The RST of `segment`, if it has one. No stack takes one below its window, so that is ignored, save where the peer's
 * last acknowledgment is (a closed socket answers so what its peer still sends: RFC 9293 §3.10.7.1). One beyond
 * what was delivered waits for what is missing, be that bytes or the FIN (the two are swapped by some captures). Of a
 * direction that is finished, only one right behind its FIN ends it once more, and now the other direction with it. The
 * peer had sent up to `heard` (its own positions) when it came. */
void tcp_stream_note_reset(
    struct tcp_stream *stream, const struct segment *segment, const struct piece *piece, position heard);

/* A sender that goes on after a RST that waits did not send that: bytes beyond it, an acknowledgment of what its peer
 * sent only afterwards, or anything but another RST when more than reordering explains went by (`late`). True: it was
 * revoked. */
bool tcp_stream_revoke_reset(
    struct tcp_stream *stream, const struct segment *segment, const struct piece *piece, bool late);

/* Is there a RST that waits? */
static inline bool tcp_stream_has_reset(const struct tcp_stream *stream)
{
	return stream->reset.seen && !stream->reset_given;
}

/* The `missing` bytes behind `piece`, which the snap length cut off, take their place among those that wait, as bytes
 * that never come. */
void tcp_stream_hold_missing(struct tcp_stream *stream, const struct piece *piece, uint32_t missing);

/* Takes off what was delivered before; false when nothing was. */
bool tcp_stream_trim_delivered(const struct tcp_stream *stream, struct piece *piece);

/* Forgets what waits before `at`. */
void tcp_stream_drop_before(struct tcp_stream *stream, position at);

/* ---- what it gives */

/* Gives the gap of unknown length that is owed before everything else (false), or `piece`, which is next (true). `other`
 * is the other direction. */
bool tcp_stream_give_piece(
    struct tcp_stream *stream, const struct tcp_stream *other, const struct piece *piece, struct chunk *chunk);

/* The hole up to `give_up`, or the gap that is owed before it; false when there is none. Where nothing behind it has
 * a time, it is `now`. */
bool tcp_stream_give_hole(struct tcp_stream *stream, timestamp now, struct chunk *chunk);

/* Its FIN, or its RST. What `unacknowledged` says is the caller's to fill. */
void tcp_stream_give_ending(struct tcp_stream *stream, const struct tcp_stream *other, struct chunk *chunk);
void tcp_stream_give_reset(struct tcp_stream *stream, struct chunk *chunk);

/* ---- what it waits for */

/* Has the peer acknowledged what has not been delivered? */
static inline bool tcp_stream_is_owed(const struct tcp_stream *stream)
{
	return stream->started && !stream->finished && stream->acknowledged_known &&
	       stream->acknowledged > stream->next;
}

/* Something is queued or missing; a RST beyond what was delivered waits for nothing that may be given up in time. */
static inline bool tcp_stream_waits(const struct tcp_stream *stream)
{
	bool reset_is_due = tcp_stream_has_reset(stream) && (!stream->started || stream->reset.at <= stream->next);
	return stream->queue.first || (stream->ending.seen && !stream->finished) || reset_is_due ||
	       tcp_stream_is_owed(stream);
}

/* Is there a hole before the queue, or before the end? */
bool tcp_stream_has_hole(const struct tcp_stream *stream);

/* The end of all that was captured of it, or acknowledged; POSITION_ANY: nothing is known of it. */
position tcp_stream_sent(const struct tcp_stream *stream);

/* Since when has nothing new come for what waits? */
struct arrival tcp_stream_waits_since(const struct tcp_stream *stream);

/* Each of these ends a wait; false when there is nothing that it could end. The first: for a SYN that was not captured;
 * the stream then begins with its first queued byte, else with what its peer first acknowledged. The others give up a
 * hole: as far as the peer has acknowledged it, or all of it; before a RST alone only when no more segments will come
 * (`ending`). */
bool tcp_stream_force_start(struct tcp_stream *stream);
bool tcp_stream_force_acknowledged(struct tcp_stream *stream);
bool tcp_stream_force_hole(struct tcp_stream *stream, bool ending);

/* ---- questions */

/* Does a SYN with this sequence number fit, although none was captured before? */
bool tcp_stream_fits_syn(const struct tcp_stream *stream, uint32_t sequence);

/* Has the peer acknowledged all that was delivered? */
bool tcp_stream_is_all_acknowledged(const struct tcp_stream *stream);

#endif
