/*
 * The encoder: what an event, a finding, a second and the end make of requests. Log records are in otlp_records.c,
 * sessions in otlp_sessions.c, their spans in otlp_spans.c.
 */
#include "view/otlp.h"

#include "view/otlp_model.h"

#include <stdlib.h>

const char *otlp_signal_path(enum otlp_signal signal)
{
	static const char *const paths[OTLP_SIGNALS] = {[OTLP_METRICS] = "/v1/metrics",
	    [OTLP_FINDINGS] = "/v1/logs",
	    [OTLP_TRACES] = "/v1/traces",
	    [OTLP_EVENTS] = "/v1/logs"};
	return paths[signal];
}

/* ---- the resource */

enum { ATTRIBUTES_MOST = 32, ATTRIBUTE_LONGEST = 256 };

/* "key=value" with its value's percent-encoding undone (W3C Baggage, as OpenTelemetry's specification 1.40 has
 * OTEL_RESOURCE_ATTRIBUTES). False: it is none, or not to be sent. */
static bool attribute_read(struct slice pair, struct slice *key, struct buffer *value)
{
	size_t sign = slice_find_byte(pair, '=');
	struct slice rest = slice_trim(slice_drop(pair, sign + 1));
	*key = slice_trim(slice_take(pair, sign));
	buffer_clear(value);
	if (sign == pair.len || !key->len || key->len > ATTRIBUTE_LONGEST)
		return false;
	for (size_t i = 0; i < rest.len; i++) {
		int high = rest.at[i] == '%' && i + 2 < rest.len ? digits_read_hex(rest.at[i + 1]) : -1;
		int low = high >= 0 ? digits_read_hex(rest.at[i + 2]) : -1;
		uint8_t byte = low >= 0 ? (uint8_t)(high << 4 | low) : rest.at[i];
		i += low >= 0 ? 2 : 0;
		if (byte < 0x20 || !buffer_append_byte(value, byte))
			return false;
	}
	return true;
}

/* The next pair of the list. False: there is none, or it is not to be read. */
static bool attributes_next(struct slice *list, struct slice *key, struct buffer *value, bool *good)
{
	while (list->len) {
		struct slice pair = slice_take_until(list, ',');
		if (!slice_trim(pair).len)
			continue;
		*good = attribute_read(pair, key, value);
		return *good;
	}
	return false;
}

static void buffer_init_value(struct buffer *value)
{
	buffer_init(value, ATTRIBUTE_LONGEST, NULL);
}

bool otlp_reads_attributes(const char *list)
{
	struct slice rest = slice_of_text(list), key;
	struct buffer value;
	size_t count = 0;
	bool good = true;
	buffer_init_value(&value);
	while (attributes_next(&rest, &key, &value, &good))
		count++;
	buffer_free(&value);
	return good && count <= ATTRIBUTES_MOST;
}

/* What the list says of a key, into `text`; false: nothing. */
static bool attributes_find(const char *list, const char *wanted, char text[ATTRIBUTE_LONGEST + 1])
{
	struct slice rest = slice_of_text(list), key;
	struct buffer value;
	bool good = true, found = false;
	buffer_init_value(&value);
	while (!found && attributes_next(&rest, &key, &value, &good))
		found = slice_equals_text(key, wanted) && value.len;
	if (found) {
		memcpy(text, value.at, value.len);
		text[value.len] = '\0';
	}
	buffer_free(&value);
	return found;
}

static bool attribute_is_ours(struct slice key)
{
	static const char *const ours[] = {"service.name", "service.instance.id", "host.name", "telemetry.sdk.name",
	    "telemetry.sdk.language", "telemetry.sdk.version"};
	for (size_t i = 0; i < sizeof ours / sizeof *ours; i++)
		if (slice_equals_text(key, ours[i]))
			return true;
	return false;
}

/* The others, in their order; of a key that comes twice, both: the environment's owner sees it. */
static void resource_add_others(struct buffer *out, const char *list)
{
	struct slice rest = slice_of_text(list), key;
	struct buffer value;
	bool good = true;
	buffer_init_value(&value);
	while (attributes_next(&rest, &key, &value, &good)) {
		if (attribute_is_ours(key))
			continue;
		buffer_append_text(out, ",{\"key\":");
		json_write_string(out, key);
		buffer_append_text(out, ",\"value\":{\"stringValue\":");
		json_write_string(out, buffer_slice(&value));
		buffer_append_text(out, "}}");
	}
	buffer_free(&value);
}

static void otlp_write_resource(
    struct buffer *out, const struct otlp_settings *settings, const char *list, const char *instance)
{
	char text[ATTRIBUTE_LONGEST + 1];
	const char *service = settings->service_name;
	if (!service || !*service)
		service = attributes_find(list, "service.name", text) ? text : "sioscope";
	buffer_append_text(out, "\"resource\":{\"attributes\":[");
	otlp_add_word(out, "service.name", service);
	otlp_add_word(out, "service.instance.id", instance);
	otlp_add_word(out, "host.name", attributes_find(list, "host.name", text) ? text : settings->host);
	otlp_add_word(out, "telemetry.sdk.name", "sioscope");
	otlp_add_word(out, "telemetry.sdk.language", "c");
	otlp_add_word(out, "telemetry.sdk.version", settings->version);
	resource_add_others(out, list);
	buffer_append_text(out, "]}");
}

/* ---- findings */

/* A session is marked by its first error, for as long as its root is not written. */
static void otlp_note_findings(struct otlp_encoder *encoder)
{
	const struct findings *findings = encoder->findings;
	if (!findings || encoder->noted == findings->made)
		return;
	for (const struct finding *finding = findings->first; finding; finding = finding->next) {
		bool is_new = finding->made >= encoder->noted && finding->session;
		struct otlp_session *kept = is_new ? otlp_session_numbered(encoder, finding->session) : NULL;
		if (!kept)
			continue;
		kept->has_findings = true;
		if (kept->error == CODES_MOST && finding->severity == SEVERITY_ERROR)
			kept->error = finding->code;
	}
	encoder->noted = findings->made;
}

/* ---- the observer */

/* Sessions that are over are looked for once a second of the packets' clock. */
static void otlp_sweep(struct otlp_encoder *encoder, timestamp now)
{
	if (now > encoder->latest)
		encoder->latest = now;
	if (encoder->swept != TIMESTAMP_NONE && encoder->latest - encoder->swept < TIMESTAMP_SECOND)
		return;
	encoder->swept = encoder->latest;
	otlp_note_findings(encoder);
	otlp_finish_sessions(encoder, encoder->latest);
}

static void otlp_take_event(void *self, const struct event *event)
{
	struct otlp_encoder *encoder = self;
	const struct observer *metrics = metrics_observer(encoder->metrics);
	const unsigned needs_session = 1u << OTLP_FINDINGS | 1u << OTLP_TRACES | 1u << OTLP_EVENTS;
	struct otlp_session *kept = (encoder->signals & needs_session) ? otlp_session_of(encoder, event) : NULL;
	outbound_note_event(encoder->outbound, event);
	if (kept) {
		otlp_session_note(encoder, kept, event);
		otlp_trace_event(encoder, kept, event);
	}
	metrics->event(metrics->self, event);
	if (otlp_wants(encoder, OTLP_EVENTS))
		otlp_record_event(encoder, kept && kept->is_named ? kept : NULL, event);
	otlp_sweep(encoder, event->origin.time);
}

static void otlp_take_clock(void *self, timestamp now)
{
	otlp_sweep(self, now);
}

static void otlp_take_closed(void *self, const struct session *session)
{
	struct otlp_encoder *encoder = self;
	const struct observer *metrics = metrics_observer(encoder->metrics);
	otlp_note_findings(encoder);
	otlp_forget_session(encoder, session);
	metrics->session_closed(metrics->self, session);
}

/* ---- the encoder */

static bool otlp_make_parts(struct otlp_encoder *encoder, const struct otlp_settings *settings, struct otlp_sink sink)
{
	const char *list = settings->attributes && otlp_reads_attributes(settings->attributes) ? settings->attributes
	                                                                                       : "";
	char instance[ATTRIBUTE_LONGEST + 1];
	if (!attributes_find(list, "service.instance.id", instance))
		snprintf(instance, sizeof instance, "%s", settings->instance);
	buffer_init(&encoder->resource, BUFFER_NO_LIMIT, encoder->budget);
	otlp_write_resource(&encoder->resource, settings, list, instance);
	for (enum otlp_signal signal = 0; signal < OTLP_SIGNALS; signal++)
		otlp_batch_init(
		    &encoder->batches[signal], signal, &encoder->resource, settings->version, sink, encoder->budget);
	encoder->outbound = outbound_new(settings->mask, instance, encoder->budget);
	encoder->metrics = encoder->outbound ? metrics_new(encoder->outbound, encoder->budget) : NULL;
	return encoder->metrics && !encoder->resource.truncated;
}

struct otlp_encoder *otlp_new(const struct otlp_settings *settings, struct otlp_sink sink, struct budget *budget)
{
	struct otlp_encoder *encoder = calloc(1, sizeof *encoder);
	if (!encoder)
		return NULL;
	*encoder = (struct otlp_encoder){.budget = budget,
	    .signals = settings->signals,
	    .shows_clients = settings->addresses,
	    .interval = settings->interval,
	    .latest = TIMESTAMP_NONE,
	    .swept = TIMESTAMP_NONE,
	    .measured = TIMESTAMP_NONE};
	encoder->observer = (struct observer){
	    .self = encoder, .event = otlp_take_event, .clock = otlp_take_clock, .session_closed = otlp_take_closed};
	if (otlp_make_parts(encoder, settings, sink))
		return encoder;
	otlp_free(encoder);
	return NULL;
}

void otlp_free(struct otlp_encoder *encoder)
{
	if (!encoder)
		return;
	otlp_forget_sessions(encoder);
	for (size_t signal = 0; signal < OTLP_SIGNALS; signal++)
		otlp_batch_free(&encoder->batches[signal]);
	metrics_free(encoder->metrics);
	outbound_free(encoder->outbound);
	buffer_free(&encoder->resource);
	free(encoder);
}

const struct observer *otlp_observer(const struct otlp_encoder *encoder)
{
	return &encoder->observer;
}

struct metrics *otlp_metrics(struct otlp_encoder *encoder)
{
	return encoder->metrics;
}

void otlp_follow(struct otlp_encoder *encoder, const struct findings *findings)
{
	encoder->findings = findings;
}

static void otlp_measure(struct otlp_encoder *encoder, const struct engine_counts *counts)
{
	metrics_take_counts(encoder->metrics, counts);
	if (encoder->findings)
		metrics_take_findings(encoder->metrics, encoder->findings);
}

static void otlp_flush(struct otlp_encoder *encoder)
{
	for (size_t signal = 0; signal < OTLP_SIGNALS; signal++)
		otlp_batch_flush(&encoder->batches[signal]);
}

void otlp_tick(struct otlp_encoder *encoder, const struct engine_counts *counts, timestamp now)
{
	otlp_sweep(encoder, now);
	otlp_record_findings(encoder);
	otlp_measure(encoder, counts);
	metrics_note_time(encoder->metrics, now);
	if (encoder->measured == TIMESTAMP_NONE)
		encoder->measured = now;
	if (otlp_wants(encoder, OTLP_METRICS) && encoder->interval && now - encoder->measured >= encoder->interval) {
		metrics_write_otlp(encoder->metrics, &encoder->batches[OTLP_METRICS]);
		encoder->measured = now;
	}
	otlp_flush(encoder);
}

void otlp_end(struct otlp_encoder *encoder, const struct engine_counts *counts)
{
	otlp_record_findings(encoder);
	otlp_measure(encoder, counts);
	if (otlp_wants(encoder, OTLP_METRICS))
		metrics_write_otlp(encoder->metrics, &encoder->batches[OTLP_METRICS]);
	otlp_flush(encoder);
}

uint64_t otlp_refused(const struct otlp_encoder *encoder)
{
	uint64_t refused = encoder->refused + metrics_refused(encoder->metrics) + outbound_refused(encoder->outbound);
	for (size_t signal = 0; signal < OTLP_SIGNALS; signal++)
		refused += encoder->batches[signal].lost;
	return refused;
}
