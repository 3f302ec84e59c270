/*
 * One direction of a TCP connection, for reassembly.h: how far it was delivered, what of it waits, what its peer has
 * acknowledged, how it ends. When to wait no longer, and what the other direction has to do with it, is not known here.
 */
#ifndef NET_TCP_STREAM_H
#define NET_TCP_STREAM_H

#include "net/held.h"
#include "net/stream.h"
#include "net/tcp.h"

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
	uint64_t acknowledged_packet;              /* which told the highest */
	struct arrival owed;                       /* of the first acknowledgment beyond what was delivered */
	struct arrival progress;                   /* of the latest bytes delivered */
	uint32_t strays;                           /* implausible segments in a row */
	struct held_list held;
	struct ending ending; /* its FIN */
	struct ending reset;  /* its RST, which may still be revoked while it was not given */
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
 * allows changes nothing. A SYN's acknowledgment tells for certain where this stream's bytes begin; so does that of the
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
void tcp_stream_note_ending(struct tcp_stream *stream, const struct segment *segment, const struct held *piece);

/* The RST of `segment`, if it has one. No stack takes one below its window, so that is ignored, save where the peer's
 * last acknowledgment stands (a closed socket answers so what its peer still sends: RFC 9293 §3.10.7.1). One beyond
 * what was delivered waits for what is missing, be that bytes or the FIN (the two are swapped by some captures). Of a
 * direction that is finished, only one right behind its FIN ends it once more, and now the other direction with it. */
void tcp_stream_note_reset(struct tcp_stream *stream, const struct segment *segment, const struct held *piece);

/* A sender that goes on after a RST that waits did not send that: bytes beyond it, or anything but another RST when
 * more than reordering explains went by (`late`). */
void tcp_stream_revoke_reset(
    struct tcp_stream *stream, const struct segment *segment, const struct held *piece, bool late);

/* Is there a RST that waits? */
static inline bool tcp_stream_has_reset(const struct tcp_stream *stream)
{
	return stream->reset.seen && !stream->reset_given;
}

/* The `missing` bytes behind `piece`, which the snap length cut off, take their place among those that wait, as bytes
 * that never come. */
void tcp_stream_hold_missing(struct tcp_stream *stream, const struct held *piece, uint32_t missing);

/* Takes off what was delivered before; false when nothing was. */
bool tcp_stream_trim_delivered(const struct tcp_stream *stream, struct held *piece);

/* Forgets what waits before `at`. */
void tcp_stream_drop_before(struct tcp_stream *stream, position at);

/* ---- what it gives */

/* Gives the gap of unknown length that is owed before everything else (false), or `piece`, which is next (true). */
bool tcp_stream_give_piece(struct tcp_stream *stream, const struct held *piece, struct chunk *chunk);

/* The hole up to `give_up`, or the gap that is owed before it; false when there is none. Where nothing behind it tells
 * a time, it is `now`. */
bool tcp_stream_give_hole(struct tcp_stream *stream, timestamp now, struct chunk *chunk);

/* Its FIN, or its RST. What `unacknowledged` says is the caller's to fill. */
void tcp_stream_give_ending(struct tcp_stream *stream, struct chunk *chunk);
void tcp_stream_give_reset(struct tcp_stream *stream, struct chunk *chunk);

/* ---- what it waits for */

/* Has the peer acknowledged what has not been delivered? */
static inline bool tcp_stream_is_owed(const struct tcp_stream *stream)
{
	return stream->started && !stream->finished && stream->acknowledged_known &&
	       stream->acknowledged > stream->next;
}

/* Something is held or missing; a RST beyond what was delivered waits for nothing that may be given up in time. */
static inline bool tcp_stream_waits(const struct tcp_stream *stream)
{
	bool reset_is_due = tcp_stream_has_reset(stream) && (!stream->started || stream->reset.at <= stream->next);
	return stream->held.first || (stream->ending.seen && !stream->finished) || reset_is_due ||
	       tcp_stream_is_owed(stream);
}

/* Is there a hole before what is held, or before the end? */
bool tcp_stream_has_hole(const struct tcp_stream *stream);

/* Since when has nothing new come for what waits? */
struct arrival tcp_stream_waits_since(const struct tcp_stream *stream);

/* Each of these ends a wait; false when there is nothing that it could end. The first: for a SYN that was not captured;
 * the stream then begins with its first held byte, else with what its peer first acknowledged. The others give up a
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
