/* Opens the sources, feeds the engine, tells how it ended. */
#include "cmd/run.h"

#include "cmd/progress.h"
#include "source/capture_file.h"
#include "source/merge.h"
#include "source/server_log.h"

#include <stdio.h>
#include <stdlib.h>

static void run_ask_for_capture(const char *filter)
{
	if (filter)
		fprintf(stderr, "sioscope: %s: no such command; a filter stands behind -r FILE (see sioscope --help)\n",
		    filter);
	else
		fputs("sioscope: which capture? -r FILE names it (- is stdin); --help lists the options\n", stderr);
}

static struct source *run_open(const struct options *options)
{
	struct source *sources[OPTIONS_READS];
	char why[256] = "no memory";
	if (!options->read_count) {
		run_ask_for_capture(options->filter);
		return NULL;
	}
	for (size_t i = 0; i < options->read_count; i++) {
		sources[i] = capture_file_open(options->reads[i], options->filter, why, sizeof why);
		if (sources[i])
			continue;
		fprintf(stderr, "sioscope: %s: %s\n", options->reads[i], why);
		while (i--)
			source_free(sources[i]);
		return NULL;
	}
	struct source *merged = merge_open(sources, options->read_count);
	if (!merged)
		fputs("sioscope: no memory\n", stderr);
	return merged;
}

static bool run_is_stopped(const struct run *run)
{
	return run->stop && run->stop(run->self);
}

/* Lines up to `time`; lines whose time is not known tell nothing about packets. */
static void run_feed_log(struct run *run, struct server_log *log, stamp time)
{
	while (log->text.at && (log->time == STAMP_NONE || log->time <= time)) {
		if (log->time != STAMP_NONE)
			engine_take_log(run->engine, log->time, log->text);
		server_log_advance(log);
	}
}

static bool run_open_log(const struct options *options, struct server_log *log)
{
	char why[256];
	*log = (struct server_log){0};
	if (!options->server_log || server_log_open(log, options->server_log, why, sizeof why))
		return true;
	fprintf(stderr, "sioscope: %s: %s\n", options->server_log, why);
	return false;
}

static enum source_result run_feed(struct run *run, struct source *source, struct server_log *log)
{
	struct packet packet;
	struct progress progress;
	enum source_result result = SOURCE_END;
	uint64_t bytes = 0;
	progress_begin(&progress);
	while (!run_is_stopped(run) && (result = source_next(source, &packet)) <= SOURCE_IDLE) {
		if (result == SOURCE_IDLE)
			continue;
		run_feed_log(run, log, packet.time);
		engine_take_packet(run->engine, &packet);
		bytes += packet.wire_len;
		progress_note(&progress, packet.number, bytes);
	}
	run_feed_log(run, log, INT64_MAX);
	progress_end(&progress);
	return result;
}

/* False, and a line on stderr, when there is nothing to tell about. */
static bool run_judge(struct run *run, const struct source *source, enum source_result result)
{
	const struct source_counts *counts = &source->counts;
	bool nothing = counts->packets == 0 && !run_is_stopped(run);
	if (result == SOURCE_FAILED || result == SOURCE_CUT) {
		snprintf(run->cut, sizeof run->cut, "%s", source->why);
		run->input.cut = run->cut;
	}
	if (!nothing)
		return true;
	if (run->input.cut)
		fprintf(stderr, "sioscope: %s\n", run->cut);
	else
		fprintf(stderr, "sioscope: %s: %s\n", source->name,
		    counts->filtered ? "no packet passes the filter" : "holds no packet");
	return false;
}

static bool run_source(struct run *run, struct source *source, struct server_log *log)
{
	run->engine = engine_new(&run->options->limits, run->observers, run->observer_count);
	if (!run->engine) {
		fputs("sioscope: no memory\n", stderr);
		return false;
	}
	enum source_result result = run_feed(run, source, log);
	bool good = run_judge(run, source, result);
	run->input.sources = run->options->reads;
	run->input.source_count = run->options->read_count;
	run->input.filtered = source->counts.filtered;
	run->input.dropped = source->counts.dropped;
	if (good)
		engine_end(run->engine);
	return good;
}

bool run_all(struct run *run)
{
	struct server_log log;
	struct source *source = run_open_log(run->options, &log) ? run_open(run->options) : NULL;
	bool good = source && run_source(run, source, &log);
	source_free(source);
	server_log_close(&log);
	return good;
}
