/* The flow table. A closed connection stays a while, so that late copies of its segments are known for what they are.
 */
#include "socketio/flows.h"

#include "base/hash.h"
#include "socketio/connection.h"

#include <stdlib.h>
#include <utlist.h>

#define FLOWS_LINGER (60 * TIMESTAMP_SECOND)             /* of a closed connection */
#define FLOWS_RESET (1 * TIMESTAMP_SECOND)               /* what was captured out of order comes within it */
#define FLOWS_QUIET (60 * TIMESTAMP_SECOND)              /* longer than anyone's ping interval: hardly there any more */
#define FLOWS_POKE_INTERVAL (50 * TIMESTAMP_MILLISECOND) /* between looks at those that wait for missing segments */

enum {
	FLOWS_OVER = 4096,        /* closed ones that stay, at most */
	FLOWS_EVICTION_LOOK = 64, /* how many old ones are looked at for one that does not speak Engine.IO */
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

struct flow {
	struct flow_key key;
	UT_hash_handle hh;
	enum flow_list list;
	struct flow *prev, *next;                 /* in its list */
	struct flow *waiting_prev, *waiting_next; /* in `waiting` */
	bool waits;
	bool seen[2]; /* by side: a packet of it */
	timestamp last;
	struct reassembly *reassembly;
	struct connection *connection;
};

struct flows {
	struct context *context;
	struct flow *by_key;
	struct hash_secret secret;                /* of by_key, asked once: every segment is looked up */
	struct flow *lists[FLOW_LISTS], *waiting; /* oldest traffic first */
	size_t count, over_count;
	timestamp poked;
};

struct flows *flows_new(struct context *context)
{
	struct flows *flows = calloc(1, sizeof *flows);
	if (flows)
		*flows = (struct flows){.context = context, .secret = hash_secret(), .poked = TIMESTAMP_NONE};
	return flows;
}

static void flows_note_waiting(struct flows *flows, struct flow *flow)
{
	bool waits = flow->reassembly && reassembly_waits(flow->reassembly);
	if (waits == flow->waits)
		return;
	flow->waits = waits;
	if (waits)
		DL_APPEND2(flows->waiting, flow, waiting_prev, waiting_next);
	else
		DL_DELETE2(flows->waiting, flow, waiting_prev, waiting_next);
}

static void flows_count_reassembly(struct flows *flows, const struct flow *flow)
{
	struct reassembly_counts counts = reassembly_counts(flow->reassembly);
	struct engine_counts *total = &flows->context->counts;
	total->retransmitted += counts.retransmitted;
	total->out_of_order += counts.out_of_order;
	total->conflicts += counts.conflicts;
	total->hits[LIMIT_HELD] += counts.overflows;
}

static void flow_drain(struct flow *flow, timestamp now)
{
	struct chunk chunk;
	while (reassembly_next_chunk(flow->reassembly, now, &chunk))
		connection_take_chunk(flow->connection, &chunk);
}

static void flow_free(struct flow *flow)
{
	reassembly_free(flow->reassembly);
	connection_free(flow->connection);
	free(flow);
}

static void flows_remove(struct flows *flows, struct flow *flow)
{
	reassembly_end(flow->reassembly);
	flow_drain(flow, flow->last);
	connection_end(flow->connection);
	flows->context->counts.one_sided += connection_spoke_http(flow->connection) &&
	                                    !(flow->seen[SIDE_A] && flow->seen[SIDE_B]);
	flows_count_reassembly(flows, flow);
	HASH_DEL(flows->by_key, flow);
	if (flow->waits)
		DL_DELETE2(flows->waiting, flow, waiting_prev, waiting_next);
	DL_DELETE(flows->lists[flow->list], flow);
	flows->over_count -= flow->list == FLOW_OVER;
	flows->count--;
	flow_free(flow);
}

void flows_end(struct flows *flows)
{
	for (int list = FLOW_LISTS; list-- > 0;)
		while (flows->lists[list])
			flows_remove(flows, flows->lists[list]);
}

void flows_free(struct flows *flows)
{
	if (flows)
		flows_end(flows);
	free(flows);
}

/* To the end of a list. */
static void flows_move(struct flows *flows, struct flow *flow, enum flow_list list)
{
	DL_DELETE(flows->lists[flow->list], flow);
	DL_APPEND(flows->lists[list], flow);
	flows->over_count += list == FLOW_OVER;
	flow->list = list;
}

static void flows_settle(struct flows *flows, struct flow *flow)
{
	flows_note_waiting(flows, flow);
	if (flow->list != FLOW_OVER && connection_is_over(flow->connection))
		flows_move(flows, flow, FLOW_OVER);
	else if (flow->list == FLOW_LIVE && connection_is_reset(flow->connection))
		flows_move(flows, flow, FLOW_RESET);
}

/* ---- room for a new one */

static struct flow *flows_choose_victim(struct flows *flows)
{
	struct flow *flow = flows->lists[FLOW_LIVE];
	if (flows->lists[FLOW_OVER])
		return flows->lists[FLOW_OVER];
	if (flows->lists[FLOW_RESET])
		return flows->lists[FLOW_RESET];
	for (int looks = 0; flow && looks < FLOWS_EVICTION_LOOK; looks++, flow = flow->next)
		if (!connection_is_engineio(flow->connection))
			return flow;
	return flows->lists[FLOW_LIVE];
}

static void flows_make_room(struct flows *flows)
{
	if (flows->over_count > FLOWS_OVER)
		flows_remove(flows, flows->lists[FLOW_OVER]);
	if (flows->count < flows->context->limits.connections)
		return;
	struct flow *victim = flows_choose_victim(flows);
	flows->context->counts.hits[LIMIT_CONNECTIONS] += victim->list == FLOW_LIVE;
	flows_remove(flows, victim);
}

/* Memory is short: the quiet ones make room for those that speak. */
static bool flows_are_crowded(const struct flows *flows)
{
	const struct budget *budget = &flows->context->budget;
	return budget->used > budget->limit / 4 * 3;
}

/* Was the last traffic of the list's first one before `time`? */
static bool flows_is_older(const struct flows *flows, enum flow_list list, timestamp time)
{
	/* NOLINTNEXTLINE(clang-analyzer-unix.Malloc): one that flows_remove has freed is on no list any more */
	return flows->lists[list] && flows->lists[list]->last < time;
}

static void flows_end_reset(struct flows *flows, timestamp time)
{
	while (flows_is_older(flows, FLOW_RESET, time)) {
		struct flow *flow = flows->lists[FLOW_RESET];
		connection_end(flow->connection);
		flows_settle(flows, flow);
	}
}

static void flows_expire(struct flows *flows, timestamp now)
{
	timestamp idle = limits_idle(&flows->context->limits);
	while (flows_are_crowded(flows) && flows_is_older(flows, FLOW_LIVE, now - FLOWS_QUIET))
		flows_remove(flows, flows->lists[FLOW_LIVE]);
	while (flows_is_older(flows, FLOW_LIVE, now - idle))
		flows_remove(flows, flows->lists[FLOW_LIVE]);
	while (flows_is_older(flows, FLOW_OVER, now - FLOWS_LINGER))
		flows_remove(flows, flows->lists[FLOW_OVER]);
	flows_end_reset(flows, now - FLOWS_RESET);
}

/* ---- finding and adding */

/* Fills the key; true when `source` is its low end. */
static bool flows_make_key(struct flow_key *key, const struct address *source, const struct address *destination,
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

static struct flow *flows_find(struct flows *flows, const struct flow_key *key, unsigned hash)
{
	struct flow *flow;
	HASH_FIND_BYHASHVALUE(hh, flows->by_key, key, sizeof *key, hash, flow);
	return flow;
}

static bool flow_make_parts(struct flows *flows, struct flow *flow)
{
	struct endpoint ends[2] = {
	    [SIDE_A] = {.address = {.version = flow->key.version}, .port = flow->key.low_port},
	    [SIDE_B] = {.address = {.version = flow->key.version}, .port = flow->key.high_port},
	};
	memcpy(ends[SIDE_A].address.bytes, flow->key.low, sizeof flow->key.low);
	memcpy(ends[SIDE_B].address.bytes, flow->key.high, sizeof flow->key.high);
	flow->reassembly = reassembly_new(&flows->context->reassembly_limits, &flows->context->budget);
	flow->connection = connection_new(flows->context, ends);
	return flow->reassembly && flow->connection;
}

/* NULL, and counted: no memory. */
static struct flow *flows_add(struct flows *flows, const struct flow_key *key, unsigned hash)
{
	flows_make_room(flows);
	struct flow *flow = calloc(1, sizeof *flow);
	if (flow) {
		flow->key = *key;
		if (flow_make_parts(flows, flow))
			HASH_ADD_BYHASHVALUE(hh, flows->by_key, key, sizeof flow->key, hash, flow);
		if (hash_has(flow)) {
			DL_APPEND(flows->lists[FLOW_LIVE], flow);
			flows->count++;
			return flow;
		}
		flow_free(flow);
	}
	budget_note_refusal(&flows->context->budget);
	return NULL;
}

/* A bare acknowledgment, FIN or RST of a connection that is not known tells nothing. */
static bool flows_is_worth_adding(const struct segment *segment)
{
	return (segment->flags & TCP_SYN) || segment->payload.len || segment->missing;
}

static struct flow *flows_flow_of(
    struct flows *flows, const struct flow_key *key, enum side side, const struct segment *segment)
{
	unsigned hash = hash_bytes(flows->secret, key, sizeof *key);
	struct flow *flow = flows_find(flows, key, hash);
	if (flow && reassembly_is_new_connection(flow->reassembly, side, segment)) {
		flows_remove(flows, flow);
		flow = NULL;
	}
	if (!flow && flows_is_worth_adding(segment))
		flow = flows_add(flows, key, hash);
	return flow;
}

/* ---- segments */

static void flows_touch(struct flows *flows, struct flow *flow, timestamp now)
{
	flow->last = now > flow->last ? now : flow->last;
	if (flow->list == FLOW_LIVE && flow->next)
		flows_move(flows, flow, FLOW_LIVE);
}

/* Time alone can end the wait for a missing segment. */
static void flows_poke_waiting(struct flows *flows, timestamp now)
{
	if (flows->poked != TIMESTAMP_NONE && now - flows->poked < FLOWS_POKE_INTERVAL && now >= flows->poked)
		return;
	flows->poked = now;
	for (struct flow *flow = flows->waiting, *next; flow; flow = next) {
		next = flow->waiting_next;
		flow_drain(flow, now);
		flows_settle(flows, flow);
	}
	flows_expire(flows, now);
}

void flows_take_segment(
    struct flows *flows, const struct address *source, const struct address *destination, const struct segment *segment)
{
	timestamp now = segment->time;
	struct flow_key key;
	memset(&key, 0, sizeof key);
	enum side side = flows_make_key(&key, source, destination, segment) ? SIDE_A : SIDE_B;
	flows_poke_waiting(flows, now);
	struct flow *flow = flows_flow_of(flows, &key, side, segment);
	if (!flow)
		return;
	if (segment->flags & TCP_SYN)
		connection_note_client(flow->connection, segment->flags & TCP_ACK ? side_other(side) : side);
	flows_touch(flows, flow, now);
	flow->seen[side] = true;
	reassembly_add_segment(flow->reassembly, side, segment);
	flow_drain(flow, now);
	flows_settle(flows, flow);
}
