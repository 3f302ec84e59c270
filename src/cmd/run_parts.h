/* What the parts of a run share: run.c, which goes from its beginning to its end; run_sources.c; run_unseen.c. For them
 * alone. */
#ifndef CMD_RUN_PARTS_H
#define CMD_RUN_PARTS_H

#include "cmd/run.h"

static inline bool run_is_stopped(const struct run *run)
{
	return run->stop && run->stop(run->self);
}

/* ---- run_sources.c. What cannot be done is said in a line on stderr. */

struct run_sources {
	struct source *list[OPTIONS_READS + OPTIONS_INTERFACES];
	size_t count;
};

/* False: options do not go together, or would do nothing. */
bool run_check_sources(const struct options *options);

/* All that needs privileges, names or files: nothing of a capture file is read yet. False: `sources` holds none. */
bool run_open_sources(const struct options *options, struct run_sources *sources);

/* Reads the heads of capture files, with whatever somebody has put into them. Returns the one that gives the packets of
 * all, which owns them; NULL: they are freed. */
struct source *run_begin_sources(struct run *run, struct run_sources *sources);

/* ---- run_unseen.c */

/* What the capturing side could not give so far. */
void run_note_unseen(struct run *run);

/* Says of the server's log when it has nothing of the time that was captured. Who stopped early did not look at all of
 * either. */
void run_judge_log(struct run *run);

/* For the report: what was read, and what was not. */
void run_note_input(struct run *run);

/* An empty report looks like that of a quiet server: a line on stderr says that no packet came. */
void run_report_silence(const struct run *run);

#endif
