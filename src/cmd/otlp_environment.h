/*
 * Where Export requests go, and how: --otlp, --otlp-signals and OpenTelemetry's environment, read once. Names and
 * meanings are those of the specification ("OpenTelemetry Protocol Exporter" and "Environment Variable Specification",
 * 1.45): OTEL_EXPORTER_OTLP_ENDPOINT, _HEADERS, _TIMEOUT, _COMPRESSION, _PROTOCOL, _CERTIFICATE, _CLIENT_KEY,
 * _CLIENT_CERTIFICATE, each also of one signal (OTEL_EXPORTER_OTLP_METRICS_ENDPOINT, …_LOGS_…, …_TRACES_…), which wins;
 * OTEL_METRIC_EXPORT_INTERVAL, OTEL_SDK_DISABLED; OTEL_RESOURCE_ATTRIBUTES is checked (otlp_lines.h reads it). An empty
 * variable is as one that is not set.
 *
 * Two things differ from the specification: the default of _COMPRESSION is gzip, since text of this kind shrinks to a
 * twentieth; and a value that cannot be used is refused, with what to write in its place, where the specification lets
 * it be ignored.
 */
#ifndef CMD_OTLP_ENVIRONMENT_H
#define CMD_OTLP_ENVIRONMENT_H

#include "base/memory.h"
#include "view/otlp.h"

#include <stdbool.h>
#include <stdint.h>

#define OTLP_DEFAULT_URL "http://localhost:4318"

enum { OTLP_HEADERS = 32, OTLP_WHY = 320 };

/* Where the requests of one signal go. Texts are owned by the settings. */
struct otlp_target {
	const char *url;                   /* with the path: http://localhost:4318/v1/metrics */
	const char *socket;                /* the path of a unix socket; NULL: TCP */
	const char *shown;                 /* for people: the address, without a user's password and without a query */
	const char *headers[OTLP_HEADERS]; /* "name: value" */
	size_t header_count;
	int64_t timeout; /* nanoseconds, of a whole export */
	bool gzip;
	const char *certificate, *client_key, *client_certificate; /* paths of PEM files; NULL: none is named */
};

struct otlp_environment {
	bool disabled;                            /* OTEL_SDK_DISABLED=true */
	struct otlp_target targets[OTLP_SIGNALS]; /* findings and events are both logs */
	int64_t interval;                         /* nanoseconds between two exports of metrics */
	struct arena texts;
};

/* `url` is --otlp's, which wins over all endpoints of the environment; NULL or "": they decide. `get` is getenv. Where
 * nothing `sends` (--metrics-listen alone) the targets are empty, and what is wrong with them does not matter. False:
 * `why` says which value is wrong and what to write. Either way otlp_environment_free is to be called. */
bool otlp_environment_read(struct otlp_environment *environment, const char *url, bool sends,
    char *(*get)(const char *name), char why[OTLP_WHY]);
void otlp_environment_free(struct otlp_environment *environment);

/* Of all signals' timeouts. */
int64_t otlp_environment_longest(const struct otlp_environment *environment);

/* Overwrites what is secret in them (headers), and in this process's environment: what parses packets needs none. */
void otlp_environment_forget_secrets(struct otlp_environment *environment, char *(*get)(const char *name));

#endif
