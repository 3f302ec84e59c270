/* OTLP of a run: what the options and OpenTelemetry's environment say of it, and Export requests on stdout, one a line.
 */
#ifndef CMD_OTLP_LINES_H
#define CMD_OTLP_LINES_H

#include "cmd/options.h"
#include "cmd/run.h"
#include "view/otlp.h"

/* What settings borrow. */
struct otlp_identity {
	char host[256];
	char instance[OUTBOUND_INSTANCE];
};

/* Reads OTEL_SERVICE_NAME and OTEL_RESOURCE_ATTRIBUTES. The instance is HOST:SOURCE, unless these name it: two that
 * watch one host differ, and one that is started again is the same. `signals`: those that are exported where
 * --otlp-signals says nothing. A line on stderr where the attributes cannot be read. */
struct otlp_settings otlp_read_settings(
    const struct options *options, unsigned signals, struct otlp_identity *identity);

/* Export requests on stdout. */
struct otlp_lines {
	struct otlp_encoder *encoder;
	struct observer clock; /* behind the encoder's observer: live, what waits is written once a second */
	const struct run *run;
	const struct budget *budget;
	bool failed; /* stdout refused something */
};

/* False: no memory, and a line on stderr. `run` is borrowed: its engine's counts are read. */
bool otlp_lines_open(struct otlp_lines *lines, const struct options *options, unsigned signals, const struct run *run,
    struct budget *budget);

/* After run_all, whose engine is still there, and the diagnosis' end. False: something is missing; of what stdout
 * refused output_end speaks, of the rest a line on stderr. */
bool otlp_lines_end(struct otlp_lines *lines);
void otlp_lines_close(struct otlp_lines *lines);

#endif
