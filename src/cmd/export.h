/*
 * Export beside a report: what a run sees becomes Export requests (view/otlp.h) and a text for Prometheus
 * (view/metrics.h), and goes to the sender process (otlp_sender.h). A run without --otlp and --metrics-listen has none.
 */
#ifndef CMD_EXPORT_H
#define CMD_EXPORT_H

#include "cmd/options.h"
#include "cmd/otlp_sender.h"
#include "view/otlp.h"

struct export
{
	const struct options *options;
	struct otlp_encoder *encoder; /* NULL: nothing is exported */
	struct budget budget;
	struct buffer page;                          /* of the metrics, while it is made */
	uint64_t noted[OTLP_SIGNALS][METRICS_DROPS]; /* what the metrics say of what was dropped */
	int64_t looked;                              /* monotonic nanoseconds */
};

/* Where the options have a sender. `findings`: of the diagnosis that runs beside it. False: no memory, which is said on
 * stderr. Either way export_free is to be called. */
bool export_begin(struct export *export, const struct options *options, const struct findings *findings);
void export_free(struct export *export);

/* To be called behind the diagnosis'. NULL: there is none. */
const struct observer *export_observer(const struct export *export);

/* Often, live: requests that are due, scrapes that are asked for. Never waits. */
void export_step(struct export *export, const struct engine_counts *counts);

/* The last of everything, once the findings are final: waits until it is delivered, or for the time that
 * OTEL_EXPORTER_OTLP_TIMEOUT gives. What was lost is noted in the ledger, and a line on stderr says so. */
void export_end(struct export *export, const struct engine_counts *counts, struct ledger *ledger);

#endif
