/* Opens the sources, feeds the engine, tells how it ended. */
#include "cmd/run.h"

#include "cmd/progress.h"
#include "cmd/stop.h"
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

/* The nth of the sources that the options name: files, then interfaces. */
static struct source *run_open_nth(const struct options *options, size_t nth, const char **name, char *why, size_t size)
{
	bool is_file = nth < options->read_count;
	*name = is_file ? options->reads[nth] : options->interfaces[nth - options->read_count];
	return is_file ? capture_file_open(*name, options->filter, why, size)
	               : live_open(*name, options->filter, &options->live, why, size);
}

static struct source *run_open(const struct options *options)
{
	struct source *sources[OPTIONS_READS + OPTIONS_INTERFACES];
	char why[256] = "no memory";
	const char *name;
	size_t count = options->read_count + options->interface_count;
	for (size_t i = 0; i < count; i++) {
		sources[i] = run_open_nth(options, i, &name, why, sizeof why);
		if (sources[i])
			continue;
		fprintf(stderr, "sioscope: %s: %s\n", name, why);
		while (i--)
			source_free(sources[i]);
		return NULL;
	}
	struct source *merged = merge_open(sources, count);
	if (!merged)
		fputs("sioscope: no memory\n", stderr);
	return merged;
}

static bool run_check_sources(const struct options *options)
{
	if (!options->read_count && !options->interface_count) {
		run_ask_for_capture(options->filter);
		return false;
	}
	if (options->read_count && options->interface_count) {
		fputs("sioscope: files (-r) and interfaces (-i) have no time in common: choose one\n", stderr);
		return false;
	}
	if (options->command && !options->interface_count) {
		fputs("sioscope: a command is run while capturing: -i says where\n", stderr);
		return false;
	}
	return true;
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

enum { RUN_WAIT = 100, RUN_LOOK = 256 }; /* milliseconds; packets between two looks at the clock */

/* Nothing there: true when it is the end. */
static bool run_pause(struct run *run, const struct source *source, struct stop *stop)
{
	if (run->pause)
		run->pause(run->self);
	source_wait(source, RUN_WAIT);
	return stop_asked(stop);
}

static bool run_is_over(struct run *run, const struct source *source, struct stop *stop, enum source_result result)
{
	if (run_is_stopped(run))
		return true;
	if (result == SOURCE_IDLE)
		return run_pause(run, source, stop);
	return source->is_live && source->counts.packets % RUN_LOOK == 0 && stop_asked(stop);
}

static enum source_result run_feed(struct run *run, struct source *source, struct server_log *log, struct stop *stop)
{
	struct packet packet;
	struct progress progress;
	enum source_result result = SOURCE_END;
	uint64_t bytes = 0;
	progress_begin(&progress);
	while (!run_is_stopped(run) && (result = source_next(source, &packet)) <= SOURCE_IDLE) {
		if (result == SOURCE_PACKET) {
			run_feed_log(run, log, packet.time);
			engine_take_packet(run->engine, &packet);
			bytes += packet.wire_len;
			progress_note(&progress, packet.number, bytes);
		}
		if (run_is_over(run, source, stop, result))
			break;
	}
	run_feed_log(run, log, INT64_MAX);
	progress_end(&progress);
	return result;
}

/* False, and a line on stderr, when there is nothing to tell about. */
static bool run_judge(struct run *run, const struct source *source, enum source_result result)
{
	const struct source_counts *counts = &source->counts;
	bool nothing = counts->packets == 0 && !run_is_stopped(run) && result != SOURCE_IDLE;
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

static void run_note_input(struct run *run, const struct source *source)
{
	const struct options *options = run->options;
	run->input.sources = source->is_live ? options->interfaces : options->reads;
	run->input.source_count = source->is_live ? options->interface_count : options->read_count;
	run->input.filtered = source->counts.filtered;
	run->input.dropped = source->counts.dropped;
}

static bool run_source(struct run *run, struct source *source, struct server_log *log, struct stop *stop)
{
	run->engine = engine_new(&run->options->limits, run->observers, run->observer_count);
	if (!run->engine) {
		fputs("sioscope: no memory\n", stderr);
		return false;
	}
	enum source_result result = run_feed(run, source, log, stop);
	bool good = run_judge(run, source, result);
	run_note_input(run, source);
	if (good)
		engine_end(run->engine);
	return good;
}

/* The command is started once the capture is: nothing that it does is missed. */
static bool run_live(struct run *run, struct source *source, struct server_log *log)
{
	struct stop stop;
	if (!stop_begin(&stop, run->options->duration)) {
		fputs("sioscope: signals cannot be waited for\n", stderr);
		return false;
	}
	bool good = !run->options->command || stop_watch(&stop, run->options->command);
	good = good && run_source(run, source, log, &stop);
	stop_end(&stop);
	run->command_code = stop.child_code;
	return good;
}

bool run_all(struct run *run)
{
	struct server_log log;
	run->command_code = -1;
	if (!run_check_sources(run->options) || !run_open_log(run->options, &log))
		return false;
	struct source *source = run_open(run->options);
	bool good = source && (source->is_live ? run_live(run, source, &log) : run_source(run, source, &log, NULL));
	source_free(source);
	server_log_close(&log);
	return good;
}
