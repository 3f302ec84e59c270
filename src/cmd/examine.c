/* Record first, so that whoever comes after can look back to the event that is being told. */
#include "cmd/examine.h"

#include "view/report_text.h"

#include <inttypes.h>
#include <stdio.h>

enum { EXAMINE_FINDING_BYTES = 8 * 1024 * 1024 };

static void examine_link(void *self, uint64_t question, uint64_t answer)
{
	struct examination *examination = self;
	record_link(examination->record, question, answer);
}

static bool examine_prepare(struct examination *examination, const struct options *options)
{
	examination->record = record_new(options->limits.record);
	examination->replies = replies_new(examine_link, examination);
	examination->diagnosis = diagnosis_new(&examination->facts.known, EXAMINE_FINDING_BYTES);
	if (!examination->record || !examination->replies || !examination->diagnosis) {
		fputs("sioscope: no memory, or no room for a temporary file (TMPDIR)\n", stderr);
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
	summary_init(&examination->summary, REPORT_SESSIONS);
	if (!facts_open(&examination->facts, options) || !examine_prepare(examination, options))
		return false;
	examine_observe(examination, record_observer(examination->record));
	examine_observe(examination, also);
	examine_observe(examination, replies_observer(examination->replies));
	examine_observe(examination, &examination->summary.observer);
	examine_observe(examination, &examination->summary.deployment.observer);
	examine_observe(examination, diagnosis_observer(examination->diagnosis));
	examination->findings = diagnosis_findings(examination->diagnosis);
	examination->data = (struct query_data){
	    examination->record, examination->findings, &examination->findings->memory};
	examination->run = (struct run){
	    .options = options, .observers = examination->observers, .observer_count = examination->observer_count};
	return run_begin(&examination->run);
}

bool examine_finish(struct examination *examination)
{
	if (!run_end(&examination->run))
		return false;
	const struct engine *engine = examination->run.engine;
	diagnosis_finish(examination->diagnosis, engine_counts(engine));
	findings_mask(examination->findings, &examination->run.options->mask);
	examination->run.input.compares = frontend_states(examination->facts.known.frontend) != NULL;
	summary_finish(&examination->summary, engine, &examination->run.input, examination->findings);
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
	engine_free(examination->run.engine); /* tells the observers of what is still open */
	summary_free(&examination->summary);
	diagnosis_free(examination->diagnosis);
	replies_free(examination->replies);
	record_free(examination->record);
	facts_close(&examination->facts);
}

/* ---- what could not be seen */

uint64_t examine_refused(const struct examination *examination)
{
	return examination->summary.refused + examination->findings->memory.refused +
	       replies_refused(examination->replies);
}

static const char *examine_limit_hit(const struct engine_counts *counts)
{
	for (enum limit limit = 0; limit < LIMIT_COUNT; limit++)
		if (counts->hits[limit] && limits_table[limit].when_hit)
			return limits_table[limit].name;
	return NULL;
}

const char *examine_unseen(const struct examination *examination, char text[200])
{
	const struct engine_counts *counts = engine_counts(examination->run.engine);
	const char *limit = examine_limit_hit(counts);
	const struct {
		uint64_t count;
		const char *what;
	} unseen[] = {
	    {counts->packets == 0, "no packet was captured at all"},
	    {examination->run.input.dropped, "packets were dropped while capturing"},
	    {counts->untied, "TLS streams fit no connection that was seen"},
	    {counts->gaps, "packets are missing from the captured streams (gaps)"},
	    {counts->joined, "connections were under way when the capture began"},
	    {counts->snapped, "packets were cut short by the snap length"},
	    {counts->turned_back, "packets are over a second older than one before them"},
	    {counts->unreadable, "compressed messages could not be read"},
	    {counts->unread, "parts of what Engine.IO connections carried could not be read"},
	    {examination->run.input.cut != NULL, examination->run.result == SOURCE_FAILED
	                                             ? examination->run.input.cut
	                                             : "the capture ends in the middle of a packet"},
	    {counts->engineio ? 0 : counts->tls,
	        "connections are encrypted, and none that can be read speaks Engine.IO"},
	    {counts->engineio ? 0 : counts->http2,
	        "connections speak HTTP/2, and none that can be read speaks Engine.IO"},
	    {record_left_out(examination->record), "events found no room (--max-record)"},
	    {examine_refused(examination), "there was no memory for part of what is told, times"},
	};
	for (size_t i = 0; i < sizeof unseen / sizeof *unseen; i++)
		if (unseen[i].count > 1) {
			snprintf(text, 200, "%s: %" PRIu64, unseen[i].what, unseen[i].count);
			return text;
		} else if (unseen[i].count) {
			return unseen[i].what;
		}
	if (!limit)
		return NULL;
	snprintf(text, 200, "a limit was hit (--max-%s)", limit);
	return text;
}
