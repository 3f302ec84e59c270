/* Servers' logs from anybody: through the reader and the engine, each step belongs to a line that was read, and what is
 * counted fits what was given. Lines ascend, but in a list of JSON, which may be turned round. */
#include "socketio/engine.h"
#include "source/log_file.h"

#include <stdlib.h>

static void demand_step(const struct packet *packet, bool is_list, uint64_t *line)
{
	const struct log_step *step = packet->logged;
	volatile unsigned sum = 0; /* so that the bytes are read */
	const struct slice slices[] = {step->sid, step->nsp, step->bytes, step->text};
	for (size_t i = 0; i < sizeof slices / sizeof *slices; i++)
		for (size_t at = 0; at < slices[i].len; at++)
			sum = sum + slices[i].at[at];
	if (packet->time < 0 || packet->time > TIMESTAMP_LAST || !step->line || (!is_list && step->line <= *line))
		abort();
	if (step->kind == LOG_STEP_PACKET && (step->type < '0' || step->type > '6'))
		abort();
	if (step->kind == LOG_STEP_EVENT && !step->nsp.len)
		abort();
	*line = step->line > *line ? step->line : *line;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct packet packet;
	char why[512] = "";
	uint64_t line = 0;
	const struct limits limits = limits_default();
	const struct source source = {.name = "server.log", .limits = &limits};
	enum source_result result = SOURCE_END;
	FILE *stream = size ? fmemopen((void *)data, size, "rb") : NULL;
	struct engine *engine = stream ? engine_new(&limits, NULL, 0) : NULL;
	if (!engine)
		return 0;
	(void)log_file_is_log(slice_of(data, size));
	struct log_file *log = log_file_open(stream, &source, 0, why, sizeof why);
	const bool is_list = log && log_file_counts(log)->is_list;
	while (log && (result = log_file_next(log, &packet, why, sizeof why)) == SOURCE_PACKET) {
		demand_step(&packet, is_list, &line);
		engine_take_packet(engine, &packet);
	}
	if ((!log || result != SOURCE_END) && why[0] == '\0')
		abort();
	if (log && ((!is_list && log_file_counts(log)->steps > log_file_counts(log)->lines) ||
	               line > log_file_counts(log)->lines))
		abort();
	engine_end(engine);
	if (engine_held(engine))
		abort();
	engine_free(engine);
	log_file_free(log);
	(void)fclose(stream);
	return 0;
}
