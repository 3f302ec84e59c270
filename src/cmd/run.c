/* Opens the sources, feeds the engine, says how it ended. */
#include "cmd/run.h"

#include "base/text.h"
#include "base/timestamp.h"
#include "cmd/process.h"
#include "source/source.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <unistd.h>

/* ---- progress: a line on the terminal that is overwritten, and wiped out at the end */

#define PROGRESS_FIRST INT64_C(500000000) /* short inputs show nothing */
#define PROGRESS_EVERY INT64_C(200000000)

enum { PROGRESS_PACKETS = 4096 }; /* the clock is looked at only so often */

void progress_begin(struct progress *progress)
{
	*progress = (struct progress){.wanted = isatty(STDERR_FILENO)};
	progress->next = clock_now() + PROGRESS_FIRST;
}

void progress_note(struct progress *progress, uint64_t packets, uint64_t bytes)
{
	if (!progress->wanted || packets % PROGRESS_PACKETS)
		return;
	int64_t now = clock_now();
	if (now < progress->next)
		return;
	progress->next = now + PROGRESS_EVERY;
	progress->shown = true;
	fprintf(stderr, "\rreading: %" PRIu64 " packets, %" PRIu64 " MB", packets, bytes / 1000000);
}

void progress_end(struct progress *progress)
{
	if (progress->shown)
		fputs("\r\033[K", stderr);
}

/* ---- the sources */

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

struct run_sources {
	struct source *list[OPTIONS_READS + OPTIONS_INTERFACES];
	size_t count;
};

static bool run_refuse_source(struct run_sources *sources, const char *name, const char *why)
{
	complain("%s: %s", name, why);
	while (sources->count)
		source_free(sources->list[--sources->count]);
	return false;
}

/* All that needs privileges, names or files: nothing of a capture file is read yet. */
static bool run_open_sources(const struct options *options, struct run_sources *sources)
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

/* Reads the heads of capture files, with whatever somebody has put into them. */
static struct source *run_begin_sources(struct run *run, struct run_sources *sources)
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
	if (!merged)
		fputs("sioscope: no memory\n", stderr);
	return merged;
}

/* Options that do not go together, or would do nothing. */
static bool run_check_sources(const struct options *options)
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
	};
	for (size_t i = 0; i < sizeof rules / sizeof *rules; i++)
		if (rules[i].wrong) {
			complain("%s", rules[i].why);
			return false;
		}
	return true;
}

static bool run_is_stopped(const struct run *run)
{
	return run->stop && run->stop(run->self);
}

/* Lines up to `time`; lines whose time is unknown cannot be placed among packets, and are kept beside them. */
static void run_feed_log(struct run *run, timestamp time)
{
	struct server_log *log = &run->log;
	if (log->file && !log->begun)
		server_log_begin(log, time == INT64_MAX ? TIMESTAMP_NONE : time);
	while (log->text.at && (log->time == TIMESTAMP_NONE || log->time <= time)) {
		if (log->time != TIMESTAMP_NONE)
			engine_take_log(run->engine, log->time, log->text);
		else if (run->undated)
			logged_note_undated(run->undated, run->options->log_table, log->text);
		server_log_advance(log);
	}
}

static bool run_open_log(const struct options *options, struct server_log *log)
{
	char why[256];
	*log = (struct server_log){0};
	if (!options->server_log || server_log_open(log, options->server_log, why, sizeof why))
		return true;
	complain("%s: %s", options->server_log, why);
	return false;
}

/* ---- keys of TLS */

enum { RUN_EMBEDDED = 16 << 20 /* bytes of keys that files are given: those of some 20000 connections */ };

static bool run_open_keylogs(struct run *run)
{
	const struct options *options = run->options;
	for (size_t i = 0; i < options->keylog_count; i++)
		if (!(run->keylogs[i] = fopen(options->keylogs[i], "re"))) {
			complain("%s: %s", options->keylogs[i], strerror(errno));
			return false;
		}
	return true;
}

static void run_close_keylogs(struct run *run)
{
	for (size_t i = 0; i < run->options->keylog_count; i++) {
		if (run->keylogs[i])
			(void)fclose(run->keylogs[i]);
		run->keylogs[i] = NULL;
	}
}

/* What has been written since it was last asked. */
static void run_read_keylogs(struct run *run)
{
	char text[8192];
	size_t len;
	for (size_t i = 0; i < run->options->keylog_count; i++) {
		FILE *file = run->keylogs[i];
		clearerr(file);
		while ((len = fread(text, 1, sizeof text, file)) > 0)
			engine_take_secrets(run->engine, slice_of(text, len), false);
		if (!run->is_live)
			engine_take_secrets(run->engine, SLICE("\n"), true);
	}
}

/* Secrets within a capture. */
static void run_take_secrets(void *self, struct slice text)
{
	struct run *run = self;
	engine_take_secrets(run->engine, text, true);
}

/* For what is written: the keys of connections that were captured. */
static void run_copy_secrets(struct run *run)
{
	if (!run->options->embed_secrets)
		return;
	engine_copy_secrets(run->engine);
	rotation_take_secrets(&run->rotation, buffer_slice(&run->embedded));
}

/* Never in silence. */
static void run_report_secrets(const struct run *run)
{
	if (!run->options->embed_secrets || !run->options->write)
		return;
	complain("%s: %s%s", run->options->write,
	    run->embedded.len ? "the keys of its TLS connections are in it: whoever has it can read them"
	                      : "no keys are in it: no key that was given is of a connection that was captured",
	    run->embedded.truncated ? "; not all of them had room" : "");
}

/* ---- beginning */

/* The command is started once the capture is: nothing that it does is missed. */
static bool run_begin_live(struct run *run, const struct run_sources *sources)
{
	if (!rotation_begin(&run->rotation, run->options, (uint16_t)sources->list[0]->link_type))
		return false;
	stop_begin(&run->stopping, run->options);
	return !run->options->command || stop_watch(&run->stopping);
}

static bool run_begin_engine(struct run *run)
{
	run->engine = engine_new(&run->options->limits, run->observers, run->observer_count);
	if (!run->engine) {
		fputs("sioscope: no memory\n", stderr);
		return false;
	}
	if (run->also)
		budget_join(run->also, engine_budget(run->engine));
	buffer_init(&run->embedded, RUN_EMBEDDED, engine_budget(run->engine));
	if (run->options->embed_secrets)
		engine_embed_secrets(run->engine, &run->embedded);
	run->secrets = (struct secrets_sink){.self = run, .take = run_take_secrets};
	run_read_keylogs(run);
	return true;
}

/* First what needs privileges, then without them what reads bytes that nobody vouches for. */
static bool run_begin_source(struct run *run)
{
	struct run_sources sources;
	if (!run_open_sources(run->options, &sources))
		return false;
	run->is_live = options_are_live(run->options);
	bool good = (!run->is_live || run_begin_live(run, &sources)) && privileges_drop(run->options);
	if (good && run_begin_engine(run))
		run->source = run_begin_sources(run, &sources);
	else
		while (sources.count)
			source_free(sources.list[--sources.count]);
	if (!run->source)
		return false;
	progress_begin(&run->progress);
	return true;
}

void run_free(struct run *run)
{
	buffer_free(&run->embedded);
	run->embedded.budget = NULL; /* the engine's */
	if (run->also && run->engine)
		budget_leave(run->also);
	engine_free(run->engine);
	run->engine = NULL;
}

/* What a beginning that failed has opened. */
static void run_abandon(struct run *run)
{
	if (run->stopping.options)
		stop_end(&run->stopping);
	rotation_end(&run->rotation);
	source_free(run->source);
	run_free(run);
	run->source = NULL;
	server_log_close(&run->log);
	run_close_keylogs(run);
}

void run_close(struct run *run)
{
	if (!run->source)
		return;
	if (run->is_live) {
		stop_end(&run->stopping);
		run->command_code = run->stopping.child_code;
		rotation_end(&run->rotation);
	}
	source_free(run->source);
	run->source = NULL;
	server_log_close(&run->log);
	run_close_keylogs(run);
}

bool run_begin(struct run *run)
{
	run->command_code = -1;
	run->recorders[0] = run->loggers[0] = '\0';
	run->result = SOURCE_END;
	run->log = (struct server_log){0};
	run->rotation = (struct rotation){0};
	run->stopping = (struct stop){0};
	run->source = NULL;
	run->engine = NULL;
	run->embedded = (struct buffer){0};
	memset(run->keylogs, 0, sizeof run->keylogs);
	memset(run->hits, 0, sizeof run->hits);
	bool good = run_check_sources(run->options) && run_open_log(run->options, &run->log) && run_open_keylogs(run) &&
	            run_begin_source(run);
	if (!good)
		run_abandon(run);
	return good;
}

/* ---- going on */

enum { RUN_WAIT = 100, RUN_STEP = 256 }; /* milliseconds; packets between two looks at the clock */

static void run_take(struct run *run, const struct packet *packet)
{
	run_feed_log(run, packet->time);
	rotation_packet(&run->rotation, packet);
	if (run->packet)
		run->packet(run->self, packet);
	engine_take_packet(run->engine, packet);
	run->bytes += packet->wire_len;
	progress_note(&run->progress, packet->number, run->bytes);
}

/* What a server's log cannot say. */
static void run_note_log(struct ledger *ledger, const struct log_counts *log)
{
	char detail[LEDGER_DETAIL];
	ledger_set(ledger, LEDGER_LINES_UNREAD, log->unread);
	ledger_set(ledger, LEDGER_LINES_UNPLACED, log->unplaced);
	ledger_set(ledger, LEDGER_LINES_UNDATED, log->is_undated);
	ledger_set(ledger, LEDGER_LINES_PARTLY_DATED, log->is_partly_dated);
	ledger_set(ledger, LEDGER_LOG_LACKS_PACKETS, log->lacks_packets);
	ledger_set(ledger, LEDGER_LOG_BINARY, log->binary);
	snprintf(detail, sizeof detail, "the first is line %" PRIu64, log->unplaced_first);
	if (log->unplaced)
		ledger_note_detail(ledger, LEDGER_LINES_UNPLACED, detail);
}

static void run_note_unread(struct ledger *ledger, enum ledger_reason reason, const struct unread_counts *unread)
{
	ledger_set(ledger, reason, unread->connections);
	ledger_replace_detail(ledger, reason, unread->where);
}

/* What the capturing side could not give. */
static void run_note_unseen(struct run *run)
{
	char detail[LEDGER_DETAIL];
	struct ledger *ledger = engine_ledger(run->engine);
	ledger_set(ledger, LEDGER_DROPPED, run->source->counts.dropped);
	ledger_set(ledger, LEDGER_LINK_TYPE, run->source->counts.unread);
	ledger_set(ledger, LEDGER_UNMATCHED_TLS, run->source->counts.unmatched);
	run_note_unread(ledger, LEDGER_UNREAD_TLS, &run->source->counts.unread_tls);
	run_note_unread(ledger, LEDGER_PASSED_BY, &run->source->counts.passed_by);
	ledger_set(ledger, LEDGER_UNATTACHED, run->source->counts.refused_files);
	/* Packets of Engine.IO show what a recorder left out. */
	bool beside_packets = engine_counts(run->engine)->captured > 0;
	if (run->source->counts.unrecorded)
		ledger_set(ledger, LEDGER_MESSAGES_NOT_RECORDED, beside_packets ? 0 : run->source->counts.unrecorded);
	ledger_set(ledger, LEDGER_ENTRIES_UNREAD, run->source->counts.unread_entries);
	snprintf(detail, sizeof detail, "of entry %" PRIu64 " the URL", run->source->counts.unread_url);
	if (run->source->counts.unread_url)
		ledger_note_detail(ledger, LEDGER_ENTRIES_UNREAD, detail);
	run_note_log(ledger, &run->source->counts.log);
	for (enum limit limit = 0; limit < LIMIT_COUNT; limit++) {
		ledger_note_limit(ledger, limit, run->source->counts.hits[limit] - run->hits[limit]);
		run->hits[limit] = run->source->counts.hits[limit];
	}
}

/* Packets reach a live source up to a tenth of a second late: the clock follows a second behind. */
enum { RUN_CLOCK_BEHIND = 1 };

static void run_tick(struct run *run)
{
	timestamp now = clock_timestamp() - RUN_CLOCK_BEHIND * TIMESTAMP_SECOND;
	if (now - run->ticked < TIMESTAMP_SECOND)
		return;
	run->ticked = now;
	engine_advance(run->engine, now);
}

enum run_state run_step(struct run *run, size_t packets)
{
	struct packet packet = {.time = TIMESTAMP_NONE};
	run_note_unseen(run);
	if (run->is_live)
		run_read_keylogs(run);
	run_copy_secrets(run);
	while (packets-- && !run_is_stopped(run)) {
		run->result = source_next(run->source, &packet);
		if (run->result == SOURCE_IDLE) {
			rotation_show(&run->rotation);
			if (run->is_live)
				run_tick(run);
			return stop_look(&run->stopping, TIMESTAMP_NONE) == STOP_NOT_YET ? RUN_WAITS : RUN_OVER;
		}
		if (run->result != SOURCE_PACKET)
			return RUN_OVER;
		run_take(run, &packet);
	}
	if (run->is_live)
		run_tick(run);
	bool over = run_is_stopped(run) || (run->is_live && stop_look(&run->stopping, packet.time) == STOP_NOW);
	return over ? RUN_OVER : RUN_GOES_ON;
}

/* ---- the end */

/* False, and a line on stderr, when there is nothing to report. */
static bool run_judge(struct run *run)
{
	const struct source_counts *counts = &run->source->counts;
	bool nothing = counts->packets == 0 && !run_is_stopped(run) && !run->is_live;
	if (run->result == SOURCE_FAILED || run->result == SOURCE_CUT) {
		ledger_set(engine_ledger(run->engine), LEDGER_INPUT_CUT, 1);
		ledger_note_detail(engine_ledger(run->engine), LEDGER_INPUT_CUT, run->source->why);
	}
	if (!nothing)
		return true;
	if (*run->source->why)
		complain("%s", run->source->why);
	else
		complain(
		    "%s: %s", run->source->name, counts->filtered ? "no packet passes the filter" : "holds no packet");
	return false;
}

/* Who stopped early did not look at all of either. */
static void run_judge_log(struct run *run)
{
	const struct engine_counts *counts = engine_counts(run->engine);
	struct ledger *ledger = engine_ledger(run->engine);
	char why[160];
	if (!run->options->server_log || !counts->packets || run_is_stopped(run) ||
	    !server_log_misses(&run->log, counts->first, counts->last, why, sizeof why))
		return;
	ledger_set(ledger, LEDGER_LOG_MISSES, 1);
	ledger_note_detail(ledger, LEDGER_LOG_MISSES, why);
}

static void run_note_input(struct run *run)
{
	const struct options *options = run->options;
	run->probed = options->probe_words;
	bool probes = probe_is_chosen(&options->probe);
	run->input.sources = probes ? &run->probed : run->is_live ? options->interfaces : options->reads;
	run->input.source_count = probes ? 1 : run->is_live ? options->interface_count : options->read_count;
	run->input.filtered = run->source->counts.filtered;
	run->input.entries = run->source->counts.entries;
	run->input.recorders = run->recorders;
	run->input.lines = run->source->counts.log.lines;
	run->input.loggers = run->loggers;
	run_note_unseen(run);
	ledger_set(engine_ledger(run->engine), LEDGER_NOTHING,
	    engine_counts(run->engine)->packets == 0 && !run->source->counts.entries && !run->source->counts.log.lines);
}

bool run_end(struct run *run)
{
	run_feed_log(run, INT64_MAX);
	run_judge_log(run);
	progress_end(&run->progress);
	if (run->is_live)
		engine_advance(run->engine, clock_timestamp());
	bool good = run_judge(run);
	run_note_input(run);
	if (good)
		engine_end(run->engine);
	run_copy_secrets(run);
	if (run->is_live)
		run_report_secrets(run);
	run_close(run);
	return good;
}

void run_report_log(const struct run *run)
{
	const struct ledger *ledger = engine_ledger(run->engine);
	if (ledger_is_listed(ledger, LEDGER_LOG_MISSES))
		complain("%s: %s", run->options->server_log, ledger->details[LEDGER_LOG_MISSES]);
}

bool run_kept(const struct run *run)
{
	return !run->rotation.failed;
}

void run_report_unseen(const struct run *run)
{
	const struct ledger *ledger = engine_ledger(run->engine);
	char text[LEDGER_TEXT];
	run_report_log(run);
	for (enum ledger_reason reason = 0; reason < LEDGER_REASONS; reason++)
		if (ledger_is_beside_timeline(reason) && ledger_is_blinded_by(ledger, reason))
			complain("%s", ledger_describe(ledger, reason, text));
}

/* An empty report looks like that of a quiet server: a line on stderr says that no packet came. */
static void run_report_silence(const struct run *run)
{
	const struct options *options = run->options;
	bool probes = probe_is_chosen(&options->probe);
	if (!run->is_live || run->source->counts.packets || run->result == SOURCE_FAILED || run_is_stopped(run))
		return;
	char text[1024];
	struct buffer where = buffer_over(text, sizeof text);
	for (size_t i = 0; i < options->interface_count; i++)
		buffer_append_format(&where, "%s%s", i ? ", " : "", options->interfaces[i]);
	complain("%.*s%s: no %s was seen%s%s%s", (int)where.len, text, options->probe_words,
	    probes ? "Engine.IO traffic" : "packet", options->filter ? " that passes the filter '" : "",
	    options->filter ? options->filter : "", options->filter ? "'" : "");
}

void run_go(struct run *run)
{
	enum run_state state;
	while ((state = run_step(run, RUN_STEP)) != RUN_OVER) {
		if (state != RUN_WAITS)
			continue;
		if (run->pause)
			run->pause(run->self);
		source_wait(run->source, RUN_WAIT);
	}
	run_report_silence(run);
}

bool run_all(struct run *run)
{
	if (!run_begin(run))
		return false;
	run_go(run);
	return run_end(run);
}
