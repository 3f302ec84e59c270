/* `sioscope dump`: the timeline as NDJSON. */
#include "view/dump.h"

#include "base/text.h"
#include "cmd/examine.h"
#include "cmd/options.h"
#include "cmd/otlp_lines.h"
#include "query/expectations.h"

#include <inttypes.h>

/* The filter that --where is; NULL, and *good, when there is none. */
static struct query *dump_parse_where(const struct options *options, bool *good)
{
	struct query_error error;
	struct slice text = slice_of_text(options->where);
	struct query *where = options->where ? query_parse(text, TABLE_EVENTS, &error) : NULL;
	*good = where || !options->where;
	if (!*good)
		expectations_complain(stderr, NULL, 1, text, &error);
	return where;
}

static bool dump_reader_went(void *self)
{
	return dump_failed(self);
}

static void dump_pause(void *self)
{
	dump_show(self);
}

static bool dump_as_it_goes(const struct options *options, struct dump *dump)
{
	const struct observer *observers[] = {dump_observer(dump)};
	struct run run = {.options = options,
	    .observers = observers,
	    .observer_count = 1,
	    .also = dump_memory(dump),
	    .stop = dump_reader_went,
	    .pause = dump_pause,
	    .self = dump};
	bool good = run_all(&run);
	if (good)
		run_report_unseen(&run);
	run_free(&run);
	return good && run_kept(&run);
}

/* What was not kept cannot be asked, and is not written: the lines that were are no timeline. */
static bool dump_report_left_out(const struct record *record)
{
	uint64_t left_out = record_left_out(record) + record_outgrown(record);
	if (left_out)
		complain("%" PRIu64 " %s not kept for the filter, which looks back: lines may be missing "
		         "(--max-record, --max-growth, and the space in TMPDIR)",
		    left_out, plural_choose(left_out, "event was", "events were"));
	return !left_out;
}

/* A filter on answers or findings is applied once everything is known. */
static bool dump_afterwards(
    const struct options *options, struct dump *dump, const struct query *where, uint64_t *undecided)
{
	struct examination examination;
	bool good = examine(&examination, options), whole = true;
	if (good) {
		run_report_unseen(&examination.run);
		whole = dump_report_left_out(examination.record);
	}
	examination.data.undecided = undecided;
	dump_set_filter(dump, where, &examination.data);
	const struct observer *observer = dump_observer(dump);
	for (uint64_t index = 1; good && !dump_failed(dump) && index <= record_event_count(examination.record); index++)
		observer->event(observer->self, record_event(examination.record, index));
	if (good && examine_refused(&examination))
		fputs("sioscope: there was no memory for part of what the filter asks: lines may be missing\n", stderr);
	examine_end(&examination);
	return good && whole && run_kept(&examination.run);
}

/* False, and a line on stderr: there are events of which it is not known whether they match. */
static bool dump_report_undecided(const struct options *options, uint64_t undecided)
{
	char size[LIMITS_TEXT];
	if (undecided)
		complain(
		    "--where could not tell %" PRIu64
		    " %s: text is longer than a regular expression looks at (%s, --max-match); lines may be missing",
		    undecided, plural_choose(undecided, "time", "times"),
		    limits_format(LIMIT_MATCH, options->limits.match, size));
	return !undecided;
}

static void dump_report_cut(const struct options *options, uint64_t cut)
{
	char size[LIMITS_TEXT];
	if (cut)
		complain(
		    "%" PRIu64
		    " %s without their payloads (\"cut\":true): longer than %s (--max-line), or there was no memory",
		    cut, plural_choose(cut, "line is", "lines are"),
		    limits_format(LIMIT_LINE, options->limits.line, size));
}

static int dump_write(const struct options *options, const struct query *where)
{
	struct budget memory = {.limit = SIZE_MAX};
	uint64_t undecided = 0;
	const struct query_data nothing = {.memory = &memory, .match = options->limits.match, .undecided = &undecided};
	struct dump *dump = dump_new(stdout, options->layers, &options->mask, options->limits.line);
	if (!dump) {
		fputs("sioscope: no memory\n", stderr);
		return EXIT_UNABLE;
	}
	dump_set_filter(dump, where, &nothing);
	bool ahead = where && query_looks_ahead(where);
	bool good = ahead ? dump_afterwards(options, dump, where, &undecided) : dump_as_it_goes(options, dump);
	dump_report_cut(options, dump_cut(dump));
	bool written = dump_free(dump) || ferror(stdout); /* of what stdout refused output_end speaks */
	if (good && !written)
		fputs("sioscope: no memory for a line of the timeline\n", stderr);
	if (memory.refused)
		fputs("sioscope: no memory for what the filter asks: lines may be missing\n", stderr);
	bool decided = dump_report_undecided(options, undecided);
	return good && written && decided && !memory.refused ? EXIT_DONE : EXIT_UNABLE;
}

/* ---- as OTLP */

static int dump_export(const struct options *options)
{
	struct budget memory = {.limit = SIZE_MAX};
	struct otlp_lines lines;
	const struct observer *observers[2];
	struct run run = {.options = options, .observers = observers, .observer_count = 2, .also = &memory};
	if (!otlp_lines_open(&lines, options, 1u << OTLP_TRACES, &run, &memory))
		return EXIT_UNABLE;
	observers[0] = otlp_observer(lines.encoder);
	observers[1] = &lines.clock;
	bool good = run_all(&run);
	if (good) {
		run_report_unseen(&run);
		good = otlp_lines_end(&lines);
	}
	run_free(&run);
	otlp_lines_close(&lines);
	return good && run_kept(&run) ? EXIT_DONE : EXIT_UNABLE;
}

static int dump_run(const struct options *options)
{
	bool good;
	if (options->otlp && (options->where || options->layers)) {
		complain("--format otlp takes the whole timeline: leave out --where and --layer");
		return EXIT_UNABLE;
	}
	if (options->otlp)
		return dump_export(options);
	struct query *where = dump_parse_where(options, &good);
	int code = good ? dump_write(options, where) : EXIT_UNABLE;
	query_free(where);
	return code;
}

const struct command command_dump = {
    .name = "dump",
    .bit = FOR_DUMP,
    .words = "[options] -r CAPTURE ['BPF filter']",
    .summary = "the timeline as NDJSON, one event a line",
    .run = dump_run,
};
