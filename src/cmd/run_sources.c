/* The sources of a run: which of them go together, in which order they are opened, what each is given. */
#include "base/numbering.h"
#include "base/text.h"
#include "cmd/process.h"
#include "cmd/run_parts.h"
#include "source/source.h"

#include <stdio.h>

/* The nth of the sources that the options name: files, then interfaces; or the probes. */
static const char *run_source_name(const struct options *options, size_t nth)
{
	if (probe_is_chosen(&options->probe))
		return options->probe_words;
	return nth < options->read_count ? options->reads[nth] : options->interfaces[nth - options->read_count];
}

static struct source *run_open_nth(const struct options *options, size_t nth, char *why, size_t size)
{
	const char *name = run_source_name(options, nth);
	if (probe_is_chosen(&options->probe)) {
		struct probe_choice choice = options->probe;
		choice.log_tables = options->log_table;
		choice.memory = options->limits.memory / 4;
		choice.buffer = options->live.buffer;
		return probe_open(&choice, name, options->filter, why, size);
	}
	if (nth >= options->read_count)
		return live_open(name, options->filter, &options->live, why, size);
	FILE *stream = capture_file_open_stream(name, why, size);
	return stream ? capture_file_prepare(stream, name, options->filter, why, size) : NULL;
}

static bool run_refuse_source(struct run_sources *sources, const char *name, const char *why)
{
	complain("%s: %s", name, why);
	while (sources->count)
		source_free(sources->list[--sources->count]);
	return false;
}

bool run_open_sources(const struct options *options, struct run_sources *sources)
{
	char why[1024] = "no memory";
	size_t count = probe_is_chosen(&options->probe) ? 1 : options->read_count + options->interface_count;
	sources->count = 0;
	while (sources->count < count) {
		struct source *source = run_open_nth(options, sources->count, why, sizeof why);
		if (!source)
			return run_refuse_source(sources, run_source_name(options, sources->count), why);
		sources->list[sources->count++] = source;
	}
	return true;
}

/* The report names each recorder, and each writer of logs, once. */
static void run_note_recorder(char names[RUN_RECORDERS], const char *recorder)
{
	size_t len = strlen(names);
	if (!recorder || strstr(names, recorder))
		return;
	snprintf(names + len, RUN_RECORDERS - len, "%s%s", len ? ", " : "", recorder);
}

/* Files that are merged keep their own numbers. What is captured live has those of the file that -w writes. */
static bool run_number_files(struct run *run)
{
	if (run->options->read_count < 2)
		return true;
	run->numbering = numbering_new(run->options->reads, run->options->read_count);
	if (run->findings)
		run->findings->numbering = run->numbering;
	return run->numbering != NULL;
}

struct source *run_begin_sources(struct run *run, struct run_sources *sources)
{
	const struct options *options = run->options;
	char why[1024] = "no memory";
	bool awaits = run->is_live && options->keylog_count;
	for (size_t i = 0; i < options->read_count; i++) {
		sources->list[i]->secrets = &run->secrets;
		sources->list[i]->log_tables = options->log_table;
		sources->list[i]->budget = engine_budget(run->engine);
		sources->list[i]->limits = &options->limits;
		sources->list[i]->waits_not = options->interface;
		if (!capture_file_begin(sources->list[i], why, sizeof why)) {
			run_refuse_source(sources, options->reads[i], why);
			return NULL;
		}
		awaits |= sources->list[i]->may_bring_secrets;
		run_note_recorder(run->recorders, sources->list[i]->recorder);
		run_note_recorder(run->loggers, sources->list[i]->logger);
	}
	if (awaits)
		engine_await_secrets(run->engine);
	struct source *merged = merge_open(sources->list, sources->count);
	if (merged && run_number_files(run)) {
		merge_set_numbering(merged, run->numbering);
		return merged;
	}
	fputs("sioscope: no memory\n", stderr);
	source_free(merged);
	return NULL;
}

/* Names that are none of the files that are read. */
static bool run_check_names(const struct options *options)
{
	const char *wrong = NULL;
	if (options->vantage && options_find_read(options, slice_of_text(options->vantage)) == options->read_count)
		wrong = options->vantage;
	if (wrong)
		complain("--vantage %s: none of the files of -r, or several, are called so", wrong);
	for (size_t i = 0; i < options->skew_count && !wrong; i++) {
		struct slice name = options->skews[i].input;
		if (options_find_read(options, name) < options->read_count)
			continue;
		wrong = (const char *)name.at;
		complain("--skew %.*s: none of the files of -r, or several, are called so", (int)name.len, wrong);
	}
	return !wrong;
}

bool run_check_sources(const struct options *options)
{
	bool probes = probe_is_chosen(&options->probe), live = options_are_live(options);
	bool rotates = options->rotate_size || options->rotate_time;
	const struct {
		bool wrong;
		const char *why;
	} rules[] = {
	    {options->read_count && live,
	        "files (-r) and what happens now (-i, -p) have no time in common: choose one"},
	    {options->interface_count && probes, "interfaces (-i) and processes (-p, --process, --cgroup, --port) "
	                                         "would show the same twice: choose one"},
	    {options->probe.log_pattern && !probes,
	        "--log-pattern is for what a watched process writes: -p says which"},
	    {options->write && !live, "-w keeps what is captured live: -i or -p says what"},
	    {options->duration && !live, "--duration ends what is captured live: -i or -p says what"},
	    {rotates && !options->write, "-C and -G are for the files of -w"},
	    {options->embed_secrets && !options->write && !options->interface,
	        "--embed-secrets is for the files of -w, and for what the interface saves"},
	    {options->ring && !rotates, "-W counts the files that -C or -G begin"},
	    {options->command && !live, "a command is run while capturing: -i or -p says what"},
	    {options->metrics_listen && !live, "--metrics-listen answers scrapes while capturing: -i or -p says what"},
	};
	for (size_t i = 0; i < sizeof rules / sizeof *rules; i++)
		if (rules[i].wrong) {
			complain("%s", rules[i].why);
			return false;
		}
	return run_check_names(options);
}
