/* Two inputs: what both saw, which way it passed them, and the line between what bounds their clocks' offset from above
 * and from below. */
#include "source/skew_pair.h"

#include <math.h>
#include <stdlib.h>

/* Microseconds are what most captures have. */
#define SKEW_RESOLUTION ((double)1000)
/* Two directions are compared within it: at 100 ppm the clocks part by 0.2 ms meanwhile. */
#define SKEW_NEAR ((double)(2 * TIMESTAMP_SECOND))
/* The fastest that a clock runs: what the kernel's clock discipline (adjtimex(2)) allows, and crystals keep below. */
#define SKEW_DRIFT 500e-6
/* A drift that widens the gap by less than this part of it is noise: of clocks that run alike, 40 s of traffic over 2
 * ms give 0.6 ppm, and a thousandth. Of few matches the line can always be tilted: it is only where it must. */
#define SKEW_DRIFT_SHOWS 0.01

enum {
	SKEW_LEAST = 2,       /* matches on each side of the line */
	SKEW_LEAST_MOVED = 8, /* where addresses differ, and numbers alone say that it is the same segment */
	SKEW_COPIES = 20,     /* equal differences that are no chance */
	SKEW_ENOUGH = 100,    /* on each side: what is less certain is not looked at */
	SKEW_SEARCH = 80,     /* steps of the search for the drift, each of which leaves two thirds */
};

/* What two inputs saw. */
struct skew_match {
	double time, difference; /* nanoseconds since the first, and from it */
	uint32_t flow;           /* in the first of the two inputs */
	uint8_t kind;
	bool is_forth, is_moved; /* moved: the addresses are others in the second */
	bool is_upper;           /* SKEW_ANSWER: it came after what it answers, which bounds the offset from above */
};

/* A flow that both saw, and which of its directions passes the first input first. */
struct skew_flow {
	uint32_t flow;
	bool is_known, is_forth;
	double first, last;
};

/* Two inputs, and what they saw. */
struct skew_pair {
	struct skew *skew;
	size_t from, to; /* inputs */
	timestamp begin; /* of `from`, when the first that both saw passed: what times count from */
	timestamp apart; /* what differences count from */
	struct skew_match *matches;
	size_t count;
	struct skew_flow *flows;
	size_t flow_count;
	struct skew_point *points;
	size_t point_count;
};

/* What the pair's inputs saw in the next group of which either has any; false at the end. */
static bool skew_pair_next(const struct skew_pair *pair, size_t *at, struct skew_seen of[2])
{
	struct skew_seen group[SKEW_INPUTS];
	size_t count;
	while ((count = skew_next_group(pair->skew, at, group))) {
		of[0] = of[1] = (struct skew_seen){0};
		for (size_t i = 0; i < count; i++) {
			of[0] = group[i].input == pair->from ? group[i] : of[0];
			of[1] = group[i].input == pair->to ? group[i] : of[1];
		}
		if (of[0].itself || of[1].itself)
			return true;
	}
	return false;
}

/* Both saw it; or one saw a byte, and the other its acknowledgment, which came later wherever the two are. */
static void skew_pair_add(struct skew_pair *pair, const struct sighting *from, const struct sighting *to, bool events)
{
	if (!from || !to || events != (from->kind == SKEW_EVENT))
		return;
	if (!pair->count)
		pair->apart = to->time - from->time;
	bool answers = from->kind == SKEW_ANSWER || to->kind == SKEW_ANSWER;
	pair->matches[pair->count++] = (struct skew_match){.time = (double)(from->time - pair->begin),
	    .difference = (double)(to->time - from->time - pair->apart),
	    .flow = from->flow,
	    .kind = answers ? SKEW_ANSWER : from->kind,
	    .is_forth = from->is_forth,
	    .is_moved = from->flow != to->flow,
	    .is_upper = to->kind == SKEW_ANSWER};
}

static bool skew_pair_gather(struct skew_pair *pair, bool events)
{
	struct skew_seen of[2];
	pair->begin = INT64_MAX;
	for (size_t at = 0; skew_pair_next(pair, &at, of);) {
		const struct sighting *from = of[0].itself ? of[0].itself : of[0].answer;
		bool both = from && (of[1].itself || of[1].answer);
		if (both && from->time < pair->begin && events == (from->kind == SKEW_EVENT))
			pair->begin = from->time;
	}
	for (size_t at = 0; skew_pair_next(pair, &at, of);) {
		skew_pair_add(pair, of[0].itself, of[1].itself, events);
		skew_pair_add(pair, of[0].itself, of[1].answer, events);
		skew_pair_add(pair, of[0].answer, of[1].itself, events);
	}
	return pair->count;
}

static int skew_compare_matches(const void *a, const void *b)
{
	const struct skew_match *left = a, *right = b;
	if (left->flow != right->flow)
		return left->flow < right->flow ? -1 : 1;
	return left->time < right->time ? -1 : left->time > right->time;
}

/* Evidence, the surest first; each with what comes before it, but the last, which is for where one direction alone was
 * captured. */
enum skew_evidence { BY_SEGMENTS, BY_POSITIONS, BY_MOVED_SEGMENTS, BY_ANSWERS, EVIDENCES };

static bool skew_is_evidence(const struct skew_match *match, enum skew_evidence evidence)
{
	if (match->kind == SKEW_ANSWER || evidence == BY_ANSWERS)
		return match->kind == SKEW_ANSWER && evidence == BY_ANSWERS;
	return match->kind == SKEW_EVENT || evidence == BY_MOVED_SEGMENTS ||
	       (!match->is_moved && (match->kind == SKEW_SEGMENT || evidence == BY_POSITIONS));
}

/* Which of a flow's directions passes `from` first: the one with the larger differences, where two that lie next to
 * each other in time are compared. A vote each. */
static int skew_vote(const struct skew_match *before, const struct skew_match *match)
{
	if (before->is_forth == match->is_forth || match->time - before->time > SKEW_NEAR)
		return 0;
	double more = (match->difference - before->difference) * (match->is_forth ? 1 : -1);
	return more > 0 ? 1 : more < 0 ? -1 : 0;
}

/* The matches are in order of their flows, and then of time. */
static void skew_pair_find_ways(struct skew_pair *pair, enum skew_evidence evidence)
{
	pair->flow_count = 0;
	for (size_t i = 0, next; i < pair->count; i = next) {
		struct skew_flow flow = {.flow = pair->matches[i].flow, .first = pair->matches[i].time};
		const struct skew_match *before = NULL;
		long votes = 0;
		for (next = i; next < pair->count && pair->matches[next].flow == flow.flow; next++) {
			const struct skew_match *match = &pair->matches[next];
			if (!skew_is_evidence(match, evidence))
				continue;
			votes += before ? skew_vote(before, match) : 0;
			before = match;
			flow.last = match->time;
		}
		flow.is_known = votes != 0;
		flow.is_forth = votes > 0;
		if (before)
			pair->flows[pair->flow_count++] = flow;
	}
}

static const struct skew_flow *skew_pair_find_flow(const struct skew_pair *pair, uint32_t flow)
{
	size_t low = 0, high = pair->flow_count;
	while (low < high) {
		size_t middle = low + (high - low) / 2;
		if (pair->flows[middle].flow < flow)
			low = middle + 1;
		else
			high = middle;
	}
	return low < pair->flow_count && pair->flows[low].flow == flow ? &pair->flows[low] : NULL;
}

/* Copies of one capture have no way between them: all differences are one, up to the resolution, and bound the offset
 * from both sides. */
static bool skew_pair_is_copy(const struct skew_pair *pair, enum skew_evidence evidence)
{
	const struct skew_match *first = NULL;
	size_t count = 0;
	for (size_t i = 0; i < pair->count; i++) {
		const struct skew_match *match = &pair->matches[i];
		if (!skew_is_evidence(match, evidence))
			continue;
		first = first ? first : match;
		if (fabs(match->difference - first->difference) > SKEW_RESOLUTION)
			return false;
		count++;
	}
	return count >= SKEW_COPIES;
}

static void skew_pair_find_points(struct skew_pair *pair, enum skew_evidence evidence, size_t counts[2])
{
	bool is_copy = evidence != BY_ANSWERS && skew_pair_is_copy(pair, evidence);
	pair->point_count = counts[0] = counts[1] = 0;
	for (size_t i = 0; i < pair->count; i++) {
		const struct skew_match *match = &pair->matches[i];
		const struct skew_flow *flow = skew_pair_find_flow(pair, match->flow);
		if (!flow || !skew_is_evidence(match, evidence) ||
		    !(flow->is_known || is_copy || evidence == BY_ANSWERS))
			continue;
		bool is_upper = evidence == BY_ANSWERS ? match->is_upper : match->is_forth == flow->is_forth;
		for (int upper = 0; upper < 2; upper++) {
			if (!is_copy && upper != is_upper)
				continue;
			double widened = match->difference + (upper ? SKEW_RESOLUTION : -SKEW_RESOLUTION);
			pair->points[pair->point_count++] = (struct skew_point){match->time, widened, upper};
			counts[upper]++;
		}
	}
}

/* ---- the line */

static int skew_compare_points(const void *a, const void *b)
{
	const struct skew_point *left = a, *right = b;
	if (left->is_upper != right->is_upper)
		return left->is_upper ? -1 : 1;
	return left->time < right->time ? -1 : left->time > right->time;
}

/* Does the hull turn away at the middle one of three? The lower hull of upper points turns left, the other right. */
static bool skew_turns(const struct skew_point *a, const struct skew_point *b, const struct skew_point *c)
{
	double cross = (b->time - a->time) * (c->difference - a->difference) -
	               (b->difference - a->difference) * (c->time - a->time);
	return a->is_upper ? cross > 0 : cross < 0;
}

/* Leaves the hull of sorted points at their beginning; returns how many it has. */
static size_t skew_make_hull(struct skew_point *points, size_t count)
{
	size_t hull = 0;
	for (size_t i = 0; i < count; i++) {
		while (hull >= 2 && !skew_turns(&points[hull - 2], &points[hull - 1], &points[i]))
			hull--;
		points[hull++] = points[i];
	}
	return hull;
}

struct skew_hulls {
	const struct skew_point *upper, *lower;
	size_t upper_count, lower_count;
};

/* How far apart they are, where `drift` is taken off; `*least` is where the lower points end. */
static double skew_gap(const struct skew_hulls *hulls, double drift, double *least)
{
	double top = INFINITY, bottom = -INFINITY;
	for (size_t i = 0; i < hulls->upper_count; i++)
		top = fmin(top, hulls->upper[i].difference - drift * hulls->upper[i].time);
	for (size_t i = 0; i < hulls->lower_count; i++)
		bottom = fmax(bottom, hulls->lower[i].difference - drift * hulls->lower[i].time);
	*least = bottom;
	return top - bottom;
}

bool skew_fit(struct skew_point *points, size_t count, double *offset, double *drift, double *bound)
{
	size_t uppers = 0;
	double least, low = -SKEW_DRIFT, high = SKEW_DRIFT;
	for (size_t i = 0; i < count; i++)
		uppers += points[i].is_upper;
	if (!uppers || uppers == count)
		return false;
	qsort(points, count, sizeof *points, skew_compare_points);
	const struct skew_hulls hulls = {
	    points, points + uppers, skew_make_hull(points, uppers), skew_make_hull(points + uppers, count - uppers)};
	/* The gap is concave in the drift. */
	for (int i = 0; i < SKEW_SEARCH; i++) {
		double third = (high - low) / 3;
		if (skew_gap(&hulls, low + third, &least) < skew_gap(&hulls, high - third, &least))
			low += third;
		else
			high -= third;
	}
	*drift = (low + high) / 2;
	double gap = skew_gap(&hulls, *drift, &least), still = skew_gap(&hulls, 0, &least);
	bool shows = uppers >= SKEW_ENOUGH && count - uppers >= SKEW_ENOUGH && gap - still > gap * SKEW_DRIFT_SHOWS;
	*drift = shows || still < 0 ? *drift : 0;
	gap = skew_gap(&hulls, *drift, &least);
	*offset = least + gap / 2;
	*bound = gap / 2;
	return gap >= 0;
}

/* ---- two inputs */

/* By direction, and the shortest first. */
static int skew_compare_delays(const void *a, const void *b)
{
	const struct skew_point *left = a, *right = b;
	if (left->is_upper != right->is_upper)
		return left->is_upper ? -1 : 1;
	return left->difference < right->difference ? -1 : left->difference > right->difference;
}

static struct skew_way skew_way_of(const struct skew_point *delays, size_t count)
{
	struct skew_way way = {
	    .seen = count, .least = TIMESTAMP_NONE, .median = TIMESTAMP_NONE, .most = TIMESTAMP_NONE};
	if (!count)
		return way;
	way.least = llround(delays[0].difference);
	way.median = llround(delays[count / 2].difference);
	way.most = llround(delays[count - 1].difference);
	return way;
}

/* How long what both saw was under way, by the line. */
static void skew_pair_measure_ways(
    struct skew_pair *pair, enum skew_evidence evidence, double offset, double drift, struct skew_way ways[2])
{
	size_t counts[2];
	skew_pair_find_points(pair, evidence, counts);
	for (size_t i = 0; i < pair->point_count; i++) {
		struct skew_point *point = &pair->points[i];
		double delay = point->difference - offset - drift * point->time;
		point->difference = fmax(0, (point->is_upper ? delay : -delay) - SKEW_RESOLUTION);
	}
	qsort(pair->points, pair->point_count, sizeof *pair->points, skew_compare_delays);
	ways[0] = skew_way_of(pair->points, counts[1]);
	ways[1] = skew_way_of(pair->points + counts[1], counts[0]);
}

/* A segment that one input saw of a connection that both saw then, in the direction that passes this input first. */
static bool skew_pair_owes(const struct skew_pair *pair, const struct sighting *sighting, double time, bool by_from)
{
	const struct skew_flow *flow = skew_pair_find_flow(pair, sighting->flow);
	return flow && flow->is_known && flow->first < time && time < flow->last &&
	       by_from == (sighting->is_forth == flow->is_forth);
}

/* What only one of the two saw is lost between them, or was not captured. */
static void skew_pair_count_lost(struct skew_pair *pair, const struct clock_line *line, struct skew_way ways[2])
{
	struct skew_seen of[2];
	ways[0].seen = ways[1].seen = 0;
	for (size_t at = 0; skew_pair_next(pair, &at, of);)
		for (int by = 0; by < 2; by++) {
			const struct sighting *seen = of[by].itself;
			if (!seen || seen->kind != SKEW_SEGMENT)
				continue;
			timestamp time = by ? clock_line_correct(line, seen->time) : seen->time;
			bool owes = skew_pair_owes(pair, seen, (double)(time - pair->begin), by == 0);
			ways[by].seen += owes;
			ways[by].lost += owes && !of[!by].itself;
		}
}

/* False: it cannot be judged by this evidence. */
static bool skew_pair_judge(struct skew_pair *pair, enum skew_evidence evidence, struct skew_result *result)
{
	double offset, drift, bound;
	size_t counts[2];
	size_t least = evidence == BY_MOVED_SEGMENTS ? SKEW_LEAST_MOVED : SKEW_LEAST;
	skew_pair_find_ways(pair, evidence);
	skew_pair_find_points(pair, evidence, counts);
	result->matches = skew_pair_is_copy(pair, evidence) ? counts[0] : counts[0] + counts[1];
	if (counts[0] < least || counts[1] < least)
		return false;
	bool fits = skew_fit(pair->points, pair->point_count, &offset, &drift, &bound);
	result->state = fits ? SKEW_KNOWN : SKEW_CONTRADICTED;
	if (!fits)
		return true;
	result->bound = llround(bound);
	result->line.offset = pair->apart + llround(offset);
	result->line.since = pair->begin + result->line.offset;
	result->line.drift = drift / (1 + drift);
	if (evidence == BY_ANSWERS) /* how long an answer took is not the way's */
		result->ways[0].median = result->ways[1].median = TIMESTAMP_NONE;
	else
		skew_pair_measure_ways(pair, evidence, offset, drift, result->ways);
	if (evidence == BY_SEGMENTS && !result->by_events)
		skew_pair_count_lost(pair, &result->line, result->ways);
	return counts[0] >= SKEW_ENOUGH && counts[1] >= SKEW_ENOUGH;
}

static void skew_pair_solve(struct skew_pair *pair, struct skew_result *result)
{
	qsort(pair->matches, pair->count, sizeof *pair->matches, skew_compare_matches);
	for (enum skew_evidence evidence = 0; evidence < EVIDENCES; evidence++) {
		struct skew_result judged = *result;
		if (evidence == BY_ANSWERS && result->state == SKEW_KNOWN)
			return;
		bool is_enough = skew_pair_judge(pair, evidence, &judged);
		if (judged.state == SKEW_CONTRADICTED ||
		    (judged.state == SKEW_KNOWN && (result->state == SKEW_UNKNOWN || judged.bound < result->bound)))
			*result = judged;
		if (is_enough || result->by_events)
			return;
	}
}

void skew_compare_inputs(struct skew *skew, size_t from, size_t to, bool events, struct skew_result *result)
{
	size_t most = skew->common[events][from][to];
	struct skew_pair pair = {.skew = skew, .from = from, .to = to};
	*result = (struct skew_result){.peer = from, .by_events = events};
	pair.matches = budget_new(skew->budget, most * sizeof *pair.matches);
	pair.flows = budget_new(skew->budget, most * sizeof *pair.flows);
	pair.points = budget_new(skew->budget, 2 * most * sizeof *pair.points);
	if (pair.matches && pair.flows && pair.points && skew_pair_gather(&pair, events))
		skew_pair_solve(&pair, result);
	budget_release(pair.matches);
	budget_release(pair.flows);
	budget_release(pair.points);
}
