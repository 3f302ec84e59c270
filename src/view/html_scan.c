/* One pass over the timeline for all that the HTML report draws: lanes of sessions, rates, latencies by name, why
 * sessions closed, and in which event each piece of evidence begins. */
#include "view/event_text.h"
#include "view/html.h"

#include <stdlib.h>

/* ---- evidence */

static int proof_compare(const void *a, const void *b)
{
	const struct origin *left = &((const struct html_proof *)a)->origin,
	                    *right = &((const struct html_proof *)b)->origin;
	if (left->kind != right->kind)
		return left->kind < right->kind ? -1 : 1;
	return left->first < right->first ? -1 : left->first > right->first;
}

static bool html_scan_list_proofs(struct html_scan *scan)
{
	size_t count = 0;
	for (const struct finding *finding = scan->report->findings->first; finding; finding = finding->next)
		count += finding->evidence_count;
	count = count < HTML_PROOFS ? count : HTML_PROOFS;
	scan->proofs = budget_new(&scan->budget, (count + 1) * sizeof *scan->proofs);
	if (!scan->proofs)
		return false;
	for (const struct finding *finding = scan->report->findings->first; finding; finding = finding->next)
		for (size_t i = 0; i < finding->evidence_count && scan->proof_count < count; i++)
			scan->proofs[scan->proof_count++] = (struct html_proof){
			    .finding = finding, .nth = i, .origin = finding->evidence[i].origin};
	qsort(scan->proofs, scan->proof_count, sizeof *scan->proofs, proof_compare);
	return true;
}

/* The first proof that begins at or behind `number`. */
static size_t html_scan_find_proof(const struct html_scan *scan, enum origin_kind kind, uint64_t number)
{
	size_t low = 0, high = scan->proof_count;
	while (low < high) {
		size_t middle = low + (high - low) / 2;
		const struct origin *origin = &scan->proofs[middle].origin;
		if (origin->kind < kind || (origin->kind == kind && origin->first < number))
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

/* An event that is all of what the evidence names is it; else the first in which that begins. */
static void html_scan_prove(struct html_scan *scan, const struct event *event)
{
	const struct origin *origin = &event->origin;
	for (size_t i = html_scan_find_proof(scan, origin->kind, origin->first); i < scan->proof_count; i++) {
		struct html_proof *proof = &scan->proofs[i];
		if (!origin_holds(origin, &proof->origin))
			break;
		uint64_t wanted = proof->finding->session, session = event->session ? event->session->number : 0;
		bool fits = !wanted || wanted == session;
		bool is_same = proof->origin.first == origin->first && proof->origin.last == origin->last;
		if (fits && (!proof->event || (is_same && proof->origin.time == origin->time)))
			proof->event = event->index;
	}
}

uint64_t html_event_of(const struct html_scan *scan, const struct finding *finding, size_t nth)
{
	const struct origin *origin = &finding->evidence[nth].origin;
	for (size_t i = html_scan_find_proof(scan, origin->kind, origin->first);
	     i < scan->proof_count && scan->proofs[i].origin.first == origin->first; i++)
		if (scan->proofs[i].finding == finding && scan->proofs[i].nth == nth)
			return scan->proofs[i].event;
	return 0;
}

int html_compare_events(const void *a, const void *b)
{
	const uint64_t *left = a, *right = b;
	return *left < *right ? -1 : *left > *right;
}

static bool html_scan_list_proving(struct html_scan *scan)
{
	scan->proving = budget_new(&scan->budget, (scan->proof_count + 1) * sizeof *scan->proving);
	for (size_t i = 0; scan->proving && i < scan->proof_count; i++)
		if (scan->proofs[i].event)
			scan->proving[scan->proving_count++] = scan->proofs[i].event;
	if (scan->proving)
		qsort(scan->proving, scan->proving_count, sizeof *scan->proving, html_compare_events);
	return scan->proving != NULL;
}

bool html_is_proving(const struct html_scan *scan, uint64_t event)
{
	return scan->proving_count &&
	       bsearch(&event, scan->proving, scan->proving_count, sizeof event, html_compare_events) != NULL;
}

/* ---- lanes */

const struct html_lane *html_lane_of(const struct html_scan *scan, uint64_t session)
{
	return session && session <= scan->lane_count ? &scan->lanes[session - 1] : NULL;
}

struct html_walk html_walk_of(const struct html_scan *scan)
{
	return (struct html_walk){.scan = scan, .worst = SEVERITY_ERROR + 1};
}

const struct session *html_walk_next(struct html_walk *walk)
{
	const struct html_scan *scan = walk->scan;
	for (;;) {
		for (walk->number++; walk->number <= scan->session_count; walk->number++) {
			const struct html_lane *lane = html_lane_of(scan, walk->number);
			const struct session *session = (lane ? lane->worst : 0) == walk->worst
			                                    ? record_session(scan->report->record, walk->number)
			                                    : NULL;
			if (session && summary_has(scan->report->summary, session))
				return session;
		}
		if (!walk->worst--)
			return NULL;
		walk->number = 0;
	}
}

static bool html_lane_grow(struct html_scan *scan, struct html_lane *lane)
{
	size_t room = lane->mark_room ? 2u * lane->mark_room : 4;
	if (room > HTML_LANE_MARKS || scan->mark_room + room - lane->mark_room > HTML_MARKS)
		return false;
	struct html_mark *grown = budget_resize(&scan->budget, lane->marks, room * sizeof *grown);
	if (!grown)
		return false;
	scan->mark_room += room - lane->mark_room;
	lane->marks = grown;
	lane->mark_room = (uint8_t)room;
	return true;
}

/* The next mark of the same kind; mark_count: there is none. */
static size_t html_lane_next_like(const struct html_lane *lane, size_t nth)
{
	size_t next = nth + 1;
	while (next < lane->mark_count && lane->marks[next].kind != lane->marks[nth].kind)
		next++;
	return next;
}

/* Makes room: the two of one kind that are nearest to each other become one. */
static void html_lane_join(struct html_lane *lane)
{
	size_t from = lane->mark_count, to = from;
	for (size_t i = 0; i < lane->mark_count; i++) {
		size_t next = html_lane_next_like(lane, i);
		if (next < lane->mark_count &&
		    (from == lane->mark_count || lane->marks[next].time - lane->marks[i].until <
		                                     lane->marks[to].time - lane->marks[from].until)) {
			from = i;
			to = next;
		}
	}
	if (from == lane->mark_count)
		return;
	lane->marks[from].until = lane->marks[to].until;
	lane->marks[from].count += lane->marks[to].count;
	memmove(&lane->marks[to], &lane->marks[to + 1], (lane->mark_count - to - 1u) * sizeof *lane->marks);
	lane->mark_count--;
}

static void html_lane_mark(struct html_scan *scan, struct html_lane *lane, timestamp time, char kind)
{
	if (lane->mark_count == lane->mark_room && !html_lane_grow(scan, lane))
		html_lane_join(lane);
	if (lane->mark_count < lane->mark_room)
		lane->marks[lane->mark_count++] = (struct html_mark){time, time, 1, kind};
}

/* A session goes from polling to another transport and never back: what still came by polling then was under way. What
 * tries the other transport is not yet on it. */
static void html_lane_carry(struct html_lane *lane, const struct event *event)
{
	bool tries = event->kind == EVENT_PROBE || event->kind == EVENT_PROBE_ACK || event->kind == EVENT_NOOP;
	if (!event_is_packet(event) || tries || event->transport == TRANSPORT_NONE)
		return;
	uint8_t last = lane->part_count ? lane->part_transport[lane->part_count - 1] : TRANSPORT_NONE;
	if (last == event->transport || (lane->part_count && event->transport == TRANSPORT_POLLING) ||
	    lane->part_count == HTML_LANE_PARTS)
		return;
	lane->part_begin[lane->part_count] = event->origin.time;
	lane->part_transport[lane->part_count++] = (uint8_t)event->transport;
}

static void html_gaps_take(struct html_gaps *gaps, const struct event *event)
{
	bool is_first = !gaps->count[0] && !gaps->count[1];
	gaps->count[event->direction]++;
	gaps->lost[event->direction] += event->gap.lost;
	gaps->first = is_first ? event->origin.time : gaps->first;
	gaps->last = event->origin.time;
}

static void html_lane_take(struct html_scan *scan, struct html_lane *lane, const struct event *event)
{
	html_lane_carry(lane, event);
	switch (event->kind) {
	case EVENT_GAP:
		html_gaps_take(&lane->gaps, event);
		html_lane_mark(scan, lane, event->origin.time, 'g');
		break;
	case EVENT_MALFORMED:
		html_lane_mark(scan, lane, event->origin.time, 'm');
		break;
	case EVENT_WS_CLOSE:
	case EVENT_CLOSE:
	case EVENT_DISCONNECT:
		html_lane_mark(scan, lane, event->origin.time, 'c');
		break;
	default:
		break;
	}
}

/* A session also ends without an event that says so. */
static void html_lane_end(struct html_scan *scan, struct html_lane *lane, const struct session *session)
{
	bool is_marked = session->closed == TIMESTAMP_NONE;
	for (size_t i = 0; !is_marked && i < lane->mark_count; i++)
		is_marked = lane->marks[i].kind == 'c' && lane->marks[i].time <= session->closed &&
		            session->closed <= lane->marks[i].until;
	if (!is_marked)
		html_lane_mark(scan, lane, session->closed, 'c');
}

static void html_scan_count_findings(struct html_scan *scan)
{
	for (const struct finding *finding = scan->report->findings->first; finding; finding = finding->next) {
		if (!html_lane_of(scan, finding->session))
			continue;
		struct html_lane *lane = &scan->lanes[finding->session - 1];
		lane->findings++;
		if (lane->worst < 1 + finding->severity)
			lane->worst = (uint8_t)(1 + finding->severity);
	}
}

/* ---- what is plotted */

/* Names as they come; all that have no room share the last. */
static uint32_t html_scan_name(struct html_scan *scan, const struct event *event)
{
	char text[sizeof scan->names->text];
	struct buffer whole = buffer_over(text, sizeof text - 1);
	if (event->kind == EVENT_EVENT)
		event_text_name(&whole, event);
	else
		buffer_append_text(&whole, event_kind_name(event->kind));
	text[whole.len] = '\0';
	for (size_t i = scan->name_count; i--;)
		if (strcmp(scan->names[i].text, text) == 0)
			return (uint32_t)i;
	if (scan->name_count == HTML_NAMES - 1)
		return HTML_NAMES - 1;
	memcpy(scan->names[scan->name_count].text, text, sizeof text);
	return (uint32_t)scan->name_count++;
}

static void html_scan_latency(struct html_scan *scan, uint32_t number, size_t bucket, const struct event *event)
{
	struct html_name *name = &scan->names[number];
	timestamp latency = record_latency(scan->report->record, event->index);
	if (latency == TIMESTAMP_NONE || latency < 0)
		return;
	if (!name->answered++ || latency > name->slowest) {
		name->slowest = latency;
		name->slowest_event = event->index;
		name->slowest_session = event->session ? event->session->number : 0;
	}
	if (scan->latency_count == HTML_LATENCIES) {
		scan->latencies_left_out++;
		return;
	}
	scan->latencies[scan->latency_count++] = (struct html_latency){
	    (uint16_t)number, (uint16_t)bucket, (float)((double)latency / TIMESTAMP_SECOND)};
}

/* Before what comes at `time` is counted: the second that was counted may be over. */
static void html_scan_second(struct html_scan *scan, timestamp time)
{
	struct html_second *now = &scan->second, *most = &scan->busiest;
	int64_t second = time / TIMESTAMP_SECOND;
	if (second == now->second)
		return;
	for (size_t way = 0; way < 2; way++) {
		most->events[way] = now->events[way] > most->events[way] ? now->events[way] : most->events[way];
		most->bytes[way] = now->bytes[way] > most->bytes[way] ? now->bytes[way] : most->bytes[way];
	}
	*now = (struct html_second){.second = second};
}

static void html_scan_plot(struct html_scan *scan, const struct event *event)
{
	double place = html_percent(scan, event->origin.time) / 100 * HTML_BUCKETS;
	size_t bucket = place < HTML_BUCKETS ? (size_t)place : HTML_BUCKETS - 1;
	bool counts = event->kind == EVENT_EVENT || event->kind == EVENT_ACK;
	uint64_t bytes = event_is_packet(event) ? event->bytes : 0;
	html_scan_second(scan, event->origin.time);
	scan->second.events[event->direction] += counts;
	scan->second.bytes[event->direction] += bytes;
	scan->bucket_bytes[event->direction][bucket] += bytes;
	scan->bucket_events[event->direction][bucket] += counts;
	if (event->kind != EVENT_EVENT && event->kind != EVENT_CONNECT && event->kind != EVENT_PING)
		return;
	uint32_t name = html_scan_name(scan, event);
	scan->names[name].events[event->direction]++;
	html_scan_latency(scan, name, bucket, event);
}

static void html_scan_close(struct html_scan *scan, const struct session *session)
{
	if (session->closed == TIMESTAMP_NONE) {
		scan->open_at_end++;
		return;
	}
	for (size_t i = 0; i < scan->close_count; i++)
		if (strncmp(scan->closes[i].text, session->close, sizeof scan->closes[i].text - 1) == 0) {
			scan->closes[i].count++;
			return;
		}
	if (scan->close_count == HTML_CLOSES) {
		scan->other_closes++;
		return;
	}
	snprintf(scan->closes[scan->close_count].text, sizeof scan->closes->text, "%s", session->close);
	scan->closes[scan->close_count++].count = 1;
}

/* ---- the pass */

double html_percent(const struct html_scan *scan, timestamp time)
{
	if (time <= scan->first || scan->last <= scan->first)
		return 0;
	return time >= scan->last ? 100 : 100 * (double)(time - scan->first) / (double)(scan->last - scan->first);
}

static void html_scan_sessions(struct html_scan *scan)
{
	const struct engine_counts *counts = scan->report->summary->counts;
	scan->first = counts->first;
	scan->last = counts->first == TIMESTAMP_NONE ? 0 : counts->last;
	for (uint64_t number = 1; number <= scan->session_count; number++) {
		const struct session *session = record_session(scan->report->record, number);
		if (!session || !summary_has(scan->report->summary, session))
			continue;
		scan->shown_sessions++;
		timestamp_widen(&scan->first, &scan->last, session->first);
		timestamp_widen(&scan->first, &scan->last, session_end(session));
		if (session->known)
			html_scan_close(scan, session);
	}
	if (scan->first == TIMESTAMP_NONE)
		scan->first = 0;
}

static void html_scan_events(struct html_scan *scan)
{
	const struct record *record = scan->report->record;
	for (uint64_t index = 1, count = record_event_count(record); index <= count; index++) {
		const struct event *event = record_event(record, index);
		uint64_t session = event->session ? event->session->number : 0;
		if (!summary_has(scan->report->summary, event->session))
			continue;
		scan->event_count++;
		html_scan_prove(scan, event);
		html_scan_plot(scan, event);
		scan->outside += !session;
		if (session && session <= scan->lane_count)
			html_lane_take(scan, &scan->lanes[session - 1], event);
		else if (event->kind == EVENT_GAP)
			html_gaps_take(&scan->gaps, event);
	}
	html_scan_second(scan, TIMESTAMP_LAST);
	for (uint64_t number = 1; number <= scan->lane_count; number++) {
		const struct session *session = record_session(record, number);
		if (session)
			html_lane_end(scan, &scan->lanes[number - 1], session);
	}
}

bool html_scan(struct html_scan *scan, const struct html_report *report)
{
	*scan = (struct html_scan){.report = report, .budget = {.limit = SIZE_MAX}};
	scan->session_count = record_session_count(report->record);
	scan->lane_count = scan->session_count < HTML_LANES ? (size_t)scan->session_count : HTML_LANES;
	scan->lanes = budget_new(&scan->budget, (scan->lane_count + 1) * sizeof *scan->lanes);
	scan->names = budget_new(&scan->budget, HTML_NAMES * sizeof *scan->names);
	uint64_t latencies = record_event_count(report->record);
	latencies = latencies < HTML_LATENCIES ? latencies : HTML_LATENCIES;
	scan->latencies = budget_new(&scan->budget, (size_t)(latencies + 1) * sizeof *scan->latencies);
	if (!scan->lanes || !scan->names || !scan->latencies || !html_scan_list_proofs(scan))
		return false;
	html_scan_sessions(scan);
	html_scan_count_findings(scan);
	html_scan_events(scan);
	return html_scan_list_proving(scan);
}

void html_scan_free(struct html_scan *scan)
{
	for (size_t i = 0; scan->lanes && i < scan->lane_count; i++)
		budget_release(scan->lanes[i].marks);
	budget_release(scan->lanes);
	budget_release(scan->names);
	budget_release(scan->latencies);
	budget_release(scan->proofs);
	budget_release(scan->proving);
}
