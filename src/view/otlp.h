/*
 * Export requests of OTLP/HTTP as JSON (opentelemetry-proto 1.5, "JSON Protobuf Encoding"), one a line: what `dump` and
 * `report --format otlp` write, and what the sender of --otlp posts.
 *
 * An observer of the timeline; findings are handed over as they come. Requests of one signal are
 * ExportMetricsServiceRequest (metrics), ExportLogsServiceRequest (findings, events) or ExportTraceServiceRequest
 * (traces). Each line is shorter than OTLP_LINE, one signal's, and whole by itself.
 */
#ifndef VIEW_OTLP_H
#define VIEW_OTLP_H

#include "detect/findings.h"
#include "socketio/engine.h"
#include "view/metrics.h"
#include "view/outbound.h"

enum { OTLP_LINE = 1 << 20 };

/* "/v1/metrics", "/v1/logs", "/v1/traces": what a signal's requests are posted to, below the endpoint. */
const char *otlp_signal_path(enum otlp_signal signal);

/* Filled by the caller, who knows the environment; borrowed for otlp_new. */
struct otlp_settings {
	unsigned signals; /* a bit (1 << enum otlp_signal) for each; 0: the metrics are kept, and none is exported */
	const char *service_name; /* OTEL_SERVICE_NAME; NULL or "": of `attributes`, or "sioscope" */
	const char
	    *attributes;      /* OTEL_RESOURCE_ATTRIBUTES, "key=value,key=value", values percent-encoded; NULL: none */
	const char *instance; /* service.instance.id where `attributes` has none; never NULL or "" */
	const char *host;     /* host.name; NULL or "": not said */
	const char *version;  /* of this program; lives on */
	const struct mask *mask; /* of names that are secrets besides the usual ones */
	timestamp interval;      /* between two exports of metrics by otlp_tick; 0: at the end alone */
	bool addresses;          /* client.address and client.port on the spans of sessions */
};

/* Can OTEL_RESOURCE_ATTRIBUTES be read? If not, none of it is used (OpenTelemetry's specification, 1.40, Resource SDK).
 */
bool otlp_reads_attributes(const char *list);

/* Who takes the lines. `line` has no line end and is borrowed for the call; `items` data points, log records or spans
 * are in it. False: it was not taken, and nothing is done about it here. */
struct otlp_sink {
	void *self;
	bool (*write)(void *self, enum otlp_signal signal, struct slice line, uint64_t items);
};

struct otlp_encoder; /* opaque */

/* `budget`, which may be NULL, is borrowed, and charged for all that grows. NULL: no memory. */
struct otlp_encoder *otlp_new(const struct otlp_settings *settings, struct otlp_sink sink, struct budget *budget);
void otlp_free(struct otlp_encoder *encoder);

/* To be called behind the diagnosis' observer, so that a session's end finds what was found of it. */
const struct observer *otlp_observer(const struct otlp_encoder *encoder);

/* What is counted: for --metrics-listen, and for what the sender dropped. */
struct metrics *otlp_metrics(struct otlp_encoder *encoder);

/* What a diagnosis has found is exported too, and marks the sessions that it is of; borrowed until otlp_end. */
void otlp_follow(struct otlp_encoder *encoder, const struct findings *findings);

/* Live, about once a second: what waits is written, findings that are new become records, metrics are written when
 * their interval is over. */
void otlp_tick(struct otlp_encoder *encoder, const struct engine_counts *counts, timestamp now);

/* After engine_end (and diagnosis_finish): what is left of everything. Nothing may follow but otlp_free. */
void otlp_end(struct otlp_encoder *encoder, const struct engine_counts *counts);

/* How often memory was refused, and something is missing for it. */
uint64_t otlp_refused(const struct otlp_encoder *encoder);

#endif
