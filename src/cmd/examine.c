/* The record observes first, so that the others can look back to the event that is being emitted. */
#include "cmd/examine.h"

#include "socketio/event.h"
#include "view/report.h"

#include <stdio.h>

/* ---- facts */

bool facts_open(struct detector_facts *facts, const struct options *options)
{
	bool hears = probe_is_chosen(&options->probe), good = true;
	*facts = (struct detector_facts){.log_tables = options->log_table,
	    .has_log = options->server_log || hears,
	    .filter = options->filter,
	    .ports = options->probe.ports,
	    .port_count = options->probe.port_count,
	    .hears_log = hears};
	for (size_t i = 0; good && plugins[i]; i++)
		good = !plugins[i]->open || plugins[i]->open(&options->plugged[i], &facts->plugged.of[i]);
	return good;
}

void facts_close(struct detector_facts *facts)
{
	for (size_t i = 0; plugins[i]; i++)
		if (facts->plugged.of[i])
			plugins[i]->close(facts->plugged.of[i]);
}

enum { EXAMINE_FINDING_BYTES = 8 * 1024 * 1024 };

static void examine_link(void *self, uint64_t question, uint64_t answer)
{
	struct examination *examination = self;
	record_link(examination->record, question, answer);
}

static bool examine_pair(struct examination *examination)
{
	bool good = true;
	for (size_t i = 0; plugins[i]; i++)
		if (plugins[i]->pairing)
			good = (examination->pairs[i] = plugins[i]->pairing->new (examine_link, examination)) && good;
	return good;
}

static bool examine_prepare(struct examination *examination, const struct options *options)
{
	examination->record = record_new(options->limits.record);
	examination->diagnosis = diagnosis_new(&examination->facts, EXAMINE_FINDING_BYTES);
	if (!examination->record || !examine_pair(examination) || !examination->diagnosis) {
		fputs("sioscope: no memory, no addresses for what may be kept (--max-record), or no room for a "
		      "temporary file (TMPDIR)\n",
		    stderr);
		return false;
	}
	return true;
}

static void examine_observe(struct examination *examination, const struct observer *observer)
{
	if (observer)
		examination->observers[examination->observer_count++] = observer;
}

bool examine_begin(struct examination *examination, const struct options *options, const struct observer *also)
{
	*examination = (struct examination){0};
	bool opened = facts_open(&examination->facts, options);
	summary_init(&examination->summary, REPORT_SESSIONS, &examination->facts);
	if (!opened || !examine_prepare(examination, options))
		return false;
	examine_observe(examination, record_observer(examination->record));
	examine_observe(examination, also);
	for (size_t i = 0; plugins[i]; i++)
		if (examination->pairs[i])
			examine_observe(examination, plugins[i]->pairing->observer(examination->pairs[i]));
	examine_observe(examination, &examination->summary.observer);
	examine_observe(examination, &examination->summary.sections.observer);
	examine_observe(examination, diagnosis_observer(examination->diagnosis));
	examination->findings = diagnosis_findings(examination->diagnosis);
	examination->summary.texts.budget = &examination->findings->memory;
	examination->data = (struct query_data){
	    examination->record, examination->findings, &examination->findings->memory, options->limits.match, NULL};
	examination->run = (struct run){.options = options,
	    .observers = examination->observers,
	    .observer_count = examination->observer_count,
	    .findings = examination->findings,
	    .undated = &examination->facts.undated,
	    .also = &examination->findings->memory};
	record_follow(examination->record, &examination->run.bytes, options->limits.growth);
	return run_begin(&examination->run);
}

void examine_note_limits(struct examination *examination)
{
	struct ledger *ledger = engine_ledger(examination->run.engine);
	ledger_set(ledger, ledger_limit(LIMIT_RECORD), record_left_out(examination->record));
	ledger_set(ledger, ledger_limit(LIMIT_GROWTH), record_outgrown(examination->record));
	ledger_set(ledger, LEDGER_FINDINGS_LEFT_OUT, findings_left_out(examination->findings));
	ledger_set(ledger, LEDGER_SERVERS_LEFT_OUT, findings_count_beyond(examination->findings));
}

bool examine_finish(struct examination *examination)
{
	if (!run_end(&examination->run))
		return false;
	struct engine *engine = examination->run.engine;
	examine_note_limits(examination);
	diagnosis_finish(examination->diagnosis, engine_counts(engine));
	if (!examination->run.options->interface) /* which waits for nothing, and does so at its end */
		run_export(&examination->run);
	summary_finish(&examination->summary, engine, &examination->run.input, examination->findings);
	ledger_set(engine_ledger(engine), LEDGER_MEMORY_REFUSED, examine_refused(examination));
	return true;
}

bool examine(struct examination *examination, const struct options *options)
{
	if (!examine_begin(examination, options, NULL))
		return false;
	run_go(&examination->run);
	return examine_finish(examination);
}

void examine_end(struct examination *examination)
{
	run_close(&examination->run);
	run_free(&examination->run);
	summary_free(&examination->summary);
	diagnosis_free(examination->diagnosis);
	for (size_t i = 0; plugins[i]; i++)
		if (examination->pairs[i])
			plugins[i]->pairing->free(examination->pairs[i]);
	record_free(examination->record);
	facts_close(&examination->facts);
}

struct html_report examine_page(const struct examination *examination)
{
	return (struct html_report){.record = examination->record,
	    .findings = examination->findings,
	    .summary = &examination->summary,
	    .plugged = &examination->facts.plugged,
	    .mask = &examination->run.options->mask,
	    .limit = examination->run.options->limits.html};
}

/* ---- some of the sessions alone */

enum { EXAMINE_PART_BYTES = 32 * 1024 * 1024 };

static bool part_wants_finding(void *self, const struct finding *finding)
{
	return finding->session && summary_part_has(self, finding->session);
}

bool examine_part(
    struct examined_part *part, const struct examination *examination, const uint64_t *sessions, size_t count)
{
	part->of = (struct summary_part){sessions, count, record_session_count(examination->record)};
	findings_init(&part->findings, EXAMINE_PART_BYTES);
	summary_init(&part->summary, REPORT_SESSIONS, &examination->facts);
	part->summary.texts.budget = &part->findings.memory;
	bool good = findings_take_part(&part->findings, examination->findings, part_wants_finding, &part->of);
	if (good)
		summary_gather_part(
		    &part->summary, &examination->summary, &part->of, examination->record, &part->findings);
	return good && !summary_refused(&part->summary);
}

void examine_part_end(struct examined_part *part)
{
	summary_free(&part->summary);
	findings_free(&part->findings);
}

/* ---- what could not be seen */

uint64_t examine_refused(const struct examination *examination)
{
	uint64_t refused = examination->summary.refused + examination->summary.sections.refused +
	                   examination->findings->memory.refused;
	for (size_t i = 0; plugins[i]; i++)
		if (examination->pairs[i])
			refused += plugins[i]->pairing->refused(examination->pairs[i]);
	return refused;
}

const char *examine_unseen(const struct examination *examination, char text[LEDGER_TEXT])
{
	const struct ledger *ledger = engine_ledger(examination->run.engine);
	enum ledger_reason reason = ledger_find_blinding(ledger);
	return reason < LEDGER_REASONS ? ledger_describe(ledger, reason, text) : NULL;
}
