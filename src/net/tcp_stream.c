/* One direction of a TCP connection and its out-of-order queue. */
#include "net/tcp_stream.h"

#include <stdlib.h>
#include <string.h>
#include <utlist.h>

/* ---- the out-of-order queue: a sorted list. Segments mostly come in order, so a place is looked for from the end */

/* Bytes that are there: those that the snap length cut off take no memory. */
static size_t piece_weight(const struct piece *piece)
{
	return piece->bytes ? piece->len : 0;
}

static void piece_queue_free(struct piece_queue *queue, struct piece *piece)
{
	queue->bytes -= piece_weight(piece);
	if (piece->owned) {
		budget_free(queue->budget, piece->bytes, piece->len);
		budget_give(queue->budget, sizeof *piece);
	}
	free(piece);
}

static void piece_queue_remove(struct piece_queue *queue, struct piece *piece)
{
	if (queue->last == piece)
		queue->last = piece == queue->first ? NULL : piece->prev;
	DL_DELETE(queue->first, piece);
	queue->pieces--;
	piece_queue_free(queue, piece);
}

void piece_queue_drop_first(struct piece_queue *queue)
{
	piece_queue_remove(queue, queue->first);
}

void piece_queue_drop_all(struct piece_queue *queue)
{
	while (queue->first)
		piece_queue_drop_first(queue);
}

/* Adds [start, end) of `piece` behind `before` (NULL: in front of all). */
static size_t piece_queue_add(
    struct piece_queue *queue, struct piece *before, const struct piece *piece, position start, position end)
{
	struct piece *added = queue->pieces < PIECE_QUEUE_MOST ? calloc(1, sizeof *added) : NULL;
	if (!added) {
		budget_note_refusal(queue->budget);
		return 0;
	}
	*added = *piece;
	added->start = start;
	added->len = (size_t)(end - start);
	added->bytes = piece->bytes ? piece->bytes + (start - piece->start) : NULL;
	added->owned = false;
	if (before)
		DL_APPEND_ELEM(queue->first, before, added);
	else
		DL_PREPEND(queue->first, added);
	if (!added->next)
		queue->last = added;
	queue->pieces++;
	queue->bytes += piece_weight(added);
	return added->len;
}

/* Do the bytes that both pieces have agree? */
static bool piece_agrees(const struct piece *a, const struct piece *b)
{
	position start = a->start > b->start ? a->start : b->start;
	position end = piece_end(a) < piece_end(b) ? piece_end(a) : piece_end(b);
	if (start >= end || !a->bytes || !b->bytes)
		return true;
	return memcmp(a->bytes + (start - a->start), b->bytes + (start - b->start), (size_t)(end - start)) == 0;
}

/* The last piece that begins at or before `start`; NULL when none does. */
static struct piece *piece_queue_before(const struct piece_queue *queue, position start)
{
	struct piece *piece = queue->last;
	while (piece && piece->start > start)
		piece = piece == queue->first ? NULL : piece->prev;
	return piece;
}

size_t piece_queue_insert(struct piece_queue *queue, const struct piece *piece, bool *conflict)
{
	position at = piece->start, end = piece_end(piece);
	struct piece *before = piece_queue_before(queue, at);
	size_t added = 0;
	if (before) {
		*conflict |= !piece_agrees(before, piece);
		at = piece_end(before) > at ? piece_end(before) : at;
	}
	while (at < end) {
		struct piece *after = before ? before->next : queue->first;
		position stop = after && after->start < end ? after->start : end;
		if (stop > at)
			added += piece_queue_add(queue, before, piece, at, stop);
		if (!after)
			break;
		*conflict |= !piece_agrees(after, piece);
		at = piece_end(after) > stop ? piece_end(after) : stop;
		before = after;
	}
	return added;
}

static bool piece_queue_own(struct piece_queue *queue, struct piece *piece)
{
	if (!budget_take(queue->budget, sizeof *piece))
		return false;
	uint8_t *copy = piece->bytes ? budget_alloc(queue->budget, piece->len) : NULL;
	if (piece->bytes && !copy) {
		budget_give(queue->budget, sizeof *piece);
		return false;
	}
	if (copy)
		memcpy(copy, piece->bytes, piece->len);
	piece->bytes = copy;
	piece->owned = true;
	return true;
}

void piece_queue_keep(struct piece_queue *queue)
{
	for (struct piece *piece = queue->first, *next; piece; piece = next) {
		next = piece->next;
		if (!piece->owned && !piece_queue_own(queue, piece))
			piece_queue_remove(queue, piece);
	}
}

/* ---- one direction */

#define POSITION_BASE ((position)1 << 33) /* where every stream begins, far from zero in both directions */

enum {
	PLAUSIBLE_ACKNOWLEDGMENT = 64 << 20, /* beyond what was delivered; more is no window's size, but nonsense */
	PLAUSIBLE_SEQUENCE = 64 << 20,       /* away from what was delivered */
	LATE_SYN = 1 << 20,                  /* a SYN this close before the first bytes belongs to them */
};

void tcp_stream_init(struct tcp_stream *stream, enum side side, struct budget *budget)
{
	*stream = (struct tcp_stream){.side = side, .queue = {.budget = budget}};
}

void tcp_stream_free(struct tcp_stream *stream)
{
	piece_queue_drop_all(&stream->queue);
}

static struct arrival arrival_later(struct arrival a, struct arrival b)
{
	return a.segment > b.segment ? a : b;
}

/* ---- what segments say of it */

void tcp_stream_place(struct tcp_stream *stream, uint32_t sequence)
{
	if (stream->placed)
		return;
	stream->placed = true;
	stream->next = stream->begin = POSITION_BASE + sequence;
}

static void tcp_stream_start(struct tcp_stream *stream, position at)
{
	stream->started = true;
	stream->begin = stream->next = at;
}

void tcp_stream_drop_before(struct tcp_stream *stream, position at)
{
	while (stream->queue.first && piece_end(stream->queue.first) <= at)
		piece_queue_drop_first(&stream->queue);
}

void tcp_stream_note_syn(struct tcp_stream *stream, uint32_t sequence)
{
	tcp_stream_place(stream, sequence + 1);
	position begin = position_of(stream->next, sequence + 1);
	stream->initial = sequence;
	stream->syn_seen = true;
	if (stream->started)
		return; /* captured late: its bytes have begun already */
	tcp_stream_start(stream, begin);
	tcp_stream_drop_before(stream, begin);
}

bool tcp_stream_is_implausible(const struct tcp_stream *stream, position acknowledgment)
{
	return acknowledgment - stream->next > PLAUSIBLE_ACKNOWLEDGMENT;
}

bool tcp_stream_is_first(const struct tcp_stream *stream, const struct segment *segment)
{
	return stream->syn_seen && !stream->queue.first && stream->next == stream->begin &&
	       segment->sequence == stream->initial + 1;
}

position tcp_stream_note_acknowledgment(
    struct tcp_stream *stream, const struct segment *segment, bool begins, struct arrival now)
{
	tcp_stream_place(stream, segment->acknowledgment);
	position at = position_of(stream->next, segment->acknowledgment);
	if (tcp_stream_is_implausible(stream, at))
		return at;
	if (!stream->started && (begins || (segment->flags & TCP_SYN))) {
		tcp_stream_start(stream, at);
		tcp_stream_drop_before(stream, at);
	}
	if (!tcp_stream_is_owed(stream) && (stream->started || !stream->acknowledged_known))
		stream->owed = now;
	if (!stream->acknowledged_known || at > stream->acknowledged) {
		stream->acknowledged = at;
		stream->acknowledged_packet = segment->packet;
	}
	if (!stream->acknowledged_known || at < stream->acknowledged_least)
		stream->acknowledged_least = at;
	stream->acknowledged_known = true;
	return at;
}

bool tcp_stream_is_far(const struct tcp_stream *stream, position at)
{
	position distance = at - stream->next;
	return distance > PLAUSIBLE_SEQUENCE || distance < -PLAUSIBLE_SEQUENCE;
}

void tcp_stream_restart(struct tcp_stream *stream, position at)
{
	piece_queue_drop_all(&stream->queue);
	tcp_stream_start(stream, at);
	stream->placed = stream->gap_owed = true;
	stream->give_up = at;
	stream->acknowledged_known = stream->ending.seen = stream->reset.seen = false;
	stream->strays = 0;
}

static struct ending tcp_stream_ending_at(const struct segment *segment, const struct piece *piece, position at)
{
	return (struct ending){
	    .seen = true,
	    .at = at,
	    .has_acknowledgment = piece->has_acknowledgment,
	    .acknowledgment = piece->acknowledgment,
	    .first_packet = segment->first_packet,
	    .packet = segment->packet,
	    .time = segment->time,
	    .arrival = piece->arrival,
	};
}

void tcp_stream_note_ending(struct tcp_stream *stream, const struct segment *segment, const struct piece *piece)
{
	position at = piece_end(piece) + segment->missing;
	if (stream->ending.seen || !(segment->flags & TCP_FIN) || (segment->flags & TCP_RST))
		return;
	if (stream->started && at < stream->next)
		return; /* an old copy */
	stream->ending = tcp_stream_ending_at(segment, piece, at);
}

void tcp_stream_note_reset(
    struct tcp_stream *stream, const struct segment *segment, const struct piece *piece, position heard)
{
	position at = piece_end(piece) + segment->missing;
	bool exact = at == stream->next || (stream->acknowledged_known && at == stream->acknowledged);
	if (!(segment->flags & TCP_RST) || stream->reset_given)
		return;
	if (!exact && stream->started && (at < stream->next || stream->finished))
		return;
	if (stream->reset.seen && (!exact || at == stream->reset.at)) /* a copy, or said once more: the first counts */
		return;
	if (!stream->reset.seen)
		stream->reset_heard = heard;
	stream->reset = tcp_stream_ending_at(segment, piece, at);
	if (!stream->finished)
		return;
	stream->reset.has_acknowledgment = false; /* it waits for nothing: no bytes come between */
	piece_queue_drop_all(&stream->queue);
	stream->give_up = stream->next;
}

bool tcp_stream_revoke_reset(
    struct tcp_stream *stream, const struct segment *segment, const struct piece *piece, bool late)
{
	bool beyond = piece->len && piece_end(piece) + segment->missing > stream->reset.at;
	bool hears = piece->has_acknowledgment && piece->acknowledgment > stream->reset_heard;
	if (!tcp_stream_has_reset(stream) || (segment->flags & TCP_RST) || !(beyond || hears || late))
		return false;
	stream->reset.seen = false;
	return true;
}

bool tcp_stream_trim_delivered(const struct tcp_stream *stream, struct piece *piece)
{
	if (!stream->started || piece->start >= stream->next || !piece->len)
		return false;
	size_t old = piece_end(piece) <= stream->next ? piece->len : (size_t)(stream->next - piece->start);
	piece->start += (position)old;
	piece->bytes = piece->bytes ? piece->bytes + old : NULL;
	piece->len -= old;
	return true;
}

void tcp_stream_hold_missing(struct tcp_stream *stream, const struct piece *piece, uint32_t missing)
{
	bool conflict = false;
	struct piece absent = *piece;
	absent.start = piece_end(piece);
	absent.len = missing;
	absent.bytes = NULL;
	tcp_stream_trim_delivered(stream, &absent);
	if (absent.len)
		piece_queue_insert(&stream->queue, &absent, &conflict);
}

/* ---- what it gives */

static struct chunk tcp_stream_gap(
    const struct tcp_stream *stream, uint64_t first_packet, uint64_t packet, timestamp time)
{
	return (struct chunk){
	    .kind = CHUNK_GAP, .side = stream->side, .first_packet = first_packet, .packet = packet, .time = time};
}

/* True: it was, and the chunk that is to be given stays as it is, a gap of unknown length. */
static bool tcp_stream_was_gap_owed(struct tcp_stream *stream)
{
	bool owed = stream->gap_owed;
	stream->gap_owed = false;
	return owed;
}

/* Of what was captured at `time`: when it was in order, which is once the last that it waited for had come. */
static timestamp tcp_stream_in_order_at(const struct tcp_stream *awaited, timestamp time, struct arrival arrival)
{
	bool has_waited = awaited->progress.segment > arrival.segment;
	return has_waited && awaited->progress.time > time ? awaited->progress.time : time;
}

bool tcp_stream_give_piece(
    struct tcp_stream *stream, const struct tcp_stream *other, const struct piece *piece, struct chunk *chunk)
{
	timestamp time = tcp_stream_in_order_at(stream, piece->time, piece->arrival);
	if (piece->awaits_other)
		time = tcp_stream_in_order_at(other, time, piece->arrival);
	*chunk = tcp_stream_gap(stream, piece->first_packet, piece->packet, time);
	if (tcp_stream_was_gap_owed(stream))
		return false;
	size_t old = piece->start < stream->next ? (size_t)(stream->next - piece->start) : 0;
	if (piece->bytes) {
		chunk->kind = CHUNK_BYTES;
		chunk->bytes = slice_of(piece->bytes + old, piece->len - old);
	} else {
		chunk->lost = piece->len - old;
	}
	stream->next = piece_end(piece);
	stream->progress = arrival_later(stream->progress, piece->arrival);
	return true;
}

/* What shows a hole: the bytes or the end behind it, or else its acknowledgment. */
static uint64_t tcp_stream_packet_beyond(const struct tcp_stream *stream)
{
	if (stream->queue.first)
		return stream->queue.first->packet;
	if (stream->ending.seen)
		return stream->ending.packet;
	return stream->reset.seen ? stream->reset.packet : stream->acknowledged_packet;
}

bool tcp_stream_give_hole(struct tcp_stream *stream, timestamp now, struct chunk *chunk)
{
	if (!stream->started || stream->give_up <= stream->next)
		return false;
	uint64_t packet = tcp_stream_packet_beyond(stream);
	*chunk = tcp_stream_gap(stream, packet, packet, stream->queue.first ? stream->queue.first->time : now);
	if (tcp_stream_was_gap_owed(stream))
		return true;
	chunk->lost = (uint64_t)(stream->give_up - stream->next);
	stream->next = stream->give_up;
	return true;
}

void tcp_stream_give_ending(struct tcp_stream *stream, const struct tcp_stream *other, struct chunk *chunk)
{
	const struct ending *ending = &stream->ending;
	timestamp time = tcp_stream_in_order_at(stream, ending->time, ending->arrival);
	*chunk = (struct chunk){.kind = CHUNK_FIN,
	    .side = stream->side,
	    .first_packet = ending->first_packet,
	    .packet = ending->packet,
	    .time = tcp_stream_in_order_at(other, time, ending->arrival)};
	stream->finished = true;
	stream->next++;
}

void tcp_stream_give_reset(struct tcp_stream *stream, struct chunk *chunk)
{
	const struct ending *reset = &stream->reset;
	bool behind = stream->finished && stream->ending.time > reset->time; /* it was captured before its FIN */
	*chunk = (struct chunk){.kind = CHUNK_RST,
	    .side = stream->side,
	    .first_packet = reset->first_packet,
	    .packet = reset->packet,
	    .time = behind ? stream->ending.time : tcp_stream_in_order_at(stream, reset->time, reset->arrival),
	    .refused = !stream->started};
	stream->finished = stream->reset_given = true;
}

/* ---- what it waits for */

/* Where the queue, or the end, goes on after a hole; `next` when there is no hole before it. */
static position tcp_stream_beyond_hole(const struct tcp_stream *stream)
{
	if (stream->queue.first)
		return stream->queue.first->start;
	if (stream->finished)
		return stream->next;
	return stream->ending.seen ? stream->ending.at : tcp_stream_has_reset(stream) ? stream->reset.at : stream->next;
}

bool tcp_stream_has_hole(const struct tcp_stream *stream)
{
	return tcp_stream_beyond_hole(stream) > stream->next;
}

position tcp_stream_sent(const struct tcp_stream *stream)
{
	const struct piece *last = stream->queue.last;
	position sent = last && piece_end(last) > stream->next ? piece_end(last) : stream->next;
	if (!stream->placed)
		return POSITION_ANY;
	return stream->acknowledged_known && stream->acknowledged > sent ? stream->acknowledged : sent;
}

struct arrival tcp_stream_waits_since(const struct tcp_stream *stream)
{
	struct arrival since = stream->progress;
	if (stream->queue.first)
		since = arrival_later(since, stream->queue.first->arrival);
	else if (stream->ending.seen)
		since = arrival_later(since, stream->ending.arrival);
	else if (stream->reset.seen)
		since = arrival_later(since, stream->reset.arrival);
	return tcp_stream_is_owed(stream) || !stream->started ? arrival_later(since, stream->owed) : since;
}

bool tcp_stream_force_start(struct tcp_stream *stream)
{
	if (stream->started || !stream->placed ||
	    !(stream->queue.first || stream->ending.seen || stream->acknowledged_known))
		return false;
	position at = stream->queue.first          ? stream->queue.first->start
	              : stream->acknowledged_known ? stream->acknowledged_least
	                                           : stream->ending.at;
	tcp_stream_start(stream, at);
	stream->gap_owed = true;
	return true;
}

bool tcp_stream_force_acknowledged(struct tcp_stream *stream)
{
	position beyond = tcp_stream_beyond_hole(stream);
	if (!tcp_stream_is_owed(stream) || (stream->queue.first && beyond <= stream->next))
		return false;
	stream->give_up = beyond > stream->next && beyond < stream->acknowledged ? beyond : stream->acknowledged;
	return true;
}

bool tcp_stream_force_hole(struct tcp_stream *stream, bool ending)
{
	if (!ending && !stream->queue.first && !stream->ending.seen)
		return false;
	if (!stream->started || stream->finished || !tcp_stream_has_hole(stream))
		return false;
	stream->give_up = tcp_stream_beyond_hole(stream);
	return true;
}

/* ---- questions */

bool tcp_stream_fits_syn(const struct tcp_stream *stream, uint32_t sequence)
{
	if (!stream->placed)
		return true;
	position first = stream->started       ? stream->begin
	                 : stream->queue.first ? stream->queue.first->start
	                                       : stream->next;
	position begin = position_of(first, sequence + 1);
	return begin <= first && first - begin <= LATE_SYN;
}

bool tcp_stream_is_all_acknowledged(const struct tcp_stream *stream)
{
	position delivered = stream->next - (stream->finished && stream->ending.seen);
	return !stream->started || delivered == stream->begin ||
	       (stream->acknowledged_known && stream->acknowledged >= delivered);
}
