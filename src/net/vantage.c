/* Which of several inputs a connection is read from. */
#include "net/vantage.h"

#include "base/hash.h"
#include "net/stream.h"

#include <stdlib.h>
#include <utlist.h>

/* Two inputs' sightings of one connection overlap in time, but for what clocks and the ways between them leave. */
#define VANTAGE_SLACK TIMESTAMP_SECOND

enum {
	VANTAGE_WHOLE =
	    50, /* an input has a connection whole that lacks less than one part in so many: captures drop some */
	VANTAGE_LOOK = 8, /* connections on one pair of ends that a sighting may belong to */
};

struct vantage_key {
	uint64_t ends; /* a digest of addresses and ports, of either order */
	uint64_t input;
};

/* What an input saw of one direction, and of how the end that sends it answers. */
struct vantage_side {
	bool seen;
	uint64_t low, high; /* of its sequence numbers, wrap-arounds counted */
	uint64_t bytes;
	bool is_due;             /* to this side: what its peer sent last is not acknowledged */
	uint32_t due;            /* up to here */
	timestamp asked, answer; /* when that came; the shortest time until it was acknowledged */
};

/* A connection as an input saw it. */
struct vantage_flow {
	struct vantage_key key;
	UT_hash_handle hh;                         /* the first of those with this key */
	struct vantage_flow *later, *newest, *now; /* with the same key; `newest`, `now` of the first alone */
	timestamp first, last;
	bool has_syn;
	uint32_t initial; /* of the SYN */
	enum side client;
	uint16_t ports[2];
	size_t connection; /* of those that are the same, once it is settled */
	bool is_copy;
	/* of a copy: until when another input, which is read, saw the connection, and up to which byte of each side */
	timestamp until;
	uint32_t ends[2];
	struct vantage_side sides[2];
};

struct vantage {
	struct budget *budget;
	struct hash_secret secret;
	struct vantage_flow *flows;
	size_t count, most;
	struct vantage_counts counts;
};

struct vantage *vantage_new(size_t most, struct budget *budget)
{
	struct vantage *vantage = budget_new(budget, sizeof *vantage);
	if (vantage)
		*vantage = (struct vantage){.budget = budget, .most = most, .secret = hash_secret()};
	return vantage;
}

static void vantage_free_flow(struct vantage *vantage, struct vantage_flow *flow)
{
	HASH_DEL(vantage->flows, flow);
	for (struct vantage_flow *later; flow; flow = later) {
		later = flow->later;
		budget_release(flow);
	}
}

void vantage_free(struct vantage *vantage)
{
	while (vantage && vantage->flows)
		vantage_free_flow(vantage, vantage->flows);
	budget_release(vantage);
}

const struct vantage_counts *vantage_counts(const struct vantage *vantage)
{
	return &vantage->counts;
}

/* ---- what an input sees */

static struct vantage_key vantage_key_of(const struct vantage *vantage, size_t input, const struct ip_packet *ip,
    const struct segment *segment, enum side *side)
{
	struct {
		uint8_t low[16], high[16];
		uint16_t low_port, high_port;
	} ends;
	int order = memcmp(ip->source.bytes, ip->destination.bytes, sizeof ends.low);
	bool is_low = order < 0 || (order == 0 && segment->source_port <= segment->destination_port);
	memcpy(ends.low, is_low ? ip->source.bytes : ip->destination.bytes, sizeof ends.low);
	memcpy(ends.high, is_low ? ip->destination.bytes : ip->source.bytes, sizeof ends.high);
	ends.low_port = is_low ? segment->source_port : segment->destination_port;
	ends.high_port = is_low ? segment->destination_port : segment->source_port;
	*side = is_low ? SIDE_A : SIDE_B;
	return (struct vantage_key){hash_digest(vantage->secret, &ends, sizeof ends), input};
}

static struct vantage_flow *vantage_find(const struct vantage *vantage, const struct vantage_key *key)
{
	struct vantage_flow *flow;
	HASH_FIND(hh, vantage->flows, key, sizeof *key, flow);
	return flow;
}

static struct vantage_flow *vantage_add(
    struct vantage *vantage, struct vantage_flow *before, const struct vantage_key *key, const struct segment *segment)
{
	struct vantage_flow *flow = vantage->count < vantage->most ? budget_new(vantage->budget, sizeof *flow) : NULL;
	if (!flow)
		return NULL;
	*flow = (struct vantage_flow){.key = *key, .first = segment->time};
	flow->sides[0].answer = flow->sides[1].answer = INT64_MAX;
	flow->newest = flow->now = flow;
	if (!before) {
		HASH_ADD(hh, vantage->flows, key, sizeof flow->key, flow);
		if (!hash_has(flow)) {
			budget_note_refusal(vantage->budget);
			budget_release(flow);
			return NULL;
		}
	} else {
		before->newest->later = flow;
		before->newest = flow;
	}
	vantage->count++;
	return flow;
}

/* A client's SYN with another number than the one before begins another connection. */
static bool vantage_begins(const struct vantage_flow *flow, const struct segment *segment)
{
	bool asks = (segment->flags & (TCP_SYN | TCP_ACK)) == TCP_SYN;
	return asks && (!flow->has_syn || flow->initial != segment->sequence);
}

/* The side's own bytes; and its peer, whose answer to what is new it waits for. */
static void vantage_note_bytes(
    struct vantage_side *side, struct vantage_side *peer, const struct segment *segment, uint32_t len)
{
	static const uint64_t first = UINT64_C(1) << 33; /* so that what comes before it has a position as well */
	uint64_t begin = side->seen
	                     ? side->high + (uint64_t)(int64_t)(int32_t)(segment->sequence - (uint32_t)side->high)
	                     : first + segment->sequence;
	bool is_new = !side->seen || begin >= side->high;
	if (!side->seen)
		side->low = side->high = begin;
	side->seen = true;
	side->low = begin < side->low ? begin : side->low;
	side->high = begin + len > side->high ? begin + len : side->high;
	side->bytes += len;
	if (!len)
		return;
	/* What was sent twice is acknowledged nobody knows for which (RFC 6298 §3). */
	peer->is_due = is_new;
	peer->due = segment->sequence + len;
	peer->asked = segment->time;
}

static void vantage_note_answer(struct vantage_side *side, const struct segment *segment)
{
	if (!side->is_due || !(segment->flags & TCP_ACK) || (int32_t)(segment->acknowledgment - side->due) < 0)
		return;
	timestamp answer = segment->time - side->asked;
	side->answer = answer >= 0 && answer < side->answer ? answer : side->answer;
	side->is_due = false;
}

void vantage_note(struct vantage *vantage, size_t input, const struct ip_packet *ip, const struct segment *segment)
{
	enum side side;
	struct vantage_key key = vantage_key_of(vantage, input, ip, segment, &side);
	struct vantage_flow *head = vantage_find(vantage, &key), *flow = head ? head->newest : NULL;
	if (!flow || vantage_begins(flow, segment))
		flow = vantage_add(vantage, head, &key, segment);
	if (!flow) {
		vantage->counts.left_out++;
		return;
	}
	bool syn = segment->flags & TCP_SYN;
	flow->last = segment->time;
	flow->ports[side] = segment->source_port;
	flow->ports[side_other(side)] = segment->destination_port;
	if (syn && !(segment->flags & TCP_ACK)) {
		flow->has_syn = true;
		flow->initial = segment->sequence;
		flow->client = side;
	}
	vantage_note_answer(&flow->sides[side], segment);
	if (!(segment->flags & TCP_RST))
		vantage_note_bytes(&flow->sides[side], &flow->sides[side_other(side)], segment,
		    (uint32_t)segment->payload.len + segment->missing + syn);
}

/* ---- which is read */

static int vantage_compare(const void *a, const void *b)
{
	const struct vantage_flow *left = *(struct vantage_flow *const *)a, *right = *(struct vantage_flow *const *)b;
	if (left->key.ends != right->key.ends)
		return left->key.ends < right->key.ends ? -1 : 1;
	if (left->first != right->first)
		return left->first < right->first ? -1 : 1;
	return left->key.input < right->key.input ? -1 : left->key.input > right->key.input;
}

static bool vantage_may_be_same(const struct vantage_flow *a, const struct vantage_flow *b)
{
	bool overlap = b->first <= a->last + VANTAGE_SLACK && a->first <= b->last + VANTAGE_SLACK;
	return overlap && a->key.input != b->key.input && !(a->has_syn && b->has_syn && a->initial != b->initial);
}

/* The connection that the flow at `nth` belongs to, of those that begin at `begin`; or one of its own. */
static size_t vantage_connection_of(struct vantage_flow *const *flows, size_t begin, size_t nth)
{
	size_t looks = nth - begin < VANTAGE_LOOK ? nth - begin : VANTAGE_LOOK;
	for (size_t i = nth - looks; i < nth; i++) {
		bool fits = vantage_may_be_same(flows[i], flows[nth]);
		for (size_t j = nth - looks; fits && j < nth; j++)
			fits = flows[j]->connection != flows[i]->connection ||
			       vantage_may_be_same(flows[j], flows[nth]);
		if (fits)
			return flows[i]->connection;
	}
	return nth;
}

/* What all inputs together saw of a connection: of each direction from where to where, by the first input's positions.
 */
struct vantage_whole {
	int64_t low[2], high[2];
	bool seen[2], syn;
	enum side server;
};

/* Where a direction of `flow` begins, by the positions of another input's. */
static int64_t vantage_place(const struct vantage_flow *flow, const struct vantage_flow *other, int side)
{
	return (int32_t)((uint32_t)flow->sides[side].low - (uint32_t)other->sides[side].low);
}

static void vantage_widen(
    struct vantage_whole *whole, const struct vantage_flow *flow, const struct vantage_flow *first, int side)
{
	int64_t low = vantage_place(flow, first, side);
	int64_t high = low + (int64_t)(flow->sides[side].high - flow->sides[side].low);
	if (!flow->sides[side].seen)
		return;
	whole->low[side] = !whole->seen[side] || low < whole->low[side] ? low : whole->low[side];
	whole->high[side] = !whole->seen[side] || high > whole->high[side] ? high : whole->high[side];
	whole->seen[side] = true;
}

/* Who opened it, or, where no input shows that, the end with the higher port is the client. */
static struct vantage_whole vantage_whole_of(struct vantage_flow *const *flows, size_t count)
{
	struct vantage_whole whole = {.server = flows[0]->ports[SIDE_A] <= flows[0]->ports[SIDE_B] ? SIDE_A : SIDE_B};
	for (size_t i = 0; i < count; i++) {
		vantage_widen(&whole, flows[i], flows[0], SIDE_A);
		vantage_widen(&whole, flows[i], flows[0], SIDE_B);
		if (flows[i]->has_syn)
			whole.server = side_other(flows[i]->client);
		whole.syn |= flows[i]->has_syn;
	}
	return whole;
}

static bool vantage_has_whole(const struct vantage_flow *flow, const struct vantage_whole *whole)
{
	bool has = flow->has_syn || !whole->syn;
	for (int side = 0; side < 2; side++) {
		const struct vantage_side *seen = &flow->sides[side];
		uint64_t span = seen->high - seen->low, all = (uint64_t)(whole->high[side] - whole->low[side]);
		uint64_t had = seen->bytes < span ? seen->bytes : span;
		has = has && seen->seen >= whole->seen[side] && (had >= all || all - had <= all / VANTAGE_WHOLE);
	}
	return has;
}

struct vantage_choice {
	enum vantage_point point;
	size_t input;
};

static bool vantage_is_given(const struct vantage_choice *choice, const struct vantage_flow *flow)
{
	return choice->point == VANTAGE_INPUT && flow->key.input == choice->input;
}

/* Which of the inputs that have it whole is read, or the given one; NULL: none has it whole. */
static struct vantage_flow *vantage_best_of(
    struct vantage_flow *const *flows, size_t count, const struct vantage_choice *choice)
{
	struct vantage_flow *best = NULL;
	const struct vantage_whole whole = vantage_whole_of(flows, count);
	enum side end = choice->point == VANTAGE_CLIENT ? side_other(whole.server) : whole.server;
	for (size_t i = 0; i < count; i++) {
		if (vantage_is_given(choice, flows[i]))
			return flows[i];
		bool is_nearer = !best || flows[i]->sides[end].answer < best->sides[end].answer;
		if (is_nearer && vantage_has_whole(flows[i], &whole))
			best = flows[i];
	}
	return best;
}

/* One connection, as `count` inputs saw it. Where none has it whole, all that they have is taken, and what was seen
 * twice is the reassembly's to find. */
static void vantage_choose(
    struct vantage *vantage, struct vantage_flow *const *flows, size_t count, const struct vantage_choice *choice)
{
	const struct vantage_flow *best = vantage_best_of(flows, count, choice);
	if (!best)
		return;
	vantage->counts.shared++;
	vantage->counts.chosen[best->key.input]++;
	for (size_t i = 0; i < count; i++) {
		flows[i]->is_copy = flows[i] != best;
		flows[i]->until = best->last;
		flows[i]->ends[SIDE_A] = (uint32_t)best->sides[SIDE_A].high;
		flows[i]->ends[SIDE_B] = (uint32_t)best->sides[SIDE_B].high;
	}
}

static int vantage_compare_connections(const void *a, const void *b)
{
	const struct vantage_flow *left = *(struct vantage_flow *const *)a, *right = *(struct vantage_flow *const *)b;
	if (left->connection != right->connection)
		return left->connection < right->connection ? -1 : 1;
	return left->key.input < right->key.input ? -1 : left->key.input > right->key.input;
}

/* `flows` has room for all. */
static void vantage_settle_flows(
    struct vantage *vantage, struct vantage_flow **flows, const struct vantage_choice *choice)
{
	size_t count = 0, begin = 0;
	for (struct vantage_flow *head = vantage->flows; head; head = head->hh.next)
		for (struct vantage_flow *flow = head; flow; flow = flow->later)
			flows[count++] = flow;
	qsort(flows, count, sizeof(struct vantage_flow *), vantage_compare);
	for (size_t i = 0; i < count; i++) {
		begin = i && flows[i]->key.ends == flows[i - 1]->key.ends ? begin : i;
		flows[i]->connection = vantage_connection_of(flows, begin, i);
	}
	qsort(flows, count, sizeof(struct vantage_flow *), vantage_compare_connections);
	for (size_t i = 0, next; i < count; i = next) {
		for (next = i + 1; next < count && flows[next]->connection == flows[i]->connection;)
			next++;
		if (next - i > 1)
			vantage_choose(vantage, flows + i, next - i, choice);
	}
}

static bool vantage_has_copies(const struct vantage_flow *head)
{
	bool has = false;
	for (const struct vantage_flow *flow = head; flow && !has; flow = flow->later)
		has = flow->is_copy;
	return has;
}

/* What is read needs not be known. */
static void vantage_drop_others(struct vantage *vantage)
{
	struct vantage_flow *head, *next;
	HASH_ITER(hh, vantage->flows, head, next)
	if (!vantage_has_copies(head))
		vantage_free_flow(vantage, head);
}

void vantage_settle(struct vantage *vantage, struct vantage_clock clock, enum vantage_point point, size_t input)
{
	const struct vantage_choice choice = {point, input};
	for (struct vantage_flow *head = vantage->flows; head; head = head->hh.next)
		for (struct vantage_flow *flow = head; flow; flow = flow->later) {
			flow->first = clock.correct(clock.self, flow->key.input, flow->first);
			flow->last = clock.correct(clock.self, flow->key.input, flow->last);
		}
	struct vantage_flow **flows = vantage->count
	                                  ? budget_new(vantage->budget, vantage->count * sizeof(struct vantage_flow *))
	                                  : NULL;
	if (flows)
		vantage_settle_flows(vantage, flows, &choice);
	budget_release(flows);
	vantage_drop_others(vantage);
}

bool vantage_is_copy(struct vantage *vantage, size_t input, const struct ip_packet *ip, const struct segment *segment)
{
	enum side side;
	if (!vantage->counts.shared)
		return false;
	struct vantage_key key = vantage_key_of(vantage, input, ip, segment, &side);
	struct vantage_flow *head = vantage_find(vantage, &key);
	if (!head)
		return false;
	while (head->now->later && vantage_begins(head->now, segment))
		head->now = head->now->later;
	const struct vantage_flow *flow = head->now;
	uint32_t end = segment->sequence + (uint32_t)segment->payload.len + segment->missing;
	bool has_end = segment->flags & (TCP_FIN | TCP_RST);
	return flow->is_copy && (segment->time <= flow->until || (!has_end && (int32_t)(end - flow->ends[side]) <= 0));
}
