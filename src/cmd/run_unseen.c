/* What a run could not see: into the ledger while it runs, into the report's input at its end, and on stderr. */
#include "cmd/process.h"
#include "cmd/run_parts.h"
#include "source/source.h"

#include <inttypes.h>
#include <stdio.h>

/* ---- into the ledger, and the report's input */

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

void run_note_unseen(struct run *run)
{
	char detail[LEDGER_DETAIL];
	struct ledger *ledger = engine_ledger(run->engine);
	ledger_set(ledger, LEDGER_DROPPED, run->source->counts.dropped);
	ledger_set(ledger, LEDGER_LINK_TYPE, run->source->counts.unread);
	ledger_set(ledger, LEDGER_UNMATCHED_TLS, run->source->counts.unmatched);
	run_note_unread(ledger, LEDGER_UNREAD_TLS, &run->source->counts.unread_tls);
	run_note_unread(ledger, LEDGER_PASSED_BY, &run->source->counts.passed_by);
	run_note_unread(ledger, LEDGER_RING, &run->source->counts.by_ring);
	run_note_unread(ledger, LEDGER_32_BITS, &run->source->counts.of_32_bits);
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

void run_judge_log(struct run *run)
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

void run_note_input(struct run *run)
{
	const struct options *options = run->options;
	run->probed = options->probe_words;
	bool probes = probe_is_chosen(&options->probe);
	run->input.sources = probes ? &run->probed : run->is_live ? options->interfaces : options->reads;
	run->input.numbering = run->numbering;
	run->input.source_count = probes ? 1 : run->is_live ? options->interface_count : options->read_count;
	run->input.filtered = run->source->counts.filtered;
	run->input.entries = run->source->counts.entries;
	run->input.recorders = run->recorders;
	run->input.lines = run->source->counts.log.lines;
	run->input.loggers = run->loggers;
	if (run->align) {
		align_finish(run->align);
		align_note(run->align, &run->input);
	}
	run_note_unseen(run);
	ledger_set(engine_ledger(run->engine), LEDGER_NOTHING,
	    engine_counts(run->engine)->packets == 0 && !run->source->counts.entries && !run->source->counts.log.lines);
}

/* ---- on stderr */

void run_report_log(const struct run *run)
{
	const struct ledger *ledger = engine_ledger(run->engine);
	if (ledger_is_listed(ledger, LEDGER_LOG_MISSES))
		complain("%s: %s", run->options->server_log, ledger->details[LEDGER_LOG_MISSES]);
}

/* Times that are not put right make nonsense of latencies across hosts. */
static void run_report_clocks(const struct summary_input *input)
{
	char text[SKEW_TEXT];
	for (size_t i = 0; i < input->skew_count; i++) {
		const struct summary_skew *skew = &input->skews[i];
		bool is_apart = skew->offset > skew->bound || -skew->offset > skew->bound;
		if (skew->is_contradicted || (skew->is_streamed && is_apart))
			complain("%s", skew_format(skew, input->numbering, text));
	}
}

void run_report_unseen(const struct run *run)
{
	const struct ledger *ledger = engine_ledger(run->engine);
	char text[LEDGER_TEXT];
	run_report_log(run);
	if (run->align)
		run_report_clocks(&run->input);
	for (enum ledger_reason reason = 0; reason < LEDGER_REASONS; reason++)
		if (ledger_is_beside_timeline(reason) && ledger_is_blinded_by(ledger, reason))
			complain("%s", ledger_describe(ledger, reason, text));
}

void run_report_silence(const struct run *run)
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
