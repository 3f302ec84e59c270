/*
 * Reads everything, keeps the timeline and diagnoses it: what `check`, filters that look back and the interface start
 * from. And what the options give detectors, sections and screens besides the timeline.
 */
#ifndef CMD_EXAMINE_H
#define CMD_EXAMINE_H

#include "cmd/options.h"
#include "cmd/run.h"
#include "detect/detector.h"
#include "query/query.h"
#include "socketio/record.h"
#include "view/html.h"
#include "view/report.h"

/* ---- facts: what plug-ins open, and whether there is a log */

/* Opens what the options name for each plug-in, and notes whether there is a log. False, and a line on stderr, when
 * something cannot be read. Either way facts_close is to be called. */
bool facts_open(struct detector_facts *facts, const struct options *options);
void facts_close(struct detector_facts *facts);

/* ---- examination */

struct examination {
	struct run run;
	struct record *record;
	void *pairs[PLUGINS_MOST]; /* of each plug-in that pairs events */
	struct diagnosis *diagnosis;
	struct detector_facts facts;
	struct summary summary;
	const struct observer *observers[5 + PLUGINS_MOST];
	size_t observer_count;
	struct findings *findings; /* arranged */
	struct query_data data;
};

/* False: one line about it is on stderr. Either way examine_end is to be called. */
bool examine(struct examination *examination, const struct options *options);
void examine_end(struct examination *examination);

/* The same in steps: begin, run_step(&examination->run) until it is over, finish. `also` observes too, after the
 * record; may be NULL. */
bool examine_begin(struct examination *examination, const struct options *options, const struct observer *also);
bool examine_finish(struct examination *examination);

/* The ledger has what the record and the findings could not keep, as far as the input is read; `examine_finish` does so
 * too. */
void examine_note_limits(struct examination *examination);

/* What could not be seen, in a clause; NULL when nothing is known to be missing. `text` backs it. */
const char *examine_unseen(const struct examination *examination, char text[LEDGER_TEXT]);

/* What the report in HTML is made of: borrowed from the examination, which is finished. */
struct html_report examine_page(const struct examination *examination);

/* ---- some of the sessions alone: a report on these is of the summary of a part */

struct examined_part {
	struct summary summary; /* finished */
	struct findings findings;
	struct summary_part of;
};

/* `sessions` are in order of their numbers, and borrowed as the examination is, which is finished. False: no memory.
 * Either way examine_part_end is to be called. */
bool examine_part(
    struct examined_part *part, const struct examination *examination, const uint64_t *sessions, size_t count);
void examine_part_end(struct examined_part *part);

/* How often memory was refused to what is known of the timeline, the engine's own aside. */
uint64_t examine_refused(const struct examination *examination);

#endif
