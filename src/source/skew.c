/* How far clocks are apart: what passes the inputs, sorted, and the tree of pairs that have something in common. */
#include "source/skew.h"

#include "base/hash.h"
#include "net/headers.h"
#include "source/skew_pair.h"

#include <math.h>
#include <stdlib.h>

/* Copies of one packet at several interfaces of a machine come within it; a retransmission takes longer (RFC 6298). */
#define SKEW_COPY TIMESTAMP_MILLISECOND

timestamp clock_line_correct(const struct clock_line *line, timestamp time)
{
	timestamp gained = line->drift == 0 ? 0 : (timestamp)llround(line->drift * (double)(time - line->since));
	return time - line->offset - gained;
}

struct skew *skew_new(size_t inputs, size_t room, struct budget *budget)
{
	struct skew *skew = budget_new(budget, sizeof *skew);
	if (!skew)
		return NULL;
	/* What is made of two sightings that match takes as much as they do twice. */
	*skew = (struct skew){.budget = budget, .inputs = inputs, .most = room / 3 / sizeof *skew->sightings};
	return skew;
}

void skew_free(struct skew *skew)
{
	if (!skew)
		return;
	budget_release(skew->sightings);
	budget_release(skew);
}

bool skew_is_sampled(const struct skew *skew)
{
	return skew->mask != 0;
}

/* ---- what passes */

/* The same in every run: what is left out may not depend on chance. */
static uint64_t skew_hash(const void *bytes, size_t len)
{
	static const struct hash_secret fixed = {UINT64_C(0x9e3779b97f4a7c15), UINT64_C(0xd1342543de82ef95)};
	return hash_digest(fixed, bytes, len);
}

/* Half of what is kept goes, by its keys: in each input the same. */
static void skew_thin(struct skew *skew)
{
	size_t kept = 0;
	skew->mask = skew->mask << 1 | 1;
	for (size_t i = 0; i < skew->count; i++)
		if (!(skew->sightings[i].key & skew->mask))
			skew->sightings[kept++] = skew->sightings[i];
	skew->count = kept;
}

/* Room for one more; without it there are fewer of all. */
static bool skew_make_room(struct skew *skew)
{
	enum { FIRST = 1024 };
	size_t room = skew->room ? skew->room * 2 : FIRST;
	room = room < skew->most ? room : skew->most;
	struct sighting *grown = room > skew->room ? budget_resize(skew->budget, skew->sightings, room * sizeof *grown)
	                                           : NULL;
	if (grown) {
		skew->sightings = grown;
		skew->room = room;
	} else if (skew->mask != UINT64_MAX >> 1) {
		skew_thin(skew);
	}
	return skew->count < skew->room;
}

static void skew_add(struct skew *skew, const struct sighting *sighting)
{
	if ((sighting->key & skew->mask) || (skew->count == skew->room && !skew_make_room(skew)))
		return;
	if (!(sighting->key & skew->mask))
		skew->sightings[skew->count++] = *sighting;
}

/* The value of the timestamps option (RFC 7323 §3.2); 0: there is none. `header` is all of the TCP header. */
static uint32_t skew_read_tsval(struct slice header)
{
	enum { OPTIONS = 20, NOTHING = 1, TIMESTAMPS = 8, TIMESTAMPS_LEN = 10 };
	size_t at = OPTIONS;
	while (at + 1 < header.len && header.at[at]) {
		size_t len = header.at[at] == NOTHING ? 1 : header.at[at + 1];
		if (header.at[at] == TIMESTAMPS && len == TIMESTAMPS_LEN && at + len <= header.len)
			return network_read_32(header.at + at + 2);
		if (!len || (len == 1 && header.at[at] != NOTHING))
			return 0;
		at += len;
	}
	return 0;
}

/* Both ends, the lower first. */
struct skew_ends {
	uint8_t low[16], high[16];
	uint16_t low_port, high_port;
};

static bool skew_sort_ends(struct skew_ends *ends, const struct ip_packet *ip, const struct segment *segment)
{
	int order = memcmp(ip->source.bytes, ip->destination.bytes, sizeof ends->low);
	bool is_forth = order < 0 || (order == 0 && segment->source_port < segment->destination_port);
	const struct address *low = is_forth ? &ip->source : &ip->destination;
	const struct address *high = is_forth ? &ip->destination : &ip->source;
	memcpy(ends->low, low->bytes, sizeof ends->low);
	memcpy(ends->high, high->bytes, sizeof ends->high);
	ends->low_port = is_forth ? segment->source_port : segment->destination_port;
	ends->high_port = is_forth ? segment->destination_port : segment->source_port;
	return is_forth;
}

/* By what it is known that is not changed on the way, unless somebody joins or splits segments; the addresses, which
 * are, by its flow. */
static uint64_t skew_segment_key(const struct ip_packet *ip, const struct segment *segment, uint32_t len)
{
	enum { IP_ID = 4, IP_HEADER = 20, IP_FIRST = 0x45 };
	size_t header = (size_t)(segment->payload.at - ip->payload.at);
	/* Of a header without options, which stands before what it carries, wherever it is wrapped in. */
	const uint8_t *before = ip->source.version == 4 ? ip->payload.at - IP_HEADER : NULL;
	uint32_t id = before && *before == IP_FIRST ? network_read_16(before + IP_ID) : 0;
	uint32_t parts[] = {segment->sequence, segment->acknowledgment, len, segment->flags,
	    skew_read_tsval(slice_take(ip->payload, header)), id};
	return skew_hash(parts, sizeof parts);
}

static uint64_t skew_position_key(uint64_t flow, bool is_forth, uint32_t position, bool is_end)
{
	uint64_t parts[] = {flow, is_forth, position, is_end};
	return skew_hash(parts, sizeof parts);
}

void skew_take_segment(
    struct skew *skew, size_t input, const struct ip_packet *ip, const struct segment *segment, timestamp time)
{
	struct skew_ends ends;
	uint32_t len = (uint32_t)segment->payload.len + segment->missing;
	bool is_forth = skew_sort_ends(&ends, ip, segment);
	uint64_t flow = skew_hash(&ends, sizeof ends);
	struct sighting sighting = {.key = skew_segment_key(ip, segment, len),
	    .time = time,
	    .flow = (uint32_t)flow,
	    .input = (uint8_t)input,
	    .kind = SKEW_SEGMENT,
	    .is_forth = is_forth};
	if (segment->flags & TCP_RST) /* many have no numbers of their own */
		return;
	skew_add(skew, &sighting);
	sighting.kind = SKEW_POSITION;
	for (uint32_t end = 0; len && end < 2; end++) {
		sighting.key = skew_position_key(flow, is_forth, segment->sequence + (end ? len : 0), end);
		skew_add(skew, &sighting);
	}
	if (!(segment->flags & TCP_ACK))
		return;
	sighting.kind = SKEW_ANSWER;
	sighting.is_forth = !is_forth;
	sighting.key = skew_position_key(flow, !is_forth, segment->acknowledgment, true);
	skew_add(skew, &sighting);
}

void skew_take_event(struct skew *skew, size_t input, uint64_t session, bool to_server, uint64_t key, timestamp time)
{
	uint64_t parts[] = {session, to_server, key, SKEW_EVENT};
	const struct sighting sighting = {.key = skew_hash(parts, sizeof parts),
	    .time = time,
	    .flow = (uint32_t)skew_hash(&session, sizeof session),
	    .input = (uint8_t)input,
	    .kind = SKEW_EVENT,
	    .is_forth = to_server};
	skew_add(skew, &sighting);
}

/* ---- what several inputs saw */

static int skew_compare(const void *a, const void *b)
{
	const struct sighting *left = a, *right = b;
	if (left->key != right->key)
		return left->key < right->key ? -1 : 1;
	if (left->input != right->input)
		return left->input < right->input ? -1 : 1;
	if (left->kind != right->kind)
		return left->kind < right->kind ? -1 : 1;
	return left->time < right->time ? -1 : left->time > right->time;
}

/* All sightings of one kind by one input, from `*at` on, which moves behind them; NULL: they show nothing. */
static const struct sighting *skew_take_run(const struct skew *skew, size_t *at)
{
	const struct sighting *first = &skew->sightings[*at], *last = first;
	for (; *at < skew->count; ++*at) {
		const struct sighting *next = &skew->sightings[*at];
		if (next->key != first->key || next->input != first->input || next->kind != first->kind)
			break;
		last = next;
	}
	return first->kind == SKEW_ANSWER || last->time - first->time <= SKEW_COPY ? first : NULL;
}

size_t skew_next_group(const struct skew *skew, size_t *at, struct skew_seen group[SKEW_INPUTS])
{
	size_t count = 0;
	while (*at < skew->count && !count) {
		uint64_t key = skew->sightings[*at].key;
		while (*at < skew->count && skew->sightings[*at].key == key) {
			const struct sighting *seen = skew_take_run(skew, at);
			if (!seen)
				continue;
			if (!count || group[count - 1].input != seen->input)
				group[count++] = (struct skew_seen){.input = seen->input};
			*(seen->kind == SKEW_ANSWER ? &group[count - 1].answer : &group[count - 1].itself) = seen;
		}
	}
	return count;
}

/* How often the two can be compared by it. */
static uint32_t skew_count_matches(const struct skew_seen *from, const struct skew_seen *to)
{
	return (from->itself && to->itself) + (from->itself && to->answer) + (from->answer && to->itself);
}

static void skew_count_common(struct skew *skew)
{
	struct skew_seen group[SKEW_INPUTS];
	size_t at = 0, count;
	memset(skew->common, 0, sizeof skew->common);
	while ((count = skew_next_group(skew, &at, group)))
		for (size_t i = 0; i < count; i++)
			for (size_t j = i + 1; j < count; j++) {
				bool is_event = group[i].itself && group[i].itself->kind == SKEW_EVENT;
				uint32_t matches = skew_count_matches(&group[i], &group[j]);
				skew->common[is_event][group[i].input][group[j].input] += matches;
				skew->common[is_event][group[j].input][group[i].input] += matches;
			}
}

/* ---- all of them */

/* `line` is against an input whose own line is `base`: against the first input from now on. */
static void skew_rebase(struct clock_line *line, const struct clock_line *base)
{
	timestamp since = line->since - line->offset;
	line->offset += base->offset + (timestamp)llround(base->drift * (double)(since - base->since));
	line->drift += base->drift * (1 - line->drift);
}

/* The two with the most in common of which one is known and the other is not: by segments, or else by events. */
static bool skew_choose(
    const struct skew *skew, const struct skew_result *results, size_t *from, size_t *to, bool *events)
{
	for (int kind = 0; kind < 2; kind++) {
		uint32_t most = 0;
		for (size_t i = 0; i < skew->inputs; i++)
			for (size_t j = 0; j < skew->inputs; j++) {
				bool is_open = results[i].state == SKEW_KNOWN && results[j].state != SKEW_KNOWN;
				if (!is_open || skew->common[kind][i][j] <= most)
					continue;
				most = skew->common[kind][i][j];
				*from = i;
				*to = j;
			}
		*events = kind;
		if (most)
			return true;
	}
	return false;
}

void skew_solve(struct skew *skew, struct skew_result *results)
{
	size_t from, to;
	bool events;
	memset(results, 0, skew->inputs * sizeof *results);
	results[0].state = SKEW_KNOWN;
	if (skew->count)
		qsort(skew->sightings, skew->count, sizeof *skew->sightings, skew_compare);
	skew_count_common(skew);
	while (skew_choose(skew, results, &from, &to, &events)) {
		struct skew_result result;
		skew_compare_inputs(skew, from, to, events, &result);
		skew->common[events][from][to] = 0;
		if (result.state == SKEW_KNOWN) {
			skew_rebase(&result.line, &results[from].line);
			result.bound += results[from].bound;
		}
		if (result.state != SKEW_UNKNOWN)
			results[to] = result;
	}
}
