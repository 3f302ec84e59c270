/* Follows windows, acknowledgments and retransmissions of one connection, by sequence numbers alone. */
#include "net/delivery.h"

enum { DELIVERY_FAR = 64 << 20 }; /* no window reaches so far (RFC 7323 §2.3: 1 GiB; reassembly's bound) */

/* How far `b` is behind `a`, modulo 2^32. */
static int32_t sequence_behind(uint32_t a, uint32_t b)
{
	return (int32_t)(b - a);
}

static bool sequence_is_far(uint32_t a, uint32_t b)
{
	int32_t distance = sequence_behind(a, b);
	return distance > DELIVERY_FAR || distance < -DELIVERY_FAR;
}

timestamp delivery_overlap(const struct delivery_span *span, timestamp from, timestamp to)
{
	timestamp begin = span->since > from ? span->since : from;
	timestamp end = span->until && span->until < to ? span->until : to;
	return span->since && end > begin ? end - begin : 0;
}

/* ---- what the receiver says */

static void delivery_close(struct delivery *delivery, const struct segment *segment)
{
	struct delivery_span *closed = &delivery->closed;
	bool goes_on = closed->since && segment->time - closed->until < DELIVERY_OPENING;
	if (!goes_on)
		*closed = (struct delivery_span){.since = segment->time, .packet = segment->packet};
	closed->until = 0;
}

/* A segment that is older than the one that set the window says nothing new of it. */
static void delivery_take_window(struct delivery *delivery, const struct segment *segment)
{
	int32_t newer = sequence_behind(delivery->window_sequence, segment->sequence);
	bool counts = !delivery->window_is_known || newer > 0 ||
	              (newer == 0 && sequence_behind(delivery->window_acknowledgment, segment->acknowledgment) >= 0);
	if (!counts || (segment->flags & TCP_SYN)) /* a SYN's is not scaled, and no room that the reader leaves */
		return;
	delivery->window_is_known = true;
	delivery->window_sequence = segment->sequence;
	delivery->window_acknowledgment = segment->acknowledgment;
	bool had = delivery->has_room;
	delivery->has_room = segment->window > 0;
	if (had && !delivery->has_room)
		delivery_close(delivery, segment);
	else if (!had && delivery->has_room && delivery->closed.since)
		delivery->closed.until = segment->time;
}

static void delivery_await(struct delivery *delivery, timestamp since, uint64_t packet, uint32_t size)
{
	delivery->waiting = (struct delivery_loss){.span = {.since = since, .packet = packet}, .size = size};
	delivery->resent_at = since;
}

/* Something new was acknowledged; what is behind it waits from now on. */
static void delivery_advance(struct delivery *delivery, const struct segment *segment)
{
	struct delivery_loss *waiting = &delivery->waiting;
	delivery->acknowledged = segment->acknowledgment;
	if (waiting->resent) {
		delivery->lost = *waiting;
		delivery->lost.span.until = segment->time;
	}
	*waiting = (struct delivery_loss){0};
	if (delivery->sent_is_known && sequence_behind(delivery->acknowledged, delivery->sent) > 0) {
		delivery_await(delivery, segment->time, segment->packet, 0);
		return;
	}
	if (delivery->largest_waiting > delivery->largest)
		delivery->largest = delivery->largest_waiting;
	delivery->largest_waiting = 0;
}

static void delivery_take_acknowledgment(struct delivery *delivery, const struct segment *segment)
{
	if (!(segment->flags & TCP_ACK) || (segment->flags & TCP_RST))
		return;
	if (delivery->acknowledged_is_known && sequence_is_far(delivery->acknowledged, segment->acknowledgment))
		return;
	delivery_take_window(delivery, segment);
	int32_t progress = sequence_behind(delivery->acknowledged, segment->acknowledgment);
	if (!delivery->acknowledged_is_known || progress > 0) {
		delivery->acknowledged_is_known = true;
		delivery_advance(delivery, segment);
	} else if (progress == 0 && delivery->waiting.span.since) {
		delivery->waiting.heard |= segment->time > delivery->waiting.span.since;
		delivery->waiting.is_overtaken |= segment->selective > 0;
	}
}

/* ---- what is sent */

static void delivery_take_again(struct delivery *delivery, const struct segment *segment, uint32_t size)
{
	struct delivery_loss *waiting = &delivery->waiting;
	if (!waiting->span.since || segment->sequence != delivery->acknowledged ||
	    segment->time - delivery->resent_at < DELIVERY_RESENT)
		return;
	delivery->resent_at = segment->time;
	waiting->resent++;
	waiting->size = size;
}

static void delivery_take_new(struct delivery *delivery, const struct segment *segment, uint32_t size, uint32_t fresh)
{
	struct delivery_span *flowing = &delivery->flowing;
	if (!flowing->since || segment->time - flowing->until > DELIVERY_PAUSE)
		*flowing = (struct delivery_span){.since = segment->time, .packet = segment->packet};
	flowing->until = segment->time;
	delivery->bytes += fresh;
	if (size > delivery->largest_waiting)
		delivery->largest_waiting = size;
	if (delivery->acknowledged_is_known && !delivery->waiting.span.since &&
	    sequence_behind(delivery->acknowledged, delivery->sent) > 0)
		delivery_await(delivery, segment->time, segment->packet, size);
}

static void delivery_take_bytes(struct delivery *delivery, const struct segment *segment)
{
	uint32_t size = (uint32_t)segment->payload.len + segment->missing;
	uint32_t begin = segment->sequence + (segment->flags & TCP_SYN ? 1 : 0), end = begin + size;
	if (segment->flags & TCP_RST)
		return;
	if (!delivery->sent_is_known || (segment->flags & TCP_SYN)) {
		delivery->sent_is_known = true;
		delivery->sent = begin;
	}
	if (!size || sequence_is_far(delivery->sent, end))
		return;
	int32_t fresh = sequence_behind(delivery->sent, end);
	if (fresh <= 0) {
		delivery_take_again(delivery, segment, size);
		return;
	}
	delivery->sent = end;
	delivery_take_new(delivery, segment, size, (uint32_t)fresh < size ? (uint32_t)fresh : size);
}

void delivery_note_segment(struct delivery deliveries[2], int side, const struct segment *segment)
{
	delivery_take_acknowledgment(&deliveries[!side], segment);
	delivery_take_bytes(&deliveries[side], segment);
}

void delivery_note_too_big(struct delivery *delivery, const struct icmp_error *error)
{
	bool is_under_way = delivery->waiting.span.since &&
	                    sequence_behind(delivery->acknowledged, error->sequence) >= 0 &&
	                    sequence_behind(error->sequence, delivery->sent) > 0;
	if (is_under_way)
		delivery->waiting.too_big = error->said;
}
