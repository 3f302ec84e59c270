/* A run from its beginning to its end: opens what is read, feeds the engine, ends the timeline. */
#include "base/numbering.h"
#include "base/timestamp.h"
#include "cmd/process.h"
#include "cmd/run_parts.h"
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

/* ---- the server's log */

/* Lines up to `time`; lines whose time is unknown cannot be placed among packets, and are kept beside them. */
static void run_feed_log(struct run *run, timestamp time)
{
	struct server_log *log = &run->log;
	if (log->file && !log->begun)
		server_log_begin(log, time == INT64_MAX ? TIMESTAMP_NONE : time);
	while (log->text.at && (log->time == TIMESTAMP_NONE || log->time <= time)) {
		if (log->time != TIMESTAMP_NONE)
			engine_take_log(run->engine, log->time, log->text, 0);
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

/* The export comes last: it exports what the others have found. */
static bool run_observe(struct run *run)
{
	if (!export_begin(&run->export, run->options, run->findings))
		return false;
	const struct observer *last = export_observer(&run->export);
	if (!last || run->observer_count >= RUN_OBSERVERS)
		return true;
	memcpy(run->all, run->observers, run->observer_count * sizeof *run->all);
	run->all[run->observer_count++] = last;
	run->observers = run->all;
	return true;
}

static bool run_begin_engine(struct run *run)
{
	if (!run_observe(run))
		return false;
	run->engine = engine_new(&run->options->limits, run->observers, run->observer_count);
	if (!run->engine) {
		fputs("sioscope: no memory\n", stderr);
		return false;
	}
	if (run->export.encoder)
		budget_join(&run->export.budget, engine_budget(run->engine));
	if (run->also)
		budget_join(run->also, engine_budget(run->engine));
	buffer_init(&run->embedded, RUN_EMBEDDED, engine_budget(run->engine));
	if (run->options->embed_secrets)
		engine_embed_secrets(run->engine, &run->embedded);
	run->secrets = (struct secrets_sink){.self = run, .take = run_take_secrets};
	run_read_keylogs(run);
	return true;
}

static bool run_begin_align(struct run *run)
{
	if (!run->align || align_begin(run->align, run->engine, run->keylogs))
		return true;
	fputs("sioscope: no memory\n", stderr);
	return false;
}

/* First what needs privileges, then without them what reads bytes that nobody vouches for. */
static bool run_begin_source(struct run *run)
{
	struct run_sources sources;
	if (!run_open_sources(run->options, &sources))
		return false;
	bool opened = align_open(&run->align, run->options);
	run->is_live = options_are_live(run->options);
	bool good = opened && (!run->is_live || run_begin_live(run, &sources)) && privileges_drop(run->options);
	if (good && run_begin_engine(run) && run_begin_align(run))
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
	if (run->export.encoder && run->engine)
		budget_leave(&run->export.budget);
	align_free(run->align); /* charged to the engine, which asks it for copies */
	run->align = NULL;
	engine_free(run->engine);
	run->engine = NULL;
	export_free(&run->export); /* it observes until the engine ends */
	numbering_free(run->numbering);
	run->numbering = NULL;
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
	run->align = NULL;
	run->embedded = (struct buffer){0};
	run->export = (struct export){0};
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
	if (run->align)
		align_watch(run->align, packet);
	rotation_packet(&run->rotation, packet);
	if (run->packet)
		run->packet(run->self, packet);
	engine_take_packet(run->engine, packet);
	run->bytes += packet->wire_len;
	progress_note(&run->progress, packet->number, run->bytes);
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
	if (run->is_live)
		export_step(&run->export, engine_counts(run->engine));
	if (run->align && !align_step(run->align, run->source, packets))
		return run_is_stopped(run) ? RUN_OVER : RUN_GOES_ON;
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
	const char *word = counts->filter_word;
	if (*run->source->why)
		complain("%s", run->source->why);
	else if (counts->filtered && word)
		complain("%s: no packet passes the filter; packets have a header before IP, behind which it looks only "
		         "when it says so: '%s and (%s)'",
		    run->source->name, word, run->options->filter);
	else
		complain(
		    "%s: %s", run->source->name, counts->filtered ? "no packet passes the filter" : "holds no packet");
	return false;
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

void run_export(struct run *run)
{
	export_end(&run->export, engine_counts(run->engine), engine_ledger(run->engine));
}

bool run_kept(const struct run *run)
{
	return !run->rotation.failed;
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
