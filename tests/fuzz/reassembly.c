/*
 * TCP reassembly from anybody. The bytes at each sequence number are known (byte_at), so all that is delivered can be
 * checked: bytes and gaps are contiguous, nothing comes twice or after an end (but one RST after a FIN), what waits
 * stays within its limit, and nothing waits for ever.
 */
#include "net/reassembly.h"

#include "net/tcp_stream.h"
#include "tests/fuzz/demand.h"

#include <stdlib.h>

enum { OPERATION = 8, OPERATIONS = 64, LONGEST = 1024, CHUNKS = 100000 };

struct check {
	struct reassembly *reassembly;
	struct budget budget;
	size_t own;                              /* bytes of it that are charged while nothing waits */
	struct segment segments[OPERATIONS + 1]; /* by packet number */
	uint64_t packets;
	timestamp now;
	bool known[2]; /* is `next` known? */
	bool ended[2], reset[2];
	uint32_t next[2];
};

static const struct reassembly_limits limits = {
    .queued_bytes = 512,
    .patience_packets = 8,
    .patience = 500 * TIMESTAMP_MILLISECOND,
    .patience_unacknowledged = 10 * TIMESTAMP_SECOND,
};

static uint8_t byte_at(uint32_t sequence)
{
	uint32_t mixed = (sequence ^ sequence >> 16) * UINT32_C(0x7feb352d);
	mixed = (mixed ^ mixed >> 15) * UINT32_C(0x846ca68b);
	return (uint8_t)(mixed >> 24);
}

static bool are_bytes_from(uint32_t sequence, struct slice bytes)
{
	for (size_t index = 0; index < bytes.len; index++)
		if (bytes.at[index] != byte_at(sequence + (uint32_t)index))
			return false;
	return true;
}

/* After a gap of unknown length, the place is somewhere in the segment that the bytes came with. */
static void find_place(struct check *check, const struct chunk *chunk)
{
	const struct segment *segment = &check->segments[chunk->packet];
	uint32_t start = segment->sequence + (segment->flags & TCP_SYN ? 1 : 0);
	demand(chunk->bytes.len <= segment->payload.len);
	for (size_t skip = 0; skip <= segment->payload.len - chunk->bytes.len; skip++)
		if (are_bytes_from(start + (uint32_t)skip, chunk->bytes)) {
			check->next[chunk->side] = start + (uint32_t)skip;
			check->known[chunk->side] = chunk->bytes.len > 4; /* few bytes may be found by chance */
			return;
		}
	abort();
}

static void check_bytes(struct check *check, const struct chunk *chunk)
{
	demand(chunk->bytes.len > 0 && chunk->bytes.len <= LONGEST);
	if (!check->known[chunk->side])
		find_place(check, chunk);
	demand(are_bytes_from(check->next[chunk->side], chunk->bytes));
	check->next[chunk->side] += (uint32_t)chunk->bytes.len;
}

static void check_chunk(struct check *check, const struct chunk *chunk)
{
	demand(!check->reset[chunk->side] && (!check->ended[chunk->side] || chunk->kind == CHUNK_RST));
	demand(chunk->packet >= 1 && chunk->packet <= check->packets && chunk->first_packet == chunk->packet);
	switch (chunk->kind) {
	case CHUNK_BYTES:
		check_bytes(check, chunk);
		break;
	case CHUNK_GAP:
		demand(chunk->lost <= UINT32_MAX);
		check->known[chunk->side] &= chunk->lost != 0;
		check->next[chunk->side] += (uint32_t)chunk->lost;
		break;
	case CHUNK_FIN:
	case CHUNK_RST:
		check->ended[chunk->side] = true;
		check->reset[chunk->side] = chunk->kind == CHUNK_RST;
		break;
	}
}

static void check_waiting(const struct check *check)
{
	size_t pieces = 3 * check->packets; /* a segment has three borders at most: its beginning, the cut, the end */
	demand(check->budget.used <= check->budget.limit + check->budget.limit / 4);
	demand(check->budget.used <= check->own + 2 * limits.queued_bytes + pieces * sizeof(struct piece));
	demand(reassembly_waits(check->reassembly) || check->budget.used == check->own);
}

static void drain(struct check *check)
{
	struct chunk chunk;
	for (int count = 0; reassembly_next_chunk(check->reassembly, check->now, &chunk); count++) {
		demand(count < CHUNKS);
		check_chunk(check, &chunk);
	}
	check_waiting(check);
}

/* A distance in sequence numbers: mostly small, now and then as far as can be. */
static uint32_t make_distance(uint8_t low, uint8_t high)
{
	if (high >= 0xf8)
		return (uint32_t)low << 24;
	return (uint32_t)(int32_t)(int8_t)high * 16 + low;
}

/* Flags, whether captured whole, which side; two distances; length; time. */
static struct segment make_segment(struct check *check, const uint8_t *at, const uint32_t *first, enum side side)
{
	static const uint8_t kinds[16] = {TCP_ACK, TCP_ACK, TCP_ACK, TCP_ACK, TCP_ACK, TCP_ACK, TCP_ACK, 0, TCP_SYN,
	    TCP_SYN | TCP_ACK, TCP_FIN | TCP_ACK, TCP_FIN, TCP_RST, TCP_RST | TCP_ACK, TCP_SYN | TCP_FIN,
	    TCP_SYN | TCP_RST | TCP_ACK};
	return (struct segment){
	    .sequence = first[side] + make_distance(at[1], at[2]),
	    .acknowledgment = first[side_other(side)] + make_distance(at[3], at[4]),
	    .flags = kinds[at[0] & 15],
	    .payload.len = (size_t)at[5] * 4,
	    .missing = at[0] & 0x20 ? at[6] : 0,
	    .packet = check->packets,
	    .first_packet = check->packets,
	    .time = check->now,
	};
}

static void send_segment(struct check *check, const uint8_t *at, const uint32_t *first)
{
	enum side side = at[0] & 0x10 ? SIDE_B : SIDE_A;
	check->packets++;
	check->now += at[7] * TIMESTAMP_MILLISECOND * 4;
	struct segment segment = make_segment(check, at, first, side);
	uint8_t *payload = malloc(segment.payload.len + 1);
	demand(payload != NULL);
	uint32_t start = segment.sequence + (segment.flags & TCP_SYN ? 1 : 0);
	for (size_t index = 0; index < segment.payload.len; index++)
		payload[index] = byte_at(start + (uint32_t)index);
	segment.payload.at = payload;
	check->segments[check->packets] = segment;
	reassembly_add_segment(check->reassembly, side, &segment);
	drain(check);
	free(payload);
}

/* In time everything is given up, were there never another segment. */
static void wait_for_all(struct check *check)
{
	for (int wait = 0; wait < 4 && reassembly_waits(check->reassembly); wait++) {
		check->now += 11 * TIMESTAMP_SECOND;
		drain(check);
	}
	demand(!reassembly_waits(check->reassembly));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size < OPERATION)
		return 0;
	struct check check = {.budget.limit = data[0] & 2 ? 2000 : SIZE_MAX / 2};
	uint32_t first[2] = {(uint32_t)data[1] << 24, 0u - data[2]};
	check.reassembly = reassembly_new(&limits, &check.budget);
	demand(check.reassembly != NULL);
	check.own = check.budget.used;
	for (size_t done = OPERATION; size - done >= OPERATION && check.packets < OPERATIONS; done += OPERATION)
		send_segment(&check, data + done, first);
	if (data[0] & 1)
		wait_for_all(&check);
	reassembly_end(check.reassembly);
	drain(&check);
	demand(!reassembly_waits(check.reassembly) && check.budget.used == check.own);
	struct reassembly_counts counts = reassembly_counts(check.reassembly);
	demand(counts.conflicts == 0 && counts.overflows <= counts.gaps);
	reassembly_free(check.reassembly);
	demand(check.budget.used == 0);
	return 0;
}
