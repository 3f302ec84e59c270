/* The counts as data points of OTLP, and as the text that Prometheus scrapes: one table of metrics for both. */
#include "view/metrics_model.h"
#include "view/otlp_write.h"

#include <inttypes.h>

/* ---- what there is */

enum metric_kind { METRIC_COUNTER, METRIC_GAUGE, METRIC_HISTOGRAM };

enum { POINT_LABELS = 4 };

/* One series of a metric. */
struct metric_point {
	struct {
		const char *key; /* as OTLP has it */
		const char *value;
	} labels[POINT_LABELS];
	size_t label_count;
	uint64_t value;
	const struct metrics_acks *acks; /* METRIC_HISTOGRAM */
};

struct metric {
	const char *name, *unit;
	enum metric_kind kind;
	const char *help;
	const char *group; /* lives on, as a batch wants it */
	/* The next point behind place *at, which begins at 0. False: there are no more. */
	bool (*next)(const struct metrics *metrics, size_t *at, struct metric_point *point);
};

static void point_label(struct metric_point *point, const char *key, const char *value)
{
	point->labels[point->label_count].key = key;
	point->labels[point->label_count++].value = value;
}

/* The series at this place: those with a name, then what there was no room for. NULL: behind the last. */
static const struct metrics_series *metrics_series_at(const struct metrics *metrics, size_t at)
{
	if (at < metrics->count)
		return metrics->series[at];
	at -= metrics->count;
	return at < (size_t)2 * METRICS_TRANSPORTS ? &metrics->others[at / METRICS_TRANSPORTS][at % METRICS_TRANSPORTS]
	                                           : NULL;
}

/* As the server sees it (semantic conventions 1.45, network.io.direction). */
static const char *metrics_direction(enum direction direction)
{
	return direction == DIRECTION_TO_SERVER ? "receive" : "transmit";
}

static const struct metrics_series *metrics_next_series(
    const struct metrics *metrics, size_t *at, bool asks_acks, struct metric_point *point)
{
	const struct metrics_series *series;
	while ((series = metrics_series_at(metrics, (*at)++)))
		if (asks_acks ? series->acks && series->acks->count : series->messages > 0)
			break;
	*point = (struct metric_point){0};
	if (!series)
		return NULL;
	point_label(point, "messaging.socket.io.event_name", metrics->names.texts[series_name(series)]);
	point_label(point, "messaging.socket.io.namespace", metrics->namespaces.texts[series_namespace(series)]);
	point_label(point, "network.io.direction", metrics_direction(series_direction(series)));
	point_label(point, "socket.io.transport", transport_name(series_transport(series)));
	return series;
}

static bool next_messages(const struct metrics *metrics, size_t *at, struct metric_point *point)
{
	const struct metrics_series *series = metrics_next_series(metrics, at, false, point);
	point->value = series ? series->messages : 0;
	return series;
}

static bool next_bytes(const struct metrics *metrics, size_t *at, struct metric_point *point)
{
	const struct metrics_series *series = metrics_next_series(metrics, at, false, point);
	point->value = series ? series->bytes : 0;
	return series;
}

static bool next_acks(const struct metrics *metrics, size_t *at, struct metric_point *point)
{
	const struct metrics_series *series = metrics_next_series(metrics, at, true, point);
	point->acks = series ? series->acks : NULL;
	return series;
}

static bool next_sessions(const struct metrics *metrics, size_t *at, struct metric_point *point)
{
	size_t transport = (*at)++;
	while (transport < METRICS_TRANSPORTS && !metrics->had_open[transport])
		transport = (*at)++;
	*point = (struct metric_point){0};
	if (transport >= METRICS_TRANSPORTS)
		return false;
	point_label(point, "socket.io.transport", transport_name((enum transport)transport));
	point->value = metrics->open[transport];
	return true;
}

static bool next_single(size_t *at, uint64_t value, struct metric_point *point)
{
	*point = (struct metric_point){.value = value};
	return (*at)++ == 0;
}

static bool next_opened(const struct metrics *metrics, size_t *at, struct metric_point *point)
{
	return next_single(at, metrics->opened, point);
}

static bool next_packets(const struct metrics *metrics, size_t *at, struct metric_point *point)
{
	return next_single(at, metrics->packets, point);
}

static bool next_dropped(const struct metrics *metrics, size_t *at, struct metric_point *point)
{
	return next_single(at, metrics->dropped, point);
}

static bool next_findings(const struct metrics *metrics, size_t *at, struct metric_point *point)
{
	enum { SEVERITIES = SEVERITY_ERROR + 1 };
	*point = (struct metric_point){0};
	for (; *at < (size_t)CODES_MOST * SEVERITIES; ++*at) {
		unsigned code = (unsigned)(*at / SEVERITIES);
		enum severity severity = (enum severity)(*at % SEVERITIES);
		if (!metrics->findings[code][severity])
			continue;
		point_label(point, "sioscope.finding.code", code_entry(code)->name);
		point_label(point, "sioscope.finding.severity", severity_name(severity));
		point->value = metrics->findings[code][severity];
		++*at;
		return true;
	}
	return false;
}

static bool next_undelivered(const struct metrics *metrics, size_t *at, struct metric_point *point)
{
	*point = (struct metric_point){0};
	for (; *at < (size_t)OTLP_SIGNALS * METRICS_DROPS; ++*at) {
		size_t signal = *at / METRICS_DROPS, drop = *at % METRICS_DROPS;
		if (!metrics->undelivered[signal][drop])
			continue;
		point_label(point, "sioscope.export.signal", otlp_signal_name(signal));
		point_label(point, "sioscope.export.reason", metrics_drop_name((enum metrics_drop)drop));
		point->value = metrics->undelivered[signal][drop];
		++*at;
		return true;
	}
	return false;
}

/* `group` begins an object of OTLP with an open list of points (aggregationTemporality 2: cumulative). */
#define METRIC_GROUP(name, unit, kind, rest)                                                           \
	"{\"name\":\"" name "\",\"unit\":\"" unit "\",\"" kind "\":{\"aggregationTemporality\":2" rest \
	",\"dataPoints\":["
#define COUNTER(name, unit, help, next)                                                                          \
	{                                                                                                        \
		name, unit, METRIC_COUNTER, help, METRIC_GROUP(name, unit, "sum", ",\"isMonotonic\":true"), next \
	}
#define GAUGE(name, unit, help, next)                                                                           \
	{                                                                                                       \
		name, unit, METRIC_GAUGE, help, METRIC_GROUP(name, unit, "sum", ",\"isMonotonic\":false"), next \
	}
#define HISTOGRAM(name, unit, help, next)                                                           \
	{                                                                                           \
		name, unit, METRIC_HISTOGRAM, help, METRIC_GROUP(name, unit, "histogram", ""), next \
	}

static const struct metric metric_table[] = {
    COUNTER("socket.io.messages", "{message}", "Socket.IO packets that were seen.", next_messages),
    COUNTER("socket.io.message.io", "By", "Bytes on the wire of these packets.", next_bytes),
    HISTOGRAM("socket.io.ack.duration", "s", "From an event to its ack.", next_acks),
    GAUGE("socket.io.sessions", "{session}", "Open sessions, by the transport that carries them now.", next_sessions),
    COUNTER("socket.io.sessions.opened", "{session}", "Sessions that were seen.", next_opened),
    COUNTER("sioscope.findings", "{finding}", "Problems that were found.", next_findings),
    COUNTER("sioscope.capture.packets", "{packet}", "Packets that were read.", next_packets),
    COUNTER("sioscope.capture.dropped", "{packet}", "Packets that were dropped before they were read.", next_dropped),
    COUNTER("sioscope.export.dropped", "{item}", "Data points, records and spans that no collector took.",
        next_undelivered),
};

enum { METRICS = sizeof metric_table / sizeof *metric_table };

/* ---- OTLP */

static void point_write_exemplars(struct buffer *out, const struct metrics_acks *acks, timestamp since)
{
	bool is_first = true;
	for (size_t i = 0; i < METRICS_BUCKETS; i++) {
		const struct metrics_exemplar *exemplar = &acks->exemplars[i];
		if (exemplar->time <= since)
			continue;
		buffer_append_text(out, is_first ? ",\"exemplars\":[" : ",");
		is_first = false;
		buffer_append_text(out, "{\"timeUnixNano\":");
		otlp_append_time(out, exemplar->time);
		buffer_append_text(out, ",\"asDouble\":");
		otlp_append_seconds(out, exemplar->took);
		buffer_append_text(out, ",\"traceId\":\"");
		otlp_append_hex(out, exemplar->trace, TRACE_ID);
		buffer_append_text(out, "\",\"spanId\":\"");
		otlp_append_hex(out, exemplar->span, SPAN_ID);
		buffer_append_text(out, "\"}");
	}
	if (!is_first)
		buffer_append_byte(out, ']');
}

static void point_write_histogram(struct buffer *out, const struct metrics_acks *acks, timestamp since)
{
	buffer_append_format(out, ",\"count\":\"%" PRIu64 "\",\"sum\":", acks->count);
	otlp_append_seconds(out, acks->sum);
	for (size_t i = 0; i < METRICS_BUCKETS; i++)
		buffer_append_format(out, "%s\"%" PRIu64 "\"", i ? "," : ",\"bucketCounts\":[", acks->buckets[i]);
	for (size_t i = 0; i < METRICS_BOUNDS; i++) {
		buffer_append_text(out, i ? "," : "],\"explicitBounds\":[");
		otlp_append_seconds(out, metrics_bounds[i]);
	}
	buffer_append_text(out, "],\"min\":");
	otlp_append_seconds(out, acks->min);
	buffer_append_text(out, ",\"max\":");
	otlp_append_seconds(out, acks->max);
	point_write_exemplars(out, acks, since);
}

static void point_write_otlp(struct buffer *out, const struct metrics *metrics, const struct metric_point *point)
{
	buffer_append_text(out, "{\"startTimeUnixNano\":");
	otlp_append_time(out, metrics->first);
	buffer_append_text(out, ",\"timeUnixNano\":");
	otlp_append_time(out, metrics->last);
	if (point->acks)
		point_write_histogram(out, point->acks, metrics->exported);
	else
		buffer_append_format(out, ",\"asInt\":\"%" PRIu64 "\"", point->value);
	otlp_begin_attributes(out, "attributes");
	for (size_t i = 0; i < point->label_count; i++)
		otlp_add_word(out, point->labels[i].key, point->labels[i].value);
	otlp_end_attributes(out);
	buffer_append_byte(out, '}');
}

void metrics_write_otlp(struct metrics *metrics, struct otlp_batch *batch)
{
	struct metric_point point;
	if (metrics->first == TIMESTAMP_NONE)
		return;
	for (size_t i = 0; i < METRICS; i++)
		for (size_t at = 0; metric_table[i].next(metrics, &at, &point);) {
			point_write_otlp(otlp_batch_item(batch), metrics, &point);
			otlp_batch_add(batch, metric_table[i].group, "]}}");
		}
	metrics->is_written = true;
	metrics->exported = metrics->last;
}

/* ---- text: the exposition formats 0.0.4 (prometheus.io/docs/instrumenting/exposition_formats) and OpenMetrics 1.0.0
 */

/* The name that the Collector's prometheusexporter makes (0.161): dots are underscores, the unit is its last word, a
 * counter's ends in _total, which `family` leaves out. */
static void text_write_name(struct buffer *out, const struct metric *metric, bool family)
{
	for (const char *at = metric->name; *at; at++)
		buffer_append_byte(out, *at == '.' ? '_' : (uint8_t)*at);
	if (strcmp(metric->unit, "s") == 0)
		buffer_append_text(out, "_seconds");
	if (strcmp(metric->unit, "By") == 0)
		buffer_append_text(out, "_bytes");
	if (metric->kind == METRIC_COUNTER && !family)
		buffer_append_text(out, "_total");
}

static void text_write_value(struct buffer *out, const char *value)
{
	for (; *value; value++) {
		if (*value == '\\' || *value == '"')
			buffer_append_byte(out, '\\');
		buffer_append_byte(out, (uint8_t)*value); /* no label has a line end */
	}
}

/* {a="x",b="y",le="0.005"}; `le` may be NULL. */
static void text_write_labels(struct buffer *out, const struct metric_point *point, const char *le)
{
	const char *before = "{";
	for (size_t i = 0; i < point->label_count; i++) {
		buffer_append_text(out, before);
		for (const char *at = point->labels[i].key; *at; at++)
			buffer_append_byte(out, *at == '.' ? '_' : (uint8_t)*at);
		buffer_append_text(out, "=\"");
		text_write_value(out, point->labels[i].value);
		buffer_append_byte(out, '"');
		before = ",";
	}
	if (le)
		buffer_append_format(out, "%sle=\"%s\"", before, le);
	if (point->label_count || le)
		buffer_append_byte(out, '}');
}

static void text_write_exemplar(struct buffer *out, const struct metrics_exemplar *exemplar)
{
	buffer_append_text(out, " # {trace_id=\"");
	otlp_append_hex(out, exemplar->trace, TRACE_ID);
	buffer_append_text(out, "\",span_id=\"");
	otlp_append_hex(out, exemplar->span, SPAN_ID);
	buffer_append_text(out, "\"} ");
	otlp_append_seconds(out, exemplar->took);
	buffer_append_byte(out, ' ');
	otlp_append_seconds(out, (uint64_t)exemplar->time);
}

/* The upper ends of the buckets, as client libraries write them in either form. */
static const char *const text_bounds[METRICS_BUCKETS][2] = {{"0.005", "0.005"}, {"0.01", "0.01"}, {"0.025", "0.025"},
    {"0.05", "0.05"}, {"0.075", "0.075"}, {"0.1", "0.1"}, {"0.25", "0.25"}, {"0.5", "0.5"}, {"0.75", "0.75"},
    {"1", "1.0"}, {"2.5", "2.5"}, {"5", "5.0"}, {"7.5", "7.5"}, {"10", "10.0"}, {"+Inf", "+Inf"}};

static void text_write_histogram(
    struct buffer *out, const struct metric *metric, const struct metric_point *point, enum metrics_form form)
{
	uint64_t sum = 0;
	for (size_t i = 0; i < METRICS_BUCKETS; i++) {
		sum += point->acks->buckets[i];
		text_write_name(out, metric, true);
		buffer_append_text(out, "_bucket");
		text_write_labels(out, point, text_bounds[i][form == METRICS_OPENMETRICS]);
		buffer_append_format(out, " %" PRIu64, sum);
		if (form == METRICS_OPENMETRICS && point->acks->exemplars[i].time)
			text_write_exemplar(out, &point->acks->exemplars[i]);
		buffer_append_byte(out, '\n');
	}
	text_write_name(out, metric, true);
	buffer_append_text(out, "_sum");
	text_write_labels(out, point, NULL);
	buffer_append_byte(out, ' ');
	otlp_append_seconds(out, point->acks->sum);
	buffer_append_byte(out, '\n');
	text_write_name(out, metric, true);
	buffer_append_text(out, "_count");
	text_write_labels(out, point, NULL);
	buffer_append_format(out, " %" PRIu64 "\n", point->acks->count);
}

static void text_write_point(
    struct buffer *out, const struct metric *metric, const struct metric_point *point, enum metrics_form form)
{
	if (point->acks) {
		text_write_histogram(out, metric, point, form);
		return;
	}
	text_write_name(out, metric, false);
	text_write_labels(out, point, NULL);
	buffer_append_format(out, " %" PRIu64 "\n", point->value);
}

static void text_write_head(struct buffer *out, const struct metric *metric, enum metrics_form form)
{
	static const char *const kinds[] = {"counter", "gauge", "histogram"};
	buffer_append_text(out, "# HELP ");
	text_write_name(out, metric, form == METRICS_OPENMETRICS);
	buffer_append_format(out, " %s\n# TYPE ", metric->help);
	text_write_name(out, metric, form == METRICS_OPENMETRICS);
	buffer_append_format(out, " %s\n", kinds[metric->kind]);
}

bool metrics_write_text(struct metrics *metrics, struct buffer *out, enum metrics_form form)
{
	struct metric_point point;
	for (size_t i = 0; i < METRICS; i++)
		for (size_t at = 0, count = 0; metric_table[i].next(metrics, &at, &point); count++) {
			if (!count)
				text_write_head(out, &metric_table[i], form);
			text_write_point(out, &metric_table[i], &point, form);
		}
	if (form == METRICS_OPENMETRICS)
		buffer_append_text(out, "# EOF\n");
	return !out->truncated;
}
