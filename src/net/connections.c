/*
 * The table of TCP connections, in order of last traffic: which segment belongs to which, what becomes of a SYN, who
 * makes room for a new one. A closed connection stays a while, so that late copies of its segments are recognised.
 */
#include "net/connections.h"

#include "base/hash.h"
#include "net/reassembly.h"

#include <stdlib.h>
#include <utlist.h>

#define CONNECTIONS_LINGER (60 * TIMESTAMP_SECOND)      /* of a closed connection */
#define CONNECTIONS_RESET (1 * TIMESTAMP_SECOND)        /* what was captured out of order comes within it */
#define CONNECTIONS_QUIET (60 * TIMESTAMP_SECOND)       /* longer than anyone's ping interval: hardly there any more */
#define CONNECTIONS_RETRY (200 * TIMESTAMP_MILLISECOND) /* at least between two tries (RFC 6298 §2.4: 1 s) */
#define CONNECTIONS_POKE_INTERVAL \
	(50 * TIMESTAMP_MILLISECOND) /* between looks at those that wait for missing segments */

enum {
	CONNECTIONS_OVER = 4096,        /* closed ones that stay, at most */
	CONNECTIONS_EVICTION_LOOK = 64, /* how many old ones are looked at for one that the sink does not want */
};

/* The smaller end first. */
struct flow_key {
	uint8_t low[16], high[16];
	uint16_t low_port, high_port;
	uint32_t version;
};

/* A flow goes from one list to the next. */
enum flow_list {
	FLOW_LIVE,
	FLOW_RESET, /* behind its FIN: nearly over */
	FLOW_OVER,
	FLOW_LISTS,
};

/* A SYN of another connection on the same addresses and ports, while this one is under way. A stack ignores it (RFC
 * 5961 §4.2), so it may be anybody's; what follows it shows that it is one. */
struct claim {
	enum side side;
	struct segment syn; /* without its payload */
};

struct flow {
	struct flow_key key;
	UT_hash_handle hh;
	enum flow_list list;
	struct flow *prev, *next;                 /* in its list */
	struct flow *waiting_prev, *waiting_next; /* in `waiting` */
	bool waits;
	bool ended[2]; /* by side: its FIN or RST was given */
	bool over;     /* both ended, or one reset */
	bool reset;    /* behind a FIN: as good as over, but what the other side sent before may be captured later */
	timestamp last;
	struct reassembly *reassembly;
	bool opened;            /* the sink knows of it */
	struct attempt attempt; /* tries: 0 while no SYN of a client was seen */
	bool decided;           /* so was what became of it, and emitted; or something else was seen first */
	bool given_up;       /* rejected by ICMP, or asked in vain three times, and emitted: only that it was accepted
	                      * all the same is emitted yet */
	struct claim *claim; /* NULL: no SYN claims its addresses and ports */
	struct stream stream;
};

struct connections {
	const struct resources *resources;
	const struct stream_sink *sink;
	struct net_counts *counts;
	struct reassembly_limits reassembly_limits;
	struct flow *by_key;
	struct hash_secret secret;                /* of by_key, asked once: every segment is looked up */
	struct flow *lists[FLOW_LISTS], *waiting; /* oldest traffic first */
	size_t count, over_count, waiting_count;
	timestamp poked; /* when those that wait were looked at */
	size_t behind;   /* packets since then that are older */
};

struct connections *connections_new(
    const struct resources *resources, const struct stream_sink *sink, struct net_counts *counts)
{
	struct connections *connections = calloc(1, sizeof *connections);
	if (!connections)
		return NULL;
	*connections = (struct connections){.resources = resources,
	    .sink = sink,
	    .counts = counts,
	    .reassembly_limits = reassembly_default_limits,
	    .secret = hash_secret(),
	    .poked = TIMESTAMP_NONE};
	connections->reassembly_limits.queued_bytes = resources->limits->held;
	return connections;
}

static void connections_note_waiting(struct connections *connections, struct flow *flow)
{
	bool waits = flow->reassembly && reassembly_waits(flow->reassembly);
	if (waits == flow->waits)
		return;
	flow->waits = waits;
	connections->waiting_count += waits ? 1 : -(size_t)1;
	if (waits)
		DL_APPEND2(connections->waiting, flow, waiting_prev, waiting_next);
	else
		DL_DELETE2(connections->waiting, flow, waiting_prev, waiting_next);
}

static void connections_count_reassembly(struct connections *connections, const struct flow *flow)
{
	struct reassembly_counts counts = reassembly_counts(flow->reassembly);
	connections->counts->retransmitted += counts.retransmitted;
	connections->counts->out_of_order += counts.out_of_order;
	struct ledger *ledger = connections->resources->ledger;
	ledger_note_limit(ledger, LIMIT_HELD, counts.overflows);
	ledger_add(ledger, LEDGER_CONFLICTS, 0, counts.conflicts);
	ledger_add(ledger, LEDGER_RESETS_DISOBEYED, 0, counts.disobeyed);
	/* Of what was neither delivered nor seen before, some was outside of the window, some behind the end. */
	uint64_t left = counts.taken - counts.given;
	uint64_t repeated = counts.repeated < left ? counts.repeated : left;
	ledger_add(ledger, LEDGER_REPEATED, repeated, counts.retransmitted);
	ledger_add(ledger, LEDGER_STRAY, left - repeated, left > repeated);
}

static void flow_note_ending(struct flow *flow, const struct chunk *chunk)
{
	if (flow->ended[chunk->side]) {
		flow->reset = true;
		return;
	}
	flow->ended[chunk->side] = true;
	flow->over |= chunk->kind == CHUNK_RST || flow->ended[side_other(chunk->side)];
}

static void connections_drain(const struct connections *connections, struct flow *flow, timestamp now)
{
	struct chunk chunk;
	while (reassembly_next_chunk(flow->reassembly, now, &chunk)) {
		connections->sink->chunk(connections->sink->self, &flow->stream, &chunk);
		if (chunk.kind == CHUNK_FIN || chunk.kind == CHUNK_RST)
			flow_note_ending(flow, &chunk);
	}
}

static void connections_free_flow(
    const struct connections *connections, struct flow *flow, enum stream_end end, timestamp time)
{
	if (flow->opened)
		connections->sink->closed(connections->sink->self, &flow->stream, end, time);
	reassembly_free(flow->reassembly);
	budget_release(flow->claim);
	budget_release(flow);
}

/* ---- what becomes of a SYN */

static void connections_decide_attempt(
    const struct connections *connections, struct flow *flow, enum attempt_outcome outcome)
{
	if (flow->decided || !flow->attempt.tries)
		return;
	if (flow->given_up && outcome != ATTEMPT_ACCEPTED)
		return;
	flow->given_up = outcome == ATTEMPT_REJECTED || outcome == ATTEMPT_UNANSWERED;
	flow->decided = !flow->given_up;
	flow->attempt.outcome = outcome;
	flow->attempt.client = flow->stream.ends[flow->stream.client];
	flow->attempt.server = flow->stream.ends[side_other(flow->stream.client)];
	connections->sink->attempted(connections->sink->self, &flow->attempt);
}

static void connections_note_attempt(
    const struct connections *connections, struct flow *flow, enum side side, const struct segment *segment)
{
	struct attempt *attempt = &flow->attempt;
	bool syn = segment->flags & TCP_SYN, ack = segment->flags & TCP_ACK;
	if (flow->decided)
		return;
	if (syn && !ack && !attempt->tries) {
		attempt->asked = segment->time;
		attempt->origin.first = segment->first_packet;
		attempt->origin.numbering = segment->numbering;
	}
	/* A copy that was captured twice is no further try. */
	attempt->tries += syn && !ack && (!attempt->tries || segment->time - attempt->origin.time >= CONNECTIONS_RETRY);
	attempt->origin.time = segment->time;
	attempt->origin.last = segment->packet;
	bool by_server = attempt->tries && side != flow->stream.client;
	if (by_server)
		connections_decide_attempt(
		    connections, flow, (segment->flags & TCP_RST) && !syn ? ATTEMPT_REFUSED : ATTEMPT_ACCEPTED);
	else if (attempt->tries >= ATTEMPT_TRIES)
		connections_decide_attempt(connections, flow, ATTEMPT_UNANSWERED);
	/* A connection that is joined in mid-stream, or of which only the client's side is captured, shows nothing. */
	flow->decided |= !syn;
}

static void connections_remove(struct connections *connections, struct flow *flow, enum stream_end end, timestamp time)
{
	connections_decide_attempt(connections, flow, ATTEMPT_UNANSWERED);
	reassembly_end(flow->reassembly);
	connections_drain(connections, flow, flow->last);
	connections_count_reassembly(connections, flow);
	HASH_DEL(connections->by_key, flow);
	connections->waiting_count -= flow->waits;
	if (flow->waits)
		DL_DELETE2(connections->waiting, flow, waiting_prev, waiting_next);
	DL_DELETE(connections->lists[flow->list], flow);
	connections->over_count -= flow->list == FLOW_OVER;
	connections->count--;
	connections_free_flow(connections, flow, end, time);
}

void connections_end(struct connections *connections)
{
	for (int list = FLOW_LISTS; list-- > 0;)
		while (connections->lists[list])
			connections_remove(
			    connections, connections->lists[list], STREAM_END_CAPTURE, connections->counts->latest);
}

void connections_free(struct connections *connections)
{
	if (connections)
		connections_end(connections);
	free(connections);
}

/* To the end of a list. */
static void connections_move(struct connections *connections, struct flow *flow, enum flow_list list)
{
	DL_DELETE(connections->lists[flow->list], flow);
	DL_APPEND(connections->lists[list], flow);
	connections->over_count += list == FLOW_OVER;
	flow->list = list;
}

static void connections_settle(struct connections *connections, struct flow *flow)
{
	connections_note_waiting(connections, flow);
	if (flow->list != FLOW_OVER && flow->over)
		connections_move(connections, flow, FLOW_OVER);
	else if (flow->list == FLOW_LIVE && flow->reset)
		connections_move(connections, flow, FLOW_RESET);
}

/* The sequence number quoted must be that of the SYN: what was sent ends right behind it. */
static bool connections_is_rejected(const struct flow *flow, enum side side, const struct icmp_error *error)
{
	return flow->attempt.tries && side == flow->stream.client &&
	       flow->stream.deliveries[side].sent == error->sequence + 1;
}

static void connections_reject(
    struct connections *connections, struct flow *flow, const struct icmp_error *error, uint64_t packet, timestamp time)
{
	flow->attempt.rejection = error->said;
	flow->attempt.origin.last = packet;
	flow->attempt.origin.time = time;
	connections_decide_attempt(connections, flow, ATTEMPT_REJECTED);
}

/* ---- room for a new one */

static struct flow *connections_choose_victim(struct connections *connections)
{
	struct flow *flow = connections->lists[FLOW_LIVE];
	if (connections->lists[FLOW_OVER])
		return connections->lists[FLOW_OVER];
	if (connections->lists[FLOW_RESET])
		return connections->lists[FLOW_RESET];
	for (int looks = 0; flow && looks < CONNECTIONS_EVICTION_LOOK; looks++, flow = flow->next)
		if (!flow->stream.wanted)
			return flow;
	return connections->lists[FLOW_LIVE];
}

static void connections_make_room(struct connections *connections, timestamp now)
{
	if (connections->over_count > CONNECTIONS_OVER)
		connections_remove(connections, connections->lists[FLOW_OVER], STREAM_END_GONE, now);
	bool full = connections->count >= connections->resources->limits->connections;
	bool is_short = connections->count && budget_is_short(connections->resources->budget);
	if (!full && !is_short)
		return;
	struct flow *victim = connections_choose_victim(connections);
	ledger_note_limit(
	    connections->resources->ledger, full ? LIMIT_CONNECTIONS : LIMIT_MEMORY, victim->list == FLOW_LIVE);
	connections_remove(connections, victim, STREAM_END_EVICTED, now);
}

/* Memory is short: the quiet ones make room for those that speak. */
static bool connections_are_crowded(const struct connections *connections)
{
	const struct budget *budget = connections->resources->budget;
	return budget->used > budget->limit / 4 * 3;
}

/* Was the last traffic of the list's first one before `time`? */
static bool connections_is_older(const struct connections *connections, enum flow_list list, timestamp time)
{
	/* NOLINTNEXTLINE(clang-analyzer-unix.Malloc): one that connections_remove has freed is on no list any more */
	return connections->lists[list] && connections->lists[list]->last < time;
}

static void connections_end_reset(struct connections *connections, timestamp now)
{
	while (connections_is_older(connections, FLOW_RESET, now - CONNECTIONS_RESET)) {
		struct flow *flow = connections->lists[FLOW_RESET];
		connections->sink->abandoned(connections->sink->self, &flow->stream, now);
		flow->over = true;
		connections_settle(connections, flow);
	}
}

static void connections_expire(struct connections *connections, timestamp now)
{
	timestamp idle = limits_idle(connections->resources->limits);
	while (connections_are_crowded(connections) &&
	       connections_is_older(connections, FLOW_LIVE, now - CONNECTIONS_QUIET))
		connections_remove(connections, connections->lists[FLOW_LIVE], STREAM_END_GONE, now);
	while (connections_is_older(connections, FLOW_LIVE, now - idle))
		connections_remove(connections, connections->lists[FLOW_LIVE], STREAM_END_GONE, now);
	while (connections_is_older(connections, FLOW_OVER, now - CONNECTIONS_LINGER))
		connections_remove(connections, connections->lists[FLOW_OVER], STREAM_END_GONE, now);
	connections_end_reset(connections, now);
}

/* ---- finding and adding */

/* Fills the key; true when `source` is its low end. */
static bool connections_make_key(struct flow_key *key, const struct address *source, const struct address *destination,
    const struct segment *segment)
{
	int order = memcmp(source->bytes, destination->bytes, sizeof source->bytes);
	bool source_is_low = order < 0 || (order == 0 && segment->source_port <= segment->destination_port);
	const struct address *low = source_is_low ? source : destination, *high = source_is_low ? destination : source;
	memcpy(key->low, low->bytes, sizeof key->low);
	memcpy(key->high, high->bytes, sizeof key->high);
	key->low_port = source_is_low ? segment->source_port : segment->destination_port;
	key->high_port = source_is_low ? segment->destination_port : segment->source_port;
	key->version = source->version;
	return source_is_low;
}

static struct flow *connections_find(const struct connections *connections, const struct flow_key *key, unsigned hash)
{
	struct flow *flow;
	HASH_FIND_BYHASHVALUE(hh, connections->by_key, key, sizeof *key, hash, flow);
	return flow;
}

static bool connections_make_parts(struct connections *connections, struct flow *flow, const struct segment *segment)
{
	const struct flow_key *key = &flow->key;
	flow->stream = (struct stream){.number = ++connections->counts->connections,
	    .input = segment->input,
	    .numbering = segment->numbering,
	    .ends = {[SIDE_A] = {.address = {.version = (uint8_t)key->version}, .port = key->low_port},
	        [SIDE_B] = {.address = {.version = (uint8_t)key->version}, .port = key->high_port}}};
	memcpy(flow->stream.ends[SIDE_A].address.bytes, key->low, sizeof key->low);
	memcpy(flow->stream.ends[SIDE_B].address.bytes, key->high, sizeof key->high);
	flow->reassembly = reassembly_new(&connections->reassembly_limits, connections->resources->budget);
	flow->opened = connections->sink->opened(connections->sink->self, &flow->stream);
	return flow->reassembly && flow->opened;
}

/* NULL, and counted: no memory. */
static struct flow *connections_add(
    struct connections *connections, const struct flow_key *key, unsigned hash, const struct segment *segment)
{
	connections_make_room(connections, segment->time);
	struct flow *flow = budget_new(connections->resources->budget, sizeof *flow);
	if (flow) {
		flow->key = *key;
		if (connections_make_parts(connections, flow, segment))
			HASH_ADD_BYHASHVALUE(hh, connections->by_key, key, sizeof flow->key, hash, flow);
		if (hash_has(flow)) {
			DL_APPEND(connections->lists[FLOW_LIVE], flow);
			connections->count++;
			return flow;
		}
		connections_free_flow(connections, flow, STREAM_END_GONE, segment->time);
		budget_note_refusal(connections->resources->budget);
	}
	return NULL;
}

/* A bare acknowledgment, FIN or RST of a connection that is not known says nothing. */
static bool connections_is_worth_adding(const struct segment *segment)
{
	return (segment->flags & TCP_SYN) || segment->payload.len || segment->missing;
}

/* ---- segments */

/* Does the segment show that the flow's claim is a connection: the other side answers it, or its own side goes on? */
static bool claim_is_confirmed(const struct claim *claim, enum side side, const struct segment *segment)
{
	uint32_t begin = claim->syn.sequence + 1;
	if (side != claim->side)
		return (segment->flags & TCP_ACK) && segment->acknowledgment == begin;
	if (segment->flags & TCP_SYN)
		return segment->sequence == claim->syn.sequence && segment->time - claim->syn.time >= CONNECTIONS_RETRY;
	return !(segment->flags & TCP_RST) && segment->sequence == begin;
}

/* False: the segment is no claim that has to wait. */
static bool connections_note_claim(
    const struct connections *connections, struct flow *flow, enum side side, const struct segment *segment)
{
	if (flow->over || flow->reset || !(segment->flags & TCP_SYN) || segment->payload.len)
		return false;
	if (!flow->claim)
		flow->claim = budget_new(connections->resources->budget, sizeof *flow->claim);
	/* The first of two that are alike may be followed by the second. */
	if (flow->claim && (flow->claim->side != side || flow->claim->syn.sequence != segment->sequence))
		*flow->claim = (struct claim){.side = side, .syn = *segment};
	return flow->claim;
}

static void connections_touch(struct connections *connections, struct flow *flow, timestamp now)
{
	flow->last = now > flow->last ? now : flow->last;
	if (flow->list == FLOW_LIVE && flow->next)
		connections_move(connections, flow, FLOW_LIVE);
}

/* Time alone can end the wait for a missing segment. Where it goes back, and perhaps forth again with the next packet,
 * as many packets must come first as connections wait: each pays for one. */
static bool connections_must_poke(struct connections *connections, timestamp now)
{
	if (connections->poked == TIMESTAMP_NONE)
		return true;
	if (now >= connections->poked)
		return now - connections->poked >= CONNECTIONS_POKE_INTERVAL;
	return connections->behind++ >= connections->waiting_count;
}

void connections_advance(struct connections *connections, timestamp now)
{
	if (!connections_must_poke(connections, now))
		return;
	connections->poked = now;
	connections->behind = 0;
	for (struct flow *flow = connections->waiting, *next; flow; flow = next) {
		next = flow->waiting_next;
		connections_drain(connections, flow, now);
		connections_settle(connections, flow);
	}
	connections_expire(connections, now);
}

static void connections_give(
    struct connections *connections, struct flow *flow, enum side side, const struct segment *segment)
{
	timestamp now = segment->time;
	if (segment->flags & TCP_SYN)
		stream_note_client(&flow->stream, segment->flags & TCP_ACK ? side_other(side) : side);
	connections_note_attempt(connections, flow, side, segment);
	connections_touch(connections, flow, now);
	flow->stream.seen[side] = true;
	delivery_note_segment(flow->stream.deliveries, side, segment);
	reassembly_add_segment(flow->reassembly, side, segment);
	connections_drain(connections, flow, now);
	connections_settle(connections, flow);
}

/* The segment's flow; one that it shows to be over makes room for the next on its addresses. NULL: there is none. */
static struct flow *connections_flow_of(
    struct connections *connections, const struct flow_key *key, enum side side, const struct segment *segment)
{
	unsigned hash = hash_bytes(connections->secret, key, sizeof *key);
	struct flow *flow = connections_find(connections, key, hash);
	struct claim claim = {0};
	bool claimed = flow && flow->claim && claim_is_confirmed(flow->claim, side, segment);
	if (claimed) {
		claim = *flow->claim;
	} else if (flow && reassembly_is_new_connection(flow->reassembly, side, segment)) {
		if (connections_note_claim(connections, flow, side, segment))
			return NULL;
		ledger_add(connections->resources->ledger, LEDGER_RESETS_DISOBEYED, 0, !(segment->flags & TCP_SYN));
	} else if (flow) {
		return flow;
	}
	if (flow)
		connections_remove(connections, flow, STREAM_END_EVICTED, segment->time);
	flow = connections_is_worth_adding(segment) || claimed ? connections_add(connections, key, hash, segment)
	                                                       : NULL;
	if (flow && claimed)
		connections_give(connections, flow, claim.side, &claim.syn);
	return flow;
}

/* Nobody takes bytes of a segment that acknowledges nothing, but for those on a SYN (RFC 9293 §3.10.7.4, RFC 7413). */
static bool segment_is_acceptable(const struct segment *segment)
{
	return (segment->flags & (TCP_ACK | TCP_SYN | TCP_RST)) || !(segment->payload.len || segment->missing);
}

void connections_take_segment(struct connections *connections, const struct address *source,
    const struct address *destination, const struct segment *segment)
{
	struct flow_key key;
	memset(&key, 0, sizeof key);
	enum side side = connections_make_key(&key, source, destination, segment) ? SIDE_A : SIDE_B;
	struct ledger *ledger = connections->resources->ledger;
	ledger->captured += segment->payload.len;
	ledger_add(ledger, LEDGER_SNAPPED, segment->missing, 0); /* the packet is counted where it came in */
	connections_advance(connections, segment->time);
	struct flow *flow = segment_is_acceptable(segment) ? connections_flow_of(connections, &key, side, segment)
	                                                   : NULL;
	if (flow)
		connections_give(connections, flow, side, segment);
	else
		ledger_add(ledger, LEDGER_STRAY, segment->payload.len, segment->payload.len > 0);
}

void connections_take_error(
    struct connections *connections, const struct icmp_error *error, uint64_t packet, timestamp time)
{
	struct flow_key key;
	memset(&key, 0, sizeof key);
	const struct segment ports = {.source_port = error->source_port, .destination_port = error->destination_port};
	enum side side = connections_make_key(&key, &error->source, &error->destination, &ports) ? SIDE_A : SIDE_B;
	struct flow *flow = connections_find(connections, &key, hash_bytes(connections->secret, &key, sizeof key));
	if (!flow)
		return;
	if (icmp_is_too_big(&error->said))
		delivery_note_too_big(&flow->stream.deliveries[side], error);
	else if (connections_is_rejected(flow, side, error))
		connections_reject(connections, flow, error, packet, time);
}

bool connections_goes_on(const struct connections *connections, const struct address *source,
    const struct address *destination, const struct segment *segment)
{
	struct flow_key key;
	memset(&key, 0, sizeof key);
	enum side side = connections_make_key(&key, source, destination, segment) ? SIDE_A : SIDE_B;
	const struct flow *flow = connections_find(
	    connections, &key, hash_bytes(connections->secret, &key, sizeof key));
	return flow && flow->stream.wanted && !flow->over && !(segment->flags & TCP_SYN) &&
	       reassembly_expects(flow->reassembly, side, segment);
}
