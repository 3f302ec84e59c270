/*
 * The exchange of two streams (tcp_stream.h): what of either can be delivered now, and when waiting for the rest has
 * become pointless (reassembly_force).
 */
#include "net/reassembly.h"

#include "net/tcp_stream.h"

#include <stdlib.h>

const struct reassembly_limits reassembly_default_limits = {
    .queued_bytes = 1 << 20,
    .patience_packets = 32,
    .patience = 500 * TIMESTAMP_MILLISECOND,
    .patience_unacknowledged = 10 * TIMESTAMP_SECOND,
};

struct reassembly {
	const struct reassembly_limits *limits;
	struct tcp_stream streams[2];
	struct piece incoming;              /* the segment being added, its payload borrowed */
	struct tcp_stream *incoming_stream; /* where it belongs; NULL: none is being added */
	bool release;                       /* the chunk before was lent from a list: drop it now */
	bool ending;                        /* no more segments will come */
	bool ignores_acknowledgment;        /* deliver the next piece although what it acknowledges is missing */
	timestamp now;                      /* of the present reassembly_next_chunk */
	struct arrival latest;
	struct reassembly_counts counts;
};

struct reassembly *reassembly_new(const struct reassembly_limits *limits, struct budget *budget)
{
	struct reassembly *reassembly = budget_new(budget, sizeof *reassembly);
	if (!reassembly)
		return NULL;
	reassembly->limits = limits;
	tcp_stream_init(&reassembly->streams[SIDE_A], SIDE_A, budget);
	tcp_stream_init(&reassembly->streams[SIDE_B], SIDE_B, budget);
	return reassembly;
}

void reassembly_free(struct reassembly *reassembly)
{
	if (!reassembly)
		return;
	tcp_stream_free(&reassembly->streams[SIDE_A]);
	tcp_stream_free(&reassembly->streams[SIDE_B]);
	budget_release(reassembly);
}

struct reassembly_counts reassembly_counts(const struct reassembly *reassembly)
{
	return reassembly->counts;
}

static const struct tcp_stream *reassembly_other(const struct reassembly *reassembly, const struct tcp_stream *stream)
{
	return &reassembly->streams[side_other(stream->side)];
}

/* ---- one segment */

/* A sequence number that no window allows is somebody else's or forged; many in a row mean that as much was lost. */
static bool reassembly_is_stray(
    struct reassembly *reassembly, struct tcp_stream *stream, const struct piece *piece, uint32_t missing)
{
	bool has_bytes = piece->len || missing;
	if (!tcp_stream_is_far(stream, piece->start)) {
		stream->strays = has_bytes ? 0 : stream->strays;
		return false;
	}
	stream->strays += has_bytes;
	if (stream->strays < reassembly->limits->patience_packets || !has_bytes)
		return true;
	tcp_stream_restart(stream, piece->start);
	reassembly->counts.gaps++;
	return false;
}

/* Came so long after `then` that reordering does not explain it? */
static bool reassembly_is_late(const struct reassembly *reassembly, const struct piece *piece, struct arrival then)
{
	return piece->arrival.time - then.time >= reassembly->limits->patience ||
	       piece->arrival.segment - then.segment >= reassembly->limits->patience_packets;
}

static void reassembly_take_payload(
    struct reassembly *reassembly, struct tcp_stream *stream, struct piece *piece, const struct segment *segment)
{
	position heard = tcp_stream_sent(reassembly_other(reassembly, stream));
	if (stream->finished) {
		tcp_stream_note_reset(stream, segment, piece, heard);
		return;
	}
	if (reassembly_is_stray(reassembly, stream, piece, segment->missing))
		return;
	bool late = tcp_stream_has_reset(stream) && reassembly_is_late(reassembly, piece, stream->reset.arrival);
	if (segment->flags & TCP_RST)
		tcp_stream_note_reset(stream, segment, piece, heard);
	else
		reassembly->counts.disobeyed += tcp_stream_revoke_reset(stream, segment, piece, late);
	if (segment->flags & TCP_FIN)
		tcp_stream_note_ending(stream, segment, piece);
	if (segment->missing)
		tcp_stream_hold_missing(stream, piece, segment->missing);
	size_t whole = piece->len;
	reassembly->counts.retransmitted += tcp_stream_trim_delivered(stream, piece);
	reassembly->counts.repeated += whole - piece->len;
	if (!piece->len)
		return;
	reassembly->incoming = *piece;
	reassembly->incoming_stream = stream;
}

static void reassembly_note_arrival(struct reassembly *reassembly, const struct segment *segment)
{
	struct arrival *latest = &reassembly->latest;
	latest->time = latest->segment++ && latest->time > segment->time ? latest->time : segment->time;
}

void reassembly_add_segment(struct reassembly *reassembly, enum side side, const struct segment *segment)
{
	struct tcp_stream *stream = &reassembly->streams[side], *other = &reassembly->streams[side_other(side)];
	uint32_t sequence = segment->sequence + (segment->flags & TCP_SYN ? 1 : 0);
	reassembly_note_arrival(reassembly, segment);
	reassembly->counts.taken += segment->payload.len;
	struct piece piece = {.len = segment->payload.len,
	    .bytes = segment->payload.at,
	    .has_acknowledgment = segment->flags & TCP_ACK,
	    .packet = segment->packet,
	    .first_packet = segment->first_packet,
	    .time = segment->time,
	    .arrival = reassembly->latest};
	if (segment->flags & TCP_SYN)
		tcp_stream_note_syn(stream, segment->sequence);
	tcp_stream_place(stream, sequence);
	piece.start = position_of(stream->next, sequence);
	bool begins = tcp_stream_is_first(stream, segment);
	if (piece.has_acknowledgment)
		piece.acknowledgment = tcp_stream_note_acknowledgment(other, segment, begins, reassembly->latest);
	reassembly_take_payload(reassembly, stream, &piece, segment);
}

/* ---- delivering */

/* Has everything that it acknowledges been delivered, or can it never be? */
static bool reassembly_is_heard(
    const struct reassembly *reassembly, const struct tcp_stream *stream, bool has, position acknowledgment)
{
	const struct tcp_stream *other = reassembly_other(reassembly, stream);
	return !has || reassembly->ignores_acknowledgment || other->finished ||
	       (other->started && acknowledgment <= other->next) || tcp_stream_is_implausible(other, acknowledgment);
}

/* May a RST in its place be given, or could its sender still show that it is none of its own? One that ends what both
 * sides, or its own, have ended already adds nothing that could be false. */
static bool reassembly_reset_is_settled(const struct reassembly *reassembly, const struct tcp_stream *stream)
{
	const struct reassembly_limits *limits = reassembly->limits;
	const struct tcp_stream *other = reassembly_other(reassembly, stream);
	const struct arrival since = stream->reset.arrival;
	return reassembly->ending || stream->finished || !stream->started || other->finished || other->ending.seen ||
	       tcp_stream_has_reset(other) || other->queue.bytes > limits->queued_bytes ||
	       reassembly->latest.segment - since.segment >= limits->patience_packets ||
	       reassembly->now - since.time >= limits->patience;
}

/* What a side sends after its peer's RST comes behind it, once that is settled. */
static bool reassembly_is_behind_reset(
    const struct reassembly *reassembly, const struct tcp_stream *stream, const struct piece *piece)
{
	const struct tcp_stream *other = reassembly_other(reassembly, stream);
	return tcp_stream_has_reset(other) && other->started && !other->finished && other->reset.at <= other->next &&
	       other->reset.packet < piece->packet && !other->queue.first;
}

static bool reassembly_piece_is_ready(
    const struct reassembly *reassembly, const struct tcp_stream *stream, const struct piece *piece)
{
	return stream->started && piece->start <= stream->next &&
	       reassembly_is_heard(reassembly, stream, piece->has_acknowledgment, piece->acknowledgment) &&
	       !reassembly_is_behind_reset(reassembly, stream, piece);
}

static bool reassembly_ending_is_ready(
    const struct reassembly *reassembly, const struct tcp_stream *stream, const struct ending *ending)
{
	if (!ending->seen || stream->queue.first || reassembly->incoming_stream == stream)
		return false;
	/* A reset of a connection that never was (refused) has no place in a stream. */
	bool is_reset = ending == &stream->reset;
	bool in_place = stream->started ? ending->at <= stream->next : is_reset;
	if (is_reset && !reassembly_reset_is_settled(reassembly, stream))
		return false;
	return in_place && reassembly_is_heard(reassembly, stream, ending->has_acknowledgment, ending->acknowledgment);
}

static void reassembly_count_gap(struct reassembly *reassembly, const struct chunk *gap)
{
	reassembly->counts.gaps++;
	reassembly->counts.lost += gap->lost;
}

static bool reassembly_give_incoming(struct reassembly *reassembly, struct chunk *chunk)
{
	struct tcp_stream *stream = reassembly->incoming_stream;
	const struct piece *incoming = &reassembly->incoming;
	if (!stream || stream->queue.first || !reassembly_piece_is_ready(reassembly, stream, incoming))
		return false;
	if (!stream->gap_owed && piece_end(incoming) <= stream->next) {
		reassembly->incoming_stream = NULL;
		return false;
	}
	if (tcp_stream_give_piece(stream, reassembly_other(reassembly, stream), incoming, chunk))
		reassembly->incoming_stream = NULL;
	return true;
}

static bool reassembly_give_hole(struct reassembly *reassembly, struct chunk *chunk)
{
	for (enum side side = SIDE_A; side <= SIDE_B; side++) {
		if (!tcp_stream_give_hole(&reassembly->streams[side], reassembly->latest.time, chunk))
			continue;
		if (chunk->lost)
			reassembly_count_gap(reassembly, chunk);
		return true;
	}
	return false;
}

/* Of two that may be delivered, the one captured first; NULL: neither may. */
static struct tcp_stream *reassembly_choose_queued(struct reassembly *reassembly)
{
	struct tcp_stream *a = &reassembly->streams[SIDE_A], *b = &reassembly->streams[SIDE_B];
	const struct piece *of_a = a->queue.first, *of_b = b->queue.first;
	bool a_ready = of_a && reassembly_piece_is_ready(reassembly, a, of_a);
	bool b_ready = of_b && reassembly_piece_is_ready(reassembly, b, of_b);
	if (a_ready && b_ready)
		return of_a->packet <= of_b->packet ? a : b;
	return a_ready ? a : b_ready ? b : NULL;
}

static bool reassembly_give_queued(struct reassembly *reassembly, struct chunk *chunk)
{
	struct tcp_stream *stream = reassembly_choose_queued(reassembly);
	if (!stream)
		return false;
	if (!tcp_stream_give_piece(stream, reassembly_other(reassembly, stream), stream->queue.first, chunk))
		return true;
	if (chunk->kind == CHUNK_GAP)
		reassembly_count_gap(reassembly, chunk);
	reassembly->release = true;
	return true;
}

static bool reassembly_give_ending(struct reassembly *reassembly, struct chunk *chunk)
{
	for (enum side side = SIDE_A; side <= SIDE_B; side++) {
		struct tcp_stream *stream = &reassembly->streams[side];
		if (!stream->finished && reassembly_ending_is_ready(reassembly, stream, &stream->ending))
			tcp_stream_give_ending(stream, reassembly_other(reassembly, stream), chunk);
		else if (tcp_stream_has_reset(stream) && reassembly_ending_is_ready(reassembly, stream, &stream->reset))
			tcp_stream_give_reset(stream, chunk);
		else
			continue;
		chunk->unacknowledged = !reassembly_all_acknowledged_by(reassembly, side);
		return true;
	}
	return false;
}

static bool reassembly_deliver(struct reassembly *reassembly, struct chunk *chunk)
{
	return reassembly_give_incoming(reassembly, chunk) || reassembly_give_hole(reassembly, chunk) ||
	       reassembly_give_queued(reassembly, chunk) || reassembly_give_ending(reassembly, chunk);
}

/* Drops what lies wholly before the place that has been reached. */
static void reassembly_drop_delivered(struct reassembly *reassembly)
{
	for (enum side side = SIDE_A; side <= SIDE_B; side++) {
		struct tcp_stream *stream = &reassembly->streams[side];
		if (stream->finished)
			piece_queue_drop_all(&stream->queue);
		else if (stream->started)
			tcp_stream_drop_before(stream, stream->next);
	}
	reassembly->release = false;
}

/* ---- waiting, and its end */

/* Puts the segment being added with the others that wait. What waited before may have been delivered since it came. */
static void reassembly_hold_incoming(struct reassembly *reassembly)
{
	bool conflict = false;
	struct piece *incoming = &reassembly->incoming;
	struct tcp_stream *stream = reassembly->incoming_stream;
	bool must_wait = !reassembly_piece_is_ready(reassembly, stream, incoming);
	incoming->awaits_other = !reassembly_is_heard(
	    reassembly, stream, incoming->has_acknowledgment, incoming->acknowledgment);
	size_t whole = incoming->len;
	bool seen = tcp_stream_trim_delivered(stream, incoming);
	size_t added = incoming->len ? piece_queue_insert(&stream->queue, incoming, &conflict) : 0;
	reassembly->incoming_stream = NULL;
	reassembly->counts.conflicts += conflict;
	reassembly->counts.out_of_order += must_wait && added > 0;
	reassembly->counts.retransmitted += seen || added < incoming->len;
	reassembly->counts.repeated += whole - added;
}

bool reassembly_waits(const struct reassembly *reassembly)
{
	return tcp_stream_waits(&reassembly->streams[SIDE_A]) || tcp_stream_waits(&reassembly->streams[SIDE_B]);
}

/* Waited long enough for a segment that the peer is known to have got, or for a SYN? */
static bool reassembly_is_impatient(const struct reassembly *reassembly, const struct tcp_stream *stream, timestamp now)
{
	const struct reassembly_limits *limits = reassembly->limits;
	struct arrival since = tcp_stream_waits_since(stream);
	return reassembly->ending || reassembly->latest.segment - since.segment >= limits->patience_packets ||
	       now - since.time >= limits->patience;
}

/* Waited so long that even a segment nobody acknowledged will not come? */
static bool reassembly_is_hopeless(const struct reassembly *reassembly, const struct tcp_stream *stream, timestamp now)
{
	return reassembly->ending ||
	       now - tcp_stream_waits_since(stream).time >= reassembly->limits->patience_unacknowledged;
}

/* Is what waits in its place, and only what it acknowledges is missing, which no patience will bring? */
static bool reassembly_is_deaf(const struct reassembly *reassembly, const struct tcp_stream *stream)
{
	const struct tcp_stream *other = reassembly_other(reassembly, stream);
	bool other_has_hole = tcp_stream_is_owed(other) && (!other->queue.first || tcp_stream_has_hole(other));
	return stream->started && tcp_stream_waits(stream) && !tcp_stream_has_hole(stream) && !other_has_hole;
}

/* Both wait for each other: their acknowledgments cannot both be true. */
static bool reassembly_ignore_acknowledgment(struct reassembly *reassembly)
{
	bool was = reassembly->ignores_acknowledgment;
	reassembly->ignores_acknowledgment = true;
	return !was;
}

/* Too much waits in `side`: gives up what it waits for, be it in this direction or in the other. */
static bool reassembly_force_side(struct reassembly *reassembly, enum side side)
{
	struct tcp_stream *stream = &reassembly->streams[side], *other = &reassembly->streams[side_other(side)];
	if (tcp_stream_force_start(stream))
		return true;
	bool forced = tcp_stream_force_hole(stream, reassembly->ending) || tcp_stream_force_acknowledged(other);
	reassembly->counts.overflows += forced;
	return forced || tcp_stream_force_start(other) || reassembly_ignore_acknowledgment(reassembly);
}

static bool reassembly_force_overflow(struct reassembly *reassembly)
{
	for (enum side side = SIDE_A; side <= SIDE_B; side++) {
		const struct piece_queue *queue = &reassembly->streams[side].queue;
		if ((queue->bytes > reassembly->limits->queued_bytes || queue->pieces >= PIECE_QUEUE_MOST) &&
		    reassembly_force_side(reassembly, side))
			return true;
	}
	return false;
}

/* Ends the wait for something, so that reassembly_deliver finds it; false when it is not time yet. */
static bool reassembly_force(struct reassembly *reassembly, timestamp now)
{
	struct tcp_stream *streams = reassembly->streams;
	bool forced = reassembly_force_overflow(reassembly);
	for (enum side side = SIDE_A; side <= SIDE_B && !forced; side++)
		forced = reassembly_is_impatient(reassembly, &streams[side], now) &&
		         (tcp_stream_force_start(&streams[side]) || tcp_stream_force_acknowledged(&streams[side]));
	for (enum side side = SIDE_A; side <= SIDE_B && !forced; side++)
		forced = reassembly_is_deaf(reassembly, &streams[side]) &&
		         reassembly_is_impatient(reassembly, &streams[side], now) &&
		         reassembly_ignore_acknowledgment(reassembly);
	for (enum side side = SIDE_A; side <= SIDE_B && !forced; side++)
		forced = reassembly_is_hopeless(reassembly, &streams[side], now) &&
		         tcp_stream_force_hole(&streams[side], reassembly->ending);
	return forced;
}

/* At the end a RST that was not revoked ends its side, whatever is missing before it. */
static bool reassembly_has_last_reset(const struct reassembly *reassembly)
{
	return reassembly->ending && (tcp_stream_has_reset(&reassembly->streams[SIDE_A]) ||
	                                 tcp_stream_has_reset(&reassembly->streams[SIDE_B]));
}

bool reassembly_next_chunk(struct reassembly *reassembly, timestamp now, struct chunk *chunk)
{
	reassembly->now = now;
	if (reassembly->release)
		reassembly_drop_delivered(reassembly);
	while (reassembly->incoming_stream || reassembly_waits(reassembly) || reassembly_has_last_reset(reassembly)) {
		if (reassembly_deliver(reassembly, chunk)) {
			reassembly->counts.given += chunk->kind == CHUNK_BYTES ? chunk->bytes.len : 0;
			reassembly->ignores_acknowledgment = false;
			return true;
		}
		if (reassembly->incoming_stream)
			reassembly_hold_incoming(reassembly);
		else if (!reassembly_force(reassembly, now))
			break;
	}
	reassembly->ignores_acknowledgment = false;
	piece_queue_keep(&reassembly->streams[SIDE_A].queue);
	piece_queue_keep(&reassembly->streams[SIDE_B].queue);
	return false;
}

void reassembly_end(struct reassembly *reassembly)
{
	reassembly->ending = true;
}

/* ---- questions */

/* Bytes that follow, in order, a RST of their own sender, or an acknowledgment of what was sent to it only after that:
 * the RST was none of its own, and this came to light too late. */
static bool reassembly_goes_on(
    const struct reassembly *reassembly, const struct tcp_stream *stream, const struct segment *segment)
{
	if (!stream->reset_given || !stream->started || stream->ending.seen || (segment->flags & TCP_RST) ||
	    segment->sequence != (uint32_t)stream->next)
		return false;
	const struct tcp_stream *other = reassembly_other(reassembly, stream);
	position heard = position_of(other->next, segment->acknowledgment);
	bool hears = (segment->flags & TCP_ACK) && other->placed && heard > stream->reset_heard &&
	             !tcp_stream_is_implausible(other, heard);
	return segment->payload.len || hears;
}

bool reassembly_is_new_connection(const struct reassembly *reassembly, enum side side, const struct segment *segment)
{
	const struct tcp_stream *stream = &reassembly->streams[side];
	if (!(segment->flags & TCP_SYN))
		return reassembly_goes_on(reassembly, stream, segment);
	if (stream->syn_seen)
		return segment->sequence != stream->initial;
	if (stream->finished && reassembly_other(reassembly, stream)->finished)
		return true;
	return !tcp_stream_fits_syn(stream, segment->sequence);
}

bool reassembly_all_acknowledged_by(const struct reassembly *reassembly, enum side side)
{
	return tcp_stream_is_all_acknowledged(&reassembly->streams[side_other(side)]);
}

bool reassembly_expects(const struct reassembly *reassembly, enum side side, const struct segment *segment)
{
	const struct tcp_stream *stream = &reassembly->streams[side];
	return stream->started && (uint32_t)stream->next == segment->sequence;
}
