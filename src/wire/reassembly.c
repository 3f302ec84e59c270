/*
 * TCP reassembly. What can be delivered at once is handed through; everything else waits in two sorted lists until its
 * place comes, or until waiting has become pointless (reassembly_force).
 */
#include "wire/reassembly.h"

#include "wire/held.h"

#include <stdlib.h>

const struct reassembly_limits reassembly_default_limits = {
    .held_bytes = 1 << 20,
    .patience_packets = 32,
    .patience = 500 * STAMP_MILLISECOND,
    .patience_unacknowledged = 10 * STAMP_SECOND,
};

#define POSITION_BASE ((position)1 << 33) /* where every stream begins, far from zero in both directions */

enum {
	PLAUSIBLE_ACKNOWLEDGMENT = 64 << 20, /* beyond what was delivered; more is no window's size, but nonsense */
	PLAUSIBLE_SEQUENCE = 64 << 20,       /* away from what was delivered */
	LATE_SYN = 1 << 20,                  /* a SYN this close before the first bytes belongs to them */
};

/* A FIN or RST that has been seen. */
struct ending {
	bool seen;
	enum chunk_kind kind;
	position at;
	bool has_acknowledgment;
	position acknowledgment;
	uint64_t first_packet, packet;
	stamp time;
	struct arrival arrival;
};

/* One direction: what one side sends. */
struct stream {
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
	struct ending ending;
};

struct reassembly {
	const struct reassembly_limits *limits;
	struct stream streams[2];
	struct held incoming; /* the segment being added, its payload borrowed */
	enum side incoming_side;
	bool has_incoming;
	bool release;  /* the chunk before was lent from a list: drop it now */
	bool ending;   /* no more segments will come */
	bool heedless; /* deliver the next piece although what it acknowledges is missing */
	struct arrival latest;
	struct reassembly_counts counts;
};

struct reassembly *reassembly_new(const struct reassembly_limits *limits, struct budget *budget)
{
	struct reassembly *reassembly = calloc(1, sizeof *reassembly);
	if (!reassembly)
		return NULL;
	reassembly->limits = limits;
	reassembly->streams[SIDE_A].held.budget = reassembly->streams[SIDE_B].held.budget = budget;
	return reassembly;
}

void reassembly_free(struct reassembly *reassembly)
{
	if (!reassembly)
		return;
	held_drop_all(&reassembly->streams[SIDE_A].held);
	held_drop_all(&reassembly->streams[SIDE_B].held);
	free(reassembly);
}

struct reassembly_counts reassembly_counts(const struct reassembly *reassembly)
{
	return reassembly->counts;
}

static struct arrival arrival_later(struct arrival a, struct arrival b)
{
	return a.segment > b.segment ? a : b;
}

/* ---- places */

static void stream_place(struct stream *stream, uint32_t sequence)
{
	if (stream->placed)
		return;
	stream->placed = true;
	stream->next = stream->begin = POSITION_BASE + sequence;
}

static void stream_start(struct stream *stream, position at)
{
	stream->started = true;
	stream->begin = stream->next = at;
}

/* What is held before the place where a stream turned out to start is not wanted. */
static void stream_drop_before(struct stream *stream, position at)
{
	while (stream->held.first && held_end(stream->held.first) <= at)
		held_drop_first(&stream->held);
}

/* Has the peer acknowledged what has not been delivered? */
static bool stream_is_owed(const struct stream *stream)
{
	return stream->started && !stream->finished && stream->acknowledged_known &&
	       stream->acknowledged > stream->next;
}

/* ---- one segment */

static void reassembly_note_syn(struct reassembly *reassembly, enum side side, const struct segment *segment)
{
	struct stream *stream = &reassembly->streams[side];
	stream_place(stream, segment->sequence + 1);
	position begin = position_of(stream->next, segment->sequence + 1);
	stream->initial = segment->sequence;
	stream->syn_seen = true;
	if (stream->started)
		return; /* captured late: its bytes have begun already */
	stream_start(stream, begin);
	stream_drop_before(stream, begin);
}

/* What `side` acknowledges of the other. */
static void reassembly_note_acknowledgment(
    struct reassembly *reassembly, enum side side, const struct segment *segment, position *acknowledgment)
{
	struct stream *other = &reassembly->streams[side_other(side)];
	stream_place(other, segment->acknowledgment);
	position at = position_of(other->next, segment->acknowledgment);
	*acknowledgment = at;
	if (at - other->next > PLAUSIBLE_ACKNOWLEDGMENT)
		return;
	/* A SYN's own acknowledgment tells for certain where the other side's bytes begin. */
	if (!other->started && (segment->flags & TCP_SYN)) {
		stream_start(other, at);
		stream_drop_before(other, at);
	}
	if (!stream_is_owed(other) && (other->started || !other->acknowledged_known))
		other->owed = reassembly->latest;
	if (!other->acknowledged_known || at > other->acknowledged) {
		other->acknowledged = at;
		other->acknowledged_packet = segment->packet;
	}
	if (!other->acknowledged_known || at < other->acknowledged_least)
		other->acknowledged_least = at;
	other->acknowledged_known = true;
}

static void reassembly_note_ending(struct stream *stream, const struct segment *segment, const struct held *piece)
{
	position at = held_end(piece) + segment->missing;
	if (stream->ending.seen || !(segment->flags & (TCP_FIN | TCP_RST)))
		return;
	if (stream->started && at < stream->next && !(segment->flags & TCP_RST))
		return; /* an old copy */
	stream->ending = (struct ending){
	    .seen = true,
	    .kind = segment->flags & TCP_RST ? CHUNK_RST : CHUNK_FIN,
	    .at = at,
	    .has_acknowledgment = piece->has_acknowledgment,
	    .acknowledgment = piece->acknowledgment,
	    .first_packet = segment->first_packet,
	    .packet = segment->packet,
	    .time = segment->time,
	    .arrival = piece->arrival,
	};
}

/* Takes off what was delivered before; false when nothing was. */
static bool stream_trim_delivered(const struct stream *stream, struct held *piece)
{
	if (!stream->started || piece->start >= stream->next || !piece->len)
		return false;
	size_t old = held_end(piece) <= stream->next ? piece->len : (size_t)(stream->next - piece->start);
	piece->start += (position)old;
	piece->bytes = piece->bytes ? piece->bytes + old : NULL;
	piece->len -= old;
	return true;
}

/* Bytes that the snap length cut off take their place in the list, as bytes that never come. */
static void stream_hold_missing(struct stream *stream, const struct held *piece, uint32_t missing)
{
	bool conflict = false;
	struct held absent = *piece;
	absent.start = held_end(piece);
	absent.len = missing;
	absent.bytes = NULL;
	stream_trim_delivered(stream, &absent);
	if (absent.len)
		held_insert(&stream->held, &absent, &conflict);
}

/* The stream goes on at a place that has nothing to do with what came before. */
static void reassembly_restart(struct reassembly *reassembly, struct stream *stream, position at)
{
	held_drop_all(&stream->held);
	stream_start(stream, at);
	stream->placed = stream->gap_owed = true;
	stream->give_up = at;
	stream->acknowledged_known = stream->ending.seen = false;
	stream->strays = 0;
	reassembly->counts.gaps++;
}

/* A sequence number that no window allows is somebody else's or forged; many in a row mean that as much was lost. */
static bool reassembly_is_stray(
    struct reassembly *reassembly, struct stream *stream, const struct held *piece, uint32_t missing)
{
	bool has_bytes = piece->len || missing;
	position distance = piece->start - stream->next;
	if (distance <= PLAUSIBLE_SEQUENCE && distance >= -PLAUSIBLE_SEQUENCE) {
		stream->strays = has_bytes ? 0 : stream->strays;
		return false;
	}
	stream->strays += has_bytes;
	if (stream->strays < reassembly->limits->patience_packets || !has_bytes)
		return true;
	reassembly_restart(reassembly, stream, piece->start);
	return false;
}

static void reassembly_take_payload(
    struct reassembly *reassembly, enum side side, struct held *piece, const struct segment *segment)
{
	struct stream *stream = &reassembly->streams[side];
	if (stream->finished || reassembly_is_stray(reassembly, stream, piece, segment->missing))
		return;
	reassembly_note_ending(stream, segment, piece);
	stream_hold_missing(stream, piece, segment->missing);
	reassembly->counts.retransmitted += stream_trim_delivered(stream, piece);
	if (!piece->len)
		return;
	reassembly->incoming = *piece;
	reassembly->incoming_side = side;
	reassembly->has_incoming = true;
}

static void reassembly_note_arrival(struct reassembly *reassembly, const struct segment *segment)
{
	struct arrival *latest = &reassembly->latest;
	latest->time = latest->segment++ && latest->time > segment->time ? latest->time : segment->time;
}

void reassembly_add_segment(struct reassembly *reassembly, enum side side, const struct segment *segment)
{
	struct stream *stream = &reassembly->streams[side];
	uint32_t sequence = segment->sequence + (segment->flags & TCP_SYN ? 1 : 0);
	reassembly_note_arrival(reassembly, segment);
	struct held piece = {.len = segment->payload.len,
	    .bytes = segment->payload.at,
	    .packet = segment->packet,
	    .first_packet = segment->first_packet,
	    .time = segment->time,
	    .arrival = reassembly->latest};
	if (segment->flags & TCP_SYN)
		reassembly_note_syn(reassembly, side, segment);
	stream_place(stream, sequence);
	piece.start = position_of(stream->next, sequence);
	piece.has_acknowledgment = segment->flags & TCP_ACK;
	if (piece.has_acknowledgment)
		reassembly_note_acknowledgment(reassembly, side, segment, &piece.acknowledgment);
	reassembly_take_payload(reassembly, side, &piece, segment);
}

/* ---- delivering */

/* Has everything that it acknowledges been delivered, or can it never be? */
static bool reassembly_is_heard(const struct reassembly *reassembly, enum side side, bool has, position acknowledgment)
{
	const struct stream *other = &reassembly->streams[side_other(side)];
	return !has || reassembly->heedless || other->finished || (other->started && acknowledgment <= other->next) ||
	       acknowledgment - other->next > PLAUSIBLE_ACKNOWLEDGMENT;
}

static bool reassembly_piece_is_ready(const struct reassembly *reassembly, enum side side, const struct held *piece)
{
	const struct stream *stream = &reassembly->streams[side];
	return stream->started && piece->start <= stream->next &&
	       reassembly_is_heard(reassembly, side, piece->has_acknowledgment, piece->acknowledgment);
}

static void reassembly_give(struct stream *stream, enum side side, const struct held *piece, struct chunk *chunk)
{
	size_t old = piece->start < stream->next ? (size_t)(stream->next - piece->start) : 0;
	*chunk = (struct chunk){
	    .side = side, .first_packet = piece->first_packet, .packet = piece->packet, .time = piece->time};
	if (piece->bytes) {
		chunk->kind = CHUNK_BYTES;
		chunk->bytes = slice_of(piece->bytes + old, piece->len - old);
	} else {
		chunk->kind = CHUNK_GAP;
		chunk->lost = piece->len - old;
	}
	stream->next = held_end(piece);
	stream->progress = arrival_later(stream->progress, piece->arrival);
}

/* The gap of unknown length that is owed before the first chunk of a stream joined in mid-stream. */
static bool reassembly_give_beginning(
    struct stream *stream, enum side side, uint64_t first_packet, uint64_t packet, stamp time, struct chunk *chunk)
{
	if (!stream->gap_owed)
		return false;
	stream->gap_owed = false;
	*chunk = (struct chunk){
	    .kind = CHUNK_GAP, .side = side, .first_packet = first_packet, .packet = packet, .time = time};
	return true;
}

/* What shows a hole: the bytes or the end behind it, or else its acknowledgment. */
static uint64_t stream_packet_beyond(const struct stream *stream)
{
	if (stream->held.first)
		return stream->held.first->packet;
	return stream->ending.seen ? stream->ending.packet : stream->acknowledged_packet;
}

/* A gap of known length before what is held next, for which the waiting was given up. */
static bool reassembly_give_hole(struct reassembly *reassembly, enum side side, struct chunk *chunk)
{
	struct stream *stream = &reassembly->streams[side];
	if (!stream->started || stream->give_up <= stream->next)
		return false;
	uint64_t packet = stream_packet_beyond(stream);
	stamp time = stream->held.first ? stream->held.first->time : reassembly->latest.time;
	if (reassembly_give_beginning(stream, side, packet, packet, time, chunk))
		return true;
	*chunk = (struct chunk){.kind = CHUNK_GAP,
	    .side = side,
	    .lost = (uint64_t)(stream->give_up - stream->next),
	    .first_packet = packet,
	    .packet = packet,
	    .time = time};
	reassembly->counts.gaps++;
	reassembly->counts.lost += chunk->lost;
	stream->next = stream->give_up;
	return true;
}

static bool reassembly_give_held(struct reassembly *reassembly, enum side side, struct chunk *chunk)
{
	struct stream *stream = &reassembly->streams[side];
	struct held *first = stream->held.first;
	if (reassembly_give_beginning(stream, side, first->first_packet, first->packet, first->time, chunk))
		return true;
	reassembly_give(stream, side, first, chunk);
	if (chunk->kind == CHUNK_GAP) {
		reassembly->counts.gaps++;
		reassembly->counts.lost += chunk->lost;
	}
	reassembly->release = true;
	return true;
}

static bool reassembly_give_incoming(struct reassembly *reassembly, struct chunk *chunk)
{
	enum side side = reassembly->incoming_side;
	struct stream *stream = &reassembly->streams[side];
	struct held *incoming = &reassembly->incoming;
	if (!reassembly->has_incoming || stream->held.first || !reassembly_piece_is_ready(reassembly, side, incoming))
		return false;
	if (reassembly_give_beginning(stream, side, incoming->first_packet, incoming->packet, incoming->time, chunk))
		return true;
	reassembly->has_incoming = false;
	if (held_end(incoming) <= stream->next)
		return false;
	reassembly_give(stream, side, incoming, chunk);
	return true;
}

static bool reassembly_ending_is_ready(const struct reassembly *reassembly, enum side side)
{
	const struct stream *stream = &reassembly->streams[side];
	const struct ending *ending = &stream->ending;
	if (!ending->seen || stream->finished || stream->held.first)
		return false;
	if (reassembly->has_incoming && reassembly->incoming_side == side)
		return false;
	/* A reset of a connection that never was (refused) has no place in a stream. */
	bool in_place = stream->started ? ending->at <= stream->next : ending->kind == CHUNK_RST;
	return in_place && reassembly_is_heard(reassembly, side, ending->has_acknowledgment, ending->acknowledgment);
}

static void reassembly_give_ending(struct reassembly *reassembly, enum side side, struct chunk *chunk)
{
	struct stream *stream = &reassembly->streams[side];
	const struct ending *ending = &stream->ending;
	*chunk = (struct chunk){.kind = ending->kind,
	    .side = side,
	    .first_packet = ending->first_packet,
	    .packet = ending->packet,
	    .time = ending->time};
	chunk->unacknowledged = !reassembly_all_acknowledged_by(reassembly, side);
	stream->finished = true;
	stream->next += ending->kind == CHUNK_FIN;
}

/* Of two that may be delivered, the one captured first. */
static bool reassembly_choose_held(const struct reassembly *reassembly, enum side *chosen)
{
	const struct held *a = reassembly->streams[SIDE_A].held.first, *b = reassembly->streams[SIDE_B].held.first;
	bool a_ready = a && reassembly_piece_is_ready(reassembly, SIDE_A, a);
	bool b_ready = b && reassembly_piece_is_ready(reassembly, SIDE_B, b);
	*chosen = a_ready && (!b_ready || a->packet <= b->packet) ? SIDE_A : SIDE_B;
	return a_ready || b_ready;
}

/* Drops what lies wholly before the place that has been reached. */
static void reassembly_drop_delivered(struct reassembly *reassembly)
{
	for (enum side side = SIDE_A; side <= SIDE_B; side++) {
		struct stream *stream = &reassembly->streams[side];
		if (stream->finished)
			held_drop_all(&stream->held);
		else if (stream->started)
			stream_drop_before(stream, stream->next);
	}
	reassembly->release = false;
}

static bool reassembly_deliver(struct reassembly *reassembly, struct chunk *chunk)
{
	enum side side;
	if (reassembly_give_incoming(reassembly, chunk))
		return true;
	for (side = SIDE_A; side <= SIDE_B; side++)
		if (reassembly_give_hole(reassembly, side, chunk))
			return true;
	if (reassembly_choose_held(reassembly, &side))
		return reassembly_give_held(reassembly, side, chunk);
	for (side = SIDE_A; side <= SIDE_B; side++)
		if (reassembly_ending_is_ready(reassembly, side)) {
			reassembly_give_ending(reassembly, side, chunk);
			return true;
		}
	return false;
}

/* ---- waiting, and its end */

/* Puts the segment being added with the others that wait. What waited before may have been delivered since it came. */
static void reassembly_hold_incoming(struct reassembly *reassembly)
{
	bool conflict = false;
	struct held *incoming = &reassembly->incoming;
	struct stream *stream = &reassembly->streams[reassembly->incoming_side];
	bool must_wait = !reassembly_piece_is_ready(reassembly, reassembly->incoming_side, incoming);
	bool seen = stream_trim_delivered(stream, incoming);
	size_t added = incoming->len ? held_insert(&stream->held, incoming, &conflict) : 0;
	reassembly->has_incoming = false;
	reassembly->counts.conflicts += conflict;
	reassembly->counts.out_of_order += must_wait && added > 0;
	reassembly->counts.retransmitted += seen || added < incoming->len;
}

static bool stream_waits(const struct stream *stream)
{
	return stream->held.first || (stream->ending.seen && !stream->finished) || stream_is_owed(stream);
}

bool reassembly_waits(const struct reassembly *reassembly)
{
	return stream_waits(&reassembly->streams[SIDE_A]) || stream_waits(&reassembly->streams[SIDE_B]);
}

/* Where what is held, or the end, goes on after a hole; `next` when there is no hole before it. */
static position stream_beyond_hole(const struct stream *stream)
{
	if (stream->held.first)
		return stream->held.first->start;
	return stream->ending.seen && !stream->finished ? stream->ending.at : stream->next;
}

static bool reassembly_overflows(const struct reassembly *reassembly, const struct stream *stream)
{
	return stream->held.bytes > reassembly->limits->held_bytes || stream->held.pieces >= HELD_PIECES;
}

/* Since when has nothing new come for what waits in this direction? */
static struct arrival stream_waits_since(const struct stream *stream)
{
	struct arrival since = stream->progress;
	if (stream->held.first)
		since = arrival_later(since, stream->held.first->arrival);
	else if (stream->ending.seen)
		since = arrival_later(since, stream->ending.arrival);
	return stream_is_owed(stream) || !stream->started ? arrival_later(since, stream->owed) : since;
}

/* Waited long enough for a segment that the peer is known to have got, or for a SYN? */
static bool reassembly_is_impatient(const struct reassembly *reassembly, const struct stream *stream, stamp now)
{
	const struct reassembly_limits *limits = reassembly->limits;
	struct arrival since = stream_waits_since(stream);
	return reassembly->ending || reassembly->latest.segment - since.segment >= limits->patience_packets ||
	       now - since.time >= limits->patience;
}

/* Waited so long that even a segment nobody acknowledged will not come? */
static bool reassembly_is_hopeless(const struct reassembly *reassembly, const struct stream *stream, stamp now)
{
	return reassembly->ending ||
	       now - stream_waits_since(stream).time >= reassembly->limits->patience_unacknowledged;
}

/* The beginning of a stream whose SYN was not captured: its first held byte, else what its peer first acknowledged. */
static bool reassembly_force_start(struct stream *stream)
{
	if (stream->started || !stream->placed ||
	    !(stream->held.first || stream->ending.seen || stream->acknowledged_known))
		return false;
	position at = stream->held.first           ? stream->held.first->start
	              : stream->acknowledged_known ? stream->acknowledged_least
	                                           : stream->ending.at;
	stream_start(stream, at);
	stream->gap_owed = true;
	return true;
}

/* Gives up a hole, as far as the peer has acknowledged it. */
static bool stream_force_acknowledged(struct stream *stream)
{
	position beyond = stream_beyond_hole(stream);
	if (!stream_is_owed(stream) || (stream->held.first && beyond <= stream->next))
		return false;
	stream->give_up = beyond > stream->next && beyond < stream->acknowledged ? beyond : stream->acknowledged;
	return true;
}

static bool stream_force_all(struct stream *stream)
{
	position beyond = stream_beyond_hole(stream);
	if (!stream->started || stream->finished || beyond <= stream->next)
		return false;
	stream->give_up = beyond;
	return true;
}

/* Both wait for each other: their acknowledgments cannot both be true. */
static bool reassembly_force_heedless(struct reassembly *reassembly)
{
	bool was = reassembly->heedless;
	reassembly->heedless = true;
	return !was;
}

/* Too much waits in `side`: gives up what it waits for, be it in this direction or in the other. */
static bool reassembly_force_side(struct reassembly *reassembly, enum side side)
{
	struct stream *stream = &reassembly->streams[side], *other = &reassembly->streams[side_other(side)];
	if (reassembly_force_start(stream))
		return true;
	bool forced = stream_force_all(stream) || stream_force_acknowledged(other);
	reassembly->counts.overflows += forced;
	return forced || reassembly_force_start(other) || reassembly_force_heedless(reassembly);
}

static bool reassembly_force_overflow(struct reassembly *reassembly)
{
	for (enum side side = SIDE_A; side <= SIDE_B; side++)
		if (reassembly_overflows(reassembly, &reassembly->streams[side]) &&
		    reassembly_force_side(reassembly, side))
			return true;
	return false;
}

/* Is what waits in its place, and only what it acknowledges is missing, which no patience will bring? */
static bool reassembly_is_deaf(const struct reassembly *reassembly, enum side side)
{
	const struct stream *stream = &reassembly->streams[side], *other = &reassembly->streams[side_other(side)];
	bool other_has_hole = stream_is_owed(other) && !(other->held.first && stream_beyond_hole(other) <= other->next);
	return stream->started && stream_waits(stream) && stream_beyond_hole(stream) <= stream->next && !other_has_hole;
}

/* Ends the wait for something, so that reassembly_deliver finds it; false when it is not time yet. */
static bool reassembly_force(struct reassembly *reassembly, stamp now)
{
	bool forced = reassembly_force_overflow(reassembly);
	for (enum side side = SIDE_A; side <= SIDE_B && !forced; side++) {
		struct stream *stream = &reassembly->streams[side];
		if (reassembly_is_impatient(reassembly, stream, now))
			forced = reassembly_force_start(stream) || stream_force_acknowledged(stream);
	}
	for (enum side side = SIDE_A; side <= SIDE_B && !forced; side++) {
		struct stream *stream = &reassembly->streams[side];
		if (reassembly_is_deaf(reassembly, side) && reassembly_is_impatient(reassembly, stream, now))
			forced = reassembly_force_heedless(reassembly);
	}
	for (enum side side = SIDE_A; side <= SIDE_B && !forced; side++) {
		struct stream *stream = &reassembly->streams[side];
		forced = reassembly_is_hopeless(reassembly, stream, now) && stream_force_all(stream);
	}
	return forced;
}

bool reassembly_next_chunk(struct reassembly *reassembly, stamp now, struct chunk *chunk)
{
	if (reassembly->release)
		reassembly_drop_delivered(reassembly);
	for (;;) {
		if (reassembly_deliver(reassembly, chunk)) {
			reassembly->heedless = false;
			return true;
		}
		if (reassembly->has_incoming)
			reassembly_hold_incoming(reassembly);
		else if (!reassembly_waits(reassembly) || !reassembly_force(reassembly, now))
			break;
	}
	reassembly->heedless = false;
	held_keep(&reassembly->streams[SIDE_A].held);
	held_keep(&reassembly->streams[SIDE_B].held);
	return false;
}

void reassembly_end(struct reassembly *reassembly)
{
	reassembly->ending = true;
}

/* ---- questions */

static bool stream_has_ended(const struct stream *stream)
{
	return stream->ending.seen;
}

bool reassembly_is_new_connection(const struct reassembly *reassembly, enum side side, const struct segment *segment)
{
	const struct stream *stream = &reassembly->streams[side], *other = &reassembly->streams[side_other(side)];
	if (!(segment->flags & TCP_SYN))
		return false;
	if (stream->syn_seen)
		return segment->sequence != stream->initial;
	if (stream_has_ended(stream) && stream_has_ended(other))
		return true;
	if (!stream->placed)
		return false;
	position first = stream->started      ? stream->begin
	                 : stream->held.first ? stream->held.first->start
	                                      : stream->next;
	position begin = position_of(first, segment->sequence + 1);
	return begin > first || first - begin > LATE_SYN;
}

bool reassembly_all_acknowledged_by(const struct reassembly *reassembly, enum side side)
{
	const struct stream *other = &reassembly->streams[side_other(side)];
	position delivered = other->next - (other->finished && other->ending.kind == CHUNK_FIN);
	return !other->started || delivered == other->begin ||
	       (other->acknowledged_known && other->acknowledged >= delivered);
}
