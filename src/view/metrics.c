/*
 * The counts. A series is an event's name, its namespace, the direction and the transport; what finds no room is
 * counted under `_other`, so that sums stay right.
 */
#include "base/hash.h"
#include "base/json.h"
#include "view/metrics_model.h"

#include <stdlib.h>

const uint64_t metrics_bounds[METRICS_BOUNDS] = {5000000, 10000000, 25000000, 50000000, 75000000, 100000000, 250000000,
    500000000, 750000000, 1000000000, 2500000000, 5000000000, 7500000000, 10000000000};

const char *metrics_drop_name(enum metrics_drop drop)
{
	static const char *const names[METRICS_DROPS] = {[METRICS_DROP_PIPE] = "pipe-full",
	    [METRICS_DROP_QUEUE] = "queue-full",
	    [METRICS_DROP_REFUSED] = "refused",
	    [METRICS_DROP_EXPIRED] = "expired",
	    [METRICS_DROP_MEMORY] = "no-memory"};
	return names[drop];
}

/* ---- labels */

static const char *const reserved_names[] = {"_other", "_ack", "_connect", "_disconnect", "_connect_error"};

enum { LABEL_OTHER, RESERVED = sizeof reserved_names / sizeof *reserved_names };

/* The label's number is its place in `texts`. Texts that differ and become the same one have one number, or a scrape
 * would hold the same series twice. */
static uint8_t labels_number(struct metrics *metrics, struct metrics_labels *labels, const char *text)
{
	for (size_t i = 0; i < labels->count; i++)
		if (strcmp(labels->texts[i], text) == 0)
			return (uint8_t)i;
	if (labels->count == labels->most)
		return LABEL_OTHER;
	char *kept = budget_copy_text(metrics->budget, slice_of_text(text));
	metrics->refused += !kept;
	if (!kept)
		return LABEL_OTHER;
	labels->texts[labels->count] = kept;
	return (uint8_t)labels->count++;
}

static void labels_init(struct metrics_labels *labels, size_t reserved, size_t more)
{
	labels->reserved = labels->count = reserved;
	labels->most = reserved + more;
	for (size_t i = 0; i < reserved; i++)
		labels->texts[i] = (char *)reserved_names[i];
}

static void labels_free(struct metrics_labels *labels)
{
	for (size_t i = labels->reserved; i < labels->count; i++)
		budget_release(labels->texts[i]);
}

/* `plain` as a label: what may leave, cut, and none of ours. */
static void metrics_clean(struct metrics *metrics, struct slice plain, char text[METRICS_LABEL + 1])
{
	struct buffer out = buffer_over(text, METRICS_LABEL);
	outbound_write_text(metrics->outbound, &out, plain, METRICS_LABEL, OUTBOUND_LABEL);
	text[out.len] = '\0';
	for (size_t i = 0; i < RESERVED; i++)
		if (strcmp(text, reserved_names[i]) == 0) {
			memmove(text + 1, text, out.len + 1);
			break;
		}
	if (!out.len)
		snprintf(text, METRICS_LABEL + 1, "%s",
		    reserved_names[LABEL_OTHER]); /* an empty label is none to Prometheus */
}

/* Longer names are cut before they are looked at: what is left is many times a label. */
enum { NAME_LONGEST = 4096 };

/* An event's name, which is a token of JSON: as a string it stands for its text, anything else for itself. */
static void metrics_clean_name(struct metrics *metrics, struct slice token, char text[METRICS_LABEL + 1])
{
	buffer_clear(&metrics->name);
	bool is_string = json_unescape(token, &metrics->name) || metrics->name.truncated;
	metrics_clean(metrics, is_string ? buffer_slice(&metrics->name) : slice_take(token, NAME_LONGEST), text);
}

typedef void metrics_clean_text(struct metrics *metrics, struct slice raw, char text[METRICS_LABEL + 1]);

/* The number of a text of the wire, by what it was the last time. */
static uint8_t metrics_label(
    struct metrics *metrics, struct metrics_labels *labels, struct slice raw, metrics_clean_text *clean)
{
	char text[METRICS_LABEL + 1];
	uint64_t digest = hash_digest(metrics->secret, raw.at, raw.len);
	struct metrics_seen *seen = &labels->seen[digest % METRICS_SEEN];
	if (seen->digest == digest)
		return seen->number;
	clean(metrics, raw, text);
	*seen = (struct metrics_seen){digest, labels_number(metrics, labels, text)};
	return seen->number;
}

static uint8_t metrics_name_label(struct metrics *metrics, const struct event *event)
{
	switch (event->kind) {
	case EVENT_ACK:
		return 1;
	case EVENT_CONNECT:
		return 2;
	case EVENT_DISCONNECT:
		return 3;
	case EVENT_CONNECT_ERROR:
		return 4;
	default:
		return event->packet.name.len
		           ? metrics_label(metrics, &metrics->names, event->packet.name, metrics_clean_name)
		           : LABEL_OTHER;
	}
}

/* ---- series */

static struct metrics_series *metrics_add_series(struct metrics *metrics, uint32_t key)
{
	struct metrics_series *series = metrics->count < METRICS_SERIES ? budget_new(metrics->budget, sizeof *series)
	                                                                : NULL;
	metrics->refused += !series && metrics->count < METRICS_SERIES;
	if (!series)
		return NULL;
	series->key = key;
	HASH_ADD(hh, metrics->by_key, key, sizeof key, series);
	if (!hash_has(series)) {
		metrics->refused++;
		budget_release(series);
		return NULL;
	}
	metrics->series[metrics->count++] = series;
	return series;
}

static struct metrics_series *metrics_series_of(
    struct metrics *metrics, uint8_t name, uint8_t nsp, enum direction direction, enum transport transport)
{
	const uint32_t key = (uint32_t)name << 16 | (uint32_t)nsp << 8 | (uint32_t)direction << 4 | (uint32_t)transport;
	struct metrics_series *series = NULL;
	HASH_FIND(hh, metrics->by_key, &key, sizeof key, series);
	if (!series)
		series = metrics_add_series(metrics, key);
	return series ? series : &metrics->others[direction][transport];
}

/* ---- acks */

static struct metrics_asked *metrics_asked_of(const struct metrics *metrics, const struct event *event)
{
	struct metrics_asked *asked = NULL;
	if (event->answers)
		HASH_FIND(hh, metrics->asked, &event->answers, sizeof event->answers, asked);
	return asked;
}

const struct metrics_asked *metrics_find_asked(const struct metrics *metrics, const struct event *event)
{
	return metrics_asked_of(metrics, event);
}

static void metrics_forget_asked(struct metrics *metrics, struct metrics_asked *asked)
{
	HASH_DELETE(hh, metrics->asked, asked);
	budget_release(asked);
}

/* The text of a label, which is clean, or the text itself where there was no label for it. */
static void metrics_keep_text(struct metrics *metrics, const struct metrics_labels *labels, uint8_t label,
    struct slice raw, metrics_clean_text *clean, char text[METRICS_LABEL + 1])
{
	if (label == LABEL_OTHER)
		clean(metrics, raw, text);
	else
		snprintf(text, METRICS_LABEL + 1, "%s", labels->texts[label]);
}

/* The oldest makes room: it is the first of the table. */
static void metrics_note_asked(struct metrics *metrics, const struct event *event, uint8_t name, uint8_t nsp)
{
	if (HASH_COUNT(metrics->asked) == METRICS_ASKED)
		metrics_forget_asked(metrics, metrics->asked);
	struct metrics_asked *asked = budget_new(metrics->budget, sizeof *asked);
	metrics->refused += !asked;
	if (!asked)
		return;
	*asked = (struct metrics_asked){.index = event->index,
	    .time = event->origin.time,
	    .kind = event->kind,
	    .direction = event->direction,
	    .transport = event->transport,
	    .bytes = event->bytes,
	    .name_label = name,
	    .nsp_label = nsp};
	if (event->kind == EVENT_EVENT && event->packet.name.len)
		metrics_keep_text(metrics, &metrics->names, name, event->packet.name, metrics_clean_name, asked->name);
	metrics_keep_text(metrics, &metrics->namespaces, nsp, event->packet.nsp, metrics_clean, asked->nsp);
	if (event->packet.ack.len < METRICS_ACK && event->packet.ack.len)
		memcpy(asked->ack, event->packet.ack.at, event->packet.ack.len);
	HASH_ADD(hh, metrics->asked, index, sizeof asked->index, asked);
	if (hash_has(asked))
		return;
	metrics->refused++;
	budget_release(asked);
}

void metrics_set_exemplar(struct metrics *metrics, const uint8_t trace[TRACE_ID], const uint8_t span[SPAN_ID])
{
	metrics->has_exemplar = true;
	memcpy(metrics->exemplar.trace, trace, TRACE_ID);
	memcpy(metrics->exemplar.span, span, SPAN_ID);
}

size_t metrics_bucket(uint64_t nanoseconds)
{
	size_t bucket = 0;
	while (bucket < METRICS_BOUNDS && nanoseconds > metrics_bounds[bucket])
		bucket++;
	return bucket;
}

static void metrics_count_ack(struct metrics *metrics, struct metrics_acks *acks, timestamp time, uint64_t took)
{
	size_t bucket = metrics_bucket(took);
	acks->min = acks->count && acks->min < took ? acks->min : took;
	acks->max = acks->max > took ? acks->max : took;
	acks->count++;
	acks->sum += took;
	acks->buckets[bucket]++;
	if (!metrics->has_exemplar)
		return;
	acks->exemplars[bucket] = metrics->exemplar;
	acks->exemplars[bucket].time = time;
	acks->exemplars[bucket].took = took;
}

static void metrics_take_answer(struct metrics *metrics, const struct event *event)
{
	struct metrics_asked *asked = metrics_asked_of(metrics, event);
	if (!asked)
		return;
	if (event->kind == EVENT_ACK) {
		struct metrics_series *series = metrics_series_of(
		    metrics, asked->name_label, asked->nsp_label, asked->direction, asked->transport);
		if (!series->acks)
			series->acks = budget_new(metrics->budget, sizeof *series->acks);
		metrics->refused += !series->acks;
		if (!series->acks)
			series = &metrics->others[asked->direction][asked->transport];
		timestamp took = event->origin.time - asked->time;
		metrics_count_ack(metrics, series->acks, event->origin.time, took > 0 ? (uint64_t)took : 0);
	}
	metrics_forget_asked(metrics, asked);
}

/* ---- sessions */

static void metrics_count_session(struct metrics *metrics, struct metrics_session *kept, const struct session *session)
{
	bool is_open = session->known && session->closed == TIMESTAMP_NONE;
	if (session->known && !kept->is_counted) {
		kept->is_counted = true;
		metrics->opened++;
	}
	if (kept->is_open)
		metrics->open[kept->transport]--;
	kept->is_open = is_open;
	kept->transport = session->transport;
	if (is_open) {
		metrics->open[kept->transport]++;
		metrics->had_open[kept->transport] = true;
	}
}

static struct metrics_session *metrics_session_of(struct metrics *metrics, const struct session *session)
{
	struct metrics_session *kept = NULL;
	HASH_FIND(hh, metrics->sessions, &session->number, sizeof session->number, kept);
	if (kept)
		return kept;
	kept = budget_new(metrics->budget, sizeof *kept);
	if (kept) {
		kept->number = session->number;
		HASH_ADD(hh, metrics->sessions, number, sizeof kept->number, kept);
		if (hash_has(kept))
			return kept;
	}
	metrics->refused++;
	budget_release(kept);
	return NULL;
}

static void metrics_take_closed(void *self, const struct session *session)
{
	struct metrics *metrics = self;
	struct metrics_session *kept = metrics_session_of(metrics, session);
	if (!kept)
		return;
	metrics_count_session(metrics, kept, session);
	if (kept->is_open)
		metrics->open[kept->transport]--;
	HASH_DELETE(hh, metrics->sessions, kept);
	budget_release(kept);
}

/* ---- the observer */

static void metrics_take_packet(struct metrics *metrics, const struct event *event)
{
	uint8_t name = metrics_name_label(metrics, event);
	uint8_t nsp = metrics_label(metrics, &metrics->namespaces, event->packet.nsp, metrics_clean);
	struct metrics_series *series = metrics_series_of(metrics, name, nsp, event->direction, event->transport);
	series->messages++;
	series->bytes += event->bytes;
	bool asks = event->kind == EVENT_EVENT
	                ? event->packet.ack.len > 0
	                : event->kind == EVENT_CONNECT && event->direction == DIRECTION_TO_SERVER;
	if (event->answers)
		metrics_take_answer(metrics, event);
	else if (asks)
		metrics_note_asked(metrics, event, name, nsp);
}

static void metrics_take_event(void *self, const struct event *event)
{
	struct metrics *metrics = self;
	outbound_note_event(metrics->outbound, event);
	if (event_kind_layer(event->kind) == LAYER_SOCKETIO)
		metrics_take_packet(metrics, event);
	metrics->has_exemplar = false;
	if (!event->session || event->session->is_mixed)
		return;
	struct metrics_session *kept = metrics_session_of(metrics, event->session);
	if (kept)
		metrics_count_session(metrics, kept, event->session);
}

struct metrics *metrics_new(struct outbound *outbound, struct budget *budget)
{
	struct metrics *metrics = calloc(1, sizeof *metrics);
	if (!metrics)
		return NULL;
	metrics->observer = (struct observer){
	    .self = metrics, .event = metrics_take_event, .session_closed = metrics_take_closed};
	metrics->outbound = outbound;
	metrics->budget = budget;
	metrics->secret = hash_secret();
	metrics->first = TIMESTAMP_NONE;
	metrics->last = TIMESTAMP_NONE;
	labels_init(&metrics->names, RESERVED, METRICS_EVENTS);
	labels_init(&metrics->namespaces, 1, METRICS_NAMESPACES);
	buffer_init(&metrics->name, NAME_LONGEST, budget);
	for (size_t way = 0; way < 2; way++)
		for (size_t transport = 0; transport < METRICS_TRANSPORTS; transport++) {
			struct metrics_series *other = &metrics->others[way][transport];
			other->key = (uint32_t)(way << 4 | transport);
			other->acks = &metrics->other_acks[way][transport];
		}
	if (buffer_reserve(&metrics->name, NAME_LONGEST)) /* and never more: what it refuses is too long */
		return metrics;
	metrics_free(metrics);
	return NULL;
}

void metrics_free(struct metrics *metrics)
{
	struct metrics_session *session, *next_session;
	if (!metrics)
		return;
	while (metrics->asked)
		metrics_forget_asked(metrics, metrics->asked);
	HASH_ITER(hh, metrics->sessions, session, next_session)
	{
		HASH_DELETE(hh, metrics->sessions, session);
		budget_release(session);
	}
	HASH_CLEAR(hh, metrics->by_key);
	for (size_t i = 0; i < metrics->count; i++) {
		budget_release(metrics->series[i]->acks);
		budget_release(metrics->series[i]);
	}
	labels_free(&metrics->names);
	labels_free(&metrics->namespaces);
	buffer_free(&metrics->name);
	free(metrics);
}

const struct observer *metrics_observer(const struct metrics *metrics)
{
	return &metrics->observer;
}

uint64_t metrics_refused(const struct metrics *metrics)
{
	return metrics->refused;
}

/* ---- what no event says */

void metrics_note_time(struct metrics *metrics, timestamp now)
{
	if (now == TIMESTAMP_NONE)
		return;
	if (metrics->first == TIMESTAMP_NONE || (now < metrics->first && !metrics->is_written))
		metrics->first = now;
	if (now > metrics->last)
		metrics->last = now;
}

void metrics_take_counts(struct metrics *metrics, const struct engine_counts *counts)
{
	metrics->packets = counts->packets;
	metrics->dropped = counts->ledger->entries[LEDGER_DROPPED].items;
	metrics_note_time(metrics, counts->first);
	metrics_note_time(metrics, counts->last);
}

void metrics_take_findings(struct metrics *metrics, const struct findings *findings)
{
	if (metrics->findings_made != findings->made)
		for (const struct finding *finding = findings->first; finding; finding = finding->next)
			if (finding->made >= metrics->findings_made)
				metrics->findings[finding->code][finding->severity]++;
	for (unsigned code = 0; code < CODES_MOST; code = code_next(code)) {
		uint64_t more = findings->left_out[code] - metrics->findings_left_out[code];
		metrics->findings[code][code_entry(code)->severity] += more;
		metrics->findings_left_out[code] += more;
	}
	metrics->findings_made = findings->made;
}

void metrics_add_dropped(struct metrics *metrics, enum otlp_signal signal, enum metrics_drop drop, uint64_t items)
{
	metrics->undelivered[signal][drop] += items;
}
