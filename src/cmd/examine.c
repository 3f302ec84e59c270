/* The record observes first, so that the others can look back to the event that is being emitted. */
#include "cmd/examine.h"

#include "base/numbers.h"
#include "socketio/pairing.h"
#include "view/report_text.h"

#include <inttypes.h>
#include <stdio.h>

/* ---- facts */

bool facts_open(struct detector_facts *facts, const struct options *options)
{
	bool hears = probe_is_chosen(&options->probe), good = true;
	*facts = (struct detector_facts){
	    .log_tables = options->log_table, .has_log = options->server_log || hears,
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
	summary_init(&examination->summary, REPORT_SESSIONS, &examination->facts.plugged);
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
	engine_free(examination->run.engine); /* closes what is still open, for the observers */
	summary_free(&examination->summary);
	diagnosis_free(examination->diagnosis);
	for (size_t i = 0; plugins[i]; i++)
		if (examination->pairs[i])
			plugins[i]->pairing->free(examination->pairs[i]);
	record_free(examination->record);
	facts_close(&examination->facts);
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

static const char *examine_limit_hit(const struct engine_counts *counts)
{
	for (enum limit limit = 0; limit < LIMIT_COUNT; limit++)
		if (counts->hits[limit] && limits_table[limit].when_hit)
			return limits_table[limit].name;
	return NULL;
}

struct unseen {
	uint64_t count;
	const char *one, *many; /* behind the count; `many` NULL: `one` says it all */
};

static const char *unseen_write(const struct unseen *unseen, char text[200])
{
	if (!unseen->many)
		return unseen->one;
	snprintf(text, 200, "%" PRIu64 " %s", unseen->count, plural_choose(unseen->count, unseen->one, unseen->many));
	return text;
}

const char *examine_unseen(const struct examination *examination, char text[200])
{
	const struct engine_counts *counts = engine_counts(examination->run.engine);
	const char *limit = examine_limit_hit(counts), *cut = examination->run.input.cut;
	const struct unseen unseen[] = {
	    {counts->packets == 0, "no packet was captured at all", NULL},
	    {examination->run.input.dropped, "packet was dropped while capturing",
	        "packets were dropped while capturing"},
	    {examination->run.input.unread, "packet has a link type that is not read",
	        "packets have a link type that is not read"},
	    {counts->untied, "TLS stream fits no connection that was seen",
	        "TLS streams fit no connection that was seen"},
	    {counts->gaps, "gap is in the captured streams, where packets are missing",
	        "gaps are in the captured streams, where packets are missing"},
	    {counts->hidden, "connection lost the requests that would tell what it carries",
	        "connections lost the requests that would tell what they carry"},
	    {counts->one_sided, "connection was captured in one direction only",
	        "connections were captured in one direction only"},
	    {counts->joined, "connection was under way when the capture began",
	        "connections were under way when the capture began"},
	    {counts->snapped, "packet was cut short by the snap length", "packets were cut short by the snap length"},
	    {counts->turned_back, "packet is over a second older than one before it",
	        "packets are over a second older than one before them"},
	    {counts->unreadable, "compressed message could not be read", "compressed messages could not be read"},
	    {counts->unread, "part of what Engine.IO connections carried could not be read",
	        "parts of what Engine.IO connections carried could not be read"},
	    {cut != NULL, examination->run.result == SOURCE_FAILED ? cut : "the capture ends in the middle of a packet",
	        NULL},
	    {counts->engineio ? 0 : counts->tls, "connection is encrypted, and none that can be read speaks Engine.IO",
	        "connections are encrypted, and none that can be read speaks Engine.IO"},
	    {counts->engineio ? 0 : counts->http2,
	        "connection speaks HTTP/2, and none that can be read speaks Engine.IO",
	        "connections speak HTTP/2, and none that can be read speaks Engine.IO"},
	    {record_left_out(examination->record), "event found no room (--max-record)",
	        "events found no room (--max-record)"},
	    {findings_left_out(examination->findings), "finding found no room beside the others of its code",
	        "findings found no room beside the others of their codes"},
	    {examine_refused(examination), "time there was no memory for part of what is told",
	        "times there was no memory for part of what is told"},
	};
	for (size_t i = 0; i < sizeof unseen / sizeof *unseen; i++)
		if (unseen[i].count)
			return unseen_write(&unseen[i], text);
	if (!limit)
		return NULL;
	snprintf(text, 200, "a limit was hit (--max-%s)", limit);
	return text;
}
